//! Where a feed is that is read: a file of the site, or an address.

use std::sync::{Arc, OnceLock};

use url::Url;

use super::reader::{Placed, Reader};
use crate::diagnostic::Location;

/// Where a feed is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedPlace {
    /// A file, relative to the site.
    File(String),
    /// An address.
    Web(Url),
}

/// A feed that the site names.
#[derive(Debug, Clone)]
pub struct FeedSource {
    /// Where it is.
    pub place: FeedPlace,
    /// Where the setting stands.
    pub location: Location,
    /// What its address answered: it is asked once, however many steps of a command want to know.
    pub fetched: Arc<OnceLock<Arc<Vec<u8>>>>,
}

impl FeedSource {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&str> {
        if let FeedPlace::File(name) = &self.place { Some(name) } else { None }
    }

    /// The place as it is shown: the file, or the address.
    pub fn name(&self) -> &str {
        match &self.place {
            FeedPlace::File(name) => name,
            FeedPlace::Web(url) => url.as_str(),
        }
    }
}

/// Reads the value of `key`. What comes over plain http may be changed on its way and is mailed, so that is only for a `site` whose
/// own address is so.
pub(super) fn source(
    reader: &mut Reader<'_>,
    key: &str,
    (text, location): Placed<String>,
    site: Option<&Url>,
) -> Option<FeedSource> {
    let example = "write for example `public/index.xml`, or `https://example.org/feed/`";
    let place = match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            if !url.username().is_empty() || url.password().is_some() {
                reader.refuse(format!("`{key}` holds a user or a password"), location, "name a feed that is public");
                return None;
            }
            if url.scheme() == "http" && site.is_some_and(|site| site.scheme() != "http") {
                let help = "write `https://…`; over http anyone on the way decides what readers get";
                reader.refuse(format!("`{key}` is not https: `{url}`"), location, help);
                return None;
            }
            FeedPlace::Web(url)
        }
        Err(_) if !text.trim().is_empty() && !text.contains("://") => FeedPlace::File(text),
        _ => {
            reader.refuse(format!("`{key}` is neither a file nor a web address: `{text}`"), location, example);
            return None;
        }
    };
    Some(FeedSource { place, location, fetched: Arc::default() })
}

#[cfg(test)]
mod tests {
    use super::FeedPlace;

    #[test]
    fn a_feed_is_a_file_or_an_address_that_only_its_server_answers_for() {
        let of = |site: &str, posts: &str| {
            let text = format!("[site]\ntitle = 'x'\nurl = '{site}'\n[posts]\n{posts}\n");
            let config = crate::config::parse("config.toml", &text);
            config.map(|config| config.posts.feed.unwrap().place).map_err(|problems| problems[0].message.clone())
        };
        let site = "https://example.org";
        assert_eq!(of(site, "feed = '../public/index.xml'"), Ok(FeedPlace::File("../public/index.xml".into())));
        assert!(matches!(of(site, "feed = 'https://blog.example/feed/'"), Ok(FeedPlace::Web(_))));
        assert!(matches!(of("http://localhost:4000", "feed = 'http://localhost:4000/feed'"), Ok(FeedPlace::Web(_))));
        for (posts, told) in [
            ("feed = 'http://example.org/feed'", "is not https"),
            ("feed = 'https://ada:x@example.org/feed'", "a user or a password"),
            ("feed = 'file:///etc/passwd'", "neither a file nor a web address"),
            ("feed = 'ftp://example.org/feed'", "neither a file nor a web address"),
            ("feed = ' '", "neither a file nor a web address"),
        ] {
            assert!(of(site, posts).unwrap_err().contains(told), "{posts}");
        }
    }
}
