//! A site in a folder of its own, and the program run in it as a user would: an empty environment, a fixed time.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::postgres::postgres;

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn new(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The result as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Fails the test unless the command ended with this code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

thread_local! {
    static IS_AT_SERVER: Cell<bool> = const { Cell::new(false) };
}

/// Runs a story in which each site has its database at a server.
pub(crate) fn at_server(story: impl FnOnce()) {
    IS_AT_SERVER.set(true);
    story();
    IS_AT_SERVER.set(false);
}

/// A site that is gone when the test ends.
pub(crate) struct TestSite {
    folder: tempfile::TempDir,
    /// `XDG_STATE_HOME`: another machine or user has another one.
    state: tempfile::TempDir,
    /// Whether `publish` and `deliver` are run with `--yes`.
    is_agreed_to: bool,
}

impl TestSite {
    /// A site with a configuration for `transport`, no posts and no readers. What it wants for sending is agreed to.
    pub(crate) fn new(transport: &str) -> Self {
        keep_in_memory();
        let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let site = Self { folder, state, is_agreed_to: true };
        site.write(
            "config.toml",
            &format!(
                "[site]\ntitle = \"Four Minutes\"\nurl = \"https://example.org\"\nauthor = \"Ada Quill\"\n\
                 [newsletter]\nfrom = \"Ada Quill <ada@news.example.org>\"\nstart = 2026-01-01\n\
                 postal_address = \"Harbour Lane 4, Kiel\"\n\
                 unsubscribe = [\"https://news.example.org/u/{{token}}\", \"mailto:leave@news.example.org\"]\n\
                 [mail]\ntransport = \"{transport}\"\ntimeout = 20\n"
            ),
        );
        std::fs::create_dir(site.path().join("posts")).unwrap();
        if let Some(server) = postgres().filter(|_| IS_AT_SERVER.get()) {
            site.configure("store", &format!("url = \"{}\"", server.schema()));
            site.run("2026-01-01T08:00:00Z", &["check", "--yes"]);
        }
        site
    }

    /// A site that its owner has agreed to nothing for.
    pub(crate) fn of_a_stranger(transport: &str) -> Self {
        Self { is_agreed_to: false, ..Self::new(transport) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `XDG_STATE_HOME`
    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A file with these permissions, such as `0o600`.
    #[cfg(unix)]
    pub(crate) fn write_with_mode(&self, name: &str, text: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        self.write(name, text);
        std::fs::set_permissions(self.file(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn read_bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).unwrap()
    }

    /// Replaces a text in a file, which must be there.
    #[track_caller]
    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{name} has no {old:?}");
        self.write(name, &text.replace(old, new));
    }

    /// Adds lines to a section of config.toml.
    pub(crate) fn configure(&self, section: &str, lines: &str) {
        let text = self.read("config.toml");
        let header = format!("[{section}]\n");
        let text = if text.contains(&header) {
            text.replace(&header, &format!("{header}{lines}\n"))
        } else {
            format!("{text}{header}{lines}\n")
        };
        self.write("config.toml", &text);
    }

    /// A post dated `day`, named after the day and its title.
    pub(crate) fn post(&self, day: &str, title: &str) -> String {
        let name = format!("posts/{day}-{}.md", title.to_lowercase().replace(' ', "-"));
        self.write(
            &name,
            &format!(
                "---\ntitle: {title}\ndate: {day}\n---\n\nThis is what {title} has to say, and it takes its time.\n"
            ),
        );
        name
    }

    /// Readers `r1@reader.test` to `rN@reader.test`.
    pub(crate) fn readers(&self, count: usize) {
        let rows: String = (1..=count).map(|n| format!("r{n}@reader.test\n")).collect();
        self.write("readers.csv", &format!("email\n{rows}"));
        self.run("2026-01-01T08:00:00Z", &["subscribers", "import", self.file("readers.csv").to_str().unwrap()])
            .exits(0);
        std::fs::remove_file(self.file("readers.csv")).unwrap();
    }

    pub(crate) fn command(&self, now: &str, arguments: &[&str]) -> Command {
        self.command_at(self.path(), now, arguments)
    }

    /// A command on this machine for the site at another place.
    pub(crate) fn command_at(&self, place: &Path, now: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
        command
            .arg("-C")
            .arg(place)
            .args(arguments)
            .current_dir("/")
            .env_clear()
            .env("TIDINGS_NOW", now)
            .env("XDG_STATE_HOME", self.state.path())
            .stdin(Stdio::null());
        let sends = matches!(arguments.first(), Some(&("publish" | "deliver" | "serve")));
        if self.is_agreed_to && sends && !arguments.contains(&"--yes") {
            command.arg("--yes");
        }
        command
    }

    pub(crate) fn run(&self, now: &str, arguments: &[&str]) -> Run {
        Run::new(&self.command(now, arguments).output().unwrap())
    }

    /// Runs a command on a terminal of its own and types `answers`; what it prints is in `stdout`. `None` without such a
    /// terminal.
    #[cfg(unix)]
    pub(crate) fn on_a_terminal(&self, now: &str, arguments: &[&str], answers: &str) -> Option<Run> {
        let script = Path::new("/usr/bin/script");
        if !script.exists() {
            missing("script (Debian: bsdutils)");
            return None;
        }
        let inner = self.command(now, arguments);
        let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap());
        let words = std::iter::once(inner.get_program()).chain(inner.get_args());
        let line = words.map(quoted).collect::<Vec<_>>().join(" ");
        let mut command = Command::new(script);
        command.args(["-qec", &line, "/dev/null"]).env_clear().env("TIDINGS_NOW", now).env("SHELL", "/bin/sh");
        command.env("XDG_STATE_HOME", self.state.path()).env("NO_COLOR", "1").env("TERM", "xterm");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
        Some(end_of(child))
    }

    /// Starts a command without waiting for it.
    pub(crate) fn start(&self, now: &str, arguments: &[&str]) -> Child {
        self.command(now, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Every file of the site with its bytes, but for folders that begin with one of `but`.
    pub(crate) fn snapshot(&self, but: &[&str]) -> BTreeMap<String, Vec<u8>> {
        let all = tidings::files::Folder::new(self.path()).list("", &|_| true).unwrap();
        let kept = all.into_iter().filter(|name| !but.iter().any(|but| name.starts_with(but)));
        kept.map(|name| (name.clone(), std::fs::read(self.file(&name)).unwrap())).collect()
    }

    /// The names of the messages in the outbox.
    pub(crate) fn outbox(&self) -> Vec<String> {
        tidings::files::Folder::new(&self.file("outbox")).list("", &|_| true).unwrap_or_default()
    }

    /// `status --json`.
    pub(crate) fn status(&self) -> Value {
        self.run("2026-12-31T00:00:00Z", &["status", "--json"]).exits(0).json()
    }

    /// The deliveries that are not sent: state by address.
    pub(crate) fn not_sent(&self) -> BTreeMap<String, String> {
        let shown = self.run("2026-12-31T00:00:00Z", &["runs", "show", "--json"]).exits(0).json();
        let rows = shown["not_sent"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| (row["address"].as_str().unwrap().to_owned(), row["state"].as_str().unwrap().to_owned()))
            .collect()
    }
}

/// From here on the folders of tests are in memory, where that has room for them and `TMPDIR` says nothing else: on a disk a
/// third of the time of the tests is `fsync`, whose use shows only when the power fails.
fn keep_in_memory() {
    const FOLDER: &str = "/dev/shm";
    const KIBIBYTES: u64 = 1 << 20;
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mounted = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|words| words[1] == FOLDER);
    let is_roomy = |options: &str| {
        let size = options.split(',').find_map(|option| option.strip_prefix("size=")?.strip_suffix('k'));
        !options.contains("noexec") && size.is_none_or(|size| size.parse().is_ok_and(|size: u64| size >= KIBIBYTES))
    };
    if std::env::var_os("TMPDIR").is_none() && mounted.is_some_and(|words| is_roomy(words[3])) {
        // Only the first call of a process does something.
        let _ = tempfile::env::override_temp_dir(Path::new(FOLDER));
    }
}

/// Runs a test on every row of a table at once, for tests that wait more than they compute.
pub(crate) fn at_once<T: Sync>(rows: &[T], test: impl Fn(&T) + Sync) {
    let (is_at_server, test) = (IS_AT_SERVER.get(), &test);
    std::thread::scope(|scope| {
        for row in rows {
            scope.spawn(move || {
                IS_AT_SERVER.set(is_at_server);
                test(row);
            });
        }
    });
}

/// Waits for a command that was started.
pub(crate) fn end_of(child: Child) -> Run {
    Run::new(&child.wait_with_output().unwrap())
}

/// Whether tests take inputs of full size, as `TIDINGS_TEST_ALL` asks for.
pub(crate) fn is_all_tested() -> bool {
    std::env::var_os("TIDINGS_TEST_ALL").is_some()
}

/// How often a test kills the program: as often as `TIDINGS_TEST_KILLS` says, else as its two sizes do.
pub(crate) fn kills(few: usize, many: usize) -> usize {
    let wanted = std::env::var("TIDINGS_TEST_KILLS").ok().map(|kills| kills.parse().expect("a number of kills"));
    wanted.unwrap_or(if is_all_tested() { many } else { few })
}

/// What a test does without a program that it needs: with `TIDINGS_TEST_ALL` it fails, else it says that it did nothing.
#[expect(clippy::explicit_write, reason = "the harness hides what `eprintln` says in a test that passes")]
pub(crate) fn missing(what: &str) {
    assert!(!is_all_tested(), "TIDINGS_TEST_ALL is set, but there is no {what}");
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    writeln!(io::stderr(), "\nSKIPPED, there is no {what}: {name}").unwrap();
}
