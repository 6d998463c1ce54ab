//! A ledger that is moved from a file to a server and back.

use super::*;

fn file(folder: &tempfile::TempDir, name: &str) -> Database {
    Database::File(folder.path().join(name))
}

/// Everything that can be asked about issue 1.
async fn told(store: &mut Store) -> String {
    let mut stories = Vec::new();
    for reader in 1..=4 {
        stories.push(store.deliveries_to(reader).await.unwrap());
    }
    let known = (store.secret().await.unwrap(), store.ledger_id().await.unwrap(), store.known_issues().await.unwrap());
    let runs = (store.runs().await.unwrap(), store.mailed_entries().await.unwrap(), store.issue(1).await.unwrap());
    let list = (store.subscribers(None, 0, 100).await.unwrap(), store.stops().await.unwrap());
    format!("{known:?} {runs:?} {list:?} {stories:?}")
}

#[tokio::test]
async fn everything_moves_to_a_server_and_back_and_nothing_stays_that_sends() {
    let Some(ledger) = Ledger::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let old = file(&folder, "old/tidings.db");
    let mut store = Store::open(&old).await.unwrap();
    let mut list = readers(3);
    list[1].name = Some("Ada \u{0} \"Quill\" 😀".replace('\u{0}', ""));
    store.add_subscribers(&list, "test", NOW).await.unwrap();
    store.freeze(NOW, &[entry("https://example.org/a/")], &[issue(1)]).await.unwrap();
    store.set_relay("smtp://mail.example.org:25").await.unwrap();
    claim(&mut store, &[1, 2]).await;
    let ended =
        [outcome(1, DeliveryState::Sent, None), outcome(2, DeliveryState::Deferred, Some("2026-03-01T09:30:00Z"))];
    let at_server = ledger.database();
    let mut server = Store::open(&at_server).await.unwrap();
    let busy = store.move_to(&mut server, &at_server).await;
    assert!(matches!(busy, Err(StoreError::Delivering)), "{busy:?}");
    store.moving = None;
    store.advance(&ended, None, NOW).await.unwrap();
    store.raise_generation().await.unwrap();
    let noon = "2026-03-01T12:00:00Z".parse().unwrap();
    store.record_event("told", &[], noon).await.unwrap();
    let (before, generation) = (told(&mut store).await, store.generation().await.unwrap());

    let moved = store.move_to(&mut server, &at_server).await.unwrap();
    assert_eq!(moved, Moved { readers: 3, runs: 1, deliveries: 3 });
    assert_eq!(told(&mut server).await, before);
    assert_eq!(server.record_event("told", &[], noon).await.unwrap(), None, "it is known there too");
    assert_eq!(server.generation().await.unwrap(), generation + 1, "it is the newest");
    store.moving = None;
    assert!(matches!(store.lock(Right::Plan).await, Err(StoreError::Moved { .. })));
    store.close().await.unwrap();
    assert!(matches!(Store::open(&old).await, Err(StoreError::Moved { .. })));

    // New rows are numbered after those that came.
    server.add_subscribers(&readers(4), "test", NOW).await.unwrap();
    assert_eq!(server.subscribers(None, 3, 10).await.unwrap().len(), 1);
    claim(&mut server, &[3]).await;
    server.advance(&[outcome(3, DeliveryState::Sent, None)], None, NOW).await.unwrap();
    server.leave().await.unwrap();

    let new = file(&folder, "new.db");
    let mut back = Store::open(&new).await.unwrap();
    let before = told(&mut server).await;
    server.move_to(&mut back, &new).await.unwrap();
    assert_eq!(told(&mut back).await, before);
    assert!(back.lock(Right::Plan).await.is_ok());
    let again = back.move_to(&mut server, &at_server).await;
    assert!(matches!(again, Err(StoreError::Delivering | StoreError::NotEmpty { .. })), "{again:?}");
}

#[tokio::test]
async fn what_has_moved_moves_nowhere_else() {
    let Some(ledger) = Ledger::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (old, new, third) = (file(&folder, "old.db"), ledger.database(), file(&folder, "third.db"));
    let mut store = Store::open(&old).await.unwrap();
    store.add_subscribers(&readers(2), "test", NOW).await.unwrap();
    let mut server = Store::open(&new).await.unwrap();
    store.move_to(&mut server, &new).await.unwrap();
    (store.moving, server.moving) = (None, None);
    let mut other = Store::open(&third).await.unwrap();
    let refused = store.move_to(&mut other, &third).await;
    assert!(matches!(refused, Err(StoreError::Moved { .. })), "{refused:?}");
    assert_eq!(other.subscriber_counts().await.unwrap().confirmed, 0);
    // As when the first command was cut off at its end.
    server.close().await.unwrap();
    ledger.sql("DELETE FROM subscribers; DELETE FROM list_version; INSERT INTO list_version VALUES (0)");
    store.moving = None;
    let mut server = Store::open(&new).await.unwrap();
    assert_eq!(store.move_to(&mut server, &new).await.unwrap().readers, 2);
}

#[tokio::test]
async fn what_is_not_empty_stays_as_it_is() {
    let Some(ledger) = Ledger::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut server = Store::open(&ledger.database()).await.unwrap();
    server.add_subscribers(&readers(1), "test", NOW).await.unwrap();
    let mut store = Store::open(&file(&folder, "a.db")).await.unwrap();
    store.add_subscribers(&readers(2), "test", NOW).await.unwrap();
    let secret = server.secret().await.unwrap();
    let refused = store.move_to(&mut server, &ledger.database()).await;
    assert!(matches!(refused, Err(StoreError::NotEmpty { .. })), "{refused:?}");
    assert_eq!((server.secret().await.unwrap(), server.subscriber_counts().await.unwrap().confirmed), (secret, 1));
    assert_eq!(store.moved_to().await.unwrap(), None);
}
