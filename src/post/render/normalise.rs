//! HTML as people write it → HTML that no parser can read in two ways: balanced, shallow, quoted.
//!
//! This is not the wall against active content (that is [`super::sanitise`]); it makes the wall's work bounded. An HTML5
//! parser needs quadratic time or memory for 100,000 nested elements, for formatting that is never closed, for a tag of
//! 300,000 attributes. After this pass there are none.

use std::collections::BTreeSet;

use super::elements::{self, DROPPED, Kind};
use super::scan::{Piece, Scanner};
use super::stand_in;

/// Elements open at once; deeper ones are left out, their content stays.
pub(crate) const DEEPEST: usize = 100;

/// The id of the element that divides long runs of text: the writer of html5ever takes quadratic time for a text of
/// many `&` (it looks for the next `<` again after each). The parser takes it out again.
pub(crate) const DIVIDER: &str = "tidings-divider";

/// The longest run of text without a tag in it.
const LONGEST_RUN: usize = 1024;

/// The class of the element that stands where the summary ends.
pub(crate) const MORE: &str = "tidings-more";

/// The class of the element that stands where the summary begins, when that is not the beginning.
pub(crate) const BEGIN: &str = "tidings-begin";

/// A comment that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The summary ends here.
    More,
    /// The summary begins here.
    Begin,
}

impl Mark {
    /// `<!--more-->` and its kin in other generators; the whole comment must be the word.
    pub(crate) fn of(comment: &str) -> Option<Self> {
        match &*comment.trim().to_ascii_lowercase() {
            "more"
            | "read more"
            | "readmore"
            | "read-more"
            | "truncate"
            | "excerpt"
            | "end excerpt"
            | "pelican_end_summary" => Some(Self::More),
            "pelican_begin_summary" => Some(Self::Begin),
            _ => None,
        }
    }

    /// The class of the element that stands for it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::More => MORE,
            Self::Begin => BEGIN,
        }
    }
}

/// The balanced HTML, and the names of the elements that were left out with their content or effect.
pub(crate) fn normalise(html: &str) -> (String, BTreeSet<String>) {
    let mut output = Output { html: String::with_capacity(html.len()), ..Output::default() };
    let mut scanner = Scanner::new(html);
    while let Some(piece) = scanner.next() {
        match piece {
            Piece::Text(text) => output.text(text),
            Piece::Stray => output.text("&lt;"),
            Piece::Comment(text) => Mark::of(text).into_iter().for_each(|mark| output.mark(mark.class())),
            Piece::Close(name) => output.close(&name),
            Piece::Open(name, attributes) => {
                if output.stand_in(&name, &attributes, &mut scanner) {
                    continue;
                }
                let dropped = DROPPED.contains(&&*name);
                if dropped || matches!(&*name, "form" | "input" | "embed" | "frame") {
                    output.left_out.insert(name.clone());
                }
                if name == "iframe" {
                    output.left_out.remove("iframe");
                }
                let is_hidden = !attributes.is_empty() && stand_in::is_hidden(&attributes);
                if is_hidden && !dropped && elements::kind(&name).is_some() {
                    output.left_out.insert(format!("{name} hidden"));
                    output.open(&name, vec![("hidden".to_owned(), String::new())]);
                    continue;
                }
                output.open(&name, attributes);
                if dropped {
                    scanner.skip_to_end_of(&name);
                    output.close(&name);
                }
            }
        }
    }
    output.pop_to(0);
    (output.html, output.left_out)
}

/// Where a text may be divided at or before `limit`: between characters, and not within an entity.
fn boundary(text: &str, limit: usize) -> usize {
    let mut at = text.floor_char_boundary(limit);
    if let Some(entity) = text[..at].rfind('&').filter(|start| at - start < 40 && !text[*start..at].contains(';')) {
        at = entity;
    }
    at
}

#[derive(Default)]
struct Output {
    html: String,
    open: Vec<String>,
    /// Elements that were too deep, so that their end tags close nothing else.
    too_deep: usize,
    left_out: BTreeSet<String>,
    /// Bytes of text since the last tag.
    run: usize,
}

impl Output {
    /// Text that stands between the cells of a table gets a cell; a parser would move it before the table.
    fn text(&mut self, text: &str) {
        if self.in_table_structure()
            && !text.trim_ascii().is_empty()
            && self.imply_table("td")
            && self.open.len() < DEEPEST
        {
            self.write("td", Vec::new());
            self.open.push("td".to_owned());
        }
        let mut rest = text;
        while self.run + rest.len() > LONGEST_RUN {
            let (head, tail) = rest.split_at(boundary(rest, LONGEST_RUN.saturating_sub(self.run)));
            self.html.push_str(head);
            if !self.in_table_structure() {
                self.write("wbr", vec![("id".to_owned(), DIVIDER.to_owned())]);
            }
            self.run = 0;
            rest = tail;
            if head.is_empty() && boundary(rest, LONGEST_RUN) == 0 {
                break;
            }
        }
        self.html.push_str(rest);
        self.run += rest.len();
    }

    /// Writes what stands for the element, if anything does.
    fn stand_in(&mut self, name: &str, attributes: &Vec<(String, String)>, scanner: &mut Scanner<'_>) -> bool {
        match name {
            "input" => match stand_in::tick_box(attributes) {
                Some(tick_box) => self.text(tick_box),
                None => return false,
            },
            "math" => {
                let formula = stand_in::formula(attributes, scanner.skip_to_end_of("math"));
                if !formula.is_empty() {
                    self.open("code", Vec::new());
                    self.text(&formula);
                    self.close("code");
                }
            }
            "object" | "embed" => {
                let Some((element, attributes)) = stand_in::embedded(name, attributes) else { return name == "object" };
                if name == "object" {
                    scanner.skip_to_end_of(name);
                }
                self.open(element, attributes);
                self.close(element);
            }
            _ => return false,
        }
        true
    }

    fn mark(&mut self, class: &str) {
        if !self.in_table_structure() {
            self.html.push_str("<span class=\"");
            self.html.push_str(class);
            self.html.push_str("\"></span>");
        }
    }

    fn open(&mut self, name: &str, attributes: Vec<(String, String)>) {
        let Some(kind) = elements::kind(name) else { return };
        if self.in_table_structure() && kind != Kind::Table {
            return;
        }
        match kind {
            Kind::Block => self.imply_end_of_block(name),
            Kind::Table if !self.imply_table(name) => return,
            Kind::Void if name == "hr" => self.end_paragraph(),
            // A link cannot hold another, and what is embedded becomes one.
            _ if kind == Kind::Embed || name == "a" => {
                self.end_nearest("a", |other| matches!(other, "td" | "th" | "caption"));
            }
            Kind::Inline if matches!(name, "rt" | "rp") => {
                self.end_nearest("rt", |other| other == "ruby");
                self.end_nearest("rp", |other| other == "ruby");
            }
            _ => {}
        }
        if kind != Kind::Void && self.open.len() >= DEEPEST {
            self.too_deep += 1;
            return;
        }
        self.write(name, attributes);
        if kind != Kind::Void {
            self.open.push(name.to_owned());
        }
    }

    fn write(&mut self, name: &str, attributes: Vec<(String, String)>) {
        self.run = 0;
        self.html.push('<');
        self.html.push_str(name);
        for (key, value) in attributes {
            self.html.push(' ');
            self.html.push_str(&key);
            self.html.push_str("=\"");
            self.html.push_str(&value.replace('"', "&quot;"));
            self.html.push('"');
        }
        self.html.push('>');
    }

    fn close(&mut self, name: &str) {
        if self.too_deep > 0 && !matches!(elements::kind(name), None | Some(Kind::Void)) {
            self.too_deep -= 1;
            return;
        }
        let is_table = elements::kind(name) == Some(Kind::Table);
        let wall = |other: &str| if is_table { other == "table" } else { elements::kind(other) == Some(Kind::Table) };
        for at in (0..self.open.len()).rev() {
            if self.open[at] == name {
                return self.pop_to(at);
            }
            if wall(&self.open[at]) {
                return;
            }
        }
    }

    fn pop_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            let Some(name) = self.open.pop() else { return };
            self.run = 0;
            self.html.push_str("</");
            self.html.push_str(&name);
            self.html.push('>');
        }
    }

    /// Closes the nearest open `name` and what is inside of it, unless a wall is nearer.
    fn end_nearest(&mut self, name: &str, wall: impl Fn(&str) -> bool) {
        for at in (0..self.open.len()).rev() {
            if self.open[at] == name {
                return self.pop_to(at);
            }
            if wall(&self.open[at]) {
                return;
            }
        }
    }

    fn end_paragraph(&mut self) {
        self.end_nearest("p", |other| matches!(other, "table" | "td" | "th" | "caption"));
    }

    /// HTML5 §13.2.6.4.7: a block ends an open paragraph, an item the item before it.
    fn imply_end_of_block(&mut self, name: &str) {
        let stops = |other: &str| elements::is_block(other) && !matches!(other, "address" | "div" | "p");
        match name {
            "li" => self.end_nearest("li", |other| other != "li" && stops(other)),
            "dd" | "dt" => {
                self.end_nearest("dd", |other| other != "dd" && stops(other));
                self.end_nearest("dt", |other| other != "dt" && stops(other));
            }
            _ => {}
        }
        self.end_paragraph();
        let is_heading = |name: &str| name.len() == 2 && name.starts_with('h') && name.as_bytes()[1].is_ascii_digit();
        if is_heading(name)
            && let Some(at) = self.open.iter().rposition(|open| elements::is_block(open))
            && is_heading(&self.open[at])
        {
            self.pop_to(at);
        }
    }

    fn in_table_structure(&self) -> bool {
        self.open.last().is_some_and(|top| matches!(&**top, "table" | "thead" | "tbody" | "tfoot" | "tr"))
    }

    /// Makes the place for a part of a table; false when there is none and the tag is left out.
    fn imply_table(&mut self, name: &str) -> bool {
        if name == "table" {
            if self.in_table_structure() {
                return false;
            }
            self.end_paragraph();
            return true;
        }
        let Some(table) = self.open.iter().rposition(|open| open == "table") else { return false };
        match name {
            "caption" | "thead" | "tbody" | "tfoot" => self.pop_to(table + 1),
            "tr" => {
                let group = table + 1 + usize::from(self.is_group(table + 1));
                self.pop_to(group);
                self.imply(table + 1, "tbody");
            }
            _ => {
                if !self.is_group(table + 1) {
                    self.pop_to(table + 1);
                }
                self.imply(table + 1, "tbody");
                if self.open.get(table + 2).is_some_and(|open| open == "tr") {
                    self.pop_to(table + 3);
                } else {
                    self.pop_to(table + 2);
                    self.imply(table + 2, "tr");
                }
            }
        }
        true
    }

    fn is_group(&self, at: usize) -> bool {
        self.open.get(at).is_some_and(|open| matches!(&**open, "thead" | "tbody" | "tfoot"))
    }

    fn imply(&mut self, depth: usize, name: &str) {
        if self.open.len() == depth {
            self.write(name, Vec::new());
            self.open.push(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(source: &str) -> String {
        normalise(source).0
    }

    #[test]
    fn what_is_left_open_is_closed_in_order() {
        assert_eq!(html("<div><p>a<b>b<p>c"), "<div><p>a<b>b</b></p><p>c</p></div>");
        assert_eq!(html("<ul><li>a<li>b</ul>c"), "<ul><li>a</li><li>b</li></ul>c");
        assert_eq!(html("a</p></div>b<a href=x>c<a href=y>d"), "ab<a href=\"x\">c</a><a href=\"y\">d</a>");
    }

    #[test]
    fn tables_get_their_missing_parts() {
        assert_eq!(
            html("<table><td>a<td>b<tr><th>c"),
            "<table><tbody><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></tbody></table>"
        );
        assert_eq!(html("<table><div><tr></div><td>a</table>b"), "<table><tbody><tr><td>a</td></tr></tbody></table>b");
        assert_eq!(html("<td>a</td>"), "a");
        assert_eq!(html("<table>a<tr>b"), "<table><tbody><tr><td>a</td></tr><tr><td>b</td></tr></tbody></table>");
    }

    #[test]
    fn nothing_is_deeper_than_the_limit_and_no_text_is_lost() {
        let (deep, _) = normalise(&format!("{}x{}y", "<div>".repeat(100_000), "</div>".repeat(100_000)));
        assert_eq!(deep.matches("<div>").count(), DEEPEST);
        assert_eq!(deep.matches("</div>").count(), DEEPEST);
        assert!(deep.contains('x') && deep.ends_with('y'));
    }

    #[test]
    fn active_elements_go_with_their_content_and_are_named() {
        let (html, left_out) = normalise("a<script>alert('</p>')</script>b<FORM>c<input>d</form><!-- e -->");
        assert_eq!(html, "abcd");
        assert_eq!(left_out.into_iter().collect::<Vec<_>>(), ["form", "input", "script"]);
    }

    #[test]
    fn a_word_about_an_element_does_not_swallow_the_text() {
        assert_eq!(html("use <title> and <script> wisely"), "use  and  wisely");
    }

    #[test]
    fn a_more_marker_is_the_whole_comment() {
        assert!(html("a<!-- more -->b").contains(MORE));
        assert!(!html("a<!-- more-splits-more-fees -->b").contains(MORE));
    }
}
