//! `tidings inbox`

mod said;
mod source;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::agreement::{self, Yes};
use super::failure::{Exit, Failure};
use super::session::PasswordFrom;
use super::{Context, Ui, letters, session};
use crate::config::{Config, InboxPlace};
use crate::diagnostic::Diagnostic;
use crate::publish::{Activity, Heard, Use, correlate, count, fulfil, greeting, record, site_folder};
use crate::store::{Spike, Store};
use crate::transport::ImapMailbox;
use said::{Results, Told};
use source::{Mailbox, failed};

/// Read what came back: bounces, complaints, and readers who join, confirm and leave by mail
///
/// Takes a Maildir, an mbox file, one message, or - for the standard input; without an argument the mailbox of `inbox.url`. Files
/// are only read, and from a mailbox at a server (IMAP) what was understood is moved to its folder Tidings, so that it can be read
/// again and again: what was counted is not counted twice. What it does not understand, and what cannot prove that it is about a copy
/// that was sent from here, changes nothing.
///
/// A reader gets no more mail after one bounce that is final (no such address), after five issues over at least three weeks that
/// came back for now (mailbox full), or after a complaint. When much of an issue comes back, nothing more is sent: exit code 4,
/// and `publish` stops too until `--allow spike`. In cron or CI it belongs before `tidings publish`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings inbox ~/Maildir\n  tidings inbox report.eml --dry-run")]
pub(super) struct Arguments {
    /// A Maildir, an mbox file, one message, or - for the standard input; the mailbox of `inbox.url` by default, if there is one
    #[arg(value_name = "FILE or MAILDIR or -")]
    mailbox: Option<PathBuf>,

    /// Say what it would do, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Print what each message says as JSON
    #[arg(long, requires = "dry_run")]
    json: bool,

    #[command(flatten)]
    yes: Yes,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::read(&context.site)?;
    let place = config.inbox.place.as_ref().filter(|_| arguments.mailbox.is_none());
    // A dry run of a file starts and sends nothing; of a mailbox at a server it logs in.
    let goes_outside = config.inbox.join.is_some() || !config.store.checkpoint.is_empty();
    let is_read_only = place.is_none() && (arguments.dry_run || !goes_outside);
    let (activity, answer) = if is_read_only {
        (Activity::Read, agreement::Answer::Remembered)
    } else {
        (Activity::Receive, arguments.yes.answer())
    };
    agreement::settle(&config, activity, answer, context)?;
    let join = config.inbox.join.as_ref();
    let mut mailbox = match place {
        Some(InboxPlace::Maildir(name)) => {
            Mailbox::maildir(site_folder(&context.site, &config, Use::Inbox), name, &format!("{name}/"), join)?
        }
        Some(InboxPlace::Server(server)) => {
            let from = PasswordFrom {
                settings: ["inbox.password_env", "inbox.password_file"],
                variable: config.inbox.password_env.as_deref(),
                file: config.inbox.password_file.as_deref(),
                to: Use::Password,
            };
            let password = session::secret(from, &config, &context.site)?.unwrap_or_default();
            Mailbox::server(ImapMailbox::open(server, &password).await.map_err(failed)?, context.now, join).await?
        }
        None => Mailbox::at(arguments.mailbox.as_deref().unwrap_or(Path::new("-")), join)?,
    };
    let (mut store, mut told, mut spike) = (None, Told::default(), None);
    let mut is_begun = false;
    loop {
        let arrivals = match mailbox.next().await? {
            Some(arrivals) => arrivals,
            None if is_begun => break,
            // What is due anyway, is.
            None => Vec::new(),
        };
        is_begun = true;
        if store.is_none() {
            // Who joins has a place, also before the first issue.
            let is_first = join.is_some() && !arguments.dry_run && !arrivals.is_empty();
            store = if is_first {
                Some(session::store(&config, &context.site).await?)
            } else {
                session::existing_store(&config, &context.site).await?
            };
        }
        let heard = correlate(store.as_mut(), arrivals).await?;
        let results = match store.as_mut().filter(|_| !arguments.dry_run) {
            Some(store) => {
                let results = take_in(store, &heard, &config, context).await?;
                spike = store.spike().await?;
                if heard.iter().any(Heard::is_proven) {
                    session::save(store, &config, &context.site).await?;
                }
                // Only what is recorded goes: after a crash in between it is read again, and known.
                mailbox.put_away(&understood(&heard, &results.fulfilled.left)).await?;
                Some(results)
            }
            None => None,
        };
        told.add(&heard, results, arguments.json);
    }
    if arguments.json {
        Ui::json(&told.objects.into());
    } else {
        if !told.lines.is_empty() && !context.ui.is_quiet() {
            let mut page = context.ui.new_page();
            page.push(&told.lines);
            Ui::page(page);
        }
        let has_recorded = store.is_some() && !arguments.dry_run;
        context.ui.say(&told.summary((mailbox.messages, mailbox.others), has_recorded));
        if mailbox.cut > 0 {
            context.ui.say(&format!("Of {}, only the beginning was looked at.", count(mailbox.cut, "long message")));
        }
    }
    mailbox.close().await;
    if let Some(store) = store.as_mut().filter(|_| join.is_some() && !arguments.dry_run) {
        letters::send(store, &config, context).await?;
    }
    session::close(store).await?;
    Ok(spike.map_or(Exit::Done, |spike| refused(&spike, context)))
}

/// The messages at a server of which something was proven, but for those that wait.
fn understood(heard: &[Heard], left: &[u32]) -> Vec<u32> {
    let is_done = |it: &&Heard| it.is_proven() && !left.contains(&it.place);
    let uids: BTreeSet<u32> = heard.iter().filter(is_done).map(|it| it.place).collect();
    uids.into_iter().collect()
}

/// Records what is proven, and does what is asked for.
async fn take_in(store: &mut Store, heard: &[Heard], config: &Config, context: &Context) -> Result<Results, Failure> {
    let recorded = record(store, heard, context.now).await?;
    let shown = config.inbox.join.as_ref().map(|join| format!("a mail to {}", join.as_str())).unwrap_or_default();
    let fulfilled = fulfil(store, heard, (&shown, greeting(&config.newsletter, context.now)), context.now).await?;
    Ok(Results { recorded, fulfilled })
}

/// That nothing more is sent.
fn refused(spike: &Spike, context: &Context) -> Exit {
    let help =
        "look what they say with `tidings explain ADDRESS`; when the cause is mended, publish with `--allow spike`";
    let message = format!("{}: nothing more is sent", spike.reason);
    context.ui.diagnostics(&[Diagnostic::error("inbox/spike", message).help(help)]);
    Exit::Incomplete
}
