//! Who may bring updates: whoever knows one of the webhook's secrets.

use std::rc::Rc;

use crate::app::App;
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::inbox::webhook::WebhookRecord;
use crate::isolate::Door;
use crate::notes::Notes;
use crate::secret;
use crate::telegram::transport::Transport;

/// The length of our secrets. Anything else is refused without a look at the database.
const SECRET_LENGTH: usize = 64;

/// What is known about the door, read where this isolate does not know it yet.
pub async fn door<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<Rc<Door>, InboxError> {
    match app.isolate.door() {
        Some(door) => Ok(door),
        None => read_door(app).await,
    }
}

/// Remembers what is known about the webhook's row.
pub fn remember_door<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    record: WebhookRecord,
) -> Rc<Door> {
    let door = Door {
        accepted: record.accepted,
        username: record.username,
    };
    app.isolate.remember_door(door, app.now_ms)
}

/// The door, if the secret opens it. A wrong one may be a new one that another isolate has set, so it is looked up, at a bounded rate.
pub(super) async fn authenticate<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    secret: &str,
) -> Result<Option<Rc<Door>>, InboxError> {
    if secret.len() != SECRET_LENGTH {
        return Ok(None);
    }
    if let Some(door) = app.isolate.door() {
        if secret::matches(secret, &door.accepted) {
            return Ok(Some(door));
        }
        if !app.isolate.may_reread_door(app.now_ms) {
            return Ok(None);
        }
    }
    let door = read_door(app).await?;
    Ok(secret::matches(secret, &door.accepted).then_some(door))
}

async fn read_door<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<Rc<Door>, InboxError> {
    let record = app.inbox.webhook().await?;
    Ok(remember_door(app, record))
}
