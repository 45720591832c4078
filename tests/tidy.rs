//! What keeps the architecture true, found by reading the sources. Each failure says why the rule is there.

use std::fs;
use std::path::Path;

use crate::statements;

/// Rooms that may call another room, as `src/lib.rs` says.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("webhook", "handlers"),
    ("webhook", "doctor"),
    ("doctor", "webhook"),
    ("admin", "webhook"),
    ("admin", "handlers"),
];

/// Where code may wait, and for what. Everything else is a plain function from values to values, which a test calls directly.
const MAY_WAIT: &[(&str, &str)] = &[
    ("src/cloudflare/", "the runtime"),
    ("src/guard/mod.rs", "the rows it takes up"),
    ("src/guard/restore.rs", "the database and Telegram"),
    ("src/routes.rs", "the rooms"),
    ("src/webhook/", "the database, a handler, Telegram"),
    ("src/admin/feeds.rs", "the database"),
    ("src/admin/incidents.rs", "the database"),
    ("src/admin/mod.rs", "a body"),
    ("src/feed/", "the database, and updates to come"),
    ("src/inbox/feeds.rs", "the database"),
    (
        "src/doctor/evidence.rs",
        "Telegram, the database, the notes",
    ),
    ("src/doctor/mod.rs", "the evidence"),
    ("src/doctor/probe.rs", "Telegram, as a poller does"),
    ("src/admin/metrics.rs", "the database"),
    ("src/admin/outbox.rs", "the database"),
    ("src/admin/updates.rs", "the database"),
    ("src/admin/webhook.rs", "the database and Telegram"),
    ("src/health.rs", "the database"),
    (
        "src/handlers/mod.rs",
        "handlers that read before they plan; see `READS`",
    ),
    ("src/visit.rs", "the outside world, on behalf of a handler"),
    ("src/inbox/alerts.rs", "the database"),
    ("src/inbox/guard.rs", "the database"),
    ("src/inbox/listing.rs", "the database"),
    ("src/inbox/mod.rs", "the database"),
    ("src/inbox/outbox.rs", "the database"),
    ("src/inbox/webhook.rs", "the database"),
    ("src/telegram/mod.rs", "the transport"),
    ("src/inbox/database.rs", "a port"),
    ("src/notes.rs", "a port"),
    ("src/request.rs", "a port: the body on its way"),
    ("src/telegram/transport.rs", "a port"),
];

/// What a handler reads before it plans. One that does none of this is a plain function.
const READS: &[&str] = &[
    "visit.ask(",
    "visit.fetch(",
    "visit.file(",
    "visit.count_updates(",
    "visit.examine(",
];

pub(crate) struct Source {
    /// Such as `src/admin/webhook.rs`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The module below the crate that it belongs to, such as `admin`.
    fn module(&self) -> &str {
        let path = self.path.trim_start_matches("src/");
        path.split(['/', '.']).next().unwrap()
    }

    /// Its lines without comments, each as `path:number: line`.
    fn code(&self) -> impl Iterator<Item = String> {
        let lines = self.text.lines().enumerate();
        lines.filter_map(|(place, line)| {
            let code = line.split(" // ").next().unwrap().trim();
            let is_code = !code.is_empty() && !code.starts_with("//");
            is_code.then(|| format!("{}:{}: {code}", self.path, place + 1))
        })
    }

    fn lines_with(&self, patterns: &[&str]) -> Vec<String> {
        let lines = self.code();
        lines
            .filter(|line| patterns.iter().any(|pattern| line.contains(pattern)))
            .collect()
    }

    fn waits(&self) -> bool {
        !self
            .lines_with(&["async fn ", "async move ", "async {"])
            .is_empty()
    }
}

/// All Rust files below a folder of the checkout.
pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            sources.extend(self::sources(&path));
        } else if Path::new(&path)
            .extension()
            .is_some_and(|extension| extension == "rs")
        {
            let text = fs::read_to_string(entry.path()).unwrap();
            sources.push(Source { path, text });
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

pub(crate) fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[track_caller]
fn none(why: &str, offences: impl IntoIterator<Item = String>) {
    let offences: Vec<String> = offences.into_iter().collect();
    assert!(
        offences.is_empty(),
        "{}\n\n{why}",
        offences.join("\n").trim_end()
    );
}

/// The modules of `src/lib.rs` with their floors: 3 the door, 2 the hall, 1 the rooms, 0 the foundations.
fn floors() -> Vec<(String, usize)> {
    let mut floor = 4;
    let mut modules = Vec::new();
    for line in read("src/lib.rs").lines() {
        if line.starts_with("// The ") {
            floor -= 1;
        } else if let Some((_, module)) = line.split_once("mod ")
            && let Some(module) = module.strip_suffix(';')
        {
            modules.push((module.to_owned(), floor));
        }
    }
    assert_eq!(floor, 0, "`src/lib.rs` lists four floors");
    modules
}

/// Each use of another module that does not go down the stairs, as (from, to, line).
fn arrows_not_down() -> Vec<(String, String, String)> {
    let floors = floors();
    let floor = |module: &str| {
        let known = floors.iter().find(|(name, _)| name == module);
        known.map(|(_, floor)| *floor)
    };
    let mut arrows = Vec::new();
    for source in sources("src") {
        let Some(own) = floor(source.module()) else {
            continue; // lib.rs
        };
        for line in source.code() {
            for used in line.split("crate::").skip(1) {
                let end = used.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
                let used = &used[..end.unwrap_or(used.len())];
                let is_down = floor(used).is_some_and(|used| used < own || (used == 0 && own == 0));
                if used != source.module() && !is_down {
                    arrows.push((source.module().to_owned(), used.to_owned(), line.clone()));
                }
            }
        }
    }
    arrows
}

#[test]
fn arrows_go_down() {
    let arrows = arrows_not_down();
    let is_allowed = |from: &str, to: &str| EXCEPTIONS.contains(&(from, to));
    none(
        "A foundation knows no room, a room no other room and no hall, so that each can be read, tested and replaced alone. \
         The floors are the groups of `mod` lines in `src/lib.rs`.",
        arrows
            .iter()
            .filter(|(from, to, _)| !is_allowed(from, to))
            .map(|(_, _, line)| line.clone()),
    );
    none(
        "These arrows are gone: remove them from the exceptions in `tests/tidy.rs`.",
        EXCEPTIONS
            .iter()
            .filter(|(from, to)| {
                !arrows
                    .iter()
                    .any(|arrow| arrow.0 == *from && arrow.1 == *to)
            })
            .map(|(from, to)| format!("{from} -> {to}")),
    );
    let lib = read("src/lib.rs");
    none(
        "`src/lib.rs` names each exception, since it is what people read.",
        EXCEPTIONS
            .iter()
            .flat_map(|(from, to)| [from, to])
            .map(|module| format!("`{module}`"))
            .filter(|module| !lib.contains(module)),
    );
}

#[test]
fn only_the_door_knows_the_worker_crate() {
    none(
        "Types of the `worker` crate are JavaScript's and cannot be made in a native test. Translate them in `src/cloudflare/`.",
        sources("src")
            .iter()
            .filter(|source| source.module() != "cloudflare")
            .flat_map(|source| source.lines_with(&["worker::", "use worker", "wasm_bindgen"])),
    );
}

#[test]
fn every_file_says_in_one_line_what_it_is_for() {
    none(
        "The first line of a file is a `//!` sentence on one line. The README's map is made of these.",
        sources("src").iter().filter_map(|source| {
            let first = source.text.lines().next().unwrap_or_default();
            let is_sentence = first.starts_with("//! ") && first.ends_with('.');
            (!is_sentence).then(|| format!("{}:1: {first}", source.path))
        }),
    );
}

#[test]
fn all_sql_is_in_one_file_and_constant() {
    let sources = sources("src");
    none(
        "A statement is a constant of `src/inbox/statements.js` with bound values: text that is put together can be injected into.",
        sources.iter().flat_map(|source| {
            source.lines_with(&["\"SELECT ", "INSERT INTO", "\"UPDATE ", "DELETE FROM"])
        }),
    );
}

#[test]
fn a_statement_on_a_claimed_row_carries_its_fence() {
    none(
        "Whoever lost a row to a later claim must not write to it any more, so each change names the fence of its own claim. \
         Only rows with nothing left to do are deleted or opened again without, and a mark that takes nothing from anybody is set.",
        statements::all().filter_map(|(name, text)| {
            let changes = text.contains("UPDATE inbox") || text.contains("INTO session");
            let takes_nothing =
                text.contains("open = 0") || text.contains("SET acknowledged = 1 WHERE");
            let is_unfenced = changes && !text.contains("fence = ") && !takes_nothing;
            let is_unsafe = text.contains("DELETE FROM inbox") && !text.contains("open = 0");
            (is_unfenced || is_unsafe).then(|| name.to_owned())
        }),
    );
}

#[test]
fn code_waits_in_few_places() {
    let sources = sources("src");
    let may_wait = |source: &Source| {
        let is_listed = MAY_WAIT
            .iter()
            .any(|(path, _)| source.path.starts_with(path));
        let reads = source.module() == "handlers" && !source.lines_with(READS).is_empty();
        is_listed || reads
    };
    none(
        "A plain function from values to values is tested without a runtime. What must wait is listed in `MAY_WAIT` with \
         what it waits for; a handler waits only for what it reads through its visit.",
        sources
            .iter()
            .filter(|source| source.waits() && !may_wait(source))
            .flat_map(|source| source.lines_with(&["async "])),
    );
    none(
        "These do not wait any more: remove them from `MAY_WAIT` in `tests/tidy.rs`.",
        MAY_WAIT
            .iter()
            .filter(|(path, _)| {
                !sources
                    .iter()
                    .any(|source| source.path.starts_with(path) && source.waits())
            })
            .map(|(path, what)| format!("{path}: {what}")),
    );
}

#[test]
fn the_same_code_runs_in_tests_and_online() {
    none(
        "Code for one target only would be code that no native test sees.",
        sources("src")
            .iter()
            .flat_map(|source| source.lines_with(&["target_arch", "target_family", "cfg(test"])),
    );
}

#[test]
fn nothing_asks_for_updates_but_the_probe() {
    let sources = sources("src");
    let named = |patterns| {
        sources
            .iter()
            .flat_map(move |source| source.lines_with(patterns))
    };
    let (asking, listening) = (named(&["getUpdates", "GetUpdates"]), named(&[".listen("]));
    let offences = asking
        .filter(|line| {
            !line.starts_with("src/telegram/mod.rs:") && !line.contains("other getUpdates")
        })
        .chain(listening.filter(|line| !line.starts_with("src/doctor/probe.rs:")));
    none(
        "Whoever calls `getUpdates` competes for updates: the error 409 would come from us. Only the doctor's probe listens, when an \
         operator says so, and it confirms nothing.",
        offences,
    );
}

#[test]
fn nothing_in_the_worker_panics() {
    let probe = "#[cfg(feature = \"probes\")]";
    none(
        "A panic ends every request of the isolate. Return an error, or `unwrap_or_default` where there is nothing to lose.",
        sources("src").iter().flat_map(|source| {
            let lines: Vec<String> = source.code().collect();
            let is_probe = |line: &String| {
                lines
                    .windows(2)
                    .any(|pair| pair[0].ends_with(probe) && pair[1] == *line)
            };
            let panics = [".unwrap()", ".expect(", "panic!", "unreachable!", "todo!"];
            let mut offences = source.lines_with(&panics);
            offences.retain(|line| !is_probe(line));
            offences
        }),
    );
}

#[test]
fn files_are_named_after_what_is_in_them() {
    const SAYING_NOTHING: &[&str] = &[
        "base",
        "common",
        "helpers",
        "manager",
        "misc",
        "processor",
        "service",
        "shared",
        "types",
        "util",
        "utils",
    ];
    none(
        "There is a thing in each of these that has a name: a clock, a reply, a transcript. Name the file after it.",
        ["src", "tests"]
            .into_iter()
            .flat_map(sources)
            .map(|source| source.path)
            .filter(|path| {
                let mut parts = path.split(['/', '.']);
                parts.any(|part| SAYING_NOTHING.contains(&part))
            }),
    );
}

#[test]
fn every_table_says_who_reads_it_and_they_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let sources = sources("src");
    let mut offences = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for block in text.split("\n\n") {
            let Some((comment, table)) = block.split_once("CREATE TABLE ") else {
                continue;
            };
            let table = table.split([' ', '(']).next().unwrap();
            let named: Vec<&str> = comment
                .split([' ', '\n', '(', ')', ',', ';'])
                .filter(|word| word.starts_with("src/"))
                .map(|word| word.trim_end_matches('.'))
                .collect();
            let is_mentioned = sources.iter().any(|source| {
                named.iter().any(|path| source.path.starts_with(path))
                    && source.text.contains(table)
            });
            if !is_mentioned {
                offences.push(format!("{table}: {}", named.join(", ")));
            }
            for path in named {
                if !sources.iter().any(|source| source.path.starts_with(path)) {
                    offences.push(format!("{table}: there is no {path}"));
                }
            }
        }
    }
    none(
        "The comment above a table names the files that read and write it, and one of them mentions it: a table nobody \
         mentions is forgotten.",
        offences,
    );
}

#[test]
fn no_token_is_in_a_snapshot() {
    let sources = sources("tests");
    let tokens: Vec<&str> = sources
        .iter()
        .flat_map(|source| source.text.lines())
        .filter(|line| line.contains("const ") && line.contains("TOKEN: &str = \""))
        .map(|line| line.split('"').nth(1).unwrap())
        .filter(|token| token.len() > 8)
        .collect();
    assert!(!tokens.is_empty(), "the tests have made-up tokens");
    let snapshots = sources.iter().flat_map(|source| {
        let snapshots = source.text.split("expect![[").skip(1);
        snapshots.map(|rest| (&source.path, rest.split("]]").next().unwrap()))
    });
    none(
        "What a test prints, a worker logs: a token in a snapshot is a token in a log.",
        snapshots
            .filter(|(_, snapshot)| tokens.iter().any(|token| snapshot.contains(token)))
            .map(|(path, snapshot)| format!("{path}: {snapshot}")),
    );
}
