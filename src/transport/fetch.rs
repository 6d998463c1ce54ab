//! Fetches a feed, or another small document, and not again as long as its server says that it is the same.

use std::time::Instant;

use ureq::http::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use ureq::http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::agent::{Method, PATIENCE, Web, in_words};

/// What a server calls the state of a document (RFC 9110 §8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`
    pub etag: Option<String>,
    /// `Last-Modified`
    pub last_modified: Option<String>,
}

/// The answer of a server.
#[derive(Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The document.
    New(Vec<u8>, Validators),
    /// It is the one that has these validators.
    Same,
}

/// Fetches a document of at most `limit` bytes; of `known` is said which one is there already. Of what is not public, only the
/// host of `own` is asked, also where a redirect leads. Waits for the network, 20 seconds at most: call it where that holds up
/// nothing.
///
/// # Errors
/// What came instead, as half a sentence.
pub fn fetch(url: &Url, known: &Validators, own: &Url, limit: usize) -> Result<Fetched, String> {
    let web = Web::new("reads a feed", own);
    let headers: Vec<_> = [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)]
        .into_iter()
        .filter_map(|(name, value)| {
            Some((name, value.as_deref().filter(|value| HeaderValue::from_str(value).is_ok())?))
        })
        .collect();
    let deadline = Instant::now() + PATIENCE;
    let mut answer =
        web.answer(Method::Get, url.as_str(), &headers, deadline, true).map_err(|error| in_words(&error))?;
    let status = answer.status().as_u16();
    if status == 304 && !headers.is_empty() {
        return Ok(Fetched::Same);
    }
    if !answer.status().is_success() {
        return Err(format!("the answer is {status}"));
    }
    let validators = validators(answer.headers());
    let body = answer.body_mut().with_config().limit(limit as u64).read_to_vec();
    match body {
        Ok(bytes) => Ok(Fetched::New(bytes, validators)),
        Err(ureq::Error::BodyExceedsLimit(_)) => Err(format!("it has more than {} MB", limit >> 20)),
        Err(error) => Err(in_words(&error)),
    }
}

/// Fetches a document of at most `limit` bytes from a public address and nowhere else: no redirect is followed. Waits for the network,
/// 20 seconds at most: call it where that holds up nothing.
///
/// # Errors
/// What came instead, as half a sentence.
pub fn fetch_there(url: &Url, limit: usize) -> Result<Vec<u8>, String> {
    read_there(&Web::public("checks a webhook"), url, limit)
}

fn read_there(web: &Web, url: &Url, limit: usize) -> Result<Vec<u8>, String> {
    let mut answer = web.answer_there(url).map_err(|error| in_words(&error))?;
    if !answer.status().is_success() {
        return Err(format!("the answer is {}", answer.status().as_u16()));
    }
    let body = answer.body_mut().with_config().limit(limit as u64).read_to_vec();
    body.map_err(|error| in_words(&error))
}

fn validators(headers: &HeaderMap) -> Validators {
    let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
    Validators { etag: text(ETAG), last_modified: text(LAST_MODIFIED) }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A web server that gives these answers, one after the other; `{own}` is its address. What it was asked comes back.
    fn serve(answers: Vec<String>) -> (Url, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = format!("http://{}/feed", listener.local_addr().unwrap());
        let url = Url::parse(&own).unwrap();
        let asked = std::thread::spawn(move || {
            let answer = |answer: String| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while !head.ends_with("\r\n\r\n") {
                    reader.read_line(&mut head).unwrap();
                }
                stream.write_all(answer.replace("{own}", &own).as_bytes()).unwrap();
                head.to_lowercase()
            };
            answers.into_iter().map(answer).collect()
        });
        (url, asked)
    }

    fn answer(head: &str, body: &str) -> String {
        format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let day = "Sat, 31 Jan 2026 10:00:00 GMT";
        let new = answer(&format!("200 OK\r\nETag: \"a\"\r\nLast-Modified: {day}"), "feed");
        let (url, asked) = serve(vec![new, answer("304 Not Modified", "")]);
        let known = Validators { etag: Some("\"a\"".into()), last_modified: Some(day.into()) };
        let first = fetch(&url, &Validators::default(), &url, 100);
        assert_eq!(first, Ok(Fetched::New(b"feed".to_vec(), known.clone())));
        assert_eq!(fetch(&url, &known, &url, 100), Ok(Fetched::Same));
        let asked = asked.join().unwrap();
        assert!(!asked[0].contains("if-"), "{}", asked[0]);
        assert!(
            asked[1].contains("if-none-match: \"a\"") && asked[1].contains("if-modified-since: sat"),
            "{}",
            asked[1]
        );
    }

    #[test]
    fn what_is_no_document_is_an_error() {
        let moved = |to: &str| answer(&format!("302 Found\r\nLocation: {to}"), "");
        for (told, answers) in [
            ("the answer is 404", vec![answer("404 Not Found", "no")]),
            ("the answer is 304", vec![answer("304 Not Modified", "")]),
            ("more than 0 MB", vec![answer("200 OK", &"x".repeat(101))]),
            ("begins with `file:`", vec![moved("file:///etc/passwd")]),
            ("link-local", vec![moved("http://169.254.169.254/latest/")]),
            ("private network", vec![moved("http://10.0.0.1/")]),
            ("this machine", vec![moved("http://127.0.0.1:1/")]),
            ("redirect", vec![moved("{own}"); 11]),
        ] {
            let (url, asked) = serve(answers);
            let why = fetch(&url, &Validators::default(), &url, 100).unwrap_err();
            assert!(why.contains(told), "{told}: {why}");
            asked.join().unwrap();
        }
        let (url, asked) = serve(vec![moved("/there"), answer("200 OK", "feed")]);
        assert!(matches!(fetch(&url, &Validators::default(), &url, 100), Ok(Fetched::New(..))));
        assert!(asked.join().unwrap()[1].starts_with("get /there "));
    }

    #[test]
    fn where_a_redirect_leads_is_not_asked() {
        let (url, asked) = serve(vec![answer("302 Found\r\nLocation: {own}", ""), answer("200 OK", "here")]);
        let web = Web::new("tests", &url);
        assert_eq!(read_there(&web, &url, 10), Err("the answer is 302".to_owned()));
        assert_eq!(read_there(&web, &url, 10), Ok(b"here".to_vec()));
        asked.join().unwrap();
        assert!(fetch_there(&url, 10).unwrap_err().contains("this machine"));
    }

    #[test]
    fn a_site_of_the_public_web_leads_to_no_host_nearby() {
        let (near, site) = ("http://127.0.0.1:1/feed", "https://example.org/");
        let [near, site] = [near, site].map(|url| Url::parse(url).unwrap());
        assert!(fetch(&near, &Validators::default(), &site, 100).unwrap_err().contains("this machine"));
    }
}
