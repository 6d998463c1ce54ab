//! `[store]`: where the database is.

use super::reader::{Reader, Section};
use super::server::ServerUrl;
use crate::diagnostic::Location;

/// `[store]`
#[derive(Debug, Clone)]
pub struct Store {
    /// The database file, relative to the site. With a server it is the default, and what belongs to this machine lies beside it.
    pub path: String,
    /// The database at a server, when it is not a file.
    pub server: Option<DatabaseServer>,
    /// Where `store.url` or `store.url_env` stands, when it is set.
    pub location: Option<Location>,
    /// A program and its arguments, started after each claim is in the database and before its first message leaves; empty
    /// when there is none.
    pub checkpoint: Vec<String>,
}

/// A database at a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatabaseServer {
    /// Where it is; `None` as long as the variable was not read, or when it is not set.
    pub url: Option<ServerUrl>,
    /// The environment variable that holds the URL, when it is not in the file.
    pub variable: Option<String>,
}

/// Reads the section.
pub(super) fn read<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Store {
    let mut section = root.section(reader, "store", "store");
    let url = section.string(reader, "url");
    let variable = section.string(reader, "url_env").filter(|(name, _)| !name.is_empty());
    let checkpoint = section.strings(reader, "checkpoint").unwrap_or_default();
    section.finish(reader);
    if let Some((_, place)) = checkpoint.first().filter(|(program, _)| program.trim().is_empty()) {
        let message = "`store.checkpoint` names no program".to_owned();
        reader.error(
            "config/value",
            message,
            place.clone(),
            "write `checkpoint = [\"./save-database\", \"argument\"]`",
        );
    }
    let first = checkpoint.first().map(|(_, place)| place.clone());
    let checkpoint: Vec<_> = checkpoint.into_iter().map(|(text, _)| text).collect();
    let mut store = Store { path: ".tidings/tidings.db".into(), server: None, location: None, checkpoint };
    if let (Some(_), Some((_, place))) = (&url, &variable) {
        let message = "`store.url` and `store.url_env` both name a database";
        reader.refuse(message, place.clone(), "keep one of them");
    }
    if let Some((name, place)) = variable {
        if name.contains(['=', '\0']) {
            reader.refuse("`store.url_env` names no variable", place.clone(), "write `url_env = \"DATABASE_URL\"`");
        }
        store.server = Some(DatabaseServer { url: None, variable: Some(name) });
        store.location = Some(place);
    } else if let Some((text, place)) = url {
        let path = text
            .strip_prefix("sqlite:")
            .map(|path| path.strip_prefix("//").unwrap_or(path))
            .filter(|path| !path.is_empty());
        match path {
            Some(path) => path.clone_into(&mut store.path),
            None if text.starts_with("postgres:") || text.starts_with("postgresql:") => {
                match ServerUrl::parse(&text, true) {
                    Ok(url) => store.server = Some(DatabaseServer { url: Some(url), variable: None }),
                    Err((what, cure)) => {
                        // The line may hold a password, which is not for a terminal or a log.
                        let place = Location { excerpt: String::new(), ..place.clone() };
                        reader.refuse(format!("`store.url` {what}"), place, cure);
                    }
                }
            }
            None => {
                let message = format!(
                    "`store.url` is not a database that this version can open: `{}`",
                    text.split(':').next().unwrap_or_default()
                );
                reader.refuse(
                    message,
                    place.clone(),
                    "write `url = \"sqlite:.tidings/tidings.db\"` or `url = \"postgres://user@host/database\"`",
                );
            }
        }
        store.location = Some(place);
    }
    if let (Some(_), Some(place)) = (&store.server, first) {
        let message = "`store.checkpoint` saves a file, and the database is at a server";
        reader.refuse(message, place, "remove it: the server keeps the database");
    }
    store
}

#[cfg(test)]
mod tests {
    use super::super::tests::{only_problem, with};

    #[test]
    fn a_database_at_a_server_is_named_in_the_file_or_by_a_variable() {
        let named = with("[store]\nurl = 'postgres:///notes'\n").unwrap().store.server.unwrap();
        assert_eq!(named.url.unwrap().to_string(), "postgres:///notes");
        let by_variable = with("[store]\nurl_env = 'NOTES_DATABASE'\n").unwrap().store.server.unwrap();
        assert_eq!((by_variable.url, by_variable.variable.as_deref()), (None, Some("NOTES_DATABASE")));
        assert!(with("[store]\nurl = 'sqlite:a.db'\nurl_env = ''\n").unwrap().store.server.is_none());
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        for (lines, told) in [
            ("url = 'postgres://ada:s3cret@db.test/notes'", "holds a password"),
            ("url = 'postgres:///notes'\nurl_env = 'NOTES_DATABASE'", "both name a database"),
            ("url_env = 'A=b'", "names no variable"),
            ("url = 'postgres:///notes'\ncheckpoint = ['./save']", "the database is at a server"),
            ("url = 'mysql://db.test/notes'", "not a database that this version can open: `mysql`"),
        ] {
            let problem = only_problem(&format!("[store]\n{lines}\n"));
            assert!(problem.message.contains(told) && problem.location.is_some(), "{problem:?}");
            assert!(!format!("{problem:?}").contains("s3cret"), "{problem:?}");
        }
    }
}
