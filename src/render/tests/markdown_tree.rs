//! Markdown comes to the same tree, whether it goes by way of HTML or not.

use proptest::prelude::Strategy;

use super::super::{markdown, markdown_tree};
use crate::content::{self, Content};

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

fn events(text: &str) -> Vec<pulldown_cmark::Event<'_>> {
    markdown::events(markdown::parse(text).map(|(event, _)| event).collect(), "k").0
}

fn by_way_of_html(text: &str) -> Content {
    content::read(&markdown::to_html(events(text).into_iter()))
}

#[test]
fn every_kind_of_markdown_comes_to_the_same_tree_both_ways() {
    let text = "# A *b* `c`\n\nd [e](/f g \"h\") ![i *j*](k.png \"l\") & <https://m.example/?n&o> <p@q.example>\n\n\
        - [x] r\n- s\n\n  t\n\n3. u\n\n> v\n\n> [!NOTE]\n> w\n\n```rust x\nr < s & t;\n```\n\n    y\n\n\
        | u | v |\n|--:|---|\n| w | ~~x~~ |\n\n---\n\ny\\\nz a\u{a0}b &nbsp; &lt;\n\n## c {#d}\n\ne {.f g=h}\n===\n";
    assert_eq!(markdown_tree::read(&events(text)), by_way_of_html(text));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_markdown_comes_to_the_same_tree_both_ways(
        text in proptest::collection::vec(proptest::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat()),
    ) {
        proptest::prop_assert_eq!(markdown_tree::read(&events(&text)), by_way_of_html(&text));
    }
}
