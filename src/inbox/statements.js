// Every SQL statement, by name. Each that changes a claimed row carries the fence of the claim.
//
// The columns of an answer are read by place, in the files beside this one. All times are milliseconds on the database's clock, because
// the clocks of isolates differ and leases must not depend on them. They are here and not in the wasm, where they would be a
// twentieth of it: D1 takes them as JavaScript's texts anyway.

// How long a claim lasts, in milliseconds: LEASE_MS of src/delivery/mod.rs.
const lease = 60_000;

// Now, on the database's clock. `| 0` makes a whole number of it.
const now = `(unixepoch('subsec') * 1000 | 0)`;

// A row that this visit has claimed already without learning so, because the answer was lost: it knows of no row of its own that
// is open and leased. ?4 the visit
const claimedUnawares = `(open > 0 AND lease_until > ${now} AND coalesce(holder = ?4, false))`;

// What a claim sets. A row whose plan is committed stays `done`: only its calls are left, and no handler runs. ?4 the visit
//
// A visit that finds its own claim again keeps its fence: a try that takes effect late, when the visit has learnt of the row by
// another one and is at work on it, must not shut it out.
const claim =
  `UPDATE inbox SET state = iif(state = 'done', 'done', 'leased'), attempts = attempts + (state <> 'done'
  AND NOT ${claimedUnawares}), fence = fence + (NOT ${claimedUnawares}), holder = ?4, began_at = coalesce(began_at, ${now}),
  lease_until = ${now} + ${lease}`;

// Which open rows may be claimed: nobody is at them, they are due, and they are at the head of their lane (or left it).
const claimable =
  `open > 0 AND lease_until <= ${now} AND not_before <= ${now} AND (open = 2 OR NOT EXISTS (SELECT 1 FROM inbox AS earlier
  WHERE earlier.open > 0 AND earlier.open = 1 AND earlier.bot = inbox.bot AND earlier.lane = inbox.lane
  AND earlier.seq < inbox.seq))`;

// What a claim answers.
const claimed =
  `RETURNING seq, lane, state, attempts, fence, useful_until > ${now} AS is_useful, plan, body, kind, ${now} - began_at AS held_ms`;

// What the admin sees of an update, without its body.
const listed = `seq, update_id, kind, lane, chat_id, state, attempts, received_at, error, epoch, open`;

// Older than this, in milliseconds, an update cannot come from Telegram, which keeps them for 24 hours: an old request is repeated.
const stale = 90_000_000;

// The state in which an update arrives, and with it whether there is anything left to do.
const arrival = (busy, madeAt, isFed) =>
  `CASE WHEN ${madeAt} < now - ${stale} THEN 'expired' WHEN ${isFed} THEN 'done' WHEN ${busy} THEN 'stored' ELSE 'leased' END`;

// Whether a feed takes a kind of update: what its operator said, else what its reader asked for, else what Telegram sends by default.
const takes = (kind) =>
  `iif(coalesce(allowed_updates, asked_updates) IS NULL, ${kind} NOT IN ('chat_member', 'message_reaction', 'message_reaction_count'),
  EXISTS (SELECT 1 FROM json_each(coalesce(allowed_updates, asked_updates)) AS asked WHERE asked.value = ${kind}))`;

// Whether an update of a kind is for the main feed, and not for the worker's own handlers. ?1 bot
const isFed = (kind) => `EXISTS (SELECT 1 FROM feed WHERE bot = ?1 AND is_main = 1 AND ${takes(kind)})`;

// What every commit sets, and on which row: with a session only if that was written.
const commit = (andSets) =>
  `UPDATE inbox SET state = 'done', plan = ?3, error = NULL${andSets} WHERE seq = ?1 AND fence = ?2 AND state = 'leased'
  AND acknowledged <= ?4 AND (?5 IS NULL OR EXISTS (SELECT 1 FROM session WHERE session.bot = inbox.bot AND key = ?5
  AND version = ?6 AND document = ?7))`;

// Whether there is an incident to open: none is open, and nobody has set the webhook since it was looked at. ?1 bot, ?2 when that was
const isIncident =
  `NOT EXISTS (SELECT 1 FROM incident WHERE bot = ?1 AND ended_at IS NULL) AND NOT EXISTS (SELECT 1 FROM webhook
  WHERE bot = ?1 AND set_at > ?2)`;

// A gate that is closed already opens no sooner.
const notSooner = `ON CONFLICT (bot, chat) DO UPDATE SET until = max(until, excluded.until)`;

// An alert that was counted before is counted once more.
const oneMore = `ON CONFLICT (bot, kind) DO UPDATE SET count = count + 1, subject = excluded.subject`;

// What a feed has not taken in yet, some of the oldest. Nothing as long as it has many already that nobody has confirmed. ?1 feed
const untaken =
  `inbox, feed WHERE feed.seq = ?1 AND +inbox.bot = feed.bot AND inbox.seq > feed.taken AND (SELECT count(*) FROM feed_update
  WHERE feed_update.feed = ?1 AND feed_update.seq <= feed.taken) < 500 ORDER BY inbox.seq LIMIT 100`;

// The batch that an offset stands in or behind. ?1 feed, ?2 offset
const batchBefore = `(SELECT batch FROM feed_update AS last WHERE last.feed = ?1 AND last.number = ?2 - 1)`;

// What a feed may hand out: nobody has it, nor an earlier one of its lane. ?1 feed
const free =
  `feed_update WHERE feed = ?1 AND lease_until <= ${now} AND lane NOT IN
  (SELECT lane FROM feed_update WHERE feed = ?1 AND lease_until > ${now})`;

// A feed as its operator sees it: without its token, and with what waits. The first of those was received so long ago.
const shownFeed =
  `SELECT json_object('name', name, 'main', json(iif(is_main, 'true', 'false')), 'allowed_updates',
  json(coalesce(allowed_updates, asked_updates)), 'methods', json(methods), 'lease_seconds', lease_ms / 1000, 'created_at', created_at,
  'polled_at', nullif(polled_at, 0), 'waiting', waiting, 'handed_out', handed_out, 'oldest_waiting_seconds', oldest_ms / 1000) AS shown,
  name, waiting, ${now} - polled_at AS polled_ms, oldest_ms FROM (SELECT *, (SELECT count(*) FROM feed_update
  WHERE feed_update.feed = feed.seq) + (SELECT count(*) FROM inbox WHERE +inbox.bot = feed.bot AND inbox.seq > feed.taken
  AND ${takes("kind")} AND kind <> 'alert') AS waiting, (SELECT count(*) FROM feed_update WHERE feed_update.feed = feed.seq
  AND lease_until > ${now}) AS handed_out, (SELECT ${now} - received_at FROM inbox WHERE inbox.seq = coalesce(
  (SELECT min(seq) FROM feed_update WHERE feed_update.feed = feed.seq), (SELECT min(seq) FROM inbox WHERE +inbox.bot = feed.bot
  AND inbox.seq > feed.taken AND ${takes("kind")} AND kind <> 'alert'))) AS oldest_ms FROM feed WHERE bot = ?1)`;

export const statements = {
  // Keeps an update, and leases it at once where its lane is free. No row: it is here already.
  //
  // One that has to wait counts as acknowledged, since Telegram is told 200 right away.
  //
  // ?1 bot, ?2 `update_id`, ?3 sha256, ?4 kind, ?5 lane, ?6 `chat_id`, ?7 for how many milliseconds it is useful, ?8 body,
  // ?9 when it was made, or NULL, ?10 the visit
  RECORD:
    `INSERT INTO inbox (bot, update_id, sha256, kind, lane, chat_id, state, open, attempts, fence, acknowledged, received_at,
    began_at, useful_until, holder, lease_until, body) SELECT ?1, ?2, ?3, ?4, ?5, ?6, state, state IN ('stored', 'leased'), state = 'leased',
    state = 'leased', state = 'stored', now, iif(state = 'leased', now, NULL), now + ?7, iif(state = 'leased', ?10, NULL),
    iif(state = 'leased', now + ${lease}, 0), ?8 FROM (SELECT now, ${arrival("busy", "?9", isFed("?4"))} AS state FROM
    (SELECT ${now} AS now, EXISTS (SELECT 1 FROM inbox WHERE open > 0 AND open = 1 AND bot = ?1 AND lane = ?5) AS busy))
    WHERE true ON CONFLICT (bot, update_id, sha256) DO NOTHING RETURNING seq, fence, state`,

  // Keeps many updates at once, the oldest first, for whoever claims them. What is here already stays as it is.
  //
  // ?1 bot, ?2 a JSON array of `[update_id, sha256, kind, lane, chat_id, useful_ms, made_at, age_ms, body]`
  RECORD_MANY:
    `INSERT INTO inbox (bot, update_id, sha256, kind, lane, chat_id, state, open, attempts, fence, acknowledged, received_at,
    useful_until, lease_until, body) SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, state, state = 'stored', 0, 0, 1,
    now - (value ->> 7), now - (value ->> 7) + (value ->> 5), 0, value ->> 8 FROM
    (SELECT value, now, ${arrival("true", "value ->> 6", isFed("brought"))} AS state FROM (SELECT value, value ->> 2 AS brought, now
    FROM json_each(?2), (SELECT ${now} AS now))) WHERE true ORDER BY value ->> 7 DESC, value ->> 0
    ON CONFLICT (bot, update_id, sha256) DO NOTHING`,

  // Keeps a body that is no update, under a number made from its digest, so that it is kept once.
  //
  // ?1 bot, ?2 `update_id`, ?3 sha256, ?4 why, ?5 body
  QUARANTINE:
    `INSERT INTO inbox (bot, update_id, sha256, kind, lane, state, open, attempts, fence, acknowledged, received_at, useful_until,
    lease_until, error, body) VALUES (?1, ?2, ?3, 'unusable', 'quarantine', 'quarantined', 0, 0, 0, 1, ${now}, 0, 0, ?4, ?5)
    ON CONFLICT (bot, update_id, sha256) DO NOTHING`,

  // Claims a certain update. ?1 bot, ?2 `update_id`, ?3 sha256, ?4 the visit
  CLAIM_UPDATE:
    `${claim} WHERE bot = ?1 AND update_id = ?2 AND sha256 = ?3 AND (${claimedUnawares} OR (${claimable})) ${claimed}`,

  // Claims the head of a lane; where nothing of it is due and `?3` is 1, the oldest row that is due in any lane. Nothing as long as the
  // row is held that the visit is to be done with: then something went wrong with it, and a second row would be forgotten.
  //
  // ?1 bot, ?2 lane, ?3 whether other lanes too, ?4 the visit, ?5 the row it is to be done with, or NULL
  CLAIM_NEXT:
    `${claim} WHERE NOT EXISTS (SELECT 1 FROM inbox AS own WHERE own.seq = ?5 AND own.open > 0 AND own.lease_until > ${now})
    AND seq = coalesce((SELECT seq FROM inbox WHERE bot = ?1 AND ${claimedUnawares} LIMIT 1), (SELECT seq FROM inbox
    WHERE bot = ?1 AND lane = ?2 AND ${claimable} ORDER BY seq LIMIT 1), (SELECT seq FROM inbox WHERE ?3 = 1 AND bot = ?1
    AND ${claimable} ORDER BY seq LIMIT 1)) ${claimed}`,

  // Notes that a delivery of an update is answered 200 while somebody else has it, so that no call waits to travel in an answer.
  // It takes nothing from whoever has the row. ?1 bot, ?2 `update_id`, ?3 sha256, ?4 the visit
  ACKNOWLEDGE:
    `UPDATE inbox SET acknowledged = 1 WHERE bot = ?1 AND update_id = ?2 AND sha256 = ?3 AND acknowledged = 0 AND open > 0
    AND state <> 'done' AND NOT ${claimedUnawares} AND NOT (${claimable})`,

  // What became of an update. ?1 bot, ?2 `update_id`, ?3 sha256
  LOOK:
    `SELECT state, plan FROM inbox WHERE bot = ?1 AND update_id = ?2 AND sha256 = ?3`,

  // A session. ?1 bot, ?2 key
  SESSION:
    `SELECT version, document FROM session WHERE bot = ?1 AND key = ?2`,

  // Writes a session for a claimed update, if nobody else wrote it meanwhile.
  //
  // ?1 seq, ?2 fence, ?3 key, ?4 new version, ?5 document, ?6 0 if the plan must travel in the answer, else 1
  WRITE_SESSION:
    `INSERT INTO session (bot, key, version, document) SELECT bot, ?3, ?4, ?5 FROM inbox WHERE seq = ?1 AND fence = ?2
    AND state = 'leased' AND acknowledged <= ?6 ON CONFLICT (bot, key) DO UPDATE
    SET version = excluded.version, document = excluded.document WHERE session.version = excluded.version - 1`,

  // Commits a plan whose calls are still to be made, so that the row stays open: `open` is not touched, or its index would be
  // written too.
  //
  // ?1 seq, ?2 fence, ?3 plan, ?4 see WRITE_SESSION, ?5 key of the session that was written or NULL, ?6 its version, ?7 its document
  COMMIT:
    `${commit("")}`,

  // Commits a plan that leaves nothing to do. ?1 … ?7 as for COMMIT
  COMMIT_AND_CLOSE:
    `${commit(", open = 0")}`,

  // Whose a row is now: after a lost answer this tells whether a commit took effect. ?1 seq
  STANDING:
    `SELECT state, fence, acknowledged FROM inbox WHERE seq = ?1`,

  // The gates that are closed now. ?1 bot
  GATES:
    `SELECT chat, until - ${now} AS wait_ms FROM gate WHERE bot = ?1 AND until > ${now}`,

  // Closes the gate of a chat for a while. ?1 bot, ?2 chat, ?3 milliseconds
  CLOSE_GATE:
    `INSERT INTO gate (bot, chat, until) VALUES (?1, ?2, ${now} + ?3) ${notSooner}`,

  // Closes the gate of the whole bot where two other chats are closed already: then it is the bot that goes too fast.
  //
  // ?1 bot, ?2 chat, ?3 milliseconds
  CLOSE_GATE_OF_BOT:
    `INSERT INTO gate (bot, chat, until) SELECT ?1, '', ${now} + ?3 WHERE (SELECT count(*) FROM gate WHERE bot = ?1
    AND chat NOT IN ('', ?2) AND until > ${now}) >= 2 ${notSooner}`,

  // Removes gates that are open again. ?1 bot
  FORGET_GATES:
    `DELETE FROM gate WHERE bot = ?1 AND until <= ${now}`,

  // Writes down what became of the calls, and lets go of the row. ?1 seq, ?2 fence, ?3 plan, ?4 open, ?5 wait in milliseconds, ?6 error
  SETTLE:
    `UPDATE inbox SET plan = ?3, open = ?4, not_before = ${now} + ?5, lease_until = 0, error = ?6 WHERE seq = ?1 AND fence = ?2
    AND state = 'done' AND open > 0`,

  // Writes down that calls are about to be made again, while the row stays claimed. Once it was let go of, this is a late try, and
  // would undo what was written down. ?1 seq, ?2 fence, ?3 plan
  RESUME:
    `UPDATE inbox SET plan = ?3 WHERE seq = ?1 AND fence = ?2 AND state = 'done' AND open > 0 AND lease_until > 0 RETURNING seq`,

  // Gives a row back to be handled later. ?1 seq, ?2 fence, ?3 wait in milliseconds, ?4 error
  RELEASE:
    `UPDATE inbox SET state = 'stored', lease_until = 0, not_before = ${now} + ?3, error = ?4 WHERE seq = ?1 AND fence = ?2
    AND state = 'leased'`,

  // Counts an alert about a claimed row that is about to be written. Said again after a lost answer it counts nothing, because
  // the row is not leased any more, or has the plan already.
  //
  // ?1 seq, ?2 fence, ?3 kind of alert, ?4 the plan that is about to be written, or NULL
  ALERT:
    `INSERT INTO alert (bot, kind, count, subject) SELECT bot, ?3, 1, update_id FROM inbox WHERE seq = ?1 AND fence = ?2
    AND lease_until > 0 AND open > 0 AND (?4 IS NULL OR plan IS NOT ?4) ${oneMore}`,

  // Counts an alert about a body that is about to be quarantined, unless it is there already.
  //
  // ?1 bot, ?2 `update_id`, ?3 sha256, ?4 kind of alert
  ALERT_OF_QUARANTINE:
    `INSERT INTO alert (bot, kind, count, subject) SELECT ?1, ?4, 1, ?2 WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE bot = ?1
    AND update_id = ?2 AND sha256 = ?3) ${oneMore}`,

  // What the owners were not told yet, at most once in ten minutes a kind. ?1 bot
  UNTOLD:
    `SELECT kind, count, told, subject FROM alert WHERE bot = ?1 AND count > told AND told_at <= ${now} - 600000`,

  // Plans to tell the owners: a row of its own, whose calls are made like any other's.
  //
  // ?1 bot, ?2 kind of alert, ?3 how many were told before, ?4 how many are told now, ?5 plan
  TELL:
    `INSERT INTO inbox (bot, update_id, sha256, kind, lane, state, open, attempts, fence, acknowledged, received_at, useful_until,
    lease_until, plan, body) SELECT ?1, -${now}, ?2 || ' ' || ?4, 'alert', 'alert', 'done', 1, 0, 0, 1, ${now}, 0, 0, ?5, '{}'
    FROM alert WHERE bot = ?1 AND kind = ?2 AND told = ?3`,

  // Notes what the owners are told. ?1 bot, ?2 kind of alert, ?3 how many were told before, ?4 how many are told now
  TOLD:
    `UPDATE alert SET told = ?4, told_at = ${now} WHERE bot = ?1 AND kind = ?2 AND told = ?3 RETURNING told`,

  // Ends a row without a plan. ?1 seq, ?2 fence, ?3 state, ?4 error
  END:
    `UPDATE inbox SET state = ?3, open = 0, lease_until = 0, error = ?4 WHERE seq = ?1 AND fence = ?2 AND state = 'leased'`,

  // Updates, newest first. ?1 bot, ?2 below this seq, ?3 state or NULL, ?4 how many
  LIST:
    `SELECT ${listed} FROM inbox WHERE bot = ?1 AND seq < ?2 AND (?3 IS NULL OR state = ?3) ORDER BY seq DESC LIMIT ?4`,

  // One update with its body: the newest of this number. ?1 bot, ?2 `update_id`
  SHOW:
    `SELECT ${listed}, plan, body, strftime('%Y-%m-%d %H:%M:%S', received_at / 1000, 'unixepoch') AS received FROM inbox
    WHERE bot = ?1 AND update_id = ?2 ORDER BY seq DESC LIMIT 1`,

  // Lets a finished update be handled again, as a new epoch: the newest of this number. What became of its earlier calls stays.
  //
  // ?1 bot, ?2 `update_id`, ?3 for how many milliseconds it is useful
  REPLAY:
    `UPDATE inbox SET state = 'stored', open = 1, attempts = 0, epoch = epoch + 1, began_at = NULL, acknowledged = 1, not_before =
    0, lease_until = 0, error = NULL, useful_until = ${now} + ?3 WHERE open = 0 AND kind <> 'alert' AND seq =
    (SELECT max(seq) FROM inbox WHERE bot = ?1 AND update_id = ?2) RETURNING seq`,

  // The calls of a row that nobody is at. ?1 bot, ?2 seq
  CALLS:
    `SELECT fence, plan FROM inbox WHERE bot = ?1 AND seq = ?2 AND state = 'done' AND lease_until <= ${now}`,

  // Writes down what an operator decided about a call, unless somebody claimed the row meanwhile. What is due then is as useful as if
  // it had just come, and keeps its place in the lane unless that went on.
  //
  // ?1 seq, ?2 fence, ?3 plan, ?4 1 if something is left to do, else 0
  DECIDE:
    `UPDATE inbox SET plan = ?3, open = iif(?4 = 1 AND open = 1, 1, ?4 * 2), fence = fence + 1, not_before = 0, began_at = ${now}
    WHERE seq = ?1 AND fence = ?2 AND state = 'done' AND lease_until <= ${now} RETURNING seq`,

  // Planned calls as JSON, newest first. ?1 bot, ?2 and ?3 below this seq and step, ?4 state or NULL for all that did not end well,
  // ?5 how many
  OUTBOX:
    `SELECT seq || '.' || key AS id, json_object('id', seq || '.' || key, 'update_id', update_id, 'kind', kind, 'received_at',
    received_at, 'not_before', not_before, 'planned', json(value)) AS call FROM inbox, json_each(inbox.plan) WHERE bot = ?1
    AND (seq, key) < (?2, ?3) AND (value ->> 'state' = ?4 OR (?4 IS NULL AND value ->> 'state' <> 'sent'))
    ORDER BY seq DESC, key DESC LIMIT ?5`,

  // Counts rows by state. ?1 bot
  COUNT:
    `SELECT state, count(*) AS count, sum(attempts) AS attempts FROM inbox WHERE bot = ?1 GROUP BY state`,

  // Counts planned calls by state and by the code of Telegram's refusal. ?1 bot
  COUNT_CALLS:
    `SELECT value ->> 'state' AS call_state, value ->> 'code' AS code, count(*) AS count FROM inbox, json_each(inbox.plan)
    WHERE bot = ?1 GROUP BY 1, 2`,

  // How long the oldest row with something left to do has been here, in milliseconds. ?1 bot
  OLDEST_OPEN:
    `SELECT ${now} - min(received_at) AS age_ms FROM inbox WHERE open > 0 AND bot = ?1`,

  // Removes rows that are old enough, a bite of the oldest that may go at that age. Also those of a bot that was here before.
  //
  // ?1 age in milliseconds, ?2 age for dead and quarantined ones and those with a parked call, ?3 how many at most
  FORGET:
    `DELETE FROM inbox WHERE seq IN (SELECT seq FROM (SELECT seq, received_at FROM inbox WHERE open = 0
    AND state NOT IN ('dead', 'quarantined') AND ifnull(instr(plan, '"state":"parked"'), 0) = 0 ORDER BY seq LIMIT ?3)
    WHERE received_at < ${now} - ?1 UNION ALL SELECT seq FROM (SELECT seq, open, received_at FROM inbox ORDER BY seq
    LIMIT 100) WHERE open = 0 AND received_at < ${now} - ?2)`,

  // The webhook's row. ?1 bot
  WEBHOOK:
    `SELECT wanted, secret, next_secret, iif(old_secret_until > ${now}, old_secret, NULL) AS old_secret, username
    FROM webhook WHERE bot = ?1`,

  // Notes that the first update came with a secret that is being rotated in: then Telegram has it. ?1 bot, ?2 the secret it came with
  CONFIRM_NEXT_SECRET:
    `UPDATE webhook SET old_secret = secret, old_secret_until = ${now} + grace_ms, secret = next_secret, next_secret = NULL,
    confirmed_at = ${now}, set_at = ${now} WHERE bot = ?1 AND next_secret = ?2`,

  // Notes that the first update came since the webhook was set. ?1 bot, ?2 the secret it came with
  CONFIRM_SECRET:
    `UPDATE webhook SET confirmed_at = ${now} WHERE bot = ?1 AND secret = ?2 AND confirmed_at < set_at`,

  // Notes, once a minute, that somebody came with a secret that is none of ours. ?1 bot, ?2 the secret they came with
  NOTE_REFUSED:
    `UPDATE webhook SET refused_at = ${now} WHERE bot = ?1 AND refused_at < ${now} - 60000 AND secret IS NOT ?2
    AND next_secret IS NOT ?2 AND old_secret IS NOT ?2`,

  // Keeps a new secret, unless there is one. ?1 bot, ?2 secret
  PREPARE_SECRET:
    `INSERT INTO webhook (bot, secret) VALUES (?1, ?2) ON CONFLICT (bot) DO UPDATE SET secret = coalesce(secret, excluded.secret)`,

  // Prepares the next secret, unless one is prepared already. Not within a minute after the webhook was set, unless the old one is not
  // to be accepted any more: what carries the one before that may still be on its way.
  //
  // ?1 bot, ?2 secret, ?3 how long the old one is accepted afterwards, in milliseconds
  PREPARE_ROTATION:
    `UPDATE webhook SET next_secret = coalesce(next_secret, ?2), grace_ms = ?3 WHERE bot = ?1 AND secret IS NOT NULL
    AND (next_secret IS NOT NULL OR ?3 = 0 OR old_secret IS NULL OR set_at <= ${now} - 60000)`,

  // Makes the next secret the present one, once Telegram has it. ?1 bot, ?2 the next secret
  SWITCH_SECRET:
    `UPDATE webhook SET old_secret = secret, old_secret_until = ${now} + grace_ms, secret = next_secret, next_secret = NULL, set_at
    = ${now} WHERE bot = ?1 AND next_secret = ?2`,

  // Remembers the operator's wish, and begins a new peace. ?1 bot, ?2 wanted, ?3 the bot's @name or NULL to keep it
  REMEMBER_WANTED:
    `INSERT INTO webhook (bot, wanted, username, set_at) VALUES (?1, ?2, ?3, ${now}) ON CONFLICT (bot) DO UPDATE
    SET wanted = excluded.wanted, username = coalesce(excluded.username, username), set_at = excluded.set_at, taken = NULL,
    restores = 0, restore_after = 0, probed_until = 0`,

  // Remembers what Telegram made of the wish. ?1 bot, ?2 what `getWebhookInfo` answered
  REMEMBER_TAKEN:
    `UPDATE webhook SET taken = ?2 WHERE bot = ?1`,

  // Everything about the webhook, for the guard and the doctor. ?1 bot
  GUARDED:
    `SELECT wanted, taken, secret, next_secret, set_at, confirmed_at, restores, restored_at, restore_after, probed_until, waiting,
    refused_at, EXISTS (SELECT 1 FROM incident WHERE incident.bot = webhook.bot
    AND ended_at IS NULL) AS has_incident, ${now} AS now FROM webhook WHERE bot = ?1`,

  // Takes the turn to repair the webhook, for most of a minute. No row: somebody else has it, or has set the webhook meanwhile. ?1 bot,
  // ?2 when it was looked at
  TAKE_TURN:
    `UPDATE webhook SET guarded_until = ${now} + 50000 WHERE bot = ?1 AND guarded_until <= ${now} AND set_at <= ?2
    RETURNING guarded_until`,

  // Counts an alert about an incident that is about to be opened. ?1 bot, ?2 when the webhook was looked at, ?3 kind of alert
  ALERT_OF_INCIDENT:
    `INSERT INTO alert (bot, kind, count, subject) SELECT ?1, ?3, 1, coalesce((SELECT max(seq) FROM incident), 0) + 1
    WHERE ${isIncident} ${oneMore}`,

  // Opens an incident. ?1 bot, ?2 when the webhook was looked at, ?3 drift, ?4 wanted, ?5 snapshot
  OPEN_INCIDENT:
    `INSERT INTO incident (bot, at, drift, wanted, snapshot) SELECT ?1, ${now}, ?3, ?4, ?5 WHERE ${isIncident}`,

  // Ends the open incident, unless somebody is about to repair the webhook, who ends it then. ?1 bot, ?2 outcome
  END_INCIDENT:
    `UPDATE incident SET ended_at = ${now}, outcome = ?2 WHERE bot = ?1 AND ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM webhook
    WHERE bot = ?1 AND guarded_until > ${now})`,

  // Notes why the open incident could not be ended. ?1 bot, ?2 error
  NOTE_FAILURE:
    `UPDATE incident SET error = ?2 WHERE bot = ?1 AND ended_at IS NULL`,

  // Ends the turn with a webhook that is as it should be. ?1 bot, ?2 the turn, ?3 restores in this war, ?4 what `getWebhookInfo` answered
  RESTORED:
    `UPDATE webhook SET guarded_until = 0, restores = ?3, restored_at = ${now}, set_at = ${now}, restore_after = 0, probed_until =
    0, taken = ?4 WHERE bot = ?1 AND guarded_until = ?2`,

  // Ends the turn without having set anything. ?1 bot, ?2 the turn, ?3 how long to hold back, in milliseconds
  GIVE_TURN_BACK:
    `UPDATE webhook SET guarded_until = 0, restore_after = iif(?3 > 0, ${now} + ?3, restore_after) WHERE bot = ?1
    AND guarded_until = ?2`,

  // Notes that the webhook is away for the doctor's sake. No row: it is away already. ?1 bot, ?2 for how many milliseconds
  PROBE:
    `INSERT INTO webhook (bot, probed_until) VALUES (?1, ${now} + ?2) ON CONFLICT (bot) DO UPDATE
    SET probed_until = excluded.probed_until WHERE probed_until <= ${now} RETURNING probed_until`,

  // Notes that the doctor listens no more. ?1 bot
  END_PROBE:
    `UPDATE webhook SET probed_until = 0 WHERE bot = ?1`,

  // Notes how many updates wait at Telegram while the webhook is as it should be. ?1 bot, ?2 how many
  NOTE_WAITING:
    `UPDATE webhook SET waiting = ?2, probed_until = 0 WHERE bot = ?1`,

  // Incidents, newest first. ?1 bot, ?2 below this number, ?3 how many
  INCIDENTS:
    `SELECT seq, at, drift, wanted, snapshot, ended_at, outcome, error, strftime('%Y-%m-%d %H:%M:%S', at / 1000, 'unixepoch') AS
    began FROM incident WHERE bot = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3`,

  // Forgets incidents that ended long ago. ?1 bot, ?2 age in milliseconds
  FORGET_INCIDENTS:
    `DELETE FROM incident WHERE bot = ?1 AND ended_at < ${now} - ?2`,

  // How the inbox is doing, for the doctor, in one row. ?1 bot
  CONDITION:
    `SELECT ${now} - max(received_at) AS newest_ms, max(iif(open > 0, ${now} - received_at, NULL)) AS oldest_open_ms, count(*)
    FILTER (WHERE state = 'dead') AS dead, count(*) FILTER (WHERE state = 'quarantined') AS quarantined, (SELECT count(*)
    FROM inbox AS planned, json_each(planned.plan) WHERE planned.bot = ?1 AND value ->> 'state' = 'parked') AS parked,
    (SELECT count(*) FROM inbox AS planned, json_each(planned.plan) WHERE planned.bot = ?1
    AND value ->> 'state' = 'failed') AS failed, (SELECT count(*) FROM incident WHERE bot = ?1
    AND at > ${now} - 3600000) AS incidents, (SELECT count(*) FROM webhook WHERE bot <> ?1) AS other_bots,
    (SELECT ${now} - at FROM heartbeat WHERE task = 'cron') AS cron_ms FROM inbox WHERE bot = ?1 AND kind <> 'alert'`,

  // Numbers of updates of the last day that were never brought here, between two that were: Telegram counts by one. What came in the
  // last two minutes is left out, since lanes overtake each other. ?1 bot
  GAPS:
    `SELECT previous, update_id, strftime('%H:%M', came / 1000, 'unixepoch') AS came, strftime('%H:%M', next_came / 1000,
    'unixepoch') AS next_came FROM (SELECT update_id, received_at AS next_came, lag(update_id) OVER by_id AS previous,
    lag(received_at) OVER by_id AS came FROM inbox WHERE bot = ?1 AND update_id > 0 AND received_at BETWEEN ${now} - 86400000
    AND ${now} - 120000 WINDOW by_id AS (ORDER BY update_id)) WHERE update_id - previous BETWEEN 2 AND 100000
    ORDER BY update_id DESC LIMIT 1000`,

  // Notes that a periodic task ran. ?1 task
  BEAT:
    `INSERT INTO heartbeat (task, at) VALUES (?1, ${now}) ON CONFLICT (task) DO UPDATE SET at = excluded.at`,

  // How long ago a periodic task ran, in milliseconds. ?1 task
  SINCE_BEAT:
    `SELECT ${now} - at AS age_ms FROM heartbeat WHERE task = ?1`,

  // Forgets what feeds have of updates that are not here any more. Said behind FORGET.
  FORGET_FED:
    `DELETE FROM feed_update WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.seq = feed_update.seq)`,

  // Seqs begin again where the last rows are gone, so no feed may be ahead of them. Said behind FORGET.
  REWIND_FEEDS:
    `UPDATE feed SET taken = coalesce((SELECT max(seq) FROM inbox), 0), born = min(born, coalesce((SELECT max(seq) FROM inbox), 0))
    WHERE taken > coalesce((SELECT max(seq) FROM inbox), 0)`,

  // Makes a feed, or changes one: its place and its token stay then.
  //
  // ?1 bot, ?2 name, ?3 the token's digest, ?4 main, ?5 `allowed_updates` or NULL, ?6 methods or NULL, ?7 lease in milliseconds,
  // ?8 whether it begins with the oldest update that is kept
  MAKE_FEED:
    `INSERT INTO feed (bot, name, token_sha256, is_main, allowed_updates, methods, lease_ms, taken, born, next_number, created_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, iif(?8, 0, newest), newest, 2000000001, ${now} FROM
    (SELECT coalesce(max(seq), 0) AS newest FROM inbox) WHERE NOT EXISTS (SELECT 1 FROM feed WHERE bot = ?1 AND ?4 = 1
    AND is_main = 1 AND name <> ?2) ON CONFLICT (bot, name) DO UPDATE SET is_main = excluded.is_main,
    allowed_updates = excluded.allowed_updates, methods = excluded.methods, lease_ms = excluded.lease_ms,
    born = iif(excluded.is_main > feed.is_main, excluded.born, feed.born)`,

  // Gives a feed another token; the one before is accepted for a while.
  //
  // ?1 bot, ?2 name, ?3 the new token's digest, ?4 for how many milliseconds the old one is accepted
  ROTATE_FEED:
    `UPDATE feed SET old_sha256 = token_sha256, old_until = ${now} + ?4, token_sha256 = ?3
    WHERE bot = ?1 AND name = ?2 AND token_sha256 <> ?3`,

  // A feed as its operator sees it, and whether its token is this one. ?1 bot, ?2 name, ?3 a token's digest
  SHOW_FEED:
    `SELECT shown, (SELECT token_sha256 = ?3 FROM feed WHERE bot = ?1 AND name = ?2) AS is_mine, waiting
    FROM (${shownFeed}) WHERE name = ?2`,

  // All feeds, as their operator sees them. ?1 bot
  FEEDS:
    `${shownFeed} ORDER BY name`,

  // Ends a feed: what it has, then itself. ?1 bot, ?2 name
  DROP_FED:
    `DELETE FROM feed_update WHERE feed = (SELECT seq FROM feed WHERE bot = ?1 AND name = ?2)`,
  DROP_FEED:
    `DELETE FROM feed WHERE bot = ?1 AND name = ?2`,

  // The feed that a token opens. ?1 bot, ?2 name, ?3 the token's digest
  OPEN_FEED:
    `SELECT seq, methods FROM feed WHERE bot = ?1 AND name = ?2
    AND (token_sha256 = ?3 OR (old_sha256 = ?3 AND old_until > ${now}))`,

  // Remembers which kinds a feed's reader asked for. ?1 feed, ?2 the kinds as JSON; an empty list is Telegram's default
  ASK_FOR_KINDS:
    `UPDATE feed SET asked_updates = nullif(?2, '[]') WHERE seq = ?1 AND asked_updates IS NOT nullif(?2, '[]')`,

  // Whoever asks with an offset has everything before it of the batch that it stands in or behind, and gets the rest of that batch
  // again, unless it comes so late that somebody else has one of those lanes; or the batch that was handed out for the very same
  // offset, whose answer must have been lost. All of the rest or nothing: what comes behind a gap would confirm the gap.
  //
  // ?1 feed, ?2 offset, ?3 the visit
  RETAKE:
    `UPDATE feed_update SET holder = ?3, lease_until = ${now} + (SELECT lease_ms FROM feed WHERE seq = ?1) WHERE feed = ?1
    AND ?2 > 2000000000 AND number >= ?2 AND ((batch = ${batchBefore} AND NOT EXISTS (SELECT 1 FROM feed_update AS rest
    WHERE rest.feed = ?1 AND rest.number >= ?2 AND rest.batch = ${batchBefore} AND rest.lane IN (SELECT lane FROM feed_update AS other
    WHERE other.feed = ?1 AND other.lease_until > ${now} AND other.batch <> ${batchBefore})))
    OR (asked_with = ?2 AND lease_until > ${now} AND ?2 <= (SELECT next_number FROM feed WHERE seq = ?1)))`,

  // Forgets what is confirmed. ?1 feed, ?2 offset
  CONFIRM:
    `DELETE FROM feed_update WHERE feed = ?1 AND number < ?2 AND batch = ${batchBefore}`,

  // Takes in what has arrived. The main feed takes what was kept for it; what is no use to anybody any more is left out. ?1 feed
  TAKE_IN:
    `INSERT INTO feed_update (feed, seq, lane) SELECT ?1, seq, lane FROM (SELECT inbox.seq, lane, kind, state, attempts, plan,
    received_at, useful_until, is_main, allowed_updates, asked_updates, born FROM ${untaken})
    WHERE kind <> 'alert' AND state NOT IN ('quarantined', 'expired')
    AND (useful_until > ${now} OR useful_until - received_at >= 86400000)
    AND iif(is_main = 1 AND seq > born, state = 'done' AND attempts = 0, ${takes("kind")})`,

  // Hands out what is free, the oldest first, as far as it fits into one answer; of half of the lanes only, where others wait for some.
  // Nothing where this visit has something already.
  //
  // ?1 feed, ?2 offset, ?3 the visit, ?4 how many
  HAND_OUT:
    `UPDATE feed_update SET number = next_number + place, batch = next_number, asked_with = ?2, holder = ?3,
    lease_until = ${now} + lease_ms FROM (SELECT chosen, row_number() OVER (ORDER BY chosen) - 1 AS place,
    sum(length(body)) OVER (ORDER BY chosen) AS size FROM (SELECT seq AS chosen FROM ${free}
    AND lane IN (SELECT lane FROM (SELECT lane, row_number() OVER (ORDER BY min(seq)) AS place, count(*) OVER () AS lanes FROM ${free}
    GROUP BY lane) WHERE place * 2 <= lanes + 1 OR (SELECT shared_until FROM feed WHERE seq = ?1) <= ${now})
    ORDER BY seq LIMIT ?4), inbox WHERE inbox.seq = chosen), feed
    WHERE feed_update.feed = ?1 AND feed_update.seq = chosen AND feed.seq = ?1 AND (place = 0 OR size < 1000000)
    AND NOT EXISTS (SELECT 1 FROM feed_update AS own WHERE own.feed = ?1 AND own.holder = ?3)`,

  // Notes how far a feed has come, that somebody asks, and whether they got nothing only because others have all the lanes.
  //
  // ?1 feed, ?2 the visit
  NOTE_POLL:
    `UPDATE feed SET taken = coalesce((SELECT max(seq) FROM (SELECT inbox.seq FROM ${untaken})), taken),
    next_number = max(next_number, coalesce(handed_out + 1, 0)), polled_at = ${now},
    shared_until = iif(is_hungry, ${now} + 60000, shared_until) FROM
    (SELECT handed_out, handed_out IS NULL AND EXISTS (SELECT 1 FROM feed_update WHERE feed = ?1 AND lease_until <= ${now}) AS is_hungry
    FROM (SELECT max(number) AS handed_out FROM feed_update WHERE feed = ?1 AND holder = ?2))
    WHERE seq = ?1 AND (handed_out IS NOT NULL OR polled_at < ${now} - 60000 OR EXISTS (SELECT 1 FROM ${untaken})
    OR (is_hungry AND shared_until < ${now} + 30000))`,

  // What a visit hands out, as JSON. ?1 feed, ?2 the visit, ?3 how many
  HANDED_OUT:
    `SELECT json_group_array(json(update_json)) AS updates FROM (SELECT json_set(body, '$.update_id', number) AS update_json
    FROM feed_update, inbox WHERE feed = ?1 AND feed_update.holder = ?2 AND inbox.seq = feed_update.seq ORDER BY number LIMIT ?3)`,

  // Whether there is anything to take in or to hand out, or to be noted: that others have all the lanes in which something waits.
  //
  // ?1 feed
  HAS_NEWS:
    `SELECT EXISTS (SELECT 1 FROM ${untaken}) OR EXISTS (SELECT 1 FROM ${free}) OR (SELECT shared_until < ${now} + 30000 FROM feed
    WHERE seq = ?1) AND EXISTS (SELECT 1 FROM feed_update WHERE feed = ?1 AND lease_until <= ${now}) AS has_news`,
};

// The text of a statement.
export const statement = (name) => statements[name];
