//! How a message leaves: through an SMTP server, into a folder, or through a program.
//!
//! The invariant of this room: an [`Outcome`] never says more than is known. `Sent` and `Failed` are words of the
//! receiver; `Deferred` means that the message cannot be complete anywhere; all else is `InDoubt` (RFC 1047).
//! A transport is one variant here and one file; nothing outside of this room knows which one is in use.

mod agent;
mod error;
mod hub;
mod live;
mod one_click;
mod outbox;
mod public;
mod sendmail;
mod smtp;

use secrecy::SecretString;

use crate::config::{Mail, TransportUrl};
use crate::files::Folder;
use crate::model::{EmailAddress, Outcome};

pub use error::TransportError;
pub use hub::Hubs;
pub use live::{dead, not_live};
pub use one_click::{NoClick, one_click};
pub use outbox::Outbox;
pub use sendmail::Sendmail;
pub use smtp::{Smtp, SmtpConnection};

/// How messages leave; one variant for each scheme of `mail.transport`.
#[derive(Debug)]
pub enum Transport {
    /// `smtp://` and `smtps://`
    Smtp(Smtp),
    /// `outbox:FOLDER`
    Outbox(Outbox),
    /// `sendmail:PROGRAM`
    Sendmail(Sendmail),
}

impl Transport {
    /// The transport that the config names. Has no effect yet: [`Transport::connect`] is the first to have one.
    /// Relative paths start at the folder `site`.
    ///
    /// # Errors
    /// [`TransportError::PasswordMissing`] when somebody must log in and there is no password.
    pub fn new(mail: &Mail, site: &Folder, password: Option<SecretString>) -> Result<Self, TransportError> {
        Ok(match &mail.transport {
            TransportUrl::Outbox(folder) => Self::Outbox(Outbox::new(folder, site)),
            TransportUrl::Sendmail(program) => Self::Sendmail(Sendmail::new(program, site.path(), mail.timeout)),
            TransportUrl::Smtp { host, port, user, security } => {
                Self::Smtp(Smtp::new(host, *port, *security, smtp::login(user.as_deref(), password)?, mail.timeout))
            }
        })
    }

    /// True when writing the same message twice leaves one copy: a delivery in doubt may simply be repeated.
    pub fn deduplicates(&self) -> bool {
        matches!(self, Self::Outbox(_))
    }

    /// A connection that is ready for messages: for SMTP connected, encrypted, greeted and logged in, each step with
    /// a deadline. May be called several times for several connections at once.
    ///
    /// # Errors
    /// What stood in the way; [`TransportError::is_temporary`] says whether waiting may help.
    pub async fn connect(&self) -> Result<Connection, TransportError> {
        Ok(match self {
            Self::Smtp(smtp) => Connection::Smtp(Box::new(smtp.connect().await?)),
            Self::Outbox(outbox) => Connection::Outbox(outbox.open()?),
            Self::Sendmail(sendmail) => Connection::Sendmail(sendmail.open()?),
        })
    }

    /// The transport for people, such as `smtps://mail.example.org:465` or `the folder outbox`: no user, no secret.
    pub fn describe(&self) -> String {
        match self {
            Self::Smtp(smtp) => smtp.server(),
            Self::Outbox(outbox) => outbox.describe(),
            Self::Sendmail(sendmail) => sendmail.describe(),
        }
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
#[expect(missing_docs, reason = "each variant is the transport of that name")]
pub enum Connection {
    Smtp(Box<SmtpConnection>),
    Outbox(Outbox),
    Sendmail(Sendmail),
}

impl Connection {
    /// All that comes before the content can be complete: MAIL and RCPT.
    ///
    /// # Errors
    /// What became of this try (`Deferred`, `Failed` or `Refused`). The connection may live on, see
    /// [`Connection::is_open`].
    pub async fn begin(&mut self, envelope: &Envelope<'_>) -> Result<(), Outcome> {
        match self {
            Self::Smtp(connection) => connection.begin(envelope).await,
            Self::Outbox(outbox) => outbox.check(envelope),
            Self::Sendmail(_) => Ok(()),
        }
    }

    /// The content and its end, after [`Connection::begin`] succeeded. The caller has recorded the delivery as
    /// `sending` on disk before it calls this.
    pub async fn finish(&mut self, envelope: &Envelope<'_>, message: &[u8]) -> Outcome {
        match self {
            Self::Smtp(connection) => connection.finish(message).await,
            Self::Outbox(outbox) => outbox.write(envelope, message).await,
            Self::Sendmail(sendmail) => sendmail.run(envelope, message).await,
        }
    }

    /// Takes back [`Connection::begin`], when the reader has left meanwhile.
    pub async fn cancel(&mut self) {
        if let Self::Smtp(connection) = self {
            connection.cancel().await;
        }
    }

    /// False after a lost connection, a passed deadline or a 421: the caller connects anew.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Smtp(connection) => connection.is_open(),
            Self::Outbox(_) | Self::Sendmail(_) => true,
        }
    }

    /// Says goodbye, but does not wait long for the answer.
    pub async fn close(self) {
        if let Self::Smtp(connection) = self {
            connection.close().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;

    fn transport(url: &str, password: Option<&str>) -> Result<Transport, TransportError> {
        let text = format!("[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n[mail]\ntransport = '{url}'\n");
        let config = config::parse("config.toml", &text).unwrap();
        Transport::new(&config.mail, &Folder::new(Path::new("/site")), password.map(SecretString::from))
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
}
