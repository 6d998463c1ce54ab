//! What several commands do first: open the database and the transport, and listen for signals.

use std::path::Path;
use std::sync::{Arc, Once};

use secrecy::SecretString;

use super::failure::{Exit, Failure};
use super::progress::Progress;
use super::ui::Ui;
use super::{Context, agreement};
use crate::config::{Config, Relay};
use crate::diagnostic::{Diagnostic, Location};
use crate::files::{self, SecretError, StateFolder};
use crate::publish::{
    self, CONFIG_FILE, GuardName, Halt, Memory, PublishError, Publisher, Stop, Use, WayOut, program, signer,
    site_folder,
};
use crate::store::{Database, Store};
use crate::transport::{self, Checkpoint, Server, Target, TransportError};

/// Where the database of a site is, links followed.
fn database(config: &Config, site: &Path) -> Result<Database, Failure> {
    let found = site_folder(site, config, Use::Store).find(&config.store.path);
    let path = found.map_err(|error| PublishError::file(&config.store.path, error))?;
    let Some(server) = &config.store.server else { return Ok(Database::File(path)) };
    match (&server.url, &server.variable) {
        (Some(url), _) => Ok(Database::Server { url: url.clone(), beside: path }),
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            let unset =
                Diagnostic::error("store", format!("the variable that `store.url_env` names is not set: `{name}`"));
            let unset = unset.help("set it to the URL of the database in the environment of the command");
            Err(located(Failure::new(Exit::Problems, unset), config))
        }
    }
}

/// Opens the database for reading, when there is one.
pub(super) async fn existing_store(config: &Config, site: &Path) -> Result<Option<Store>, Failure> {
    Store::open_existing(&database(config, site)?).await.map_err(|error| located(error.into(), config))
}

/// Opens the database, and makes it when it is missing.
pub(super) async fn store(config: &Config, site: &Path) -> Result<Store, Failure> {
    // The usual folder is made when it is missing; a mistyped one must not begin an empty ledger.
    let database = database(config, site)?;
    let folder = match &database {
        Database::File(path) => path.parent().filter(|folder| !folder.as_os_str().is_empty()),
        Database::Server { .. } => None,
    };
    if let (Some(place), Some(folder)) = (&config.store.location, folder)
        && !files::Folder::new(folder).is_folder("")
        && !config.store.path.starts_with(".tidings/")
    {
        let missing = Diagnostic::error("store", format!("there is no folder for the database: {}", folder.display()));
        return Err(Failure::new(Exit::Problems, missing.at(place.clone()).help("make it, or correct `store.url`")));
    }
    Store::open(&database).await.map_err(|error| located(error.into(), config))
}

/// Closes a database that was opened for reading, so that nothing stays beside it.
pub(super) async fn close(store: Option<Store>) -> Result<(), Failure> {
    match store {
        Some(store) => Ok(store.close().await?),
        None => Ok(()),
    }
}

/// Points at `store.url` when it is set.
fn located(mut failure: Failure, config: &Config) -> Failure {
    if failure.exit == Exit::Problems {
        for diagnostic in &mut failure.diagnostics {
            if diagnostic.location.is_none() {
                diagnostic.location.clone_from(&config.store.location);
            }
        }
    }
    failure
}

/// What else remembers what a site has sent.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment comes in")]
pub(super) fn memory(config: &Config, site: &Path, state: &StateFolder) -> Memory {
    // What every service for continuous integration sets: there, each run has a machine of its own.
    let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    Memory::new(site.to_owned(), config, state.clone(), is_ci)
}

/// Everything that delivering needs. Guards that would refuse a new database refuse before one is made.
pub(super) async fn publisher(config: &Config, context: &Context, allow: &[GuardName]) -> Result<Publisher, Failure> {
    let ways = ways(config, &context.site)?;
    let signer = signer(config, &context.site)?;
    let memory = memory(config, &context.site, &context.state);
    let existing = existing_store(config, &context.site).await?;
    if existing.is_none() {
        memory.look(None, true).await?.allowed(None, allow)?;
    }
    let store = match existing {
        Some(store) => store,
        None => store(config, &context.site).await?,
    };
    Ok(Publisher {
        store,
        ways,
        checkpoint: checkpoint(config, &context.site)?,
        mail: config.mail.clone(),
        signer,
        clock: context.clock,
        watcher: Arc::new(Progress::new(context.ui.is_quiet())),
        halt: Arc::new(Halt::default()),
        memory,
        warning: None,
    })
}

/// Has the program that `store.checkpoint` names keep a copy of the database, if it names one.
pub(super) async fn save(store: &mut Store, config: &Config, site: &Path) -> Result<(), Failure> {
    Ok(publish::save(store, checkpoint(config, site)?.as_ref()).await?)
}

/// The program that `store.checkpoint` names.
fn checkpoint(config: &Config, site: &Path) -> Result<Option<Checkpoint>, Failure> {
    let Some((name, arguments)) = config.store.checkpoint.split_first() else { return Ok(None) };
    let found = program(name, site, &agreement::search_path()).ok_or_else(|| {
        let missing = Diagnostic::error("store", format!("there is no such program in PATH: `{name}`"));
        Failure::new(Exit::Problems, missing.help("install it, or name another one in `store.checkpoint`"))
    })?;
    Ok(Some(Checkpoint::new(name, found, arguments, site)))
}

/// The ways out that the configuration names, with the passwords that they need.
pub(super) fn ways(config: &Config, site: &Path) -> Result<Vec<WayOut>, Failure> {
    let way = |relay: &Relay| {
        let logs_in = matches!(Target::of(&relay.transport), Ok(Target::Server(Server { user: Some(_), .. })));
        let from = PasswordFrom {
            settings: ["mail.password_env", "mail.password_file"],
            variable: relay.password_env.as_deref(),
            file: relay.password_file.as_deref(),
            to: Use::Password,
        };
        let password = if logs_in { secret(from, config, site)? } else { None };
        way_out(relay, config, site, password)
    };
    config.mail.relays.iter().map(way).collect()
}

/// What the ways out are called; no password is read for that.
pub(super) fn describe_ways(config: &Config, site: &Path) -> Result<String, Failure> {
    let way = |relay: &Relay| Ok(way_out(relay, config, site, Some(SecretString::default()))?.transport.describe());
    Ok(config.mail.relays.iter().map(way).collect::<Result<Vec<_>, Failure>>()?.join(", "))
}

fn way_out(relay: &Relay, config: &Config, site: &Path, password: Option<SecretString>) -> Result<WayOut, Failure> {
    let mut relay = relay.clone();
    let folder = site_folder(site, config, Use::Outbox);
    match Target::of(&relay.transport).map_err(|fault| PublishError::from(TransportError::from(fault)))? {
        Target::Folder(name) => drop(folder.find(&name).map_err(|error| PublishError::file(&name, error))?),
        // The very program that the owner agreed to is started, whatever its name leads to by then.
        Target::Program(name) => {
            let found = program(&name, site, &agreement::search_path());
            let missing = || {
                let missing = Diagnostic::error("transport", format!("there is no such program in PATH: `{name}`"));
                missing.help("install it, or name another one in `mail.transport`")
            };
            let found = found.ok_or_else(|| Failure::new(Exit::Unexpected, missing()))?;
            let found =
                found.to_str().ok_or_else(|| Failure::unexpected("the path of the mail program is not UTF-8"))?;
            relay.transport = relay.transport.with_rest(found);
        }
        Target::Server(_) => {}
    }
    let transport = transport::new(&relay, config.mail.timeout, &folder, password).map_err(PublishError::from)?;
    Ok(WayOut { relay, transport })
}

/// Where a password comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct PasswordFrom<'c> {
    /// The settings that name a variable and a file.
    pub(super) settings: [&'static str; 2],
    pub(super) variable: Option<&'c str>,
    pub(super) file: Option<&'c str>,
    /// What the file is for.
    pub(super) to: Use,
}

/// A password, from the environment or a file: never from config.toml.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment comes in")]
pub(super) fn secret(from: PasswordFrom<'_>, config: &Config, site: &Path) -> Result<Option<SecretString>, Failure> {
    let problem = |message: String, help: &str| {
        Failure::new(
            Exit::Problems,
            Diagnostic::error("config/password", message).at(Location::start_of(CONFIG_FILE)).help(help),
        )
    };
    let PasswordFrom { settings: [env, file], variable, file: name, to } = from;
    if let Some(name) = variable {
        return match std::env::var(name) {
            Ok(value) if !value.is_empty() => Ok(Some(value.into())),
            _ => Err(problem(
                format!("the variable that `{env}` names is not set: `{name}`"),
                "set it in the environment of the command",
            )),
        };
    }
    let Some(name) = name else { return Ok(None) };
    let unusable = |why: String, help: &str| {
        problem(format!("the file that `{file}` names cannot be used: `{name}`: {why}"), help)
    };
    let bytes = site_folder(site, config, to).read_secret(name).map_err(|error| {
        let help = match error {
            SecretError::Unreadable(_) => "make it, readable only by you: the password on one line, `chmod 600`".into(),
            SecretError::Open(_) => {
                format!("close it with `chmod 600 {name}`; change a password that others may have read")
            }
            SecretError::NotAFile | SecretError::TooLarge => {
                "name a file that holds the password and nothing else".into()
            }
        };
        unusable(error.to_string(), &help)
    })?;
    one_line(bytes)
        .map(Some)
        .map_err(|why| unusable(why.to_owned(), "write the password on one line, and nothing else"))
}

/// A file's one line, without its end.
fn one_line(bytes: Vec<u8>) -> Result<SecretString, &'static str> {
    let text = String::from_utf8(bytes).map_err(|_| "it is no text (UTF-8)")?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    match line {
        line if line.trim().is_empty() => Err("it is empty"),
        line if line.contains(['\n', '\r']) => Err("it holds more than one line"),
        // It divides user and password at login (RFC 4616 §2).
        line if line.contains('\0') => Err("it holds a null character"),
        line => Ok(line.into()),
    }
}

/// From now on the first signal asks to stop after what is in flight, and the second one stops at once. Before anything is
/// in flight a signal simply ends the program: nothing is recorded yet.
#[expect(clippy::exit, reason = "the second signal means: now")]
pub(super) fn listen(halt: &Arc<Halt>) {
    static LISTENING: Once = Once::new();
    if LISTENING.is_completed() {
        return;
    }
    LISTENING.call_once(|| ());
    let halt = Arc::clone(halt);
    tokio::spawn(async move {
        if wait_for_signal().await {
            halt.set(Stop::Asked);
            Ui::line("Stopping after what is in flight; a second signal stops at once.");
            if wait_for_signal().await {
                std::process::exit(130);
            }
        }
    });
}

#[cfg(unix)]
pub(super) async fn wait_for_signal() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    // A terminal that is closed says SIGHUP.
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else { return false };
    tokio::select! {
        _ = interrupt.recv() => true,
        _ = terminate.recv() => true,
        _ = hangup.recv() => true,
    }
}

#[cfg(not(unix))]
pub(super) async fn wait_for_signal() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
