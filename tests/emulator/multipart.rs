//! Reads a `multipart/form-data` body into arguments and uploaded files.

use super::arguments::Arguments;

/// Longer boundaries are refused (facts §1.2).
const BOUNDARY_BYTES_MAX: usize = 70;
const FILES_MAX: usize = 50;

pub fn boundary(content_type: &str) -> Option<String> {
    if !content_type.contains("multipart/form-data") {
        return None;
    }
    let (_, rest) = content_type.split_once("boundary=")?;
    let boundary = rest.split(';').next().unwrap_or(rest);
    Some(boundary.trim().trim_matches('"').to_owned())
}

/// The error is the status of a bare answer.
pub fn read(boundary: &str, body: &[u8], arguments: &mut Arguments) -> Result<(), u16> {
    if boundary.is_empty() || boundary.len() > BOUNDARY_BYTES_MAX {
        return Err(400);
    }
    let delimiter = format!("--{boundary}");
    let Some(first) = find(body, delimiter.as_bytes()) else {
        return Err(400);
    };
    let mut rest = &body[first + delimiter.len()..];
    let delimiter = format!("\r\n--{boundary}");
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let Some(end) = find(part, delimiter.as_bytes()) else {
            return Err(400);
        };
        read_part(&part[..end], arguments);
        rest = &part[end + delimiter.len()..];
    }
    if arguments.uploads.len() > FILES_MAX {
        return Err(413);
    }
    Ok(())
}

fn read_part(part: &[u8], arguments: &mut Arguments) {
    let Some(end) = find(part, b"\r\n\r\n") else {
        return;
    };
    let head = String::from_utf8_lossy(&part[..end]);
    let content = &part[end + 4..];
    let Some(name) = parameter(&head, "name") else {
        return;
    };
    match parameter(&head, "filename") {
        Some(file_name) => arguments.add_upload(&name, &file_name, content),
        None => arguments.add_text(&name, &String::from_utf8_lossy(content)),
    }
}

/// The value of `name="…"` in the Content-Disposition line.
fn parameter(head: &str, name: &str) -> Option<String> {
    let line = head
        .lines()
        .find(|line| line.to_lowercase().starts_with("content-disposition:"))?;
    let mut fields = line.split(';').map(str::trim);
    let value = fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_owned())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
