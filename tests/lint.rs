//! What `tidings check` says about feeds and about the next issue, and that publishing heeds it.

use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use tidings::feed::lint::lint;
use tidings::publish::{Site, own_feeds};

use crate::site::TestSite;

const NOW: &str = "2026-03-02T09:00:00Z";

fn codes(site: &TestSite, arguments: &[&str]) -> Vec<String> {
    let found = site.run(NOW, arguments).json()["diagnostics"].as_array().unwrap().clone();
    found.iter().map(|found| found["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn any_feed_can_be_checked_without_a_site() {
    let site = TestSite::new("outbox:outbox");
    site.post("2026-03-02", "One");
    site.run(NOW, &["build"]).exits(0);
    std::fs::remove_file(site.file("config.toml")).unwrap();
    let files = ["public/feed.xml", "public/atom.xml", "public/feed.json"].map(|file| site.file(file));
    let names: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let said = site.run(NOW, &["check", names[0], names[1], names[2]]).exits(0);
    assert_eq!(said.stdout, "0 errors, 0 warnings in 3 files\n");
    let broken = std::fs::read_to_string(&files[0]).unwrap().replacen("<link>https:", "<link>https :", 1);
    std::fs::write(&files[0], broken).unwrap();
    let said = site.run(NOW, &["check", names[0]]).exits(3);
    assert!(said.stdout.contains("[feed/address]") && said.stdout.contains("help: write a whole address"), "{said:#?}");
    site.run(NOW, &["check", "nowhere.xml"]).exits(1);
}

#[test]
fn a_language_that_the_posts_do_not_have_is_named() {
    let site = TestSite::new("outbox:outbox");
    for day in ["2026-03-01", "2026-03-02"] {
        site.post(day, "One");
        let post = format!("posts/{day}-one.md");
        let text = "八月的河水流得很慢，河边的一切也都很慢。狗在岸上睡觉，船在水里不动。\n";
        site.write(&post, &(site.read(&post) + "\n\n" + &text.repeat(5)));
    }
    let is_named = || codes(&site, &["check", "--json"]).contains(&"config/language".to_owned());
    assert!(is_named(), "it is English without a word");
    site.configure("site", "language = \"en-us\"");
    let said = site.run(NOW, &["check"]).exits(0);
    assert!(said.stdout.contains("`site.language` is `en-us`, and by their words 2 of the 2"), "{said:#?}");
    site.edit("config.toml", "\"en-us\"", "\"zh-TW\"");
    assert!(!is_named());
    site.edit("config.toml", "\"zh-TW\"", "\"en\"");
    for day in ["2026-03-01", "2026-03-02"] {
        site.edit(&format!("posts/{day}-one.md"), "title:", "lang: zh\ntitle:");
    }
    assert!(!is_named(), "the posts say it themselves");
}

#[test]
fn an_issue_that_would_be_cut_is_shown_but_does_not_leave() {
    let site = TestSite::new("outbox:outbox");
    site.configure("newsletter", "content = \"full\"");
    site.run(NOW, &["subscribers", "add", "reader@example.net"]).exits(0);
    site.post("2026-03-02", "One");
    let post = "posts/2026-03-02-one.md";
    let long = "A sentence of the kind that long posts have many of.\n\n".repeat(2500);
    site.write(post, &(site.read(post) + "\n\n" + &long));
    assert!(codes(&site, &["check", "--json"]).contains(&"mail/size".to_owned()));
    let refused = site.run(NOW, &["publish", "--yes"]).exits(3);
    assert!(refused.stderr.contains("newsletter.content"), "{refused:#?}");
    assert!(site.outbox().is_empty());
    site.run(NOW, &["publish", "--dry-run"]).exits(3);
    assert!(site.file("preview/issue-1.html").exists());
    site.edit("config.toml", "content = \"full\"", "content = \"auto\"");
    site.run(NOW, &["publish", "--yes"]).exits(0);
    assert_eq!(site.outbox().len(), 1);
}

#[test]
fn a_wrong_setting_does_not_hide_the_faults_of_posts() {
    let site = TestSite::new("outbox:outbox");
    site.configure("newsletter", "subscirbe = \"x\"");
    site.configure("theme", "width = 1");
    site.write("posts/2026-03-01-a.md", "---\ntitle: A\ndate: 2026-02-30\n---\n[b](gone.md)\n");
    site.write("posts/2026-03-02-b.md", "---\ntitle: B\ndate: 2026-03-02\n---\n[b](gone.md)\n");
    let found = codes(&site, &["check", "--json"]);
    for code in ["config/unknown-key", "config/type", "post/date", "post/link"] {
        assert!(found.iter().any(|found| found == code), "{code}: {found:?}");
    }
    site.edit("config.toml", "title", "tilte");
    let found = codes(&site, &["check", "--json"]);
    assert!(
        found.iter().all(|found| found.starts_with("config/")),
        "without a site nothing is known of posts: {found:?}"
    );
}

#[test]
fn a_picture_that_is_not_there_is_found_where_its_folder_is() {
    let site = TestSite::new("outbox:outbox");
    std::fs::create_dir_all(site.file("static/img")).unwrap();
    std::fs::write(site.file("static/img/here.png"), b"no picture, but a file").unwrap();
    let pictures = "![a](beside.png) ![b](/img/gone.png) ![c](/img/here.png) ![d](/elsewhere/of-the-theme.png) ![e](https://other.example/f.png)";
    site.write("posts/2026-03-02-b.md", &format!("---\ntitle: B\ndate: 2026-03-02\n---\n{pictures}\n"));
    let run = site.run(NOW, &["check", "--json"]).json();
    let messages: Vec<_> =
        run["diagnostics"].as_array().unwrap().iter().filter(|one| one["code"] == "post/picture").collect();
    let told: Vec<_> =
        messages.iter().map(|one| (one["message"].as_str().unwrap(), one["column"].as_u64().unwrap())).collect();
    let expected = [
        ("there is no picture `2026/03/02/b/beside.png` in this site", 6),
        ("there is no picture `img/gone.png` in this site", 28),
    ];
    assert_eq!(told, expected, "{run:#}");
}

#[test]
fn warnings_about_the_mail_count_when_asked_to() {
    let site = TestSite::new("outbox:outbox");
    site.edit("config.toml", "https://example.org", "https://blog.example.org");
    site.run(NOW, &["subscribers", "add", "reader@example.net"]).exits(0);
    site.post("2026-03-02", "One");
    assert_eq!(codes(&site, &["check", "--json"]), [""; 0]);
    let post = "posts/2026-03-02-one.md";
    site.write(post, &(site.read(post) + "\n\n[old](http://example.com/)\n"));
    assert_eq!(codes(&site, &["check", "--json"]), ["mail/http-link"]);
    site.run(NOW, &["publish", "--yes", "--strict"]).exits(3);
    assert!(site.outbox().is_empty());
    let sent = site.run(NOW, &["publish", "--yes"]).exits(0);
    assert!(sent.stderr.contains("not encrypted"), "{sent:#?}");
}

#[test]
fn a_title_about_escaping_is_no_mistake() {
    let site = TestSite::new("outbox:outbox");
    site.edit("config.toml", "https://example.org", "https://blog.example.org");
    let title = r"What \&amp; means";
    site.write(
        "posts/one.md",
        &format!("---\ntitle: \"{}\"\ndate: 2026-03-02\n---\nA sign.\n", title.replace('\\', "\\\\")),
    );
    assert!(codes(&site, &["check", "--json"]).is_empty());
    site.run(NOW, &["build"]).exits(0);
    assert!(site.read("public/feed.json").contains("\"title\": \"What &amp; means\""));
}

#[test]
fn every_feed_is_looked_at_and_no_archive_is_too_large() {
    let site = TestSite::new("outbox:outbox");
    site.edit("config.toml", "https://example.org", "https://blog.example.org");
    site.configure("feeds", "limit = 2\nby = [\"tags\"]\narchive = \"month\"");
    for day in 1..=4 {
        let (tag, words) = if day > 2 { ("short", 1) } else { ("long", 120_000) };
        let text = format!("---\ntitle: P{day}\ndate: 2026-02-0{day}\ntags: [{tag}]\n---\n{}\n", "word ".repeat(words));
        site.write(&format!("posts/{day}.md"), &text);
    }
    let found = site.run(NOW, &["check", "--json"]).json();
    let found = found["diagnostics"].as_array().unwrap();
    assert!(found.iter().all(|one| one["code"] == "feed/large"), "{found:?}");
    let files: Vec<_> = found.iter().map(|one| one["path"].as_str().unwrap()).collect();
    let long = ["atom.xml", "feed.json", "feed.xml"].map(|file| format!("public/tags/long/{file}"));
    assert_eq!(files, long, "neither the archive nor the feed of the newest");
}

/// Markdown and HTML as people write it, well and badly.
fn anything() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "<p>",
        "</p>",
        "<b>",
        "</div>",
        "<script>x</script>",
        "<img src=a.png>",
        "[a](b)",
        "[a](#c)",
        "![](../d.png)",
        "# e",
        "- f",
        "> g",
        "```\nh\n```",
        "| i | j |\n|---|---|\n| k | l |",
        "[^1]",
        "[^1]: m",
        "&amp;",
        "&#0;",
        "]]>",
        "<![CDATA[",
        "<iframe src=\"https://www.youtube.com/embed/x\"></iframe>",
        "<p style=\"tab-size: 4\" onclick=x>",
        "javascript:x",
        "<blink>",
        "<svg><path/></svg>",
        "<a href=\"//n.example/é ü\">",
        "\u{7}",
        "\u{85}",
        "\u{fffd}",
        "\u{feff}",
        "\r\n",
        "\n\n",
        " ",
    ]);
    let piece = prop_oneof![4 => pieces.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn our_own_feeds_are_clean_whatever_posts_say(title in anything(), tag in anything(), bodies in proptest::collection::vec(anything(), 1..3)) {
        let site = TestSite::new("outbox:outbox");
        for (number, body) in bodies.iter().enumerate() {
            let [title, tag] = [&title, &tag].map(|text| serde_json::to_string(text).unwrap());
            let post = format!("---\ntitle: {title}\ndate: 2026-02-0{}T10:20:30Z\ntags: [{tag}]\n---\n{body}", number + 1);
            site.write(&format!("posts/{number}.md"), &post);
        }
        let now = NOW.parse().unwrap();
        let opened = Site::open(site.path(), Site::config(site.path()).unwrap(), now).unwrap();
        for file in own_feeds(&opened, &mut Vec::new()).unwrap().iter().filter(|file| file.file_name != "feed.css") {
            let mut found = lint(&file.file_name, &file.bytes, now);
            // A title that shows `&amp;` or `</b>` on purpose cannot be told from one that was escaped twice: `check` knows who
            // wrote it.
            if opened.posts.iter().any(|post| post.title.contains(['&', '<'])) {
                found.retain(|finding| finding.code != "feed/markup" || file.file_name != "feed.json");
                found.retain(|finding| finding.code != "feed/escaped-twice");
            }
            prop_assert_eq!(&found, &[], "{}", String::from_utf8_lossy(&file.bytes));
        }
    }
}
