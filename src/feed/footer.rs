//! `feeds.footer`: what stands below every entry in feeds, such as a link for a reply by mail. A template in the language of the
//! others; what it makes is read as people's HTML is.

use std::sync::Mutex;

use serde::Serialize;
use url::Url;

use crate::config::Config;
use crate::content::allowed::SCHEMES;
use crate::content::nodes::walk;
use crate::content::{read, write};
use crate::diagnostic::{Diagnostic, Location};
use crate::model::Entry;
use crate::templates::Templates;

const NAME: &str = "feeds.footer.html";

/// The footer of a site.
pub(super) struct Footer {
    templates: Templates,
    site: Named,
    place: Location,
    /// What went wrong first.
    fault: Mutex<Option<Diagnostic>>,
}

#[derive(Serialize, Clone)]
struct Named {
    title: String,
    url: String,
}

/// What a footer can name.
#[derive(Serialize)]
struct Values<'v> {
    title: &'v str,
    url: &'v str,
    id: &'v str,
    /// `2025-01-31`
    date: String,
    /// The names, with commas.
    author: String,
    language: &'v str,
    comments: &'v str,
    site: &'v Named,
}

impl Footer {
    /// The footer, when there is one.
    ///
    /// # Errors
    /// A template that cannot be compiled.
    pub(super) fn new(config: &Config) -> Result<Option<Self>, Vec<Diagnostic>> {
        let Some((text, place)) = &config.feeds.footer else { return Ok(None) };
        let located =
            |problems: Vec<Diagnostic>| problems.into_iter().map(|problem| at(place, &problem)).collect::<Vec<_>>();
        let templates = Templates::of_setting(NAME, text).map_err(located)?;
        let site = Named { title: config.site.title.clone(), url: config.site.url.to_string() };
        Ok(Some(Self { templates, site, place: place.clone(), fault: Mutex::new(None) }))
    }

    /// The HTML below an entry; nothing when the template fails, which [`Footer::fault`] tells.
    pub(super) fn of(&self, entry: &Entry) -> String {
        let authors: Vec<&str> = entry.authors.iter().map(|author| author.name.as_str()).collect();
        let values = Values {
            title: &entry.title,
            url: &entry.url,
            id: &entry.id,
            date: entry.published.date().to_string(),
            author: authors.join(", "),
            language: &entry.language,
            comments: entry.in_feeds.as_deref().and_then(|it| it.comments.as_deref()).unwrap_or_default(),
            site: &self.site,
        };
        let filled = match self.templates.render(NAME, &values) {
            Ok(filled) => filled,
            Err(problem) => {
                if let Ok(mut fault) = self.fault.lock() {
                    fault.get_or_insert_with(|| at(&self.place, &problem));
                }
                return String::new();
            }
        };
        let mut nodes = read(&filled).nodes;
        let base = Url::parse(&entry.url).ok();
        walk(&mut nodes, &mut |element| {
            // The same id would stand below each entry.
            element.remove("id");
            for key in ["href", "src", "cite"] {
                let Some(written) = element.remove(key) else { continue };
                let url = base.as_ref().and_then(|base| base.join(written.trim()).ok());
                if let Some(url) = url.filter(|url| SCHEMES.contains(&url.scheme())) {
                    element.set(key, url.into());
                }
            }
        });
        let mut html = String::new();
        write::write(&entry.directed(&nodes), &mut html);
        html.trim().to_owned()
    }

    /// Why it could not be made for an entry.
    pub(super) fn fault(&self) -> Option<Diagnostic> {
        self.fault.lock().ok()?.clone()
    }
}

/// The finding where the setting is.
fn at(place: &Location, problem: &Diagnostic) -> Diagnostic {
    let message = format!("`feeds.footer` is no template: {}", problem.message);
    let help =
        "it can name `title`, `url`, `id`, `date`, `author`, `language`, `comments`, `site.title` and `site.url`";
    Diagnostic::error("feed/footer", message).at(place.clone()).help(help)
}
