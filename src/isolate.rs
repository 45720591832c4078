//! What one isolate remembers between visits. Plain data only: losing it costs a trip to the database, nothing more.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::inbox::Costs;
use crate::inbox::feeds::Feed;
use crate::secret::Sha256Digest;

/// The shortest time between two readings of the door that is known already, in milliseconds.
const REREAD_AFTER_MS: i64 = 5_000;

/// How many wrong admin tokens an address may present in a minute before none is looked at any more.
const WRONG_TOKENS_MAX: u32 = 100;

/// The length of that minute, in milliseconds.
const WRONG_TOKENS_WINDOW_MS: i64 = 60_000;

/// How many addresses are watched at once.
const ADDRESSES_MAX: usize = 256;

/// How long an answer about the worker's health holds, in milliseconds.
const HEALTH_HOLDS_MS: i64 = 5_000;

/// How long what a feed's token leads to is believed, in milliseconds: so long one that was withdrawn elsewhere is still accepted.
const PASS_HOLDS_MS: i64 = 60_000;

/// Who asks a feed with the same offset so soon, in milliseconds, is made to wait for as long, as by Telegram (`Client.cpp:16321`).
pub const SPIN_MS: i64 = 3_000;

/// The memory of one isolate.
#[derive(Default)]
pub struct Isolate {
    door: RefCell<Option<Rc<Door>>>,
    door_reread_at: Cell<i64>,
    wrong_tokens: RefCell<Vec<WrongTokens>>,
    healthy: Cell<Option<(i64, Option<i64>)>>,
    /// What it cost the database so far.
    pub costs: Rc<Costs>,
    verdicts: RefCell<Vec<(&'static str, u64)>>,
    passes: RefCell<Vec<Rc<Pass>>>,
    last_poll: Cell<(i64, i64, i64)>,
}

/// What a token that opened a feed leads to.
#[derive(Debug)]
pub struct Pass {
    /// The name of the feed.
    pub name: String,
    /// The token's digest, in hexadecimal.
    pub digest: String,
    /// The feed.
    pub feed: Feed,
    /// When it was looked up, in milliseconds since 1970.
    pub read_at: i64,
}

/// What is needed to let Telegram in and to understand what it brings.
#[derive(Debug)]
pub struct Door {
    /// The digests of the secrets a delivery may carry.
    pub accepted: Vec<Sha256Digest>,
    /// The bot's own @name.
    pub username: Option<String>,
    /// When it was read, in milliseconds since 1970.
    pub read_at: i64,
}

/// The wrong admin tokens an address has presented of late.
struct WrongTokens {
    address: String,
    since: i64,
    count: u32,
}

impl Isolate {
    /// What is known about the door, if it was read before.
    pub fn door(&self) -> Option<Rc<Door>> {
        self.door.borrow().clone()
    }

    /// Remembers what was just read about the door.
    pub fn remember_door(&self, door: Door) -> Rc<Door> {
        let door = Rc::new(door);
        *self.door.borrow_mut() = Some(Rc::clone(&door));
        door
    }

    /// Forgets the door, since the webhook was just set: the next delivery tells with which secret it comes.
    pub fn forget_door(&self) {
        *self.door.borrow_mut() = None;
    }

    /// Whether the door may be read again, because a secret is wrong or the door was read long ago. Notes that it was.
    pub fn may_reread_door(&self, now_ms: i64) -> bool {
        let may = now_ms - self.door_reread_at.get() >= REREAD_AFTER_MS;
        if may {
            self.door_reread_at.set(now_ms);
        }
        may
    }

    /// What a token leads to, if it was looked up a moment ago.
    pub fn pass(&self, name: &str, digest: &str, now_ms: i64) -> Option<Rc<Pass>> {
        let mut passes = self.passes.borrow_mut();
        passes.retain(|pass| now_ms - pass.read_at < PASS_HOLDS_MS);
        let mut passes = passes.iter();
        let pass = passes.find(|pass| pass.name == name && pass.digest == digest);
        pass.map(Rc::clone)
    }

    /// Remembers what a token leads to.
    pub fn remember_pass(&self, pass: Pass) -> Rc<Pass> {
        let pass = Rc::new(pass);
        self.passes.borrow_mut().push(Rc::clone(&pass));
        pass
    }

    /// Forgets what tokens lead to, since one of them was withdrawn.
    pub fn forget_passes(&self) {
        self.passes.borrow_mut().clear();
    }

    /// Whether a feed was asked for updates with the same offset a moment ago. Notes that it is asked now.
    pub fn is_asked_again(&self, feed: i64, offset: i64, now_ms: i64) -> bool {
        let (last_feed, last_offset, at) = self.last_poll.replace((feed, offset, now_ms));
        last_feed == feed && last_offset == offset && now_ms - at < SPIN_MS
    }

    /// Counts what became of a delivery.
    pub fn count_verdict(&self, verdict: &'static str) {
        let mut verdicts = self.verdicts.borrow_mut();
        match verdicts.iter_mut().find(|(name, _)| *name == verdict) {
            Some((_, count)) => *count += 1,
            None => verdicts.push((verdict, 1)),
        }
    }

    /// What became of deliveries, and how often.
    pub fn verdicts(&self) -> Vec<(&'static str, u64)> {
        self.verdicts.borrow().clone()
    }

    /// Whether an address has presented too many wrong admin tokens of late.
    pub fn is_locked_out(&self, address: &str, now_ms: i64) -> bool {
        self.wrong_tokens.borrow().iter().any(|wrong| {
            wrong.address == address && wrong.count >= WRONG_TOKENS_MAX && wrong.is_recent(now_ms)
        })
    }

    /// Counts a wrong admin token.
    pub fn count_wrong_token(&self, address: &str, now_ms: i64) {
        let mut wrong_tokens = self.wrong_tokens.borrow_mut();
        wrong_tokens.retain(|wrong| wrong.is_recent(now_ms));
        if let Some(wrong) = wrong_tokens
            .iter_mut()
            .find(|wrong| wrong.address == address)
        {
            wrong.count += 1;
        } else if wrong_tokens.len() < ADDRESSES_MAX {
            wrong_tokens.push(WrongTokens {
                address: address.to_owned(),
                since: now_ms,
                count: 1,
            });
        }
    }

    /// How long ago the cron ran, if it was asked a moment ago. The inner `None`: the database did not answer.
    pub fn recent_health(&self, now_ms: i64) -> Option<Option<i64>> {
        let (asked_at, cron_age_ms) = self.healthy.get()?;
        (now_ms - asked_at < HEALTH_HOLDS_MS).then_some(cron_age_ms)
    }

    /// Remembers how long ago the cron ran.
    pub fn remember_health(&self, cron_age_ms: Option<i64>, now_ms: i64) {
        self.healthy.set(Some((now_ms, cron_age_ms)));
    }
}

impl WrongTokens {
    fn is_recent(&self, now_ms: i64) -> bool {
        now_ms - self.since < WRONG_TOKENS_WINDOW_MS
    }
}
