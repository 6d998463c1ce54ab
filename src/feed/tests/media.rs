//! Pictures, sound, film, and what a podcast's feed says of them.

use crate::model::{Enclosure, Episode, Image};

use super::{config, entry, json, texts};

fn episode() -> crate::model::Entry {
    let mut entry = entry("a", "2025-06-23T00:00:00[UTC]");
    entry.image = Some(Image {
        url: "https://example.org/a.png?b&c".into(),
        alt: Some("An \"image\" & <more>\u{7}".into()),
        media_type: Some("image/png".into()),
        width: Some(640),
        height: Some(480),
    });
    entry.enclosures = vec![
        Enclosure {
            url: "https://example.org/my talk.mp3".into(),
            media_type: Some("audio/mpeg".into()),
            length: Some(12_345),
            duration: Some(3_723),
            title: Some("Talk & more".into()),
        },
        Enclosure { url: "https://example.org/b.bin".into(), ..Enclosure::default() },
        Enclosure { url: "javascript:alert(1)".into(), ..Enclosure::default() },
    ];
    entry.episode = Some(Episode { number: Some(3), season: Some(2), explicit: Some(true) });
    entry
}

#[test]
fn rss_has_one_enclosure_and_the_others_as_media() {
    let [rss, ..] = texts(&[episode()], &config(""));
    let enclosure = "<enclosure url=\"https://example.org/my%20talk.mp3\" length=\"12345\" type=\"audio/mpeg\"/>";
    assert!(rss.contains(enclosure) && rss.matches("<enclosure").count() == 1, "{rss}");
    assert!(
        rss.contains("<media:content type=\"application/octet-stream\" url=\"https://example.org/b.bin\">"),
        "{rss}"
    );
    assert!(!rss.contains("javascript") && !rss.contains("itunes"), "{rss}");
}

#[test]
fn a_picture_has_its_size_and_its_words() {
    let [rss, atom, _] = texts(&[episode()], &config(""));
    for text in [&rss, &atom] {
        let content = "<media:content height=\"480\" medium=\"image\" type=\"image/png\" \
            url=\"https://example.org/a.png?b&#x26;c\" width=\"640\">";
        assert!(text.contains(content), "{text}");
        assert!(
            text.contains("type=\"plain\">An &quot;image&quot; &#x26; &#x3C;more&gt;</media:description>"),
            "{text}"
        );
        assert!(text.contains("<media:thumbnail height=\"480\" url="), "{text}");
    }
}

#[test]
fn atom_and_json_have_every_file() {
    let [_, atom, _] = texts(&[episode()], &config(""));
    let link = "<link href=\"https://example.org/my%20talk.mp3\" rel=\"enclosure\" type=\"audio/mpeg\" \
        title=\"Talk &#x26; more\" length=\"12345\"/>";
    assert!(atom.contains(link) && atom.matches("rel=\"enclosure\"").count() == 2, "{atom}");
    let attachments = &json(&[episode()], &config(""))["items"][0]["attachments"];
    assert_eq!(
        *attachments,
        serde_json::json!([
            {
                "url": "https://example.org/my%20talk.mp3",
                "mime_type": "audio/mpeg",
                "title": "Talk & more",
                "size_in_bytes": 12_345,
                "duration_in_seconds": 3_723,
            },
            { "url": "https://example.org/b.bin", "mime_type": "application/octet-stream" },
        ])
    );
}

#[test]
fn a_podcast_says_what_directories_ask_for_and_publishes_an_address_only_when_asked() {
    let podcast = "[podcast]\ncategory = 'Arts: Books'\nimage = '/cover.jpg'\n";
    let [rss, atom, json] = texts(&[episode()], &config(podcast));
    for part in [
        "xmlns:itunes=",
        "<itunes:author>Ada</itunes:author>",
        "<itunes:category text=\"Books\">",
        "<itunes:image href=\"https://example.org/cover.jpg\"/>",
        "<itunes:explicit>false</itunes:explicit>",
        "<itunes:explicit>true</itunes:explicit>",
        "<itunes:duration>3723</itunes:duration>",
        "<itunes:episode>3</itunes:episode>",
        "<itunes:season>2</itunes:season>",
    ] {
        assert!(rss.contains(part), "{part} in {rss}");
    }
    assert!(!rss.contains("<itunes:owner>") && !atom.contains("itunes") && !json.contains("itunes"), "{rss}");
    let [rss, atom, json] = texts(&[], &config(&format!("{podcast}owner = {{ email = 'ada@example.org' }}\n")));
    assert!(rss.contains("<itunes:email>ada@example.org</itunes:email>"), "{rss}");
    assert!(!atom.contains("ada@example.org") && !json.contains("ada@example.org"));
}

#[test]
fn what_the_site_says_about_itself_is_in_every_format_that_has_words_for_it() {
    let config = config(
        "[feeds]\nhub = ['https://hub.example.org/?a&b', 'https://other.example/']\nrights = '© Ada & <Co>'\n\
         license = 'https://license.example/'\nicon = '/i.png'\nfavicon = '/f.png'\nlogo = '/l ö.png'\nimage = '/s.png'\n",
    );
    let [rss, atom, _] = texts(&[], &config);
    assert!(rss.contains("<copyright>© Ada &#x26; &#x3C;Co&gt;</copyright>"), "{rss}");
    assert!(rss.contains("<atom:link href=\"https://hub.example.org/?a&#x26;b\" rel=\"hub\"></atom:link>"), "{rss}");
    assert!(rss.contains("<atom:link href=\"https://license.example/\" rel=\"license\"></atom:link>"), "{rss}");
    assert!(rss.contains("<url>https://example.org/s.png</url>") && !rss.contains("/i.png"), "{rss}");
    for part in [
        "<icon>https://example.org/i.png</icon>",
        "<logo>https://example.org/l%20%C3%B6.png</logo>",
        "<rights>© Ada &#x26; &#x3C;Co&gt;</rights>",
        "<link href=\"https://other.example/\" rel=\"hub\"/>",
        "<link href=\"https://license.example/\" rel=\"license\"/>",
    ] {
        assert!(atom.contains(part), "{part} in {atom}");
    }
    let json = json(&[], &config);
    assert_eq!(
        (json["icon"].as_str(), json["favicon"].as_str()),
        (Some("https://example.org/i.png"), Some("https://example.org/f.png"))
    );
    assert_eq!(json["hubs"][1], serde_json::json!({ "type": "WebSub", "url": "https://other.example/" }));
    assert_eq!(json["_tidings"]["rights"], "© Ada & <Co>");
}

#[test]
fn the_style_sheet_can_be_left_out() {
    let [rss, atom, _] = texts(&[], &config("[feeds]\nstylesheet = false\n"));
    assert!(!rss.contains("xml-stylesheet") && !atom.contains("xml-stylesheet"));
    assert!(crate::feed::stylesheet(&config("[feeds]\nstylesheet = false\n")).is_none());
    assert!(crate::feed::stylesheet(&config("[feeds]\nformats = 'json'\n")).is_none());
    assert_eq!(crate::feed::stylesheet(&config("")).unwrap().file_name, "feed.css");
}
