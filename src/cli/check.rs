//! `tidings check`

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::against;
use super::agreement::{self, Yes};
use super::failure::{Exit, Failure};
use super::init::ignore::{self, GITIGNORE};
use super::report::diagnostic_as_json;
use super::{Context, Ui, report, session};
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::feed::lint::{LARGEST, lint};
use crate::files::{self, FileKind, Folder};
use crate::publish::{Activity, Past, PublishError, Site, dead_links, inspect, inspect_posts, try_one_click};

/// Look for mistakes in all posts, the configuration, the templates, the feeds and the next issue, and say how to mend them.
///
/// With files, look at those instead: RSS, Atom or JSON Feed of any program. No site is needed for that.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidings check\n  tidings check --strict --online\n  tidings check public/feed.xml"
)]
pub(super) struct Arguments {
    /// Feeds to look at instead of the site
    #[arg(value_name = "FEED")]
    files: Vec<PathBuf>,

    /// Ask the web whether the links and pictures of the next issue are there, and whether the button for unsubscribing that
    /// mail programs show will work
    #[arg(long, conflicts_with = "files")]
    online: bool,

    /// Compare the posts with what readers have: a feed (its address or a saved file), the folder that a site was built into,
    /// or a sitemap. Ids, addresses, titles and dates that would change are told
    #[arg(long, value_name = "FEED|FOLDER|SITEMAP", conflicts_with = "files")]
    against: Vec<String>,

    /// Take warnings for errors
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    yes: Yes,

    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let (mut found, files) = match arguments.files.as_slice() {
        [] => find(arguments, context).await?,
        files => (find_in_feeds(files, context)?, files.len()),
    };
    if arguments.strict {
        for diagnostic in &mut found {
            diagnostic.severity = Severity::Error;
        }
    }
    report::sort(&mut found);
    if arguments.json {
        Ui::json(&json!({ "diagnostics": found.iter().map(diagnostic_as_json).collect::<Vec<_>>() }));
    } else {
        let mut page = context.ui.new_page();
        page.painted(&report::as_text(&found, files, context.ui.extent(), page.look()));
        Ui::page(page);
    }
    Ok(if found.iter().any(Diagnostic::is_error) { Exit::Problems } else { Exit::Done })
}

/// Records that never reach the repository remember nothing on another machine.
fn unkept(site: &Path) -> Option<Diagnostic> {
    let text = Folder::new(site).read_optional(GITIGNORE, FileKind::Settings).ok().flatten();
    let is_kept_out = text.is_some_and(|text| ignore::keeps_all_out(&String::from_utf8_lossy(&text)));
    let message = "`.gitignore` keeps the records of sent issues out of the repository";
    let help = "write `/.tidings/*`, `!/.tidings/issues/` and `!/.tidings/feeds.json` in place of `/.tidings`";
    is_kept_out.then(|| Diagnostic::warning("memory/gitignore", message).at(Location::start_of(GITIGNORE)).help(help))
}

/// What is wrong with feeds of any program.
#[expect(clippy::disallowed_methods, reason = "a person named these files")]
fn find_in_feeds(files: &[PathBuf], context: &Context) -> Result<Vec<Diagnostic>, Failure> {
    let mut found = Vec::new();
    for file in files {
        let mut bytes = Vec::new();
        files::open_named(file)
            .and_then(|opened| opened.take(LARGEST as u64 + 1).read_to_end(&mut bytes))
            .map_err(|error| PublishError::File { path: file.clone(), error })?;
        found.extend(lint(&file.display().to_string(), &bytes, context.now));
    }
    Ok(found)
}

/// What is wrong with a configuration, and with the posts that are where it says all the same.
fn in_posts_alone(
    mut found: Vec<Diagnostic>,
    arguments: &Arguments,
    context: &Context,
) -> Result<(Vec<Diagnostic>, usize), Failure> {
    let Some(config) = Site::config_as_far(&context.site) else { return Ok((found, 1)) };
    agreement::settle(&config, Activity::Read, arguments.yes.answer(), context)?;
    let Ok(site) = Site::open_whole(&context.site, config, context.now) else { return Ok((found, 1)) };
    found.extend(inspect_posts(&site));
    Ok((found, 1 + site.posts.len()))
}

/// Everything there is to say, and how many files were looked at.
async fn find(arguments: &Arguments, context: &Context) -> Result<(Vec<Diagnostic>, usize), Failure> {
    let config = agreement::config(Activity::Read, arguments.yes.answer(), context);
    let opened = config.and_then(|config| Ok(Site::open_whole(&context.site, config, context.now)?));
    let site = match opened {
        Ok(site) => site,
        Err(failure) if failure.exit == Exit::Problems => {
            return in_posts_alone(failure.diagnostics, arguments, context);
        }
        Err(failure) => return Err(failure),
    };
    let mut store = session::existing_store(&site.config, &context.site).await?;
    let has_database = store.is_some();
    let memory = session::memory(&site.config, &context.site, &context.state);
    let past = Past::read(store.as_mut(), &memory).await?;
    session::close(store).await?;
    let mut found = inspect(&site, &past, context.now)?;
    // A fresh clone has no database, and nothing is sent from it.
    if has_database || !memory.is_ci() {
        found.extend(past.guards().iter().map(Failure::warning));
    }
    if site.config.newsletter.from.is_some() {
        found.extend(unkept(&context.site));
    }
    if arguments.online {
        found.extend(dead_links(&site, &past, context.now).await?);
        found.extend(try_one_click(&site.config).await.and_then(Result::err));
    }
    for wanted in &arguments.against {
        found.extend(against::find(&site, wanted, context)?);
    }
    // config.toml is one of them.
    let files = 1 + site.posts.len() + site.own_templates()?.len();
    Ok((found, files))
}
