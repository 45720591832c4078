//! What visits do to the world: trips to the database and calls of Telegram, written into the ledger as they take effect.

use onehook::inbox::database::{Batch, DatabaseError, Statement};

use crate::simulation::database::RowChange;
use crate::simulation::history::Who;
use crate::simulation::ledger::Outcome;
use crate::simulation::world::World;

impl World {
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
        // The guard's own calls change nothing that a plan decides on.
        if method.starts_with("get") || method == "setWebhook" {
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
}
