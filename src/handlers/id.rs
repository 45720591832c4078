//! `/id`: the bot tells the numbers Telegram knows the person and the chat by.

use crate::language::Language;
use crate::plan::Plan;
use crate::session::Session;
use crate::visit::Visit;

/// Tells the person's number and, where it is another one, the chat's.
pub fn answer(visit: &Visit, _: &mut Session) -> Plan {
    let person = visit.update.person().map(|person| person.id.0);
    let chat = visit.update.chat().map(|chat| chat.id.0);
    let mut lines = Vec::new();
    if let Some(person) = person {
        lines.push(persons_number(visit.language, person));
    }
    if let Some(chat) = chat.filter(|chat| Some(*chat) != person) {
        lines.push(chats_number(visit.language, chat));
    }
    visit.say(lines.join("\n"))
}

fn persons_number(language: Language, id: i64) -> String {
    language.pick(format!("Your number is {id}."), format!("Ваш номер: {id}."))
}

fn chats_number(language: Language, id: i64) -> String {
    language.pick(
        format!("This chat's number is {id}."),
        format!("Номер цього чату: {id}."),
    )
}
