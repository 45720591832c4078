// What onehook says to operators and owners: the name of each phrase, then English and Ukrainian. Each `{}` takes a value, in order.
// tests/phrases.rs reads the object as JSON and checks it against the sources.

const phrases = {
  "admin.token_accepted": ["Token accepted: @{}", "Токен прийнято: @{}"],
  "admin.updates_cleared": ["Old updates cleared", "Старі оновлення очищено"],
  "admin.old_webhook_removed": ["Old webhook removed: {}", "Старий вебхук видалено: {}"],
  "admin.no_old_webhook": ["No old webhook to remove", "Старого вебхука немає"],
  "admin.connection_tested": ["Connection tested: Telegram has the address of @{}", "З'єднання перевірено: Telegram має адресу @{}"],
  "admin.bot_started": ["Bot started and waiting for messages", "Бота запущено, він чекає на повідомлення"],
  "admin.telegram_says": ["Telegram says: {}", "Telegram відповів: {}"],
  "admin.menu_sent": ["Menu of commands sent", "Меню команд надіслано"],
  "admin.put_back": ["The previous webhook is back: {}", "Попередній вебхук повернуто: {}"],
  "admin.not_put_back": ["The previous webhook {} could not be put back: {}", "Попередній вебхук {} повернути не вдалося: {}"],
  "admin.foreign_is_gone": ["The previous webhook {} was not ours, so it cannot be put back: its secret is not known", "Попередній вебхук {} не наш, тож повернути його не можна: його секрет невідомий"],
  "admin.read_back_differs": ["Telegram has another webhook than the one just set", "Telegram має інший вебхук, ніж щойно заданий"],
  "admin.taken_otherwise": ["Telegram has the address, but took these otherwise than asked: {}", "Telegram має адресу, але це сприйняв інакше, ніж просили: {}"],
  "admin.body_too_large": ["it is larger than 64 KiB", "воно більше за 64 КіБ"],
  "admin.body_broken": ["it broke off", "воно обірвалося"],
  "admin.somebody_else_set_it": ["the webhook is not as it was just set\nTelegram now has `{}`; somebody else sets it too\nfind the other program that holds the token, then repeat this call", "вебхук не такий, яким його щойно задано\nTelegram тепер має `{}`; його задає ще хтось\nзнайдіть іншу програму з цим токеном і повторіть цей виклик"],
  "admin.bad_wish": ["`{}` cannot be used\n{}\ncorrect it and repeat the call; the webhook was not touched", "`{}` не годиться\n{}\nвиправте й повторіть виклик; вебхук не змінено"],
  "admin.no_randomness": ["no secret could be made\nthe runtime gave no random bytes\nrepeat the call", "секрет створити не вдалося\nсередовище не дало випадкових байтів\nповторіть виклик"],
  "admin.not_recorded": ["the database did not answer\n{}\nrepeat the call; if it stays, run `npx wrangler d1 migrations apply DB --remote`", "база даних не відповіла\n{}\nповторіть виклик; якщо не допоможе, виконайте `npx wrangler d1 migrations apply DB --remote`"],
  "admin.token_refused": ["Telegram said no\n{}\nrun `npx wrangler secret put TELEGRAM_BOT_TOKEN` and paste the token that BotFather shows", "Telegram відмовив\n{}\nвиконайте `npx wrangler secret put TELEGRAM_BOT_TOKEN` і вставте токен, який показує BotFather"],
  "admin.called_too_often": ["Telegram said no\n{}\nwait for as long as Telegram says, then repeat the call", "Telegram відмовив\n{}\nзачекайте, скільки каже Telegram, і повторіть виклик"],
  "admin.called_at_once": ["Telegram said no\n{}\nrepeat the call; another deployment was setting the webhook at the same time", "Telegram відмовив\n{}\nповторіть виклик; вебхук водночас задавало інше розгортання"],
  "admin.call_refused": ["Telegram said no\n{}\ncorrect what Telegram complains about and repeat the call", "Telegram відмовив\n{}\nвиправте те, на що скаржиться Telegram, і повторіть виклик"],
  "admin.no_answer": ["Telegram did not answer\n{}\ncheck TELEGRAM_API_ROOT and repeat the call", "Telegram не відповів\n{}\nперевірте TELEGRAM_API_ROOT і повторіть виклик"],
  "admin.no_url": ["none", "немає"],
  "admin.nothing_wanted": ["nobody has asked yet", "ще ніхто не задавав"],
  "admin.webhook": ["webhook: {}\nwanted: {}\nwaiting updates: {}", "вебхук: {}\nбажаний: {}\nчекають оновлень: {}"],
  "admin.last_error": ["last failed delivery: {}", "остання невдала доставка: {}"],
  "admin.difference": ["❌ {}: wanted {}, is {}", "❌ {}: бажано {}, є {}"],
  "admin.bad_parameter": ["`{}` cannot be used\n`{}` is not one of: {}\nset it to one of: {}", "`{}` не годиться\n`{}` не належить до: {}\nзадайте одне з: {}"],
  "admin.unknown_call": ["call {} cannot be decided about\nit is not here, or somebody is making calls of its update right now\nlist the calls with `GET /admin/outbox`, or try again in a minute", "щодо виклику {} нічого вирішити\nйого тут немає, або виклики його оновлення виконуються саме зараз\nподивіться виклики: `GET /admin/outbox`, або спробуйте за хвилину"],
  "admin.nothing_to_decide": ["call {} cannot be decided about\nit is `{}`\ndecide about calls that are `parked`, `wait` or `failed`: `GET /admin/outbox`", "щодо виклику {} нічого вирішити\nвін має стан `{}`\nвирішуйте щодо викликів у стані `parked`, `wait` або `failed`: `GET /admin/outbox`"],
  "admin.unknown_update": ["update {} is not here\nit never arrived, or it was forgotten after KEEP_HOURS\nlist what is here: `GET /admin/updates`", "оновлення {} тут немає\nвоно не надходило, або його забуто після KEEP_HOURS\nподивіться, що є: `GET /admin/updates`"],
  "admin.still_open": ["update {} cannot be replayed now\nsomething is still left to do on it\nlook at it with `GET /admin/updates/{}`; drop calls that wait with `POST /admin/outbox/<id>/drop`", "оновлення {} зараз не можна повторити\nна ньому ще щось лишилося зробити\nподивіться: `GET /admin/updates/{}`; виклики, що чекають, відкиньте: `POST /admin/outbox/<id>/drop`"],
  "story.arrival": ["Update {} ({}, lane {}) was received at {} UTC.", "Оновлення {} ({}, смуга {}) надійшло {} UTC."],
  "story.stored": ["It waits for its lane or for the next attempt. Attempts so far: {}.", "Воно чекає на свою смугу або на наступну спробу. Спроб досі: {}."],
  "story.leased": ["It is being handled right now, or whoever did so crashed and it is taken up within two minutes. Attempts so far: {}.", "Його обробляють саме зараз, або обробник упав і його візьмуть знову за дві хвилини. Спроб досі: {}."],
  "story.open": ["It was handled, and calls are left to make. Attempts: {}.", "Його оброблено, лишилися виклики. Спроб: {}."],
  "story.done": ["It was handled, and nothing is left to do. Attempts: {}.", "Його оброблено, більше нічого робити. Спроб: {}."],
  "story.dead": ["It was given up, and its lane went on. Attempts: {}. Once more: POST /admin/updates/{}/replay", "Від нього відмовилися, смуга пішла далі. Спроб: {}. Ще раз: POST /admin/updates/{}/replay"],
  "story.expired": ["It was too old to be answered. Attempts: {}.", "Воно було застаре для відповіді. Спроб: {}."],
  "story.quarantined": ["It is no update, so nobody handled it. Attempts: {}. With a newer worker: POST /admin/updates/{}/replay", "Це не оновлення, тож ніхто його не обробляв. Спроб: {}. Із новішим воркером: POST /admin/updates/{}/replay"],
  "story.replayed": ["An operator had it handled again, times: {}.", "Оператор повторював його, разів: {}."],
  "story.error": ["What went wrong: {}.", "Що пішло не так: {}."],
  "story.call": ["Call {}, {}: {}. Tries: {}.", "Виклик {}, {}: {}. Спроб: {}."],
  "story.call_planned": ["is planned", "заплановано"],
  "story.call_sending": ["is being made, or whoever made it crashed", "виконується, або виконавець упав"],
  "story.call_wait": ["waits to be made again", "чекає на повтор"],
  "story.call_in_response": ["travelled in the answer to Telegram", "поїхав у відповіді до Telegram"],
  "story.call_sent": ["was made", "виконано"],
  "story.call_failed": ["failed", "не вдався"],
  "story.call_parked": ["has an unknown outcome and waits for you: POST /admin/outbox/{}/resend or …/drop", "має невідомий результат і чекає на вас: POST /admin/outbox/{}/resend або …/drop"],
  "alert.dead": ["⚠ Updates given up: {}. The last is {}.\nWhy: GET /admin/updates/{}\nAgain: POST /admin/updates/{}/replay\nAll: GET /admin/updates?state=dead", "⚠ Оновлень, від яких довелося відмовитися: {}. Останнє — {}.\nЧому: GET /admin/updates/{}\nЩе раз: POST /admin/updates/{}/replay\nУсі: GET /admin/updates?state=dead"],
  "alert.parked": ["⚠ Calls that wait for your decision: {}. The last belongs to update {}. Nobody knows whether they took effect.\nLook: GET /admin/updates/{}\nAll: GET /admin/outbox?state=parked\nDecide: POST /admin/outbox/<id>/resend or …/drop", "⚠ Викликів, що чекають на ваше рішення: {}. Останній належить оновленню {}. Ніхто не знає, чи вони подіяли.\nПодивитися: GET /admin/updates/{}\nУсі: GET /admin/outbox?state=parked\nВирішити: POST /admin/outbox/<id>/resend або …/drop"],
  "alert.quarantined": ["⚠ Bodies with the right secret that are no updates: {}. The last is kept as {}.\nLook: GET /admin/updates/{}\nAll: GET /admin/updates?state=quarantined", "⚠ Запитів із правильним секретом, які не є оновленнями: {}. Останній збережено як {}.\nПодивитися: GET /admin/updates/{}\nУсі: GET /admin/updates?state=quarantined"],
  "alert.webhook": ["⚠ The webhook was taken away or changed: {}. The last time is incident {}.\nWhat was done: GET /admin/incidents\nWhy: GET /admin/doctor", "⚠ Вебхук забирали або змінювали: {}. Останній раз — інцидент {}.\nЩо зроблено: GET /admin/incidents\nЧому: GET /admin/doctor"],
  "alert.war": ["⚠ Somebody takes the webhook again and again: {}. The last time is incident {}. It is set again after pauses of up to an hour.\nTo end it: stop the other program, which scripts/find-rivals looks for; or revoke the token with /revoke at @BotFather and give the new one to the worker: npx wrangler secret put TELEGRAM_BOT_TOKEN", "⚠ Хтось раз у раз забирає вебхук: {}. Останній раз — інцидент {}. Його встановлюють знову з паузами до години.\nЩоб це скінчилося: зупиніть іншу програму, яку шукає scripts/find-rivals, або відкличте токен командою /revoke у @BotFather і дайте воркеру новий: npx wrangler secret put TELEGRAM_BOT_TOKEN"],
  "admin.nothing_to_rotate": ["the secret cannot be rotated now\nno webhook is wanted, or it was set less than a minute ago\nset the webhook with `PUT /admin/webhook`, or repeat the call in a minute", "секрет зараз змінити не можна\nвебхук не задано, або його встановлено менш як хвилину тому\nвстановіть вебхук: `PUT /admin/webhook`, або повторіть виклик за хвилину"],
  "admin.old_secret_accepted": [
    "The old secret is accepted for {} minutes more",
    "Старий секрет приймається ще {} хв"
  ],
  "admin.secret_prepared": ["New secret prepared; both are accepted", "Новий секрет готовий; приймаються обидва"],
  "incident.none": [
    "No incident: the webhook was always as it was asked for.",
    "Жодного інциденту: вебхук завжди був таким, як задано."
  ],
  "incident.gone": ["the webhook was gone{}", "вебхука не стало{}"],
  "incident.gone.hint": [
    "Hint: a polling library that was started deletes the webhook (python-telegram-bot, grammY, Telegraf do; aiogram does not), so does a `deleteWebhook` by hand. Telegram itself deletes it after 23 hours of HTTP 410, which onehook never answers.",
    "Підказка: вебхук видаляє бібліотека, що починає опитування (python-telegram-bot, grammY, Telegraf; aiogram — ні), або `deleteWebhook`, викликаний вручну. Сам Telegram видаляє його після 23 годин відповідей HTTP 410, а onehook так ніколи не відповідає."
  ],
  "incident.replaced": ["the webhook pointed at {}", "вебхук вказував на {}"],
  "incident.replaced.hint": [
    "Hint: another deployment or another service sets the webhook of this bot; whoever runs that address knows the token.",
    "Підказка: вебхук цього бота встановлює інше розгортання або інший сервіс; власник тієї адреси знає токен."
  ],
  "incident.secret": [
    "the webhook had our address {} and another secret",
    "вебхук мав нашу адресу {}, але інший секрет"
  ],
  "incident.secret.hint": [
    "Hint: somebody called `setWebhook` by hand, without the secret, or another copy of onehook with a database of its own did.",
    "Підказка: хтось викликав `setWebhook` вручну, без секрету, або це зробила інша копія onehook зі своєю базою даних."
  ],
  "incident.settings": ["the webhook {} had other settings", "вебхук {} мав інші параметри"],
  "incident.settings.hint": [
    "Hint: a poller's `allowed_updates` stick to the bot (aiogram and grammY send their own list), or somebody called `setWebhook` by hand.",
    "Підказка: `allowed_updates` опитувача лишаються в бота (aiogram і grammY надсилають власний список), або хтось викликав `setWebhook` вручну."
  ],
  "incident.outcome.open": [
    "Not repaired yet{}: the guard tries each minute, or holds back for a while after several restores.",
    "Ще не виправлено{}: вартовий пробує щохвилини або вичікує після кількох відновлень."
  ],
  "incident.outcome.restored": ["Restored after {} s.", "Відновлено за {} с."],
  "incident.outcome.by_itself": ["Over after {} s, without the guard.", "Минуло за {} с без участі вартового."],
  "incident.outcome.called_off": [
    "Called off after {} s: the operator deleted the webhook.",
    "Скасовано за {} с: оператор видалив вебхук."
  ]
};

export function phrase(name, tag) {
  return phrases[name]?.[tag === "uk" ? 1 : 0];
}
