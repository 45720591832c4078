//! What the emulator promises whatever happens: every call is answered, nothing is delivered out of turn.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::random::Random;
use super::stage::{Stage, URL};

/// Longer than the longest poll and the longest conflict together.
const LONG_ENOUGH_MS: u64 = 60_000;

fn chosen<'a, T>(random: &mut Random, choices: &'a [T]) -> &'a T {
    let last = u64::try_from(choices.len()).unwrap() - 1;
    &choices[usize::try_from(random.within(0, last)).unwrap()]
}

/// One random call, some of them nonsense.
fn some_call(random: &mut Random) -> (&'static str, Value) {
    let number = i64::try_from(random.within(0, 60)).unwrap() - 10;
    let calls = [
        ("getUpdates", json!({"timeout": number, "offset": number})),
        ("getUpdates", json!({"timeout": 50})),
        ("setWebhook", json!({"url": URL, "max_connections": number})),
        (
            "setWebhook",
            json!({"url": "nonsense://", "secret_token": "\u{1f994}"}),
        ),
        (
            "deleteWebhook",
            json!({"drop_pending_updates": number > 40}),
        ),
        (
            "sendMessage",
            json!({"chat_id": 1001, "text": "<b>hi</b>", "parse_mode": "HTML"}),
        ),
        (
            "editMessageText",
            json!({"chat_id": 1001, "message_id": number, "text": "new"}),
        ),
        (
            "deleteMessage",
            json!({"chat_id": 1001, "message_id": number}),
        ),
        ("close", json!({})),
        ("getWebhookInfo", json!({})),
        ("noSuchMethod", json!({"x": [1, 2]})),
    ];
    chosen(random, &calls).clone()
}

/// Deliveries that are on their way, by lane, as `WebhookActor.cpp:261-324` keeps them apart.
#[derive(Default)]
struct Watched {
    lanes: BTreeMap<String, u64>,
    open: BTreeSet<u64>,
}

impl Watched {
    fn see(&mut self, stage: &mut Stage) {
        for (delivery, _, update) in stage.delivered() {
            let lane = update["message"]["chat"]["id"].to_string();
            let before = self.lanes.insert(lane, delivery);
            assert!(
                !before.is_some_and(|before| self.open.contains(&before)),
                "two at once: {update}"
            );
            self.open.insert(delivery);
        }
    }

    fn answer_one(&mut self, stage: &mut Stage, random: &mut Random) {
        let Some(delivery) = self.open.pop_first() else {
            return;
        };
        let status = *chosen(random, &[200, 200, 500, 503, 410]);
        let pause = *chosen(random, &["", "1", "soon"]);
        stage.reply(delivery, status, &[("Retry-After", pause)], "");
    }
}

#[test]
fn every_call_is_answered_and_no_lane_is_doubled() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut stage = Stage::new();
        let mut watched = Watched::default();
        let mut calls = Vec::new();
        for _ in 0..200 {
            match random.within(0, 3) {
                0 => {
                    let (method, parameters) = some_call(&mut random);
                    calls.push(stage.send(method, &parameters));
                    // A webhook that was replaced or closed leaves its deliveries to the next one (facts §4.1).
                    if matches!(method, "setWebhook" | "deleteWebhook" | "close") {
                        watched = Watched::default();
                    }
                }
                1 => {
                    let person = chosen(&mut random, &["Ada", "Bob", "Eve"]);
                    stage.say(person, "hello");
                }
                2 => watched.answer_one(&mut stage, &mut random),
                _ => stage.wait(random.within(0, 4000)),
            }
            watched.see(&mut stage);
        }
        stage.wait(LONG_ENOUGH_MS);
        for call in calls {
            assert!(
                stage.answer(call).is_some(),
                "seed {seed}: call {call} was never answered"
            );
        }
    }
}
