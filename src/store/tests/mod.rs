use super::*;
use crate::model::{Answer, DeliveryState, EmailAddress, Issue, ListId, MailedEntry, SubscriberStatus};

mod claims;
mod late;
mod model;
mod resend;
mod upgrade;

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

fn these(subscribers: &[i64]) -> Wanted {
    Wanted::These(subscribers.iter().map(|subscriber| key(*subscriber)).collect())
}

/// Claims the deliveries to these readers.
async fn claim(store: &mut Store, subscribers: &[i64]) {
    let claimed = store.advance(&[], Some(&these(subscribers)), NOW).await.unwrap();
    assert_eq!(claimed.deliveries.len(), subscribers.len());
}

fn outcome(subscriber: i64, state: DeliveryState, next: Option<&str>) -> Recorded {
    let said = Some(Said { relay: Some(1), is_doubtful: false, answer: Answer::parse("250 ok") });
    Recorded { key: key(subscriber), state: Some(state), next_attempt_at: next.map(str::to_owned), said }
}

async fn frozen(folder: &tempfile::TempDir, count: usize) -> Store {
    let mut store = open(folder).await;
    store.add_subscribers(&readers(count), "test", NOW).await.unwrap();
    assert_eq!(store.freeze(NOW, &[entry("https://example.org/a/")], &[issue(1)]).await.unwrap(), count as u64);
    store
}

/// Every delivery of issue 1 that is not sent.
async fn not_sent(store: &mut Store) -> Vec<NotSent> {
    let mut all = Vec::new();
    store.not_sent(1, |delivery| all.push(delivery)).await.unwrap();
    all
}

/// Settles deliveries of run 1.
async fn settle(
    store: &mut Store,
    from: DeliveryState,
    readers: Option<&[i64]>,
    decision: Decision,
    now: &str,
) -> Result<u64> {
    store.settle(Chosen { run: 1, from, is_given_up: false, readers }, decision, now).await
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
    assert_eq!(Folder::new(folder.path()).read("tidings.db", FileKind::Memory).unwrap(), text);
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
    Folder::new(folder.path()).make_private_file("tidings.db").unwrap();
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
async fn deferred_deliveries_wait_for_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 2).await;
    claim(&mut store, &[1, 2]).await;
    let later = "2026-03-01T09:06:00Z";
    let outcomes = [outcome(1, DeliveryState::Deferred, Some(later)), outcome(2, DeliveryState::Sent, None)];
    store.advance(&outcomes, None, NOW).await.unwrap();
    assert!(store.queued(Place::START, "2026-03-01T09:05:59Z", 10).await.unwrap().is_empty());
    let queued = store.queued(Place::START, later, 10).await.unwrap();
    assert_eq!((queued.len(), queued[0].place.attempts, queued[0].tries), (1, 1, 1));
    assert_eq!(queued[0].first_try_at, NOW.parse().ok());
    assert_eq!(store.next_attempt_at().await.unwrap().as_deref(), Some(later));
    assert_eq!(store.finish_runs(NOW).await.unwrap(), 0, "a deferred delivery is open");
    assert_eq!(
        store.advance(&[], Some(&these(&[1])), later).await.unwrap().deliveries[0].state,
        DeliveryState::Deferred
    );
    store.advance(&[outcome(1, DeliveryState::Failed, None)], None, NOW).await.unwrap();
    assert_eq!(store.finish_runs(NOW).await.unwrap(), 1);
    assert_eq!(not_sent(&mut store).await.len(), 1);
}

#[tokio::test]
async fn what_a_dead_process_was_sending_is_in_doubt_until_the_owner_decides() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 3).await;
    claim(&mut store, &[1, 3]).await;
    assert_eq!(store.recover(Repeat::Never, NOW).await.unwrap().count, 2);
    assert_eq!(store.delivery_counts(None).await.unwrap().in_doubt, 2);
    assert_eq!(store.queued(Place::START, NOW, 10).await.unwrap().len(), 1, "what is in doubt is not sent again");
    assert_eq!(settle(&mut store, DeliveryState::InDoubt, Some(&[1]), Decision::SendAgain, NOW).await.unwrap(), 1);
    assert_eq!(settle(&mut store, DeliveryState::InDoubt, None, Decision::Sent, NOW).await.unwrap(), 1);
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
    claim(&mut store, &[1, 2]).await;
    store.advance(&[outcome(1, DeliveryState::Sent, None)], None, "2026-03-01T09:00:07Z").await.unwrap();
    store.advance(&[outcome(2, DeliveryState::Deferred, Some("2026-03-01T10:00:00Z"))], None, NOW).await.unwrap();

    let mailings = store.mailings("https://example.org/a/").await.unwrap();
    assert_eq!((mailings.len(), mailings[0].issue, mailings[0].path.as_str()), (1, 1, "posts/a.md"));
    let counts = mailings[0].deliveries;
    assert_eq!((counts.sent, counts.deferred, counts.queued), (1, 1, 1));
    assert_eq!(store.mailings("https://example.org/b/").await.unwrap(), []);

    let sent = store.deliveries_to(1).await.unwrap().remove(0);
    assert_eq!((sent.standing.state, sent.standing.updated_at.as_str()), (DeliveryState::Sent, "2026-03-01T09:00:07Z"));
    assert_eq!((sent.standing.reply().as_deref(), sent.run, sent.cutoff.as_str()), (Some("250 ok"), 1, NOW));
    let deferred = store.deliveries_to(2).await.unwrap().remove(0);
    assert_eq!(deferred.standing.next_attempt_at.as_deref(), Some("2026-03-01T10:00:00Z"));
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
        let bytes = there.read(&format!("tidings.db{end}"), FileKind::Memory).unwrap();
        there.write_new(&format!("copy.db{end}"), &bytes, Access::Private).unwrap();
    }
    assert_eq!(Store::open(&there.path().join("copy.db")).await.unwrap().generation().await.unwrap(), 501);
}

/// One try of a delivery that was read after so many.
async fn one_try(store: &mut Store, subscriber: i64, attempts: i64, state: DeliveryState, reply: &str, now: &str) {
    let claimed = store.advance(&[], Some(&these(&[subscriber])), now).await.unwrap().deliveries;
    assert_eq!(claimed[0].place.attempts, attempts);
    let relay = Some(store.relay("smtp://mail.example.org:25").await.unwrap());
    let said = Some(Said { relay, is_doubtful: false, answer: Answer::parse(reply) });
    let recorded = Recorded { key: key(subscriber), state: Some(state), next_attempt_at: None, said };
    store.advance(&[recorded], None, now).await.unwrap();
}

#[tokio::test]
async fn every_try_is_kept_and_a_decision_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 1).await;
    let (second, third, fourth) = ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z");
    one_try(&mut store, 1, 0, DeliveryState::Deferred, "451 4.7.1 später", NOW).await;
    one_try(&mut store, 1, 1, DeliveryState::Failed, "550 5.1.1 no such user", second).await;
    settle(&mut store, DeliveryState::Failed, None, Decision::SendAgain, third).await.unwrap();
    let queued = store.queued(Place::START, fourth, 10).await.unwrap().remove(0);
    assert_eq!((queued.place.attempts, queued.tries, queued.first_try_at), (2, 0, None), "patience begins anew");
    one_try(&mut store, 1, 2, DeliveryState::Sent, "250 2.0.0 Ok: queued as 4F", fourth).await;

    let standing = store.deliveries_to(1).await.unwrap().remove(0).standing;
    assert_eq!((standing.state, standing.attempts), (DeliveryState::Sent, 3));
    let told: Vec<_> =
        standing.history.iter().map(|one| (one.at.as_str(), one.state, one.answer.to_string())).collect();
    assert_eq!(
        told,
        [
            (NOW, DeliveryState::Deferred, "451 4.7.1 später".to_owned()),
            (second, DeliveryState::Failed, "550 5.1.1 no such user".to_owned()),
            (third, DeliveryState::Queued, "settled by the owner: queued".to_owned()),
            (fourth, DeliveryState::Sent, "250 2.0.0 Ok: queued as 4F".to_owned()),
        ]
    );
    let relays: Vec<_> = standing.history.iter().map(|one| one.relay.is_some()).collect();
    assert_eq!(relays, [true, true, false, true], "a decision is no try");
    assert_eq!(standing.history[1].answer.enhanced.as_deref(), Some("5.1.1"));
    for (since, tries) in [(NOW, 3), (second, 2), (fourth, 1), ("2026-03-01T12:00:01Z", 0)] {
        assert_eq!(store.tried_since(since, None).await.unwrap(), tries, "since {since}");
    }
}

#[tokio::test]
async fn what_is_said_again_and_again_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 4).await;
    for subscriber in 1..=3 {
        one_try(&mut store, subscriber, 0, DeliveryState::Failed, "550 5.1.1 no such user here", NOW).await;
    }
    one_try(&mut store, 4, 0, DeliveryState::Sent, "250 2.0.0 Ok: queued as 4F", NOW).await;
    let texts: Vec<String> =
        sqlx::query_scalar("SELECT text FROM texts ORDER BY id").fetch_all(&mut store.connection).await.unwrap();
    assert_eq!(texts, ["smtp://mail.example.org:25", "no such user here"]);
    let own = sqlx::query_scalar("SELECT COUNT(*) FROM tries WHERE text IS NOT NULL");
    let own: i64 = own.fetch_one(&mut store.connection).await.unwrap();
    assert_eq!(own, 2, "the first of its kind, and the one that is the only one");
    let told = not_sent(&mut store).await;
    assert!(told.iter().all(|one| one.standing.reply().unwrap() == "550 5.1.1 no such user here"));
}

#[tokio::test]
async fn a_try_that_a_dead_process_did_not_record_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 1).await;
    store.set_relay("smtp://mail.example.org:25").await.unwrap();
    claim(&mut store, &[1]).await;
    drop(store);
    let mut store = open(&folder).await;
    store.recover(Repeat::Never, "2026-03-01T10:00:00Z").await.unwrap();
    let standing = not_sent(&mut store).await.remove(0).standing;
    assert_eq!((standing.state, standing.attempts, standing.history.len()), (DeliveryState::InDoubt, 1, 1));
    assert_eq!(standing.history[0].at, NOW, "when it began");
    assert_eq!(standing.history[0].relay.as_deref(), Some("smtp://mail.example.org:25"));
    assert_eq!(store.tried_since(NOW, None).await.unwrap(), 1);
}

#[tokio::test]
async fn what_was_put_off_goes_behind_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 6).await;
    let (early, late) = ("2026-03-01T09:10:00Z", "2026-03-01T09:20:00Z");
    claim(&mut store, &[1, 2, 3, 4]).await;
    let put_off = [
        outcome(1, DeliveryState::Deferred, Some(late)),
        outcome(2, DeliveryState::Deferred, Some(early)),
        outcome(3, DeliveryState::Queued, None),
        Recorded { key: key(4), state: Some(DeliveryState::Queued), next_attempt_at: Some(early.into()), said: None },
    ];
    store.advance(&put_off, None, NOW).await.unwrap();
    let order = async |store: &mut Store, now: &str| -> Vec<i64> {
        let queued = store.queued(Place::START, now, 10).await.unwrap();
        queued.iter().map(|job| job.key().subscriber).collect()
    };
    assert_eq!(order(&mut store, NOW).await, [5, 6, 3]);
    assert_eq!(order(&mut store, late).await, [5, 6, 3, 4, 2, 1]);
    assert_eq!((store.fresh().await.unwrap(), store.ready(late).await.unwrap()), (2, 6));
    assert_eq!(store.next_attempt_at().await.unwrap().as_deref(), Some(early));
    assert_eq!(store.last_fresh().await.unwrap(), Some(key(6)));
    assert_eq!(store.untried_issues().await.unwrap(), [Untried { issue: issue(1), asked_at: None }]);
}

#[tokio::test]
async fn a_page_of_the_queue_is_read_in_order_and_never_sorted() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 1).await;
    let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", queue::PAGE)));
    let plan = plan.fetch_all(&mut store.connection).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| sqlx::Row::get(row, "detail")).collect();
    assert!(
        plan[0].starts_with("SEARCH d USING INDEX queue ((next_attempt_at,attempts,issue,subscriber)>"),
        "{plan:?}"
    );
    assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{plan:?}");
}

#[tokio::test]
async fn a_try_and_its_outcome_are_recorded_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 1).await;
    claim(&mut store, &[1]).await;
    let fails = "CREATE TRIGGER full BEFORE UPDATE ON deliveries BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    sqlx::query(fails).execute(&mut store.connection).await.unwrap();
    let sent = [outcome(1, DeliveryState::Sent, None)];
    let error = store.advance(&sent, None, NOW).await.unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(store.tried_since(NOW, None).await.unwrap(), 0);
    sqlx::query("DROP TRIGGER full").execute(&mut store.connection).await.unwrap();
    store.advance(&sent, None, NOW).await.unwrap();
    assert_eq!((store.tried_since(NOW, None).await.unwrap(), store.delivery_counts(None).await.unwrap().sent), (1, 1));
}

#[tokio::test]
async fn a_refusal_becomes_final_only_when_nothing_happened_since() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 2).await;
    one_try(&mut store, 1, 0, DeliveryState::Deferred, "554 no", NOW).await;
    one_try(&mut store, 2, 0, DeliveryState::Deferred, "554 no", NOW).await;
    one_try(&mut store, 2, 1, DeliveryState::Deferred, "451 later", NOW).await;
    assert_eq!(store.refused_for_good(&[(key(1), 1), (key(2), 1)], NOW).await.unwrap(), 1);
    let counts = store.delivery_counts(None).await.unwrap();
    assert_eq!((counts.failed, counts.deferred), (1, 1));
}
