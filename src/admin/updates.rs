//! What arrived and what became of it: `GET /admin/updates`, `GET /admin/updates/{update_id}`, and once more: `POST …/replay`.

use serde::Serialize;

use crate::admin::page::{self, bad_parameter};
use crate::admin::{story, unavailable};
use crate::app::App;
use crate::delivery::inbox::State;
use crate::inbox::database::Database;
use crate::inbox::listing::ListedUpdate;
use crate::language::Language;
use crate::notes::Notes;
use crate::reply::{Complaint, Format, Reply};
use crate::request::Request;
use crate::telegram::ids::UpdateId;
use crate::telegram::transport::Transport;
use crate::webhook;

#[derive(Serialize)]
struct Listed {
    updates: Vec<ListedUpdate>,
    next: Option<i64>,
}

#[derive(Serialize)]
struct Shown {
    update: ListedUpdate,
}

/// `GET /admin/updates[?state=&limit=&before=]`: newest first. `next` is the `before` of the next page.
pub async fn list<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let language = request.language(app.settings.language);
    let asked = page::state(request, language, &State::ALL.map(State::name)).and_then(|state| {
        let before = page::number(
            request,
            language,
            "before",
            i64::from(u32::MAX),
            (1 << 53) - 1,
        )?;
        Ok((state, before, page::limit(request, language)?))
    });
    let (state, before, limit) = match asked {
        Ok(asked) => asked,
        Err(complaint) => return Reply::error(400, &complaint, request.format()),
    };
    let mut updates = match app.inbox.list(state, before, limit + 1).await {
        Ok(updates) => updates,
        Err(error) => return unavailable(request, language, &error),
    };
    let has_more = page::cut(&mut updates, limit);
    let next = updates.last().map(|update| update.seq).filter(|_| has_more);
    match request.format() {
        Format::Json => Reply::json(200, &Listed { updates, next }),
        Format::Text => Reply::text(200, &lines(&updates, next)),
    }
}

/// `GET /admin/updates/{update_id}`: one update with its calls and its body; as text, its story in words.
pub async fn show<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    id: &str,
) -> Reply {
    let language = request.language(app.settings.language);
    match find(app, request, language, id).await {
        Ok(update) => told(request, language, update),
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
    let language = request.language(app.settings.language);
    let update = match find(app, request, language, id).await {
        Ok(update) => update,
        Err(reply) => return reply,
    };
    match app.inbox.replay(update.update_id, &update.kind).await {
        Ok(true) => {}
        Ok(false) => return Reply::error(409, &still_open(language, id), request.format()),
        Err(error) => return unavailable(request, language, &error),
    }
    // Whatever this visit cannot finish, the cron finishes within a minute.
    let _ = webhook::take_up(app).await;
    show(app, request, id).await
}

async fn find<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    language: Language,
    id: &str,
) -> Result<ListedUpdate, Reply> {
    let Ok(id) = id.parse().map(UpdateId) else {
        let complaint = bad_parameter(language, "update_id", id, "a number");
        return Err(Reply::error(400, &complaint, request.format()));
    };
    match app.inbox.show(id).await {
        Ok(Some(update)) => Ok(update),
        Ok(None) => Err(Reply::error(404, &unknown(language, id), request.format())),
        Err(error) => Err(unavailable(request, language, &error)),
    }
}

fn told(request: &Request, language: Language, update: ListedUpdate) -> Reply {
    match request.format() {
        Format::Json => Reply::json(200, &Shown { update }),
        Format::Text => Reply::text(200, &story::of(language, &update)),
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
    line.trim_end().to_owned()
}

fn unknown(language: Language, id: UpdateId) -> Complaint {
    Complaint::new(
        &language.fill(
            "update {} is not here",
            "оновлення {} тут немає",
            &[&id.to_string()],
        ),
        language.fill(
            "it never arrived, or it was forgotten after KEEP_HOURS",
            "воно не надходило, або його забуто після KEEP_HOURS",
            &[],
        ),
        language.pick(
            "list what is here: `GET /admin/updates`",
            "подивіться, що є: `GET /admin/updates`",
        ),
    )
}

fn still_open(language: Language, id: &str) -> Complaint {
    Complaint::new(
        &language.fill(
            "update {} cannot be replayed now",
            "оновлення {} зараз не можна повторити",
            &[id],
        ),
        language.fill(
            "something is still left to do on it",
            "на ньому ще щось лишилося зробити",
            &[],
        ),
        &language.fill(
            "look at it with `GET /admin/updates/{}`; drop calls that wait with `POST /admin/outbox/<id>/drop`",
            "подивіться: `GET /admin/updates/{}`; виклики, що чекають, відкиньте: `POST /admin/outbox/<id>/drop`",
            &[id],
        ),
    )
}
