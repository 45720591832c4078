//! The doctor's table: evidence with one thing changed, and what is said of it in both languages.

use expect_test::{Expect, expect};
use onehook::doctor::finding::Finding;
use onehook::doctor::{checks, evidence::Evidence};
use onehook::secret::Secret;
use onehook::telegram::webhook_info::{WantedWebhook, WebhookInfo};

use super::evidence::{
    NOW, broken, condition, fails, feed, gaps, guarded, healthy, kinds, look, refused, unreachable,
    waits,
};
use super::voices;

/// Makes something wrong, or leaves all well.
type Change = fn(&mut Evidence);

/// What makes healthy evidence speak of something, by the name of the finding. Each has a test below.
pub(super) const CASES: &[(&str, Change)] = &[
    ("admin_token.fine", |_| {}),
    ("admin_token.weak", |evidence| evidence.admin_is_weak = true),
    ("server.cloud", |_| {}),
    ("server.own", |evidence| {
        "http://127.0.0.1:8081".clone_into(&mut evidence.api_root);
    }),
    ("token.fine", |_| {}),
    ("token.refused", |evidence| {
        evidence.me = refused(401, "Unauthorized");
    }),
    ("token.logged_out", |evidence| {
        evidence.me = refused(400, "Logged out");
    }),
    ("token.no_answer", |evidence| {
        evidence.me = Err(unreachable("getMe"));
    }),
    ("database.fine", |_| {}),
    ("database.no_answer", |evidence| {
        evidence.inbox = broken("D1_ERROR: D1 DB is overloaded");
    }),
    ("database.migrations", |evidence| {
        evidence.inbox = broken("D1_ERROR: no such column: probed_until");
    }),
    ("notes.fine", |_| {}),
    ("notes.no_answer", |evidence| evidence.notes_answer = false),
    ("owners.none", |evidence| evidence.tells_somebody = false),
    ("webhook.unknown", |evidence| {
        evidence.webhook = Err(unreachable("getWebhookInfo"));
    }),
    ("webhook.ours", |_| {}),
    ("webhook.older", |evidence| {
        "https://bot.example.com".clone_into(&mut evidence.origin);
    }),
    ("webhook.never_set", |evidence| {
        guarded(evidence).wanted = None;
        look(evidence, |info| *info = WebhookInfo::default());
    }),
    ("webhook.deleted", |evidence| {
        guarded(evidence).wanted = Some(WantedWebhook::none(&kinds(), 20));
        look(evidence, |info| *info = WebhookInfo::default());
    }),
    ("webhook.missing", |evidence| {
        look(evidence, |info| *info = WebhookInfo::default());
    }),
    ("webhook.foreign", |evidence| {
        look(evidence, |info| {
            "https://elsewhere.example/hook".clone_into(&mut info.url);
        });
    }),
    ("webhook.probing", |evidence| {
        guarded(evidence).probed_until = NOW + 1;
        look(evidence, |info| *info = WebhookInfo::default());
    }),
    ("flips.none", |_| {}),
    ("flips.some", |evidence| condition(evidence).incidents = 2),
    ("flips.now", |evidence| {
        let looks = evidence.webhook.as_mut().unwrap();
        "https://elsewhere.example/hook".clone_into(&mut looks[0].url);
    }),
    ("flips.war", |evidence| condition(evidence).incidents = 3),
    ("settings.fine", |_| {}),
    ("settings.changed", |evidence| {
        look(evidence, |info| {
            info.allowed_updates = Some(vec!["message".to_owned()]);
        });
    }),
    ("settings.taken_otherwise", |evidence| {
        guarded(evidence).taken.as_mut().unwrap().max_connections = Some(1);
        look(evidence, |info| info.max_connections = Some(1));
    }),
    ("settings.certificate", |evidence| {
        look(evidence, |info| info.has_custom_certificate = true);
    }),
    ("deliveries.fine", |_| {}),
    ("deliveries.recovered", |evidence| {
        fails(evidence, 120, "Connection refused");
    }),
    ("deliveries.other_secret", |evidence| {
        guarded(evidence).refused_at = NOW - 30_000;
        fails(
            evidence,
            30,
            "Wrong response from the webhook: 401 Unauthorized",
        );
    }),
    ("deliveries.shut_out", |evidence| {
        fails(
            evidence,
            30,
            "Wrong response from the webhook: 401 Unauthorized",
        );
    }),
    ("deliveries.blocked", |evidence| {
        fails(
            evidence,
            30,
            "Wrong response from the webhook: 403 Forbidden",
        );
    }),
    ("deliveries.elsewhere", |evidence| {
        fails(
            evidence,
            30,
            "Wrong response from the webhook: 404 Not Found",
        );
    }),
    ("deliveries.gone", |evidence| {
        fails(evidence, 30, "Wrong response from the webhook: 410 Gone");
    }),
    ("deliveries.unavailable", |evidence| {
        fails(
            evidence,
            30,
            "Wrong response from the webhook: 503 Service Unavailable",
        );
    }),
    ("deliveries.crashes", |evidence| {
        fails(
            evidence,
            30,
            "Wrong response from the webhook: 500 Internal Server Error",
        );
    }),
    ("deliveries.answer", |evidence| {
        fails(evidence, 30, "Wrong response from the webhook: 302 Found");
    }),
    ("deliveries.timeout", |evidence| {
        fails(evidence, 30, "Read timeout expired");
    }),
    ("deliveries.tls", |evidence| {
        fails(
            evidence,
            30,
            "SSL error {error:0A000086:SSL routines::certificate verify failed}",
        );
    }),
    ("deliveries.dns", |evidence| {
        fails(
            evidence,
            30,
            "Failed to resolve host: Name or service not known",
        );
    }),
    ("deliveries.connection", |evidence| {
        fails(evidence, 30, "Connection refused");
    }),
    ("waiting.none", |_| {}),
    ("waiting.few", |evidence| waits(evidence, 3, 2)),
    ("waiting.many", |evidence| waits(evidence, 11, 11)),
    ("waiting.grows", |evidence| {
        guarded(evidence).waiting = 12;
        waits(evidence, 20, 21);
    }),
    ("waiting.kept", |evidence| {
        look(evidence, |info| {
            *info = WebhookInfo {
                pending_update_count: 4,
                ..WebhookInfo::default()
            }
        });
    }),
    ("waiting.eaten", |evidence| {
        look(evidence, |info| *info = WebhookInfo::default());
        waits(evidence, 5, 2);
    }),
    ("telegram.trouble", |evidence| {
        look(evidence, |info| {
            info.last_synchronization_error_date = Some(NOW / 1000 - 30);
        });
    }),
    ("rotation.confirmed", |_| {}),
    ("rotation.unconfirmed", |evidence| {
        guarded(evidence).confirmed_at = 0;
    }),
    ("rotation.unfinished", |evidence| {
        guarded(evidence).next_secret = Some(Secret::new("0".repeat(64)));
    }),
    ("lanes.idle", |_| {}),
    ("lanes.moving", |evidence| {
        condition(evidence).oldest_open_ms = Some(240_000);
    }),
    ("lanes.blocked", |evidence| {
        condition(evidence).oldest_open_ms = Some(240_001);
    }),
    ("dead.none", |_| {}),
    ("dead.some", |evidence| condition(evidence).dead = 2),
    ("parked.none", |_| {}),
    ("parked.some", |evidence| condition(evidence).parked = 2),
    ("failed.none", |_| {}),
    ("failed.some", |evidence| condition(evidence).failed = 2),
    ("quarantined.none", |_| {}),
    ("quarantined.some", |evidence| {
        condition(evidence).quarantined = 2;
    }),
    ("gaps.none", |_| {}),
    ("gaps.some", |evidence| {
        gaps(evidence, &[(110, 113), (100, 102)]);
    }),
    ("cron.fine", |evidence| {
        condition(evidence).cron_ms = Some(299_999);
    }),
    ("cron.late", |evidence| {
        condition(evidence).cron_ms = Some(300_000);
    }),
    ("bots.another", |evidence| {
        condition(evidence).other_bots = 1;
    }),
    ("feeds.read", |evidence| feed(evidence, 1, 1)),
    ("feeds.lags", |evidence| feed(evidence, 6, 1)),
    ("feeds.idle", |evidence| feed(evidence, 0, 11)),
    ("feeds.unread", |evidence| feed(evidence, 11, 11)),
    ("feeds.leaving", |evidence| feed(evidence, 61 * 60, 1)),
    ("poller.real_token", |evidence| {
        feed(evidence, 0, 1);
        condition(evidence).incidents = 1;
    }),
];

/// The evidence of a case, and the one finding it is about.
pub(super) fn case(name: &str) -> (Evidence, Finding) {
    let (_, change) = CASES.iter().find(|(known, _)| *known == name).expect(name);
    let mut evidence = healthy();
    change(&mut evidence);
    let mut found = checks::diagnose(&evidence).into_iter();
    let finding = found.find(|finding| finding.name == name);
    let finding = finding.unwrap_or_else(|| panic!("nothing is said of {name}: {evidence:?}"));
    assert!(
        found.all(|other| other.name != name),
        "{name} is said twice"
    );
    (evidence, finding)
}

/// What is said of a case, as text, in both languages.
#[track_caller]
fn check(name: &str, expect: Expect) {
    let (evidence, finding) = case(name);
    let told =
        voices().map(|voice| super::text(std::slice::from_ref(&finding), voice, &evidence.origin));
    let told = told.map(|text| text.split_once('\n').expect("a verdict first").1.to_owned());
    expect.assert_eq(&told.concat());
}

#[test]
fn the_admin_token_is_hard_to_guess() {
    check(
        "admin_token.fine",
        expect![[r#"
        ✅ the admin token is hard to guess
           ADMIN_TOKEN
        ✅ адмінський токен важко вгадати
           ADMIN_TOKEN
    "#]],
    );
}

#[test]
fn the_admin_token_is_easy_to_guess() {
    check(
        "admin_token.weak",
        expect![[r#"
        ❌ the admin token is easy to guess
           ADMIN_TOKEN: fewer than 10 different characters
           it repeats a few characters, so whoever tries can become the operator
           → run `openssl rand -hex 32`, then `npx wrangler secret put ADMIN_TOKEN` and paste what it printed
        ❌ адмінський токен легко вгадати
           ADMIN_TOKEN: fewer than 10 different characters
           він повторює кілька символів, тож оператором може стати кожен, хто спробує
           → виконайте `openssl rand -hex 32`, потім `npx wrangler secret put ADMIN_TOKEN` і вставте надруковане
    "#]],
    );
}

#[test]
fn telegrams_own_server_is_in_use() {
    check(
        "server.cloud",
        expect![[r#"
        ✅ Telegram's own Bot API is in use
           TELEGRAM_API_ROOT = https://api.telegram.org
        ✅ використовується Bot API самого Telegram
           TELEGRAM_API_ROOT = https://api.telegram.org
    "#]],
    );
}

#[test]
fn a_server_of_ones_own_is_in_use() {
    check(
        "server.own",
        expect![[r#"
        ⚠ a Bot API server of your own is in use
           TELEGRAM_API_ROOT = http://127.0.0.1:8081
           it has a webhook and waiting updates of its own: what another server has does not show here, and one bot on two servers gets its updates in two places
           → if that is not meant: curl --request POST "$TELEGRAM_API_ROOT/bot$TELEGRAM_BOT_TOKEN/logOut", then remove TELEGRAM_API_ROOT from wrangler.toml and run `scripts/deploy`
        ⚠ використовується ваш власний сервер Bot API
           TELEGRAM_API_ROOT = http://127.0.0.1:8081
           він має власний вебхук і власну чергу оновлень: стану іншого сервера тут не видно, а бот на двох серверах отримує оновлення у двох місцях
           → якщо так не задумано: curl --request POST "$TELEGRAM_API_ROOT/bot$TELEGRAM_BOT_TOKEN/logOut", потім приберіть TELEGRAM_API_ROOT із wrangler.toml і виконайте `scripts/deploy`
    "#]],
    );
}

#[test]
fn telegram_knows_the_token() {
    check(
        "token.fine",
        expect![[r#"
        ✅ Telegram knows the token: @onehook_bot
           getMe
        ✅ Telegram знає токен: @onehook_bot
           getMe
    "#]],
    );
}

#[test]
fn telegram_does_not_accept_the_token() {
    check(
        "token.refused",
        expect![[r#"
        ❌ Telegram does not accept the token
           Telegram refused `getMe`: Unauthorized (401)
           it was revoked or mistyped; a new token starts without a webhook
           → run `npx wrangler secret put TELEGRAM_BOT_TOKEN` and paste the token that BotFather shows
        ❌ Telegram не приймає токен
           Telegram refused `getMe`: Unauthorized (401)
           його відкликано або введено з помилкою; новий токен починає без вебхука
           → виконайте `npx wrangler secret put TELEGRAM_BOT_TOKEN` і вставте токен, який показує BotFather
    "#]],
    );
}

#[test]
fn somebody_called_log_out() {
    check(
        "token.logged_out",
        expect![[r#"
        ❌ somebody called `logOut`
           Telegram refused `getMe`: Logged out (400)
           the bot has left this Bot API server, its webhook and waiting updates are gone; Telegram lets it back in after ten minutes, sometimes an hour
           → wait ten minutes, then ask again: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
        ❌ хтось викликав `logOut`
           Telegram refused `getMe`: Logged out (400)
           бот вийшов із цього сервера Bot API, його вебхук і черга зникли; Telegram пускає назад за десять хвилин, інколи за годину
           → зачекайте десять хвилин і спитайте ще раз: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
    "#]],
    );
}

#[test]
fn telegram_does_not_answer() {
    check(
        "token.no_answer",
        expect![[r#"
        ❌ Telegram does not answer
           Telegram did not answer `getMe`: no answer in time
           neither the token nor the webhook can be checked
           → check TELEGRAM_API_ROOT in wrangler.toml, then ask again: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
        ❌ Telegram не відповідає
           Telegram did not answer `getMe`: no answer in time
           ні токен, ні вебхук перевірити не можна
           → перевірте TELEGRAM_API_ROOT у wrangler.toml і спитайте ще раз: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
    "#]],
    );
}

#[test]
fn the_database_answers() {
    check(
        "database.fine",
        expect![[r#"
        ✅ the database answers
           D1
        ✅ база даних відповідає
           D1
    "#]],
    );
}

#[test]
fn the_database_does_not_answer() {
    check(
        "database.no_answer",
        expect![[r#"
        ❌ the database does not answer
           cannot examine the inbox: D1_ERROR: D1 DB is overloaded
           nothing is lost: Telegram is asked to bring its updates again
           → ask again in a minute: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
        ❌ база даних не відповідає
           cannot examine the inbox: D1_ERROR: D1 DB is overloaded
           нічого не втрачено: Telegram просять принести оновлення ще раз
           → спитайте ще раз за хвилину: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
    "#]],
    );
}

#[test]
fn the_database_lacks_tables_or_columns() {
    check(
        "database.migrations",
        expect![[r#"
        ❌ the database lacks tables or columns
           cannot examine the inbox: D1_ERROR: no such column: probed_until
           its migrations were not applied, so updates cannot be kept
           → run `npx wrangler d1 migrations apply DB --remote`
        ❌ у базі даних бракує таблиць або стовпців
           cannot examine the inbox: D1_ERROR: no such column: probed_until
           міграції не застосовано, тож оновлення немає де зберігати
           → виконайте `npx wrangler d1 migrations apply DB --remote`
    "#]],
    );
}

#[test]
fn kv_answers() {
    check(
        "notes.fine",
        expect![[r#"
        ✅ KV answers
           KV
        ✅ KV відповідає
           KV
    "#]],
    );
}

#[test]
fn kv_does_not_answer() {
    check(
        "notes.no_answer",
        expect![[r#"
        ⚠ KV does not answer
           KV
           only copies are kept there; the bot works without it
           → ask again in a minute: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
        ⚠ KV не відповідає
           KV
           там лише копії; бот працює і без нього
           → спитайте ще раз за хвилину: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
    "#]],
    );
}

#[test]
fn nobody_would_be_told_of_trouble() {
    check(
        "owners.none",
        expect![[r#"
        ⚠ nobody would be told of trouble
           OWNER_IDS, ALERT_URL: not set
           alerts go to the chats of OWNER_IDS and to ALERT_URL, and neither is set
           → set OWNER_IDS in wrangler.toml to the number the bot tells you at /id, then run `scripts/deploy`
        ⚠ про негаразди ніхто не дізнається
           OWNER_IDS, ALERT_URL: not set
           сповіщення йдуть у чати з OWNER_IDS і на ALERT_URL, а їх не задано
           → задайте OWNER_IDS у wrangler.toml: номер, який бот каже на /id, і виконайте `scripts/deploy`
    "#]],
    );
}

#[test]
fn telegram_does_not_tell_about_the_webhook() {
    check(
        "webhook.unknown",
        expect![[r#"
        ❌ Telegram does not tell about the webhook
           Telegram did not answer `getWebhookInfo`: no answer in time
           so nothing can be said of it
           → check TELEGRAM_API_ROOT in wrangler.toml, then ask again: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
        ❌ Telegram не каже про вебхук
           Telegram did not answer `getWebhookInfo`: no answer in time
           тож нічого про нього сказати не можна
           → перевірте TELEGRAM_API_ROOT у wrangler.toml і спитайте ще раз: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
    "#]],
    );
}

#[test]
fn the_webhook_is_ours() {
    check(
        "webhook.ours",
        expect![[r#"
        ✅ the webhook is ours
           getWebhookInfo: url = "https://onehook.example.workers.dev/webhook"
        ✅ вебхук наш
           getWebhookInfo: url = "https://onehook.example.workers.dev/webhook"
    "#]],
    );
}

#[test]
fn the_webhook_points_at_and_you_ask_at() {
    check(
        "webhook.older",
        expect![[r#"
        ⚠ the webhook points at https://onehook.example.workers.dev/webhook, and you ask at https://bot.example.com
           getWebhookInfo: url = "https://onehook.example.workers.dev/webhook"
           an older address of this worker is set: updates still go there
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://bot.example.com/admin/webhook
        ⚠ вебхук вказує на https://onehook.example.workers.dev/webhook, а ви питаєте на https://bot.example.com
           getWebhookInfo: url = "https://onehook.example.workers.dev/webhook"
           встановлено давнішу адресу воркера: оновлення досі йдуть туди
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://bot.example.com/admin/webhook
    "#]],
    );
}

#[test]
fn no_webhook_is_set_and_nobody_has_asked_for_one() {
    check(
        "webhook.never_set",
        expect![[r#"
        ⚠ no webhook is set, and nobody has asked for one
           getWebhookInfo: url = ""
           Telegram keeps the updates for a day, and any poller can take them
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
        ⚠ вебхук не встановлено, і ніхто його не задавав
           getWebhookInfo: url = ""
           Telegram тримає оновлення добу, і їх може забрати будь-яке опитування
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
    "#]],
    );
}

#[test]
fn no_webhook_is_set_as_the_operator_asked() {
    check(
        "webhook.deleted",
        expect![[r#"
        ⚠ no webhook is set, as the operator asked
           getWebhookInfo: url = ""
           the guard leaves it alone
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
        ⚠ вебхука немає, як і просив оператор
           getWebhookInfo: url = ""
           вартовий його не чіпає
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
    "#]],
    );
}

#[test]
fn the_webhook_is_gone_although_we_set_it() {
    check(
        "webhook.missing",
        expect![[r#"
        ❌ the webhook is gone, although we set it
           getWebhookInfo: url = ""
           a library that was started for polling deletes it (python-telegram-bot, grammY, Telegraf), so does a deleteWebhook by hand, a failed setWebhook, a new token, or 23 hours of HTTP 410; the guard sets it again within a minute
           → run `scripts/find-rivals` wherever the token may be; to hear whether somebody polls (this can crash the other bot): curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/doctor/probe?seconds=50"
        ❌ вебхука не стало, хоча ми його встановили
           getWebhookInfo: url = ""
           його видаляє бібліотека, що починає опитування (python-telegram-bot, grammY, Telegraf), deleteWebhook вручну, невдалий setWebhook, новий токен або 23 години HTTP 410; вартовий встановить його знову за хвилину
           → виконайте `scripts/find-rivals` усюди, де може бути токен; щоб почути, чи хтось опитує (іншого бота це може зупинити): curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/doctor/probe?seconds=50"
    "#]],
    );
}

#[test]
fn the_webhook_points_elsewhere() {
    check(
        "webhook.foreign",
        expect![[r#"
            ❌ the webhook points elsewhere: https://elsewhere.example/hook
               getWebhookInfo: url = "https://elsewhere.example/hook"
               another deployment or another service owns it, and gets the updates instead of https://onehook.example.workers.dev
               → run `scripts/find-rivals` wherever the token may be, and stop what it finds; or send /revoke to @BotFather and run `npx wrangler secret put TELEGRAM_BOT_TOKEN`
            ❌ вебхук вказує деінде: https://elsewhere.example/hook
               getWebhookInfo: url = "https://elsewhere.example/hook"
               ним володіє інше розгортання або сервіс і отримує оновлення замість https://onehook.example.workers.dev
               → виконайте `scripts/find-rivals` усюди, де може бути токен, і зупиніть знайдене; або надішліть /revoke до @BotFather і виконайте `npx wrangler secret put TELEGRAM_BOT_TOKEN`
        "#]],
    );
}

#[test]
fn the_webhook_is_away_while_the_doctor_listens_for_a_poller() {
    check(
        "webhook.probing",
        expect![[r#"
        ⚠ the webhook is away while the doctor listens for a poller
           getWebhookInfo: url = ""
           it comes back within two minutes
           → wait ten minutes, then ask again: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
        ⚠ вебхука немає, поки лікар слухає, чи хтось опитує
           getWebhookInfo: url = ""
           він повернеться за дві хвилини
           → зачекайте десять хвилин і спитайте ще раз: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
    "#]],
    );
}

#[test]
fn nobody_has_changed_the_webhook_in_the_last_hour() {
    check(
        "flips.none",
        expect![[r#"
        ✅ nobody has changed the webhook in the last hour
           incidents of the last hour: 0
        ✅ за останню годину вебхук ніхто не змінював
           incidents of the last hour: 0
    "#]],
    );
}

#[test]
fn somebody_changed_the_webhook_in_the_last_hour() {
    check(
        "flips.some",
        expect![[r#"
        ⚠ somebody changed the webhook in the last hour
           incidents of the last hour: 2
           the guard restored it or does so now; nobody but you can stop whoever it is
           → curl --header "Authorization: Bearer $ADMIN_TOKEN" --header "Accept: text/plain" https://onehook.example.workers.dev/admin/incidents
        ⚠ за останню годину хтось змінив вебхук
           incidents of the last hour: 2
           вартовий відновив його або відновлює; зупинити того, хто це робить, можете лише ви
           → curl --header "Authorization: Bearer $ADMIN_TOKEN" --header "Accept: text/plain" https://onehook.example.workers.dev/admin/incidents
    "#]],
    );
}

#[test]
fn the_webhook_changed_between_two_looks() {
    check(
        "flips.now",
        expect![[r#"
        ❌ the webhook changed between two looks
           getWebhookInfo: "https://elsewhere.example/hook", then "https://onehook.example.workers.dev/webhook"
           two owners fight for it right now
           → run `scripts/find-rivals` wherever the token may be, and stop what it finds; or send /revoke to @BotFather and run `npx wrangler secret put TELEGRAM_BOT_TOKEN`
        ❌ вебхук змінився між двома поглядами
           getWebhookInfo: "https://elsewhere.example/hook", then "https://onehook.example.workers.dev/webhook"
           за нього саме зараз змагаються двоє власників
           → виконайте `scripts/find-rivals` усюди, де може бути токен, і зупиніть знайдене; або надішліть /revoke до @BotFather і виконайте `npx wrangler secret put TELEGRAM_BOT_TOKEN`
    "#]],
    );
}

#[test]
fn somebody_changes_the_webhook_again_and_again() {
    check(
        "flips.war",
        expect![[r#"
        ❌ somebody changes the webhook again and again
           incidents of the last hour: 3
           the guard holds back for longer and longer, up to an hour, since being faster wins nothing
           → run `scripts/find-rivals` wherever the token may be, and stop what it finds; or send /revoke to @BotFather and run `npx wrangler secret put TELEGRAM_BOT_TOKEN`
        ❌ хтось раз у раз змінює вебхук
           incidents of the last hour: 3
           вартовий вичікує дедалі довше, до години, бо швидкістю тут не перемогти
           → виконайте `scripts/find-rivals` усюди, де може бути токен, і зупиніть знайдене; або надішліть /revoke до @BotFather і виконайте `npx wrangler secret put TELEGRAM_BOT_TOKEN`
    "#]],
    );
}

#[test]
fn the_webhook_has_the_settings_that_were_asked_for() {
    check(
        "settings.fine",
        expect![[r#"
        ✅ the webhook has the settings that were asked for
           allowed_updates, max_connections, ip_address
        ✅ вебхук має задані параметри
           allowed_updates, max_connections, ip_address
    "#]],
    );
}

#[test]
fn somebody_changed_the_settings_of_the_webhook() {
    check(
        "settings.changed",
        expect![[r#"
        ❌ somebody changed the settings of the webhook
           allowed_updates: message, callback_query → message
           a poller's `allowed_updates` stick to the bot, or somebody called setWebhook by hand; some kinds of updates may never arrive
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
        ❌ хтось змінив параметри вебхука
           allowed_updates: message, callback_query → message
           `allowed_updates` опитувача лишаються в бота, або хтось викликав setWebhook вручну; деякі види оновлень можуть не надходити
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
    "#]],
    );
}

#[test]
fn telegram_took_some_settings_otherwise_than_asked() {
    check(
        "settings.taken_otherwise",
        expect![[r#"
            ⚠ Telegram took some settings otherwise than asked
               max_connections: 20 → 1
               it clamps numbers and skips kinds of updates it does not know, without a word
               → correct ALLOWED_UPDATES or MAX_CONNECTIONS in wrangler.toml and run `scripts/deploy`; then: curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
            ⚠ Telegram сприйняв деякі параметри інакше, ніж просили
               max_connections: 20 → 1
               він мовчки обмежує числа й пропускає невідомі йому види оновлень
               → виправте ALLOWED_UPDATES або MAX_CONNECTIONS у wrangler.toml і виконайте `scripts/deploy`; потім: curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
        "#]],
    );
}

#[test]
fn the_webhook_has_a_certificate_of_its_own() {
    check(
        "settings.certificate",
        expect![[r#"
        ❌ the webhook has a certificate of its own
           has_custom_certificate = true
           we never set one, so somebody else did
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
        ❌ вебхук має власний сертифікат
           has_custom_certificate = true
           ми його не встановлюємо, тож це зробив хтось інший
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
    "#]],
    );
}

#[test]
fn no_delivery_has_failed_since_the_webhook_was_set() {
    check(
        "deliveries.fine",
        expect![[r#"
        ✅ no delivery has failed since the webhook was set
           getWebhookInfo: no last_error_message
        ✅ відколи вебхук встановлено, жодна доставка не зірвалася
           getWebhookInfo: no last_error_message
    "#]],
    );
}

#[test]
fn the_last_failed_delivery_is_history() {
    check(
        "deliveries.recovered",
        expect![[r#"
        ✅ the last failed delivery is history: updates have arrived since
           last_error_message: Connection refused (2 min)
        ✅ остання невдала доставка вже в минулому: оновлення надходили й після неї
           last_error_message: Connection refused (2 min)
    "#]],
    );
}

#[test]
fn telegram_delivers_with_another_secret_than_ours_and_is_refused() {
    check(
        "deliveries.other_secret",
        expect![[r#"
        ❌ Telegram delivers with another secret than ours, and is refused
           last_error_message: Wrong response from the webhook: 401 Unauthorized (0 min)
           somebody called setWebhook with our address and without our secret; the guard sets it again within a minute
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
        ❌ Telegram доставляє з іншим секретом і отримує відмову
           last_error_message: Wrong response from the webhook: 401 Unauthorized (0 min)
           хтось викликав setWebhook із нашою адресою, але без нашого секрету; вартовий встановить його знову за хвилину
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
    "#]],
    );
}

#[test]
fn something_in_front_of_the_worker_asks_telegram_to_log_in() {
    check(
        "deliveries.shut_out",
        expect![[r#"
            ❌ something in front of the worker asks Telegram to log in
               last_error_message: Wrong response from the webhook: 401 Unauthorized (0 min)
               Telegram got 401, but nobody came to us with a wrong secret since it was set: Cloudflare Access or a proxy answers first
               → in the Cloudflare dashboard let 149.154.160.0/20 and 91.108.4.0/22 through to /webhook (Security → WAF → custom rules, action Skip), and look at the events there
            ❌ щось перед воркером вимагає від Telegram увійти
               last_error_message: Wrong response from the webhook: 401 Unauthorized (0 min)
               Telegram отримав 401, але відколи секрет встановлено, з хибним до нас ніхто не приходив: першим відповідає Cloudflare Access або проксі
               → у панелі Cloudflare пропустіть 149.154.160.0/20 і 91.108.4.0/22 до /webhook (Security → WAF → custom rules, дія Skip) і перегляньте події там
        "#]],
    );
}

#[test]
fn something_in_front_of_the_worker_blocks_telegram() {
    check(
        "deliveries.blocked",
        expect![[r#"
        ❌ something in front of the worker blocks Telegram
           last_error_message: Wrong response from the webhook: 403 Forbidden (0 min)
           onehook never answers 403: that is a WAF rule, Bot Fight Mode or a country block, since Telegram sends no User-Agent
           → in the Cloudflare dashboard let 149.154.160.0/20 and 91.108.4.0/22 through to /webhook (Security → WAF → custom rules, action Skip), and look at the events there
        ❌ щось перед воркером блокує Telegram
           last_error_message: Wrong response from the webhook: 403 Forbidden (0 min)
           onehook ніколи не відповідає 403: це правило WAF, Bot Fight Mode або блокування країн, адже Telegram не надсилає User-Agent
           → у панелі Cloudflare пропустіть 149.154.160.0/20 і 91.108.4.0/22 до /webhook (Security → WAF → custom rules, дія Skip) і перегляньте події там
    "#]],
    );
}

#[test]
fn the_address_of_the_webhook_leads_nowhere() {
    check(
        "deliveries.elsewhere",
        expect![[r#"
        ❌ the address of the webhook leads nowhere
           last_error_message: Wrong response from the webhook: 404 Not Found (0 min)
           Telegram got 404 or 405: the worker was renamed or removed, or the path is wrong
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
        ❌ адреса вебхука нікуди не веде
           last_error_message: Wrong response from the webhook: 404 Not Found (0 min)
           Telegram отримав 404 або 405: воркер перейменовано чи видалено, або шлях хибний
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
    "#]],
    );
}

#[test]
fn something_in_front_of_the_worker_answers_410() {
    check(
        "deliveries.gone",
        expect![[r#"
        ❌ something in front of the worker answers 410
           last_error_message: Wrong response from the webhook: 410 Gone (0 min)
           onehook never does: after 23 hours of 410 Telegram deletes the webhook
           → in the Cloudflare dashboard let 149.154.160.0/20 and 91.108.4.0/22 through to /webhook (Security → WAF → custom rules, action Skip), and look at the events there
        ❌ щось перед воркером відповідає 410
           last_error_message: Wrong response from the webhook: 410 Gone (0 min)
           onehook так ніколи не робить: після 23 годин 410 Telegram видаляє вебхук
           → у панелі Cloudflare пропустіть 149.154.160.0/20 і 91.108.4.0/22 до /webhook (Security → WAF → custom rules, дія Skip) і перегляньте події там
    "#]],
    );
}

#[test]
fn the_worker_could_not_keep_updates_when_they_came() {
    check(
        "deliveries.unavailable",
        expect![[r#"
        ❌ the worker could not keep updates when they came
           last_error_message: Wrong response from the webhook: 503 Service Unavailable (0 min)
           the database did not answer; Telegram brings them again
           → run `npx wrangler tail` and write to the bot
        ❌ воркер не міг зберегти оновлення, коли вони надійшли
           last_error_message: Wrong response from the webhook: 503 Service Unavailable (0 min)
           база даних не відповідала; Telegram принесе їх ще раз
           → виконайте `npx wrangler tail` і напишіть боту
    "#]],
    );
}

#[test]
fn the_worker_fails_when_telegram_delivers() {
    check(
        "deliveries.crashes",
        expect![[r#"
        ❌ the worker fails when Telegram delivers
           last_error_message: Wrong response from the webhook: 500 Internal Server Error (0 min)
           Cloudflare answered for it with a 5xx: a crash, or a limit of CPU or memory
           → run `npx wrangler tail` and write to the bot
        ❌ воркер падає, коли Telegram доставляє
           last_error_message: Wrong response from the webhook: 500 Internal Server Error (0 min)
           замість нього 5xx відповів Cloudflare: збій або ліміт процесора чи пам'яті
           → виконайте `npx wrangler tail` і напишіть боту
    "#]],
    );
}

#[test]
fn something_in_front_of_the_worker_answers_telegram() {
    check(
        "deliveries.answer",
        expect![[r#"
        ❌ something in front of the worker answers Telegram
           last_error_message: Wrong response from the webhook: 302 Found (0 min)
           onehook never answers with that status; a redirect counts as a failure too
           → in the Cloudflare dashboard let 149.154.160.0/20 and 91.108.4.0/22 through to /webhook (Security → WAF → custom rules, action Skip), and look at the events there
        ❌ щось перед воркером відповідає Telegram
           last_error_message: Wrong response from the webhook: 302 Found (0 min)
           onehook не відповідає таким статусом; переадресація теж є невдачею
           → у панелі Cloudflare пропустіть 149.154.160.0/20 і 91.108.4.0/22 до /webhook (Security → WAF → custom rules, дія Skip) і перегляньте події там
    "#]],
    );
}

#[test]
fn the_worker_did_not_answer_within_60_seconds() {
    check(
        "deliveries.timeout",
        expect![[r#"
        ❌ the worker did not answer within 60 seconds
           last_error_message: Read timeout expired (0 min)
           a handler hangs, or something in front of the worker does
           → run `npx wrangler tail` and write to the bot
        ❌ воркер не відповів за 60 секунд
           last_error_message: Read timeout expired (0 min)
           зависає обробник або щось перед воркером
           → виконайте `npx wrangler tail` і напишіть боту
    "#]],
    );
}

#[test]
fn telegram_does_not_trust_the_certificate_of_the_address() {
    check(
        "deliveries.tls",
        expect![[r#"
        ❌ Telegram does not trust the certificate of the address
           last_error_message: SSL error {error:0A000086:SSL routines::certificate verify failed} (0 min)
           it must be complete, valid and for that very name
           → open https://onehook.example.workers.dev/health in a browser: it must answer with no warning; then correct the name or the certificate
        ❌ Telegram не довіряє сертифікату адреси
           last_error_message: SSL error {error:0A000086:SSL routines::certificate verify failed} (0 min)
           він має бути повним, чинним і саме для цього імені
           → відкрийте https://onehook.example.workers.dev/health у браузері: має відповісти без попереджень; тоді виправте ім'я або сертифікат
    "#]],
    );
}

#[test]
fn telegram_cannot_resolve_the_name_of_the_address() {
    check(
        "deliveries.dns",
        expect![[r#"
        ❌ Telegram cannot resolve the name of the address
           last_error_message: Failed to resolve host: Name or service not known (0 min)
           a name that is minutes old is remembered as missing for five minutes
           → open https://onehook.example.workers.dev/health in a browser: it must answer with no warning; then correct the name or the certificate
        ❌ Telegram не може знайти ім'я адреси
           last_error_message: Failed to resolve host: Name or service not known (0 min)
           ім'я, створене щойно, ще п'ять хвилин вважається відсутнім
           → відкрийте https://onehook.example.workers.dev/health у браузері: має відповісти без попереджень; тоді виправте ім'я або сертифікат
    "#]],
    );
}

#[test]
fn telegram_cannot_connect_to_the_address() {
    check(
        "deliveries.connection",
        expect![[r#"
        ❌ Telegram cannot connect to the address
           last_error_message: Connection refused (0 min)
           the connection was refused or broke
           → open https://onehook.example.workers.dev/health in a browser: it must answer with no warning; then correct the name or the certificate
        ❌ Telegram не може з'єднатися з адресою
           last_error_message: Connection refused (0 min)
           з'єднання відхилено або воно обірвалося
           → відкрийте https://onehook.example.workers.dev/health у браузері: має відповісти без попереджень; тоді виправте ім'я або сертифікат
    "#]],
    );
}

#[test]
fn no_update_waits_at_telegram() {
    check(
        "waiting.none",
        expect![[r#"
        ✅ no update waits at Telegram
           pending_update_count = 0
        ✅ у Telegram не чекає жодне оновлення
           pending_update_count = 0
    "#]],
    );
}

#[test]
fn updates_are_on_their_way() {
    check(
        "waiting.few",
        expect![[r#"
        ✅ updates are on their way: 2
           pending_update_count = 2
        ✅ оновлень у дорозі: 2
           pending_update_count = 2
    "#]],
    );
}

#[test]
fn many_updates_wait_at_telegram() {
    check(
        "waiting.many",
        expect![[r#"
        ⚠ updates wait at Telegram: 11
           pending_update_count = 11
           Telegram brings them as fast as they are answered, one of a chat at a time
           → ask again in a minute: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
        ⚠ оновлень чекає у Telegram: 11
           pending_update_count = 11
           Telegram приносить їх так швидко, як на них відповідають, по одному з чату
           → спитайте ще раз за хвилину: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
    "#]],
    );
}

#[test]
fn more_and_more_updates_wait() {
    check(
        "waiting.grows",
        expect![[r#"
        ❌ more and more updates wait at Telegram, 12 before and 21 now, and no delivery fails
           pending_update_count = 21
           the answers are slow, connections are closed without an answer, or one chat is blocked
           → run `npx wrangler tail` and write to the bot
        ❌ у Telegram чекає дедалі більше оновлень, було 12, стало 21, і жодна доставка не зривається
           pending_update_count = 21
           відповіді повільні, з'єднання закриваються без відповіді або заблоковано один чат
           → виконайте `npx wrangler tail` і напишіть боту
    "#]],
    );
}

#[test]
fn updates_wait_and_no_webhook_takes_them() {
    check(
        "waiting.kept",
        expect![[r#"
        ⚠ updates wait at Telegram and no webhook takes them: 4
           pending_update_count = 4
           they are kept for a day, and delivered as soon as the webhook is set
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
        ⚠ оновлень чекає у Telegram без вебхука: 4
           pending_update_count = 4
           їх тримають добу й доставлять, щойно вебхук буде встановлено
           → curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook
    "#]],
    );
}

#[test]
fn somebody_takes_the_updates_that_wait() {
    check(
        "waiting.eaten",
        expect![[r#"
        ❌ somebody takes the updates that wait: 5 before, 2 now
           pending_update_count = 2
           no webhook is set and we do not poll, so another program with this token does
           → run `scripts/find-rivals` wherever the token may be; to hear whether somebody polls (this can crash the other bot): curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/doctor/probe?seconds=50"
        ❌ хтось забирає оновлення, що чекають: було 5, стало 2
           pending_update_count = 2
           вебхука немає і ми не опитуємо, тож це робить інша програма з цим токеном
           → виконайте `scripts/find-rivals` усюди, де може бути токен; щоб почути, чи хтось опитує (іншого бота це може зупинити): curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/doctor/probe?seconds=50"
    "#]],
    );
}

#[test]
fn telegram_had_trouble_of_its_own_a_moment_ago() {
    check(
        "telegram.trouble",
        expect![[r#"
        ⚠ Telegram had trouble of its own a moment ago
           last_synchronization_error_date = 1799999970
           its server lost the connection to the data centre; nothing is to be done here
           → wait ten minutes, then ask again: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
        ⚠ щойно негаразди були в самого Telegram
           last_synchronization_error_date = 1799999970
           його сервер втратив зв'язок із дата-центром; тут нічого робити не треба
           → зачекайте десять хвилин і спитайте ще раз: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/doctor
    "#]],
    );
}

#[test]
fn an_update_has_come_with_the_present_secret() {
    check(
        "rotation.confirmed",
        expect![[r#"
        ✅ an update has come with the present secret
           webhook.confirmed_at
        ✅ з теперішнім секретом уже надійшло оновлення
           webhook.confirmed_at
    "#]],
    );
}

#[test]
fn no_update_has_come_yet_since_the_webhook_was_set() {
    check(
        "rotation.unconfirmed",
        expect![[r#"
        ✅ no update has come yet since the webhook was set
           webhook.confirmed_at
        ✅ відколи вебхук встановлено, ще не надійшло жодного оновлення
           webhook.confirmed_at
    "#]],
    );
}

#[test]
fn a_new_secret_is_prepared_and_not_yet_in_use() {
    check(
        "rotation.unfinished",
        expect![[r#"
        ⚠ a new secret is prepared and not yet in use
           webhook.next_secret
           both secrets are accepted; the guard goes on each minute
           → if it stays so: curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook/rotate
        ⚠ новий секрет готовий, але ще не використовується
           webhook.next_secret
           приймаються обидва; вартовий продовжує щохвилини
           → якщо так лишиться: curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/webhook/rotate
    "#]],
    );
}

#[test]
fn no_update_is_left_to_handle() {
    check(
        "lanes.idle",
        expect![[r#"
        ✅ no update is left to handle
           inbox
        ✅ необроблених оновлень немає
           inbox
    "#]],
    );
}

#[test]
fn updates_are_being_handled() {
    check(
        "lanes.moving",
        expect![[r#"
        ✅ updates are being handled
           oldest open update: 240 s
        ✅ оновлення обробляються
           oldest open update: 240 s
    "#]],
    );
}

#[test]
fn an_update_has_waited_for_minutes() {
    check(
        "lanes.blocked",
        expect![[r#"
            ❌ an update has waited for minutes
               oldest open update: 240 s
               its chat waits behind it; a handler may hang or the cron may not run
               → curl --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/updates?state=stored", then the same with state=leased, and /admin/outbox
            ❌ одне оновлення чекає вже хвилини
               oldest open update: 240 s
               за ним чекає його чат; може висіти обробник або не працювати cron
               → curl --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/updates?state=stored", потім те саме зі state=leased і /admin/outbox
        "#]],
    );
}

#[test]
fn no_update_was_given_up() {
    check(
        "dead.none",
        expect![[r#"
        ✅ no update was given up
           dead = 0
        ✅ жодне оновлення не покинуто
           dead = 0
    "#]],
    );
}

#[test]
fn updates_were_given_up() {
    check(
        "dead.some",
        expect![[r#"
        ⚠ updates given up: 2
           dead = 2
           five attempts or two minutes were not enough; their bodies are kept for 30 days
           → curl --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/updates?state=dead", then POST /admin/updates/<id>/replay
        ⚠ покинутих оновлень: 2
           dead = 2
           п'яти спроб або двох хвилин не вистачило; їхні тіла зберігаються 30 днів
           → curl --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/updates?state=dead", потім POST /admin/updates/<id>/replay
    "#]],
    );
}

#[test]
fn no_call_waits_for_a_decision() {
    check(
        "parked.none",
        expect![[r#"
        ✅ no call waits for a decision
           parked = 0
        ✅ жоден виклик не чекає на рішення
           parked = 0
    "#]],
    );
}

#[test]
fn calls_wait_for_a_decision() {
    check(
        "parked.some",
        expect![[r#"
        ⚠ calls that wait for your decision: 2
           parked = 2
           nobody knows whether they took effect, and they must not be made twice
           → curl --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/outbox?state=parked", then POST /admin/outbox/<id>/resend or …/drop
        ⚠ викликів, що чекають на ваше рішення: 2
           parked = 2
           невідомо, чи вони подіяли, а двічі їх робити не можна
           → curl --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/outbox?state=parked", потім POST /admin/outbox/<id>/resend або …/drop
    "#]],
    );
}

#[test]
fn telegram_has_refused_no_call() {
    check(
        "failed.none",
        expect![[r#"
        ✅ Telegram has refused no call
           failed = 0
        ✅ Telegram не відхилив жодного виклику
           failed = 0
    "#]],
    );
}

#[test]
fn telegram_refused_calls() {
    check(
        "failed.some",
        expect![[r#"
        ⚠ calls that Telegram refused: 2
           failed = 2
           its words are beside each
           → curl --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/outbox?state=failed"
        ⚠ викликів, які Telegram відхилив: 2
           failed = 2
           його слова наведено біля кожного
           → curl --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/outbox?state=failed"
    "#]],
    );
}

#[test]
fn everything_that_came_was_an_update() {
    check(
        "quarantined.none",
        expect![[r#"
        ✅ everything that came was an update
           quarantined = 0
        ✅ усе, що надійшло, було оновленнями
           quarantined = 0
    "#]],
    );
}

#[test]
fn bodies_are_no_updates() {
    check(
        "quarantined.some",
        expect![[r#"
        ⚠ bodies that are no updates: 2
           quarantined = 2
           they came with the right secret and are kept for 30 days
           → curl --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/updates?state=quarantined"
        ⚠ тіл, що не є оновленнями: 2
           quarantined = 2
           вони прийшли з правильним секретом і зберігаються 30 днів
           → curl --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/updates?state=quarantined"
    "#]],
    );
}

#[test]
fn no_number_is_missing_between_the_updates_of_the_last_day() {
    check(
        "gaps.none",
        expect![[r#"
        ✅ no number is missing between the updates of the last day
           inbox.update_id
        ✅ серед номерів оновлень за останню добу немає пропусків
           inbox.update_id
    "#]],
    );
}

#[test]
fn updates_never_reached_us() {
    check(
        "gaps.some",
        expect![[r#"
        ⚠ 3 updates never reached us, the last ones between 110 and 113, from 07:10 to 07:20 UTC
           update_id 110 … 113
           Telegram counts by one: somebody else took them, or they were too old or dropped
           → run `scripts/find-rivals` wherever the token may be; to hear whether somebody polls (this can crash the other bot): curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/doctor/probe?seconds=50"
        ⚠ оновлень, що не дійшли до нас: 3; останні між 110 і 113, від 07:10 до 07:20 UTC
           update_id 110 … 113
           Telegram рахує по одному: їх забрав хтось інший, або вони застаріли чи були відкинуті
           → виконайте `scripts/find-rivals` усюди, де може бути токен; щоб почути, чи хтось опитує (іншого бота це може зупинити): curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/doctor/probe?seconds=50"
    "#]],
    );
}

#[test]
fn the_cron_runs() {
    check(
        "cron.fine",
        expect![[r#"
        ✅ the cron runs
           heartbeat: 299 s
        ✅ cron працює
           heartbeat: 299 s
    "#]],
    );
}

#[test]
fn the_cron_does_not_run() {
    check(
        "cron.late",
        expect![[r#"
        ❌ the cron does not run
           heartbeat: 300 s
           nobody restores the webhook or takes up what was left behind
           → keep `crons = ["* * * * *"]` in wrangler.toml and run `scripts/deploy`
        ❌ cron не працює
           heartbeat: 300 s
           ніхто не відновлює вебхук і не підбирає незавершене
           → залиште `crons = ["* * * * *"]` у wrangler.toml і виконайте `scripts/deploy`
    "#]],
    );
}

#[test]
fn this_database_knows_another_bot_too() {
    check(
        "bots.another",
        expect![[r#"
        ⚠ this database knows another bot too
           other bots in D1: 1
           if that was this one before, its token was replaced by that of another bot
           → run `npx wrangler secret put TELEGRAM_BOT_TOKEN` and paste the token that BotFather shows
        ⚠ ця база знає й іншого бота
           other bots in D1: 1
           якщо раніше це був він, його токен замінено на токен іншого бота
           → виконайте `npx wrangler secret put TELEGRAM_BOT_TOKEN` і вставте токен, який показує BotFather
    "#]],
    );
}

#[test]
fn a_feed_is_read() {
    check(
        "feeds.read",
        expect![[r#"
        ✅ feed `echo` is read; 7 updates wait in it
           feed echo: waiting = 7
        ✅ фід `echo` читають; чекають оновлень: 7
           feed echo: waiting = 7
    "#]],
    );
}

#[test]
fn a_feed_lags() {
    check(
        "feeds.lags",
        expect![[r#"
        ⚠ feed `echo` lags: of 7 updates that wait in it the oldest came 6 minutes ago
           feed echo: waiting = 7
           its readers are too slow, or one of them has taken updates and does not confirm them
           → look at `handed_out` and `oldest_waiting_seconds`: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/feeds; then start one more reader
        ⚠ фід `echo` відстає: чекають оновлень: 7, найстаріше надійшло 6 хв тому
           feed echo: waiting = 7
           його читачі надто повільні, або хтось узяв оновлення й не підтверджує їх
           → подивіться на `handed_out` і `oldest_waiting_seconds`: curl --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/feeds; потім запустіть ще одного читача
    "#]],
    );
}

#[test]
fn nobody_asks_a_feed_for_anything() {
    check(
        "feeds.idle",
        expect![[r#"
        ⚠ nobody asks feed `echo` for updates
           feed echo: waiting = 0
           nothing waits in it, so nothing is late; its reader may be down, or has another address or token
           → start its reader, or end the feed: curl --request DELETE --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/feeds/NAME
        ⚠ фід `echo` ніхто не читає
           feed echo: waiting = 0
           у ньому нічого не чекає, тож нічого не запізнюється; читач міг зупинитися або має іншу адресу чи токен
           → запустіть його читача або скасуйте фід: curl --request DELETE --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/feeds/NAME
    "#]],
    );
}

#[test]
fn nobody_reads_a_feed() {
    check(
        "feeds.unread",
        expect![[r#"
        ❌ nobody reads feed `echo`, and 7 updates wait in it
           feed echo: waiting = 7
           its reader is down, or has another address or token
           → start its reader, or end the feed: curl --request DELETE --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/feeds/NAME
        ❌ фід `echo` ніхто не читає, а чекають оновлень: 7
           feed echo: waiting = 7
           читач зупинився або має іншу адресу чи токен
           → запустіть його читача або скасуйте фід: curl --request DELETE --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/feeds/NAME
    "#]],
    );
}

#[test]
fn updates_are_about_to_be_forgotten_unread() {
    check(
        "feeds.leaving",
        expect![[r#"
        ❌ updates are about to be forgotten that nobody has read in feed `echo`: 7 wait, the oldest came 3660 minutes ago
           feed echo: waiting = 7
           updates are kept for KEEP_HOURS, read or not
           → start its reader, or end the feed: curl --request DELETE --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/feeds/NAME
        ❌ скоро буде забуто оновлення, яких у фіді `echo` ніхто не прочитав: чекають 7, найстаріше надійшло 3660 хв тому
           feed echo: waiting = 7
           оновлення зберігаються KEEP_HOURS годин, прочитані чи ні
           → запустіть його читача або скасуйте фід: curl --request DELETE --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/feeds/NAME
    "#]],
    );
}

#[test]
fn a_poller_may_have_the_real_token() {
    check(
        "poller.real_token",
        expect![[r#"
        ⚠ somebody with the bot's own token took the webhook away, although there is a feed
           incidents of the last hour = 1
           it may be a reader of the feed that was given the bot's token, or the usual address
           → give that program the address and the token of the feed; a new token: curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/feeds/NAME/rotate
        ⚠ хтось із токеном самого бота зняв вебхук, хоча є фід
           incidents of the last hour = 1
           це може бути читач фіда, якому дали токен бота або звичайну адресу
           → дайте тій програмі адресу й токен фіда; новий токен: curl --request POST --header "Authorization: Bearer $ADMIN_TOKEN" https://onehook.example.workers.dev/admin/feeds/NAME/rotate
    "#]],
    );
}
