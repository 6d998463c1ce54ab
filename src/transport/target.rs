//! What `mail.transport` leads to. The owner of the machine agrees to a folder, a program or a server, whatever the scheme.

use url::Url;

use super::{Leads, SCHEMES, Scheme};
use crate::config::{TransportUrl, is_loopback};

/// A problem and its cure.
pub(super) type Fault = (String, String);

/// How a connection to a server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3.3).
    Implicit,
    /// STARTTLS, and nothing is sent before it (RFC 3207).
    StartTls,
    /// None: only to this machine itself.
    Loopback,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Who logs in, when anybody must.
    pub user: Option<String>,
    /// How the connection is protected.
    pub security: Security,
}

/// What messages are handed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A folder, relative to the site.
    Folder(String),
    /// A program: a path that starts at the site, or a name to look up in `PATH`.
    Program(String),
    /// A server.
    Server(Server),
}

impl Target {
    /// Reads the URL.
    ///
    /// # Errors
    /// The problem and its cure.
    pub fn of(url: &TransportUrl) -> Result<Self, (String, String)> {
        Ok(match scheme(url)?.leads {
            Leads::Folder(_) => Self::Folder(folder(url)?),
            Leads::Program { usual, .. } => Self::Program(program(url, usual)),
            Leads::Server { protection, .. } => Self::Server(server(url, protection)?),
        })
    }

    /// The folder, if it is one.
    pub fn folder(url: &TransportUrl) -> Option<String> {
        match Self::of(url) {
            Ok(Self::Folder(folder)) => Some(folder),
            _ => None,
        }
    }
}

/// Looks at a value of `mail.transport`.
///
/// # Errors
/// The problem and its cure.
pub fn check(url: &TransportUrl) -> Result<(), (String, String)> {
    Target::of(url).map(drop)
}

pub(super) fn scheme(url: &TransportUrl) -> Result<&'static Scheme, Fault> {
    let found = SCHEMES.iter().find(|scheme| scheme.name == url.parts().0);
    found.ok_or_else(|| unknown(url))
}

fn unknown(url: &TransportUrl) -> Fault {
    (format!("`mail.transport` is not a way to send mail: `{}`", url.as_str()), examples())
}

fn examples() -> String {
    let examples: Vec<_> = SCHEMES.iter().map(|scheme| format!("`{}`", scheme.example)).collect();
    let (last, first) = examples.split_last().expect("there are schemes");
    format!("write {} or {last}", first.join(", "))
}

pub(super) fn folder(url: &TransportUrl) -> Result<String, Fault> {
    let rest = url.parts().1;
    // The dry run clears its own folder.
    if rest.trim_start_matches("./").split('/').next() == Some("preview") {
        return Err((
            "`mail.transport` puts the outbox into `preview`, which the dry run clears".to_owned(),
            examples(),
        ));
    }
    if rest.is_empty() { Err(unknown(url)) } else { Ok(rest.to_owned()) }
}

pub(super) fn program(url: &TransportUrl, usual: &str) -> String {
    let rest = url.parts().1;
    if rest.is_empty() { usual } else { rest }.to_owned()
}

pub(super) fn server(url: &TransportUrl, protection: fn(bool) -> (u16, Security)) -> Result<Server, Fault> {
    let url = Url::parse(url.as_str()).map_err(|_| ("`mail.transport` is not a URL".to_owned(), examples()))?;
    if url.password().is_some() {
        let help = "take it out, and name the variable that holds it: `password_env = \"TIDINGS_SMTP_PASSWORD\"`";
        return Err(("`mail.transport` contains a password".to_owned(), help.to_owned()));
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| ("`mail.transport` has no host".to_owned(), examples()))?;
    let must_encrypt = url.query_pairs().any(|(key, value)| key == "tls" && value == "required");
    let (usual_port, security) = protection(is_loopback(host) && !must_encrypt);
    let user = (!url.username().is_empty())
        .then(|| percent_encoding::percent_decode_str(url.username()).decode_utf8_lossy().into_owned());
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Server { host, port: url.port().unwrap_or(usual_port), user, security })
}
