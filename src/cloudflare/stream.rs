//! A stream of bytes, read up to a cap: the bodies of requests and of answers.

use worker::js_sys::{Array, Uint8Array};
use worker::wasm_bindgen::JsValue;

use crate::cloudflare::js::{call, call_and_wait, property};
use crate::request::BodyError;

/// Reads a `ReadableStream` to its end. Whatever is no object, such as `null`, holds no bytes.
pub(crate) async fn read(stream: &JsValue, bytes_max: usize) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    if !stream.is_object() {
        return Ok(bytes);
    }
    let nothing = Array::new();
    let reader = call(stream, "getReader", &nothing).map_err(|_| BodyError::Broken)?;
    loop {
        let chunk = call_and_wait(&reader, "read", &nothing).await;
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if property(&chunk, "done").is_truthy() {
            return Ok(bytes);
        }
        let chunk = Uint8Array::new(&property(&chunk, "value"));
        if bytes.len() + chunk.length() as usize > bytes_max {
            // Whether the sender learns that we stopped is the runtime's business.
            let _ = call(&reader, "cancel", &nothing);
            return Err(BodyError::TooLarge);
        }
        bytes.extend(chunk.to_vec());
    }
}
