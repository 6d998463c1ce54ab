//! When a program of the configuration is started and a password is read: for sending, after the owner's word, and else never.

#![cfg(unix)]

use std::process::Command;

use crate::agreement::{NOW, READING, is_refused, preview, site};
use crate::site::{Run, TestSite};

/// A program for `sendmail:` that leaves a mark.
fn marking(site: &TestSite, name: &str) -> std::path::PathBuf {
    let mark = site.state().join("started");
    site.write_with_mode(name, &format!("#!/bin/sh\n/bin/cat > /dev/null\necho >> {}\n", mark.display()), 0o755);
    mark
}

#[test]
fn only_sending_starts_the_program_or_reads_the_password() {
    let (site, _outside) = site("sendmail:bin/send", "");
    let mark = marking(&site, "bin/send");
    // Were these read, it would be an error: there is no such variable, and a pipe is no password file.
    site.configure("mail", "password_env = \"NOT_SET\"");
    site.run(NOW, &["publish", "--to", "ada@example.org", "--yes"]).exits(0);
    assert_eq!(std::fs::read_to_string(&mark).unwrap().len(), 1);
    std::fs::remove_file(&mark).unwrap();
    for transport in ["sendmail:bin/send", "smtps://ada@127.0.0.1:9"] {
        site.edit("config.toml", "sendmail:bin/send", transport);
        for password in ["password_env = \"NOT_SET\"", "password_file = \"pipe\""] {
            site.edit("config.toml", "password_env = \"NOT_SET\"", password);
            if !site.file("pipe").exists() {
                assert!(Command::new("mkfifo").arg(site.file("pipe")).status().unwrap().success());
            }
            for command in READING {
                let run = site.run(NOW, command);
                assert!(!run.stderr.contains("password"), "{command:?}: {run:#?}");
            }
            assert_eq!(preview(&site).code, 0);
            if transport != "sendmail:bin/send" {
                let run = site.run(NOW, &["deliver", "--yes"]).exits(3);
                assert!(run.stderr.contains("password"), "{run:#?}");
            }
            site.edit("config.toml", password, "password_env = \"NOT_SET\"");
        }
    }
    assert!(!mark.exists());
}

#[test]
fn a_program_of_the_site_is_agreed_to_as_it_is() {
    let (site, _outside) = site("sendmail:bin/send", "");
    let mark = marking(&site, "bin/send");
    site.run(NOW, &["publish", "--to", "ada@example.org", "--yes"]).exits(0);
    site.run(NOW, &["publish", "--to", "ada@example.org"]).exits(0);
    let text = site.read("bin/send");
    site.write_with_mode("bin/send", &format!("{text}# changed\n"), 0o755);
    let run = site.run(NOW, &["publish", "--to", "ada@example.org"]);
    assert!(is_refused(&run) && run.stderr.contains("came with the site"), "{run:#?}");
    assert_eq!(std::fs::read_to_string(&mark).unwrap().len(), 2);
}

#[test]
fn a_program_without_a_path_is_named_by_its_path_and_started_there() {
    let (site, outside) = site("sendmail:sendit", "");
    let mark = marking(&site, "tools/sendit");
    let publish = |path: &str, more: &[&str]| {
        let mut command = site.command(NOW, &[&["publish", "--to", "ada@example.org"], more].concat());
        Run::new(&command.env("PATH", path).output().unwrap())
    };
    let tools = site.file("tools");
    let path = format!("{}:{}", outside.path().display(), tools.display());
    let run = publish(&path, &["--yes"]).exits(0);
    let shown = tools.canonicalize().unwrap().join("sendit");
    assert!(run.stderr.contains(&format!("start the program {}", shown.display())), "{run:#?}");
    assert!(mark.exists());
    publish(&path, &[]).exits(0);
    std::fs::copy(tools.join("sendit"), outside.path().join("sendit")).unwrap();
    assert!(is_refused(&publish(&path, &[])), "another one comes first in PATH");
    let run = publish("/nowhere", &["--yes"]).exits(1);
    assert!(run.stderr.contains("no such program in PATH: `sendit`"), "{run:#?}");
}

#[test]
fn a_password_file_is_one_line_that_only_its_owner_can_read() {
    let (site, _outside) = site("smtps://ada@127.0.0.1:9", "");
    site.configure("mail", "password_file = \"p\"");
    let publish = || site.run(NOW, &["publish", "--yes"]);
    let refused = |words: &str, cure: &str| {
        let run = publish().exits(3);
        assert!(run.stderr.contains(words) && run.stderr.contains(cure), "{words}: {run:#?}");
        assert!(!run.stderr.contains("geheim"), "{run:#?}");
    };
    refused("cannot be used: `p`", "chmod 600");
    for (mode, is_good) in
        [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false), (0o644, false)]
    {
        site.write_with_mode("p", "geheim", mode);
        if is_good {
            drop(publish().exits(1));
        } else {
            refused("others on this machine can read or change it", "`chmod 600 p`");
        }
        std::fs::remove_file(site.file("p")).unwrap();
    }
    let whole = "g".repeat(4_095) + "\n";
    for good in ["geheim\n", "geheim\r\n", " geheim and blanks ", &whole] {
        site.write_with_mode("p", good, 0o600);
        publish().exits(1);
    }
    for (bad, words) in [
        ("", "empty"),
        ("\n", "empty"),
        ("geheim\nanother\n", "more than one line"),
        ("geheim\n\n", "more than one line"),
        ("geheim\ranother", "more than one line"),
        ("geheim\0another", "null character"),
        (&("geheim".to_owned() + &whole), "larger than 4 KB"),
    ] {
        site.write_with_mode("p", bad, 0o600);
        refused(words, "password");
    }
    std::fs::write(site.file("p"), b"geheim\xff").unwrap();
    refused("no text", "one line");
    std::fs::remove_file(site.file("p")).unwrap();
    std::fs::create_dir(site.file("p")).unwrap();
    refused("it is no file", "name a file");
    std::fs::remove_dir(site.file("p")).unwrap();
    assert!(Command::new("mkfifo").arg(site.file("p")).status().unwrap().success());
    refused("it is no file", "name a file");
    site.edit("config.toml", "\"p\"", "\"/dev/zero\"");
    refused("it is no file", "name a file");
}
