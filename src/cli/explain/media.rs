//! What a post's pictures, sound and film are, as far as it is known.

use serde_json::{Value, json};

use crate::model::{Enclosure, Entry, Image};

/// A line for the picture and one for each enclosure: what it is called, and what is known of it.
pub(super) fn rows(entry: &Entry) -> Vec<(&'static str, String)> {
    let image = entry.image.iter().map(|image| ("image", image_as_text(image)));
    let enclosures = entry.enclosures.iter().map(|enclosure| ("enclosure", enclosure_as_text(enclosure)));
    image.chain(enclosures).collect()
}

/// The same for programs; what is not known is null.
pub(super) fn as_json(entry: &Entry) -> (Value, Value) {
    let image = entry.image.as_ref().map(|image| {
        let Image { url, alt, media_type, width, height } = image;
        json!({ "url": url, "alt": alt, "media_type": media_type, "width": width, "height": height })
    });
    let enclosures = entry.enclosures.iter().map(|enclosure| {
        let Enclosure { url, media_type, length, duration, title } = enclosure;
        json!({ "url": url, "media_type": media_type, "length": length, "duration": duration, "title": title })
    });
    (image.into(), enclosures.collect())
}

fn image_as_text(image: &Image) -> String {
    let size = image.width.zip(image.height).map(|(width, height)| format!("{width} × {height}"));
    let alt = image.alt.as_ref().map(|alt| format!("“{alt}”"));
    with_facts(&image.url, [image.media_type.clone(), size, alt])
}

fn enclosure_as_text(enclosure: &Enclosure) -> String {
    let length = enclosure.length.map_or("length not known".to_owned(), |length| format!("{length} bytes"));
    let duration = enclosure.duration.map(|seconds| match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    });
    with_facts(&enclosure.url, [enclosure.media_type.clone(), Some(length), duration])
}

fn with_facts(url: &str, facts: [Option<String>; 3]) -> String {
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    if facts.is_empty() { url.to_owned() } else { format!("{url} ({})", facts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_said_and_nothing_else() {
        let image =
            Image { url: "https://a.example/a.png".into(), width: Some(8), height: Some(4), ..Image::default() };
        assert_eq!(image_as_text(&image), "https://a.example/a.png (8 × 4)");
        let sound = |length, duration| Enclosure {
            url: "https://a.example/a.mp3".into(),
            media_type: Some("audio/mpeg".into()),
            length,
            duration,
            title: None,
        };
        let all = enclosure_as_text(&sound(Some(4_815_162), Some(3754)));
        assert_eq!(all, "https://a.example/a.mp3 (audio/mpeg, 4815162 bytes, 1:02:34)");
        let little = enclosure_as_text(&sound(None, Some(65)));
        assert_eq!(little, "https://a.example/a.mp3 (audio/mpeg, length not known, 1:05)");
    }
}
