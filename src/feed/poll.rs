//! `getUpdates` of a feed: what its reader has confirmed is forgotten, what nobody has is handed out, and else it waits.

use crate::app::App;
use crate::feed::parameters::Parameters;
use crate::feed::{error, result, unavailable};
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::inbox::feeds::Feed;
use crate::isolate::SPIN_MS;
use crate::json::{elements, list_of, text_in};
use crate::notes::Notes;
use crate::reply::Reply;
use crate::request::{Body, Request};
use crate::settings::DEFAULT_ALLOWED_UPDATES;
use crate::telegram::transport::Transport;

/// Kinds that are sent only to those who ask for them by name (`Client.cpp:16889`).
const OTHER_KINDS: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// How many updates are handed out at once at most, as by Telegram.
const LIMIT_MAX: i64 = 100;

/// How long a reader may wait at most, in seconds, as at Telegram.
const TIMEOUT_SECONDS_MAX: i64 = 50;

/// Numbers beyond this are exact in no database that keeps them as doubles.
const OFFSET_MAX: i64 = (1 << 53) - 1;

/// The shortest and the longest pause before the database is asked again, in milliseconds. In 50 seconds that is 28 times, well
/// below the 50 requests of the free plan.
const PAUSES_MS: (u32, u32) = (250, 2_000);

/// After how many queries a poll ends, whether its time is up or not: the free plan allows 50, and the last of them hand out.
const QUERIES_MAX: u32 = 42;

/// How many queries it takes to hand out.
const QUERIES_TO_HAND_OUT: u32 = 7;

/// How long one waits for the bell at a time, in milliseconds: a lease that runs out rings none.
const BELL_MS: u32 = 10_000;

/// What a reader asks for.
struct Asked {
    offset: i64,
    limit: i64,
    until: i64,
}

/// Answers one poll.
///
/// At Telegram a negative offset forgets all but the newest updates. A feed is shared, so here it forgets nothing, and brings nothing:
/// whoever asks so throws it away.
pub async fn answer<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    body: impl Body,
    feed: &Feed,
) -> Reply {
    let Ok(parameters) = Parameters::read(request, body).await else {
        return error(413, "Request Entity Too Large");
    };
    let number = |name, default| parameters.integer(name).unwrap_or(default);
    let offset = number("offset", 0).clamp(-1, OFFSET_MAX);
    if offset < 0 {
        return result("[]");
    }
    let mut timeout_ms = number("timeout", 0).clamp(0, TIMEOUT_SECONDS_MAX) * 1000;
    if app.isolate.is_asked_again(feed.seq, offset, app.now_ms) {
        timeout_ms = timeout_ms.max(SPIN_MS);
    }
    let asked = Asked {
        offset,
        limit: number("limit", LIMIT_MAX).clamp(1, LIMIT_MAX),
        until: app.now_ms + timeout_ms,
    };
    let kinds = parameters
        .text("allowed_updates")
        .and_then(|kinds| known(&kinds));
    match updates(app, feed.seq, asked, kinds).await {
        Ok(updates) => result(updates.as_deref().unwrap_or("[]")),
        Err(_) => unavailable(),
    }
}

/// What there is to hand out, as soon as there is something. `None`: there was nothing in time.
async fn updates<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    feed: i64,
    asked: Asked,
    mut kinds: Option<String>,
) -> Result<Option<String>, InboxError> {
    let left_ms = || asked.until - app.telegram.transport().now_ms();
    let (mut pause_ms, mut rings, mut queries) = (PAUSES_MS.0, None, 0);
    loop {
        queries += QUERIES_TO_HAND_OUT;
        let (offset, limit) = (asked.offset, asked.limit);
        let updates = app
            .inbox
            .hand_out(feed, offset, limit, kinds.take())
            .await?;
        if updates.is_some() {
            return Ok(updates);
        }
        loop {
            let Ok(left_ms @ 1..) = u32::try_from(left_ms().max(0)) else {
                return Ok(None);
            };
            rings = match &app.bell {
                // At first it only tells how often it was rung, so that no ring between that and the look is missed.
                Some(bell) => bell.wait(rings.unwrap_or(-1), BELL_MS.min(left_ms)).await,
                None => None,
            };
            if rings.is_none() {
                app.telegram.transport().pause(pause_ms.min(left_ms)).await;
                pause_ms = (pause_ms * 2).min(PAUSES_MS.1);
            }
            queries += 1;
            if queries > QUERIES_MAX {
                return Ok(None);
            }
            if app.inbox.has_news(feed).await? {
                break;
            }
        }
    }
}

/// The kinds of updates in a parameter, as Telegram takes them: what is no list of texts is no wish at all; names it does not know are
/// skipped; and an empty list means its default (`Client.cpp:16889`).
fn known(kinds: &str) -> Option<String> {
    let kinds = elements(kinds)?.into_iter().map(text_in);
    let kinds: Vec<String> = kinds.collect::<Option<_>>()?;
    let all = DEFAULT_ALLOWED_UPDATES.iter().chain(&OTHER_KINDS);
    let known: Vec<&str> = all
        .filter(|kind| kinds.iter().any(|asked| asked.eq_ignore_ascii_case(kind)))
        .copied()
        .collect();
    Some(list_of(&known))
}
