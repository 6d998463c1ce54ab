//! Whether the server is well, and how it goes, for programs that watch it. No reader is in it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Mutex;

use super::metrics::ASKED;
use super::request::visitor;
use super::server::Shared;
use crate::model::DeliveryState;
use crate::store::Store;

/// So often it is looked whether the database still answers.
const LOOK: Duration = Duration::from_secs(5);

/// Goes on after a database server was started again, or the way to it was lost ([`Store::stay_connected`]).
pub(super) async fn stay_connected(store: &Mutex<Store>) {
    loop {
        tokio::time::sleep(LOOK).await;
        // Requests say so when there is no answer, and it is tried again.
        let _ = store.lock().await.stay_connected().await;
    }
}

/// Says that the server and its database answer, and that there is room for what readers say.
pub(super) async fn health(State(server): Shared) -> Response {
    let now = server.clock.now().to_string();
    let mut store = server.store.lock().await;
    let wrong = match store.is_any_ready(&now).await {
        Ok(_) => store.hindrance(),
        Err(_) => Some("the database does not answer"),
    };
    match wrong {
        None => (StatusCode::OK, "ok\n").into_response(),
        Some(wrong) => (StatusCode::SERVICE_UNAVAILABLE, format!("{wrong}\n")).into_response(),
    }
}

/// Everything that is counted, as Prometheus reads it; only for this machine itself.
pub(super) async fn metrics(State(server): Shared, request: Request) -> Result<Response, Response> {
    if !visitor(&server, &request.into_parts().0).is_local {
        return Err(server.missing());
    }
    let mut store = server.store.lock().await;
    let failed = |error| server.failed(&error);
    let readers = store.subscriber_counts().await.map_err(failed)?;
    let deliveries = store.delivery_counts(None).await.map_err(failed)?;
    drop(store);
    let counts = &server.metrics;
    let read = |counter: &AtomicU64| i64::try_from(counter.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
    let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, label: &str, values: Vec<(&str, i64)>| {
        text += &format!("# HELP tidings_{name} {help}\n# TYPE tidings_{name} {kind}\n");
        for (value, count) in values {
            let label = if label.is_empty() { String::new() } else { format!("{{{label}=\"{value}\"}}") };
            text += &format!("tidings_{name}{label} {count}\n");
        }
    };
    let answers = classes.into_iter().zip(counts.answers.iter().map(read)).collect();
    family("http_responses_total", "counter", "Answers by class of status.", "class", answers);
    let asked = ASKED.iter().map(|(word, _)| *word).zip(counts.asked.iter().map(read)).collect();
    family("subscribe_total", "counter", "Wishes to subscribe by what became of them.", "outcome", asked);
    for (name, help, counter) in [
        ("limited_total", "Wishes refused because too many came from one network.", &counts.limited),
        ("confirmed_total", "Readers who have confirmed.", &counts.joined),
        ("unsubscribed_total", "Readers who have left.", &counts.left),
        ("returned_total", "Readers who have taken that back.", &counts.returned),
    ] {
        family(name, "counter", help, "", vec![("", read(counter))]);
    }
    let readers = readers.by_status().map(|(status, count)| (status.as_str(), count)).collect();
    family("subscribers", "gauge", "Subscribers by status.", "status", readers);
    let deliveries = DeliveryState::ALL.map(|state| (state.as_str(), deliveries.get(state))).to_vec();
    family("deliveries", "gauge", "Deliveries by state.", "state", deliveries);
    let hooks = server.hooks.counts();
    if !hooks.is_empty() {
        text +=
            "# HELP tidings_hooks_total What services told by what became of it.\n# TYPE tidings_hooks_total counter\n";
        for (service, outcome, count) in hooks {
            text += &format!("tidings_hooks_total{{service=\"{service}\",outcome=\"{outcome}\"}} {count}\n");
        }
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
