use std::time::Instant;

use super::server::{Act, Tls};
use super::*;

/// More than the buffers of two sockets hold: a receiver that does not read it all is noticed.
fn large() -> Vec<u8> {
    [b"x".repeat(76).as_slice(), b"\r\n"].concat().repeat(200_000)
}

async fn server(mode: Mode, script: impl Fn(&str) -> Act + Send + Sync + 'static) -> Server {
    Server::offering(mode, Tls::Never, script).await
}

#[tokio::test]
async fn two_hundred_messages_take_one_connection_and_no_40_ms_each() {
    for mode in Mode::ALL {
        let server = server(mode, |_| Act::Usual).await;
        let mut connection = connect(&server).await;
        let message = [b"Subject: x\r\n\r\n".as_slice(), &b"0123456789abcdef\r\n".repeat(500)].concat();
        let start = Instant::now();
        for number in 0..200 {
            let outcome = deliver(&mut connection, &format!("reader{number}"), &message).await;
            assert_eq!(outcome, Outcome::Sent("250 2.0.0 queued as 1".into()));
        }
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}: is TCP_NODELAY set?", start.elapsed());
        connection.close().await;
        let log = server.log();
        assert_eq!((log.connections, log.messages.len()), (1, 200));
        assert!(log.messages.iter().all(|taken| *taken == message), "each arrives byte for byte");
        assert_eq!(log.lines.last().unwrap(), "QUIT");
        let command = if mode == Mode::Chunking { "BDAT" } else { "DATA" };
        assert_eq!(log.lines.iter().filter(|line| *line == command).count(), 200);
    }
}

#[tokio::test]
async fn content_with_dots_and_without_a_last_line_end_arrives_unharmed() {
    for mode in Mode::ALL {
        let server = server(mode, |_| Act::Usual).await;
        let mut connection = connect(&server).await;
        let dots = b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\na.\r\n\r\n.\r\n\r\n";
        deliver(&mut connection, "ada", dots).await;
        deliver(&mut connection, "ada", b"Subject: x\r\n\r\nno end").await;
        assert_eq!(server.log().messages, [dots.as_slice(), b"Subject: x\r\n\r\nno end\r\n"]);
    }
}

#[tokio::test]
async fn a_refused_recipient_costs_no_connection() {
    for mode in Mode::ALL {
        let server = server(mode, |line| match line {
            "RCPT TO:<gone@example.org>" => Act::Say(b"550-5.1.1 no such user\r\n550 5.1.1 here\r\n"),
            "RCPT TO:<latin@example.org>" => Act::Say(b"550 5.1.1 bo\xeete inconnue\r\n"),
            "RCPT TO:<busy@example.org>" => Act::Say(b"451 4.7.1 later\r\n"),
            "RCPT TO:<login@example.org>" => Act::Say(b"530 5.7.0 authentication required\r\n"),
            ". RCPT TO:<spam@example.org>" => Act::Say(b"554 5.7.1 rejected\r\n"),
            ". RCPT TO:<full@example.org>" => Act::Say(b"452 4.2.2 full\r\n"),
            _ => Act::Usual,
        })
        .await;
        let mut connection = connect(&server).await;
        for (name, outcome) in [
            ("gone", Outcome::Failed("550 5.1.1 no such user here".into())),
            ("latin", Outcome::Failed("550 5.1.1 bo\u{fffd}te inconnue".into())),
            ("busy", Outcome::Deferred("451 4.7.1 later".into())),
            ("login", Outcome::Refused("530 5.7.0 authentication required".into())),
            ("spam", Outcome::Failed("554 5.7.1 rejected".into())),
            ("full", Outcome::Deferred("452 4.2.2 full".into())),
            ("ada", Outcome::Sent("250 2.0.0 queued as 1".into())),
        ] {
            assert_eq!(deliver(&mut connection, name, MESSAGE).await, outcome, "{mode:?}");
            assert!(connection.is_open(), "after {name}");
        }
        let log = server.log();
        assert_eq!((log.connections, log.messages.len()), (1, 1));
        // Before each MAIL behind a refused RCPT; in chunks, before every one.
        let resets = if mode == Mode::Chunking { 7 } else { 4 };
        assert_eq!(log.lines.iter().filter(|line| *line == "RSET").count(), resets, "{mode:?}");
    }
}

#[tokio::test]
async fn a_refused_sender_or_data_is_told_from_a_refused_recipient() {
    for (line, reply, outcome) in [
        ("MAIL", b"553 5.7.1 not yours\r\n".as_slice(), Outcome::Refused("553 5.7.1 not yours".into())),
        ("MAIL", b"452 4.3.1 no space\r\n", Outcome::Refused("452 4.3.1 no space".into())),
        ("DATA", b"554 5.5.1 no\r\n", Outcome::Failed("554 5.5.1 no".into())),
        ("DATA", b"451 4.3.0 later\r\n", Outcome::Deferred("451 4.3.0 later".into())),
    ] {
        for mode in [Mode::Plain, Mode::Pipelining] {
            let server = server(mode, move |said| match said {
                _ if said.starts_with(line) => Act::Say(reply),
                "RCPT TO:<ada@example.org>" if line == "MAIL" => Act::Say(b"503 5.5.1 from whom?\r\n"),
                _ => Act::Usual,
            })
            .await;
            let mut connection = connect(&server).await;
            for _ in 0..2 {
                assert_eq!(deliver(&mut connection, "ada", MESSAGE).await, outcome, "{mode:?}");
                assert!(connection.is_open());
            }
            let lines = server.log().lines;
            let second = lines.iter().rposition(|said| said.starts_with("MAIL")).unwrap();
            assert_eq!(lines[second - 1], "RSET");
        }
    }
}

#[tokio::test]
async fn a_421_anywhere_closes_and_is_about_all_readers_before_a_reader_was_named() {
    let closing = b"421 4.7.0 closing\r\n";
    for mode in Mode::ALL {
        for phase in ["MAIL", "RCPT", "DATA", "."] {
            if (mode, phase) == (Mode::Chunking, "DATA") {
                continue;
            }
            let script = move |line: &str| if line.starts_with(phase) { Act::SayAndClose(closing) } else { Act::Usual };
            let server = server(mode, script).await;
            let mut connection = connect(&server).await;
            let outcome = deliver(&mut connection, "ada", MESSAGE).await;
            let said = "421 4.7.0 closing".to_owned();
            let expected = if phase == "MAIL" { Outcome::Refused(said) } else { Outcome::Deferred(said) };
            assert_eq!(outcome, expected, "{mode:?} {phase}");
            assert!(!connection.is_open(), "{mode:?} {phase}");
            let again = deliver(&mut connection, "ada", MESSAGE).await;
            assert_eq!(again, Outcome::Deferred("the connection is closed".into()));
        }
    }
}

#[tokio::test]
async fn only_a_complete_message_without_an_answer_is_in_doubt() {
    for mode in Mode::ALL {
        for (phase, in_doubt) in [("MAIL", false), ("RCPT", false), ("DATA", false), (".", true)] {
            // In chunks, all of it has left by then.
            let in_doubt = in_doubt || mode == Mode::Chunking;
            if (mode, phase) == (Mode::Chunking, "DATA") {
                continue;
            }
            for hang in [false, true] {
                let server = server(mode, move |line| match (line.starts_with(phase), hang) {
                    (true, true) => Act::HANG,
                    (true, false) => Act::CLOSE,
                    (false, _) => Act::Usual,
                })
                .await;
                let mut connection = if hang { connect_impatiently(&server).await } else { connect(&server).await };
                let start = Instant::now();
                let outcome = deliver(&mut connection, "ada", MESSAGE).await;
                match &outcome {
                    Outcome::InDoubt(_) if in_doubt => {}
                    Outcome::Deferred(_) if !in_doubt => {}
                    _ => panic!("{mode:?} {phase}, hang {hang}: {outcome:?}"),
                }
                assert!(start.elapsed() < Duration::from_secs(5), "{phase}, hang {hang}: {:?}", start.elapsed());
                assert!(!connection.is_open(), "{phase}, hang {hang}");
            }
        }
    }
}

#[tokio::test]
async fn a_loss_in_the_middle_of_the_content_is_safe_to_repeat() {
    for mode in Mode::ALL {
        for act in [
            |said: &'static [u8]| Act::ReadAndClose(said, 1000),
            |said: &'static [u8]| Act::SayAndClose(said),
            |said: &'static [u8]| Act::SayAndHang(said),
        ] {
            let server = server(mode, move |line| match line {
                "DATA" => act(b"354 go on\r\n"),
                _ if mode == Mode::Chunking && line.starts_with("RCPT") => act(b"250 2.1.5 ok\r\n"),
                _ => Act::Usual,
            })
            .await;
            let mut connection = connect_impatiently(&server).await;
            let start = Instant::now();
            let outcome = deliver(&mut connection, "ada", &large()).await;
            assert!(matches!(outcome, Outcome::Deferred(_)), "{mode:?} {outcome:?}");
            assert!(start.elapsed() < Duration::from_secs(5));
            assert!(!connection.is_open());
        }
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_never_taken_for_another() {
    for mode in Mode::ALL {
        for (phase, answer) in [
            ("DATA", b"250 ok\r\n".as_slice()),
            ("MAIL", b"354 go on\r\n"),
            ("RCPT", b"354 go on\r\n"),
            ("RCPT", b"hello\r\n"),
            ("RCPT", b"250-ok\r\n550 not ok\r\n"),
            (".", b"354 go on\r\n"),
            (".", b"\x00\xff\xfe\r\n"),
        ] {
            if (mode, phase) == (Mode::Chunking, "DATA") {
                continue;
            }
            let server =
                server(mode, move |line| if line.starts_with(phase) { Act::Say(answer) } else { Act::Usual }).await;
            let mut connection = connect(&server).await;
            let outcome = deliver(&mut connection, "ada", MESSAGE).await;
            match (phase, &outcome) {
                (".", Outcome::InDoubt(_)) => {}
                (_, Outcome::InDoubt(_)) if mode == Mode::Chunking => {}
                ("DATA" | "RCPT" | "MAIL", Outcome::Deferred(_)) if mode != Mode::Chunking => {}
                _ => panic!("{mode:?} {phase}: {outcome:?}"),
            }
            assert!(!connection.is_open());
        }
    }
}

#[tokio::test]
async fn odd_but_legal_answers_are_understood() {
    let long: &'static [u8] = [b"250 2.0.0 ".as_slice(), &[b'x'; 2000], b"\r\n"].concat().leak();
    for mode in Mode::ALL {
        for answer in [b"250\r\n".as_slice(), b"250-a\r\n250-b\r\n250 c\r\n", b"250 \xe9\r\n", b"250 a\n", long] {
            let server =
                server(mode, move |line| if line.starts_with(". ") { Act::Say(answer) } else { Act::Usual }).await;
            let outcome = deliver(&mut connect(&server).await, "ada", MESSAGE).await;
            match outcome {
                Outcome::Sent(reply) => assert!(reply.starts_with("250") && reply.len() <= 500, "{reply}"),
                _ => panic!("{outcome:?}"),
            }
        }
    }
}

#[tokio::test]
async fn what_the_caller_gives_up_takes_the_connection_with_it() {
    for mode in Mode::ALL {
        let server = server(mode, |line| if line.starts_with("RCPT") { Act::HANG } else { Act::Usual }).await;
        let mut connection = connect(&server).await;
        let given_up = tokio::time::timeout(Duration::from_millis(50), deliver(&mut connection, "ada", MESSAGE)).await;
        assert!(given_up.is_err());
        assert!(!connection.is_open(), "the late answer would be taken for the next one");
    }
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_smtputf8() {
    for mode in Mode::ALL {
        let plain = server(mode, |_| Act::Usual).await;
        let mut connection = connect(&plain).await;
        let outcome = deliver(&mut connection, "jörg", MESSAGE).await;
        assert!(
            matches!(&outcome, Outcome::Failed(reason) if reason.contains("SMTPUTF8") && reason.contains("another address")),
            "{outcome:?}"
        );
        assert!(connection.is_open());
        assert!(plain.log().lines.iter().all(|line| !line.starts_with("MAIL")));
    }

    let offers = b"250-lab.test\r\n250-8bitmime\r\n250 SMTPUTF8\r\n";
    let modern =
        server(Mode::Plain, move |line| if line.starts_with("EHLO") { Act::Say(offers) } else { Act::Usual }).await;
    let mut connection = connect(&modern).await;
    let outcome = deliver(&mut connection, "jörg", "To: jörg\r\n\r\nHallo\r\n".as_bytes()).await;
    assert!(matches!(outcome, Outcome::Sent(_)), "{outcome:?}");
    assert_eq!(modern.log().lines[2], "MAIL FROM:<news@example.org> SMTPUTF8 BODY=8BITMIME");
}

#[tokio::test]
async fn a_message_that_could_smuggle_a_second_one_never_leaves() {
    for mode in Mode::ALL {
        let server = server(mode, |_| Act::Usual).await;
        for message in [
            b"a\n.\r\nMAIL FROM:<x@example.org>\r\n".as_slice(),
            b"a\r\n.\nb\r\n",
            b"a\r.\r\n",
            b"a\r",
            b"\n",
            "é\r\n".as_bytes(),
        ] {
            let mut connection = connect(&server).await;
            let outcome = deliver(&mut connection, "ada", message).await;
            assert!(matches!(outcome, Outcome::Failed(_)), "{message:?}: {outcome:?}");
            // After DATA there is no other way to take it back.
            assert_eq!(connection.is_open(), mode == Mode::Chunking);
        }
        let log = server.log();
        assert!(log.messages.is_empty() && !log.lines.iter().any(|line| line.starts_with(". ") || line == "BDAT"));
    }
}

#[tokio::test]
async fn a_message_larger_than_the_server_takes_never_leaves() {
    for (mode, offers) in [
        (Mode::Plain, b"250-lab.test\r\n250 size 23\r\n".as_slice()),
        (Mode::Pipelining, b"250-lab.test\r\n250-PIPELINING\r\n250 SIZE 23\r\n"),
        (Mode::Chunking, b"250-lab.test\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 SIZE 23\r\n"),
    ] {
        let server =
            server(mode, move |line| if line.starts_with("EHLO") { Act::Say(offers) } else { Act::Usual }).await;
        let mut connection = connect(&server).await;
        let outcome = deliver(&mut connection, "ada", &MESSAGE[..23]).await;
        assert!(matches!(outcome, Outcome::Refused(reason) if reason.contains("25 bytes") && reason.contains("23")));
        assert_eq!(connection.is_open(), mode == Mode::Chunking);
        let outcome = deliver(&mut connect(&server).await, "ada", &MESSAGE[..21]).await;
        assert!(matches!(outcome, Outcome::Sent(_)), "{outcome:?}");
        assert_eq!(server.log().messages, [[&MESSAGE[..21], b"\r\n"].concat()]);
    }
}

#[tokio::test]
async fn several_connections_work_at_once() {
    for mode in Mode::ALL {
        let server = server(mode, |_| Act::Usual).await;
        let smtp = Arc::new(transport(&server, Security::Loopback));
        let tasks: Vec<_> = (0..4)
            .map(|task| {
                let smtp = Arc::clone(&smtp);
                tokio::spawn(async move {
                    let mut connection = smtp.establish().await.unwrap();
                    for number in 0..10 {
                        let outcome = deliver(&mut connection, &format!("reader{task}-{number}"), MESSAGE).await;
                        assert!(matches!(outcome, Outcome::Sent(_)), "{outcome:?}");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let log = server.log();
        assert_eq!((log.connections, log.messages.len()), (4, 40));
    }
}

#[tokio::test]
async fn quit_does_not_wait_for_the_server() {
    let server = server(Mode::Plain, |line| if line == "QUIT" { Act::HANG } else { Act::Usual }).await;
    let mut connection = connect_impatiently(&server).await;
    let start = Instant::now();
    connection.close().await;
    assert!(start.elapsed() < Duration::from_secs(5));
}
