//! What holds for every input: properties, each tried on 256 made-up cases, or on as many as `PROPTEST_CASES` says.

mod given;

mod addresses;
mod calls;
mod choices;
mod delivery;
mod envelopes;
mod feeds;
mod lanes;
mod refusals;
mod replies;
mod requests;
mod secrets;
mod statements;
mod texts;
mod webhooks;
