//! What the owner decides about deliveries.

use super::*;

const LATER: &str = "2026-03-05T09:00:00Z";

/// Issue 1 with deliveries to readers 1 to 7: sent, failed, in doubt, deferred, given up, left, and dropped while in doubt. Reader
/// 8 joined later, reader 9 too and left.
async fn mixed(ledger: &Ledger) -> Store {
    let mut store = frozen(ledger, 7).await;
    claim(&mut store, &[1, 2, 3, 4, 5, 7]).await;
    let ended = [
        outcome(1, DeliveryState::Sent, None),
        outcome(2, DeliveryState::Failed, None),
        outcome(3, DeliveryState::InDoubt, None),
        outcome(4, DeliveryState::Deferred, Some(LATER)),
        outcome(5, DeliveryState::Skipped, None),
        outcome(7, DeliveryState::InDoubt, None),
    ];
    store.advance(&ended, None, NOW).await.unwrap();
    store.set_status(&address("r6@example.org"), SubscriberStatus::Unsubscribed, owners()).await.unwrap();
    store.advance(&[], Some(&these(&[6])), NOW).await.unwrap();
    store.set_status(&address("r6@example.org"), SubscriberStatus::Confirmed, owners()).await.unwrap();
    assert_eq!(settle(&mut store, DeliveryState::InDoubt, Some(&[7]), Decision::Drop, NOW).await.unwrap(), 1);
    store.add_subscribers(&readers(9)[7..], "test", NOW).await.unwrap();
    store.set_status(&address("r9@example.org"), SubscriberStatus::Unsubscribed, owners()).await.unwrap();
    store.finish_runs(NOW).await.unwrap();
    store
}

/// The states of the deliveries of issue 1 to readers 1 to 9.
async fn states(store: &mut Store) -> Vec<Option<DeliveryState>> {
    let all: Vec<i64> = (1..=9).collect();
    let found = store.states(1, &all).await.unwrap();
    all.iter().map(|id| found.iter().find(|(key, _)| key.subscriber == *id).map(|(_, state)| *state)).collect()
}

#[tokio::test]
async fn an_issue_is_missing_for_who_was_never_sent_it() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = mixed(&ledger).await;
    let before = states(&mut store).await;
    let missing = store.missing(1).await.unwrap();
    assert_eq!(
        missing,
        Missing { count: 3, failed: 1, in_doubt: 1, dropped: 1, confirmed: 8 },
        "given up, back again, joined later"
    );
    assert_eq!(store.queue_missing(1, LATER).await.unwrap(), 3);
    let after = states(&mut store).await;
    let changed: Vec<_> = (1..=9).zip(before.iter().zip(&after)).filter(|(_, (old, new))| old != new).collect();
    assert_eq!(changed.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [5, 6, 8]);
    assert!(changed.iter().all(|(_, (_, new))| **new == Some(DeliveryState::Queued)));
    assert_eq!(store.missing(1).await.unwrap().count, 0);
    assert!(store.run(None).await.unwrap().unwrap().run.finished_at.is_none(), "it is open again");
    let history = |id: i64| not_sent_to(id);
    assert_eq!(history(8)(&not_sent(&mut store).await), ["queued by the owner: `publish --missing`"]);
    assert_eq!(history(5)(&not_sent(&mut store).await), ["250 ok", "queued by the owner: `publish --missing`"]);
}

#[tokio::test]
async fn who_is_named_twice_gets_one_copy_and_who_has_the_issue_does_not_miss_it() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = mixed(&ledger).await;
    let before = store.missing(1).await.unwrap();
    assert_eq!(store.resend(1, None, &[1, 1], LATER).await.unwrap(), 1);
    assert_eq!(not_sent_to(1)(&not_sent(&mut store).await), ["250 ok", "queued by the owner: `runs resend`"]);
    assert_eq!(settle(&mut store, DeliveryState::Queued, Some(&[1]), Decision::GiveUp, LATER).await.unwrap(), 1);
    assert_eq!(store.missing(1).await.unwrap(), before, "the copy that came first is not taken back");
    assert_eq!(store.queue_missing(1, LATER).await.unwrap(), before.count);
}

fn not_sent_to(subscriber: i64) -> impl Fn(&[NotSent]) -> Vec<String> {
    move |all| {
        let found = all.iter().find(|delivery| delivery.key.subscriber == subscriber).unwrap();
        found.standing.history.iter().map(|one| one.answer.to_string()).collect()
    }
}

#[tokio::test]
async fn what_was_given_up_is_told_from_who_had_left_and_who_was_dropped() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = mixed(&ledger).await;
    let chosen = Chosen { run: 1, from: DeliveryState::Skipped, is_given_up: true, readers: None };
    assert_eq!(store.settle(chosen, Decision::SendAgain, LATER).await.unwrap(), 1);
    let states = states(&mut store).await;
    assert_eq!(
        (states[4], states[5], states[6]),
        (Some(DeliveryState::Queued), Some(DeliveryState::Skipped), Some(DeliveryState::Skipped))
    );
    assert_eq!(settle(&mut store, DeliveryState::Skipped, None, Decision::SendAgain, LATER).await.unwrap(), 2);
}

#[tokio::test]
async fn an_issue_is_sent_once_more_also_to_who_has_it_or_was_not_on_its_list() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = mixed(&ledger).await;
    assert_eq!(store.resend(1, None, &[1, 2, 3, 4, 7, 8, 9], LATER).await.unwrap(), 4);
    let states = states(&mut store).await;
    let queued: Vec<_> = (1..=9).zip(&states).filter(|(_, state)| **state == Some(DeliveryState::Queued)).collect();
    assert_eq!(queued.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 2, 7, 8]);
    assert_eq!((states[2], states[3], states[8]), (Some(DeliveryState::InDoubt), Some(DeliveryState::Deferred), None));
    assert_eq!(store.resend(1, Some(2), &[1], LATER).await.unwrap(), 0, "another issue");
}

#[tokio::test]
async fn what_the_owner_has_asked_for_is_not_given_up_at_once() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = mixed(&ledger).await;
    assert_eq!(settle(&mut store, DeliveryState::Failed, None, Decision::SendAgain, LATER).await.unwrap(), 1);
    assert_eq!(store.give_up(1, "given up: old", LATER, LATER).await.unwrap(), 1, "the deferred one");
    let after = "2026-03-09T09:00:00Z";
    assert_eq!(store.give_up(1, "given up: old", after, after).await.unwrap(), 1);

    // Neither was it tried before, and that is told with when it was asked for.
    store.queue_missing(1, after).await.unwrap();
    let asked = |untried: &[Untried]| untried.iter().map(|one| one.asked_at.clone()).collect::<Vec<_>>();
    assert_eq!(asked(&store.untried_issues().await.unwrap()), [Some(after.to_owned())]);
}
