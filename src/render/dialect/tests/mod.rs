use super::super::tests::{rendered as rendered_files, rendered_with};
use super::*;
use crate::content::text::write;
use crate::model::Entry;

mod bounds;
mod links;

/// A walk, whose body is given, beside another walk of its year, and one that is a draft.
fn walk(body: &str) -> (Entry, Vec<Diagnostic>) {
    let text = format!("---\ntitle: A walk\ndate: 2025-01-31\n---\n{body}");
    rendered_files(&[
        ("posts/2025-01-31-a-walk.md", &text),
        ("posts/2025-01-02-another-walk.md", "---\ntitle: Another *Walk*\ndate: 2025-01-02\n---\nx\n"),
        ("posts/trips/the sea/index.md", "---\ntitle: By the sea\ndate: 2025-01-03\n---\nx\n"),
        ("posts/unfinished.md", "---\ntitle: Unfinished\ndraft: true\n---\nx\n"),
    ])
}

fn rendered(body: &str) -> (String, Vec<String>) {
    let (entry, warnings) = walk(body);
    (entry.html().trim_end().to_owned(), warnings.into_iter().map(|warning| warning.message).collect())
}

/// The HTML of a body that there is nothing to say about.
fn html(body: &str) -> String {
    let (html, warnings) = rendered(body);
    assert_eq!(warnings, [""; 0], "{body}");
    html
}

fn each(cases: &[(&str, &str)]) {
    for (body, expected) in cases {
        assert_eq!(&html(body).replace("https://example.org/blog", "B"), expected, "{body}");
    }
}

#[test]
fn a_post_that_mixes_all_dialects_renders_as_reviewed() {
    let (entry, warnings) = walk(include_str!("../../tests/dialects.md"));
    assert_eq!(entry.html(), include_str!("../../tests/dialects.html"));
    assert_eq!(write(&entry.content), include_str!("../../tests/dialects.txt"));
    let said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(said.join("\n") + "\n", include_str!("../../tests/dialects.warnings"));
}

#[test]
fn attributes_in_quotes_over_two_lines_and_in_braces_are_no_text() {
    each(&[
        (
            "![x](y.png){: style=\"float:right; margin:0\" width=\"1\"}\n",
            "<p><img src=\"B/2025/01/31/a-walk/y.png\" alt=\"x\"></p>",
        ),
        ("![x](y.png){:\n.icon width=\"70\"}a\n", "<p><img src=\"B/2025/01/31/a-walk/y.png\" alt=\"x\">a</p>"),
        ("A {:else} b\n", "<p>A {:else} b</p>"),
        ("<code style={{a: \"b\"}}><b style={{c: 1}}>x</b>{\" \"}y</code>\n", "<p><code><b>x</b> y</code></p>"),
    ]);
}

#[test]
fn tags_are_kept_when_the_owner_wants_it_so() {
    let text =
        "---\ntitle: A walk\ndate: 2025-01-31\n---\nA {{< b c=\"d\" >}} and {% e %} and {{ f_g_ | h }}.\n{: .x}\n";
    let (entry, warnings) = rendered_with("[posts]\nraw_shortcodes = 'keep'\n", &[("posts/a.md", text)]);
    assert_eq!(write(&entry.content), "A {{< b c=\"d\" >}} and {% e %} and {{ f_g_ | h }}.\n");
    assert_eq!(warnings, []);
}

#[test]
fn code_is_never_read_for_tags() {
    for code in ["{{< x >}}", "{% if %}", "[[x]]", ":smile:", "$a_b$", "==x==", "{{ y }}", "{: .x}", "<Box/>"] {
        let shown = code.replace('<', "&lt;").replace('>', "&gt;");
        assert_eq!(html(&format!("a `{code}` b\n")), format!("<p>a <code>{shown}</code> b</p>"));
        assert_eq!(html(&format!("```\n{code}\n```\n")), format!("<pre><code>{shown}\n</code></pre>"));
        assert_eq!(html(&format!("~~~~\n{code}\n~~~~\n")), format!("<pre><code>{shown}\n</code></pre>"));
        assert_eq!(
            html(&format!("a\n\n    {code}\n    {code}\n")),
            format!("<p>a</p>\n<pre><code>{shown}\n{shown}\n</code></pre>")
        );
        assert_eq!(
            html(&format!("- a\n\n  ```\n  {code}\n  ```\n")),
            format!("<ul>\n<li>\n<p>a</p>\n<pre><code>{shown}\n</code></pre>\n</li>\n</ul>")
        );
    }
    each(&[
        ("<pre><code>{% if %}</code></pre>\n", "<pre><code>{% if %}</code></pre>"),
        ("{% raw %}\n```\n{{ a }}\n```\n{% endraw %}\n", "<pre><code>{{ a }}\n</code></pre>"),
        ("```\n{% raw %}\n{{ a }}\n{% endraw %}\n```\n", "<pre><code>{{ a }}\n</code></pre>"),
        ("`{% raw %}{{ a }}{% endraw %}`\n", "<p><code>{{ a }}</code></p>"),
        ("`{{</* a */>}}`\n", "<p><code>{{&lt; a &gt;}}</code></p>"),
        ("{% raw %}*a* {% b %}{% endraw %} c\n", "<p><em>a</em> <code>{% b %}</code> c</p>"),
        ("`the {% raw %} tag`\n", "<p><code>the {% raw %} tag</code></p>"),
    ]);
}

#[test]
fn more_markers_of_every_generator_end_the_summary() {
    let summary = |body: &str| walk(body).0.summary;
    for marker in [
        "<!--more-->",
        "<!-- more -->",
        "<!--More-->",
        "<!-- READMORE -->",
        "<!-- truncate -->",
        "<!--truncate-->",
        "{/* truncate */}",
        "{/* more */}",
        "<!-- PELICAN_END_SUMMARY -->",
        "READMORE",
    ] {
        let body = format!("One.\n\nTwo.\n\n{marker}\n\nThree.\n");
        assert_eq!(summary(&body).as_deref(), Some("One. Two."), "{marker}");
        assert_eq!(html(&body), "<p>One.</p>\n<p>Two.</p>\n\n<p>Three.</p>", "{marker}");
    }
    for other in [
        "<!-- More info: -->",
        "<!--more-splits-more-fees-->",
        "`<!--more-->`",
        "{/* more or less */}",
        "    READMORE",
        "READMORE now",
    ] {
        let body = format!("One.\n\nTwo.\n\n{other}\n\nThree.\n");
        assert_eq!(summary(&body).as_deref(), Some("One."), "{other}");
    }
    let pelican = "Zero.\n\n<!-- PELICAN_BEGIN_SUMMARY -->\n\nOne.\n\n<!-- PELICAN_END_SUMMARY -->\n\nTwo.\n";
    assert_eq!(summary(pelican).as_deref(), Some("One."));
}

#[test]
fn hugo_shortcodes_show_what_they_can() {
    each(&[
        ("{{< figure src=\"/a.png\" alt=\"A\" >}}\n", "<p><img src=\"https://example.org/a.png\" alt=\"A\"></p>"),
        (
            "a {{< youtube id=\"x_1\" title=\"T\" >}} b\n",
            "<p>a <a href=\"https://www.youtube.com/watch?v=x_1\">T</a> b</p>",
        ),
        (
            "One\n{{% vimeo 12 %}}\ntwo\n",
            "<p>One</p>\n<p><a href=\"https://vimeo.com/12\">Video on Vimeo</a></p>\n<p>two</p>",
        ),
        (
            "{{< x user=\"SanDiegoZoo\" id=\"14\" >}} *b*\n",
            "<p><a href=\"https://x.com/i/status/14\">Post on X</a> <em>b</em></p>",
        ),
        ("a{{< param \"v\" >}}b\n", "<p>ab</p>"),
        (
            "- {{< gist u 1 >}}\n- b\n",
            "<ul>\n<li><a href=\"https://gist.github.com/u/1\">Code on GitHub Gist</a></li>\n<li>b</li>\n</ul>",
        ),
        (
            "- a\n\n  {{< highlight go >}}\n  x := `*`\n  {{< /highlight >}}\n- b\n",
            "<ul>\n<li>\n<p>a</p>\n<pre><code class=\"language-go\">  x := `*`\n</code></pre>\n</li>\n<li>\n<p>b</p>\n</li>\n</ul>",
        ),
        (
            "{{% tip %}}\n*a*\n{{% /tip %}}\n",
            "<blockquote><p><strong>Tip</strong></p>\n<p><em>a</em></p>\n</blockquote>",
        ),
        ("{{< notice note \"Words.\" >}}\n", "<blockquote><p><strong>Note</strong></p><p>Words.</p></blockquote>"),
        (
            "<div>\n    {{< figure src=\"https://a.example/b.png\" caption=\"C\" >}}\n</div>\n",
            "<div>\n    <figure><img src=\"https://a.example/b.png\" alt=\"C\"><figcaption>C</figcaption></figure>\n</div>",
        ),
    ]);
    let (html, warnings) = rendered(
        "a {{< map 1 >}} b {{< map 2 >}} {{< frame u=\"https://a.example/\" >}}\n\n{{< wide >}}*c*{{< /wide >}}\n",
    );
    assert_eq!(html, "<p>a  b  <a href=\"https://a.example/\">https://a.example/</a></p>\n<p><em>c</em></p>");
    assert_eq!(rendered("<kbd>{{</kbd> {{< a\n").0, "<p><kbd></kbd>  a</p>");
    assert_eq!(warnings.len(), 2, "once for each kind: {warnings:?}");
    assert!(warnings[0].starts_with("`{{< map >}}`"));
}

#[test]
fn jekyll_liquid_is_read_and_not_carried_out() {
    each(&[
        (
            "{% highlight js linenos %}\na < b\n\n# c\n{% endhighlight %}\n",
            "<pre><code class=\"language-js\">a &lt; b\n\n# c\n</code></pre>",
        ),
        (
            "![a]({{ site.baseurl }}/b.png) ![a]({{ 'b.png' | relative_url }})\n",
            "<p><img src=\"B/b.png\" alt=\"a\"> <img src=\"B/b.png\" alt=\"a\"></p>",
        ),
        ("<img src=\"{{ site.url }}{{ site.baseurl }}/b.png\">\n", "<img src=\"B/b.png\">"),
        ("[a]({{ \"/b\" | prepend: site.baseurl | prepend: site.url }})\n", "<p><a href=\"B/b\">a</a></p>"),
        ("{{ page.title }}{% comment %}x {{ y }}{% endcomment %}{% assign z = 1 %}\n", "<p>A walk</p>"),
        ("{% youtube \"https://youtu.be/x\" %}\n", "<p><a href=\"https://youtu.be/x\">Video on YouTube</a></p>"),
        (
            "{% include figure.html src=\"/a.png\" caption=\"C\" %}\n",
            "<figure><img src=\"https://example.org/a.png\" alt=\"C\"><figcaption>C</figcaption></figure>",
        ),
    ]);
    each(&[(
        "{% details Read *on* %}\na\n{% enddetails %}\n",
        "<blockquote><p><strong>Read *on*</strong></p>\n<p>a</p>\n</blockquote>",
    )]);
    let (html, warnings) = rendered("{% if a %}one{% else %} two{% endif %} {{ b.c }} {% include d.html %}\n");
    assert_eq!((html.trim_end(), warnings.len()), ("<p>one two</p>", 3), "{warnings:?}");
}

#[test]
fn zola_calls_show_what_they_can() {
    each(&[
        (
            "{{ youtube(id=\"x\", autoplay=true) }}\n",
            "<p><a href=\"https://www.youtube.com/watch?v=x\">Video on YouTube</a></p>",
        ),
        ("a {{ image(src=\"b.png\", alt=\"c\") }}\n", "<p>a <img src=\"B/2025/01/31/a-walk/b.png\" alt=\"c\"></p>"),
        (
            "{% quote(author=\"Ada\") %}\n*a*\n{% end %}\nb\n",
            "<blockquote><p><strong>Ada</strong></p>\n<p><em>a</em></p>\n</blockquote>\n<p>b</p>",
        ),
        ("{% warning() %}a{% end %}\n", "<blockquote><p><strong>Warning</strong></p>\n<p>a</p>\n</blockquote>"),
    ]);
}

#[test]
fn eleventy_s_nunjucks_is_read() {
    each(&[
        ("{# a remark {{ x }} #}a\n", "<p>a</p>"),
        ("[a]({{ '/b/' | url }}) {% set c = 1 %}{{ title }}\n", "<p><a href=\"B/b/\">a</a> A walk</p>"),
        ("{% image \"./a.png\", \"An alt\" %}\n", "<p><img src=\"B/2025/01/31/a-walk/a.png\" alt=\"An alt\"></p>"),
    ]);
}

#[test]
fn hexo_tags_are_read() {
    each(&[
        (
            "{% asset_img left a.png 30 20 \"A pic\" %}\n",
            "<p><img src=\"B/2025/01/31/a-walk/a.png\" alt=\"A pic\"></p>",
        ),
        (
            "{% blockquote Ada, Notes %}\na\n{% endblockquote %}\n",
            "<blockquote><p><strong>Ada, Notes</strong></p>\n<p>a</p>\n</blockquote>",
        ),
        (
            "{% codeblock lang:c %}\nint a;\n{% endcodeblock %}\n",
            "<pre><code class=\"language-c\">int a;\n</code></pre>",
        ),
        ("[a]({% asset_path b.zip %})\n", "<p><a href=\"B/2025/01/31/a-walk/b.zip\">a</a></p>"),
    ]);
}

#[test]
fn mdx_components_keep_their_content() {
    each(&[
        (
            "import A from 'a'\nimport {\n  B,\n  C,\n} from \"b\";\nexport const x = {\n  y: 1,\n};\n\ntext\n",
            "<p>text</p>",
        ),
        ("import duties rose from '09 to '10\n", "<p>import duties rose from '09 to '10</p>"),
        ("{/* gone */}a{\" \"}b\n", "<p>a b</p>"),
        ("<Tabs>\n<Tab label=\"x\">\n\n*a* `{{ b }}`\n\n</Tab>\n</Tabs>\n", "<p><em>a</em> <code>{{ b }}</code></p>"),
        ("<Note>\n*a*\n</Note>\n", "<blockquote><p><strong>Note</strong></p>\n<p><em>a</em></p>\n</blockquote>"),
        ("<YouTube id=\"x\" />\n", "<p><a href=\"https://www.youtube.com/watch?v=x\">Video on YouTube</a></p>"),
        ("<Image src={\"/a.png\"} alt=\"b\" />\n", "<p><img src=\"https://example.org/a.png\" alt=\"b\"></p>"),
        ("<Link to=\"/a\">*b*</Link>\n", "<p><a href=\"https://example.org/a\"><em>b</em></a></p>"),
        ("<p style={{color: 'red'}}>a</p>\n", "<p>a</p>"),
    ]);
    let (html, warnings) = rendered("a <Chart data={[1, 2]} /> b\n");
    assert_eq!((html.as_str(), warnings.len()), ("<p>a  b</p>", 1));
}

#[test]
fn wordpress_shortcodes_are_read() {
    each(&[
        (
            "[caption id=\"a\"]![b](/c.png) *d*[/caption]\n",
            "<p><img src=\"https://example.org/c.png\" alt=\"b\"> <em>d</em></p>",
        ),
        (
            "[embed]https://a.example/b_c_d[/embed]\n",
            "<p><a href=\"https://a.example/b_c_d\">https://a.example/b_c_d</a></p>",
        ),
        ("[youtube https://youtu.be/x]\n", "<p><a href=\"https://youtu.be/x\">Video on YouTube</a></p>"),
        (
            "[code language=\"css\"]\na { b: c }\n[/code]\n",
            "<pre><code class=\"language-css\">a { b: c }\n</code></pre>",
        ),
        (
            "[video](https://a.example/) [code][1] [gallery]\n\n[1]: https://b.example/\n",
            "<p><a href=\"https://a.example/\">video</a> <a href=\"https://b.example/\">code</a> [gallery]</p>",
        ),
    ]);
    assert_eq!(rendered("[gallery ids=\"1,2\"]\n").1.len(), 1);
    let (shown, found) = rendered("<p>a</p>\n<p>[gallery]</p>\n");
    assert_eq!((shown.as_str(), found.len()), ("<p>a</p>", 1));
}

#[test]
fn kramdown_attributes_are_dropped_but_for_ids_of_headings() {
    each(&[
        (
            "## A {: #b .c}\n\n## D {#e}\n\n## F\n{: #g}\n",
            "<h2 id=\"a-walk--b\">A</h2>\n<h2 id=\"a-walk--e\">D</h2>\n<h2 id=\"a-walk--g\">F</h2>",
        ),
        (
            "a\n{: .b}\n\n*c*{: .d} [e](/f){:target=\"_blank\"} ![g](/h.png){.i width=3}\n",
            "<p>a</p>\n<p><em>c</em> <a href=\"https://example.org/f\">e</a> <img src=\"https://example.org/h.png\" alt=\"g\"></p>",
        ),
        ("a\n{.b #c d=e}\n\n## F\n{#g}\n\n{a b}\n", "<p>a</p>\n<h2 id=\"a-walk--g\">F</h2>\n<p>{a b}</p>"),
        ("* TOC\n{:toc}\n\na\n\n[TOC]\n\n[[toc]]\n\n[[_TOC_]]\n", "<p>a</p>"),
        ("*[HTML]: Hyper\n\nHTML {braces: stay}\n", "<p>HTML {braces: stay}</p>"),
        ("{::comment}\ngone\n{:/comment}\na{::nomarkdown}b\n", "<p>ab</p>"),
    ]);
}

#[test]
fn markdown_within_html_is_read_where_an_attribute_says_so() {
    each(&[
        (
            "<div class=\"a\" markdown=\"1\">\n*b*\n<div>\n*c*\n</div>\n\n**d**\n</div>\n*e*\n",
            "<div>\n<p><em>b</em></p>\n<div>\n*c*\n</div>\n<p><strong>d</strong></p>\n</div>\n<p><em>e</em></p>",
        ),
        ("<div markdown>*a*</div>\n\nb\n", "<div>\n<p><em>a</em></p>\n</div>\n<p>b</p>"),
        ("<div>\n*a*\n</div>\n", "<div>\n*a*\n</div>"),
    ]);
}

#[test]
fn directives_show_what_they_say_or_lead_to() {
    each(&[
        (
            "::github{repo=\"a/b\"}\n\n::youtube[A *film*]{#x_1}\n\nb\n",
            "<p><a href=\"https://github.com/a/b\">a/b</a></p>\n<p><a href=\"https://www.youtube.com/watch?v=x_1\">A *film*</a></p>\n<p>b</p>",
        ),
        ("He :quote[says *so*]{.a}, a:b[c] and std::io[0].\n", "<p>He says <em>so</em>, a:b[c] and std::io[0].</p>"),
    ]);
    assert_eq!(rendered("::tally{form=\"a\"}\n").1.len(), 1);
}

#[test]
fn admonitions_are_quotations_with_a_bold_word() {
    let tip = "<blockquote><p><strong>Tip</strong></p>\n<p><em>a</em></p>\n</blockquote>\n<p>b</p>";
    for body in [
        ":::tip\n*a*\n:::\nb\n",
        "::: tip\n\n*a*\n\n:::\n\nb\n",
        "::::tip\n*a*\n::::\n\nb\n",
        ":::{.callout-tip}\n*a*\n:::\nb\n",
    ] {
        assert_eq!(html(body), tip, "{body}");
    }
    each(&[
        ("!!! tip\n    *a*\n\nb\n", tip),
        ("!!! tip \"\"\n    a\n", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("> [!info]- *A* day\n> b\n", "<blockquote>\n<p><strong><em>A</em> day</strong></p>\n<p>b</p>\n</blockquote>"),
        ("> [!my-box]\n> b\n", "<blockquote>\n<p><strong>My-box</strong></p>\n<p>b</p>\n</blockquote>"),
        ("> [!TIP] A\n> b\n", "<blockquote>\n<p><strong>A</strong></p>\n<p>b</p>\n</blockquote>"),
        ("> [!NOTE]\n> a\n", "<blockquote>\n<p><strong>Note</strong></p>\n<p>a</p>\n</blockquote>"),
        (
            "!!! note \"A\"\n    a\n\n    !!! tip\n        b\n",
            "<blockquote><p><strong>A</strong></p>\n<p>a</p>\n<blockquote><p><strong>Tip</strong></p>\n<p>b</p>\n</blockquote>\n</blockquote>",
        ),
        (
            "- a\n\n  :::note[B]\n  c\n  :::\n- d\n",
            "<ul>\n<li>\n<p>a</p>\n<blockquote><p><strong>B</strong></p>\n<p>c</p>\n</blockquote>\n</li>\n<li>\n<p>d</p>\n</li>\n</ul>",
        ),
        ("What!!! note that\n\na :::b\n", "<p>What!!! note that</p>\n<p>a :::b</p>"),
    ]);
    let (_, warnings) = walk("a\n\n!!! note\n    b\n\n    [[gone]]\n");
    let place = warnings[0].location.as_ref().unwrap();
    assert_eq!((place.line, place.excerpt.as_str(), place.column), (10, "    [[gone]]", 5));
}

#[test]
fn formulas_are_shown_as_they_are_written() {
    for formula in ["$a_1 * b_2 * c$", "$$x_1 *y* \\\\ z_2$$", "\\(a_b_c\\)", "$`x`$", "$\\frac{{a}}{b}$"] {
        if formula.contains('`') {
            continue;
        }
        assert_eq!(html(&format!("so {formula}.\n")), format!("<p>so {formula}.</p>"));
    }
    each(&[
        ("$5 *or* $10 or US$7 a$b\n", "<p>$5 <em>or</em> $10 or US$7 a$b</p>"),
        ("$$\na_1 < b\n- c_1\n$$\n", "<p>$$\na_1 &lt; b\n- c_1\n$$</p>"),
        ("\\*a\\* \\[b\\]\n", "<p>*a* [b]</p>"),
        ("\\[a_1 = b_2\\]\n", "<p>\\[a_1 = b_2\\]</p>"),
        ("\\[ x_1 - y_2 \\]\n", "<p>\\[ x_1 - y_2 \\]</p>"),
        ("\\[Update: *no* longer\\]\n", "<p>[Update: <em>no</em> longer]</p>"),
        ("\\[[here](/a?b=c)\\]\n", "<p>[<a href=\"https://example.org/a?b=c\">here</a>]</p>"),
        ("So \\(as always\\) it is.\n", "<p>So (as always) it is.</p>"),
    ]);
}

#[test]
fn marks_and_emoji_codes_are_read_and_times_are_not() {
    each(&[
        ("==a *b*== c == d == e a==b==c\n", "<p><mark>a <em>b</em></mark> c == d == e a==b==c</p>"),
        ("Title\n=====\n", "<h2>Title</h2>"),
        (":smile: :+1::tada: (:heart:)\n", "<p>😄 👍🎉 (❤️)</p>"),
        (
            "10:100:20 字:smile:字 a::smile::b :nothing: x:v:y\n",
            "<p>10:100:20 字:smile:字 a::smile::b :nothing: x:v:y</p>",
        ),
        (
            "<https://a.example/:v:/> [a](https://a.example/?b==c==d)\n",
            "<p><a href=\"https://a.example/:v:/\">https://a.example/:v:/</a> <a href=\"https://a.example/?b==c==d\">a</a></p>",
        ),
    ]);
}

#[test]
fn comments_between_percent_signs_are_for_their_author() {
    each(&[
        ("Visible %%hidden note%% text.\n", "<p>Visible  text.</p>"),
        ("A.\n\n%%\nBlock *secret*\n\nand more\n%%\n\nB.\n", "<p>A.</p>\n<p>B.</p>"),
        ("50%% more and 20%% less\n", "<p>50%% more and 20%% less</p>"),
        ("One %% alone.\n", "<p>One %% alone.</p>"),
        ("`%%a%%` and\n\n    %%b%%\n", "<p><code>%%a%%</code> and</p>\n<pre><code>%%b%%\n</code></pre>"),
    ]);
}

#[test]
fn brackets_of_programs_are_no_wiki_links() {
    each(&[
        ("`a` [[\"hadoop\", \"hdfs\"]]\n", "<p><code>a</code> [[\"hadoop\", \"hdfs\"]]</p>"),
        ("m[[i]][[j]] and x[['name']]\n", "<p>m[[i]][[j]] and x[['name']]</p>"),
    ]);
}

#[test]
fn what_a_program_in_mdx_would_say_is_known_or_left_out() {
    let text = "---\ntitle: A\ndate: 2025-01-31\n---\nimport hero from './hero.png';\nimport Image from 'x';\n\n\
        <Image src={hero} alt=\"Boat\" />\n\n<img src={require('./pic.png').default} alt=\"Sea\" />\n\n\
        © {new Date().getFullYear()} {'Ada'}\n\n{list.map(i => (<li>{i}</li>))}\n\nEnd {/* no */}.\n";
    let (entry, warnings) = rendered_files(&[("posts/2025-01-31-a.mdx", text)]);
    let base = "https://example.org/blog/2025/01/31/a";
    let expected = format!(
        "<p><img src=\"{base}/hero.png\" alt=\"Boat\"></p>\n<img src=\"{base}/pic.png\" alt=\"Sea\">\n<p>©  Ada</p>\n<p>End .</p>\n"
    );
    assert_eq!(entry.html(), expected);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let (entry, _) =
        rendered_files(&[("posts/2025-01-31-a.md", "---\ntitle: A\ndate: 2025-01-31\n---\nA set {a, b}.\n")]);
    assert_eq!(entry.html(), "<p>A set {a, b}.</p>\n", "braces are braces anywhere else");
}

#[test]
fn places_that_only_pelican_knows_are_left_out_with_a_warning() {
    let (html, warnings) = rendered("[home]({index}) and [rain]({tag}rain)\n");
    assert_eq!(html, "<p><a href=\"https://example.org/blog/\">home</a> and rain</p>");
    assert!(warnings[0].contains("`{tag}rain`"), "{warnings:?}");
}

#[test]
fn marks_that_touch_letters_of_cjk_and_punctuation_are_emphasis() {
    each(&[
        ("他说**「你好」**了", "<p>他说<strong>「你好」</strong>了</p>"),
        ("これは**\"強調\"**です", "<p>これは<strong>\"強調\"</strong>です</p>"),
        ("**你好。**再见", "<p><strong>你好。</strong>再见</p>"),
        ("a**\"b\"**c", "<p>a**\"b\"**c</p>"),
        ("`他**「好」**了`", "<p><code>他**「好」**了</code></p>"),
        ("2 * 3。* 4", "<p>2 * 3。* 4</p>"),
    ]);
}

#[test]
fn names_of_blocks_and_lists_of_attributes_are_left_out() {
    each(&[
        ("A block ^abc123\n\nNext", "<p>A block</p>\n<p>Next</p>"),
        ("x ^2\n\ny ^n", "<p>x ^2</p>\n<p>y ^n</p>"),
        ("a ^word in the middle", "<p>a ^word in the middle</p>"),
        ("- {:#id} item\n- two", "<ul>\n<li>item</li>\n<li>two</li>\n</ul>"),
        ("Para\n{: .cls\n   #x }\n\nNext", "<p>Para</p>\n<p>Next</p>"),
        ("##Heading\n\n#hashtag", "<h2>Heading</h2>\n<p>#hashtag</p>"),
    ]);
}
