//! The Markdown that posts are written in.

use pulldown_cmark::Options;

/// Metadata blocks stay off: a `---` pair in the middle of a text would vanish. So does smart punctuation: quotes are the
/// author's.
pub(crate) const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_DEFINITION_LIST)
    .union(Options::ENABLE_HEADING_ATTRIBUTES)
    .union(Options::ENABLE_GFM);
