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
use crate::notes::Notes;
use crate::phrases::Voice;
use crate::reply::Reply;
use crate::request::{Body, BodyError, Request};
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

/// Reads a body of up to 64 KiB. The error is why it cannot be had.
async fn wish(body: impl Body, voice: Voice) -> Result<Vec<u8>, String> {
    let body = body.read(WISH_BYTES_MAX).await;
    body.map_err(|error| match error {
        BodyError::TooLarge => voice.say("admin.body_too_large", &[]),
        BodyError::Broken => voice.say("admin.body_broken", &[]),
    })
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
