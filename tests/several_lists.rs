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
    let has = |name: &str| {
        let bytes = std::fs::read(site.file(name)).unwrap_or_default();
        bytes.windows(13).any(|part| part == b"e@reader.test")
    };
    assert!(!has(".tidings/tidings.db") && !has(".tidings/tidings.db-wal"), "not in free space either");
    let list = site.run(MONDAY, &["subscribers", "export"]).exits(0).stdout;
    assert!(!list.contains("e@reader.test"), "{list}");
    let list = site.run(MONDAY, &["subscribers", "list", "--where", "list=notes", "--json"]).exits(0).json();
    let list: Vec<_> = list.as_array().unwrap().iter().map(|reader| reader["address"].as_str().unwrap()).collect();
    assert!(list.contains(&"all@reader.test") && list.contains(&"n@reader.test"), "{list:?}");
}

#[test]
fn what_a_list_says_of_its_readers_is_shown_kept_and_given_on() {
    let site = TestSite::new("outbox:outbox");
    let file = "email,name,state,language,lists,labels,attributes,City\n\
        a@reader.test,Ada,active,de,\"Long essays, notes\",\"vip,friends\",\"{\"\"age\"\":36}\",Kiel\n\
        b@reader.test,,cancelled,,,,,=1+1\nc@reader.test,,active,,,,,\n";
    site.write("readers.csv", file);
    site.run(MONDAY, &["subscribers", "erase", "c@reader.test"]).exits(0);
    let before = site.snapshot(&[]);
    let path = site.file("readers.csv").to_str().unwrap().to_owned();
    let shown = site.run(MONDAY, &["subscribers", "import", &path, "--dry-run", "--json"]).exits(0).json();
    let taken: Vec<_> =
        shown["columns"].as_array().unwrap().iter().map(|it| it["taken_for"].as_str().unwrap()).collect();
    assert_eq!(taken, ["address", "name", "consent", "language", "lists", "tags", "fields", "field"]);
    assert_eq!((&shown["readers"]["confirmed"], &shown["readers"]["unsubscribed"]), (&json!(1), &json!(1)));
    assert_eq!((&shown["left_out"], site.snapshot(&[])), (&json!(1), before), "a dry run changes nothing");

    site.run(MONDAY, &["subscribers", "import", &path]).exits(0);
    let told = site.run(MONDAY, &["subscribers", "show", "a@reader.test", "--json"]).exits(0).json();
    assert_eq!((&told["language"], &told["lists"]), (&json!("de"), &json!(["long-essays", "notes"])));
    assert_eq!(told["fields"], json!({ "tags": ["vip", "friends"], "age": "36", "City": "Kiel" }));
    site.run(MONDAY, &["subscribers", "show", "c@reader.test"]).exits(2);
    let named =
        site.run(MONDAY, &["subscribers", "list", "--where", "tag=vip", "--where", "city=Kiel"]).exits(0).stdout;
    assert!(named.contains("a@reader.test") && !named.contains("b@reader.test"), "{named}");

    let own = site.run(MONDAY, &["subscribers", "export"]).exits(0).stdout;
    let again = TestSite::new("outbox:outbox");
    again.write("own.csv", &own);
    again.run(MONDAY, &["subscribers", "import", again.file("own.csv").to_str().unwrap()]).exits(0);
    let there = again.run(MONDAY, &["subscribers", "show", "a@reader.test", "--json"]).exits(0).json();
    for key in ["language", "lists", "fields", "status", "created_at"] {
        assert_eq!(there[key], told[key], "{key}");
    }
    for service in ["beehiiv", "buttondown", "ghost", "keila", "kit", "listmonk", "mailchimp", "substack"] {
        let other = TestSite::new("outbox:outbox");
        let text = site.run(MONDAY, &["subscribers", "export", "--for", service]).exits(0).stdout;
        other.write("list.csv", &text);
        other.run(MONDAY, &["subscribers", "import", other.file("list.csv").to_str().unwrap()]).exits(0);
        let counts = other.status()["subscribers"].clone();
        assert_eq!((&counts["confirmed"], &counts["pending"]), (&json!(1), &json!(0)), "{service}: {text}");
    }
}

#[test]
fn a_list_more_is_told_in_the_story_of_the_reader() {
    let site = site();
    let said = site.run(TUESDAY, &["subscribers", "add", "e@reader.test", "--list", "notes"]).exits(0);
    assert!(said.stderr.contains("is on the list already, and gets essays, notes now."), "{said:#?}");
    site.run(TUESDAY, &["subscribers", "add", "e@reader.test", "--list", "notes"]).exits(0);
    let changes = |reader: &str| {
        let story = site.run(TUESDAY, &["explain", reader, "--json"]).exits(0).json();
        let changes = story["changes"].as_array().unwrap().clone();
        changes.iter().map(|it| (it["about"].clone(), it["way"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(changes("e@reader.test"), [(json!("lists essays, notes"), json!("the owner"))]);
    // Who is taken back onto a list is on that one alone.
    site.run(TUESDAY, &["subscribers", "remove", "n@reader.test"]).exits(0);
    site.run(TUESDAY, &["subscribers", "add", "n@reader.test", "--resubscribe", "--list", "essays"]).exits(0);
    assert_eq!(changes("n@reader.test").last().unwrap().0, json!("lists essays"));
    assert_eq!(changes("all@reader.test"), []);
}

#[test]
fn a_list_that_is_gone_is_named_until_its_readers_are_on_another() {
    let site = site();
    let config = site.read("config.toml").replace(", notes = \"Short notes\"", "");
    site.write("config.toml", &config);
    let said = |command: &str| {
        let run = site.run(MONDAY, &[command]).exits(0);
        run.stdout + &run.stderr
    };
    for command in ["check", "status"] {
        let said = said(command);
        assert!(
            said.contains("1 confirmed reader is on the list `notes`, which `newsletter.lists` does not have"),
            "{said}"
        );
        assert!(said.contains("tidings subscribers list --where list=notes"), "{said}");
    }
    site.run(MONDAY, &["subscribers", "add", "n@reader.test", "--list", "essays"]).exits(0);
    let reader = site.run(MONDAY, &["subscribers", "show", "n@reader.test", "--json"]).exits(0).json();
    assert_eq!(reader["lists"], json!(["essays"]));
    assert!(!said("check").contains("newsletter/lists") && !said("status").contains("`notes`"));
}
