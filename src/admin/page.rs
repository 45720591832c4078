//! Pages of a list: what the query asks for, and what is wrong with it.

use crate::language::Language;
use crate::reply::Complaint;
use crate::request::Request;

/// How many entries a page holds unless asked otherwise.
const LIMIT_DEFAULT: i64 = 50;

/// How many entries a page holds at most.
const LIMIT_MAX: i64 = 500;

/// The name of the state an entry must have, where one is asked for.
pub(crate) fn state(
    request: &Request,
    language: Language,
    states: &[&'static str],
) -> Result<Option<&'static str>, Complaint> {
    let Some(asked) = request.parameter("state") else {
        return Ok(None);
    };
    match states.iter().find(|state| **state == asked) {
        Some(state) => Ok(Some(state)),
        None => Err(bad_parameter(language, "state", &asked, &states.join(", "))),
    }
}

/// How many entries the page is to hold.
pub(crate) fn limit(request: &Request, language: Language) -> Result<i64, Complaint> {
    number(request, language, "limit", LIMIT_DEFAULT, LIMIT_MAX)
}

/// A whole number from 1 to `max` out of the query.
pub(crate) fn number(
    request: &Request,
    language: Language,
    name: &str,
    default: i64,
    max: i64,
) -> Result<i64, Complaint> {
    let Some(text) = request.parameter(name) else {
        return Ok(default);
    };
    match text.parse::<i64>() {
        Ok(number) if (1..=max).contains(&number) => Ok(number),
        _ => Err(bad_parameter(language, name, &text, &format!("1 … {max}"))),
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
pub(crate) fn bad_parameter(
    language: Language,
    name: &str,
    value: &str,
    expected: &str,
) -> Complaint {
    let values = [value, expected];
    Complaint::new(
        &language.fill("`{}` cannot be used", "`{}` не годиться", &[name]),
        language.fill("`{}` is not one of: {}", "`{}` не належить до: {}", &values),
        &language.fill("set it to one of: {}", "задайте одне з: {}", &[expected]),
    )
}
