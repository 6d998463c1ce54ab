//! All integration tests, as one program: it links once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod source;
mod tidy;
