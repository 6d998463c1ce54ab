//! The transport against a scripted server on loopback.

mod delivery;
mod security;
mod server;

use super::*;
use crate::model::{EmailAddress, Outcome};
use crate::transport::{Connection, Envelope};
use server::Server;

const MESSAGE: &[u8] = b"Subject: Notes\r\n\r\nHello\r\n";

/// The transport to `server`, patient enough for a busy machine.
fn transport(server: &Server, security: Security) -> Smtp {
    Smtp::new("127.0.0.1", server.address.port(), security, None, 20)
}

/// For servers that hang: the same transport with short deadlines.
fn hurried(smtp: Smtp) -> Smtp {
    Smtp { deadlines: Deadlines::new(Duration::from_millis(100)), ..smtp }
}

async fn open(smtp: &Smtp) -> Connection {
    Connection::Smtp(Box::new(smtp.connect().await.unwrap()))
}

async fn connect(server: &Server) -> Connection {
    open(&transport(server, Security::Loopback)).await
}

async fn connect_hurried(server: &Server) -> Connection {
    let patient = transport(server, Security::Loopback).deadlines;
    let mut connection = connect(server).await;
    if let Connection::Smtp(smtp) = &mut connection {
        assert_eq!(patient.reply, Duration::from_secs(20));
        smtp.deadlines = Deadlines::new(Duration::from_millis(100));
    }
    connection
}

fn reader(name: &str) -> EmailAddress {
    format!("{name}@example.org").parse().unwrap()
}

/// One try to deliver `message` to `name`.
async fn deliver(connection: &mut Connection, name: &str, message: &[u8]) -> Outcome {
    let (from, to) = (reader("news"), reader(name));
    let envelope = Envelope { from: &from, to: &to, name: "issue-1-00001" };
    match connection.begin(&envelope).await {
        Ok(()) => connection.finish(&envelope, message).await,
        Err(outcome) => outcome,
    }
}
