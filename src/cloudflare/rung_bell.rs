//! A durable object as our bell.

use worker::js_sys::Array;
use worker::wasm_bindgen::JsValue;

use crate::bell::Bell;
use crate::cloudflare::js::{call, call_and_wait, object, promised};
use crate::telegram::ids::BotId;
use crate::visit::Boxed;

/// The binding `BELL`, and whose bell it is.
pub(crate) struct RungBell(pub(crate) JsValue, pub(crate) BotId);

impl RungBell {
    /// Asks the object. The request is on its way before anybody waits for its answer. The host of the address means nothing.
    fn ask(&self, method: &str, query: &str) -> Boxed<'static, Option<i64>> {
        let options = object(&[("method", method.into())]);
        let address = ["https://bell/?", query].concat();
        let arguments = Array::of2(&address.into(), &options);
        let name = Array::of1(&self.1.to_string().into());
        let asked = call(&self.0, "idFromName", &name)
            .and_then(|id| call(&self.0, "get", &Array::of1(&id)))
            .and_then(|stub| call(&stub, "fetch", &arguments));
        Box::pin(async {
            let answer = promised(asked).await.ok()?;
            let rings = call_and_wait(&answer, "text", &Array::new()).await.ok()?;
            rings.as_string()?.parse().ok()
        })
    }
}

impl Bell for RungBell {
    fn ring(&self) -> Boxed<'static, ()> {
        let rung = self.ask("POST", "");
        Box::pin(async { rung.await.map_or((), drop) })
    }

    fn wait(&self, known: i64, milliseconds: u32) -> Boxed<'_, Option<i64>> {
        let [known, milliseconds] =
            [known, i64::from(milliseconds)].map(|number| number.to_string());
        self.ask(
            "GET",
            &["known=", &known, "&milliseconds=", &milliseconds].concat(),
        )
    }
}
