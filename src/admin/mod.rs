//! The rooms of the operator: the webhook, the updates, and the calls.

pub mod feeds;
pub mod incidents;
pub mod metrics;
pub mod outbox;
mod story;
pub(crate) mod texts;
pub mod updates;
pub mod webhook;

use crate::app::App;
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::json::Fields;
use crate::notes::Notes;
use crate::phrases::Voice;
use crate::reply::Reply;
use crate::request::{Body, BodyError, Request};
use crate::search::split_once;
use crate::secret;
use crate::telegram::transport::Transport;

/// The largest wish that is read, in bytes.
const WISH_BYTES_MAX: usize = 64 * 1024;

/// Whether a visitor may enter: a bearer token, compared in constant time. An address that guesses is not listened to for a while.
pub fn admits<D: Database, T: Transport, N: Notes>(app: &App<D, T, N>, request: &Request) -> bool {
    let address = request.header("cf-connecting-ip").unwrap_or_default();
    let Some(token) = bearer(request) else {
        return false;
    };
    let is_right = secret::matches(token, &[app.settings.admin]);
    if !is_right {
        app.isolate.count_wrong_token(address, app.now_ms);
    }
    is_right && !app.isolate.is_locked_out(address, app.now_ms)
}

/// The answer when the database does not do what it was asked.
pub(crate) fn unavailable(request: &Request, voice: Voice, error: &InboxError) -> Reply {
    Reply::error(503, &voice.not_recorded(error), request.format())
}

/// Reads a body of up to 64 KiB; an empty one is an empty object. The error is why it cannot be had.
async fn wish(body: impl Body, voice: Voice) -> Result<String, String> {
    let why = match body.read(WISH_BYTES_MAX).await {
        Ok(body) => match String::from_utf8(body) {
            Ok(body) if body.trim_ascii().is_empty() => return Ok("{}".to_owned()),
            Ok(body) => return Ok(body),
            Err(_) => "admin.body_no_text",
        },
        Err(BodyError::TooLarge) => "admin.body_too_large",
        Err(BodyError::Broken) => "admin.body_broken",
    };
    Err(voice.say(why, &[]))
}

/// The members of a wish. The error is the field and why it cannot be used.
fn members<'a>(wish: &'a str, known: &[&str]) -> Result<Fields<'a>, (&'static str, String)> {
    let fields = Fields::of(wish).map_err(|error| ("body", error.to_string()))?;
    let mut names = fields.members().iter().map(|(name, _)| name.as_str());
    match names.find(|name| !known.contains(name)) {
        Some(name) => {
            let why = ["it has `", name, "`; it may have ", &known.join(", ")].concat();
            Err(("body", why))
        }
        None => Ok(fields),
    }
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = split_once(request.header("authorization")?, " ")?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_ascii())
}
