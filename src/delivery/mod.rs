//! The delivery machine: pure functions that say what becomes of an update and of each planned call.

pub mod inbox;
pub mod outbox;

/// How long a claim lasts on the database's clock, in milliseconds. Longer than [`HARD_STOP_MS`] and a slow database call together.
pub const LEASE_MS: i64 = 60_000;

/// After how many milliseconds Telegram gets its answer although the work goes on.
pub const SOFT_DEADLINE_MS: u32 = 8_000;

/// After how many milliseconds work on an update is dropped. Workers allow 30 s after the answer.
pub const HARD_STOP_MS: u32 = 25_000;

/// How often a handler is started for one update, and a repeatable call is made, before it is given up.
pub const ATTEMPTS_MAX: i64 = 5;

/// The longest wait that holds a lane, in milliseconds. Whoever waits longer lets the lane go on.
pub const LANE_HELD_MAX_MS: i64 = 120_000;

const _: () = assert!(LEASE_MS > HARD_STOP_MS as i64 && HARD_STOP_MS > SOFT_DEADLINE_MS);

/// How long to wait after the `tries`-th ambiguous outcome, in milliseconds.
pub fn backoff_ms(tries: i64) -> i64 {
    match tries {
        ..=1 => 5_000,
        2 => 30_000,
        3 => 60_000,
        _ => 120_000,
    }
}
