//! The archive: what is kept of an issue, and the pages that `build` and `publish` make of it.

use std::path::Path;
use std::process::Command;

use crate::preview::chromium;
use crate::site::TestSite;

const FIRST: &str = "2026-03-02T09:00:00Z";
const SECOND: &str = "2026-03-09T09:00:00Z";

/// A site with an archive, of which one issue was sent.
fn site() -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.configure("newsletter", "archive = true\nsubscribe = \"https://news.example.org/\"");
    site.readers(2);
    site.post("2026-03-01", "First words");
    site.run(FIRST, &["publish"]).exits(0);
    site
}

fn html(site: &TestSite, name: &str) -> String {
    let message = site.read_bytes(name);
    let message = mail_parser::MessageParser::default().parse(&message).unwrap();
    message.body_html(0).unwrap().into_owned()
}

#[test]
fn the_page_of_an_issue_is_kept_beside_its_record_without_anything_of_a_reader() {
    let site = TestSite::new("outbox:outbox");
    site.write("templates/email/entry.html", "<h1>{{ entry.heading }}</h1>\n<p>Dear {{ subscriber.name | default(\"friend\") }}</p>\n{{ entry.html | safe }}\n");
    site.write("readers.csv", "email,name\nann@reader.test,Ann Lee\n");
    site.run("2026-01-01T08:00:00Z", &["subscribers", "import", site.file("readers.csv").to_str().unwrap()]).exits(0);
    site.post("2026-03-01", "First words");
    site.run(FIRST, &["publish"]).exits(0);
    let (page, copy) = (site.read(".tidings/issues/1.html"), html(&site, "outbox/issue-1-00001.eml"));
    assert!(copy.contains("Dear Ann Lee") && copy.contains("https://news.example.org/u/"), "{copy}");
    assert!(page.contains("Dear friend") && page.contains("has to say"), "{page}");
    for secret in ["Ann", "ann@", "ada@news", "/u/", "leave@", "Unsubscribe"] {
        assert!(!page.contains(secret), "{secret}: {page}");
    }
    assert!(page.contains("Archive</a> · <a"), "the other links stay: {page}");
    assert!(!site.file("public/issues").exists(), "no archive was asked for");
}

#[test]
fn a_kept_page_is_made_once() {
    let site = site();
    site.edit(".tidings/issues/1.html", "First words", "Last words");
    site.post("2026-03-08", "Second words");
    site.run(SECOND, &["publish"]).exits(0);
    assert!(site.read(".tidings/issues/1.html").contains("Last words"));
    assert!(site.read("public/issues/1/index.html").contains("Last words"));
}

#[test]
fn a_page_that_another_sending_left_is_not_taken_for_that_of_a_new_issue() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.post("2026-03-01", "First words");
    site.write(".tidings/issues/1.html", "of another sending");
    site.run(FIRST, &["publish"]).exits(0);
    assert!(site.read(".tidings/issues/1.html").contains("First words"));
}

#[test]
fn the_dry_run_shows_the_archive_that_publishing_writes_byte_for_byte_and_a_build_after_it_changes_nothing() {
    let site = site();
    for title in ["Second words", "Third words"] {
        site.post("2026-03-08", title);
    }
    let names = ["issues/index.html", "issues/feed.xml", "issues/1/index.html", "issues/2/index.html"];
    let plan = site.run(SECOND, &["publish", "--dry-run", "--json"]).exits(0).json();
    let told: Vec<_> = plan["files"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names.iter().all(|name| told.contains(&&*format!("preview/{name}"))), "{told:?}");
    assert!(!site.file("public/issues/2/index.html").exists());
    site.run(SECOND, &["publish"]).exits(0);
    for name in names {
        assert_eq!(site.read(&format!("preview/{name}")), site.read(&format!("public/{name}")), "{name}");
    }
    let before = site.snapshot(&[".tidings/tidings.db"]);
    let built = site.run(SECOND, &["build", "--json"]).exits(0).json();
    assert!(built["files"].as_array().unwrap().iter().all(|file| file["written"] == "unchanged"), "{built}");
    assert_eq!(site.snapshot(&[".tidings/tidings.db"]), before);
}

#[test]
fn an_issue_leads_to_its_page_and_to_the_archive() {
    let site = site();
    let alone = html(&site, "outbox/issue-1-00001.eml");
    assert!(
        alone.contains("<a href=\"https://example.org/issues/1/\"") && alone.contains(">View in browser</a>"),
        "{alone}"
    );
    assert!(alone.contains("<a href=\"https://example.org/issues/\""), "{alone}");
    let message = site.read("outbox/issue-1-00001.eml");
    assert!(message.contains("List-Archive: <https://example.org/issues/>"), "{message}");
    let page = site.read("public/issues/1/index.html");
    assert!(
        !page.contains("View in browser")
            && page.contains("<link rel=\"canonical\" href=\"https://example.org/issues/1/\">")
    );
    for title in ["Second words", "Third words"] {
        site.post("2026-03-08", title);
    }
    site.run(SECOND, &["publish"]).exits(0);
    let digest = site.read("outbox/issue-2-00001.eml").replace("=\r\n", "").replace("=\n", "");
    assert_eq!(digest.matches("https://example.org/issues/2/").count(), 2, "once in each part: {digest}");
}

#[test]
fn build_names_what_it_would_do_with_the_archive_and_writes_only_what_changed() {
    let site = site();
    std::fs::remove_dir_all(site.file("public/issues")).unwrap();
    let check = site.run(SECOND, &["build", "--check"]).exits(0);
    assert!(check.stdout.contains("would create public/issues/1/index.html"), "{}", check.stdout);
    assert!(!site.file("public/issues").exists());
    site.run(SECOND, &["build"]).exits(0);
    site.write("public/issues/index.html", "damaged");
    let built = site.run(SECOND, &["build"]).exits(0);
    assert!(built.stderr.contains("changed   public/issues/index.html"), "{}", built.stderr);
    assert!(built.stderr.contains("unchanged public/issues/1/index.html"), "{}", built.stderr);
}

#[test]
fn an_issue_of_an_older_version_is_listed_without_a_page() {
    let site = site();
    std::fs::remove_file(site.file(".tidings/issues/1.html")).unwrap();
    std::fs::remove_dir_all(site.file("public/issues")).unwrap();
    site.run(SECOND, &["build"]).exits(0);
    let list = site.read("public/issues/index.html");
    assert!(
        list.contains("<h2>First words</h2>") && list.contains("/2026/03/01/first-words/\">First words</a>"),
        "{list}"
    );
    assert!(!site.file("public/issues/1").exists());
}

#[test]
#[cfg(unix)]
fn a_page_that_is_a_link_to_the_database_is_not_shown() {
    let site = site();
    std::fs::remove_file(site.file(".tidings/issues/1.html")).unwrap();
    std::os::unix::fs::symlink("../tidings.db", site.file(".tidings/issues/1.html")).unwrap();
    std::fs::remove_dir_all(site.file("public/issues")).unwrap();
    let built = site.run(SECOND, &["build"]).exits(0);
    assert!(built.stderr.contains("this link leads to a file that is not for readers"), "{}", built.stderr);
    assert!(!site.file("public/issues/1").exists());
}

#[test]
fn the_pages_can_be_read_by_all_in_light_and_dark_and_on_a_phone() {
    let Some(chromium) = chromium() else { return };
    let site = site();
    site.post("2026-03-08", "Second words");
    site.post("2026-03-08", "Third words");
    site.run(SECOND, &["publish"]).exits(0);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/archive.cjs");
    let run = Command::new("node").arg(script).arg(chromium).arg(site.file("public")).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("archive: done"), "{said}");
}
