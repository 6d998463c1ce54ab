//! The picture of a post (rule R19) as an absolute URL.

use url::Url;

use super::front_matter::{Fields, Value};

const KEYS: [&str; 16] = [
    "image",
    "cover",
    "coverimage",
    "featureimage",
    "featuredimage",
    "thumbnail",
    "bannerimage",
    "banner",
    "heroimage",
    "hero",
    "ogimage",
    "socialimage",
    "header",
    "headerimage",
    "images",
    "picture",
];

/// The picture, resolved like an image in the text: a bare name is beside the post.
pub(crate) fn image(fields: &Fields, permalink: &str, site: &Url) -> Option<String> {
    let base = Url::parse(permalink).ok()?;
    KEYS.iter().find_map(|key| {
        let text = address(&fields.get(&[key])?.value)?.trim();
        // `hero: true` and `header: dark` are settings of a theme.
        if !text.contains(['.', '/']) {
            return None;
        }
        let text = text.replace("__GHOST_URL__", site.as_str().trim_end_matches('/'));
        let text = if text.starts_with("//") { format!("https:{text}") } else { text };
        let url = base.join(&text).ok()?;
        matches!(url.scheme(), "http" | "https").then(|| url.into())
    })
}

fn address(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::List(items) => items.first().and_then(address),
        Value::Map(_) => ["url", "src", "path", "image", "feature", "overlayimage", "teaser"]
            .iter()
            .find_map(|key| value.get(key))
            .and_then(address),
        Value::Null => None,
    }
}
