//! What feeds hold when the site or a post asks for it: comments, a footer, an excerpt, Markdown, some terms only.

use serde_json::Value;

use crate::feeds::{NOW, build};
use crate::site::TestSite;

fn site(feeds: &str) -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.configure("feeds", feeds);
    let post = |title: &str, more: &str| {
        format!(
            "---\ntitle: {title}\ndate: 2026-03-01\ntags: [Rust, misc]\n{more}---\n\nThe first paragraph.\n\nThe *second* one.\n"
        )
    };
    site.write("posts/a.md", &post("R&D <A>", ""));
    site.write("posts/b.md", &post("B", "comments: https://talk.example/b\nfeed: summary\n"));
    site.write("posts/c.md", &post("C", "comments: false\nfeed: { excerpt_only: false }\n"));
    site
}

/// The feeds, as RSS, Atom and JSON.
fn feeds(site: &TestSite) -> (String, String, Value) {
    site.run(NOW, &["build", "--accept"]).exits(0);
    let json = serde_json::from_str(&site.read("public/feed.json")).unwrap();
    (site.read("public/feed.xml"), site.read("public/atom.xml"), json)
}

/// What our own validator says of the feeds.
#[track_caller]
fn is_sound(site: &TestSite) {
    let files = ["feed.xml", "atom.xml", "feed.json"]
        .map(|name| site.file(&format!("public/{name}")).to_str().unwrap().to_owned());
    site.run(NOW, &["check", "--strict", &files[0], &files[1], &files[2]]).exits(0);
}

#[test]
fn comments_are_named_in_the_words_of_each_format() {
    let site = site("comments = \"#comments\"\ncomments_feed = \"https://talk.example/:slug.xml\"");
    let (rss, atom, _) = feeds(&site);
    is_sound(&site);
    assert!(rss.contains("<comments>https://example.org/2026/03/01/a/#comments</comments>"), "{rss}");
    assert!(rss.contains("<comments>https://talk.example/b</comments>"), "{rss}");
    assert!(rss.contains("<wfw:commentRss>https://talk.example/a.xml</wfw:commentRss>"), "{rss}");
    assert!(rss.contains("xmlns:wfw=\"http://wellformedweb.org/CommentAPI/\""), "{rss}");
    assert_eq!((rss.matches("<comments>").count(), atom.matches("rel=\"replies\"").count()), (2, 4), "one has none");
    site.edit("config.toml", "comments_feed = \"https://talk.example/:slug.xml\"\n", "");
    assert!(!feeds(&site).0.contains("wfw"), "a namespace that nothing is of");
}

#[test]
fn a_footer_stands_below_every_entry_and_not_in_mail() {
    let footer = r#"footer = '<p id="x"><a href="mailto:ada@example.org?subject=Re:%20{{ title | urlencode }}">Reply to {{ title }}</a> <a href="../">up</a><script>x</script></p>'"#;
    let site = site(footer);
    site.readers(1);
    let (rss, atom, json) = feeds(&site);
    is_sound(&site);
    let html = "<p><a href=\"mailto:ada@example.org?subject=Re:%20R%26D%20%3CA%3E\">Reply to R&amp;D &lt;A&gt;</a> <a href=\"https://example.org/2026/03/01/\">up</a></p>\n";
    let items = json["items"].as_array().unwrap();
    let of = |title: &str| items.iter().find(|item| item["title"] == title).unwrap()["content_html"].as_str().unwrap();
    assert_eq!(of("R&D <A>"), format!("<p>The first paragraph.</p>\n<p>The <em>second</em> one.</p>\n{html}"));
    assert!(rss.contains(html) && atom.contains("Reply to R&amp;amp;D"), "{rss} {atom}");
    assert!(
        of("B").starts_with("<p>The first paragraph.</p>\n<p><a href=\"mailto:"),
        "below an excerpt too: {}",
        of("B")
    );
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    assert!(
        !site.read("preview/issue-1.html").contains("Reply to")
            && !site.read("preview/issue-1.txt").contains("Reply to")
    );
}

#[test]
fn a_footer_that_is_no_template_stops_the_build_at_its_line() {
    for (footer, what) in [
        ("{{ titel }}", "undefined value"),
        ("{% if %}", "syntax error"),
        ("{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}", ""),
    ] {
        let site = site(&format!("footer = '{footer}'"));
        for command in ["build", "check"] {
            let run = site.run(NOW, &[command, "--json"]).exits(3);
            let json = run.json();
            let found = json["diagnostics"].as_array().or(json["error"]["diagnostics"].as_array()).unwrap();
            let found = found.iter().find(|one| one["code"] == "feed/footer").unwrap();
            assert!(found["message"].as_str().unwrap().contains(what), "{found}");
            assert_eq!((found["path"].as_str(), found["line"].is_u64()), (Some("config.toml"), true), "{found}");
        }
        assert!(!site.file("public/feed.xml").exists(), "nothing is written");
    }
}

#[test]
fn one_post_is_an_excerpt_and_one_is_whole() {
    let site = site("markdown = true");
    let has = |json: &Value, title: &str| {
        let item = json["items"].as_array().unwrap().iter().find(|item| item["title"] == title).unwrap().clone();
        (item["content_html"].is_string(), item["content_text"].is_string())
    };
    let (rss, _, json) = feeds(&site);
    is_sound(&site);
    assert_eq!((has(&json, "B"), has(&json, "C")), ((false, true), (true, false)));
    assert!(rss.contains("<source:markdown>The first paragraph.\n\nThe *second* one.\n</source:markdown>"), "{rss}");
    assert_eq!(rss.matches("<source:markdown>").count(), 2, "an excerpt has no whole Markdown");
    site.edit("config.toml", "markdown = true", "content = \"summary\"");
    let (rss, _, json) = feeds(&site);
    assert_eq!((has(&json, "R&D <A>"), has(&json, "C")), ((false, true), (true, false)));
    assert!(!rss.contains("source:"), "{rss}");
}

#[test]
fn some_terms_have_a_feed_and_others_not() {
    let only = site("by = [\"tags\", \"authors\"]\nonly = [\"tags/RUST\"]\nformats = \"rss\"");
    let files = build(&only);
    let folders: Vec<_> = files.keys().filter(|name| name.contains('/')).collect();
    assert_eq!(folders, ["authors/ada-quill/feed.xml", "tags/rust/feed.xml"]);
    let except = site("by = \"tags\"\nexcept = \"tags/rust\"\nformats = \"rss\"");
    assert!(build(&except).contains_key("tags/misc/feed.xml") && !except.file("public/tags/rust").exists());
}
