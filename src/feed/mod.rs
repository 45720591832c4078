//! Feeds: the bot's updates for other people's polling bots, through an API that looks like Telegram's, without its conflicts.

pub mod parameters;
pub mod poll;
pub mod relay;

use std::rc::Rc;

use crate::app::App;
use crate::feed::relay::{Relay, Target};
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::inbox::feeds::Feed;
use crate::isolate::Pass;
use crate::json::{object_of, text_of};
use crate::notes::Notes;
use crate::reply::Reply;
use crate::request::{Body, Request};
use crate::search::split_once;
use crate::secret::{hex, sha256};
use crate::telegram::transport::Transport;

/// The length of the random part of a feed's token, in hexadecimal.
const SECRET_LENGTH: usize = 64;

/// What a feed's reader gets.
pub enum Served {
    /// An answer of ours.
    Reply(Reply),
    /// Telegram's own answer.
    Relay(Relay),
}

/// Serves `/feed/{name}/bot{token}/{method}` and `/feed/{name}/file/bot{token}/{path}`.
pub async fn answer<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    body: impl Body,
) -> Served {
    Served::Reply(match Target::of(&request.path) {
        _ if !matches!(request.method.as_str(), "GET" | "POST") => Reply::empty(501),
        None => error(404, "Not Found"),
        Some(target) => match open(app, request, &target).await {
            Ok(Some(pass)) => return serve(app, request, body, &target, &pass.feed).await,
            Ok(None) => error(401, "Unauthorized"),
            Err(_) => unavailable(),
        },
    })
}

async fn serve<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    body: impl Body,
    target: &Target<'_>,
    feed: &Feed,
) -> Served {
    let method = match target.method() {
        Some(method) => method.to_ascii_lowercase(),
        None => return Served::Relay(target.relay(app, request)),
    };
    Served::Reply(match method.as_str() {
        "getupdates" => poll::answer(app, request, body, feed).await,
        // Those would take the updates away from everybody else, so they are answered as if they had done it.
        "setwebhook" => done("Webhook was set"),
        "deletewebhook" => done("Webhook was deleted"),
        "logout" | "close" => result("true"),
        "getwebhookinfo" => webhook_info(app, target.name).await,
        method if !relay::may_call(feed, method) => {
            error(403, "Forbidden: this feed may not call the method")
        }
        _ => return Served::Relay(target.relay(app, request)),
    })
}

/// The feed that the token opens. What was found is believed for a minute, so that a call costs no trip to the database.
async fn open<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    target: &Target<'_>,
) -> Result<Option<Rc<Pass>>, InboxError> {
    let (name, now_ms) = (target.name, app.now_ms);
    let secret = split_once(target.token, ":").filter(|(bot, secret)| {
        *bot == app.settings.bot.to_string() && secret.len() == SECRET_LENGTH
    });
    if secret.is_none() {
        return Ok(None);
    }
    let digest = hex(&sha256(target.token.as_bytes()));
    if let Some(pass) = app.isolate.pass(name, &digest, now_ms) {
        return Ok(Some(pass));
    }
    let address = request.header("cf-connecting-ip").unwrap_or_default();
    if app.isolate.is_locked_out(address, now_ms) {
        return Ok(None);
    }
    let Some(feed) = app.inbox.open_feed(name, &digest).await? else {
        app.isolate.count_wrong_token(address, now_ms);
        return Ok(None);
    };
    Ok(Some(app.isolate.remember_pass(Pass {
        name: name.to_owned(),
        digest,
        feed,
        read_at: now_ms,
    })))
}

/// No webhook, as a poller wants to hear, and how many updates wait for it.
async fn webhook_info<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    name: &str,
) -> Reply {
    let Ok(feed) = app.inbox.feed(name).await else {
        return unavailable();
    };
    let waiting = feed.map_or(0, |feed| feed.waiting);
    result(&object_of(&[
        ("url", "\"\""),
        ("has_custom_certificate", "false"),
        ("pending_update_count", &waiting.to_string()),
    ]))
}

/// Telegram's envelope around a result.
fn result(result: &str) -> Reply {
    Reply::object(200, &[("ok", "true"), ("result", result)])
}

/// The answer of a method that tells in words what it did.
fn done(description: &str) -> Reply {
    let description = text_of(description);
    let members = [
        ("ok", "true"),
        ("result", "true"),
        ("description", &*description),
    ];
    Reply::object(200, &members)
}

/// Telegram's envelope around an error.
pub(crate) fn error(code: u16, description: &str) -> Reply {
    Reply::empty(code)
        .with_header("content-type", "application/json")
        .with_body(object_of(&[
            ("ok", "false"),
            ("error_code", &code.to_string()),
            ("description", &text_of(description)),
        ]))
}

/// What the cloud server says when something behind it does not answer. Every library asks again.
pub(crate) fn unavailable() -> Reply {
    error(502, "Bad Gateway")
}
