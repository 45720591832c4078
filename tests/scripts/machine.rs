//! A pretend machine: processes as Linux tells of them in `/proc`, with folders to work in and connections.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::{Ended, TOKEN, Terminal};

/// The state of a connection in `/proc/net/tcp`.
const ESTABLISHED: &str = "01";

pub(crate) struct Machine {
    pub(crate) terminal: Terminal,
    sockets: Vec<(&'static str, String, &'static str)>,
}

/// A process in the making; it is there from the start.
pub(crate) struct Process<'a> {
    machine: &'a mut Machine,
    folder: PathBuf,
    pid: u32,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let mut machine = Self {
            terminal: Terminal::new(),
            sockets: Vec::new(),
        };
        machine
            .terminal
            .stand_in("id", "[ \"$1\" = -u ] && echo 1000 || echo ada");
        machine.write_sockets();
        machine.process(1, 0, "/sbin/init");
        machine
    }

    /// A process by its number, its parent's, and its command. It works in `/srv/bot` and has a session of its own.
    pub(crate) fn process(&mut self, pid: u32, parent: u32, command: &str) -> Process<'_> {
        let folder = self.terminal.folder.join("proc").join(pid.to_string());
        fs::create_dir_all(folder.join("fd")).unwrap();
        let works_in = self.terminal.folder.join("srv/bot");
        fs::create_dir_all(&works_in).unwrap();
        let words: Vec<&str> = command.split(' ').collect();
        fs::write(folder.join("cmdline"), words.join("\0") + "\0").unwrap();
        let name = words[0].rsplit('/').next().unwrap();
        let program = format!("/usr/bin/{name}");
        symlink(program, folder.join("exe")).unwrap();
        symlink(works_in, folder.join("cwd")).unwrap();
        let process = Process {
            machine: self,
            folder,
            pid,
        };
        process.born(name, parent, pid)
    }

    fn write_sockets(&self) {
        for table in ["tcp", "tcp6"] {
            let mut text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n".to_owned();
            let sockets = self
                .sockets
                .iter()
                .enumerate()
                .filter(|(_, socket)| socket.0 == table);
            for (place, (_, peer, state)) in sockets {
                let inode = 1000 + place;
                writeln!(
                    text,
                    "   0: 0100007F:D431 {peer} {state} 00000000:00000000 02:000006D2 00000000  1000        0 {inode} 2 0"
                )
                .unwrap();
            }
            self.terminal.write(&format!("proc/net/{table}"), &text);
        }
    }

    /// Runs `find-rivals` on this machine, with the bot's token.
    pub(crate) fn find(&self, line: &str, variables: &[(&str, &str)]) -> Ended {
        let variables = [&[("TELEGRAM_BOT_TOKEN", TOKEN)], variables].concat();
        self.find_with(line, &variables, "")
    }

    pub(crate) fn find_with(&self, line: &str, variables: &[(&str, &str)], typed: &str) -> Ended {
        let mut command = self.terminal.script(line);
        command
            .env("PROC_ROOT", self.terminal.folder.join("proc"))
            .envs(variables.iter().copied());
        let mut ended = self.terminal.run(&mut command, typed);
        // The files are those of whoever runs the tests.
        let whoami = std::process::Command::new("id")
            .arg("-un")
            .output()
            .unwrap();
        let owner = String::from_utf8(whoami.stdout).unwrap();
        for (before, after) in [(" of ", ","), ("користувача ", ",")] {
            let (own, ada) = (
                format!("{before}{}{after}", owner.trim()),
                format!("{before}ada{after}"),
            );
            ended.output = ended.output.replace(&own, &ada);
        }
        ended
    }
}

impl Process<'_> {
    fn born(self, name: &str, parent: u32, session: u32) -> Self {
        let pid = self.pid;
        let stat = format!(
            "{pid} ({name}) S {parent} {pid} {session} 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0\n"
        );
        self.write("stat", &stat)
    }

    /// In somebody else's session, with a name of its own.
    pub(crate) fn named(self, name: &str, parent: u32, session: u32) -> Self {
        self.born(name, parent, session)
    }

    fn write(self, file: &str, text: &str) -> Self {
        fs::write(self.folder.join(file), text).unwrap();
        self
    }

    fn link(self, link: &str, target: &str) -> Self {
        let link = self.folder.join(link);
        let _ = fs::remove_file(&link);
        symlink(target, link).unwrap();
        self
    }

    pub(crate) fn environment(self, variables: &str) -> Self {
        let variables = variables.replace(' ', "\0") + "\0";
        self.write("environ", &variables)
    }

    /// Works in a folder of the terminal.
    pub(crate) fn works_in(self, folder: &str) -> Self {
        let path = self.machine.terminal.folder.join(folder);
        fs::create_dir_all(&path).unwrap();
        self.link("cwd", path.to_str().unwrap())
    }

    /// Runs another program than its command says.
    pub(crate) fn runs(self, path: &str) -> Self {
        self.link("exe", path)
    }

    pub(crate) fn in_group(self, group: &str) -> Self {
        self.write("cgroup", &format!("0::{group}\n"))
    }

    /// Has a connection in a table, to a peer as the kernel writes it.
    pub(crate) fn talks_to(self, table: &'static str, peer: &str) -> Self {
        self.socket(table, peer, ESTABLISHED)
    }

    pub(crate) fn socket(self, table: &'static str, peer: &str, state: &'static str) -> Self {
        let inode = 1000 + self.machine.sockets.len();
        self.machine.sockets.push((table, peer.to_owned(), state));
        self.machine.write_sockets();
        self.link("fd/7", &format!("socket:[{inode}]"))
    }
}
