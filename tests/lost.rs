//! A database, a list, a record or the memory of the machine is gone or damaged: that never looks like success, and never
//! mails anything again.

use std::path::Path;
use std::time::Duration;

use crate::memory::{MONDAY, Machine, TUESDAY, WEDNESDAY, World};
use crate::sink::Sink;
use crate::site::{Run, TestSite};

fn publish(world: &World, more: &[&str]) -> Run {
    world.run(world.site.path(), Machine::First, TUESDAY, &[&["publish"], more].concat())
}

#[test]
fn a_database_that_is_gone_is_named_everywhere_and_nothing_is_sent_again() {
    // With everything gone this machine remembers; on another one the record does, which is in the repository.
    for (lose, machine) in [
        ("rm -rf .tidings", Machine::First),
        ("rm -rf .tidings && git checkout -q .tidings", Machine::Second),
        ("rm .tidings/tidings.db", Machine::Ci),
    ] {
        let world = World::new();
        world.shell(lose);
        world.site.post("2026-03-03", "Second post");
        let at = |arguments: &[&str]| world.run(world.site.path(), machine, TUESDAY, arguments);
        let refused = at(&["publish"]).exits(5);
        for words in ["issue 1 “First post” was sent on 2026-03-02", "--allow lost-database", "subscribers import"]
        {
            assert!(refused.stderr.contains(words), "{refused:#?}");
        }
        // What to do depends on who remembers.
        let witness = if lose == "rm -rf .tidings" { "this is remembered in" } else { "remove `.tidings/issues`" };
        assert!(refused.stderr.contains(witness), "{refused:#?}");
        assert!(!world.site.file(".tidings/tidings.db").exists(), "no new database takes its place");
        at(&["deliver"]).exits(5);
        assert_eq!(at(&["publish", "--dry-run", "--json"]).exits(5).json()["guards"][0]["name"], "lost-database");
        let status = at(&["status", "--json"]).exits(0).json();
        assert_eq!(
            (status["guards"][0]["name"].as_str(), status["next_issue"].as_i64()),
            (Some("lost-database"), Some(2))
        );
        let check = at(&["check"]).exits(0);
        // In a fresh clone no database is expected.
        assert_eq!(check.stdout.contains("knows nothing of it"), !matches!(machine, Machine::Ci), "{check:#?}");
        assert!(at(&["posts"]).exits(0).stdout.contains("mailed in issue 1"));

        // The readers are imported again; that alone does not make it the database that sent issue 1.
        world.site.write("readers.csv", "email\nr1@reader.test\nr2@reader.test\nr3@reader.test\nr4@reader.test\n");
        at(&["subscribers", "import", world.site.file("readers.csv").to_str().unwrap()]).exits(0);
        at(&["publish"]).exits(5);
        at(&["publish", "--allow", "lost-database"]).exits(0);
        world.no_reader_has_two_copies(lose);
        assert_eq!(world.subjects().into_values().collect::<Vec<_>>(), [4, 4], "each post to each reader");
        assert!(world.site.read(".tidings/issues/2.json").contains("Second post"));
        // It knows now: even without the records.
        world.shell("rm -rf .tidings/issues");
        world.run(world.site.path(), Machine::Ci, WEDNESDAY, &["publish"]).exits(0);
        world.no_reader_has_two_copies(lose);
    }
}

#[test]
fn the_database_that_was_lost_and_comes_back_is_behind_the_one_that_took_its_place() {
    let world = World::new();
    world.shell("mv .tidings/tidings.db $E/lost.db");
    world.site.readers(4);
    world.site.post("2026-03-03", "Second post");
    publish(&world, &["--allow", "lost-database"]).exits(0);
    world.shell("cp $E/lost.db .tidings/tidings.db");
    let refused = publish(&world, &[]).exits(5);
    assert!(
        refused.stderr.contains("issue 2 “Second post” was sent on 2026-03-03 from another database"),
        "{refused:#?}"
    );
    publish(&world, &["--allow", "lost-database"]).exits(0);
    world.no_reader_has_two_copies("back");
}

#[test]
fn a_list_that_is_gone_is_no_success_once_an_issue_was_sent() {
    let world = World::unpublished(1, Duration::ZERO);
    world.run(world.site.path(), Machine::First, MONDAY, &["subscribers", "remove", "r1@reader.test"]).exits(0);
    world.site.post("2026-03-01", "First post");
    publish(&world, &[]).exits(0);
    assert_eq!(world.site.status()["guards"].as_array().unwrap().len(), 0, "nothing was ever sent");

    let world = World::new();
    for reader in 1..=4 {
        let address = format!("r{reader}@reader.test");
        world.run(world.site.path(), Machine::First, MONDAY, &["subscribers", "remove", &address]).exits(0);
    }
    let refused = publish(&world, &[]).exits(5);
    assert!(refused.stderr.contains("now there is no confirmed reader"), "{refused:#?}");
    assert_eq!(world.site.status()["guards"][0]["name"], "lost-database");
    publish(&world, &["--allow", "lost-database"]).exits(0);
    // Something is due, and there is no reader to mail it to: whatever is allowed, that is no success.
    world.site.post("2026-03-03", "Second post");
    publish(&world, &[]).exits(5);
    publish(&world, &["--allow", "lost-database"]).exits(4);
    assert_eq!(world.sink.count(), 4);
}

#[test]
fn a_record_that_cannot_be_read_stops_sending_and_is_named() {
    let huge = format!("{{\"subject\": \"{}\"}}", "x".repeat(17 << 20));
    let cases: [(&str, &str, &str, &str); 12] = [
        ("1.json", "", "", "EOF while parsing"),
        ("1.json", "{", "<<<<<<< HEAD\n{", "holds a merge conflict"),
        ("1.json", "\"number\": 1,", "\"number\": \"one\",", "invalid type"),
        ("1.json", "\"number\": 1,", "\"number\": 7,", "its name is not that of issue 7"),
        ("1.json", "\"number\": 1,", "\"number\": 9223372036854775807,", "no issue has such a number"),
        ("1.json", "\"version\": 1,", "\"version\": 2,", "a newer version of tidings wrote it"),
        ("1.json", "\"time\": \"2026", "\"time\": \"26", "failed to parse"),
        ("1.json", "\"ledger\": \"", "\"ledger\": \"../../x", "its `ledger` is none"),
        ("1.json", "\"generation\": ", "\"generation\": -", "a generation is a whole number"),
        ("2.json", "", "\u{1}", "expected value"),
        ("1 (conflicted copy).json", "", "", "EOF while parsing"),
        ("3.json", "", &huge, "it is too large"),
    ];
    for (name, old, new, fault) in cases {
        let world = World::new();
        let path = format!(".tidings/issues/{name}");
        if old.is_empty() {
            world.site.write(&path, new);
        } else {
            world.site.edit(&path, old, new);
        }
        world.site.post("2026-03-03", "Second post");
        let kept = world.site.read(&path);
        for arguments in [["publish"].as_slice(), &["deliver"], &["publish", "--dry-run"]] {
            let stopped = world.run(world.site.path(), Machine::First, TUESDAY, arguments).exits(3);
            assert!(stopped.stderr.contains(fault) && stopped.stderr.contains(name), "{fault}: {stopped:#?}");
            let cure = match fault {
                "a newer version of tidings wrote it" => "update tidings on this machine",
                "holds a merge conflict" => "both were mailed",
                _ => "put it back as it was",
            };
            assert!(stopped.stderr.contains(cure), "{fault}: {stopped:#?}");
            let is_put_back = cure.starts_with("put it back");
            assert_eq!(stopped.stderr.contains("put it back as it was"), is_put_back, "{fault}: {stopped:#?}");
        }
        let check = world.run(world.site.path(), Machine::First, TUESDAY, &["check"]).exits(3);
        assert!(check.stdout.contains(fault) && check.stdout.contains("[memory/record]"), "{check:#?}");
        for arguments in [["status"].as_slice(), &["posts"], &["explain", "posts/2026-03-03-second-post.md"]] {
            let told = world.run(world.site.path(), Machine::First, TUESDAY, arguments);
            assert!(told.code == 0 && told.stderr.contains(fault), "{told:#?}");
        }
        assert_eq!((world.site.read(&path), world.sink.count()), (kept, 4), "{fault}: nothing was changed or sent");
        // The cure that the help names: what the database knows is written again.
        std::fs::remove_file(world.site.file(&path)).unwrap();
        publish(&world, &[]).exits(0);
        assert!(world.site.read(".tidings/issues/1.json").contains("\"sent\": 4"));
        world.no_reader_has_two_copies(fault);
    }
}

#[test]
fn a_folder_in_the_place_of_a_record_stops_sending_and_is_named() {
    let world = World::new();
    std::fs::create_dir(world.site.file(".tidings/issues/2.json")).unwrap();
    // Folders of other names are none of our business.
    std::fs::create_dir(world.site.file(".tidings/issues/old")).unwrap();
    world.site.post("2026-03-03", "Second post");
    let stopped = publish(&world, &[]).exits(3);
    assert!(stopped.stderr.contains("it is a folder") && stopped.stderr.contains("2.json"), "{stopped:#?}");
    let check = world.run(world.site.path(), Machine::First, TUESDAY, &["check"]).exits(3);
    assert!(check.stdout.contains("it is a folder") && check.stdout.contains("1 error"), "{check:#?}");
    std::fs::remove_dir(world.site.file(".tidings/issues/2.json")).unwrap();
    publish(&world, &[]).exits(0);
}

#[test]
fn readers_of_an_issue_that_was_sent_in_part_do_not_vanish_with_the_database() {
    let world = World::unpublished(4, Duration::ZERO);
    let post = world.site.post("2026-03-01", "First post");
    world.run(world.site.path(), Machine::First, MONDAY, &["publish", "--limit", "2"]).exits(4);
    world.shell("rm .tidings/tidings.db*");
    world.site.readers(4);
    let words = "2 of its deliveries had not left when its record was written";
    let refused = publish(&world, &[]).exits(5);
    assert!(refused.stderr.contains(words) && refused.stderr.contains("`--include`"), "{refused:#?}");
    world.site.post("2026-03-03", "Second post");
    publish(&world, &["--allow", "lost-database"]).exits(0);
    let at = |arguments: &[&str]| world.run(world.site.path(), Machine::First, TUESDAY, arguments).exits(0);
    let words = "2 deliveries of issue 1 “First post” had not left";
    let check = at(&["check"]);
    assert!(check.stdout.contains(words) && check.stdout.contains("[memory/half-sent]"), "{check:#?}");
    assert!(at(&["status"]).stderr.contains(words));
    let story = at(&["explain", &post]);
    assert!(story.stderr.contains(words), "{story:#?}");
    assert!(story.stdout.contains("mailed in issue 1, sent from another database"), "{story:#?}");
    publish(&world, &["--include", &post]).exits(0);
    assert_eq!(world.subjects()["First post"], 6, "to all readers");
    assert!(!at(&["status"]).stderr.contains("had not left") && !at(&["check"]).stdout.contains("memory/half-sent"));
}

#[test]
fn where_every_machine_is_new_the_record_is_to_be_committed() {
    for (machine, is_told) in [(Machine::First, false), (Machine::Ci, true)] {
        let world = World::unpublished(3, Duration::ZERO);
        let run = |arguments: &[&str], code| {
            let run = world.run(world.site.path(), machine, MONDAY, arguments).exits(code);
            run.stdout + &run.stderr
        };
        assert!(!run(&["publish"], 0).contains("Commit"), "nothing is due");
        world.site.post("2026-03-01", "First post");
        let words = "Commit .tidings/issues/1.json, or the next run may mail this again.";
        assert_eq!(run(&["publish", "--limit", "1"], 4).contains(words), is_told);
        // The record is written again when it is brought to its end.
        assert_eq!(run(&["deliver", "--limit", "1"], 4).contains(words), is_told);
        assert_eq!(run(&["publish"], 0).contains(words), is_told);
        assert!(!run(&["publish"], 0).contains("Commit"));
        // So it is when the owner settles something.
        for arguments in [&["runs", "resolve", "1", "--skipped", "--send-again"][..], &["runs", "cancel", "1"]] {
            assert_eq!(run(arguments, 0).contains(words), is_told, "{arguments:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_is_named() {
    let world = World::new();
    // No file may grow: to SQLite that is a full disk, also when it only reads.
    let mut shell = std::process::Command::new("sh");
    let command = world.site.command(TUESDAY, &["status"]);
    shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"]).arg(command.get_program());
    let run = Run::new(&shell.args(command.get_args()).env("TIDINGS_NOW", TUESDAY).output().unwrap()).exits(1);
    for words in ["tidings.db", "the database cannot be written", "the disk is full", "free some space"] {
        assert!(run.stderr.contains(words), "{run:#?}");
    }
}

#[cfg(unix)]
#[test]
fn a_record_outside_of_the_site_is_not_read() {
    let world = World::new();
    let path = world.site.file(".tidings/issues/2.json");
    std::os::unix::fs::symlink("/proc/self/environ", &path).unwrap();
    publish(&world, &[]).exits(3);
    std::fs::remove_file(&path).unwrap();
    std::fs::rename(world.site.file(".tidings/issues"), world.elsewhere("issues")).unwrap();
    std::os::unix::fs::symlink(world.elsewhere("issues"), world.site.file(".tidings/issues")).unwrap();
    let stopped = publish(&world, &[]).exits(3);
    assert!(stopped.stderr.contains("this link leads out of the site"), "{stopped:#?}");
}

#[test]
fn a_generation_beyond_all_numbers_is_one_that_can_be_taken_over() {
    let world = World::new();
    let record = world.site.read(".tidings/issues/1.json");
    let (start, _) = record.split_once("\"generation\": ").unwrap();
    world.site.write(".tidings/issues/1.json", &format!("{start}\"generation\": 99999999999999999999999\n}}\n"));
    publish(&world, &[]).exits(5);
    for title in ["Second post", "Third post"] {
        world.site.post("2026-03-03", title);
        publish(&world, &["--allow", "copied-database"]).exits(0);
        publish(&world, &[]).exits(0);
    }
    world.no_reader_has_two_copies("generation");
}

#[test]
fn a_record_says_what_was_sent_and_nothing_of_any_reader() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    for reader in ["good", "p550-gone", "t451-later"] {
        site.run(MONDAY, &["subscribers", "add", &format!("{reader}@reader.test")]).exits(0);
    }
    site.edit("config.toml", "[site]\n", "[site]\ntimezone = \"Pacific/Auckland\"\n");
    site.write("posts/a.md", "---\ntitle: Slow rivers\ndate: 2026-03-01T20:00:00Z\n---\n\nText.\n");
    site.run(MONDAY, &["publish"]).exits(4);
    let text = site.read(".tidings/issues/1.json");
    let keys: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next()).collect();
    let order =
        ["version", "number", "run", "time", "subject", "digest", "entries", "deliveries", "ledger", "generation"];
    assert_eq!(keys, order, "the order is a promise");
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    let counts = &record["deliveries"];
    assert_eq!((&counts["sent"], &counts["failed"], &counts["deferred"]), (&1.into(), &1.into(), &1.into()));
    assert_eq!(record["entries"][0]["published"], "2026-03-02", "its day at the site");
    assert_eq!(record["time"], MONDAY);
    for personal in ["reader.test", "good", "no such user", "greylisted", "later"] {
        assert!(!text.contains(personal), "{text}");
    }
    // The deferred one ends later, and the record with it.
    site.run("2026-03-03T09:00:00Z", &["runs", "cancel", "1"]).exits(0);
    let record: serde_json::Value = serde_json::from_str(&site.read(".tidings/issues/1.json")).unwrap();
    assert_eq!((&record["deliveries"]["deferred"], &record["deliveries"]["skipped"]), (&0.into(), &1.into()));
}

#[test]
fn a_record_is_written_before_the_first_message_leaves() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.run(MONDAY, &["subscribers", "add", "hang-reader@reader.test"]).exits(0);
    site.post("2026-03-01", "Slow rivers");
    let mut publish = site.start(MONDAY, &["publish"]);
    sink.wait_for_tries("hang-reader@reader.test");
    publish.kill().unwrap();
    publish.wait().unwrap();
    let record: serde_json::Value = serde_json::from_str(&site.read(".tidings/issues/1.json")).unwrap();
    assert_eq!((&record["subject"], &record["deliveries"]["queued"]), (&"Slow rivers".into(), &1.into()));
}

/// Something that happens to the state folder.
type Damage<'a> = &'a dyn Fn(&World);

#[test]
fn a_memory_of_the_machine_that_cannot_be_used_is_a_warning() {
    let tidings = |world: &World| world.site.state().join("tidings");
    let ruin = |folder: &Path, name: &str| {
        for file in tidings::files::Folder::new(folder).list("", &|_| true).unwrap() {
            if file.ends_with(name) {
                std::fs::write(folder.join(file), "\u{0}?").unwrap();
            }
        }
    };
    let cases: [(&str, Damage<'_>); 6] = [
        ("ruined generation", &|world| ruin(&tidings(world), "generation")),
        ("ruined copies", &|world| ruin(&tidings(world), "1.json")),
        ("ruined machine", &|world| ruin(&tidings(world), "machine")),
        ("all ruined", &|world| ruin(&tidings(world), "")),
        ("ledgers gone", &|world| std::fs::remove_dir_all(tidings(world).join("ledgers")).unwrap()),
        ("ledgers are a file", &|world| {
            std::fs::remove_dir_all(tidings(world).join("ledgers")).unwrap();
            std::fs::write(tidings(world).join("ledgers"), "").unwrap();
        }),
    ];
    for (case, damage) in cases {
        let world = World::new();
        damage(&world);
        world.site.post("2026-03-03", "Second post");
        let run = publish(&world, &[]);
        assert_eq!(run.code, 0, "{case}: {run:#?}");
        assert!(run.stderr.contains("this machine's memory of what was sent cannot be used"), "{case}: {run:#?}");
        let says_that_it_is_back = run.stderr.contains("publishing keeps it again from now on");
        assert_eq!(says_that_it_is_back, case == "ledgers gone", "{case}: {run:#?}");
        assert_eq!(world.subjects().into_values().collect::<Vec<_>>(), [4, 4], "{case}");
        let again = publish(&world, &[]).exits(0);
        let is_mended = case != "ledgers are a file";
        assert_eq!(again.stderr.contains("warning"), !is_mended, "{case}: {again:#?}");
    }
    // A machine without any place for it.
    let world = World::new();
    let mut command = world.site.command_at(world.site.path(), TUESDAY, &["publish"]);
    let run = Run::new(&command.env_remove("XDG_STATE_HOME").output().unwrap()).exits(0);
    assert!(run.stderr.contains("this machine remembers nothing of what is sent"), "{run:#?}");
}

#[test]
fn a_damaged_memory_beside_a_lost_database_does_not_mean_that_nothing_was_sent() {
    for (damaged, is_gone) in [("paths", false), ("ledgers", false), ("ledgers", true)] {
        let world = World::new();
        let folder = world.site.state().join("tidings").join(damaged);
        for file in tidings::files::Folder::new(&folder).list("", &|_| true).unwrap() {
            std::fs::write(folder.join(file), "?").unwrap();
        }
        if is_gone {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        world.shell("rm -rf .tidings");
        world.site.readers(4);
        publish(&world, &[]).exits(5);
        assert_eq!(world.sink.count(), 4, "{damaged}");
    }
}

#[test]
fn records_are_written_of_issues_that_have_none() {
    let world = World::new();
    world.shell("rm -rf .tidings/issues");
    std::fs::remove_dir_all(world.site.state().join("tidings")).unwrap();
    // Without its memory this is another machine.
    publish(&world, &["--allow", "copied-database"]).exits(0);
    assert!(world.site.read(".tidings/issues/1.json").contains("\"sent\": 4"));
    world.shell("rm -rf .tidings");
    publish(&world, &[]).exits(5);
}

#[test]
fn git_keeps_the_records_and_not_the_database() {
    for there in [None, Some(""), Some("node_modules"), Some("/public\n/.tidings\n"), Some(".*\n"), Some(".tidings/\n")]
    {
        let world = World::unpublished(1, Duration::ZERO);
        std::fs::remove_file(world.site.file(".gitignore")).unwrap();
        let config = world.site.read("config.toml");
        std::fs::remove_file(world.site.file("config.toml")).unwrap();
        if let Some(there) = there {
            world.site.write(".gitignore", there);
        }
        world.run(world.site.path(), Machine::First, MONDAY, &["init"]).exits(0);
        world.site.write("config.toml", &config);
        // The first post that it writes is an example, and not mailed.
        world.site.edit("posts/2026-03-02-hello.md", "Each post is a Markdown file", "Each of mine is a file");
        assert!(world.site.read(".gitignore").starts_with(there.unwrap_or_default()), "what was there stays");
        publish(&world, &[]).exits(0);
        world.site.write(".tidings/feeds.json", "{\"files\": {}}");
        world.shell("git add . && git ls-files .tidings > $E/kept");
        let kept = std::fs::read_to_string(world.elsewhere("kept")).unwrap();
        let expected = [".tidings/feeds.json", ".tidings/issues/1.html", ".tidings/issues/1.json"];
        assert_eq!(kept.lines().collect::<Vec<_>>(), expected, "{there:?}");
        // A second look finds nothing to add.
        assert!(!world.run(world.site.path(), Machine::First, MONDAY, &["check"]).stdout.contains("memory/gitignore"));
    }
    let world = World::new();
    world.site.write(".gitignore", "/.tidings\n");
    let check = world.run(world.site.path(), Machine::First, MONDAY, &["check"]).exits(0);
    assert!(check.stdout.contains("[memory/gitignore]"), "{check:#?}");
}
