//! `tidings feeds`

use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::printable::with_references;
use super::{Context, Ui, look};
use crate::feed::{self, FeedPlan, Format, Layout, Subject};
use crate::publish::{Activity, PublishError, Site, feed_plans};

/// List every feed of the site with its address, or print the lines by which browsers and readers find them.
///
/// `--html` prints `<link rel="alternate" …>` lines for the head of your pages: those of the site's feed for every page, and
/// with a folder, such as `tags/rust`, those of another feed for the page of that tag.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings feeds\n  tidings feeds --html tags/rust")]
pub(super) struct Arguments {
    /// The folder of a feed, such as tags/rust; `.` is the site's own
    #[arg(value_name = "FOLDER")]
    folders: Vec<String>,

    /// Print the lines for the head of a page
    #[arg(long)]
    html: bool,

    /// Print the list as JSON
    #[arg(long, conflicts_with = "html")]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    let site = Site::open(&context.site, config, context.now)?;
    let layout = Layout::new(&site.config).map_err(PublishError::Site)?;
    let formats = layout.formats();
    if !site.config.feeds.are_written {
        context.ui.say("No feeds are written, because the posts come from one: `feeds.formats` asks for more.");
        if !arguments.json {
            return Ok(Exit::Done);
        }
    }
    let mut plans = feed_plans(&site, &BTreeSet::new())?.feeds;
    plans.retain(FeedPlan::is_subscribed_to);
    let chosen = chosen(&plans, arguments)?;
    if arguments.json {
        let feeds: Vec<_> = chosen.iter().map(|plan| as_json(plan, formats, &site)).collect();
        Ui::json(&json!({ "feeds": feeds }));
    } else if arguments.html {
        let lines: String = chosen.iter().map(|plan| feed::links(plan, formats)).collect();
        Ui::data(&with_references(&lines));
    } else {
        let mut rows = vec![look::header(["ENTRIES", "TITLE", "ADDRESS"])];
        for plan in chosen {
            for format in formats {
                let address = plan.address(&format.file_name);
                let cells = [plan.posts.len().to_string(), plan.title().to_owned(), address];
                rows.push(cells.map(|cell| (cell, look::PLAIN)));
            }
        }
        let mut page = context.ui.new_page();
        page.table(&rows);
        Ui::page(page);
    }
    Ok(Exit::Done)
}

/// The feeds that are named; without a name all, or for a page the site's own.
fn chosen<'p>(plans: &'p [FeedPlan], arguments: &Arguments) -> Result<Vec<&'p FeedPlan>, Failure> {
    if arguments.folders.is_empty() {
        return Ok(plans.iter().filter(|plan| !arguments.html || plan.subject == Subject::Site).collect());
    }
    let find = |folder: &String| {
        let wanted = folder.trim_matches('/');
        let wanted = if wanted == "." { "" } else { wanted };
        let name = |plan: &FeedPlan| plan.folder.trim_end_matches('/').to_owned();
        plans.iter().find(|plan| name(plan) == wanted).ok_or_else(|| {
            let distance = |plan: &FeedPlan| (strsim::damerau_levenshtein(&name(plan), wanted), name(plan));
            let nearest = plans.iter().map(distance).filter(|(_, name)| !name.is_empty()).min();
            let help = nearest.map_or_else(
                || "`feeds.by` makes further feeds".to_owned(),
                |(_, name)| format!("did you mean `{name}`? `tidings feeds` lists them all"),
            );
            Failure::usage(format!("there is no feed in this folder: `{folder}`"), help)
        })
    };
    arguments.folders.iter().map(find).collect()
}

fn as_json(plan: &FeedPlan, formats: &[Format], site: &Site) -> serde_json::Value {
    let (by, name) = match &plan.subject {
        Subject::Part { by, name } => (Some(by.as_str()), Some(name.as_str())),
        Subject::Site | Subject::Archive(_) => (None, None),
    };
    let file = |format: &Format| {
        json!({
            "format": format.name,
            "media_type": format.media_type,
            "path": format!("{}/{}{}", site.config.feeds.dir, plan.folder, format.file_name),
            "url": plan.address(&format.file_name),
        })
    };
    json!({
        "title": plan.title(),
        "by": by,
        "name": name,
        "entries": plan.posts.len(),
        "files": formats.iter().map(file).collect::<Vec<_>>(),
    })
}
