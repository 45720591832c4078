//! The worker's ports in the simulated world: each call waits on the virtual clock, and has a fate.

use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;

use onehook::inbox::database::{Batch, Database, DatabaseError, Statement, Value};
use onehook::notes::Notes;
use onehook::request::{Body, BodyError};
use onehook::telegram::transport::{Answer, Outgoing, Transport, Unreachable};

use crate::emulator::telegram::{Request, Response};
use crate::simulation::database;
use crate::simulation::faults::{Fate, Port};
use crate::simulation::ledger::Outcome;
use crate::simulation::world::{API_ROOT, World};

/// The methods of the Bot API that the bot calls, for the points where a call may fail.
const METHODS: &[&str] = &[
    "answerCallbackQuery",
    "copyMessage",
    "deleteMessage",
    "getWebhookInfo",
    "sendMessage",
    "setMessageReaction",
    "setWebhook",
];

/// All ports of one visit.
#[derive(Clone)]
pub struct Ports {
    pub world: Rc<World>,
    pub visit: usize,
}

/// When a call takes effect, and when its answer is here, on the virtual clock.
struct Times {
    effect: u64,
    answer: u64,
}

impl Ports {
    fn times(&self, each_way: (u64, u64), late: (u64, u64), fate: Fate) -> Times {
        let world = &self.world;
        let out = world.within(each_way.0, each_way.1);
        let back = world.within(each_way.0, each_way.1);
        let late = match fate {
            Fate::Late => world.within(59_500, 66_000),
            Fate::Delayed => world.within(late.0, late.1),
            _ => 0,
        };
        let effect = world.now() + out + late;
        if late > 0 {
            world.fault_until(effect);
        }
        Times {
            effect,
            answer: effect + back,
        }
    }

    /// Lets the effect happen at its time. What is on its way when its visit ends arrives or not.
    fn schedule(&self, at: u64, effect: impl FnOnce(&Rc<World>) + 'static) {
        let (world, visit) = (Rc::clone(&self.world), self.visit);
        let outlives = world.chance(50);
        self.world.executor.at(at, move || {
            if outlives || world.lives(visit) {
                effect(&world);
            }
        });
    }

    fn die_at(&self, at: u64) {
        let (world, visit) = (Rc::clone(&self.world), self.visit);
        self.world.executor.at(at, move || {
            let isolate = world.visits.borrow()[visit].isolate;
            if world.lives(visit) {
                world.kill_isolate(isolate);
            }
        });
    }

    async fn until(&self, at: u64) {
        let now = self.world.now();
        self.world.executor.sleep(at.saturating_sub(now)).await;
    }

    async fn rest(&self, milliseconds: u32) {
        let fate = self.world.fate(self.visit, Port::Pause, "pause");
        if matches!(fate, Fate::DiesBefore | Fate::DiesAfter) {
            self.die_at(self.world.now());
            pending::<()>().await;
        }
        self.world.executor.sleep(u64::from(milliseconds)).await;
    }

    /// Whether a handler for this update kills its isolate, each time.
    fn is_poisoned(&self, statements: &[Statement]) -> bool {
        let seq = statements.first().and_then(|first| first.values.first());
        let Some(Value::Integer(seq)) = seq else {
            return false;
        };
        database::is_commit(statements) && self.world.is_poison(*seq)
    }
}

impl Database for Ports {
    async fn batch(&self, statements: &[Statement]) -> Result<Batch, DatabaseError> {
        let world = &self.world;
        let name = database::name(statements);
        // What a handler asks the database is its own affair.
        world.count_subrequest(self.visit, name != "count");
        let mut fate = world.fate(self.visit, Port::Database, name);
        if self.is_poisoned(statements) {
            fate = Fate::DiesBefore;
            world.hurt(self.visit);
        }
        let mut times = self.times((1, 25), world.plan.weather.database_late_ms, fate);
        if fate == Fate::FailsEarly {
            times.effect = times.answer + world.within(1, 5_000);
            world.fault_until(times.effect);
        }
        let brought = Rc::new(RefCell::new(None));
        let has_effect = match fate {
            Fate::FailsBefore | Fate::DiesBefore => false,
            Fate::Hangs => world.chance(50),
            _ => true,
        };
        if has_effect {
            let (brought, visit) = (Rc::clone(&brought), self.visit);
            let statements = statements.to_vec();
            self.schedule(times.effect, move |world| {
                *brought.borrow_mut() = Some(world.run_trip(visit, &statements));
            });
        }
        match fate {
            Fate::DiesBefore | Fate::DiesAfter => {
                self.die_at(times.effect);
                pending::<()>().await;
            }
            Fate::Hangs => pending().await,
            _ => self.until(times.answer).await,
        }
        let brought = brought.borrow_mut().take();
        match (fate, brought) {
            (Fate::FailsBefore, _) => {
                Err(DatabaseError("D1_ERROR: D1 DB is overloaded".to_owned()))
            }
            (Fate::FailsAfter | Fate::FailsEarly, _) => Err(DatabaseError(
                "D1_ERROR: Network connection lost.".to_owned(),
            )),
            (_, brought) => brought.expect("the effect comes before the answer"),
        }
    }

    async fn pause(&self, milliseconds: u32) {
        self.rest(milliseconds).await;
    }
}

impl Transport for Ports {
    fn now_ms(&self) -> i64 {
        i64::try_from(self.world.now()).unwrap()
    }

    async fn carry(&self, request: Outgoing) -> Result<Answer, Unreachable> {
        let world = &self.world;
        world.count_subrequest(self.visit, false);
        let request_out = telegrams(&request);
        let method = request.url.rsplit('/').next().unwrap_or_default();
        let parameters = String::from_utf8_lossy(&request.body).into_owned();
        let send = world.begin_send(self.visit, method, &parameters);
        let point = METHODS.iter().find(|known| **known == method);
        let fate = world.fate(
            self.visit,
            Port::Telegram,
            point.unwrap_or(&"another method"),
        );
        let started = world.now();
        let mut times = self.times((10, 150), (0, 0), fate);
        if fate == Fate::Slow {
            let late = world.within(0, 40_000);
            times.effect += late;
            times.answer += 40_000;
            world.fault_until(times.effect);
        }
        let has_effect = match fate {
            Fate::Works | Fate::FailsAfter | Fate::DiesAfter | Fate::Slow | Fate::Truncated => true,
            Fate::Hangs | Fate::Garbage | Fate::Status(500..) => world.chance(50),
            _ => false,
        };
        let brought = Rc::new(RefCell::new(None));
        if has_effect {
            let brought = Rc::clone(&brought);
            self.schedule(times.effect, move |world| {
                let response = world.call_telegram(request_out);
                world.took_effect(send, response.status);
                *brought.borrow_mut() = Some(response);
            });
        }
        let patience = started + u64::from(request.timeout_ms);
        match fate {
            Fate::DiesBefore | Fate::DiesAfter => {
                self.die_at(times.effect);
                pending::<()>().await;
            }
            Fate::Hangs => {
                self.until(patience).await;
                return Err(Unreachable::TimedOut);
            }
            _ if times.answer > patience => {
                self.until(patience).await;
                return Err(Unreachable::TimedOut);
            }
            _ => self.until(times.answer).await,
        }
        let answer = answer(fate, brought.borrow_mut().take());
        if let Ok(answer) = &answer {
            world.outcome(send, outcome(fate, answer.status, world.now()));
        }
        answer
    }

    async fn pause(&self, milliseconds: u32) {
        self.rest(milliseconds).await;
    }
}

/// What comes back after a fate.
fn answer(fate: Fate, brought: Option<Response>) -> Result<Answer, Unreachable> {
    let refusal = |status: u16, description: &str, hint: &str| {
        let body = format!(
            "{{\"ok\":false,\"error_code\":{status},\"description\":\"{description}\"{hint}}}"
        );
        let body = body.into_bytes();
        Ok(Answer { status, body })
    };
    match fate {
        Fate::FailsBefore | Fate::FailsAfter | Fate::Truncated => Err(Unreachable::Broken),
        Fate::Garbage => Ok(Answer {
            status: 200,
            body: b"<html>a page of a proxy</html>".to_vec(),
        }),
        Fate::TooMany(seconds) => {
            let hint = format!(",\"parameters\":{{\"retry_after\":{seconds}}}");
            refusal(429, "Too Many Requests", &hint)
        }
        Fate::Status(400) => refusal(400, "Bad Request: the simulation says so", ""),
        Fate::Status(403) => refusal(403, "Forbidden: the simulation says so", ""),
        Fate::Status(500) => refusal(500, "Internal Server Error", ""),
        Fate::Status(status) => Ok(Answer {
            status,
            body: b"<html>Bad Gateway</html>".to_vec(),
        }),
        _ => {
            let response = brought.expect("the effect comes before the answer");
            Ok(Answer {
                status: response.status,
                body: response.body,
            })
        }
    }
}

/// What an answer tells for certain.
fn outcome(fate: Fate, status: u16, now: u64) -> Option<Outcome> {
    match (fate, status) {
        (Fate::Garbage, _) | (_, 500..) => None,
        (Fate::TooMany(seconds), _) => Some(Outcome::TooMany(now + 1000 * u64::from(seconds))),
        (_, 200..300) => Some(Outcome::Done),
        _ => Some(Outcome::Refused),
    }
}

/// The request as Telegram gets it.
fn telegrams(request: &Outgoing) -> Request {
    let path = request
        .url
        .strip_prefix(API_ROOT)
        .expect("a call to Telegram");
    let content_type = request.content_type;
    let content_type = content_type.map(|value| ("Content-Type".to_owned(), value.to_owned()));
    Request {
        method: request.method.to_owned(),
        path: path.to_owned(),
        headers: content_type.into_iter().collect(),
        body: request.body.clone(),
    }
}

impl Notes for Ports {
    async fn answers(&self) -> bool {
        true
    }

    async fn read(&self, _: &str) -> Option<String> {
        self.world.executor.sleep(5).await;
        None
    }

    async fn write(&self, _: &str, _: &str, _: u32) {
        self.world.executor.sleep(5).await;
    }
}

/// The body of a post, on its way.
pub struct PostBody {
    pub ports: Ports,
    pub body: Rc<[u8]>,
}

impl Body for PostBody {
    async fn read(self, bytes_max: usize) -> Result<Vec<u8>, BodyError> {
        let ports = &self.ports;
        let fate = ports.world.fate(ports.visit, Port::Body, "body");
        let times = ports.times((0, 5), (1_000, 20_000), fate);
        match fate {
            Fate::DiesBefore | Fate::DiesAfter => {
                ports.die_at(times.effect);
                pending::<()>().await;
            }
            Fate::Hangs => pending().await,
            _ => ports.until(times.effect).await,
        }
        match fate {
            Fate::FailsBefore => Err(BodyError::Broken),
            _ if self.body.len() > bytes_max => Err(BodyError::TooLarge),
            _ => Ok(self.body.to_vec()),
        }
    }
}
