//! What is read is judged by two others: ammonia, a sanitiser, finds nothing to take out, and html5ever, a whole HTML parser,
//! reads what was written as the same tree.

use std::collections::{HashMap, HashSet};

use ammonia::UrlRelative;
use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, QualName, local_name, ns, parse_fragment};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::{Strategy, proptest};

use super::allowed::{self, ATTRIBUTES, Kind, SCHEMES};
use super::nodes::{Element, Node, any, rewrite, settle};
use super::{read, write};

/// What ammonia makes of HTML with the same lists of elements, attributes and schemes.
pub(crate) fn sanitised(html: &str) -> String {
    let lists = |is_generic: bool| ATTRIBUTES.iter().filter(move |(name, _)| (**name == "*") == is_generic);
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(allowed::ELEMENTS.keys().copied().collect())
        .generic_attributes(lists(true).flat_map(|(_, keys)| keys.iter().copied()).collect())
        .tag_attributes(
            lists(false)
                .map(|(name, keys)| (*name, keys.iter().copied().collect()))
                .collect::<HashMap<_, HashSet<_>>>(),
        )
        .filter_style_properties(["text-align"].into())
        .url_schemes(SCHEMES.into())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None);
    builder.clean(html).to_string().replace("&nbsp;", "\u{a0}")
}

/// The tree that html5ever's parser makes.
fn parsed(html: &str) -> Vec<Node> {
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let dom = parse_fragment(RcDom::default(), ParseOpts::default(), context, Vec::new(), false).one(html);
    let root = dom.document.children.borrow();
    nodes(&root[0])
}

fn nodes(parent: &Handle) -> Vec<Node> {
    let node = |node: &Handle| match &node.data {
        NodeData::Text { contents } => Node::Text(contents.borrow().to_string()),
        NodeData::Element { name, attrs, .. } => {
            let (name, kind) = allowed::known(&name.local).unwrap();
            let attributes = attrs.borrow();
            let attribute = |one: &html5ever::Attribute| {
                (allowed::attribute(name, &one.name.local).unwrap(), one.value.to_string())
            };
            Node::Element(Element {
                name,
                kind,
                attributes: attributes.iter().map(attribute).collect(),
                children: nodes(node),
            })
        }
        other => panic!("{other:?}"),
    };
    parent.children.borrow().iter().map(node).collect()
}

fn written(html: &str) -> String {
    let mut written = String::new();
    write::write(&read(html).nodes, &mut written);
    written
}

#[test]
fn nothing_active_passes() {
    for (hostile, rest) in [
        ("<a href=\"javascript:alert(1)\" onclick=\"x\">a</a>", "<a>a</a>"),
        ("<a href=\"java\nscript:alert(1)\">a</a>", "<a>a</a>"),
        ("<a href=\"java&#115;cript:alert(1)\">a</a>", "<a>a</a>"),
        ("<img src=x onerror=alert(1)>", "<img src=\"x\">"),
        ("<img src=\"data:image/png;base64,AA\" alt=a>", "<img alt=\"a\">"),
        ("<video poster=\"javascript:a\"></video>", "<video></video>"),
        ("<svg><a xlink:href=\"javascript:x\">a</a></svg>", ""),
        ("<p style=\"background:url(x)\" class=y>a</p>", "<p>a</p>"),
        ("<td style=\"x\">", ""),
        ("a<script>alert('</p>')</script>b", "ab"),
    ] {
        assert_eq!(written(hostile), rest, "{hostile}");
    }
}

#[test]
fn what_is_left_open_is_closed_in_order() {
    assert_eq!(written("<div><p>a<b>b<p>c"), "<div><p>a<b>b</b></p><p>c</p></div>");
    assert_eq!(written("<ul><li>a<li>b</ul>c"), "<ul><li>a</li><li>b</li></ul>c");
    assert_eq!(written("a</p></div>b<a href=x>c<a href=y>d"), "ab<a href=\"x\">c</a><a href=\"y\">d</a>");
}

#[test]
fn tables_get_their_missing_parts() {
    for (html, whole) in [
        (
            "<table><td>a<td>b<tr><th>c",
            "<table><tbody><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></tbody></table>",
        ),
        ("<table><div><tr></div><td>a</table>b", "<table><tbody><tr><td>a</td></tr></tbody></table>b"),
        ("<td>a</td>", "a"),
        (
            "a<table><img src=b><tr><a href=c>d</a><td>e</table>",
            "a<img src=\"b\"><a href=\"c\">d</a><table><tbody><tr><td>e</td></tr></tbody></table>",
        ),
        ("<table><tr><a href=c><td>d</a></table>", "<table><tbody><tr><td>d</td></tr></tbody></table>"),
        ("<table><tr><b>a<ul><li>b</ul></b>", "<b>ab</b><table><tbody><tr></tr></tbody></table>"),
        ("<table>a<tr>b", "<table><tbody><tr><td>a</td></tr><tr><td>b</td></tr></tbody></table>"),
    ] {
        assert_eq!(written(html), whole);
    }
}

#[test]
fn a_link_goes_on_around_the_blocks_in_it() {
    for (html, whole) in [
        ("<p>a <a href=b id=c><div>d</div></a> e</p>", "<p>a </p><a href=\"b\" id=\"c\"><div>d</div></a> e"),
        ("<p><a href=b id=c>d<hr>e</a></p>", "<p><a href=\"b\" id=\"c\">d</a></p><a href=\"b\"><hr>e</a>"),
        ("<p><b><a href=b>\n<figure>c</figure></a></b></p>d", "<p><b></b></p><a href=\"b\"><figure>c</figure></a>d"),
        ("<p><a name=b><div>c</div>", "<p><a name=\"b\"></a></p><div>c</div>"),
    ] {
        assert_eq!(written(html), whole);
    }
}

#[test]
fn what_is_no_more_than_a_form_still_divides_words() {
    assert_eq!(written("<fieldset><legend>a</legend>b</fieldset>c"), "<div><div>a</div>b</div>c");
    assert_eq!(written("a</br>b</br/>c"), "a<br>b<br>c");
}

#[test]
fn what_is_hidden_is_so_at_any_depth() {
    let deep = |html: &str| written(&format!("{}{html}{}", "<div>".repeat(150), "</div>".repeat(150)));
    let html = deep("a<p hidden>b<i>c</i><img src=d></p>e<i hidden>f<i hidden>g</i>h</i>i");
    assert!(html.contains("aei"), "{html}");
}

#[test]
fn nothing_is_deeper_than_the_limit_and_no_text_is_lost() {
    let deep = written(&format!("{}x{}y", "<div>".repeat(100_000), "</div>".repeat(100_000)));
    assert_eq!(deep.matches("<div>").count(), super::builder::DEEPEST);
    assert!(deep.contains('x') && deep.ends_with('y'));
    assert_eq!(written("use <title> and <script> wisely"), "use  and  wisely");
}

#[test]
fn what_is_left_out_is_named() {
    let content = read("a<script>b</script><FORM>c<input>d</form><!-- e --><p hidden>f<iframe hidden></iframe>");
    assert_eq!(
        content.left_out.into_iter().collect::<Vec<_>>(),
        ["form", "iframe hidden", "input", "p hidden", "script"]
    );
    let form = Element::new("div", &[], vec![Node::Text("cd".into())]);
    assert_eq!(content.nodes, [Node::Text("a".into()), Node::Element(form)]);
    assert!(read(&format!("<img src=\"data:{}\">", "A".repeat(9000))).has_data_picture);
}

#[test]
fn what_is_hidden_or_dropped_is_so_to_its_own_end() {
    for (html, left) in [
        ("a<form hidden>b</form><font style='display:none'>c</font>d", "ad"),
        ("a<dialog>b</dialog><dialog open>c</dialog>d", "a<div>c</div>d"),
        ("a<svg><defs><svg id=b></svg></defs><text>c</text></svg>d", "ad"),
        ("a<svg><svg/></svg>b<svg></svg>c", "abc"),
        ("a<template>b<template>c</template></template>d", "ad"),
        ("a<svg><svg></svg>b", "ab"),
        ("a<style>b</styles>c</style>d", "ad"),
        (
            "<table><tr><div hidden>a<div>b</div>c</div><td>d</table>",
            "<table><tbody><tr><td>d</td></tr></tbody></table>",
        ),
        (
            "<table><tr><b>a<div hidden>b</div></b><td>c</table>",
            "<b>a</b><table><tbody><tr><td>c</td></tr></tbody></table>",
        ),
        ("<table><tr><table hidden><td>a</table><td>b</table>", "<table><tbody><tr><td>b</td></tr></tbody></table>"),
        ("<p>a<i hidden>b<div>c</div>d</i>e</p>f", "<p>a</p>ef"),
        ("<p>a<i hidden>b<b>c<hr></b>d</i>e<div>f</div>", "<p>a</p>e<div>f</div>"),
        ("<p>a<span hidden>b<div>c</div></span>", "<p>a</p><div>c</div>"),
        ("<p>a <rt>b</rt> c</p>", "<p>a <rt>b</rt> c</p>"),
        ("a&#13;b", "a\nb"),
        ("<h2>a</h3><p>b</p>", "<h2>a</h2><p>b</p>"),
    ] {
        assert_eq!(written(html), left, "{html}");
    }
}

#[test]
fn a_more_marker_is_the_whole_comment() {
    let has_mark = |html| any(&read(html).nodes, &|element| element.name == super::MORE);
    assert!(has_mark("a<!-- more -->b") && !has_mark("a<!-- more-splits-more-fees -->b"));
    assert_eq!(written("a<!-- more -->b"), "ab");
    assert_eq!(written("<pre>\n<!-- more -->\na</pre>"), "<pre>a</pre>");
}

#[test]
fn a_formula_is_shown_as_it_was_typed() {
    let code = |html: &str| written(&format!("{html}</math>"));
    let inner = "<semantics><mrow><mi>a</mi><mo>&lt;</mo>\n<mi>b</mi></mrow></semantics>";
    assert_eq!(code(&format!("<math>{inner}")), "<code>a&lt; b</code>");
    assert_eq!(code(&format!("<math alttext=\"a<b\">{inner}")), "<code>a&lt;b</code>");
    let annotated = "<math><mi>x</mi><annotation encoding=\"application/x-tex\">\\frac{a}{b} &lt; 1</annotation>";
    assert_eq!(code(annotated), "<code>\\frac{a}{b} &lt; 1</code>");
}

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "<p>", "</p>", "<b>", "</b>", "<i>", "</i>", "<a href=\"b\">", "<a href='javascript:c'>", "<a id=x>", "</a>", "<h1>",
    "</h1>", "<h2 id=\"y\">", "</h2>", "<ul>", "</ul>", "<li>", "</li>", "<ol start=3>", "</ol>", "<dl>", "<dt>", "<dd>",
    "</dl>", "<blockquote cite=\"javascript:d\">", "</blockquote>", "<pre>", "</pre>", "<pre>\n", "<pre>\n\n\n",
    "<code class=\"language-e\">", "</code>", "<table>", "</table>", "<tr>", "<td>", "</td>",
    "<th style=\"text-align: right\">", "<td style=\"color:red\">", "<caption>", "<thead>", "<tbody>", "<tfoot>",
    "<div class=f dir=rtl>", "</div>", "<span class=\"g\" title='h\"i'>", "</span>", "<br>", "<hr>",
    "<img src=j.png alt=\"k &amp; l\">", "<img src=\"https://[\">", "<img src=\"//m/n\" srcset=\"o 2x\">",
    "<iframe src=\"p\">", "</iframe>", "<video src=\"q\" poster=\"file:///r\">", "</video>", "<ruby>", "<rt>", "<rp>",
    "</ruby>", "<details open>", "<summary>", "</details>", "<figure>", "<figcaption>", "</figure>", "<center>",
    "<script>", "</script>", "<svg>", "<math>", "<form>", "<input type=checkbox>", "<wbr>", "<sup>", "</sup>",
    "<strike>", "<font>", "<nobr>", "<button>", "<select>", "<option>", "<style>", "<title>", "<xmp>", "<!--more-->",
    "<!-- s -->", "&", "&amp;", "&lt;", "&#60;", "&#x3c;script>", "&#0;", "&#128;", "&#10;", "&nbsp;", "&copy;", "&copy",
    "&ampx", "&notit;", "& ", "<", ">", "\"", "'", "text", " ", "\n", "\n\n", "\t", "\r\n", "\u{c}", "\0", "\u{feff}",
    "\u{85}", "\u{2028}", "\u{fffe}", "é", "字", "a long run of words ", "=", "/", "{", "`", "<div hidden>",
    "<math alttext=\"a<b\">", "</math>", "<object data=a.png>", "<embed src=b>", "<ins>", "<small id=z>", "<big>", "<q>",
    "</tr>", "</div", "<a ", "<nav>", "<noscript>", "<template>", "<frameset>", "<plaintext>", "<annotation-xml>",
    "<mglyph>", "<mtext>", "<foreignObject>", "<desc>", "<image>", "<p title=\"</div>\">", "<i lang=\"<b>\">", "<main>",
    "<menu>", "<tt>", "<u>", "<code>", "<samp>", "<data value=1>", "</br>", "</form>", "<legend>", "<bdo dir=rtl>",
];

pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let pieces = proptest::collection::vec(proptest::sample::select(PIECES), 0..30);
    pieces.prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]

    #[test]
    fn other_programs_read_what_is_written_as_it_was_meant(html in hostile()) {
        let is_mark = |node: &Node| matches!(node, Node::Element(element) if element.kind == Kind::Mark);
        let mut written = String::new();
        let nodes = read(&html).nodes;
        write::write(&nodes, &mut written);
        // Nothing is written of marks.
        let mut nodes = rewrite(nodes, &mut |node| if is_mark(&node) { vec![] } else { vec![node] });
        settle(&mut nodes);
        proptest::prop_assert_eq!(&sanitised(&written), &written);
        proptest::prop_assert_eq!(&parsed(&written), &nodes, "{}", written);
        proptest::prop_assert_eq!(&read(&written).nodes, &nodes, "{}", written);
    }
}
