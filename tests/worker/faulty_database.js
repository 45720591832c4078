// The shipped worker on a database that fails as it is told to. Only tests start it.

import Shipped from "../../build/index.js";

// `before`, `after`, `slow`: how likely a batch fails without taking effect, fails having taken effect, or comes late.
const WITHOUT_FAULTS = { before: 0, after: 0, slow: 0, slow_ms: 0, seed: 1 };
let faults = WITHOUT_FAULTS;
let state = 1;
let happened = { before: 0, after: 0, slow: 0 };

// A number from 0 to 1, the same ones in the same order for the same seed (mulberry32).
function chance() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

// What happens to the next batch, if anything.
function fault() {
  let dice = chance();
  for (const kind of ["before", "after", "slow"]) {
    if (dice < faults[kind]) {
      happened[kind] += 1;
      return kind;
    }
    dice -= faults[kind];
  }
  return "none";
}

// The errors are D1's own words.
const faulty = (database) => ({
  prepare: (sql) => database.prepare(sql),
  async batch(statements) {
    switch (fault()) {
      case "before":
        throw new Error("D1_ERROR: D1 DB is overloaded. Requests queued for too long.");
      case "after":
        await database.batch(statements);
        throw new Error("D1_ERROR: Network connection lost.");
      case "slow":
        await new Promise((done) => setTimeout(done, faults.slow_ms));
    }
    return database.batch(statements);
  },
});

export default class extends Shipped {
  constructor(context, env) {
    super(context, { ...env, DB: faulty(env.DB) });
  }

  // `POST /__faults` says what is to happen from now on, and answers what has happened before.
  async fetch(request) {
    if (new URL(request.url).pathname !== "/__faults") return super.fetch(request);
    faults = { ...WITHOUT_FAULTS, ...(await request.json()) };
    state = faults.seed;
    const before = happened;
    happened = { before: 0, after: 0, slow: 0 };
    return Response.json(before);
  }
}
