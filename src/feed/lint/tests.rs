//! Each rule is shown by a feed that breaks it and by one that does not.

use std::collections::BTreeSet;

use super::{LARGEST, RULES, Sound, lint, lint_one_of};

const RSS: &str = include_str!("fixtures/good.xml");
const ATOM: &str = include_str!("fixtures/good.atom");
const JSON: &str = include_str!("fixtures/good.json");

fn codes(path: &str, text: &str) -> Vec<&'static str> {
    let now = "2026-02-01T00:00:00Z".parse().unwrap();
    lint(path, text.as_bytes(), now).into_iter().map(|found| found.code).collect()
}

#[test]
fn good_feeds_have_no_findings() {
    for (path, text) in [("feed.xml", RSS), ("atom.xml", ATOM), ("feed.json", JSON)] {
        let found = lint(path, text.as_bytes(), "2026-02-01T00:00:00Z".parse().unwrap());
        assert!(found.is_empty(), "{path}: {found:#?}");
    }
}

/// A format, what is replaced in its good feed and by what, and the code that this has to give.
const BROKEN: &[(&str, &str, &str, &str)] = &[
    (RSS, "</title>", "</titel>", "feed/malformed"),
    (RSS, "<?xml", "\n<?xml", "feed/declaration"),
    (ATOM, "<?xml", "<!-- by hand --><?xml", "feed/declaration"),
    (RSS, "<?xml version=\"1.0\"", "<?xml version=\"1.1\"", "feed/declaration"),
    (RSS, "encoding=\"utf-8\"", "encoding=\"klingon\"", "feed/encoding"),
    (RSS, "<rss version", "<html version", "feed/malformed"),
    (ATOM, "http://www.w3.org/2005/Atom", "http://www.w3.org/2005/Atem", "feed/unknown"),
    (JSON, "version/1.1", "version/1", "feed/old-format"),
    (RSS, "<link>https://example.org/</link>", "", "feed/missing"),
    (RSS, "<language>", "<language>en</language><language>", "feed/twice"),
    (RSS, "<ttl>60</ttl>", "<tll>60</tll>", "feed/unknown-element"),
    (ATOM, "</feed>", "<rights>mine</rights></feed>", "feed/misplaced"),
    (RSS, "</channel>", "<copyright>mine</copyright></channel>", "feed/order"),
    (RSS, "<ttl>60</ttl>", "<ttl>60</ttl>text", "feed/stray-text"),
    (RSS, "Sat, 31 Jan 2026", "Sun, 31 Jan 2026", "feed/date"),
    (ATOM, "2026-01-31T09:00:00Z</published>", "2026-01-31</published>", "feed/date"),
    (RSS, "Sat, 31 Jan 2026", "Sat, 31 Jan 26", "feed/odd-date"),
    (ATOM, "2026-01-31T09:00:00Z</published>", "2126-01-31T09:00:00Z</published>", "feed/far-date"),
    (RSS, "<link>https://example.org/a/</link>", "<link>/a/</link>", "feed/address"),
    (ATOM, "https://example.org/atom.xml\"", "/atom.xml\"", "feed/self"),
    (RSS, "rel=\"self\"", "rel=\"via\"", "feed/no-self"),
    (RSS, "<ttl>60</ttl>", "<webMaster>Ada</webMaster>", "feed/email"),
    (RSS, "<ttl>60</ttl>", "<webMaster>ada@example.org</webMaster>", "feed/no-name"),
    (RSS, "<ttl>60</ttl>", "<ttl>often</ttl>", "feed/number"),
    (RSS, "<language>en", "<language>english", "feed/language"),
    (RSS, "type=\"audio/mpeg\"", "type=\"mp3\"", "feed/media-type"),
    (RSS, "isPermaLink=\"false\"", "isPermaLink=\"no\"", "feed/value"),
    (ATOM, "<title>A", "<title type=\"markdown\">A", "feed/text-type"),
    (ATOM, "<title type=\"html\">", "<title type=\"xhtml\">", "feed/xhtml"),
    (RSS, "<category>walks</category>", "<category/>", "feed/empty"),
    (RSS, "A &#x26; B", "A &amp;amp; B", "feed/markup"),
    (JSON, "\"A & B\"", "\"A &amp; B\"", "feed/markup"),
    (JSON, "\"A & B\"", "\"A <b>B</b>\"", "feed/markup"),
    (JSON, "\"A & B\"", "\"CafÃ©\"", "feed/characters"),
    (JSON, "\"A & B\"", "\"A\\u0001B\"", "feed/characters"),
    (RSS, "A &#x26; B", "CafÃ©", "feed/characters"),
    (RSS, "&lt;p&gt;", "&lt;script&gt;&lt;/script&gt;&lt;p&gt;", "feed/active-content"),
    (ATOM, "&lt;p&gt;", "&lt;p style=\"tab-size: 4\"&gt;", "feed/style"),
    (ATOM, "&lt;/a&gt;", "", "feed/broken-html"),
    (RSS, "&lt;p&gt;Hello&lt;/p&gt;", "&amp;lt;p&amp;gt;Hello&amp;lt;/p&amp;gt;", "feed/escaped-twice"),
    (JSON, "<p>Hello", "&lt;p&gt;Hello&lt;/p&gt;\", \"_\": \"", "feed/escaped-twice"),
    (JSON, "<p>Hello", "<p>It is â€œgood, itâ€™s 20Â°. Hello", "feed/characters"),
    (JSON, "\"language\"", "\"next_url\": \"https://example.org/feed.json\", \"language\"", "feed/next-url"),
    (RSS, "https://example.org/b/", "../b/", "feed/relative-link"),
    (RSS, "Hello", "Hello\u{fffd}", "feed/characters"),
    (RSS, "<guid isPermaLink=\"false\">urn:a</guid>", "", "feed/no-id"),
    (
        RSS,
        "</channel>",
        "<item><title>x</title><guid isPermaLink=\"false\">urn:a</guid></item></channel>",
        "feed/same-id",
    ),
    (RSS, " isPermaLink=\"false\"", "", "feed/permalink"),
    (
        RSS,
        "<enclosure",
        "<enclosure url=\"https://example.org/b.mp3\" length=\"1\" type=\"audio/mpeg\"/><enclosure",
        "feed/enclosures",
    ),
    (RSS, "<width>88", "<width>880", "feed/image-size"),
    (RSS, "icon.png", "icon.svg", "feed/image"),
    (JSON, "\"content_html\"", "\"_html\"", "feed/content"),
    (
        ATOM,
        "<content type=\"html\">&lt;p&gt;Hello, &lt;a href=\"https://example.org/b/\"&gt;b&lt;/a&gt;&lt;/p&gt;</content>",
        "",
        "feed/no-content",
    ),
    (
        ATOM,
        "<link href=\"https://example.org/a/\"/>",
        "<link href=\"https://example.org/a/\"/><link href=\"https://example.org/c/\"/>",
        "feed/same-links",
    ),
    (ATOM, "rel=\"self\"", "rel=\"selv\"", "feed/relation"),
    (RSS, "<ttl>60</ttl>", "<fh:archive/>", "feed/history"),
    (JSON, "\"authors\": [", "\"author\": {}, \"authors\": [", "feed/author"),
    (JSON, "\"language\"", "\"lang\": \"en\", \"language\"", "feed/extension"),
    (JSON, "\"urn:a\"", "17", "feed/number-id"),
    (JSON, "\"tags\": [\"walks\"]", "\"tags\": \"walks\"", "feed/shape"),
];

#[test]
fn every_rule_is_shown_by_a_feed_that_breaks_it() {
    for (good, from, to, code) in BROKEN {
        assert!(good.contains(from), "{from}");
        let found = codes("feed", &good.replacen(from, to, 1));
        assert!(found.contains(code), "{from} -> {to}: {code} is not in {found:?}");
    }
    let shown: BTreeSet<_> = BROKEN.iter().map(|(.., code)| *code).collect();
    // These need more than one change; they have tests of their own.
    let elsewhere = ["feed/all-updated", "feed/too-large", "feed/large"];
    let not_shown: Vec<_> = RULES.iter().map(|rule| rule.code).filter(|code| !shown.contains(code)).collect();
    assert_eq!(not_shown, elsewhere);
}

#[test]
fn a_file_that_is_far_too_large_is_refused_and_not_looked_at() {
    let mut bytes = RSS.as_bytes().to_vec();
    bytes.resize(LARGEST, b' ');
    let codes = |bytes: &[u8]| {
        let found = lint("feed.xml", bytes, "2026-02-01T00:00:00Z".parse().unwrap());
        found.iter().map(|found| (found.code, found.is_error())).collect::<Vec<_>>()
    };
    assert_eq!(codes(&bytes), [("feed/large", false)]);
    bytes.push(b'x');
    assert_eq!(codes(&bytes), [("feed/too-large", true)]);
}

#[test]
fn hundreds_of_attributes_are_a_fault_and_cost_little() {
    let many = (0..300).map(|n| format!(" a{n}=\"b\"")).collect::<Vec<_>>().concat();
    assert!(codes("feed.xml", &RSS.replacen("<ttl>", &format!("<x{many}/><ttl>"), 1)).contains(&"feed/malformed"));
    let html = |tag: &str| RSS.replacen("<item>", &format!("<item><description><![CDATA[{tag}]]></description>"), 1);
    assert!(codes("feed.xml", &html(&format!("<p{many}>"))).contains(&"feed/broken-html"));
    assert!(!codes("feed.xml", &html(&format!("<p title='{many}'>a</p>"))).contains(&"feed/broken-html"));
}

#[test]
fn prefixes_stand_for_what_the_innermost_element_says() {
    let text = "<a xmlns:x='urn:1'><x:b xmlns:x='urn:2'><x:c/></x:b><x:d/></a>";
    let root = super::tree::parse(text).unwrap();
    let inner = root.first("urn:2", "b").unwrap();
    assert!(inner.first("urn:2", "c").is_some() && root.first("urn:1", "d").is_some());
}

#[test]
fn a_finding_names_the_place_in_the_file() {
    let broken = RSS.replace("href=\"https://example.org/b/\"", "href=\"b/\"");
    let found = lint("feed.xml", broken.as_bytes(), "2026-02-01T00:00:00Z".parse().unwrap());
    let place = found[0].location.as_ref().unwrap();
    let line = broken.lines().position(|line| line.contains("href=\"b/\"")).unwrap() + 1;
    assert_eq!((found[0].code, place.line), ("feed/relative-link", line));
    let meant: String = place.excerpt.chars().skip(place.column - 1).take(place.length).collect();
    assert_eq!(meant, "b/");
}

#[test]
fn a_feed_that_marks_everything_as_new_each_time_is_told_and_days_are_not() {
    let entry = |id: &str, updated: &str| {
        format!("<entry><id>urn:x-a:{id}</id><title>a</title><updated>{updated}</updated><content>a</content></entry>")
    };
    let feed = |updated: &str| {
        let entries: String = ["1", "2", "3"].iter().map(|id| entry(id, updated)).collect();
        codes(
            "atom.xml",
            &ATOM
                .replace("</feed>", &format!("{entries}</feed>"))
                .replace("2026-01-31T09:00:00Z</updated>", &format!("{updated}</updated>")),
        )
    };
    assert_eq!(feed("2026-01-31T09:12:34Z"), ["feed/all-updated"]);
    assert_eq!(feed("2026-01-31T00:00:00Z"), [""; 0]);
}

#[test]
fn a_feed_of_a_megabyte_is_told() {
    let long = format!("&lt;p&gt;{}", "word ".repeat(250_000));
    assert_eq!(codes("feed.xml", &RSS.replacen("&lt;p&gt;", &long, 1)), ["feed/large"]);
}

#[test]
fn nothing_that_is_no_feed_is_taken_for_one() {
    for text in ["", "hello", "<html/>", "\u{feff}", "{}", "[]", "[1", "<", "<?xml version=\"1.0\"?>", "{\"items\": 1}"]
    {
        assert!(!codes("x", text).is_empty(), "{text}");
    }
    let any_bytes = [0xFF, 0x00, 0x3C, 0x80];
    assert!(!lint("x", &any_bytes, "2026-02-01T00:00:00Z".parse().unwrap()).is_empty());
}

#[test]
fn feeds_that_are_looked_at_together_have_the_same_faults_as_alone() {
    let now = "2026-02-01T00:00:00Z".parse().unwrap();
    let item = |html: &str| format!("{{\"id\": \"https://a.example/{0}\", \"content_html\": \"{html}\"}}", html.len());
    let feed = |items: &[String]| {
        format!(
            "{{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"a\", \"items\": [{}]}}",
            items.join(", ")
        )
    };
    let (good, bad) = (item("<p>good</p>"), item("<p>bad <b>"));
    let sound = Sound::default();
    for text in [feed(&[good.clone(), bad.clone()]), feed(&[bad, good])] {
        let alone = lint("feed.json", text.as_bytes(), now);
        assert!(alone.iter().any(|found| found.message.contains("<b>")), "{alone:?}");
        assert_eq!(lint_one_of("feed.json", text.as_bytes(), now, &sound), alone);
    }
    assert!(sound.has("<p>good</p>") && !sound.has("<p>bad <b>"));
}
