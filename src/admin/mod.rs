//! The rooms of the operator: the webhook, the updates, and the calls.

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
use crate::request::Request;
use crate::secret;
use crate::telegram::transport::Transport;

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

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
