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
mod desk_login;
mod dry_run;
mod endless;
mod fairness;
mod faults;
mod feed_source;
mod feeds;
mod form;
mod forms;
mod from_feed;
mod generator_tags;
#[cfg(unix)]
mod hooks;
mod hubs;
mod importing;
mod in_feeds;
mod inbox;
mod joining;
mod kept;
mod last_good;
mod lint;
mod lost;
mod mailboxes;
mod manual;
mod media;
mod memory;
mod missing;
mod moved;
mod moving_in;
mod moving_out;
mod newsletter;
#[cfg(target_os = "linux")]
mod once;
mod opting_in;
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
mod serve_against_wishes;
mod serve_archive;
mod serve_hostile;
mod serve_lists;
mod serve_service;
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
mod ways;
