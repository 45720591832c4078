//! Puts the app together from the worker's bindings: secrets, variables, `DB` and `KV`.

use std::rc::Rc;

use worker::Env;

use crate::app::App;
use crate::cloudflare::d1_database::D1;
use crate::cloudflare::fetch_transport::FetchTransport;
use crate::cloudflare::js::property;
use crate::cloudflare::kv_notes::KvNotes;
use crate::isolate::Isolate;
use crate::reply::Complaint;
use crate::settings::Settings;

/// The app as it runs at Cloudflare.
pub(crate) type WorkerApp = App<D1, FetchTransport, KvNotes>;

/// Builds the app, or says everything that is wrong with the deployment.
pub(crate) fn app(
    env: &Env,
    isolate: Rc<Isolate>,
    now_ms: i64,
) -> Result<WorkerApp, Vec<Complaint>> {
    let settings = Settings::read(|name| env.var(name).ok().map(|value| value.to_string()));
    let database = env.d1("DB").map_err(|_| missing("DB", "[[d1_databases]]"));
    let notes = property(env.as_ref(), "KV");
    let notes = if notes.is_object() {
        Ok(notes)
    } else {
        Err(missing("KV", "[[kv_namespaces]]"))
    };
    match (settings, database, notes) {
        (Ok(settings), Ok(database), Ok(notes)) => {
            let ports = (D1(database), FetchTransport, KvNotes(notes));
            Ok(App::new(settings, ports, isolate, now_ms))
        }
        (settings, database, notes) => {
            let mut complaints = settings.err().unwrap_or_default();
            complaints.extend(database.err());
            complaints.extend(notes.err());
            Err(complaints)
        }
    }
}

fn missing(binding: &str, table: &str) -> Complaint {
    Complaint::new(
        &format!("the binding `{binding}` is missing"),
        "the deployed configuration does not name it".to_owned(),
        &format!(
            "keep `{table}` with `binding = \"{binding}\"` in `wrangler.toml` and run `scripts/deploy`"
        ),
    )
}
