//! What leads out of a site is not read.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Ground, PUT_IT_THERE, READING, Row, WIDTH, picture, try_all};

#[test]
fn a_post_that_leads_out_is_an_error_of_every_command() {
    let leaves = format!("posts/two.md | this link leads out of the site, to | {PUT_IT_THERE}");
    let rows: &[Row<'_>] = &[
        ("an absolute link", &|g| g.link("posts/two.md", "post.md"), 3, &leaves),
        (
            "a relative link",
            &|g| {
                let up = "../".repeat(g.site.path().components().count() + 1);
                g.link_to("posts/two.md", Path::new(&format!("{up}{}", g.out("post.md").display())));
            },
            3,
            &leaves,
        ),
        (
            "a link to a link",
            &|g| {
                g.link("notes/there.md", "post.md");
                g.link_to("posts/two.md", Path::new("../notes/there.md"));
            },
            3,
            &leaves,
        ),
        ("the environment", &|g| g.link_to("posts/two.md", Path::new("/proc/self/environ")), 3, &leaves),
        ("a device", &|g| g.link_to("posts/two.md", Path::new("/dev/zero")), 3, &leaves),
        (
            "a file beside a post",
            &|g| g.link("posts/2026-03-01-one.yml", "keys.yml"),
            3,
            "posts/2026-03-01-one.yml | this link leads out of the site",
        ),
        ("the authors", &|g| g.link("authors.yml", "authors.yml"), 3, "authors.yml | this link leads out of the site"),
        ("a folder of data", &|g| g.link("data", "in"), 3, "data | this link leads out of the site, to"),
        (
            "the configuration",
            &|g| g.link("config.toml", "config.toml"),
            3,
            "config.toml | this link leads out of the site",
        ),
        (
            "a gigabyte",
            &|g| g.sparse("posts/two.md", b"---\ntitle: Two\ndate: 2026-03-01\n---\n", 1 << 30),
            3,
            "posts/two.md | this has 1 GB, and a post may have at most 32 MB | split it up",
        ),
        (
            "a hidden file of the site",
            &|g| {
                g.site.write(".env", "PASSWORD=x\n");
                g.link_to("posts/two.md", Path::new("../.env"));
            },
            3,
            "posts/two.md | a file that is not for readers | remove the link",
        ),
        (
            "a configuration that never ends",
            &|g| g.pipe("config.toml"),
            3,
            "config.toml | this is a pipe and no file | put an ordinary file in its place",
        ),
        ("authors that never end", &|g| g.pipe("authors.yml"), 3, "authors.yml | this is a pipe and no file"),
        ("a list that never ends", &|g| g.pipe(".tidings/feeds.json"), 3, ".tidings/feeds.json | this is a pipe"),
        ("a list elsewhere", &|g| g.link(".tidings/feeds.json", "feeds.json"), 3, ".tidings/feeds.json | leads out"),
    ];
    // `posts` has no need of the list of built files.
    let (lists, posts): (Vec<_>, Vec<_>) =
        rows.iter().copied().partition(|(_, _, _, words)| words.contains("feeds.json"));
    try_all(&posts, &READING);
    try_all(&lists, &READING.map(|command| if command == ["posts"] { &["feeds"] } else { command }));
}

#[test]
fn what_is_no_post_is_named_and_not_waited_for() {
    let rows: &[Row<'_>] = &[("a pipe", &|g| g.pipe("posts/two.md"), 0, "posts/two.md | no file at all")];
    try_all(rows, &READING);
}

#[test]
fn a_picture_that_leads_out_is_told_and_not_looked_at() {
    let show = |g: &Ground, what: &str| {
        g.site.write("posts/2026-03-01-one.md", &format!("---\ntitle: One\ndate: 2026-03-01\n{what}"));
    };
    let rows: &[Row<'_>] = &[
        (
            "a picture",
            &|g| {
                g.link("static/a.png", "in/a.png");
                show(g, "---\n\n![A](/a.png)\n");
            },
            0,
            "static/a.png | this link leads out of the site",
        ),
        (
            "a folder of pictures",
            &|g| {
                g.link("static", "in");
                show(g, "---\n\n![A](/a.png)\n");
            },
            0,
            "",
        ),
        (
            "a folder beside the post",
            &|g| {
                g.link("posts/pictures", "in");
                show(g, "---\n\n![A](../../../../pictures/a.png) ![B](pictures/a.png)\n");
            },
            0,
            "posts/pictures | link",
        ),
        (
            "a picture that mail would have a copy of",
            &|g| {
                g.link("static/a.webp", "in/a.png");
                show(g, "---\n\n![A](/a.webp)\n");
            },
            0,
            "static/a.webp | this link leads out of the site",
        ),
        (
            "sound",
            &|g| {
                g.link("static/a.mp3", "in/a.png");
                show(g, "audio: /a.mp3\n---\n\nListen.\n");
            },
            0,
            "static/a.mp3 | this link leads out of the site",
        ),
        (
            "a pipe",
            &|g| {
                g.pipe("static/a.png");
                show(g, "---\n\n![A](/a.png)\n");
            },
            0,
            "static/a.png | this is a pipe and no file",
        ),
    ];
    try_all(rows, &[&["check"], &["build"], &["publish", "--dry-run"], &["publish"]]);
}

#[test]
fn a_template_that_leads_out_is_an_error() {
    let rows: &[Row<'_>] = &[
        (
            "a template",
            &|g| g.link("templates/email/issue.html", "page.html"),
            3,
            "templates/email/issue.html | this link leads out of the site",
        ),
        (
            "what a template includes",
            &|g| {
                g.link("templates/email/own.html", "page.html");
                g.site.write("templates/email/footer.html", "{% include \"email/own.html\" %}");
            },
            3,
            "templates/email/own.html | this link leads out of the site",
        ),
        (
            "a folder of templates",
            &|g| g.link("templates/email", "in"),
            3,
            "templates/email | this link leads out of the site",
        ),
        ("a pipe", &|g| g.pipe("templates/email/issue.txt"), 3, "templates/email/issue.txt | this is a pipe"),
        (
            "a very large one",
            &|g| g.sparse("templates/email/issue.txt", b"", 1 << 32),
            3,
            "templates/email/issue.txt | this has 4 GB, and a template may have at most 64 KB",
        ),
    ];
    try_all(rows, &[&["check"], &["publish", "--dry-run"], &["publish"]]);
}

#[test]
fn secrets_and_memories_that_lead_out_are_errors() {
    let dkim = |g: &Ground| g.site.configure("mail.dkim", "domain = \"news.example.org\"");
    let key = "the key for signing mail | .tidings/dkim-tidings.pem";
    let rows: &[Row<'_>] = &[
        (
            "a key",
            &|g| {
                dkim(g);
                std::fs::set_permissions(g.out("post.md"), std::fs::Permissions::from_mode(0o600)).unwrap();
                g.link(".tidings/dkim-tidings.pem", "post.md");
            },
            3,
            key,
        ),
        (
            "a key that never ends",
            &|g| {
                dkim(g);
                g.pipe(".tidings/dkim-tidings.pem");
            },
            3,
            ".tidings/dkim-tidings.pem | this is a pipe and no file",
        ),
    ];
    // The key's own file is what the configuration names, and the owner is asked about that; it is read, and is no key.
    let first = [(rows[0].0, rows[0].1, 3, "cannot sign mail")];
    try_all(&first, &[&["publish", "--dry-run"]]);
    try_all(&rows[1..], &[&["check"], &["publish", "--dry-run"], &["publish"], &["dkim", "show"]]);
    let rows: &[Row<'_>] = &[
        (
            "what hubs were told",
            &|g| {
                g.run(&["build"]).exits(0);
                g.link(".tidings/pings.json", "feeds.json");
            },
            3,
            ".tidings/pings.json | this link leads out of the site",
        ),
        (
            "a pipe",
            &|g| {
                g.run(&["build"]).exits(0);
                g.pipe(".tidings/pings.json");
            },
            3,
            ".tidings/pings.json | this is a pipe and no file",
        ),
    ];
    try_all(rows, &[&["ping"], &["ping", "--dry-run"]]);
    let rows: &[Row<'_>] = &[(
        "a password that never ends",
        &|g| {
            g.site.edit("config.toml", "outbox:outbox", "smtp://ada@127.0.0.1:9");
            g.site.configure("mail", "password_file = \"password\"");
            g.pipe("password");
        },
        3,
        "`password`: it is no file",
    )];
    try_all(rows, &[&["publish"], &["deliver"]]);
}

/// A message names its reader: no link within the site makes a post of it, wherever mail goes now.
#[test]
fn a_message_is_never_a_post() {
    let ground = Ground::new();
    let site = &ground.site;
    site.readers(1);
    ground.run(&["publish", "--dry-run"]).exits(0);
    ground.run(&["publish"]).exits(0);
    let sent = site.outbox().remove(0);
    std::fs::create_dir(site.file("old")).unwrap();
    std::fs::copy(site.file(&format!("outbox/{sent}")), site.file("old/message.eml")).unwrap();
    site.edit("config.toml", "outbox:outbox", "smtp://127.0.0.1:9");
    for to in ["preview/outbox/issue-1-00001.eml", &format!("outbox/{sent}"), "old/message.eml"] {
        assert!(site.file(to).is_file(), "{to}");
        ground.link_to("posts/2026-03-02-leak.md", &site.file(to));
        site.write("posts/2026-03-02-leak.yml", "title: A walk\ndate: 2026-03-02\n");
        let run = ground.run(&["build"]).exits(3);
        assert!(run.stderr.contains("posts/2026-03-02-leak.md") && run.stderr.contains("not for readers"), "{run:#?}");
        std::fs::remove_file(site.file("posts/2026-03-02-leak.md")).unwrap();
    }
}

#[test]
fn a_link_that_stays_inside_works() {
    let ground = Ground::new();
    let site = &ground.site;
    for folder in ["posts", "templates/email", "static", "public", ".tidings"] {
        let real = format!("real/{}", folder.trim_start_matches('.'));
        std::fs::create_dir_all(site.file(&real)).unwrap();
        if site.file(folder).exists() {
            std::fs::remove_dir_all(site.file(&real)).unwrap();
            std::fs::rename(site.file(folder), site.file(&real)).unwrap();
        }
        ground.link_to(folder, &site.file(&real));
    }
    site.write("drafts/two.md", "---\ntitle: Two\ndate: 2026-03-01\n---\n\n![A](/a.png)\n");
    ground.link_to("posts/two.md", Path::new("../../drafts/two.md"));
    site.write("drafts/three.md", "---\ntitle: Three\ndate: 2026-03-01\n---\n\nThree is linked.\n");
    ground.link_to("posts/three.md", &site.file("drafts/three.md"));
    site.write("pictures/b.png", "");
    std::fs::write(site.file("pictures/b.png"), picture()).unwrap();
    ground.link_to("static/a.png", &site.file("pictures/b.png"));
    site.write("parts/footer.txt", &format!("Bye.\n{}", include_str!("../../templates/email/footer.txt")));
    ground.link_to("templates/email/footer.txt", Path::new("../../../parts/footer.txt"));
    ground.link_to("public/feed.xml", &site.file("old.xml"));
    site.readers(1);
    let run = ground.run(&["build"]).exits(0);
    let feed = site.read("real/public/feed.xml");
    assert!(feed.contains("Three is linked") && feed.contains(&format!("width=\"{WIDTH}\"")), "{run:#?}\n{feed}");
    assert!(!site.file("old.xml").exists(), "the link was replaced");
    ground.run(&["publish", "--dry-run"]).exits(0);
    assert!(site.read("preview/issue-1.txt").contains("Bye."));
    ground.run(&["publish", "--yes"]).exits(0);
    assert!(site.file("real/tidings/tidings.db.lock").is_file() && site.outbox().len() == 1);
    assert!(!ground.run(&["check"]).stdout.contains("file/"));
}
