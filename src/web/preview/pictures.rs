//! Pictures of a post that is not online yet: the page shows them from the site's own files.

use serde::{Deserialize, Serialize};

use crate::model::Post;

use super::snapshot::Snapshot;

/// Which picture a frame asks for.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Wanted {
    /// The path of the post that shows it.
    post: String,
    /// Its URL there.
    url: String,
}

/// What a picture is, and its bytes.
pub(super) fn picture(snapshot: &Snapshot, wanted: &Wanted) -> Option<(&'static str, Vec<u8>)> {
    let post = snapshot.site.posts.iter().find(|post| post.path == wanted.post)?;
    let picture = snapshot.site.picture(&wanted.url, post)?;
    Some((picture.media_type, picture.bytes()?))
}

/// The HTML of posts with the pictures that are among the site's files from there, the others from where they are.
pub(super) fn from_files(html: &str, snapshot: &Snapshot, posts: &[&Post]) -> String {
    replaced(html, |url| {
        let post = posts.iter().find(|post| snapshot.site.picture(url, post).is_some())?;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("post", &post.path)
            .append_pair("url", url)
            .finish();
        Some(format!("/picture?{query}"))
    })
}

/// Replaces the addresses of pictures for which `other` knows another one.
fn replaced(html: &str, other: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find("<img ") {
        let tag = &rest[start..];
        let tag = &tag[..tag.find('>').unwrap_or(tag.len())];
        let place = tag.find(" src=\"").map(|at| at + 6);
        let value = place.and_then(|at| Some((at, &tag[at..at + tag[at..].find('"')?])));
        let known = value.and_then(|(at, value)| Some((at, value, other(&value.replace("&amp;", "&"))?)));
        match known {
            Some((at, value, address)) => {
                out.push_str(&rest[..start + at]);
                out.push_str(&address.replace('&', "&amp;"));
                rest = &rest[start + at + value.len()..];
            }
            None => {
                out.push_str(&rest[..start + tag.len()]);
                rest = &rest[start + tag.len()..];
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_that_are_known_are_replaced() {
        let other = |url: &str| (url == "https://a.b/x?y&z").then(|| "/picture?p&q".to_owned());
        let html =
            "<img alt=\"\" src=\"https://a.b/x?y&amp;z\"> <img src=\"c\"> <a href=\"https://a.b/x?y&amp;z\"> <img";
        let want = "<img alt=\"\" src=\"/picture?p&amp;q\"> <img src=\"c\"> <a href=\"https://a.b/x?y&amp;z\"> <img";
        assert_eq!(replaced(html, other), want);
        for html in ["<img ", "<img src=\"", "<img src=\"https://a.b/x?y&amp;z", "<img src>"] {
            assert_eq!(replaced(html, other), html);
        }
    }
}
