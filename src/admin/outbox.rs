//! Calls that wait, failed or are parked: `GET /admin/outbox`, and what an operator decides: `POST …/{id}/resend` and `…/drop`.

use crate::admin::unavailable;
use crate::app::App;
use crate::delivery::outbox::CallState;
use crate::inbox::database::Database;
use crate::inbox::outbox::{CallId, Decided, Decision, ListedCall};
use crate::json::{list_of, text_of};
use crate::notes::Notes;
use crate::page::{self, bad_parameter};
use crate::phrases::Voice;
use crate::reply::{Complaint, Format, Reply};
use crate::request::Request;
use crate::telegram::transport::Transport;
use crate::webhook;

/// Above every call there is.
const NEWEST: CallId = CallId {
    seq: (1 << 53) - 1,
    step: 0,
};

/// `GET /admin/outbox[?state=&limit=&before=]`: newest first; without a state all that did not end well. `next` is the `before` of the next
/// page.
pub async fn list<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let voice = app.voice(request);
    let asked = page::state(request, voice, &CallState::ALL.map(CallState::name))
        .and_then(|state| Ok((state, before(request, voice)?, page::limit(request, voice)?)));
    let (state, before, limit) = match asked {
        Ok(asked) => asked,
        Err(complaint) => return Reply::error(400, &complaint, request.format()),
    };
    let mut calls = match app.inbox.calls(state, before, limit + 1).await {
        Ok(calls) => calls,
        Err(error) => return unavailable(request, voice, &error),
    };
    let has_more = page::cut(&mut calls, limit);
    let last = calls.last().filter(|_| has_more);
    let next = last.map(|call| call.id.clone());
    match request.format() {
        Format::Json => {
            let members = [("calls", &*list_of(&calls)), ("next", &text_of(&next))];
            Reply::object(200, &members)
        }
        Format::Text => Reply::text(200, &lines(&calls, next.as_deref())),
    }
}

/// `POST /admin/outbox/{id}/resend` and `…/drop`.
pub async fn decide<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    id: &str,
    decision: Decision,
) -> Reply {
    let voice = app.voice(request);
    let Some(place) = CallId::of(id) else {
        let complaint = bad_parameter(voice, "id", id, "12.0");
        return Reply::error(400, &complaint, request.format());
    };
    let decided = match app.inbox.decide(place, decision).await {
        Ok(decided) => decided,
        Err(error) => return unavailable(request, voice, &error),
    };
    let refusal = match decided {
        Decided::NotHere => Some((404, voice.complain("admin.unknown_call", &[id]))),
        Decided::NotIn(state) => {
            let values = [id, state.name()];
            Some((409, voice.complain("admin.nothing_to_decide", &values)))
        }
        Decided::Yes => None,
    };
    if let Some((status, complaint)) = refusal {
        return Reply::error(status, &complaint, request.format());
    }
    if decision == Decision::Resend {
        // Whatever this visit cannot finish, the cron finishes within a minute.
        let _ = webhook::take_up(app).await;
    }
    let decision = match decision {
        Decision::Resend => "resend",
        Decision::Drop => "drop",
    };
    match request.format() {
        Format::Json => {
            let members = [("call", &*text_of(id)), ("decision", &text_of(decision))];
            Reply::object(200, &members)
        }
        Format::Text => Reply::text(200, &format!("{id}\t{decision}")),
    }
}

fn before(request: &Request, voice: Voice) -> Result<CallId, Complaint> {
    let Some(text) = request.parameter("before") else {
        return Ok(NEWEST);
    };
    CallId::of(&text).ok_or_else(|| bad_parameter(voice, "before", &text, "12.0"))
}

fn lines(calls: &[ListedCall], next: Option<&str>) -> String {
    let mut lines: Vec<&str> = calls.iter().map(|call| call.json.as_str()).collect();
    let more = next.map(|next| format!("… ?before={next}"));
    lines.extend(more.as_deref());
    lines.join("\n")
}
