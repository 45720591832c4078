//! What strangers bring: secrets, paths, queries, and the operator's wish.

use onehook::language::Language;
use onehook::request::Request;
use onehook::secret::{hex, matches, sha256};
use serde_json::Value;

use crate::fuzzing::choices::is_deliverable;
use crate::fuzzing::stage::{self, ADMIN, Parts, SECRET, Stage, cut};
use crate::fuzzing::witness::Witness;

/// A whole visit, written like one on the wire, then what the database and Telegram answer. `$ADMIN` and `$SECRET` stand for the
/// right ones.
///
/// Whoever does not have them gets nowhere, nothing makes the worker fail, and no secret shows.
pub fn router(data: &[u8]) {
    let mut parts = Parts(data);
    let (head, body) = cut(parts.next(), b"\n\n");
    let stage = Stage::new(parts.next(), parts.next());
    let request = stage::request(&String::from_utf8_lossy(head));
    let outcome = stage.visit(&request, body);
    outcome.check(data);
    let is_delivery = (request.method.as_str(), request.path.as_str()) == ("POST", "/webhook");
    let is_admitted = if is_delivery {
        request.header("x-telegram-bot-api-secret-token") == Some(SECRET)
    } else {
        is_operator(&request)
    };
    match request.path.as_str() {
        "/webhook" if !is_delivery => assert_eq!(outcome.status, 405),
        "/webhook" if !is_admitted => {
            assert!(matches!(outcome.status, 401 | 413 | 503));
            assert!(!stage.body_was_read.get() && stage.sent.borrow().is_empty());
        }
        "/webhook" => assert!(matches!(outcome.status, 200 | 413 | 503)),
        path if path.starts_with("/admin/") && !is_admitted => {
            assert_eq!((outcome.status, outcome.body.trim()), (401, "unauthorized"));
            assert!(!stage.body_was_read.get() && stage.sent.borrow().is_empty());
            assert_eq!(stage.trips.get(), 0);
        }
        path if path.starts_with("/admin/") => assert_ne!(outcome.status, 401),
        "/health" => assert!(matches!(outcome.status, 200 | 405 | 503)),
        path if path.starts_with("/feed/") => {
            assert!(matches!(outcome.status, 401 | 404 | 501 | 502));
            assert!(!stage.body_was_read.get() && outcome.relay.is_none());
        }
        _ => assert_eq!(outcome.status, 404),
    }
}

/// The secret opens the door and nothing else does; a wrong one costs no byte of the body.
pub fn secret_header(data: &[u8]) {
    let presented = String::from_utf8_lossy(data);
    let presented = presented.replace("$SECRET", SECRET);
    let stage = Stage::new(b"~\n-1", b"");
    let mut request = stage::request("POST /webhook");
    request
        .headers
        .push(("x-telegram-bot-api-secret-token", presented.clone()));
    let status = stage.visit(&request, b"{}").status;
    let is_right = presented == SECRET;
    assert_eq!(status, if is_right { 200 } else { 401 });
    assert_eq!(stage.body_was_read.get(), is_right);
    assert!(presented.len() == SECRET.len() || stage.trips.get() <= 1);
    let accepted = [sha256(b"another"), sha256(SECRET.as_bytes()), sha256(data)];
    assert_eq!(
        matches(&presented, &accepted[..2]),
        is_right || data == b"another"
    );
    assert_eq!(
        matches(&presented, &accepted[2..]),
        presented.as_bytes() == data
    );
    let digits = hex(data);
    assert_eq!(digits.len(), 2 * data.len());
    let bytes = (0..data.len()).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16));
    assert!(
        bytes
            .zip(data)
            .all(|(byte, expected)| byte.as_ref() == Ok(expected))
    );
}

/// A wish is refused before anything is touched, or Telegram is asked for exactly what it says.
pub fn admin_wish(data: &[u8]) {
    let stage = Stage::new(b"", b"");
    let request = stage::request("PUT /admin/webhook\nauthorization: Bearer $ADMIN");
    let outcome = stage.visit(&request, data);
    outcome.check(data);
    let sent = stage.sent.borrow();
    let wishes: Vec<Value> = sent
        .iter()
        .filter(|request| request.url.ends_with("/setWebhook"))
        .map(|request| serde_json::from_slice(&request.body).expect("JSON leaves"))
        .collect();
    if outcome.status == 400 {
        assert!(sent.is_empty() && stage.trips.get() == 0);
        outcome.names_a_remedy();
        return;
    }
    // Telegram said yes to all, and then told of no webhook at all.
    assert_eq!(outcome.status, 409);
    let [wish] = wishes.as_slice() else {
        panic!("{} wishes", wishes.len());
    };
    assert_eq!(wish["secret_token"], SECRET);
    assert!(is_deliverable(wish["url"].as_str().expect("an address")));
    let connections = wish["max_connections"].as_i64();
    assert!(connections.is_some_and(|number| (1..=100).contains(&number)));
    if let Some(witness) = Witness::of(data).filter(|witness| witness.is_unambiguous) {
        check_wish(wish, &witness.value);
    }
}

/// Parameters, languages and forms, however they are written.
pub fn query(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut request = stage::request("GET /");
    let (query, header) = text.split_once('\n').unwrap_or((&text, ""));
    query.clone_into(&mut request.query);
    request.headers.push(("accept-language", header.to_owned()));
    request.headers.push(("content-length", header.to_owned()));
    for name in ["state", "limit", "lang", "a b", ""] {
        assert_eq!(request.parameter(name), parameter(query, name), "{name:?}");
    }
    let language = request.language(Language::Ukrainian);
    let asked = parameter(query, "lang").and_then(|tag| Language::from_tag(&tag));
    assert!(asked.is_none_or(|asked| asked == language));
    let length = header.parse::<u64>().ok();
    assert_eq!(
        request.announces_more_than(100),
        length.is_some_and(|length| length > 100)
    );
}

fn check_wish(wish: &Value, asked: &Value) {
    if let Some(url) = asked["url"].as_str().filter(|url| !url.is_empty()) {
        assert_eq!(wish["url"], url);
    }
    for name in ["max_connections", "allowed_updates", "drop_pending_updates"] {
        assert!(asked[name].is_null() || asked[name] == wish[name], "{name}");
    }
}

/// Whether a bearer token is the right one, read by hand.
fn is_operator(request: &Request) -> bool {
    let header = request.header("authorization").unwrap_or_default();
    let scheme = header.get(..7).unwrap_or_default();
    scheme.eq_ignore_ascii_case("bearer ") && header.get(7..).map(str::trim_ascii) == Some(ADMIN)
}

/// A parameter of a query, decoded another way.
pub fn parameter(query: &str, wanted: &str) -> Option<String> {
    let pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(name, value)| (decoded(name), decoded(value)))
        .find(|(name, value)| name == wanted && !value.is_empty())
        .map(|(_, value)| value)
}

/// Undoes percent-encoding by pieces at the percent signs.
pub fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let digits = piece
            .get(..2)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits {
            Some(digits) => {
                bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
                bytes.extend(&piece.as_bytes()[2..]);
            }
            None => bytes.extend(b"%".iter().chain(piece.as_bytes())),
        }
    }
    String::from_utf8(bytes.clone()).unwrap_or_else(|_| {
        bytes.retain(u8::is_ascii);
        String::from_utf8(bytes).expect("ASCII")
    })
}

/// A text in a query or a form, with every byte as a number, or only those that must be.
pub fn encoded(text: &str, all: bool) -> String {
    let byte = |byte: u8| match byte {
        b' ' if !all => "+".to_owned(),
        byte if !all && byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
