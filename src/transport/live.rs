//! Asks the web whether addresses answer, so that no mail leaves with a link to a page that is not there yet.

use super::agent::agent;

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
    fn a_server_that_is_not_there_is_not_live() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert_eq!(not_live(&[format!("http://127.0.0.1:{port}/")]).len(), 1);
    }
}
