"""Asks for updates once, and lets the exception end the program as in a bot that does not catch it.
Usage: crash.py LIBRARY ROOT TOKEN"""

import asyncio
import sys

library, root, token = sys.argv[1:]


async def with_aiogram() -> None:
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    async with Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(root))) as bot:
        await bot.get_updates()


async def with_python_telegram_bot() -> None:
    from telegram import Bot

    await Bot(token, base_url=f"{root}/bot").get_updates()


asyncio.run({"aiogram": with_aiogram, "python-telegram-bot": with_python_telegram_bot}[library]())
