//! The queue before the database: nothing acknowledged is lost, nothing is doubled, and the order of sending is kept.

use std::rc::Rc;

use onehook::queue::Message;
use onehook::webhook::consumer::{take_in, work_off};
use serde_json::{Value, json};

use crate::sqlite_database::Trip;
use crate::test_bot::{Dies, MemoryQueue, TestBot, message};

fn queueing() -> (TestBot, Rc<MemoryQueue>) {
    let bot = TestBot::new();
    let queue = Rc::new(MemoryQueue::default());
    *bot.queue.borrow_mut() = Some(Rc::clone(&queue));
    (bot, queue)
}

fn queued(text: String, age_ms: i64) -> Message {
    Message { text, age_ms }
}

/// Hands a batch to the worker, as the runtime does. Which messages it acknowledged.
fn consume(bot: &TestBot, messages: &[Message]) -> Vec<bool> {
    let app = bot.app();
    let kept = pollster::block_on(take_in(&app, messages));
    let count = kept.iter().filter(|is_kept| **is_kept).count();
    pollster::block_on(work_off(&app, count));
    kept
}

fn texts(bot: &TestBot) -> Vec<Value> {
    let calls = bot.calls_of("sendMessage");
    calls.iter().map(|call| call["text"].clone()).collect()
}

#[test]
fn telegram_is_answered_when_the_queue_has_the_update_and_the_database_is_not_asked() {
    let (bot, queue) = queueing();
    let body = message(1, 1001, "/ping");
    let trips = bot.database.trips();
    assert_eq!(bot.post(body.as_bytes()).status, 200);
    assert_eq!(bot.database.trips(), trips);
    assert_eq!(*queue.texts.borrow(), [body]);
}

#[test]
fn an_outage_of_the_database_keeps_nobody_out_of_the_queue() {
    let (bot, queue) = queueing();
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 200);
    bot.database.set_down(true);
    for id in 2..=20 {
        bot.telegram.advance(10_000);
        assert_eq!(bot.post(message(id, 1001, "/ping")).status, 200, "{id}");
    }
    assert_eq!(queue.texts.borrow().len(), 20);
}

#[test]
fn an_update_the_queue_does_not_take_is_brought_again_by_telegram() {
    let (bot, queue) = queueing();
    queue.is_down.set(true);
    let reply = bot.post(message(1, 1001, "/ping").as_bytes());
    assert_eq!((reply.status, reply.headers[0].0), (503, "retry-after"));
    assert_eq!(bot.database.value("SELECT count(*) FROM inbox"), "0");
}

#[test]
fn an_update_too_large_for_a_message_goes_to_the_database() {
    let (bot, queue) = queueing();
    let large = message(1, 1001, &"x".repeat(130_000));
    assert_eq!(bot.post(large.as_bytes()).status, 200);
    assert_eq!(queue.texts.borrow().len(), 0);
    assert_eq!(bot.database.value("SELECT state FROM inbox"), "done");
}

#[test]
fn a_hundred_updates_are_written_in_one_trip_and_handled_once_however_often_they_come() {
    let (bot, _) = queueing();
    let batch: Vec<Message> = (0..100)
        .map(|number| queued(message(number, 2000 + number, "/ping"), 0))
        .collect();
    let app = bot.app();
    let trips = bot.database.trips();
    assert_eq!(pollster::block_on(take_in(&app, &batch)), [true; 100]);
    assert_eq!(bot.database.trips() - trips, 1);
    for _ in 0..3 {
        assert_eq!(consume(&bot, &batch), [true; 100]);
    }
    assert_eq!(bot.calls("sendMessage"), 100);
    let done = "SELECT count(*) FROM inbox WHERE state = 'done' AND open = 0";
    assert_eq!(bot.database.value(done), "100");
}

#[test]
fn a_handler_that_is_dropped_ends_the_work_on_its_batch() {
    let (bot, _) = queueing();
    let batch: Vec<Message> = (0..25)
        .map(|number| queued(message(number, 2000 + number, "/ping"), 0))
        .collect();
    let trips = bot.database.trips();
    bot.dies(Dies::BeforeHandling);
    assert_eq!(consume(&bot, &batch), [true; 25]);
    assert_eq!(bot.database.trips() - trips, 3, "one row was claimed, once");
    bot.dies(Dies::Never);
    bot.telegram.advance(61_000);
    assert_eq!(consume(&bot, &batch), [true; 25]);
    let attempts = "SELECT group_concat(attempts, '') FROM inbox";
    assert_eq!(bot.database.value(attempts), format!("2{}", "1".repeat(24)));
    assert_eq!(bot.calls("sendMessage"), 25);
}

#[test]
fn bodies_of_more_than_a_megabyte_are_written_in_several_statements() {
    let (bot, _) = queueing();
    let batch: Vec<Message> = (0..20)
        .map(|number| queued(message(number, 1001, &"я".repeat(50_000)), 0))
        .collect();
    assert_eq!(consume(&bot, &batch), [true; 20]);
    assert_eq!(bot.database.value("SELECT count(*) FROM inbox"), "20");
}

#[test]
fn a_batch_in_any_order_is_handled_in_the_order_of_sending() {
    let (bot, _) = queueing();
    let batch = [
        queued(message(12, 1001, "/start"), 10),
        queued(message(11, 1001, "/id"), 10),
        queued(message(999, 1001, "/ping"), 5_000),
    ];
    assert_eq!(consume(&bot, &batch), [true; 3]);
    assert_eq!(texts(&bot)[0], "pong");
    assert_eq!(texts(&bot)[1], "Your number is 1001.");
    assert_eq!(texts(&bot).len(), 3);
}

#[test]
fn a_database_that_is_down_gets_the_whole_batch_again() {
    let (bot, _) = queueing();
    let batch = [queued(message(1, 1001, "/ping"), 0)];
    bot.database.next_trips(&[Trip::FailsBefore]);
    assert_eq!(consume(&bot, &batch), [false]);
    bot.database.next_trips(&[Trip::FailsAfter]);
    assert_eq!(
        consume(&bot, &batch),
        [false],
        "nobody knows, so it comes again"
    );
    assert_eq!(consume(&bot, &batch), [true]);
    assert_eq!(bot.calls("sendMessage"), 1);
}

#[test]
fn a_message_that_is_no_update_is_quarantined_and_the_others_are_handled() {
    let (bot, _) = queueing();
    let batch = [
        queued("no update".to_owned(), 0),
        queued(message(1, 1001, "/ping"), 0),
    ];
    assert_eq!(consume(&bot, &batch), [true, true]);
    assert_eq!(bot.calls("sendMessage"), 1);
    let states = "SELECT group_concat(state) FROM (SELECT state FROM inbox ORDER BY state)";
    assert_eq!(bot.database.value(states), "done,quarantined");
}

#[test]
fn what_waited_too_long_in_the_queue_is_expired() {
    let (bot, _) = queueing();
    let person = json!({"id": 1001, "is_bot": false, "first_name": "Ada"});
    let query = json!({"id": "9", "from": person, "chat_instance": "1", "data": "x"});
    let pressed = json!({"update_id": 4, "callback_query": query}).to_string();
    let old = message(5, 1002, "/ping").replace("1800000000", "1799900000");
    let batch = [queued(pressed, 151_000), queued(old, 0)];
    assert_eq!(consume(&bot, &batch), [true, true]);
    let states = "SELECT group_concat(state) FROM inbox";
    assert_eq!(bot.database.value(states), "expired,expired");
    assert_eq!(bot.calls("answerCallbackQuery"), 0);
}
