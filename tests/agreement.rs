//! What a site that a stranger wrote may do before the owner of the machine has agreed: which command asks for what, and
//! what is not touched without an answer.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::site::{Run, TestSite};
use crate::tidy::files;

pub(crate) const NOW: &str = "2026-03-02T09:00:00Z";

/// Commands that read a site.
pub(crate) const READING: [&[&str]; 22] = [
    &["build"],
    &["build", "--check"],
    &["check"],
    &["publish", "--dry-run"],
    &["publish", "-n", "--to", "ada@example.org"],
    &["posts"],
    &["explain", "slow-rivers"],
    &["explain", "r1@reader.test"],
    &["feeds"],
    &["form"],
    &["ping"],
    &["inbox"],
    &["new", "Fast rivers"],
    &["status"],
    &["runs"],
    &["runs", "show"],
    &["runs", "cancel", "1"],
    &["subscribers", "list"],
    &["subscribers", "add", "r9@reader.test"],
    &["subscribers", "remove", "r1@reader.test"],
    &["dkim", "show"],
    &["dkim", "new", "--selector", "other"],
];

/// Commands that send.
pub(crate) const SENDING: [&[&str]; 4] =
    [&["publish"], &["publish", "--to", "ada@example.org"], &["deliver"], &["serve"]];

/// A site with a post and a reader, and a folder outside of it for which `OUTSIDE` stands in `config`.
pub(crate) fn site(transport: &str, config: &str) -> (TestSite, tempfile::TempDir) {
    let outside = tempfile::tempdir().unwrap();
    let there = |text: &str| text.replace("OUTSIDE", outside.path().to_str().unwrap());
    let site = TestSite::of_a_stranger("outbox:outbox");
    site.post("2026-03-01", "Slow rivers");
    site.readers(1);
    std::fs::copy(site.file("posts/2026-03-01-slow-rivers.md"), outside.path().join("2026-03-01-slow-rivers.md"))
        .unwrap();
    site.edit("config.toml", "outbox:outbox", &there(transport));
    let text = site.read("config.toml");
    site.write("config.toml", &(there(config) + &text));
    (site, outside)
}

/// True when a command was refused because nothing was agreed to.
pub(crate) fn is_refused(run: &Run) -> bool {
    let is_refused =
        run.stderr.contains("error: this site wants what you have not agreed to on this machine (`new-site`)");
    assert_eq!(is_refused, run.code == 5, "{run:#?}");
    assert!(!is_refused || run.stdout.is_empty(), "{run:#?}");
    is_refused
}

/// `tidings preview`, which ends when it is refused, and else when its address is known.
pub(crate) fn preview(site: &TestSite) -> Run {
    use std::io::{BufRead as _, BufReader};
    let mut child = site.start(NOW, &["preview", "--no-open"]);
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    if line.starts_with("http://") {
        child.kill().unwrap();
    }
    let mut run = crate::site::end_of(child);
    if !line.is_empty() {
        run.code = 0;
    }
    run
}

pub(crate) fn all_files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = tidings::files::Folder::new(folder).list("", &|_| true).unwrap();
    names.into_iter().map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap())).collect()
}

#[test]
fn nothing_is_read_or_written_outside_and_nothing_sent_without_a_word_of_the_owner() {
    // What the site wants; whether reading asks, and whether sending does.
    let table = [
        ("outbox:outbox", "", false, false),
        ("outbox:OUTSIDE", "", false, true),
        ("smtp://127.0.0.1:9", "", false, true),
        ("smtps://ada@127.0.0.1:9", "mail.password_env = 'HOME'\n", false, true),
        ("smtps://ada@127.0.0.1:9", "mail.password_file = 'OUTSIDE/p'\n", false, true),
        ("lmtp://127.0.0.1:9", "", false, true),
        #[cfg(unix)]
        ("lmtp:/no/socket", "", false, true),
        ("sendmail:", "", false, true),
        ("sendmail:bin/send", "", false, true),
        ("outbox:outbox", "mail.dkim.key_file = 'OUTSIDE/key.pem'\n", true, true),
        ("outbox:outbox", "posts.dir = 'OUTSIDE'\n", true, true),
        ("outbox:outbox", "feeds.dir = 'OUTSIDE/public'\n", true, true),
        ("outbox:outbox", "feeds.dir = '../public-of-the-test'\n", true, true),
        ("outbox:outbox", "feeds.dir = 'gone/../../public-of-the-test'\n", true, true),
        ("outbox:outbox", "store.url = 'sqlite:OUTSIDE/tidings.db'\n", true, true),
    ];
    for (transport, config, reading, sending) in table {
        // `[mail]` is a table of its own, in which the other settings of mail belong.
        let (before, inside) = if config.starts_with("mail.") { ("", config) } else { (config, "") };
        let (site, outside) = site(transport, before);
        if !inside.is_empty() {
            let inside = inside.replace("mail.", "").replace("OUTSIDE", outside.path().to_str().unwrap());
            site.configure("mail", &inside);
        }
        let (files, there) = (site.snapshot(&[]), all_files(outside.path()));
        let what = format!("{transport} {config}");
        for command in SENDING {
            if sending {
                assert!(is_refused(&site.run(NOW, command)), "{what}: {command:?}");
            }
        }
        if reading {
            for command in READING {
                assert!(is_refused(&site.run(NOW, command)), "{what}: {command:?}");
            }
            assert!(is_refused(&preview(&site)), "{what}");
        }
        assert_eq!(site.snapshot(&[]), files, "{what}");
        assert_eq!(all_files(outside.path()), there, "{what}");
        assert!(all_files(site.state()).is_empty(), "{what}");
        if !reading {
            assert!(!is_refused(&preview(&site)), "{what}");
            for command in READING {
                assert!(!is_refused(&site.run(NOW, command)), "{what}: {command:?}");
            }
        }
        if !sending {
            for command in SENDING {
                assert!(!is_refused(&site.run(NOW, command)), "{what}: {command:?}");
            }
        }
    }
}

#[test]
fn every_command_is_in_the_table() {
    let help = TestSite::new("outbox:outbox").run(NOW, &["--help"]).stdout;
    let list = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let commands = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let mut names: Vec<_> = commands.map(|line| line.split_whitespace().next().unwrap()).collect();
    // These read no site, `store` what was typed; the preview is run in its own way.
    names.retain(|name| !["help", "init", "store", "completions", "man", "preview"].contains(name));
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(READING.iter().chain(&SENDING).any(|command| command[0] == name), "{name} is not in the table");
    }
}

#[test]
fn commands_get_their_configuration_where_the_question_is_asked() {
    let sources = files("src/cli", ".rs");
    let knowing = sources.iter().filter(|(_, text)| text.contains("Site::config("));
    let paths: Vec<_> = knowing.map(|(path, _)| path.as_str()).collect();
    // `init` reads nothing that the settings of a site lead to.
    assert_eq!(paths, ["src/cli/agreement.rs", "src/cli/init/mod.rs"]);
}

#[test]
fn links_out_of_the_site_are_asked_about_too() {
    for name in ["posts", "public", "preview", "templates", ".tidings", "outbox"] {
        let (site, outside) = site("outbox:outbox", "");
        let _ = std::fs::remove_dir_all(site.file(name));
        symlink(outside.path(), site.file(name)).unwrap();
        let run = site.run(NOW, &["publish"]);
        assert!(is_refused(&run) && run.stderr.contains(outside.path().to_str().unwrap()), "{name}: {run:#?}");
        assert_eq!(all_files(outside.path()).len(), 1, "{name}");
        // A folder that is not there yet is none the less outside.
        std::fs::remove_file(site.file(name)).unwrap();
        symlink(outside.path().join("later"), site.file(name)).unwrap();
        assert!(is_refused(&site.run(NOW, &["publish"])), "{name}");
    }
}

#[test]
fn a_site_that_was_made_for_the_blog_around_it_may_read_that_blog_and_no_more() {
    for (is_link, refused) in [(false, false), (true, true)] {
        let blog = TestSite::of_a_stranger("outbox:outbox");
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::remove_file(blog.file("config.toml")).unwrap();
        blog.write("_config.yml", "title: Slow\nurl: https://example.org\n");
        if is_link {
            symlink(elsewhere.path(), blog.file("_posts")).unwrap();
        } else {
            blog.write("_posts/2026-03-01-slow.md", "---\ntitle: Slow\n---\n\nText.\n");
        }
        let init = blog.run(NOW, &["init", "newsletter"]).exits(0);
        assert!(init.stderr.contains("../_posts"), "{init:#?}");
        let run =
            |arguments: &[&str]| Run::new(&blog.command_at(&blog.file("newsletter"), NOW, arguments).output().unwrap());
        assert_eq!((is_refused(&run(&["posts"])), init.stderr.contains("agreed to")), (refused, !refused), "{init:#?}");
        let text = blog.read("newsletter/config.toml");
        blog.write("newsletter/config.toml", &text.replace("../_posts", "../.."));
        assert!(is_refused(&run(&["posts"])));
    }
}

#[test]
fn on_a_terminal_it_is_a_question_and_the_answer_is_no_unless_it_is_yes() {
    let (site, _outside) = site("smtp://127.0.0.1:9", "feeds.dir = 'OUTSIDE/public'\n");
    for answer in ["n\n", "\n", "\u{4}", "maybe\n"] {
        let Some(run) = site.on_a_terminal(NOW, &["publish"], answer) else { return };
        assert_eq!(run.code, 5, "{run:#?}");
        for words in [
            "port 9 (unencrypted on this machine)",
            "/public (`feeds.dir`)",
            "Do you agree? [y/N]",
            "you did not agree",
        ] {
            assert!(run.stdout.contains(words), "{words}: {run:#?}");
        }
    }
    assert!(all_files(site.state()).is_empty());
    let asked = |arguments: &[&str], answers: &str| {
        let run = site.on_a_terminal(NOW, arguments, answers).unwrap();
        (run.stdout.matches("Do you agree?").count(), run.stdout.matches("now? [y/N]").count(), run)
    };
    let (agreed, sent, run) = asked(&["build"], "y\n");
    assert!((agreed, sent) == (1, 0) && run.stdout.contains("created") && !run.stdout.contains("port 9"), "{run:#?}");
    let (agreed, sent, run) = asked(&["publish"], "y\nn\n");
    assert!((agreed, sent) == (1, 1) && run.stdout.contains("Nothing was sent"), "{run:#?}");
    let (agreed, sent, run) = asked(&["publish"], "n\n");
    assert!((agreed, sent) == (0, 1) && run.stdout.contains("Nothing was sent"), "{run:#?}");
    let (agreed, sent, run) = asked(&["posts"], "");
    assert!((agreed, sent) == (0, 0) && run.code == 0, "{run:#?}");
}

#[test]
fn nothing_in_the_question_can_pass_for_something_else() {
    let (site, _outside) = site("smtps://ada%0A%20%20-%20nothing%1B%5B2J%E2%80%AE@127.0.0.1:9", "");
    let run = site.run(NOW, &["publish"]);
    assert!(is_refused(&run), "{run:#?}");
    assert!(run.stderr.contains(r#"logged in as "ada\n  - nothing\u{1b}[2J\u{202e}" "#), "{run:#?}");
    assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']));
}
