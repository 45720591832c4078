//! The operator's routes: who may enter, and what they see and do.

use expect_test::{Expect, expect};
use onehook::reply::Reply;
use serde_json::{Value, json};

use crate::sqlite_database::Trip;
use crate::test_bot::{ADMIN_TOKEN, ALERT_URL, TOKEN, TestBot, body};

/// An answer as a snapshot: the status, and the body in a readable form.
#[track_caller]
fn check(reply: &Reply, expect: Expect) {
    let body = serde_json::from_str::<Value>(&reply.body);
    let body = body.map_or_else(|_| reply.body.clone(), |body| format!("{body:#}\n"));
    expect.assert_eq(&format!("{}\n{body}", reply.status));
}

/// The steps of an answer, as `name state`.
fn steps(reply: &Reply) -> Vec<String> {
    let steps = body(reply)["steps"].as_array().expect("steps").clone();
    let line = |step: &Value| {
        format!(
            "{} {}",
            step["step"].as_str().unwrap(),
            step["state"].as_str().unwrap()
        )
    };
    steps.iter().map(line).collect()
}

fn refuse_next_webhook(bot: &TestBot) {
    let refusal = json!([
        400,
        "Bad Request: bad webhook: Failed to resolve host: Name or service not known"
    ]);
    bot.fault("setWebhook", 1, json!({"error": refusal}));
}

#[test]
fn everybody_who_may_not_enter_is_told_the_same() {
    let bot = TestBot::new();
    let mut answers = Vec::new();
    let tokens = [
        None,
        Some(""),
        Some("wrong"),
        Some(&ADMIN_TOKEN[1..]),
        Some(TOKEN),
    ];
    for (place, token) in tokens.into_iter().enumerate() {
        for method in ["GET", "PUT", "DELETE", "POST", "PATCH"] {
            for path in [
                "/admin/webhook",
                "/admin/updates",
                "/admin/updates/1",
                "/admin/",
                "/admin/nothing",
            ] {
                let address = format!("203.0.113.{place}");
                let operator = bot
                    .operator()
                    .with_token(token)
                    .with_header("cf-connecting-ip", &address);
                answers.push(operator.sends(method, path, "{}"));
            }
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].status, 401);
}

#[test]
fn an_address_that_guesses_is_not_listened_to_for_a_while() {
    let bot = TestBot::new();
    let status = |token: &str, address: &str| {
        bot.operator()
            .with_token(Some(token))
            .with_header("cf-connecting-ip", address)
            .get("/admin/updates")
            .status
    };
    for _ in 0..100 {
        assert_eq!(status("a wrong guess", "203.0.113.7"), 401);
    }
    assert_eq!(
        status(ADMIN_TOKEN, "203.0.113.7"),
        401,
        "not even with the right one"
    );
    assert_eq!(
        status(ADMIN_TOKEN, "203.0.113.8"),
        200,
        "others are not disturbed"
    );
    bot.telegram.advance(60_001);
    assert_eq!(status(ADMIN_TOKEN, "203.0.113.7"), 200);
}

#[test]
fn unknown_paths_and_methods_are_told_apart_only_inside() {
    let bot = TestBot::new();
    let visit = |method: &str, path: &str| {
        let (reply, _) = bot.visit(method, path, &[], b"");
        let allow = reply
            .headers
            .iter()
            .find(|(name, _)| *name == "allow")
            .map(|(_, value)| value.clone());
        (reply.status, allow.unwrap_or_default())
    };
    assert_eq!(visit("GET", "/webhook"), (405, "POST".into()));
    assert_eq!(visit("DELETE", "/health"), (405, "GET".into()));
    for path in [
        "/",
        "/admin",
        "/webhook/",
        "/panic",
        "/robots.txt",
        "/WEBHOOK",
        "//webhook",
    ] {
        assert_eq!(visit("GET", path), (404, String::new()), "{path}");
        assert_eq!(bot.visit("POST", path, &[], b"").0.body, "not found\n");
    }
    let inside = |method: &str, path: &str| bot.operator().sends(method, path, "").status;
    assert_eq!(inside("PATCH", "/admin/webhook"), 405);
    assert_eq!(inside("POST", "/admin/updates"), 405);
    assert_eq!(inside("DELETE", "/admin/updates/1"), 405);
    assert_eq!(inside("GET", "/admin/nothing"), 404);
    assert_eq!(inside("GET", "/admin/updates/1/2"), 404);
}

#[test]
fn setting_the_webhook_says_each_step_and_what_telegram_has_now() {
    let bot = TestBot::without_webhook();
    bot.set("ALLOWED_UPDATES", "message,callback_query");
    check(
        &bot.operator().put("/admin/webhook", ""),
        expect![[r#"
            200
            {
              "steps": [
                {
                  "detail": "Token accepted: @onehook_bot",
                  "state": "done",
                  "step": "token"
                },
                {
                  "detail": "http://127.0.0.1:8787/webhook",
                  "state": "done",
                  "step": "parameters"
                },
                {
                  "detail": "Telegram says: Webhook was set",
                  "state": "done",
                  "step": "set"
                },
                {
                  "detail": "No old webhook to remove",
                  "state": "skipped",
                  "step": "replace"
                },
                {
                  "detail": "Menu of commands sent",
                  "state": "done",
                  "step": "menu"
                },
                {
                  "detail": "Connection tested: Telegram has the address of @onehook_bot",
                  "state": "done",
                  "step": "connection"
                },
                {
                  "detail": "Bot started and waiting for messages",
                  "state": "done",
                  "step": "start"
                }
              ],
              "webhook": {
                "actual": {
                  "allowed_updates": [
                    "message",
                    "callback_query"
                  ],
                  "has_custom_certificate": false,
                  "ip_address": "127.0.0.1",
                  "max_connections": 20,
                  "pending_update_count": 0,
                  "url": "http://127.0.0.1:8787/webhook"
                },
                "differences": [],
                "wanted": {
                  "allowed_updates": [
                    "message",
                    "callback_query"
                  ],
                  "max_connections": 20,
                  "url": "http://127.0.0.1:8787/webhook"
                }
              }
            }
        "#]],
    );
}

#[test]
fn setting_the_webhook_as_text_reads_like_a_list_of_things_done() {
    let bot = TestBot::without_webhook();
    let operator = || bot.operator().with_header("accept", "text/plain");
    check(
        &operator().put("/admin/webhook", r#"{"drop_pending_updates": true}"#),
        expect![[r#"
            200
            ✅ Token accepted: @onehook_bot
            ✅ http://127.0.0.1:8787/webhook
            ✅ Telegram says: Webhook was set
            ✅ Old updates cleared
            ➖ No old webhook to remove
            ✅ Menu of commands sent
            ✅ Connection tested: Telegram has the address of @onehook_bot
            ✅ Bot started and waiting for messages
        "#]],
    );
    bot.telegram.advance(1_000);
    check(
        &operator()
            .with_header("accept-language", "uk-UA,uk;q=0.9")
            .put("/admin/webhook", ""),
        expect![[r#"
            200
            ✅ Токен прийнято: @onehook_bot
            ✅ http://127.0.0.1:8787/webhook
            ✅ Telegram відповів: Webhook is already set
            ➖ Старого вебхука немає
            ✅ Меню команд надіслано
            ✅ З'єднання перевірено: Telegram має адресу @onehook_bot
            ✅ Бота запущено, він чекає на повідомлення
        "#]],
    );
}

#[test]
fn every_parameter_reaches_telegram_and_the_secret_is_ours() {
    let bot = TestBot::without_webhook();
    let wish = r#"{"url": "https://bot.example.com:8443/webhook", "max_connections": 7, "allowed_updates": ["message"], "ip_address": "8.8.4.4"}"#;
    assert_eq!(bot.operator().put("/admin/webhook", wish).status, 200);
    let call = &bot.calls_of("setWebhook")[0];
    assert_eq!(call["url"], "https://bot.example.com:8443/webhook");
    assert_eq!(call["ip_address"], "8.8.4.4");
    assert_eq!(call["max_connections"].to_string().trim_matches('"'), "7");
    assert_eq!(
        call["drop_pending_updates"].to_string().trim_matches('"'),
        "false"
    );
    let secret = call["secret_token"].as_str().unwrap();
    assert!(
        secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "256 bits"
    );
}

#[test]
fn the_secret_stays_the_same_and_differs_between_bots() {
    let (one, other) = (TestBot::new(), TestBot::new());
    let before = one.secret();
    one.telegram.advance(1_000);
    let reply = one
        .operator()
        .put("/admin/webhook", r#"{"max_connections": 3}"#);
    assert_eq!(reply.status, 200);
    assert_eq!(one.secret(), before);
    assert_ne!(one.secret(), other.secret());
}

#[test]
fn a_wish_telegram_would_refuse_is_refused_before_the_webhook_is_touched() {
    let bot = TestBot::new();
    let sets = bot.calls("setWebhook");
    for wish in [
        r#"{"url": "http://bot.example.com/webhook"}"#,
        r#"{"url": "https://bot.example.com:444/webhook"}"#,
        r#"{"url": "https://10.0.0.1/webhook"}"#,
        r#"{"url": "ftp://bot.example.com/"}"#,
        r#"{"url": "bot.example.com"}"#,
        r#"{"url": 5}"#,
        r#"{"ip_address": "::1"}"#,
        r#"{"ip_address": "192.168.0.1"}"#,
        r#"{"max_connections": 0}"#,
        r#"{"max_connections": 101}"#,
        r#"{"max_connections": "many"}"#,
        r#"{"allowed_updates": "message"}"#,
        r#"{"allowed_updates": ["Message!"]}"#,
        r#"{"drop_pending_updates": "yes"}"#,
        r#"{"max_conections": 5}"#,
        r#"["url"]"#,
        "not json",
    ] {
        let reply = bot.operator().put("/admin/webhook", wish);
        assert_eq!(reply.status, 400, "{wish}");
        let error = &body(&reply)["error"];
        for part in ["what", "why", "remedy"] {
            assert!(!error[part].as_str().unwrap().is_empty(), "{wish}: {error}");
        }
    }
    assert_eq!(bot.calls("setWebhook"), sets);
    let reply = bot.operator().put("/admin/webhook", &" ".repeat(65 * 1024));
    assert_eq!(reply.status, 400);
}

#[test]
fn a_wish_that_is_no_json_is_told_where_it_stops_being_that() {
    let bot = TestBot::new();
    for (wish, why) in [
        (
            &b"{\n \"url\": tru}"[..],
            "it is no JSON from line 2, column 12 on",
        ),
        (b"{\"url\": \"\xff\"}", "it is not UTF-8"),
    ] {
        for target in ["/admin/webhook", "/admin/feeds/other"] {
            let authorization = format!("Bearer {ADMIN_TOKEN}");
            let headers = [("authorization", &*authorization)];
            let (reply, _) = bot.visit("PUT", target, &headers, wish);
            assert_eq!(reply.status, 400, "{target}");
            assert_eq!(body(&reply)["error"]["why"], why, "{target}");
        }
    }
}

#[test]
fn a_kind_telegram_does_not_know_is_shown_as_a_difference_and_blamed_on_nobody() {
    let bot = TestBot::without_webhook();
    let reply = bot.operator().put(
        "/admin/webhook",
        r#"{"allowed_updates": ["message", "calback_query"]}"#,
    );
    assert_eq!(reply.status, 200, "{}", reply.body);
    let expected = json!([{"field": "allowed_updates", "wanted": "message, calback_query", "actual": "message"}]);
    assert_eq!(body(&reply)["webhook"]["differences"], expected);
    assert!(steps(&reply).contains(&"connection failed".to_owned()));
    assert!(
        reply
            .body
            .contains("took these otherwise than asked: allowed_updates"),
        "{}",
        reply.body
    );
    bot.person("Ada").says("/ping");
    assert_eq!(bot.calls("sendMessage"), 1, "the webhook is set");
}

#[test]
fn a_misspelt_field_is_named_with_those_that_exist() {
    let bot = TestBot::new();
    check(
        &bot.operator()
            .put("/admin/webhook", r#"{"max_conections": 5}"#),
        expect![[r#"
            400
            {
              "error": {
                "remedy": "correct it and repeat the call; the webhook was not touched",
                "what": "`body` cannot be used",
                "why": "it has `max_conections`; it may have url, max_connections, allowed_updates, drop_pending_updates, ip_address"
              },
              "steps": [
                {
                  "detail": "it has `max_conections`; it may have url, max_connections, allowed_updates, drop_pending_updates, ip_address",
                  "state": "failed",
                  "step": "parameters"
                }
              ]
            }
        "#]],
    );
}

#[test]
fn after_a_refusal_a_webhook_that_was_ours_is_put_back() {
    let bot = TestBot::new();
    bot.telegram.advance(1_000);
    refuse_next_webhook(&bot);
    let reply = bot.operator().put(
        "/admin/webhook",
        r#"{"url": "http://127.0.0.1:8787/elsewhere"}"#,
    );
    check(
        &reply,
        expect![[r#"
            502
            {
              "error": {
                "remedy": "correct what Telegram complains about and repeat the call",
                "what": "Telegram said no",
                "why": "Telegram refused `setWebhook`: Bad Request: bad webhook: Failed to resolve host: Name or service not known (400)"
              },
              "steps": [
                {
                  "detail": "Token accepted: @onehook_bot",
                  "state": "done",
                  "step": "token"
                },
                {
                  "detail": "http://127.0.0.1:8787/elsewhere",
                  "state": "done",
                  "step": "parameters"
                },
                {
                  "detail": "Telegram refused `setWebhook`: Bad Request: bad webhook: Failed to resolve host: Name or service not known (400)",
                  "state": "failed",
                  "step": "set"
                },
                {
                  "detail": "Telegram says: Webhook is already set",
                  "state": "done",
                  "step": "set"
                },
                {
                  "detail": "The previous webhook is back: http://127.0.0.1:8787/webhook",
                  "state": "done",
                  "step": "restore"
                }
              ]
            }
        "#]],
    );
    let last = bot.calls_of("setWebhook").pop().unwrap();
    assert_eq!(last["url"], "http://127.0.0.1:8787/webhook");
    bot.person("Ada").says("/ping");
    assert_eq!(bot.calls("sendMessage"), 1, "it works as before");
}

#[test]
fn a_host_that_does_not_resolve_costs_the_webhook_only_for_a_moment() {
    let bot = TestBot::new();
    bot.telegram.advance(1_000);
    let unknown =
        json!({"act": "dns", "host": "no-such.example.com", "error": "Name or service not known"});
    bot.telegram.act(&unknown).unwrap();
    let before = bot.telegram.now();
    let reply = bot.operator().put(
        "/admin/webhook",
        r#"{"url": "https://no-such.example.com/webhook"}"#,
    );
    assert_eq!(reply.status, 502, "{}", reply.body);
    assert!(
        reply
            .body
            .contains("Failed to resolve host: Name or service not known"),
        "{}",
        reply.body
    );
    let webhook = &bot.telegram.state()["bots"][0]["webhook"];
    assert_eq!(
        webhook["url"], "http://127.0.0.1:8787/webhook",
        "it was gone and is back"
    );
    assert!(
        bot.telegram.now() >= before + 1_000,
        "one setWebhook a second"
    );
    bot.person("Ada").says("/ping");
    assert_eq!(bot.calls("sendMessage"), 1);
}

#[test]
fn a_webhook_that_cannot_be_put_back_is_named() {
    let bot = TestBot::new();
    bot.telegram.advance(1_000);
    refuse_next_webhook(&bot);
    refuse_next_webhook(&bot);
    let elsewhere = r#"{"url": "http://127.0.0.1:8787/elsewhere"}"#;
    let reply = bot.operator().put("/admin/webhook", elsewhere);
    assert_eq!(reply.status, 502);
    let reply = body(&reply);
    expect![[r#"{"detail":"The previous webhook http://127.0.0.1:8787/webhook could not be put back: Telegram refused `setWebhook`: Bad Request: bad webhook: Failed to resolve host: Name or service not known (400)","state":"failed","step":"restore"}"#]].assert_eq(&reply["steps"].as_array().unwrap().last().unwrap().to_string());
}

#[test]
fn after_a_refusal_a_foreign_webhook_is_named() {
    let bot = TestBot::without_webhook();
    let path = format!("/bot{TOKEN}/setWebhook?url=http://127.0.0.1:9/foreign");
    let request = crate::emulator::telegram::Request {
        method: "POST".into(),
        path,
        headers: Vec::new(),
        body: Vec::new(),
    };
    assert_eq!(bot.telegram.call(request, 1_000).unwrap().status, 200);
    bot.telegram.advance(1_000);
    refuse_next_webhook(&bot);
    let reply = bot.operator().put("/admin/webhook", "");
    assert_eq!(reply.status, 502);
    assert_eq!(
        steps(&reply),
        [
            "token done",
            "parameters done",
            "set failed",
            "restore failed"
        ]
    );
    assert!(
        reply.body.contains("http://127.0.0.1:9/foreign"),
        "{}",
        reply.body
    );
}

#[test]
fn a_replaced_webhook_is_named() {
    let bot = TestBot::new();
    bot.telegram.advance(1_000);
    let reply = bot.operator().put(
        "/admin/webhook",
        r#"{"url": "http://127.0.0.1:8787/webhook?again"}"#,
    );
    assert_eq!(reply.status, 200);
    assert!(
        reply
            .body
            .contains("Old webhook removed: http://127.0.0.1:8787/webhook"),
        "{}",
        reply.body
    );
}

#[test]
fn a_pause_telegram_asks_for_is_made() {
    let bot = TestBot::new();
    let before = bot.telegram.now();
    let reply = bot
        .operator()
        .put("/admin/webhook", r#"{"max_connections": 3}"#);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(
        bot.telegram.now() >= before + 1_000,
        "one setWebhook a second"
    );
}

#[test]
fn waiting_updates_survive_unless_dropping_them_is_said() {
    let bot = TestBot::without_webhook();
    let says = |text: &str| {
        bot.telegram
            .act(&json!({"person": "Ada", "act": "say", "text": text}))
            .unwrap()
    };
    says("/ping");
    bot.operator().put("/admin/webhook", "");
    bot.deliver();
    assert_eq!(bot.calls("sendMessage"), 1);
    bot.operator().delete("/admin/webhook");
    says("/ping");
    bot.telegram.advance(1_000);
    bot.operator()
        .put("/admin/webhook", r#"{"drop_pending_updates": true}"#);
    bot.deliver();
    assert_eq!(bot.calls("sendMessage"), 1);
}

#[test]
fn a_wrong_token_is_told_with_the_command_that_sets_another() {
    let bot = TestBot::without_webhook();
    bot.set(
        "TELEGRAM_BOT_TOKEN",
        "9999:CANARY_another_token_CANARY_another_t",
    );
    check(
        &bot.operator().put("/admin/webhook", ""),
        expect![[r#"
        502
        {
          "error": {
            "remedy": "run `npx wrangler secret put TELEGRAM_BOT_TOKEN` and paste the token that BotFather shows",
            "what": "Telegram said no",
            "why": "Telegram refused `getMe`: Unauthorized (401)"
          },
          "steps": [
            {
              "detail": "Telegram refused `getMe`: Unauthorized (401)",
              "state": "failed",
              "step": "token"
            }
          ]
        }
    "#]],
    );
}

#[test]
fn silence_of_telegram_is_told() {
    let bot = TestBot::new();
    for fault in [
        json!("html"),
        json!("reset_before"),
        json!("truncated"),
        json!({"delay_ms": 40_000}),
    ] {
        bot.fault("getMe", 1, fault.clone());
        let reply = bot.operator().put("/admin/webhook", "");
        assert_eq!(reply.status, 502, "{fault}");
        assert_eq!(steps(&reply), ["token failed"], "{fault}");
    }
}

#[test]
fn inspecting_shows_what_is_wanted_beside_what_is() {
    let bot = TestBot::new();
    let path = format!(
        "/bot{TOKEN}/setWebhook?url=http://127.0.0.1:9/stolen&allowed_updates=[\"message\"]"
    );
    let request = crate::emulator::telegram::Request {
        method: "POST".into(),
        path,
        headers: Vec::new(),
        body: Vec::new(),
    };
    bot.telegram.advance(1_000);
    assert_eq!(bot.telegram.call(request, 1_000).unwrap().status, 200);
    let shown = body(&bot.operator().get("/admin/webhook"));
    assert_eq!(shown["bot"], json!({"id": 4242, "username": "onehook_bot"}));
    assert_eq!(
        shown["webhook"]["wanted"]["url"],
        "http://127.0.0.1:8787/webhook"
    );
    assert_eq!(
        shown["webhook"]["actual"]["url"],
        "http://127.0.0.1:9/stolen"
    );
    let fields: Vec<&str> = shown["webhook"]["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|difference| difference["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["url", "max_connections", "allowed_updates"]);
    let text = bot.operator().with_header("accept", "text/plain");
    check(
        &text.get("/admin/webhook?lang=uk"),
        expect![[r#"
        200
        вебхук: http://127.0.0.1:9/stolen
        бажаний: http://127.0.0.1:8787/webhook
        чекають оновлень: 0
        ❌ url: бажано http://127.0.0.1:8787/webhook, є http://127.0.0.1:9/stolen
        ❌ max_connections: бажано 20, є 40
        ❌ allowed_updates: бажано message, edited_message, channel_post, edited_channel_post, inline_query, chosen_inline_result, callback_query, shipping_query, pre_checkout_query, poll, poll_answer, my_chat_member, chat_join_request, chat_boost, removed_chat_boost, business_connection, business_message, edited_business_message, deleted_business_messages, purchased_paid_media, managed_bot, guest_message, subscription, stopped_message_generation, є message
    "#]],
    );
}

#[test]
fn inspecting_before_anybody_asked_wants_nothing() {
    let bot = TestBot::without_webhook();
    check(
        &bot.operator().get("/admin/webhook"),
        expect![[r#"
        200
        {
          "bot": {
            "id": 4242,
            "username": "onehook_bot"
          },
          "webhook": {
            "actual": {
              "has_custom_certificate": false,
              "pending_update_count": 0,
              "url": ""
            },
            "differences": [],
            "wanted": null
          }
        }
    "#]],
    );
}

#[test]
fn inspecting_in_words_tells_what_is_not_wanted_and_what_went_wrong() {
    let in_words = |bot: &TestBot| {
        let operator = bot.operator().with_header("accept", "text/plain");
        operator.get("/admin/webhook")
    };
    check(
        &in_words(&TestBot::without_webhook()),
        expect![[r#"
        200
        webhook: none
        wanted: nobody has asked yet
        waiting updates: 0
    "#]],
    );
    let bot = TestBot::new();
    bot.database.set_down(true);
    bot.person("Ada").says("/ping");
    bot.database.set_down(false);
    check(
        &in_words(&bot),
        expect![[r#"
        200
        webhook: http://127.0.0.1:8787/webhook
        wanted: http://127.0.0.1:8787/webhook
        waiting updates: 1
        last failed delivery: Wrong response from the webhook: 503 Service Unavailable
    "#]],
    );
}

#[test]
fn inspecting_without_an_answer_of_telegram_says_so() {
    let bot = TestBot::new();
    bot.fault("getWebhookInfo", 1, "reset_before");
    check(
        &bot.operator().get("/admin/webhook"),
        expect![[r#"
        502
        {
          "error": {
            "remedy": "check TELEGRAM_API_ROOT and repeat the call",
            "what": "Telegram did not answer",
            "why": "Telegram did not answer `getWebhookInfo`: the connection failed"
          }
        }
    "#]],
    );
}

#[test]
fn deleting_is_remembered_and_told_in_telegrams_words() {
    let bot = TestBot::new();
    check(
        &bot.operator().delete("/admin/webhook"),
        expect![[r#"
        200
        {
          "description": "Webhook was deleted",
          "steps": [
            {
              "detail": "Old webhook removed: Webhook was deleted",
              "state": "done",
              "step": "delete"
            }
          ],
          "webhook": {
            "actual": {
              "allowed_updates": [
                "message",
                "edited_message",
                "channel_post",
                "edited_channel_post",
                "inline_query",
                "chosen_inline_result",
                "callback_query",
                "shipping_query",
                "pre_checkout_query",
                "poll",
                "poll_answer",
                "my_chat_member",
                "chat_join_request",
                "chat_boost",
                "removed_chat_boost",
                "business_connection",
                "business_message",
                "edited_business_message",
                "deleted_business_messages",
                "purchased_paid_media",
                "managed_bot",
                "guest_message",
                "subscription",
                "stopped_message_generation"
              ],
              "has_custom_certificate": false,
              "pending_update_count": 0,
              "url": ""
            },
            "differences": [],
            "wanted": {
              "allowed_updates": [
                "message",
                "edited_message",
                "channel_post",
                "edited_channel_post",
                "inline_query",
                "chosen_inline_result",
                "callback_query",
                "shipping_query",
                "pre_checkout_query",
                "poll",
                "poll_answer",
                "my_chat_member",
                "chat_join_request",
                "chat_boost",
                "removed_chat_boost",
                "business_connection",
                "business_message",
                "edited_business_message",
                "deleted_business_messages",
                "purchased_paid_media",
                "managed_bot",
                "guest_message",
                "subscription",
                "stopped_message_generation"
              ],
              "max_connections": 20,
              "url": ""
            }
          }
        }
    "#]],
    );
}

#[test]
fn deleting_twice_and_dropping_updates_only_when_it_is_said() {
    let bot = TestBot::new();
    assert_eq!(bot.operator().delete("/admin/webhook").status, 200);
    let again = body(&bot.operator().delete("/admin/webhook"));
    assert_eq!(again["description"], "Webhook is already deleted");
    assert_eq!(again["webhook"]["differences"], json!([]));
    assert_eq!(
        body(&bot.operator().get("/admin/webhook"))["webhook"]["wanted"]["url"],
        ""
    );
    let last = bot.calls_of("deleteWebhook").pop().unwrap();
    assert_eq!(
        last["drop_pending_updates"].to_string().trim_matches('"'),
        "false"
    );
    assert_eq!(
        bot.operator()
            .delete("/admin/webhook?drop_pending_updates=perhaps")
            .status,
        400
    );
    assert_eq!(
        bot.operator()
            .delete("/admin/webhook?drop_pending_updates=true")
            .status,
        200
    );
    let last = bot.calls_of("deleteWebhook").pop().unwrap();
    assert_eq!(
        last["drop_pending_updates"].to_string().trim_matches('"'),
        "true"
    );
}

#[test]
fn updates_are_listed_newest_first_and_page_by_page() {
    let bot = TestBot::new();
    for text in ["/ping", "/id", "/start"] {
        bot.person("Ada").says(text);
    }
    bot.post(b"{}");
    let ids = |target: &str| {
        let page = body(&bot.operator().get(target));
        let ids: Vec<i64> = page["updates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|update| update["update_id"].as_i64().unwrap())
            .collect();
        (ids, page["next"].as_i64())
    };
    let (first, next) = ids("/admin/updates?limit=2");
    let [unusable, 102] = first[..] else {
        panic!("{first:?}");
    };
    assert!(unusable < 0, "a body that gave no number has one of ours");
    let (second, end) = ids(&format!(
        "/admin/updates?limit=2&before={}",
        next.expect("another page")
    ));
    assert_eq!((second, end), (vec![101, 100], None));
    assert_eq!(ids("/admin/updates?state=quarantined").0, [unusable]);
    assert_eq!(ids("/admin/updates?state=dead").0, [] as [i64; 0]);
    for bad in ["state=gone", "limit=0", "limit=501", "limit=x", "before=-1"] {
        assert_eq!(
            bot.operator().get(&format!("/admin/updates?{bad}")).status,
            400,
            "{bad}"
        );
    }
}

#[test]
fn one_update_shows_its_body_its_calls_and_their_fate() {
    let bot = TestBot::new();
    bot.person("Ada").says("/ping");
    let shown = body(&bot.operator().get("/admin/updates/100"));
    let update = &shown["update"];
    assert_eq!(update["body"]["message"]["text"], "/ping");
    assert_eq!(
        (&update["state"], &update["kind"], &update["lane"]),
        (&json!("done"), &json!("message"), &json!("1001"))
    );
    assert_eq!(
        (&update["chat_id"], &update["attempts"], &update["error"]),
        (&json!(1001), &json!(1), &Value::Null)
    );
    assert_eq!(update["calls"][0]["state"], "sent");
    assert_eq!(update["calls"][0]["call"]["method"], "sendMessage");
    check(
        &bot.operator().get("/admin/updates/55"),
        expect![[r#"
        404
        {
          "error": {
            "remedy": "list what is here: `GET /admin/updates`",
            "what": "update 55 is not here",
            "why": "it never arrived, or it was forgotten after KEEP_HOURS"
          }
        }
    "#]],
    );
    assert_eq!(bot.operator().get("/admin/updates/five").status, 400);
    bot.post(b"not json");
    let listed = body(&bot.operator().get("/admin/updates?state=quarantined"));
    let target = format!("/admin/updates/{}", listed["updates"][0]["update_id"]);
    assert_eq!(
        body(&bot.operator().get(&target))["update"]["body"],
        "not json"
    );
}

#[test]
fn a_database_that_is_down_is_told_with_a_remedy() {
    let bot = TestBot::new();
    bot.database.set_down(true);
    for (method, target) in [
        ("GET", "/admin/updates"),
        ("GET", "/admin/updates/1"),
        ("POST", "/admin/updates/1/replay"),
        ("GET", "/admin/outbox"),
        ("POST", "/admin/outbox/1.0/resend"),
        ("POST", "/admin/outbox/1.0/drop"),
        ("GET", "/admin/metrics"),
        ("GET", "/admin/incidents"),
        ("GET", "/admin/feeds"),
        ("PUT", "/admin/feeds/echo"),
        ("POST", "/admin/feeds/echo/rotate"),
        ("DELETE", "/admin/feeds/echo"),
        ("GET", "/admin/webhook"),
        ("PUT", "/admin/webhook"),
        ("POST", "/admin/webhook/rotate"),
        ("DELETE", "/admin/webhook"),
        ("POST", "/admin/doctor/probe"),
    ] {
        let reply = bot.operator().sends(method, target, "");
        assert_eq!(reply.status, 503, "{method} {target}: {}", reply.body);
        let reply = body(&reply);
        let remedy = reply["error"]["remedy"].as_str().unwrap();
        assert!(remedy.contains("wrangler d1 migrations apply"), "{remedy}");
        let in_words = bot.operator().with_header("accept", "text/plain");
        let in_words = in_words.sends(method, target, "");
        assert_eq!(in_words.status, 503, "{method} {target}");
        assert!(in_words.body.contains(remedy), "{}", in_words.body);
    }
}

#[test]
fn a_webhook_set_but_not_recorded_is_told() {
    let bot = TestBot::without_webhook();
    bot.database.next_trips(&[Trip::Works, Trip::FailsBefore]);
    let reply = bot.operator().put("/admin/webhook", "");
    assert_eq!(reply.status, 503);
    assert_eq!(
        steps(&reply),
        [
            "token done",
            "parameters done",
            "set done",
            "replace skipped",
            "record failed"
        ]
    );
}

#[test]
fn health_is_ill_when_the_cron_is_late_or_the_database_is_down() {
    let bot = TestBot::new();
    let health = || bot.visit("GET", "/health", &[], b"").0;
    check(
        &health(),
        expect![[r#"
        200
        {
          "cron_seconds_ago": 0,
          "database": "ok",
          "health": "ok"
        }
    "#]],
    );
    bot.telegram.advance(301_000);
    check(
        &health(),
        expect![[r#"
        503
        {
          "cron_seconds_ago": 301,
          "database": "ok",
          "health": "ill"
        }
    "#]],
    );
    bot.tick();
    bot.telegram.advance(6_000);
    assert_eq!(health().status, 200);
    bot.database.set_down(true);
    assert_eq!(health().status, 200, "asked a moment ago");
    bot.telegram.advance(6_000);
    check(
        &health(),
        expect![[r#"
        503
        {
          "cron_seconds_ago": null,
          "database": "no answer",
          "health": "ill"
        }
    "#]],
    );
}

#[test]
fn no_secret_shows_anywhere() {
    let bot = TestBot::new();
    bot.set("ALERT_URL", ALERT_URL);
    let secret = bot.secret();
    let operator = || bot.operator().with_header("accept", "text/plain");
    for fault in [
        json!("html"),
        json!("reset_before"),
        json!({"error": [401, "Unauthorized"]}),
        json!({"status": 502}),
    ] {
        for method in [
            "getMe",
            "getWebhookInfo",
            "setWebhook",
            "sendMessage",
            "setMyCommands",
        ] {
            bot.telegram.advance(2_000);
            bot.fault(method, 1, fault.clone());
            operator().put("/admin/webhook", r#"{"max_connections": 5}"#);
            bot.operator()
                .put("/admin/webhook", r#"{"max_connections": 6}"#);
            bot.operator().get("/admin/webhook");
            bot.operator()
                .sends("POST", "/admin/webhook/rotate?now=true", "");
            operator().get("/admin/doctor");
            bot.operator().get("/admin/doctor?lang=uk");
            bot.operator()
                .sends("POST", "/admin/doctor/probe?seconds=1&release=true", "");
            bot.rival("deleteWebhook", &json!({}));
            bot.person("Ada").says("/status");
            bot.person("Ada").says("/doctor");
            bot.telegram.act(&json!({"act": "clear_faults"})).unwrap();
            bot.telegram.advance(61_000);
            bot.tick();
        }
    }
    operator().get("/admin/updates");
    bot.operator().get("/admin/updates/100");
    operator().get("/admin/incidents");
    bot.operator().get("/admin/incidents?limit=100");
    let error = format!("/admin/doctor?error=https://api.telegram.org/bot{TOKEN}/getUpdates%20409");
    bot.operator().get(&error);
    let secrets = [secret, bot.secret()];
    let seen = bot.seen.borrow().join("\n") + &format!("{:?}", bot.telegram.transcript(0));
    assert!(seen.len() > 20_000, "there was much to see");
    let posts = bot.posts.borrow().join("\n");
    assert!(!posts.is_empty());
    for canary in ["CANARY", &secrets[0], &secrets[1]] {
        assert!(!seen.contains(canary), "{canary} shows");
        assert!(!posts.contains(canary), "{canary} is posted");
    }
    let incidents = bot
        .database
        .value("SELECT group_concat(wanted || snapshot || coalesce(error, '')) FROM incident");
    assert!(incidents.len() > 1_000 && !incidents.contains("CANARY"));
    let kept = bot
        .database
        .value("SELECT group_concat(coalesce(plan, '') || coalesce(error, '') || body) FROM inbox");
    assert!(!kept.contains("CANARY"));
}
