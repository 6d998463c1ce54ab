//! `[site]`

use jiff::tz::TimeZone;
use url::Url;

use super::placeholder;
use super::reader::{Reader, Section};
use crate::diagnostic::Location;
use crate::model::Person;

/// `[site]`
#[derive(Debug, Clone)]
pub struct Site {
    /// The publication's name.
    pub title: String,
    /// Where the site is served; always ends in `/`.
    pub url: Url,
    /// Where it was served when its ids were made, after a move: they go on beginning with this. Ends in `/`.
    pub id_base: Option<Url>,
    /// One sentence about it.
    pub description: Option<String>,
    /// Language tag (BCP 47).
    pub language: String,
    /// Where that stands, if it does.
    pub language_place: Option<Location>,
    /// Dates without a zone are in this one, and its midnight divides the days of `publish`.
    pub timezone: TimeZone,
    /// Who writes, unless a post says otherwise.
    pub author: Option<Person>,
}

impl Site {
    /// What ids of feeds and entries begin with that are made from addresses.
    pub fn id_base(&self) -> &Url {
        self.id_base.as_ref().unwrap_or(&self.url)
    }
}

pub(super) fn site<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Option<Site> {
    let mut section = root.section(reader, "site", "site");
    let title = section.required(reader, "title", placeholder::TITLE);
    if let Some((title, place)) = &title {
        placeholder::look_at_title(reader, title, place.clone());
    }
    let url = section.required(reader, "url", "https://example.org").and_then(|(text, place)| {
        let url = web_url(reader, "site.url", &text, place.clone())?;
        placeholder::look_at_url(reader, &url, place);
        Some(url)
    });
    let id_base =
        section.string(reader, "id_base").and_then(|(text, place)| web_url(reader, "site.id_base", &text, place));
    let description = section.string(reader, "description").map(|(text, _)| text);
    let language = section.string(reader, "language");
    let timezone = section.string(reader, "timezone");
    let author = author(&mut section, reader);
    section.finish(reader);
    let language_place = language.as_ref().map(|(_, place)| place.clone());
    let language = language.map_or_else(
        || "en".to_owned(),
        |(tag, place)| {
            let valid = tag
                .split('-')
                .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
            if !valid {
                let message = format!("`site.language` is not a language tag: `{tag}`");
                reader.refuse(message, place, "write a tag such as `en`, `de` or `pt-BR`");
            }
            tag
        },
    );
    let timezone = timezone.map_or(TimeZone::UTC, |(name, place)| {
        TimeZone::get(&name).unwrap_or_else(|_| {
            let message = format!("`site.timezone` is not a known time zone: `{name}`");
            reader.refuse(message, place, "write an IANA name such as `Europe/Berlin` or `UTC`");
            TimeZone::UTC
        })
    });
    Some(Site { title: title?.0, url: url?, id_base, description, language, language_place, timezone, author })
}

/// `author = "Name"` or `author = { name, email, url }`.
fn author<'t>(site: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Option<Person> {
    if let Some(name) = site.get("author").and_then(|value| value.get_ref().as_str()) {
        return Some(Person { name: name.to_owned(), ..Person::default() });
    }
    let mut section = site.section(reader, "author", "site.author");
    let name = section.string(reader, "name").map(|(text, _)| text);
    let email = section.string(reader, "email");
    let url = section.string(reader, "url").map(|(text, _)| text);
    section.finish(reader);
    let email = email.and_then(|(text, place)| match text.parse::<crate::model::EmailAddress>() {
        Ok(address) => Some(address.as_str().to_owned()),
        Err(error) => {
            reader.error("config/address", error.to_string(), place, "write for example `email = \"ada@example.org\"`");
            None
        }
    });
    name.map(|name| Person { name, email, url })
}

/// In bytes; every link begins with it.
const LONGEST_URL: usize = 1000;

/// An absolute http or https URL that ends in `/`, so that other addresses can be joined to it.
pub(super) fn web_url(reader: &mut Reader<'_>, key: &str, text: &str, place: Location) -> Option<Url> {
    match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            let message = format!("`{key}` holds a user or a password, which every reader of a feed would see");
            reader.refuse(message, place, "take it out");
            None
        }
        Ok(mut url)
            if matches!(url.scheme(), "http" | "https")
                && url.query().is_none()
                && url.fragment().is_none()
                && text.len() <= LONGEST_URL =>
        {
            if !url.path().ends_with('/') {
                url.set_path(&format!("{}/", url.path()));
            }
            Some(url)
        }
        _ => {
            let shown: String = text.chars().take(100).collect();
            reader.refuse(
                format!("`{key}` is not a web address: `{shown}`"),
                place,
                "write for example `https://example.org`",
            );
            None
        }
    }
}
