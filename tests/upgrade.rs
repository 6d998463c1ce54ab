//! A site of an earlier version goes on without a question, and remembers from then on.

use serde_json::json;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, SqlSafeStr as _};

use crate::site::TestSite;

const TUESDAY: &str = "2026-03-03T09:00:00Z";

/// The first of the migrations, as far as they change SQLite.
const MIGRATIONS: [(i64, &str); 9] = [
    (1, include_str!("../src/store/migrations/0001_ledger.sql")),
    (2, include_str!("../src/store/migrations/0002_memory.sql")),
    (3, include_str!("../src/store/migrations/0003_tries.sql")),
    (5, include_str!("../src/store/migrations/0005_sketch.sql")),
    (6, include_str!("../src/store/migrations/0006_relays.sql")),
    (7, include_str!("../src/store/migrations/0007_compact.sql")),
    (8, include_str!("../src/store/migrations/0008_reports.sql")),
    (9, include_str!("../src/store/migrations/0009_readers.sql")),
    (10, include_str!("../src/store/migrations/0010_lists.sql")),
];

/// Runs the migrations of an earlier version, these rows in the tables of the first one.
fn database(site: &TestSite, version: i64, rows: &'static str) {
    let (first, others) = MIGRATIONS.split_at(1);
    let others: Vec<_> = others.iter().filter(|(number, _)| *number <= version).copied().collect();
    sqlite(site, async |connection| {
        migrate(connection, first).await;
        sqlx::raw_sql(rows).execute(&mut *connection).await.unwrap();
        migrate(connection, &[first, &others].concat()).await;
    });
}

async fn migrate(connection: &mut SqliteConnection, migrations: &[(i64, &'static str)]) {
    let migration = |(number, sql): &(i64, &'static str)| {
        Migration::new(*number, "x".into(), MigrationType::Simple, (*sql).into_sql_str(), false)
    };
    Migrator::with_migrations(migrations.iter().map(migration).collect()).run(connection).await.unwrap();
}

/// Makes the database of a site.
fn sqlite(site: &TestSite, fill: impl AsyncFnOnce(&mut SqliteConnection)) {
    std::fs::create_dir_all(site.file(".tidings")).unwrap();
    let options = SqliteConnectOptions::new().filename(site.file(".tidings/tidings.db")).create_if_missing(true);
    // A dump has its tables in any order.
    let options = options.foreign_keys(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        fill(&mut connection).await;
        connection.close().await.unwrap();
    });
}

/// The database of version 0.1 after one issue to two readers, last used as the file with the inode 5.
fn database_of_0_1(site: &TestSite) {
    let rows = "INSERT INTO site VALUES ('home', 'inode 5');
        INSERT INTO subscribers (address, address_key, status, source, created_at, updated_at) VALUES
          ('r1@reader.test', 'r1@reader.test', 'confirmed', 'import', '2026-01-01T08:00:00Z', '2026-01-01T08:00:00Z'),
          ('r2@reader.test', 'r2@reader.test', 'confirmed', 'import', '2026-01-01T08:00:00Z', '2026-01-01T08:00:00Z');
        INSERT INTO runs (cutoff, finished_at) VALUES ('2026-03-02T09:00:00Z', '2026-03-02T09:00:03Z');
        INSERT INTO issues VALUES (1, 1, 'First post', 'abc', '{}');
        INSERT INTO entries VALUES (1, 'https://example.org/2026/03/01/first-post/', 1, 'posts/2026-03-01-first-post.md',
          'https://example.org/2026/03/01/first-post/', 'First post', '2026-03-01T00:00:00Z', NULL);
        INSERT INTO deliveries (issue, subscriber, state, attempts, reply, updated_at) VALUES
          (1, 1, 'sent', 1, '250 ok', '2026-03-02T09:00:03Z'), (1, 2, 'sent', 1, '250 ok', '2026-03-02T09:00:03Z');";
    database(site, 1, rows);
}

#[test]
fn a_site_of_version_0_1_goes_on_without_a_question() {
    let site = TestSite::new("outbox:outbox");
    database_of_0_1(&site);
    std::fs::copy(site.file(".tidings/tidings.db"), site.file("backup.db")).unwrap();
    site.post("2026-03-01", "First post");
    site.run(TUESDAY, &["publish", "--dry-run"]).exits(0);
    site.run(TUESDAY, &["publish"]).exits(0);
    assert_eq!(site.outbox(), [""; 0], "it was mailed before");
    let record: serde_json::Value = serde_json::from_str(&site.read(".tidings/issues/1.json")).unwrap();
    assert_eq!((&record["deliveries"]["sent"], &record["entries"][0]["published"]), (&2.into(), &"2026-03-01".into()));
    site.post("2026-03-03", "Second post");
    site.run(TUESDAY, &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 2);

    // A backup that the version before made is known for what it is.
    std::fs::copy(site.file("backup.db"), site.file(".tidings/tidings.db")).unwrap();
    let refused = site.run(TUESDAY, &["publish"]).exits(5);
    assert!(refused.stderr.contains("since then issue 2 “Second post” was sent"), "{refused:#?}");
    site.run(TUESDAY, &["publish", "--allow", "copied-database"]).exits(0);
    assert_eq!(site.outbox().len(), 2);
}

/// Readers and copies in every state that lasts, as the first version kept them.
const EVERY_STATE: &str = "INSERT INTO subscribers (address, address_key, name, status, source, created_at, updated_at) VALUES
    ('r1@reader.test', 'r1@reader.test', 'One', 'confirmed', 'import', '2026-01-01T08:00:00Z', '2026-01-01T08:00:00Z'),
    ('r2@reader.test', 'r2@reader.test', NULL, 'confirmed', 'import', '2026-01-01T08:00:00Z', '2026-01-01T08:00:00Z'),
    ('r3@reader.test', 'r3@reader.test', NULL, 'confirmed', 'import', '2026-01-01T08:00:00Z', '2026-01-01T08:00:00Z'),
    ('r4@reader.test', 'r4@reader.test', NULL, 'confirmed', 'import', '2026-01-01T08:00:00Z', '2026-01-01T08:00:00Z'),
    ('r5@reader.test', 'r5@reader.test', NULL, 'confirmed', 'import', '2026-01-01T08:00:00Z', '2026-01-01T08:00:00Z'),
    ('r6@reader.test', 'r6@reader.test', NULL, 'unsubscribed', 'import', '2026-01-01T08:00:00Z', '2026-02-01T08:00:00Z'),
    ('r7@reader.test', 'r7@reader.test', NULL, 'bounced', 'import', '2026-01-01T08:00:00Z', '2026-02-01T08:00:00Z'),
    ('r8@reader.test', 'r8@reader.test', NULL, 'pending', 'form', '2026-03-01T08:00:00Z', '2026-03-01T08:00:00Z');
  INSERT INTO runs (cutoff, finished_at) VALUES ('2026-03-02T09:00:00Z', NULL);
  INSERT INTO issues VALUES (1, 1, 'First post', 'abc', '{\"number\":1,\"subject\":\"First post\",\"from_name\":\"Ada\",
    \"from_address\":\"ada@example.org\",\"reply_to\":null,\"list_id\":{\"name\":\"Notes\",\"id\":\"newsletter.example.org\"},
    \"unsubscribe\":[\"https://example.org/u/markmark\"],\"date\":\"2026-03-02T09:00:00+00:00\",\"html\":\"<p>Text</p>\",
    \"text\":\"Text\",\"marker\":\"markmark\",\"digest\":\"abc\"}');
  INSERT INTO entries VALUES (1, 'https://example.org/2026/03/01/first-post/', 1, 'posts/2026-03-01-first-post.md',
    'https://example.org/2026/03/01/first-post/', 'First post', '2026-03-01T00:00:00Z', NULL);
  INSERT INTO deliveries (issue, subscriber, state, attempts, first_attempt, next_attempt_at, reply, updated_at) VALUES
    (1, 1, 'sent', 1, '2026-03-02T09:00:01Z', NULL, '250 2.0.0 ok', '2026-03-02T09:00:03Z'),
    (1, 2, 'deferred', 2, '2026-03-02T09:00:01Z', '2026-03-02T09:10:00Z', '451 4.7.1 later', '2026-03-02T09:00:03Z'),
    (1, 3, 'failed', 1, '2026-03-02T09:00:01Z', NULL, '550 5.1.1 no such user', '2026-03-02T09:00:03Z'),
    (1, 4, 'in_doubt', 1, '2026-03-02T09:00:01Z', NULL, 'connection lost', '2026-03-02T09:00:03Z'),
    (1, 5, 'queued', 0, NULL, NULL, NULL, '2026-03-02T09:00:00Z'),
    (1, 6, 'skipped', 0, NULL, NULL, 'unsubscribed before it was sent', '2026-03-02T09:00:00Z');";

#[test]
fn every_earlier_database_keeps_its_readers_and_what_became_of_each_copy() {
    for (version, _) in MIGRATIONS {
        let site = TestSite::new("outbox:outbox");
        database(&site, version, EVERY_STATE);
        for _ in 0..2 {
            let status = site.status();
            let readers = json!({ "pending": 1, "confirmed": 5, "unsubscribed": 1, "bounced": 1, "complained": 0 });
            assert_eq!(status["subscribers"], readers, "{version}");
            let copies = json!({ "queued": 1, "sending": 0, "sent": 1, "deferred": 1, "failed": 1, "in_doubt": 1, "skipped": 1 });
            assert_eq!(status["deliveries"], copies, "{version}");
        }
        let states: Vec<_> = site.not_sent().into_iter().collect();
        let expected = ["r2 deferred", "r3 failed", "r4 in_doubt", "r5 queued", "r6 skipped"];
        let expected = expected.map(|row| row.split_once(' ').unwrap());
        assert_eq!(
            states,
            expected.map(|(name, state)| (format!("{name}@reader.test"), state.to_owned())),
            "{version}"
        );
        let told = site.run(TUESDAY, &["explain", "r3@reader.test"]).exits(0).stdout;
        assert!(told.contains("550 5.1.1 no such user"), "{version}: {told}");
        let export = site.run(TUESDAY, &["subscribers", "export"]).exits(0).stdout;
        assert!(export.contains("r1@reader.test,One,confirmed,") && export.lines().count() == 9, "{version}: {export}");
        site.run(TUESDAY, &["deliver"]).exits(0);
        assert_eq!(site.outbox(), ["issue-1-00002.eml", "issue-1-00005.eml"], "{version}");
        let copies = site.status()["deliveries"].clone();
        assert_eq!((&copies["sent"], &copies["in_doubt"]), (&json!(3), &json!(1)), "{version}");
    }
}

#[test]
fn a_database_that_an_older_program_left_goes_on_where_it_was() {
    let site = TestSite::new("outbox:outbox");
    sqlite(&site, async |connection| {
        sqlx::raw_sql(include_str!("upgrade/version_9.sql")).execute(connection).await.unwrap();
    });
    let copies = |status: &serde_json::Value| {
        ["sent", "deferred", "failed", "in_doubt", "queued", "sending"]
            .map(|state| status["deliveries"][state].as_u64())
    };
    let status = site.status();
    assert_eq!(copies(&status), [4, 2, 2, 1, 0, 0].map(Some), "{status}");
    let readers = ["confirmed", "pending", "unsubscribed"].map(|state| status["subscribers"][state].as_u64());
    assert_eq!(readers, [5, 1, 1].map(Some), "{status}");

    // What was put off leaves with the bytes that were frozen; what is in doubt waits for its owner's word.
    let now = "2026-03-02T10:00:00Z";
    site.run(now, &["deliver"]).exits(0);
    assert_eq!(site.outbox(), ["issue-1-00003.eml", "issue-2-00003.eml"]);
    assert_eq!(copies(&site.status()), [6, 0, 2, 1, 0, 0].map(Some));
    let copy = site.read("outbox/issue-2-00003.eml");
    for part in ["bp2mhiljscuuggfouz24m4xcgny", "<2.2p67z2gmayqhubfc4y2sp4wema@old.example.net>"] {
        assert!(copy.contains(part), "{part}: {copy}");
    }
    site.run(now, &["runs", "resolve", "2", "--resend"]).exits(0);
    site.run(now, &["deliver"]).exits(0);
    assert_eq!(copies(&site.status()), [7, 0, 2, 0, 0, 0].map(Some));

    // The links in the mails of that version go on working, and none of its posts is mailed again.
    site.run(now, &["subscribers", "remove", "--token", "bhnnrkunalehhxgnb22aetxnuvq"]).exits(0);
    let told = site.run(now, &["explain", "r1@reader.test"]).exits(0).stdout;
    assert!(told.contains("unsubscribed"), "{told}");
    site.write("posts/2026-03-01-post-1.md", "---\ntitle: Post 1\ndate: 2026-03-01\n---\nText of 1.\n");
    site.write("posts/2026-03-02-post-2.md", "---\ntitle: Post 2\ndate: 2026-03-02\n---\nText of 2.\n");
    site.run(now, &["publish"]);
    assert_eq!(site.outbox().len(), 3);
}
