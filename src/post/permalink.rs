//! Where a post is on the web and what makes it the same entry for ever.

use std::borrow::Cow;
use std::ops::Range;

use jiff::civil::Date;
use percent_encoding::utf8_percent_encode;
use url::Url;

use crate::config::{Config, IdFrom, Permalink, Site, SlugFrom, Slugify};

use super::date;
use super::findings::Findings;
use super::front_matter::Fields;
use super::permalink_values::{IN_ADDRESS, Naming, without_dots};
use super::slugify::slugify as spelled;
use super::source_path::SourcePath;
use crate::content::characters::composed;

/// Words of Jekyll for whole patterns.
const STYLES: [&str; 6] = ["pretty", "date", "ordinal", "weekdate", "none", "true"];

/// In bytes: browsers and lists of pages take about 2000, and every link within a post repeats its address.
pub(crate) const LONGEST: usize = 2000;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Absolute, percent-encoded.
    pub(crate) url: String,
    /// The last part of the path, as text.
    pub(crate) slug: String,
    /// When the post asks for a longer one than there can be, and this one is made from its file's name: where, and how
    /// many characters.
    pub(crate) too_long: Option<(Range<usize>, usize)>,
}

/// The address that the front matter says, else the pattern makes, else folder and slug make.
pub(crate) fn address(
    fields: &Fields,
    path: &SourcePath,
    (title, day, language): (&str, Option<Date>, &str),
    config: &Config,
    findings: &mut Findings<'_>,
) -> Address {
    let own = slug(fields);
    let has_slug = own.is_some();
    let slugify = config.posts.slugify;
    let slug = own.unwrap_or_else(|| match config.posts.slug_from {
        // A title may hold what parts the segments of a path.
        SlugFrom::Title => match slugify {
            Slugify::Hugo => title.to_owned(),
            Slugify::Pelican => title.replace('/', ""),
            _ => title.replace('/', " "),
        },
        SlugFrom::Name => slug_of_name(path),
    });
    let slug = match slugify {
        Slugify::Off => slug,
        how => slug.split('/').map(|part| spelled(part, how, has_slug)).collect::<Vec<_>>().join("/"),
    };
    let language = (!language.eq_ignore_ascii_case(&config.site.language)).then_some(language);
    let naming = Naming { slug: &slug, has_slug, fields, path, day, language, slugify };
    let url = own_address(&naming, &config.site.url, findings)
        .unwrap_or_else(|| naming.url(&config.posts.permalink, &config.site.url));
    let last = slug.rsplit('/').next().unwrap_or_default().to_owned();
    if url.len() <= LONGEST && last.len() <= LONGEST {
        return Address { url, slug: last, too_long: None };
    }
    let key = fields.get(&["permalink", "url", "path", "slug", "categories"]);
    let too_long = Some((key.map_or(0..1, |field| field.at.clone()), url.len()));
    let slug = slug_of_name(path);
    let url = config.site.url.join(&utf8_percent_encode(&slug, IN_ADDRESS).to_string());
    Address { url: url.map_or_else(|_| config.site.url.to_string(), Into::into), slug, too_long }
}

/// What the author calls the entry for ever, else its URL, or what that was before the site moved.
pub(crate) fn id(
    fields: &Fields,
    path: &SourcePath,
    url: &str,
    known: Option<&String>,
    (site, from): (&Site, IdFrom),
) -> String {
    let own =
        super::identity::KEYS.iter().find_map(|key| fields.get(&[key])?.value.text()).or(known.map(String::as_str));
    let url = &*match from {
        IdFrom::Address => Cow::Borrowed(url),
        // As Jekyll's `Document#id`: whatever the address ends in, the slug takes the place of its last part.
        IdFrom::Jekyll => {
            let trimmed = url.trim_end_matches('/');
            let folder = trimmed.rsplit_once('/').map_or(trimmed, |(folder, _)| folder);
            Cow::Owned(format!("{folder}/{}", slug(fields).unwrap_or_else(|| slug_of_name(path))))
        }
    };
    // A folder of translations counts whatever stands beside it: an id must not change when a language is added.
    let folder = path.language_folder().filter(|folder| !folder.eq_ignore_ascii_case(&site.language));
    let address = || match (&site.id_base, url.strip_prefix(site.url.as_str())) {
        (Some(base), Some(below)) => format!("{base}{below}"),
        _ => url.to_owned(),
    };
    match (own, path.language.as_deref().or(folder)) {
        (Some(id), _) => crate::content::characters::one_line(id),
        // Translations may share one address, but no two entries share an id.
        (None, Some(language)) => format!("{}#{language}", address()),
        (None, None) => address(),
    }
}

fn slug(fields: &Fields) -> Option<String> {
    let slug = fields.get(&["slug"])?.value.text()?.trim_matches('/');
    (!slug.is_empty() && !is_template(slug)).then(|| composed(slug).into_owned())
}

fn slug_of_name(path: &SourcePath) -> String {
    let name = date::split_name(&path.name).map_or(&*path.name, |(_, rest)| rest);
    let name = name.strip_suffix(".html").unwrap_or(name);
    if name.is_empty() { path.name.clone() } else { name.to_owned() }
}

fn is_template(text: &str) -> bool {
    text.contains("{{")
        || text.contains("{%")
        || text.contains("<%")
        || text.contains('{')
        || text.starts_with(':')
        || text.contains("/:")
}

/// `permalink`, `url` or `path`, unless it is a template that only its program fills in or the address of another site.
fn own_address(naming: &Naming<'_>, site: &Url, findings: &mut Findings<'_>) -> Option<String> {
    for key in ["permalink", "url", "path"] {
        let Some(field) = naming.fields.get(&[key]) else { continue };
        let Some(text) = field.value.text().filter(|text| !STYLES.contains(text) && *text != "false") else { continue };
        if !is_template(text) {
            return written(text, site);
        }
        match Permalink::of_post(text) {
            Ok(pattern) if !text.contains(['{', '<']) => return Some(naming.url(&pattern, site)),
            read if key == "permalink" => {
                let why = match read {
                    Err(word) if !text.contains(['{', '<']) => format!("has an unknown placeholder, `:{word}`"),
                    _ => "is a template that only its own program can fill in".to_owned(),
                };
                findings.warning(
                    "post/permalink",
                    field.at.clone(),
                    format!("`{}: {text}` {why}, so posts.permalink makes the address", field.key),
                    "write the address as it is on the web, such as `permalink: /2025/a-walk/`, or with placeholders of posts.permalink",
                );
            }
            _ => {}
        }
    }
    None
}

/// An address as it was written, unless it is that of another site.
fn written(text: &str, site: &Url) -> Option<String> {
    if text.contains("://") {
        let url = Url::parse(text).ok()?;
        return (matches!(url.scheme(), "http" | "https") && url.host_str() == site.host_str()).then(|| url.into());
    }
    let text = composed(text);
    let text = text.split('#').next().unwrap_or_default().trim_start_matches('/');
    let joined = format!("{site}{}", utf8_percent_encode(&without_dots(text), IN_ADDRESS));
    Url::parse(&joined).ok().map(Into::into)
}
