//! The parameters of a method as Telegram reads them: from the query, a form of either kind or JSON, and never refused.

use crate::json::{Fields, text_in};
use crate::request::{Body, BodyError, Request, parameter_in, readable};
use crate::search::{before, holds, split_once};

/// The largest body that is read, in bytes. The parameters of `getUpdates` need a hundredth of it.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The parameters of one request.
#[derive(Debug, Default)]
pub struct Parameters {
    query: String,
    body: String,
    content_type: String,
}

impl Parameters {
    /// Reads the body of a request.
    pub async fn read(request: &Request, body: impl Body) -> Result<Self, BodyError> {
        let body = match &*request.method {
            "POST" => body.read(BODY_BYTES_MAX).await?,
            _ => Vec::new(),
        };
        Ok(Self {
            query: request.query.clone(),
            body: readable(body),
            content_type: request
                .header("content-type")
                .unwrap_or_default()
                .to_ascii_lowercase(),
        })
    }

    /// A parameter's text: of the query first. A value of JSON that is no text stays JSON (`HttpReader.cpp:595`).
    pub fn text(&self, name: &str) -> Option<String> {
        parameter_in(&self.query, name).or_else(|| {
            if holds(&self.content_type, "multipart") {
                return part_in(&self.body, name);
            }
            if !holds(&self.content_type, "json") {
                return parameter_in(&self.body, name);
            }
            let fields = Fields::of(&self.body).ok()?;
            let value = fields.raw(name)?;
            text_in(value).or_else(|| Some(value.to_owned()))
        })
    }

    /// A whole number: a minus sign and the digits that follow; whatever else is there is 0 (`Client.cpp:12360`).
    pub fn integer(&self, name: &str) -> Option<i64> {
        let text = self.text(name)?;
        let digits = text.strip_prefix('-');
        let number = digits
            .unwrap_or(&text)
            .bytes()
            .map_while(|byte| char::from(byte).to_digit(10))
            .fold(0_i64, |number, digit| {
                number.saturating_mul(10).saturating_add(i64::from(digit))
            });
        Some(if digits.is_some() { -number } else { number })
    }
}

/// A part of a form of several parts, where it holds text of one line.
fn part_in(form: &str, name: &str) -> Option<String> {
    let (_, part) = split_once(form, &["name=\"", name, "\""].concat())?;
    let (_, value) = split_once(part, "\r\n\r\n")?;
    Some(before(value, "\r\n").to_owned()).filter(|value| !value.is_empty())
}
