//! What a handler reads from the outside world before it plans.

use frankenstein::methods::SendMessageParams;
use onehook::language::Language;
use onehook::telegram::transport::Outgoing;
use onehook::telegram::update::Update;
use onehook::visit::Visit;
use pollster::block_on;
use serde_json::{Value, from_slice, json, to_value};

use crate::emulator::telegram::Request;
use crate::test_bot::{ALERT_URL, START, TOKEN, TestBot, message};

/// The visit of somebody who writes in a topic of a forum.
fn with_visit(bot: &TestBot, then: impl FnOnce(&Visit)) {
    let mut update: Value = from_slice(message(7, 1001, "/sum 1 2").as_bytes()).unwrap();
    update["message"]["message_thread_id"] = json!(5);
    update["message"]["is_topic_message"] = json!(true);
    let update = Update::parse(update.to_string().as_bytes()).unwrap();
    let app = bot.app();
    then(&Visit {
        update: &update,
        language: Language::English,
        owners: &[],
        now_ms: i64::try_from(START).unwrap(),
        username: None,
        outside: &app,
    });
}

/// The id of a file that holds this.
fn file_of(bot: &TestBot, bytes: &str) -> String {
    bot.person("Ada").says("here it comes");
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n1001\r\n--b\r\nContent-Disposition: form-data; \
         name=\"document\"; filename=\"a.txt\"\r\n\r\n{bytes}\r\n--b--\r\n"
    );
    let content_type = "multipart/form-data; boundary=b".to_owned();
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/bot{TOKEN}/sendDocument"),
        headers: vec![("Content-Type".to_owned(), content_type)],
        body: body.into_bytes(),
    };
    let sent = bot.telegram.call(request, 1_000).unwrap();
    let sent: Value = from_slice(&sent.body).unwrap();
    let id = &sent["result"]["document"]["file_id"];
    id.as_str().unwrap().to_owned()
}

#[test]
fn a_file_that_somebody_sent_is_downloaded() {
    let bot = TestBot::new();
    let id = file_of(&bot, "one two");
    with_visit(&bot, |visit| {
        let file = block_on(visit.file(&id));
        assert_eq!(file.as_deref(), Some(&b"one two"[..]));
    });
}

#[test]
fn a_file_that_is_not_to_be_had_is_none() {
    let bot = TestBot::new();
    let id = file_of(&bot, "one two");
    with_visit(&bot, |visit| {
        assert_eq!(block_on(visit.file("no such file")), None);
        bot.fault("getFile", 1, "reset_before");
        assert_eq!(block_on(visit.file(&id)), None);
        assert!(block_on(visit.file(&id)).is_some(), "and then it is");
    });
}

#[test]
fn something_is_fetched_over_http() {
    let bot = TestBot::new();
    with_visit(&bot, |visit| {
        let request = Outgoing {
            method: "POST",
            url: ALERT_URL.to_owned(),
            content_type: Some("text/plain"),
            body: b"how are you?".to_vec(),
            timeout_ms: 1_000,
        };
        assert_eq!(block_on(visit.fetch(request)).unwrap().status, 200);
    });
    assert_eq!(*bot.posts.borrow(), ["how are you?"]);
}

#[test]
fn a_message_can_become_one_with_everything_that_the_bot_api_knows() {
    let bot = TestBot::new();
    with_visit(&bot, |visit| {
        assert_eq!(visit.text(), "/sum 1 2");
        let message = visit.message("3");
        let small = to_value(&message).unwrap();
        let mut large = SendMessageParams::from(message);
        assert_eq!(to_value(&large).unwrap(), small);
        assert_eq!(
            small,
            json!({"chat_id": 1001, "message_thread_id": 5, "text": "3"})
        );
        large.disable_notification = Some(true);
        assert_eq!(to_value(&large).unwrap()["disable_notification"], true);
    });
}
