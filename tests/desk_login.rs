//! The desk of `serve`: its owner comes in by a link in a letter, once; no one else does, and no other site gets anything out of it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use tidings::email::{Grant, Purpose};

use crate::preview::{Answer, chromium};
use crate::serve::{Serve, link, now, site, tokens, wait_for};
use crate::site::TestSite;

const DESK: &str = "desk = \"owner@home.example\"\n";
const COOKIE: &str = "__Secure-tidings-desk=";

/// Everything that the desk answers.
const PATHS: [&str; 12] = [
    "/desk/",
    "/desk/?view=readers&addresses=whole",
    "/desk/?view=issues",
    "/desk/issue",
    "/desk/entry",
    "/desk/kept/1.html",
    "/desk/kept/1.json",
    "/desk/picture?post=a&url=b",
    "/desk/message.eml",
    "/desk/feed/feed.xml",
    "/desk/delivery",
    "/desk/preview.js",
];

/// Asks for a link; the path of the page that it leads to. `letters` is how many there were before.
fn ask(serve: &Serve, site: &TestSite, letters: usize) -> String {
    let asked = serve.post("/desk/login", "");
    assert_eq!(asked.status, 200, "{}", asked.text());
    wait_for(site, letters + 1);
    link(site, &format!("letter-desk-{}.eml", letters + 1), "desk/in")
}

/// Presses the button of that page; the cookie.
fn enter(serve: &Serve, link: &str) -> String {
    let entered = serve.post(link, "");
    assert_eq!((entered.status, entered.header("location")), (303, "/desk/"), "{}", entered.text());
    // The helper for answers makes small letters of all.
    let cookie = entered.header("set-cookie");
    let attributes = "; path=/desk/; max-age=43200; httponly; samesite=strict; secure";
    let pass = cookie.strip_suffix(attributes).unwrap_or_else(|| panic!("{cookie}")).split_once('=').unwrap().1;
    format!("{COOKIE}{pass}")
}

fn get(serve: &Serve, path: &str, cookie: &str) -> Answer {
    serve.request("GET", path, &format!("cookie: {cookie}\r\n"), b"")
}

#[track_caller]
fn is_outside(answer: &Answer) {
    let text = answer.text();
    assert!(answer.status == 403 && text.contains("Send me a login link"), "{}: {text}", answer.status);
    assert!(!text.contains("reader.test") && !text.contains("owner@") && !text.contains("Slow rivers"), "{text}");
    assert!(!answer.head.contains("set-cookie"), "{}", answer.head);
}

#[test]
fn the_owner_comes_in_by_a_link_once_and_goes_out_again() {
    let site = site();
    site.readers(3);
    site.run(&now(), &["publish"]).exits(0);
    let serve = Serve::of(&site, DESK);
    assert_eq!(serve.get("/desk").header("location"), "/desk/");
    for path in PATHS {
        is_outside(&serve.get(path));
    }
    let sent = site.outbox().len();
    assert_eq!(serve.post("/desk/login", "").status, 200);
    wait_for(&site, sent + 1);
    let letter = site.read("outbox/letter-desk-1.eml");
    assert!(letter.contains("\r\nTo: owner@home.example\r\n") && letter.contains("Auto-Submitted"), "{letter}");
    let link = link(&site, "letter-desk-1.eml", "desk/in");
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
        let answer = serve.request(method, &link, "purpose: prefetch\r\n", b"");
        assert!(!answer.head.contains("set-cookie"), "{method}");
    }
    assert!(serve.get(&link).text().contains(">Log in</button>"));
    let cookie = enter(&serve, &link);
    let again = serve.post(&link, "");
    assert!(again.status == 410 && !again.head.contains("set-cookie"), "once: {}", again.text());

    let page = get(&serve, "/desk/", &cookie);
    assert_eq!(page.header("content-security-policy").split("; ").nth(1), Some("script-src 'self'"));
    assert_eq!(
        (page.header("cache-control"), page.header("x-robots-tag")),
        ("no-store", "noindex, nofollow, noarchive")
    );
    let text = page.text();
    assert!(page.status == 200 && text.contains("Slow rivers") && text.contains(">Log out</button>"), "{text}");
    assert!(!text.contains("Send me a test") && !text.contains("reader.test"), "{text}");
    assert!(!text.contains("href=\"/") && !text.contains("src=\"/"), "all is relative: {text}");
    for path in PATHS {
        let answer = get(&serve, path, &cookie);
        let wanted = if path.contains("picture") { 404 } else { 200 };
        assert_eq!(answer.status, wanted, "{path}: {}", answer.text());
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert!(path.contains("whole") || !answer.text().contains("reader.test"), "{path}");
        for method in ["POST", "PUT", "DELETE"] {
            let answer = serve.request(method, path, &format!("cookie: {cookie}\r\n"), b"x");
            assert!((400..500).contains(&answer.status), "{method} {path}: {}", answer.status);
        }
    }
    let readers = "/desk/?view=readers";
    assert!(get(&serve, readers, &cookie).text().contains("r***@reader.test"));
    assert!(get(&serve, &format!("{readers}&addresses=whole"), &cookie).text().contains("r1@reader.test"));
    let frame = get(&serve, "/desk/issue", &cookie);
    let policy = frame.header("content-security-policy");
    assert!(policy.contains("sandbox") && !policy.contains("script"), "{policy}");
    assert_eq!(get(&serve, "/desk/test", &cookie).status, 404, "nothing is sent from here");

    let out = serve.request("POST", "/desk/out", &format!("cookie: {cookie}\r\n"), b"");
    assert!(out.status == 303 && out.header("set-cookie").contains("=; path=/desk/; max-age=0;"), "{}", out.head);
    is_outside(&get(&serve, "/desk/", &cookie));
    let said = serve.end();
    let log = said.split_once("Answering at").unwrap().1;
    assert!(!log.contains("owner@") && log.contains("Sent a link to the desk.") && !log.contains("letters"), "{said}");
}

#[test]
fn what_is_forged_used_or_another_reader_s_lets_no_one_in() {
    let site = site();
    site.readers(1);
    let serve = Serve::of(&site, DESK);
    let link = ask(&serve, &site, 0);
    let token = |purpose, subscriber, letter, at: i64| {
        tokens(&site).make(Grant { purpose, subscriber, letter, at: u32::try_from(at).unwrap() })
    };
    let at = tokens(&site).read(link.rsplit('/').next().unwrap()).unwrap().at;
    for purpose in [Purpose::Leave, Purpose::Preferences, Purpose::Confirm, Purpose::Undo, Purpose::Never] {
        for subscriber in [0, 1] {
            let path = format!("/desk/in/{}", token(purpose, subscriber, 1, at.into()));
            assert_eq!((serve.get(&path).status, serve.post(&path, "").status), (404, 404), "{purpose:?}");
        }
    }
    for path in
        ["/desk/in/x", "/desk/in/%00", "/desk/in/..%2f..%2fconfig.toml", &format!("/desk/in/{}", "a".repeat(27))]
    {
        assert_eq!((serve.get(path).status, serve.post(path, "").status), (404, 404), "{path}");
    }
    // Only who has the secret makes these; they name no link that is open.
    for (letter, at) in [(2, at.into()), (1, i64::from(at) - 1), (1, 0), (1, u32::MAX.into())] {
        let path = format!("/desk/in/{}", token(Purpose::LogIn, 0, letter, at));
        let answer = serve.post(&path, "");
        assert!(answer.status == 410 && !answer.head.contains("set-cookie"), "{letter} {at}: {}", answer.status);
    }
    for path in [format!("/c/{}", &link[9..]), format!("/u/{}", &link[9..]), format!("/p/{}", &link[9..])] {
        assert_eq!(serve.post(&path, "").status, 404, "a link to the desk is for nothing else: {path}");
    }
    let cross = ["origin: https://evil.example\r\n", "origin: null\r\n", "sec-fetch-site: cross-site\r\n"];
    for header in cross {
        for path in ["/desk/login", &link, "/desk/out"] {
            let answer = serve.request("POST", path, header, b"x=1");
            assert!(answer.status == 403 && !answer.head.contains("set-cookie"), "{path} {header}");
        }
    }
    let own = serve.request("POST", &link, "origin: https://news.example.org\r\nsec-fetch-site: same-origin\r\n", b"");
    assert_eq!(own.status, 303, "it is still good: {}", own.text());
    let pass = "0123456789abcdef0123456789abcdef";
    for cookie in [
        format!("{COOKIE}{pass}"),
        format!("{COOKIE}{}", &link[9..]),
        COOKIE.to_owned(),
        format!("tidings-desk={pass}"),
        format!("{COOKIE}{}", "a".repeat(5_000)),
    ] {
        is_outside(&get(&serve, "/desk/?view=readers&addresses=whole", &cookie));
    }
    for path in ["/desk/../config.toml", "/desk/%2e%2e/config.toml", "/desk//etc/passwd", "/desk/kept/..%2ftidings.db"]
    {
        assert!(!serve.get(path).text().contains("[site]"), "{path}");
    }
    assert_eq!(site.outbox().len(), 1);
}

#[test]
fn a_session_outlives_the_server_and_a_new_key_ends_all() {
    let site = site();
    let serve = Serve::of(&site, DESK);
    let cookie = enter(&serve, &ask(&serve, &site, 0));
    let mut following = TcpStream::connect(("127.0.0.1", serve.port)).unwrap();
    write!(following, "GET /desk/events HTTP/1.1\r\nhost: news.example.org\r\ncookie: {cookie}\r\n\r\n").unwrap();
    let mut lines = BufReader::new(following).lines();
    assert!(lines.any(|line| line.unwrap() == "event: look"));
    let start = Instant::now();
    serve.end();
    assert!(start.elapsed() < Duration::from_secs(8), "an open page keeps it from stopping: {:?}", start.elapsed());
    let serve = Serve::of(&site, DESK);
    assert_eq!(get(&serve, "/desk/", &cookie).status, 200);
    site.run(&now(), &["store", "new-key"]).exits(0);
    is_outside(&get(&serve, "/desk/", &cookie));
    for letters in [1, 2] {
        ask(&serve, &site, letters);
    }
    let more = serve.post("/desk/login", "");
    assert!(more.status == 429 && more.text().contains("A few links were sent"), "{}", more.text());
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(site.outbox().len(), 3);
}

#[test]
fn there_is_no_desk_unless_the_site_and_its_owner_want_one() {
    let site = site();
    let serve = Serve::of(&site, "");
    for (method, path) in [("GET", "/desk/"), ("GET", "/desk"), ("POST", "/desk/login"), ("GET", "/desk/in/x")] {
        assert!((404..406).contains(&serve.request(method, path, "", b"").status), "{path}");
    }
    drop(serve);
    let stranger = TestSite::of_a_stranger("outbox:outbox");
    stranger.configure("web", &format!("url = \"https://news.example.org\"\nbind = \"127.0.0.1:0\"\n{DESK}"));
    let refused = stranger.run(&now(), &["serve"]).exits(5);
    assert!(
        refused.stderr.contains("mail of owner@home.example") && refused.stderr.contains("`web.desk`"),
        "{refused:?}"
    );
    assert!(!refused.stderr.contains("web.bind"), "only this machine reaches it: {refused:?}");
}

#[test]
fn a_strangers_site_answers_no_other_machine() {
    for bind in ["0.0.0.0:0", "[::]:0"] {
        let stranger = TestSite::of_a_stranger("outbox:outbox");
        stranger.configure("web", &format!("url = \"https://news.example.org\"\nbind = \"{bind}\"\n"));
        let refused = stranger.run(&now(), &["serve"]).exits(5);
        assert!(refused.stderr.contains(&format!("answer other machines at {bind} (`web.bind`)")), "{refused:?}");
    }
}

/// How many watches of files a process has.
fn watches(process: u32) -> usize {
    let all = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let is_watch = |entry: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_link(entry.ok()?.path()).ok().filter(|to| to.to_string_lossy().contains("inotify"))
    };
    all.filter_map(is_watch).count()
}

#[cfg(target_os = "linux")]
#[test]
fn the_site_is_watched_only_while_someone_looks() {
    let site = site();
    let serve = Serve::of(&site, DESK);
    let cookie = enter(&serve, &ask(&serve, &site, 0));
    serve.get("/desk/");
    assert_eq!(watches(serve.child.id()), 0, "no one is in");
    assert_eq!(get(&serve, "/desk/", &cookie).status, 200);
    assert_eq!(watches(serve.child.id()), 1);
    let start = Instant::now();
    while watches(serve.child.id()) > 0 {
        assert!(start.elapsed() < Duration::from_mins(2));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(get(&serve, "/desk/", &cookie).status, 200);
}

#[test]
fn the_owner_uses_the_desk_in_a_browser() {
    let Some(chromium) = chromium() else { return };
    let site = site();
    site.readers(3);
    site.run(&now(), &["publish"]).exits(0);
    let serve = Serve::start(&site, None, DESK);
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/desk.cjs");
    let address = format!("http://127.0.0.1:{}", serve.port);
    let run = Command::new("node").arg(script).args([chromium, &address]).arg(site.path()).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("done"), "{said}");
}
