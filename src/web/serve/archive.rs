//! The archive of issues, at the addresses that `build` gives it. It is made of the record and the pages kept beside it, so that
//! an issue is there as soon as it is frozen, before its first copy leaves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use jiff::{SignedDuration, Timestamp};

use super::held::Held;
use super::server::{Server, Shared};
use crate::config::{ARCHIVE_FOLDER, Config};
use crate::diagnostic::Diagnostic;
use crate::files::Folder;
use crate::publish::{self, ArchivedIssue, PublishError};
use crate::templates::Templates;

/// For what was sent as mail: its own styles, and pictures from wherever they are; no script, no form, and no page around it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; form-action 'none'; \
     base-uri 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const ATOM: &str = "application/atom+xml; charset=utf-8";
/// So many pages of issues are held.
const MOST: usize = 64;
/// A file system may give two changes the same time when they are no further apart.
const TICK: SignedDuration = SignedDuration::from_secs(2);

pub(super) struct Archive {
    folder: Folder,
    config: Config,
    templates: Templates,
    tell: fn(&str),
    now: Mutex<Option<Made>>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    List,
    Feed,
    Issue(i64),
}

/// The archive as the folder of the record was at a time.
struct Made {
    /// When that was last changed, and when it was read.
    changed: Option<Timestamp>,
    read: Timestamp,
    /// Without their pages.
    issues: Vec<ArchivedIssue>,
    held: HashMap<i64, Arc<Held>>,
    list: Arc<Held>,
    feed: Arc<Held>,
}

impl Archive {
    pub(super) fn new(folder: Folder, config: Config, templates: Templates, tell: fn(&str)) -> Self {
        Self { folder, config, templates, tell, now: Mutex::default() }
    }

    /// What is wanted, as it is now; `None` when there is no such issue.
    fn file(&self, wanted: Wanted, now: Timestamp) -> Result<Option<Arc<Held>>, PublishError> {
        let changed = publish::archive_changed(&self.folder);
        let mut state = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let is_as_it_was =
            |made: &&mut Made| made.changed == changed && changed.is_none_or(|at| made.read.duration_since(at) > TICK);
        let made = match state.as_mut().filter(is_as_it_was) {
            Some(made) => made,
            None => state.insert(self.made(changed, now)?),
        };
        let Wanted::Issue(number) = wanted else {
            return Ok(Some(Arc::clone(if wanted == Wanted::List { &made.list } else { &made.feed })));
        };
        if let Some(held) = made.held.get(&number) {
            return Ok(Some(Arc::clone(held)));
        }
        let archive = publish::Archive::new(&made.issues, &self.config, &self.templates);
        let Some(kept) = publish::kept_page(&self.folder, number) else { return Ok(None) };
        let Some(page) = archive.page(number, &kept).map_err(faulty)? else { return Ok(None) };
        let held = Arc::new(Held::new(page.into_bytes(), changed.unwrap_or(now), HTML));
        if made.held.len() >= MOST {
            made.held.clear();
        }
        made.held.insert(number, Arc::clone(&held));
        Ok(Some(held))
    }

    /// Reads the record.
    fn made(&self, changed: Option<Timestamp>, now: Timestamp) -> Result<Made, PublishError> {
        let read = publish::read_archive(&self.folder)?;
        for warning in read.warnings {
            (self.tell)(&warning.to_string());
        }
        let mut issues = read.issues;
        issues.iter_mut().for_each(|issue| issue.page = None);
        let archive = publish::Archive::new(&issues, &self.config, &self.templates);
        let held = |bytes, kind| Arc::new(Held::new(bytes, changed.unwrap_or(now), kind));
        let list = held(archive.list().map_err(faulty)?.into_bytes(), HTML);
        let feed = held(archive.feed().bytes, ATOM);
        Ok(Made { changed, read: now, held: HashMap::new(), list, feed, issues })
    }
}

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

fn faulty(problem: Diagnostic) -> PublishError {
    PublishError::Site(vec![problem])
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
