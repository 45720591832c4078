"""Echoes with python-telegram-bot as any bot does. Usage: python_telegram_bot.py ROOT TOKEN TAG [drop]"""

import sys

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

root, token, tag, *rest = sys.argv[1:]


async def echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.message.reply_text(f"{tag}: {update.message.text}")


application = Application.builder().token(token).base_url(f"{root}/bot").base_file_url(f"{root}/file/bot").build()
application.add_handler(MessageHandler(filters.TEXT, echo))
application.run_polling(drop_pending_updates=rest == ["drop"])
