//! The program `git`, run so that a repository can neither start a program nor keep us waiting. Its history is read through
//! a stand-in for the repository: what `.git/config` says, and much there names programs, is not even read for that.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::place::is_program;

/// How long git may take for everything; a repository of 100,000 commits takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes the place of git with the room that it may use, in KiB: a dozen objects can name ten thousand million files, and
/// git gathers what a commit names before it says any of it.
#[cfg(unix)]
const WITH_LIMIT: &str = "ulimit -v 1048576 2>/dev/null; exec \"$0\" \"$@\"";

/// So many bytes it may say: the paths of about a million files.
const MOST: u64 = 64 * 1024 * 1024;

/// Why the history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no such program.
    #[error("there is no program `git` in the folders of PATH")]
    Missing,
    /// It cannot be run.
    #[error("git cannot be run: {0}")]
    NotRun(#[from] io::Error),
    /// It says so itself.
    #[error("{0}")]
    Refused(String),
    /// The folder is not in a repository.
    #[error("the posts are in no git repository")]
    NoRepository,
    /// git opens no repository that belongs to another user of the machine (`safe.directory`).
    #[error("git refuses, because the repository in {} belongs to another user of this machine", .0.display())]
    NotYours(PathBuf),
    /// Only the last commits are there: they would date every file.
    #[error("this copy of the repository does not hold its whole history")]
    Shallow,
    /// Longer than a repository of posts takes.
    #[error("git took longer than half a minute and was ended")]
    TooSlow,
    /// More than a repository of posts holds.
    #[error("the history is too large: git may use 1 GB of memory and name 64 MB of paths")]
    TooMuch,
}

impl HistoryError {
    /// How to mend it: an imperative that can be followed as it stands.
    pub fn help(&self) -> String {
        match self {
            Self::Shallow => "fetch all of it: `git fetch --unshallow`".to_owned(),
            Self::NotYours(top) => {
                format!("if you trust it: `git config --global --add safe.directory '{}'`", top.display())
            }
            _ => "remove `posts.date` from config.toml, and write a `date:` into each post".to_owned(),
        }
    }
}

/// A repository that git itself was willing to open.
pub(super) struct Repository {
    program: PathBuf,
    /// What git takes for the repository: see [`Repository::open`].
    stand_in: tempfile::TempDir,
    objects: PathBuf,
    head: String,
    deadline: Instant,
}

impl Repository {
    /// Opens the repository whose `.git` stands in `top`, a path without links, with a git that is not below one of `not_from`.
    ///
    /// `rev-parse` reads the configuration of the repository and starts nothing; from it comes where the objects are, and
    /// the verdict on whose repository this is (`safe.directory`). The stand-in shares the objects and has a configuration of
    /// ours.
    pub(super) fn open(top: &Path, not_from: &[&Path]) -> Result<Self, HistoryError> {
        let deadline = Instant::now() + PATIENCE;
        let program = program(not_from).ok_or(HistoryError::Missing)?;
        let mut command = hardened(&program);
        // A folder that only looks like a repository without work tree is none, here or further up.
        command.args(["-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null"]);
        command.arg("-C").arg(top);
        if let Some(above) = top.parent() {
            command.env("GIT_CEILING_DIRECTORIES", above);
        }
        command.args(["rev-parse", "--path-format=absolute", "--is-shallow-repository", "--show-object-format"]);
        command.args(["--git-common-dir", "--verify", "--quiet", "HEAD"]);
        let said = run(command, deadline).map_err(|error| match error {
            HistoryError::Refused(said) if said.contains("dubious ownership") => HistoryError::NotYours(top.to_owned()),
            other => other,
        })?;
        let unknown = || HistoryError::Refused("this git is older than 2.31".to_owned());
        let (is_shallow, rest) = cut(&said).ok_or_else(unknown)?;
        let (format, rest) = cut(rest).ok_or_else(unknown)?;
        let rest = rest.strip_suffix(b"\n").ok_or_else(unknown)?;
        let end = rest.iter().rposition(|byte| *byte == b'\n').ok_or_else(unknown)?;
        let (folder, head) = (&rest[..end], String::from_utf8_lossy(&rest[end + 1..]).into_owned());
        let is_format = format.iter().all(u8::is_ascii_alphanumeric);
        if !is_format || head.is_empty() || !head.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(unknown());
        }
        match is_shallow {
            b"false" => {}
            b"true" => return Err(HistoryError::Shallow),
            _ => return Err(unknown()),
        }
        let stand_in = stand_in(&String::from_utf8_lossy(format), &head)?;
        Ok(Self { program, stand_in, objects: path_of(folder)?.join("objects"), head, deadline })
    }

    /// What `git log` with these arguments says about all commits that lead to the present one.
    pub(super) fn log(&self, arguments: &[&OsStr]) -> Result<Vec<u8>, HistoryError> {
        let mut command = hardened(&self.program);
        let home = self.stand_in.path();
        command.env("GIT_DIR", home).env("GIT_OBJECT_DIRECTORY", &self.objects).env("GIT_CONFIG_NOSYSTEM", "1");
        // Nor does the configuration of the user count, such as `log.showSignature`; versions before 2.32 look for it there.
        command.env("GIT_CONFIG_GLOBAL", home.join("none")).env("HOME", home).env("XDG_CONFIG_HOME", home);
        command.current_dir(home).args([
            "log",
            "--no-show-signature",
            "--no-textconv",
            "--no-ext-diff",
            "--no-mailmap",
        ]);
        command.args(arguments).arg(&self.head).arg("--");
        run(command, self.deadline)
    }
}

/// A repository without objects, configured by us, that is at the commit `head`.
fn stand_in(format: &str, head: &str) -> io::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("tidings-git-").tempdir()?;
    for name in ["objects", "refs"] {
        std::fs::create_dir(folder.path().join(name))?;
    }
    let (version, extensions) = match format {
        "sha1" => (0, String::new()),
        other => (1, format!("[extensions]\nobjectFormat = {other}\n")),
    };
    // Large packs are looked at through windows that fit into the limit.
    let windows = "packedGitWindowSize = 32m\npackedGitLimit = 256m\n";
    let config = format!("[core]\nrepositoryFormatVersion = {version}\nbare = true\n{windows}{extensions}");
    std::fs::write(folder.path().join("config"), config)?;
    std::fs::write(folder.path().join("HEAD"), format!("{head}\n"))?;
    Ok(folder)
}

/// The `git` of the machine: the first one in a folder that `PATH` names in full and that is not below one of `not_from`.
/// Left to the system, the search would also take a folder of the site for one, such as `node_modules/.bin`.
fn program(not_from: &[&Path]) -> Option<PathBuf> {
    // Without the variable, the system's own search looks there.
    let folders = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    let name = format!("git{}", std::env::consts::EXE_SUFFIX);
    let is_foreign = |folder: &Path| {
        std::fs::canonicalize(folder).is_ok_and(|real| not_from.iter().any(|other| real.starts_with(other)))
    };
    std::env::split_paths(&folders)
        .filter(|folder| folder.is_absolute() && !is_foreign(folder))
        .map(|folder| folder.join(&name))
        .find(|path| is_program(path))
}

#[cfg(unix)]
fn limited(program: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", WITH_LIMIT]).arg(program);
    command
}

#[cfg(not(unix))]
fn limited(program: &Path) -> Command {
    Command::new(program)
}

/// git without anything that the environment tells it, without questions, pager, network and writes.
fn hardened(program: &Path) -> Command {
    let mut command = limited(program);
    let ours = |name: &OsString| name.to_string_lossy().to_ascii_uppercase().starts_with("GIT_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    for (name, value) in [
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_NO_LAZY_FETCH", "1"),
        // For versions before 2.45, which do not know the line above: no way to fetch is allowed.
        ("GIT_ALLOW_PROTOCOL", ""),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_ATTR_NOSYSTEM", "1"),
        ("GIT_PAGER", "cat"),
        ("LC_ALL", "C"),
    ] {
        command.env(name, value);
    }
    command.arg("--no-pager");
    command
}

/// What a command says. It is ended when it takes too long or says too much.
fn run(mut command: Command, deadline: Instant) -> Result<Vec<u8>, HistoryError> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (said, complaint) = (child.stdout.take(), child.stderr.take());
    let (said, complaint) = (collect(said), collect(complaint));
    let read = until(deadline, &said).and_then(|said| Ok((said, until(deadline, &complaint)?)));
    let (said, complaint) = match read {
        Ok((said, complaint)) if said.len().max(complaint.len()) as u64 > MOST => {
            return end(child, HistoryError::TooMuch);
        }
        Ok(read) => read,
        Err(error) => return end(child, error),
    };
    // Both of its outputs have ended; it is about to.
    if child.wait()?.success() {
        return Ok(said);
    }
    let complaint = String::from_utf8_lossy(&complaint);
    let first = complaint.lines().next().unwrap_or("there is no commit yet").trim_start_matches("fatal: ");
    Err(if first.contains("ut of memory") { HistoryError::TooMuch } else { HistoryError::Refused(first.to_owned()) })
}

fn end<T>(mut child: Child, error: HistoryError) -> Result<T, HistoryError> {
    child.kill()?;
    child.wait()?;
    Err(error)
}

/// Reads a pipe in a thread of its own, up to one byte more than there may be.
fn collect(pipe: Option<impl Read + Send + 'static>) -> Receiver<io::Result<Vec<u8>>> {
    let (done, is_done) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.map_or(Ok(0), |pipe| pipe.take(MOST + 1).read_to_end(&mut bytes));
        let _ = done.send(read.map(|_| bytes));
    });
    is_done
}

fn until(deadline: Instant, pipe: &Receiver<io::Result<Vec<u8>>>) -> Result<Vec<u8>, HistoryError> {
    match pipe.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(read) => Ok(read?),
        Err(RecvTimeoutError::Timeout) => Err(HistoryError::TooSlow),
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
    }
}

/// The first line, and what follows.
fn cut(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "on other systems not every name is a path")]
fn path_of(bytes: &[u8]) -> Result<PathBuf, HistoryError> {
    Ok(PathBuf::from(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes)))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> Result<PathBuf, HistoryError> {
    let text = std::str::from_utf8(bytes).map_err(|error| HistoryError::Refused(error.to_string()))?;
    Ok(PathBuf::from(text))
}
