//! What the bot can do: one file per thing, and the tables that say when each is asked.

pub mod cancel;
pub mod doctor;
pub mod fallback;
pub mod feedback;
pub mod help;
pub mod id;
pub mod limit;
pub mod menu;
pub mod ping;
#[cfg(feature = "probes")]
pub mod probe;
pub mod start;
pub mod status;

use crate::language::Language;
use crate::plan::Plan;
use crate::search::split_once;
use crate::session::Session;
use crate::visit::{Boxed, Visit};

/// The commands, in the order people see them. `/help`, dispatch and `setMyCommands` all read this table.
pub const COMMANDS: &[Command] = &[
    Command::new(
        "start",
        ["say hello", "привітатися"],
        Handler::Now(start::answer),
    ),
    Command::new(
        "help",
        ["show what I can do", "показати, що я вмію"],
        Handler::Now(help::answer),
    ),
    Command::new(
        "ping",
        ["check that I am here", "перевірити, чи я тут"],
        Handler::Now(ping::answer),
    ),
    Command::new(
        "id",
        [
            "show your number and this chat's",
            "показати ваш номер і номер чату",
        ],
        Handler::Now(id::answer),
    ),
    Command::new(
        "feedback",
        ["write to my owner", "написати моєму власнику"],
        Handler::Now(feedback::ask),
    )
    .limited(3, 600),
    Command::new(
        "cancel",
        ["stop what we were doing", "припинити розпочате"],
        Handler::Now(cancel::answer),
    ),
    Command::new(
        "status",
        ["show how the bot is doing", "показати, як справи в бота"],
        Handler::Later(|visit, session| Box::pin(status::answer(visit, session))),
    )
    .for_owners(),
    Command::new(
        "doctor",
        [
            "find what is wrong with the bot",
            "знайти, що негаразд із ботом",
        ],
        Handler::Later(|visit, session| Box::pin(doctor::answer(visit, session))),
    )
    .for_owners(),
];

/// Everything that is not a command. The first that fits answers.
pub const TRIGGERS: &[Trigger] = &[
    Trigger::new(When::Button("feedback:"), Handler::Now(feedback::press)),
    Trigger::new(
        When::Claim(feedback::is_owners_answer),
        Handler::Now(feedback::pass_on),
    ),
    Trigger::new(
        When::Claim(feedback::is_awaited),
        Handler::Now(feedback::confirm),
    ),
    Trigger::new(When::Kind("callback_query"), Handler::Now(fallback::button)),
    Trigger::new(
        When::Claim(fallback::is_private_message),
        Handler::Now(fallback::message),
    ),
];

/// Turns an update into a plan: at once, or after reading from the outside world.
#[derive(Clone, Copy)]
pub enum Handler {
    /// A plain function.
    Now(fn(&Visit, &mut Session) -> Plan),
    /// A function that reads from the outside world first.
    Later(for<'a> fn(&'a Visit<'a>, &'a mut Session) -> Boxed<'a, Plan>),
}

/// A command.
pub struct Command {
    /// Its name, without the slash.
    pub name: &'static str,
    /// What it is for, in English and in Ukrainian.
    pub about: [&'static str; 2],
    /// Whether only owners may use it. To everybody else it does not exist.
    pub is_for_owners: bool,
    /// How often one person may use it in one chat.
    pub limit: Option<limit::Limit>,
    /// What it does.
    pub handler: Handler,
}

/// Something other than a command that a handler answers.
pub struct Trigger {
    /// When it fits.
    pub when: When,
    /// What it does.
    pub handler: Handler,
}

/// When a trigger fits.
pub enum When {
    /// A button was pressed whose data begins so.
    Button(&'static str),
    /// The update is of this kind.
    Kind(&'static str),
    /// This claim about the update is true.
    Claim(fn(&Visit, &Session) -> bool),
}

/// Finds the handler for an update and lets it plan.
pub async fn dispatch(visit: &Visit<'_>, session: &mut Session) -> Plan {
    if let Some(called) = CalledCommand::of(visit) {
        #[cfg(feature = "probes")]
        if let Some(plan) = probe::answer(visit, called.name) {
            return plan;
        }
        let Some(command) = called.command(visit) else {
            return fallback::unknown_command(visit, &called);
        };
        if let Some(wait_seconds) = limit::seconds_to_wait(command, session, visit.now_ms) {
            return limit::refuse(visit, wait_seconds);
        }
        return command.handler.plan(visit, session).await;
    }
    let trigger = TRIGGERS.iter().find(|trigger| trigger.fits(visit, session));
    match trigger {
        Some(trigger) => trigger.handler.plan(visit, session).await,
        None => Plan::new(),
    }
}

/// The commands somebody may use.
pub fn commands_for(is_owner: bool) -> impl Iterator<Item = &'static Command> {
    COMMANDS
        .iter()
        .filter(move |command| is_owner || !command.is_for_owners)
}

/// A command as a message calls it.
pub struct CalledCommand<'a> {
    /// Its name, without the slash.
    pub name: &'a str,
    /// The bot it names, as in `/start@name`.
    pub bot: Option<&'a str>,
}

impl<'a> CalledCommand<'a> {
    /// Reads the command at the beginning of a message.
    fn of(visit: &Visit<'a>) -> Option<Self> {
        if !matches!(
            visit.update.kind.as_str(),
            "message" | "channel_post" | "business_message"
        ) {
            return None;
        }
        let text = visit.update.content.text.as_deref()?;
        let word = text.strip_prefix('/')?.split_ascii_whitespace().next()?;
        let (name, bot) = match split_once(word, "@") {
            Some((name, bot)) => (name, Some(bot)),
            None => (word, None),
        };
        Some(Self { name, bot })
    }

    /// The command of the table that the person may use.
    fn command(&self, visit: &Visit) -> Option<&'static Command> {
        if !self.is_for_us(visit) {
            return None;
        }
        commands_for(visit.is_from_owner())
            .find(|command| command.name.eq_ignore_ascii_case(self.name))
    }

    /// Whether it names this bot, or none.
    pub fn is_for_us(&self, visit: &Visit) -> bool {
        match (self.bot, visit.username) {
            (Some(bot), Some(username)) => bot.eq_ignore_ascii_case(username),
            _ => true,
        }
    }
}

impl Handler {
    async fn plan(self, visit: &Visit<'_>, session: &mut Session) -> Plan {
        match self {
            Self::Now(handler) => handler(visit, session),
            Self::Later(handler) => handler(visit, session).await,
        }
    }
}

impl Command {
    const fn new(name: &'static str, about: [&'static str; 2], handler: Handler) -> Self {
        Self {
            name,
            about,
            is_for_owners: false,
            limit: None,
            handler,
        }
    }

    const fn for_owners(mut self) -> Self {
        self.is_for_owners = true;
        self
    }

    const fn limited(mut self, times: usize, seconds: i64) -> Self {
        self.limit = Some(limit::Limit { times, seconds });
        self
    }

    /// What it is for, in a language.
    pub fn about(&self, language: Language) -> &'static str {
        language.pick(self.about[0], self.about[1])
    }
}

impl Trigger {
    const fn new(when: When, handler: Handler) -> Self {
        Self { when, handler }
    }

    fn fits(&self, visit: &Visit, session: &Session) -> bool {
        match self.when {
            When::Button(prefix) => {
                visit.update.kind == "callback_query" && visit.data().starts_with(prefix)
            }
            When::Kind(kind) => visit.update.kind == kind,
            When::Claim(is_true) => is_true(visit, session),
        }
    }
}
