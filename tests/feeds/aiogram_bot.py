"""Echoes with aiogram as any bot does. Usage: aiogram_bot.py ROOT TOKEN TAG [drop]"""

import asyncio
import sys

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message

root, token, tag, *rest = sys.argv[1:]
dispatcher = Dispatcher()


@dispatcher.message(F.text)
async def echo(message: Message) -> None:
    await message.answer(f"{tag}: {message.text}")


async def main() -> None:
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(root)))
    if rest == ["drop"]:
        await bot.delete_webhook(drop_pending_updates=True)
    await dispatcher.start_polling(bot, handle_as_tasks=False)


asyncio.run(main())
