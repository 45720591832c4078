//! Feeds, door to door: the bot's updates for polling bots, shared without a conflict.

use std::cell::Cell;
use std::rc::Rc;

use expect_test::expect;
use onehook::bell::Bell;
use onehook::reply::Reply;
use onehook::visit::Boxed;
use serde_json::{Value, json};

use crate::sqlite_database::Trip;
use crate::test_bot::{ADMIN_TOKEN, ORIGIN, START, TOKEN, TestBot, body, message};

/// A program that reads a feed.
struct Reader<'a> {
    bot: &'a TestBot,
    name: &'static str,
    token: String,
    offset: Cell<i64>,
}

impl Reader<'_> {
    fn asks(&self, method: &str, target: &str, content_type: &str, body: &str) -> Reply {
        let target = format!("/feed/{}/bot{}/{target}", self.name, self.token);
        let headers = [
            ("content-type", content_type),
            ("cf-connecting-ip", "192.0.2.7"),
        ];
        self.bot.visit(method, &target, &headers, body.as_bytes()).0
    }

    fn calls(&self, method: &str, parameters: &Value) -> Value {
        body(&self.asks("POST", method, "application/json", &parameters.to_string()))
    }

    /// The updates of one poll.
    fn gets(&self, parameters: &Value) -> Vec<Value> {
        let answer = self.calls("getUpdates", parameters);
        assert_eq!(answer["ok"], true, "{answer}");
        answer["result"].as_array().unwrap().clone()
    }

    /// Polls as libraries do: behind the last update it got. The texts of what comes.
    fn polls(&self) -> Vec<String> {
        let updates = self.gets(&json!({"offset": self.offset.get()}));
        if let Some(last) = updates.last() {
            self.offset.set(last["update_id"].as_i64().unwrap() + 1);
        }
        updates.iter().map(text).collect()
    }

    /// Another instance of the same program.
    fn twin(&self) -> Self {
        Self {
            bot: self.bot,
            name: self.name,
            token: self.token.clone(),
            offset: Cell::new(0),
        }
    }
}

fn text(update: &Value) -> String {
    update["message"]["text"].as_str().unwrap_or("?").to_owned()
}

fn feed<'a>(bot: &'a TestBot, name: &'static str, wish: &str) -> Reader<'a> {
    let made = bot.operator().put(&format!("/admin/feeds/{name}"), wish);
    assert_eq!(made.status, 201, "{}", made.body);
    Reader {
        bot,
        name,
        token: body(&made)["token"].as_str().unwrap().to_owned(),
        offset: Cell::new(0),
    }
}

/// Each chat sends texts, one after the other.
fn arrive(bot: &TestBot, first_id: i64, said: &[(i64, &str)]) {
    for (update_id, (chat, text)) in (first_id..).zip(said) {
        assert_eq!(bot.post(message(update_id, *chat, text)).status, 200);
    }
}

fn listed(bot: &TestBot) -> Value {
    body(&bot.operator().get("/admin/feeds"))["feeds"].clone()
}

#[test]
fn a_feed_hands_out_what_comes_in_order_until_it_is_confirmed() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", "");
    arrive(&bot, 500, &[(1, "a"), (2, "b"), (1, "c")]);
    let updates = reader.gets(&json!({}));
    let numbers: Vec<i64> = updates
        .iter()
        .map(|update| update["update_id"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [2_000_000_001, 2_000_000_002, 2_000_000_003]);
    assert_eq!(
        updates.iter().map(text).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    assert_eq!(
        updates[0]["message"]["chat"]["id"], 1,
        "the rest is as Telegram sent it"
    );
    // Not confirmed, and nobody else's for a minute.
    assert!(reader.gets(&json!({})).is_empty());
    assert!(
        reader
            .gets(&json!({"offset": 2_000_000_004_i64}))
            .is_empty()
    );
    bot.wait_seconds(61);
    assert!(
        reader.gets(&json!({})).is_empty(),
        "what is confirmed does not come again"
    );
    assert_eq!(listed(&bot)[0]["waiting"], 0);
}

#[test]
fn what_is_not_confirmed_comes_again_after_the_lease() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", r#"{"lease_seconds": 10}"#);
    arrive(&bot, 500, &[(1, "a"), (2, "b")]);
    assert_eq!(reader.polls(), ["a", "b"]);
    let other = reader.twin();
    bot.wait_seconds(9);
    assert!(other.polls().is_empty());
    bot.wait_seconds(2);
    assert_eq!(other.polls(), ["a", "b"]);
    assert!(
        other.offset.get() > reader.offset.get(),
        "with higher numbers, for readers that go by the highest"
    );
    // Whoever was too late confirms nothing of what is another's by now.
    assert!(reader.polls().is_empty());
    bot.wait_seconds(11);
    assert_eq!(reader.twin().polls(), ["a", "b"]);
}

#[test]
fn whoever_comes_back_late_gets_no_chat_that_another_one_has_by_now() {
    let bot = TestBot::new();
    let one = feed(&bot, "echo", r#"{"lease_seconds": 10}"#);
    let two = one.twin();
    arrive(&bot, 500, &[(1, "a1"), (1, "a2"), (1, "a3")]);
    assert_eq!(one.polls(), ["a1", "a2", "a3"]);
    bot.wait_seconds(11);
    let first = two.gets(&json!({"limit": 1}));
    assert_eq!(first.iter().map(text).collect::<Vec<_>>(), ["a1"]);
    // It confirms two of its three, of which one is with the other by now, and so is the chat of the third.
    let late = one.gets(&json!({"offset": 2_000_000_003_i64}));
    assert_eq!(late, Vec::<Value>::new());
    two.offset.set(first[0]["update_id"].as_i64().unwrap() + 1);
    assert_eq!(two.polls(), ["a3"]);
    assert!(two.polls().is_empty() && one.polls().is_empty());
    assert_eq!(listed(&bot)[0]["waiting"], 0);
}

#[test]
fn two_instances_share_the_work_and_a_chat_is_never_with_both() {
    let bot = TestBot::new();
    let one = feed(&bot, "echo", "");
    let two = one.twin();
    arrive(&bot, 500, &[(1, "a1"), (2, "b1")]);
    assert_eq!(one.polls(), ["a1", "b1"]);
    arrive(&bot, 502, &[(1, "a2"), (3, "c1"), (2, "b2"), (3, "c2")]);
    assert_eq!(
        two.polls(),
        ["c1", "c2"],
        "chats 1 and 2 are with the first"
    );
    assert!(two.polls().is_empty());
    // Since the second one went away with nothing while something waited, nobody gets more than half of the chats at once.
    assert_eq!(one.polls(), ["a2"]);
    assert_eq!(two.polls(), ["b2"]);
    assert!(one.polls().is_empty() && two.polls().is_empty());
    assert_eq!(listed(&bot)[0]["waiting"], 0);
}

#[test]
fn a_lost_answer_is_given_again_to_whoever_asks_with_the_same_offset() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", "");
    arrive(&bot, 500, &[(1, "a")]);
    reader.polls();
    arrive(&bot, 501, &[(1, "b"), (2, "c")]);
    let asked = json!({"offset": reader.offset.get()});
    let lost = reader.gets(&asked);
    assert_eq!(
        reader.gets(&asked),
        lost,
        "the same updates under the same numbers"
    );
    // Two that have just started ask with the same offset as well, but they are two.
    let fresh = feed(&bot, "other", r#"{"from": "oldest"}"#);
    for offset in [0, 1] {
        fresh.twin().gets(&json!({ "offset": offset }));
    }
    assert_eq!(listed(&bot)[1]["handed_out"], 3);
    assert!(fresh.gets(&json!({"offset": 1})).is_empty());
}

#[test]
fn a_batch_that_is_confirmed_in_part_is_gone_on_with() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", "");
    arrive(&bot, 500, &[(1, "a"), (1, "b"), (1, "c")]);
    let first = reader.gets(&json!({}))[0]["update_id"].as_i64().unwrap();
    let rest = reader.gets(&json!({"offset": first + 1, "limit": 1}));
    assert_eq!((text(&rest[0]), rest.len()), ("b".to_owned(), 1));
    assert_eq!(rest[0]["update_id"], first + 1);
    let rest = reader.gets(&json!({"offset": first + 2}));
    assert_eq!(text(&rest[0]), "c");
    assert!(reader.gets(&json!({"offset": first + 3})).is_empty());
    assert_eq!(listed(&bot)[0]["waiting"], 0);
}

#[test]
fn offsets_that_no_batch_ends_with_confirm_nothing() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", r#"{"lease_seconds": 5}"#);
    arrive(&bot, 500, &[(1, "a")]);
    for offset in [
        0,
        1,
        501,
        727_334_709,
        1_999_999_999,
        2_000_000_000,
        2_000_100_000,
        i64::MAX,
    ] {
        assert_eq!(
            reader.gets(&json!({ "offset": offset })).len(),
            1,
            "{offset}"
        );
        bot.wait_seconds(6);
    }
    for offset in [-1, -100, i64::MIN] {
        assert!(
            reader
                .gets(&json!({ "offset": offset, "timeout": 50 }))
                .is_empty(),
            "{offset}"
        );
    }
    assert_eq!(reader.polls(), ["a"], "and a negative one drops nothing");
}

#[test]
fn parameters_come_by_query_form_or_json_and_are_never_refused() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", r#"{"lease_seconds": 5}"#);
    arrive(&bot, 500, &[(1, "a"), (2, "b"), (3, "c")]);
    let form = "application/x-www-form-urlencoded";
    for (method, target, content_type, parameters, count) in [
        ("GET", "getUpdates?limit=2", "", "", 2),
        ("POST", "GETUPDATES?limit=1", form, "limit=3", 1),
        ("POST", "getUpdates", form, "limit=2&timeout=0", 2),
        (
            "POST",
            "getUpdates",
            "application/json; charset=utf-8",
            r#"{"limit": 2}"#,
            2,
        ),
        (
            "POST",
            "getUpdates",
            "application/json",
            r#"{"limit": "2x"}"#,
            2,
        ),
        (
            "POST",
            "getUpdates",
            "application/json",
            r#"{"limit": 0}"#,
            1,
        ),
        (
            "POST",
            "getUpdates",
            "application/json",
            r#"{"limit": 1e9}"#,
            1,
        ),
        (
            "POST",
            "getUpdates",
            "application/json",
            r#"{"limit": 99999999999999999999}"#,
            3,
        ),
        ("POST", "getUpdates", "application/json", "no JSON", 3),
        (
            "POST",
            "getUpdates",
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"limit\"\r\n\r\n2\r\n--b--\r\n",
            2,
        ),
        (
            "POST",
            "getUpdates",
            "multipart/form-data; boundary=b",
            "--b\r\nname=\"limit\"",
            3,
        ),
        ("POST", "getUpdates", "", "", 3),
    ] {
        let answer = body(&reader.asks(method, target, content_type, parameters));
        let updates = answer["result"].as_array().unwrap();
        assert_eq!(updates.len(), count, "{method} {target} {parameters}");
        bot.wait_seconds(6);
    }
    let large = "x".repeat(64 * 1024 + 1);
    assert_eq!(reader.asks("POST", "getUpdates", form, &large).status, 413);
}

#[test]
fn a_poll_waits_for_as_long_as_it_is_told() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", "");
    let waited = |timeout: Value| {
        let before = bot.telegram.now();
        bot.wait_seconds(4);
        assert!(reader.gets(&json!({ "timeout": timeout })).is_empty());
        bot.telegram.now() - before - 4_000
    };
    assert_eq!(waited(json!(0)), 0);
    assert_eq!(waited(json!(7)), 7_000);
    assert_eq!(waited(json!(1_000)), 50_000, "no longer than at Telegram");
    let trips = bot.database.trips();
    assert_eq!(waited(json!(50)), 50_000);
    let queries = 6 + (bot.database.trips() - trips - 1);
    assert!(
        queries <= 40,
        "{queries} of the 50 queries that the free plan allows"
    );
    // Whoever asks again at once is made to wait, as by Telegram.
    assert!(reader.gets(&json!({})).is_empty());
    let before = bot.telegram.now();
    assert!(reader.gets(&json!({})).is_empty());
    assert_eq!(bot.telegram.now() - before, 3_000);
}

/// A bell that is rung while somebody waits: an update has come.
struct RungAfter<'a> {
    bot: &'a TestBot,
    rings: Cell<i64>,
}

impl Bell for RungAfter<'_> {
    fn ring(&self) -> Boxed<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn wait(&self, known: i64, _: u32) -> Boxed<'_, Option<i64>> {
        if known >= 0 {
            self.bot.telegram.advance(40);
            arrive(self.bot, 700 + self.rings.get(), &[(1, "rung")]);
            self.rings.set(self.rings.get() + 1);
        }
        Box::pin(std::future::ready(Some(self.rings.get())))
    }
}

#[test]
fn the_bell_wakes_a_poll_at_once() {
    let bot: &'static TestBot = Box::leak(Box::new(TestBot::new()));
    let reader = feed(bot, "echo", "");
    bot.hang_up_bell(Rc::new(RungAfter {
        bot,
        rings: Cell::new(5),
    }));
    let before = bot.telegram.now();
    assert_eq!(text(&reader.gets(&json!({"timeout": 50}))[0]), "rung");
    assert_eq!(bot.telegram.now() - before, 40);
}

#[test]
fn each_feed_sees_everything_that_it_asks_for() {
    let bot = TestBot::new();
    let all = feed(&bot, "all", "");
    let presses = feed(
        &bot,
        "presses",
        r#"{"allowed_updates": ["callback_query"]}"#,
    );
    arrive(&bot, 500, &[(1, "a")]);
    assert_eq!(all.polls(), ["a"]);
    assert!(presses.polls().is_empty());
    // What the operator said holds, whatever the reader asks for.
    assert!(
        presses
            .gets(&json!({"allowed_updates": ["message"]}))
            .is_empty()
    );
    // Else the reader's own list sticks, as at Telegram, and names that nobody knows are skipped.
    all.gets(&json!({"offset": all.offset.get(), "allowed_updates": r#"["Poll","nonsense"]"#}));
    assert_eq!(listed(&bot)[0]["allowed_updates"], json!(["poll"]));
    arrive(&bot, 501, &[(1, "b")]);
    assert!(all.polls().is_empty());
    for (asked, kept) in [
        ("no list", json!(["poll"])),
        ("[1]", json!(["poll"])),
        ("[]", Value::Null),
    ] {
        all.gets(&json!({"offset": all.offset.get(), "allowed_updates": asked}));
        assert_eq!(listed(&bot)[0]["allowed_updates"], kept, "{asked}");
    }
}

#[test]
fn with_a_main_feed_the_worker_keeps_silent_for_what_it_takes() {
    let bot = TestBot::new();
    let reader = feed(
        &bot,
        "echo",
        r#"{"main": true, "allowed_updates": ["message"]}"#,
    );
    let (trips, rows) = (bot.database.trips(), bot.calls("sendMessage"));
    arrive(&bot, 500, &[(1, "/start")]);
    assert_eq!(
        bot.database.trips() - trips,
        1,
        "there is nothing to handle or to commit"
    );
    assert_eq!(bot.calls("sendMessage"), rows);
    assert_eq!(reader.polls(), ["/start"]);
    // What it does not take is the worker's own.
    let press = json!({"update_id": 501, "callback_query": {"id": "1", "from": {"id": 1, "is_bot": false, "first_name": "Ada"},
        "chat_instance": "1", "data": "?"}});
    bot.post(press.to_string());
    assert!(reader.polls().is_empty());
    assert_eq!(bot.calls("answerCallbackQuery"), 1);
    // Only one can be the main one.
    let refused = bot
        .operator()
        .put("/admin/feeds/second", r#"{"main": true}"#);
    assert_eq!(refused.status, 409, "{}", refused.body);
    let story = bot.operator().with_header("accept", "text/plain");
    let story = story.get("/admin/updates/500").body;
    let words = "It was kept for the main feed, and no handler of the bot saw it.";
    assert!(story.contains(words), "{story}");
    // Without it the worker speaks again.
    assert_eq!(bot.operator().delete("/admin/feeds/echo").status, 200);
    arrive(&bot, 502, &[(1, "/start")]);
    assert_eq!(bot.calls("sendMessage"), rows + 1);
}

#[test]
fn a_main_feed_takes_what_was_kept_for_it_although_its_reader_asks_for_less_later() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", r#"{"main": true}"#);
    arrive(&bot, 500, &[(1, "a")]);
    let updates = reader.gets(&json!({"allowed_updates": ["poll"]}));
    assert_eq!(updates.iter().map(text).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_feed_begins_with_the_next_update_or_with_the_oldest_that_is_kept() {
    let bot = TestBot::new();
    arrive(&bot, 500, &[(1, "a"), (1, "b")]);
    assert!(feed(&bot, "now", r#"{"from": "now"}"#).polls().is_empty());
    assert_eq!(
        feed(&bot, "all", r#"{"from": "oldest"}"#).polls(),
        ["a", "b"]
    );
}

#[test]
fn a_backlog_is_handed_out_in_order_a_hundred_at_a_time() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", r#"{"main": true}"#);
    let texts: Vec<String> = (0..1_234).map(|number| number.to_string()).collect();
    for (update_id, text) in (500..).zip(&texts) {
        bot.post(message(update_id, update_id % 7 + 1, text));
    }
    let mut got = Vec::new();
    loop {
        let batch = reader.polls();
        if batch.is_empty() {
            break;
        }
        assert!(batch.len() <= 100);
        got.extend(batch);
    }
    assert_eq!(got, texts);
}

#[test]
fn what_concerns_others_does_not_use_up_the_queries_of_a_poll() {
    let bot: &'static TestBot = Box::leak(Box::new(TestBot::new()));
    let reader = feed(bot, "presses", r#"{"allowed_updates": ["callback_query"]}"#);
    let bell = Rc::new(RungAfter {
        bot,
        rings: Cell::new(0),
    });
    bot.hang_up_bell(Rc::<RungAfter>::clone(&bell));
    assert!(reader.gets(&json!({"timeout": 50})).is_empty());
    // Each ring costs a look, and seven queries to take the update in; the free plan allows fifty.
    assert_eq!(bell.rings.get(), 6, "the sixth ends it after 48 queries");
}

#[test]
fn a_feed_that_becomes_the_main_one_keeps_what_it_has_not_handed_out() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", "");
    arrive(&bot, 500, &[(1, "before")]);
    let changed = bot.operator().put("/admin/feeds/echo", r#"{"main": true}"#);
    assert_eq!(changed.status, 200);
    arrive(&bot, 501, &[(1, "after")]);
    assert_eq!(reader.polls(), ["before", "after"]);
}

#[test]
fn a_stuck_chat_holds_up_no_other() {
    let bot = TestBot::new();
    let stuck = feed(&bot, "echo", r#"{"main": true, "lease_seconds": 3600}"#);
    arrive(&bot, 500, &[(1, "stuck")]);
    assert_eq!(stuck.polls(), ["stuck"]);
    let reader = stuck.twin();
    for update_id in 501..2_001 {
        bot.post(message(
            update_id,
            1 + (update_id % 3),
            &update_id.to_string(),
        ));
    }
    let mut count = 0;
    while !reader.polls().is_empty() {
        count += 1;
    }
    assert!(count > 0);
    let waiting = listed(&bot)[0]["waiting"].as_i64().unwrap();
    assert!(
        waiting < 1_001,
        "{waiting} of 1,501 are left, a third of which must wait for the chat"
    );
}

#[test]
fn an_answer_is_at_most_a_megabyte_and_one_update_always_fits() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", "");
    let long = "x".repeat(400_000);
    arrive(&bot, 500, &[(1, &long), (2, &long), (3, &long)]);
    assert_eq!(reader.polls().len(), 2);
    assert_eq!(reader.polls().len(), 1);
}

#[test]
fn a_database_that_loses_answers_neither_loses_nor_doubles_an_update() {
    for place in 0..3 {
        let bot = TestBot::new();
        let reader = feed(&bot, "echo", "");
        arrive(&bot, 500, &[(1, "a")]);
        assert_eq!(reader.polls(), ["a"]);
        arrive(&bot, 501, &[(1, "b"), (2, "c")]);
        bot.database.next_trips(&vec![Trip::FailsAfter; place]);
        assert_eq!(reader.polls(), ["b", "c"], "{place}");
        assert!(reader.polls().is_empty());
        assert_eq!(listed(&bot)[0]["waiting"], 0);
    }
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", "");
    arrive(&bot, 500, &[(1, "a")]);
    bot.database.set_down(true);
    let answer = reader.asks("POST", "getUpdates", "", "");
    assert_eq!(
        (answer.status, body(&answer)["description"].as_str()),
        (502, Some("Bad Gateway"))
    );
    bot.database.set_down(false);
    bot.wait_seconds(61);
    assert_eq!(reader.polls(), ["a"]);
}

#[test]
fn what_a_poller_does_to_the_webhook_is_answered_and_does_nothing() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", r#"{"main": true}"#);
    arrive(&bot, 500, &[(1, "a")]);
    let before = bot.webhook();
    let calls: Vec<String> = [
        "setWebhook",
        "deleteWebhook",
        "DELETEWEBHOOK",
        "logOut",
        "close",
        "getWebhookInfo",
    ]
    .iter()
    .map(|method| {
        reader
            .calls(
                method,
                &json!({"url": "https://x.example", "drop_pending_updates": true}),
            )
            .to_string()
    })
    .collect();
    expect![[r#"
        {"description":"Webhook was set","ok":true,"result":true}
        {"description":"Webhook was deleted","ok":true,"result":true}
        {"description":"Webhook was deleted","ok":true,"result":true}
        {"ok":true,"result":true}
        {"ok":true,"result":true}
        {"ok":true,"result":{"has_custom_certificate":false,"pending_update_count":1,"url":""}}"#]]
    .assert_eq(&calls.join("\n"));
    assert_eq!(bot.webhook(), before);
    assert_eq!(
        bot.calls("deleteWebhook") + bot.calls("logOut") + bot.calls("close"),
        0
    );
    assert_eq!(reader.polls(), ["a"]);
}

#[test]
fn every_other_method_is_passed_on_with_the_real_token() {
    let bot = TestBot::new();
    bot.person("Ada").says("hello");
    let reader = feed(&bot, "echo", "");
    assert_eq!(
        reader.calls("getMe", &json!({}))["result"]["username"],
        "onehook_bot"
    );
    let chat = bot.calls_of("sendMessage")[0]["chat_id"].clone();
    let sent = reader.calls(
        "sendMessage",
        &json!({"chat_id": chat, "text": "by a feed"}),
    );
    assert_eq!(sent["result"]["text"], "by a feed");
    let refused = reader.asks(
        "POST",
        "sendMessage",
        "application/json",
        r#"{"chat_id": 987654321, "text": "x"}"#,
    );
    assert_eq!(
        (refused.status, &body(&refused)["error_code"]),
        (400, &json!(400)),
        "{}",
        refused.body
    );
    let unknown = reader.asks("POST", "noSuchMethod", "application/json", "{}");
    assert_eq!(unknown.status, 404);
}

#[test]
fn a_feed_may_be_limited_to_some_methods() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", r#"{"methods": ["getMe", "SendMessage"]}"#);
    assert_eq!(reader.calls("getme", &json!({}))["ok"], true);
    let refused = reader.asks("POST", "sendPhoto", "application/json", "{}");
    expect![[r#"{"ok":false,"error_code":403,"description":"Forbidden: this feed may not call the method"}"#]].assert_eq(&refused.body);
    assert_eq!(reader.asks("POST", "Send", "", "").status, 403);
    assert_eq!(reader.calls("getUpdates", &json!({}))["ok"], true);
}

#[test]
fn no_path_leads_to_another_method_or_another_place() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", r#"{"methods": ["getMe"]}"#);
    let token = &reader.token;
    for path in [
        "",
        "/",
        "/getMe",
        "/getMe/",
        "/test/getMe",
        "/..",
        "/../deleteWebhook",
        "/%64eleteWebhook",
        "/getMe%2f..%2fdeleteWebhook",
        "/getMe?x/../deleteWebhook",
        "//deleteWebhook",
        "/getMe;deleteWebhook",
        "/get.Me",
    ] {
        let target = format!("/feed/echo/bot{token}{path}");
        let (reply, _) = bot.visit("POST", &target, &[], b"method=deleteWebhook");
        let is_get_me = path.split('?').next() == Some("/getMe");
        assert_eq!(
            reply.status,
            if is_get_me { 200 } else { 404 },
            "{path}: {}",
            reply.body
        );
    }
    for path in [
        "",
        "..",
        "../",
        "a/../../x",
        "a/..",
        "./a",
        "a/%2e%2e/b",
        "%2e%2e%2fgetMe",
        "a%5c..",
        "a%252e",
        "a%00",
        "a%3fb",
        "a%23b",
    ] {
        let target = format!("/feed/echo/file/bot{token}/{path}");
        let (reply, _) = bot.visit("GET", &target, &[], b"");
        assert_eq!(reply.status, 404, "{path}: {}", reply.body);
        assert_eq!(body(&reply)["description"], "Not Found", "{path}");
    }
    for target in [
        "/feed",
        "/feed/",
        "/feed/echo",
        "/feed/echo/",
        "/feed/echo/webhook",
        "/feed/echo/admin/webhook",
    ] {
        let (reply, _) = bot.visit("GET", target, &[], b"");
        assert_eq!(reply.status, 404, "{target}");
    }
    assert_eq!(bot.calls("deleteWebhook"), 0);
}

#[test]
fn a_token_opens_its_own_feed_only() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", "");
    feed(&bot, "other", "");
    let wrong = [
        ("other", reader.token.clone()),
        ("nosuch", reader.token.clone()),
        ("echo", TOKEN.to_owned()),
        ("echo", format!("4242:{}", "0".repeat(64))),
        ("echo", reader.token.replace("4242", "4243")),
        ("echo", reader.token[..reader.token.len() - 1].to_owned()),
        ("echo", String::new()),
    ];
    for (name, token) in wrong {
        for target in [
            format!("/feed/{name}/bot{token}/getMe"),
            format!("/feed/{name}/file/bot{token}/photos/1.jpg"),
        ] {
            let (reply, was_read) = bot.visit("GET", &target, &[], b"");
            expect![[r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#]]
                .assert_eq(&reply.body);
            assert_eq!((reply.status, was_read), (401, false));
        }
    }
    let headers = [("authorization", format!("Bearer {}", reader.token))];
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(
        bot.visit("GET", "/admin/feeds", &headers, b"").0.status,
        401
    );
    assert_eq!(reader.asks("DELETE", "getMe", "", "").status, 501);
}

#[test]
fn whoever_guesses_is_not_looked_up_any_more() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", "");
    let guess = |number: usize| {
        let target = format!("/feed/echo/bot4242:{number:064}/getMe");
        bot.visit("GET", &target, &[("cf-connecting-ip", "192.0.2.66")], b"")
            .0
            .status
    };
    assert!((0..150).all(|number| guess(number) == 401));
    let trips = bot.database.trips();
    assert!((150..300).all(|number| guess(number) == 401));
    assert_eq!(bot.database.trips(), trips);
    assert_eq!(
        reader.calls("getMe", &json!({}))["ok"],
        true,
        "others are let in"
    );
}

#[test]
fn a_new_token_is_given_and_the_old_one_accepted_for_ten_minutes() {
    let bot = TestBot::new();
    let old = feed(&bot, "echo", "");
    let rotate = |target: &str| {
        body(&bot.operator().sends("POST", target, ""))["token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let new = Reader {
        token: rotate("/admin/feeds/echo/rotate"),
        ..old.twin()
    };
    let is_let_in = |reader: &Reader| reader.asks("GET", "getMe", "", "").status == 200;
    assert!(is_let_in(&old) && is_let_in(&new));
    bot.wait_seconds(11 * 60);
    assert!(!is_let_in(&old) && is_let_in(&new));
    let newest = Reader {
        token: rotate("/admin/feeds/echo/rotate?now=true"),
        ..old.twin()
    };
    assert!(!is_let_in(&new) && is_let_in(&newest));
    assert_eq!(
        bot.operator()
            .sends("POST", "/admin/feeds/echo/rotate?now=maybe", "")
            .status,
        400
    );
    assert_eq!(
        bot.operator()
            .sends("POST", "/admin/feeds/nosuch/rotate", "")
            .status,
        404
    );
}

#[test]
fn making_a_feed_answers_once_with_its_token_and_the_lines_for_six_libraries() {
    let bot = TestBot::new();
    let made = bot.operator().put(
        "/admin/feeds/echo",
        r#"{"main": true, "lease_seconds": 30}"#,
    );
    assert_eq!(made.status, 201);
    let token = body(&made)["token"].as_str().unwrap().to_owned();
    let (id, secret) = token.split_once(':').unwrap();
    assert!(
        id == "4242" && secret.len() == 64 && token.len() <= 80,
        "{token}"
    );
    let shown = made.body.replace(&token, "TOKEN").replace(ORIGIN, "ORIGIN");
    let shown: Value = serde_json::from_str(&shown).unwrap();
    expect![[r#"
        {
          "aiogram": "Bot(\"TOKEN\", session=AiohttpSession(api=TelegramAPIServer.from_base(\"ORIGIN/feed/echo\")))",
          "grammY": "new Bot(\"TOKEN\", { client: { apiRoot: \"ORIGIN/feed/echo\" } })",
          "pyTelegramBotAPI": "bot = telebot.TeleBot(\"TOKEN\")\ntelebot.apihelper.API_URL = \"ORIGIN/feed/echo/bot{0}/{1}\"\ntelebot.apihelper.FILE_URL = \"ORIGIN/feed/echo/file/bot{0}/{1}\"",
          "python-telegram-bot": "Application.builder().token(\"TOKEN\").base_url(\"ORIGIN/feed/echo/bot\").base_file_url(\"ORIGIN/feed/echo/file/bot\").build()",
          "telegraf": "new Telegraf(\"TOKEN\", { telegram: { apiRoot: \"ORIGIN/feed/echo/\" } })",
          "teloxide": "Bot::new(\"TOKEN\").set_api_url(\"ORIGIN/feed/echo/\".parse().unwrap())"
        }"#]].assert_eq(&serde_json::to_string_pretty(&shown["libraries"]).unwrap());
    // A second time it changes what it is told, and its token and place stay.
    let changed = bot
        .operator()
        .put("/admin/feeds/echo", r#"{"methods": ["getMe"]}"#);
    assert_eq!(changed.status, 200);
    let feed = &body(&changed)["feed"];
    assert_eq!(
        (&feed["main"], &feed["lease_seconds"], &feed["methods"]),
        (&json!(false), &json!(60), &json!(["getme"]))
    );
    assert!(
        !changed.body.contains(secret) && !bot.operator().get("/admin/feeds").body.contains(secret)
    );
    let text = bot
        .operator()
        .with_header("accept", "text/plain")
        .put("/admin/feeds/second", "");
    assert!(
        text.body.contains("\ntoken 4242:") && text.body.contains("telegraf\nnew Telegraf("),
        "{}",
        text.body
    );
}

#[test]
fn feeds_are_listed_a_line_each_as_text() {
    let bot = TestBot::new();
    feed(&bot, "echo", "");
    feed(&bot, "other", "");
    let as_text = bot.operator().with_header("accept", "text/plain");
    expect![[r#"
        {"name":"echo","main":false,"allowed_updates":null,"methods":null,"lease_seconds":60,"created_at":1800000000000,"polled_at":null,"waiting":0,"handed_out":0,"oldest_waiting_seconds":null}
        {"name":"other","main":false,"allowed_updates":null,"methods":null,"lease_seconds":60,"created_at":1800000000000,"polled_at":null,"waiting":0,"handed_out":0,"oldest_waiting_seconds":null}
    "#]].assert_eq(&as_text.get("/admin/feeds").body);
}

#[test]
fn a_wish_that_cannot_be_met_is_refused_with_a_remedy() {
    let bot = TestBot::new();
    for (name, wish) in [
        ("Echo", "{}"),
        ("a b", "{}"),
        ("a%20b", "{}"),
        ("x".repeat(33).as_str(), "{}"),
        ("echo", "[]"),
        ("echo", "{"),
        ("echo", r#"{"token": "x"}"#),
        ("echo", r#"{"main": "yes"}"#),
        ("echo", r#"{"allowed_updates": "message"}"#),
        ("echo", r#"{"allowed_updates": ["Message!"]}"#),
        ("echo", r#"{"from": "yesterday"}"#),
        ("echo", r#"{"lease_seconds": 4}"#),
        ("echo", r#"{"lease_seconds": 1.5}"#),
        ("echo", r#"{"methods": ["../x"]}"#),
        ("echo", r#"{"methods": "getMe"}"#),
        ("echo", &format!(r#"{{"x": "{}"}}"#, "x".repeat(70_000))),
    ] {
        let refused = bot.operator().put(&format!("/admin/feeds/{name}"), wish);
        assert_eq!(refused.status, 400, "{name} {wish}: {}", refused.body);
        assert!(
            body(&refused)["error"]["remedy"]
                .as_str()
                .is_some_and(|remedy| remedy.starts_with("correct it")),
            "{}",
            refused.body
        );
    }
    assert_eq!(listed(&bot), json!([]));
    assert_eq!(bot.operator().delete("/admin/feeds/echo").status, 404);
    assert_eq!(bot.operator().get("/admin/feeds/echo").status, 405);
    assert_eq!(
        bot.operator()
            .with_token(None)
            .put("/admin/feeds/echo", "")
            .status,
        401
    );
}

#[test]
fn what_leaves_the_inbox_leaves_its_feeds_and_numbers_that_begin_again_are_read() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", r#"{"main": true}"#);
    arrive(&bot, 500, &[(1, "a"), (1, "b"), (2, "c")]);
    assert_eq!(reader.polls(), ["a", "b", "c"]);
    bot.wait_seconds(73 * 3600);
    bot.tick();
    assert_eq!(
        bot.database
            .value("SELECT count(*) FROM inbox WHERE kind <> 'alert'"),
        "0"
    );
    assert_eq!(bot.database.value("SELECT count(*) FROM feed_update"), "0");
    let date = format!("\"date\":{}", bot.telegram.now() / 1000);
    let new = message(503, 1, "d").replace(&format!("\"date\":{}", START / 1000), &date);
    assert_eq!(bot.post(new).status, 200);
    assert_eq!(
        reader.polls(),
        ["d"],
        "although the rows are counted from one again"
    );
}

#[test]
fn the_real_token_is_shown_to_no_reader() {
    let bot = TestBot::new();
    let reader = feed(&bot, "echo", "");
    arrive(&bot, 500, &[(1, "a")]);
    for method in [
        "getUpdates",
        "getMe",
        "getFile",
        "getWebhookInfo",
        "sendMessage",
        "noSuchMethod",
    ] {
        reader.asks(
            "POST",
            method,
            "application/json",
            r#"{"file_id": "x", "chat_id": 1}"#,
        );
    }
    let secret = TOKEN.split_once(':').unwrap().1;
    assert!(
        bot.seen
            .borrow()
            .iter()
            .all(|seen| !seen.contains(secret) && !seen.contains(ADMIN_TOKEN))
    );
}
