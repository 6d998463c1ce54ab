//! The views of the desk that show readers and issues.

use crate::preview::{NOW, Preview, drive};
use crate::site::TestSite;

/// A site of which one issue was sent to two readers, of whom one has left since; one more waits for the next one.
fn site() -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.readers(2);
    site.post("2026-02-20", "First words");
    site.run("2026-02-20T09:00:00Z", &["publish"]).exits(0);
    site.run("2026-02-24T09:00:00Z", &["subscribers", "remove", "r1@reader.test"]).exits(0);
    site.run("2026-03-01T09:00:00Z", &["subscribers", "add", "late@reader.test"]).exits(0);
    site.post("2026-03-01", "Second words");
    site
}

/// The cells of the rows of a table.
fn rows(html: &str) -> Vec<Vec<String>> {
    let table = html.split_once("<tbody>").and_then(|(_, rest)| rest.split_once("</tbody>")).unwrap().0;
    let cells = |row: &str| {
        let ends = row.split("</td>").flat_map(|cell| cell.split("</th>"));
        ends.filter_map(|cell| Some(cell.rsplit_once('>')?.1.trim().to_owned()))
            .filter(|cell| !cell.is_empty())
            .collect()
    };
    table.split("</tr>").map(cells).filter(|row: &Vec<String>| !row.is_empty()).collect()
}

#[test]
fn the_readers_are_shown_week_by_week_and_by_way_with_masked_addresses() {
    let site = site();
    let preview = Preview::of(&site);
    let html = preview.get("/?view=readers").text();
    let rows = rows(&html);
    assert_eq!(rows[0], ["2026-03-02", "0", "0", "2"], "the week of now");
    assert_eq!(rows[1], ["2026-02-23", "1", "1", "2"]);
    assert_eq!(rows[2], ["2026-02-16", "0", "0", "2"]);
    assert_eq!(rows.last().unwrap(), &["2025-12-29", "2", "0", "2"]);
    assert!(html.contains("l***@reader.test") && !html.contains("late@reader.test"), "{html}");
    assert!(html.contains("<span>unsubscribed</span> <b>1</b>") && html.contains("vouched for by the owner"), "{html}");
    assert_eq!(html.matches("<svg class=\"chart\"").count(), 2);
}

#[test]
fn each_issue_is_shown_with_what_followed_it_its_page_and_its_record() {
    let site = site();
    let preview = Preview::of(&site);
    let html = preview.get("/?view=issues").text();
    assert!(html.contains("1 · First words"), "{html}");
    for (what, count) in [("sent", 2), ("unsubscribed after it", 1), ("bounced", 0), ("complained", 0)] {
        assert!(html.contains(&format!("<dt class=\"quiet\">{what}</dt><dd>{count}</dd>")), "{what}: {html}");
    }
    let page = preview.get("/kept/1.html");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"), "{}", page.head);
    assert_eq!(page.text(), site.read(".tidings/issues/1.html"));
    assert_eq!(preview.get("/kept/1.json").text(), site.read(".tidings/issues/1.json"));
    for other in ["2.html", "1.db", "..%2Ftidings.db", "%2E%2E%2Ffeeds.json", "1.html.json"] {
        assert_eq!(preview.get(&format!("/kept/{other}")).status, 404, "{other}");
    }
}

#[test]
fn looking_at_readers_and_issues_changes_nothing() {
    let site = site();
    let preview = Preview::of(&site);
    let logs = [".tidings/tidings.db-shm", ".tidings/tidings.db-wal"];
    let before = site.snapshot(&logs);
    for path in ["/?view=readers", "/?view=issues", "/kept/1.html"] {
        assert_eq!(preview.get(path).status, 200, "{path}");
    }
    assert!(site.snapshot(&logs) == before, "a file changed");
    assert_eq!(site.run(NOW, &["status", "--json"]).exits(0).json()["subscribers"]["confirmed"], 2);
}

#[test]
fn a_site_without_a_database_has_empty_views() {
    let site = TestSite::new("outbox:outbox");
    site.post("2026-03-01", "First words");
    let preview = Preview::of(&site);
    assert!(preview.get("/?view=issues").text().contains("No issue has been sent yet"));
    assert_eq!(rows(&preview.get("/?view=readers").text()), [["2026-03-02", "0", "0", "0"]]);
    assert!(!site.file(".tidings").exists());
}

#[test]
fn the_views_can_be_read_by_all_in_light_and_dark_and_on_a_phone() {
    drive(&site(), &["desk"]);
}
