//! The program is killed in the middle of its work. No reader is lost, and none gets two copies but those named in doubt.

use std::time::Duration;

use crate::sink::Sink;
use crate::site::{TestSite, end_of, kills};

const NOW: &str = "2026-03-02T09:00:00Z";
const READERS: i64 = 2_000;

#[test]
pub(crate) fn killed_in_the_middle_of_two_thousand_deliveries() {
    let sink = Sink::start(Duration::from_millis(1));
    let site = TestSite::new(&sink.transport());
    site.configure("mail", "connections = 8");
    site.readers(2_000);
    site.post("2026-03-01", "Slow rivers");
    let mut in_doubt = 0;
    for wanted in [150, 700, 1_300] {
        let mut publish = site.start(NOW, &["publish"]);
        sink.wait_for(wanted);
        publish.kill().unwrap();
        assert!(end_of(publish).code != 0, "it was killed before it could end");
        // Whatever was in flight is known before anything goes on.
        let before: i64 = site.status()["deliveries"]["sending"].as_i64().unwrap();
        assert!(before <= 8, "{before} in flight on 8 connections");
        in_doubt += before;
    }
    let last = site.run(NOW, &["publish"]);
    assert!(last.code == 0 || last.code == 4, "{last:#?}");
    let counts = site.status()["deliveries"].clone();
    assert_eq!(counts["in_doubt"].as_i64().unwrap(), in_doubt, "{counts}");
    assert_eq!(counts["sent"].as_i64().unwrap() + in_doubt, READERS, "{counts}");
    let copies = sink.copies();
    assert!(copies.values().all(|copies| *copies == 1), "no reader has two copies");
    let doubted = site.not_sent();
    for reader in 1..=READERS {
        let address = format!("r{reader}@reader.test");
        assert!(copies.contains_key(&address) || doubted.contains_key(&address), "{address} was lost");
    }
    // Another run changes nothing.
    site.run(NOW, &["publish"]).exits(0);
    assert_eq!(sink.count(), copies.len());
}

/// Killed again and again at moments that nothing chose, with one message and with several in flight on each connection.
#[test]
pub(crate) fn killed_at_any_moment_it_names_what_is_in_doubt_and_loses_no_reader() {
    const CONNECTIONS: i64 = 8;
    const IN_FLIGHT: i64 = 6;
    let kills = kills(8, 100);
    let readers = kills * 60;
    let sink = Sink::in_groups(Duration::from_millis(2));
    let site = TestSite::new(&sink.transport());
    site.configure("mail", &format!("connections = {CONNECTIONS}\nin_flight = 1"));
    site.readers(readers);
    site.post("2026-03-01", "Slow rivers");
    let (mut chance, mut in_doubt) = (0x2545_F491_4F6C_DD1D_u64, 0);
    for kill in 0..kills {
        let (old, new, most) = if kill % 2 == 0 { (1, IN_FLIGHT, IN_FLIGHT) } else { (IN_FLIGHT, 1, 1) };
        site.edit("config.toml", &format!("in_flight = {old}"), &format!("in_flight = {new}"));
        // xorshift64: another moment each time, and the same in every run of the test.
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let before = sink.count();
        let mut publish = site.start(NOW, &["publish"]);
        sink.wait_for(before + 1 + usize::try_from(chance % 40).unwrap());
        std::thread::sleep(Duration::from_micros(chance % 2_000));
        publish.kill().unwrap();
        assert!(end_of(publish).code != 0, "it was killed before it could end");
        let counts = site.status()["deliveries"].clone();
        let sending = counts["sending"].as_i64().unwrap();
        assert!(sending <= CONNECTIONS * most, "{sending} in flight with {most} on each connection");
        in_doubt += sending;
    }
    site.run(NOW, &["deliver"]);
    let counts = site.status()["deliveries"].clone();
    assert_eq!(counts["in_doubt"].as_i64().unwrap(), in_doubt, "{counts}");
    assert_eq!(counts["sent"].as_i64().unwrap() + in_doubt, i64::try_from(readers).unwrap(), "{counts}");
    let copies = sink.copies();
    assert!(copies.values().all(|copies| *copies == 1), "no reader has two copies");
    let doubted = site.not_sent();
    for reader in 1..=readers {
        let address = format!("r{reader}@reader.test");
        assert!(copies.contains_key(&address) || doubted.contains_key(&address), "{address} was lost");
    }
}
