use super::*;

#[tokio::test]
async fn a_ledger_without_tries_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    Folder::new(folder.path()).make_private_file("old.db").unwrap();
    let mut old = unmigrated(&path).await;
    let first = Migration::new(1, "ledger".into(), MigrationType::Simple, MIGRATIONS[0].2.into_sql_str(), false);
    migrate(&mut old, first).await;
    for reader in readers(8) {
        let address = reader.address.as_str();
        query("INSERT INTO subscribers (address, address_key, status, source, created_at, updated_at) VALUES ($1, $1, 'confirmed', 'test', $2, $2)")
            .bind(address)
            .bind(NOW)
            .execute(&mut old.connection)
            .await
            .unwrap();
    }
    for (sql, value) in [
        ("INSERT INTO runs (cutoff) VALUES ($1)", NOW.to_owned()),
        (
            "INSERT INTO issues (number, run, subject, digest, frozen) VALUES (1, 1, 's', 'd', $1)",
            serde_json::to_string(&issue(1)).unwrap(),
        ),
    ] {
        query(sql).bind(value).execute(&mut old.connection).await.unwrap();
    }
    let (first, last) = ("2026-03-01T09:00:01Z", "2026-03-01T09:40:00Z");
    let later = "2026-03-01T10:00:00Z";
    for (subscriber, state, attempts, first, next, reply) in [
        (1, "queued", 0, None, None, None),
        (2, "sent", 1, Some(first), None, Some("250 2.0.0 Ok: queued as 4F")),
        (3, "deferred", 3, Some(first), Some(later), Some("451 4.7.1 try again later")),
        (4, "failed", 1, Some(first), None, Some("550 no such user")),
        (5, "sent", 1, Some(first), None, Some("settled by the owner: sent")),
        (6, "skipped", 0, None, None, Some("the reader had left: unsubscribed")),
        (7, "sending", 1, Some(first), None, None),
        (8, "queued", 0, None, None, Some("settled by the owner: queued")),
    ] {
        query("INSERT INTO deliveries VALUES (1, $1, $2, $3, $4, $5, $6, $7)")
            .bind(i64::from(subscriber))
            .bind(state)
            .bind(i64::from(attempts))
            .bind(first)
            .bind(next)
            .bind(reply)
            .bind(last)
            .execute(&mut old.connection)
            .await
            .unwrap();
    }
    old.close().await.unwrap();

    let mut store = Store::open(&at(&path)).await.unwrap();
    let mut told = Vec::new();
    for subscriber in 1..=8 {
        let standing = store.deliveries_to(subscriber).await.unwrap().remove(0).standing;
        let tries = standing.history.iter().filter(|one| one.relay.is_some()).count();
        assert_eq!(standing.attempts, i64::try_from(tries).unwrap(), "reader {subscriber}");
        if standing.state != DeliveryState::Sending {
            let end = standing.history.last().map_or(DeliveryState::Queued, |one| one.state);
            assert_eq!(standing.state, end, "reader {subscriber}");
        }
        told.push((standing.attempts, standing.history.len(), standing.reply()));
    }
    let told: Vec<_> = told.iter().map(|(tries, rows, reply)| (*tries, *rows, reply.as_deref())).collect();
    assert_eq!(
        told,
        [
            (0, 0, None),
            (1, 1, Some("250 2.0.0 Ok: queued as 4F")),
            (3, 3, Some("451 4.7.1 try again later")),
            (1, 1, Some("550 no such user")),
            (1, 2, Some("settled by the owner: sent")),
            (0, 1, Some("the reader had left: unsubscribed")),
            (0, 0, None),
            (0, 1, Some("settled by the owner: queued")),
        ]
    );
    let deferred = store.deliveries_to(3).await.unwrap().remove(0).standing;
    assert_eq!((deferred.next_attempt_at.as_deref(), deferred.updated_at.as_str()), (Some(later), last));
    let answer = &deferred.history[2].answer;
    assert_eq!((answer.code, answer.enhanced.as_deref()), (Some(451), Some("4.7.1")));
    assert_eq!(store.tried_since(first, None).await.unwrap(), 6, "what was tried counts for the limits");
    assert_eq!(store.recover(Repeat::Never, later).await.unwrap().count, 1);
    let queued = store.queued(Place::START, later, 10).await.unwrap();
    let order: Vec<_> = queued.iter().map(|job| (job.key().subscriber, job.tries)).collect();
    assert_eq!(order, [(1, 0), (8, 0), (3, 3)]);
    assert_eq!(queued[2].first_try_at, first.parse().ok(), "patience goes on");
}

#[tokio::test]
async fn a_list_of_before_there_were_hooks_hears_from_services() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    Folder::new(folder.path()).make_private_file("old.db").unwrap();
    let mut old = unmigrated(&path).await;
    for (version, name, sql) in MIGRATIONS.iter().filter(|(version, _, _)| *version < 11) {
        let step = Migration::new(*version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false);
        migrate(&mut old, step).await;
    }
    let add = "INSERT INTO subscribers (address, address_key, status, source, created_at, updated_at) VALUES ('a@b.test', 'a@b.test', 'confirmed', 'test', $1, $1)";
    query(add).bind(NOW).execute(&mut old.connection).await.unwrap();
    old.close().await.unwrap();
    let mut store = Store::open(&at(&path)).await.unwrap();
    let now = NOW.parse().unwrap();
    assert_eq!(store.record_event("e", &[], now).await.unwrap(), Some(Vec::new()));
    assert_eq!(store.record_event("e", &[], now).await.unwrap(), None);
    assert_eq!(store.subscriber_counts().await.unwrap().confirmed, 1);
}
