//! An address in the front matter as an absolute URL.

use url::Url;

/// Resolves an address as one in the text: a bare name is beside the post. `None` for what is not on the web.
pub(crate) fn address(text: &str, permalink: &str, site: &Url) -> Option<String> {
    let text = text.trim().replace("__GHOST_URL__", site.as_str().trim_end_matches('/'));
    let text = if text.starts_with("//") { format!("https:{text}") } else { text };
    let url = Url::parse(permalink).ok()?.join(&text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}
