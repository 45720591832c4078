// What onehook says to operators and owners: the name of each phrase, then English and Ukrainian. Each `{}` takes a value, in order.
// tests/phrases.rs reads the object as JSON and checks it against the sources.

const phrases = {
  "admin.nothing_to_rotate": ["there is no secret to rotate", "немає секрету, який можна змінити"],
  "admin.nothing_to_rotate.why": ["no webhook is wanted", "вебхук не задано"],
  "admin.nothing_to_rotate.remedy": [
    "set the webhook first: `PUT /admin/webhook`",
    "спершу встановіть вебхук: `PUT /admin/webhook`"
  ],
  "admin.old_secret_accepted": [
    "The old secret is accepted for {} minutes more",
    "Старий секрет приймається ще {} хв"
  ],
  "admin.secret_prepared": ["New secret prepared; both are accepted", "Новий секрет готовий; приймаються обидва"],
  "admin.token_accepted": ["Token accepted: @{}", "Токен прийнято: @{}"],
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
