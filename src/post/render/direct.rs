//! Balanced HTML → [`Node`]s, without the two parsers and the writer between them, where those would change nothing.
//!
//! [`read`] knows the HTML that Markdown makes and that people write well: quoted attributes, elements in their places, plain
//! references. There it comes to the same nodes as [`sanitise`] and [`parse`], by the same lists of elements, attributes and
//! schemes; a test compares the two over HTML of every kind. Whatever HTML5's rules might turn into something else (§13.2.6)
//! is none of its business: that goes the long way.

use std::borrow::Cow;

use super::super::characters;
use super::builder::Builder;
use super::elements;
use super::normalise::DIVIDER;
use super::tree::{Element, Node};
use super::{parse, sanitise};

/// The clean nodes of HTML that [`super::normalise`] wrote.
pub(crate) fn nodes(html: &str) -> Vec<Node> {
    read(html).unwrap_or_else(|| parse::parse(&sanitise::sanitise(html)))
}

/// The nodes of plain HTML; `None` for HTML that a parser should look at.
fn read(html: &str) -> Option<Vec<Node>> {
    let strange = |byte: u8| byte < b' ' && byte != b'\n' && byte != b'\t';
    if html.bytes().any(strange) {
        return None;
    }
    let mut builder = Builder::default();
    let mut rest = html;
    while !rest.is_empty() {
        let text = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        if text > 0 {
            builder.text(&decoded(&rest[..text])?)?;
        }
        rest = &rest[text..];
        if let Some(tag) = rest.strip_prefix("</") {
            let (name, after) = tag.split_once('>')?;
            builder.close(name)?;
            rest = after;
        } else if let Some(tag) = rest.strip_prefix('<') {
            rest = read_tag(tag, &mut builder)?;
        }
    }
    builder.finish()
}

/// Reads a start tag behind its `<`; returns what follows it.
fn read_tag<'h>(tag: &'h str, builder: &mut Builder) -> Option<&'h str> {
    let end = tag.bytes().position(|b| !b.is_ascii_alphanumeric())?;
    let (name, mut rest) = tag.split_at(end);
    let (name, kind) = elements::known(name)?;
    if !builder.has_place(name, kind) {
        return None;
    }
    let mut keys: Vec<&str> = Vec::new();
    let mut attributes = Vec::new();
    let mut divides = false;
    while let Some(attribute) = rest.strip_prefix(' ') {
        let (key, value) = attribute.split_once("=\"")?;
        let (written, after) = value.split_at(memchr::memchr(b'"', value.as_bytes())?);
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_:".contains(&b);
        if key.is_empty() || !key.bytes().all(is_plain) || keys.contains(&key) {
            return None;
        }
        keys.push(key);
        divides |= name == "wbr" && written == DIVIDER;
        if let Some(key) = elements::attribute(name, key) {
            let value = if key == "style" { alignment(written)?.into() } else { decoded(written)? };
            attributes.extend(clean(name, key, value).map(|value| (key, value)));
        }
        rest = &after[1..];
    }
    let rest = rest.strip_prefix('>')?;
    if divides {
        builder.divide();
        return Some(rest);
    }
    builder.open(Element { name, kind, attributes, children: Vec::new() });
    // What stands in a frame is text to a parser.
    if name == "iframe" && !rest.starts_with("</iframe>") { None } else { Some(rest) }
}

/// The value that an attribute may have.
pub(crate) fn clean(element: &str, key: &str, value: Cow<'_, str>) -> Option<String> {
    if is_url(element, key) && !sanitise::is_safe(&value) {
        return None;
    }
    let mut value = value.into_owned();
    characters::clean(&mut value);
    Some(value)
}

/// What Markdown writes, and nothing that a parser of style sheets would have to read.
pub(crate) fn alignment(style: &str) -> Option<&'static str> {
    match style {
        "text-align: left" => Some("text-align:left"),
        "text-align: center" => Some("text-align:center"),
        "text-align: right" => Some("text-align:right"),
        _ => None,
    }
}

/// The attributes whose schemes [`sanitise`] looks at.
fn is_url(element: &str, key: &str) -> bool {
    matches!((element, key), (_, "href" | "src") | ("video", "poster"))
}

/// The text behind plain references; `None` when there are others.
pub(crate) fn decoded(written: &str) -> Option<Cow<'_, str>> {
    let Some(first) = memchr::memchr(b'&', written.as_bytes()) else { return Some(Cow::Borrowed(written)) };
    let mut text = String::with_capacity(written.len());
    text.push_str(&written[..first]);
    let mut rest = &written[first..];
    while let Some(reference) = rest.strip_prefix('&') {
        let end = reference.bytes().take(12).position(|b| b == b';').unwrap_or_default();
        let (c, length) = match &reference[..end] {
            "amp" => ('&', end + 1),
            "lt" => ('<', end + 1),
            "gt" => ('>', end + 1),
            "quot" => ('"', end + 1),
            "nbsp" => ('\u{a0}', end + 1),
            number if number.starts_with('#') => (character(&number[1..])?, end + 1),
            _ if reference.is_empty() || reference.starts_with([' ', '\n', '\t']) => ('&', 0),
            _ => return None,
        };
        text.push(c);
        rest = &reference[length..];
        let next = memchr::memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
        text.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    Some(Cow::Owned(text))
}

/// The character of a number in a reference, when every parser would take it for just that.
fn character(number: &str) -> Option<char> {
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_alphanumeric());
    let code = u32::from_str_radix(digits, radix).ok().filter(|_| is_number)?;
    char::from_u32(code).filter(|c| characters::is_legal(*c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::Strategy;

    use super::super::markdown;
    use super::super::normalise::normalise;
    use super::*;

    fn long_way(html: &str) -> Vec<Node> {
        parse::parse(&sanitise::sanitise(html))
    }

    #[test]
    fn what_markdown_makes_is_read() {
        let text = "# A *b* `c`\n\nd [e](/f \"g\") ![h](i.png) & <https://j.example/?k&l>\n\n\
            - m\n- n\n\n  o\n\n1. p\n\n> q\n\n```rust\nr < s & t;\n```\n\n| u | v |\n|--:|---|\n| w | ~~x~~ |\n\n---\n\ny\\\nz[^1]\n\n[^1]: note\n";
        let (html, _) = normalise(&markdown::html_of(text, "k"));
        assert_eq!(read(&html), Some(long_way(&html)), "{html}");
    }

    #[test]
    fn nothing_active_passes() {
        for hostile in [
            "<a href=\"javascript:alert(1)\">a</a>",
            "<a href=\"java&#115;cript:alert(1)\" onclick=\"b\">a</a>",
            "<a href=\"java\nscript:alert(1)\">a</a>",
            "<img src=\"data:image/png;base64,AA\" onerror=\"a\" alt=\"b\">",
            "<video poster=\"javascript:a\"></video>",
        ] {
            assert_eq!(read(hostile), Some(long_way(hostile)), "{hostile}");
        }
        for strange in ["<script>a</script>", "<svg></svg>", "<p style=\"b:url(c)\" id=\"d\">a", "<td style=\"e\">"] {
            assert_eq!(read(strange), None, "{strange}");
        }
    }

    const PIECES: &[&str] = &[
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "<a href=\"b\">",
        "<a href='javascript:c'>",
        "<a id=x>",
        "</a>",
        "<h1>",
        "</h1>",
        "<h2 id=\"y\">",
        "</h2>",
        "<ul>",
        "</ul>",
        "<li>",
        "</li>",
        "<ol start=3>",
        "</ol>",
        "<dl>",
        "<dt>",
        "<dd>",
        "</dl>",
        "<blockquote cite=\"javascript:d\">",
        "</blockquote>",
        "<pre>",
        "</pre>",
        "<pre>\n",
        "<pre>\n\n\n",
        "<code class=\"language-e\">",
        "</code>",
        "<table>",
        "</table>",
        "<tr>",
        "<td>",
        "</td>",
        "<th style=\"text-align: right\">",
        "<td style=\"color:red\">",
        "<caption>",
        "<thead>",
        "<tbody>",
        "<tfoot>",
        "<div class=f dir=rtl>",
        "</div>",
        "<span class=\"g\" title='h\"i'>",
        "</span>",
        "<br>",
        "<hr>",
        "<img src=j.png alt=\"k &amp; l\">",
        "<img src=\"https://[\">",
        "<img src=\"//m/n\" srcset=\"o 2x\">",
        "<iframe src=\"p\">",
        "</iframe>",
        "<video src=\"q\" poster=\"file:///r\">",
        "</video>",
        "<ruby>",
        "<rt>",
        "<rp>",
        "</ruby>",
        "<details open>",
        "<summary>",
        "</details>",
        "<figure>",
        "<figcaption>",
        "</figure>",
        "<center>",
        "<script>",
        "</script>",
        "<svg>",
        "<math>",
        "<form>",
        "<input type=checkbox>",
        "<wbr>",
        "<sup>",
        "</sup>",
        "<strike>",
        "<font>",
        "<nobr>",
        "<button>",
        "<select>",
        "<option>",
        "<style>",
        "<title>",
        "<xmp>",
        "<!--more-->",
        "<!-- s -->",
        "&",
        "&amp;",
        "&lt;",
        "&#60;",
        "&#x3c;script>",
        "&#0;",
        "&#128;",
        "&#10;",
        "&nbsp;",
        "&copy;",
        "&copy",
        "&ampx",
        "&notit;",
        "& ",
        "<",
        ">",
        "\"",
        "'",
        "text",
        " ",
        "\n",
        "\n\n",
        "\t",
        "\r\n",
        "\u{c}",
        "\0",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "\u{fffe}",
        "é",
        "字",
        "a long run of words ",
        "=",
        "/",
        "{",
        "`",
    ];

    fn piece() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(PIECES)
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]

        #[test]
        fn both_ways_come_to_the_same(pieces in proptest::collection::vec(piece(), 0..30)) {
            let (html, _) = normalise(&pieces.concat());
            if let Some(nodes) = read(&html) {
                proptest::prop_assert_eq!(nodes, long_way(&html), "{}", html);
            }
        }

        #[test]
        fn both_ways_come_to_the_same_without_a_balance(pieces in proptest::collection::vec(piece(), 0..8)) {
            let html = pieces.concat();
            if let Some(nodes) = read(&html) {
                proptest::prop_assert_eq!(nodes, long_way(&html), "{}", html);
            }
        }
    }
}
