//! What is recorded of deliveries that are settled meanwhile.

use super::*;

#[tokio::test]
async fn what_is_settled_is_not_changed_by_what_a_connection_says_late() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 2).await;
    claim(&mut store, &[1, 2]).await;
    store.advance(&[outcome(1, DeliveryState::Sent, None)], None, NOW).await.unwrap();
    let again = outcome(1, DeliveryState::Failed, None);
    let back = Recorded { state: Some(DeliveryState::Queued), said: None, ..again.clone() };
    for late in [again, back] {
        store.advance(&[late], None, NOW).await.unwrap();
    }
    let standing = store.deliveries_to(1).await.unwrap().remove(0).standing;
    assert_eq!((standing.state, standing.next_attempt_at, standing.history.len()), (DeliveryState::Sent, None, 1));

    let answer = Answer { code: None, enhanced: None, text: "given up".to_owned() };
    let given_up = Recorded {
        said: Some(Said { relay: None, is_doubtful: false, answer }),
        ..outcome(2, DeliveryState::Skipped, None)
    };
    store.advance(&[given_up], None, NOW).await.unwrap();
    let left = not_sent(&mut store).await.remove(0).standing;
    assert_eq!((left.state, left.reply().as_deref(), left.attempts), (DeliveryState::Skipped, Some("given up"), 0));
}
