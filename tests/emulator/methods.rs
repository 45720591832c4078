//! The table of the methods that the emulator knows, and the small ones among them.

use serde_json::{Value, json};

use super::answer::Refusal;
use super::arguments::Arguments;
use super::chats::Question;
use super::telegram::{Telegram, refused};
use super::webhook;

/// Buttons and inline queries can be answered as long as their update would live (facts §6.3).
const QUESTION_MS: u64 = 150_000;

/// The names as Telegram's documentation spells them; a call may spell them in any case.
const NAMES: &[&str] = &[
    "answerCallbackQuery",
    "answerInlineQuery",
    "close",
    "copyMessage",
    "deleteMessage",
    "deleteWebhook",
    "editMessageReplyMarkup",
    "editMessageText",
    "forwardMessage",
    "getChat",
    "getFile",
    "getMe",
    "getMyCommands",
    "getUpdates",
    "getWebhookInfo",
    "logOut",
    "pinChatMessage",
    "sendChatAction",
    "sendDocument",
    "sendMessage",
    "sendPhoto",
    "setMessageReaction",
    "setMyCommands",
    "setWebhook",
];

/// The documented spelling of a method, or the name as it was sent.
pub fn spelling(method: &str) -> String {
    let known = NAMES.iter().find(|name| name.eq_ignore_ascii_case(method));
    known.copied().unwrap_or(method).to_owned()
}

/// Performs a method that is answered at once; `method` is lower-case.
pub fn perform(
    telegram: &mut Telegram,
    bot: usize,
    method: &str,
    arguments: &Arguments,
) -> Result<Value, Refusal> {
    match method {
        "getme" => Ok(me(telegram, bot)),
        "getwebhookinfo" => Ok(webhook::info(&telegram.bots[bot])),
        "sendmessage" => telegram.send_message(bot, arguments),
        "editmessagetext" => telegram.edit_text(bot, arguments),
        "editmessagereplymarkup" => telegram.edit_reply_markup(bot, arguments),
        "deletemessage" => telegram.delete_message(bot, arguments),
        "forwardmessage" => telegram.forward_message(bot, arguments),
        "copymessage" => telegram.copy_message(bot, arguments),
        "setmessagereaction" => {
            telegram.touch_message(bot, arguments, "message to react not found")
        }
        "pinchatmessage" => telegram.touch_message(bot, arguments, "message to pin not found"),
        "sendphoto" => telegram.send_file(bot, arguments, "photo"),
        "senddocument" => telegram.send_file(bot, arguments, "document"),
        "getfile" => telegram.get_file(arguments),
        "sendchataction" => chat_action(telegram, bot, arguments),
        "answercallbackquery" => answer_question(telegram, bot, arguments, "callback_query_id"),
        "answerinlinequery" => answer_question(telegram, bot, arguments, "inline_query_id"),
        "setmycommands" => set_commands(telegram, bot, arguments),
        "getmycommands" => Ok(commands(telegram, bot, arguments)),
        "getchat" => {
            let chat = telegram.chat_argument(bot, arguments, "chat_id")?;
            Ok(telegram.chat_value(bot, chat))
        }
        unknown => {
            telegram.note(&format!(
                "the emulator does not know this method: {unknown}"
            ));
            refused(404, "Not Found: method not found")
        }
    }
}

fn me(telegram: &Telegram, bot: usize) -> Value {
    let mut me = telegram.bots[bot].profile();
    me["can_join_groups"] = json!(true);
    me["can_read_all_group_messages"] = json!(true);
    me["supports_inline_queries"] = json!(true);
    me["can_connect_to_business"] = json!(false);
    me["has_main_web_app"] = json!(false);
    me
}

fn chat_action(
    telegram: &mut Telegram,
    bot: usize,
    arguments: &Arguments,
) -> Result<Value, Refusal> {
    let action = arguments.text("action").to_owned();
    if action.is_empty() {
        return Err(Refusal::bad_request("wrong parameter action in request"));
    }
    let chat = telegram.chat_to_write_to(bot, arguments)?;
    telegram.tell(
        chat,
        json!({"who": "bot", "what": "action", "text": action}),
    );
    Ok(json!(true))
}

fn answer_question(
    telegram: &mut Telegram,
    bot: usize,
    arguments: &Arguments,
    name: &str,
) -> Result<Value, Refusal> {
    let asked = arguments.text(name);
    let owner = telegram.bots[bot].id;
    let now = telegram.now;
    let is_open = |question: &&Question| {
        question.id == asked && question.bot == owner && now <= question.asked_at + QUESTION_MS
    };
    let Some(chat) = telegram
        .chats
        .questions
        .iter()
        .find(is_open)
        .map(|question| question.chat)
    else {
        return Err(Refusal::bad_request(
            "query is too old and response timeout expired or query ID is invalid",
        ));
    };
    let text = arguments.text("text").to_owned();
    telegram.tell(chat, json!({"who": "bot", "what": "answer", "text": text}));
    Ok(json!(true))
}

/// Commands are kept apart for each scope and language.
fn set_commands(
    telegram: &mut Telegram,
    bot: usize,
    arguments: &Arguments,
) -> Result<Value, Refusal> {
    let commands = arguments.json("commands").filter(Value::is_array);
    let commands =
        commands.ok_or_else(|| Refusal::bad_request("can't parse commands JSON array"))?;
    telegram.bots[bot]
        .commands
        .insert(commands_key(arguments), commands);
    Ok(json!(true))
}

fn commands(telegram: &Telegram, bot: usize, arguments: &Arguments) -> Value {
    let commands = telegram.bots[bot].commands.get(&commands_key(arguments));
    commands.cloned().unwrap_or_else(|| json!([]))
}

fn commands_key(arguments: &Arguments) -> String {
    let scope = arguments
        .json("scope")
        .unwrap_or_else(|| json!({"type": "default"}));
    format!("{scope} {}", arguments.text("language_code"))
}
