//! The runtime's `fetch` as our transport: with a timeout, a size cap, no redirects, and errors that tell nothing of the URL.

use std::time::Duration;

use futures_util::StreamExt;
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::{self, RequestInit, RequestRedirect};
use worker::{AbortSignal, Delay, Fetch, Response};

use crate::telegram::transport::{ANSWER_BYTES_MAX, Answer, Outgoing, Transport, Unreachable};

/// The runtime's way out.
pub(crate) struct FetchTransport;

impl Transport for FetchTransport {
    async fn carry(&self, request: Outgoing) -> Result<Answer, Unreachable> {
        let signal = AbortSignal::from(web_sys::AbortSignal::timeout_with_u32(request.timeout_ms));
        // The runtime's own errors name the URL, and with it the token. Which of the two it was is all that leaves this file.
        let lost = || {
            if signal.aborted() {
                Unreachable::TimedOut
            } else {
                Unreachable::Broken
            }
        };
        let fetch = outgoing(&request).map_err(|_| Unreachable::Broken)?;
        let fetch = Fetch::Request(fetch.into());
        let mut response = fetch.send_with_signal(&signal).await.map_err(|_| lost())?;
        let status = response.status_code();
        let body = read(&mut response, lost).await?;
        Ok(Answer { status, body })
    }

    async fn pause(&self, milliseconds: u32) {
        Delay::from(Duration::from_millis(u64::from(milliseconds))).await;
    }
}

fn outgoing(request: &Outgoing) -> Result<web_sys::Request, JsValue> {
    let init = RequestInit::new();
    init.set_method(request.method);
    init.set_redirect(RequestRedirect::Manual);
    if !request.body.is_empty() {
        init.set_body(&Uint8Array::from(request.body.as_slice()));
    }
    let outgoing = web_sys::Request::new_with_str_and_init(&request.url, &init)?;
    if let Some(content_type) = request.content_type {
        outgoing.headers().set("content-type", content_type)?;
    }
    Ok(outgoing)
}

async fn read(
    response: &mut Response,
    lost: impl Fn() -> Unreachable,
) -> Result<Vec<u8>, Unreachable> {
    let mut body = Vec::new();
    let mut stream = response.stream().map_err(|_| lost())?;
    while let Some(chunk) = stream.next().await {
        body.extend(chunk.map_err(|_| lost())?);
        if body.len() > ANSWER_BYTES_MAX {
            return Err(Unreachable::TooLarge);
        }
    }
    Ok(body)
}
