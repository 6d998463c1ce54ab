//! Whole feeds, to be read by people.

use super::{category, config, entry, texts};

#[test]
fn a_feed_in_all_three_formats() {
    let mut entry = entry("sea", "2025-06-23T08:05:00+02:00[Europe/Berlin]");
    entry.title = "Ampersands & <angles>: Vec<T>, “quotes” & R&D".into();
    entry.categories = vec![category("tags", "R&D"), category("emotions", "calm")];
    entry.updated = "2025-06-24T09:00:00+02:00[Europe/Berlin]".parse().unwrap();
    entry.content = crate::content::read("<p>a &lt; b &amp;&amp; c ]]> d</p>\n<pre>one\n  two</pre>").nodes;
    let [rss, atom, json] = texts(&[entry], &config("description = 'On R&D'"));
    assert_eq!(rss, RSS);
    assert_eq!(atom, ATOM);
    assert_eq!(json, JSON);
}

const RSS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<?xml-stylesheet type="text/css" href="feed.css"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">
  <channel>
    <title>Notes &#x26; &#x3C;angles&gt;</title>
    <link>https://example.org/blog/</link>
    <description>On R&#x26;D</description>
    <language>en</language>
    <lastBuildDate>Tue, 24 Jun 2025 09:00:00 +0200</lastBuildDate>
    <generator>Tidings</generator>
    <atom:link href="https://example.org/blog/feed.xml" rel="self" type="application/rss+xml"></atom:link>
    <item>
      <title>Ampersands &#x26; &#x3C;angles&gt;: Vec&#x3C;T&gt;, “quotes” &#x26; R&#x26;D</title>
      <link>https://example.org/blog/sea/</link>
      <description><![CDATA[About the sea.]]></description>
      <category domain="https://example.org/blog/tags/">R&#x26;D</category>
      <category domain="https://example.org/blog/emotions/">calm</category>
      <guid>https://example.org/blog/sea/</guid>
      <pubDate>Mon, 23 Jun 2025 08:05:00 +0200</pubDate>
      <content:encoded><![CDATA[<p>a &lt; b &amp;&amp; c ]]&gt; d</p>
<pre>one
  two</pre>
]]></content:encoded>
      <atom:updated>2025-06-24T09:00:00+02:00</atom:updated>
      <dc:creator>Ada</dc:creator>
    </item>
  </channel>
</rss>
"#;

const ATOM: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<?xml-stylesheet type="text/css" href="feed.css"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" xml:lang="en">
  <title>Notes &#x26; &#x3C;angles&gt;</title>
  <id>https://example.org/blog/atom.xml</id>
  <updated>2025-06-24T09:00:00+02:00</updated>
  <author>
    <name>Ada</name>
  </author>
  <generator>Tidings</generator>
  <link href="https://example.org/blog/atom.xml" rel="self" type="application/atom+xml"/>
  <link href="https://example.org/blog/" rel="alternate" type="text/html"/>
  <subtitle>On R&#x26;D</subtitle>
  <entry>
    <title>Ampersands &#x26; &#x3C;angles&gt;: Vec&#x3C;T&gt;, “quotes” &#x26; R&#x26;D</title>
    <id>https://example.org/blog/sea/</id>
    <updated>2025-06-24T09:00:00+02:00</updated>
    <author>
      <name>Ada</name>
    </author>
    <category term="R&#x26;D" scheme="https://example.org/blog/tags/" label="R&#x26;D"/>
    <category term="calm" scheme="https://example.org/blog/emotions/" label="calm"/>
    <link href="https://example.org/blog/sea/" rel="alternate" type="text/html"/>
    <published>2025-06-23T08:05:00+02:00</published>
    <summary>About the sea.</summary>
    <content xml:base="https://example.org/blog/sea/" type="html">&lt;p&gt;a &amp;lt; b &amp;amp;&amp;amp; c ]]&amp;gt; d&lt;/p&gt;
&lt;pre&gt;one
  two&lt;/pre&gt;
</content>
  </entry>
</feed>
"#;

const JSON: &str = r#"{
  "version": "https://jsonfeed.org/version/1.1",
  "title": "Notes & <angles>",
  "home_page_url": "https://example.org/blog/",
  "feed_url": "https://example.org/blog/feed.json",
  "description": "On R&D",
  "language": "en",
  "authors": [
    {
      "name": "Ada"
    }
  ],
  "items": [
    {
      "id": "https://example.org/blog/sea/",
      "url": "https://example.org/blog/sea/",
      "title": "Ampersands & <angles>: Vec<T>, “quotes” & R&D",
      "date_published": "2025-06-23T08:05:00+02:00",
      "date_modified": "2025-06-24T09:00:00+02:00",
      "authors": [
        {
          "name": "Ada"
        }
      ],
      "tags": [
        "R&D"
      ],
      "summary": "About the sea.",
      "content_html": "<p>a &lt; b &amp;&amp; c ]]&gt; d</p>\n<pre>one\n  two</pre>\n",
      "_tidings": {
        "tags": [
          "R&D"
        ],
        "emotions": [
          "calm"
        ]
      }
    }
  ]
}
"#;

#[test]
fn a_feed_without_entries_is_valid_and_the_same_on_every_day() {
    let [rss, atom, json] = texts(&[], &config(""));
    assert_eq!(
        rss,
        r#"<?xml version="1.0" encoding="utf-8"?>
<?xml-stylesheet type="text/css" href="feed.css"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">
  <channel>
    <title>Notes &#x26; &#x3C;angles&gt;</title>
    <link>https://example.org/blog/</link>
    <description>Notes &#x26; &#x3C;angles&gt;</description>
    <language>en</language>
    <generator>Tidings</generator>
    <atom:link href="https://example.org/blog/feed.xml" rel="self" type="application/rss+xml"></atom:link>
  </channel>
</rss>
"#
    );
    assert!(atom.contains("<updated>2005-12-01T00:00:00+00:00</updated>"), "{atom}");
    assert!(json.ends_with("\"items\": []\n}\n"), "{json}");
}
