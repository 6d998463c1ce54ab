//! Asks the web whether addresses answer, so that no mail leaves with a link to a page that is not there yet.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ureq::Error;
use url::Url;

use super::agent::{Method, PATIENCE, Web, in_words, not_public};

/// So many addresses are asked for at most.
const MOST: usize = 100;
/// After so long no further address is asked for.
const ENOUGH: Duration = Duration::from_mins(1);
/// How long one address may take.
const EACH: Duration = Duration::from_secs(8);
/// So many hosts are asked at once, each for one page at a time.
const HOSTS: usize = 8;

/// The addresses that do not answer with success (2xx, RFC 9110 §15.3, after redirects), each with what came instead. What
/// is not public is not asked, but for the host of `site`. Waits for the network: call it where that holds up nothing.
pub fn not_live(addresses: &[String], site: &Url) -> Vec<(String, String)> {
    let web = Web::new("checks whether a post is online", site);
    let answer = |address: &String| match web.status(Method::Get, address, PATIENCE) {
        Ok(200..300) => None,
        Ok(code) => Some((address.clone(), format!("the answer is {code}"))),
        Err(error) => Some((address.clone(), in_words(&error))),
    };
    addresses.iter().filter_map(answer).collect()
}

/// The addresses of which their server says that there is nothing (404 or 410, RFC 9110 §15.5), that have no server, or that
/// are not asked because no reader can reach them, each with what came instead. Servers that want to know who asks, or have
/// trouble, say nothing about a page. Waits for the network, at most about a minute, and asks each server for one page at a
/// time.
pub fn dead(addresses: &[String], site: &Url) -> Vec<(String, String)> {
    let web = Web::new("checks links before they are mailed", site);
    let start = Instant::now();
    let mut hosts: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for address in addresses.iter().take(MOST) {
        let host = Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
        hosts.entry(host.unwrap_or_default()).or_default().push(address);
    }
    let waiting = Mutex::new(hosts.into_values().collect::<Vec<_>>());
    let found = Mutex::new(Vec::new());
    let next = || waiting.lock().ok()?.pop();
    let work = || {
        while let Some(of_host) = next() {
            for address in of_host.into_iter().take_while(|_| start.elapsed() < ENOUGH) {
                // Some servers know no HEAD.
                let answer = match web.status(Method::Head, address, EACH) {
                    Ok(200..400) => continue,
                    Err(error) if not_public(&error).is_some() => Err(error),
                    _ => web.status(Method::Get, address, EACH),
                };
                let problem = match answer {
                    Ok(code @ (404 | 410)) => format!("the answer is {code}"),
                    Err(error) if not_public(&error).is_some() => in_words(&error),
                    Err(error @ Error::HostNotFound) => in_words(&error),
                    Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => error.to_string(),
                    _ => continue,
                };
                if let Ok(mut found) = found.lock() {
                    found.push((address.clone(), problem));
                }
            }
        }
    };
    std::thread::scope(|scope| (0..HOSTS).for_each(|_| drop(scope.spawn(work))));
    let mut found = found.into_inner().unwrap_or_default();
    found.sort_by_key(|(address, _)| addresses.iter().position(|other| other == address));
    found
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::sync::Arc;

    use super::*;

    /// A web server: `/there` is there, `/moved` leads to it, `/away?PLACE` to any place, `/round` to itself. The second is
    /// what it was asked, head by head.
    fn server() -> (Url, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let head = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                heads.lock().unwrap().push(head);
                let answer = match path.split_once('?').unwrap_or((&path, "")) {
                    ("/there", _) => "200 OK\r\n".to_owned(),
                    ("/moved", _) => "301 Moved\r\nLocation: /there\r\n".to_owned(),
                    ("/round", _) => "302 Found\r\nLocation: /round\r\n".to_owned(),
                    ("/away", place) => format!("302 Found\r\nLocation: {place}\r\n"),
                    _ => "404 Not Found\r\n".to_owned(),
                };
                let answer = format!("HTTP/1.1 {answer}Content-Length: 0\r\nConnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        (address, asked)
    }

    fn addresses(site: &Url, paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| site.join(path).unwrap().to_string()).collect()
    }

    #[test]
    fn only_a_page_that_is_there_is_live() {
        let (site, _) = server();
        let wanted = addresses(&site, &["/there", "/moved", "/missing"]);
        assert_eq!(not_live(&wanted, &site), [(wanted[2].clone(), "the answer is 404".to_owned())]);
    }

    #[test]
    fn only_a_page_of_which_its_server_knows_nothing_is_dead() {
        let (site, _) = server();
        let wanted = addresses(&site, &["/there", "/moved", "/missing"]);
        assert_eq!(dead(&wanted, &site), [(wanted[2].clone(), "the answer is 404".to_owned())]);
    }

    #[test]
    fn a_server_that_is_not_there_is_not_live() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let site: Url = format!("http://127.0.0.1:{port}/").parse().unwrap();
        assert_eq!(not_live(&[site.to_string()], &site).len(), 1);
        assert_eq!(dead(&[site.to_string()], &site).len(), 1);
    }

    #[test]
    fn a_server_that_is_not_public_is_never_connected_to() {
        let (near, asked) = server();
        let port = near.port().unwrap();
        let site = "https://example.org/".parse().unwrap();
        let hosts = ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "user:secret@127.0.0.1"];
        for host in hosts {
            let address = format!("http://{host}:{port}/there");
            for found in [not_live(std::slice::from_ref(&address), &site), dead(std::slice::from_ref(&address), &site)]
            {
                let [(_, why)] = found.as_slice() else { panic!("{host}: {found:?}") };
                assert!(why.contains("it is not asked") && why.contains("this machine"), "{host}: {why}");
                assert!(!why.contains("secret"), "{why}");
            }
        }
        for host in
            ["10.0.0.1", "169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "100.64.0.1", "0.0.0.0", "224.0.0.1"]
        {
            let found = not_live(&[format!("http://{host}/")], &site);
            assert!(found[0].1.contains("it is not asked"), "{host}: {found:?}");
        }
        assert_eq!(asked.lock().unwrap().as_slice(), [""; 0], "nothing came in");
    }

    #[test]
    fn a_redirect_leads_nowhere_that_is_not_public() {
        let ((site, asked), (near, asked_near)) = (server(), server());
        for (place, said) in [
            (near.as_str(), "it is not asked"),
            ("http://169.254.169.254/latest/meta-data/", "link-local"),
            ("//[::1]/", "it is not asked"),
            ("file:///etc/passwd", "begins with `file:`"),
            ("ftp://example.org/", "begins with `ftp:`"),
            ("http://", "leads to no web address"),
        ] {
            let found = not_live(&addresses(&site, &[&format!("/away?{place}")]), &site);
            assert!(found[0].1.contains(said), "{place}: {found:?}");
        }
        assert_eq!(asked_near.lock().unwrap().as_slice(), [""; 0], "nothing came in");
        let round = not_live(&addresses(&site, &["/round"]), &site);
        assert!(round[0].1.contains("too many redirects"), "{round:?}");
        assert!(asked.lock().unwrap().len() < 20, "redirects have an end");
    }

    #[test]
    fn a_user_and_a_password_are_sent_nowhere() {
        let (site, asked) = server();
        let own = |path: &str| site.join(path).unwrap().to_string().replacen("://", "://ada:secret@", 1);
        assert!(not_live(&[own("/there"), own(&format!("/away?{}", own("/there")))], &site).is_empty());
        let heads = asked.lock().unwrap().join("\n").to_lowercase();
        assert!(!heads.contains("authorization"), "{heads}");
    }
}
