//! The menu of commands that Telegram's apps show: the table of commands as `setMyCommands` wants it.

use crate::handlers::commands_for;
use crate::json::{array_of, if_any, object_of, text_of};
use crate::language::Language;
use crate::telegram::ids::UserId;

/// The method that takes the menus.
pub const METHOD: &str = "setMyCommands";

/// The parameters of the calls that set the menu: for everybody in each language, and for each owner in their private chat.
///
/// Written out, since `frankenstein`'s type brings every other audience with it.
pub fn calls(owners: &[UserId]) -> Vec<String> {
    let audiences = std::iter::once(None).chain(owners.iter().copied().map(Some));
    audiences
        .flat_map(|owner| Language::ALL.map(|language| call(owner, language)))
        .collect()
}

fn call(owner: Option<UserId>, language: Language) -> String {
    let commands = commands_for(owner.is_some()).map(|command| {
        object_of(&[
            ("command", &text_of(command.name)),
            ("description", &text_of(command.about(language))),
        ])
    });
    let scope = owner.map(|owner| {
        let chat = owner.0.to_string();
        object_of(&[("type", "\"chat\""), ("chat_id", &chat)])
    });
    // The menu without a language is for everybody whose own language has none.
    let language_code = Some(language.tag()).filter(|_| language != Language::default());
    object_of(&[
        ("commands", &array_of(commands)),
        ("scope", &scope.unwrap_or_default()),
        ("language_code", &if_any(language_code)),
    ])
}
