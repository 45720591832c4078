//! What somebody pastes in front of the doctor.

use serde_json::Value;

use crate::fuzzing::doors::encoded;
use crate::fuzzing::stage::{self, Stage};

/// Any text is explained, by itself alone, and a number in it counts only where it stands by itself.
pub fn doctor_error(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if text.is_empty() {
        return;
    }
    let stage = Stage::new(b"", b"");
    let mut request = stage::request("GET /admin/doctor\nauthorization: Bearer $ADMIN");
    request.query = format!("error={}", encoded(&text, true));
    let outcome = stage.visit(&request, b"");
    outcome.check(data);
    assert_eq!((outcome.status, stage.trips.get()), (200, 0));
    assert!(stage.sent.borrow().is_empty());
    let told: Value = serde_json::from_str(&outcome.body).expect("an answer in JSON");
    let text = text.to_ascii_lowercase();
    let words: Vec<&str> = text
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .collect();
    let says = |parts: &[&str], numbers: &[&str]| {
        let has_part = parts.iter().any(|part| text.contains(part));
        has_part || numbers.iter().any(|number| words.contains(number))
    };
    let meaning = told["explanation"]["error"].as_str().expect("a meaning");
    let is_right = match meaning {
        "unknown" => !says(
            &["conflict", "unauthorized", "too many requests"],
            &["409", "401", "421", "429"],
        ),
        "some_conflict" => says(&["conflict"], &["409"]),
        "bad_token" => says(&["unauthorized", "invalidtoken"], &["401", "421"]),
        "too_often" => says(&["too many requests"], &["429"]),
        _ => !meaning.is_empty(),
    };
    assert!(is_right, "{meaning}");
}
