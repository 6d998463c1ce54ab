//! An SMTP server for tests: takes every message, or does what the local part of the recipient says.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A message as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// The envelope sender.
    pub(crate) from: String,
    pub(crate) to: String,
    /// What MAIL calls the envelope (RFC 3461 §4.4).
    pub(crate) envelope_id: String,
    pub(crate) message: String,
}

impl Received {
    pub(crate) fn message_id(&self) -> &str {
        self.message.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap_or_default()
    }
}

/// What a script decides by: the step (`CONNECT`, `MAIL`, `RCPT`, `DATA`, or `.` for the end of a message), the
/// recipient, and what has happened before.
pub(crate) struct Step<'a> {
    pub(crate) name: &'a str,
    pub(crate) to: &'a str,
    /// How many messages came in.
    pub(crate) received: usize,
}

impl Step<'_> {
    /// True at RCPT for a recipient whose address begins or ends so.
    pub(crate) fn names(&self, part: &str) -> bool {
        self.name == "RCPT" && (self.to.starts_with(part) || self.to.ends_with(part))
    }
}

/// What the server says instead of what it would say; after 421 it closes the connection.
type Script = dyn Fn(&Step<'_>) -> Option<&'static str> + Send + Sync;

struct State {
    received: Mutex<Vec<Received>>,
    tries: Mutex<BTreeMap<String, usize>>,
    open: AtomicUsize,
    peak: AtomicUsize,
    connections: AtomicUsize,
    pause: Duration,
    script: Box<Script>,
    /// Lines of the answer to EHLO.
    offers: &'static str,
}

impl State {
    /// What the script wants to be said.
    fn wants(&self, name: &str, to: &str) -> Option<&'static str> {
        let received = self.received.lock().unwrap().len();
        (self.script)(&Step { name, to, received })
    }

    /// Says what the script wants, or the usual; true for the usual. After 421 the connection is over.
    fn say(&self, stream: &mut TcpStream, name: &str, to: &str, usual: &str) -> std::io::Result<bool> {
        let said = self.wants(name, to);
        stream.write_all(format!("{}\r\n", said.unwrap_or(usual)).as_bytes())?;
        match said {
            Some(said) if said.starts_with("421") => Err(std::io::ErrorKind::ConnectionAborted.into()),
            said => Ok(said.is_none()),
        }
    }
}

/// The server; its threads end with the test's process.
pub(crate) struct Sink {
    port: u16,
    state: Arc<State>,
}

impl Sink {
    /// A server that takes `pause` to answer the end of each message.
    pub(crate) fn start(pause: Duration) -> Self {
        Self::open(pause, Box::new(|_| None), "")
    }

    /// Like [`Sink::start`], one that takes whole groups of commands and content in chunks.
    pub(crate) fn in_groups(pause: Duration) -> Self {
        Self::open(pause, Box::new(|_| None), "250-PIPELINING\r\n250-CHUNKING\r\n")
    }

    /// Like [`Sink::start`], one whose reports name the envelope.
    pub(crate) fn with_reports() -> Self {
        Self::open(Duration::ZERO, Box::new(|_| None), "250-DSN\r\n")
    }

    /// A server that says what the script wants.
    pub(crate) fn scripted(script: impl Fn(&Step<'_>) -> Option<&'static str> + Send + Sync + 'static) -> Self {
        Self::open(Duration::ZERO, Box::new(script), "")
    }

    fn open(pause: Duration, script: Box<Script>, offers: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            received: Mutex::default(),
            tries: Mutex::default(),
            open: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            pause,
            script,
            offers,
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || {
                    state.connections.fetch_add(1, Ordering::SeqCst);
                    let open = state.open.fetch_add(1, Ordering::SeqCst) + 1;
                    state.peak.fetch_max(open, Ordering::SeqCst);
                    // A client that hangs up in mid-sentence is what some tests are about.
                    let _ = serve(stream, &state);
                    state.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, state }
    }

    pub(crate) fn transport(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.state.received.lock().unwrap().len()
    }

    pub(crate) fn peak_connections(&self) -> usize {
        self.state.peak.load(Ordering::SeqCst)
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// How often each recipient was named.
    pub(crate) fn tries(&self) -> BTreeMap<String, usize> {
        self.state.tries.lock().unwrap().clone()
    }

    /// Waits until so many messages have come in.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize) {
        let start = Instant::now();
        while self.count() < count {
            assert!(start.elapsed() < Duration::from_mins(1), "only {} of {count} messages came", self.count());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until this address was named as a recipient.
    #[track_caller]
    pub(crate) fn wait_for_tries(&self, recipient: &str) {
        let start = Instant::now();
        while !self.state.tries.lock().unwrap().contains_key(recipient) {
            assert!(start.elapsed() < Duration::from_mins(1), "{recipient} was never named");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// How many copies each recipient has.
    pub(crate) fn copies(&self) -> BTreeMap<String, usize> {
        let mut copies = BTreeMap::new();
        for received in self.received() {
            *copies.entry(received.to).or_default() += 1;
        }
        copies
    }
}

/// The part before the first `-`, which says what happens to the recipient.
fn kind(address: &str) -> &str {
    address.split(['@', '-']).next().unwrap_or_default()
}

fn serve(stream: TcpStream, state: &State) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let (mut from, mut to, mut envelope_id) = (String::new(), String::new(), String::new());
    if !state.say(&mut stream, "CONNECT", "", "220 sink.test ready")? {
        return Ok(());
    }
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        match command.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => stream.write_all(format!("250-sink.test\r\n{}250 8BITMIME\r\n", state.offers).as_bytes())?,
            "BDAT" => {
                let size = command.split(' ').nth(1).and_then(|size| size.parse().ok()).unwrap_or(0);
                let mut chunk = vec![0; size];
                reader.read_exact(&mut chunk)?;
                let message = String::from_utf8_lossy(&chunk).into_owned();
                state.received.lock().unwrap().push(Received {
                    from: from.clone(),
                    to: to.clone(),
                    envelope_id: envelope_id.clone(),
                    message,
                });
                std::thread::sleep(state.pause);
                stream.write_all(b"250 2.0.0 queued\r\n")?;
            }
            "MAIL" => {
                command.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut from);
                command.split("ENVID=").nth(1).unwrap_or_default().clone_into(&mut envelope_id);
                state.say(&mut stream, "MAIL", "", "250 2.0.0 ok")?;
            }
            "RSET" | "NOOP" => stream.write_all(b"250 2.0.0 ok\r\n")?,
            "RCPT" => {
                command.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                let tries = {
                    let mut all = state.tries.lock().unwrap();
                    let tries = all.entry(to.clone()).or_default();
                    *tries += 1;
                    *tries
                };
                match kind(&to) {
                    "p550" => stream.write_all(b"550 5.1.1 no such user\r\n")?,
                    "latin" => stream.write_all(b"550 5.1.1 bo\xeete inconnue\r\n")?,
                    "p571" => stream.write_all(b"550 5.7.1 sending suspended\r\n")?,
                    "t451" => stream.write_all(b"451 4.7.1 try again later\r\n")?,
                    "grey" if tries == 1 => stream.write_all(b"451 4.7.1 greylisted\r\n")?,
                    "hang" => std::thread::sleep(Duration::from_mins(2)),
                    _ => drop(state.say(&mut stream, "RCPT", &to, "250 2.1.5 ok")?),
                }
            }
            "DATA" => {
                if !state.say(&mut stream, "DATA", &to, "354 go on")? {
                    continue;
                }
                let message = content(&mut reader)?;
                match kind(&to) {
                    "d554" => stream.write_all(b"554 5.7.1 rejected by content\r\n")?,
                    "d421" => return stream.write_all(b"421 4.7.0 closing\r\n"),
                    "drop" => return Ok(()),
                    kind => {
                        if state.wants(".", &to).is_some() {
                            state.say(&mut stream, ".", &to, "")?;
                            continue;
                        }
                        let copies = {
                            let mut received = state.received.lock().unwrap();
                            received.push(Received {
                                from: from.clone(),
                                to: to.clone(),
                                envelope_id: envelope_id.clone(),
                                message,
                            });
                            received.iter().filter(|one| one.to == to).count()
                        };
                        if kind == "lost" || (kind == "doubt" && copies == 1) {
                            return Ok(());
                        }
                        std::thread::sleep(state.pause);
                        stream.write_all(b"250 2.0.0 queued\r\n")?;
                    }
                }
            }
            "QUIT" => return stream.write_all(b"221 2.0.0 bye\r\n"),
            _ => stream.write_all(b"502 5.5.2 what?\r\n")?,
        }
    }
}

fn content(reader: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut message = String::new();
    loop {
        let start = message.len();
        if reader.read_line(&mut message)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if message[start..] == *".\r\n" {
            message.truncate(start);
            return Ok(message);
        }
        if message[start..].starts_with('.') {
            message.remove(start);
        }
    }
}
