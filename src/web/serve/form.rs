//! A form for a page of the owner's own, or what stands there for those who subscribe by mail.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::json;

use super::wording;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::email::name_of;
use crate::model::EmailAddress;
use crate::templates::Templates;

static LANGUAGES: LazyLock<BTreeMap<String, BTreeMap<String, String>>> =
    LazyLock::new(|| toml::from_str(include_str!("form.toml")).unwrap_or_default());

/// Where those who subscribe turn to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormTarget<'a> {
    /// The address to which the form is sent.
    Page(&'a str),
    /// The address to which they write.
    Mailbox(&'a EmailAddress, &'a str),
}

/// The HTML, in the language of the site. A form has a box for each list, when there are several.
///
/// # Errors
/// None, unless the template of the program is at fault.
pub fn form(target: &FormTarget<'_>, config: &Config) -> Result<String, Diagnostic> {
    let unknown = || Diagnostic::error("unexpected", "the template of the form does not compile");
    let templates = Templates::of_serve().map_err(|problems| problems.into_iter().next().unwrap_or_else(unknown))?;
    let mut words = wording::words(&config.site.language, &config.site.title);
    words.extend(
        LANGUAGES
            .get(name_of(&LANGUAGES, &config.site.language))
            .into_iter()
            .flatten()
            .map(|(key, text)| (key.clone(), text.clone())),
    );
    let lists: Vec<_> =
        config.newsletter.lists.iter().map(|(name, title)| json!({ "name": name, "title": title })).collect();
    let lists = if lists.len() > 1 { lists } else { Vec::new() };
    let (action, address, link) = match target {
        FormTarget::Page(action) => (Some(action), None, None),
        FormTarget::Mailbox(address, link) => (None, Some(address.as_str()), Some(link)),
    };
    let values = json!({ "words": words, "lists": lists, "action": action, "address": address, "link": link });
    templates.render("web/form.html", &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_the_same() {
        let english: Vec<_> = LANGUAGES["en"].keys().collect();
        assert!(LANGUAGES.values().all(|words| words.keys().collect::<Vec<_>>() == english));
        let pages: BTreeMap<String, toml::Table> = toml::from_str(include_str!("words.toml")).unwrap();
        assert_eq!(LANGUAGES.keys().collect::<Vec<_>>(), pages.keys().collect::<Vec<_>>());
    }
}
