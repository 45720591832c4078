//! What the bot answers when nothing else fits.

use frankenstein::methods::AnswerCallbackQueryParams;

use crate::handlers::CalledCommand;
use crate::language::Language;
use crate::plan::Plan;
use crate::session::Session;
use crate::visit::Visit;

/// A command that is not in the table. In groups it is probably meant for another bot, so the bot keeps silent there.
pub fn unknown_command(visit: &Visit, called: &CalledCommand) -> Plan {
    if !visit.is_private() || !called.is_for_us(visit) {
        return Plan::new();
    }
    visit.say(no_such_command(visit.language, called.name))
}

/// Whether somebody wrote to the bot alone.
pub fn is_private_message(visit: &Visit, _: &Session) -> bool {
    visit.update.kind == "message" && visit.is_private()
}

/// A message that is no command.
pub fn message(visit: &Visit, _: &mut Session) -> Plan {
    visit.say(visit.language.pick(
        "I understand commands only. Send /help to see them.",
        "Я розумію лише команди. Надішліть /help, щоб їх побачити.",
    ))
}

/// A button nobody knows any more. Without an answer the person's app would show it as pressed for a while.
pub fn button(visit: &Visit, _: &mut Session) -> Plan {
    let text = visit
        .language
        .pick("This button no longer works.", "Ця кнопка вже не працює.");
    let mut plan = Plan::new();
    plan.call(&notice(visit, Some(text)));
    plan
}

/// Lets go of the button that was pressed, with a short notice where there is something to say.
pub fn notice(visit: &Visit, text: Option<&str>) -> AnswerCallbackQueryParams {
    AnswerCallbackQueryParams::builder()
        .callback_query_id(visit.content().id.clone().unwrap_or_default())
        .maybe_text(text)
        .build()
}

fn no_such_command(language: Language, name: &str) -> String {
    match language {
        Language::English => format!("I do not know /{name}. Send /help to see what I can do."),
        Language::Ukrainian => {
            format!("Я не знаю /{name}. Надішліть /help, щоб побачити, що я вмію.")
        }
    }
}
