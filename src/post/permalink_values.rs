//! What the placeholders of permalink patterns stand for, each as the generator means it that it comes from.

use jiff::civil::Date;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use unicode_normalization::char::is_combining_mark;
use url::Url;

use crate::config::{Permalink, PermalinkPart, Slugify};

use super::front_matter::Fields;
use super::slugify::{file_name, slugify};
use super::source_path::SourcePath;
use super::terms;
use crate::content::characters::composed;

/// What a path written as an address must not hold as it stands (RFC 3986 §3.3); an escape in it is kept.
pub(crate) const IN_ADDRESS: &AsciiSet = &CONTROLS
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

/// What the placeholders of a pattern stand for.
pub(crate) struct Naming<'n> {
    /// The key `slug`, or the name without its date.
    pub(crate) slug: &'n str,
    /// The slug is a key.
    pub(crate) has_slug: bool,
    pub(crate) fields: &'n Fields,
    pub(crate) path: &'n SourcePath,
    pub(crate) day: Option<Date>,
    /// Its language, when that is not the site's.
    pub(crate) language: Option<&'n str>,
    /// How names are spelled.
    pub(crate) slugify: Slugify,
}

impl Naming<'_> {
    /// The address that a pattern makes; of a pattern with a day for a post without one, folder and slug.
    pub(crate) fn url(&self, pattern: &Permalink, site: &Url) -> String {
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
            PermalinkPart::SlugOrFilename if self.has_slug => {
                push_segments(self.slug.split('/').map(file_name), made);
            }
            PermalinkPart::Filename | PermalinkPart::SlugOrFilename => {
                push_segments([file_name(&self.path.name)].iter(), made);
            }
            PermalinkPart::Language => push_segments(self.language.iter(), made),
            PermalinkPart::Categories => self.push_categories(made, str::to_lowercase),
            PermalinkPart::SlugifiedCategories => self.push_categories(made, slugified),
            PermalinkPart::Basename => push_segments([slugify(&self.path.name, self.slugify, false)].iter(), made),
            PermalinkPart::Category => push_segments([self.category()].iter(), made),
            PermalinkPart::Dir if by_filename => push_segments(self.path.permalink_folders().map(file_name), made),
            PermalinkPart::Dir if matches!(self.slugify, Slugify::Hugo | Slugify::Zola | Slugify::Quartz) => {
                push_segments(self.path.permalink_folders().map(|name| slugify(name, self.slugify, false)), made);
            }
            PermalinkPart::Dir => push_segments(self.path.permalink_folders(), made),
        }
    }

    /// The first category of a post; as Pelican does it, the folder of the file where it names none.
    fn category(&self) -> String {
        let named = terms::categories(self.fields, self.path).into_iter().next();
        let is_pelican = self.slugify == Slugify::Pelican;
        let folder = || self.path.permalink_folders().last().filter(|_| is_pelican).map(str::to_owned);
        let name = named.or_else(folder);
        let none = if is_pelican { "misc" } else { "uncategorized" };
        slugify(&name.unwrap_or_else(|| none.to_owned()), self.slugify, false)
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

fn push_segments(names: impl Iterator<Item = impl AsRef<str>>, path: &mut String) {
    for (n, name) in names.enumerate() {
        if n > 0 {
            path.push('/');
        }
        path.extend(utf8_percent_encode(&composed(name.as_ref()), IN_SEGMENT));
    }
}

/// `.` and `..` would climb out of the site.
pub(crate) fn without_dots(path: &str) -> String {
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
