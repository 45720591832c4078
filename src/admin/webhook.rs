//! The webhook in the operator's hands: set, inspect, delete.

use serde::{Deserialize, Serialize};

use crate::admin::texts;
use crate::admin::unavailable;
use crate::app::App;
use crate::handlers::menu;
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::inbox::webhook::WebhookRecord;
use crate::language::Language;
use crate::notes::Notes;
use crate::reply::{Complaint, Format, Reply};
use crate::request::{Body, BodyError, Request};
use crate::secret::Secret;
use crate::settings::bad_kind;
use crate::telegram::address::{check_ip, check_url};
use crate::telegram::json;
use crate::telegram::methods::{GetMe, GetWebhookInfo};
use crate::telegram::refusal::CallError;
use crate::telegram::transport::Transport;
use crate::telegram::webhook_info::{Difference, WantedWebhook, WebhookInfo};
use crate::webhook::remember_door;

/// The largest wish that is read.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long the note about the bot's profile lasts, in seconds.
const PROFILE_SECONDS: u64 = 24 * 3600;

/// The longest pause Telegram may ask for before we give up, in seconds. It asks for one second between two `setWebhook`.
const PAUSE_SECONDS_MAX: i64 = 5;

/// The body of `PUT /admin/webhook`. Everything is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wish {
    url: Option<String>,
    max_connections: Option<i64>,
    allowed_updates: Option<Vec<String>>,
    drop_pending_updates: bool,
    ip_address: Option<String>,
}

/// The bot, as `getMe` tells it.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Profile {
    id: i64,
    #[serde(default)]
    username: String,
}

/// The webhook as it is wanted and as it is.
#[derive(Serialize)]
struct Webhook {
    wanted: Option<WantedWebhook>,
    actual: WebhookInfo,
    differences: Vec<Difference>,
}

/// One step of a change, for the operator to follow.
#[derive(Clone, Debug, Serialize)]
struct Step {
    #[serde(rename = "step")]
    name: &'static str,
    state: StepState,
    detail: String,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum StepState {
    Done,
    Skipped,
    Failed,
}

/// A change under way: what was done so far, and what stopped it.
struct Change {
    language: Language,
    steps: Vec<Step>,
}

/// Why a change stopped.
struct Stopped {
    status: u16,
    complaint: Complaint,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Outcome<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Complaint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<&'a Webhook>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    steps: &'a [Step],
}

#[derive(Serialize)]
struct Inspection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    bot: Option<Profile>,
    webhook: &'a Webhook,
}

/// The parameters of `setWebhook`. All that matter are always said: what is left out would be reset or, for
/// `allowed_updates`, stay as a poller left it.
#[derive(Serialize)]
struct SetWebhook<'a> {
    url: &'a str,
    max_connections: i64,
    allowed_updates: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<&'a str>,
    secret_token: &'a str,
    drop_pending_updates: bool,
}

#[derive(Serialize)]
struct DeleteWebhook {
    drop_pending_updates: bool,
}

/// `PUT /admin/webhook`: sets the webhook, step by step, and reads it back.
pub async fn set<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    body: impl Body,
) -> Reply {
    let language = request.language(app.settings.language);
    let wish = match read_wish(body, language).await {
        Ok(wish) => wish,
        Err((status, complaint)) => return Reply::error(status, &complaint, request.format()),
    };
    let mut change = Change::new(language);
    match change.set(app, request, &wish).await {
        Ok(webhook) => change.report(request.format(), &webhook, None),
        Err(stopped) => stopped.report(request.format()),
    }
}

/// `GET /admin/webhook`: what is wanted beside what Telegram says, live.
pub async fn inspect<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let language = request.language(app.settings.language);
    let record = match app.inbox.webhook().await {
        Ok(record) => record,
        Err(error) => return unavailable(request, language, &error),
    };
    let actual = match webhook_info(app).await {
        Ok(actual) => actual,
        Err(error) => {
            return Reply::error(502, &texts::call_failed(language, &error), request.format());
        }
    };
    let webhook = Webhook::new(record.wanted, actual);
    match request.format() {
        Format::Json => Reply::json(
            200,
            &Inspection {
                bot: profile_note(app).await,
                webhook: &webhook,
            },
        ),
        Format::Text => Reply::text(
            200,
            &texts::inspection(
                language,
                webhook.wanted.as_ref(),
                &webhook.actual,
                &webhook.differences,
            ),
        ),
    }
}

/// `DELETE /admin/webhook[?drop_pending_updates=true]`: deletes the webhook and remembers that none is wanted.
pub async fn delete<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let language = request.language(app.settings.language);
    let drop_pending_updates = match request.parameter("drop_pending_updates").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            let complaint = texts::not_a_switch(language, "drop_pending_updates", other);
            return Reply::error(400, &complaint, request.format());
        }
    };
    let mut change = Change::new(language);
    match change.delete(app, drop_pending_updates).await {
        Ok((webhook, description)) => change.report(request.format(), &webhook, Some(&description)),
        Err(stopped) => stopped.report(request.format()),
    }
}

impl Change {
    fn new(language: Language) -> Self {
        Self {
            language,
            steps: Vec::new(),
        }
    }

    async fn set<D: Database, T: Transport, N: Notes>(
        &mut self,
        app: &App<D, T, N>,
        request: &Request,
        wish: &Wish,
    ) -> Result<Webhook, Stopped> {
        let profile = self.check_token(app).await?;
        let wanted = self.check_wish(app, request, wish)?;
        let before = self.calling(webhook_info(app).await, "before")?;
        let record = self.prepare_secret(app).await?;
        if let Err(error) = self
            .set_webhook(app, &record, &wanted, wish.drop_pending_updates)
            .await
        {
            return Err(self.put_back(app, &record, &before, &error).await);
        }
        if wish.drop_pending_updates {
            self.done("updates", texts::updates_cleared(self.language));
        }
        self.tell_what_was_replaced(&before, &wanted);
        let remembered = app
            .inbox
            .remember_wanted(&wanted, Some(&profile.username))
            .await;
        self.keeping(remembered)?;
        let record = WebhookRecord {
            username: Some(profile.username.clone()),
            ..record
        };
        remember_door(app, record);
        self.send_menu(app).await;
        let actual = self.calling(webhook_info(app).await, "connection")?;
        let webhook = Webhook::new(Some(wanted), actual);
        if webhook.differences.is_empty() {
            self.done(
                "connection",
                texts::connection_tested(self.language, &profile.username),
            );
            self.done("start", texts::bot_started(self.language));
            return Ok(webhook);
        }
        self.failed("connection", texts::read_back_differs(self.language));
        Err(self.stop(
            409,
            texts::somebody_else_set_it(self.language, &webhook.actual.url),
        ))
    }

    async fn delete<D: Database, T: Transport, N: Notes>(
        &mut self,
        app: &App<D, T, N>,
        drop_pending_updates: bool,
    ) -> Result<(Webhook, String), Stopped> {
        let record = self.keeping(app.inbox.webhook().await)?;
        let wanted =
            WantedWebhook::none(&app.settings.allowed_updates, app.settings.max_connections);
        // The wish comes first: whoever sees the webhook gone must know that this was meant.
        let username = record.username.as_deref();
        self.keeping(app.inbox.remember_wanted(&wanted, username).await)?;
        let parameters = json(&DeleteWebhook {
            drop_pending_updates,
        });
        let deleted = app
            .telegram
            .call_described("deleteWebhook", &parameters)
            .await;
        let (_, description) = self.calling(deleted, "delete")?;
        if drop_pending_updates {
            self.done("updates", texts::updates_cleared(self.language));
        }
        self.done(
            "delete",
            texts::webhook_deleted(self.language, &description),
        );
        let actual = self.calling(webhook_info(app).await, "connection")?;
        Ok((Webhook::new(Some(wanted), actual), description))
    }

    async fn check_token<D: Database, T: Transport, N: Notes>(
        &mut self,
        app: &App<D, T, N>,
    ) -> Result<Profile, Stopped> {
        let me = self.calling(app.telegram.call(&GetMe {}).await, "token")?;
        let Ok(profile) = serde_json::from_str::<Profile>(me.get()) else {
            let error = CallError::NotUnderstood {
                method: "getMe".to_owned(),
                status: 200,
            };
            return Err(self.stop(502, texts::call_failed(self.language, &error)));
        };
        app.notes
            .write(&profile_key(app), &json(&profile), PROFILE_SECONDS)
            .await;
        self.done(
            "token",
            texts::token_accepted(self.language, &profile.username),
        );
        Ok(profile)
    }

    /// Turns the wish into a webhook, checked by Telegram's rules: a refusal by Telegram would leave the bot with none.
    fn check_wish<D, T, N>(
        &mut self,
        app: &App<D, T, N>,
        request: &Request,
        wish: &Wish,
    ) -> Result<WantedWebhook, Stopped> {
        let settings = &app.settings;
        let own = || {
            format!(
                "{}/webhook",
                settings.public_url.as_deref().unwrap_or(&request.origin)
            )
        };
        let wanted = WantedWebhook {
            url: wish
                .url
                .clone()
                .filter(|url| !url.is_empty())
                .unwrap_or_else(own),
            max_connections: wish.max_connections.unwrap_or(settings.max_connections),
            allowed_updates: wish
                .allowed_updates
                .clone()
                .unwrap_or_else(|| settings.allowed_updates.clone()),
            ip_address: wish
                .ip_address
                .clone()
                .filter(|address| !address.is_empty()),
        };
        let refused = |change: &mut Self, field: &str, why: &str| {
            change.failed("address", why.to_owned());
            Err(change.stop(400, texts::bad_wish(change.language, field, why)))
        };
        if let Err(bad) = check_url(&wanted.url, settings.reach()) {
            return refused(self, "url", &bad.to_string());
        }
        if let Some(Err(bad)) = wanted
            .ip_address
            .as_deref()
            .map(|address| check_ip(address, settings.reach()))
        {
            return refused(self, "ip_address", &bad.to_string());
        }
        if !(1..=100).contains(&wanted.max_connections) {
            let why = format!("{} is not a number from 1 to 100", wanted.max_connections);
            return refused(self, "max_connections", &why);
        }
        if let Some(bad) = bad_kind(&wanted.allowed_updates) {
            let why = format!("`{bad}` is not the name of a kind of update");
            return refused(self, "allowed_updates", &why);
        }
        self.done("address", wanted.url.clone());
        Ok(wanted)
    }

    async fn prepare_secret<D: Database, T: Transport, N: Notes>(
        &mut self,
        app: &App<D, T, N>,
    ) -> Result<WebhookRecord, Stopped> {
        let Ok(fresh) = Secret::random() else {
            return Err(self.stop(500, texts::no_randomness(self.language)));
        };
        let record = app.inbox.prepare_secret(&fresh).await;
        self.keeping(record)
    }

    /// Calls `setWebhook`, after a pause where Telegram asks for a short one.
    async fn set_webhook<D: Database, T: Transport, N: Notes>(
        &mut self,
        app: &App<D, T, N>,
        record: &WebhookRecord,
        wanted: &WantedWebhook,
        drop_pending_updates: bool,
    ) -> Result<(), CallError> {
        let secret_token = record.secret.as_ref().map_or("", Secret::expose);
        let parameters = json(&SetWebhook {
            url: &wanted.url,
            max_connections: wanted.max_connections,
            allowed_updates: &wanted.allowed_updates,
            ip_address: wanted.ip_address.as_deref(),
            secret_token,
            drop_pending_updates,
        });
        let mut result = app.telegram.call_described("setWebhook", &parameters).await;
        if let Err(CallError::Refused(refusal)) = &result
            && let Some(seconds) = refusal
                .retry_after
                .filter(|seconds| *seconds <= PAUSE_SECONDS_MAX)
        {
            let milliseconds = u32::try_from(seconds * 1000).unwrap_or(1000).max(1000);
            app.telegram.transport().pause(milliseconds).await;
            result = app.telegram.call_described("setWebhook", &parameters).await;
        }
        let (_, description) = result?;
        self.done("set", texts::telegram_says(self.language, &description));
        Ok(())
    }

    /// After a refusal the bot has no webhook at all. One that was ours is put back, a foreign one can only be named.
    async fn put_back<D: Database, T: Transport, N: Notes>(
        &mut self,
        app: &App<D, T, N>,
        record: &WebhookRecord,
        before: &WebhookInfo,
        error: &CallError,
    ) -> Stopped {
        self.failed("set", error.to_string());
        let complaint = texts::call_failed(self.language, error);
        let ours = record
            .wanted
            .as_ref()
            .filter(|wanted| !before.url.is_empty() && wanted.url == before.url);
        if let Some(ours) = ours {
            match self.set_webhook(app, record, ours, false).await {
                Ok(()) => self.done("restore", texts::put_back(self.language, &ours.url)),
                Err(error) => self.failed(
                    "restore",
                    texts::not_put_back(self.language, &ours.url, &error.to_string()),
                ),
            }
        } else if !before.url.is_empty() {
            self.failed(
                "restore",
                texts::foreign_is_gone(self.language, &before.url),
            );
        }
        self.stop(502, complaint)
    }

    fn tell_what_was_replaced(&mut self, before: &WebhookInfo, wanted: &WantedWebhook) {
        let step = if before.url.is_empty() || before.url == wanted.url {
            let detail = texts::no_old_webhook(self.language).to_owned();
            Step {
                name: "replace",
                state: StepState::Skipped,
                detail,
            }
        } else {
            let detail = texts::old_webhook_removed(self.language, &before.url);
            Step {
                name: "replace",
                state: StepState::Done,
                detail,
            }
        };
        self.steps.push(step);
    }

    /// Sends the menu of commands. The bot works without it, so a refusal only shows.
    async fn send_menu<D: Database, T: Transport, N: Notes>(&mut self, app: &App<D, T, N>) {
        for call in menu::calls(&app.settings.owners) {
            // An owner who has never written to the bot has no chat yet; the next time the webhook is set, they may.
            if let Err(error) = app.telegram.call(&call).await {
                self.failed("menu", error.to_string());
                return;
            }
        }
        self.done("menu", texts::menu_sent(self.language));
    }

    fn done(&mut self, step: &'static str, detail: impl Into<String>) {
        self.steps.push(Step {
            name: step,
            state: StepState::Done,
            detail: detail.into(),
        });
    }

    fn failed(&mut self, step: &'static str, detail: impl Into<String>) {
        self.steps.push(Step {
            name: step,
            state: StepState::Failed,
            detail: detail.into(),
        });
    }

    /// Stops where Telegram said no or nothing.
    fn calling<V>(
        &mut self,
        result: Result<V, CallError>,
        step: &'static str,
    ) -> Result<V, Stopped> {
        result.map_err(|error| {
            self.failed(step, error.to_string());
            self.stop(502, texts::call_failed(self.language, &error))
        })
    }

    /// Stops where the database did not do what it was asked.
    fn keeping<V>(&mut self, result: Result<V, InboxError>) -> Result<V, Stopped> {
        result.map_err(|error| {
            self.failed("record", error.to_string());
            self.stop(503, texts::not_recorded(self.language, &error))
        })
    }

    fn stop(&mut self, status: u16, complaint: Complaint) -> Stopped {
        Stopped {
            status,
            complaint,
            steps: std::mem::take(&mut self.steps),
        }
    }

    fn report(&self, format: Format, webhook: &Webhook, description: Option<&str>) -> Reply {
        match format {
            Format::Json => {
                let outcome = Outcome {
                    error: None,
                    webhook: Some(webhook),
                    description,
                    steps: &self.steps,
                };
                Reply::json(200, &outcome)
            }
            Format::Text => Reply::text(200, &lines(&self.steps)),
        }
    }
}

impl Stopped {
    fn report(&self, format: Format) -> Reply {
        match format {
            Format::Json => {
                let outcome = Outcome {
                    error: Some(&self.complaint),
                    webhook: None,
                    description: None,
                    steps: &self.steps,
                };
                Reply::json(self.status, &outcome)
            }
            Format::Text => {
                let error = Reply::error(self.status, &self.complaint, format);
                Reply::text(
                    self.status,
                    &format!("{}\n{}", lines(&self.steps), error.body),
                )
            }
        }
    }
}

impl Webhook {
    fn new(wanted: Option<WantedWebhook>, actual: WebhookInfo) -> Self {
        let differences = wanted
            .as_ref()
            .map_or_else(Vec::new, |wanted| wanted.differences(&actual));
        Self {
            wanted,
            actual,
            differences,
        }
    }
}

async fn read_wish(body: impl Body, language: Language) -> Result<Wish, (u16, Complaint)> {
    let body = body
        .read(BODY_BYTES_MAX)
        .await
        .map_err(|error| match error {
            BodyError::TooLarge => (413, texts::wish_too_large(language)),
            BodyError::Broken => (400, texts::bad_wish(language, "body", "it broke off")),
        })?;
    let body = String::from_utf8_lossy(&body);
    if body.trim().is_empty() {
        return Ok(Wish::default());
    }
    serde_json::from_str(&body)
        .map_err(|error| (400, texts::bad_wish(language, "body", &error.to_string())))
}

async fn webhook_info<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<WebhookInfo, CallError> {
    let info = app.telegram.call(&GetWebhookInfo {}).await?;
    serde_json::from_str(info.get()).map_err(|_| CallError::NotUnderstood {
        method: "getWebhookInfo".to_owned(),
        status: 200,
    })
}

/// The bot's profile out of the notes, asked anew where the note is missing.
async fn profile_note<D: Database, T: Transport, N: Notes>(app: &App<D, T, N>) -> Option<Profile> {
    let key = profile_key(app);
    if let Some(note) = app.notes.read(&key).await {
        return serde_json::from_str(&note).ok();
    }
    let me = app.telegram.call(&GetMe {}).await.ok()?;
    let profile: Profile = serde_json::from_str(me.get()).ok()?;
    app.notes
        .write(&key, &json(&profile), PROFILE_SECONDS)
        .await;
    Some(profile)
}

fn profile_key<D, T, N>(app: &App<D, T, N>) -> String {
    format!("profile:{}", app.settings.bot)
}

fn lines(steps: &[Step]) -> String {
    let lines: Vec<String> = steps
        .iter()
        .map(|step| {
            let mark = match step.state {
                StepState::Done => "✅",
                StepState::Skipped => "➖",
                StepState::Failed => "❌",
            };
            format!("{mark} {}", step.detail)
        })
        .collect();
    lines.join("\n")
}
