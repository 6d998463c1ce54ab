//! What is sent to `serve` to break it: each request is answered in time with what is not a fault of the server, and changes nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::serve::{FORM, Serve, now, preferences_of, readers, site, wait_for};

/// Sends bytes as they are; what comes back.
fn raw(serve: &Serve, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", serve.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn no_request_is_a_fault_of_the_server_or_changes_anything() {
    let site = site();
    site.configure("newsletter", "archive = true\nlists = { essays = \"Essays\" }");
    site.run(&now(), &["subscribers", "add", "ann@reader.test"]).exits(0);
    let serve = Serve::of(&site, "");
    let before = readers(&site);
    let long = "a".repeat(9_000);
    let folders =
        ["", "subscribe", "c/", "u/", "n/", "p/", "undo/", "issues/", "issues", "serve.css", "health", "feed.xml"];
    let rests = [
        "",
        "%",
        "%00",
        "%ff%fe",
        "%2e%2e/%2e%2e/config.toml",
        "..%2f..%2fconfig.toml",
        "..\\config.toml",
        "%0d%0aX-Evil:%201",
        "?x=%0d%0aSet-Cookie:a=b",
        "//evil.example/",
        ";a=b",
        "a%20b",
        "-1",
        "99999999999999999999/",
        "1/../../../etc/passwd",
        &long,
    ];
    let bodies: [&[u8]; 8] = [
        b"",
        b"\xff\xfe\x00",
        b"email=%ff%fe%00",
        b"email=a%40b.test%0d%0aBcc:x%40y.test",
        b"name=%00&email=&lists=&list=%ff",
        b"List-Unsubscribe=One-Click",
        b"{\"email\":\"x@y.test\"}",
        b"--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nx",
    ];
    let kinds = [
        FORM,
        "multipart/form-data",
        "multipart/form-data; boundary=b",
        "application/json",
        "text/plain; charset=utf-16",
        "",
    ];
    let mut count = 0;
    for folder in folders {
        for rest in rests {
            for method in
                ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "\u{1}", "VERYLONGMETHODNAME"]
            {
                let at = count % bodies.len();
                let (body, kind) = (bodies[at], kinds[count % kinds.len()]);
                count += 1;
                let head = format!(
                    "{method} /{folder}{rest} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\ncontent-type: {kind}\r\n\
                     x-forwarded-for: \u{1}, ' OR 1=1, ::::\r\nif-none-match: \"\r\nif-modified-since: never\r\naccept-encoding: gzip;q=x,,\r\n\
                     origin: https://evil.example\r\ncookie: a=b\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                let answer = raw(&serve, &[head.as_bytes(), body].concat());
                let status = answer.get(9..12).unwrap_or_default();
                assert!(answer.is_empty() || status.starts_with(['2', '3', '4']), "{method} /{folder}{rest}: {answer}");
                let lower = answer.to_lowercase();
                let head = lower.split("\r\n\r\n").next().unwrap_or_default();
                assert!(
                    !head.contains("\nx-evil") && !head.contains("set-cookie"),
                    "{method} /{folder}{rest}: {answer}"
                );
                assert!(
                    !head.contains("location: //") && !head.contains("evil.example"),
                    "{method} /{folder}{rest}: {answer}"
                );
                assert!(
                    !lower.contains("[newsletter]") && !lower.contains("root:x"),
                    "{method} /{folder}{rest}: {answer}"
                );
            }
        }
    }
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /subscribe HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"POST /subscribe HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /subscribe HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST /u/x HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"GET /issues/ HTTP/0.9\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET * HTTP/1.1\r\nhost: x\r\n\r\n",
        &vec![b'\n'; 100_000],
    ] {
        let answer = raw(&serve, bytes);
        assert!(!answer.starts_with("HTTP/1.1 5"), "{answer}");
    }
    assert_eq!(readers(&site), before);
    assert!(serve.get("/health").text() == "ok\n" && site.outbox().is_empty());
    assert!(!serve.end().contains("panicked"));
}

#[test]
fn a_link_among_the_feeds_shows_no_other_file_of_the_site() {
    let site = site();
    site.run(&now(), &["subscribers", "add", "ann@reader.test"]).exits(0);
    site.write("private/own.css", "secret");
    site.write("public/real.css", "p {}");
    for (to, at) in [("../.tidings/tidings.db", "a.css"), ("../config.toml", "b.css"), ("../private", "c"), ("..", "d")]
    {
        std::os::unix::fs::symlink(to, site.file(&format!("public/{at}"))).unwrap();
    }
    let serve = Serve::of(&site, "");
    for path in ["/a.css", "/b.css", "/c/own.css", "/d/private/own.css"] {
        assert_eq!(serve.get(path).status, 404, "{path}");
    }
    assert_eq!((serve.get("/real.css").text().as_str(), serve.get("/feed.xml").status), ("p {}", 200));
}

#[test]
fn a_form_of_another_site_takes_no_reader_elsewhere() {
    let site = site();
    site.configure("newsletter", "lists = { essays = \"Essays\" }");
    site.run(&now(), &["subscribers", "add", "ann@reader.test"]).exits(0);
    let serve = Serve::of(&site, "");
    let path = preferences_of(&site, 1);
    // Who does not know the token knows no address to send a form to; the token of another purpose opens nothing.
    let leave = crate::serve::leave_of(&site, 1);
    let forged = leave.replace("/u/", "/p/");
    assert_eq!(serve.post(&forged, "name=Eve&email=eve%40reader.test&lists=").status, 404);
    assert_eq!(serve.post(&path.replace("/p/", "/u/"), "List-Unsubscribe=One-Click").status, 404);
    let time = crate::serve::between(&serve.get("/").text(), "name=\"t\" value=\"", "\"");
    let (second, signature) = time.split_once('.').unwrap();
    let later = (second.parse::<i64>().unwrap() - 100).to_string();
    for forged in [format!("{later}.{signature}"), format!("{second}."), "9.9".to_owned(), time.to_uppercase()] {
        let answer = serve.post("/subscribe", &format!("email=eve%40reader.test&t={forged}"));
        assert!(answer.text().contains("One more click"), "{forged}: {}", answer.text());
    }
    let all = readers(&site);
    assert!(
        all.as_array().unwrap().len() == 1 && all[0]["address"] == "ann@reader.test" && all[0]["status"] == "confirmed",
        "{all}"
    );
    assert!(all[0]["lists"].is_null() && site.outbox().is_empty());
}

#[test]
fn who_sends_slowly_or_too_much_is_cut_off_and_holds_no_one_up() {
    let site = site();
    let serve = Serve::of(&site, "");
    let open = |head: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", serve.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let body = format!("POST /u/x HTTP/1.1\r\nhost: x\r\ncontent-type: {FORM}\r\ncontent-length: 60000\r\n\r\nList");
    let mut slow: Vec<_> = (0..300).map(|_| open(&body)).collect();
    let start = Instant::now();
    for path in ["/", "/health", "/feed.xml"] {
        assert_eq!(serve.get(path).status, 200);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let mut answer = String::new();
    let _ = slow[0].read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    let chunk = "10000\r\n".to_owned() + &"a".repeat(65_536) + "\r\n";
    let mut endless = open("POST /subscribe HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    for _ in 0..160 {
        if endless.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = endless.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer));
    drop(slow);
    serve.subscribe("email=bob%40reader.test", "");
    wait_for(&site, 1);
    assert!(!serve.end().contains("panicked"));
}
