//! What is wrong with the issues that would be mailed: the same look for the check, the dry run and the real run.

use std::collections::HashSet;

use super::rendered::source;
use super::site::{CONFIG_FILE, Site};
use crate::config::Mode;
use crate::diagnostic::Diagnostic;
use crate::email::lint::{Sources, addresses, dead_link, lint};
use crate::files::FileKind;
use crate::model::{Entry, Issue, distinct};
use crate::transport;

/// What is wrong with `issues`, which mail `due` in this order.
pub(super) fn look(site: &Site, issues: &[Issue], due: &[Entry]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (at, issue) in issues.iter().enumerate() {
        let entries = match site.config.newsletter.mode {
            Mode::Digest => due,
            // As they are numbered: the oldest first.
            Mode::Each => due.get(due.len() - 1 - at..due.len() - at).unwrap_or_default(),
        };
        found.extend(lint(issue, entries, &site.config, &sources(site, entries)));
    }
    distinct(&mut found);
    found
}

/// Asks the web for everything that `issues` lead to, but for the pages of `due`, which may be put online with the mail.
pub(super) async fn ask(site: &Site, issues: &[Issue], due: &[Entry]) -> Vec<Diagnostic> {
    let pages: HashSet<&str> = due.iter().map(|entry| entry.url.as_str()).collect();
    let mut addresses: Vec<String> =
        issues.iter().flat_map(addresses).filter(|address| !pages.contains(address.as_str())).collect();
    distinct(&mut addresses);
    let sources = sources(site, due);
    let own = site.config.site.url.clone();
    match tokio::task::spawn_blocking(move || transport::dead(&addresses, &own)).await {
        Ok(dead) => dead.iter().map(|(address, answer)| dead_link(address, answer, &sources)).collect(),
        Err(error) => vec![Diagnostic::warning("mail/dead-link", format!("the links could not be asked for: {error}"))],
    }
}

/// The texts in which findings are placed.
fn sources(site: &Site, entries: &[Entry]) -> Sources {
    let posts = entries.iter().map(|entry| (entry.path.clone(), source(site, &entry.path))).collect();
    let config = site.folder.read(CONFIG_FILE, FileKind::Settings).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Sources { posts, config: (CONFIG_FILE.to_owned(), config.unwrap_or_default()) }
}
