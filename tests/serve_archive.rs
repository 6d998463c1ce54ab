//! The archive of issues as `serve` shows it.

use std::path::Path;
use std::process::Command;

use crate::preview::chromium;
use crate::serve::{Serve, now, site, wait_for};
use crate::site::TestSite;

/// A site with an archive, of which one issue was sent.
fn archived() -> TestSite {
    let site = site();
    site.configure("newsletter", "archive = true");
    site.configure("web", "url = \"https://news.example.org\"");
    site.readers(1);
    site.run(&now(), &["publish"]).exits(0);
    site
}

#[test]
fn the_archive_is_what_build_writes_and_an_issue_is_there_as_soon_as_it_is_frozen() {
    let site = archived();
    std::fs::remove_dir_all(site.file("public/issues")).unwrap();
    let serve = Serve::of(&site, "");
    let pages = ["issues/", "issues/1/", "issues/feed.xml"];
    let answers = pages.map(|page| serve.get(&format!("/{page}")));
    assert_eq!(serve.get("/issues/2/").status, 404);
    assert!(serve.get("/").text().contains("<a href=\"/issues/\">Archive</a>"));
    site.run(&now(), &["build"]).exits(0);
    for (page, answer) in pages.iter().zip(answers) {
        let file = if page.ends_with('/') { format!("public/{page}index.html") } else { format!("public/{page}") };
        assert!(answer.status == 200 && answer.text() == site.read(&file), "{page}: {}", answer.text());
        let kind = if page.ends_with('/') { "text/html" } else { "application/atom+xml" };
        assert_eq!(answer.header("content-type"), format!("{kind}; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        assert!(!answer.head.contains("x-robots-tag") && !answer.head.contains("set-cookie"), "{}", answer.head);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'; img-src"), "{policy}");
        let path = format!("/{page}");
        let known = |header: &str| serve.request("GET", &path, header, b"").status;
        assert_eq!(known(&format!("if-none-match: {}\r\n", answer.header("etag"))), 304);
        assert_eq!(known(&format!("if-modified-since: {}\r\n", answer.header("last-modified"))), 304);
        let packed = serve.request("GET", &path, "accept-encoding: gzip\r\n", b"");
        assert!(packed.header("content-encoding") == "gzip" && packed.body.len() < answer.body.len());
        let head = serve.request("HEAD", &path, "", b"");
        assert!(head.status == 200 && head.body.is_empty() && head.header("etag") == answer.header("etag"));
        assert_eq!(serve.request("POST", &path, "", b"x").status, 405);
    }
    for (path, to) in [("/issues", "/issues/"), ("/issues/1", "/issues/1/")] {
        let answer = serve.get(path);
        assert!(answer.status == 308 && answer.header("location") == to, "{path}: {}", answer.head);
    }
    for path in ["/issues/01/", "/issues/0/", "/issues/x/", "/issues/..%2f1/", "/issues/1/index.json"] {
        assert_eq!(serve.get(path).status, 404, "{path}");
    }

    site.post(&now()[..10], "Deep water");
    // Frozen, and none of it delivered by the command.
    site.run(&now(), &["publish", "--limit", "0"]);
    let (list, page, feed) = (serve.get("/issues/"), serve.get("/issues/2/"), serve.get("/issues/feed.xml"));
    assert!(page.status == 200 && page.text().contains("Deep water"), "{}", page.text());
    assert!(list.text().contains("Deep water") && feed.text().contains("Deep water"));
    assert!(serve.get("/issues/1/").text().contains("<a href=\"../2/\" rel=\"next\">"));
    wait_for(&site, 2);
    let secrets = ["reader.test", "/u/", "/p/"];
    for answer in [list, page, feed] {
        assert!(secrets.iter().all(|secret| !answer.text().contains(secret)), "{}", answer.text());
    }
    // An issue that is taken back is gone.
    std::fs::remove_file(site.file(".tidings/issues/1.html")).unwrap();
    assert_eq!(serve.get("/issues/1/").status, 404);
    assert!(!serve.get("/issues/feed.xml").text().contains("Slow rivers"));
}

#[test]
fn a_mail_leads_to_the_archive_where_the_pages_for_readers_are() {
    let site = archived();
    let message = site.read("outbox/issue-1-00001.eml").replace("=\r\n", "");
    assert!(message.contains("List-Archive: <https://news.example.org/issues/>"), "{message}");
    assert!(message.contains("https://news.example.org/issues/1/"), "{message}");
    let page = site.read("public/issues/1/index.html");
    assert!(page.contains("<link rel=\"canonical\" href=\"https://news.example.org/issues/1/\">"), "{page}");
    let feed = site.read("public/issues/feed.xml");
    assert!(
        feed.contains("https://news.example.org/issues/feed.xml")
            && feed.contains("<id>https://example.org/issues/1/</id>"),
        "{feed}"
    );
}

#[test]
fn without_an_archive_there_is_none() {
    let site = site();
    let serve = Serve::of(&site, "");
    for path in ["/issues/", "/issues/1/", "/issues/feed.xml"] {
        assert_eq!(serve.get(path).status, 404, "{path}");
    }
    assert!(!serve.get("/").text().contains("issues/"));
}

#[test]
fn the_served_archive_can_be_read_by_all_in_light_and_dark_and_on_a_phone() {
    let Some(chromium) = chromium() else { return };
    let site = archived();
    for title in ["Second words", "Third words"] {
        site.post(&now()[..10], title);
    }
    site.run(&now(), &["publish"]).exits(0);
    let serve = Serve::of(&site, "");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/archive.cjs");
    let address = format!("http://127.0.0.1:{}/", serve.port);
    let run = Command::new("node").arg(script).args([chromium, &address]).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("archive: done"), "{said}");
}
