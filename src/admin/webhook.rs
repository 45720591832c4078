//! The webhook in the operator's hands: set, inspect, delete.

use crate::admin::{members, texts, unavailable, wish};
use crate::app::App;
use crate::handlers::menu;
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::inbox::webhook::WebhookRecord;
use crate::json::{Fields, Written, if_any, list_of, object_of, text_of};
use crate::notes::Notes;
use crate::page;
use crate::phrases::Voice;
use crate::reply::{Complaint, Format, Reply};
use crate::request::{Body, Request};
use crate::secret::Secret;
use crate::settings::{Settings, bad_kind};
use crate::telegram::address::{check_ip, check_url};
use crate::telegram::methods::GetMe;
use crate::telegram::refusal::CallError;
use crate::telegram::transport::Transport;
use crate::telegram::webhook_info::{Difference, WantedWebhook, WebhookInfo};
use crate::webhook::door::remember_door;
use crate::webhook::rotation;

/// How long the note about the bot's profile lasts, in seconds.
const PROFILE_SECONDS: u32 = 24 * 3600;

/// What `PUT /admin/webhook` asks for.
#[derive(Debug)]
struct Wish {
    wanted: WantedWebhook,
    drop_pending_updates: bool,
}

/// The bot, as `getMe` tells it.
struct Profile {
    id: i64,
    username: String,
}

/// The webhook as it is wanted and as it is.
struct Webhook {
    wanted: Option<WantedWebhook>,
    actual: WebhookInfo,
    differences: Vec<Difference>,
}

/// One step of a change, for the operator to follow.
struct Step {
    name: &'static str,
    state: StepState,
    detail: String,
}

/// How a step ended.
#[derive(Clone, Copy)]
enum StepState {
    Done,
    Skipped,
    Failed,
}

/// Why a change stopped.
struct Stopped {
    status: u16,
    complaint: Complaint,
}

/// A change under way: the steps it took so far.
struct Change<'a, D, T, N> {
    app: &'a App<D, T, N>,
    voice: Voice,
    steps: Vec<Step>,
}

/// `PUT /admin/webhook`: sets the webhook, step by step, and reads it back.
pub async fn set<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    body: impl Body,
) -> Reply {
    let mut change = Change::new(app, request);
    let wish = match wish(body, change.voice).await {
        Ok(body) => Wish::read(&body, &app.settings, &request.origin),
        Err(why) => Err(("body", why)),
    };
    let outcome = match wish {
        Ok(wish) => change.set(wish).await,
        Err((field, why)) => Err(change.refuse_wish(field, &why)),
    };
    change.report(request.format(), &outcome, None)
}

/// `GET /admin/webhook`: what is wanted beside what Telegram says, live.
pub async fn inspect<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let voice = app.voice(request);
    let record = match app.inbox.webhook().await {
        Ok(record) => record,
        Err(error) => return unavailable(request, voice, &error),
    };
    let actual = match app.telegram.webhook_info().await {
        Ok(actual) => actual,
        Err(error) => {
            return Reply::error(502, &voice.call_failed(&error), request.format());
        }
    };
    let webhook = Webhook::new(record.wanted, actual);
    match request.format() {
        Format::Text => Reply::text(
            200,
            &texts::inspection(
                voice,
                webhook.wanted.as_ref(),
                &webhook.actual,
                &webhook.differences,
            ),
        ),
        Format::Json => {
            let bot = noted_profile(app).await;
            let members = [
                ("bot", &*if_any(bot.as_ref())),
                ("webhook", &text_of(&webhook)),
            ];
            Reply::object(200, &members)
        }
    }
}

/// `DELETE /admin/webhook[?drop_pending_updates=true]`: deletes the webhook and remembers that none is wanted.
pub async fn delete<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let mut change = Change::new(app, request);
    let mut description = String::new();
    let outcome = match page::switch(request, change.voice, "drop_pending_updates") {
        Ok(drop_pending_updates) => change.delete(drop_pending_updates, &mut description).await,
        Err(complaint) => Err(Stopped::new(400, complaint)),
    };
    change.report(request.format(), &outcome, Some(&description))
}

/// `POST /admin/webhook/rotate[?now=true]`: gives the webhook a new secret. The old one is accepted for ten minutes more, since what is
/// on its way still carries it; with `now`, for a secret that leaked, no longer.
pub async fn rotate<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let mut change = Change::new(app, request);
    let outcome = match page::switch(request, change.voice, "now") {
        Ok(at_once) => {
            let grace_ms = if at_once { 0 } else { rotation::GRACE_MS };
            change.rotate(grace_ms).await
        }
        Err(complaint) => Err(Stopped::new(400, complaint)),
    };
    change.report(request.format(), &outcome, None)
}

impl Wish {
    /// Reads the body, fills in the settings where it says nothing, and checks it all by Telegram's rules: a refusal by Telegram
    /// would leave the bot with no webhook. The error is the field and why it cannot be used.
    fn read(body: &str, settings: &Settings, origin: &str) -> Result<Self, (&'static str, String)> {
        const FIELDS: [&str; 5] = [
            "url",
            "max_connections",
            "allowed_updates",
            "drop_pending_updates",
            "ip_address",
        ];
        let fields = members(body, &FIELDS)?;
        for field in FIELDS {
            if let Some(value) = fields.raw(field)
                && !is_of_its_type(&fields, field)
            {
                let why = ["`", value, "` is of another type than in the Bot API"].concat();
                return Err((field, why));
            }
        }
        let own = || {
            format!(
                "{}/webhook",
                settings.public_url.as_deref().unwrap_or(origin)
            )
        };
        let wanted = WantedWebhook {
            url: fields
                .text("url")
                .filter(|url| !url.is_empty())
                .unwrap_or_else(own),
            max_connections: fields
                .integer("max_connections")
                .unwrap_or(settings.max_connections),
            allowed_updates: fields
                .texts("allowed_updates")
                .unwrap_or_else(|| settings.allowed_updates.clone()),
            ip_address: fields
                .text("ip_address")
                .filter(|address| !address.is_empty()),
        };
        check(&wanted, settings)?;
        let drop_pending_updates = fields.flag("drop_pending_updates") == Some(true);
        Ok(Self {
            wanted,
            drop_pending_updates,
        })
    }
}

impl<'a, D: Database, T: Transport, N: Notes> Change<'a, D, T, N> {
    fn new(app: &'a App<D, T, N>, request: &Request) -> Self {
        Self {
            app,
            voice: app.voice(request),
            steps: Vec::new(),
        }
    }

    async fn set(&mut self, wish: Wish) -> Result<Webhook, Stopped> {
        let Wish {
            wanted,
            drop_pending_updates,
        } = wish;
        let me = self.app.telegram.call(&GetMe {}).await;
        let profile = Profile::of(&self.telegram("token", me)?);
        note(self.app, &profile).await;
        self.done("token", "admin.token_accepted", &[&profile.username]);
        self.step("parameters", StepState::Done, wanted.url.clone());
        let before = self.app.telegram.webhook_info().await;
        let before = self.telegram("before", before)?;
        let fresh = self.fresh_secret()?;
        let record = self.app.inbox.prepare_secret(&fresh).await;
        let record = self.database(record)?;
        let secret = record.secret.as_ref().unwrap_or(&fresh);
        if let Err(error) = self
            .set_webhook(secret, &wanted, drop_pending_updates)
            .await
        {
            self.failed("set", error.to_string());
            self.put_back(secret, record.wanted.as_ref(), &before).await;
            return Err(Stopped::new(502, self.voice.call_failed(&error)));
        }
        if drop_pending_updates {
            self.done("updates", "admin.updates_cleared", &[]);
        }
        self.tell_what_was_replaced(&before, &wanted);
        let remembered = self
            .app
            .inbox
            .remember_wanted(&wanted, Some(&profile.username))
            .await;
        self.database(remembered)?;
        let username = Some(profile.username.clone());
        remember_door(self.app, WebhookRecord { username, ..record });
        self.send_menu().await;
        let actual = self.app.telegram.webhook_info().await;
        let webhook = Webhook::new(Some(wanted), self.telegram("connection", actual)?);
        let differing: Vec<&str> = webhook
            .differences
            .iter()
            .map(|difference| difference.field)
            .collect();
        if differing.contains(&"url") {
            self.failed("connection", self.voice.say("admin.read_back_differs", &[]));
            let complaint = self
                .voice
                .complain("admin.somebody_else_set_it", &[&webhook.actual.url]);
            return Err(Stopped::new(409, complaint));
        }
        let remembered = self.app.inbox.remember_taken(&webhook.actual).await;
        self.database(remembered)?;
        if differing.is_empty() {
            let values = [&*profile.username];
            self.done("connection", "admin.connection_tested", &values);
        } else {
            // Telegram skips kinds of updates it does not know and clamps numbers, both without a word.
            let detail = self
                .voice
                .say("admin.taken_otherwise", &[&differing.join(", ")]);
            self.failed("connection", detail);
        }
        self.done("start", "admin.bot_started", &[]);
        Ok(webhook)
    }

    async fn delete(
        &mut self,
        drop_pending_updates: bool,
        description: &mut String,
    ) -> Result<Webhook, Stopped> {
        let settings = &self.app.settings;
        let wanted = WantedWebhook::none(&settings.allowed_updates, settings.max_connections);
        // The wish comes first: whoever sees the webhook gone must know that this was meant.
        let remembered = self.app.inbox.remember_wanted(&wanted, None).await;
        self.database(remembered)?;
        let deleted = self.app.telegram.delete_webhook(drop_pending_updates).await;
        *description = self.telegram("delete", deleted)?;
        if drop_pending_updates {
            self.done("updates", "admin.updates_cleared", &[]);
        }
        self.done("delete", "admin.old_webhook_removed", &[description]);
        let actual = self.app.telegram.webhook_info().await;
        Ok(Webhook::new(
            Some(wanted),
            self.telegram("connection", actual)?,
        ))
    }

    /// Prepares the next secret, gives it to Telegram, and accepts the old one for as long as `grace_ms`.
    async fn rotate(&mut self, grace_ms: i64) -> Result<Webhook, Stopped> {
        let fresh = self.fresh_secret()?;
        let record = self.app.inbox.prepare_rotation(&fresh, grace_ms).await;
        let record = self.database(record)?;
        self.app.isolate.forget_door();
        let wanted = record.wanted.filter(|wanted| !wanted.url.is_empty());
        let (Some(wanted), Some(next)) = (wanted, record.next_secret) else {
            let complaint = self.voice.complain("admin.nothing_to_rotate", &[]);
            return Err(Stopped::new(409, complaint));
        };
        self.done("prepare", "admin.secret_prepared", &[]);
        let finished = rotation::finish(self.app, &wanted, &next).await;
        let finished = self.database(finished)?;
        // After a refusal both secrets stay accepted, and the guard goes on from here each minute.
        let description = self.telegram("switch", finished)?;
        self.done("switch", "admin.telegram_says", &[&description]);
        let minutes = (grace_ms / 60_000).to_string();
        self.done("accept", "admin.old_secret_accepted", &[&minutes]);
        let actual = self.app.telegram.webhook_info().await;
        Ok(Webhook::new(
            Some(wanted),
            self.telegram("connection", actual)?,
        ))
    }

    fn fresh_secret(&self) -> Result<Secret, Stopped> {
        Secret::random()
            .map_err(|_| Stopped::new(500, self.voice.complain("admin.no_randomness", &[])))
    }

    /// Calls `setWebhook` with the secret that is kept.
    async fn set_webhook(
        &mut self,
        secret: &Secret,
        wanted: &WantedWebhook,
        drop_pending_updates: bool,
    ) -> Result<(), CallError> {
        let telegram = &self.app.telegram;
        let set = telegram.set_webhook(wanted, secret, drop_pending_updates);
        let description = set.await?;
        self.done("set", "admin.telegram_says", &[&description]);
        Ok(())
    }

    /// After a refusal the bot has no webhook at all. One that was ours is put back, a foreign one can only be named.
    async fn put_back(
        &mut self,
        secret: &Secret,
        wanted: Option<&WantedWebhook>,
        before: &WebhookInfo,
    ) {
        if before.url.is_empty() {
            return;
        }
        match wanted.filter(|wanted| wanted.url == before.url) {
            None => self.failed(
                "restore",
                self.voice.say("admin.foreign_is_gone", &[&before.url]),
            ),
            Some(ours) => match self.set_webhook(secret, ours, false).await {
                Ok(()) => self.done("restore", "admin.put_back", &[&ours.url]),
                Err(error) => {
                    let detail = self
                        .voice
                        .say("admin.not_put_back", &[&ours.url, &error.to_string()]);
                    self.failed("restore", detail);
                }
            },
        }
    }

    fn tell_what_was_replaced(&mut self, before: &WebhookInfo, wanted: &WantedWebhook) {
        if before.url.is_empty() || before.url == wanted.url {
            self.step(
                "replace",
                StepState::Skipped,
                self.voice.say("admin.no_old_webhook", &[]),
            );
        } else {
            self.done("replace", "admin.old_webhook_removed", &[&before.url]);
        }
    }

    /// Sends the menu of commands. The bot works without it, so a refusal only shows: an owner who has never written to the bot has
    /// no chat yet.
    async fn send_menu(&mut self) {
        for call in menu::calls(&self.app.settings.owners) {
            if let Err(error) = self.app.telegram.call_raw(menu::METHOD, &call).await {
                return self.failed("menu", error.to_string());
            }
        }
        self.done("menu", "admin.menu_sent", &[]);
    }

    fn refuse_wish(&mut self, field: &'static str, why: &str) -> Stopped {
        self.failed("parameters", why.to_owned());
        Stopped::new(400, self.voice.complain("admin.bad_wish", &[field, why]))
    }

    /// Stops where Telegram said no or nothing.
    fn telegram<V>(
        &mut self,
        step: &'static str,
        result: Result<V, CallError>,
    ) -> Result<V, Stopped> {
        result.map_err(|error| {
            self.failed(step, error.to_string());
            Stopped::new(502, self.voice.call_failed(&error))
        })
    }

    /// Stops where the database did not do what it was asked.
    fn database<V>(&mut self, result: Result<V, InboxError>) -> Result<V, Stopped> {
        result.map_err(|error| {
            self.failed("record", error.to_string());
            Stopped::new(503, self.voice.not_recorded(&error))
        })
    }

    fn done(&mut self, name: &'static str, phrase: &str, values: &[&str]) {
        self.step(name, StepState::Done, self.voice.say(phrase, values));
    }

    fn failed(&mut self, name: &'static str, detail: String) {
        self.step(name, StepState::Failed, detail);
    }

    fn step(&mut self, name: &'static str, state: StepState, detail: String) {
        self.steps.push(Step {
            name,
            state,
            detail,
        });
    }

    fn report(
        &self,
        format: Format,
        outcome: &Result<Webhook, Stopped>,
        description: Option<&str>,
    ) -> Reply {
        let (status, error, webhook) = match outcome {
            Ok(webhook) => (200, None, Some(webhook)),
            Err(stopped) => (stopped.status, Some(&stopped.complaint), None),
        };
        if format == Format::Text {
            let mut lines: Vec<String> = self.steps.iter().map(Step::line).collect();
            lines.extend(error.map(Complaint::lines));
            return Reply::text(status, &lines.join("\n"));
        }
        let description = description.filter(|description| !description.is_empty());
        let members = [
            ("error", &*if_any(error)),
            ("webhook", &if_any(webhook)),
            ("description", &if_any(description)),
            ("steps", &list_of(&self.steps)),
        ];
        Reply::object(status, &members)
    }
}

impl Written for Profile {
    fn text(&self) -> String {
        let username = text_of(&self.username);
        object_of(&[("id", &self.id.to_string()), ("username", &username)])
    }
}

impl Written for Webhook {
    fn text(&self) -> String {
        let wanted = self.wanted.as_ref();
        object_of(&[
            ("wanted", &wanted.map_or_else(|| "null".to_owned(), text_of)),
            ("actual", &text_of(&self.actual)),
            ("differences", &list_of(&self.differences)),
        ])
    }
}

impl Written for Step {
    fn text(&self) -> String {
        let state = match self.state {
            StepState::Done => "done",
            StepState::Skipped => "skipped",
            StepState::Failed => "failed",
        };
        object_of(&[
            ("step", &text_of(self.name)),
            ("state", &text_of(state)),
            ("detail", &text_of(&self.detail)),
        ])
    }
}

impl Stopped {
    fn new(status: u16, complaint: Complaint) -> Self {
        Self { status, complaint }
    }
}

impl Step {
    fn line(&self) -> String {
        let mark = match self.state {
            StepState::Done => "✅ ",
            StepState::Skipped => "➖ ",
            StepState::Failed => "❌ ",
        };
        [mark, &self.detail].concat()
    }
}

impl Webhook {
    fn new(wanted: Option<WantedWebhook>, actual: WebhookInfo) -> Self {
        let differences = wanted
            .as_ref()
            .map(|wanted| wanted.differences(&actual))
            .unwrap_or_default();
        Self {
            wanted,
            actual,
            differences,
        }
    }
}

impl Profile {
    /// Reads what `getMe` answers, or a note of it.
    fn of(text: &str) -> Self {
        let fields = Fields::of(text).unwrap_or_default();
        Self {
            id: fields.integer("id").unwrap_or_default(),
            username: fields.text("username").unwrap_or_default(),
        }
    }
}

/// Whether a member of the body can be read as what the Bot API wants there.
fn is_of_its_type(fields: &Fields, field: &str) -> bool {
    match field {
        "max_connections" => fields.integer(field).is_some(),
        "allowed_updates" => fields.texts(field).is_some(),
        "drop_pending_updates" => fields.flag(field).is_some(),
        _ => fields.text(field).is_some(),
    }
}

fn check(wanted: &WantedWebhook, settings: &Settings) -> Result<(), (&'static str, String)> {
    let reach = settings.reach();
    check_url(&wanted.url, reach).map_err(|bad| ("url", bad.0))?;
    if let Some(address) = &wanted.ip_address {
        check_ip(address, reach).map_err(|bad| ("ip_address", bad.0))?;
    }
    if !(1..=100).contains(&wanted.max_connections) {
        return Err((
            "max_connections",
            format!("{} is not from 1 to 100", wanted.max_connections),
        ));
    }
    match bad_kind(&wanted.allowed_updates) {
        Some(bad) => Err((
            "allowed_updates",
            format!("`{bad}` is not the name of a kind of update"),
        )),
        None => Ok(()),
    }
}

/// The bot's profile out of the notes, asked anew where the note is missing.
async fn noted_profile<D: Database, T: Transport, N: Notes>(app: &App<D, T, N>) -> Option<Profile> {
    if let Some(profile) = app.notes.read(&profile_key(app)).await {
        return Some(Profile::of(&profile));
    }
    let me = app.telegram.call(&GetMe {}).await.ok()?;
    let profile = Profile::of(&me);
    note(app, &profile).await;
    Some(profile)
}

async fn note<D: Database, T: Transport, N: Notes>(app: &App<D, T, N>, profile: &Profile) {
    app.notes
        .write(&profile_key(app), &text_of(profile), PROFILE_SECONDS)
        .await;
}

fn profile_key<D, T, N>(app: &App<D, T, N>) -> String {
    format!("profile:{}", app.settings.bot)
}
