//! HTTP: what a browser sees of a site.

pub mod preview;
mod security;
pub mod serve;

pub use security::{AccessGate, leading_to};
