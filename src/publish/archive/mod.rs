//! The archive: a page for each issue that was sent, a list of them and their feed, as files to be put online. They are made of
//! the records and the pages kept beside them, by the same function for `build`, `publish`, the dry run and a server.

mod read;

use std::cmp::Reverse;

use jiff::{Timestamp, Zoned};
use serde::Serialize;
use url::Url;

use super::error::PublishError;
use super::site::Site;
use crate::config::{ARCHIVE_FOLDER, Config, Theme};
use crate::content::{Element, Node};
use crate::diagnostic::Diagnostic;
use crate::email::{self, Wording};
use crate::feed;
use crate::files::Written;
use crate::model::{Entry, Issue, MadeFile, Record, RecordedEntry};
use crate::store::FrozenEntry;
use crate::templates::Templates;

pub use read::{KeptIssues, changed, kept_page, read};

/// An issue as the archive knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedIssue {
    /// Its number.
    pub number: i64,
    /// The time of its run.
    pub time: Timestamp,
    /// Its subject.
    pub subject: String,
    /// The title and the address of each entry.
    pub entries: Vec<(String, String)>,
    /// What was kept of it ([`email::page`]); issues of older versions have none.
    pub page: Option<String>,
    /// Whether that can be shown.
    pub has_page: bool,
}

impl ArchivedIssue {
    /// An issue that was sent.
    pub fn new(record: &Record, page: Option<String>) -> Self {
        let told = |entry: &RecordedEntry| (entry.title.clone(), entry.url.clone());
        Self {
            number: record.number,
            time: record.time,
            subject: record.subject.clone(),
            entries: record.entries.iter().map(told).collect(),
            has_page: page.as_deref().and_then(Document::read).is_some(),
            page,
        }
    }

    /// An issue that a run at `time` will freeze, which carries some of `entries`.
    pub(super) fn planned(issue: &Issue, time: Timestamp, entries: &[FrozenEntry]) -> Self {
        let mut carried: Vec<_> = entries.iter().filter(|entry| entry.mailed.issue == issue.number).collect();
        // The order of the record.
        carried.sort_by(|a, b| {
            let key = |entry: &'_ FrozenEntry| (Reverse(entry.mailed.published.clone()), entry.mailed.path.clone());
            key(a).cmp(&key(b))
        });
        let page = email::page(issue);
        Self {
            number: issue.number,
            time,
            subject: issue.subject.clone(),
            entries: carried.iter().map(|entry| (entry.mailed.title.clone(), entry.url.clone())).collect(),
            has_page: Document::read(&page).is_some(),
            page: Some(page),
        }
    }
}

/// The archive of a site with what was sent and the issues that are `planned`; nothing for a site that has none. What is
/// wrong with kept pages is added to `found`.
///
/// # Errors
/// Records that cannot be read, and templates with errors.
pub(super) fn of_site(
    site: &Site,
    planned: Vec<ArchivedIssue>,
    found: &mut Vec<Diagnostic>,
) -> Result<Vec<MadeFile>, PublishError> {
    if !site.config.newsletter.archive {
        return Ok(Vec::new());
    }
    let KeptIssues { mut issues, warnings } = read(&site.folder)?;
    found.extend(warnings);
    issues.extend(planned);
    pages(&issues, &site.config, &site.templates()?).map_err(PublishError::Site)
}

/// The archive as it is now: see [`pages`]. Nothing for a site that has none. What is wrong with kept pages is added to `found`.
///
/// # Errors
/// Records that cannot be read, and templates with errors.
pub fn archive(site: &Site, found: &mut Vec<Diagnostic>) -> Result<Vec<MadeFile>, PublishError> {
    of_site(site, Vec::new(), found)
}

/// What writing these files of the archive would do.
///
/// # Errors
/// As the system reports them.
pub fn compare(site: &Site, files: &[MadeFile]) -> Result<Vec<(String, Written)>, PublishError> {
    let compared = files.iter().map(|file| {
        let name = format!("{}/{}", site.config.feeds.dir, file.file_name);
        let finished = site.folder.draft(&name, None).and_then(|mut draft| {
            draft.push(&file.bytes);
            draft.finish()
        });
        let written = finished.map_err(|error| PublishError::file(&name, error))?.written;
        Ok((name, written))
    });
    compared.collect()
}

/// The files of the archive: its list, its feed and the page of each issue, with their names below `feeds.dir`.
///
/// # Errors
/// Faults of the templates.
pub fn pages(
    issues: &[ArchivedIssue],
    config: &Config,
    templates: &Templates,
) -> Result<Vec<MadeFile>, Vec<Diagnostic>> {
    let archive = Archive::new(issues, config, templates);
    let made =
        |name: &str, text: String| MadeFile { file_name: format!("{ARCHIVE_FOLDER}/{name}"), bytes: text.into_bytes() };
    let mut files = vec![made("index.html", archive.list().map_err(|fault| vec![fault])?)];
    for issue in &archive.issues {
        let page = issue.page.as_deref().map(|page| archive.page(issue.number, page)).transpose();
        if let Some(page) = page.map_err(|fault| vec![fault])?.flatten() {
            files.push(made(&format!("{}/index.html", issue.number), page));
        }
    }
    files.push(archive.feed());
    Ok(files)
}

/// The archive of a site, of which each page can be made by itself.
pub struct Archive<'a> {
    /// Newest first.
    issues: Vec<&'a ArchivedIssue>,
    /// Those of them that have a page.
    shown: Vec<&'a ArchivedIssue>,
    config: &'a Config,
    templates: &'a Templates,
    frame: Frame<'a>,
    /// Where it is.
    url: String,
}

impl<'a> Archive<'a> {
    /// The archive of these issues.
    pub fn new(issues: &'a [ArchivedIssue], config: &'a Config, templates: &'a Templates) -> Self {
        let mut issues: Vec<_> = issues.iter().collect();
        issues.sort_by_key(|issue| Reverse(issue.number));
        let language = &config.site.language;
        let frame = Frame {
            language,
            direction: email::direction(language),
            publication: &config.site.title,
            description: config.site.description.as_deref(),
            site_url: config.site.url.as_str(),
            host: config.site.url.host_str().unwrap_or_default(),
            subscribe: config.newsletter.subscribe.as_deref().or(config.web.url.as_ref().map(Url::as_str)),
            words: Wording::of(language, &config.newsletter.words),
            theme: &config.theme,
        };
        let shown = issues.iter().copied().filter(|issue| issue.has_page).collect();
        Self { issues, shown, config, templates, frame, url: format!("{}{ARCHIVE_FOLDER}/", config.archive_root()) }
    }

    /// The list of all issues.
    ///
    /// # Errors
    /// A fault of the template.
    pub fn list(&self) -> Result<String, Diagnostic> {
        let rows: Vec<_> = self.issues.iter().map(|issue| Row::new(issue, self.config, &self.frame.words)).collect();
        let list = List { frame: &self.frame, url: &self.url, issues: &rows };
        self.templates.render("web/archive.html", &list)
    }

    /// The page of an issue, of which this was kept; `None` when that cannot be shown.
    ///
    /// # Errors
    /// A fault of the template.
    pub fn page(&self, number: i64, kept: &str) -> Result<Option<String>, Diagnostic> {
        let place = self.shown.binary_search_by_key(&Reverse(number), |issue| Reverse(issue.number));
        let (Ok(place), Some(document)) = (place, Document::read(kept)) else { return Ok(None) };
        let near = |place: Option<usize>| {
            let issue = self.shown.get(place?)?;
            Some(Near { page: format!("../{}/", issue.number), subject: &issue.subject })
        };
        let page = Page {
            frame: &self.frame,
            url: format!("{}{number}/", self.url),
            issue: &document,
            newer: near(place.checked_sub(1)),
            older: near(Some(place + 1)),
        };
        self.templates.render("web/archive-issue.html", &page).map(Some)
    }

    /// The feed of the newest issues.
    pub fn feed(&self) -> MadeFile {
        let newest = self.shown.iter().take(self.config.feeds.limit);
        let entries: Vec<Entry> = newest.map(|issue| entry(issue, &self.url, self.config)).collect();
        let title = format!("{}: {}", self.config.site.title, self.frame.words.word("archive"));
        let feed = feed::issues(&title, &entries, self.config);
        MadeFile { file_name: feed.file_name, bytes: feed.bytes }
    }
}

/// An issue in the feed: what it carried.
fn entry(issue: &ArchivedIssue, archive: &str, config: &Config) -> Entry {
    // It stays what it is when the archive moves, to `web.url` for example.
    let id = format!("{}{ARCHIVE_FOLDER}/{}/", config.site.url, issue.number);
    let published = day(issue, config);
    let item = |(title, url): &(String, String)| {
        let link = Element::new("a", &[("href", url)], vec![Node::Text(title.clone())]);
        Node::Element(Element::new("li", &[], vec![Node::Element(link)]))
    };
    let items = issue.entries.iter().filter(|(_, url)| is_web(url)).map(item).collect();
    Entry {
        id,
        url: format!("{archive}{}/", issue.number),
        path: String::new(),
        title: issue.subject.clone(),
        updated: published.clone(),
        published,
        date_only: false,
        language: config.site.language.clone(),
        authors: Vec::new(),
        categories: Vec::new(),
        image: None,
        enclosures: Vec::new(),
        episode: None,
        pictures: Vec::new(),
        mail_pictures: std::collections::BTreeMap::new(),
        summary: None,
        content: vec![Node::Element(Element::new("ul", &[], items))],
        is_summary: false,
        in_feeds: None,
        mailing: None,
        mail: None,
    }
}

/// The time of an issue at the site.
fn day(issue: &ArchivedIssue, config: &Config) -> Zoned {
    issue.time.to_zoned(config.site.timezone.clone())
}

/// Records come with the site, so their addresses may be anything.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// What all pages show.
#[derive(Serialize)]
struct Frame<'a> {
    language: &'a str,
    direction: &'static str,
    publication: &'a str,
    description: Option<&'a str>,
    site_url: &'a str,
    host: &'a str,
    subscribe: Option<&'a str>,
    words: Wording,
    theme: &'a Theme,
}

#[derive(Serialize)]
struct List<'a> {
    #[serde(flatten)]
    frame: &'a Frame<'a>,
    url: &'a str,
    issues: &'a [Row<'a>],
}

/// An issue in the list.
#[derive(Serialize)]
struct Row<'a> {
    /// `Issue 3`
    label: String,
    subject: &'a str,
    day: String,
    /// The day in ISO 8601.
    datetime: String,
    /// Where its page is, from the list.
    page: Option<String>,
    /// What it carried, where the subject alone does not say it or there is no page.
    entries: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    title: &'a str,
    url: &'a str,
}

impl<'a> Row<'a> {
    fn new(issue: &'a ArchivedIssue, config: &Config, words: &Wording) -> Self {
        let date = day(issue, config);
        let has_page = issue.has_page;
        let told = issue.entries.iter().filter(|(title, url)| is_web(url) && !title.trim().is_empty());
        let told = told.map(|(title, url)| Told { title, url });
        Self {
            label: words.issue(issue.number),
            subject: &issue.subject,
            day: email::day(&date, &config.site.language),
            datetime: date.date().to_string(),
            page: has_page.then(|| format!("{}/", issue.number)),
            entries: if has_page && issue.entries.len() < 2 { Vec::new() } else { told.collect() },
        }
    }
}

#[derive(Serialize)]
struct Page<'a> {
    #[serde(flatten)]
    frame: &'a Frame<'a>,
    url: String,
    issue: &'a Document<'a>,
    newer: Option<Near<'a>>,
    older: Option<Near<'a>>,
}

/// The issue before or after.
#[derive(Serialize)]
struct Near<'a> {
    page: String,
    subject: &'a str,
}

/// A kept page, taken apart where something of the archive is put into it.
#[derive(Debug, PartialEq, Serialize)]
struct Document<'p> {
    /// What stands before `</head>`.
    head: &'p str,
    /// From there to the end of the tag of the body.
    open: &'p str,
    body: &'p str,
    /// From `</body>` on.
    end: &'p str,
}

impl<'p> Document<'p> {
    /// `None` for a page that lacks one of these tags, as a template of the site may leave them out.
    fn read(page: &'p str) -> Option<Self> {
        let head = page.find("</head>")?;
        let tag = head + page[head..].find("<body")?;
        let start = tag + page[tag..].find('>')? + 1;
        let end = start + page[start..].rfind("</body>")?;
        Some(Self { head: &page[..head], open: &page[head..start], body: &page[start..end], end: &page[end..] })
    }
}

#[cfg(test)]
mod tests;
