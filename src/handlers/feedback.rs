//! `/feedback`: a conversation. The bot asks, the person confirms, the owner gets it, and the owner's answer finds its way back.

use frankenstein::methods::{DeleteMessageParams, SetMessageReactionParams};
use frankenstein::types::{
    InlineKeyboardButton, InlineKeyboardMarkup, ReactionType, ReactionTypeEmoji,
};
use serde::{Deserialize, Serialize};

use crate::handlers::fallback::notice;
use crate::language::Language;
use crate::plan::{Plan, Step};
use crate::session::Session;
use crate::telegram::ids::{ChatId, MessageId};
use crate::telegram::message::MessageCopy;
use crate::telegram::update::Content;
use crate::visit::Visit;

/// The part of the session this file keeps.
const PART: &str = "feedback";

/// The data of the buttons.
const SEND: &str = "feedback:send";
const DISCARD: &str = "feedback:discard";
/// Below what the owner gets; the chat to answer to follows.
const FROM: &str = "feedback:from:";

/// Where the conversation is.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Feedback {
    /// Nowhere.
    #[default]
    Idle,
    /// The person was asked to write.
    Asked,
    /// The person wrote this message and was asked to confirm.
    Written(i64),
}

/// `/feedback`: asks the person to write.
pub fn ask(visit: &Visit, session: &mut Session) -> Plan {
    if visit.owners.is_empty() {
        return visit.say(nobody_to_write_to(visit.language));
    }
    session.write(PART, &Feedback::Asked);
    visit.say(write_now(visit.language))
}

/// Whether the bot waits for this message.
pub fn is_awaited(visit: &Visit, session: &Session) -> bool {
    visit.update.kind == "message" && session.read::<Feedback>(PART) == Feedback::Asked
}

/// Asks whether to send what was written.
pub fn confirm(visit: &Visit, session: &mut Session) -> Plan {
    let Some(message_id) = visit.content().message_id else {
        return Plan::new();
    };
    session.write(PART, &Feedback::Written(message_id.0));
    let language = visit.language;
    let buttons = [
        (language.pick("Send", "Надіслати"), SEND.to_owned()),
        (language.pick("Discard", "Відкинути"), DISCARD.to_owned()),
    ];
    let mut question = visit.message(shall_i_send(language));
    question.reply_markup = Some(row_of(buttons));
    let mut plan = Plan::new();
    plan.send(&question);
    plan
}

/// A button of this conversation was pressed.
pub fn press(visit: &Visit, session: &mut Session) -> Plan {
    if visit.data().starts_with(FROM) {
        let mut plan = Plan::new();
        plan.call(&notice(visit, Some(how_to_answer(visit.language))));
        return plan;
    }
    let mut plan = Plan::new();
    plan.call(&notice(visit, None));
    let Feedback::Written(message_id) = session.read(PART) else {
        close_question(visit, &mut plan, no_longer_open(visit.language), None);
        return plan;
    };
    session.forget(PART);
    if visit.data() == SEND {
        let copied = to_owners(visit, MessageId(message_id), &mut plan);
        close_question(visit, &mut plan, sent(visit.language), copied);
    } else {
        close_question(visit, &mut plan, discarded(visit.language), None);
    }
    plan
}

/// Whether an owner answers something that came through this conversation.
pub fn is_owners_answer(visit: &Visit, _: &Session) -> bool {
    visit.update.kind == "message" && visit.is_from_owner() && writer(visit.content()).is_some()
}

/// Passes an owner's answer on to whoever wrote.
pub fn pass_on(visit: &Visit, _: &mut Session) -> Plan {
    let mut plan = Plan::new();
    let (Some(writer), Some(message_id)) = (writer(visit.content()), visit.content().message_id)
    else {
        return plan;
    };
    let passed_on = plan.send(&copy(visit, message_id, writer));
    let thumbs_up = ReactionTypeEmoji::builder().emoji("👍").build();
    let done = SetMessageReactionParams::builder()
        .chat_id(visit.chat())
        .message_id(visit.message_id())
        .reaction(vec![ReactionType::Emoji(thumbs_up)])
        .build();
    let done = plan.call(&done);
    plan.only_after(passed_on, done);
    plan
}

/// Ends the conversation. Whether there was one.
pub fn stop(session: &mut Session) -> bool {
    let was_idle = session.read::<Feedback>(PART) == Feedback::Idle;
    session.forget(PART);
    !was_idle
}

/// A copy of what the person wrote for each owner, with a button that knows whom to answer. Returns the last copy.
fn to_owners(visit: &Visit, message_id: MessageId, plan: &mut Plan) -> Option<Step> {
    let chat = visit.chat_id();
    let copies = visit.owners.iter().map(|owner| {
        let mut copy = copy(visit, message_id, ChatId::from(*owner));
        copy.reply_markup = Some(row_of([(&signature(visit), format!("{FROM}{chat}"))]));
        plan.send(&copy)
    });
    copies.last()
}

fn copy(visit: &Visit, message_id: MessageId, to: ChatId) -> MessageCopy {
    MessageCopy {
        chat_id: to,
        from_chat_id: visit.chat_id(),
        message_id,
        reply_markup: None,
    }
}

/// Takes the question away and says how it ended, but not before what it claims to be sent `was_sent`.
fn close_question(visit: &Visit, plan: &mut Plan, text: &str, was_sent: Option<Step>) {
    let mut steps = Vec::new();
    let question = visit.content().message.as_deref();
    if let Some(question) = question.and_then(|message| message.message_id) {
        let question = DeleteMessageParams::builder()
            .chat_id(visit.chat())
            .message_id(question.parameter())
            .build();
        steps.push(plan.call(&question));
    }
    steps.push(plan.send(&visit.message(text)));
    if let Some(sent) = was_sent {
        for step in steps {
            plan.only_after(sent, step);
        }
    }
}

/// The chat to answer to, from the button below the bot's message that the owner replies to.
fn writer(content: &Content) -> Option<ChatId> {
    let message = content.reply_to_message.as_deref()?;
    if !message.from.as_ref()?.is_bot {
        return None;
    }
    let mut data = message.buttons.iter();
    data.find_map(|data| data.strip_prefix(FROM)?.parse().ok().map(ChatId))
}

/// Who wrote, for the owner: the first name, and the @name where there is one.
fn signature(visit: &Visit) -> String {
    let person = visit.update.person();
    match person.and_then(|person| person.username.as_deref()) {
        Some(username) => format!("✉ {} (@{username})", visit.first_name()),
        None => format!("✉ {}", visit.first_name()),
    }
}

fn row_of<const N: usize>(buttons: [(&str, String); N]) -> InlineKeyboardMarkup {
    let row = buttons.map(|(text, data)| {
        InlineKeyboardButton::builder()
            .text(text)
            .callback_data(data)
            .build()
    });
    InlineKeyboardMarkup::builder()
        .inline_keyboard(vec![row.into()])
        .build()
}

fn nobody_to_write_to(language: Language) -> &'static str {
    language.pick(
        "Nobody has said yet that this bot is theirs, so there is nobody to write to.",
        "Ніхто ще не сказав, що це його бот, тож писати нікому.",
    )
}

fn write_now(language: Language) -> &'static str {
    language.pick(
        "What would you like to tell my owner? Write one message, or send /cancel.",
        "Що ви хочете сказати моєму власнику? Напишіть одне повідомлення або надішліть /cancel.",
    )
}

fn shall_i_send(language: Language) -> &'static str {
    language.pick(
        "Shall I send this to my owner?",
        "Надіслати це моєму власнику?",
    )
}

fn sent(language: Language) -> &'static str {
    language.pick("Sent. Thank you!", "Надіслано. Дякую!")
}

fn discarded(language: Language) -> &'static str {
    language.pick("Discarded.", "Відкинуто.")
}

fn no_longer_open(language: Language) -> &'static str {
    language.pick(
        "This question is no longer open.",
        "Це питання вже закрите.",
    )
}

fn how_to_answer(language: Language) -> &'static str {
    language.pick(
        "Reply to this message, and I will pass your answer on.",
        "Дайте відповідь на це повідомлення, і я її передам.",
    )
}
