//! The route table: method and path to room, and who may enter.

use std::rc::Rc;

use crate::admin;
use crate::app::App;
use crate::doctor;
use crate::health;
use crate::inbox::database::Database;
use crate::inbox::outbox::Decision;
use crate::json::{list_of, text_of};
use crate::notes::Notes;
use crate::reply::{Complaint, Reply};
use crate::request::{Body, Request};
use crate::telegram::transport::Transport;
use crate::webhook::{self, Delivered};

/// What a visitor gets.
pub enum Answer {
    /// An answer right away.
    Reply(Reply),
    /// For Telegram: work may go on after its answer.
    Delivered(Delivered),
}

/// Leads a visitor to the room they ask for.
pub async fn answer<D, T, N>(
    app: &Rc<App<D, T, N>>,
    request: &Request,
    body: impl Body + 'static,
) -> Answer
where
    D: Database + 'static,
    T: Transport + 'static,
    N: Notes + 'static,
{
    Answer::Reply(match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/webhook") => {
            let delivered = webhook::answer(app, request, body).await;
            app.isolate.count_verdict(delivered.verdict.name());
            return Answer::Delivered(delivered);
        }
        (_, "/webhook") => Reply::method_not_allowed("POST"),
        ("GET", "/health") => health::answer(app).await,
        (_, "/health") => Reply::method_not_allowed("GET"),
        #[cfg(feature = "probes")]
        ("GET", "/panic") => panic!("a panic on purpose"),
        (_, path) if path.starts_with("/admin/") && !admin::admits(app, request) => {
            Reply::unauthorized()
        }
        ("PUT", "/admin/webhook") => admin::webhook::set(app, request, body).await,
        ("GET", "/admin/webhook") => admin::webhook::inspect(app, request).await,
        ("DELETE", "/admin/webhook") => admin::webhook::delete(app, request).await,
        (_, "/admin/webhook") => Reply::method_not_allowed("GET, PUT, DELETE"),
        ("GET", "/admin/updates") => admin::updates::list(app, request).await,
        ("GET", "/admin/outbox") => admin::outbox::list(app, request).await,
        ("POST", "/admin/webhook/rotate") => admin::webhook::rotate(app, request).await,
        (_, "/admin/webhook/rotate") => Reply::method_not_allowed("POST"),
        ("GET", "/admin/doctor") => doctor::examine(app, request).await,
        ("POST", "/admin/doctor/probe") => doctor::probe::listen(app, request).await,
        (_, "/admin/doctor/probe") => Reply::method_not_allowed("POST"),
        ("GET", "/admin/incidents") => admin::incidents::list(app, request).await,
        ("GET", "/admin/metrics") => admin::metrics::show(app, request).await,
        (
            _,
            "/admin/updates" | "/admin/outbox" | "/admin/doctor" | "/admin/incidents"
            | "/admin/metrics",
        ) => Reply::method_not_allowed("GET"),
        (method, path) => of_one(app, request, method, path).await,
    })
}

/// The routes about one thing: `/admin/<kind>/<id>` and `/admin/<kind>/<id>/<what to do>`.
async fn of_one<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    method: &str,
    path: &str,
) -> Reply {
    let Some(path) = path.strip_prefix("/admin/") else {
        return Reply::not_found();
    };
    let parts: Vec<&str> = path.split('/').collect();
    match (method, parts.as_slice()) {
        (_, [_, "", ..]) => Reply::not_found(),
        ("GET", ["updates", id]) => admin::updates::show(app, request, id).await,
        (_, ["updates", _]) => Reply::method_not_allowed("GET"),
        ("POST", ["updates", id, "replay"]) => admin::updates::replay(app, request, id).await,
        ("POST", ["outbox", id, "resend"]) => {
            admin::outbox::decide(app, request, id, Decision::Resend).await
        }
        ("POST", ["outbox", id, "drop"]) => {
            admin::outbox::decide(app, request, id, Decision::Drop).await
        }
        (_, ["updates", _, "replay"] | ["outbox", _, "resend" | "drop"]) => {
            Reply::method_not_allowed("POST")
        }
        _ => Reply::not_found(),
    }
}

/// The answer to everybody while the deployment is not complete: everything that is missing, at once.
pub fn misconfigured(complaints: &[Complaint]) -> Reply {
    let error = Complaint::new(
        "this deployment is not complete",
        format!("{} settings cannot be used", complaints.len()),
        "follow the remedies in `complaints`, then try again",
    );
    let body = [
        ("error", &*text_of(&error)),
        ("complaints", &list_of(complaints)),
    ];
    Reply::object(503, &body).with_header("retry-after", "60")
}
