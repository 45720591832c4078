//! onehook: a Telegram bot that lives in a Cloudflare Worker.
