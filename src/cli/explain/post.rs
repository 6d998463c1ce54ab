//! What is known of a post.

use std::collections::BTreeSet;

use annotate_snippets::renderer::Style;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::failure::{Exit, Failure};
use super::super::look::{self, BOLD, GREY, PLAIN};
use super::super::page::Page;
use super::super::report::diagnostic_as_json;
use super::super::{Context, Ui, posts, report, session};
use super::media;
use super::words::states;
use crate::clock::{told, told_of};
use crate::diagnostic::Diagnostic;
use crate::feed::{FeedPlan, Format, Layout};
use crate::model::{Entry, Post, PostStatus, distinct};
use crate::publish::{Past, PublishError, Site, Verdict, feed_plans, rendered, verdicts};
use crate::store::{Mailing, Store};

/// Prints what there is to say about a post.
pub(super) async fn explain(
    post: &Post,
    site: &Site,
    mut store: Option<&mut Store>,
    json: bool,
    context: &Context,
) -> Result<Exit, Failure> {
    let memory = session::memory(&site.config, &context.site, &context.state);
    let past = Past::read(store.as_deref_mut(), &memory).await?;
    context.ui.diagnostics(&past.findings());
    let verdicts = verdicts(site, &past, context.now)?;
    let verdict = site.posts.iter().zip(&verdicts).find(|(other, _)| other.path == post.path);
    let Some((_, verdict)) = verdict else { return Err(Failure::unexpected("the post is gone")) };
    let mailings = match store {
        Some(store) => store.mailings(&post.id).await?,
        None => Vec::new(),
    };
    let mut found: Vec<Diagnostic> =
        site.diagnostics.iter().filter(|diagnostic| diagnostic.path() == Some(&post.path)).cloned().collect();
    let is_shown = matches!(post.status, PostStatus::Published | PostStatus::Scheduled);
    let rendered = if is_shown { rendered(site, post, &mut found) } else { None };
    let entry = rendered.as_ref().map(|rendered| &rendered.entry);
    distinct(&mut found);
    report::sort(&mut found);
    let feeds = Feeds::of(post, site)?;
    if json {
        let mut story = posts::as_json(site, post, verdict);
        if let Some(entry) = entry {
            (story["image"], story["enclosures"]) = media::as_json(entry);
        }
        story["diagnostics"] = found.iter().map(diagnostic_as_json).collect();
        story["feeds"] = json!(feeds.names);
        if let Some(mailing) = post.mailing.as_ref().filter(|mailing| !mailing.lists.is_empty()) {
            story["lists"] = json!(mailing.lists);
        }
        story["feeds_reason"] = json!(feeds.reason);
        story["mailed"] = mailings.iter().map(mailing_as_json).collect();
        Ui::json(&story);
    } else {
        let mut page = context.ui.new_page();
        tell(post, entry, verdict, &feeds, &mailings, &site.config.site.timezone, &mut page);
        if found.is_empty() {
            page.push("\nThere is nothing to mend in it.\n");
        } else {
            page.push("\n");
            page.painted(&report::as_text(&found, 1, context.ui.extent(), page.look()));
        }
        Ui::page(page);
    }
    Ok(Exit::Done)
}

/// Which feeds show a post, and why.
struct Feeds {
    /// The files, below `feeds.dir`.
    names: Vec<String>,
    /// The folders of the feeds other than the site's own.
    folders: Vec<String>,
    /// What there is to say about the site's own.
    reason: String,
}

impl Feeds {
    fn of(post: &Post, site: &Site) -> Result<Self, Failure> {
        if post.status != PostStatus::Published {
            let reason = format!("not in the feeds ({})", post.reason);
            return Ok(Self { names: Vec::new(), folders: Vec::new(), reason });
        }
        if !post.feed {
            let reason = "not in the feeds (its front matter says so, as `feed: false` does)".to_owned();
            return Ok(Self { names: Vec::new(), folders: Vec::new(), reason });
        }
        if !site.config.feeds.are_written {
            let reason = "in the feed that the posts come from; no others are written".to_owned();
            return Ok(Self { names: Vec::new(), folders: Vec::new(), reason });
        }
        let layout = Layout::new(&site.config).map_err(PublishError::Site)?;
        let plans = feed_plans(site, &BTreeSet::new())?.feeds;
        let shown: Vec<&FeedPlan> =
            plans.iter().filter(|plan| plan.posts.iter().any(|at| site.posts[*at].path == post.path)).collect();
        let file = |plan: &FeedPlan, format: &Format| format!("{}{}", plan.folder, format.file_name);
        let names = shown.iter().flat_map(|plan| layout.formats().iter().map(move |format| file(plan, format)));
        let folders = shown.iter().map(|plan| plan.folder.clone()).filter(|folder| !folder.is_empty());
        let before = site.published().take_while(|other| other.path != post.path);
        let place = before.filter(|other| other.feed).count() + 1;
        let limit = site.config.feeds.limit;
        let reason = if place <= limit {
            format!("number {place} of at most {limit}")
        } else {
            format!("not in the site's feed any more (number {place}, and `feeds.limit` is {limit})")
        };
        Ok(Self { names: names.collect(), folders: folders.collect(), reason })
    }

    /// For the owner of the site.
    fn told(&self) -> String {
        let own: Vec<_> = self.names.iter().filter(|name| !name.contains('/')).map(String::as_str).collect();
        let mut told =
            if own.is_empty() { self.reason.clone() } else { format!("{} ({})", own.join(", "), self.reason) };
        if !self.folders.is_empty() {
            told += &format!("; in {}", self.folders.join(", "));
        }
        told
    }
}

fn tell(
    post: &Post,
    entry: Option<&Entry>,
    verdict: &Verdict,
    feeds: &Feeds,
    mailings: &[Mailing],
    zone: &TimeZone,
    page: &mut Page,
) {
    let in_style = |style: Style, name: &str, text: String| [(format!("  {name}"), GREY), (text, style)];
    let row = |name: &str, text: String| in_style(PLAIN, name, text);
    let lists = post.mailing.as_ref().map(|mailing| mailing.lists.join(", ")).filter(|lists| !lists.is_empty());
    let is_file = !post.path.contains("://") && post.path != post.id;
    let mut rows: Vec<_> = is_file.then(|| row("file", post.path.clone())).into_iter().collect();
    rows.push(row("url", post.url.clone()));
    rows.push(row("id", if post.id == post.url { "its url".to_owned() } else { post.id.clone() }));
    if let Some(published) = &post.published {
        let day = published.strftime("%Y-%m-%d");
        let date = if post.date_only { format!("{day}, without a time") } else { told(published.timestamp(), zone) };
        rows.push(row("published", date));
    }
    if let Some(updated) = post.updated.as_ref().filter(|updated| Some(*updated) != post.published.as_ref()) {
        rows.push(row("updated", told(updated.timestamp(), zone)));
    }
    rows.push(row("language", post.language.clone()));
    let authors: Vec<_> = post.authors.iter().map(|author| author.name.as_str()).collect();
    if !authors.is_empty() {
        rows.push(row(if authors.len() == 1 { "author" } else { "authors" }, authors.join(", ")));
    }
    rows.extend(post.taxonomies.iter().map(|taxonomy| row(&taxonomy.name, taxonomy.terms.join(", "))));
    rows.extend(entry.map(media::rows).unwrap_or_default().into_iter().map(|(name, text)| row(name, text)));
    let status = format!("{} ({})", post.status.as_str(), post.reason);
    rows.push(in_style(look::of_post(post.status), "status", status));
    rows.push(row("feeds", feeds.told()));
    let word = match verdict {
        Verdict::Due(_) | Verdict::Included => "due",
        Verdict::Late(_) => "late",
        Verdict::Waiting { .. } => "waits",
        Verdict::Mailed { .. } => "mailed",
        _ => "not due",
    };
    let why = verdict.reason();
    let newsletter = if why.starts_with(word) { why } else { format!("{word} ({why})") };
    rows.push(in_style(look::of_verdict(verdict), "newsletter", newsletter));
    rows.extend(lists.map(|lists| row("lists", format!("{lists}: only their readers get it"))));
    rows.extend(mailings.iter().map(|mailing| {
        let Mailing { run, cutoff, issue, subject, deliveries, .. } = mailing;
        let mut text =
            format!("issue {issue} “{subject}”, run {run} at {}: {}", told_of(cutoff, zone), states(deliveries));
        if mailing.path != post.path {
            text += &format!("; the file was {}", mailing.path);
        }
        if mailing.title != post.title {
            text += &format!("; the title was “{}”", mailing.title);
        }
        in_style(look::of_deliveries(deliveries), "mailed", text)
    }));
    page.paint(BOLD, if post.title.is_empty() { "(without a title)" } else { &post.title });
    page.push("\n");
    page.table(&rows);
}

fn mailing_as_json(mailing: &Mailing) -> Value {
    json!({
        "run": mailing.run,
        "cutoff": mailing.cutoff,
        "issue": mailing.issue,
        "subject": mailing.subject,
        "path": mailing.path,
        "title": mailing.title,
        "deliveries": mailing.deliveries,
    })
}
