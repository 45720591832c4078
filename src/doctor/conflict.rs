//! What a pasted error means: which of the four conflicts it is, who got it, who caused it, and what to do.
//!
//! The texts are those of `telegram-bot-api`, `Client.cpp` (15700, 16225, 15779, 15752), and older ones out of old bug reports.

use crate::json::{array_of, if_any, object_of, text_of};
use crate::phrases::Voice;
use crate::reply::{Format, Reply};
use crate::search::{holds, split, split_once};

/// Parts of error texts in lower case, and what they mean. The first that is found counts; Telegram's own words come before words and
/// numbers that may be about anything.
const MEANINGS: [(&str, Meaning); 18] = [
    ("webhook is active", Meaning::WebhookActive),
    ("cantgetupdates", Meaning::WebhookActive),
    ("other getupdates", Meaning::OtherPoller),
    ("terminatedbyothergetupdates", Meaning::OtherPoller),
    ("setwebhook request", Meaning::WebhookSet),
    ("other setwebhook", Meaning::OtherSetWebhook),
    ("other long poll", Meaning::OtherPollerOrWebhook),
    ("wrong response from the webhook", Meaning::WrongResponse),
    ("bad webhook", Meaning::BadWebhook),
    ("logged out", Meaning::LoggedOut),
    ("conflict", Meaning::SomeConflict),
    ("unauthorized", Meaning::BadToken),
    ("invalidtoken", Meaning::BadToken),
    ("too many requests", Meaning::TooOften),
    ("409", Meaning::SomeConflict),
    ("401", Meaning::BadToken),
    ("421", Meaning::BadToken),
    ("429", Meaning::TooOften),
];

/// How libraries wrap errors, in lower case, and what each does about a conflict. The first that is found counts; names that may stand
/// in any path come last.
const LIBRARIES: [(&str, &str, &str); 14] = [
    ("telegramconflicterror", "aiogram", "error.library.aiogram"),
    (
        "telegram.error.conflict",
        "python-telegram-bot",
        "error.library.ptb",
    ),
    ("grammyerror", "grammY", "error.library.grammy"),
    ("etelegram", "node-telegram-bot-api", "error.library.node"),
    ("telegramerror: 409", "Telegraf", "error.library.telegraf"),
    (
        "apitelegramexception",
        "pyTelegramBotAPI",
        "error.library.telebot",
    ),
    (
        "terminatedbyothergetupdates",
        "teloxide",
        "error.library.teloxide",
    ),
    (
        "failed to get updates, retrying",
        "tgbotapi",
        "error.library.tgbotapi",
    ),
    ("aiogram", "aiogram", "error.library.aiogram"),
    ("telegram.ext", "python-telegram-bot", "error.library.ptb"),
    ("grammy", "grammY", "error.library.grammy"),
    ("telegraf", "Telegraf", "error.library.telegraf"),
    ("telebot", "pyTelegramBotAPI", "error.library.telebot"),
    ("teloxide", "teloxide", "error.library.teloxide"),
];

/// What an error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Somebody polls while a webhook is set.
    WebhookActive,
    /// Somebody polls, and then somebody else.
    OtherPoller,
    /// Somebody polls, and then a webhook was set.
    WebhookSet,
    /// Somebody sets the webhook, and somebody else at the same time.
    OtherSetWebhook,
    /// One of the two in the middle; a text until 2018.
    OtherPollerOrWebhook,
    /// A conflict, without its text.
    SomeConflict,
    /// Somebody called `logOut`.
    LoggedOut,
    /// The token is wrong or revoked.
    BadToken,
    /// Calls come too fast.
    TooOften,
    /// Telegram does not take the address of the webhook.
    BadWebhook,
    /// The webhook's host does not answer as it should.
    WrongResponse,
    /// None of these.
    Unknown,
}

impl Meaning {
    /// Reads a pasted error.
    pub fn of(error: &str) -> Self {
        let error = error.to_ascii_lowercase();
        let known = MEANINGS.iter().find(|(part, _)| says(&error, part));
        known.map_or(Self::Unknown, |(_, meaning)| *meaning)
    }

    /// The name of its phrase: what it is, who got it, who caused it, and what to do, a line each.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebhookActive => "error.webhook_active",
            Self::OtherPoller => "error.other_poller",
            Self::WebhookSet => "error.webhook_set",
            Self::OtherSetWebhook => "error.other_set_webhook",
            Self::OtherPollerOrWebhook => "error.other_poller_or_webhook",
            Self::SomeConflict => "error.some_conflict",
            Self::LoggedOut => "error.logged_out",
            Self::BadToken => "error.bad_token",
            Self::TooOften => "error.too_often",
            Self::BadWebhook => "error.bad_webhook",
            Self::WrongResponse => "error.wrong_response",
            Self::Unknown => "error.unknown",
        }
    }

    /// Whether it is about more than one program with one token: then the four usual causes are named.
    fn is_conflict(self) -> bool {
        matches!(
            self,
            Self::WebhookActive
                | Self::OtherPoller
                | Self::WebhookSet
                | Self::OtherSetWebhook
                | Self::OtherPollerOrWebhook
                | Self::SomeConflict
        )
    }
}

/// Whether an error says something. A number counts only by itself: tokens and dates are full of digits.
fn says(error: &str, part: &str) -> bool {
    let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
    let continues =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    let (mut rest, mut last) = (error, None);
    while let Some((before, after)) = split_once(rest, part) {
        let previous = before.chars().next_back().or(last);
        if !is_number || !(continues(previous) || continues(after.chars().next())) {
            return true;
        }
        (rest, last) = (after, part.chars().next_back());
    }
    false
}

/// The library that wrapped an error, and the name of the phrase about it.
pub fn library(error: &str) -> Option<(&'static str, &'static str)> {
    let error = error.to_ascii_lowercase();
    let known = LIBRARIES.iter().find(|(part, ..)| holds(&error, part))?;
    Some((known.1, known.2))
}

/// Explains a pasted error.
pub(super) fn explain(error: &str, voice: Voice, origin: &str, format: Format) -> Reply {
    let meaning = Meaning::of(error);
    let text = voice.say(meaning.name(), &[origin]);
    let mut lines = split(&text, "\n").into_iter();
    let [what, who_got_it, who_caused_it, remedy] =
        [(); 4].map(|()| lines.next().unwrap_or_default());
    let library = library(error);
    let about_library = library.map(|(_, phrase)| voice.say(phrase, &[]));
    let causes = meaning
        .is_conflict()
        .then(|| voice.say("error.causes", &[origin]));
    let causes = causes
        .as_deref()
        .map(|causes| split(causes, "\n"))
        .unwrap_or_default();
    if format == Format::Text {
        let mut lines = vec![what, who_got_it, who_caused_it];
        lines.extend(about_library.as_deref());
        lines.extend(&causes);
        let text = [&lines.join("\n"), "\n→ ", remedy].concat();
        return Reply::text(200, &text);
    }
    let causes = match causes.as_slice() {
        [] => String::new(),
        causes => array_of(causes.iter().map(|cause| text_of(*cause))),
    };
    let explanation = object_of(&[
        (
            "error",
            &text_of(meaning.name().strip_prefix("error.").unwrap_or_default()),
        ),
        ("what", &text_of(what)),
        ("who_got_it", &text_of(who_got_it)),
        ("who_caused_it", &text_of(who_caused_it)),
        ("remedy", &text_of(remedy)),
        ("library", &if_any(library.map(|(name, _)| name))),
        ("about_library", &if_any(about_library.as_ref())),
        ("causes", &causes),
    ]);
    Reply::object(200, &[("explanation", &explanation)])
}
