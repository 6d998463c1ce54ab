//! Connections: no more of them than memory and files last for, and none that is held open by saying little.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// So many at once; more wait to be taken.
const MOST: u32 = 512;
/// So long the head of a request may take, and a connection may be idle.
const HEAD: Duration = Duration::from_secs(10);
/// After so long no further request is taken by the same connection, and after as long again it is cut.
const LIFE: Duration = Duration::from_mins(1);
/// So many bytes of a head are read.
const HEAD_BYTES: usize = 16 * 1024;
/// So long what is in flight has when the server stops.
const GRACE: Duration = Duration::from_secs(10);
/// A pause after the system has no file for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers until `stop` comes, and what is in flight then to the end.
///
/// # Errors
/// When the listener cannot be used.
pub(super) async fn answer(listener: TcpListener, routes: Router, stop: impl Future<Output = ()>) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(MOST as usize));
    let (stopping, is_stopping) = watch::channel(());
    tokio::pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(stream, peer)| (stream, peer, place))
        };
        let (stream, peer, place) = tokio::select! {
            () = &mut stop => break,
            Ok(accepted) = next => accepted,
            // The other side is gone, or the system has too many files open: both pass.
            else => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (routes, is_stopping) = (routes.clone(), is_stopping.clone());
        tokio::spawn(async move {
            connection(stream, peer, routes, is_stopping).await;
            drop(place);
        });
    }
    drop(stopping);
    let _ = tokio::time::timeout(GRACE, places.acquire_many(MOST)).await;
    Ok(())
}

/// Answers what comes by one connection. How it ends is of no interest to the server.
async fn connection(stream: TcpStream, peer: SocketAddr, routes: Router, mut is_stopping: watch::Receiver<()>) {
    let _ = stream.set_nodelay(true);
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        routes.call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        _ = &mut connection => true,
        _ = is_stopping.changed() => false,
        () = tokio::time::sleep(LIFE) => false,
    };
    if !ended {
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(LIFE, connection).await;
    }
}
