//! The views of the desk that show readers and issues.

use std::process::Stdio;
use std::time::{Duration, Instant};

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
    assert!(html.contains("<bdi>unsubscribed</bdi> <b>1</b>") && html.contains("vouched for by the owner"), "{html}");
    assert_eq!(html.matches("<svg class=\"chart\"").count(), 2);
    let whole = preview.get("/?view=readers&addresses=whole").text();
    assert!(html.contains("./?addresses=whole&amp;view=readers") && whole.contains("late@reader.test"), "{html}");
}

#[test]
fn each_list_has_its_own_figures() {
    let site = TestSite::new("outbox:outbox");
    site.configure("newsletter", "lists = { essays = \"Essays <b>\", notes = \"Notes\" }");
    for (day, address, list) in [
        ("02", "a@reader.test", "--list=essays"),
        ("03", "b@reader.test", "--list=essays"),
        ("10", "c@reader.test", "--list=notes"),
    ] {
        site.run(&format!("2026-02-{day}T09:00:00Z"), &["subscribers", "add", address, list]).exits(0);
    }
    site.run("2026-02-11T09:00:00Z", &["subscribers", "add", "all@reader.test"]).exits(0);
    site.run("2026-02-12T09:00:00Z", &["subscribers", "remove", "b@reader.test"]).exits(0);
    let preview = Preview::of(&site);
    let all = preview.get("/?view=readers").text();
    assert!(all.contains("<bdi>Essays &lt;b&gt;</bdi> <span class=\"count\">2</span>"), "{all}");
    assert!(all.contains("<bdi>All readers</bdi> <span class=\"count\">3</span>"), "{all}");
    let last = |html: &str| rows(html)[0].clone();
    assert_eq!(last(&all), ["2026-03-02", "0", "0", "3"]);
    let essays = preview.get("/?view=readers&list=essays").text();
    assert_eq!(
        rows(&essays),
        [
            ["2026-03-02", "0", "0", "2"],
            ["2026-02-23", "0", "0", "2"],
            ["2026-02-16", "0", "0", "2"],
            ["2026-02-09", "1", "1", "2"],
            ["2026-02-02", "2", "0", "2"],
        ]
    );
    assert_eq!(last(&preview.get("/?view=readers&list=notes").text()), ["2026-03-02", "0", "0", "2"]);
    assert_eq!(last(&preview.get("/?view=readers&list=unknown").text()), ["2026-03-02", "0", "0", "3"]);
}

#[test]
fn a_delivery_is_followed_while_another_process_publishes() {
    let site = TestSite::new("outbox:outbox");
    let yesterday = tidings::clock::now() - jiff::SignedDuration::from_hours(24);
    site.post(&yesterday.to_string()[..10], "Slow rivers");
    site.readers(40);
    site.configure("mail", "rate = \"5/s\"");
    let preview = Preview::by_the_clock(&site);
    let part = || preview.get("/delivery").text();
    assert!(part().contains("Nothing is being delivered"), "{}", part());
    let mut publish = site.command("", &["publish"]);
    let mut publish = publish.env_remove("TIDINGS_NOW").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    let html = loop {
        let html = part();
        if html.contains("Delivering now") && html.contains("a second") && html.contains(">sent<") {
            break html;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{html}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let mut status = site.command("", &["status", "--json"]);
    let status = status.env_remove("TIDINGS_NOW").output().unwrap();
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    let fact = |name: &str| -> f64 {
        let rest = html.split_once(&format!(">{name}</dt><dd>")).unwrap_or_else(|| panic!("{name}: {html}")).1;
        rest.split([' ', '<']).next().unwrap().parse().unwrap()
    };
    assert!(html.contains(" of 40<") && html.contains("data-every=\"2\"") && html.contains("about "), "{html}");
    let sent = fact("sent");
    assert!(sent >= 1.0 && sent <= status["deliveries"]["sent"].as_f64().unwrap(), "{html} {status}");
    assert!(fact("a second") > 0.0 && status["forecast"]["per_second"].as_f64().unwrap() > 0.0, "{html} {status}");
    assert!(publish.wait().unwrap().success());
    assert!(part().contains("Nothing is being delivered") && part().contains("data-every=\"10\""), "{}", part());
    assert!(preview.get("/?view=issues").text().contains("<dt class=\"quiet\">sent</dt><dd>40</dd>"));
}

#[test]
fn each_issue_is_shown_with_what_followed_it_its_page_and_its_record() {
    let site = site();
    let preview = Preview::of(&site);
    let html = preview.get("/?view=issues").text();
    assert!(html.contains("1 · <bdi>First words</bdi>"), "{html}");
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
