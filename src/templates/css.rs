//! The style sheet of an issue, as a site may write it: CSS (Syntax Level 3) without escapes, strings, and all that could load
//! something. What passes can stand in an attribute and in a `style` element.

use std::collections::HashMap;

/// The variables that a style sheet has: colours, typefaces and the width of `[theme]`.
pub const VARIABLES: [&str; 18] = [
    "page",
    "panel",
    "mark",
    "rule",
    "text",
    "quiet",
    "link",
    "dark-page",
    "dark-panel",
    "dark-mark",
    "dark-rule",
    "dark-text",
    "dark-quiet",
    "dark-link",
    "text-font",
    "small-font",
    "code-font",
    "width",
];

/// The functions that a value may call.
const FUNCTIONS: [&str; 12] =
    ["", "var", "rgb", "rgba", "hsl", "hsla", "calc", "min", "max", "clamp", "linear-gradient", "radial-gradient"];

/// The classes of parts of an entry; all others are those of the frame, of which each stands alone.
const CLASSES_WITHIN: [&str; 9] =
    ["box", "footnotes", "label", "long-word", "reference", "table-frame", "task", "tasks", "unsized"];

/// Bytes of the declarations of one element. They are written on each.
const ELEMENT_LIMIT: usize = 800;
/// Rules for one element.
const RULES_LIMIT: usize = 24;
/// Bytes of the rules for the head: beyond 16 KB Gmail leaves all of it out, and the built-in ones take a quarter.
const HEAD_LIMIT: usize = 12_000;

/// A style sheet: its rules, in their order.
#[derive(Debug, Clone, Default)]
pub struct Stylesheet {
    /// Those that are written on elements.
    pub inline: Vec<InlineRule>,
    /// All others.
    pub head: Vec<HeadRule>,
}

/// A rule that is written on the elements that it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineRule {
    /// What it means, outermost first: an element, and others around it.
    pub path: Vec<Compound>,
    /// Property and value, in their order.
    pub declarations: Vec<(String, String)>,
}

/// A rule for the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadRule {
    /// The query of the `@media` around it.
    pub media: Option<String>,
    /// As it is written, without blanks around commas.
    pub selectors: String,
    /// Property and value, in their order.
    pub declarations: Vec<(String, String)>,
}

/// A part of a selector: what is known of one element. Empty strings say nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compound {
    /// The element's name.
    pub name: String,
    /// A class of it.
    pub class: String,
    /// `:last-child`, or not.
    pub is_last: Option<bool>,
    /// `:only-child`, or not.
    pub is_only: Option<bool>,
}

impl InlineRule {
    /// How much it counts against others for the same element (Selectors Level 4 §16): conditions, then names.
    pub fn specificity(&self) -> (usize, usize) {
        let conditions = |part: &Compound| {
            usize::from(!part.class.is_empty())
                + usize::from(part.is_last.is_some())
                + usize::from(part.is_only.is_some())
        };
        (self.path.iter().map(conditions).sum(), self.path.iter().filter(|part| !part.name.is_empty()).count())
    }

    /// What it is found by: the class of the element that it means, with its dot, else the name.
    pub fn key(&self) -> String {
        self.path.last().map_or_else(String::new, |part| match &*part.class {
            "" => part.name.clone(),
            class => format!(".{class}"),
        })
    }
}

/// What is wrong, and where it begins.
pub(super) type Wrong = (usize, String);

impl Stylesheet {
    /// Adds the rules of a text.
    pub(super) fn read(&mut self, text: &str) -> Result<(), Wrong> {
        let text = &without_comments(text)?;
        let mut media: Option<&str> = None;
        let mut used: HashMap<String, (usize, usize)> = HashMap::new();
        let mark = text.len() - text.trim_start_matches('\u{feff}').len();
        let (mut at, mut in_head) = (mark, 0);
        loop {
            at += text[at..].len() - text[at..].trim_start().len();
            let rest = &text[at..];
            if rest.is_empty() {
                return if media.is_some() { Err((at, "`@media` has no `}`".into())) } else { Ok(()) };
            }
            if rest.starts_with('}') && media.take().is_some() {
                at += 1;
                continue;
            }
            let Some(open) = rest.find(['{', '}', ';']).filter(|open| rest[*open..].starts_with('{')) else {
                return Err((
                    at,
                    at_rule(rest).unwrap_or_else(|| "this is no rule: `selector { property: value; }`".into()),
                ));
            };
            let selectors = rest[..open].trim_end();
            if let Some(query) = selectors.strip_prefix("@media").filter(|_| media.is_none()) {
                if !query.chars().all(|c| c.is_ascii_alphanumeric() || " ():,.-\n\r\t".contains(c)) {
                    return Err((at, format!("`@media{query}` has characters that no query has")));
                }
                if !is_balanced(query) {
                    return Err((at, format!("`@media{query}` has a parenthesis without its other half")));
                }
                media = Some(query.trim());
                at += open + 1;
                continue;
            }
            if let Some(wrong) = at_rule(selectors) {
                return Err((at, wrong));
            }
            let body = &rest[open + 1..];
            let Some(close) = body.find(['{', '}']).filter(|close| body[*close..].starts_with('}')) else {
                return Err((at, "this rule has no `}`".into()));
            };
            let declarations =
                declarations(&body[..close]).map_err(|(offset, wrong)| (at + open + 1 + offset, wrong))?;
            let length: usize = declarations.iter().map(|(property, value)| property.len() + value.len() + 2).sum();
            let mut others = Vec::new();
            for selector in selectors.split(',').map(str::trim) {
                let wrong = |wrong: String| (at, wrong);
                let Some(path) = path(selector).filter(|_| media.is_none()) else {
                    others.push(checked(selector).map_err(wrong)?);
                    continue;
                };
                if is_vain(&path) {
                    let last = selector.split(['.', ' ', ':']).next_back().unwrap_or_default();
                    let message = format!(
                        "`{selector}` means nothing: the class of a part of the frame stands alone, as `.{last}`"
                    );
                    return Err((at, message));
                }
                let rule = InlineRule { path, declarations: declarations.clone() };
                let (rules, bytes) = used.entry(rule.key()).or_default();
                (*rules, *bytes) = (*rules + 1, *bytes + length);
                if *rules > RULES_LIMIT || *bytes > ELEMENT_LIMIT {
                    let message = format!(
                        "more than {RULES_LIMIT} rules or {ELEMENT_LIMIT} characters for `{}`, which are written on each",
                        rule.key()
                    );
                    return Err((at, message));
                }
                self.inline.push(rule);
            }
            if !others.is_empty() {
                let selectors = others.join(",");
                in_head += selectors.len() + length + media.map_or(0, str::len);
                if in_head > HEAD_LIMIT {
                    let message = format!(
                        "more than {HEAD_LIMIT} characters of rules for the head, of which Gmail would read none"
                    );
                    return Err((at, message));
                }
                self.head.push(HeadRule { media: media.map(str::to_owned), selectors, declarations });
            }
            at += open + 1 + close + 1;
        }
    }
}

/// Blanks in the place of comments, so that everything else stays where it was.
fn without_comments(text: &str) -> Result<String, Wrong> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("/*") {
        let Some(length) = rest[start + 2..].find("*/") else {
            return Err((out.len() + start, "this comment has no `*/`".into()));
        };
        let end = start + 2 + length + 2;
        out.push_str(&rest[..start]);
        out.extend(rest[start..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        rest = &rest[end..];
    }
    Ok(out + rest)
}

/// What is said to a rule with `@`.
fn at_rule(text: &str) -> Option<String> {
    let name: String = text.strip_prefix('@')?.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    Some(format!(
        "`@{name}` has no place here: an issue loads nothing, and of rules with `@` only `@media` is known, outside of another"
    ))
}

/// Reads `property: value; property: value`.
fn declarations(text: &str) -> Result<Vec<(String, String)>, Wrong> {
    let mut declarations = Vec::new();
    let mut at = 0;
    for piece in text.split(';') {
        let start = at + piece.len() - piece.trim_start().len();
        at += piece.len() + 1;
        let piece = piece.trim();
        if piece.is_empty() {
            continue;
        }
        let wrong = |wrong: String| (start, wrong);
        let (property, value) =
            piece.split_once(':').ok_or_else(|| wrong(format!("`{piece}` is no declaration: `property: value;`")))?;
        let property = property.trim().to_ascii_lowercase();
        if property.is_empty() || !property.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
            return Err(wrong(format!("`{property}` is no property of CSS")));
        }
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(").replace(" )", ")");
        check_value(&value).map_err(wrong)?;
        declarations.push((property, value));
    }
    Ok(declarations)
}

fn check_value(value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("a value is missing".into());
    }
    let mut before = value.split('(').peekable();
    while let Some(piece) = before.next() {
        let Some(inside) = before.peek() else { break };
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        let (before_blank, piece) = (piece, piece.trim_end());
        let function = &piece[piece.trim_end_matches(is_name).len()..];
        if !FUNCTIONS.contains(&&*function.to_ascii_lowercase()) {
            return Err(format!("`{function}()` is no function for mail: an issue loads nothing"));
        }
        let name = inside.split(')').next().unwrap_or_default().trim();
        if function.eq_ignore_ascii_case("var")
            && !name.strip_prefix("--").is_some_and(|name| VARIABLES.contains(&name))
        {
            return Err(format!("there is no variable `{name}`: they are --{}", VARIABLES.join(", --")));
        }
        if function.eq_ignore_ascii_case("var") && !before_blank.ends_with("var") {
            return Err(format!("a variable is written `var({name})`"));
        }
    }
    if let Some(c) = value.chars().find(|&c| !(c.is_alphanumeric() || " #%.,()+-*/!_".contains(c))) {
        let cure = if matches!(c, '"' | '\'') { ": names of typefaces need no quotation marks" } else { "" };
        return Err(format!("a value has no `{c}`{cure}"));
    }
    if !is_balanced(value) {
        return Err(format!("`{value}` has a parenthesis without its other half"));
    }
    Ok(())
}

/// Whether every bracket has its other half: what has not would swallow the rules behind it.
fn is_balanced(text: &str) -> bool {
    let mut open = Vec::new();
    let is_sound = text.chars().all(|c| match c {
        '(' | '[' => {
            open.push(c);
            true
        }
        ')' => open.pop() == Some('('),
        ']' => open.pop() == Some('['),
        _ => true,
    });
    is_sound && open.is_empty()
}

/// A selector that can be written on elements; `None` for all others.
fn path(selector: &str) -> Option<Vec<Compound>> {
    let path: Option<Vec<_>> = selector.split_whitespace().map(compound).collect();
    let path = path.filter(|path| !path.is_empty())?;
    // Whether the elements around it are the last ones is not known any more.
    let is_known = |part: &Compound| part.is_last.is_none() && part.is_only.is_none();
    path[..path.len() - 1].iter().all(is_known).then_some(path)
}

fn compound(text: &str) -> Option<Compound> {
    let (what, mut conditions) = text.split_at(text.find(':').unwrap_or(text.len()));
    let (name, class) = what.split_once('.').unwrap_or((what, ""));
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut compound =
        Compound { name: name.to_ascii_lowercase(), class: class.to_owned(), is_last: None, is_only: None };
    while !conditions.is_empty() {
        let (condition, is_not) = match conditions.strip_prefix(":not(").and_then(|rest| rest.split_once(')')) {
            Some((condition, rest)) => {
                conditions = rest;
                (condition.strip_prefix(':')?, true)
            }
            None => {
                let rest = conditions.strip_prefix(':')?;
                let (condition, rest) = rest.split_at(rest.find(':').unwrap_or(rest.len()));
                conditions = rest;
                (condition, false)
            }
        };
        match condition {
            "last-child" => compound.is_last = Some(!is_not),
            "only-child" => compound.is_only = Some(!is_not),
            _ => return None,
        }
    }
    let is_empty = name.is_empty() && class.is_empty();
    (!is_empty && !what.ends_with('.') && name.chars().all(is_name) && class.chars().all(is_name)).then_some(compound)
}

/// A class of the frame beside anything else.
fn is_vain(path: &[Compound]) -> bool {
    let is_of_frame = |part: &Compound| !part.class.is_empty() && !CLASSES_WITHIN.contains(&&*part.class);
    let is_alone = |part: &Compound| part.name.is_empty() && part.is_last.is_none() && part.is_only.is_none();
    path.iter().any(is_of_frame) && !matches!(path, [part] if is_alone(part))
}

/// A selector for the head, with single blanks.
fn checked(selector: &str) -> Result<String, String> {
    let selector = selector.split_whitespace().collect::<Vec<_>>().join(" ");
    match selector.chars().find(|&c| !(c.is_ascii_alphanumeric() || " .#:[]=~^$*|>+()-_".contains(c))) {
        Some(c) => Err(format!("a selector has no `{c}`")),
        None if selector.is_empty() => Err("a selector is missing".into()),
        None if !is_balanced(&selector) => Err(format!("`{selector}` has a bracket without its other half")),
        None => Ok(selector),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Stylesheet, Wrong> {
        let mut sheet = Stylesheet::default();
        sheet.read(text).map(|()| sheet)
    }

    #[test]
    fn rules_for_elements_and_for_the_head_are_told_apart() {
        let sheet = read("/* a */ P, li  p:last-child { Margin : 0\n 1px; color: red }\na:hover,.x { top: 0 }\n@media (a) { p { b: c } }").unwrap();
        let inline: Vec<_> = sheet.inline.iter().map(|rule| (rule.key(), rule.specificity())).collect();
        assert_eq!(inline, [("p".into(), (0, 1)), ("p".into(), (1, 2)), (".x".into(), (1, 0))]);
        assert_eq!(sheet.inline[0].declarations, [("margin".into(), "0 1px".into()), ("color".into(), "red".into())]);
        let head: Vec<_> = sheet.head.iter().map(|rule| (rule.media.as_deref(), rule.selectors.as_str())).collect();
        assert_eq!(head, [(None, "a:hover"), (Some("(a)"), "p")]);
    }

    #[test]
    fn what_could_load_something_or_leave_its_place_is_refused_where_it_begins() {
        for (text, at) in [
            ("p{}\n @import url(//e.example);", 5),
            ("@font-face { src: local(x) }", 0),
            ("p { color: red; background: url(//e.example) }", 16),
            ("p { background: URL (//e.example) }", 4),
            ("p { background: image-set(1x) }", 4),
            ("p { background: u\\72l(1) }", 4),
            ("p { color: expression(1) }", 4),
            ("p { color: /* a */ \"x\" }", 4),
            ("p { color: red</style> }", 4),
            ("p { color: var(--nothing) }", 4),
            ("p { color: calc(1 }", 4),
            ("p { color: ) rgb( }", 4),
            ("p { color: VAR(--link) }", 4),
            ("p { color: var (--link) }", 4),
            ("a[b { color: red }", 0),
            ("a:not(b] { color: red }", 0),
            ("@media (x { p { color: red } }", 0),
            ("p { color }", 4),
            ("p { c{lor: x }", 0),
            ("a:hover</style> { top: 0 }", 0),
            ("@media (a) { @media (b) { p { c: d } } }", 13),
            ("@media <b> { p { c: d } }", 0),
            ("@media (a) { p { c: d }", 23),
            ("p { color: red", 0),
            ("/* p", 0),
            ("p; { }", 0),
            ("} p {}", 0),
            (".quiet a { top: 0 }", 0),
            ("p.quiet { top: 0 }", 0),
        ] {
            let (place, wrong) = read(text).expect_err(text);
            assert_eq!(place, at, "{text}: {wrong}");
        }
    }

    #[test]
    fn variables_may_have_blanks_around_them_and_the_file_a_mark_of_its_encoding() {
        let sheet = read("\u{feff}p { width: calc( var( --width ) - 1px ) }").unwrap();
        assert_eq!(sheet.inline[0].path[0].name, "p");
        assert_eq!(sheet.inline[0].declarations[0].1, "calc(var(--width) - 1px)");
    }

    #[test]
    fn what_is_written_on_each_element_has_a_limit() {
        assert!(read(&"p { top: 0 } ".repeat(RULES_LIMIT)).is_ok());
        assert!(read(&"p { top: 0 } ".repeat(RULES_LIMIT + 1)).is_err());
        assert!(read(&format!("p {{ top: {} }}", "0".repeat(ELEMENT_LIMIT))).is_err());
        assert!(read(&"a:hover { top: 0 }\n".repeat(HEAD_LIMIT)).is_err());
    }
}
