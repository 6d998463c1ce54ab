//! How many deliveries a second senders claim and record at a PostgreSQL server, when nothing is sent between: the store alone,
//! with the answers of a large mailbox provider, each of which is another.

use std::process::{Command, Stdio};
use std::time::Instant;

use jiff::Timestamp;
use tidings::config::ServerUrl;
use tidings::model::{Answer, DeliveryState};
use tidings::store::{Database, Place, Recorded, Said, Store, Wanted};

use super::server::Sink;
use super::site::Blog;
use super::{Case, ROUNDS, postgres};

const READERS: usize = 100_000;
/// As many as a sender claims at a time.
const PAGE: u32 = 1_000;

/// Measures one sender and two of them in turn.
pub(crate) fn compare(sink: &Sink) {
    let Some(server) = postgres::postgres() else {
        println!("ledger: skipped, there is no PostgreSQL (Debian: apt-get install postgresql)");
        return;
    };
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        one.push(rate(sink, &server.schema(), 1));
        two.push(rate(sink, &server.schema(), 2));
    }
    for (senders, mut rates) in [(1, one), (2, two)] {
        rates.sort_by(f64::total_cmp);
        println!(
            "PostgreSQL, senders: {senders}: {:.0} deliveries a second claimed and recorded ({:.0} to {:.0})",
            rates[ROUNDS / 2],
            rates[0],
            rates[ROUNDS - 1]
        );
    }
}

fn rate(sink: &Sink, url: &str, senders: usize) -> f64 {
    let blog = Blog::new(&Case { messages: READERS, store: Some(url.to_owned()), ..Case::new(sink.port) });
    blog.freeze();
    let start = Instant::now();
    let start_one = |number: usize| {
        let beside = blog.path().join(format!("sender-{number}.db"));
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["ledger-sender", url]).arg(beside).stdout(Stdio::piped()).spawn().unwrap()
    };
    let processes: Vec<_> = (0..senders).map(start_one).collect();
    let said = processes.into_iter().map(|process| process.wait_with_output().unwrap());
    let counts: Vec<usize> =
        said.map(|output| String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()).collect();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(counts.iter().sum::<usize>(), READERS - 1, "{counts:?}");
    READERS as f64 / seconds
}

/// What one sender does; prints how many deliveries it had.
pub(crate) fn send(url: &str, beside: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let count = runtime.block_on(async {
        let url = ServerUrl::parse(url, false).unwrap();
        let mut store = Store::open(&Database::Server { url, beside: beside.into() }).await.unwrap();
        let relay = store.relay("bench").await.unwrap();
        let _marks = store.new_marks(&[1]).await.unwrap();
        let (mut outcomes, mut place, mut count) = (Vec::new(), Place::START, 0);
        loop {
            let now = Timestamp::now().to_string();
            let wanted = Wanted::Next { after: place, is_fresh: false, limit: PAGE };
            let claimed = store.advance(&outcomes, Some(&wanted), &now).await.unwrap();
            let Some(last) = claimed.last else { break };
            (place, count) = (last, count + claimed.deliveries.len());
            outcomes = claimed.deliveries.iter().map(|delivery| accepted(delivery.key().subscriber, relay)).collect();
        }
        store.remove_marks().await.unwrap();
        store.close().await.unwrap();
        count
    });
    println!("{count}");
}

fn accepted(subscriber: i64, relay: i64) -> Recorded {
    let text = format!(
        "250 2.0.0 OK  1764{subscriber:06} d2e1a72fcca58-7a9b{subscriber:08}si12345678b3a.{subscriber} - gsmtp"
    );
    let said = Some(Said { relay: Some(relay), is_doubtful: false, answer: Answer::parse(&text) });
    let key = tidings::store::DeliveryKey { issue: 1, subscriber };
    Recorded { key, state: Some(DeliveryState::Sent), next_attempt_at: None, said }
}
