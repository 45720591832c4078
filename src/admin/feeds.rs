//! Feeds in the operator's hands: `GET /admin/feeds`, `PUT` and `DELETE /admin/feeds/{name}`, `POST /admin/feeds/{name}/rotate`.

use crate::admin::{members, unavailable, wish};
use crate::app::App;
use crate::inbox::database::Database;
use crate::inbox::feeds::WantedFeed;
use crate::json::{array_of, list_of, object_of, text_of};
use crate::notes::Notes;
use crate::page;
use crate::phrases::Voice;
use crate::reply::{Complaint, Format, Reply};
use crate::request::{Body, Request};
use crate::secret::Secret;
use crate::settings::bad_kind;
use crate::telegram::methods::is_method;
use crate::telegram::transport::Transport;

/// The longest name of a feed, in characters: it stands in every address.
const NAME_LENGTH_MAX: usize = 32;

/// How long a batch is its reader's unless the operator says otherwise, in seconds.
const LEASE_SECONDS: i64 = 60;

/// The shortest and the longest time an operator may say.
const LEASE_SECONDS_RANGE: std::ops::RangeInclusive<i64> = 5..=3600;

/// How long the old token is accepted beside the new one, in milliseconds, so that one reader after the other can be given it.
const GRACE_MS: i64 = 600_000;

/// What `PUT /admin/feeds/{name}` may say.
const FIELDS: [&str; 5] = [
    "main",
    "allowed_updates",
    "from",
    "lease_seconds",
    "methods",
];

/// Libraries, and the phrase with the lines that make one of their bots read a feed.
const LIBRARIES: [(&str, &str); 6] = [
    ("aiogram", "feed.aiogram"),
    ("python-telegram-bot", "feed.python_telegram_bot"),
    ("pyTelegramBotAPI", "feed.pytelegrambotapi"),
    ("grammY", "feed.grammy"),
    ("telegraf", "feed.telegraf"),
    ("teloxide", "feed.teloxide"),
];

/// `GET /admin/feeds`: each feed with what waits in it.
pub async fn list<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    match app.inbox.feeds().await {
        Ok(feeds) => match request.format() {
            Format::Json => {
                let feeds = array_of(feeds.into_iter());
                Reply::object(200, &[("feeds", &feeds)])
            }
            Format::Text => Reply::text(200, &feeds.join("\n")),
        },
        Err(error) => unavailable(request, app.voice(request), &error),
    }
}

/// `PUT /admin/feeds/{name}`: makes a feed, and answers this once with its token; or changes one, whose token and place stay.
pub async fn make<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    body: impl Body,
    name: &str,
) -> Reply {
    let voice = app.voice(request);
    let refuse = |status, complaint: &Complaint| Reply::error(status, complaint, request.format());
    let wanted = match wish(body, voice).await {
        Ok(body) => wanted(name, &body),
        Err(why) => Err(("body", why)),
    };
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err((field, why)) => return refuse(400, &voice.complain("admin.bad_feed", &[field, &why])),
    };
    let Some(token) = fresh_token(app) else {
        return refuse(500, &voice.complain("admin.no_randomness", &[]));
    };
    let made = match app.inbox.make_feed(name, &token, wanted).await {
        Ok(Some(made)) => {
            app.isolate.forget_passes();
            made
        }
        Ok(None) => return refuse(409, &voice.complain("admin.other_main", &[name])),
        Err(error) => return unavailable(request, voice, &error),
    };
    if made.is_mine {
        with_token(app, request, 201, name, &made.json, &token)
    } else {
        shown(request, "feed", &made.json)
    }
}

/// `POST /admin/feeds/{name}/rotate[?now=true]`: another token. The old one is accepted for ten minutes, or no longer.
pub async fn rotate<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    name: &str,
) -> Reply {
    let voice = app.voice(request);
    let grace_ms = match page::switch(request, voice, "now") {
        Ok(true) => 0,
        Ok(false) => GRACE_MS,
        Err(complaint) => return Reply::error(400, &complaint, request.format()),
    };
    let Some(token) = fresh_token(app) else {
        let complaint = voice.complain("admin.no_randomness", &[]);
        return Reply::error(500, &complaint, request.format());
    };
    match app.inbox.rotate_feed(name, &token, grace_ms).await {
        Ok(Some(feed)) => {
            app.isolate.forget_passes();
            with_token(app, request, 200, name, &feed.json, &token)
        }
        Ok(None) => unknown(request, voice, name),
        Err(error) => unavailable(request, voice, &error),
    }
}

/// `DELETE /admin/feeds/{name}`: ends a feed, and tells what it was. What waited in it stays in the inbox.
pub async fn end<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    name: &str,
) -> Reply {
    let voice = app.voice(request);
    match app.inbox.drop_feed(name).await {
        Ok(Some(feed)) => {
            app.isolate.forget_passes();
            shown(request, "ended", &feed)
        }
        Ok(None) => unknown(request, voice, name),
        Err(error) => unavailable(request, voice, &error),
    }
}

/// Reads what is wanted. The error is the field and why it cannot be used.
fn wanted(name: &str, body: &str) -> Result<WantedFeed, (&'static str, String)> {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if name.len() > NAME_LENGTH_MAX || !name.bytes().all(is_plain) {
        let why = "it may have up to 32 of a-z, 0-9, `-` and `_`";
        return Err(("name", why.to_owned()));
    }
    let fields = members(body, &FIELDS)?;
    // A member of another type than it should have counts as wrong, not as missing.
    let bad = |field, expected: &str| match fields.raw(field) {
        Some(value) => Err((field, ["`", value, "` is not ", expected].concat())),
        None => Ok(()),
    };
    let is_main = fields.flag("main");
    if is_main.is_none() {
        bad("main", "true or false")?;
    }
    let kinds = fields.texts("allowed_updates");
    if kinds.as_ref().is_none_or(|kinds| bad_kind(kinds).is_some()) {
        bad("allowed_updates", "a list of kinds of updates")?;
    }
    let methods = fields.texts("methods");
    if methods
        .as_ref()
        .is_none_or(|methods| methods.iter().any(|method| !is_method(method)))
    {
        bad("methods", "a list of methods of the Bot API")?;
    }
    let from_oldest = match fields.text("from").as_deref() {
        Some("oldest") => true,
        Some("now") => false,
        _ => bad("from", "`now` or `oldest`").map(|()| false)?,
    };
    let lease_seconds = fields.integer("lease_seconds");
    if lease_seconds.is_none_or(|seconds| !LEASE_SECONDS_RANGE.contains(&seconds)) {
        bad("lease_seconds", "a number from 5 to 3600")?;
    }
    let in_lower_case = |methods: Vec<String>| {
        let methods: Vec<String> = methods
            .iter()
            .map(|method| method.to_ascii_lowercase())
            .collect();
        list_of(&methods)
    };
    Ok(WantedFeed {
        is_main: is_main.unwrap_or_default(),
        allowed_updates: kinds
            .filter(|kinds| !kinds.is_empty())
            .map(|kinds| list_of(&kinds)),
        methods: methods.map(in_lower_case),
        lease_ms: lease_seconds.unwrap_or(LEASE_SECONDS) * 1000,
        from_oldest,
    })
}

/// A token in the shape that libraries want: the bot's number, a colon, and 256 random bits.
fn fresh_token<D, T, N>(app: &App<D, T, N>) -> Option<Secret> {
    let secret = Secret::random().ok()?;
    let bot = app.settings.bot.to_string();
    Some(Secret::new([&bot, ":", secret.expose()].concat()))
}

/// A feed with its token, and the lines that make a bot read it.
fn with_token<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    status: u16,
    name: &str,
    feed: &str,
    token: &Secret,
) -> Reply {
    let origin = app.settings.public_url.as_deref();
    let url = [origin.unwrap_or(&request.origin), "/feed/", name].concat();
    let token = token.expose();
    let voice = app.voice(request);
    let lines =
        LIBRARIES.map(|(library, phrase)| (library, voice.say(phrase, &[token, &url, &url])));
    match request.format() {
        Format::Json => {
            let lines = lines.map(|(library, lines)| (library, text_of(&lines)));
            let lines = lines
                .each_ref()
                .map(|(library, lines)| (*library, lines.as_str()));
            let members = [
                ("feed", feed),
                ("token", &text_of(token)),
                ("url", &text_of(&url)),
                ("libraries", &object_of(&lines)),
            ];
            Reply::object(status, &members)
        }
        Format::Text => {
            let mut text = [feed, "\n\nurl   ", &url, "\ntoken ", token].concat();
            for (library, lines) in &lines {
                text.extend(["\n\n", library, "\n", lines]);
            }
            Reply::text(status, &text)
        }
    }
}

fn shown(request: &Request, what: &'static str, feed: &str) -> Reply {
    match request.format() {
        Format::Json => Reply::object(200, &[(what, feed)]),
        Format::Text => Reply::text(200, feed),
    }
}

fn unknown(request: &Request, voice: Voice, name: &str) -> Reply {
    let complaint = voice.complain("admin.unknown_feed", &[name]);
    Reply::error(404, &complaint, request.format())
}
