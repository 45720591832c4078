//! `/cancel`: the bot stops a conversation it is in.

use crate::handlers::feedback;
use crate::plan::Plan;
use crate::session::Session;
use crate::visit::Visit;

/// Forgets what was begun.
pub fn answer(visit: &Visit, session: &mut Session) -> Plan {
    let text = if feedback::stop(session) {
        visit
            .language
            .pick("All right, forgotten.", "Гаразд, забуто.")
    } else {
        visit
            .language
            .pick("There is nothing to stop.", "Немає чого припиняти.")
    };
    visit.say(text)
}
