//! When the guard restores the webhook and when it holds back: somebody who takes it again and again is not beaten by being as fast.

/// How many restores follow each other without a pause.
const FREE_RESTORES: i64 = 3;

/// After so long without a restore there is peace again, in milliseconds, or after twice the last pause if that is longer.
const PEACE_AFTER_MS: i64 = 10 * MINUTE_MS;

/// The longest pause, in milliseconds.
const PAUSE_MAX_MS: i64 = 60 * MINUTE_MS;

const MINUTE_MS: i64 = 60 * 1000;

/// What the guard does about a webhook that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// It restores it, for the so-manieth time in this war.
    Restore(i64),
    /// It waits so many milliseconds.
    HoldBack(i64),
}

/// Decides, after `restores` of which the last was `since_ms` ago: three at once, then pauses of 1, 2, 4 … 60 minutes.
pub fn next(restores: i64, since_ms: i64) -> Move {
    let pause_ms = pause_ms(restores);
    if since_ms >= PEACE_AFTER_MS.max(2 * pause_ms) {
        Move::Restore(1)
    } else if since_ms >= pause_ms {
        Move::Restore(restores.saturating_add(1))
    } else {
        Move::HoldBack(pause_ms - since_ms)
    }
}

/// How long the guard waits after so many restores, in milliseconds.
fn pause_ms(restores: i64) -> i64 {
    match restores - FREE_RESTORES {
        ..0 => 0,
        doublings => PAUSE_MAX_MS.min(MINUTE_MS << doublings.min(6)),
    }
}
