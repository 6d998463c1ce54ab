//! A model of claims, messages, answers, leavers and crashes in any order: what the server has, against what the ledger says.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const READERS: i64 = 12;

/// What happens next. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Event {
    Claim(u32),
    /// The mark is written, and the message leaves; the server takes it or, for odd numbers, has no time left for it.
    Send(usize),
    /// The server's answer comes, with a mark when it was taken.
    Answer(usize),
    /// What was answered is recorded, but for the last few.
    Record(usize),
    Leave(i64),
    /// The process dies, and another one goes on.
    Crash,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => (1_u32..6).prop_map(Event::Claim),
        6 => (0_usize..16).prop_map(Event::Send),
        5 => (0_usize..16).prop_map(Event::Answer),
        3 => (0_usize..3).prop_map(Event::Record),
        1 => (1..=READERS).prop_map(Event::Leave),
        1 => Just(Event::Crash),
    ];
    prop::collection::vec(event, 1..60)
}

/// What really is, beside the ledger.
#[derive(Default)]
struct World {
    /// Claimed, and not sent.
    claimed: Vec<QueuedDelivery>,
    /// Sent without an answer, and whether the server took it.
    flying: Vec<(QueuedDelivery, bool)>,
    outcomes: Vec<Recorded>,
    copies: BTreeMap<i64, u32>,
    left: BTreeSet<i64>,
    /// Those of them that were heard of.
    heard: BTreeSet<i64>,
    place: Option<Place>,
}

async fn run(events: Vec<Event>) {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, usize::try_from(READERS).unwrap()).await;
    let mut marks = store.new_marks(&[1]).await.unwrap().unwrap();
    let mut world = World { place: Some(Place::START), ..World::default() };
    for event in events.into_iter().chain([Event::Crash]) {
        match event {
            Event::Claim(limit) => {
                let Some(after) = world.place else { continue };
                let wanted = Wanted::Next { after, is_fresh: false, limit };
                let outcomes = std::mem::take(&mut world.outcomes);
                let claimed = store.advance(&outcomes, Some(&wanted), NOW).await.unwrap();
                assert!(claimed.deliveries.iter().all(|it| !world.left.contains(&it.key().subscriber)));
                world.place = claimed.last.or(world.place);
                world.claimed.extend(claimed.deliveries);
            }
            Event::Send(which) if !world.claimed.is_empty() => {
                let keys: Vec<_> = world.claimed.iter().map(QueuedDelivery::key).collect();
                let heard = store.leavers(keys.into_iter()).await.unwrap().unwrap_or_default();
                world.heard.extend(heard.into_iter().map(|(key, _)| key.subscriber));
                let delivery = world.claimed.remove(which % world.claimed.len());
                let reader = delivery.key().subscriber;
                assert_eq!(world.heard.contains(&reader), world.left.contains(&reader), "reader {reader}");
                if world.heard.contains(&reader) {
                    world.outcomes.push(Recorded { said: None, ..outcome(reader, DeliveryState::Skipped, None) });
                    continue;
                }
                marks.set(delivery.key(), delivery.place.attempts, Some(Mark::Complete)).unwrap();
                let is_taken = which % 4 != 1;
                if is_taken {
                    *world.copies.entry(reader).or_default() += 1;
                }
                world.flying.push((delivery, is_taken));
            }
            Event::Answer(which) if !world.flying.is_empty() => {
                let (delivery, is_taken) = world.flying.remove(which % world.flying.len());
                let mark = is_taken.then_some(Mark::Accepted);
                marks.set(delivery.key(), delivery.place.attempts, mark).unwrap();
                let state = if is_taken { DeliveryState::Sent } else { DeliveryState::Deferred };
                world.outcomes.push(outcome(delivery.key().subscriber, state, (!is_taken).then_some(NOW)));
            }
            Event::Record(but) => {
                let kept = world.outcomes.split_off(world.outcomes.len().saturating_sub(but));
                store.advance(&world.outcomes, None, NOW).await.unwrap();
                world.outcomes = kept;
            }
            Event::Leave(reader) => {
                // By another process, as `subscribers remove` is one.
                let mut other = open(&ledger).await;
                let name = format!("r{reader}@example.org");
                other.set_status(&address(&name), SubscriberStatus::Unsubscribed, owners()).await.unwrap();
                world.left.insert(reader);
            }
            Event::Crash => {
                let unanswered: BTreeSet<i64> = world.flying.iter().map(|(it, _)| it.key().subscriber).collect();
                drop((store, marks));
                store = open(&ledger).await;
                let doubtful = store.recover(Repeat::Never, NOW).await.unwrap().count;
                assert_eq!(doubtful, unanswered.len() as u64, "only what was sent and not answered");
                marks = store.new_marks(&[1]).await.unwrap().unwrap();
                world = World { copies: world.copies, left: world.left, place: Some(Place::START), ..World::default() };
            }
            Event::Send(_) | Event::Answer(_) => {}
        }
    }
    for reader in 1..=READERS {
        let state = store.deliveries_to(reader).await.unwrap().remove(0).standing.state;
        let copies = world.copies.get(&reader).copied().unwrap_or(0);
        assert!(copies <= 1, "reader {reader} has {copies} copies");
        match state {
            DeliveryState::Sent => assert_eq!(copies, 1, "reader {reader} was lost"),
            DeliveryState::InDoubt => {}
            _ => assert_eq!(copies, 0, "reader {reader} would get another copy: {state:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_reader_gets_two_copies_or_is_lost(events in events()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(events));
    }
}
