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

/// The length of our secrets. What is of another length is looked up for the sake of who sent it: somebody may have set the webhook
/// to our address without our secret.
const SECRET_LENGTH: usize = 64;

/// How long what is known about the door is believed, in milliseconds: so long a secret that was withdrawn elsewhere is still accepted.
pub const DOOR_AGE_MAX_MS: i64 = 60_000;

/// What is known about the door, read where this isolate does not know it yet.
pub async fn door<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<Rc<Door>, InboxError> {
    match app.isolate.door() {
        Some(door) => Ok(door),
        None => Ok(remember_door(app, app.inbox.webhook().await?)),
    }
}

/// The door, if the secret opens it. What is known about it is read again after a minute, and when the secret is wrong, which may be
/// a new one that another isolate has set: both at a bounded rate.
pub(super) async fn authenticate<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    secret: &str,
) -> Result<Option<Rc<Door>>, InboxError> {
    let known = app.isolate.door();
    let opened = known
        .clone()
        .filter(|door| secret::matches(secret, &door.accepted));
    let is_fresh = |door: &Rc<Door>| app.now_ms - door.read_at < DOOR_AGE_MAX_MS;
    let must_read = known.is_none() && secret.len() == SECRET_LENGTH;
    if opened.as_ref().is_some_and(is_fresh)
        || !(must_read || app.isolate.may_reread_door(app.now_ms))
    {
        return Ok(opened);
    }
    match app.inbox.webhook_for(secret).await {
        Ok(record) => {
            let door = remember_door(app, record);
            Ok(secret::matches(secret, &door.accepted).then_some(door))
        }
        // What was known lets in while the database is down: with a queue nothing else is asked of it.
        Err(_) if opened.is_some() => Ok(opened),
        Err(error) => Err(error),
    }
}

/// Remembers what is known about the webhook's row.
pub fn remember_door<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    record: WebhookRecord,
) -> Rc<Door> {
    app.isolate.remember_door(Door {
        accepted: record.accepted,
        username: record.username,
        read_at: app.now_ms,
    })
}
