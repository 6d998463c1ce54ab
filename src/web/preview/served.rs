//! The desk as `tidings serve` shows it: in a thread of its own, and at work only while it is looked at. Requests come from the server
//! of the pages for readers, which has let in who asks.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::sync::{mpsc, oneshot};

use super::routes;
use super::server::Server;
use super::snapshot::Backend;

/// After so long without a request, and with no page open that follows changes, the site is let go of.
const IDLE: Duration = Duration::from_secs(30);
/// So many requests may wait.
const WAITING: usize = 16;

type Call = (Request, oneshot::Sender<Response>);

/// Where the desk is asked.
#[derive(Debug, Clone)]
pub struct DeskLine(mpsc::Sender<Call>);

/// What the desk is asked.
#[derive(Debug)]
pub struct DeskCalls(mpsc::Receiver<Call>);

/// A line to the desk, and its other end.
pub fn desk_line() -> (DeskLine, DeskCalls) {
    let (asking, calls) = mpsc::channel(WAITING);
    (DeskLine(asking), DeskCalls(calls))
}

impl DeskLine {
    /// The answer to a request whose path is that below the desk; `None` when too many wait, or the desk has stopped.
    pub(in crate::web) async fn ask(&self, request: Request) -> Option<Response> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send((request, answer)).ok()?;
        answered.await.ok()
    }
}

/// Answers what is asked until the other end is gone. Nothing is read, watched or kept of the site in `root` while no one looks.
pub async fn serve_desk(calls: DeskCalls, root: &Path, backend: impl Backend, tell: impl Fn(&str)) {
    let DeskCalls(mut calls) = calls;
    while let Some(first) = calls.recv().await {
        let (server, requests) = Server::new(backend.refresh().await, None);
        let server = Arc::new(server);
        let desk = TowerToHyperService::new(routes().with_state(Arc::clone(&server)));
        let answering = async {
            let mut next = Some(first);
            loop {
                if let Some((request, answer)) = next {
                    let answered = desk.call(request);
                    tokio::spawn(async move {
                        let Ok(response) = answered.await;
                        let _ = answer.send(response);
                    });
                }
                next = match tokio::time::timeout(IDLE, calls.recv()).await {
                    Ok(Some(call)) => Some(call),
                    Err(_) if server.is_followed() => None,
                    _ => return,
                };
            }
        };
        tokio::select! {
            () = answering => {}
            () = server.attend(root, &backend, requests, &tell) => {}
        }
    }
}
