//! The account of every update: its row in the database, and the copies of its reply that arrived.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fmt, thread};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::is_deep;
use super::load::{Acknowledged, Load};
use super::running::Worker;

/// How long a claim lasts (`src/delivery/mod.rs`), and within how long after that its row is taken up: a cron's period and
/// some seconds.
pub(super) const LEASE: Duration = Duration::from_mins(1);
pub(super) const TAKEN_UP_WITHIN: Duration = Duration::from_secs(65);
/// A cron in a hurry, for what the visits left behind.
const PAUSE: Duration = Duration::from_millis(500);
/// What a row that waits at the end of a deep run may take that cron, which does four to six at once.
const PER_ROW: Duration = Duration::from_millis(500);
const DATABASE_FOLDER: &str = "state/v3/d1/miniflare-D1DatabaseObject";

/// A row as it is on disk.
#[derive(Debug)]
pub(super) struct Row {
    pub state: String,
    pub open: i64,
    #[allow(dead_code)] // printed when an account does not close
    pub error: Option<String>,
    /// The planned calls, a JSON array.
    pub calls: Value,
}

impl Row {
    /// Whether somebody was making a call of it. Found like that after a crash, the call may have had its effect.
    fn is_sending(&self) -> bool {
        self.call_states().any(|state| state == "sending")
    }

    fn call_states(&self) -> impl Iterator<Item = &str> {
        let calls = self.calls.as_array().into_iter().flatten();
        calls.filter_map(|call| call["state"].as_str())
    }
}

impl Worker {
    /// All rows by the number of their update, read from the file, which a running worker does not mind.
    pub(super) fn rows(&self) -> HashMap<i64, Row> {
        self.rows_where("1")
    }

    /// The rows with something left to do.
    pub(super) fn open_rows(&self) -> HashMap<i64, Row> {
        self.rows_where("open > 0")
    }

    fn rows_where(&self, condition: &str) -> HashMap<i64, Row> {
        let database = self.database(OpenFlags::SQLITE_OPEN_READ_ONLY);
        let columns = "SELECT update_id, state, open, error, plan FROM inbox WHERE ";
        let mut rows = database.prepare(&[columns, condition].concat()).unwrap();
        let rows = rows.query_map([], |row| {
            let plan: Option<String> = row.get(4)?;
            let row_read = Row {
                state: row.get(1)?,
                open: row.get(2)?,
                error: row.get(3)?,
                calls: serde_json::from_str(&plan.unwrap_or_default()).unwrap_or_default(),
            };
            Ok((row.get(0)?, row_read))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Lets the time of all leases, waits and pauses be over. Only while the worker is down, so that nobody has one of them.
    pub(super) fn sleeps_long(&self) {
        let database = self.database(OpenFlags::SQLITE_OPEN_READ_WRITE);
        let changes = "UPDATE inbox SET lease_until = 0, not_before = 0 WHERE open > 0; UPDATE gate SET until = 0";
        database.execute_batch(changes).unwrap();
    }

    /// Lets all rows be older than any is kept. Only while the worker is down.
    pub(super) fn sleeps_a_month(&self) {
        let database = self.database(OpenFlags::SQLITE_OPEN_READ_WRITE);
        let age = "UPDATE inbox SET received_at = received_at - 31 * 24 * 3600 * 1000";
        database.execute_batch(age).unwrap();
    }

    fn database(&self, flags: OpenFlags) -> Connection {
        let folder = self.folder.join(DATABASE_FOLDER);
        let files = fs::read_dir(folder).unwrap();
        let mut files = files.map(|entry| entry.unwrap().path());
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().unwrap().display().to_string();
            name.ends_with(".sqlite") && name != "metadata.sqlite"
        };
        let file = files.find(is_ours).expect("there is a database");
        let database = Connection::open_with_flags(file, flags).unwrap();
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        database
    }

    /// How many copies of the reply to each update arrived, by the number of the update.
    pub(super) fn copies(&self) -> HashMap<usize, usize> {
        let mut copies = HashMap::new();
        for entry in self.telegram.transcript(0) {
            if let Some(number) = answered(&entry["text"]).filter(|_| entry["who"] == "bot") {
                *copies.entry(number).or_default() += 1;
            }
        }
        copies
    }

    /// Lets the cron run until what visits left behind is done: a lease later, and where many thousands were sent also as long as the
    /// backlog takes. Returns how long that took.
    pub(super) fn drains(&self) -> Duration {
        let backlog = if is_deep() {
            PER_ROW * u32::try_from(self.open_rows().len()).unwrap()
        } else {
            Duration::ZERO
        };
        self.drains_within(LEASE + TAKEN_UP_WITHIN + backlog)
    }

    /// Lets the cron run until nothing is left to do. Returns how long that took.
    pub(super) fn drains_within(&self, longest: Duration) -> Duration {
        let start = Instant::now();
        loop {
            let open = self.open_rows();
            if open.is_empty() {
                return start.elapsed();
            }
            let left: Vec<_> = open.iter().take(3).collect();
            assert!(
                start.elapsed() < longest,
                "{} rows are still open after {longest:?}: {left:?}",
                open.len()
            );
            self.tick();
            thread::sleep(PAUSE);
        }
    }
}

/// The number of the update that a text is the reply to.
pub(super) fn answered(text: &Value) -> Option<usize> {
    let number = text.as_str()?.strip_prefix("I do not know /u")?;
    number.split('.').next()?.parse().ok()
}

/// How often each update was on its way to Telegram when its worker was ended.
#[derive(Default)]
pub(super) struct Interrupted(HashMap<i64, usize>);

impl Interrupted {
    /// Notes the calls that a worker that just ended was making.
    pub(super) fn note(&mut self, worker: &Worker) {
        let open = worker.open_rows();
        let sending = open.iter().filter(|(_, row)| row.is_sending());
        for (id, _) in sending {
            *self.0.entry(*id).or_default() += 1;
        }
    }

    fn times(&self, id: i64) -> usize {
        self.0.get(&id).copied().unwrap_or_default()
    }
}

/// What the account comes to.
pub(super) struct Figures {
    pub acknowledged: usize,
    pub interrupted: usize,
    /// How many updates were answered never, once, twice.
    pub answered: [usize; 3],
    pub p50: Duration,
    pub p99: Duration,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [never, once, twice] = self.answered;
        write!(
            f,
            "{} acknowledged, 0 lost; replies: {once} once, {twice} twice, {never} never ({} interrupted); \
             p50 {} ms, p99 {} ms",
            self.acknowledged,
            self.interrupted,
            self.p50.as_millis(),
            self.p99.as_millis()
        )
    }
}

/// Ends the load, waits for what it left behind, and closes the account. The figures, in words.
pub(super) fn conclude(worker: &Worker, load: Load, interrupted: &Interrupted) -> String {
    let sent = load.finish();
    let drained = worker.drains();
    let figures = close(worker, &sent, interrupted);
    let seconds = drained.as_secs_f64();
    format!("{figures}; the last rows were done {seconds:.1} s after the load")
}

/// Closes the account: every update that was acknowledged is stored and handled, and its reply arrived once; twice at most if a
/// worker was ended while sending it, and never only if that happened on both tries it has.
pub(super) fn close(worker: &Worker, sent: &[Acknowledged], interrupted: &Interrupted) -> Figures {
    let (rows, copies) = (worker.rows(), worker.copies());
    let mut figures = Figures {
        acknowledged: sent.len(),
        interrupted: interrupted.0.len(),
        answered: [0; 3],
        p50: percentile(sent, 50),
        p99: percentile(sent, 99),
    };
    let mut offences = Vec::new();
    for update in sent {
        let row = rows.get(&update.id());
        let copies = copies.get(&update.number).copied().unwrap_or_default();
        let times = interrupted.times(update.id());
        let is_done = row.is_some_and(|row| row.state == "done" && row.open == 0);
        let is_right = match times {
            0 => copies == 1,
            1 => copies == 1 || copies == 2,
            _ => copies <= 2,
        };
        if is_done && is_right {
            figures.answered[copies] += 1;
        } else {
            offences.push(format!(
                "{copies} copies, {times} interrupted, {row:?} of {update:?}"
            ));
        }
    }
    nobody_offends(&offences, sent.len());
    figures
}

/// Fails with some examples where updates were lost, left or answered wrongly.
#[track_caller]
pub(super) fn nobody_offends(offences: &[String], updates: usize) {
    let some = offences[..offences.len().min(5)].join("\n");
    let count = offences.len();
    assert!(
        offences.is_empty(),
        "{count} of {updates} updates were lost, left or answered wrongly, such as:\n{some}"
    );
}

/// How long so many percent of the updates took at most, from the moment they were due to their acknowledgement.
pub(super) fn percentile(sent: &[Acknowledged], percent: usize) -> Duration {
    let mut took: Vec<Duration> = sent.iter().map(Acknowledged::took).collect();
    took.sort_unstable();
    took[(took.len() * percent / 100).min(took.len() - 1)]
}
