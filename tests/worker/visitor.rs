//! Whoever knocks at the worker over HTTP: Telegram, the operator, a stranger.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::running::Worker;
use crate::emulator::http;
use crate::emulator::telegram::header;

/// Longer than the worker ever takes.
const ANSWER_MAX: Duration = Duration::from_mins(1);

/// What the worker answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> &str {
        header(&self.headers, name).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(super) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Worker {
    /// Sends a request on a connection of its own, such as `GET /health`.
    pub(super) fn send(&self, what: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let length = body.len().to_string();
        let mut headers = headers.to_vec();
        headers.push(("Content-Length", &length));
        self.exchange(what, &headers, body)
    }

    pub(super) fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path}"), &[], b"")
    }

    /// Asks as the operator.
    pub(super) fn ask(&self, what: &str, body: &str) -> Reply {
        self.ask_with(what, &[], body)
    }

    pub(super) fn ask_with(&self, what: &str, more: &[(&str, &str)], body: &str) -> Reply {
        let token = format!("Bearer {}", self.admin_token);
        let mut headers = vec![("Authorization", token.as_str())];
        headers.extend(more);
        self.send(what, &headers, body.as_bytes())
    }

    /// Brings an update as Telegram does.
    pub(super) fn deliver(&self, secret: &str, body: &[u8]) -> Reply {
        let headers = [
            ("X-Telegram-Bot-Api-Secret-Token", secret),
            ("Content-Type", "application/json"),
        ];
        self.send("POST /webhook", &headers, body)
    }

    /// Lets the cron run, which no one does on this machine.
    pub(super) fn tick(&self) {
        assert_eq!(self.get("/cdn-cgi/handler/scheduled").status, 200);
    }

    /// Sends the headers and the bytes as they are, and reads one answer.
    pub(super) fn exchange(&self, what: &str, headers: &[(&str, &str)], bytes: &[u8]) -> Reply {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        connection.set_read_timeout(Some(ANSWER_MAX)).unwrap();
        let mut start = format!("{what} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers.iter().chain(&[("Connection", "close")]) {
            start.extend([name, ": ", value, "\r\n"]);
        }
        start.push_str("\r\n");
        // Whoever is refused early may find the door closed while still talking.
        let _ = connection.write_all(&[start.as_bytes(), bytes].concat());
        let mut reader = BufReader::new(&connection);
        let answer = http::read_head(&mut reader).unwrap_or_else(|error| panic!("{what}: {error}"));
        let answer = answer.unwrap_or_else(|| panic!("{what} got no answer"));
        let body = if what.starts_with("HEAD ") {
            Vec::new()
        } else {
            http::read_body(&mut reader, &answer.headers).unwrap()
        };
        let status = answer.first_line.split(' ').nth(1).unwrap();
        let reply = Reply {
            status: status.parse().unwrap(),
            headers: answer.headers,
            body,
        };
        let heard = format!(
            "{what}: {:?} {}",
            reply.headers,
            String::from_utf8_lossy(&reply.body)
        );
        self.heard.lock().unwrap().push(heard);
        reply
    }
}
