//! The preview over HTTP and in a browser: shows what publishing would do, answers only its owner, and changes nothing.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;

use crate::sink::Sink;
use crate::site::{TestSite, missing};

pub(crate) const NOW: &str = "2026-03-02T09:00:00Z";

/// A preview that ends with the test.
pub(crate) struct Preview {
    pub(crate) child: Child,
    pub(crate) port: u16,
    /// What the address holds that was printed.
    pub(crate) token: String,
    /// What the first request was answered with.
    pub(crate) cookie: String,
}

impl Preview {
    pub(crate) fn of(site: &TestSite) -> Self {
        Self::at(site.start(NOW, &["preview", "--no-open"]))
    }

    /// One by the clock of this machine.
    pub(crate) fn by_the_clock(site: &TestSite) -> Self {
        let mut command = site.command("", &["preview", "--no-open"]);
        Self::at(command.env_remove("TIDINGS_NOW").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    fn at(mut child: Child) -> Self {
        let mut address = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
        let parts = address.trim().strip_prefix("http://127.0.0.1:").and_then(|rest| rest.split_once("/?token="));
        let (port, token) = parts.unwrap_or_else(|| panic!("no address: {address:?}"));
        let mut preview =
            Self { child, port: port.parse().unwrap(), token: token.to_owned(), cookie: "none".to_owned() };
        let answer = preview.get(&format!("/?token={token}"));
        assert_eq!((answer.status, answer.header("location")), (303, "/"), "{}", answer.head);
        answer.header("set-cookie").split(';').next().unwrap().clone_into(&mut preview.cookie);
        preview
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let own = format!("127.0.0.1:{}", self.port);
        let host = headers.iter().find(|(name, _)| *name == "host").map_or(&*own, |(_, value)| value);
        let cookie = headers.iter().find(|(name, _)| *name == "cookie").map_or(&*self.cookie, |(_, value)| value);
        // Addresses in the page are relative to it.
        let path = path.strip_prefix("./").map_or_else(|| path.to_owned(), |rest| format!("/{rest}"));
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncookie: {cookie}\r\n");
        for (name, value) in headers.iter().filter(|(name, _)| !["host", "cookie"].contains(name)) {
            text += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            text += &format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n", body.len());
        }
        stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::read(&bytes)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], "")
    }

    /// The page as it is when it is opened now.
    pub(crate) fn page(&self, path: &str) -> String {
        let answer = self.request("GET", path, &[("sec-fetch-mode", "navigate")], "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    /// The hidden fields of the form that sends a test, and the address it goes to.
    pub(crate) fn form(&self) -> (String, String, String) {
        let page = self.page("/?view=test");
        let value = |name: &str| between(&page, &format!("name=\"{name}\" value=\""), "\"");
        (value("token"), value("digest"), between(&page, "<form method=\"post\" action=\"", "\""))
    }

    pub(crate) fn events(&self) -> Events {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let head = format!("GET /events HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncookie: {}\r\n\r\n", self.port, self.cookie);
        stream.write_all(head.as_bytes()).unwrap();
        Events(BufReader::new(stream))
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_lowercase(), body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }
}

/// What the page is told.
pub(crate) struct Events(BufReader<TcpStream>);

impl Events {
    /// Waits for the next one, and returns its number.
    fn next(&mut self) -> u64 {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream of events has ended");
            if let Some(number) = line.trim().strip_prefix("data: ") {
                return number.parse().unwrap();
            }
        }
    }
}

#[track_caller]
fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0.to_owned()
}

const VIEWS: [&str; 7] =
    ["/", "/?view=text", "/?view=source", "/?view=plan", "/?view=findings", "/?view=feeds", "/?view=test"];

#[test]
fn only_a_browser_that_was_sent_here_is_answered() {
    let site = TestSite::new("outbox:outbox");
    site.post("2026-03-01", "Slow rivers");
    let preview = Preview::of(&site);
    for headers in [[("host", "evil.example")], [("origin", "https://evil.example")], [("origin", "null")]] {
        for (method, path) in [("GET", "/"), ("GET", "/message.eml"), ("GET", "/events"), ("POST", "/test")] {
            let answer = preview.request(method, path, &headers, "");
            assert_eq!(answer.status, 421, "{headers:?} {path}");
            assert!(!answer.text().contains("Slow rivers"));
        }
    }
    let other = TcpStream::connect(("127.0.0.2", preview.port));
    assert!(other.is_err(), "only 127.0.0.1 is listened at");
}

#[test]
fn looking_changes_nothing_and_shows_no_reader() {
    let site = TestSite::new("outbox:outbox");
    site.readers(3);
    site.post("2026-03-01", "Slow rivers");
    site.post("2025-12-01", "Long ago");
    let before = site.snapshot(&[]);
    let preview = Preview::of(&site);
    let paths = VIEWS.iter().copied().chain(["/issue?scheme=dark", "/entry", "/message.eml", "/feed/feed.xml"]);
    for path in paths {
        let answer = preview.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text().contains("reader.test"), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe-eval"), "{path}: {policy}");
        assert_eq!((answer.header("x-content-type-options"), answer.header("cache-control")), ("nosniff", "no-store"));
        assert_eq!(preview.request("POST", path, &[], "").status, 405, "{path}");
    }
    assert!(preview.page("/?view=plan").contains("3 readers"));
    assert_eq!(preview.get("/feed/../config.toml").status, 404);
    assert_eq!(preview.get("/?view=nothing").status, 400);
    assert_eq!(site.snapshot(&[]), before);
}

#[test]
fn what_is_shown_is_what_the_dry_run_writes() {
    let site = TestSite::new("outbox:outbox");
    site.readers(2);
    site.post("2026-03-01", "Slow rivers");
    let preview = Preview::of(&site);
    let shown = preview.get("/message.eml").body;
    site.run(NOW, &["publish", "--dry-run", "--to", "ada@news.example.org"]).exits(0);
    assert_eq!(String::from_utf8(shown).unwrap(), site.read("preview/issue-1.eml"));
    for name in ["feed.xml", "atom.xml", "feed.json"] {
        assert_eq!(preview.get(&format!("/feed/{name}")).text(), site.read(&format!("preview/{name}")));
    }
}

#[test]
fn no_post_can_speak_for_the_page() {
    let site = TestSite::new("outbox:outbox");
    let hostile = "\"'><script>alert(1)</script>`{{ 7 * 7 }}`</title>";
    let title = hostile.replace('\'', "''");
    let text = format!(
        "---\ntitle: '{title}'\ndate: 2026-03-01\n---\n\n<script>alert(2)</script>\n\n[x](javascript:alert(3))\n"
    );
    site.write("posts/2026-03-01-'\"><script>alert(4)</script>.md", &text.replace("alert(4)", ""));
    site.write(
        "posts/2026-03-02-broken.md",
        "---\ntitle: <script>alert(5)</script>\ndate: <script>alert(6)</script>\n---\n\nx\n",
    );
    let preview = Preview::of(&site);
    for path in VIEWS {
        assert!(!preview.page(path).contains("<script>alert"), "{path}");
    }
    std::fs::remove_file(site.file("posts/2026-03-02-broken.md")).unwrap();
    for path in VIEWS {
        let page = preview.page(path);
        assert!(!page.contains("<script>alert") && page.contains("{{ 7 * 7 }}"), "{path}: {page}");
    }
    let frame = preview.get("/issue");
    assert!(!frame.text().contains("<script") && !frame.text().contains("javascript:"));
    let policy = frame.header("content-security-policy");
    assert!(
        policy.contains("sandbox") && !policy.contains("allow-scripts") && !policy.contains("script-src"),
        "{policy}"
    );
    assert!(policy.contains("img-src"));
    assert!(!preview.get("/issue?images=off").header("content-security-policy").contains("img-src"));
}

#[test]
fn a_test_goes_to_the_writer_only_and_is_not_recorded() {
    let site = TestSite::new("outbox:outbox");
    site.edit("config.toml", "author = \"Ada Quill\"", "author = { name = \"Ada\", email = \"ada@home.example\" }");
    let post = site.post("2026-03-01", "Slow rivers");
    let preview = Preview::of(&site);
    let (token, digest, action) = preview.form();
    let send = |token: &str, digest: &str, to: &str| {
        preview.request("POST", &action, &[], &format!("token={token}&digest={digest}&to={to}"))
    };

    assert_eq!(send("0123", &digest, "0").status, 403);
    assert_eq!(send(&token, &digest, "someone%40else.example").status, 422);
    assert_eq!(send(&token, &digest, "7").status, 303);
    assert!(preview.page("/?view=test").contains("Nothing was sent"));
    assert_eq!(send(&token, "0123", "0").status, 303);
    assert!(preview.page("/?view=test").contains("the issue has changed"));
    assert!(site.outbox().is_empty());

    let shown = preview.get("/message.eml").body;
    assert_eq!(send(&token, &digest, "0").header("location"), "./?view=test");
    let page = preview.page("/?view=test");
    assert!(page.contains("Sent to ada@home.example. written to outbox/test-issue-1.eml"), "{page}");
    assert_eq!(site.outbox(), ["test-issue-1.eml"]);
    assert_eq!(site.read_bytes("outbox/test-issue-1.eml"), shown);
    let left: Vec<_> = site.snapshot(&[]).into_keys().collect();
    assert_eq!(left, ["config.toml", "outbox/test-issue-1.eml", post.as_str()], "not even an empty database is made");

    let (_, digest, _) = preview.form();
    assert_eq!(send(&token, &digest, "1").status, 303);
    assert!(site.read("outbox/test-issue-1.eml").contains("To: ada@news.example.org"));
}

#[test]
fn a_test_leaves_only_by_a_way_that_was_agreed_to() {
    let [agreed, other] = [(); 2].map(|()| Sink::start(Duration::ZERO));
    let site = TestSite::of_a_stranger(&agreed.transport());
    site.post("2026-03-01", "Slow rivers");
    let preview = Preview::of(&site);
    let page = preview.page("/?view=test");
    assert!(page.contains("Mail cannot leave yet") && page.contains("tidings publish --to ADDRESS"), "{page}");
    assert!(page.contains("send mail through the server 127.0.0.1") && !page.contains("test-form"), "{page}");

    site.run(NOW, &["publish", "--to", "ada@news.example.org", "--yes"]).exits(0);
    let (token, digest, action) = preview.form();
    site.edit("config.toml", &agreed.transport(), &other.transport());
    let send = || preview.request("POST", &action, &[], &format!("token={token}&digest={digest}&to=0"));
    assert_eq!(send().status, 303);
    let page = preview.page("/?view=test");
    assert!(page.contains("Nothing was sent: this site wants what you have not agreed to"), "{page}");
    assert_eq!((agreed.count(), other.count()), (1, 0));

    site.edit("config.toml", &other.transport(), &agreed.transport());
    assert_eq!(send().status, 303);
    assert!(preview.page("/?view=test").contains("Sent to ada@news.example.org."));
    assert_eq!((agreed.count(), other.count()), (2, 0));
}

#[test]
fn a_site_that_reaches_out_while_it_is_looked_at_is_not_followed() {
    let site = TestSite::of_a_stranger("outbox:outbox");
    site.post("2026-03-01", "Slow rivers");
    let outside = tempfile::tempdir().unwrap();
    let secret = "---\ntitle: Not for anybody\ndate: 2026-03-01\n---\n\nText.\n";
    std::fs::write(outside.path().join("2026-03-01-secret.md"), secret).unwrap();
    let preview = Preview::of(&site);
    site.configure("posts", &format!("dir = '{}'", outside.path().display()));
    for view in VIEWS {
        let page = preview.page(view);
        assert!(page.contains("new-site") && page.contains("tidings check") && !page.contains("Not for"), "{page}");
    }
    site.run(NOW, &["check", "--yes"]).exits(0);
    assert!(preview.page("/").contains("Not for anybody"));
}

#[test]
fn a_save_is_shown_within_a_second_whatever_it_breaks() {
    let site = TestSite::new("outbox:outbox");
    let post = site.post("2026-03-01", "Slow rivers");
    let preview = Preview::of(&site);
    let mut events = preview.events();
    let first = events.next();
    // The page is told of the look that follows the first one; from here on only saves count.
    let mut seen = first;
    let mut save = |name: &str, text: &str, shows: &str| {
        let start = Instant::now();
        site.write(name, text);
        loop {
            let answer = preview.get("/");
            assert_eq!(answer.status, 200);
            if answer.text().contains(shows) {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{name}: {shows} is not shown: {}", answer.text());
            seen = events.next();
        }
        start.elapsed()
    };
    let text = |title: &str| format!("---\ntitle: {title}\ndate: 2026-03-01\n---\n\nText.\n");
    let config = site.read("config.toml");
    let took = [
        save(&post, &text("Fast rivers"), "Fast rivers"),
        save(&post, "---\ntitle: [\n---\n", "the front matter is not YAML"),
        save(&post, &text("Slow rivers"), "Slow rivers"),
        save("config.toml", "[site]\ntitel = 1\n", "<code>config.toml:2</code>"),
        save("config.toml", &config, "Slow rivers"),
        save("posts/new/2026-03-02-more.md", &text("More rivers"), "More rivers"),
        save("posts/new/2026-03-02-more.md", &text("Most rivers"), "Most rivers"),
        save("templates/email/issue.txt", "{% broken", "templates/email/issue.txt"),
    ];
    assert!(seen > first);
    let median = {
        let mut sorted = took;
        sorted.sort();
        sorted[took.len() / 2]
    };
    assert!(median < Duration::from_secs(1), "{took:?}");
}

#[test]
fn what_is_not_due_can_be_looked_at_and_is_marked() {
    let site = TestSite::new("outbox:outbox");
    let preview = Preview::of(&site);
    assert!(preview.page("/").contains("There is no post to show"));
    site.post("2025-12-01", "Long ago");
    assert!(preview.page("/").contains("Nothing is due. This is how the newest post would look as issue 1."));
    site.write("posts/2026-03-01-draft.md", "---\ntitle: Not done\ndate: 2026-03-01\ndraft: true\n---\n\nText.\n");
    let plan = preview.page("/?view=plan");
    assert!(plan.contains("./?post=posts%2F2026-03-01-draft.md") && plan.contains("draft: true"), "{plan}");
    let draft = preview.page("/?post=posts%2F2026-03-01-draft.md");
    assert!(draft.contains("Not done") && draft.contains("You asked for this post"), "{draft}");
    assert!(!preview.page("/?post=..%2Fconfig.toml").contains("You asked for this post"));
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_quietly() {
    let site = TestSite::new("outbox:outbox");
    let mut preview = Preview::of(&site);
    let _watching = preview.events().next();
    let killed = Command::new("kill").arg("-INT").arg(preview.child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(preview.child.wait().unwrap().code(), Some(0));
    let mut said = String::new();
    preview.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "The preview is at this address until you press Ctrl-C.\n");
}

/// A post that is not mailed and shows a picture beside it, which is a single dot.
fn picture(site: &TestSite) -> Vec<u8> {
    let dot = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
    let dot = base64::engine::general_purpose::STANDARD.decode(dot).unwrap();
    std::fs::write(site.file("posts/dot.gif"), &dot).unwrap();
    let text = "---\ntitle: A picture\ndate: 2026-03-01\nnewsletter: false\n---\n\n![A dot](dot.gif)\n";
    site.write("posts/2026-03-01-picture.md", text);
    dot
}

#[test]
fn a_picture_that_is_not_online_yet_comes_from_the_files_of_the_site() {
    let site = TestSite::new("outbox:outbox");
    let dot = picture(&site);
    site.write("posts/secret.txt", "a secret");
    let preview = Preview::of(&site);
    for frame in ["/issue", "/entry"] {
        let html = preview.get(frame).text();
        let address = between(&html, "src=\"picture?", "\"").replace("&amp;", "&");
        let answer = preview.get(&format!("/picture?{address}"));
        assert_eq!((answer.status, answer.header("content-type")), (200, "image/gif"), "{frame}");
        assert_eq!(answer.body, dot);
        for other in ["secret.txt", "..%2F..%2Fconfig.toml", "%2E%2E%2Fconfig.toml", "2026-03-01-picture.md"] {
            let answer = preview.get(&format!("/picture?{}", address.replace("dot.gif", other)));
            assert_eq!(answer.status, 404, "{other}: {}", answer.text());
        }
    }
    // What is sent names the picture where it will be online.
    assert!(!String::from_utf8(preview.get("/message.eml").body).unwrap().contains("picture?"));
}

/// Chromium, when it and what drives it are there.
pub(crate) fn chromium() -> Option<&'static str> {
    let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let Some(chromium) = chromium.into_iter().find(|path| Path::new(path).exists()) else {
        missing("Chromium");
        return None;
    };
    let has = |module: &str| {
        let found = Command::new("node").args(["-e", "require.resolve(process.argv[1])", module]).output();
        found.is_ok_and(|found| found.status.success())
    };
    for module in ["playwright-core", "axe-core"] {
        if !has(module) {
            missing(&format!("{module} for node (npm install it, and name its node_modules in NODE_PATH)"));
            return None;
        }
    }
    Some(chromium)
}

/// Does these parts of `browser/preview.cjs` on a site; the site, unless the browser or what drives it is missing.
fn in_a_browser(parts: &[&str]) -> Option<TestSite> {
    chromium()?;
    let site = TestSite::new("outbox:outbox");
    site.post("2026-03-01", "Slow rivers");
    site.post("2026-02-27", "A second entry");
    site.post("2025-12-24", "Before the start");
    picture(&site);
    drive(&site, parts);
    Some(site)
}

/// Does these parts of `browser/preview.cjs` on this site, if there is a browser.
pub(crate) fn drive(site: &TestSite, parts: &[&str]) {
    let Some(chromium) = chromium() else { return };
    let preview = Preview::of(site);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/preview.cjs");
    let run = Command::new("node")
        .arg(script)
        .args([chromium, &format!("http://127.0.0.1:{}/?token={}", preview.port, preview.token)])
        .arg(site.path())
        .args(parts)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    for part in parts {
        assert!(said.contains(&format!("{part}: done")), "{said}");
    }
}

#[test]
fn every_view_fits_every_screen_and_breaks_no_rule_for_access() {
    in_a_browser(&["everyView"]);
}

#[test]
fn the_page_shows_the_issue_in_a_browser_to_who_has_the_secret() {
    in_a_browser(&["theDoor", "theIssue", "withoutScript"]);
}

#[test]
fn a_browser_shows_what_was_saved_and_sends_a_test() {
    if let Some(site) = in_a_browser(&["reload", "test"]) {
        assert_eq!(site.outbox(), ["test-issue-1.eml"]);
    }
}
