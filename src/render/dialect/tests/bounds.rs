//! Hostile bodies: nothing panics, and no tag is left.

use proptest::prelude::Strategy;

use super::super::part::Part;
use super::super::writer::Writer;
use super::super::{Body, DIALECTS, Place, Posts, expand_part};
use super::rendered_files as rendered;
use crate::post::tests::{config, one};

const FRONT: &str = "---\ntitle: A\ndate: 2025-01-31\n---\n";

/// What a dialect gives a meaning to, and what Markdown and HTML do.
const PIECES: &[&str] = &[
    "{{<",
    ">}}",
    "{{%",
    "%}}",
    "{%",
    "%}",
    "{{",
    "}}",
    "{#",
    "#}",
    "{/*",
    "*/}",
    "{",
    "}",
    "%",
    "<",
    "{{< /",
    "/>}}",
    " figure ",
    " highlight ",
    " endhighlight ",
    " note ",
    " endnote ",
    " raw ",
    " endraw ",
    " comment ",
    " endcomment ",
    " youtube ",
    " gist ",
    " if x ",
    " endif ",
    " quote() ",
    " end ",
    " ref \"a\" ",
    " post_url b ",
    " link a.md ",
    "src=\"a b.png\"",
    "id=\"x\"",
    "caption='*c*'",
    "=",
    "==",
    "==m",
    "$",
    "$$",
    "\\(",
    "\\)",
    "\\",
    ":",
    ":smile:",
    ":::",
    "\n:::note[T]\n",
    "\n:::\n",
    "\n!!! tip \"T\"\n    ",
    "\n    ",
    "[[",
    "]]",
    "![[",
    "|",
    "#",
    "](",
    "](a b.png)",
    "[",
    "]",
    "(",
    ")",
    "[caption a=b]",
    "[/caption]",
    "[embed]",
    "[/embed]",
    "[code]",
    "[/code]",
    "[gallery]",
    "https://e.example/",
    "\n{: .a #b}\n",
    "{:",
    "{#h}",
    "\n# ",
    "\n\n",
    "\n",
    "  \n",
    "* TOC\n{:toc}\n",
    "*[A]: b\n",
    "\nimport a from 'b'\n",
    "\nexport const a = {\n",
    "<Note>",
    "</Note>",
    "<Chart />",
    "<A b={c}>",
    "</A>",
    "<p style={{a: 1}}>",
    "<pre>",
    "</pre>",
    "<code>",
    "</code>",
    "<!--",
    "-->",
    "<!--more-->",
    "`",
    "``",
    "```\n",
    "~~~\n",
    "> ",
    "- ",
    "1. ",
    "|a|b|\n|-|-|\n|",
    "*",
    "**",
    "_",
    "[^1]",
    "\n[^1]: ",
    "word",
    "a longer run of words ",
    "字",
    "é",
    "🙂",
    "\u{a0}",
    "\t",
    "<td title=\"{%\">",
    "<a href=\"?{%x%}\">",
    "&#123;%",
    "&lbrace;{<",
    "{*",
    "*%",
];

/// Pieces in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(PIECES.to_vec()).prop_map(str::to_owned);
    let any = proptest::prop_oneof![12 => piece, 1 => "\\PC{0,5}"];
    proptest::collection::vec(any, 0..40).prop_map(|pieces| pieces.concat())
}

/// The HTML without what stands in code.
fn outside_code(html: &str) -> String {
    let mut outside = String::new();
    let mut rest = html;
    while let Some(start) = rest.find("<code") {
        outside.push_str(&rest[..start]);
        outside.push(' ');
        rest = rest[start..].split_once("</code>").map_or("", |(_, rest)| rest);
    }
    outside.push_str(rest);
    let mut without = String::new();
    rest = &outside;
    while let Some(start) = rest.find("<pre") {
        without.push_str(&rest[..start]);
        without.push(' ');
        rest = rest[start..].split_once("</pre>").map_or("", |(_, rest)| rest);
    }
    without + rest
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    #[test]
    fn no_tag_is_left_whatever_is_mixed(body in pieces()) {
        let (entry, warnings) = rendered(&[("posts/a.md", &format!("{FRONT}{body}"))]);
        let outside = outside_code(&entry.html()).replace("&lt;", "<").replace("&gt;", ">");
        for mark in ["{{<", "{{%", "{%", "%}"] {
            proptest::prop_assert!(!outside.contains(mark), "{mark} in {}", entry.html());
        }
        let again = crate::content::tests::sanitised(&entry.html());
        proptest::prop_assert_eq!(&again, &entry.html(), "the sanitiser finds nothing left to do");
        for line in crate::content::text::write(&entry.content).lines() {
            let width = unicode_width::UnicodeWidthStr::width(line);
            let longest = line.split(' ').map(unicode_width::UnicodeWidthStr::width).max().unwrap_or_default();
            proptest::prop_assert!(width <= 78 || line.contains("    ") || longest > 24, "{line:?}");
        }
        for warning in warnings {
            let place = warning.location.unwrap();
            proptest::prop_assert!(place.line >= 1 && place.column >= 1 && place.length >= 1);
        }
    }

    #[test]
    fn a_reader_of_lines_takes_none_that_it_is_not_asked_for(body in pieces()) {
        let (post, _) = one("posts/a.md", FRONT);
        let (config, posts) = (config(""), Posts::default());
        let body = Body { text: body, first_line: 1, ..Body::default() };
        let part = Part::new(&body.text, 0, 0);
        for at in (0..body.text.len()).filter(|at| part.is_line_start(*at)) {
            let first = part.line(at).trim_start_matches([' ', '\t', '>']).bytes().next();
            for (place, reader) in DIALECTS {
                let Place::Line(letters) = place else { continue };
                if reader(&part, at, &mut Writer::new((&post, &body), &posts, &config, expand_part)).is_some() {
                    let is_asked = first.is_some_and(|first| letters.contains(&first) || !first.is_ascii_graphic());
                    proptest::prop_assert!(is_asked, "{:?}", part.line(at));
                }
            }
        }
    }
}
