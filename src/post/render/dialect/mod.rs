//! What other generators and tools write into Markdown → Markdown and HTML, before the Markdown parser sees it.
//!
//! One table, [`DIALECTS`], lists what is read; each reader is given a place in the text and answers where what it read
//! ends. What no reader takes is copied. Invariants: code is copied as it stands; the work is linear in the text, because
//! looking ahead is paid from an allowance; nothing is evaluated. That no tag is left over is seen to by [`super::leftover`].
//!
//! Warnings are placed in the text as it was written, so nothing has to be mapped back.

mod admonition;
mod arguments;
#[cfg(test)]
mod bounds;
mod hexo;
mod hugo;
mod inline;
mod kramdown;
mod liquid;
mod math;
mod mdx;
mod part;
mod raw;
mod shortcode;
mod target;
#[cfg(test)]
mod tests;
mod wiki;
mod wordpress;
mod writer;
mod zola;

use std::borrow::Cow;

use pulldown_cmark::Event;

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::model::{Body, Post};

use super::super::posts::Posts;
use part::Part;
use writer::Writer;

/// Reads what begins at a place; `None` when it is not its own.
type Reader = fn(&Part<'_>, usize, &mut Writer<'_>) -> Option<usize>;

/// Where a reader is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the beginning of a line.
    Line,
    /// At this byte.
    At(u8),
    /// At this byte, within HTML tags and addresses too.
    Everywhere(u8),
}

/// All dialects, in the order in which they are asked.
const DIALECTS: [(Place, Reader); 24] = [
    (Place::Line, admonition::colons),
    (Place::Line, admonition::exclamations),
    (Place::Line, kramdown::line),
    (Place::Line, mdx::line),
    (Place::Everywhere(b'{'), raw::block),
    (Place::Everywhere(b'{'), hugo::read),
    (Place::Everywhere(b'{'), liquid::tag),
    (Place::Everywhere(b'{'), mdx::braces),
    (Place::Everywhere(b'{'), liquid::value),
    (Place::Everywhere(b'{'), liquid::remark),
    (Place::At(b'{'), kramdown::attributes),
    (Place::Everywhere(b'%'), liquid::stray),
    (Place::At(b'<'), mdx::tag),
    (Place::At(b'!'), wiki::read),
    (Place::At(b'['), admonition::callout),
    (Place::At(b'['), wiki::read),
    (Place::At(b'['), wordpress::read),
    (Place::At(b']'), wiki::destination),
    (Place::At(b'$'), math::dollars),
    (Place::At(b'\\'), math::backslash),
    (Place::At(b'='), inline::mark),
    (Place::At(b':'), inline::address),
    (Place::At(b':'), inline::emoji),
    // A mark that was opened is closed wherever its end stands.
    (Place::Everywhere(b'='), inline::end_mark),
];

/// A body without the words of other generators.
pub(crate) struct Expanded<'t> {
    pub(crate) text: Cow<'t, str>,
    /// What Markdown makes of it, where that is known already.
    pub(crate) events: Option<Vec<Event<'t>>>,
}

/// Expands the body of a post; `posts` are all posts of the site.
pub(crate) fn expand<'t>(post: (&Post, &'t Body), posts: &Posts, config: &Config) -> (Expanded<'t>, Vec<Diagnostic>) {
    let body = &post.1.text;
    let mut writer = Writer::new(post, posts, config);
    let (part, events) = Part::whole(body);
    expand_part(&part, &mut writer);
    let (text, warnings) = writer.finish();
    let expanded = if text == *body {
        Expanded { text: Cow::Borrowed(body), events }
    } else {
        Expanded { text: Cow::Owned(text), events: None }
    };
    (expanded, warnings)
}

fn expand_part(part: &Part<'_>, writer: &mut Writer<'_>) {
    let text = part.text;
    // Places in another part mean nothing in this one.
    let outside = (writer.quiet_until, writer.mark_ends, writer.emoji_end);
    (writer.quiet_until, writer.mark_ends, writer.emoji_end) = (0, None, usize::MAX);
    let mut at = 0;
    while at < text.len() {
        if let Some(code) = part.code_at(at) {
            raw::code(&text[at..code.end], writer);
            at = code.end;
            continue;
        }
        if let Some(end) = read(part, at, writer) {
            at = end;
            continue;
        }
        // No look beyond the next code: it would be taken again behind each piece of code.
        let next = next_place(&text.as_bytes()[..part.next_code(at + 1)], at);
        writer.out.push_str(&text[at..next]);
        at = next;
    }
    (writer.quiet_until, writer.mark_ends, writer.emoji_end) = outside;
}

/// What the first reader makes of a place.
fn read(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let byte = part.text.as_bytes()[at];
    let kept = (byte == b'{' && writer.config.posts.raw_shortcodes).then(|| raw::keep(part, at, writer)).flatten();
    if kept.is_some() {
        return kept;
    }
    let is_line = part.is_line_start(at) && !begins_with_code(part, at);
    DIALECTS.iter().find_map(|(place, reader)| {
        let asked = match place {
            Place::Line => is_line,
            Place::At(opener) => *opener == byte && at >= writer.quiet_until,
            Place::Everywhere(opener) => *opener == byte,
        };
        if asked { reader(part, at, writer).filter(|end| *end > at) } else { None }
    })
}

/// True for a line whose first letter is code: an indented block begins behind its margin.
fn begins_with_code(part: &Part<'_>, at: usize) -> bool {
    let line = part.line(at);
    let margin = line.len() - line.trim_start_matches([' ', '\t', '>']).len();
    margin > 0 && part.code_at(at + margin).is_some()
}

/// The next place at which a reader may be asked.
fn next_place(bytes: &[u8], at: usize) -> usize {
    let opens =
        |byte: &u8| matches!(byte, b'{' | b'%' | b'<' | b'!' | b'[' | b']' | b'$' | b'\\' | b'=' | b':' | b'\n');
    let first = at + 1;
    let Some(found) = bytes[first..].iter().position(opens).filter(|_| bytes[at] != b'\n') else {
        return if bytes[at] == b'\n' { first } else { bytes.len() };
    };
    first + found
}
