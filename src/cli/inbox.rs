//! `tidings inbox`

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::{Context, Ui, session};
use crate::diagnostic::{Diagnostic, Location};
use crate::files::{self, FileKind, Folder};
use crate::inbox::{Kind, Messages};
use crate::publish::{Activity, Arrival, Heard, Recorded, correlate, count, record};
use crate::store::Spike;

/// Read what came back: bounces, complaints, and readers who leave by mail
///
/// Takes a Maildir, an mbox file, one message, or - for the standard input. Reads only, so the same mailbox can be read again
/// and again: what was counted is not counted twice. What it does not understand, and what cannot prove that it is about a copy
/// that was sent from here, changes nothing.
///
/// A reader gets no more mail after one bounce that is final (no such address), after five issues over at least three weeks that
/// came back for now (mailbox full), or after a complaint. When much of an issue comes back, nothing more is sent: exit code 4,
/// and `publish` stops too until `--allow spike`. In cron or CI it belongs before `tidings publish`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings inbox ~/Maildir\n  tidings inbox report.eml --dry-run")]
pub(super) struct Arguments {
    /// A Maildir, an mbox file, one message, or - for the standard input
    #[arg(value_name = "FILE or MAILDIR or -", default_value = "-")]
    mailbox: PathBuf,

    /// Say what it would do, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Print what each message says as JSON
    #[arg(long, requires = "dry_run")]
    json: bool,
}

/// What a mailbox holds.
#[derive(Debug, Default)]
struct Mailbox {
    arrivals: Vec<Arrival>,
    messages: u64,
    /// How many say nothing that is understood.
    others: u64,
    /// How many were longer than what is looked at.
    cut: u64,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    let mailbox = read(&arguments.mailbox)?;
    let Mailbox { arrivals, messages, others, cut } = mailbox;
    let mut store = session::existing_store(&config, &context.site).await?;
    let heard = correlate(store.as_mut(), arrivals).await?;
    let mut spike = None;
    if arguments.json {
        Ui::json(&heard.iter().map(as_json).collect::<Vec<_>>().into());
    } else {
        let recorded = match store.as_mut().filter(|_| !arguments.dry_run) {
            Some(store) => Some(record(store, &heard, context.now).await?),
            None => None,
        };
        if let Some(store) = store.as_mut().filter(|_| !arguments.dry_run) {
            spike = store.spike().await?;
        }
        if let Some(text) = table(&heard, recorded.as_ref(), context.ui.is_quiet()) {
            let mut page = context.ui.new_page();
            page.push(&text);
            Ui::page(page);
        }
        context.ui.say(&summary(&heard, (messages, others), recorded.as_ref()));
        if cut > 0 {
            context.ui.say(&format!("Of {}, only the beginning was looked at.", count(cut, "long message")));
        }
    }
    session::close(store).await?;
    Ok(spike.map_or(Exit::Done, |spike| refused(&spike, context)))
}

/// That nothing more is sent.
fn refused(spike: &Spike, context: &Context) -> Exit {
    let help =
        "look what they say with `tidings explain ADDRESS`; when the cause is mended, publish with `--allow spike`";
    let message = format!("{}: nothing more is sent", spike.reason);
    context.ui.diagnostics(&[Diagnostic::error("inbox/spike", message).help(help)]);
    Exit::Incomplete
}

/// Reads a mailbox whole.
fn read(path: &Path) -> Result<Mailbox, Failure> {
    let mut mailbox = Mailbox::default();
    let unreadable = |name: &str, error: &std::io::Error| {
        let message = format!("the mailbox cannot be read: {error}");
        let unreadable = Diagnostic::error("inbox/file", message).at(Location::start_of(name));
        Failure::new(Exit::Usage, unreadable.help("name a Maildir, an mbox file, one message, or `-`"))
    };
    let shown = path.display().to_string();
    if path == Path::new("-") {
        let input = std::io::BufReader::with_capacity(1 << 16, std::io::stdin());
        mailbox.add(input).map_err(|error| unreadable("standard input", &error))?;
        return Ok(mailbox);
    }
    let folder = Folder::new(path);
    if !folder.is_folder("") {
        let (parent, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        // A link is followed: a person named it.
        let place = files::resolved(&parent.join(name));
        let (parent, name) = (place.parent().unwrap_or(Path::new("/")), place.file_name().unwrap_or_default());
        let opened = Folder::new(parent).open(&name.to_string_lossy(), FileKind::Mailbox);
        let opened = opened.map_err(|error| unreadable(&shown, &error))?;
        mailbox.add(opened.sampled(u64::MAX)).map_err(|error| unreadable(&shown, &error))?;
        return Ok(mailbox);
    }
    // `tmp` has what is still being written (https://cr.yp.to/proto/maildir.html).
    let parts: Vec<&str> = ["new", "cur"].into_iter().filter(|part| folder.is_folder(part)).collect();
    if parts.is_empty() {
        let none = std::io::Error::other("this folder is no Maildir: it has neither `new` nor `cur`");
        return Err(unreadable(&shown, &none));
    }
    for part in parts {
        let names = folder.list(part, &|_| false).map_err(|error| unreadable(&shown, &error))?;
        for name in names {
            let name = format!("{part}/{name}");
            let opened = match folder.open(&name, FileKind::Mailbox) {
                // A mail program has moved it meanwhile.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                opened => opened.map_err(|error| unreadable(&name, &error))?,
            };
            mailbox.add(opened.sampled(u64::MAX)).map_err(|error| unreadable(&name, &error))?;
        }
    }
    Ok(mailbox)
}

impl Mailbox {
    fn add(&mut self, input: impl BufRead) -> std::io::Result<()> {
        let mut messages = Messages::new(input);
        while let Some(message) = messages.next_message()? {
            self.messages += 1;
            self.cut += u64::from(message.is_cut);
            match Arrival::read(&message.bytes) {
                Some(arrival) => self.arrivals.push(arrival),
                None => self.others += 1,
            }
        }
        Ok(())
    }
}

/// For programs: one object for each recipient.
fn as_json(heard: &Heard) -> Value {
    let report = &heard.report;
    json!({
        "recipient": report.recipient,
        "kind": report.kind.as_str(),
        "status": report.status,
        "diagnostic": report.diagnostic,
        "subscriber": heard.reader.as_ref().map(|reader| reader.id),
    })
}

/// Who gets no more mail; in a dry run, what each message says.
fn table(heard: &[Heard], recorded: Option<&Recorded>, is_quiet: bool) -> Option<String> {
    let mut text = String::new();
    match recorded {
        Some(recorded) => {
            for (address, became, kind) in &recorded.changed {
                text += &format!("{}: {} ({})\n", address.masked(), became.as_str(), kind.as_str());
            }
        }
        None => {
            for Heard { report, reader, .. } in heard {
                let who = report.recipient.as_deref().map_or("no address".to_owned(), masked);
                let status = report.status.as_deref().map(|status| format!(" {status}")).unwrap_or_default();
                let proof = if counts(report.kind) && reader.is_none() {
                    ", not proven to be about a copy of ours"
                } else {
                    ""
                };
                text += &format!("{who}: {}{status}{proof}\n", report.kind.as_str());
            }
        }
    }
    (!text.is_empty() && !is_quiet).then_some(text)
}

/// Whether it would change anything if it were proven.
fn counts(kind: Kind) -> bool {
    !matches!(kind, Kind::AutoReply | Kind::Delivered)
}

fn masked(address: &str) -> String {
    address.parse::<crate::model::EmailAddress>().map_or_else(|_| "an address".to_owned(), |address| address.masked())
}

fn summary(heard: &[Heard], (messages, others): (u64, u64), recorded: Option<&Recorded>) -> String {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for it in heard {
        *kinds.entry(it.report.kind.as_str()).or_default() += 1;
    }
    let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let mut text = format!("{} read", count(messages, "message"));
    if !kinds.is_empty() {
        text += &format!(": {}", kinds.join(", "));
    }
    if others > 0 {
        text += &format!("; {others} not understood and left alone");
    }
    let unproven = heard.iter().filter(|it| counts(it.report.kind) && it.reader.is_none()).count();
    if unproven > 0 {
        text += &format!("; {unproven} not proven to be about a copy of ours, and not counted");
    }
    match recorded {
        Some(Recorded { new, known, changed }) => {
            text += &format!(". Recorded {}", count(*new, "report"));
            if *known > 0 {
                text += &format!(", {known} known already");
            }
            let readers = count(changed.len() as u64, "reader");
            text + &format!("; {readers} {} no more mail.", if changed.len() == 1 { "gets" } else { "get" })
        }
        None => text + ". Nothing was changed.",
    }
}
