//! What a newsletter promises its readers: nothing twice, a way out that works, and no mail that was meant as an example.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

use crate::sink::Sink;
use crate::site::{TestSite, end_of};

/// A site that has mailed one post, of the first of March, in issue 1.
fn mailed(front: &str) -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.readers(2);
    site.write("posts/2026-03-01-ferry.md", &format!("---\ntitle: The late ferry\n{front}---\n\n{FERRY}\n"));
    site.run("2026-03-01T18:00:00Z", &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 2);
    site
}

const FERRY: &str = "The ferry leaves at noon, and whoever is late walks around the bay: two hours by the water, past the old \
    salt works and the house with the blue door. Nobody there knows when the next one comes.";

/// Replaces the mailed post by another one, and publishes.
#[track_caller]
fn is_mailed_again(site: &TestSite, path: &str, text: &str) -> (bool, String) {
    std::fs::remove_file(site.file("posts/2026-03-01-ferry.md")).unwrap();
    site.write(path, text);
    let run = site.run("2026-03-01T20:00:00Z", &["publish", "--accept"]).exits(0);
    (site.outbox().len() > 2, run.stderr)
}

#[test]
fn the_same_wish_after_an_interruption_mails_a_late_post_once() {
    let site = mailed("");
    let late = site.post("2026-02-01", "A late post");
    site.run("2026-03-02T18:00:00Z", &["publish", "--include", &late, "--limit", "1"]).exits(4);
    let said = site.run("2026-03-02T19:00:00Z", &["publish", "--include", &late]).exits(0).stderr;
    assert!(said.contains(&format!("{late} is in an issue that is being delivered: it is not sent again")), "{said}");
    let copies = |issue: &str| site.outbox().iter().filter(|name| name.contains(issue)).count();
    assert_eq!((copies("issue-2"), copies("issue-3")), (2, 0));
}

#[test]
fn a_post_that_was_renamed_and_mended_is_not_mailed_again() {
    let site = mailed("");
    let mended = FERRY.replace("whoever", "those who");
    let path = "posts/2026-03-01-late-ferry.md";
    let (again, said) = is_mailed_again(&site, path, &format!("---\ntitle: The late ferry\n---\n\n{mended}\n"));
    let reason =
        format!("Not mailed: {path}: looks like “The late ferry”, mailed in issue 1 and no longer among the posts");
    assert!(!again && said.contains(&reason), "{said}");

    let plan = site.run("2026-03-01T20:00:00Z", &["publish", "-n", "--accept"]).exits(0).stdout;
    let (_, held) = plan.split_once("Held back until you have had a look:\n").unwrap_or_else(|| panic!("{plan}"));
    assert!(held.lines().next().is_some_and(|line| line.contains("looks like “The late ferry”")), "{plan}");

    site.run("2026-03-01T21:00:00Z", &["publish", "--include", path, "--accept"]).exits(0);
    assert_eq!(site.outbox().len(), 4, "the owner's word counts");
    site.run("2026-03-01T22:00:00Z", &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 4);
}

#[test]
fn a_post_with_another_id_folder_title_and_text_is_not_mailed_again() {
    let site = mailed("id: urn:isbn:0451450523\n");
    let mended = FERRY.replace("at noon", "at one").replace("blue", "red");
    let text = format!("---\ntitle: Around the bay\nid: my-own\ndate: 2026-03-01\n---\n\n{mended}\n");
    let (again, said) = is_mailed_again(&site, "posts/travel/bay.md", &text);
    assert!(!again && said.contains("posts/travel/bay.md: looks like “The late ferry”, mailed in issue 1"), "{said}");
}

/// The record of the issue is enough: the database that sent it is gone.
#[test]
fn a_post_that_was_renamed_and_mended_is_known_from_the_record() {
    let site = mailed("");
    for file in ["tidings.db", "tidings.db-wal", "tidings.db-shm"] {
        let _ = std::fs::remove_file(site.file(".tidings").join(file));
    }
    site.readers(2);
    std::fs::remove_file(site.file("posts/2026-03-01-ferry.md")).unwrap();
    let mended = FERRY.replace("whoever", "those who");
    site.write("posts/bay.md", &format!("---\ntitle: Around the bay\ndate: 2026-03-01\n---\n\n{mended}\n"));
    site.write("posts/new.md", "---\ntitle: Slow rivers\ndate: 2026-03-01\n---\n\nThey carry more than fast ones.\n");
    let run = site.run(NOW, &["publish", "--accept", "--allow", "lost-database"]).exits(0);
    assert!(run.stderr.contains("posts/bay.md: looks like “The late ferry”, mailed in issue 1"), "{run:?}");
    assert!(run.stderr.contains("Issue 2 “Slow rivers”: 2 sent"), "only what is new: {run:?}");
}

#[test]
fn another_post_in_the_place_of_a_deleted_one_is_mailed() {
    let site = mailed("");
    let text =
        "---\ntitle: Slow rivers\n---\n\nSlow rivers carry more than fast ones, says the engineer of the lock.\n";
    let (mailed, said) = is_mailed_again(&site, "posts/2026-03-01-slow-rivers.md", text);
    assert!(mailed && !said.contains("Not mailed"), "{said}");
}

/// A site that sends to a server, with two readers and a due post.
fn sending(sink: &Sink) -> TestSite {
    let site = TestSite::new(&sink.transport());
    site.readers(2);
    site.post("2026-03-01", "One");
    site
}

const NOW: &str = "2026-03-01T18:00:00Z";
const START: &str = "start = 2026-01-01";
const SENDER: &str = "Ada Quill <ada@news.example.org>";

#[test]
fn no_example_leaves_for_a_reader() {
    let rows = [
        (SENDER, "Ada <ada@example.org>", "`ada@example.org`"),
        (SENDER, "ada@Example.COM", "`ada@example.com`"),
        (SENDER, "Your name <ada@news.example.org>", "`Your name`"),
        (SENDER, "Your name <you@example.net>", "`Your name`, `you@example.net`"),
        ("Four Minutes", "My reflections", "`My reflections`"),
        (START, "start = 2026-01-01\nreply_to = 'me@example.org'", "`me@example.org`"),
        ("Harbour Lane 4, Kiel", "Your name, Street 1, Kiel", "`Your name, Street 1`"),
        ("https://news.example.org/u/{token}", "https://example.org/{token}", "`https://example.org/{token}`"),
    ];
    for (old, new, named) in rows {
        let sink = Sink::start(Duration::ZERO);
        let site = sending(&sink);
        site.edit("config.toml", old, new);
        let commands: [&[&str]; 4] =
            [&["publish"], &["publish", "--yes"], &["publish", "-n"], &["publish", "--to", "me@reader.test"]];
        for command in commands {
            let run = site.run(NOW, command).exits(5);
            let said = format!("readers would get what was made as an example: {named}");
            assert!(run.stderr.contains(&said) && run.stderr.contains("`--allow placeholder`"), "{command:?}: {run:?}");
        }
        assert_eq!(sink.count(), 0, "{new}");
        site.run(NOW, &["publish", "--to", "me@reader.test", "--allow", "placeholder"]).exits(0);
        site.run(NOW, &["publish", "--allow", "placeholder"]).exits(0);
        assert_eq!(sink.count(), 3, "{new}: the owner's word counts");
    }
}

#[test]
fn an_example_may_go_into_an_outbox_and_no_further() {
    let sink = Sink::start(Duration::ZERO);
    let site = sending(&sink);
    site.edit("config.toml", SENDER, "Your name <you@example.org>");
    site.edit("config.toml", &sink.transport(), "outbox:outbox");
    site.run(NOW, &["publish", "--limit", "1"]).exits(4);
    assert_eq!(site.outbox().len(), 1);
    // The other reader's copy is frozen with the sender of then.
    site.edit("config.toml", "outbox:outbox", &sink.transport());
    site.edit("config.toml", "Your name <you@example.org>", SENDER);
    for command in ["deliver", "publish"] {
        let run = site.run(NOW, &[command]).exits(5);
        assert!(run.stderr.contains("`you@example.org`") && run.stderr.contains("tidings runs cancel"), "{run:?}");
    }
    assert_eq!(sink.count(), 0);
    site.run(NOW, &["deliver", "--allow", "placeholder"]).exits(0);
    assert_eq!(sink.count(), 1);
}

#[test]
fn the_first_post_that_init_writes_is_not_mailed_by_mistake() {
    let sink = Sink::start(Duration::ZERO);
    let site = sending(&sink);
    site.run(NOW, &["init", "new"]).exits(0);
    let sample = site.read("new/posts/2026-03-01-hello.md");
    std::fs::remove_dir_all(site.file("new")).unwrap();
    for text in [sample.clone(), sample.replace("Hello", "Welcome") + "\nMore to come.\n"] {
        site.write("posts/hello.md", &text);
        let run = site.run(NOW, &["publish", "--yes"]).exits(5);
        assert!(run.stderr.contains("the first post that `tidings init` writes"), "{run:?}");
        let found = site.run(NOW, &["check", "--json"]).exits(0).json();
        let found = found["diagnostics"].as_array().unwrap().iter().find(|one| one["code"] == "post/placeholder");
        let found = found.unwrap_or_else(|| panic!("check names it"));
        assert_eq!(
            (&found["path"], &found["line"], &found["column"]),
            (&"posts/hello.md".into(), &7.into(), &25.into())
        );
    }
    assert_eq!(sink.count(), 0);
    std::fs::remove_file(site.file("posts/hello.md")).unwrap();
    site.run(NOW, &["publish", "--yes"]).exits(0);
    assert_eq!(sink.count(), 2, "without it the others go");
}

#[test]
fn check_names_every_example_with_its_place() {
    let site = TestSite::new("outbox:outbox");
    site.post("2026-03-01", "One");
    site.edit("config.toml", "Four Minutes", "My reflections");
    site.edit("config.toml", SENDER, "Your name <you@example.org>");
    let places = || -> Vec<(u64, u64)> {
        let found = site.run(NOW, &["check", "--json"]).exits(0).json();
        let found = found["diagnostics"].as_array().unwrap().clone();
        let ours = found.iter().filter(|one| one["code"] == "config/placeholder");
        ours.map(|one| (one["line"].as_u64().unwrap(), one["column"].as_u64().unwrap())).collect()
    };
    assert_eq!(places(), [(2, 9), (3, 7), (6, 8)]);
    site.edit("config.toml", "https://example.org", "http://localhost:1313");
    assert_eq!(places(), [(2, 9), (3, 7), (6, 8)]);
    site.edit("config.toml", "My reflections", "Four Minutes");
    site.edit("config.toml", "http://localhost:1313", "https://blog.example.org");
    site.edit("config.toml", "Your name <you@example.org>", SENDER);
    assert_eq!(places(), []);
}

#[test]
fn a_post_without_a_title_waits_for_one() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.write("posts/2026-03-01-my-first-walk.md", "---\ntags: [walks]\n---\n\nIt rained, and the road was long.\n");
    for command in ["check", "build"] {
        let run = site.run(NOW, &[command]).exits(0);
        let said = run.stdout + &run.stderr;
        assert!(said.contains("no title: the feeds call it `my first walk`"), "{command}: {said}");
        assert!(said.contains("posts/2026-03-01-my-first-walk.md"), "{command}: {said}");
    }
    let run = site.run(NOW, &["publish"]).exits(0);
    assert!(run.stderr.contains("Not mailed: posts/2026-03-01-my-first-walk.md: it has no title"), "{run:?}");
    assert_eq!(site.outbox().len(), 0);
    assert!(site.read("public/feed.xml").contains("<title>my first walk</title>"), "the feeds have it");
    let plan = site.run(NOW, &["publish", "-n", "--json"]).exits(0).json();
    assert!(plan["skipped"][0]["reason"].as_str().unwrap().contains("write a line `title:`"), "{plan}");

    site.run(NOW, &["publish", "--include", "my-first-walk"]).exits(0);
    assert_eq!(site.outbox().len(), 1, "the owner's word counts");
    site.write("posts/2026-03-01-second.md", "---\ntags: [walks]\n---\n\nThe sun came out after all.\n");
    site.run(NOW, &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 1);
    site.edit("posts/2026-03-01-second.md", "tags", "title: Sun\ntags");
    site.run(NOW, &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 2, "with a title it is mailed");
}

/// The text of the only message in the outbox, with its header lines unfolded.
fn message(site: &TestSite) -> String {
    let [name] = &site.outbox()[..] else { panic!("{:?}", site.outbox()) };
    site.read(&format!("outbox/{name}")).replace("\r\n ", " ").replace("=\r\n", "").replace("\r\n", "\n")
}

#[test]
fn a_page_that_does_not_know_the_reader_promises_no_button() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.post("2026-03-01", "One");
    let ways = "[\"https://news.example.org/u/{token}\", \"mailto:leave@news.example.org\"]";
    site.edit("config.toml", ways, "\"https://example.org/leave\"");
    let said = site.run(NOW, &["publish", "-n"]).exits(0).stderr;
    assert!(
        said.contains("config.toml:9") && said.contains("comes to a page that does not know who they are"),
        "{said}"
    );
    let found = site.run(NOW, &["check"]).exits(0).stdout;
    assert!(found.contains("[newsletter/no-token]") && found.contains("mark the mail as spam"), "{found}");
    assert!(found.contains("subscribers remove --token"), "{found}");

    site.run(NOW, &["publish"]).exits(0);
    let message = message(&site);
    assert!(message.contains("\nList-Unsubscribe: <https://example.org/leave>\n"), "{message}");
    assert!(!message.contains("List-Unsubscribe-Post"), "{message}");
    assert!(message.contains("Unsubscribe: https://example.org/leave\n"), "the text part: {message}");
    assert!(message.contains("href=3D\"https://example.org/leave\""), "the HTML part: {message}");
}

#[test]
fn the_address_of_the_pages_is_what_the_button_of_mail_programs_posts_to() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.post("2026-03-01", "One");
    site.edit(
        "config.toml",
        "unsubscribe = [\"https://news.example.org/u/{token}\", \"mailto:leave@news.example.org\"]\n",
        "",
    );
    site.configure("web", "url = \"https://news.example.org\"");
    site.run(NOW, &["publish"]).exits(0);
    let message = message(&site).replace("\n ", "");
    assert!(message.contains("<https://news.example.org/u/"), "{message}");
    assert!(message.contains("\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n"), "{message}");
}

/// The status of each reader, in the order of the list.
fn statuses(site: &TestSite) -> Vec<String> {
    let list = site.run(NOW, &["subscribers", "list", "--json"]).exits(0).json();
    list.as_array().unwrap().iter().map(|reader| reader["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_token_of_a_link_takes_that_reader_off() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.post("2026-03-01", "One");
    site.run(NOW, &["publish"]).exits(0);
    let message = message(&site);
    let of_link = message.split("<https://news.example.org/u/").nth(1).unwrap().split('>').next().unwrap().to_owned();
    site.readers(4);
    let export = site.run(NOW, &["subscribers", "export"]).exits(0).stdout;
    let tokens: Vec<&str> = export.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    assert!(export.lines().next().unwrap().ends_with(",token") && tokens.len() == 4, "{export}");
    assert_eq!(tokens[0], of_link);

    let run = site.run(NOW, &["subscribers", "remove", "--token", &of_link]).exits(0);
    assert!(run.stderr.contains("r***@reader.test is unsubscribed"), "an address stays private: {run:?}");
    assert_eq!(statuses(&site), ["unsubscribed", "confirmed", "confirmed", "confirmed"]);
    site.run(NOW, &["subscribers", "remove", "--token", &of_link]).exits(0);

    let unknown = "nobodynobodynobodynobodyna";
    let run = site.run(NOW, &["subscribers", "remove", "--token", unknown]).exits(2);
    assert!(run.stderr.contains("this token belongs to no reader") && !run.stderr.contains('@'), "{run:?}");
    assert!(!run.stderr.contains(unknown), "a token is a secret: {run:?}");
    let run = site.run(NOW, &["subscribers", "remove", "--token", "r2@reader.test"]).exits(2);
    assert!(run.stderr.contains("this token is none"), "{run:?}");

    // One that is unknown keeps no other on the list.
    let second = tokens[1].to_uppercase();
    let run = site.run(NOW, &["subscribers", "remove", "--token", unknown, "--token", &second]).exits(2);
    assert!(run.stderr.contains("token 1 belongs to no reader"), "{run:?}");
    let mut command = site.command(NOW, &["subscribers", "remove", "--token", "-"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{}\r\n\n{unknown}\n{}", tokens[2], tokens[3]).as_bytes()).unwrap();
    let run = end_of(child).exits(2);
    assert!(run.stderr.contains("the token in line 3 of the standard input belongs to no reader"), "{run:?}");
    assert_eq!(statuses(&site), ["unsubscribed"; 4]);
    site.run(NOW, &["subscribers", "remove", "r1@reader.test", "--token", unknown]).exits(2);
}

/// A server over TLS on this machine, and what trusts it. Each connection brings one request and gets one answer.
struct Page {
    address: String,
    authority: tempfile::NamedTempFile,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Page {
    fn start(status: &'static str) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let page = Self {
            address: format!("https://localhost:{}", listener.local_addr().unwrap().port()),
            authority: tempfile::NamedTempFile::new().unwrap(),
            asked: Arc::default(),
        };
        std::fs::write(page.authority.path(), authority.pem()).unwrap();
        let (config, asked) = (Arc::new(config), Arc::clone(&page.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
                // A client that does not trust the certificate hangs up.
                let _ = serve(rustls::StreamOwned::new(connection, stream), status, &asked);
            }
        });
        page
    }

    /// `check --online` of a site for which this page answers: the findings about one-click, and what the page was asked.
    fn check(self, site: &TestSite) -> (Vec<String>, String, Vec<String>) {
        let mut command = site.command(NOW, &["check", "--online", "--json"]);
        let output = command.env("SSL_CERT_FILE", self.authority.path()).output().unwrap();
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let ours = found["diagnostics"].as_array().unwrap().iter();
        let ours: Vec<_> =
            ours.filter(|one| one["code"].as_str().unwrap().starts_with("newsletter/")).cloned().collect();
        let codes = ours.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect();
        let texts: String =
            ours.iter().map(|one| format!("{} {} {}\n", one["line"], one["message"], one["help"])).collect();
        let asked = self.asked.lock().unwrap().clone();
        (codes, texts, asked.into_iter().filter(|request| request.contains("/u/")).collect())
    }
}

fn serve(
    mut stream: rustls::StreamOwned<rustls::ServerConnection, TcpStream>,
    status: &str,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !(request.ends_with(b"One-Click") || request.starts_with(b"GET") || request.starts_with(b"HEAD")) {
        match stream.read(&mut buffer)? {
            0 => break,
            length => request.extend_from_slice(&buffer[..length]),
        }
    }
    asked.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
    stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}

#[test]
fn the_button_of_mail_programs_is_tried_with_a_token_of_no_reader() {
    let rows = [
        ("200 OK", "", ""),
        ("204 No Content", "", ""),
        ("404 Not Found", "is answered with 404", "also to one that it does not know"),
        ("405 Method Not Allowed", "takes no POST", "let it take POST"),
        ("302 Found\r\nLocation: https://localhost/bye", "a redirect to `https://localhost/bye`", "do not follow"),
        ("503 Busy", "what is there fails", "the log"),
        ("403 Forbidden", "is answered with 403", "without cookies"),
    ];
    for setting in ["newsletter", "web"] {
        for (status, answer, cure) in rows {
            let page = Page::start(status);
            let site = TestSite::new("outbox:outbox");
            site.readers(1);
            site.post("2026-03-01", "One");
            site.edit("config.toml", "url = \"https://example.org\"", &format!("url = \"{}\"", page.address));
            let ours = format!("{}/u/{{token}}", page.address);
            if setting == "web" {
                site.edit("config.toml", "\"https://news.example.org/u/{token}\", ", "");
                site.configure("web", &format!("url = \"{}\"", page.address));
            } else {
                site.edit("config.toml", "https://news.example.org/u/{token}", &ours);
            }
            let (codes, texts, asked) = page.check(&site);
            let expected = if answer.is_empty() { vec![] } else { vec!["newsletter/one-click"] };
            assert_eq!(codes, expected, "{status}: {texts}");
            assert!(texts.contains(answer) && texts.contains(cure), "{status}: {texts}");
            let [request] = &asked[..] else { panic!("one request: {asked:?}") };
            assert!(request.starts_with("POST /u/nobodynobodynobodynobodyna HTTP/1.1\r\n"), "{request}");
            assert!(request.ends_with("\r\n\r\nList-Unsubscribe=One-Click"), "{request}");
        }
    }
}

#[test]
fn an_address_that_cannot_be_reached_is_told() {
    let page = Page::start("200 OK");
    let site = TestSite::new("outbox:outbox");
    site.post("2026-03-01", "One");
    site.edit("config.toml", "url = \"https://example.org\"", "url = \"https://localhost:1\"");
    site.edit("config.toml", "https://news.example.org/u/{token}", "https://localhost:1/u/{token}");
    let (codes, texts, _) = page.check(&site);
    assert_eq!(codes, ["newsletter/one-click"]);
    assert!(
        texts.starts_with("9 ") && texts.contains("is not answered") && texts.contains("unsubscribe by mail"),
        "{texts}"
    );
}
