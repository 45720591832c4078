//! The build before this one, made from the history of the checkout and kept as long as `target` is.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::checkout::{checkout, in_checkout};

/// The build before: the last commit that was deployed when this state of the sources was begun. Another one: `PREVIOUS=<commit>`.
const PREVIOUS: &str = "e420650";
/// What it shares with this checkout, which takes minutes to install. Its own lock file might ask for other packages.
const SHARED: [&str; 2] = ["node_modules", ".tools"];
const LOCK: &str = "package-lock.json";

/// What wrangler runs for it, seen from the checkout. The first time this takes as long as a whole build.
pub(super) fn entry() -> String {
    let commit = std::env::var("PREVIOUS").unwrap_or_else(|_| PREVIOUS.to_owned());
    let folder = checkout().join("target/previous").join(&commit);
    if !folder.join("scripts/build").exists() {
        check_out(&commit, &folder);
    }
    for shared in SHARED {
        let _ = symlink(checkout().join(shared), folder.join(shared)); // it may be there
    }
    fs::copy(checkout().join(LOCK), folder.join(LOCK)).unwrap();
    let script = folder.join("scripts/build");
    let built = in_checkout(script.to_str().unwrap(), &folder).output();
    let built = built.unwrap();
    assert!(built.status.success(), "{}: {built:?}", script.display());
    format!("target/previous/{commit}/build/index.js")
}

fn check_out(commit: &str, folder: &Path) {
    let is_known = git(&["cat-file", "-e", &format!("{commit}^{{commit}}")]);
    assert!(
        is_known,
        "the commit {commit} is not in this clone; run: git fetch --unshallow"
    );
    // One whose folder was removed with `target`.
    git(&["worktree", "prune"]);
    let folder = folder.to_str().unwrap();
    let is_there = git(&["worktree", "add", "--detach", "--force", folder, commit]);
    assert!(is_there, "{commit} cannot be checked out into {folder}");
}

fn git(arguments: &[&str]) -> bool {
    let git = Command::new("git")
        .args(arguments)
        .current_dir(checkout())
        .output();
    git.expect("there is git").status.success()
}
