//! What `scripts/deploy` runs, in which order, and how it carries secrets, with stand-ins for wrangler and curl.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::{Expect, expect};

const BOT_TOKEN: &str = "4242:a_token_that_is_made_up_for_this_test";
const ADMIN_TOKEN: &str = "an-admin-token-that-an-earlier-run-has-set";

const WRANGLER: &str = r#"#!/usr/bin/env bash
here="$(dirname "$0")"
printf 'wrangler %s\n' "$*" >>"$here/calls"
env >>"$here/environments"
case "$1 ${2:-}" in
  whoami*) [ ! -e "$here/logged-out" ] ;;
  "secret list")
    if [ -e "$here/secrets-kept" ]; then cat "$here/secrets-kept"; else
      printf 'Worker "onehook" not found.\n' >&2
      exit 1
    fi ;;
  deploy*)
    [ "${2:-}" != --secrets-file ] || cat "$3" >"$here/secrets-sent"
    printf '{"type":"deploy","targets":["https://onehook.ada.workers.dev"]}\n' >"$WRANGLER_OUTPUT_FILE_PATH" ;;
esac
"#;

const CURL: &str = r#"#!/usr/bin/env bash
here="$(dirname "$0")"
if [ "$*" = --version ]; then
  printf 'curl 8.0.0\n'
  exit
fi
printf 'curl %s\n' "$*" >>"$here/calls"
env >>"$here/environments"
case "$*" in
  *--write-out*) printf 200 ;;
  *"--config -"*) cat >>"$here/headers-sent" ;;
esac
"#;

/// A folder of stand-ins that record their calls.
struct Stage(PathBuf);

impl Stage {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let stage = Self(folder);
        for (tool, text) in [("wrangler", WRANGLER), ("curl", CURL)] {
            stage.write(tool, text);
            fs::set_permissions(stage.0.join(tool), PermissionsExt::from_mode(0o755)).unwrap();
        }
        stage
    }

    /// A worker that is online, with both secrets.
    fn online(name: &str) -> Self {
        let stage = Self::new(name);
        let secrets = r#"[{"name": "TELEGRAM_BOT_TOKEN"}, {"name": "ADMIN_TOKEN"}]"#;
        stage.write("secrets-kept", secrets);
        stage
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.0.join(file), text).unwrap();
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap_or_default()
    }

    fn deploy(&self, environment: &[(&str, &str)]) -> Output {
        let path = format!("{}:{}", self.0.display(), std::env::var("PATH").unwrap());
        Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/deploy"))
            .env_remove("TELEGRAM_BOT_TOKEN")
            .env_remove("ADMIN_TOKEN")
            .env("PATH", path)
            .env("WRANGLER", self.0.join("wrangler"))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    #[track_caller]
    fn called(&self, calls: &Expect) {
        calls.assert_eq(&self.read("calls"));
    }

    /// The admin token of a first deployment, from what was sent to the worker.
    fn sent_admin_token(&self) -> String {
        let sent: serde_json::Value = serde_json::from_str(&self.read("secrets-sent")).unwrap();
        sent["ADMIN_TOKEN"].as_str().unwrap().to_owned()
    }
}

fn text(output: &Output) -> String {
    let (told, complained) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(told).into_owned() + &String::from_utf8_lossy(complained)
}

#[test]
fn a_first_deployment_sends_the_secrets_along_and_migrates_what_it_made() {
    let stage = Stage::new("first-deployment");
    let output = stage.deploy(&[("TELEGRAM_BOT_TOKEN", BOT_TOKEN)]);
    assert!(output.status.success(), "{}", text(&output));
    stage.called(&expect![[r#"
        wrangler whoami --json
        wrangler secret list
        wrangler deploy --secrets-file /dev/stdin
        wrangler d1 migrations apply DB --remote
        curl --silent --output /dev/null --max-time 10 --write-out %{http_code} https://onehook.ada.workers.dev/health
        curl --silent --show-error --fail-with-body --max-time 60 --config - --request PUT --header Content-Type: application/json --data {"url":"https://onehook.ada.workers.dev/webhook"} https://onehook.ada.workers.dev/admin/webhook
        curl --silent --show-error --fail-with-body --max-time 60 --config - https://onehook.ada.workers.dev/admin/webhook
    "#]]);
}

#[test]
fn a_repeated_deployment_migrates_first_and_needs_no_bot_token() {
    let stage = Stage::online("repeated-deployment");
    let output = stage.deploy(&[("ADMIN_TOKEN", ADMIN_TOKEN)]);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(stage.read("secrets-sent"), "");
    stage.called(&expect![[r#"
        wrangler whoami --json
        wrangler secret list
        wrangler d1 migrations apply DB --remote
        wrangler deploy
        curl --silent --output /dev/null --max-time 10 --write-out %{http_code} https://onehook.ada.workers.dev/health
        curl --silent --show-error --fail-with-body --max-time 60 --config - --request PUT --header Content-Type: application/json --data {"url":"https://onehook.ada.workers.dev/webhook"} https://onehook.ada.workers.dev/admin/webhook
        curl --silent --show-error --fail-with-body --max-time 60 --config - https://onehook.ada.workers.dev/admin/webhook
    "#]]);
}

#[test]
fn secrets_travel_through_stdin_only() {
    let stage = Stage::new("secrets-through-stdin");
    let output = stage.deploy(&[("TELEGRAM_BOT_TOKEN", BOT_TOKEN)]);
    assert!(output.status.success(), "{}", text(&output));
    let admin_token = stage.sent_admin_token();
    let header = format!("header = \"Authorization: Bearer {admin_token}\"\n");
    assert_eq!(stage.read("headers-sent"), header.repeat(2));
    assert!(stage.read("secrets-sent").contains(BOT_TOKEN));
    for secret in [BOT_TOKEN, &admin_token] {
        assert!(!stage.read("calls").contains(secret), "a command line");
        assert!(
            !stage.read("environments").contains(secret),
            "an environment"
        );
    }
}

#[test]
fn a_new_admin_token_is_strong_and_shown_once() {
    let stage = Stage::new("new-admin-token");
    let output = stage.deploy(&[("TELEGRAM_BOT_TOKEN", BOT_TOKEN)]);
    assert!(output.status.success(), "{}", text(&output));
    let admin_token = stage.sent_admin_token();
    assert_eq!(admin_token.len(), 64);
    assert_eq!(text(&output).matches(&admin_token).count(), 1);
    assert!(!text(&output).contains(BOT_TOKEN));
}

#[test]
fn an_admin_token_of_an_earlier_deployment_is_not_shown() {
    let stage = Stage::online("earlier-admin-token");
    let output = stage.deploy(&[("ADMIN_TOKEN", ADMIN_TOKEN)]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(!text(&output).contains(ADMIN_TOKEN));
}

#[test]
fn without_a_login_nothing_is_deployed() {
    let stage = Stage::new("without-login");
    stage.write("logged-out", "");
    let output = stage.deploy(&[("TELEGRAM_BOT_TOKEN", BOT_TOKEN)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("run: npx wrangler login"));
    stage.called(&expect![[r"
        wrangler whoami --json
    "]]);
}

#[test]
fn a_bot_token_that_nobody_can_be_asked_for_stops_the_deployment() {
    let stage = Stage::new("no-bot-token");
    let output = stage.deploy(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("run: TELEGRAM_BOT_TOKEN=... scripts/deploy"));
    stage.called(&expect![[r"
        wrangler whoami --json
        wrangler secret list
    "]]);
}

#[test]
fn a_malformed_bot_token_stops_the_deployment() {
    let stage = Stage::new("malformed-bot-token");
    let output = stage.deploy(&[("TELEGRAM_BOT_TOKEN", "4242\"")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("that is no bot token"));
    assert!(!stage.read("calls").contains("wrangler deploy"));
}
