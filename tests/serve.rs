//! `serve` over loopback: readers join, confirm, leave and come back; what only looks, and what is hostile, changes nothing.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::preview::{Answer, chromium};
use crate::site::TestSite;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A server that ends with the test.
pub(crate) struct Serve {
    pub(crate) child: Child,
    pub(crate) port: u16,
}

impl Serve {
    pub(crate) fn of(site: &TestSite, more: &str) -> Self {
        Self::start(site, Some("https://news.example.org"), more)
    }

    /// At an address of its own without a proxy, unless one is given. What is configured already stays, but for the port.
    pub(crate) fn start(site: &TestSite, url: Option<&str>, more: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = url.map_or_else(|| format!("http://127.0.0.1:{port}"), str::to_owned);
        let config = site.read("config.toml");
        let (before, section) = config.split_once("[web]\n").unwrap_or((&config, ""));
        let (section, after) = section.find("\n[").map_or((section, ""), |at| section.split_at(at + 1));
        let is_new = |line: &&str| !line.starts_with("url = ") && !line.starts_with("bind = ");
        let kept = section.lines().filter(is_new).filter(|line| !more.lines().any(|other| other == *line));
        let kept: String = kept.map(|line| format!("{line}\n")).collect();
        let web = format!("[web]\nurl = \"{url}\"\nbind = \"127.0.0.1:{port}\"\n{more}\n{kept}");
        site.write("config.toml", &format!("{before}{web}{after}"));
        Self::started(site, &url, port)
    }

    /// Starts one that was configured before.
    pub(crate) fn started(site: &TestSite, url: &str, port: u16) -> Self {
        // Forms take time, and links grow old: here time goes on.
        let mut command = site.command("", &["serve"]);
        let mut child =
            command.env_remove("TIDINGS_NOW").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let serve = Self { child, port };
        assert!(line == format!("{url}/\n"), "{line:?} {}", serve.end());
        serve
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: news.example.org\r\nconnection: close\r\n{headers}{length}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        // A body that is too long may be answered before it was written.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        Answer::read(&bytes)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, "", b"")
    }

    pub(crate) fn post(&self, path: &str, form: &str) -> Answer {
        self.request("POST", path, &format!("content-type: {FORM}\r\n"), form.as_bytes())
    }

    /// The page on which people subscribe, and its form as one fills it in.
    pub(crate) fn subscribe(&self, fields: &str, headers: &str) -> Answer {
        let time = between(&self.get("/").text(), "name=\"t\" value=\"", "\"");
        std::thread::sleep(Duration::from_millis(2_100));
        let form = format!("{fields}&t={time}");
        self.request("POST", "/subscribe", &format!("content-type: {FORM}\r\n{headers}"), form.as_bytes())
    }

    /// Ends it in order; what it has said.
    pub(crate) fn end(mut self) -> String {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        let (mut said, mut out) = (String::new(), self.child.stderr.take().unwrap());
        out.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success(), "{said}");
        said
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
pub(crate) fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0.to_owned()
}

pub(crate) fn now() -> String {
    tidings::clock::now().to_string()
}

/// Waits until the outbox has so many messages.
pub(crate) fn wait_for(site: &TestSite, messages: usize) {
    let start = Instant::now();
    while site.outbox().len() < messages {
        assert!(start.elapsed() < Duration::from_mins(1), "{:?}", site.outbox());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The path of a page of ours that a message links to.
pub(crate) fn link(site: &TestSite, message: &str, folder: &str) -> String {
    let text = site.read(&format!("outbox/{message}")).replace("\r\n ", "").replace("=\r\n", "").replace("\r\n", "\n");
    let rest = between(&(text + "\n"), &format!("https://news.example.org/{folder}/"), "\n");
    let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    format!("/{folder}/{token}")
}

pub(crate) fn readers(site: &TestSite) -> serde_json::Value {
    site.run(&now(), &["subscribers", "list", "--json"]).exits(0).json()
}

pub(crate) fn state_of(site: &TestSite, address: &str) -> String {
    let readers = readers(site).to_string();
    let all: Vec<serde_json::Value> = serde_json::from_str(&readers).unwrap();
    let found = all.iter().find(|reader| reader["address"] == address || reader["email"] == address);
    found.map_or("unknown".to_owned(), |reader| reader["status"].as_str().unwrap().to_owned())
}

/// A site with a post of yesterday.
pub(crate) fn site() -> TestSite {
    let site = TestSite::new("outbox:outbox");
    let yesterday = tidings::clock::now() - jiff::SignedDuration::from_hours(24);
    site.post(&yesterday.to_string()[..10], "Slow rivers");
    site.run(&now(), &["build"]).exits(0);
    site
}

#[test]
fn a_reader_joins_confirms_gets_an_issue_leaves_and_comes_back() {
    let site = site();
    let serve = Serve::of(&site, "");
    let asked = serve.subscribe("email=bob%40reader.test&name=Bob", "");
    assert!(asked.status == 200 && asked.text().contains("Look into your mailbox"), "{}", asked.text());
    wait_for(&site, 1);
    assert_eq!(state_of(&site, "bob@reader.test"), "pending");
    let confirm = link(&site, "letter-1-1.eml", "c");
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"] {
        serve.request(method, &confirm, "", b"");
    }
    assert_eq!(state_of(&site, "bob@reader.test"), "pending", "programs that follow links confirm nothing");
    assert!(serve.get(&confirm).text().contains("Do you want to get Four Minutes by e-mail?"));
    assert!(serve.post(&confirm, "").text().contains("You are subscribed"));
    assert!(serve.post(&confirm, "").text().contains("was confirmed before"));
    assert_eq!(state_of(&site, "bob@reader.test"), "confirmed");

    site.run(&now(), &["publish"]).exits(0);
    let leave = link(&site, "issue-1-00001.eml", "u");
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"] {
        serve.request(method, &leave, "purpose: prefetch\r\n", b"");
    }
    assert_eq!(state_of(&site, "bob@reader.test"), "confirmed", "programs that follow links unsubscribe no one");
    let boundary = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    for _ in 0..2 {
        for (kind, body) in [(FORM, "List-Unsubscribe=One-Click"), ("multipart/form-data; boundary=b", boundary)] {
            let left = serve.request("POST", &leave, &format!("content-type: {kind}\r\n"), body.as_bytes());
            assert!(left.status == 200 && !left.head.contains("set-cookie"), "{}", left.head);
        }
    }
    assert_eq!(state_of(&site, "bob@reader.test"), "unsubscribed");
    let page = serve.post(&leave, "").text();
    let undo = between(&page, "action=\"", "\"");
    assert!(undo.starts_with("/undo/") && serve.get(&undo).status == 200);
    assert_eq!(state_of(&site, "bob@reader.test"), "unsubscribed");
    assert!(serve.post(&undo, "").text().contains("You are subscribed again"));
    assert_eq!(state_of(&site, "bob@reader.test"), "confirmed");
    assert_eq!(serve.post(&undo, "").status, 410, "once");
    let said = serve.end();
    assert!(!said.contains("reader.test") && said.contains("Sent 1 letter."), "{said}");
}

#[test]
fn a_token_does_one_thing_and_a_wrong_one_finds_nothing() {
    let site = site();
    let serve = Serve::of(&site, "");
    serve.subscribe("email=bob%40reader.test", "");
    wait_for(&site, 1);
    let confirm = link(&site, "letter-1-1.eml", "c");
    let never = link(&site, "letter-1-1.eml", "n");
    let before = readers(&site);
    let (confirm_token, never_token) = (&confirm[3..], &never[3..]);
    let mut forged = confirm_token.to_owned();
    let last = if forged.pop() == Some('a') { 'q' } else { 'a' };
    forged.replace_range(3..4, if &forged[3..4] == "b" { "c" } else { "b" });
    forged.push(last);
    for folder in ["c", "u", "n", "p", "undo"] {
        for token in
            [confirm_token, never_token, &forged, "x", "%00", "..%2f..%2fconfig.toml", &"a".repeat(5_000), "%ff%fe"]
        {
            let is_own = (folder == "c" && token == confirm_token) || (folder == "n" && token == never_token);
            if is_own {
                continue;
            }
            let path = format!("/{folder}/{token}");
            for answer in [serve.get(&path), serve.post(&path, "")] {
                assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
                assert!(answer.status != 404 || answer.text().contains("There is nothing here"), "{path}");
            }
        }
    }
    assert_eq!(readers(&site), before);
    let test = format!("/u/{}", tidings::publish::TEST_TOKEN);
    assert_eq!(serve.post(&test, "List-Unsubscribe=One-Click").status, 200);
    assert!(serve.post(&never, "").text().contains("No letter comes"));
    assert_eq!(state_of(&site, "bob@reader.test"), "unsubscribed");
    serve.subscribe("email=bob%40reader.test", "");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(site.outbox().len(), 1, "whoever asks");
}

#[test]
fn what_is_hostile_is_refused_and_changes_nothing() {
    let site = site();
    let serve = Serve::of(&site, "");
    let before = site.snapshot(&[".tidings"]);
    for address in
        ["", "bob", "bob%40reader.test%0D%0ABcc%3A+x%40reader.test", "%3Cscript%3E%40x.y", "a%00%40reader.test"]
    {
        let answer = serve.subscribe(&format!("email={address}"), "");
        assert!(answer.status == 422 && !answer.text().contains("<script"), "{address}: {}", answer.status);
    }
    let long = vec![b'a'; 10 * 1024 * 1024];
    let answer = serve.request("POST", "/subscribe", &format!("content-type: {FORM}\r\n"), &long);
    assert_eq!(answer.status, 413);
    for path in [
        "/../config.toml",
        "/..%2fconfig.toml",
        "/feed.xml/../../config.toml",
        "/.tidings/tidings.db",
        "/config.toml",
        "//etc/passwd",
    ] {
        assert_eq!(serve.get(path).status, 404, "{path}");
    }
    // What people do not see.
    serve.subscribe("email=bot%40reader.test&website=x", "");
    // A form of another site knows no time: there is a page with a button in between.
    let answer = serve.post("/subscribe", "email=eve%40reader.test&name=%3Cb%3E");
    assert!(answer.status == 200 && answer.text().contains("One more click") && answer.text().contains("&lt;b&gt;"));
    let answer = serve.post("/subscribe", "email=bot%40reader.test&website=x");
    assert!(answer.text().contains("name=\"website\" value=\"x\""), "{}", answer.text());
    assert_eq!(readers(&site).as_array().map(Vec::len), Some(0));
    assert_eq!(site.snapshot(&[".tidings"]), before);
    // Who says little holds nothing up.
    let mut slow: Vec<_> = (0..50).map(|_| TcpStream::connect(("127.0.0.1", serve.port)).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"POST /subscribe HTTP/1.1\r\nhost: x\r\n").unwrap();
    }
    assert_eq!(serve.get("/health").text(), "ok\n");
    slow[0].set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut bytes = Vec::new();
    slow[0].read_to_end(&mut bytes).unwrap();
    assert!(bytes.is_empty() || bytes.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&bytes));
    assert!(!serve.end().contains("panicked"));
}

#[test]
fn pages_are_private_and_feeds_are_not() {
    let site = site();
    let serve = Serve::of(&site, "");
    for path in ["/", "/u/x", "/c/x"] {
        let answer = serve.get(path);
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex, nofollow, noarchive"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(!answer.head.contains("set-cookie") && !answer.text().contains("<script"));
    }
    for (name, kind) in [
        ("feed.xml", "application/rss+xml"),
        ("atom.xml", "application/atom+xml"),
        ("feed.json", "application/feed+json"),
    ] {
        let path = format!("/{name}");
        let feed = serve.get(&path);
        assert_eq!(feed.header("content-type"), format!("{kind}; charset=utf-8"));
        assert_eq!(feed.body, site.read_bytes(&format!("public/{name}")));
        let (etag, modified) = (feed.header("etag").to_owned(), feed.header("last-modified").to_owned());
        let known = |header: &str| serve.request("GET", &path, header, b"");
        assert_eq!(known(&format!("if-none-match: W/\"x\", {etag}\r\n")).status, 304);
        assert_eq!(known(&format!("if-modified-since: {modified}\r\n")).status, 304);
        assert_eq!(known("if-none-match: \"x\"\r\n").status, 200);
        let head = serve.request("HEAD", &path, "", b"");
        assert!(head.status == 200 && head.body.is_empty() && head.header("etag") == etag);
        let packed = serve.request("GET", &path, "accept-encoding: br, gzip\r\n", b"");
        assert_eq!(packed.header("content-encoding"), "gzip");
        assert_ne!(packed.header("etag"), etag);
        assert_eq!(serve.request("POST", &path, "", b"x").status, 405);
    }
    assert!(serve.get("/metrics").text().contains("tidings_subscribers"));
    assert_eq!(
        serve.request("GET", "/metrics", "x-forwarded-for: 192.0.2.1\r\n", b"").status,
        404,
        "only this machine"
    );
}

#[test]
fn a_burst_of_wishes_sends_no_more_letters_than_the_limits() {
    let site = site();
    let serve = Serve::of(&site, "letters_per_hour = 7\n");
    let time = between(&serve.get("/").text(), "name=\"t\" value=\"", "\"");
    std::thread::sleep(Duration::from_millis(2_100));
    let memory = |id: u32| {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0").trim().to_owned();
        line.split(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let before = memory(serve.child.id());
    let statuses = std::sync::Mutex::new(std::collections::BTreeMap::<u16, u64>::new());
    std::thread::scope(|scope| {
        for worker in 0..40 {
            let (serve, time, statuses) = (&serve, &time, &statuses);
            scope.spawn(move || {
                for n in 0..250 {
                    let body = format!("email=r{worker}-{n}%40reader.test&t={time}");
                    // Half of them from one network.
                    let from = if n % 2 == 0 { "192.0.2.1".to_owned() } else { format!("10.{worker}.{n}.1") };
                    let headers = format!("content-type: {FORM}\r\nx-forwarded-for: {from}\r\n");
                    let answer = serve.request("POST", "/subscribe", &headers, body.as_bytes());
                    *statuses.lock().unwrap().entry(answer.status).or_default() += 1;
                }
            });
        }
    });
    let statuses = statuses.into_inner().unwrap();
    assert!(statuses.keys().all(|status| [200, 429].contains(status)), "{statuses:?}");
    assert!(statuses[&429] >= 4_900, "{statuses:?}");
    wait_for(&site, 7);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(site.outbox().len(), 7);
    assert_eq!(readers(&site).as_array().map(Vec::len), Some(7), "nothing is kept of the others");
    let grown = memory(serve.child.id()).saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} KB more");
}

#[test]
fn a_reader_who_leaves_while_an_issue_goes_out_gets_no_copy() {
    let site = site();
    site.readers(6);
    site.configure("mail", "rate = \"1/s\"");
    site.run(&now(), &["publish", "--limit", "1"]).exits(4);
    let serve = Serve::of(&site, "");
    assert_eq!(serve.post(&leave_of(&site, 6), "List-Unsubscribe=One-Click").status, 200);
    wait_for(&site, 5);
    std::thread::sleep(Duration::from_secs(3));
    serve.end();
    let messages: Vec<_> = site.outbox().iter().map(|name| site.read(&format!("outbox/{name}"))).collect();
    assert_eq!(messages.len(), 5);
    assert!(!messages.iter().any(|message| message.contains("r6@reader.test")));
}

/// The address for leaving of the reader with this number.
pub(crate) fn leave_of(site: &TestSite, subscriber: i64) -> String {
    format!("/u/{}", tokens(site).of(subscriber))
}

/// The page of the preferences of this reader.
pub(crate) fn preferences_of(site: &TestSite, subscriber: i64) -> String {
    use tidings::email::{Grant, Purpose};
    let grant = Grant { purpose: Purpose::Preferences, subscriber, letter: 0, at: 0 };
    format!("/p/{}", tokens(site).make(grant))
}

/// The tokens of the site.
pub(crate) fn tokens(site: &TestSite) -> tidings::email::Tokens {
    let database = tidings::store::Database::File(site.file(".tidings/tidings.db"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let secret = runtime.block_on(async {
        let mut store = tidings::store::Store::open(&database).await.unwrap();
        let secret = store.secret().await.unwrap();
        store.close().await.unwrap();
        secret
    });
    tidings::email::Tokens::new(&secret)
}

#[test]
fn the_pages_work_in_a_browser_with_and_without_scripts() {
    let Some(chromium) = chromium() else { return };
    let site = site();
    site.configure("newsletter", "archive = true\nlists = { essays = \"Long essays\", notes = \"Short notes\" }");
    let serve = Serve::of(&site, "");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/serve.cjs");
    let address = format!("http://127.0.0.1:{}", serve.port);
    let run = Command::new("node").arg(script).args([chromium, &address]).arg(site.path()).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("done"), "{said}");
    for reader in ["light@reader.test", "dark@reader.test", "phone@reader.test"] {
        assert_eq!(state_of(&site, reader), "confirmed");
    }
}
