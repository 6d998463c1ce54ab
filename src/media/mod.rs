//! What a file of pictures, sound or film is: its media type and size in pixels, read from its bytes; and pictures that
//! mail clients do not show, made into such that they do. Nothing here has an effect.

mod convert;
mod facts;

pub use convert::{Conversion, Unreadable};
pub use facts::{Facts, facts};
