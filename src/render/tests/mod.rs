mod markdown_tree;
mod nowhere;

use std::collections::BTreeSet;
use std::time::Instant;

use super::*;
use crate::content::text::write;
use crate::post::tests::{body_of, config, one};

/// The entry of the first of these files, and what there is to say about its body. Each file is read by itself.
pub(super) fn rendered(files: &[(&str, &str)]) -> (Entry, Vec<Diagnostic>) {
    rendered_with("", files)
}

/// As a site renders it whose configuration says more.
pub(super) fn rendered_with(more: &str, files: &[(&str, &str)]) -> (Entry, Vec<Diagnostic>) {
    let posts: Posts = files.iter().map(|(path, text)| one(path, text).0).collect::<Vec<_>>().into();
    super::entry(&posts[0], &body_of(&posts[0], files[0].1), &posts, &config(more))
}

fn entry(body: &str) -> (Entry, Vec<Diagnostic>) {
    rendered(&[("posts/a-walk.md", &format!("---\ntitle: A walk\ndate: 2025-01-31\n---\n{body}"))])
}

fn html(body: &str) -> String {
    entry(body).0.html()
}

fn text(body: &str) -> String {
    write(&entry(body).0.content)
}

/// Every form that a body takes, in one post.
const RICH: &str = include_str!("rich.md");

#[test]
fn what_no_browser_shows_is_left_out_and_named() {
    let (entry, found) = entry(
        "<div hidden>a <b>secret</b></div>\n\nB <span style=\"Display : none\">no</span> c.\n\n<p style='visibility:hidden'>d</p>\n\nE.\n",
    );
    assert_eq!(entry.html(), "<p>B  c.</p>\n\n<p>E.</p>\n");
    assert_eq!(entry.summary.as_deref(), Some("B c."));
    assert!(found[0].message.ends_with("`<div hidden>`, `<p hidden>`, `<span hidden>`"), "{found:?}");
}

#[test]
fn a_place_that_shows_nothing_can_be_led_to() {
    let (entry, _) =
        entry("[a](#b) [c](#d)\n\n<p id=\"b\"></p>\n\n<iframe id=\"d\" src=\"https://e.example/f\"></iframe>\n");
    let html = entry.html();
    let fragments: Vec<&str> = html
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"')?.0.split_once('#'))
        .map(|(_, id)| id)
        .collect();
    assert_eq!(fragments.len(), 2, "{}", entry.html());
    assert!(fragments.iter().all(|id| entry.html().contains(&format!("id=\"{id}\""))), "{}", entry.html());
}

#[test]
fn pictures_of_more_lazy_loaders_are_pictures() {
    let (entry, _) = entry("<img data-lazy-src=\"/a.png\" src=\"data:image/gif;base64,AA\" alt=\"b\">\n");
    assert!(entry.html().contains("src=\"https://example.org/a.png\""), "{}", entry.html());
}

#[test]
fn a_picture_with_a_set_only_has_the_best_of_it_as_its_address() {
    for (set, best) in [
        ("/a.png 320w, /b.png 1280w, /c.png 2560w", "b.png"),
        ("/a.png 320w, /b.png 640w", "b.png"),
        ("/a.png, /b.png 2x, /c.png 3x", "b.png"),
        ("/a.png", "a.png"),
    ] {
        let (entry, _) = entry(&format!("<img srcset=\"{set}\" alt=\"x\">\n"));
        assert!(entry.html().contains(&format!("src=\"https://example.org/{best}\"")), "{}", entry.html());
        assert_eq!(entry.pictures.len(), 1);
    }
}

#[test]
fn an_address_of_nothing_leads_nowhere() {
    let html = html(
        "<p><a href=\"\">a</a> <a href=\" # \">b</a> <img src=\"\" alt=\"c\"><img src=\"#d\"> <a href=\"#e\">f</a></p>\n",
    );
    assert_eq!(html, "<p>a b c <a href=\"https://example.org/blog/2025/01/31/a-walk/\">f</a></p>\n");
}

#[test]
fn players_in_one_line_stay_apart() {
    let html = html("<p><iframe src=\"https://a.example/b\"></iframe><audio src=\"/c.mp3\"></audio></p>\n");
    assert!(html.contains("</a> <a href=\"https://example.org/c.mp3\">"), "{html}");
}

#[test]
fn a_mark_alone_in_its_paragraph_leaves_none() {
    let (entry, _) = entry("<p>a</p>\n<p><!--more--></p>\n<p>b</p>\n\n<div><p><!-- more --> </p>c</div>\n");
    assert_eq!(entry.html(), "<p>a</p>\n\n<p>b</p>\n<div>c</div>\n");
    assert_eq!(entry.summary.as_deref(), Some("a"));
    let is_mark = |node: &Node| matches!(node, Node::Element(element) if element.kind == Kind::Mark);
    assert_eq!(entry.content.iter().position(is_mark), Some(1), "the end is that of the paragraph before");
}

#[test]
fn text_keeps_the_blocks_links_and_pictures_of_html() {
    for (html, shown) in [
        ("<del><p>a</p><ul><li>b</li><li>c</li></ul></del>", "a\n\n- b\n- c\n"),
        ("<a href=\"https://a.example/\"><div>b</div></a>", "b [1]\n\n[1] https://a.example/\n"),
        (
            "<pre>a <a href=\"https://a.example/\">b</a> <img src=\"/c.png\" alt=\"d\"></pre>",
            "    a b [1] [Image: d]\n\n[1] https://a.example/\n",
        ),
        (
            "<section class=\"footnotes\"><p>Notes:</p><ol><li>a</li></ol><ol><li>b</li></ol></section>",
            "Notes:\n\n[^1]: a\n\n[^2]: b\n",
        ),
    ] {
        assert_eq!(text(&format!("{html}\n")), shown, "{html}");
    }
}

#[test]
fn a_rich_post_renders_as_reviewed() {
    let (entry, warnings) = entry(RICH);
    assert_eq!(entry.html(), include_str!("rich.html"));
    assert_eq!(write(&entry.content), include_str!("rich.txt"));
    let warnings: Vec<_> = warnings.iter().map(|w| (w.code, w.location.as_ref().unwrap().line)).collect();
    assert_eq!(warnings, [("post/active-content", 62), ("post/link", 7)]);
}

#[test]
fn a_table_without_room_for_its_columns_is_listed() {
    let tall = format!("| a | b |\n|---|---|\n| {} | {} |\n", "word ".repeat(200), "two words");
    assert!(text(&tall).starts_with("a: word word"), "{}", text(&tall));
    let wide = format!("| {0} | {0} |\n|---|---|\n| 1 | 2 |\n", "x".repeat(40));
    assert_eq!(text(&wide), format!("{0}: 1\n{0}: 2\n", "x".repeat(40)));
}

#[test]
fn rules_and_hard_breaks_are_kept_in_both() {
    let body = "a  \nb\\\nc\n\n---\n\nd\n\n***\n\ne\n";
    assert_eq!((html(body).matches("<br>").count(), html(body).matches("<hr>").count()), (2, 2));
    assert_eq!(text(body), "a\nb\nc\n\n* * *\n\nd\n\n* * *\n\ne\n");
}

#[test]
fn every_url_is_absolute() {
    let body = "[a](b) [c](/d) [e](?f) [g](//h.example/i) [j](../k) ![l](m.png) [n](mailto:o@p.example)\n\n\
        <img srcset=\"q.png 1x, /r.png 2x\" src=\"s t.png\"> <blockquote cite=\"u\">v</blockquote>\n\n\
        ![]({static}/img/w.png) [x]({attach}x.pdf)\n";
    let html = html(body);
    for url in [
        "\"https://example.org/blog/2025/01/31/a-walk/b\"",
        "\"https://example.org/d\"",
        "\"https://example.org/blog/2025/01/31/a-walk/?f\"",
        "\"https://h.example/i\"",
        "\"https://example.org/blog/2025/01/31/k\"",
        "\"https://example.org/blog/2025/01/31/a-walk/m.png\"",
        "\"mailto:o@p.example\"",
        "\"https://example.org/blog/2025/01/31/a-walk/q.png 1x, https://example.org/r.png 2x\"",
        "\"https://example.org/blog/2025/01/31/a-walk/s%20t.png\"",
        "cite=\"https://example.org/blog/2025/01/31/a-walk/u\"",
        "\"https://example.org/img/w.png\"",
        "\"https://example.org/blog/2025/01/31/a-walk/x.pdf\"",
    ] {
        assert!(html.contains(url), "{url} in {html}");
    }
}

#[test]
fn a_link_to_a_file_leads_to_its_post_above_the_site() {
    let file = (
        "../content/knots/a.md",
        "---\ndate: 2025-01-01\n---\n[b](@/knots/b.md) [c](b.md) [d](../knots/b.md) [e](@/rope.md)\n",
    );
    let other = ("../content/knots/b.md", "---\ndate: 2025-01-02\n---\nx\n");
    let of = |dir: &str| {
        let (entry, warnings) = rendered_with(&format!("[posts]\ndir = '{dir}'\n"), &[file, other]);
        (
            entry.html().matches("/2025/01/02/b/\"").count(),
            warnings.into_iter().map(|found| found.message).collect::<Vec<_>>(),
        )
    };
    let found = (3, vec!["there is no post `@/rope.md`".to_owned()]);
    assert_eq!([of("../content"), of("../content/knots/")], [found.clone(), found]);
}

#[test]
fn a_link_to_a_file_leads_to_its_post() {
    let (entry, warnings) = rendered(&[
        (
            "posts/2025/a.md",
            "---\ndate: 2025-01-01\n---\n[b](b.md#x) [c](../c%20d.md) [e](/2025/b.md) [f](@/2025/b.md) [g](b) [h](gone.md) [i](i.md)\n",
        ),
        ("posts/2025/b.md", "---\ndate: 2025-01-02\n---\nx\n"),
        ("posts/c d.md", "---\ndate: 2025-01-03\n---\nx\n"),
        ("posts/2025/i.md", "---\ndraft: true\n---\nx\n"),
    ]);
    for (word, url) in [
        ("b", "2025/01/02/b/#x"),
        ("c", "2025/01/03/c%20d/"),
        ("e", "2025/01/02/b/"),
        ("f", "2025/01/02/b/"),
        ("g", "2025/01/02/b/"),
    ] {
        let link = format!("<a href=\"https://example.org/blog/{url}\">{word}</a>");
        assert!(entry.html().contains(&link), "{link} in {}", entry.html());
    }
    assert_eq!(warnings.len(), 2);
    assert_eq!(warnings[0].message, "there is no post `gone.md`");
    assert_eq!(
        warnings[0].location.as_ref().map(|place| (place.line, place.excerpt.starts_with("[b]"))),
        Some((4, true))
    );
    assert!(warnings[1].message.contains("posts/2025/i.md, which is not published"));
}

#[test]
fn ids_of_two_posts_never_clash() {
    let body = "<h2 id=\"a\">a</h2>\n\n<p id=\"a\">b</p>\n\n[up](#a) [out](#elsewhere) x[^1]\n\n[^1]: note\n";
    let texts = [
        ("posts/2025/walk.md", "2025-01-01"),
        ("posts/2024/walk.md", "2024-01-01"),
        ("posts/walk-fn.md", "2025-01-02"),
    ];
    let text = |day: &str| format!("---\ndate: {day}\n---\n{body}");
    let posts: Posts = texts.iter().map(|(path, day)| one(path, &text(day)).0).collect::<Vec<_>>().into();
    let mut ids = BTreeSet::new();
    for (post, (_, day)) in posts.iter().zip(texts) {
        let html = super::entry(post, &body_of(post, &text(day)), &posts, &config("")).0.html();
        for id in html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()) {
            assert!(ids.insert(id.clone()), "{id} is used twice");
            assert!(html.contains(&format!("{}#{id}\"", post.url)), "{id} is linked to in {html}");
        }
        assert!(html.contains(&format!("<a href=\"{}\">out</a>", post.url)));
    }
    assert_eq!(ids.len(), 9);
    assert!(ids.contains("fn-walk-1"), "the oldest keeps the bare slug");
}

#[test]
fn the_title_is_not_shown_twice_and_is_the_only_heading_of_its_level() {
    assert_eq!(html("# A *walk*\n\nx\n"), "<p>x</p>\n");
    assert_eq!(html("# Else\n\n## B\n"), "<h2>Else</h2>\n<h3>B</h3>\n");
}

#[test]
fn nothing_active_survives() {
    for (body, rest) in [
        ("<script>alert(1)</script>x", "x"),
        ("<a href=\"javascript:alert(1)\">x</a>", "x"),
        ("[x](javascript:alert(1))", "x"),
        ("[x](data:text/html,y)", "x"),
        ("![x](data:image/png;base64,AA)", "x"),
        ("<p onclick=\"y\" style=\"position:fixed\">x</p>", "x"),
        ("<form action=\"/y\"><input value=\"z\">x</form>", "<div>x</div>"),
        ("<svg><script>y</script></svg>x", "x"),
        ("<a href=\" &#1;java&#x0A;script:y\">x</a>", "x"),
        ("<meta http-equiv=refresh><base href=y><link rel=z>x", "x"),
    ] {
        let html = html(body);
        assert_eq!(html.replace("<p>", "").replace("</p>", "").trim(), rest, "{body}");
    }
    assert_eq!(
        entry("<script>x</script>").1[0].message,
        "left out of feeds and mail, where it does nothing: `<script>`"
    );
}

#[test]
fn frames_and_films_are_links_with_a_title() {
    let html = html(
        "<iframe src=\"https://www.youtube-nocookie.com/embed/x1?rel=0\"></iframe>\n\n<audio controls src=\"/a.mp3\" title=\"Rain\"></audio>\n",
    );
    assert!(
        html.contains("<img src=\"https://i.ytimg.com/vi/x1/hqdefault.jpg\" alt=\"\"><br>Video on YouTube</a>"),
        "{html}"
    );
    assert!(html.contains("<a href=\"https://example.org/a.mp3\">Rain</a>"), "{html}");
}

#[test]
fn what_xml_cannot_hold_is_nowhere() {
    let html = html("a&#1;b&#xFFFE;c&#128;d <b title=\"&#8;e\">f</b>\n");
    assert_eq!(html, "<p>abcd <b title=\"e\">f</b></p>\n");
}

#[test]
fn a_language_from_right_to_left_says_so() {
    let (entry, _) = rendered(&[("posts/a.md", "---\ndate: 2025-01-31\nlang: he\n---\nשלום\n")]);
    assert_eq!(entry.html(), "<div dir=\"rtl\" lang=\"he\"><p>שלום</p></div>\n");
    assert_eq!(write(&entry.content), "שלום\n");
}

#[test]
fn the_summary_is_the_author_s_or_the_beginning() {
    let summary = |body: &str| entry(body).0.summary;
    assert_eq!(summary("## H\n\nFirst *one* [x](y).\n\nSecond.\n").as_deref(), Some("First one x."));
    assert_eq!(summary("One.\n\nTwo.\n\n<!-- more -->\n\nThree.\n").as_deref(), Some("One. Two."));
    assert_eq!(summary("One. <!--more--> Two.\n").as_deref(), Some("One."));
    assert_eq!(summary("Only this.\n"), None);
    assert_eq!(summary(""), None);
    assert!(summary(&format!("{}\n", "word ".repeat(200))).unwrap().ends_with('…'));
    let (entry, _) = rendered(&[("posts/a.md", "---\ndate: 2025-01-31\ndescription: Mine.\n---\nx\n")]);
    assert_eq!(entry.summary.as_deref(), Some("Mine."));
}

#[test]
fn categories_have_the_address_of_their_taxonomy() {
    let (entry, _) = rendered(&[("posts/a.md", "---\ndate: 2025-01-31\ntags: [R&D]\nemotions: calm\n---\nx\n")]);
    let seen: Vec<_> =
        entry.categories.iter().map(|c| (c.taxonomy.as_str(), c.term.as_str(), c.scheme.as_str())).collect();
    assert_eq!(
        seen,
        [("tags", "R&D", "https://example.org/blog/tags/"), ("emotions", "calm", "https://example.org/blog/emotions/")]
    );
}

#[test]
fn an_empty_body_is_an_empty_entry() {
    let (entry, warnings) = entry("<!-- nothing yet -->\n");
    assert_eq!((entry.html().as_str(), write(&entry.content).as_str(), warnings.len()), ("", "", 0));
}

#[test]
fn hostile_bodies_take_bounded_time() {
    for hostile in [
        "[",
        ">",
        "> ",
        "<",
        "*a ",
        "&a *a",
        "&",
        "·",
        "<div>",
        "<b a=1>",
        "<p><b><i>x",
        "<table>x<tr>",
        "- ",
        "[^a]",
        "<a ",
        "`a ",
        "![",
        "<li>",
        "<script>",
        "|a",
    ] {
        let body = hostile.repeat(30_000 / hostile.len());
        let start = Instant::now();
        let _ = entry(&body);
        assert!(start.elapsed().as_secs() < 20, "{hostile} took {:?}", start.elapsed());
    }
    let deep = format!("{}x{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
    assert_eq!(text(&deep), "x\n");
}

/// Words as a reader of either part sees them.
fn words(text: &str) -> Vec<String> {
    let letters = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    text.split_whitespace().map(letters).filter(|word| !word.is_empty()).collect()
}

#[test]
fn html_and_text_have_the_same_words_in_the_same_order() {
    let plain = "# One\n\nTwo *three* `four`.\n\n1. five\n   - six\n2. seven\n\n> eight\n\n```\nnine\n```\n\n| ten | eleven |\n|---|---|\n| twelve | thirteen |\n\nfourteen\n: fifteen\n\n<details><summary>sixteen</summary>seventeen</details>\n";
    let (entry, _) = entry(plain);
    let nodes = content::read(&entry.html()).nodes;
    let words_of_text: Vec<_> =
        words(&write(&entry.content)).into_iter().filter(|word| !matches!(&**word, "1" | "2")).collect();
    assert_eq!(words(&nodes::one_line(&nodes)), words_of_text);
}

/// Pieces that Markdown gives a meaning to, in any order.
fn markdown() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::{Just, Strategy as _};
    let pieces = [
        "# ",
        "\n",
        "\n\n",
        "  \n",
        "- ",
        "1. ",
        "> ",
        "    ",
        "`",
        "```\n",
        "*",
        "**",
        "_",
        "~~",
        "[",
        "](x)",
        "](y.md)",
        "![",
        "[^1]",
        "[^1]: ",
        "|",
        "|---|---|\n",
        "<div>",
        "</div>",
        "<p>",
        "<b>",
        "</b>",
        "<a href=x>",
        "<a id=y>",
        "</a>",
        "<table>",
        "<tr>",
        "<td>",
        "<li>",
        "<ul>",
        "<pre>\n\n",
        "</pre>",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<!--more-->",
        "<iframe src=z>",
        "<img src=\"w\" ",
        "alt='",
        ">",
        "<svg>",
        "<h1 id=\"q\">",
        "&lt;",
        "&#1;",
        "&nbsp;",
        "&",
        "<",
        "\\",
        ": ",
        "- [ ] ",
        "---\n",
        "https://e.example/a",
        "www",
        "字字",
        "é",
        "🙂",
        "\u{ad}",
        "\u{a0}",
        "שלום",
        "word",
        "a longer run of words ",
        "\t",
        "<br>",
        "<hr>",
        "<video>",
        "<select>",
        "<td style=\"text-align:right\">",
        "<dl><dt>",
        "<ruby><rt>",
        "<q>",
        "<details>",
        "{#id}",
    ];
    let piece = proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned);
    let any = proptest::prop_oneof![9 => piece, 1 => "\\PC{0,6}", 1 => Just("x".repeat(90))];
    proptest::collection::vec(any, 0..40).prop_map(|pieces| pieces.concat())
}

proptest::proptest! {

    #[test]
    fn any_markdown_renders_to_stable_html_and_narrow_text(body in markdown()) {
        let (entry, _) = entry(&body);
        let again = content::tests::sanitised(&entry.html());
        proptest::prop_assert_eq!(&again, &entry.html(), "the sanitiser finds nothing left to do");
        proptest::prop_assert!(!entry.html().contains("=\"x\""), "every address is absolute: {}", entry.html());
        proptest::prop_assert!(entry.html().chars().all(content::characters::is_legal));
        // Code may take six columns more, at whichever indent it fits.
        let columns = if ["<pre", "```", "    "].iter().any(|sign| body.contains(sign)) { 78 } else { 72 };
        let text = write(&entry.content);
        for line in text.lines() {
            let fits = unicode_width::UnicodeWidthStr::width(line) <= columns;
            let code = line.contains("    ");
            let longest = line.split(' ').map(unicode_width::UnicodeWidthStr::width).max().unwrap_or_default();
            proptest::prop_assert!(fits || code || longest > 24, "{line:?}");
            proptest::prop_assert!(!line.ends_with(' '), "{line:?}");
        }
        proptest::prop_assert!(text.is_empty() || text.ends_with('\n') && !text.ends_with("\n\n"), "{text:?}");
    }
}

#[test]
fn typewriters_are_read_as_typesetters_where_the_site_wants_it() {
    let post = [("posts/a.md", "---\ntitle: A\ndate: 2025-01-31\n---\n\"Wait\" -- it's 'over'... `\"a\" -- b`\n")];
    let shown = |more: &str| rendered_with(more, &post).0.html();
    assert_eq!(shown("").trim(), "<p>\"Wait\" -- it's 'over'... <code>\"a\" -- b</code></p>");
    let smart = "<p>“Wait” – it’s ‘over’… <code>\"a\" -- b</code></p>";
    assert_eq!(shown("[posts]\nsmart_punctuation = true\n").trim(), smart);
}
