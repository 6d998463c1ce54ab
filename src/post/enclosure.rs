//! Sound, film and other files that come with a post, in the spellings of podcast themes and other generators.
//!
//! ```yaml
//! audio: walk.mp3
//! enclosure: { url: walk.mp3, length: 4815162, type: audio/mpeg }
//! podcast: { file: walk.mp3, duration: "12:30", episode: 4, season: 1 }
//! ```

use std::collections::HashSet;

use jiff::SignedDuration;
use url::Url;

use super::address::address;
use super::draft_words::word_of_truth;
use super::findings::Findings;
use super::front_matter::{Field, Fields, Value};
use super::names::{NAMES, has};
use super::plain::{self, Tags};
use crate::model::{Enclosure, Episode, media_type};

const TYPES: [&str; 5] = ["type", "mimetype", "mime", "mediatype", "contenttype"];
const LENGTHS: [&str; 6] = ["length", "size", "bytes", "sizeinbytes", "filesize", "bytelength"];
const DURATIONS: [&str; 3] = ["duration", "durationinseconds", "time"];

/// A duration, unless it is a bare number: then it counts bytes.
const LENGTH: &str = "length";

/// What comes before the words above when they stand beside the key of the file: `podcast_duration`, `audio_size`.
const PREFIXES: [&str; 9] = ["", "enclosure", "audio", "audiofile", "podcast", "media", "video", "file", "itunes"];

/// All files of a post, each once, in the order of the keys that hold them.
pub(crate) fn enclosures(fields: &Fields, permalink: &str, site: &Url, findings: &mut Findings<'_>) -> Vec<Enclosure> {
    let mut found: Vec<Enclosure> = Vec::new();
    let mut seen = HashSet::new();
    for field in NAMES.enclosure.iter().filter_map(|key| fields.get(&[key])) {
        let values = match &field.value {
            Value::List(items) => items.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            match one(value, permalink, site) {
                Some(enclosure) => found.extend(seen.insert(enclosure.url.clone()).then_some(enclosure)),
                None => warn_of_unknown(field, value, findings),
            }
        }
    }
    if let Some(first) = found.first_mut() {
        let beside = |words: &'static [&'static str]| {
            let keys = PREFIXES.iter().flat_map(move |prefix| words.iter().map(move |word| format!("{prefix}{word}")));
            keys.filter_map(|key| fields.get(&[&key])?.value.text())
        };
        first.length = first.length.or_else(|| beside(&LENGTHS).find_map(bytes));
        first.duration = first.duration.or_else(|| beside(&DURATIONS).find_map(seconds));
        first.duration = first.duration.or_else(|| beside(&[LENGTH]).find_map(clock));
        let kind = beside(&TYPES).find(|kind| is_media_type(kind));
        first.media_type = first.media_type.take().or_else(|| kind.map(str::to_ascii_lowercase));
    }
    found
}

/// What the post says about itself as an episode: at the top, or in the table of the file.
pub(crate) fn episode(fields: &Fields) -> Option<Episode> {
    let text = |keys: &[&str]| {
        let top = || keys.iter().filter_map(|key| fields.get(&[key])?.value.text());
        let table = ["podcast", "episode", "enclosure", "audio"];
        let inner = || table.iter().filter_map(|table| Some(&fields.get(&[table])?.value));
        let inner = || inner().flat_map(|value| keys.iter().filter_map(|key| value.get(key)?.text()));
        inner().chain(top()).next().map(str::to_owned)
    };
    let number = |keys: &[&str]| text(keys)?.trim_start_matches('#').parse().ok().filter(|&number| number > 0);
    let explicit = text(&["explicit", "itunesexplicit", "podcastexplicit"]);
    let episode = Episode {
        number: number(&["episode", "episodenumber", "itunesepisode", "podcastepisode", "number"]),
        season: number(&["season", "seasonnumber", "itunesseason", "podcastseason"]),
        explicit: explicit.and_then(|word| match &*word.to_lowercase() {
            "explicit" => Some(true),
            "clean" => Some(false),
            word => word_of_truth(word),
        }),
    };
    (episode != Episode::default()).then_some(episode)
}

/// Warns of a file that is left out because nothing says what it is.
fn warn_of_unknown(field: &Field, value: &Value, findings: &mut Findings<'_>) {
    let key = field.key.to_lowercase().replace(['_', '-', ' '], "");
    let written = match value {
        Value::Text(text) => text.lines().map(str::trim).find(|line| !line.is_empty()),
        value => NAMES.address_of_file.iter().find_map(|key| value.get(key)?.text()),
    };
    let name = written.map(|written| written.split(['?', '#']).next().unwrap_or_default()).unwrap_or_default();
    let last = name.rsplit('/').next().unwrap_or_default();
    let ending = last.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
    let is_file = (1..=5).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric());
    // A host alone has an ending too; other files than those that people subscribe to are left out on purpose.
    let is_page = ["html", "htm", "php"].contains(&ending) || name.ends_with(&format!("//{last}"));
    let is_meant = is_file && !is_page && media_type(name).is_none() && !name.contains(char::is_whitespace);
    if is_meant && has(&NAMES.files_only, &key) {
        let message = format!("`{last}` is of no known kind, and the feeds leave it out");
        let help = format!("say what it is: `enclosure: {{ url: {name}, type: audio/mpeg }}`");
        findings.warning("post/enclosure-type", field.at.clone(), message, help);
    }
}

fn one(value: &Value, permalink: &str, site: &Url) -> Option<Enclosure> {
    match value {
        // WordPress writes three lines: address, bytes, media type.
        Value::Text(text) => {
            let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let written = lines.next()?;
            let (mut length, mut kind) = (None, None);
            for line in lines {
                length = length.or_else(|| bytes(line));
                kind = kind.or_else(|| is_media_type(line).then_some(line));
            }
            file(written, kind, permalink, site).map(|file| Enclosure { length, ..file })
        }
        Value::Map(_) => {
            let text = |keys: &[&str]| keys.iter().find_map(|key| value.get(key)?.text());
            let written =
                NAMES.address_of_file.iter().find_map(|key| value.get(key)).and_then(|written| match written {
                    Value::List(items) => items.first()?.text(),
                    written => written.text(),
                })?;
            let file = file(written, text(&TYPES).filter(|kind| is_media_type(kind)), permalink, site)?;
            let title = text(&["title", "name", "label"]).map(|title| plain::text(title, Tags::All));
            Some(Enclosure {
                length: LENGTHS.iter().find_map(|key| bytes(value.get(key)?.text()?)),
                duration: DURATIONS
                    .iter()
                    .find_map(|key| seconds(value.get(key)?.text()?))
                    .or_else(|| clock(value.get(LENGTH)?.text()?)),
                title: title.filter(|title| !title.is_empty()),
                ..file
            })
        }
        Value::List(_) | Value::Null => None,
    }
}

/// A file, when its type is given or its ending says that it is one: `video:` often holds the address of a page.
fn file(written: &str, kind: Option<&str>, permalink: &str, site: &Url) -> Option<Enclosure> {
    let url = address(written, permalink, site)?;
    let by_name = media_type(&url).filter(|kind| !kind.starts_with("image/"));
    let media_type = kind.map(str::to_ascii_lowercase).or_else(|| by_name.map(str::to_owned))?;
    Some(Enclosure { url, media_type: Some(media_type), ..Enclosure::default() })
}

fn is_media_type(text: &str) -> bool {
    let is_token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b));
    text.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

/// A number of bytes, perhaps with separators; 0 is what generators write who do not know.
fn bytes(text: &str) -> Option<u64> {
    let digits: String = text.trim_end_matches("bytes").chars().filter(|c| !matches!(c, ',' | '_' | ' ')).collect();
    digits.parse().ok().filter(|&length| length > 0 && digits.len() > 3)
}

/// Seconds from `95`, `1:35`, `01:02:03`, `PT1M35S` or `1m 35s`.
fn seconds(text: &str) -> Option<u64> {
    let duration = if text.contains(':') {
        let parts: Option<Vec<u64>> = text.split(':').map(|part| part.trim().parse().ok()).collect();
        parts
            .filter(|parts| parts.len() <= 3)?
            .iter()
            .try_fold(0_u64, |sum, &part| sum.checked_mul(60)?.checked_add(part))
    } else {
        let given = text.parse().ok();
        given.or_else(|| text.parse::<SignedDuration>().ok()?.as_secs().try_into().ok())
    };
    duration.filter(|&seconds| (1..1_000_000).contains(&seconds))
}

/// Seconds from a text that is more than a number.
fn clock(text: &str) -> Option<u64> {
    seconds(text).filter(|_| !text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::keys;
    use super::*;

    const BESIDE: &str = "https://example.org/blog/2025/01/31/a-walk/walk.mp3";

    #[test]
    fn sound_is_found_in_the_spellings_of_podcast_themes() {
        for lines in [
            "audio: walk.mp3",
            "Audio: ./walk.mp3",
            "audio_file: walk.mp3",
            "enclosure: {url: walk.mp3}",
            "enclosures: [walk.mp3]",
            "podcast: {file: walk.mp3}",
            "podcast_file: walk.mp3",
            "podcast_link: walk.mp3",
            "media: {audio: walk.mp3}",
            "mp3: walk.mp3",
            "audio: {ogg: walk.ogg, mp3: walk.mp3}",
            "extra: {audio: walk.mp3}",
            "file: walk.mp3",
        ] {
            let found = keys(lines).0.enclosures;
            assert_eq!(found.len(), 1, "{lines}");
            assert_eq!(
                (found[0].url.as_str(), found[0].media_type.as_deref()),
                (BESIDE, Some("audio/mpeg")),
                "{lines}"
            );
        }
    }

    #[test]
    fn what_is_said_about_a_file_is_kept() {
        let expected = Enclosure {
            url: BESIDE.into(),
            media_type: Some("audio/mpeg".into()),
            length: Some(4_815_162),
            duration: Some(754),
            title: None,
        };
        for lines in [
            "enclosure: {url: walk.mp3, length: 4815162, type: audio/mpeg, duration: '12:34'}",
            "audio: walk.mp3\naudio_size: 4,815,162\nduration: 00:12:34",
            "podcast: {file: walk.mp3, bytes: 4815162, duration: 754}",
            "podcast_file: walk.mp3\npodcast_bytes: 4815162\npodcast_duration: PT12M34S",
            "file: walk.mp3\nlength: 4815162\nduration: 12m 34s",
            "podcast_link: walk.mp3\npodcast_file_size: 4.8 MB\npodcast_length: '4815162'\npodcast_duration: '12:34'",
            "attachments:\n- {url: walk.mp3, mime_type: audio/mpeg, size_in_bytes: 4815162, duration_in_seconds: 754}",
        ] {
            assert_eq!(keys(lines).0.enclosures, std::slice::from_ref(&expected), "{lines}");
        }
        let lines = "enclosure: |\n  https://a.example/walk.mp3\n  4815162\n  audio/mpeg\n";
        let found = &keys(lines).0.enclosures[0];
        assert_eq!((found.url.as_str(), found.length), ("https://a.example/walk.mp3", Some(4_815_162)));
        let titled = keys("audio: [{src: walk.mp3, title: '*Rain*'}, {src: sun.ogg}]").0.enclosures;
        assert_eq!((titled[0].title.as_deref(), titled[1].media_type.as_deref()), (Some("Rain"), Some("audio/ogg")));
    }

    #[test]
    fn pages_and_settings_are_no_files() {
        for lines in [
            "video: https://www.youtube.com/watch?v=x",
            "audio: true",
            "podcast: The Long Walk",
            "media: {image: a.png}",
            "enclosure: javascript:alert(1)",
            "file: 2025-01-31-a-walk.md",
            "enclosure: {length: 12345}",
        ] {
            assert_eq!(keys(lines).0.enclosures, [], "{lines}");
        }
        let short = &keys("enclosure: {url: walk.mp3, length: 1234}").0.enclosures[0];
        assert_eq!((short.length, short.duration), (Some(1234), None), "bytes");
        let long = &keys("enclosure: {url: walk.mp3, length: '12:34'}").0.enclosures[0];
        assert_eq!((long.length, long.duration), (None, Some(754)), "minutes");
        let unknown = &keys("enclosure: {url: walk.mp3, length: 0, duration: soon}").0.enclosures[0];
        assert_eq!((unknown.length, unknown.duration), (None, None), "what is not known is not 0");
    }

    #[test]
    fn a_file_of_an_unknown_kind_does_not_vanish_in_silence() {
        for lines in ["audio: x.bin", "enclosure: {url: /files/x.xyz}", "audio_file: [walk.mp3, x.bin]"] {
            let found = keys(lines).1;
            assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), ["post/enclosure-type"], "{lines}");
        }
        for lines in [
            "audio: true",
            "audio: https://a.example.com",
            "podcast: The Long Walk. Part 2",
            "file: x.bin",
            "audio: a.png",
        ] {
            assert_eq!(keys(lines).1, [], "{lines}");
        }
        assert_eq!(keys("enclosure: {url: x.bin, type: audio/mpeg}").0.enclosures.len(), 1, "the cure works");
    }

    #[test]
    fn an_episode_has_a_number_only_with_a_file() {
        let expected = Episode { number: Some(4), season: Some(2), explicit: Some(false) };
        for lines in [
            "audio: walk.mp3\nepisode: 4\nseason: 2\nexplicit: no",
            "podcast: {file: walk.mp3, episode: 4, season: 2, explicit: clean}",
            "audio: walk.mp3\nepisode_number: '#4'\nseason_number: 2\nitunes_explicit: false",
        ] {
            assert_eq!(keys(lines).0.episode.as_ref(), Some(&expected), "{lines}");
        }
        assert_eq!(keys("episode: 4").0.episode, None);
    }
}
