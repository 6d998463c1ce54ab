//! Pictures, sound and film of an entry: where they are, and what is known of them. What is not known is `None`, never a
//! guess.

/// A picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    /// Absolute URL.
    pub url: String,
    /// What it shows, in words; `None` when the author gave none.
    pub alt: Option<String>,
    /// Such as `image/png`.
    pub media_type: Option<String>,
    /// In pixels, as it is shown: a photograph taken upright is higher than wide.
    pub width: Option<u32>,
    /// In pixels.
    pub height: Option<u32>,
}

/// A file that comes with an entry, as a rule sound or film (RSS 2.0 `enclosure`, RFC 4287 §4.2.7.2, JSON Feed
/// `attachments`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enclosure {
    /// Absolute URL.
    pub url: String,
    /// Such as `audio/mpeg`.
    pub media_type: Option<String>,
    /// In bytes. RSS requires one; its Best Practices Profile wants 0 where it is not known.
    pub length: Option<u64>,
    /// In seconds.
    pub duration: Option<u64>,
    /// What it is called.
    pub title: Option<String>,
}

/// What a podcast's entry says about itself, as in the tags of Apple Podcasts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Episode {
    /// The number of the episode, from 1.
    pub number: Option<u32>,
    /// The number of the season, from 1.
    pub season: Option<u32>,
    /// Whether it is not for children.
    pub explicit: Option<bool>,
}

/// What mail shows in the place of a picture that mail clients do not show, such as SVG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailPicture {
    /// The same picture as PNG or JPEG.
    Instead(Image),
    /// A link to it.
    Link,
    /// Nothing: the server of another firm would learn who reads.
    LeftOut,
}

/// A file that publishing makes beside the feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFile {
    /// Its name below `feeds.dir` and the root of the site, with `/`.
    pub file_name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}
