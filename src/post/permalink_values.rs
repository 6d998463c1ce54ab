//! What the placeholders of permalink patterns stand for, each as the generator means it that it comes from.

use std::borrow::Cow;

use jiff::civil::Date;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use unicode_normalization::char::is_combining_mark;
use url::Url;

use crate::config::{Permalink, PermalinkPart, SlugFrom, Slugify};

use super::front_matter::Fields;
use super::slugify::{day_first, file_name, slugify};
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
    /// The key `slug`.
    pub(crate) own: Option<&'n str>,
    pub(crate) title: &'n str,
    pub(crate) fields: &'n Fields,
    pub(crate) path: &'n SourcePath,
    pub(crate) day: Option<Date>,
    /// Its language, when that is not the site's.
    pub(crate) language: Option<&'n str>,
    /// How names are spelled.
    pub(crate) slugify: Slugify,
    pub(crate) slug_from: SlugFrom,
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
            PermalinkPart::Title if self.slugify == Slugify::Hugo => {
                push_segments([slugify(&self.title.replace('/', "-"), Slugify::Hugo, false)].iter(), made);
            }
            PermalinkPart::Slug | PermalinkPart::Title => push_segments(self.slug.split('/'), made),
            PermalinkPart::Slugified => push_segments([slugified(self.slug)].iter(), made),
            PermalinkPart::SlugOrFilename | PermalinkPart::Filename => {
                match self.own.filter(|_| *part == PermalinkPart::SlugOrFilename) {
                    Some(own) => push_segments(own.split('/').map(file_name), made),
                    None => push_segments([file_name(&self.path.name)].iter(), made),
                }
            }
            PermalinkPart::Language => {
                let small = |tag: &str| if self.slugify == Slugify::Hugo { tag.to_lowercase() } else { tag.to_owned() };
                push_segments(self.language.map(small).iter(), made);
            }
            PermalinkPart::Categories => self.push_categories(made, str::to_lowercase),
            PermalinkPart::SlugifiedCategories => self.push_categories(made, slugified),
            PermalinkPart::SlugOrBasename | PermalinkPart::Basename => {
                match self.own.filter(|_| *part == PermalinkPart::SlugOrBasename) {
                    Some(own) => push_segments(own.split('/'), made),
                    None if self.slugify == Slugify::Docusaurus => {
                        // To it, `.fr` is a part of the name.
                        let language = self.path.language.as_ref().map_or(String::new(), |it| format!(".{it}"));
                        let name = format!("{}{language}", self.path.name);
                        let path = self.path.permalink_folders().chain([&*name]).collect::<Vec<_>>().join("/");
                        push_segments(day_first(&path).trim_end_matches('/').split('/'), made);
                    }
                    None => push_segments(self.basename().iter(), made),
                }
            }
            PermalinkPart::Abbrlink => {
                let key = self.fields.get(&["abbrlink"]).and_then(|field| field.value.text());
                push_segments([key.unwrap_or(self.slug)].iter(), made);
            }
            PermalinkPart::Category => push_segments(self.category().split('/'), made),
            PermalinkPart::Dir if by_filename => push_segments(self.path.permalink_folders().map(file_name), made),
            PermalinkPart::Dir if matches!(self.slugify, Slugify::Hugo | Slugify::Astro | Slugify::Quartz) => {
                push_segments(self.path.permalink_folders().map(|name| slugify(name, self.slugify, false)), made);
            }
            PermalinkPart::Dir => push_segments(self.path.permalink_folders(), made),
        }
    }

    /// The name with its day. Eleventy takes a file that is called like its folder for the page of the folder.
    fn basename(&self) -> Option<String> {
        let name = &self.path.name;
        match self.slugify {
            Slugify::Eleventy if self.path.folders.last() == Some(name) => None,
            Slugify::Eleventy | Slugify::Hexo => Some(name.clone()),
            _ if self.slug_from == SlugFrom::File => Some(name.clone()),
            how => Some(slugify(name, how, false)),
        }
    }

    /// The first category of a post; as Pelican does it, the folder of the file where it names none; as Hexo does it, all of them,
    /// each below the one before.
    fn category(&self) -> String {
        let named = terms::categories(self.fields, self.path);
        let spelled = |name: &String| slugify(name, self.slugify, false);
        match self.slugify {
            Slugify::Hexo if !named.is_empty() => named.iter().map(spelled).collect::<Vec<_>>().join("/"),
            Slugify::Pelican => {
                let folder = || self.path.permalink_folders().last().map(str::to_owned);
                spelled(&named.into_iter().next().or_else(folder).unwrap_or_else(|| "misc".to_owned()))
            }
            _ => named.first().map_or("uncategorized".to_owned(), spelled),
        }
    }

    /// An address that the post names, as its generator completes it: Hugo and Zola end folders with `/`, and Hugo puts
    /// those of another language than the site's below it, unless they begin with `/`.
    pub(crate) fn as_written<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let is_file = |text: &str| match self.slugify {
            Slugify::Hugo => text
                .rsplit("://")
                .next()
                .unwrap_or_default()
                .split_once('/')
                .map_or(text, |(_, path)| path)
                .contains('.'),
            how => !matches!(how, Slugify::Zola | Slugify::ZolaSafe),
        };
        let end = if text.ends_with('/') || text.contains(['?', '#']) || is_file(text) { "" } else { "/" };
        match self.language.filter(|_| self.slugify == Slugify::Hugo && !text.starts_with('/') && !text.contains("://"))
        {
            Some(language) => format!("{}/{text}{end}", language.to_lowercase()).into(),
            None if end.is_empty() => text.into(),
            None => format!("{text}{end}").into(),
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
