//! The dry run shows, byte for byte, what publishing sends, and changes nothing else.

use crate::site::TestSite;

const NOW: &str = "2026-03-02T09:00:00Z";

#[test]
fn the_dry_run_shows_the_bytes_that_publishing_sends() {
    let site = TestSite::new("outbox:outbox");
    site.readers(3);
    site.post("2026-03-01", "Slow rivers");
    site.post("2026-03-02", "R&D – <b>bold</b>");
    let plan = site.run(NOW, &["publish", "--dry-run", "--json"]).exits(0).json();
    let files: Vec<_> =
        plan["files"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    for name in ["feed.xml", "atom.xml", "feed.json", "issue-1.html", "issue-1.txt", "issue-1.eml"] {
        assert!(files.contains(&format!("preview/{name}")), "{name} is missing in {files:?}");
    }
    assert!(files.iter().all(|name| site.file(name).is_file()));
    assert_eq!((plan["recipients"].as_i64(), plan["issue"]["number"].as_i64()), (Some(3), Some(1)));
    site.run(NOW, &["publish"]).exits(0);
    let sent = site.outbox();
    assert_eq!(sent.len(), 3);
    for name in &sent {
        assert_eq!(site.read(&format!("preview/outbox/{name}")), site.read(&format!("outbox/{name}")));
    }
    assert_eq!(site.read("preview/issue-1.eml"), site.read("outbox/issue-1-00001.eml"));
    for name in ["feed.xml", "atom.xml", "feed.json"] {
        assert_eq!(site.read(&format!("preview/{name}")), site.read(&format!("public/{name}")));
    }
}

#[test]
fn the_dry_run_changes_nothing_but_the_preview() {
    let site = TestSite::new("outbox:outbox");
    site.post("2026-03-01", "Slow rivers");
    let before = site.snapshot(&[]);
    let run = site.run(NOW, &["publish", "--dry-run"]).exits(0);
    assert!(run.stdout.contains("Slow rivers") && run.stdout.contains("new: nothing was published before"), "{run:#?}");
    assert_eq!(site.snapshot(&["preview"]), before, "not even an empty database is made");

    site.readers(2);
    let before = site.snapshot(&["preview"]);
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    assert_eq!(site.snapshot(&["preview"]), before);
    assert!(site.status()["last_run"].is_null());
}

#[test]
fn the_same_moment_gives_the_same_bytes() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.post("2026-03-01", "Slow rivers");
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    let first = site.snapshot(&[".tidings"]);
    std::fs::remove_dir_all(site.file("preview")).unwrap();
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    assert_eq!(site.snapshot(&[".tidings"]), first);
}

#[test]
fn an_old_preview_does_not_stay_behind() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    let post = site.post("2026-03-01", "Slow rivers");
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    site.write("preview/notes.txt", "mine");
    std::fs::remove_file(site.file(&post)).unwrap();
    let plan = site.run(NOW, &["publish", "--dry-run", "--json"]).exits(0).json();
    assert!(plan["issue"].is_null());
    let left: Vec<_> = site.snapshot(&["config", "posts", ".tidings"]).into_keys().collect();
    assert_eq!(
        left,
        ["preview/atom.xml", "preview/feed.css", "preview/feed.json", "preview/feed.xml", "preview/notes.txt"]
    );
}

#[test]
fn every_post_that_is_not_due_says_why() {
    let site = TestSite::new("outbox:outbox");
    site.post("2025-12-31", "Before the start");
    site.write("posts/2026-03-01-web.md", "---\ntitle: Web only\ndate: 2026-03-01\nnewsletter: false\n---\n\nText.\n");
    site.write("posts/2026-03-01-draft.md", "---\ntitle: Not done\ndate: 2026-03-01\ndraft: true\n---\n\nText.\n");
    site.post("2026-04-01", "In the future");
    let plan = site.run(NOW, &["publish", "--dry-run", "--json"]).exits(0).json();
    let reason = |title: &str| {
        let skipped = plan["skipped"].as_array().unwrap();
        skipped.iter().find(|post| post["title"] == title).unwrap_or_else(|| panic!("{title}: {plan:#}"))["reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(reason("Before the start").contains("newsletter.start"));
    assert!(reason("Web only").contains("newsletter: false"));
    assert!(reason("Not done").contains("draft"));
    assert!(reason("In the future").contains("future"));
}
