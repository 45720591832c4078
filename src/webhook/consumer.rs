//! What comes out of the queue: many updates written in one trip, then handled like those that were left behind.

use crate::app::App;
use crate::inbox::Queued;
use crate::inbox::database::Database;
use crate::notes::Notes;
use crate::queue::Message;
use crate::telegram::transport::Transport;
use crate::telegram::update::Update;
use crate::webhook::take_up_within;
use crate::webhook::watch::{ROWS_MAX, Watch};

/// Keeps the messages of a batch. For each, in order, whether it is kept: if not, the queue is to bring it again.
///
/// Messages may come in any order, so they are written in that of their sending, and those of one moment in that of their numbers.
pub async fn take_in<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    messages: &[Message],
) -> Vec<bool> {
    app.inbox.serves_delivery();
    let mut kept = Vec::with_capacity(messages.len());
    let mut updates = Vec::new();
    for message in messages {
        match Update::parse(message.text.as_bytes()) {
            Ok(update) => {
                let age_ms = message.age_ms.max(0);
                updates.push(Queued { update, age_ms });
                kept.push(None);
            }
            Err(unusable) => {
                let why = unusable.to_string();
                let body = message.text.as_bytes();
                kept.push(Some(app.inbox.quarantine(body, &why).await.is_ok()));
            }
        }
    }
    let are_kept = updates.is_empty() || app.inbox.record_many(&updates).await.is_ok();
    if let Some(bell) = &app.bell {
        bell.ring().await;
    }
    kept.into_iter()
        .map(|is_kept| is_kept.unwrap_or(are_kept))
        .collect()
}

/// Handles as many rows as a batch brought, some at a time. What it does not come to is found by the next batch, and by the cron.
pub async fn work_off<D: Database, T: Transport, N: Notes>(app: &App<D, T, N>, rows: usize) {
    let rounds = rows.div_ceil(ROWS_MAX as usize);
    for _ in 0..rounds {
        let watch = Watch::of_batch();
        let ended = take_up_within(app, &watch).await;
        // The row of a round that was dropped would be found again as this visit's own, and no attempt be counted.
        if !matches!(ended, Some(Ok(()))) || watch.taken_up() == 0 {
            return;
        }
    }
}
