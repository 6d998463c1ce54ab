//! Tags of other generators in texts of one line, such as titles and tags: no such tag reaches a feed or a mail.
//!
//! Templates that a title could call are not known here, so a tag is left out; what stands between the two halves of a pair
//! stays, and so does what its author marks as meant: code between backticks, a mark behind a backslash.

use std::borrow::Cow;

use super::findings::Findings;
use super::front_matter::{Field, Fields, Value};

/// How tags begin and end; the longer ones first.
const TAGS: [(&str, &str); 6] =
    [("{{<", ">}}"), ("{{%", "%}}"), ("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("%%", "%%")];

/// Nothing in a line is longer than this, in bytes: looking for an end costs no more.
const LONGEST: usize = 4096;

/// The text without tags, and without blanks at its end if it had any.
pub(crate) fn without(source: &str) -> Cow<'_, str> {
    // Every title and term of a site comes by, and hardly one holds either sign.
    if memchr::memchr2(b'{', b'%', source.as_bytes()).is_none()
        || !["{{", "{%", "{#", "%%", "%}"].iter().any(|mark| source.contains(mark))
    {
        return Cow::Borrowed(source);
    }
    let mut clean = String::with_capacity(source.len());
    let mut plain = String::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let near = &rest[..rest.floor_char_boundary(LONGEST)];
        let kept = if c == '`' { Some((code(near).into(), code(near).len())) } else { raw(near) };
        if let Some((shown, length)) = kept {
            clean.push_str(&without_marks(&plain));
            plain.clear();
            clean.push_str(&shown);
            rest = &rest[length..];
        } else if let Some(length) = tag(near) {
            rest = &rest[length..];
        } else {
            plain.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    // At the end of a line blanks go, and what stands before them may be followed by a tag of HTML.
    clean.push_str(&without_marks(plain.trim_end()));
    Cow::Owned(clean)
}

/// A text without marks that begin or end a tag. One pass: what has been written never holds one.
pub(crate) fn without_marks(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        // `50%}` may be prose.
        if c == '}' && clean.ends_with('%') {
            clean.push(' ');
        }
        clean.push(c);
        for mark in ["{{<", "{{%", "{%"] {
            if clean.ends_with(mark) {
                clean.truncate(clean.len() - mark.len());
            }
        }
    }
    // A tag of HTML may follow.
    while clean.ends_with("{{") {
        clean.pop();
    }
    clean
}

/// The code span at the beginning (`CommonMark` §6.1).
fn code(rest: &str) -> &str {
    let ticks = rest.len() - rest.trim_start_matches('`').len();
    let mut at = ticks;
    while let Some(found) = rest[at..].find('`') {
        at += found;
        let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        at += run;
        if run == ticks {
            return &rest[..at];
        }
    }
    // Backticks without their like are text, all of them at once.
    &rest[..ticks]
}

/// What `{% raw %}` shows as it is, as code, and the length of all.
fn raw(rest: &str) -> Option<(String, usize)> {
    let start = tag(rest).filter(|length| name(&rest[..*length]) == "raw")?;
    let mut at = start;
    while let Some(found) = rest[at..].find("{%") {
        at += found;
        let length = tag(&rest[at..])?;
        if name(&rest[at..at + length]) == "endraw" {
            let inside = &rest[start..at];
            let ticks = "`".repeat(1 + inside.split(|c| c != '`').map(str::len).max().unwrap_or_default());
            return Some((format!("{ticks}{inside}{ticks}"), at + length));
        }
        at += length;
    }
    None
}

/// The length of the tag at the beginning.
fn tag(rest: &str) -> Option<usize> {
    let (open, close) = TAGS.iter().find(|(open, _)| rest.starts_with(open))?;
    rest[open.len()..].find(close).map(|at| open.len() + at + close.len())
}

/// The word of a tag of Liquid.
fn name(tag: &str) -> &str {
    tag.trim_matches(['{', '%', '-', '}']).trim()
}

/// Warns of tags in the values of `keys`, which are left out of what readers see.
pub(crate) fn warn<'k>(fields: &Fields, keys: impl Iterator<Item = &'k str>, findings: &mut Findings<'_>) {
    if !fields.iter().any(|field| first_tag(field).is_some()) {
        return;
    }
    for field in keys.filter_map(|key| fields.get(&[key])) {
        if let Some(shown) = first_tag(field) {
            let message = format!("`{shown}` means nothing in a feed or a mail: it is left out of `{}`", field.key);
            let help = "write in words what it shows, or as code between backticks";
            findings.warning("post/shortcode", field.at.clone(), message, help);
        }
    }
}

fn first_tag(field: &Field) -> Option<String> {
    fn of(value: &Value) -> Option<String> {
        match value {
            Value::Text(text) if matches!(without(text), Cow::Owned(clean) if clean != *text) => {
                let at = TAGS.iter().filter_map(|(open, _)| text.find(open)).min().unwrap_or_default();
                let length = tag(&text[at..]).unwrap_or(text.len() - at);
                Some(text[at..at + length].chars().take(40).collect())
            }
            Value::List(items) => items.iter().find_map(of),
            Value::Map(pairs) => pairs.iter().find_map(|(_, value)| of(value)),
            Value::Text(_) | Value::Null => None,
        }
    }
    of(&field.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_their_words_code_and_all_else_stay() {
        for (source, expected) in [
            ("A {{< x >}} B", "A  B"),
            ("{{% note %}}in{{% /note %}}", "in"),
            ("{{ site.title }}{% include a %}{# remark #}%%hidden%%", ""),
            ("How `{{ x }}` and ``{% `a` %}`` work", "How `{{ x }}` and ``{% `a` %}`` work"),
            ("{% raw %}{{ x }}{% endraw %} in Jinja", "`{{ x }}` in Jinja"),
            ("{%- raw -%}{% `a` %}{%- endraw -%}", "``{% `a` %}``"),
            ("100 % sure, 50%", "100 % sure, 50%"),
            ("a {{< b", "a  b"),
            ("{{{ a }}}", "}"),
            ("An ` alone {{ x }}", "An ` alone"),
            ("{ a } {#id}", "{ a } {#id}"),
        ] {
            assert_eq!(without(source), expected, "{source}");
        }
    }

    #[test]
    fn without_marks_no_tag_begins_or_ends() {
        for (text, rest) in [
            ("a {{< b", "a  b"),
            ("{{{<%x", "x"),
            ("{{{%%}", "}"),
            ("a {{{", "a {"),
            ("w: 50%} z", "w: 50% } z"),
            ("{ % } {{ x }}", "{ % } {{ x }}"),
        ] {
            let clean = without_marks(text);
            assert_eq!(clean, rest, "{text}");
            assert!(!["{{<", "{{%", "{%", "%}"].iter().any(|mark| clean.contains(mark)));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_mark_is_left(pieces in proptest::collection::vec(
            proptest::sample::select(vec!["{{<", ">}}", "{{%", "%}}", "{{", "}}", "{%", "%}", "{#", "#}", "%%", "{", "}", "%", "<", "a", " raw ", " endraw "]),
            0..24,
        )) {
            let source = pieces.concat().replace("raw", "r");
            let clean = without(&source);
            for mark in ["{{<", "{{%", "{%", "%}"] {
                proptest::prop_assert!(!clean.contains(mark), "{:?} of {:?}", clean, source);
            }
        }
    }
}
