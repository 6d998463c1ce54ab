//! HTTP: what a browser sees of a site.

pub mod preview;
mod security;

pub use security::{Door, leading_to};
