use proptest::prelude::{any, proptest};

use super::*;
use crate::config::Theme;
use crate::content::read;
use crate::templates::Templates;

const URL: &str = "https://example.org/post/";

fn look() -> Look {
    Look::new(Templates::new(&BTreeMap::new()).unwrap().stylesheet(), &Theme::default())
}

fn inlined(html: &str) -> String {
    let pictures = &BTreeMap::new();
    let surroundings =
        Surroundings { look: &look(), url: URL, heading: 2, right_to_left: false, pictures, is_whole: true };
    inline(&read(html).nodes, &surroundings)
}

/// Without the styles, which [`Look`] tests.
fn bare(html: &str) -> String {
    without_styles(&inlined(html))
}

fn without_styles(html: &str) -> String {
    let mut pieces = html.split(" style=\"");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('"').map_or("", |(_, rest)| rest))
}

#[test]
fn divisions_that_only_wrap_another_are_left_out() {
    assert_eq!(bare("<div>\n<section><div>a</div></section> </div>"), "\n<div>a</div> ");
    let kept = "<div>a<div>b</div></div><div><div>c</div><p>d</p></div>";
    assert_eq!(bare(kept), kept);
}

#[test]
fn headings_continue_the_title_without_a_gap() {
    let html = bare("<h3>a</h3><h5>b</h5><h5>c</h5><h3>d</h3><h1>e</h1><h2>f</h2>");
    assert_eq!(html, "<h2>a</h2><h3>b</h3><h3>c</h3><h2>d</h2><h2>e</h2><h3>f</h3>");
}

#[test]
fn footnotes_are_found_by_name_inside_of_the_message() {
    let html = bare(&format!(
        "<sup id=\"r1\"><a href=\"{URL}#n1\">1</a></sup><ol><li id=\"n1\">note <a href=\"{URL}#r1\">back</a></li></ol>\
         <p id=\"unused\"><a href=\"{URL}#elsewhere\">x</a></p>"
    ));
    assert_eq!(
        html,
        "<sup><a href=\"#n1\" name=\"r1\" id=\"r1\">1</a></sup><ol><li>note <a href=\"#r1\" name=\"n1\" id=\"n1\">back</a></li></ol>\
         <p><a href=\"https://example.org/post/#elsewhere\">x</a></p>"
    );
}

#[test]
fn a_target_without_a_link_in_it_keeps_its_id() {
    assert_eq!(bare("<h2 id=\"a\">A</h2><a href=\"#a\">up</a>"), "<h2 id=\"a\">A</h2><a href=\"#a\">up</a>");
}

#[test]
fn code_keeps_its_lines_and_blanks_without_a_style_sheet() {
    let html = bare("<pre><code class=\"language-c\">\tif (a  &lt; b)\n  c;\n</code></pre>");
    assert_eq!(
        html,
        "<pre>&nbsp;&nbsp;&nbsp;&nbsp;if (a &nbsp;&lt; b)<br>&nbsp; c;</pre>".replace("&nbsp; c", "&nbsp;&nbsp;c")
    );
}

#[test]
fn tables_have_scopes_and_alignment() {
    let html = inlined(
        "<table><thead><tr><th>a</th><th style=\"text-align: right\">b</th></tr></thead>\
         <tbody><tr><th>c</th><td style=\"text-align:center\">d</td></tr></tbody></table>",
    );
    assert_eq!(html.matches("scope=\"col\"").count(), 2, "{html}");
    assert_eq!(html.matches("scope=\"row\"").count(), 1);
    assert_eq!(html.matches("text-align:right").count(), 1);
    assert_eq!(html.matches("text-align:center").count(), 1);
    assert!(!html.contains("align=\"") && !html.contains("role="));
    assert!(inlined("<table><tr><td>a</td></tr></table>").contains("<table role=\"presentation\""));
}

#[test]
fn an_image_is_never_wider_than_the_column() {
    let html = bare("<p><img src=\"https://a.b/c.png\" width=\"1200\" height=\"500\" srcset=\"x 2x\" class=\"y\"></p>");
    assert_eq!(html, "<p><img src=\"https://a.b/c.png\" alt=\"\" width=\"600\" height=\"250\"></p>");
    assert!(inlined("<p><img src=\"https://a.b/c.png\" alt=\"x\"></p>").contains("display:block"));
    assert!(!inlined("<p>a <img src=\"https://a.b/c.png\" alt=\"x\"> b</p>").contains("display:block"));
}

#[test]
fn what_mail_does_not_show_is_opened_or_left_out() {
    let html =
        bare("<details open><summary>a</summary><p>b</p></details><script>alert(1)</script><span class=\"k\">c</span>");
    assert_eq!(html, "<div><div>a</div><p>b</p></div>c");
    assert_eq!(bare("<strike>a</strike><menu><li>b</menu>"), "<s>a</s><ul><li>b</li></ul>");
    assert_eq!(bare("<bdo dir=\"rtl\">a</bdo>"), "<bdo dir=\"rtl\">a</bdo>");
    assert_eq!(bare("<span lang=\"fr\" onclick=\"x\">d</span>"), "<span lang=\"fr\">d</span>");
}

proptest! {
    #[test]
    fn any_input_gives_balanced_output(html in "(<(p|pre|ul|li|table|td|h[1-6]|a href=\"#x\" id=\"x\"|img|br|b)>|</(p|pre|ul|li|table|a|b)>|[a-z \n&\"<]){0,40}", other in any::<String>()) {
        for html in [html, other] {
            let once = inlined(&html);
            let tags = |text: &str| once.matches(text).count();
            for name in ["p", "pre", "ul", "li", "table", "td", "a", "b"] {
                assert_eq!(tags(&format!("<{name}>")) + tags(&format!("<{name} ")), tags(&format!("</{name}>")), "{once}");
            }
        }
    }
}

#[test]
fn what_mail_does_not_show_is_replaced_or_linked() {
    let image = |url: &str| Image { url: url.into(), width: Some(800), height: Some(400), ..Image::default() };
    let pictures = &BTreeMap::from([
        ("https://a.example/a.svg".to_owned(), MailPicture::Link),
        ("https://a.example/b%20c.svg".to_owned(), MailPicture::Link),
        ("https://a.example/d.webp".to_owned(), MailPicture::Instead(image("https://a.example/d.png"))),
        ("https://a.example/e.svg".to_owned(), MailPicture::Instead(image("https://a.example/e.png"))),
    ]);
    let surroundings =
        Surroundings { look: &look(), url: URL, heading: 2, right_to_left: false, pictures, is_whole: true };
    let rendered = |html: &str| without_styles(&inline(&read(html).nodes, &surroundings));
    assert_eq!(
        rendered("<img src=\"https://a.example/a.svg\" alt=\"A <tree>\">"),
        "<a href=\"https://a.example/a.svg\">A &lt;tree&gt;</a>"
    );
    assert_eq!(
        rendered("<img src=\"https://a.example/b%20c.svg\" alt=\"\">"),
        "<a href=\"https://a.example/b%20c.svg\">b c.svg</a>"
    );
    assert_eq!(
        rendered("<a href=\"https://a.example/\"><img src=\"https://a.example/a.svg\" alt=\"A tree\"></a>"),
        "<a href=\"https://a.example/\">A tree</a>"
    );
    assert_eq!(
        rendered("<img src=\"https://a.example/d.webp\" alt=\"D\" width=\"300\" height=\"150\">"),
        "<img src=\"https://a.example/d.png\" alt=\"D\" width=\"300\" height=\"150\">"
    );
    assert_eq!(
        rendered("<img src=\"https://a.example/e.svg\" alt=\"E\">"),
        "<img src=\"https://a.example/e.png\" alt=\"E\" width=\"600\" height=\"300\">"
    );
}
