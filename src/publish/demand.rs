//! What a site wants of the machine, and its owner has to agree to: folders outside of its own, a way for its mail, a
//! program, a password.

use std::ffi::OsStr;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use url::Url;

use super::reach::{Outside, outside};
use crate::config::{
    Config, DatabaseServer, Encryption, FeedPlace, HookKey, HookService, InboxPlace, MailboxServer, SnsTopic,
};
use crate::files::{self, FileKind, Folder, Open};
use crate::model::{EmailAddress, distinct};
use crate::transport::{Security, Server, Target};

/// What a command is about to do with a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Read it, and write its feeds, previews and database.
    Read,
    /// That, and send mail.
    Send,
    /// That, and answer other machines: those that reach `web.bind`, and the services of `web.hooks`.
    Serve,
    /// Read it and the mailbox of `inbox.url`; and send letters, when readers join by mail.
    Receive,
}

/// One thing that a site wants. Its [`Display`](fmt::Display) completes “The site wants to …”.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Demand {
    /// A file or folder outside of the site.
    Outside(Outside),
    /// A folder outside of the site that messages are put into.
    Outbox(PathBuf),
    /// A mail server.
    Server(Server),
    /// A program that is started.
    Program {
        /// The setting that names it: `mail.transport` for each message, or `store.checkpoint`.
        setting: &'static str,
        /// With what it is started, beside the message.
        arguments: Vec<String>,
        /// As it is started.
        path: PathBuf,
        /// What it really is, whatever links lead to it.
        real: PathBuf,
        /// The SHA-256 of a program that comes with the site: another one under the same name is another program.
        digest: Option<String>,
    },
    /// A feed that is fetched.
    Feed {
        /// The setting that names it.
        setting: &'static str,
        /// Its address.
        url: Url,
    },
    /// A database at a server.
    Database(DatabaseServer),
    /// A mailbox at a server.
    Mailbox(MailboxServer),
    /// A topic by which Amazon tells what came back.
    Topic(SnsTopic),
    /// An address at which other machines reach the pages.
    Listen(SocketAddr),
    /// Who may see the readers and what is not published yet.
    Desk(EmailAddress),
    /// The environment variable that holds the password, by the setting that names it.
    PasswordVariable(&'static str, String),
    /// The file that holds the password, by the setting that names it.
    PasswordFile(&'static str, PathBuf),
}

/// Everything that needs the owner's word before a command goes on, in a fixed order. `search_path` is where programs are
/// looked for, as in `PATH`.
pub fn demands(root: &Path, config: &Config, activity: Activity, search_path: &OsStr) -> Vec<Demand> {
    // Only sending, receiving and serving touch these, and then they are named for what they are.
    let is_for_mail = |outside: &Outside| {
        ["mail.transport", "mail.password_file", "inbox.url", "inbox.password_file"].contains(&outside.setting)
            || HookService::FILES.contains(&outside.setting)
    };
    let reach = outside(root, config);
    let mut demands: Vec<Demand> =
        reach.iter().filter(|outside| !is_for_mail(outside)).cloned().map(Demand::Outside).collect();
    demands.extend(fetched(config));
    demands.extend(config.store.server.clone().map(Demand::Database));
    if activity == Activity::Receive {
        demands.extend(received(root, config, &reach));
    }
    if activity == Activity::Read {
        return demands;
    }
    let save = config.store.checkpoint.split_first();
    let save = save.map(|(name, arguments)| started("store.checkpoint", name, arguments, root, search_path));
    if activity == Activity::Receive && config.inbox.join.is_none() {
        demands.extend(save);
        return demands;
    }
    for relay in &config.mail.relays {
        match Target::of(&relay.transport) {
            Ok(Target::Folder(name)) => {
                let path = files::resolved(&root.join(name));
                let is_outside = |outside: &&Outside| outside.setting == "mail.transport" && outside.path == path;
                demands.extend(reach.iter().find(is_outside).map(|outside| Demand::Outbox(outside.path.clone())));
            }
            Ok(Target::Program(name)) => demands.push(started("mail.transport", &name, &[], root, search_path)),
            Ok(Target::Server(server)) => {
                let from = (relay.password_env.as_deref(), relay.password_file.as_deref());
                let password =
                    server.user.as_ref().and(password(root, ["mail.password_env", "mail.password_file"], from));
                demands.push(Demand::Server(server));
                demands.extend(password);
            }
            // Nothing is sent by a transport that there is not.
            Err(_) => {}
        }
    }
    distinct(&mut demands);
    // Links to the desk leave with the letters, by every command that sends.
    demands.extend(config.web.desk.clone().map(Demand::Desk));
    demands.extend(save);
    if activity == Activity::Serve {
        demands.extend(heard(root, config));
    }
    demands
}

/// The feeds that are asked for at their addresses.
fn fetched(config: &Config) -> impl Iterator<Item = Demand> {
    let named = [("posts.feed", &config.posts.feed), ("feeds.online", &config.feeds.online)];
    named.into_iter().filter_map(|(setting, source)| match &source.as_ref()?.place {
        FeedPlace::Web(url) => Some(Demand::Feed { setting, url: url.clone() }),
        FeedPlace::File(_) => None,
    })
}

/// What reading the mailbox takes.
fn received(root: &Path, config: &Config, reach: &[Outside]) -> Vec<Demand> {
    match &config.inbox.place {
        Some(InboxPlace::Server(server)) => {
            let from = (config.inbox.password_env.as_deref(), config.inbox.password_file.as_deref());
            let password = password(root, ["inbox.password_env", "inbox.password_file"], from);
            [Some(Demand::Mailbox(server.clone())), password].into_iter().flatten().collect()
        }
        Some(InboxPlace::Maildir(_)) => {
            reach.iter().filter(|outside| outside.setting == "inbox.url").cloned().map(Demand::Outside).collect()
        }
        None => Vec::new(),
    }
}

/// What hearing from other machines takes.
fn heard(root: &Path, config: &Config) -> Vec<Demand> {
    let hooks = &config.web.hooks;
    let listen = Some(config.web.bind).filter(|at| !at.ip().to_canonical().is_loopback()).map(Demand::Listen);
    let key = |key: &HookKey| password(root, key.service.settings(), (key.variable.as_deref(), key.file.as_deref()));
    let topic = hooks.ses_topic.clone().map(Demand::Topic);
    listen.into_iter().chain(topic).chain(hooks.keys.iter().filter_map(key)).collect()
}

/// The program that a setting names.
fn started(setting: &'static str, name: &str, arguments: &[String], root: &Path, search_path: &OsStr) -> Demand {
    let found = program(name, root, search_path);
    let real = found.as_deref().map_or_else(|| name.into(), files::resolved);
    let path = found.unwrap_or_else(|| name.into());
    let site = Folder::new(root);
    // A script that the program is told to run is as much a program.
    let told = arguments.iter().map(|argument| files::resolved(&root.join(argument)));
    let own = |path: PathBuf| fingerprint(&site, path.strip_prefix(site.path()).ok()?.to_str()?);
    let digests: Vec<_> = std::iter::once(real.clone()).chain(told).filter_map(own).collect();
    let digest = (!digests.is_empty()).then(|| digests.join("+"));
    Demand::Program { setting, arguments: arguments.to_vec(), path, real, digest }
}

/// Where the password of a login comes from.
fn password(
    root: &Path,
    [env, file]: [&'static str; 2],
    (variable, name): (Option<&str>, Option<&str>),
) -> Option<Demand> {
    let variable = variable.map(|name| Demand::PasswordVariable(env, name.to_owned()));
    variable.or_else(|| Some(Demand::PasswordFile(file, files::resolved(&root.join(name?)))))
}

/// The program that `sendmail:NAME` means: a bare name is looked up in `search_path`, anything else starts at the site.
/// `None` when no folder of `search_path` has it.
pub fn program(name: &str, root: &Path, search_path: &OsStr) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(files::resolved(root).join(name));
    }
    let names = [name.to_owned(), format!("{name}{}", std::env::consts::EXE_SUFFIX)];
    let places = std::env::split_paths(search_path).flat_map(|folder| {
        let folder = files::resolved(&folder);
        names.clone().map(|name| folder.join(name))
    });
    places.into_iter().find(|path| files::is_program(path))
}

fn fingerprint(site: &Folder, program: &str) -> Option<String> {
    site.open(program, FileKind::Media).and_then(Open::sha256_hex).ok()
}

impl Demand {
    /// The demand for comparing: two that differ in anything have different keys, and a key stays the same when the words
    /// for it change.
    pub fn key(&self) -> String {
        match self {
            Self::Outside(Outside { setting, path }) => format!("{setting} {}", quoted(path)),
            Self::Outbox(folder) => format!("mail.transport outbox {}", quoted(folder)),
            Self::Server(Server { host, port, user, security }) => {
                format!("mail.transport {security:?} {host:?} {port} {user:?}")
            }
            Self::Program { setting, arguments, path, real, digest } => {
                let digest = digest.as_deref().unwrap_or("-");
                // As one text when there are any, so that the key of a program without stays what it was.
                let arguments = if arguments.is_empty() { String::new() } else { format!(" {arguments:?}") };
                format!("{setting} program {} {} {digest}{arguments}", quoted(path), quoted(real))
            }
            Self::Feed { setting, url } => format!("{setting} {:?}", url.as_str()),
            Self::Database(DatabaseServer { url, variable }) => {
                let url = url.as_ref().map(ToString::to_string);
                format!("store.url {:?} {:?}", url.unwrap_or_default(), variable.as_deref().unwrap_or_default())
            }
            Self::Mailbox(MailboxServer { host, port, user, folder, encryption }) => {
                format!("inbox.url {encryption:?} {host:?} {port} {user:?} {folder:?}")
            }
            Self::Topic(SnsTopic { arn, .. }) => format!("web.hooks.ses_topic {arn:?}"),
            Self::Listen(at) => format!("web.bind {at}"),
            Self::Desk(owner) => format!("web.desk {:?}", owner.as_str()),
            Self::PasswordVariable(setting, name) => format!("{setting} {name:?}"),
            Self::PasswordFile(setting, file) => format!("{setting} {}", quoted(file)),
        }
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside(Outside { setting, path }) => {
                let what = match *setting {
                    "posts.dir" => "read and write posts in",
                    "posts.feed" | "feeds.online" => "read the feed",
                    "templates" => "read templates in",
                    "feeds.dir" => "write feeds into",
                    "store.url" => "keep its database in",
                    "preview" => "write previews into",
                    "mail.dkim" => "sign mail with the key",
                    "inbox.url" => "read mail in",
                    _ => "read and write in",
                };
                write!(f, "{what} {} (`{setting}`)", unambiguous(path))
            }
            Self::Outbox(folder) => write!(f, "put mail into {} (`mail.transport`)", unambiguous(folder)),
            Self::Server(Server { host, port, user, security }) => {
                let how = match security {
                    Security::Implicit => "TLS",
                    Security::StartTls => "STARTTLS",
                    Security::Loopback => "unencrypted on this machine",
                    Security::Socket => {
                        return write!(f, "send mail through the socket {} (`mail.transport`)", unambiguous(host));
                    }
                };
                write!(f, "send mail through the server {}, port {port} ({how})", unambiguous(host))?;
                let user = user.as_ref().map(|user| format!(", logged in as {}", unambiguous(user)));
                write!(f, "{} (`mail.transport`)", user.unwrap_or_default())
            }
            Self::Program { setting, arguments, path, real, digest } => {
                let is_for_mail = *setting == "mail.transport";
                write!(f, "start the program {}", unambiguous(path))?;
                for argument in arguments {
                    write!(f, " {}", unambiguous(argument))?;
                }
                write!(f, " {}", if is_for_mail { "for each message" } else { "to save its database" })?;
                if real != path {
                    write!(f, ", which is {}", unambiguous(real))?;
                }
                let own = digest.as_ref().map_or("", |_| ", a file that came with the site");
                write!(f, "{own} (`{setting}`)")
            }
            Self::Feed { setting, url } => write!(f, "fetch the feed {} (`{setting}`)", unambiguous(url.as_str())),
            Self::Database(DatabaseServer { url, variable }) => {
                let url = url.as_ref().map_or_else(|| "a server".to_owned(), |url| unambiguous(url.to_string()));
                write!(f, "keep its readers and what was sent in the database at {url}")?;
                match variable {
                    Some(name) => {
                        let name = unambiguous(name);
                        write!(f, ", with the URL and password in the environment variable {name} (`store.url_env`)")
                    }
                    // The driver takes them for whatever server the site names.
                    None => f.write_str(
                        ", with the password of `PGPASSWORD` or `~/.pgpass` if it asks for one (`store.url`)",
                    ),
                }
            }
            Self::Mailbox(MailboxServer { host, port, user, folder, encryption }) => {
                let how = match encryption {
                    Encryption::Implicit => "TLS",
                    Encryption::StartTls => "STARTTLS",
                    Encryption::Loopback => "unencrypted on this machine",
                };
                let (host, user, folder) = (unambiguous(host), unambiguous(user), unambiguous(folder));
                write!(
                    f,
                    "read the folder {folder} of {user} at the server {host}, port {port} ({how}), and move what it "
                )?;
                f.write_str("understood (`inbox.url`)")
            }
            Self::Topic(SnsTopic { arn, host }) => {
                write!(f, "hear from the topic {} and ask the server {host} for what proves it ", unambiguous(arn))?;
                f.write_str("(`web.hooks.ses_topic`)")
            }
            Self::Listen(at) => write!(f, "answer other machines at {at} (`web.bind`)"),
            Self::Desk(owner) => {
                write!(f, "show its readers and drafts to who reads the mail of {}", unambiguous(owner.as_str()))?;
                f.write_str(", with `tidings serve` (`web.desk`)")
            }
            Self::PasswordVariable(setting, name) => {
                write!(f, "use the password in the environment variable {} (`{setting}`)", unambiguous(name))
            }
            Self::PasswordFile(setting, file) => {
                write!(f, "use the password in the file {} (`{setting}`)", unambiguous(file))
            }
        }
    }
}

/// As it is; quoted and escaped when it holds what cannot be seen or could pass for something else.
fn unambiguous(text: impl AsRef<OsStr>) -> String {
    let text = text.as_ref();
    let quoted = quoted(text);
    if quoted.len() == text.len() + 2 { text.to_string_lossy().into_owned() } else { quoted }
}

/// In quotes, with escapes for what cannot be seen and for bytes that are no text.
#[expect(clippy::unnecessary_debug_formatting, reason = "this is what it is for")]
fn quoted(text: impl AsRef<OsStr>) -> String {
    format!("{:?}", text.as_ref())
}
