//! Why no connection came about, and the cure. No message here ever holds a user name or a password.

/// What kept a transport from being ready for messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the messages show")]
pub enum TransportError {
    /// What `mail.transport` says leads nowhere.
    #[error("{problem}")]
    Setting { problem: String, help: String },
    /// A login needs a password, and there is none.
    #[error("the password for the mail server is missing")]
    PasswordMissing,
    /// The outbox cannot be written to.
    #[error("cannot make the folder `{folder}`: {reason}")]
    Folder { folder: String, reason: String },
    /// There is no such program to pipe messages into.
    #[error("cannot start `{program}`: {reason}")]
    Program { program: String, reason: String },
    /// The name of the server is not known to the system.
    #[error("the mail server's name cannot be resolved: `{host}`")]
    Name { host: String, reason: String },
    /// No connection to any of its addresses.
    #[error("the mail server `{server}` cannot be reached: {reason}")]
    Unreachable { server: String, reason: String },
    /// Unencrypted mail would have left this machine.
    #[error("the mail server `{server}` is not on this machine, and the connection would not be encrypted")]
    NotLoopback { server: String },
    /// A step took longer than its deadline.
    #[error("the mail server `{server}` did not answer in time ({step})")]
    Timeout { server: String, step: &'static str },
    /// The connection broke.
    #[error("the mail server `{server}` closed the connection ({step})")]
    Lost { server: String, step: &'static str },
    /// What came is not SMTP.
    #[error("the mail server `{server}` does not follow the protocol ({step}): {reason}")]
    Protocol { server: String, step: &'static str, reason: String },
    /// What came is HTTP.
    #[error("`{server}` is a web server, not a mail server")]
    Web { server: String },
    /// A 4yz or 5yz reply before the login.
    #[error("the mail server `{server}` refuses the connection ({step}): {reply}")]
    Refused { server: String, step: &'static str, reply: String },
    /// The server has no STARTTLS (RFC 3207), which `smtp://` requires.
    #[error("the mail server `{server}` does not offer STARTTLS")]
    StartTlsMissing { server: String },
    /// Bytes came in the clear after the reply that must be the last one: an attempt to inject replies.
    #[error("the mail server `{server}` sent more than one reply before encryption began ({step})")]
    Injected { server: String, step: &'static str },
    /// The certificate is not trusted, or is for another name.
    #[error("the certificate of the mail server `{server}` is not valid: {reason}")]
    Certificate { server: String, reason: String },
    /// TLS failed for another reason.
    #[error("no encrypted connection to the mail server `{server}`: {reason}")]
    Tls { server: String, reason: String },
    /// There is a user, but the server does not let anybody log in by PLAIN or LOGIN.
    #[error("the mail server `{server}` offers no login with a password")]
    LoginMissing { server: String },
    /// User or password are wrong (535), or the login is refused for now (454).
    #[error("the mail server `{server}` refuses the login: {reply}")]
    LoginRefused { server: String, reply: String },
}

impl TransportError {
    /// True when the same try may well succeed later: the publisher need not be asked.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::Lost { .. } => true,
            // The resolver's own words (EAI_AGAIN) of glibc and musl: it could not ask, which is no answer.
            Self::Name { reason, .. } => reason.contains("Temporary failure") || reason.contains("Try again"),
            Self::Refused { reply, .. } | Self::LoginRefused { reply, .. } => reply.starts_with('4'),
            _ => false,
        }
    }

    /// How to mend it: an imperative that can be followed as it stands.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Setting { help, .. } => help,
            Self::PasswordMissing => {
                "set `password_env` under `[mail]` to the name of the variable that holds it, and set that variable"
            }
            Self::Folder { .. } => "make the folder writable, or name another one in `mail.transport`",
            Self::Program { .. } => "install it, or name another program in `mail.transport` after `sendmail:`",
            Self::Name { .. } => "correct the host in `mail.transport`, or check the network",
            Self::Unreachable { .. } => {
                "check that the server runs, that host and port in `mail.transport` are right, and that no firewall \
                 blocks the port"
            }
            Self::NotLoopback { .. } => "write `127.0.0.1` as the host in `mail.transport`",
            Self::Timeout { step: "greeting", .. } | Self::Lost { step: "greeting", .. } | Self::Tls { .. } => {
                "write `smtps://` for a server with TLS from the first byte (port 465), `smtp://` for one with STARTTLS \
                 (port 587)"
            }
            Self::Timeout { .. } | Self::Lost { .. } => "try again later; if it stays so, ask those who run the server",
            Self::Web { .. } => "write the host and port of a mail server in `mail.transport`",
            Self::Protocol { .. } => "check that host and port in `mail.transport` lead to a mail server",
            Self::Refused { .. } if self.is_temporary() => "try again later, perhaps with fewer `mail.connections`",
            Self::Refused { .. } => "ask those who run the server why it refuses this machine",
            Self::StartTlsMissing { .. } => {
                "write `smtps://` with port 465 in `mail.transport` if the server has it: mail and passwords never \
                 travel unencrypted"
            }
            Self::Injected { .. } => "do not send over this network: the connection may be tampered with",
            Self::Certificate { .. } => {
                "write the host in `mail.transport` as the certificate names it, or add the certificate's authority to \
                 those of the system (variable `SSL_CERT_FILE`)"
            }
            Self::LoginMissing { .. } => "take the user out of `mail.transport` if the server needs no login",
            Self::LoginRefused { .. } if self.is_temporary() => "try again later",
            Self::LoginRefused { .. } => {
                "check the user in `mail.transport` and the password; some providers want an app password here"
            }
        };
        Some(help.to_owned())
    }
}

impl From<(String, String)> for TransportError {
    fn from((problem, help): (String, String)) -> Self {
        Self::Setting { problem, help }
    }
}
