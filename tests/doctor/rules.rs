//! What holds for all findings: each has its phrases, its remedy and its test, and the worst of them is the verdict.

use std::collections::BTreeSet;

use expect_test::expect;
use onehook::doctor::evidence::Evidence;
use onehook::doctor::finding::{self, Finding, Remedy, State};
use onehook::doctor::{checks, conflict::Meaning, probe::Verdict};
use onehook::reply::Format;
use onehook::telegram::drift::Drift;
use serde_json::Value;

use super::evidence::{
    NOW, ORIGIN, condition, fails, guarded, healthy, look, refused, unreachable, waits,
};
use super::findings::{CASES, case};
use super::{text, voices};
use crate::phrases::{family, phrase};
use crate::tidy;

/// Each row of the decision table about what Telegram shows, `facts/telegram-semantics.md` §11.2, and the findings it leads to.
const DECISIONS: [(&str, &[&str]); 16] = [
    ("getMe 401/404/421", &["token.refused"]),
    ("getMe 400 `Logged out`", &["token.logged_out"]),
    (
        "url == expected, no last_error or an old one, pending small",
        &[
            "webhook.ours",
            "deliveries.fine",
            "deliveries.recovered",
            "waiting.few",
        ],
    ),
    ("url == \"\" and we had set it", &["webhook.missing"]),
    ("url != expected", &["webhook.foreign"]),
    ("url flips between reads", &["flips.now", "flips.war"]),
    (
        "pending grows, last_error recent: 401",
        &["deliveries.other_secret", "deliveries.shut_out"],
    ),
    (
        "pending grows, last_error recent: 403",
        &["deliveries.blocked"],
    ),
    (
        "pending grows, last_error recent: 404/405",
        &["deliveries.elsewhere"],
    ),
    (
        "pending grows, last_error recent: 5xx",
        &["deliveries.crashes", "deliveries.unavailable"],
    ),
    (
        "pending grows, last_error recent: `Read timeout expired`",
        &["deliveries.timeout"],
    ),
    (
        "pending grows, last_error recent: `SSL error …certificate verify failed`",
        &["deliveries.tls"],
    ),
    (
        "pending grows, no new last_error",
        &["waiting.grows", "lanes.blocked"],
    ),
    (
        "pending 0, last_error old",
        &["deliveries.recovered", "waiting.none"],
    ),
    ("some kinds never arrive", &["settings.changed"]),
    (
        "last_synchronization_error_date recent",
        &["telegram.trouble"],
    ),
];

/// The name of the finding about one part of the bot.
fn named(evidence: &Evidence, part: &str) -> &'static str {
    let mut found = checks::diagnose(evidence).into_iter();
    found.find(|finding| finding.id() == part).expect(part).name
}

fn json(findings: &[Finding]) -> Value {
    let [english, _] = voices();
    let reply = finding::reply(findings, english, ORIGIN, Format::Json);
    assert_eq!(reply.status, 200);
    serde_json::from_str(&reply.body).unwrap()
}

#[test]
fn a_healthy_bot_is_healthy_in_every_part() {
    let findings = checks::diagnose(&healthy());
    assert!(
        findings
            .iter()
            .all(|finding| finding.state == State::Healthy)
    );
    let parts: BTreeSet<_> = findings.iter().map(Finding::id).collect();
    assert_eq!(parts.len(), findings.len(), "one finding for each part");
    let [english, ukrainian] = voices();
    expect![[r#"
        Healthy.
        ✅ the admin token is hard to guess
           ADMIN_TOKEN
        ✅ Telegram's own Bot API is in use
           TELEGRAM_API_ROOT = https://api.telegram.org
        ✅ Telegram knows the token: @onehook_bot
           getMe
        ✅ the database answers
           D1
        ✅ KV answers
           KV
        ✅ the webhook is ours
           getWebhookInfo: url = "https://onehook.example.workers.dev/webhook"
        ✅ nobody has changed the webhook in the last hour
           incidents of the last hour: 0
        ✅ the webhook has the settings that were asked for
           allowed_updates, max_connections, ip_address
        ✅ no delivery has failed since the webhook was set
           getWebhookInfo: no last_error_message
        ✅ no update waits at Telegram
           pending_update_count = 0
        ✅ an update has come with the present secret
           webhook.confirmed_at
        ✅ no update is left to handle
           inbox
        ✅ no update was given up
           dead = 0
        ✅ no call waits for a decision
           parked = 0
        ✅ Telegram has refused no call
           failed = 0
        ✅ everything that came was an update
           quarantined = 0
        ✅ no number is missing between the updates of the last day
           inbox.update_id
        ✅ the cron runs
           heartbeat: 30 s
    "#]]
    .assert_eq(&text(&findings, english, ORIGIN));
    expect!["Здоровий."].assert_eq(&finding::summary(&findings, ukrainian, ORIGIN));
}

#[test]
fn every_finding_has_a_phrase_and_a_test_and_there_are_no_others() {
    let known: BTreeSet<_> = CASES.iter().map(|(name, _)| *name).collect();
    assert_eq!(known.len(), CASES.len(), "each case once");
    let phrases = family("doctor");
    let is_a_finding = |name: &&str| !name.starts_with("remedy.") && !name.starts_with("verdict.");
    let phrases: BTreeSet<_> = phrases
        .iter()
        .map(String::as_str)
        .filter(is_a_finding)
        .collect();
    assert_eq!(known, phrases);
    let tests = tidy::read("tests/doctor/findings.rs");
    for name in known {
        assert!(
            tests.contains(&format!("    check(\n        \"{name}\","))
                || tests.contains(&format!("check(\"{name}\"")),
            "{name} has no test"
        );
    }
}

#[test]
fn every_remedy_has_a_phrase_and_a_finding_that_needs_it() {
    let all: BTreeSet<_> = Remedy::ALL.iter().map(|remedy| remedy.name()).collect();
    let phrases = family("doctor");
    let phrases = phrases.iter().filter(|name| name.starts_with("remedy."));
    let phrases: BTreeSet<_> = phrases.map(|name| format!("doctor.{name}")).collect();
    assert!(all.iter().copied().eq(phrases.iter().map(String::as_str)));
    let told: BTreeSet<_> = CASES
        .iter()
        .filter_map(|(name, _)| {
            json(&[case(name).1])["findings"][0]["remedy"]
                .as_str()
                .map(str::to_owned)
        })
        .collect();
    let [english, _] = voices();
    let named: BTreeSet<_> = all
        .iter()
        .map(|name| english.say(name, &[ORIGIN]))
        .collect();
    assert_eq!(told, named);
}

#[test]
fn whatever_is_not_healthy_says_why_and_what_to_type_or_where_to_click() {
    for (name, _) in CASES {
        let (_, finding) = case(name);
        for voice in voices() {
            let reply = finding::reply(std::slice::from_ref(&finding), voice, ORIGIN, Format::Json);
            let told = serde_json::from_str::<Value>(&reply.body).unwrap()["findings"][0].clone();
            assert!(
                !reply.body.contains("{}"),
                "{name}: a value is missing: {told}"
            );
            if finding.state == State::Healthy {
                assert!(
                    told["remedy"].is_null() && told["why"].is_null(),
                    "{name}: {told}"
                );
                continue;
            }
            assert!(
                told["why"].as_str().is_some_and(|why| !why.is_empty()),
                "{name}: {told}"
            );
            let remedy = told["remedy"].as_str().expect(name);
            let commands = ["curl --", "`npx wrangler ", "`scripts/", "`openssl "];
            let places = ["Cloudflare", "/health", "wrangler.toml"];
            let is_clear = commands
                .iter()
                .chain(&places)
                .any(|part| remedy.contains(part));
            assert!(is_clear, "{name}: {remedy}");
            let is_guarded = !remedy.contains("/admin/") || remedy.contains("Bearer $ADMIN_TOKEN");
            assert!(
                is_guarded,
                "{name}: whoever types this gets a 401: {remedy}"
            );
        }
    }
}

#[test]
fn the_verdict_is_the_worst_of_the_findings() {
    for (name, _) in CASES {
        let (evidence, finding) = case(name);
        let findings = checks::diagnose(&evidence);
        let worst = findings.iter().map(|finding| finding.state).max().unwrap();
        assert!(worst >= finding.state);
        assert_eq!(finding::verdict(&findings), worst, "{name}");
        let word = match worst {
            State::Healthy => "healthy",
            State::Notice => "notice",
            State::Ill => "ill",
        };
        assert_eq!(json(&findings)["verdict"], word, "{name}");
        let [english, _] = voices();
        let verdict = english.say(&format!("doctor.verdict.{word}"), &[]);
        assert!(
            text(&findings, english, ORIGIN).starts_with(&verdict),
            "{name}"
        );
        let summary = finding::summary(&findings, english, ORIGIN);
        assert_eq!(
            summary.lines().count() > 1,
            worst > State::Healthy,
            "{name}: {summary}"
        );
    }
    assert_eq!(finding::verdict(&[]), State::Healthy);
}

#[test]
fn programs_read_findings_as_json() {
    let findings = [case("token.fine").1, case("dead.some").1];
    expect![[r#"
        {
          "findings": [
            {
              "evidence": "getMe",
              "id": "token",
              "state": "healthy",
              "what": "Telegram knows the token: @onehook_bot"
            },
            {
              "evidence": "dead = 2",
              "id": "dead",
              "remedy": "curl --header \"Authorization: Bearer $ADMIN_TOKEN\" \"https://onehook.example.workers.dev/admin/updates?state=dead\", then POST /admin/updates/<id>/replay",
              "state": "notice",
              "what": "updates given up: 2",
              "why": "five attempts or two minutes were not enough; their bodies are kept for 30 days"
            }
          ],
          "verdict": "notice"
        }"#]].assert_eq(&format!("{:#}", json(&findings)));
}

#[test]
fn every_row_of_the_decision_table_leads_to_a_finding() {
    for (row, names) in DECISIONS {
        for name in names {
            assert_eq!(case(name).1.name, *name, "{row}");
        }
    }
}

#[test]
fn whatever_blames_the_token_does() {
    for (code, description) in [
        (401, "Unauthorized"),
        (401, "Unauthorized: invalid token specified"),
        (404, "Not Found"),
        (421, "Misdirected Request: unallowed token specified"),
    ] {
        let mut evidence = healthy();
        evidence.me = refused(code, description);
        assert_eq!(named(&evidence, "token"), "token.refused");
        evidence.webhook = Err(unreachable("getWebhookInfo"));
        let found = checks::diagnose(&evidence);
        assert!(
            found
                .iter()
                .all(|finding| finding.name != "webhook.unknown"),
            "said once"
        );
    }
    let mut evidence = healthy();
    evidence.me = refused(500, "Internal Server Error: restart");
    assert_eq!(named(&evidence, "token"), "token.no_answer");
}

#[test]
fn every_way_a_delivery_fails_is_told_apart() {
    let cases = [
        (
            "Wrong response from the webhook: 401 Unauthorized",
            "shut_out",
        ),
        ("Wrong response from the webhook: 403 Forbidden", "blocked"),
        (
            "Wrong response from the webhook: 404 Not Found",
            "elsewhere",
        ),
        (
            "Wrong response from the webhook: 405 Method Not Allowed",
            "elsewhere",
        ),
        ("Wrong response from the webhook: 410 Gone", "gone"),
        (
            "Wrong response from the webhook: 429 Too Many Requests",
            "answer",
        ),
        (
            "Wrong response from the webhook: 301 Moved Permanently",
            "answer",
        ),
        (
            "Wrong response from the webhook: 500 Internal Server Error",
            "crashes",
        ),
        (
            "Wrong response from the webhook: 502 Bad Gateway",
            "crashes",
        ),
        (
            "Wrong response from the webhook: 503 Service Unavailable",
            "unavailable",
        ),
        ("Wrong response from the webhook: 522 ", "crashes"),
        ("Wrong response from the webhook: 530 <none>", "crashes"),
        ("Read timeout expired", "timeout"),
        ("Write timeout expired", "timeout"),
        (
            "SSL error {error:0A000086:SSL routines::certificate verify failed}",
            "tls",
        ),
        (
            "Failed to resolve host: No address associated with hostname",
            "dns",
        ),
        ("Connection refused", "connection"),
        ("Connection reset by peer", "connection"),
        ("Connection timed out", "connection"),
        ("No route to host", "connection"),
        ("Not Implemented", "connection"),
        (
            "Wrong response from the webhook: POST / HTTP/1.1",
            "connection",
        ),
    ];
    for (message, name) in cases {
        let mut evidence = healthy();
        fails(&mut evidence, 30, message);
        let expected = ["deliveries.", name].concat();
        assert_eq!(named(&evidence, "deliveries"), expected, "{message}");
    }
}

#[test]
fn a_failure_is_history_once_an_update_has_come_since() {
    let with = |seconds_ago, newest_ms, waiting| {
        let mut evidence = healthy();
        fails(
            &mut evidence,
            seconds_ago,
            "Wrong response from the webhook: 500 Internal Server Error",
        );
        condition(&mut evidence).newest_ms = newest_ms;
        look(&mut evidence, |info| info.pending_update_count = waiting);
        named(&evidence, "deliveries")
    };
    assert_eq!(with(120, Some(60_000), 7), "deliveries.recovered");
    assert_eq!(with(60, Some(120_000), 7), "deliveries.crashes");
    assert_eq!(with(60, None, 0), "deliveries.crashes");
    // Telegram repeats at once: the update came within the second in which it had failed, and nothing waits any more.
    assert_eq!(with(60, Some(59_500), 0), "deliveries.recovered");
    assert_eq!(
        with(60, Some(59_500), 1),
        "deliveries.crashes",
        "another one waits"
    );
    // The answer to an update that was kept got lost: it is the same update that came again.
    assert_eq!(with(60, Some(64_000), 0), "deliveries.recovered");
    assert_eq!(
        with(60, Some(600_000), 0),
        "deliveries.crashes",
        "what failed has expired since"
    );
}

#[test]
fn a_wrong_secret_is_told_from_a_login_page_by_who_came_to_us() {
    let with = |refused_ago: Option<i64>, set_ago: i64| {
        let mut evidence = healthy();
        fails(
            &mut evidence,
            30,
            "Wrong response from the webhook: 401 Unauthorized",
        );
        guarded(&mut evidence).refused_at = refused_ago.map_or(0, |ago| NOW - ago);
        guarded(&mut evidence).set_at = NOW - set_ago;
        named(&evidence, "deliveries")
    };
    assert_eq!(with(Some(30_000), 3_600_000), "deliveries.other_secret");
    assert_eq!(
        with(None, 3_600_000),
        "deliveries.shut_out",
        "nobody came to us with a wrong secret"
    );
    assert_eq!(
        with(Some(3_600_000), 60_000),
        "deliveries.shut_out",
        "that was before the webhook was set again"
    );
}

#[test]
fn whose_the_webhook_is_depends_on_what_was_asked_for() {
    let with = |wanted: Option<&str>, actual: &str, origin: &str| {
        let mut evidence = healthy();
        let guarded = guarded(&mut evidence);
        match wanted {
            Some(url) => guarded.wanted.as_mut().unwrap().url = url.to_owned(),
            None => guarded.wanted = None,
        }
        look(&mut evidence, |info| info.url = actual.to_owned());
        evidence.origin = origin.to_owned();
        named(&evidence, "webhook")
    };
    let ours = "https://onehook.example.workers.dev/webhook";
    let theirs = "https://elsewhere.example/hook";
    assert_eq!(with(Some(ours), ours, ORIGIN), "webhook.ours");
    assert_eq!(
        with(Some(ours), ours, ""),
        "webhook.ours",
        "who asks in a chat came to no address"
    );
    assert_eq!(
        with(Some(ours), ours, "https://onehook.example"),
        "webhook.older",
        "another host, though it begins the same"
    );
    assert_eq!(with(Some(ours), theirs, ORIGIN), "webhook.foreign");
    assert_eq!(with(None, theirs, ORIGIN), "webhook.foreign");
    assert_eq!(with(Some(""), theirs, ORIGIN), "webhook.foreign");
    assert_eq!(with(Some(""), "", ORIGIN), "webhook.deleted");
    assert_eq!(with(None, "", ORIGIN), "webhook.never_set");
    assert_eq!(with(Some(ours), "", ORIGIN), "webhook.missing");
}

#[test]
fn updates_are_eaten_only_where_no_webhook_takes_them() {
    let mut evidence = healthy();
    waits(&mut evidence, 5, 2);
    assert_eq!(
        named(&evidence, "waiting"),
        "waiting.few",
        "they were delivered"
    );
    // Somebody deleted the webhook between the looks; what became less went to us.
    evidence.webhook.as_mut().unwrap()[1].url = String::new();
    assert_eq!(named(&evidence, "waiting"), "waiting.kept");
    evidence.webhook.as_mut().unwrap()[0].url = String::new();
    assert_eq!(named(&evidence, "waiting"), "waiting.eaten");
    waits(&mut evidence, 2, 5);
    assert_eq!(named(&evidence, "waiting"), "waiting.kept");
}

#[test]
fn what_waits_grows_only_beyond_what_is_usual_and_without_a_failure() {
    let mut evidence = healthy();
    guarded(&mut evidence).waiting = 12;
    waits(&mut evidence, 12, 12);
    assert_eq!(
        named(&evidence, "waiting"),
        "waiting.many",
        "as many as before"
    );
    waits(&mut evidence, 12, 13);
    assert_eq!(named(&evidence, "waiting"), "waiting.grows");
    fails(&mut evidence, 30, "Connection refused");
    waits(&mut evidence, 12, 13);
    assert_eq!(
        named(&evidence, "waiting"),
        "waiting.many",
        "the failure says why"
    );
    let mut evidence = healthy();
    guarded(&mut evidence).waiting = 2;
    waits(&mut evidence, 9, 10);
    assert_eq!(named(&evidence, "waiting"), "waiting.few");
}

#[test]
fn telegrams_own_trouble_counts_for_ten_minutes() {
    let told = |seconds_ago| {
        let mut evidence = healthy();
        look(&mut evidence, |info| {
            info.last_synchronization_error_date = Some(NOW / 1000 - seconds_ago);
        });
        checks::diagnose(&evidence)
            .iter()
            .any(|finding| finding.name == "telegram.trouble")
    };
    assert!(told(0) && told(599) && !told(600));
}

#[test]
fn a_cron_that_never_ran_is_late() {
    let mut evidence = healthy();
    condition(&mut evidence).cron_ms = None;
    let findings = checks::diagnose(&evidence);
    let cron = findings
        .iter()
        .find(|finding| finding.id() == "cron")
        .unwrap();
    assert_eq!(
        (cron.name, cron.evidence.as_str()),
        ("cron.late", "heartbeat: none")
    );
}

#[test]
fn a_database_without_answer_does_not_hide_the_token() {
    let (evidence, _) = case("database.no_answer");
    let names: Vec<_> = checks::diagnose(&evidence)
        .iter()
        .map(|finding| finding.name)
        .collect();
    expect!["admin_token.fine server.cloud token.fine database.no_answer notes.fine"]
        .assert_eq(&names.join(" "));
}

/// As much as can be wrong at once: Telegram takes messages of 4096 units of UTF-16 and no longer ones.
#[test]
fn the_worst_report_fits_into_a_message() {
    let mut evidence = healthy();
    evidence.admin_is_weak = true;
    evidence.api_root = "https://bot-api.example.com:8081".to_owned();
    evidence.notes_answer = false;
    evidence.tells_somebody = false;
    let long = format!("https://{}.example/{}", "a".repeat(60), "b".repeat(180));
    for (name, change) in CASES {
        if [
            "gaps.some",
            "telegram.trouble",
            "rotation.unfinished",
            "lanes.blocked",
            "bots.another",
            "cron.late",
            "dead.some",
            "parked.some",
            "failed.some",
            "quarantined.some",
        ]
        .contains(name)
        {
            change(&mut evidence);
        }
    }
    let mut foreign = evidence;
    look(&mut foreign, |info| info.url.clone_from(&long));
    foreign.webhook.as_mut().unwrap()[1].url.push('c');
    foreign.webhook.as_mut().unwrap()[1].pending_update_count = 1_000_000;
    for voice in voices() {
        let summary = finding::summary(&checks::diagnose(&foreign), voice, ORIGIN);
        let length = summary.encode_utf16().count();
        assert!(length <= 4096, "{length}\n{summary}");
    }
}

#[test]
fn every_composed_phrase_is_one_of_these() {
    let source = |path| tidy::read(path);
    let mut said = BTreeSet::new();
    let meanings = [
        Meaning::WebhookActive,
        Meaning::OtherPoller,
        Meaning::WebhookSet,
        Meaning::OtherSetWebhook,
        Meaning::OtherPollerOrWebhook,
        Meaning::SomeConflict,
        Meaning::LoggedOut,
        Meaning::BadToken,
        Meaning::TooOften,
        Meaning::BadWebhook,
        Meaning::WrongResponse,
        Meaning::Unknown,
    ];
    said.extend(meanings.map(|meaning| meaning.name().to_owned()));
    let verdicts = [
        Verdict::Rival,
        Verdict::Eaten,
        Verdict::WebhookCame,
        Verdict::NoProof,
        Verdict::Failed,
    ];
    said.extend(verdicts.map(|verdict| verdict.name().to_owned()));
    for drift in [Drift::Gone, Drift::Replaced, Drift::Secret, Drift::Settings] {
        said.extend(["", ".hint"].map(|end| ["incident.", drift.name(), end].concat()));
    }
    for outcome in ["open", "restored", "by_itself", "called_off"] {
        said.insert(["incident.outcome.", outcome].concat());
    }
    // The rest is said by its whole name.
    for path in [
        "src/doctor/conflict.rs",
        "src/doctor/probe.rs",
        "src/admin/incidents.rs",
    ] {
        let text = source(path);
        let names = text.split('"').filter(|text| {
            let is_of_a_name = |letter| matches!(letter, 'a'..='z' | '_' | '.');
            let is_composed = ["error.", "probe.", "incident."]
                .iter()
                .any(|start| text.starts_with(start));
            is_composed && !text.ends_with('.') && text.chars().all(is_of_a_name)
        });
        said.extend(names.map(str::to_owned));
    }
    let mut known = BTreeSet::new();
    for room in ["error", "probe", "incident"] {
        known.extend(family(room).iter().map(|name| [room, ".", name].concat()));
    }
    assert_eq!(said, known, "what is said, and what there is to say");
    for name in known
        .iter()
        .filter(|name| name.starts_with("error.") && name.matches('.').count() == 1)
    {
        for tag in ["en", "uk"] {
            assert_eq!(phrase(name, tag).unwrap().lines().count(), 4, "{name}");
        }
    }
}

#[test]
fn a_remedy_for_a_chat_names_the_worker_as_well() {
    let mut evidence = healthy();
    condition(&mut evidence).dead = 1;
    let findings = checks::diagnose(&evidence);
    let [english, _] = voices();
    let summary = finding::summary(&findings, english, &evidence.origin);
    expect![[r#"
        Working; look at the ⚠ below.
        ⚠ updates given up: 1
        → curl --header "Authorization: Bearer $ADMIN_TOKEN" "https://onehook.example.workers.dev/admin/updates?state=dead", then POST /admin/updates/<id>/replay"#]].assert_eq(&summary);
}
