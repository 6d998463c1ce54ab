//! The keys of `[mail.dkim]`: read before anything is planned, so that a key that is missing or in the wrong hands stops a
//! command before it has done something.

use std::path::Path;
use std::sync::Arc;

use super::error::PublishError;
use super::reach::{self, Use};
use crate::config::{Config, Dkim};
use crate::diagnostic::Diagnostic;
use crate::email::dkim::{KeyError, Signer, SigningKey};
use crate::files::{FileKind, Folder, Refusal};

/// What signs the messages of a site; `None` when that is left to the mail server.
///
/// # Errors
/// A key that cannot be read, is no key, or can be read by all users, as diagnostics.
pub fn signer(config: &Config, root: &Path) -> Result<Option<Arc<Signer>>, PublishError> {
    let Some(dkim) = &config.mail.dkim else { return Ok(None) };
    let folder = reach::folder(root, config, Use::Keys);
    let mut keys = vec![(dkim.selector.clone(), key(dkim, &dkim.key_file, &folder)?)];
    if let Some((selector, file)) = &dkim.ed25519 {
        keys.push((selector.clone(), key(dkim, file, &folder)?));
    }
    Ok(Some(Arc::new(Signer::new(dkim.domain.clone(), keys))))
}

/// Says when receivers will not see that signature and sender belong together (DMARC, RFC 7489 §3.1.1): then they treat the
/// mail as if it were not signed.
pub fn misaligned(config: &Config) -> Option<Diagnostic> {
    let (dkim, from) = (config.mail.dkim.as_ref()?, config.newsletter.from.as_ref()?);
    let is_below = |name: &str, above: &str| name == above || name.ends_with(&format!(".{above}"));
    let from = from.address.domain().to_lowercase();
    if is_below(&from, &dkim.domain) || is_below(&dkim.domain, &from) {
        return None;
    }
    let message = format!(
        "mail comes from `{from}`, but is signed by `{}`: receivers that check DMARC may refuse it",
        dkim.domain
    );
    let help = format!("set `domain = \"{from}\"` in `mail.dkim` and publish the key there");
    Some(Diagnostic::warning("mail/dkim-domain", message).at(dkim.location.clone()).help(help))
}

fn key(dkim: &Dkim, file: &str, folder: &Folder) -> Result<SigningKey, PublishError> {
    let problem = |message: String, help: String| {
        PublishError::Site(vec![Diagnostic::error("mail/dkim-key", message).at(dkim.location.clone()).help(help)])
    };
    let unreadable = |error: std::io::Error| match error.kind() {
        _ if Refusal::of(&error).is_some() => PublishError::file(file, error),
        std::io::ErrorKind::NotFound => problem(
            format!("there is no key for signing mail: `{file}`"),
            "make one with `tidings dkim new`, or name the file of yours in `mail.dkim`".to_owned(),
        ),
        _ => problem(
            format!("the key for signing mail cannot be read: `{file}`: {error}"),
            "let the user who runs this command read it".to_owned(),
        ),
    };
    let mut opened = folder.open(file, FileKind::Key).map_err(unreadable)?;
    if opened.is_open_to_all() {
        let message = format!("every user of this machine can read the key for signing mail: `{file}`");
        return Err(problem(
            message,
            format!(
                "close it with `chmod 600 {file}`; when others may have read it, make a new one under another selector"
            ),
        ));
    }
    let mut pem = Vec::new();
    opened.read_to_end(&mut pem).map_err(unreadable)?;
    SigningKey::from_pem(&pem).map_err(|error| {
        let help = match error {
            KeyError::Size => "make one of 2048 bits with `tidings dkim new` under another selector",
            KeyError::Encrypted => {
                "write it without a password: `openssl pkey -in FILE -out FILE2`, readable only by you"
            }
            KeyError::Public => "name the file that holds the private key",
            KeyError::NotPem | KeyError::Unknown => {
                "name a file that begins with `-----BEGIN PRIVATE KEY-----`, or make one with `tidings dkim new`"
            }
        };
        problem(format!("`{file}` cannot sign mail: {error}"), help.to_owned())
    })
}
