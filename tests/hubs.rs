//! Telling hubs what changed (WebSub).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;

use crate::feeds::{DAYS, NOW, build, site};
use crate::site::TestSite;

/// A hub for so many requests, each answered with the next of the answers, and what it was told.
fn hub(answers: &'static [&'static str]) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hub", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let told = answers.iter().map(|answer| {
            let mut stream = listener.accept().unwrap().0;
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = number.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(format!("HTTP/1.1 {answer}").as_bytes()).unwrap();
            String::from_utf8(body).unwrap()
        });
        told.collect()
    });
    (address, server)
}

/// Makes the host of the site the one of an address on this machine: other hosts there are not asked.
fn move_to(site: &TestSite, address: &str) {
    let origin = address.rsplit_once('/').unwrap().0;
    let url = format!("url = \"{origin}\"\nid_base = \"https://example.org/\"");
    site.edit("config.toml", "url = \"https://example.org\"", &url);
}

const YES: &str = "202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

#[test]
fn a_hub_is_told_once_of_each_change_and_again_when_it_said_no() {
    const NO: &str = "400 Bad Request\r\nContent-Length: 13\r\nConnection: close\r\n\r\nunknown topic";
    let (address, server) = hub(&[YES, NO, YES, YES]);
    let site = site(&format!("formats = [\"rss\", \"atom\"]\nhub = \"{address}\""), &DAYS);
    move_to(&site, &address);
    assert!(site.run(NOW, &["ping"]).exits(3).stderr.contains("there is no feed to tell of: public/feed.xml"));
    build(&site);
    let files = site.snapshot(&[]);
    let would = site.run(NOW, &["ping", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(would["pings"].as_array().unwrap().len(), 2);
    assert_eq!(site.snapshot(&[]), files, "a dry run asks no hub and records nothing");
    let run = site.run(NOW, &["ping"]).exits(1);
    assert!(run.stderr.contains("the answer is 400: unknown topic"), "{run:?}");
    site.run(NOW, &["ping"]).exits(0);
    assert!(site.run(NOW, &["ping"]).exits(0).stderr.contains("No feed changed"));
    site.configure("feeds", "rights = \"© Ada\"");
    site.edit("config.toml", "[\"rss\", \"atom\"]", "[\"atom\"]");
    build(&site);
    site.run(NOW, &["ping"]).exits(0);
    let told: Vec<_> = server.join().unwrap();
    let feed = address.replace("/hub", "/feed.xml").replace(':', "%3A").replace('/', "%2F");
    assert_eq!(told[0], format!("hub.mode=publish&hub.url={feed}&hub.topic={feed}"));
    let topics: Vec<_> = told.iter().map(|body| body.rsplit("%2F").next().unwrap()).collect();
    assert_eq!(topics, ["feed.xml", "atom.xml", "atom.xml", "atom.xml"]);
}

#[test]
fn a_hub_that_fails_or_moved_is_quoted_and_what_was_not_sent_is_counted_apart() {
    const DOWN: &str = "500 Oops\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndown";
    const MOVED: &str =
        "301 Moved\r\nLocation: https://new.example/hub\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (address, server) = hub(&[DOWN, DOWN, DOWN, MOVED]);
    let site = site(&format!("by = \"authors\"\nhub = \"{address}\""), &DAYS);
    move_to(&site, &address);
    build(&site);
    let said = site.run(NOW, &["ping"]).exits(1).stderr;
    assert_eq!(said.matches("not told").count(), 3, "{said}");
    assert!(said.contains("after it took nothing several times: the answer is 500: down"), "{said}");
    assert!(said.contains("3 pings failed, and 3 more were not sent"), "{said}");
    site.edit("config.toml", "by = \"authors\"", "formats = \"rss\"");
    build(&site);
    let said = site.run(NOW, &["ping"]).exits(1).stderr;
    assert!(said.contains("the answer is 301: it is now at https://new.example/hub"), "{said}");
    server.join().unwrap();
}

#[test]
fn without_a_hub_none_is_told_and_one_that_is_gone_is_named() {
    let site = site("formats = \"rss\"", &DAYS);
    build(&site);
    assert!(site.run(NOW, &["ping"]).exits(3).stderr.contains("`feeds.hub` is missing"));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    site.configure("feeds", &format!("hub = \"http://127.0.0.1:{port}/\""));
    move_to(&site, &format!("http://127.0.0.1:{port}/"));
    build(&site);
    assert!(site.run(NOW, &["ping"]).exits(1).stderr.contains("1 ping failed"));
}

#[test]
fn a_hub_that_is_not_public_hears_nothing_and_a_password_is_not_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for (host, why) in [
        (format!("localhost:{port}"), "`localhost` leads to"),
        (format!("127.0.0.1:{port}"), "`127.0.0.1` is this machine"),
        ("169.254.169.254".to_owned(), "`169.254.169.254` is link-local"),
    ] {
        let site = site(&format!("formats = \"rss\"\nhub = \"http://ada:secret@{host}/hub\""), &DAYS);
        build(&site);
        let said = site.run(NOW, &["ping"]).exits(1).stderr;
        assert!(said.contains(why) && said.contains("only public addresses"), "{said}");
        let json = site.run(NOW, &["ping", "--json"]).exits(1).stdout;
        for text in [said, json, site.read(".tidings/pings.json")] {
            assert!(!text.contains("secret") && !text.contains("ada:"), "{text}");
        }
    }
    assert!(listener.accept().is_err(), "no connection came");
}

/// A proxy is the owner's choice and may stand anywhere; what it is asked for may not.
#[test]
fn a_proxy_is_used_but_for_nothing_that_is_not_public() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let tunnel = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut asked = Vec::new();
        for answer in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"] {
            let lines: Vec<String> =
                reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            asked.push(lines[0].clone());
            stream.write_all(answer.as_bytes()).unwrap();
        }
        asked
    });
    let ping = |hub: &str| {
        let site = site(&format!("formats = \"rss\"\nhub = \"{hub}\""), &DAYS);
        build(&site);
        let output = site.command(NOW, &["ping"]).env("ALL_PROXY", &proxy).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    for hub in ["http://127.0.0.1:9/", "http://localhost:9/", "http://[fe80::1]/"] {
        let said = ping(hub);
        assert!(said.contains("only public addresses"), "{hub}: {said}");
    }
    let said = ping("http://hub.invalid/hub");
    assert!(said.contains("told      http://hub.invalid/hub"), "{said}");
    assert_eq!(tunnel.join().unwrap(), ["CONNECT hub.invalid:80 HTTP/1.1", "POST /hub HTTP/1.1"]);
}
