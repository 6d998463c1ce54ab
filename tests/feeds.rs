//! Which feeds a site has, what becomes of them when posts change, and what is refused for the readers' sake.

use std::collections::{BTreeMap, BTreeSet};

use tidings::feed::Layout;
use tidings::publish::{Site, rendered};

use crate::site::{Run, TestSite};

pub(crate) const NOW: &str = "2026-03-02T09:00:00Z";

/// A site with a post on each of these days, titled `Post 1` and so on, the oldest first.
pub(crate) fn site(feeds: &str, days: &[&str]) -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.configure("feeds", feeds);
    for (number, day) in days.iter().enumerate() {
        site.post(day, &format!("Post {}", number + 1));
    }
    site
}

/// What `build` did with each file but for those that stay.
pub(crate) fn build(site: &TestSite) -> BTreeMap<String, String> {
    changed(&site.run(NOW, &["build", "--json"]).exits(0))
}

fn changed(run: &Run) -> BTreeMap<String, String> {
    let files = run.json()["files"].as_array().unwrap().clone();
    let words = files.iter().map(|file| {
        (file["path"].as_str().unwrap().replace("public/", ""), file["written"].as_str().unwrap().to_owned())
    });
    words.filter(|(_, word)| word != "unchanged").collect()
}

pub(crate) const DAYS: [&str; 5] = ["2025-01-10", "2025-01-20", "2025-02-10", "2025-03-10", "2025-03-20"];

#[test]
fn adding_a_post_changes_the_newest_archive_only_and_a_late_one_only_its_own() {
    let site = site("archive = \"month\"\nlimit = 2\nformats = \"atom\"", &DAYS);
    build(&site);
    site.post("2025-03-30", "New");
    assert_eq!(build(&site).keys().collect::<Vec<_>>(), ["archive/2025-03/atom.xml", "atom.xml"]);
    site.post("2025-01-15", "Late");
    assert_eq!(build(&site).keys().collect::<Vec<_>>(), ["archive/2025-01/atom.xml"]);
    site.edit("posts/2025-02-10-post-3.md", "takes its time", "took its time");
    assert_eq!(build(&site).keys().collect::<Vec<_>>(), ["archive/2025-02/atom.xml"]);
    let closed = site.read("public/archive/2025-03/atom.xml");
    site.post("2025-04-01", "April");
    assert_eq!(build(&site).keys().collect::<Vec<_>>(), ["archive/2025-04/atom.xml", "atom.xml"]);
    assert_eq!(site.read("public/archive/2025-03/atom.xml"), closed, "a closed archive never changes");
}

#[test]
fn a_new_reader_finds_every_post_by_way_of_the_archives() {
    let site = site("archive = \"month\"\nlimit = 2", &DAYS);
    build(&site);
    let mut found = Vec::new();
    let mut next = Some("https://example.org/feed.json".to_owned());
    while let Some(address) = next {
        let feed: serde_json::Value =
            serde_json::from_str(&site.read(&address.replace("https://example.org", "public"))).unwrap();
        assert_eq!(feed["feed_url"], address.as_str());
        found.extend(feed["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()));
        next = feed["next_url"].as_str().map(str::to_owned);
    }
    found.dedup();
    assert_eq!(found, ["Post 5", "Post 4", "Post 5", "Post 4", "Post 3", "Post 2", "Post 1"]);

    let february = site.read("public/archive/2025-02/atom.xml");
    for link in [
        "<link href=\"https://example.org/atom.xml\" rel=\"current\"",
        "<link href=\"https://example.org/archive/2025-01/atom.xml\" rel=\"prev-archive\"",
        "<fh:archive></fh:archive>",
        "<id>https://example.org/atom.xml</id>",
    ] {
        assert!(february.contains(link), "{link} is not in {february}");
    }
    assert!(!february.contains("next-archive"), "it would change when March begins");
    let oldest = site.read("public/archive/2025-01/atom.xml");
    assert!(oldest.contains("archive/2025-02/atom.xml\" rel=\"next-archive\"") && !oldest.contains("prev-archive"));
    assert!(site.read("public/atom.xml").contains("archive/2025-03/atom.xml\" rel=\"prev-archive\""));
}

#[test]
fn a_feed_that_holds_all_posts_says_so_and_needs_no_archive() {
    let site = site("archive = \"year\"\nlimit = 5", &DAYS);
    assert_eq!(build(&site).keys().filter(|name| name.contains("archive")).count(), 0);
    assert!(site.read("public/feed.xml").contains("<fh:complete></fh:complete>"));
    site.post("2025-04-01", "One more");
    build(&site);
    assert!(!site.read("public/feed.xml").contains("fh:complete"));
    assert!(site.read("public/archive/2025/feed.xml").contains("<fh:archive></fh:archive>"));
}

fn tagged(site: &TestSite, day: &str, title: &str, tags: &str) {
    site.write(
        &format!("posts/{day}-{}.md", title.to_lowercase()),
        &format!("---\ntitle: {title}\ndate: {day}\ntags: {tags}\n---\n\nThis is {title}.\n"),
    );
}

#[test]
fn each_term_has_a_feed_and_no_two_terms_share_a_file() {
    let site = site("by = [\"tags\", \"authors\"]", &[]);
    tagged(&site, "2025-01-01", "One", "[c, rust, topic-1, 日本語]");
    tagged(&site, "2025-01-02", "Two", "[C++, Rust, topic 1, \"c!\", \"..\"]");
    let files = build(&site);
    let tags: Vec<_> = files.keys().filter(|name| name.starts_with("tags/") && name.ends_with("atom.xml")).collect();
    assert_eq!(tags.len(), 7, "{tags:?}");
    let both = |folder: &str| site.read(&format!("public/tags/{folder}/atom.xml")).matches("<entry").count();
    assert_eq!((both("c"), both("c-plus-plus"), both("rust"), both("topic-1"), both("日本語")), (1, 1, 2, 2, 1));
    let feed = site.read("public/tags/日本語/feed.xml");
    let address = "https://example.org/tags/%E6%97%A5%E6%9C%AC%E8%AA%9E/feed.xml";
    assert!(feed.contains("<title>Four Minutes: 日本語</title>"), "{feed}");
    assert!(feed.contains(&format!("<atom:link href=\"{address}\" rel=\"self\"")), "{feed}");
    let opml = site.read("public/feeds.opml");
    assert_eq!(opml.matches("xmlUrl=").count(), 1 + 7 + 1, "{opml}");
    assert!(opml.contains(address), "{opml}");
}

#[test]
fn a_file_of_a_feed_that_is_no_more_is_removed_unless_it_was_changed() {
    let site = site("by = \"tags\"\nmin_posts = 1\nformats = \"rss\"", &[]);
    tagged(&site, "2025-01-01", "One", "[calm, rain, snow]");
    build(&site);
    site.write("public/tags/rain/feed.xml", "mine");
    site.write("public/tags/calm/index.html", "mine");
    site.edit("posts/2025-01-01-one.md", "[calm, rain, snow]", "[]");
    let run = site.run(NOW, &["build", "--json"]).exits(0);
    let removed = changed(&run);
    assert_eq!(removed["tags/calm/feed.xml"], "removed");
    assert!(run.stderr.contains("public/tags/rain/feed.xml is no feed of this site any more"), "{run:?}");
    assert_eq!(site.read("public/tags/rain/feed.xml"), "mine");
    assert!(site.file("public/tags/calm/index.html").exists());
    assert!(!site.file("public/tags/snow").exists(), "a folder that is empty goes with its feed");
}

/// A site that was built, then changed; how its next build ends.
fn rebuilt(change: impl Fn(&TestSite), arguments: &[&str]) -> (TestSite, Run) {
    let site = site("limit = 4", &DAYS);
    build(&site);
    change(&site);
    let run = site.run(NOW, arguments);
    (site, run)
}

#[test]
fn feeds_that_are_streamed_have_the_bytes_of_feeds_that_are_made_whole() {
    let site = site("by = [\"tags\"]\narchive = \"month\"\nlimit = 7", &[]);
    let words = "word ".repeat(300);
    for number in 0..150 {
        let (month, day) = (1 + number / 28, 1 + number % 28);
        let text = format!(
            "---\ntitle: Post {number}\ndate: 2025-{month:02}-{day:02}\ntags: [t{}, t{}]\n---\n\n*{number}* {words}\n",
            number % 3,
            number % 5
        );
        site.write(&format!("posts/{number}.md"), &text);
    }
    build(&site);
    let opened = Site::open(site.path(), Site::config(site.path()).unwrap(), NOW.parse().unwrap()).unwrap();
    let layout = Layout::new(&opened.config).unwrap();
    let mut files = 0;
    for plan in tidings::feed::plan(&opened.posts, &BTreeSet::new(), &opened.config, &BTreeMap::new()).feeds {
        let rendered = |at: &usize| rendered(&opened, &opened.posts[*at], &mut Vec::new()).unwrap();
        let items: Vec<_> = plan.posts.iter().map(|at| layout.item(&rendered(at).entry)).collect();
        for whole in layout.whole(&plan, &items) {
            let name = format!("public/{}{}", plan.folder, whole.file_name);
            assert_eq!(site.read(&name), String::from_utf8(whole.bytes).unwrap(), "{name}");
            files += 1;
        }
    }
    assert_eq!(files, 3 * (1 + 6 + 5));
}

#[test]
fn a_format_that_is_switched_off_leaves_a_file_that_is_named() {
    let site = site("limit = 4", &DAYS);
    build(&site);
    site.edit("config.toml", "limit = 4", "limit = 4\nformats = [\"rss\"]");
    site.write("public/feed.json", "{\"another\": \"program's\"}");
    let said = site.run(NOW, &["build"]).exits(0).stderr;
    assert!(said.contains("warning: public/atom.xml is of an earlier build") && !said.contains("feed.json"), "{said}");
    std::fs::remove_file(site.file("public/atom.xml")).unwrap();
    assert!(!site.run(NOW, &["build"]).exits(0).stderr.contains("warning"));
}

#[test]
fn an_id_that_changes_is_refused_until_it_is_accepted() {
    let before = |site: &TestSite| {
        site.write("posts/2025-03-20-post-5.md", "---\ntitle: Post 5\ndate: 2025-03-20\nid: other\n---\n\nText.\n");
    };
    let (site, run) = rebuilt(before, &["build"]);
    let run = run.exits(5);
    assert!(run.stderr.contains("1 entry has another id"), "{run:?}");
    assert!(run.stderr.contains("posts/2025-03-20-post-5.md (was https://example.org/2025/03/20/post-5/)"), "{run:?}");
    assert!(run.stderr.contains("--accept"), "{run:?}");
    assert!(!site.read("public/feed.xml").contains("other"), "nothing was written");
    let files = site.snapshot(&[]);
    site.run(NOW, &["build", "--check"]).exits(5);
    assert_eq!(site.snapshot(&[]), files, "a check writes nothing");
    site.run(NOW, &["build", "--accept"]).exits(0);
    site.run(NOW, &["build"]).exits(0);
    assert!(site.read("public/feed.xml").contains("other"));
}

#[test]
fn another_address_for_all_posts_is_a_change_of_all_ids() {
    let (_, run) = rebuilt(|site| site.configure("posts", "permalink = \"/:slug/\""), &["build"]);
    assert!(run.exits(5).stderr.contains("4 entries have another id"));
}

#[test]
fn a_site_that_moves_says_where_it_was_and_no_reader_gets_a_post_twice() {
    let site = site("limit = 5\nby = [\"authors\"]", &DAYS);
    site.write("posts/2025-03-21-own.md", "---\ntitle: Own\ndate: 2025-03-21\nid: my own\n---\n\nText.\n");
    site.readers(1);
    site.post("2026-03-01", "New");
    site.run(NOW, &["publish", "--yes"]).exits(0);
    assert_eq!(site.outbox().len(), 1);
    let ids = |atom: String| atom.lines().filter(|line| line.contains("<id>")).map(str::to_owned).collect::<Vec<_>>();
    let before = ids(site.read("public/atom.xml"));

    site.edit("config.toml", "https://example.org", "https://new.example/notes");
    let run = site.run(NOW, &["build"]).exits(5);
    assert!(
        run.stderr.contains("if the site moved, write `id_base = \"https://example.org/\"` below [site]"),
        "{run:?}"
    );
    site.configure("site", "id_base = \"https://example.org\"");
    site.run(NOW, &["build"]).exits(0);
    assert_eq!(ids(site.read("public/atom.xml")), before);
    let rss = site.read("public/feed.xml");
    assert!(rss.contains("<link>https://new.example/notes/2025/03/20/post-5/</link>"), "{rss}");
    assert!(rss.contains("<guid isPermaLink=\"false\">https://example.org/2025/03/20/post-5/</guid>"), "{rss}");
    site.run(NOW, &["publish", "--yes"]).exits(0);
    assert_eq!(site.outbox().len(), 1, "the entry is known by its id");
}

#[test]
fn one_post_that_moved_does_not_keep_mail_from_readers_and_a_whole_feed_does() {
    let rename = |site: &TestSite| {
        std::fs::rename(site.file("posts/2025-03-20-post-5.md"), site.file("posts/2025-03-20-five.md")).unwrap();
    };
    let (site, run) = rebuilt(rename, &["publish"]);
    assert!(run.exits(0).stderr.contains("warning: 1 entry has another id"));
    site.configure("posts", "permalink = \"/:slug/\"");
    let feed = site.read("public/feed.xml");
    site.run(NOW, &["publish", "--dry-run"]).exits(5);
    site.run(NOW, &["publish", "--yes"]).exits(5);
    assert_eq!(site.read("public/feed.xml"), feed);
    site.run(NOW, &["publish", "--yes", "--accept"]).exits(0);
}

#[test]
fn a_post_that_vanishes_is_refused_and_one_that_makes_room_is_not() {
    let vanish = |site: &TestSite| std::fs::remove_file(site.file("posts/2025-03-10-post-4.md")).unwrap();
    let (_, run) = rebuilt(vanish, &["build"]);
    let run = run.exits(5);
    assert!(run.stderr.contains("1 entry is gone from the posts") && run.stderr.contains("“Post 4”"), "{run:?}");
    let (_, run) = rebuilt(|site| site.edit("config.toml", "limit = 4", "limit = 2"), &["build"]);
    run.exits(0);
    let (_, run) = rebuilt(|site| drop(site.post("2025-06-01", "New")), &["build", "--check"]);
    let run = run.exits(0);
    assert!(run.stdout.contains("New to readers: “New”.\nMaking room for newer ones: “Post 2”.\n"), "{run:?}");
}

#[test]
fn another_updated_for_most_posts_is_refused_and_for_one_is_not() {
    let touch = |names: &'static [&str]| {
        move |site: &TestSite| {
            for name in names {
                site.edit(&format!("posts/{name}.md"), "\n---\n\n", "\nupdated: 2025-12-24\n---\n\n");
            }
        }
    };
    let all = ["2025-03-20-post-5", "2025-03-10-post-4", "2025-02-10-post-3"].as_slice();
    for formats in ["rss", "atom", "json"] {
        let (site, run) = rebuilt(touch(all), &["build"]);
        assert!(run.exits(5).stderr.contains("3 of 4 entries in “Four Minutes” have another `updated`"), "{formats}");
        site.configure("feeds", &format!("formats = \"{formats}\""));
        site.run(NOW, &["build"]).exits(5);
    }
    let (_, run) = rebuilt(touch(&all[..1]), &["build"]);
    run.exits(0);
    let (_, run) = rebuilt(|site| site.configure("site", "timezone = \"Asia/Tokyo\""), &["build"]);
    assert!(run.exits(5).stderr.contains("4 of 4 entries"));
}

#[test]
fn what_is_ordinary_is_never_refused() {
    for (section, lines) in [
        ("feeds", "formats = [\"rss\"]"),
        ("feeds", "content = \"summary\""),
        ("feeds", "by = [\"authors\", \"languages\"]\narchive = \"year\""),
        ("site", "description = \"Something else\""),
    ] {
        let (_, run) = rebuilt(|site| site.configure(section, lines), &["build"]);
        run.exits(0);
    }
}

#[test]
fn a_feed_that_cannot_be_read_or_that_another_program_made_is_named() {
    let (site, run) = rebuilt(
        |site| {
            site.write("public/feed.xml", "<rss version=\"2.0\"><channel><title>x</title>");
            site.write("public/atom.xml", "");
            site.write("public/feed.json", "\u{0}\u{1}");
        },
        &["build"],
    );
    let run = run.exits(0);
    assert_eq!(run.stderr.matches("cannot be read, and is replaced without a comparison").count(), 3, "{run:?}");
    assert!(site.read("public/feed.xml").contains("<guid>"));

    let hugo = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>x</title><link>https://example.org/</link>\
                <description>x</description><generator>Hugo 0.111</generator><item><title>Post 5</title>\
                <link>https://example.org/2025/03/20/post-5/</link><guid>https://old.example/5</guid></item></channel></rss>";
    let (_, run) = rebuilt(|site| site.write("public/feed.xml", hugo), &["build"]);
    let run = run.exits(5);
    assert!(run.stderr.contains("another program made this feed, and it is replaced: Hugo 0.111"), "{run:?}");
    assert!(run.stderr.contains("(was https://old.example/5)"), "{run:?}");
}

#[test]
fn the_dry_run_shows_every_feed_as_the_build_writes_it() {
    let site = site("by = \"authors\"\narchive = \"month\"\nlimit = 2", &DAYS);
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    build(&site);
    let built = site.snapshot(&["posts", "config", "preview", ".tidings", "outbox"]);
    assert_eq!(built.len(), 3 * (1 + 3 + 1) + 2, "with feeds.opml and feed.css");
    for (name, bytes) in built {
        assert_eq!(site.read_bytes(&name.replace("public/", "preview/")), bytes, "{name}");
    }
}

#[test]
fn the_lines_for_a_page_name_the_feeds_of_the_site_or_of_one_term() {
    let site = site("by = [\"authors\", \"tags\"]\nformats = [\"atom\", \"json\"]", &DAYS);
    let lines = site.run(NOW, &["feeds", "--html"]).exits(0).stdout;
    assert_eq!(
        lines,
        "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"Four Minutes (Atom)\" href=\"https://example.org/atom.xml\">\n\
         <link rel=\"alternate\" type=\"application/feed+json\" title=\"Four Minutes (JSON Feed)\" href=\"https://example.org/feed.json\">\n"
    );
    let lines = site.run(NOW, &["feeds", "--html", "authors/ada-quill/"]).exits(0).stdout;
    assert!(lines.contains("href=\"https://example.org/authors/ada-quill/atom.xml\""), "{lines}");
    let run = site.run(NOW, &["feeds", "authors/ada"]).exits(2);
    assert!(run.stderr.contains("did you mean `authors/ada-quill`?"), "{run:?}");
    let listed = site.run(NOW, &["feeds", "--json"]).exits(0).json();
    assert_eq!(listed["feeds"][1]["name"], "Ada Quill");
    assert_eq!(listed["feeds"][1]["files"][0]["path"], "public/authors/ada-quill/atom.xml");
}
