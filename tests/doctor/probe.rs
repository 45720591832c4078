//! Listening for a poller: what is heard and what it means, and that the webhook comes back whatever happens.

use std::cell::RefCell;
use std::rc::Rc;

use expect_test::expect;
use onehook::doctor::probe::{Heard, Verdict, listen};
use onehook::guard::restore::Watched;
use onehook::reply::Reply;
use onehook::request::Request;
use onehook::{admin, guard};
use serde_json::{Value, json};

use super::evidence::unreachable;
use crate::sqlite_database::Trip;
use crate::test_bot::{ORIGIN, TestBot, body, rivals_call};

fn probe(bot: &TestBot, query: &str) -> Reply {
    let target = format!("/admin/doctor/probe?{query}");
    bot.operator().sends("POST", &target, "")
}

fn heard(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.body);
    body(reply)["probe"].clone()
}

/// A poller comes at these times, in milliseconds from now, and waits half a minute for updates.
fn polls(bot: &TestBot, times: impl IntoIterator<Item = u64>) {
    for after_ms in times {
        bot.telegram.later(after_ms, |telegram| {
            telegram.request(rivals_call("getUpdates", &json!({"timeout": 30})));
        });
    }
}

/// What an operator asks for in the middle of a visit.
fn request(method: &str, path: &str, query: &str) -> Request {
    Request {
        method: method.to_owned(),
        origin: ORIGIN.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
    }
}

fn incidents(bot: &TestBot) -> usize {
    let reply = bot.operator().get("/admin/incidents");
    body(&reply)["incidents"].as_array().unwrap().len()
}

fn probed_until(bot: &TestBot) -> String {
    bot.database.value("SELECT probed_until FROM webhook")
}

fn ours() -> String {
    format!("{ORIGIN}/webhook")
}

#[test]
fn nobody_is_heard_which_proves_nothing() {
    let bot = TestBot::without_webhook();
    let start = bot.telegram.now();
    let reply = probe(&bot, "seconds=10");
    expect![[r#"
        {
          "heard_after_ms": [],
          "remedy": "listen once more, or watch whether waiting updates vanish: `GET /admin/doctor`",
          "verdict": "no_proof",
          "webhook": "not_wanted",
          "what": "nobody was heard",
          "why": "that is no proof of absence: a program that polls without waiting cannot be heard, and one that stopped at our first poll is gone"
        }"#]].assert_eq(&format!("{:#}", heard(&reply)));
    assert_eq!(bot.telegram.now() - start, 10_000);
    let asked = bot.calls_of("getUpdates");
    assert_eq!(
        asked,
        [json!({"limit": 1, "timeout": 10})],
        "nothing is confirmed, no kinds are asked for"
    );
    let operator = bot.operator().with_header("accept", "text/plain");
    let reply = operator.sends("POST", "/admin/doctor/probe?seconds=1&lang=uk", "");
    expect![[r#"
        нікого не чути: це не доказ відсутності: програму, що опитує без чекання, почути не можна, а та, яку зупинив наш перший запит, уже мовчить
        → послухайте ще раз або стежте, чи не зникають оновлення, що чекають: `GET /admin/doctor`
        Нашого вебхука ніхто не задавав, тож його не встановлено.
    "#]].assert_eq(&reply.body);
}

#[test]
fn it_listens_for_as_long_as_it_is_told_in_polls_that_telegram_allows() {
    for (query, polls) in [
        ("", &[50][..]),
        ("seconds=100", &[50, 50]),
        ("seconds=51", &[50, 1]),
        ("seconds=", &[50]),
    ] {
        let bot = TestBot::without_webhook();
        assert_eq!(heard(&probe(&bot, query))["verdict"], "no_proof");
        let asked = bot.calls_of("getUpdates");
        let asked: Vec<_> = asked
            .iter()
            .map(|call| call["timeout"].as_i64().unwrap())
            .collect();
        assert_eq!(asked, polls, "{query}");
    }
}

#[test]
fn a_poller_that_comes_back_is_heard_each_time() {
    let bot = TestBot::without_webhook();
    polls(&bot, [2_000, 6_000, 11_000]);
    let reply = probe(&bot, "seconds=20");
    expect![[r#"
        {
          "heard_after_ms": [
            2000,
            6000,
            11000
          ],
          "remedy": "run `scripts/find-rivals` wherever the token may be and stop what it finds; setting the webhook ends it at once",
          "rhythm": "Hint: it comes back after 1 to 5 seconds, as aiogram does.",
          "verdict": "rival",
          "webhook": "not_wanted",
          "what": "another program polls this bot",
          "why": "its getUpdates ended ours, which only another one with the same token can do"
        }"#]].assert_eq(&format!("{:#}", heard(&reply)));
    let bot = TestBot::without_webhook();
    polls(&bot, [2_000, 6_000, 11_000]);
    let operator = bot.operator().with_header("accept", "text/plain");
    let reply = operator.sends("POST", "/admin/doctor/probe?seconds=20&lang=uk", "");
    expect![[r#"
        бота опитує інша програма: її getUpdates перервав наш, а це може зробити лише інша програма з тим самим токеном
        → виконайте `scripts/find-rivals` усюди, де може бути токен, і зупиніть знайдене; встановлення вебхука припинить це одразу
        Підказка: вона повертається за 1–5 секунд, як aiogram.
        Нашого вебхука ніхто не задавав, тож його не встановлено.
    "#]].assert_eq(&reply.body);
}

#[test]
fn a_poller_that_waits_already_is_heard_when_it_comes_back() {
    let bot = TestBot::without_webhook();
    bot.telegram
        .request(rivals_call("getUpdates", &json!({"timeout": 50})));
    polls(&bot, [4_000]);
    let told = heard(&probe(&bot, "seconds=10"));
    assert_eq!(
        (&told["verdict"], &told["heard_after_ms"]),
        (&json!("rival"), &json!([4_000]))
    );
}

#[test]
fn however_often_it_is_interrupted_it_asks_no_more_than_the_free_plan_allows() {
    let bot = TestBot::without_webhook();
    polls(&bot, (1..2_000).map(|place| 50 * place));
    let told = heard(&probe(&bot, "seconds=100"));
    assert_eq!(told["verdict"], "rival");
    let ours = bot.calls_of("getUpdates");
    let ours = ours.iter().filter(|call| call["limit"] == 1).count();
    assert!((10..=30).contains(&ours), "{ours}");
}

#[test]
fn as_long_as_the_webhook_is_set_it_is_not_touched_unless_released() {
    let bot = TestBot::new();
    for query in [
        "seconds=10",
        "release=false",
        "release=yes",
        "release=TRUE",
        "release",
    ] {
        let reply = probe(&bot, query);
        assert_eq!(reply.status, 409, "{query}");
        assert!(reply.body.contains("release=true"), "{}", reply.body);
    }
    expect![[r#"
        {
          "error": {
            "remedy": "add `release=true` to take the webhook away while listening; no update is dropped, but the other bot may crash",
            "what": "the webhook is set, so nobody can be heard",
            "why": "as long as http://127.0.0.1:8787/webhook is set, every poller is refused"
          }
        }"#]].assert_eq(&format!("{:#}", body(&probe(&bot, ""))));
    assert_eq!(
        (bot.calls("getUpdates"), bot.calls("deleteWebhook")),
        (0, 0)
    );
    assert_eq!(probed_until(&bot), "0");
}

#[test]
fn a_foreign_webhook_is_never_touched() {
    let bot = TestBot::new();
    bot.telegram.advance(1_000);
    let elsewhere = json!({"url": "https://elsewhere.example/hook"});
    bot.rival("setWebhook", &elsewhere);
    for query in ["seconds=10", "release=true"] {
        let reply = probe(&bot, query);
        assert_eq!(reply.status, 409, "{query}");
    }
    expect![[r#"
        {
          "error": {
            "remedy": "спершу перейміть бота: `PUT /admin/webhook`",
            "what": "встановлено чужий вебхук",
            "why": "якщо прибрати https://elsewhere.example/hook, повернути його не вдасться: секрет невідомий"
          }
        }"#]].assert_eq(&format!("{:#}", body(&probe(&bot, "release=true&lang=uk"))));
    let bot = TestBot::without_webhook();
    bot.rival("setWebhook", &elsewhere);
    assert_eq!(
        probe(&bot, "release=true").status,
        409,
        "not even before anything is wanted"
    );
    assert_eq!(
        (bot.calls("getUpdates"), bot.calls("deleteWebhook")),
        (0, 0)
    );
    assert_eq!(bot.webhook()["url"], elsewhere["url"]);
}

#[test]
fn a_released_webhook_comes_back_as_it_was_and_nothing_is_lost() {
    let bot = TestBot::new();
    bot.set("ALLOWED_UPDATES", "message,callback_query");
    bot.telegram.advance(1_000);
    bot.operator().put("/admin/webhook", "");
    let before = (bot.webhook(), bot.secret());
    bot.telegram.later(4_000, |telegram| {
        telegram
            .act(&json!({"person": "Bob", "act": "say", "text": "/ping"}))
            .unwrap();
    });
    let told = heard(&probe(&bot, "seconds=10&release=true"));
    assert_eq!(
        (&told["verdict"], &told["webhook"]),
        (&json!("no_proof"), &json!("set"))
    );
    assert!(told["updates_wait"].is_string(), "{told}");
    assert_eq!((bot.webhook(), bot.secret()), before);
    let dropped = |call: &Value| call["drop_pending_updates"].to_string().contains("true");
    let calls = [bot.calls_of("deleteWebhook"), bot.calls_of("setWebhook")].concat();
    assert!(!calls.iter().any(dropped), "{calls:?}");
    bot.deliver();
    bot.transcript(expect![[r#"
        Bob: /ping
        bot → Bob: pong
    "#]]);
    assert_eq!((incidents(&bot), probed_until(&bot).as_str()), (0, "0"));
    assert_eq!(bot.tick().watched, Watched::Fine);
    let restores = bot.database.value("SELECT restores FROM webhook");
    assert_eq!(restores, "0", "that was no war");
}

#[test]
fn a_poller_is_heard_behind_a_released_webhook_and_shut_out_again() {
    let bot = TestBot::new();
    polls(&bot, [5_000, 9_000]);
    let told = heard(&probe(&bot, "seconds=12&release=true"));
    assert_eq!(
        (&told["verdict"], &told["webhook"]),
        (&json!("rival"), &json!("set"))
    );
    assert_eq!(bot.webhook()["url"], ours());
    let answer = bot.rival("getUpdates", &json!({}));
    assert_eq!(answer["error_code"], 409);
}

#[test]
fn somebody_who_eats_without_waiting_cannot_be_heard_but_is_missed() {
    let bot = TestBot::without_webhook();
    let mut last = 0;
    for text in ["one", "two"] {
        let said = bot
            .telegram
            .act(&json!({"person": "Bob", "act": "say", "text": text}))
            .unwrap();
        last = said["update_id"].as_i64().unwrap();
    }
    bot.telegram.later(2_000, move |telegram| {
        telegram.request(rivals_call("getUpdates", &json!({"offset": last})));
    });
    let told = heard(&probe(&bot, "seconds=10"));
    assert_eq!(told["verdict"], "eaten");
    expect![[r#"
        {
          "heard_after_ms": [],
          "remedy": "run `scripts/find-rivals` wherever the token may be and stop what it finds; setting the webhook ends it at once",
          "updates_wait": "Note: updates wait, so no poll had to wait, and only one that waits can be heard.",
          "verdict": "eaten",
          "webhook": "not_wanted",
          "what": "somebody takes the updates that wait",
          "why": "their number became less while we listened, and listening confirms nothing"
        }"#]].assert_eq(&format!("{told:#}"));
}

#[test]
fn a_webhook_that_comes_while_listening_is_named() {
    let bot = TestBot::without_webhook();
    let thief = |telegram: &crate::emulator::in_process::InProcess| {
        telegram.request(rivals_call(
            "setWebhook",
            &json!({"url": "https://elsewhere.example/hook"}),
        ));
    };
    bot.telegram.later(2_000, thief);
    let told = heard(&probe(&bot, "seconds=10"));
    expect![[r#"
        {
          "heard_after_ms": [],
          "remedy": "look who runs that address, for they know the token; what is set now: `GET /admin/webhook`",
          "verdict": "webhook_came",
          "webhook": "not_wanted",
          "what": "somebody set a webhook while we listened",
          "why": "Telegram ended our poll for the sake of https://elsewhere.example/hook"
        }"#]].assert_eq(&format!("{told:#}"));
    assert_eq!(
        bot.webhook()["url"],
        "https://elsewhere.example/hook",
        "nothing was wanted, so nothing is set"
    );
    let bot = TestBot::new();
    bot.telegram.later(5_000, thief);
    let told = heard(&probe(&bot, "seconds=10&release=true"));
    assert_eq!(
        (&told["verdict"], &told["webhook"]),
        (&json!("webhook_came"), &json!("set"))
    );
    assert!(
        told["why"]
            .as_str()
            .unwrap()
            .contains("https://elsewhere.example/hook")
    );
    assert_eq!(bot.webhook()["url"], ours());
}

#[test]
fn whatever_else_telegram_says_is_told_and_the_webhook_comes_back() {
    for fault in [
        json!({"error": [401, "Unauthorized"]}),
        json!({"retry_after": 5}),
        json!("reset_before"),
        json!("html"),
    ] {
        let bot = TestBot::new();
        bot.fault("getUpdates", 9, fault.clone());
        let told = heard(&probe(&bot, "release=true"));
        assert_eq!(
            (&told["verdict"], &told["webhook"]),
            (&json!("failed"), &json!("set")),
            "{fault}"
        );
        assert!(told["error"].is_string());
        assert_eq!(bot.webhook()["url"], ours());
    }
}

#[test]
fn a_webhook_that_was_stolen_before_is_set_when_the_listening_ends() {
    let bot = TestBot::new();
    bot.rival("deleteWebhook", &json!({}));
    let told = heard(&probe(&bot, "seconds=5"));
    assert_eq!(
        (&told["verdict"], &told["webhook"]),
        (&json!("no_proof"), &json!("set"))
    );
    assert_eq!(bot.webhook()["url"], ours());
}

#[test]
fn if_it_cannot_put_the_webhook_back_the_guard_does_and_opens_no_incident() {
    let bot = TestBot::new();
    bot.fault("setWebhook", 1, "reset_before");
    let told = heard(&probe(&bot, "seconds=5&release=true"));
    assert_eq!(told["webhook"], "left_to_guard");
    assert_eq!(bot.webhook()["url"], "");
    bot.telegram.advance(60_000);
    assert_eq!(bot.tick().watched, Watched::Restored);
    assert_eq!(
        (bot.webhook()["url"].as_str().unwrap(), incidents(&bot)),
        (ours().as_str(), 0)
    );
}

/// The visit takes the row, takes the webhook away, and dies.
#[test]
fn a_probe_that_dies_leaves_the_webhook_to_the_guard_and_no_incident() {
    let bot = TestBot::new();
    let app = bot.app();
    assert!(pollster::block_on(app.inbox.probe(80_000)).unwrap());
    bot.rival("deleteWebhook", &json!({}));
    let before = bot.webhook()["allowed_updates"].clone();
    bot.telegram.advance(30_000);
    assert_eq!(bot.tick().watched, Watched::Probing);
    let findings = body(&bot.operator().get("/admin/doctor"))["findings"].clone();
    let webhook = findings
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["id"] == "webhook")
        .unwrap();
    assert_eq!(
        webhook["what"],
        "the webhook is away while the doctor listens for a poller"
    );
    assert_eq!(probe(&bot, "seconds=5").status, 409, "one at a time");
    assert_eq!(bot.webhook()["url"], "");
    bot.telegram.advance(50_000);
    assert_eq!(bot.tick().watched, Watched::Restored);
    assert_eq!(
        (&bot.webhook()["url"], &bot.webhook()["allowed_updates"]),
        (&json!(ours()), &before)
    );
    assert_eq!((incidents(&bot), probed_until(&bot).as_str()), (0, "0"));
    assert_eq!(
        bot.database.value("SELECT count(*) FROM alert"),
        "0",
        "nobody is alarmed"
    );
    bot.telegram.advance(60_000);
    assert_eq!(bot.tick().watched, Watched::Fine);
}

#[test]
fn of_two_probes_at_once_one_listens() {
    let bot = TestBot::new();
    let app = bot.app();
    let second = Rc::new(RefCell::new(None));
    let kept = Rc::clone(&second);
    bot.telegram.later(5_000, move |_| {
        let asked = request("POST", "/admin/doctor/probe", "release=true");
        *kept.borrow_mut() = Some(pollster::block_on(listen(&app, &asked)));
    });
    let told = heard(&probe(&bot, "seconds=10&release=true"));
    assert_eq!(
        (&told["verdict"], &told["webhook"]),
        (&json!("no_proof"), &json!("set"))
    );
    let second = second.take().expect("it was asked meanwhile");
    assert_eq!(second.status, 409);
    expect![[r#"
        {
          "error": {
            "remedy": "repeat the call in two minutes",
            "what": "somebody listens already",
            "why": "one probe at a time is allowed, and it ends within two minutes"
          }
        }"#]]
    .assert_eq(&format!("{:#}", body(&second)));
    assert_eq!(bot.calls("deleteWebhook"), 1);
    assert_eq!(
        heard(&probe(&bot, "seconds=1&release=true"))["webhook"],
        "set",
        "the next one may"
    );
}

#[test]
fn the_guard_leaves_the_webhook_alone_meanwhile() {
    let bot = TestBot::new();
    let app = bot.app();
    let watched = Rc::new(RefCell::new(None));
    let kept = Rc::clone(&watched);
    bot.telegram.later(5_000, move |_| {
        *kept.borrow_mut() = Some(pollster::block_on(guard::tick(&app)).unwrap().watched);
    });
    assert_eq!(
        heard(&probe(&bot, "seconds=10&release=true"))["verdict"],
        "no_proof"
    );
    assert_eq!(watched.take(), Some(Watched::Probing));
    assert_eq!((incidents(&bot), bot.calls("setWebhook")), (0, 2));
}

#[test]
fn what_the_operator_asks_for_meanwhile_counts() {
    let bot = TestBot::new();
    let app = bot.app();
    bot.telegram.later(5_000, move |_| {
        let asked = request("DELETE", "/admin/webhook", "");
        let deleted = pollster::block_on(admin::webhook::delete(&app, &asked));
        assert_eq!(deleted.status, 200);
    });
    let told = heard(&probe(&bot, "seconds=10&release=true"));
    assert_eq!(told["webhook"], "not_wanted");
    assert_eq!(bot.webhook()["url"], "", "deleted is deleted");
    assert_eq!(bot.tick().watched, Watched::NotWanted);
    assert_eq!(probed_until(&bot), "0");
}

#[test]
fn bad_seconds_are_refused_before_anything_is_done() {
    let bot = TestBot::new();
    for seconds in [
        "0",
        "101",
        "-1",
        "x",
        "1.5",
        "1e2",
        "%31%30%30%30",
        "9223372036854775808",
        "5 ",
        "%00",
        "५",
    ] {
        let reply = probe(&bot, &format!("release=true&seconds={seconds}"));
        assert_eq!(reply.status, 400, "{seconds}: {}", reply.body);
        assert!(body(&reply)["error"]["remedy"].is_string());
    }
    assert_eq!(
        (
            bot.calls("getUpdates"),
            bot.calls("deleteWebhook"),
            bot.calls("getWebhookInfo")
        ),
        (0, 0, 2)
    );
    assert_eq!(probed_until(&bot), "0");
}

#[test]
fn silence_of_telegram_or_of_the_database_stops_it_before_it_begins() {
    let bot = TestBot::new();
    bot.fault("getWebhookInfo", 1, "reset_before");
    let reply = probe(&bot, "release=true");
    assert_eq!(
        (
            reply.status,
            body(&reply)["error"]["what"].as_str().unwrap()
        ),
        (502, "Telegram did not answer")
    );
    bot.database.set_down(true);
    let reply = probe(&bot, "release=true");
    assert_eq!(
        (
            reply.status,
            body(&reply)["error"]["what"].as_str().unwrap()
        ),
        (503, "the database did not answer")
    );
    bot.database.set_down(false);
    bot.database.next_trips(&[Trip::Works, Trip::FailsBefore]);
    assert_eq!(probe(&bot, "release=true").status, 503);
    assert_eq!(
        (bot.calls("deleteWebhook"), probed_until(&bot).as_str()),
        (0, "0")
    );
}

#[test]
fn a_webhook_that_was_taken_away_although_telegram_was_silent_comes_back() {
    for (fault, url) in [("reset_before", ours()), ("reset_after", ours())] {
        let bot = TestBot::new();
        bot.fault("deleteWebhook", 9, fault);
        assert_eq!(probe(&bot, "release=true").status, 502);
        assert_eq!(bot.webhook()["url"], url, "{fault}");
        bot.telegram.advance(60_000);
        assert_eq!(bot.tick().watched, Watched::Fine);
        assert_eq!((incidents(&bot), probed_until(&bot).as_str()), (0, "0"));
    }
}

/// However many trips to the database succeed before one fails, the webhook is back after two ticks, and nobody is accused.
#[test]
fn a_database_that_fails_at_any_trip_costs_no_webhook() {
    for good in 0..8 {
        for fails in [Trip::FailsBefore, Trip::FailsAfter] {
            let bot = TestBot::new();
            let mut trips = vec![Trip::Works; good];
            trips.push(fails);
            bot.database.next_trips(&trips);
            let status = probe(&bot, "seconds=5&release=true").status;
            assert!(
                [200, 409, 503].contains(&status),
                "{good} {fails:?}: {status}"
            );
            for _ in 0..2 {
                bot.telegram.advance(60_000);
                let app = bot.app();
                let _ = pollster::block_on(guard::tick(&app)); // what is left of the failures may hit it
            }
            assert_eq!(bot.webhook()["url"], ours(), "{good} {fails:?}");
            assert_eq!(
                (incidents(&bot), probed_until(&bot).as_str()),
                (0, "0"),
                "{good} {fails:?}"
            );
        }
    }
}

#[test]
fn what_is_heard_means_the_strongest_of_it() {
    let heard = |rivals_ms: &[i64], webhook_came, error: Option<&str>| Heard {
        rivals_ms: rivals_ms.to_vec(),
        webhook_came,
        error: error.map(str::to_owned),
        ..Heard::default()
    };
    let error = unreachable("getUpdates").to_string();
    assert_eq!(
        heard(&[1], true, Some(&error)).verdict(2, Some(1)),
        Verdict::Rival
    );
    assert_eq!(
        heard(&[], true, Some(&error)).verdict(2, Some(1)),
        Verdict::WebhookCame
    );
    assert_eq!(
        heard(&[], false, Some(&error)).verdict(2, Some(1)),
        Verdict::Eaten
    );
    assert_eq!(
        heard(&[], false, Some(&error)).verdict(2, Some(2)),
        Verdict::Failed
    );
    assert_eq!(
        heard(&[], false, None).verdict(2, Some(2)),
        Verdict::NoProof
    );
    assert_eq!(
        heard(&[], false, None).verdict(2, Some(3)),
        Verdict::NoProof,
        "more came"
    );
    assert_eq!(heard(&[], false, None).verdict(2, None), Verdict::NoProof);
}

#[test]
fn the_rhythm_hints_at_a_library() {
    let cases: [(&[i64], Option<&str>); 10] = [
        (&[], None),
        (&[4_000], Some("once")),
        (&[0, 3_000, 6_100], Some("three_seconds")),
        (&[0, 3_600], Some("three_seconds")),
        (&[0, 3_601], Some("few_seconds")),
        (&[0, 4_500, 10_000], Some("few_seconds")),
        (&[0, 1_000, 7_500], Some("few_seconds")),
        (&[0, 4_000, 11_000], Some("growing")),
        (&[0, 7_000, 14_000], Some("irregular")),
        (&[0, 20_000, 23_000], Some("irregular")),
    ];
    for (rivals_ms, expected) in cases {
        let heard = Heard {
            rivals_ms: rivals_ms.to_vec(),
            ..Heard::default()
        };
        let name = expected.map(|name| format!("probe.rhythm.{name}"));
        assert_eq!(heard.rhythm(), name.as_deref(), "{rivals_ms:?}");
    }
}
