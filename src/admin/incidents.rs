//! `GET /admin/incidents`: the webhook's timeline, with what Telegram said before anything was repaired.

use crate::admin::unavailable;
use crate::app::App;
use crate::inbox::database::Database;
use crate::inbox::guard::Incident;
use crate::json::{array_of, object_of, text_of};
use crate::notes::Notes;
use crate::page;
use crate::phrases::Voice;
use crate::reply::{Format, Reply};
use crate::request::Request;
use crate::telegram::transport::Transport;
use crate::telegram::webhook_info::WebhookInfo;

/// `GET /admin/incidents[?limit=&before=]`: newest first. `next` is the `before` of the next page.
pub async fn list<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let voice = app.voice(request);
    let asked = page::limit(request, voice).and_then(|limit| {
        let before = page::number(request, voice, "before", i64::MAX >> 10, i64::MAX >> 10)?;
        Ok((limit, before))
    });
    let (limit, before) = match asked {
        Ok(asked) => asked,
        Err(complaint) => return Reply::error(400, &complaint, request.format()),
    };
    let mut incidents = match app.inbox.incidents(before, limit + 1).await {
        Ok(incidents) => incidents,
        Err(error) => return unavailable(request, voice, &error),
    };
    let has_more = page::cut(&mut incidents, limit);
    let last = incidents.last().filter(|_| has_more);
    let next = last.map(|incident| incident.seq);
    match request.format() {
        Format::Json => {
            let incidents = incidents.iter();
            let listed = array_of(incidents.map(|incident| entry(voice, incident)));
            let next = text_of(&next);
            Reply::object(200, &[("incidents", &listed), ("next", &next)])
        }
        Format::Text => {
            let lines: Vec<String> = incidents
                .iter()
                .map(|incident| told(voice, incident))
                .collect();
            let text = match lines.as_slice() {
                [] => voice.say("incident.none", &[]),
                lines => lines.join("\n\n"),
            };
            Reply::text(200, &text)
        }
    }
}

fn entry(voice: Voice, incident: &Incident) -> String {
    object_of(&[
        ("incident", &incident.seq.to_string()),
        ("at", &incident.at.to_string()),
        ("drift", &text_of(&incident.drift)),
        ("what", &text_of(&what(voice, incident))),
        ("hint", &text_of(&hint(voice, incident))),
        ("wanted", &text_of(&incident.wanted)),
        ("snapshot", &incident.snapshot),
        ("ended_at", &text_of(&incident.ended_at)),
        ("outcome", &text_of(&incident.outcome)),
        ("error", &text_of(&incident.error)),
    ])
}

/// An incident as a person reads it.
fn told(voice: Voice, incident: &Incident) -> String {
    let outcome = incident.outcome.as_deref().unwrap_or("open");
    let seconds = incident
        .ended_at
        .map_or(0, |ended| (ended - incident.at) / 1000);
    let seconds = seconds.to_string();
    let mut lines = vec![
        format!(
            "{}  #{}  {}",
            incident.began,
            incident.seq,
            what(voice, incident)
        ),
        hint(voice, incident),
        voice.say(&["incident.outcome.", outcome].concat(), &[&seconds]),
    ];
    lines.extend(incident.error.clone());
    lines.join("\n  ")
}

fn what(voice: Voice, incident: &Incident) -> String {
    let snapshot = WebhookInfo::of(&incident.snapshot).unwrap_or_default();
    let name = ["incident.", &incident.drift].concat();
    voice.say(&name, &[&snapshot.url])
}

/// Who may have done it. Telegram does not tell, so this is a hint and is said as one.
fn hint(voice: Voice, incident: &Incident) -> String {
    voice.say(&["incident.", &incident.drift, ".hint"].concat(), &[])
}
