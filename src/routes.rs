//! The route table: method and path to room, and who may enter.

use serde::Serialize;

use crate::admin;
use crate::app::App;
use crate::health;
use crate::inbox::database::Database;
use crate::notes::Notes;
use crate::reply::{Complaint, Reply};
use crate::request::{Body, Request};
use crate::telegram::transport::Transport;
use crate::webhook::{self, Received};

/// What a visitor gets.
pub enum Answer {
    /// An answer right away.
    Reply(Reply),
    /// For Telegram: work that may go on after its answer.
    Received(Received),
}

/// Leads a visitor to the room they ask for.
pub async fn answer<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    body: impl Body,
) -> Answer {
    Answer::Reply(match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/webhook") => {
            return Answer::Received(webhook::receive(app, request, body).await);
        }
        (_, "/webhook") => Reply::method_not_allowed("POST"),
        ("GET", "/health") => health::answer(app).await,
        (_, "/health") => Reply::method_not_allowed("GET"),
        #[cfg(feature = "panic-probe")]
        ("GET", "/panic") => panic!("a panic on purpose"),
        (_, path) if path.starts_with("/admin/") && !admin::admits(app, request) => {
            Reply::unauthorized()
        }
        ("PUT", "/admin/webhook") => admin::webhook::set(app, request, body).await,
        ("GET", "/admin/webhook") => admin::webhook::inspect(app, request).await,
        ("DELETE", "/admin/webhook") => admin::webhook::delete(app, request).await,
        (_, "/admin/webhook") => Reply::method_not_allowed("GET, PUT, DELETE"),
        ("GET", "/admin/updates") => admin::updates::list(app, request).await,
        (_, "/admin/updates") => Reply::method_not_allowed("GET"),
        (method, path) => match path.strip_prefix("/admin/updates/") {
            Some(id) if !id.is_empty() && !id.contains('/') => match method {
                "GET" => admin::updates::show(app, request, id).await,
                _ => Reply::method_not_allowed("GET"),
            },
            _ => Reply::not_found(),
        },
    })
}

/// The answer to everybody while the deployment is not complete: everything that is missing, at once.
pub fn misconfigured(complaints: &[Complaint]) -> Reply {
    #[derive(Serialize)]
    struct Body<'a> {
        error: Complaint,
        complaints: &'a [Complaint],
    }
    let error = Complaint::new(
        "this deployment is not complete",
        format!("{} settings cannot be used", complaints.len()),
        "follow the remedies in `complaints`, then try again",
    );
    Reply::json(503, &Body { error, complaints }).with_header("retry-after", "60")
}
