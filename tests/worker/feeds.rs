//! Real polling bots on a feed of the worker, in several instances at once: each text is answered once, whoever comes and goes.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::running::{OWNER, Start, Worker};
use super::take_over::bot_token;
use super::{alone, open, size};
use crate::emulator::stage::TOKEN;
use crate::feeds::{Account, Client, Scene, client};
use crate::rivals::telegram;

const PEOPLE: usize = 20;
/// How long a batch is one instance's. Where there are several, it must be longer than a busy machine takes for a hundred texts.
const LEASE: Duration = Duration::from_secs(10);
const LEASE_OF_MANY: Duration = Duration::from_secs(40);
/// What was not confirmed comes again after the lease; a test that looks earlier would not see it.
const BEYOND_THE_LEASE: Duration = Duration::from_secs(3);

/// The two values that a polling bot needs of the worker.
struct Feed {
    url: String,
    token: String,
}

/// A worker whose webhook is set and whose updates go to a feed.
fn worker_with_feed(lease: Duration) -> (Worker, Feed) {
    feed_of(Worker::start(), lease)
}

/// The same, with the object that wakes those who wait.
fn worker_with_bell() -> (Worker, Feed) {
    let start = Start {
        switched_on: Some("[[durable_objects.bindings]]"),
        ..Start::default()
    };
    feed_of(Worker::start_with(&start), LEASE)
}

fn feed_of(worker: Worker, lease: Duration) -> (Worker, Feed) {
    open(&worker);
    let body = format!(r#"{{"main": true, "lease_seconds": {}}}"#, lease.as_secs());
    let made = worker.ask("PUT /admin/feeds/echo", &body);
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let value = |name: &str| made[name].as_str().unwrap().to_owned();
    let feed = Feed {
        url: value("url"),
        token: value("token"),
    };
    (worker, feed)
}

impl Feed {
    fn scene<'a>(&self, worker: &'a Worker, client: &'static Client) -> Scene<'a> {
        Scene::new(&worker.telegram, client, &self.url, &self.token, PEOPLE)
    }

    /// What has become of everything that was written. `rest` is how long what was not confirmed may take to come again.
    fn outcome(
        &self,
        worker: &Worker,
        scene: &mut Scene,
        (client, what): (&Client, &str),
        rest: Duration,
    ) -> Account {
        scene.wait_for_all_answers();
        thread::sleep(rest);
        let account = scene.account();
        eprintln!("figures: {} {what}: {}", client.name, account.figures());
        account.no_poll_was_refused();
        self.has_done_no_harm(worker, scene);
        account
    }

    /// Nobody has changed the webhook, and neither token went where it does not belong.
    fn has_done_no_harm(&self, worker: &Worker, scene: &Scene<'_>) {
        let state = worker.telegram.state();
        let calls = state["bots"][0]["calls"].as_array().unwrap();
        for foreign in ["deleteWebhook", "getUpdates", "logOut", "close"] {
            let reached = calls.iter().any(|call| call["method"] == foreign);
            assert!(!reached, "`{foreign}` reached Telegram");
        }
        let set = calls.iter().filter(|call| call["method"] == "setWebhook");
        assert_eq!(set.count(), 1, "the webhook is set once, by the worker");
        assert!(worker.webhook_secret().is_some());
        assert_eq!(state["bots"][0]["queue"].as_array().unwrap().len(), 0);
        let real = bot_token(worker);
        let (_, real) = real.split_once(':').unwrap();
        assert!(!scene.has_been_told(real), "a bot was told the real token");
        let (_, own) = self.token.split_once(':').unwrap();
        // `wrangler dev` has a line of its own for each request, which Cloudflare is told not to keep (`invocation_logs`).
        let mut log = worker.log().into_iter();
        let told = log.find(|line| line.contains(own) && !line.starts_with("[wrangler:info] "));
        assert_eq!(told, None, "the log tells the token of the feed");
    }
}

fn one_instance_answers_all(client: &'static Client) {
    let (worker, feed) = worker_with_feed(LEASE);
    let mut scene = feed.scene(&worker, client);
    scene.write(100);
    scene.start("v1");
    scene.wait_for_polls();
    scene.write(100);
    let account = feed.outcome(
        &worker,
        &mut scene,
        (client, "alone"),
        LEASE + BEYOND_THE_LEASE,
    );
    account.every_text_is_answered_exactly_once();
    if client.keeps_order {
        account.every_chat_is_in_order();
    }
}

fn two_instances_share_the_work(client: &'static Client) {
    let _alone = alone();
    let (worker, feed) = worker_with_feed(LEASE_OF_MANY);
    let mut scene = feed.scene(&worker, client);
    scene.start("v1");
    scene.start("v2");
    scene.wait_for_polls();
    scene.write(size("FEED_MESSAGES", 2_000, 10_000));
    let account = feed.outcome(
        &worker,
        &mut scene,
        (client, "shared"),
        LEASE_OF_MANY + BEYOND_THE_LEASE,
    );
    account.every_text_is_answered_exactly_once();
    account.everyone_took_part();
    has_order(&account, client);
}

/// Who confirms before it has handled frees the chat for others, so its own order is not the feed's to keep.
fn has_order(account: &Account, client: &Client) {
    if client.keeps_order && !client.confirms_unhandled {
        account.every_chat_is_in_order();
    }
}

fn one_of_two_is_killed(client: &'static Client) {
    let _alone = alone();
    let (worker, feed) = worker_with_feed(LEASE_OF_MANY);
    let mut scene = feed.scene(&worker, client);
    scene.start("v1");
    scene.start("v2");
    scene.wait_for_polls();
    scene.write(400);
    scene.wait_for_answers(100);
    scene.kill("v1");
    scene.start("v3");
    scene.write(100);
    let account = feed.outcome(
        &worker,
        &mut scene,
        (client, "killed"),
        LEASE_OF_MANY + BEYOND_THE_LEASE,
    );
    account.nothing_is_lost_or_doubled_that_telegram_would_not();
    has_order(&account, client);
}

fn a_version_replaces_another(client: &'static Client) {
    let _alone = alone();
    let (worker, feed) = worker_with_feed(LEASE_OF_MANY);
    let mut scene = feed.scene(&worker, client);
    scene.start("v1");
    scene.wait_for_polls();
    scene.write(100);
    scene.start("v2");
    scene.wait_for_polls();
    scene.write(200);
    scene.wait_for_answers(150);
    scene.stop("v1");
    scene.write(100);
    let account = feed.outcome(
        &worker,
        &mut scene,
        (client, "deployed"),
        LEASE_OF_MANY + BEYOND_THE_LEASE,
    );
    account.nothing_is_lost_or_doubled_that_telegram_would_not();
    if client.stops_cleanly {
        account.every_text_is_answered_exactly_once();
    }
}

/// What was written before it started is answered too: a feed drops nothing because one of its readers says so.
fn dropping_harms_nobody(client: &'static Client) {
    let (worker, feed) = worker_with_feed(LEASE_OF_MANY);
    let mut scene = feed.scene(&worker, client);
    scene.write(50);
    scene.start_and_drop("v1");
    scene.wait_for_polls();
    scene.write(50);
    let account = feed.outcome(&worker, &mut scene, (client, "dropping"), Duration::ZERO);
    account.every_text_is_answered_exactly_once();
}

/// What each library goes through, as tests of its own.
macro_rules! tests_of {
    ($module:ident, $name:literal) => {
        mod $module {
            use super::client;

            #[test]
            fn one_instance_answers_all() {
                super::one_instance_answers_all(client($name));
            }

            #[test]
            fn two_instances_share_the_work() {
                super::two_instances_share_the_work(client($name));
            }

            #[test]
            fn what_a_killed_instance_had_not_confirmed_is_done_by_others() {
                super::one_of_two_is_killed(client($name));
            }

            #[test]
            fn a_version_replaces_another_without_loss() {
                super::a_version_replaces_another(client($name));
            }

            #[test]
            fn dropping_updates_at_the_start_harms_nobody() {
                super::dropping_harms_nobody(client($name));
            }
        }
    };
}

tests_of!(aiogram, "aiogram");
tests_of!(python_telegram_bot, "python-telegram-bot");
tests_of!(pytelegrambotapi, "pyTelegramBotAPI");
tests_of!(grammy, "grammY");
tests_of!(telegraf, "Telegraf");
tests_of!(teloxide, "teloxide");

/// Three megabytes up, and down again, with nothing of the bot's token on the way.
#[test]
fn a_file_goes_to_telegram_and_comes_back_through_a_feed() {
    let (worker, feed) = worker_with_feed(LEASE);
    let chat = super::chat_of(&worker, OWNER);
    let bytes: Vec<u8> = (0..3_000_000_u32)
        .flat_map(u32::to_le_bytes)
        .step_by(4)
        .collect();
    let path = worker.folder.join("document.bin");
    fs::write(&path, &bytes).unwrap();
    let curl = |arguments: &[&str]| {
        let output = Command::new("curl")
            .arg("--silent")
            .args(arguments)
            .output()
            .unwrap();
        output.stdout
    };
    let api = format!("{}/bot{}", feed.url, feed.token);
    let document = format!("document=@{}", path.display());
    let sent = curl(&[
        "--form",
        &format!("chat_id={chat}"),
        "--form",
        &document,
        &format!("{api}/sendDocument"),
    ]);
    let sent: Value = serde_json::from_slice(&sent).unwrap();
    let file_id = sent["result"]["document"]["file_id"]
        .as_str()
        .unwrap_or_else(|| panic!("{sent}"));
    let file = curl(&[&format!("{api}/getFile?file_id={file_id}")]);
    let file: Value = serde_json::from_slice(&file).unwrap();
    let file_path = file["result"]["file_path"]
        .as_str()
        .unwrap_or_else(|| panic!("{file}"));
    let address = format!("{}/file/bot{}/{file_path}", feed.url, feed.token);
    assert!(curl(&[&address]) == bytes, "the file came back changed");
    let real = bot_token(&worker);
    assert!(!file.to_string().contains(real.split_once(':').unwrap().1));
}

/// No limit is set here: the machine is shared. The figures stand beside each other because they are of the same minute.
#[test]
fn a_feed_costs_so_much_time() {
    let _alone = alone();
    let (count, pause) = (size("FEED_LATENCY", 200, 2_000), Duration::from_millis(50));
    let aiogram = client("aiogram");
    let running = telegram();
    let (worker, feed) = worker_with_feed(LEASE);
    let (worker_with_bell, feed_with_bell) = worker_with_bell();
    let mut direct = Scene::new(&running, aiogram, &running.url, TOKEN, PEOPLE);
    let mut behind = feed.scene(&worker, aiogram);
    let mut woken = feed_with_bell.scene(&worker_with_bell, aiogram);
    for scene in [&mut direct, &mut behind, &mut woken] {
        scene.start("v1");
        scene.wait_for_polls();
        scene.write_slowly(count, pause);
        scene.wait_for_all_answers();
        scene.account().every_text_is_answered_exactly_once();
        scene.stop("v1");
    }
    let (direct, behind, woken) = (direct.latency(), behind.latency(), woken.latency());
    eprintln!(
        "figures: aiogram, {count} messages of {PEOPLE} people, from a message to its answer: on a feed median {} ms, p99 {} ms; with the bell median {} ms, p99 {} ms; at Telegram itself median {} ms, p99 {} ms",
        behind.median, behind.p99, woken.median, woken.p99, direct.median, direct.p99
    );
}
