//! The media type that the ending of a file's name stands for.

use std::collections::BTreeMap;
use std::sync::LazyLock;

static TYPES: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| toml::from_str(include_str!("media_types.toml")).expect("the file holds texts"));

/// The media type of a file by the ending of its name or URL; a query and a fragment do not count.
///
/// ```
/// use tidings::model::media_type;
/// assert_eq!(media_type("https://example.org/Rain.MP3?source=feed"), Some("audio/mpeg"));
/// assert_eq!(media_type("https://example.org/watch"), None);
/// ```
pub fn media_type(name: &str) -> Option<&'static str> {
    let path = name.split(['?', '#']).next().unwrap_or_default();
    let (_, ending) = path.rsplit('/').next().unwrap_or_default().rsplit_once('.')?;
    TYPES.get(&ending.to_ascii_lowercase()).map(String::as_str)
}
