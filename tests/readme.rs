//! The READMEs say what is true: routes, settings, files and commands are compared with the sources.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use onehook::handlers::Handler;
use onehook::routes;
use onehook::settings::Settings;
use serde_json::Value;

use crate::phrases::english;
use crate::tidy::{Source, read, sources};

const READMES: [&str; 2] = ["README.md", "README.uk.md"];

/// The file that the READMEs ask their reader to write.
const NEW_FILE: &str = "src/handlers/count.rs";

/// What scripts make, so that it is not in a fresh checkout.
const MADE: [&str; 2] = [".dev", ".tools"];

// The READMEs' own command, word for word, to see that it compiles.
mod count {
    #![allow(unreachable_pub)]
    //! `/count`: the bot counts how often it was asked.

    use onehook::language::Language;
    use onehook::plan::Plan;
    use onehook::session::Session;
    use onehook::visit::Visit;

    /// Counts one more, for each person in each chat.
    pub fn answer(visit: &Visit, session: &mut Session) -> Plan {
        let times = session.read::<u32>("count") + 1;
        session.write("count", &times);
        visit.say(told(visit.language, times))
    }

    fn told(language: Language, times: u32) -> String {
        match language {
            Language::English => format!("Times you have asked: {times}."),
            Language::Ukrainian => format!("Скільки разів ви питали: {times}."),
        }
    }
}

const _: Handler = Handler::Now(count::answer);

fn exists(path: &str) -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists()
}

/// The rows of all tables, each as its cells.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| line.starts_with("| "));
    lines
        .map(|line| {
            let line = line.trim_matches(['|', ' ']);
            line.split('|').map(str::trim).collect()
        })
        .collect()
}

/// The text between two backticks, if there is nothing else.
fn quoted(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?
        .strip_suffix('`')
        .filter(|text| !text.contains('`'))
}

/// All texts between backticks, outside fenced blocks.
fn quotes(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2).flat_map(str::lines);
    prose.flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The fenced blocks, as (language, lines without their common indentation).
fn blocks(text: &str) -> Vec<(&str, String)> {
    let fenced = text.split("```").skip(1).step_by(2);
    fenced
        .map(|block| {
            let (language, body) = block.split_once('\n').unwrap();
            let body = body.trim_end();
            let indent = body.len() - body.trim_start().len();
            let lines = body.lines().map(|line| line.get(indent..).unwrap_or(""));
            (language, lines.collect::<Vec<_>>().join("\n"))
        })
        .collect()
}

fn is_path(text: &str) -> bool {
    let has_extension = [".rs", ".md", ".toml", ".txt", ".json", ".sql"]
        .iter()
        .any(|extension| text.ends_with(extension));
    let is_plain = !text.starts_with('/') && !text.contains(['<', ':', '…', '(', '=', ' ']);
    is_plain && (text.contains('/') || has_extension)
}

#[track_caller]
fn same(readme: &str, what: &str, told: Vec<String>, real: Vec<String>) {
    let (told, real): (BTreeSet<String>, BTreeSet<String>) =
        (told.into_iter().collect(), real.into_iter().collect());
    let missing: Vec<&str> = real.difference(&told).map(String::as_str).collect();
    let wrong: Vec<&str> = told.difference(&real).map(String::as_str).collect();
    assert!(
        missing.is_empty() && wrong.is_empty(),
        "{readme}: correct {what}.\n\nMissing:\n{}\n\nNot true:\n{}\n",
        missing.join("\n"),
        wrong.join("\n")
    );
}

/// The routes of `src/routes.rs`, such as `GET /health`.
pub(crate) fn routes_of_the_source() -> Vec<String> {
    let mut routes = Vec::new();
    let mut is_probe = false;
    let text = read("src/routes.rs");
    for line in text.lines().map(str::trim) {
        let literals: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        match literals[..] {
            [method, ..] if line.starts_with("(\"") && line.contains('[') => {
                routes.push(format!("{method} /admin/{}", parts(line)));
            }
            [method, path, ..] if line.starts_with("(\"") && !is_probe => {
                routes.push(format!("{method} {path}"));
            }
            _ => {}
        }
        is_probe = line.contains("probes");
    }
    routes
}

/// The path that a pattern such as `["updates", id, "replay"]` matches: `updates/{}/replay`.
fn parts(line: &str) -> String {
    let (_, parts) = line.split_once('[').unwrap();
    let parts = parts.split(']').next().unwrap().split(", ");
    let names = parts.map(|part| match part.trim_matches('"') {
        name if name.len() < part.len() => name,
        _ => "{}",
    });
    names.collect::<Vec<_>>().join("/")
}

/// What stands in braces is the reader's to fill in.
pub(crate) fn without_names(path: &str) -> String {
    match (path.find('{'), path.find('}')) {
        (Some(open), Some(close)) => format!("{}{{}}{}", &path[..open], &path[close + 1..]),
        _ => path.to_owned(),
    }
}

#[test]
fn the_routes_are_those_of_the_source() {
    let real = routes_of_the_source();
    assert!(real.len() > 5, "the routes are read out of src/routes.rs");
    for readme in READMES {
        let text = read(readme);
        let told = rows(&text).into_iter().filter_map(|row| {
            let path = quoted(row.get(1)?).filter(|path| path.starts_with('/'))?;
            Some(format!("{} {}", quoted(row[0])?, without_names(path)))
        });
        let what = "the table of routes: it lists what `src/routes.rs` matches";
        same(readme, what, told.collect(), real.clone());
    }
}

/// A setting with its kind and default.
struct Setting {
    name: String,
    kind: &'static str,
    default: String,
}

impl Setting {
    fn new(name: &str, kind: &'static str, default: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            default: default.to_owned(),
        }
    }

    fn line(&self) -> String {
        let line = format!("{} ({}) {}", self.name, self.kind, self.default);
        line.trim_end().to_owned()
    }
}

/// The secrets and variables of `wrangler.toml`.
fn configured_settings() -> Vec<Setting> {
    let text = read("wrangler.toml");
    let section = |from: &str, to: &str| {
        let rest = text.split_once(from).unwrap().1;
        rest.split(to).next().unwrap().to_owned()
    };
    let required = section("required = [", "]");
    let secrets = required.split('"').skip(1).step_by(2);
    let secrets = secrets.map(|name| Setting::new(name, "secret", ""));
    let vars = section("[vars]\n", "\n[");
    let vars = vars.lines().filter_map(|line| {
        let (name, value) = line.split_once(" = \"")?;
        Some(Setting::new(name, "var", value.split('"').next()?))
    });
    secrets.chain(vars).collect()
}

/// The rows of a README's table of settings. A default in words counts as none.
fn told_settings(text: &str) -> Vec<Setting> {
    let rows = rows(text).into_iter().filter(|row| row.len() == 4);
    let settings = rows.filter_map(|row| {
        let kind = match row[1] {
            "secret" | "секрет" => "secret",
            _ => "var",
        };
        let default = quoted(row[3]).unwrap_or_default();
        Some(Setting::new(quoted(row[0])?, kind, default))
    });
    settings.collect()
}

#[test]
fn the_settings_are_those_that_are_read_and_configured() {
    let read_names = RefCell::new(Vec::new());
    let _ = Settings::read(
        |name| {
            read_names.borrow_mut().push(name.to_owned());
            None
        },
        english(),
    );
    let configured = configured_settings();
    let names = configured.iter().map(|setting| setting.name.clone());
    let what = "the secrets and variables: they are what `src/settings.rs` reads";
    same("wrangler.toml", what, names.collect(), read_names.take());
    for readme in READMES {
        let told = told_settings(&read(readme));
        let lines = |settings: &[Setting]| settings.iter().map(Setting::line).collect();
        let what = "the table of settings: name, kind and default as in `wrangler.toml`";
        same(readme, what, lines(&told), lines(&configured));
    }
}

/// The map of the files under `src/`: each with its first sentence, or by itself. Of the handlers only their table, so that
/// whoever adds a command need not draw on the map.
fn map_of_the_source(with_sentence: bool) -> Vec<String> {
    let is_mapped = |source: &&Source| {
        !source.path.starts_with("src/handlers/") || source.path == "src/handlers/mod.rs"
    };
    let row = |source: &Source| {
        let first = source.text.lines().next().unwrap_or_default();
        let sentence = first.trim_start_matches("//! ");
        if with_sentence {
            format!("| `{}` | {sentence} |", source.path)
        } else {
            format!("| `{}` |", source.path)
        }
    };
    sources("src").iter().filter(is_mapped).map(row).collect()
}

#[test]
fn the_map_lists_every_file_in_its_own_first_words() {
    let rows = |text: &str| -> Vec<String> {
        let rows = text.lines().filter(|line| line.starts_with("| `src/"));
        rows.map(str::to_owned).collect()
    };
    let [english, ukrainian] = READMES.map(read).map(|text| rows(&text));
    let what = "the map: each file under src/ with the first line of its comment";
    same("README.md", what, english, map_of_the_source(true));
    let what = "the map: each file under src/, with a sentence about it";
    let ukrainian = ukrainian.iter().map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        assert!(
            cells.len() == 2,
            "README.uk.md: say in a sentence what it is: {row}"
        );
        format!("{} |", cells[0])
    });
    same(
        "README.uk.md",
        what,
        ukrainian.collect(),
        map_of_the_source(false),
    );
}

#[test]
fn every_file_and_option_that_is_named_is_there() {
    let mut offences = Vec::new();
    for readme in READMES {
        let text = read(readme);
        let commands = blocks(&text)
            .into_iter()
            .filter(|(language, _)| *language == "sh");
        let commands: Vec<String> = commands.map(|(_, body)| body).collect();
        let lines = commands.iter().flat_map(|body| body.lines());
        for quote in quotes(&text).chain(lines) {
            let mut words = quote.split(' ');
            let path = words.next().unwrap_or_default();
            if !is_path(path) || path == NEW_FILE || MADE.iter().any(|made| path.starts_with(made))
            {
                continue;
            }
            if !exists(path) {
                offences.push(format!("{readme}: there is no `{path}`"));
            } else if path.starts_with("scripts/") {
                let script = read(path);
                let unknown = words.filter(|word| !script.contains(&format!("{word})")));
                offences.extend(unknown.map(|word| format!("{readme}: {path} knows no {word}")));
            }
        }
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            if !target.starts_with("https://") && !exists(target) {
                offences.push(format!(
                    "{readme}: a link leads to `{target}`, which is not there"
                ));
            }
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn both_readmes_hold_the_same_commands_and_link_to_each_other() {
    let [english, ukrainian] = READMES.map(read);
    let commands = |text: &str| -> Vec<String> {
        let blocks = blocks(text).into_iter();
        let blocks = blocks.filter(|(language, _)| *language != "text");
        blocks
            .map(|(language, body)| format!("{language}: {body}"))
            .collect()
    };
    let (told, translated) = (commands(&english), commands(&ukrainian));
    for (one, other) in told.iter().zip(&translated) {
        assert!(
            one == other,
            "a fenced block differs between the READMEs\n\nREADME.md\n{one}\n\nREADME.uk.md\n{other}"
        );
    }
    assert_eq!(
        told.len(),
        translated.len(),
        "a README has more fenced blocks"
    );
    let chapters = |text: &str| text.lines().filter(|line| line.starts_with("## ")).count();
    assert_eq!(
        chapters(&english),
        chapters(&ukrainian),
        "a README has more chapters"
    );
    assert!(
        english.contains("(README.uk.md)"),
        "README.md links to README.uk.md"
    );
    assert!(
        ukrainian.contains("(README.md)"),
        "README.uk.md links to README.md"
    );
}

#[test]
fn the_command_that_the_readme_shows_is_the_one_that_compiles() {
    let readme = read("README.md");
    let blocks = blocks(&readme);
    let (_, shown) = blocks
        .iter()
        .find(|(language, body)| *language == "rust" && body.starts_with("//! `/count`"))
        .expect("README.md shows a command");
    let indented: Vec<String> = shown
        .lines()
        .map(|line| match line {
            "" => String::new(),
            line => format!("    {}", line.replace("use crate::", "use onehook::")),
        })
        .collect();
    assert!(
        include_str!("readme.rs").contains(&indented.join("\n")),
        "README.md shows another command than `mod count` in tests/readme.rs, which is there to see that it compiles"
    );
}

#[test]
fn the_error_that_the_readme_shows_is_real() {
    let complaints = Settings::read(|_| None, english()).unwrap_err();
    let real: Value =
        serde_json::from_str(&routes::misconfigured(&complaints, english()).body).unwrap();
    for readme in READMES {
        let text = read(readme);
        let (_, shown) = blocks(&text)
            .into_iter()
            .find(|(language, _)| *language == "json")
            .expect("a README shows an error");
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(
            shown, real,
            "{readme} shows another error than a worker without settings gives"
        );
    }
}

#[test]
fn no_row_of_a_table_sends_its_reader_to_more_than_three_files() {
    for readme in READMES {
        let text = read(readme);
        for row in rows(&text) {
            let row = row.join(" | ");
            let paths = row.split('`').skip(1).step_by(2);
            let paths = paths.filter(|quote| quote.starts_with("src/") || is_path(quote));
            assert!(
                paths.count() <= 3,
                "{readme}: a change that needs more than three files shows that something is in the wrong place: {row}"
            );
        }
    }
}
