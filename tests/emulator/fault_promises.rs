//! What the emulator promises of faults, seen through the in-process door.

use serde_json::{Value, json};

use super::in_process::{InProcess, Lost};
use super::stage::{START, TOKEN, URL, call, response};
use super::telegram::{Delivered, Options, Response};

fn door() -> InProcess {
    let door = InProcess::new(Options {
        now: START,
        allow_http_and_loopback: true,
        ..Options::default()
    });
    door.add_bot(TOKEN, "onehook_bot", "Onehook");
    door.act(&json!({"person": "Ada", "act": "say", "text": "hello"}))
        .unwrap();
    door
}

fn send(door: &InProcess) -> Result<Response, Lost> {
    door.call(
        call("sendMessage", &json!({"chat_id": 1001, "text": "hi"})),
        10_000,
    )
}

/// How often the bot was heard in the chat.
fn heard(door: &InProcess) -> usize {
    door.transcript(1).len()
}

fn order(door: &InProcess, fault: &Value) {
    let order = json!({"on": "api", "method": "sendMessage", "fault": fault});
    door.fault(&order).unwrap();
}

#[test]
fn a_fault_hits_its_method_as_often_as_it_was_ordered() {
    let door = door();
    let fault = json!({"on": "api", "method": "sendMessage", "times": 2, "fault": {"status": 502}});
    door.fault(&fault).unwrap();
    assert_eq!(
        door.call(call("getMe", &json!({})), 1000).unwrap().status,
        200
    );
    assert_eq!(send(&door).unwrap().status, 502);
    let second = send(&door).unwrap();
    assert_eq!(
        second.body,
        br#"{"ok":false,"error_code":502,"description":"Bad Gateway"}"#
    );
    assert_eq!(send(&door).unwrap().status, 200);
    assert_eq!(heard(&door), 1);
}

#[test]
fn a_fault_may_hit_one_in_so_many_calls() {
    let door = door();
    let fault = json!({"on": "api", "times": 2, "every": 3, "fault": {"status": 502}});
    door.fault(&fault).unwrap();
    let statuses: Vec<u16> = (0..10).map(|_| send(&door).unwrap().status).collect();
    assert_eq!(statuses, [200, 200, 502, 200, 200, 502, 200, 200, 200, 200]);
    let never = json!({"on": "api", "every": 0, "fault": {"status": 502}});
    assert!(door.fault(&never).is_err());
}

#[test]
fn a_fault_may_hit_one_chat_only() {
    let door = door();
    for chat in [7, 1001] {
        let order = json!({"on": "api", "chat_id": chat, "fault": {"error": [500, "for one"]}});
        door.fault(&order).unwrap();
    }
    assert_eq!(
        door.call(call("getMe", &json!({})), 1000).unwrap().status,
        200
    );
    assert_eq!(send(&door).unwrap().status, 500);
    assert_eq!(send(&door).unwrap().status, 200);
}

#[test]
fn a_garbled_answer_is_whole_and_says_nothing() {
    for (fault, body) in [
        ("bad_json", "{\"ok\":true,\"result\":"),
        ("no_code", "{\"ok\":false}"),
    ] {
        let door = door();
        order(&door, &json!(fault));
        let answer = send(&door).unwrap();
        assert_eq!(answer.body, body.as_bytes());
        let length = answer
            .headers
            .iter()
            .find(|(name, _)| name == "Content-Length");
        assert_eq!(length.unwrap().1, body.len().to_string());
    }
}

#[test]
fn faults_differ_in_whether_the_call_is_performed() {
    for (fault, outcome, performed) in [
        (json!("reset_before"), Err(Lost::Reset), 0),
        (json!("reset_after"), Err(Lost::Reset), 1),
        (json!("truncated"), Err(Lost::Truncated), 1),
        (json!("bad_json"), Ok(200), 1),
        (json!("no_code"), Ok(200), 1),
        (json!({"delay_ms": 40000}), Err(Lost::TimedOut), 1),
        (json!({"delay_ms": 4000}), Ok(200), 1),
        (json!({"retry_after": 5}), Ok(429), 0),
        (json!({"error": [400, "Bad Request: no"]}), Ok(400), 0),
        (json!("html"), Ok(502), 0),
    ] {
        let door = door();
        order(&door, &fault);
        assert_eq!(send(&door).map(|answer| answer.status), outcome, "{fault}");
        assert_eq!(heard(&door), performed, "{fault}");
        let state = door.state();
        assert_eq!(state["bots"][0]["calls"][0]["fault"], fault);
    }
}

#[test]
fn the_clock_moves_only_as_far_as_an_answer_is_late() {
    let door = door();
    send(&door).unwrap();
    assert_eq!(door.now(), START);
    order(&door, &json!({"delay_ms": 4000}));
    send(&door).unwrap();
    assert_eq!(door.now(), START + 4000);
    order(&door, &json!({"delay_ms": 40000}));
    assert_eq!(send(&door).unwrap_err(), Lost::TimedOut);
    assert_eq!(door.now(), START + 14_000);
}

#[test]
fn an_unknown_fault_or_act_is_refused_in_words() {
    let door = door();
    let complaint = door
        .fault(&json!({"on": "api", "fault": "flood"}))
        .unwrap_err();
    assert_eq!(complaint, "the emulator does not know the fault \"flood\"");
    let complaint = door
        .act(&json!({"person": "Ada", "act": "sing"}))
        .unwrap_err();
    assert_eq!(complaint, "the emulator does not know the act `sing`");
}

#[test]
fn the_door_says_when_to_come_again() {
    let door = door();
    door.call(call("setWebhook", &json!({"url": URL})), 1000)
        .unwrap();
    for _ in 0..2 {
        let [(delivery, ..)] = door.deliveries()[..] else {
            panic!("not one delivery");
        };
        door.delivered(delivery, Delivered::Answered(response(500, &[], "")));
    }
    assert!(door.deliveries().is_empty());
    assert_eq!(door.next_due(), Some(START + 2000));
    door.advance(2000);
    assert_eq!(door.deliveries().len(), 1);
}

#[test]
fn a_call_may_be_made_in_the_middle_of_a_delivery() {
    let door = door();
    door.call(call("setWebhook", &json!({"url": URL})), 1000)
        .unwrap();
    for (delivery, url, _) in door.deliveries() {
        assert_eq!(url, URL);
        order(&door, &json!({"delay_ms": 4000}));
        send(&door).unwrap();
        door.act(&json!({"person": "Bob", "act": "say", "text": "meanwhile"}))
            .unwrap();
        door.delivered(delivery, Delivered::Answered(response(200, &[], "")));
    }
    let later = door.deliveries();
    assert_eq!(later.len(), 1, "Bob's message");
    door.advance(60_000);
    door.delivered(later[0].0, Delivered::Answered(response(200, &[], "")));
    let info = door.call(call("getWebhookInfo", &json!({})), 1000).unwrap();
    let info: Value = serde_json::from_slice(&info.body).unwrap();
    assert_eq!(info["result"]["last_error_message"], "Read timeout expired");
    assert_eq!(door.deliveries().len(), 1, "tried again at once");
}
