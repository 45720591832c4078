//! Sets the webhook as it is wanted, one visit at a time, and reads it back.

use crate::app::App;
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::inbox::guard::Guarded;
use crate::notes::Notes;
use crate::search::holds;
use crate::secret::Secret;
use crate::telegram::refusal::CallError;
use crate::telegram::transport::Transport;
use crate::telegram::webhook_info::{WantedWebhook, WebhookInfo};

/// Telegram remembers for five minutes that a host name could not be resolved (`GetHostByNameActor.h:29-35`), so asking again sooner is
/// in vain. In milliseconds.
const UNRESOLVED_MS: i64 = 330 * 1000;

/// How long to wait after Telegram has refused the token, in milliseconds.
const TOKEN_REFUSED_MS: i64 = 10 * 60 * 1000;

/// What came of a repair.
#[derive(Debug)]
pub enum Repaired {
    /// The webhook is as it should be. This is what Telegram says of it.
    Yes(WebhookInfo),
    /// Another visit is at it, or somebody has set it since this one looked.
    SomebodyElse,
    /// Telegram refused or did not answer.
    No(CallError),
}

/// Sets the webhook, unless it is as it should be by now, and ends the incident. It never drops what waits.
///
/// `restores`: how many restores there were in this war, with this one.
pub async fn repair<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    guarded: &Guarded,
    (wanted, secret): (&WantedWebhook, &Secret),
    restores: i64,
) -> Result<Repaired, InboxError> {
    let Some(turn) = app.inbox.take_turn(guarded.now).await? else {
        return Ok(Repaired::SomebodyElse);
    };
    match set(app, guarded, wanted, secret).await {
        Ok(taken) => {
            app.inbox.restored(turn, restores, &taken).await?;
            app.isolate.forget_door();
            Ok(Repaired::Yes(taken))
        }
        Err(error) => {
            let text = error.to_string();
            let back = app.inbox.give_turn_back(turn, hold_back_ms(&error), &text);
            back.await?;
            Ok(Repaired::No(error))
        }
    }
}

async fn set<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    guarded: &Guarded,
    wanted: &WantedWebhook,
    secret: &Secret,
) -> Result<WebhookInfo, CallError> {
    let actual = app.telegram.webhook_info().await?;
    if guarded.drift(wanted, &actual).is_none() {
        return Ok(actual);
    }
    app.telegram.set_webhook(wanted, secret, false).await?;
    app.telegram.webhook_info().await
}

/// How long to leave Telegram alone after it refused, in milliseconds.
fn hold_back_ms(error: &CallError) -> i64 {
    match error {
        CallError::Refused(refusal) if refusal.blames_the_token() => TOKEN_REFUSED_MS,
        CallError::Refused(refusal) if holds(&refusal.description, "resolve host") => UNRESOLVED_MS,
        CallError::Refused(refusal) => refusal.retry_after.unwrap_or_default() * 1000,
        _ => 0,
    }
}
