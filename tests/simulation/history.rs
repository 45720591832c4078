//! What happened in a run, in order: for a hash that tells runs apart, and for whoever looks for a mistake.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// One thing that happened. `one` and `other` say what to: numbers of rows, fences, chats.
#[derive(Clone, Debug, Hash)]
pub struct Line {
    pub at: u64,
    pub who: Who,
    pub what: &'static str,
    pub point: &'static str,
    pub one: i64,
    pub other: i64,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    World,
    /// A visit, in an isolate.
    Visit(usize, usize),
}

/// Everything that happened.
#[derive(Default)]
pub struct History {
    pub lines: Vec<Line>,
}

impl History {
    /// The same for two runs in which the same things happened.
    pub fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.lines.hash(&mut hasher);
        hasher.finish()
    }

    /// How many visits came to a point, however often.
    pub fn visits_at(&self, point: &str) -> usize {
        let lines = self.lines.iter().filter(|line| line.point == point);
        lines.map(|line| line.who).collect::<HashSet<Who>>().len()
    }

    /// The lines before a place.
    pub fn tail_before(&self, start: u64, count: usize, until: usize) -> String {
        let lines = &self.lines[until.saturating_sub(count)..until];
        let shown = lines.iter().map(|line| line.shown(start));
        shown.collect::<Vec<_>>().join("\n")
    }

    /// The last lines, or those about one row.
    pub fn tail(&self, start: u64, count: usize, about: Option<i64>) -> String {
        let is_about = |line: &&Line| about.is_none_or(|row| line.one == row);
        let lines: Vec<&Line> = self.lines.iter().filter(is_about).collect();
        let lines = &lines[lines.len().saturating_sub(count)..];
        let shown = lines.iter().map(|line| line.shown(start));
        shown.collect::<Vec<_>>().join("\n")
    }
}

impl Line {
    #[allow(clippy::cast_precision_loss)]
    fn shown(&self, start: u64) -> String {
        let seconds = (self.at - start) as f64 / 1000.0;
        let who = match self.who {
            Who::World => "world".to_owned(),
            Who::Visit(visit, isolate) => format!("visit {visit} (isolate {isolate})"),
        };
        format!(
            "{seconds:>9.3} s  {who:24} {:18} {:28} {} {}",
            self.what, self.point, self.one, self.other
        )
    }
}
