//! Telegram at work on many chats: a hundred updates on their way at once, one of a chat, brought until they are acknowledged.

use std::io::{self, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use super::message;
use super::running::Worker;
use crate::emulator::http;
use crate::emulator::telegram::header;

/// How many people write.
const PEOPLE: usize = 1_000;
/// How many updates are on their way at once: Telegram's largest `max_connections`.
const CONNECTIONS: usize = 100;
/// Above Telegram's own numbers in these tests, which start below a milliard.
const FIRST_ID: i64 = 1_200_000_000;
/// Telegram closes a delivery that took so long.
const ANSWER_MAX: Duration = Duration::from_mins(1);
/// An update that nobody acknowledges for so long is a failure of the worker, not of a test's faults.
const GIVEN_UP_AFTER: Duration = Duration::from_mins(20);
/// Telegram waits 0, 2, 4 … seconds between tries. Here a second takes a tenth of one, up to so long.
const WAIT_MAX_MS: u64 = 2_000;
/// The cron's minute, also as a tenth.
pub(super) const BETWEEN_TICKS: Duration = Duration::from_secs(6);

/// One try to bring an update.
#[derive(Debug)]
pub(super) struct Try {
    pub began: Instant,
    pub ended: Instant,
    /// The worker's answer with its `Retry-After`; nothing where the connection failed.
    pub answer: Option<(u16, Option<u64>)>,
}

/// An update that was acknowledged. Number `n` says `/u<n>`, so that its reply can be told from all others.
#[derive(Debug)]
pub(super) struct Acknowledged {
    pub number: usize,
    /// When it was to be sent for the first time.
    pub due: Instant,
    pub tries: Vec<Try>,
}

impl Acknowledged {
    pub(super) fn id(&self) -> i64 {
        id_of(self.number)
    }

    pub(super) fn took(&self) -> Duration {
        self.tries.last().unwrap().ended - self.due
    }
}

/// What is being sent, by a thread for each connection. Each has chats of its own, so that one of a chat is on its way.
pub(super) struct Load {
    order: Arc<Order>,
    connections: Vec<JoinHandle<Vec<Acknowledged>>>,
}

struct Order {
    address: Mutex<String>,
    secret: String,
    start: Instant,
    first: usize,
    end: usize,
    /// How many are due in a second; nothing: each as soon as its chat is free.
    rate: Option<f64>,
    begun: AtomicUsize,
    acknowledged: AtomicUsize,
}

/// People the bot knows, by the numbers of their chats. The webhook is set when they have said something.
pub(super) fn people(worker: &Worker) -> Vec<i64> {
    for place in 0..PEOPLE {
        let act = json!({"person": format!("Person {place}"), "act": "say", "text": "/start"});
        worker.telegram.act(&act).unwrap();
    }
    for what in [
        "DELETE /admin/webhook?drop_pending_updates=true",
        "PUT /admin/webhook",
    ] {
        let reply = worker.ask(what, "");
        assert_eq!(reply.status, 200, "{what}: {}", reply.text());
    }
    let said = worker.telegram.transcript(0);
    let chats = said.iter().filter_map(|entry| entry["chat_id"].as_i64());
    chats.collect()
}

impl Load {
    /// Begins to bring the updates of these numbers to a worker whose webhook is set.
    pub(super) fn start(
        worker: &Worker,
        chats: &[i64],
        numbers: Range<usize>,
        rate: Option<f64>,
    ) -> Self {
        let order = Arc::new(Order {
            address: Mutex::new(worker.address.clone()),
            secret: worker.webhook_secret().unwrap(),
            start: Instant::now(),
            first: numbers.start,
            end: numbers.end,
            rate,
            begun: AtomicUsize::new(numbers.start),
            acknowledged: AtomicUsize::new(0),
        });
        let connection = |place: usize| {
            let order = Arc::clone(&order);
            let chats = chats.iter().skip(place).step_by(CONNECTIONS);
            let chats: Vec<i64> = chats.copied().collect();
            thread::spawn(move || order.bring_to(&chats))
        };
        let connections = (0..CONNECTIONS).map(connection).collect();
        Self { order, connections }
    }

    pub(super) fn acknowledged(&self) -> usize {
        self.order.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until so many are acknowledged, while the cron runs.
    pub(super) fn wait_for(&self, worker: &Worker, count: usize) {
        let mut ticked = Instant::now();
        while self.acknowledged() < count {
            let has_failed = self.connections.iter().all(JoinHandle::is_finished);
            assert!(!has_failed, "only {} of {count}", self.acknowledged());
            if ticked.elapsed() > BETWEEN_TICKS {
                worker.tick();
                ticked = Instant::now();
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The worker listens elsewhere now.
    pub(super) fn goes_to(&self, worker: &Worker) {
        worker.address.clone_into(&mut self.order.address());
    }

    /// Waits until every update is acknowledged.
    pub(super) fn finish(self) -> Vec<Acknowledged> {
        let connections = self.connections.into_iter();
        connections
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    }
}

impl Order {
    fn address(&self) -> std::sync::MutexGuard<'_, String> {
        self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings updates of some chats in turn.
    fn bring_to(&self, chats: &[i64]) -> Vec<Acknowledged> {
        let mut connection = Connection::default();
        let mut acknowledged = Vec::new();
        for chat in chats.iter().cycle() {
            let Some((number, due)) = self.next() else {
                break;
            };
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let body = message(id_of(number), *chat, &format!("/u{number}"));
            let tries = self.bring(&mut connection, body.as_bytes(), due);
            acknowledged.push(Acknowledged { number, due, tries });
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        acknowledged
    }

    /// The next update with the moment it is due.
    fn next(&self) -> Option<(usize, Instant)> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let due = match self.rate {
            #[allow(clippy::cast_precision_loss)] // far below 2^52
            Some(rate) => self.start + Duration::from_secs_f64((number - self.first) as f64 / rate),
            None => Instant::now(),
        };
        (number < self.end).then_some((number, due))
    }

    /// Brings an update until it is acknowledged, by Telegram's rules (`WebhookActor.cpp:493-523`).
    fn bring(&self, connection: &mut Connection, body: &[u8], due: Instant) -> Vec<Try> {
        let headers = [
            ("X-Telegram-Bot-Api-Secret-Token", self.secret.as_str()),
            ("Content-Type", "application/json"),
        ];
        let mut tries = Vec::new();
        let mut wait_ms = 0;
        loop {
            let began = Instant::now();
            let address = self.address().clone();
            let answer = connection.post(&address, "/webhook", &headers, body).ok();
            let ended = Instant::now();
            tries.push(Try {
                began,
                ended,
                answer,
            });
            match answer {
                Some((200, _)) => return tries,
                Some((_, Some(seconds))) => thread::sleep(Duration::from_secs(seconds)),
                _ => {
                    thread::sleep(Duration::from_millis(wait_ms));
                    wait_ms = (2 * wait_ms).clamp(200, WAIT_MAX_MS);
                }
            }
            let last = tries.last();
            assert!(due.elapsed() < GIVEN_UP_AFTER, "never taken: {last:?}");
        }
    }
}

fn id_of(number: usize) -> i64 {
    FIRST_ID + i64::try_from(number).unwrap()
}

/// A connection that is kept as long as it works.
#[derive(Default)]
pub(super) struct Connection {
    stream: Option<(String, BufReader<TcpStream>)>,
}

impl Connection {
    /// Posts to an address and returns the status of the answer with its `Retry-After`.
    pub(super) fn post(
        &mut self,
        address: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<(u16, Option<u64>)> {
        let kept = self.stream.take().filter(|(to, _)| to == address);
        let mut stream = match kept {
            Some((_, stream)) => stream,
            None => connected(address)?,
        };
        let mut request = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\n");
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        let length = body.len().to_string();
        request.extend(["Content-Length: ", &length, "\r\n\r\n"]);
        let request = [request.as_bytes(), body].concat();
        stream.get_mut().write_all(&request)?;
        let head = http::read_head(&mut stream)?.ok_or(ErrorKind::UnexpectedEof)?;
        http::read_body(&mut stream, &head.headers)?;
        let status = head.first_line.split(' ').nth(1);
        let status = status.and_then(|status| status.parse().ok());
        let retry_after = header(&head.headers, "retry-after").and_then(|text| text.parse().ok());
        self.stream = Some((address.to_owned(), stream));
        Ok((status.ok_or(ErrorKind::InvalidData)?, retry_after))
    }
}

fn connected(address: &str) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    Ok(BufReader::new(stream))
}
