//! What the operator chose: read once from secrets and variables, all complaints at once.

use crate::language::Language;
use crate::reply::Complaint;
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
    complaints: Vec<Complaint>,
}

impl Settings {
    /// Reads all settings through `lookup`, which knows secrets and variables by name.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<Complaint>> {
        let mut reader = Reader {
            lookup,
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

    /// Whether somebody is an owner of the bot.
    pub fn is_owner(&self, person: UserId) -> bool {
        self.owners.contains(&person)
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
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn complain(&mut self, name: &str, why: &str, remedy: &str) {
        let what = format!("`{name}` cannot be used");
        self.complaints
            .push(Complaint::new(&what, why.to_owned(), remedy));
    }

    fn token(&mut self) -> (Secret, BotId) {
        const REMEDY: &str = "run `npx wrangler secret put TELEGRAM_BOT_TOKEN` and paste the token that BotFather shows";
        let text = self.text("TELEGRAM_BOT_TOKEN");
        if text.is_none() {
            self.complain("TELEGRAM_BOT_TOKEN", "it is not set", REMEDY);
        }
        let text = text.unwrap_or_default();
        let bot = bot_of(&text);
        if bot.is_none() && !text.is_empty() {
            let why = "it does not look like `123456:ABC…`";
            self.complain("TELEGRAM_BOT_TOKEN", why, REMEDY);
        }
        (Secret::new(text), bot.unwrap_or(BotId(0)))
    }

    fn admin(&mut self) -> Sha256Digest {
        const REMEDY: &str = "run `openssl rand -hex 32`, then `npx wrangler secret put ADMIN_TOKEN` and paste what it printed";
        let token = self.text("ADMIN_TOKEN");
        match token.as_deref().map(|token| token.chars().count()) {
            None => self.complain("ADMIN_TOKEN", "it is not set", REMEDY),
            Some(length) if length < ADMIN_TOKEN_LENGTH_MIN => {
                let why =
                    format!("it has {length} characters, fewer than {ADMIN_TOKEN_LENGTH_MIN}");
                self.complain("ADMIN_TOKEN", &why, REMEDY);
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
        let url = self.text("ALERT_URL")?;
        if !url.starts_with("https://") && !address::is_on_this_machine(&url) {
            self.complain(
                "ALERT_URL",
                "it does not begin with `https://`",
                "run `npx wrangler secret put ALERT_URL` and paste an address that does",
            );
        }
        Some(Secret::new(url))
    }

    fn api_root(&mut self) -> String {
        let root = self.text("TELEGRAM_API_ROOT");
        let root = root.unwrap_or_else(|| "https://api.telegram.org".to_owned());
        let root = root.trim_end_matches('/').to_owned();
        if !root.starts_with("https://") && !address::is_on_this_machine(&root) {
            let why = format!(
                "`{root}` is neither https nor on this machine, and the token travels in the address"
            );
            self.complain(
                "TELEGRAM_API_ROOT",
                &why,
                "use an address that begins with `https://`",
            );
        }
        root
    }

    fn public_url(&mut self) -> Option<String> {
        let url = self.text("PUBLIC_URL")?.trim_end_matches('/').to_owned();
        if !url.starts_with("https://") && !address::is_on_this_machine(&url) {
            let why = format!("`{url}` does not begin with `https://`");
            self.complain(
                "PUBLIC_URL",
                &why,
                "set it to the worker's address, such as `https://onehook.example.workers.dev`",
            );
        }
        Some(url)
    }

    fn owners(&mut self) -> Vec<UserId> {
        let text = self.text("OWNER_IDS").unwrap_or_default();
        let mut owners = Vec::new();
        for entry in entries(&text) {
            match entry.parse() {
                Ok(id) if id > 0 => owners.push(UserId(id)),
                _ => self.complain(
                    "OWNER_IDS",
                    &format!("`{entry}` is not the number of a person"),
                    "list numbers such as `1001,1002`; the bot tells yours when you send it /id",
                ),
            }
        }
        owners
    }

    fn allowed_updates(&mut self) -> Vec<String> {
        let Some(text) = self.text("ALLOWED_UPDATES") else {
            return DEFAULT_ALLOWED_UPDATES.map(str::to_owned).to_vec();
        };
        let kinds: Vec<String> = entries(&text).map(str::to_owned).collect();
        if let Some(bad) = bad_kind(&kinds) {
            let why = format!("`{bad}` is not the name of a kind of update");
            self.complain(
                "ALLOWED_UPDATES",
                &why,
                "list kinds such as `message,callback_query`",
            );
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
                let (low, high) = range.into_inner();
                let why = format!("`{text}` is not a number from {low} to {high}");
                self.complain(
                    name,
                    &why,
                    &format!("set it to a number from {low} to {high}, or remove it for {default}"),
                );
                default
            }
        }
    }

    fn switch(&mut self, name: &str) -> bool {
        match self.text(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                let why = format!("`{other}` is neither `true` nor `false`");
                self.complain(name, &why, "set it to `true` or `false`");
                false
            }
        }
    }

    fn language(&mut self) -> Language {
        let Some(text) = self.text("LANGUAGE") else {
            return Language::default();
        };
        let language = Language::from_tag(&text);
        if language.is_none() {
            let why = format!("onehook does not speak `{text}`");
            self.complain("LANGUAGE", &why, "set it to `en` or `uk`");
        }
        language.unwrap_or_default()
    }
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
    text.split([',', ' '])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
}

/// The bot's number, where a token has Telegram's shape: digits, a colon, characters of base64url.
fn bot_of(token: &str) -> Option<BotId> {
    let (bot, secret) = token.split_once(':')?;
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
