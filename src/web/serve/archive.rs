//! The archive of issues, at the addresses that `build` gives it: an issue is there as soon as it is frozen, before its first copy
//! leaves.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::issues::Wanted;
use super::server::{Server, Shared};
use crate::config::ARCHIVE_FOLDER;
use crate::publish::PublishError;

/// For what was sent as mail: its own styles, and pictures from wherever they are; no script, no form, and no page around it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; form-action 'none'; \
     base-uri 'none'; frame-ancestors 'none'";

/// The list of issues.
pub(super) async fn list(State(server): Shared, request: Request) -> Result<Response, Response> {
    answer(&server, Wanted::List, request.headers()).await
}

/// Their feed.
pub(super) async fn feed(State(server): Shared, request: Request) -> Result<Response, Response> {
    answer(&server, Wanted::Feed, request.headers()).await
}

/// The page of an issue.
pub(super) async fn issue(
    State(server): Shared,
    Path(number): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let Some(number) = numbered(&number) else { return Err(server.missing()) };
    answer(&server, Wanted::Issue(number), request.headers()).await
}

/// To the list, of which the address ends in `/`.
pub(super) async fn to_list(State(server): Shared) -> Response {
    Redirect::permanent(&format!("{}{ARCHIVE_FOLDER}/", server.pages.base())).into_response()
}

/// To the page of an issue, likewise.
pub(super) async fn to_issue(State(server): Shared, Path(number): Path<String>) -> Result<Response, Response> {
    let Some(number) = numbered(&number) else { return Err(server.missing()) };
    Ok(Redirect::permanent(&format!("{}{ARCHIVE_FOLDER}/{number}/", server.pages.base())).into_response())
}

/// The number in an address, in the one way in which it is written.
fn numbered(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| *number > 0 && number.to_string() == text)
}

/// Files are read in a thread of their own: there may be many after a change.
async fn answer(server: &Arc<Server>, wanted: Wanted, headers: &HeaderMap) -> Result<Response, Response> {
    let (shared, now) = (Arc::clone(server), server.clock.now());
    let found = tokio::task::spawn_blocking(move || match &shared.archive {
        Some(archive) => archive.file(wanted, now),
        None => Ok(None),
    });
    let file = match found.await {
        Ok(Ok(file)) => file.ok_or_else(|| server.missing())?,
        Ok(Err(error)) => {
            let why = match error {
                PublishError::Site(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
                error => error.to_string(),
            };
            (server.tell)(&format!("The archive cannot be shown: {why}"));
            return Err(server.pages.sentence(StatusCode::SERVICE_UNAVAILABLE, "failed_title", &["failed"]));
        }
        Err(_) => return Err(server.pages.sentence(StatusCode::INTERNAL_SERVER_ERROR, "failed_title", &["failed"])),
    };
    let mut answer = file.answer(headers);
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_has_one_address() {
        assert_eq!(numbered("12"), Some(12));
        for other in ["0", "-1", "+1", "012", "1.0", "", "x", "99999999999999999999"] {
            assert_eq!(numbered(other), None, "{other}");
        }
    }
}
