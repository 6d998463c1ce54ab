//! The list in the columns of other services, and back; and what tries to harm who reads a list.

use std::time::Instant;

use serde_json::{Value, json};

use crate::site::{Run, TestSite};

const NOW: &str = "2026-03-02T09:00:00Z";

/// Readers of every state, with all that may be known of one.
const READERS: &str = "email,name,status,source,created_at,updated_at,language,lists,fields\n\
    ada@reader.test,'=1+1,confirmed,form,2024-01-01T09:00:00Z,2024-01-02T09:00:00Z,de,essays,\"{\"\"tags\"\":[\"\"vip\"\",\"\"friend\"\"],\"\"City\"\":\"\"-Kiel\"\"}\"\n\
    bob@reader.test,Bob,pending,form,2024-01-02T09:00:00Z,2024-01-02T09:00:00Z,,,\n\
    cia@reader.test,,unsubscribed,form,2024-01-03T09:00:00Z,2024-01-04T09:00:00Z,,,\n\
    dan@reader.test,,bounced,form,2024-01-04T09:00:00Z,2024-01-04T09:00:00Z,,,\n\
    eve@reader.test,,complained,form,2024-01-05T09:00:00Z,2024-01-05T09:00:00Z,,,\n";

fn import(site: &TestSite, text: &[u8], more: &[&str]) -> Run {
    std::fs::write(site.file("list.csv"), text).unwrap();
    let path = site.file("list.csv").to_str().unwrap().to_owned();
    site.run(NOW, &[&["subscribers", "import", &path], more].concat())
}

fn readers(site: &TestSite) -> Vec<Value> {
    let list = site.run(NOW, &["subscribers", "list", "--json"]).exits(0).json();
    list.as_array().unwrap().clone()
}

#[test]
fn what_a_service_reads_comes_back_as_it_was() {
    let site = TestSite::new("outbox:outbox");
    import(&site, READERS.as_bytes(), &[]).exits(0);
    // For each: whether it tells who gets no mail, keeps tags, fields and the day.
    for (service, tells, tags, fields, since) in [
        ("beehiiv", false, true, true, true),
        ("buttondown", false, true, true, true),
        ("ghost", true, true, false, true),
        ("keila", true, true, true, false),
        ("kit", false, true, true, true),
        ("listmonk", false, true, true, true),
        ("mailchimp", false, true, true, true),
        ("substack", false, false, false, true),
    ] {
        let run = site.run(NOW, &["subscribers", "export", "--for", service]).exits(0);
        assert_eq!(run.stderr.contains("4 readers who get no mail left out"), !tells, "{service}: {run:#?}");
        assert!(!run.stdout.contains(",=") && !run.stdout.contains(",-"), "{service}: {}", run.stdout);
        let other = TestSite::new("outbox:outbox");
        import(&other, run.stdout.as_bytes(), &[]).exits(0);
        let back = readers(&other);
        assert_eq!(back.len(), if tells { 5 } else { 1 }, "{service}: {}", run.stdout);
        let ada = &back[0];
        assert_eq!((&ada["name"], &ada["status"]), (&json!("=1+1"), &json!("confirmed")), "{service}");
        assert_eq!(ada["fields"].get("tags"), tags.then_some(&json!(["vip", "friend"])), "{service}: {ada}");
        assert_eq!(ada["fields"].get("City"), fields.then_some(&json!("-Kiel")), "{service}: {ada}");
        assert_eq!(ada["created_at"], if since { "2024-01-01T09:00:00Z" } else { NOW }, "{service}");
        for reader in &back[1..] {
            assert_ne!(reader["status"], "confirmed", "{service}: {reader}");
        }
        for status in ["pending", "unsubscribed", "bounced", "complained"] {
            let run = site.run(NOW, &["subscribers", "export", "--for", service, "--status", status]).exits(0);
            assert_eq!((run.stdout.lines().count(), run.stderr.as_str()), (2, ""), "{service} {status}");
            let other = TestSite::new("outbox:outbox");
            import(&other, run.stdout.as_bytes(), &[]).exits(0);
            assert_ne!(readers(&other)[0]["status"], "confirmed", "{service} {status}: {}", run.stdout);
        }
    }
}

#[test]
fn nothing_of_a_row_is_lost_unsaid() {
    let site = TestSite::new("outbox:outbox");
    let columns: String = (0..70).map(|n| format!(",f{n}")).collect();
    let cells: String = (0..70).map(|n| format!(",v{n}")).collect();
    let text = format!(
        "email,Notes,Notes,,Job,lists{columns}\na@reader.test,{},second,nameless,\"x\u{202e}y\",\"essays, {}\"{cells}\n",
        "é".repeat(501),
        "long".repeat(20)
    );
    let run = import(&site, text.as_bytes(), &["--dry-run"]).exits(0);
    for part in [
        "longer than 500 characters and is cut, first in `Notes`",
        "list.csv:2:15",
        "second field of one name is left out in 1 row, first `Notes`",
        "holds what cannot be seen, which is taken off, first in `Job`",
        "1 row with more than 64 fields or 64 tags",
        "the name of a list in 1 row is none that a list may have",
    ] {
        assert!(run.stderr.contains(part), "{part}: {run:#?}");
    }
}

#[test]
fn what_is_hostile_is_named_with_its_line_and_changes_nothing() {
    let folder = format!("{}/tests/lists", env!("CARGO_MANIFEST_DIR"));
    let mut headers: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap().lines().next().unwrap().to_owned())
        .collect();
    headers.sort();
    headers.dedup();
    assert!(headers.len() > 10);
    let site = TestSite::new("outbox:outbox");
    import(&site, b"email\nada@reader.test\n", &[]).exits(0);
    let before = site.snapshot(&["list.csv"]);
    for header in headers {
        let place = header
            .split(',')
            .position(|name| {
                name.to_lowercase().contains("email") && !name.contains("emails") && !name.contains("disabled")
            })
            .unwrap();
        let row = |cell: &str| format!("{}{cell}\n", ",".repeat(place));
        let files: [(&str, Vec<u8>); 7] = [
            ("list.csv:2:", format!("{header}\n{}", row(&"a".repeat(10 << 20))).into_bytes()),
            ("list.csv:1:", format!("{header}{}\n", ",x".repeat(100_000)).into_bytes()),
            (
                "list.csv:2:",
                format!("{header}\n{}{}\n", row("b@reader.test").trim_end(), ",x".repeat(100_000)).into_bytes(),
            ),
            ("list.csv:2:", format!("{header}\n{}", row("b\0@reader.test")).into_bytes()),
            // From its first byte on.
            ("list.csv", format!("\u{feff}{header}\n").encode_utf16().flat_map(u16::to_le_bytes).collect()),
            ("list.csv:2:", format!("{header}\n{}", row("\u{202e}b@reader.test")).into_bytes()),
            ("list.csv:2:", format!("{header}\n{}", row("=HYPERLINK(\"\"x\"\")")).into_bytes()),
        ];
        for (line, file) in files {
            let start = Instant::now();
            let run = import(&site, &file, &["--yes"]).exits(3);
            assert!(
                run.stderr.contains(line),
                "{header}, {line}: {}",
                run.stderr.chars().take(2_000).collect::<String>()
            );
            assert!(run.stderr.len() < 20_000, "{header}: {} bytes", run.stderr.len());
            assert!(start.elapsed().as_secs() < 20, "{header} {line}");
            assert_eq!(site.snapshot(&["list.csv"]), before, "{header}");
        }
    }
}

#[test]
pub(crate) fn who_is_erased_stays_away_until_they_or_the_owner_say_so() {
    let site = TestSite::new("outbox:outbox");
    import(&site, READERS.as_bytes(), &[]).exits(0);
    let told = site.run(NOW, &["subscribers", "show", "ada@reader.test", "--json"]).exits(0).json();
    assert_eq!((&told["fields"]["City"], &told["language"]), (&json!("-Kiel"), &json!("de")));
    let one = site.run(NOW, &["subscribers", "export", "ada@reader.test"]).exits(0).stdout;
    assert!(one.lines().count() == 2 && one.contains("Kiel") && one.contains(",de,essays,"), "{one}");
    site.run(NOW, &["subscribers", "export", "zoe@reader.test"]).exits(2);
    site.run(NOW, &["subscribers", "erase", "ada@reader.test"]).exits(0);
    let run = import(&site, READERS.as_bytes(), &[]).exits(0);
    assert!(run.stderr.contains("1 left out who were erased here or want no mail"), "{run:#?}");
    site.run(NOW, &["subscribers", "show", "ada@reader.test"]).exits(2);
    let own = site.run(NOW, &["subscribers", "export"]).exits(0).stdout;
    assert!(!own.contains("ada@") && !own.contains("erased"), "{own}");
    assert_eq!((readers(&site).len(), &site.status()["subscribers"]["unsubscribed"]), (4, &json!(1)));
    let run = site.run(NOW, &["subscribers", "add", "ada@reader.test"]).exits(5);
    assert!(run.stderr.contains("was erased") && run.stderr.contains("--resubscribe"), "{run:#?}");
    site.run(NOW, &["subscribers", "add", "--resubscribe", "ada@reader.test"]).exits(0);
    assert_eq!(readers(&site).len(), 5);
}
