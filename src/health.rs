//! `GET /health`: whether the database answers and the cron runs, for a monitor that knows no secret.

use crate::app::App;
use crate::inbox::database::Database;
use crate::inbox::{CRON_AGE_MAX_MS, Task};
use crate::json::text_of;
use crate::notes::Notes;
use crate::reply::Reply;
use crate::telegram::transport::Transport;

/// 200, or 503 when the database does not answer or the cron has not run for five minutes. At most one trip per isolate in five seconds.
pub async fn answer<D: Database, T: Transport, N: Notes>(app: &App<D, T, N>) -> Reply {
    let cron_age_ms = match app.isolate.recent_health(app.now_ms) {
        Some(known) => known,
        None => ask(app).await,
    };
    let is_well = cron_age_ms.is_some_and(|age| age < CRON_AGE_MAX_MS);
    let (verdict, status) = if is_well {
        ("\"ok\"", 200)
    } else {
        ("\"ill\"", 503)
    };
    let database = cron_age_ms.map_or("\"no answer\"", |_| "\"ok\"");
    let seconds = text_of(&cron_age_ms.map(|age| age / 1000));
    let members = [
        ("health", verdict),
        ("database", database),
        ("cron_seconds_ago", &seconds),
    ];
    Reply::object(status, &members)
}

async fn ask<D: Database, T: Transport, N: Notes>(app: &App<D, T, N>) -> Option<i64> {
    let cron_age_ms = app.inbox.since_beat(Task::Cron).await.ok().flatten();
    app.isolate.remember_health(cron_age_ms, app.now_ms);
    cron_age_ms
}
