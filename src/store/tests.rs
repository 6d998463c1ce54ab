use super::*;
use crate::model::{DeliveryState, EmailAddress, Issue, ListId, MailedEntry, SubscriberStatus};

const NOW: &str = "2026-03-01T09:00:00Z";

async fn open(folder: &tempfile::TempDir) -> Store {
    Store::open(&folder.path().join("site/.tidings/tidings.db")).await.unwrap()
}

fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

fn readers(count: usize) -> Vec<NewSubscriber> {
    let reader = |n| NewSubscriber {
        address: address(&format!("r{n}@example.org")),
        name: None,
        status: SubscriberStatus::Confirmed,
    };
    (1..=count).map(reader).collect()
}

fn issue(number: i64) -> Issue {
    Issue {
        number,
        subject: "Slow rivers".into(),
        from_name: None,
        from_address: "ada@example.org".into(),
        reply_to: None,
        list_id: ListId { name: "Notes".into(), id: "notes.example.org".into() },
        unsubscribe: vec![],
        archive: None,
        feedback_id: None,
        date: NOW.into(),
        html: "<p>".into(),
        text: "text".into(),
        marker: "m".into(),
        names: Vec::new(),
        digest: "d".into(),
    }
}

fn entry(id: &str) -> FrozenEntry {
    let mailed = MailedEntry {
        id: id.into(),
        run: 0,
        issue: 1,
        path: "posts/a.md".into(),
        content_hash: None,
        sketch: Some("aAAAAA".into()),
        title: "A".into(),
        published: NOW.into(),
    };
    FrozenEntry { mailed, url: id.into() }
}

fn key(subscriber: i64) -> DeliveryKey {
    DeliveryKey { issue: 1, subscriber }
}

fn outcome(subscriber: i64, state: DeliveryState, next: Option<&str>) -> Recorded {
    Recorded { key: key(subscriber), state, reply: "250 ok".into(), next_attempt_at: next.map(str::to_owned) }
}

async fn frozen(folder: &tempfile::TempDir, count: usize) -> Store {
    let mut store = open(folder).await;
    store.add_subscribers(&readers(count), "test", NOW).await.unwrap();
    assert_eq!(store.freeze(NOW, &[entry("https://example.org/a/")], &[issue(1)]).await.unwrap(), count as u64);
    store
}

#[tokio::test]
async fn the_secret_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder).await;
    let secret = store.secret().await.unwrap();
    store.close().await.unwrap();
    assert_eq!(open(&folder).await.secret().await.unwrap(), secret);
    assert_eq!(secret.len(), 64);
}

#[tokio::test]
async fn reading_a_missing_database_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tidings.db");
    assert!(Store::open_existing(&path).await.unwrap().is_none());
    assert_eq!(Folder::new(folder.path()).list("", &|_| true).unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tidings.db");
    let text = b"# not a database, but long enough to have a header of one hundred bytes, as SQLite wants it to be...";
    Folder::new(folder.path()).write_new("tidings.db", text, Access::Public).unwrap();
    assert!(matches!(Store::open(&path).await, Err(StoreError::Open { .. })));
    assert_eq!(Folder::new(folder.path()).read("tidings.db", Kind::Memory).unwrap(), text);
}

#[tokio::test]
async fn who_left_is_not_brought_back_by_an_import() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder).await;
    store.add_subscribers(&readers(2), "import", NOW).await.unwrap();
    store.set_status(&address("R1@example.org"), SubscriberStatus::Unsubscribed, NOW).await.unwrap();
    let added = store.add_subscribers(&readers(3), "import", NOW).await.unwrap();
    assert_eq!((added.new, added.known), (1, 2));
    assert_eq!(store.subscriber_counts().await.unwrap().unsubscribed, 1);
    assert_eq!(
        store.set_status(&address("nobody@example.org"), SubscriberStatus::Unsubscribed, NOW).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn freezing_queues_one_delivery_for_each_confirmed_reader() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder).await;
    store.add_subscribers(&readers(3), "test", NOW).await.unwrap();
    store.set_status(&address("r2@example.org"), SubscriberStatus::Unsubscribed, NOW).await.unwrap();
    assert_eq!(store.freeze(NOW, &[entry("a")], &[issue(1)]).await.unwrap(), 2);
    assert_eq!(store.delivery_counts(None).await.unwrap().queued, 2);
    assert_eq!(store.open_issues().await.unwrap(), [issue(1)]);
    assert_eq!(store.next_issue().await.unwrap(), 2);
    let expected = MailedEntry { run: 1, ..entry("a").mailed };
    assert_eq!(store.mailed_entries().await.unwrap(), [expected]);
}

#[tokio::test]
async fn what_an_older_version_mailed_is_still_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tidings.db");
    let mut old = Store::connect(DatabaseFile::new(&path).unwrap()).await.unwrap();
    let (version, name, sql) = MIGRATIONS[0];
    let first = Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false);
    Migrator::with_migrations(vec![first]).run(&mut old.connection).await.unwrap();
    for sql in [
        "INSERT INTO runs (cutoff) VALUES ('2026-03-01T09:00:00Z')",
        "INSERT INTO issues VALUES (1, 1, 'A', 'd', '{}')",
        "INSERT INTO entries VALUES (1, 'a', 1, 'posts/a.md', 'a', 'A', '2026-03-01T09:00:00Z', 'hash')",
    ] {
        sqlx::query(sql).execute(&mut old.connection).await.unwrap();
    }
    old.close().await.unwrap();

    let mut store = Store::open_existing(&path).await.unwrap().unwrap();
    let entries = store.mailed_entries().await.unwrap();
    let [MailedEntry { id, content_hash, sketch, published, .. }] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((id.as_str(), content_hash.as_deref(), sketch), ("a", Some("hash"), &None));
    assert_eq!(published, NOW);
}

#[tokio::test]
async fn a_freeze_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 1).await;
    assert!(store.freeze(NOW, &[entry("b")], &[issue(1)]).await.is_err(), "issue 1 exists");
    assert_eq!(store.runs().await.unwrap().len(), 1);
    assert_eq!(store.mailed_entries().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_intent_is_refused_to_a_reader_who_left_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 2).await;
    store.set_status(&address("r2@example.org"), SubscriberStatus::Unsubscribed, NOW).await.unwrap();
    assert_eq!(store.record(&[], &[key(1), key(2)], NOW).await.unwrap(), [key(1)]);
    let counts = store.delivery_counts(Some(1)).await.unwrap();
    assert_eq!((counts.sending, counts.skipped), (1, 1));
    assert_eq!(store.record(&[], &[key(1)], NOW).await.unwrap(), [], "it is being sent already");
}

#[tokio::test]
async fn deferred_deliveries_wait_for_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 2).await;
    store.record(&[], &[key(1), key(2)], NOW).await.unwrap();
    let later = "2026-03-01T09:06:00Z";
    store
        .record(&[outcome(1, DeliveryState::Deferred, Some(later)), outcome(2, DeliveryState::Sent, None)], &[], NOW)
        .await
        .unwrap();
    assert!(store.queued(1, 0, "2026-03-01T09:05:59Z", 10).await.unwrap().is_empty());
    let queued = store.queued(1, 0, later, 10).await.unwrap();
    assert_eq!((queued.len(), queued[0].attempts), (1, 1));
    assert_eq!(store.next_attempt_at().await.unwrap().as_deref(), Some(later));
    assert_eq!(store.finish_runs(NOW).await.unwrap(), 0, "a deferred delivery is open");
    store.record(&[outcome(1, DeliveryState::Failed, None)], &[], NOW).await.unwrap();
    assert_eq!(store.finish_runs(NOW).await.unwrap(), 1);
    assert_eq!(store.not_sent(1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_dead_process_was_sending_is_in_doubt_until_the_owner_decides() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 3).await;
    store.record(&[], &[key(1), key(3)], NOW).await.unwrap();
    assert_eq!(store.recover(false, NOW).await.unwrap(), 2);
    assert_eq!(store.delivery_counts(None).await.unwrap().in_doubt, 2);
    assert_eq!(store.queued(1, 0, NOW, 10).await.unwrap().len(), 1, "what is in doubt is not sent again");
    assert_eq!(store.settle(1, DeliveryState::InDoubt, Some(1), DeliveryState::Queued, NOW).await.unwrap(), 1);
    assert_eq!(store.settle(1, DeliveryState::InDoubt, None, DeliveryState::Sent, NOW).await.unwrap(), 1);
    let counts = store.delivery_counts(None).await.unwrap();
    assert_eq!((counts.queued, counts.sent, counts.in_doubt), (2, 1, 0));
}

#[tokio::test]
async fn two_processes_cannot_deliver_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let lock = store.lock().unwrap();
    assert!(lock.is_some());
    assert!(store.lock().unwrap().is_none());
    drop(lock);
    assert!(store.lock().unwrap().is_some());
}

#[tokio::test]
async fn the_ledger_tells_the_story_of_an_entry_and_of_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 3).await;
    store.record(&[outcome(1, DeliveryState::Sent, None)], &[], "2026-03-01T09:00:07Z").await.unwrap();
    store.record(&[outcome(2, DeliveryState::Deferred, Some("2026-03-01T10:00:00Z"))], &[], NOW).await.unwrap();

    let mailings = store.mailings("https://example.org/a/").await.unwrap();
    assert_eq!((mailings.len(), mailings[0].issue, mailings[0].path.as_str()), (1, 1, "posts/a.md"));
    let counts = mailings[0].deliveries;
    assert_eq!((counts.sent, counts.deferred, counts.queued), (1, 1, 1));
    assert_eq!(store.mailings("https://example.org/b/").await.unwrap(), []);

    let sent = store.deliveries_to(1).await.unwrap().remove(0);
    assert_eq!((sent.state, sent.updated_at.as_str()), (DeliveryState::Sent, "2026-03-01T09:00:07Z"));
    assert_eq!((sent.reply.as_deref(), sent.run, sent.cutoff.as_str()), (Some("250 ok"), 1, NOW));
    let deferred = store.deliveries_to(2).await.unwrap().remove(0);
    assert_eq!(deferred.next_attempt_at.as_deref(), Some("2026-03-01T10:00:00Z"));
    assert_eq!(store.deliveries_to(99).await.unwrap(), []);
}

#[tokio::test]
async fn a_log_that_is_being_written_is_never_taken_for_one_of_another_database() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder).await;
    // Small and unsafe, so that it begins anew many times.
    for pragma in ["PRAGMA synchronous = OFF", "PRAGMA wal_autocheckpoint = 6"] {
        sqlx::query(pragma).execute(&mut store.connection).await.unwrap();
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
        let bytes = there.read(&format!("tidings.db{end}"), Kind::Memory).unwrap();
        there.write_new(&format!("copy.db{end}"), &bytes, Access::Private).unwrap();
    }
    assert_eq!(Store::open(&there.path().join("copy.db")).await.unwrap().generation().await.unwrap(), 501);
}
