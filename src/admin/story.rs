//! What happened to an update, in words: when it came, who handled it how often, and what became of each call.

use crate::delivery::inbox::State;
use crate::delivery::outbox::{CallState, PlannedCall};
use crate::inbox::listing::ListedUpdate;
use crate::json::elements;
use crate::phrases::Voice;

/// The whole story, a line each, and at its end the body as it came.
pub(crate) fn of(voice: Voice, update: &ListedUpdate) -> String {
    let mut lines = vec![arrival(voice, update), outcome(voice, update)];
    if update.epoch > 0 {
        let times = update.epoch.to_string();
        lines.push(voice.say("story.replayed", &[&times]));
    }
    if let Some(error) = &update.error {
        lines.push(voice.say("story.error", &[error]));
    }
    let calls = update.calls.as_ref().map_or("[]", |calls| calls.get());
    let calls = elements(calls).unwrap_or_default();
    for (step, call) in calls.into_iter().enumerate() {
        if let Some(call) = PlannedCall::of(call) {
            lines.push(told(voice, &format!("{}.{step}", update.seq), &call));
        }
    }
    lines.push(String::new());
    lines.extend(update.body.as_ref().map(|body| body.get().to_owned()));
    lines.join("\n")
}

fn arrival(voice: Voice, update: &ListedUpdate) -> String {
    let received = update.received.as_deref().unwrap_or_default();
    let id = update.update_id.to_string();
    let values = [&id, &update.kind, &update.lane, received];
    voice.say("story.arrival", &values)
}

fn outcome(voice: Voice, update: &ListedUpdate) -> String {
    let name = match update.state {
        State::Stored => "story.stored",
        State::Leased => "story.leased",
        State::Done if update.is_open => "story.open",
        // Nobody claimed it, and nothing was planned for it.
        State::Done if update.attempts == 0 && update.calls.is_none() => "story.fed",
        State::Done => "story.done",
        State::Dead => "story.dead",
        State::Expired => "story.expired",
        State::Quarantined => "story.quarantined",
    };
    let (attempts, id) = (update.attempts.to_string(), update.update_id.to_string());
    voice.say(name, &[&attempts, &id])
}

fn told(voice: Voice, id: &str, call: &PlannedCall) -> String {
    let name = match call.state {
        CallState::Planned => "story.call_planned",
        CallState::Sending => "story.call_sending",
        CallState::Wait => "story.call_wait",
        CallState::Sent if call.is_in_response => "story.call_in_response",
        CallState::Sent => "story.call_sent",
        CallState::Failed => "story.call_failed",
        CallState::Unknown | CallState::Parked => "story.call_parked",
    };
    let (state, tries) = (voice.say(name, &[id]), call.tries.to_string());
    let values = [id, &call.call.method, &state, &tries];
    let mut line = voice.say("story.call", &values);
    if let Some(error) = &call.error {
        line.push(' ');
        line.push_str(error);
    }
    line
}
