//! A file that is the same for all who ask, held in memory: its bytes, packed too, and what tells those who have it already.

use std::io::Write as _;

use axum::body::Bytes;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::model::sha256_hex;

/// A change reaches those who ask through a cache this many seconds later.
const CACHE: &str = "public, max-age=300";

/// A file as it was when it was read.
pub(super) struct Held {
    pub(super) written: Timestamp,
    modified: Option<String>,
    media_type: &'static str,
    etag: String,
    plain: Bytes,
    compressed: Bytes,
}

impl Held {
    /// A file as it was written then.
    pub(super) fn new(bytes: Vec<u8>, written: Timestamp, media_type: &'static str) -> Self {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
        let packed = gzip.write_all(&bytes).and_then(|()| gzip.finish());
        Self {
            written,
            // HTTP knows no years before 0.
            modified: DateTimePrinter::new().timestamp_to_rfc9110_string(&written).ok(),
            media_type,
            etag: sha256_hex(&bytes)[..32].to_owned(),
            plain: bytes.into(),
            compressed: packed.expect("writing to memory does not fail").into(),
        }
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
            (header::LAST_MODIFIED, self.modified.as_deref().unwrap_or_default()),
            (header::CACHE_CONTROL, CACHE),
            (header::VARY, "Accept-Encoding"),
        ] {
            if let Some(value) = HeaderValue::from_str(value).ok().filter(|value| !value.is_empty()) {
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
