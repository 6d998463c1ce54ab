//! The transport against a scripted server on loopback.

mod delivery;
mod security;
mod server;

use std::time::Duration;

use super::server::Deadlines;
use super::transaction::SmtpConnection;
use super::*;
use crate::model::{EmailAddress, Outcome};
use crate::transport::Envelope;
use server::Server;

const MESSAGE: &[u8] = b"Subject: Notes\r\n\r\nHello\r\n";

/// The transport to `server`, patient enough for a busy machine.
fn transport(server: &Server, security: Security) -> Smtp {
    Smtp::new("127.0.0.1", server.address.port(), security, None, 20)
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
    connection.deadlines = short();
    connection
}

fn reader(name: &str) -> EmailAddress {
    format!("{name}@example.org").parse().unwrap()
}

/// One try to deliver `message` to `name`.
async fn deliver(connection: &mut SmtpConnection, name: &str, message: &[u8]) -> Outcome {
    let (from, to) = (reader("news"), reader(name));
    let envelope = Envelope { from: &from, to: &to, name: "issue-1-00001" };
    match connection.begin(&envelope).await {
        Ok(()) => connection.finish(&envelope, message).await,
        Err(outcome) => outcome,
    }
}
