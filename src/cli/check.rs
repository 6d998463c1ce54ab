//! `tidings check`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::failure::{Exit, Failure};
use super::posts::diagnostic_as_json;
use super::{Context, Ui, report, session};
use crate::diagnostic::{Diagnostic, Severity};
use crate::feed::lint::{LARGEST, lint};
use crate::files;
use crate::publish::{Past, PublishError, Site, dead_links, inspect};

/// Look for mistakes in all posts, the configuration, the templates, the feeds and the next issue, and say how to mend them.
///
/// With files, look at those instead: RSS, Atom or JSON Feed, whoever wrote them. No site is needed for that.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Feeds to look at instead of the site
    #[arg(value_name = "FEED")]
    files: Vec<PathBuf>,

    /// Ask the web whether the links and pictures of the next issue are there
    #[arg(long, conflicts_with = "files")]
    online: bool,

    /// Take warnings for errors
    #[arg(long)]
    strict: bool,

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
        Ui::result(&report::as_text(&found, files, context.ui.is_quiet(), context.ui.colors_results()));
    }
    Ok(if found.iter().any(Diagnostic::is_error) { Exit::Problems } else { Exit::Done })
}

/// What is wrong with feeds, whoever wrote them.
fn find_in_feeds(files: &[PathBuf], context: &Context) -> Result<Vec<Diagnostic>, Failure> {
    let mut found = Vec::new();
    for file in files {
        let bytes = files::read_start(file, LARGEST as u64 + 1)
            .map_err(|error| PublishError::File { path: file.clone(), error })?;
        found.extend(lint(&file.display().to_string(), &bytes, context.now));
    }
    Ok(found)
}

/// Everything there is to say, and how many files were looked at.
async fn find(arguments: &Arguments, context: &Context) -> Result<(Vec<Diagnostic>, usize), Failure> {
    let site = match Site::open_whole(&context.site, context.now) {
        Ok(site) => site,
        // Without a configuration or a folder nobody knows where the posts are.
        Err(PublishError::Site(found)) => return Ok((found, 1)),
        Err(error) => return Err(error.into()),
    };
    let mut store = session::existing_store(&site.config, &context.site).await?;
    let past = Past::read(store.as_mut()).await?;
    session::close(store).await?;
    let mut found = inspect(&site, &past, context.now)?;
    if arguments.online {
        found.extend(dead_links(&site, &past, context.now).await?);
    }
    // config.toml is one of them.
    let files = 1 + site.posts.len() + site.own_templates()?.len();
    Ok((found, files))
}
