use super::*;
use crate::store::Place;

const NOW: &str = "2026-03-02T09:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn key(subscriber: i64) -> DeliveryKey {
    DeliveryKey { issue: 1, subscriber }
}

fn breaker() -> Breaker {
    Breaker::new(Vec::new(), now())
}

/// Until when the readers of a domain wait for an issue of today.
fn waits(breaker: &Breaker, domain: &str, now: Timestamp) -> Option<Timestamp> {
    match breaker.wait(domain, now, None, now)? {
        Wait::Until(until) => Some(until),
        Wait::GivenUp(why) => panic!("{why}"),
    }
}

fn hear(breaker: &mut Breaker, subscriber: i64, domain: &str, kind: AnswerKind) -> Reaction {
    breaker.hear(Heard { key: key(subscriber), attempts: 1, domain, kind, reply: "550 no" })
}

/// Refusals until the breaker wants to look for others; how many it took.
fn trip(breaker: &mut Breaker, domain: impl Fn(i64) -> String, kind: AnswerKind) -> (i64, RefusingDomains) {
    for number in 1..=100 {
        if let Some(refusing) = hear(breaker, number, &domain(number), kind).look {
            return (number, refusing);
        }
    }
    panic!("it never looks");
}

fn probe(subscriber: i64, domain: &str) -> QueuedDelivery {
    QueuedDelivery {
        place: Place { next_attempt_at: 0, attempts: 0, key: key(subscriber) },
        state: crate::model::DeliveryState::Queued,
        address: format!("r{subscriber}@{domain}"),
        name: None,
        tries: 0,
        first_try_at: None,
        doubt: None,
    }
}

/// Tries every probe; all get the same kind of answer.
fn try_all(breaker: &mut Breaker, kind: AnswerKind) -> Option<Stop> {
    let mut why = None;
    while let Next::Probe(job) = breaker.next() {
        let domain = job.address.rsplit_once('@').unwrap().1.to_owned();
        assert!(hear(breaker, job.key().subscriber, &domain, kind).look.is_none(), "it is looking already");
        why = breaker.probed(now());
    }
    why
}

#[test]
fn what_is_the_readers_is_never_counted() {
    let mut breaker = breaker();
    for number in 0..1_000 {
        for kind in [AnswerKind::Reader, AnswerKind::Own] {
            assert!(hear(&mut breaker, number, "a.test", kind).look.is_none());
        }
    }
}

#[test]
fn a_run_stops_only_when_readers_of_other_domains_are_refused_too() {
    let mut breaker = breaker();
    let (tries, refusing) = trip(&mut breaker, |_| "a.test".into(), AnswerKind::Policy);
    assert_eq!((tries, refusing.most.as_str(), refusing.is_general), (20, "a.test", true));
    assert!(matches!(breaker.next(), Next::Wait), "no reader is tried meanwhile");
    assert_eq!(breaker.probe(vec![probe(50, "b.test"), probe(51, "c.test")], now()), None);
    let Some(Stop::Refused(why)) = try_all(&mut breaker, AnswerKind::Policy) else { panic!("it goes on") };
    assert_eq!(why, "it refused 22 readers of 3 domains in a row: 550 no");
}

#[test]
fn the_time_of_a_stop_for_all_readers_does_not_count() {
    let stop = |kind: &str, at: Timestamp| Stopped {
        relay: String::new(),
        domain: String::new(),
        kind: kind.into(),
        at: at.to_string(),
        until: None,
        times: 1,
        reason: "no".into(),
    };
    let later = now() + SignedDuration::from_hours(100);
    let mut stopped = Breaker::new(vec![stop("refused", now())], later);
    assert_eq!((stopped.counted(later), stopped.stopped().is_some()), (now(), true));
    trip(&mut stopped, |_| "a.test".into(), AnswerKind::Policy);
    stopped.probe(Vec::new(), later);
    assert!(matches!(stopped.wait("a.test", now(), Some(now()), later), Some(Wait::Until(_))), "it is tried once more");
    hear(&mut stopped, 9, "z.test", AnswerKind::Accepted);
    assert_eq!(
        (stopped.counted(later), stopped.stopped()),
        (now(), None),
        "it has ended, and counts from the next run on"
    );
    assert_eq!(Breaker::new(vec![stop("rate-limit", now())], later).counted(later), later);
    assert_eq!(Breaker::new(vec![stop("refused", later)], now()).counted(now()), now());
}

#[test]
fn the_reason_says_what_the_server_did() {
    let put_off = |breaker: &mut Breaker, number: i64, domain: &str| {
        let reply = "421 4.7.28 rate";
        breaker.hear(Heard { key: key(number), attempts: 1, domain, kind: AnswerKind::Closing, reply }).look.is_some()
    };
    let mut general = breaker();
    assert!((0..5).any(|number| put_off(&mut general, number, &format!("d{number}.test"))));
    general.probe(vec![probe(50, "z.test")], now());
    let Next::Probe(_) = general.next() else { panic!("no probe") };
    put_off(&mut general, 50, "z.test");
    let Some(Stop::PutOff(why)) = general.probed(now()) else { panic!("it goes on") };
    assert_eq!(why, "6 readers of 6 domains in a row: 421 4.7.28 rate");

    let mut domain = breaker();
    assert!((0..5).any(|number| put_off(&mut domain, number, "a.test")));
    domain.probe(Vec::new(), now());
    assert_eq!(domain.stops("")[0].0.reason, "a.test put off 5 readers in a row: 421 4.7.28 rate");

    let mut lost = breaker();
    trip(&mut lost, |_| "a.test".into(), AnswerKind::Lost);
    lost.probe(Vec::new(), now());
    assert_eq!(lost.stops("")[0].0.reason, "a.test: 550 no", "what is lost is no refusal");
}

#[test]
fn connections_that_are_closed_to_all_of_several_domains_are_no_fault_of_theirs() {
    for kind in [AnswerKind::Lost, AnswerKind::Closing, AnswerKind::Policy] {
        let mut breaker = breaker();
        trip(&mut breaker, |number| format!("d{}.test", number % 3), kind);
        let verdict = breaker.probe(Vec::new(), now());
        let is_server = matches!(verdict, Some(Stop::Unreachable(_) | Stop::Refused(_)));
        assert_eq!(
            (is_server, breaker.stops("").is_empty()),
            (kind != AnswerKind::Policy, kind != AnswerKind::Policy),
            "{kind:?}"
        );
    }
}

#[test]
fn a_domain_is_left_alone_when_others_are_accepted() {
    let mut breaker = breaker();
    trip(&mut breaker, |_| "a.test".into(), AnswerKind::Policy);
    breaker.probe(vec![probe(50, "b.test"), probe(51, "a.test")], now());
    let Next::Probe(_) = breaker.next() else { panic!("no probe") };
    hear(&mut breaker, 50, "b.test", AnswerKind::Accepted);
    assert_eq!(breaker.probed(now()), None);
    assert_eq!(try_all(&mut breaker, AnswerKind::Policy), None);
    assert!(matches!(breaker.next(), Next::GoOn));
    let until = waits(&breaker, "a.test", now()).unwrap();
    assert!((288..=432).contains(&until.duration_since(now()).as_secs()), "about six minutes: {until}");
    assert_eq!((waits(&breaker, "b.test", now()), waits(&breaker, "a.test", until)), (None, None));

    // Another run knows it, and waits longer the next time; a reader who is accepted ends it.
    let (stops, is_new): (Vec<_>, Vec<_>) = breaker.stops("").into_iter().unzip();
    assert_eq!((is_new, stops[0].domain.as_str(), stops[0].times), (vec![true], "a.test", 1));
    let mut next = Breaker::new(stops, until);
    trip(&mut next, |_| "a.test".into(), AnswerKind::Policy);
    next.probe(Vec::new(), until);
    let longer = waits(&next, "a.test", until).unwrap();
    assert!((720..=1080).contains(&longer.duration_since(until).as_secs()), "about a quarter of an hour: {longer}");
    assert_eq!((next.stops("")[0].0.times, next.stops("")[0].0.at.as_str()), (2, NOW), "since the first time");
    let (frozen, later) = (now(), now() + SignedDuration::from_hours(48));
    assert_eq!(next.wait("a.test", frozen, None, later), None, "the pause is over");
    trip(&mut next, |_| "a.test".into(), AnswerKind::Policy);
    next.probe(Vec::new(), later);
    let Some(Wait::GivenUp(why)) = next.wait("a.test", frozen, None, later) else { panic!("he waits on") };
    assert_eq!(why, "given up after 48 hours: a.test refused 20 readers in a row: 550 no");
    assert!(matches!(next.wait("a.test", later, None, later), Some(Wait::Until(_))), "a new issue is waited for");
    hear(&mut next, 1, "a.test", AnswerKind::Accepted);
    assert_eq!((waits(&next, "a.test", until), next.stops("").len()), (None, 0));
}

#[test]
fn a_domain_that_takes_others_is_not_left_alone() {
    let mut breaker = breaker();
    trip(&mut breaker, |_| "a.test".into(), AnswerKind::PutOff);
    breaker.probe(vec![probe(50, "a.test"), probe(51, "a.test")], now());
    let Next::Probe(_) = breaker.next() else { panic!("no probe") };
    assert!(hear(&mut breaker, 50, "a.test", AnswerKind::Accepted).may_go_on);
    assert_eq!(breaker.probed(now()), None);
    assert!(matches!(breaker.next(), Next::GoOn), "the other probe comes in its turn");
    assert_eq!(waits(&breaker, "a.test", now()), None);
}

#[test]
fn an_acceptance_elsewhere_ends_a_probing_without_probes_on_the_way() {
    let mut breaker = breaker();
    trip(&mut breaker, |number| format!("d{number}.test"), AnswerKind::Policy);
    breaker.probe(vec![probe(50, "b.test")], now());
    hear(&mut breaker, 99, "z.test", AnswerKind::Accepted);
    assert!(matches!(breaker.next(), Next::GoOn));
}

#[test]
fn among_many_domains_the_one_that_refuses_is_found() {
    let mut breaker = breaker();
    let mut looked = 0;
    for number in 0..200 {
        hear(&mut breaker, number, "good.test", AnswerKind::Accepted);
        if let Some(refusing) = hear(&mut breaker, 1_000 + number, "bad.test", AnswerKind::Policy).look {
            assert!(!refusing.is_general);
            assert_eq!(breaker.probe(vec![probe(5_000, "bad.test")], now()), None);
            assert_eq!(try_all(&mut breaker, AnswerKind::Policy), None);
            looked += 1;
        }
    }
    assert!(looked > 0 && waits(&breaker, "bad.test", now()).is_some());
    assert!(waits(&breaker, "good.test", now()).is_none());
}

#[test]
fn without_anybody_else_to_ask_those_who_refused_are_left_alone() {
    let mut breaker = breaker();
    trip(&mut breaker, |number| format!("d{}.test", number % 2), AnswerKind::Policy);
    assert_eq!(breaker.probe(Vec::new(), now()), None, "later issues need not wait for these");
    assert!(waits(&breaker, "d0.test", now()).is_some() && waits(&breaker, "d1.test", now()).is_some());
}

#[test]
fn who_is_not_there_says_nothing_about_the_server() {
    let mut breaker = breaker();
    trip(&mut breaker, |_| "a.test".into(), AnswerKind::Policy);
    breaker.probe(vec![probe(50, "b.test")], now());
    assert_eq!(try_all(&mut breaker, AnswerKind::Reader), None);
    assert!(waits(&breaker, "a.test", now()).is_some() && waits(&breaker, "b.test", now()).is_none());
}

#[test]
fn a_server_that_closes_connections_is_soon_looked_into_and_given_time() {
    let mut closed = breaker();
    let (tries, _) = trip(&mut closed, |number| format!("d{number}.test"), AnswerKind::Closing);
    assert_eq!(tries, 5);
    let mut lost = breaker();
    assert_eq!(trip(&mut lost, |number| format!("d{number}.test"), AnswerKind::Lost).0, 10);
    lost.probe(vec![probe(50, "z.test")], now());
    assert!(matches!(try_all(&mut lost, AnswerKind::Lost), Some(Stop::Unreachable(_))));

    let mut breaker = breaker();
    let mut waits = Vec::new();
    for number in 1..=4 {
        let reaction = hear(&mut breaker, number, &format!("d{number}.test"), AnswerKind::Closing);
        assert_eq!(reaction.all_rest, number > 1, "the first may have to do with one connection");
        waits.push(reaction.rest.unwrap().as_millis());
    }
    for (wait, full) in waits.iter().zip([500, 1_000, 2_000, 2_000]) {
        assert!((full / 2..=full * 3 / 2).contains(wait), "{waits:?}");
    }
    hear(&mut breaker, 9, "d9.test", AnswerKind::Accepted);
    assert!(!hear(&mut breaker, 10, "d9.test", AnswerKind::Closing).all_rest, "it begins anew");
}

#[test]
fn a_server_that_puts_off_general_is_given_time_and_then_stops_the_run() {
    let mut breaker = breaker();
    let busy = |breaker: &mut Breaker| breaker.busy(key(1), "451 4.3.2 later");
    assert!((0..7).all(|_| busy(&mut breaker).is_ok()));
    hear(&mut breaker, 1, "a.test", AnswerKind::Accepted);
    assert!(busy(&mut breaker).unwrap() < REST * 2, "it begins anew");
    assert!((0..6).all(|_| busy(&mut breaker).is_ok()));
    assert_eq!(busy(&mut breaker), Err(Stop::PutOff("451 4.3.2 later".into())));
}

#[test]
fn an_unclear_refusal_is_final_only_when_others_were_accepted_since() {
    let mut breaker = breaker();
    hear(&mut breaker, 1, "a.test", AnswerKind::Unclear);
    assert_eq!(breaker.take_final(), [], "the server has accepted no reader");
    hear(&mut breaker, 2, "b.test", AnswerKind::Accepted);
    assert_eq!(breaker.take_final(), [(key(1), 1)]);
    assert_eq!(breaker.take_final(), [], "once");

    // Of many at one domain nothing is final before it accepts one.
    for number in 10..15 {
        hear(&mut breaker, number, "c.test", AnswerKind::Unclear);
        hear(&mut breaker, 100, "b.test", AnswerKind::Accepted);
    }
    assert_eq!(breaker.take_final(), []);
    hear(&mut breaker, 20, "c.test", AnswerKind::Accepted);
    assert_eq!(breaker.take_final().len(), 5);
}
