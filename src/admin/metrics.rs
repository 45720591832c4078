//! `GET /admin/metrics`: what the inbox holds and what this isolate has done, as Prometheus reads it.

use crate::admin::unavailable;
use crate::app::App;
use crate::inbox::database::Database;
use crate::inbox::{Cost, InboxError};
use crate::isolate::Isolate;
use crate::notes::Notes;
use crate::reply::Reply;
use crate::request::Request;
use crate::telegram::transport::Transport;

/// The content type of Prometheus' text format.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Counts of every kept row and call, and the counters of the isolate that answers. It reads each kept row.
pub async fn show<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    match written(app).await {
        Ok(text) => Reply::empty(200)
            .with_header("content-type", CONTENT_TYPE)
            .with_body(text),
        Err(error) => unavailable(request, app.voice(request), &error),
    }
}

async fn written<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<String, InboxError> {
    let mut text = Text::default();
    let states = app.inbox.count().await?;
    text.head(
        "onehook_updates",
        "gauge",
        "updates that are kept, by state",
    );
    for count in &states {
        text.sample(
            "onehook_updates",
            &[("state", count.state.name())],
            &count.rows,
        );
    }
    text.head(
        "onehook_attempts",
        "gauge",
        "starts of handlers for the kept updates, by state",
    );
    for count in &states {
        text.sample(
            "onehook_attempts",
            &[("state", count.state.name())],
            &count.attempts,
        );
    }
    text.head(
        "onehook_calls",
        "gauge",
        "planned calls that are kept, by state and by the code of Telegram's refusal",
    );
    for count in app.inbox.count_calls().await? {
        let code = count.code.map(|code| code.to_string()).unwrap_or_default();
        let labels = [("state", count.state.as_str()), ("code", code.as_str())];
        text.sample("onehook_calls", &labels, &count.calls);
    }
    text.head(
        "onehook_oldest_open_seconds",
        "gauge",
        "the age of the oldest update with something left to do",
    );
    let oldest_ms = app.inbox.oldest_open_ms().await?;
    text.sample(
        "onehook_oldest_open_seconds",
        &[],
        &(oldest_ms.unwrap_or_default() / 1000),
    );
    of_isolate(&mut text, &app.isolate);
    Ok(text.0)
}

/// Deliveries that left no row are known to the isolate alone that answered them, and to it as long as it lives.
fn of_isolate(text: &mut Text, isolate: &Isolate) {
    text.head(
        "onehook_isolate_deliveries_total",
        "counter",
        "deliveries to the isolate that answers this, by verdict",
    );
    for (verdict, count) in isolate.verdicts() {
        text.sample(
            "onehook_isolate_deliveries_total",
            &[("verdict", verdict)],
            &count,
        );
    }
    let Cost {
        trips,
        rows_written,
    } = isolate.cost.get();
    text.head(
        "onehook_isolate_database_trips_total",
        "counter",
        "trips to D1 of the isolate that answers this",
    );
    text.sample("onehook_isolate_database_trips_total", &[], &trips);
    text.head(
        "onehook_isolate_rows_written_total",
        "counter",
        "rows written, as D1 bills them, by the isolate that answers this",
    );
    text.sample("onehook_isolate_rows_written_total", &[], &rows_written);
}

/// Prometheus' text format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(&["# HELP ", name, " ", help]);
        self.line(&["# TYPE ", name, " ", kind]);
    }

    /// Labels' values are words of ours, so nothing in them needs an escape.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: &impl ToString) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| [label, "=\"", value, "\""].concat())
            .collect();
        let labels = match labels.as_slice() {
            [] => String::new(),
            labels => format!("{{{}}}", labels.join(",")),
        };
        self.line(&[name, &labels, " ", &value.to_string()]);
    }

    fn line(&mut self, parts: &[&str]) {
        for part in parts {
            self.0.push_str(part);
        }
        self.0.push('\n');
    }
}
