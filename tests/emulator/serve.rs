//! A pretend Telegram to run beside the worker.
fn main() {}
