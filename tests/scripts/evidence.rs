//! `scripts/find-rivals` on a pretend machine: who counts as a rival, by which evidence, and who does not.

use expect_test::{Expect, expect};

use super::machine::Machine;
use super::{TOKEN, UKRAINIAN};

/// 149.154.167.220:443, api.telegram.org, as the kernel writes it.
const TELEGRAM: &str = "DCA79A95:01BB";
/// The same as a program with one socket for both families has it.
const TELEGRAM_MAPPED: &str = "0000000000000000FFFF0000DCA79A95:01BB";
/// A token of another bot, of the length that Telegram's have.
const OTHER_BOT: &str = "987654321:AAOtherBotsTokenOtherBotsTokenOther";

#[track_caller]
fn check(machine: &Machine, line: &str, variables: &[(&str, &str)], status: i32, expected: Expect) {
    let ended = machine.find(line, variables);
    expected.assert_eq(&ended.output);
    assert_eq!(ended.status, status);
}

fn aiogram_bot(machine: &mut Machine) {
    machine.terminal.write(
        "srv/bot/bot.py",
        "import asyncio\nfrom aiogram import Bot\n",
    );
    machine
        .process(4711, 1, "python3 bot.py")
        .environment(&format!("PATH=/usr/bin BOT_TOKEN={TOKEN} LANG=C"))
        .talks_to("tcp", TELEGRAM);
}

#[test]
fn nobody() {
    let mut machine = Machine::new();
    machine.process(10, 1, "/usr/sbin/cron -f");
    check(
        &machine,
        "find-rivals",
        &[],
        0,
        expect![[r#"
        🔍 Looking for other programs of this bot
        ✅ Nobody on this machine
           Looked into: processes
        Where else it may run:
           Render           https://dashboard.render.com   the service → Settings → Suspend
           Railway          railway down                   or https://railway.com   the service → Deployments → Remove
           Heroku           heroku ps:scale web=0 worker=0 --app NAME
           Fly.io           fly scale count 0 --app NAME
           Koyeb            koyeb service pause NAME
           Replit           https://replit.com             Deployments → Manage → Shut down; and Stop in the workspace
           PythonAnywhere   https://www.pythonanywhere.com Tasks → Always-on tasks → Disable; Consoles → ✕
           another server   ssh to it and run this script there
           all at once      @BotFather, /revoke: whoever has the old token is out at once
    "#]],
    );
}

#[test]
fn nobody_in_ukrainian() {
    let machine = Machine::new();
    check(
        &machine,
        "find-rivals",
        &[UKRAINIAN],
        0,
        expect![[r#"
        🔍 Шукаю інші програми цього бота
        ✅ На цій машині нікого
           Переглянуто: процеси
        Де ще він може працювати:
           Render           https://dashboard.render.com   сервіс → Settings → Suspend
           Railway          railway down                   або https://railway.com   сервіс → Deployments → Remove
           Heroku           heroku ps:scale web=0 worker=0 --app NAME
           Fly.io           fly scale count 0 --app NAME
           Koyeb            koyeb service pause NAME
           Replit           https://replit.com             Deployments → Manage → Shut down; і Stop у робочому просторі
           PythonAnywhere   https://www.pythonanywhere.com Tasks → Always-on tasks → Disable; Consoles → ✕
           інший сервер     зайдіть через ssh і запустіть цей скрипт там
           усі разом        @BotFather, /revoke: власники старого токена одразу втрачають доступ
    "#]],
    );
}

#[test]
fn an_orphan_with_the_token_that_polls() {
    let mut machine = Machine::new();
    aiogram_bot(&mut machine);
    check(
        &machine,
        "find-rivals --here",
        &[],
        1,
        expect![[r#"
        🔍 Looking for other programs of this bot
        🔴 1. python3 bot.py
           process 4711 of ada, works in /srv/bot
           has this bot's token: its environment
           uses aiogram (bot.py)
           is connected to Telegram now: 149.154.167.220:443
           ⚠ an orphan: whoever started it is gone, so no terminal shows it (parent 1)
           stop it: kill 4711
           Looked into: processes
    "#]],
    );
    check(
        &machine,
        "find-rivals --here",
        &[UKRAINIAN],
        1,
        expect![[r#"
            🔍 Шукаю інші програми цього бота
            🔴 1. python3 bot.py
               процес 4711 користувача ada, працює в /srv/bot
               має токен цього бота: середовище
               використовує aiogram (bot.py)
               має з'єднання з Telegram: 149.154.167.220:443
               ⚠ сирота: того, хто його запустив, уже немає, тож у жодному терміналі його не видно (батько 1)
               спинити: kill 4711
               Переглянуто: процеси
        "#]],
    );
}

#[test]
fn without_a_token_libraries_and_connections_tell() {
    let mut machine = Machine::new();
    aiogram_bot(&mut machine);
    machine.terminal.write(
        "srv/node/package.json",
        r#"{"dependencies": {"telegraf": "^4.16.3"}}"#,
    );
    machine
        .terminal
        .write("srv/node/dist/index.js", "require('./bot')\n");
    machine
        .process(20, 1, "node dist/index.js")
        .works_in("srv/node");
    machine
        .process(30, 1, "/srv/go/bot")
        .talks_to("tcp6", TELEGRAM_MAPPED);
    check(
        &machine,
        "find-rivals --here",
        &[("TELEGRAM_BOT_TOKEN", "")],
        1,
        expect![[r#"
            🔍 Looking for other programs of this bot
            🔴 1. node dist/index.js
               process 20 of ada, works in /srv/node
               uses telegraf (package.json)
               ⚠ an orphan: whoever started it is gone, so no terminal shows it (parent 1)
               stop it: kill 20
            🔴 2. /srv/go/bot
               process 30 of ada, works in /srv/bot
               is connected to Telegram now: 149.154.167.220:443
               ⚠ an orphan: whoever started it is gone, so no terminal shows it (parent 1)
               stop it: kill 30
            🔴 3. python3 bot.py
               process 4711 of ada, works in /srv/bot
               uses aiogram (bot.py)
               is connected to Telegram now: 149.154.167.220:443
               ⚠ an orphan: whoever started it is gone, so no terminal shows it (parent 1)
               stop it: kill 4711
               Looked into: processes
               ⚠ Without TELEGRAM_BOT_TOKEN only libraries and connections count: some of these may be other bots.
        "#]],
    );
}

#[test]
fn a_script_that_may_start_the_bot_again_is_named_and_left_alone() {
    let mut machine = Machine::new();
    machine.process(50, 1, "-bash");
    machine
        .process(51, 50, "bash run.sh")
        .environment(&format!("TELEGRAM_TOKEN={TOKEN}"));
    machine
        .process(52, 51, "python3 -m bot")
        .environment(&format!("TELEGRAM_TOKEN={TOKEN}"));
    machine
        .terminal
        .write("srv/bot/bot/__main__.py", "import telebot\n");
    check(
        &machine,
        "find-rivals --here",
        &[],
        1,
        expect![[r#"
            🔍 Looking for other programs of this bot
            🔴 1. python3 -m bot
               process 52 of ada, works in /srv/bot
               has this bot's token: its environment
               uses pyTelegramBotAPI (__main__.py)
               ⚠ the script above it may start it again: bash run.sh, process 51. If so: kill 51 52
               stop it: kill 52
               Looked into: processes
        "#]],
    );
}

#[test]
fn a_token_in_a_file_or_in_an_address_counts() {
    let mut machine = Machine::new();
    machine
        .terminal
        .write("srv/dotenv/.env", &format!("DEBUG=1\nBOT_TOKEN={TOKEN}\n"));
    machine
        .terminal
        .write("srv/dotenv/main.js", "const { Bot } = require('grammy');\n");
    machine
        .process(60, 59, "node main.js")
        .works_in("srv/dotenv");
    let url = format!(
        "https://api.telegram.org/bot{}/getUpdates",
        TOKEN.replace(':', "%3A")
    );
    machine.process(61, 59, &format!("curl {url}"));
    check(
        &machine,
        "find-rivals --here",
        &[],
        1,
        expect![[r#"
            🔍 Looking for other programs of this bot
            🔴 1. node main.js
               process 60 of ada, works in /srv/dotenv
               has this bot's token: .env
               uses grammY (main.js)
               stop it: kill 60
            🔴 2. curl https://api.telegram.org/bot4242%3A<token>/getUpdates
               process 61 of ada, works in /srv/bot
               has this bot's token: its command line
               stop it: kill 61
               Looked into: processes
        "#]],
    );
}

#[test]
fn a_bot_with_another_token_is_no_rival() {
    let mut machine = Machine::new();
    machine.terminal.write("srv/bot/bot.py", "import aiogram\n");
    machine
        .process(70, 1, "python3 bot.py")
        .environment(&format!("BOT_TOKEN={OTHER_BOT}"))
        .talks_to("tcp", TELEGRAM);
    let mut other = TOKEN.to_owned();
    other.pop();
    other.push('X');
    machine
        .process(71, 1, "/opt/bot/run")
        .environment(&format!("BOT_TOKEN={other}"));
    check(
        &machine,
        "find-rivals --here",
        &[],
        0,
        expect![[r#"
        🔍 Looking for other programs of this bot
        ✅ Nobody on this machine
           Looked into: processes
    "#]],
    );
    // Whoever gives no token is told whose it is.
    let ended = machine.find("find-rivals --here", &[("TELEGRAM_BOT_TOKEN", "")]);
    assert!(
        ended.output.contains("has a token of bot 987654321\n"),
        "{}",
        ended.output
    );
    assert!(!ended.output.contains("OtherBots"), "{}", ended.output);
}

#[test]
fn apps_browsers_shells_and_onehook_itself_are_no_rivals() {
    let mut machine = Machine::new();
    let token = format!("TELEGRAM_BOT_TOKEN={TOKEN}");
    let innocent = [
        "/opt/telegram/Telegram",
        "/usr/lib/firefox/firefox -contentproc",
        "/checkout/node_modules/workerd/bin/workerd serve",
        "node /checkout/node_modules/.bin/wrangler dev --port 0",
        "bash /checkout/scripts/take-over https://onehook.ada.workers.dev",
        "/checkout/target/debug/examples/emulator serve --port 0",
    ];
    for (pid, command) in (100..).zip(innocent) {
        let process = machine.process(pid, 1, command).environment(&token);
        process.talks_to("tcp", TELEGRAM);
    }
    // What onehook has started is onehook's.
    machine
        .process(150, 103, "/checkout/node_modules/esbuild --service")
        .environment(&token);
    // What a terminal's programs inherit, they do not use.
    let inherit = [
        "-bash",
        "bash -l",
        "bash /checkout/scripts/dev --no-prompt",
        "vim bot.py",
        "tmux new",
        "sleep 100",
    ];
    for (pid, command) in (200..).zip(inherit) {
        machine.process(pid, 1, command).environment(&token);
    }
    check(
        &machine,
        "find-rivals --here",
        &[],
        0,
        expect![[r#"
        🔍 Looking for other programs of this bot
        ✅ Nobody on this machine
           Looked into: processes
    "#]],
    );
}

#[test]
fn a_compiled_bot_is_known_by_what_it_depends_on_and_onehook_by_its_name() {
    let mut machine = Machine::new();
    let dependencies = "[dependencies]\nteloxide = \"0.17\"\n";
    for (pid, name) in [(85, "shop-bot"), (86, "onehook")] {
        let manifest = format!("[package]\nname = \"{name}\"\n\n{dependencies}");
        machine
            .terminal
            .write(&format!("srv/{name}/Cargo.toml"), &manifest);
        let folder = machine.terminal.folder.join("srv").join(name);
        let program = folder.join("target/release").join(name);
        machine
            .process(pid, 10, &format!("target/release/{name}"))
            .works_in(&format!("srv/{name}"))
            .runs(program.to_str().unwrap());
    }
    check(
        &machine,
        "find-rivals --here",
        &[],
        1,
        expect![[r#"
        🔍 Looking for other programs of this bot
        🔴 1. target/release/shop-bot
           process 85 of ada, works in /srv/shop-bot
           uses teloxide (Cargo.toml)
           stop it: kill 85
           Looked into: processes
    "#]],
    );
}

#[test]
fn who_could_not_look_does_not_say_that_nobody_is_there() {
    let machine = Machine::new();
    let ended = machine.find("find-rivals", &[("TELEGRAM_BOT_TOKEN", "4242")]);
    assert_eq!(ended.status, 2);
    assert!(
        ended.output.starts_with("error: that is no bot token\n"),
        "{}",
        ended.output
    );
    assert_eq!(machine.find("find-rivals --everywhere", &[]).status, 2);
}

/// Many a bot is a loop around curl.
#[test]
fn a_shell_script_that_polls_is_a_rival() {
    let mut machine = Machine::new();
    let script = "while :; do curl \"https://api.telegram.org/bot$T/getUpdates\"; done\n";
    machine.terminal.write("srv/bot/poll.sh", script);
    machine.process(83, 10, "bash poll.sh");
    machine.process(84, 10, "bash build.sh");
    machine.terminal.write("srv/bot/build.sh", "make\n");
    machine
        .terminal
        .write("srv/bot/requirements.txt", "aiogram\n");
    let ended = machine.find("find-rivals --here", &[]);
    assert!(
        ended.output.contains("uses getUpdates (poll.sh)"),
        "{}",
        ended.output
    );
    assert!(!ended.output.contains("build.sh"), "{}", ended.output);
}

/// Tools that somebody runs in a bot's folder are no bots, but what serves the bot is one.
#[test]
fn a_tool_in_a_bot_s_folder_is_no_bot() {
    let mut machine = Machine::new();
    machine
        .terminal
        .write("srv/bot/requirements.txt", "aiogram==3.31.0\n");
    let tools = machine
        .terminal
        .folder
        .join("venv/bin")
        .display()
        .to_string();
    for tool in ["pylsp", "uvicorn"] {
        machine
            .terminal
            .write(&format!("venv/bin/{tool}"), "import sys\n");
    }
    machine.process(87, 10, &format!("python3 {tools}/pylsp"));
    machine.process(88, 10, &format!("python3 {tools}/uvicorn main:app"));
    machine.process(89, 10, "python3 -m http.server");
    let ended = machine.find("find-rivals --here", &[]);
    let lines = ended.output.lines();
    let found: Vec<&str> = lines
        .filter_map(|line| line.strip_prefix("   stop it: kill "))
        .collect();
    assert_eq!(found, ["88"], "{}", ended.output);
    let told = "uses aiogram (requirements.txt)";
    assert!(ended.output.contains(told), "{}", ended.output);
}

#[test]
fn every_network_of_telegram_is_known_and_its_neighbours_are_not() {
    let inside = [
        "01A09A95", "FFAF9A95", "01046C5B", "FF3B6C5B", "01C1695B", "01974CB9",
    ];
    let mut machine = Machine::new();
    let mut expected = Vec::new();
    for (pid, peer) in (300..).zip(inside) {
        machine
            .process(pid, 1, "/srv/go/bot")
            .talks_to("tcp", &format!("{peer}:01BB"));
        expected.push(pid);
    }
    // 149.160.0.0, 149.154.176.1, 149.154.159.1, 91.108.60.1, 91.108.3.1, 91.105.194.1, 185.76.152.1
    let outside = [
        "0000A095", "01B09A95", "019F9A95", "013C6C5B", "01036C5B", "01C2695B", "01984CB9",
    ];
    for (pid, peer) in (400..).zip(outside) {
        machine
            .process(pid, 1, "/srv/go/bot")
            .talks_to("tcp", &format!("{peer}:01BB"));
    }
    for (pid, peer) in (500..).zip([
        "280B012000003DF200000000CAFE0000",
        "7C06012004F0E804000000000A000000",
        "80F20A2A000000000000000001000000",
    ]) {
        machine
            .process(pid, 1, "/srv/go/bot")
            .talks_to("tcp6", &format!("{peer}:01BB"));
        expected.push(pid);
    }
    // A connection that is over does not count.
    machine
        .process(600, 1, "/srv/go/bot")
        .socket("tcp", TELEGRAM, "06");
    let ended = machine.find("find-rivals --here", &[]);
    let found = ended
        .output
        .lines()
        .filter_map(|line| line.strip_prefix("   stop it: kill "));
    let found: Vec<u32> = found.map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(found, expected, "{}", ended.output);
}

#[test]
fn another_bot_api_server_is_recognised_by_its_address() {
    let mut machine = Machine::new();
    machine
        .process(80, 1, "/srv/go/bot")
        .talks_to("tcp", "0100007F:1F91");
    machine
        .process(81, 1, "/srv/go/other")
        .talks_to("tcp", "0100007F:1F92");
    for root in ["http://127.0.0.1:8081", "http://localhost:8081/"] {
        let ended = machine.find("find-rivals --here", &[("TELEGRAM_API_ROOT", root)]);
        assert!(
            ended
                .output
                .contains("is connected to Telegram now: 127.0.0.1:8081\n"),
            "{}",
            ended.output
        );
        assert!(!ended.output.contains("/srv/go/other"), "{}", ended.output);
    }
    assert_eq!(machine.find("find-rivals --here", &[]).status, 0);
}

/// Where another process than the first takes orphans in.
#[test]
fn an_orphan_is_one_in_whoever_s_care() {
    let mut machine = Machine::new();
    let token = format!("BOT_TOKEN={TOKEN}");
    machine.process(90, 1, "/usr/lib/caretaker");
    machine
        .process(91, 90, "/srv/go/left")
        .named("left", 90, 33)
        .environment(&token);
    machine
        .process(92, 90, "/srv/go/child")
        .named("child", 90, 90)
        .environment(&token);
    machine
        .process(93, 90, "/srv/go/leader")
        .environment(&token);
    let ended = machine.find("find-rivals --here", &[]);
    let orphans: Vec<&str> = ended
        .output
        .split("🔴")
        .filter(|rival| rival.contains("an orphan"))
        .collect();
    assert_eq!(orphans.len(), 1, "{}", ended.output);
    assert!(orphans[0].contains("kill 91\n"), "{}", ended.output);
}

#[test]
fn long_commands_are_cut_and_steer_no_terminal() {
    let mut machine = Machine::new();
    let command = format!("/srv/go/bot \u{1b}[31m {TOKEN} {}", "x".repeat(400));
    machine.process(95, 1, &command);
    let ended = machine.find("find-rivals --here", &[]);
    assert!(!ended.output.contains('\u{1b}'), "{}", ended.output);
    assert!(
        ended.output.lines().all(|line| line.chars().count() < 200),
        "{}",
        ended.output
    );
}

/// A Mac has no `/proc`, but `ps`, `lsof` and `launchctl`.
#[test]
fn a_mac_is_looked_at_with_ps_and_lsof() {
    let machine = Machine::new();
    let terminal = &machine.terminal;
    terminal.write("srv/bot/bot.py", "from telegram.ext import Application\n");
    let here = terminal.folder.display();
    terminal.stand_in(
        "ps",
        &format!(
            r#"case "$*" in
  *ppid=*) printf '%s\n' '    1     0 root /sbin/launchd' '  501     1 ada python3 bot.py' '  502   400 ada /Applications/Telegram.app/Contents/MacOS/Telegram' '  503     1 ada /srv/go/bot' ;;
  *-E*) printf '%s\n' '    1 /sbin/launchd' '  501 python3 bot.py PATH=/usr/bin BOT_TOKEN={TOKEN}' '  502 Telegram' '  503 /srv/go/bot' ;;
  *) printf '%s\n' '    1 /sbin/launchd' '  501 python3 bot.py' '  502 Telegram' '  503 /srv/go/bot' ;;
esac"#
        ),
    );
    terminal.stand_in(
        "lsof",
        &format!(
            r#"case "$*" in
  *cwd*) printf '%s\n' p501 fcwd 'n{here}/srv/bot' p503 fcwd n/ ;;
  *) printf '%s\n' p501 f7 'n192.168.0.2:50000->149.154.167.220:443' p502 f9 'n192.168.0.2:50001->149.154.167.51:443' \
    p503 f7 'n[fe80::1]:50002->[2001:67c:4e8:f004::9]:443' ;;
esac"#
        ),
    );
    terminal.stand_in(
        "launchctl",
        r"printf 'PID\tStatus\tLabel\n503\t0\tcom.ada.bot\n-\t0\tcom.apple.other\n'",
    );
    let nowhere = terminal.folder.join("nowhere");
    check(
        &machine,
        "find-rivals --here",
        &[("PROC_ROOT", nowhere.to_str().unwrap())],
        1,
        expect![[r#"
            🔍 Looking for other programs of this bot
            🔴 1. python3 bot.py
               process 501 of ada, works in /srv/bot
               has this bot's token: its environment
               uses python-telegram-bot (bot.py)
               is connected to Telegram now: 149.154.167.220:443
               ⚠ an orphan: whoever started it is gone, so no terminal shows it (parent 1)
               stop it: kill 501
            🔴 2. launchd: com.ada.bot
               process 503 of ada, works in /: /srv/go/bot
               is connected to Telegram now: [2001:67c:4e8:f004::9]:443
               stop it: launchctl bootout gui/1000/com.ada.bot
               Looked into: launchd, processes
        "#]],
    );
}
