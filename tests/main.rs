//! All integration tests, as one program: it links once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, reason = "tests make files, read clocks and start programs")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]
#![allow(clippy::format_collect, reason = "tests favour short code over fast code")]

mod agreement;
mod answers;
mod archive;
mod bad_input;
mod checkpoint;
mod cost;
mod crash;
mod desk;
mod dry_run;
mod endless;
mod fairness;
mod faults;
mod feed_source;
mod feeds;
mod forms;
mod from_feed;
mod generator_tags;
mod hubs;
mod importing;
mod in_feeds;
mod inbox;
mod joining;
mod kept;
mod lint;
mod lost;
mod manual;
mod media;
mod memory;
mod missing;
mod moved;
mod moving_in;
mod newsletter;
#[cfg(target_os = "linux")]
mod once;
mod outside;
mod pitfalls;
mod postgres;
mod preview;
mod preview_access;
mod programs;
mod promises;
mod put_off;
mod reading;
mod relays;
mod secrets;
mod senders;
mod serve;
mod servers;
mod sessions;
mod settings;
mod settling;
mod several_lists;
mod several_relays;
mod signing;
mod sink;
mod site;
mod source;
mod stack;
mod stories;
mod terminal;
mod tidy;
mod tolerance;
mod unfinished;
mod upgrade;
mod waiting;
mod watching;
