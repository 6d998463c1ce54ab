//! Reads a feed that is there, by us or by another program: what the preview shows, and what a new one is compared with.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::lint::decode;
use crate::content::write::escaped;

/// No feed is nested deeper.
const DEEPEST: usize = 200;

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

/// The text of a feed in whatever encoding it names, without what stands before its first sign: the libraries that read it
/// expect UTF-8.
pub(super) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    let (text, is_whole) = decode(bytes);
    if !is_whole {
        return Err("it is not in the encoding that it names, or not UTF-8".to_owned());
    }
    let start = |text: &str| {
        let start = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\u{feff}');
        // Its encoding is that of the bytes, and no longer that of the text.
        let declared = start.strip_prefix("<?xml").filter(|rest| rest.starts_with(|c: char| c.is_ascii_whitespace()));
        let rest = declared.and_then(|rest| rest.split_once("?>")).map_or(start, |(_, rest)| rest.trim_ascii_start());
        text.len() - rest.len()
    };
    Ok(match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start(text)..]),
        Cow::Owned(text) => Cow::Owned(text[start(&text)..].to_owned()),
    })
}

/// What an entry says, what it is about beside that, and whether the first is a summary only.
pub(super) fn content_or_summary(content: Option<String>, summary: Option<String>) -> (String, Option<String>, bool) {
    let says_something = |html: &String| !html.trim().is_empty();
    match (content.filter(says_something), summary.filter(says_something)) {
        (Some(content), summary) => (content, summary, false),
        (None, Some(summary)) => (summary, None, true),
        (None, None) => (String::new(), None, false),
    }
}

/// What ends a text that goes on elsewhere.
const GOES_ON: [&str; 8] = ["…", "[…]", "...", "[...]", "read more", "continue reading", "read more →", "read on"];

/// In bytes; a longer text that ends in dots is whole.
const LONGEST_TEASER: usize = 4000;

/// Hugo's own template puts the first 70 words or so there.
const LONGEST_OF_HUGO: usize = 1200;

/// Whether the description of an RSS item is a summary, which RSS does not say: plain text, or such that breaks off.
pub(super) fn is_teaser(html: &str, is_of_hugo: bool) -> bool {
    let end: String = html.trim_end().chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
    let end = crate::content::nodes::one_line(&crate::content::read(&end).nodes).to_lowercase();
    let is_plain = !["<p", "<br", "<div", "<ul", "<ol", "<img", "<figure", "<blockquote", "<h2", "<table", "<iframe"]
        .iter()
        .any(|tag| memchr::memmem::find(html.as_bytes(), tag.as_bytes()).is_some());
    let breaks_off = html.len() <= LONGEST_TEASER && GOES_ON.iter().any(|words| end.ends_with(words));
    is_plain || breaks_off || is_of_hugo && html.len() <= LONGEST_OF_HUGO
}

/// Plain text as HTML: a paragraph for each that a blank line ends.
pub(super) fn of_text(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    let html = |paragraph: &str| format!("<p>{}</p>\n", escaped(paragraph.trim(), false).replace('\n', "<br>\n"));
    paragraphs.map(html).collect()
}

/// A number of bytes; 0 stands for one that is not known (RSS Best Practices Profile, "enclosure").
pub(super) fn length(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|length| *length > 0)
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

    #[test]
    fn a_feed_is_read_in_the_encoding_that_it_names() {
        let feed = |encoding: &str| {
            format!(
                "<?xml version='1.0' encoding='{encoding}'?><rss version='2.0'><channel><title>Caf\u{e9}</title><link>x</link><description>y</description></channel></rss>"
            )
        };
        let latin: Vec<u8> = feed("iso-8859-1").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let wide: Vec<u8> = [0xfffe_u16.swap_bytes()]
            .into_iter()
            .chain(feed("utf-16").encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [feed("utf-8").into_bytes(), latin.clone(), wide] {
            assert_eq!(read(&bytes).unwrap().title.as_deref(), Some("Caf\u{e9}"));
        }
        let wrong = String::from_utf8_lossy(&latin).replace("iso-8859-1", "utf-8").into_bytes();
        assert!(read(&wrong).is_ok(), "what was lost is marked");
        assert!(read(&latin[50..]).is_err());
    }

    #[test]
    fn a_description_is_a_summary_when_it_is_plain_or_breaks_off() {
        for (html, is_of_hugo, expected) in [
            ("Which knot holds.", false, true),
            ("<p>Which knot holds.</p>", false, false),
            ("<p>Which knot holds, and [&#8230;]</p>", false, true),
            ("<p>Which knot. <a href='x'>Read more</a></p>", false, true),
            ("<p>Which knot holds.</p>", true, true),
        ] {
            assert_eq!(is_teaser(html, is_of_hugo), expected, "{html}");
        }
        assert!(!is_teaser(&format!("<p>{} and so on...</p>", "word ".repeat(1000)), true));
    }

    #[test]
    fn plain_text_becomes_paragraphs() {
        assert_eq!(of_text("a & <b>\nc\n\n\n d"), "<p>a &amp; &lt;b&gt;<br>\nc</p>\n<p>d</p>\n");
        assert_eq!(of_text(""), "");
    }
}
