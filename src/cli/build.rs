//! `tidings build`

use std::collections::BTreeSet;

use clap::Args;

use super::failure::{Exit, Failure};
use super::{Context, Ui, tolerance};
use crate::diagnostic::Diagnostic;
use crate::files::Written;
use crate::model::PostStatus;
use crate::publish::{Site, count};

/// Write the feeds: only files whose bytes changed, each whole or not at all.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    tolerance: tolerance::ToleranceArguments,

    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let site = Site::open(&context.site, context.now)?;
    let tolerance = arguments.tolerance.tolerance();
    tolerance.judge_early(&site.diagnostics)?;
    let mut warnings = site.diagnostics.clone();
    let feeds = site.feeds(&mut warnings)?;
    let made = site.mail_files(&mut warnings);
    tolerance.judge(&warnings)?;
    let mut written = site.write_feeds(&feeds)?;
    written.extend(site.write_made(&made)?);
    context.ui.diagnostics(&warnings);
    if arguments.json {
        let files: Vec<_> =
            written.iter().map(|(path, done)| serde_json::json!({ "path": path, "written": word(*done) })).collect();
        Ui::json(&serde_json::json!({ "files": files }));
        return Ok(Exit::Done);
    }
    // Some are known to be bad only since their bodies were read.
    let is_bad = |path: &&str| site.posts.at_path(path).is_some_and(|post| post.status == PostStatus::Published);
    let errors = warnings.iter().filter(|warning| warning.is_error());
    let bad_bodies = errors.filter_map(Diagnostic::path).filter(is_bad).collect::<BTreeSet<_>>().len();
    let bad = bad_bodies + site.posts.iter().filter(|post| post.status == PostStatus::Error).count();
    if bad > 0 {
        context.ui.say(&format!("Left out {} with errors.", count(bad as u64, "post")));
    }
    let published = site.published().count() - bad_bodies;
    let shown = published.min(site.config.feeds.limit);
    for (path, done) in &written {
        context.ui.say(&format!("{:9} {path}", word(*done)));
    }
    context.ui.say(&format!(
        "{} of {} in the feeds.",
        count(shown as u64, "entry"),
        count(published as u64, "published post")
    ));
    Ok(Exit::Done)
}

/// How a write is called.
pub(super) fn word(written: Written) -> &'static str {
    match written {
        Written::Created => "created",
        Written::Changed => "changed",
        Written::Unchanged => "unchanged",
    }
}
