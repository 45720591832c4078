//! What became of every text: who was handed it, who confirmed it, who answered it, and whom a loss is to be blamed on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};

use super::clients::Client;
use super::witness::Exchange;

const SHOWN: usize = 10;

pub(crate) struct Account {
    pub(super) client: &'static Client,
    /// Texts with their writers, in their order.
    pub(super) written: Vec<(String, String)>,
    /// In the order in which Telegram had them.
    pub(super) answers: Vec<Answer>,
    pub(super) parts: Vec<Part>,
}

/// A message of the bot.
pub(super) struct Answer {
    pub(super) tag: String,
    pub(super) text: String,
}

/// How a process came to its end, if it did.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum End {
    None,
    Killed,
    Stopped,
}

/// What one process was handed and what it confirmed, by its own polls.
pub(super) struct Part {
    tag: String,
    end: End,
    /// How often each text came, with its number.
    handed: Vec<(i64, String)>,
    /// The largest offset it sent: everything below may be confirmed.
    sent: i64,
    /// The largest offset that was answered: everything below is confirmed.
    accepted: i64,
    polls: usize,
    /// Answers to polls that were no updates, such as a 409.
    refusals: Vec<String>,
}

impl Part {
    pub(super) fn of(tag: &str, end: End, exchanges: &[Exchange]) -> Self {
        let mut part = Self {
            tag: tag.to_owned(),
            end,
            handed: Vec::new(),
            sent: 0,
            accepted: 0,
            polls: 0,
            refusals: Vec::new(),
        };
        let is_poll = |exchange: &&Exchange| exchange.method.eq_ignore_ascii_case("getUpdates");
        for poll in exchanges.iter().filter(is_poll) {
            part.note(poll);
        }
        part
    }

    fn note(&mut self, poll: &Exchange) {
        let offset = poll.arguments.integer("offset", 0, i64::MIN, i64::MAX);
        self.polls += 1;
        self.sent = self.sent.max(offset);
        if let Some(updates) = poll.answer["result"].as_array() {
            self.accepted = self.accepted.max(offset);
            let texts = updates.iter().filter_map(|update| {
                let text = update["message"]["text"].as_str()?;
                Some((update["update_id"].as_i64()?, text.to_owned()))
            });
            self.handed.extend(texts);
        } else if !poll.answer.is_null() {
            self.refusals.push(poll.answer.to_string());
        }
    }

    /// The texts that it was handed and may have confirmed.
    fn may_have_confirmed(&self) -> impl Iterator<Item = &str> {
        let handed = self.handed.iter().filter(|(id, _)| *id < self.sent);
        handed.map(|(_, text)| text.as_str())
    }

    /// The texts that it was handed and did not confirm for certain.
    fn may_not_have_confirmed(&self) -> impl Iterator<Item = &str> {
        let handed = self.handed.iter().filter(|(id, _)| *id >= self.accepted);
        handed.map(|(_, text)| text.as_str())
    }
}

impl Account {
    /// How often each text was answered.
    fn times(&self) -> BTreeMap<&str, usize> {
        let mut times: BTreeMap<&str, usize> = self
            .written
            .iter()
            .map(|(_, text)| (text.as_str(), 0))
            .collect();
        for answer in &self.answers {
            if let Some(times) = times.get_mut(answer.text.as_str()) {
                *times += 1;
            }
        }
        times
    }

    fn answered(&self, is_so: impl Fn(usize) -> bool) -> BTreeSet<&str> {
        let times = self.times().into_iter();
        times
            .filter(|(_, times)| is_so(*times))
            .map(|(text, _)| text)
            .collect()
    }

    fn missing(&self) -> BTreeSet<&str> {
        self.answered(|times| times == 0)
    }

    fn doubled(&self) -> BTreeSet<&str> {
        self.answered(|times| times > 1)
    }

    /// What Telegram itself would not bring again: an instance that is gone had asked for what comes after it.
    fn missing_by_its_own_fault(&self) -> BTreeSet<&str> {
        self.missing_by(|end| end != End::None)
    }

    fn missing_by(&self, is_end: impl Fn(End) -> bool) -> BTreeSet<&str> {
        let missing = self.missing();
        let gone = self.parts.iter().filter(|part| is_end(part.end));
        let confirmed = gone.flat_map(Part::may_have_confirmed);
        confirmed.filter(|text| missing.contains(text)).collect()
    }

    /// What Telegram itself would bring again: an instance that is gone had answered it, and not asked for what comes after it.
    fn doubled_by_its_own_fault(&self) -> BTreeSet<&str> {
        self.doubled_by(|end| end != End::None)
    }

    fn doubled_by(&self, is_end: impl Fn(End) -> bool) -> BTreeSet<&str> {
        let doubled = self.doubled();
        let gone = self.parts.iter().filter(|part| is_end(part.end));
        let unconfirmed = gone.flat_map(Part::may_not_have_confirmed);
        unconfirmed.filter(|text| doubled.contains(text)).collect()
    }

    /// Texts that were answered for the first time after a later one of the same person.
    fn out_of_order(&self) -> Vec<&str> {
        let places: BTreeMap<&str, (usize, &str)> = (0..)
            .zip(&self.written)
            .map(|(place, (person, text))| (text.as_str(), (place, person.as_str())))
            .collect();
        let mut seen = BTreeSet::new();
        let mut latest: BTreeMap<&str, usize> = BTreeMap::new();
        let mut late = Vec::new();
        for answer in &self.answers {
            let Some((place, person)) = places.get(answer.text.as_str()) else {
                continue;
            };
            if !seen.insert(answer.text.as_str()) {
                continue;
            }
            let latest = latest.entry(person).or_default();
            if place < latest {
                late.push(answer.text.as_str());
            }
            *latest = (*latest).max(*place);
        }
        late
    }

    #[track_caller]
    pub(crate) fn every_text_is_answered_exactly_once(&self) {
        assert!(
            self.missing().is_empty() && self.doubled().is_empty(),
            "not every text was answered exactly once\n{self}"
        );
    }

    /// Every text is answered once, but for what a process that is gone had taken upon itself.
    #[track_caller]
    pub(crate) fn nothing_is_lost_or_doubled_that_telegram_would_not(&self) {
        assert!(
            self.has_lost_no_more(),
            "texts are lost that no one had confirmed\n{self}"
        );
        assert!(
            self.doubled() == self.doubled_by_its_own_fault(),
            "texts are answered twice that were confirmed\n{self}"
        );
        assert!(
            self.missing().is_empty() || self.client.confirms_unhandled,
            "{} confirms what it has handled only, and texts are lost\n{self}",
            self.client.name
        );
    }

    /// A deployment that waits for the old version is no loss, with a library that stops as it should.
    #[track_caller]
    pub(crate) fn whoever_was_asked_to_stop_lost_and_doubled_nothing(&self) {
        let killed = |end| end == End::Killed;
        assert!(
            self.missing() == self.missing_by(killed) && self.doubled() == self.doubled_by(killed),
            "{} stops cleanly, and still\n{self}",
            self.client.name
        );
    }

    /// Whether all that is unanswered went with a process.
    pub(super) fn has_lost_no_more(&self) -> bool {
        self.missing() == self.missing_by_its_own_fault()
    }

    pub(crate) fn count_answered(&self) -> usize {
        self.written.len() - self.missing().len()
    }

    /// The promise of a feed. Telegram ends a poll of the same bot, even if the client has long hung up.
    #[track_caller]
    pub(crate) fn no_poll_was_refused(&self) {
        let refused = self.parts.iter().any(|part| !part.refusals.is_empty());
        assert!(!refused, "a poll was refused\n{self}");
    }

    #[track_caller]
    pub(crate) fn every_chat_is_in_order(&self) {
        let late = self.out_of_order();
        assert!(late.is_empty(), "some were answered out of order\n{self}");
    }

    #[track_caller]
    pub(crate) fn everyone_took_part(&self) {
        for part in &self.parts {
            let mut answers = self.answers.iter();
            let took_part = answers.any(|answer| answer.tag == part.tag);
            assert!(took_part, "{} answered nothing\n{self}", part.tag);
        }
    }

    /// In one line, for whoever compares runs.
    pub(crate) fn figures(&self) -> String {
        format!(
            "{} of {} texts unanswered ({} confirmed by a process that is gone), {} answered twice ({} unconfirmed by such a one), {} out of order; {}",
            self.missing().len(),
            self.written.len(),
            self.missing_by_its_own_fault().len(),
            self.doubled().len(),
            self.doubled_by_its_own_fault().len(),
            self.out_of_order().len(),
            self.by_instance().join(", "),
        )
    }

    fn by_instance(&self) -> Vec<String> {
        let of = |part: &Part| {
            let answers = self.answers.iter().filter(|answer| answer.tag == part.tag);
            format!(
                "{} got {} in {} polls and tag {} answered {}",
                part.tag,
                part.handed.len(),
                part.polls,
                part.tag,
                answers.count()
            )
        };
        self.parts.iter().map(of).collect()
    }
}

impl Display for Account {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}: {}", self.client.name, self.figures())?;
        let excused: BTreeSet<&str> = self
            .missing_by_its_own_fault()
            .union(&self.doubled_by_its_own_fault())
            .copied()
            .collect();
        let kinds = [
            ("missing", Vec::from_iter(self.missing())),
            ("answered twice", Vec::from_iter(self.doubled())),
            ("out of order", self.out_of_order()),
        ];
        for (kind, texts) in kinds {
            let unexcused = texts.iter().filter(|text| !excused.contains(**text));
            for text in unexcused.take(SHOWN) {
                writeln!(formatter, "{kind}: {text}; {}", self.story(text))?;
            }
        }
        for part in &self.parts {
            for refusal in part.refusals.iter().take(SHOWN) {
                writeln!(formatter, "{} was told: {refusal}", part.tag)?;
            }
        }
        Ok(())
    }
}

impl Account {
    /// Who was handed a text, and who answered it.
    fn story(&self, text: &str) -> String {
        let mut story = Vec::new();
        for part in &self.parts {
            for (id, _) in part.handed.iter().filter(|(_, handed)| handed == text) {
                let confirmed = match id {
                    id if *id < part.accepted => "confirmed",
                    id if *id < part.sent => "perhaps confirmed",
                    _ => "not confirmed",
                };
                story.push(format!("{} was handed it as {id}, {confirmed}", part.tag));
            }
        }
        let answers = self.answers.iter().filter(|answer| answer.text == text);
        story.extend(answers.map(|answer| format!("{} answered it", answer.tag)));
        story.join(", ")
    }
}
