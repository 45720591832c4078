//! JavaScript objects by name, where the `worker` crate's own way would carry its conversions and errors into the wasm.

use std::time::Duration;

use worker::Delay;
use worker::js_sys::{Array, Date, Function, Object, Promise, Reflect};
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/src/phrases.js", wasm_bindgen = worker::wasm_bindgen)]
extern "C" {
    /// A phrase by its name and the tag of a language.
    pub(crate) fn phrase(name: &str, tag: &str) -> Option<String>;
}

#[wasm_bindgen(module = "/src/inbox/statements.js", wasm_bindgen = worker::wasm_bindgen)]
extern "C" {
    /// The text of a statement by its name.
    pub(crate) fn statement(name: &str) -> JsValue;
}

/// A property of an object; undefined where it has none.
pub(crate) fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A plain object with these properties.
pub(crate) fn object(properties: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in properties {
        // Setting a property of a plain object always succeeds.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object
}

/// Calls a method.
pub(crate) fn call(object: &JsValue, method: &str, arguments: &Array) -> Result<JsValue, JsValue> {
    let method: Function = property(object, method).dyn_into()?;
    method.apply(object, arguments)
}

/// Calls a method and waits for what it promises.
pub(crate) async fn call_and_wait(
    object: &JsValue,
    method: &str,
    arguments: &Array,
) -> Result<JsValue, JsValue> {
    promised(call(object, method, arguments)).await
}

/// Waits for what a call promised. The call itself has begun by then.
pub(crate) async fn promised(called: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    let promise: Promise = called?.dyn_into()?;
    JsFuture::from(promise).await
}

/// Waits, on the runtime's clock.
pub(crate) async fn pause(milliseconds: u32) {
    Delay::from(Duration::from_millis(u64::from(milliseconds))).await;
}

/// The time, in whole milliseconds since 1970.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn now_ms() -> i64 {
    Date::now() as i64
}
