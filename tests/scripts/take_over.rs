//! `scripts/take-over` beside a stand-in for the worker, which answers as told: what it says of each thing that can be wrong.
//! With the real worker it is in `tests/worker/take_over.rs`.

use std::io::BufReader;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{Ended, TOKEN, Terminal, UKRAINIAN, seen_with_ps, telegram, tells_no_secret};
use crate::emulator::client::ask;
use crate::emulator::http;
use crate::emulator::server::{Running, json_response};
use crate::emulator::telegram::{Request, Response};

const ADMIN_TOKEN: &str = "an-admin-token-that-no-script-may-print";

/// What the worker is asked, such as `GET /health`, and what it answers.
type Manners = dyn Fn(&str, &Running) -> (u16, Value) + Send + Sync;

struct Scene {
    telegram: Arc<Running>,
    worker: String,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Scene {
    /// A worker whose answers to some questions are other than usual.
    fn new(
        manners: impl Fn(&str, &Running) -> Option<(u16, Value)> + Send + Sync + 'static,
    ) -> Self {
        let telegram = Arc::new(telegram());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let worker = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (heard, running) = (Arc::clone(&asked), Arc::clone(&telegram));
        let manners: Box<Manners> = {
            let url = format!("{worker}/webhook");
            Box::new(move |question, running| {
                manners(question, running).unwrap_or_else(|| usual(question, running, &url))
            })
        };
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                serve(&connection, &running, &*manners, &heard);
            }
        });
        Self {
            telegram,
            worker,
            asked,
        }
    }

    fn run(&self, line: &str, variables: &[(&str, &str)]) -> Ended {
        let terminal = Terminal::new();
        let mut command = terminal.script(line);
        command
            .env("TELEGRAM_API_ROOT", &self.telegram.url)
            .env("TELEGRAM_BOT_TOKEN", TOKEN)
            .env("ADMIN_TOKEN", ADMIN_TOKEN)
            .env("WORKER_URL", &self.worker)
            .env("PROC_ROOT", empty_machine(&terminal))
            .envs(variables.iter().copied());
        let mut ended = terminal.run(&mut command, "");
        assert!(!ended.output.contains(ADMIN_TOKEN), "{}", ended.output);
        ended.output = ended.output.replace(&self.worker, "https://worker");
        ended
    }

    #[track_caller]
    fn check(&self, line: &str, variables: &[(&str, &str)], status: i32, expected: &Expect) {
        let ended = self.run(line, variables);
        expected.assert_eq(&ended.output);
        assert_eq!(ended.status, status);
    }

    fn asked(&self) -> Vec<(String, String)> {
        self.asked.lock().unwrap().clone()
    }
}

/// Nobody else is on this machine.
fn empty_machine(terminal: &Terminal) -> std::path::PathBuf {
    terminal.write("proc/net/tcp", "");
    terminal.folder.join("proc")
}

fn serve(
    connection: &TcpStream,
    running: &Running,
    manners: &Manners,
    asked: &Mutex<Vec<(String, String)>>,
) {
    let mut reader = BufReader::new(connection);
    let Ok(Some(start)) = http::read_head(&mut reader) else {
        return;
    };
    let body = http::read_body(&mut reader, &start.headers).unwrap_or_default();
    let question = start.first_line.trim_end_matches(" HTTP/1.1").to_owned();
    let is_operator = start.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("authorization") && value == &format!("Bearer {ADMIN_TOKEN}")
    });
    let (status, answer) = if question.contains("/admin/") && !is_operator {
        (401, json!({"error": {"what": "not allowed"}}))
    } else {
        manners(&question, running)
    };
    let body = String::from_utf8(body).unwrap();
    asked.lock().unwrap().push((question, body));
    let mut response = match answer {
        Value::String(text) => text_response(status, text),
        answer => json_response(status, &answer),
    };
    response
        .headers
        .push(("Connection".to_owned(), "close".to_owned()));
    let mut writer = connection;
    let _ = http::write_response(&mut writer, &response, usize::MAX);
}

fn text_response(status: u16, text: String) -> Response {
    Response {
        status,
        headers: vec![("Content-Length".to_owned(), text.len().to_string())],
        body: text.into_bytes(),
    }
}

/// A worker in good order, which has one update more each time it is asked.
fn usual(question: &str, running: &Running, url: &str) -> (u16, Value) {
    match question {
        "GET /admin/webhook" => (
            200,
            json!({"bot": {"id": 4242, "username": "onehook_bot"}, "webhook": {}}),
        ),
        "GET /admin/updates?limit=1" => {
            let calls = running.state()["bots"][0]["calls"]
                .as_array()
                .unwrap()
                .len();
            (
                200,
                json!({"updates": [{"seq": calls, "update_id": 777, "state": "done"}], "next": null}),
            )
        }
        "PUT /admin/webhook?lang=en" | "PUT /admin/webhook?lang=uk" => {
            call(running, "setWebhook", &json!({"url": url}));
            let told =
                "✅ Telegram says: Webhook was set\n✅ Bot started and waiting for messages\n";
            (200, json!(told))
        }
        "GET /health" => (
            200,
            json!({"health": "ok", "database": "ok", "cron_seconds_ago": 12}),
        ),
        "GET /admin/incidents?limit=1" => (200, json!({"incidents": []})),
        "POST /webhook" => (200, json!({})),
        _ => (404, json!({"error": {"what": "there is nothing here"}})),
    }
}

fn call(running: &Running, method: &str, parameters: &Value) -> Value {
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/bot{TOKEN}/{method}"),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: parameters.to_string().into_bytes(),
    };
    ask(running, request)
}

/// A worker that gets no update.
fn nobody_writes(question: &str, _: &Running) -> Option<(u16, Value)> {
    (question == "GET /admin/updates?limit=1").then(|| (200, json!({"updates": [], "next": null})))
}

fn as_usual(_: &str, _: &Running) -> Option<(u16, Value)> {
    None
}

#[test]
fn the_worker_takes_the_bot_over() {
    let scene = Scene::new(as_usual);
    call(
        &scene.telegram,
        "setWebhook",
        &json!({"url": format!("http://127.0.0.1:9/{TOKEN}")}),
    );
    scene.check("take-over", &[], 0, &expect![[r#"
        🔍 Checking the token
        ✅ Token accepted: @onehook_bot
           webhook: http://127.0.0.1:9/4242:<token>
        📬 Waiting updates: 0; none of them is dropped
        🔍 Looking for other programs of this bot
        ✅ Nobody on this machine
           Looked into: processes
        ✅ Telegram says: Webhook was set
        🥊 Whoever was polling has just been told: 409 Conflict: terminated by setWebhook request
           and from now on hears: 409 Conflict: can't use getUpdates method while webhook is active
           These lines in the log of a program show that it was the rival. It gets no update any more.
        ✍️ Write something to @onehook_bot now; I watch for 60 seconds (Ctrl-C does no harm)
        📨 First delivery seen: update 777, done
        🛡 Guard armed: the cron ran 12 seconds ago, and sets the webhook again if somebody takes it
        🤖 Bot started and waiting for messages
    "#]]);
    let body = scene
        .asked()
        .into_iter()
        .find(|(question, _)| question.starts_with("PUT"))
        .unwrap()
        .1;
    assert_eq!(body, "{}");
}

#[test]
fn in_ukrainian_and_with_the_waiting_updates_dropped_on_request() {
    let scene = Scene::new(as_usual);
    let ended = scene.run("take-over --drop-pending-updates", &[UKRAINIAN]);
    expect![[r#"
        🔍 Перевіряю токен
        ✅ Токен прийнято: @onehook_bot
           вебхук: немає
        📬 Чекають оновлень: 0; їх буде відкинуто, як ви просили
        🔍 Шукаю інші програми цього бота
        ✅ На цій машині нікого
           Переглянуто: процеси
        ✅ Telegram says: Webhook was set
        🥊 Хто опитував, щойно почув: 409 Conflict: terminated by setWebhook request
           а віднині чує: 409 Conflict: can't use getUpdates method while webhook is active
           Ці рядки в журналі програми означають, що суперником була вона. Оновлень вона більше не отримує.
        ✍️ Напишіть щось до @onehook_bot; я стежу 60 секунд (Ctrl-C не зашкодить)
        📨 Перша доставка є: оновлення 777, done
        🛡 Сторож на місці: крон ішов 12 секунд тому й поверне вебхук, якщо хтось його забере
        🤖 Бота запущено, він чекає на повідомлення
    "#]].assert_eq(&ended.output);
    let put = scene
        .asked()
        .into_iter()
        .find(|(question, _)| question.starts_with("PUT"))
        .unwrap();
    let expected = (
        "PUT /admin/webhook?lang=uk".to_owned(),
        r#"{"drop_pending_updates":true}"#.to_owned(),
    );
    assert_eq!(put, expected);
}

#[test]
fn when_nobody_writes_it_says_that_nothing_was_delivered() {
    let scene = Scene::new(nobody_writes);
    scene.check("take-over --wait 0", &[], 0, &expect![[r#"
        🔍 Checking the token
        ✅ Token accepted: @onehook_bot
           webhook: none
        📬 Waiting updates: 0; none of them is dropped
        🔍 Looking for other programs of this bot
        ✅ Nobody on this machine
           Looked into: processes
        ✅ Telegram says: Webhook was set
        🥊 Whoever was polling has just been told: 409 Conflict: terminated by setWebhook request
           and from now on hears: 409 Conflict: can't use getUpdates method while webhook is active
           These lines in the log of a program show that it was the rival. It gets no update any more.
        ➖ Nobody has written yet, so no delivery was seen. Write /start to @onehook_bot; it shows here:
           curl --header "Authorization: Bearer $ADMIN_TOKEN" --header 'Accept: text/plain' https://worker/admin/updates
        🛡 Guard armed: the cron ran 12 seconds ago, and sets the webhook again if somebody takes it
        🤖 Bot started and waiting for messages
    "#]]);
}

#[test]
fn the_guard_is_called_armed_only_where_it_is() {
    let of = |health: Value, has_incidents: bool| {
        let scene = Scene::new(move |question, _| match question {
            "GET /health" => Some((200, health.clone())),
            "GET /admin/incidents?limit=1" if !has_incidents => Some((404, json!({}))),
            _ => None,
        });
        let ended = scene.run("take-over --wait 0", &[]);
        let mut lines = ended.output.lines().filter(|line| line.contains("cron"));
        lines.next().unwrap().to_owned()
    };
    let health = |age: Value| json!({"health": "ok", "cron_seconds_ago": age});
    assert!(of(health(json!(12)), true).starts_with("🛡 Guard armed: the cron ran 12 seconds ago"));
    assert!(of(health(json!(12)), false).contains("does not set a stolen webhook again"));
    assert!(of(health(json!(900)), true).starts_with("⚠ The guard sleeps"));
    assert!(of(health(Value::Null), true).starts_with("⚠ The guard is not awake yet"));
}

/// Somebody deletes the webhook as soon as it is set.
fn thief() -> Scene {
    Scene::new(|question, running| {
        if question == "GET /health" {
            call(running, "deleteWebhook", &json!({}));
        }
        nobody_writes(question, running)
    })
}

#[test]
fn a_webhook_that_is_stolen_is_a_conflict() {
    thief().check("take-over --wait 9", &[], 1, &expect![[r#"
        🔍 Checking the token
        ✅ Token accepted: @onehook_bot
           webhook: none
        📬 Waiting updates: 0; none of them is dropped
        🔍 Looking for other programs of this bot
        ✅ Nobody on this machine
           Looked into: processes
        ✅ Telegram says: Webhook was set
        🥊 Whoever was polling has just been told: 409 Conflict: terminated by setWebhook request
           and from now on hears: 409 Conflict: can't use getUpdates method while webhook is active
           These lines in the log of a program show that it was the rival. It gets no update any more.
        ✍️ Write something to @onehook_bot now; I watch for 9 seconds (Ctrl-C does no harm)
        ❌ Conflict: another instance of the bot is running. Stop ALL instances:
           1. several instances: a second terminal, an IDE, a laptop → scripts/find-rivals --stop
           2. webhook against polling: a program that deletes the webhook when it starts, or sets its own → do not start it with this token
           3. a process that did not die: no terminal shows it any more → scripts/find-rivals marks it as an orphan
           4. several servers: an old VPS, Render, Railway, Heroku → scripts/find-rivals lists where to click
           If you cannot find it: @BotFather, /revoke. The old token is dead at once; give the new one to the worker only.
        error: the webhook did not hold
               it was https://worker/webhook and is now none: another program has the token
               → stop that program, then repeat scripts/take-over
    "#]]);
    thief().check("take-over --wait 9", &[UKRAINIAN], 1, &expect![[r#"
        🔍 Перевіряю токен
        ✅ Токен прийнято: @onehook_bot
           вебхук: немає
        📬 Чекають оновлень: 0; жодного не буде відкинуто
        🔍 Шукаю інші програми цього бота
        ✅ На цій машині нікого
           Переглянуто: процеси
        ✅ Telegram says: Webhook was set
        🥊 Хто опитував, щойно почув: 409 Conflict: terminated by setWebhook request
           а віднині чує: 409 Conflict: can't use getUpdates method while webhook is active
           Ці рядки в журналі програми означають, що суперником була вона. Оновлень вона більше не отримує.
        ✍️ Напишіть щось до @onehook_bot; я стежу 9 секунд (Ctrl-C не зашкодить)
        ❌ Конфлікт: працює інший екземпляр бота. Зупиніть УСІ екземпляри:
           1. кілька екземплярів: другий термінал, IDE, ноутбук → scripts/find-rivals --stop
           2. вебхук проти опитування: програма видаляє вебхук на старті або задає власний → не запускайте її з цим токеном
           3. процес, що не завершився: у терміналах його вже не видно → scripts/find-rivals позначає його як сироту
           4. кілька серверів: старий VPS, Render, Railway, Heroku → scripts/find-rivals підкаже, де натиснути
           Якщо не знайшли: @BotFather, /revoke. Старий токен одразу мертвий; новий дайте лише воркерові.
        помилка: вебхук не втримався
               був https://worker/webhook, а тепер немає: токен є ще в якоїсь програми
               → спиніть цю програму й повторіть scripts/take-over
    "#]]);
}

/// The worker may have another Bot API server in mind.
#[test]
fn a_webhook_that_telegram_never_had() {
    let scene = Scene::new(|question, _| {
        let told = "✅ Telegram says: Webhook was set\n";
        question.starts_with("PUT").then(|| (200, json!(told)))
    });
    let ended = scene.run("take-over", &[]);
    assert_eq!(ended.status, 1);
    let told = "error: Telegram has no webhook\n       the worker has set one, and a moment later it is gone\n";
    assert!(ended.output.contains(told), "{}", ended.output);
}

#[test]
fn a_delivery_that_fails_is_told_with_telegram_s_own_words() {
    let scene = Scene::new(|question, running| match question {
        "POST /webhook" => Some((403, json!({}))),
        "GET /health" => {
            let _ = running.act(&json!({"person": "Ada", "act": "say", "text": "hello"}));
            None
        }
        question => nobody_writes(question, running),
    });
    let ended = scene.run("take-over --wait 4", &[]);
    assert_eq!(ended.status, 1);
    let told = "error: Telegram cannot deliver to the worker\n       Wrong response from the webhook: 403 Forbidden\n";
    assert!(ended.output.contains(told), "{}", ended.output);
}

#[test]
fn without_a_worker_it_says_how_to_get_one() {
    let scene = Scene::new(as_usual);
    scene.check("take-over", &[("WORKER_URL", "")], 1, &expect![[r#"
        🔍 Checking the token
        ✅ Token accepted: @onehook_bot
           webhook: none
        📬 Waiting updates: 0; none of them is dropped
        🔍 Looking for other programs of this bot
        ✅ Nobody on this machine
           Looked into: processes
        error: there is no worker yet to take over
               neither an argument nor WORKER_URL names one
               → run: scripts/deploy   (a free Cloudflare account is enough; it sets the webhook itself), then: scripts/take-over https://...workers.dev
               → until then: scripts/clear-webhook, and one polling bot alone
    "#]]);
    scene.check(
        "take-over",
        &[("WORKER_URL", ""), UKRAINIAN],
        1,
        &expect![[r#"
            🔍 Перевіряю токен
            ✅ Токен прийнято: @onehook_bot
               вебхук: немає
            📬 Чекають оновлень: 0; жодного не буде відкинуто
            🔍 Шукаю інші програми цього бота
            ✅ На цій машині нікого
               Переглянуто: процеси
            помилка: ще немає воркера, який перебере бота
                   його не названо ні аргументом, ні в WORKER_URL
                   → виконайте: scripts/deploy   (досить безплатного облікового запису Cloudflare; вебхук він задасть сам), тоді: scripts/take-over https://...workers.dev
                   → доти: scripts/clear-webhook і лише один бот, що опитує
        "#]],
    );
    assert_eq!(scene.asked(), []);
}

#[test]
fn what_is_wrong_with_the_worker_is_told_before_anything_changes() {
    let refused = |manners: fn(&str, &Running) -> Option<(u16, Value)>,
                   variables: &[(&str, &str)],
                   told: [&str; 2]| {
        let scene = Scene::new(manners);
        let ended = scene.run("take-over", variables);
        assert_eq!(ended.status, 1, "{}", ended.output);
        for told in told {
            assert!(ended.output.contains(told), "{}", ended.output);
        }
        assert!(
            scene
                .asked()
                .iter()
                .all(|(question, _)| !question.starts_with("PUT"))
        );
    };
    refused(
        |question, _| {
            (question == "GET /admin/webhook")
                .then(|| (200, json!({"bot": {"id": 17, "username": "other_bot"}})))
        },
        &[],
        [
            "error: the worker is that of another bot",
            "it has the token of @other_bot, and you gave that of @onehook_bot",
        ],
    );
    refused(
        |question, _| {
            (question == "GET /admin/webhook").then(|| (404, json!("<html>not here</html>")))
        },
        &[],
        [
            "error: that is no onehook worker",
            "was answered with status 404",
        ],
    );
    refused(
        |question, _| {
            let error = json!({"error": {"what": "the database did not answer", "why": "D1_ERROR", "remedy": "repeat the call"}});
            (question == "GET /admin/webhook").then_some((503, error))
        },
        &[],
        [
            "error: the database did not answer\n       D1_ERROR\n",
            "→ repeat the call",
        ],
    );
    refused(
        as_usual,
        &[("ADMIN_TOKEN", "wrong")],
        [
            "error: the worker did not let us in",
            "npx wrangler secret put ADMIN_TOKEN",
        ],
    );
    refused(
        as_usual,
        &[("ADMIN_TOKEN", "a\"b")],
        [
            "error: the worker did not let us in",
            "npx wrangler secret put ADMIN_TOKEN",
        ],
    );
    refused(
        as_usual,
        &[("ADMIN_TOKEN", "")],
        [
            "error: ADMIN_TOKEN is not known",
            "→ run: ADMIN_TOKEN=... scripts/take-over",
        ],
    );
    refused(
        as_usual,
        &[("WORKER_URL", "http://127.0.0.1:1")],
        [
            "error: the worker did not answer",
            "curl http://127.0.0.1:1/health",
        ],
    );
    refused(
        as_usual,
        &[("WORKER_URL", "http://worker.example")],
        [
            "error: the worker's address cannot be used",
            "ADMIN_TOKEN would travel",
        ],
    );
}

#[test]
fn what_the_worker_complains_of_is_passed_on() {
    let scene = Scene::new(|question, _| {
        let told = "✅ Token accepted: @onehook_bot\n❌ somebody\nthe webhook is not as it was just set: somebody else sets it too\n→ find the other program\n";
        question.starts_with("PUT").then(|| (409, json!(told)))
    });
    scene.check("take-over", &[], 1, &expect![[r#"
        🔍 Checking the token
        ✅ Token accepted: @onehook_bot
           webhook: none
        📬 Waiting updates: 0; none of them is dropped
        🔍 Looking for other programs of this bot
        ✅ Nobody on this machine
           Looked into: processes
        ✅ Token accepted: @onehook_bot
        ❌ somebody
        the webhook is not as it was just set: somebody else sets it too
        → find the other program
        ❌ Conflict: another instance of the bot is running. Stop ALL instances:
           1. several instances: a second terminal, an IDE, a laptop → scripts/find-rivals --stop
           2. webhook against polling: a program that deletes the webhook when it starts, or sets its own → do not start it with this token
           3. a process that did not die: no terminal shows it any more → scripts/find-rivals marks it as an orphan
           4. several servers: an old VPS, Render, Railway, Heroku → scripts/find-rivals lists where to click
           If you cannot find it: @BotFather, /revoke. The old token is dead at once; give the new one to the worker only.
    "#]]);
}

#[test]
fn nobody_sees_a_token_with_ps() {
    let scene = Scene::new(|question, _| {
        if question.starts_with("PUT") {
            thread::sleep(std::time::Duration::from_millis(700));
        }
        None
    });
    let fault = json!({"on": "api", "method": "getMe", "fault": {"delay_ms": 700}});
    scene.telegram.fault(&fault).unwrap();
    let seen = seen_with_ps(|| assert_eq!(scene.run("take-over", &[]).status, 0));
    assert!(seen.contains("--request PUT"), "it was not seen at work");
    tells_no_secret(&seen);
    assert!(!seen.contains(ADMIN_TOKEN));
}
