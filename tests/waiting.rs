//! A thin week: with `newsletter.min_entries` too few entries wait for more, and none of them is lost or late for it.

use crate::site::TestSite;

fn site() -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.configure("newsletter", "min_entries = 3");
    site.readers(1);
    for day in ["2026-02-01", "2026-02-02", "2026-02-03"] {
        site.post(day, &format!("Of {day}"));
    }
    site.run("2026-02-03T10:00:00Z", &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 1);
    site
}

#[test]
fn too_few_entries_wait_and_go_out_with_the_one_that_makes_it_enough() {
    let site = site();
    site.post("2026-02-04", "First");
    site.post("2026-02-05", "Second");
    let now = "2026-02-06T10:00:00Z";
    let held = site.run(now, &["publish"]).exits(0);
    let why = "waits until 3 entries are due (`newsletter.min_entries`), and 2 are";
    assert!(held.stderr.contains(&format!("Not mailed: posts/2026-02-04-first.md: {why}.")), "{held:?}");
    assert!(
        held.stderr.contains("Too little is due for an issue: the feeds are up to date and nothing was mailed."),
        "{held:?}"
    );
    assert!(site.read("public/feed.xml").contains("<title>Second</title>"), "feeds wait for nothing");
    let plan = site.run(now, &["publish", "--dry-run"]).exits(0).stdout;
    assert!(
        plan.contains("Waiting for more, and sent before only with --min-entries:\n  2026-02-05  Second  waits"),
        "{plan}"
    );
    let status = site.run(now, &["status"]).exits(0).stdout;
    assert!(
        status.contains(
            "Waiting for more: 2 of the 3 entries of `newsletter.min_entries`.\n  posts/2026-02-05-second.md  Second\n"
        ),
        "{status}"
    );
    assert_eq!(site.run(now, &["status", "--json"]).json()["waiting"][1]["reason"], why);
    let story = site.run(now, &["explain", "first", "--json"]).json();
    assert_eq!((&story["due"], &story["mail_reason"]), (&false.into(), &why.into()));
    assert!(site.run(now, &["posts"]).stdout.contains("  waits   Second"));
    // More than `newsletter.max_lateness` later: they waited as they should, and no run was missed.
    site.post("2026-07-01", "Third");
    let sent = site.run("2026-07-01T10:00:00Z", &["publish"]).exits(0);
    assert!(sent.stderr.contains("1 sent"), "{sent:?}");
    let message = site.read("outbox/issue-2-00001.eml");
    assert!(["First", "Second", "Third"].iter().all(|title| message.contains(title)), "{message}");
    assert_eq!(site.run("2026-07-02T10:00:00Z", &["status", "--json"]).json()["waiting"], serde_json::json!([]));
    // With enough of them, what is overdue is so again.
    for day in ["2026-07-02", "2026-07-03", "2026-07-04"] {
        site.post(day, &format!("Of {day}"));
    }
    site.run("2026-12-01T10:00:00Z", &["publish"]).exits(5);
}

#[test]
fn the_owner_sends_what_waits_before() {
    for way in [&["--min-entries", "1"][..], &["--include", "second"]] {
        let site = site();
        site.post("2026-02-04", "First");
        site.post("2026-02-05", "Second");
        let dry = site.run("2026-05-20T10:00:00Z", &[&["publish", "--dry-run"], way].concat()).exits(0).stdout;
        assert!(dry.contains(&format!("tidings publish {} --expect ", way.join(" "))), "{dry}");
        site.run("2026-05-20T10:00:00Z", &[&["publish"], way].concat()).exits(0);
        let message = site.read("outbox/issue-2-00001.eml");
        assert!(message.contains("First") && message.contains("Second"), "none is left behind: {message}");
        assert!(!site.run("2026-05-21T10:00:00Z", &["posts"]).stdout.contains("late"));
    }
}

#[test]
fn a_number_that_can_never_be_reached_is_an_error() {
    let site = TestSite::new("outbox:outbox");
    for (lines, what) in [
        ("min_entries = 11", "more than `newsletter.max_entries`"),
        ("min_entries = 2\nmode = \"each\"", "several entries"),
        ("min_entires = 2", "did you mean `min_entries`?"),
    ] {
        site.edit("config.toml", "[newsletter]\n", &format!("[newsletter]\n{lines}\n"));
        let run = site.run("2026-02-06T10:00:00Z", &["posts"]).exits(3);
        assert!(run.stderr.contains(what), "{run:?}");
        site.edit("config.toml", &format!("{lines}\n"), "");
    }
}
