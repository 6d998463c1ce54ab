//! A site of an earlier version goes on without a question, and remembers from then on.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, SqlSafeStr as _};

use crate::site::TestSite;

const TUESDAY: &str = "2026-03-03T09:00:00Z";

/// The database of version 0.1 after one issue to two readers, last used as the file with the inode 5.
fn database_of_0_1(site: &TestSite) {
    std::fs::create_dir_all(site.file(".tidings")).unwrap();
    let options = SqliteConnectOptions::new().filename(site.file(".tidings/tidings.db")).create_if_missing(true);
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let first = include_str!("../src/store/migrations/0001_ledger.sql").into_sql_str();
        let migration = Migration::new(1, "ledger".into(), MigrationType::Simple, first, false);
        Migrator::with_migrations(vec![migration]).run(&mut connection).await.unwrap();
        sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
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
