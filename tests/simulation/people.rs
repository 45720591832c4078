//! What people do in a run, and what else comes to the webhook.

use std::rc::Rc;

use onehook::delivery::outbox::PlannedCall;
use onehook::inbox::database::Statement;
use onehook::json::list_of;
use onehook::plan::Plan;
use onehook::telegram::ids::ChatId;
use onehook::telegram::message::Message;
use serde_json::{Value, json};

use crate::simulation::scenario::Stage;
use crate::test_bot::START;

impl Stage {
    pub fn act(&self, act: &Value) {
        let world = &self.world;
        let now = world.now();
        let acted = world.telegram.borrow_mut().act(now, act);
        // A button that is gone cannot be pressed, and a message that is not there cannot be edited.
        let Ok(acted) = acted else { return };
        let poison = self.scenario.poison_in_thousand;
        if let Some(id) = acted["update_id"].as_i64() {
            self.said.set(self.said.get() + 1);
            if now < self.scenario.until && poison > 0 && world.within(1, 1000) <= poison {
                world.poisoned_ids.borrow_mut().push(id);
            }
        }
        world.look();
    }

    pub fn somebody_acts(self: &Rc<Self>) {
        let world = &self.world;
        let person = name(world.within(0, self.scenario.people - 1));
        match world.within(1, 100) {
            1..=22 => self.in_a_group(&person),
            23..=40 => self.presses(&person),
            41..=44 => self.answers_a_copy(),
            45..=48 if self.scenario.is_odd => self.something_odd(),
            45..=50 => self.says(&name(0), "/status"),
            _ => {
                let text = world.pick(&TEXTS);
                self.says(&person, text);
            }
        }
    }

    pub fn says(&self, person: &str, text: &str) {
        let number = self.said.get();
        let text = if text.is_empty() {
            format!("thought {number}")
        } else {
            text.to_owned()
        };
        self.act(&json!({"act": "say", "person": person, "text": text}));
    }

    fn in_a_group(&self, person: &str) {
        let group = format!("G{}", self.world.within(1, self.scenario.groups));
        let text = self.world.pick(&[
            "chatter",
            "chatter",
            "/ping@onehook_bot",
            "/id",
            "/nonsense",
        ]);
        self.act(&json!({"act": "say", "person": person, "chat": group, "text": text}));
    }

    /// Presses a button below the last message that has some, or asks for one.
    pub fn presses(&self, person: &str) {
        self.read_transcript();
        let message = self.buttons.borrow().get(person).copied();
        let Some(message) = message else {
            self.says(person, "/feedback");
            return self.says(person, "");
        };
        let button = if self.world.chance(80) { 1 } else { 2 };
        self.act(
            &json!({"act": "press", "person": person, "message_id": message, "button": button}),
        );
    }

    /// An owner answers what came to them.
    fn answers_a_copy(&self) {
        self.read_transcript();
        let owner = name(self.world.within(0, 1));
        let message = self.buttons.borrow().get(&owner).copied();
        match message {
            Some(message) => self.act(
                &json!({"act": "say", "person": owner, "text": "thank you", "reply_to": message}),
            ),
            None => self.says(&owner, "/id"),
        }
    }

    fn something_odd(&self) {
        let world = &self.world;
        let number = world.within(1, 1_000_000);
        match world.within(1, 7) {
            7 => self.plans_to_park(),
            1 => self.act(&json!({"act": "update", "update": {"unknown_kind": {"number": number}}})),
            2 => self.act(&json!({"act": "update", "update": {"poll": {"id": number.to_string(), "question": "?"}}})),
            // The numbers of updates restart.
            3 => self.act(&json!({"act": "update", "update_id": 2_000_000 + number * 1000, "update": {"message": {
                "message_id": 900_000 + number, "date": START / 1000,
                "chat": {"id": 1003, "type": "private", "first_name": "P2"},
                "from": {"id": 1003, "is_bot": false, "first_name": "P2"}, "text": "/ping"}}})),
            4 => {
                let body = format!("no update {number}");
                let post = world.post(body.as_bytes());
                world.post_later(0, post);
            }
            _ => self.same_number_other_body(),
        }
    }

    /// Calls that are parked when their outcome is unknown. No handler plans any, so they get a row of their own, as alerts do.
    fn plans_to_park(&self) {
        let world = &self.world;
        let person = world.within(0, self.scenario.people - 1);
        let chat = 1001 + i64::try_from(person).unwrap();
        let mut plan = Plan::new();
        let message = |text: &str| Message {
            chat_id: ChatId(chat),
            message_thread_id: None,
            text: text.to_owned(),
            reply_markup: None,
        };
        let first = plan.send_or_park(&message("once at most"));
        let second = plan.send(&message("only after that"));
        plan.only_after(first, second);
        let _ = plan.send_or_park(&message("once at most as well"));
        let calls: Vec<PlannedCall> = plan.calls().iter().cloned().map(PlannedCall::new).collect();
        self.said.set(self.said.get() + 1);
        let number = i64::try_from(self.said.get()).unwrap();
        world.write(Statement {
            name: PLANNED_FROM_BIRTH,
            values: vec![
                number.into(),
                chat.to_string().into(),
                list_of(&calls).into(),
            ],
        });
    }

    /// The number of an update comes again with another body: that is another update.
    fn same_number_other_body(&self) {
        let world = &self.world;
        let known = world.posts.borrow().len() as u64;
        if known == 0 {
            return;
        }
        let one = usize::try_from(world.within(0, known - 1)).unwrap();
        let body = String::from_utf8_lossy(&world.posts.borrow()[one].body).into_owned();
        let body = body.replacen("\"update_id\":", "\"update_id\": ", 1);
        let post = world.post(body.as_bytes());
        world.post_later(0, post);
    }

    /// Looks for new messages with buttons.
    fn read_transcript(&self) {
        let entries = self.world.telegram.borrow().transcript(self.told.get());
        self.told.set(self.told.get() + entries.len());
        for entry in entries {
            let has_buttons = entry["buttons"]
                .as_array()
                .is_some_and(|rows| !rows.is_empty());
            let (Some(chat), Some(message)) =
                (entry["chat"].as_str(), entry["message_id"].as_i64())
            else {
                continue;
            };
            if has_buttons {
                self.buttons.borrow_mut().insert(chat.to_owned(), message);
            }
        }
    }
}

/// Keeps a plan in a row of its own. ?1 number, ?2 lane, ?3 plan
const PLANNED_FROM_BIRTH: &str = "INSERT INTO inbox (bot, update_id, sha256, kind, lane, state, open, attempts, fence, \
     acknowledged, received_at, useful_until, lease_until, plan, body) VALUES (4242, -?1, 'a plan', 'plan', ?2, 'done', 1, 0, \
     0, 1, CAST(unixepoch('subsec') * 1000 AS INTEGER), 0, 0, ?3, '{}')";

/// What people say in private. The empty one is a thought of their own.
const TEXTS: [&str; 14] = [
    "/ping",
    "/ping",
    "/ping",
    "/id",
    "/help",
    "/start",
    "/feedback",
    "/feedback",
    "/cancel",
    "/nonsense",
    "",
    "",
    "",
    "",
];

pub fn name(person: u64) -> String {
    format!("P{person}")
}
