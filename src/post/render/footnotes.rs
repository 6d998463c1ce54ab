//! Footnotes: numbered as they are first referred to, collected at the end, with ids that no other post has.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{CowStr, Event, Tag, TagEnd};

/// The definitions found so far.
#[derive(Default)]
pub(crate) struct Footnotes<'a> {
    definitions: BTreeMap<String, Vec<Event<'a>>>,
    /// The labels of the definitions that are open, outermost first.
    open: Vec<String>,
    /// A second definition of a label is left out, as on GitHub.
    seen: BTreeSet<String>,
}

/// The numbers given out so far.
struct Numbers<'k> {
    key: &'k str,
    order: Vec<String>,
    /// How often each note was referred to.
    references: Vec<usize>,
}

impl<'a> Footnotes<'a> {
    /// Keeps what belongs to a definition and hands back what does not.
    pub(crate) fn take(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        match event {
            Event::Start(Tag::FootnoteDefinition(label)) => {
                let mut label = label.into_string();
                while !self.seen.insert(label.clone()) {
                    label.push('\0');
                }
                self.definitions.insert(label.clone(), Vec::new());
                self.open.push(label);
                None
            }
            Event::End(TagEnd::FootnoteDefinition) => {
                self.open.pop();
                None
            }
            event => match self.open.last().and_then(|label| self.definitions.get_mut(label)) {
                Some(definition) => {
                    definition.push(event);
                    None
                }
                None => Some(event),
            },
        }
    }

    /// The events of the text with its references, and behind them the notes that were referred to.
    pub(crate) fn place(mut self, main: Vec<Event<'a>>, key: &str) -> Vec<Event<'a>> {
        let mut numbers = Numbers { key, order: Vec::new(), references: Vec::new() };
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
            return events;
        }
        events.push(raw("\n<section class=\"footnotes\">\n<ol>\n".to_owned()));
        for (n, mut note) in notes.into_iter().enumerate() {
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
        events
    }

    fn refer(&self, events: Vec<Event<'a>>, numbers: &mut Numbers<'_>) -> Vec<Event<'a>> {
        let reference = |event| match event {
            Event::FootnoteReference(label) if self.definitions.contains_key(&*label) => raw(numbers.refer(&label)),
            Event::FootnoteReference(label) => Event::Text(format!("[^{label}]").into()),
            event => event,
        };
        events.into_iter().map(reference).collect()
    }
}

impl Numbers<'_> {
    fn refer(&mut self, label: &str) -> String {
        let n = self.order.iter().position(|known| known == label).unwrap_or_else(|| {
            self.order.push(label.to_owned());
            self.references.push(0);
            self.order.len() - 1
        });
        self.references[n] += 1;
        let (key, number) = (self.key, n + 1);
        let id = reference_id(key, n, self.references[n]);
        format!("<sup id=\"{id}\"><a class=\"footnote\" href=\"#fn-{key}-{number}\">{number}</a></sup>")
    }

    fn back_links(&self, n: usize) -> String {
        let link = |count| {
            let id = reference_id(self.key, n, count);
            format!(" <a class=\"reversefootnote\" href=\"#{id}\" aria-label=\"Back to the text\">↩</a>")
        };
        (1..=self.references[n]).map(link).collect()
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
    fn a_note_that_refers_to_itself_ends() {
        let html = html_of("a[^x]\n\n[^x]: again[^x]\n", "k");
        assert_eq!(html.matches("again").count(), 1, "{html}");
    }

    #[test]
    fn a_reference_without_a_note_is_text() {
        assert_eq!(html_of("a[^x]\n", "k"), "<p>a[^x]</p>\n");
    }
}
