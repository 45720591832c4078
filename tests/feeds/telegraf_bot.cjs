// Echoes with Telegraf as any bot does. Usage: telegraf_bot.cjs ROOT TOKEN TAG [drop]

const { Telegraf } = require("telegraf");

const [root, token, tag, rest] = process.argv.slice(2);
const apiRoot = `${root}/`; // without the slash, Telegraf leaves out the last part of the path
const bot = new Telegraf(token, { telegram: { apiRoot } });
bot.on("text", (context) => context.reply(`${tag}: ${context.message.text}`));
process.once("SIGTERM", () => bot.stop("SIGTERM"));
bot.launch({ dropPendingUpdates: rest === "drop" });
