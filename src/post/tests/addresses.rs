use super::*;

#[test]
fn r14_the_address_comes_from_the_key_the_pattern_or_the_folder() {
    let url = |path, text: &str, more| {
        let loaded = load(vec![source(path, text)], &config(more), "2025-06-01T12:00:00Z".parse().unwrap());
        loaded.posts[0].url.strip_prefix("https://example.org/blog/").unwrap().to_owned()
    };
    let dated = |keys: &str| format!("---\ntitle: A\ndate: 2025-01-31\n{keys}\n---\nx\n");
    assert_eq!(url("posts/a.md", &dated("permalink: /über uns/?p=1"), ""), "%C3%BCber%20uns/?p=1");
    assert_eq!(url("posts/a.md", &dated("permalink: /:year/:title/"), ""), "2025/a/", "a pattern of its own");
    assert_eq!(url("posts/a.md", &dated("permalink: :categories/walk/\ncategory: Rain"), ""), "rain/walk/");
    assert_eq!(url("posts/a.md", &dated("url: https://elsewhere.example/x"), ""), "2025/01/31/a/", "a link post");
    assert_eq!(url("posts/a.md", &dated("permalink: ../../etc/"), ""), "etc/");
    assert_eq!(
        url("posts/x/2025-01-31-50% #1?.md", &dated(""), "[posts]\npermalink = '/:dir/:slug.html'\n"),
        "x/50%25%20%231%3F.html"
    );
    assert_eq!(url("posts/x/about.md", "---\nlayout: page\n---\n", ""), "x/about/");
    assert_eq!(url("posts/2025-01-31-7.6.3.aspx.md", &dated(""), ""), "2025/01/31/7.6.3.aspx/");
    assert_eq!(url("posts/2025-01-31.md", &dated(""), ""), "2025/01/31/2025-01-31/");
}

#[test]
fn r14_each_placeholder_stands_for_what_its_generator_means() {
    let url = |pattern: &str, path, keys: &str| {
        let text = format!("---\ndate: 2025-02-03\n{keys}\n---\nx\n");
        let loaded = load(
            vec![source(path, &text)],
            &config(&format!("[posts]\npermalink = '{pattern}'\n")),
            "2025-06-01T12:00:00Z".parse().unwrap(),
        );
        loaded.posts[0].url.strip_prefix("https://example.org/blog/").unwrap().to_owned()
    };
    let name = "posts/x/2025-02-03-a-walk.md";
    for (pattern, expected) in [
        ("/:i_month/:i_day/:title", "2/3/a-walk"),
        ("/:year/:y_day/:title.html", "2025/034/a-walk.html"),
        ("/:dir/:filename/", "x/2025-02-03-a-walk/"),
        ("/:dir/:contentbasename.html", "x/2025-02-03-a-walk.html"),
        ("/:slugorfilename/", "2025-02-03-a-walk/"),
        ("/:categories/:slug/", "a-walk/"),
    ] {
        assert_eq!(url(pattern, name, ""), expected, "{pattern}");
    }
    assert_eq!(url("/:slugorfilename/", name, "slug: rain"), "rain/");
    assert_eq!(url("/:filename/", name, "slug: rain"), "2025-02-03-a-walk/");
    assert_eq!(url("/:filename/", "posts/2025-02-03-a-walk/index.md", ""), "2025-02-03-a-walk/");
    assert_eq!(url("/:dir/:filename/", "posts/On Walks/My Walk.md", ""), "on-walks/my-walk/");
    assert_eq!(url("/:dir/:slug/", "posts/On Walks/My Walk.md", ""), "On%20Walks/My%20Walk/");
    assert_eq!(url("/:slugorfilename/", name, "slug: Slow Walk"), "slow-walk/");
    let keys = "categories: [Self Care, C++, self care, a/b]\ncategory: Über";
    assert_eq!(url("/:categories/:slug/", name, keys), "self%20care/c++/a/b/%C3%BCber/a-walk/");
    assert_eq!(url("/:slugified_categories/:slug/", name, keys), "self-care/c/a-b/%C3%BCber/a-walk/");
    assert_eq!(url("/:categories/:slug/", name, "categories: [.., '']"), "a-walk/", "nothing climbs out");
    let below = "posts/rivers/_posts/old/2025-02-03-a.md";
    assert_eq!(url("/:categories/:slug/", below, "categories: slow rivers"), "rivers/slow/a/");
}

/// What the programs themselves make of these.
#[test]
fn r14_an_address_ends_and_a_name_begins_as_its_generator_has_it() {
    let url = |settings: &str, path, keys: &str| {
        let text = format!("---\ntitle: A/B c\ndate: 2025-02-03T23:30:00-05:00\n{keys}\n---\nx\n");
        let more = format!("[posts]\n{settings}\n");
        let loaded = load(vec![source(path, &text)], &config(&more), "2025-06-01T12:00:00Z".parse().unwrap());
        loaded.posts[0].url.strip_prefix("https://example.org/blog/").unwrap().to_owned()
    };
    for (how, key, expected) in [
        ("hugo", "url: /x/y", "x/y/"),
        ("hugo", "url: /x/v1.2/y", "x/v1.2/y"),
        ("hugo", "url: /x/:title\nslug: z", "x/a-b-c/"),
        ("zola", "path: x/v1.2", "x/v1.2/"),
        ("jekyll", "permalink: /x/y", "x/y"),
        ("eleventy", "permalink: /x/y", "x/y"),
        ("off", "permalink: /x/y", "x/y"),
    ] {
        assert_eq!(url(&format!("slugify = '{how}'"), "posts/a.md", key), expected, "{how}, {key}");
    }
    let in_french = |how: &str, key: &str| {
        url(&format!("permalink = '/:lang/:dir/:slugorbasename/'\nslugify = '{how}'"), "posts/Über/Ça va.fr.md", key)
    };
    assert_eq!(in_french("hugo", ""), "fr/%C3%BCber/%C3%A7a-va/");
    assert_eq!(in_french("hugo", "url: x/y"), "fr/x/y/", "below its language");
    assert_eq!(in_french("hugo", "url: /x/y"), "x/y/");
    assert_eq!(in_french("zola", ""), "fr/%C3%9Cber/ca-va/", "folders stay");
    assert_eq!(in_french("zola-safe", ""), "fr/%C3%9Cber/%C3%87a%20va/");
    assert_eq!(in_french("astro", "slug: Own Slug"), "fr/%C3%BCber/Own%20Slug/");
    let slug = |how: &str, path, keys: &str| url(&format!("permalink = '/:slug/'\nslugify = '{how}'"), path, keys);
    for how in ["zola", "eleventy", "hexo"] {
        assert_eq!(slug(how, "posts/2025-02-03-a.md", ""), "a/", "{how}");
        assert_eq!(slug(how, "posts/20250203-a.md", ""), "20250203-a/", "{how} takes no day out of this");
    }
    assert_eq!(slug("off", "posts/20250203-a.md", ""), "a/");
    assert_eq!(slug("off", "posts/2019/07-29-scaling.md", ""), "scaling/", "the day is in the name and in the folder");
    assert_eq!(slug("off", "posts/x/07-29-scaling.md", ""), "07-29-scaling/");
    assert_eq!(slug("eleventy", "posts/a.md", "slug: b"), "a/", "it has no such key");
    assert_eq!(url("permalink = '/:dir/:basename/'\nslugify = 'eleventy'", "posts/x/a/a.md", ""), "x/a/");
    assert_eq!(url("permalink = '/:slug/'\nslugify = 'eleventy'\nslug_from = 'title'", "posts/x.md", ""), "a-b-c/");
    let daily = "permalink = '/:year/:month/:day/'\nslugify = ";
    assert_eq!(url(&format!("{daily}'jekyll'"), "posts/a.md", ""), "2025/02/04/", "the clock of the site");
    assert_eq!(url(&format!("{daily}'hugo'"), "posts/a.md", ""), "2025/02/03/", "the clock of the post");
    let hexo =
        |pattern: &str, keys: &str| url(&format!("permalink = '{pattern}'\nslugify = 'hexo'"), "posts/a.md", keys);
    assert_eq!(hexo("/:category/:basename/", "categories: [Self Care, 'C++ & x']"), "Self-Care/C-x/a/");
    assert_eq!(
        (hexo("/:abbrlink.html", "abbrlink: 4a17"), hexo("/:abbrlink.html", "")),
        ("4a17.html".into(), "a.html".into())
    );
    assert_eq!(url("permalink = '/:slugified/'\nslugify = 'jekyll'", "posts/a.md", "slug: A.b C"), "a-b-c/");
    let file = "permalink = '/:category/:slug.html'\nslugify = 'pelican'\nslug_from = 'file'";
    assert_eq!(url(file, "posts/Two Words/A b.md", ""), "two-words/A%20b.html");
}

#[test]
fn r14_a_permalink_that_only_its_program_can_fill_in_is_named() {
    let found = |keys: &str| {
        let (post, found) = one("posts/a.md", &format!("---\ntitle: A\ndate: 2025-01-31\n{keys}\n---\nx\n"));
        let path = post.url.strip_prefix("https://example.org/blog/").unwrap().to_owned();
        (path, found.into_iter().map(|finding| (finding.code, finding.message)).collect::<Vec<_>>())
    };
    let (path, told) = found("permalink: \"/blog/{{ title | slug }}/\"");
    assert_eq!(path, "2025/01/31/a/");
    assert!(matches!(&told[..], [("post/permalink", message)] if message.contains("is a template")), "{told:?}");
    let (path, told) = found("permalink: /:century/:title/\nurl: /b/");
    assert_eq!(path, "b/", "the next key may say it");
    assert!(matches!(&told[..], [("post/permalink", message)] if message.contains("`:century`")), "{told:?}");
    let filled = ("2025/a/".to_owned(), vec![]);
    assert_eq!(found("permalink: \"/{{ year }}/{{ page.fileSlug }}/\""), filled);
    assert_eq!(found("permalink: pretty"), ("2025/01/31/a/".to_owned(), vec![]));
    assert_eq!(found("permalink: /re:invent/"), ("re:invent/".to_owned(), vec![]));
}

#[test]
fn r14_an_address_without_measure_is_an_error_and_a_draft_may_have_it() {
    let file = |more: &str, key: &str| format!("---\ndate: 2025-01-31\n{more}{key}: /{}/\n---\nx\n", "s".repeat(2000));
    for key in ["slug", "permalink", "url"] {
        let (post, found) = one("posts/a.md", &file("", key));
        assert_eq!((found[0].code, found[0].is_error(), found.len()), ("post/permalink", true, 1), "{key}");
        assert_eq!((post.status, post.slug.as_str()), (PostStatus::Error, "a"));
        assert!(post.url.len() < 100 && post.id.len() < 100, "{}", post.url);
        assert_eq!(found[0].location.as_ref().unwrap().line, 3);
        let (post, found) = one("posts/a.md", &file("draft: true\n", key));
        assert_eq!((post.status, found), (PostStatus::Draft, vec![]));
    }
}

#[test]
fn r14_two_posts_with_one_address_are_errors_that_name_each_other() {
    let text = "---\ntitle: A\ndate: 2025-01-31\nslug: same\n---\nx\n";
    let loaded = load_all(&[
        ("posts/a.md", text),
        ("posts/b.md", text),
        ("posts/c.md", "---\ntitle: C\ndate: 2025-01-31\n---\nx\n"),
    ]);
    let errors: Vec<_> = loaded.diagnostics.iter().map(|d| (d.code, d.path().unwrap(), &*d.message)).collect();
    assert_eq!(
        errors,
        [
            (
                "post/same-url",
                "posts/a.md",
                "this post has the same address as posts/b.md: `https://example.org/blog/2025/01/31/same/`"
            ),
            (
                "post/same-url",
                "posts/b.md",
                "this post has the same address as posts/a.md: `https://example.org/blog/2025/01/31/same/`"
            ),
        ]
    );
    let draft = format!("---\ndraft: true\n{}", &text[4..]);
    assert_eq!(load_all(&[("posts/a.md", text), ("posts/b.md", &draft)]).diagnostics, [], "a draft takes no address");
}

#[test]
fn r15_an_id_of_the_author_s_is_kept_and_belongs_to_one_post() {
    assert_eq!(keys("guid: https://old.example/?p=12").0.id, "https://old.example/?p=12");
    let text = |slug: &str| format!("---\ntitle: A\ndate: 2025-01-31\nslug: {slug}\nid: 7\n---\nx\n");
    let loaded = load_all(&[("posts/a.md", &text("a")), ("posts/b.md", &text("b"))]);
    assert!(loaded.diagnostics.iter().all(|d| d.code == "post/same-id") && loaded.diagnostics.len() == 2);
    let text = "---\ndate: 2025-01-31\n---\nx\n";
    let loaded = load_all(&[("posts/a.md", text), ("posts/a.fr.md", text)]);
    assert!(loaded.diagnostics.iter().all(|d| !d.is_error()), "a translation may share the address");
    assert_ne!(loaded.posts[0].id, loaded.posts[1].id);
}

#[test]
fn r14_the_slug_is_the_name_without_its_day_and_language() {
    let slug =
        |path: &str| one(path, "---\ndate: 2025-01-31\naliases: [/old/]\nredirect_from: /older/\n---\nx\n").0.slug;
    for (path, expected) in [
        ("posts/2025-01-31-a-walk.md", "a-walk"),
        ("posts/2025-01-31--a.md", "-a"),
        ("posts/a-walk.html.md", "a-walk"),
        ("posts/a-walk.fr.md", "a-walk"),
        ("posts/a.aspx.md", "a.aspx"),
        ("posts/7.6.3.md", "7.6.3"),
        ("posts/a@1.md", "a@1"),
        ("posts/a-walk/index.md", "a-walk"),
    ] {
        assert_eq!(slug(path), expected, "{path}");
    }
}

#[test]
fn r15_an_id_stays_when_title_and_date_change() {
    let id = |text: &str| one("posts/a.md", text).0.id;
    let first = id("---\ntitle: A\npermalink: /a/\ndate: 2025-01-01\n---\nx\n");
    assert_eq!(first, id("---\ntitle: B\npermalink: /a/\ndate: 2025-02-01\n---\ny\n"));
    let old = "id: https://old.example/?p=12";
    assert_eq!(
        id(&format!("---\ntitle: A\n{old}\ndate: 2025-01-01\n---\nx\n")),
        id(&format!("---\ntitle: B\n{old}\ndate: 2025-02-01\n---\ny\n"))
    );
}

#[test]
fn r14_translations_at_one_address_are_named_and_their_language_can_be_in_it() {
    let text = "---\ntitle: x\ndate: 2025-01-31\n---\nx\n";
    let load = |more: &str| {
        let sources = ["posts/de/a.md", "posts/en/a.md", "posts/b.fr.md", "posts/b.md"].map(|path| source(path, text));
        let loaded = load(sources.to_vec(), &config(more), "2025-06-01T12:00:00Z".parse().unwrap());
        let mut urls: Vec<_> =
            loaded.posts.iter().map(|post| post.url.replace("https://example.org/blog/", "")).collect();
        urls.sort();
        (urls, loaded.diagnostics)
    };
    let (urls, found) = load("");
    assert_eq!((urls[0].as_str(), urls[1].as_str(), found.len()), ("2025/01/31/a/", "2025/01/31/a/", 1));
    assert_eq!(found[0].code, "post/shared-address");
    assert!(found[0].message.starts_with("4 posts") && found[0].message.contains("posts/b.md"), "{found:?}");
    let (urls, found) = load("[posts]\npermalink = '/:lang/:slug/'\n");
    assert_eq!((urls, found), (["a/", "b/", "de/a/", "fr/b/"].map(str::to_owned).to_vec(), vec![]));
    let flag = source("posts/c.md", "---\ntitle: x\ndate: 2025-01-31\nlang: 🇬🇧\n---\nx\n");
    let more = config("[posts]\npermalink = '/:lang/:slug/'\n");
    let loaded = super::super::load(vec![flag], &more, "2025-06-01T12:00:00Z".parse().unwrap());
    assert_eq!(loaded.posts[0].url, "https://example.org/blog/c/", "a flag is no language");
}
