//! `GET /admin/metrics`: what the inbox holds and what this isolate has done, as Prometheus reads it.

use crate::admin::unavailable;
use crate::app::App;
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::isolate::Isolate;
use crate::notes::Notes;
use crate::phrases::Voice;
use crate::reply::Reply;
use crate::request::Request;
use crate::search::split_once;
use crate::telegram::transport::Transport;

/// The content type of Prometheus' text format.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Counts of every kept row and call, and the counters of the isolate that answers. It reads each kept row.
pub async fn show<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let voice = app.voice(request);
    match written(app, voice).await {
        Ok(text) => Reply::empty(200)
            .with_header("content-type", CONTENT_TYPE)
            .with_body(text),
        Err(error) => unavailable(request, voice, &error),
    }
}

async fn written<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    voice: Voice,
) -> Result<String, InboxError> {
    let states = app.inbox.count().await?;
    let calls = app.inbox.count_calls().await?;
    let oldest_ms = app.inbox.oldest_open_ms().await?;
    let mut text = Text {
        voice,
        written: String::new(),
        name: "",
    };
    text.metric("metrics.onehook_updates");
    for count in &states {
        text.sample(&[("state", count.state.name())], count.rows);
    }
    text.metric("metrics.onehook_attempts");
    for count in &states {
        text.sample(&[("state", count.state.name())], count.attempts);
    }
    text.metric("metrics.onehook_calls");
    for count in &calls {
        let code = count.code.map(|code| code.to_string()).unwrap_or_default();
        text.sample(&[("state", &count.state), ("code", &code)], count.calls);
    }
    text.metric("metrics.onehook_oldest_open_seconds");
    text.sample(&[], oldest_ms.unwrap_or_default() / 1000);
    of_isolate(&mut text, &app.isolate);
    Ok(text.written)
}

/// Deliveries that left no row are known to the isolate alone that answered them, and to it as long as it lives.
fn of_isolate(text: &mut Text, isolate: &Isolate) {
    text.metric("metrics.onehook_isolate_deliveries_total");
    for (verdict, count) in isolate.verdicts() {
        text.sample(&[("verdict", verdict)], count.cast_signed());
    }
    let (update, other) = (
        isolate.costs.of_updates.get(),
        isolate.costs.of_others.get(),
    );
    text.metric("metrics.onehook_isolate_database_trips_total");
    text.by_visitor(other.trips, update.trips);
    text.metric("metrics.onehook_isolate_rows_written_total");
    text.by_visitor(other.rows_written, update.rows_written);
}

/// Prometheus' text format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
struct Text {
    voice: Voice,
    written: String,
    /// The metric that samples are of.
    name: &'static str,
}

impl Text {
    /// Begins a metric. The phrase has its help and its type.
    fn metric(&mut self, phrase: &'static str) {
        self.name = split_once(phrase, ".").map_or(phrase, |(_, name)| name);
        self.written += &self.voice.say(phrase, &[]);
    }

    /// Labels' values are words of ours, so nothing in them needs an escape.
    fn sample(&mut self, labels: &[(&str, &str)], value: i64) {
        self.written.push_str(self.name);
        let mut before = "{";
        for (label, value) in labels {
            self.written.extend([before, label, "=\"", value, "\""]);
            before = ",";
        }
        let end = if labels.is_empty() { " " } else { "} " };
        self.written.extend([end, &value.to_string(), "\n"]);
    }

    fn by_visitor(&mut self, other: u64, update: u64) {
        for (visitor, count) in [("other", other), ("update", update)] {
            self.sample(&[("visitor", visitor)], count.cast_signed());
        }
    }
}
