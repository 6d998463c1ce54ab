//! What is recorded of deliveries that are settled meanwhile.

use super::*;

#[tokio::test]
async fn what_is_settled_is_not_changed_by_what_a_connection_says_late() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = frozen(&folder, 2).await;
    store.record(&[], &[intent(1)], NOW).await.unwrap();
    store.record(&[outcome(1, DeliveryState::Sent, None)], &[], NOW).await.unwrap();
    let put_off = Recorded { key: key(1), state: None, next_attempt_at: Some(NOW.to_owned()), said: None };
    let back = Recorded { state: Some(DeliveryState::Queued), next_attempt_at: None, ..put_off.clone() };
    let give_up = |subscriber| Intent { give_up: Some("given up".to_owned()), ..intent(subscriber) };
    for late in [put_off, back] {
        assert_eq!(store.record(&[late], &[give_up(1)], NOW).await.unwrap(), []);
    }
    let standing = store.deliveries_to(1).await.unwrap().remove(0).standing;
    assert_eq!((standing.state, standing.next_attempt_at, standing.history.len()), (DeliveryState::Sent, None, 1));

    assert_eq!(store.record(&[], &[give_up(2)], NOW).await.unwrap(), [(key(2), Grant::Skipped)]);
    let left = store.not_sent(1).await.unwrap().remove(0).standing;
    assert_eq!((left.state, left.reply().as_deref()), (DeliveryState::Skipped, Some("given up")));
}
