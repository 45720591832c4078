// Polls with grammY as any bot does, and prints what it is told. Usage: grammy_poller.cjs ROOT TOKEN

const { Bot } = require("grammy");

const [root, token] = process.argv.slice(2);
const bot = new Bot(token, { client: { apiRoot: root } });
bot.on("message", (context) => console.log(`heard ${context.message.text}`));
bot.start().catch((error) => console.log(`${error.name}: ${error.description}`));
