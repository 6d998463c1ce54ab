//! Where a post is on the web and what makes it the same entry for ever (rules R14, R15).

use jiff::civil::Date;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use crate::config::{Config, PermalinkPart, Site};

use super::characters::composed;
use super::date;
use super::front_matter::Fields;
use super::source_path::SourcePath;

/// What a path written as an address must not hold as it stands (RFC 3986 §3.3); an escape in it is kept.
const IN_ADDRESS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'^')
    .add(b'|')
    .add(b'[')
    .add(b']');

/// What a name must not hold to be one segment of a path.
const IN_SEGMENT: &AsciiSet = &IN_ADDRESS.add(b'#').add(b'?').add(b'%').add(b'/');

/// Words of Jekyll for whole patterns.
const STYLES: [&str; 6] = ["pretty", "date", "ordinal", "weekdate", "none", "true"];

/// The address of a post.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Absolute, percent-encoded.
    pub(crate) url: String,
    /// The last part of the path, as text.
    pub(crate) slug: String,
}

/// The address that the front matter says, else the pattern makes, else folder and slug make.
pub(crate) fn address(fields: &Fields, path: &SourcePath, day: Option<Date>, config: &Config) -> Address {
    let slug = slug(fields, path);
    let url = own(fields, &config.site.url).unwrap_or_else(|| pattern(&slug, path, day, config));
    let last = slug.rsplit('/').next().unwrap_or_default().to_owned();
    Address { url, slug: last }
}

/// What the author calls the entry for ever, else its URL, or what that was before the site moved.
pub(crate) fn id(fields: &Fields, path: &SourcePath, url: &str, site: &Site) -> String {
    let own = ["guid", "id", "uuid"].iter().find_map(|key| fields.get(&[key])?.value.text());
    // A folder of translations counts whatever stands beside it: an id must not change when a language is added.
    let folder = path.language_folder().filter(|folder| !folder.eq_ignore_ascii_case(&site.language));
    let address = || match (&site.id_base, url.strip_prefix(site.url.as_str())) {
        (Some(base), Some(below)) => format!("{base}{below}"),
        _ => url.to_owned(),
    };
    match (own, path.language.as_deref().or(folder)) {
        (Some(id), _) => super::characters::one_line(id),
        // Translations may share one address, but no two entries share an id.
        (None, Some(language)) => format!("{}#{language}", address()),
        (None, None) => address(),
    }
}

fn slug(fields: &Fields, path: &SourcePath) -> String {
    let own = fields.get(&["slug"]).and_then(|field| field.value.text()).map(|text| text.trim_matches('/'));
    if let Some(slug) = own.filter(|slug| !slug.is_empty() && !is_template(slug)) {
        return composed(slug).into_owned();
    }
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

/// `permalink`, `url` or `path`, unless it is a template or the address of another site.
fn own(fields: &Fields, site: &Url) -> Option<String> {
    let text = ["permalink", "url", "path"].iter().find_map(|key| {
        let text = fields.get(&[key])?.value.text()?;
        (!is_template(text) && !STYLES.contains(&text) && text != "false").then_some(text)
    })?;
    if text.contains("://") {
        let url = Url::parse(text).ok()?;
        return (matches!(url.scheme(), "http" | "https") && url.host_str() == site.host_str()).then(|| url.into());
    }
    let text = composed(text);
    let text = text.split('#').next().unwrap_or_default().trim_start_matches('/');
    let joined = format!("{site}{}", utf8_percent_encode(&without_dots(text), IN_ADDRESS));
    Url::parse(&joined).ok().map(Into::into)
}

fn pattern(slug: &str, path: &SourcePath, day: Option<Date>, config: &Config) -> String {
    let parts = config.posts.permalink.parts();
    let dated = |part: &PermalinkPart| matches!(part, PermalinkPart::Year | PermalinkPart::Month | PermalinkPart::Day);
    let mut made = String::with_capacity(64);
    match day {
        None if parts.iter().any(dated) => {
            push_segments(path.permalink_folders(), &mut made);
            made.push('/');
            push_segments(slug.split('/'), &mut made);
            made.push('/');
        }
        _ => {
            let day = day.unwrap_or(Date::ZERO);
            for part in parts {
                match part {
                    PermalinkPart::Text(text) => made.extend(utf8_percent_encode(text, IN_ADDRESS)),
                    PermalinkPart::Year => made += &format!("{:04}", day.year()),
                    PermalinkPart::Month => made += &format!("{:02}", day.month()),
                    PermalinkPart::Day => made += &format!("{:02}", day.day()),
                    PermalinkPart::Slug => push_segments(slug.split('/'), &mut made),
                    PermalinkPart::Dir => push_segments(path.permalink_folders(), &mut made),
                }
            }
        }
    }
    // `.` and `..` may be among the folders.
    if made.contains('.') {
        made = without_dots(&made);
    }
    let is_double = |made: &str| made.as_bytes().windows(2).any(|pair| pair == b"//");
    while is_double(&made) {
        made = made.replace("//", "/");
    }
    let mut url = String::with_capacity(config.site.url.as_str().len() + made.len());
    url.push_str(config.site.url.as_str());
    url.push_str(made.trim_start_matches('/'));
    url
}

fn push_segments<'n>(names: impl Iterator<Item = &'n str>, path: &mut String) {
    for (n, name) in names.enumerate() {
        if n > 0 {
            path.push('/');
        }
        path.extend(utf8_percent_encode(&composed(name), IN_SEGMENT));
    }
}

/// `.` and `..` would climb out of the site.
fn without_dots(path: &str) -> String {
    path.split('/').filter(|part| !matches!(*part, "." | "..")).collect::<Vec<_>>().join("/")
}
