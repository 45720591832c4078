//! The sentences the admin routes say, in both languages.

use crate::inbox::InboxError;
use crate::language::Language;
use crate::reply::Complaint;
use crate::telegram::refusal::CallError;
use crate::telegram::webhook_info::{Difference, WantedWebhook, WebhookInfo};

pub(crate) fn token_accepted(language: Language, username: &str) -> String {
    language.pick(
        format!("Token accepted: @{username}"),
        format!("Токен прийнято: @{username}"),
    )
}

pub(crate) fn updates_cleared(language: Language) -> &'static str {
    language.pick("Old updates cleared", "Старі оновлення очищено")
}

pub(crate) fn old_webhook_removed(language: Language, url: &str) -> String {
    language.pick(
        format!("Old webhook removed: {url}"),
        format!("Старий вебхук видалено: {url}"),
    )
}

pub(crate) fn no_old_webhook(language: Language) -> &'static str {
    language.pick("No old webhook to remove", "Старого вебхука немає")
}

pub(crate) fn connection_tested(language: Language, username: &str) -> String {
    language.pick(
        format!("Connection tested: Telegram has the address of @{username}"),
        format!("З'єднання перевірено: Telegram має адресу @{username}"),
    )
}

pub(crate) fn bot_started(language: Language) -> &'static str {
    language.pick(
        "Bot started and waiting for messages",
        "Бота запущено, він чекає на повідомлення",
    )
}

pub(crate) fn telegram_says(language: Language, description: &str) -> String {
    language.pick(
        format!("Telegram says: {description}"),
        format!("Telegram відповів: {description}"),
    )
}

pub(crate) fn webhook_deleted(language: Language, description: &str) -> String {
    match description {
        "Webhook is already deleted" => language.pick(
            "There was no webhook (Webhook is already deleted)".to_owned(),
            "Вебхука не було (Webhook is already deleted)".to_owned(),
        ),
        _ => language.pick(
            format!("Webhook removed ({description})"),
            format!("Вебхук видалено ({description})"),
        ),
    }
}

pub(crate) fn menu_sent(language: Language) -> &'static str {
    language.pick("Menu of commands sent", "Меню команд надіслано")
}

pub(crate) fn put_back(language: Language, url: &str) -> String {
    language.pick(
        format!("The previous webhook is back: {url}"),
        format!("Попередній вебхук повернуто: {url}"),
    )
}

pub(crate) fn not_put_back(language: Language, url: &str, error: &str) -> String {
    language.pick(
        format!("The previous webhook {url} could not be put back: {error}"),
        format!("Попередній вебхук {url} повернути не вдалося: {error}"),
    )
}

pub(crate) fn foreign_is_gone(language: Language, url: &str) -> String {
    language.pick(
        format!("The previous webhook {url} was not ours, so it cannot be put back; its secret is not known"),
        format!("Попередній вебхук {url} не наш, тож повернути його не можна: його секрет невідомий"),
    )
}

pub(crate) fn read_back_differs(language: Language) -> &'static str {
    language.pick(
        "Telegram has another webhook than the one just set",
        "Telegram має інший вебхук, ніж щойно заданий",
    )
}

pub(crate) fn somebody_else_set_it(language: Language, url: &str) -> Complaint {
    match language {
        Language::English => Complaint::new(
            "the webhook is not as it was just set",
            format!("Telegram now has `{url}`; somebody else sets it too"),
            "find the other program that holds the token, then repeat this call",
        ),
        Language::Ukrainian => Complaint::new(
            "вебхук не такий, яким його щойно задано",
            format!("Telegram тепер має `{url}`; його задає ще хтось"),
            "знайдіть іншу програму з цим токеном і повторіть цей виклик",
        ),
    }
}

pub(crate) fn bad_wish(language: Language, field: &str, why: &str) -> Complaint {
    match language {
        Language::English => Complaint::new(
            format!("`{field}` cannot be used"),
            why,
            "correct it and repeat the call; the webhook was not touched",
        ),
        Language::Ukrainian => Complaint::new(
            format!("`{field}` не годиться"),
            why,
            "виправте й повторіть виклик; вебхук не змінено",
        ),
    }
}

pub(crate) fn wish_too_large(language: Language) -> Complaint {
    bad_wish(
        language,
        "body",
        language.pick("it is larger than 64 KiB", "воно більше за 64 КіБ"),
    )
}

pub(crate) fn not_a_switch(language: Language, field: &str, value: &str) -> Complaint {
    let why = language.pick(
        format!("`{value}` is neither `true` nor `false`"),
        format!("`{value}` не є ні `true`, ні `false`"),
    );
    bad_wish(language, field, &why)
}

pub(crate) fn no_randomness(language: Language) -> Complaint {
    match language {
        Language::English => Complaint::new(
            "no secret could be made",
            "the runtime gave no random bytes",
            "repeat the call",
        ),
        Language::Ukrainian => Complaint::new(
            "секрет створити не вдалося",
            "середовище не дало випадкових байтів",
            "повторіть виклик",
        ),
    }
}

pub(crate) fn not_recorded(language: Language, error: &InboxError) -> Complaint {
    match language {
        Language::English => Complaint::new(
            "the change is not recorded",
            error.to_string(),
            "repeat the call; if it stays, run `npx wrangler d1 migrations apply DB --remote`",
        ),
        Language::Ukrainian => Complaint::new(
            "зміну не записано",
            error.to_string(),
            "повторіть виклик; якщо не допоможе, виконайте `npx wrangler d1 migrations apply DB --remote`",
        ),
    }
}

/// A failed call, with what to do about it.
pub(crate) fn call_failed(language: Language, error: &CallError) -> Complaint {
    let what = match error {
        CallError::Refused(_) => language.pick("Telegram said no", "Telegram відмовив"),
        _ => language.pick("Telegram did not answer", "Telegram не відповів"),
    };
    let remedy = match error {
        CallError::Refused(refusal) if refusal.blames_the_token() => language.pick(
            "run `npx wrangler secret put TELEGRAM_BOT_TOKEN` and paste the token that BotFather shows",
            "виконайте `npx wrangler secret put TELEGRAM_BOT_TOKEN` і вставте токен, який показує BotFather",
        ),
        CallError::Refused(refusal) if refusal.code == 429 => language.pick(
            "wait for as long as Telegram says, then repeat the call",
            "зачекайте, скільки каже Telegram, і повторіть виклик",
        ),
        CallError::Refused(refusal) if refusal.code == 409 => language.pick(
            "repeat the call; another deployment was setting the webhook at the same time",
            "повторіть виклик; вебхук водночас задавало інше розгортання",
        ),
        CallError::Refused(_) => language.pick(
            "correct what Telegram complains about and repeat the call",
            "виправте те, на що скаржиться Telegram, і повторіть виклик",
        ),
        _ => language.pick(
            "check TELEGRAM_API_ROOT and repeat the call",
            "перевірте TELEGRAM_API_ROOT і повторіть виклик",
        ),
    };
    Complaint::new(what, error.to_string(), remedy)
}

/// What `GET /admin/webhook` says to a person.
pub(crate) fn inspection(
    language: Language,
    wanted: Option<&WantedWebhook>,
    actual: &WebhookInfo,
    differences: &[Difference],
) -> String {
    let none = language.pick("none", "немає");
    let address = |url: &str| {
        if url.is_empty() {
            none.to_owned()
        } else {
            url.to_owned()
        }
    };
    let mut lines = vec![
        format!(
            "{}: {}",
            language.pick("webhook", "вебхук"),
            address(&actual.url)
        ),
        format!(
            "{}: {}",
            language.pick("wanted", "бажаний"),
            wanted.map_or_else(
                || language
                    .pick("nobody has asked yet", "ще ніхто не задавав")
                    .to_owned(),
                |wanted| address(&wanted.url),
            ),
        ),
        format!(
            "{}: {}",
            language.pick("waiting updates", "чекають оновлень"),
            actual.pending_update_count
        ),
    ];
    if let Some(error) = &actual.last_error_message {
        lines.push(format!(
            "{}: {error}",
            language.pick("last failed delivery", "остання невдала доставка")
        ));
    }
    for difference in differences {
        lines.push(format!(
            "❌ {}: {} {}, {} {}",
            difference.field,
            language.pick("wanted", "бажано"),
            difference.wanted,
            language.pick("is", "є"),
            difference.actual,
        ));
    }
    lines.join("\n")
}
