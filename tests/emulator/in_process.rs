//! The in-process door: the pretend Telegram and its clock behind plain calls, for fast synchronous tests.

use std::cell::{Cell, RefCell};

use serde_json::Value;

use super::telegram::{Delivered, Event, Options, Request, Response, Telegram};

/// Why a call came back without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    Reset,
    TimedOut,
    Truncated,
}

/// What somebody else does at its time, while a call waits or the clock is moved.
type Deed = Box<dyn FnOnce(&InProcess)>;

/// The door holds no borrow while the caller works, so a call may be made in the middle of a delivery.
pub struct InProcess {
    telegram: RefCell<Telegram>,
    now: Cell<u64>,
    kept: RefCell<Vec<(u64, String, Request)>>,
    deeds: RefCell<Vec<(u64, Deed)>>,
}

impl InProcess {
    pub fn new(options: Options) -> Self {
        Self {
            now: Cell::new(options.now),
            telegram: RefCell::new(Telegram::new(options)),
            kept: RefCell::new(Vec::new()),
            deeds: RefCell::new(Vec::new()),
        }
    }

    pub fn now(&self) -> u64 {
        self.now.get()
    }

    pub fn advance(&self, ms: u64) {
        let end = self.now.get() + ms;
        while self.do_next_deed(end) {}
        self.now.set(end.max(self.now.get()));
    }

    /// Lets somebody else do something when the clock gets there.
    pub fn later(&self, after_ms: u64, deed: impl FnOnce(&Self) + 'static) {
        let at = self.now() + after_ms;
        self.deeds.borrow_mut().push((at, Box::new(deed)));
    }

    /// Makes an API call whose answer nobody waits for.
    pub fn request(&self, request: Request) {
        self.telegram.borrow_mut().request(self.now(), request);
    }

    /// Makes an API call. The clock moves only when the answer is held or delayed; webhook deliveries
    /// that fall due meanwhile wait for the next `deliveries`.
    pub fn call(&self, request: Request, timeout_ms: u64) -> Result<Response, Lost> {
        let start = self.now();
        let number = self.telegram.borrow_mut().request(start, request);
        loop {
            if let Some(outcome) = self.outcome_of(number) {
                return outcome;
            }
            let next = self.telegram.borrow().next_due();
            let next = next.filter(|next| *next <= start + timeout_ms);
            if self.do_next_deed(next.unwrap_or(start + timeout_ms)) {
                continue;
            }
            let Some(next) = next else {
                self.now.set(self.now().max(start + timeout_ms));
                return Err(Lost::TimedOut);
            };
            self.now.set(next.max(self.now()));
        }
    }

    /// The webhook deliveries that are due now.
    pub fn deliveries(&self) -> Vec<(u64, String, Request)> {
        self.outcome_of(0);
        self.kept.take()
    }

    pub fn delivered(&self, delivery: u64, outcome: Delivered) {
        self.telegram
            .borrow_mut()
            .delivered(self.now(), delivery, outcome);
    }

    pub fn add_bot(&self, token: &str, username: &str, first_name: &str) {
        self.telegram
            .borrow_mut()
            .add_bot(token, username, first_name);
    }

    pub fn act(&self, act: &Value) -> Result<Value, String> {
        self.telegram.borrow_mut().act(self.now(), act)
    }

    pub fn fault(&self, fault: &Value) -> Result<(), String> {
        self.telegram.borrow_mut().fault(fault)
    }

    pub fn transcript(&self, after: usize) -> Vec<Value> {
        self.telegram.borrow().transcript(after)
    }

    pub fn state(&self) -> Value {
        self.telegram.borrow().state()
    }

    /// When something next happens by itself.
    pub fn next_due(&self) -> Option<u64> {
        self.telegram.borrow().next_due()
    }

    /// Does what comes next until a time, if there is anything.
    fn do_next_deed(&self, end: u64) -> bool {
        let mut deeds = self.deeds.borrow_mut();
        let due = (0..deeds.len()).filter(|place| deeds[*place].0 <= end);
        let Some(first) = due.min_by_key(|place| deeds[*place].0) else {
            return false;
        };
        let (at, deed) = deeds.remove(first);
        drop(deeds);
        self.now.set(at.max(self.now()));
        deed(self);
        true
    }

    /// Takes what is due, keeps the deliveries, and returns what came of one request. Answers to
    /// requests whose caller gave up go nowhere.
    fn outcome_of(&self, number: u64) -> Option<Result<Response, Lost>> {
        let mut outcome = None;
        let due = self.telegram.borrow_mut().due(self.now());
        for event in due {
            let answered = match event {
                Event::Answer { request, response } => (request, Ok(response)),
                Event::Reset { request } => (request, Err(Lost::Reset)),
                Event::Truncated { request, .. } => (request, Err(Lost::Truncated)),
                Event::Deliver {
                    delivery,
                    url,
                    request,
                } => {
                    self.kept.borrow_mut().push((delivery, url, request));
                    continue;
                }
            };
            if answered.0 == number {
                outcome = Some(answered.1);
            }
        }
        outcome
    }
}
