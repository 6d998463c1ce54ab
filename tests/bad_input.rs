//! Bad input: one clear message with place and cure, the promised exit code, nothing sent and nothing half-written.

use crate::sink::Sink;
use crate::site::{Run, TestSite};

const NOW: &str = "2026-03-02T09:00:00Z";

/// A site with a reader and a due post, and then something wrong with it.
fn broken(transport: &str, wrong: impl Fn(&TestSite)) -> TestSite {
    let site = TestSite::new(transport);
    site.readers(1);
    site.post("2026-03-01", "Slow rivers");
    wrong(&site);
    site
}

#[track_caller]
fn refused(site: &TestSite, code: i32, said: &[&str]) -> Run {
    let before = site.snapshot(&[".tidings"]);
    let status = site.run(NOW, &["status", "--json"]);
    let run = site.run(NOW, &["publish"]).exits(code);
    assert_eq!(site.snapshot(&[".tidings"]), before, "nothing is sent or written");
    assert_eq!(site.run(NOW, &["status", "--json"]).stdout, status.stdout, "nothing is recorded");
    for words in said {
        assert!(run.stderr.contains(words), "{words:?} is missing: {run:#?}");
    }
    assert!(run.stderr.contains("help: "), "there is no cure: {run:#?}");
    assert_eq!(run.stderr.matches("error: ").count(), 1, "one message: {run:#?}");
    run
}

#[test]
fn broken_yaml() {
    let site = broken("outbox:outbox", |site| {
        site.write("posts/2026-03-02-bad.md", "---\ntitle: [unclosed\ndate: 2026-03-02\n---\n\nText.\n");
    });
    refused(&site, 3, &["posts/2026-03-02-bad.md:"]);
}

#[test]
fn no_date() {
    let site = broken("outbox:outbox", |site| site.write("posts/undated.md", "---\ntitle: Undated\n---\n\nText.\n"));
    refused(&site, 3, &["posts/undated.md", "date"]);
}

#[test]
fn an_unknown_key_in_the_configuration() {
    let site = broken("outbox:outbox", |site| site.configure("newsletter", "postal_adress = \"x\""));
    refused(&site, 3, &["config.toml:", "newsletter.postal_adress", "postal_address"]);
}

#[test]
fn an_unreadable_draft_flag() {
    let site =
        broken("outbox:outbox", |site| site.edit("posts/2026-03-01-slow-rivers.md", "date:", "draft: perhaps\ndate:"));
    refused(&site, 5, &["posts/2026-03-01-slow-rivers.md", "draft: true"]);
}

#[test]
fn no_folder_for_the_database() {
    let site = broken("outbox:outbox", |site| {
        site.write("taken", "a file where a folder should be");
        site.configure("store", "url = \"sqlite:taken/tidings.db\"");
    });
    refused(&site, 3, &["config.toml:", "taken"]);
}

#[test]
fn the_database_of_another_program() {
    let site = broken("outbox:outbox", |site| site.configure("store", "url = \"sqlite:other.db\""));
    site.write("other.db", &format!("SQLite format 3\0{}", "\0".repeat(4_080)));
    let before = site.read_bytes("other.db");
    assert!(site.run(NOW, &["publish"]).exits(3).stderr.contains("another program"));
    site.run(NOW, &["status"]).exits(3);
    assert_eq!(site.read_bytes("other.db"), before);
}

#[test]
fn a_password_that_is_not_there() {
    let site =
        broken("smtps://ada@127.0.0.1:9", |site| site.configure("mail", "password_env = \"TIDINGS_TEST_PASSWORD\""));
    refused(&site, 3, &["TIDINGS_TEST_PASSWORD"]);
}

#[test]
fn no_server() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    refused(&broken(&format!("smtp://127.0.0.1:{port}"), |_| ()), 1, &[&port.to_string()]);
}

#[test]
fn a_server_that_wants_no_login_in_the_clear() {
    // The sink offers no AUTH, so a configured user cannot log in.
    let sink = Sink::start(std::time::Duration::ZERO);
    let transport = sink.transport().replace("smtp://", "smtp://ada@");
    let site = broken(&transport, |site| {
        site.write_with_mode("password", "secret-of-the-test\n", 0o600);
        site.configure("mail", "password_file = \"password\"");
    });
    let run = refused(&site, 1, &[]);
    assert!(!run.stderr.contains("secret-of-the-test"));
    assert_eq!(sink.count(), 0);
}

#[test]
fn all_problems_of_all_files_come_in_one_run() {
    let site = TestSite::new("outbox:outbox");
    site.write("posts/a.md", "---\ntitle: No date\n---\n\nText.\n");
    site.write("posts/2026-03-02-b.md", "---\ntitle: [unclosed\n---\n\nText.\n");
    site.write("posts/2026-03-03-c.md", "---\ntitle: C\ndate: someday\n---\n\nText.\n");
    let run = site.run(NOW, &["build"]);
    assert_eq!(run.code, 3);
    for path in ["posts/a.md", "posts/2026-03-02-b.md"] {
        assert!(run.stderr.contains(path), "{path} is missing: {run:#?}");
    }
    assert!(!site.file("public").exists());
}

#[test]
fn a_folder_that_is_no_site() {
    let site = TestSite::new("outbox:outbox");
    std::fs::remove_file(site.file("config.toml")).unwrap();
    let run = site.run(NOW, &["build"]).exits(3);
    assert!(run.stderr.contains("tidings init"), "{run:#?}");
}

#[test]
fn readers_are_imported_all_or_none() {
    let site = TestSite::new("outbox:outbox");
    site.write("readers.csv", "email,name\nada@example.org,Ada\nnot an address,Bob\n");
    let file = site.file("readers.csv");
    let run = site.run(NOW, &["subscribers", "import", file.to_str().unwrap()]).exits(3);
    assert!(run.stderr.contains("readers.csv:3:"), "{run:#?}");
    assert_eq!(site.run(NOW, &["subscribers", "list", "--json"]).exits(0).json(), serde_json::json!([]));
    site.run(NOW, &["subscribers", "import", "--skip-bad", file.to_str().unwrap()]).exits(0);
    assert_eq!(site.status()["subscribers"]["confirmed"], 1);
}

#[test]
fn include_names_a_post_that_is_there_and_can_be_mailed() {
    let site = broken("outbox:outbox", |site| {
        site.write("posts/2026-03-02-draft.md", "---\ntitle: D\ndate: 2026-03-02\ndraft: yes\n---\n\nText.\n");
    });
    let run = site.run(NOW, &["publish", "--include", "slow-river"]).exits(2);
    assert!(run.stderr.contains("did you mean `posts/2026-03-01-slow-rivers.md`?"), "{run:#?}");
    site.run(NOW, &["publish", "--include", "2026-03-02-draft.md"]).exits(5);
    site.write("posts/a/index.md", "---\ntitle: A\ndate: 2026-03-01\n---\n\nOne of two files of one name.\n");
    site.write("posts/b/index.md", "---\ntitle: B\ndate: 2026-03-01\n---\n\nThe other one of the two.\n");
    let run = site.run(NOW, &["publish", "--include", "index.md"]).exits(2);
    assert!(
        run.stderr.contains("posts/a/index.md, posts/b/index.md")
            || run.stderr.contains("posts/b/index.md, posts/a/index.md"),
        "{run:#?}"
    );
    assert!(site.outbox().is_empty());
}

#[test]
#[cfg(unix)]
fn what_cannot_be_read_is_named_and_does_not_hide_the_rest() {
    use std::os::unix::ffi::OsStrExt as _;
    let site = broken("outbox:outbox", |_| ());
    std::os::unix::fs::symlink("/nowhere/at/all", site.file("posts/dangling.md")).unwrap();
    std::os::unix::fs::symlink("..", site.file("posts/circle")).unwrap();
    let name = std::ffi::OsStr::from_bytes(b"posts/latin\xff.md");
    std::fs::write(site.path().join(name), "---\ntitle: L\ndate: 2026-03-01\n---\n\nText.\n").unwrap();
    let run = site.run(NOW, &["build"]).exits(0);
    for words in ["posts/dangling.md", "posts/circle", "posts/latin", "not UTF-8"] {
        assert!(run.stderr.contains(words), "{words:?} is missing: {run:#?}");
    }
    assert!(site.read("public/feed.xml").contains("Slow rivers"));
}
