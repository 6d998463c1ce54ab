//! How a message leaves: through an SMTP server, into a folder, or through a program.
//!
//! The invariant of this room: an [`Outcome`] never says more than is known. `Sent` and `Failed` are words of the
//! receiver; `Deferred` means that the message cannot be complete anywhere; all else is `InDoubt` (RFC 1047).
//! A transport is one file and its line in `SCHEMES`; nothing outside of that file knows which one is in use.

mod agent;
mod error;
mod hub;
mod live;
mod one_click;
mod outbox;
mod public;
mod sendmail;
mod smtp;
mod target;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::config::Mail;
use crate::files::Folder;
use crate::model::{EmailAddress, Outcome};

pub use error::TransportError;
pub use hub::Hubs;
pub use live::{dead, not_live};
pub use one_click::{NoClick, one_click};
pub use target::{Security, Server, Target, check};

/// Every scheme of `mail.transport`, in the order in which help texts name them.
const SCHEMES: &[Scheme] = &[outbox::OUTBOX, smtp::SMTPS, smtp::SMTP, sendmail::SENDMAIL];

/// A transport, or why there is none.
type Made = Result<Arc<dyn Transport>, TransportError>;

/// One scheme of `mail.transport`.
struct Scheme {
    /// What comes before the colon.
    name: &'static str,
    /// How a value may be written, for help texts.
    example: &'static str,
    leads: Leads,
}

/// What a scheme leads to, and what makes the transport. `timeout` is in seconds.
enum Leads {
    Folder(fn(folder: &str, site: &Folder) -> Arc<dyn Transport>),
    Program {
        /// The program when none is named.
        usual: &'static str,
        new: fn(program: &str, site: &Path, timeout: u32) -> Arc<dyn Transport>,
    },
    Server {
        /// The usual port and the protection; the argument says whether the server may be taken unencrypted, being on this
        /// machine.
        protection: fn(bool) -> (u16, Security),
        new: fn(Server, Option<SecretString>, timeout: u32) -> Made,
    },
}

/// The transport that the config names. Has no effect yet: [`Transport::connect`] is the first to have one. Relative paths
/// start at the folder `site`.
///
/// # Errors
/// [`TransportError::PasswordMissing`] when a login needs a password and there is none; [`TransportError::Setting`] when
/// [`check`] finds fault with it.
pub fn new(mail: &Mail, site: &Folder, password: Option<SecretString>) -> Made {
    let (url, timeout) = (&mail.transport, mail.timeout);
    match target::scheme(url)?.leads {
        Leads::Folder(new) => Ok(new(&target::folder(url)?, site)),
        Leads::Program { usual, new } => Ok(new(&target::program(url, usual), site.path(), timeout)),
        Leads::Server { protection, new } => new(target::server(url, protection)?, password, timeout),
    }
}

/// A way for messages to leave.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync {
    /// A connection that is ready for messages: for SMTP connected, encrypted, greeted and logged in, each step with
    /// a deadline. May be called several times for several connections at once.
    ///
    /// # Errors
    /// What stood in the way; [`TransportError::is_temporary`] says whether waiting may help.
    async fn connect(&self) -> Result<Box<dyn Connection>, TransportError>;

    /// The transport for people, such as `smtps://mail.example.org:465` or `the folder outbox`: no user, no secret.
    fn describe(&self) -> String;

    /// True when writing the same message twice leaves one copy: a delivery in doubt may simply be repeated.
    fn deduplicates(&self) -> bool {
        false
    }
}

/// From whom and to whom a message travels (RFC 5321 §2.3.1), and what it is called where it becomes a file.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The reverse-path: where bounces go.
    pub from: &'a EmailAddress,
    /// The one recipient.
    pub to: &'a EmailAddress,
    /// The delivery's name, for example `issue-1-00042`.
    pub name: &'a str,
}

/// A way out that is open: carries one message after the other.
#[async_trait]
pub trait Connection: Send + Sync {
    /// All that comes before the content can be complete: MAIL and RCPT.
    ///
    /// # Errors
    /// What became of this try (`Deferred`, `Failed` or `Refused`). The connection may live on, see
    /// [`Connection::is_open`].
    async fn begin(&mut self, _envelope: &Envelope<'_>) -> Result<(), Outcome> {
        Ok(())
    }

    /// The content and its end, after [`Connection::begin`] succeeded. The caller has recorded the delivery as
    /// `sending` on disk before it calls this.
    async fn finish(&mut self, envelope: &Envelope<'_>, message: &[u8]) -> Outcome;

    /// Takes back [`Connection::begin`], when the reader has left meanwhile.
    async fn cancel(&mut self) {}

    /// False after a lost connection, a passed deadline or a 421: the caller connects anew.
    fn is_open(&self) -> bool {
        true
    }

    /// Says goodbye, but does not wait long for the answer.
    async fn close(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, TransportUrl};

    fn transport(url: &str, password: Option<&str>) -> Result<Arc<dyn Transport>, TransportError> {
        let text = format!("[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n[mail]\ntransport = '{url}'\n");
        let config = config::parse_with("config.toml", &text, check).unwrap();
        new(&config.mail, &Folder::new(Path::new("/site")), password.map(SecretString::from))
    }

    #[test]
    fn a_transport_is_described_without_its_user() {
        let describe = |url: &str| transport(url, Some("secret")).unwrap().describe();
        assert_eq!(describe("smtps://ada@mail.example.org"), "smtps://mail.example.org:465");
        assert_eq!(describe("smtp://[::1]:2525"), "smtp://[::1]:2525");
        assert_eq!(describe("outbox:outbox"), "the folder outbox");
        assert_eq!(describe("sendmail:"), "the program /usr/sbin/sendmail");
        assert!(!format!("{:?}", transport("smtps://ada@mail.example.org", Some("secret"))).contains("secret"));
    }

    #[test]
    fn a_user_without_a_password_is_an_error_before_anything_happens() {
        let error = transport("smtps://ada@mail.example.org", None).unwrap_err();
        assert!(matches!(error, TransportError::PasswordMissing), "{error:?}");
        assert!(error.help().unwrap().contains("password_env"));
        assert!(transport("smtps://mail.example.org", None).is_ok(), "nobody logs in here");
    }

    #[test]
    fn only_the_outbox_keeps_one_copy_of_a_repeated_message() {
        let deduplicates = |url: &str| transport(url, None).unwrap().deduplicates();
        assert!(deduplicates("outbox:outbox"));
        assert!(!deduplicates("smtp://127.0.0.1:2525"));
        assert!(!deduplicates("sendmail:"));
    }

    #[test]
    fn a_password_never_stands_in_the_config() {
        let text = "[site]\ntitle = 'a'\nurl = 'https://example.org'\n[mail]\ntransport = 'smtps://ada:secret@mail.example.org'\n";
        let problems = config::parse_with("config.toml", text, check).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.contains("contains a password") && !format!("{problems:?}").contains("secret"));
    }

    #[test]
    fn smtp_is_plain_only_on_this_machine() {
        let security = |url: &str| match Target::of(&TransportUrl::new(url)) {
            Ok(Target::Server(Server { security, port, .. })) => (security, port),
            other => panic!("{other:?}"),
        };
        assert_eq!(security("smtp://127.0.0.1:2525"), (Security::Loopback, 2525));
        assert_eq!(security("smtp://[::1]:2525"), (Security::Loopback, 2525));
        assert_eq!(security("smtp://localhost:2525?tls=required"), (Security::StartTls, 2525));
        assert_eq!(security("smtp://mail.example.org"), (Security::StartTls, 587));
        assert_eq!(security("smtps://ada%40example.org@mail.example.org"), (Security::Implicit, 465));
    }
}
