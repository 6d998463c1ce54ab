//! One small post for each rule. What stands between « and » holds it back.

use super::*;

/// Rule and name, path, text.
pub(super) const FIXTURES: [(&str, &str, &str); 40] = [
    ("r01 content.md", "posts/2025-01-31-walk/content.md", "---\ntitle: A walk\n«draft: true\n»---\n\nIt rained.\n"),
    ("r02 CRLF", "posts/2025-01-31-a.md", "\u{feff}---\r\ntitle: A walk\r\n«draft: true\r\n»---\r\n\r\nIt rained.\r\n"),
    ("r03 yaml", "posts/2025-01-31-a.md", "--- yaml\ntitle: A walk\n«draft: yes\n»...\n\nIt rained.\n"),
    ("r03 comment", "posts/2025-01-31-a.md", "<!-- a note -->\n\n---\ntitle: A walk\n«draft: on\n»---\nIt rained.\n"),
    ("r03 toml", "posts/2025-01-31-a.md", "+++\ntitle = \"A walk\"\n«draft = true\n»+++\n\nIt rained.\n"),
    ("r03 toml word", "posts/2025-01-31-a.md", "---toml\ntitle = 'A walk'\n«draft = true\n»---\n\nIt rained.\n"),
    (
        "r03 toml text",
        "posts/2025-01-31-a.md",
        "+++\ntitle = \"A walk\"\nx = '''\n[a]\n'''\n«draft = true\n»+++\nIt rained.\n",
    ),
    ("r03 json", "posts/2025-01-31-a.md", "{\n  «\"draft\": true,\n  »\"title\": \"A walk\",\n}\n\nIt rained.\n"),
    (
        "r03 json word",
        "posts/2025-01-31-a.md",
        "---json\n{«\"draft\": \"y\", »\"title\": \"A walk\"}\n---\nIt rained.\n",
    ),
    ("r03 header", "posts/2025-01-31-a.md", "Title: A walk\nDate: 2025-01-31\n«Status: draft\n»\nIt rained.\n"),
    ("r03 indented", "posts/2025-01-31-a.md", "---\n title: A walk\n« draft: true\n»---\n\nIt rained.\n"),
    ("r03 header, dashes", "posts/2025-01-31-a.md", "Title: A walk\n«Status: draft\n»---\n\nIt rained.\n"),
    (
        "r04 julia",
        "posts/2025-01-31-a.md",
        "+++\ntitle = \"A walk\"\nmeta = [\n  (\"a\", \"b\"),\n\t(\"c\", \"d\")\n]\n«draft = true\n»+++\nIt rained.\n",
    ),
    ("r03 header, status first", "posts/2025-01-31-a.md", "«Status: draft\n»Title: A walk\n\nIt rained.\n"),
    (
        "r03 nikola",
        "posts/2025-01-31-a.md",
        ".. title: A walk\n.. date: 2025-01-31\n«.. status: draft\n»\nIt rained.\n",
    ),
    ("r03 nikola comment", "posts/2025-01-31-a.md", "<!--\n.. title: A walk\n«.. tags: a, draft\n»-->\n\nIt rained.\n"),
    ("r03 franklin", "posts/2025-01-31-a.md", "@def title = \"A walk\"\n«@def draft = true\n»\nIt rained.\n"),
    ("r04 colon", "posts/2025-01-31-a.md", "---\ntitle: A walk: far\nby: @ada\n«draft: true\n»---\n\nIt rained.\n"),
    ("r05 extra", "posts/2025-01-31-a.md", "+++\ntitle = \"A walk\"\n[extra]\n«draft = true\n»+++\n\nIt rained.\n"),
    ("r05 spelling", "posts/2025-01-31-a.md", "---\nTitle: A walk\n«Is_Draft: true\n»---\n\nIt rained.\n"),
    ("r06 own key", "posts/2025-01-31-a.md", "---\ntitle: A walk\n«draft: true\n»---\n\nIt rained.\n"),
    ("r07 heading", "posts/2025-01-31-a.md", "---\ntags: a\n«draft: true\n»---\n# A walk\n\nIt rained.\n"),
    (
        "r08 key",
        "posts/a.md",
        "---\ntitle: A walk\n«draft: true\n»pubDatetime: 2025-01-31T10:00:00Z\n---\nIt rained.\n",
    ),
    ("r09 words", "posts/a.md", "---\ntitle: A walk\n«draft: 1\n»date: 31 January 2025\n---\nIt rained.\n"),
    ("r10 zone", "posts/a.md", "---\ntitle: A walk\n«draft: Y\n»date: 2025-01-31 23:59 -0300\n---\nIt rained.\n"),
    (
        "r11 lastmod",
        "posts/2025-01-31-a.md",
        "---\nlastmod: 2025-02-10\ntitle: A walk\n«draft: true\n»---\nIt rained.\n",
    ),
    ("r12 published", "posts/2025-01-31-a.md", "---\ntitle: A walk\n«published: false\n»---\nIt rained.\n"),
    ("r12 status", "posts/2025-01-31-a.md", "---\ntitle: A walk\n«status: trash\n»---\nIt rained.\n"),
    ("r12 visibility", "posts/2025-01-31-a.md", "---\ntitle: A walk\n«visibility: paid\n»---\nIt rained.\n"),
    ("r12 template", "posts/2025-01-31-a.md", "---\ntitle: A walk\n«date: <% tp.date.now() %>\n»---\nIt rained.\n"),
    ("r13 layout", "posts/2025-01-31-a.md", "---\ntitle: A walk\nlayout: page\n«type: attachment\n»---\nIt rained.\n"),
    ("r14 slug", "posts/2025-01-31-a.md", "---\nslug: a-walk\ntitle: A walk\n«draft: true\n»---\nIt rained.\n"),
    (
        "r15 guid",
        "posts/2025-01-31-a.md",
        "---\nguid: https://old.example/?p=1\ntitle: A walk\n«private: 1\n»---\nIt rained.\n",
    ),
    (
        "r16 teaser",
        "posts/2025-01-31-a.md",
        "---\nteaser: It rained\ntitle: A walk\n«unlisted: true\n»---\nIt rained.\n",
    ),
    ("r17 topics", "posts/2025-01-31-a.md", "---\ntopics: [a, [b]]\ntitle: A walk\n«publish: no\n»---\nIt rained.\n"),
    ("r18 by", "posts/2025-01-31-a.md", "---\nby: ada\ntitle: A walk\n«public: off\n»---\nIt rained.\n"),
    (
        "r19 cover",
        "posts/2025-01-31-a.md",
        "---\ncover: {src: a.jpg}\ntitle: A walk\n«draft: maybe\n»---\nIt rained.\n",
    ),
    ("r20 lang", "posts/2025-01-31-a.fr.md", "---\nlang: fr\ntitle: A walk\n«draft: '{{ x }}'\n»---\nIl pleuvait.\n"),
    ("r21 future", "posts/a.md", "---\ntitle: A walk\ndate: 2025-01-31\n«publishDate: 2035-01-31\n»---\nIt rained.\n"),
    ("r22 expiry", "posts/2025-01-31-a.md", "---\ntitle: A walk\n«expiryDate: soon\n»---\nIt rained.\n"),
];

/// The fixture as its author would publish it.
pub(super) fn public(text: &str) -> String {
    let mut public = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('«') {
        public.push_str(before);
        rest = after.split_once('»').map_or("", |(_, rest)| rest);
    }
    public + rest
}

/// The fixture as its author holds it back.
pub(super) fn held(text: &str) -> String {
    text.replace(['«', '»'], "")
}

#[test]
fn every_rule_has_a_fixture() {
    for rule in 1..=22 {
        let name = format!("r{rule:02} ");
        assert!(FIXTURES.iter().any(|(fixture, ..)| fixture.starts_with(&name)), "{name}");
    }
}

#[test]
fn each_fixture_is_a_post_and_what_it_says_holds_it_back() {
    for (name, path, text) in FIXTURES {
        let (post, found) = one(path, &public(text));
        assert_eq!(
            (post.status, post.published.as_ref().unwrap().date().to_string().as_str()),
            (PostStatus::Published, "2025-01-31"),
            "{name}: {found:?}"
        );
        let title = if name == "r04 colon" { "A walk: far" } else { "A walk" };
        let body = body_of(&post, &public(text)).text;
        assert_eq!((post.title.as_str(), body.contains('«')), (title, false), "{name}");
        assert!(
            matches!(body.trim_end(), "It rained." | "Il pleuvait." | "# A walk\n\nIt rained."),
            "{name}: {body:?}"
        );
        let (post, found) = one(path, &held(text));
        assert!(
            matches!(post.status, PostStatus::Draft | PostStatus::Page | PostStatus::Scheduled),
            "{name}: {:?} {found:?}",
            post.status
        );
    }
}
