//! Lists of readers that come from elsewhere, and our own that comes back.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::site::{Run, TestSite, end_of};

const NOW: &str = "2026-03-02T09:00:00Z";

fn list(name: &str) -> String {
    format!("{}/tests/lists/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn import(site: &TestSite, arguments: &[&str]) -> Run {
    site.run(NOW, &[&["subscribers", "import"], arguments].concat())
}

/// How many readers there are of each status: confirmed, pending, unsubscribed, bounced, complained.
fn counts(site: &TestSite) -> [u64; 5] {
    let counts = site.status()["subscribers"].clone();
    ["confirmed", "pending", "unsubscribed", "bounced", "complained"].map(|status| counts[status].as_u64().unwrap())
}

fn readers(site: &TestSite) -> Vec<Value> {
    let list = site.run(NOW, &["subscribers", "list", "--json"]).exits(0).json();
    list.as_array().unwrap().clone()
}

#[test]
pub(crate) fn readers_of_every_service_come_in_as_what_they_are() {
    // The source of each layout is named in docs/importing.md.
    for (file, service, expected, says) in [
        ("ghost.csv", "Ghost", [2, 0, 2, 0, 0], "both wanted and refused"),
        ("ghost-disabled.csv", "Ghost", [1, 0, 1, 0, 0], "both wanted and refused"),
        ("substack.csv", "Substack", [3, 0, 2, 0, 0], ""),
        ("substack-digests.csv", "Substack", [1, 0, 1, 0, 0], ""),
        ("substack-dashboard.csv", "Substack", [2, 0, 1, 0, 0], "--ignore-column \"Cancel date\""),
        ("buttondown.csv", "Buttondown", [4, 1, 4, 1, 1], ""),
        ("subscribed_members_export_4711.csv", "Mailchimp", [2, 0, 0, 0, 0], ""),
        ("unsubscribed_members_export_4711.csv", "Mailchimp", [0, 0, 2, 0, 0], ""),
        ("cleaned_members_export_4711.csv", "Mailchimp", [0, 0, 0, 1, 0], ""),
        ("kit.csv", "Kit", [1, 0, 2, 1, 1], ""),
        ("beehiiv.csv", "beehiiv", [1, 2, 2, 1, 0], "both wanted and refused"),
        ("listmonk.csv", "listmonk", [1, 0, 1, 0, 1], "does not say who did"),
        ("listmonk-subscriptions.csv", "", [1, 1, 1, 0, 0], "both wanted and refused"),
        ("keila.csv", "Keila", [1, 0, 1, 1, 0], ""),
        ("tidings.csv", "Tidings", [1, 1, 1, 1, 1], ""),
    ] {
        let site = TestSite::new("outbox:outbox");
        let shown = import(&site, &[&list(file), "--dry-run", "--json"]).exits(0).json();
        assert_eq!(shown["service"].as_str().unwrap_or_default(), service, "{file}");
        let new = ["confirmed", "pending", "unsubscribed", "bounced", "complained"]
            .map(|it| shown["new"][it].as_u64().unwrap());
        assert_eq!((new, site.file(".tidings").exists()), (expected, false), "{file}: {shown}");
        let run = import(&site, &[&list(file)]).exits(0);
        assert_eq!(counts(&site), expected, "{file}: {run:#?}");
        assert!(run.stderr.contains(says) && (!says.is_empty() || !run.stderr.contains("warning")), "{file}: {run:#?}");
        let sum = expected.iter().sum::<u64>();
        assert!(run.stderr.contains(&format!("{sum} reader")), "{file}: {run:#?}");
    }
}

#[test]
fn the_day_of_consent_comes_along_where_it_is_certain() {
    for (file, address, since) in [
        ("ghost.csv", "gh-reader", "2024-03-01T09:30:00Z"),
        ("substack.csv", "su-free", "2024-07-01T10:00:00Z"),
        ("substack-dashboard.csv", "sd-free", "2024-06-17T10:21:38Z"),
        ("buttondown.csv", "bu-regular", "2024-01-05T00:00:00Z"),
        ("subscribed_members_export_4711.csv", "mc-one", "2018-02-12T10:55:27Z"),
        ("kit.csv", "ki-active", "2023-01-27T11:43:55Z"),
        ("beehiiv.csv", "be-active", "2023-03-24T10:23:10Z"),
        ("listmonk.csv", "li-enabled", "2023-05-01T10:00:00Z"),
        ("keila.csv", "ke-active", NOW),
    ] {
        let site = TestSite::new("outbox:outbox");
        import(&site, &[&list(file)]).exits(0);
        let readers = readers(&site);
        let reader = readers.iter().find(|reader| reader["address"] == format!("{address}@reader.test")).unwrap();
        assert_eq!(reader["created_at"], since, "{file}");
        let source = reader["source"].as_str().unwrap();
        assert!(source.starts_with("import of ") && source.contains(file), "{source}");
    }
}

#[test]
pub(crate) fn our_own_export_comes_back_byte_for_byte() {
    let site = TestSite::new("outbox:outbox");
    import(&site, &[&list("tidings.csv")]).exits(0);
    let exported = site.run("2027-01-01T00:00:00Z", &["subscribers", "export"]).exits(0).stdout;
    // The tokens are made from the secret of each database.
    let without_token = |line: &str| format!("{}\n", line.rsplit_once(',').unwrap().0);
    assert_eq!(
        exported.lines().map(without_token).collect::<String>(),
        std::fs::read_to_string(list("tidings.csv")).unwrap()
    );
    site.write("exported.csv", &exported);
    let other = TestSite::new("outbox:outbox");
    import(&other, &[site.file("exported.csv").to_str().unwrap()]).exits(0);
    assert_eq!(readers(&other), readers(&site));
    let names: Vec<_> = readers(&site).iter().map(|reader| reader["name"].clone()).collect();
    assert_eq!(names, [json!("Tilda One"), json!("=Tilda"), json!("'=1"), Value::Null, Value::Null]);
    assert!(readers(&site)[3]["address"] == "+ti-four@reader.test");

    site.run("2026-05-01T00:00:00Z", &["subscribers", "remove", "ti-one@reader.test"]).exits(0);
    import(&site, &[&list("tidings.csv")]).exits(0);
    assert_eq!(counts(&site), [0, 1, 2, 1, 1], "who left meanwhile has not come back");
}

#[test]
pub(crate) fn a_later_word_here_goes_before_an_older_one_in_our_export() {
    let site = TestSite::new("outbox:outbox");
    import(&site, &[&list("tidings.csv")]).exits(0);
    site.run(NOW, &["subscribers", "add", "--resubscribe", "ti-three@reader.test"]).exits(0);
    import(&site, &[&list("tidings.csv")]).exits(0);
    assert_eq!(counts(&site), [2, 1, 0, 1, 1]);
}

#[test]
pub(crate) fn who_left_elsewhere_gets_no_more_mail_from_here() {
    let site = TestSite::new("outbox:outbox");
    site.write("all.csv", "email\na@reader.test\nb@reader.test\nc@reader.test\n");
    import(&site, &[site.file("all.csv").to_str().unwrap()]).exits(0);
    site.write("left.csv", "email,status\nB@reader.test,subscribed\nb@reader.test,unsubscribed\nd@reader.test,cleaned\nc@reader.test,pending\n");
    let run = import(&site, &[site.file("left.csv").to_str().unwrap()]).exits(0);
    assert_eq!(counts(&site), [2, 0, 1, 1, 0]);
    assert_eq!(
        run.stderr,
        "1 reader added (1 bounced), 1 known already and left as they are, 1 known already and getting no more mail, as the \
         file says.\n"
    );
    site.write("back.csv", "email,status\nb@reader.test,active\n");
    import(&site, &[site.file("back.csv").to_str().unwrap()]).exits(0);
    assert_eq!(counts(&site), [2, 0, 1, 1, 0], "an import brings back none who left");
    let changes = |reader: &str| {
        let story = site.run(NOW, &["explain", reader, "--json"]).exits(0).json();
        let changes = story["changes"].as_array().unwrap().clone();
        changes.iter().map(|it| format!("{} by {}", it["status"], it["way"])).collect::<Vec<_>>()
    };
    assert_eq!(changes("b@reader.test"), ["\"unsubscribed\" by \"import\""]);
    assert_eq!(changes("d@reader.test"), [""; 0]);
}

#[test]
pub(crate) fn a_file_with_errors_changes_nothing_and_all_of_them_are_counted() {
    let site = TestSite::new("outbox:outbox");
    let rows: String =
        (0..300).map(|n| format!("r{n}@reader.test,{}\n", if n % 3 == 0 { "perhaps" } else { "active" })).collect();
    site.write("r.csv", &format!("email,status\n{rows}not an address,active\n"));
    let path = site.file("r.csv");
    let before = site.snapshot(&[]);
    let run = import(&site, &[path.to_str().unwrap()]).exits(3);
    assert_eq!(site.snapshot(&[]), before);
    assert!(run.stderr.contains("`perhaps` (100 times)") && run.stderr.contains("r.csv:2:"), "{run:#?}");
    assert!(run.stderr.contains("r.csv:302:1") && run.stderr.contains("101 rows cannot be taken"), "{run:#?}");
    let run = import(&site, &[path.to_str().unwrap(), "--skip-bad"]).exits(0);
    assert!(run.stderr.contains("200 readers added (200 confirmed), 101 left out."), "{run:#?}");
    assert_eq!(counts(&site), [200, 0, 0, 0, 0]);
}

#[test]
fn what_is_not_known_about_consent_stops_even_an_import_that_skips_bad_rows() {
    let site = TestSite::new("outbox:outbox");
    site.write("r.csv", "email,Patron Status,name\na@reader.test,Active patron,Ada\n");
    let path = site.file("r.csv");
    let run = import(&site, &[path.to_str().unwrap(), "--skip-bad"]).exits(3);
    assert!(
        run.stderr.contains("`Patron Status`, with `Active patron`") && run.stderr.contains("r.csv:1:7"),
        "{run:#?}"
    );
    import(&site, &[path.to_str().unwrap(), "--ignore-column", "Patron Status"]).exits(0);
    site.write("r.csv", "email,name\nb@reader.test,\"Ada\nc@reader.test,Bob\n");
    let run = import(&site, &[path.to_str().unwrap(), "--skip-bad"]).exits(3);
    assert!(run.stderr.contains("r.csv:2:15"), "{run:#?}");
    assert_eq!(counts(&site), [1, 0, 0, 0, 0]);
}

#[test]
pub(crate) fn a_row_with_errors_that_says_unsubscribed_still_takes_its_reader_off() {
    let site = TestSite::new("outbox:outbox");
    site.write("r.csv", "email\na@reader.test\n");
    let path = site.file("r.csv");
    import(&site, &[path.to_str().unwrap()]).exits(0);
    site.write("r.csv", "email,name,status\na@reader.test,\"x\ny\",unsubscribed\nb@reader.test,B,active\nx,X,active\n");
    import(&site, &[path.to_str().unwrap()]).exits(3);
    assert_eq!(counts(&site), [1, 0, 0, 0, 0], "without --skip-bad nothing changes");
    let run = import(&site, &[path.to_str().unwrap(), "--skip-bad"]).exits(0);
    assert_eq!(counts(&site), [1, 0, 1, 0, 0], "{run:#?}");
    let said = "1 left out; 1 row with errors taken all the same, as refusing mail.\n";
    assert!(run.stderr.ends_with(said), "{run:#?}");
}

#[test]
fn a_file_of_readers_who_were_taken_off_is_refused_by_its_name() {
    for name in ["archived_members_export_1.csv", "cleaned_members_export_1.csv", "nonsubscribed_members_export_1.csv"]
    {
        let site = TestSite::new("outbox:outbox");
        site.write(name, "Email Address,First Name\na@reader.test,Ada\n");
        let path = site.file(name);
        let run = import(&site, &[path.to_str().unwrap()]).exits(3);
        assert!(run.stderr.contains("the name of the file"), "{name}: {run:#?}");
        import(&site, &[path.to_str().unwrap(), "--as", "unsubscribed"]).exits(0);
        assert_eq!(counts(&site), [0, 0, 1, 0, 0], "{name}");
    }
}

#[test]
fn a_list_may_come_through_a_pipe_and_say_what_it_is() {
    let site = TestSite::new("outbox:outbox");
    let mut command = site.command(NOW, &["subscribers", "import", "-", "--as", "unsubscribed"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all("email;name\na@reader.test;Zo\u{eb}\n".as_bytes()).unwrap();
    let run = end_of(child).exits(0);
    assert_eq!(run.stderr, "1 reader added (1 unsubscribed).\n");
    assert_eq!(readers(&site)[0]["name"], "Zo\u{eb}");
    assert_eq!(readers(&site)[0]["source"], "import of standard input, vouched for by the owner");
}

#[test]
pub(crate) fn a_long_list_of_json_is_one_sound_array() {
    let site = TestSite::new("outbox:outbox");
    let empty = site.run(NOW, &["subscribers", "list", "--json"]).exits(0);
    assert_eq!(empty.stdout, "[]\n");
    site.readers(2_500);
    let run = site.run(NOW, &["subscribers", "list", "--json"]).exits(0);
    assert_eq!(run.json().as_array().unwrap().len(), 2_500);
    assert_eq!(run.stdout, format!("{:#}\n", run.json()), "as it is printed when it is short");
    let table = site.run(NOW, &["subscribers", "list"]).exits(0).stdout;
    assert_eq!(table.lines().count(), 2_501);
    assert!(
        table.lines().skip(1).all(|line| line.find("confirmed") == table.lines().nth(1).unwrap().find("confirmed"))
    );
}

/// The most memory that a process has held so far, in bytes.
#[cfg(target_os = "linux")]
fn most_memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[test]
fn a_list_is_never_held_in_memory_whole() {
    const LIMIT: u64 = 44 << 20;
    let site = TestSite::new("outbox:outbox");
    let mut command = site.command(NOW, &["subscribers", "import", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"email,name,notes\n").unwrap();
    let (name, notes) = ("n".repeat(190), "n".repeat(1_000));
    for number in 0..20_000 {
        input.write_all(format!("r{number}@reader.test,{name} {number},{notes}\n").as_bytes()).unwrap();
    }
    // All but the last rows, which are still in the pipe, are read by now.
    let most = most_memory(child.id());
    drop(input);
    end_of(child).exits(0);
    assert!(most < LIMIT, "import: {most}");
    for arguments in [&["subscribers", "export"][..], &["subscribers", "list"], &["subscribers", "list", "--json"]] {
        let mut child = site.start(NOW, arguments);
        let mut output = child.stdout.take().unwrap();
        // The pipe is full long before the end, so the program is still there.
        output.read_exact(&mut [0; 4096]).unwrap();
        let most = most_memory(child.id());
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        end_of(child).exits(0);
        assert!(rest.contains("r19999@reader.test"));
        assert!(most < LIMIT, "{arguments:?}: {most}");
    }
}
