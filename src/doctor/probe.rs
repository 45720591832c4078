//! `POST /admin/doctor/probe`: listens as a poller would, to hear whether another one polls.
//!
//! It confirms nothing and drops nothing, but the other one gets a 409, which ends some libraries.

use crate::app::App;
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::inbox::guard::Guarded;
use crate::json::{if_any, object_of, text_of};
use crate::notes::Notes;
use crate::page;
use crate::phrases::Voice;
use crate::reply::{Complaint, Format, Reply};
use crate::request::Request;
use crate::search::holds;
use crate::telegram::refusal::CallError;
use crate::telegram::transport::Transport;
use crate::telegram::webhook_info::WebhookInfo;
use crate::webhook::repair::{self, Repaired};

/// How long it listens unless asked otherwise: pollers back off for up to 30 seconds after a conflict.
const SECONDS: i64 = 50;

/// How long it listens at most.
const SECONDS_MAX: i64 = 100;

/// The longest poll Telegram allows, in milliseconds.
const POLL_MS_MAX: i64 = 50_000;

/// How often it asks at most; the free plan allows 50 requests in all.
const POLLS_MAX: usize = 30;

/// How long to wait where updates keep us from waiting at Telegram, in milliseconds.
const PAUSE_MS: u32 = 3_000;

/// How much longer than it listens the webhook may be away before the guard puts it back, in milliseconds.
const AWAY_MS: i64 = 30_000;

/// What was heard.
#[derive(Debug, Default)]
pub struct Heard {
    /// When another poller took over, in milliseconds after the beginning.
    pub rivals_ms: Vec<i64>,
    /// Whether updates waited, so that nobody had to wait for any.
    pub updates_wait: bool,
    /// Whether somebody set a webhook meanwhile.
    pub webhook_came: bool,
    /// What else Telegram said.
    pub error: Option<String>,
}

/// What it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another poller was heard, which proves that there is one.
    Rival,
    /// What waited became less, without us: somebody takes it.
    Eaten,
    /// Somebody set a webhook meanwhile.
    WebhookCame,
    /// Nobody was heard. That proves nothing: who polls without waiting cannot be heard.
    NoProof,
    /// Telegram did not let us listen.
    Failed,
}

/// Why it does not listen.
struct Declined(u16, Complaint);

/// `POST /admin/doctor/probe[?seconds=50][&release=true]`.
pub async fn listen<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
) -> Reply {
    let voice = app.voice(request);
    match probe(app, request, voice).await {
        Ok(reply) => reply,
        Err(Declined(status, complaint)) => Reply::error(status, &complaint, request.format()),
    }
}

async fn probe<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    voice: Voice,
) -> Result<Reply, Declined> {
    let unavailable = |error: InboxError| Declined(503, voice.not_recorded(&error));
    let silent = |error: CallError| Declined(502, voice.call_failed(&error));
    let seconds = page::number(request, voice, "seconds", SECONDS, SECONDS_MAX);
    let seconds = seconds.map_err(|complaint| Declined(400, complaint))?;
    let guarded = app.inbox.guarded().await.map_err(unavailable)?;
    let before = app.telegram.webhook_info().await.map_err(silent)?;
    let is_released = request.parameter("release").as_deref() == Some("true");
    let is_set = !before.url.is_empty();
    if let Some(complaint) = declined(&guarded, &before, is_released, voice) {
        return Err(Declined(409, complaint));
    }
    let away_ms = seconds * 1000 + AWAY_MS;
    if !app.inbox.probe(away_ms).await.map_err(unavailable)? {
        return Err(Declined(409, voice.complain("probe.under_way", &[])));
    }
    if is_set && let Err(error) = app.telegram.delete_webhook(false).await {
        // It may be gone all the same.
        put_back(app).await.map_err(unavailable)?;
        return Err(silent(error));
    }
    let heard = hear(app, seconds * 1000).await;
    let after = app.telegram.webhook_info().await.ok();
    let webhook = put_back(app).await.map_err(unavailable)?;
    let waiting = after.as_ref().map(|after| after.pending_update_count);
    let verdict = heard.verdict(before.pending_update_count, waiting);
    let url = after.map(|after| after.url).unwrap_or_default();
    Ok(told(&heard, verdict, (&url, webhook), voice, request))
}

/// Why the probe must not begin.
fn declined(
    guarded: &Guarded,
    actual: &WebhookInfo,
    is_released: bool,
    voice: Voice,
) -> Option<Complaint> {
    if actual.url.is_empty() {
        return None;
    }
    let is_ours = guarded
        .wanted
        .as_ref()
        .is_some_and(|wanted| wanted.url == actual.url);
    match (is_ours, is_released) {
        (true, true) => None,
        (true, false) => Some(voice.complain("probe.webhook_is_set", &[&actual.url])),
        (false, _) => Some(voice.complain("probe.webhook_is_foreign", &[&actual.url])),
    }
}

/// Listens again and again: whoever is thrown out of a long poll comes back, and throws us out.
async fn hear<D: Database, T: Transport, N: Notes>(app: &App<D, T, N>, total_ms: i64) -> Heard {
    let clock = app.telegram.transport();
    let start_ms = clock.now_ms();
    let mut heard = Heard::default();
    for _ in 0..POLLS_MAX {
        let left_ms = total_ms - (clock.now_ms() - start_ms);
        let Ok(seconds @ 1..) = u32::try_from(left_ms.min(POLL_MS_MAX) / 1000) else {
            break;
        };
        match app.telegram.listen(seconds).await {
            Ok(updates) if updates == "[]" => {}
            Ok(_) => {
                heard.updates_wait = true;
                clock.pause(PAUSE_MS).await;
            }
            Err(CallError::Refused(refusal)) if holds(&refusal.description, "other getUpdates") => {
                heard.rivals_ms.push(clock.now_ms() - start_ms);
            }
            Err(CallError::Refused(refusal)) if refusal.code == 409 => {
                heard.webhook_came = true;
                break;
            }
            Err(error) => {
                heard.error = Some(error.to_string());
                break;
            }
        }
    }
    heard
}

/// Puts the webhook back that was taken away, or what the operator asked for meanwhile, and names the phrase about it. If this visit
/// does not live to do so, the guard does.
async fn put_back<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<&'static str, InboxError> {
    let guarded = app.inbox.guarded().await?;
    let wanted = guarded
        .wanted
        .as_ref()
        .filter(|wanted| !wanted.url.is_empty());
    let (Some(wanted), Some(secret)) = (wanted, &guarded.secret) else {
        app.inbox.end_probe().await?;
        return Ok("probe.webhook.not_wanted");
    };
    let repaired = repair::repair(app, &guarded, (wanted, secret), guarded.restores).await?;
    Ok(match repaired {
        Repaired::Yes(_) => "probe.webhook.set",
        Repaired::SomebodyElse | Repaired::No(_) => "probe.webhook.left_to_guard",
    })
}

impl Heard {
    /// What it means. `before` and `after`: how many updates waited.
    pub fn verdict(&self, before: i64, after: Option<i64>) -> Verdict {
        if !self.rivals_ms.is_empty() {
            Verdict::Rival
        } else if self.webhook_came {
            Verdict::WebhookCame
        } else if after.is_some_and(|after| after < before) {
            Verdict::Eaten
        } else if self.error.is_some() {
            Verdict::Failed
        } else {
            Verdict::NoProof
        }
    }

    /// Which library comes back so: the name of the phrase. A hint and no proof; Telegram itself holds some answers for three seconds.
    pub fn rhythm(&self) -> Option<&'static str> {
        let gaps: Vec<i64> = self
            .rivals_ms
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .collect();
        let (Some(first), Some(last)) = (gaps.first(), gaps.last()) else {
            return (self.rivals_ms.len() == 1).then_some("probe.rhythm.once");
        };
        let longest = gaps.iter().copied().max().unwrap_or_default();
        Some(match longest {
            _ if longest > 6_500 && last > first => "probe.rhythm.growing",
            ..=3_600 => "probe.rhythm.three_seconds",
            3_601..=6_500 => "probe.rhythm.few_seconds",
            _ => "probe.rhythm.irregular",
        })
    }
}

impl Verdict {
    /// The name of its phrase: what, why, and the remedy, a line each.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rival => "probe.rival",
            Self::Eaten => "probe.eaten",
            Self::WebhookCame => "probe.webhook_came",
            Self::NoProof => "probe.no_proof",
            Self::Failed => "probe.failed",
        }
    }
}

/// What was heard. `url`: the webhook that was set when the listening ended, before ours was put back; `webhook`: the phrase about ours.
fn told(
    heard: &Heard,
    verdict: Verdict,
    (url, webhook): (&str, &str),
    voice: Voice,
    request: &Request,
) -> Reply {
    let words = voice.complain(verdict.name(), &[url]);
    let waiting = heard
        .updates_wait
        .then(|| voice.say("probe.updates_wait", &[]));
    let rhythm = heard.rhythm().map(|name| voice.say(name, &[]));
    if request.format() == Format::Text {
        let mut lines = vec![words.lines()];
        lines.extend(rhythm.clone());
        lines.extend(waiting.clone());
        lines.extend(heard.error.clone());
        lines.push(voice.say(webhook, &[]));
        return Reply::text(200, &lines.join("\n"));
    }
    let [what, why, remedy] = words.parts().map(text_of);
    let probe = object_of(&[
        (
            "verdict",
            &text_of(verdict.name().strip_prefix("probe.").unwrap_or_default()),
        ),
        ("what", &what),
        ("why", &why),
        ("remedy", &remedy),
        ("rhythm", &if_any(rhythm.as_ref())),
        ("updates_wait", &if_any(waiting.as_ref())),
        ("heard_after_ms", &text_of(&heard.rivals_ms)),
        ("error", &if_any(heard.error.as_ref())),
        (
            "webhook",
            &text_of(webhook.strip_prefix("probe.webhook.").unwrap_or(webhook)),
        ),
    ]);
    Reply::object(200, &[("probe", &probe)])
}
