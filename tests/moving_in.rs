//! Blogs of other programs after `init`: the addresses of their posts are those that the program itself makes.

use crate::site::TestSite;

const NOW: &str = "2026-03-02T09:00:00Z";

/// Files of a blog by name, and the addresses of its posts.
type Blog<'b> = (&'b str, &'b [(&'b str, &'b str)], &'b [&'b str]);

const POST: &str = "---\ntitle: Ropes\ndate: 2026-02-14\n---\nWhich knot holds.\n";

/// The folder of a blog with these files, and no site yet.
fn blog(files: &[(&str, &str)]) -> TestSite {
    let site = TestSite::new("outbox:outbox");
    std::fs::remove_file(site.file("config.toml")).unwrap();
    std::fs::remove_dir(site.file("posts")).unwrap();
    for (name, text) in files {
        site.write(name, text);
    }
    site
}

/// What `init` says, and the paths of the addresses after it, sorted.
fn moved(files: &[(&str, &str)]) -> (String, Vec<String>) {
    let site = blog(files);
    let said = site.run(NOW, &["init"]).exits(0).stderr;
    let posts = site.run(NOW, &["posts", "--json"]).json();
    let published = posts.as_array().unwrap().iter().filter(|post| post["status"] == "published");
    let path = |post: &serde_json::Value| post["url"].as_str().unwrap().splitn(4, '/').last().unwrap().to_owned();
    let mut paths: Vec<String> = published.map(path).collect();
    paths.sort();
    (said, paths)
}

const DATED: &str = "---\ntitle: Ropes\n---\nWhich knot holds.\n";

/// Blogs by the programs that made them, and the paths of their posts there.
const BLOGS: &[Blog<'_>] = &[
    (
        "Astro: the day is in the folders of the page",
        &[
            ("astro.config.mjs", "export default { site: 'https://ada.example', trailingSlash: 'always' }"),
            ("src/pages/[year]/[month]/[day]/[slug].astro", "---\nawait getCollection('posts')\n---\n"),
            ("src/content/posts/2026-02-14-ropes.md", DATED),
        ],
        &["2026/02/14/ropes/"],
    ),
    (
        "Astro: a collection without a page is none of posts",
        &[
            ("astro.config.mjs", "export default { site: 'https://ada.example' }"),
            ("src/pages/blog/[...id].astro", "---\nawait getBlog()\n---\n"),
            ("src/pages/docs/[...id].astro", "---\nawait getCollection(\"docs\")\n---\n"),
            ("src/content/docs/one.md", POST),
            ("src/content/blog/ropes.md", POST),
            ("src/content/talks/one.md", POST),
            ("src/content/talks/two.md", POST),
            ("src/content/blog/tide.md", POST),
        ],
        &["blog/ropes/", "blog/tide/"],
    ),
    (
        "Cobalt: a pattern for all, below the folder of its source",
        &[
            (
                "_cobalt.yml",
                "source: site\nsite:\n  base_url: https://ada.example\nposts:\n  dir: notes\n  default:\n    permalink: /n/{{year}}/{{ slug }}/\n",
            ),
            ("site/notes/Low Tide.md", "---\ntitle: Low tide\npublished_date: 2026-02-03 08:00:00 +0000\n---\nMud.\n"),
            (
                "site/notes/ropes.md",
                "---\ntitle: R\npublished_date: 2026-02-14 08:00:00 +0000\npermalink: \"/{{ year }}/{{ month }}/{{ day }}/knots\"\n---\nMud.\n",
            ),
        ],
        &["2026/02/14/knots", "n/2026/low-tide/"],
    ),
    (
        "Eleventy: an index with a day, and a function that only fills in a template",
        &[
            ("eleventy.config.js", "export default () => ({ dir: { input: 'src' } })"),
            ("src/posts/posts.11tydata.js", "export default { permalink: ({ page }) => `/web/${page.fileSlug}/` }"),
            ("src/posts/ropes/2026-02-14-index.md", DATED),
            ("src/posts/2026-02-03-tide.md", DATED),
        ],
        &["web/ropes/", "web/tide/"],
    ),
    (
        "Eleventy: the layout has the pattern",
        &[
            ("eleventy.config.js", "export default () => ({ dir: { input: 'src' } })"),
            ("src/posts/posts.json", "{\"layout\": \"layouts/post.njk\"}"),
            (
                "src/_includes/layouts/post.njk",
                "---\npermalink: /n/{{ page.fileSlug }}/index.html\n---\n{{ content }}\n",
            ),
            ("src/posts/2026-02-03-tide.md", DATED),
        ],
        &["n/tide/"],
    ),
    (
        "Eleventy: the layout that the posts name has the pattern, with the day",
        &[
            (".eleventy.js", "module.exports = () => {}"),
            (
                "_includes/post.html",
                "---\npermalink: \"/n/{{ page.date | date: '%Y/%m' }}/{{ page.fileSlug }}/\"\n---\n",
            ),
            ("_posts/2026-02-03-tide.md", "---\nlayout: post\ntitle: Tide\n---\nIt rises.\n"),
        ],
        &["n/2026/02/tide/"],
    ),
    (
        "Hugo: the addresses of a section are ugly",
        &[
            (
                "hugo.toml",
                "baseURL = 'https://ada.example/'\n[uglyURLs]\npost = true\n[permalinks]\npost = '/:year/:slug/'\n",
            ),
            ("content/post/tide.md", POST),
        ],
        &["2026/ropes.html"],
    ),
    (
        "Astro: Markdoc, and an address where the environment says none",
        &[
            (
                "astro.config.mjs",
                "const siteUrl = process.env.SITE ?? 'https://ada.example';\nexport default { site: siteUrl }",
            ),
            ("src/pages/blog/[...slug].astro", "---\nawait getCollection('blog')\n---\n"),
            ("src/content/blog/ropes.mdoc", POST),
        ],
        &["blog/ropes/"],
    ),
    (
        "Gatsby: as files are named",
        &[("gatsby-config.js", "module.exports = {}"), ("content/blog/Knots/Ropes_2/index.md", POST)],
        &["Knots/Ropes_2/"],
    ),
    (
        "Bridgetown: the settings are Ruby, and the name is among the data",
        &[
            ("config/initializers.rb", "Bridgetown.configure do |config|\n  url \"https://ada.example\"\nend\n"),
            ("src/_data/site_metadata.yml", "title: Harbour\n"),
            ("src/_posts/2026-02-14-ropes.md", DATED),
        ],
        &["2026/02/14/ropes/"],
    ),
    (
        "SvelteKit: a page has the name of its folder",
        &[("src/routes/blog/ropes/+page.md", POST), ("src/routes/blog/tide/+page.md", POST)],
        &["2026/02/14/ropes/", "2026/02/14/tide/"],
    ),
    (
        "Quarto: the section with the most posts",
        &[
            ("_quarto.yml", "project:\n  type: website\nwebsite:\n  site-url: https://ada.example\n"),
            ("journal/ropes/index.qmd", POST),
            ("journal/tide/index.qmd", POST),
            ("papers/knots/index.qmd", POST),
        ],
        &["journal/ropes/", "journal/tide/"],
    ),
    (
        "Docusaurus: the day in the path of a file, the key slug, and names without a day",
        &[
            (
                "docusaurus.config.ts",
                "const config: Config = {\n  url: 'https://ada.example',\n  baseUrl: '/x/',\n  presets: [['classic', { docs: { routeBasePath: '/' }, blog: { path: './notes', routeBasePath: 'log' } }]],\n};\n",
            ),
            ("notes/2026-02-01-welcome/index.md", DATED),
            ("notes/2026-02-02-short.md", "---\nslug: knots\ntitle: Ropes\n---\nWhich knot holds.\n"),
            ("notes/2026/02/03/deep.mdx", DATED),
            ("notes/tech/2026-2-4-low-tide.md", DATED),
            ("notes/2026-02-05-part/second.md", DATED),
            ("notes/2026-02-06-mer.fr.md", DATED),
            ("notes/plain.md", POST),
        ],
        &[
            "x/log/2026/02/01/welcome",
            "x/log/2026/02/03/deep",
            "x/log/2026/02/05/part/second",
            "x/log/2026/02/06/mer.fr",
            "x/log/2026/2/4/tech/low-tide",
            "x/log/knots",
            "x/log/plain",
        ],
    ),
    (
        "Docusaurus: the blog of a plugin, at the root, with slashes at the end",
        &[
            (
                "docusaurus.config.js",
                "module.exports = { url: 'https://ada.example', baseUrl: '/', trailingSlash: true, presets: [['classic', { blog: false }]],\n plugins: [['@docusaurus/plugin-content-blog', { path: 'journal', routeBasePath: '/' }]] };\n",
            ),
            ("journal/2026-02-01-ropes.md", DATED),
            ("blog/2026-02-02-other.md", DATED),
        ],
        &["2026/02/01/ropes/"],
    ),
    (
        "Middleman: as it comes",
        &[
            ("config.rb", "activate :blog do |blog|\n  # blog.prefix = 'no'\nend\n"),
            ("data/site.yml", "url: https://ada.example\n"),
            ("source/2026-02-14-ropes.html.markdown", DATED),
            ("source/2026-02-15-tide.html.md", "---\ntitle: Tide\nslug: low-tide\n---\nMud.\n"),
        ],
        &["2026/02/14/ropes.html", "2026/02/15/low-tide.html"],
    ),
    (
        "Middleman: a prefix, patterns of its own, and folders for names",
        &[
            (
                "config.rb",
                "set :source, 'site'\nset :site_url, 'https://ada.example'\nactivate :directory_indexes\nactivate :blog do |blog|\n  blog.prefix = 'log'\n  blog.sources = 'posts/:year-:month-:day-:title.html'\n  blog.permalink = \"{category}/{year}/{title}.html\"\nend\n",
            ),
            ("site/log/posts/2026-02-14-ropes.html.md", "---\ntitle: Ropes\ncategory: Knots\n---\nWhich holds.\n"),
            ("site/about.html.md", "---\ntitle: About\n---\nMe.\n"),
        ],
        &["log/knots/2026/ropes/"],
    ),
    (
        "Middleman: titles for names",
        &[
            (
                "config.rb",
                "config[:site_url] = 'https://ada.example'\nactivate :blog, sources: 'blog/{year}/{month}-{day}.html', permalink: 'blog/{title}.html'\n",
            ),
            ("source/blog/2026/02-14.html.md", "---\ntitle: Don't wait\ndate: 2026-02-14\n---\nMud.\n"),
        ],
        &["blog/don-t-wait.html"],
    ),
    (
        "VitePress: as files are named",
        &[(".vitepress/config.ts", "export default { title: 'Harbour' }"), ("posts/Low_Tide.md", POST)],
        &["posts/Low_Tide.html"],
    ),
    (
        "VitePress: without .html",
        &[(".vitepress/config.ts", "export default { cleanUrls: true }"), ("posts/ropes.md", POST)],
        &["posts/ropes"],
    ),
];

#[test]
fn addresses_are_those_of_the_program_that_made_the_blog() {
    for (name, files, expected) in BLOGS {
        let (said, paths) = moved(files);
        assert_eq!(paths, *expected, "{name}: {said}");
    }
}

#[test]
fn pages_beside_posts_are_named() {
    let (said, paths) = moved(&[
        ("config.rb", "activate :blog\nset :blog_title, \"Low tide\"\n"),
        ("source/2026-02-14-ropes.html.md", DATED),
        ("source/about.html.md", "---\ntitle: About\n---\nMe.\n"),
    ]);
    assert_eq!(paths, ["2026/02/14/ropes.html"]);
    assert!(said.contains("1 Markdown file in source without a date") && said.contains("Low tide"), "{said}");
}

#[test]
fn nothing_is_invented_where_other_files_are() {
    let feed = "<rss version='2.0'><channel><title>Harbour</title><link>https://ada.example/</link><description>x</description>\
                <item><title>Ropes</title><link>https://ada.example/ropes/</link><guid>urn:r</guid><pubDate>Sat, 14 Feb 2026 08:00:00 GMT</pubDate>\
                <description>&lt;p&gt;Which knot holds.&lt;/p&gt;</description></item></channel></rss>";
    let (said, paths) = moved(&[("input/config/site.config.json", "{}"), ("output/feed.xml", feed)]);
    assert_eq!(paths, ["ropes/"], "the feed that is there: {said}");

    let site = blog(&[("package.json", "{}"), ("src/app.ts", "")]);
    let said = site.run(NOW, &["init"]).exits(0).stderr;
    assert!(said.contains("no first post") && !site.file("posts").exists(), "{said}");

    let site = blog(&[("posts/ropes.org", "#+TITLE: Ropes\n")]);
    let said = site.run(NOW, &["init"]).exits(0).stderr;
    assert!(said.contains("Set title, url, posts.feed and from"), "{said}");

    let site = blog(&[("a.md", "# A\n\nThe river is slow.\n")]);
    let said = site.run(NOW, &["init"]).exits(0).stderr;
    assert!(said.contains("from and posts.date in"), "{said}");

    let site = blog(&[("README.md", "# Notes\n"), (".editorconfig", "")]);
    site.run(NOW, &["init"]).exits(0);
    assert!(site.file("posts").exists(), "a new repository is a new site");
}
