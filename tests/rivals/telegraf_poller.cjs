// Polls with Telegraf as any bot does, and prints what it is told. Usage: telegraf_poller.cjs ROOT TOKEN

const { Telegraf } = require("telegraf");

const [root, token] = process.argv.slice(2);
const bot = new Telegraf(token, { telegram: { apiRoot: root } });
bot.on("message", (context) => console.log(`heard ${context.message.text}`));
bot.launch().catch((error) => console.log(`${error.name}: ${error.response?.description}`));
