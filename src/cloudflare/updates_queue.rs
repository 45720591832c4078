//! Cloudflare Queues as our queue of updates.

use worker::js_sys::Array;
use worker::wasm_bindgen::JsValue;

use crate::cloudflare::js::{call, call_and_wait, object, property};
use crate::queue::{Message, NotQueued, Queue};
use crate::visit::Boxed;

/// After how many seconds the queue brings again what the database did not take.
const RETRY_SECONDS: u32 = 10;

/// The binding `UPDATES`.
pub(crate) struct UpdatesQueue(pub(crate) JsValue);

impl Queue for UpdatesQueue {
    fn send<'a>(&'a self, update: &'a str) -> Boxed<'a, Result<(), NotQueued>> {
        // As text: what is sent as JSON would be taken apart and put together again on the way.
        let options = object(&[("contentType", "text".into())]);
        let arguments = Array::of2(&update.into(), &options);
        Box::pin(async move {
            let sent = call_and_wait(&self.0, "send", &arguments).await;
            sent.map(|_| ()).map_err(|_| NotQueued)
        })
    }
}

/// A message of a batch.
#[allow(clippy::cast_possible_truncation)] // milliseconds since 1970
pub(crate) fn message(message: &JsValue, now_ms: i64) -> Message {
    let sent_at = call(&property(message, "timestamp"), "getTime", &Array::new());
    let sent_at = sent_at.ok().and_then(|time| time.as_f64());
    Message {
        text: property(message, "body").as_string().unwrap_or_default(),
        age_ms: sent_at.map_or(0, |sent_at| now_ms - sent_at as i64),
    }
}

/// Takes a message off the queue, or has it brought again.
pub(crate) fn acknowledge(message: &JsValue, is_kept: bool) {
    let again = object(&[("delaySeconds", RETRY_SECONDS.into())]);
    // Neither fails on a message of a batch that is still open.
    let _ = if is_kept {
        call(message, "ack", &Array::new())
    } else {
        call(message, "retry", &Array::of1(&again))
    };
}
