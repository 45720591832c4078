//! How often one person may use a command.

use crate::handlers::Command;
use crate::language::Language;
use crate::plan::Plan;
use crate::session::Session;
use crate::visit::Visit;

/// So many times in so many seconds, per person and chat.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// How many times.
    pub times: usize,
    /// In how many seconds.
    pub seconds: i64,
}

/// How many seconds the person has to wait, if the limit is reached. Otherwise this use is counted.
pub fn seconds_to_wait(command: &Command, session: &mut Session, now_ms: i64) -> Option<i64> {
    let limit = command.limit?;
    let part = format!("limit:{}", command.name);
    let now = now_ms / 1000;
    let mut uses: Vec<i64> = session.read(&part);
    uses.retain(|at| now - at < limit.seconds);
    if uses.len() >= limit.times {
        let oldest = uses.iter().min().copied().unwrap_or(now);
        return Some(oldest + limit.seconds - now);
    }
    uses.push(now);
    session.write(&part, &uses);
    None
}

/// Asks the person to wait.
pub fn refuse(visit: &Visit, seconds: i64) -> Plan {
    let minutes = (seconds + 59) / 60;
    visit.say(match visit.language {
        Language::English => format!("That was often. Please try again in {minutes} min."),
        Language::Ukrainian => format!("Це вже занадто часто. Спробуйте ще раз за {minutes} хв."),
    })
}
