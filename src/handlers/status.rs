//! `/status`: the bot tells its owner how it is doing.

use crate::language::Language;
use crate::plan::Plan;
use crate::session::Session;
use crate::telegram::methods::GetWebhookInfo;
use crate::telegram::webhook_info::WebhookInfo;
use crate::visit::Visit;

/// Asks Telegram about the webhook and the inbox about its rows.
pub async fn answer(visit: &Visit<'_>, _: &mut Session) -> Plan {
    let webhook = visit.ask(&GetWebhookInfo {}).await;
    let mut lines = match webhook.map(|webhook| WebhookInfo::of(&webhook)) {
        Ok(Ok(webhook)) => webhook_lines(visit.language, &webhook),
        Ok(Err(_)) => vec![unreadable(visit.language)],
        Err(error) => vec![error.to_string()],
    };
    if let Ok(counts) = visit.count_updates().await {
        let counts: Vec<String> = counts
            .iter()
            .map(|count| format!("{} {}", count.rows, count.state.name()))
            .collect();
        lines.push(updates_line(visit.language, &counts.join(", ")));
    }
    visit.say(lines.join("\n"))
}

fn webhook_lines(language: Language, webhook: &WebhookInfo) -> Vec<String> {
    let waiting = webhook.pending_update_count.to_string();
    let mut lines = vec![
        format!("Webhook: {}", webhook.url),
        language.fill(
            "Waiting at Telegram: {}",
            "Чекають у Telegram: {}",
            &[&waiting],
        ),
    ];
    if let Some(error) = &webhook.last_error_message {
        lines.push(language.fill(
            "Last failed delivery: {}",
            "Остання невдала доставка: {}",
            &[error],
        ));
    }
    lines
}

fn updates_line(language: Language, counts: &str) -> String {
    language.fill("Updates: {}", "Оновлення: {}", &[counts])
}

fn unreadable(language: Language) -> String {
    let text = language.pick(
        "Telegram's answer cannot be read.",
        "Відповідь Telegram не вдалося прочитати.",
    );
    text.to_owned()
}
