//! `tidings preview`

mod backend;

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use super::agreement::{self, Yes};
use super::failure::{Exit, Failure};
use super::{Context, Ui, session};
use crate::files::{Folder, Temporary};
use crate::publish::{Activity, CONFIG_FILE};
use crate::templates;
use crate::web::preview::serve;
use crate::web::{AccessGate, leading_to};
pub(super) use backend::SiteBackend;

/// Show the next issue, the plan and the feeds in the browser, live.
///
/// The page is for this machine only. It shows what `publish` would send now, in light and dark, on desktop and phone, with
/// and without images, as text and as source; what is due and what is not, and why; everything that `check` finds; and the
/// feeds as a reader shows them. It follows every change of a file. Nothing is changed or recorded; a test leaves only on
/// your word, and only to your own address.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidings preview")]
pub(super) struct Arguments {
    /// Answer at this port; any free one by default
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,

    /// Open no browser, only print the address
    #[arg(long)]
    no_open: bool,

    #[command(flatten)]
    yes: Yes,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let folder = Folder::new(&context.site);
    if !folder.is_folder("") {
        return Err(Failure::usage(
            format!("there is no such folder: {}", context.site.display()),
            "name one with `-C`",
        ));
    }
    let root = folder.path().to_owned();
    let agreed = match agreement::read(&context.site) {
        Ok(config) => agreement::settle(&config, Activity::Read, arguments.yes.answer(), context)?,
        // A folder that is no site at all is a mistake on the command line; a broken site is what the page is for.
        Err(_) if folder.is_file(CONFIG_FILE) => Vec::new(),
        Err(error) => return Err(error),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await.map_err(|error| {
        Failure::usage(format!("port {} cannot be used: {error}", arguments.port), "choose another one with `--port`")
    })?;
    let address = listener.local_addr().map_err(|error| Failure::unexpected(error.to_string()))?;
    let backend = SiteBackend::new(root.clone(), agreed, context);
    let gate =
        AccessGate::new(address.port()).ok_or_else(|| Failure::unexpected("the system has no random numbers"))?;
    let door_address = gate.address();
    Ui::result(&door_address);
    context.ui.say("The preview is at this address until you press Ctrl-C.");
    // Last in the first turn: by then a signal ends the preview in order, and what was opened with it.
    let open = async {
        let _page = if arguments.no_open { None } else { open_browser(&door_address, context) };
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        biased;
        _ = session::wait_for_signal() => Ok(Exit::Done),
        stopped = serve(listener, gate, &root, backend, |sentence| context.ui.say(sentence)) => {
            let Err(error) = stopped;
            Err(Failure::unexpected(format!("the preview stopped: {error}")))
        }
        () = run_away() => Err(Failure::unexpected("the preview stopped: a template makes work without end")),
        never = open => match never {},
    }
}

/// Opens the browser by way of a file that only the user can read: all users of the machine can see what a program is given
/// on its command line. The file is there as long as what is returned.
fn open_browser(address: &str, context: &Context) -> Option<Temporary> {
    let page = Temporary::private("preview-", ".html", leading_to(address).as_bytes());
    let opened = page.and_then(|page| open::that_detached(page.path()).map(|()| page));
    if opened.is_err() {
        context.ui.say("No browser could be opened; open the address yourself.");
    }
    opened.ok()
}

/// Waits until a template of the site runs away: it would use up the memory of this machine as long as the page is there.
pub(super) async fn run_away() {
    while !templates::is_running_away() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
