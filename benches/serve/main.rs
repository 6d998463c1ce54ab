//! How many requests `tidings serve` answers in a second, against nginx with a static file: the feed beside the same file, and the
//! one click by which readers leave (RFC 8058), each time of another reader, beside the same clicks answered with a page of nginx.
//! Both are asked by `wrk` in turn, several rounds; ratios within a run are what counts. Afterwards every reader for whom a click was
//! answered must be unsubscribed, and no answer may be an error.
//!
//! `cargo bench --bench serve`; needs Debian's packages `nginx` and `wrk`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::format_collect,
    missing_docs,
    reason = "a benchmark is a program of its own"
)]

mod site;
mod wrk;

use site::{Nginx, Site, free_port, is_installed};
use wrk::{Answers, ask};

const ROUNDS: usize = 5;
/// One for each click: in no round as many are answered.
const READERS: usize = 1_000_000;
/// What is asked for, and by how many connections.
const CASES: [(&str, usize); 3] = [("feed.xml", 64), ("one click", 64), ("one click", 256)];

fn main() {
    if !is_installed("nginx") || !is_installed("wrk") {
        println!("serve: skipped, nginx or wrk is missing (Debian: apt-get install nginx wrk)");
        return;
    }
    let site = Site::new(READERS);
    let nginx = Nginx::start(&site.path().join("public"), free_port());
    let serve = site.serve(free_port());
    let (mut clicks, mut rounds) = (0, CASES.map(|_| Vec::new()));
    for _ in 0..ROUNDS {
        let feed = format!("{}/feed.xml", nginx.url);
        for (times, (what, connections)) in rounds.iter_mut().zip(CASES) {
            let (file, own) = if what == "feed.xml" {
                let own = format!("{}/feed.xml", serve.url);
                (ask(&feed, connections, None, site.path()), ask(&own, connections, None, site.path()))
            } else {
                // With the same script, which takes `wrk` some time itself.
                let file = ask(&nginx.url, connections, Some(clicks), site.path());
                let own = ask(&serve.url, connections, Some(clicks), site.path());
                // Those that were under way when the time was over may have been answered.
                clicks += own.asked;
                (file, own)
            };
            for answers in [&file, &own] {
                assert_eq!(answers.errors, 0, "not every answer was one");
            }
            times.push((own, file));
        }
    }
    let answered: usize = rounds[1..].iter().flatten().map(|(own, _)| own.count).sum();
    drop(serve);
    let left = site.unsubscribed();
    assert!(clicks <= READERS, "too few readers for so many clicks");
    assert!((answered..=clicks).contains(&left), "{answered} clicks were answered, and {left} readers have left");
    for ((name, connections), times) in CASES.into_iter().zip(rounds) {
        let rate = |pick: fn(&(Answers, Answers)) -> f64| median(times.iter().map(pick));
        let mut ratios: Vec<f64> = times.iter().map(|(own, file)| own.rate / file.rate).collect();
        ratios.sort_by(f64::total_cmp);
        println!(
            "{name}, {connections} connections: {:.2} of nginx ({:.2} to {:.2}), {:.0} and {:.0} requests/s",
            ratios[ROUNDS / 2],
            ratios[0],
            ratios[ROUNDS - 1],
            rate(|(own, _)| own.rate),
            rate(|(_, file)| file.rate),
        );
    }
    println!("{answered} clicks were answered, and {left} readers have left");
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
