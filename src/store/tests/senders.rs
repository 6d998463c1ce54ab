//! Several senders of one database, in any order of what may happen to them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const READERS: i64 = 16;

async fn open(ledger: &Ledger) -> Store {
    Store::open(&ledger.database()).await.unwrap()
}

/// A ledger with an issue to so many readers.
async fn frozen(ledger: &Ledger, count: i64) {
    let mut store = open(ledger).await;
    store.add_subscribers(&readers(usize::try_from(count).unwrap()), "test", NOW).await.unwrap();
    store.freeze(NOW, &[entry("https://example.org/a/")], &[issue(1)]).await.unwrap();
    store.close().await.unwrap();
}

/// What is left of the lease of a sender is taken away, as when it was not heard of for a minute.
fn expire(ledger: &Ledger, token: Option<i64>) {
    let token = token.unwrap();
    ledger.sql(&format!("UPDATE senders SET lease_until = now() - interval '1 second' WHERE token = {token}"));
}

#[tokio::test]
async fn one_that_wakes_up_late_changes_nothing() {
    let Some(ledger) = Ledger::new() else { return };
    frozen(&ledger, 3).await;
    let (mut late, mut other) = (open(&ledger).await, open(&ledger).await);
    let marks = late.new_marks(&[1]).await.unwrap().unwrap();
    claim(&mut late, &[1, 2]).await;
    marks.set(key(1), 0, Some(Mark::Complete)).unwrap();
    other.recover(Repeat::Never, NOW).await.unwrap();
    assert_eq!(other.delivery_counts(None).await.unwrap().in_doubt, 0, "it lives");

    let token = late.token().await.unwrap();
    expire(&ledger, token);
    assert!(matches!(late.leavers([1, 2].map(key).into_iter()).await, Err(StoreError::LeaseOver)));
    let recovered = other.recover(Repeat::Never, NOW).await.unwrap();
    assert_eq!((recovered.count, recovered.put_back), (2, 0), "what it is about to send stands in no mark");
    let said = late.advance(&[outcome(1, DeliveryState::Sent, None)], None, NOW).await;
    assert!(matches!(said, Err(StoreError::LeaseOver)), "{said:?}");
    let counts = other.delivery_counts(None).await.unwrap();
    assert_eq!((counts.in_doubt, counts.queued, counts.sent), (2, 1, 0));
}

#[tokio::test]
async fn no_sender_takes_or_records_what_another_one_has() {
    let Some(ledger) = Ledger::new() else { return };
    frozen(&ledger, 4).await;
    let (mut one, mut two) = (open(&ledger).await, open(&ledger).await);
    claim(&mut one, &[1, 2]).await;
    assert!(two.advance(&[], Some(&these(&[1, 2])), NOW).await.unwrap().deliveries.is_empty());
    let next = Wanted::Next { after: Place::START, is_fresh: false, limit: 3 };
    let claimed = two.advance(&[], Some(&next), NOW).await.unwrap();
    assert_eq!(claimed.deliveries.iter().map(|it| it.key().subscriber).collect::<Vec<_>>(), [3, 4]);
    assert_eq!((one.senders(), two.senders()), (1, 2), "as each knows");
    two.advance(&[outcome(1, DeliveryState::Failed, None)], None, NOW).await.unwrap();
    one.advance(&[outcome(1, DeliveryState::Sent, None)], None, NOW).await.unwrap();
    let standing = one.deliveries_to(1).await.unwrap().remove(0).standing;
    assert_eq!((standing.state, standing.history.len()), (DeliveryState::Sent, 1));
}

/// As when a server was started again, and others are there sooner.
#[tokio::test]
async fn one_that_lost_its_session_just_now_keeps_what_it_has() {
    let Some(ledger) = Ledger::new() else { return };
    frozen(&ledger, 2).await;
    let (mut slow, mut other) = (open(&ledger).await, open(&ledger).await);
    claim(&mut slow, &[1, 2]).await;
    let session: i64 = query("SELECT pg_backend_pid()::bigint").value(&mut slow.connection).await.unwrap();
    ledger.sql(&format!("SELECT pg_terminate_backend({session}, 10000)"));
    let recovered = other.recover(Repeat::Never, NOW).await.unwrap();
    assert_eq!((recovered.count, recovered.put_back), (0, 0));
    assert!(slow.advance(&[], None, NOW).await.is_err());
    slow.reconnect().await.unwrap();
    slow.advance(&[outcome(1, DeliveryState::Sent, None)], None, NOW).await.unwrap();
    drop(slow);
    ledger.is_left().await;
    let recovered = other.recover(Repeat::Never, NOW).await.unwrap();
    assert_eq!((recovered.count, other.delivery_counts(None).await.unwrap().sent), (1, 1));
}

/// What it has locked is waited for at most as long as any other process waits.
#[tokio::test]
async fn one_that_stands_still_in_a_transaction_harms_no_other_one() {
    let Some(ledger) = Ledger::new() else { return };
    frozen(&ledger, 1).await;
    let (mut still, mut other) = (open(&ledger).await, open(&ledger).await);
    let transaction = still.connection.begin_beside().await.unwrap();
    assert!(other.token().await.unwrap().is_some(), "for this it has the database for itself");
    assert!(transaction.commit().await.is_err());
}

/// How many rows of deliveries were read one after the other, by sessions that have said so.
async fn read_in_order(store: &mut Store) -> i64 {
    let tell = query("SELECT CAST(pg_stat_force_next_flush() AS TEXT)");
    tell.execute(&mut store.connection).await.unwrap();
    let read = query("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relid = 'deliveries'::regclass");
    read.value(&mut store.connection).await.unwrap()
}

#[tokio::test]
async fn what_a_claim_costs_does_not_grow_with_the_list() {
    let Some(ledger) = Ledger::new() else { return };
    frozen(&ledger, 5_000).await;
    let mut store = open(&ledger).await;
    let before = read_in_order(&mut store).await;
    let (mut place, mut outcomes) = (Place::START, Vec::new());
    for _ in 0..8 {
        let next = Wanted::Next { after: place, is_fresh: false, limit: 100 };
        let claimed = store.advance(&outcomes, Some(&next), NOW).await.unwrap();
        place = claimed.last.unwrap();
        let keys = claimed.deliveries.iter().map(QueuedDelivery::key);
        outcomes = keys.map(|key| outcome(key.subscriber, DeliveryState::Sent, None)).collect();
    }
    assert_eq!(read_in_order(&mut store).await - before, 0, "the whole table was read");
}

#[tokio::test]
async fn all_senders_together_keep_to_a_limit() {
    let Some(ledger) = Ledger::new() else { return };
    frozen(&ledger, 9).await;
    let (mut one, mut two) = (open(&ledger).await, open(&ledger).await);
    let next = Wanted::Next { after: Place::START, is_fresh: false, limit: 3 };
    let by_all = Quota { counted: Counted::All, limits: vec![(5, 3_600)] };
    let domains = vec!["example.org".to_owned(), "other.example".to_owned()];
    let to_some = Quota { counted: Counted::To(domains), limits: vec![(4, 3_600), (100, 86_400)] };
    for store in [&mut one, &mut two] {
        store.set_relay("smtp://mail.example.org:25").await.unwrap();
        store.set_quotas(vec![by_all.clone(), to_some.clone()]);
        store.advance(&[], Some(&next), NOW).await.unwrap();
    }
    let mut parts = Vec::new();
    for quota in [&by_all, &to_some] {
        for _ in 0..2 {
            parts.push(one.take_part(quota, NOW).await.unwrap());
            parts.push(two.take_part(quota, NOW).await.unwrap());
        }
    }
    let [all, some] = [&parts[..4], &parts[4..]].map(|parts| parts.iter().sum::<u64>());
    assert!((all, some) == (5, 4), "{parts:?}");
    one.advance(&[outcome(1, DeliveryState::Sent, None)], None, NOW).await.unwrap();
    assert_eq!(two.take_part(&by_all, NOW).await.unwrap(), 0, "what was tried counts on");
    assert_eq!(two.tried_since(NOW, &to_some.counted).await.unwrap(), 1);
    one.leave().await.unwrap();
    let mut freed = 0;
    while let part @ 1.. = two.take_part(&to_some, NOW).await.unwrap() {
        freed += part;
    }
    let held: u64 = [parts[5], parts[7]].iter().sum();
    assert_eq!(freed, 4 - 1 - held, "what another held and did not use");
}

/// What happens next, and to which sender. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Event {
    Claim(u32),
    /// The mark is written, and the message leaves; the server takes it or, for some numbers, does not.
    Send(usize),
    Answer(usize),
    Record,
    /// It is not heard of for so long that its lease is over, and goes on.
    Stall,
    /// It takes over what dead ones had.
    Recover,
    /// It dies, and is started again.
    Crash,
}

fn events() -> impl Strategy<Value = Vec<(usize, Event)>> {
    let event = prop_oneof![
        4 => (1_u32..6).prop_map(Event::Claim),
        7 => (0_usize..16).prop_map(Event::Send),
        6 => (0_usize..16).prop_map(Event::Answer),
        3 => Just(Event::Record),
        1 => Just(Event::Stall),
        2 => Just(Event::Recover),
        1 => Just(Event::Crash),
    ];
    prop::collection::vec((0_usize..2, event), 1..60)
}

/// A process and what it knows.
struct Process {
    store: Store,
    marks: Marks,
    place: Place,
    claimed: Vec<QueuedDelivery>,
    flying: Vec<(QueuedDelivery, bool)>,
    outcomes: Vec<Recorded>,
}

impl Process {
    async fn start(ledger: &Ledger) -> Self {
        let mut store = open(ledger).await;
        store.recover(Repeat::Never, NOW).await.unwrap();
        let marks = store.new_marks(&[1]).await.unwrap().unwrap();
        let place = Place::START;
        Self { store, marks, place, claimed: Vec::new(), flying: Vec::new(), outcomes: Vec::new() }
    }

    /// Records and claims; false when it must not any more.
    async fn advance(&mut self, wanted: Option<Wanted>) -> bool {
        let outcomes = std::mem::take(&mut self.outcomes);
        match self.store.advance(&outcomes, wanted.as_ref(), NOW).await {
            Ok(claimed) => {
                self.place = claimed.last.unwrap_or(self.place);
                self.claimed.extend(claimed.deliveries);
                true
            }
            Err(StoreError::LeaseOver) => false,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn run(events: Vec<(usize, Event)>) {
    let Some(ledger) = Ledger::new() else { return };
    frozen(&ledger, READERS).await;
    let mut processes = [Some(Process::start(&ledger).await), Some(Process::start(&ledger).await)];
    let mut copies: BTreeMap<i64, u32> = BTreeMap::new();
    for (which, event) in events.into_iter().chain([(0, Event::Crash), (1, Event::Crash), (0, Event::Crash)]) {
        let process = processes[which].as_mut().unwrap();
        let goes_on = match event {
            Event::Claim(limit) => {
                let wanted = Wanted::Next { after: process.place, is_fresh: false, limit };
                process.advance(Some(wanted)).await
            }
            Event::Record => process.advance(None).await,
            Event::Send(which) if !process.claimed.is_empty() => {
                let delivery = process.claimed.remove(which % process.claimed.len());
                process.marks.set(delivery.key(), delivery.place.attempts, Some(Mark::Complete)).unwrap();
                let is_taken = which % 4 != 1;
                if is_taken {
                    *copies.entry(delivery.key().subscriber).or_default() += 1;
                }
                process.flying.push((delivery, is_taken));
                true
            }
            Event::Answer(which) if !process.flying.is_empty() => {
                let (delivery, is_taken) = process.flying.remove(which % process.flying.len());
                let mark = is_taken.then_some(Mark::Accepted);
                process.marks.set(delivery.key(), delivery.place.attempts, mark).unwrap();
                let state = if is_taken { DeliveryState::Sent } else { DeliveryState::Deferred };
                process.outcomes.push(outcome(delivery.key().subscriber, state, (!is_taken).then_some(NOW)));
                true
            }
            Event::Stall => {
                expire(&ledger, process.store.token().await.unwrap());
                true
            }
            Event::Recover => {
                // Only one that has nothing claimed does so: it begins with it.
                if process.claimed.is_empty() && process.flying.is_empty() && process.outcomes.is_empty() {
                    process.store.recover(Repeat::Never, NOW).await.unwrap();
                }
                true
            }
            Event::Crash => false,
            Event::Send(_) | Event::Answer(_) => true,
        };
        if !goes_on {
            // What it holds is let go before it starts again.
            processes[which] = None;
            processes[which] = Some(Process::start(&ledger).await);
        }
    }
    let mut store = open(&ledger).await;
    for reader in 1..=READERS {
        let state = store.deliveries_to(reader).await.unwrap().remove(0).standing.state;
        let copies = copies.get(&reader).copied().unwrap_or(0);
        assert!(copies <= 1, "reader {reader} has {copies} copies");
        match state {
            DeliveryState::Sent => assert_eq!(copies, 1, "reader {reader} was lost"),
            DeliveryState::InDoubt => {}
            _ => assert_eq!(copies, 0, "reader {reader} would get another copy: {state:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_to_two_senders_no_reader_gets_two_copies_or_is_lost(events in events()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(events));
    }
}
