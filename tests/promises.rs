//! What a newsletter promises its readers: nothing twice, a way out that works, and no mail that was meant as an example.

use std::time::Duration;

use crate::sink::Sink;
use crate::site::TestSite;

/// A site that has mailed one post, of the first of March, in issue 1.
fn mailed(front: &str) -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.readers(2);
    site.write("posts/2026-03-01-ferry.md", &format!("---\ntitle: The late ferry\n{front}---\n\n{FERRY}\n"));
    site.run("2026-03-01T18:00:00Z", &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 2);
    site
}

const FERRY: &str = "The ferry leaves at noon, and whoever is late walks around the bay: two hours by the water, past the old \
    salt works and the house with the blue door. Nobody there knows when the next one comes.";

/// Replaces the mailed post by another one, and publishes.
#[track_caller]
fn is_mailed_again(site: &TestSite, path: &str, text: &str) -> (bool, String) {
    std::fs::remove_file(site.file("posts/2026-03-01-ferry.md")).unwrap();
    site.write(path, text);
    let run = site.run("2026-03-01T20:00:00Z", &["publish", "--accept"]).exits(0);
    (site.outbox().len() > 2, run.stderr)
}

#[test]
fn a_post_that_was_renamed_and_mended_is_not_mailed_again() {
    let site = mailed("");
    let mended = FERRY.replace("whoever", "those who");
    let path = "posts/2026-03-01-late-ferry.md";
    let (again, said) = is_mailed_again(&site, path, &format!("---\ntitle: The late ferry\n---\n\n{mended}\n"));
    let reason =
        format!("Not mailed: {path}: looks like “The late ferry”, mailed in issue 1 and no longer among the posts");
    assert!(!again && said.contains(&reason), "{said}");

    let plan = site.run("2026-03-01T20:00:00Z", &["publish", "-n", "--accept"]).exits(0).stdout;
    let (_, held) = plan.split_once("Held back until you have had a look:\n").unwrap_or_else(|| panic!("{plan}"));
    assert!(held.lines().next().is_some_and(|line| line.contains("looks like “The late ferry”")), "{plan}");

    site.run("2026-03-01T21:00:00Z", &["publish", "--include", path, "--accept"]).exits(0);
    assert_eq!(site.outbox().len(), 4, "the owner's word counts");
    site.run("2026-03-01T22:00:00Z", &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 4);
}

#[test]
fn a_post_with_another_id_folder_title_and_text_is_not_mailed_again() {
    let site = mailed("id: urn:isbn:0451450523\n");
    let mended = FERRY.replace("at noon", "at one").replace("blue", "red");
    let text = format!("---\ntitle: Around the bay\nid: my-own\ndate: 2026-03-01\n---\n\n{mended}\n");
    let (again, said) = is_mailed_again(&site, "posts/travel/bay.md", &text);
    assert!(!again && said.contains("posts/travel/bay.md: looks like “The late ferry”, mailed in issue 1"), "{said}");
}

#[test]
fn another_post_in_the_place_of_a_deleted_one_is_mailed() {
    let site = mailed("");
    let text =
        "---\ntitle: Slow rivers\n---\n\nSlow rivers carry more than fast ones, says the engineer of the lock.\n";
    let (mailed, said) = is_mailed_again(&site, "posts/2026-03-01-slow-rivers.md", text);
    assert!(mailed && !said.contains("Not mailed"), "{said}");
}

/// A site that sends to a server, with two readers and a due post.
fn sending(sink: &Sink) -> TestSite {
    let site = TestSite::new(&sink.transport());
    site.readers(2);
    site.post("2026-03-01", "One");
    site
}

const NOW: &str = "2026-03-01T18:00:00Z";
const SENDER: &str = "Ada Quill <ada@news.example.org>";

#[test]
fn no_example_leaves_for_a_reader() {
    let rows = [
        (SENDER, "Ada <ada@example.org>", "`ada@example.org`"),
        (SENDER, "ada@Example.COM", "`ada@example.com`"),
        (SENDER, "Your name <ada@news.example.org>", "`Your name`"),
        (SENDER, "Your name <you@example.net>", "`Your name`, `you@example.net`"),
        ("Four Minutes", "My reflections", "`My reflections`"),
    ];
    for (old, new, named) in rows {
        let sink = Sink::start(Duration::ZERO);
        let site = sending(&sink);
        site.edit("config.toml", old, new);
        let commands: [&[&str]; 4] =
            [&["publish"], &["publish", "--yes"], &["publish", "-n"], &["publish", "--to", "me@reader.test"]];
        for command in commands {
            let run = site.run(NOW, command).exits(5);
            let said = format!("readers would get what was made as an example: {named}");
            assert!(run.stderr.contains(&said) && run.stderr.contains("`--allow placeholder`"), "{command:?}: {run:?}");
        }
        assert_eq!(sink.count(), 0, "{new}");
        site.run(NOW, &["publish", "--to", "me@reader.test", "--allow", "placeholder"]).exits(0);
        site.run(NOW, &["publish", "--allow", "placeholder"]).exits(0);
        assert_eq!(sink.count(), 3, "{new}: the owner's word counts");
    }
}

#[test]
fn an_example_may_go_into_an_outbox_and_no_further() {
    let sink = Sink::start(Duration::ZERO);
    let site = sending(&sink);
    site.edit("config.toml", SENDER, "Your name <you@example.org>");
    site.edit("config.toml", &sink.transport(), "outbox:outbox");
    site.run(NOW, &["publish", "--limit", "1"]).exits(4);
    assert_eq!(site.outbox().len(), 1);
    // The other reader's copy is frozen with the sender of then.
    site.edit("config.toml", "outbox:outbox", &sink.transport());
    site.edit("config.toml", "Your name <you@example.org>", SENDER);
    for command in ["deliver", "publish"] {
        let run = site.run(NOW, &[command]).exits(5);
        assert!(run.stderr.contains("`you@example.org`") && run.stderr.contains("tidings runs cancel"), "{run:?}");
    }
    assert_eq!(sink.count(), 0);
    site.run(NOW, &["deliver", "--allow", "placeholder"]).exits(0);
    assert_eq!(sink.count(), 1);
}

#[test]
fn the_first_post_that_init_writes_is_not_mailed_by_mistake() {
    let sink = Sink::start(Duration::ZERO);
    let site = sending(&sink);
    site.run(NOW, &["init", "new"]).exits(0);
    let sample = site.read("new/posts/2026-03-01-hello.md");
    std::fs::remove_dir_all(site.file("new")).unwrap();
    for text in [sample.clone(), sample.replace("Hello", "Welcome") + "\nMore to come.\n"] {
        site.write("posts/hello.md", &text);
        let run = site.run(NOW, &["publish", "--yes"]).exits(5);
        assert!(run.stderr.contains("the first post that `tidings init` writes"), "{run:?}");
        let found = site.run(NOW, &["check", "--json"]).exits(0).json();
        let found = found["diagnostics"].as_array().unwrap().iter().find(|one| one["code"] == "post/placeholder");
        let found = found.unwrap_or_else(|| panic!("check names it"));
        assert_eq!(
            (&found["path"], &found["line"], &found["column"]),
            (&"posts/hello.md".into(), &7.into(), &25.into())
        );
    }
    assert_eq!(sink.count(), 0);
    std::fs::remove_file(site.file("posts/hello.md")).unwrap();
    site.run(NOW, &["publish", "--yes"]).exits(0);
    assert_eq!(sink.count(), 2, "without it the others go");
}

#[test]
fn check_names_every_example_with_its_place() {
    let site = TestSite::new("outbox:outbox");
    site.post("2026-03-01", "One");
    site.edit("config.toml", "Four Minutes", "My reflections");
    site.edit("config.toml", SENDER, "Your name <you@example.org>");
    let places = || -> Vec<(u64, u64)> {
        let found = site.run(NOW, &["check", "--json"]).exits(0).json();
        let found = found["diagnostics"].as_array().unwrap().clone();
        let ours = found.iter().filter(|one| one["code"] == "config/placeholder");
        ours.map(|one| (one["line"].as_u64().unwrap(), one["column"].as_u64().unwrap())).collect()
    };
    assert_eq!(places(), [(2, 9), (3, 7), (6, 8)]);
    site.edit("config.toml", "https://example.org", "http://localhost:1313");
    assert_eq!(places(), [(2, 9), (3, 7), (6, 8)]);
    site.edit("config.toml", "My reflections", "Four Minutes");
    site.edit("config.toml", "http://localhost:1313", "https://blog.example.org");
    site.edit("config.toml", "Your name <you@example.org>", SENDER);
    assert_eq!(places(), []);
}

#[test]
fn a_post_without_a_title_waits_for_one() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.write("posts/2026-03-01-my-first-walk.md", "---\ntags: [walks]\n---\n\nIt rained, and the road was long.\n");
    for command in ["check", "build"] {
        let run = site.run(NOW, &[command]).exits(0);
        let said = run.stdout + &run.stderr;
        assert!(said.contains("no title: the feeds call it `my first walk`"), "{command}: {said}");
        assert!(said.contains("posts/2026-03-01-my-first-walk.md"), "{command}: {said}");
    }
    let run = site.run(NOW, &["publish"]).exits(0);
    assert!(run.stderr.contains("Not mailed: posts/2026-03-01-my-first-walk.md: it has no title"), "{run:?}");
    assert_eq!(site.outbox().len(), 0);
    assert!(site.read("public/feed.xml").contains("<title>my first walk</title>"), "the feeds have it");
    let plan = site.run(NOW, &["publish", "-n", "--json"]).exits(0).json();
    assert!(plan["skipped"][0]["reason"].as_str().unwrap().contains("write a line `title:`"), "{plan}");

    site.run(NOW, &["publish", "--include", "my-first-walk"]).exits(0);
    assert_eq!(site.outbox().len(), 1, "the owner's word counts");
    site.write("posts/2026-03-01-second.md", "---\ntags: [walks]\n---\n\nThe sun came out after all.\n");
    site.run(NOW, &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 1);
    site.edit("posts/2026-03-01-second.md", "tags", "title: Sun\ntags");
    site.run(NOW, &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 2, "with a title it is mailed");
}
