//! Markdown → HTML: what pulldown-cmark makes of it, but for footnotes, task lists and note boxes, which it would write
//! with clashing ids, with form elements, and without a word.

use std::ops::Range;

use pulldown_cmark::{BlockQuoteKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::footnotes::Footnotes;
use crate::post::MARKDOWN;

/// Containers open at once; deeper ones are left out, their content stays. HTML5 parsers are quadratic in this.
const DEEPEST: usize = 90;

/// Rows with fewer cells than the head of their table are filled up with so many cells in all; further ones stay short. A wide
/// head above many short rows would otherwise make cells by the square of the text.
const MOST_ADDED_CELLS: usize = 10_000;

/// The events of a text, each with its place in it.
pub(crate) fn parse(text: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    parse_with(text, MARKDOWN)
}

/// The same with the quotes, dashes and dots of typesetters in the place of those of typewriters.
pub(crate) fn parse_smart(text: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    parse_with(text, MARKDOWN | Options::ENABLE_SMART_PUNCTUATION)
}

fn parse_with(text: &str, options: Options) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    let mut added = 0;
    Parser::new_ext(text, options).into_offset_iter().filter(move |(event, range)| match event {
        // A cell that was written has a place.
        Event::Start(Tag::TableCell) if range.is_empty() => {
            added += 1;
            added <= MOST_ADDED_CELLS
        }
        Event::End(TagEnd::TableCell) if range.is_empty() => added <= MOST_ADDED_CELLS,
        _ => true,
    })
}

/// The events as they are shown: with the notes at the end, words for the boxes of tasks and notes, and nothing too deep.
/// `key` is what makes the ids of this post its own. Says also whether there are more references to notes than become links.
pub(crate) fn events<'t>(parsed: Vec<Event<'t>>, key: &str) -> (Vec<Event<'t>>, bool) {
    if are_shown_as_they_are(&parsed) {
        return (parsed, false);
    }
    let mut notes = Footnotes::default();
    let mut main = Vec::with_capacity(parsed.len());
    for event in Shallow::new(parsed.into_iter()) {
        let Some(event) = notes.take(event) else { continue };
        match event {
            Event::TaskListMarker(done) => main.push(Event::Text(if done { "☑ " } else { "☐ " }.into())),
            Event::Start(Tag::BlockQuote(Some(kind))) => {
                main.push(Event::Start(Tag::BlockQuote(None)));
                main.extend(label(kind));
            }
            event => main.push(event),
        }
    }
    notes.place(main, key)
}

/// Whether nothing has to be moved, replaced or left out.
fn are_shown_as_they_are(events: &[Event<'_>]) -> bool {
    let mut depth = 0_usize;
    events.iter().all(|event| match event {
        Event::Start(Tag::BlockQuote(Some(_)) | Tag::FootnoteDefinition(_))
        | Event::TaskListMarker(_)
        | Event::FootnoteReference(_) => false,
        Event::Start(_) => {
            depth += 1;
            depth <= DEEPEST
        }
        Event::End(_) => {
            depth -= 1;
            true
        }
        _ => true,
    })
}

/// The events as HTML.
pub(crate) fn to_html<'t>(events: impl Iterator<Item = Event<'t>>) -> String {
    let mut html = String::new();
    html::push_html(&mut html, events);
    html
}

/// A text as HTML.
#[cfg(test)]
pub(crate) fn html_of(text: &str, key: &str) -> String {
    to_html(events(parse(text).map(|(event, _)| event).collect(), key).0.into_iter())
}

fn label<'a>(kind: BlockQuoteKind) -> [Event<'a>; 5] {
    let word = match kind {
        BlockQuoteKind::Note => "Note",
        BlockQuoteKind::Tip => "Tip",
        BlockQuoteKind::Important => "Important",
        BlockQuoteKind::Warning => "Warning",
        BlockQuoteKind::Caution => "Caution",
    };
    [
        Event::Start(Tag::Paragraph),
        Event::Start(Tag::Strong),
        Event::Text(CowStr::Borrowed(word)),
        Event::End(TagEnd::Strong),
        Event::End(TagEnd::Paragraph),
    ]
}

/// Leaves out the containers that are too deep.
struct Shallow<I> {
    events: I,
    depth: usize,
}

impl<I> Shallow<I> {
    fn new(events: I) -> Self {
        Self { events, depth: 0 }
    }
}

impl<'a, I: Iterator<Item = Event<'a>>> Iterator for Shallow<I> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            let event = self.events.next()?;
            match &event {
                // A table and its parts go together, and a picture's text must stay its attribute.
                Event::Start(_) => {
                    self.depth += 1;
                    if self.depth <= DEEPEST {
                        return Some(event);
                    }
                }
                Event::End(_) => {
                    self.depth -= 1;
                    if self.depth < DEEPEST {
                        return Some(event);
                    }
                }
                _ => return Some(event),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_lists_and_note_boxes_are_words() {
        let html = html_of("- [x] done\n- [ ] open\n\n> [!NOTE]\n> Rain.\n", "k");
        assert!(html.contains("☑ done") && html.contains("☐ open") && !html.contains("<input"), "{html}");
        assert!(html.contains("<strong>Note</strong>"), "{html}");
    }

    #[test]
    fn rules_quotes_and_breaks_are_the_author_s() {
        let html = html_of("a  \nb\\\nc\n\n---\nx: y\n---\n\n“q” -- \"q\"\n", "k");
        assert_eq!(html.matches("<br />").count(), 2);
        assert!(html.contains("<hr />") && html.contains("x: y"), "a block between rules is text: {html}");
        assert!(html.contains("“q” -- &quot;q&quot;") || html.contains("“q” -- \"q\""), "{html}");
    }

    #[test]
    fn short_rows_are_filled_up_as_far_as_a_table_is_sensible() {
        let html = html_of("|a|b|c|\n|-|-|-|\n|d|\n|e||\n", "k");
        assert_eq!(html.matches("<td").count(), 6, "{html}");
        let wide = format!("{}\n{}\n{}", "a|".repeat(600), "-|".repeat(600), "|b|\n".repeat(300));
        assert_eq!(html_of(&wide, "k").matches("<td").count(), 300 + MOST_ADDED_CELLS);
    }

    #[test]
    fn deep_nesting_is_flattened_and_its_text_is_kept() {
        let html = html_of(&format!("{}x", "> ".repeat(20_000)), "k");
        assert!(html.matches("<blockquote>").count() <= DEEPEST);
        assert!(html.contains('x'));
    }
}
