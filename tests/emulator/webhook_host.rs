//! The URL of a webhook and the address of its host (`HttpUrl.cpp:47-190`, `WebhookActor.cpp:85-131`, `IPAddress.cpp:203-233`).

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use super::telegram::Lookup;

/// How long the server remembers a lookup (`GetHostByNameActor.h:29-35`).
const REMEMBERED_MS: u64 = 29 * 60_000;
const FAILURE_REMEMBERED_MS: u64 = 5 * 60_000;
/// The address of every host that the options do not mention.
const SOME_PUBLIC_ADDRESS: &str = "104.16.132.229";

/// Reserved blocks as address and prefix length (facts §4.4).
const RESERVED: &[([u8; 4], u32)] = &[
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

/// A webhook URL taken apart.
pub struct WebhookHost {
    pub secure: bool,
    pub user: Option<String>,
    pub name: String,
    pub port: u16,
    pub path: String,
}

impl WebhookHost {
    /// The scheme is https if none is given; a `#fragment` is not stripped (facts §4.2).
    pub fn read(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        let secure = match scheme.to_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user.to_owned()), host),
            None => (None, authority),
        };
        let (name, port) = match host.rsplit_once(':').filter(|_| !host.ends_with(']')) {
            Some((name, port)) => (name, port.parse().ok().filter(|port| *port > 0)?),
            None => (host, if secure { 443 } else { 80 }),
        };
        let is_allowed = |byte: u8| {
            byte.is_ascii_alphanumeric() || b"-._~%[]:!$&'()*+,;=".contains(&byte) || byte >= 0x80
        };
        if name.is_empty() || !name.bytes().all(is_allowed) {
            return None;
        }
        Some(Self {
            secure,
            user,
            name: name.to_lowercase(),
            port,
            path: encoded_path(path),
        })
    }

    /// Names the port only if it is not the scheme's own (since Bot API 9.3).
    pub fn host_header(&self) -> String {
        let own_port = if self.secure { 443 } else { 80 };
        if self.port == own_port {
            self.name.clone()
        } else {
            format!("{}:{}", self.name, self.port)
        }
    }

    pub fn check_scheme_and_port(&self) -> Result<(), String> {
        if !self.secure {
            return Err("An HTTPS URL must be provided for webhook".to_owned());
        }
        if !matches!(self.port, 80 | 88 | 443 | 8443) {
            return Err("Webhook can be set up only on ports 80, 88, 443 or 8443".to_owned());
        }
        Ok(())
    }
}

/// A path starts with `/`; bytes up to the space are percent-encoded.
fn encoded_path(path: &str) -> String {
    let mut encoded = String::new();
    if !path.starts_with('/') {
        encoded.push('/');
    }
    for character in path.chars() {
        if character <= ' ' {
            write!(encoded, "%{:02X}", u32::from(character))
                .expect("writing to a string cannot fail");
        } else {
            encoded.push(character);
        }
    }
    encoded
}

/// IPv6 is refused always, reserved addresses when the server is strict.
pub fn check_address(ip: &str, strict: bool) -> Result<(), String> {
    match ip.parse() {
        Ok(IpAddr::V6(_)) => Err("IPv6-only addresses are not allowed".to_owned()),
        Ok(IpAddr::V4(address)) if strict && is_reserved(address) => {
            Err(format!("IP address {ip} is reserved"))
        }
        _ => Ok(()),
    }
}

fn is_reserved(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    let matches = |(block, prefix): &([u8; 4], u32)| {
        (bits ^ u32::from(Ipv4Addr::from(*block))) >> (32 - prefix) == 0
    };
    RESERVED.iter().any(matches)
}

/// Looks up host names as the options say, with the server's cache in front.
pub struct Lookups {
    planned: BTreeMap<String, Lookup>,
    remembered: HashMap<String, Remembered>,
}

struct Remembered {
    known_at: u64,
    until: u64,
    answer: Result<String, String>,
}

impl Lookups {
    pub fn new(planned: BTreeMap<String, Lookup>) -> Self {
        let remembered = HashMap::new();
        Self {
            planned,
            remembered,
        }
    }

    /// Changes what a lookup will find; what is remembered stays remembered.
    pub fn plan(&mut self, host: &str, lookup: Lookup) {
        self.planned.insert(host.to_owned(), lookup);
    }

    pub fn find(&mut self, now: u64, host: &str) -> Lookup {
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            let answer = Ok(address.to_string());
            return Lookup {
                after_ms: 0,
                answer,
            };
        }
        if let Some(remembered) = self
            .remembered
            .get(host)
            .filter(|remembered| now < remembered.until)
        {
            let after_ms = remembered.known_at.saturating_sub(now);
            let answer = remembered.answer.clone();
            return Lookup { after_ms, answer };
        }
        let lookup = self.fresh(host);
        let known_at = now + lookup.after_ms;
        let kept = if lookup.answer.is_ok() {
            REMEMBERED_MS
        } else {
            FAILURE_REMEMBERED_MS
        };
        let remembered = Remembered {
            known_at,
            until: known_at + kept,
            answer: lookup.answer.clone(),
        };
        self.remembered.insert(host.to_owned(), remembered);
        lookup
    }

    fn fresh(&self, host: &str) -> Lookup {
        let address = if host == "localhost" {
            "127.0.0.1"
        } else {
            SOME_PUBLIC_ADDRESS
        };
        let planned = self.planned.get(host).cloned();
        let mut lookup = planned.unwrap_or_else(|| Lookup {
            after_ms: 0,
            answer: Ok(address.to_owned()),
        });
        lookup.answer = lookup
            .answer
            .map_err(|text| format!("Failed to resolve host: {text}"));
        lookup
    }
}
