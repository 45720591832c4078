//! The world of one run: a clock, a database, Telegram, some isolates, and everybody who visits them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use onehook::isolate::Isolate;
use onehook::settings::Settings;
use onehook::webhook::door::DOOR_AGE_MAX_MS;

use crate::emulator::random::Random;
use crate::emulator::telegram::{Delivered, Options, Telegram};
use crate::phrases::english;
use crate::simulation::database::Observed;
use crate::simulation::executor::{Executor, TaskId};
use crate::simulation::faults::{Coverage, Fate, Point, Port, Weather};
use crate::simulation::history::{History, Line, Who};
use crate::simulation::ledger::Ledger;
use crate::simulation::visit;
use crate::test_bot::{ADMIN_TOKEN, START, TOKEN};

/// Where Telegram lives.
pub const API_ROOT: &str = "http://127.0.0.1:8081";

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

impl Plan {
    /// The weather, and nothing else that goes wrong.
    pub fn only(weather: Weather, isolates: usize) -> Self {
        Self {
            weather,
            isolates,
            answer_in_response: false,
            duplicates: 0,
            duplicates_until: 0,
            deaths: Vec::new(),
        }
    }
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
    pub posts_by_body: RefCell<HashMap<Vec<u8>, usize>>,
    pub ledger: RefCell<Ledger>,
    pub history: RefCell<History>,
    pub coverage: RefCell<Coverage>,
    pub port_calls: Cell<u64>,
    pub last_fault: Cell<u64>,
    pub poison: RefCell<Vec<i64>>,
    /// The updates whose handler kills its isolate, each time.
    pub poisoned_ids: RefCell<Vec<i64>>,
    pub deliveries: RefCell<HashMap<u64, usize>>,
    pub strays_waiting: Cell<usize>,
    pub next_look: Cell<u64>,
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
    /// Whether its isolate had to look up the secrets first, as it does once a minute.
    pub reads_door: bool,
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
    pub fn point(&self, visit: usize, port: Port, name: &'static str) -> Point {
        let visits = self.visits.borrow();
        let visit = &visits[visit];
        let place = match visit.kind {
            Kind::Cron => "cron",
            _ if visit.answered_at.is_some() => "rest",
            _ => "webhook",
        };
        Point { place, name, port }
    }

    /// What becomes of a call of a port.
    pub fn fate(&self, visit: usize, port: Port, name: &'static str) -> Fate {
        let point = self.point(visit, port, name);
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
        let reads_door = {
            let isolate = &self.isolates.borrow()[isolate];
            let now = i64::try_from(self.now()).unwrap() + isolate.skew_ms;
            let door = isolate.memory.door();
            door.is_none_or(|door| now - door.read_at >= DOOR_AGE_MAX_MS)
        };
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
            reads_door,
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
    let settings = Settings::read(
        |name| {
            let value = match name {
                "TELEGRAM_BOT_TOKEN" => TOKEN,
                "ADMIN_TOKEN" => ADMIN_TOKEN,
                "TELEGRAM_API_ROOT" => API_ROOT,
                "OWNER_IDS" => "1001,1002",
                "ANSWER_IN_RESPONSE" if answer_in_response => "true",
                _ => return None,
            };
            Some(value.to_owned())
        },
        english(),
    );
    settings.unwrap()
}
