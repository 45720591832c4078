//! Faults that a test asks for: what happens to an API call between the client and Telegram.

use serde_json::Value;

use super::answer::{Answer, Refusal, json_response};
use super::arguments::Arguments;
use super::telegram::Response;

/// The page that a front end shows when the server behind it is away; clients must tolerate it (facts §1.3).
const BAD_GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n";

/// What happens to one call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answered instead of Telegram; the call is not performed.
    Instead(Refusal),
    /// A page of the front end instead of JSON; the call is not performed.
    Html,
    /// The connection is cut; the call is not performed.
    ResetBefore,
    /// The call is performed and the connection is cut.
    ResetAfter,
    /// The call is performed and the answer comes late.
    Delay(u64),
    /// The call is performed and half of the answer comes.
    Truncated,
    /// The call is performed and this comes instead of the answer, with a status of 200.
    Garbled(&'static str),
}

/// Faults that are still to happen.
#[derive(Default)]
pub struct Faults {
    orders: Vec<Order>,
}

struct Order {
    method: Option<String>,
    chat_id: Option<i64>,
    times: u64,
    /// It hits one in so many of the calls that it may hit.
    every: u64,
    passed: u64,
    fault: Fault,
    shown: Value,
}

impl Faults {
    pub fn add(&mut self, order: &Value) -> Result<(), String> {
        if order["on"] != "api" {
            return Err(format!(
                "a fault needs \"on\": \"api\", not {}",
                order["on"]
            ));
        }
        if order["every"] == 0 {
            return Err("a fault needs \"every\" to be 1 or more".to_owned());
        }
        self.orders.push(Order {
            method: order["method"].as_str().map(str::to_lowercase),
            chat_id: order["chat_id"].as_i64(),
            times: order["times"].as_u64().unwrap_or(1),
            every: order["every"].as_u64().unwrap_or(1),
            passed: 0,
            fault: read(&order["fault"])?,
            shown: order["fault"].clone(),
        });
        Ok(())
    }

    /// The fault that hits this call, if any, and how it was written.
    pub fn take(&mut self, method: &str, arguments: &Arguments) -> Option<(Fault, Value)> {
        let chat_id = arguments.text("chat_id").parse().ok();
        let is_meant = |order: &&mut Order| {
            let method_is = |wanted: &String| wanted.eq_ignore_ascii_case(method);
            order.method.as_ref().is_none_or(method_is)
                && (order.chat_id.is_none() || order.chat_id == chat_id)
        };
        let orders = self.orders.iter_mut().filter(|order| order.times > 0);
        let order = orders.filter(is_meant).find_map(|order| {
            order.passed += 1;
            (order.passed % order.every == 0).then_some(order)
        })?;
        order.times -= 1;
        Some((order.fault.clone(), order.shown.clone()))
    }

    pub fn clear(&mut self) {
        self.orders.clear();
    }
}

fn read(fault: &Value) -> Result<Fault, String> {
    match fault.as_str() {
        Some("reset_before") => return Ok(Fault::ResetBefore),
        Some("reset_after") => return Ok(Fault::ResetAfter),
        Some("truncated") => return Ok(Fault::Truncated),
        Some("html") => return Ok(Fault::Html),
        Some("bad_json") => return Ok(Fault::Garbled("{\"ok\":true,\"result\":")),
        Some("no_code") => return Ok(Fault::Garbled("{\"ok\":false}")),
        _ => {}
    }
    if let Some(delay) = fault["delay_ms"].as_u64() {
        return Ok(Fault::Delay(delay));
    }
    if let Some(seconds) = fault["retry_after"].as_u64() {
        return Ok(Fault::Instead(Refusal::too_many(seconds)));
    }
    let status = fault["status"]
        .as_u64()
        .or_else(|| fault["error"][0].as_u64());
    let description = fault["description"]
        .as_str()
        .or_else(|| fault["error"][1].as_str());
    match status.and_then(|status| u16::try_from(status).ok()) {
        Some(code) => Ok(Fault::Instead(Refusal::new(
            code,
            description.unwrap_or("Bad Gateway"),
        ))),
        None => Err(format!("the emulator does not know the fault {fault}")),
    }
}

/// The answer of a fault that is answered at once.
pub fn instead(refusal: &Refusal) -> Response {
    Answer::Refused(refusal.clone()).response()
}

pub fn garbled(body: &str) -> Response {
    json_response(200, None, body.to_owned())
}

pub fn html() -> Response {
    let length = BAD_GATEWAY_PAGE.len().to_string();
    Response {
        status: 502,
        headers: vec![
            ("Content-Type".to_owned(), "text/html".to_owned()),
            ("Content-Length".to_owned(), length),
        ],
        body: BAD_GATEWAY_PAGE.as_bytes().to_vec(),
    }
}
