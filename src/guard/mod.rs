//! The cron tick, each minute: look after the webhook, take up unfinished work, tell the owners, forget what is old.

pub mod restore;
pub mod war;

use crate::app::App;
use crate::delivery::outbox::PlannedCall;
use crate::guard::restore::Watched;
use crate::inbox::InboxError;
use crate::inbox::alerts::Untold;
use crate::inbox::database::Database;
use crate::json::{object_of, text_of};
use crate::notes::Notes;
use crate::phrases::Voice;
use crate::plan::Plan;
use crate::telegram::ids::{ChatId, UserId};
use crate::telegram::message::Message;
use crate::telegram::transport::{Outgoing, Transport};
use crate::webhook;

/// How many old updates a tick forgets: five a second, or a hundred where the queue brings so many.
const BITE: i64 = 300;
const BITE_WITH_QUEUE: i64 = 6_000;

/// How long the second channel for alerts may take to answer, in milliseconds.
const ALERT_TIMEOUT_MS: u32 = 5_000;

/// What a tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// What it found the webhook to be.
    pub watched: Watched,
    /// How many unfinished updates it took up.
    pub taken_up: u32,
}

/// Does what is due. Two ticks at once do no harm: every row is claimed by one of them.
pub async fn tick<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<Tick, InboxError> {
    let guarded = app.inbox.beat_and_guard().await?;
    let watched = restore::watch(app, &guarded).await?;
    tell(app).await?;
    let taken_up = webhook::take_up(app).await?;
    let bite = match app.queue {
        None => BITE,
        Some(_) => BITE_WITH_QUEUE,
    };
    app.inbox.forget_old(app.settings.keep_hours, bite).await?;
    Ok(Tick { watched, taken_up })
}

/// Tells of what nobody was told yet: a message to each owner, sent like any other call, and a post to the second channel.
async fn tell<D: Database, T: Transport, N: Notes>(app: &App<D, T, N>) -> Result<(), InboxError> {
    if app.settings.owners.is_empty() && app.settings.alert_url.is_none() {
        return Ok(());
    }
    let voice = Voice::new(app.settings.language, app.phrases);
    for untold in app.inbox.untold().await? {
        let count = untold.count - untold.told;
        let text = untold.alert.text(voice, count, untold.update);
        let messages = messages(&app.settings.owners, &text);
        if app.inbox.tell(&untold, &messages).await? {
            post(app, &untold, &text).await;
        }
    }
    Ok(())
}

fn messages(owners: &[UserId], text: &str) -> Vec<PlannedCall> {
    let mut plan = Plan::new();
    for owner in owners {
        plan.send(&Message {
            chat_id: ChatId::from(*owner),
            message_thread_id: None,
            text: text.to_owned(),
            reply_markup: None,
        });
    }
    let calls = plan.calls().iter().cloned();
    calls.map(PlannedCall::new).collect()
}

/// Posts an alert to `ALERT_URL`, once. Slack reads `text`, Discord `content`; a failure is not repeated, since the owners are told too.
async fn post<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    untold: &Untold,
    text: &str,
) {
    let Some(url) = &app.settings.alert_url else {
        return;
    };
    let said = text_of(text);
    let body = object_of(&[
        ("alert", &text_of(untold.alert.name())),
        ("bot", &app.settings.bot.to_string()),
        ("subject", &untold.update.to_string()),
        ("text", &said),
        ("content", &said),
    ]);
    let request = Outgoing {
        method: "POST",
        url: url.expose().to_owned(),
        content_type: Some("application/json"),
        body: body.into_bytes(),
        timeout_ms: ALERT_TIMEOUT_MS,
    };
    let _ = app.telegram.transport().carry(request).await;
}
