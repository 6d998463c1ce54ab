//! Parts of a post that are for the web only or for mail only: `<!-- web-only -->…<!-- /web-only -->` and
//! `<!-- mail-only -->…<!-- /mail-only -->`. The marks are comments, so that other programs pass over them; what stands
//! between them is ordinary Markdown. Feeds are of the web.
//!
//! A part is taken out before the Markdown is read, so that nothing of it (a footnote, a link, a word of the summary) is left.
//! Invariant: where a mark is in doubt, what it may hide is hidden.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use super::markdown::OPTIONS;

/// Whom a part is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Readers of the feeds.
    Web,
    /// Readers of the newsletter.
    Mail,
}

impl Audience {
    /// The word in its marks.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Web => "web-only",
            Self::Mail => "mail-only",
        }
    }
}

/// The replacement of a mark or a part: as much of a block, or as little, as the mark itself.
const NOTHING: &str = "<!-- -->";

/// A comment that begins or ends a part.
pub(crate) struct Mark {
    pub(crate) at: Range<usize>,
    pub(crate) audience: Audience,
    pub(crate) opens: bool,
}

/// The marks of a text, but those in code.
pub(crate) fn marks(text: &str) -> Vec<Mark> {
    let lower = || text.to_ascii_lowercase();
    if !text.contains("<!--") || !lower().contains("only") {
        return Vec::new();
    }
    let mut marks = Vec::new();
    // A block of HTML is one event for each line, and a comment may have several.
    let (mut from, mut end_of_block) = (0, 0);
    for (event, range) in Parser::new_ext(text, OPTIONS).into_offset_iter() {
        match event {
            Event::Start(Tag::HtmlBlock) => end_of_block = range.end,
            Event::Html(_) | Event::InlineHtml(_) => {}
            _ => continue,
        }
        from = from.max(range.start);
        let last = end_of_block.max(range.end);
        while let Some(start) = text.get(from..range.end).and_then(|html| html.find("<!--")).map(|at| from + at) {
            let Some(end) = text[start..last].find("-->").map(|at| start + at + 3) else { break };
            marks.extend(mark(text, start..end));
            from = end;
        }
    }
    marks
}

fn mark(text: &str, at: Range<usize>) -> Option<Mark> {
    let comment = text.get(at.start + 4..at.end - 3)?.trim().to_ascii_lowercase();
    let name = comment.strip_prefix('/');
    let word: String =
        name.unwrap_or(&comment).chars().filter(|c| !(c.is_whitespace() || matches!(c, '-' | '_' | '>'))).collect();
    let audience = match &*word {
        "webonly" => Audience::Web,
        "mailonly" | "emailonly" => Audience::Mail,
        _ => return None,
    };
    Some(Mark { at, audience, opens: name.is_none() })
}

/// The text as one audience gets it.
pub(crate) fn select(text: &str, audience: Audience) -> Cow<'_, str> {
    let marks = marks(text);
    if marks.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut selected = String::with_capacity(text.len());
    // How many parts for the others are open.
    let mut hidden = 0_usize;
    let mut done = 0;
    for mark in marks {
        if hidden == 0 {
            selected.push_str(&text[done..mark.at.start]);
            selected.push_str(NOTHING);
        }
        if mark.audience != audience {
            hidden = if mark.opens { hidden + 1 } else { hidden.saturating_sub(1) };
        }
        done = mark.at.end;
    }
    if hidden == 0 {
        selected.push_str(&text[done..]);
    }
    Cow::Owned(selected)
}
