//! What every row and every planned call went through, and the promises that are broken on the way.

use std::collections::HashMap;

use onehook::delivery::outbox::{CallState, PlannedCall};
use onehook::json::elements;
use onehook::plan::OnAmbiguity;

use crate::simulation::database::RowChange;

/// How often a handler is started for an update at most.
const ATTEMPTS_MAX: i64 = 5;

/// How often the owners are told of one kind of thing at most.
const ALERT_EVERY_MS: u64 = 600_000;

/// A promise that was not kept.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Such as `I5`.
    pub promise: &'static str,
    pub at: u64,
    pub row: Option<i64>,
    pub text: String,
}

/// A row of the inbox, as the triggers told it.
#[derive(Debug, Default)]
pub struct Row {
    pub update_id: i64,
    pub sha256: String,
    pub lane: String,
    pub state: String,
    pub open: i64,
    pub attempts: i64,
    pub decisions: u32,
    pub steps: Vec<Step>,
    pub is_gone: bool,
    /// How long after its arrival it was given up.
    pub dead_after_ms: Option<u64>,
    kept_at: u64,
    /// Whether its lane went on without it.
    was_let_go: bool,
    has_sent: bool,
}

/// A planned call.
#[derive(Debug)]
pub struct Step {
    pub method: String,
    pub parameters: String,
    pub is_about_message: bool,
    /// The chat it goes to, where there is one.
    pub chat: String,
    pub policy: OnAmbiguity,
    pub state: CallState,
    pub is_in_response: bool,
    pub sends: Vec<usize>,
    /// How often the answer to a delivery carried it to Telegram.
    pub in_answers: u32,
}

/// One time a planned call was made.
#[derive(Debug)]
pub struct Send {
    pub seq: i64,
    pub step: usize,
    pub visit: usize,
    /// What the bot got to know.
    pub outcome: Option<Outcome>,
    /// Whether the bot wrote down what it got to know.
    pub is_settled: bool,
    /// Whether Telegram did it.
    pub has_effect: bool,
}

/// An answer that leaves no doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
    /// Not before this time.
    TooMany(u64),
}

#[derive(Debug, Default)]
struct Lane {
    decided: i64,
    sent: i64,
}

#[derive(Debug)]
struct Working {
    seq: i64,
    /// When the plan was written, and the gates looked at.
    since: u64,
    due: Vec<usize>,
}

/// The rows, the sends, and what is wrong with them.
#[derive(Debug, Default)]
pub struct Ledger {
    pub rows: std::collections::BTreeMap<i64, Row>,
    pub sends: Vec<Send>,
    pub violations: Vec<Violation>,
    seqs: HashMap<(i64, String), i64>,
    working: HashMap<usize, Working>,
    lanes: HashMap<String, Lane>,
    gates: HashMap<String, Vec<Gate>>,
    alerts: HashMap<String, u64>,
}

/// A pause for a chat that a visit wrote down.
#[derive(Debug)]
struct Gate {
    closed_at: u64,
    until: u64,
}

impl Ledger {
    /// The row of an update with this digest.
    pub fn seq(&self, update_id: i64, sha256: &str) -> Option<i64> {
        self.seqs.get(&(update_id, sha256.to_owned())).copied()
    }

    pub fn violate(&mut self, promise: &'static str, at: u64, row: Option<i64>, text: String) {
        self.violations.push(Violation {
            promise,
            at,
            row,
            text,
        });
    }

    /// A row was written by a visit.
    pub fn changed(&mut self, now: u64, visit: usize, change: &RowChange) {
        let seq = change.seq;
        if change.old.state.is_empty() {
            let key = (change.update_id, change.sha256.clone());
            let is_unusable = change.new.state == "quarantined";
            if !is_unusable && self.seqs.insert(key, seq).is_some() {
                let text = "an update has two rows".to_owned();
                self.violate("I1", now, Some(seq), text);
            }
            let row = Row {
                update_id: change.update_id,
                sha256: change.sha256.clone(),
                lane: change.lane.clone(),
                kept_at: now,
                ..Row::default()
            };
            self.rows.insert(seq, row);
            if change.new.state == "done" {
                self.planned_from_birth(now, change);
            }
        }
        self.check_lease(now, change);
        let row = self.rows.get_mut(&seq).expect("a known row");
        row.is_gone = change.is_gone;
        if change.is_gone {
            return;
        }
        row.state.clone_from(&change.new.state);
        row.open = change.new.open;
        row.attempts = change.attempts;
        row.was_let_go |= change.new.open == 2;
        if change.new.state == "dead" {
            row.dead_after_ms.get_or_insert(now - row.kept_at);
        }
        if change.new.state == "done" && change.old.state == "leased" {
            self.decided(now, seq);
        }
        if let Some(plan) = &change.plan {
            self.planned(now, visit, change, plan);
        }
    }

    /// A row that no handler plans, such as one that tells the owners something.
    fn planned_from_birth(&mut self, now: u64, change: &RowChange) {
        let row = self.rows.get_mut(&change.seq).expect("a known row");
        row.decisions += 1;
        if change.lane != "alert" {
            return;
        }
        let kind = change.sha256.split(' ').next().unwrap_or_default();
        let earlier = self.alerts.insert(kind.to_owned(), now);
        if earlier.is_some_and(|earlier| now < earlier + ALERT_EVERY_MS) {
            let text = format!("`{kind}` is told again too early");
            self.violate("T16", now, Some(change.seq), text);
        }
    }

    fn check_lease(&mut self, now: u64, change: &RowChange) {
        let is_claimed_anew = !change.old.state.is_empty() && change.new.fence > change.old.fence;
        if is_claimed_anew && u64::try_from(change.old.lease_until).unwrap() > now {
            let text = format!(
                "a lease was taken away {} ms before its end",
                change.old.lease_until - i64::try_from(now).unwrap()
            );
            self.violate("I9", now, Some(change.seq), text);
        }
        // A claim that takes effect when its visit is long gone counts as an attempt that no handler made, so there may be more claims
        // than attempts allowed. But no handler is started any more.
        if change.attempts > ATTEMPTS_MAX && change.new.state == "done" {
            let text = format!("attempt {}", change.attempts);
            self.violate("I8", now, Some(change.seq), text);
        }
    }

    fn decided(&mut self, now: u64, seq: i64) {
        let row = self.rows.get_mut(&seq).expect("a known row");
        row.decisions += 1;
        let decisions = row.decisions;
        let lane = self.lanes.entry(row.lane.clone()).or_default();
        let earlier = lane.decided;
        lane.decided = earlier.max(seq);
        if decisions > 1 {
            self.violate("I3", now, Some(seq), format!("decision {decisions}"));
        }
        if earlier > seq {
            let text = format!("decided after {earlier} of the same lane");
            self.violate("I6", now, Some(seq), text);
        }
    }

    /// A plan was written: for the first time, or with what became of its calls.
    fn planned(&mut self, now: u64, visit: usize, change: &RowChange, plan: &str) {
        let calls: Vec<PlannedCall> = elements(plan)
            .unwrap_or_default()
            .into_iter()
            .filter_map(PlannedCall::of)
            .collect();
        let row = self.rows.get_mut(&change.seq).expect("a known row");
        let is_new = row.steps.is_empty();
        if is_new {
            row.steps = calls.iter().map(Step::of).collect();
        }
        let is_same = row.steps.len() == calls.len()
            && row.steps.iter().zip(&calls).all(|(step, call)| {
                step.method == call.call.method && step.parameters == call.call.parameters.get()
            });
        for (step, call) in row.steps.iter_mut().zip(&calls) {
            step.state = call.state;
            step.is_in_response = call.is_in_response;
            for send in &step.sends {
                let send = &mut self.sends[*send];
                let is_own = send.visit == visit && send.outcome.is_some();
                send.is_settled |= is_own && call.state != CallState::Sending;
            }
        }
        let due = calls
            .iter()
            .enumerate()
            .filter(|(_, call)| call.state == CallState::Sending)
            .map(|(place, _)| place)
            .collect();
        let seq = change.seq;
        let since = now;
        self.working.insert(visit, Working { seq, since, due });
        self.close_gates(now, visit, &calls);
        let is_under_way = calls.iter().any(|call| call.state == CallState::Sending);
        if change.new.lease_until == 0 && is_under_way {
            let text = "let go of while a call is said to be under way".to_owned();
            self.violate("I5", now, Some(seq), text);
        }
        if !is_same {
            let text = "the plan is another one now".to_owned();
            self.violate("I4", now, Some(seq), text);
        }
    }

    /// Pauses that were just written down.
    fn close_gates(&mut self, now: u64, visit: usize, calls: &[PlannedCall]) {
        let paused = calls
            .iter()
            .filter(|call| call.code == Some(429) && call.wait_ms > 0);
        for call in paused.filter(|call| call.state == CallState::Wait) {
            let chat = call.call.chat();
            let is_own = self.sends.iter().rev().take(50).any(|send| {
                send.visit == visit && matches!(send.outcome, Some(Outcome::TooMany(_)))
            });
            if is_own && !chat.is_empty() {
                let until = now + u64::try_from(call.wait_ms).unwrap();
                let closed_at = now;
                self.gates
                    .entry(chat)
                    .or_default()
                    .push(Gate { closed_at, until });
            }
        }
    }

    /// A visit makes a call. `None`: no plan speaks of it.
    pub fn begin_send(
        &mut self,
        now: u64,
        visit: usize,
        method: &str,
        parameters: &str,
    ) -> Option<usize> {
        let working = self.working.get_mut(&visit)?;
        let seq = working.seq;
        let row = self.rows.get_mut(&seq)?;
        let place = working
            .due
            .iter()
            .position(|step| row.steps[*step].is(method, parameters))?;
        let step = working.due.drain(..=place).next_back()?;
        let number = self.sends.len();
        self.sends.push(Send {
            seq,
            step,
            visit,
            outcome: None,
            is_settled: false,
            has_effect: false,
        });
        let earlier = row.steps[step].sends.clone();
        row.steps[step].sends.push(number);
        let is_first = !row.has_sent && !row.was_let_go;
        row.has_sent = true;
        let lane = row.lane.clone();
        let policy = row.steps[step].policy;
        let chat = row.steps[step].chat.clone();
        let since = working.since;
        self.check_repetition(now, visit, number, policy, &earlier);
        let gates = self.gates.get(&chat).into_iter().flatten();
        let closed = gates.filter(|gate| gate.closed_at < since && now < gate.until);
        if let Some(gate) = closed.max_by_key(|gate| gate.until) {
            let text = format!("through a closed gate, {} ms too early", gate.until - now);
            self.violate("I7", now, Some(seq), text);
        }
        let lane = self.lanes.entry(lane).or_default();
        let overtaken_by = lane.sent;
        lane.sent = overtaken_by.max(seq);
        if is_first && overtaken_by > seq {
            let text = format!("first sent after {overtaken_by} of the same lane");
            self.violate("I6", now, Some(seq), text);
        }
        Some(number)
    }

    /// Whether a call may be made again after its earlier times.
    fn check_repetition(
        &mut self,
        now: u64,
        visit: usize,
        number: usize,
        policy: OnAmbiguity,
        earlier: &[usize],
    ) {
        let seq = self.sends[number].seq;
        let mut wrong = Vec::new();
        for send in earlier {
            let send = &self.sends[*send];
            match send.outcome {
                Some(Outcome::Done | Outcome::Refused) if send.is_settled => {
                    wrong.push(("I5", "made again after a certain answer".to_owned()));
                }
                Some(Outcome::TooMany(until))
                    if now < until && (send.is_settled || send.visit == visit) =>
                {
                    wrong.push(("I7", format!("made {} ms too early", until - now)));
                }
                _ => {}
            }
        }
        let spent = earlier.iter().filter(|send| {
            let send = &self.sends[**send];
            !(matches!(send.outcome, Some(Outcome::TooMany(_))) && send.is_settled)
        });
        let sends_max = match policy {
            OnAmbiguity::Repeat => 5,
            OnAmbiguity::Resend => 2,
            OnAmbiguity::Park => 1,
        };
        let spent = spent.count();
        if spent >= sends_max {
            wrong.push(("I5", format!("made for time {} of {sends_max}", spent + 1)));
        }
        for (promise, text) in wrong {
            self.violate(promise, now, Some(seq), text);
        }
    }

    /// Checks at the end what only the end shows. `acked`: whether Telegram has an answer for the update of a row.
    pub fn finish(&mut self, now: u64, is_quiet: bool, acked: impl Fn(&Row) -> bool) {
        let mut wrong = Vec::new();
        for (seq, row) in self.rows.iter().filter(|(_, row)| !row.is_gone) {
            let ended = ["done", "dead", "expired", "quarantined"].contains(&row.state.as_str());
            if is_quiet && (!ended || row.open > 0) {
                wrong.push((
                    *seq,
                    "I2",
                    format!("ended as {} (open {})", row.state, row.open),
                ));
            }
            if row.decisions != u32::from(row.state == "done") {
                let text = format!("{} decisions, {}", row.decisions, row.state);
                wrong.push((*seq, "I3", text));
            }
            for (place, step) in row.steps.iter().enumerate() {
                if let Some(text) = self.wrong_copies(step, acked(row)) {
                    wrong.push((
                        *seq,
                        "I5",
                        format!("step {place} (`{}`): {text}", step.method),
                    ));
                }
            }
        }
        for (seq, promise, text) in wrong {
            self.violate(promise, now, Some(seq), text);
        }
    }

    /// How many calls that make something new Telegram got more than once.
    pub fn doubled(&self) -> usize {
        let steps = self.rows.values().flat_map(|row| &row.steps);
        let news = steps.filter(|step| step.policy != OnAmbiguity::Repeat);
        news.filter(|step| self.copies(step) > 1).count()
    }

    /// How many copies of a call Telegram got.
    fn copies(&self, step: &Step) -> usize {
        let sends = step.sends.iter().map(|send| &self.sends[*send]);
        sends.filter(|send| send.has_effect).count() + step.in_answers as usize
    }

    /// What is wrong with the number of copies of a call that makes something new.
    fn wrong_copies(&self, step: &Step, is_acked: bool) -> Option<String> {
        let sends = || step.sends.iter().map(|send| &self.sends[*send]);
        let copies = self.copies(step);
        let is_certain = |send: &&Send| send.outcome.is_some() && send.is_settled;
        let ambiguous = sends().filter(|send| !is_certain(send)).count();
        let most = match step.policy {
            OnAmbiguity::Repeat => return None,
            OnAmbiguity::Resend => (1 + ambiguous).min(2),
            OnAmbiguity::Park => 1,
        };
        if copies > most {
            return Some(format!("{copies} copies, {ambiguous} ambiguous outcomes"));
        }
        let is_owed = step.state == CallState::Sent && (!step.is_in_response || is_acked);
        if is_owed && copies == 0 {
            let refused = sends().any(|send| send.outcome == Some(Outcome::Refused));
            return (!refused).then(|| "said to be sent, but Telegram never got it".to_owned());
        }
        None
    }
}

impl Step {
    fn of(call: &PlannedCall) -> Self {
        Self {
            method: call.call.method.clone(),
            parameters: call.call.parameters.get().to_owned(),
            is_about_message: call.call.is_about_that_message,
            chat: call.call.chat(),
            policy: call.call.on_ambiguity,
            state: call.state,
            is_in_response: call.is_in_response,
            sends: Vec::new(),
            in_answers: 0,
        }
    }

    fn is(&self, method: &str, parameters: &str) -> bool {
        self.method == method && (self.is_about_message || self.parameters == parameters)
    }
}
