-- What the guard and the doctor remember about the webhook. Read and written by src/inbox/guard.rs; everything has a default, so
-- that the worker before it runs on as well. All times are milliseconds since 1970 on the database's own clock.
--
-- `taken`           what getWebhookInfo answered right after the webhook was set: Telegram clamps numbers and skips kinds it does not know.
-- `grace_ms`        for how long the old secret is accepted after a rotation under way.
-- `confirmed_at`    when an update first came with the present secret; before `set_at`: not yet.
-- `guarded_until`   until then one visit repairs the webhook, and no other; the value names that visit's turn.
-- `restores`        how often the guard restored it in the present war; `restored_at`: when last.
-- `restore_after`   before that the guard holds back.
-- `probed_until`    until then the webhook is away because the doctor listens for a poller; 0: it does not.
-- `waiting`         how many updates waited at Telegram when the guard last looked.
-- `refused_at`      when somebody last came with a secret that could be ours and is not.
ALTER TABLE webhook ADD COLUMN taken TEXT;
ALTER TABLE webhook ADD COLUMN grace_ms INTEGER NOT NULL DEFAULT 600000;
ALTER TABLE webhook ADD COLUMN confirmed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook ADD COLUMN guarded_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook ADD COLUMN restores INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook ADD COLUMN restored_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook ADD COLUMN restore_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook ADD COLUMN probed_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook ADD COLUMN refused_at INTEGER NOT NULL DEFAULT 0;

-- The webhook's timeline: each time it was found to be another than the operator asked for. Written and read by src/inbox/guard.rs.
--
-- `drift`      gone | replaced | secret | settings
-- `wanted`     the address that was asked for.
-- `snapshot`   what getWebhookInfo answered before anything was repaired, since setWebhook wipes it.
-- `ended_at`   NULL: not yet repaired. At most one incident of a bot is in that state.
-- `outcome`    restored | by_itself | called_off
-- `error`      why the last try to repair it failed, in Telegram's words.
CREATE TABLE incident (
  seq INTEGER PRIMARY KEY,
  bot INTEGER NOT NULL,
  at INTEGER NOT NULL,
  drift TEXT NOT NULL,
  wanted TEXT NOT NULL,
  snapshot TEXT NOT NULL,
  ended_at INTEGER,
  outcome TEXT,
  error TEXT
) STRICT;
