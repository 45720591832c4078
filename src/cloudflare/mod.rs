//! The door: Cloudflare's events, translated into plain values and back. The only place that knows the `worker` crate.

mod bindings;
mod body;
mod d1_database;
mod fetch_transport;
mod js;
mod kv_notes;
mod relayed;
mod rung_bell;
mod stream;
mod updates_queue;

use std::convert::Infallible;
use std::panic;
use std::rc::Rc;

use worker::js_sys::Array;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{Request, Response, console};
use worker::{Context, Env, ScheduleContext, ScheduledEvent, event};

use crate::cloudflare::bindings::WorkerApp;
use crate::cloudflare::body::RequestBody;
use crate::cloudflare::js::{call, now_ms, object, property};
use crate::guard;
use crate::inbox::Cost;
use crate::isolate::Isolate;
use crate::json::{if_any, object_of, text_of};
use crate::queue::Message;
use crate::reply::Reply;
use crate::request::{self, HEADERS};
use crate::routes::{self, Answer};
use crate::search::split_once;
use crate::telegram::ids::UpdateId;
use crate::webhook::{Delivered, consumer};

thread_local! {
    /// What this isolate remembers. After a panic the instance is rebuilt, and with it this.
    static ISOLATE: Rc<Isolate> = Rc::new(Isolate::default());
}

/// Runs once per instance, before the first event.
#[event(start)]
fn start() {
    // The `worker` crate's own hook tells its JavaScript side to rebuild the instance after a panic. Whichever of the two is
    // installed first, this one runs what it finds, so that the recovery works, after it has written the message and stack.
    let recovery = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        recovery(info);
    }));
}

/// A request.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response, Infallible> {
    Ok(answer(&request, &env, &context).await)
}

/// The cron tick, each minute.
#[event(scheduled)]
async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
    let app = match bindings::app(&env, isolate(), now_ms()) {
        Ok(app) => app,
        Err(misconfigured) => return console::error_1(&misconfigured.body.into()),
    };
    match guard::tick(&app).await {
        Ok(tick) => {
            let watched = tick.watched.name();
            log(
                &app,
                "cron",
                None,
                &format!("took up {}, {watched}", tick.taken_up),
            );
        }
        Err(error) => log(&app, "cron", None, &error.to_string()),
    }
}

/// A batch of the queue. The `worker` crate's own event would carry its conversions into the wasm, and turn errors into panics.
#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen, wasm_bindgen_futures = worker::wasm_bindgen_futures, js_sys = worker::js_sys)]
#[allow(unreachable_pub)] // the runtime reaches it
pub async fn queue(batch: JsValue, env: Env, _: JsValue) {
    let app = match bindings::app(&env, isolate(), now_ms()) {
        Ok(app) => app,
        Err(misconfigured) => {
            // Nothing is acknowledged by name, so everything is to be brought again.
            let _ = call(&batch, "retryAll", &Array::new());
            return console::error_1(&misconfigured.body.into());
        }
    };
    let brought: Array = property(&batch, "messages").unchecked_into();
    let messages: Vec<Message> = brought
        .iter()
        .map(|message| updates_queue::message(&message, app.now_ms))
        .collect();
    let kept = consumer::take_in(&app, &messages).await;
    for (message, is_kept) in brought.iter().zip(&kept) {
        updates_queue::acknowledge(&message, *is_kept);
    }
    let count = kept.iter().filter(|is_kept| **is_kept).count();
    log(
        &app,
        "queue",
        None,
        &format!("kept {count} of {}", kept.len()),
    );
    consumer::work_off(&app, count).await;
}

async fn answer(request: &Request, env: &Env, context: &Context) -> Response {
    let app = match bindings::app(env, isolate(), now_ms()) {
        Ok(app) => Rc::new(app),
        Err(misconfigured) => return respond(misconfigured),
    };
    let head = head(request);
    let body = RequestBody(property(request, "body"));
    let (response, verdict) = match routes::answer(&app, &head, body).await {
        Answer::Delivered(delivered) => return respond(acknowledge(app, delivered, context)),
        Answer::Reply(reply) => (respond(reply), head.method),
        Answer::Relayed(relay) => (
            relayed::carry(&app, &relay, request).await,
            "relayed".to_owned(),
        ),
    };
    let verdict = format!("{verdict} {}", response.status());
    log(&app, visitor(&head.path), None, &verdict);
    response
}

/// Gives Telegram its answer, and lets go on whatever does.
fn acknowledge(app: Rc<WorkerApp>, delivered: Delivered, context: &Context) -> Reply {
    let Delivered {
        update_id,
        verdict,
        rest,
    } = delivered;
    log(&app, "update", update_id, verdict.name());
    let reply = verdict.reply(app.now_ms);
    if let Some(rest) = rest {
        context.wait_until(async move {
            if let Some(verdict) = rest.await.filter(|known| *known != verdict) {
                log(&app, "update", update_id, verdict.name());
            }
        });
    }
    reply
}

fn isolate() -> Rc<Isolate> {
    ISOLATE.with(Rc::clone)
}

/// The request without its body: method, address, and the headers that are read anywhere.
fn head(request: &Request) -> request::Request {
    let url = request.url();
    let (origin, target) = split_url(&url);
    let (path, query) = split_once(target, "?").unwrap_or((target, ""));
    let sent = request.headers();
    let headers = HEADERS
        .into_iter()
        .filter_map(|name| Some((name, sent.get(name).ok()??)));
    let method = match request.method() {
        // The same answer; the runtime leaves the body out.
        head if head == "HEAD" => "GET".to_owned(),
        method => method,
    };
    request::Request {
        method,
        origin: origin.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.collect(),
    }
}

/// Splits an absolute URL, as the runtime always gives it, before its path. `Url::parse` would cost 170 KB of wasm.
fn split_url(url: &str) -> (&str, &str) {
    let rest = split_once(url, "://").map_or(url, |(_, rest)| rest);
    let path_length = split_once(rest, "/").map_or(0, |(_, path)| path.len() + 1);
    url.split_at_checked(url.len() - path_length)
        .unwrap_or((url, ""))
}

/// Who visits, for the log: a word of ours, and nothing that somebody could smuggle in through a path.
fn visitor(path: &str) -> &'static str {
    match path {
        "/health" => "monitor",
        _ if path.starts_with("/feed/") => "reader",
        _ if path.starts_with("/admin/") => "operator",
        _ => "stranger",
    }
}

fn respond(reply: Reply) -> Response {
    let mut headers = vec![
        ("cache-control", "no-store".into()),
        ("x-content-type-options", "nosniff".into()),
    ];
    let own = reply.headers.into_iter();
    headers.extend(own.map(|(name, value)| (name, value.into())));
    let options = object(&[
        ("status", reply.status.into()),
        ("headers", object(&headers).into()),
    ]);
    let body = Some(reply.body.as_str()).filter(|body| !body.is_empty());
    let response = Response::new_with_opt_str_and_init(body, options.unchecked_ref());
    response.unwrap_or_else(|_| Response::error())
}

/// One line of the log: what became of one visitor.
fn log(app: &WorkerApp, visitor: &str, update_id: Option<UpdateId>, verdict: &str) {
    let Cost {
        trips,
        rows_written,
    } = app.inbox.cost();
    let line = object_of(&[
        ("visitor", &text_of(visitor)),
        ("update_id", &if_any(update_id.as_ref())),
        ("verdict", &text_of(verdict)),
        ("trips", &trips.to_string()),
        ("rows_written", &rows_written.to_string()),
        ("ms", &(now_ms() - app.now_ms).to_string()),
    ]);
    console::log_1(&line.into());
}
