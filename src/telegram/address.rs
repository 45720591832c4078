//! Checks a webhook's address before Telegram does, because a refused `setWebhook` leaves the bot with no webhook at all.

use crate::search::{before, holds, rsplit_once, split, split_once};

/// Telegram's delivery must fit its request head into 4096 bytes; a longer address fails without a word.
const URL_BYTES_MAX: usize = 2048;

/// The ports Telegram delivers to.
const PORTS: [u16; 4] = [443, 80, 88, 8443];

/// Reserved IPv4 blocks that Telegram refuses, as (network, prefix length), from `IPAddress.cpp:203-233` of its server.
const RESERVED: [(IpV4, u32); 14] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

/// An IPv4 address.
type IpV4 = [u8; 4];

/// Which addresses are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Telegram's rules: https, four ports, a public IPv4 address.
    Public,
    /// Anything on this machine too, for a Bot API server that runs on it.
    Loopback,
}

/// Why an address is no good. The text says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadAddress(pub String);

/// Checks an address against Telegram's rules for `setWebhook`.
pub fn check_url(url: &str, reach: Reach) -> Result<(), BadAddress> {
    if url.len() > URL_BYTES_MAX {
        return bad(format!("the address is longer than {URL_BYTES_MAX} bytes"));
    }
    if url.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return bad("the address holds spaces or control characters".to_owned());
    }
    let Some((scheme, rest)) = split_once(url, "://") else {
        return bad("the address must begin with `https://`".to_owned());
    };
    if holds(rest, "#") {
        return bad("the address must not have a `#fragment`".to_owned());
    }
    let authority = before(before(rest, "/"), "?");
    let authority = rsplit_once(authority, "@").map_or(authority, |(_, host)| host);
    let (host, port) = host_and_port(authority)?;
    let local = reach == Reach::Loopback && is_loopback(host);
    match scheme.to_ascii_lowercase().as_str() {
        "https" => {}
        "http" if local => return Ok(()),
        "http" => return bad("the address must begin with `https://`".to_owned()),
        other => {
            return bad(format!(
                "`{other}` is no scheme Telegram knows; use `https`"
            ));
        }
    }
    if local {
        return Ok(());
    }
    check_host(host)?;
    match port {
        Some(port) if !PORTS.contains(&port) => bad(format!(
            "port {port} is not allowed; Telegram delivers to 443, 80, 88 and 8443"
        )),
        _ => Ok(()),
    }
}

/// Checks a fixed IP address against Telegram's rules: IPv4, and not reserved.
pub fn check_ip(address: &str, reach: Reach) -> Result<(), BadAddress> {
    match ip_v4(address) {
        Some([127, ..]) if reach == Reach::Loopback => Ok(()),
        Some(ip) if is_reserved(ip) => bad(format!("IP address {address} is reserved")),
        Some(_) => Ok(()),
        None if holds(address, ":") => bad("Telegram delivers to IPv4 addresses only".to_owned()),
        None => bad(format!("`{address}` is not an IP address")),
    }
}

/// Whether a root such as `http://127.0.0.1:8081` is on this machine.
pub fn is_on_this_machine(root: &str) -> bool {
    let authority = split_once(root, "://").map(|(_, rest)| before(rest, "/"));
    authority
        .and_then(|authority| host_and_port(authority).ok())
        .is_some_and(|(host, _)| is_loopback(host))
}

fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), BadAddress> {
    let (host, port) = match rsplit_once(authority, ":") {
        Some((host, port)) if !holds(port, "]") => (host, Some(port)),
        _ => (authority, None),
    };
    if host.is_empty() {
        return Err(BadAddress("the address has no host".to_owned()));
    }
    let Some(port) = port else {
        return Ok((host, None));
    };
    match port.parse::<u16>() {
        Ok(number) if number > 0 && is_plain_number(port) => Ok((host, Some(number))),
        _ => Err(BadAddress("the port is not a number".to_owned())),
    }
}

fn check_host(host: &str) -> Result<(), BadAddress> {
    if host.starts_with('[') {
        return bad("Telegram delivers to IPv4 addresses only".to_owned());
    }
    if host
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return check_ip(host, Reach::Public);
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let top = rsplit_once(name, ".").map_or(name, |(_, top)| top);
    if top.eq_ignore_ascii_case("localhost") {
        return bad(format!(
            "`{host}` is this machine; Telegram cannot reach it"
        ));
    }
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') || byte >= 0x80
    };
    if host.len() > 255 || !host.bytes().all(plain) {
        return bad(format!("`{host}` is not a host name"));
    }
    // Resolvers take `0x7f.1` for an IP address, and no public name ends in a number.
    let is_name = !matches!(top.as_bytes(), [] | [b'0'..=b'9' | b'-' | b'_', ..]);
    if top == name || !is_name {
        return bad(format!("`{host}` is not a public host name"));
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || matches!(ip_v4(host), Some([127, ..]))
}

fn is_reserved(address: IpV4) -> bool {
    let address = u32::from_be_bytes(address);
    RESERVED.iter().any(|(network, prefix)| {
        let mask = u32::MAX << (32 - prefix);
        address & mask == u32::from_be_bytes(*network) & mask
    })
}

/// Four decimal numbers with dots between them.
fn ip_v4(text: &str) -> Option<IpV4> {
    let parts = split(text, ".").into_iter();
    let numbers = parts.map(|part| part.parse().ok().filter(|_| is_plain_number(part)));
    let numbers: Vec<u8> = numbers.collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// Whether a text is a decimal number without a sign and without zeros in front, which some readers take for octal.
fn is_plain_number(text: &str) -> bool {
    text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn bad(reason: String) -> Result<(), BadAddress> {
    Err(BadAddress(reason))
}
