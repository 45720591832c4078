//! Secrets: kept from every log and message, compared without telling how much of them was right.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A SHA-256 digest.
pub type Sha256Digest = [u8; 32];

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Locks a text away.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// 256 random bits in hexadecimal: 64 characters of Telegram's alphabet for secrets (`A-Z a-z 0-9 _ -`, at most 256).
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex(&bytes)))
    }

    /// The text itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The secret's digest, for [`matches`].
    pub fn digest(&self) -> Sha256Digest {
        sha256(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Whether `presented` is one of the accepted secrets. Takes equally long whichever it is, and whether it is one or not.
pub fn matches(presented: &str, accepted: &[Sha256Digest]) -> bool {
    let presented = sha256(presented.as_bytes());
    let mut found = subtle::Choice::from(0);
    for digest in accepted {
        found |= digest.ct_eq(&presented);
    }
    found.into()
}

/// The SHA-256 digest of some bytes.
pub fn sha256(bytes: &[u8]) -> Sha256Digest {
    Sha256::digest(bytes).into()
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
    text
}
