//! Any bytes as all that a mail server says: no message counts as sent without a positive answer to its end, and what is kept
//! of an answer is one short line.
#![no_main]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock};
use std::thread;

use tidings::config::{self, Config};
use tidings::files::Folder;
use tidings::model::Outcome;
use tidings::transport::{self, Letter, Transport};
use tokio::runtime::Runtime;

/// A server that says what it is given, a part of it each time it hears anything, and the program's side of the connection.
struct Bench {
    say: Sender<Vec<u8>>,
    transport: Arc<dyn Transport>,
    runtime: Runtime,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (say, said) = channel::<Vec<u8>>();
    thread::spawn(move || {
        for bytes in said {
            let (mut stream, _) = listener.accept().expect("a connection");
            let _ = answer(&mut stream, &bytes);
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    let config = config(port);
    let mail = &config.mail;
    let transport =
        transport::new(&mail.relays[0], mail.timeout, &Folder::new(".".as_ref()), None).expect("a transport");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    Bench { say, transport, runtime }
});

/// What comes before a zero byte is said without being asked, as the greeting is; the next part after the next question.
fn answer(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for (number, part) in bytes.split(|byte| *byte == 0).enumerate() {
        if number > 0 && stream.read(&mut [0; 4096])? == 0 {
            break;
        }
        stream.write_all(part)?;
    }
    Ok(())
}

fn config(port: u16) -> Config {
    let text = format!(
        "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n[mail]\ntransport = 'smtp://127.0.0.1:{port}'\ntimeout = 1\nin_flight = 4\n"
    );
    config::parse("config.toml", &text).expect("a valid configuration")
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let bench = &*BENCH;
    bench.say.send(bytes.to_vec()).expect("a server");
    let (from, to) = ("ada@news.example.org".parse().expect("one"), "eve@reader.test".parse().expect("one"));
    let letter = Letter {
        number: 1,
        from: Arc::new(from),
        to,
        name: "issue-1-00001".to_owned(),
        envelope_id: Some("abc234".to_owned()),
    };
    let outcome = bench.runtime.block_on(async {
        let mut connection = match bench.transport.connect().await {
            Ok(connection) => connection,
            Err(error) => return Outcome::Deferred(error.to_string()),
        };
        let outcome = transport::send(&mut *connection, letter, b"Subject: a\r\n\r\nb\r\n").await;
        connection.close().await;
        outcome
    });
    let (Outcome::Sent(reply)
    | Outcome::Deferred(reply)
    | Outcome::Failed(reply)
    | Outcome::InDoubt(reply)
    | Outcome::Refused(reply)) = &outcome;
    assert!(reply.chars().count() <= 1000 && !reply.contains(char::is_control), "{reply:?}");
    if let Outcome::Sent(reply) = &outcome {
        // The greeting, EHLO, MAIL, RCPT and the end of the content.
        let done = bytes.split(|byte| [b'\n', 0].contains(byte)).filter(|line| line.starts_with(b"2")).count();
        assert!(reply.starts_with('2') && done >= 5, "{reply:?} after {:?}", String::from_utf8_lossy(bytes));
    }
});
