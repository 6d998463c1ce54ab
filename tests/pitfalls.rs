//! What feeds get wrong, one test for each known pitfall: a post as people write it, and what all three formats say.

use std::process::Stdio;

use serde_json::Value;

use crate::site::TestSite;

const NOW: &str = "2026-03-02T09:00:00Z";

/// The three feeds of a site with one post of this front matter and body.
struct Feeds {
    rss: String,
    atom: String,
    json: Value,
    said: String,
}

impl Feeds {
    /// The only entry's HTML.
    fn html(&self) -> &str {
        self.json["items"][0]["content_html"].as_str().unwrap_or_default()
    }

    fn item(&self) -> &Value {
        &self.json["items"][0]
    }

    fn texts(&self) -> [String; 3] {
        [self.rss.clone(), self.atom.clone(), self.json.to_string()]
    }
}

fn build(site: &TestSite) -> Feeds {
    let run = site.run(NOW, &["build"]).exits(0);
    let read = |name: &str| site.read(&format!("public/{name}"));
    for name in ["feed.xml", "atom.xml", "feed.json"] {
        feed_rs::parser::parse(read(name).as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    Feeds {
        rss: read("feed.xml"),
        atom: read("atom.xml"),
        json: serde_json::from_str(&read("feed.json")).unwrap(),
        said: run.stderr,
    }
}

fn feeds(front: &str, body: &str) -> Feeds {
    let site = TestSite::new("outbox:outbox");
    site.write("posts/2026-02-01-walk.md", &format!("---\n{front}\n---\n\n{body}\n"));
    build(&site)
}

fn html(body: &str) -> String {
    feeds("title: A walk", body).html().to_owned()
}

const URL: &str = "https://example.org/2026/02/01/walk/";

#[test]
fn row_01_every_address_is_absolute() {
    let html = html(
        "![a](b.png) [c](../d?e=f) [g](?h) [i](//j.example/k)\n\n<img srcset=\"l.png 1x, /m.png 2x\"> \
         <blockquote cite=\"/n\">o</blockquote> <video poster=\"p.jpg\" src=\"q.mp4\"></video> [r](mailto:s@t.example) \
         [u](tel:+49) <img src=\"data:image/png;base64,AA\" alt=\"v\">",
    );
    for part in [
        "src=\"https://example.org/2026/02/01/walk/b.png\"",
        "href=\"https://example.org/2026/02/01/d?e=f\"",
        "href=\"https://example.org/2026/02/01/walk/?h\"",
        "href=\"https://j.example/k\"",
        "srcset=\"https://example.org/2026/02/01/walk/l.png 1x, https://example.org/m.png 2x\"",
        "cite=\"https://example.org/n\"",
        "src=\"https://example.org/2026/02/01/walk/p.jpg\"",
        "href=\"https://example.org/2026/02/01/walk/q.mp4\"",
        "href=\"mailto:s@t.example\"",
        "href=\"tel:+49\"",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("data:"), "{html}");
}

#[test]
fn row_02_a_link_to_a_file_is_a_link_to_its_post() {
    let site = TestSite::new("outbox:outbox");
    site.post("2026-01-05", "Other");
    site.write("posts/2026-02-01-walk.md", "---\ntitle: W\n---\n[x](2026-01-05-other.md) [y](gone.md)\n");
    let feeds = build(&site);
    assert!(feeds.html().contains("<a href=\"https://example.org/2026/01/05/other/\">x</a> y"), "{}", feeds.html());
    assert!(feeds.said.contains("there is no post `gone.md`") && feeds.said.contains("walk.md:4"), "{}", feeds.said);
}

#[test]
fn row_03_a_fragment_leads_into_the_entry_or_to_its_page() {
    let html = html("[a](#the-sea) [b](#comments) [c](/2026/02/01/walk/#the-sea)\n\n## The sea\n");
    assert!(html.contains("<h2 id=\"walk--the-sea\">The sea</h2>"), "{html}");
    assert_eq!(html.matches(&format!("href=\"{URL}#walk--the-sea\"")).count(), 2, "{html}");
    assert!(html.contains(&format!("<a href=\"{URL}\">b</a>")), "{html}");
}

#[test]
fn row_04_footnotes_have_ids_of_their_own() {
    let html = html("a[^x] b[^x]\n\n[^x]: note");
    for part in ["<sup id=\"fnref-walk-1\">", "id=\"fnref-walk-1_2\"", "class=\"footnote\"", "<li id=\"fn-walk-1\">"] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(html.contains("<section class=\"footnotes\">") && html.contains("class=\"reversefootnote\""), "{html}");
}

#[test]
fn row_05_marks_that_a_theme_hangs_on_headings_are_gone() {
    let html = html("<h2 id=\"a\">One <a class=\"anchor\" href=\"#a\" aria-hidden=\"true\">¶</a></h2>");
    assert_eq!(html, "<h2 id=\"walk--a\">One</h2>\n");
}

#[test]
fn rows_06_and_07_a_title_is_plain_text_and_escaped_once() {
    let feeds = feeds("title: 'R&amp;D: *a* `Vec<T>` \"x\"'\ntags: ['R&D', '<b>']", "x");
    assert_eq!(feeds.item()["title"], "R&D: a Vec<T> \"x\"");
    assert!(feeds.rss.contains("<title>R&#x26;D: a Vec&#x3C;T&gt; &quot;x&quot;</title>"), "{}", feeds.rss);
    assert!(feeds.atom.contains("<title>R&#x26;D: a Vec&#x3C;T&gt; &quot;x&quot;</title>"), "{}", feeds.atom);
    assert_eq!(feeds.item()["tags"], serde_json::json!(["R&D", "<b>"]));
}

#[test]
fn row_08_characters_that_break_feeds_are_nowhere_and_the_line_is_named() {
    let feeds =
        feeds("title: \"a\\u0007b\\uFFFEc\"", "x\u{b}y\u{85}z \u{2028} &#xD800; &#0; &#27; &#xFFFE;\r\nnext\u{feff}");
    for text in feeds.texts() {
        let bad = |c: char| {
            c.is_control() && c != '\n' || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{feff}' | '\u{fffd}')
        };
        assert!(!text.contains(bad), "{text:?}");
    }
    assert_eq!(feeds.item()["title"], "abc");
    assert!(feeds.said.contains("invisible control characters") && feeds.said.contains("walk.md:5"), "{}", feeds.said);
}

#[test]
fn row_09_code_may_end_a_section_of_xml() {
    let feeds = feeds("title: ']]> and <![CDATA['", "`]]>` and `<![CDATA[`");
    assert_eq!(feeds.html(), "<p><code>]]&gt;</code> and <code>&lt;![CDATA[</code></p>\n");
}

#[test]
fn row_10_broken_html_is_mended() {
    assert_eq!(
        html("<div><p>a<b>b\n\n<table><td>c</div>"),
        "<div><p>a<b>b\n</b></p><table><tbody><tr><td>c\n</td></tr></tbody></table></div>\n"
    );
}

#[test]
fn row_11_nothing_active_is_left_and_task_lists_are_words() {
    let feeds = feeds(
        "title: A walk",
        "- [x] a\n- [ ] b\n\n<script>x</script><style>y</style><form><input type=\"checkbox\" checked> c</form>\
         <a href=\"javascript:z\" onclick=\"z\">d</a><object data=\"e.pdf\" title=\"E\"></object>\
         <math><mi>f</mi><mo>=</mo><mn>1</mn></math>",
    );
    let html = feeds.html();
    assert!(html.contains("<li>☑ a</li>\n<li>☐ b</li>") && html.contains("☑  c"), "{html}");
    assert!(html.contains("e.pdf\">E</a>") && html.contains("<code>f=1</code>"), "{html}");
    for gone in ["<script", "<style", "<form", "<input", "javascript", "onclick", "<object", "<math"] {
        assert!(!html.contains(gone), "{gone} in {html}");
    }
    for tag in ["<script>", "<style>", "<form>"] {
        let said = format!("left out of feeds and mail, where it does nothing: `{tag}`");
        assert_eq!(feeds.said.matches(&said).count(), 1, "{}", feeds.said);
    }
}

#[test]
fn row_12_a_frame_is_a_titled_link_with_its_picture() {
    let html = html("<iframe src=\"//www.youtube.com/embed/a1\" title=\"A film\"></iframe>");
    let link = "<p><a href=\"https://www.youtube.com/watch?v=a1\">\
        <img src=\"https://i.ytimg.com/vi/a1/hqdefault.jpg\" alt=\"\"><br>A film</a></p>\n";
    assert_eq!(html, link);
}

#[test]
fn row_13_a_lazy_picture_is_a_picture() {
    let html = html(
        "<picture><source srcset=\"a.webp\" type=\"image/webp\"><img src=\"data:,\" data-src=\"b.jpg\" alt=\"c\" \
         width=\"4\" height=\"3\" loading=\"lazy\"></picture>",
    );
    assert!(html.contains("walk/a.webp\" type=\"image/webp\"") && html.contains("walk/b.jpg\""), "{html}");
    assert!(
        html.contains("alt=\"c\"") && html.contains("width=\"4\" height=\"3\"") && !html.contains("lazy"),
        "{html}"
    );
}

#[test]
fn row_14_code_says_its_language_and_no_colours() {
    assert_eq!(html("```rust\nfn a() {}\n```"), "<pre><code class=\"language-rust\">fn a() {}\n</code></pre>\n");
    let coloured = html(
        "<pre style=\"color:#fff;tab-size:4\"><code class=\"language-go hl\"><span style=\"color:red\">a</span></code></pre>",
    );
    assert!(!coloured.contains("style") && coloured.contains("class=\"language-go\""), "{coloured}");
}

#[test]
fn row_15_tables_keep_their_alignment_and_nothing_else() {
    let html = html(
        "| a | b |\n|---|--:|\n| 1 | 2 |\n\n<table border=\"1\" bgcolor=\"red\"><td align=\"right\" valign=\"top\">c</td></table>",
    );
    assert!(
        html.contains("<td style=\"text-align:right\">2</td>")
            && html.contains("<td style=\"text-align:right\">c</td>"),
        "{html}"
    );
    assert!(!html.contains("border") && !html.contains("bgcolor") && !html.contains("valign"), "{html}");
}

#[test]
fn row_16_tags_of_other_generators_never_leak() {
    let html = html("a {{< figure src=\"b.png\" alt=\"c\" >}} {% include d.html %} {{< nobody knows >}}");
    assert!(html.contains("b.png") && !html.contains("{{<") && !html.contains("{%"), "{html}");
}

#[test]
fn rows_17_and_18_an_id_is_for_ever_and_a_permalink_only_when_it_is_the_link() {
    let first = feeds("title: One", "x");
    assert_eq!(first.item()["id"], URL);
    assert!(first.rss.contains(&format!("<guid>{URL}</guid>")), "{}", first.rss);
    let own = feeds("title: Two\nguid: 123 at old", "x");
    assert!(own.rss.contains("<guid isPermaLink=\"false\">123 at old</guid>"), "{}", own.rss);
    assert!(own.atom.contains("<id>https://example.org/#123%20at%20old</id>"), "{}", own.atom);
}

#[test]
fn rows_19_and_20_a_feed_is_as_old_as_its_last_change() {
    let feeds = feeds("title: One\nlastmod: 2026-02-03", "x");
    assert!(feeds.rss.contains("<lastBuildDate>Tue, 03 Feb 2026 00:00:00 +0000</lastBuildDate>"), "{}", feeds.rss);
    assert_eq!(feeds.atom.matches("<updated>2026-02-03T00:00:00+00:00</updated>").count(), 2, "{}", feeds.atom);
    assert_eq!(feeds.item()["date_modified"], "2026-02-03T00:00:00+00:00");
    let early = self::feeds("title: One\nupdated: 2020-01-01", "x");
    assert!(
        early.item().get("date_modified").is_none() && early.said.contains("`updated` is before"),
        "{}",
        early.said
    );
}

#[test]
fn rows_21_and_22_a_day_is_midnight_at_the_site_and_written_as_each_format_wants() {
    let site = TestSite::new("outbox:outbox");
    site.configure("site", "timezone = \"Europe/Berlin\"");
    site.write("posts/a.md", "---\ntitle: A\ndate: 2025-7-1\n---\nx\n");
    site.write("posts/b.md", "---\ntitle: B\ndate: 2025-07-01\n---\nx\n");
    let feeds = build(&site);
    assert_eq!(feeds.rss.matches("<pubDate>Tue, 01 Jul 2025 00:00:00 +0200</pubDate>").count(), 2, "{}", feeds.rss);
    assert_eq!(feeds.atom.matches("<published>2025-07-01T00:00:00+02:00</published>").count(), 2, "{}", feeds.atom);
    assert_eq!((&feeds.json["items"][0]["title"], &feeds.json["items"][1]["title"]), (&"B".into(), &"A".into()));
}

#[test]
fn row_23_what_is_not_public_is_not_there() {
    let site = TestSite::new("outbox:outbox");
    site.post("2026-02-01", "Shown");
    for (name, line) in
        [("a", "draft: true"), ("b", "date: 2027-01-01"), ("c", "published: false"), ("d", "expiryDate: 2026-01-01")]
    {
        let date = if line.starts_with("date") { "" } else { "date: 2026-01-01\n" };
        site.write(&format!("posts/{name}.md"), &format!("---\ntitle: Hidden\n{date}{line}\n---\nx\n"));
    }
    let feeds = build(&site);
    assert!(feeds.texts().iter().all(|text| text.contains("Shown") && !text.contains("Hidden")), "{}", feeds.rss);
}

#[test]
fn row_24_without_a_title_there_is_none_but_where_one_is_required() {
    let site = TestSite::new("outbox:outbox");
    site.write("posts/2026-02-01-1.md", "---\n---\n\n![](a.png)\n");
    let feeds = build(&site);
    assert!(!feeds.atom.contains("<title></title>"), "{}", feeds.atom);
    assert!(feeds.said.contains("this post has no title"), "{}", feeds.said);
}

#[test]
fn row_25_each_author_is_named_and_no_address_is_published() {
    let feeds = feeds("title: A\nauthors: [Ada <ada@secret.example>, 'Bob & <Co>']", "x");
    assert!(
        feeds.rss.contains("<dc:creator>Ada</dc:creator>")
            && feeds.rss.contains("<dc:creator>Bob &#x26; &#x3C;Co&gt;</dc:creator>"),
        "{}",
        feeds.rss
    );
    assert_eq!(feeds.item()["authors"], serde_json::json!([{ "name": "Ada" }, { "name": "Bob & <Co>" }]));
    assert!(feeds.texts().iter().all(|text| !text.contains("secret.example") && !text.contains("<author>Ada")));
}

#[test]
fn row_26_every_term_is_a_category_of_its_taxonomy() {
    let feeds = feeds("title: A\ntags: Water, Patience\nemotions: [calm, Calm]", "x");
    assert!(feeds.rss.contains("<category domain=\"https://example.org/tags/\">Water</category>"), "{}", feeds.rss);
    assert!(
        feeds.atom.contains("<category term=\"calm\" scheme=\"https://example.org/emotions/\" label=\"calm\"/>"),
        "{}",
        feeds.atom
    );
    assert_eq!(feeds.item()["tags"], serde_json::json!(["Water", "Patience"]));
    assert_eq!(feeds.item()["_tidings"]["emotions"][0], "calm");
}

#[test]
fn row_27_addresses_are_ascii_and_texts_are_not() {
    let site = TestSite::new("outbox:outbox");
    site.edit("config.toml", "https://example.org", "https://bücher.example/mein blog");
    site.write("posts/a.md", "---\ntitle: Ü\ndate: 2026-02-01\nslug: 日本\n---\n[é](https://exämple.org/é)\n");
    let feeds = build(&site);
    let url = "https://xn--bcher-kva.example/mein%20blog/2026/02/01/%E6%97%A5%E6%9C%AC/";
    assert_eq!(feeds.item()["url"], url);
    assert!(
        feeds.rss.contains(&format!("<link>{url}</link>")) && feeds.rss.contains("<title>Ü</title>"),
        "{}",
        feeds.rss
    );
    assert!(feeds.html().contains("<a href=\"https://xn--exmple-cua.org/%C3%A9\">é</a>"), "{}", feeds.html());
}

#[test]
fn row_28_text_from_right_to_left_says_so_once() {
    let feeds = feeds("title: שלום\nlang: he_IL", "שלום");
    assert_eq!(feeds.html(), "<div dir=\"rtl\" lang=\"he-IL\"><p>שלום</p></div>\n");
    assert!(feeds.atom.contains("<entry xml:lang=\"he-IL\">"), "{}", feeds.atom);
    assert!(feeds.rss.contains("<dc:language>he-IL</dc:language>"), "{}", feeds.rss);
    assert_eq!(feeds.item()["language"], "he-IL");
}

#[test]
fn row_29_a_feed_holds_the_newest_twenty() {
    let site = TestSite::new("outbox:outbox");
    for day in 1..=25 {
        site.post(&format!("2026-01-{day:02}"), &format!("Day {day}"));
    }
    let feeds = build(&site);
    assert_eq!(feeds.json["items"].as_array().unwrap().len(), 20);
    assert_eq!(feeds.json["items"][0]["title"], "Day 25");
}

#[test]
fn row_30_a_summary_is_the_author_s_or_the_beginning_and_never_everything() {
    let own = feeds("title: A\ndescription: '**Mine** &amp; short'", "x");
    assert_eq!(own.item()["summary"], "Mine & short");
    assert!(own.rss.contains("<description><![CDATA[Mine &amp; short]]></description>"), "{}", own.rss);
    assert_eq!(feeds("title: A", "One.\n\n<!-- more -->\n\nTwo.").item()["summary"], "One.");
    assert!(feeds("title: A", "Only this.").item().get("summary").is_none());
}

#[test]
fn row_31_pictures_and_sound_come_with_what_is_known_of_them() {
    let feeds = feeds(
        "title: A\nimage: { src: /a.png, alt: 'A & b' }\nenclosure: { url: /c.mp3, length: 1234, type: audio/mpeg }",
        "x",
    );
    assert_eq!(feeds.item()["image"], "https://example.org/a.png");
    assert!(
        feeds.rss.contains("<enclosure url=\"https://example.org/c.mp3\" length=\"1234\" type=\"audio/mpeg\"/>"),
        "{}",
        feeds.rss
    );
    assert!(feeds.atom.contains("rel=\"enclosure\"") && feeds.atom.contains("media:thumbnail"), "{}", feeds.atom);
    assert_eq!(feeds.item()["attachments"][0]["size_in_bytes"], 1234);
}

#[test]
fn rows_32_and_33_a_feed_knows_its_pictures_and_its_own_address() {
    let site = TestSite::new("outbox:outbox");
    site.post("2026-02-01", "A");
    site.configure("feeds", "image = \"/small.png\"\nicon = \"/square.png\"\nlogo = \"/wide.png\"");
    let feeds = build(&site);
    assert!(feeds.rss.contains("<url>https://example.org/small.png</url>\n      <title>Four Minutes</title>\n      <link>https://example.org/</link>"), "{}", feeds.rss);
    assert!(
        feeds.atom.contains("<icon>https://example.org/square.png</icon>")
            && feeds.atom.contains("<logo>https://example.org/wide.png</logo>"),
        "{}",
        feeds.atom
    );
    assert!(feeds.rss.contains("href=\"https://example.org/feed.xml\" rel=\"self\""), "{}", feeds.rss);
    assert!(feeds.atom.contains("href=\"https://example.org/atom.xml\" rel=\"self\""), "{}", feeds.atom);
    assert_eq!(feeds.json["feed_url"], "https://example.org/feed.json");
}

#[test]
fn row_34_all_formats_say_the_same() {
    let feeds = feeds("title: A & b\nupdated: 2026-02-02", "x *y* [z](w)");
    let read =
        |text: &str| feed_rs::parser::Builder::new().sanitize_content(false).build().parse(text.as_bytes()).unwrap();
    let json = feeds.json.to_string();
    let seen = [&feeds.rss, &feeds.atom, &json].map(|text| {
        let entry = read(text).entries.remove(0);
        let body = entry.content.and_then(|content| content.body).unwrap_or_default();
        (entry.id, entry.title.unwrap().content, entry.links[0].href.clone(), entry.published, body.trim().to_owned())
    });
    assert!(seen[0] == seen[1] && seen[1] == seen[2], "{seen:#?}");
}

#[test]
fn neither_zone_nor_language_nor_the_order_of_files_changes_a_byte() {
    let names = ["b", "a", "d", "c"];
    let made =
        [("UTC", "C", names.to_vec()), ("Pacific/Auckland", "tr_TR.UTF-8", names.iter().rev().copied().collect())].map(
            |(zone, locale, names)| {
                let site = TestSite::new("outbox:outbox");
                for name in names {
                    let tags = "tags: [Ireland, ilk, ÅL]";
                    site.write(
                        &format!("posts/{name}.md"),
                        &format!("---\ntitle: {name}\ndate: 2026-02-01 23:30\n{tags}\n---\n# I i\n"),
                    );
                }
                for _ in 0..2 {
                    let mut command = site.command(NOW, &["build"]);
                    let done = command
                        .env("TZ", zone)
                        .env("LC_ALL", locale)
                        .env("LANG", locale)
                        .stdout(Stdio::null())
                        .status();
                    assert!(done.unwrap().success());
                }
                site.snapshot(&["config", "posts", ".tidings"])
            },
        );
    assert!(made[0].len() >= 4 && made[0] == made[1]);
}
