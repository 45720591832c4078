//! The guard at work on the webhook: compare what is wanted with what is, keep a snapshot, restore, verify.

use crate::alert::Alert;
use crate::app::App;
use crate::guard::war::{self, Move};
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::inbox::guard::Guarded;
use crate::notes::Notes;
use crate::secret::Secret;
use crate::telegram::drift::Drift;
use crate::telegram::transport::Transport;
use crate::telegram::webhook_info::{WantedWebhook, WebhookInfo};
use crate::webhook::repair::{self, Repaired};
use crate::webhook::rotation;

/// What the guard found, for the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watched {
    /// Nobody has asked for a webhook, or somebody has asked for none.
    #[default]
    NotWanted,
    /// The webhook is as it should be.
    Fine,
    /// The doctor listens for a poller, so the webhook is away.
    Probing,
    /// Telegram did not answer.
    NoAnswer,
    /// A rotation that was cut short is finished.
    Rotated,
    /// The webhook was not as it should be, and is again.
    Restored,
    /// It is not as it should be, and another visit is at it, or has just set it.
    SomebodyElse,
    /// It is not as it should be, and the guard waits, since somebody takes it again and again.
    HoldingBack,
    /// It is not as it should be, and Telegram refused to set it.
    Refused,
}

impl Watched {
    fn of(repaired: &Repaired) -> Self {
        match repaired {
            Repaired::Yes(_) => Self::Restored,
            Repaired::SomebodyElse => Self::SomebodyElse,
            Repaired::No(_) => Self::Refused,
        }
    }

    /// Its name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotWanted => "no webhook wanted",
            Self::Fine => "webhook fine",
            Self::Probing => "probing",
            Self::NoAnswer => "no answer of Telegram",
            Self::Rotated => "secret rotated",
            Self::Restored => "webhook restored",
            Self::SomebodyElse => "webhook being restored",
            Self::HoldingBack => "holding back",
            Self::Refused => "webhook refused",
        }
    }
}

/// Looks after the webhook, once. Of several visits at once one repairs it.
pub async fn watch<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    guarded: &Guarded,
) -> Result<Watched, InboxError> {
    if guarded.probed_until > guarded.now {
        return Ok(Watched::Probing);
    }
    let (Some(wanted), Some(secret)) = (&guarded.wanted, &guarded.secret) else {
        return Ok(Watched::NotWanted);
    };
    if wanted.url.is_empty() {
        if guarded.has_incident {
            app.inbox.end_incident("called_off").await?;
        }
        return Ok(Watched::NotWanted);
    }
    if let Some(next) = &guarded.next_secret {
        return Ok(match rotation::finish(app, wanted, next).await? {
            Ok(_) => Watched::Rotated,
            Err(_) => Watched::Refused,
        });
    }
    let Ok(actual) = app.telegram.webhook_info().await else {
        return Ok(Watched::NoAnswer);
    };
    match guarded.drift(wanted, &actual) {
        None => {
            note_peace(app, guarded, &actual).await?;
            Ok(Watched::Fine)
        }
        Some(_) if guarded.probed_until > 0 => {
            // It was away for the doctor's sake, who could not put it back. Nobody took it, so that is no incident.
            let repaired = repair::repair(app, guarded, (wanted, secret), guarded.restores).await?;
            Ok(Watched::of(&repaired))
        }
        Some(drift) => defend(app, guarded, (wanted, secret), drift, &actual).await,
    }
}

async fn note_peace<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    guarded: &Guarded,
    actual: &WebhookInfo,
) -> Result<(), InboxError> {
    if guarded.has_incident {
        app.inbox.end_incident("by_itself").await?;
    }
    if guarded.taken.is_none() {
        app.inbox.remember_taken(actual).await?;
    }
    if actual.pending_update_count != guarded.waiting || guarded.probed_until > 0 {
        app.inbox.note_waiting(actual.pending_update_count).await?;
    }
    Ok(())
}

/// Opens an incident and restores the webhook, unless it is time to hold back.
async fn defend<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    guarded: &Guarded,
    (wanted, secret): (&WantedWebhook, &Secret),
    drift: Drift,
    actual: &WebhookInfo,
) -> Result<Watched, InboxError> {
    let next = war::next(guarded.restores, guarded.now - guarded.restored_at);
    let restores = match next {
        Move::Restore(restores) if guarded.restore_after <= guarded.now => Some(restores),
        _ => None,
    };
    let alert = match next {
        Move::Restore(_) => Alert::Webhook,
        Move::HoldBack(_) => Alert::War,
    };
    let inbox = &app.inbox;
    inbox
        .open_incident(guarded.now, alert, drift.name(), &wanted.url, actual)
        .await?;
    match restores {
        Some(restores) => {
            let repaired = repair::repair(app, guarded, (wanted, secret), restores).await?;
            Ok(Watched::of(&repaired))
        }
        None => Ok(Watched::HoldingBack),
    }
}
