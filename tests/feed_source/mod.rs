//! A site whose posts are the entries of a feed that another program builds.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::site::TestSite;

const WORDPRESS: &str = include_str!("wordpress.xml");
const NOW: &str = "2026-03-02T09:00:00Z";
const LATER: &str = "2026-03-09T09:00:00Z";

/// A web server with one document at every address.
struct Blog {
    address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    head: String,
    body: String,
    etag: String,
    /// The statuses of its answers.
    answers: Vec<u16>,
}

impl Blog {
    fn new(feed: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let blog = Self { address, state: Arc::default() };
        blog.show(feed);
        let state = Arc::clone(&blog.state);
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, &state)));
        blog
    }

    /// From now on this is its feed.
    fn show(&self, feed: &str) {
        let mut state = self.state.lock().unwrap();
        "200 OK".clone_into(&mut state.head);
        state.body = feed.replace("{own}", &self.address);
        state.etag = format!("\"{}\"", state.body.len());
    }

    /// From now on it answers so.
    fn fail(&self, head: &str, body: &str) {
        let mut state = self.state.lock().unwrap();
        (state.head, state.body, state.etag) = (head.to_owned(), body.to_owned(), String::new());
    }

    /// What it has answered since this was last asked.
    fn answers(&self) -> Vec<u16> {
        std::mem::take(&mut self.state.lock().unwrap().answers)
    }

    /// A site with a reader, whose posts are those of the blog.
    fn site(&self) -> TestSite {
        let site = TestSite::new("outbox:outbox");
        site.edit("config.toml", "https://example.org", &self.address);
        site.configure("posts", &format!("feed = \"{}/feed/\"", self.address));
        site.run(NOW, &["check", "--yes"]);
        site.run(NOW, &["subscribers", "add", "eve@reader.example"]).exits(0);
        self.answers();
        site
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>) {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
    let mut state = state.lock().unwrap();
    let known = head.lines().find_map(|line| line.to_lowercase().strip_prefix("if-none-match: ").map(str::to_owned));
    let (status, body) = match known {
        Some(etag) if etag == state.etag => ("304 Not Modified".to_owned(), String::new()),
        _ => (state.head.clone(), state.body.clone()),
    };
    state.answers.push(status[..3].parse().unwrap());
    let etag = if state.etag.is_empty() { String::new() } else { format!("ETag: {}\r\n", state.etag) };
    let length = body.len();
    let _ = write!(stream, "HTTP/1.1 {status}\r\n{etag}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}");
}

/// The ids of the entries that were mailed, over all records.
fn mailed(site: &TestSite) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for number in 1.. {
        let Ok(record) = std::fs::read_to_string(site.file(&format!(".tidings/issues/{number}.json"))) else { break };
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        for entry in record["entries"].as_array().unwrap() {
            assert!(ids.insert(entry["id"].as_str().unwrap().to_owned()), "mailed twice: {entry}");
        }
    }
    ids
}

#[test]
fn the_entries_of_a_feed_are_mailed_once_whatever_becomes_of_them() {
    let blog = Blog::new(WORDPRESS);
    let site = blog.site();
    let plan = site.run(NOW, &["publish", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(blog.answers(), [304], "the check has fetched it");
    assert_eq!(plan["entries"].as_array().unwrap().len(), 2, "{plan}");
    site.run(NOW, &["publish", "--yes"]).exits(0);
    assert_eq!(blog.answers(), [304]);
    let [first, second] = ["12", "9"].map(|number| format!("{}/?p={number}", blog.address));
    assert_eq!(mailed(&site), BTreeSet::from([first.clone(), second.clone()]));
    let mail = site.read("preview/issue-1.html");
    assert!(mail.contains("Ropes &amp; knots") && mail.contains("{{ not a tag }}"), "{mail}");
    assert!(mail.contains(&format!("{}/about/", blog.address)) && !mail.contains("alert(1)"), "{mail}");
    assert!(mail.contains(&format!("{}/feed/", blog.address)), "mail leads to the feed: {mail}");

    // An edit, another title, another day, and the oldest entry makes room for a new one.
    let (head, rest) = WORDPRESS.split_once("\t<item>").unwrap();
    let (one, two) = rest.split_once("\t<item>").unwrap();
    let one =
        one.replace("only looks so", "just looks so").replace("Ropes", "Rope").replace("Mon, 02 Mar", "Sun, 08 Mar");
    let new = two.replace("Low tide", "High tide").replace("low-tide", "high-tide").replace("?p=9<", "?p=15<");
    let new =
        new.replace("Tue, 03 Feb", "Sun, 08 Mar").replace("The mud at low tide is", "The sea wall is, at its top,");
    blog.show(&format!("{head}\t<item>{one}\t<item>{new}"));
    assert_eq!(site.run(LATER, &["check"]).exits(0).stderr, "");
    assert_eq!(blog.answers(), [200]);
    site.run(LATER, &["publish", "--yes"]).exits(0);
    assert_eq!(mailed(&site), BTreeSet::from([first, second, format!("{}/?p=15", blog.address)]));
    assert!(!site.file("public").exists(), "feeds are written when they are asked for");
    site.run(LATER, &["publish", "--yes"]).exits(0);
}

#[test]
fn a_feed_that_is_not_there_is_never_a_site_without_posts() {
    let blog = Blog::new(WORDPRESS);
    let site = blog.site();
    site.run(NOW, &["publish", "--yes"]).exits(0);
    let files = || site.snapshot(&[]).into_iter().filter(|(name, _)| !name.contains("tidings.db")).collect::<Vec<_>>();
    let before = files();
    for (head, body, told) in [
        ("500 Broken", "", "the answer is 500"),
        ("200 OK", "<!DOCTYPE html><html><body>Maintenance</body></html>", "no feed that can be read"),
        ("200 OK", "", "it is empty"),
        (
            "200 OK",
            "<rss version=\"2.0\"><channel><title>x</title></channel></rss>",
            "the feed has no entries with an id",
        ),
        ("302 Found\r\nLocation: file:///etc/passwd", "", "begins with `file:`"),
        ("302 Found\r\nLocation: http://169.254.169.254/", "", "link-local"),
    ] {
        blog.fail(head, body);
        for command in [&["publish", "--yes"][..], &["build"], &["check"], &["publish", "--dry-run"]] {
            let run = site.run(LATER, command).exits(3);
            assert!((run.stderr + &run.stdout).contains(told), "{command:?}: {told}");
        }
    }
    let changed: Vec<_> = files().into_iter().filter(|file| !before.contains(file)).map(|(name, _)| name).collect();
    assert_eq!(changed, [""; 0]);
    let runs = site.run(LATER, &["runs", "--json"]).exits(0).json();
    assert_eq!(runs["runs"].as_array().unwrap_or_else(|| runs.as_array().unwrap()).len(), 1);
}

#[test]
fn a_feed_is_fetched_only_with_the_word_of_the_owner() {
    let blog = Blog::new(WORDPRESS);
    let site = TestSite::of_a_stranger("outbox:outbox");
    site.edit("config.toml", "https://example.org", &blog.address);
    site.configure("posts", &format!("feed = \"{}/feed/\"", blog.address));
    let wants = format!("fetch the feed {}/feed/ (`posts.feed`)", blog.address);
    for command in [&["posts"][..], &["check"], &["build"], &["publish", "--dry-run"]] {
        let run = site.run(NOW, command).exits(5);
        assert!(run.stderr.contains(&wants), "{}", run.stderr);
    }
    assert_eq!(blog.answers(), [0_u16; 0]);
    site.run(NOW, &["check", "--yes"]).exits(0);
    site.run(NOW, &["posts"]).exits(0);
    assert_eq!(blog.answers(), [200, 304]);
    // The site may not name a server of this machine that is not its own.
    site.edit("config.toml", &format!("url = \"{}\"", blog.address), "url = \"http://blog.example\"");
    let run = site.run(NOW, &["posts"]).exits(3);
    assert!(run.stderr.contains("this machine"), "{}", run.stderr);
}

#[test]
fn entries_with_other_ids_are_held_back_and_named() {
    let blog = Blog::new(WORDPRESS);
    let site = blog.site();
    site.run(NOW, &["publish", "--yes"]).exits(0);
    blog.show(&WORDPRESS.replace("/?p=", "/?page_id=").replace("02 Mar", "09 Mar").replace("03 Feb", "09 Mar"));
    let plan = site.run(LATER, &["publish", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(plan["entries"].as_array().unwrap().len(), 0, "{plan}");
    let skipped = plan["skipped"].as_array().unwrap();
    assert!(skipped.iter().all(|post| post["reason"].as_str().unwrap().contains("issue 1")), "{plan}");
    assert_eq!(skipped.len(), 2);
}

#[test]
fn feeds_of_many_programs_are_read_as_their_readers_see_them() {
    let own = "https://example.org";
    for (name, feed, id, told) in [
        ("wordpress", WORDPRESS, "https://example.org/?p=12", "A rope"),
        ("ghost", include_str!("ghost.xml"), "65f0c0ffee0000000000000a", "youtube.com/watch?v=abc"),
        ("substack", include_str!("substack.xml"), "https://example.org/p/ropes", "Which knot holds."),
        ("xhtml", include_str!("xhtml.xml"), "tag:example.org,2026:ropes", "https://example.org/why"),
        ("json", include_str!("feed.json"), "harbour:12", "A second paragraph."),
    ] {
        let site = TestSite::new("outbox:outbox");
        site.configure("posts", "feed = \"built/feed\"");
        site.write("built/feed", &feed.replace("{own}", own));
        let posts = site.run(NOW, &["posts", "--json"]).exits(0).json();
        let post = &posts[0];
        assert_eq!((post["id"].as_str(), post["title"].as_str()), (Some(id), Some("Ropes & knots")), "{name}");
        assert_eq!(post["published"], "2026-03-02T07:30:00+00:00", "{name}");
        assert_eq!(post["authors"][0]["name"], "Ada Quill", "{name}");
        site.run(NOW, &["explain", id]).exits(0);
        site.run(NOW, &["check"]).exits(0);
        site.run(NOW, &["publish", "--dry-run"]).exits(0);
        let mail = site.read("preview/issue-1.txt") + &site.read("preview/issue-1.html");
        assert!(mail.contains(told), "{name}: {mail}");
        assert!(!site.file("preview/feed.xml").exists(), "{name}");
    }
}

#[test]
fn a_summary_is_mailed_with_a_link_and_told() {
    let site = TestSite::new("outbox:outbox");
    site.configure("posts", "feed = \"built/index.xml\"");
    let (head, rest) = WORDPRESS.split_once("<content:encoded>").unwrap();
    let rest = rest.split_once("</content:encoded>").unwrap().1;
    site.write("built/index.xml", &format!("{head}{rest}").replace("{own}", "https://example.org"));
    let found = site.run(NOW, &["check", "--json"]).exits(0).json();
    let found: Vec<_> = found["diagnostics"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert!(found.contains(&&"feed/summaries".into()), "{found:?}");
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    let text = site.read("preview/issue-1.txt");
    assert!(text.contains("only looks so. […]") && text.contains("https://example.org/2026/03/ropes/"), "{text}");
    assert!(text.contains("Continue reading online"), "{text}");
}

#[test]
fn feeds_are_written_from_a_feed_when_they_are_asked_for() {
    let site = TestSite::new("outbox:outbox");
    site.configure("posts", "feed = \"built/index.xml\"");
    site.write("built/index.xml", &WORDPRESS.replace("{own}", "https://example.org"));
    let said = site.run(NOW, &["build"]).exits(0).stderr;
    assert!(said.contains("No feeds are written") && !site.file("public").exists(), "{said}");
    site.configure("feeds", "formats = [\"json\"]");
    site.run(NOW, &["build"]).exits(0);
    let feed: serde_json::Value = serde_json::from_str(&site.read("public/feed.json")).unwrap();
    let ids: Vec<_> = feed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["https://example.org/?p=12", "https://example.org/?p=9"]);
    // The oldest leaves the feed that is read: that is no loss.
    let (head, rest) = WORDPRESS.split_once("</item>").unwrap();
    let end = rest.split_once("</item>").unwrap().1;
    site.write("built/index.xml", &format!("{head}</item>{end}").replace("{own}", "https://example.org"));
    site.run(NOW, &["build"]).exits(0);
    site.run(NOW, &["new", "A title"]).exits(5);
}
