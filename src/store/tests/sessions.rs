use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::store::{LINK_SPAN, SESSION_SPAN};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

fn start() -> Timestamp {
    NOW.parse().unwrap()
}

#[tokio::test]
async fn a_link_lets_in_once_and_soon() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    let now = start();
    assert!(store.ask_for_link("n", 100, now).await.unwrap());
    let asked = store.links_that_wait(now).await.unwrap();
    assert!(asked.len() == 1 && asked[0].at == now, "{asked:?}");
    assert!(store.letters_that_wait(now.as_second(), 10).await.unwrap().is_empty(), "it is to no reader");
    let (number, at) = (asked[0].key.number, now.as_second());
    for (number, at, late) in [
        (number + 1, at, SECOND),
        (number, at + 1, SECOND),
        (number, at, LINK_SPAN + SECOND),
        (number, at, -SignedDuration::from_hours(1)),
    ] {
        assert!(!store.log_in(number, at, "other", now + late).await.unwrap(), "{number} {at} {late}");
    }
    let mut second = open(&ledger).await;
    assert!(second.log_in(number, at, "session", now + LINK_SPAN).await.unwrap());
    assert!(!store.log_in(number, at, "again", now + SECOND).await.unwrap(), "in whatever process");
    let begun = now + LINK_SPAN;
    assert!(store.is_logged_in("session", begun).await.unwrap());
    assert!(store.is_logged_in("session", begun + SESSION_SPAN - SECOND).await.unwrap());
    assert!(!store.is_logged_in("session", begun + SESSION_SPAN).await.unwrap());
    assert!(!store.is_logged_in("other", begun).await.unwrap());
    store.log_out("session").await.unwrap();
    assert!(!second.is_logged_in("session", begun).await.unwrap());
}

#[tokio::test]
async fn no_more_links_than_three_an_hour_are_sent_and_old_ones_are_forgotten() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    let now = start();
    let mut taken = Vec::new();
    for second in 0..5 {
        taken.push(store.ask_for_link("n", 100, now + SECOND * second).await.unwrap());
    }
    assert_eq!(taken, [true, true, true, false, false]);
    let later = now + SignedDuration::from_mins(61);
    assert!(!store.ask_for_link("n", 0, later).await.unwrap(), "as few as all letters");
    assert!(store.ask_for_link("n", 100, later).await.unwrap());
    assert_eq!(store.links_that_wait(later).await.unwrap().len(), 4);
    let next_day = later + SignedDuration::from_hours(25);
    assert!(store.ask_for_link("n", 100, next_day).await.unwrap());
    assert_eq!(store.links_that_wait(next_day).await.unwrap().len(), 1);
}
