//! `tidings serve`

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use tokio::sync::Notify;

use super::agreement::{self, Yes};
use super::allow::Allow;
use super::failure::{Exit, Failure};
use super::follow::{self, PAUSE};
use super::preview::{SiteBackend, run_away};
use super::session::PasswordFrom;
use super::tell::Teller;
use super::{Context, Ui, letters, session};
use crate::clock::told;
use crate::config::{Config, HookKey};
use crate::diagnostic::{Diagnostic, Location};
use crate::files::Folder;
use crate::publish::{
    self, Activity, CONFIG_FILE, Demand, Halt, Options, Order, Publisher, Site, Stop, Use, purge_unconfirmed,
    site_folder,
};
use crate::transport;
use crate::web::preview::{DeskCalls, DeskLine, desk_line, serve_desk};
use crate::web::serve::{HookKeys, Setup, serve};

/// So many threads answer.
const ANSWERING: usize = 2;
/// Letters that wait are looked for so often, beside when one is asked for.
const LOOK: Duration = Duration::from_secs(10);
/// Those who never confirmed are removed so often.
const PURGE: SignedDuration = SignedDuration::from_hours(1);

/// Let readers join, confirm and leave over HTTP, deliver what is queued, and publish on schedule.
///
/// It answers at `web.bind` for the address `web.url`, behind a proxy that speaks HTTPS. It needs nothing else: what `publish`
/// queues is delivered, letters that ask to confirm are sent, and with `newsletter.schedule` it publishes by itself, with the
/// same guards as the command.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidings serve    # with web.url = \"https://news.example.org\" in config.toml")]
pub(super) struct Arguments {
    #[command(flatten)]
    allow: Allow,

    #[command(flatten)]
    yes: Yes,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let allow = arguments.allow.guards();
    let config = agreement::read(&context.site)?;
    let agreed = agreement::settle(&config, Activity::Serve, arguments.yes.answer_or(&allow), context)?;
    needs(
        config.web.url.is_some(),
        "`web.url` is missing: readers have to reach the pages",
        "[web]` with `url = \"https://news.example.org\"",
    )?;
    needs(
        config.newsletter.from.is_some(),
        "`newsletter.from` is missing: letters need a sender",
        "[newsletter]` with `from = \"Your name <you@example.org>\"",
    )?;
    let keys = hook_keys(&config, context)?;
    let publisher = session::publisher(&config, context, &allow).await?;
    let listener = TcpListener::bind(config.web.bind).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    let listener = listener.map_err(|error| {
        Failure::usage(format!("{} cannot be used: {error}", config.web.bind), "choose another one in `web.bind`")
    })?;
    let bound = listener.local_addr().map_err(|error| Failure::unexpected(error.to_string()))?;
    let halt = Arc::clone(&publisher.halt);
    session::listen(&halt);
    let wake = Arc::new(Notify::new());
    let order = Order {
        site: &context.site,
        config: &config,
        options: Options { allow, ..Options::default() },
        accept: false,
        limit: None,
        wait: SignedDuration::ZERO,
        now: context.now,
    };
    let (line, calls) = config.web.desk.is_some().then(desk_line).unzip();
    let pages = answer((listener, keys), &config, line, context, &wake, &halt);
    let desk = show_desk(calls, &agreed, &halt, context);
    if let Some(url) = &config.web.url {
        Ui::result(url.as_str());
    }
    context.ui.say(&format!("Answering at {bound} until SIGTERM or Ctrl-C."));
    // What listens to signals begins to, so that who stops it at once is heard.
    tokio::task::yield_now().await;
    notify("READY=1");
    let work = async {
        tokio::join!(
            deliver(publisher, &order, &agreed, &halt, context),
            correspond(&config, &wake, &halt, context),
            desk
        );
    };
    let (answered, ()) = tokio::join!(pages, work);
    answered.map(|()| Exit::Done)
}

fn needs(is_there: bool, message: &str, example: &str) -> Result<(), Failure> {
    if is_there {
        return Ok(());
    }
    let missing = Diagnostic::error("config/missing", message).at(Location::start_of(CONFIG_FILE));
    Err(Failure::new(Exit::Problems, missing.help(format!("complete `{example}"))))
}

/// What the services that tell what came back prove themselves with.
fn hook_keys(config: &Config, context: &Context) -> Result<HookKeys, Failure> {
    let hooks = &config.web.hooks;
    let mut keys = HookKeys::new(hooks.ses_topic.clone());
    for HookKey { service, variable, file } in &hooks.keys {
        let settings = service.settings();
        let from = PasswordFrom { settings, variable: variable.as_deref(), file: file.as_deref(), to: Use::HookKey };
        if let Some(key) = session::secret(from, config, &context.site)? {
            keys.add(*service, key.expose_secret()).map_err(|why| {
                let [env, file] = settings;
                let wrong = Diagnostic::error("config/password", format!("what `{env}` or `{file}` names {why}"));
                Failure::new(Exit::Problems, wrong.at(Location::start_of(CONFIG_FILE)).help("copy it once more"))
            })?;
        }
    }
    Ok(keys)
}

/// Tells the service manager how it stands, where one asks for that (`sd_notify`).
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment comes in")]
fn notify(state: &str) {
    if let Some(socket) = std::env::var_os("NOTIFY_SOCKET") {
        transport::notify(&socket, state);
    }
}

/// Answers in threads of their own, so that a page need not wait for a message or a feed to be made.
async fn answer(
    (listener, keys): (TcpListener, HookKeys),
    config: &Config,
    desk: Option<DeskLine>,
    context: &Context,
    wake: &Arc<Notify>,
    halt: &Arc<Halt>,
) -> Result<(), Failure> {
    let (config, site, clock) = (config.clone(), context.site.clone(), context.clock);
    let (wake, stop, halt) = (Arc::clone(wake), Arc::clone(halt), Arc::clone(halt));
    let answered = tokio::task::spawn_blocking(move || {
        let failed = |error: std::io::Error| Failure::unexpected(format!("the pages cannot be answered: {error}"));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(ANSWERING).enable_all().build();
        runtime.map_err(failed)?.block_on(async {
            let store = session::store(&config, &site).await?;
            let folder = site_folder(&site, &config, Use::Content);
            let archive = config.newsletter.archive.then(|| Site::templates_of(&site, &config)).transpose()?;
            let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
            let setup = Setup { config, folder, archive, store, clock, wake, tell: Ui::line, keys, desk };
            let stopped = async {
                let _ = stop.unless(std::future::pending::<()>()).await;
                notify("STOPPING=1");
            };
            Box::pin(serve(listener, setup, stopped)).await.map_err(failed)
        })
    });
    let answered = answered.await.map_err(|error| Failure::unexpected(error.to_string())).flatten();
    if answered.is_err() {
        halt.set(Stop::Asked);
    }
    answered
}

/// Shows the desk, in a thread of its own too: what it shows is read and made while readers and deliveries go on.
async fn show_desk(calls: Option<DeskCalls>, agreed: &[Demand], halt: &Arc<Halt>, context: &Context) {
    let Some(calls) = calls else { return };
    let root = Folder::new(&context.site).path().to_owned();
    let (backend, halt) = (SiteBackend::new(root.clone(), agreed.to_vec(), context), Arc::clone(halt));
    let shown = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(halt.unless(async {
            tokio::select! {
                () = serve_desk(calls, &root, backend, Ui::line) => {}
                () = run_away() => {
                    Ui::line("The desk has stopped: a template makes work without end. Mend it, and start again.");
                }
            }
        }));
        Ok::<_, std::io::Error>(())
    });
    if let Ok(Err(error)) = shown.await {
        context.ui.say(&format!("There is no desk: {error}"));
    }
}

/// Delivers what is queued, and publishes when it is time. What fails is told, and tried again.
async fn deliver(publisher: Publisher, order: &Order<'_>, agreed: &[Demand], halt: &Arc<Halt>, context: &Context) {
    let zone = &order.config.site.timezone;
    let schedule = order.config.newsletter.schedule.as_ref();
    let after = |now| schedule.and_then(|schedule| schedule.after(now, zone));
    let mut due = after(context.clock.now());
    if let Some(due) = due {
        context.ui.say(&format!("Publishing next at {}.", told(due, zone)));
    }
    let mut first = Some(publisher);
    while !halt.is_set() {
        let delivered = async {
            let publisher = match first.take() {
                Some(publisher) => publisher,
                None => session::publisher(order.config, context, &order.options.allow).await?,
            };
            follow::deliver(publisher, order, halt, context).await
        };
        let pause = match delivered.await {
            Ok((_, pause)) => pause,
            Err(failure) => {
                context.ui.failure(&failure);
                PAUSE
            }
        };
        let waited = halt.unless(async {
            tokio::select! {
                waited = follow::wait(order, pause, context) => {
                    if let Err(failure) = waited {
                        context.ui.failure(&failure);
                        tokio::time::sleep(PAUSE).await;
                    }
                    false
                }
                () = until_due(due, context) => true,
            }
        });
        if waited.await == Some(true) {
            due = after(context.clock.now());
            if let Err(failure) = publish_now(order, agreed, halt, context).await {
                context.ui.failure(&failure);
            }
            if let Some(due) = due {
                context.ui.say(&format!("Publishing next at {}.", told(due, zone)));
            }
        }
    }
}

/// Waits for a moment, by a clock that may be set meanwhile.
async fn until_due(due: Option<Timestamp>, context: &Context) {
    let Some(due) = due else { return std::future::pending().await };
    loop {
        let left = due.duration_since(context.clock.now());
        if left <= SignedDuration::ZERO {
            return;
        }
        let left = Duration::try_from(left).unwrap_or(PAUSE);
        tokio::time::sleep(left.min(PAUSE)).await;
    }
}

/// What `publish` does, for the site as it is now.
async fn publish_now(order: &Order<'_>, agreed: &[Demand], halt: &Arc<Halt>, context: &Context) -> Result<(), Failure> {
    let config = agreement::read(&context.site)?;
    agreement::check(&config, Activity::Send, &context.site, &context.state, agreed)?;
    let mut publisher = session::publisher(&config, context, &order.options.allow).await?;
    publisher.halt = Halt::within(halt);
    let order =
        Order { config: &config, now: context.clock.now(), options: Options { ..order.options.clone() }, ..*order };
    let mut teller = Teller::new(&publisher, &config.site.timezone, context);
    Box::pin(publish::publish(publisher, &order, &mut teller)).await?;
    Ok(())
}

/// Sends letters as they are asked for, and removes those who never confirmed.
async fn correspond(config: &Config, wake: &Notify, halt: &Halt, context: &Context) {
    let mut purged = Timestamp::UNIX_EPOCH;
    while !halt.is_set() {
        let is_done = send(config, &mut purged, context).await.unwrap_or_else(|failure| {
            context.ui.failure(&failure);
            false
        });
        halt.unless(async {
            if is_done {
                let _ = tokio::time::timeout(LOOK, wake.notified()).await;
            } else {
                // What stands in the way of one letter stands in that of the next.
                tokio::time::sleep(PAUSE).await;
            }
        })
        .await;
    }
}

async fn send(config: &Config, purged: &mut Timestamp, context: &Context) -> Result<bool, Failure> {
    let mut store = session::store(config, &context.site).await?;
    let now = context.clock.now();
    if now.duration_since(*purged) >= PURGE {
        purge_unconfirmed(&mut store, now).await?;
        *purged = now;
    }
    let is_done = letters::send(&mut store, config, context).await?;
    store.close().await?;
    Ok(is_done)
}
