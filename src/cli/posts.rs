//! `tidings posts`

use clap::Args;
use jiff::Zoned;
use serde_json::{Map, Value, json};

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::look::{self, GREY, PLAIN};
use super::page::Page;
use super::report::diagnostic_as_json;
use super::table::cut;
use super::{Context, Ui, session};
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::model::{Post, PostStatus};
use crate::publish::{Activity, Past, Site, Verdict, count, rendered, verdicts};

/// List every post: in the feed or not, due or not, and why.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings posts\n  tidings posts --json")]
pub(super) struct Arguments {
    /// Print the list as JSON, with every key of a post
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    let site = Site::open_whole(&context.site, config, context.now)?;
    let mut store = session::existing_store(&site.config, &context.site).await?;
    let memory = session::memory(&site.config, &context.site, &context.state);
    let past = Past::read(store.as_mut(), &memory).await?;
    session::close(store).await?;
    let verdicts = verdicts(&site, &past, context.now)?;
    if arguments.json {
        let list = site.posts.iter().zip(&verdicts).map(|(post, verdict)| as_json(&site, post, verdict)).collect();
        Ui::json(&Value::Array(list));
    } else {
        let mut page = context.ui.new_page();
        tell(&site, &verdicts, context.ui.is_verbose(), &mut page);
        Ui::page(page);
        context.ui.diagnostics(&site.diagnostics);
    }
    context.ui.diagnostics(&past.findings());
    Ok(if site.diagnostics.iter().any(Diagnostic::is_error) { Exit::Problems } else { Exit::Done })
}

fn tell(site: &Site, verdicts: &[Verdict], verbose: bool, page: &mut Page) {
    let mut rows = vec![look::header(["DATE", "STATUS", "MAIL", "TITLE", "WHY"])];
    for (post, verdict) in site.posts.iter().zip(verdicts) {
        let date = day(post, &site.config).unwrap_or_default();
        let mail = match verdict {
            Verdict::Due(_) | Verdict::Included => "due",
            Verdict::Late(_) => "late",
            Verdict::Waiting { .. } => "waits",
            Verdict::Mailed { .. } => "mailed",
            _ => "no",
        };
        let title = cut(&post.title, 40);
        let title = if verbose { format!("{title}  {}", post.path) } else { title };
        let of_post = look::of_post(post.status);
        // What is not for readers stands back.
        let other = if of_post == GREY { GREY } else { PLAIN };
        let of_mail = if mail == "no" { other } else { look::of_verdict(verdict) };
        let status = (post.status.as_str().to_owned(), of_post);
        rows.push([(date, other), status, (mail.to_owned(), of_mail), (title, other), (verdict.reason(), other)]);
    }
    let due = verdicts.iter().filter(|verdict| verdict.is_due()).count();
    let published = site.posts.iter().filter(|post| post.status == PostStatus::Published).count();
    page.table(&rows);
    let noun = if site.config.posts.feed.is_some() { "entry" } else { "file" };
    page.push(&format!("\n{}, {published} published, {due} due.\n", count(site.posts.len() as u64, noun)));
}

/// A post for programs; the keys are a promise.
pub(super) fn as_json(site: &Site, post: &Post, verdict: &Verdict) -> Value {
    let diagnostics = site.diagnostics.iter().filter(|diagnostic| diagnostic.path() == Some(&post.path));
    let summary = post.description.clone().or_else(|| {
        let is_entry = post.published.is_some() && post.status != PostStatus::Error;
        if is_entry { rendered(site, post, &mut Vec::new())?.entry.summary.clone() } else { None }
    });
    let authors: Vec<_> = post.authors.iter().map(|author| json!({ "name": author.name, "url": author.url })).collect();
    let taxonomies: Map<_, _> =
        post.taxonomies.iter().map(|taxonomy| (taxonomy.name.clone(), json!(taxonomy.terms))).collect();
    json!({
        "path": post.path,
        "id": post.id,
        "url": post.url,
        "title": post.title,
        "published": post.published.as_ref().map(rfc_3339),
        "date_only": post.date_only,
        "updated": post.updated.as_ref().map(rfc_3339),
        "slug": post.slug,
        "language": post.language,
        "tags": post.terms("tags"),
        "categories": post.terms("categories"),
        "taxonomies": taxonomies,
        "authors": authors,
        "summary": summary,
        "status": post.status.as_str(),
        "reason": post.reason,
        "due": verdict.is_due(),
        "mail_reason": verdict.reason(),
        "diagnostics": diagnostics.map(diagnostic_as_json).collect::<Vec<_>>(),
    })
}

/// The day of a post in the zone of the site, which is the one that counts.
pub(super) fn day(post: &Post, config: &Config) -> Option<String> {
    let published = post.published.as_ref()?.with_time_zone(config.site.timezone.clone());
    Some(published.strftime("%Y-%m-%d").to_string())
}

/// A date with its own offset.
pub(super) fn rfc_3339(date: &Zoned) -> String {
    date.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
