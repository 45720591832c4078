//! What goes on between Telegram and the worker: deliveries, their answers, and those who repeat what Telegram posted.

use std::rc::Rc;

use onehook::reply::Reply;
use onehook::secret::{hex, sha256};
use serde_json::{Value, json};

use crate::emulator::telegram::{Delivered, Event, Request, Response, header};
use crate::simulation::faults::{Fate, Port};
use crate::simulation::history::Who;
use crate::simulation::world::{Kind, Post, World};
use crate::test_bot::{ADMIN_TOKEN, ORIGIN, START, TOKEN};

/// How long Telegram waits for an answer.
const TELEGRAM_WAITS_MS: u64 = 60_000;

/// How long Workers let a visit go on after its answer.
const AFTER_ANSWER_MS: u64 = 30_000;

/// How long a cron visit may run.
const CRON_MS: u64 = 15 * 60_000;

/// What Telegram shows at the door. Always the same, so that a run can be repeated.
const SECRET: &str = "CANARY_webhook_secret_0123456789_0123456789_0123456789_012345678";

impl World {
    /// A visit has its answer.
    pub fn answer(self: &Rc<Self>, number: usize, reply: Reply) {
        let now = self.now();
        self.note(self.who(number), "answers", "", -1, i64::from(reply.status));
        if ![200, 503].contains(&reply.status) {
            let text = format!("visit {number} was answered {}", reply.status);
            self.violate("status", None, text);
        }
        let seen = format!("{:?}{}", reply.headers, reply.body);
        if [TOKEN, ADMIN_TOKEN, SECRET]
            .iter()
            .any(|canary| seen.contains(canary))
        {
            self.violate(
                "I10",
                None,
                format!("a secret in an answer of visit {number}"),
            );
        }
        self.visits.borrow_mut()[number].answered_at = Some(now);
        self.check_trips(number, &reply);
        let world = Rc::clone(self);
        self.executor
            .at(now + AFTER_ANSWER_MS, move || world.cut_rest(number));
        let (kind, post) = {
            let visits = self.visits.borrow();
            (visits[number].kind, visits[number].post)
        };
        match kind {
            Kind::Delivery(delivery) => self.carry_answer(number, delivery, reply),
            Kind::Stray if (200..300).contains(&reply.status) => {
                self.acked(post, false);
                self.strays_waiting.set(self.strays_waiting.get() - 1);
            }
            Kind::Stray => self.stray_failed(number),
            Kind::Cron => {}
        }
    }

    /// Two trips to the answer where nothing went wrong, and one more where the door was read: in a fresh isolate, or once a minute.
    fn check_trips(&self, number: usize, reply: &Reply) {
        let (trips, is_calm) = {
            let visits = self.visits.borrow();
            let visit = &visits[number];
            (
                visit.trips.saturating_sub(u64::from(visit.reads_door)),
                !visit.is_hurt && self.last_fault.get() == START,
            )
        };
        if is_calm && self.plan.duplicates == 0 && reply.status == 200 && trips > 2 {
            self.violate(
                "T21",
                None,
                format!("{trips} trips to the answer of visit {number}"),
            );
        }
    }

    fn cut_rest(self: &Rc<Self>, number: usize) {
        if !self.lives(number) {
            return;
        }
        self.violate(
            "T21",
            None,
            format!("visit {number} goes on for 30 s after its answer"),
        );
        self.end_visit(number);
    }

    fn carry_answer(self: &Rc<Self>, visit: usize, delivery: u64, reply: Reply) {
        let now = self.now();
        let way = self.within(5, 60);
        let fate = self.fate(visit, Port::Answer, "answer");
        let (at, delivered) = match fate {
            Fate::FailsBefore => (now + way, Delivered::Closed),
            // It never comes.
            Fate::FailsAfter => return,
            Fate::Delayed => {
                let late = self.within(1_000, 50_000);
                self.fault_until(now + late);
                (now + late, Delivered::Answered(response(reply)))
            }
            _ => (now + way, Delivered::Answered(response(reply))),
        };
        self.tell_telegram(at, delivery, delivered);
    }

    /// Telegram learns what came of a delivery, unless it has lost patience before.
    pub fn tell_telegram(self: &Rc<Self>, at: u64, delivery: u64, delivered: Delivered) {
        let world = Rc::clone(self);
        self.executor
            .at(at, move || world.told_telegram(delivery, delivered));
    }

    fn told_telegram(self: &Rc<Self>, delivery: u64, delivered: Delivered) {
        if !self.telegram.borrow().is_on_its_way(delivery) {
            return;
        }
        let number = self.deliveries.borrow()[&delivery];
        if let Delivered::Answered(response) = &delivered
            && (200..300).contains(&response.status)
        {
            let post = self.visits.borrow()[number].post;
            self.acked(post, true);
            let has_call = !response.body.is_empty();
            let post = &self.posts.borrow()[post.unwrap()];
            if has_call {
                self.performed_in_answer(post);
            }
        }
        let now = self.now();
        self.telegram
            .borrow_mut()
            .delivered(now, delivery, delivered);
        self.look();
    }

    fn performed_in_answer(&self, post: &Post) {
        let mut ledger = self.ledger.borrow_mut();
        let row = ledger.seq(post.update_id.unwrap_or(0), &post.sha256);
        let row = row.and_then(|row| ledger.rows.get_mut(&row));
        let step = row.and_then(|row| row.steps.first_mut());
        if let Some(step) = step {
            step.in_answers += 1;
        }
    }

    pub fn acked(&self, post: Option<usize>, by_telegram: bool) {
        let mut posts = self.posts.borrow_mut();
        let post = &mut posts[post.unwrap()];
        post.is_acked = true;
        post.is_acked_by_telegram |= by_telegram;
    }

    /// Does what Telegram has to do now, and comes back for the rest.
    pub fn look(self: &Rc<Self>) {
        let now = self.now();
        let events = self.telegram.borrow_mut().due(now);
        for event in events {
            self.happen(event);
        }
        let next = self.telegram.borrow().next_due();
        let Some(next) = next.map(|next| next.max(now + 1)) else {
            return;
        };
        if self.next_look.get() <= now || next < self.next_look.get() {
            self.next_look.set(next);
            let world = Rc::clone(self);
            self.executor.at(next, move || {
                if world.next_look.get() == next {
                    world.look();
                }
            });
        }
    }

    fn happen(self: &Rc<Self>, event: Event) {
        let Event::Deliver {
            delivery,
            request,
            url,
        } = event
        else {
            return;
        };
        if url != our_url() {
            // Nobody is at home there, so everything waits for the guard.
            let now = self.now();
            self.telegram
                .borrow_mut()
                .delivered(now, delivery, Delivered::Closed);
            return self.look();
        }
        assert_eq!(
            header(&request.headers, "x-telegram-bot-api-secret-token"),
            Some(SECRET)
        );
        let post = self.post(&request.body);
        let number = self.visit(Kind::Delivery(delivery), Some(post));
        self.deliveries.borrow_mut().insert(delivery, number);
        let world = Rc::clone(self);
        self.executor.at(self.now() + TELEGRAM_WAITS_MS, move || {
            // Who has not answered by then is cut off with the connection.
            if world.telegram.borrow().is_on_its_way(delivery) {
                world.note(Who::World, "Telegram gives up", "", -1, 0);
                world.told_telegram(delivery, Delivered::TimedOut);
                let is_answered = world.visits.borrow()[number].answered_at.is_some();
                if !is_answered {
                    world.end_visit(number);
                }
            }
        });
        if self.now() < self.plan.duplicates_until {
            self.repeat(post);
        }
    }

    /// Posts once more what Telegram just posted, at the same time or later.
    fn repeat(self: &Rc<Self>, post: usize) {
        if !self.chance(self.plan.duplicates) {
            return;
        }
        let later = if self.chance(25) {
            0
        } else {
            self.within(1, 90_000)
        };
        self.post_later(later, post);
    }

    /// Somebody other than Telegram posts something, until it is taken.
    pub fn post_later(self: &Rc<Self>, later: u64, post: usize) {
        self.strays_waiting.set(self.strays_waiting.get() + 1);
        let world = Rc::clone(self);
        self.executor.at(self.now() + later, move || {
            let number = world.visit(Kind::Stray, Some(post));
            let patient = Rc::clone(&world);
            world.executor.at(world.now() + TELEGRAM_WAITS_MS, move || {
                let is_answered = patient.visits.borrow()[number].answered_at.is_some();
                if !is_answered {
                    patient.end_visit(number);
                }
            });
        });
    }

    pub fn stray_failed(self: &Rc<Self>, number: usize) {
        self.strays_waiting.set(self.strays_waiting.get() - 1);
        let post = self.visits.borrow()[number].post;
        let later = self.within(5_000, 20_000);
        self.post_later(later, post.unwrap());
    }

    /// The cron comes.
    pub fn cron(self: &Rc<Self>) {
        let number = self.visit(Kind::Cron, None);
        let world = Rc::clone(self);
        self.executor.at(self.now() + CRON_MS, move || {
            if world.lives(number) {
                world.end_visit(number);
            }
        });
    }

    /// The number of a body that is posted.
    pub fn post(&self, body: &[u8]) -> usize {
        if let Some(known) = self.posts_by_body.borrow().get(body) {
            return *known;
        }
        let mut posts = self.posts.borrow_mut();
        let number = posts.len();
        posts.push(Post {
            body: body.into(),
            update_id: update_id(body),
            sha256: hex(&sha256(body)),
            is_acked: false,
            is_acked_by_telegram: false,
        });
        self.posts_by_body
            .borrow_mut()
            .insert(body.to_vec(), number);
        number
    }

    /// Makes a call at Telegram, which answers at once.
    pub fn call_telegram(self: &Rc<Self>, request: Request) -> Response {
        let now = self.now();
        let (number, events) = {
            let mut telegram = self.telegram.borrow_mut();
            (telegram.request(now, request), telegram.due(now))
        };
        let mut answer = None;
        for event in events {
            match event {
                Event::Answer { request, response } if request == number => answer = Some(response),
                event => self.happen(event),
            }
        }
        self.look();
        answer.expect("Telegram answers at once")
    }

    /// The webhook is set without a visit of the operator, with a secret that is always the same.
    pub fn set_webhook(self: &Rc<Self>) {
        let wanted = json!({"url": our_url(), "max_connections": 20, "allowed_updates": ["message", "callback_query", "poll"]});
        let mut parameters = wanted.clone();
        parameters["secret_token"] = json!(SECRET);
        self.somebody_calls("setWebhook", &parameters);
        let sql = "INSERT INTO webhook (bot, wanted, secret, username) VALUES (4242, ?1, ?2, 'onehook_bot')";
        let connection = self.database.sqlite.connection();
        let wanted = wanted.to_string();
        connection.execute(sql, [wanted.as_str(), SECRET]).unwrap();
    }

    /// Somebody else with the token takes the webhook away: deletes it, or sets one of their own.
    pub fn take_webhook(self: &Rc<Self>) {
        self.note(Who::World, "webhook taken", "", -1, 0);
        self.fault_until(self.now());
        if self.chance(60) {
            self.somebody_calls("deleteWebhook", &json!({}));
        } else {
            let theirs = json!({"url": "https://rival.example/webhook", "ip_address": "8.8.8.8"});
            self.somebody_calls("setWebhook", &theirs);
        }
    }

    fn somebody_calls(self: &Rc<Self>, method: &str, parameters: &Value) {
        self.call_telegram(Request {
            method: "POST".to_owned(),
            path: format!("/bot{TOKEN}/{method}"),
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: parameters.to_string().into_bytes(),
        });
    }

    /// The request as the door hands it over.
    pub fn request(body: &[u8]) -> onehook::request::Request {
        onehook::request::Request {
            method: "POST".to_owned(),
            origin: ORIGIN.to_owned(),
            path: "/webhook".to_owned(),
            query: String::new(),
            headers: vec![
                ("x-telegram-bot-api-secret-token", SECRET.to_owned()),
                ("content-length", body.len().to_string()),
            ],
        }
    }
}

fn our_url() -> String {
    format!("{ORIGIN}/webhook")
}

fn response(reply: Reply) -> Response {
    let headers = reply
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Response {
        status: reply.status,
        headers: headers.collect(),
        body: reply.body.into_bytes(),
    }
}

/// The number at the beginning of a body, where there is one.
fn update_id(body: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(body).ok()?;
    let rest = text.strip_prefix("{\"update_id\":")?.trim_start();
    let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
    rest[..end].parse().ok()
}
