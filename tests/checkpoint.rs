//! `store.checkpoint`: the database is elsewhere before a message leaves, or none leaves.

#![cfg(unix)]

use std::time::Duration;

use crate::sink::Sink;
use crate::site::{TestSite, end_of};

const NOW: &str = "2026-03-02T09:00:00Z";

/// A site that keeps copies of its database in `saved/`, numbered in their order.
fn site(sink: &Sink, readers: usize) -> TestSite {
    let site = TestSite::new(&sink.transport());
    let text = site.read("config.toml");
    site.write("config.toml", &format!("{text}[store]\ncheckpoint = [\"./save\", \"saved\"]\n"));
    let program = "#!/bin/sh\nmkdir -p $1\ncp \"$TIDINGS_DATABASE\" $1/$(ls $1 | wc -l).db\n";
    site.write_with_mode("save", program, 0o755);
    site.readers(readers);
    site.post("2026-03-01", "Slow rivers");
    site
}

#[test]
fn each_claim_is_saved_before_its_first_message_and_the_end_as_well() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink, 20);
    assert!(!site.file("saved").exists(), "reading commands do not start it");
    let published = site.run(NOW, &["publish"]).exits(0);
    assert_eq!(sink.count(), 20, "{published:#?}");
    // As on a machine that begins with the first copy: all of the claim is in doubt, and nothing is sent again.
    let counts = |copy: &str| {
        let other = TestSite::new(&sink.transport());
        std::fs::create_dir(other.file(".tidings")).unwrap();
        std::fs::copy(site.file(copy), other.file(".tidings/tidings.db")).unwrap();
        other.status()["deliveries"].clone()
    };
    let claimed = counts("saved/0.db");
    assert_eq!((claimed["sending"].as_i64(), claimed["sent"].as_i64()), (Some(20), Some(0)), "{claimed}");
    let last = counts(&format!("saved/{}.db", std::fs::read_dir(site.file("saved")).unwrap().count() - 1));
    assert_eq!(last["sent"].as_i64(), Some(20), "{last}");
}

#[test]
fn nothing_leaves_that_could_not_be_saved() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink, 5);
    site.write_with_mode("save", "#!/bin/sh\necho 'no space left' >&2\nexit 3\n", 0o755);
    let failed = site.run(NOW, &["publish"]).exits(4);
    assert!(failed.stderr.contains("`store.checkpoint`: ./save failed (exit status: 3): no space left"), "{failed:#?}");
    let counts = site.status()["deliveries"].clone();
    assert_eq!((sink.count(), counts["queued"].as_i64()), (0, Some(5)), "{counts}");
    site.write_with_mode("save", "#!/bin/sh\n", 0o755);
    site.run(NOW, &["deliver"]).exits(0);
    assert_eq!(sink.count(), 5);
}

/// A site with one due post and one reader that the owner of the machine was not asked about.
fn of_a_stranger(checkpoint: &str) -> TestSite {
    let site = TestSite::of_a_stranger("outbox:outbox");
    let text = site.read("config.toml");
    site.write("config.toml", &format!("{text}[store]\ncheckpoint = {checkpoint}\n"));
    site.readers(1);
    site.post("2026-03-01", "Slow rivers");
    site
}

#[test]
fn the_owner_is_asked_before_it_is_started() {
    let site = of_a_stranger("[\"./save\", \"a b\"]");
    site.write_with_mode("save", "#!/bin/sh\ntouch started\n", 0o755);
    for reading in [&["check"][..], &["build"], &["publish", "--dry-run"], &["status"]] {
        site.run(NOW, reading);
    }
    let refused = site.run(NOW, &["publish"]).exits(5);
    assert!(refused.stderr.contains("save a b to save its database"), "{refused:#?}");
    assert!(!site.file("started").exists() && !site.file("outbox").exists());
    site.run(NOW, &["publish", "--yes"]).exits(0);
    assert!(site.file("started").exists());
    // With other arguments it is another program.
    site.edit("config.toml", "a b", "c");
    site.post("2026-03-02", "Fast rivers");
    site.run(NOW, &["publish"]).exits(5);
}

#[test]
fn who_leaves_while_it_runs_gets_no_mail() {
    let sink = Sink::start(Duration::from_millis(1));
    let site = site(&sink, 1_200);
    site.configure("mail", "connections = 1");
    // The second claim is made while half of the first waits.
    let slow = "#!/bin/sh\necho x >> calls\nif [ $(wc -l < calls) = 2 ]; then touch saving; sleep 3; fi\n";
    site.write_with_mode("save", slow, 0o755);
    let publish = site.start(NOW, &["publish"]);
    while !site.file("saving").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    site.run(NOW, &["subscribers", "remove", "r900@reader.test", "r1100@reader.test"]).exits(0);
    let run = end_of(publish).exits(0);
    let copies = sink.copies();
    assert_eq!(copies.len(), 1_198, "{run:#?}");
    assert!(!copies.contains_key("r900@reader.test") && !copies.contains_key("r1100@reader.test"));
}

#[test]
fn the_owner_is_asked_again_when_a_script_among_the_arguments_has_changed() {
    let site = of_a_stranger("[\"/bin/sh\", \"./save\"]");
    site.write("save", "touch started\n");
    site.run(NOW, &["publish", "--yes"]).exits(0);
    site.post("2026-03-02", "Fast rivers");
    site.run("2026-03-02T10:00:00Z", &["publish"]).exits(0);
    site.write("save", "touch exchanged\n");
    site.post("2026-03-03", "Deep rivers");
    site.run("2026-03-03T09:00:00Z", &["publish"]).exits(5);
    assert!(site.file("started").exists() && !site.file("exchanged").exists());
}

/// The mail of a reader who wants to join.
const WISH: &str = "From: Bob <bob@reader.test>\nTo: join@news.example.org\nSubject: subscribe\n\
                    Date: Mon, 02 Mar 2026 08:00:00 +0000\nMessage-ID: <1@reader.test>\n\nHello\n";

#[test]
fn what_the_mailbox_said_is_saved_before_it_is_put_away() {
    let site = of_a_stranger("[\"./save\"]");
    site.configure("inbox", "join = \"join@news.example.org\"");
    site.write("wish.eml", WISH);
    let mail = site.file("wish.eml");
    let inbox = |more: &[&str]| site.run(NOW, &[&["inbox", mail.to_str().unwrap()], more].concat());
    site.write_with_mode("save", "#!/bin/sh\nexit 3\n", 0o755);
    let refused = inbox(&[]).exits(5);
    assert!(refused.stderr.contains("save to save its database"), "{refused:#?}");
    let failed = inbox(&["--yes"]).exits(1);
    assert!(failed.stderr.contains("`store.checkpoint`: ./save failed"), "{failed:#?}");
    assert_eq!(site.outbox(), [""; 0], "no letter leaves that another machine would not know of");

    // It is read again, and known; then the letter leaves, which is saved too.
    site.write_with_mode("save", "#!/bin/sh\ncp \"$TIDINGS_DATABASE\" saved.db\n", 0o755);
    inbox(&["--yes"]).exits(0);
    assert_eq!(site.outbox().len(), 1);
    let other = TestSite::new("outbox:outbox");
    std::fs::create_dir(other.file(".tidings")).unwrap();
    std::fs::copy(site.file("saved.db"), other.file(".tidings/tidings.db")).unwrap();
    let told = other.run(NOW, &["explain", "bob@reader.test"]).exits(0).stdout;
    assert!(told.contains("pending") && told.contains("by mail: sent"), "{told}");
    // A dry run starts nothing.
    site.write_with_mode("save", "#!/bin/sh\ntouch exchanged\n", 0o755);
    inbox(&["--dry-run"]).exits(0);
    assert!(!site.file("exchanged").exists());
}
