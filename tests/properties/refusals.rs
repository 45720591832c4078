//! What Telegram answers: what is a refusal, what it means, and how long it asks to wait.

use onehook::secret::Secret;
use onehook::telegram::Telegram;
use onehook::telegram::ids::ChatId;
use onehook::telegram::refusal::{CallError, Meaning, Refusal};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fuzzing::stage::{Ports, Stage};
use crate::properties::given;

/// What a call brings where Telegram answers so.
fn call(status: u16, body: &str) -> Result<String, CallError> {
    let stage = Stage::new(
        b"",
        format!("{status} {}", body.replace('\n', " ")).as_bytes(),
    );
    let token = Secret::new("4242:CANARY".to_owned());
    let telegram = Telegram::new(Ports(stage.clone()), "https://api.telegram.org", token);
    stage.wait(telegram.call_raw("aMethod", "{}"))
}

fn refusal(status: u16, envelope: &Value) -> Refusal {
    match call(status, &envelope.to_string()) {
        Err(CallError::Refused(refusal)) => *refusal,
        other => panic!("a refusal, not {other:?}"),
    }
}

fn status() -> impl Strategy<Value = u16> {
    100_u16..1000
}

/// Codes that Telegram uses, and any others.
fn code() -> impl Strategy<Value = u16> {
    let telegrams = vec![400, 401, 403, 404, 409, 413, 429, 500, 502, 504];
    prop_oneof![prop::sample::select(telegrams), any::<u16>()]
}

proptest! {
    #[test]
    fn a_pause_is_believed_from_nothing_to_an_hour(seconds in prop_oneof![any::<i64>(), -5_i64..4000]) {
        let envelope = json!({"ok": false, "error_code": 429, "description": "x", "parameters": {"retry_after": seconds}});
        let believed = refusal(429, &envelope).retry_after.unwrap();
        prop_assert!((0..=3600).contains(&believed));
        if (0..=3600).contains(&seconds) {
            prop_assert_eq!(believed, seconds);
        }
    }

    #[test]
    fn a_pause_that_is_no_number_is_none(seconds in given::value().prop_filter("no number", |value| !value.is_i64())) {
        let envelope = json!({"ok": false, "error_code": 429, "parameters": {"retry_after": seconds}});
        prop_assert_eq!(refusal(429, &envelope).retry_after, None);
        let envelope = json!({"ok": false, "error_code": 429, "parameters": seconds});
        prop_assert_eq!(refusal(429, &envelope).retry_after, None);
    }

    #[test]
    fn the_code_is_telegrams_or_else_that_of_http(status in status(), code in prop::option::of(any::<i64>())) {
        let envelope = json!({"ok": false, "error_code": code, "description": "x"});
        let expected = code.and_then(|code| u16::try_from(code).ok()).unwrap_or(status);
        prop_assert_eq!(refusal(status, &envelope).code, expected);
    }

    #[test]
    fn a_refusal_is_told_in_telegrams_own_words(code in code(), description in given::text()) {
        let refusal = refusal(200, &json!({"ok": false, "error_code": code, "description": description}));
        prop_assert_eq!(&refusal.description, &description);
        let told = CallError::from(refusal).to_string();
        prop_assert_eq!(told, format!("Telegram refused `aMethod`: {description} ({code})"));
    }

    #[test]
    fn only_a_client_error_is_certain_to_have_done_nothing(code in code(), description in given::text(), chat in prop::option::of(given::chat())) {
        let envelope = json!({"ok": false, "error_code": code, "description": description, "parameters": {"migrate_to_chat_id": chat}});
        let meaning = refusal(200, &envelope).meaning();
        match code {
            429 => prop_assert_eq!(meaning, Meaning::Pause),
            400 if chat.is_some() => prop_assert_eq!(meaning, Meaning::Moved(ChatId(chat.unwrap()))),
            400..500 => prop_assert!(matches!(meaning, Meaning::No | Meaning::NothingToDo)),
            _ => prop_assert_eq!(meaning, Meaning::Unknown),
        }
    }

    #[test]
    fn nothing_to_do_is_what_telegram_says_about_three_things(
        before in "[a-zA-Z: ]{0,10}", says in "message is not modified|message to delete not found|query is too old|chat not found|not modified", after in "[a-z: ]{0,10}", code in 400_u16..500,
    ) {
        let description = format!("{before}{says}{after}");
        let meaning = refusal(200, &json!({"ok": false, "error_code": code, "description": description})).meaning();
        let is_harmless = says.len() > 14 && code == 400;
        prop_assert_eq!(meaning == Meaning::NothingToDo, is_harmless);
    }

    #[test]
    fn a_result_is_handed_on_as_it_came(result in given::value().prop_filter("a result", |value| !value.is_null()), status in status()) {
        let body = json!({"ok": true, "result": result}).to_string();
        let handed_on = call(status, &body).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&handed_on).unwrap(), result);
    }

    #[test]
    fn an_answer_of_anybody_else_leaves_the_outcome_open(status in status(), body in "[ -~]{0,40}") {
        prop_assume!(!body.contains("\"ok\""));
        let outcome = call(status, &body);
        let expected = CallError::NotUnderstood { method: "aMethod".to_owned(), status };
        prop_assert_eq!(outcome, Err(expected));
    }

    #[test]
    fn yes_is_the_word_true_and_a_result_with_it(ok in given::value().prop_filter("no flag", |value| !value.is_boolean()), result in given::value()) {
        let not_understood = |outcome: Result<String, CallError>| matches!(outcome, Err(CallError::NotUnderstood { .. }));
        assert!(not_understood(call(200, &json!({"ok": ok, "result": result}).to_string())));
        assert!(not_understood(call(200, &json!({"result": result}).to_string())));
        assert!(not_understood(call(200, "{\"ok\":true}")));
        assert!(not_understood(call(200, "{\"ok\":true,\"result\":null}")));
    }

    #[test]
    fn the_token_is_blamed_for_what_only_a_token_does(code in code(), description in "Not Found|Not Found: method not found|Unauthorized|Bad Request") {
        let refusal = refusal(200, &json!({"ok": false, "error_code": code, "description": description}));
        let is_unknown_bot = code == 404 && !description.contains("method");
        prop_assert_eq!(refusal.blames_the_token(), code == 401 || code == 421 || is_unknown_bot);
    }

    #[test]
    fn no_error_shows_the_token(status in status(), body in given::text()) {
        let shown = format!("{:?}", call(status, &body));
        prop_assert!(!shown.contains("CANARY"));
    }
}
