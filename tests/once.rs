//! In one command each post is read once and rendered once, however many steps ask for it. First the top of every file is
//! read, to know which posts are shown, and later the bodies of these: so a file is opened twice at most.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use inotify::{EventMask, Inotify, WatchMask};
use jiff::Timestamp;
use tidings::publish::{
    Options, Past, Purpose, Site, Tolerance, build_feeds, dry_run, inspect, own_feeds, plan_with_feeds, prepare,
    renders, specimen,
};

use crate::preview::Preview;
use crate::site::TestSite;

const NOW: &str = "2026-03-02T09:00:00Z";

/// All are shown: by the site's feed, by archives and by tags.
const POSTS: usize = 16;

/// Three posts are due; another one, among the newest, cannot be read, so that older ones take its place. All have a picture
/// that mail only links to, and a sound of unknown length: findings about both name their places in the file.
fn site() -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.edit("config.toml", "start = 2026-01-01", "start = 2026-02-28");
    site.configure("feeds", "limit = 5\narchive = \"month\"\nby = [\"tags\"]");
    site.readers(2);
    let days = (1..=12).map(|day| format!("2026-02-{day:02}"));
    let days = days.chain(["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"].map(str::to_owned));
    for (number, day) in days.enumerate() {
        let is_bad = day == "2026-02-27";
        let more = if is_bad { "newsletter: false\n" } else { "" };
        let mark = if is_bad { "<!-- web-only -->" } else { "" };
        let text = format!(
            "---\ntitle: Post {number}\ndate: {day}\ntags: [t{}, all]\nenclosure: https://example.org/{number}.mp3\n{more}---\n\n\
             {} [there](nowhere.md)\n\n![A boat](boat.svg)\n\n{mark}\n",
            number % 3,
            format!("Words of {number}. ").repeat(300),
        );
        site.write(&format!("posts/{day}.md"), &text);
        site.write("posts/boat.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"2\" height=\"1\"/>");
    }
    site
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn opened(site: &TestSite) -> Site {
    Site::open(site.path(), Site::config(site.path()).unwrap(), now()).unwrap()
}

fn options() -> Options {
    Options { tolerance: Tolerance::BadPosts, ..Options::default() }
}

#[test]
fn a_build_renders_each_post_once() {
    let site = site();
    let opened = opened(&site);
    build_feeds(&opened, Purpose::Write, true).unwrap().commit().unwrap();
    assert_eq!(renders(&opened), POSTS);
}

#[test]
fn a_check_renders_each_post_once() {
    let site = site();
    let opened = opened(&site);
    let found = inspect(&opened, &Past::default(), now()).unwrap();
    for code in ["post/audience", "post/link", "post/enclosure-length", "mail/picture"] {
        assert!(found.iter().any(|found| found.code == code), "{code}");
    }
    assert_eq!(renders(&opened), POSTS);
}

#[tokio::test]
async fn a_dry_run_and_a_publish_render_each_post_once() {
    let site = site();
    for purpose in [Purpose::Show(dry_run::FOLDER), Purpose::Write] {
        let opened = opened(&site);
        let (prepared, feeds) = plan_with_feeds(&opened, &Past::default(), &options(), purpose, now()).await.unwrap();
        assert_eq!(prepared.entries.len(), 3);
        dry_run::write(&opened, &prepared, feeds, None, None, None).await.unwrap();
        assert_eq!(renders(&opened), POSTS, "{purpose:?}");
    }
}

#[test]
fn a_preview_renders_each_post_once_for_the_issue_the_feeds_and_the_findings() {
    let site = site();
    let opened = opened(&site);
    let past = Past::default();
    prepare(&opened, &past, &options(), now(), |found| own_feeds(&opened, found)).unwrap();
    // The five newest and the one that cannot be read.
    assert_eq!(renders(&opened), 6);
    inspect(&opened, &past, now()).unwrap();
    specimen(&opened, &past, &opened.posts[0], now()).unwrap();
    assert_eq!(renders(&opened), POSTS);
}

/// How often the file of each post is opened while something is done.
fn reads<T>(site: &TestSite, work: impl FnOnce() -> T) -> (T, BTreeMap<String, usize>) {
    let mut inotify = Inotify::init().unwrap();
    // With their ends, two reads of a file in a row are two events.
    inotify.watches().add(site.file("posts"), WatchMask::OPEN | WatchMask::CLOSE).unwrap();
    let done = work();
    let mut reads = BTreeMap::new();
    let mut buffer = vec![0; 65_536];
    while let Ok(events) = inotify.read_events(&mut buffer) {
        for event in events.filter(|event| event.mask.contains(EventMask::OPEN)) {
            let name = event.name.unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("2026-") {
                *reads.entry(name).or_default() += 1;
            }
        }
    }
    (done, reads)
}

#[test]
fn each_file_is_opened_for_its_top_and_for_its_body() {
    for (arguments, code) in [
        (&["build", "--skip-bad"][..], 0),
        (&["check"], 3),
        (&["publish", "--dry-run", "--skip-bad"], 0),
        (&["publish", "--skip-bad", "--to", "ada@example.net"], 0),
        (&["publish", "--skip-bad"], 0),
    ] {
        let site = site();
        let (_, reads) = reads(&site, || site.run(NOW, arguments).exits(code));
        assert_eq!(reads.len(), POSTS, "{arguments:?}: {reads:?}");
        assert!(reads.values().all(|count| *count <= 2), "{arguments:?}: {reads:?}");
    }
}

#[test]
fn a_preview_opens_each_file_for_its_top_and_for_its_body_each_time_it_looks() {
    let site = site();
    let (_preview, reads) = reads(&site, || {
        let preview = Preview::of(&site);
        let start = Instant::now();
        // A finding of a post that is neither due nor in the site's feed.
        // A page that is opened anew would look at the site anew.
        while !preview.get("/?view=findings").text().contains("posts/2026-02-01.md") {
            assert!(start.elapsed() < Duration::from_secs(30), "no such finding");
            std::thread::sleep(Duration::from_millis(100));
        }
        preview
    });
    assert_eq!(reads.len(), POSTS);
    // It looks once to answer at once, and once more when it watches the folder, which may have been filled meanwhile.
    assert!(reads.values().all(|count| *count <= 2 * 2), "{reads:?}");
}
