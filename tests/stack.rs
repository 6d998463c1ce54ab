//! Stories through real software: our SMTP client, Postfix, LMTP, Dovecot, Maildirs. All on loopback, in a folder that is
//! gone when the test ends. Needs Debian's `postfix`, `dovecot-lmtpd` and `dovecot-imapd`, and root to start them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::site::{Run, TestSite, missing};

const POSTFIX: &str = "/usr/sbin/postfix";
const DOVECOT: &str = "/usr/sbin/dovecot";

/// The two servers; dropped, they stop.
struct Stack {
    folder: tempfile::TempDir,
    /// Of Postfix.
    port: u16,
    /// Of Dovecot.
    lmtp: u16,
    imap: u16,
}

impl Stack {
    /// `None` where the servers are not installed or may not be started.
    fn start() -> Option<Self> {
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        if !is_root
            || !Path::new(POSTFIX).exists()
            || ["lmtp", "imap"].iter().any(|it| !Path::new("/usr/lib/dovecot").join(it).exists())
        {
            missing("Postfix and Dovecot, or no root to start them");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let [port, lmtp, imap] = std::array::from_fn(|_| free_port());
        let stack = Self { folder, port, lmtp, imap };
        stack.configure();
        run(Command::new(DOVECOT).arg("-c").arg(stack.path("dovecot.conf")));
        run(Command::new(POSTFIX).arg("-c").arg(stack.path("postfix")).arg("start"));
        for port in [port, lmtp, imap] {
            wait_until("the servers do not start", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        }
        Some(stack)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configure(&self) {
        let Self { lmtp, imap, .. } = self;
        let root = self.folder.path().display();
        run(Command::new("chmod").arg("755").arg(self.folder.path()));
        for (name, owner) in
            [("postfix", "root"), ("queue", "root"), ("data", "postfix"), ("mail", "mail"), ("dovecot", "root")]
        {
            run(Command::new("install").args(["-d", "-o", owner]).arg(self.path(name)));
        }
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {root}/queue\ndata_directory = {root}/data\ncommand_directory = /usr/sbin\n\
             daemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\nsetgid_group = postdrop\nmyhostname = mx.relay.test\n\
             mydestination =\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\nalias_maps =\n\
             local_recipient_maps =\nvirtual_mailbox_domains = reader.test\nvirtual_transport = lmtp:inet:127.0.0.1:{lmtp}\n\
             smtpd_recipient_restrictions = permit_mynetworks, reject\nsmtp_dns_support_level = disabled\n\
             default_transport = error:5.4.4 no way out of this test\nmaillog_file = {root}/postfix.log\nmaillog_file_prefixes = {root}\n"
        );
        std::fs::write(self.path("postfix/main.cf"), main).unwrap();
        let services = [
            format!("127.0.0.1:{} inet n - n - - smtpd", self.port),
            "pickup unix n - n 60 1 pickup".into(),
            "cleanup unix n - n - 0 cleanup".into(),
            "qmgr unix n - n 300 1 qmgr".into(),
            "rewrite unix - - n - - trivial-rewrite".into(),
            "bounce unix - - n - 0 bounce".into(),
            "defer unix - - n - 0 bounce".into(),
            "trace unix - - n - 0 bounce".into(),
            "verify unix - - n - 1 verify".into(),
            "proxymap unix - - n - - proxymap".into(),
            "error unix - - n - - error".into(),
            "retry unix - - n - - error".into(),
            "lmtp unix - - n - - lmtp".into(),
            "anvil unix - - n - 1 anvil".into(),
            "scache unix - - n - 1 scache".into(),
            "postlog unix-dgram n - n - 1 postlogd".into(),
        ];
        std::fs::write(self.path("postfix/master.cf"), services.join("\n") + "\n").unwrap();
        let dovecot = format!(
            "base_dir = {root}/dovecot/base\nstate_dir = {root}/dovecot/state\nlog_path = {root}/dovecot.log\nprotocols = lmtp imap\nlisten = 127.0.0.1\nssl = no\n\
             auth_username_format = %Ln\nmail_location = maildir:{root}/mail/%n\nmail_uid = mail\nmail_gid = mail\nfirst_valid_uid = 1\n\
             first_valid_gid = 1\npassdb {{\n  driver = static\n  args = nopassword=y\n}}\n\
             userdb {{\n  driver = static\n  args = uid=mail gid=mail home={root}/mail/%n\n}}\n\
             service lmtp {{\n  inet_listener lmtp {{\n    address = 127.0.0.1\n    port = {lmtp}\n  }}\n}}\n\
             service imap-login {{\n  inet_listener imap {{\n    port = {imap}\n  }}\n  inet_listener imaps {{\n    port = 0\n  }}\n}}\n"
        );
        std::fs::write(self.path("dovecot.conf"), dovecot).unwrap();
    }

    /// Sends a message as a mail program does.
    fn send(&self, from: &str, to: &str, subject: &str, body: &str) {
        let mut server = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut answers = BufReader::new(server.try_clone().unwrap());
        let message = format!(
            "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Mon, 02 Mar 2026 08:30:00 +0000\r\n\r\n{body}\r\n."
        );
        let commands = [
            String::new(),
            "HELO x.test".into(),
            format!("MAIL FROM:<{from}>"),
            format!("RCPT TO:<{to}>"),
            "DATA".into(),
        ];
        for command in commands.into_iter().chain([message, "QUIT".into()]) {
            if !command.is_empty() {
                server.write_all(format!("{command}\r\n").as_bytes()).unwrap();
            }
            let mut answer = String::new();
            answers.read_line(&mut answer).unwrap();
            assert!(answer.starts_with(['2', '3']), "{command}: {answer}");
        }
    }

    /// The messages in a reader's mailbox, in the order in which they came, once there are `count` of them.
    fn mailbox(&self, reader: &str, count: usize) -> Vec<String> {
        let folder = self.path(&format!("mail/{reader}/new"));
        let names = || tidings::files::Folder::new(&folder).list("", &|_| true).unwrap_or_default();
        wait_until(&format!("{reader} does not get {count} messages"), || names().len() >= count);
        // A second copy would be on its way by now.
        std::thread::sleep(Duration::from_millis(300));
        let mut messages: Vec<_> =
            names().iter().map(|name| std::fs::read_to_string(folder.join(name)).unwrap()).collect();
        assert_eq!(messages.len(), count, "{reader}");
        messages.sort_by_key(|message| {
            message.lines().find(|line| line.starts_with("Message-ID:")).unwrap_or_default().to_owned()
        });
        messages
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let _ = Command::new(POSTFIX).arg("-c").arg(self.path("postfix")).arg("stop").output();
        let _ = Command::new("/usr/bin/doveadm").arg("-c").arg(self.path("dovecot.conf")).arg("stop").output();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[track_caller]
fn run(command: &mut Command) {
    // Daemons keep what they inherit, so there is no pipe to wait for.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

#[track_caller]
fn wait_until(otherwise: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(30), "{otherwise}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The message without what the servers put on top of it: its path through them.
#[track_caller]
fn without_trace(message: &str) -> String {
    let mut rest = message;
    let mut in_trace = true;
    while in_trace {
        let line = rest.lines().next().unwrap_or_default();
        in_trace =
            ["Return-Path:", "Delivered-To:", "Received:", " ", "\t"].iter().any(|start| line.starts_with(start));
        if in_trace {
            rest = &rest[line.len() + 1..];
        }
    }
    rest.replace('\n', "\r\n")
}

/// Checks every signature of a message with `Mail::DKIM` (Debian's `libmail-dkim-perl`), which gets the keys from a table.
const VERIFY: &str = r#"
    package Keys;
    sub new { my ($class, %keys) = @_; bless { keys => \%keys }, $class }
    sub errorstring { 'NOERROR' }
    sub send {
        my ($self, $name, $type) = @_;
        my $packet = Net::DNS::Packet->new($name, $type);
        my $text = $self->{keys}{$name};
        $packet->push(answer => Net::DNS::RR->new(name => $name, type => 'TXT', txtdata => [unpack '(a255)*', $text])) if $text;
        return $packet;
    }
    package main;
    use Net::DNS;
    use Mail::DKIM::DNS;
    use Mail::DKIM::Verifier;
    my ($file, %keys) = @ARGV;
    Mail::DKIM::DNS::resolver(Keys->new(%keys));
    my $verifier = Mail::DKIM::Verifier->new;
    open my $mail, '<', $file or die $!;
    while (<$mail>) { s/\r?\n$//; $verifier->PRINT("$_\r\n"); }
    $verifier->CLOSE;
    print join ' ', map { $_->algorithm . '=' . $_->result } $verifier->signatures;
"#;

/// What `Mail::DKIM` says to each signature of a message, with the keys that `dkim show` publishes.
fn verdicts(site: &TestSite, message: &str) -> String {
    site.write("message.eml", message);
    let records = site.run("2026-03-02T09:00:00Z", &["dkim", "show", "--json"]).exits(0).json();
    let texts = records.as_array().unwrap().iter().flat_map(|record| [&record["name"], &record["value"]]);
    let output = Command::new("perl")
        .args(["-e", VERIFY])
        .arg(site.file("message.eml"))
        .args(texts.map(|text| text.as_str().unwrap()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn signatures_hold_after_postfix_and_dovecot() {
    let is_there = Command::new("perl").arg("-MMail::DKIM::Verifier").args(["-e", "1"]).output();
    if !is_there.is_ok_and(|perl| perl.status.success()) {
        missing("Mail::DKIM");
        return;
    }
    let Some(stack) = Stack::start() else { return };
    let site = TestSite::new(&format!("smtp://127.0.0.1:{}", stack.port));
    site.readers(1);
    site.run("2026-03-02T09:00:00Z", &["dkim", "new"]).exits(0);
    site.run("2026-03-02T09:00:00Z", &["dkim", "new", "--ed25519"]).exits(0);
    site.configure("mail.dkim", "ed25519 = {}");
    let hard = "Two  blanks, a tab\tand no break.  \nNew line.\n\n    code\t  \n\nFrom here on\n. and .. dots\n";
    let japanese = "これは本文です。".repeat(60);
    for (day, title, body) in [(1, "Flüsse – =?utf-8?Q?x?=", hard), (2, "川の流れ", &japanese)] {
        let text = format!("---\ntitle: \"{title}\"\ndate: 2026-03-0{day}\n---\n\n{body}\n");
        site.write(&format!("posts/{day}.md"), &text);
        site.run(&format!("2026-03-0{day}T09:00:00Z"), &["publish"]).exits(0);
    }
    for message in stack.mailbox("r1", 2) {
        // Debian's Mail::DKIM knows no Ed25519, as some receivers do not: the RSA signature is the one that they need.
        let verdict = |message: &str| verdicts(&site, message).split(' ').next().unwrap_or_default().to_owned();
        assert_eq!(verdict(&message), "rsa-sha256=pass", "{message}");
        assert_eq!(verdict(&message.replace("Subject: ", "Subject: Not ")), "rsa-sha256=fail");
        assert_eq!(message.matches("DKIM-Signature: ").count(), 2);
    }
}

#[test]
fn a_story_through_postfix_and_dovecot() {
    let Some(stack) = Stack::start() else { return };
    let site = TestSite::new(&format!("smtp://127.0.0.1:{}", stack.port));
    // Whole messages in chunks, which Postfix takes; signed ones go by DATA.
    site.configure("mail", "in_flight = 4");
    let readers = ["r1", "r2", "r3"];
    site.readers(readers.len());
    let first = site.post("2026-03-01", "Slow rivers – and “quick” ones");
    site.run("2026-03-02T09:00:00Z", &["publish", "--dry-run"]).exits(0);
    site.run("2026-03-02T09:00:00Z", &["publish"]).exits(0);
    for (number, reader) in readers.iter().enumerate() {
        let shown = site.read(&format!("preview/outbox/issue-1-{:05}.eml", number + 1));
        assert_eq!(without_trace(&stack.mailbox(reader, 1)[0]), shown, "what the dry run showed has arrived");
    }

    site.run("2026-03-02T10:00:00Z", &["publish"]).exits(0);
    site.post("2026-03-03", "A second post");
    site.run("2026-03-03T09:00:00Z", &["publish"]).exits(0);
    for reader in readers {
        let messages = stack.mailbox(reader, 2);
        let news: Vec<_> = messages.iter().filter(|message| message.contains("A second post")).collect();
        assert!(news.len() == 1 && !news[0].contains("Slow rivers"), "only the new post goes out");
    }

    let text = site.read(&first).replace("title: Slow", "title: Fast");
    std::fs::remove_file(site.file(&first)).unwrap();
    site.write("posts/renamed.md", &text);
    let late = site.post("2026-02-20", "From the drawer");
    let run = site.run("2026-03-04T09:00:00Z", &["publish"]).exits(0);
    assert!(
        run.stderr.contains(&late) && run.stderr.contains("posts/renamed.md: the same text was mailed"),
        "{run:#?}"
    );
    assert_eq!(stack.mailbox("r1", 2).len(), 2, "a renamed and a late post go to no reader");
    site.run("2026-03-05T09:00:00Z", &["publish", "--include", &late]).exits(0);
    for reader in readers {
        assert!(stack.mailbox(reader, 3).iter().any(|message| message.contains("From the drawer")));
    }
    assert_eq!(site.status()["deliveries"]["sent"], 9);
}

#[test]
fn dovecot_takes_mail_by_lmtp_over_tcp_and_through_its_socket() {
    let Some(stack) = Stack::start() else { return };
    let tcp = format!("lmtp://127.0.0.1:{}", stack.lmtp);
    let site = TestSite::new(&tcp);
    site.configure("mail", "in_flight = 3\nconnections = 1");
    let readers = ["r1", "r2", "r3", "r4", "r5", "r6", "r7"];
    for reader in readers {
        site.run("2026-03-01T09:00:00Z", &["subscribers", "add", &format!("{reader}@reader.test")]).exits(0);
    }
    site.post("2026-03-01", "Slow rivers");
    site.run("2026-03-02T09:00:00Z", &["publish", "--dry-run"]).exits(0);
    site.run("2026-03-02T09:00:00Z", &["publish"]).exits(0);
    site.post("2026-03-03", "A second post");
    site.edit("config.toml", &tcp, &format!("lmtp:{}", stack.path("dovecot/base/lmtp").display()));
    site.run("2026-03-03T09:00:00Z", &["publish"]).exits(0);
    for (number, reader) in readers.iter().enumerate() {
        let messages = stack.mailbox(reader, 2);
        let shown = site.read(&format!("preview/outbox/issue-1-{:05}.eml", number + 1));
        assert!(messages.iter().any(|message| without_trace(message) == shown), "what the dry run showed has arrived");
        assert!(messages.iter().any(|message| message.contains("A second post")));
    }
    assert_eq!(site.status()["deliveries"]["sent"], 14);
}

#[test]
fn readers_come_and_leave_through_a_mailbox_at_a_server() {
    let Some(stack) = Stack::start() else { return };
    let site = TestSite::new(&format!("smtp://127.0.0.1:{}", stack.port));
    site.edit(
        "config.toml",
        "unsubscribe = [\"https://news.example.org/u/{token}\", \"mailto:leave@news.example.org\"]\n",
        "",
    );
    site.configure("mail", "bounces = \"join+{token}@reader.test\"");
    let url =
        format!("url = \"imap://join@127.0.0.1:{}\"\npassword_env = \"PW\"\njoin = \"join@reader.test\"", stack.imap);
    site.configure("inbox", &url);
    site.post("2026-03-01", "Slow rivers");
    // Until it reads so many messages: the servers hand them on in their own time.
    let inbox = |messages: usize| {
        let read =
            || Run::new(&site.command("2026-03-02T09:00:00Z", &["inbox", "--yes"]).env("PW", "x").output().unwrap());
        let files = |part: &str| std::fs::read_dir(stack.path(&format!("mail/join/{part}"))).map_or(0, Iterator::count);
        wait_until("the messages do not come", || files("new") + files("cur") == messages);
        read().exits(0)
    };
    let header = |message: &str, name: &str| {
        let found = message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned));
        found.unwrap_or_else(|| panic!("no {name} in {message}"))
    };

    stack.send("r1@reader.test", "join@reader.test", "subscribe", "Hello (((");
    stack.send("friend@else.test", "join+hello@reader.test", "lunch?", "Hello (((");
    let run = inbox(2);
    assert!(run.stderr.contains("1 reader asked to confirm."), "{run:#?}");
    let letter = &stack.mailbox("r1", 1)[0];
    stack.send("r1@reader.test", &header(letter, "Reply-To"), "Re: yes", "Hello (((");
    let run = inbox(2);
    assert!(
        run.stderr.contains("1 reader confirmed.") && run.stderr.contains("1 not understood and left alone"),
        "{run:#?}"
    );

    site.run("2026-03-02T10:00:00Z", &["subscribers", "add", "r2@reader.test"]).exits(0);
    site.run("2026-03-02T10:00:00Z", &["publish"]).exits(0);
    let issue = &stack.mailbox("r1", 2).into_iter().find(|message| message.contains("List-Unsubscribe")).unwrap();
    let path = header(&stack.mailbox("r2", 1)[0], "Return-Path");
    let report =
        "This is the mail system at host mx.test.\r\n\r\n<r2@reader.test>: host mx.test said: 550 5.1.1 User unknown";
    stack.send("MAILER-DAEMON@mx.test", path.trim_matches(['<', '>']), "Undelivered Mail Returned to Sender", report);
    let run = inbox(2);
    assert!(run.stdout.contains("bounced (hard)"), "{run:#?}");

    let (_, leave) = issue.split_once("List-Unsubscribe: <mailto:").unwrap();
    stack.send("phone@else.test", leave.split_once('?').unwrap().0, "unsubscribe", "Hello (((");
    assert!(inbox(2).stdout.contains("unsubscribed"));
    let subscribers = &site.status()["subscribers"];
    assert_eq!(
        (&subscribers["confirmed"], &subscribers["unsubscribed"], &subscribers["bounced"]),
        (&0.into(), &1.into(), &1.into())
    );
    assert!(
        inbox(1).stderr.starts_with("1 message read; 1 not understood and left alone."),
        "a friend's mail stays where it is"
    );
}
