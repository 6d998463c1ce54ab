//! How fast `tidings publish` is, everything included (plan, freeze, ledger, deliveries), against `smtp-source`, the load
//! generator of Postfix, which sends the same number of messages of the same size over as many connections and records
//! nothing. Both send into `smtp-sink`, in turn, several rounds; ratios within a run are what counts.
//!
//! `cargo bench --bench publish`; needs Debian's package `postfix` for `smtp-sink` and `smtp-source`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::format_collect,
    missing_docs,
    reason = "a benchmark is a program of its own"
)]

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MESSAGES: usize = 10_000;
const CONNECTIONS: usize = 10;
const ROUNDS: usize = 5;
const NOW: &str = "2026-03-02T09:00:00Z";

fn main() {
    let Some((sink_program, source_program)) = find("smtp-sink").zip(find("smtp-source")) else {
        println!("publish: skipped, smtp-sink and smtp-source are missing (Debian: apt-get install postfix)");
        return;
    };
    let (_sink, port) = sink(&sink_program);
    for is_signed in [false, true] {
        compare(&source_program, port, is_signed);
    }
}

/// Publishes and floods in turn, and prints how they compare; `is_signed` says whether each message gets a DKIM signature.
fn compare(source_program: &str, port: u16, is_signed: bool) {
    let how = if is_signed { "signed " } else { "" };
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let size = site(folder.path(), port, is_signed);
        let source = time(Command::new(source_program).args([
            "-d",
            "-s",
            &CONNECTIONS.to_string(),
            "-m",
            &MESSAGES.to_string(),
            "-l",
            &size.to_string(),
            "-f",
            "ada@news.example.org",
            "-t",
            "reader@reader.test",
            &format!("127.0.0.1:{port}"),
        ]));
        let publish = time(&mut tidings(folder.path(), &["publish", "--yes"]));
        let rate = |seconds: f64| MESSAGES as f64 / seconds;
        let ratio = rate(publish) / rate(source);
        println!(
            "{how}round {round}: {size} bytes; smtp-source {:.0}/s, tidings publish {:.0}/s, ratio {ratio:.2}",
            rate(source),
            rate(publish)
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "publish of {MESSAGES} {how}deliveries over {CONNECTIONS} connections: {:.2} of smtp-source (median of {ROUNDS})",
        ratios[ROUNDS / 2]
    );
}

/// A site with one due post of about 5 KB and as many readers as messages; returns the size of a message.
fn site(folder: &Path, port: u16, is_signed: bool) -> usize {
    let config = format!(
        "[site]\ntitle = \"Four Minutes\"\nurl = \"https://example.org\"\n\
         [newsletter]\nfrom = \"Ada Quill <ada@news.example.org>\"\nstart = 2026-01-01\n\
         unsubscribe = \"https://news.example.org/u/{{token}}\"\n\
         [mail]\ntransport = \"smtp://127.0.0.1:{port}\"\nconnections = {CONNECTIONS}\n"
    );
    std::fs::write(folder.join("config.toml"), &config).unwrap();
    if is_signed {
        time(&mut tidings(folder, &["dkim", "new"]));
        std::fs::write(folder.join("config.toml"), config + "[mail.dkim]\n").unwrap();
    }
    std::fs::create_dir(folder.join("posts")).unwrap();
    let paragraph = "The river is slow in August, and so is everything beside it: the dogs, the boats, the bread. ";
    let body: String = (0..10).map(|_| format!("{}\n\n", paragraph.repeat(4))).collect();
    std::fs::write(
        folder.join("posts/2026-03-01-slow-rivers.md"),
        format!("---\ntitle: Slow rivers\ndate: 2026-03-01\n---\n\n{body}"),
    )
    .unwrap();
    let readers: String = (0..MESSAGES).map(|n| format!("reader{n}@reader.test\n")).collect();
    std::fs::write(folder.join("readers.csv"), format!("email\n{readers}")).unwrap();
    time(&mut tidings(folder, &["subscribers", "import", folder.join("readers.csv").to_str().unwrap()]));
    time(&mut tidings(folder, &["publish", "--dry-run"]));
    std::fs::read(folder.join("preview/issue-1.eml")).unwrap().len()
}

fn tidings(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.arg("-C").arg(folder).args(["--now", NOW]).args(arguments);
    // What is agreed to for a site that is gone afterwards is not for the user's own folder.
    command.env("XDG_STATE_HOME", folder.join(".state"));
    command
}

/// Seconds until the command has ended well.
fn time(command: &mut Command) -> f64 {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    start.elapsed().as_secs_f64()
}

struct Sink(Child);

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sink(program: &str) -> (Sink, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new(program);
    // Started by root, smtp-sink wants to know whom to become.
    let command = command.args(["-u", "nobody", &address, "1000"]).stdout(Stdio::null()).stderr(Stdio::null());
    let sink = Sink(command.spawn().unwrap());
    let start = Instant::now();
    while TcpStream::connect(&address).is_err() {
        assert!(start.elapsed() < Duration::from_secs(10), "smtp-sink does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    (sink, port)
}

fn find(program: &str) -> Option<String> {
    ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"]
        .into_iter()
        .map(|folder| format!("{folder}/{program}"))
        .find(|path| Path::new(path).is_file())
}
