//! Carries one update over HTTP to a webhook on this machine and says what came of it (`WebhookActor.cpp:592-689`).

use std::io::{self, BufReader, ErrorKind, Read};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use flate2::read::{DeflateDecoder, GzDecoder};

use super::http;
use super::telegram::{Delivered, Request, Response, header};
use super::webhook_host::WebhookHost;

/// From the end of the request to the end of the whole response (facts §6.2).
const TIMEOUT: Duration = Duration::from_mins(1);

pub fn deliver(url: &str, request: &Request) -> Delivered {
    let stream = match connected(url) {
        Ok(stream) => stream,
        Err(text) => return Delivered::Failed(text),
    };
    match exchange(&stream, request) {
        Ok(Some(response)) => Delivered::Answered(response),
        Ok(None) => Delivered::Closed,
        Err(error) => lost(&error),
    }
}

/// Opens a connection, to this machine only: a pretend Telegram has no business elsewhere.
fn connected(url: &str) -> Result<TcpStream, String> {
    let host = WebhookHost::read(url).ok_or("Bad Request: wrong URL")?;
    if host.secure {
        return Err("SSL error {the emulator speaks no TLS, use an http:// webhook}".to_owned());
    }
    let addresses = (host.name.as_str(), host.port)
        .to_socket_addrs()
        .map_err(|error| text_of(&error))?;
    let local: Vec<SocketAddr> = addresses
        .filter(|address| address.ip().is_loopback())
        .collect();
    if local.is_empty() {
        return Err("Network is unreachable".to_owned());
    }
    TcpStream::connect(local.as_slice()).map_err(|error| text_of(&error))
}

/// Nothing if the peer closed the connection without a whole answer.
fn exchange(stream: &TcpStream, request: &Request) -> io::Result<Option<Response>> {
    let mut writer = stream;
    stream.set_write_timeout(Some(TIMEOUT))?;
    http::write_request(&mut writer, request)?;
    let deadline = Instant::now() + TIMEOUT;
    let mut reader = BufReader::new(UntilDeadline { stream, deadline });
    let Some(head) = http::read_head(&mut reader)? else {
        return Ok(None);
    };
    let status = status_of(&head.first_line).ok_or(ErrorKind::InvalidData)?;
    let body = match status {
        204 | 304 => Vec::new(),
        _ => http::read_body(&mut reader, &head.headers)?,
    };
    let body = decoded(
        header(&head.headers, "content-encoding").unwrap_or(""),
        body,
    )?;
    let headers = head.headers;
    Ok(Some(Response {
        status,
        headers,
        body,
    }))
}

fn status_of(first_line: &str) -> Option<u16> {
    let rest = first_line.strip_prefix("HTTP/1.")?;
    rest.split(' ').nth(1)?.parse().ok()
}

fn decoded(encoding: &str, body: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut decoded = Vec::new();
    match encoding {
        "gzip" => GzDecoder::new(body.as_slice()).read_to_end(&mut decoded)?,
        "deflate" => DeflateDecoder::new(body.as_slice()).read_to_end(&mut decoded)?,
        "" | "identity" => return Ok(body),
        _ => return Err(io::Error::new(ErrorKind::Unsupported, "encoding")),
    };
    Ok(decoded)
}

fn lost(error: &io::Error) -> Delivered {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Delivered::TimedOut,
        ErrorKind::UnexpectedEof => Delivered::Closed,
        ErrorKind::InvalidData => Delivered::Failed("Not Implemented".to_owned()),
        ErrorKind::Unsupported => {
            Delivered::Failed("Unsupported Media Type: unsupported content-encoding".to_owned())
        }
        _ => Delivered::Failed(text_of(error)),
    }
}

/// The system's own text, without Rust's number behind it.
fn text_of(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// A stream whose reads all together end by one moment.
struct UntilDeadline<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
}

impl Read for UntilDeadline<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}
