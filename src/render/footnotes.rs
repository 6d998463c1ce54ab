//! Footnotes: numbered as they are first referred to, collected at the end, with ids that no other post has.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pulldown_cmark::{CowStr, Event, Tag, TagEnd};

use crate::content::nodes::Node;
use crate::diagnostic::{Diagnostic, Places};
use crate::model::{Body, Post};

/// More warnings than this about one body are not read.
const MOST_WARNINGS: usize = 40;

/// So many links lead from a note back to where it is referred to; the last one says how many more there are.
const MOST_BACK_LINKS: usize = 20;

/// So many references, in all, are links to their notes; the others only say the number, since a link with its way back is
/// twenty times as long as what is written for it. No post that was seen has as many.
pub(super) const MOST_LINKS: usize = 5_000;

/// The definitions found so far.
#[derive(Default)]
pub(crate) struct Footnotes<'a> {
    definitions: BTreeMap<String, Vec<Event<'a>>>,
    /// The labels of the definitions that are open, outermost first; `None` for the second definition of a label, which is
    /// left out, as on GitHub.
    open: Vec<Option<String>>,
    seen: BTreeSet<String>,
}

/// The numbers given out so far.
struct Numbers<'k> {
    key: &'k str,
    order: Vec<String>,
    /// The places of labels in `order`.
    places: HashMap<String, usize>,
    /// How often each note was referred to, and by how many links.
    references: Vec<(usize, usize)>,
    /// How many links may still be made.
    links_left: usize,
    has_more: bool,
}

impl<'a> Footnotes<'a> {
    /// Keeps what belongs to a definition and hands back what does not.
    pub(crate) fn take(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        match event {
            Event::Start(Tag::FootnoteDefinition(label)) => {
                let label = Some(label.into_string()).filter(|label| self.seen.insert(label.clone()));
                if let Some(label) = &label {
                    self.definitions.insert(label.clone(), Vec::new());
                }
                self.open.push(label);
                None
            }
            Event::End(TagEnd::FootnoteDefinition) => {
                self.open.pop();
                None
            }
            event => {
                let Some(label) = self.open.last() else { return Some(event) };
                if let Some(definition) = label.as_ref().and_then(|label| self.definitions.get_mut(label)) {
                    definition.push(event);
                }
                None
            }
        }
    }

    /// The events of the text with its references, and behind them the notes that were referred to; and whether there are more
    /// than [`MOST_LINKS`] references.
    pub(crate) fn place(mut self, main: Vec<Event<'a>>, key: &str) -> (Vec<Event<'a>>, bool) {
        let (order, places, references) = Default::default();
        let mut numbers = Numbers { key, order, places, references, links_left: MOST_LINKS, has_more: false };
        let mut events = self.refer(main, &mut numbers);
        // A note may refer to further notes.
        let mut notes = Vec::new();
        while notes.len() < numbers.order.len() {
            let definition = self.definitions.remove(&numbers.order[notes.len()]).unwrap_or_default();
            // Taken out while it is written, so that its own references still find it.
            self.definitions.insert(numbers.order[notes.len()].clone(), Vec::new());
            notes.push(self.refer(definition, &mut numbers));
        }
        if notes.is_empty() {
            return (events, false);
        }
        events.push(raw("\n<section class=\"footnotes\">\n<ol>\n".to_owned()));
        for (n, mut note) in notes.into_iter().enumerate() {
            if numbers.references[n].1 == 0 {
                events.push(raw("<li>".to_owned()));
                events.append(&mut note);
                events.push(raw("</li>\n".to_owned()));
                continue;
            }
            events.push(raw(format!("<li id=\"fn-{key}-{}\">", n + 1)));
            let back = raw(numbers.back_links(n));
            match note.pop() {
                Some(end @ Event::End(TagEnd::Paragraph)) => note.extend([back, end]),
                last => note.extend(last.into_iter().chain([
                    Event::Start(Tag::Paragraph),
                    back,
                    Event::End(TagEnd::Paragraph),
                ])),
            }
            events.append(&mut note);
            events.push(raw("</li>\n".to_owned()));
        }
        events.push(raw("</ol>\n</section>\n".to_owned()));
        (events, numbers.has_more)
    }

    fn refer(&self, events: Vec<Event<'a>>, numbers: &mut Numbers<'_>) -> Vec<Event<'a>> {
        let reference = |event| match event {
            Event::FootnoteReference(label) if self.definitions.contains_key(&*label) => numbers.refer(&label),
            Event::FootnoteReference(label) => Event::Text(format!("[^{label}]").into()),
            event => event,
        };
        events.into_iter().map(reference).collect()
    }
}

/// References outside of code that are shown as they were written, because no note has their name: each name once.
pub(crate) fn undefined(nodes: &[Node], post: &Post, body: &Body) -> Vec<Diagnostic> {
    if !body.text.contains("[^") {
        return Vec::new();
    }
    let mut text = String::new();
    prose(nodes, &mut text);
    let mut names = BTreeSet::new();
    for rest in text.split("[^").skip(1) {
        let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
        // `[^0-9a-f]` is a class of characters in a pattern.
        let is_class = |name: &str| {
            let mut start = name.chars();
            matches!((start.next(), start.next(), start.next()), (Some(first), Some('-'), Some(last)) if first < last)
        };
        names.extend(rest.split_once(']').map(|(name, _)| name).filter(|name| is_name(name) && !is_class(name)));
    }
    let places = Places::from_line(body.first_line, &post.path, &body.text);
    let warning = |name: &str| {
        let mark = format!("[^{name}]");
        let is_meant = |at: &usize| !body.text[..*at].ends_with('\\');
        let at = body.text.match_indices(&mark).map(|(at, _)| at).find(is_meant)?;
        let message = format!("there is no note `{mark}`: the reference is shown as it stands");
        let help = format!("write `{mark}: …` on a line of its own");
        Some(Diagnostic::warning("post/footnote", message).at(places.at(at..at + mark.len())).help(help))
    };
    names.into_iter().take(MOST_WARNINGS).filter_map(warning).collect()
}

/// All text but code.
fn prose(nodes: &[Node], into: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => into.push_str(text),
            Node::Element(element) if matches!(element.name, "code" | "pre") => into.push(' '),
            Node::Element(element) => prose(&element.children, into),
        }
    }
}

impl Numbers<'_> {
    fn refer<'a>(&mut self, label: &str) -> Event<'a> {
        let n = self.places.get(label).copied().unwrap_or_else(|| {
            self.places.insert(label.to_owned(), self.order.len());
            self.order.push(label.to_owned());
            self.references.push((0, 0));
            self.order.len() - 1
        });
        let (key, number) = (self.key, n + 1);
        let (all, count) = &mut self.references[n];
        *all += 1;
        if self.links_left == 0 {
            self.has_more = true;
            return Event::Text(format!("[{number}]").into());
        }
        self.links_left -= 1;
        *count += 1;
        let count = *count;
        let is_led_to = count <= MOST_BACK_LINKS;
        let id = if is_led_to { format!(" id=\"{}\"", reference_id(key, n, count)) } else { String::new() };
        raw(format!("<sup{id}><a class=\"footnote\" href=\"#fn-{key}-{number}\">{number}</a></sup>"))
    }

    fn back_links(&self, n: usize) -> String {
        let (all, links) = self.references[n];
        let most = links.min(MOST_BACK_LINKS);
        let link = |count| {
            let id = reference_id(self.key, n, count);
            let more = if count == most && all > count { format!(" +{}", all - count) } else { String::new() };
            format!(" <a class=\"reversefootnote\" href=\"#{id}\" aria-label=\"Back to the text\">↩{more}</a>")
        };
        (1..=most).map(link).collect()
    }
}

/// `fnref-key-1` for the first reference to a note, `fnref-key-1_2` for the second.
fn reference_id(key: &str, n: usize, count: usize) -> String {
    let suffix = if count > 1 { format!("_{count}") } else { String::new() };
    format!("fnref-{key}-{}{suffix}", n + 1)
}

fn raw<'a>(html: String) -> Event<'a> {
    Event::InlineHtml(CowStr::from(html))
}

#[cfg(test)]
mod tests {
    use super::super::markdown::html_of;

    #[test]
    fn notes_are_numbered_as_they_are_referred_to_and_stand_at_the_end() {
        let html =
            html_of("a[^b] c[^a] d[^b]\n\n[^a]: first\n\n[^b]: second[^c]\n\n[^c]: third\n\n[^d]: never\n\nend\n", "k");
        let (text, notes) = html.split_once("<section").unwrap();
        assert!(text.contains("<p>end</p>"), "{html}");
        assert!(text.contains("a<sup id=\"fnref-k-1\"><a class=\"footnote\" href=\"#fn-k-1\">1</a></sup>"), "{html}");
        assert!(text.contains("d<sup id=\"fnref-k-1_2\">"), "{html}");
        let places: Vec<_> = ["second", "first", "third"].iter().map(|word| notes.find(word).unwrap()).collect();
        assert!(places.is_sorted(), "{html}");
        assert!(notes.contains("href=\"#fnref-k-1\"") && notes.contains("href=\"#fnref-k-1_2\""), "{html}");
        assert!(!html.contains("never"));
    }

    #[test]
    fn a_note_that_is_referred_to_very_often_leads_back_to_the_first_places_and_says_how_many_more_there_are() {
        let html = |times: usize| html_of(&format!("{}\n\n[^x]: note\n", "a[^x] ".repeat(times)), "k");
        let (few, many, most) = (html(20), html(1000), html(5003));
        assert_eq!((few.matches('↩').count(), few.matches('+').count()), (20, 0));
        assert_eq!(many.matches("class=\"footnote\"").count(), 1000);
        assert_eq!((many.matches("↩").count(), many.matches(" id=\"fnref-").count()), (20, 20));
        assert_eq!((most.matches("class=\"footnote\"").count(), most.matches("a[1]").count()), (5000, 3));
        assert!(many.contains("href=\"#fnref-k-1_20\" aria-label=\"Back to the text\">↩ +980</a>"), "{many}");
    }

    #[test]
    fn a_second_note_of_a_name_is_left_out() {
        let html = html_of("a[^x]\n\n[^x]: first\n\n[^x]: second\n\n    more\n\n[^x]: third\n\nend\n", "k");
        assert!(html.contains("first") && html.contains("<p>end</p>"), "{html}");
        assert!(!html.contains("second") && !html.contains("more") && !html.contains("third"), "{html}");
    }

    #[test]
    fn a_note_that_refers_to_itself_ends() {
        let html = html_of("a[^x]\n\n[^x]: again[^x]\n", "k");
        assert_eq!(html.matches("again").count(), 1, "{html}");
    }

    #[test]
    fn a_reference_without_a_note_is_text() {
        assert_eq!(html_of("a[^x]\n", "k"), "<p>a[^x]</p>\n");
    }
}
