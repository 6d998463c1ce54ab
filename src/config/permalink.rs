//! `posts.permalink`: the pattern that the addresses of posts follow.

/// One piece of a permalink pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermalinkPart {
    /// As it stands.
    Text(String),
    /// `:year`, four digits.
    Year,
    /// `:month`, two digits.
    Month,
    /// `:day`, two digits.
    Day,
    /// `:i_month`, without a zero before it.
    MonthNumber,
    /// `:i_day`, without a zero before it.
    DayNumber,
    /// `:y_day`, the day of the year, three digits.
    DayOfYear,
    /// `:slug`.
    Slug,
    /// `:title`, the slug; with `posts.slugify = "hugo"` the title, spelled like one.
    Title,
    /// `:filename`, the name of the file with the date that it may begin with (Hugo also says `:contentbasename`), in lower
    /// case, with `-` for blanks and without other signs. With it `:dir` is spelled like that too.
    Filename,
    /// `:lang`, the language of a post in another one than the site's; else nothing.
    Language,
    /// `:slugorfilename`, the key `slug`, or else the name, spelled like `:filename` (Hugo also says `:slugorcontentbasename`).
    SlugOrFilename,
    /// `:slugified`, the slug in lower case with `-` for all but letters and digits, as Jekyll's `:slug`.
    Slugified,
    /// `:basename`, the name of the file as it stands, with its date.
    Basename,
    /// `:slugorbasename`, the key `slug`, or else the name with its date, spelled as `posts.slugify` says.
    SlugOrBasename,
    /// `:abbrlink`, the key of that name, which a plugin of Hexo writes; a post without it has its slug there.
    Abbrlink,
    /// `:category`, the first category of the post, or the folder of the file.
    Category,
    /// `:categories`, all categories of the post in lower case, one below the other.
    Categories,
    /// `:slugified_categories`, the same with `-` for all but letters and digits.
    SlugifiedCategories,
    /// `:dir`, the folder of the file below `posts.dir`, without slashes at its ends.
    Dir,
}

/// The generator whose ways with addresses hold (`posts.slugify`): how the slug of a post and the folders above it are spelled,
/// and how an address ends that a post names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Slugify {
    /// As they stand.
    #[default]
    Off,
    /// As Hugo does it: in lower case, without most signs.
    Hugo,
    /// As Jekyll's `:title`: what is no letter, digit or sign of an address becomes a hyphen. Folders stay. The day is that of
    /// the site's time zone.
    Jekyll,
    /// As Zola's `slugify.paths = "on"`: Latin letters and digits. Folders stay.
    Zola,
    /// As Zola's `slugify.paths = "safe"`, and `"off"` nearly: without signs that some file systems refuse. Folders stay.
    ZolaSafe,
    /// As Eleventy does it: names stay, titles are spelled as by its filter `slugify`. A key `slug` means nothing to it.
    Eleventy,
    /// As Astro does it: in lower case, without signs.
    Astro,
    /// As Hexo does it: names stay, categories get hyphens for signs. A key `slug` means nothing to it.
    Hexo,
    /// As Pelican does it: Latin letters, digits and `_`. Folders, and slugs that posts name, stay.
    Pelican,
    /// As Quartz does it: hyphens for blanks.
    Quartz,
    /// As Cobalt does it: Latin letters and digits. Folders stay.
    Cobalt,
    /// As Docusaurus does it: names stay, and the day in the path of a file becomes the folders that an address begins with.
    Docusaurus,
}

/// What the slug of a post is that names none (`posts.slug_from`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SlugFrom {
    /// The name of its file, without its date.
    #[default]
    Name,
    /// Its title.
    Title,
    /// The name of its file without its date, as it stands.
    File,
}

/// A checked permalink pattern such as `/:year/:month/:day/:slug/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permalink(Vec<PermalinkPart>);

impl Permalink {
    /// The pieces, in order.
    pub fn parts(&self) -> &[PermalinkPart] {
        &self.0
    }

    /// Reads the pattern of all posts.
    ///
    /// # Errors
    /// What is wrong with it, as a message.
    pub(super) fn parse(pattern: &str) -> Result<Self, String> {
        if !pattern.starts_with('/') {
            return Err(format!("`posts.permalink` does not start with `/`: `{pattern}`"));
        }
        let parts =
            parts(pattern).map_err(|word| format!("`posts.permalink` has an unknown placeholder: `:{word}`"))?;
        let tells_apart = |part: &PermalinkPart| {
            use PermalinkPart::{Abbrlink, Basename, Filename, Slug, SlugOrBasename, SlugOrFilename, Slugified, Title};
            matches!(part, Slug | Title | Slugified | Filename | SlugOrFilename | Basename | SlugOrBasename | Abbrlink)
        };
        // With the whole day in it, one post a day has an address of its own.
        let has = |part: &PermalinkPart| parts.contains(part);
        let is_daily = has(&PermalinkPart::Year) && has(&PermalinkPart::Month) && has(&PermalinkPart::Day);
        if !is_daily && !parts.iter().any(tells_apart) {
            return Err(format!("`posts.permalink` has no `:slug`, so posts would share one address: `{pattern}`"));
        }
        Ok(Self(parts))
    }

    /// Reads the pattern that one post has for itself.
    ///
    /// ```
    /// use tidings::config::Permalink;
    /// assert!(Permalink::of_post("/:year/a-walk/").is_ok());
    /// assert_eq!(Permalink::of_post("/:century/a-walk/"), Err("century"));
    /// ```
    ///
    /// # Errors
    /// The first word behind a colon that is no placeholder.
    pub fn of_post(pattern: &str) -> Result<Self, &str> {
        parts(pattern).map(Self)
    }
}

/// The pieces of a pattern, or the first word behind a colon that is no placeholder.
fn parts(pattern: &str) -> Result<Vec<PermalinkPart>, &str> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some(colon) = rest.find(':') {
        if colon > 0 {
            parts.push(PermalinkPart::Text(rest[..colon].to_owned()));
        }
        let word = &rest[colon + 1..];
        let end = word.find(|c: char| !c.is_ascii_alphabetic() && c != '_').unwrap_or(word.len());
        parts.push(match &word[..end] {
            "year" => PermalinkPart::Year,
            "month" => PermalinkPart::Month,
            "day" => PermalinkPart::Day,
            "i_month" => PermalinkPart::MonthNumber,
            "i_day" => PermalinkPart::DayNumber,
            "y_day" => PermalinkPart::DayOfYear,
            "slug" => PermalinkPart::Slug,
            "title" => PermalinkPart::Title,
            "lang" | "language" => PermalinkPart::Language,
            "filename" | "contentbasename" => PermalinkPart::Filename,
            "slugorfilename" | "slugorcontentbasename" => PermalinkPart::SlugOrFilename,
            "slugified" => PermalinkPart::Slugified,
            "basename" => PermalinkPart::Basename,
            "slugorbasename" => PermalinkPart::SlugOrBasename,
            "abbrlink" => PermalinkPart::Abbrlink,
            "category" => PermalinkPart::Category,
            "categories" => PermalinkPart::Categories,
            "slugified_categories" => PermalinkPart::SlugifiedCategories,
            "dir" => PermalinkPart::Dir,
            other => return Err(other),
        });
        rest = &word[end..];
    }
    if !rest.is_empty() {
        parts.push(PermalinkPart::Text(rest.to_owned()));
    }
    Ok(parts)
}

impl Default for Permalink {
    fn default() -> Self {
        Self(parts("/:year/:month/:day/:slug/").expect("known words"))
    }
}
