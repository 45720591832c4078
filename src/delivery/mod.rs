//! The delivery machine: pure functions that say what becomes of an update and of each planned call.

pub mod inbox;
pub mod outbox;

/// How long a claim lasts on the database's clock, in milliseconds. The statements say it as well.
pub const LEASE_MS: u32 = 60_000;

/// After how many milliseconds Telegram gets its answer although the work goes on.
pub const SOFT_DEADLINE_MS: u32 = 8_000;

/// After how many milliseconds no row is claimed and no call begun any more, so that what was begun ends before [`HARD_STOP_MS`].
pub const LAST_START_MS: u32 = 14_000;

/// After how many milliseconds work on an update is dropped. Workers allow 30 s after the answer.
pub const HARD_STOP_MS: u32 = 25_000;

/// How long one call may take, in milliseconds. Below the hard stop of a visit, so that its outcome can still be written down.
pub const CALL_TIMEOUT_MS: u32 = 10_000;

/// The slowest trip to the database that a lease must outlive, in milliseconds: D1's own limit for a query.
const SLOWEST_TRIP_MS: u32 = 30_000;

/// How often a handler is started for one update, and a repeatable call is made, before it is given up.
pub const ATTEMPTS_MAX: i64 = 5;

/// For how long an update holds its lane, in milliseconds, all its waits together. Then it lets the lane go on.
pub const LANE_HELD_MAX_MS: i64 = 120_000;

/// The same for a pressed button, whose person is looking at it.
pub const BUTTON_HELD_MAX_MS: i64 = 30_000;

/// How long after the first attempt calls are still made, in milliseconds.
pub const CALLS_USEFUL_MS: i64 = 24 * 3600 * 1000;

// A lease that ends while its holder is still at work would let two work on one update. Values that allow it do not compile.
const _: () = assert!(SOFT_DEADLINE_MS < LAST_START_MS);
const _: () = assert!(LAST_START_MS + CALL_TIMEOUT_MS < HARD_STOP_MS);
const _: () = assert!(HARD_STOP_MS + SLOWEST_TRIP_MS < LEASE_MS);

/// How long to wait after the `tries`-th failure, in milliseconds, a fifth more or less by `salt` so that what failed together
/// does not come back together.
pub fn backoff_ms(tries: i64, salt: i64) -> i64 {
    let wait_ms = match tries {
        ..=1 => 5_000,
        2 => 30_000,
        3 => 60_000,
        _ => 120_000,
    };
    wait_ms * (80 + salt.rem_euclid(41)) / 100
}
