//! `scripts/find-rivals` and whoever keeps programs running: containers, services, schedules, clusters, terminals. None of them is on this
//! machine, so stand-ins print what the real ones print.

use expect_test::{Expect, expect};

use super::machine::Machine;
use super::{TOKEN, Terminal, UKRAINIAN};

const CONTAINER: &str = "4f1c8b0f3a7e9d2c5b6a8e7f0d1c2b3a4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b";

#[track_caller]
fn check(machine: &Machine, variables: &[(&str, &str)], status: i32, expected: Expect) {
    let ended = machine.find("find-rivals --here", variables);
    expected.assert_eq(&ended.output);
    assert_eq!(ended.status, status);
}

/// What the script asked a stand-in, so that a change of the question is seen.
#[track_caller]
fn asked(terminal: &Terminal, command: &str, expected: &Expect) {
    let calls = terminal.read("calls");
    let calls = calls.lines().filter(|line| line.starts_with(command));
    let calls = calls.map(|line| [line, "\n"].concat()).collect::<String>();
    expected.assert_eq(&calls);
}

/// Containers by name, each with what `inspect` says by our format: name, image, restart policy, command, environment.
fn engine(terminal: &Terminal, engine: &str, containers: &[(&str, &str, &str)]) {
    let mut listed = String::new();
    for (id, name, described) in containers {
        terminal.write(&format!("containers/{id}"), described);
        listed.extend([" '", id, " ", name, "'"]);
    }
    terminal.stand_in(
        engine,
        &format!(
            r#"case "$1" in
  ps) [ -z "{listed}" ] || printf '%s\n' {listed} ;;
  inspect) cat "$here/containers/$4" ;;
  stop) printf '%s\n' "$2" ;;
esac"#
        ),
    );
}

#[test]
fn containers_with_the_token_and_with_a_bot_s_name() {
    let machine = Machine::new();
    let with_token = format!(
        "/shop-bot\nregistry.example/shop:3\nalways\npython bot.py\nPATH=/usr/bin\nBOT_TOKEN={TOKEN}\n"
    );
    let other = "/other\nadas-telegraf:1\nno\nnode index.js\nPATH=/usr/bin\nBOT_TOKEN=987654321:AAOtherBotsTokenOtherBotsTokenOther\n";
    let by_name = "/assistant\nexample/telegram-assistant:latest\nunless-stopped\n/entrypoint.sh\nPATH=/usr/bin\n";
    let redis = "/cache\nredis:7\nalways\nredis-server\nPATH=/usr/bin\n";
    let containers = [
        (CONTAINER, "shop-bot", with_token.as_str()),
        ("aaaa", "other", other),
        ("bbbb", "assistant", by_name),
        ("cccc", "cache", redis),
    ];
    engine(&machine.terminal, "docker", &containers);
    check(
        &machine,
        &[],
        1,
        expect![[r#"
        🔍 Looking for other programs of this bot
        🔴 1. docker: shop-bot
           container shop-bot of image registry.example/shop:3: python bot.py
           has this bot's token: its settings
           ⚠ it starts again with this machine, unless: docker update --restart=no shop-bot
           stop it: docker stop shop-bot
        🔴 2. docker: assistant
           container assistant of image example/telegram-assistant:latest: /entrypoint.sh
           uses telegram-assistant (by its name)
           stop it: docker stop assistant
           Looked into: docker, processes
    "#]],
    );
    check(
        &machine,
        &[UKRAINIAN],
        1,
        expect![[r#"
        🔍 Шукаю інші програми цього бота
        🔴 1. docker: shop-bot
           контейнер shop-bot з образу registry.example/shop:3: python bot.py
           має токен цього бота: налаштування
           ⚠ він знову запуститься разом із машиною, якщо не виконати: docker update --restart=no shop-bot
           спинити: docker stop shop-bot
        🔴 2. docker: assistant
           контейнер assistant з образу example/telegram-assistant:latest: /entrypoint.sh
           використовує telegram-assistant (судячи з назви)
           спинити: docker stop assistant
           Переглянуто: docker, процеси
    "#]],
    );
}

/// Root sees the processes of containers, too.
#[test]
fn a_process_of_a_container_is_shown_under_its_container() {
    let mut machine = Machine::new();
    let described = format!("/shop-bot\nshop:3\nno\npython bot.py\nBOT_TOKEN={TOKEN}\n");
    engine(
        &machine.terminal,
        "podman",
        &[(CONTAINER, "shop-bot", &described)],
    );
    machine
        .process(900, 1, "python bot.py")
        .environment(&format!("BOT_TOKEN={TOKEN}"))
        .in_group(&format!("/machine.slice/libpod-{CONTAINER}.scope"));
    check(
        &machine,
        &[],
        1,
        expect![[r#"
            🔍 Looking for other programs of this bot
            🔴 1. podman: shop-bot
               process 900 of ada, works in /srv/bot: python bot.py
               has this bot's token: its environment
               container shop-bot of image shop:3: python bot.py
               has this bot's token: its settings
               stop it: podman stop shop-bot
               Looked into: podman, processes
        "#]],
    );
}

#[test]
fn a_docker_that_does_not_answer_is_named() {
    let machine = Machine::new();
    machine.terminal.stand_in(
        "docker",
        "echo 'permission denied while trying to connect to the Docker daemon socket' >&2; exit 1",
    );
    check(
        &machine,
        &[],
        0,
        expect![[r#"
        🔍 Looking for other programs of this bot
        ✅ Nobody on this machine
           Looked into: processes
           ⚠ Not seen: docker: permission denied while trying to connect to the Docker daemon socket
    "#]],
    );
}

/// A unit as `systemctl show` prints it.
fn unit(
    id: &str,
    state: &str,
    folder: &str,
    environment: &str,
    files: &str,
    command: &str,
) -> String {
    let program = command.split(' ').next().unwrap();
    format!(
        "ExecStart={{ path={program} ; argv[]={command} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }}\n\
         Environment={environment}\n{files}WorkingDirectory={folder}\nId={id}\n{state}\n\n"
    )
}

#[test]
fn services_that_run_or_are_about_to() {
    let mut machine = Machine::new();
    let here = machine.terminal.folder.display().to_string();
    machine
        .terminal
        .write("srv/crashing/.env", &format!("BOT_TOKEN={TOKEN}\n"));
    machine
        .terminal
        .write("srv/library/bot.py", "import telebot\n");
    let running = "ActiveState=active\nSubState=running";
    let shown = [
        unit(
            "shop-bot.service",
            running,
            "",
            &format!("BOT_TOKEN={TOKEN}"),
            "",
            "/usr/bin/python3 /srv/shop/bot.py",
        ),
        unit(
            "crashing.service",
            "ActiveState=activating\nSubState=auto-restart",
            "",
            "",
            &format!("EnvironmentFiles={here}/srv/crashing/.env (ignore_errors=no)\n"),
            "/srv/crashing/bot",
        ),
        unit(
            "library.service",
            running,
            &format!("{here}/srv/library"),
            "",
            "",
            "/usr/bin/python3 bot.py",
        ),
        unit(
            "stopped.service",
            "ActiveState=inactive\nSubState=dead",
            "",
            &format!("BOT_TOKEN={TOKEN}"),
            "",
            "/srv/old/bot",
        ),
        unit("ssh.service", running, "", "", "", "/usr/sbin/sshd -D"),
    ];
    machine.terminal.write("units", &shown.concat());
    machine.terminal.stand_in(
        "systemctl",
        "case \"$*\" in --user*) exit 1 ;; *) cat \"$here/units\" ;; esac",
    );
    // One of them is seen as a process as well.
    machine
        .process(910, 1, "python3 /srv/shop/bot.py")
        .environment(&format!("BOT_TOKEN={TOKEN}"))
        .in_group("/system.slice/shop-bot.service");
    // A user's own service is known by its group alone.
    machine
        .process(911, 1, "/home/ada/bot")
        .environment(&format!("BOT_TOKEN={TOKEN}"))
        .in_group("/user.slice/user-1000.slice/user@1000.service/app.slice/mine.service");
    check(
        &machine,
        &[],
        1,
        expect![[r#"
            🔍 Looking for other programs of this bot
            🔴 1. systemd: shop-bot.service
               process 910 of ada, works in /srv/bot: python3 /srv/shop/bot.py
               has this bot's token: its environment
               unit shop-bot.service is active (running)
               has this bot's token: its settings
               stop it: sudo systemctl disable --now shop-bot.service
            🔴 2. systemd: mine.service
               process 911 of ada, works in /srv/bot: /home/ada/bot
               has this bot's token: its environment
               stop it: systemctl --user disable --now mine.service
            🔴 3. systemd: crashing.service
               unit crashing.service is activating (auto-restart)
               has this bot's token: .env
               stop it: sudo systemctl disable --now crashing.service
            🔴 4. systemd: library.service
               unit library.service is active (running)
               uses pyTelegramBotAPI (bot.py)
               stop it: sudo systemctl disable --now library.service
               Looked into: processes, systemd
        "#]],
    );
}

#[test]
fn programs_that_pm2_and_supervisor_keep() {
    let mut machine = Machine::new();
    let token = format!("BOT_TOKEN={TOKEN}");
    machine.process(920, 1, "PM2 v5.3.0: God Daemon (/home/ada/.pm2)");
    machine
        .process(921, 920, "node /srv/shop/index.js")
        .environment(&token);
    machine.process(930, 1, "/usr/bin/supervisord");
    machine
        .process(931, 930, "python3 /srv/bot/main.py")
        .environment(&token);
    let apps = format!(
        r#"[{{"pid":921,"name":"shop bot","pm2_env":{{"status":"online","pm_exec_path":"/srv/shop/index.js","BOT_TOKEN":"{TOKEN}"}},"pm_id":0,"monit":{{"memory":1,"cpu":0}}}},{{"pid":0,"name":"crashing","pm2_env":{{"status":"waiting restart","pm_exec_path":"/srv/c.js","env":{{"TOKEN":"{TOKEN}"}}}},"pm_id":1,"monit":{{}}}},{{"pid":0,"name":"old","pm2_env":{{"status":"stopped","pm_exec_path":"/srv/o.js","TOKEN":"{TOKEN}"}},"pm_id":2,"monit":{{}}}}]"#
    );
    machine.terminal.write("apps", &apps);
    machine.terminal.stand_in("pm2", "cat \"$here/apps\"");
    machine.terminal.stand_in(
        "supervisorctl",
        "printf '%s\\n' 'shop:main                        RUNNING   pid 931, uptime 1 day, 2:03:04' 'web  STOPPED   Not started'; exit 3",
    );
    // Where its daemon does not run, pm2 would start one when asked.
    let ended = machine.find("find-rivals --here", &[]);
    assert!(!ended.output.contains("pm2 delete"), "{}", ended.output);
    asked(&machine.terminal, "pm2", &expect![[r#""#]]);
    machine
        .terminal
        .write("home/.pm2/pm2.pid", &std::process::id().to_string());
    check(
        &machine,
        &[],
        1,
        expect![[r#"
            🔍 Looking for other programs of this bot
            🔴 1. pm2: shop bot
               process 921 of ada, works in /srv/bot: node /srv/shop/index.js
               has this bot's token: its environment
               has this bot's token: its settings
               stop it: pm2 delete shop\ bot
            🔴 2. supervisor: shop:main
               process 931 of ada, works in /srv/bot: python3 /srv/bot/main.py
               has this bot's token: its environment
               stop it: sudo supervisorctl stop shop:main
            🔴 3. pm2: crashing
               has this bot's token: its settings
               stop it: pm2 delete crashing
               Looked into: pm2, supervisor, processes
        "#]],
    );
}

#[test]
fn programs_in_terminals_that_nobody_looks_at() {
    let mut machine = Machine::new();
    let token = format!("BOT_TOKEN={TOKEN}");
    machine.process(940, 1, "tmux new -s bot");
    machine.process(941, 940, "-bash");
    machine
        .process(942, 941, "python3 one.py")
        .environment(&token);
    machine
        .process(950, 1, "SCREEN -S night bot")
        .named("screen", 1, 950);
    machine.process(951, 950, "/bin/bash");
    machine
        .process(952, 951, "python3 two.py")
        .environment(&token);
    machine
        .terminal
        .stand_in("tmux", "printf '%s\\n' '941 bot:0.0' '999 other:1.0'");
    machine.terminal.stand_in(
        "screen",
        "printf 'There is a screen on:\\n\\t950.night\\t(11/24/26 08:00:00)\\t(Detached)\\n1 Socket in /run/screen/S-ada.\\n'; exit 1",
    );
    check(
        &machine,
        &[],
        1,
        expect![[r#"
            🔍 Looking for other programs of this bot
            🔴 1. tmux: bot:0.0
               process 942 of ada, works in /srv/bot: python3 one.py
               has this bot's token: its environment
               stop it: tmux kill-pane -t bot:0.0
            🔴 2. screen: 950.night
               process 952 of ada, works in /srv/bot: python3 two.py
               has this bot's token: its environment
               stop it: screen -S 950.night -X quit
               Looked into: tmux, screen, processes
        "#]],
    );
}

#[test]
fn jobs_that_start_it_again() {
    let machine = Machine::new();
    machine
        .terminal
        .write("srv/bot/bot.py", "from aiogram import Bot\n");
    let here = machine.terminal.folder.display().to_string();
    let table = format!(
        "# m h dom mon dow command\nSHELL=/bin/bash\n0 4 * * * /usr/bin/backup\n*/5 * * * * cd {here}/srv/bot && python3 bot.py\n\
         @reboot BOT_TOKEN={TOKEN} /home/ada/bot\n"
    );
    machine.terminal.write("crontab", &table);
    machine
        .terminal
        .stand_in("crontab", "cat \"$here/crontab\"");
    check(
        &machine,
        &[],
        1,
        expect![[r#"
        🔍 Looking for other programs of this bot
        🔴 1. crontab of ada
           starts it: */5 * * * * cd /srv/bot && python3 bot.py
           uses aiogram (bot.py)
           stop it: crontab -e   # delete this line
        🔴 2. crontab of ada
           starts it: @reboot BOT_TOKEN=4242:<token> /home/ada/bot
           has this bot's token: its settings
           stop it: crontab -e   # delete this line
           Looked into: processes, cron
    "#]],
    );
}

#[test]
fn pods_by_the_value_and_by_the_secret() {
    let machine = Machine::new();
    let pods = format!(
        "shop\tbot-5d8f7c9b4-x2x7q\tReplicaSet/bot-5d8f7c9b4\timage=shop/bot:1 python bot.py\tBOT_TOKEN={TOKEN}\n\
         shop\tworker-0\tStatefulSet/worker\timage=shop/worker:1\tTOKEN=secret:worker-tokens\n\
         web\tsite-7c9b45d8f-aaaaa\tReplicaSet/site-7c9b45d8f\timage=nginx:1\n\
         web\ttelegram-relay\t\timage=example/telegram-relay:2\tfrom=secret:relay\n"
    );
    machine.terminal.write("pods", &pods);
    let encoded = "d29ya2VyIHRva2Vu"; // worker token
    machine.terminal.stand_in(
        "kubectl",
        &format!(
            r#"case "$*" in
  "config current-context") echo cluster ;;
  *"get pods"*) cat "$here/pods" ;;
  *"get secret worker-tokens"*) printf '%s\n' {encoded} "$(printf %s '{TOKEN}' | base64)" ;;
  *) exit 1 ;;
esac"#
        ),
    );
    check(
        &machine,
        &[],
        1,
        expect![[r#"
        🔍 Looking for other programs of this bot
        🔴 1. kubernetes: deployment/bot
           pod bot-5d8f7c9b4-x2x7q in namespace shop
           has this bot's token: its settings
           stop it: kubectl --namespace shop scale deployment/bot --replicas=0
        🔴 2. kubernetes: statefulset/worker
           pod worker-0 in namespace shop
           has this bot's token: its settings
           stop it: kubectl --namespace shop scale statefulset/worker --replicas=0
        🔴 3. kubernetes: pod/telegram-relay
           pod telegram-relay in namespace web
           uses telegram-relay (by its name)
           stop it: kubectl --namespace web delete pod/telegram-relay
           Looked into: processes, kubernetes
    "#]],
    );
}

#[test]
fn a_cluster_that_does_not_answer_is_named_and_none_is_not_asked() {
    let machine = Machine::new();
    machine.terminal.stand_in("kubectl", "[ \"$1\" != config ] || exit 0; echo 'Unable to connect to the server: i/o timeout' >&2; exit 1");
    let ended = machine.find("find-rivals --here", &[]);
    assert!(
        ended
            .output
            .contains("⚠ Not seen: kubectl: Unable to connect to the server: i/o timeout\n"),
        "{}",
        ended.output
    );
    machine.terminal.stand_in("kubectl", "exit 1");
    let ended = machine.find("find-rivals --here", &[]);
    assert!(!ended.output.contains("kubectl"), "{}", ended.output);
}

#[test]
fn nothing_is_stopped_without_a_yes() {
    let machine = Machine::new();
    let described = format!("/shop-bot\nshop:3\nno\npython bot.py\nBOT_TOKEN={TOKEN}\n");
    engine(
        &machine.terminal,
        "docker",
        &[(CONTAINER, "shop-bot", &described)],
    );
    let token = [("TELEGRAM_BOT_TOKEN", TOKEN)];
    for (line, typed) in [
        ("find-rivals", "y\n"),
        ("find-rivals --stop", "n\n"),
        ("find-rivals --stop", ""),
        ("find-rivals --stop", "maybe\n"),
    ] {
        assert_eq!(machine.find_with(line, &token, typed).status, 1);
        assert!(
            !machine.terminal.read("calls").contains("docker stop"),
            "{line} {typed}"
        );
    }
    let ended = machine.find_with("find-rivals --here --stop", &token, "y\n");
    expect![[r#"
        🔍 Looking for other programs of this bot
        🔴 1. docker: shop-bot
           container shop-bot of image shop:3: python bot.py
           has this bot's token: its settings
           stop it: docker stop shop-bot
           Looked into: docker, processes
        Run: docker stop shop-bot ? [y/N] 
        shop-bot
        ✅ stopped
    "#]]
    .assert_eq(&ended.output);
    assert_eq!(ended.status, 0);
    assert!(
        machine
            .terminal
            .read("calls")
            .contains("docker stop shop-bot\n")
    );
}

#[test]
fn what_only_a_person_can_stop_is_left_to_them() {
    let machine = Machine::new();
    let table = format!("@reboot BOT_TOKEN={TOKEN} /home/ada/bot\n");
    machine.terminal.write("crontab", &table);
    machine
        .terminal
        .stand_in("crontab", "cat \"$here/crontab\"");
    let ended = machine.find_with(
        "find-rivals --here --stop",
        &[("TELEGRAM_BOT_TOKEN", TOKEN), UKRAINIAN],
        "так\n",
    );
    assert_eq!(ended.status, 1);
    assert!(
        ended
            .output
            .contains("це можете зробити лише ви: crontab -e"),
        "{}",
        ended.output
    );
}
