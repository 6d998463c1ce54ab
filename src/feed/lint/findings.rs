//! Collects what is wrong with one feed. A program writes all entries alike, so a fault is told a few times and then counted.

use std::collections::BTreeMap;
use std::ops::Range;

use super::rules::Rule;
use super::sound::Sound;
use super::tree::Element;
use crate::diagnostic::{Diagnostic, Places};

/// So many times a rule is told for one file.
const SHOWN: usize = 5;

/// The findings in one text.
pub(super) struct Findings<'t> {
    places: Places<'t>,
    pub(super) text: &'t str,
    found: Vec<Diagnostic>,
    /// How often each rule was broken, and which of `found` told it last.
    count: BTreeMap<&'static str, (usize, usize)>,
    pub(super) sound: &'t Sound,
}

impl<'t> Findings<'t> {
    pub(super) fn new(path: &'t str, text: &'t str, sound: &'t Sound) -> Self {
        Self { places: Places::new(path, text), text, found: Vec::new(), count: BTreeMap::new(), sound }
    }

    /// How many faults were found, told or only counted.
    pub(super) fn total(&self) -> usize {
        self.count.values().map(|(count, _)| count).sum()
    }

    /// Notes that `rule` is broken at a place.
    pub(super) fn add(&mut self, rule: &Rule, at: Range<usize>, message: impl Into<String>) {
        self.add_at(rule, |_| at, message);
    }

    /// The same, where it takes some searching to find the place: only for what is told.
    pub(super) fn add_at(
        &mut self,
        rule: &Rule,
        place: impl FnOnce(&Self) -> Range<usize>,
        message: impl Into<String>,
    ) {
        let (count, last) = self.count.entry(rule.code).or_default();
        *count += 1;
        if *count > SHOWN {
            return;
        }
        *last = self.found.len();
        let at = place(self);
        let diagnostic = Diagnostic { severity: rule.severity, ..Diagnostic::error(rule.code, message) };
        self.found.push(diagnostic.at(self.places.at(at)).help(rule.help));
    }

    /// The place inside of `element` where `part` of its text is written, however it is escaped; else its start tag.
    pub(super) fn within(&self, element: &Element, part: &str) -> Range<usize> {
        self.within_range(&element.inside, part).unwrap_or_else(|| element.tag.clone())
    }

    /// Likewise inside of a range.
    pub(super) fn within_range(&self, range: &Range<usize>, part: &str) -> Option<Range<usize>> {
        let inside = self.text.get(range.clone())?;
        let escaped = part.replace('&', "&amp;");
        let forms =
            [part, &escaped, &escaped.replace('<', "&lt;"), &part.replace('<', "\\u003c"), &part.replace('"', "\\\"")];
        let (at, length) = forms.iter().find_map(|form| Some((inside.find(*form)?, form.len())))?;
        Some(range.start + at..range.start + at + length)
    }

    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        for (count, last) in self.count.values() {
            if let (Some(more @ 1..), Some(diagnostic)) = (count.checked_sub(SHOWN), self.found.get_mut(*last)) {
                diagnostic.message += &format!(" (and {more} more like it)");
            }
        }
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::lint::rules::{DATE, EMPTY};

    #[test]
    fn the_same_fault_is_told_a_few_times_and_then_counted() {
        let sound = Sound::default();
        let mut findings = Findings::new("a.xml", "one\ntwo", &sound);
        (0..7).for_each(|_| findings.add(&DATE, 4..7, "no date"));
        findings.add(&EMPTY, 0..3, "empty");
        let found = findings.finish();
        assert_eq!(found.len(), SHOWN + 1);
        assert_eq!(found[4].message, "no date (and 2 more like it)");
        assert_eq!(found[0].location.as_ref().map(|place| (place.line, place.column)), Some((2, 1)));
        assert_eq!(found[5].message, "empty");
    }
}
