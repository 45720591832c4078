//! What every room may use: the settings, the ports, and the memory of the isolate.

use std::rc::Rc;

use crate::bell::Bell;
use crate::inbox::Inbox;
use crate::inbox::database::Database;
use crate::isolate::Isolate;
use crate::notes::Notes;
use crate::phrases::{Phrases, Voice};
use crate::queue::Queue;
use crate::request::Request;
use crate::settings::Settings;
use crate::telegram::Telegram;
use crate::telegram::transport::Transport;

/// Everything one visit needs.
pub struct App<D, T, N> {
    /// What the operator chose.
    pub settings: Settings,
    /// Where updates are kept.
    pub inbox: Inbox<D>,
    /// The Bot API.
    pub telegram: Telegram<T>,
    /// What may be a minute old.
    pub notes: N,
    /// What keeps updates before the inbox does, where the deployment has it.
    pub queue: Option<Box<dyn Queue>>,
    /// What wakes those who wait for updates of a feed, where the deployment has it.
    pub bell: Option<Box<dyn Bell>>,
    /// What is said to operators and owners.
    pub phrases: Phrases,
    /// What this isolate remembers.
    pub isolate: Rc<Isolate>,
    /// When the visit began, in milliseconds since 1970.
    pub now_ms: i64,
}

impl<D: Database, T: Transport, N: Notes> App<D, T, N> {
    /// Puts an app together for one visit.
    pub fn new(
        settings: Settings,
        ports: (D, T, N, Phrases),
        isolate: Rc<Isolate>,
        now_ms: i64,
    ) -> Self {
        let (database, transport, notes, phrases) = ports;
        let token = settings.token.clone();
        Self {
            inbox: Inbox::new(database, settings.bot, Rc::clone(&isolate.costs)),
            telegram: Telegram::new(transport, &settings.api_root, token),
            settings,
            notes,
            queue: None,
            bell: None,
            phrases,
            isolate,
            now_ms,
        }
    }

    /// The voice for an operator.
    pub fn voice(&self, request: &Request) -> Voice {
        Voice::new(request.language(self.settings.language), self.phrases)
    }
}
