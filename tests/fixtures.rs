//! The bodies under `tests/fixtures/`, with their file names.

use std::fs;
use std::path::PathBuf;

/// One update of every kind, and more of the common ones.
pub fn updates() -> Vec<(String, Vec<u8>)> {
    bodies("updates")
}

/// Bodies that are no updates.
pub fn unusable() -> Vec<(String, Vec<u8>)> {
    bodies("unusable")
}

/// A body whose dates are `now`, in seconds: what is older than a day is not answered.
pub fn sent_at(body: &[u8], now: u64) -> Vec<u8> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let mut pieces = text.split("\"date\":");
    let mut sent = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let rest = piece
            .trim_start()
            .trim_start_matches(|digit: char| digit.is_ascii_digit());
        sent.extend(["\"date\":", &now.to_string(), rest]);
    }
    sent.into_bytes()
}

fn bodies(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder);
    let mut bodies: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                fs::read(path).unwrap(),
            )
        })
        .collect();
    bodies.sort();
    bodies
}
