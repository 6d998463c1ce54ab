//! How fast `tidings publish` is, everything included (plan, freeze, ledger, deliveries), against `smtp-source`, the load
//! generator of Postfix, which sends the same number of messages of the same size over as many connections and records
//! nothing. Both send to the same server, in turn, several rounds; ratios within a run are what counts.
//!
//! - `plain`: messages of about 10 and 30 KB over 10 and 50 connections into `smtp-sink`, signed ones beside what
//!   `openssl speed` says of the same key, and some into a server that is not the bound;
//! - `distance`: one connection over a round trip of 20 ms, with PIPELINING, and with CHUNKING and 16 messages in flight;
//! - `unrecorded`: what claims, marks and records cost, beside the same messages sent without any;
//! - `million`: a million readers, once into `smtp-sink` and once into a server that is not the bound;
//! - `ledger`: the store at a PostgreSQL server alone, with one sender and with two (`TIDINGS_TEST_FSYNC=on`: on a disk, flushed).
//!
//! `cargo bench --bench publish` runs the first two; `cargo bench --bench publish -- million` that case. Needs Debian's
//! packages `postfix` (for `smtp-sink` and `smtp-source`), `openssl` and `time`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::format_collect,
    missing_docs,
    reason = "a benchmark is a program of its own"
)]

mod distance;
mod ledger;
#[path = "../../tests/postgres.rs"]
#[expect(dead_code, reason = "tests ask more of it")]
mod postgres;
mod server;
mod site;
mod unrecorded;

use std::process::{Command, Stdio};

use distance::Distance;
use server::{ChunkSink, Sink, program};
use site::{Blog, Usage, usage};

const ROUNDS: usize = 5;

fn main() {
    let (Some(sink), Some(source)) = (program("smtp-sink"), program("smtp-source")) else {
        println!("publish: skipped, smtp-sink and smtp-source are missing (Debian: apt-get install postfix)");
        return;
    };
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let [case, url, beside] = &arguments[..]
        && case == "ledger-sender"
    {
        return ledger::send(url, beside);
    }
    if let [case, site, messages] = &arguments[..]
        && case == "unrecorded-sender"
    {
        return unrecorded::send(site, messages);
    }
    if arguments.iter().any(|argument| argument == "ledger") {
        return ledger::compare(&Sink::start(&sink));
    }
    let is_wanted = |case: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == case);
    if is_wanted("plain") {
        let sink = Sink::start(&sink);
        for (kilobytes, connections) in [(10, 10), (10, 50), (30, 10), (30, 50)] {
            compare(&source, Some(&sink), &Case { connections, kilobytes, ..Case::new(sink.port) });
        }
        compare(&source, Some(&sink), &Case { is_signed: true, ..Case::new(sink.port) });
        let threads = ChunkSink::start();
        for connections in [10, 50] {
            let name = "a server with threads";
            compare(&source, None, &Case { name, connections, ..Case::new(threads.port) });
        }
        println!("openssl speed rsa2048: {:.0} µs of processor time a signature", openssl());
    }
    if is_wanted("distance") {
        let sink = Sink::start(&sink);
        let far = Distance::start(sink.port);
        let case = Case { name: "round trip of 20 ms", connections: 1, messages: 200, ..Case::new(far.port) };
        compare(&source, None, &case);
        let chunks = ChunkSink::start();
        let far = Distance::start(chunks.port);
        let name = "round trip of 20 ms, 16 in flight";
        compare(&source, None, &Case { name, in_flight: 16, connections: 1, messages: 200, ..Case::new(far.port) });
    }
    if arguments.iter().any(|argument| argument == "unrecorded") {
        unrecorded::compare(&Sink::start(&sink));
    }
    if arguments.iter().any(|argument| argument == "million") {
        let (sink, threads) = (Sink::start(&sink), ChunkSink::start());
        for (name, port) in [("smtp-sink", sink.port), ("a server with threads", threads.port)] {
            let blog = Blog::new(&Case { messages: 1_000_000, ..Case::new(port) });
            let before = sink.processor_seconds();
            let Usage { seconds, processor, megabytes } = blog.publish();
            let busy = sink.processor_seconds() - before;
            println!(
                "1,000,000 readers into {name}: {seconds:.1} s, {processor:.0} µs of processor time each, {megabytes:.0} MB; \
                 smtp-sink was busy for {busy:.1} s"
            );
        }
    }
}

/// What is sent, and how.
pub(crate) struct Case {
    name: &'static str,
    port: u16,
    messages: usize,
    connections: usize,
    in_flight: usize,
    kilobytes: usize,
    is_signed: bool,
    /// The URL of a database at a server; else it is in a file.
    store: Option<String>,
}

impl Case {
    fn new(port: u16) -> Self {
        Self {
            name: "",
            port,
            messages: 20_000,
            connections: 10,
            in_flight: 1,
            kilobytes: 10,
            is_signed: false,
            store: None,
        }
    }
}

/// Publishes and floods in turn, and prints how they compare. A server that is busy all the time is the bound: then the ratio cannot be
/// more than what `smtp-source` costs it by what we do.
fn compare(source: &str, sink: Option<&Sink>, case: &Case) {
    let (mut ratios, mut processor, mut rates, mut size) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let server = || sink.map_or(f64::NAN, Sink::processor_seconds);
    let rate = |usage: &Usage| case.messages as f64 / usage.seconds;
    for _ in 0..ROUNDS {
        let blog = Blog::new(case);
        size = blog.size;
        let at_first = server();
        let flood = usage(
            Command::new(source)
                .args(["-d", "-s", &case.connections.to_string(), "-m", &case.messages.to_string()])
                .args(["-l", &size.to_string(), "-f", "ada@news.example.org", "-t", "reader@reader.test"])
                .arg(format!("127.0.0.1:{}", case.port)),
            case.messages,
        );
        let between = server();
        let publish = blog.publish();
        ratios.push(rate(&publish) / rate(&flood));
        processor.push(publish.processor);
        rates.push(rate(&publish));
        theirs.push((between - at_first) * 1e6 / case.messages as f64);
        ours.push((server() - between) * 1e6 / case.messages as f64);
    }
    println!(
        "{} bytes{}, connections: {}, {}: {} of smtp-source, {:.0} messages/s, {:.0} µs of processor time each",
        size,
        if case.is_signed { ", signed" } else { "" },
        case.connections,
        if case.name.is_empty() { "loopback" } else { case.name },
        middle(&mut ratios),
        median(&mut rates),
        median(&mut processor),
    );
    if sink.is_some() {
        let (theirs, ours) = (median(&mut theirs), median(&mut ours));
        println!("    the server: {theirs:.0} µs for each message of smtp-source, {ours:.0} µs for each of ours");
    }
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// The median, and the spread.
pub(crate) fn middle(numbers: &mut [f64]) -> String {
    let median = median(numbers);
    format!("{median:.2} ({:.2} to {:.2})", numbers[0], numbers[numbers.len() - 1])
}

/// Microseconds of processor time of a signature with RSA-2048, as OpenSSL makes it.
fn openssl() -> f64 {
    let output = Command::new("openssl").args(["speed", "-seconds", "3", "rsa2048"]).stderr(Stdio::null()).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("rsa")).unwrap_or_default();
    let seconds = line.split_whitespace().find_map(|word| word.strip_suffix('s')?.parse::<f64>().ok());
    seconds.unwrap_or(f64::NAN) * 1e6
}
