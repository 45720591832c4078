//! The operator's settings, and the addresses a webhook may have.

use crate::phrases::{english, phrase};
use expect_test::expect;
use onehook::language::Language;
use onehook::phrases::Voice;
use onehook::reply::Complaint;
use onehook::settings::{DEFAULT_ALLOWED_UPDATES, Settings};
use onehook::telegram::address::{Reach, check_ip, check_url};

const GOOD: [(&str, &str); 2] = [
    (
        "TELEGRAM_BOT_TOKEN",
        "4242:AAF_a-token-as-BotFather-makes-them",
    ),
    ("ADMIN_TOKEN", "0123456789abcdef0123456789abcdef"),
];

fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
    let settings = Settings::read(
        |name| {
            let found = variables
                .iter()
                .chain(&GOOD)
                .find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        },
        english(),
    );
    settings.map_err(|complaints| {
        let lines = complaints.iter().map(Complaint::lines);
        lines.collect::<Vec<_>>().join("\n") + "\n"
    })
}

#[test]
fn two_secrets_are_enough() {
    let settings = read(&[]).unwrap();
    assert_eq!(
        (settings.bot.0, settings.api_root.as_str()),
        (4242, "https://api.telegram.org")
    );
    assert_eq!(
        (
            settings.max_connections,
            settings.keep_hours,
            settings.answer_in_response
        ),
        (20, 72, false)
    );
    assert_eq!(
        (
            settings.language,
            settings.owners.len(),
            settings.public_url
        ),
        (Language::English, 0, None)
    );
    assert_eq!(settings.allowed_updates, DEFAULT_ALLOWED_UPDATES);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let complaints = read(&[
        ("TELEGRAM_BOT_TOKEN", "not a token"),
        ("ADMIN_TOKEN", "short"),
        ("TELEGRAM_API_ROOT", "http://api.example.com"),
        ("PUBLIC_URL", "example.com"),
        ("OWNER_IDS", "1001,@ada"),
        ("ALLOWED_UPDATES", "message,Call Back"),
        ("MAX_CONNECTIONS", "0"),
        ("ANSWER_IN_RESPONSE", "maybe"),
        ("KEEP_HOURS", "24"),
        ("LANGUAGE", "fr"),
    ]);
    expect![[r#"
        `TELEGRAM_BOT_TOKEN` cannot be used: it does not look like `123456:ABC…`
        → run `npx wrangler secret put TELEGRAM_BOT_TOKEN` and paste the token that BotFather shows
        `ADMIN_TOKEN` cannot be used: it has 5 characters, fewer than 32
        → run `openssl rand -hex 32`, then `npx wrangler secret put ADMIN_TOKEN` and paste what it printed
        `TELEGRAM_API_ROOT` cannot be used: `http://api.example.com` is neither https nor on this machine, and the token travels in the address
        → use an address that begins with `https://`
        `PUBLIC_URL` cannot be used: `example.com` does not begin with `https://`
        → set it to the worker's address, such as `https://onehook.example.workers.dev`
        `OWNER_IDS` cannot be used: `@ada` is not the number of a person
        → list numbers such as `1001,1002`; the bot tells yours when you send it /id
        `ALLOWED_UPDATES` cannot be used: `Call` is not the name of a kind of update
        → list kinds such as `message,callback_query`
        `MAX_CONNECTIONS` cannot be used: `0` is not a number from 1 to 100
        → set it to a number from 1 to 100, or remove it for 20
        `ANSWER_IN_RESPONSE` cannot be used: `maybe` is neither `true` nor `false`
        → set it to `true` or `false`
        `KEEP_HOURS` cannot be used: `24` is not a number from 25 to 167
        → set it to a number from 25 to 167, or remove it for 72
        `LANGUAGE` cannot be used: onehook does not speak `fr`
        → set it to `en` or `uk`
    "#]].assert_eq(&complaints.unwrap_err());
}

#[test]
fn missing_secrets_are_told_with_the_commands_that_set_them() {
    let complaints = read(&[("TELEGRAM_BOT_TOKEN", ""), ("ADMIN_TOKEN", " ")]);
    expect![[r#"
        `TELEGRAM_BOT_TOKEN` cannot be used: it is not set
        → run `npx wrangler secret put TELEGRAM_BOT_TOKEN` and paste the token that BotFather shows
        `ADMIN_TOKEN` cannot be used: it is not set
        → run `openssl rand -hex 32`, then `npx wrangler secret put ADMIN_TOKEN` and paste what it printed
    "#]].assert_eq(&complaints.unwrap_err());
}

#[test]
fn complaints_are_in_the_language_they_are_asked_for_in() {
    let ukrainian = Voice::new(Language::Ukrainian, phrase);
    let complaints = Settings::read(|_| None, ukrainian).unwrap_err();
    let lines: Vec<String> = complaints.iter().map(Complaint::lines).collect();
    expect![[r#"
        `TELEGRAM_BOT_TOKEN` не годиться: його не задано
        → виконайте `npx wrangler secret put TELEGRAM_BOT_TOKEN` і вставте токен, який показує BotFather
        `ADMIN_TOKEN` не годиться: його не задано
        → виконайте `openssl rand -hex 32`, потім `npx wrangler secret put ADMIN_TOKEN` і вставте надруковане"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn settings_never_print_the_token() {
    let printed = format!("{:?}", read(&[]).unwrap());
    assert!(
        printed.contains("Secret(…)") && !printed.contains("BotFather"),
        "{printed}"
    );
}

#[test]
fn every_setting_is_read() {
    let settings = read(&[
        ("TELEGRAM_API_ROOT", "http://localhost:8081/"),
        ("PUBLIC_URL", "https://bot.example.com/"),
        ("OWNER_IDS", " 1001, 1002 "),
        ("ALLOWED_UPDATES", "message, callback_query"),
        ("MAX_CONNECTIONS", "7"),
        ("ANSWER_IN_RESPONSE", "true"),
        ("KEEP_HOURS", "48"),
        ("LANGUAGE", "uk-UA"),
    ])
    .unwrap();
    assert_eq!(
        (settings.api_root.as_str(), settings.public_url.as_deref()),
        ("http://localhost:8081", Some("https://bot.example.com"))
    );
    assert_eq!(settings.owners.len(), 2);
    assert_eq!(settings.allowed_updates, ["message", "callback_query"]);
    assert_eq!(
        (
            settings.max_connections,
            settings.keep_hours,
            settings.answer_in_response
        ),
        (7, 48, true)
    );
    assert_eq!(
        (settings.language, settings.reach()),
        (Language::Ukrainian, Reach::Loopback)
    );
}

#[track_caller]
fn good(url: &str, reach: Reach) {
    assert_eq!(check_url(url, reach), Ok(()), "{url}");
}

#[track_caller]
fn bad(url: &str, reach: Reach, why: &str) {
    assert_eq!(check_url(url, reach).unwrap_err().to_string(), why, "{url}");
}

#[test]
fn addresses_are_good_by_telegrams_rules() {
    for url in [
        "https://onehook.example.workers.dev/webhook",
        "https://bot.example.com:8443/webhook?x=1",
        "https://bot.example.com:88/",
        "https://user:pass@bot.example.com/webhook",
        "https://8.8.8.8/webhook",
        "HTTPS://bot.example.com/webhook",
        "https://бот.укр/webhook",
    ] {
        good(url, Reach::Public);
    }
    for url in [
        "http://127.0.0.1:8787/webhook",
        "http://localhost:1/",
        "https://127.0.0.9:5/",
    ] {
        good(url, Reach::Loopback);
    }
}

#[test]
fn addresses_are_bad_by_telegrams_rules() {
    let public = Reach::Public;
    bad(
        "http://bot.example.com/webhook",
        public,
        "the address must begin with `https://`",
    );
    bad(
        "bot.example.com",
        public,
        "the address must begin with `https://`",
    );
    bad(
        "ftp://bot.example.com",
        public,
        "`ftp` is no scheme Telegram knows; use `https`",
    );
    bad(
        "https://bot.example.com:444/",
        public,
        "port 444 is not allowed; Telegram delivers to 443, 80, 88 and 8443",
    );
    bad(
        "https://bot.example.com:99999/",
        public,
        "the port is not a number",
    );
    bad("https://:443/", public, "the address has no host");
    bad(
        "https://[2001:db8::1]/",
        public,
        "Telegram delivers to IPv4 addresses only",
    );
    bad(
        "https://192.168.1.1/",
        public,
        "IP address 192.168.1.1 is reserved",
    );
    bad(
        "https://256.1.1.1/",
        public,
        "`256.1.1.1` is not an IP address",
    );
    bad(
        "https://localhost/webhook",
        public,
        "`localhost` is this machine; Telegram cannot reach it",
    );
    bad(
        "https://intranet/webhook",
        public,
        "`intranet` is not a public host name",
    );
    bad(
        "https://bot.example.com/a b",
        public,
        "the address holds spaces or control characters",
    );
    bad(
        "https://bot.example.com/#top",
        public,
        "the address must not have a `#fragment`",
    );
    bad(
        "https://b\"ot.example.com/",
        public,
        "`b\"ot.example.com` is not a host name",
    );
    bad(
        "http://127.0.0.1:8787/",
        public,
        "the address must begin with `https://`",
    );
    bad(
        "http://bot.example.com/",
        Reach::Loopback,
        "the address must begin with `https://`",
    );
    bad(
        &format!("https://bot.example.com/{}", "x".repeat(2048)),
        public,
        "the address is longer than 2048 bytes",
    );
}

#[test]
fn other_spellings_of_an_ip_address_are_no_way_around_the_rules() {
    for url in [
        "https://+8.8.8.8/",
        "https://8.8.8.8:+443/",
        "https://010.8.8.8/",
        "https://0x7f.1/",
        "https://127.0.0.1.:443/",
        "https://bot.example.0x7f000001/",
        "https://localhost./webhook",
        "https://LOCALHOST/webhook",
        "https://this.localhost/webhook",
        "https://intranet./webhook",
    ] {
        assert!(check_url(url, Reach::Public).is_err(), "{url}");
    }
    for ip in ["+8.8.8.8", "08.8.8.8", "8.8.8.+8", "0x8.8.8.8"] {
        assert!(check_ip(ip, Reach::Public).is_err(), "{ip}");
    }
    good("https://bot.example.com./webhook", Reach::Public);
    assert!(check_url("https://8.8.8.-8/", Reach::Public).is_err());
    good("https://8bot.example.com/webhook", Reach::Public);
}

#[test]
fn reserved_addresses_are_those_of_telegrams_list() {
    let reserved = [
        "0.0.0.1",
        "10.255.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
    ];
    let free = [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.20.0.1",
        "223.255.255.255",
    ];
    for address in reserved {
        assert!(check_ip(address, Reach::Public).is_err(), "{address}");
    }
    for address in free {
        assert_eq!(check_ip(address, Reach::Public), Ok(()), "{address}");
    }
    assert_eq!(check_ip("127.0.0.1", Reach::Loopback), Ok(()));
    for nonsense in ["::1", "1.2.3", "1.2.3.4.5", "a.b.c.d", ""] {
        assert!(check_ip(nonsense, Reach::Loopback).is_err(), "{nonsense}");
    }
}

#[test]
fn languages_are_found_in_tags_and_headers() {
    assert_eq!(Language::from_tag("uk-UA"), Some(Language::Ukrainian));
    assert_eq!(Language::from_tag("ukr"), None);
    assert_eq!(
        Language::from_accept_language("fr, uk;q=0.8, en;q=0.5"),
        Some(Language::Ukrainian)
    );
    assert_eq!(Language::from_accept_language("*"), None);
    let filled = Language::English.fill("{} and {}", "", &["one", "two {}"]);
    assert_eq!(filled, "one and two {}");
}
