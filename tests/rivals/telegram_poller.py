"""Polls with python-telegram-bot as any bot does, and prints what it is told. Usage: telegram_poller.py ROOT TOKEN"""

import sys

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

root, token = sys.argv[1:]


async def hear(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    print(f"heard {update.effective_message.text}", flush=True)


async def complain(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    print(f"{type(context.error).__name__}: {context.error}", flush=True)


application = Application.builder().token(token).base_url(f"{root}/bot").build()
application.add_handler(MessageHandler(filters.ALL, hear))
application.add_error_handler(complain)
application.run_polling()
