//! What the emulator promises of the methods: Telegram's texts and realistic messages.

use serde_json::{Value, json};

use super::stage::{START, Stage, TOKEN};
use super::telegram::Request;

const NOT_MODIFIED: &str = "Bad Request: message is not modified: specified new message content and reply markup \
are exactly the same as a current content and reply markup of the message";

fn check(stage: &mut Stage, method: &str, parameters: &Value, description: &str) {
    let answer = stage.ask(method, parameters);
    assert_eq!(answer["description"], description, "{method} {parameters}");
}

/// The texts of `Client.cpp`, as clients know them.
#[test]
fn refusals_have_telegrams_words() {
    let mut stage = Stage::new();
    stage.say("Ada", "hello");
    let long = "ї".repeat(4097);
    let big_data = json!({"inline_keyboard": [[{"text": "x", "callback_data": "d".repeat(65)}]]});
    let cases = [
        (
            "sendMessage",
            json!({"text": "hi"}),
            "Bad Request: chat_id is empty",
        ),
        (
            "sendMessage",
            json!({"chat_id": 7, "text": "hi"}),
            "Bad Request: chat not found",
        ),
        (
            "sendMessage",
            json!({"chat_id": "@nobody", "text": "hi"}),
            "Bad Request: chat not found",
        ),
        (
            "sendMessage",
            json!({"chat_id": 1001, "text": " \n"}),
            "Bad Request: message text is empty",
        ),
        (
            "sendMessage",
            json!({"chat_id": 1001}),
            "Bad Request: message text is empty",
        ),
        (
            "sendMessage",
            json!({"chat_id": 1001, "text": long}),
            "Bad Request: message is too long",
        ),
        (
            "sendMessage",
            json!({"chat_id": 1001, "text": "hi", "reply_parameters": {"message_id": 77}}),
            "Bad Request: message to be replied not found",
        ),
        (
            "sendMessage",
            json!({"chat_id": 1001, "text": "hi", "reply_markup": big_data}),
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            "sendMessage",
            json!({"chat_id": 1001, "text": "1 < 2", "parse_mode": "HTML"}),
            "Bad Request: can't parse entities: Unclosed start tag at byte offset 2",
        ),
        (
            "editMessageText",
            json!({"chat_id": 1001, "message_id": 77, "text": "x"}),
            "Bad Request: message to edit not found",
        ),
        (
            "editMessageText",
            json!({"chat_id": 1001, "message_id": 1, "text": "x"}),
            "Bad Request: message can't be edited",
        ),
        (
            "deleteMessage",
            json!({"chat_id": 1001, "message_id": 77}),
            "Bad Request: message to delete not found",
        ),
    ];
    for (method, parameters, description) in cases {
        check(&mut stage, method, &parameters, description);
    }
    let fits = "ї".repeat(4096);
    assert_eq!(
        stage.ask("sendMessage", &json!({"chat_id": 1001, "text": fits}))["ok"],
        true
    );
}

/// The texts of `Client.cpp`, as clients know them.
#[test]
fn what_is_not_there_is_refused_in_telegrams_words() {
    let mut stage = Stage::new();
    stage.say("Ada", "hello");
    let cases = [
        (
            "forwardMessage",
            json!({"chat_id": 1001, "from_chat_id": 1001, "message_id": 77}),
            "Bad Request: message to forward not found",
        ),
        (
            "copyMessage",
            json!({"chat_id": 1001, "from_chat_id": 1001, "message_id": 77}),
            "Bad Request: message to copy not found",
        ),
        (
            "sendPhoto",
            json!({"chat_id": 1001, "photo": "unknown"}),
            "Bad Request: wrong file identifier/HTTP URL specified",
        ),
        (
            "sendDocument",
            json!({"chat_id": 1001}),
            "Bad Request: there is no document in the request",
        ),
        (
            "getFile",
            json!({"file_id": "unknown"}),
            "Bad Request: invalid file_id",
        ),
        (
            "answerCallbackQuery",
            json!({"callback_query_id": "1"}),
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
        ),
    ];
    for (method, parameters, description) in cases {
        check(&mut stage, method, &parameters, description);
    }
}

#[test]
fn a_blocked_bot_cannot_write_and_learns_of_it() {
    let mut stage = Stage::new();
    stage.say("Ada", "hello");
    let blocked = stage.act(&json!({"person": "Ada", "act": "block"}));
    assert_eq!(blocked["update_id"], 101);
    let send = json!({"chat_id": 1001, "text": "hi"});
    check(
        &mut stage,
        "sendMessage",
        &send,
        "Forbidden: bot was blocked by the user",
    );
    stage.act(&json!({"person": "Ada", "act": "unblock"}));
    assert_eq!(stage.ask("sendMessage", &send)["ok"], true);
    let updates = stage.ask("getUpdates", &json!({}));
    let change = &updates["result"][1]["my_chat_member"];
    assert_eq!(change["new_chat_member"]["status"], "kicked");
}

#[test]
fn a_message_looks_like_telegrams() {
    let mut stage = Stage::new();
    stage.act(&json!({"person": "Ada", "act": "say", "text": "ой /start@onehook_bot now", "language_code": "uk"}));
    let updates = stage.ask("getUpdates", &json!({}));
    let expected = json!({
        "message_id": 1,
        "date": START / 1000,
        "from": {"id": 1001, "is_bot": false, "first_name": "Ada", "username": "ada", "language_code": "uk"},
        "chat": {"id": 1001, "type": "private", "first_name": "Ada", "username": "ada"},
        "text": "ой /start@onehook_bot now",
        "entities": [{"type": "bot_command", "offset": 3, "length": 18}],
    });
    assert_eq!(updates["result"][0]["message"], expected);
}

#[test]
fn a_press_carries_the_message_and_its_query_can_be_answered_in_time() {
    let mut stage = Stage::new();
    stage.say("Ada", "/start");
    let keyboard = json!({"inline_keyboard": [[{"text": "No", "callback_data": "no"}, {"text": "Yes", "callback_data": "yes"}]]});
    stage.ask(
        "sendMessage",
        &json!({"chat_id": 1001, "text": "Sure?", "reply_markup": keyboard}),
    );
    stage.act(&json!({"person": "Ada", "act": "press", "message_id": 2, "button": 2}));
    stage.act(&json!({"person": "Ada", "act": "press", "message_id": 2, "button": "no"}));
    let updates = stage.ask("getUpdates", &json!({}));
    let query = updates["result"][1]["callback_query"].clone();
    assert_eq!(query["data"], "yes");
    assert_eq!(query["message"]["reply_markup"], keyboard);
    assert_eq!(updates["result"][2]["callback_query"]["data"], "no");
    let answer = json!({"callback_query_id": query["id"], "text": "noted"});
    assert_eq!(stage.ask("answerCallbackQuery", &answer)["result"], true);
    stage.wait(150_001);
    let late = stage.ask("answerCallbackQuery", &answer);
    assert_eq!(
        late["description"],
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    );
}

#[test]
fn an_edit_must_change_something() {
    let mut stage = Stage::new();
    stage.say("Ada", "/start");
    stage.ask("sendMessage", &json!({"chat_id": 1001, "text": "one"}));
    let edit = json!({"chat_id": 1001, "message_id": 2, "text": "two"});
    stage.wait(5000);
    let edited = stage.ask("editMessageText", &edit)["result"].clone();
    assert_eq!(
        (&edited["text"], &edited["edit_date"]),
        (&json!("two"), &json!(START / 1000 + 5))
    );
    check(&mut stage, "editMessageText", &edit, NOT_MODIFIED);
    let markup = json!({"chat_id": 1001, "message_id": 2});
    check(&mut stage, "editMessageReplyMarkup", &markup, NOT_MODIFIED);
}

#[test]
fn html_becomes_entities() {
    let mut stage = Stage::new();
    stage.say("Ada", "/start");
    let text = "🦔 <b>bold &amp; <i>both</i></b> <a href=\"https://example.org/\">link</a>";
    let sent = stage.ask(
        "sendMessage",
        &json!({"chat_id": 1001, "text": text, "parse_mode": "HTML"}),
    );
    assert_eq!(sent["result"]["text"], "🦔 bold & both link");
    let expected = json!([
        {"type": "bold", "offset": 3, "length": 11},
        {"type": "italic", "offset": 10, "length": 4},
        {"type": "text_link", "offset": 15, "length": 4, "url": "https://example.org/"},
    ]);
    assert_eq!(sent["result"]["entities"], expected);
}

#[test]
fn a_reply_in_a_group_shows_the_bots_message_with_its_buttons() {
    let mut stage = Stage::new();
    let said =
        stage.act(&json!({"person": "Ada", "act": "say", "chat": "Friends", "text": "/start"}));
    assert_eq!(said["message_id"], 1);
    let keyboard = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]});
    let chat = -1_000_000_000_001_i64;
    stage.ask(
        "sendMessage",
        &json!({"chat_id": chat, "text": "Sure?", "reply_markup": keyboard}),
    );
    let reply =
        json!({"person": "Ada", "act": "say", "chat": "Friends", "text": "yes", "reply_to": 2});
    stage.act(&reply);
    let updates = stage.ask("getUpdates", &json!({"offset": -1}));
    let message = &updates["result"][0]["message"];
    assert_eq!(
        message["chat"],
        json!({"id": chat, "type": "supergroup", "title": "Friends"})
    );
    assert_eq!(message["reply_to_message"]["reply_markup"], keyboard);
    assert_eq!(
        message["reply_to_message"]["from"]["username"],
        "onehook_bot"
    );
}

#[test]
fn a_forward_names_its_origin_and_a_copy_does_not() {
    let mut stage = Stage::new();
    stage.say("Ada", "secret");
    stage.say("Bob", "hello");
    let call = json!({"chat_id": 1002, "from_chat_id": 1001, "message_id": 1});
    let forwarded = stage.ask("forwardMessage", &call);
    assert_eq!(
        forwarded["result"]["forward_origin"]["sender_user"]["first_name"],
        "Ada"
    );
    let copied = stage.ask("copyMessage", &call);
    assert_eq!(copied["result"], json!({"message_id": 4}));
    let lines = stage.telegram.transcript(2);
    let heard: Vec<&Value> = lines.iter().map(|line| &line["text"]).collect();
    assert_eq!(heard, ["secret", "secret"]);
}

#[test]
fn an_uploaded_file_can_be_fetched_again() {
    let mut stage = Stage::new();
    stage.say("Ada", "hello");
    let body = "--b\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n1001\r\n--b\r\n\
        Content-Disposition: form-data; name=\"document\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n\
        one\r\ntwo\r\n--b--\r\n";
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/bot{TOKEN}/sendDocument"),
        headers: vec![(
            "Content-Type".to_owned(),
            "multipart/form-data; boundary=b".to_owned(),
        )],
        body: body.as_bytes().to_vec(),
    };
    let sent = stage.ask_with(request);
    let document = &sent["result"]["document"];
    assert_eq!(
        (&document["file_name"], &document["file_size"]),
        (&json!("a.txt"), &json!(8))
    );
    let file = stage.ask("getFile", &json!({"file_id": document["file_id"]}));
    let path = file["result"]["file_path"].as_str().unwrap();
    assert_eq!(
        stage.get(&format!("/file/bot{TOKEN}/{path}")).body,
        b"one\r\ntwo"
    );
    assert_eq!(stage.get(&format!("/file/bot{TOKEN}/no/such")).status, 404);
    let again = json!({"chat_id": 1001, "document": document["file_id"]});
    assert_eq!(stage.ask("sendDocument", &again)["ok"], true);
}

#[test]
fn a_photo_of_a_person_comes_in_two_sizes() {
    let mut stage = Stage::new();
    stage.act(&json!({"person": "Ada", "act": "photo", "file_id": "my-photo", "caption": "look"}));
    let updates = stage.ask("getUpdates", &json!({}));
    let message = &updates["result"][0]["message"];
    assert_eq!(message["photo"][1]["file_id"], "my-photo");
    assert_eq!(
        (
            message["photo"].as_array().unwrap().len(),
            &message["caption"]
        ),
        (2, &json!("look"))
    );
    assert_eq!(stage.telegram.transcript(0)[0]["text"], "[photo] look");
    let sent = stage.ask("sendPhoto", &json!({"chat_id": 1001, "photo": "my-photo"}));
    assert_eq!(sent["ok"], true);
}

#[test]
fn arguments_are_read_from_query_and_form_and_json() {
    let mut stage = Stage::new();
    stage.say("Ada", "hello");
    let sent = stage.get(&format!(
        "/bot{TOKEN}/sendMessage?chat_id=1001&text=one%20%26+two"
    ));
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(body["result"]["text"], "one & two");
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/bot{TOKEN}/sendMessage?text=first"),
        headers: vec![(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        )],
        body: b"chat_id=1001&text=second".to_vec(),
    };
    assert_eq!(
        stage.ask_with(request)["result"]["text"],
        "first",
        "the query comes first"
    );
}

#[test]
fn commands_are_kept_for_each_language() {
    let mut stage = Stage::new();
    let commands = json!([{"command": "start", "description": "say hello"}]);
    stage.ask("setMyCommands", &json!({"commands": commands}));
    assert_eq!(stage.ask("getMyCommands", &json!({}))["result"], commands);
    assert_eq!(
        stage.ask("getMyCommands", &json!({"language_code": "uk"}))["result"],
        json!([])
    );
}

#[test]
fn small_methods_leave_their_mark() {
    let mut stage = Stage::new();
    stage.say("Ada", "hello");
    for (method, parameters) in [
        (
            "sendChatAction",
            json!({"chat_id": 1001, "action": "typing"}),
        ),
        (
            "setMessageReaction",
            json!({"chat_id": 1001, "message_id": 1}),
        ),
        ("pinChatMessage", json!({"chat_id": 1001, "message_id": 1})),
        ("deleteMessage", json!({"chat_id": 1001, "message_id": 1})),
    ] {
        assert_eq!(stage.ask(method, &parameters)["result"], true, "{method}");
    }
    assert_eq!(
        stage.ask("getChat", &json!({"chat_id": 1001}))["result"]["type"],
        "private"
    );
    let lines = stage.telegram.transcript(1);
    let seen: Vec<&Value> = lines.iter().map(|line| &line["what"]).collect();
    assert_eq!(seen, ["action", "delete"]);
}

#[test]
fn the_chat_of_an_injected_message_can_be_written_to() {
    let mut stage = Stage::new();
    for chat in [77, -1_000_000_000_777_i64] {
        let message = json!({"message_id": 9, "date": 5, "chat": {"id": chat, "type": "private"}, "text": "hi"});
        stage.act(&json!({"act": "update", "update": {"message": message}}));
        let call = json!({"chat_id": chat, "text": "hello", "reply_parameters": {"message_id": 9}});
        assert_eq!(stage.ask("sendMessage", &call)["result"]["message_id"], 10);
    }
    assert_eq!(stage.say("Ada", "hi")["message_id"], 11);
    assert_eq!(
        stage.ask("getChat", &json!({"chat_id": 1001}))["result"]["first_name"],
        "Ada"
    );
}

#[test]
fn an_injected_inline_query_can_be_answered() {
    let mut stage = Stage::new();
    let query = json!({"id": "900", "from": {"id": 5}, "query": "x", "offset": ""});
    let injected =
        stage.act(&json!({"act": "update", "update": {"inline_query": query}, "update_id": 555}));
    assert_eq!(injected["update_id"], 555);
    let answer = json!({"inline_query_id": "900", "results": []});
    assert_eq!(stage.ask("answerInlineQuery", &answer)["result"], true);
    assert_eq!(stage.say("Ada", "next")["update_id"], 556);
}
