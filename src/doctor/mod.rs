//! The doctor: gathers evidence, diagnoses, and names a remedy for whatever is wrong. It disturbs nobody, unless it is told to probe.

pub mod checks;
pub mod conflict;
pub mod evidence;
pub mod finding;
pub mod probe;

use crate::app::App;
use crate::doctor::evidence::Evidence;
use crate::inbox::database::Database;
use crate::notes::Notes;
use crate::phrases::Voice;
use crate::reply::Reply;
use crate::request::Request;
use crate::telegram::transport::Transport;

/// `GET /admin/doctor[?error=]`: the findings, or what a pasted error means.
pub async fn examine<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let voice = app.voice(request);
    if let Some(error) = request.parameter("error") {
        return conflict::explain(&error, voice, &request.origin, request.format());
    }
    let evidence = Evidence::gather(app, &request.origin).await;
    let findings = checks::diagnose(&evidence);
    finding::reply(&findings, voice, &evidence.origin, request.format())
}

/// The findings that matter, for an owner in a chat.
pub async fn summary<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    voice: Voice,
) -> String {
    let evidence = Evidence::gather(app, "").await;
    finding::summary(&checks::diagnose(&evidence), voice, &evidence.origin)
}
