//! Pictures, sound and film as every format shows them, and as extensions where a format knows no better: Media RSS
//! (<https://www.rssboard.org/media-rss>), which Atom readers know as well.

use std::collections::BTreeMap;

use crate::model::{Enclosure, Image};

use super::{text, uri};

pub(super) const NAMESPACE: &str = "http://search.yahoo.com/mrss/";

/// A picture with a web address.
pub(super) struct Picture {
    pub(super) url: String,
    pub(super) alt: Option<String>,
    media_type: Option<String>,
    /// Both or none.
    size: Option<(u32, u32)>,
}

/// A file that comes with an entry.
pub(super) struct Attachment {
    pub(super) url: String,
    /// Always there: an unknown type is a stream of bytes (RFC 2046 §4.5.1).
    pub(super) media_type: String,
    pub(super) length: Option<u64>,
    /// In seconds.
    pub(super) duration: Option<u64>,
    pub(super) title: Option<String>,
}

/// An element with its attributes, its text and the elements in it.
pub(super) struct Element {
    /// Without a prefix.
    pub(super) name: &'static str,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) text: Option<String>,
    pub(super) children: Vec<Self>,
}

pub(super) fn picture(image: &Image) -> Option<Picture> {
    Some(Picture {
        url: uri::web(&image.url)?,
        alt: image.alt.as_deref().map(text::line).filter(|alt| !alt.is_empty()),
        media_type: image.media_type.as_deref().and_then(media_type),
        size: image.width.zip(image.height).filter(|(width, height)| *width > 0 && *height > 0),
    })
}

pub(super) fn attachment(enclosure: &Enclosure) -> Option<Attachment> {
    Some(Attachment {
        url: uri::web(&enclosure.url)?,
        media_type: enclosure
            .media_type
            .as_deref()
            .and_then(media_type)
            .unwrap_or_else(|| "application/octet-stream".to_owned()),
        length: enclosure.length,
        duration: enclosure.duration,
        title: enclosure.title.as_deref().map(text::line).filter(|title| !title.is_empty()),
    })
}

/// A media type without parameters (RFC 6838 §4.2), or `None` when the text is none.
fn media_type(text: &str) -> Option<String> {
    let text = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    text.split_once('/').is_some_and(|(kind, name)| is_name(kind) && is_name(name)).then_some(text)
}

/// The picture of an item, and the attachments for which the format has no place.
pub(super) fn elements(picture: Option<&Picture>, further: &[Attachment]) -> Vec<Element> {
    let mut elements: Vec<Element> = further.iter().map(file).collect();
    if let Some(picture) = picture {
        let description = picture.alt.as_ref().map(|alt| Element {
            name: "description",
            attributes: attributes([("type", Some("plain".to_owned()))]),
            text: Some(alt.clone()),
            children: Vec::new(),
        });
        let (width, height) = picture.size.map(|(width, height)| (width.to_string(), height.to_string())).unzip();
        let size = [("url", Some(picture.url.clone())), ("width", width), ("height", height)];
        let mut content = attributes(size.clone());
        content.extend(attributes([("medium", Some("image".to_owned())), ("type", picture.media_type.clone())]));
        elements.push(Element {
            name: "content",
            attributes: content,
            text: None,
            children: description.into_iter().collect(),
        });
        elements.push(Element { name: "thumbnail", attributes: attributes(size), text: None, children: Vec::new() });
    }
    elements
}

fn file(attachment: &Attachment) -> Element {
    let title = attachment.title.as_ref().map(|title| Element {
        name: "title",
        attributes: attributes([("type", Some("plain".to_owned()))]),
        text: Some(title.clone()),
        children: Vec::new(),
    });
    Element {
        name: "content",
        attributes: attributes([
            ("url", Some(attachment.url.clone())),
            ("type", Some(attachment.media_type.clone())),
            ("fileSize", attachment.length.map(|length| length.to_string())),
            ("duration", attachment.duration.map(|seconds| seconds.to_string())),
        ]),
        text: None,
        children: title.into_iter().collect(),
    }
}

/// Those attributes that have a value.
fn attributes<const N: usize>(pairs: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
