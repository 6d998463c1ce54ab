//! Pictures of a post that is not online yet: the page shows them from the site's own files.

use serde::{Deserialize, Serialize};

use crate::content::scan::{Piece, Scanner};
use crate::content::write::escaped;
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
        Some(format!("picture?{query}"))
    })
}

/// Replaces the addresses of pictures for which `other` knows another one.
fn replaced(html: &str, other: impl Fn(&str) -> Option<String>) -> String {
    let attribute = |address: &str| format!(" src=\"{}\"", escaped(address, true));
    let mut replaced = html.to_owned();
    let mut scanner = Scanner::new(html);
    while let Some(piece) = scanner.next() {
        let Piece::Open(name, attributes) = piece else { continue };
        let address = attributes.iter().find(|attribute| &*name == "img" && &*attribute.name.local == "src");
        if let Some((address, other)) = address.and_then(|address| Some((&address.value, other(&address.value)?))) {
            replaced = replaced.replace(&attribute(address), &attribute(&other));
        }
    }
    replaced
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
