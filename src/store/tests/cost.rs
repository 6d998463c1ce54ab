//! What one small action costs where many deliveries are over: as many rows are read as the action is about.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::store::barred::forget_unconfirmed;

/// So many that PostgreSQL does not read a table whole because it is small.
const MANY: usize = 30_000;
/// Whatever reads all readers or deliveries takes more steps than this.
const FEW: i64 = 5_000;

/// Counts the steps of SQLite's loops, or the rows that PostgreSQL has read.
struct Work(Arc<AtomicI64>);

impl Work {
    async fn begin(store: &mut Store) -> Self {
        let work = Self(Arc::default());
        // A session that has ended says only a while later what it has read.
        let mut at_server = rows_read(store).await;
        while store.is_shared() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let later = rows_read(store).await;
            if std::mem::replace(&mut at_server, later) == later {
                break;
            }
        }
        if let Connection::Sqlite(connection) = &mut store.connection {
            let steps = Arc::clone(&work.0);
            let count = move || steps.fetch_add(1, Ordering::Relaxed) >= 0;
            connection.lock_handle().await.unwrap().set_progress_handler(1, count);
        }
        work.0.fetch_sub(at_server, Ordering::Relaxed);
        work
    }

    async fn must_be_little(self, store: &mut Store, what: &str) {
        let work = self.0.load(Ordering::Relaxed) + rows_read(store).await;
        if let Connection::Sqlite(connection) = &mut store.connection {
            connection.lock_handle().await.unwrap().remove_progress_handler();
        }
        assert!(work < FEW, "{what} took {work} steps");
    }
}

/// How many rows and entries of indexes a server has read; none of a file.
async fn rows_read(store: &mut Store) -> i64 {
    if !store.is_shared() {
        return 0;
    }
    query("SELECT CAST(pg_stat_force_next_flush() AS TEXT)").execute(&mut store.connection).await.unwrap();
    let read = query(
        "SELECT CAST((SELECT SUM(seq_tup_read) FROM pg_stat_user_tables WHERE schemaname = current_schema())
             + (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = current_schema()) AS BIGINT)",
    );
    read.value(&mut store.connection).await.unwrap()
}

/// Measures one action.
macro_rules! is_little {
    ($store:ident, $what:literal, $action:expr) => {{
        let work = Work::begin(&mut $store).await;
        let done = $action;
        work.must_be_little(&mut $store, $what).await;
        done
    }};
}

/// A database whose server tidies up when the test says so, and not by itself in the middle of it.
async fn quiet(ledger: &Ledger) -> Store {
    let mut store = open(ledger).await;
    let tables = if store.is_shared() { &["deliveries", "subscribers", "letters", "reports"][..] } else { &[] };
    for table in tables {
        let alter = format!("ALTER TABLE {table} SET (autovacuum_enabled = off)");
        query(sqlx::AssertSqlSafe(alter)).execute(&mut store.connection).await.unwrap();
    }
    store
}

/// An issue that is queued for many.
async fn queued_for_many(ledger: &Ledger) -> Store {
    quiet(ledger).await.close().await.unwrap();
    frozen(ledger, MANY).await
}

/// An issue that all have but one, to whom it was deferred.
async fn sent_to_many(ledger: &Ledger) -> Store {
    let mut store = queued_for_many(ledger).await;
    claim(&mut store, &[1]).await;
    store.advance(&[outcome(1, DeliveryState::Deferred, Some("2026-03-02T09:00:00Z"))], None, NOW).await.unwrap();
    let rest = "UPDATE deliveries SET state = 2, attempts = 1, text = '250 ok' WHERE subscriber > 1";
    query(rest).execute(&mut store.connection).await.unwrap();
    tidy(&mut store, "VACUUM").await;
    store
}

/// Does what a server does by itself soon after.
async fn tidy(store: &mut Store, how: &'static str) {
    if store.is_shared() {
        nothing_older_is_looked_at(store).await;
        query(how).execute(&mut store.connection).await.unwrap();
    }
}

/// Waits for the transactions of other tests: what they may still see of a table is not tidied up.
async fn nothing_older_is_looked_at(store: &mut Store) {
    let now = query("SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)");
    let now: i64 = now.value(&mut store.connection).await.unwrap();
    let older = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
        AND (CAST(CAST(backend_xmin AS TEXT) AS BIGINT) < $1 OR CAST(CAST(backend_xid AS TEXT) AS BIGINT) < $1))";
    while query(older).bind(now).value(&mut store.connection).await.unwrap() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_is_open_is_found_without_what_is_over() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = sent_to_many(&ledger).await;
    for how in ["VACUUM", "ANALYZE"] {
        tidy(&mut store, how).await;
        let open = is_little!(store, "what is open", store.open_counts().await.unwrap());
        assert_eq!((open.deferred, open.open(), open.in_doubt, open.sent), (1, 1, 0, 0));
        let recovered = is_little!(store, "recovering", store.recover(Repeat::Never, NOW).await.unwrap());
        assert_eq!(recovered.count + recovered.put_back, 0);
        assert_eq!(is_little!(store, "open issues", store.open_issues().await.unwrap()).len(), 1);
        assert_eq!(is_little!(store, "untried issues", store.untried_issues().await.unwrap()).len(), 0);
        assert_eq!(is_little!(store, "finishing", store.finish_runs(NOW).await.unwrap()), 0, "one is open");
        assert_eq!(is_little!(store, "what waits", store.waiting(NOW).await.unwrap()), 0);
        is_little!(store, "the marks", store.remove_marks().await.unwrap());
    }
    let late = "UPDATE deliveries SET state = 0, attempts = 0, text = NULL WHERE subscriber = 5";
    query(late).execute(&mut store.connection).await.unwrap();
    let untried = is_little!(store, "one who is late", store.untried_issues().await.unwrap());
    assert!(untried.len() == 1 && untried[0].asked_at.is_none(), "{untried:?}");
    query("UPDATE deliveries SET state = 2 WHERE subscriber = 5").execute(&mut store.connection).await.unwrap();
    claim_later(&mut store).await;
    assert_eq!(is_little!(store, "a claim", store.open_counts().await.unwrap()).sending, 1);
    store.advance(&[outcome(1, DeliveryState::InDoubt, None)], None, NOW).await.unwrap();
    let open = is_little!(store, "a doubt", store.open_counts().await.unwrap());
    assert_eq!((open.open(), open.in_doubt), (0, 1));
    assert_eq!(is_little!(store, "no open issue", store.open_issues().await.unwrap()).len(), 0);
    assert_eq!(is_little!(store, "the end", store.finish_runs(NOW).await.unwrap()), 1);
}

/// Claims what was deferred.
async fn claim_later(store: &mut Store) {
    let claimed = store.advance(&[], Some(&these(&[1])), "2026-03-03T09:00:00Z").await.unwrap();
    assert_eq!(claimed.deliveries.len(), 1);
}

#[tokio::test]
async fn what_one_reader_does_costs_no_more_where_there_are_many() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = sent_to_many(&ledger).await;
    let now: Timestamp = NOW.parse().unwrap();
    for (how, reader) in [("VACUUM", 7), ("ANALYZE", 8)] {
        tidy(&mut store, how).await;
        is_little!(store, "leaving", store.unsubscribe(reader, owners()).await.unwrap());
        let work = Work::begin(&mut store).await;
        assert!(store.take_back(reader, now.as_second(), owners()).await.unwrap());
        work.must_be_little(&mut store, "taking it back").await;
        let own = address(&format!("r{reader}@example.org"));
        assert!(is_little!(store, "erasing", store.erase(&own, "h", now).await.unwrap()));
        let [told] = &store.deliveries_to(reader).await.unwrap()[..] else { panic!("it has one delivery") };
        assert_eq!(
            told.standing.reply().as_deref(),
            Some("(erased with the reader)"),
            "what a server said may name the address"
        );

        let new = [NewSubscriber { status: SubscriberStatus::Pending, ..readers(MANY + 1).pop().unwrap() }];
        store.add_subscribers(&new, "form", NOW).await.unwrap();
        let id = store.subscriber(&new[0].address).await.unwrap().unwrap().id;
        let work = Work::begin(&mut store).await;
        let mut transaction = store.connection.begin().await.unwrap();
        forget_unconfirmed(&mut transaction, id).await.unwrap();
        forget_unconfirmed(&mut transaction, reader).await.unwrap();
        transaction.commit().await.unwrap();
        work.must_be_little(&mut store, "forgetting").await;
        assert!(store.subscriber_numbered(id).await.unwrap().is_none());
        assert!(store.subscriber_numbered(reader).await.unwrap().is_some(), "a delivery names them");
    }
}

fn asking(address: &EmailAddress) -> Asking<'_> {
    Asking { address, hash: "h", name: None, choice: None, way: "form", shown: None, network: None, most_an_hour: 9 }
}

#[tokio::test]
async fn who_joins_while_much_is_queued_gets_the_newest_issue_at_no_more_cost() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = queued_for_many(&ledger).await;
    assert!(is_little!(store, "whether anything waits", store.is_any_ready(NOW).await.unwrap()));
    let (ada, now) = (address("ada@example.org"), NOW.parse().unwrap());
    assert_eq!(is_little!(store, "asking", store.ask(asking(&ada), now).await.unwrap()), Asked::Letter);
    let key = store.letters_that_wait(now.as_second(), 1).await.unwrap()[0].key;
    let greeting = Greeting { letter: true, latest_since: Some(now) };
    is_little!(store, "confirming", store.confirm(key, owners(), greeting).await.unwrap());
    assert_eq!(store.deliveries_to(key.subscriber).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_an_event_costs_does_not_grow_with_the_copies() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = sent_to_many(&ledger).await;
    let now: Timestamp = NOW.parse().unwrap();
    store.record_reports(&(2..13).map(hard_bounce).collect::<Vec<_>>(), now).await.unwrap();
    tidy(&mut store, "ANALYZE").await;
    is_little!(store, "an event", store.look_for_spikes(&[1].into(), now).await.unwrap());
    assert_eq!(store.spike().await.unwrap(), None);
    store.record_reports(&(13..1_600).map(hard_bounce).collect::<Vec<_>>(), now).await.unwrap();
    store.look_for_spikes(&[1].into(), now).await.unwrap();
    let reason = store.spike().await.unwrap().unwrap().reason;
    assert!(reason.starts_with("1598 of 29999 copies"), "{reason}");
}

#[tokio::test]
async fn letters_that_are_kept_cost_nothing() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = quiet(&ledger).await;
    store.add_subscribers(&readers(MANY), "test", NOW).await.unwrap();
    let kept = "INSERT INTO letters (subscriber, number, kind, asked_at, detail, way, state)
        SELECT id, 1, 'moved', '2025-03-01T09:00:00Z', address, 'link', 2 FROM subscribers";
    query(kept).execute(&mut store.connection).await.unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    store.ask_to_move(2, &address("r1@example.org"), "h", owners()).await.unwrap();
    for (how, letters) in [("VACUUM", 2), ("ANALYZE", 3)] {
        tidy(&mut store, how).await;
        let new = address(&format!("new{letters}@example.org"));
        assert_eq!(is_little!(store, "inviting", store.invite(asking(&new), now).await.unwrap()), Asked::Letter);
        assert_eq!(is_little!(store, "recovering", store.recover_letters(now.as_second()).await.unwrap()), 0);
        assert_eq!(is_little!(store, "turns", store.release_letters(9, now).await.unwrap()), 0);
        assert_eq!(is_little!(store, "letters on their way", store.letters_on_their_way().await.unwrap()), letters);
    }
    assert!(is_little!(store, "erasing", store.erase(&address("r1@example.org"), "h", now).await.unwrap()));
    assert_eq!(store.letters_to(2).await.unwrap()[1].detail, None, "a letter to the address about another's mail");
}

#[tokio::test]
async fn what_is_decided_of_one_delivery_reads_no_others() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = sent_to_many(&ledger).await;
    query("UPDATE deliveries SET state = 5 WHERE subscriber IN (8, 9)").execute(&mut store.connection).await.unwrap();
    for (how, reader) in [("VACUUM", 8), ("ANALYZE", 9)] {
        tidy(&mut store, how).await;
        let other_run = is_little!(store, "another run", store.delivery_counts(Some(9)).await.unwrap());
        assert_eq!((other_run.sent, other_run.open()), (0, 0));
        let work = Work::begin(&mut store).await;
        let settled = settle(&mut store, DeliveryState::InDoubt, Some(&[reader]), Decision::Sent, NOW).await.unwrap();
        work.must_be_little(&mut store, "settling").await;
        assert_eq!(settled, 1);
    }
}
