//! A whole bot under examination: each illness is brought about as it would be in the field, and asked about at the door.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::emulator::telegram::{Delivered, Response};
use crate::operator::{bury, park};
use crate::test_bot::{ADMIN_TOKEN, Dies, ORIGIN, TOKEN, TestBot, body, message, rivals_call};

/// What is said of some parts of the bot: the state, the words, and how we know.
#[track_caller]
fn check(bot: &TestBot, parts: &[&str], expect: Expect) {
    let mut lines = String::new();
    for finding in findings(bot) {
        if parts.contains(&finding["id"].as_str().unwrap()) {
            let text = |field: &str| finding[field].as_str().unwrap();
            let line = format!(
                "{}: {} | {}\n",
                text("state"),
                text("what"),
                text("evidence")
            );
            lines.push_str(&line);
        }
    }
    expect.assert_eq(&lines);
}

fn findings(bot: &TestBot) -> Vec<Value> {
    let reply = bot.operator().get("/admin/doctor");
    assert_eq!(reply.status, 200, "{}", reply.body);
    let findings = body(&reply)["findings"].as_array().unwrap().clone();
    assert!(findings.len() > 4, "{findings:?}");
    findings
}

/// The parts that are not healthy.
fn ailing(bot: &TestBot) -> Vec<String> {
    let ailing = findings(bot)
        .into_iter()
        .filter(|finding| finding["state"] != "healthy");
    ailing
        .map(|finding| finding["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Somebody says something, and this comes of the delivery.
fn fails(bot: &TestBot, outcome: Delivered) {
    bot.telegram
        .act(&json!({"person": "Bob", "act": "say", "text": "/ping"}))
        .unwrap();
    let deliveries = bot.telegram.deliveries();
    assert_eq!(deliveries.len(), 1);
    bot.telegram.delivered(deliveries[0].0, outcome);
}

fn answers(status: u16) -> Delivered {
    Delivered::Answered(Response {
        status,
        ..Response::default()
    })
}

#[test]
fn a_healthy_bot_has_nothing_to_hide() {
    let bot = TestBot::new();
    bot.person("Ada").says("/ping");
    let reply = bot
        .operator()
        .with_header("accept", "text/plain")
        .get("/admin/doctor");
    expect![[r#"
        Working; look at the ⚠ below.
        ✅ the admin token is hard to guess
           ADMIN_TOKEN
        ⚠ a Bot API server of your own is in use
           TELEGRAM_API_ROOT = http://127.0.0.1:8081
           it has a webhook and waiting updates of its own: what another server has does not show here, and one bot on two servers gets its updates in two places
           → if that is not meant: curl --request POST "$TELEGRAM_API_ROOT/bot$TELEGRAM_BOT_TOKEN/logOut", then remove TELEGRAM_API_ROOT from wrangler.toml and run `scripts/deploy`
        ✅ Telegram knows the token: @onehook_bot
           getMe
        ✅ the database answers
           D1
        ✅ KV answers
           KV
        ✅ the webhook is ours
           getWebhookInfo: url = "http://127.0.0.1:8787/webhook"
        ✅ nobody has changed the webhook in the last hour
           incidents of the last hour: 0
        ✅ the webhook has the settings that were asked for
           allowed_updates, max_connections, ip_address
        ✅ no delivery has failed since the webhook was set
           getWebhookInfo: no last_error_message
        ✅ no update waits at Telegram
           pending_update_count = 0
        ✅ no update has come yet since the webhook was set
           webhook.confirmed_at
        ✅ no update is left to handle
           inbox
        ✅ no update was given up
           dead = 0
        ✅ no call waits for a decision
           parked = 0
        ✅ Telegram has refused no call
           failed = 0
        ✅ everything that came was an update
           quarantined = 0
        ✅ no number is missing between the updates of the last day
           inbox.update_id
        ✅ the cron runs
           heartbeat: 1 s
    "#]].assert_eq(&reply.body);
    let reply = bot
        .operator()
        .with_header("accept", "text/plain")
        .get("/admin/doctor?lang=uk");
    assert!(reply.body.starts_with("Працює"), "{}", reply.body);
    assert_eq!(
        ailing(&bot),
        ["server"],
        "the pretend Telegram is a server of one's own"
    );
}

#[test]
fn an_examination_disturbs_nobody() {
    const ROWS: &str = "SELECT json_group_array(json_array(wanted, taken, secret, set_at, probed_until, waiting, refused_at)) \
        || (SELECT total_changes()) FROM webhook";
    let bot = TestBot::new();
    bot.person("Ada").says("/ping");
    let rows = bot.database.value(ROWS);
    let telegram = bot.telegram.state();
    let calls = telegram["bots"][0]["calls"].as_array().unwrap().len();
    findings(&bot);
    let after = bot.telegram.state();
    let made = &after["bots"][0]["calls"].as_array().unwrap()[calls..];
    let methods: Vec<_> = made
        .iter()
        .map(|call| call["method"].as_str().unwrap())
        .collect();
    assert_eq!(methods, ["getMe", "getWebhookInfo", "getWebhookInfo"]);
    assert_eq!(telegram["bots"][0]["webhook"], after["bots"][0]["webhook"]);
    assert_eq!(
        telegram["bots"][0]["allowed_updates"],
        after["bots"][0]["allowed_updates"]
    );
    assert_eq!(rows, bot.database.value(ROWS));
}

#[test]
fn a_webhook_that_somebody_deleted_is_missed_until_the_guard_has_set_it() {
    let bot = TestBot::new();
    bot.rival("deleteWebhook", &json!({}));
    check(
        &bot,
        &["webhook", "flips", "settings", "deliveries"],
        expect![[r#"
            ill: the webhook is gone, although we set it | getWebhookInfo: url = ""
            healthy: nobody has changed the webhook in the last hour | incidents of the last hour: 0
        "#]],
    );
    bot.tick();
    check(
        &bot,
        &["webhook", "flips", "settings", "deliveries"],
        expect![[r#"
            healthy: the webhook is ours | getWebhookInfo: url = "http://127.0.0.1:8787/webhook"
            notice: somebody changed the webhook in the last hour | incidents of the last hour: 1
            healthy: the webhook has the settings that were asked for | allowed_updates, max_connections, ip_address
            healthy: no delivery has failed since the webhook was set | getWebhookInfo: no last_error_message
        "#]],
    );
    for _ in 0..2 {
        bot.telegram.advance(61_000);
        bot.rival("deleteWebhook", &json!({}));
        bot.tick();
    }
    check(
        &bot,
        &["webhook", "flips"],
        expect![[r#"
        healthy: the webhook is ours | getWebhookInfo: url = "http://127.0.0.1:8787/webhook"
        ill: somebody changes the webhook again and again | incidents of the last hour: 3
    "#]],
    );
}

#[test]
fn a_webhook_that_points_elsewhere_is_named() {
    let bot = TestBot::new();
    bot.telegram.advance(1_000);
    bot.rival(
        "setWebhook",
        &json!({"url": "https://elsewhere.example/hook"}),
    );
    check(
        &bot,
        &["webhook", "flips", "settings"],
        expect![[r#"
        ill: the webhook points elsewhere: https://elsewhere.example/hook | getWebhookInfo: url = "https://elsewhere.example/hook"
        healthy: nobody has changed the webhook in the last hour | incidents of the last hour: 0
    "#]],
    );
    let bot = TestBot::without_webhook();
    bot.rival(
        "setWebhook",
        &json!({"url": "https://elsewhere.example/hook"}),
    );
    check(
        &bot,
        &["webhook"],
        expect![[r#"
        ill: the webhook points elsewhere: https://elsewhere.example/hook | getWebhookInfo: url = "https://elsewhere.example/hook"
    "#]],
    );
}

#[test]
fn nothing_asked_for_and_nothing_set_is_told_from_a_webhook_deleted_by_the_operator() {
    let bot = TestBot::without_webhook();
    check(
        &bot,
        &["webhook"],
        expect![[r#"
        notice: no webhook is set, and nobody has asked for one | getWebhookInfo: url = ""
    "#]],
    );
    bot.operator().put("/admin/webhook", "");
    bot.operator().delete("/admin/webhook");
    check(
        &bot,
        &["webhook"],
        expect![[r#"
        notice: no webhook is set, as the operator asked | getWebhookInfo: url = ""
    "#]],
    );
}

#[test]
fn a_webhook_at_another_address_of_ours_is_older() {
    let bot = TestBot::new();
    bot.set("PUBLIC_URL", "https://bot.example.com");
    check(
        &bot,
        &["webhook"],
        expect![[r#"
        notice: the webhook points at http://127.0.0.1:8787/webhook, and you ask at https://bot.example.com | getWebhookInfo: url = "http://127.0.0.1:8787/webhook"
    "#]],
    );
}

#[test]
fn a_revoked_token_is_told() {
    let bot = TestBot::new();
    bot.telegram.add_bot(
        "4242:another_token_another_token_another",
        "onehook_bot",
        "Onehook",
    );
    check(
        &bot,
        &["token", "webhook", "database"],
        expect![[r#"
        ill: Telegram does not accept the token | Telegram refused `getMe`: Unauthorized (401)
        healthy: the database answers | D1
    "#]],
    );
}

#[test]
fn a_log_out_is_told() {
    let bot = TestBot::new();
    bot.rival("logOut", &json!({}));
    check(
        &bot,
        &["token", "webhook"],
        expect![[r#"
        ill: somebody called `logOut` | Telegram refused `getMe`: Logged out (400)
    "#]],
    );
}

#[test]
fn silence_of_telegram_is_told_and_the_rest_is_examined() {
    let bot = TestBot::new();
    bot.fault("getMe", 9, "reset_before");
    check(
        &bot,
        &["token", "webhook", "database", "cron"],
        expect![[r#"
            ill: Telegram does not answer | Telegram did not answer `getMe`: the connection failed
            healthy: the database answers | D1
            healthy: the cron runs | heartbeat: 0 s
        "#]],
    );
    let bot = TestBot::new();
    bot.fault("getWebhookInfo", 9, "html");
    check(
        &bot,
        &["token", "webhook", "database", "cron"],
        expect![[r#"
            healthy: Telegram knows the token: @onehook_bot | getMe
            healthy: the database answers | D1
            ill: Telegram does not tell about the webhook | the answer to `getWebhookInfo` is not the Bot API's (HTTP 502)
            healthy: the cron runs | heartbeat: 0 s
        "#]],
    );
}

#[test]
fn a_database_that_is_down_is_told() {
    let bot = TestBot::new();
    bot.database.set_down(true);
    check(
        &bot,
        &["token", "database", "webhook", "cron"],
        expect![[r#"
            healthy: Telegram knows the token: @onehook_bot | getMe
            ill: the database does not answer | cannot examine the inbox: D1_ERROR: D1 DB is overloaded
        "#]],
    );
    assert!(ailing(&bot).contains(&"database".to_owned()));
}

#[test]
fn migrations_that_were_not_applied_are_told() {
    let bot = TestBot::new();
    bot.database
        .execute("ALTER TABLE webhook DROP COLUMN probed_until");
    // The rest of the evidence is the library's.
    let findings = findings(&bot);
    let database = findings
        .iter()
        .find(|finding| finding["id"] == "database")
        .unwrap();
    assert_eq!(database["what"], "the database lacks tables or columns");
    let evidence = database["evidence"].as_str().unwrap();
    assert!(
        evidence.contains("no such column: probed_until"),
        "{evidence}"
    );
    let bot = TestBot::new();
    bot.database.execute("DROP TABLE incident");
    check(
        &bot,
        &["database"],
        expect![[r#"
        ill: the database lacks tables or columns | cannot examine the inbox: D1_ERROR: no such table: incident
    "#]],
    );
}

#[test]
fn a_cron_that_does_not_run_is_told() {
    let bot = TestBot::new();
    bot.tick();
    bot.telegram.advance(290_000);
    check(
        &bot,
        &["cron"],
        expect![[r#"
        healthy: the cron runs | heartbeat: 291 s
    "#]],
    );
    bot.telegram.advance(10_000);
    check(
        &bot,
        &["cron"],
        expect![[r#"
        ill: the cron does not run | heartbeat: 303 s
    "#]],
    );
    bot.tick();
    check(
        &bot,
        &["cron"],
        expect![[r#"
        healthy: the cron runs | heartbeat: 1 s
    "#]],
    );
}

#[test]
fn updates_that_a_poller_ate_are_missed() {
    let bot = TestBot::new();
    bot.person("Bob").says("one");
    bot.rival("deleteWebhook", &json!({}));
    for text in ["two", "three", "four"] {
        bot.telegram
            .act(&json!({"person": "Bob", "act": "say", "text": text}))
            .unwrap();
    }
    let eaten = bot.rival("getUpdates", &json!({}));
    let last = eaten["result"][2]["update_id"].as_i64().unwrap();
    bot.rival("getUpdates", &json!({"offset": last + 1}));
    bot.tick();
    bot.person("Bob").says("five");
    check(
        &bot,
        &["gaps"],
        expect![[r#"
        healthy: no number is missing between the updates of the last day | inbox.update_id
    "#]],
    );
    bot.telegram.advance(121_000);
    check(
        &bot,
        &["gaps"],
        expect![[r#"
        notice: 3 updates never reached us, the last ones between 100 and 104, from 08:00 to 08:00 UTC | update_id 100 … 104
    "#]],
    );
    bot.telegram.advance(86_400_000);
    check(
        &bot,
        &["gaps"],
        expect![[r#"
        healthy: no number is missing between the updates of the last day | inbox.update_id
    "#]],
    );
}

#[test]
fn a_poller_that_eats_while_the_doctor_looks_is_caught() {
    let bot = TestBot::new();
    bot.rival("deleteWebhook", &json!({}));
    bot.telegram
        .act(&json!({"person": "Bob", "act": "say", "text": "one"}))
        .unwrap();
    let eaten = bot.rival("getUpdates", &json!({}));
    let last = eaten["result"][0]["update_id"].as_i64().unwrap();
    bot.telegram.later(1_000, move |telegram| {
        let confirm = json!({"offset": last + 1});
        telegram.request(rivals_call("getUpdates", &confirm));
    });
    check(
        &bot,
        &["webhook", "waiting"],
        expect![[r#"
        ill: the webhook is gone, although we set it | getWebhookInfo: url = ""
        ill: somebody takes the updates that wait: 1 before, 0 now | pending_update_count = 0
    "#]],
    );
}

#[test]
fn two_owners_who_fight_show_between_two_looks() {
    let bot = TestBot::new();
    bot.telegram.later(1_000, |telegram| {
        let elsewhere = json!({"url": "https://elsewhere.example/hook"});
        telegram.request(rivals_call("setWebhook", &elsewhere));
    });
    check(
        &bot,
        &["webhook", "flips"],
        expect![[r#"
        ill: the webhook points elsewhere: https://elsewhere.example/hook | getWebhookInfo: url = "https://elsewhere.example/hook"
        ill: the webhook changed between two looks | getWebhookInfo: "http://127.0.0.1:8787/webhook", then "https://elsewhere.example/hook"
    "#]],
    );
}

#[test]
fn rows_that_need_somebody_are_counted() {
    let bot = TestBot::new();
    bury(&bot, 7, 5);
    park(&bot, "Bob");
    bot.fault(
        "sendMessage",
        1,
        json!({"error": [400, "Bad Request: message text is empty"]}),
    );
    bot.person("Cyd").says("/ping");
    bot.post("no update");
    let parts = ["dead", "parked", "failed", "quarantined", "lanes"];
    check(
        &bot,
        &parts,
        expect![[r#"
        healthy: no update is left to handle | inbox
        notice: updates given up: 1 | dead = 1
        notice: calls that wait for your decision: 1 | parked = 1
        notice: calls that Telegram refused: 1 | failed = 1
        notice: bodies that are no updates: 1 | quarantined = 1
    "#]],
    );
    bot.telegram.advance(600_000);
    bot.tick();
    check(
        &bot,
        &["parked", "lanes"],
        expect![[r#"
        healthy: no update is left to handle | inbox
        notice: calls that wait for your decision: 1 | parked = 1
    "#]],
    );
}

#[test]
fn a_lane_that_does_not_go_on_is_told() {
    let bot = TestBot::new();
    bot.dies(Dies::BeforeHandling);
    bot.post(message(7, 5, "/ping"));
    check(
        &bot,
        &["lanes"],
        expect![[r#"
        healthy: updates are being handled | oldest open update: 0 s
    "#]],
    );
    bot.telegram.advance(241_000);
    check(
        &bot,
        &["lanes"],
        expect![[r#"
        ill: an update has waited for minutes | oldest open update: 241 s
    "#]],
    );
}

#[test]
fn somebody_elses_setwebhook_without_our_secret_is_told_by_our_own_401() {
    let bot = TestBot::new();
    bot.telegram.advance(1_000);
    bot.rival("setWebhook", &json!({"url": format!("{ORIGIN}/webhook")}));
    bot.person("Bob").says("hello?");
    assert!(bot.statuses.borrow().contains(&401));
    check(
        &bot,
        &["webhook", "deliveries"],
        expect![[r#"
        healthy: the webhook is ours | getWebhookInfo: url = "http://127.0.0.1:8787/webhook"
        ill: Telegram delivers with another secret than ours, and is refused | last_error_message: Wrong response from the webhook: 401 Unauthorized (0 min)
    "#]],
    );
    bot.tick();
    check(
        &bot,
        &["deliveries"],
        expect![[r#"
        healthy: no delivery has failed since the webhook was set | getWebhookInfo: no last_error_message
    "#]],
    );
    // It happens again although our secret is set: somebody else answers at our address.
    bot.telegram.advance(2_000);
    fails(&bot, answers(401));
    check(
        &bot,
        &["deliveries"],
        expect![[r#"
        ill: something in front of the worker asks Telegram to log in | last_error_message: Wrong response from the webhook: 401 Unauthorized (0 min)
    "#]],
    );
}

#[test]
fn each_way_a_delivery_fails_is_told_as_telegram_words_it() {
    let outcomes = [
        answers(401),
        answers(403),
        answers(404),
        answers(405),
        answers(410),
        answers(500),
        answers(503),
        answers(302),
        Delivered::TimedOut,
        Delivered::Failed(
            "SSL error {error:0A000086:SSL routines::certificate verify failed}".to_owned(),
        ),
        Delivered::Failed("Connection refused".to_owned()),
        Delivered::Failed("Connection timed out".to_owned()),
    ];
    let mut told = String::new();
    for outcome in outcomes {
        let bot = TestBot::new();
        fails(&bot, outcome);
        let findings = findings(&bot);
        let one = findings
            .iter()
            .find(|finding| finding["id"] == "deliveries")
            .unwrap();
        assert_eq!(one["state"], "ill");
        let line = format!(
            "{}\n  {}\n",
            one["evidence"].as_str().unwrap(),
            one["what"].as_str().unwrap()
        );
        told.push_str(&line);
    }
    expect![[r#"
        last_error_message: Wrong response from the webhook: 401 Unauthorized (0 min)
          something in front of the worker asks Telegram to log in
        last_error_message: Wrong response from the webhook: 403 Forbidden (0 min)
          something in front of the worker blocks Telegram
        last_error_message: Wrong response from the webhook: 404 Not Found (0 min)
          the address of the webhook leads nowhere
        last_error_message: Wrong response from the webhook: 405 Method Not Allowed (0 min)
          the address of the webhook leads nowhere
        last_error_message: Wrong response from the webhook: 410 Gone (0 min)
          something in front of the worker answers 410
        last_error_message: Wrong response from the webhook: 500 Internal Server Error (0 min)
          the worker fails when Telegram delivers
        last_error_message: Wrong response from the webhook: 503 Service Unavailable (0 min)
          the worker could not keep updates when they came
        last_error_message: Wrong response from the webhook: 302 Found (0 min)
          something in front of the worker answers Telegram
        last_error_message: Read timeout expired (0 min)
          the worker did not answer within 60 seconds
        last_error_message: SSL error {error:0A000086:SSL routines::certificate verify failed} (0 min)
          Telegram does not trust the certificate of the address
        last_error_message: Connection refused (0 min)
          Telegram cannot connect to the address
        last_error_message: Connection timed out (0 min)
          Telegram cannot connect to the address
    "#]].assert_eq(&told);
}

#[test]
fn a_failure_that_telegram_made_up_for_is_history() {
    let bot = TestBot::new();
    fails(&bot, answers(503));
    bot.deliver();
    check(
        &bot,
        &["deliveries", "waiting"],
        expect![[r#"
        healthy: the last failed delivery is history: updates have arrived since | last_error_message: Wrong response from the webhook: 503 Service Unavailable (0 min)
        healthy: no update waits at Telegram | pending_update_count = 0
    "#]],
    );
    bot.telegram.advance(3_600_000);
    bot.tick();
    check(
        &bot,
        &["deliveries"],
        expect![[r#"
        healthy: the last failed delivery is history: updates have arrived since | last_error_message: Wrong response from the webhook: 503 Service Unavailable (60 min)
    "#]],
    );
}

#[test]
fn connections_closed_without_an_answer_leave_no_error_and_show_by_what_waits() {
    let bot = TestBot::new();
    bot.person("Ada").says("/start");
    for person in 0..12 {
        let says = json!({"person": format!("P{person}"), "act": "say", "text": "hi"});
        bot.telegram.act(&says).unwrap();
    }
    let closed = |bot: &TestBot| {
        for (delivery, ..) in bot.telegram.deliveries() {
            bot.telegram.delivered(delivery, Delivered::Closed);
        }
    };
    closed(&bot);
    let app = bot.app();
    pollster::block_on(onehook::guard::tick(&app)).unwrap();
    drop(app);
    check(
        &bot,
        &["deliveries", "waiting"],
        expect![[r#"
        healthy: no delivery has failed since the webhook was set | getWebhookInfo: no last_error_message
        notice: updates wait at Telegram: 12 | pending_update_count = 12
    "#]],
    );
    bot.telegram
        .act(&json!({"person": "Bob", "act": "say", "text": "hi"}))
        .unwrap();
    closed(&bot);
    check(
        &bot,
        &["deliveries", "waiting"],
        expect![[r#"
        healthy: no delivery has failed since the webhook was set | getWebhookInfo: no last_error_message
        ill: more and more updates wait at Telegram, 12 before and 13 now, and no delivery fails | pending_update_count = 13
    "#]],
    );
}

#[test]
fn kinds_of_updates_that_a_poller_left_behind_are_told() {
    let bot = TestBot::new();
    let secret = bot.secret();
    bot.rival("deleteWebhook", &json!({}));
    bot.rival("getUpdates", &json!({"allowed_updates": ["message"]}));
    bot.telegram.advance(1_000);
    bot.rival(
        "setWebhook",
        &json!({"url": format!("{ORIGIN}/webhook"), "secret_token": secret, "max_connections": 20}),
    );
    let findings = findings(&bot);
    let settings = findings
        .iter()
        .find(|finding| finding["id"] == "settings")
        .unwrap();
    assert_eq!(settings["state"], "ill");
    let evidence = settings["evidence"].as_str().unwrap();
    assert!(
        evidence.starts_with("allowed_updates: ") && evidence.ends_with(" → message"),
        "{evidence}"
    );
    bot.tick();
    check(
        &bot,
        &["settings"],
        expect![[r#"
        healthy: the webhook has the settings that were asked for | allowed_updates, max_connections, ip_address
    "#]],
    );
}

#[test]
fn an_admin_token_that_repeats_itself_is_weak() {
    let bot = TestBot::new();
    let weak = "abc".repeat(12);
    bot.set("ADMIN_TOKEN", &weak);
    let reply = bot.operator().with_token(Some(&weak)).get("/admin/doctor");
    let first = &body(&reply)["findings"][0];
    assert_eq!(
        (&first["id"], &first["state"]),
        (&json!("admin_token"), &json!("ill"))
    );
    assert!(!reply.body.contains(&weak));
}

#[test]
fn nobody_to_tell_is_told() {
    let bot = TestBot::new();
    bot.set("OWNER_IDS", "");
    check(
        &bot,
        &["owners"],
        expect![[r#"
        notice: nobody would be told of trouble | OWNER_IDS, ALERT_URL: not set
    "#]],
    );
    bot.set("ALERT_URL", "https://alerts.example/hook");
    check(&bot, &["owners"], expect![[""]]);
}

#[test]
fn a_rotation_that_hangs_is_told() {
    let bot = TestBot::new();
    bot.telegram.advance(61_000);
    bot.fault("setWebhook", 1, "reset_before");
    assert_eq!(
        bot.operator()
            .sends("POST", "/admin/webhook/rotate", "")
            .status,
        502
    );
    check(
        &bot,
        &["rotation"],
        expect![[r#"
        notice: a new secret is prepared and not yet in use | webhook.next_secret
    "#]],
    );
    bot.tick();
    check(
        &bot,
        &["rotation"],
        expect![[r#"
        healthy: no update has come yet since the webhook was set | webhook.confirmed_at
    "#]],
    );
}

#[test]
fn another_bot_in_the_database_is_told() {
    let bot = TestBot::new();
    bot.database
        .execute("INSERT INTO webhook (bot) VALUES (99)");
    check(
        &bot,
        &["bots"],
        expect![[r#"
        notice: this database knows another bot too | other bots in D1: 1
    "#]],
    );
}

#[test]
fn an_owner_asks_in_the_chat_and_reads_what_to_type() {
    let bot = TestBot::new();
    bot.person("Ada").says("/start");
    bury(&bot, 7, 5);
    bot.transcript(expect![[r#"
        Ada: /start
        bot → Ada: Hello, Ada! Send /help to see what I can do.
    "#]]);
    bot.person("Ada").says("/doctor");
    bot.transcript(expect![[r#"
        Ada: /doctor
        bot → Ada: Working; look at the ⚠ below.
        ⚠ a Bot API server of your own is in use
        → if that is not meant: curl --request POST "$TELEGRAM_API_ROOT/bot$TELEGRAM_BOT_TOKEN/logOut", then remove TELEGRAM_API_ROOT from wrangler.toml and run `scripts/deploy`
        ⚠ updates given up: 1
        → curl --header "Authorization: Bearer $ADMIN_TOKEN" "http://127.0.0.1:8787/admin/updates?state=dead", then POST /admin/updates/<id>/replay
        ⚠ 92 updates never reached us, the last ones between 7 and 100, from 08:00 to 08:00 UTC
        → run `scripts/find-rivals` wherever the token may be; to hear whether somebody polls (this can crash the other bot): curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" "http://127.0.0.1:8787/admin/doctor/probe?seconds=50"
    "#]]);
    bot.person("Ada").speaking("uk").says("/doctor");
    bot.transcript(expect![[r#"
        Ada: /doctor
        bot → Ada: Працює; гляньте на ⚠ нижче.
        ⚠ використовується ваш власний сервер Bot API
        → якщо так не задумано: curl --request POST "$TELEGRAM_API_ROOT/bot$TELEGRAM_BOT_TOKEN/logOut", потім приберіть TELEGRAM_API_ROOT із wrangler.toml і виконайте `scripts/deploy`
        ⚠ покинутих оновлень: 1
        → curl --header "Authorization: Bearer $ADMIN_TOKEN" "http://127.0.0.1:8787/admin/updates?state=dead", потім POST /admin/updates/<id>/replay
        ⚠ оновлень, що не дійшли до нас: 92; останні між 7 і 100, від 08:00 до 08:00 UTC
        → виконайте `scripts/find-rivals` усюди, де може бути токен; щоб почути, чи хтось опитує (іншого бота це може зупинити): curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" "http://127.0.0.1:8787/admin/doctor/probe?seconds=50"
    "#]]);
}

#[test]
fn to_everybody_else_the_doctor_does_not_exist() {
    let bot = TestBot::new();
    bot.person("Ada").says("/start");
    bot.person("Bob").says("/doctor");
    bot.person("Bob").says("/nonsense");
    let calls = bot.calls_of("sendMessage");
    let [.., doctor, nonsense] = calls.as_slice() else {
        panic!("{calls:?}");
    };
    assert_eq!(
        doctor["text"]
            .as_str()
            .unwrap()
            .replace("/doctor", "/nonsense"),
        nonsense["text"].as_str().unwrap()
    );
    bot.person("Ada").in_group("Team").says("/doctor");
    bot.transcript(expect![[r#"
        Ada: /start
        bot → Ada: Hello, Ada! Send /help to see what I can do.
        Bob: /doctor
        bot → Bob: I do not know /doctor. Send /help to see what I can do.
        Bob: /nonsense
        bot → Bob: I do not know /nonsense. Send /help to see what I can do.
        Ada: /doctor
        bot → Team: Ask me that in private.
    "#]]);
}

#[test]
fn no_secret_shows_in_any_report() {
    let bot = TestBot::new();
    let secret = bot.secret();
    bot.rival("deleteWebhook", &json!({}));
    for accept in ["text/plain", "application/json"] {
        let reply = bot
            .operator()
            .with_header("accept", accept)
            .get("/admin/doctor");
        for canary in [TOKEN, ADMIN_TOKEN, &secret, "CANARY"] {
            assert!(!reply.body.contains(canary), "{}", reply.body);
        }
    }
}
