//! `/doctor`: the doctor tells the bot's owner what is wrong, and what to do about it.

use crate::plan::Plan;
use crate::session::Session;
use crate::visit::Visit;

/// Asks the doctor.
pub async fn answer(visit: &Visit<'_>, _: &mut Session) -> Plan {
    visit.say(visit.examine().await)
}
