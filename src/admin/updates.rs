//! What arrived and what became of it: `GET /admin/updates` and `GET /admin/updates/{update_id}`.

use serde::Serialize;

use crate::admin::unavailable;
use crate::app::App;
use crate::delivery::inbox::State;
use crate::inbox::ListedUpdate;
use crate::inbox::database::Database;
use crate::language::Language;
use crate::notes::Notes;
use crate::reply::{Complaint, Format, Reply};
use crate::request::Request;
use crate::telegram::ids::UpdateId;
use crate::telegram::transport::Transport;

/// How many updates a page holds unless asked otherwise.
const LIMIT_DEFAULT: i64 = 50;

/// How many updates a page holds at most.
const LIMIT_MAX: i64 = 500;

/// What a page asks for.
struct Page {
    state: Option<State>,
    before: i64,
    limit: i64,
}

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
    let page = match Page::of(request, language) {
        Ok(page) => page,
        Err(complaint) => return Reply::error(400, &complaint, request.format()),
    };
    // One more than asked for tells whether there is a next page.
    let mut updates = match app
        .inbox
        .list(page.state, page.before, page.limit + 1)
        .await
    {
        Ok(updates) => updates,
        Err(error) => return unavailable(request, language, &error),
    };
    let has_more = i64::try_from(updates.len()).is_ok_and(|count| count > page.limit);
    if has_more {
        updates.pop();
    }
    let next = updates.last().map(|update| update.seq).filter(|_| has_more);
    match request.format() {
        Format::Json => Reply::json(200, &Listed { updates, next }),
        Format::Text => Reply::text(200, &lines(&updates, next)),
    }
}

/// `GET /admin/updates/{update_id}`: one update with its calls and its body.
pub async fn show<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    id: &str,
) -> Reply {
    let language = request.language(app.settings.language);
    let Ok(id) = id.parse().map(UpdateId) else {
        let complaint = bad_parameter(language, "update_id", id, "a number");
        return Reply::error(400, &complaint, request.format());
    };
    let update = match app.inbox.show(id).await {
        Ok(Some(update)) => update,
        Ok(None) => return Reply::error(404, &unknown(language, id), request.format()),
        Err(error) => return unavailable(request, language, &error),
    };
    match request.format() {
        Format::Json => Reply::json(200, &Shown { update }),
        Format::Text => Reply::text(200, &told(&update)),
    }
}

impl Page {
    fn of(request: &Request, language: Language) -> Result<Self, Complaint> {
        let state = match request.parameter("state") {
            None => None,
            Some(name) => {
                let names = State::ALL.map(State::name).join(", ");
                let state = State::from_name(&name);
                Some(state.ok_or_else(|| bad_parameter(language, "state", &name, &names))?)
            }
        };
        let number = |name: &str, default: i64, max: i64| match request.parameter(name) {
            None => Ok(default),
            Some(text) => match text.parse::<i64>() {
                Ok(number) if (1..=max).contains(&number) => Ok(number),
                _ => Err(bad_parameter(language, name, &text, &format!("1 … {max}"))),
            },
        };
        Ok(Self {
            state,
            before: number("before", i64::from(u32::MAX), (1 << 53) - 1)?,
            limit: number("limit", LIMIT_DEFAULT, LIMIT_MAX)?,
        })
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

fn told(update: &ListedUpdate) -> String {
    let calls = update.calls.as_ref().map_or("[]", |calls| calls.get());
    let body = update.body.as_ref().map_or("", |body| body.get());
    format!("{}\n{calls}\n{body}", line(update))
}

fn bad_parameter(language: Language, name: &str, value: &str, expected: &str) -> Complaint {
    let values = [value, expected];
    Complaint::new(
        &language.fill("`{}` cannot be used", "`{}` не годиться", &[name]),
        language.fill("`{}` is not one of: {}", "`{}` не належить до: {}", &values),
        &language.fill("set it to one of: {}", "задайте одне з: {}", &[expected]),
    )
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
