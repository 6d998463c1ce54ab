//! Readers whom the owner puts on the list, and who are asked to confirm first.

use std::time::Duration;

use serde_json::json;

use crate::sink::Sink;
use crate::site::{Run, TestSite};

const MONDAY: &str = "2026-03-02T09:00:00Z";

fn site(transport: &str) -> TestSite {
    let site = TestSite::new(transport);
    site.configure("web", "url = \"https://news.example.org\"\nletters_per_hour = 20");
    site
}

fn statuses(site: &TestSite) -> [u64; 3] {
    let counts = site.status()["subscribers"].clone();
    ["pending", "confirmed", "unsubscribed"].map(|status| counts[status].as_u64().unwrap())
}

fn import(site: &TestSite, now: &str, rows: &str, more: &[&str]) -> Run {
    site.write("guests.csv", rows);
    let path = site.file("guests.csv").to_str().unwrap().to_owned();
    site.run(now, &[&["subscribers", "import", "--opt-in", &path], more].concat())
}

#[test]
fn a_site_that_cannot_confirm_asks_none() {
    let site = TestSite::new("outbox:outbox");
    site.write("guests.csv", "email\na@reader.test\n");
    let before = site.snapshot(&[]);
    for arguments in [
        &["subscribers", "add", "--opt-in", "a@reader.test"][..],
        &["subscribers", "import", "--opt-in", site.file("guests.csv").to_str().unwrap()],
    ] {
        let run = site.run(MONDAY, arguments).exits(3);
        assert!(run.stderr.contains("no way for a reader to confirm") && run.stderr.contains("inbox.join"), "{run:#?}");
    }
    assert_eq!(site.snapshot(&[]), before);
}

#[test]
pub(crate) fn who_is_added_is_asked_once_and_gets_nothing_before() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink.transport());
    site.configure("newsletter", "lists = { essays = \"Essays\", notes = \"Notes\" }");
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["subscribers", "add", "there@reader.test"]).exits(0);
    let invite = |now: &str, address: &str, more: &[&str]| {
        site.run(now, &[&["subscribers", "add", "--opt-in", address], more].concat())
    };
    let run = invite(MONDAY, "Ada <ada@reader.test>", &["--list", "essays"]).exits(0);
    assert_eq!(run.stderr, "ada@reader.test is asked to confirm: the next command that sends sends the letter.\n");
    assert_eq!((sink.count(), statuses(&site)), (0, [1, 1, 0]), "nothing is sent by itself");
    assert!(invite(MONDAY, "there@reader.test", &[]).exits(0).stderr.contains("on the list already"));
    assert!(invite(MONDAY, "ada@reader.test", &[]).exits(0).stderr.contains("was asked lately"));
    site.run(MONDAY, &["subscribers", "add", "notes@reader.test", "--list", "notes"]).exits(0);
    assert!(invite(MONDAY, "notes@reader.test", &["--list", "notes"]).exits(0).stderr.contains("on the list already"));
    let more = invite(MONDAY, "notes@reader.test", &["--list", "essays"]).exits(0);
    assert!(more.stderr.contains("is asked to confirm"), "{more:#?}");
    let told = site.run(MONDAY, &["subscribers", "show", "notes@reader.test", "--json"]).exits(0).json();
    assert_eq!(told["lists"], serde_json::json!(["notes"]), "until they confirm");
    site.run(MONDAY, &["publish"]).exits(0);
    site.run(MONDAY, &["subscribers", "erase", "notes@reader.test"]).exits(0);
    let mut to: Vec<_> = sink.received().iter().map(|mail| mail.to.clone()).collect();
    to.sort();
    assert_eq!(to, ["ada@reader.test", "notes@reader.test", "notes@reader.test", "there@reader.test"]);
    let letter = sink.received().into_iter().find(|mail| mail.to.starts_with("ada")).unwrap().message;
    assert!(letter.contains("https://news.example.org/c/") && !letter.contains("Slow rivers"), "{letter}");
    let told = site.run(MONDAY, &["subscribers", "show", "ada@reader.test", "--json"]).exits(0).json();
    assert_eq!((&told["letters"][0]["way"], &told["lists"][0]), (&"the owner".into(), &"essays".into()));
    assert!(invite("2026-03-02T20:00:00Z", "ada@reader.test", &[]).exits(0).stderr.contains("was asked lately"));
    assert!(invite("2026-03-03T20:00:00Z", "ada@reader.test", &[]).exits(0).stderr.contains("is asked to confirm"));

    site.run(MONDAY, &["subscribers", "remove", "there@reader.test"]).exits(0);
    assert!(invite(MONDAY, "there@reader.test", &[]).exits(5).stderr.contains("--resubscribe"));
    invite(MONDAY, "there@reader.test", &["--resubscribe"]).exits(0);
    assert_eq!(statuses(&site), [1, 0, 1], "who left comes back when they confirm");
    site.run(MONDAY, &["subscribers", "erase", "gone@reader.test"]).exits(0);
    assert!(invite(MONDAY, "gone@reader.test", &[]).exits(5).stderr.contains("was erased"));
}

#[test]
pub(crate) fn an_import_asks_all_of_them_but_not_at_once() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink.transport());
    site.run(MONDAY, &["subscribers", "add", "r1@reader.test", "r2@reader.test"]).exits(0);
    site.run(MONDAY, &["subscribers", "remove", "r2@reader.test"]).exits(0);
    site.run(MONDAY, &["subscribers", "erase", "r3@reader.test"]).exits(0);
    let mut rows = "email,status\n".to_owned();
    rows += &(1..=34).map(|n| format!("r{n}@reader.test,active\nR{n}@reader.test,active\n")).collect::<String>();
    rows += "left@reader.test,unsubscribed\n";
    let before = statuses(&site);
    let shown = import(&site, MONDAY, &rows, &["--dry-run", "--json"]).exits(0).json();
    assert_eq!((&shown["new"]["pending"], &shown["new"]["unsubscribed"]), (&31.into(), &1.into()), "{shown}");
    assert_eq!((&shown["known"], &shown["letters"], &shown["left_out"]), (&2.into(), &31.into(), &2.into()), "{shown}");
    let text = import(&site, MONDAY, &rows, &["--dry-run"]).exits(0).stdout;
    assert!(text.contains("Then 31 letters that ask to confirm wait: 10 leave in an hour, with the commands that send, so it takes 4 hours."), "{text}");
    assert_eq!(statuses(&site), before);

    let run = import(&site, MONDAY, &rows, &[]).exits(0);
    assert!(run.stderr.contains("31 asked to confirm"), "{run:#?}");
    assert_eq!((statuses(&site), sink.count()), ([31, 1, 2], 0), "importing sends nothing");
    let letters = site.run(MONDAY, &["status", "--json"]).exits(0).json()["letters"].clone();
    assert_eq!(letters, json!({ "on_their_way": 0, "waiting_for_their_turn": 31 }));
    assert!(
        site.run(MONDAY, &["status"]).exits(0).stdout.contains("Letters to one reader: 0 on their way, 31 waiting")
    );
    let again = import(&site, "2026-03-02T09:01:00Z", &rows, &[]).exits(0);
    assert!(!again.stderr.contains("asked to confirm"), "{again:#?}");
    let send = |now: &str| {
        site.run(now, &["publish"]);
        sink.count()
    };
    assert_eq!((send(MONDAY), send("2026-03-02T09:30:00Z"), send("2026-03-02T10:01:00Z")), (10, 10, 20));
    assert_eq!(send("2026-03-20T09:00:00Z"), 30);
    site.run("2026-03-21T09:00:00Z", &["subscribers", "remove", "r34@reader.test"]).exits(0);
    assert_eq!(send("2026-03-21T10:00:00Z"), 30, "who left meanwhile is not asked");
}

#[test]
pub(crate) fn who_asks_by_themselves_need_not_wait_for_their_turn() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink.transport());
    site.configure("inbox", "join = \"join@news.example.org\"");
    let rows: String = (0..30).map(|n| format!("r{n}@reader.test\n")).collect();
    import(&site, MONDAY, &format!("email\n{rows}"), &[]).exits(0);
    site.write(
        "wish.eml",
        "From: r29@reader.test\nTo: join@news.example.org\nSubject: subscribe\nDate: Mon, 02 Mar 2026 08:00:00 +0000\n\nHello\n",
    );
    site.run(MONDAY, &["inbox", site.file("wish.eml").to_str().unwrap(), "--yes"]).exits(0);
    let to: Vec<_> = sink.received().iter().map(|mail| mail.to.clone()).collect();
    assert!(to.contains(&"r29@reader.test".to_owned()) && to.len() == 10, "{to:?}");
    let told = site.run(MONDAY, &["subscribers", "show", "r29@reader.test", "--json"]).exits(0).json();
    assert_eq!((told["letters"].as_array().unwrap().len(), &told["letters"][0]["way"]), (1, &"mail".into()));
}
