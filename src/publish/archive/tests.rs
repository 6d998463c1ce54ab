use std::collections::BTreeMap;

use super::*;

const PAGE: &str = "<!doctype html>\n<html lang=\"de\"><head>\n<title>x</title>\n</head>\n<body class=\"page\">\nHallo\n</body>\n</html>\n";

fn issue(number: i64, subject: &str, page: Option<&str>) -> ArchivedIssue {
    ArchivedIssue {
        number,
        time: "2026-03-02T09:00:00Z".parse().unwrap(),
        subject: subject.to_owned(),
        entries: vec![(format!("Post {number}"), format!("https://example.org/{number}/"))],
        page: page.map(str::to_owned),
        has_page: page.is_some_and(|page| Document::read(page).is_some()),
    }
}

fn made(issues: &[ArchivedIssue], more: &str) -> BTreeMap<String, String> {
    let text =
        format!("[site]\ntitle = 'Notes & More'\nurl = 'https://example.org'\n[newsletter]\narchive = true\n{more}");
    let config = crate::config::parse("config.toml", &text).unwrap();
    let files = pages(issues, &config, &Templates::new(&BTreeMap::new()).unwrap()).unwrap();
    files.into_iter().map(|file| (file.file_name, String::from_utf8(file.bytes).unwrap())).collect()
}

#[test]
fn each_issue_has_a_page_that_leads_to_its_neighbours() {
    let issues = [1, 2, 3].map(|number| issue(number, &format!("Letter {number}"), Some(PAGE)));
    let files = made(&issues, "subscribe = 'https://example.org/join'\n");
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["issues/1/index.html", "issues/2/index.html", "issues/3/index.html", "issues/feed.xml", "issues/index.html"]
    );
    let page = &files["issues/2/index.html"];
    assert!(page.contains("<link rel=\"canonical\" href=\"https://example.org/issues/2/\">"), "{page}");
    assert!(
        page.contains("<a href=\"../3/\" rel=\"next\">Letter 3</a>")
            && page.contains("<a href=\"../1/\" rel=\"prev\">")
    );
    assert!(page.contains("<main>\n\nHallo\n\n</main>") && page.contains("<a href=\"https://example.org/join\">"));
    assert!(page.starts_with("<!doctype html>\n<html lang=\"de\">") && page.ends_with("</html>\n\n"), "{page}");
    let newest = &files["issues/3/index.html"];
    assert!(!newest.contains("rel=\"next\"") && newest.contains("rel=\"prev\""));
}

#[test]
fn an_issue_without_a_page_is_listed_with_its_posts_and_passed_over_by_its_neighbours() {
    let issues = [issue(1, "First", Some(PAGE)), issue(2, "Lost", None), issue(3, "Third", Some(PAGE))];
    let files = made(&issues, "");
    assert!(!files.contains_key("issues/2/index.html"));
    let list = &files["issues/index.html"];
    assert!(list.contains("<h2>Lost</h2>") && list.contains("<a href=\"https://example.org/2/\">Post 2</a>"), "{list}");
    assert!(list.find("Third") < list.find("Lost") && list.find("Lost") < list.find("First"), "newest first");
    assert!(files["issues/3/index.html"].contains("<a href=\"../1/\" rel=\"prev\">First</a>"));
    assert!(!files["issues/feed.xml"].contains("Lost"));
}

#[test]
fn what_a_page_or_record_says_is_no_markup_of_ours() {
    let mut hostile = issue(1, "<script>alert(1)</script>", None);
    hostile.entries = vec![
        ("<b>".to_owned(), "javascript:alert(1)".to_owned()),
        ("\"".to_owned(), "https://a/\"onload=x".to_owned()),
    ];
    let list = &made(&[hostile], "")["issues/index.html"];
    assert!(!list.contains("<script") && !list.contains("javascript:") && !list.contains("<b>"), "{list}");
    assert!(list.contains("href=\"https://a/&quot;onload=x\""), "{list}");
    let broken = ["", "no tags", "</head>", "</head><body", "</head><body>", "<body></body></head>"];
    assert!(broken.iter().all(|page| Document::read(page).is_none()));
}

#[test]
fn the_feed_of_issues_is_a_valid_one() {
    let files = made(&[issue(1, "First & <Best>", Some(PAGE)), issue(2, "Second", Some(PAGE))], "");
    let text = &files["issues/feed.xml"];
    let feed = feed::read(text.as_bytes()).unwrap();
    assert_eq!(feed.title.as_deref().unwrap(), "Notes & More: Archive");
    let links: Vec<_> = feed.entries.iter().map(|entry| entry.link.as_deref().unwrap_or_default()).collect();
    assert_eq!(links, ["https://example.org/issues/2/", "https://example.org/issues/1/"]);
    assert_eq!(feed::lint::lint("issues/feed.xml", text.as_bytes(), "2026-03-03T00:00:00Z".parse().unwrap()), []);
    assert!(text.contains("rel=\"self\"") && text.contains("href=\"https://example.org/issues/feed.xml\""), "{text}");
}

#[test]
fn an_archive_before_the_first_issue_says_so() {
    let files = made(&[], "");
    assert!(files["issues/index.html"].contains("No issue has been sent yet.") && files.len() == 2);
}
