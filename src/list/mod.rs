//! The list of readers as a file: the exports of other newsletter programs, and our own.
//!
//! Invariant: a reader comes in as what the file says, or not at all. What looks like consent and is not known is refused, and
//! where two columns or rows differ, the one counts that gets less mail.

mod columns;
mod consent;
mod details;
mod export;
mod findings;
mod layout;
mod loss;
mod moment;
mod origin;
mod read;
mod reading;
mod report;
mod rows;
mod text;
mod words;
mod write;

pub use export::Service;
pub use layout::{Options, TakenFor};
pub use read::Import;
pub use report::Findings;
pub use text::clean;
pub use write::{header, rows};

#[cfg(test)]
mod tests;
