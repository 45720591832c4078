//! Pasted errors: the texts Telegram has, as libraries print them, and whatever else somebody may paste.

use std::collections::BTreeSet;
use std::fmt::Write;

use expect_test::{Expect, expect};
use onehook::doctor::conflict::{Meaning, library};
use onehook::reply::Reply;
use serde_json::Value;

use crate::test_bot::{TestBot, body};

/// Telegram's four conflicts (facts §2.1): who polls is told of a webhook that is set, of another poller, and of a webhook that is
/// being set; who sets a webhook is told of another one who does.
const CONFLICTS: [(&str, Meaning); 4] = [
    (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        Meaning::WebhookActive,
    ),
    (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
        Meaning::OtherPoller,
    ),
    (
        "Conflict: terminated by setWebhook request",
        Meaning::WebhookSet,
    ),
    (
        "Conflict: terminated by other setWebhook",
        Meaning::OtherSetWebhook,
    ),
];

/// Texts that only old bug reports have.
const HISTORIC: [(&str, Meaning); 4] = [
    (
        "Conflict: terminated by other long poll or webhook",
        Meaning::OtherPollerOrWebhook,
    ),
    (
        "Conflict: another webhook is active",
        Meaning::WebhookActive,
    ),
    (
        "Conflict: can't use getUpdates method while webhook is active",
        Meaning::WebhookActive,
    ),
    (
        "ETELEGRAM: 409 Conflict: terminated by other long poll or webhook",
        Meaning::OtherPollerOrWebhook,
    ),
];

/// What libraries print around a text of Telegram's, which stands where the `{}` is.
const WRAPPINGS: [(&str, &str); 15] = [
    (
        "aiogram",
        "2026-11-24 12:00:00,123 - aiogram.dispatcher - ERROR - Failed to fetch updates - TelegramConflictError: Telegram server says - {}",
    ),
    (
        "aiogram",
        "aiogram.exceptions.TelegramConflictError: Telegram server says - {}",
    ),
    ("python-telegram-bot", "telegram.error.Conflict: {}"),
    (
        "python-telegram-bot",
        "  File \"/usr/lib/python3/dist-packages/telegram/ext/_utils/networkloop.py\", line 161, in network_retry_loop\n    await do_action()\ntelegram.error.Conflict: {}",
    ),
    (
        "grammY",
        "GrammyError: Call to 'getUpdates' failed! (409: {})\n    at toGrammyError (/app/node_modules/grammy/out/core/error.js:82:12) {\n  method: 'getUpdates',\n  ok: false,\n  error_code: 409,",
    ),
    (
        "Telegraf",
        "TelegramError: 409: {}\n    at Telegram.callApi (/app/node_modules/telegraf/lib/core/network/client.js:315:19)\n    at process.processTicksAndRejections (node:internal/process/task_queues:105:5) {\n  response: { ok: false, error_code: 409 },\n  on: { method: 'getUpdates', payload: { timeout: 50, offset: 0 } }\n}",
    ),
    (
        "Telegraf",
        "Failed to process updates. TelegramError: 409: {}",
    ),
    (
        "pyTelegramBotAPI",
        "telebot.apihelper.ApiTelegramException: A request to the Telegram API was unsuccessful. Error code: 409. Description: {}",
    ),
    (
        "pyTelegramBotAPI",
        "2026-11-24 12:00:00,123 (__init__.py:1121 MainThread) ERROR - TeleBot: \"Infinity polling exception: A request to the Telegram API was unsuccessful. Error code: 409. Description: {}\"",
    ),
    (
        "teloxide",
        " ERROR teloxide::error_handlers > An error from the update listener: Api(Unknown(\"{}\"))",
    ),
    (
        "tgbotapi",
        "2026/11/24 11:34:36 {}\n2026/11/24 11:34:36 Failed to get updates, retrying in 3 seconds...",
    ),
    (
        "node-telegram-bot-api",
        "error: [polling_error] {\"code\":\"ETELEGRAM\",\"message\":\"ETELEGRAM: 409 {}\"}",
    ),
    (
        "node-telegram-bot-api",
        "Unhandled rejection Error: ETELEGRAM: 409 {}\n    at /app/node_modules/node-telegram-bot-api/src/telegram.js:316:15",
    ),
    (
        "",
        "{\"ok\":false,\"error_code\":409,\"description\":\"{}\"}",
    ),
    ("", "{}"),
];

/// What else somebody may paste.
const OTHERS: [(&str, Meaning); 28] = [
    // teloxide names the conflicts itself.
    (
        "ERROR teloxide::error_handlers > An error from the update listener: Api(TerminatedByOtherGetUpdates)",
        Meaning::OtherPoller,
    ),
    ("Api(CantGetUpdates)", Meaning::WebhookActive),
    ("HTTP 409", Meaning::SomeConflict),
    ("помилка 409", Meaning::SomeConflict),
    ("Error: 409: Conflict", Meaning::SomeConflict),
    ("Bad Request: Logged out", Meaning::LoggedOut),
    ("Telegram server says - Unauthorized", Meaning::BadToken),
    ("telegram.error.InvalidToken: Not Found", Meaning::BadToken),
    ("401", Meaning::BadToken),
    (
        "{\"ok\":false,\"error_code\":401,\"description\":\"Unauthorized: invalid token specified\"}",
        Meaning::BadToken,
    ),
    (
        "421 Misdirected Request: unallowed token specified",
        Meaning::BadToken,
    ),
    ("Too Many Requests: retry after 401", Meaning::TooOften),
    ("429", Meaning::TooOften),
    (
        "Bad Request: bad webhook: Failed to resolve host: Name or service not known",
        Meaning::BadWebhook,
    ),
    (
        "Bad Request: bad webhook: IP address 10.4.0.9 is reserved",
        Meaning::BadWebhook,
    ),
    // What Telegram tells of a delivery is not about the token, and no conflict.
    (
        "Wrong response from the webhook: 401 Unauthorized",
        Meaning::WrongResponse,
    ),
    (
        "Wrong response from the webhook: 409 Conflict",
        Meaning::WrongResponse,
    ),
    (
        "Wrong response from the webhook: 429 Too Many Requests",
        Meaning::WrongResponse,
    ),
    (
        "\"last_error_message\":\"Wrong response from the webhook: 502 Bad Gateway\"",
        Meaning::WrongResponse,
    ),
    // Numbers within numbers mean nothing.
    ("4014091234:AAF", Meaning::Unknown),
    ("update 14090 was handled in 429ms", Meaning::Unknown),
    ("x409", Meaning::Unknown),
    ("2026-11-24T12:00:00.4091Z ok", Meaning::Unknown),
    ("Forbidden: bot was blocked by the user", Meaning::Unknown),
    ("Not Found", Meaning::Unknown),
    ("500 Internal Server Error: restart", Meaning::Unknown),
    ("everything works", Meaning::Unknown),
    ("🦔", Meaning::Unknown),
];

/// Every byte as `%XX`, as a browser would send whatever is pasted.
fn encoded(text: &[u8]) -> String {
    text.iter().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02X}").unwrap();
        encoded
    })
}

fn paste(bot: &TestBot, error: &[u8], accept: &str, language: &str) -> Reply {
    let target = format!("/admin/doctor?lang={language}&error={}", encoded(error));
    bot.operator().with_header("accept", accept).get(&target)
}

fn explanation(bot: &TestBot, error: &str) -> Value {
    let reply = paste(bot, error.as_bytes(), "application/json", "en");
    assert_eq!(reply.status, 200);
    body(&reply)["explanation"].clone()
}

/// What is said of a text in both languages, without the causes, which are the same for all conflicts.
#[track_caller]
fn check(error: &str, expect: Expect) {
    let bot = TestBot::without_webhook();
    let mut told = String::new();
    for language in ["en", "uk"] {
        let reply = paste(&bot, error.as_bytes(), "text/plain", language);
        let is_a_cause =
            |line: &&str| line.contains("Usual causes") || line.contains("Звичні причини");
        for line in reply.body.lines().filter(|line| !is_a_cause(line)) {
            told.push_str(line);
            told.push('\n');
        }
    }
    expect.assert_eq(&told);
}

#[test]
fn a_webhook_is_active() {
    check(
        CONFLICTS[0].0,
        expect![[r#"
        409: a program polls this bot while a webhook is set.
        Got by: the program that printed it. It calls getUpdates, and gets nothing as long as the webhook is set.
        Caused by: nobody else; the webhook has precedence. Harmless now, but many libraries delete the webhook when they start.
        → stop that program and let the worker answer; `scripts/find-rivals` tells where it runs. To see whose webhook it is: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
        409: програма опитує бота, поки встановлено вебхук.
        Отримала: програма, що це надрукувала. Вона викликає getUpdates і не отримає нічого, поки є вебхук.
        Спричинив: ніхто інший; вебхук має перевагу. Зараз це нешкідливо, але багато бібліотек на старті видаляють вебхук.
        → зупиніть ту програму, хай відповідає воркер; де вона працює, каже `scripts/find-rivals`. Чий це вебхук: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
    "#]],
    );
}

#[test]
fn another_one_polls() {
    check(
        CONFLICTS[1].0,
        expect![[r#"
        409: two programs poll this bot with the same token.
        Got by: the one that waited first. It cannot be this worker, which never polls.
        Caused by: the one that came later; the newcomer wins, and then the other comes back. No webhook was set at that moment.
        → stop ALL instances: run `scripts/find-rivals` on each machine; or end it for all of them by setting the webhook: curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
        409: дві програми опитують бота з тим самим токеном.
        Отримала: та, що чекала першою. Це не може бути цей воркер: він ніколи не опитує.
        Спричинила: та, що прийшла пізніше; перемагає новенька, а тоді повертається перша. Вебхука в ту мить не було.
        → зупиніть УСІ екземпляри: виконайте `scripts/find-rivals` на кожній машині; або завершіть це для всіх, встановивши вебхук: curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
    "#]],
    );
}

#[test]
fn a_webhook_was_set() {
    check(
        CONFLICTS[2].0,
        expect![[r#"
        409: a webhook was set while a program polled.
        Got by: the program that printed it; its long poll was ended.
        Caused by: whoever set the webhook, perhaps this worker (PUT /admin/webhook, or its guard).
        → stop the program that polls: from now on it gets nothing. Whose webhook it is: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
        409: поки програма опитувала, встановили вебхук.
        Отримала: програма, що це надрукувала; її довгий запит перервано.
        Спричинив: той, хто встановив вебхук, можливо цей воркер (PUT /admin/webhook або його вартовий).
        → зупиніть програму, що опитує: відтепер вона нічого не отримає. Чий це вебхук: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
    "#]],
    );
}

#[test]
fn two_set_a_webhook_at_once() {
    check(
        CONFLICTS[3].0,
        expect![[r#"
        409: two programs set or delete the webhook at the same time.
        Got by: the one whose call came first.
        Caused by: the other one; often several workers of one deployment that all set the webhook when they start.
        → set it in one place only, then look at what is set: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
        409: дві програми водночас встановлюють або видаляють вебхук.
        Отримала: та, чий виклик був першим.
        Спричинила: інша; часто це кілька процесів одного розгортання, кожен з яких на старті встановлює вебхук.
        → встановлюйте його лише в одному місці й перевірте, що встановлено: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
    "#]],
    );
}

#[test]
fn another_one_polls_or_set_a_webhook() {
    check(
        HISTORIC[0].0,
        expect![[r#"
        409: another program polls this bot, or set its webhook (a text that Telegram used until 2018).
        Got by: the program that printed it, whose poll was ended.
        Caused by: another poller, or whoever set a webhook.
        → stop ALL instances: run `scripts/find-rivals` on each machine; then see what is set: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
        409: бота опитує інша програма, або хтось встановив вебхук (текст, який Telegram уживав до 2018 року).
        Отримала: програма, що це надрукувала; її запит перервано.
        Спричинив: інший опитувач або той, хто встановив вебхук.
        → зупиніть УСІ екземпляри: виконайте `scripts/find-rivals` на кожній машині; потім гляньте, що встановлено: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
    "#]],
    );
}

#[test]
fn some_conflict() {
    check(
        "409",
        expect![[r#"
        409: several programs use this bot at once; the pasted text does not say which way.
        Got by: the program that printed it.
        Caused by: another program with the same token.
        → paste the whole line, with what follows "Conflict:"; or run `scripts/find-rivals`, and ask the doctor: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/doctor
        409: бота використовують кілька програм водночас; із вставленого тексту не видно, як саме.
        Отримала: програма, що це надрукувала.
        Спричинила: інша програма з тим самим токеном.
        → вставте рядок цілком, із тим, що після "Conflict:"; або виконайте `scripts/find-rivals` і спитайте лікаря: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/doctor
    "#]],
    );
}

#[test]
fn somebody_logged_out() {
    check(
        "Bad Request: Logged out",
        expect![[r#"
        400: somebody called logOut for this bot.
        Got by: everybody who uses the bot on this server.
        Caused by: a call of logOut, as before a move to a Bot API server of one's own.
        → wait ten minutes, up to an hour, then set the webhook: curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
        400: хтось викликав logOut для цього бота.
        Отримує: кожен, хто користується ботом на цьому сервері.
        Спричинив: виклик logOut, як перед переїздом на власний сервер Bot API.
        → зачекайте від десяти хвилин до години, потім встановіть вебхук: curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
    "#]],
    );
}

#[test]
fn a_bad_token() {
    check(
        "Unauthorized",
        expect![[r#"
        401: Telegram does not accept the token.
        Got by: everybody who uses this token.
        Caused by: a revoked or mistyped token.
        → take the token that @BotFather shows and run `npx wrangler secret put TELEGRAM_BOT_TOKEN`; a new token starts without a webhook: curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
        401: Telegram не приймає токен.
        Отримує: кожен, хто використовує цей токен.
        Спричинено: токен відкликано або введено з помилкою.
        → візьміть токен, який показує @BotFather, і виконайте `npx wrangler secret put TELEGRAM_BOT_TOKEN`; новий токен починає без вебхука: curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
    "#]],
    );
}

#[test]
fn calls_come_too_often() {
    check(
        "Too Many Requests: retry after 1",
        expect![[r#"
        429: calls come too fast.
        Got by: whoever made the call; it was not carried out.
        Caused by: too many calls in a chat or in all, or setWebhook more than once a second.
        → wait for as many seconds as the text says; calls of this worker wait by themselves: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/outbox
        429: виклики надходять зашвидко.
        Отримав: той, хто викликав; виклик не виконано.
        Спричинено: забагато викликів у чаті чи загалом, або setWebhook частіше ніж раз на секунду.
        → зачекайте стільки секунд, скільки сказано; виклики цього воркера чекають самі: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/outbox
    "#]],
    );
}

#[test]
fn a_bad_webhook() {
    check(
        "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
        expect![[r#"
            400: Telegram does not take the address of the webhook, and the bot has no webhook now.
            Got by: whoever called setWebhook.
            Caused by: the address: https, port 443, 80, 88 or 8443, a name with a public IPv4 address.
            → correct the address; after "Failed to resolve host" wait five minutes; then: curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
            400: Telegram не приймає адресу вебхука, і тепер бот без вебхука.
            Отримав: той, хто викликав setWebhook.
            Спричинила: адреса: потрібні https, порт 443, 80, 88 або 8443 та ім'я з публічною адресою IPv4.
            → виправте адресу; після "Failed to resolve host" зачекайте п'ять хвилин; потім: curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
        "#]],
    );
}

#[test]
fn a_wrong_response() {
    check(
        "Wrong response from the webhook: 401 Unauthorized",
        expect![[r#"
            a delivery failed: the webhook's host did not answer with a 2xx.
            Got by: Telegram, which tells of it in getWebhookInfo.
            Caused by: the host at the webhook's address, or something in front of it.
            → ask the doctor, who tells them apart: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/doctor
            доставка не вдалася: хост вебхука не відповів 2xx.
            Отримав: Telegram, який каже про це в getWebhookInfo.
            Спричинив: хост за адресою вебхука або щось перед ним.
            → спитайте лікаря, він їх розрізнить: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/doctor
        "#]],
    );
}

#[test]
fn nothing_that_is_known() {
    check(
        "it does not work",
        expect![[r#"
        this is none of the errors that are known here.
        Got by: whoever printed it.
        Caused by: it cannot be told from this text.
        → paste the line with Telegram's own words, such as "Conflict: …"; or ask for an examination: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/doctor
        серед відомих тут помилок такої немає.
        Отримав: той, хто це надрукував.
        Спричинено: із цього тексту не видно.
        → вставте рядок зі словами самого Telegram, як-от "Conflict: …"; або попросіть обстеження: curl --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/doctor
    "#]],
    );
}

#[test]
fn a_library_is_recognised_and_what_it_does_is_told_in_both_languages() {
    let bot = TestBot::without_webhook();
    let error = WRAPPINGS[0].1.replace("{}", CONFLICTS[1].0);
    expect![[r#"
        {
          "about_library": "aiogram tries again for ever, after 1 to 5 seconds. It does not delete the webhook when it starts.",
          "causes": [
            "Usual causes, 1: several instances of the program run, here or in a forgotten terminal or container.",
            "Usual causes, 2: a webhook is set while a program polls.",
            "Usual causes, 3: a process of a former start did not die.",
            "Usual causes, 4: the same token runs on several servers, such as a hosting service and a laptop."
          ],
          "error": "other_poller",
          "library": "aiogram",
          "remedy": "stop ALL instances: run `scripts/find-rivals` on each machine; or end it for all of them by setting the webhook: curl --request PUT --header \"Authorization: Bearer $ADMIN_TOKEN\" http://127.0.0.1:8787/admin/webhook",
          "what": "409: two programs poll this bot with the same token.",
          "who_caused_it": "Caused by: the one that came later; the newcomer wins, and then the other comes back. No webhook was set at that moment.",
          "who_got_it": "Got by: the one that waited first. It cannot be this worker, which never polls."
        }"#]].assert_eq(&format!("{:#}", explanation(&bot, &error)));
    let reply = paste(&bot, error.as_bytes(), "text/plain", "uk");
    expect![[r#"
        409: дві програми опитують бота з тим самим токеном.
        Отримала: та, що чекала першою. Це не може бути цей воркер: він ніколи не опитує.
        Спричинила: та, що прийшла пізніше; перемагає новенька, а тоді повертається перша. Вебхука в ту мить не було.
        aiogram пробує знову без кінця, за 1–5 секунд. На старті вебхук не видаляє.
        Звичні причини, 1: запущено кілька екземплярів програми, тут або в забутому терміналі чи контейнері.
        Звичні причини, 2: встановлено вебхук, а програма опитує.
        Звичні причини, 3: процес попереднього запуску не завершився.
        Звичні причини, 4: той самий токен працює на кількох серверах, наприклад на хостингу й на ноутбуці.
        → зупиніть УСІ екземпляри: виконайте `scripts/find-rivals` на кожній машині; або завершіть це для всіх, встановивши вебхук: curl --request PUT --header "Authorization: Bearer $ADMIN_TOKEN" http://127.0.0.1:8787/admin/webhook
    "#]].assert_eq(&reply.body);
}

#[test]
fn each_library_wraps_each_conflict_and_both_are_recognised() {
    let bot = TestBot::without_webhook();
    let mut seen = BTreeSet::new();
    for (text, meaning) in CONFLICTS.into_iter().chain(HISTORIC) {
        assert_eq!(Meaning::of(text), meaning, "{text}");
        for (name, wrapping) in WRAPPINGS {
            let error = wrapping.replace("{}", text);
            assert_eq!(Meaning::of(&error), meaning, "{error}");
            assert_eq!(Meaning::of(&error.to_uppercase()), meaning, "{error}");
            let told = explanation(&bot, &error);
            let expected = meaning.name().trim_start_matches("error.");
            assert_eq!(told["error"], expected, "{error}");
            if text.starts_with("ETELEGRAM") {
                continue;
            }
            let found = library(&error).map_or("", |(name, _)| name);
            assert_eq!(found, name, "{error}");
            assert_eq!(
                told["library"].as_str().unwrap_or_default(),
                name,
                "{error}"
            );
            assert_eq!(told["about_library"].is_null(), name.is_empty(), "{error}");
            seen.insert(name);
        }
    }
    assert_eq!(seen.len(), 9, "{seen:?}");
}

#[test]
fn whatever_else_is_pasted_means_what_it_says() {
    for (error, meaning) in OTHERS {
        assert_eq!(Meaning::of(error), meaning, "{error}");
    }
}

#[test]
fn the_four_causes_are_named_for_conflicts_and_for_nothing_else() {
    let bot = TestBot::without_webhook();
    let all = CONFLICTS.into_iter().chain(HISTORIC).chain(OTHERS);
    for (error, meaning) in all {
        let told = explanation(&bot, error);
        let is_a_conflict = matches!(
            meaning,
            Meaning::WebhookActive
                | Meaning::OtherPoller
                | Meaning::WebhookSet
                | Meaning::OtherSetWebhook
                | Meaning::OtherPollerOrWebhook
                | Meaning::SomeConflict
        );
        let causes = told["causes"].as_array().map_or(0, Vec::len);
        assert_eq!(causes, if is_a_conflict { 4 } else { 0 }, "{error}");
        for field in ["what", "who_got_it", "who_caused_it", "remedy"] {
            let said = told[field].as_str().expect(field);
            assert!(!said.is_empty() && !said.contains("{}"), "{error}: {field}");
        }
        let remedy = told["remedy"].as_str().unwrap();
        assert!(
            remedy.contains("curl --") && remedy.contains("http://127.0.0.1:8787/admin/"),
            "{remedy}"
        );
    }
}

#[test]
fn what_is_pasted_is_reflected_nowhere() {
    let bot = TestBot::without_webhook();
    let large = "🦔<b>".repeat(64 * 1024 / 7);
    let hostile: [&[u8]; 10] = [
        b"<script>alert(1)</script>",
        b"\r\nSet-Cookie: a=b\r\n\r\n<html>",
        b"\0\x01\x02",
        b"\xd0",
        b"\xf0\x9f\xa6",
        b"\xed\xa0\x80\xed\xb0\x80",
        "\u{202e}\u{2066}\u{feff}".as_bytes(),
        b"{} {} {}",
        b"' OR 1=1; DROP TABLE inbox --",
        large.as_bytes(),
    ];
    for accept in ["text/plain", "application/json"] {
        for language in ["en", "uk"] {
            for known in ["nothing known", CONFLICTS[1].0] {
                let plain = paste(&bot, known.as_bytes(), accept, language);
                for piece in hostile {
                    let pasted = [piece, b" ", known.as_bytes(), b" ", piece].concat();
                    let reply = paste(&bot, &pasted, accept, language);
                    assert_eq!(reply, plain, "{}", String::from_utf8_lossy(piece));
                }
            }
        }
    }
}

#[test]
fn broken_queries_are_answered_all_the_same() {
    let bot = TestBot::new();
    for query in [
        "error=%",
        "error=%4",
        "error=%zz",
        "error=+",
        "error=%00",
        "error=409&error=401",
        "error=a=b=c",
        "&&error=x&&",
        "lang=%ff&error=x",
        "error=x&lang=de",
    ] {
        let reply = bot.operator().get(&format!("/admin/doctor?{query}"));
        assert_eq!(reply.status, 200, "{query}");
        assert!(
            body(&reply)["explanation"].is_object(),
            "{query}: {}",
            reply.body
        );
    }
    for query in ["", "error", "error=", "errors=x", "=x"] {
        let reply = bot.operator().get(&format!("/admin/doctor?{query}"));
        assert!(
            body(&reply)["findings"].is_array(),
            "{query}: {}",
            reply.body
        );
    }
}

#[test]
fn a_flood_of_numbers_is_read_in_no_time() {
    let error = "x409x".repeat(13_000);
    assert_eq!(Meaning::of(&error), Meaning::Unknown);
    assert_eq!(library(&error), None);
}
