"""Sets a webhook with python-telegram-bot and prints the outcome. Usage: webhook_setter.py ROOT TOKEN URL"""

import asyncio
import sys

from telegram import Bot
from telegram.error import TelegramError

root, token, url = sys.argv[1:]


async def set_webhook() -> None:
    bot = Bot(token, base_url=f"{root}/bot")
    try:
        print("set:", await bot.set_webhook(url, read_timeout=30), flush=True)
    except TelegramError as error:
        print(f"{type(error).__name__}: {error}", flush=True)


asyncio.run(set_webhook())
