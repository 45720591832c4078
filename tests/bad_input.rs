//! Bad input, door to door: too large, hostile, with strange numbers, with SQL in every text, and old requests repeated.

use onehook::webhook::Verdict;
use serde_json::{Value, json};

use crate::test_bot::{START, TestBot};

const MIB: usize = 1 << 20;

/// What people write who hope that somebody puts statements together from texts.
const INJECTIONS: [&str; 8] = [
    "'; DROP TABLE inbox; --",
    "1); DELETE FROM session; --",
    "x' OR '1'='1",
    "\"; UPDATE inbox SET state = 'done'; --",
    "%' UNION SELECT secret FROM webhook --",
    "?1 ?2 :name @name $name {} %s",
    "\\'; ATTACH 'x' AS y; --",
    "x /* */ ; PRAGMA writable_schema = 1",
];

/// Every table with the number of its columns: whatever came in, none is gone and none is new.
fn tables(bot: &TestBot) -> String {
    bot.database.value(
        "SELECT group_concat(name || ':' || columns) FROM (SELECT name, (SELECT count(*) FROM pragma_table_info(name)) AS columns \
         FROM sqlite_schema WHERE type = 'table' ORDER BY name)",
    )
}

fn state(bot: &TestBot) -> String {
    bot.database
        .value("SELECT state FROM inbox ORDER BY seq DESC LIMIT 1")
}

/// The bot answers whoever writes next.
#[track_caller]
fn still_answers(bot: &TestBot) {
    let before = bot.calls("sendMessage");
    bot.person("Ada").says("/ping");
    assert_eq!(bot.calls("sendMessage"), before + 1);
    assert_eq!(state(bot), "done");
}

/// A message of somebody who is not Ada.
fn message(update_id: i64, text: &str) -> Value {
    json!({"update_id": update_id, "message": {
        "message_id": 1, "date": START / 1000, "text": text,
        "from": {"id": 2002, "is_bot": false, "first_name": "Eve"}, "chat": {"id": 2002, "type": "private"},
    }})
}

/// A message of exactly so many bytes.
fn message_of(bytes: usize) -> Vec<u8> {
    let empty = message(1, "").to_string().len();
    message(1, &"x".repeat(bytes - empty))
        .to_string()
        .into_bytes()
}

fn post_announcing(bot: &TestBot, bytes: usize, body: &[u8]) -> (u16, bool) {
    let (secret, bytes) = (bot.secret(), bytes.to_string());
    let headers = [
        ("x-telegram-bot-api-secret-token", secret.as_str()),
        ("content-length", &bytes),
    ];
    let (reply, was_read) = bot.visit("POST", "/webhook", &headers, body);
    (reply.status, was_read)
}

#[test]
fn oversize_one_byte_over_a_mebibyte_is_refused_by_its_header_and_by_its_bytes() {
    let bot = TestBot::new();
    assert_eq!(post_announcing(&bot, MIB + 1, b"{}"), (413, false));
    let body = message_of(MIB + 1);
    assert_eq!(body.len(), MIB + 1);
    assert_eq!(bot.post(&body).status, 413);
    assert_eq!(
        post_announcing(&bot, 5, &body),
        (413, true),
        "a header that lies"
    );
    assert_eq!(post_announcing(&bot, usize::MAX, b"{}").0, 413);
    assert_eq!(bot.database.value("SELECT count(*) FROM inbox"), "0");
    still_answers(&bot);
}

#[test]
fn oversize_exactly_a_mebibyte_is_kept_and_answered() {
    let bot = TestBot::new();
    let body = message_of(MIB);
    assert_eq!(post_announcing(&bot, MIB, &body), (200, true));
    assert_eq!(state(&bot), "done");
    assert_eq!(
        bot.database.value("SELECT length(body) FROM inbox"),
        MIB.to_string()
    );
    still_answers(&bot);
}

#[test]
fn oversize_a_wish_of_the_operator_has_a_limit_too() {
    let bot = TestBot::new();
    let wish = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
    assert_eq!(
        bot.operator()
            .put("/admin/webhook", &wish(64 * 1024))
            .status,
        200
    );
    let refused = bot.operator().put("/admin/webhook", &wish(64 * 1024 + 1));
    assert_eq!(refused.status, 400);
    assert!(
        refused.body.contains("larger than 64 KiB"),
        "{}",
        refused.body
    );
}

/// Bodies two readers would understand differently, with what the operator is told about each.
fn differentials() -> Vec<(&'static str, Vec<u8>)> {
    let deep = format!(
        r#"{{"update_id":1,"message":{{}},"ignored":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let texts: [(&str, &str); 7] = [
        (
            "is there twice",
            r#"{"update_id":1,"update_id":2,"message":{}}"#,
        ),
        (
            "is there twice",
            r#"{"update_id":1,"message":{},"update_id":1}"#,
        ),
        (
            "is there twice",
            r#"{"update_id":1,"\u0075pdate_id":2,"message":{}}"#,
        ),
        (
            "is there twice",
            r#"{"upd\u0061te\u005fid":1,"update_id":2,"message":{}}"#,
        ),
        (
            "half of a character",
            r#"{"update_id":1,"message":{"text":"\ud83d"}}"#,
        ),
        (
            "half of a character",
            r#"{"update_id":1,"message":{},"ignored":["\udc4d\ud83d"]}"#,
        ),
        (
            "half of a character",
            r#"{"update_id":1,"message":{"\uDFFF":1}}"#,
        ),
    ];
    let mut bodies: Vec<(&str, Vec<u8>)> = texts
        .into_iter()
        .map(|(why, text)| (why, text.as_bytes().to_vec()))
        .collect();
    bodies.push(("nested deeper", deep.into_bytes()));
    for bytes in [
        &b"\xff"[..],
        b"\xc3\x28",
        b"\xed\xa0\xbd",
        b"\xc0\xaf",
        b"\xf4\x90\x80\x80",
    ] {
        let body = [
            br#"{"update_id":1,"message":{},"ignored":""#,
            bytes,
            br#""}"#,
        ];
        bodies.push(("not UTF-8", body.concat()));
    }
    bodies
}

#[test]
fn hostile_json_is_quarantined_with_its_reason_and_the_next_update_is_answered() {
    for (why, body) in differentials() {
        let bot = TestBot::new();
        assert_eq!(bot.post(&body).status, 200, "{why}");
        assert_eq!(state(&bot), "quarantined", "{why}");
        let error = bot.database.value("SELECT error FROM inbox");
        assert!(error.contains(why), "{error}");
        assert_eq!(bot.calls("sendMessage"), 0);
        still_answers(&bot);
    }
}

#[test]
fn hostile_json_is_shown_to_the_operator_as_json() {
    let bot = TestBot::new();
    for (why, body) in differentials() {
        bot.post(&body);
        let id = bot
            .database
            .value("SELECT update_id FROM inbox ORDER BY seq DESC LIMIT 1");
        let shown = bot.operator().get(&format!("/admin/updates/{id}"));
        assert_eq!(shown.status, 200, "{why}");
        let shown: Result<Box<serde_json::value::RawValue>, _> = serde_json::from_str(&shown.body);
        assert!(shown.is_ok(), "{why}: {shown:?}");
    }
    let listed = bot.operator().get("/admin/updates?state=quarantined").body;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        listed["updates"].as_array().unwrap().len(),
        differentials().len()
    );
}

#[test]
fn numbers_that_are_no_update_id_are_quarantined() {
    let bot = TestBot::new();
    let bad = [
        "9007199254740992",
        "9223372036854775807",
        "9223372036854775808",
        "1e400",
        "-1",
        "-0",
        "-9007199254740991",
        "1.0",
        "1.5",
        "1e3",
        "\"1\"",
        "\"\"",
        "true",
        "null",
        "[1]",
        "{}",
    ];
    for id in bad {
        let body = format!(r#"{{"update_id":{id},"message":{{"text":"/ping"}}}}"#);
        assert_eq!(bot.post(body.as_bytes()).status, 200, "{id}");
        assert_eq!(state(&bot), "quarantined", "{id}");
    }
    let kept = bot.database.value("SELECT count(*) FROM inbox");
    assert_eq!(kept, bad.len().to_string());
    still_answers(&bot);
}

#[test]
fn numbers_up_to_the_largest_a_double_holds_are_kept_as_they_are() {
    let bot = TestBot::new();
    let largest = (1_i64 << 53) - 1;
    for id in [0, 1, 1 << 31, 1 << 32, largest] {
        assert_eq!(
            bot.post(message(id, "/ping").to_string().as_bytes()).status,
            200
        );
        assert_eq!(state(&bot), "done");
        let newest = "SELECT update_id FROM inbox ORDER BY seq DESC LIMIT 1";
        assert_eq!(bot.database.value(newest), id.to_string());
    }
    assert_eq!(bot.calls("sendMessage"), 5);
    let shown = bot.operator().get(&format!("/admin/updates/{largest}"));
    assert!(shown.body.contains(&largest.to_string()), "{}", shown.body);
}

#[test]
fn numbers_of_chats_and_people_that_no_double_holds_hurt_nobody() {
    let bot = TestBot::new();
    for (place, id) in [
        "9007199254740993",
        "-9223372036854775808",
        "1e3",
        "1.5",
        "\"2002\"",
        "-0",
    ]
    .into_iter()
    .enumerate()
    {
        let body = format!(
            r#"{{"update_id":{},"message":{{"message_id":{id},"date":{id},"message_thread_id":{id},"is_topic_message":true,
               "text":"/ping","from":{{"id":{id},"is_bot":false,"first_name":"Eve"}},"chat":{{"id":{id},"type":"private"}}}}}}"#,
            place + 1
        );
        assert_eq!(bot.post(body.as_bytes()).status, 200, "{id}");
        assert!(["done", "expired"].contains(&state(&bot).as_str()), "{id}");
    }
    still_answers(&bot);
}

#[test]
fn d1_injection_in_every_text_of_an_update_comes_back_as_it_was() {
    let bot = TestBot::new();
    let before = tables(&bot);
    for (place, text) in INJECTIONS.into_iter().enumerate() {
        let id = i64::try_from(place).unwrap() * 10 + 1;
        let person = json!({"id": 2002, "is_bot": false, "first_name": text, "last_name": text, "username": text, "language_code": text});
        let chat = json!({"id": 2002, "type": text, "title": text, "username": text});
        let said = json!({"message_id": 1, "date": START / 1000, "from": person, "chat": chat, "text": text});
        let pressed = json!({"id": text, "from": person, "message": said, "data": text, "chat_instance": text});
        let bodies = [
            json!({"update_id": id, "message": said}),
            json!({"update_id": id + 1, "callback_query": pressed}),
            json!({"update_id": id + 2, "poll": {"id": text}}),
            json!({"update_id": id + 3, text: {"text": text}}),
        ];
        for body in bodies {
            let body = body.to_string();
            assert_eq!(bot.post(body.as_bytes()).status, 200, "{body}");
            let newest = "SELECT body FROM inbox ORDER BY seq DESC LIMIT 1";
            assert_eq!(bot.database.value(newest), body);
            assert_eq!(state(&bot), "done", "{body}");
        }
    }
    assert_eq!(tables(&bot), before);
    let kept = bot.database.value("SELECT count(*) FROM inbox");
    assert_eq!(kept, (INJECTIONS.len() * 4).to_string());
    still_answers(&bot);
}

#[test]
fn d1_injection_in_a_conversation_reaches_the_owner_word_for_word() {
    let bot = TestBot::new();
    let before = tables(&bot);
    for text in INJECTIONS {
        let eve = bot.person("Eve");
        eve.says("/feedback");
        eve.says(text);
        eve.presses(eve.last_message_with_buttons(), 1);
        let copied = bot.calls_of("copyMessage");
        let transcript = bot.telegram.transcript(0);
        assert!(!copied.is_empty());
        assert!(
            transcript
                .iter()
                .any(|entry| entry["who"] == "bot" && entry["text"] == text),
            "{text}"
        );
        bot.telegram.advance(3_600_000); // or `/feedback` asks to wait
    }
    assert_eq!(tables(&bot), before);
    assert_eq!(bot.database.value("SELECT count(*) FROM session"), "1");
    still_answers(&bot);
}

#[test]
fn d1_injection_in_a_session_key_needs_numbers_and_there_are_only_numbers() {
    let bot = TestBot::new();
    for text in INJECTIONS {
        let person = json!({"id": text, "is_bot": false, "first_name": "Eve"});
        let chat = json!({"id": text, "type": "private"});
        let body = json!({"update_id": 1, "message": {"message_id": 1, "date": START / 1000, "from": person, "chat": chat, "text": "/feedback"}});
        assert_eq!(bot.post(body.to_string().as_bytes()).status, 200);
    }
    assert_eq!(bot.database.value("SELECT count(*) FROM session"), "0");
    bot.person("Eve").says("/feedback");
    let key = bot.database.value("SELECT key FROM session");
    assert!(
        key.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b':'),
        "{key}"
    );
}

#[test]
fn d1_injection_in_the_query_and_the_path_of_the_operator_changes_nothing() {
    let bot = TestBot::new();
    bot.person("Ada").says("/ping");
    let before = tables(&bot);
    for text in INJECTIONS {
        let encoded: Vec<String> = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let encoded = encoded.concat();
        for parameter in ["state", "limit", "before"] {
            for list in ["/admin/updates", "/admin/outbox"] {
                let reply = bot.operator().get(&format!("{list}?{parameter}={encoded}"));
                assert_eq!(reply.status, 400, "{list} {parameter}: {}", reply.body);
            }
        }
        for path in [
            format!("/admin/updates/{text}"),
            format!("/admin/updates/{encoded}"),
        ] {
            let status = bot.operator().get(&path).status;
            assert!(matches!(status, 400 | 404), "{path}: {status}");
        }
        for what in ["resend", "drop"] {
            let reply =
                bot.operator()
                    .sends("POST", &format!("/admin/outbox/1.0{encoded}/{what}"), "");
            assert!(matches!(reply.status, 400 | 404), "{}", reply.body);
        }
        let wish =
            json!({"url": format!("https://bot.example.com/{text}"), "allowed_updates": [text]});
        let refused = bot.operator().put("/admin/webhook", &wish.to_string());
        assert_eq!(refused.status, 400, "{}", refused.body);
    }
    assert_eq!(tables(&bot), before);
    assert_eq!(bot.database.value("SELECT count(*) FROM inbox"), "1");
    still_answers(&bot);
}

#[test]
fn replayed_post_older_than_a_day_is_expired_with_200_and_stays_so() {
    let bot = TestBot::new();
    let mut old = message(1, "/ping");
    old["message"]["date"] = json!(START / 1000 - 25 * 3600 - 60);
    let body = old.to_string();
    for _ in 0..2 {
        assert_eq!(bot.post(body.as_bytes()).status, 200);
        assert_eq!(state(&bot), "expired");
    }
    assert_eq!(bot.database.value("SELECT count(*) FROM inbox"), "1");
    bot.telegram.advance(120_000);
    bot.tick();
    assert_eq!(bot.calls("sendMessage"), 0, "nobody is answered a day late");
    still_answers(&bot);
}

#[test]
fn replayed_post_after_the_update_was_forgotten_is_not_answered_again() {
    let bot = TestBot::new();
    let body = message(1, "/ping").to_string();
    assert_eq!(bot.post(body.as_bytes()).status, 200);
    assert_eq!(
        (bot.calls("sendMessage"), state(&bot).as_str()),
        (1, "done")
    );
    bot.database.execute("DELETE FROM inbox");
    bot.telegram.advance(26 * 3600 * 1000);
    assert_eq!(bot.post(body.as_bytes()).status, 200);
    assert_eq!(state(&bot), "expired");
    assert_eq!(bot.calls("sendMessage"), 1);
}

#[test]
fn replayed_post_of_something_edited_long_ago_is_no_replay() {
    let bot = TestBot::new();
    let mut edited = message(1, "/ping");
    let mut said = edited["message"].take();
    said["date"] = json!(START / 1000 - 40 * 24 * 3600);
    let body = json!({"update_id": 1, "edited_message": said}).to_string();
    assert_eq!(bot.post(body.as_bytes()).status, 200);
    assert_eq!(state(&bot), "done");
}

#[test]
fn no_verdict_tells_telegram_to_delete_the_webhook() {
    let verdicts = [
        Verdict::Refused,
        Verdict::TooLarge,
        Verdict::Unavailable,
        Verdict::Quarantined,
        Verdict::Waiting,
        Verdict::Repeated,
        Verdict::Queued,
        Verdict::Fed,
        Verdict::Done,
        Verdict::Answered("{}".to_owned()),
        Verdict::Expired,
        Verdict::Dead,
    ];
    for verdict in verdicts {
        let status = verdict.reply(0).status;
        assert!(
            [200, 401, 413, 503].contains(&status),
            "{verdict:?}: {status}"
        );
    }
}
