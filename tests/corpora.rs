//! What libFuzzer found, again: every input under `fuzz/` through the function it belongs to, and many that are like them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use crate::emulator::random::Random;
use crate::fixtures;
use crate::fuzzing::TARGETS;

/// How many mutated inputs each function gets, unless `FUZZ_CASES` says otherwise.
const CASES: u64 = 3_000;

/// Longer inputs are not mutated further.
const BYTES_MAX: usize = 4_096;

/// Pieces that matter to one reader or another.
const PIECES: [&str; 52] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\\u",
    "\\ud83d",
    "\\udc4d",
    ":",
    ",",
    "null",
    "true",
    "false",
    "-0",
    "1e999",
    "0.5",
    "9007199254740992",
    "-9223372036854775808",
    "18446744073709551615",
    "\"update_id\":1",
    "\"update\\u005fid\":1",
    "\"message\":{}",
    "\"chat\":{\"id\":1}",
    "\n",
    "\n\n",
    "\n%%\n",
    "|",
    "\t",
    "~",
    "!",
    "?",
    "&",
    "=",
    "%",
    "%2B",
    "+",
    "/",
    ".",
    "\u{0}",
    "GET /admin/",
    "POST /admin/",
    "doctor",
    "doctor/probe",
    "webhook/rotate",
    "feeds/a",
    "incidents",
    "?error=409",
    "/replay",
    "/resend",
    "authorization: Bearer $ADMIN",
    "/feed/a/bot$FEED/",
];

/// An input with its name.
type Input = (String, Vec<u8>);

#[test]
fn every_target_has_a_binary_for_libfuzzer_and_a_corpus() {
    let mut binaries: Vec<String> = files("fuzz/src/bin")
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    binaries.sort();
    let names: Vec<String> = TARGETS
        .iter()
        .map(|(name, _)| format!("{name}.rs"))
        .collect();
    assert_eq!(binaries, names);
    for (name, text) in files("fuzz/src/bin") {
        let function = format!("::{}(data)", name.trim_end_matches(".rs"));
        assert!(
            String::from_utf8(text).unwrap().contains(&function),
            "{name}"
        );
    }
    let mut bytes = 0;
    for (name, _) in TARGETS {
        let corpus = files(&format!("fuzz/corpus/{name}"));
        assert!(
            (3..=150).contains(&corpus.len()),
            "{name}: {}",
            corpus.len()
        );
        bytes += corpus.iter().map(|(_, input)| input.len()).sum::<usize>();
    }
    assert!(bytes <= 2 << 20, "{bytes} bytes are too many to keep");
}

#[test]
fn the_corpora_still_pass() {
    for (name, run) in TARGETS {
        for (input, bytes) in inputs(name) {
            passes(name, run, &bytes, &input);
        }
    }
}

#[test]
fn inputs_like_those_of_the_corpora_pass() {
    let cases = std::env::var("FUZZ_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    std::thread::scope(|scope| {
        for (name, run) in TARGETS {
            scope.spawn(move || {
                let corpus = inputs(name);
                let mut random = Random::new(1);
                for case in 0..cases {
                    let input = mutated(&corpus, &mut random);
                    passes(name, run, &input, &format!("case {case}"));
                }
            });
        }
    });
}

fn passes(name: &str, run: fn(&[u8]), input: &[u8], which: &str) {
    let passed = catch_unwind(AssertUnwindSafe(|| run(input))).is_ok();
    let shown = input.escape_ascii();
    assert!(passed, "{name} does not pass {which}: b\"{shown}\"");
}

/// The corpus of a function, what made it fail once, and the fixtures.
fn inputs(name: &str) -> Vec<Input> {
    let mut inputs = files(&format!("fuzz/corpus/{name}"));
    inputs.extend(files(&format!("fuzz/crashes/{name}")));
    if name.starts_with("update_") || name == "typed_json" {
        inputs.extend(fixtures::updates());
        inputs.extend(fixtures::unusable());
    }
    inputs
}

fn files(folder: &str) -> Vec<Input> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<Input> = entries
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

/// An input of the corpus with one to four changes.
fn mutated(corpus: &[Input], random: &mut Random) -> Vec<u8> {
    let mut input = pick(corpus, random).1.clone();
    input.truncate(BYTES_MAX);
    for _ in 0..random.within(1, 4) {
        let place = below(input.len() + 1, random);
        let end = place + below(input.len() + 1 - place, random);
        match random.within(0, 6) {
            0 => drop(input.drain(place..end.min(place + 8))),
            1 => drop(input.drain(place..end)),
            2 => insert(&mut input, place, pick(&PIECES, random).as_bytes()),
            3 => insert(
                &mut input,
                place,
                &[u8::try_from(random.within(0, 255)).unwrap()],
            ),
            4 if place < input.len() => input[place] ^= 1 << random.within(0, 7),
            5 => {
                let repeated = input[place..end].to_vec();
                insert(&mut input, place, &repeated);
            }
            _ => {
                let other = &pick(corpus, random).1;
                let from = below(other.len() + 1, random);
                let until = from + below(other.len() + 1 - from, random);
                insert(&mut input, place, &other[from..until]);
            }
        }
    }
    input
}

fn insert(input: &mut Vec<u8>, place: usize, bytes: &[u8]) {
    input.splice(place..place, bytes.iter().copied());
}

fn pick<'a, T>(list: &'a [T], random: &mut Random) -> &'a T {
    &list[below(list.len(), random)]
}

fn below(limit: usize, random: &mut Random) -> usize {
    usize::try_from(random.within(0, limit as u64 - 1)).unwrap()
}
