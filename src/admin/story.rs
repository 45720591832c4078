//! What happened to an update, in words: when it came, who handled it how often, and what became of each call.

use crate::delivery::inbox::State;
use crate::delivery::outbox::{CallState, PlannedCall};
use crate::inbox::listing::ListedUpdate;
use crate::json::elements;
use crate::language::Language;

/// The whole story, a line each, and at its end the body as it came.
pub(crate) fn of(language: Language, update: &ListedUpdate) -> String {
    let mut lines = vec![arrival(language, update), outcome(language, update)];
    if update.epoch > 0 {
        let times = update.epoch.to_string();
        let english = "An operator had it handled again, times: {}.";
        let ukrainian = "Оператор повторював його, разів: {}.";
        lines.push(language.fill(english, ukrainian, &[&times]));
    }
    if let Some(error) = &update.error {
        let english = "What went wrong: {}.";
        lines.push(language.fill(english, "Що пішло не так: {}.", &[error]));
    }
    let calls = update.calls.as_ref().map_or("[]", |calls| calls.get());
    let calls = elements(calls).unwrap_or_default();
    for (step, call) in calls.into_iter().enumerate() {
        if let Some(call) = PlannedCall::of(call) {
            lines.push(told(language, &format!("{}.{step}", update.seq), &call));
        }
    }
    lines.push(String::new());
    lines.extend(update.body.as_ref().map(|body| body.get().to_owned()));
    lines.join("\n")
}

fn arrival(language: Language, update: &ListedUpdate) -> String {
    let received = update.received.as_deref().unwrap_or_default();
    let id = update.update_id.to_string();
    language.fill(
        "Update {} ({}, lane {}) was received at {} UTC.",
        "Оновлення {} ({}, смуга {}) надійшло {} UTC.",
        &[&id, &update.kind, &update.lane, received],
    )
}

fn outcome(language: Language, update: &ListedUpdate) -> String {
    let (english, ukrainian) = match update.state {
        State::Stored => (
            "It waits for its lane or for the next attempt. Attempts so far: {}.",
            "Воно чекає на свою смугу або на наступну спробу. Спроб досі: {}.",
        ),
        State::Leased => (
            "It is being handled right now, or whoever did so crashed and it is taken up within two minutes. Attempts so far: {}.",
            "Його обробляють саме зараз, або обробник упав і його візьмуть знову за дві хвилини. Спроб досі: {}.",
        ),
        State::Done if update.is_open => (
            "It was handled, and calls are left to make. Attempts: {}.",
            "Його оброблено, лишилися виклики. Спроб: {}.",
        ),
        State::Done => (
            "It was handled, and nothing is left to do. Attempts: {}.",
            "Його оброблено, більше нічого робити. Спроб: {}.",
        ),
        State::Dead => (
            "It was given up, and its lane went on. Attempts: {}. Once more: POST /admin/updates/{}/replay",
            "Від нього відмовилися, смуга пішла далі. Спроб: {}. Ще раз: POST /admin/updates/{}/replay",
        ),
        State::Expired => (
            "It was too old to be answered. Attempts: {}.",
            "Воно було застаре для відповіді. Спроб: {}.",
        ),
        State::Quarantined => (
            "It is no update, so nobody handled it. Attempts: {}. With a newer worker: POST /admin/updates/{}/replay",
            "Це не оновлення, тож ніхто його не обробляв. Спроб: {}. Із новішим воркером: POST /admin/updates/{}/replay",
        ),
    };
    let (attempts, id) = (update.attempts.to_string(), update.update_id.to_string());
    language.fill(english, ukrainian, &[&attempts, &id])
}

fn told(language: Language, id: &str, call: &PlannedCall) -> String {
    let (english, ukrainian) = match call.state {
        CallState::Planned => ("is planned", "заплановано"),
        CallState::Sending => (
            "is being made, or whoever made it crashed",
            "виконується, або виконавець упав",
        ),
        CallState::Wait => ("waits to be made again", "чекає на повтор"),
        CallState::Sent if call.is_in_response => (
            "travelled in the answer to Telegram",
            "поїхав у відповіді до Telegram",
        ),
        CallState::Sent => ("was made", "виконано"),
        CallState::Failed => ("failed", "не вдався"),
        CallState::Unknown | CallState::Parked => (
            "has an unknown outcome and waits for you: POST /admin/outbox/{}/resend or …/drop",
            "має невідомий результат і чекає на вас: POST /admin/outbox/{}/resend або …/drop",
        ),
    };
    let state = language.fill(english, ukrainian, &[id]);
    let tries = call.tries.to_string();
    let mut line = language.fill(
        "Call {}, {}: {}. Tries: {}.",
        "Виклик {}, {}: {}. Спроб: {}.",
        &[id, &call.call.method, &state, &tries],
    );
    if let Some(error) = &call.error {
        line.push(' ');
        line.push_str(error);
    }
    line
}
