//! What is read of a folder of posts: the bodies that are shown, and no others.

use crate::site::{TestSite, is_all_tested};

const NOW: &str = "2026-03-02T09:00:00Z";

/// Deep in the text, far behind what is read for the front matter.
fn with_bad_byte_far_down(site: &TestSite, name: &str) {
    let mut bytes = std::fs::read(site.file(name)).unwrap();
    bytes.extend("A long walk in the rain.\n".repeat(400).into_bytes());
    bytes.extend(b"na\xefve\n");
    std::fs::write(site.file(name), bytes).unwrap();
}

#[test]
fn build_reads_no_body_that_no_feed_shows_and_check_reads_all() {
    let site = TestSite::new("outbox:outbox");
    site.configure("feeds", "limit = 2");
    let old = site.post("2026-01-02", "Old ice");
    site.post("2026-02-02", "New ice");
    site.post("2026-03-01", "Slow rivers");
    with_bad_byte_far_down(&site, &old);

    let build = site.run(NOW, &["build"]).exits(0);
    assert!(!build.stderr.contains("error") && !build.stderr.contains("warning"), "{build:?}");
    let check = site.run(NOW, &["check"]).exits(3);
    let said = format!("{}{}", check.stdout, check.stderr);
    assert!(said.contains("0xef") && said.contains(&old), "{said}");

    // Where a feed shows it, it is read.
    site.edit("config.toml", "limit = 2", "limit = 3");
    let build = site.run(NOW, &["build"]).exits(3);
    assert!(build.stderr.contains("0xef") && build.stderr.contains(&old), "{build:?}");
}

#[test]
fn a_megabyte_of_anything_is_built_in_bounded_time() {
    let size = if is_all_tested() { 200_000 } else { 20_000 };
    let site = TestSite::new("outbox:outbox");
    // Some take the parser longer, in proportion to their length.
    let hostile = [("[", 5), (">", 5), ("[^a]", 5), ("*a ", 5), ("&a *a ", 1), ("<", 1), ("`a ", 1)];
    for (n, (hostile, times)) in hostile.iter().enumerate() {
        let text = hostile.repeat(times * size / hostile.len());
        let head = format!("---\ntitle: Post {n}\ndate: 2026-01-{:02}\n---\n\nA word.\n\n", n + 1);
        site.write(&format!("posts/{n}.md"), &(head + &text));
        site.write(&format!("posts/front-{n}.md"), &format!("---\ntitle: {text}"));
    }
    let start = std::time::Instant::now();
    let build = site.run(NOW, &["--quiet", "build", "--skip-bad"]).exits(0);
    assert!(start.elapsed().as_millis() < 600 * size as u128 / 1_000, "it took {:?}", start.elapsed());
    assert!(build.stderr.len() < 100_000, "what is said about them is short");
    assert_eq!(site.read("public/feed.xml").matches("<item>").count(), 7);
}
