//! A hundred thousand requests without the admin token: whatever the method and the path, nobody gets in, and all hear the same.

use std::collections::BTreeMap;

use crate::emulator::random::Random;
use crate::test_bot::{ADMIN_TOKEN, TestBot};

const VISITS: usize = 100_000;

const METHODS: [&str; 14] = [
    "GET",
    "PUT",
    "POST",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
    "Get",
    "",
    "GET /admin/webhook",
];

/// What paths are made of.
const PIECES: [&str; 52] = [
    "admin",
    "admin",
    "admin",
    "admin",
    "Admin",
    "ADMIN",
    "%61dmin",
    "admin%2f",
    "admin%00",
    "admin;a=b",
    "admin ",
    "webhook",
    "webhook",
    "updates",
    "updates",
    "outbox",
    "outbox",
    "doctor",
    "doctor",
    "probe",
    "incidents",
    "metrics",
    "rotate",
    "replay",
    "resend",
    "drop",
    "health",
    "panic",
    "1",
    "12.0",
    "-1",
    "0",
    "",
    "",
    ".",
    "..",
    "%2e%2e",
    "..;",
    "..%2f",
    "\\",
    "*",
    "~",
    "'",
    "🦔",
    "їжак",
    "a",
    "?",
    "#",
    "%",
    "%zz",
    "robots.txt",
    ".env",
];

/// What somebody without the token may send as one.
fn authorizations() -> Vec<String> {
    let almost = &ADMIN_TOKEN[1..];
    let mut authorizations: Vec<String> = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Basic YWRtaW46YWRtaW4=",
        "Bearer null",
        "Bearer *",
    ]
    .map(str::to_owned)
    .to_vec();
    authorizations.extend([
        ADMIN_TOKEN.to_owned(),
        format!("Bearer{ADMIN_TOKEN}"),
        format!("Basic {ADMIN_TOKEN}"),
        format!("Token {ADMIN_TOKEN}"),
        format!("Bearer Bearer {ADMIN_TOKEN}"),
        format!("Bearer {almost}"),
        format!("Bearer {ADMIN_TOKEN}x"),
        format!("Bearer {}", ADMIN_TOKEN.to_lowercase()),
        format!("Bearer {ADMIN_TOKEN},{ADMIN_TOKEN}"),
        format!("Bearer \"{ADMIN_TOKEN}\""),
    ]);
    authorizations
}

struct Dice(Random);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.0.within(0, count as u64 - 1)).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn path(&mut self) -> String {
        if self.below(20) == 0 {
            let letters =
                (0..self.below(12)).map(|_| char::from(u8::try_from(33 + self.below(94)).unwrap()));
            return letters.collect();
        }
        let pieces: Vec<_> = (0..=self.below(5)).map(|_| self.one(&PIECES)).collect();
        let start = self.one(&[
            "/", "/", "/", "//", "/./", "", "/admin/", "/admin/", "/admin/", "/admin/",
        ]);
        [start, &pieces.join("/")].concat()
    }
}

#[test]
fn nobody_gets_in_without_the_token() {
    let bot = TestBot::new();
    bot.person("Ada").says("/start");
    let authorizations = authorizations();
    let authorizations: Vec<&str> = authorizations.iter().map(String::as_str).collect();
    let mut dice = Dice(Random::new(409));
    let mut answers = BTreeMap::new();
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    let before = (bot.database.trips(), bot.telegram.state());
    while counts.values().sum::<usize>() < VISITS {
        let (method, path) = (dice.one(&METHODS), dice.path());
        if ["/health", "/webhook"].contains(&path.split('?').next().unwrap()) {
            continue; // these are for everybody, and have tests of their own
        }
        let query = dice.one(&[
            "",
            "",
            "?token=",
            "?release=true&seconds=1",
            "?state=dead&limit=1",
        ]);
        let target = format!("{}{query}", path.replace('?', "%3F"));
        let address = format!("203.0.113.{}", dice.below(251));
        let mut headers = vec![("cf-connecting-ip", address.as_str()), ("accept", "*/*")];
        let authorization = dice.one(&authorizations);
        if !authorization.is_empty() {
            headers.push(("authorization", authorization));
        }
        let (reply, was_read) = bot.visit(method, &target, &headers, b"{}");
        let what = format!("{method} {target} with {authorization:?}: {reply:?}");
        assert!([401, 404, 405, 413].contains(&reply.status), "{what}");
        assert!(!was_read, "{what}");
        let is_inside = path.starts_with("/admin/");
        assert_eq!(reply.status == 401, is_inside, "{what}");
        *counts.entry(reply.status).or_default() += 1;
        let known = answers.entry(reply.status).or_insert_with(|| reply.clone());
        assert_eq!(*known, reply, "{what}");
        bot.seen.borrow_mut().clear();
    }
    assert!(
        counts[&401] > VISITS / 3 && counts[&404] > VISITS / 3,
        "{counts:?}"
    );
    assert_eq!(
        bot.database.trips(),
        before.0,
        "nobody reached the database"
    );
    assert_eq!(bot.telegram.state(), before.1, "nobody reached Telegram");
}

#[test]
fn the_health_and_telegrams_door_are_open_to_everybody_by_one_method_each() {
    let bot = TestBot::new();
    for method in METHODS {
        let status = |path: &str| bot.visit(method, path, &[], b"{}").0.status;
        assert_eq!(
            status("/health"),
            if method == "GET" { 200 } else { 405 },
            "{method}"
        );
        assert_eq!(
            status("/webhook"),
            if method == "POST" { 401 } else { 405 },
            "{method}"
        );
    }
}
