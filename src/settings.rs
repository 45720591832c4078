//! What the operator chose: read once from secrets and variables, all complaints at once.

use crate::language::Language;
use crate::phrases::Voice;
use crate::reply::Complaint;
use crate::search::{split, split_once};
use crate::secret::{Secret, Sha256Digest};
use crate::telegram::address::{self, Reach};
use crate::telegram::ids::{BotId, UserId};

/// The shortest admin token, in characters.
const ADMIN_TOKEN_LENGTH_MIN: usize = 32;

/// How many different characters it has at least, unless it is easy to guess.
const ADMIN_TOKEN_VARIETY_MIN: usize = 10;

/// The kinds of updates asked for unless the operator says otherwise: all that Telegram sends by default.
///
/// Asking for them by name keeps a poller's own list from sticking to the bot.
pub const DEFAULT_ALLOWED_UPDATES: [&str; 24] = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "purchased_paid_media",
    "managed_bot",
    "guest_message",
    "subscription",
    "stopped_message_generation",
];

/// The settings of one deployment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The bot's token.
    pub token: Secret,
    /// The bot's number, the part of the token before the colon.
    pub bot: BotId,
    /// The digest of the token that opens the admin routes.
    pub admin: Sha256Digest,
    /// Whether the token that opens the admin routes is easy to guess: a few characters again and again.
    pub admin_is_weak: bool,
    /// Where alerts are posted as JSON, beside the owners' chats. The address is often a secret itself.
    pub alert_url: Option<Secret>,
    /// The Bot API's address, without a slash at its end.
    pub api_root: String,
    /// The worker's own public address, where it is not the one an admin request comes to.
    pub public_url: Option<String>,
    /// The people who own the bot.
    pub owners: Vec<UserId>,
    /// The kinds of updates to ask for.
    pub allowed_updates: Vec<String>,
    /// How many deliveries Telegram may run at once, 1 to 100.
    pub max_connections: i64,
    /// Whether a plan of one call travels in the answer to Telegram.
    pub answer_in_response: bool,
    /// How many hours updates are kept. More than the 24 Telegram repeats them for, less than the week after which its numbers may restart.
    pub keep_hours: i64,
    /// The language for people whose own is unknown.
    pub language: Language,
}

/// Reads one variable after another and collects what is wrong with them.
struct Reader<F> {
    lookup: F,
    voice: Voice,
    complaints: Vec<Complaint>,
}

impl Settings {
    /// Reads all settings through `lookup`, which knows secrets and variables by name.
    pub fn read(
        lookup: impl Fn(&str) -> Option<String>,
        voice: Voice,
    ) -> Result<Self, Vec<Complaint>> {
        let mut reader = Reader {
            lookup,
            voice,
            complaints: Vec::new(),
        };
        let (token, bot) = reader.token();
        let settings = Self {
            token,
            bot,
            admin: reader.admin(),
            admin_is_weak: reader.admin_is_weak(),
            alert_url: reader.alert_url(),
            api_root: reader.api_root(),
            public_url: reader.public_url(),
            owners: reader.owners(),
            allowed_updates: reader.allowed_updates(),
            max_connections: reader.number("MAX_CONNECTIONS", 20, 1..=100),
            answer_in_response: reader.switch("ANSWER_IN_RESPONSE"),
            keep_hours: reader.number("KEEP_HOURS", 72, 25..=167),
            language: reader.language(),
        };
        if reader.complaints.is_empty() {
            Ok(settings)
        } else {
            Err(reader.complaints)
        }
    }

    /// Which webhook addresses are good: loopback ones only with a Bot API server on the same machine.
    pub fn reach(&self) -> Reach {
        if address::is_on_this_machine(&self.api_root) {
            Reach::Loopback
        } else {
            Reach::Public
        }
    }
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    /// A variable's text; an empty one counts as missing.
    fn text(&self, name: &str) -> Option<String> {
        let text = (self.lookup)(name)?;
        let text = text.trim_ascii();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn complain(&mut self, phrase: &str, values: &[&str]) {
        self.complaints.push(self.voice.complain(phrase, values));
    }

    fn token(&mut self) -> (Secret, BotId) {
        const NAME: &str = "TELEGRAM_BOT_TOKEN";
        let text = self.text(NAME);
        let bot = text.as_deref().and_then(bot_of);
        match (&text, bot) {
            (None, _) => self.complain("deployment.no_token", &[NAME]),
            (_, None) => self.complain("deployment.bad_token", &[NAME]),
            _ => {}
        }
        (
            Secret::new(text.unwrap_or_default()),
            bot.unwrap_or(BotId(0)),
        )
    }

    fn admin(&mut self) -> Sha256Digest {
        const NAME: &str = "ADMIN_TOKEN";
        let token = self.text(NAME);
        match token.as_deref().map(|token| token.chars().count()) {
            None => self.complain("deployment.no_admin_token", &[NAME]),
            Some(length) if length < ADMIN_TOKEN_LENGTH_MIN => {
                let (length, least) = (length.to_string(), ADMIN_TOKEN_LENGTH_MIN.to_string());
                self.complain("deployment.short_admin_token", &[NAME, &length, &least]);
            }
            Some(_) => {}
        }
        Secret::new(token.unwrap_or_default()).digest()
    }

    fn admin_is_weak(&self) -> bool {
        let token = self.text("ADMIN_TOKEN").unwrap_or_default();
        let is_used = |byte: &u8| token.as_bytes().contains(byte);
        (0..=u8::MAX).filter(is_used).count() < ADMIN_TOKEN_VARIETY_MIN
    }

    fn alert_url(&mut self) -> Option<Secret> {
        const NAME: &str = "ALERT_URL";
        let url = self.text(NAME)?;
        if !is_confidential(&url) {
            // The address is not shown, since it is often a secret itself.
            self.complain("deployment.bad_alert_url", &[NAME]);
        }
        Some(Secret::new(url))
    }

    fn api_root(&mut self) -> String {
        const NAME: &str = "TELEGRAM_API_ROOT";
        let root = self.text(NAME);
        let root = root.unwrap_or_else(|| "https://api.telegram.org".to_owned());
        let root = without_slashes(&root).to_owned();
        if !is_confidential(&root) {
            self.complain("deployment.bad_api_root", &[NAME, &root]);
        }
        root
    }

    fn public_url(&mut self) -> Option<String> {
        const NAME: &str = "PUBLIC_URL";
        let url = self.text(NAME)?;
        let url = without_slashes(&url).to_owned();
        if !is_confidential(&url) {
            self.complain("deployment.bad_public_url", &[NAME, &url]);
        }
        Some(url)
    }

    fn owners(&mut self) -> Vec<UserId> {
        const NAME: &str = "OWNER_IDS";
        let text = self.text(NAME).unwrap_or_default();
        let mut owners = Vec::new();
        for entry in entries(&text) {
            match entry.parse() {
                Ok(id) if id > 0 => owners.push(UserId(id)),
                _ => self.complain("deployment.bad_owner", &[NAME, entry]),
            }
        }
        owners
    }

    fn allowed_updates(&mut self) -> Vec<String> {
        const NAME: &str = "ALLOWED_UPDATES";
        let Some(text) = self.text(NAME) else {
            return DEFAULT_ALLOWED_UPDATES.map(str::to_owned).to_vec();
        };
        let kinds: Vec<String> = entries(&text).map(str::to_owned).collect();
        if let Some(bad) = bad_kind(&kinds) {
            self.complain("deployment.bad_kind", &[NAME, bad]);
        }
        kinds
    }

    fn number(&mut self, name: &str, default: i64, range: std::ops::RangeInclusive<i64>) -> i64 {
        let Some(text) = self.text(name) else {
            return default;
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let limits = [range.start(), range.end(), &default].map(i64::to_string);
                let [low, high, usual] = &limits;
                let values = [name, &text, low, high, low, high, usual];
                self.complain("deployment.bad_number", &values);
                default
            }
        }
    }

    fn switch(&mut self, name: &str) -> bool {
        match self.text(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                self.complain("deployment.bad_switch", &[name, other]);
                false
            }
        }
    }

    fn language(&mut self) -> Language {
        const NAME: &str = "LANGUAGE";
        let Some(text) = self.text(NAME) else {
            return Language::default();
        };
        let language = Language::from_tag(&text);
        if language.is_none() {
            self.complain("deployment.bad_language", &[NAME, &text]);
        }
        language.unwrap_or_default()
    }
}

/// Whether nobody on the way to an address can read along.
fn is_confidential(address: &str) -> bool {
    address.starts_with("https://") || address::is_on_this_machine(address)
}

/// The first of some kinds of updates that cannot be one: Telegram would skip it without a word.
pub fn bad_kind(kinds: &[String]) -> Option<&String> {
    kinds.iter().find(|kind| {
        kind.is_empty()
            || kind.len() > 64
            || !kind
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    })
}

fn entries(text: &str) -> impl Iterator<Item = &str> {
    split(text, ",")
        .into_iter()
        .flat_map(|entry| split(entry, " "))
        .map(str::trim_ascii)
        .filter(|entry| !entry.is_empty())
}

/// An address without the slashes at its end.
fn without_slashes(mut address: &str) -> &str {
    while let Some(rest) = address.strip_suffix('/') {
        address = rest;
    }
    address
}

/// The bot's number, where a token has Telegram's shape: digits, a colon, characters of base64url.
fn bot_of(token: &str) -> Option<BotId> {
    let (bot, secret) = split_once(token, ":")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if secret.is_empty() || token.len() > 80 || !secret.bytes().all(plain) || bot.starts_with('0') {
        return None;
    }
    if !bot.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let bot: i64 = bot.parse().ok()?;
    (bot > 0 && bot < 1 << 53).then_some(BotId(bot))
}
