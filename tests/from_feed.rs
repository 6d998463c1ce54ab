//! A feed that readers have: what it knows is taken over, and a new one is compared with it.

use crate::site::TestSite;

const NOW: &str = "2026-03-02T09:00:00Z";

/// A feed as jekyll-feed writes it, of the addresses `…/YEAR/SLUG.html`; each entry is a slug, a title, a day and an id.
fn feed(entries: &[(&str, &str, &str, &str)]) -> String {
    let entry = |(slug, title, day, id): &(&str, &str, &str, &str)| {
        format!(
            "<entry><title type=\"html\">{title}</title><link href=\"https://ada.example/notes/{}/{slug}.html\"/>\
             <published>{day}T00:00:00+00:00</published><updated>{day}T00:00:00+00:00</updated><id>{id}</id>\
             <content type=\"html\">&lt;p&gt;{title}&lt;/p&gt;</content></entry>",
            &day[..4]
        )
    };
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><generator>Jekyll</generator><title>Harbour</title>\
         <id>https://ada.example/feed.xml</id><updated>2026-02-14T00:00:00Z</updated>\
         <link href=\"https://ada.example/feed.xml\" rel=\"self\"/><link href=\"https://ada.example/\"/>\
         <author><name>Ada Quill</name></author>{}</feed>",
        entries.iter().map(entry).collect::<String>()
    )
}

/// A folder with a Jekyll blog of two posts, and no site yet.
fn blog() -> TestSite {
    let site = TestSite::new("outbox:outbox");
    std::fs::remove_file(site.file("config.toml")).unwrap();
    std::fs::remove_dir(site.file("posts")).unwrap();
    site.write("_config.yml", "title: A theme\nurl: https://ada.example\n");
    site.write("_posts/2026-02-14-ropes.md", "---\ntitle: Ropes\n---\nWhich knot holds.\n");
    site.write("_posts/2026-02-03-low-tide.md", "---\ntitle: Low tide\n---\nThe mud at low tide.\n");
    site
}

const ROPES: (&str, &str, &str, &str) = ("ropes", "Ropes", "2026-02-14", "https://ada.example/notes/2026/ropes");
const TIDE: (&str, &str, &str, &str) =
    ("low-tide", "Low tide", "2026-02-03", "https://ada.example/notes/2026/low-tide");

#[test]
fn a_new_site_takes_over_what_the_readers_of_a_feed_know() {
    let site = blog();
    site.write("online.xml", &feed(&[ROPES, ("low-tide", "Low tide", "2026-02-03", "tag:ada.example,2026:tide")]));
    let saved = site.file("online.xml");
    let said = site.run(NOW, &["init", "--from-feed", saved.to_str().unwrap()]).exits(0).stderr;
    assert!(said.contains("2 match a post by id, 0 by address"), "{said}");
    let config = site.read("config.toml");
    for line in [
        "title = \"Harbour\"",
        "permalink = \"/notes/:year/:slug.html\"",
        "id_from = \"jekyll\"",
        "ids = \"ids.toml\"",
        "formats = [\"atom\", \"json\"]",
        "files = { atom = \"feed.xml\" }",
    ] {
        assert!(config.contains(&format!("\n{line}\n")), "{line}: {config}");
    }
    assert!(site.read("ids.toml").contains("\"_posts/2026-02-03-low-tide.md\" = \"tag:ada.example,2026:tide\""));
    site.run(NOW, &["build"]).exits(0);
    assert!(site.read("public/feed.xml").contains("<id>https://ada.example/notes/2026/ropes</id>"));
    let found = site.run(NOW, &["check", "--json", "--against", saved.to_str().unwrap()]).exits(0).json();
    let found = found["diagnostics"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap());
    assert!(found.filter(|code| code.starts_with("against/")).count() == 0);
    // The file of ids is a part of the site: without it nothing is built.
    std::fs::rename(site.file("ids.toml"), site.file("other.toml")).unwrap();
    site.run(NOW, &["build"]).exits(3);
    std::fs::rename(site.file("other.toml"), site.file("ids.toml")).unwrap();
    std::fs::rename(site.file("_posts/2026-02-03-low-tide.md"), site.file("_posts/2026-02-03-tide.md")).unwrap();
    let said = site.run(NOW, &["check"]).exits(0).stdout;
    assert!(said.contains("names a post that is not there: _posts/2026-02-03-low-tide.md"), "{said}");
}

#[test]
fn a_blog_that_cannot_be_read_is_its_feed() {
    let site = TestSite::new("outbox:outbox");
    std::fs::remove_file(site.file("config.toml")).unwrap();
    site.write("post.ipynb", "{}");
    site.write("_site/index.xml", &feed(&[ROPES, TIDE]));
    let said = site.run(NOW, &["init"]).exits(0).stderr;
    assert!(said.contains("(a feed that was built there, with 2 entries)"), "{said}");
    let posts = site.run(NOW, &["posts", "--json"]).exits(0).json();
    assert_eq!(posts[0]["id"], ROPES.3);
    site.run(NOW, &["init"]).exits(0);
}

#[test]
fn relative_addresses_of_a_feed_are_below_its_base() {
    let site = blog();
    std::fs::remove_dir_all(site.file("_posts")).unwrap();
    let entry = |base: &str, content: &str| {
        format!(
            "<entry{base}><title>Ropes</title><id>urn:{}</id><link href='ropes/'/><updated>2026-02-14T23:30:00-05:00</updated>\
             <content type='html'{content}>&lt;p&gt;&lt;a href='knot'&gt;Knot&lt;/a&gt;&lt;/p&gt;</content></entry>",
            base.len() + content.len()
        )
    };
    site.write("online.xml", &format!(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://ada.example/blog/'><id>urn:f</id><title>Harbour</title>\
         <updated>2026-02-14T00:00:00Z</updated><link rel='alternate' href='/'/>{}{}{}</feed>",
        entry("", ""), entry(" xml:base='old/'", ""), entry(" xml:base='old/'", " xml:base='/files/'"),
    ));
    let saved = site.file("online.xml");
    site.run(NOW, &["init", "--from-feed", saved.to_str().unwrap()]).exits(0);
    let config = site
        .read("config.toml")
        .replace("# formats = ", "formats = ")
        .replace("# timezone = \"UTC\"", "timezone = \"America/New_York\"");
    site.write("config.toml", &config);
    let posts = site.run(NOW, &["posts", "--json"]).json();
    let urls: Vec<_> = posts.as_array().unwrap().iter().map(|post| post["url"].as_str().unwrap().to_owned()).collect();
    assert_eq!(urls.iter().filter(|url| *url == "https://ada.example/blog/old/ropes/").count(), 2, "{urls:?}");
    assert!(urls.contains(&"https://ada.example/blog/ropes/".to_owned()), "{urls:?}");
    // The day of an entry that says only when it changed is that of its zone, which is the site's here.
    assert!(posts[0]["published"].as_str().unwrap().starts_with("2026-02-14T23:30"), "{posts}");
    site.run(NOW, &["build"]).exits(0);
    let feed = site.read("public/feed.xml");
    for url in ["https://ada.example/blog/knot", "https://ada.example/blog/old/knot", "https://ada.example/files/knot"]
    {
        assert!(feed.contains(url), "{url}: {feed}");
    }
}

#[test]
fn an_index_of_sitemaps_leads_to_those_beside_it() {
    let site = blog();
    site.write("_config.yml", "title: Harbour\nurl: https://ada.example\npermalink: /:title/\n");
    site.run(NOW, &["init"]).exits(0);
    let map = |page: &str| format!("<urlset><url><loc>https://ada.example/{page}/</loc></url></urlset>");
    site.write("_site/sitemap-0.xml", &map("ropes"));
    site.write("_site/maps/b.xml", &map("low-tide"));
    let index = |names: &[&str]| {
        let each = |name: &&str| format!("<sitemap><loc>https://ada.example/{name}</loc></sitemap>");
        format!("<sitemapindex>{}</sitemapindex>", names.iter().map(each).collect::<String>())
    };
    let against = |names: &[&str]| {
        site.write("_site/sitemap.xml", &index(names));
        site.run(NOW, &["check", "--against", site.file("_site/sitemap.xml").to_str().unwrap()])
    };
    let both = against(&["sitemap-0.xml", "maps/b.xml"]).stderr;
    assert!(both.contains("Of 2 published posts, 2 have a page"), "{both}");
    let one = against(&["sitemap-0.xml"]).exits(3);
    assert!(one.stderr.contains("1 has a page") && format!("{one:?}").contains("against/no-page"), "{one:?}");
    for elsewhere in ["../config.toml", "maps/none.xml"] {
        let run = against(&[elsewhere]);
        assert!(!run.stderr.contains("a page in"), "{elsewhere}: {run:?}");
    }
}

#[test]
fn what_would_change_for_readers_is_told() {
    let site = blog();
    let moved = ("tide", "Low tide", "2026-02-03", "https://ada.example/notes/2026/tide");
    let redated = ("ropes", "Ropes &amp;amp; knots", "2026-02-12", "https://ada.example/2026/02/14/ropes.html");
    let gone = ("gone", "Gone", "2025-02-03", "x");
    site.write("online.xml", &feed(&[redated, moved, gone]));
    site.run(NOW, &["init"]).exits(0);
    let saved = site.file("online.xml");
    let run = site.run(NOW, &["check", "--json", "--against", saved.to_str().unwrap()]).exits(3);
    let found: Vec<_> = run.json()["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["code"].as_str().unwrap().starts_with("against/"))
        .map(|one| {
            format!("{} {}", one["code"].as_str().unwrap(), one["path"].as_str().unwrap().rsplit('/').next().unwrap())
        })
        .collect();
    let ropes = "2026-02-14-ropes.md";
    let tide = "2026-02-03-low-tide.md";
    for code in ["against/address", "against/title", "against/date"] {
        assert!(found.contains(&format!("{code} {ropes}")), "{code}: {found:?}");
    }
    for code in ["against/id", "against/address"] {
        assert!(found.contains(&format!("{code} {tide}")), "{code}: {found:?}");
    }
    assert!(found.contains(&"against/no-post online.xml".to_owned()) && found.len() == 6, "{found:?}");

    site.write("sitemap.xml", "<urlset><url><loc>https://ada.example/2026/02/14/ropes.html</loc></url></urlset>");
    site.write("built/2026/02/03/low-tide.html", "x");
    for (name, missing) in [("sitemap.xml", tide), ("built", ropes)] {
        let place = site.file(name);
        let run = site.run(NOW, &["check", "--json", "--against", place.to_str().unwrap()]).exits(3);
        let found = run.json()["diagnostics"].to_string();
        assert!(found.contains("against/no-page") && found.contains(missing), "{name}: {found}");
        assert!(run.stderr.contains("Of 2 published posts, 1 has a page in"), "{}", run.stderr);
    }
}

#[test]
fn a_build_compares_with_the_feed_that_is_online() {
    let site = blog();
    site.write("online.xml", &feed(&[ROPES, TIDE]));
    site.run(NOW, &["init"]).exits(0);
    site.configure("feeds", "online = \"online.xml\"");
    let said = site.run(NOW, &["build"]).exits(5).stderr;
    assert!(said.contains("2 entries have another id") && !site.file("public/feed.xml").exists(), "{said}");
    site.run(NOW, &["build", "--check"]).exits(5);
    site.edit("config.toml", "slugify = ", "id_from = \"jekyll\"\nslugify = ");
    let permalink = "permalink = \"/:categories/:year/:month/:day/:slug.html\"";
    site.edit("config.toml", permalink, "permalink = \"/notes/:year/:slug.html\"");
    site.run(NOW, &["build"]).exits(0);
    std::fs::remove_file(site.file("online.xml")).unwrap();
    let said = site.run(NOW, &["build"]).exits(5).stderr;
    assert!(said.contains("there is no feed: online.xml") && said.contains("--accept"), "{said}");
    site.run(NOW, &["build", "--accept"]).exits(0);
}

#[test]
fn the_files_of_feeds_have_the_names_that_readers_know() {
    let site = blog();
    site.run(NOW, &["init"]).exits(0);
    site.configure("feeds", "files = { rss = \"index.xml\", json = \"index.xml\" }\nby = [\"tags\"]");
    let said = site.run(NOW, &["build"]).exits(3).stderr;
    assert!(said.contains("two formats have one file"), "{said}");
    site.edit("config.toml", ", json = \"index.xml\"", ", json = \"../x\"");
    site.run(NOW, &["build"]).exits(3);
    site.edit("config.toml", ", json = \"../x\"", ", jsn = \"x.json\"");
    assert!(site.run(NOW, &["build"]).exits(3).stderr.contains("did you mean `json`?"));
    site.edit("config.toml", ", jsn = \"x.json\"", "");
    site.edit("_posts/2026-02-14-ropes.md", "title: Ropes", "title: Ropes\ntags: knots");
    site.run(NOW, &["build"]).exits(0);
    assert!(site.read("public/index.xml").contains("href=\"https://ada.example/index.xml\" rel=\"self\""));
    assert!(site.file("public/tags/knots/index.xml").exists() && !site.file("public/feed.xml").exists());
    // A feed goes with its last post.
    site.edit("_posts/2026-02-14-ropes.md", "\ntags: knots", "");
    site.run(NOW, &["build"]).exits(0);
    assert!(!site.file("public/tags/knots/index.xml").exists());
}
