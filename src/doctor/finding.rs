//! What the doctor says: findings, each unhealthy one with a remedy, and one verdict over all.

use crate::json::{array_of, if_any, object_of, text_of};
use crate::phrases::Voice;
use crate::reply::{Format, Reply};
use crate::search::{before, split_once};

/// How a finding is to be taken. The worst of all is the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// All is well.
    Healthy,
    /// Good to know, or soon ill.
    Notice,
    /// Something is wrong.
    Ill,
}

/// What to do about it: a command to type, or where to click. Its words are among the phrases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Give the worker another admin token.
    AdminToken,
    /// Let Telegram through whatever stands in front of the worker.
    AllowTelegram,
    /// Correct the address of the Bot API.
    ApiRoot,
    /// Give the cron its trigger back.
    Cron,
    /// Look at the updates that were given up.
    Dead,
    /// Correct the name or the certificate of the host.
    Domain,
    /// End the war for the webhook.
    EndWar,
    /// Look at the calls that Telegram refused.
    Failed,
    /// Give a feed's readers more time, or more of them.
    FeedLease,
    /// Give the reader the feed's token.
    FeedToken,
    /// Start a feed's reader, or end the feed.
    Feeds,
    /// Find whoever else uses the token.
    FindRivals,
    /// Look at the timeline.
    Incidents,
    /// Apply the migrations.
    Migrate,
    /// Take the token that `BotFather` shows.
    NewToken,
    /// Say who owns the bot.
    Owners,
    /// Decide about parked calls.
    Parked,
    /// Look at what is no update.
    Quarantined,
    /// Ask again.
    Repeat,
    /// Rotate the secret.
    Rotate,
    /// Leave one of two servers.
    Server,
    /// Set the webhook.
    SetWebhook,
    /// Correct the settings that Telegram takes otherwise.
    Settings,
    /// Read the worker's log.
    Tail,
    /// Look at the updates that are not finished.
    Unfinished,
    /// Wait.
    Wait,
}

/// One thing the doctor looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was found, by the name of its phrase without `doctor.`: the part of the bot, then what is with it.
    pub name: &'static str,
    /// How it is to be taken.
    pub state: State,
    /// How we know: facts, in nobody's language.
    pub evidence: String,
    values: Vec<String>,
    remedy: Option<Remedy>,
}

/// A finding as an operator reads it.
struct Told<'a> {
    id: &'a str,
    state: State,
    what: String,
    evidence: &'a str,
    why: String,
    remedy: Option<String>,
}

impl Finding {
    /// Something that is as it should be.
    pub fn healthy(name: &'static str, evidence: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Healthy,
            evidence: evidence.into(),
            values: Vec::new(),
            remedy: None,
        }
    }

    /// Something that is good to know, with what can be done about it.
    pub fn notice(name: &'static str, evidence: impl Into<String>, remedy: Remedy) -> Self {
        Self {
            state: State::Notice,
            remedy: Some(remedy),
            ..Self::healthy(name, evidence)
        }
    }

    /// Something that is wrong, with what to do about it.
    pub fn ill(name: &'static str, evidence: impl Into<String>, remedy: Remedy) -> Self {
        Self {
            state: State::Ill,
            ..Self::notice(name, evidence, remedy)
        }
    }

    /// The values its phrase takes.
    #[must_use]
    pub fn with(mut self, values: &[&str]) -> Self {
        self.values = values.iter().map(|value| (*value).to_owned()).collect();
        self
    }

    /// The part of the bot it is about.
    pub fn id(&self) -> &'static str {
        before(self.name, ".")
    }

    /// What was found and why, in a language.
    fn words(&self, voice: Voice) -> (String, String) {
        let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        let text = voice.say(&["doctor.", self.name].concat(), &values);
        let (what, why) = split_once(&text, "\n").unwrap_or((&text, ""));
        (what.to_owned(), why.to_owned())
    }

    fn told(&self, voice: Voice, origin: &str) -> Told<'_> {
        let (what, why) = self.words(voice);
        Told {
            id: self.id(),
            state: self.state,
            what,
            evidence: &self.evidence,
            why,
            remedy: self.remedy.map(|remedy| remedy.words(voice, origin)),
        }
    }
}

impl Remedy {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::AdminToken,
        Self::AllowTelegram,
        Self::ApiRoot,
        Self::Cron,
        Self::Dead,
        Self::Domain,
        Self::EndWar,
        Self::Failed,
        Self::FeedLease,
        Self::FeedToken,
        Self::Feeds,
        Self::FindRivals,
        Self::Incidents,
        Self::Migrate,
        Self::NewToken,
        Self::Owners,
        Self::Parked,
        Self::Quarantined,
        Self::Repeat,
        Self::Rotate,
        Self::Server,
        Self::SetWebhook,
        Self::Settings,
        Self::Tail,
        Self::Unfinished,
        Self::Wait,
    ];

    /// The name of its phrase.
    pub fn name(self) -> &'static str {
        match self {
            Self::AdminToken => "doctor.remedy.admin_token",
            Self::AllowTelegram => "doctor.remedy.allow_telegram",
            Self::ApiRoot => "doctor.remedy.api_root",
            Self::Cron => "doctor.remedy.cron",
            Self::Dead => "doctor.remedy.dead",
            Self::Domain => "doctor.remedy.domain",
            Self::EndWar => "doctor.remedy.end_war",
            Self::Failed => "doctor.remedy.failed",
            Self::FeedLease => "doctor.remedy.feed_lease",
            Self::FeedToken => "doctor.remedy.feed_token",
            Self::Feeds => "doctor.remedy.feeds",
            Self::FindRivals => "doctor.remedy.find_rivals",
            Self::Incidents => "doctor.remedy.incidents",
            Self::Migrate => "doctor.remedy.migrate",
            Self::NewToken => "doctor.remedy.new_token",
            Self::Owners => "doctor.remedy.owners",
            Self::Parked => "doctor.remedy.parked",
            Self::Quarantined => "doctor.remedy.quarantined",
            Self::Repeat => "doctor.remedy.repeat",
            Self::Rotate => "doctor.remedy.rotate",
            Self::Server => "doctor.remedy.server",
            Self::SetWebhook => "doctor.remedy.set_webhook",
            Self::Settings => "doctor.remedy.settings",
            Self::Tail => "doctor.remedy.tail",
            Self::Unfinished => "doctor.remedy.unfinished",
            Self::Wait => "doctor.remedy.wait",
        }
    }

    fn words(self, voice: Voice, origin: &str) -> String {
        voice.say(self.name(), &[origin])
    }
}

impl State {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Notice => "notice",
            Self::Ill => "ill",
        }
    }
}

impl Told<'_> {
    fn json(&self) -> String {
        let why = Some(&self.why).filter(|why| !why.is_empty());
        object_of(&[
            ("id", &text_of(self.id)),
            ("state", &text_of(self.state.name())),
            ("what", &text_of(&self.what)),
            ("evidence", &text_of(self.evidence)),
            ("why", &if_any(why)),
            ("remedy", &if_any(self.remedy.as_ref())),
        ])
    }
}

/// The worst there is.
pub fn verdict(findings: &[Finding]) -> State {
    let states = findings.iter().map(|finding| finding.state);
    states.max().unwrap_or(State::Healthy)
}

/// The findings as an answer. `origin`: where the worker's routes are, for the remedies.
pub fn reply(findings: &[Finding], voice: Voice, origin: &str, format: Format) -> Reply {
    if format == Format::Text {
        return Reply::text(200, &text(findings, voice, origin));
    }
    let told = findings.iter();
    let told = array_of(told.map(|finding| finding.told(voice, origin).json()));
    let verdict = text_of(verdict(findings).name());
    Reply::object(200, &[("verdict", &verdict), ("findings", &told)])
}

fn text(findings: &[Finding], voice: Voice, origin: &str) -> String {
    let mut lines = vec![summary_line(findings, voice)];
    for finding in findings {
        let told = finding.told(voice, origin);
        lines.push([mark(told.state), &told.what].concat());
        let details = [told.evidence, &told.why];
        let details = details.into_iter().filter(|detail| !detail.is_empty());
        lines.extend(details.map(|detail| ["   ", detail].concat()));
        lines.extend(told.remedy.map(|remedy| ["   → ", &remedy].concat()));
    }
    lines.join("\n")
}

/// The findings that matter, short, for a chat.
pub fn summary(findings: &[Finding], voice: Voice, origin: &str) -> String {
    let mut lines = vec![summary_line(findings, voice)];
    for finding in findings
        .iter()
        .filter(|finding| finding.state != State::Healthy)
    {
        let told = finding.told(voice, origin);
        lines.push([mark(told.state), &told.what].concat());
        lines.extend(told.remedy.map(|remedy| ["→ ", &remedy].concat()));
    }
    lines.join("\n")
}

fn summary_line(findings: &[Finding], voice: Voice) -> String {
    let name = match verdict(findings) {
        State::Healthy => "doctor.verdict.healthy",
        State::Notice => "doctor.verdict.notice",
        State::Ill => "doctor.verdict.ill",
    };
    voice.say(name, &[])
}

fn mark(state: State) -> &'static str {
    match state {
        State::Healthy => "✅ ",
        State::Notice => "⚠ ",
        State::Ill => "❌ ",
    }
}
