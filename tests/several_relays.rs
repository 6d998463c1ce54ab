//! Several relays: which one is taken, what one does when another cannot be, and what never moves from one to another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::sink::Sink;
use crate::site::{TestSite, end_of};

const MONDAY: &str = "2026-03-02T09:00:00Z";
const AN_HOUR_LATER: &str = "2026-03-02T10:00:00Z";
const A_DAY_LATER: &str = "2026-03-03T10:00:00Z";

/// A site with a post that is due and these relays: each a name, where it leads, and what else it says.
fn site(relays: &[(&str, &str, &str)]) -> TestSite {
    let site = TestSite::new("outbox:outbox");
    let entry = |(name, transport, more): &(&str, &str, &str)| {
        format!("[[mail.relays]]\nname = \"{name}\"\ntransport = \"{transport}\"\n{more}\n")
    };
    let text = site.read("config.toml") + &relays.iter().map(entry).collect::<String>();
    site.write("config.toml", &text);
    site.post("2026-03-01", "Slow rivers");
    site
}

/// How often each relay was tried for an issue that is not sent to these readers, or was.
fn tries(site: &TestSite, reader: &str) -> Vec<(String, String)> {
    let told = site.run(MONDAY, &["explain", reader, "--json"]).exits(0).json();
    let tries = told["deliveries"][0]["tries"].as_array().unwrap().clone();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    tries.iter().map(|one| (text(one, "relay"), text(one, "state"))).collect()
}

/// Where nothing listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port())
}

#[track_caller]
fn are_one_each(sinks: &[&Sink], readers: usize) {
    let mut all = BTreeMap::new();
    for sink in sinks {
        for (to, copies) in sink.copies() {
            *all.entry(to).or_insert(0) += copies;
        }
    }
    assert!(all.len() == readers && all.values().all(|copies| *copies == 1), "{all:?}");
}

#[test]
fn the_lowest_priority_number_goes_first_and_each_try_says_its_relay() {
    let (first, second) = (Sink::start(Duration::ZERO), Sink::start(Duration::ZERO));
    let site = site(&[("b", &second.transport(), "priority = 2"), ("a", &first.transport(), "priority = 1")]);
    site.readers(40);
    let run = site.run(MONDAY, &["publish"]).exits(0);
    assert!(run.stderr.contains("40 sent by way of a."), "{run:#?}");
    assert_eq!((first.count(), second.count()), (40, 0));
    assert_eq!(tries(&site, "r1@reader.test"), [("a".to_owned(), "sent".to_owned())]);
}

#[test]
fn those_of_one_priority_share_by_weight() {
    let (first, second) = (Sink::start(Duration::ZERO), Sink::start(Duration::ZERO));
    let site = site(&[("a", &first.transport(), "weight = 3"), ("b", &second.transport(), "connections = 1")]);
    site.readers(80);
    site.run(MONDAY, &["publish"]).exits(0);
    assert_eq!((first.count(), second.count()), (60, 20));
    are_one_each(&[&first, &second], 80);
}

#[test]
fn a_relay_that_is_down_from_the_start_is_left_to_the_next() {
    for readers in [1, 30] {
        let second = Sink::start(Duration::ZERO);
        let site = site(&[("a", &nowhere(), "priority = 1"), ("b", &second.transport(), "priority = 2")]);
        site.readers(readers);
        let run = site.run(MONDAY, &["publish"]).exits(0);
        assert!(run.stderr.contains(&format!("{readers} sent by way of b.")), "{run:#?}");
        assert!(run.stderr.contains("Not by way of a: the mail server"), "{run:#?}");
        assert_eq!(second.count(), readers);
        let status = site.status();
        assert_eq!(
            (&status["relays"][0]["name"], &status["relays"][0]["stop"]["kind"]),
            (&"a".into(), &"unreachable".into())
        );
        assert_eq!((&status["relays"][1]["name"], &status["relays"][1]["stop"]), (&"b".into(), &Value::Null));
        let told = site.run(MONDAY, &["status"]).exits(0).stdout;
        assert!(
            told.contains("Relay a: priority 1, weight 1, stopped.\nRelay b: priority 2, weight 1, ready.\n"),
            "{told}"
        );
    }
}

#[test]
fn a_relay_that_goes_down_in_the_middle_is_left_to_the_next_and_nothing_is_lost_or_sent_twice() {
    for words in ["421 4.3.2 shutting down", "550 5.7.1 account suspended"] {
        let second = Sink::start(Duration::ZERO);
        let first = Sink::scripted(move |step| {
            (step.received >= 10 && ["CONNECT", "MAIL"].contains(&step.name)).then_some(words)
        });
        let site = site(&[("a", &first.transport(), "priority = 1"), ("b", &second.transport(), "priority = 2")]);
        site.readers(60);
        site.run(MONDAY, &["publish"]).exits(0);
        assert!(first.count() >= 10 && second.count() >= 40, "{words}: {} {}", first.count(), second.count());
        are_one_each(&[&first, &second], 60);
        assert!(site.not_sent().is_empty());
    }
}

#[test]
fn when_all_relays_are_down_the_run_stops_and_goes_on_later() {
    let is_down = Arc::new(AtomicBool::new(false));
    let down = |is_down: &Arc<AtomicBool>| {
        let is_down = Arc::clone(is_down);
        Sink::scripted(move |step| {
            let now = step.received >= 5 || is_down.load(Ordering::SeqCst);
            (now && step.name == "MAIL").then_some("550 5.7.1 account suspended")
        })
    };
    let (first, second) = (down(&is_down), down(&is_down));
    let site = site(&[("a", &first.transport(), ""), ("b", &second.transport(), "")]);
    site.readers(40);
    let run = site.run(MONDAY, &["publish"]).exits(4);
    assert!(run.stderr.contains("a: the server refuses this sender: 550 5.7.1 account suspended; b: "), "{run:#?}");
    let told = site.status();
    assert!(told["relays"].as_array().unwrap().iter().all(|relay| relay["stop"]["kind"] == "refused"), "{told:#}");
    assert!(site.not_sent().values().all(|state| state == "queued"));
    let third = Sink::start(Duration::ZERO);
    site.edit("config.toml", &first.transport(), &third.transport());
    site.run(AN_HOUR_LATER, &["deliver"]).exits(0);
    are_one_each(&[&first, &second, &third], 40);
}

#[test]
fn nothing_in_doubt_moves_to_another_relay() {
    for in_doubt in ["hold", "resend"] {
        let (first, second) = (Sink::start(Duration::ZERO), Sink::start(Duration::ZERO));
        let site = site(&[("a", &first.transport(), "priority = 1"), ("b", &second.transport(), "priority = 2")]);
        site.configure("mail", &format!("in_doubt = \"{in_doubt}\""));
        let readers = ["doubt-a@reader.test", "doubt-b@reader.test", "fine@reader.test"];
        site.run(MONDAY, &[&["subscribers", "add"], &readers[..]].concat()).exits(0);
        site.run(MONDAY, &["publish"]).exits(4);
        assert_eq!((first.count(), second.count()), (3, 0), "{in_doubt}");
        if in_doubt == "hold" {
            assert!(site.not_sent().values().all(|state| state == "in_doubt"));
            continue;
        }
        // Its relay is down: the other one does not take it.
        let (old, gone) = (first.transport(), nowhere());
        site.edit("config.toml", &old, &gone);
        site.readers(1);
        site.run(AN_HOUR_LATER, &["publish", "--missing", "1"]).exits(4);
        assert_eq!(second.copies().into_keys().collect::<Vec<_>>(), ["r1@reader.test"]);
        assert!(site.not_sent().values().all(|state| state == "deferred"), "{:?}", site.not_sent());
        // It is back, and gets what is its own, though the other one comes first by now.
        site.edit("config.toml", &gone, &old);
        site.edit("config.toml", "priority = 1", "priority = 3");
        site.run(A_DAY_LATER, &["deliver"]).exits(0);
        assert_eq!((first.count(), second.count()), (5, 1));
        assert!(tries(&site, readers[0]).iter().all(|(relay, _)| relay == "a"));
    }
}

#[test]
fn what_a_dead_process_left_in_doubt_is_held_where_there_are_several_relays() {
    let (first, second) = (Sink::start(Duration::from_secs(1)), Sink::start(Duration::ZERO));
    let site = site(&[("a", &first.transport(), "priority = 1"), ("b", &second.transport(), "priority = 2")]);
    site.configure("mail", "in_doubt = \"resend\"");
    site.readers(1);
    let mut publish = site.start(MONDAY, &["publish"]);
    first.wait_for(1);
    publish.kill().unwrap();
    end_of(publish);
    site.run(AN_HOUR_LATER, &["deliver"]).exits(4);
    assert_eq!((first.count(), second.count()), (1, 0));
    assert_eq!(site.not_sent()["r1@reader.test"], "in_doubt");
    assert_eq!(tries(&site, "r1@reader.test")[0].0, "a or b");
}

#[test]
fn each_relay_has_limits_of_its_own_that_hold_over_restarts_and_decisions() {
    let (first, second) = (Sink::start(Duration::ZERO), Sink::start(Duration::ZERO));
    let relays = [
        ("a", first.transport(), "priority = 1\nrate = \"10/day\""),
        ("b", second.transport(), "priority = 2\nrate = \"15/day\""),
    ];
    let site = site(&relays.each_ref().map(|(name, transport, more)| (*name, transport.as_str(), *more)));
    site.readers(40);
    site.run(MONDAY, &["publish", "--limit", "4"]).exits(4);
    assert_eq!((first.count(), second.count()), (4, 0), "a limit for all of them");
    let run = site.run(MONDAY, &["deliver"]).exits(4);
    assert!(run.stderr.contains("`mail.rate` is used up"), "{run:#?}");
    assert_eq!((first.count(), second.count()), (10, 15));
    let left = |site: &TestSite| {
        let status = site.run(AN_HOUR_LATER, &["status", "--json"]).exits(0).json();
        let limits = status["limits"].as_array().unwrap().clone();
        limits.iter().map(|limit| (limit["relay"].clone(), limit["left"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(left(&site), [("a".into(), 0.into()), ("b".into(), 0.into())]);
    // What is sent once more has been tried all the same.
    site.run(MONDAY, &["runs", "resend", "1", "r1@reader.test"]).exits(0);
    site.run(AN_HOUR_LATER, &["deliver"]).exits(4);
    assert_eq!((first.count(), second.count()), (10, 15));
    site.run(A_DAY_LATER, &["deliver"]).exits(0);
    assert_eq!(first.count() + second.count(), 41);
    assert_eq!(left(&site).len(), 2);
}

#[test]
fn what_the_servers_of_readers_put_off_may_go_by_another_relay_later() {
    let (first, second) =
        (Sink::scripted(|step| step.names("slow").then_some("451 4.3.0 later")), Sink::start(Duration::ZERO));
    let site = site(&[("a", &first.transport(), "priority = 1"), ("b", &second.transport(), "priority = 2")]);
    site.run(MONDAY, &["subscribers", "add", "slow@reader.test", "fine@reader.test"]).exits(0);
    site.run(MONDAY, &["publish"]).exits(4);
    assert_eq!((first.count(), second.count()), (1, 0));
    site.edit("config.toml", "priority = 1", "priority = 3");
    site.run(AN_HOUR_LATER, &["deliver"]).exits(0);
    let expected = [("a", "deferred"), ("b", "sent")].map(|(relay, state)| (relay.to_owned(), state.to_owned()));
    assert_eq!(tries(&site, "slow@reader.test"), expected);
}

#[test]
fn every_relay_is_agreed_to_before_anything_is_sent() {
    let (first, second) = (Sink::start(Duration::ZERO), Sink::start(Duration::ZERO));
    let relays = [("a", first.transport()), ("b", second.transport())];
    let stranger = TestSite::of_a_stranger("outbox:outbox");
    let entry = |(name, transport): &(&str, String)| {
        format!("[[mail.relays]]\nname = \"{name}\"\ntransport = \"{transport}\"\n")
    };
    let text = stranger.read("config.toml") + &relays.iter().map(entry).collect::<String>();
    stranger.write("config.toml", &text);
    stranger.readers(1);
    stranger.post("2026-03-01", "Slow rivers");
    let refused = stranger.run(MONDAY, &["publish"]).exits(5);
    for (_, transport) in &relays {
        let port = transport.rsplit_once(':').unwrap().1;
        assert!(refused.stderr.contains(&format!("127.0.0.1, port {port}")), "{refused:#?}");
    }
    stranger.run(MONDAY, &["publish", "--yes", "--limit", "0"]);
    let third = Sink::start(Duration::ZERO);
    stranger.edit("config.toml", &second.transport(), &third.transport());
    stranger.run(MONDAY, &["publish"]).exits(5);
    assert_eq!(first.count() + second.count() + third.count(), 0);
}

/// A site with this limit for gmail.com, and readers there and elsewhere.
fn with_domain_limit(sink: &Sink, limit: &str) -> TestSite {
    let site = TestSite::new(&sink.transport());
    let text = site.read("config.toml") + &format!("[mail.domains.\"gmail.com\"]\n{limit}\n");
    site.write("config.toml", &text);
    site.post("2026-03-01", "Slow rivers");
    let at = |domain: &str, count: usize| (0..count).map(|n| format!("r{n}@{domain}")).collect::<Vec<_>>();
    let readers = [at("gmail.com", 6), at("googlemail.com", 6), at("reader.test", 20)].concat();
    let readers: Vec<&str> = readers.iter().map(String::as_str).collect();
    site.run(MONDAY, &[&["subscribers", "add"], &readers[..]].concat()).exits(0);
    site
}

fn to_gmail(sink: &Sink) -> usize {
    sink.received().iter().filter(|one| one.to.ends_with("mail.com")).count()
}

#[test]
fn a_domains_limit_of_a_day_holds_for_its_provider_over_restarts_and_nobody_else_waits() {
    let sink = Sink::start(Duration::ZERO);
    let site = with_domain_limit(&sink, "rate = \"5/day\"");
    site.run(MONDAY, &["publish", "--limit", "2"]).exits(4);
    site.run(MONDAY, &["deliver"]).exits(4);
    assert_eq!((to_gmail(&sink), sink.count()), (5, 25));
    let status = site.run(AN_HOUR_LATER, &["status", "--json"]).exits(0).json();
    let limit = &status["limits"][0];
    assert_eq!((&limit["domains"][0], &limit["left"]), (&"gmail.com".into(), &0.into()));
    assert_eq!(limit["from"], "2026-03-03T09:00:01Z");
    let waits = "  not tried, put off with its domain (again from 2026-03-03 ";
    let shown = site.run(AN_HOUR_LATER, &["runs", "show"]).exits(0).stdout;
    assert!(shown.matches(waits).count() == 7 && !shown.contains("refused"), "{shown}");
    let shown = site.run(AN_HOUR_LATER, &["runs", "show", "--json"]).exits(0).json();
    let reader = shown["not_sent"][0]["address"].as_str().unwrap();
    let told = site.run(AN_HOUR_LATER, &["explain", reader]).exits(0).stdout;
    assert!(told.contains(waits), "{told}");
    site.run(AN_HOUR_LATER, &["deliver"]).exits(4);
    assert_eq!(to_gmail(&sink), 5, "the same day");
    site.run(A_DAY_LATER, &["deliver"]).exits(4);
    assert_eq!((to_gmail(&sink), sink.count()), (10, 30));
}

#[test]
fn a_domains_limit_of_a_second_spaces_its_readers_out_and_nobody_else() {
    let sink = Sink::start(Duration::ZERO);
    let site = with_domain_limit(&sink, "rate = \"10/s\"");
    let start = std::time::Instant::now();
    site.run(MONDAY, &["publish"]).exits(0);
    assert!(start.elapsed() >= Duration::from_millis(1_100), "{:?}", start.elapsed());
    assert_eq!((to_gmail(&sink), sink.count()), (12, 32));
    let place = |at: &str| sink.received().iter().rposition(|one| one.to.ends_with(at)).unwrap();
    assert!(place("@reader.test") < place("mail.com"), "others go on meanwhile");
}

#[test]
fn only_so_many_messages_to_a_domain_are_on_their_way_at_once() {
    let sink = Sink::start(Duration::from_millis(20));
    let site = with_domain_limit(&sink, "connections = 1");
    let start = std::time::Instant::now();
    site.run(MONDAY, &["publish"]).exits(0);
    // 12 of them one after the other.
    assert!(start.elapsed() >= Duration::from_millis(240), "{:?}", start.elapsed());
    assert_eq!((to_gmail(&sink), sink.count()), (12, 32));
}
