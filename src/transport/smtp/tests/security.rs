use std::time::Instant;

use rustls::ClientConfig;
use tokio::sync::OnceCell;

use super::server::{Act, Server, Tls, certificate};
use super::*;

fn trusting(server: &Server, security: Security, client: Arc<ClientConfig>) -> Smtp {
    Smtp { tls: OnceCell::new_with(Some(client)), ..transport(server, security) }
}

async fn refusal(smtp: &Smtp) -> TransportError {
    match smtp.establish().await {
        Ok(_) => panic!("this connection must not come about"),
        Err(error) => {
            assert!(error.help().is_some(), "{error}");
            error
        }
    }
}

async fn send_one(smtp: &Smtp) -> Outcome {
    deliver(&mut smtp.establish().await.unwrap(), "ada", MESSAGE).await
}

fn as_ada(mut smtp: Smtp, password: &str) -> Smtp {
    smtp.login = login(Some("ada@example.org".into()), Some(password.into())).unwrap();
    smtp
}

#[tokio::test]
async fn tls_from_the_first_byte_works() {
    for mode in Mode::ALL {
        let (server_tls, client) = certificate("127.0.0.1");
        let server = Server::offering(mode, Tls::AtOnce(server_tls), |_| Act::Usual).await;
        let mut connection = trusting(&server, Security::Implicit, client).establish().await.unwrap();
        let mut bag = Bag { special: vec![(2, b"0123456789abcde\r\n".repeat(30_000))], ..Bag::new(9) };
        connection.carry(&mut bag).await;
        let sent = End::Settled(Outcome::Sent("250 2.0.0 queued as 1".into()));
        assert_eq!(bag.ends(), vec![sent; 9], "{mode:?}");
        let log = server.log();
        assert_eq!(log.messages[1].len(), 30_000 * 17 + log.messages[0].len());
        assert_eq!(log.messages.len(), 9);
        assert_eq!(log.lines[..2], ["CONNECT", "EHLO [127.0.0.1]"]);
    }
}

#[tokio::test]
async fn a_loss_after_the_end_of_the_content_is_in_doubt_over_tls_too() {
    for mode in Mode::ALL {
        let (server_tls, client) = certificate("127.0.0.1");
        let script = |line: &str| if line.starts_with('.') { Act::CLOSE } else { Act::Usual };
        let server = Server::offering(mode, Tls::AtOnce(server_tls), script).await;
        let outcome = send_one(&trusting(&server, Security::Implicit, client)).await;
        assert!(matches!(outcome, Outcome::InDoubt(_)), "{outcome:?}");
    }
}

#[tokio::test]
async fn starttls_greets_twice_and_then_works() {
    let (server_tls, client) = certificate("localhost");
    let server = Server::start(Tls::OnDemand(server_tls), |_| Act::Usual).await;
    let smtp = Smtp { host: "localhost".into(), ..trusting(&server, Security::StartTls, client) };
    let outcome = send_one(&as_ada(smtp, "secret")).await;
    assert!(matches!(outcome, Outcome::Sent(_)), "{outcome:?}");
    let lines = server.log().lines;
    assert_eq!(lines[..4], ["CONNECT", "EHLO [127.0.0.1]", "STARTTLS", "EHLO [127.0.0.1]"]);
    assert!(lines[4].starts_with("AUTH PLAIN "));
}

#[tokio::test]
async fn a_certificate_for_another_name_or_of_an_unknown_authority_is_refused() {
    for security in [Security::Implicit, Security::StartTls] {
        let (server_tls, client) = certificate("other.example");
        let tls = if security == Security::Implicit { Tls::AtOnce } else { Tls::OnDemand };
        let server = Server::start(tls(server_tls), |_| Act::Usual).await;
        let error = refusal(&trusting(&server, security, client)).await;
        assert!(matches!(error, TransportError::Certificate { .. }), "{error:?}");

        let (server_tls, _) = certificate("127.0.0.1");
        let (_, stranger) = certificate("127.0.0.1");
        let server = Server::start(tls(server_tls), |_| Act::Usual).await;
        let error = refusal(&as_ada(trusting(&server, security, stranger), "secret")).await;
        assert!(matches!(error, TransportError::Certificate { .. }), "{error:?}");
        assert!(server.log().lines.iter().all(|line| !line.starts_with("AUTH")));
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing_more() {
    let offers = b"250-STARTTLS\r\n250-AUTH PLAIN\r\n250 SIZE 1000\r\n";
    let script = move |line: &str| if line.starts_with("EHLO") { Act::Say(offers) } else { Act::Usual };
    let server = Server::start(Tls::Never, script).await;
    let error = refusal(&as_ada(transport(&server, Security::StartTls), "secret")).await;
    assert!(matches!(error, TransportError::StartTlsMissing { .. }), "{error:?}");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(server.log().lines, ["CONNECT", "EHLO [127.0.0.1]"]);
}

#[tokio::test]
async fn replies_injected_before_tls_are_refused() {
    let (server_tls, client) = certificate("127.0.0.1");
    let injected = b"220 go ahead\r\n250-injected\r\n250 AUTH PLAIN\r\n";
    let server = Server::start(Tls::OnDemand(server_tls), move |line| match line {
        "STARTTLS" => Act::Say(injected),
        _ => Act::Usual,
    })
    .await;
    let error = refusal(&as_ada(trusting(&server, Security::StartTls, client), "secret")).await;
    assert!(matches!(error, TransportError::Injected { step: "STARTTLS", .. }), "{error:?}");
    assert!(!error.is_temporary());
}

#[tokio::test]
async fn a_refused_starttls_is_not_followed_by_plain_text() {
    let server = Server::start(Tls::Never, |line| match line {
        "STARTTLS" => Act::Say(b"454 4.7.0 not now\r\n"),
        _ => Act::Usual,
    })
    .await;
    let error = refusal(&as_ada(transport(&server, Security::StartTls), "secret")).await;
    assert!(matches!(error, TransportError::Refused { step: "STARTTLS", .. }), "{error:?}");
    assert!(error.is_temporary());
    assert_eq!(server.log().lines.last().unwrap(), "STARTTLS");
}

#[tokio::test]
async fn a_wrong_password_is_told_without_user_and_password() {
    let refused = b"535 5.7.8 user=<ada@example.org> wrong password secret\r\n";
    let script = move |line: &str| if line.starts_with("AUTH") { Act::Say(refused) } else { Act::Usual };
    let server = Server::start(Tls::Never, script).await;
    let error = refusal(&as_ada(transport(&server, Security::Loopback), "secret")).await;
    let TransportError::LoginRefused { reply, .. } = &error else { panic!("{error:?}") };
    assert_eq!(reply, "535 5.7.8 *** wrong password ***");
    assert!(!error.is_temporary());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(server.log().lines.last().unwrap().starts_with("AUTH PLAIN"), "no QUIT to wait for");
}

/// The password as servers may repeat it, plain and as AUTH wrote it, in one piece and in several.
const ECHOES: [&[u8]; 8] = [
    b"secret-77",
    b"SECRET-77 s e c r e t - 7 7",
    b"c2VjcmV0LTc3 AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQtNzc=",
    b"agfkyubleGFtcGxlLm9yZwBzZWNyZXQtNzc",
    b"AGFkYUBleGFt cGxlLm9yZwBz\r\n550-5.7.8 ZWNyZXQtNzc=",
    b"c 2 V j c m V 0 L T c 3",
    b"%73%65%63%72%65%74%2D%37%37 &#115;ecret-77",
    b"7365637265742d3737 73:65:63:72:65:74:2D:37:37",
];

fn says_nothing(said: &str) {
    for part in ["secret", "SECRET", "c2Vj", "ecret", "s e c", "ZWNy", "zwny", "BzZ", "%73", "7365", "73:65", "2 V j"] {
        assert!(!said.contains(part), "{part}: {said}");
    }
    assert!(said.contains("***"), "{said}");
}

#[tokio::test]
async fn what_a_server_repeats_of_the_password_is_kept_nowhere() {
    for echo in ECHOES {
        for (command, code) in [
            ("CONNECT", "554"),
            ("EHLO", "554"),
            ("AUTH", "535"),
            ("MAIL", "550"),
            ("RCPT", "450"),
            ("DATA", "554"),
            (".", "250"),
            (".", "553"),
        ] {
            let said: &'static [u8] = [
                format!("{code}-5.7.8 told: ").as_bytes(),
                String::from_utf8_lossy(echo).replace("\n550", &format!("\n{code}")).as_bytes(),
                format!("\r\n{code} 5.7.8 bye\r\n").as_bytes(),
            ]
            .concat()
            .leak();
            let script = move |line: &str| if line.starts_with(command) { Act::Say(said) } else { Act::Usual };
            let server = Server::start(Tls::Never, script).await;
            let smtp = as_ada(transport(&server, Security::Loopback), "secret-77");
            let kept = match smtp.establish().await {
                Err(error) => format!("{error} {error:?}"),
                Ok(mut connection) => {
                    let outcome = deliver(&mut connection, "ada", MESSAGE).await;
                    format!("{outcome:?}")
                }
            };
            says_nothing(&kept);
            assert!(kept.contains("told:") && kept.contains("bye"), "{command}: {kept}");
        }
    }
}

#[tokio::test]
async fn login_is_the_second_choice_and_works() {
    let server = Server::start(Tls::Never, |line| match line {
        "AUTH LOGIN" => Act::Say(b"334 VXNlcm5hbWU6\r\n"),
        "YWRhQGV4YW1wbGUub3Jn" => Act::Say(b"334 UGFzc3dvcmQ6\r\n"),
        "c2VjcmV0" => Act::Say(b"235 2.7.0 welcome\r\n"),
        _ if line.starts_with("EHLO") => Act::Say(b"250-lab.test\r\n250 AUTH GSSAPI LOGIN\r\n"),
        _ => Act::Usual,
    })
    .await;
    let outcome = send_one(&as_ada(transport(&server, Security::Loopback), "secret")).await;
    assert!(matches!(outcome, Outcome::Sent(_)), "{outcome:?}");
    assert_eq!(server.log().lines[2..5], ["AUTH LOGIN", "YWRhQGV4YW1wbGUub3Jn", "c2VjcmV0"]);
}

#[tokio::test]
async fn a_server_that_asks_for_ever_or_for_anything_else_or_offers_no_login_is_left() {
    // `Username:`, `Favourite colour:`, and what is no base64.
    for question in [b"334 VXNlcm5hbWU6\r\n".as_slice(), b"334 RmF2b3VyaXRlIGNvbG91cjo=\r\n", b"334 ?\r\n", b"334\r\n"]
    {
        let server = Server::start(Tls::Never, move |line| match line {
            "AUTH LOGIN" | "YWRhQGV4YW1wbGUub3Jn" => Act::Say(question),
            _ if line.starts_with("EHLO") => Act::Say(b"250-lab.test\r\n250 AUTH LOGIN\r\n"),
            _ => Act::Usual,
        })
        .await;
        let error = refusal(&as_ada(transport(&server, Security::Loopback), "secret")).await;
        assert!(matches!(error, TransportError::Protocol { step: "AUTH", .. }), "{error:?}");
    }

    let offers = b"250-lab.test\r\n250 AUTH GSSAPI\r\n";
    let server =
        Server::start(Tls::Never, move |line| if line.starts_with("EHLO") { Act::Say(offers) } else { Act::Usual })
            .await;
    let error = refusal(&as_ada(transport(&server, Security::Loopback), "secret")).await;
    assert!(matches!(error, TransportError::LoginMissing { .. }), "{error:?}");
}

#[tokio::test]
async fn each_step_of_connecting_has_its_deadline_and_its_words() {
    for (phase, step) in [("CONNECT", "greeting"), ("EHLO", "EHLO"), ("AUTH", "AUTH")] {
        for hang in [true, false] {
            let server = Server::start(Tls::Never, move |line| match (line.starts_with(phase), hang) {
                (true, true) => Act::HANG,
                (true, false) => Act::CLOSE,
                (false, _) => Act::Usual,
            })
            .await;
            let mut smtp = as_ada(transport(&server, Security::Loopback), "secret");
            if hang {
                smtp.deadlines.reply = Duration::from_millis(200);
            }
            let start = Instant::now();
            let error = refusal(&smtp).await;
            assert!(start.elapsed() < Duration::from_secs(5), "{phase}: {:?}", start.elapsed());
            assert!(error.is_temporary());
            match &error {
                TransportError::Timeout { step: at, .. } if hang => assert_eq!(*at, step),
                TransportError::Lost { step: at, .. } if !hang => assert_eq!(*at, step),
                _ => panic!("{phase}: {error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_never_speaks_tls_is_left_in_time() {
    let (_, client) = certificate("127.0.0.1");
    let server = Server::start(Tls::Never, |_| Act::HANG).await;
    let smtp = Smtp { deadlines: short(), ..trusting(&server, Security::Implicit, Arc::clone(&client)) };
    let error = refusal(&smtp).await;
    assert!(matches!(error, TransportError::Timeout { step: "TLS", .. }), "{error:?}");

    let server = Server::start(Tls::Never, |_| Act::Usual).await;
    let error = refusal(&trusting(&server, Security::Implicit, client)).await;
    assert!(matches!(error, TransportError::Tls { .. }), "{error:?}");
}

/// The port in the name of a server.
fn port(error: &TransportError) -> &str {
    let TransportError::Web { server } = error else { panic!("{error:?}") };
    server.rsplit(':').next().unwrap()
}

#[tokio::test]
async fn greetings_are_read_in_every_form() {
    let greeting = |said: &'static [u8]| async move {
        let script = move |line: &str| if line == "CONNECT" { Act::Say(said) } else { Act::Usual };
        let server = Server::start(Tls::Never, script).await;
        transport(&server, Security::Loopback).establish().await.map(drop)
    };
    assert_eq!(greeting(b"220-bonjour \xe0 tous\r\n220 lab.test\r\n").await, Ok(()));
    let refused = greeting(b"554 5.7.1 go away\r\n").await.unwrap_err();
    assert!(matches!(&refused, TransportError::Refused { reply, .. } if reply == "554 5.7.1 go away"), "{refused}");
    assert!(!refused.is_temporary());
    assert!(greeting(b"421 4.7.0 too many connections\r\n").await.unwrap_err().is_temporary());
    let other = greeting(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap_err();
    assert!(matches!(other, TransportError::Protocol { step: "greeting", .. }), "{other:?}");
    let web = greeting(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n").await.unwrap_err();
    assert_eq!(web.to_string(), format!("`smtp://127.0.0.1:{}` is a web server, not a mail server", port(&web)));
    assert!(!web.is_temporary() && web.help().is_some());
    let hasty = greeting(b"220 lab.test\r\n250 injected\r\n").await.unwrap_err();
    assert!(matches!(hasty, TransportError::Injected { .. }), "{hasty:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let server = Server::start(Tls::Never, |_| Act::Usual).await;
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = refusal(&Smtp { port: unused, ..transport(&server, Security::Loopback) }).await;
    let TransportError::Unreachable { server: name, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*name, format!("smtp://127.0.0.1:{unused}"));

    let error = refusal(&Smtp { host: "no-such-host.invalid".into(), ..transport(&server, Security::StartTls) }).await;
    assert!(matches!(error, TransportError::Name { .. }), "{error:?}");
}

#[tokio::test]
async fn without_tls_nothing_leaves_this_machine() {
    // The address of this machine towards the network; asking for it sends nothing. Without one there is no danger.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let Ok(own) = probe.connect("192.0.2.1:9").and_then(|()| probe.local_addr()) else { return };
    let listener = std::net::TcpListener::bind((own.ip(), 0)).unwrap();
    let (host, port) = (own.ip().to_string(), listener.local_addr().unwrap().port());
    let place = Place { host, port, user: None, security: Security::Loopback };
    let error = refusal(&as_ada(Smtp::new(Protocol::Smtp, place, None, 5, 1), "secret")).await;
    assert!(matches!(error, TransportError::NotLoopback { .. }), "{error:?}");
}
