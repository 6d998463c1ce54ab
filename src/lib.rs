//! Tidings turns a folder of Markdown posts into feeds and a newsletter.
#![forbid(unsafe_code)]

pub mod cli;
pub mod clock;
pub mod config;
pub mod diagnostic;
pub mod email;
pub mod feed;
pub mod files;
pub mod model;
pub mod post;
pub mod publish;
pub mod store;
pub mod templates;
pub mod transport;
