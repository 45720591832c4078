//! Feeds in the inbox: who they are (`feed`), and what each has taken in, handed out, and not been told is done (`feed_update`).

use crate::inbox::database::{Database, Row, Statement, Value};
use crate::inbox::{Inbox, InboxError, SHORT_PAUSES_MS, first, statement};
use crate::secret::{Secret, hex};
use crate::visit::Boxed;

/// A feed, for its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Its number in the database.
    pub seq: i64,
    /// The methods of the Bot API its reader may call, as a JSON array in lower case. `None`: all that may be passed on.
    pub methods: Option<String>,
}

/// How a feed does, for the doctor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedCondition {
    /// Its name.
    pub name: String,
    /// How many updates it has that nobody has confirmed.
    pub waiting: i64,
    /// How long ago somebody last asked for updates, in milliseconds, to the minute.
    pub polled_ms: i64,
    /// How long ago the oldest of those that wait was received, in milliseconds.
    pub oldest_ms: Option<i64>,
}

/// What an operator wants of a feed.
#[derive(Debug)]
pub struct WantedFeed {
    /// Whether the worker's own handlers keep silent for what it takes.
    pub is_main: bool,
    /// The kinds it takes, as a JSON array. `None`: what its reader asks for.
    pub allowed_updates: Option<String>,
    /// The methods its reader may call, as a JSON array in lower case. `None`: all that may be passed on.
    pub methods: Option<String>,
    /// How long a batch is its reader's, in milliseconds.
    pub lease_ms: i64,
    /// Whether it begins with the oldest update that is kept, and not with the next.
    pub from_oldest: bool,
}

/// A feed as its operator sees it.
#[derive(Debug)]
pub struct ShownFeed {
    /// As JSON.
    pub json: String,
    /// Whether the token it was asked for with is its own.
    pub is_mine: bool,
    /// How many updates it has that nobody has confirmed.
    pub waiting: i64,
}

impl<D: Database> Inbox<D> {
    /// Makes a feed with a token, or changes one, whose token stays. `None`: it is to be the main one, and another feed is.
    pub fn make_feed(
        &self,
        name: &str,
        token: &Secret,
        wanted: WantedFeed,
    ) -> Boxed<'_, Result<Option<ShownFeed>, InboxError>> {
        let key = self.feed_and_token(name, token);
        let mut values = key.clone();
        values.extend([
            i64::from(wanted.is_main).into(),
            wanted.allowed_updates.into(),
            wanted.methods.into(),
            wanted.lease_ms.into(),
            i64::from(wanted.from_oldest).into(),
        ]);
        let make = statement("MAKE_FEED", values);
        self.then_feed("make the feed", vec![make], key)
    }

    /// Gives a feed another token, and accepts the old one for a while. `None`: there is no such feed.
    pub fn rotate_feed(
        &self,
        name: &str,
        token: &Secret,
        grace_ms: i64,
    ) -> Boxed<'_, Result<Option<ShownFeed>, InboxError>> {
        let key = self.feed_and_token(name, token);
        let mut values = key.clone();
        values.push(grace_ms.into());
        let rotate = statement("ROTATE_FEED", values);
        self.then_feed("rotate the feed's token", vec![rotate], key)
    }

    /// A feed by its name.
    pub fn feed(&self, name: &str) -> Boxed<'_, Result<Option<ShownFeed>, InboxError>> {
        let key = vec![self.bot.0.into(), name.into(), Value::Null];
        self.then_feed("read the feed", Vec::new(), key)
    }

    /// Ends a feed. What it was, as JSON. `None`: there was none.
    pub async fn drop_feed(&self, name: &str) -> Result<Option<String>, InboxError> {
        let key = || vec![self.bot.0.into(), name.into()];
        let shown = [key(), vec![Value::Null]].concat();
        let statements = vec![
            statement("SHOW_FEED", shown),
            statement("DROP_FED", key()),
            statement("DROP_FEED", key()),
        ];
        let rows = self.send("end the feed", statements, &[]).await?;
        let shown = rows.into_iter().next().and_then(first);
        Ok(shown.map(|mut row| row.text(0)))
    }

    /// All feeds, each as JSON.
    pub async fn feeds(&self) -> Result<Vec<String>, InboxError> {
        let feeds = vec![self.about_bot("FEEDS")];
        let rows = self.trip("list feeds", feeds).await?;
        Ok(rows.into_iter().map(|mut row| row.text(0)).collect())
    }

    /// The feed that a token opens, by the token's digest.
    pub async fn open_feed(&self, name: &str, digest: &str) -> Result<Option<Feed>, InboxError> {
        let values = vec![self.bot.0.into(), name.into(), digest.into()];
        let open = vec![statement("OPEN_FEED", values)];
        let rows = self.send("open the feed", open, &SHORT_PAUSES_MS).await?;
        let row = rows.into_iter().next().and_then(first);
        Ok(row.map(|mut row| Feed {
            seq: row.integer(0),
            methods: row.text_or_null(1),
        }))
    }

    /// Forgets what an offset confirms, and hands out what a feed has, as a JSON array of updates. Said again after a lost answer, it
    /// hands out the same.
    ///
    /// `kinds`: which the reader asks for from now on, where it says so, as a JSON array; an empty one: those Telegram sends by default.
    pub async fn hand_out(
        &self,
        feed: i64,
        offset: i64,
        limit: i64,
        kinds: Option<String>,
    ) -> Result<Option<String>, InboxError> {
        let (feed, offset, limit) = (Value::from(feed), Value::from(offset), Value::from(limit));
        let visit = self.visit();
        let of = |name, values: &[&Value]| {
            let values = values.iter().map(|value| (*value).clone());
            statement(name, values.collect())
        };
        let mut statements = Vec::with_capacity(7);
        if let Some(kinds) = kinds {
            statements.push(of("ASK_FOR_KINDS", &[&feed, &kinds.into()]));
        }
        statements.extend([
            of("RETAKE", &[&feed, &offset, &visit]),
            of("CONFIRM", &[&feed, &offset]),
            of("TAKE_IN", &[&feed]),
            of("HAND_OUT", &[&feed, &offset, &visit, &limit]),
            of("NOTE_POLL", &[&feed, &visit]),
            of("HANDED_OUT", &[&feed, &visit, &limit]),
        ]);
        let rows = self
            .send("hand out updates", statements, &SHORT_PAUSES_MS)
            .await?;
        let updates = rows.into_iter().last().and_then(first);
        let updates = updates.map(|mut row| row.text(0));
        Ok(updates.filter(|updates| updates != "[]"))
    }

    /// Whether a feed has anything to hand out or to take in.
    pub async fn has_news(&self, feed: i64) -> Result<bool, InboxError> {
        let news = vec![statement("HAS_NEWS", vec![feed.into()])];
        let rows = self.trip("look for news", news).await?;
        Ok(first(rows).is_some_and(|row| row.integer(0) != 0))
    }

    fn feed_and_token(&self, name: &str, token: &Secret) -> Vec<Value> {
        let digest = hex(&token.digest());
        vec![self.bot.0.into(), name.into(), digest.into()]
    }

    /// A feed as it is now, in one trip behind other statements.
    fn then_feed(
        &self,
        doing: &'static str,
        mut statements: Vec<Statement>,
        key: Vec<Value>,
    ) -> Boxed<'_, Result<Option<ShownFeed>, InboxError>> {
        statements.push(statement("SHOW_FEED", key));
        let rows = self.send(doing, statements, &SHORT_PAUSES_MS);
        Box::pin(async {
            let row = rows.await?.into_iter().last().and_then(first);
            Ok(row.map(|mut row| ShownFeed {
                json: row.text(0),
                is_mine: row.integer(1) != 0,
                waiting: row.integer(2),
            }))
        })
    }
}

impl From<Row> for FeedCondition {
    fn from(mut row: Row) -> Self {
        Self {
            name: row.text(1),
            waiting: row.integer(2),
            polled_ms: row.integer(3),
            oldest_ms: row.integer_or_null(4),
        }
    }
}
