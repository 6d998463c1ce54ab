//! The Markdown of a post for readers that want it (`source:markdown`): as its author wrote it, with the tags of other generators
//! expanded as for the content, and every address absolute.
//!
//! Invariant: it says nothing that the content does not say. Comments and what nothing refers to are taken out; where more could
//! be hidden (HTML, a stray tag, a note that is not referred to) there is none.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd};

use super::dialect::JOINT;
use super::links::Links;
use crate::config::Config;
use crate::content::nodes::{Element, Node};
use crate::model::percent_encoded;
use crate::post::{MARKDOWN, without_marks};

/// The Markdown of an expanded text; `None` where it cannot be shown faithfully.
pub(crate) fn source(text: &str, permalink: &str, links: &mut Links<'_>, config: &Config) -> Option<String> {
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    // Of links and pictures that are open: where they begin, how their address is written, where what is in them ends.
    let mut open: Vec<(Range<usize>, Option<String>, usize)> = Vec::new();
    let (mut defined, mut referred) = (BTreeSet::new(), BTreeSet::new());
    let (mut used, mut code) = (BTreeMap::new(), Vec::new());
    let (mut words, mut is_code) = (String::new(), false);
    let mut end_of_html = 0;
    let mut events = Parser::new_ext(text, MARKDOWN).into_offset_iter();
    for (event, range) in events.by_ref() {
        match &event {
            Event::Start(Tag::HtmlBlock) => {
                let html = text.get(range.clone())?;
                if !without_comments(html).trim().is_empty() {
                    return None;
                }
                end_of_html = range.end;
                edits.push((range.clone(), "\n".to_owned()));
            }
            Event::Html(_) if range.end <= end_of_html => {}
            Event::InlineHtml(html) if without_comments(html).is_empty() => edits.push((range.clone(), String::new())),
            Event::Html(_) | Event::InlineHtml(_) => return None,
            Event::Start(Tag::FootnoteDefinition(label)) => drop(defined.insert(label.to_string())),
            Event::FootnoteReference(label) => drop(referred.insert(label.to_string())),
            Event::Start(Tag::CodeBlock(_)) => {
                is_code = true;
                code.push(range.clone());
            }
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Text(piece) if !is_code => words.push_str(piece),
            Event::Start(Tag::Link { link_type, dest_url, id, .. } | Tag::Image { link_type, dest_url, id, .. }) => {
                let is_picture = matches!(event, Event::Start(Tag::Image { .. }));
                let written = match link_type {
                    LinkType::Inline => Some(resolved(dest_url, is_picture, permalink, links)),
                    LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut => {
                        used.insert(id.to_string(), resolved(dest_url, is_picture, permalink, links));
                        None
                    }
                    LinkType::Autolink | LinkType::Email => None,
                    _ => return None,
                };
                open.push((range.clone(), written, range.start + 1 + usize::from(is_picture)));
                continue;
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                let (whole, written, inner) = open.pop()?;
                if let Some(url) = written {
                    edits.push((destination(text, inner..whole.end)?, url));
                }
            }
            Event::End(tag) if !matches!(tag, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => {
                words.push('\n');
            }
            _ => {}
        }
        if let Some((_, _, inner)) = open.last_mut() {
            *inner = range.end.max(*inner);
        }
    }
    if defined != referred || (!config.posts.raw_shortcodes && without_marks(&words) != words) {
        return None;
    }
    let definitions = events.reference_definitions();
    // By where they begin: labels are the same in any case.
    let places = used.into_iter().filter_map(|(id, url)| Some((definitions.get(&id)?.span.start, url)));
    let places: BTreeMap<usize, String> = places.collect();
    let mut known = Vec::new();
    for (label, definition) in definitions.iter() {
        let title = definition.title.as_deref().map(|title| format!(" \"{}\"", title.replace('"', "\\\"")));
        let edit =
            places.get(&definition.span.start).map(|url| format!("[{label}]: {url}{}", title.unwrap_or_default()));
        known.push(definition.span.start);
        edits.push((definition.span.clone(), edit.unwrap_or_default()));
    }
    known.sort_unstable();
    code.sort_unstable_by_key(|range| range.start);
    if hides_a_definition(text, &known, &code) {
        return None;
    }
    let source = edited(text, edits)?.replace(JOINT, "");
    let source = source.trim_matches('\n').trim_end();
    (!source.is_empty()).then(|| format!("{source}\n"))
}

/// True when a line looks like a definition and is none that is known: a second one of a label is shown nowhere.
fn hides_a_definition(text: &str, known: &[usize], code: &[Range<usize>]) -> bool {
    let mut start = 0;
    text.split_inclusive('\n').any(|line| {
        let begin = start;
        start += line.len();
        let is_marker = |c: char| c.is_whitespace() || c.is_ascii_digit() || ">-*+.)".contains(c);
        let behind = line.trim_start_matches(is_marker);
        let is_like_one = behind.starts_with('[') && !behind.starts_with("[^") && behind.contains("]:");
        let at = begin + line.len() - behind.len();
        let is_in_code = || {
            let before = code.partition_point(|range| range.start <= at);
            before.checked_sub(1).is_some_and(|last| at < code[last].end)
        };
        is_like_one && known.binary_search(&at).is_err() && !is_in_code()
    })
}

/// HTML without its comments.
fn without_comments(html: &str) -> String {
    let mut rest = html;
    let mut kept = String::new();
    while let Some((before, comment)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
    }
    kept + rest
}

/// The address as the content has it, as it stands in Markdown; empty where that has none.
fn resolved(url: &str, is_picture: bool, permalink: &str, links: &mut Links<'_>) -> String {
    let (name, key) = if is_picture { ("img", "src") } else { ("a", "href") };
    let mut nodes = [Node::Element(Element::new(name, &[(key, url)], Vec::new()))];
    links.resolve(&mut nodes);
    let [Node::Element(element)] = &nodes else { return "<>".to_owned() };
    // Only the content has ids of its own.
    let place = url.starts_with('#').then(|| format!("{permalink}{}", percent_encoded(url)));
    let url = place.as_deref().or_else(|| element.get(key)).unwrap_or_default();
    let is_plain =
        !url.is_empty() && url.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'(' | b')' | b'<' | b'>' | b'\\'));
    if is_plain { url.to_owned() } else { format!("<{}>", url.replace(['<', '>', '\n'], "")) }
}

/// Where the address stands in `](address "title")`, which begins in this part of the text.
fn destination(text: &str, part: Range<usize>) -> Option<Range<usize>> {
    let start = part.start + text.get(part.clone())?.find("](")? + 2;
    let start = start + text.get(start..part.end)?.find(|c: char| !c.is_whitespace())?;
    let rest = text.get(start..part.end)?;
    if rest.starts_with('<') {
        return Some(start..start + rest.find('>')? + 1);
    }
    let mut depth = 0_usize;
    let mut is_escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '(' => depth += 1,
            ')' if depth == 0 => return Some(start..start + at),
            ')' => depth -= 1,
            c if c.is_whitespace() => return Some(start..start + at),
            _ => {}
        }
    }
    None
}

/// The text with other words in these places; `None` where two overlap.
fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> Option<String> {
    edits.sort_by_key(|(range, _)| range.start);
    let mut made = String::with_capacity(text.len());
    let mut done = 0;
    for (range, words) in edits {
        made.push_str(text.get(done..range.start)?);
        made.push_str(&words);
        done = range.end;
    }
    made.push_str(text.get(done..)?);
    Some(made)
}

#[cfg(test)]
mod tests {
    use crate::render::tests::rendered_with;

    /// The Markdown of a post with this body, when there is any.
    fn of(body: &str) -> Option<String> {
        let text = format!("---\ntitle: A walk\ndate: 2025-01-31\n---\n{body}");
        let other = ("posts/b.md", "---\ntitle: B\ndate: 2025-01-30\n---\nB.\n");
        let (entry, _) = rendered_with("[feeds]\nmarkdown = true\n", &[("posts/a-walk.md", &text), other]);
        entry.in_feeds.and_then(|it| it.markdown)
    }

    #[test]
    fn markdown_stays_as_it_was_written_with_absolute_addresses() {
        let body = "# Head *it*\n\n- [ ] one [b](b.md \"T\") and ![p](p (1).png)\n\n| a | b |\n|---|:-:|\n| `[x](y)` | [*c*](/c(1)) |\n\n```js\n[d](e)\n[f]: g\n```\n\n[One][r], [R][] and <https://e.example>.[^1]\n\n[r]: ../up 'It'\n[^1]: A note with [h](#head).\n";
        let body = body.replace("p (1)", "p");
        let source = of(&body).unwrap();
        let permalink = "https://example.org/blog/2025/01/31/a-walk/";
        assert_eq!(
            source,
            body.replace("(b.md ", "(https://example.org/blog/2025/01/30/b/ ")
                .replace("(p.png)", &format!("({permalink}p.png)"))
                .replace("](/c(1))", "](<https://example.org/c(1)>)")
                .replace("[r]: ../up 'It'", "[r]: https://example.org/blog/2025/01/31/up \"It\"")
                .replace("(#head)", &format!("({permalink}#head)"))
        );
    }

    #[test]
    fn what_the_content_does_not_show_is_not_in_the_markdown() {
        let shown = of("A.\n\n<!-- secret -->\n\nB <!-- secret\nsecret --> c.\n\n<!-- mail-only -->\n\nsecret\n\n<!-- /mail-only -->\n\n<!-- web-only -->\n\nFor the web.\n\n<!-- /web-only -->\n\n[//]: # (secret)\n[x]: secret\n\nD.\n").unwrap();
        assert!(!shown.contains("secret") && !shown.contains("only"), "{shown}");
        let words: Vec<_> = shown.split_whitespace().collect();
        assert_eq!(words, ["A.", "B", "c.", "For", "the", "web.", "D."]);
        for hiding in [
            "<div hidden>secret</div>\n",
            "a <span hidden>secret</span>\n",
            "a\n\n[^9]: secret\n",
            "a\n\n[//]: # (one)\n[//]: # (secret)\n",
            "> a\n>\n> [//]: # (one)\n\n- [//]: # (secret)\n",
            "a {{< unclosed\n",
        ] {
            let shown = of(&format!("A.\n\n{hiding}")).unwrap_or_default();
            assert!(!shown.contains("secret") && !shown.contains("{{<"), "{hiding}: {shown}");
        }
        for gone in ["a %%secret%% b\n", "a {% comment %}secret{% endcomment %} b\n", "a {{/* secret */}} b\n"] {
            let shown = of(gone).unwrap_or_default();
            assert!(!shown.contains("secret"), "{gone}: {shown}");
        }
        assert_eq!(of("<p>secret</p>\n"), None, "HTML is not Markdown");
        let (entry, _) = rendered_with("", &[("posts/a.md", "---\ntitle: A\ndate: 2025-01-31\n---\nB.\n")]);
        assert_eq!(entry.in_feeds, None, "only where it is asked for");
    }
}
