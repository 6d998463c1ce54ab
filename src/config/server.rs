//! The URL of a PostgreSQL database, as libpq knows it (PostgreSQL documentation, "Connection URIs").

use std::fmt;
use std::hash::{Hash, Hasher};

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::placeholder::is_loopback;

/// What may follow the `?`. The first few name files or hold a secret, and only count where the owner alone has written the URL.
const PRIVATE: [&str; 3] = ["password", "sslcert", "sslkey"];
const KNOWN: [&str; 10] = [
    "host",
    "hostaddr",
    "port",
    "user",
    "dbname",
    "sslmode",
    "sslrootcert",
    "application_name",
    "options",
    "channel_binding",
];

/// The URL of a PostgreSQL database. What is printed of it holds no password.
#[derive(Clone)]
pub struct ServerUrl {
    url: SecretString,
    shown: String,
}

impl ServerUrl {
    /// Reads a URL; `is_public` says that it stands where others may read or write it.
    ///
    /// # Errors
    /// What is wrong with it and the cure, without its password.
    pub fn parse(text: &str, is_public: bool) -> Result<Self, (String, String)> {
        let fault = |what: &str, cure: &str| Err((what.to_owned(), cure.to_owned()));
        let example = "write for example `postgres://user@host/database`";
        let Ok(mut url) = Url::parse(text) else { return fault("is not the URL of a database", example) };
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return fault("is not the URL of a PostgreSQL database", example);
        }
        let pairs: Vec<(String, String)> =
            url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
        let is_known = |key: &str| KNOWN.contains(&key) || PRIVATE.contains(&key) || key.starts_with("options[");
        if let Some((key, _)) = pairs.iter().find(|(key, _)| !is_known(key)) {
            // It may be a part of a password that was not escaped.
            let named = if is_public { format!(": `{key}`") } else { String::new() };
            return Err((format!("has an unknown parameter{named}"), format!("known are `{}`", KNOWN.join("`, `"))));
        }
        let in_variable = "put the URL into an environment variable, and name that in `store.url_env`";
        if is_public && (url.password().is_some() || pairs.iter().any(|(key, _)| PRIVATE.contains(&key.as_str()))) {
            return fault("holds a password or names a key, which is not for a file that others read", in_variable);
        }
        let last = |wanted: &[&str]| pairs.iter().rev().find(|(key, _)| wanted.contains(&key.as_str()));
        let host = last(&["host", "hostaddr"]).map(|(_, value)| value.as_str()).or(url.host_str()).unwrap_or_default();
        let is_local = host.is_empty() || host.starts_with('/') || host.starts_with("%2F") || is_loopback(host);
        let mode = last(&["sslmode"]).map(|(_, value)| value.clone());
        match mode.as_deref() {
            None | Some("disable" | "allow" | "prefer") if is_local => {}
            // A server elsewhere has to prove that it is the one.
            None => drop(url.query_pairs_mut().append_pair("sslmode", "verify-full")),
            Some("require" | "verify-ca" | "verify-full") => {}
            Some("disable" | "allow" | "prefer") => {
                return fault(
                    "would let readers and password travel unencrypted",
                    "write `sslmode=verify-full`, or leave it out",
                );
            }
            Some(_) => return fault("has an unknown `sslmode`", "write `sslmode=verify-full`, or leave it out"),
        }
        let mut shown = url.clone();
        let _ = shown.set_password(None);
        let shown_pairs: Vec<_> = pairs.iter().filter(|(key, _)| key != "password").collect();
        if shown_pairs.is_empty() {
            shown.set_query(None);
        } else {
            shown.query_pairs_mut().clear().extend_pairs(shown_pairs);
        }
        Ok(Self { url: url.as_str().into(), shown: shown.into() })
    }

    /// The whole URL, with its password.
    pub fn expose(&self) -> &str {
        self.url.expose_secret()
    }
}

/// Two are the same when they lead to the same place.
impl PartialEq for ServerUrl {
    fn eq(&self, other: &Self) -> bool {
        self.shown == other.shown
    }
}

impl Eq for ServerUrl {}

impl Hash for ServerUrl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.shown.hash(state);
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_has_to_prove_that_it_is_the_one() {
        let parsed = |url: &str| ServerUrl::parse(url, true).map(|url| url.expose().to_owned());
        assert_eq!(parsed("postgres://ada@db.test/notes").unwrap(), "postgres://ada@db.test/notes?sslmode=verify-full");
        for local in [
            "postgres:///notes",
            "postgres://localhost/notes?sslmode=disable",
            "postgres://[::1]/notes",
            "postgres:///notes?host=/run/postgresql",
        ] {
            assert_eq!(parsed(local).unwrap(), local);
        }
        for open in ["postgres://db.test/notes?sslmode=prefer", "postgres://localhost/n?host=db.test&sslmode=disable"] {
            assert!(parsed(open).unwrap_err().0.contains("unencrypted"), "{open}");
        }
        assert!(parsed("postgres://db.test/notes?sslmode=require").is_ok());
        for wrong in ["notes", "mysql://db.test/notes", "postgres://db.test/notes?sslmod=x", "postgres://h/n?sslmode=x"]
        {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_never_shown_and_never_read_from_a_file_of_the_site() {
        for secret in [
            "postgres://ada:s3cret@db.test/notes?sslmode=require",
            "postgres://ada@db.test/notes?password=s3cret&sslmode=require",
        ] {
            assert!(!ServerUrl::parse(secret, true).unwrap_err().0.contains("s3cret"));
            let url = ServerUrl::parse(secret, false).unwrap();
            assert_eq!(url.to_string(), "postgres://ada@db.test/notes?sslmode=require");
            assert_eq!(format!("{url:?}"), url.to_string());
            assert!(url.expose().contains("s3cret"));
        }
        let cut = ServerUrl::parse("postgres://db.test/notes?password=s3&cret", false).unwrap_err();
        assert!(!cut.0.contains("cret"), "{cut:?}");
        assert!(ServerUrl::parse("postgres://db.test/notes?sslkey=/home/ada/key", true).is_err());
    }
}
