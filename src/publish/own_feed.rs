//! The site's own feed, in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::PublishError;
use super::manifest::feed_plans;
use super::once::Rendered;
use super::rendered::{keep, rendered};
use super::site::Site;
use crate::diagnostic::Diagnostic;
use crate::feed::{self, FeedFile, FeedPlan, Layout};

/// The site's own feed, in each format, as it will be written.
///
/// # Errors
/// An unknown feed format.
pub fn own_feeds(site: &Site, found: &mut Vec<Diagnostic>) -> Result<Vec<FeedFile>, PublishError> {
    let (layout, plan, entries) = own_feed(site, found)?;
    let items: Vec<_> = entries.iter().map(|rendered| layout.item(&rendered.entry)).collect();
    let mut files = layout.whole(&plan, &items);
    files.extend(feed::stylesheet(&site.config));
    Ok(files)
}

/// Adds what is wrong with the posts of the site's own feed to `found`.
///
/// # Errors
/// An unknown feed format.
pub fn look_at_feed(site: &Site, found: &mut Vec<Diagnostic>) -> Result<(), PublishError> {
    own_feed(site, found).map(drop)
}

fn own_feed<'s>(
    site: &'s Site,
    found: &mut Vec<Diagnostic>,
) -> Result<(Layout<'s>, FeedPlan, Vec<Arc<Rendered>>), PublishError> {
    let layout = Layout::new(&site.config).map_err(PublishError::Site)?;
    let mut unreadable = BTreeSet::new();
    loop {
        let plan = feed_plans(site, &unreadable)?.feeds.swap_remove(0);
        keep(site, plan.posts.iter().map(|at| &site.posts[*at]));
        let mut entries = Vec::new();
        for at in &plan.posts {
            match rendered(site, &site.posts[*at], found) {
                Some(entry) => entries.push(entry),
                None => drop(unreadable.insert(*at)),
            }
        }
        // Others take the places of those that cannot be read.
        if entries.len() == plan.posts.len() {
            return Ok((layout, plan, entries));
        }
    }
}
