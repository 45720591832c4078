//! `/ping`: the bot shows that it is here.

use crate::plan::Plan;
use crate::session::Session;
use crate::visit::Visit;

/// Answers.
pub fn answer(visit: &Visit, _: &mut Session) -> Plan {
    visit.say("pong")
}
