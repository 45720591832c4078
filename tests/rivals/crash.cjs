// Asks for updates once, and lets the error end the program as in a bot that does not catch it. Usage: crash.cjs LIBRARY ROOT TOKEN

const [library, apiRoot, token] = process.argv.slice(2);
if (library === "grammY") {
  const { Api } = require("grammy");
  new Api(token, { apiRoot }).getUpdates();
} else {
  const { Telegram } = require("telegraf");
  new Telegram(token, { apiRoot }).getUpdates(0, 100, 0, undefined);
}
