//! The picture of a post, and what its author says about it.

use url::Url;

use super::address::address;
use super::front_matter::{Fields, Value};
use super::names::NAMES;
use super::plain::{self, Tags};
use crate::model::Image;

/// Where the address is in a table.
const ADDRESSES: [&str; 9] = ["url", "src", "path", "image", "feature", "overlayimage", "teaser", "file", "filename"];

/// What a table calls the words for those who do not see the picture; a caption is better than nothing.
const WORDS: [&str; 6] = ["alt", "alttext", "imagealt", "description", "caption", "title"];

/// The picture, resolved like an image in the text: a bare name is beside the post.
pub(crate) fn image(fields: &Fields, permalink: &str, site: &Url) -> Option<Image> {
    NAMES.image.iter().find_map(|key| {
        let value = &fields.get(&[key])?.value;
        let (text, table) = written(value)?;
        // `hero: true` and `header: dark` are settings of a theme.
        if !text.contains(['.', '/']) {
            return None;
        }
        let number = |key: &str| table?.get(key)?.text()?.trim_end_matches("px").parse().ok().filter(|&n| n > 0);
        Some(Image {
            url: address(text, permalink, site)?,
            alt: alt(fields, key, table),
            media_type: None,
            width: number("width"),
            height: number("height"),
        })
    })
}

/// The address, and the table that it stands in.
fn written(value: &Value) -> Option<(&str, Option<&Value>)> {
    match value {
        Value::Text(text) => Some((text.trim(), None)),
        Value::List(items) => items.first().and_then(written),
        Value::Map(_) => {
            let (text, inner) = ADDRESSES.iter().find_map(|key| value.get(key)).and_then(written)?;
            Some((text, inner.or(Some(value))))
        }
        Value::Null => None,
    }
}

/// `image: {alt: …}`, `image_alt: …`, `image_caption: …`.
fn alt(fields: &Fields, key: &str, table: Option<&Value>) -> Option<String> {
    let inner = WORDS.iter().find_map(|word| table?.get(word)?.text());
    let beside = || {
        let key = key.trim_end_matches("image");
        ["alt", "alttext", "imagealt", "imagealttext", "caption", "imagecaption", "imagedescription"]
            .iter()
            .map(|word| format!("{key}{word}"))
            .chain(["imagealt".to_owned(), "imagecaption".to_owned(), "alt".to_owned()])
            .find_map(|key| fields.get(&[&key])?.value.text())
    };
    let words = plain::text(inner.or_else(beside)?, Tags::All);
    (!words.is_empty()).then_some(words)
}
