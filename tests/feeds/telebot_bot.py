"""Echoes with pyTelegramBotAPI as any bot does. Usage: telebot_bot.py ROOT TOKEN TAG [drop]"""

import signal
import sys

import telebot
from telebot import apihelper

root, token, tag, *rest = sys.argv[1:]
apihelper.API_URL = root + "/bot{0}/{1}"
apihelper.FILE_URL = root + "/file/bot{0}/{1}"
bot = telebot.TeleBot(token, threaded=False)


@bot.message_handler(content_types=["text"])
def echo(message: telebot.types.Message) -> None:
    bot.send_message(message.chat.id, f"{tag}: {message.text}")


signal.signal(signal.SIGTERM, lambda *_: bot.stop_bot())
bot.infinity_polling(skip_pending=rest == ["drop"])
