//! Where a post is on the web and what makes it the same entry for ever (rules R14, R15).

use jiff::civil::Date;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use unicode_normalization::char::is_combining_mark;
use url::Url;

use crate::config::{Config, Permalink, PermalinkPart, Site};

use super::characters::composed;
use super::date;
use super::findings::Findings;
use super::front_matter::Fields;
use super::source_path::SourcePath;
use super::terms;

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
pub(crate) fn address(
    fields: &Fields,
    path: &SourcePath,
    day: Option<Date>,
    config: &Config,
    findings: &mut Findings<'_>,
) -> Address {
    let slug = slug(fields, path);
    let naming = Naming { slug: &slug, fields, path, day };
    let url = own(&naming, &config.site.url, findings)
        .unwrap_or_else(|| naming.url(&config.posts.permalink, &config.site.url));
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
    own_slug(fields).unwrap_or_else(|| {
        let name = date::split_name(&path.name).map_or(&*path.name, |(_, rest)| rest);
        let name = name.strip_suffix(".html").unwrap_or(name);
        if name.is_empty() { path.name.clone() } else { name.to_owned() }
    })
}

fn own_slug(fields: &Fields) -> Option<String> {
    let slug = fields.get(&["slug"])?.value.text()?.trim_matches('/');
    (!slug.is_empty() && !is_template(slug)).then(|| composed(slug).into_owned())
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
fn own(naming: &Naming<'_>, site: &Url, findings: &mut Findings<'_>) -> Option<String> {
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
                    _ => "is a template that only the program it is made for can fill in".to_owned(),
                };
                findings.warning(
                    "post/permalink",
                    field.at.clone(),
                    format!("`{}: {text}` {why}: the address is made by posts.permalink", field.key),
                    "write the address as it is on the web, such as `permalink: /2025/a-walk/`, or with placeholders of posts.permalink",
                );
            }
            _ => {}
        }
    }
    None
}

/// An address as somebody wrote it, unless it is that of another site.
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

/// What the placeholders of a pattern stand for.
struct Naming<'n> {
    slug: &'n str,
    fields: &'n Fields,
    path: &'n SourcePath,
    day: Option<Date>,
}

impl Naming<'_> {
    /// The address that a pattern makes; of a pattern with a day for a post without one, folder and slug.
    fn url(&self, pattern: &Permalink, site: &Url) -> String {
        let mut made = String::with_capacity(64);
        match self.day {
            None if pattern.parts().iter().any(is_of_a_day) => {
                push_segments(self.path.permalink_folders(), &mut made);
                made.push('/');
                push_segments(self.slug.split('/'), &mut made);
                made.push('/');
            }
            day => {
                let by_filename = pattern
                    .parts()
                    .iter()
                    .any(|part| matches!(part, PermalinkPart::Filename | PermalinkPart::SlugOrFilename));
                for part in pattern.parts() {
                    self.push(part, day.unwrap_or(Date::ZERO), by_filename, &mut made);
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
        let mut url = String::with_capacity(site.as_str().len() + made.len());
        url.push_str(site.as_str());
        url.push_str(made.trim_start_matches('/'));
        url
    }

    /// Names of files and of the folders that they lie in are spelled alike.
    fn push(&self, part: &PermalinkPart, day: Date, by_filename: bool, made: &mut String) {
        match part {
            PermalinkPart::Text(text) => made.extend(utf8_percent_encode(text, IN_ADDRESS)),
            PermalinkPart::Year => *made += &format!("{:04}", day.year()),
            PermalinkPart::Month => *made += &format!("{:02}", day.month()),
            PermalinkPart::Day => *made += &format!("{:02}", day.day()),
            PermalinkPart::MonthNumber => *made += &day.month().to_string(),
            PermalinkPart::DayNumber => *made += &day.day().to_string(),
            PermalinkPart::DayOfYear => *made += &format!("{:03}", day.day_of_year()),
            PermalinkPart::Slug => push_segments(self.slug.split('/'), made),
            PermalinkPart::Filename => push_segments([file_name(&self.path.name)].iter(), made),
            PermalinkPart::SlugOrFilename => match own_slug(self.fields) {
                Some(slug) => push_segments(slug.split('/').map(file_name), made),
                None => push_segments([file_name(&self.path.name)].iter(), made),
            },
            PermalinkPart::Categories => self.push_categories(made, str::to_lowercase),
            PermalinkPart::SlugifiedCategories => self.push_categories(made, slugified),
            PermalinkPart::Dir if by_filename => push_segments(self.path.permalink_folders().map(file_name), made),
            PermalinkPart::Dir => push_segments(self.path.permalink_folders(), made),
        }
    }

    /// As Jekyll does it: the folders that a folder `_posts` lies in, then what the post says, each once.
    fn push_categories(&self, made: &mut String, spelled: impl Fn(&str) -> String) {
        let own = terms::categories(self.fields, self.path);
        let mut names: Vec<String> = Vec::new();
        for name in self.path.folders_above_posts().iter().chain(&own).map(|name| spelled(name)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        push_segments(names.iter().flat_map(|name| name.split('/')), made);
    }
}

fn is_of_a_day(part: &PermalinkPart) -> bool {
    matches!(
        part,
        PermalinkPart::Year
            | PermalinkPart::Month
            | PermalinkPart::Day
            | PermalinkPart::MonthNumber
            | PermalinkPart::DayNumber
            | PermalinkPart::DayOfYear
    )
}

/// `Self care & rain` → `self-care-rain`
fn slugified(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// A name as Hugo writes it into addresses: `2025-01-31 A Walk, at last` → `2025-01-31-a-walk-at-last`
fn file_name(name: &str) -> String {
    let mut made = String::with_capacity(name.len());
    let mut after_blank = false;
    for c in composed(name).chars().flat_map(char::to_lowercase) {
        if c.is_whitespace() {
            if !made.ends_with('-') {
                made.push('-');
            }
            after_blank = true;
        } else if c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '-' | '_' | '.' | '#' | '+' | '~' | '@') {
            if c != '-' || !after_blank {
                made.push(c);
            }
            after_blank = false;
        }
    }
    // A name of nothing but other signs would be no name.
    if made.trim_matches('-').is_empty() { name.to_owned() } else { made }
}

fn push_segments(names: impl Iterator<Item = impl AsRef<str>>, path: &mut String) {
    for (n, name) in names.enumerate() {
        if n > 0 {
            path.push('/');
        }
        path.extend(utf8_percent_encode(&composed(name.as_ref()), IN_SEGMENT));
    }
}

/// `.` and `..` would climb out of the site.
fn without_dots(path: &str) -> String {
    path.split('/').filter(|part| !matches!(*part, "." | "..")).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_hugo_spells_them() {
        for (name, spelled) in [
            ("2026-04-25-X", "2026-04-25-x"),
            ("My  Post", "my-post"),
            ("a - b", "a-b"),
            ("q &- z", "q-z"),
            ("what? now!", "what-now"),
            ("x--y", "x--y"),
            ("-lead", "-lead"),
            ("C#", "c#"),
            ("a.b_c+~t@1", "a.b_c+~t@1"),
            ("Über uns", "über-uns"),
            ("क्षि त", "क्षि-त"),
            ("日本 語", "日本-語"),
            ("!?", "!?"),
        ] {
            assert_eq!(file_name(name), spelled, "{name}");
        }
        assert_eq!(slugified("C++ & क्षि"), "c-क्षि");
    }
}
