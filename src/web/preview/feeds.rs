//! The feeds as the page shows them.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Serialize;

use crate::feed::{self, FeedFile};
use crate::model::{ReadEntry, ReadFeed, sha256_hex};

use super::choice::Choice;
use super::pictures;
use super::snapshot::Snapshot;

#[derive(Serialize)]
pub(super) struct FeedsView {
    files: Vec<FileView>,
    /// The bytes of the chosen one.
    source: String,
    title: String,
    description: String,
    items: Vec<ItemView>,
    article: Option<ArticleView>,
    /// Why a reader could not show it.
    problem: Option<String>,
}

#[derive(Serialize)]
struct FileView {
    name: String,
    size: String,
    address: String,
    is_current: bool,
}

#[derive(Serialize)]
struct ItemView {
    title: String,
    day: String,
    address: String,
    is_current: bool,
}

/// An entry on the page, around the frame that shows its content.
#[derive(Serialize)]
struct ArticleView {
    title: String,
    url: String,
    day: String,
    authors: String,
    categories: Vec<String>,
    frame: String,
}

/// An entry in its frame.
#[derive(Serialize)]
pub(super) struct FramedEntry {
    title: String,
    /// Cleaned by the same code that feeds are made with, and shown without scripts.
    html: String,
}

/// The bytes of a feed.
pub(super) fn bytes<'s>(snapshot: &'s Snapshot, name: &str) -> Option<&'s [u8]> {
    snapshot.feeds.iter().find(|feed| feed.file_name == name).map(|feed| feed.bytes.as_slice())
}

/// The feeds among the files that are written: no style sheet.
fn files(snapshot: &Snapshot) -> impl Iterator<Item = &FeedFile> {
    let names = feed::file_names(&snapshot.site.config);
    let is_feed = move |file: &&FeedFile| names.contains(&file.file_name);
    snapshot.feeds.iter().filter(is_feed)
}

/// The chosen feed, the first one when none is chosen, and its name.
fn chosen<'s>(snapshot: &'s Snapshot, choice: &Choice) -> Option<(&'s str, &'s [u8])> {
    let wanted = choice.feed.as_deref().and_then(|name| files(snapshot).find(|feed| feed.file_name == name));
    wanted.or_else(|| files(snapshot).next()).map(|feed| (feed.file_name.as_str(), feed.bytes.as_slice()))
}

/// The chosen entry of the chosen feed.
pub(super) fn article(snapshot: &Snapshot, choice: &Choice) -> Option<FramedEntry> {
    let (_, bytes) = chosen(snapshot, choice)?;
    let mut items = feed::read(bytes).ok()?.entries;
    let place = choice.entry.unwrap_or(0);
    let item = (place < items.len()).then(|| items.swap_remove(place))?;
    let posts: Vec<_> = snapshot.site.posts.iter().filter(|post| Some(&post.url) == item.link.as_ref()).collect();
    Some(FramedEntry {
        title: item.title.unwrap_or_default(),
        html: pictures::from_files(&item.html, snapshot, &posts),
    })
}

pub(super) fn feeds(snapshot: &Snapshot, choice: &Choice) -> Option<FeedsView> {
    let (current, bytes) = chosen(snapshot, choice)?;
    let (feed, problem) = match feed::read(bytes) {
        Ok(feed) => (feed, None),
        Err(problem) => (ReadFeed::default(), Some(problem)),
    };
    let files = files(snapshot).map(|file| FileView {
        name: file.file_name.clone(),
        size: kilobytes(file.bytes.len()),
        is_current: file.file_name == current,
        address: choice
            .with(|choice| {
                choice.feed = Some(file.file_name.clone());
                choice.entry = None;
            })
            .address(),
    });
    let place = choice.entry.unwrap_or(0);
    let item = |(number, item): (usize, &ReadEntry)| ItemView {
        title: item.title.clone().unwrap_or_default(),
        day: day(&item.date),
        is_current: number == place,
        address: choice.with(|choice| choice.entry = Some(number)).address(),
    };
    Some(FeedsView {
        files: files.collect(),
        source: format!("feed/{current}"),
        items: feed.entries.iter().enumerate().map(item).collect(),
        article: feed.entries.get(place).map(|item| article_view(item, choice)),
        title: feed.title.unwrap_or_default(),
        description: feed.description.unwrap_or_default(),
        problem,
    })
}

fn article_view(item: &ReadEntry, choice: &Choice) -> ArticleView {
    let content: String = sha256_hex(item.html.as_bytes()).chars().take(12).collect();
    let query = choice.query();
    let joint = if query.is_empty() { '?' } else { '&' };
    ArticleView {
        title: item.title.clone().unwrap_or_default(),
        // A reader follows a link only to the web.
        url: item
            .link
            .clone()
            .filter(|url| url.starts_with("https://") || url.starts_with("http://"))
            .unwrap_or_default(),
        day: day(&item.date),
        authors: item.authors.join(", "),
        categories: item.categories.clone(),
        frame: format!("entry{query}{joint}content={content}"),
    }
}

/// The day for people, in the offset that the feed gives; the date as it stands when it is none.
fn day(date: &str) -> String {
    let is_moment = date.parse::<Timestamp>().is_ok();
    let day = if is_moment { date.get(..10).and_then(|day| day.parse().ok()) } else { None };
    let day = day.or_else(|| rfc2822::parse(date).ok().map(|zoned| zoned.date()));
    day.map_or_else(|| date.to_owned(), |day: jiff::civil::Date| day.strftime("%-d %B %Y").to_string())
}

/// `12.3 KB`
pub(super) fn kilobytes(bytes: usize) -> String {
    let tenths = bytes * 10 / 1024;
    if tenths >= 1000 { format!("{} KB", tenths / 10) } else { format!("{}.{} KB", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_of_any_format_is_a_day() {
        for date in ["Mon, 02 Mar 2026 23:30:00 -0500", "2026-03-02T23:30:00-05:00", "2026-03-02T00:00:00Z"] {
            assert_eq!(day(date), "2 March 2026");
        }
        assert_eq!(day("soon"), "soon");
    }
}
