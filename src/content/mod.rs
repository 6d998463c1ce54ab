//! What a post says, as a small tree of elements and texts: the nodes, the one list of what may be in them, the one reader of
//! people's HTML, the one writer of HTML and the one of text.
//!
//! Only what `allowed` names gets into a tree, whichever way it is made; `write` writes nothing else.

pub(crate) mod allowed;
mod builder;
pub(crate) mod characters;
pub(crate) mod nodes;
mod read;
pub(crate) mod scan;
mod stand_in;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod text;
pub(crate) mod write;

pub(crate) use allowed::Kind;
pub(crate) use builder::{Builder, Content};
pub use nodes::{Element, Node};
pub(crate) use read::{BEGIN, MORE, read, words};
