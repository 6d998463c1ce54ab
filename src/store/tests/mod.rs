use std::path::Path;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::connection::{Connection, query};
use super::file::DatabaseFile;
use super::migrations::MIGRATIONS;
use super::*;
use crate::config::ServerUrl;
use crate::files::{Access, FileKind};
use crate::model::{
    Answer, Choice, DeliveryState, EmailAddress, Issue, LetterKind, ListId, Lists, MailedEntry, SubscriberStatus,
};

mod file;
mod server;

const NOW: &str = "2026-03-01T09:00:00Z";

fn owners() -> Changing<'static> {
    Changing { way: "the owner", network: None, now: NOW.parse().unwrap() }
}

fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

fn readers(count: usize) -> Vec<NewSubscriber> {
    let reader = |n| NewSubscriber {
        address: address(&format!("r{n}@example.org")),
        name: None,
        status: SubscriberStatus::Confirmed,
        lists: None,
    };
    (1..=count).map(reader).collect()
}

fn issue(number: i64) -> Issue {
    Issue {
        number,
        subject: "Slow rivers".into(),
        from_name: None,
        from_address: "ada@example.org".into(),
        reply_to: None,
        list_id: ListId { name: "Notes".into(), id: "notes.example.org".into() },
        unsubscribe: vec![],
        archive: None,
        feedback_id: None,
        date: NOW.into(),
        html: "<p>".into(),
        text: "text".into(),
        marker: "m".into(),
        names: Vec::new(),
        lists: Vec::new(),
        digest: "d".into(),
    }
}

fn entry(id: &str) -> FrozenEntry {
    let mailed = MailedEntry {
        id: id.into(),
        run: 0,
        issue: 1,
        path: "posts/a.md".into(),
        content_hash: None,
        sketch: Some("aAAAAA".into()),
        title: "A".into(),
        published: NOW.into(),
    };
    FrozenEntry { mailed, url: id.into() }
}

fn key(subscriber: i64) -> DeliveryKey {
    DeliveryKey { issue: 1, subscriber }
}

fn these(subscribers: &[i64]) -> Wanted {
    Wanted::These(subscribers.iter().map(|subscriber| key(*subscriber)).collect())
}

/// Claims the deliveries to these readers.
async fn claim(store: &mut Store, subscribers: &[i64]) {
    let claimed = store.advance(&[], Some(&these(subscribers)), NOW).await.unwrap();
    assert_eq!(claimed.deliveries.len(), subscribers.len());
}

fn outcome(subscriber: i64, state: DeliveryState, next: Option<&str>) -> Recorded {
    let said = Some(Said { relay: Some(1), is_doubtful: false, answer: Answer::parse("250 ok") });
    Recorded { key: key(subscriber), state: Some(state), next_attempt_at: next.map(str::to_owned), said }
}

/// A report that a copy of issue 1 was refused for good.
fn hard_bounce(subscriber: i64) -> NewReport {
    NewReport {
        subscriber,
        issue: 1,
        kind: "hard",
        message: String::new(),
        status: None,
        diagnostic: None,
        way: "mail",
        effect: Effect::Bounced,
    }
}

/// Every delivery of issue 1 that is not sent.
async fn not_sent(store: &mut Store) -> Vec<NotSent> {
    let mut all = Vec::new();
    store.not_sent(1, |delivery| all.push(delivery)).await.unwrap();
    all
}

/// Settles deliveries of run 1.
async fn settle(
    store: &mut Store,
    from: DeliveryState,
    readers: Option<&[i64]>,
    decision: Decision,
    now: &str,
) -> Result<u64> {
    store.settle(Chosen { run: 1, from, is_given_up: false, readers }, decision, now).await
}
