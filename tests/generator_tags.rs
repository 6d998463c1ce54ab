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
