//! Evidence made by hand: a bot with which all is well, and ways to change one thing about it.

use onehook::doctor::evidence::Evidence;
use onehook::inbox::InboxError;
use onehook::inbox::feeds::FeedCondition;
use onehook::inbox::guard::{Condition, Examined, Gap, Guarded};
use onehook::secret::Secret;
use onehook::telegram::refusal::{CallError, Refusal};
use onehook::telegram::transport::Unreachable;
use onehook::telegram::webhook_info::{WantedWebhook, WebhookInfo};

/// 2027-01-15, 08:00 UTC.
pub(super) const NOW: i64 = 1_800_000_000_000;
/// Where the worker lives.
pub(super) const ORIGIN: &str = "https://onehook.example.workers.dev";

/// Nothing is wrong: the webhook was set an hour ago, an update came a minute ago, the cron ran half a minute ago.
pub(super) fn healthy() -> Evidence {
    let actual = WebhookInfo {
        url: [ORIGIN, "/webhook"].concat(),
        max_connections: Some(20),
        ip_address: Some("104.16.0.1".to_owned()),
        allowed_updates: Some(kinds()),
        ..WebhookInfo::default()
    };
    let guarded = Guarded {
        wanted: Some(WantedWebhook {
            url: actual.url.clone(),
            max_connections: 20,
            allowed_updates: kinds(),
            ip_address: None,
        }),
        taken: Some(actual.clone()),
        secret: Some(Secret::new("1".repeat(64))),
        set_at: NOW - 3_600_000,
        confirmed_at: NOW - 3_500_000,
        now: NOW,
        ..Guarded::default()
    };
    let condition = Condition {
        newest_ms: Some(60_000),
        cron_ms: Some(30_000),
        ..Condition::default()
    };
    Evidence {
        origin: ORIGIN.to_owned(),
        api_root: "https://api.telegram.org".to_owned(),
        tells_somebody: true,
        admin_is_weak: false,
        me: Ok("onehook_bot".to_owned()),
        webhook: Ok([actual.clone(), actual]),
        inbox: Ok(Examined {
            guarded,
            condition,
            gaps: Vec::new(),
            feeds: Vec::new(),
        }),
        keep_ms: 72 * 3_600_000,
        notes_answer: true,
    }
}

/// The kinds of updates that are wanted.
pub(super) fn kinds() -> Vec<String> {
    ["message", "callback_query"].map(str::to_owned).to_vec()
}

pub(super) fn guarded(evidence: &mut Evidence) -> &mut Guarded {
    &mut evidence.inbox.as_mut().unwrap().guarded
}

pub(super) fn condition(evidence: &mut Evidence) -> &mut Condition {
    &mut evidence.inbox.as_mut().unwrap().condition
}

/// Numbers that are missing between two others, newest first.
pub(super) fn gaps(evidence: &mut Evidence, gaps: &[(i64, i64)]) {
    let gap = |(after, before): &(i64, i64)| Gap {
        after: *after,
        before: *before,
        from: "07:10".to_owned(),
        until: "07:20".to_owned(),
    };
    evidence.inbox.as_mut().unwrap().gaps = gaps.iter().map(gap).collect();
}

/// A feed in which something has waited for minutes, and that somebody asked so many minutes ago.
pub(super) fn feed(evidence: &mut Evidence, waits_for: i64, polled: i64) {
    let feed = FeedCondition {
        name: "echo".to_owned(),
        waiting: i64::from(waits_for > 0) * 7,
        polled_ms: polled * 60_000,
        oldest_ms: (waits_for > 0).then_some(waits_for * 60_000),
    };
    evidence.inbox.as_mut().unwrap().feeds = vec![feed];
}

/// Changes what Telegram tells of the webhook, both times.
pub(super) fn look(evidence: &mut Evidence, change: impl Fn(&mut WebhookInfo)) {
    evidence
        .webhook
        .as_mut()
        .unwrap()
        .iter_mut()
        .for_each(change);
}

/// How many updates wait at the first look and at the second.
pub(super) fn waits(evidence: &mut Evidence, first: i64, second: i64) {
    let looks = evidence.webhook.as_mut().unwrap();
    looks[0].pending_update_count = first;
    looks[1].pending_update_count = second;
}

/// A delivery failed so many seconds ago, and its update still waits.
pub(super) fn fails(evidence: &mut Evidence, seconds_ago: i64, message: &str) {
    look(evidence, |info| {
        info.pending_update_count = 1;
        info.last_error_date = Some(NOW / 1000 - seconds_ago);
        info.last_error_message = Some(message.to_owned());
    });
}

pub(super) fn refused(code: u16, description: &str) -> Result<String, CallError> {
    Err(CallError::from(Refusal {
        method: "getMe".to_owned(),
        code,
        description: description.to_owned(),
        retry_after: None,
        migrate_to_chat_id: None,
    }))
}

pub(super) fn unreachable(method: &str) -> CallError {
    CallError::Unreachable {
        method: method.to_owned(),
        cause: Unreachable::TimedOut,
    }
}

/// A database that fails with these words.
pub(super) fn broken(cause: &str) -> Result<Examined, InboxError> {
    Err(InboxError {
        doing: "examine the inbox",
        cause: cause.to_owned(),
    })
}
