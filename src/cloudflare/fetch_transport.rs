//! The runtime's `fetch` as our transport: with a timeout, a size cap, no redirects, and errors that tell nothing of the URL.

use worker::js_sys::{self, Array, Object, Uint8Array};
use worker::wasm_bindgen::JsValue;
use worker::web_sys::AbortSignal;

use crate::cloudflare::js::{self, call_and_wait, object, property};
use crate::cloudflare::stream;
use crate::request::BodyError;
use crate::telegram::transport::{ANSWER_BYTES_MAX, Answer, Outgoing, Transport, Unreachable};

/// The runtime's way out.
pub(crate) struct FetchTransport;

impl Transport for FetchTransport {
    async fn carry(&self, request: Outgoing) -> Result<Answer, Unreachable> {
        let signal = AbortSignal::timeout_with_u32(request.timeout_ms);
        // The runtime's own errors name the URL, and with it the token. Which of the two it was is all that leaves this file.
        let lost = || {
            if signal.aborted() {
                Unreachable::TimedOut
            } else {
                Unreachable::Broken
            }
        };
        let arguments = Array::of2(
            &JsValue::from_str(&request.url),
            &options(&request, &signal),
        );
        let response = call_and_wait(&js_sys::global(), "fetch", &arguments).await;
        let response = response.map_err(|_| lost())?;
        let body = stream::read(&property(&response, "body"), ANSWER_BYTES_MAX).await;
        let body = body.map_err(|error| match error {
            BodyError::TooLarge => Unreachable::TooLarge,
            BodyError::Broken => lost(),
        })?;
        let status = status(&property(&response, "status"));
        Ok(Answer { status, body })
    }

    async fn pause(&self, milliseconds: u32) {
        js::pause(milliseconds).await;
    }

    fn now_ms(&self) -> i64 {
        js::now_ms()
    }
}

/// What `fetch` is told beside the URL.
fn options(request: &Outgoing, signal: &AbortSignal) -> Object {
    let headers = match request.content_type {
        Some(content_type) => object(&[("content-type", content_type.into())]),
        None => Object::new(),
    };
    let body = match request.body.as_slice() {
        [] => JsValue::UNDEFINED,
        body => Uint8Array::from(body).into(),
    };
    object(&[
        ("method", request.method.into()),
        ("redirect", "manual".into()),
        ("headers", headers.into()),
        ("body", body),
        ("signal", signal.into()),
    ])
}

/// Every status is a whole number below 600.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn status(value: &JsValue) -> u16 {
    value.as_f64().unwrap_or_default() as u16
}
