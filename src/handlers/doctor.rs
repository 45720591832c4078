//! `/doctor`: the doctor tells the bot's owner what is wrong, and what to do about it.

use crate::language::Language;
use crate::plan::Plan;
use crate::session::Session;
use crate::visit::Visit;

/// Asks the doctor, where nobody else reads what it says.
pub async fn answer(visit: &Visit<'_>, _: &mut Session) -> Plan {
    if !visit.is_private() {
        return visit.say(in_private(visit.language));
    }
    visit.say(visit.examine().await)
}

fn in_private(language: Language) -> &'static str {
    language.pick("Ask me that in private.", "Спитайте мене про це наодинці.")
}
