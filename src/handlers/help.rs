//! `/help`: the bot lists its commands.

use crate::handlers::commands_for;
use crate::plan::Plan;
use crate::session::Session;
use crate::visit::Visit;

/// Lists the commands the person may use.
pub fn answer(visit: &Visit, _: &mut Session) -> Plan {
    let lines: Vec<String> = commands_for(visit.is_from_owner())
        .map(|command| format!("/{} – {}", command.name, command.about(visit.language)))
        .collect();
    visit.say(lines.join("\n"))
}
