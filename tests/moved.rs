//! A site that is somewhere else than it was, and has lost its database or what told how new it is: known by its posts. What
//! only looks like it is left alone.

use std::path::Path;
use std::time::Duration;

use crate::memory::{MONDAY, Machine, TUESDAY, WEDNESDAY, World};

fn publish(world: &World, place: &Path, now: &str, more: &[&str]) -> crate::site::Run {
    world.run(place, Machine::First, now, &[&["publish"], more].concat())
}

/// Puts readers into the database of the site at `place`.
fn import(world: &World, place: &Path, readers: &str) {
    let file = world.elsewhere("readers.csv");
    std::fs::write(&file, format!("email\n{readers}")).unwrap();
    world.run(place, Machine::First, MONDAY, &["subscribers", "import", file.to_str().unwrap()]).exits(0);
}

const READERS: &str = "r1@reader.test\nr2@reader.test\nr3@reader.test\nr4@reader.test\n";

#[test]
fn a_site_that_was_moved_or_cloned_and_has_no_database_is_known_by_its_posts() {
    for (lose, place) in [
        ("cp -a . $E/new && rm -rf $E/new/.tidings", "new"),
        ("git clone -q . $E/new && rm -rf $E/new/.tidings", "new"),
        ("rm -rf .tidings \"$STATE/tidings/paths\"", ""),
    ] {
        let world = World::new();
        world.shell(&format!("STATE='{}'; {lose}", world.site.state().display()));
        let place = if place.is_empty() { world.site.path().to_owned() } else { world.elsewhere(place) };
        world.post(&place, "2026-03-03", "Second post");
        for is_imported in [false, true] {
            if is_imported {
                import(&world, &place, READERS);
            }
            let refused = publish(&world, &place, TUESDAY, &[]).exits(5);
            for words in ["issue 1 “First post” was sent on 2026-03-02", "this is remembered in", "lost-database"] {
                assert!(refused.stderr.contains(words), "{lose}: {refused:#?}");
            }
            let plan = world.run(&place, Machine::First, TUESDAY, &["publish", "--dry-run", "--json"]).exits(5);
            assert_eq!(plan.json()["guards"][0]["name"], "lost-database", "{lose}");
        }
        publish(&world, &place, TUESDAY, &["--allow", "lost-database"]).exits(0);
        world.post(&place, "2026-03-04", "Third post");
        publish(&world, &place, WEDNESDAY, &[]).exits(0);
        world.no_reader_has_two_copies(lose);
        assert_eq!(world.subjects().into_values().collect::<Vec<_>>(), [4; 3], "{lose}");
    }
}

#[test]
fn other_sites_of_this_machine_are_not_disturbed() {
    // Another site, whose posts have other addresses.
    let world = World::new();
    world.shell(
        "mkdir -p $E/other/posts && sed 's#//example.org#//other.example.org#' config.toml > $E/other/config.toml",
    );
    world.shell("cp posts/* $E/other/posts/");
    let other = world.elsewhere("other");
    import(&world, &other, "x@reader.test\n");
    publish(&world, &other, TUESDAY, &[]).exits(0);
    world.site.post("2026-03-03", "Second post");
    publish(&world, world.site.path(), TUESDAY, &[]).exits(0);

    // A copy for trials, with another server.
    let sink = crate::sink::Sink::start(Duration::ZERO);
    world.shell("cp -a . $E/trial && rm -rf $E/trial/.tidings");
    let trial = world.elsewhere("trial");
    let config = world.site.read("config.toml").replace(&world.sink.transport(), &sink.transport());
    std::fs::write(trial.join("config.toml"), config).unwrap();
    import(&world, &trial, "t@reader.test\n");
    publish(&world, &trial, TUESDAY, &[]).exits(0);
    assert_eq!(sink.count(), 1, "an issue of both");

    // A copy with readers of its own is asked once, and then each of the two goes its own way.
    world.shell("cp -a . $E/list && rm -rf $E/list/.tidings");
    let list = world.elsewhere("list");
    import(&world, &list, "y@reader.test\n");
    publish(&world, &list, TUESDAY, &["--allow", "lost-database"]).exits(0);
    world.post(&list, "2026-03-04", "Third post");
    for place in [&list, world.site.path()] {
        publish(&world, place, WEDNESDAY, &[]).exits(0);
        publish(&world, place, WEDNESDAY, &[]).exits(0);
    }
    world.no_reader_has_two_copies("two lists");
    assert_eq!(world.subjects()["Third post"], 5);
}

#[test]
fn what_was_only_tried_with_an_outbox_is_not_taken_for_mail() {
    let world = World::unpublished(4, Duration::ZERO);
    world.site.post("2026-03-01", "First post");
    let config = world.site.read("config.toml");
    for copy in ["one", "two"] {
        world.shell(&format!("cp -a . $E/{copy} && rm -rf $E/{copy}/.tidings"));
        let copy = world.elsewhere(copy);
        let (start, _) = config.split_once("[mail]").unwrap();
        std::fs::write(copy.join("config.toml"), format!("{start}[mail]\ntransport = \"outbox:outbox\"\n")).unwrap();
        import(&world, &copy, READERS);
        publish(&world, &copy, MONDAY, &[]).exits(0);
        assert!(copy.join("outbox").exists());
    }
    publish(&world, world.site.path(), MONDAY, &[]).exits(0);
    assert_eq!(world.subjects()["First post"], 4);
    // Once a copy has mailed, what it sends is mail.
    let one = world.elsewhere("one");
    std::fs::write(one.join("config.toml"), &config).unwrap();
    world.post(&one, "2026-03-03", "Second post");
    publish(&world, &one, TUESDAY, &[]).exits(0);
    world.shell("cp -a . $E/three && rm -rf $E/three/.tidings && rm $E/three/posts/2026-03-01*");
    import(&world, &world.elsewhere("three"), READERS);
    publish(&world, &world.elsewhere("three"), TUESDAY, &[]).exits(5);
}

#[test]
fn a_copy_of_the_state_folder_is_another_machine() {
    let world = World::new();
    world.shell(&format!(
        "cp -a . $E/new; cp -a '{}/tidings' '{}'",
        world.site.state().display(),
        world.second.path().display()
    ));
    let new = world.elsewhere("new");
    world.site.post("2026-03-03", "Second post");
    publish(&world, world.site.path(), TUESDAY, &[]).exits(0);
    world.post(&new, "2026-03-03", "Second post");
    let refused = world.run(&new, Machine::Second, TUESDAY, &["publish"]).exits(5);
    assert!(refused.stderr.contains("last used on another machine"), "{refused:#?}");
    world.no_reader_has_two_copies("a copied home");
}

#[test]
fn a_database_that_nothing_else_remembers_does_not_go_on_without_a_word() {
    for is_older in [true, false] {
        let world = World::new();
        if is_older {
            world.shell("cp .tidings/tidings.db $E/older.db");
        }
        world.site.post("2026-03-03", "Second post");
        publish(&world, world.site.path(), TUESDAY, &[]).exits(0);
        if is_older {
            world.shell("cp $E/older.db .tidings/tidings.db");
        }
        world.shell("rm -rf .tidings/issues");
        std::fs::remove_dir_all(world.site.state().join("tidings/ledgers")).unwrap();
        let refused = publish(&world, world.site.path(), WEDNESDAY, &[]).exits(5);
        assert!(refused.stderr.contains("whether the database is the newest cannot be told"), "{refused:#?}");
        assert!(refused.stderr.contains("--allow copied-database"), "{refused:#?}");
        assert_eq!(world.site.status()["guards"][0]["name"], "copied-database");
        world.no_reader_has_two_copies("nothing remembers");
        if !is_older {
            // It is the newest, as its owner knows.
            world.site.post("2026-03-04", "Third post");
            publish(&world, world.site.path(), WEDNESDAY, &["--allow", "copied-database"]).exits(0);
            publish(&world, world.site.path(), WEDNESDAY, &[]).exits(0);
            assert_eq!(world.subjects().into_values().collect::<Vec<_>>(), [4; 3]);
        }
    }
}
