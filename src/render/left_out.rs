//! What of a text neither feeds nor mail show: named, each with the cure that fits it.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Location, Places};
use crate::model::{Body, Markup, Post};

/// What another program puts into the HTML of every post and says nothing.
const OF_PROGRAMS: [&str; 8] = ["script", "style", "link", "noscript", "form", "input", "button", "select"];

/// What its author can do about an element.
fn cure(name: &str) -> &'static str {
    match name.split_once(' ').unwrap_or((name, "")) {
        (_, "hidden") => "take away what hides it if readers are to see it, or the whole of it",
        ("style" | "link", _) => {
            "move it to the style sheet of your site: feed readers have a look of their own, and that of mail is set by `[theme]`"
        }
        ("script", "src") => {
            "if it shows something, such as a player or a post of elsewhere, write a link to that beside it"
        }
        ("svg", _) => "save it as a file beside the post, and show that as a picture",
        ("form" | "input" | "button" | "select" | "textarea" | "datalist", _) => "write a link to a page that has it",
        ("noscript" | "noembed" | "noframes" | "template", _) => "write what it says into the text itself",
        _ => "say in words or with a picture what it shows",
    }
}

/// A warning for each cure, at the first of the elements that it is for.
pub(crate) fn about(post: &Post, body: &Body, names: &BTreeSet<String>) -> Vec<Diagnostic> {
    let says_something = |name: &&String| {
        body.markup == Markup::Markdown || !OF_PROGRAMS.contains(&name.as_str()) && !name.contains(' ')
    };
    let mut by_cure: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names.iter().filter(says_something) {
        by_cure.entry(cure(name)).or_default().push(name);
    }
    let warning = |(help, names): (&&str, &Vec<&str>)| {
        let list = names.iter().map(|name| format!("`<{name}>`")).collect::<Vec<_>>().join(", ");
        let message = format!("left out of feeds and mail, where it does nothing: {list}");
        let first = names.iter().filter_map(|name| place(&body.text, name)).min_by_key(|place| place.start);
        let place = first.map_or_else(
            || Location::start_of(&post.path),
            |place| Places::from_line(body.first_line, &post.path, &body.text).at(place),
        );
        Diagnostic::warning("post/active-content", message).at(place).help(*help)
    };
    by_cure.iter().map(warning).collect()
}

/// As much of a tag is looked at, in bytes.
const LONGEST_TAG: usize = 500;

/// Where the first tag of this name stands that is in no code.
fn place(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let (element, how) = name.split_once(' ').unwrap_or((name, ""));
    let tag = format!("<{element}");
    let (mut start, mut is_code) = (0, false);
    for line in text.split_inclusive('\n') {
        let is_fence = ["```", "~~~"].iter().any(|fence| line.trim_start().starts_with(fence));
        is_code ^= is_fence;
        let lower = if is_code || is_fence { String::new() } else { line.to_ascii_lowercase() };
        let (mut from, mut is_in_span) = (0, false);
        let fits = |at: &usize| {
            is_in_span ^= !lower[from..*at].matches('`').count().is_multiple_of(2);
            from = *at;
            let rest = &lower[at + tag.len()..];
            let rest = &rest[..rest.floor_char_boundary(LONGEST_TAG)];
            let attributes = rest.split('>').next().unwrap_or_default();
            let is_whole = !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
            let is_meant = match how {
                "src" => attributes.contains("src="),
                "hidden" => attributes.contains("hidden") || attributes.contains("none"),
                _ => element != "script" || !attributes.contains("src="),
            };
            is_whole && is_meant && !is_in_span
        };
        if let Some(at) = lower.match_indices(&tag).map(|(at, _)| at).find(fits) {
            return Some(start + at..start + at + tag.len());
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::rendered;

    #[test]
    fn each_kind_has_the_cure_that_fits_it() {
        let body = "`<script>` is a tag.\n\n```html\n<style>\n```\n\n<STYLE>p { color: red }</STYLE>\n\n\
                    <blockquote>x</blockquote><script async src=\"https://e.example/widgets.js\"></script>\n\n\
                    <script>chart()</script><canvas></canvas>\n\n<form><button>Join</button></form>\n";
        let text = format!("---\ntitle: A\ndate: 2025-01-31\n---\n{body}");
        let found = rendered(&[("posts/a.md", &text)]).1;
        let mut found: Vec<_> = found
            .into_iter()
            .map(|one| {
                let names = one.message.split(": ").nth(1).unwrap_or_default().to_owned();
                (one.location.unwrap().line, names, one.help.unwrap())
            })
            .collect();
        found.sort();
        let found: Vec<_> = found.iter().map(|(line, names, help)| (*line, &**names, &help[..24])).collect();
        assert_eq!(
            found,
            [
                (11, "`<style>`", "move it to the style she"),
                (13, "`<script src>`", "if it shows something, s"),
                (15, "`<canvas>`, `<script>`", "say in words or with a p"),
                (17, "`<button>`, `<form>`", "write a link to a page t"),
            ]
        );
    }
}
