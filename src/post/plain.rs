//! One line of Markdown or HTML → plain text: titles, descriptions and names are never shown as markup.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::generator_tags::{self, without_marks};
use crate::content::characters;

/// What happens to HTML tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tags {
    /// Those that format text go, any other `<x>` is text: `Vec<T>` is a fine title.
    Formatting,
    /// Those of all known elements go.
    All,
}

const FORMATTING: [&str; 12] = ["em", "i", "b", "strong", "code", "del", "sub", "sup", "span", "s", "small", "mark"];

const OTHER: [&str; 14] =
    ["a", "p", "div", "u", "kbd", "abbr", "cite", "q", "img", "blockquote", "ul", "ol", "li", "h1"];

/// The plain text of one line, without tags of generators; entities are decoded once.
pub(crate) fn text(source: &str, tags: Tags) -> String {
    let source = &*generator_tags::without(source);
    if is_plain(source) { characters::one_line(source) } else { parsed(source, tags) }
}

fn parsed(source: &str, tags: Tags) -> String {
    // Behind a word nothing is a heading, list or quote: the parser sees a paragraph.
    let line = format!("x {}", characters::one_line(source));
    let mut text = String::with_capacity(line.len());
    // Formatting that goes can leave the halves of a tag side by side.
    let mut outside_code = String::new();
    for event in Parser::new(&line) {
        match event {
            Event::Text(part) => outside_code.push_str(&part),
            Event::Code(part) => {
                text += &without_marks(&outside_code);
                outside_code.clear();
                text += &part;
            }
            Event::InlineHtml(tag) | Event::Html(tag) => {
                let name = name(&tag);
                if name == "br" {
                    outside_code.push(' ');
                } else if !(tag.starts_with("<!--") || is_markup(&name, tags)) {
                    outside_code.push_str(&tag);
                }
            }
            Event::SoftBreak | Event::HardBreak => outside_code.push(' '),
            _ => {}
        }
    }
    text += &without_marks(outside_code.trim_end());
    characters::clean(&mut text);
    characters::one_line(text.strip_prefix("x ").unwrap_or_default())
}

/// True for words that no parser would see anything in: letters, and signs that mean nothing to Markdown between words.
fn is_plain(source: &str) -> bool {
    source
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b',' | b'.' | b'-' | b':' | b';' | b'?' | b'\''))
}

fn name(tag: &str) -> String {
    let name = tag.trim_start_matches(['<', '/']);
    name.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn is_markup(name: &str, tags: Tags) -> bool {
    FORMATTING.contains(&name) || (tags == Tags::All && OTHER.contains(&name))
}

/// The text of the first heading of level one in a body.
pub(crate) fn first_heading(body: &str) -> Option<String> {
    let mut inside = false;
    let mut written = String::new();
    let mut source: Option<Range<usize>> = None;
    let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
    for (event, at) in Parser::new_ext(body, options).into_offset_iter() {
        if inside && !matches!(event, Event::End(TagEnd::Heading(_))) {
            source = Some(source.map_or(at.start, |source| source.start)..at.end);
        }
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => inside = true,
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
                let source = &body[source.unwrap_or_default()];
                if matches!(generator_tags::without(source), Cow::Owned(clean) if clean != source) {
                    return Some(text(source, Tags::All)).filter(|line| !line.is_empty());
                }
                let mut line = characters::one_line(&written);
                characters::clean(&mut line);
                return (!line.is_empty()).then_some(line);
            }
            Event::Text(part) | Event::Code(part) if inside => written.push_str(&part),
            Event::SoftBreak | Event::HardBreak if inside => written.push(' '),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn plain_words_are_what_the_parser_makes_of_them(words in "[ a-z0-9A,.:;?'-]{0,30}") {
            assert!(is_plain(&words));
            proptest::prop_assert_eq!(text(&words, Tags::All), parsed(&words, Tags::All));
        }
    }

    #[test]
    fn r7_formatting_goes_and_all_else_stays() {
        for (source, expected) in [
            ("How `{% a %}` and {% raw %}{{ b }}{% endraw %} work{% c %}", "How {% a %} and {{ b }} work"),
            ("*{*%x", "x"),
            ("Ampersands & <angles>: Vec<T>, “quotes” & R&D", "Ampersands & <angles>: Vec<T>, “quotes” & R&D"),
            ("A <em>quiet</em> **word** in `code`", "A quiet word in code"),
            ("Caf&eacute; &#8212; &amp;amp;", "Café — &amp;"),
            ("# 1. not a list", "# 1. not a list"),
            ("- 2 * 3 * 4 = snake_case_name", "- 2 * 3 * 4 = snake_case_name"),
            ("two\n  lines", "two lines"),
            ("no\u{a0}break", "no\u{a0}break"),
            ("&#1;&#xfffe;a", "a"),
        ] {
            assert_eq!(text(source, Tags::Formatting), expected, "{source}");
        }
        assert_eq!(text("<p>A <a href='x'>link</a></p> to Vec<T>", Tags::All), "A link to Vec<T>");
    }

    #[test]
    fn the_first_heading_of_level_one_is_found() {
        assert_eq!(first_heading("text\n\n## two\n\nA *good*\nday\n===\n").as_deref(), Some("A good day"));
        assert_eq!(first_heading("```\n# no\n```\n"), None);
        assert_eq!(first_heading("# A {{< x >}}*good* `{{ day }}` #\n").as_deref(), Some("A good {{ day }}"));
    }
}
