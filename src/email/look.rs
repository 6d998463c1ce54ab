//! The look of the HTML part: the style sheet with the colours and typefaces of `[theme]`, on the elements. Mail clients drop
//! style sheets, so what reading needs stands on the elements themselves.

use std::collections::{BTreeMap, HashMap};

use crate::config::{Palette, Theme};
use crate::content::Element;
use crate::templates::{Compound, HeadRule, InlineRule, Stylesheet};

/// How issues look.
#[derive(Debug)]
pub(super) struct Look {
    /// By their keys, each list from the weakest to the strongest.
    rules: HashMap<String, Vec<Weighed>>,
    head: Vec<HeadRule>,
    /// The width of the column in pixels.
    pub(super) column: u32,
}

/// A rule behind its specificity and its place in the style sheet.
type Weighed = ((usize, usize), usize, InlineRule);

/// What is styled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    pub(super) class: &'a str,
    /// The elements around it, outermost first.
    pub(super) around: &'a [&'a Element],
    pub(super) place: Position,
}

/// Where an element stands, as far as its style depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Position {
    /// The text runs from right to left.
    pub(super) right_to_left: bool,
    /// The last thing in its container, whose own margin follows.
    pub(super) last: bool,
    /// The only thing in its container.
    pub(super) alone: bool,
}

impl Look {
    /// The style sheet in the colours of the theme.
    pub(super) fn new(sheet: &Stylesheet, theme: &Theme) -> Self {
        let fill = |declarations: &[(String, String)]| {
            declarations.iter().map(|(property, value)| (property.clone(), filled(value, theme))).collect()
        };
        let mut rules: HashMap<String, Vec<_>> = HashMap::new();
        for (at, rule) in sheet.inline.iter().enumerate() {
            let filled = InlineRule { path: rule.path.clone(), declarations: fill(&rule.declarations) };
            rules.entry(rule.key()).or_default().push((rule.specificity(), at, filled));
        }
        for rules in rules.values_mut() {
            rules.sort_by_key(|(specificity, at, _)| (*specificity, *at));
        }
        let head =
            sheet.head.iter().map(|rule| HeadRule { declarations: fill(&rule.declarations), ..rule.clone() }).collect();
        let mut look = Self { rules, head, column: theme.width };
        let part = look.declarations(Subject::of_frame("column"));
        let width = part.iter().find(|(property, _)| *property == "max-width").and_then(|(_, width)| pixels(width));
        look.column = width.unwrap_or(theme.width);
        look
    }

    /// The declarations for an element, the strongest of each property, and after them its own.
    pub(super) fn style(&self, subject: Subject<'_>, own: Option<(&str, &str)>) -> String {
        let mut declarations = self.declarations(subject);
        if let Some((property, value)) = own {
            declare(&mut declarations, property, value);
        }
        written(&declarations, subject.place)
    }

    /// The declarations for what is written as a table of one cell: those of the space around it, of its cell, and of the text
    /// in it. Outlook knows paddings and grounds on cells only, and margins on everything else.
    pub(super) fn cell(&self, subject: Subject<'_>) -> Cell {
        let is = |property: &str, kinds: &[&str]| kinds.contains(&property.split('-').next().unwrap_or_default());
        let declarations = self.declarations(subject);
        let (around, inside): (Vec<_>, Vec<_>) = declarations.iter().partition(|(name, _)| is(name, &["margin"]));
        let (width, inside): (Vec<_>, Vec<_>) = inside.into_iter().partition(|(name, _)| *name == "width");
        let (cell, text): (Vec<_>, Vec<_>) =
            inside.into_iter().partition(|(name, _)| is(name, &["padding", "background", "border", "vertical"]));
        let is_centred = around.iter().any(|(_, value)| value.ends_with(" auto") || value.contains(" auto "));
        Cell {
            around: written(&around, subject.place),
            width: width
                .first()
                .map_or_else(|| "100%".to_owned(), |(_, width)| width.trim_end_matches("px").to_owned()),
            is_centred,
            ground: written(&cell, subject.place),
            text: written(&text, subject.place),
        }
    }

    /// How many pixels wide a part of the frame is, where its style says so.
    pub(super) fn width_of(&self, class: &str) -> Option<u32> {
        let part = self.declarations(Subject::of_frame(class));
        part.iter().find(|(property, _)| *property == "width").and_then(|(_, width)| pixels(width))
    }

    fn declarations<'l>(&'l self, subject: Subject<'_>) -> Vec<(&'l str, &'l str)> {
        let of = |key: &str| self.rules.get(key).map_or(&[][..], Vec::as_slice);
        let by_class = if subject.class.is_empty() { &[][..] } else { of(&format!(".{}", subject.class)) };
        let matching = of(subject.name).iter().chain(by_class).filter(|(_, _, rule)| subject.is_meant(rule));
        let mut matching: Vec<_> = matching.collect();
        if !by_class.is_empty() {
            matching.sort_by_key(|(specificity, at, _)| (*specificity, *at));
        }
        let mut declarations = Vec::new();
        for (property, value) in matching.into_iter().flat_map(|(_, _, rule)| &rule.declarations) {
            declare(&mut declarations, property, value);
        }
        declarations
    }

    /// The style of every part of the frame, by its class; that of the part `x` also as `x-space` and `x-cell`, for what is
    /// written as a table of one cell.
    pub(super) fn parts(&self, right_to_left: bool) -> BTreeMap<String, String> {
        let place = Position { right_to_left, ..Position::default() };
        let mut parts = BTreeMap::new();
        for class in self.rules.keys().filter_map(|key| key.strip_prefix('.')) {
            let subject = Subject { place, ..Subject::of_frame(class) };
            let Cell { around, ground, text, .. } = self.cell(subject);
            parts.entry(format!("{class}-space")).or_insert(around);
            parts.entry(format!("{class}-cell")).or_insert(joined(&ground, &text));
            parts.insert(class.to_owned(), self.style(subject, None));
        }
        parts
    }

    /// The style elements of the head; with the rules for tables as cards when there are such. What has attribute selectors is in the
    /// last one: Gmail leaves out the whole of one in which it does not know something.
    pub(super) fn head(&self, has_cards: bool) -> Vec<String> {
        let is_of_cards = |rule: &HeadRule| rule.selectors.split(',').all(|selector| selector.starts_with(".cards"));
        let rules = self.head.iter().filter(|rule| has_cards || !is_of_cards(rule));
        let (special, common): (Vec<_>, Vec<_>) = rules.partition(|rule| rule.selectors.contains('['));
        [common, special].iter().filter(|rules| !rules.is_empty()).map(|rules| sheet(rules)).collect()
    }
}

/// The styles of what is written as a table of one cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// For what is around the table.
    pub(super) around: String,
    /// That of the table, as in HTML: `100%`, `72`.
    pub(super) width: String,
    /// Whether the table is in the middle.
    pub(super) is_centred: bool,
    /// For the cell itself.
    pub(super) ground: String,
    /// For what is in it.
    pub(super) text: String,
}

/// Two styles as one.
pub(super) fn joined(one: &str, other: &str) -> String {
    let joint = if one.is_empty() || other.is_empty() { "" } else { ";" };
    format!("{one}{joint}{other}")
}

fn written(declarations: &[(&str, &str)], place: Position) -> String {
    let mut style = String::new();
    for (property, value) in declarations {
        if !style.is_empty() {
            style.push(';');
        }
        push(&mut style, property, value, place.right_to_left);
    }
    style
}

/// Rules as they stand in the head.
fn sheet(rules: &[&HeadRule]) -> String {
    let mut out = String::new();
    let mut media = None;
    for rule in rules {
        if media != rule.media.as_ref() {
            out += if media.is_some() { "}\n" } else { "" };
            media = rule.media.as_ref();
            out += &media.map_or_else(String::new, |query| format!("@media {query}{{\n"));
        }
        let declarations: Vec<_> =
            rule.declarations.iter().map(|(property, value)| format!("{property}:{value}")).collect();
        out += &format!("{}{{{}}}\n", rule.selectors, declarations.join(";"));
    }
    out + if media.is_some() { "}\n" } else { "" }
}

impl<'a> Subject<'a> {
    /// A part of the frame.
    fn of_frame(class: &'a str) -> Self {
        Self { name: "", class, around: &[], place: Position::default() }
    }

    fn is_meant(self, rule: &InlineRule) -> bool {
        let Some((last, around)) = rule.path.split_last() else { return false };
        let is_it = |part: &Compound, name: &str, has_class: &dyn Fn(&str) -> bool| {
            (part.name.is_empty() || part.name == name) && (part.class.is_empty() || has_class(&part.class))
        };
        let mut outer = self.around.iter().rev();
        is_it(last, self.name, &|class| class == self.class)
            && last.is_last.is_none_or(|wanted| wanted == self.place.last)
            && last.is_only.is_none_or(|wanted| wanted == self.place.alone)
            && around
                .iter()
                .rev()
                .all(|part| outer.any(|element| is_it(part, element.name, &|class| element.has_class(class))))
    }
}

/// Sets a property, where it was if nothing behind it could be about the same.
fn declare<'l>(declarations: &mut Vec<(&'l str, &'l str)>, property: &'l str, value: &'l str) {
    let family = |property: &'l str| property.split('-').next();
    if let Some(at) = declarations.iter().position(|(known, _)| *known == property) {
        if !declarations[at + 1..].iter().any(|(other, _)| family(other) == family(property)) {
            declarations[at].1 = value;
            return;
        }
        declarations.remove(at);
    }
    declarations.push((property, value));
}

/// Writes a declaration; in a text from right to left the sides are changed.
fn push(out: &mut String, property: &str, value: &str, right_to_left: bool) {
    let (start, end) = if right_to_left { ("right", "left") } else { ("left", "right") };
    match (property, value) {
        ("text-align", "start") => return *out += &format!("text-align:{start}"),
        ("text-align", "end") => return *out += &format!("text-align:{end}"),
        _ if !right_to_left => return *out += &format!("{property}:{value}"),
        _ => {}
    }
    let is_side = |part: &&str| matches!(*part, "left" | "right");
    match property.split('-').find(is_side) {
        Some(side) => *out += &property.replacen(side, if side == "left" { "right" } else { "left" }, 1),
        None => *out += property,
    }
    out.push(':');
    let mut depth = 0;
    let parts: Vec<&str> = value
        .split(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == ' ' && depth == 0
        })
        .collect();
    match (property, &parts[..]) {
        ("margin" | "padding", [top, right, bottom, left, rest @ ..]) => {
            *out += &[&[*top, left, bottom, right], rest].concat().join(" ");
        }
        _ => *out += value,
    }
}

/// A value with the theme's in the place of its variables.
fn filled(value: &str, theme: &Theme) -> String {
    let mut pieces = value.split("var(--");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once(')').unwrap_or((piece, ""));
        out += &variable(name.trim_end(), theme).unwrap_or_default();
        out += rest;
    }
    out
}

/// The value of one of [`VARIABLES`](crate::templates::VARIABLES).
fn variable(name: &str, theme: &Theme) -> Option<String> {
    let (palette, colour) = name.strip_prefix("dark-").map_or((&theme.light, name), |colour| (&theme.dark, colour));
    let Palette { page, panel, mark, rule, text, quiet, link } = palette;
    let value = match colour {
        "page" => page,
        "panel" => panel,
        "mark" => mark,
        "rule" => rule,
        "text" => text,
        "quiet" => quiet,
        "link" => link,
        "text-font" => &theme.text_font,
        "small-font" => &theme.small_font,
        "code-font" => &theme.code_font,
        "width" => return Some(format!("{}px", theme.width)),
        _ => return None,
    };
    Some(value.clone())
}

/// A length in pixels.
fn pixels(length: &str) -> Option<u32> {
    length.strip_suffix("px")?.parse().ok().filter(|&pixels| pixels > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::{Templates, VARIABLES};

    fn look(own: &str) -> Look {
        let own = BTreeMap::from([("email/style.css".to_owned(), own.to_owned())]);
        Look::new(Templates::new(&own).unwrap().stylesheet(), &Theme::default())
    }

    fn style(look: &Look, name: &str, around: &[&str], place: Position) -> String {
        let around: Vec<_> = around
            .iter()
            .map(|name| Element::new(crate::content::allowed::known(name).unwrap().0, &[], vec![]))
            .collect();
        look.style(Subject { name, class: "", around: &around.iter().collect::<Vec<_>>(), place }, None)
    }

    #[test]
    fn lists_and_quotes_are_indented_where_lines_start() {
        let hebrew = Position { right_to_left: true, ..Position::default() };
        let look = look("");
        assert_eq!(style(&look, "ul", &[], hebrew), "margin:0 26px 20px 0;padding:0");
        assert_eq!(style(&look, "ul", &[], Position::default()), "margin:0 0 20px 26px;padding:0");
        assert!(style(&look, "blockquote", &[], hebrew).contains("border-right:"));
        assert!(style(&look, "blockquote", &[], Position::default()).contains("border-left:"));
        assert!(style(&look, "td", &[], hebrew).ends_with(";text-align:right"));
        assert!(style(&look, "pre", &[], hebrew).contains(";text-align:left;"));
        let own = |margin: &str| style(&self::look(&format!("p {{ margin: {margin} }}")), "p", &[], hebrew);
        assert_eq!(own("1px 2px 3px 4px !important"), "margin:1px 4px 3px 2px !important");
        assert_eq!(own("calc(1px + 2px) 0"), "margin:calc(1px + 2px) 0");
        assert_eq!(own("1px calc(2px + 3px) 0 4px"), "margin:1px 4px 0 calc(2px + 3px)");
    }

    #[test]
    fn the_sites_rule_wins_property_by_property_and_the_rest_stays() {
        let look = look(
            "p { color: #333 }\nh2 { margin: 1em 0; font-style: italic }\nli > p { top: 0 }\nli p { margin: 1px }",
        );
        assert_eq!(style(&look, "p", &[], Position::default()), "margin:0 0 20px;color:#333");
        assert_eq!(
            style(&look, "h2", &[], Position::default()),
            "margin:1em 0;font-size:26px;line-height:1.3;font-weight:bold;font-style:italic"
        );
        assert_eq!(style(&look, "p", &["ul", "li", "blockquote"], Position::default()), "margin:1px;color:#333");
        let last = Position { last: true, ..Position::default() };
        assert_eq!(style(&look, "p", &["li"], last), "margin:0 0 0px;color:#333", "the stronger selector wins");
    }

    #[test]
    fn a_property_stands_behind_what_it_overrides() {
        let set = |all: &[(&'static str, &'static str)]| {
            let mut declarations = Vec::new();
            for (property, value) in all {
                declare(&mut declarations, property, value);
            }
            declarations
        };
        let kept = set(&[("margin", "0"), ("margin-top", "1px"), ("color", "red"), ("margin", "2px")]);
        assert_eq!(kept, [("margin-top", "1px"), ("color", "red"), ("margin", "2px")]);
        assert_eq!(set(&[("margin", "0"), ("color", "red"), ("margin", "2px")]), [("margin", "2px"), ("color", "red")]);
    }

    #[test]
    fn every_variable_has_a_value() {
        for name in VARIABLES {
            assert!(variable(name, &Theme::default()).is_some(), "{name}");
        }
        assert_eq!(filled("1px solid var(--rule)", &Theme::default()), "1px solid #ddd8cd");
    }

    #[test]
    fn the_column_is_as_wide_as_the_style_sheet_says() {
        assert_eq!((look("").column, look(".column { max-width: 520px }").column), (600, 520));
        assert_eq!(look(".column { max-width: 40em }").column, 600, "pictures have their width in pixels");
    }
}
