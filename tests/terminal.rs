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

/// The program in a terminal of so many columns; what it prints there.
#[cfg(target_os = "linux")]
fn in_terminal(site: &TestSite, columns: usize, variable: (&str, &str), arguments: &str) -> Option<String> {
    let program = env!("CARGO_BIN_EXE_tidings");
    let line = format!("stty cols {columns}; exec {program} -C {} {arguments}", site.path().display());
    let mut command = site.command(NOW, &[]);
    let envs: Vec<_> =
        command.get_envs().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect();
    command = std::process::Command::new("script");
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().envs(envs).env("PATH", path).env("TERM", "xterm").env(variable.0, variable.1);
    let Ok(output) = command.args(["-qec", &line, "/dev/null"]).stdin(std::process::Stdio::null()).output() else {
        crate::site::missing("script");
        return None;
    };
    Some(String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n"))
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_has_colours_and_tables_as_wide_as_it_is() {
    use unicode_width::UnicodeWidthStr as _;
    let site = TestSite::new("outbox:outbox");
    let post = |title: &str, date: &str, more: &str| format!("---\ntitle: {title}\ndate: {date}\n{more}---\n\nText.\n");
    site.write("posts/a.md", &post("雨の降る町で、川はゆっくりと海へ流れていく", "2026-03-02", ""));
    site.write("posts/b.md", &post("Slow rivers and the patience of stones", "2026-03-01", "draft: true\n"));
    site.readers(1);
    let piped = site.run(NOW, &["posts"]).exits(0).stdout;
    assert!(!piped.contains('\u{1b}') && piped.lines().any(|line| line.width() > 80), "{piped}");
    for columns in [80, 40] {
        for arguments in ["posts", "publish --dry-run", "explain a"] {
            let Some(colored) = in_terminal(&site, columns, ("LANG", "C"), arguments) else { return };
            assert!(colored.contains("\u{1b}[32m"), "due is green: {colored:?}");
            let plain: Vec<&str> = colored.split('\u{1b}').collect();
            let plain: String = plain
                .iter()
                .enumerate()
                .map(|(at, part)| if at > 0 { part.split_once('m').unwrap().1 } else { part })
                .collect();
            let of_table = |line: &&str| {
                !["To send this", "plan for", "://", " goes to "].iter().any(|words| line.contains(words))
                    && !line.starts_with('雨')
            };
            let wide: Vec<_> = plain.lines().filter(of_table).filter(|line| line.width() > columns).collect();
            assert!(wide.is_empty(), "{arguments} in {columns}: {wide:?}");
            let same = in_terminal(&site, columns, ("NO_COLOR", "1"), arguments).unwrap();
            assert_eq!(same, plain, "without colours nothing else changes");
        }
    }
    let forced = site.command(NOW, &["posts"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(String::from_utf8(forced.stdout).unwrap().contains("\u{1b}[2mdraft"), "a draft is grey");
}

#[test]
fn a_failure_is_json_where_json_was_asked_for() {
    let site = TestSite::new("outbox:outbox");
    let error = |run: Run, code: i32| {
        assert!(run.stderr.starts_with("error: "), "people are told too: {run:?}");
        let error = run.exits(code).json()["error"].clone();
        assert_eq!(error["exit"], code);
        let first = &error["diagnostics"][0];
        assert_eq!(first["severity"], "error");
        (first["code"].as_str().unwrap().to_owned(), first["message"].as_str().unwrap().to_owned())
    };
    let unknown = error(site.run(NOW, &["explain", "nothing", "--json"]), 2);
    assert_eq!(unknown, ("usage".to_owned(), "this is not one post, nor an address: `nothing`".to_owned()));
    let typed = error(site.run(NOW, &["posts", "--json", "--jsno"]), 2);
    assert_eq!(typed, ("usage".to_owned(), "unexpected argument '--jsno' found".to_owned()));
    site.write("posts/a.md", "---\ntitle: A\ndate: 2026-03-01\n---\n\nText.\n");
    site.readers(1);
    // A plan that is refused is one document too.
    let refused = site.run(NOW, &["publish", "--dry-run", "--json", "--expect", "0123456789"]);
    assert_eq!(refused.json()["issue"]["number"], 1);
    assert_eq!(error(refused, 5).0, "guard");
    site.edit("config.toml", "title = ", "titel = 'x'\ntitle = ");
    for command in ["posts", "status", "build", "runs", "feeds"] {
        assert_eq!(error(site.run(NOW, &[command, "--json"]), 3).0, "config/unknown-key", "{command}");
    }
    assert_eq!(site.run(NOW, &["posts"]).stdout, "", "only where it was asked for");
}

#[test]
fn a_plan_is_expected_by_the_first_letters_of_its_digest() {
    let site = TestSite::new("outbox:outbox");
    site.write("posts/a.md", "---\ntitle: A\ndate: 2026-03-01\n---\n\nText.\n");
    site.readers(1);
    let digest = site.run(NOW, &["publish", "--dry-run", "--json"]).json()["digest"].as_str().unwrap().to_owned();
    let shown = site.run(NOW, &["publish", "--dry-run"]).stdout;
    assert!(digest.len() == 64 && shown.ends_with(&format!("--expect {}\n", &digest[..12])), "{shown}");
    let other = if digest.starts_with('0') { "1" } else { "0" }.repeat(12);
    for (expected, code) in [(&digest[..7], 5), (&*other, 5), ("", 5), (&digest[..8], 0)] {
        site.run(NOW, &["publish", "--yes", "--expect", expected]).exits(code);
    }
}

#[test]
fn the_address_that_was_typed_is_named() {
    let site = TestSite::new("outbox:outbox");
    site.write("posts/a.md", "---\ntitle: A\ndate: 2026-03-01\n---\n\nText.\n");
    let test = site.run(NOW, &["publish", "--yes", "--to", "ada@reader.test"]).exits(0);
    let said =
        "Sent issue 1 “A” to ada@reader.test as a test: written to outbox/test-issue-1.eml. Nothing is recorded.\n";
    assert!(test.stderr.ends_with(said), "{test:?}");
}

#[test]
fn a_test_that_may_have_arrived_is_not_said_to_have_failed() {
    let sink = crate::sink::Sink::start(std::time::Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.post("2026-03-01", "A");
    let test = site.run(NOW, &["publish", "--yes", "--to", "lost-it@reader.test"]).exits(4);
    assert!(test.stderr.contains("It is not known whether issue 1 reached lost-it@reader.test: "), "{test:?}");
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
