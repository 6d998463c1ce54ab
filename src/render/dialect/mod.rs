//! What other generators and tools write into Markdown → Markdown and HTML, before the Markdown parser sees it.
//!
//! One table, [`DIALECTS`], lists what is read; each reader is given a place in the text and answers where what it read
//! ends. What no reader takes is copied. Invariants: code is copied as it stands; the work is linear in the text, because
//! looking ahead is paid from an allowance; nothing is evaluated. That no tag is left over is seen to by [`super::leftover`].
//!
//! Warnings are placed in the text as it was written, so nothing has to be mapped back.

mod admonition;
mod arguments;
mod cjk;
mod hexo;
mod hugo;
mod include;
mod included;
mod indent;
mod inline;
mod kramdown;
mod liquid;
mod liquid_tag;
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

use crate::post::Posts;
use part::Part;
use writer::Writer;

/// Reads what begins at a place; `None` when it is not its own.
type Reader = fn(&Part<'_>, usize, &mut Writer<'_>) -> Option<usize>;

/// Where a reader is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the beginning of a line whose first letter, behind blanks and quote marks, is one of these.
    Line(&'static [u8]),
    /// At this byte.
    At(u8),
    /// At this byte, within HTML tags and addresses too.
    Everywhere(u8),
}

/// All dialects, in the order in which they are asked.
const DIALECTS: &[(Place, Reader)] = &[
    (Place::Line(b":"), admonition::colons),
    (Place::Line(b"!?"), admonition::exclamations),
    (Place::Line(b"[*-+1@${R"), kramdown::line),
    (Place::Line(b"ie"), mdx::line),
    (Place::Line(b"#"), cjk::heading),
    (Place::At(b'*'), cjk::emphasis),
    (Place::At(b'^'), wiki::block_name),
    (Place::Everywhere(b'{'), raw::block),
    (Place::Everywhere(b'{'), hugo::read),
    (Place::Everywhere(b'{'), liquid::tag),
    (Place::Everywhere(b'{'), mdx::braces),
    (Place::Everywhere(b'{'), liquid::value),
    (Place::Everywhere(b'{'), liquid::remark),
    (Place::At(b'{'), kramdown::attributes),
    (Place::Everywhere(b'%'), liquid::stray),
    (Place::At(b'%'), wiki::comment),
    (Place::At(b'<'), mdx::tag),
    (Place::At(b'!'), wiki::read),
    (Place::At(b'['), admonition::callout),
    (Place::At(b'['), include::reference),
    (Place::At(b'['), wiki::read),
    (Place::At(b'['), wordpress::read),
    (Place::At(b']'), wiki::destination),
    (Place::At(b'$'), math::dollars),
    (Place::At(b'\\'), math::backslash),
    (Place::At(b'='), inline::mark),
    (Place::At(b':'), inline::address),
    (Place::At(b':'), inline::emoji),
    (Place::At(b':'), admonition::within),
    // A mark that was opened is closed wherever its end stands.
    (Place::Everywhere(b'='), inline::end_mark),
];

pub(crate) use cjk::JOINT;

/// A body without the words of other generators.
pub(crate) struct Expanded<'t> {
    pub(crate) text: Cow<'t, str>,
    /// What Markdown makes of it, where that is known already.
    pub(crate) events: Option<Vec<Event<'t>>>,
}

/// Expands the body of a post; `posts` are all posts of the site.
pub(crate) fn expand<'t>(post: (&Post, &'t Body), posts: &Posts, config: &Config) -> (Expanded<'t>, Vec<Diagnostic>) {
    let body = &post.1.text;
    let mut writer = Writer::new(post, posts, config, expand_part);
    let moved = indent::without_indents(body);
    let events = if let Cow::Owned(moved) = &moved {
        expand_part(&Part::new(moved, 0, 0), &mut writer);
        None
    } else {
        let (part, events) = Part::whole(body);
        expand_part(&part, &mut writer);
        events
    };
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
    let mut code = part.code().iter().peekable();
    let mut at = 0;
    while at < text.len() {
        while code.next_if(|code| code.end <= at).is_some() {}
        let next_code = code.peek().map_or(text.len(), |code| code.start);
        if next_code <= at
            && let Some(code) = code.next()
        {
            raw::code(&text[at..code.end], writer);
            at = code.end;
        } else if let Some(end) = read(part, at, writer) {
            at = end;
        } else {
            // No look beyond the next code: it would be taken again behind each piece of code.
            let next = next_place(&text.as_bytes()[..next_code], at);
            writer.out.push_str(&text[at..next]);
            at = next;
        }
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
    let first = if part.is_line_start(at) { first_letter(part, at) } else { None };
    if first.is_none() && !IS_OPENER[usize::from(byte)] {
        return None;
    }
    DIALECTS.iter().find_map(|(place, reader)| {
        let asked = match place {
            Place::Line(letters) => first.is_some_and(|first| letters.contains(&first) || !first.is_ascii_graphic()),
            Place::At(opener) => *opener == byte && at >= writer.quiet_until,
            Place::Everywhere(opener) => *opener == byte,
        };
        if asked { reader(part, at, writer).filter(|end| *end > at) } else { None }
    })
}

/// The letter that may tell whose line this is; `None` when there is none. Code counts for none: an indented block begins
/// behind its margin.
fn first_letter(part: &Part<'_>, at: usize) -> Option<u8> {
    let line = &part.text.as_bytes()[at..];
    let margin = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'>'))?;
    let first = line[margin];
    let is_asked_for = BEGINS_LINE[usize::from(first)] && (margin == 0 || part.code_at(at + margin).is_none());
    is_asked_for.then_some(first)
}

/// Whether a reader may be asked at a byte, wherever it stands.
static IS_OPENER: [bool; 256] = openers();

const fn openers() -> [bool; 256] {
    let mut openers = [false; 256];
    let mut number = 0;
    while number < DIALECTS.len() {
        if let Place::At(opener) | Place::Everywhere(opener) = DIALECTS[number].0 {
            openers[opener as usize] = true;
        }
        number += 1;
    }
    openers
}

/// Whether a reader may be asked at a line with this first letter. What may be a blank of another alphabet is no letter.
static BEGINS_LINE: [bool; 256] = beginnings();

const fn beginnings() -> [bool; 256] {
    let mut beginnings = [false; 256];
    let mut byte: u8 = 0;
    loop {
        beginnings[byte as usize] = byte != b'\n' && !byte.is_ascii_graphic();
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    let mut number = 0;
    while number < DIALECTS.len() {
        if let Place::Line(letters) = DIALECTS[number].0 {
            let mut letter = 0;
            while letter < letters.len() {
                beginnings[letters[letter] as usize] = true;
                letter += 1;
            }
        }
        number += 1;
    }
    beginnings
}

/// The next place at which a reader may be asked: an opener, or the beginning of a line.
fn next_place(bytes: &[u8], at: usize) -> usize {
    if bytes[at] == b'\n' {
        return at + 1;
    }
    let next = bytes[at + 1..].iter().position(|byte| *byte == b'\n' || IS_OPENER[usize::from(*byte)]);
    next.map_or(bytes.len(), |next| at + 1 + next + usize::from(bytes[at + 1 + next] == b'\n'))
}
