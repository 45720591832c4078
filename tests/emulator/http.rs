//! The little of HTTP/1.1 that the emulator's door needs: messages with a length or in chunks.

use std::io::{self, BufRead, Read, Write};

use super::telegram::{Request, Response, header};

/// A message before its body.
pub struct Head {
    pub first_line: String,
    pub headers: Vec<(String, String)>,
}

/// Reads the first line and the headers; nothing if the peer has closed before it said anything.
pub fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let Some(first_line) = read_line(reader)? else {
        return Ok(None);
    };
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if line.is_empty() {
            return Ok(Some(Head {
                first_line,
                headers,
            }));
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
}

/// Reads a body; without a length and without chunks there is none.
pub fn read_body(reader: &mut impl BufRead, headers: &[(String, String)]) -> io::Result<Vec<u8>> {
    let encoding = header(headers, "transfer-encoding").unwrap_or("");
    if encoding.eq_ignore_ascii_case("chunked") {
        return read_chunks(reader);
    }
    let length = header(headers, "content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let size = line.split(';').next().unwrap_or("").trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
        if size == 0 {
            while read_line(reader)?.is_some_and(|trailer| !trailer.is_empty()) {}
            return Ok(body);
        }
        let read = reader.take(size).read_to_end(&mut body)?;
        if u64::try_from(read) != Ok(size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read_line(reader)?;
    }
}

/// One line without its end, or nothing at the end of the stream.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

pub fn write_request(writer: &mut impl Write, request: &Request) -> io::Result<()> {
    let first_line = format!("{} {} HTTP/1.1", request.method, request.path);
    writer.write_all(&message(&first_line, &request.headers, &request.body))?;
    writer.flush()
}

/// Writes a response, or only the first `send` bytes of its body.
pub fn write_response(writer: &mut impl Write, response: &Response, send: usize) -> io::Result<()> {
    let first_line = format!("HTTP/1.1 {} {}", response.status, reason(response.status));
    let body = &response.body[..send.min(response.body.len())];
    writer.write_all(&message(&first_line, &response.headers, body))?;
    writer.flush()
}

fn message(first_line: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let lines = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let head = format!("{first_line}\r\n{}\r\n", lines.collect::<String>());
    [head.as_bytes(), body].concat()
}

/// The reason phrases that servers send; Telegram repeats what it reads.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Payload Too Large",
        415 => "Unsupported Media Type",
        421 => "Misdirected Request",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
