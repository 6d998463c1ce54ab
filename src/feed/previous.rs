//! Reads a feed that is there, by us or by another program, as far as it matters to those who subscribe to it: which
//! entries it has, and what readers know each of them by.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde::Deserialize;

use super::lint::LARGEST;

/// No feed is nested deeper.
const DEEPEST: usize = 200;

/// A feed as its readers know it.
#[derive(Debug, Default)]
pub struct Previous {
    /// What made it, when it says so.
    pub generator: Option<String>,
    pub(super) title: Option<String>,
    pub(super) entries: Vec<Known>,
}

/// An entry as readers know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) link: Option<String>,
    pub(super) title: Option<String>,
    pub(super) published: Option<Timestamp>,
    /// As the feed says it: RSS and JSON may say nothing.
    pub(super) updated: Option<Timestamp>,
}

impl Previous {
    /// Reads RSS, Atom or JSON Feed, whatever its name is.
    ///
    /// # Errors
    /// Why it cannot be read, as half a sentence.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > LARGEST {
            return Err(format!("it has more than {} MB", LARGEST >> 20));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        match bytes.first() {
            None => Err("it is empty".to_owned()),
            Some(b'{') => json(bytes),
            Some(b'<') if is_too_deep(bytes) => Err("its elements are nested too deep".to_owned()),
            Some(b'<') => rss(bytes).or_else(|first| atom(bytes).map_err(|second| second.unwrap_or(first))),
            Some(_) => Err("it is neither XML nor JSON".to_owned()),
        }
    }

    /// True when Tidings made it.
    pub fn is_ours(&self) -> bool {
        self.generator.as_deref() == Some("Tidings")
    }
}

/// Whether elements are nested deeper than in any feed: what reads them calls itself for each level.
fn is_too_deep(bytes: &[u8]) -> bool {
    let mut reader = Reader::from_reader(bytes);
    reader.config_mut().check_end_names = false;
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => depth += 1,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
}

fn rss(bytes: &[u8]) -> Result<Previous, String> {
    let channel = rss::Channel::read_from(bytes).map_err(|error| error.to_string())?;
    let entries = channel.items().iter().map(|item| {
        let updated =
            item.extensions().get("atom").and_then(|atom| atom.get("updated")).and_then(|found| found.first());
        Known {
            id: item.guid().map(rss::Guid::value).or(item.link()).unwrap_or_default().trim().to_owned(),
            link: item.link().map(|link| link.trim().to_owned()),
            title: item.title().map(str::to_owned),
            published: item.pub_date().and_then(moment),
            updated: updated.and_then(|element| element.value()).and_then(moment),
        }
    });
    Ok(Previous {
        generator: channel.generator().map(str::to_owned),
        title: Some(channel.title().to_owned()),
        entries: entries.collect(),
    })
}

/// `Err(None)` when it is no Atom feed at all.
fn atom(bytes: &[u8]) -> Result<Previous, Option<String>> {
    let feed = atom_syndication::Feed::read_from(bytes).map_err(|error| match error {
        atom_syndication::Error::InvalidStartTag => None,
        error => Some(error.to_string()),
    })?;
    let entries = feed.entries().iter().map(|entry| {
        let link = entry.links().iter().find(|link| link.rel() == "alternate");
        let seconds = |date: &atom_syndication::FixedDateTime| Timestamp::from_second(date.timestamp()).ok();
        Known {
            id: entry.id().trim().to_owned(),
            link: link.map(|link| link.href().to_owned()),
            title: Some(entry.title().value.clone()),
            published: entry.published().and_then(seconds),
            updated: seconds(entry.updated()),
        }
    });
    Ok(Previous {
        generator: feed.generator().map(|generator| generator.value.clone()),
        title: Some(feed.title().value.clone()),
        entries: entries.collect(),
    })
}

/// The members of JSON Feed that matter here; an id may be a number (version 1, "items").
#[derive(Deserialize)]
struct Document {
    version: String,
    title: Option<String>,
    #[serde(default)]
    items: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    id: serde_json::Value,
    url: Option<String>,
    title: Option<String>,
    date_published: Option<String>,
    date_modified: Option<String>,
}

fn json(bytes: &[u8]) -> Result<Previous, String> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if !document.version.contains("jsonfeed.org") {
        return Err("it is JSON, but no JSON Feed".to_owned());
    }
    let entries = document.items.into_iter().map(|item| Known {
        id: item.id.as_str().map_or_else(|| item.id.to_string(), str::to_owned),
        link: item.url,
        title: item.title,
        published: item.date_published.as_deref().and_then(moment),
        updated: item.date_modified.as_deref().and_then(moment),
    });
    // JSON Feed knows no generator. As a rule it is ours, and then no second date means that there was no change.
    let generator = Some("Tidings".to_owned());
    Ok(Previous { generator, title: document.title, entries: entries.collect() })
}

/// A date in either notation, in whole seconds.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let found = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok())?;
    Timestamp::from_second(found.as_second()).ok()
}
