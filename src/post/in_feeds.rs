//! What the front matter, or a pattern of the site, says about how feeds show a post.

use jiff::civil::Date;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::config::{CommentsPattern, Config, PermalinkPart};
use crate::model::InFeeds;

use super::address::address;
use super::draft_words::word_of_truth;
use super::front_matter::{Fields, Value};
use super::permalink::Address;

/// A page, or whether there are comments: `comments: false`.
const COMMENTS: [&str; 4] = ["comments", "commentsurl", "commenturl", "commentslink"];
const COMMENTS_FEED: [&str; 5] = ["commentsfeed", "commentfeed", "commentsrss", "commentrss", "wfwcommentrss"];

/// How much of it feeds hold. `feed` may also be a yes or a no, or jekyll-feed's table.
const CONTENT: [&str; 2] = ["feedcontent", "feed"];

/// What stays as it is in a segment of a path (RFC 3986 §2.3).
const IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn in_feeds(fields: &Fields, made: &Address, day: Option<Date>, config: &Config) -> Option<Box<InFeeds>> {
    let text = |keys: &[&str]| fields.get(keys).and_then(|field| field.value.text());
    let written = |text: &str| address(text, &made.url, &config.site.url).filter(|_| text.contains(['/', '#']));
    let by_pattern = |pattern: &Option<CommentsPattern>| written(&expanded(pattern.as_ref()?, &made.slug, day)?);
    let has_none = text(&COMMENTS).and_then(word_of_truth) == Some(false);
    let (mut comments, mut comments_feed) = (None, None);
    if !has_none {
        comments = text(&COMMENTS).and_then(written).or_else(|| by_pattern(&config.feeds.comments));
        comments_feed = text(&COMMENTS_FEED).and_then(written).or_else(|| by_pattern(&config.feeds.comments_feed));
    }
    let in_feeds = InFeeds { whole: whole(fields), comments, comments_feed, markdown: None };
    (in_feeds != InFeeds::default()).then(|| Box::new(in_feeds))
}

/// Whether the post is to be whole in feeds, where it says so.
fn whole(fields: &Fields) -> Option<bool> {
    CONTENT.iter().find_map(|key| match &fields.get(&[key])?.value {
        value @ Value::Map(_) => value.get("excerptonly").and_then(Value::text).and_then(word_of_truth).map(|is| !is),
        value => match &*value.text()?.to_lowercase() {
            "full" | "whole" => Some(true),
            "summary" | "excerpt" => Some(false),
            _ => None,
        },
    })
}

/// The address that a pattern makes; `None` for one with a day of a post without.
fn expanded(pattern: &CommentsPattern, slug: &str, day: Option<Date>) -> Option<String> {
    let mut made = String::new();
    for part in pattern.parts() {
        match part {
            PermalinkPart::Text(text) => made.push_str(text),
            PermalinkPart::Year => made += &format!("{:04}", day?.year()),
            PermalinkPart::Month => made += &format!("{:02}", day?.month()),
            PermalinkPart::Day => made += &format!("{:02}", day?.day()),
            _ => made.extend(utf8_percent_encode(slug, IN_SEGMENT)),
        }
    }
    Some(made)
}

#[cfg(test)]
mod tests {
    use crate::config;
    use crate::model::InFeeds;
    use crate::post::{Source, load};

    fn read(feeds: &str, front_matter: &str) -> InFeeds {
        let text = format!("[site]\ntitle = 'x'\nurl = 'https://example.org/blog/'\n[feeds]\n{feeds}\n");
        let config = config::parse("config.toml", &text).unwrap();
        let bytes = format!("---\ntitle: A\ndate: 2025-01-31\n{front_matter}\n---\n\nText.\n").into_bytes();
        let loaded = load(
            vec![Source { path: "posts/für-a.md".into(), bytes }],
            &config,
            "2026-01-01T00:00:00Z".parse().unwrap(),
        );
        loaded.posts[0].in_feeds.as_deref().cloned().unwrap_or_default()
    }

    #[test]
    fn comments_are_where_the_post_or_the_pattern_says() {
        let of = |feeds: &str, front_matter: &str| {
            let read = read(feeds, front_matter);
            (read.comments.unwrap_or_default(), read.comments_feed.unwrap_or_default())
        };
        let permalink = "https://example.org/blog/2025/01/31/f%C3%BCr-a/";
        let pattern = "comments = '#comments'\ncomments_feed = 'https://talk.example/:year/:month/:day/:slug.xml'";
        let feed = "https://talk.example/2025/01/31/f%C3%BCr-a.xml".to_owned();
        assert_eq!(of(pattern, ""), (format!("{permalink}#comments"), feed.clone()));
        assert_eq!(of(pattern, "comments: true"), (format!("{permalink}#comments"), feed.clone()));
        assert_eq!(of(pattern, "comments: https://a.example/1"), ("https://a.example/1".to_owned(), feed));
        assert_eq!(of(pattern, "comments: false"), Default::default(), "it has none");
        let own = of("", "comments_url: talk/\ncomments_feed: /c.xml");
        assert_eq!(own, (format!("{permalink}talk/"), "https://example.org/c.xml".to_owned()));
        for word in ["comments: open", "comments: javascript:alert(1)//", "comments: {host: a, id: 1}"] {
            assert_eq!(of("", word), Default::default(), "{word}");
        }
    }

    #[test]
    fn a_post_is_whole_or_an_excerpt_if_it_says_so() {
        for (line, whole) in [
            ("feed: summary", Some(false)),
            ("feed: Excerpt", Some(false)),
            ("feed: full", Some(true)),
            ("feed_content: summary", Some(false)),
            ("feed: { excerpt_only: true }", Some(false)),
            ("feed: { excerpt_only: false }", Some(true)),
            ("feed: true", None),
            ("feed: https://example.org/feed.xml", None),
        ] {
            assert_eq!(read("", line).whole, whole, "{line}");
        }
    }
}
