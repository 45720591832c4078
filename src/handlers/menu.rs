//! The menu of commands that Telegram's apps show: the table of commands as `setMyCommands` wants it.

use frankenstein::methods::SetMyCommandsParams;
use frankenstein::types::{BotCommand, BotCommandScope, BotCommandScopeChat, ChatId};

use crate::handlers::commands_for;
use crate::language::Language;
use crate::telegram::ids::UserId;

/// The calls that set the menu: for everybody in each language, and for each owner in their private chat.
pub fn calls(owners: &[UserId]) -> Vec<SetMyCommandsParams> {
    let audiences = std::iter::once(None).chain(owners.iter().copied().map(Some));
    audiences
        .flat_map(|owner| Language::ALL.map(|language| call(owner, language)))
        .collect()
}

fn call(owner: Option<UserId>, language: Language) -> SetMyCommandsParams {
    let commands = commands_for(owner.is_some())
        .map(|command| {
            BotCommand::builder()
                .command(command.name)
                .description(command.about(language))
                .build()
        })
        .collect();
    let mut call = SetMyCommandsParams::builder().commands(commands).build();
    call.scope = owner.map(|owner| {
        let chat = BotCommandScopeChat::builder()
            .chat_id(ChatId::Integer(owner.0))
            .build();
        BotCommandScope::Chat(chat)
    });
    // The menu without a language is for everybody whose own language has none.
    call.language_code = (language != Language::default()).then(|| language.tag().to_owned());
    call
}
