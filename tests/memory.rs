//! Databases that were lost, restored or copied: for each way, what happens, and that no reader gets anything twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sqlx::Connection as _;

use crate::sink::Sink;
use crate::site::{Run, TestSite, end_of};

pub(crate) const MONDAY: &str = "2026-03-02T09:00:00Z";
pub(crate) const TUESDAY: &str = "2026-03-03T09:00:00Z";
pub(crate) const WEDNESDAY: &str = "2026-03-04T09:00:00Z";
const READERS: usize = 4;

/// Which machine a command runs on.
#[derive(Clone, Copy)]
pub(crate) enum Machine {
    First,
    Second,
    /// A new one for each run, as services for continuous integration have it.
    Ci,
}

/// A site, its copies, two machines, and one server that gets everything that any of them sends.
pub(crate) struct World {
    pub(crate) sink: Sink,
    pub(crate) site: TestSite,
    pub(crate) second: tempfile::TempDir,
    pub(crate) elsewhere: tempfile::TempDir,
}

impl World {
    /// A site with four readers, in git, that has sent issue 1 on Monday.
    pub(crate) fn new() -> Self {
        let world = Self::unpublished(READERS, Duration::ZERO);
        world.site.post("2026-03-01", "First post");
        world.run(world.site.path(), Machine::First, MONDAY, &["publish"]).exits(0);
        world.commit();
        world
    }

    pub(crate) fn unpublished(readers: usize, pause: Duration) -> Self {
        let sink = Sink::start(pause);
        let site = TestSite::new(&sink.transport());
        let world = Self { sink, site, second: tempfile::tempdir().unwrap(), elsewhere: tempfile::tempdir().unwrap() };
        world.site.readers(readers);
        world.site.write(".gitignore", "/public\n/.tidings/*\n!/.tidings/issues/\n");
        world.shell("git init -q && git add . && git commit -qm start");
        world
    }

    pub(crate) fn run(&self, place: &Path, machine: Machine, now: &str, arguments: &[&str]) -> Run {
        let mut command = self.site.command_at(place, now, arguments);
        let new = tempfile::tempdir().unwrap();
        match machine {
            Machine::First => {}
            Machine::Second => drop(command.env("XDG_STATE_HOME", self.second.path())),
            Machine::Ci => drop(command.env("XDG_STATE_HOME", new.path()).env("CI", "true")),
        }
        Run::new(&command.output().unwrap())
    }

    /// Runs a script in the folder of the site; `$E` is a place for copies.
    pub(crate) fn shell(&self, script: &str) {
        let git =
            ["AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"].map(|name| format!("GIT_{name}"));
        let done = Command::new("sh")
            .args(["-euc", script])
            .current_dir(self.site.path())
            .env("E", self.elsewhere.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .envs(git.map(|name| (name, "ada")))
            .output()
            .unwrap();
        assert!(done.status.success(), "{script}: {done:?}");
    }

    pub(crate) fn commit(&self) {
        self.shell("git add . && git commit -qm more");
    }

    pub(crate) fn elsewhere(&self, name: &str) -> PathBuf {
        self.elsewhere.path().join(name)
    }

    /// Writes a post into the site at `place`.
    pub(crate) fn post(&self, place: &Path, day: &str, title: &str) {
        let name = self.site.post(day, title);
        if place != self.site.path() {
            std::fs::copy(self.site.file(&name), place.join(&name)).unwrap();
        }
    }

    /// How many copies of each subject have arrived in all.
    pub(crate) fn subjects(&self) -> BTreeMap<String, usize> {
        let mut subjects = BTreeMap::new();
        for received in self.sink.received() {
            let subject = received.message.lines().find_map(|line| line.strip_prefix("Subject: "));
            *subjects.entry(subject.unwrap_or_default().to_owned()).or_default() += 1;
        }
        subjects
    }

    /// Fails when a reader has two copies of something.
    #[track_caller]
    pub(crate) fn no_reader_has_two_copies(&self, case: &str) {
        let mut copies = BTreeMap::new();
        for received in self.sink.received() {
            let subject = received.message.lines().find(|line| line.starts_with("Subject: ")).map(str::to_owned);
            *copies.entry((received.to.clone(), subject)).or_insert(0) += 1;
        }
        let twice: Vec<_> = copies.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "{case}: {twice:?}");
    }
}

/// One way to have a database come back or be somewhere else.
struct Way {
    name: &'static str,
    /// Makes the copy, right after issue 1.
    keep: &'static str,
    /// Puts it back.
    restore: &'static str,
    /// Where the site is then, below the place for copies; the same folder when empty.
    place: &'static str,
    machine: Machine,
    /// The exit code, and the word of the guard: restored before the next issue, and after it.
    before: (i32, &'static str),
    after: (i32, &'static str),
    /// Something there knows of the next issue: allowed, the copy does not send it again.
    knows: bool,
}

const DONE: (i32, &str) = (0, "");
const COPIED: (i32, &str) = (5, "copied-database");

const WAYS: [Way; 9] = [
    Way {
        name: "rm -rf and copy back",
        keep: "cp -a .tidings $E/backup",
        restore: "rm -rf .tidings && cp -a $E/backup .tidings",
        place: "",
        machine: Machine::First,
        before: DONE,
        after: COPIED,
        knows: true,
    },
    Way {
        name: "cp -a over it",
        keep: "cp -a .tidings $E/backup",
        restore: "cp -a $E/backup/. .tidings/",
        place: "",
        machine: Machine::First,
        before: DONE,
        after: COPIED,
        knows: true,
    },
    Way {
        name: "cp of the database alone",
        keep: "cp .tidings/tidings.db $E/backup.db",
        restore: "cp $E/backup.db .tidings/tidings.db",
        place: "",
        machine: Machine::First,
        before: DONE,
        after: COPIED,
        knows: true,
    },
    Way {
        name: "tar",
        keep: "tar -czf $E/backup.tar.gz .tidings",
        restore: "rm -rf .tidings && tar -xzf $E/backup.tar.gz",
        place: "",
        machine: Machine::First,
        before: DONE,
        after: COPIED,
        knows: true,
    },
    Way {
        name: "the inode is used again",
        keep: "cp .tidings/tidings.db $E/backup.db",
        // Files are made until one of them has the number that the old one had; overwriting it keeps it in any case.
        restore: "old=$(stat -c %i .tidings/tidings.db); rm .tidings/tidings.db; for n in $(seq 99); do cp $E/backup.db .tidings/n$n; \
                  if [ $(stat -c %i .tidings/n$n) = $old ]; then mv .tidings/n$n .tidings/tidings.db; break; fi; done; \
                  [ -e .tidings/tidings.db ] || mv .tidings/n1 .tidings/tidings.db; rm -f .tidings/n*",
        place: "",
        machine: Machine::First,
        before: DONE,
        after: COPIED,
        knows: true,
    },
    Way {
        name: "new folder",
        keep: "cp -a . $E/new",
        restore: "true",
        place: "new",
        machine: Machine::First,
        before: DONE,
        after: COPIED,
        knows: true,
    },
    Way {
        name: "new machine",
        keep: "cp -a . $E/new",
        restore: "true",
        place: "new",
        machine: Machine::Second,
        before: COPIED,
        after: COPIED,
        knows: false,
    },
    Way {
        name: "new machine, with the records of the repository",
        keep: "cp .tidings/tidings.db $E/backup.db",
        restore: "git clone -q . $E/new && cp $E/backup.db $E/new/.tidings/tidings.db",
        place: "new",
        machine: Machine::Second,
        before: COPIED,
        after: COPIED,
        knows: true,
    },
    Way {
        name: "git clone with CI=true",
        keep: "cp .tidings/tidings.db $E/backup.db",
        restore: "git clone -q . $E/new && cp $E/backup.db $E/new/.tidings/tidings.db",
        place: "new",
        machine: Machine::Ci,
        before: DONE,
        after: COPIED,
        knows: true,
    },
];

#[test]
fn every_way_to_restore_a_database_is_judged_by_what_it_knows() {
    for way in &WAYS {
        for is_after in [false, true] {
            let world = World::new();
            let case = format!("{}, {} the next issue", way.name, if is_after { "after" } else { "before" });
            world.shell(way.keep);
            if is_after {
                world.site.post("2026-03-03", "Second post");
                world.run(world.site.path(), Machine::First, TUESDAY, &["publish"]).exits(0);
                world.commit();
            }
            world.shell(way.restore);
            let place = if way.place.is_empty() { world.site.path().to_owned() } else { world.elsewhere(way.place) };
            if is_after {
                world.post(&place, "2026-03-03", "Second post");
            }
            world.post(&place, "2026-03-04", "Third post");
            let sent = world.sink.count();
            let (code, guard) = if is_after { way.after } else { way.before };
            let run = world.run(&place, way.machine, WEDNESDAY, &["publish"]);
            assert_eq!(run.code, code, "{case}: {run:#?}");
            assert!(run.stderr.contains(guard), "{case}: {run:#?}");
            if code == 5 {
                assert_eq!(world.sink.count(), sent, "{case}: nothing was sent");
                world.run(&place, way.machine, WEDNESDAY, &["deliver"]).exits(5);
                let plan = world.run(&place, way.machine, WEDNESDAY, &["publish", "--dry-run", "--json"]).exits(5);
                assert_eq!(plan.json()["guards"][0]["name"], guard, "{case}");
                if is_after && !way.knows {
                    // Nothing there has ever heard of issue 2. That is what the question is for.
                    continue;
                }
                world.run(&place, way.machine, WEDNESDAY, &["publish", "--allow", guard]).exits(0);
            }
            world.no_reader_has_two_copies(&case);
            assert_eq!(world.subjects()["Third post"], READERS, "{case}");
            if !matches!(way.machine, Machine::Ci) {
                // Once allowed, it goes on without a question.
                world.post(&place, "2026-03-05", "Fourth post");
                let run = world.run(&place, way.machine, "2026-03-05T09:00:00Z", &["publish"]);
                assert_eq!(run.code, 0, "{case}: {run:#?}");
                world.no_reader_has_two_copies(&case);
            }
        }
    }
}

#[test]
fn of_two_folders_with_one_database_the_one_that_published_less_is_refused() {
    for is_copy_first in [false, true] {
        let world = World::new();
        world.shell("cp -a . $E/copy");
        let (first, second) = (world.site.path().to_owned(), world.elsewhere("copy"));
        let (ahead, behind) = if is_copy_first { (second, first) } else { (first, second) };
        world.post(&world.elsewhere("copy"), "2026-03-03", "Second post");
        world.run(&ahead, Machine::First, TUESDAY, &["publish"]).exits(0);
        let refused = world.run(&behind, Machine::First, WEDNESDAY, &["publish"]).exits(5);
        assert!(refused.stderr.contains("since then issue 2 “Second post” was sent on 2026-03-03"), "{refused:#?}");
        // Allowed, it takes over: nothing goes out twice, and now the other one is behind.
        world.post(&world.elsewhere("copy"), "2026-03-04", "Third post");
        world.run(&behind, Machine::First, WEDNESDAY, &["publish", "--allow", "copied-database"]).exits(0);
        assert_eq!(world.run(&behind, Machine::First, WEDNESDAY, &["status", "--json"]).json()["next_issue"], 4);
        world.run(&ahead, Machine::First, WEDNESDAY, &["publish"]).exits(5);
        world.no_reader_has_two_copies("two folders");
        assert_eq!(world.subjects().into_values().collect::<Vec<_>>(), [READERS; 3]);
    }
}

#[test]
fn two_machines_that_both_sent_an_issue_of_that_number_are_told_apart_by_their_records() {
    let world = World::new();
    world.shell("git clone -q . $E/copy && cp .tidings/tidings.db $E/copy/.tidings/tidings.db");
    let copy = world.elsewhere("copy");
    world.site.post("2026-03-03", "Second post");
    world.run(world.site.path(), Machine::First, TUESDAY, &["publish"]).exits(0);
    std::fs::write(copy.join("posts/2026-03-03-other.md"), "---\ntitle: Other post\ndate: 2026-03-03\n---\n\nOther.\n")
        .unwrap();
    world.run(&copy, Machine::Second, TUESDAY, &["publish", "--allow", "copied-database"]).exits(0);
    // The record of the one comes to the other, which is ahead by its own count.
    std::fs::copy(copy.join(".tidings/issues/2.json"), world.site.file(".tidings/issues/2.json")).unwrap();
    std::fs::copy(copy.join("posts/2026-03-03-other.md"), world.site.file("posts/2026-03-03-other.md")).unwrap();
    world.run(world.site.path(), Machine::First, WEDNESDAY, &["publish"]).exits(5);
    world.run(world.site.path(), Machine::First, WEDNESDAY, &["publish", "--allow", "copied-database"]).exits(0);
    world.run(world.site.path(), Machine::First, WEDNESDAY, &["publish"]).exits(0);
    world.no_reader_has_two_copies("two machines");
    assert_eq!(world.subjects()["Other post"], READERS, "the one that it has from the other");
}

/// A site whose run was stopped by a limit after two readers of four, with a copy of its database in `$E/within`.
fn stopped_within() -> World {
    let world = World::unpublished(READERS, Duration::ZERO);
    world.site.post("2026-03-01", "First post");
    world.shell("cp -a .tidings $E/ahead");
    world.run(world.site.path(), Machine::First, MONDAY, &["publish", "--limit", "2"]).exits(4);
    world.shell("cp -a .tidings $E/within");
    world
}

#[test]
fn a_backup_from_within_a_run_goes_on_as_long_as_it_is_the_newest() {
    let world = stopped_within();
    world.shell("rm -rf .tidings && cp -a $E/within .tidings");
    world.run(world.site.path(), Machine::First, MONDAY, &["deliver"]).exits(0);
    assert_eq!(world.subjects()["First post"], READERS);
    world.no_reader_has_two_copies("the newest");

    // The same backup, but all has been sent meanwhile: refused, and its open deliveries are for the owner to decide.
    for restore in ["rm -rf .tidings && cp -a $E/within .tidings", "cp $E/within/tidings.db .tidings/tidings.db"] {
        let world = stopped_within();
        world.run(world.site.path(), Machine::First, MONDAY, &["deliver"]).exits(0);
        world.shell(restore);
        let refused = world.run(world.site.path(), Machine::First, MONDAY, &["deliver"]).exits(5);
        assert!(refused.stderr.contains("its 2 open deliveries will be in doubt"), "{refused:#?}");
        world.run(world.site.path(), Machine::First, MONDAY, &["runs", "resolve", "1", "--send-again"]).exits(5);
        world.run(world.site.path(), Machine::First, MONDAY, &["runs", "cancel", "1"]).exits(5);
        world.site.post("2026-03-04", "Third post");
        world.run(world.site.path(), Machine::First, WEDNESDAY, &["publish", "--allow", "copied-database"]).exits(4);
        world.no_reader_has_two_copies(restore);
        assert_eq!(world.subjects()["Third post"], READERS, "new entries go on");
        let shown = world.run(world.site.path(), Machine::First, WEDNESDAY, &["runs", "show", "1"]).exits(0);
        assert_eq!(shown.stdout.matches("the database was older than it had been").count(), 3, "{shown:#?}");
        world.run(world.site.path(), Machine::First, WEDNESDAY, &["runs", "resolve", "1", "--sent"]).exits(0);
        world.run(world.site.path(), Machine::First, WEDNESDAY, &["publish"]).exits(0);
        world.no_reader_has_two_copies(restore);
    }
}

#[test]
fn a_backup_from_before_the_first_issue_sends_nothing_again() {
    let world = stopped_within();
    world.run(world.site.path(), Machine::First, MONDAY, &["deliver"]).exits(0);
    world.shell("rm -rf .tidings && cp -a $E/ahead .tidings");
    world.run(world.site.path(), Machine::First, TUESDAY, &["publish"]).exits(5);
    world.site.post("2026-03-03", "Second post");
    world.run(world.site.path(), Machine::First, TUESDAY, &["publish", "--allow", "lost-database"]).exits(0);
    world.no_reader_has_two_copies("before the first issue");
    assert_eq!(world.subjects()["Second post"], READERS);
    assert!(world.site.read(".tidings/issues/2.json").contains("Second post"), "the number goes on");
}

#[test]
fn another_machine_takes_over_a_run_only_when_its_open_deliveries_are_decided() {
    let world = stopped_within();
    world.shell("cp -a . $E/new");
    let new = world.elsewhere("new");
    world.run(&new, Machine::Second, MONDAY, &["deliver"]).exits(5);
    world.run(&new, Machine::Second, MONDAY, &["deliver", "--allow", "copied-database"]).exits(4);
    assert_eq!(world.sink.count(), 2, "it is not known there whether they were sent");
    world.run(&new, Machine::Second, MONDAY, &["runs", "resolve", "1", "--send-again"]).exits(0);
    world.run(&new, Machine::Second, MONDAY, &["deliver"]).exits(0);
    assert_eq!(world.subjects()["First post"], READERS);
    world.no_reader_has_two_copies("another machine");
}

/// A site whose run was killed after a third of 300 readers, its log not closed. In `$E/earlier.db` is the database after ten
/// of them, in `$E/killed` all as it was left.
fn killed_within() -> World {
    let world = World::unpublished(300, Duration::from_millis(1));
    world.site.post("2026-03-01", "First post");
    world.run(world.site.path(), Machine::First, MONDAY, &["publish", "--limit", "10"]).exits(4);
    world.shell("cp .tidings/tidings.db $E/earlier.db");
    world.run(world.site.path(), Machine::First, MONDAY, &["publish", "--limit", "10"]).exits(4);
    let mut publish = world.site.start(MONDAY, &["publish"]);
    world.sink.wait_for(100);
    publish.kill().unwrap();
    assert!(end_of(publish).code != 0);
    world.shell("cp -a .tidings $E/killed");
    world
}

#[test]
fn a_backup_of_a_killed_run_goes_on_as_long_as_it_is_the_newest() {
    let world = killed_within();
    world.shell("rm -rf .tidings && cp -a $E/killed .tidings");
    let run = world.run(world.site.path(), Machine::First, MONDAY, &["deliver"]);
    assert!(run.code == 0 || run.code == 4, "{run:#?}");
    world.no_reader_has_two_copies("killed, restored at once");
    let doubted = world.site.not_sent().len();
    assert!(doubted <= 4 && world.sink.count() + doubted >= 300, "{doubted} in doubt, one a connection at most");

    let world = killed_within();
    let run = world.run(world.site.path(), Machine::First, MONDAY, &["deliver"]);
    assert!(run.code == 0 || run.code == 4, "{run:#?}");
    world.shell("rm -rf .tidings && cp -a $E/killed .tidings");
    world.run(world.site.path(), Machine::First, MONDAY, &["deliver"]).exits(5);
    world.run(world.site.path(), Machine::First, MONDAY, &["deliver", "--allow", "copied-database"]).exits(4);
    world.no_reader_has_two_copies("killed, restored after the rest was delivered");
}

#[test]
fn a_backup_made_while_a_run_was_at_work_is_older_than_what_that_run_sent_after_it() {
    let world = World::unpublished(3_000, Duration::from_millis(1));
    world.site.post("2026-03-01", "First post");
    let mut publish = world.site.start(MONDAY, &["publish"]);
    world.sink.wait_for(100);
    let backup = world.elsewhere("live.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(world.site.file(".tidings/tidings.db"));
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("VACUUM INTO $1").bind(backup.to_str().unwrap()).execute(&mut connection).await.unwrap();
        // What was sent since is on disk.
        let mut generation =
            async || -> i64 { sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await.unwrap() };
        let at_backup = generation().await;
        while generation().await < at_backup + 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    publish.kill().unwrap();
    assert!(end_of(publish).code != 0);
    world.shell("rm .tidings/tidings.db* && cp $E/live.db .tidings/tidings.db");
    world.run(world.site.path(), Machine::First, MONDAY, &["deliver"]).exits(5);
    world.run(world.site.path(), Machine::First, MONDAY, &["deliver", "--allow", "copied-database"]).exits(4);
    world.no_reader_has_two_copies("a backup made at work");
}

#[test]
fn the_log_of_a_killed_run_is_never_laid_over_a_backup() {
    // The newest state is the database with its log: the backup has lost what was sent since.
    let world = killed_within();
    assert!(world.site.file(".tidings/tidings.db-wal").exists());
    world.shell("cp $E/earlier.db .tidings/tidings.db");
    let sent = world.sink.count();
    for arguments in [["publish"].as_slice(), &["deliver"], &["status"], &["subscribers", "list"]] {
        let refused = world.run(world.site.path(), Machine::First, MONDAY, arguments).exits(3);
        assert!(refused.stderr.contains("tidings.db-wal"), "{refused:#?}");
    }
    // With the log out of the way it is an older database like any other.
    world.shell("rm .tidings/tidings.db-wal .tidings/tidings.db-shm");
    world.run(world.site.path(), Machine::First, MONDAY, &["deliver"]).exits(5);
    world.run(world.site.path(), Machine::First, MONDAY, &["deliver", "--allow", "copied-database"]).exits(4);
    assert_eq!(world.sink.count(), sent);
    world.no_reader_has_two_copies("a backup over a log");

    // The other way round: the log is older than the database.
    let world = killed_within();
    let log = world.site.read_bytes(".tidings/tidings.db-wal");
    let run = world.run(world.site.path(), Machine::First, MONDAY, &["deliver"]);
    assert!(run.code == 0 || run.code == 4, "{run:#?}");
    std::fs::write(world.site.file(".tidings/tidings.db-wal"), log).unwrap();
    world.run(world.site.path(), Machine::First, MONDAY, &["deliver"]).exits(3);
    world.no_reader_has_two_copies("an older log");
}
