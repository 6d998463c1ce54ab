//! Many letters over one connection.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader, DuplexStream,
    ReadBuf, duplex,
};

use super::server::{Act, Tls};
use super::*;

fn sent() -> End {
    End::Settled(Outcome::Sent("250 2.0.0 queued as 1".into()))
}

/// Carries the letters of `bag`; the commands that the server saw after EHLO, and whether the connection is open.
async fn carry(mode: Mode, bag: &mut Bag, script: impl Fn(&str) -> Act + Send + Sync + 'static) -> (Vec<String>, bool) {
    let server = Server::offering(mode, Tls::Never, script).await;
    let mut connection = connect(&server).await;
    connection.carry(bag).await;
    assert_eq!(bag.is_open, connection.is_open());
    let mut log = server.log();
    let is_open = connection.is_open();
    connection.close().await;
    (log.lines.split_off(2), is_open)
}

/// Counts calls of the system.
struct Counted {
    io: DuplexStream,
    reads: Arc<AtomicUsize>,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        // Where nothing has come, the runtime knows it without asking.
        self.reads.fetch_add(usize::from(read.is_ready()), Ordering::Relaxed);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Answers all that came in one go.
async fn answer_at_once(mut io: DuplexStream) {
    let mut heard = Vec::with_capacity(1_000_000);
    while io.read_buf(&mut heard).await.is_ok_and(|count| count > 0) {
        let mut answers = String::new();
        for line in heard.split_inclusive(|byte| *byte == b'\n') {
            answers += match line {
                b"DATA\r\n" => "354 go on\r\n",
                b".\r\n" => "250 2.0.0 queued as 1\r\n",
                _ if [b"MAIL".as_slice(), b"RCPT", b"RSET", b"BDAT"].iter().any(|verb| line.starts_with(verb)) => {
                    "250 2.0.0 queued as 1\r\n"
                }
                _ => "",
            };
        }
        heard.clear();
        io.write_all(answers.as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn a_message_costs_one_write_and_one_read_with_pipelining_and_fewer_in_chunks() {
    for (mode, in_flight, most) in
        [(Mode::Plain, 8, 4 * 96), (Mode::Pipelining, 8, 96 + 1), (Mode::Chunking, 1, 96 + 1), (Mode::Chunking, 8, 12)]
    {
        let (ours, theirs) = duplex(1_000_000);
        tokio::spawn(answer_at_once(theirs));
        let (reads, writes): (Arc<AtomicUsize>, Arc<AtomicUsize>) = Default::default();
        let io = Counted { io: ours, reads: Arc::clone(&reads), writes: Arc::clone(&writes) };
        let mut bag = Bag::new(96);
        over(io, mode, in_flight).carry(&mut bag).await;
        assert_eq!(bag.ends(), vec![sent(); 96]);
        for calls in [reads, writes] {
            assert!(calls.load(Ordering::Relaxed) <= most, "{mode:?}, {in_flight} in flight: {calls:?}");
        }
    }
}

#[tokio::test]
async fn data_ends_each_group_and_the_next_envelope_travels_with_the_content() {
    let (ours, mut theirs) = duplex(1_000_000);
    let groups = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&groups);
    tokio::spawn(async move {
        let mut heard = vec![0; 10_000];
        while let Ok(count @ 1..) = theirs.read(&mut heard).await {
            seen.lock().unwrap().push(String::from_utf8(heard[..count].to_vec()).unwrap());
            let answers: String = match seen.lock().unwrap().len() {
                1 => "250 a\r\n250 b\r\n354 c\r\n".into(),
                2 => "250 sent\r\n250 a\r\n550 b\r\n354 c\r\n".into(),
                3 => "554 nobody\r\n".into(),
                4 => "250 reset\r\n250 a\r\n250 b\r\n354 c\r\n".into(),
                _ => "250 sent\r\n".into(),
            };
            theirs.write_all(answers.as_bytes()).await.unwrap();
        }
    });
    let mut bag = Bag::new(3);
    over(ours, Mode::Pipelining, 1).carry(&mut bag).await;
    let says = |text: &str| text.to_owned();
    assert_eq!(
        bag.ends(),
        [Outcome::Sent(says("250 sent")), Outcome::Failed(says("550 b")), Outcome::Sent(says("250 sent"))]
            .map(End::Settled)
    );
    let envelope = |name: &str| format!("MAIL FROM:<news@example.org>\r\nRCPT TO:<{name}@example.org>\r\nDATA\r\n");
    let content = |name: &str| format!("To: {name}@example.org\r\n\r\n..a\r\n.\r\n");
    assert_eq!(
        *groups.lock().unwrap(),
        [
            envelope("reader1"),
            content("reader1") + &envelope("reader2"),
            ".\r\n".to_owned(),
            "RSET\r\n".to_owned() + &envelope("reader3"),
            content("reader3"),
        ]
    );
}

#[tokio::test]
async fn lmtp_has_no_answer_for_nobody_so_that_the_connection_is_closed() {
    let (ours, mut theirs) = duplex(1_000_000);
    tokio::spawn(async move {
        let _ = theirs.read(&mut [0; 1_000]).await;
        theirs.write_all(b"250 a\r\n550 b\r\n354 c\r\n").await.unwrap();
        assert_eq!(theirs.read(&mut [0; 1_000]).await.unwrap(), 0);
    });
    let mut connection = over(ours, Mode::Pipelining, 1);
    connection.terms.protocol = Protocol::Lmtp;
    let mut bag = Bag::new(1);
    connection.carry(&mut bag).await;
    assert_eq!(bag.ends(), [End::Settled(Outcome::Failed("550 b".into()))]);
    assert!(!connection.is_open());
}

#[tokio::test]
async fn so_many_letters_are_in_flight_and_no_more() {
    let (ours, theirs) = duplex(1_000_000);
    let server = tokio::spawn(async move {
        let mut io = BufReader::new(theirs);
        // It says nothing before it has heard from four.
        for rounds in 0..2 {
            let mut chunks = 0;
            while chunks < 4 {
                let mut line = String::new();
                io.read_line(&mut line).await.unwrap();
                chunks += usize::from(line.starts_with("BDAT"));
            }
            let mut rest = vec![0; 1_000];
            let more = tokio::time::timeout(Duration::from_millis(20), io.read(&mut rest)).await.unwrap().unwrap();
            assert!(!rest[..more].windows(4).any(|bytes| bytes == b"BDAT"), "round {rounds}: a fifth in flight");
            io.write_all("250 ok\r\n".repeat(16).as_bytes()).await.unwrap();
        }
    });
    let mut bag = Bag::new(8);
    over(ours, Mode::Chunking, 4).carry(&mut bag).await;
    assert_eq!(bag.ends(), vec![End::Settled(Outcome::Sent("250 ok".into())); 8]);
    server.await.unwrap();
}

#[tokio::test]
async fn a_421_after_some_messages_leaves_no_doubt_about_those_behind() {
    for mode in Mode::ALL {
        let mut bag = Bag::new(9);
        let script = |line: &str| match line {
            ". RCPT TO:<reader3@example.org>" => Act::SayAndClose(b"250 2.0.0 queued as 1\r\n421 4.7.0 enough\r\n"),
            _ => Act::Usual,
        };
        let (_, is_open) = carry(mode, &mut bag, script).await;
        let ends = bag.ends();
        assert!(!is_open);
        assert_eq!(ends[..2], [sent(), sent()], "{mode:?}");
        match mode {
            // It came unasked, or was taken for the answer to the next MAIL.
            Mode::Plain | Mode::Pipelining => {
                assert_eq!(ends[2], sent());
                for end in &ends[3..] {
                    assert_eq!(*end, End::Settled(Outcome::Refused("421 4.7.0 enough".into())), "{mode:?}");
                }
                assert!(ends.len() <= 4);
            }
            Mode::Chunking => {
                assert_eq!(ends[2..4], [sent(), End::Settled(Outcome::Refused("421 4.7.0 enough".into()))]);
                let behind = Outcome::Deferred("the server closed the connection: 421 4.7.0 enough".into());
                assert!(ends[4..].iter().all(|end| *end == End::Settled(behind.clone())), "{ends:?}");
            }
        }
    }
}

#[tokio::test]
async fn refusals_in_the_middle_touch_no_other_letter() {
    for mode in Mode::ALL {
        let mut bag = Bag::new(8);
        let script = |line: &str| match line {
            "RCPT TO:<reader2@example.org>" | "RCPT TO:<reader8@example.org>" => Act::Say(b"550 5.1.1 gone\r\n"),
            "RCPT TO:<reader3@example.org>" => Act::Say(b"450 4.2.1 busy\r\n"),
            ". RCPT TO:<reader5@example.org>" => Act::Say(b"554 5.7.1 spam\r\n"),
            _ => Act::Usual,
        };
        let (lines, is_open) = carry(mode, &mut bag, script).await;
        assert!(is_open);
        let gone = End::Settled(Outcome::Failed("550 5.1.1 gone".into()));
        let busy = End::Settled(Outcome::Deferred("450 4.2.1 busy".into()));
        let spam = End::Settled(Outcome::Failed("554 5.7.1 spam".into()));
        assert_eq!(bag.ends(), [sent(), gone.clone(), busy, sent(), spam, sent(), sent(), gone], "{mode:?}");
        let resets = if mode == Mode::Chunking { 8 } else { 2 };
        assert_eq!(lines.iter().filter(|line| *line == "RSET").count(), resets, "{mode:?}");
    }
}

#[tokio::test]
async fn a_server_that_offers_chunks_and_knows_none_is_asked_by_data() {
    let script = |line: &str| match line {
        ". RCPT TO:<reader5@example.org>" | ". RCPT TO:<reader8@example.org>" => Act::Usual,
        line if line.starts_with(". RCPT") => Act::Say(b"502 5.5.1 command not implemented\r\n"),
        _ => Act::Usual,
    };
    let server = Server::offering(Mode::Chunking, Tls::Never, script).await;
    let smtp = transport(&server, Security::Loopback);
    let mut bag = Bag::new(6);
    smtp.establish().await.unwrap().carry(&mut bag).await;
    let refused = End::Settled(Outcome::Failed("502 5.5.1 command not implemented".into()));
    let back = || End::GivenBack;
    assert_eq!(bag.ends(), [back(), back(), back(), back(), sent(), refused], "four were in flight");
    let mut bag = Bag { letters: VecDeque::from([letter(8, "reader8")]), ..Bag::new(0) };
    smtp.establish().await.unwrap().carry(&mut bag).await;
    assert_eq!(bag.ends(), [sent()]);
    let lines = server.log().lines;
    let count = |command: &str| lines.iter().filter(|line| *line == command).count();
    assert_eq!((count("BDAT"), count("DATA")), (4, 3), "also over other connections: {lines:?}");
}

#[tokio::test]
async fn whoever_left_gets_nothing() {
    for mode in Mode::ALL {
        let mut bag = Bag { leavers: BTreeSet::from([2]), ..Bag::new(3) };
        let server = Server::offering(mode, Tls::Never, |_| Act::Usual).await;
        let mut connection = connect(&server).await;
        connection.carry(&mut bag).await;
        // After DATA there is no way back.
        match mode {
            Mode::Plain => assert_eq!(bag.ends(), [sent(), End::Left]),
            Mode::Pipelining => assert_eq!(bag.ends(), [sent(), End::Left, End::GivenBack]),
            Mode::Chunking => assert_eq!(bag.ends(), [sent(), End::Left, sent()]),
        }
        assert_eq!(connection.is_open(), mode == Mode::Chunking);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let log = server.log();
        assert_eq!(log.messages.len(), if mode == Mode::Chunking { 2 } else { 1 });
        assert!(!log.lines.contains(&". RCPT TO:<reader2@example.org>".to_owned()));
    }
}

#[tokio::test]
async fn a_stop_gives_up_envelopes_and_waits_for_content() {
    for mode in [Mode::Plain, Mode::Pipelining] {
        let script = |line: &str| if line == "RCPT TO:<reader2@example.org>" { Act::HANG } else { Act::Usual };
        let mut bag = Bag { stop_after: 1, ..Bag::new(2) };
        let stop = bag.stop.clone();
        if mode == Mode::Plain {
            // Here the second letter begins only after the first has ended, so that the stop comes later.
            bag.stop_after = usize::MAX;
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                stop.send_replace(true);
            });
        }
        let (_, is_open) = carry(mode, &mut bag, script).await;
        assert_eq!(bag.ends(), [sent(), End::GivenBack], "{mode:?}");
        assert!(!is_open);
    }
    for mode in Mode::ALL {
        let mut bag = Bag::new(1);
        let (stop, (ours, theirs)) = (bag.stop.clone(), duplex(1_000_000));
        tokio::spawn(async move {
            let mut io = BufReader::new(theirs);
            let mut line = String::new();
            while io.read_line(&mut line).await.unwrap() > 0 {
                let is_over = line == ".\r\n" || line == ".a\r\n" && mode == Mode::Chunking;
                if is_over {
                    stop.send_replace(true);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                let said = match line.split([' ', '\r']).next() {
                    _ if is_over => "250 late\r\n",
                    Some("DATA") => "354 go on\r\n",
                    Some("MAIL" | "RCPT" | "RSET") => "250 ok\r\n",
                    _ => "",
                };
                io.write_all(said.as_bytes()).await.unwrap();
                line.clear();
            }
        });
        over(ours, mode, 4).carry(&mut bag).await;
        assert_eq!(bag.ends(), [End::Settled(Outcome::Sent("250 late".into()))], "{mode:?}");
    }
}

/// What a client says to a server that answers every question, one letter.
async fn whole(mode: Mode) -> Vec<u8> {
    let (ours, theirs) = duplex(1_000_000);
    let server = tokio::spawn(cut_after(theirs, usize::MAX, true));
    over(ours, mode, 4).carry(&mut Bag::new(1)).await;
    server.await.unwrap()
}

/// Answers all questions in the first `count` bytes that come; then closes the connection, or hangs.
async fn cut_after(mut io: DuplexStream, count: usize, closes: bool) -> Vec<u8> {
    let mut heard = Vec::new();
    while heard.len() < count {
        let Ok(byte) = io.read_u8().await else { return heard };
        heard.push(byte);
        let line = heard.rsplit(|byte| *byte == b'\n').nth(1).unwrap_or_default();
        let said = match line {
            _ if byte != b'\n' => "",
            b"DATA\r" => "354 go on\r\n",
            b".\r" | b".a\r" => "250 2.0.0 queued as 1\r\n",
            b"..a\r" | b"\r" => "",
            _ if line.starts_with(b"To:") || line.starts_with(b"BDAT") => "",
            _ => "250 ok\r\n",
        };
        if io.write_all(said.as_bytes()).await.is_err() {
            return heard;
        }
    }
    if !closes {
        std::future::pending::<()>().await;
    }
    heard
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_at_any_byte_leaves_doubt_only_behind_the_last() {
    for mode in Mode::ALL {
        let said = whole(mode).await;
        for closes in [true, false] {
            for count in 0..said.len() {
                // A buffer of one byte: the server has all that has left, but for one byte.
                let (ours, theirs) = duplex(1);
                let server = tokio::spawn(cut_after(theirs, count, closes));
                let mut connection = over(ours, mode, 4);
                let mut bag = Bag::new(1);
                connection.carry(&mut bag).await;
                let ends = bag.ends();
                let has_left = count + 1 >= said.len();
                match &ends[..] {
                    [End::Settled(Outcome::InDoubt(_))] if has_left => {}
                    // A write that fails counts for all of its bytes.
                    [End::Settled(Outcome::InDoubt(_))] if closes && is_in_last_write(mode, &said, count) => {}
                    [End::Settled(Outcome::Deferred(_))] if !has_left => {}
                    _ => panic!("{mode:?}, {count} of {} bytes, closes {closes}: {ends:?}", said.len()),
                }
                assert!(!connection.is_open());
                server.abort();
            }
        }
    }
}

/// Whether a letter's last write begins before this byte.
fn is_in_last_write(mode: Mode, said: &[u8], count: usize) -> bool {
    mode == Mode::Chunking || memchr::memmem::find(said, b"DATA\r\n").unwrap() + 6 <= count
}

#[tokio::test(start_paused = true)]
async fn answers_are_the_same_however_they_are_cut() {
    for mode in Mode::ALL {
        for cut in 1..60 {
            for pause in [Duration::ZERO, Duration::from_secs(5)] {
                let (ours, theirs) = duplex(1_000_000);
                let (mut far, near) = duplex(1_000_000);
                tokio::spawn(answer_at_once(near));
                // Passes on what was asked at once, and what was answered in pieces.
                tokio::spawn(async move {
                    let (mut from, mut to) = tokio::io::split(theirs);
                    let mut bytes = vec![0; 100_000];
                    loop {
                        let count = from.read(&mut bytes).await.unwrap();
                        if count == 0 || far.write_all(&bytes[..count]).await.is_err() {
                            return;
                        }
                        tokio::time::sleep(Duration::from_millis(1)).await;
                        let count = {
                            let mut buffer = ReadBuf::new(&mut bytes);
                            let read = poll_fn(|cx| Poll::Ready(Pin::new(&mut far).poll_read(cx, &mut buffer)));
                            let _ = read.await;
                            buffer.filled().len()
                        };
                        for piece in bytes[..count].chunks(cut) {
                            tokio::time::sleep(if cut > 30 { pause } else { Duration::from_millis(1) }).await;
                            let _ = to.write_all(piece).await;
                        }
                    }
                });
                let mut bag = Bag::new(3);
                over(ours, mode, 2).carry(&mut bag).await;
                assert_eq!(bag.ends(), vec![sent(); 3], "{mode:?} cut at {cut}, {pause:?} late");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_server_says_closes_the_connection_and_is_never_an_acceptance() {
    let endless = "250-more\r\n".repeat(20_000);
    let line = "2".repeat(200_000);
    let bytes: Vec<u8> = (0..=255).collect();
    for mode in Mode::ALL {
        for said in [
            b"250 2.0.0 ok\r\n".repeat(40).as_slice(),
            b"250 to nothing\r\n",
            b"250",
            b"354 go on\r\n",
            b"\r\n\r\n\r\n",
            b"421\r\n250 ok\r\n",
            endless.as_bytes(),
            line.as_bytes(),
            &bytes,
        ] {
            let (ours, mut theirs) = duplex(1_000_000);
            // Before anything was asked.
            theirs.write_all(said).await.unwrap();
            let mut connection = over(ours, mode, 4);
            let mut bag = Bag::new(2);
            connection.carry(&mut bag).await;
            assert!(!connection.is_open());
            let ends = bag.ends();
            for end in &ends {
                assert!(matches!(end, End::Settled(Outcome::Deferred(_) | Outcome::Refused(_))), "{mode:?} {end:?}");
            }
            assert!(!ends.is_empty());
        }
    }
}
