//! Several processes, as on several machines, deliver one run from a database at a server.

use std::process::{Child, Stdio};
use std::time::Duration;

use crate::servers::server;
use crate::sink::Sink;
use crate::site::{TestSite, at_server, end_of, kills};

const NOW: &str = "2026-03-02T09:00:00Z";

/// A site at a server with so many readers, whose issue is frozen and has left for one of them.
fn begun(sink: &Sink, readers: usize, mail: &str) -> Option<TestSite> {
    server()?;
    let mut site = None;
    at_server(|| {
        let new = TestSite::new(&sink.transport());
        new.configure("mail", mail);
        new.readers(readers);
        new.post("2026-03-01", "Slow rivers");
        new.run(NOW, &["publish", "--limit", "1"]).exits(4);
        site = Some(new);
    });
    site
}

/// The schema of a site.
fn schema(site: &TestSite) -> String {
    site.read("config.toml").split("%3D").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// Every reader has one copy, or is named in doubt.
fn all_are_accounted_for(site: &TestSite, sink: &Sink, readers: usize) {
    let copies = sink.copies();
    assert!(copies.values().all(|copies| *copies == 1), "no reader has two copies");
    let doubted = site.not_sent();
    let counts = site.status()["deliveries"].clone();
    assert_eq!(doubted.len(), usize::try_from(counts["in_doubt"].as_i64().unwrap()).unwrap(), "{counts}");
    assert_eq!(counts["sent"].as_i64().unwrap(), i64::try_from(readers - doubted.len()).unwrap(), "{counts}");
    for reader in 1..=readers {
        let address = format!("r{reader}@reader.test");
        assert!(copies.contains_key(&address) || doubted.contains_key(&address), "{address} was lost");
    }
}

#[test]
fn several_processes_share_a_run_and_each_reader_gets_one_copy() {
    let sink = Sink::start(Duration::from_millis(20));
    let Some(site) = begun(&sink, 300, "connections = 2") else { return };
    let start = || site.start(NOW, &["deliver"]);
    let processes = [start(), start(), start()];
    sink.wait_for(20);
    assert!(site.status()["delivering"]["pid"].is_u64());
    let ends = processes.map(end_of);
    assert!(ends.iter().all(|end| end.code == 0 || end.code == 4), "{ends:#?}");
    let sent = |end: &crate::site::Run| end.stderr.contains(" sent");
    assert!(ends.iter().filter(|end| sent(end)).count() >= 2, "{ends:#?}");
    all_are_accounted_for(&site, &sink, 300);
    assert!(site.not_sent().is_empty() && site.status()["delivering"].is_null());
    assert!(
        !site.file(".tidings").read_dir().unwrap().any(|file| file
            .unwrap()
            .path()
            .to_str()
            .unwrap()
            .contains("claims"))
    );
}

#[test]
fn an_issue_is_published_while_others_deliver_the_one_before() {
    let sink = Sink::start(Duration::from_millis(20));
    let Some(site) = begun(&sink, 150, "connections = 1") else { return };
    let deliver = site.start(NOW, &["deliver"]);
    sink.wait_for(10);
    site.post("2026-03-03", "Deep lakes");
    let next = site.run("2026-03-03T09:00:00Z", &["publish"]);
    assert!(next.code == 0 || next.code == 4, "{next:#?}");
    end_of(deliver);
    site.run("2026-03-03T09:00:00Z", &["deliver"]).exits(0);
    assert_eq!((sink.count(), sink.copies().len()), (300, 150), "two issues, each once");
    assert!(sink.copies().values().all(|copies| *copies == 2));
}

#[test]
fn all_processes_together_keep_to_a_limit_for_a_day() {
    let sink = Sink::start(Duration::from_millis(5));
    let Some(site) = begun(&sink, 120, "connections = 2\nrate = \"50/day\"") else { return };
    let start = || site.start(NOW, &["deliver"]);
    for end in [start(), start(), start()].map(end_of) {
        assert_eq!(end.code, 4, "{end:#?}");
    }
    assert_eq!(sink.count(), 50);
}

#[test]
fn all_processes_together_keep_to_the_limits_of_several_relays_and_of_domains() {
    let sinks = [Sink::start(Duration::from_millis(5)), Sink::start(Duration::from_millis(5))];
    let relays: Vec<_> = [("first", 30), ("second", 25)]
        .iter()
        .zip(&sinks)
        .map(|((name, rate), sink)| {
            format!("{{ name = '{name}', transport = '{}', rate = '{rate}/day' }}", sink.transport())
        })
        .collect();
    let mail = format!("connections = 2\nrelays = [{}]", relays.join(", "));
    let Some(site) = begun(&sinks[0], 120, &mail) else { return };
    // What one holds and does not use, or has not begun when the limits of all relays are used up, is free for the next.
    let all_deliver = |now: &str, most: usize| {
        let start = || site.start(now, &["deliver"]);
        for end in [start(), start(), start()].map(end_of) {
            assert_eq!(end.code, 4, "{end:#?}");
        }
        let count = || sinks.iter().map(Sink::count).sum::<usize>();
        for _ in 0..5 {
            assert!(count() <= most, "{}", count());
            site.run(now, &["deliver"]).exits(4);
        }
        assert_eq!(count(), most);
    };
    all_deliver(NOW, 30 + 25);
    assert_eq!(sinks.each_ref().map(Sink::count), [30, 25]);
    // A day later the relays take more, and the domain of all readers has a limit too.
    site.configure("mail.domains.'reader.test'", "rate = '17/day'");
    all_deliver("2026-03-03T09:00:01Z", 30 + 25 + 17);
    assert!(sinks.iter().flat_map(|sink| sink.copies().into_values()).all(|copies| copies == 1));
}

/// Killed again and again at moments that nothing chose, while others go on.
#[test]
fn of_three_senders_one_is_killed_at_any_moment_and_no_reader_is_lost() {
    const CONNECTIONS: i64 = 4;
    const IN_FLIGHT: i64 = 4;
    let kills = kills(9, 100);
    let readers = kills * 80;
    let sink = Sink::in_groups(Duration::from_millis(3));
    let mail = format!("connections = {CONNECTIONS}\nin_flight = {IN_FLIGHT}");
    let Some(site) = begun(&sink, readers, &mail) else { return };
    let start = || site.start(NOW, &["deliver"]);
    let mut processes: Vec<Child> = vec![start(), start(), start()];
    let mut chance = 0x2545_F491_4F6C_DD1D_u64;
    for kill in 0..kills {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        sink.wait_for(sink.count() + 1 + usize::try_from(chance % 40).unwrap());
        std::thread::sleep(Duration::from_micros(chance % 2_000));
        let mut process = std::mem::replace(&mut processes[kill % 3], start());
        process.kill().unwrap();
        end_of(process);
    }
    processes.into_iter().map(end_of).for_each(drop);
    site.run(NOW, &["deliver"]);
    all_are_accounted_for(&site, &sink, readers);
    let in_doubt = site.status()["deliveries"]["in_doubt"].as_i64().unwrap();
    assert!(in_doubt <= CONNECTIONS * IN_FLIGHT * i64::try_from(kills).unwrap(), "{in_doubt} in doubt");
}

/// Ends all sessions of a site, as a server that is started again does.
fn hang_up(site: &TestSite) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '";
    server().unwrap().sql("public", &format!("{end}{}'", schema(site)));
}

#[test]
fn a_connection_to_the_database_that_is_lost_is_made_again() {
    // Where messages take long there is often nothing to record, and only leavers are looked for.
    for (pause, readers, moments) in [(10, 400, [40, 120]), (400, 16, [3, 7])] {
        let sink = Sink::start(Duration::from_millis(pause));
        let Some(site) = begun(&sink, readers, "connections = 2") else { return };
        let deliver = site.start(NOW, &["deliver"]);
        for wanted in moments {
            sink.wait_for(wanted);
            std::thread::sleep(Duration::from_millis(pause / 2));
            hang_up(&site);
        }
        end_of(deliver).exits(0);
        all_are_accounted_for(&site, &sink, readers);
        assert!(site.not_sent().is_empty());
    }
}

#[test]
fn one_that_follows_goes_on_when_the_server_has_hung_up() {
    let sink = Sink::start(Duration::ZERO);
    let Some(site) = begun(&sink, 2, "connections = 1") else { return };
    let follows = site.start(NOW, &["deliver", "--follow"]);
    sink.wait_for(2);
    let waits = format!(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = '{}' AND query LIKE 'LISTEN%'",
        schema(&site)
    );
    while server().unwrap().sql("public", &waits) != "1\n" {
        std::thread::sleep(Duration::from_millis(10));
    }
    hang_up(&site);
    site.post("2026-03-02", "Deep lakes");
    while site.run(NOW, &["publish", "--limit", "1"]).code == 5 {}
    sink.wait_for(4);
    assert!(std::process::Command::new("kill").args(["-TERM", &follows.id().to_string()]).status().unwrap().success());
    let end = end_of(follows).exits(0);
    assert!(end.stderr.contains("see that") || end.stderr.contains("terminating connection"), "it says so: {end:#?}");
    assert!(sink.copies().len() == 2 && sink.count() == 4, "two issues, each once");
}

#[test]
fn one_that_waits_to_try_again_goes_on_when_the_server_has_hung_up() {
    let Some(server) = server() else { return };
    let sink = Sink::start(Duration::ZERO);
    at_server(|| {
        let site = TestSite::new(&sink.transport());
        site.readers(3);
        let now = tidings::clock::now();
        let yesterday = now - jiff::SignedDuration::from_hours(24);
        site.post(&yesterday.to_string()[..10], "Slow rivers");
        site.run(&now.to_string(), &["publish", "--limit", "1"]).exits(4);
        // One may be tried again now, the other one soon.
        let now = tidings::clock::now().as_second();
        let put_off =
            format!("UPDATE deliveries SET state = 3, next_attempt_at = {now} + 6 * (subscriber - 2) WHERE state = 0");
        server.sql(&schema(&site), &put_off);
        let mut publish = site.command("", &["publish"]);
        publish.env_remove("TIDINGS_NOW").stdout(Stdio::piped()).stderr(Stdio::piped());
        let publish = publish.spawn().unwrap();
        sink.wait_for(2);
        std::thread::sleep(Duration::from_secs(1));
        hang_up(&site);
        let end = end_of(publish).exits(0);
        assert!(sink.count() == 3 && end.stderr.contains("trying again at"), "{end:#?}");
    });
}
