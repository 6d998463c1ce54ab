//! Whether the short way comes to what the long way does.

use proptest::prelude::Strategy;

use super::super::{markdown, normalise};
use super::*;

/// What the long way makes of a text, and what this one makes of it.
fn both_ways(text: &str) -> (Vec<Node>, Option<Vec<Node>>, String) {
    let events = markdown::events(markdown::parse(text).map(|(event, _)| event).collect(), "k");
    let short = nodes(&events);
    let (html, left_out) = normalise::normalise(&markdown::to_html(events.into_iter()));
    assert!(short.is_none() || left_out.is_empty(), "{html}");
    (direct::nodes(&html), short, html)
}

#[test]
fn plain_markdown_is_taken() {
    let text = "# A *b* `c`\n\nd [e](/f g \"h\") ![i *j*](k.png \"l\") & <https://m.example/?n&o> <p@q.example>\n\n\
        - [x] r\n- s\n\n  t\n\n3. u\n\n> v\n\n> [!NOTE]\n> w\n\n```rust x\nr < s & t;\n```\n\n    y\n\n\
        | u | v |\n|--:|---|\n| w | ~~x~~ |\n\n---\n\ny\\\nz[^1] a\u{a0}b &nbsp; &lt;\n\n[^1]: note\n\n## c {#d}\n\n\
        <!-- more -->\n\na <kbd>b</kbd> <br> <span title='c \"d\"'>e</span>\n\n<div>\nf &amp; g\n</div>\n";
    let (long, short, html) = both_ways(text);
    assert_eq!(short, Some(long), "{html}");
}

#[test]
fn what_html_changes_goes_the_long_way() {
    for text in [
        "<script>a</script>",
        "<div>\n\na",
        "a <b>c",
        "a </b>",
        "<p>\n\na\n\n</p>",
        "<iframe src=\"a\"></iframe>",
        "![](data:image/png;base64,AA)",
        "<!-- a",
        "<div title=\"",
        "a\u{b}b",
        "&#11;",
        "<!DOCTYPE a>\u{feff}",
    ] {
        assert_eq!(both_ways(text).1, None, "{text}");
    }
}

const PIECES: &[&str] = &[
    "\n\n",
    "\n",
    "  \n",
    "\\\n",
    "# ",
    "### ",
    " {#a}",
    " {#b .c}",
    "- ",
    "1. ",
    "7) ",
    "> ",
    "> [!TIP]\n> ",
    "    ",
    "\t",
    "```\n",
    "```rust a\n",
    "~~~\n",
    "`",
    "``",
    "*",
    "**",
    "_",
    "~~",
    "---\n",
    "***\n",
    "[",
    "](b)",
    "](<c d> \"e\")",
    "](javascript:f)",
    "](data:g)",
    "![",
    "<https://h.example/?i&j>",
    "<k@l.example>",
    "| m | n |\n|:-:|--:|\n| o | p |\n",
    "| q |\n",
    "|",
    "[^1]",
    "\n\n[^1]: ",
    "- [ ] ",
    "r\n: s\n",
    ": ",
    "<b>",
    "</b>",
    "<i title=\"t\">",
    "</i>",
    "<br>",
    "<br/>",
    "<hr>",
    "<div>",
    "</div>",
    "<div align=center>\n",
    "<p>",
    "</p>",
    "<a href='u'>",
    "<a href=\"javascript:v\">",
    "</a>",
    "<h2>",
    "</h2>",
    "<ul>",
    "<li>",
    "</li>",
    "</ul>",
    "<table>",
    "<tr>",
    "<td style=\"text-align: left\">",
    "</td>",
    "</tr>",
    "</table>",
    "<tbody>",
    "</tbody>",
    "<pre>",
    "</pre>",
    "<img src=w.png alt=x>",
    "<iframe>",
    "</iframe>",
    "<video>",
    "<wbr>",
    "<script>",
    "</script>",
    "<font>",
    "</font>",
    "<!-- more -->",
    "<!--",
    "-->",
    "<!DOCTYPE y>",
    "<?z?>",
    "<",
    ">",
    "&",
    "&amp;",
    "&copy;",
    "&#9;",
    "&#1;",
    "&#x2028;",
    "&lt",
    "\"",
    "'",
    "{",
    "}",
    "\\",
    "\u{feff}",
    "\u{fffe}",
    "\u{85}",
    "\u{a0}",
    "é",
    "字",
    "word",
    "two words",
    "https://a.example/b",
    "=",
    "===\n",
    "(",
    ")",
    "!",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]

    #[test]
    fn both_ways_come_to_the_same(
        text in proptest::collection::vec(proptest::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat()),
    ) {
        let (long, short, html) = both_ways(&text);
        if let Some(short) = short {
            proptest::prop_assert_eq!(short, long, "{}", html);
        }
    }
}
