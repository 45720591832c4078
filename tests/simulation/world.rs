//! The world of one run: a clock, a database, Telegram, some isolates, and everybody who visits them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use onehook::inbox::database::{Batch, DatabaseError, Statement};
use onehook::isolate::Isolate;
use onehook::reply::Reply;
use onehook::secret::{hex, sha256};
use onehook::settings::Settings;

use crate::emulator::random::Random;
use crate::emulator::telegram::{Delivered, Event, Options, Request, Response, Telegram, header};
use crate::simulation::database::{Observed, RowChange};
use crate::simulation::executor::{Executor, TaskId};
use crate::simulation::faults::{Coverage, Fate, Point, Port, Weather};
use crate::simulation::history::{History, Line, Who};
use crate::simulation::ledger::{Ledger, Outcome};
use crate::simulation::visit;
use crate::test_bot::{ADMIN_TOKEN, ORIGIN, START, TOKEN};

/// Where Telegram lives.
pub const API_ROOT: &str = "http://127.0.0.1:8081";

/// What Telegram shows at the door. Always the same, so that a run can be repeated.
const SECRET: &str = "CANARY_webhook_secret_0123456789_0123456789_0123456789_012345678";

/// How long Telegram waits for an answer.
const TELEGRAM_WAITS_MS: u64 = 60_000;

/// How long Workers let a visit go on after its answer.
const AFTER_ANSWER_MS: u64 = 30_000;

/// How long a cron visit may run.
const CRON_MS: u64 = 15 * 60_000;

/// How many trips and calls the free plan allows a visit.
const SUBREQUESTS_MAX: u64 = 50;

/// The chances and choices of a run.
pub struct Plan {
    pub weather: Weather,
    pub isolates: usize,
    pub answer_in_response: bool,
    /// How many deliveries in a hundred are posted once more.
    pub duplicates: u64,
    pub duplicates_until: u64,
    /// Port calls, counted from 1, at which the isolate dies; `true`: after the effect.
    pub deaths: Vec<(u64, bool)>,
}

/// Everything there is.
pub struct World {
    pub executor: Rc<Executor>,
    pub random: RefCell<Random>,
    pub telegram: RefCell<Telegram>,
    pub database: Observed,
    pub settings: Settings,
    pub plan: Plan,
    pub isolates: RefCell<Vec<IsolateOf>>,
    pub visits: RefCell<Vec<Visit>>,
    pub posts: RefCell<Vec<Post>>,
    posts_by_body: RefCell<HashMap<Vec<u8>, usize>>,
    pub ledger: RefCell<Ledger>,
    pub history: RefCell<History>,
    pub coverage: RefCell<Coverage>,
    pub port_calls: Cell<u64>,
    pub last_fault: Cell<u64>,
    poison: RefCell<Vec<i64>>,
    /// The updates whose handler kills its isolate, each time.
    pub poisoned_ids: RefCell<Vec<i64>>,
    /// The latest time a row was told to wait until.
    pub waits_until: Cell<u64>,
    deliveries: RefCell<HashMap<u64, usize>>,
    pub strays_waiting: Cell<usize>,
    next_look: Cell<u64>,
}

/// An isolate: what it remembers, and how wrong its clock is.
pub struct IsolateOf {
    pub memory: Rc<Isolate>,
    pub skew_ms: i64,
}

/// A body that was posted to the webhook, by Telegram or by somebody who repeats what Telegram posts.
pub struct Post {
    pub body: Rc<[u8]>,
    pub update_id: Option<i64>,
    pub sha256: String,
    /// Whether somebody who posted it got a 2xx.
    pub is_acked: bool,
    /// Whether that was Telegram.
    pub is_acked_by_telegram: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Telegram delivers.
    Delivery(u64),
    /// Somebody posts what Telegram posted, and reads the status at most.
    Stray,
    Cron,
}

/// A visit to the worker.
pub struct Visit {
    pub kind: Kind,
    pub isolate: usize,
    pub task: TaskId,
    pub post: Option<usize>,
    pub answered_at: Option<u64>,
    pub is_over: bool,
    pub trips: u64,
    pub subrequests: u64,
    /// Whether anything went wrong in it.
    pub is_hurt: bool,
    /// Whether its isolate had to look up the secret first.
    pub is_cold: bool,
}

impl World {
    pub fn new(seed: u64, plan: Plan) -> Rc<Self> {
        let executor = Executor::new(START);
        let database = Observed::new(&executor);
        let isolates = (0..plan.isolates).map(|_| IsolateOf {
            memory: Rc::default(),
            skew_ms: 0,
        });
        let world = Rc::new(Self {
            isolates: RefCell::new(isolates.collect()),
            random: RefCell::new(Random::new(seed)),
            telegram: RefCell::new(telegram(seed)),
            database,
            settings: settings(plan.answer_in_response),
            plan,
            visits: RefCell::default(),
            posts: RefCell::default(),
            posts_by_body: RefCell::default(),
            ledger: RefCell::default(),
            history: RefCell::default(),
            coverage: RefCell::default(),
            port_calls: Cell::new(0),
            last_fault: Cell::new(START),
            poison: RefCell::default(),
            poisoned_ids: RefCell::default(),
            waits_until: Cell::new(0),
            deliveries: RefCell::default(),
            strays_waiting: Cell::new(0),
            next_look: Cell::new(0),
            executor,
        });
        world.set_webhook();
        world
    }

    pub fn now(&self) -> u64 {
        self.executor.now()
    }

    /// A number between two, both included.
    pub fn within(&self, low: u64, high: u64) -> u64 {
        self.random.borrow_mut().within(low, high)
    }

    /// True so many times in a hundred.
    pub fn chance(&self, in_hundred: u64) -> bool {
        self.within(1, 100) <= in_hundred
    }

    pub fn pick<T: Copy>(&self, choices: &[T]) -> T {
        choices[usize::try_from(self.within(0, choices.len() as u64 - 1)).unwrap()]
    }

    pub fn violate(&self, promise: &'static str, row: Option<i64>, text: String) {
        let now = self.now();
        self.ledger.borrow_mut().violate(promise, now, row, text);
    }

    /// Writes a line of history.
    pub fn note(&self, who: Who, what: &'static str, point: &'static str, one: i64, other: i64) {
        self.history.borrow_mut().lines.push(Line {
            at: self.now(),
            who,
            what,
            point,
            one,
            other,
        });
    }

    pub fn who(&self, visit: usize) -> Who {
        Who::Visit(visit, self.visits.borrow()[visit].isolate)
    }

    /// Where a visit stands, as the place of a point.
    pub fn point(&self, visit: usize, name: &'static str) -> Point {
        let visits = self.visits.borrow();
        let visit = &visits[visit];
        let place = match visit.kind {
            Kind::Cron => "cron",
            _ if visit.answered_at.is_some() => "rest",
            _ => "webhook",
        };
        Point { place, name }
    }

    /// What becomes of a call of a port.
    pub fn fate(&self, visit: usize, port: Port, name: &'static str) -> Fate {
        let point = self.point(visit, name);
        let call = self.port_calls.get() + 1;
        self.port_calls.set(call);
        let death = self.plan.deaths.iter().find(|(at, _)| *at == call);
        let fate = match death {
            Some((_, true)) => Fate::DiesAfter,
            Some((_, false)) => Fate::DiesBefore,
            None => {
                let mut random = self.random.borrow_mut();
                self.plan.weather.fate(&mut random, self.now(), port, point)
            }
        };
        self.coverage.borrow_mut().count(point, fate);
        self.note(self.who(visit), fate.name(), name, -1, 0);
        if fate != Fate::Works {
            self.hurt(visit);
        }
        fate
    }

    /// Something went wrong with a visit.
    pub fn hurt(&self, visit: usize) {
        self.visits.borrow_mut()[visit].is_hurt = true;
        self.fault_until(self.now());
    }

    /// Something is wrong until then.
    pub fn fault_until(&self, until: u64) {
        self.last_fault.set(self.last_fault.get().max(until));
    }

    /// Counts a trip to the database or a call.
    pub fn count_subrequest(&self, visit: usize, is_trip: bool) {
        let count = {
            let mut visits = self.visits.borrow_mut();
            let visit = &mut visits[visit];
            visit.trips += u64::from(is_trip);
            visit.subrequests += 1;
            visit.subrequests
        };
        if count == SUBREQUESTS_MAX + 1 {
            self.violate(
                "T21",
                None,
                format!("more than {SUBREQUESTS_MAX} subrequests in visit {visit}"),
            );
        }
    }

    /// Whether a visit is still there.
    pub fn lives(&self, visit: usize) -> bool {
        let task = self.visits.borrow()[visit].task;
        self.executor.is_running(task)
    }

    /// Somebody comes to the worker.
    pub fn visit(self: &Rc<Self>, kind: Kind, post: Option<usize>) -> usize {
        let isolate = usize::try_from(self.within(0, self.plan.isolates as u64 - 1)).unwrap();
        let is_cold = self.isolates.borrow()[isolate].memory.door().is_none();
        let number = self.visits.borrow().len();
        self.visits.borrow_mut().push(Visit {
            kind,
            isolate,
            task: 0,
            post,
            answered_at: None,
            is_over: false,
            trips: 0,
            subrequests: 0,
            is_hurt: false,
            is_cold,
        });
        let (what, id) = match kind {
            Kind::Delivery(_) => ("delivery", self.update_id(post)),
            Kind::Stray => ("stray post", self.update_id(post)),
            Kind::Cron => ("cron", 0),
        };
        self.note(self.who(number), "comes", what, -1, id);
        let task = self.executor.spawn(visit::run(Rc::clone(self), number));
        self.visits.borrow_mut()[number].task = task;
        number
    }

    fn update_id(&self, post: Option<usize>) -> i64 {
        let posts = self.posts.borrow();
        post.and_then(|post| posts[post].update_id).unwrap_or(-1)
    }

    /// The isolate dies with everything that runs in it.
    pub fn kill_isolate(self: &Rc<Self>, isolate: usize) {
        self.note(
            Who::World,
            "isolate dies",
            "",
            -1,
            i64::try_from(isolate).unwrap(),
        );
        self.fault_until(self.now());
        self.isolates.borrow_mut()[isolate].memory = Rc::default();
        let count = self.visits.borrow().len();
        for number in 0..count {
            let is_hit = {
                let visits = self.visits.borrow();
                visits[number].isolate == isolate && !visits[number].is_over
            };
            if is_hit {
                self.end_visit(number);
            }
        }
    }

    /// A visit is over, finished or not.
    pub fn end_visit(self: &Rc<Self>, number: usize) {
        let (task, kind, was_answered) = {
            let mut visits = self.visits.borrow_mut();
            let visit = &mut visits[number];
            if visit.is_over {
                return;
            }
            visit.is_over = true;
            (visit.task, visit.kind, visit.answered_at.is_some())
        };
        self.executor.kill(task);
        if was_answered {
            return;
        }
        let later = self.now() + self.within(1, 300);
        match kind {
            Kind::Delivery(delivery) => self.tell_telegram(later, delivery, Delivered::Closed),
            Kind::Stray => self.stray_failed(number),
            Kind::Cron => {}
        }
    }

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

    /// Two trips to the answer where nothing went wrong, and one more in a fresh isolate.
    fn check_trips(&self, number: usize, reply: &Reply) {
        let (trips, is_calm) = {
            let visits = self.visits.borrow();
            let visit = &visits[number];
            (
                visit.trips - u64::from(visit.is_cold),
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

    fn acked(&self, post: Option<usize>, by_telegram: bool) {
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
            delivery, request, ..
        } = event
        else {
            return;
        };
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

    fn stray_failed(self: &Rc<Self>, number: usize) {
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

    /// Runs a trip of a visit in the database.
    pub fn run_trip(&self, visit: usize, statements: &[Statement]) -> Result<Batch, DatabaseError> {
        let (batch, changes) = self.database.run(statements);
        if let Err(DatabaseError(error)) = &batch {
            self.violate("SQL", None, error.clone());
            return batch;
        }
        let now = self.now();
        for change in changes {
            self.changed(now, visit, &change);
        }
        batch
    }

    /// Something writes to the database that is no visit.
    pub fn write(&self, statement: Statement) {
        let (batch, changes) = self.database.run(&[statement]);
        batch.unwrap();
        for change in changes {
            self.note(Who::World, "planned", "", change.seq, 0);
            self.ledger
                .borrow_mut()
                .changed(self.now(), usize::MAX, &change);
        }
    }

    fn changed(&self, now: u64, visit: usize, change: &RowChange) {
        let what = match (change.old.state.as_str(), change.new.state.as_str()) {
            (_, "") => "forgotten",
            ("", "leased") => "kept and leased",
            ("", _) => "kept",
            ("leased", "done") => "decided",
            (_, "dead") => "dead",
            (_, "expired") => "expired",
            _ if change.new.fence > change.old.fence => "claimed",
            _ if change.new.open == 0 => "closed",
            _ if change.plan.is_some() => "plan written",
            _ => "changed",
        };
        self.note(self.who(visit), what, "", change.seq, change.new.fence);
        if change.new.not_before > 0 {
            // A wait for a certain time is no delay of ours.
            let until = u64::try_from(change.new.not_before).unwrap_or(0);
            self.waits_until.set(self.waits_until.get().max(until));
        }
        let is_new = change.old.state.is_empty();
        if is_new && self.poisoned_ids.borrow().contains(&change.update_id) {
            self.poison.borrow_mut().push(change.seq);
        }
        self.ledger.borrow_mut().changed(now, visit, change);
    }

    pub fn is_poison(&self, seq: i64) -> bool {
        self.poison.borrow().contains(&seq)
    }

    /// A visit begins to make a call. `None`: it only reads.
    pub fn begin_send(&self, visit: usize, method: &str, parameters: &str) -> Option<usize> {
        let now = self.now();
        let mut ledger = self.ledger.borrow_mut();
        if method.starts_with("get") {
            return None;
        }
        let send = ledger.begin_send(now, visit, method, parameters);
        let row = send.map(|send| ledger.sends[send].seq);
        if send.is_none() {
            let text = format!("`{method}` is called although no plan says so");
            ledger.violate("I4", now, None, text);
        }
        drop(ledger);
        self.note(self.who(visit), "sends", "", row.unwrap_or(-1), 0);
        send
    }

    /// Telegram did what it was asked, or refused it.
    pub fn took_effect(&self, send: Option<usize>, status: u16) {
        let Some(send) = send else { return };
        let mut ledger = self.ledger.borrow_mut();
        ledger.sends[send].has_effect = status == 200;
        let (seq, step) = (ledger.sends[send].seq, ledger.sends[send].step);
        drop(ledger);
        let step = i64::try_from(step).unwrap();
        self.note(Who::World, "Telegram does it", "", seq, step);
    }

    /// The bot got to know what became of a call.
    pub fn outcome(&self, send: Option<usize>, outcome: Option<Outcome>) {
        if let Some(Outcome::TooMany(until)) = outcome {
            self.fault_until(until);
        }
        if let Some(send) = send {
            self.ledger.borrow_mut().sends[send].outcome = outcome;
        }
    }

    /// The webhook is set without a visit of the operator, with a secret that is always the same.
    fn set_webhook(self: &Rc<Self>) {
        let url = format!("{ORIGIN}/webhook");
        let body =
            format!("{{\"url\":\"{url}\",\"secret_token\":\"{SECRET}\",\"max_connections\":20}}");
        self.call_telegram(Request {
            method: "POST".to_owned(),
            path: format!("/bot{TOKEN}/setWebhook"),
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: body.into_bytes(),
        });
        let sql = "INSERT INTO webhook (bot, secret, username) VALUES (4242, ?1, 'onehook_bot')";
        let connection = self.database.sqlite.connection();
        connection.execute(sql, [SECRET]).unwrap();
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

fn telegram(seed: u64) -> Telegram {
    let mut telegram = Telegram::new(Options {
        now: START,
        seed,
        first_update_id: Some(100),
        allow_http_and_loopback: true,
        ..Options::default()
    });
    telegram.add_bot(TOKEN, "onehook_bot", "Onehook");
    telegram
}

fn settings(answer_in_response: bool) -> Settings {
    let settings = Settings::read(|name| {
        let value = match name {
            "TELEGRAM_BOT_TOKEN" => TOKEN,
            "ADMIN_TOKEN" => ADMIN_TOKEN,
            "TELEGRAM_API_ROOT" => API_ROOT,
            "OWNER_IDS" => "1001,1002",
            "ANSWER_IN_RESPONSE" if answer_in_response => "true",
            _ => return None,
        };
        Some(value.to_owned())
    });
    settings.unwrap()
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
