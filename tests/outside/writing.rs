//! Nothing is written through a link.

use std::path::Path;
use std::time::Duration;

use super::{Ground, PUT_IT_THERE, Row, assert_kept_apart, try_all};

#[test]
fn no_feed_is_written_through_a_link() {
    let leads = "this link leads out of the site, to";
    let rows: &[Row<'_>] = &[
        (
            "a feed",
            &|g| g.link("public/feed.xml", "feed.xml"),
            3,
            &format!("public/feed.xml | {leads} | {PUT_IT_THERE}"),
        ),
        (
            "a feed that is not there",
            &|g| g.link("public/feed.xml", "gone.xml"),
            3,
            &format!("public/feed.xml | {leads}"),
        ),
        ("a folder of feeds", &|g| g.link("public/tags", "in"), 3, &format!("public/tags | {leads}")),
        ("a folder that is not there", &|g| g.link("public/tags", "gone"), 3, &format!("public/tags | {leads}")),
        ("the list", &|g| g.link(".tidings/feeds.json", "gone.json"), 3, &format!(".tidings/feeds.json | {leads}")),
        ("a pipe", &|g| g.pipe("public/atom.xml"), 3, "public/atom.xml | this is a pipe and no file"),
    ];
    try_all(rows, &[&["build"], &["publish"]]);
    let webp = |g: &Ground| {
        let mut bytes = Vec::new();
        let encoder = image_webp::WebPEncoder::new(&mut bytes);
        encoder.encode(&[7; 3 * 20 * 20], 20, 20, image_webp::ColorType::Rgb8).unwrap();
        g.site.write("static/a.webp", "");
        std::fs::write(g.site.file("static/a.webp"), bytes).unwrap();
        g.site.write("posts/2026-03-01-one.md", "---\ntitle: One\ndate: 2026-03-01\n---\n\n![A](/a.webp)\n");
    };
    let rows: &[Row<'_>] = &[(
        "pictures for mail",
        &|g| {
            webp(g);
            g.link("public/mail-images", "in");
        },
        3,
        &format!("public/mail-images | {leads}"),
    )];
    try_all(rows, &[&["build"], &["publish"]]);
}

#[test]
fn no_message_is_written_through_a_link() {
    let leads = "this link leads out of the site, to";
    let rows: &[Row<'_>] = &[
        ("a page", &|g| g.link("preview/issue-1.html", "gone"), 3, &format!("preview/issue-1.html | {leads}")),
        ("a message", &|g| g.link("preview/issue-1.eml", "post.md"), 3, &format!("preview/issue-1.eml | {leads}")),
        ("its folder", &|g| g.link("preview/outbox", "in"), 3, &format!("preview/outbox | {leads}")),
        ("a feed", &|g| g.link("preview/feed.xml", "feed.xml"), 3, &format!("preview/feed.xml | {leads}")),
    ];
    for row in rows {
        let (what, put, code, words) = *row;
        let with_readers = |g: &Ground| {
            g.site.readers(1);
            put(g);
        };
        try_all(&[(what, &with_readers, code, words)], &[&["publish", "--dry-run"]]);
    }
    let ground = Ground::new();
    ground.site.readers(1);
    ground.link("outbox/issue-1-00001.eml", "post.md");
    let before = ground.outside();
    let run = ground.run(&["publish", "--yes"]);
    assert!(run.code == 4 && run.stderr.contains("1 deferred") || run.stderr.contains("leads out"), "{run:#?}");
    assert_kept_apart(&ground, &before, &run, "a message in the outbox");
    assert!(std::fs::symlink_metadata(ground.site.file("outbox/issue-1-00001.eml")).unwrap().is_symlink());
}

#[test]
fn the_outbox_and_the_preview_clear_only_what_they_wrote() {
    let ground = Ground::new();
    ground.site.readers(1);
    let mine = [
        "outbox/.tidings-notes",
        "outbox/.tidings-mine.txt",
        "outbox/issue-1.md",
        "preview/issue-tracker.md",
        "preview/issues.txt",
        "preview/mail-images/tree.png",
        "preview/outbox/mine.eml",
    ];
    for name in mine {
        ground.site.write(name, "mine");
        let long_ago = std::time::SystemTime::now() - Duration::from_hours(24);
        std::fs::File::options().write(true).open(ground.site.file(name)).unwrap().set_modified(long_ago).unwrap();
    }
    ground.run(&["publish", "--dry-run"]).exits(0);
    ground.run(&["publish", "--yes"]).exits(0);
    for name in mine {
        assert_eq!(ground.site.read(name), "mine", "{name}");
    }
}

#[test]
fn the_database_is_not_led_out_of_the_site() {
    let leads = "this link leads out of the site, to";
    let built = |g: &Ground| drop(g.run(&["publish"]).exits(0));
    let rows: &[Row<'_>] = &[
        (
            "a database that is not there",
            &|g| g.link(".tidings/tidings.db", "gone.db"),
            3,
            &format!("tidings.db | {leads}"),
        ),
        ("another file", &|g| g.link(".tidings/tidings.db", "note"), 3, &format!("tidings.db | {leads}")),
        ("a pipe", &|g| g.pipe(".tidings/tidings.db"), 3, "tidings.db | this is a pipe and no file"),
        (
            "its log",
            &|g| {
                built(g);
                g.link(".tidings/tidings.db-wal", "gone.db");
            },
            3,
            &format!("tidings.db-wal | {leads}"),
        ),
        (
            "its shared memory",
            &|g| {
                built(g);
                g.link(".tidings/tidings.db-shm", "note");
            },
            3,
            &format!("tidings.db-shm | {leads}"),
        ),
        (
            "its journal, in the site",
            &|g| {
                built(g);
                g.link_to(".tidings/tidings.db-journal", Path::new("feeds.json"));
            },
            3,
            "tidings.db-journal | this is a link and no file",
        ),
    ];
    try_all(rows, &[&["publish"], &["deliver"], &["status"], &["subscribers", "add", "ada@example.org"]]);
}

#[test]
fn the_lock_never_takes_the_place_of_another_file() {
    let no_lock = "belongs to another program | move that file away";
    let readme = "# My site\n\nRead me.\n";
    let rows: &[Row<'_>] = &[
        (
            "a link to a file of the site",
            &|g| {
                g.site.write("README.md", readme);
                g.link_to(".tidings/tidings.db.lock", Path::new("../README.md"));
            },
            3,
            &format!("tidings.db.lock | {no_lock}"),
        ),
        ("a link out", &|g| g.link(".tidings/tidings.db.lock", "note"), 3, "tidings.db.lock"),
        ("a link to nothing", &|g| g.link(".tidings/tidings.db.lock", "gone"), 3, "tidings.db.lock"),
        ("a pipe", &|g| g.pipe(".tidings/tidings.db.lock"), 3, "tidings.db.lock"),
        (
            "the lock of an older version, led away",
            &|g| {
                g.site.write("README.md", readme);
                g.link_to(".tidings/tidings.lock", Path::new("../README.md"));
            },
            0,
            "",
        ),
        ("an older lock that is a pipe", &|g| g.pipe(".tidings/tidings.lock"), 0, ""),
        (
            "a database beside another program's lock",
            &|g| {
                g.site.write("Cargo.lock", readme);
                g.site.configure("store", "url = \"sqlite:Cargo.db\"");
            },
            0,
            "",
        ),
        (
            "a database whose lock is another program's",
            &|g| {
                g.site.write("Cargo.lock", readme);
                g.site.configure("store", "url = \"sqlite:Cargo\"");
            },
            3,
            &format!("Cargo.lock | {no_lock}"),
        ),
        (
            "a file that is no database",
            &|g| {
                g.site.write("README.md", &readme.repeat(9));
                g.site.configure("store", "url = \"sqlite:README.md\"");
            },
            3,
            "README.md",
        ),
    ];
    for row in rows {
        let kept = ["README.md", "Cargo.lock"];
        let (what, put, code, words) = *row;
        let ground = Ground::new();
        put(&ground);
        let read = |ground: &Ground| kept.map(|name| std::fs::read(ground.site.file(name)).ok());
        let (before, texts) = (ground.outside(), read(&ground));
        for arguments in [["publish"].as_slice(), &["deliver"]] {
            let run = ground.run(arguments);
            assert_eq!(run.code, code, "{what}: {run:#?}");
            for words in words.split(" | ") {
                assert!(run.stderr.contains(words), "{what}: {words:?} is missing: {run:#?}");
            }
            assert_kept_apart(&ground, &before, &run, what);
            assert_eq!(read(&ground), texts, "{what}");
        }
    }
}
