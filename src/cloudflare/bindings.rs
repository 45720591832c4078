//! Puts the app together from the worker's bindings: secrets, variables, `DB`, `KV`, and where they are there `UPDATES` and `BELL`.

use std::rc::Rc;

use worker::Env;
use worker::wasm_bindgen::JsValue;

use crate::app::App;
use crate::cloudflare::d1_database::D1;
use crate::cloudflare::fetch_transport::FetchTransport;
use crate::cloudflare::js::{self, property};
use crate::cloudflare::kv_notes::KvNotes;
use crate::cloudflare::rung_bell::RungBell;
use crate::cloudflare::updates_queue::UpdatesQueue;
use crate::isolate::Isolate;
use crate::language::Language;
use crate::phrases::{Phrases, Voice};
use crate::reply::{Complaint, Reply};
use crate::routes::misconfigured;
use crate::settings::Settings;

/// The app as it runs at Cloudflare.
pub(crate) type WorkerApp = App<D1, FetchTransport, KvNotes>;

/// Builds the app, or answers with everything that is wrong with the deployment.
pub(crate) fn app(env: &Env, isolate: Rc<Isolate>, now_ms: i64) -> Result<WorkerApp, Reply> {
    let variable = |name: &str| property(env, name).as_string();
    let language = variable("LANGUAGE").and_then(|tag| Language::from_tag(&tag));
    let voice = Voice::new(language.unwrap_or_default(), js::phrase);
    let settings = Settings::read(variable, voice);
    let database = binding(env, voice, "DB", "[[d1_databases]]");
    let notes = binding(env, voice, "KV", "[[kv_namespaces]]");
    match (settings, database, notes) {
        (Ok(settings), Ok(database), Ok(notes)) => {
            let ports = (
                D1(database),
                FetchTransport,
                KvNotes(notes),
                js::phrase as Phrases,
            );
            let mut app = App::new(settings, ports, isolate, now_ms);
            let updates = property(env, "UPDATES");
            if updates.is_object() {
                app.queue = Some(Box::new(UpdatesQueue(updates)));
            }
            let bell = property(env, "BELL");
            if bell.is_object() {
                app.bell = Some(Box::new(RungBell(bell, app.settings.bot)));
            }
            Ok(app)
        }
        (settings, database, notes) => {
            let mut complaints = settings.err().unwrap_or_default();
            complaints.extend(database.err());
            complaints.extend(notes.err());
            Err(misconfigured(&complaints, voice))
        }
    }
}

/// A binding out of a table of the configuration.
fn binding(env: &Env, voice: Voice, name: &str, table: &str) -> Result<JsValue, Complaint> {
    let binding = property(env, name);
    if binding.is_object() {
        return Ok(binding);
    }
    Err(voice.complain("deployment.no_binding", &[name, table, name]))
}
