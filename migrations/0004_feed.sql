-- Feeds: named readers of the bot's updates, each with a place of its own in them. Read and written by src/inbox/feeds.rs; the worker
-- before this one runs on without knowing of them. All times are milliseconds since 1970 on the database's own clock.
--
-- `token_sha256`     what opens it; `old_sha256` does too until `old_until`, after a rotation.
-- `is_main`          1: the worker's own handlers keep silent for what it takes. At most one feed of a bot.
-- `allowed_updates`  the kinds it takes, as JSON, where the operator said; else `asked_updates`, what its reader asked for last.
-- `methods`          the methods of the Bot API its reader may call, as JSON in lower case; NULL: all that may be passed on.
-- `taken`            it has taken in what the inbox has up to this seq; `born`: what came before it, up to this seq.
-- `next_number`      the number its next update is handed out under.
-- `polled_at`        when somebody last asked for updates, to the minute.
-- `shared_until`     until then nobody gets more than half of the lanes at once, since somebody else waits while they have them all.
CREATE TABLE feed (
  seq INTEGER PRIMARY KEY,
  bot INTEGER NOT NULL,
  name TEXT NOT NULL,
  token_sha256 TEXT NOT NULL,
  old_sha256 TEXT,
  old_until INTEGER NOT NULL DEFAULT 0,
  is_main INTEGER NOT NULL,
  allowed_updates TEXT,
  asked_updates TEXT,
  methods TEXT,
  lease_ms INTEGER NOT NULL,
  taken INTEGER NOT NULL,
  born INTEGER NOT NULL,
  next_number INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  polled_at INTEGER NOT NULL DEFAULT 0,
  shared_until INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX feed_name ON feed (bot, name);
CREATE UNIQUE INDEX feed_main ON feed (bot) WHERE is_main = 1;

-- What a feed has taken in and nobody has confirmed yet. Read and written by src/inbox/feeds.rs. The update itself is the inbox's row
-- of the same seq.
--
-- `number`       what it was handed out under last; `batch`: the first number of what was handed out with it.
-- `asked_with`   the offset that batch was asked for with.
-- `holder`       the visit that handed it out.
-- `lease_until`  until then nobody else gets it, nor any other of its lane.
CREATE TABLE feed_update (
  feed INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  lane TEXT NOT NULL,
  number INTEGER,
  batch INTEGER,
  asked_with INTEGER,
  holder TEXT,
  lease_until INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (feed, seq)
) STRICT, WITHOUT ROWID;
