//! A reader's request on its way to Telegram and back: both bodies as streams, with nothing of the reader's but what Telegram needs.

use worker::js_sys::{self, Array, Function, Object, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{Request, Response};

use crate::cloudflare::js::{call, call_and_wait, object, property};
use crate::cloudflare::{WorkerApp, respond, stream};
use crate::feed::relay::{Relay, replaced};
use crate::feed::unavailable;
use crate::telegram::transport::ANSWER_BYTES_MAX;

/// The headers of a request that Telegram gets to see.
const FORWARD: [&str; 2] = ["content-type", "range"];

/// The headers of its answer that the reader gets to see. A redirection would tell the address, and with it the token.
const BACK: [&str; 6] = [
    "content-type",
    "content-range",
    "accept-ranges",
    "etag",
    "last-modified",
    "retry-after",
];

/// Passes a request on and brings the answer back.
pub(crate) async fn carry(app: &WorkerApp, relay: &Relay, request: &Request) -> Response {
    carried(app, relay, request)
        .await
        .unwrap_or_else(|| respond(unavailable()))
}

/// `None`: there was no answer, or none that may be shown. Why is not told, since the runtime's errors name the address.
async fn carried(app: &WorkerApp, relay: &Relay, request: &Request) -> Option<Response> {
    let body = match request.method().as_str() {
        "POST" => property(request, "body"),
        _ => JsValue::UNDEFINED,
    };
    let options = object(&[
        ("method", request.method().into()),
        ("redirect", "manual".into()),
        ("headers", headers(request, &FORWARD).into()),
        ("body", body),
    ]);
    let arguments = Array::of2(&JsValue::from_str(&relay.url), &options);
    let answer = call_and_wait(&js_sys::global(), "fetch", &arguments).await;
    let answer: Response = answer.ok()?.dyn_into().ok()?;
    let mut body = property(&answer, "body");
    if let Some(stand_in) = &relay.stand_in {
        let text = stream::read(&body, ANSWER_BYTES_MAX).await.ok()?;
        let text = String::from_utf8(text).ok()?;
        body = replaced(&text, app.settings.token.expose(), stand_in).into();
    }
    let headers = headers(&answer, &BACK);
    // Setting a property of a plain object always succeeds.
    let _ = Reflect::set(&headers, &"cache-control".into(), &"no-store".into());
    let options = object(&[
        ("status", answer.status().into()),
        ("headers", headers.into()),
    ]);
    let response = property(&js_sys::global(), "Response");
    let response: &Function = response.unchecked_ref();
    let response = Reflect::construct(response, &Array::of2(&body, &options));
    response.ok()?.dyn_into().ok()
}

/// Those of some headers that a request or an answer has.
fn headers(of: &JsValue, names: &[&str]) -> Object {
    let sent = property(of, "headers");
    let headers = Object::new();
    for name in names {
        let value = call(&sent, "get", &Array::of1(&JsValue::from_str(name)));
        if let Some(value) = value.ok().filter(JsValue::is_string) {
            let _ = Reflect::set(&headers, &JsValue::from_str(name), &value);
        }
    }
    headers
}
