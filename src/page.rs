//! Pages of a list: what the query asks for, and what is wrong with it.

use crate::phrases::Voice;
use crate::reply::Complaint;
use crate::request::Request;

/// How many entries a page holds unless asked otherwise.
const LIMIT_DEFAULT: i64 = 50;

/// How many entries a page holds at most.
const LIMIT_MAX: i64 = 500;

/// The name of the state an entry must have, where one is asked for.
pub(crate) fn state(
    request: &Request,
    voice: Voice,
    states: &[&'static str],
) -> Result<Option<&'static str>, Complaint> {
    let Some(asked) = request.parameter("state") else {
        return Ok(None);
    };
    match states.iter().find(|state| **state == asked) {
        Some(state) => Ok(Some(state)),
        None => Err(bad_parameter(voice, "state", &asked, &states.join(", "))),
    }
}

/// How many entries the page is to hold.
pub(crate) fn limit(request: &Request, voice: Voice) -> Result<i64, Complaint> {
    number(request, voice, "limit", LIMIT_DEFAULT, LIMIT_MAX)
}

/// A whole number from 1 to `max` out of the query.
pub(crate) fn number(
    request: &Request,
    voice: Voice,
    name: &str,
    default: i64,
    max: i64,
) -> Result<i64, Complaint> {
    let Some(text) = request.parameter(name) else {
        return Ok(default);
    };
    match text.parse::<i64>() {
        Ok(number) if (1..=max).contains(&number) => Ok(number),
        _ => Err(bad_parameter(voice, name, &text, &format!("1 … {max}"))),
    }
}

/// Whether something is asked for that is not done unasked.
pub(crate) fn switch(request: &Request, voice: Voice, name: &str) -> Result<bool, Complaint> {
    match request.parameter(name).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(bad_parameter(voice, name, other, "true, false")),
    }
}

/// Cuts a list that was asked for with one entry more than the page holds. Whether there is a next page.
pub(crate) fn cut<E>(entries: &mut Vec<E>, limit: i64) -> bool {
    let limit = usize::try_from(limit).unwrap_or_default();
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    has_more
}

/// The complaint about a parameter of the query or the path.
pub(crate) fn bad_parameter(voice: Voice, name: &str, value: &str, expected: &str) -> Complaint {
    let values = [name, value, expected, expected];
    voice.complain("admin.bad_parameter", &values)
}
