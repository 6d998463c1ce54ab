//! `mail.transport`: the way that messages leave, as a URL.

use url::Url;

use super::is_loopback;

/// How a connection to an SMTP server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3.3): `smtps://`.
    Implicit,
    /// STARTTLS, and nothing is sent before it (RFC 3207): `smtp://`.
    StartTls,
    /// None: only to this machine itself.
    Loopback,
}

/// The value of `mail.transport`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportUrl {
    /// `outbox:FOLDER`: one `.eml` file for each message.
    Outbox(String),
    /// `smtp://…` or `smtps://…`
    Smtp {
        /// Name or address of the server.
        host: String,
        /// TCP port.
        port: u16,
        /// Who logs in, when anybody must.
        user: Option<String>,
        /// How the connection is protected.
        security: Security,
    },
    /// `sendmail:PROGRAM`: the message on the standard input of a program.
    Sendmail(String),
}

impl TransportUrl {
    /// Reads the URL.
    ///
    /// # Errors
    /// The problem and its cure.
    pub(super) fn parse(text: &str) -> Result<Self, (String, &'static str)> {
        const HELP: &str = "write `outbox:outbox`, `smtps://user@host`, `smtp://user@host:587` or `sendmail:`";
        match text.split_once(':') {
            // The dry run clears its own folder.
            Some(("outbox", folder)) if folder.trim_start_matches("./").split('/').next() == Some("preview") => {
                return Err((
                    "`mail.transport` puts the outbox into `preview`, which the dry run clears".to_owned(),
                    HELP,
                ));
            }
            Some(("outbox", folder)) if !folder.is_empty() => return Ok(Self::Outbox(folder.to_owned())),
            Some(("sendmail", "")) => return Ok(Self::Sendmail("/usr/sbin/sendmail".to_owned())),
            Some(("sendmail", program)) => return Ok(Self::Sendmail(program.to_owned())),
            Some(("smtp" | "smtps", _)) => {}
            _ => return Err((format!("`mail.transport` is not a way to send mail: `{text}`"), HELP)),
        }
        let url = Url::parse(text).map_err(|_| ("`mail.transport` is not a URL".to_owned(), HELP))?;
        if url.password().is_some() {
            let help = "take it out, and name the variable that holds it: `password_env = \"TIDINGS_SMTP_PASSWORD\"`";
            return Err(("`mail.transport` contains a password".to_owned(), help));
        }
        let host =
            url.host_str().filter(|host| !host.is_empty()).ok_or(("`mail.transport` has no host".to_owned(), HELP))?;
        let (default_port, security) = match url.scheme() {
            "smtps" => (465, Security::Implicit),
            _ if is_loopback(host) && !url.query_pairs().any(|(key, value)| key == "tls" && value == "required") => {
                (25, Security::Loopback)
            }
            _ => (587, Security::StartTls),
        };
        let user = (!url.username().is_empty())
            .then(|| percent_encoding::percent_decode_str(url.username()).decode_utf8_lossy().into_owned());
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self::Smtp { host, port: url.port().unwrap_or(default_port), user, security })
    }
}
