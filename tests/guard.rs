//! The guard: whatever becomes of the webhook, it is back within a minute, nothing that waits is lost, and nobody is fought for ever.

use expect_test::expect;
use onehook::alert::Alert;
use onehook::guard::restore::Watched;
use onehook::guard::war::{self, Move};
use onehook::inbox::guard::{Guarded, Turn};
use pollster::block_on;
use serde_json::{Value, json};

use crate::emulator::stage;
use crate::emulator::telegram::Delivered;
use crate::test_bot::{ALERT_URL, ORIGIN, TestBot, body, message};

const MINUTE: u64 = 60_000;

fn ours() -> String {
    format!("{ORIGIN}/webhook")
}

/// A bot whose webhook the guard has seen.
fn guarded() -> TestBot {
    let bot = TestBot::new();
    minute(&bot);
    bot
}

/// A minute later the cron comes.
fn minute(bot: &TestBot) -> Watched {
    bot.telegram.advance(MINUTE);
    bot.tick().watched
}

fn incidents(bot: &TestBot) -> Vec<Value> {
    let reply = bot.operator().get("/admin/incidents");
    assert_eq!(reply.status, 200, "{}", reply.body);
    body(&reply)["incidents"].as_array().unwrap().clone()
}

fn drifts(bot: &TestBot) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("open").to_owned();
    let told = incidents(bot).into_iter();
    told.map(|one| (text(&one["drift"]), text(&one["outcome"])))
        .collect()
}

fn drift(drift: &str, outcome: &str) -> (String, String) {
    (drift.to_owned(), outcome.to_owned())
}

/// The first thing a cron does: it looks what is wanted.
fn look(bot: &TestBot) -> Guarded {
    block_on(bot.app().inbox.guarded()).unwrap()
}

/// The next thing, where the webhook is gone.
fn open_incident(bot: &TestBot, looked_at: i64) {
    let app = bot.app();
    let info = block_on(app.telegram.webhook_info()).unwrap();
    let url = ours();
    let open = app
        .inbox
        .open_incident(looked_at, Alert::Webhook, "gone", &url, &info);
    block_on(open).unwrap();
}

/// What a cron does then.
fn take_turn(bot: &TestBot, looked_at: i64) -> Option<Turn> {
    block_on(bot.app().inbox.take_turn(looked_at)).unwrap()
}

/// How many incidents there were to tell of.
fn incidents_to_tell(bot: &TestBot) -> String {
    bot.database
        .value("SELECT count FROM alert WHERE kind = 'webhook'")
}

#[test]
fn a_deleted_webhook_is_back_with_all_its_parameters_and_nothing_is_lost() {
    let bot = guarded();
    let before = bot.webhook();
    bot.rival("deleteWebhook", &json!({}));
    bot.person("Ada").says("/ping");
    assert_eq!(bot.calls("sendMessage"), 0);
    assert_eq!(minute(&bot), Watched::Restored);
    let after = bot.webhook();
    for field in ["url", "secret_token", "max_connections", "allowed_updates"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    assert_eq!(drifts(&bot), [drift("gone", "restored")]);
    bot.wait_seconds(5);
    assert!(bot.calls("sendMessage") >= 1, "what waited is answered");
    assert_eq!(minute(&bot), Watched::Fine);
}

#[test]
fn a_replaced_webhook_is_restored_and_the_snapshot_says_whose_it_was() {
    let bot = guarded();
    bot.rival(
        "setWebhook",
        &json!({"url": "https://rival.example/hook", "ip_address": "8.8.8.8"}),
    );
    assert_eq!(minute(&bot), Watched::Restored);
    assert_eq!(bot.webhook()["url"], ours());
    let incident = &incidents(&bot)[0];
    assert_eq!(incident["drift"], "replaced");
    assert_eq!(incident["wanted"], ours());
    assert_eq!(incident["snapshot"]["url"], "https://rival.example/hook");
}

#[test]
fn our_address_with_another_secret_is_told_by_our_own_401() {
    let bot = guarded();
    bot.rival(
        "setWebhook",
        &json!({"url": ours(), "secret_token": "x".repeat(64)}),
    );
    bot.person("Ada").says("/ping");
    bot.deliver();
    assert_eq!(bot.statuses.borrow().last(), Some(&401));
    assert_eq!(minute(&bot), Watched::Restored);
    assert_eq!(drifts(&bot), [drift("secret", "restored")]);
    bot.wait_seconds(130);
    assert_eq!(
        bot.calls("sendMessage") - 1,
        1,
        "the update came again; the other message is the alert"
    );
    assert_eq!(minute(&bot), Watched::Fine);
}

#[test]
fn a_login_page_in_front_of_us_is_no_drift() {
    let bot = guarded();
    bot.telegram
        .act(&json!({"act": "say", "person": "Ada", "text": "/ping"}))
        .unwrap();
    for (delivery, ..) in bot.telegram.deliveries() {
        let refused = stage::response(401, &[], "log in");
        bot.telegram
            .delivered(delivery, Delivered::Answered(refused));
    }
    let info = bot.rival("getWebhookInfo", &json!({}));
    let error = "Wrong response from the webhook: 401 Unauthorized";
    assert_eq!(info["result"]["last_error_message"], error);
    assert_eq!(minute(&bot), Watched::Fine);
    assert_eq!(incidents(&bot).len(), 0);
}

#[test]
fn our_address_without_a_secret_is_noticed_too() {
    let bot = guarded();
    bot.forget_isolate();
    bot.rival("setWebhook", &json!({"url": ours()}));
    bot.person("Ada").says("/ping");
    bot.deliver();
    assert_eq!(bot.statuses.borrow().last(), Some(&401));
    assert_eq!(minute(&bot), Watched::Restored);
    assert_eq!(drifts(&bot), [drift("secret", "restored")]);
}

#[test]
fn an_old_401_starts_no_war() {
    let bot = guarded();
    bot.rival(
        "setWebhook",
        &json!({"url": ours(), "secret_token": "x".repeat(64)}),
    );
    bot.person("Ada").says("/ping");
    bot.deliver();
    for _ in 0..30 {
        minute(&bot);
        bot.deliver();
    }
    assert_eq!(incidents(&bot).len(), 1);
}

#[test]
fn settings_that_a_poller_left_are_put_right() {
    let bot = guarded();
    let secret = bot.secret();
    bot.rival("deleteWebhook", &json!({}));
    bot.rival("getUpdates", &json!({"allowed_updates": ["message"]}));
    bot.telegram.advance(2_000);
    bot.rival(
        "setWebhook",
        &json!({"url": ours(), "secret_token": secret, "max_connections": 20}),
    );
    assert_eq!(bot.webhook()["allowed_updates"], json!(["message"]));
    assert_eq!(minute(&bot), Watched::Restored);
    assert_eq!(drifts(&bot), [drift("settings", "restored")]);
    assert_ne!(bot.webhook()["allowed_updates"], json!(["message"]));
}

#[test]
fn what_telegram_took_otherwise_is_no_drift() {
    let bot = TestBot::without_webhook();
    let wish = r#"{"allowed_updates": ["message", "some_future_kind"]}"#;
    assert_eq!(bot.operator().put("/admin/webhook", wish).status, 200);
    for _ in 0..3 {
        assert_eq!(minute(&bot), Watched::Fine);
    }
    assert_eq!(incidents(&bot).len(), 0);
}

#[test]
fn a_webhook_the_operator_deleted_is_left_alone() {
    let bot = guarded();
    bot.operator().delete("/admin/webhook");
    for _ in 0..5 {
        assert_eq!(minute(&bot), Watched::NotWanted);
    }
    assert_eq!(bot.webhook()["url"], "");
    bot.rival(
        "setWebhook",
        &json!({"url": "https://rival.example/hook", "ip_address": "8.8.8.8"}),
    );
    assert_eq!(minute(&bot), Watched::NotWanted);
    assert_eq!(incidents(&bot).len(), 0);
}

#[test]
fn before_anybody_asks_nothing_is_set() {
    let bot = TestBot::without_webhook();
    assert_eq!(minute(&bot), Watched::NotWanted);
    assert_eq!(bot.calls("setWebhook"), 0);
}

#[test]
fn the_owner_is_told_once_and_so_is_the_second_channel() {
    let bot = TestBot::new();
    bot.set("ALERT_URL", ALERT_URL);
    bot.person("Ada").says("/ping");
    minute(&bot);
    bot.rival("deleteWebhook", &json!({}));
    minute(&bot);
    minute(&bot);
    bot.transcript(expect![[r#"
        Ada: /ping
        bot → Ada: pong
        bot → Ada: ⚠ The webhook was taken away or changed: 1. The last time is incident 1.
        What was done: GET /admin/incidents
        Why: GET /admin/doctor
    "#]]);
    let posts = bot.posts.borrow();
    let [post] = posts.as_slice() else {
        panic!("{posts:?}");
    };
    let post: Value = serde_json::from_str(post).unwrap();
    assert_eq!(
        (&post["alert"], &post["subject"]),
        (&json!("webhook"), &json!(1))
    );
    assert_eq!(post["text"], post["content"]);
    assert!(!post.to_string().contains("CANARY"));
}

#[test]
fn the_second_channel_works_without_an_owner() {
    let bot = TestBot::new();
    bot.set("OWNER_IDS", "");
    bot.set("ALERT_URL", ALERT_URL);
    bot.rival("deleteWebhook", &json!({}));
    minute(&bot);
    minute(&bot);
    assert_eq!(bot.posts.borrow().len(), 1);
    assert_eq!(
        bot.database
            .value("SELECT count(*) FROM inbox WHERE kind = 'alert'"),
        "0"
    );
}

/// Six hours against somebody who deletes the webhook before each cron.
#[test]
fn somebody_who_deletes_it_every_minute_is_not_fought_for_ever() {
    let bot = TestBot::new();
    bot.person("Ada").says("/ping");
    minute(&bot);
    let mut restored = Vec::new();
    for minute_of_war in 1..=360 {
        bot.rival("deleteWebhook", &json!({}));
        bot.telegram.advance(MINUTE);
        if bot.tick().watched == Watched::Restored {
            restored.push(minute_of_war);
        }
    }
    assert_eq!(
        restored,
        [1, 2, 3, 4, 6, 10, 18, 34, 66, 126, 186, 246, 306]
    );
    assert_eq!(incidents(&bot)[0]["drift"], "gone");
    let told = bot.telegram.transcript(0).into_iter();
    let told: Vec<String> = told.map(|entry| entry.to_string()).collect();
    assert!(
        told.iter()
            .any(|text| text.contains("again and again") && text.contains("/revoke"))
    );
    assert!(told.len() < 80, "{}", told.len());
    // When they stop, it is set once more and there is peace.
    for _ in 0..60 {
        minute(&bot);
    }
    assert_eq!(bot.webhook()["url"], ours());
    assert_eq!(drifts(&bot)[0], drift("gone", "restored"));
    for _ in 0..130 {
        minute(&bot);
    }
    bot.rival("deleteWebhook", &json!({}));
    assert_eq!(minute(&bot), Watched::Restored, "a new war begins anew");
}

#[test]
fn pauses_grow_to_an_hour_and_peace_ends_a_war() {
    let hour = 3_600_000;
    for (restores, since_ms, expected) in [
        (0, 0, Move::Restore(1)),
        (2, 0, Move::Restore(3)),
        (3, 0, Move::HoldBack(60_000)),
        (3, 59_999, Move::HoldBack(1)),
        (3, 60_000, Move::Restore(4)),
        (4, 60_000, Move::HoldBack(60_000)),
        (8, 0, Move::HoldBack(32 * 60_000)),
        (9, 0, Move::HoldBack(hour)),
        (1_000_000, 1, Move::HoldBack(hour - 1)),
        (3, 10 * 60_000, Move::Restore(1)),
        (9, hour, Move::Restore(10)),
        (9, 2 * hour, Move::Restore(1)),
        (i64::MAX, 0, Move::HoldBack(hour)),
    ] {
        assert_eq!(
            war::next(restores, since_ms),
            expected,
            "{restores} {since_ms}"
        );
    }
}

#[test]
fn of_two_crons_at_once_one_repairs() {
    let bot = guarded();
    bot.rival("deleteWebhook", &json!({}));
    let looked_at = look(&bot).now;
    assert!(take_turn(&bot, looked_at).is_some());
    assert!(take_turn(&bot, looked_at).is_none());
    let set = bot.calls("setWebhook");
    assert_eq!(bot.tick().watched, Watched::SomebodyElse);
    assert_eq!(bot.calls("setWebhook"), set);
    // Whoever had the turn has died.
    assert_eq!(minute(&bot), Watched::Restored);
    assert_eq!(incidents(&bot).len(), 1);
}

#[test]
fn a_cron_that_looked_before_another_one_repaired_opens_no_second_incident() {
    let bot = guarded();
    bot.rival("deleteWebhook", &json!({}));
    let looked_at = look(&bot).now;
    bot.telegram.advance(1);
    assert_eq!(bot.tick().watched, Watched::Restored);
    open_incident(&bot, looked_at);
    assert_eq!(drifts(&bot), [drift("gone", "restored")]);
    assert_eq!(incidents_to_tell(&bot), "1");
    // It would set what was wanted when it looked.
    assert!(take_turn(&bot, looked_at).is_none());
}

#[test]
fn a_cron_that_looks_while_another_one_repairs_leaves_the_incident_to_it() {
    let bot = guarded();
    bot.rival("deleteWebhook", &json!({}));
    let guarded = look(&bot);
    open_incident(&bot, guarded.now);
    let turn = take_turn(&bot, guarded.now).unwrap();
    let (wanted, secret) = (guarded.wanted.unwrap(), guarded.secret.unwrap());
    let app = bot.app();
    block_on(app.telegram.set_webhook(&wanted, &secret, false)).unwrap();
    assert_eq!(bot.tick().watched, Watched::Fine);
    assert_eq!(drifts(&bot), [drift("gone", "open")]);
    let info = block_on(app.telegram.webhook_info()).unwrap();
    block_on(app.inbox.restored(turn, 1, &info)).unwrap();
    assert_eq!(drifts(&bot), [drift("gone", "restored")]);
}

#[test]
fn a_guard_that_dies_after_opening_an_incident_opens_no_second_one() {
    let bot = guarded();
    bot.rival("deleteWebhook", &json!({}));
    open_incident(&bot, look(&bot).now);
    assert_eq!(drifts(&bot), [drift("gone", "open")]);
    assert_eq!(minute(&bot), Watched::Restored);
    assert_eq!(drifts(&bot), [drift("gone", "restored")]);
    assert_eq!(incidents_to_tell(&bot), "1");
}

#[test]
fn an_incident_ends_by_itself_or_is_called_off() {
    let bot = guarded();
    let secret = bot.secret();
    let refusal = json!({"error": [400, "Bad Request: bad webhook: no"]});
    bot.rival("deleteWebhook", &json!({}));
    bot.fault("setWebhook", 1, refusal.clone());
    assert_eq!(minute(&bot), Watched::Refused);
    let open = &incidents(&bot)[0];
    assert_eq!(
        open["error"],
        "Telegram refused `setWebhook`: Bad Request: bad webhook: no (400)"
    );
    bot.rival(
        "setWebhook",
        &json!({"url": ours(), "secret_token": secret, "max_connections": 20}),
    );
    let kinds = bot
        .database
        .value("SELECT wanted ->> 'allowed_updates' FROM webhook");
    let kinds: Value = serde_json::from_str(&kinds).unwrap();
    bot.telegram.advance(2_000);
    bot.rival("setWebhook", &json!({"url": ours(), "secret_token": secret, "max_connections": 20, "allowed_updates": kinds}));
    assert_eq!(minute(&bot), Watched::Fine);
    assert_eq!(drifts(&bot), [drift("gone", "by_itself")]);
    bot.rival("deleteWebhook", &json!({}));
    bot.fault("setWebhook", 1, refusal);
    minute(&bot);
    bot.operator().delete("/admin/webhook");
    minute(&bot);
    assert_eq!(drifts(&bot)[0], drift("gone", "called_off"));
}

#[test]
fn an_unresolved_name_is_asked_for_again_after_five_minutes_and_not_before() {
    let bot = guarded();
    bot.rival("deleteWebhook", &json!({}));
    let refusal = json!([
        400,
        "Bad Request: bad webhook: Failed to resolve host: Name or service not known"
    ]);
    bot.fault("setWebhook", 1, json!({"error": refusal}));
    let watched: Vec<Watched> = (0..7).map(|_| minute(&bot)).collect();
    assert_eq!(watched[0], Watched::Refused);
    assert_eq!(watched[1..6], [Watched::HoldingBack; 5]);
    assert_eq!(watched[6], Watched::Restored);
}

#[test]
fn silence_of_telegram_changes_nothing() {
    let bot = guarded();
    bot.fault("getWebhookInfo", 1, "reset_before");
    assert_eq!(minute(&bot), Watched::NoAnswer);
    assert_eq!(incidents(&bot).len(), 0);
}

#[test]
fn incidents_are_told_in_both_languages_page_by_page() {
    let bot = guarded();
    for _ in 0..3 {
        bot.rival("deleteWebhook", &json!({}));
        minute(&bot);
    }
    let page = body(&bot.operator().get("/admin/incidents?limit=2"));
    assert_eq!(page["incidents"].as_array().unwrap().len(), 2);
    assert_eq!(page["next"], 2);
    let rest = body(&bot.operator().get("/admin/incidents?limit=2&before=2"));
    assert_eq!(rest["incidents"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], Value::Null);
    let text = |target: &str| {
        let operator = bot.operator().with_header("accept", "text/plain");
        operator.get(target).body
    };
    expect![[r#"
        2027-01-15 08:04:00  #3  the webhook was gone
          Hint: a polling library that was started deletes the webhook (python-telegram-bot, grammY, Telegraf do; aiogram does not), so does a `deleteWebhook` by hand. Telegram itself deletes it after 23 hours of HTTP 410, which onehook never answers.
          Restored after 0 s.
    "#]].assert_eq(&text("/admin/incidents?limit=1"));
    expect![[r#"
        2027-01-15 08:04:00  #3  вебхука не стало
          Підказка: вебхук видаляє бібліотека, що починає опитування (python-telegram-bot, grammY, Telegraf; aiogram — ні), або `deleteWebhook`, викликаний вручну. Сам Telegram видаляє його після 23 годин відповідей HTTP 410, а onehook так ніколи не відповідає.
          Відновлено за 0 с.
    "#]].assert_eq(&text("/admin/incidents?limit=1&lang=uk"));
    let bad = bot.operator().get("/admin/incidents?limit=0");
    assert_eq!(bad.status, 400);
}

/// Ada writes, and her message is answered at once.
fn is_answered(bot: &TestBot) {
    let before = bot.calls("sendMessage");
    bot.person("Ada").says("/ping");
    bot.deliver();
    assert_eq!(bot.calls("sendMessage"), before + 1);
    assert!(
        bot.statuses.borrow().iter().all(|status| *status == 200),
        "{:?}",
        bot.statuses.borrow()
    );
}

fn rotates(bot: &TestBot, query: &str) {
    let target = format!("/admin/webhook/rotate{query}");
    let reply = bot.operator().sends("POST", &target, "");
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// The status a secret gets in an isolate that knows nothing.
fn knock(bot: &TestBot, id: i64, secret: &str) -> u16 {
    bot.forget_isolate();
    let headers = [("x-telegram-bot-api-secret-token", secret)];
    let update = message(id, 1001, "/ping");
    bot.visit("POST", "/webhook", &headers, update.as_bytes())
        .0
        .status
}

#[test]
fn a_rotation_refuses_nobody_and_ends_after_ten_minutes() {
    let bot = TestBot::new();
    is_answered(&bot);
    let old = bot.secret();
    bot.telegram.advance(MINUTE);
    rotates(&bot, "");
    let new = bot.secret();
    assert_ne!(old, new);
    is_answered(&bot);
    assert_eq!([knock(&bot, 1, &old), knock(&bot, 2, &new)], [200, 200]);
    let confirmed = bot
        .database
        .value("SELECT confirmed_at >= set_at FROM webhook");
    assert_eq!(confirmed, "1", "an update came with the new one");
    bot.telegram.advance(11 * MINUTE);
    assert_eq!([knock(&bot, 3, &old), knock(&bot, 4, &new)], [401, 200]);
    assert_eq!(minute(&bot), Watched::Fine);
    assert_eq!(incidents(&bot).len(), 0);
}

#[test]
fn a_leaked_secret_is_worth_nothing_at_once() {
    let bot = TestBot::new();
    is_answered(&bot);
    let old = bot.secret();
    rotates(&bot, "?now=true");
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 200);
    assert_eq!(knock(&bot, 2, &old), 401);
}

#[test]
fn another_isolate_learns_within_a_minute_that_a_secret_was_withdrawn() {
    let bot = TestBot::new();
    is_answered(&bot);
    let old = bot.secret();
    let headers = [("x-telegram-bot-api-secret-token", old.as_str())];
    let post = |id| {
        let update = message(id, 1001, "/ping");
        bot.visit("POST", "/webhook", &headers, update.as_bytes())
            .0
            .status
    };
    assert_eq!(post(1), 200);
    // Somebody else's isolate rotates.
    bot.database
        .execute("UPDATE webhook SET secret = 'y', old_secret_until = 0");
    assert_eq!(post(2), 200, "this one has not heard of it");
    bot.telegram.advance(MINUTE);
    assert_eq!(post(3), 401);
}

#[test]
fn two_rotations_in_a_minute_are_one_too_many_unless_the_first_leaked() {
    let bot = TestBot::new();
    is_answered(&bot);
    bot.telegram.advance(MINUTE);
    rotates(&bot, "");
    is_answered(&bot);
    let reply = bot.operator().sends("POST", "/admin/webhook/rotate", "");
    assert_eq!(reply.status, 409, "{}", reply.body);
    bot.telegram.advance(2_000);
    rotates(&bot, "?now=true");
    is_answered(&bot);
}

#[test]
fn without_a_webhook_there_is_nothing_to_rotate() {
    let bot = TestBot::without_webhook();
    let reply = bot.operator().sends("POST", "/admin/webhook/rotate", "");
    assert_eq!(reply.status, 409, "{}", reply.body);
    assert!(bot.webhook()["url"] == "");
    let bad = TestBot::new()
        .operator()
        .sends("POST", "/admin/webhook/rotate?now=perhaps", "");
    assert_eq!(bad.status, 400);
}

#[test]
fn a_rotation_cut_short_before_telegram_knows_is_finished_by_the_guard() {
    let bot = TestBot::new();
    is_answered(&bot);
    let next = "n".repeat(64);
    bot.database
        .execute(&format!("UPDATE webhook SET next_secret = '{next}'"));
    bot.forget_isolate();
    is_answered(&bot);
    assert_eq!(minute(&bot), Watched::Rotated);
    assert_eq!(bot.secret(), next);
    is_answered(&bot);
    assert_eq!(minute(&bot), Watched::Fine);
    assert_eq!(incidents(&bot).len(), 0);
}

#[test]
fn a_rotation_cut_short_that_telegram_refuses_is_tried_again() {
    let bot = TestBot::new();
    let next = "n".repeat(64);
    bot.database
        .execute(&format!("UPDATE webhook SET next_secret = '{next}'"));
    bot.fault("setWebhook", 1, json!({"error": [400, "Bad Request: no"]}));
    assert_eq!(minute(&bot), Watched::Refused);
    is_answered(&bot);
    assert_eq!(minute(&bot), Watched::Rotated);
    assert_eq!(bot.secret(), next);
    is_answered(&bot);
}

#[test]
fn a_rotation_cut_short_after_telegram_knows_is_finished_by_the_first_update() {
    let bot = TestBot::new();
    is_answered(&bot);
    let (old, next) = (bot.secret(), "n".repeat(64));
    bot.database
        .execute(&format!("UPDATE webhook SET next_secret = '{next}'"));
    bot.telegram.advance(2_000);
    let kinds = bot.webhook()["allowed_updates"].clone();
    bot.rival("setWebhook", &json!({"url": ours(), "secret_token": next, "max_connections": 20, "allowed_updates": kinds}));
    bot.forget_isolate();
    is_answered(&bot);
    let row = bot.database.value(
        "SELECT secret || ' ' || coalesce(next_secret, '-') || ' ' || old_secret FROM webhook",
    );
    assert_eq!(row, format!("{next} - {old}"));
    assert_eq!(minute(&bot), Watched::Fine);
}

/// T18 at each trip: the database fails before or after it, and messages keep coming.
#[test]
fn a_rotation_may_fail_at_any_trip_and_refuses_nobody() {
    use crate::sqlite_database::Trip::{FailsAfter, FailsBefore, Works};
    for fails_at in 0..2 {
        for fault in [FailsBefore, FailsAfter] {
            let bot = TestBot::new();
            is_answered(&bot);
            bot.telegram.advance(MINUTE);
            let mut trips = vec![Works; fails_at];
            trips.push(fault);
            bot.database.next_trips(&trips);
            bot.operator().sends("POST", "/admin/webhook/rotate", "");
            is_answered(&bot);
            bot.forget_isolate();
            is_answered(&bot);
            minute(&bot);
            is_answered(&bot);
            let open = bot
                .database
                .value("SELECT count(*) FROM webhook WHERE next_secret IS NOT NULL");
            assert_eq!(open, "0", "{fails_at} {fault:?}");
            let secret = bot.database.value("SELECT secret FROM webhook");
            assert_eq!(secret, bot.secret(), "{fails_at} {fault:?}");
        }
    }
}

/// T18: so many rotations in a row, a message in between each.
#[test]
fn many_rotations_refuse_nobody() {
    let bot = TestBot::new();
    for rotation in 0..200 {
        bot.telegram.advance(61_000);
        rotates(&bot, "");
        if rotation % 3 == 0 {
            bot.forget_isolate();
        }
        is_answered(&bot);
    }
    assert_eq!(bot.calls("sendMessage"), 200);
}
