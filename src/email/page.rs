//! The page of an issue: what readers saw, for those who were not among them.

use super::name::{self, Part, unescaped};
use crate::model::Issue;

/// What stands between the links of a line.
const JOINT: &str = " · ";

/// The HTML part of a frozen issue without anything of a reader or for one: a name is what readers without one are called,
/// and the links for unsubscribing are gone, with their tokens, and so is the link to the page itself.
pub fn page(issue: &Issue) -> String {
    let own = issue.archive.as_ref().map(|archive| format!("{archive}{}/", issue.number));
    let is_left_out =
        |url: &str| url.contains(&issue.marker) || issue.unsubscribe.iter().chain(&own).any(|other| other == url);
    let html = without_links(&issue.html, is_left_out).replace(&issue.marker, "");
    name::fill(&html, Part::Html, &issue.names, None)
}

/// HTML without those links, and without what joins them to the others of their line.
fn without_links(html: &str, is_left_out: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find("<a ") {
        let (before, link) = rest.split_at(at);
        out.push_str(before);
        let Some(length) = tag_length(link) else {
            rest = link;
            break;
        };
        if !address(&link[..length]).is_some_and(|url| is_left_out(&unescaped(url))) {
            out.push_str(&link[..length]);
            rest = &link[length..];
            continue;
        }
        let Some((_, after)) = link.split_once("</a>") else {
            rest = link;
            break;
        };
        rest = after.strip_prefix(JOINT).unwrap_or_else(|| {
            out.truncate(out.strip_suffix(JOINT).unwrap_or(&out).len());
            after
        });
    }
    out + rest
}

/// How long the tag is with which a text begins; a `>` in quotes does not end it.
fn tag_length(tag: &str) -> Option<usize> {
    let mut quote = None;
    let end = tag.char_indices().find(|(_, c)| match (quote, c) {
        (None, '"' | '\'') => {
            quote = Some(*c);
            false
        }
        (Some(open), c) => {
            if open == *c {
                quote = None;
            }
            false
        }
        (None, c) => *c == '>',
    });
    end.map(|(at, _)| at + 1)
}

/// The `href` of a tag.
fn address(tag: &str) -> Option<&str> {
    let (_, value) = tag.split_once(" href=")?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(html: &str) -> String {
        without_links(html, |url| url.starts_with("mailto:") || url.contains('?'))
    }

    #[test]
    fn a_link_leaves_with_what_joins_it_to_the_others() {
        let (gone, kept) = (r#"<a href="mailto:x">go</a>"#, r#"<a href="https://a.b/">stay</a>"#);
        assert_eq!(without(&format!("<p>{gone} · {gone} · {kept}</p>")), format!("<p>{kept}</p>"));
        assert_eq!(without(&format!("<p>{kept} · {gone}</p>")), format!("<p>{kept}</p>"));
        assert_eq!(without(&format!("<p>{kept} · {gone} · {kept}</p>")), format!("<p>{kept} · {kept}</p>"));
        assert_eq!(without(&format!("<p>{gone}</p>")), "<p></p>");
    }

    #[test]
    fn addresses_are_read_as_they_are_written() {
        assert_eq!(without(r#"<a style="x" title="a>b" href='https://a.b/?x&amp;y'>go</a>!"#), "!");
        for html in ["<a href=", "<a href=\"mailto:x\">never ended", "<a name=\"mailto:x\">y</a>", "<a >x</a>"] {
            assert_eq!(without(html), html);
        }
    }
}
