use super::*;

#[test]
fn r16_the_first_summary_that_is_a_text_counts() {
    let description = |lines: &str| keys(lines).0.description;
    let wet = Some("A wet & long day".to_owned());
    assert_eq!(description("spoiler: true\nexcerpt: \"A <b>wet</b> &amp; long\\n day\""), wet);
    for key in [
        "desc",
        "summary",
        "Custom-Excerpt",
        "post_excerpt",
        "meta_description",
        "subtitle",
        "tldr",
        "teaser",
        "hook",
        "lead",
        "spoiler",
    ] {
        assert_eq!(description(&format!("{key}: A *wet* & long day")), wet, "{key}");
    }
    assert_eq!(description("teaser: a\nexcerpt: b\ndescription: c").as_deref(), Some("c"));
    assert_eq!(description("hook: false\nteaser: yes"), None);
}

#[test]
fn r17_tags_are_joined_from_wherever_they_stand() {
    let (post, diagnostics) = keys(
        "tags: [Rain, [mud, rain]]\ntag: walks\ntopics: 雨、傘\ntaxonomies: {tags: [Two words, RAIN], categories: [x]}\nextra: {tags: '#a #b'}\ncategory: far away",
    );
    assert_eq!(diagnostics, []);
    assert_eq!(post.terms("tags"), ["Rain", "mud", "Two words", "a", "b", "walks", "雨", "傘"]);
    assert_eq!(post.terms("categories"), ["x", "far away"]);
    assert_eq!(keys("tags: ['a, b', '', ' ', ~]").0.terms("tags"), ["a, b"], "the items of a list are not split");
    assert_eq!(keys("tags: a; b | c").0.terms("tags"), ["a", "b", "c"]);
}

#[test]
fn r17_blanks_part_tags_only_where_jekyll_reads_them() {
    let text = "---\ntags: rain mud\ncategories: far away\ncategory: no split\n---\nIt rained.\n";
    let terms = |path: &str| {
        let post = one(path, text).0;
        (post.terms("tags").join("|"), post.terms("categories").join("|"))
    };
    assert_eq!(terms("posts/2025-01-31-a.md"), ("rain mud".into(), "far away|no split".into()));
    assert_eq!(terms("posts/_posts/2025-01-31-a.md"), ("rain|mud".into(), "far|away|no split".into()));
    let config = config("[posts]\ndir = '_posts'\n");
    let loaded = load(vec![source("_posts/2025-01-31-a.md", text)], &config, Timestamp::UNIX_EPOCH);
    assert_eq!(loaded.posts[0].terms("tags"), ["rain", "mud"]);
}

fn authors(line: &str, table: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
    let mut files = vec![source("posts/a.md", &format!("---\ndate: 2025-01-31\n{line}\n---\nIt rained.\n"))];
    files.extend(table.iter().map(|(path, text)| source(path, text)));
    let loaded = load(files, &config(""), "2025-06-01T12:00:00Z".parse().unwrap());
    assert_eq!(loaded.posts.len(), 1, "a table of authors is no post");
    loaded.posts[0].authors.iter().map(|person| (person.name.clone(), person.url.clone())).collect()
}

fn people<const N: usize>(people: [(&str, Option<&str>); N]) -> Vec<(String, Option<String>)> {
    people.map(|(name, url)| (name.to_owned(), url.map(str::to_owned))).to_vec()
}

#[test]
fn r18_authors_are_names_lists_tables_and_links() {
    let grace = ("Grace", Some("https://example.org/grace/"));
    assert_eq!(authors("author: Ada, for the team", &[]), people([("Ada, for the team", None)]));
    assert_eq!(authors("authors: [Ada, {name: Grace, url: /grace/}]", &[]), people([("Ada", None), grace]));
    assert_eq!(authors("author: {name: Grace, link: /grace/, email: nobody}", &[]), people([grace]));
    assert_eq!(authors("by: '[Grace](/grace/)'", &[]), people([grace]));
}

#[test]
fn r18_ids_are_looked_up_in_the_table_of_authors() {
    let map = "ada:\n  name: Ada Quill\n  url: https://ada.example/\ngrace: Grace\n";
    let list = "- {id: ada, name: Ada Quill, url: 'https://ada.example/'}\n- {key: grace, name: Grace}\n";
    let ada = ("Ada Quill", Some("https://ada.example/"));
    for path in ["authors.yml", "_data/authors.yml", "posts/authors.yaml"] {
        for table in [map, list] {
            assert_eq!(
                authors("authors: [ada, grace, joe]", &[(path, table)]),
                people([ada, ("Grace", None), ("joe", None)])
            );
            assert_eq!(authors("author: ADA", &[(path, table)]), people([ada]));
            assert_eq!(authors("author: {key: ada}", &[(path, table)]), people([ada]));
        }
    }
    assert_eq!(authors("author: ada", &[("authors.yml", "ada: [")]), people([("ada", None)]));
    let loaded = load_all(&[("authors.yml", "ada: [")]);
    assert_eq!((loaded.diagnostics[0].code, loaded.diagnostics[0].is_error()), ("post/authors", false));
}

#[test]
fn r19_the_picture_is_the_first_address() {
    let image = |lines: &str| keys(lines).0.image.map(|image| image.url);
    let beside = Some("https://example.org/blog/2025/01/31/a-walk/rain.jpg".to_owned());
    for lines in [
        "image: rain.jpg",
        "cover: {src: rain.jpg, alt: Rain}",
        "cover_image: ./rain.jpg",
        "featureImage: rain.jpg",
        "featured-image: {path: rain.jpg}",
        "thumbnail: rain.jpg",
        "banner_image: rain.jpg",
        "hero: true\nhero_image: rain.jpg",
        "og_image: rain.jpg",
        "images: [rain.jpg, sun.jpg]",
        "header: {overlay_image: rain.jpg}",
        "extra: {image: rain.jpg}",
        "image: {feature: rain.jpg}",
    ] {
        assert_eq!(image(lines), beside, "{lines}");
    }
    assert_eq!(image("image: //cdn.example/a b.jpg").as_deref(), Some("https://cdn.example/a%20b.jpg"));
    for lines in [
        "image: {path: rain.jpg, alt: '*Rain*', width: 640px, height: 480}",
        "cover: {image: {src: rain.jpg, alt: Rain, width: 640, height: 480}}",
    ] {
        let image = keys(lines).0.image.unwrap();
        assert_eq!((image.alt.as_deref(), image.width, image.height), (Some("Rain"), Some(640), Some(480)), "{lines}");
    }
    for lines in [
        "image: rain.jpg\nimage_alt: Rain",
        "cover_image: rain.jpg\ncover_image_alt: Rain",
        "cover: rain.jpg\ncoverAlt: Rain",
    ] {
        assert_eq!(keys(lines).0.image.unwrap().alt.as_deref(), Some("Rain"), "{lines}");
    }
    assert_eq!(image("image: __GHOST_URL__/a.jpg").as_deref(), Some("https://example.org/blog/a.jpg"));
    assert_eq!(image("hero: true\nheader: dark\nimage: javascript:alert(1.0)"), None);
}

#[test]
fn r20_a_language_is_in_the_key_the_name_or_the_folder() {
    assert_eq!(keys("lang: pt_BR").0.language, "pt-BR");
    let (post, found) = keys("lang: 🇬🇧");
    assert_eq!((post.language.as_str(), found[0].code), ("en", "post/language"));
    let text = "---\ntitle: Rain\ndate: 2025-01-31\n---\nIt rained.\n";
    let languages = |paths: &[&str]| {
        let loaded = load_all(&paths.iter().map(|path| (*path, text)).collect::<Vec<_>>());
        assert!(loaded.diagnostics.iter().all(|d| d.code == "post/shared-address"), "no two share an id");
        let mut languages: Vec<_> = loaded.posts.iter().map(|post| post.language.clone()).collect();
        languages.sort();
        languages
    };
    assert_eq!(languages(&["posts/a.md", "posts/a.fr.md"]), ["en", "fr"]);
    assert_eq!(languages(&["posts/en/a.md", "posts/fr/a.md", "posts/zh-cn/a.md"]), ["en", "fr", "zh-cn"]);
    let beside = ["posts/_posts/a.md", "posts/zh-cn/b.md", "posts/ru/b.md"];
    assert_eq!(languages(&beside), ["en", "ru", "zh-cn"], "languages beside a folder of posts");
    assert_eq!(languages(&["posts/fr/a.md", "posts/2024/b.md"]), ["en", "en"], "a lone folder may be anything");
}

#[test]
fn r20_an_id_does_not_change_when_a_language_is_added() {
    let text = "---\ntitle: Rain\ndate: 2025-01-31\n---\nIt rained.\n";
    let id = |paths: &[&str]| {
        let loaded = load_all(&paths.iter().map(|path| (*path, text)).collect::<Vec<_>>());
        loaded.posts.into_iter().find(|post| post.path == "posts/fr/a.md").unwrap().id
    };
    assert_eq!(id(&["posts/fr/a.md"]), id(&["posts/fr/a.md", "posts/de/a.md", "posts/en/a.md"]));
}

#[test]
fn r17_unknown_keys_are_never_warned_about() {
    let (post, diagnostics) = keys("mood: fine\nweather: [wet]\nTag: one\nTags: [Two, two]\ncategory: a walk");
    assert_eq!(diagnostics, []);
    assert_eq!(post.terms("tags"), ["Two", "one"]);
    assert_eq!(post.terms("categories"), ["a walk"]);
}
