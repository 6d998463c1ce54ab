//! `[podcast]`: what directories of podcasts want to know (Apple, "A Podcaster's Guide to RSS").

use std::collections::BTreeMap;
use std::sync::LazyLock;

use url::Url;

use crate::diagnostic::Location;
use crate::model::{EmailAddress, Person};

use super::reader::{Reader, Section, distance};
use super::{Site, feeds};

/// `[podcast]`
#[derive(Debug, Clone)]
pub struct Podcast {
    /// Whose podcast it is; the site's author by default.
    pub author: Option<String>,
    /// A square picture of 1400 to 3000 pixels, JPEG or PNG; `feeds.icon` by default.
    pub image: Option<Url>,
    /// Categories and subcategories of Apple's list: at least one.
    pub categories: Vec<(String, Option<String>)>,
    /// Whether children should rather not hear it.
    pub explicit: bool,
    /// Whom a directory may write to: published in the feed, and only there.
    pub owner: Option<Person>,
}

/// Reads the section; without a category it is no podcast.
pub(super) fn read<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>, site: Option<&Site>) -> Option<Podcast> {
    let mut section = root.section(reader, "podcast", "podcast");
    let author = section.string(reader, "author").map(|(text, _)| text);
    let image = section.string(reader, "image");
    let image = image.and_then(|found| feeds::address(reader, "podcast.image", found, site.map(|site| &site.url)));
    let categories = section.strings(reader, "category").unwrap_or_default();
    let categories: Vec<_> = categories.into_iter().filter_map(|found| category(reader, found)).collect();
    let explicit = section.switch(reader, "explicit").unwrap_or(false);
    let owner = owner(&mut section, reader);
    section.finish(reader);
    (!categories.is_empty()).then_some(Podcast { author, image, categories, explicit, owner })
}

/// Apple's categories and what is below each.
static CATEGORIES: LazyLock<BTreeMap<String, Vec<String>>> =
    LazyLock::new(|| toml::from_str(include_str!("podcast_categories.toml")).expect("the file holds lists of texts"));

/// `"Arts"` or `"Arts: Books"`.
fn category(reader: &mut Reader<'_>, (text, place): (String, Location)) -> Option<(String, Option<String>)> {
    let (name, below) = text.split_once(':').map_or((&*text, None), |(name, below)| (name, Some(below.trim())));
    let name = name.trim();
    let is_below =
        |subcategories: &[String]| below.is_none_or(|below| subcategories.iter().any(|known| known == below));
    let is_known = CATEGORIES.get(name).is_some_and(|subcategories| is_below(subcategories));
    if is_known {
        return Some((name.to_owned(), below.map(str::to_owned)));
    }
    let names = CATEGORIES.iter().flat_map(|(name, subcategories)| {
        let below = subcategories.iter().map(move |below| format!("{name}: {below}"));
        std::iter::once(name.clone()).chain(below)
    });
    let nearest = names.min_by_key(|known| distance(known, &text)).unwrap_or_default();
    let message = format!("`podcast.category` is not in Apple's list: `{text}`");
    reader.refuse(message, place, format!("did you mean `{nearest}`?"));
    None
}

fn owner<'t>(podcast: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Option<Person> {
    let mut section = podcast.section(reader, "owner", "podcast.owner");
    let name = section.string(reader, "name").map(|(text, _)| text);
    let email = section.string(reader, "email");
    section.finish(reader);
    let (text, place) = email?;
    match text.parse::<EmailAddress>() {
        Ok(address) => {
            Some(Person { name: name.unwrap_or_default(), email: Some(address.as_str().to_owned()), url: None })
        }
        Err(error) => {
            reader.error("config/address", error.to_string(), place, "write for example `email = \"ada@example.org\"`");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    fn with(podcast: &str) -> Result<crate::config::Config, String> {
        let text = format!("[site]\ntitle = 'x'\nurl = 'https://example.org'\n[podcast]\n{podcast}");
        crate::config::parse("config.toml", &text).map_err(|problems| problems[0].help.clone().unwrap_or_default())
    }

    #[test]
    fn a_category_is_one_of_apple_s() {
        let podcast = with("category = ['Arts: Books', 'History']\nimage = '/cover.jpg'\n").unwrap().podcast.unwrap();
        assert_eq!(podcast.categories, [("Arts".into(), Some("Books".into())), ("History".into(), None)]);
        assert_eq!(podcast.image.unwrap().as_str(), "https://example.org/cover.jpg");
        assert_eq!(with("category = 'Arts: Bokks'\n").unwrap_err(), "did you mean `Arts: Books`?");
        assert!(with("explicit = true\n").unwrap().podcast.is_none());
    }
}
