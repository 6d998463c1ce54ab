//! The servers that messages are sent to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// `smtp-sink`, which offers PIPELINING and takes all there is.
pub(crate) struct Sink {
    process: Child,
    pub(crate) port: u16,
}

impl Sink {
    pub(crate) fn start(program: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(program);
        // Started by root, smtp-sink wants to know whom to become.
        let command = command.args(["-u", "nobody", &address, "1000"]).stdout(Stdio::null()).stderr(Stdio::null());
        let sink = Self { process: command.spawn().unwrap(), port };
        let start = Instant::now();
        while TcpStream::connect(&address).is_err() {
            assert!(start.elapsed() < Duration::from_secs(10), "smtp-sink does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        sink
    }

    /// How much processor time it has taken, from `/proc` (proc(5), in ticks of 10 ms); NaN where there is none.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let ticks = stat.rsplit(')').next().and_then(|fields| {
            let mut fields = fields.split_whitespace().skip(11);
            Some(fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?)
        });
        ticks.unwrap_or(f64::NAN) / 100.0
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A server with a thread for each connection, that offers CHUNKING as well; `smtp-sink` does neither.
pub(crate) struct ChunkSink {
    pub(crate) port: u16,
}

impl ChunkSink {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || serve(&stream));
            }
        });
        Self { port }
    }
}

/// Answers are written when nothing more is there to be read.
fn serve(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::with_capacity(1 << 16, stream), stream);
    writer.write_all(b"220 sink\r\n")?;
    let (mut line, mut answers) = (String::new(), Vec::new());
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split_whitespace();
        let answer: &[u8] = match words.next().unwrap_or_default() {
            "EHLO" => b"250-sink\r\n250-PIPELINING\r\n250 CHUNKING\r\n",
            "BDAT" => {
                let size: u64 = words.next().and_then(|size| size.parse().ok()).unwrap_or(0);
                std::io::copy(&mut (&mut reader).take(size), &mut std::io::sink())?;
                b"250 taken\r\n"
            }
            "DATA" => {
                answers.extend_from_slice(b"354 go on\r\n");
                writer.write_all(&std::mem::take(&mut answers))?;
                while line != ".\r\n" {
                    line.clear();
                    if reader.read_line(&mut line)? == 0 {
                        return Ok(());
                    }
                }
                b"250 taken\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        answers.extend_from_slice(answer);
        if reader.buffer().is_empty() {
            writer.write_all(&answers)?;
            answers.clear();
        }
    }
}

/// Where a program of Postfix is.
pub(crate) fn program(name: &str) -> Option<String> {
    ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"]
        .into_iter()
        .map(|folder| format!("{folder}/{name}"))
        .find(|path| Path::new(path).is_file())
}
