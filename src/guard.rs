//! The cron tick, each minute: take up unfinished work, forget what is old.

use crate::app::App;
use crate::inbox::database::Database;
use crate::inbox::{InboxError, Task};
use crate::notes::Notes;
use crate::session;
use crate::telegram::transport::Transport;
use crate::webhook;

/// How many unfinished updates one tick takes up. Each takes about five trips, and the free plan allows 50 in a visit.
const UNFINISHED_MAX: usize = 8;

/// Old updates are forgotten every so many minutes, because looking for them reads a thousand rows.
const FORGET_EVERY_MINUTES: i64 = 10;

/// What a tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// How many unfinished updates it took up.
    pub taken_up: usize,
}

/// Does what is due. Two ticks at once do no harm: every row is claimed by one of them.
pub async fn tick<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<Tick, InboxError> {
    app.inbox.beat(Task::Cron).await?;
    let mut tick = Tick::default();
    let door = webhook::door(app).await?;
    while tick.taken_up < UNFINISHED_MAX {
        let Some(claimed) = app.inbox.claim_unfinished().await? else {
            break;
        };
        tick.taken_up += 1;
        let key = session::key(&claimed.update);
        let session = app.inbox.load_session(key.as_deref()).await?;
        let (_, afterwards) = webhook::carry_out(app, claimed, session, &door).await;
        webhook::settle(app, afterwards, &door).await?;
    }
    if (app.now_ms / 60_000) % FORGET_EVERY_MINUTES == 0 {
        app.inbox.forget_old(app.settings.keep_hours).await?;
    }
    Ok(tick)
}
