//! What a stranger says that was written before removes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Ground, MARK, assert_kept_apart};

#[test]
fn a_site_that_an_older_version_published_goes_on() {
    let ground = Ground::new();
    ground.site.readers(1);
    ground.run(&["publish", "--yes"]).exits(0);
    std::fs::rename(ground.site.file(".tidings/tidings.db.lock"), ground.site.file(".tidings/tidings.lock")).unwrap();
    ground.site.post("2026-03-02", "Two");
    let run = ground.run(&["publish", "--yes"]).exits(0);
    assert!(run.stderr.contains("Issue 2") && ground.site.outbox().len() == 2, "{run:#?}");
}

#[test]
fn the_database_of_another_program_stays_as_it_is_also_while_it_is_open() {
    let ground = Ground::new();
    ground.site.configure("store", "url = \"sqlite:other.db\"");
    let path = ground.site.file("other.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::{Connection as _, Executor as _};
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let options = options.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
        let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        other.execute("CREATE TABLE bookmarks (url TEXT)").await.unwrap();
        assert!(path.with_extension("db-wal").is_file());
        for command in [["publish"].as_slice(), &["status"], &["subscribers", "add", "ada@example.org"]] {
            let run = ground.run(command).exits(3);
            assert!(run.stderr.contains("this is the database of another program"), "{run:#?}");
        }
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_master").fetch_all(&mut other).await.unwrap();
        assert_eq!(tables, ["bookmarks"]);
    });
}

#[test]
fn new_files_are_not_made_through_links() {
    let ground = Ground::new();
    ground.link("posts/2026-03-02-two.md", "gone.md");
    let before = ground.outside();
    let run = ground.run(&["new", "Two"]).exits(3);
    assert!(run.stderr.contains("posts/2026-03-02-two.md") && run.stderr.contains("leads out of the site"), "{run:#?}");
    assert_kept_apart(&ground, &before, &run, "new");

    for (name, to, code, words) in [
        ("config.toml", "gone.toml", 3, "leads out of the site"),
        ("posts", "in", 3, "leads out of the site"),
        (".gitignore", "gone", 0, "Left fresh/.gitignore as it is; if the folder goes to git, add these lines to it"),
    ] {
        let ground = Ground::new();
        ground.link(&format!("fresh/{name}"), to);
        let before = ground.outside();
        let run = ground.run(&["init", "fresh"]).exits(code);
        assert!(run.stderr.contains(name) && run.stderr.contains(words), "{run:#?}");
        assert_kept_apart(&ground, &before, &run, "init");
    }

    let ground = Ground::new();
    ground.link(".tidings/dkim-tidings.pem", "gone.pem");
    let before = ground.outside();
    let run = ground.run(&["dkim", "new", "--ed25519", "--key-file", ".tidings/dkim-tidings.pem"]);
    assert_kept_apart(&ground, &before, &run, "dkim new");
    assert_ne!(run.code, 0, "{run:#?}");
}

#[test]
fn a_list_that_a_stranger_wrote_removes_nothing() {
    let ground = Ground::new();
    ground.run(&["build"]).exits(0);
    let site = &ground.site;
    let length = |path: &Path| std::fs::metadata(path).unwrap().len();
    let mine = "<rss version=\"2.0\"/>";
    for name in ["public/tags/mine/feed.xml", "public/mine.txt", "notes/feed.xml"] {
        site.write(name, mine);
    }
    ground.link("public/linked", "in");
    let far = ground.out("feed.xml").display().to_string();
    let up = "../".repeat(site.path().components().count());
    let here: BTreeMap<String, u64> = [
        ("public/tags/mine/feed.xml".to_owned(), mine.len() as u64),
        ("public/mine.txt".to_owned(), mine.len() as u64),
        ("public/../notes/feed.xml".to_owned(), mine.len() as u64),
        ("notes/feed.xml".to_owned(), mine.len() as u64),
        ("public/linked/feed.xml".to_owned(), MARK.len() as u64),
        (far.clone(), length(&ground.out("feed.xml"))),
        (format!("public/{up}{far}"), length(&ground.out("feed.xml"))),
        (format!("public{far}"), length(&ground.out("feed.xml"))),
        ("public/a\\..\\..\\feed.xml".to_owned(), 1),
        ("config.toml".to_owned(), length(&site.file("config.toml"))),
        ("posts/2026-03-01-one.md".to_owned(), length(&site.file("posts/2026-03-01-one.md"))),
    ]
    .into();
    let known: BTreeMap<&String, String> =
        here.keys().map(|name| (name, "99aa06d3014798d86001c324468d497f".to_owned())).collect();
    for list in [
        serde_json::json!({ "files": here }),
        serde_json::json!(here),
        serde_json::json!({ "files": known }),
        serde_json::json!({ "files": { "public/tags/mine/feed.xml": "" } }),
    ] {
        site.write(".tidings/feeds.json", &list.to_string());
        let (before, kept) =
            (ground.outside(), site.snapshot(&[".tidings", "public/tags/calm", "public/feed", "public/atom"]));
        let run = ground.run(&["build"]).exits(0);
        assert!(run.stderr.contains("public/tags/mine/feed.xml is no feed of this site any more"), "{run:#?}");
        assert_eq!(site.snapshot(&[".tidings", "public/tags/calm", "public/feed", "public/atom"]), kept);
        assert_kept_apart(&ground, &before, &run, "a list");
    }
    ground.sparse(".tidings/feeds.json", b"{", 1 << 32);
    let run = ground.run(&["build"]).exits(0);
    assert!(run.stderr.contains(".tidings/feeds.json cannot be read"), "{run:#?}");
    site.write(".tidings/feeds.json", "{\"files\": [[[[");
    let run = ground.run(&["build"]).exits(0);
    assert!(run.stderr.contains(".tidings/feeds.json cannot be read"), "{run:#?}");
}

#[test]
fn a_feed_that_was_edited_without_a_change_of_its_length_stays() {
    let ground = Ground::new();
    let site = &ground.site;
    ground.run(&["build"]).exits(0);
    site.edit("public/tags/calm/feed.xml", "All is well", "All is hell");
    site.edit("posts/2026-03-01-one.md", "calm", "rain");
    let run = ground.run(&["build"]).exits(0);
    assert!(
        run.stderr.contains("public/tags/calm/feed.xml is no feed of this site any more, and another program"),
        "{run:#?}"
    );
    assert!(site.file("public/tags/calm/feed.xml").is_file() && !site.file("public/tags/calm/atom.xml").exists());
}

#[test]
fn a_file_whose_length_alone_was_remembered_stays() {
    let ground = Ground::new();
    let site = &ground.site;
    ground.run(&["build"]).exits(0);
    let mut memory: serde_json::Value = serde_json::from_str(&site.read(".tidings/feeds.json")).unwrap();
    for (name, bytes) in memory["files"].as_object_mut().unwrap() {
        *bytes = std::fs::metadata(site.file(name)).unwrap().len().into();
    }
    site.write(".tidings/feeds.json", &memory.to_string());
    site.edit("posts/2026-03-01-one.md", "calm", "rain");
    let run = ground.run(&["build"]).exits(0);
    assert!(
        run.stderr.contains("public/tags/calm/feed.xml is no feed of this site any more, and an earlier"),
        "{run:#?}"
    );
    assert!(site.file("public/tags/calm/feed.xml").is_file());
    site.edit("posts/2026-03-01-one.md", "rain", "snow");
    let run = ground.run(&["build"]).exits(0);
    assert!(run.stderr.contains("removed   public/tags/rain/feed.xml"), "what this version wrote is known: {run:#?}");
}
