//! The transport against scripted servers.

mod carrying;
mod delivery;
mod model;
mod security;
mod server;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::carrier::Terms;
use super::connection::SmtpConnection;
use super::mask::Mask;
use super::offers::Offers;
use super::server::Deadlines;
use super::wire::{Io, Wire};
use super::*;
use crate::model::{EmailAddress, Outcome};
use crate::transport::Server as Place;
use crate::transport::{Letter, Letters, send};
use server::{Mode, Server};

const MESSAGE: &[u8] = b"Subject: Notes\r\n\r\nHello\r\n";

/// The transport to `server`, patient enough for a busy machine.
fn transport(server: &Server, security: Security) -> Smtp {
    let place = Place { host: "127.0.0.1".into(), port: server.address.port(), user: None, security };
    Smtp::new(Protocol::Smtp, place, None, 20, 4)
}

/// Deadlines for servers that hang.
fn short() -> Deadlines {
    Deadlines::new(Duration::from_millis(100))
}

async fn connect(server: &Server) -> SmtpConnection {
    transport(server, Security::Loopback).establish().await.unwrap()
}

/// A connection on which a server that hangs is soon given up.
async fn connect_impatiently(server: &Server) -> SmtpConnection {
    let mut connection = connect(server).await;
    connection.terms.deadlines = short();
    connection
}

fn reader(name: &str) -> EmailAddress {
    format!("{name}@example.org").parse().unwrap()
}

fn letter(number: u64, name: &str) -> Letter {
    Letter {
        number,
        from: Arc::new(reader("news")),
        to: reader(name),
        envelope_id: None,
        name: format!("issue-1-{number:05}"),
    }
}

/// One try to deliver `message` to `name`.
async fn deliver(connection: &mut SmtpConnection, name: &str, message: &[u8]) -> Outcome {
    send(connection, letter(1, name), message).await
}

/// A connection over any stream, after EHLO.
fn over(io: impl Io + 'static, mode: Mode, in_flight: usize) -> SmtpConnection {
    let offers = String::from_utf8_lossy(mode.offers()).replace("250-8BITMIME", "250-SIZE 1000");
    let offers = Offers::read(offers.lines().map(|line| line[4..].to_owned()));
    let deadlines = Deadlines::new(Duration::from_secs(10));
    let (mask, knows_no_chunks) = (Mask::default(), Arc::default());
    let terms = Terms { protocol: Protocol::Smtp, offers, deadlines, mask, in_flight, knows_no_chunks };
    SmtpConnection::new(Wire::new(Box::new(io)), terms)
}

/// How a letter ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Settled(Outcome),
    GivenBack,
    /// Its content was refused.
    Left,
}

/// Letters to `reader1@example.org` and so on, and what became of them.
struct Bag {
    letters: VecDeque<Letter>,
    /// Those whose content is refused when it is asked for.
    leavers: BTreeSet<u64>,
    /// What their content has at its end.
    special: Vec<(u64, Vec<u8>)>,
    ends: Vec<(u64, End)>,
    /// Whether the connection was said to be open at the last end.
    is_open: bool,
    /// After how many ends it is time to stop.
    stop_after: usize,
    stop: watch::Sender<bool>,
}

impl Bag {
    fn new(count: u64) -> Self {
        let letters = (1..=count).map(|number| letter(number, &format!("reader{number}"))).collect();
        let (leavers, special, ends) = (BTreeSet::new(), Vec::new(), Vec::new());
        Self { letters, leavers, special, ends, is_open: true, stop_after: usize::MAX, stop: watch::Sender::new(false) }
    }

    fn ended(&mut self, letter: &Letter, end: End, is_open: bool) {
        self.is_open = is_open;
        self.ends.push((letter.number, end));
        if self.ends.len() >= self.stop_after {
            self.stop.send_replace(true);
        }
    }

    /// How the letters ended, in their order.
    fn ends(&self) -> Vec<End> {
        let mut ends = self.ends.clone();
        ends.sort_by_key(|(number, _)| *number);
        assert!(ends.is_sorted_by(|a, b| a.0 < b.0), "each ends once: {ends:?}");
        ends.into_iter().map(|(_, end)| end).collect()
    }
}

#[async_trait]
impl Letters for Bag {
    async fn next(&mut self, _wait: bool) -> Option<Letter> {
        if *self.stop.borrow() { None } else { self.letters.pop_front() }
    }

    fn content(&mut self, letter: &Letter, to: &mut Vec<u8>) -> bool {
        if self.leavers.contains(&letter.number) {
            self.ended(letter, End::Left, self.is_open);
            return false;
        }
        to.extend_from_slice(format!("To: {}\r\n\r\n.a\r\n", letter.to.as_str()).as_bytes());
        let special = self.special.iter().filter(|(number, _)| *number == letter.number);
        special.for_each(|(_, special)| to.extend_from_slice(special));
        true
    }

    async fn settle(&mut self, letter: Letter, outcome: Outcome, is_open: bool) {
        self.ended(&letter, End::Settled(outcome), is_open);
    }

    async fn give_back(&mut self, letter: Letter) {
        self.ended(&letter, End::GivenBack, false);
    }

    fn stopped(&self) -> BoxFuture<'static, ()> {
        let mut stop = self.stop.subscribe();
        Box::pin(async move {
            let _ = stop.wait_for(|stop| *stop).await;
        })
    }
}
