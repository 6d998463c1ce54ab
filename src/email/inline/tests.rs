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
         <p><a href=\"https://example.org/post/\">x</a></p>"
    );
}

#[test]
fn a_target_without_a_link_in_it_keeps_its_id_or_is_a_heading_that_leads_to_itself() {
    let html = bare("<h2 id=\"a\">A</h2><ul id=\"b\"><li>x</li></ul><a href=\"#a\">up</a><a href=\"#b\">list</a>");
    let expected = "<h2><a href=\"#a\" name=\"a\" id=\"a\" class=\"title\">A</a></h2><ul id=\"b\"><li>x</li></ul><a href=\"#a\">up</a><a href=\"#b\">list</a>";
    assert_eq!(html, expected);
}

/// What is around a block of code.
const IN_A_CELL: &str =
    "<div><table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td class=\"code\">";

#[test]
fn code_keeps_its_lines_and_blanks_without_a_style_sheet() {
    let html = bare("<pre><code class=\"language-c\">\tif (a  &lt; b)\n  c;\n</code></pre>");
    assert_eq!(
        html.trim_start_matches(IN_A_CELL).trim_end_matches("</td></tr></table></div>"),
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
    assert_eq!(html, "<p align=\"center\"><img src=\"https://a.b/c.png\" alt=\"\" width=\"600\" height=\"250\"></p>");
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

/// Elements whose paddings and grounds Outlook does not show, with what they are styled as.
#[test]
fn paddings_and_grounds_are_on_cells() {
    let html = inlined(
        "<blockquote><p>a</p></blockquote><pre>b</pre><hr><section class=\"footnotes\"><ol><li>c</li></ol></section>",
    );
    for tag in html.split('<').filter(|tag| tag.contains(" style=")) {
        let is_on_a_cell = ["td ", "ol ", "li "].iter().any(|name| tag.starts_with(name));
        let style = tag.split_once(" style=\"").map_or("", |(_, style)| style);
        assert!(is_on_a_cell || !["padding", "background", "border"].iter().any(|word| style.contains(word)), "{tag}");
    }
    assert!(
        html.contains("<blockquote style=\"margin:0 0 20px\"><table role=\"presentation\" width=\"100%\""),
        "{html}"
    );
    assert!(html.contains("<td style=\"padding:2px 0 2px 20px;border-left:3px solid #ddd8cd;font-size:18px"), "{html}");
    assert!(html.contains("<pre style=\"margin:0;font-family:"), "{html}");
    assert!(
        html.contains("<div style=\"margin:36px auto\" role=\"separator\">")
            || html.contains("role=\"separator\" style=\"margin:36px auto\"")
    );
    assert!(html.contains("align=\"center\" width=\"72\"") && html.contains("&nbsp;</td>"), "{html}");
}

#[test]
fn a_site_styles_quotes_code_and_lines_as_before() {
    let own = BTreeMap::from([(
        "email/style.css".to_owned(),
        "hr { width: 100%; margin: 8px 0 }\nblockquote { margin: 3px; border-left: 6px double red }".to_owned(),
    )]);
    let look = Look::new(Templates::new(&own).unwrap().stylesheet(), &Theme::default());
    let surroundings = Surroundings {
        look: &look,
        url: URL,
        heading: 2,
        right_to_left: true,
        pictures: &BTreeMap::new(),
        is_whole: true,
    };
    let html = inline(&read("<blockquote>a</blockquote><hr>").nodes, &surroundings);
    assert!(
        html.contains("<blockquote style=\"margin:3px\">") && html.contains("border-right:6px double red"),
        "{html}"
    );
    assert!(html.contains("role=\"presentation\" width=\"100%\""), "{html}");
}

#[test]
fn a_picture_of_unknown_size_is_not_wider_than_the_column_in_outlook() {
    let html =
        inlined("<p><img src=\"https://a.b/c.png\" alt=\"x\"></p><p>a <img src=\"https://a.b/d.png\" alt=\"y\"></p>");
    assert!(
        html.contains(
            "width=\"600\" style=\"display:block;max-width:100%;height:auto;margin:0 auto;border:0;width:auto\""
        ),
        "{html}"
    );
    assert_eq!(html.matches("width=\"600\"").count(), 1);
    assert!(bare("<figure><img src=\"https://a.b/c.png\" width=\"9\"></figure>").starts_with("<div align=\"center\">"));
    assert!(!bare("<figure><pre>a</pre></figure>").contains("align=\"center\""));
}

#[test]
fn tasks_have_a_box_and_no_dot() {
    let html = inlined("<ul><li>☑ a</li><li><p>☐ b</p></li></ul><ul><li>☐ c</li><li>d</li></ul>");
    assert_eq!(html.matches("list-style-type:none").count(), 3, "{html}");
    assert_eq!(html.matches("margin-left:0").count(), 1, "a list of nothing else is not indented: {html}");
}

#[test]
fn a_table_too_wide_for_a_telephone_says_its_headings_in_every_cell() {
    let row = |name: &str, text: &str| format!("<tr>{}</tr>", format!("<{name}>{text}</{name}>").repeat(5));
    let table =
        |rows: &str| format!("<table><thead>{}</thead><tbody>{rows}</tbody></table>", row("th", "A <b>heading</b>"));
    let html = inlined(&table(&row("td", "something")));
    assert_eq!(html.matches("class=\"cards\"").count(), 1, "{html}");
    assert_eq!(html.matches("class=\"heads\"").count(), 1);
    assert_eq!(
        html.matches("<span class=\"label\" style=\"display:none;mso-hide:all\">A heading</span>something").count(),
        5
    );
    for other in [
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>".to_owned(),
        table(&row("td", "something").replacen("<td>", "<td colspan=\"2\">", 1)),
        table(&row("td", "something").repeat(51)),
        format!("<table>{}</table>", row("td", "something")),
    ] {
        assert!(!inlined(&other).contains("cards"), "{other}");
    }
}

#[test]
fn pictures_of_films_are_left_out_with_their_line_end() {
    let pictures = &BTreeMap::from([("https://i.ytimg.com/vi/x/hqdefault.jpg".to_owned(), MailPicture::LeftOut)]);
    let surroundings =
        Surroundings { look: &look(), url: URL, heading: 2, right_to_left: false, pictures, is_whole: true };
    let film = "<p><a href=\"https://www.youtube.com/watch?v=x\"><img src=\"https://i.ytimg.com/vi/x/hqdefault.jpg\" alt=\"\"><br>Film</a></p>";
    let html = without_styles(&inline(&read(film).nodes, &surroundings));
    assert!(html.ends_with("<a href=\"https://www.youtube.com/watch?v=x\">Film</a></p>"), "{html}");
}
