//! What all feeds of a site say about it and about themselves, decided once: pictures, rights, hubs, the podcast.

use url::Url;

use crate::config::Config;

use super::{text, uri};

/// The same for every feed of a site. Addresses are absolute and encoded, texts clean.
#[derive(Debug, Default)]
pub(super) struct About {
    pub(super) hubs: Vec<String>,
    pub(super) rights: Option<String>,
    pub(super) license: Option<String>,
    /// Square.
    pub(super) icon: Option<String>,
    /// Square and small.
    pub(super) favicon: Option<String>,
    /// Twice as wide as high.
    pub(super) logo: Option<String>,
    /// Small enough for RSS.
    pub(super) image: Option<String>,
    pub(super) podcast: Option<Podcast>,
    /// Whether a style sheet lies at the root of the feeds.
    pub(super) is_styled: bool,
}

/// What directories of podcasts want to know.
#[derive(Debug)]
pub(super) struct Podcast {
    pub(super) author: String,
    pub(super) image: Option<String>,
    /// Categories, some with a subcategory.
    pub(super) categories: Vec<(String, Option<String>)>,
    pub(super) explicit: bool,
    /// Name and e-mail address, which the owner wants to be public.
    pub(super) owner: Option<(String, String)>,
}

impl About {
    pub(super) fn new(config: &Config) -> Self {
        let feeds = &config.feeds;
        let address = |url: &Option<Url>| url.as_ref().map(uri::from_url);
        Self {
            hubs: feeds.hubs.iter().map(uri::from_url).collect(),
            rights: feeds.rights.as_deref().map(text::line).filter(|rights| !rights.is_empty()),
            license: address(&feeds.license),
            icon: address(&feeds.icon),
            favicon: address(&feeds.favicon),
            logo: address(&feeds.logo),
            image: address(&feeds.image),
            podcast: podcast(config),
            is_styled: feeds.stylesheet,
        }
    }

    /// Links to other things than feeds: their relation and address.
    pub(super) fn links(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let hubs = self.hubs.iter().map(|hub| ("hub", hub.as_str()));
        hubs.chain(self.license.iter().map(|license| ("license", license.as_str())))
    }
}

fn podcast(config: &Config) -> Option<Podcast> {
    let podcast = config.podcast.as_ref()?;
    let site_author = config.site.author.as_ref().map(|author| author.name.as_str());
    let author = podcast.author.as_deref().or(site_author).map(text::line).filter(|author| !author.is_empty());
    let author = author.unwrap_or_else(|| text::line(&config.site.title));
    let owner = podcast.owner.as_ref().and_then(|owner| {
        let name = Some(text::line(&owner.name)).filter(|name| !name.is_empty());
        Some((name.unwrap_or_else(|| author.clone()), owner.email.clone()?))
    });
    Some(Podcast {
        image: podcast.image.as_ref().or(config.feeds.icon.as_ref()).map(uri::from_url),
        categories: podcast.categories.clone(),
        explicit: podcast.explicit,
        owner,
        author,
    })
}
