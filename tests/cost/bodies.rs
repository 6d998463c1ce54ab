//! What may stand in a post.

use tidings::publish::{Purpose, Site, build_feeds};

use super::{Files, NOW, SMALL, fill, hold_sites, post, rep, site};

type Row = (&'static str, fn(usize) -> String);

/// So many bytes of feeds are made of a byte of a post, at most, in three formats together: a text of `&` makes 19. The limit on
/// elements is beyond the sizes of debug builds.
const MOST_MADE: usize = if cfg!(debug_assertions) { 100 } else { 25 };

/// What feeds have beside their entries, in bytes.
const FRAME: usize = 10_000;

fn hold(rows: &[Row]) {
    let sites: Vec<_> = rows.iter().map(|(name, body)| (*name, move |bytes| -> Files { post(&body(bytes)) })).collect();
    hold_made(&sites);
    hold_sites(&sites);
}

/// Holds how much is made of every row of a table.
fn hold_made<F: Fn(usize) -> Files>(rows: &[(&str, F)]) {
    let size = if cfg!(debug_assertions) { SMALL } else { 10 * SMALL };
    let of_row = |(name, make): &(&str, F)| {
        let made = made(&make(size));
        (made > MOST_MADE * size + FRAME).then(|| format!("{name}: {made} bytes of feeds are made of {size}"))
    };
    let faults: Vec<String> = rows.iter().filter_map(of_row).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The bytes of all feeds of a site; none when its post has an error.
fn made(files: &Files) -> usize {
    let made = site(files);
    let now = NOW.parse().unwrap();
    let site = Site::config(made.path()).and_then(|config| Site::open_whole(made.path(), config, now)).unwrap();
    let written = build_feeds(&site, Purpose::Write, false).unwrap().commit().unwrap();
    written.iter().map(|(name, _)| made.read_bytes(name).len()).sum()
}

#[test]
fn notes_cost_in_proportion() {
    hold(&[
        ("notes", |n| fill(n, |i| format!("[^{i}]\n\n[^{i}]: x\n\n"))),
        ("a note that is cited often", |n| rep("[^a] ", n) + "\n\n[^a]: x\n"),
        ("a note that is defined often", |n| rep("[^a]: x\n\n", n) + "[^a]\n"),
        ("notes that refer to notes", |n| fill(n, |i| format!("[^{i}]: x[^{}]\n\n", i + 1)) + "x[^0]\n"),
        ("notes that are not there", |n| fill(n, |i| format!("[^{i}] "))),
        ("notes that are cited twenty times", |n| {
            fill(n / 2, |i| format!("[^{}]", i / 20)) + "\n\n" + &fill(n / 2, |i| format!("[^{i}]: x\n\n"))
        }),
    ]);
}

#[test]
fn links_cost_in_proportion() {
    hold(&[
        ("links", |n| fill(n, |i| format!("[x{i}](http://a.example/{i}) "))),
        ("links that name a host", |n| fill(n, |i| format!("[a{i}.com](https://b.example/{i}) "))),
        ("links to files", |n| fill(n, |i| format!("[x](p{i}.md) "))),
        ("marks beside letters of CJK", |n| rep("好**「好」**好 ", n)),
        ("marks beside letters of CJK that nothing closes", |n| rep("好**「", n)),
        ("names of blocks", |n| rep("a ^abc\n\n", n)),
        ("headings without a blank", |n| rep("##a\n", n)),
        ("lists of attributes", |n| rep("- {:#a} b\n", n)),
        ("lists of attributes that do not end", |n| rep("{: .a\n", n)),
        ("components that are indented", |n| rep("<Note>\n    a\n</Note>\n", n)),
        ("components that nothing closes", |n| fill(n, |i| format!("<N{i}>\n</M{i}>\n"))),
        ("wiki links", |n| fill(n, |i| format!("[[p{i}]] "))),
        ("links to headings", |n| {
            fill(n / 2, |i| format!("[a](#heading-{i})\n")) + "\n\n" + &fill(n / 2, |i| format!("## Heading {i}\n\n"))
        }),
        ("links to headings of one name", |n| {
            fill(n / 2, |i| format!("[a](#same-{i})\n")) + "\n\n" + &rep("## Same\n\n", n / 2)
        }),
        ("addresses", |n| fill(n, |i| format!("https://a.example/{i} "))),
        ("an address of brackets", |n| format!("https://a.example/{}{}", rep("(", n / 2), rep(")", n / 2))),
        ("half addresses", |n| rep("https:", n)),
        ("short addresses", |n| rep("http://a.b ", n)),
        ("addresses in angles", |n| rep("<a:b>", n)),
        ("relative links", |n| rep("[](b)", n)),
        ("links by reference", |n| rep("[a][b] ", n) + "\n\n[b]: /x\n"),
        ("definitions of links", |n| fill(n, |i| format!("[a{i}]: b\n")) + "\n[a1]\n"),
        ("one long definition", |n| format!("[a]: /{}\n\n{}", rep("x", 1000), rep("[a] ", n))),
    ]);
}

#[test]
fn pictures_cost_in_proportion() {
    hold(&[
        ("pictures that mail does not show", |n| fill(n, |i| format!("![alt {i}](p{i}.svg)\n\n"))),
        ("such pictures in a quotation", |n| {
            fill(n, |i| format!("> ![words of some length that are put into several lines {i}](p{i}.svg)\n\n"))
        }),
        ("pictures without words", |n| fill(n, |i| format!("![](p{i}.png)\n\n"))),
        ("pictures over http", |n| fill(n, |i| format!("![](http://a.example/p{i}.png)\n\n"))),
        ("pictures in the text", |n| rep("![](data:image/png;base64,AAAA)\n\n", n)),
        ("a picture in the text", |n| format!("![](data:image/png;base64,{})", rep("A", n))),
        ("sets of pictures", |n| fill(n, |i| format!("<img srcset=\"a{i}.png 1x, b{i}.png 2x\">\n"))),
        ("pictures in a line", |n| rep("![](a)", n)),
        ("sound", |n| rep("<audio src=a></audio>", n)),
        ("frames", |n| fill(n, |i| format!("<iframe src=\"https://a.example/{i}\"></iframe>\n\n"))),
    ]);
}

#[test]
fn marks_for_web_and_mail_cost_in_proportion() {
    hold(&[
        ("marks that nothing ends, in a line", |n| rep("<!-- web-only -->", n)),
        ("marks that nothing ends", |n| rep("<!-- web-only -->\n\n", n)),
        ("ends of nothing", |n| rep("<!-- /web-only -->\n\n", n)),
        ("marks in turn", |n| rep("<!-- web-only -->a<!-- /web-only --><!-- mail-only -->b<!-- /mail-only -->\n\n", n)),
        ("marks of the summary", |n| rep("<!--more-->", n)),
        ("comments", |n| rep("<!-- a -->", n)),
        ("beginnings of comments", |n| rep("<!--", n)),
    ]);
}

#[test]
fn tags_of_generators_cost_in_proportion() {
    hold(&[
        ("shortcodes", |n| fill(n, |i| format!("{{{{< x{i} >}}}} "))),
        ("tags", |n| fill(n, |i| format!("{{% a{i} %}}"))),
        ("figures of Hugo", |n| fill(n, |i| format!("{{{{< figure src=\"{i}.png\" >}}}}\n\n"))),
        ("included files", |n| rep("{% include a.html %}\n", n)),
        ("included Markdown that is missing", |n| fill(n, |i| format!("{{% include {i}.md %}}\n"))),
        ("references beside it", |n| "{% include a.md %}\n".to_owned() + &rep("[a][b] [c ", n)),
        ("boxes of colons", |n| rep(":::note[a]\nb\n:::\n\n", n)),
        ("abbreviations", |n| fill(n, |i| format!("*[A{i}]: a b\n")) + "A1 A2\n"),
        ("components", |n| rep("<A b={c}>", n)),
        ("note boxes", |n| rep("!!! note\n    x\n", n)),
        ("call-outs", |n| rep("> [!NOTE]\n> x\n\n", n)),
        ("formulas", |n| rep("$a$ ", n)),
        ("half formulas", |n| rep("$$a\n", n)),
        ("marked words", |n| rep("==a ", n)),
        ("emoji", |n| rep(":smile:", n)),
        ("attributes", |n| rep("{: .a #b}\n", n)),
        ("directives", |n| rep(":ab[c]{d} ", n)),
        ("half directives", |n| rep(" :ab[", n)),
        ("directives in lines", |n| rep("::ab[c]{d}\n", n)),
        ("Markdown in HTML", |n| rep("<div markdown=\"1\">\n", n)),
        ("escaped brackets", |n| rep("\\[word\\]\n", n)),
        ("half escaped brackets", |n| rep("\\(word ", n)),
    ]);
}

/// Pieces of tags, of which none, or only the next one, is an end.
const OPEN_TAGS: [&str; 59] = [
    "{{<",
    "{{%",
    "{%",
    "{% a %}",
    "{{< a >}}",
    "{{",
    "{{ a }}",
    "{#",
    "{/*",
    "[[",
    "![[",
    "[[a]]",
    ":::",
    ":::a\n",
    ":::note\n",
    "!!! a\n    ",
    "!!! a\n",
    "$",
    "$a",
    "$$",
    "$$a",
    "\\(",
    "==",
    "==a",
    ":",
    ":a",
    "://",
    "<A",
    "<A {",
    "<a x=\"",
    "</A>",
    "<A>",
    "<pre>",
    "<!--",
    "](",
    "](a ",
    "x){",
    "x){.a",
    "{: ",
    "{:a}\n",
    "# a\n{:#b}\n",
    "{::comment}\n",
    "* a\n{:toc}\n",
    "import {\n",
    "export {\n",
    "[embed]",
    "[caption ",
    "[code a]",
    "{% raw %}",
    "{% raw %}{{",
    "{% highlight %}",
    "{% a() %}",
    "{{< highlight >}}",
    "{{< note >}}",
    "{% link a %}",
    "{{< ref \"a\" >}}",
    "%}",
    "`{%",
    "`{%`",
];

fn hold_open_tags(is_meant: fn(&str) -> bool) {
    let tags = OPEN_TAGS.iter().filter(|tag| is_meant(tag));
    let sites: Vec<_> = tags.map(|tag| (*tag, move |bytes| -> Files { post(&rep(tag, bytes)) })).collect();
    hold_made(&sites);
    hold_sites(&sites);
}

#[test]
fn open_tags_in_braces_cost_in_proportion() {
    hold_open_tags(|tag| tag.starts_with('{'));
}

#[test]
fn other_open_tags_cost_in_proportion() {
    hold_open_tags(|tag| !tag.starts_with('{'));
}

#[test]
fn the_markdown_in_feeds_costs_in_proportion() {
    let rows: &[Row] = &[
        ("links", |n| fill(n, |i| format!("[x{i}](b{i}.md \"T\") "))),
        ("pictures in links", |n| rep("[![a](b.png)](c) ", n)),
        ("links in links", |n| rep("[a", n / 2) + &rep("](b)", n / 2)),
        ("links by reference", |n| {
            fill(n / 2, |i| format!("[a{i}] ")) + "\n\n" + &fill(n / 2, |i| format!("[a{i}]: /{i}\n"))
        }),
        ("definitions in code", |n| rep("    [a]: b\n\nc\n\n", n)),
        ("definitions that are not known", |n| rep("> [//]: # (a)\n\n", n)),
        ("notes", |n| fill(n, |i| format!("[^{i}]\n\n[^{i}]: x\n\n"))),
        ("comments", |n| rep("a <!-- b --> c\n\n<!-- d -->\n\n", n)),
        ("addresses of brackets", |n| rep("[a](((", n)),
    ];
    let sites: Vec<_> = rows
        .iter()
        .map(|(name, body)| {
            let files = move |bytes| -> Files {
                let mut files = post(&body(bytes));
                files.push(("config.toml: feeds".to_owned(), "markdown = true\n".to_owned()));
                files
            };
            (*name, files)
        })
        .collect();
    hold_sites(&sites);
}

#[test]
fn paragraphs_tables_and_lists_cost_in_proportion() {
    hold(&[
        ("short paragraphs", |n| rep("{\n\n", n)),
        ("line ends of Windows", |n| rep("a\r\n\r\n", n)),
        ("lists", |n| rep("- a\n\n", n)),
        ("rules", |n| rep("***\n", n)),
        ("headings without words", |n| rep("#\n", n)),
        ("headings with ids", |n| fill(n, |i| format!("## A {{#a{i}}}\n\n"))),
        ("empty cells", |n| "|a|b|c|d|e|f|g|h|\n|-|-|-|-|-|-|-|-|\n".to_owned() + &rep("|||||||||\n", n)),
        ("definition lists", |n| rep(":\n\n", n)),
        ("a long word", |n| rep("w", n)),
        ("a word of wide letters", |n| rep("字", n)),
        ("accents", |n| rep("\u{301}", n)),
        ("words from right to left", |n| rep("שלום ", n)),
        ("control characters", |n| rep("\u{1}x ", n)),
        ("line ends of old", |n| rep("x\r", n)),
        ("a wide table", |n| {
            let row = |cell: &str| format!("|{}\n", rep(cell, n / 3));
            row("a|") + &row("-|") + &row("b|")
        }),
        ("a tall table", |n| "|a|b|\n|-|-|\n".to_owned() + &rep("|1|2|\n", n)),
        ("a wide head and many short rows", |n| {
            let row = |cell: &str| format!("|{}\n", rep(cell, n / 100));
            row("a|") + &row("-|") + &rep("|b|\n", n / 100)
        }),
        ("a long heading of a column", |n| format!("|{}|b|\n|-|-|\n{}", rep("a ", n / 2), rep("|1|2|\n", n / 2))),
        ("tables", |n| rep("|a|b|c|d|e|f|g|\n|-|-|-|-|-|-|-|\n|1|2|3|4|5|6|7|\n\n", n)),
        ("lists in lists", |n| fill(n, |i| format!("{}- a\n", "  ".repeat(i % 100)))),
        ("a quotation in quotations", |n| rep("> ", n) + "x"),
        ("lines deep in quotations", |n| rep(&format!("{}x\n", "> ".repeat(50)), n)),
    ]);
}

#[test]
fn words_of_markdown_cost_in_proportion() {
    hold(&[
        ("code", |n| format!("```\n{}```\n", rep("x = 1 < 2 & 3\n", n))),
        ("a line of code", |n| format!("    {}", rep("x ", n))),
        ("half code", |n| fill(n, |i| format!("{} ", "`".repeat(i % 50 + 1)))),
        ("emphasis", |n| rep("*a _b ", n)),
        ("strong emphasis", |n| rep("**x* ", n)),
        ("brackets", |n| rep("[", n / 2) + &rep("]", n / 2)),
        ("half links", |n| rep("[a](", n)),
        ("tasks", |n| rep("- [ ] a\n", n)),
        ("references", |n| rep("&amp;", n)),
        ("half references", |n| rep("&x", n)),
        ("and signs", |n| rep("&", n)),
        ("quotes", |n| rep("\"a\" 'b' -- ... ", n)),
        ("code in lines", |n| rep("`a` ", n)),
        ("blocks of code", |n| rep("```a\nb\n```\n", n)),
    ]);
}

#[test]
fn html_of_any_shape_costs_in_proportion() {
    hold(&[
        ("attributes", |n| format!("<p {}>x</p>", fill(n, |i| format!("a{i}=b ")))),
        ("quoted attributes", |n| format!("<p {}>x</p>", fill(n, |i| format!("a{i}='>'")))),
        ("a long value", |n| format!("<p title=\"{}\">x</p>", rep("x", n))),
        ("values that nothing ends", |n| rep("<a href=\"", n)),
        ("ids", |n| fill(n, |i| format!("<a id=\"x{i}\">y</a> "))),
        ("links to ids", |n| fill(n, |i| format!("<a id=\"x{i}\" href=\"#x{}\">y</a> ", i + 1))),
        ("elements that nothing ends", |n| rep("<b>x", n)),
        ("ends of nothing", |n| rep("</b>x", n)),
        ("elements deep in elements", |n| rep("<span>", n)),
        ("paragraphs in bold", |n| rep("<b><p>x", n)),
        ("paragraphs in links", |n| rep("<a href=x><p>x", n)),
        ("tables in tables", |n| rep("<table><b>", n)),
        ("links around blocks in paragraphs", |n| rep("<p><a href=x>y<div>", n)),
        ("pictures between cells", |n| format!("<table>{}", rep("<img src=x><tr>", n))),
        ("links between cells", |n| rep("<table><tr><a href=x>y", n)),
        ("forms", |n| rep("<form><legend>x", n)),
        ("hidden elements deep in others", |n| rep("<div>", 600) + &rep("<p hidden>x</p>y", n)),
        ("a row of headings", |n| format!("<table><tr>{}</tr></table>", rep("<th>x</th>", n))),
        ("one long row and many short ones", |n| {
            format!("<table><tr>{}</tr>{}</table>", rep("<td>x</td>", n / 2), rep("<tr><td>y</td></tr>", n / 2))
        }),
        ("items", |n| rep("<li>", n)),
        ("headings deep in headings", |n| rep("<h1><div>", 400) + &rep("<a href=\"#\">x</a> <b>y</b> ", n)),
        ("hidden elements", |n| rep("<p hidden>x", n)),
        ("unknown elements", |n| fill(n, |i| format!("<x{i}>"))),
        ("scripts", |n| rep("<script>", n)),
        ("breaks", |n| rep("<br>", n)),
        ("cells without rows", |n| rep("<td>", n)),
        ("short elements", |n| rep("<i>a</i>", n)),
        ("details", |n| rep("<details><summary>a</summary>b</details>\n\n", n)),
        ("signs", |n| rep("<", n)),
        ("declarations", |n| rep("<!", n)),
    ]);
}
