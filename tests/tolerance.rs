//! `--strict` and `--skip-bad`: what may be wrong with posts, and what is never mailed past.

use crate::site::TestSite;

const NOW: &str = "2026-03-02T09:00:00Z";

/// A site with a reader, a due post, and an older post with an error.
fn with_old_error() -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.post("2026-03-01", "Slow rivers");
    site.write("posts/2025-06-01-bad.md", "---\ntitle: [unclosed\n---\n\nText.\n");
    site
}

#[test]
fn strict_makes_warnings_errors_and_writes_nothing() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.write("posts/2026-03-01-a.md", "---\ntitle: A\ndate: 2026-03-01\n---\n\nSee [b](gone.md) and [c](lost.md).\n");
    let before = site.snapshot(&[".tidings"]);
    for command in [&["build", "--strict"][..], &["publish", "--dry-run", "--strict"], &["publish", "--strict"]] {
        let run = site.run(NOW, command).exits(3);
        assert_eq!(run.stderr.matches("error: ").count(), 2, "all warnings at once: {run:#?}");
        assert_eq!(site.snapshot(&[".tidings"]), before, "{command:?}");
    }
    assert_eq!(site.status()["next_issue"], 1);
    site.run(NOW, &["build"]).exits(0);
    site.edit("posts/2026-03-01-a.md", "See [b](gone.md) and [c](lost.md)", "Nothing to see");
    site.run(NOW, &["publish", "--strict"]).exits(0);
}

#[test]
fn skip_bad_builds_and_publishes_without_old_posts_that_have_errors() {
    let site = with_old_error();
    site.run(NOW, &["build"]).exits(3);
    let run = site.run(NOW, &["build", "--skip-bad"]).exits(0);
    assert!(run.stderr.contains("Left out 1 post with errors"), "{run:#?}");
    assert!(site.read("public/feed.json").contains("Slow rivers"));
    site.run(NOW, &["publish"]).exits(3);
    site.run(NOW, &["publish", "--dry-run", "--skip-bad"]).exits(0);
    site.run(NOW, &["publish", "--skip-bad"]).exits(0);
    assert_eq!(site.outbox().len(), 1);
}

#[test]
fn skip_bad_mails_nothing_while_a_post_with_an_error_might_be_due() {
    for (name, text) in [
        ("posts/2026-03-02-bad.md", "---\ntitle: [unclosed\n---\n\nText.\n"),
        ("posts/bad.md", "---\ntitle: [unclosed\ndate: 2025-01-01\n---\n\nThe date cannot be read.\n"),
        ("posts/undated.md", "---\ntitle: Undated\n---\n\nText.\n"),
    ] {
        let site = with_old_error();
        site.write(name, text);
        for command in [&["publish", "--skip-bad"][..], &["publish", "--dry-run", "--skip-bad"]] {
            let run = site.run(NOW, command).exits(3);
            assert!(run.stderr.contains(name) && run.stderr.contains("might be due"), "{run:#?}");
            assert!(!run.stderr.contains("2025-06-01-bad.md"), "the old one is in no one's way: {run:#?}");
        }
        assert_eq!((site.outbox().len(), &site.status()["next_issue"]), (0, &1.into()), "{name}");
        site.run(NOW, &["build", "--skip-bad"]).exits(0);
    }
}

#[test]
fn the_last_run_moves_the_day_from_which_posts_might_be_due() {
    let site = with_old_error();
    site.run(NOW, &["publish", "--skip-bad"]).exits(0);
    site.write("posts/2026-03-01-bad.md", "---\ntitle: [unclosed\n---\n\nText.\n");
    site.run("2026-03-03T09:00:00Z", &["publish", "--skip-bad"]).exits(0);
    site.write("posts/2026-03-02-bad.md", "---\ntitle: [unclosed\n---\n\nText.\n");
    site.run("2026-03-03T09:00:00Z", &["publish", "--skip-bad"]).exits(3);
}

#[test]
fn without_any_first_day_every_post_might_be_due() {
    let site = with_old_error();
    site.edit("config.toml", "start = 2026-01-01\n", "");
    let run = site.run(NOW, &["publish", "--skip-bad", "--allow", "no-start"]).exits(3);
    assert!(run.stderr.contains("2025-06-01-bad.md"), "{run:#?}");
    assert_eq!(site.outbox().len(), 0);
}
