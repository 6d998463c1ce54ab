//! All integration tests, as one program: it links once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, reason = "tests make files, read clocks and start programs")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]
#![allow(clippy::format_collect, reason = "tests favour short code over fast code")]

mod bad_input;
mod cost;
mod crash;
mod dry_run;
mod faults;
mod feeds;
mod forms;
mod kept;
mod lint;
mod manual;
mod media;
mod newsletter;
mod pitfalls;
mod preview;
mod reading;
mod sessions;
mod settings;
mod signing;
mod sink;
mod site;
mod source;
mod stack;
mod stories;
mod tidy;
mod tolerance;
