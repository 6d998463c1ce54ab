//! What RSS and Atom have in common: which children an element may have, and how often.

use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};

use jiff::Timestamp;

use super::findings::Findings;
use super::html;
use super::rules::{EMPTY, MARKUP, NUMBER, STRAY_TEXT, TWICE, UNKNOWN};
use super::tree::{Child, Element};
use super::values::{self, Notation};

pub(super) const ATOM: &str = "http://www.w3.org/2005/Atom";
pub(super) const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";
pub(super) const DC: &str = "http://purl.org/dc/elements/1.1/";
pub(super) const HISTORY: &str = "http://purl.org/syndication/history/1.0";
pub(super) const ITUNES: &str = "http://www.itunes.com/dtds/podcast-1.0.dtd";
pub(super) const MEDIA: &str = "http://search.yahoo.com/mrss/";
pub(super) const SYNDICATION: &str = "http://purl.org/rss/1.0/modules/syndication/";
pub(super) const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// No name or number of a character is longer.
const LONGEST_NAME: usize = 40;

/// A walk through one document.
pub(super) struct Walk<'w, 't> {
    pub(super) findings: &'w mut Findings<'t>,
    pub(super) now: Timestamp,
}

/// Which children of its own namespace an element may have: names in lists.
pub(super) struct Children {
    /// At most once.
    pub(super) single: &'static str,
    /// Any number of times.
    pub(super) many: &'static str,
}

/// One of the checks of `values`.
type Look<'f, T> = fn(&str, Range<usize>, &mut Findings<'f>) -> T;

impl<'t> Walk<'_, 't> {
    /// Children of the element's own namespace that it does not know or that stand twice, and text between them.
    pub(super) fn children(&mut self, element: &Element, known: &Children) {
        let mut seen: HashSet<(&str, &str)> = HashSet::new();
        for child in element.children() {
            let own = child.namespace == element.namespace;
            let is_single = if own { html::is_one_of(known.single, &child.name) } else { is_single(child) };
            if own && !is_single && !html::is_one_of(known.many, &child.name) {
                let message = format!("`<{}>` does not belong into `<{}>`", child.full_name, element.full_name);
                self.findings.add(&UNKNOWN, child.tag.clone(), message);
            }
            if is_single && !seen.insert((&child.namespace, &child.name)) {
                let message = format!("a second `<{}>` in `<{}>`", child.full_name, element.full_name);
                self.findings.add(&TWICE, child.tag.clone(), message);
            }
        }
        let stray = element.content.iter().find_map(|child| match child {
            Child::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Child::Element(_) => None,
        });
        if let Some(stray) = stray {
            let message = format!("text between the elements of `<{}>`", element.full_name);
            self.findings.add_at(&STRAY_TEXT, |findings| findings.within(element, stray), message);
        }
    }

    /// An element that holds nothing but text; returns it without the blanks around it.
    pub(super) fn text(&mut self, element: &Element) -> String {
        if let Some(child) = element.children().next() {
            let message = format!("`<{}>` does not belong into `<{}>`", child.full_name, element.full_name);
            self.findings.add(&UNKNOWN, child.tag.clone(), message);
        }
        let text = element.text();
        values::characters(&text, element.inside.clone(), self.findings);
        text.trim().to_owned()
    }

    /// The same, where nothing would say nothing.
    pub(super) fn filled(&mut self, element: &Element) -> String {
        let text = self.text(element);
        if text.is_empty() && element.children().next().is_none() {
            self.findings.add(&EMPTY, element.tag.clone(), format!("`<{}>` is empty", element.full_name));
        }
        text
    }

    /// Text that readers show as it is: tags and references would be seen, or be taken for markup. References by
    /// number say that none is meant (RSS Advisory Board profile, character data).
    pub(super) fn plain(&mut self, element: &Element) -> String {
        let text = self.filled(element);
        values::garbling(&text, &element.inside, self.findings);
        if let Some(part) = markup(&text)
            && !self.is_guarded(element)
        {
            let message = format!("`{part}` in `<{}>`, which is plain text", element.full_name);
            self.findings.add_at(&MARKUP, |findings| findings.within(element, &part), message);
        }
        text
    }

    /// True when a text writes `<` and `&` by number.
    fn is_guarded(&self, element: &Element) -> bool {
        let raw = &self.findings.text[element.inside.clone()];
        !["&lt;", "&amp;", "<![CDATA["].iter().any(|named| raw.contains(named))
    }

    pub(super) fn address(&mut self, element: &Element) -> Option<String> {
        let text = self.filled(element);
        self.no_blanks(element);
        let is_sound = !text.is_empty() && values::address(&text, place(element), self.findings);
        is_sound.then_some(text)
    }

    pub(super) fn date(&mut self, element: &Element, notation: Notation) -> Option<Timestamp> {
        let text = self.text(element);
        self.no_blanks(element);
        values::date(&text, notation, place(element), self.now, self.findings)
    }

    /// Atom allows no blanks around dates and addresses (RFC 4287 §2).
    fn no_blanks(&mut self, element: &Element) {
        let text = element.text();
        if &*element.namespace == ATOM && text.trim().len() < text.len() {
            let message = format!("blanks around the value of `<{}>`", element.full_name);
            self.findings.add(&STRAY_TEXT, place(element), message);
        }
    }

    /// An attribute that has to be there and hold something.
    pub(super) fn required<'e>(&mut self, element: &'e Element, name: &str) -> Option<&'e str> {
        let found = element.value(name).map(str::trim).filter(|value| !value.is_empty());
        if found.is_none() {
            let message = format!("`<{}>` has no `{name}`", element.full_name);
            self.findings.add(&super::rules::MISSING, element.tag.clone(), message);
        }
        found
    }

    /// Looks at the value of an attribute that need not be there.
    pub(super) fn attribute<T>(&mut self, element: &Element, name: &str, look: Look<'t, T>) {
        if let Some(found) = element.attribute(name) {
            look(&found.value, found.at.clone(), self.findings);
        }
    }

    /// Looks at the text of an element that has to say something.
    pub(super) fn value<T>(&mut self, element: &Element, look: Look<'t, T>) {
        let text = self.filled(element);
        look(&text, place(element), self.findings);
    }

    /// An element that holds a number.
    pub(super) fn number(&mut self, element: &Element, range: RangeInclusive<u64>) {
        let text = self.text(element);
        if !text.parse::<u64>().is_ok_and(|number| range.contains(&number)) {
            let message = format!("`<{}>` is no number: `{}`", element.full_name, values::shown(&text));
            self.findings.add(&NUMBER, place(element), message);
        }
    }

    /// HTML that is written as text.
    pub(super) fn html(&mut self, element: &Element) {
        let text = self.text(element);
        html::look(&text, &element.inside, self.findings);
    }

    /// XHTML as elements: what readers drop of it.
    pub(super) fn xhtml(&mut self, element: &Element) {
        html::look(&self.findings.text[element.inside.clone()].replace("/>", ">"), &element.inside, self.findings);
    }
}

/// Where an element's text stands; its tag when it has none.
pub(super) fn place(element: &Element) -> Range<usize> {
    if element.inside.is_empty() { element.tag.clone() } else { element.inside.clone() }
}

/// Of other namespaces: what an entry or feed says once.
fn is_single(child: &Element) -> bool {
    let names = match &*child.namespace {
        CONTENT => "encoded",
        ITUNES => {
            "author block duration explicit image keywords order subtitle summary episode season title type complete"
        }
        SYNDICATION => "updatePeriod updateFrequency updateBase",
        HISTORY => "archive complete",
        DC => "date language rights",
        _ => "",
    };
    html::is_one_of(names, &child.name)
}

/// An end tag of HTML or a reference to a character.
fn markup(text: &str) -> Option<String> {
    html::end_tag(text).or_else(|| {
        text.match_indices('&').find_map(|(at, _)| {
            let rest = &text[at + 1..];
            let name = &rest[..rest.bytes().take(LONGEST_NAME).position(|b| b == b';')?];
            let is_number = name.strip_prefix('#').is_some_and(|digits| {
                let digits = digits.strip_prefix(['x', 'X']).unwrap_or(digits);
                !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
            });
            let is_known =
                html::is_one_of("amp lt gt quot apos nbsp mdash ndash hellip rsquo lsquo rdquo ldquo copy", name);
            (is_number || is_known).then(|| format!("&{name};"))
        })
    })
}
