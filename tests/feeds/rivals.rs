//! The bots poll the pretend Telegram itself, one instance each: what holds here is to hold on a feed.

use super::{Client, Scene, client};
use crate::emulator::stage::TOKEN;
use crate::rivals::telegram;

/// Half is written before the bot starts, half when it runs.
fn answers_in_order(client: &'static Client) {
    let running = telegram();
    let mut scene = Scene::new(&running, client, &running.url, TOKEN, 20);
    scene.write(100);
    scene.start("v1");
    scene.wait_for_polls();
    scene.write(100);
    scene.wait_for_all_answers();
    scene.stop("v1");
    let account = scene.account();
    eprintln!("figures: {}: {}", client.name, account.figures());
    account.every_text_is_answered_exactly_once();
    if client.keeps_order {
        account.every_chat_is_in_order();
    }
}

#[test]
fn aiogram_answers_everyone_in_order() {
    answers_in_order(client("aiogram"));
}

#[test]
fn python_telegram_bot_answers_everyone_in_order() {
    answers_in_order(client("python-telegram-bot"));
}

#[test]
fn pytelegrambotapi_answers_everyone_in_order() {
    answers_in_order(client("pyTelegramBotAPI"));
}

#[test]
fn grammy_answers_everyone_in_order() {
    answers_in_order(client("grammY"));
}

#[test]
fn telegraf_answers_everyone() {
    answers_in_order(client("Telegraf"));
}

#[test]
fn teloxide_answers_everyone_in_order() {
    answers_in_order(client("teloxide"));
}

/// A process is killed in the middle of its work, the next is told to stop there. What is lost or doubled by that, it owes to its
/// own way of confirming: with a feed it is to be no more.
fn is_replaced(client: &'static Client) {
    let running = telegram();
    let mut scene = Scene::new(&running, client, &running.url, TOKEN, 20);
    scene.write(600);
    scene.start("v1");
    scene.wait_for_answers(100);
    scene.kill("v1");
    let killed = scene.account();
    scene.start("v2");
    scene.write(200);
    scene.wait_for_answers(killed.count_answered() + 100);
    scene.stop("v2");
    scene.start("v3");
    scene.write(20);
    scene.wait_for_all_answers();
    let account = scene.account();
    eprintln!("figures: {} replaced: {}", client.name, account.figures());
    account.nothing_is_lost_or_doubled_that_telegram_would_not();
    if client.stops_cleanly {
        account.whoever_was_asked_to_stop_lost_and_doubled_nothing();
    }
    if client.keeps_order {
        account.every_chat_is_in_order();
    }
}

#[test]
fn aiogram_is_replaced_in_the_middle_of_its_work() {
    is_replaced(client("aiogram"));
}

#[test]
fn python_telegram_bot_is_replaced_in_the_middle_of_its_work() {
    is_replaced(client("python-telegram-bot"));
}

#[test]
fn pytelegrambotapi_is_replaced_in_the_middle_of_its_work() {
    is_replaced(client("pyTelegramBotAPI"));
}

#[test]
fn grammy_is_replaced_in_the_middle_of_its_work() {
    is_replaced(client("grammY"));
}

#[test]
fn telegraf_is_replaced_in_the_middle_of_its_work() {
    is_replaced(client("Telegraf"));
}

#[test]
fn teloxide_is_replaced_in_the_middle_of_its_work() {
    is_replaced(client("teloxide"));
}
