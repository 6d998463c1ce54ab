//! The lists of readers, and what those get who come late, through the pages of `serve`.

use serde_json::json;

use crate::serve::{Serve, between, link, now, preferences_of, readers, site, wait_for};
use crate::site::TestSite;

const LISTS: &str = "lists = { essays = \"Long <essays>\", notes = \"Short notes\" }";

/// Whether a page has these lists chosen.
fn chosen(page: &str) -> [bool; 2] {
    ["essays", "notes"].map(|list| between(page, &format!("value=\"{list}\""), ">").contains("checked"))
}

fn post_for(site: &TestSite, title: &str, lists: &str) {
    let path = site.post(&now()[..10], title);
    site.edit(&path, "date:", &format!("lists: [{lists}]\ndate:"));
}

#[test]
fn a_reader_chooses_lists_and_chooses_others() {
    let site = site();
    site.configure("newsletter", LISTS);
    let serve = Serve::of(&site, "");
    let page = serve.get("/").text();
    assert!(page.contains("Long &lt;essays&gt;") && chosen(&page) == [true, true], "{page}");
    let wrong = serve.post("/subscribe", "email=bob&lists=&list=notes").text();
    assert_eq!(chosen(&wrong), [false, true], "what was typed stays");
    // A form of another site, which knows no time: the choice goes on to the button.
    let between_forms = serve.post("/subscribe", "email=eve%40reader.test&list=essays&list=none").text();
    assert!(
        between_forms.contains("name=\"list\" value=\"essays\"") && !between_forms.contains("none\""),
        "{between_forms}"
    );

    serve.subscribe("email=bob%40reader.test&lists=&list=essays&list=unknown", "");
    wait_for(&site, 1);
    assert_eq!(readers(&site)[0]["lists"], json!(null), "nothing counts before they confirm");
    let page = serve.post(&link(&site, "letter-1-1.eml", "c"), "").text();
    let path = between(&page, "<a href=\"/p/", "\"");
    let path = format!("/p/{path}");
    assert_eq!(readers(&site)[0]["lists"], json!(["essays"]));
    assert_eq!(chosen(&serve.get(&path).text()), [true, false]);
    let saved = serve.post(&path, "name=Bob&email=&lists=&list=notes").text();
    assert!(saved.contains("Saved.") && chosen(&saved) == [false, true], "{saved}");
    assert_eq!(readers(&site)[0]["lists"], json!(["notes"]));
    serve.post(&path, "name=Bob&email=");
    assert_eq!(
        readers(&site)[0]["lists"],
        json!(["notes"]),
        "a page from before there were lists says nothing of them"
    );
    serve.post(&path, "name=Bob&email=&lists=");
    assert_eq!(readers(&site)[0]["lists"], json!([]));
    serve.post(&path, "name=Bob&email=&lists=&list=notes&list=essays");
    assert_eq!(readers(&site)[0]["lists"], json!(null), "everything");
    let told = site.run(&now(), &["explain", "bob@reader.test", "--json"]).exits(0).json();
    let changes: Vec<_> = told["changes"].as_array().unwrap().iter().map(|it| (&it["about"], &it["way"])).collect();
    let preferences = json!("preferences");
    let expected = ["lists notes", "no list", "everything"].map(|about| json!(about));
    assert_eq!(changes[1..], expected.each_ref().map(|about| (about, &preferences)));
    let told = site.run(&now(), &["explain", "bob@reader.test"]).exits(0).stdout;
    assert!(told.contains("confirm for lists essays, asked for at") && told.contains("no list at"), "{told}");
}

#[test]
fn a_reader_asks_for_another_list_and_gets_the_letter_that_confirms_it() {
    let site = site();
    site.configure("newsletter", LISTS);
    site.run(&now(), &["subscribers", "add", "ann@reader.test", "--list", "notes"]).exits(0);
    let serve = Serve::of(&site, "");
    serve.subscribe("email=ann%40reader.test&lists=&list=essays", "");
    wait_for(&site, 1);
    assert_eq!(readers(&site)[0]["lists"], json!(["notes"]));
    assert!(serve.post(&link(&site, "letter-1-1.eml", "c"), "").text().contains("You are subscribed"));
    assert_eq!(readers(&site)[0]["lists"], json!(["essays", "notes"]));
}

#[test]
fn who_would_leave_can_leave_a_list_instead() {
    let site = site();
    site.configure("newsletter", LISTS);
    site.readers(1);
    site.run(&now(), &["publish"]).exits(0);
    let serve = Serve::of(&site, "");
    let leave = link(&site, "issue-1-00001.eml", "u");
    assert_eq!(chosen(&serve.get(&leave).text()), [true, true]);
    let saved = serve.post(&leave, "lists=&list=notes").text();
    assert!(saved.contains("Saved.") && !saved.contains("unsubscribed"), "{saved}");
    assert_eq!((&readers(&site)[0]["lists"], &readers(&site)[0]["status"]), (&json!(["notes"]), &json!("confirmed")));
    assert_eq!(chosen(&serve.get(&leave).text()), [false, true]);
    serve.post(&leave, "List-Unsubscribe=One-Click&lists=&list=essays");
    assert_eq!(
        (&readers(&site)[0]["lists"], &readers(&site)[0]["status"]),
        (&json!(["notes"]), &json!("unsubscribed"))
    );
    assert!(!serve.get(&leave).text().contains("type=\"checkbox\""), "there is nothing to choose any more");
}

#[test]
fn who_leaves_a_list_while_its_issue_goes_out_gets_no_copy_and_it_is_told_why() {
    let site = TestSite::new("outbox:outbox");
    site.configure("newsletter", LISTS);
    site.readers(4);
    post_for(&site, "An essay", "essays");
    site.configure("mail", "rate = \"1/s\"");
    site.run(&now(), &["publish", "--limit", "1"]).exits(4);
    let serve = Serve::of(&site, "");
    assert_eq!(serve.post(&preferences_of(&site, 4), "name=&email=&lists=&list=notes").status, 200);
    wait_for(&site, 3);
    std::thread::sleep(std::time::Duration::from_secs(3));
    serve.end();
    let copies: String = site.outbox().iter().map(|name| site.read(&format!("outbox/{name}"))).collect();
    assert!(site.outbox().len() == 3 && !copies.contains("r4@reader.test"));
    let told = site.run(&now(), &["explain", "r4@reader.test"]).exits(0).stdout;
    assert!(told.contains("the reader had left: not on list essays"), "{told}");

    post_for(&site, "Another essay", "essays");
    site.run(&now(), &["publish"]).exits(0);
    let told = site.run(&now(), &["explain", "r4@reader.test"]).exits(0);
    assert!(told.stdout.contains("“Another essay”") && told.stdout.contains("not for them"), "{told:?}");
    assert!(told.stdout.contains("not on list essays"), "{told:?}");
    let refused = site.run(&now(), &["runs", "resend", "2", "r4@reader.test"]).exits(2);
    assert!(refused.stderr.contains("not on a list that it is for: r4@reader.test"), "{refused:?}");
}

#[test]
fn who_joins_late_gets_the_latest_issue_once_where_the_site_wishes_it() {
    let site = site();
    site.configure("newsletter", "latest_issue_to_new = true");
    site.readers(1);
    site.run(&now(), &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 1);
    let serve = Serve::of(&site, "");
    serve.subscribe("email=bob%40reader.test", "");
    wait_for(&site, 2);
    serve.post(&link(&site, "letter-2-1.eml", "c"), "");
    wait_for(&site, 3);
    let copy = site.read("outbox/issue-1-00002.eml");
    assert!(copy.contains("To: bob@reader.test") && copy.contains("Slow rivers"), "{copy}");
    let told = site.run(&now(), &["explain", "bob@reader.test"]).exits(0).stdout;
    assert!(told.contains("queued for a reader who had just joined"), "{told}");
    // Those whom the owner adds get none.
    site.run(&now(), &["subscribers", "add", "eve@reader.test"]).exits(0);
    std::thread::sleep(std::time::Duration::from_secs(3));
    let said = serve.end();
    assert!(site.outbox().len() == 3 && !said.contains("reader.test"), "{said}");
    let run = site.run(&now(), &["runs", "show", "1", "--json"]).exits(0).json();
    assert!(run["finished_at"].is_string(), "{run}");
    site.run(&now(), &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 3);
}
