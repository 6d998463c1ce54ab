//! A site that a stranger wrote, with links out of it, pipes, devices and names that lead elsewhere: nothing outside is
//! read or written, no command waits for ever, and what was found is named with its cure.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::site::{Run, TestSite};

const NOW: &str = "2026-03-02T09:00:00Z";

/// What stands outside and must be seen nowhere.
const MARK: &str = "5ecr3t-of-the-machine";

/// The width of the picture outside, which its feeds would tell.
const WIDTH: u32 = 1237;

/// A site with a post, and a folder beside it.
struct Ground {
    site: TestSite,
    outside: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        let site = TestSite::new("outbox:outbox");
        site.write("posts/2026-03-01-one.md", "---\ntitle: One\ndate: 2026-03-01\ntags: [calm]\n---\n\nAll is well.\n");
        site.configure("feeds", "by = \"tags\"\nhub = \"http://127.0.0.1:9/\"");
        let outside = tempfile::tempdir().unwrap();
        let ground = Self { site, outside };
        for (name, text) in [
            ("post.md", format!("---\ntitle: {MARK}\ndate: 2026-03-01\n---\n\n{MARK}\n")),
            ("keys.yml", format!("ada:\n  name: {MARK}\ntitle: {MARK}\n")),
            ("authors.yml", format!("ada:\n  name: {MARK}\n")),
            ("page.html", format!("<p>{MARK}</p>{{{{ subject }}}}")),
            ("config.toml", format!("[site]\ntitle = \"{MARK}\"\nurl = \"https://example.org\"\n")),
            ("feed.xml", format!("<rss version=\"2.0\"><channel><title>{MARK}</title></channel></rss>")),
            ("feeds.json", format!("{{\"files\":{{}},\"folders\":{{\"tags/{MARK}/\":\"calm\"}}}}")),
            ("note", "1".to_owned()),
            ("in/feed.xml", MARK.to_owned()),
            ("in/authors.yml", format!("ada:\n  name: {MARK}\n")),
        ] {
            let path = ground.out(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::fs::write(ground.out("in/a.png"), picture()).unwrap();
        ground
    }

    fn out(&self, name: &str) -> PathBuf {
        self.outside.path().join(name)
    }

    /// Puts a link to something outside into the site.
    fn link(&self, name: &str, to: &str) {
        self.link_to(name, &self.out(to));
    }

    fn link_to(&self, name: &str, to: &Path) {
        let path = self.site.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&path);
        symlink(to, path).unwrap();
    }

    fn pipe(&self, name: &str) {
        let path = self.site.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&path);
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    /// A file of this length that takes no room.
    fn sparse(&self, name: &str, start: &[u8], length: u64) {
        self.site.write(name, "");
        std::fs::write(self.site.file(name), start).unwrap();
        std::fs::File::options().write(true).open(self.site.file(name)).unwrap().set_len(length).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Run {
        run_under(&self.site, "022", arguments)
    }

    /// Everything outside: what it is, its bytes, and when it was written.
    fn outside(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>, i64, i64)> {
        let seen = |path: &Path| {
            let found = std::fs::symlink_metadata(path).unwrap();
            let bytes = if found.is_file() { std::fs::read(path).unwrap() } else { Vec::new() };
            (found.mode(), bytes, found.mtime(), found.mtime_nsec())
        };
        below(self.outside.path()).into_iter().map(|path| (path.clone(), seen(&path))).collect()
    }
}

fn picture() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH, 2);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&vec![9; 2 * WIDTH as usize]).unwrap();
    bytes
}

/// Every file and folder below a folder, with it; links are not followed.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    for item in std::fs::read_dir(folder).unwrap() {
        let item = item.unwrap();
        if item.file_type().unwrap().is_dir() {
            all.extend(below(&item.path()));
        } else {
            all.push(item.path());
        }
    }
    all
}

/// Runs a command under a umask. One that waits for ever ends with 124.
fn run_under(site: &TestSite, umask: &str, arguments: &[&str]) -> Run {
    let command = site.command(NOW, arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask $0; exec timeout 60 \"$@\"", umask]).arg(command.get_program()).args(command.get_args());
    shell.current_dir("/").env_clear().env("PATH", "/usr/bin:/bin").env("LEAK", MARK);
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(std::process::Stdio::null());
    Run::new(&shell.output().unwrap())
}

/// Fails unless nothing of what is outside was shown or written, and nothing outside has changed.
#[track_caller]
fn assert_kept_apart(ground: &Ground, before: &BTreeMap<PathBuf, (u32, Vec<u8>, i64, i64)>, run: &Run, what: &str) {
    assert_eq!(&ground.outside(), before, "{what}: {run:#?}");
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    let width = format!("width=\"{WIDTH}\"");
    for path in below(ground.site.path()) {
        if std::fs::symlink_metadata(&path).unwrap().is_file() && path.metadata().unwrap().len() < 1 << 24 {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!holds(&bytes, MARK) && !holds(&bytes, &width), "{what}: it is in {}", path.display());
        }
    }
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(MARK), "{what}: {run:#?}");
    }
}

type Row<'r> = (&'r str, &'r dyn Fn(&Ground), i32, &'r str);

/// Tries each of the rows with each of the commands: exit code, and words of the answer.
fn try_all(rows: &[Row<'_>], commands: &[&[&str]]) {
    for (what, put, code, words) in rows {
        for arguments in commands {
            let ground = Ground::new();
            put(&ground);
            let before = ground.outside();
            let run = ground.run(arguments);
            let what = format!("{what}, {arguments:?}");
            assert_eq!(run.code, *code, "{what}: {run:#?}");
            let said = format!("{}{}", run.stdout, run.stderr);
            for words in words.split(" | ") {
                assert!(said.contains(words), "{what}: {words:?} is missing: {said}");
            }
            assert_kept_apart(&ground, &before, &run, &what);
        }
    }
}

const READING: [&[&str]; 5] = [&["check"], &["build"], &["posts"], &["publish", "--dry-run"], &["publish"]];

const PUT_IT_THERE: &str = "put the file or folder itself in the place of the link";

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
            "templates/email/issue.txt | this has 4 GB, and a template may have at most 1 MB",
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

#[test]
fn no_feed_is_written_through_a_link() {
    let leads = "this link leads out of the site, to";
    let rows: &[Row<'_>] = &[
        (
            "a feed",
            &|g| g.link("public/feed.xml", "feed.xml"),
            3,
            &format!("public/feed.xml | {leads} | {PUT_IT_THERE}"),
        ),
        (
            "a feed that is not there",
            &|g| g.link("public/feed.xml", "gone.xml"),
            3,
            &format!("public/feed.xml | {leads}"),
        ),
        ("a folder of feeds", &|g| g.link("public/tags", "in"), 3, &format!("public/tags | {leads}")),
        ("a folder that is not there", &|g| g.link("public/tags", "gone"), 3, &format!("public/tags | {leads}")),
        ("the list", &|g| g.link(".tidings/feeds.json", "gone.json"), 3, &format!(".tidings/feeds.json | {leads}")),
        ("a pipe", &|g| g.pipe("public/atom.xml"), 3, "public/atom.xml | this is a pipe and no file"),
    ];
    try_all(rows, &[&["build"], &["publish"]]);
    let webp = |g: &Ground| {
        let mut bytes = Vec::new();
        let encoder = image_webp::WebPEncoder::new(&mut bytes);
        encoder.encode(&[7; 3 * 20 * 20], 20, 20, image_webp::ColorType::Rgb8).unwrap();
        g.site.write("static/a.webp", "");
        std::fs::write(g.site.file("static/a.webp"), bytes).unwrap();
        g.site.write("posts/2026-03-01-one.md", "---\ntitle: One\ndate: 2026-03-01\n---\n\n![A](/a.webp)\n");
    };
    let rows: &[Row<'_>] = &[(
        "pictures for mail",
        &|g| {
            webp(g);
            g.link("public/mail-images", "in");
        },
        3,
        &format!("public/mail-images | {leads}"),
    )];
    try_all(rows, &[&["build"], &["publish"]]);
}

#[test]
fn no_message_is_written_through_a_link() {
    let leads = "this link leads out of the site, to";
    let rows: &[Row<'_>] = &[
        ("a page", &|g| g.link("preview/issue-1.html", "gone"), 3, &format!("preview/issue-1.html | {leads}")),
        ("a message", &|g| g.link("preview/issue-1.eml", "post.md"), 3, &format!("preview/issue-1.eml | {leads}")),
        ("its folder", &|g| g.link("preview/outbox", "in"), 3, &format!("preview/outbox | {leads}")),
        ("a feed", &|g| g.link("preview/feed.xml", "feed.xml"), 3, &format!("preview/feed.xml | {leads}")),
    ];
    for row in rows {
        let (what, put, code, words) = *row;
        let with_readers = |g: &Ground| {
            g.site.readers(1);
            put(g);
        };
        try_all(&[(what, &with_readers, code, words)], &[&["publish", "--dry-run"]]);
    }
    let ground = Ground::new();
    ground.site.readers(1);
    ground.link("outbox/issue-1-00001.eml", "post.md");
    let before = ground.outside();
    let run = ground.run(&["publish", "--yes"]);
    assert!(run.code == 4 && run.stderr.contains("1 deferred") || run.stderr.contains("leads out"), "{run:#?}");
    assert_kept_apart(&ground, &before, &run, "a message in the outbox");
    assert!(std::fs::symlink_metadata(ground.site.file("outbox/issue-1-00001.eml")).unwrap().is_symlink());
}

#[test]
fn the_outbox_and_the_preview_clear_only_what_they_wrote() {
    let ground = Ground::new();
    ground.site.readers(1);
    let mine = [
        "outbox/.tidings-notes",
        "outbox/.tidings-mine.txt",
        "outbox/issue-1.md",
        "preview/issue-tracker.md",
        "preview/issues.txt",
        "preview/mail-images/tree.png",
        "preview/outbox/mine.eml",
    ];
    for name in mine {
        ground.site.write(name, "mine");
        let long_ago = std::time::SystemTime::now() - Duration::from_hours(24);
        std::fs::File::options().write(true).open(ground.site.file(name)).unwrap().set_modified(long_ago).unwrap();
    }
    ground.run(&["publish", "--dry-run"]).exits(0);
    ground.run(&["publish", "--yes"]).exits(0);
    for name in mine {
        assert_eq!(ground.site.read(name), "mine", "{name}");
    }
}

#[test]
fn the_database_is_not_led_out_of_the_site() {
    let leads = "this link leads out of the site, to";
    let built = |g: &Ground| drop(g.run(&["publish"]).exits(0));
    let rows: &[Row<'_>] = &[
        (
            "a database that is not there",
            &|g| g.link(".tidings/tidings.db", "gone.db"),
            3,
            &format!("tidings.db | {leads}"),
        ),
        ("another file", &|g| g.link(".tidings/tidings.db", "note"), 3, &format!("tidings.db | {leads}")),
        ("a pipe", &|g| g.pipe(".tidings/tidings.db"), 3, "tidings.db | this is a pipe and no file"),
        (
            "its log",
            &|g| {
                built(g);
                g.link(".tidings/tidings.db-wal", "gone.db");
            },
            3,
            &format!("tidings.db-wal | {leads}"),
        ),
        (
            "its shared memory",
            &|g| {
                built(g);
                g.link(".tidings/tidings.db-shm", "note");
            },
            3,
            &format!("tidings.db-shm | {leads}"),
        ),
        (
            "its journal, in the site",
            &|g| {
                built(g);
                g.link_to(".tidings/tidings.db-journal", Path::new("feeds.json"));
            },
            3,
            "tidings.db-journal | this is a link and no file",
        ),
    ];
    try_all(rows, &[&["publish"], &["deliver"], &["status"], &["subscribers", "add", "ada@example.org"]]);
}

#[test]
fn the_lock_never_takes_the_place_of_another_file() {
    let no_lock = "belongs to another program | move that file away";
    let readme = "# My site\n\nRead me.\n";
    let rows: &[Row<'_>] = &[
        (
            "a link to a file of the site",
            &|g| {
                g.site.write("README.md", readme);
                g.link_to(".tidings/tidings.db.lock", Path::new("../README.md"));
            },
            3,
            &format!("tidings.db.lock | {no_lock}"),
        ),
        ("a link out", &|g| g.link(".tidings/tidings.db.lock", "note"), 3, "tidings.db.lock"),
        ("a link to nothing", &|g| g.link(".tidings/tidings.db.lock", "gone"), 3, "tidings.db.lock"),
        ("a pipe", &|g| g.pipe(".tidings/tidings.db.lock"), 3, "tidings.db.lock"),
        (
            "the lock of an older version, led away",
            &|g| {
                g.site.write("README.md", readme);
                g.link_to(".tidings/tidings.lock", Path::new("../README.md"));
            },
            0,
            "",
        ),
        ("an older lock that is a pipe", &|g| g.pipe(".tidings/tidings.lock"), 0, ""),
        (
            "a database beside another program's lock",
            &|g| {
                g.site.write("Cargo.lock", readme);
                g.site.configure("store", "url = \"sqlite:Cargo.db\"");
            },
            0,
            "",
        ),
        (
            "a database whose lock is another program's",
            &|g| {
                g.site.write("Cargo.lock", readme);
                g.site.configure("store", "url = \"sqlite:Cargo\"");
            },
            3,
            &format!("Cargo.lock | {no_lock}"),
        ),
        (
            "a file that is no database",
            &|g| {
                g.site.write("README.md", &readme.repeat(9));
                g.site.configure("store", "url = \"sqlite:README.md\"");
            },
            3,
            "README.md",
        ),
    ];
    for row in rows {
        let kept = ["README.md", "Cargo.lock"];
        let (what, put, code, words) = *row;
        let ground = Ground::new();
        put(&ground);
        let read = |ground: &Ground| kept.map(|name| std::fs::read(ground.site.file(name)).ok());
        let (before, texts) = (ground.outside(), read(&ground));
        for arguments in [["publish"].as_slice(), &["deliver"]] {
            let run = ground.run(arguments);
            assert_eq!(run.code, code, "{what}: {run:#?}");
            for words in words.split(" | ") {
                assert!(run.stderr.contains(words), "{what}: {words:?} is missing: {run:#?}");
            }
            assert_kept_apart(&ground, &before, &run, what);
            assert_eq!(read(&ground), texts, "{what}");
        }
    }
}

#[test]
fn a_site_that_an_older_version_published_goes_on() {
    let ground = Ground::new();
    ground.site.readers(1);
    ground.run(&["publish", "--yes"]).exits(0);
    std::fs::rename(ground.site.file(".tidings/tidings.db.lock"), ground.site.file(".tidings/tidings.lock")).unwrap();
    ground.site.post("2026-03-02", "Two");
    let run = ground.run(&["publish", "--yes"]).exits(0);
    assert!(run.stderr.contains("Issue 2") && ground.site.outbox().len() == 2, "{run:#?}");
}

#[test]
fn the_database_of_another_program_stays_as_it_is_also_while_it_is_open() {
    let ground = Ground::new();
    ground.site.configure("store", "url = \"sqlite:other.db\"");
    let path = ground.site.file("other.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::{Connection as _, Executor as _};
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let options = options.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
        let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        other.execute("CREATE TABLE bookmarks (url TEXT)").await.unwrap();
        assert!(path.with_extension("db-wal").is_file());
        for command in [["publish"].as_slice(), &["status"], &["subscribers", "add", "ada@example.org"]] {
            let run = ground.run(command).exits(3);
            assert!(run.stderr.contains("this is the database of another program"), "{run:#?}");
        }
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_master").fetch_all(&mut other).await.unwrap();
        assert_eq!(tables, ["bookmarks"]);
    });
}

#[test]
fn new_files_are_not_made_through_links() {
    let ground = Ground::new();
    ground.link("posts/2026-03-02-two.md", "gone.md");
    let before = ground.outside();
    let run = ground.run(&["new", "Two"]).exits(3);
    assert!(run.stderr.contains("posts/2026-03-02-two.md") && run.stderr.contains("leads out of the site"), "{run:#?}");
    assert_kept_apart(&ground, &before, &run, "new");

    for (name, to) in [("fresh/config.toml", "gone.toml"), ("fresh/posts", "in"), ("fresh/.gitignore", "gone")] {
        let ground = Ground::new();
        ground.link(name, to);
        let before = ground.outside();
        let run = ground.run(&["init", "fresh"]).exits(3);
        let name = name.strip_prefix("fresh/").unwrap();
        assert!(run.stderr.contains(name) && run.stderr.contains("leads out of the site"), "{run:#?}");
        assert_kept_apart(&ground, &before, &run, "init");
    }

    let ground = Ground::new();
    ground.link(".tidings/dkim-tidings.pem", "gone.pem");
    let before = ground.outside();
    let run = ground.run(&["dkim", "new", "--ed25519", "--key-file", ".tidings/dkim-tidings.pem"]);
    assert_kept_apart(&ground, &before, &run, "dkim new");
    assert_ne!(run.code, 0, "{run:#?}");
}

#[test]
fn a_list_that_a_stranger_wrote_removes_nothing() {
    let ground = Ground::new();
    ground.run(&["build"]).exits(0);
    let site = &ground.site;
    let length = |path: &Path| std::fs::metadata(path).unwrap().len();
    let mine = "<rss version=\"2.0\"/>";
    for name in ["public/tags/mine/feed.xml", "public/mine.txt", "notes/feed.xml"] {
        site.write(name, mine);
    }
    ground.link("public/linked", "in");
    let far = ground.out("feed.xml").display().to_string();
    let up = "../".repeat(site.path().components().count());
    let here: BTreeMap<String, u64> = [
        ("public/tags/mine/feed.xml".to_owned(), mine.len() as u64),
        ("public/mine.txt".to_owned(), mine.len() as u64),
        ("public/../notes/feed.xml".to_owned(), mine.len() as u64),
        ("notes/feed.xml".to_owned(), mine.len() as u64),
        ("public/linked/feed.xml".to_owned(), MARK.len() as u64),
        (far.clone(), length(&ground.out("feed.xml"))),
        (format!("public/{up}{far}"), length(&ground.out("feed.xml"))),
        (format!("public{far}"), length(&ground.out("feed.xml"))),
        ("public/a\\..\\..\\feed.xml".to_owned(), 1),
        ("config.toml".to_owned(), length(&site.file("config.toml"))),
        ("posts/2026-03-01-one.md".to_owned(), length(&site.file("posts/2026-03-01-one.md"))),
    ]
    .into();
    let known: BTreeMap<&String, String> =
        here.keys().map(|name| (name, "99aa06d3014798d86001c324468d497f".to_owned())).collect();
    for list in [
        serde_json::json!({ "files": here }),
        serde_json::json!(here),
        serde_json::json!({ "files": known }),
        serde_json::json!({ "files": { "public/tags/mine/feed.xml": "" } }),
    ] {
        site.write(".tidings/feeds.json", &list.to_string());
        let (before, kept) =
            (ground.outside(), site.snapshot(&[".tidings", "public/tags/calm", "public/feed", "public/atom"]));
        let run = ground.run(&["build"]).exits(0);
        assert!(run.stderr.contains("public/tags/mine/feed.xml is no feed of this site any more"), "{run:#?}");
        assert_eq!(site.snapshot(&[".tidings", "public/tags/calm", "public/feed", "public/atom"]), kept);
        assert_kept_apart(&ground, &before, &run, "a list");
    }
    ground.sparse(".tidings/feeds.json", b"{", 1 << 32);
    let run = ground.run(&["build"]).exits(0);
    assert!(run.stderr.contains(".tidings/feeds.json cannot be read"), "{run:#?}");
    site.write(".tidings/feeds.json", "{\"files\": [[[[");
    let run = ground.run(&["build"]).exits(0);
    assert!(run.stderr.contains(".tidings/feeds.json cannot be read"), "{run:#?}");
}

#[test]
fn a_feed_that_was_edited_without_a_change_of_its_length_stays() {
    let ground = Ground::new();
    let site = &ground.site;
    ground.run(&["build"]).exits(0);
    site.edit("public/tags/calm/feed.xml", "All is well", "All is hell");
    site.edit("posts/2026-03-01-one.md", "calm", "rain");
    let run = ground.run(&["build"]).exits(0);
    assert!(
        run.stderr.contains("public/tags/calm/feed.xml is no feed of this site any more, and another program"),
        "{run:#?}"
    );
    assert!(site.file("public/tags/calm/feed.xml").is_file() && !site.file("public/tags/calm/atom.xml").exists());
}

#[test]
fn a_file_whose_length_alone_was_remembered_stays() {
    let ground = Ground::new();
    let site = &ground.site;
    ground.run(&["build"]).exits(0);
    let mut memory: serde_json::Value = serde_json::from_str(&site.read(".tidings/feeds.json")).unwrap();
    for (name, bytes) in memory["files"].as_object_mut().unwrap() {
        *bytes = std::fs::metadata(site.file(name)).unwrap().len().into();
    }
    site.write(".tidings/feeds.json", &memory.to_string());
    site.edit("posts/2026-03-01-one.md", "calm", "rain");
    let run = ground.run(&["build"]).exits(0);
    assert!(
        run.stderr.contains("public/tags/calm/feed.xml is no feed of this site any more, and an earlier"),
        "{run:#?}"
    );
    assert!(site.file("public/tags/calm/feed.xml").is_file());
    site.edit("posts/2026-03-01-one.md", "rain", "snow");
    let run = ground.run(&["build"]).exits(0);
    assert!(run.stderr.contains("removed   public/tags/rain/feed.xml"), "what this version wrote is known: {run:#?}");
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
    site.write("parts/footer.txt", &format!("Bye.\n{}", include_str!("../templates/email/footer.txt")));
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

/// The modes of everything below the site, by name.
fn modes(site: &TestSite) -> BTreeMap<String, u32> {
    let name = |path: &Path| path.strip_prefix(site.path()).unwrap().display().to_string();
    below(site.path()).iter().map(|path| (name(path), path.metadata().unwrap().permissions().mode() & 0o7777)).collect()
}

#[test]
fn files_and_folders_have_modes_of_their_own_whatever_the_umask_is() {
    for umask in ["000", "022", "077"] {
        let site = TestSite::new("outbox:outbox");
        let run = |arguments: &[&str]| run_under(&site, umask, arguments).exits(0);
        run(&["init", "fresh"]);
        run(&["new", "Draft"]);
        site.configure("feeds", "by = \"tags\"");
        site.write(
            "posts/2026-03-01-one.md",
            "---\ntitle: One\ndate: 2026-03-01\ntags: [calm]\n---\n\n![A](/a.webp)\n",
        );
        let mut webp = Vec::new();
        let encoder = image_webp::WebPEncoder::new(&mut webp);
        encoder.encode(&[7; 3 * 20 * 20], 20, 20, image_webp::ColorType::Rgb8).unwrap();
        site.write("static/a.webp", "");
        std::fs::write(site.file("static/a.webp"), webp).unwrap();
        run(&["dkim", "new", "--ed25519"]);
        run(&["subscribers", "add", "ada@reader.test"]);
        run(&["publish", "--dry-run"]);
        run(&["publish", "--yes", "--allow", "copied-database"]);
        let modes = modes(&site);
        let is_private = |name: &str| {
            name.starts_with(".tidings/") && !name.ends_with(".json")
                || name.contains("/issue-")
                || [".tidings", "outbox", "preview/outbox"].contains(&name)
        };
        let by_the_test = ["", "config.toml", "posts", "posts/2026-03-01-one.md", "static", "static/a.webp"];
        for (name, mode) in modes.iter().filter(|(name, _)| !by_the_test.contains(&name.as_str())) {
            let wanted = match (site.file(name).is_dir(), is_private(name)) {
                (true, true) => 0o700,
                (true, false) => 0o755,
                (false, true) => 0o600,
                (false, false) => 0o644,
            };
            assert_eq!(format!("{mode:o}"), format!("{wanted:o}"), "{name} under {umask}");
        }
        for name in [
            ".tidings/tidings.db",
            ".tidings/tidings.db.lock",
            ".tidings/dkim-tidings-ed25519.pem",
            ".tidings/feeds.json",
            "outbox/issue-1-00001.eml",
            "preview/issue-1.html",
            "preview/outbox/issue-1-00001.eml",
            "preview/feed.xml",
            "public/tags/calm/feed.xml",
            "fresh/posts/2026-03-02-hello.md",
            "posts/2026-03-02-draft.md",
        ] {
            assert!(modes.contains_key(name), "there is no {name}: {modes:?}");
        }
        assert!(modes.keys().any(|name| name.starts_with("public/mail-images/")), "{modes:?}");
    }
}

#[test]
fn what_would_take_minutes_is_answered_at_once() {
    let ground = Ground::new();
    ground.site.write(
        "posts/2026-03-01-one.md",
        "---\ntitle: One\ndate: 2026-03-01\n---\n\n![A](/a.jpg) ![B](/b.webp) ![C](/c.gif) ![D](/d.avif)\n",
    );
    ground.sparse("static/a.jpg", &[0xff, 0xd8, 0xff, 0xe0], 4 << 30);
    ground.sparse("static/c.gif", b"GIF89a", 4 << 30);
    ground.sparse("static/d.avif", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", 4 << 30);
    // One of 10,000 pixels in each direction, as a few bytes say.
    let sides = (9_999_u32 | 9_999 << 14).to_le_bytes();
    let webp = [b"RIFF\x20\x00\x00\x00WEBPVP8L\x13\x00\x00\x00\x2f".as_slice(), &sides, &[0; 15]].concat();
    ground.site.write("static/b.webp", "");
    std::fs::write(ground.site.file("static/b.webp"), webp).unwrap();
    ground.sparse("public/feed.xml", b"<rss/>", 4 << 30);
    ground.site.readers(1);
    for arguments in [["check"].as_slice(), &["build"], &["publish", "--dry-run"], &["explain", "one"]] {
        let begun = Instant::now();
        let run = ground.run(arguments).exits(0);
        // A program that is not optimised, on a machine with other things to do.
        assert!(begun.elapsed() < Duration::from_secs(5), "{arguments:?} took {:?}", begun.elapsed());
        if arguments != ["explain", "one"] {
            let said = format!("{}{}", run.stdout, run.stderr);
            assert!(said.contains("10000 × 10000 pixels, and at most 25 million are converted"), "{said}");
        }
    }
}
