//! The same messages over the same wire without a ledger: rendered for each reader and sent, and nothing is claimed, marked or
//! recorded. The program has no such way; this is what its promise costs.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tidings::config;
use tidings::email::{BounceTokens, Copies, Recipients};
use tidings::files::Folder;
use tidings::model::{EmailAddress, Outcome};
use tidings::store::{Database, Store};
use tidings::transport::{self, Letter, Letters};

use super::server::Sink;
use super::site::{Blog, Usage, usage};
use super::{Case, ROUNDS, middle};

/// Delivers a frozen issue and sends it unrecorded in turn.
pub(crate) fn compare(sink: &Sink) {
    let case = Case::new(sink.port);
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let blog = Blog::new(&case);
        blog.freeze();
        let mut unrecorded = Command::new(std::env::current_exe().unwrap());
        unrecorded.arg("unrecorded-sender").arg(blog.path()).arg(case.messages.to_string());
        let Usage { seconds: bare, .. } = usage(&mut unrecorded, case.messages);
        let Usage { seconds, .. } = blog.deliver();
        ratios.push(bare / seconds);
    }
    println!("recorded, of the rate of the same messages unrecorded: {}", middle(&mut ratios));
}

/// What the sender does that records nothing.
pub(crate) fn send(site: &str, messages: &str) {
    let (site, messages) = (Path::new(site), messages.parse::<i64>().unwrap());
    let text = std::fs::read_to_string(site.join("config.toml")).unwrap();
    let config = config::parse("config.toml", &text).unwrap();
    let relay = &config.mail.relays[0];
    let transport = transport::new(relay, config.mail.timeout, &Folder::new(site), None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut store = Store::open(&Database::File(site.join(".tidings/tidings.db"))).await.unwrap();
        let (_, issue) = store.issue(1).await.unwrap().unwrap();
        let secret = store.secret().await.unwrap();
        store.close().await.unwrap();
        let run = Arc::new(Run {
            copies: Copies::new(&issue, None),
            recipients: Recipients::new(&secret, &issue),
            bounces: BounceTokens::new(&secret.bytes),
            from: Arc::new(issue.from_address.parse().unwrap()),
            // The first one has its copy.
            next: AtomicI64::new(2),
            last: messages,
        });
        let connections: Vec<_> = (0..relay.connections)
            .map(|_| {
                let (run, transport) = (Arc::clone(&run), Arc::clone(&transport));
                tokio::spawn(async move {
                    let mut connection = transport.connect().await.unwrap();
                    connection.carry(&mut Share(run)).await;
                    connection.close().await;
                })
            })
            .collect();
        for connection in connections {
            connection.await.unwrap();
        }
    });
}

struct Run {
    copies: Copies,
    recipients: Recipients,
    bounces: BounceTokens,
    from: Arc<EmailAddress>,
    next: AtomicI64,
    last: i64,
}

/// What one connection takes.
struct Share(Arc<Run>);

#[async_trait]
impl Letters for Share {
    async fn next(&mut self, _wait: bool) -> Option<Letter> {
        let subscriber = self.0.next.fetch_add(1, Ordering::Relaxed);
        (subscriber <= self.0.last).then(|| Letter {
            number: subscriber.unsigned_abs(),
            from: Arc::clone(&self.0.from),
            to: format!("reader{}@reader.test", subscriber - 1).parse().unwrap(),
            envelope_id: Some(self.0.bounces.of(1, subscriber)),
            name: format!("issue-1-{subscriber:05}"),
        })
    }

    fn content(&mut self, letter: &Letter, to: &mut Vec<u8>) -> bool {
        let recipient = self.0.recipients.of(i64::try_from(letter.number).unwrap(), &letter.to);
        self.0.copies.write(&recipient, "", to);
        true
    }

    async fn settle(&mut self, _letter: Letter, outcome: Outcome, _is_open: bool) {
        assert!(matches!(outcome, Outcome::Sent(_)), "{outcome:?}");
    }

    async fn give_back(&mut self, letter: Letter) {
        panic!("{letter:?} was given back");
    }

    fn stopped(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}
