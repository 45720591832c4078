-- What the delivery machine needs beyond 0001. Everything has a default, so that the worker before it runs on as well.
--
-- `began_at`      when a handler was first started for the row in its present epoch; NULL before that.
-- `acknowledged`  1: some delivery of it was answered 200 without its plan, so no call can travel in an answer any more.
-- `holder`        the visit that claimed the row last, so that it finds a claim again whose answer was lost.
ALTER TABLE inbox ADD COLUMN began_at INTEGER;
ALTER TABLE inbox ADD COLUMN acknowledged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox ADD COLUMN holder TEXT;

-- Pauses that Telegram asked for with 429: before `until` nothing goes to the chat. Read and written by src/inbox/mod.rs.
--
-- `chat`   the `chat_id` of the call as JSON; '' is the whole bot.
CREATE TABLE gate (
  bot INTEGER NOT NULL,
  chat TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (bot, chat)
) STRICT, WITHOUT ROWID;

-- What the owners are to be told: counted where it happens, told by the cron. Read and written by src/inbox/alerts.rs.
--
-- `kind`      dead | parked | quarantined (src/alert.rs)
-- `count`     how often it happened; `told` of these are told already, at `told_at`.
-- `subject`   the update it happened to last.
CREATE TABLE alert (
  bot INTEGER NOT NULL,
  kind TEXT NOT NULL,
  count INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  told INTEGER NOT NULL DEFAULT 0,
  told_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (bot, kind)
) STRICT, WITHOUT ROWID;
