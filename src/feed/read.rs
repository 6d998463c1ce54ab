//! Reads a feed that is there, by us or by another program: what the preview shows, and what a new one is compared with.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use quick_xml::Reader;
use quick_xml::events::Event;

/// No feed is nested deeper.
const DEEPEST: usize = 200;

/// A feed as its readers know it.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "each field is what the feed says by that name")]
pub struct ReadFeed {
    /// What made it, when it says so.
    pub generator: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub language: Option<String>,
    /// The page that it belongs to.
    pub link: Option<String>,
    pub entries: Vec<ReadEntry>,
}

/// An entry as readers know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is what the entry says by that name")]
pub struct ReadEntry {
    pub id: String,
    pub link: Option<String>,
    pub title: Option<String>,
    /// The date of publication as it is written; where there is none, that of the change.
    pub date: String,
    pub published: Option<Timestamp>,
    /// RSS and JSON may say nothing.
    pub updated: Option<Timestamp>,
    pub authors: Vec<String>,
    pub categories: Vec<String>,
    /// The content, or the summary where there is none.
    pub html: String,
}

impl ReadFeed {
    /// True when Tidings made it.
    pub fn is_ours(&self) -> bool {
        self.generator.as_deref() == Some("Tidings")
    }
}

/// Whether elements are nested deeper than in any feed: what reads them calls itself for each level.
pub(super) fn is_too_deep(bytes: &[u8]) -> bool {
    let mut reader = Reader::from_reader(bytes);
    reader.config_mut().check_end_names = false;
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => depth += 1,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
}

/// A date in either notation, in whole seconds.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let found = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok())?;
    Timestamp::from_second(found.as_second()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{category, config, entry};
    use super::super::{FORMATS, build, read};
    use super::*;

    #[test]
    fn every_format_is_read_and_all_say_the_same() {
        let mut entry = entry("mud", "2025-01-31T00:00:00Z[UTC]");
        entry.title = "R&D 1 < 2".into();
        entry.categories = vec![category("tags", "mud")];
        let files = build(&[entry], &config("description = 'D'")).unwrap();
        assert_eq!(files.len(), FORMATS.len());
        for file in files {
            let read = read(&file.bytes).unwrap();
            assert!(read.is_ours(), "{}", file.file_name);
            assert_eq!((read.title.as_deref(), read.description.as_deref()), (Some("Notes & <angles>"), Some("D")));
            let item = &read.entries[0];
            assert_eq!(item.title.as_deref(), Some("R&D 1 < 2"));
            assert_eq!(item.link.as_deref(), Some("https://example.org/blog/mud/"));
            assert!(item.date.contains("2025") && item.published == moment("2025-01-31T00:00:00Z"), "{item:?}");
            assert_eq!(
                (item.authors.as_slice(), item.categories.as_slice()),
                (&["Ada".into()][..], &["mud".into()][..])
            );
            assert!(item.html.contains("<p>About the mud.</p>"), "{}", item.html);
        }
    }

    #[test]
    fn what_is_no_feed_is_an_error() {
        for bytes in [&b"{\"version\":"[..], b"{\"version\": \"1\"}", b"<html></html>", b"<rss>", b"plain", b""] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
