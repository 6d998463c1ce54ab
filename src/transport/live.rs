//! Asks the web whether addresses answer, so that no mail leaves with a link to a page that is not there yet.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::agent::agent;

/// So many addresses are asked for at most.
const MOST: usize = 100;
/// After so long no further address is asked for.
const ENOUGH: Duration = Duration::from_mins(1);
/// How long one address may take.
const EACH: Duration = Duration::from_secs(8);
/// So many hosts are asked at once, each for one page at a time.
const HOSTS: usize = 8;

/// The addresses that do not answer with success (2xx, RFC 9110 §15.3, after redirects), each with what came instead.
/// Waits for the network: call it where that hurts nobody.
pub fn not_live(addresses: &[String]) -> Vec<(String, String)> {
    let agent = agent("checks whether a post is online");
    let answer = |address: &String| match agent.get(address).call() {
        Ok(answer) if answer.status().is_success() => None,
        Ok(answer) => Some((address.clone(), format!("the answer is {}", answer.status().as_u16()))),
        Err(error) => Some((address.clone(), error.to_string())),
    };
    addresses.iter().filter_map(answer).collect()
}

/// The addresses of which their server says that there is nothing (404 or 410, RFC 9110 §15.5), or that have no server, each
/// with what came instead. Servers that want to know who asks, or have trouble, say nothing about a page. Waits for the
/// network, at most about a minute, and asks each server for one page at a time.
pub fn dead(addresses: &[String]) -> Vec<(String, String)> {
    let agent = agent("checks links before they are mailed");
    let start = Instant::now();
    let mut hosts: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for address in addresses.iter().take(MOST) {
        let host = url::Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
        hosts.entry(host.unwrap_or_default()).or_default().push(address);
    }
    let waiting = Mutex::new(hosts.into_values().collect::<Vec<_>>());
    let found = Mutex::new(Vec::new());
    let next = || waiting.lock().ok()?.pop();
    let work = || {
        while let Some(of_host) = next() {
            for address in of_host.into_iter().take_while(|_| start.elapsed() < ENOUGH) {
                let ask = |answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>| match answer {
                    Ok(answer) => Ok(answer.status().as_u16()),
                    Err(error) => Err(error),
                };
                let head = ask(agent.head(address).config().timeout_global(Some(EACH)).build().call());
                // Some servers know no HEAD.
                let answer = match head {
                    Ok(200..400) => continue,
                    _ => ask(agent.get(address).config().timeout_global(Some(EACH)).build().call()),
                };
                let problem = match answer {
                    Ok(code @ (404 | 410)) => format!("the answer is {code}"),
                    Err(ureq::Error::HostNotFound) => "there is no such server".to_owned(),
                    Err(ureq::Error::Io(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                        error.to_string()
                    }
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

    use super::*;

    /// A web server for so many requests: `/there` is there, `/moved` leads to it.
    fn server(requests: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().take(requests) {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let request = lines.next().unwrap_or_default();
                while lines.next().is_some_and(|line| !line.is_empty()) {}
                let answer = match request.split(' ').nth(1) {
                    Some("/there") => "200 OK\r\n",
                    Some("/moved") => "301 Moved\r\nLocation: /there\r\n",
                    _ => "404 Not Found\r\n",
                };
                stream
                    .write_all(format!("HTTP/1.1 {answer}Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes())
                    .unwrap();
            }
        });
        address
    }

    #[test]
    fn only_a_page_that_is_there_is_live() {
        let site = server(4);
        let wanted = ["/there", "/moved", "/missing"].map(|path| format!("{site}{path}"));
        let dead = not_live(&wanted);
        assert_eq!(dead, [(wanted[2].clone(), "the answer is 404".to_owned())]);
    }

    #[test]
    fn only_a_page_of_which_its_server_knows_nothing_is_dead() {
        // One request for each page that is there, two for the others.
        let site = server(6);
        let wanted = ["/there", "/moved", "/missing"].map(|path| format!("{site}{path}"));
        assert_eq!(dead(&wanted), [(wanted[2].clone(), "the answer is 404".to_owned())]);
    }

    #[test]
    fn a_server_that_is_not_there_is_not_live() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert_eq!(not_live(&[format!("http://127.0.0.1:{port}/")]).len(), 1);
    }
}
