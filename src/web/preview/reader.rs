//! A feed as a feed reader sees it: read from the very bytes that would be written.

use serde_json::Value;

/// What a feed says.
#[derive(Debug, PartialEq)]
pub(super) struct ReadFeed {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) items: Vec<ReadItem>,
}

/// One entry of a feed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ReadItem {
    /// Empty when the entry has none.
    pub(super) title: String,
    pub(super) url: String,
    /// As the feed writes it.
    pub(super) date: String,
    pub(super) authors: Vec<String>,
    pub(super) categories: Vec<String>,
    /// HTML: the content, or the summary where there is none.
    pub(super) html: String,
}

/// Reads a feed of any format; `Err` says in the reader's words what is wrong with it.
pub(super) fn read(bytes: &[u8]) -> Result<ReadFeed, String> {
    if bytes.trim_ascii_start().starts_with(b"{") {
        return serde_json::from_slice(bytes).map(|feed| json(&feed)).map_err(|error| error.to_string());
    }
    match rss::Channel::read_from(bytes) {
        Ok(channel) => Ok(rss_feed(channel)),
        Err(rss::Error::InvalidStartTag) => {
            atom_syndication::Feed::read_from(bytes).map(atom).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn rss_feed(channel: rss::Channel) -> ReadFeed {
    let item = |item: rss::Item| {
        let creators = item.dublin_core_ext.map(|more| more.creators).unwrap_or_default();
        ReadItem {
            title: item.title.unwrap_or_default(),
            url: item.link.unwrap_or_default(),
            date: item.pub_date.unwrap_or_default(),
            authors: if creators.is_empty() { item.author.into_iter().collect() } else { creators },
            categories: item.categories.into_iter().map(|category| category.name).collect(),
            html: item.content.or(item.description).unwrap_or_default(),
        }
    };
    ReadFeed {
        title: channel.title,
        description: channel.description,
        items: channel.items.into_iter().map(item).collect(),
    }
}

fn atom(feed: atom_syndication::Feed) -> ReadFeed {
    let item = |entry: atom_syndication::Entry| {
        let link = entry.links.iter().find(|link| link.rel == "alternate");
        let content = entry.content.and_then(|content| content.value);
        ReadItem {
            url: link.map(|link| link.href.clone()).unwrap_or_default(),
            title: entry.title.value,
            date: entry.published.unwrap_or(entry.updated).to_rfc3339(),
            authors: entry.authors.into_iter().map(|author| author.name).collect(),
            categories: entry.categories.into_iter().map(|category| category.label.unwrap_or(category.term)).collect(),
            html: content.or(entry.summary.map(|summary| summary.value)).unwrap_or_default(),
        }
    };
    ReadFeed {
        title: feed.title.value,
        description: feed.subtitle.map(|subtitle| subtitle.value).unwrap_or_default(),
        items: feed.entries.into_iter().map(item).collect(),
    }
}

fn json(feed: &Value) -> ReadFeed {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let item = |item: &Value| {
        let html = item["content_html"].as_str().or(item["summary"].as_str());
        ReadItem {
            title: text(item, "title"),
            url: text(item, "url"),
            date: text(item, "date_published"),
            authors: list(&item["authors"]).iter().map(|author| text(author, "name")).collect(),
            categories: list(&item["tags"]).iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            html: html.or(item["content_text"].as_str()).unwrap_or_default().to_owned(),
        }
    };
    ReadFeed {
        title: text(feed, "title"),
        description: text(feed, "description"),
        items: list(&feed["items"]).iter().map(item).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config, feed, post};

    #[test]
    fn every_format_is_read_and_all_say_the_same() {
        let text = "[site]\ntitle = 'Four <Minutes>'\nurl = 'https://example.org'\nauthor = 'Ada'\ndescription = 'D'\n";
        let config = config::parse("config.toml", text).unwrap();
        let bytes = b"---\ntitle: R&D 1 < 2\ndate: 2025-01-31\ntags: [mud]\n---\n\nIt *rained*.\n".to_vec();
        let source = post::Source { path: "posts/a.md".into(), bytes: bytes.clone() };
        let loaded = post::load(vec![source], &config, "2025-02-01T00:00:00Z".parse().unwrap());
        let (body, _) = post::body(&loaded.posts[0], &bytes).unwrap();
        let (entry, _) = post::render(&loaded.posts[0], &body, &loaded.posts, &config);
        let files = feed::build(&[entry], &config).unwrap();
        assert_eq!(files.len(), 3);
        for file in files {
            let read = read(&file.bytes).unwrap();
            assert_eq!((read.title.as_str(), read.description.as_str()), ("Four <Minutes>", "D"), "{}", file.file_name);
            let item = &read.items[0];
            assert_eq!(item.title, "R&D 1 < 2");
            assert_eq!(item.url, "https://example.org/2025/01/31/a/");
            assert!(item.date.contains("2025"), "{}", item.date);
            assert_eq!(
                (item.authors.as_slice(), item.categories.as_slice()),
                (&["Ada".into()][..], &["mud".into()][..])
            );
            assert!(item.html.contains("<em>rained</em>"));
        }
    }

    #[test]
    fn what_is_no_feed_is_an_error() {
        for bytes in [&b"{\"version\":"[..], b"<html></html>", b"<rss>", b""] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
