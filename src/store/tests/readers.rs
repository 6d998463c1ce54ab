use jiff::{SignedDuration, Timestamp};

use super::*;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn start() -> Timestamp {
    NOW.parse().unwrap()
}

fn asking<'a>(address: &'a EmailAddress, hash: &'a str) -> Asking<'a> {
    Asking {
        address,
        hash,
        name: Some("Ada"),
        choice: None,
        way: "form",
        shown: Some("Join us"),
        network: Some("n"),
        most_an_hour: 3,
    }
}

fn by(way: &'static str, now: Timestamp) -> Changing<'static> {
    Changing { way, network: None, now }
}

async fn status(store: &mut Store, reader: &EmailAddress) -> Option<SubscriberStatus> {
    store.subscriber(reader).await.unwrap().map(|reader| reader.status)
}

const WELCOME: Greeting = Greeting { letter: true, latest_since: None };

#[tokio::test]
async fn who_asks_is_pending_until_they_confirm_once() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    let (ada, now) = (address("ada@example.org"), start());
    assert_eq!(store.ask(asking(&ada, "h"), now).await.unwrap(), Asked::Letter);
    assert_eq!(store.ask(asking(&ada, "h"), now).await.unwrap(), Asked::Enough, "one a day");
    let letters = store.letters_that_wait(now.as_second(), 10).await.unwrap();
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert!(letter.kind == LetterKind::Confirm && letter.reader.address == ada);
    assert!(store.take_letter(letter.key, now.as_second()).await.unwrap());
    assert!(!store.take_letter(letter.key, now.as_second()).await.unwrap(), "another process has it");
    store.settle_letter(letter.key, DeliveryState::Sent, 0, "250 ok").await.unwrap();
    let unknown = LetterKey { number: 9, ..letter.key };
    assert!(matches!(store.confirm(unknown, by("link", now), WELCOME).await.unwrap(), Confirmed::Unknown));
    assert!(matches!(store.confirm(letter.key, by("link", now + DAY * 8), WELCOME).await.unwrap(), Confirmed::Expired));
    let joined = store.confirm(letter.key, by("link", now), WELCOME).await.unwrap();
    assert!(matches!(joined, Confirmed::Joined(_, SubscriberStatus::Pending)), "{joined:?}");
    assert!(matches!(store.confirm(letter.key, by("link", now), WELCOME).await.unwrap(), Confirmed::Again(_)));
    let changes = store.changes_of(letter.key.subscriber).await.unwrap();
    assert!(changes.len() == 1 && changes[0].shown.as_deref() == Some("Join us"), "{changes:?}");
    let welcome = store.letters_that_wait(now.as_second(), 10).await.unwrap();
    assert!(welcome.len() == 1 && welcome[0].kind == LetterKind::Welcome, "{welcome:?}");
    assert_eq!(store.ask(asking(&ada, "h"), now + DAY * 9).await.unwrap(), Asked::Known);
}

#[tokio::test]
async fn an_address_gets_three_letters_and_then_is_left_alone() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    let (ada, mut now) = (address("ada@example.org"), start());
    for expected in [Asked::Letter, Asked::Letter, Asked::Letter, Asked::Enough] {
        assert_eq!(store.ask(asking(&ada, "h"), now).await.unwrap(), expected);
        now += DAY + SignedDuration::from_secs(1);
    }
    assert_eq!(store.purge_unconfirmed(|_| "h".into(), now).await.unwrap(), 0, "the last letter may be answered yet");
    now += DAY * 8;
    assert_eq!(store.purge_unconfirmed(|_| "h".into(), now).await.unwrap(), 1);
    assert_eq!(status(&mut store, &ada).await, None);
    assert_eq!(store.ask(asking(&ada, "h"), now).await.unwrap(), Asked::Barred);
    assert_eq!(store.ask(asking(&ada, "h"), now + DAY * 91).await.unwrap(), Asked::Letter);
}

#[tokio::test]
async fn no_more_letters_are_queued_in_an_hour_than_may_be() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    let mut asked = Vec::new();
    for n in 0..5 {
        let (reader, hash) = (address(&format!("r{n}@example.org")), format!("h{n}"));
        asked.push(store.ask(asking(&reader, &hash), start()).await.unwrap());
    }
    assert_eq!(asked, [Asked::Letter, Asked::Letter, Asked::Letter, Asked::Busy, Asked::Busy]);
    assert_eq!(store.subscriber_counts().await.unwrap().pending, 3, "nothing is kept of the others");
}

#[tokio::test]
async fn leaving_stops_a_queued_copy_and_can_be_taken_back_for_a_day() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 1).await;
    let (reader, now) = (address("r1@example.org"), start());
    assert_eq!(store.unsubscribe(1, by("one click", now)).await.unwrap(), Some(SubscriberStatus::Confirmed));
    assert_eq!(store.unsubscribe(1, by("one click", now)).await.unwrap(), Some(SubscriberStatus::Unsubscribed));
    assert_eq!(store.unsubscribe(7, by("one click", now)).await.unwrap(), None);
    assert!(!store.take_back(1, now.as_second() + 1, by("link", now)).await.unwrap(), "not when they left");
    assert!(!store.take_back(1, now.as_second(), by("link", now + DAY * 2)).await.unwrap(), "too late");
    assert_eq!(status(&mut store, &reader).await, Some(SubscriberStatus::Unsubscribed));
    assert!(store.take_back(1, now.as_second(), by("link", now)).await.unwrap());
    assert_eq!(status(&mut store, &reader).await, Some(SubscriberStatus::Confirmed));
    assert!(!store.take_back(1, now.as_second(), by("link", now)).await.unwrap(), "not twice");
}

#[tokio::test]
async fn who_is_erased_leaves_a_number_and_a_hash() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 1).await;
    let (reader, now) = (address("r1@example.org"), start());
    store.unsubscribe(1, by("link", now)).await.unwrap();
    assert!(store.erase(&reader, "h", now).await.unwrap());
    assert!(!store.erase(&reader, "h", now).await.unwrap());
    assert_eq!((status(&mut store, &reader).await, store.barred("h").await.unwrap()), (None, Some(Barred::Erased)));
    let left = store.subscriber_numbered(1).await.unwrap().unwrap();
    assert!(
        left.name.is_none() && left.status == SubscriberStatus::Unsubscribed && !left.address.as_str().contains("r1")
    );
    assert_eq!(store.changes_of(1).await.unwrap(), []);
    store.bar("h", Barred::Never, now).await.unwrap();
    store.bar("h", Barred::Erased, now).await.unwrap();
    assert_eq!(store.barred("h").await.unwrap(), Some(Barred::Never));
    assert_eq!(store.ask(asking(&reader, "h"), now).await.unwrap(), Asked::Barred);
}

#[tokio::test]
async fn what_a_server_said_of_who_is_erased_is_forgotten_and_not_that_it_said_something() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 2).await;
    let (soon, later) = ("2026-03-02T09:10:00Z", "2026-03-02T10:00:00Z");
    claim(&mut store, &[1, 2]).await;
    let said = |subscriber, state, next, text: &str| Recorded {
        said: Some(Said { relay: Some(1), is_doubtful: false, answer: Answer::parse(text) }),
        ..outcome(subscriber, state, next)
    };
    let busy = |subscriber| if subscriber == 1 { "450 4.2.0 <R1@example.org>: greylisted" } else { "450 4.2.0 busy" };
    let put_off = |subscriber| said(subscriber, DeliveryState::Deferred, Some(soon), busy(subscriber));
    store.advance(&[put_off(1), put_off(2)], None, NOW).await.unwrap();
    // What is said again is kept once for all.
    let next = Wanted::Next { after: Place::START, is_fresh: false, limit: 9 };
    assert_eq!(store.advance(&[], Some(&next), later).await.unwrap().deliveries.len(), 2);
    store.advance(&[put_off(1), put_off(2)], None, later).await.unwrap();
    store.advance(&[], Some(&next), later).await.unwrap();
    let gone = said(1, DeliveryState::Failed, None, "550 5.1.1 <r1@example.org>: unknown");
    store.advance(&[gone, put_off(2)], None, later).await.unwrap();

    assert!(store.erase(&address("r1@example.org"), "h", start()).await.unwrap());
    let history = |all: &[NotSent], reader: i64| {
        let found = all.iter().find(|delivery| delivery.key.subscriber == reader).unwrap();
        found.standing.history.iter().map(|one| one.answer.to_string()).collect::<Vec<_>>()
    };
    let all = not_sent(&mut store).await;
    let of_erased = history(&all, 1);
    assert_eq!(of_erased.len(), 3, "{of_erased:?}");
    assert!(
        of_erased.iter().all(|said| !said.contains("example.org") && said.contains("(erased with the reader")),
        "{of_erased:?}"
    );
    assert_eq!(of_erased[2], "550 5.1.1 (erased with the reader)");
    assert_eq!(history(&all, 2), [busy(2); 3]);

    // A copy was on its way when its reader was erased.
    store.advance(&[], Some(&next), later).await.unwrap();
    assert!(store.erase(&address("r2@example.org"), "h2", start()).await.unwrap());
    store
        .advance(&[said(2, DeliveryState::Failed, None, "550 5.1.1 <r2@example.org>: unknown")], None, later)
        .await
        .unwrap();
    store.sweep().await.unwrap();
    assert_eq!(history(&not_sent(&mut store).await, 2)[3], "550 5.1.1 (erased with the reader)");
}

#[tokio::test]
async fn an_address_changes_when_the_new_one_confirms() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    store.add_subscribers(&readers(2), "test", NOW).await.unwrap();
    let (new, now) = (address("new@example.org"), start());
    assert!(store.ask_to_move(1, &new, "h", by("preferences", now)).await.unwrap());
    assert!(!store.ask_to_move(1, &new, "h", by("preferences", now)).await.unwrap(), "one a day");
    assert!(
        !store.ask_to_move(2, &address("NEW@example.org"), "h", by("preferences", now)).await.unwrap(),
        "and to one address"
    );
    let now = now + DAY + SignedDuration::from_secs(1);
    let key = LetterKey { subscriber: 1, number: 1 };
    let moved = store.confirm(key, by("link", now), WELCOME).await.unwrap();
    assert!(matches!(moved, Confirmed::Moved(_)), "{moved:?}");
    assert_eq!(status(&mut store, &new).await, Some(SubscriberStatus::Confirmed));
    assert!(store.ask_to_move(2, &new, "h", by("preferences", now)).await.unwrap());
    let taken = store.confirm(LetterKey { subscriber: 2, ..key }, by("link", now), WELCOME).await.unwrap();
    assert!(matches!(taken, Confirmed::Taken), "{taken:?}");
}

#[tokio::test]
async fn an_address_gets_no_more_letters_by_a_change_than_by_a_form() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    store.add_subscribers(&readers(4), "test", NOW).await.unwrap();
    let (victim, asked) = (address("victim@example.com"), start());
    let moves = async |store: &mut Store, reader, now| {
        store.ask_to_move(reader, &victim, "h", by("preferences", now)).await.unwrap()
    };
    assert_eq!(store.ask(asking(&victim, "h"), asked).await.unwrap(), Asked::Letter);
    assert!(!moves(&mut store, 1, asked + DAY / 2).await, "it had one today");
    assert!(moves(&mut store, 1, asked + DAY * 2).await);
    assert_eq!(store.ask(asking(&victim, "h"), asked + DAY * 5 / 2).await.unwrap(), Asked::Enough);
    assert!(moves(&mut store, 2, asked + DAY * 4).await);
    assert!(!moves(&mut store, 3, asked + DAY * 9).await, "three in all");
    assert_eq!(store.ask(asking(&victim, "h"), asked + DAY * 9).await.unwrap(), Asked::Enough);
    let other = address("other@example.com");
    store.bar("o", Barred::Unanswered, asked).await.unwrap();
    assert!(!store.ask_to_move(4, &other, "o", by("preferences", asked + DAY)).await.unwrap());
}

#[tokio::test]
async fn a_wish_of_a_stranger_does_not_hold_an_address_and_who_has_left_does_not_move() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    store.add_subscribers(&readers(2), "test", NOW).await.unwrap();
    let (new, now) = (address("new@example.org"), start());
    assert!(store.ask_to_move(1, &new, "h", by("preferences", now)).await.unwrap());
    let later = now + DAY * 2;
    assert_eq!(store.ask(asking(&new, "h"), later).await.unwrap(), Asked::Letter);
    let key = LetterKey { subscriber: 1, number: 1 };
    store.confirm(key, by("link", later), WELCOME).await.unwrap();
    assert_eq!(store.subscriber(&new).await.unwrap().map(|reader| reader.id), Some(1));
    // The letters of before went to the address of before.
    assert_eq!(store.letter_to(key).await.unwrap().unwrap().1, new);
    assert_eq!(store.letter_to(LetterKey { number: 2, ..key }).await.unwrap().unwrap().1, address("r1@example.org"));
    store.erase(&address("r1@example.org"), "r1", later).await.unwrap();
    assert_eq!(store.letters_to(1).await.unwrap()[1].detail, None);

    let elsewhere = address("elsewhere@example.org");
    assert!(store.ask_to_move(2, &elsewhere, "e", by("preferences", now)).await.unwrap());
    store.unsubscribe(2, by("link", now)).await.unwrap();
    let moved = store.confirm(LetterKey { subscriber: 2, ..key }, by("link", now), WELCOME).await.unwrap();
    assert!(matches!(moved, Confirmed::Expired), "{moved:?}");
    assert!(store.subscriber(&address("r2@example.org")).await.unwrap().is_some());
}

#[tokio::test]
async fn who_wants_no_letters_at_an_earlier_address_gets_them_at_the_new_one() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    let (old, new, now) = (address("old@example.org"), address("new@example.org"), start());
    store.ask(asking(&old, "h"), now).await.unwrap();
    let key = LetterKey { subscriber: 1, number: 1 };
    store.confirm(key, by("link", now), Greeting::default()).await.unwrap();
    assert!(store.ask_to_move(1, &new, "n", by("preferences", now)).await.unwrap());
    store.confirm(LetterKey { number: 2, ..key }, by("link", now), Greeting::default()).await.unwrap();
    assert_eq!(store.letter_to(key).await.unwrap().unwrap(), (LetterKind::Confirm, old.clone()));
    store.erase(&old, "h", now).await.unwrap();
    for number in [1, 3] {
        assert_eq!(
            store.letter_to(LetterKey { number, ..key }).await.unwrap(),
            None,
            "nor does it speak for the new one"
        );
    }
}

#[tokio::test]
async fn what_comes_back_of_an_earlier_address_says_nothing_of_the_new_one() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = frozen(&ledger, 1).await;
    let (new, now) = (address("new@example.org"), start() + DAY);
    assert!(store.ask_to_move(1, &new, "h", by("preferences", now)).await.unwrap());
    store.confirm(LetterKey { subscriber: 1, number: 1 }, by("link", now), WELCOME).await.unwrap();
    let notice = store.letters_that_wait(now.as_second(), 9).await.unwrap().pop().unwrap();
    assert_eq!((notice.kind, notice.detail.as_deref()), (LetterKind::Moved, Some("r1@example.org")));
    assert_eq!(store.record_reports(&[hard_bounce(1)], now).await.unwrap(), [(true, None)]);
    assert_eq!(status(&mut store, &new).await, Some(SubscriberStatus::Confirmed));
}

#[tokio::test]
async fn an_event_counts_once_and_is_known_for_a_day() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    store.add_subscribers(&readers(1), "test", NOW).await.unwrap();
    let now = start() + DAY;
    let left = |message: &str| NewReport {
        subscriber: 1,
        issue: 0,
        kind: "unsubscribe",
        message: message.into(),
        status: None,
        diagnostic: None,
        way: "mailgun",
        effect: Effect::Left,
    };
    let first = store.record_event("e1", &[left("e1")], now).await.unwrap();
    assert_eq!(first, Some(vec![(true, Some(SubscriberStatus::Unsubscribed))]));
    assert_eq!(store.changes_of(1).await.unwrap()[0].way, "mailgun");
    let mut other = open(&ledger).await;
    assert_eq!(other.record_event("e1", &[left("e2")], now + DAY / 2).await.unwrap(), None, "in another process");
    assert_eq!(store.reports_about(1).await.unwrap().len(), 1);
    assert!(store.record_event("e1", &[], now + DAY * 2).await.unwrap().is_some(), "nothing is kept for ever");
}

#[tokio::test]
async fn the_newest_copy_with_a_subject_is_the_one_that_a_service_means() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    store.add_subscribers(&readers(2), "test", NOW).await.unwrap();
    store.freeze(NOW, &[entry("https://example.org/a/")], &[issue(1)]).await.unwrap();
    assert_eq!(store.issue_sent_as("Slow rivers", 1).await.unwrap(), None, "it has not left");
    claim(&mut store, &[1]).await;
    assert_eq!(store.issue_sent_as("Slow rivers", 1).await.unwrap(), Some(1));
    assert_eq!(store.issue_sent_as("Slow rivers", 2).await.unwrap(), None);
    assert_eq!(store.issue_sent_as("Other", 1).await.unwrap(), None);
}

/// Freezes issues of one run, each for some lists.
async fn freeze_for(store: &mut Store, issues: &[(i64, &[&str])]) {
    let issues: Vec<_> = issues
        .iter()
        .map(|(number, lists)| Issue { lists: lists.iter().map(|it| (*it).to_owned()).collect(), ..issue(*number) })
        .collect();
    let entries: Vec<_> = issues
        .iter()
        .map(|issue| {
            let mut entry = entry(&format!("https://example.org/{}", issue.number));
            entry.mailed.issue = issue.number;
            entry
        })
        .collect();
    store.freeze(NOW, &entries, &issues).await.unwrap();
}

#[tokio::test]
async fn who_joins_gets_the_newest_issue_that_is_for_them_once_if_it_is_news() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    store.add_subscribers(&readers(1), "test", NOW).await.unwrap();
    freeze_for(&mut store, &[(1, &[]), (2, &["essays"]), (3, &["notes"])]).await;
    let essays = Choice::Lists(Lists::new(["essays"]));
    let now = start() + DAY;
    let since = |moment: Timestamp| Greeting { letter: false, latest_since: Some(moment) };
    for (name, greeting, issues) in
        [("ada", since(start() - DAY), vec![2]), ("bob", since(now), vec![]), ("cid", Greeting::default(), vec![])]
    {
        let reader = address(&format!("{name}@example.org"));
        let asking = Asking { choice: Some(&essays), most_an_hour: 10, ..asking(&reader, name) };
        assert_eq!(store.ask(asking, now).await.unwrap(), Asked::Letter);
        let id = store.subscriber(&reader).await.unwrap().unwrap().id;
        let key = LetterKey { subscriber: id, number: 1 };
        assert!(matches!(store.confirm(key, by("link", now), greeting).await.unwrap(), Confirmed::Joined(..)));
        let lists = store.subscriber(&reader).await.unwrap().unwrap().details.lists;
        assert_eq!(lists.as_ref(), essays.lists(), "what they chose counts once they have confirmed");
        let got = |all: Vec<DeliveryTo>| all.into_iter().map(|delivery| delivery.issue).collect::<Vec<_>>();
        assert_eq!(got(store.deliveries_to(id).await.unwrap()), issues, "{name}");
        // None comes twice to who leaves and comes back.
        store.unsubscribe(id, by("link", now)).await.unwrap();
        store.ask(Asking { choice: None, ..asking }, now + DAY * 2).await.unwrap();
        let again = LetterKey { number: 2, ..key };
        store.confirm(again, by("link", now + DAY * 2), greeting).await.unwrap();
        assert_eq!(got(store.deliveries_to(id).await.unwrap()), issues, "{name}");
    }
}

#[tokio::test]
async fn who_leaves_a_list_gets_no_copy_of_what_is_queued_or_claimed_for_it() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    store.add_subscribers(&readers(4), "test", NOW).await.unwrap();
    freeze_for(&mut store, &[(1, &["essays"]), (2, &[])]).await;
    claim(&mut store, &[1, 2]).await;
    store.leavers([1, 2].map(key).into_iter()).await.unwrap();
    let mut other = open(&ledger).await;
    let notes = Choice::Lists(Lists::new(["notes"]));
    for reader in [2, 3] {
        assert!(other.choose_lists(reader, &notes, by("preferences", start())).await.unwrap());
    }
    let keys = [key(1), key(2), DeliveryKey { issue: 2, subscriber: 2 }];
    let left = store.leavers(keys.into_iter()).await.unwrap().unwrap();
    assert_eq!(left, [(key(2), "the reader had left: not on list essays".to_owned())], "what is for everyone still is");
    let claimed = store.advance(&[], Some(&these(&[3, 4])), NOW).await.unwrap();
    assert_eq!((claimed.deliveries.len(), claimed.left), (1, 1));
    let changes = store.changes_of(3).await.unwrap();
    assert_eq!(
        (changes[0].about.as_deref(), changes[0].way.as_str(), changes.len()),
        (Some("lists notes"), "preferences", 1)
    );
    assert!(other.choose_lists(3, &notes, by("preferences", start())).await.unwrap());
    assert_eq!(store.changes_of(3).await.unwrap().len(), 1, "nothing has changed");
    assert_eq!(store.movements().await.unwrap().joined.iter().map(|day| day.count).sum::<i64>(), 4, "none joined anew");
    let meant = store.readers_meant(1, Some(1), &[1, 2, 3, 4]).await.unwrap();
    assert_eq!(meant, [1, 4]);
    assert_eq!(store.readers_meant(1, None, &[1, 2]).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn who_wants_no_letters_is_not_brought_back_and_that_is_kept_once() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    let (ada, now) = (address("ada@example.org"), start());
    store.ask(asking(&ada, "a"), now).await.unwrap();
    let at = |minutes| Changing { way: "link", network: None, now: now + SignedDuration::from_mins(minutes) };
    store.confirm(LetterKey { subscriber: 1, number: 1 }, at(1), Greeting::default()).await.unwrap();
    for minutes in [2, 3] {
        store.leave_for_good(1, at(minutes)).await.unwrap();
    }
    assert_eq!(store.changes_of(1).await.unwrap().len(), 2);
    assert!(!store.take_back(1, at(2).now.as_second(), at(4)).await.unwrap());
    store.unsubscribe(1, at(5)).await.unwrap();
    assert!(!store.take_back(1, at(5).now.as_second(), at(6)).await.unwrap());
}

#[tokio::test]
async fn a_letter_that_the_owner_asks_for_waits_for_its_turn() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    let now = start();
    for n in 0..3 {
        let (reader, hash) = (address(&format!("r{n}@example.org")), format!("h{n}"));
        assert_eq!(store.invite(asking(&reader, &hash), now).await.unwrap(), Asked::Letter);
        assert_eq!(store.invite(asking(&reader, &hash), now + DAY * 2).await.unwrap(), Asked::Enough, "it waits still");
    }
    assert!(store.letters_that_wait(now.as_second(), 10).await.unwrap().is_empty());
    assert_eq!(store.purge_unconfirmed(|_| "h".into(), now + DAY * 30).await.unwrap(), 0, "none was asked yet");
    let (ada, later) = (address("ada@example.org"), now + DAY * 30);
    assert_eq!(store.ask(asking(&ada, "a"), later).await.unwrap(), Asked::Letter, "those who wait take no room");
    assert_eq!(store.release_letters(2, later).await.unwrap(), 2);
    assert_eq!(store.letters_that_wait(later.as_second(), 10).await.unwrap().len(), 2);
    assert_eq!(store.release_letters(2, later).await.unwrap(), 2, "not more in an hour");
    let first = address("r1@example.org");
    assert_eq!(store.ask(asking(&first, "h1"), later).await.unwrap(), Asked::Letter, "they ask by themselves");
    assert_eq!(store.waiting_letters().await.unwrap(), 1);
    assert_eq!(store.letters_to(2).await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_left_a_list_is_asked_to_confirm_when_they_want_it_again_and_keeps_the_others() {
    let Some(ledger) = Ledger::new() else { return };
    let mut store = open(&ledger).await;
    let (ada, now) = (address("ada@example.org"), start());
    let lists = |names: &[&str]| Choice::Lists(Lists::new(names.iter().copied()));
    let new = |choice: &Choice| NewSubscriber {
        address: ada.clone(),
        name: None,
        status: SubscriberStatus::Confirmed,
        lists: choice.lists().cloned(),
    };
    store.add_subscribers(&[new(&lists(&["notes"]))], "test", &now.to_string()).await.unwrap();
    for known in [None, Some(lists(&["notes"])), Some(lists(&[]))] {
        let asking = Asking { choice: known.as_ref(), ..asking(&ada, "h") };
        assert_eq!(store.ask(asking, now).await.unwrap(), Asked::Known, "{known:?}");
    }
    let essays = lists(&["essays"]);
    let asking = Asking { choice: Some(&essays), ..asking(&ada, "h") };
    assert_eq!(store.ask(asking, now).await.unwrap(), Asked::Letter);
    assert_eq!(store.ask(asking, now).await.unwrap(), Asked::Enough, "one a day");
    let key = store.letters_that_wait(now.as_second(), 10).await.unwrap()[0].key;
    let joined = store.confirm(key, by("link", now), WELCOME).await.unwrap();
    assert!(matches!(joined, Confirmed::Joined(_, SubscriberStatus::Confirmed)), "{joined:?}");
    let reader = store.subscriber(&ada).await.unwrap().unwrap();
    assert_eq!(reader.details.lists.as_ref(), lists(&["essays", "notes"]).lists());
    let changes = store.changes_of(reader.id).await.unwrap();
    assert_eq!(changes[0].about.as_deref(), Some("lists essays, notes"));
    assert!(
        store.letters_that_wait(now.as_second(), 10).await.unwrap().iter().all(|it| it.kind != LetterKind::Welcome)
    );
}
