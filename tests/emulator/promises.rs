//! What else of the server's behaviour the emulator promises, each with the source it mirrors.

use serde_json::{Value, json};

use super::stage::{START, Stage, TOKEN, URL, dns};
use super::telegram::{Lookup, Options};

/// The bytes of a delivery: `WebhookActor.cpp:525-583`, `WebhookActor.h:226-241`.
#[test]
fn a_delivery_has_telegrams_headers_and_telegrams_bytes() {
    let mut stage = Stage::new();
    let url = "http://ada:pass@127.0.0.1:8787/webhook?a=b";
    stage.ask("setWebhook", &json!({"url": url, "secret_token": "s3cret"}));
    stage.say("Ada", "їжак 🦔/\"");
    let (_, _, request) = stage.deliveries.remove(0);
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/webhook?a=b")
    );
    let length = request.body.len().to_string();
    let expected = [
        ("Host", "127.0.0.1:8787"),
        ("Authorization", "Basic YWRhOnBhc3M="),
        ("X-Telegram-Bot-Api-Secret-Token", "s3cret"),
        ("Content-Type", "application/json"),
        ("Content-Length", &length),
        ("Connection", "keep-alive"),
        ("Accept-Encoding", "gzip, deflate"),
    ];
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    assert_eq!(headers.collect::<Vec<_>>(), expected);
    let body = String::from_utf8(request.body).unwrap();
    assert!(
        body.starts_with(
            "{\"update_id\":100,\n\"message\":{\"message_id\":1,\"from\":{\"id\":1001,"
        ),
        "{body}"
    );
    assert!(
        body.contains(r#""text":"\u0457\u0436\u0430\u043a \ud83e\udd94/\"""#),
        "{body}"
    );
}

/// The fields of getWebhookInfo and their order: `Client.cpp:5945-5984`.
#[test]
fn webhook_info_has_the_servers_fields_in_the_servers_order() {
    let mut stage = Stage::new();
    assert_eq!(
        stage.bytes("getWebhookInfo"),
        r#"{"ok":true,"result":{"url":"","has_custom_certificate":false,"pending_update_count":0}}"#
    );
    stage.ask(
        "setWebhook",
        &json!({"url": URL, "allowed_updates": ["poll", "message"]}),
    );
    stage.say("Ada", "hello");
    let (delivery, ..) = stage.delivery();
    stage.reply(delivery, 401, &[], "");
    assert_eq!(
        stage.bytes("getWebhookInfo"),
        "{\"ok\":true,\"result\":{\"url\":\"http://127.0.0.1:8787/webhook\",\"has_custom_certificate\":false,\
         \"pending_update_count\":1,\"last_error_date\":1800000000,\
         \"last_error_message\":\"Wrong response from the webhook: 401 Unauthorized\",\"max_connections\":40,\
         \"ip_address\":\"127.0.0.1\",\"allowed_updates\":[\"message\",\"poll\"]}}"
    );
}

/// `ClientManager.cpp:67-89`, `Client.cpp:12638-12665`.
#[test]
fn paths_and_tokens_are_checked_in_the_servers_order() {
    let mut stage = Stage::new();
    let method_missing = format!("/bot{TOKEN}/getFunny");
    let in_test = format!("/bot{TOKEN}/test/getMe");
    let near_test = format!("/bot{TOKEN}/testFoo");
    let any_case = format!("/bot{TOKEN}/GETME");
    let in_argument = format!("/bot{TOKEN}/?method=getMe");
    let cases = [
        (
            "http://api.telegram.org/",
            404,
            "Not Found: absolute URI is specified in the Request-Line",
        ),
        ("/", 404, "Not Found"),
        ("/bot1:x", 404, "Not Found"),
        (
            "/bot012:abc/getMe",
            401,
            "Unauthorized: invalid token specified",
        ),
        (
            "/botnonsense/getMe",
            401,
            "Unauthorized: invalid token specified",
        ),
        (
            "/botx:abc/getMe",
            421,
            "Misdirected Request: unallowed token specified",
        ),
        (
            "/bot-5:abc/getMe",
            401,
            "Unauthorized: invalid token specified",
        ),
        ("/bot4242:wrong/getMe", 401, "Unauthorized"),
        (&method_missing, 404, "Not Found: method not found"),
        (&in_test, 401, "Unauthorized"),
        (&near_test, 404, "Not Found"),
        (&any_case, 200, ""),
        (&in_argument, 200, ""),
    ];
    for (path, status, description) in cases {
        let response = stage.get(path);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(
            (response.status, body["description"].as_str().unwrap_or("")),
            (status, description),
            "{path}"
        );
    }
    let note = stage.telegram.transcript(0).pop().unwrap();
    assert_eq!(
        note["text"],
        "the emulator does not know this method: getfunny"
    );
}

/// tdlib/telegram-bot-api front end: PTB#2162, vPilot-Pushover#29.
#[test]
fn the_cloud_answers_404_to_what_does_not_look_like_a_token() {
    let mut stage = Stage::with(Options {
        cloud_profile: true,
        ..Options::default()
    });
    let response = stage.get("/botnonsense/getMe");
    assert_eq!(response.status, 404);
    assert_eq!(
        response.body,
        br#"{"ok":false,"error_code":404,"description":"Not Found"}"#
    );
}

/// Refusals of setWebhook: `Client.cpp:16001-16060`, `WebhookActor.cpp:691-741`.
#[test]
fn a_strict_server_refuses_what_telegram_refuses() {
    let mut options = dns("none.example", 0, Err("Name or service not known"));
    options.dns.insert(
        "inside.example".to_owned(),
        Lookup {
            after_ms: 0,
            answer: Ok("192.168.1.1".to_owned()),
        },
    );
    let mut stage = Stage::with(options);
    let long = "s".repeat(257);
    let cases = [
        (
            json!({"url": "ftp://bot.example/"}),
            "invalid webhook URL specified",
        ),
        (json!({"url": "https://"}), "invalid webhook URL specified"),
        (
            json!({"url": "https://bot.example/", "secret_token": long}),
            "secret token is too long",
        ),
        (
            json!({"url": "http://bot.example/"}),
            "bad webhook: An HTTPS URL must be provided for webhook",
        ),
        (
            json!({"url": "https://bot.example:444/"}),
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        (
            json!({"url": "https://bot.example/", "ip_address": "nowhere"}),
            "bad webhook: Invalid IP address specified",
        ),
        (
            json!({"url": "https://10.0.0.1/"}),
            "bad webhook: IP address 10.0.0.1 is reserved",
        ),
        (
            json!({"url": "https://inside.example/"}),
            "bad webhook: IP address 192.168.1.1 is reserved",
        ),
        (
            json!({"url": "https://bot.example/", "ip_address": "2001:db8::1"}),
            "bad webhook: IPv6-only addresses are not allowed",
        ),
        (
            json!({"url": "https://[2001:db8::1]:8443/"}),
            "bad webhook: IPv6-only addresses are not allowed",
        ),
        (
            json!({"url": "https://none.example/"}),
            "bad webhook: Failed to resolve host: Name or service not known",
        ),
    ];
    for (parameters, why) in cases {
        let answer = stage.ask("setWebhook", &parameters);
        assert_eq!(answer["description"], format!("Bad Request: {why}"));
        stage.wait(1000);
    }
    let answer = stage.ask("setWebhook", &json!({"url": "bot.example/x"}));
    assert_eq!(answer["description"], "Webhook was set");
    assert_eq!(stage.info()["url"], "bot.example/x");
}

/// A failed lookup is remembered for five minutes: `GetHostByNameActor.h:29-35`.
#[test]
fn a_host_name_that_was_not_found_stays_unknown_for_five_minutes() {
    let mut stage = Stage::with(dns("new.example", 0, Err("Name or service not known")));
    let set = json!({"url": "https://new.example/"});
    assert_eq!(stage.ask("setWebhook", &set)["error_code"], 400);
    stage.act(&json!({"act": "dns", "host": "new.example", "ip": "104.16.0.1"}));
    stage.wait(299_000);
    assert_eq!(stage.ask("setWebhook", &set)["error_code"], 400);
    stage.wait(1000);
    assert_eq!(
        stage.ask("setWebhook", &set)["description"],
        "Webhook was set"
    );
}

/// Waking a poll: `Client.cpp:16406-16431`, `Client.h:1610-1612`.
#[test]
fn a_waiting_poll_gets_a_new_update_a_millisecond_later() {
    let mut stage = Stage::new();
    let poll = stage.send("getUpdates", &json!({"timeout": 50}));
    stage.wait(10_000);
    stage.say("Ada", "hello");
    stage.wait(10);
    let (at, answer) = stage.answer(poll).unwrap();
    assert_eq!(at, START + 10_001);
    assert_eq!(answer["result"][0]["message"]["text"], "hello");
}

/// A client that spins on one offset: `Client.cpp:16321-16338`.
#[test]
fn a_spinning_poller_is_slowed_down() {
    let mut stage = Stage::new();
    assert_eq!(stage.ask("getUpdates", &json!({}))["result"], json!([]));
    stage.wait(1000);
    let held = stage.send("getUpdates", &json!({}));
    stage.wait(2999);
    assert_eq!(stage.answer(held), None);
    stage.wait(1);
    assert_eq!(stage.answer(held).unwrap().0, START + 4000);
    stage.say("Ada", "one");
    stage.say("Ada", "two");
    stage.wait(3000);
    let both = stage.ask("getUpdates", &json!({}));
    assert_eq!(both["result"].as_array().unwrap().len(), 2);
    stage.wait(400);
    let one = stage.ask("getUpdates", &json!({}));
    assert_eq!(one["result"].as_array().unwrap().len(), 1);
}

/// Lifecycle: `Client.cpp:9326-9343`, `12641-12645`, `16286-16288`; `ClientManager.cpp:94-96`, `138-152`.
#[test]
fn logging_out_forgets_everything_and_closing_keeps_it() {
    let mut stage = Stage::new();
    stage.set_webhook();
    assert_eq!(
        stage.ask("close", &json!({})),
        json!({"ok": true, "result": true})
    );
    let again = stage.ask("close", &json!({}));
    assert_eq!(
        again["description"],
        "Bad Request: the bot has already been closed"
    );
    assert_eq!(stage.info()["url"], URL, "restored with the next request");
    stage.ask("logOut", &json!({}));
    assert_eq!(stage.ask("getMe", &json!({}))["description"], "Logged out");
    stage.wait(1_800_000);
    assert_eq!(stage.info()["url"], "");
}

/// A revoked token: the webhook is gone, the queue stays (facts §9).
#[test]
fn a_new_token_starts_without_a_webhook_but_with_the_queue() {
    let mut stage = Stage::new();
    stage.set_webhook();
    stage.say("Ada", "hello");
    stage
        .telegram
        .add_bot("4242:ANOTHER_TOKEN", "onehook_bot", "Onehook");
    assert_eq!(
        stage.ask("getMe", &json!({}))["description"],
        "Unauthorized"
    );
    let response = stage.get("/bot4242:ANOTHER_TOKEN/getWebhookInfo");
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(body["result"]["url"], "");
    assert_eq!(body["result"]["pending_update_count"], 1);
}
