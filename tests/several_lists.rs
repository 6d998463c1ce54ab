//! Readers who chose what they read, and posts for some of them.

use serde_json::{Value, json};

use crate::site::TestSite;

const MONDAY: &str = "2026-03-02T09:00:00Z";
const TUESDAY: &str = "2026-03-03T09:00:00Z";

/// The messages that left.
fn sent(site: &TestSite) -> Vec<String> {
    site.outbox().iter().map(|name| site.read(&format!("outbox/{name}"))).collect()
}

/// Who got which subject, in order.
fn mailed(site: &TestSite) -> Vec<(String, String)> {
    let header = |mail: &str, name: &str| {
        let line = mail.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().to_owned()
    };
    let mut all: Vec<_> = sent(site).iter().map(|mail| (header(mail, "To:"), header(mail, "Subject:"))).collect();
    all.sort();
    all
}

/// A site with a reader of everything, one of essays and one of notes.
fn site() -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.configure("newsletter", "lists = { essays = \"Long essays\", notes = \"Short notes\" }");
    for (reader, lists) in [("all@reader.test", &[][..]), ("e@reader.test", &["essays"]), ("n@reader.test", &["notes"])]
    {
        let lists: Vec<&str> = lists.iter().flat_map(|list| ["--list", *list]).collect();
        site.run(MONDAY, &[&["subscribers", "add", reader], &lists[..]].concat()).exits(0);
    }
    site
}

fn post_for(site: &TestSite, day: &str, title: &str, lists: &str) -> String {
    let path = site.post(day, title);
    site.edit(&path, "date:", &format!("lists: {lists}\ndate:"));
    path
}

#[test]
pub(crate) fn each_entry_goes_once_to_those_whom_it_is_for() {
    let site = site();
    post_for(&site, "2026-03-01", "An essay", "[essays]");
    post_for(&site, "2026-03-02", "A note", "notes");
    site.post("2026-03-01", "News");
    let plan = site.run(MONDAY, &["publish", "--dry-run", "--json"]).exits(0).json();
    let issues = plan["issues"].as_array().unwrap();
    assert_eq!((issues.len(), &plan["recipients"]), (3, &json!(3)));
    let of = |subject: &str| issues.iter().find(|issue| issue["subject"] == subject).unwrap();
    assert_eq!((&of("An essay")["lists"], &of("An essay")["recipients"]), (&json!(["essays"]), &json!(2)));
    assert_eq!(of("News")["lists"], Value::Null);
    let copies: Vec<_> = plan["files"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let copies: Vec<_> =
        copies.into_iter().filter(|file| file.contains("/outbox/")).map(|file| site.read(file)).collect();

    let done = site.run(MONDAY, &["publish", "--json"]).exits(0).json();
    assert_eq!((&done["queued"], &done["deliveries"]["sent"]), (&json!(7), &json!(7)));
    let mut sent = sent(&site);
    sent.sort();
    let mut shown = copies;
    shown.sort();
    assert_eq!(sent, shown, "what is shown is what is sent");
    let expected = [
        ("all@reader.test", "A note"),
        ("all@reader.test", "An essay"),
        ("all@reader.test", "News"),
        ("e@reader.test", "An essay"),
        ("e@reader.test", "News"),
        ("n@reader.test", "A note"),
        ("n@reader.test", "News"),
    ];
    let expected = expected.map(|(to, subject)| (to.to_owned(), subject.to_owned()));
    assert_eq!(mailed(&site), expected);

    let essay = of("An essay")["number"].to_string();
    site.run(TUESDAY, &["subscribers", "add", "e2@reader.test", "--list", "essays"]).exits(0);
    site.run(TUESDAY, &["subscribers", "add", "n2@reader.test", "--list", "notes"]).exits(0);
    let text = site.run(TUESDAY, &["publish", "--missing", &essay, "--dry-run"]).exits(0).stdout;
    assert!(text.contains("never went to 1 of 3 confirmed readers"), "{text}");
    let done = site.run(TUESDAY, &["publish", "--missing", &essay, "--json"]).exits(0).json();
    assert_eq!(done["queued"], 1);
    assert_eq!(mailed(&site).iter().filter(|(to, _)| to.starts_with("e2@")).count(), 1);
    assert_eq!(mailed(&site).len(), 8);
    let again = site.run(TUESDAY, &["publish", "--json"]).exits(0).json();
    assert_eq!((&again["queued"], mailed(&site).len()), (&json!(0), 8));
}

#[test]
fn entries_for_the_same_lists_are_one_issue_and_it_is_told_whom_they_are_for() {
    let site = site();
    let essay = post_for(&site, "2026-03-01", "An essay", "[essays, notes]");
    post_for(&site, "2026-03-02", "Another", "[notes, essays]");
    let plan = site.run(MONDAY, &["publish", "--dry-run"]).exits(0).stdout;
    assert!(plan.contains("goes to 3 readers of essays or notes."), "{plan}");
    let post = site.run(MONDAY, &["explain", &essay, "--json"]).exits(0).json();
    assert_eq!(post["lists"], json!(["essays", "notes"]));
    let reader = site.run(MONDAY, &["explain", "e@reader.test"]).exits(0).stdout;
    assert!(
        reader.contains("gets the issues for everyone and for their lists") && reader.contains("essays"),
        "{reader}"
    );
    site.run(MONDAY, &["subscribers", "add", "e@reader.test", "--list", "notes"]).exits(0);
    let reader = site.run(MONDAY, &["subscribers", "show", "e@reader.test", "--json"]).exits(0).json();
    assert_eq!(reader["lists"], json!(["essays", "notes"]));
}

#[test]
fn a_list_that_is_not_known_is_named_with_its_place() {
    let site = site();
    post_for(&site, "2026-03-01", "An essay", "[esays]");
    let run = site.run(MONDAY, &["publish"]).exits(3);
    assert!(run.stderr.contains("`lists` names a list that is not in `newsletter.lists`: `esays`"), "{run:#?}");
    assert!(run.stderr.contains("write one of `essays`, `notes`") && run.stderr.contains(".md:3:"), "{run:#?}");
    let run = site.run(MONDAY, &["subscribers", "add", "x@reader.test", "--list", "esays"]).exits(2);
    assert!(run.stderr.contains("no list is called `esays`"), "{run:#?}");
    site.configure("newsletter", "lists = { \"No Name\" = \"x\" }");
    assert_eq!(site.outbox(), Vec::<String>::new());
}

#[test]
fn who_is_erased_is_not_in_any_answer() {
    let site = site();
    site.post("2026-03-01", "News");
    site.run(MONDAY, &["publish"]).exits(0);
    site.run(MONDAY, &["subscribers", "remove", "e@reader.test"]).exits(0);
    let told = site.run(MONDAY, &["subscribers", "show", "e@reader.test", "--json"]).exits(0).json();
    assert_eq!(
        (&told["changes"][0]["status"], &told["deliveries"][0]["state"]),
        (&json!("unsubscribed"), &json!("sent"))
    );
    assert_eq!(told["letters"], json!([]));
    site.run(MONDAY, &["subscribers", "erase", "e@reader.test"]).exits(0);
    site.run(MONDAY, &["subscribers", "show", "e@reader.test"]).exits(2);
    let list = site.run(MONDAY, &["subscribers", "export"]).exits(0).stdout;
    assert!(!list.contains("e@reader.test"), "{list}");
    let list = site.run(MONDAY, &["subscribers", "list", "--where", "list=notes", "--json"]).exits(0).json();
    let list: Vec<_> = list.as_array().unwrap().iter().map(|reader| reader["address"].as_str().unwrap()).collect();
    assert!(list.contains(&"all@reader.test") && list.contains(&"n@reader.test"), "{list:?}");
}
