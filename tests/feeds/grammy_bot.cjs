// Echoes with grammY as any bot does. Usage: grammy_bot.cjs ROOT TOKEN TAG [drop]

const { Bot } = require("grammy");

const [apiRoot, token, tag, rest] = process.argv.slice(2);
const bot = new Bot(token, { client: { apiRoot } });
bot.on("message:text", (context) => context.reply(`${tag}: ${context.message.text}`));
process.once("SIGTERM", () => bot.stop());
bot.start({ drop_pending_updates: rest === "drop" });
