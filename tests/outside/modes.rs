//! Modes that do not depend on the umask, and files that would take minutes.

use crate::site::TestSite;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use super::{Ground, below, run_under};

/// The modes of everything below the site, by name.
fn modes(site: &TestSite) -> BTreeMap<String, u32> {
    let name = |path: &Path| path.strip_prefix(site.path()).unwrap().display().to_string();
    below(site.path()).iter().map(|path| (name(path), path.metadata().unwrap().permissions().mode() & 0o7777)).collect()
}

#[test]
fn files_and_folders_have_modes_of_their_own_whatever_the_umask_is() {
    for umask in ["000", "022", "077"] {
        let site = TestSite::new("outbox:outbox");
        let run = |arguments: &[&str]| run_under(&site, umask, arguments).exits(0);
        run(&["init", "fresh"]);
        run(&["new", "Draft"]);
        site.configure("feeds", "by = \"tags\"");
        site.write(
            "posts/2026-03-01-one.md",
            "---\ntitle: One\ndate: 2026-03-01\ntags: [calm]\n---\n\n![A](/a.webp)\n",
        );
        let mut webp = Vec::new();
        let encoder = image_webp::WebPEncoder::new(&mut webp);
        encoder.encode(&[7; 3 * 20 * 20], 20, 20, image_webp::ColorType::Rgb8).unwrap();
        site.write("static/a.webp", "");
        std::fs::write(site.file("static/a.webp"), webp).unwrap();
        run(&["dkim", "new", "--ed25519"]);
        run(&["subscribers", "add", "ada@reader.test"]);
        run(&["publish", "--dry-run"]);
        run(&["publish", "--yes", "--allow", "copied-database"]);
        let modes = modes(&site);
        let is_private = |name: &str| {
            name.starts_with(".tidings/") && Path::new(name).extension().is_none_or(|it| it != "json" && it != "html")
                || name.contains("/issue-")
                || [".tidings", "outbox", "preview/outbox"].contains(&name)
        };
        let by_the_test = ["", "config.toml", "posts", "posts/2026-03-01-one.md", "static", "static/a.webp"];
        for (name, mode) in modes.iter().filter(|(name, _)| !by_the_test.contains(&name.as_str())) {
            let wanted = match (site.file(name).is_dir(), is_private(name)) {
                (true, true) => 0o700,
                (true, false) => 0o755,
                (false, true) => 0o600,
                (false, false) => 0o644,
            };
            assert_eq!(format!("{mode:o}"), format!("{wanted:o}"), "{name} under {umask}");
        }
        for name in [
            ".tidings/tidings.db",
            ".tidings/tidings.db.lock",
            ".tidings/dkim-tidings-ed25519.pem",
            ".tidings/feeds.json",
            "outbox/issue-1-00001.eml",
            "preview/issue-1.html",
            "preview/outbox/issue-1-00001.eml",
            "preview/feed.xml",
            "public/tags/calm/feed.xml",
            "fresh/posts/2026-03-02-hello.md",
            "posts/2026-03-02-draft.md",
        ] {
            assert!(modes.contains_key(name), "there is no {name}: {modes:?}");
        }
        assert!(modes.keys().any(|name| name.starts_with("public/mail-images/")), "{modes:?}");
    }
}

#[test]
fn what_would_take_minutes_is_answered_at_once() {
    let ground = Ground::new();
    ground.site.write(
        "posts/2026-03-01-one.md",
        "---\ntitle: One\ndate: 2026-03-01\n---\n\n![A](/a.jpg) ![B](/b.webp) ![C](/c.gif) ![D](/d.avif)\n",
    );
    ground.sparse("static/a.jpg", &[0xff, 0xd8, 0xff, 0xe0], 4 << 30);
    ground.sparse("static/c.gif", b"GIF89a", 4 << 30);
    ground.sparse("static/d.avif", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", 4 << 30);
    // One of 10,000 pixels in each direction, as a few bytes say.
    let sides = (9_999_u32 + (9_999 << 14)).to_le_bytes();
    let webp = [b"RIFF\x20\x00\x00\x00WEBPVP8L\x13\x00\x00\x00\x2f".as_slice(), &sides, &[0; 15]].concat();
    ground.site.write("static/b.webp", "");
    std::fs::write(ground.site.file("static/b.webp"), webp).unwrap();
    ground.sparse("public/feed.xml", b"<rss/>", 4 << 30);
    ground.site.readers(1);
    for arguments in [["check"].as_slice(), &["build"], &["publish", "--dry-run"], &["explain", "one"]] {
        let begun = Instant::now();
        let run = ground.run(arguments).exits(0);
        // A program that is not optimised, on a machine with other things to do.
        assert!(begun.elapsed() < Duration::from_secs(5), "{arguments:?} took {:?}", begun.elapsed());
        if arguments != ["explain", "one"] {
            let said = format!("{}{}", run.stdout, run.stderr);
            assert!(said.contains("10000 × 10000 pixels, and at most 25 million are converted"), "{said}");
            assert!(
                said.contains("static/a.jpg") && said.contains("this has 4 GB, and a picture may have at most 64 MB")
            );
        }
    }
}
