//! The HTTP door: the pretend Telegram on a port of this machine, with the real clock.

use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::control;
use super::courier;
use super::http;
use super::telegram::{Event, Options, Request, Response, Telegram, header};

/// The longest sleep of the scheduler when nothing is due.
const IDLE: Duration = Duration::from_secs(1);

/// A bot that is known from the start.
pub struct KnownBot {
    pub token: String,
    pub username: String,
    pub first_name: String,
}

/// A running emulator; it ends when this is dropped.
pub struct Running {
    pub url: String,
    address: (Ipv4Addr, u16),
    door: Arc<Door>,
}

/// What all threads share.
pub struct Door {
    state: Mutex<State>,
    changed: Condvar,
}

pub struct State {
    pub telegram: Telegram,
    /// Added to the real clock.
    pub clock_offset_ms: u64,
    pub stopped: bool,
    waiting: HashMap<u64, Sender<Event>>,
    connections: HashMap<u64, TcpStream>,
}

impl State {
    pub fn now(&self) -> u64 {
        self.clock_offset_ms + real_now()
    }
}

pub fn real_now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is after 1970");
    u64::try_from(since.as_millis()).expect("the clock is before the year 500 million")
}

/// Opens the door on a port, 0 for a free one. The time of the options is the real one.
pub fn start(options: Options, bots: &[KnownBot], port: u16) -> io::Result<Running> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let port = listener.local_addr()?.port();
    let now = real_now();
    let mut telegram = Telegram::new(Options { now, ..options });
    for bot in bots {
        telegram.add_bot(&bot.token, &bot.username, &bot.first_name);
    }
    let state = State {
        telegram,
        clock_offset_ms: 0,
        stopped: false,
        waiting: HashMap::new(),
        connections: HashMap::new(),
    };
    let door = Arc::new(Door {
        state: Mutex::new(state),
        changed: Condvar::new(),
    });
    let scheduled = Arc::clone(&door);
    thread::spawn(move || keep_time(&scheduled));
    let accepted = Arc::clone(&door);
    thread::spawn(move || accept(&accepted, &listener));
    Ok(Running {
        url: format!("http://127.0.0.1:{port}"),
        address: (Ipv4Addr::LOCALHOST, port),
        door,
    })
}

impl Running {
    pub fn act(&self, act: &Value) -> Result<Value, String> {
        self.door
            .change(|state| state.telegram.act(state.now(), act))
    }

    pub fn fault(&self, fault: &Value) -> Result<(), String> {
        self.door.change(|state| state.telegram.fault(fault))
    }

    pub fn transcript(&self, after: usize) -> Vec<Value> {
        self.door.lock().telegram.transcript(after)
    }

    pub fn state(&self) -> Value {
        self.door.lock().telegram.state()
    }

    /// Moves the clock ahead of the real one.
    pub fn advance(&self, ms: u64) {
        self.door.change(|state| state.clock_offset_ms += ms);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.door.change(|state| {
            state.stopped = true;
            state.waiting.clear();
            for connection in state.connections.values() {
                let _ = connection.shutdown(Shutdown::Both);
            }
        });
        // Wakes the thread that waits for connections, so that it sees the end.
        let _ = TcpStream::connect(self.address);
    }
}

impl Door {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and lets everyone who waits for a change look.
    pub fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let outcome = change(&mut state);
        self.dispatch(&mut state);
        self.changed.notify_all();
        outcome
    }

    /// Waits for a change, at most so long.
    pub fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        longest: Duration,
    ) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, longest);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Does what is due: answers go to the threads that wait for them, deliveries to threads of their own.
    fn dispatch(self: &Arc<Self>, state: &mut State) {
        let now = state.now();
        for event in state.telegram.due(now) {
            let request = match event {
                Event::Deliver {
                    delivery,
                    url,
                    request,
                } => {
                    let door = Arc::clone(self);
                    thread::spawn(move || carry(&door, delivery, &url, &request));
                    continue;
                }
                Event::Answer { request, .. }
                | Event::Reset { request }
                | Event::Truncated { request, .. } => request,
            };
            if let Some(sender) = state.waiting.remove(&request) {
                let _ = sender.send(event);
            }
        }
    }
}

fn carry(door: &Arc<Door>, delivery: u64, url: &str, request: &Request) {
    let outcome = courier::deliver(url, request);
    door.change(|state| state.telegram.delivered(state.now(), delivery, outcome));
}

/// Wakes up whenever something falls due.
fn keep_time(door: &Arc<Door>) {
    let mut state = door.lock();
    while !state.stopped {
        door.dispatch(&mut state);
        let pause = match state.telegram.next_due() {
            Some(next) => Duration::from_millis(next.saturating_sub(state.now()).max(1)).min(IDLE),
            None => IDLE,
        };
        state = door.wait(state, pause);
    }
}

fn accept(door: &Arc<Door>, listener: &TcpListener) {
    for (number, connection) in (0..).zip(listener.incoming()) {
        let Ok(connection) = connection else {
            continue;
        };
        {
            let mut state = door.lock();
            if state.stopped {
                return;
            }
            if let Ok(twin) = connection.try_clone() {
                state.connections.insert(number, twin);
            }
        }
        let door = Arc::clone(door);
        thread::spawn(move || {
            let _ = serve(&door, &connection);
            let _ = connection.shutdown(Shutdown::Both);
            door.lock().connections.remove(&number);
        });
    }
}

/// Answers the requests of one connection until its end.
fn serve(door: &Arc<Door>, connection: &TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection);
    while let Some(head) = http::read_head(&mut reader)? {
        let mut writer = connection;
        if header(&head.headers, "expect").is_some() {
            writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let body = http::read_body(&mut reader, &head.headers)?;
        let mut words = head.first_line.split(' ').map(str::to_owned);
        let request = Request {
            method: words.next().unwrap_or_default(),
            path: words.next().unwrap_or_default(),
            headers: head.headers,
            body,
        };
        let last = words.next().as_deref() == Some("HTTP/1.0") || wants_close(&request.headers);
        let open = answer(door, writer, request)?;
        if last || !open {
            break;
        }
    }
    Ok(())
}

/// Answers one request; false if the connection is to be cut.
fn answer(door: &Arc<Door>, mut writer: &TcpStream, request: Request) -> io::Result<bool> {
    if request.path.starts_with("/control/") {
        let response = control::answer(door, &request);
        http::write_response(&mut writer, &response, usize::MAX)?;
        return Ok(true);
    }
    // A poll whose client hangs up stays the waiting poll (facts §5.1), so nothing watches the connection here.
    match asked(door, request).recv() {
        Ok(Event::Answer { response, .. }) => {
            http::write_response(&mut writer, &response, usize::MAX)?;
            Ok(!wants_close(&response.headers))
        }
        Ok(Event::Truncated { response, send, .. }) => {
            http::write_response(&mut writer, &response, send)?;
            Ok(false)
        }
        _ => Ok(false),
    }
}

fn asked(door: &Arc<Door>, request: Request) -> Receiver<Event> {
    let (sender, receiver) = channel();
    door.change(|state| {
        let number = state.telegram.request(state.now(), request);
        state.waiting.insert(number, sender);
    });
    receiver
}

fn wants_close(headers: &[(String, String)]) -> bool {
    header(headers, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
}

/// A JSON answer of the control routes.
pub fn json_response(status: u16, body: &Value) -> Response {
    let body = body.to_string().into_bytes();
    Response {
        status,
        headers: vec![
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("Content-Length".to_owned(), body.len().to_string()),
        ],
        body,
    }
}
