//! Claims, who leaves meanwhile, and what is known when the process that claimed is gone.

use super::*;

#[tokio::test]
async fn nothing_is_claimed_for_a_reader_who_left_meanwhile() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 2).await;
    store.set_status(&address("r2@example.org"), SubscriberStatus::Unsubscribed, owners()).await.unwrap();
    let claimed = store.advance(&[], Some(&these(&[1, 2])), NOW).await.unwrap();
    let readers: Vec<_> = claimed.deliveries.iter().map(QueuedDelivery::key).collect();
    assert_eq!((readers, claimed.left), (vec![key(1)], 1));
    let counts = store.delivery_counts(Some(1)).await.unwrap();
    assert_eq!((counts.sending, counts.skipped), (1, 1));
    let again = store.advance(&[], Some(&these(&[1])), NOW).await.unwrap();
    assert!(again.deliveries.is_empty(), "it is claimed already");
    let left = not_sent(&mut store).await.remove(1).standing;
    assert_eq!((left.reply().as_deref(), left.attempts), (Some("the reader had left: unsubscribed"), 0));
}

#[tokio::test]
async fn who_leaves_while_a_delivery_is_claimed_is_heard_of() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 3).await;
    claim(&mut store, &[1, 2]).await;
    assert_eq!(store.leavers([1, 2].map(key).into_iter()).await.unwrap().unwrap_or_default(), []);
    let mut other = open(&ledger).await;
    for reader in ["r2@example.org", "r3@example.org"] {
        other.set_status(&address(reader), SubscriberStatus::Complained, owners()).await.unwrap();
    }
    let left = store.leavers([1, 2].map(key).into_iter()).await.unwrap().unwrap();
    assert_eq!(left, [(key(2), "the reader had left: complained".to_owned())]);
    assert_eq!(store.leavers([1, 2].map(key).into_iter()).await.unwrap(), None, "once");
}

/// Deliveries are claimed page by page while it is recorded what became of the earlier ones: each is claimed once.
#[tokio::test]
async fn no_delivery_is_passed_over_or_claimed_twice_while_the_queue_changes() {
    const READERS: i64 = 400;
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, usize::try_from(READERS).unwrap()).await;
    let (mut place, mut order, mut outcomes) = (Place::START, Vec::new(), Vec::new());
    loop {
        let wanted = Wanted::Next { after: place, is_fresh: false, limit: 7 };
        let claimed = store.advance(&outcomes, Some(&wanted), NOW).await.unwrap();
        let Some(last) = claimed.last else { break };
        place = last;
        // Sent, put off for later, or put back where it was.
        let became = |job: &QueuedDelivery| match job.key().subscriber {
            it if it % 3 == 0 => outcome(it, DeliveryState::Sent, None),
            it if it % 3 == 1 => outcome(it, DeliveryState::Deferred, Some("2026-03-01T09:30:00Z")),
            _ => job.put_back(),
        };
        outcomes = claimed.deliveries.iter().map(became).collect();
        order.extend(claimed.deliveries.iter().map(|job| job.key().subscriber));
    }
    assert_eq!(order, (1..=READERS).collect::<Vec<_>>(), "all, each in its turn");
    let fresh = Wanted::Next { after: Place::START, is_fresh: true, limit: 1_000 };
    let later = "2026-03-01T10:00:00Z";
    let claimed = store.advance(&[], Some(&fresh), later).await.unwrap().deliveries;
    assert!(claimed.iter().all(|job| job.key().subscriber % 3 == 2) && claimed.len() == 133, "the others were tried");
}

/// What is known of messages when the process that claimed them is gone.
#[tokio::test]
async fn only_what_was_complete_and_not_answered_is_in_doubt() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 5).await;
    let marks = store.new_marks(&[1]).await.unwrap().unwrap();
    claim(&mut store, &[1, 2, 3, 4]).await;
    marks.set(key(1), 0, Some(Mark::Complete)).unwrap();
    marks.set(key(2), 0, Some(Mark::Complete)).unwrap();
    marks.set(key(2), 0, Some(Mark::Accepted)).unwrap();
    marks.set(key(3), 0, Some(Mark::Complete)).unwrap();
    marks.set(key(3), 0, None).unwrap();
    assert!(marks.set(DeliveryKey { issue: 2, subscriber: 1 }, 0, None).is_err(), "no such issue is open");
    let seen = open(&ledger).await.delivery_counts(None).await.unwrap();
    assert_eq!((seen.sending, seen.sent, seen.queued), (1, 1, 3), "while they are being sent");
    drop((store, marks));
    let mut store = open(&ledger).await;
    let recovered = store.recover(Repeat::Never, NOW).await.unwrap();
    assert_eq!((recovered.count, recovered.accepted, recovered.put_back), (1, 1, 2));
    let counts = store.delivery_counts(None).await.unwrap();
    assert_eq!((counts.in_doubt, counts.sent, counts.queued), (1, 1, 3));
    let reply = store.deliveries_to(2).await.unwrap().remove(0).standing.reply().unwrap();
    assert!(reply.starts_with("the server accepted it"), "{reply}");
}

#[tokio::test]
async fn a_claim_whose_marks_are_gone_or_of_another_is_all_in_doubt() {
    for lose in ["remove", "another"] {
        let Some(ledger) = Ledger::new() else { return };
        let mut store = frozen(&ledger, 2).await;
        store.new_marks(&[1]).await.unwrap();
        claim(&mut store, &[1, 2]).await;
        match lose {
            "remove" => {
                store.remove_marks().await.unwrap();
                let token = store.token().await.unwrap();
                store.file.folder.remove(&marks::name(&store.file, token)).unwrap();
            }
            _ => {
                let token = store.token().await.unwrap();
                let name = marks::name(&store.file, token);
                drop(store.file.folder.new_marks(&name, b"tidings claims 00\n").unwrap());
            }
        }
        assert_eq!(store.recover(Repeat::Never, NOW).await.unwrap().count, 2, "{lose}");
    }
}
