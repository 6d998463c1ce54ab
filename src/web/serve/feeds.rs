//! The feeds as `build` has written them, each held in memory until its file changes.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::files::{FileKind, Folder};
use crate::model::sha256_hex;

/// So many files are held.
const MOST: usize = 64;
/// A change reaches those who ask through a cache this many seconds later.
const CACHE: &str = "public, max-age=300";

pub(super) struct Feeds {
    folder: Folder,
    dir: String,
    held: Mutex<HashMap<String, Arc<Held>>>,
}

/// A file as it was when it was read.
pub(super) struct Held {
    written: Timestamp,
    modified: String,
    media_type: &'static str,
    etag: String,
    plain: Bytes,
    compressed: Bytes,
}

impl Feeds {
    /// Those in a folder of the site.
    pub(super) fn new(folder: Folder, dir: &str) -> Self {
        Self { folder, dir: dir.to_owned(), held: Mutex::default() }
    }

    /// A file of the folder that is a feed or belongs to one, as it is now.
    pub(super) fn file(&self, name: &str) -> Option<Arc<Held>> {
        let is_plain = |part: &str| {
            let is_known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
            !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_known)
        };
        if name.len() > 255 || !name.split('/').all(is_plain) {
            return None;
        }
        let (_, extension) = name.rsplit_once('.')?;
        if !["xml", "json", "css"].contains(&extension) {
            return None;
        }
        let path = format!("{}/{name}", self.dir);
        let written = self.folder.written(&path).ok()?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = held.get(name).filter(|file| file.written == written) {
            return Some(Arc::clone(file));
        }
        let bytes = self.folder.read(&path, FileKind::Feed).ok()?;
        if held.len() >= MOST {
            held.clear();
        }
        let file = Arc::new(Held::new(bytes, written, extension)?);
        held.insert(name.to_owned(), Arc::clone(&file));
        Some(file)
    }
}

impl Held {
    fn new(bytes: Vec<u8>, written: Timestamp, extension: &str) -> Option<Self> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
        gzip.write_all(&bytes).ok()?;
        let compressed = gzip.finish().ok()?;
        Some(Self {
            written,
            modified: DateTimePrinter::new().timestamp_to_rfc9110_string(&written).ok()?,
            media_type: media_type(&bytes, extension)?,
            etag: sha256_hex(&bytes)[..32].to_owned(),
            plain: bytes.into(),
            compressed: compressed.into(),
        })
    }

    /// The file, packed if who asks can unpack it, or that they have it already.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response {
        let takes_gzip = headers.get_all(header::ACCEPT_ENCODING).iter().any(|list| {
            list.to_str().is_ok_and(|list| {
                list.split(',').any(|one| {
                    one.split(';').next().is_some_and(|it| it.trim() == "gzip")
                        && !one.replace(' ', "").ends_with(";q=0")
                })
            })
        });
        let etag = format!("\"{}{}\"", self.etag, if takes_gzip { "-gzip" } else { "" });
        let mut answer = if self.is_known(&etag, headers) {
            StatusCode::NOT_MODIFIED.into_response()
        } else if takes_gzip {
            ([(header::CONTENT_ENCODING, "gzip")], self.compressed.clone()).into_response()
        } else {
            self.plain.clone().into_response()
        };
        let head = answer.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, self.media_type),
            (header::ETAG, &etag),
            (header::LAST_MODIFIED, &self.modified),
            (header::CACHE_CONTROL, CACHE),
            (header::VARY, "Accept-Encoding"),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                head.insert(name, value);
            }
        }
        answer
    }

    /// Whether who asks has it already (RFC 9110 §13.2.2).
    fn is_known(&self, etag: &str, headers: &HeaderMap) -> bool {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(known) = text(header::IF_NONE_MATCH) {
            let bare = |tag: &str| tag.trim().trim_start_matches("W/") == etag;
            return known.trim() == "*" || known.split(',').any(bare);
        }
        let since = text(header::IF_MODIFIED_SINCE).and_then(|since| jiff::fmt::rfc2822::parse(since).ok());
        since.is_some_and(|since| self.written.as_second() <= since.timestamp().as_second())
    }
}

/// What a feed, or a style sheet of one, is. `None` for what is neither.
fn media_type(bytes: &[u8], extension: &str) -> Option<&'static str> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4_096)]).into_owned();
    match extension {
        "json" if head.contains("https://jsonfeed.org/version/") => Some("application/feed+json; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "xml" if head.contains("<rss") => Some("application/rss+xml; charset=utf-8"),
        "xml" if head.contains("<feed") => Some("application/atom+xml; charset=utf-8"),
        _ => None,
    }
}
