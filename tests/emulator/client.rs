//! A bare HTTP client for tests that talk to the emulator's HTTP door.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::http;
use super::server::Running;
use super::telegram::Request;

/// Sends a request on a connection of its own and reads the JSON of the answer.
pub fn ask(running: &Running, mut request: Request) -> Value {
    request
        .headers
        .push(("Content-Length".to_owned(), request.body.len().to_string()));
    request
        .headers
        .push(("Connection".to_owned(), "close".to_owned()));
    let mut bytes = Vec::new();
    http::write_request(&mut bytes, &request).unwrap();
    let answer = exchange(running, &bytes);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Sends bytes on a connection of their own and reads what comes back until the end.
pub fn exchange(running: &Running, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(running.url.strip_prefix("http://").unwrap()).unwrap();
    connection.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

/// Looks again and again until something is so.
pub fn wait_until(what: &str, longest: Duration, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < longest, "waited too long: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
