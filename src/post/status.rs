//! Whether a post goes out. Mail cannot be unsent: what is not clearly public is held back.

use jiff::Timestamp;

use crate::model::PostStatus;

use super::date::{self, Conventions, Moment};
use super::draft_words::{flags, is_holding_key, is_not_yet, is_out, is_restricted, word_of_truth};
use super::findings::Findings;
use super::front_matter::{Field, Fields, Value, normal};
use super::names::{NAMES, has};
use super::source_path::SourcePath;

/// What was decided, and why.
pub(crate) struct Decision {
    pub(crate) status: PostStatus,
    pub(crate) reason: String,
    pub(crate) draft_unclear: bool,
}

impl Decision {
    fn new(status: PostStatus, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), draft_unclear: false }
    }
}

/// What a flag says.
fn truth(field: &Field) -> Option<bool> {
    word_of_truth(field.value.text()?)
}

fn quoted(field: &Field) -> String {
    match field.value {
        Value::Map(_) => format!("`{}`", field.key),
        _ => format!("`{}: {}`", field.key, field.value.text().unwrap_or(&field.source)),
    }
}

/// Held back where its own site would not list it: Hugo's `build` with `render` and `list` never, `headless`, and what
/// Eleventy keeps out of its collections.
fn nowhere(fields: &Fields) -> Option<Decision> {
    let never = |table: &Field| {
        ["render", "list"]
            .iter()
            .all(|key| table.value.get(key).and_then(Value::text).is_some_and(|word| matches!(word, "never" | "false")))
    };
    let build = fields.all("build").find(|table| never(table));
    let mut flags = ["headless", "eleventyexcludefromcollections"].iter().flat_map(|key| fields.all(key));
    let flag = flags.find(|field| truth(field) == Some(true));
    let reason = match (build, flag) {
        (Some(table), _) => format!("`{}` says never to render or list it", table.key),
        (None, Some(field)) => quoted(field).replace('`', ""),
        (None, None) => return None,
    };
    Some(Decision::new(PostStatus::Draft, reason))
}

/// Why the post is held back: its reason, and false when a flag could not be read.
///
/// `hidden: true` hides a post from the front page only in some themes, and from all pages in others; held back is the safe side.
fn held_back(fields: &Fields, conventions: Conventions<'_>, findings: &mut Findings<'_>) -> Option<Decision> {
    let mut decision: Option<Decision> = None;
    for (key, held_when) in flags() {
        for field in fields.all(key) {
            match truth(field) {
                Some(truth) if truth == *held_when => decision = decision.or_else(|| Some(draft(field))),
                None if key != "published" || !date_or_year(field, conventions) => {
                    unclear(field, &mut decision, findings);
                }
                _ => {}
            }
        }
    }
    for field in ["status", "poststatus"].iter().flat_map(|key| fields.all(key)).filter(|field| !is_of_subject(field)) {
        let word = field.value.text().map(normal);
        match word.as_deref() {
            Some(word) if is_not_yet(word) => decision = decision.or_else(|| Some(draft(field))),
            Some(word) if is_out(word) || word_of_truth(word) == Some(true) => {}
            // The signs of digital gardens: 🌱, 🌳.
            Some(word) if !word.contains(|c: char| c.is_alphanumeric() || matches!(c, '{' | '<' | '?')) => {}
            _ => {
                let help = "write `status: published` or `status: draft`".to_owned();
                unclear_as(field, help, &mut decision, findings);
            }
        }
    }
    // Elsewhere the word means a country or a mood: only a clear one counts.
    let says_not_yet = |field: &&Field| field.value.text().is_some_and(|text| is_not_yet(&normal(text)));
    if let Some(field) = fields.all("state").find(says_not_yet) {
        decision = decision.or_else(|| Some(draft(field)));
    }
    // The site itself shows such a post only to those who know the word.
    for (key, reason) in
        [("password", "it has a password"), ("postpassword", "it has a password"), ("encrypted", "it is encrypted")]
    {
        if fields.all(key).any(|field| truth(field) != Some(false)) {
            decision = decision.or_else(|| Some(Decision::new(PostStatus::Draft, reason)));
        }
    }
    decision = decision.or_else(|| nowhere(fields));
    for field in fields.all("visibility") {
        match field.value.text().map(normal).as_deref() {
            Some(word) if is_restricted(word) => decision = decision.or_else(|| Some(draft(field))),
            Some("public" | "visible" | "published" | "everyone") => {}
            _ => unclear(field, &mut decision, findings),
        }
    }
    for (key, field) in date::keys().filter_map(|key| Some((key, fields.get(&[key])?))) {
        let is_deadline = key == "publishdate" || date::EXPIRY_KEYS.contains(&key);
        let is_day = || field.value.text().is_some_and(|text| date::parse(text, conventions).is_ok());
        // Only the program that fills the template could say when a post with a template for a date is due.
        if is_template(field.value.text().unwrap_or(&field.source)) || (is_deadline && !is_day()) {
            not_a_day(field, &mut decision, findings);
        }
    }
    decision
}

/// A table of versions, such as `status: { swift: 6.0 }`, which tells of something else than the post.
fn is_of_subject(field: &Field) -> bool {
    let Value::Map(pairs) = &field.value else { return false };
    let tells = |key: &str| {
        let key = normal(key);
        key.contains("draft") || key.contains("publish") || key == "state" || is_not_yet(&key) || is_holding_key(&key)
    };
    let is_version = |text: &str| text.contains('.') && text.parse::<f64>().is_ok();
    !pairs.is_empty() && pairs.iter().all(|(key, value)| !tells(key) && value.text().is_some_and(is_version))
}

fn is_template(text: &str) -> bool {
    text.contains(['{', '<']) && ["{{", "{%", "<%"].iter().any(|mark| text.contains(mark))
}

/// Holds a post back whose day may be the reason not to send it yet, or not any more.
fn not_a_day(field: &Field, decision: &mut Option<Decision>, findings: &mut Findings<'_>) {
    let message = format!("{} is not a day: the post is held back", quoted(field));
    findings.warning("post/day-unclear", field.at.clone(), message, format!("write `{}: 2025-01-31`", field.key));
    let held = decision.get_or_insert_with(|| {
        Decision::new(PostStatus::Draft, format!("{} is not a day", quoted(field).replace('`', "")))
    });
    held.draft_unclear = true;
}

fn draft(field: &Field) -> Decision {
    Decision::new(PostStatus::Draft, quoted(field).replace('`', ""))
}

fn unclear(field: &Field, decision: &mut Option<Decision>, findings: &mut Findings<'_>) {
    unclear_as(field, format!("write `{0}: true` or `{0}: false`", field.key), decision, findings);
}

fn unclear_as(field: &Field, help: String, decision: &mut Option<Decision>, findings: &mut Findings<'_>) {
    let message = format!("{} is neither yes nor no: the post is held back", quoted(field));
    findings.warning("post/draft-unclear", field.at.clone(), message, help);
    let held = decision.get_or_insert_with(|| {
        Decision::new(PostStatus::Draft, format!("{} is neither yes nor no", quoted(field).replace('`', "")))
    });
    held.draft_unclear = true;
}

/// `published` may also be the day, or the year of a book.
fn date_or_year(field: &Field, conventions: Conventions<'_>) -> bool {
    let Some(text) = field.value.text() else { return false };
    let year = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    year || date::parse(text, conventions).is_ok()
}

/// Decides about a post whose front matter could be read.
pub(crate) fn decide(
    fields: &Fields,
    path: &SourcePath,
    published: Option<&Moment>,
    conventions: Conventions<'_>,
    now: Timestamp,
    findings: &mut Findings<'_>,
) -> Decision {
    let held = held_back(fields, conventions, findings);
    if let Some(reason) = page(fields, path, published) {
        return Decision::new(PostStatus::Page, reason);
    }
    if let Some(held) = held {
        return held;
    }
    if let Some(folder) = path.draft_folder() {
        return Decision::new(PostStatus::Draft, format!("in the folder {folder}"));
    }
    let expiry = date::of_keys(fields, &date::EXPIRY_KEYS, conventions);
    if let Some(expiry) = expiry.filter(|expiry| expiry.at.timestamp() <= now) {
        return Decision::new(PostStatus::Draft, format!("expired on {}", expiry.at.date()));
    }
    let release = date::of_keys(fields, &["publishdate"], conventions);
    match [published, release.as_ref()].into_iter().flatten().find(|moment| moment.at.timestamp() > now) {
        Some(moment) => Decision::new(PostStatus::Scheduled, format!("dated {}, in the future", moment.at.date())),
        None => Decision::new(
            PostStatus::Published,
            published.map(|day| format!("dated {}", day.at.date())).unwrap_or_default(),
        ),
    }
}

/// Why the file is a page: `layout: page` with a date is a post, because a WordPress exporter writes that.
fn page(fields: &Fields, path: &SourcePath, published: Option<&Moment>) -> Option<String> {
    let word = |key: &str| fields.get(&[key]).and_then(|field| field.value.text()).unwrap_or_default().to_lowercase();
    let (layout, kind) = (word("layout"), word("type"));
    if published.is_none() && (matches!(&*layout, "home" | "default") || has(&NAMES.pages, &layout)) {
        return Some(format!("layout is {layout}"));
    }
    if matches!(&*kind, "page" | "attachment" | "revision") || (published.is_none() && has(&NAMES.pages, &kind)) {
        return Some(format!("type is {kind}"));
    }
    if word("permalink") == "false" {
        return Some("permalink: false".to_owned());
    }
    let says_a_day = || date::keys().any(|key| fields.get(&[key]).is_some());
    if published.is_none() && path.is_among_pages() && !says_a_day() {
        return Some("in a folder of pages, without a date".to_owned());
    }
    (path.name == "_index").then(|| "the index of a folder".to_owned())
}

/// Keys whose no, and keys whose yes, keeps a post out of feeds. What is neither, such as an address, says nothing of it.
const IN_FEEDS: [&str; 7] = ["feed", "feeds", "rss", "infeed", "inrss", "includeinfeed", "includeinrss"];
const OUT_OF_FEEDS: [&str; 10] = [
    "excludefromfeed",
    "excludefromfeeds",
    "excludefromrss",
    "nofeed",
    "norss",
    "hidefromfeed",
    "hidefromrss",
    "skipfeed",
    "disablefeed",
    "rssignore",
];

/// False for a post that feeds do not show: `feed: false`, or how themes spell it.
pub(crate) fn feed(fields: &Fields) -> bool {
    let says = |key: &str| fields.get(&[key]).and_then(|field| field.value.text()).and_then(word_of_truth);
    !IN_FEEDS.iter().any(|key| says(key) == Some(false)) && !OUT_OF_FEEDS.iter().any(|key| says(key) == Some(true))
}

/// The line for which a post is not mailed: `newsletter: false`, or `send: false` in a table of that name; a text that is
/// neither yes nor no is a no.
pub(crate) fn newsletter(fields: &Fields, findings: &mut Findings<'_>) -> Option<String> {
    let field = fields.get(&["newsletter"])?;
    let (word, line) = match &field.value {
        Value::Map(_) => {
            let send = field.value.get("send")?;
            (send.text(), format!("send: {}", send.text().unwrap_or_default()))
        }
        value => (value.text(), quoted(field).replace('`', "")),
    };
    let is_mailed = word.and_then(word_of_truth).unwrap_or_else(|| {
        let message = format!("`{line}` is neither yes nor no: the post is not mailed");
        findings.warning(
            "post/newsletter-unclear",
            field.at.clone(),
            message,
            "write `newsletter: true` or `newsletter: false`",
        );
        false
    });
    (!is_mailed).then_some(line)
}
