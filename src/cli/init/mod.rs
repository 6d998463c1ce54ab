//! `tidings init`

use std::path::{Path, PathBuf};

use clap::Args;

use super::Context;
use super::failure::{Exit, Failure};
use crate::diagnostic::Diagnostic;
use crate::files;
use crate::publish::CONFIG_FILE;

const CONFIG: &str = include_str!("config.toml");
const FIRST_POST: &str = include_str!("first-post.md");
const GITIGNORE: &str = "/public\n/preview\n/outbox\n/.tidings\n";

/// Make a new site: a commented config.toml and a first post. Posts from today on will be mailed, older ones never.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder of the new site; it is made when it is missing
    #[arg(default_value = ".")]
    dir: PathBuf,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let folder = context.site.join(&arguments.dir);
    let today = context.now.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let shown = |name: &str| {
        if arguments.dir == Path::new(".") { name.to_owned() } else { arguments.dir.join(name).display().to_string() }
    };
    let config = CONFIG.replace("{today}", &today);
    let post = format!("posts/{today}-hello.md");
    match files::write_new(&folder.join(CONFIG_FILE), config.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let exists = Diagnostic::error("init/exists", format!("there is a site already: {}", shown(CONFIG_FILE)));
            return Err(Failure::new(Exit::Refused, exists.help("name another folder: `tidings init FOLDER`")));
        }
        written => written.map_err(|error| unwritten(&folder.join(CONFIG_FILE), &error))?,
    }
    context.ui.say(&format!("Made {}.", shown(CONFIG_FILE)));
    for (name, text) in [(post.as_str(), FIRST_POST.replace("{today}", &today)), (".gitignore", GITIGNORE.to_owned())] {
        match files::write_new(&folder.join(name), text.as_bytes()) {
            Ok(()) => context.ui.say(&format!("Made {}.", shown(name))),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                context.ui.say(&format!("Left {} as it is.", shown(name)));
            }
            Err(error) => return Err(unwritten(&folder.join(name), &error)),
        }
    }
    context.ui.say("Now set title, url and from in config.toml, and look at `tidings publish --dry-run`.");
    Ok(Exit::Done)
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::unexpected(format!("{}: {error}", path.display()))
}
