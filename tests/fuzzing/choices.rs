//! What the operator chooses: settings, and addresses for the webhook.

use std::net::Ipv4Addr;

use onehook::language::Language;
use onehook::phrases::{Phrases, Voice};
use onehook::settings::Settings;
use onehook::telegram::address::{Reach, check_ip, check_url, is_on_this_machine};

/// Every variable that is read.
pub const VARIABLES: [&str; 11] = [
    "TELEGRAM_BOT_TOKEN",
    "ADMIN_TOKEN",
    "ALERT_URL",
    "TELEGRAM_API_ROOT",
    "PUBLIC_URL",
    "OWNER_IDS",
    "ALLOWED_UPDATES",
    "MAX_CONNECTIONS",
    "ANSWER_IN_RESPONSE",
    "KEEP_HOURS",
    "LANGUAGE",
];

/// Lines of `NAME=value`: either all is well, or each complaint names a variable and says what to do.
pub fn settings(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lookup = |name: &str| {
        let mut pairs = text.lines().filter_map(|line| line.split_once('='));
        let found = pairs.find(|(variable, _)| *variable == name);
        let good = match name {
            "TELEGRAM_BOT_TOKEN" => Some("4242:AAF_a-token-as-BotFather-makes-them"),
            "ADMIN_TOKEN" => Some("0123456789abcdef0123456789abcdef"),
            _ => None,
        };
        found.map(|(_, value)| value).or(good).map(str::to_owned)
    };
    let phrases: Phrases = |_, _| Some("`{}` cannot be used\n{}\nremedy".to_owned());
    let voice = Voice::new(Language::English, phrases);
    match Settings::read(lookup, voice) {
        Ok(settings) => check_settings(&settings),
        Err(complaints) => {
            assert!(!complaints.is_empty());
            for complaint in complaints {
                let [what, _, remedy] = complaint.parts();
                let name = what.split('`').nth(1).unwrap_or_default();
                assert!(VARIABLES.contains(&name), "{what}");
                assert!(remedy.starts_with(|letter: char| letter.is_ascii_lowercase()));
                let is_secret = name.ends_with("_TOKEN") || name == "ALERT_URL";
                let secret = lookup(name).filter(|_| is_secret).unwrap_or_default();
                let secret = secret.trim();
                assert!(
                    secret.len() <= 64 || !complaint.lines().contains(secret),
                    "a secret shows"
                );
            }
        }
    }
}

/// What holds for settings without complaints.
pub fn check_settings(settings: &Settings) {
    assert!((1..1 << 53).contains(&settings.bot.0));
    let number = settings.bot.to_string();
    assert!(settings.token.expose().starts_with(&(number + ":")));
    for root in [Some(&settings.api_root), settings.public_url.as_ref()]
        .into_iter()
        .flatten()
    {
        assert!(root.starts_with("https://") || is_on_this_machine(root));
        assert!(!root.ends_with('/'));
    }
    assert!(settings.owners.iter().all(|owner| owner.0 > 0));
    assert!((1..=100).contains(&settings.max_connections));
    // Longer than Telegram repeats an update, shorter than the week after which its numbers may restart.
    assert!((25..168).contains(&settings.keep_hours));
    let plain = |kind: &String| {
        let letters = kind
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        letters && (1..=64).contains(&kind.len())
    };
    assert!(settings.allowed_updates.iter().all(plain));
}

/// No address makes the check panic, and one it takes is one that Telegram can deliver to.
pub fn webhook_address(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let public = check_url(&text, Reach::Public);
    if public.is_ok() {
        assert!(is_deliverable(&text), "Telegram cannot deliver there");
        assert_eq!(check_url(&text, Reach::Loopback), Ok(()));
    }
    if check_url(&text, Reach::Loopback).is_ok() && public.is_err() {
        assert!(text.to_ascii_lowercase().starts_with("http"));
    }
    let ip = text.parse::<Ipv4Addr>().ok();
    assert_eq!(
        check_ip(&text, Reach::Public).is_ok(),
        ip.is_some_and(is_public)
    );
    let is_loopback = ip.is_some_and(|ip| ip.is_loopback());
    assert_eq!(
        check_ip(&text, Reach::Loopback).is_ok(),
        is_loopback || ip.is_some_and(is_public)
    );
    if is_on_this_machine(&text) {
        let places = ["localhost", "[::1]", "127."];
        let (_, rest) = text.split_once("://").expect("a scheme");
        assert!(places.iter().any(|place| rest.starts_with(place)));
    }
}

/// Whether Telegram can deliver to an address, read by hand: https, one of four ports, a public host.
pub fn is_deliverable(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let authority = authority.split('@').next_back().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let host = host.trim_end_matches('.').to_lowercase();
    let is_plain = url
        .bytes()
        .all(|byte| byte > b' ' && byte != 0x7f && byte != b'#');
    let is_named = || {
        let top = host.rsplit('.').next().unwrap_or_default();
        host.contains('.')
            && top != "localhost"
            && !top.starts_with(|letter: char| letter.is_ascii_digit() || "-_".contains(letter))
    };
    is_plain
        && url.len() <= 2048
        && scheme.eq_ignore_ascii_case("https")
        && ["443", "80", "88", "8443"].contains(&port.trim_start_matches('0'))
        && host
            .parse::<Ipv4Addr>()
            .map_or_else(|_| is_named(), is_public)
}

/// Whether an address is not one of the blocks that Telegram refuses.
fn is_public(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_reserved = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99);
    !is_reserved
}
