//! What arrived and what became of it: `GET /admin/updates`, `GET /admin/updates/{update_id}`, and once more: `POST …/replay`.

use crate::admin::{story, unavailable};
use crate::app::App;
use crate::delivery::inbox::State;
use crate::inbox::database::Database;
use crate::inbox::listing::ListedUpdate;
use crate::json::{list_of, text_of};
use crate::notes::Notes;
use crate::page::{self, bad_parameter};
use crate::phrases::Voice;
use crate::reply::{Format, Reply};
use crate::request::Request;
use crate::telegram::ids::UpdateId;
use crate::telegram::transport::Transport;
use crate::webhook;

/// `GET /admin/updates[?state=&limit=&before=]`: newest first. `next` is the `before` of the next page.
pub async fn list<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let voice = app.voice(request);
    let asked = page::state(request, voice, &State::ALL.map(State::name)).and_then(|state| {
        let before = page::number(request, voice, "before", i64::from(u32::MAX), (1 << 53) - 1)?;
        Ok((state, before, page::limit(request, voice)?))
    });
    let (state, before, limit) = match asked {
        Ok(asked) => asked,
        Err(complaint) => return Reply::error(400, &complaint, request.format()),
    };
    let mut updates = match app.inbox.list(state, before, limit + 1).await {
        Ok(updates) => updates,
        Err(error) => return unavailable(request, voice, &error),
    };
    let has_more = page::cut(&mut updates, limit);
    let next = updates.last().map(|update| update.seq).filter(|_| has_more);
    match request.format() {
        Format::Json => {
            let members = [("updates", &*list_of(&updates)), ("next", &text_of(&next))];
            Reply::object(200, &members)
        }
        Format::Text => Reply::text(200, &lines(&updates, next)),
    }
}

/// `GET /admin/updates/{update_id}`: one update with its calls and its body; as text, its story in words.
pub async fn show<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    id: &str,
) -> Reply {
    let voice = app.voice(request);
    match find(app, request, voice, id).await {
        Ok(update) => told(request, voice, &update),
        Err(reply) => reply,
    }
}

/// `POST /admin/updates/{update_id}/replay`: a finished update is handled again, with the handlers of today. What became of its earlier
/// calls stays on record.
pub async fn replay<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    id: &str,
) -> Reply {
    let voice = app.voice(request);
    let update = match find(app, request, voice, id).await {
        Ok(update) => update,
        Err(reply) => return reply,
    };
    match app.inbox.replay(update.update_id, &update.kind).await {
        Ok(true) => {}
        Ok(false) => {
            let complaint = voice.complain("admin.still_open", &[id, id]);
            return Reply::error(409, &complaint, request.format());
        }
        Err(error) => return unavailable(request, voice, &error),
    }
    // Whatever this visit cannot finish, the cron finishes within a minute.
    let _ = webhook::take_up(app).await;
    show(app, request, id).await
}

async fn find<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    voice: Voice,
    id: &str,
) -> Result<ListedUpdate, Reply> {
    let Ok(id) = id.parse().map(UpdateId) else {
        let complaint = bad_parameter(voice, "update_id", id, "a number");
        return Err(Reply::error(400, &complaint, request.format()));
    };
    match app.inbox.show(id).await {
        Ok(Some(update)) => Ok(update),
        Ok(None) => {
            let complaint = voice.complain("admin.unknown_update", &[&id.to_string()]);
            Err(Reply::error(404, &complaint, request.format()))
        }
        Err(error) => Err(unavailable(request, voice, &error)),
    }
}

fn told(request: &Request, voice: Voice, update: &ListedUpdate) -> Reply {
    match request.format() {
        Format::Json => Reply::object(200, &[("update", &text_of(update))]),
        Format::Text => Reply::text(200, &story::of(voice, update)),
    }
}

fn lines(updates: &[ListedUpdate], next: Option<i64>) -> String {
    let mut lines: Vec<String> = updates.iter().map(line).collect();
    if let Some(next) = next {
        lines.push(format!("… ?before={next}"));
    }
    lines.join("\n")
}

fn line(update: &ListedUpdate) -> String {
    let error = update.error.as_deref().unwrap_or_default();
    let line = format!(
        "{}\t{}\t{}\t{}\t{}\t{error}",
        update.update_id,
        update.state.name(),
        update.kind,
        update.lane,
        update.attempts,
    );
    line.trim_ascii_end().to_owned()
}
