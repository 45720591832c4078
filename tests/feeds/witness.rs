//! A wire between one client and its server that changes nothing and remembers every byte.

use std::io::{Cursor, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use flate2::read::{DeflateDecoder, GzDecoder};
use serde_json::Value;

use crate::emulator::arguments::Arguments;
use crate::emulator::http;
use crate::emulator::telegram::header;

const CHUNK_BYTES: usize = 16 << 10;

/// Listens for one client and passes everything on.
pub(super) struct Witness {
    /// What the client takes for its server.
    pub(super) root: String,
    address: (Ipv4Addr, u16),
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    wires: Mutex<Vec<Arc<Wire>>>,
    has_ended: AtomicBool,
}

/// One connection, in both directions.
#[derive(Default)]
struct Wire {
    asked: Mutex<Vec<u8>>,
    answered: Mutex<Vec<u8>>,
}

/// A call of the client with its answer; null if it never came.
pub(super) struct Exchange {
    pub(super) method: String,
    pub(super) arguments: Arguments,
    pub(super) answer: Value,
}

impl Witness {
    /// Stands between a client and the server with this root.
    pub(super) fn of(root: &str) -> Self {
        let rest = root.strip_prefix("http://").expect("a root without TLS");
        let (server, path) = match rest.find('/') {
            Some(end) => rest.split_at(end),
            None => (rest, ""),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let (server, sees) = (server.to_owned(), Arc::clone(&shared));
        thread::spawn(move || accept(&listener, &server, &sees));
        Self {
            root: format!("http://127.0.0.1:{port}{path}"),
            address: (Ipv4Addr::LOCALHOST, port),
            shared,
        }
    }

    /// Whether the client has asked for updates.
    pub(super) fn has_seen_a_poll(&self) -> bool {
        let wires = locked(&self.shared.wires);
        wires.iter().any(|wire| {
            let asked = locked(&wire.asked);
            String::from_utf8_lossy(&asked)
                .to_ascii_lowercase()
                .contains("/getupdates")
        })
    }

    /// Everything that was said, connection by connection.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        let wires = locked(&self.shared.wires);
        wires.iter().flat_map(|wire| wire.exchanges()).collect()
    }

    /// Whether a text came back to the client, as it is.
    pub(super) fn has_heard(&self, text: &str) -> bool {
        let heard = |exchange: &Exchange| exchange.answer.to_string().contains(text);
        self.exchanges().iter().any(heard)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address); // wakes the thread that waits for connections
    }
}

fn accept(listener: &TcpListener, server: &str, shared: &Shared) {
    for client in listener.incoming() {
        if shared.has_ended.load(Ordering::Relaxed) {
            return;
        }
        let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else {
            continue;
        };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let wire = Arc::new(Wire::default());
        locked(&shared.wires).push(Arc::clone(&wire));
        let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let sees = Arc::clone(&wire);
        thread::spawn(move || pass(from, to, &sees.asked));
        thread::spawn(move || pass(server, client, &wire.answered));
    }
}

/// Passes on what comes, and the end of it.
fn pass(mut from: TcpStream, mut to: TcpStream, memory: &Mutex<Vec<u8>>) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        locked(memory).extend(&chunk[..read]);
        if to.write_all(&chunk[..read]).is_err() {
            let _ = from.shutdown(Shutdown::Both);
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

impl Wire {
    /// The calls of one connection; an answer belongs to the call in the same place.
    fn exchanges(&self) -> Vec<Exchange> {
        let mut asked = Cursor::new(locked(&self.asked).clone());
        let mut answered = Cursor::new(locked(&self.answered).clone());
        let mut exchanges = Vec::new();
        while let Some((line, headers, body)) = message(&mut asked) {
            let path = line.split(' ').nth(1).unwrap_or_default();
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let kind = header(&headers, "content-type").unwrap_or_default();
            let answer = final_message(&mut answered);
            exchanges.push(Exchange {
                method: path.rsplit('/').next().unwrap_or_default().to_owned(),
                arguments: Arguments::read(query, kind, &body).unwrap_or_default(),
                answer: answer.unwrap_or_default(),
            });
        }
        exchanges
    }
}

type Message = (String, Vec<(String, String)>, Vec<u8>);

fn message(bytes: &mut Cursor<Vec<u8>>) -> Option<Message> {
    let head = http::read_head(bytes).ok()??;
    let body = http::read_body(bytes, &head.headers).ok()?;
    Some((head.first_line, head.headers, body))
}

/// The JSON of the next answer that is not a `100 Continue`.
fn final_message(bytes: &mut Cursor<Vec<u8>>) -> Option<Value> {
    loop {
        let (line, headers, body) = message(bytes)?;
        if !line.contains(" 100 ") {
            return serde_json::from_slice(&unpacked(&headers, body)).ok();
        }
    }
}

fn unpacked(headers: &[(String, String)], body: Vec<u8>) -> Vec<u8> {
    let mut plain = Vec::new();
    let unpacked = match header(headers, "content-encoding") {
        Some("gzip") => GzDecoder::new(body.as_slice()).read_to_end(&mut plain),
        Some("deflate") => DeflateDecoder::new(body.as_slice()).read_to_end(&mut plain),
        Some(other) => panic!("the witness cannot read `{other}`"),
        None => return body,
    };
    unpacked.expect("a body as its header says");
    plain
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
