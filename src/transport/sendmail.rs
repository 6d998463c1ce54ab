//! A program that takes a message on its standard input, such as the `sendmail` of Postfix and Exim, or msmtp. It is
//! started directly: no shell ever sees an address.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use super::error::TransportError;
use super::scheme::{Connection, Leads, Letter, OneByOne, Scheme, Transport};
use super::smtp::one_line;
use crate::model::Outcome;

/// `sendmail:PROGRAM`
pub(super) const SENDMAIL: Scheme = Scheme {
    name: "sendmail",
    example: "sendmail:",
    leads: Leads::Program {
        usual: "/usr/sbin/sendmail",
        new: |program, site, timeout| Arc::new(Sendmail::new(program, site, timeout)),
    },
};

/// Of what the program complains about, this many bytes are kept.
const COMPLAINT_BYTES: usize = 10_000;

/// How long to read complaints after the program has ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Pipes messages into a program.
#[derive(Debug, Clone)]
struct Sendmail {
    /// As it stands in the config, for messages.
    name: String,
    program: PathBuf,
    deadline: Duration,
}

/// A running program. The order of the fields is the order in which they are dropped: the program must be killed before
/// its input ends, or it would take half a message for a whole one.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
}

impl Sendmail {
    fn new(program: &str, site: &Path, timeout: u32) -> Self {
        // A bare name is looked up in PATH, anything else starts at the site.
        let path = if program.contains('/') { site.join(program) } else { program.into() };
        Self { name: program.to_owned(), program: path, deadline: Duration::from_secs(timeout.into()) * 2 }
    }

    /// Finds out early that there is no such program; one without a path is looked for when it is started.
    fn open(&self) -> Result<Self, TransportError> {
        let is_path = self.program.components().count() > 1;
        match self.program.metadata() {
            Err(error) if is_path => {
                Err(TransportError::Program { program: self.name.clone(), reason: error.to_string() })
            }
            _ => Ok(self.clone()),
        }
    }

    async fn run(&self, letter: &Letter, message: &[u8]) -> Outcome {
        let mut running = match self.start(letter) {
            Ok(running) => running,
            Err(error) => return Outcome::Refused(format!("cannot start {}: {error}", self.name)),
        };
        let text = unix_lines(message);
        match timeout(self.deadline, running.feed(&text)).await {
            Ok(Ok((written, status, complaint))) => self.judge(letter, written, status, &complaint),
            Ok(Err(error)) => Outcome::InDoubt(format!("{}: {error}", self.name)),
            Err(_) => {
                let reason = format!("{} did not end in time", self.name);
                // Its input ends after the last byte of the message only.
                if running.input.is_none() { Outcome::InDoubt(reason) } else { Outcome::Deferred(reason) }
            }
        }
    }

    fn start(&self, letter: &Letter) -> io::Result<Running> {
        let mut command = Command::new(&self.program);
        command.args(["-i", "-f", letter.from.as_str(), "--", letter.to.as_str()]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        // Ctrl-C on the terminal asks us to finish what is in flight, and this is.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let input = child.stdin.take();
        Ok(Running { child, input })
    }

    /// The exit statuses of sysexits.h, which every sendmail follows.
    fn judge(&self, letter: &Letter, written: bool, status: ExitStatus, complaint: &str) -> Outcome {
        let reason = if complaint.is_empty() {
            format!("{}: {status}", self.name)
        } else {
            format!("{}: {complaint} ({status})", self.name)
        };
        match status.code() {
            Some(0) if written => Outcome::Sent(format!("taken by {}", self.name)),
            Some(0) => Outcome::InDoubt(format!("{} did not read the whole message", self.name)),
            // EX_NOUSER is about this reader; EX_DATAERR is too when that is said (msmtp ends so when a server takes the reader or
            // the sender not), else it may be about every message.
            Some(67) => Outcome::Failed(reason),
            Some(65) if complaint.replace(letter.from.as_str(), "").contains(letter.to.as_str()) => {
                Outcome::Failed(reason)
            }
            // EX_USAGE, EX_OSFILE, EX_NOPERM and EX_CONFIG are about this machine or account.
            Some(64 | 72 | 77 | 78) => Outcome::Refused(reason),
            // Killed: it may have done its work before.
            None if written => Outcome::InDoubt(reason),
            // 75 is EX_TEMPFAIL; the others say that it failed, but not that trying again is useless.
            Some(_) | None => Outcome::Deferred(reason),
        }
    }
}

#[async_trait]
impl Transport for Sendmail {
    async fn connect(&self) -> Result<Box<dyn Connection>, TransportError> {
        Ok(Box::new(self.open()?))
    }

    fn describe(&self) -> String {
        format!("the program {}", self.name)
    }
}

#[async_trait]
impl OneByOne for Sendmail {
    async fn deliver(&mut self, letter: &Letter, message: &[u8]) -> Outcome {
        self.run(letter, message).await
    }
}

impl Running {
    /// Writes the message and waits for the end: whether all of it was read, the exit status, the first complaint.
    async fn feed(&mut self, text: &[u8]) -> io::Result<(bool, ExitStatus, String)> {
        let Self { child, input } = self;
        let mut errors = child.stderr.take();
        let mut bytes = Vec::new();
        let run = async {
            let written = match input {
                Some(pipe) => pipe.write_all(text).await.is_ok() && pipe.flush().await.is_ok(),
                None => false,
            };
            *input = None;
            child.wait().await.map(|status| (written, status))
        };
        // Read all the time: a program with much to say would otherwise wait for us while we wait for it.
        let listen = async {
            if let Some(errors) = &mut errors {
                while errors.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {
                    bytes.truncate(COMPLAINT_BYTES);
                }
            }
            pending::<Infallible>().await
        };
        let (written, status) = tokio::select! {
            ended = run => ended?,
            never = listen => match never {},
        };
        if let Some(errors) = errors {
            // The last words. A child of the program may hold the pipe open, so not until its end.
            let _ = timeout(LAST_WORDS, errors.take(COMPLAINT_BYTES as u64).read_to_end(&mut bytes)).await;
        }
        let text = String::from_utf8_lossy(&bytes);
        Ok((written, status, one_line(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default())))
    }
}

/// A program on this machine expects the line ends of this machine.
fn unix_lines(message: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(message.len());
    for (at, &byte) in message.iter().enumerate() {
        if !(byte == b'\r' && message.get(at + 1) == Some(&b'\n')) {
            text.push(byte);
        }
    }
    text
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::scheme::send;
    use super::*;
    use crate::files::{Access, FileKind, Folder};

    /// Does what the first word of the recipient says.
    const PROGRAM: &str = r#"#!/bin/sh
printf '%s\n' "$@" > "$0.arguments"
case "$5" in
full-*) exec < /dev/null; echo 'disk full' >&2; exit 75 ;;
deaf-*) exec < /dev/null; exit 0 ;;
hang-*) cat > /dev/null; exec sleep 60 ;;
stop-*) exec sleep 60 ;;
talk-*) head -c 300000 /dev/zero >&2 ;;
dead-*) cat > /dev/null; kill -9 $$ ;;
esac
cat > "$0.input"
case "$5" in
none-*) printf '\nno such user\nbye\n' >&2; exit 67 ;;
odd-*) exit 1 ;;
who-*) echo "recipient address $5 not accepted by the server" >&2; exit 65 ;;
from-*) echo "envelope from address $3 not accepted by the server" >&2; exit 65 ;;
esac
"#;

    fn word(outcome: &Outcome) -> &'static str {
        match outcome {
            Outcome::Sent(_) => "sent",
            Outcome::Deferred(_) => "deferred",
            Outcome::Failed(_) => "failed",
            Outcome::InDoubt(_) => "in doubt",
            Outcome::Refused(_) => "refused",
        }
    }

    // One test: a script must not be written in one thread while another starts a program ("text file busy").
    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "makes a program")]
    async fn the_exit_status_decides() {
        use std::os::unix::fs::PermissionsExt as _;
        let site = tempfile::tempdir().unwrap();
        let program = site.path().join("program");
        let folder = Folder::new(site.path());
        folder.write_new("program", PROGRAM.as_bytes(), Access::Public).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut sendmail = Sendmail::new("./program", site.path(), 10);
        let from = Arc::new("-news@example.org".parse().unwrap());
        let run = async |sendmail: &Sendmail, to: &str, message: &[u8]| {
            let to = format!("{to}@example.org").parse().unwrap();
            let letter =
                Letter { number: 1, from: Arc::clone(&from), to, envelope_id: None, name: "issue-1-00001".into() };
            send(&mut sendmail.clone(), letter, message).await
        };

        let message = b"Subject: x\r\n\r\n.\r\nx\r\n";
        let hostile = "-oX$x`x`|y&z'w";
        assert_eq!(run(&sendmail, hostile, message).await, Outcome::Sent("taken by ./program".into()));
        assert_eq!(folder.read("program.input", FileKind::Memory).unwrap(), b"Subject: x\n\n.\nx\n");
        let arguments = String::from_utf8(folder.read("program.arguments", FileKind::Memory).unwrap()).unwrap();
        assert_eq!(arguments, format!("-i\n-f\n-news@example.org\n--\n{hostile}@example.org\n"));

        let large = vec![b'x'; 1_000_000];
        for (to, message, outcome) in [
            ("none-", message.as_slice(), "failed"),
            ("full-", message, "deferred"),
            ("odd-", message, "deferred"),
            ("who-", message, "failed"),
            ("from-", message, "deferred"),
            ("talk-", &large, "sent"),
            ("deaf-", &large, "in doubt"),
            ("dead-", message, "in doubt"),
        ] {
            let found = run(&sendmail, to, message).await;
            assert_eq!(word(&found), outcome, "{to}: {found:?}");
            if to == "none-" {
                assert!(matches!(&found, Outcome::Failed(text) if text.contains("no such user")), "{found:?}");
            }
        }

        sendmail.deadline = Duration::from_millis(200);
        assert_eq!(word(&run(&sendmail, "hang-", message).await), "in doubt", "it has the whole message");
        assert_eq!(word(&run(&sendmail, "stop-", &large).await), "deferred", "it never saw the end");

        let missing = Sendmail::new("./missing", site.path(), 10);
        assert_eq!(word(&run(&missing, "ada", message).await), "refused");
    }
}
