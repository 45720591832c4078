//! What a handler sees: the update, who sent it in which language, and a way to read from the outside world.

use std::future::Future;
use std::pin::Pin;

use frankenstein::methods::GetFileParams;
use frankenstein::types::ChatId as ChatParameter;

use crate::inbox::InboxError;
use crate::inbox::listing::StateCount;
use crate::json::{Fields, text_of};
use crate::language::Language;
use crate::plan::Plan;
use crate::telegram::ids::{ChatId, MessageId, UserId};
use crate::telegram::message::Message;
use crate::telegram::methods::{Method, Reading};
use crate::telegram::refusal::CallError;
use crate::telegram::transport::{Answer, Outgoing, Unreachable};
use crate::telegram::update::{Content, Update};

/// A future on the heap, so that handlers need not be generic.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The outside world, for handlers that must read from it before they can plan.
///
/// It has no way to change anything at Telegram: effects belong into the plan.
pub trait Outside {
    /// Calls a Bot API method that changes nothing.
    fn ask(&self, method: &'static str, parameters: String)
    -> Boxed<'_, Result<String, CallError>>;
    /// Fetches over HTTP.
    fn fetch(&self, request: Outgoing) -> Boxed<'_, Result<Answer, Unreachable>>;
    /// Downloads a file that a person sent, by the path `getFile` gave.
    fn download(&self, file_path: String) -> Boxed<'_, Result<Answer, Unreachable>>;
    /// How many updates are in which state.
    fn count_updates(&self) -> Boxed<'_, Result<Vec<StateCount>, InboxError>>;
    /// What the doctor finds, short, in a language.
    fn examine(&self, language: Language) -> Boxed<'_, String>;
}

/// One update on its way through a handler.
pub struct Visit<'a> {
    /// The update.
    pub update: &'a Update,
    /// The language of the person.
    pub language: Language,
    /// The people who own the bot.
    pub owners: &'a [UserId],
    /// When the visit began, in milliseconds since 1970.
    pub now_ms: i64,
    /// The bot's own @name, where it is known.
    pub username: Option<&'a str>,
    /// Where it reads.
    pub outside: &'a dyn Outside,
}

impl Visit<'_> {
    /// What the update says.
    pub fn content(&self) -> &Content {
        &self.update.content
    }

    /// The text of the message.
    pub fn text(&self) -> &str {
        self.content().text.as_deref().unwrap_or_default()
    }

    /// What the pressed button carries.
    pub fn data(&self) -> &str {
        self.content().data.as_deref().unwrap_or_default()
    }

    /// The name to call the person by.
    pub fn first_name(&self) -> &str {
        let person = self.update.person();
        person.map_or("", |person| person.first_name.as_str())
    }

    /// Whether the person owns the bot.
    pub fn is_from_owner(&self) -> bool {
        let person = self.update.person();
        person.is_some_and(|person| self.owners.contains(&person.id))
    }

    /// Whether it happened in a private chat.
    pub fn is_private(&self) -> bool {
        self.update
            .chat()
            .is_some_and(|chat| chat.kind == "private")
    }

    /// The number of the chat of the update. Only for updates that have one.
    pub fn chat_id(&self) -> ChatId {
        let chat = self.update.chat();
        chat.map_or(ChatId(0), |chat| chat.id)
    }

    /// The chat of the update, as `frankenstein`'s parameters want it. Only for updates that have one.
    pub fn chat(&self) -> ChatParameter {
        ChatParameter::Integer(self.chat_id().0)
    }

    /// The number of the message.
    pub fn message_id(&self) -> i32 {
        self.content().message_id.map_or(0, MessageId::parameter)
    }

    /// A message to where the update came from: the same chat, and the same topic.
    pub fn message(&self, text: impl Into<String>) -> Message {
        let content = self.content();
        let content = content.message.as_deref().unwrap_or(content);
        Message {
            chat_id: self.chat_id(),
            message_thread_id: content.topic.and_then(|topic| i32::try_from(topic).ok()),
            text: text.into(),
            reply_markup: None,
        }
    }

    /// The plan to say something where the update came from.
    pub fn say(&self, text: impl Into<String>) -> Plan {
        let mut plan = Plan::new();
        plan.send(&self.message(text));
        plan
    }

    /// Calls a Bot API method that changes nothing.
    pub async fn ask<M: Method<Effect = Reading>>(
        &self,
        parameters: &M,
    ) -> Result<String, CallError> {
        self.outside.ask(M::NAME, text_of(parameters)).await
    }

    /// Fetches over HTTP. At most 1 MiB comes back.
    pub async fn fetch(&self, request: Outgoing) -> Result<Answer, Unreachable> {
        self.outside.fetch(request).await
    }

    /// Downloads a file that a person sent, at most 1 MiB of it. The token does not show. `None`: it is not to be had.
    pub async fn file(&self, file_id: &str) -> Option<Vec<u8>> {
        let parameters = GetFileParams::builder().file_id(file_id).build();
        let file = self.ask(&parameters).await.ok()?;
        let path = Fields::of(&file).ok()?.text("file_path")?;
        let answer = self.outside.download(path).await.ok()?;
        (answer.status == 200).then_some(answer.body)
    }

    /// How many updates are in which state.
    pub async fn count_updates(&self) -> Result<Vec<StateCount>, InboxError> {
        self.outside.count_updates().await
    }

    /// What the doctor finds, short, in the person's language.
    pub async fn examine(&self) -> String {
        self.outside.examine(self.language).await
    }
}
