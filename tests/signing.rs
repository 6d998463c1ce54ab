//! Signed mail: the dry run, publishing, a run that goes on later and a test copy all sign alike, and a key that is not fit
//! stops everything before it begins.

use std::os::unix::fs::PermissionsExt as _;

use crate::sink::Sink;
use crate::site::TestSite;

const NOW: &str = "2026-03-02T09:00:00Z";
const KEY: &str = ".tidings/dkim-tidings.pem";

/// A site that signs, with a due post and three readers.
fn site() -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.readers(3);
    site.post("2026-03-01", "Slow rivers");
    site.run(NOW, &["dkim", "new"]).exits(0);
    site.configure("mail.dkim", "");
    site
}

/// The message without its signature.
fn unsigned(message: &str) -> &str {
    &message[message.find("\r\nFrom: ").unwrap()..]
}

#[test]
fn what_the_dry_run_signs_is_what_leaves_at_once_or_later() {
    let site = site();
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    site.run(NOW, &["publish", "--limit", "1"]).exits(4);
    site.run("2026-03-03T09:00:00Z", &["deliver"]).exits(0);
    let sent = site.outbox();
    assert_eq!(sent.len(), 3);
    for name in &sent {
        let message = site.read(&format!("outbox/{name}"));
        assert!(message.starts_with(
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=news.example.org;\r\n s=tidings;\r\n"
        ));
        assert_eq!(message, site.read(&format!("preview/outbox/{name}")), "{name}");
    }
}

#[test]
fn what_is_being_signed_when_a_run_ends_is_queued_again() {
    let sink = Sink::scripted(|step| (step.name == "MAIL").then_some("550 5.7.1 not you"));
    let site = TestSite::new(&sink.transport());
    site.configure("mail", "connections = 1");
    site.readers(600);
    site.post("2026-03-01", "Slow rivers");
    site.run(NOW, &["dkim", "new"]).exits(0);
    site.configure("mail.dkim", "");
    site.run(NOW, &["publish"]).exits(4);
    let counts = site.status()["deliveries"].clone();
    assert_eq!((counts["queued"].as_i64(), counts["sending"].as_i64()), (Some(600), Some(0)), "{counts}");
}

#[test]
fn a_test_copy_is_signed_like_the_real_one() {
    let site = site();
    site.run(NOW, &["publish", "--to", "r1@reader.test"]).exits(0);
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    let test = site.outbox();
    assert_eq!(test.len(), 1);
    assert_eq!(site.read(&format!("outbox/{}", test[0])), site.read("preview/issue-1.eml"));
}

#[test]
fn a_run_goes_on_with_the_new_key_when_the_old_one_is_gone() {
    let site = site();
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    site.run(NOW, &["publish", "--limit", "1"]).exits(4);
    std::fs::remove_file(site.file(KEY)).unwrap();
    let stopped = site.run(NOW, &["deliver"]).exits(3);
    assert!(stopped.stderr.contains("there is no key") && stopped.stderr.contains("tidings dkim new"), "{stopped:#?}");
    assert_eq!(site.outbox().len(), 1, "nothing leaves unsigned by surprise");
    site.run(NOW, &["dkim", "new"]).exits(0);
    site.run(NOW, &["deliver"]).exits(0);
    for (number, name) in site.outbox().iter().enumerate() {
        let [sent, planned] = ["outbox", "preview/outbox"].map(|folder| site.read(&format!("{folder}/{name}")));
        assert_eq!(unsigned(&sent), unsigned(&planned), "the message is the frozen one, with its Message-ID");
        assert_eq!(sent == planned, number == 0, "the signature is that of the new key");
    }
}

#[test]
fn a_key_that_is_not_fit_stops_everything_before_it_begins() {
    let site = site();
    let refused = |problem: &str| {
        for command in [["publish", "--yes"], ["publish", "--dry-run"], ["check", "--json"]] {
            let run = site.run(NOW, &command).exits(3);
            assert!(run.stderr.contains(problem) || run.stdout.contains(problem), "{problem}: {run:#?}");
        }
        assert!(site.status()["last_run"].is_null(), "nothing is frozen");
    };
    let mode = |mode| std::fs::set_permissions(site.file(KEY), std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    refused("every user of this machine can read the key");
    mode(0o640);
    site.run(NOW, &["check"]).exits(0);
    mode(0o600);
    let key = site.read(KEY);
    site.write(KEY, &key[..key.len() / 2]);
    refused("no private key in PEM form");
    site.write(KEY, &key.replace("MII", "MIJ"));
    refused("its key is damaged");
    std::fs::remove_file(site.file(KEY)).unwrap();
    std::fs::create_dir(site.file(KEY)).unwrap();
    mode(0o700);
    refused("cannot be read");
    assert!(site.outbox().is_empty());
}

#[test]
fn a_key_is_private_and_is_never_overwritten() {
    let site = site();
    let key = site.read_bytes(KEY);
    let mode = |name: &str| std::fs::metadata(site.file(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(KEY), mode(".tidings")), (0o600, 0o700));
    site.run(NOW, &["dkim", "new"]).exits(5);
    site.run(NOW, &["dkim", "new", "--selector", "other", "--key-file", KEY]).exits(5);
    assert_eq!(site.read_bytes(KEY), key);
    site.run(NOW, &["dkim", "new", "--selector", "other"]).exits(0);
    assert_ne!(site.read_bytes(".tidings/dkim-other.pem"), key);
}

#[test]
fn a_domain_that_is_not_the_senders_is_named() {
    let site = site();
    site.configure("mail.dkim", "domain = \"other.example\"");
    let run = site.run(NOW, &["publish", "--dry-run"]).exits(0);
    assert!(run.stderr.contains("but is signed by `other.example`"), "{run:#?}");
    site.run(NOW, &["publish", "--dry-run", "--strict"]).exits(3);
    site.edit("config.toml", "other.example", "example.org");
    let run = site.run(NOW, &["publish", "--dry-run", "--strict"]).exits(0);
    assert!(!run.stderr.contains("signed by"), "a domain above the sender's is aligned with it: {run:#?}");
}
