//! The body of a request, read from Cloudflare's stream only when somebody asks for it.

use worker::wasm_bindgen::JsValue;

use crate::cloudflare::stream;
use crate::request::{Body, BodyError};

/// A body still on its way: a `ReadableStream`, or `null` where there is none.
pub(crate) struct RequestBody(pub(crate) JsValue);

impl Body for RequestBody {
    async fn read(self, bytes_max: usize) -> Result<Vec<u8>, BodyError> {
        stream::read(&self.0, bytes_max).await
    }
}
