//! What the doctor looks at, gathered without disturbing anybody: nothing is set, deleted or confirmed.

use crate::app::App;
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::inbox::guard::Examined;
use crate::json::Fields;
use crate::notes::Notes;
use crate::telegram::methods::GetMe;
use crate::telegram::refusal::CallError;
use crate::telegram::transport::Transport;
use crate::telegram::webhook_info::WebhookInfo;

/// How long after the first look at the webhook comes the second, in milliseconds: two owners who fight show then.
const BETWEEN_LOOKS_MS: u32 = 1_500;

/// Everything a diagnosis is made from.
#[derive(Debug)]
pub struct Evidence {
    /// Where the worker is reached.
    pub origin: String,
    /// The Bot API's address.
    pub api_root: String,
    /// Whether anybody is told of alerts.
    pub tells_somebody: bool,
    /// Whether the admin token is easy to guess.
    pub admin_is_weak: bool,
    /// The bot's @name, as `getMe` tells it.
    pub me: Result<String, CallError>,
    /// What `getWebhookInfo` told, twice.
    pub webhook: Result<[WebhookInfo; 2], CallError>,
    /// What the database knows.
    pub inbox: Result<Examined, InboxError>,
    /// How long updates are kept, in milliseconds.
    pub keep_ms: i64,
    /// Whether the notes answer.
    pub notes_answer: bool,
}

impl Evidence {
    /// Gathers it: three requests to Telegram, one trip to the database, one look at the notes.
    pub async fn gather<D: Database, T: Transport, N: Notes>(
        app: &App<D, T, N>,
        origin: &str,
    ) -> Self {
        let settings = &app.settings;
        let me = app.telegram.call(&GetMe {}).await;
        let webhook = match &me {
            Ok(_) => look_twice(app).await,
            Err(error) => Err(error.clone()),
        };
        let inbox = app.inbox.examine().await;
        let origin = match settings.public_url.as_deref().unwrap_or(origin) {
            "" => wanted_origin(&inbox).to_owned(),
            origin => origin.to_owned(),
        };
        Self {
            origin,
            api_root: settings.api_root.clone(),
            tells_somebody: !settings.owners.is_empty() || settings.alert_url.is_some(),
            admin_is_weak: settings.admin_is_weak,
            me: me.map(|me| username(&me)),
            webhook,
            inbox,
            keep_ms: settings.keep_hours * 3_600_000,
            notes_answer: app.notes.answers().await,
        }
    }
}

/// Where the worker is reached, as far as the webhook's address tells. Whoever asks in a chat came to no address.
fn wanted_origin(inbox: &Result<Examined, InboxError>) -> &str {
    let inbox = inbox.as_ref().ok();
    let wanted = inbox.and_then(|inbox| inbox.guarded.wanted.as_ref());
    let url = wanted.map_or("", |wanted| &wanted.url);
    url.strip_suffix("/webhook").unwrap_or(url)
}

async fn look_twice<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<[WebhookInfo; 2], CallError> {
    let first = app.telegram.webhook_info().await?;
    app.telegram.transport().pause(BETWEEN_LOOKS_MS).await;
    Ok([first, app.telegram.webhook_info().await?])
}

fn username(me: &str) -> String {
    let me = Fields::of(me).unwrap_or_default();
    me.text("username").unwrap_or_default()
}
