//! `/start`: the bot says hello.

use crate::language::Language;
use crate::plan::Plan;
use crate::session::Session;
use crate::visit::Visit;

/// Greets the person by their first name.
pub fn answer(visit: &Visit, _: &mut Session) -> Plan {
    visit.say(greeting(visit.language, visit.first_name()))
}

fn greeting(language: Language, name: &str) -> String {
    match language {
        Language::English => format!("Hello, {name}! Send /help to see what I can do."),
        Language::Ukrainian => format!("Вітаю, {name}! Надішліть /help, щоб побачити, що я вмію."),
    }
}
