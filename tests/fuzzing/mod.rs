//! What libFuzzer drives: one function for each place where bytes from outside are read. `fuzz/` includes this folder, and
//! `tests/corpora.rs` replays what was found.

pub mod choices;
pub mod doctor;
pub mod doors;
pub mod feeds;
pub mod json;
pub mod stage;
pub mod stored;
pub mod telegram;
pub mod updates;
pub mod witness;

/// A function with its name, which is that of its corpus too.
type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 17] = [
    ("admin_wish", doors::admin_wish),
    ("doctor_error", doctor::doctor_error),
    ("feed_request", feeds::feed_request),
    ("feed_wish", feeds::feed_wish),
    ("outbox_row", stored::outbox_row),
    ("query", doors::query),
    ("refusal", telegram::refusal),
    ("router", doors::router),
    ("secret_header", doors::secret_header),
    ("session_document", stored::session_document),
    ("settings", choices::settings),
    ("telegram_answer", telegram::telegram_answer),
    ("typed_json", json::typed_json),
    ("update_envelope", updates::update_envelope),
    ("update_in_full", updates::update_in_full),
    ("webhook_address", choices::webhook_address),
    ("webhook_info", telegram::webhook_info),
];
