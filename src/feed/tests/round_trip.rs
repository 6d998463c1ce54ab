//! Any text in any field gives well-formed feeds, in which a foreign reader finds what was written.

use feed_rs::model::Feed;
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

use crate::config::Podcast;
use crate::feed::{build, text};
use crate::model::{Enclosure, Entry, Image, Person};

use super::{category, config, entry};

fn read(bytes: &[u8]) -> Feed {
    let parser = feed_rs::parser::Builder::new().sanitize_content(false).build();
    parser.parse(bytes).unwrap_or_else(|error| panic!("{error}:\n{}", String::from_utf8_lossy(bytes)))
}

/// What readers see of a title, an id, a link, a date and the content.
fn seen(feed: &Feed) -> Vec<(String, String, i64, i64, String)> {
    feed.entries
        .iter()
        .map(|entry| {
            let title = entry.title.as_ref().map_or(String::new(), |title| title.content.clone());
            let published = entry.published.expect("every entry has a date").timestamp();
            let updated = entry.updated.map_or(published, |updated| updated.timestamp());
            let content = entry.content.as_ref().and_then(|content| content.body.clone()).unwrap_or_default();
            // Readers ignore the space around what they show.
            (title, entry.links[0].href.clone(), published, updated, content.trim().to_owned())
        })
        .collect()
}

fn written(entry: &Entry) -> (String, String, i64, i64, String) {
    let [published, updated] = [&entry.published, &entry.updated].map(|date| date.timestamp().as_second());
    (text::line(&entry.title), entry.url.clone(), published, updated, text::html(entry.html()).trim().to_owned())
}

#[test]
fn hostile_titles_reach_readers_as_they_were_written() {
    let titles = [
        "Ampersands & <angles>: Vec<T>, “quotes” & R&D",
        "How &amp; and &#38; and &nbsp; are written",
        "]]> ends it, <![CDATA[ begins it",
        "bell \u{7} escape \u{1b}[31m \u{fffe} \u{feff}mark\u{85}",
        "a < b",
        "</title></channel></rss>",
        "<!-- more --> <?xml version=\"1.0\"?>",
        "👩‍💻 and 🏳️‍🌈",
        "שלום \"עולם\"",
        "two\r\nlines\tand a tab",
    ];
    let entries: Vec<Entry> = titles
        .iter()
        .enumerate()
        .map(|(n, title)| {
            let mut entry = entry(&format!("n{n}"), "2025-06-23T00:00:00+05:45[+05:45]");
            entry.title = (*title).to_owned();
            entry.content = crate::content::read(&format!("<p>{title}</p>")).nodes;
            entry
        })
        .collect();
    let expected: Vec<_> = entries.iter().map(written).collect();
    for file in build(&entries, &config("")).unwrap() {
        let feed = read(&file.bytes);
        assert_eq!(seen(&feed), expected, "{}", file.file_name);
        assert_eq!(feed.title.unwrap().content, "Notes & <angles>");
        assert!(feed.entries.iter().zip(&entries).all(|(read, entry)| read.id == entry.id), "{}", file.file_name);
    }
}

/// Any characters, with those that have broken feeds before more often than chance would have it.
fn anything() -> impl Strategy<Value = String> {
    let hostile = select(
        "<>&\"'];#%\r\n\t \0\u{b}\u{1b}\u{7f}\u{85}\u{fdd0}\u{fffd}\u{fffe}\u{feff}\u{2028}\u{202e}é"
            .chars()
            .collect::<Vec<_>>(),
    );
    let words =
        select(vec!["]]>", "<![CDATA[", "&amp;", "&#0;", "<entry>", "</content>", "<content", "<!--", "<?x", "\r\n"]);
    let piece = prop_oneof![
        4 => any::<char>().prop_map(String::from),
        4 => hostile.prop_map(String::from),
        1 => words.prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let texts = proptest::collection::vec(anything(), 14);
    let dates = (-2_000_000_000..4_000_000_000_i64, 0..100_000_000_i64, -86_399..86_400_i32);
    (texts, dates).prop_map(|(texts, (second, later, offset))| {
        let zone = TimeZone::fixed(Offset::from_seconds(offset).unwrap());
        let [published, updated] =
            [second, second + later].map(|at| jiff::Timestamp::from_second(at).unwrap().to_zoned(zone.clone()));
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap();
        let mut category = category("tags", &next());
        category.scheme = next();
        Entry {
            title: next(),
            published,
            updated,
            language: next(),
            authors: vec![Person { name: next(), email: None, url: Some(next()) }],
            categories: vec![category],
            image: Some(Image {
                url: format!("https://example.org/{}", next()),
                alt: Some(next()),
                media_type: Some(next()),
                ..Image::default()
            }),
            enclosures: vec![Enclosure {
                url: format!("https://example.org/{}", next()),
                media_type: Some(next()),
                title: Some(next()),
                ..Enclosure::default()
            }],
            summary: Some(next()),
            // Content of blanks is no content.
            content: crate::content::read(&format!("x{}", next())).nodes,
            ..entry("any", "2025-06-23T00:00:00[UTC]")
        }
    })
}

proptest! {
    #[test]
    fn any_text_in_any_field_is_read_back_as_it_was_written(entry in any_entry(), id in anything()) {
        let id = format!("urn:example:{id}");
        let entries = [Entry { id: id.clone(), ..entry }];
        for file in build(&entries, &config("")).unwrap() {
            let feed = read(&file.bytes);
            let mut expected = written(&entries[0]);
            let mut seen = seen(&feed).remove(0);
            if expected.0.is_empty() {
                // Atom needs a title and gets the first words.
                seen.0.clear();
            }
            if file.file_name == "feed.xml" {
                // The reader does not look at `atom:updated`.
                (seen.3, expected.3) = (0, 0);
                prop_assert_eq!(&feed.entries[0].id, &text::line(&id));
            } else {
                prop_assert_eq!(&feed.entries[0].id, &crate::feed::uri::encode(&text::line(&id)));
            }
            prop_assert_eq!(seen, expected, "{}", file.file_name);
            let term = text::line(&entries[0].categories[0].term);
            let terms: Vec<_> = feed.entries[0].categories.iter().map(|category| category.term.clone()).collect();
            prop_assert_eq!(terms.concat(), term, "{}", file.file_name);
        }
    }

    #[test]
    fn any_text_in_the_config_gives_feeds_that_can_be_read(title in anything(), description in anything(), rights in anything(), name in anything()) {
        let mut config = config("");
        config.site.title = format!("x{title}");
        config.site.description = Some(description);
        config.feeds.rights = Some(rights);
        config.podcast = Some(Podcast {
            author: Some(name.clone()),
            image: None,
            categories: vec![("Arts".into(), Some(title.clone()))],
            explicit: true,
            owner: Some(Person { name: name.clone(), email: Some("owner@example.org".into()), url: None }),
        });
        config.site.author = Some(Person { name, email: Some("ada@example.org".into()), url: None });
        let title = text::line(&config.site.title);
        for file in build(&[], &config).unwrap() {
            prop_assert_eq!(&read(&file.bytes).title.unwrap().content, &title, "{}", file.file_name);
        }
    }
}
