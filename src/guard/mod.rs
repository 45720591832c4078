//! The cron tick, each minute: look after the webhook, take up unfinished work, tell the owners, forget what is old.

pub mod restore;
pub mod war;

use crate::app::App;
use crate::delivery::outbox::PlannedCall;
use crate::guard::restore::Watched;
use crate::inbox::InboxError;
use crate::inbox::alerts::Untold;
use crate::inbox::database::Database;
use crate::notes::Notes;
use crate::phrases::Voice;
use crate::plan::Plan;
use crate::telegram::ids::ChatId;
use crate::telegram::message::Message;
use crate::telegram::transport::Transport;
use crate::webhook;

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
    plan_alerts(app).await?;
    let taken_up = webhook::take_up(app).await?;
    app.inbox.forget_old(app.settings.keep_hours).await?;
    Ok(Tick { watched, taken_up })
}

/// Plans a message to each owner about what they do not know yet. It is sent like any other call.
async fn plan_alerts<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<(), InboxError> {
    if app.settings.owners.is_empty() {
        return Ok(());
    }
    for untold in app.inbox.untold().await? {
        app.inbox.tell(&untold, &messages(app, &untold)).await?;
    }
    Ok(())
}

fn messages<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    untold: &Untold,
) -> Vec<PlannedCall> {
    let count = untold.count - untold.told;
    let voice = Voice::new(app.settings.language, app.phrases);
    let text = untold.alert.text(voice, count, untold.update);
    let mut plan = Plan::new();
    for owner in &app.settings.owners {
        plan.send(&Message {
            chat_id: ChatId::from(*owner),
            message_thread_id: None,
            text: text.clone(),
            reply_markup: None,
        });
    }
    let calls = plan.calls().iter().cloned();
    calls.map(PlannedCall::new).collect()
}
