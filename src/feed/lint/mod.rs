//! Our own validator: what is wrong with a feed of any program. RSS, Atom and JSON Feed are told apart by what they are, not
//! by their names. The rules are those of RFC 4287, RFC 5005, the RSS 2.0 specification with the Best Practices Profile of the
//! RSS Advisory Board, JSON Feed 1.1, and what the W3C validator says beyond them; [`RULES`] lists them.

mod atom;
mod declaration;
mod extension;
mod findings;
mod garbled;
mod html;
mod json;
mod place;
mod rss;
mod rules;
mod sound;
#[cfg(test)]
mod tests;
mod tree;
mod values;
mod xml;

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use jiff::Timestamp;

use crate::diagnostic::Diagnostic;
use findings::Findings;
use rules::{DECLARATION, ENCODING, MALFORMED, NO_FEED, TOO_LARGE};
use xml::{ATOM, Walk};

pub(crate) use rules::{ESCAPED_TWICE, LARGE, MARKUP};
pub use rules::{RULES, Rule};
pub use sound::Sound;

/// Many readers stop after so many bytes, and all fetch them again and again.
const LARGE_FROM: usize = 1_000_000;

/// A file with more bytes is not looked at.
pub const LARGEST: usize = 32 << 20;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// Everything that is wrong with a feed, in the order of the text; `path` is how messages name it. Dates are held against
/// `now`. A rule that is broken everywhere is told five times and counted.
///
/// ```
/// let now = "2026-01-31T09:00:00Z".parse().expect("a time");
/// let found = tidings::feed::lint::lint("feed.json", b"{\"version\": \"https://jsonfeed.org/version/1.1\"}", now);
/// assert!(found.iter().any(|problem| problem.message == "there is no `title`"));
/// ```
pub fn lint(path: &str, bytes: &[u8], now: Timestamp) -> Vec<Diagnostic> {
    lint_one_of(path, bytes, now, &Sound::default())
}

/// The same for one of several feeds: HTML that was `sound` in another is not looked at again.
pub fn lint_one_of(path: &str, bytes: &[u8], now: Timestamp, sound: &Sound) -> Vec<Diagnostic> {
    if bytes.len() > LARGEST {
        let mut findings = Findings::new(path, "", sound);
        let message = format!("the file has more than {} MB, and was not looked at", LARGEST >> 20);
        findings.add(&TOO_LARGE, 0..1, message);
        return findings.finish();
    }
    let (text, is_whole) = decode(bytes);
    let mut findings = Findings::new(path, &text, sound);
    if !is_whole {
        let at = text.find('\u{FFFD}').unwrap_or_default();
        findings.add(&ENCODING, at..at + 1, "the file is not in the encoding that it names, or not UTF-8");
        return findings.finish();
    }
    let start = text.len() - text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
    if let Some((at, message)) = declaration::fault(&text) {
        findings.add(&DECLARATION, at, message);
    }
    match text[start..].bytes().next() {
        Some(b'{' | b'[') => match place::parse(&text) {
            Ok(root) => json::feed(&root, now, &mut findings),
            Err((at, message)) => findings.add(&MALFORMED, at..at + 1, format!("not JSON: {message}")),
        },
        Some(b'<') => match tree::parse(&text) {
            Ok(root) => {
                let mut walk = Walk { findings: &mut findings, now };
                if root.is(ATOM, "feed") {
                    atom::feed(&root, &mut walk);
                } else if root.is(ATOM, "entry") {
                    atom::entry_document(&root, &mut walk);
                } else if root.is("", "rss") {
                    rss::document(&root, &mut walk);
                } else if root.is(RDF, "RDF") {
                    rss::of_rdf(&root, &mut walk);
                } else {
                    let message = format!("`<{}>` is no feed", root.full_name);
                    walk.findings.add(&NO_FEED, root.tag.clone(), message);
                }
            }
            Err(fault) => findings.add(&MALFORMED, fault.at, fault.message),
        },
        _ => findings.add(&NO_FEED, start..start + 1, "neither XML nor JSON"),
    }
    if bytes.len() > LARGE_FROM {
        let message = format!("the feed has {} KB, which each reader fetches again and again", bytes.len() / 1000);
        findings.add(&LARGE, 0..1, message);
    }
    let mut found = findings.finish();
    found.sort_by_key(|one| one.location.as_ref().map(|place| (place.line, place.column)));
    found
}

/// The text, and whether all of it could be read: by byte order mark, by the XML declaration, else as UTF-8.
pub(super) fn decode(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let declaration = head.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    let label = declaration.and_then(|(declaration, _)| {
        let (_, rest) = declaration.split_once("encoding")?;
        let quoted = rest.trim_start().strip_prefix('=')?.trim_start();
        quoted.get(1..)?.split(['"', '\'']).next().map(str::to_owned)
    });
    let encoding = match &label {
        None => Some(UTF_8),
        Some(label) => Encoding::for_label(label.as_bytes()),
    };
    let Some(encoding) = encoding else { return (String::from_utf8_lossy(bytes), false) };
    let (text, _, had_errors) = encoding.decode(bytes);
    (text, !had_errors)
}
