//! What is printed steers no terminal and fakes no line: names of files, titles, tags, settings and the words of servers hold
//! everything that could, and every command is asked for all of it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::site::{Run, TestSite};

const NOW: &str = "2026-03-02T09:00:00Z";
const LATER: &str = "2026-03-09T09:00:00Z";

/// What begins a command to a terminal, rings, turns the writing around, hides, and breaks lines.
const TRICKY: &str = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{2066}\u{200f}\u{61c}\u{200b}\u{e0041}\u{2028}\u{85}\u{7f}\r";

/// A line that looks like one of ours.
const FAKE: &str = "\nerror: fake\n";

/// In quotes as YAML, TOML and JSON read them.
fn quoted(text: &str) -> String {
    let units = |c: char| match u32::from(c) {
        code @ ..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    };
    let escaped: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == ' ' { c.to_string() } else { units(c) }).collect();
    format!("\"{escaped}\"")
}

#[track_caller]
fn is_harmless(run: &Run, what: &str) {
    for text in [&run.stdout, &run.stderr] {
        let tricky =
            text.chars().find(|c| (!c.is_ascii() && TRICKY.contains(*c)) || (c.is_control() && !"\n\t".contains(*c)));
        assert_eq!(tricky, None, "{what}: {text:?}");
        assert!(!text.lines().any(|line| line.trim() == "error: fake"), "{what}: {text}");
        assert!(!text.contains("secret-77") && !text.contains(&STANDARD.encode("secret-77")), "{what}: {text}");
    }
}

/// A mail server that gives each recipient another reply: what it was told, and what no terminal should see.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let mut told = String::new();
                let mut answer = "220 hello".to_owned();
                loop {
                    if stream.write_all(format!("{answer}\r\n").as_bytes()).is_err() {
                        return;
                    }
                    let Some(line) = lines.next() else { return };
                    answer = match line.split([' ', ':']).next().unwrap_or_default() {
                        "EHLO" => format!("250-{TRICKY}\r\n250 AUTH PLAIN"),
                        "AUTH" => {
                            told = line;
                            format!("235 hello {TRICKY}")
                        }
                        "RCPT" => format!("550-5.1.1 {TRICKY} {told}\r\n550 5.1.1 secret-77 error: fake"),
                        _ => "250 ok".to_owned(),
                    };
                }
            });
        }
    });
    port
}

fn site() -> TestSite {
    let site = TestSite::new(&format!("smtp://ada@127.0.0.1:{}", server()));
    let tricky = quoted(&format!("a{TRICKY}{FAKE}z"));
    site.configure("mail", "password_env = \"SMTP_PASSWORD\"");
    site.edit("config.toml", "title = \"Four Minutes\"", &format!("title = {tricky}\ndescription = {tricky}"));
    site.edit("config.toml", "author = \"Ada Quill\"", &format!("author = {tricky}"));
    site.configure("feeds", "by = [\"tags\", \"authors\"]");
    let post = |title: &str, more: &str| {
        format!(
            "---\ntitle: {title}\ntags: [{tricky}, river]\nauthor: {tricky}\ndate: 2026-03-01\n{more}---\n\nText.\n"
        )
    };
    site.write("posts/2026-03-01-slow-rivers.md", &post(&tricky, &format!("description: {tricky}\nslug: {tricky}\n")));
    site.write("posts/2026-02-01-late.md", &post(&tricky, "draft: perhaps\n"));
    site.write(
        &format!("posts/2026-03-01-a{TRICKY}{FAKE}z.md"),
        &post("Strange", &format!("slug: strange\nimage: {tricky}\n")),
    );
    site.write("posts/2026-01-02-links.md", &post("Links", ""));
    let body = format!("\n[a{TRICKY}](b{TRICKY}.md) ![x](c{TRICKY}.png) {TRICKY}\n");
    site.write("posts/2026-01-02-links.md", &(site.read("posts/2026-01-02-links.md") + &body));
    site
}

fn run(site: &TestSite, now: &str, arguments: &[&str]) -> Run {
    let output = site.command(now, arguments).env("SMTP_PASSWORD", "secret-77").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let run =
        Run { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) };
    is_harmless(&run, &format!("{arguments:?}"));
    run
}

#[cfg(unix)]
#[test]
fn no_command_prints_what_steers_a_terminal() {
    let site = site();
    site.write(&format!("posts/b{TRICKY}{FAKE}z.md"), &format!("---\ntitle: [a{TRICKY}\n---\n"));
    site.readers(2);
    let csv = site.file("readers.csv");
    std::fs::write(&csv, format!("email,name\n\"x{TRICKY}{FAKE}\",y\n")).unwrap();
    let tricky = format!("x{TRICKY}{FAKE}z");
    let csv = csv.to_str().unwrap();
    let all: [&[&str]; 34] = [
        &["check"],
        &["check", "--json"],
        &["posts"],
        &["-v", "posts"],
        &["posts", "--json"],
        &["build", "--check"],
        &["build"],
        &["build", "--json"],
        &["feeds"],
        &["feeds", "--json"],
        &["feeds", "--html"],
        &["feeds", &tricky],
        &["explain", "posts/2026-03-01-slow-rivers.md"],
        &["explain", "posts/2026-03-01-slow-rivers.md", "--json"],
        &["explain", &tricky],
        &["explain", "r1@reader.test"],
        &["publish", "--dry-run"],
        &["-v", "publish", "--dry-run"],
        &["publish", "--dry-run", "--json"],
        &["publish", "--include", &tricky],
        &["new", &tricky],
        &["subscribers", "import", csv],
        &["subscribers", "import", &tricky],
        &["subscribers", "add", &tricky],
        &["subscribers", "list"],
        &["subscribers", "export"],
        &["dkim", "new", "--domain", &tricky],
        &["check", &tricky],
        &["ping"],
        &["status"],
        &["--now", &tricky, "status"],
        &[&tricky],
        &["--color", &tricky, "status"],
        &["-C", &tricky, "check"],
    ];
    for arguments in all {
        run(&site, NOW, arguments);
    }
    // What is wrong stands in the report all the same.
    assert!(run(&site, NOW, &["check"]).stdout.contains("posts/b"));
    // In colours only the colours are ours.
    let colored = site.run(NOW, &["--color", "always", "check"]).stdout;
    assert!(
        colored.contains("\u{1b}[") && !colored.contains("\u{1b}]") && !colored.contains('\u{202e}'),
        "{colored:?}"
    );
}

#[cfg(unix)]
#[test]
fn what_a_server_says_is_recorded_and_shown_without_the_password() {
    let site = site();
    site.readers(2);
    let allow = ["--allow", "unclear-draft", "--allow", "too-many"];
    let sent = run(&site, NOW, &[&["publish"][..], &allow].concat());
    let test =
        run(&site, NOW, &["publish", "--to", "ada@news.example.org", "--include", "posts/2026-03-01-slow-rivers.md"]);
    let said = format!("{sent:?} {test:?}");
    for arguments in [
        &["runs"][..],
        &["runs", "--json"],
        &["runs", "show"],
        &["runs", "show", "--json"],
        &["explain", "r1@reader.test"],
        &["explain", "r1@reader.test", "--json"],
        &["status"],
        &["status", "--json"],
        &["deliver"],
    ] {
        run(&site, LATER, arguments);
    }
    let shown = run(&site, LATER, &["runs", "show"]).stdout;
    assert!(shown.contains("5.1.1") && shown.contains("***"), "{shown} {said}");
    for (name, bytes) in site.snapshot(&[]) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains("secret-77") && !text.contains("c2VjcmV0LTc3") && !text.contains("NlY3JldC03N"),
            "{name}"
        );
    }
}
