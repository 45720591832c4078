//! The sentences the admin routes say, in both languages.

use crate::inbox::InboxError;
use crate::language::Language;
use crate::reply::Complaint;
use crate::telegram::refusal::CallError;
use crate::telegram::webhook_info::{Difference, WantedWebhook, WebhookInfo};

pub(crate) fn updates_cleared(language: Language) -> String {
    language.fill("Old updates cleared", "Старі оновлення очищено", &[])
}

pub(crate) fn old_webhook_removed(language: Language, which: &str) -> String {
    language.fill(
        "Old webhook removed: {}",
        "Старий вебхук видалено: {}",
        &[which],
    )
}

pub(crate) fn no_old_webhook(language: Language) -> String {
    language.fill("No old webhook to remove", "Старого вебхука немає", &[])
}

pub(crate) fn connection_tested(language: Language, username: &str) -> String {
    language.fill(
        "Connection tested: Telegram has the address of @{}",
        "З'єднання перевірено: Telegram має адресу @{}",
        &[username],
    )
}

pub(crate) fn bot_started(language: Language) -> String {
    language.fill(
        "Bot started and waiting for messages",
        "Бота запущено, він чекає на повідомлення",
        &[],
    )
}

pub(crate) fn telegram_says(language: Language, description: &str) -> String {
    language.fill("Telegram says: {}", "Telegram відповів: {}", &[description])
}

pub(crate) fn menu_sent(language: Language) -> String {
    language.fill("Menu of commands sent", "Меню команд надіслано", &[])
}

pub(crate) fn put_back(language: Language, url: &str) -> String {
    language.fill(
        "The previous webhook is back: {}",
        "Попередній вебхук повернуто: {}",
        &[url],
    )
}

pub(crate) fn not_put_back(language: Language, url: &str, error: &str) -> String {
    language.fill(
        "The previous webhook {} could not be put back: {}",
        "Попередній вебхук {} повернути не вдалося: {}",
        &[url, error],
    )
}

pub(crate) fn foreign_is_gone(language: Language, url: &str) -> String {
    language.fill(
        "The previous webhook {} was not ours, so it cannot be put back: its secret is not known",
        "Попередній вебхук {} не наш, тож повернути його не можна: його секрет невідомий",
        &[url],
    )
}

pub(crate) fn read_back_differs(language: Language) -> String {
    language.fill(
        "Telegram has another webhook than the one just set",
        "Telegram має інший вебхук, ніж щойно заданий",
        &[],
    )
}

pub(crate) fn telegram_took_it_otherwise(language: Language, fields: &str) -> String {
    language.fill(
        "Telegram has the address, but took these otherwise than asked: {}",
        "Telegram має адресу, але це сприйняв інакше, ніж просили: {}",
        &[fields],
    )
}

pub(crate) fn unreadable(language: Language, is_too_large: bool) -> String {
    if is_too_large {
        language.fill("it is larger than 64 KiB", "воно більше за 64 КіБ", &[])
    } else {
        language.fill("it broke off", "воно обірвалося", &[])
    }
}

pub(crate) fn somebody_else_set_it(language: Language, url: &str) -> Complaint {
    Complaint::new(
        language.pick(
            "the webhook is not as it was just set",
            "вебхук не такий, яким його щойно задано",
        ),
        language.fill(
            "Telegram now has `{}`; somebody else sets it too",
            "Telegram тепер має `{}`; його задає ще хтось",
            &[url],
        ),
        language.pick(
            "find the other program that holds the token, then repeat this call",
            "знайдіть іншу програму з цим токеном і повторіть цей виклик",
        ),
    )
}

pub(crate) fn bad_wish(language: Language, field: &str, why: &str) -> Complaint {
    Complaint::new(
        &language.fill("`{}` cannot be used", "`{}` не годиться", &[field]),
        why.to_owned(),
        language.pick(
            "correct it and repeat the call; the webhook was not touched",
            "виправте й повторіть виклик; вебхук не змінено",
        ),
    )
}

pub(crate) fn no_randomness(language: Language) -> Complaint {
    Complaint::new(
        language.pick("no secret could be made", "секрет створити не вдалося"),
        language.fill(
            "the runtime gave no random bytes",
            "середовище не дало випадкових байтів",
            &[],
        ),
        language.pick("repeat the call", "повторіть виклик"),
    )
}

pub(crate) fn not_recorded(language: Language, error: &InboxError) -> Complaint {
    Complaint::new(
        language.pick("the database did not answer", "база даних не відповіла"),
        error.to_string(),
        language.pick(
            "repeat the call; if it stays, run `npx wrangler d1 migrations apply DB --remote`",
            "повторіть виклик; якщо не допоможе, виконайте `npx wrangler d1 migrations apply DB --remote`",
        ),
    )
}

/// A failed call, with what to do about it.
pub(crate) fn call_failed(language: Language, error: &CallError) -> Complaint {
    let (what, remedy) = match error {
        CallError::Refused(refusal) => {
            let remedy = match refusal.code {
                _ if refusal.blames_the_token() => language.pick(
                    "run `npx wrangler secret put TELEGRAM_BOT_TOKEN` and paste the token that BotFather shows",
                    "виконайте `npx wrangler secret put TELEGRAM_BOT_TOKEN` і вставте токен, який показує BotFather",
                ),
                429 => language.pick(
                    "wait for as long as Telegram says, then repeat the call",
                    "зачекайте, скільки каже Telegram, і повторіть виклик",
                ),
                409 => language.pick(
                    "repeat the call; another deployment was setting the webhook at the same time",
                    "повторіть виклик; вебхук водночас задавало інше розгортання",
                ),
                _ => language.pick(
                    "correct what Telegram complains about and repeat the call",
                    "виправте те, на що скаржиться Telegram, і повторіть виклик",
                ),
            };
            (
                language.pick("Telegram said no", "Telegram відмовив"),
                remedy,
            )
        }
        _ => (
            language.pick("Telegram did not answer", "Telegram не відповів"),
            language.pick(
                "check TELEGRAM_API_ROOT and repeat the call",
                "перевірте TELEGRAM_API_ROOT і повторіть виклик",
            ),
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
    let address = |url: &str| match url {
        "" => language.pick("none", "немає").to_owned(),
        url => url.to_owned(),
    };
    let nobody = language
        .pick("nobody has asked yet", "ще ніхто не задавав")
        .to_owned();
    let wanted = wanted.map_or(nobody, |wanted| address(&wanted.url));
    let waiting = actual.pending_update_count.to_string();
    let mut lines = vec![
        language.fill("webhook: {}", "вебхук: {}", &[&address(&actual.url)]),
        language.fill("wanted: {}", "бажаний: {}", &[&wanted]),
        language.fill("waiting updates: {}", "чекають оновлень: {}", &[&waiting]),
    ];
    if let Some(error) = &actual.last_error_message {
        lines.push(language.fill(
            "last failed delivery: {}",
            "остання невдала доставка: {}",
            &[error],
        ));
    }
    for difference in differences {
        let values = [difference.field, &difference.wanted, &difference.actual];
        lines.push(language.fill("❌ {}: wanted {}, is {}", "❌ {}: бажано {}, є {}", &values));
    }
    lines.join("\n")
}
