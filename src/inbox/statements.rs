//! Every SQL statement, by name. Each that changes a claimed row carries the fence of the claim.
//!
//! The columns of an answer are read by place, in `mod.rs` and `webhook.rs`. All times are milliseconds on the database's clock, because the
//! clocks of isolates differ and leases must not depend on them.

/// Now, on the database's clock.
macro_rules! now {
    () => {
        "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    };
}

/// What a claim sets. A row whose plan is committed stays `done`: only its calls are left, and no handler runs.
macro_rules! claim {
    () => {
        concat!(
            "UPDATE inbox SET state = iif(state = 'done', 'done', 'leased'), attempts = attempts + (state <> 'done'), ",
            "fence = fence + 1, lease_until = ",
            now!(),
            " + 60000 "
        )
    };
}

/// Which open rows may be claimed: nobody is at them, they are due, and they are at the head of their lane (or left it).
macro_rules! claimable {
    () => {
        concat!(
            "open > 0 AND lease_until <= ",
            now!(),
            " AND not_before <= ",
            now!(),
            " AND (open = 2 OR NOT EXISTS (SELECT 1 FROM inbox AS earlier WHERE earlier.open > 0 AND earlier.open = 1",
            " AND earlier.bot = inbox.bot AND earlier.lane = inbox.lane AND earlier.seq < inbox.seq))"
        )
    };
}

/// What a claim answers.
macro_rules! claimed {
    () => {
        concat!(
            " RETURNING seq, lane, state, attempts, fence, useful_until > ",
            now!(),
            " AS is_useful, plan, body"
        )
    };
}

/// What the admin sees of an update, without its body.
macro_rules! listed {
    () => {
        "seq, update_id, kind, lane, chat_id, state, attempts, received_at, error"
    };
}

/// Keeps an update, and leases it at once where its lane is free. No row: it is here already.
///
/// ?1 bot, ?2 `update_id`, ?3 sha256, ?4 kind, ?5 lane, ?6 `chat_id`, ?7 for how many milliseconds it is useful, ?8 body
pub const RECORD: &str = concat!(
    "INSERT INTO inbox (bot, update_id, sha256, kind, lane, chat_id, state, open, attempts, fence, ",
    "received_at, useful_until, lease_until, body) ",
    "SELECT ?1, ?2, ?3, ?4, ?5, ?6, iif(busy, 'stored', 'leased'), 1, NOT busy, NOT busy, ",
    "now, now + ?7, iif(busy, 0, now + 60000), ?8 FROM (SELECT ",
    now!(),
    " AS now, EXISTS (SELECT 1 FROM inbox WHERE open > 0 AND open = 1 AND bot = ?1 AND lane = ?5) AS busy) WHERE true ",
    "ON CONFLICT (bot, update_id, sha256) DO NOTHING ",
    "RETURNING seq, fence, state"
);

/// Keeps a body that is no update, under a number of its own.
///
/// ?1 bot, ?2 sha256, ?3 why, ?4 body
pub const QUARANTINE: &str = concat!(
    "INSERT INTO inbox (bot, update_id, sha256, kind, lane, state, open, attempts, fence, received_at, useful_until, ",
    "lease_until, error, body) SELECT ?1, -coalesce(max(seq), 0) - 1, ?2, 'unusable', 'quarantine', 'quarantined', ",
    "0, 0, 0, ",
    now!(),
    ", 0, 0, ?3, ?4 FROM inbox RETURNING update_id"
);

/// Claims a certain update. ?1 bot, ?2 `update_id`, ?3 sha256
pub const CLAIM_UPDATE: &str = concat!(
    claim!(),
    "WHERE bot = ?1 AND update_id = ?2 AND sha256 = ?3 AND ",
    claimable!(),
    claimed!()
);

/// Claims the head of a lane. ?1 bot, ?2 lane
pub const CLAIM_LANE: &str = concat!(
    claim!(),
    "WHERE seq = (SELECT seq FROM inbox WHERE open > 0 AND open = 1 AND bot = ?1 AND lane = ?2 ORDER BY seq LIMIT 1) AND ",
    claimable!(),
    claimed!()
);

/// Claims the oldest unfinished row that is due, of any lane. ?1 bot
pub const CLAIM_UNFINISHED: &str = concat!(
    claim!(),
    "WHERE seq = (SELECT seq FROM inbox WHERE bot = ?1 AND ",
    claimable!(),
    " ORDER BY seq LIMIT 1)",
    claimed!()
);

/// What became of an update. ?1 bot, ?2 `update_id`, ?3 sha256
pub const LOOK: &str =
    "SELECT state, plan FROM inbox WHERE bot = ?1 AND update_id = ?2 AND sha256 = ?3";

/// A session. ?1 bot, ?2 key
pub const SESSION: &str = "SELECT version, document FROM session WHERE bot = ?1 AND key = ?2";

/// Writes a session for a claimed update, if nobody else wrote it meanwhile.
///
/// ?1 seq, ?2 fence, ?3 key, ?4 new version, ?5 document
pub const WRITE_SESSION: &str = "INSERT INTO session (bot, key, version, document) \
     SELECT bot, ?3, ?4, ?5 FROM inbox WHERE seq = ?1 AND fence = ?2 AND state = 'leased' \
     ON CONFLICT (bot, key) DO UPDATE SET version = excluded.version, document = excluded.document \
     WHERE session.version = excluded.version - 1";

/// What every commit sets, and on which row. ?1 seq, ?2 fence, ?3 plan
macro_rules! commit {
    ($and_sets:literal) => {
        concat!(
            "UPDATE inbox SET state = 'done', plan = ?3, error = NULL",
            $and_sets,
            " WHERE seq = ?1 AND fence = ?2 AND state = 'leased'"
        )
    };
}

/// The session that belongs to a commit was written. ?4 key, ?5 new version, ?6 document
macro_rules! session_is_written {
    () => {
        " AND EXISTS (SELECT 1 FROM session WHERE session.bot = inbox.bot AND key = ?4 AND version = ?5 AND document = ?6)"
    };
}

/// Commits a plan whose calls are still to be made, so that the row stays open: `open` is not touched, or its index would be
/// written too. ?1 seq, ?2 fence, ?3 plan
pub const COMMIT: &str = commit!("");

/// Commits a plan that leaves nothing to do. ?1 seq, ?2 fence, ?3 plan
pub const COMMIT_AND_CLOSE: &str = commit!(", open = 0");

/// [`COMMIT`] with a session. ?1 seq, ?2 fence, ?3 plan, ?4 key, ?5 new version, ?6 document
pub const COMMIT_WITH_SESSION: &str = concat!(commit!(""), session_is_written!());

/// [`COMMIT_AND_CLOSE`] with a session. ?1 seq, ?2 fence, ?3 plan, ?4 key, ?5 new version, ?6 document
pub const COMMIT_AND_CLOSE_WITH_SESSION: &str =
    concat!(commit!(", open = 0"), session_is_written!());

/// Whose a row is now: after a lost answer this tells whether a commit took effect. ?1 seq
pub const STANDING: &str = "SELECT state, fence FROM inbox WHERE seq = ?1";

/// Writes down what became of the calls, and lets go of the row. ?1 seq, ?2 fence, ?3 plan, ?4 open, ?5 wait in milliseconds, ?6 error
pub const SETTLE: &str = concat!(
    "UPDATE inbox SET plan = ?3, open = ?4, not_before = ",
    now!(),
    " + ?5, lease_until = 0, error = ?6 WHERE seq = ?1 AND fence = ?2 AND state = 'done' AND open > 0"
);

/// Writes down that calls are about to be made again, while the row stays claimed. ?1 seq, ?2 fence, ?3 plan
pub const RESUME: &str = "UPDATE inbox SET plan = ?3 WHERE seq = ?1 AND fence = ?2 AND state = 'done' AND open > 0 \
     RETURNING seq";

/// Gives a row back to be handled later. ?1 seq, ?2 fence, ?3 wait in milliseconds, ?4 error
pub const RELEASE: &str = concat!(
    "UPDATE inbox SET state = 'stored', lease_until = 0, not_before = ",
    now!(),
    " + ?3, error = ?4 WHERE seq = ?1 AND fence = ?2 AND state = 'leased'"
);

/// Ends a row without a plan. ?1 seq, ?2 fence, ?3 state, ?4 error
pub const END: &str = "UPDATE inbox SET state = ?3, open = 0, lease_until = 0, error = ?4 \
     WHERE seq = ?1 AND fence = ?2 AND state = 'leased'";

/// Updates, newest first. ?1 bot, ?2 below this seq, ?3 state or NULL, ?4 how many
pub const LIST: &str = concat!(
    "SELECT ",
    listed!(),
    " FROM inbox WHERE bot = ?1 AND seq < ?2 AND (?3 IS NULL OR state = ?3) ORDER BY seq DESC LIMIT ?4"
);

/// One update with its body: the newest of this number. ?1 bot, ?2 `update_id`
pub const SHOW: &str = concat!(
    "SELECT ",
    listed!(),
    ", plan, body FROM inbox WHERE bot = ?1 AND update_id = ?2 ORDER BY seq DESC LIMIT 1"
);

/// Counts rows by state. ?1 bot
pub const COUNT: &str = "SELECT state, count(*) AS count FROM inbox WHERE bot = ?1 GROUP BY state";

/// Removes finished rows that are old enough, out of the oldest thousand. ?1 bot, ?2 age in milliseconds, ?3 age for dead and quarantined ones
pub const FORGET: &str = concat!(
    "DELETE FROM inbox WHERE seq IN (SELECT seq FROM (SELECT seq, bot, state, open, received_at FROM inbox ",
    "ORDER BY seq LIMIT 1000) WHERE bot = ?1 AND open = 0 AND received_at < ",
    now!(),
    " - iif(state IN ('dead', 'quarantined'), ?3, ?2))"
);

/// The webhook's row. ?1 bot
pub const WEBHOOK: &str = concat!(
    "SELECT wanted, secret, next_secret, iif(old_secret_until > ",
    now!(),
    ", old_secret, NULL) AS old_secret, username FROM webhook WHERE bot = ?1"
);

/// Keeps a new secret, unless there is one. ?1 bot, ?2 secret
pub const PREPARE_SECRET: &str = "INSERT INTO webhook (bot, secret) VALUES (?1, ?2) \
     ON CONFLICT (bot) DO UPDATE SET secret = coalesce(secret, excluded.secret)";

/// Remembers the operator's wish. ?1 bot, ?2 wanted, ?3 the bot's @name or NULL to keep it
pub const REMEMBER_WANTED: &str = concat!(
    "INSERT INTO webhook (bot, wanted, username, set_at) VALUES (?1, ?2, ?3, ",
    now!(),
    ") ON CONFLICT (bot) DO UPDATE SET wanted = excluded.wanted, ",
    "username = coalesce(excluded.username, username), set_at = excluded.set_at"
);

/// Notes that a periodic task ran. ?1 task
pub const BEAT: &str = concat!(
    "INSERT INTO heartbeat (task, at) VALUES (?1, ",
    now!(),
    ") ON CONFLICT (task) DO UPDATE SET at = excluded.at"
);

/// How long ago a periodic task ran, in milliseconds. ?1 task
pub const SINCE_BEAT: &str = concat!(
    "SELECT ",
    now!(),
    " - at AS age_ms FROM heartbeat WHERE task = ?1"
);
