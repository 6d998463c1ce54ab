//! How long an answer to what a site wants counts, and for what.

#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::agreement::{NOW, READING, SENDING, all_files, is_refused, site};
use crate::site::{Run, TestSite};

#[test]
fn what_was_agreed_to_is_remembered_until_any_of_it_changes() {
    let start = "transport = \"smtps://ada@127.0.0.1:9\"\npassword_env = \"SMTP_PASSWORD\"\n";
    let agreed_to = |site: &TestSite, run: &mut dyn FnMut(&TestSite) -> Run| {
        site.edit("config.toml", "transport = \"outbox:outbox\"\n", start);
        assert!(is_refused(&run(site)));
        let run = site.run(NOW, &["publish", "--yes"]).exits(3);
        assert!(
            run.stderr.contains("port 9 (TLS), logged in as ada") && run.stderr.contains("SMTP_PASSWORD"),
            "{run:#?}"
        );
        assert!(run.stderr.contains("remembered in"), "{run:#?}");
    };
    let mut publish = |site: &TestSite| site.run(NOW, &["publish"]);
    for (old, new, shown) in [
        ("127.0.0.1:9", "127.0.0.2:9", "127.0.0.2"),
        ("127.0.0.1:9", "127.0.0.1:10", "port 10"),
        ("ada@127", "eve@127", "logged in as eve"),
        ("smtps://", "smtp://", "unencrypted"),
        ("SMTP_PASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"),
        ("password_env = \"SMTP_PASSWORD\"", "password_file = \"p\"", "the file"),
        ("smtps://ada@127.0.0.1:9", "sendmail:/bin/true", "/bin/true"),
        ("[mail]", "[feeds]\ndir = \"/tmp/public-of-the-test\"\n[mail]", "/tmp/public-of-the-test"),
    ] {
        let (site, _outside) = site("outbox:outbox", "");
        agreed_to(&site, &mut publish);
        for command in SENDING {
            assert!(!is_refused(&site.run(NOW, command)), "it was agreed to");
        }
        site.edit("config.toml", old, new);
        let run = publish(&site);
        assert!(is_refused(&run), "{new}: {run:#?}");
        let wish =
            run.stderr.split("; ").find(|wish| wish.contains(shown)).unwrap_or_else(|| panic!("{new}: {run:#?}"));
        let wish = wish.lines().next().unwrap_or_default().trim_end();
        assert!(wish.ends_with("(new)"), "{wish}");
        site.edit("config.toml", new, old);
        assert!(!is_refused(&publish(&site)), "{new}: the old answer still counts");
    }
}

#[test]
fn answers_to_two_questions_are_no_answer_to_a_third() {
    let (site, _outside) = site("smtps://ada@127.0.0.1:9", "");
    site.configure("mail", "password_env = \"ONE\"");
    site.run(NOW, &["publish", "--yes"]).exits(3);
    site.edit("config.toml", "127.0.0.1:9", "127.0.0.2:9");
    site.edit("config.toml", "\"ONE\"", "\"TWO\"");
    site.run(NOW, &["publish", "--yes"]).exits(3);
    site.edit("config.toml", "\"TWO\"", "\"ONE\"");
    let run = site.run(NOW, &["publish"]);
    assert!(is_refused(&run) && !run.stderr.contains("(new)"), "{run:#?}");
    site.edit("config.toml", "127.0.0.2:9", "127.0.0.1:9");
    assert!(!is_refused(&site.run(NOW, &["publish"])), "the first answer is not forgotten");
}

#[test]
fn an_answer_is_for_a_place_whatever_leads_to_it() {
    let (site, _outside) = site("smtp://127.0.0.1:9", "");
    site.run(NOW, &["publish", "--yes"]).exits(1);
    let copy = TestSite::of_a_stranger("outbox:outbox");
    for (name, bytes) in site.snapshot(&[]) {
        std::fs::create_dir_all(copy.file(&name).parent().unwrap()).unwrap();
        std::fs::write(copy.file(&name), bytes).unwrap();
    }
    let at = |place: &Path| Run::new(&site.command_at(place, NOW, &["publish"]).output().unwrap());
    assert!(is_refused(&at(copy.path())), "a copy is another site");
    let elsewhere = tempfile::tempdir().unwrap();
    for name in ["link", "moved"] {
        symlink(site.path(), elsewhere.path().join(name)).unwrap();
        assert!(!is_refused(&at(&elsewhere.path().join(name))));
    }
    let mut elsewhere = site.command(NOW, &["publish"]);
    elsewhere.env("XDG_STATE_HOME", copy.state());
    assert!(is_refused(&Run::new(&elsewhere.output().unwrap())), "another user or machine has not agreed");
}

#[test]
fn agreeing_to_read_is_not_agreeing_to_send_and_not_the_other_way_round_either() {
    let (site, _outside) = site("smtp://127.0.0.1:9", "feeds.dir = 'OUTSIDE/public'\n");
    site.run(NOW, &["build", "--yes"]).exits(0);
    for command in READING {
        assert!(!is_refused(&site.run(NOW, command)), "{command:?}");
    }
    assert!(is_refused(&site.run(NOW, &["publish"])));
    site.run(NOW, &["publish", "--dry-run", "--yes"]).exits(0);
    assert!(is_refused(&site.run(NOW, &["deliver"])), "a dry run agrees to what it does itself");
    site.run(NOW, &["deliver", "--yes"]).exits(0);
    assert!(!is_refused(&site.run(NOW, &["publish"])));
    // To send takes in what is read for it.
    std::fs::remove_dir_all(site.state().join("tidings/agreed")).unwrap();
    assert!(is_refused(&site.run(NOW, &["build"])));
    site.run(NOW, &["publish", "--yes"]).exits(1);
    site.run(NOW, &["build"]).exits(0);
}

#[test]
fn a_guard_that_is_let_pass_once_stands_again() {
    let (site, _outside) = site("smtp://127.0.0.1:9", "");
    for _ in 0..2 {
        assert!(!is_refused(&site.run(NOW, &["publish", "--allow", "new-site"])));
        assert!(!is_refused(&site.run(NOW, &["deliver", "--allow", "new-site"])));
        assert!(is_refused(&site.run(NOW, &["publish", "--allow", "no-start"])));
    }
}

/// The file in which answers for a site are.
fn remembered(site: &TestSite) -> std::path::PathBuf {
    let folder = site.state().join("tidings/agreed");
    let mut found = std::fs::read_dir(&folder).unwrap();
    let file = found.next().unwrap().unwrap().path();
    assert!(found.next().is_none());
    file
}

#[test]
fn a_damaged_memory_asks_again() {
    let (site, _outside) = site("smtp://127.0.0.1:9", "");
    let agree = || site.run(NOW, &["publish", "--yes"]).exits(1);
    agree();
    let file = remembered(&site);
    let good = std::fs::read_to_string(&file).unwrap();
    assert!(
        good.contains(site.path().canonicalize().unwrap().to_str().unwrap()),
        "people find the site's file: {good}"
    );
    let huge = format!("{}{good}", " ".repeat(2 << 20));
    for damaged in ["", "{", "[]", "{\"site\": 1, \"agreed\": [[]]}", &good[..good.len() / 2], &huge] {
        std::fs::write(&file, damaged).unwrap();
        assert!(is_refused(&site.run(NOW, &["publish"])), "{damaged:.80}");
        agree();
        assert!(!is_refused(&site.run(NOW, &["publish"])));
    }
    std::fs::remove_file(&file).unwrap();
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    assert!(is_refused(&site.run(NOW, &["publish"])), "a pipe is not waited for");
}

#[test]
fn the_memory_does_not_grow_without_bound() {
    let (site, _outside) = site("smtp://127.0.0.1:9", "");
    for port in 10..40 {
        site.edit("config.toml", &format!(":{}", port - 1), &format!(":{port}"));
        site.run(NOW, &["deliver", "--yes"]).exits(0);
    }
    let text = std::fs::read_to_string(remembered(&site)).unwrap();
    assert_eq!(text.matches("mail.transport").count(), 20, "{text}");
    assert!(!is_refused(&site.run(NOW, &["deliver"])));
    // One answer that is too long for it is not remembered, and not half.
    site.edit("config.toml", "smtp://", &format!("smtp://{}@", "u".repeat(70_000)));
    let run = site.run(NOW, &["deliver", "--yes"]);
    assert!(run.stderr.contains("too long"), "{:.400}", run.stderr);
    assert!(is_refused(&site.run(NOW, &["deliver"])));
}

#[test]
fn without_a_place_that_the_site_cannot_write_to_nothing_is_remembered() {
    let (site, outside) = site("smtp://127.0.0.1:9", "feeds.dir = 'OUTSIDE'\n");
    let run = |state: Option<&Path>, arguments: &[&str]| {
        let mut command = site.command(NOW, arguments);
        command.env_remove("XDG_STATE_HOME");
        if let Some(state) = state {
            command.env("XDG_STATE_HOME", state);
        }
        Run::new(&command.output().unwrap())
    };
    let inside = site.file("state");
    for state in [None, Some(inside.as_path()), Some(outside.path())] {
        for _ in 0..2 {
            let refused = run(state, &["build"]);
            assert!(is_refused(&refused) && refused.stderr.contains("XDG_STATE_HOME"), "{refused:#?}");
            let built = run(state, &["build", "--yes"]).exits(0);
            assert!(built.stderr.contains("agreed to for this run;"), "{built:#?}");
        }
        assert!(run(state, &["posts"]).exits(5).stderr.contains("XDG_STATE_HOME"));
    }
    assert!(!inside.exists() && !outside.path().join("tidings").exists());
    // A memory that comes with the site counts for nothing.
    site.run(NOW, &["publish", "--yes"]).exits(1);
    let own = remembered(&site);
    let planted = inside.join("tidings/agreed").join(own.file_name().unwrap());
    std::fs::create_dir_all(planted.parent().unwrap()).unwrap();
    std::fs::copy(own, &planted).unwrap();
    assert!(is_refused(&run(Some(&inside), &["publish"])));
}

#[test]
fn no_site_writes_into_the_memory_whatever_is_said() {
    for config in
        ["feeds.dir = 'STATE/tidings'", "feeds.dir = 'STATE/tidings/agreed'", "store.url = 'sqlite:STATE/tidings/a.db'"]
    {
        let (site, _outside) = site("outbox:outbox", "");
        let text = site.read("config.toml");
        site.write("config.toml", &format!("{}\n{text}", config.replace("STATE", site.state().to_str().unwrap())));
        for arguments in
            [&["build", "--yes"][..], &["publish", "--yes"], &["publish", "--allow", "new-site"], &["status"]]
        {
            let run = site.run(NOW, arguments).exits(5);
            assert!(run.stderr.contains("remembers"), "{run:#?}");
        }
        assert!(all_files(site.state()).is_empty());
    }
}
