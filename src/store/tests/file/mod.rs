//! A database in a file.

use super::*;
use crate::files::Folder;

#[path = "../stories.rs"]
mod stories;
mod upgrade;

/// A folder of its own.
struct Ledger(tempfile::TempDir);

impl Ledger {
    #[expect(clippy::unnecessary_wraps, reason = "a server may be missing, a file never")]
    fn new() -> Option<Self> {
        Some(Self(tempfile::tempdir().unwrap()))
    }

    /// Waits until no process has it.
    #[expect(clippy::unused_async, reason = "a server takes its time")]
    async fn is_left(&self) {}

    fn database(&self) -> Database {
        Database::File(self.0.path().join("site/.tidings/tidings.db"))
    }
}

fn at(path: &Path) -> Database {
    Database::File(path.to_owned())
}

async fn open(folder: &tempfile::TempDir) -> Store {
    Store::open(&at(&folder.path().join("site/.tidings/tidings.db"))).await.unwrap()
}

/// A database of which no table was made yet.
async fn unmigrated(path: &Path) -> Store {
    let file = DatabaseFile::new(path).unwrap();
    Store::new(crate::store::file::connect(&file).await.unwrap(), file)
}

async fn migrate(store: &mut Store, migration: Migration) {
    let Connection::Sqlite(connection) = &mut store.connection else { panic!("it is no file") };
    Migrator::with_migrations(vec![migration]).run(connection).await.unwrap();
}

async fn frozen(folder: &tempfile::TempDir, count: usize) -> Store {
    let mut store = open(folder).await;
    store.add_subscribers(&readers(count), "test", NOW).await.unwrap();
    assert_eq!(store.freeze(NOW, &[entry("https://example.org/a/")], &[issue(1)]).await.unwrap(), count as u64);
    store
}

#[tokio::test]
async fn reading_a_missing_database_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tidings.db");
    assert!(Store::open_existing(&at(&path)).await.unwrap().is_none());
    assert_eq!(Folder::new(folder.path()).list("", &|_| true).unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tidings.db");
    let text = b"# not a database, but long enough to have a header of one hundred bytes, as SQLite wants it to be...";
    Folder::new(folder.path()).write_new("tidings.db", text, Access::Public).unwrap();
    assert!(matches!(Store::open(&at(&path)).await, Err(StoreError::Open { .. })));
    assert_eq!(Folder::new(folder.path()).read("tidings.db", FileKind::Memory).unwrap(), text);
}

#[tokio::test]
async fn what_an_older_version_mailed_is_still_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tidings.db");
    Folder::new(folder.path()).make_private_file("tidings.db").unwrap();
    let mut old = unmigrated(&path).await;
    let (version, name, sql) = MIGRATIONS[0];
    let first = Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false);
    migrate(&mut old, first).await;
    for sql in [
        "INSERT INTO runs (cutoff) VALUES ('2026-03-01T09:00:00Z')",
        "INSERT INTO issues VALUES (1, 1, 'A', 'd', '{}')",
        "INSERT INTO entries VALUES (1, 'a', 1, 'posts/a.md', 'a', 'A', '2026-03-01T09:00:00Z', 'hash')",
    ] {
        query(sql).execute(&mut old.connection).await.unwrap();
    }
    old.close().await.unwrap();

    let mut store = Store::open_existing(&at(&path)).await.unwrap().unwrap();
    let entries = store.mailed_entries().await.unwrap();
    let [MailedEntry { id, content_hash, sketch, published, .. }] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((id.as_str(), content_hash.as_deref(), sketch), ("a", Some("hash"), &None));
    assert_eq!(published, NOW);
}

#[tokio::test]
async fn a_log_that_is_being_written_is_never_taken_for_one_of_another_database() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder).await;
    // Small and unsafe, so that it begins anew many times.
    for pragma in ["PRAGMA synchronous = OFF", "PRAGMA wal_autocheckpoint = 6"] {
        query(pragma).execute(&mut store.connection).await.unwrap();
    }
    let is_over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (over, file) = (std::sync::Arc::clone(&is_over), store.file.clone());
    let watcher = std::thread::spawn(move || {
        let mut looks = 0;
        while !over.load(std::sync::atomic::Ordering::SeqCst) {
            assert!(!log::is_of_another(&file.folder, &file.name, "tidings.db-wal").unwrap());
            looks += 1;
        }
        looks
    });
    for _ in 0..3_000 {
        store.raise_generation().await.unwrap();
    }
    is_over.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(watcher.join().unwrap() > 100);
    assert_eq!(store.generation().await.unwrap(), 3_000);
}

#[tokio::test]
async fn a_database_that_takes_in_what_others_know_is_the_newest_and_its_log_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 2).await;
    let adoption = Adoption { records: &[], generation: 500, doubt: Some("not sent") };
    assert_eq!(store.adopt(&adoption, NOW).await.unwrap(), 2);
    assert_eq!((store.generation().await.unwrap(), store.delivery_counts(None).await.unwrap().in_doubt), (501, 2));
    // Beside it lies the log of all that: it goes on step by step, as far as it can be followed.
    let there = &store.file.folder;
    assert!(!log::is_of_another(there, "tidings.db", "tidings.db-wal").unwrap());
    for end in ["", "-wal"] {
        let bytes = there.read(&format!("tidings.db{end}"), FileKind::Memory).unwrap();
        there.write_new(&format!("copy.db{end}"), &bytes, Access::Private).unwrap();
    }
    assert_eq!(Store::open(&at(&there.path().join("copy.db"))).await.unwrap().generation().await.unwrap(), 501);
}

#[tokio::test]
async fn a_page_of_the_queue_is_read_in_order_and_never_sorted() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 1).await;
    let plan = query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", queue::taken(queue::PAGE, false).as_str())));
    let plan = plan.fetch_all(&mut store.connection).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.try_get("detail").unwrap()).collect();
    let is_in_order =
        |step: &String| step.starts_with("SEARCH d USING INDEX queue ((next_attempt_at,attempts,issue,subscriber)>");
    assert!(plan.iter().any(is_in_order), "{plan:?}");
    assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{plan:?}");
}

#[tokio::test]
async fn a_try_and_its_outcome_are_recorded_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 1).await;
    claim(&mut store, &[1]).await;
    let fails = "CREATE TRIGGER full BEFORE UPDATE ON deliveries BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    query(fails).execute(&mut store.connection).await.unwrap();
    let sent = [outcome(1, DeliveryState::Sent, None)];
    let error = store.advance(&sent, None, NOW).await.unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(store.tried_since(NOW, &Counted::All).await.unwrap(), 0);
    query("DROP TRIGGER full").execute(&mut store.connection).await.unwrap();
    store.advance(&sent, None, NOW).await.unwrap();
    assert_eq!(
        (store.tried_since(NOW, &Counted::All).await.unwrap(), store.delivery_counts(None).await.unwrap().sent),
        (1, 1)
    );
}

#[tokio::test]
async fn after_a_full_disk_the_same_connection_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder).await;
    store.add_subscribers(&readers(2), "test", NOW).await.unwrap();
    for subscriber in [1, 2] {
        let mut transaction = store.connection.begin().await.unwrap();
        // What SQLite does when a commit finds no room; then the transaction is only let go of.
        query("ROLLBACK").execute(&mut transaction).await.unwrap();
        drop(transaction);
        assert_eq!(store.unsubscribe(subscriber, owners()).await.unwrap(), Some(SubscriberStatus::Confirmed));
    }
}

#[tokio::test]
async fn the_file_is_not_written_anew_while_another_process_sends() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, mut other) = (open(&folder).await, open(&folder).await);
    let lock = other.lock(Right::Deliver).await.unwrap();
    assert!(!store.sweep().await.unwrap());
    drop(lock);
    assert!(store.sweep().await.unwrap());
}
