//! A tenth of all replies, which may be sent twice, goes wrong on its way to Telegram or back, in ten ways, under load.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use serde_json::{Value, json};

use super::account::{answered, nobody_offends};
use super::load::{Acknowledged, Load, people};
use super::running::Worker;
use super::{alone, size};

/// More often than any fault happens.
const ALWAYS: u64 = 10_000_000;

/// How often a message is sent whose outcome nobody knows.
const TRIES_MAX: usize = 2;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Telegram took it, and said so.
    Taken,
    /// Nobody knows. Telegram took it, or not.
    Hidden { is_taken: bool },
    /// Telegram said no.
    Refused,
    /// Telegram wants a pause of so many milliseconds.
    Paused(u64),
}

/// One message on its way: when, to whom, and what became of it.
#[derive(Debug)]
struct Message {
    at: u64,
    chat: i64,
    outcome: Outcome,
}

/// The faults, each hitting one message in so many. The numbers have no common divisor, so that the faults mix.
fn faults() -> [(u64, Value, Outcome); 10] {
    let hidden = |is_taken| Outcome::Hidden { is_taken };
    [
        (83, json!("reset_before"), hidden(false)),
        (89, json!("reset_after"), hidden(true)),
        (97, json!("truncated"), hidden(true)),
        (101, json!("bad_json"), hidden(true)),
        (103, json!({"delay_ms": 40_000}), hidden(true)),
        (107, json!("html"), hidden(false)),
        (
            109,
            json!({"error": [500, "Internal Server Error"]}),
            hidden(false),
        ),
        (
            113,
            json!({"error": [504, "Gateway Timeout"]}),
            hidden(false),
        ),
        (127, json!({"retry_after": 1}), Outcome::Paused(1_000)),
        (
            131,
            json!({"error": [400, "Bad Request: message is too long"]}),
            Outcome::Refused,
        ),
    ]
}

/// A long run: `DEEP=1 cargo test --locked telegram_faults_mixed -- --nocapture`.
#[test]
fn a_tenth_of_all_messages_goes_wrong_and_none_is_lost_sent_too_often_or_too_early() {
    let _alone = alone();
    let total = size("MIXED_FAULTS", 1_000, 50_000);
    let start = Instant::now();
    let worker = Worker::start();
    let chats = people(&worker);
    for (every, fault, _) in faults() {
        let order = json!({"on": "api", "method": "sendMessage", "times": ALWAYS, "every": every, "fault": fault});
        worker.telegram.fault(&order).unwrap();
    }
    let load = Load::start(&worker, &chats, 0..total, None);
    load.wait_for(&worker, total);
    let updates = load.finish();
    let drained = worker.drains();
    let sent = messages(&worker);
    nothing_was_early(sent.values().flatten());
    let answered = close(&worker, &updates, &sent);
    let hits = sent.values().flatten();
    let hits = hits
        .filter(|message| message.outcome != Outcome::Taken)
        .count();
    assert!(hits > total / 15, "only {hits} messages went wrong");
    eprintln!(
        "figures: {total} replies, {} of {} messages went wrong on their way: 0 lost, {} once, {} twice, {} never (refused, or their \
         outcome hidden twice); none more than twice, none before its time; the last rows were done {:.1} s after the load; {} s in all",
        hits,
        sent.values().flatten().count(),
        answered[1],
        answered[2],
        answered[0],
        drained.as_secs_f64(),
        start.elapsed().as_secs()
    );
}

/// The messages of each update, in their order.
fn messages(worker: &Worker) -> HashMap<usize, Vec<Message>> {
    let faults = faults();
    let state = worker.telegram.state();
    let mut all: HashMap<usize, Vec<Message>> = HashMap::new();
    for call in state["bots"][0]["calls"].as_array().unwrap() {
        let Some(number) = answered(&call["parameters"]["text"]) else {
            continue;
        };
        let fault = faults.iter().find(|(_, fault, _)| *fault == call["fault"]);
        let chat = &call["parameters"]["chat_id"];
        all.entry(number).or_default().push(Message {
            at: call["at"].as_u64().unwrap(),
            chat: chat
                .as_str()
                .map_or_else(|| chat.as_i64(), |chat| chat.parse().ok())
                .unwrap(),
            outcome: fault.map_or(Outcome::Taken, |(_, _, outcome)| *outcome),
        });
    }
    all
}

/// After Telegram asked for a pause nothing went to that chat before it was over.
fn nothing_was_early<'a>(sent: impl Iterator<Item = &'a Message>) {
    let mut of_chats: BTreeMap<i64, Vec<&Message>> = BTreeMap::new();
    for message in sent {
        of_chats.entry(message.chat).or_default().push(message);
    }
    for (chat, messages) in &mut of_chats {
        messages.sort_by_key(|message| message.at);
        for pair in messages.windows(2) {
            if let Outcome::Paused(pause_ms) = pair[0].outcome {
                assert!(
                    pair[1].at >= pair[0].at + pause_ms,
                    "too early in {chat}: {pair:?}"
                );
            }
        }
    }
}

/// Closes the account: how many updates were answered never, once and twice.
fn close(
    worker: &Worker,
    updates: &[Acknowledged],
    sent: &HashMap<usize, Vec<Message>>,
) -> [usize; 3] {
    let (rows, copies) = (worker.rows(), worker.copies());
    let mut answered = [0; 3];
    let mut offences = Vec::new();
    for update in updates {
        let row = rows.get(&update.id());
        let copies = copies.get(&update.number).copied().unwrap_or_default();
        let outcomes: Vec<Outcome> = sent
            .get(&update.number)
            .into_iter()
            .flatten()
            .map(|message| message.outcome)
            .collect();
        let is_done = row.is_some_and(|row| {
            row.state == "done" && row.open == 0 && row.calls[0]["state"] == end_of(&outcomes)
        });
        let taken = outcomes.iter().filter(|outcome| {
            matches!(outcome, Outcome::Taken | Outcome::Hidden { is_taken: true })
        });
        if is_done && copies == taken.count() && copies <= TRIES_MAX {
            answered[copies] += 1;
        } else {
            offences.push(format!("{copies} copies, {outcomes:?}, {row:?}"));
        }
    }
    nobody_offends(&offences, updates.len());
    answered
}

/// The state that these outcomes of a call lead to; `lost` where they should not be all, or not so many.
fn end_of(outcomes: &[Outcome]) -> &'static str {
    let tries: Vec<Outcome> = outcomes
        .iter()
        .filter(|outcome| !matches!(outcome, Outcome::Paused(_)))
        .copied()
        .collect();
    match tries.as_slice() {
        [Outcome::Taken] | [Outcome::Hidden { .. }, Outcome::Taken] => "sent",
        [Outcome::Refused] | [Outcome::Hidden { .. }, Outcome::Refused] => "failed",
        [Outcome::Hidden { .. }, Outcome::Hidden { .. }] => "parked",
        _ => "lost",
    }
}
