//! The page where a person can see what a frame shows, what to call it, and its picture where one is known.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use url::Url;

/// What a frame shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Embedded {
    /// The page for people; the frame's own address where no better one is known.
    pub(crate) address: String,
    /// What it is, when the author gave no title.
    pub(crate) label: String,
    /// The film's picture.
    pub(crate) poster: Option<String>,
}

/// How the addresses of their pictures begin.
const DAILYMOTION: &str = "https://www.dailymotion.com/thumbnail/video/";
const YOUTUBE: &str = "https://i.ytimg.com/vi/";

/// Whether this is the address of a film's picture as [`shown`] makes it.
pub(crate) fn is_poster(address: &str) -> bool {
    [DAILYMOTION, YOUTUBE].iter().any(|beginning| address.starts_with(beginning))
}

/// What the frames of a host, and of all below it, are.
static KINDS: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| toml::from_str(include_str!("embeds.toml")).expect("the file holds texts"));

/// What the frame at this absolute address shows.
pub(crate) fn shown(address: &str) -> Embedded {
    let plain = |address: &str, label: String| Embedded { address: address.to_owned(), label, poster: None };
    let Ok(url) = Url::parse(address) else { return plain(address, "Embedded page".to_owned()) };
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let mut parts = url.path_segments().into_iter().flatten();
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match (host, first) {
        ("youtube.com" | "youtube-nocookie.com" | "m.youtube.com", "embed") => youtube(&url, second),
        ("player.vimeo.com", "video") if is_id(second) => {
            plain(&format!("https://vimeo.com/{second}"), "Video on Vimeo".to_owned())
        }
        ("dailymotion.com", "embed") if second == "video" => match parts.next().filter(|id| is_id(id)) {
            Some(film) => Embedded {
                poster: Some(format!("{DAILYMOTION}{film}")),
                ..plain(&format!("https://www.dailymotion.com/video/{film}"), "Video on Dailymotion".to_owned())
            },
            None => plain(address, "Video on Dailymotion".to_owned()),
        },
        ("google.com" | "maps.google.com", "maps") => plain(address, "Map on Google Maps".to_owned()),
        _ => plain(address, kind(host)),
    }
}

/// `/embed/ID`, `/embed/videoseries?list=ID`.
fn youtube(url: &Url, film: &str) -> Embedded {
    let value = |key: &str| url.query_pairs().find(|(known, _)| known == key).map(|(_, value)| value.into_owned());
    let label = "Video on YouTube".to_owned();
    if let Some(list) = value("list").filter(|list| is_id(list) && (film == "videoseries" || film.is_empty())) {
        return Embedded { address: format!("https://www.youtube.com/playlist?list={list}"), label, poster: None };
    }
    if !is_id(film) || film == "videoseries" {
        return Embedded { address: url.to_string(), label, poster: None };
    }
    let start = value("start").filter(|start| !start.is_empty() && start.bytes().all(|b| b.is_ascii_digit()));
    let start = start.map_or_else(String::new, |start| format!("&t={start}s"));
    Embedded {
        address: format!("https://www.youtube.com/watch?v={film}{start}"),
        label,
        poster: Some(format!("{YOUTUBE}{film}/hqdefault.jpg")),
    }
}

fn kind(host: &str) -> String {
    let is_below = |known: &str| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let known = KINDS.iter().find(|(known, _)| is_below(known));
    known.map_or_else(|| format!("Embedded page: {host}"), |(_, label)| label.clone())
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_leads_to_the_page_for_people() {
        for (frame, page, label) in [
            (
                "https://www.youtube.com/embed/a_b-1?rel=0&start=90",
                "https://www.youtube.com/watch?v=a_b-1&t=90s",
                "Video on YouTube",
            ),
            ("https://www.youtube-nocookie.com/embed/x", "https://www.youtube.com/watch?v=x", "Video on YouTube"),
            (
                "https://www.youtube.com/embed/videoseries?list=PL1",
                "https://www.youtube.com/playlist?list=PL1",
                "Video on YouTube",
            ),
            ("https://www.youtube.com/embed/", "https://www.youtube.com/embed/", "Video on YouTube"),
            ("https://player.vimeo.com/video/1?h=2", "https://vimeo.com/1", "Video on Vimeo"),
            ("https://open.spotify.com/embed/x", "https://open.spotify.com/embed/x", "Audio on Spotify"),
            ("https://notspotify.com/x", "https://notspotify.com/x", "Embedded page: notspotify.com"),
        ] {
            let shown = shown(frame);
            assert_eq!((shown.address.as_str(), shown.label.as_str()), (page, label));
        }
        let poster = shown("https://www.youtube.com/embed/x").poster;
        assert_eq!(poster.as_deref(), Some("https://i.ytimg.com/vi/x/hqdefault.jpg"));
    }
}
