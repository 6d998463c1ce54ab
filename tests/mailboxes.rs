//! Mailboxes at servers: one that is as it should be, but for the fault that a test gives it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::sink::Sink;
use crate::site::{Run, TestSite};

const MONDAY: &str = "2026-03-02T09:00:00Z";

/// What is wrong with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Nothing,
    GreetsAsBye,
    GreetsAsLoggedIn,
    NoLogin,
    RefusesLogin,
    RefusesSearch,
    BadFetch,
    OtherTag,
    EndlessLine,
    HugeLiteral,
    EndlessLiteral,
    Deep,
    MoreThanAsked,
    ByeWhileFetching,
    OtherFolder,
    /// Ends the connection in the place of moving these many messages or more for the second time.
    EndsAtSecondMove,
    RefusesMove,
    /// Another process has moved them before.
    MovedBefore,
}

#[derive(Clone)]
struct Imap {
    port: u16,
    fault: Arc<Mutex<Fault>>,
    offers: &'static str,
    messages: Arc<Mutex<Vec<Option<String>>>>,
    said: Arc<Mutex<Vec<String>>>,
    tls: Option<Arc<rustls::ServerConfig>>,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Imap {
    fn start(fault: Fault, offers: &'static str, messages: Vec<String>, tls: Option<rustls::ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let imap = Self {
            port: listener.local_addr().unwrap().port(),
            fault: Arc::new(Mutex::new(fault)),
            offers,
            messages: Arc::new(Mutex::new(messages.into_iter().map(Some).collect())),
            said: Arc::default(),
            tls: tls.map(Arc::new),
        };
        let server = imap.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || server.answer(stream));
            }
        });
        imap
    }

    fn answer(&self, stream: TcpStream) -> std::io::Result<()> {
        let stream: Box<dyn Stream> = match &self.tls {
            Some(config) => {
                let connection = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
                Box::new(rustls::StreamOwned::new(connection, stream))
            }
            None => Box::new(stream),
        };
        let mut stream = BufReader::new(stream);
        let fault = *self.fault.lock().unwrap();
        let mut moves = 0;
        let greeting = match fault {
            Fault::GreetsAsBye => "* BYE too many\r\n",
            Fault::GreetsAsLoggedIn => "* PREAUTH hello ada\r\n",
            _ => "* OK hello\r\n",
        };
        stream.get_mut().write_all(greeting.as_bytes())?;
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let command = line.trim_end().to_owned();
            self.said.lock().unwrap().push(command.clone());
            let (tag, command) = command.split_once(' ').unwrap_or((&command, ""));
            let (mut data, mut end) = (String::new(), "OK done");
            let set =
                |words: &str| -> BTreeSet<usize> { words.split(',').filter_map(|word| word.parse().ok()).collect() };
            if command == "CAPABILITY" {
                let login = if fault == Fault::NoLogin { "LOGINDISABLED" } else { "" };
                data = format!("* CAPABILITY IMAP4rev1 {} {login}\r\n", self.offers);
            } else if command.starts_with("LOGIN") && fault == Fault::RefusesLogin {
                end = "NO who are you?";
            } else if command.starts_with("SELECT") {
                data = "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n".into();
            } else if command.starts_with("UID SEARCH") {
                if fault == Fault::RefusesSearch {
                    end = "NO not now";
                }
                let messages = self.messages.lock().unwrap();
                let uids = (1..).zip(messages.iter()).filter(|(_, message)| message.is_some());
                let uids: Vec<String> = uids.map(|(uid, _): (usize, _)| uid.to_string()).collect();
                data = format!("* SEARCH {}\r\n", uids.join(" "));
            } else if let Some(words) = command.strip_prefix("UID FETCH ") {
                match fault {
                    Fault::BadFetch => end = "BAD what?",
                    Fault::OtherTag => return stream.get_mut().write_all(b"zz OK done\r\n"),
                    Fault::EndlessLine => loop {
                        stream.get_mut().write_all(&vec![b'x'; 1 << 16])?;
                    },
                    Fault::HugeLiteral => {
                        stream.get_mut().write_all(b"* 1 FETCH (UID 1 BODY[]<0> {99999999999}\r\n")?;
                    }
                    Fault::EndlessLiteral => loop {
                        stream.get_mut().write_all(b"* 1 FETCH (UID 1 BODY[]<0> {1000000}\r\n")?;
                        stream.get_mut().write_all(&vec![b'x'; 1_000_000])?;
                        stream.get_mut().write_all(b")\r\n")?;
                    },
                    Fault::Deep => data = format!("* 1 FETCH ({}\r\n", "(".repeat(100_000)),
                    Fault::OtherFolder => data = "* OK [UIDVALIDITY 8] y\r\n".into(),
                    _ => {}
                }
                if fault == Fault::ByeWhileFetching {
                    return stream
                        .get_mut()
                        .write_all(b"* 1 FETCH (UID 1 BODY[]<0> {2}\r\nxy)\r\n* BYE good night\r\n");
                }
                for uid in set(words.split(' ').next().unwrap()) {
                    let Some(message) = self.messages.lock().unwrap()[uid - 1].clone() else { continue };
                    let fetched = format!("* {uid} FETCH (UID {uid} BODY[]<0> {{{}}}\r\n{message})\r\n", message.len());
                    data += &fetched.repeat(if fault == Fault::MoreThanAsked { 2 } else { 1 });
                }
            } else if let Some(words) = command.strip_prefix("UID MOVE ").or(command.strip_prefix("UID EXPUNGE ")) {
                moves += 1;
                match fault {
                    Fault::RefusesMove => end = "NO never",
                    Fault::MovedBefore => end = "NO [EXPUNGEISSUED] some are gone",
                    Fault::EndsAtSecondMove if moves > 2 => return Ok(()),
                    _ => {
                        for uid in set(words.split(' ').next().unwrap()) {
                            self.messages.lock().unwrap()[uid - 1] = None;
                        }
                    }
                }
            }
            stream.get_mut().write_all(format!("{data}{tag} {end}\r\n").as_bytes())?;
            stream.get_mut().flush()?;
        }
    }

    fn left(&self) -> usize {
        self.messages.lock().unwrap().iter().flatten().count()
    }

    fn has_heard(&self, words: &str) -> bool {
        self.said.lock().unwrap().iter().any(|said| said.contains(words))
    }
}

fn wish(number: usize) -> String {
    format!("From: r{number}@reader.test\r\nTo: join@news.example.org\r\nSubject: subscribe\r\n\r\nHello (((\r\n")
}

/// A site that reads this mailbox.
fn site(sink: &Sink, url: &str) -> TestSite {
    let site = TestSite::new(&sink.transport());
    site.configure("inbox", &format!("url = \"{url}\"\npassword_env = \"PW\"\njoin = \"join@news.example.org\""));
    site.post("2026-03-01", "Slow rivers");
    site
}

fn inbox(site: &TestSite, more: &[&str]) -> Run {
    let arguments = [&["inbox", "--yes"], more].concat();
    Run::new(&site.command(MONDAY, &arguments).env("PW", "s3cret").output().unwrap())
}

fn reads(fault: Fault, offers: &'static str, messages: Vec<String>) -> (Imap, TestSite, Run) {
    let sink = Sink::start(Duration::ZERO);
    let imap = Imap::start(fault, offers, messages, None);
    let site = site(&sink, &format!("imap://ada@127.0.0.1:{}", imap.port));
    let run = inbox(&site, &[]);
    (imap, site, run)
}

#[test]
fn what_is_understood_is_moved_in_whatever_way_the_server_can() {
    let mailbox = || vec![wish(1), "Subject: lunch?\r\n\r\nx\r\n".to_owned(), wish(2)];
    for (offers, left, heard) in [
        ("MOVE UIDPLUS", 1, "UID MOVE 1 Tidings"),
        ("UIDPLUS", 1, "UID EXPUNGE 1"),
        ("", 3, "UID STORE 1 +FLAGS.SILENT (\\Deleted)"),
    ] {
        let (imap, _, run) = reads(Fault::Nothing, offers, mailbox());
        let run = run.exits(0);
        assert!(
            run.stderr.contains("2 readers asked to confirm.") && run.stderr.contains("1 not understood"),
            "{run:#?}"
        );
        assert!(imap.left() == left && imap.has_heard(heard), "{offers}: {:?}", imap.said);
        assert!(!imap.has_heard("EXPUNGE") || offers.contains("UIDPLUS"), "what others have marked stays");
    }
    let (_, _, run) = reads(Fault::MovedBefore, "MOVE", mailbox());
    assert!(run.exits(0).stderr.contains("2 readers asked to confirm."));
    let (imap, _, run) = reads(Fault::GreetsAsLoggedIn, "MOVE", mailbox());
    assert!(run.exits(0).stderr.contains("2 readers asked") && !imap.has_heard("LOGIN"));
}

#[test]
fn a_server_that_does_not_do_as_it_should_ends_the_reading_and_moves_nothing() {
    for (fault, why) in [
        (Fault::GreetsAsBye, "refuses the connection"),
        (Fault::NoLogin, "offers no login with a password"),
        (Fault::RefusesLogin, "refuses the login"),
        (Fault::RefusesSearch, "refuses SEARCH"),
        (Fault::BadFetch, "refuses FETCH"),
        (Fault::OtherTag, "cannot be read"),
        (Fault::EndlessLine, "has no end"),
        (Fault::HugeLiteral, "more than was asked for"),
        (Fault::EndlessLiteral, "more than was asked for"),
        (Fault::Deep, "nested too deep"),
        (Fault::MoreThanAsked, "more than was asked for"),
        (Fault::ByeWhileFetching, "closed the connection"),
        (Fault::OtherFolder, "replaced by another"),
        (Fault::RefusesMove, "makes no folder"),
    ] {
        let start = Instant::now();
        let (imap, _, run) = reads(fault, "MOVE", vec![wish(1), wish(2)]);
        let run = run.exits(1);
        assert!(run.stderr.contains(why) && run.stderr.contains("help"), "{fault:?}: {run:#?}");
        assert!(!run.stderr.contains("s3cret") && imap.left() == 2, "{fault:?}: {run:#?}");
        assert!(start.elapsed() < Duration::from_secs(20), "{fault:?}: {:?}", start.elapsed());
    }
}

#[test]
fn a_large_mailbox_is_recorded_and_moved_piece_by_piece_and_an_end_in_between_loses_nothing() {
    let other = || "Subject: lunch?\r\n\r\nx\r\n".to_owned();
    let messages = (0..250).map(|number| if number % 5 == 0 { wish(number) } else { other() }).collect();
    let (imap, site, run) = reads(Fault::EndsAtSecondMove, "MOVE", messages);
    let run = run.exits(1);
    assert!(run.stderr.contains("closed the connection"), "{run:#?}");
    let asked = || site.status()["subscribers"]["pending"].as_u64().unwrap();
    assert_eq!((asked(), imap.left()), (40, 230), "the second hundred is recorded and not moved");
    *imap.fault.lock().unwrap() = Fault::Nothing;
    let dry = inbox(&site, &["--dry-run", "--json"]).exits(0).json();
    assert_eq!((dry.as_array().unwrap().len(), imap.left()), (30, 230));
    let again = inbox(&site, &[]).exits(0);
    assert!(again.stderr.contains("230 messages read: 30 subscribe; 200 not understood"), "{again:#?}");
    assert!(again.stderr.contains("10 readers asked to confirm."), "{again:#?}");
    assert_eq!((asked(), imap.left()), (50, 200));
}

#[test]
fn a_server_has_to_prove_which_one_it_is() {
    let authority = || {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
    };
    let (known, other) = (authority(), authority());
    let sink = Sink::start(Duration::ZERO);
    for (issuer, name, is_right) in
        [(&known, "localhost", true), (&known, "mail.other.test", false), (&other, "localhost", false)]
    {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.into()]).unwrap().signed_by(&key, issuer).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .unwrap();
        let imap = Imap::start(Fault::Nothing, "MOVE", vec![wish(1)], Some(config));
        let site = site(&sink, &format!("imaps://ada@localhost:{}", imap.port));
        site.write("known.pem", &known.pem());
        let mut command = site.command(MONDAY, &["inbox", "--yes"]);
        let run = Run::new(&command.env("PW", "s3cret").env("SSL_CERT_FILE", site.file("known.pem")).output().unwrap());
        if is_right {
            assert!(run.exits(0).stderr.contains("1 reader asked to confirm."));
        } else {
            let run = run.exits(1);
            assert!(run.stderr.contains("certificate") && run.stderr.contains("inbox.url"), "{run:#?}");
            assert!(!imap.has_heard("LOGIN"), "nothing is said to a stranger");
        }
    }
}
