//! What a feed's reader brings, and what an operator wants of a feed.

use onehook::feed::relay::Relay;
use onehook::inbox::database::{Statement, Value as Bound};
use onehook::request::Request;
use serde_json::Value;

use crate::fuzzing::doors::{decoded, parameter};
use crate::fuzzing::stage::{self, FEED, ORIGIN, Parts, Stage, TOKEN, cut};
use crate::fuzzing::witness::Witness;

/// Methods that would take the updates away from the webhook or end it, and are never passed on.
const OURS: [&str; 6] = [
    "getupdates",
    "setwebhook",
    "deletewebhook",
    "getwebhookinfo",
    "logout",
    "close",
];

/// A request of a reader, written like one on the wire, then the methods its feed may call, as the database has them. `$FEED`
/// stands for the right token.
///
/// Without the token nothing is read and nothing passed on. With it nothing reaches Telegram but the bot's own methods and
/// files, and none that would touch the webhook. No secret shows.
pub fn feed_request(data: &[u8]) {
    let mut parts = Parts(data);
    let (head, body) = cut(parts.next(), b"\n\n");
    let methods = parts.next();
    let stage = Stage::new(methods, b"");
    let head = String::from_utf8_lossy(head).replace("$FEED", FEED);
    let request = stage::request(&head);
    let outcome = stage.visit(&request, body);
    outcome.check(data);
    if !request.path.starts_with("/feed/") {
        assert!(outcome.relay.is_none());
        return;
    }
    assert!(stage.sent.borrow().is_empty());
    if !has_token(&request.path) {
        assert!(matches!(outcome.status, 401 | 404 | 501 | 502));
        assert!(outcome.relay.is_none() && !stage.body_was_read.get());
    }
    if let Some(relay) = &outcome.relay {
        let mut lines = methods.split(|byte| *byte == b'\n');
        // Behind failed trips.
        let methods = lines.find(|line| !matches!(*line, b"" | b"!"));
        let methods = methods.map(String::from_utf8_lossy).unwrap_or_default();
        check_relay(relay, &request, &methods);
    }
    if outcome.status == 200 {
        let asked = stage.asked.borrow();
        let hand_out = asked.iter().find(|asked| asked.name == "HAND_OUT");
        check_hand_out(hand_out, &request, body);
    }
}

/// A feed's name on a line, then what is wanted of it: it is refused before anything is touched, or made as it says.
pub fn feed_wish(data: &[u8]) {
    let (name, body) = cut(data, b"\n");
    let name = String::from_utf8_lossy(name);
    let stage = Stage::new(b"~\n{}\t1\t0", b"");
    let mut request = stage::request("PUT /\nauthorization: Bearer $ADMIN");
    request.path = format!("/admin/feeds/{name}");
    let outcome = stage.visit(&request, body);
    outcome.check(data);
    let is_plain = name
        .bytes()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    if outcome.status != 201 {
        assert_eq!(stage.trips.get(), 0);
        if !is_plain || name.is_empty() || name.len() > 32 {
            assert!(matches!(outcome.status, 400 | 404 | 405));
        } else {
            assert_eq!(outcome.status, 400);
        }
        if outcome.status == 400 {
            outcome.names_a_remedy();
        }
        return;
    }
    assert!(is_plain && (1..=32).contains(&name.len()));
    let told: Value = serde_json::from_str(&outcome.body).expect("an answer in JSON");
    assert_eq!(told["url"], format!("{ORIGIN}/feed/{name}"));
    let asked = stage.asked.borrow();
    assert_eq!(asked[0].name, "MAKE_FEED");
    let [_, named, _, is_main, kinds, methods, lease_ms, from_oldest] = asked[0].values.as_slice()
    else {
        panic!("{:?}", asked[0]);
    };
    assert_eq!(*named, Bound::from(&*name));
    let Some(witness) = Witness::of(body).filter(|witness| witness.is_unambiguous) else {
        return;
    };
    let wish = witness.value;
    let wanted = |name: &str| Some(&wish[name]).filter(|value| !value.is_null());
    let flag = |is: bool| Bound::Integer(i64::from(is));
    assert_eq!(*is_main, flag(wish["main"] == true));
    assert_eq!(*from_oldest, flag(wish["from"] == "oldest"));
    let seconds = wanted("lease_seconds").map(|seconds| seconds.as_i64().expect("a number"));
    let seconds = seconds.unwrap_or(60);
    assert!((5..=3600).contains(&seconds));
    assert_eq!(*lease_ms, Bound::Integer(seconds * 1000));
    assert_eq!(
        listed(kinds),
        wanted("allowed_updates")
            .cloned()
            .filter(|kinds| *kinds != Value::Array(Vec::new()))
    );
    let lower = |methods: &Value| serde_json::from_str(&methods.to_string().to_ascii_lowercase());
    assert_eq!(
        listed(methods),
        wanted("methods")
            .map(lower)
            .map(|methods| methods.expect("letters"))
    );
}

/// A list as the database gets it.
fn listed(value: &Bound) -> Option<Value> {
    match value {
        Bound::Text(text) => Some(serde_json::from_str(text).expect("a list")),
        _ => None,
    }
}

/// What is passed on stays with the bot's own methods and files, and does not touch the webhook.
fn check_relay(relay: &Relay, request: &Request, methods: &str) {
    const ROOT: &str = "https://api.telegram.org";
    let (address, query) = relay.url.split_once('?').unwrap_or((&relay.url, ""));
    assert_eq!(query, request.query);
    if let Some(method) = address.strip_prefix(&format!("{ROOT}/bot{TOKEN}/")) {
        assert!(!method.is_empty() && method.bytes().all(|byte| byte.is_ascii_alphabetic()));
        let method = method.to_ascii_lowercase();
        assert!(!OURS.contains(&method.as_str()), "{method}");
        assert!(methods.is_empty() || methods.contains(&format!("\"{method}\"")));
        let stand_in = (method == "getfile").then_some(FEED);
        assert_eq!(relay.stand_in.as_deref(), stand_in);
        return;
    }
    let path = address.strip_prefix(&format!("{ROOT}/file/bot{TOKEN}/"));
    let mut path = path.expect("a place of the bot's own").to_owned();
    // However often somebody on the way decodes it.
    for _ in 0..4 {
        assert!(path.split('/').all(|part| !matches!(part, "." | "..")));
        assert!(!path.contains(['\\', '?', '#', '\0', '\r', '\n']));
        path = decoded(&path);
    }
}

/// Offset and limit are those of the request, as far as a second reader can tell.
fn check_hand_out(asked: Option<&Statement>, request: &Request, body: &[u8]) {
    let number = |value: &Bound| match value {
        Bound::Integer(number) => *number,
        _ => panic!("{value:?} is no number"),
    };
    if let Some(asked) = asked {
        assert!((0..1 << 53).contains(&number(&asked.values[1])));
        assert!((1..=100).contains(&number(&asked.values[3])));
    }
    let (Some(offset), Some(limit), true) = (
        wanted(request, body, "offset"),
        wanted(request, body, "limit"),
        is_poll(request),
    ) else {
        return;
    };
    let offset = offset.unwrap_or(0);
    match asked {
        None => assert!(offset < 0),
        Some(asked) => {
            assert_eq!(number(&asked.values[1]), offset.min((1 << 53) - 1));
            assert_eq!(number(&asked.values[3]), limit.unwrap_or(100).clamp(1, 100));
        }
    }
}

/// Whether the token is where it belongs in a path.
fn has_token(path: &str) -> bool {
    let mut parts = path.split('/').skip(3).skip_while(|part| *part == "file");
    parts.next().and_then(|token| token.strip_prefix("bot")) == Some(FEED)
}

/// Whether a request asks the feed for updates with its own token, and how it may.
fn is_poll(request: &Request) -> bool {
    let path: Vec<&str> = request.path.splitn(5, '/').collect();
    let [_, "feed", _, _, method] = path.as_slice() else {
        return false;
    };
    has_token(&request.path)
        && method.eq_ignore_ascii_case("getUpdates")
        && matches!(&*request.method, "GET" | "POST")
}

/// A parameter that is a number, read another way. The outer `None`: this reader cannot tell.
#[expect(
    clippy::option_option,
    reason = "a parameter that is missing is an answer, too"
)]
fn wanted(request: &Request, body: &[u8], name: &str) -> Option<Option<i64>> {
    let form = std::str::from_utf8(body).ok()?;
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    let text = match parameter(&request.query, name) {
        Some(text) => Some(text),
        None if request.method != "POST" => None,
        None if kind.contains("multipart") => return None,
        None if kind.contains("json") => {
            let witness = Witness::of(body).filter(|witness| witness.is_unambiguous)?;
            match &witness.value[name] {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                Value::Number(number) if !number.is_f64() => Some(number.to_string()),
                _ => return None,
            }
        }
        None => parameter(form, name),
    };
    Some(text.map(|text| {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, &*text),
        };
        let other = digits.find(|letter: char| !letter.is_ascii_digit());
        let digits = &digits[..other.unwrap_or(digits.len())];
        let number = match digits {
            "" => 0,
            digits => digits.parse().unwrap_or(i64::MAX),
        };
        sign * number
    }))
}
