//! A blog with one due post, and what a command took.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::Case;

const NOW: &str = "2026-03-02T09:00:00Z";

/// What a process took.
pub(crate) struct Usage {
    pub(crate) seconds: f64,
    /// Microseconds of processor time for each message.
    pub(crate) processor: f64,
    /// The most memory that it held.
    pub(crate) megabytes: f64,
}

/// A site with one due post and as many readers as messages.
pub(crate) struct Blog {
    folder: tempfile::TempDir,
    /// What is agreed to for a site that is gone afterwards is not for the user's own folder, nor for one where the site can write.
    state: tempfile::TempDir,
    messages: usize,
    /// Of a message.
    pub(crate) size: usize,
}

impl Blog {
    pub(crate) fn new(case: &Case) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = tempfile::tempdir().unwrap();
        let path = folder.path();
        let tidings = |arguments: &[&str]| tidings(path, state.path(), arguments);
        let config = format!(
            "[site]\ntitle = \"Four Minutes\"\nurl = \"https://example.org\"\n\
             [newsletter]\nfrom = \"Ada Quill <ada@news.example.org>\"\nstart = 2026-01-01\n\
             unsubscribe = \"https://news.example.org/u/{{token}}\"\n\
             [mail]\ntransport = \"smtp://127.0.0.1:{}\"\nconnections = {}\nin_flight = {}\n",
            case.port, case.connections, case.in_flight
        );
        let store = case.store.iter().map(|url| format!("[store]\nurl = \"{url}\"\n")).collect::<String>();
        let config = config + &store;
        std::fs::write(path.join("config.toml"), &config).unwrap();
        if case.is_signed {
            run(&mut tidings(&["dkim", "new"]));
            std::fs::write(path.join("config.toml"), config + "[mail.dkim]\n").unwrap();
        }
        std::fs::create_dir(path.join("posts")).unwrap();
        // Each paragraph stands in the text part and in the HTML part; a message without any has about 5.1 KB.
        let paragraph = "The river is slow in August, and so is everything beside it: the dogs, the boats, the bread. ";
        let body: String =
            (0..(case.kilobytes * 1_000 - 5_100) / 800).map(|_| format!("{}\n\n", paragraph.repeat(4))).collect();
        let post = format!("---\ntitle: Slow rivers\ndate: 2026-03-01\n---\n\n{body}");
        std::fs::write(path.join("posts/2026-03-01-slow-rivers.md"), post).unwrap();
        let readers: String = (0..case.messages).map(|n| format!("reader{n}@reader.test\n")).collect();
        std::fs::write(path.join("readers.csv"), format!("email\n{readers}")).unwrap();
        if case.store.is_some() {
            run(&mut tidings(&["check", "--yes"]));
        }
        run(&mut tidings(&["subscribers", "import", path.join("readers.csv").to_str().unwrap()]));
        run(&mut tidings(&["publish", "--dry-run"]));
        let size = std::fs::read(path.join("preview/issue-1.eml")).unwrap().len();
        Self { messages: case.messages, size, folder, state }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Freezes the issue, and sends one message of it.
    pub(crate) fn freeze(&self) {
        let output = self.tidings().args(["--limit", "1"]).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{output:?}");
    }

    pub(crate) fn publish(&self) -> Usage {
        usage(&mut self.tidings(), self.messages)
    }

    /// Delivers what is frozen.
    pub(crate) fn deliver(&self) -> Usage {
        usage(&mut tidings(self.folder.path(), self.state.path(), &["deliver"]), self.messages)
    }

    fn tidings(&self) -> Command {
        tidings(self.folder.path(), self.state.path(), &["publish", "--yes"])
    }
}

fn tidings(folder: &Path, state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.arg("-C").arg(folder).args(["--now", NOW]).args(arguments);
    command.env("XDG_STATE_HOME", state);
    command
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Runs a command that must end well, under `time` where that is installed.
pub(crate) fn usage(command: &mut Command, messages: usize) -> Usage {
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["-f", "%U %S %M"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        timed.env(name, value.unwrap_or_default());
    }
    let start = Instant::now();
    let output = timed.stdin(Stdio::null()).output().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let numbers: Vec<f64> =
        said.lines().last().unwrap_or_default().split(' ').filter_map(|number| number.parse().ok()).collect();
    let [user, system, kilobytes] = numbers.try_into().unwrap();
    Usage { seconds, processor: (user + system) * 1e6 / messages as f64, megabytes: kilobytes / 1024.0 }
}
