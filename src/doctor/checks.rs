//! The diagnosis: one plain function for each part of the bot, from evidence to a finding.

use crate::doctor::evidence::Evidence;
use crate::doctor::finding::{Finding, Remedy};
use crate::inbox::feeds::FeedCondition;
use crate::inbox::guard::{Condition, Examined, Gap, Guarded};
use crate::inbox::{CRON_AGE_MAX_MS, InboxError};
use crate::search::holds;
use crate::telegram::drift::Drift;
use crate::telegram::refusal::CallError;
use crate::telegram::webhook_info::{WantedWebhook, WebhookInfo};

/// An open update older than this blocks its lane, in milliseconds: the machine gives up after two minutes, or a little later.
const BLOCKED_AFTER_MS: i64 = 4 * MINUTE_MS;

/// So long before a failed delivery an update that came with it may have come, in milliseconds.
const WITH_FAILURE_MS: i64 = 10 * 1000;

/// Telegram's own trouble counts for so long, in milliseconds.
const TROUBLE_LASTS_MS: i64 = 10 * MINUTE_MS;

/// So many updates may wait at Telegram while they are being delivered.
const WAITING_MAX: i64 = 10;

/// A feed that nobody asked for so long is read by nobody, in milliseconds. A reader asks at least once a minute.
const UNREAD_AFTER_MS: i64 = 10 * MINUTE_MS;

/// A feed lags when something waits in it for so long, in milliseconds.
const LAGS_AFTER_MS: i64 = 5 * MINUTE_MS;

/// So long before it is forgotten an unread update is told of, in milliseconds.
const LEAVING_MS: i64 = 12 * 60 * MINUTE_MS;

const MINUTE_MS: i64 = 60 * 1000;

/// Everything there is to say, in the order of the way an update takes.
pub fn diagnose(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = vec![
        admin_token(evidence),
        server(evidence),
        token(&evidence.me),
        database(&evidence.inbox),
        notes(evidence),
    ];
    if !evidence.tells_somebody {
        findings.push(Finding::notice(
            "owners.none",
            "OWNER_IDS, ALERT_URL: not set",
            Remedy::Owners,
        ));
    }
    if let (Ok(_), Err(error)) = (&evidence.me, &evidence.webhook) {
        findings.push(Finding::ill(
            "webhook.unknown",
            error.to_string(),
            Remedy::ApiRoot,
        ));
    }
    let Ok(examined) = &evidence.inbox else {
        return findings;
    };
    let Examined {
        guarded,
        condition,
        gaps,
        feeds,
    } = examined;
    if let Ok([first, second]) = &evidence.webhook {
        findings.push(webhook(evidence, guarded, second));
        findings.push(flips(condition, first, second));
        if let Some(wanted) = guarded
            .wanted
            .as_ref()
            .filter(|wanted| wanted.url == second.url)
        {
            findings.push(settings(guarded, wanted, second));
            findings.push(deliveries(guarded, condition, second));
        }
        findings.push(waiting(guarded, first, second));
        findings.extend(synchronization(guarded, second));
    }
    findings.extend(rotation(guarded));
    findings.push(lanes(condition));
    for (counted, none, some, remedy) in [
        (condition.dead, "dead.none", "dead.some", Remedy::Dead),
        (
            condition.parked,
            "parked.none",
            "parked.some",
            Remedy::Parked,
        ),
        (
            condition.failed,
            "failed.none",
            "failed.some",
            Remedy::Failed,
        ),
        (
            condition.quarantined,
            "quarantined.none",
            "quarantined.some",
            Remedy::Quarantined,
        ),
    ] {
        findings.push(count(counted, none, some, remedy));
    }
    findings.push(self::gaps(gaps));
    findings.push(cron(condition));
    findings.extend(other_bots(condition));
    findings.extend(feeds.iter().map(|feed| self::feed(feed, evidence.keep_ms)));
    findings.extend(poller(feeds, condition));
    findings
}

/// Whether what a feed has is read, in time.
fn feed(feed: &FeedCondition, keep_ms: i64) -> Finding {
    let waiting = feed.waiting.to_string();
    let oldest_ms = feed.oldest_ms.unwrap_or_default();
    let minutes = (oldest_ms / MINUTE_MS).to_string();
    let fact = ["feed ", &feed.name, ": waiting = ", &waiting].concat();
    let finding = if oldest_ms > keep_ms - LEAVING_MS {
        Finding::ill("feeds.leaving", fact, Remedy::Feeds)
    } else if feed.polled_ms > UNREAD_AFTER_MS && feed.waiting > 0 {
        Finding::ill("feeds.unread", fact, Remedy::Feeds)
    } else if feed.polled_ms > UNREAD_AFTER_MS {
        Finding::notice("feeds.idle", fact, Remedy::Feeds)
    } else if oldest_ms > LAGS_AFTER_MS {
        Finding::notice("feeds.lags", fact, Remedy::FeedLease)
    } else {
        Finding::healthy("feeds.read", fact)
    };
    finding.with(&[&feed.name, &waiting, &minutes])
}

/// Whoever took the webhook away although there is a feed may be its own reader, with the token of the bot instead of the feed's.
fn poller(feeds: &[FeedCondition], condition: &Condition) -> Option<Finding> {
    let fact = [
        "incidents of the last hour = ",
        &condition.incidents.to_string(),
    ]
    .concat();
    let is_likely = !feeds.is_empty() && condition.incidents > 0;
    is_likely.then(|| Finding::notice("poller.real_token", fact, Remedy::FeedToken))
}

fn admin_token(evidence: &Evidence) -> Finding {
    if evidence.admin_is_weak {
        Finding::ill(
            "admin_token.weak",
            "ADMIN_TOKEN: fewer than 10 different characters",
            Remedy::AdminToken,
        )
    } else {
        Finding::healthy("admin_token.fine", "ADMIN_TOKEN")
    }
}

fn server(evidence: &Evidence) -> Finding {
    let fact = ["TELEGRAM_API_ROOT = ", &evidence.api_root].concat();
    if evidence.api_root == "https://api.telegram.org" {
        Finding::healthy("server.cloud", fact)
    } else {
        Finding::notice("server.own", fact, Remedy::Server)
    }
}

fn token(me: &Result<String, CallError>) -> Finding {
    let error = match me {
        Ok(username) => {
            return Finding::healthy("token.fine", "getMe").with(&[username]);
        }
        Err(error) => error,
    };
    let fact = error.to_string();
    match error {
        CallError::Refused(refusal) if refusal.description == "Logged out" => {
            Finding::ill("token.logged_out", fact, Remedy::Wait)
        }
        CallError::Refused(refusal) if refusal.blames_the_token() => {
            Finding::ill("token.refused", fact, Remedy::NewToken)
        }
        _ => Finding::ill("token.no_answer", fact, Remedy::ApiRoot),
    }
}

fn database(inbox: &Result<Examined, InboxError>) -> Finding {
    match inbox {
        Ok(_) => Finding::healthy("database.fine", "D1"),
        Err(error) if holds(&error.cause, "no such") => {
            Finding::ill("database.migrations", error.to_string(), Remedy::Migrate)
        }
        Err(error) => Finding::ill("database.no_answer", error.to_string(), Remedy::Repeat),
    }
}

fn notes(evidence: &Evidence) -> Finding {
    if evidence.notes_answer {
        Finding::healthy("notes.fine", "KV")
    } else {
        Finding::notice("notes.no_answer", "KV", Remedy::Repeat)
    }
}

/// Whose the webhook is.
fn webhook(evidence: &Evidence, guarded: &Guarded, actual: &WebhookInfo) -> Finding {
    let fact = ["getWebhookInfo: url = \"", &actual.url, "\""].concat();
    let values = [actual.url.as_str(), &evidence.origin];
    let is_here = || actual.url.starts_with(&[&evidence.origin, "/"].concat());
    let is_set = !actual.url.is_empty();
    if guarded.probed_until > guarded.now {
        return Finding::notice("webhook.probing", fact, Remedy::Wait);
    }
    let Some(wanted) = &guarded.wanted else {
        return if is_set {
            Finding::ill("webhook.foreign", fact, Remedy::SetWebhook).with(&values)
        } else {
            Finding::notice("webhook.never_set", fact, Remedy::SetWebhook)
        };
    };
    match (wanted.url.is_empty(), is_set) {
        (true, false) => Finding::notice("webhook.deleted", fact, Remedy::SetWebhook),
        (false, false) => Finding::ill("webhook.missing", fact, Remedy::FindRivals),
        _ if wanted.url != actual.url => {
            Finding::ill("webhook.foreign", fact, Remedy::EndWar).with(&values)
        }
        _ if !evidence.origin.is_empty() && !is_here() => {
            Finding::notice("webhook.older", fact, Remedy::SetWebhook).with(&values)
        }
        _ => Finding::healthy("webhook.ours", fact),
    }
}

fn flips(condition: &Condition, first: &WebhookInfo, second: &WebhookInfo) -> Finding {
    let incidents = condition.incidents.to_string();
    if first.url != second.url {
        let fact = [
            "getWebhookInfo: \"",
            &first.url,
            "\", then \"",
            &second.url,
            "\"",
        ]
        .concat();
        return Finding::ill("flips.now", fact, Remedy::EndWar);
    }
    let fact = ["incidents of the last hour: ", &incidents].concat();
    match condition.incidents {
        0 => Finding::healthy("flips.none", fact),
        1 | 2 => Finding::notice("flips.some", fact, Remedy::Incidents),
        _ => Finding::ill("flips.war", fact, Remedy::EndWar),
    }
}

/// Everything of the webhook but its address.
fn settings(guarded: &Guarded, wanted: &WantedWebhook, actual: &WebhookInfo) -> Finding {
    let differences = wanted.differences(actual);
    let facts: Vec<String> = differences
        .iter()
        .map(|one| [one.field, ": ", &one.wanted, " → ", &one.actual].concat())
        .collect();
    let fact = facts.join("; ");
    if actual.has_custom_certificate {
        Finding::ill(
            "settings.certificate",
            "has_custom_certificate = true",
            Remedy::SetWebhook,
        )
    } else if guarded.drift(wanted, actual) == Some(Drift::Settings) {
        Finding::ill("settings.changed", fact, Remedy::SetWebhook)
    } else if differences.is_empty() {
        Finding::healthy(
            "settings.fine",
            "allowed_updates, max_connections, ip_address",
        )
    } else {
        Finding::notice("settings.taken_otherwise", fact, Remedy::Settings)
    }
}

/// Whether what Telegram sends arrives. Its last error stays until the webhook is set again, so an old one means nothing.
fn deliveries(guarded: &Guarded, condition: &Condition, actual: &WebhookInfo) -> Finding {
    let (Some(message), Some(date)) = (&actual.last_error_message, actual.last_error_date) else {
        return Finding::healthy("deliveries.fine", "getWebhookInfo: no last_error_message");
    };
    let failed_at_ms = date * 1000;
    let minutes = ((guarded.now - failed_at_ms) / MINUTE_MS).to_string();
    let fact = ["last_error_message: ", message, " (", &minutes, " min)"].concat();
    let newest_at = condition.newest_ms.map(|age| guarded.now - age);
    // Telegram repeats at once what failed, and its dates have no milliseconds: if nothing waits, the update came after all.
    let is_over = |newest| match actual.pending_update_count {
        0 => newest + WITH_FAILURE_MS >= failed_at_ms,
        _ => newest > failed_at_ms + 1000,
    };
    if newest_at.is_some_and(is_over) {
        return Finding::healthy("deliveries.recovered", fact);
    }
    let was_here = guarded.refused_at > guarded.set_at;
    let (name, remedy) = match actual.failure_code() {
        Some(401) if was_here => ("deliveries.other_secret", Remedy::SetWebhook),
        Some(401) => ("deliveries.shut_out", Remedy::AllowTelegram),
        Some(403) => ("deliveries.blocked", Remedy::AllowTelegram),
        Some(404 | 405) => ("deliveries.elsewhere", Remedy::SetWebhook),
        Some(410) => ("deliveries.gone", Remedy::AllowTelegram),
        Some(503) => ("deliveries.unavailable", Remedy::Tail),
        Some(500..) => ("deliveries.crashes", Remedy::Tail),
        Some(_) => ("deliveries.answer", Remedy::AllowTelegram),
        None => not_answered(message),
    };
    Finding::ill(name, fact, remedy)
}

/// What kept Telegram from getting any answer.
fn not_answered(message: &str) -> (&'static str, Remedy) {
    let says = |text| holds(message, text);
    if says("timeout expired") {
        ("deliveries.timeout", Remedy::Tail)
    } else if says("SSL") {
        ("deliveries.tls", Remedy::Domain)
    } else if says("resolve host") {
        ("deliveries.dns", Remedy::Domain)
    } else {
        ("deliveries.connection", Remedy::Domain)
    }
}

fn waiting(guarded: &Guarded, first: &WebhookInfo, second: &WebhookInfo) -> Finding {
    let (before, now) = (first.pending_update_count, second.pending_update_count);
    let text = now.to_string();
    let fact = ["pending_update_count = ", &text].concat();
    if first.url.is_empty() && second.url.is_empty() && now < before {
        return Finding::ill("waiting.eaten", fact, Remedy::FindRivals)
            .with(&[&before.to_string(), &text]);
    }
    let grows = guarded.waiting > 0 && now > guarded.waiting.max(WAITING_MAX);
    match now {
        0 => Finding::healthy("waiting.none", fact),
        _ if second.url.is_empty() => {
            Finding::notice("waiting.kept", fact, Remedy::SetWebhook).with(&[&text])
        }
        _ if grows && second.last_error_message.is_none() => {
            Finding::ill("waiting.grows", fact, Remedy::Tail)
                .with(&[&guarded.waiting.to_string(), &text])
        }
        1..=WAITING_MAX => Finding::healthy("waiting.few", fact).with(&[&text]),
        _ => Finding::notice("waiting.many", fact, Remedy::Repeat).with(&[&text]),
    }
}

fn synchronization(guarded: &Guarded, actual: &WebhookInfo) -> Option<Finding> {
    let date = actual.last_synchronization_error_date?;
    let fact = ["last_synchronization_error_date = ", &date.to_string()].concat();
    let is_recent = guarded.now - date * 1000 < TROUBLE_LASTS_MS;
    is_recent.then(|| Finding::notice("telegram.trouble", fact, Remedy::Wait))
}

/// Which secret Telegram has: it never tells, but an update that comes with one does.
fn rotation(guarded: &Guarded) -> Option<Finding> {
    if guarded.next_secret.is_some() {
        let fact = "webhook.next_secret";
        return Some(Finding::notice("rotation.unfinished", fact, Remedy::Rotate));
    }
    let wanted = guarded.wanted.as_ref()?;
    let name = match guarded.confirmed_at >= guarded.set_at {
        _ if wanted.url.is_empty() => return None,
        true => "rotation.confirmed",
        false => "rotation.unconfirmed",
    };
    Some(Finding::healthy(name, "webhook.confirmed_at"))
}

fn lanes(condition: &Condition) -> Finding {
    let Some(age_ms) = condition.oldest_open_ms else {
        return Finding::healthy("lanes.idle", "inbox");
    };
    let seconds = (age_ms / 1000).to_string();
    let fact = ["oldest open update: ", &seconds, " s"].concat();
    if age_ms > BLOCKED_AFTER_MS {
        Finding::ill("lanes.blocked", fact, Remedy::Unfinished)
    } else {
        Finding::healthy("lanes.moving", fact)
    }
}

/// Rows that should be none.
fn count(count: i64, none: &'static str, some: &'static str, remedy: Remedy) -> Finding {
    let text = count.to_string();
    let id = none.strip_suffix(".none").unwrap_or(none);
    let fact = [id, " = ", &text].concat();
    match count {
        0 => Finding::healthy(none, fact),
        _ => Finding::notice(some, fact, remedy).with(&[&text]),
    }
}

/// Updates that somebody else ate, or that Telegram gave up.
fn gaps(gaps: &[Gap]) -> Finding {
    let Some(last) = gaps.first() else {
        return Finding::healthy("gaps.none", "inbox.update_id");
    };
    let missing: i64 = gaps.iter().map(|gap| gap.before - gap.after - 1).sum();
    let [missing, after, before] =
        [missing, last.after, last.before].map(|number| number.to_string());
    let fact = ["update_id ", &after, " … ", &before].concat();
    Finding::notice("gaps.some", fact, Remedy::FindRivals).with(&[
        &missing,
        &after,
        &before,
        &last.from,
        &last.until,
    ])
}

fn cron(condition: &Condition) -> Finding {
    let Some(age_ms) = condition.cron_ms else {
        return Finding::ill("cron.late", "heartbeat: none", Remedy::Cron);
    };
    let fact = ["heartbeat: ", &(age_ms / 1000).to_string(), " s"].concat();
    if age_ms < CRON_AGE_MAX_MS {
        Finding::healthy("cron.fine", fact)
    } else {
        Finding::ill("cron.late", fact, Remedy::Cron)
    }
}

fn other_bots(condition: &Condition) -> Option<Finding> {
    let fact = ["other bots in D1: ", &condition.other_bots.to_string()].concat();
    (condition.other_bots > 0).then(|| Finding::notice("bots.another", fact, Remedy::NewToken))
}
