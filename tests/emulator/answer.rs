//! What Telegram answers to a call: the envelope, its refusals, and the bytes they become (`Query.h:196-235`).

use serde_json::{Value, json};

use super::json::written;
use super::telegram::Response;

/// The answer to one call, before it becomes bytes.
pub enum Answer {
    Success(Value),
    /// Success with a description, as only setWebhook and deleteWebhook give it (`Query.cpp:105-112`).
    Described(&'static str),
    /// Success whose result is already written, as getUpdates needs it for the exact bytes of updates.
    Written(String),
    Refused(Refusal),
}

/// Telegram said no.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub code: u16,
    pub description: String,
    pub retry_after: Option<u64>,
}

impl Refusal {
    pub fn new(code: u16, description: &str) -> Self {
        let description = description.to_owned();
        Self {
            code,
            description,
            retry_after: None,
        }
    }

    /// `Bad Request: <why>`.
    pub fn bad_request(why: &str) -> Self {
        Self::new(400, &format!("Bad Request: {why}"))
    }

    /// The 429 with its header and its parameter (`Query.h:196-235`).
    pub fn too_many(seconds: u64) -> Self {
        let mut refusal = Self::new(429, &format!("Too Many Requests: retry after {seconds}"));
        refusal.retry_after = Some(seconds);
        refusal
    }
}

impl From<Result<Value, Refusal>> for Answer {
    fn from(result: Result<Value, Refusal>) -> Self {
        match result {
            Ok(value) => Self::Success(value),
            Err(refusal) => Self::Refused(refusal),
        }
    }
}

impl Answer {
    pub fn refused(code: u16, description: &str) -> Self {
        Self::Refused(Refusal::new(code, description))
    }

    pub fn response(&self) -> Response {
        match self {
            Self::Success(result) => {
                json_response(200, None, written(&json!({"ok": true, "result": result})))
            }
            Self::Described(description) => {
                let body = json!({"ok": true, "result": true, "description": description});
                json_response(200, None, written(&body))
            }
            Self::Written(result) => {
                json_response(200, None, format!("{{\"ok\":true,\"result\":{result}}}"))
            }
            Self::Refused(refusal) => refused_response(refusal),
        }
    }
}

fn refused_response(refusal: &Refusal) -> Response {
    let mut body =
        json!({"ok": false, "error_code": refusal.code, "description": refusal.description});
    if let Some(seconds) = refusal.retry_after {
        body["parameters"] = json!({"retry_after": seconds});
    }
    json_response(refusal.code, refusal.retry_after, written(&body))
}

/// The header list of `HttpConnection.cpp:66-88`; the door adds `Content-Length`.
pub fn json_response(status: u16, retry_after: Option<u64>, body: String) -> Response {
    let mut headers = vec![
        ("Connection".to_owned(), "keep-alive".to_owned()),
        ("Content-Type".to_owned(), "application/json".to_owned()),
    ];
    if let Some(seconds) = retry_after {
        headers.push(("Retry-After".to_owned(), seconds.to_string()));
    }
    headers.push(("Content-Length".to_owned(), body.len().to_string()));
    Response {
        status,
        headers,
        body: body.into_bytes(),
    }
}

/// A bare status line with an empty body, as the HTTP reader answers what it cannot parse (facts §1.2).
pub fn bare(status: u16) -> Response {
    let headers = vec![
        ("Connection".to_owned(), "close".to_owned()),
        ("Content-Length".to_owned(), "0".to_owned()),
    ];
    Response {
        status,
        headers,
        body: Vec::new(),
    }
}
