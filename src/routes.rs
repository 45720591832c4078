//! The route table: method and path to room, and who may enter.

use std::future::ready;
use std::rc::Rc;

use crate::admin;
use crate::app::App;
use crate::doctor;
use crate::feed::relay::Relay;
use crate::feed::{self, Served};
use crate::health;
use crate::inbox::database::Database;
use crate::inbox::outbox::Decision;
use crate::json::{list_of, text_of};
use crate::notes::Notes;
use crate::phrases::Voice;
use crate::reply::{Complaint, Reply};
use crate::request::{Body, Request};
use crate::search::split;
use crate::telegram::transport::Transport;
use crate::visit::Boxed;
use crate::webhook::{self, Delivered};

/// What a visitor gets.
pub enum Answer {
    /// An answer right away.
    Reply(Reply),
    /// For Telegram: work may go on after its answer.
    Delivered(Delivered),
    /// Telegram's own answer to a request that is passed on.
    Relayed(Relay),
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
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/webhook") => {
            app.inbox.serves_delivery();
            let delivered = webhook::answer(app, request, body).await;
            app.isolate.count_verdict(delivered.verdict.name());
            Answer::Delivered(delivered)
        }
        (_, path) if path.starts_with("/feed/") => {
            let served: Boxed<'_, Served> = Box::pin(feed::answer(app, request, body));
            match served.await {
                Served::Reply(reply) => Answer::Reply(reply),
                Served::Relay(relay) => Answer::Relayed(relay),
            }
        }
        (method, path) => Answer::Reply(room(app, request, body, method, path).await),
    }
}

/// The answer of a room. Each is boxed, since one future that holds them all is half as large again in the wasm.
fn room<'a, D: Database, T: Transport, N: Notes>(
    app: &'a App<D, T, N>,
    request: &'a Request,
    body: impl Body + 'a,
    method: &'a str,
    path: &'a str,
) -> Boxed<'a, Reply> {
    let reply = match (method, path) {
        ("GET", "/health") => return Box::pin(health::answer(app)),
        #[cfg(feature = "probes")]
        ("GET", "/panic") => panic!("a panic on purpose"),
        (_, "/webhook") => Reply::method_not_allowed("POST"),
        (_, "/health") => Reply::method_not_allowed("GET"),
        (_, path) if path.starts_with("/admin/") && !admin::admits(app, request) => {
            Reply::unauthorized()
        }
        ("PUT", "/admin/webhook") => return Box::pin(admin::webhook::set(app, request, body)),
        ("GET", "/admin/webhook") => return Box::pin(admin::webhook::inspect(app, request)),
        ("DELETE", "/admin/webhook") => return Box::pin(admin::webhook::delete(app, request)),
        ("POST", "/admin/webhook/rotate") => return Box::pin(admin::webhook::rotate(app, request)),
        ("GET", "/admin/updates") => return Box::pin(admin::updates::list(app, request)),
        ("GET", "/admin/outbox") => return Box::pin(admin::outbox::list(app, request)),
        ("GET", "/admin/doctor") => return Box::pin(doctor::examine(app, request)),
        ("POST", "/admin/doctor/probe") => return Box::pin(doctor::probe::listen(app, request)),
        ("GET", "/admin/incidents") => return Box::pin(admin::incidents::list(app, request)),
        ("GET", "/admin/feeds") => return Box::pin(admin::feeds::list(app, request)),
        ("GET", "/admin/metrics") => return Box::pin(admin::metrics::show(app, request)),
        (_, "/admin/webhook") => Reply::method_not_allowed("GET, PUT, DELETE"),
        (_, "/admin/webhook/rotate" | "/admin/doctor/probe") => Reply::method_not_allowed("POST"),
        (
            _,
            "/admin/updates" | "/admin/outbox" | "/admin/doctor" | "/admin/incidents"
            | "/admin/feeds" | "/admin/metrics",
        ) => Reply::method_not_allowed("GET"),
        (method, path) => return of_one(app, request, body, method, path),
    };
    Box::pin(ready(reply))
}

/// The routes about one thing: `/admin/<kind>/<id>` and `/admin/<kind>/<id>/<what to do>`.
fn of_one<'a, D: Database, T: Transport, N: Notes>(
    app: &'a App<D, T, N>,
    request: &'a Request,
    body: impl Body + 'a,
    method: &'a str,
    path: &'a str,
) -> Boxed<'a, Reply> {
    let parts: Vec<&str> = path
        .strip_prefix("/admin/")
        .map(|path| split(path, "/"))
        .unwrap_or_default();
    let reply = match (method, parts.as_slice()) {
        (_, [_, "", ..]) => Reply::not_found(),
        ("GET", ["updates", id]) => return Box::pin(admin::updates::show(app, request, id)),
        ("PUT", ["feeds", name]) => return Box::pin(admin::feeds::make(app, request, body, name)),
        ("DELETE", ["feeds", name]) => return Box::pin(admin::feeds::end(app, request, name)),
        ("POST", ["updates", id, "replay"]) => {
            return Box::pin(admin::updates::replay(app, request, id));
        }
        ("POST", ["outbox", id, "resend"]) => {
            return Box::pin(admin::outbox::decide(app, request, id, Decision::Resend));
        }
        ("POST", ["outbox", id, "drop"]) => {
            return Box::pin(admin::outbox::decide(app, request, id, Decision::Drop));
        }
        ("POST", ["feeds", name, "rotate"]) => {
            return Box::pin(admin::feeds::rotate(app, request, name));
        }
        (_, ["updates", _]) => Reply::method_not_allowed("GET"),
        (_, ["feeds", _]) => Reply::method_not_allowed("PUT, DELETE"),
        (
            _,
            ["updates", _, "replay"] | ["outbox", _, "resend" | "drop"] | ["feeds", _, "rotate"],
        ) => Reply::method_not_allowed("POST"),
        _ => Reply::not_found(),
    };
    Box::pin(ready(reply))
}

/// The answer to everybody while the deployment is not complete: everything that is missing, at once.
pub fn misconfigured(complaints: &[Complaint], voice: Voice) -> Reply {
    let error = voice.complain("deployment.incomplete", &[&complaints.len().to_string()]);
    let body = [
        ("error", &*text_of(&error)),
        ("complaints", &list_of(complaints)),
    ];
    Reply::object(503, &body).with_header("retry-after", "60")
}
