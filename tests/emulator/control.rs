//! The control routes of the HTTP door: act, break, look, wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::server::{Door, State, json_response};
use super::telegram::{Request, Response};

/// The longest wait for something new.
const WAIT_SECONDS_MAX: u64 = 60;

pub fn answer(door: &Arc<Door>, request: &Request) -> Response {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let outcome = match (request.method.as_str(), path) {
        ("POST", "/control/act") => door.change(|state| state.telegram.act(state.now(), &body)),
        ("POST", "/control/fault") => door
            .change(|state| state.telegram.fault(&body))
            .map(|()| json!({})),
        ("POST", "/control/bot") => door.change(|state| add_bot(state, &body)),
        ("POST", "/control/clock") => door.change(|state| move_clock(state, &body)),
        ("GET", "/control/transcript") => Ok(transcript(door, query)),
        ("GET", "/control/state") => Ok(door.lock().telegram.state()),
        _ => return json_response(404, &json!({"error": "there is no such control route"})),
    };
    match outcome {
        Ok(body) => json_response(200, &body),
        Err(error) => json_response(400, &json!({"error": error})),
    }
}

fn add_bot(state: &mut State, body: &Value) -> Result<Value, String> {
    let token = body["token"].as_str().ok_or("a bot needs a `token`")?;
    let username = body["username"].as_str().unwrap_or("emulated_bot");
    let first_name = body["first_name"].as_str().unwrap_or("Emulated bot");
    state.telegram.add_bot(token, username, first_name);
    Ok(json!({}))
}

fn move_clock(state: &mut State, body: &Value) -> Result<Value, String> {
    let ms = body["advance_ms"]
        .as_u64()
        .ok_or("the clock needs `advance_ms`")?;
    state.clock_offset_ms += ms;
    Ok(json!({"now": state.now()}))
}

/// Answers as soon as there is something after the given number of entries, or when the wait is over.
fn transcript(door: &Door, query: &str) -> Value {
    let number = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(key, _)| *key == name);
        found
            .and_then(|(_, value)| value.parse::<u64>().ok())
            .unwrap_or(0)
    };
    let after = usize::try_from(number("after")).unwrap_or(usize::MAX);
    let deadline = Instant::now() + Duration::from_secs(number("wait").min(WAIT_SECONDS_MAX));
    let mut state = door.lock();
    loop {
        let entries = state.telegram.transcript(after);
        let left = deadline.saturating_duration_since(Instant::now());
        if !entries.is_empty() || left.is_zero() || state.stopped {
            let next = after + entries.len();
            return json!({"entries": entries, "next": next});
        }
        state = door.wait(state, left);
    }
}
