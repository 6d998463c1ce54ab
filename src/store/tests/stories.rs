//! Stories that hold for both databases. The module around them defines the `Ledger` that they open.

use super::*;

mod claims;
mod cost;
mod late;
mod model;
mod readers;
mod resend;
mod sessions;

async fn open(ledger: &Ledger) -> Store {
    Store::open(&ledger.database()).await.unwrap()
}

async fn frozen(ledger: &Ledger, count: usize) -> Store {
    let mut store = open(ledger).await;
    store.add_subscribers(&readers(count), "test", NOW).await.unwrap();
    assert_eq!(store.freeze(NOW, &[entry("https://example.org/a/")], &[issue(1)]).await.unwrap(), count as u64);
    store
}

#[tokio::test]
async fn the_secret_is_made_once() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    let secret = store.secret().await.unwrap();
    store.close().await.unwrap();
    assert_eq!(open(&ledger).await.secret().await.unwrap(), secret);
    assert_eq!(secret.bytes.len(), 64);
}

#[tokio::test]
async fn who_left_is_not_brought_back_by_an_import() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    store.add_subscribers(&readers(2), "import", NOW).await.unwrap();
    store.set_status(&address("R1@example.org"), SubscriberStatus::Unsubscribed, owners()).await.unwrap();
    let added = store.add_subscribers(&readers(3), "import", NOW).await.unwrap();
    assert_eq!((added.new, added.known), (1, 2));
    assert_eq!(store.subscriber_counts().await.unwrap().unsubscribed, 1);
    assert_eq!(
        store.set_status(&address("nobody@example.org"), SubscriberStatus::Unsubscribed, owners()).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn freezing_queues_one_delivery_for_each_confirmed_reader() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    store.add_subscribers(&readers(3), "test", NOW).await.unwrap();
    store.set_status(&address("r2@example.org"), SubscriberStatus::Unsubscribed, owners()).await.unwrap();
    assert_eq!(store.freeze(NOW, &[entry("a")], &[issue(1)]).await.unwrap(), 2);
    assert_eq!(store.delivery_counts(None).await.unwrap().queued, 2);
    assert_eq!(store.open_issues().await.unwrap(), [issue(1)]);
    assert_eq!(store.next_issue().await.unwrap(), 2);
    let expected = MailedEntry { run: 1, ..entry("a").mailed };
    assert_eq!(store.mailed_entries().await.unwrap(), [expected]);
}

#[tokio::test]
async fn a_freeze_that_fails_leaves_nothing() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 1).await;
    assert!(store.freeze(NOW, &[entry("b")], &[issue(1)]).await.is_err(), "issue 1 exists");
    assert_eq!(store.runs().await.unwrap().len(), 1);
    assert_eq!(store.mailed_entries().await.unwrap().len(), 1);
}

#[tokio::test]
async fn deferred_deliveries_wait_for_their_time() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 2).await;
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
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 3).await;
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
    let Some(ledger) = Ledger::new() else { return };
    let (mut store, mut other) = (open(&ledger).await, open(&ledger).await);
    let lock = store.lock(Right::Plan).await.unwrap();
    assert!(lock.is_some());
    assert!(other.lock(Right::Plan).await.unwrap().is_none());
    assert!(other.deliverer().await.unwrap().is_some());
    drop(lock);
    store.close().await.unwrap();
    // A server ends a session after its client has gone.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while other.deliverer().await.unwrap().is_some() {
        assert!(std::time::Instant::now() < end, "the right is still taken");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(other.lock(Right::Plan).await.unwrap().is_some());
}

#[tokio::test]
async fn the_ledger_tells_the_story_of_an_entry_and_of_a_reader() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 3).await;
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
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 1).await;
    store.set_relay("smtp://mail.example.org:25").await.unwrap();
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
        assert_eq!(store.tried_since(since, &Counted::All).await.unwrap(), tries, "since {since}");
    }
}

#[tokio::test]
async fn what_is_said_again_and_again_is_kept_once() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 4).await;
    for subscriber in 1..=3 {
        one_try(&mut store, subscriber, 0, DeliveryState::Failed, "550 5.1.1 no such user here", NOW).await;
    }
    one_try(&mut store, 4, 0, DeliveryState::Sent, "250 2.0.0 Ok: queued as 4F", NOW).await;
    let texts: Vec<String> = query("SELECT text FROM texts ORDER BY id").values(&mut store.connection).await.unwrap();
    assert_eq!(texts, ["smtp://mail.example.org:25", "550 5.1.1", "no such user here", "250 2.0.0"]);
    let own = query("SELECT COUNT(*) FROM deliveries WHERE text IS NOT NULL");
    let own: i64 = own.value(&mut store.connection).await.unwrap();
    assert_eq!(own, 2, "the first of its kind, and the one that is the only one");
    let told = not_sent(&mut store).await;
    assert!(told.iter().all(|one| one.standing.reply().unwrap() == "550 5.1.1 no such user here"));
}

#[tokio::test]
async fn a_try_that_a_dead_process_did_not_record_is_one() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 1).await;
    store.set_relay("smtp://mail.example.org:25").await.unwrap();
    claim(&mut store, &[1]).await;
    store.close().await.unwrap();
    ledger.is_left().await;
    let mut store = open(&ledger).await;
    store.recover(Repeat::Never, "2026-03-01T10:00:00Z").await.unwrap();
    let standing = not_sent(&mut store).await.remove(0).standing;
    assert_eq!((standing.state, standing.attempts, standing.history.len()), (DeliveryState::InDoubt, 1, 1));
    assert_eq!(standing.history[0].at, NOW, "when it began");
    assert_eq!(standing.history[0].relay.as_deref(), Some("smtp://mail.example.org:25"));
    let to = |domain: &str| Counted::To(vec!["elsewhere.example".to_owned(), domain.to_owned()]);
    for (counted, tries) in [(Counted::All, 1), (to("example.org"), 1), (to("example.or"), 0)] {
        assert_eq!(store.tried_since(NOW, &counted).await.unwrap(), tries, "{counted:?}");
    }
}

#[tokio::test]
async fn what_was_put_off_goes_behind_what_waits() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 6).await;
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
async fn a_refusal_becomes_final_only_when_nothing_happened_since() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 2).await;
    one_try(&mut store, 1, 0, DeliveryState::Deferred, "554 no", NOW).await;
    one_try(&mut store, 2, 0, DeliveryState::Deferred, "554 no", NOW).await;
    one_try(&mut store, 2, 1, DeliveryState::Deferred, "451 later", NOW).await;
    assert_eq!(store.refused_for_good(&[(key(1), 1), (key(2), 1)], NOW).await.unwrap(), 1);
    let counts = store.delivery_counts(None).await.unwrap();
    assert_eq!((counts.failed, counts.deferred), (1, 1));
}
