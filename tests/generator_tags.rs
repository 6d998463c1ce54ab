//! Tags of other generators in front matter reach nothing that a reader sees.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_assert, proptest};
use proptest::sample::select;

use tidings::config;
use tidings::email;
use tidings::post::{self, Source};
use tidings::render;
use tidings::templates::Templates;

use crate::site::TestSite;

const SITE: &str =
    "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n[newsletter]\nfrom = 'Ada <ada@news.example.org>'\n";

fn line() -> impl Strategy<Value = String> {
    let pieces = [
        "{{<", ">}}", "{{%", "%}}", "{{", "}}", "{%", "%}", "{#", "#}", "%%", "{", "}", "%", "<", ">", "/", " x ",
        "Ada", " ", ", ", "*", "[", ")", " if a ",
    ];
    vec(select(pieces.to_vec()), 1..14).prop_map(|pieces| format!("A {}", pieces.concat()))
}

proptest! {
    #[test]
    fn no_string_of_an_entry_or_an_issue_holds_one(texts in vec(line(), 8)) {
        let config = config::parse("config.toml", SITE).unwrap();
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let [title, description, tag, author, subject, preheader, alt, sound] = &*texts else { unreachable!() };
        let front = serde_json::json!({
            "title": title, "date": "2026-03-01", "slug": "a", "description": description, "tags": [tag], "author": [author],
            "subject": subject, "preheader": preheader, "image": { "src": "a.png", "alt": alt },
            "enclosure": { "url": "https://example.org/a.mp3", "length": 1, "type": "audio/mpeg", "title": sound },
        });
        let bytes = format!("{front:#}\n\nA text.\n").into_bytes();
        let source = Source { path: "posts/a.md".into(), bytes: bytes.clone() };
        let loaded = post::load(vec![source], &config, now);
        let (body, _) = post::body(&loaded.posts[0], &bytes).unwrap();
        let (entry, _) = render::entry(&loaded.posts[0], &body, &loaded.posts, &config);
        let templates = Templates::new(&BTreeMap::new()).unwrap();
        let issue = email::compose(1, &now.to_zoned(TimeZone::UTC), std::slice::from_ref(&entry), &config, &templates, None).unwrap();
        for mark in ["{{<", "{{%", "{%", "%}"] {
            prop_assert!(!format!("{entry:?}").contains(mark), "{mark} in {entry:#?}");
            prop_assert!(!format!("{issue:?}").contains(mark), "{mark} in {issue:#?}");
        }
    }
}

#[test]
fn a_plain_file_that_is_included_is_read_and_references_to_a_missing_one_lose_their_brackets() {
    let site = TestSite::new("outbox:outbox");
    let front = "---\ntitle: A walk\ndate: 2026-03-01\n---\n";
    site.write("_includes/notice.md", "It *rained*.\n\n[mud]: https://mud.example.org\n");
    site.write("_includes/template.md", "{{ page.title }}\n");
    site.write("secret.md", "never\n");
    site.write("posts/beside.txt", "not Markdown\n");
    let body = "> {% include notice.md %}\n\n- {% include notice.md %}\n\nSee [the mud][mud], [all][], [the *rest*][gone] and [^1].\n\n\
                {% include \"template.md\" %} {% include ../secret.md %} {% include_relative beside.txt %}\n\n[^1]: A note.\n";
    site.write("posts/a.md", &format!("{front}\n{body}"));
    site.run("2026-03-02T09:00:00Z", &["build"]).exits(0);
    let feed: serde_json::Value = serde_json::from_str(&site.read("public/feed.json")).unwrap();
    let html = feed["items"][0]["content_html"].as_str().unwrap();
    assert_eq!(html.matches("It <em>rained</em>.").count(), 1, "in the quote; beside a mark there is no room: {html}");
    assert!(html.contains("<blockquote>\n<p>It <em>rained</em>.</p>"), "{html}");
    assert!(html.contains("<a href=\"https://mud.example.org/\">the mud</a>, all, the <em>rest</em> and"), "{html}");
    for other in ["never", "not Markdown", "{{", "{%", "[all]"] {
        assert!(!html.contains(other), "{other}: {html}");
    }
}

#[test]
fn a_link_by_the_file_of_a_page_in_another_section_leads_to_the_page() {
    let site = TestSite::new("outbox:outbox");
    let config = site.read("config.toml").replace(
        "[newsletter]",
        "[posts]\ndir = \"content/blog\"\npermalink = \"/blog/:dir/:slug/\"\nslugify = \"zola\"\n[newsletter]",
    );
    site.write("config.toml", &config);
    let links = "[a](@/boats/Old%20crow.md#sail) [b](@/boats/_index.md) [c](@/boats/gone.md) [d](@/boats/draft.md)";
    site.write("content/blog/a.md", &format!("+++\ntitle = \"A\"\ndate = 2026-03-01\n+++\n{links}\n"));
    site.write("content/boats/Old crow.md", "+++\ntitle = \"The crow\"\n+++\n");
    site.write("content/boats/_index.md", "+++\ntitle = \"Boats\"\n+++\n");
    site.write("content/boats/draft.md", "+++\ntitle = \"Not yet\"\ndraft = true\n+++\n");
    let built = site.run("2026-03-02T09:00:00Z", &["build"]).exits(0);
    let feed: serde_json::Value = serde_json::from_str(&site.read("public/feed.json")).unwrap();
    let html = feed["items"][0]["content_html"].as_str().unwrap();
    assert!(html.contains("/boats/old-crow/#sail\">a</a>") && html.contains("/boats/\">b</a> c d"), "{html}");
    assert_eq!(built.stderr.matches("there is no post").count(), 2, "{}", built.stderr);
}

#[test]
fn they_are_left_out_of_titles_subjects_and_tags_with_a_warning() {
    let site = TestSite::new("outbox:outbox");
    let front = "title: \"A {{< x >}}walk\"\nsubject: \"{% include a %}Walk\"\ntags: [\"{{ a }}b\"]";
    site.write("posts/2026-03-01-walk.md", &format!("---\n{front}\n---\n\nText.\n"));
    let built = site.run("2026-03-02T09:00:00Z", &["build"]).exits(0);
    for said in ["`{{< x >}}` means nothing", "`{% include a %}` means nothing", "`{{ a }}` means nothing"] {
        assert!(built.stderr.contains(said), "{}", built.stderr);
    }
    assert!(built.stderr.contains("posts/2026-03-01-walk.md:2:1"), "{}", built.stderr);
    let feed = site.read("public/feed.xml");
    assert!(feed.contains("<title>A walk</title>") && feed.contains(">b</category>") && !feed.contains("{{"), "{feed}");
}
