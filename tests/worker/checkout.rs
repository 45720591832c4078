//! What a worker under test takes from the checkout: its tools, its build, a database with its tables, folders to work in.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A command with the checkout's own tools, and with nothing of this machine's environment that wrangler would hand on.
pub(super) fn in_checkout(program: &str, folder: &Path) -> Command {
    let mut path = OsString::new();
    for tools in ["node_modules/.bin", ".tools/bin"] {
        path.push(checkout().join(tools));
        path.push(":");
    }
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let program = if program.contains('/') {
        checkout().join(program)
    } else {
        PathBuf::from(program)
    };
    let mut command = Command::new(program);
    command
        .current_dir(checkout())
        .env("PATH", path)
        .env("CI", "1")
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("WRANGLER_SEND_METRICS", "false")
        // Or a trace of every visit is written to the disk, beside what the visit itself writes.
        .env("X_LOCAL_OBSERVABILITY", "false")
        .env("WRANGLER_REGISTRY_PATH", folder.join("registry"))
        .env("WRANGLER_LOG_PATH", folder.join("logs"))
        .stdin(Stdio::null());
    let settings = fs::read_to_string(checkout().join("wrangler.toml")).unwrap();
    let is_name = |name: &str| {
        name.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    let names = settings.lines().filter_map(|line| line.split_once(" = "));
    for (name, _) in names.filter(|(name, _)| is_name(name)) {
        command.env_remove(name);
    }
    command.env_remove("TELEGRAM_BOT_TOKEN");
    command.env_remove("ADMIN_TOKEN");
    command
}

/// Runs `scripts/build` with some options, which is quick when nothing has changed.
pub(super) fn build(options: &[&str]) {
    let built = in_checkout("scripts/build", &target())
        .args(options)
        .output();
    let built = built.expect("scripts/build can be run");
    assert!(
        built.status.success(),
        "scripts/build {options:?} failed:\n{}{}",
        String::from_utf8_lossy(&built.stdout),
        String::from_utf8_lossy(&built.stderr)
    );
}

/// A database that has had its migrations, made once and copied for each worker.
pub(super) fn migrated() -> &'static Path {
    static MIGRATED: OnceLock<PathBuf> = OnceLock::new();
    MIGRATED.get_or_init(|| {
        let folder = fresh_folder();
        fs::write(folder.join("worker.env"), "").unwrap();
        let state = folder.join("state");
        let applied = in_checkout("wrangler", &folder)
            .args(["d1", "migrations", "apply", "DB", "--local", "--persist-to"])
            .arg(&state)
            .arg("--env-file")
            .arg(folder.join("worker.env"))
            .output()
            .expect("wrangler is in node_modules; run: scripts/build");
        assert!(
            applied.status.success(),
            "the migrations failed: {applied:?}"
        );
        state
    })
}

/// `wrangler.toml` with one of its blocks that are comments in force, by its first table, to be read from another folder.
pub(super) fn with(first_table: &str) -> String {
    let text = fs::read_to_string(checkout().join("wrangler.toml")).unwrap();
    let (before, block) = text.split_once(&format!("# {first_table}")).unwrap();
    let (block, after) = block.split_once("\n\n").unwrap();
    let block = block.replace("\n# ", "\n").replace("\n#", "\n");
    let build = before.find("[build]").unwrap();
    let rest = before[build + 1..].find("\n[").map(|next| build + 1 + next);
    let before = [&before[..build], &before[rest.unwrap()..]].concat();
    let path = |file: &str| checkout().join(file).display().to_string();
    let before = before.replace(
        "\"build/index.js\"",
        &format!("{:?}", path("build/index.js")),
    );
    format!("{before}{first_table}{block}\n\n{after}")
}

/// An empty folder that no other worker uses.
pub(super) fn fresh_folder() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let folder = scratch().join(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A folder that is this process's as long as it lives; what an earlier one left in it is removed.
fn scratch() -> &'static Path {
    static SCRATCH: OnceLock<(PathBuf, File)> = OnceLock::new();
    let (folder, _) = SCRATCH.get_or_init(|| {
        let mut places = (0..).map(|number| target().join(format!("worker-{number}")));
        let taken = places.find_map(|folder| {
            let lock = File::create(folder.with_extension("lock")).unwrap();
            lock.try_lock().ok().map(|()| (folder, lock))
        });
        let (folder, lock) = taken.unwrap();
        let _ = fs::remove_dir_all(&folder);
        (folder, lock)
    });
    folder
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(super) fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn target() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}
