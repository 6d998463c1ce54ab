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
    let posts = &config.posts;
    let slugify = posts.slugify;
    let own = slug(fields, slugify);
    let (name, is_own) = match (&own, posts.slug_from) {
        // To these the key is a word like others, which a pattern may ask for.
        (Some(own), _) if !matches!(slugify, Slugify::Eleventy | Slugify::Hexo) => (own.clone(), true),
        // A title may hold what parts the segments of a path.
        (_, SlugFrom::Title) => {
            let instead = match slugify {
                Slugify::Hugo => "-",
                Slugify::Pelican => "",
                _ => " ",
            };
            (title.replace('/', instead), false)
        }
        (_, SlugFrom::Name) => (slug_of_name(path, slugify), false),
        (_, SlugFrom::File) => (slug_of_name(path, slugify), true),
    };
    let is_as_named = slugify == Slugify::Eleventy && posts.slug_from != SlugFrom::Title || slugify == Slugify::Hexo;
    let spelled =
        |name: &str, is_own| name.split('/').map(|part| spelled(part, slugify, is_own)).collect::<Vec<_>>().join("/");
    let slug = if slugify == Slugify::Off || is_as_named { name } else { spelled(&name, is_own) };
    let own = own.map(|own| if slugify == Slugify::Off || is_as_named { own } else { spelled(&own, true) });
    let language = (!is_of(language, &config.site.language)).then_some(language);
    let slug_from = posts.slug_from;
    let naming = Naming { slug: &slug, own: own.as_deref(), title, fields, path, day, language, slugify, slug_from };
    let url = own_address(&naming, &config.site.url, findings)
        .unwrap_or_else(|| naming.url(&config.posts.permalink, &config.site.url));
    let last = slug.rsplit('/').next().unwrap_or_default().to_owned();
    if url.len() <= LONGEST && last.len() <= LONGEST {
        return Address { url, slug: last, too_long: None };
    }
    let key = fields.get(&["permalink", "url", "path", "slug", "categories"]);
    let too_long = Some((key.map_or(0..1, |field| field.at.clone()), url.len()));
    let slug = slug_of_name(path, slugify);
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
            let slug = slug(fields, Slugify::Jekyll).unwrap_or_else(|| slug_of_name(path, Slugify::Jekyll));
            Cow::Owned(format!("{folder}/{slug}"))
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

/// True when a language is that of the site, or the part of it that comes before the region.
fn is_of(language: &str, site: &str) -> bool {
    site.get(..language.len()).is_some_and(|start| start.eq_ignore_ascii_case(language))
        && matches!(site.as_bytes().get(language.len()), None | Some(b'-'))
}

fn slug(fields: &Fields, how: Slugify) -> Option<String> {
    let slug = fields.get(&["slug"])?.value.text()?.trim_matches('/');
    let slug = if how == Slugify::Hugo { slug.trim_matches('-') } else { slug };
    (!slug.is_empty() && !is_template(slug)).then(|| composed(slug).into_owned())
}

/// The name without the day that it begins with, as far as the generator takes it for one.
fn slug_of_name(path: &SourcePath, how: Slugify) -> String {
    let is_day = |name: &str| {
        let is_digit = |(n, b): (usize, &u8)| if matches!(n, 4 | 7) { *b == b'-' } else { b.is_ascii_digit() };
        name.len() > 10 && name.as_bytes()[..10].iter().enumerate().all(is_digit)
    };
    let name = match how {
        Slugify::Zola | Slugify::ZolaSafe | Slugify::Eleventy | Slugify::Hexo if !is_day(&path.name) => &*path.name,
        _ => date::slug_in_name(path),
    };
    let name = name.strip_suffix(".html").unwrap_or(name);
    match path.folders.last().filter(|_| how == Slugify::Eleventy && name == "index") {
        // The page of its folder, with a day.
        Some(folder) => folder.clone(),
        None if name.is_empty() => path.name.clone(),
        None => name.to_owned(),
    }
}

fn is_template(text: &str) -> bool {
    text.contains("{{")
        || text.contains("{%")
        || text.contains("<%")
        || text.contains('{')
        || text.starts_with(':')
        || text.contains("/:")
}

/// `/{{ year }}/{{ slug }}/` → `/:year/:slug/`: a template of nothing but single words, as Cobalt and Eleventy have them;
/// `None` for any other.
pub(crate) fn pattern_of(template: &str) -> Option<String> {
    let mut pattern = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (word, after) = after.split_once("}}")?;
        pattern += before;
        match word.trim_matches([' ', '-']) {
            "ext" => pattern += ".html",
            "page.fileSlug" => pattern += ":slug",
            "name" => pattern += ":basename",
            "categories" => pattern += ":slugified_categories",
            word @ ("year" | "month" | "day" | "i_month" | "i_day" | "slug") => {
                pattern.push(':');
                pattern += word;
            }
            _ => return None,
        }
        rest = after;
    }
    (pattern.len() + rest.len() > 0 && !rest.contains(['{', '}'])).then(|| pattern + rest)
}

/// `permalink`, `url` or `path`, unless it is a template that only its program fills in or the address of another site.
fn own_address(naming: &Naming<'_>, site: &Url, findings: &mut Findings<'_>) -> Option<String> {
    for key in ["permalink", "url", "path"] {
        let Some(field) = naming.fields.get(&[key]) else { continue };
        let Some(text) = field.value.text().filter(|text| !STYLES.contains(text) && *text != "false") else { continue };
        if !is_template(text) {
            return written(&naming.as_written(text), site);
        }
        let filled = pattern_of(text);
        let text = filled.as_deref().unwrap_or(text);
        match Permalink::of_post(text) {
            Ok(pattern) if !text.contains(['{', '<']) => {
                let url = naming.url(&pattern, site);
                return Some(naming.as_written(&url).into_owned());
            }
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
