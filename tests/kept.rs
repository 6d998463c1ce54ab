//! What those who subscribe to a feed keep: its entries, its address, and archives that do not change.

use crate::site::{Run, TestSite};

const NOW: &str = "2026-03-02T09:00:00Z";

fn site(feeds: &str) -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.configure("feeds", feeds);
    site
}

fn post(site: &TestSite, day: &str, title: &str, tag: &str) -> String {
    let name = format!("posts/{}.md", title.to_lowercase().replace(' ', "-"));
    site.write(&name, &format!("---\ntitle: {title}\ndate: {day}\ntags: [\"{tag}\"]\n---\n\nThis is {title}.\n"));
    name
}

fn build(site: &TestSite) -> Run {
    site.run(NOW, &["build"])
}

/// Three posts a month from January to June, each month with a tag of its own.
fn half_a_year() -> TestSite {
    let site = site("archive = \"month\"\nby = \"tags\"\nlimit = 5");
    for month in 1..=6 {
        for day in 1..=3 {
            post(&site, &format!("2025-{month:02}-{day:02}"), &format!("Post {month} {day}"), &format!("m{month}"));
        }
    }
    build(&site).exits(0);
    site
}

#[test]
fn a_month_that_vanishes_with_its_tag_is_refused_and_its_posts_are_named() {
    for left in [0, 1] {
        let site = half_a_year();
        for day in left + 1..=3 {
            std::fs::remove_file(site.file(&format!("posts/post-4-{day}.md"))).unwrap();
        }
        let before = site.snapshot(&[]);
        for arguments in [["build"].as_slice(), &["build", "--check"]] {
            let run = site.run(NOW, arguments).exits(5);
            let gone = format!("{} entries are gone from the posts", 3 - left);
            assert!(run.stderr.contains(&gone) && run.stderr.contains("“Post 4 3”"), "{run:?}");
        }
        assert_eq!(site.snapshot(&[]), before, "nothing is written or removed");
        let run = site.run(NOW, &["build", "--accept"]).exits(0);
        assert_eq!(run.stderr.contains("removed   public/archive/2025-04/feed.xml"), left == 0, "{run:?}");
    }
}

#[test]
fn a_feed_that_goes_because_its_posts_lost_the_tag_is_no_reason_to_refuse() {
    let site = half_a_year();
    for day in 1..=3 {
        site.edit(&format!("posts/post-4-{day}.md"), "m4", "m3");
    }
    let run = build(&site).exits(0);
    assert!(run.stderr.contains("removed   public/tags/m4/feed.xml"), "{run:?}");
}

#[test]
fn a_post_with_another_date_is_still_there_and_can_keep_its_id() {
    let site = half_a_year();
    let old = "https://example.org/2025/04/02/post-4-2/";
    site.edit("posts/post-4-2.md", "2025-04-02", "2025-06-05");
    let run = build(&site).exits(5);
    assert!(run.stderr.contains(&format!("posts/post-4-2.md (was {old})")), "{run:?}");
    assert!(run.stderr.contains(&format!("`id: {old}`")) && !run.stderr.contains("bring the post back"), "{run:?}");
    site.edit("posts/post-4-2.md", "---\ntitle", &format!("---\nid: {old}\ntitle"));
    build(&site).exits(0);
}

/// The address of the feed that has this title.
fn address(site: &TestSite, title: &str) -> String {
    let feeds = site.run(NOW, &["feeds", "--json"]).exits(0).json();
    let feeds = feeds["feeds"].as_array().unwrap().clone();
    let feed = feeds.into_iter().find(|feed| feed["title"] == format!("Four Minutes: {title}")).unwrap();
    feed["files"][0]["path"].as_str().unwrap().to_owned()
}

#[test]
fn two_terms_never_swap_the_addresses_of_their_feeds() {
    let site = site("by = \"tags\"");
    post(&site, "2026-01-01", "One", ".NET");
    build(&site).exits(0);
    assert_eq!(address(&site, ".NET"), "public/tags/net/feed.xml");
    post(&site, "2026-01-02", "Two", "NET");
    build(&site).exits(0);
    let second = address(&site, "NET");
    assert!(second.starts_with("public/tags/net-"), "{second}");
    post(&site, "2020-01-01", "Three", "NET");
    for lost in ["nothing", ".tidings", "public"] {
        if lost != "nothing" {
            std::fs::remove_dir_all(site.file(lost)).unwrap();
        }
        build(&site).exits(0);
        assert_eq!(address(&site, ".NET"), "public/tags/net/feed.xml", "{lost} was lost");
        assert_eq!(address(&site, "NET"), second, "{lost} was lost");
        assert!(site.read("public/tags/net/feed.xml").contains("<title>Four Minutes: .NET</title>"), "{lost} was lost");
    }
}

#[test]
fn a_term_that_is_written_another_way_keeps_its_readers() {
    let site = site("by = \"tags\"");
    let name = post(&site, "2026-01-01", "One", "NET");
    build(&site).exits(0);
    site.edit(&name, "NET", ".NET");
    build(&site).exits(0);
    assert_eq!(address(&site, ".NET"), "public/tags/net/feed.xml");
}

#[test]
fn what_an_earlier_version_remembered_is_understood() {
    let site = site("by = \"tags\"");
    let name = post(&site, "2026-01-01", "One", "calm");
    build(&site).exits(0);
    let memory: serde_json::Value = serde_json::from_str(&site.read(".tidings/feeds.json")).unwrap();
    site.write(".tidings/feeds.json", &memory["files"].to_string());
    site.edit(&name, "calm", "rain");
    let run = build(&site).exits(0);
    assert!(run.stderr.contains("removed   public/tags/calm/feed.xml"), "{run:?}");
}

#[test]
fn a_folder_in_the_place_of_a_feed_is_named() {
    let site = site("");
    site.post("2026-01-01", "A");
    site.write("public/tags/x.txt", "mine");
    std::fs::create_dir_all(site.file("public/feed.xml")).unwrap();
    let run = build(&site).exits(1);
    assert!(run.stderr.contains("public/feed.xml"), "{run:?}");
}

#[test]
fn a_character_that_cannot_be_shown_is_told_once() {
    let site = site("");
    site.write("posts/a.md", "---\ntitle: A\ndate: 2026-01-01\n---\n\nOne\u{1}two.\n");
    let run = build(&site).exits(0);
    assert_eq!(run.stderr.matches("warning: ").count(), 1, "{run:?}");
}

/// The start of a GIF of this size: as much as tells it.
fn gif(width: u8, height: u8) -> [u8; 13] {
    [b'G', b'I', b'F', b'8', b'9', b'a', width, 0, height, 1, 0, 0, 0]
}

#[test]
fn pictures_of_another_shape_than_readers_ask_for_are_told() {
    let site = site("image = \"/wide.gif\"\nicon = \"/tall.gif\"\nfavicon = \"/tall.gif\"\nlogo = \"/tall.gif\"");
    site.post("2026-01-01", "A");
    std::fs::create_dir_all(site.file("static")).unwrap();
    std::fs::write(site.file("static/wide.gif"), gif(200, 0)).unwrap();
    std::fs::write(site.file("static/tall.gif"), gif(200, 0)).unwrap();
    for command in ["build", "check"] {
        let run = site.run(NOW, &[command]).exits(0);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert_eq!(said.matches("is 200 × 256 pixels").count(), 4, "{said}");
        assert!(said.contains("`feeds.image` is 200 × 256 pixels, and RSS allows at most 144 × 400"), "{said}");
        assert!(said.contains("image = \"/wide.gif\""), "the line of config.toml is shown: {said}");
    }
    std::fs::write(site.file("static/wide.gif"), gif(144, 0)).unwrap();
    let said = build(&site).exits(0).stderr;
    assert!(!said.contains("`feeds.image`"), "{said}");
}

#[test]
fn an_id_that_no_atom_feed_may_have_is_told_when_it_is_built() {
    let site = site("");
    site.write("posts/a.md", "---\ntitle: A\ndate: 2026-01-01\nguid: urn:uuid:1234\n---\n\nOne.\n");
    let run = build(&site).exits(0);
    assert!(run.stderr.contains("is not a UUID") && run.stderr.contains("posts/a.md"), "{run:?}");
}

#[test]
fn a_key_that_is_unknown_is_answered_with_each_known_one_once() {
    let site = site("");
    site.configure("newsletter", "zzzzzzzz = 1");
    let said = build(&site).exits(3).stderr;
    assert_eq!(said.matches("reply_to").count(), 1, "{said}");
}
