//! A folder in the forms of several generators, read by the program as it stands on disk.

use crate::site::TestSite;

const NOW: &str = "2026-03-02T09:00:00Z";

#[test]
fn posts_in_every_form_are_read_with_the_files_beside_them() {
    let site = TestSite::new("outbox:outbox");
    site.write("posts/yaml.md", "---\ntitle: yaml\ndate: 2026-02-01\nauthor: ada\n---\nText.\n");
    site.write("posts/toml.md", "+++\ntitle = 'toml'\ndate = 2026-02-02\nauthors = ['ada']\n+++\nText.\n");
    site.write("posts/json.md", "{\"title\": \"json\", \"date\": \"2026-02-03\", \"author\": \"ada\"}\n\nText.\n");
    site.write("posts/header.md", "Title: header\nDate: 2026-02-04\nAuthor: ada\n\nText.\n");
    site.write("posts/nikola.md", "<!--\n.. title: nikola\n.. date: 2026-02-05\n.. author: ada\n-->\nText.\n");
    site.write(
        "posts/franklin.md",
        "@def title = \"franklin\"\n@def date = Date(2026, 2, 6)\n@def author = \"ada\"\n\nText.\n",
    );
    site.write("posts/beside/index.md", "Only text.\n");
    site.write("posts/beside/index.yml", "title: beside\ndate: 2026-02-07\nauthor: ada\n");
    site.write("posts/beside/data.json", "this is not read");
    site.write("_data/authors.yml", "ada:\n  name: Ada Quill\n  url: https://ada.example/\n");
    let run = site.run(NOW, &["posts", "--json"]).exits(0);
    let posts = run.json();
    let seen: Vec<_> =
        posts.as_array().unwrap().iter().map(|post| (text(&post["title"]), text(&post["status"]))).collect();
    let titles = ["beside", "franklin", "nikola", "header", "json", "toml", "yaml"];
    assert_eq!(seen, titles.map(|title| (title.to_owned(), "published".to_owned())));
    for post in posts.as_array().unwrap() {
        assert_eq!(text(&post["authors"][0]["name"]), "Ada Quill", "{post}");
        assert_eq!(post["diagnostics"].as_array().unwrap().len(), 0, "{post}");
    }
}

#[test]
fn text_files_are_posts_dated_by_their_file_only_when_the_owner_says_so() {
    let site = TestSite::new("outbox:outbox");
    site.write("posts/2026-02-01-rain.txt", "# Rain\n\nIt rained.\n");
    site.write("posts/fog.md", "---\ntitle: Fog\n---\nIt was grey.\n");
    let day = "2026-02-20T08:00:00Z".parse::<jiff::Timestamp>().unwrap();
    let file = std::fs::File::options().append(true).open(site.path().join("posts/fog.md")).unwrap();
    file.set_modified(day.into()).unwrap();
    let run = site.run(NOW, &["posts", "--json"]).exits(3);
    let posts = run.json();
    assert_eq!(posts.as_array().unwrap().len(), 1, "{posts}");
    assert_eq!((text(&posts[0]["path"]), text(&posts[0]["status"])), ("posts/fog.md".into(), "error".into()));

    let config = site.read("config.toml");
    site.write("config.toml", &format!("{config}[posts]\ntxt = true\ndate = \"mtime\"\n"));
    site.run(NOW, &["build"]).exits(0);
    let feed: serde_json::Value = serde_json::from_str(&site.read("public/feed.json")).unwrap();
    let seen: Vec<_> = feed["items"].as_array().unwrap().iter().map(|item| text(&item["title"])).collect();
    assert_eq!(seen, ["Fog", "Rain"]);
    assert_eq!(text(&feed["items"][0]["date_published"]), "2026-02-20T08:00:00+00:00");
}

#[test]
fn a_broken_file_beside_a_post_is_named_and_nothing_is_built() {
    let site = TestSite::new("outbox:outbox");
    site.write("posts/2026-02-01-a.md", "Only text.\n");
    site.write("posts/2026-02-01-a.yml", "title: [open\n");
    let run = site.run(NOW, &["build"]).exits(3);
    assert!(run.stderr.contains("posts/2026-02-01-a.yml:"), "{run:#?}");
    assert!(!site.file("public").exists());
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
