//! JavaScript objects by name, where the `worker` crate's own way would carry a serialiser into the wasm.

use worker::js_sys::{Array, Function, Promise, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;

/// A property of an object; undefined where it has none.
pub(crate) fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Calls a method and waits for what it promises.
pub(crate) async fn call(
    object: &JsValue,
    method: &str,
    arguments: &Array,
) -> Result<JsValue, JsValue> {
    let method: Function = property(object, method).dyn_into()?;
    let promise: Promise = method.apply(object, arguments)?.dyn_into()?;
    JsFuture::from(promise).await
}
