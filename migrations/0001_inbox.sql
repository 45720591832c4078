-- The inbox: one row per update, with everything that became of it. Read and written by src/inbox/.
--
-- `seq`         the order of arrival. Update ids restart, so they are never compared for order.
-- `update_id`   Telegram's number; a body that gave none is filed under -seq.
-- `state`       stored | leased | done | dead | expired | quarantined
-- `open`        0: nothing left to do. 1: holds its lane. 2: something left to do, but the lane goes on.
-- `fence`       counts claims; whoever writes must name the fence of their own claim.
-- `attempts`    how often a handler was started; counted before it runs.
-- `epoch`       counts replays by an operator.
-- `lease_until`, `not_before`, `received_at`, `useful_until`: milliseconds since 1970 on the database's own clock.
-- `plan`        the calls the handler planned and what became of each, as JSON (src/delivery/outbox.rs).
CREATE TABLE inbox (
  seq INTEGER PRIMARY KEY,
  bot INTEGER NOT NULL,
  update_id INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  kind TEXT NOT NULL,
  lane TEXT NOT NULL,
  chat_id INTEGER,
  state TEXT NOT NULL,
  open INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  epoch INTEGER NOT NULL DEFAULT 0,
  received_at INTEGER NOT NULL,
  useful_until INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  not_before INTEGER NOT NULL DEFAULT 0,
  plan TEXT,
  error TEXT,
  body TEXT NOT NULL
) STRICT;

-- Telegram repeats an update with the same bytes; the same number with other bytes is another update.
CREATE UNIQUE INDEX inbox_update ON inbox (bot, update_id, sha256);

-- Only rows with something left to do, so it stays tiny: who is at the head of a lane, what is unfinished.
CREATE INDEX inbox_open ON inbox (bot, lane, seq) WHERE open > 0;

-- One JSON document per person and chat, for handlers. Read and written by src/inbox/ with the update it belongs to.
CREATE TABLE session (
  bot INTEGER NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (bot, key)
) STRICT, WITHOUT ROWID;

-- The webhook as the operator wants it, and the secrets a delivery may carry. Read and written by src/inbox/webhook.rs.
--
-- `wanted`      JSON (src/telegram/webhook_info.rs); its empty url means "no webhook"; NULL means nobody has asked yet.
-- `secret`      what setWebhook is given.
-- `next_secret`, `old_secret`, `old_secret_until`: accepted too, while a rotation is under way.
-- `username`    the bot's own @name, so that `/start@name` is recognised.
CREATE TABLE webhook (
  bot INTEGER PRIMARY KEY,
  wanted TEXT,
  secret TEXT,
  next_secret TEXT,
  old_secret TEXT,
  old_secret_until INTEGER NOT NULL DEFAULT 0,
  username TEXT,
  set_at INTEGER NOT NULL DEFAULT 0
) STRICT;

-- When each periodic task last ran. Kept by src/inbox/mod.rs for the guard, which notes it, and for `GET /health`, which reads it.
CREATE TABLE heartbeat (
  task TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A fresh deployment is healthy until its first cron run is overdue.
INSERT INTO heartbeat (task, at) VALUES ('cron', CAST(unixepoch('subsec') * 1000 AS INTEGER));
