//! A site with readers, and the two servers.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that ends with the benchmark.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

pub(crate) struct Nginx;

impl Nginx {
    /// nginx as it comes, with the files of a folder, and without a log, which `serve` does not write either.
    pub(crate) fn start(folder: &Path, port: u16) -> Server {
        let config = format!(
            "daemon off; worker_processes auto; pid nginx.pid; error_log stderr crit;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; sendfile on; types {{ text/html html; application/rss+xml xml; }}\n\
             server {{ listen 127.0.0.1:{port}; root '{}';\n\
             location /u/ {{ try_files /page.html =404; error_page 405 =200 /page.html; }} }} }}\n",
            folder.display()
        );
        let path = folder.with_file_name("nginx.conf");
        fs::write(&path, config).unwrap();
        let prefix = path.parent().unwrap();
        let mut command = Command::new(program("nginx"));
        let child = command.arg("-p").arg(prefix).arg("-c").arg(&path).stderr(Stdio::null()).spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(50));
        }
        Server { child, url: format!("http://127.0.0.1:{port}") }
    }
}

pub(crate) struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    /// A site with its feeds, a page, and the tokens of so many readers.
    pub(crate) fn new(readers: usize) -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        // Who reads `public/` for nginx may be another user.
        Command::new("chmod").arg("755").arg(site.path()).status().unwrap();
        site.configure(0);
        fs::create_dir(site.path().join("posts")).unwrap();
        let body = "The river is slow in August, and so is everything beside it: the dogs, the boats, the bread.\n\n";
        for day in 1..=20 {
            let post = format!("---\ntitle: Slow rivers {day}\ndate: 2026-02-{day:02}\n---\n\n{}", body.repeat(20));
            fs::write(site.path().join(format!("posts/{day}.md")), post).unwrap();
        }
        let addresses: String = (0..readers).map(|n| format!("reader{n}@reader.test\n")).collect();
        fs::write(site.path().join("readers.csv"), format!("email\n{addresses}")).unwrap();
        site.run(&["build"]);
        site.run(&["subscribers", "import", site.path().join("readers.csv").to_str().unwrap()]);
        let list = site.run(&["subscribers", "export"]);
        let tokens: String =
            list.lines().skip(1).map(|line| format!("{}\n", line.rsplit(',').next().unwrap())).collect();
        fs::write(site.path().join("tokens"), tokens).unwrap();
        fs::write(site.path().join("public/page.html"), "<!doctype html>\n<title>Unsubscribed</title>\n").unwrap();
        site
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn configure(&self, port: u16) {
        let config = format!(
            "[site]\ntitle = \"Four Minutes\"\nurl = \"https://example.org\"\n\
             [newsletter]\nfrom = \"Ada Quill <ada@news.example.org>\"\nstart = 2026-01-01\n\
             [web]\nurl = \"https://news.example.org\"\nbind = \"127.0.0.1:{port}\"\n"
        );
        fs::write(self.path().join("config.toml"), config).unwrap();
    }

    pub(crate) fn serve(&self, port: u16) -> Server {
        self.configure(port);
        let mut child = self.tidings(&["serve", "--yes"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
        Server { child, url: format!("http://127.0.0.1:{port}") }
    }

    /// How many readers have left.
    pub(crate) fn unsubscribed(&self) -> usize {
        let status: serde_json::Value = serde_json::from_str(&self.run(&["status", "--json"])).unwrap();
        usize::try_from(status["subscribers"]["unsubscribed"].as_u64().unwrap()).unwrap()
    }

    fn tidings(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
        command.arg("-C").arg(self.path()).args(arguments).stdin(Stdio::null());
        command.env("XDG_STATE_HOME", self.path().join(".state"));
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.tidings(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn is_installed(name: &str) -> bool {
    program(name).exists()
}

/// Debian keeps servers where the PATH of a user does not lead.
fn program(name: &str) -> PathBuf {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/bin"];
    let found = folders.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| PathBuf::from(name))
}
