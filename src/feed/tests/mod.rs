//! What must hold for every feed, whatever its format.

mod golden;
mod media;
mod round_trip;

use crate::config::Config;
use crate::content::read;
use crate::model::{Category, Entry, Image, Person};

use super::{FORMATS, build};

pub(super) fn config(more: &str) -> Config {
    let text = format!("[site]\ntitle = 'Notes & <angles>'\nurl = 'https://example.org/blog'\nauthor = 'Ada'\n{more}");
    crate::config::parse("config.toml", &text).unwrap()
}

pub(super) fn entry(slug: &str, published: &str) -> Entry {
    let url = format!("https://example.org/blog/{slug}/");
    let published: jiff::Zoned = published.parse().unwrap();
    Entry {
        id: url.clone(),
        url,
        path: format!("posts/{slug}.md"),
        title: format!("The {slug}"),
        updated: published.clone(),
        published,
        date_only: false,
        language: "en".into(),
        authors: vec![Person { name: "Ada".into(), email: Some("ada@example.org".into()), url: None }],
        categories: Vec::new(),
        image: None,
        enclosures: Vec::new(),
        episode: None,
        pictures: Vec::new(),
        mail_pictures: std::collections::BTreeMap::new(),
        summary: Some(format!("About the {slug}.")),
        content: read(&format!("<p>About the {slug}.</p>\n<p>More.</p>")).nodes,
        in_feeds: None,
        mailing: None,
        is_summary: false,
        mail: None,
    }
}

pub(super) fn category(taxonomy: &str, term: &str) -> Category {
    Category { taxonomy: taxonomy.into(), term: term.into(), scheme: format!("https://example.org/blog/{taxonomy}/") }
}

/// All formats as text: RSS, Atom, JSON.
fn texts(entries: &[Entry], config: &Config) -> [String; 3] {
    let files = build(entries, config).unwrap();
    files.into_iter().take(3).map(|file| String::from_utf8(file.bytes).unwrap()).collect::<Vec<_>>().try_into().unwrap()
}

fn json(entries: &[Entry], config: &Config) -> serde_json::Value {
    serde_json::from_str(&texts(entries, config)[2]).unwrap()
}

#[test]
fn each_format_has_a_name_and_a_file_of_its_own() {
    for format in FORMATS {
        let same = |other: &&super::Format| other.name == format.name || other.file_name == format.file_name;
        assert_eq!(FORMATS.iter().filter(same).count(), 1, "{}", format.name);
    }
}

#[test]
fn formats_come_once_and_in_the_order_of_the_config() {
    let files = build(&[], &config("[feeds]\nformats = ['json', 'rss', 'json']")).unwrap();
    assert_eq!(files.iter().map(|file| file.file_name.clone()).collect::<Vec<_>>(), ["feed.json", "feed.xml"]);
}

#[test]
fn every_unknown_format_is_named_with_its_place_and_cure() {
    let problems = build(&[], &config("[feeds]\nformats = ['rss', 'Jsn', 'gopher']")).unwrap_err();
    let found: Vec<_> = problems
        .iter()
        .map(|p| (p.message.as_str(), p.location.as_ref().unwrap().line, p.help.as_deref().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("unknown feed format: `Jsn`", 6, "did you mean `json`?"),
            ("unknown feed format: `gopher`", 6, "write one of `rss`, `atom`, `json`"),
        ]
    );
}

#[test]
fn no_format_at_all_is_a_problem() {
    let problems = build(&[], &config("[feeds]\nformats = []")).unwrap_err();
    assert_eq!(problems[0].code, "feed/no-format");
}

#[test]
fn a_feed_holds_the_newest_entries_up_to_the_limit_in_their_order() {
    // Two of one day: only the caller knows their order.
    let entries = ["c", "b", "a"].map(|slug| entry(slug, "2025-06-23T00:00:00[UTC]"));
    for text in texts(&entries, &config("[feeds]\nlimit = 2")) {
        assert!(text.find("The c") < text.find("The b"), "{text}");
        assert!(text.contains("The b") && !text.contains("The a"), "{text}");
    }
}

#[test]
fn the_feeds_own_date_is_the_last_change_of_the_entries_it_shows() {
    let mut entries = [entry("new", "2025-06-23T08:00:00[UTC]"), entry("old", "2020-01-01T00:00:00[UTC]")];
    entries[1].updated = "2025-06-24T01:00:00+02:00[+02:00]".parse().unwrap();
    let [rss, atom, _] = texts(&entries, &config(""));
    assert!(rss.contains("<lastBuildDate>Tue, 24 Jun 2025 01:00:00 +0200</lastBuildDate>"), "{rss}");
    assert!(rss.contains("<atom:updated>2025-06-24T01:00:00+02:00</atom:updated>"), "{rss}");
    assert_eq!(atom.matches("<updated>2025-06-24T01:00:00+02:00</updated>").count(), 2, "{atom}");
    let [rss, ..] = texts(&entries, &config("[feeds]\nlimit = 1"));
    assert!(rss.contains("<lastBuildDate>Mon, 23 Jun 2025 08:00:00 +0000</lastBuildDate>"), "{rss}");
}

#[test]
fn no_feed_publishes_an_email_address() {
    for text in texts(&[entry("a", "2025-06-23T00:00:00[UTC]")], &config("")) {
        assert!(text.contains("Ada") && !text.contains("ada@example.org"), "{text}");
    }
}

#[test]
fn a_feed_of_summaries_leaves_the_content_out_and_is_never_empty_handed() {
    let mut entries = ["a", "b", "c"].map(|slug| entry(slug, "2025-06-23T00:00:00[UTC]"));
    (entries[1].summary, entries[1].content) = (None, read("<p>About the b.</p>").nodes);
    (entries[2].summary, entries[2].content) = (None, read("<hr>").nodes);
    let config = config("[feeds]\ncontent = 'summary'");
    for text in texts(&entries, &config) {
        assert!(!text.contains("More."), "{text}");
        assert!(text.contains("About the a.") && text.contains("About the b."), "{text}");
    }
    let items = &json(&entries, &config)["items"];
    assert_eq!(items[0]["content_text"], "About the a.");
    assert_eq!(items[1]["content_text"], "About the b.");
    assert_eq!(items[2]["content_text"], "The c");
    assert!(items[0].get("summary").is_none() && items[0].get("content_html").is_none());
}

#[test]
fn a_summary_that_shows_a_tag_is_taken_for_no_markup() {
    let mut entries = [entry("a", "2025-06-23T00:00:00[UTC]")];
    entries[0].summary = Some("Close the </style> & the <p>.".into());
    let [rss, atom, _] = texts(&entries, &config(""));
    assert!(rss.contains("Close the &lt;/style&gt; &amp; the &lt;p&gt;."), "{rss}");
    let read = feed_rs::parser::parse(atom.as_bytes()).unwrap().entries[0].summary.clone().unwrap();
    assert_eq!(
        (read.content_type.as_str(), read.content.as_str()),
        ("text/html", "Close the &lt;/style> &amp; the &lt;p>.")
    );
}

#[test]
fn an_entry_without_a_body_still_says_something_in_every_format() {
    let mut entries = [entry("a", "2025-06-23T00:00:00[UTC]")];
    (entries[0].content, entries[0].summary) = (Vec::new(), None);
    let [rss, atom, json] = texts(&entries, &config(""));
    assert!(rss.contains("<description><![CDATA[The a]]></description>"), "{rss}");
    assert!(atom.contains("<summary>The a</summary>") && !atom.contains("<content"), "{atom}");
    assert!(json.contains("\"content_text\": \"The a\""), "{json}");
}

#[test]
fn what_stands_in_for_a_summary_are_the_plain_words_of_the_content() {
    let mut entries = [entry("a", "2025-06-23T00:00:00[UTC]")];
    entries[0].summary = None;
    for (html, words) in [
        ("<p>See <a href=\"https://e.com\">this</a> &amp; that.</p>\n", "See this &amp; that."),
        ("<p><img src=\"https://e.com/b.jpg\" alt=\"A boat\"></p>\n", "A boat"),
        ("<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n", "one two"),
    ] {
        entries[0].content = read(html).nodes;
        let [rss, atom, json] = texts(&entries, &config(""));
        assert!(rss.contains(&format!("<description><![CDATA[{words}]]></description>")), "{rss}");
        assert!(!atom.contains("<summary") && !json.contains("\"summary\""), "{atom}");
    }
}

#[test]
fn an_entry_without_a_title_has_one_only_where_it_is_required() {
    let mut entries = [entry("a", "2025-06-23T00:00:00[UTC]"), entry("b", "2025-06-22T00:00:00[UTC]")];
    entries[0].title = " \u{1}\n".into();
    (entries[1].title, entries[1].summary, entries[1].content) = (String::new(), None, read("<hr>").nodes);
    let [rss, atom, json] = texts(&entries, &config(""));
    assert_eq!(rss.matches("<title>").count(), 1, "{rss}");
    assert_eq!(json.matches("\"title\"").count(), 1, "{json}");
    assert!(atom.contains("<title>About the a.</title>") && atom.contains("<title>2025-06-22</title>"), "{atom}");
}

#[test]
fn every_term_is_a_category_and_only_what_a_post_is_about_is_a_tag() {
    let mut entries = [entry("a", "2025-06-23T00:00:00[UTC]")];
    entries[0].categories = vec![
        category("tags", "R&D: Vec<T> \"x\""),
        category("tags", "rust"),
        category("categories", "rust"),
        category("emotions", "Calm"),
    ];
    let [rss, atom, _] = texts(&entries, &config(""));
    assert!(
        rss.contains("<category domain=\"https://example.org/blog/tags/\">R&#x26;D: Vec&#x3C;T&gt; &quot;x&quot;<"),
        "{rss}"
    );
    assert!(rss.contains("<category domain=\"https://example.org/blog/emotions/\">Calm</category>"), "{rss}");
    assert!(
        atom.contains("<category term=\"Calm\" scheme=\"https://example.org/blog/emotions/\" label=\"Calm\"/>"),
        "{atom}"
    );
    let item = &json(&entries, &config(""))["items"][0];
    assert_eq!(item["tags"], serde_json::json!(["R&D: Vec<T> \"x\"", "rust"]));
    assert_eq!(
        item["_tidings"],
        serde_json::json!({ "tags": ["R&D: Vec<T> \"x\"", "rust"], "categories": ["rust"], "emotions": ["Calm"] })
    );
}

#[test]
fn a_foreign_entry_says_its_language_and_a_right_to_left_one_its_direction() {
    let mut entries = ["he-IL", "de", "en", "not a tag"].map(|language| {
        let mut entry = entry("a", "2025-06-23T00:00:00[UTC]");
        entry.language = language.into();
        entry
    });
    entries[0].content = read("<p>שלום</p>").nodes;
    let [rss, atom, _] = texts(&entries, &config(""));
    assert_eq!(rss.matches("<dc:language>").count(), 2, "{rss}");
    assert!(rss.contains("<![CDATA[<div dir=\"rtl\" lang=\"he-IL\"><p>שלום</p></div>\n]]>"), "{rss}");
    assert_eq!(atom.matches("<entry xml:lang=").count(), 2, "{atom}");
    assert!(atom.contains("<entry xml:lang=\"he-IL\">") && atom.contains("<entry xml:lang=\"de\">"), "{atom}");
    let items = &json(&entries, &config(""))["items"];
    assert_eq!(items[0]["content_html"], "<div dir=\"rtl\" lang=\"he-IL\"><p>שלום</p></div>\n");
    assert_eq!(items[1]["language"], "de");
    assert!(items[2].get("language").is_none());
}

#[test]
fn a_permalink_is_called_one_only_when_the_id_is_the_link() {
    let mut entries = ["a", "b", "c"].map(|slug| entry(slug, "2025-06-23T00:00:00[UTC]"));
    entries[1].id = "123 at http://old.example".into();
    (entries[2].id, entries[2].url) = ("https://example.org/ü".into(), "https://example.org/ü".into());
    let [rss, atom, _] = texts(&entries, &config(""));
    assert!(rss.contains("<guid>https://example.org/blog/a/</guid>"), "{rss}");
    // As its subscribers know it.
    assert!(rss.contains("<guid isPermaLink=\"false\">123 at http://old.example</guid>"), "{rss}");
    assert!(rss.contains("<guid>https://example.org/%C3%BC</guid>"), "{rss}");
    // Where an id must be a URI.
    assert!(atom.contains("<id>https://example.org/blog/#123%20at%20http://old.example</id>"), "{atom}");
}

#[test]
fn pictures_and_author_pages_are_absolute_addresses_or_nothing() {
    let mut entries = [entry("a", "2025-06-23T00:00:00[UTC]"), entry("b", "2025-06-23T00:00:00[UTC]")];
    entries[0].image = Some(Image { url: "https://example.org/my picture.png".into(), ..Image::default() });
    entries[1].image = Some(Image { url: "javascript:alert(1)".into(), ..Image::default() });
    entries[0].authors = ["https://ada.example/?a&b", "/about"]
        .map(|url| Person { name: "Ada".into(), email: None, url: Some(url.into()) })
        .into();
    let items = &json(&entries, &config(""))["items"];
    assert_eq!(items[0]["image"], "https://example.org/my%20picture.png");
    assert!(items[1].get("image").is_none());
    assert_eq!(
        items[0]["authors"],
        serde_json::json!([{ "name": "Ada", "url": "https://ada.example/?a&b" }, { "name": "Ada" }])
    );
}

#[test]
fn an_atom_feed_always_has_an_author() {
    let text = "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n[feeds]\nformats = ['atom']\n";
    let mut entry = entry("a", "2025-06-23T00:00:00[UTC]");
    entry.authors.clear();
    let files = build(&[entry], &crate::config::parse("config.toml", text).unwrap()).unwrap();
    let atom = String::from_utf8(files[0].bytes.clone()).unwrap();
    assert!(atom.contains("<author>\n    <name>Notes</name>\n  </author>"), "{atom}");
}

#[test]
fn mail_links_to_the_rss_feed_of_a_site_that_has_one() {
    let link = |more: &str| super::address_in_mail(&config(more));
    assert_eq!(link("").as_deref(), Some("https://example.org/blog/feed.xml"));
    assert_eq!(link("[feeds]\nformats = ['json']"), None);
}
