//! Does what mail programs do when a reader clicks their button for unsubscribing (RFC 8058 §3.2).

use url::Url;

use super::agent::{Web, in_words};

/// What came in the place of success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoClick {
    /// The answer has this status.
    Status(u16),
    /// The answer leads elsewhere, which mail programs do not follow.
    Moved(String),
    /// There was no answer; why.
    Unreachable(String),
}

/// Posts to an address for unsubscribing, which has to be public or on the host of `site`. Only a success counts (2xx,
/// RFC 9110 §15.3). Waits for the network.
///
/// # Errors
/// What came in the place of success.
pub fn one_click(address: &str, site: &Url) -> Result<(), NoClick> {
    let web = Web::new("checks that readers can unsubscribe", site);
    let answer = web
        .post(address, &[("List-Unsubscribe", "One-Click")])
        .map_err(|error| NoClick::Unreachable(in_words(&error)))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let target = answer.headers().get("location").and_then(|target| target.to_str().ok());
    Err(match target.filter(|_| status.is_redirection()) {
        Some(target) => NoClick::Moved(target.to_owned()),
        None => NoClick::Status(status.as_u16()),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A web server that answers one request so; what was asked comes back.
    fn answer(status: &'static str) -> (Result<(), NoClick>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/u/token", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                reader.read_line(&mut head).unwrap();
            }
            let mut body = [0; 26];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).unwrap();
            head.to_lowercase() + &String::from_utf8_lossy(&body)
        });
        (one_click(&address, &Url::parse(&address).unwrap()), asked.join().unwrap())
    }

    #[test]
    fn only_success_is_a_yes() {
        for (status, expected) in [
            ("200 OK", Ok(())),
            ("202 Accepted", Ok(())),
            ("204 No Content", Ok(())),
            ("302 Found\r\nLocation: /there", Err(NoClick::Moved("/there".into()))),
            ("308 Moved", Err(NoClick::Status(308))),
            ("404 Not Found", Err(NoClick::Status(404))),
            ("405 Not Allowed", Err(NoClick::Status(405))),
            ("500 Broken", Err(NoClick::Status(500))),
        ] {
            assert_eq!(answer(status).0, expected, "{status}");
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let gone = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        assert!(matches!(one_click(gone.as_str(), &gone), Err(NoClick::Unreachable(_))));
        let elsewhere = Url::parse("https://example.org/").unwrap();
        assert!(
            matches!(one_click(gone.as_str(), &elsewhere), Err(NoClick::Unreachable(why)) if why.contains("public"))
        );
    }

    #[test]
    fn it_asks_as_mail_programs_do() {
        let asked = answer("200 OK").1;
        assert!(asked.starts_with("post /u/token http/1.1\r\n"), "{asked}");
        assert!(asked.contains("content-type: application/x-www-form-urlencoded"), "{asked}");
        assert!(asked.ends_with("\r\n\r\nList-Unsubscribe=One-Click"), "{asked}");
    }
}
