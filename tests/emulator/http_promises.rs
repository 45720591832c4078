//! What the emulator promises of its HTTP door: real connections, real time.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::client::{ask, exchange, wait_until};
use super::http;
use super::server::{self, KnownBot, Running};
use super::stage::{TOKEN, call};
use super::telegram::{Options, Request};

const PATIENCE: Duration = Duration::from_secs(10);

fn running() -> Running {
    let options = Options {
        allow_http_and_loopback: true,
        first_update_id: Some(100),
        ..Options::default()
    };
    let bot = KnownBot {
        token: TOKEN.to_owned(),
        username: "onehook_bot".to_owned(),
        first_name: "Onehook".to_owned(),
    };
    server::start(options, &[bot], 0).unwrap()
}

fn control(running: &Running, method: &str, path: &str, body: &Value) -> Value {
    let request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    };
    ask(running, request)
}

/// A webhook that answers each request with the next of the given responses and returns what it got.
fn webhook(responses: Vec<Vec<u8>>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/webhook", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        let mut bodies = Vec::new();
        for response in responses {
            let (mut connection, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(connection.try_clone().unwrap());
            let head = http::read_head(&mut reader).unwrap().unwrap();
            let body = http::read_body(&mut reader, &head.headers).unwrap();
            bodies.push(String::from_utf8(body).unwrap());
            connection.write_all(&response).unwrap();
        }
        bodies
    });
    (url, served)
}

#[test]
fn an_update_travels_to_the_webhook_until_it_is_taken() {
    let running = running();
    let taken = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
        33\r\n{\"method\":\"sendMessage\",\"chat_id\":1001,\"text\":\"hi\"}\r\n0\r\n\r\n";
    let failed = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
    let (url, served) = webhook(vec![failed.into(), taken.into()]);
    ask(&running, call("setWebhook", &json!({"url": url})));
    running
        .act(&json!({"person": "Ada", "act": "say", "text": "hello"}))
        .unwrap();
    let bodies = served.join().unwrap();
    assert_eq!(bodies[0], bodies[1]);
    assert!(bodies[0].starts_with("{\"update_id\":100,\n\"message\":"));
    let lines = control(
        &running,
        "GET",
        "/control/transcript?after=1&wait=10",
        &Value::Null,
    );
    assert_eq!(
        (&lines["next"], &lines["entries"][0]["text"]),
        (&json!(2), &json!("hi"))
    );
    let info = ask(&running, call("getWebhookInfo", &json!({})));
    let expected = "Wrong response from the webhook: 500 Internal Server Error";
    assert_eq!(info["result"]["last_error_message"], expected);
}

/// Local workers compress their answers, for Telegram says that it understands gzip.
#[test]
fn a_compressed_answer_is_understood() {
    let running = running();
    let call_back = br#"{"method":"sendMessage","chat_id":1001,"text":"packed"}"#;
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(call_back).unwrap();
    let packed = packed.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        packed.len()
    );
    let (url, served) = webhook(vec![[head.as_bytes(), &packed].concat()]);
    ask(&running, call("setWebhook", &json!({"url": url})));
    running
        .act(&json!({"person": "Ada", "act": "say", "text": "hello"}))
        .unwrap();
    served.join().unwrap();
    wait_until("the call", PATIENCE, || running.transcript(1).len() == 1);
    assert_eq!(running.transcript(1)[0]["text"], "packed");
}

#[test]
fn a_webhook_that_does_not_listen_is_refused_in_the_systems_words() {
    let running = running();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    ask(
        &running,
        call("setWebhook", &json!({"url": format!("http://{free}/")})),
    );
    running
        .act(&json!({"person": "Ada", "act": "say", "text": "hello"}))
        .unwrap();
    let info = || ask(&running, call("getWebhookInfo", &json!({})))["result"].clone();
    wait_until("the refusal", PATIENCE, || {
        info()["last_error_message"] == "Connection refused"
    });
}

#[test]
fn a_long_poll_is_held_and_blocks_no_one() {
    let running = running();
    thread::scope(|scope| {
        let poll = scope.spawn(|| ask(&running, call("getUpdates", &json!({"timeout": 50}))));
        wait_until("the poll", PATIENCE, || {
            running.state()["bots"][0]["calls"][0]["method"] == "getUpdates"
        });
        assert_eq!(ask(&running, call("getMe", &json!({})))["ok"], true);
        running
            .act(&json!({"person": "Ada", "act": "say", "text": "hello"}))
            .unwrap();
        assert_eq!(
            poll.join().unwrap()["result"][0]["message"]["text"],
            "hello"
        );
    });
}

#[test]
fn the_clock_can_be_moved_ahead() {
    let running = running();
    thread::scope(|scope| {
        let poll = scope.spawn(|| ask(&running, call("getUpdates", &json!({"timeout": 50}))));
        wait_until("the poll", PATIENCE, || {
            running.state()["bots"][0]["calls"][0]["method"] == "getUpdates"
        });
        control(
            &running,
            "POST",
            "/control/clock",
            &json!({"advance_ms": 50_000}),
        );
        assert_eq!(poll.join().unwrap()["result"], json!([]));
    });
}

#[test]
fn connections_are_kept_and_faults_cut_them() {
    let running = running();
    let get_me = format!("GET /bot{TOKEN}/getMe HTTP/1.1\r\nHost: x\r\n\r\n");
    let expecting = format!(
        "POST /bot{TOKEN}/getMe HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
         2\r\n{{}}\r\n0\r\n\r\n"
    );
    let both = exchange(&running, format!("{get_me}{expecting}").as_bytes());
    assert_eq!(both.matches("HTTP/1.1 200 OK").count(), 2, "{both}");
    assert_eq!(both.matches("HTTP/1.1 100 Continue").count(), 1, "{both}");
    running
        .fault(&json!({"on": "api", "fault": "reset_after"}))
        .unwrap();
    assert_eq!(exchange(&running, get_me.as_bytes()), "");
    running
        .fault(&json!({"on": "api", "fault": "truncated"}))
        .unwrap();
    let half = exchange(&running, get_me.as_bytes());
    let (head, body) = half.split_once("\r\n\r\n").unwrap();
    let declared = head
        .split("Content-Length: ")
        .nth(1)
        .unwrap()
        .parse::<usize>()
        .unwrap();
    assert_eq!(body.len(), declared / 2);
}

#[test]
fn the_control_routes_add_bots_and_refuse_what_they_do_not_know() {
    let running = running();
    control(
        &running,
        "POST",
        "/control/bot",
        &json!({"token": "5:other", "username": "other_bot"}),
    );
    let state = control(&running, "GET", "/control/state", &Value::Null);
    assert_eq!(state["bots"][1]["username"], "other_bot");
    let said = json!({"person": "Ada", "act": "say", "text": "hi", "bot": "5:other"});
    assert_eq!(
        control(&running, "POST", "/control/act", &said)["message_id"],
        1
    );
    let refused = control(
        &running,
        "POST",
        "/control/act",
        &json!({"act": "sing", "person": "Ada"}),
    );
    assert_eq!(
        refused["error"],
        "the emulator does not know the act `sing`"
    );
    let fault = json!({"on": "api", "fault": {"retry_after": 5}});
    control(&running, "POST", "/control/fault", &fault);
    assert_eq!(
        ask(&running, call("getMe", &json!({})))["parameters"]["retry_after"],
        5
    );
    running.advance(1000);
    assert_eq!(running.transcript(0).len(), 1);
}
