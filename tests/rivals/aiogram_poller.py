"""Polls with aiogram as any bot does, and prints what it is told. Usage: aiogram_poller.py ROOT TOKEN"""

import asyncio
import logging
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message

root, token = sys.argv[1:]
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
dispatcher = Dispatcher()


@dispatcher.message()
async def hear(message: Message) -> None:
    print(f"heard {message.text}", flush=True)


session = AiohttpSession(api=TelegramAPIServer.from_base(root))
asyncio.run(dispatcher.start_polling(Bot(token, session=session)))
