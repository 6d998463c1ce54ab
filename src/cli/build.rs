//! `tidings build`

use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;

use super::agreement::{self, Yes};
use super::allow::Accept;
use super::failure::{Exit, Failure};
use super::printable::one_line;
use super::{Context, Ui, tolerance};
use crate::config::FeedSource;
use crate::diagnostic::Diagnostic;
use crate::files::Written;
use crate::model::{PostStatus, distinct};
use crate::publish::{
    Activity, BuiltFeeds, Purpose, Site, archive, build_feeds, compare_archive, compare_made, count, write_made,
};

/// As many files are named one by one; of more, only those that change.
const NAMED: usize = 20;

/// Write the feeds: only files whose bytes changed, each whole or not at all.
///
/// The feeds that are there are looked at first. Entries that readers would take for new although they are not, and entries
/// that would be gone, are named and nothing is written (exit code 5) unless you accept it. New, edited and redated entries,
/// and old ones that make room for new ones, are no reason to refuse.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings build\n  tidings build --check     # what would change")]
pub(super) struct Arguments {
    /// Write nothing; say what would change. The exit code is 5 if the feeds would be refused, else 0
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    accept: Accept,

    #[command(flatten)]
    tolerance: tolerance::ToleranceArguments,

    #[command(flatten)]
    yes: Yes,

    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, arguments.yes.answer(), context)?;
    let site = Site::open(&context.site, config, context.now)?;
    let tolerance = arguments.tolerance.tolerance();
    tolerance.judge_early(&site.diagnostics)?;
    must_have_a_post(&site, context)?;
    let mut feeds = build_feeds(&site, if arguments.check { Purpose::Compare } else { Purpose::Write }, true)?;
    let mut warnings = site.diagnostics.clone();
    warnings.extend(feeds.warnings.iter().cloned());
    let mut made = std::mem::take(&mut feeds.made);
    let archive = archive(&site, &mut warnings)?;
    // Who reads the top of a file tells what is wrong there, and so does who reads the whole.
    distinct(&mut warnings);
    tolerance.judge(&warnings)?;
    context.ui.diagnostics(&warnings);
    let mut files = told(feeds.written(), arguments.check);
    let removed = if arguments.check { "would remove" } else { "removed" };
    files.extend(feeds.stale().map(|path| (path.to_owned(), removed)));
    // Some are known to be bad only since their bodies were read.
    let is_bad = |path: &&str| site.posts.at_path(path).is_some_and(|post| post.status == PostStatus::Published);
    let errors = warnings.iter().filter(|warning| warning.is_error());
    let bad_bodies = errors.filter_map(Diagnostic::path).filter(is_bad).collect::<BTreeSet<_>>().len();
    let bad = bad_bodies + site.posts.iter().filter(|post| post.status == PostStatus::Error).count();
    let left_out = (bad > 0).then(|| format!("Left out {} with errors.", count(bad as u64, "post")));
    let mut summary = vec![in_the_feeds(&site, bad_bodies)];
    if files.len() > NAMED {
        let unchanged = files.iter().filter(|(_, word)| *word == "unchanged").count();
        let feeds = count(feeds.feeds as u64, "feed");
        summary.insert(0, format!("{feeds}: {unchanged} of {} unchanged.", count(files.len() as u64, "file")));
    }
    let refused = feeds.allowed(arguments.accept.accept);
    if arguments.check {
        files.extend(told(compare_made(&site, &made), true));
        files.extend(told(compare_archive(&site, &archive)?, true));
        tell(&files, for_readers(&feeds, &site).into_iter().chain(summary), arguments, context);
        refused?;
    } else {
        refused?;
        feeds.commit()?;
        made.extend(archive);
        files.extend(told(write_made(&site, &made)?, false));
        tell(&files, left_out.into_iter().chain(summary), arguments, context);
    }
    // The program ends: the memory need not be given back post by post.
    std::mem::forget(site);
    Ok(Exit::Done)
}

/// A feed without any entry helps no reader: most likely `posts.dir` is another folder. A post that is not public yet is one.
fn must_have_a_post(site: &Site, context: &Context) -> Result<(), Failure> {
    if site.posts.iter().any(|post| !matches!(post.status, PostStatus::Page | PostStatus::Skipped)) {
        return Ok(());
    }
    let dir = &site.config.posts.dir;
    let (message, help) = if site.posts.is_empty() {
        (format!("there is no post in {dir}"), "set `posts.dir` in config.toml to the folder of the posts".to_owned())
    } else {
        let message = match site.posts.len() {
            1 => format!("the one file in {dir} is no post"),
            files => format!("none of the {files} files in {dir} is a post"),
        };
        (message, "`tidings posts` says why".to_owned())
    };
    context.ui.diagnostics(&site.diagnostics);
    Err(Failure::new(Exit::Problems, Diagnostic::error("posts/none", message).help(help)))
}

/// A file and what became or would become of it.
type File = (String, &'static str);

fn told(written: Vec<(String, Written)>, check: bool) -> Vec<File> {
    let word = if check { planned } else { word };
    written.into_iter().map(|(path, done)| (path, word(done))).collect()
}

fn tell(files: &[File], more: impl Iterator<Item = String>, arguments: &Arguments, context: &Context) {
    if arguments.json {
        let file = |(path, word): &File| json!({ "path": path, "written": word });
        Ui::json(&json!({ "files": files.iter().map(file).collect::<Vec<_>>() }));
        return;
    }
    let is_named = |(_, word): &&File| files.len() <= NAMED || *word != "unchanged";
    let width = if arguments.check { 12 } else { 9 };
    let named = files.iter().filter(is_named);
    let rest = named.clone().count().saturating_sub(NAMED);
    let mut lines: Vec<String> = named.take(NAMED).map(|(path, word)| format!("{word:width$} {path}")).collect();
    if rest > 0 {
        lines.push(format!("… and {}.", count(rest as u64, "more file")));
    }
    lines.extend(more);
    if arguments.check {
        Ui::result(&lines.iter().map(|line| one_line(line)).collect::<Vec<_>>().join("\n"));
    } else {
        for line in &lines {
            context.ui.say(line);
        }
    }
}

fn in_the_feeds(site: &Site, bad_bodies: usize) -> String {
    if !site.config.feeds.are_written {
        let from = site.config.posts.feed.as_ref().map_or("", FeedSource::name);
        return format!(
            "No feeds are written, because the posts come from one ({from}): `feeds.formats` asks for more."
        );
    }
    let published = site.published().count() - bad_bodies;
    let kept_out = site.published().filter(|post| !post.feed).count();
    let shown = published.saturating_sub(kept_out).min(site.config.feeds.limit);
    format!("{} of {} in the feeds.", count(shown as u64, "entry"), count(published as u64, "published post"))
}

/// What those who subscribe to the site's feed will see.
fn for_readers(feeds: &BuiltFeeds, site: &Site) -> Vec<String> {
    let Some(changes) = &feeds.changes else { return Vec::new() };
    let titles = |places: &[usize]| places.iter().map(|at| site.posts[*at].title.clone()).collect::<Vec<_>>();
    let line = |what: &str, titles: Vec<String>| {
        let more = titles.len().saturating_sub(NAMED);
        let named: Vec<_> = titles.into_iter().take(NAMED).map(|title| format!("“{title}”")).collect();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!named.is_empty()).then(|| format!("{what}: {}{more}.", named.join(", ")))
    };
    [
        line("New to readers", titles(&changes.new)),
        line("With another `updated`", titles(&changes.redated)),
        line("Making room for newer ones", changes.dropped.clone()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How a write is called.
fn word(written: Written) -> &'static str {
    match written {
        Written::Created => "created",
        Written::Changed => "changed",
        Written::Unchanged => "unchanged",
    }
}

/// How a write that is not done is called.
fn planned(written: Written) -> &'static str {
    match written {
        Written::Created => "would create",
        Written::Changed => "would change",
        Written::Unchanged => "unchanged",
    }
}
