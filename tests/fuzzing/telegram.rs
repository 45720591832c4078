//! What Telegram answers: results, refusals, and the webhook as it sees it.

use onehook::delivery::outbox::{CallState, PlannedCall};
use onehook::json::text_of;
use onehook::plan::{OnAmbiguity, Plan};
use onehook::secret::Secret;
use onehook::telegram::Telegram;
use onehook::telegram::refusal::{CallError, Refusal};
use onehook::telegram::webhook_info::{WantedWebhook, WebhookInfo};
use serde_json::{Value, json};

use crate::fuzzing::stage::{Ports, Stage, answer};
use crate::fuzzing::witness::{Witness, is_json_for_some};

const POLICIES: [OnAmbiguity; 3] = [OnAmbiguity::Repeat, OnAmbiguity::Resend, OnAmbiguity::Park];

/// An answer of Telegram as a line: the status, a space, the body. It is understood as `serde_json` understands it.
pub fn telegram_answer(data: &[u8]) {
    if data.contains(&b'\n') || data.len() < 4 {
        return; // lines are how the stage is told its answers
    }
    let outcome = call(data);
    if let Err(error) = &outcome {
        assert!(!error.to_string().contains("CANARY"), "the token shows");
    }
    let answer = answer(data);
    let body = answer.body.as_slice();
    let Some(witness) = Witness::of(body) else {
        let not_understood = matches!(outcome, Err(CallError::NotUnderstood { .. }));
        return assert!(not_understood || is_json_for_some(body));
    };
    if !witness.is_unambiguous || witness.depth > 100 {
        return;
    }
    let value = &witness.value;
    match (value["ok"].as_bool(), &value["result"]) {
        (Some(true), result) if !result.is_null() => {
            let text = outcome.expect("a result");
            assert_eq!(&serde_json::from_str::<Value>(&text).expect("JSON"), result);
        }
        (Some(false), _) => match outcome {
            Err(CallError::Refused(refusal)) => check_refusal(&refusal, answer.status, value),
            other => panic!("a refusal, not {other:?}"),
        },
        _ => assert!(matches!(outcome, Err(CallError::NotUnderstood { .. }))),
    }
}

/// A refusal in lines: the status, how long to wait, the description. What becomes of a call depends on nothing else.
pub fn refusal(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let code = next().parse::<u16>().unwrap_or(400);
    let retry_after = serde_json::from_str::<Value>(next()).unwrap_or_default();
    let description = next();
    let envelope = json!({
        "ok": false, "error_code": code, "description": description, "parameters": {"retry_after": retry_after},
    });
    let Err(error) = call(format!("200 {envelope}").as_bytes()) else {
        panic!("Telegram said no");
    };
    let CallError::Refused(refusal) = &error else {
        panic!("a refusal, not {error:?}");
    };
    check_refusal(refusal, 200, &envelope);
    for policy in POLICIES {
        let mut plan = Plan::new();
        plan.call_raw("aMethod", &json!({}), policy);
        let mut call = PlannedCall::new(plan.calls()[0].clone());
        call.begin();
        call.ended(Err(error.clone()), 20);
        check_fate(&call, refusal, policy);
    }
}

/// What `getWebhookInfo` answers is read field by field, and a wish survives being written down.
pub fn webhook_info(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let info = WebhookInfo::of(text);
    let witness = Witness::of(data);
    if let Some(witness) = &witness {
        assert_eq!(info.is_ok(), witness.value.is_object());
    }
    let Ok(info) = info else { return };
    if let Some(witness) = witness.filter(|witness| witness.is_unambiguous) {
        check_webhook_info(&info, &witness.value);
    }
    let Some(wanted) = WantedWebhook::of(text) else {
        return;
    };
    let written = text_of(&wanted);
    assert_eq!(WantedWebhook::of(&written).as_ref(), Some(&wanted));
    // Where Telegram has just what was asked for, nothing differs.
    let echo = WebhookInfo::of(&written).expect("an object");
    assert_eq!(wanted.differences(&echo), []);
    for difference in wanted.differences(&info) {
        assert_ne!(difference.wanted, difference.actual);
    }
}

fn call(answer: &[u8]) -> Result<String, CallError> {
    let token = Secret::new("4242:CANARY".to_owned());
    let stage = Stage::new(b"", answer);
    let ports = Ports(stage.clone());
    let telegram = Telegram::new(ports, "https://api.telegram.org", token);
    stage.wait(telegram.call_raw("aMethod", "{}"))
}

fn check_refusal(refusal: &Refusal, status: u16, envelope: &Value) {
    let code = envelope["error_code"]
        .as_i64()
        .and_then(|code| u16::try_from(code).ok());
    assert_eq!(refusal.code, code.unwrap_or(status));
    let description = envelope["description"].as_str().unwrap_or_default();
    assert_eq!(refusal.description, description);
    let pause = envelope["parameters"]["retry_after"].as_i64();
    assert_eq!(
        refusal.retry_after,
        pause.map(|seconds| seconds.clamp(0, 3600))
    );
    let chat = envelope["parameters"]["migrate_to_chat_id"].as_i64();
    assert_eq!(refusal.migrate_to_chat_id.map(|chat| chat.0), chat);
}

fn check_fate(call: &PlannedCall, refusal: &Refusal, policy: OnAmbiguity) {
    let waits = |tries: i64, wait_ms_max: i64| {
        assert_eq!((call.state, call.tries), (CallState::Wait, tries));
        assert!((1_000..=wait_ms_max).contains(&call.wait_ms));
    };
    match (refusal.code, policy) {
        (429, _) => waits(0, 3_600_000),
        (400..500, _) => assert!(matches!(call.state, CallState::Sent | CallState::Failed)),
        (_, OnAmbiguity::Park) => assert_eq!(call.state, CallState::Parked),
        _ => waits(1, 120_000),
    }
    if call.state != CallState::Sent {
        let error = call.error.as_deref().unwrap_or_default();
        assert!(error.contains(&refusal.description), "Telegram's own words");
    }
}

fn check_webhook_info(info: &WebhookInfo, value: &Value) {
    let text = |name: &str| value[name].as_str();
    assert_eq!(info.url, text("url").unwrap_or_default());
    assert_eq!(info.ip_address.as_deref(), text("ip_address"));
    let pending = value["pending_update_count"].as_i64();
    assert_eq!(info.pending_update_count, pending.unwrap_or_default());
    assert_eq!(info.max_connections, value["max_connections"].as_i64());
    assert_eq!(
        info.last_error_message.as_deref(),
        text("last_error_message")
    );
    let kinds = value["allowed_updates"].as_array();
    let kinds = kinds.and_then(|kinds| kinds.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    let ours = info.allowed_updates.as_ref();
    let ours = ours.map(|kinds| kinds.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(ours, kinds);
}
