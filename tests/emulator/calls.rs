//! What happens to a call between its arrival and its answer.

use serde_json::Value;

use super::answer::Answer;
use super::arguments::Arguments;
use super::bot::Call;
use super::faults::{self, Fault};
use super::methods;
use super::telegram::{Event, Telegram};

impl Telegram {
    /// Answers a call now.
    pub(super) fn answer(&mut self, request: u64, answer: &Answer) {
        self.answer_at(self.now, request, answer);
    }

    /// Answers a call, unless a fault has other plans for it.
    pub(super) fn answer_at(&mut self, at: u64, request: u64, answer: &Answer) {
        let response = answer.response();
        let result: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if let Some(call) = self.bots.iter_mut().find_map(|bot| bot.call(request)) {
            call.result = result;
            if call.in_webhook_answer {
                return;
            }
        }
        match self.fates.remove(&request) {
            Some(Fault::ResetAfter) => self.schedule(at, Event::Reset { request }),
            Some(Fault::Delay(delay)) => {
                self.schedule(at + delay, Event::Answer { request, response });
            }
            Some(Fault::Garbled(body)) => {
                let response = faults::garbled(body);
                self.schedule(at, Event::Answer { request, response });
            }
            Some(Fault::Truncated) => {
                let send = response.body.len() / 2;
                self.schedule(
                    at,
                    Event::Truncated {
                        request,
                        response,
                        send,
                    },
                );
            }
            _ => self.schedule(at, Event::Answer { request, response }),
        }
    }

    pub(super) fn receive(
        &mut self,
        request: u64,
        bot: usize,
        method: &str,
        arguments: &Arguments,
    ) {
        let fault = self.faults.take(method, arguments);
        let shown = fault
            .as_ref()
            .map_or(Value::Null, |(_, shown)| shown.clone());
        self.record_call(request, bot, method, arguments, shown);
        match fault.map(|(fault, _)| fault) {
            Some(Fault::Instead(refusal)) => {
                let response = faults::instead(&refusal);
                self.schedule(self.now, Event::Answer { request, response });
            }
            Some(Fault::Html) => {
                let response = faults::html();
                self.schedule(self.now, Event::Answer { request, response });
            }
            Some(Fault::ResetBefore) => self.schedule(self.now, Event::Reset { request }),
            Some(later) => {
                self.fates.insert(request, later);
                self.perform(request, bot, method, arguments);
            }
            None => self.perform(request, bot, method, arguments),
        }
    }

    /// Performs a method that came in the answer to a delivery: no one sees its result (`WebhookActor.cpp:619-635`).
    pub(super) fn perform_from_webhook(&mut self, bot: usize, method: &str, arguments: &Arguments) {
        self.last_request += 1;
        let request = self.last_request;
        self.record_call(request, bot, method, arguments, Value::Null);
        if let Some(call) = self.bots[bot].call(request) {
            call.in_webhook_answer = true;
        }
        self.perform(request, bot, method, arguments);
    }

    fn perform(&mut self, request: u64, bot: usize, method: &str, arguments: &Arguments) {
        if let Err(refusal) = self.wake(bot, method) {
            return self.answer(request, &Answer::Refused(refusal));
        }
        match method.to_lowercase().as_str() {
            "getupdates" => self.get_updates(request, bot, arguments),
            "setwebhook" => self.set_webhook(request, bot, arguments.text("url"), arguments),
            "deletewebhook" => self.set_webhook(request, bot, "", arguments),
            "logout" => self.log_out(request, bot),
            "close" => self.close(request, bot),
            lower => {
                let answer = methods::perform(self, bot, lower, arguments).into();
                self.answer(request, &answer);
            }
        }
    }

    fn record_call(
        &mut self,
        request: u64,
        bot: usize,
        method: &str,
        arguments: &Arguments,
        fault: Value,
    ) {
        let call = Call {
            request,
            at: self.now,
            method: methods::spelling(method),
            parameters: arguments.shown(),
            result: Value::Null,
            fault,
            in_webhook_answer: false,
        };
        self.bots[bot].calls.push(call);
    }
}
