//! A new secret for the webhook, without refusing a single update: both are accepted while Telegram changes over.
//!
//! Prepared: the next secret is kept, and accepted. Switched: Telegram has it, and the old one is accepted for a while, since what
//! is on its way still carries it. Stable: an update came with it. After a crash the guard goes on, or the first update that
//! carries the next secret does, which proves that Telegram has it.

use crate::app::App;
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::notes::Notes;
use crate::secret::Secret;
use crate::telegram::refusal::CallError;
use crate::telegram::transport::Transport;
use crate::telegram::webhook_info::WantedWebhook;

/// For how long the old secret is accepted, in milliseconds. Telegram gives up on a delivery after 60 seconds.
pub const GRACE_MS: i64 = 10 * 60 * 1000;

/// Gives Telegram the next secret, and makes it the present one. Telegram's sentence about it. Said twice it does nothing more.
pub async fn finish<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    wanted: &WantedWebhook,
    next: &Secret,
) -> Result<Result<String, CallError>, InboxError> {
    let set = app.telegram.set_webhook(wanted, next, false).await;
    if set.is_ok() {
        app.inbox.switch_secret(next).await?;
        app.isolate.forget_door();
    }
    Ok(set)
}
