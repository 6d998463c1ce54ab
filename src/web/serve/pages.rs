//! The pages as HTML.

use std::collections::BTreeMap;

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::wording;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::email::Wording;
use crate::feed;
use crate::model::{Choice, Lists, gets};
use crate::templates::Templates;

/// What the pages are made with.
pub(super) struct Pages {
    templates: Templates,
    words: BTreeMap<String, String>,
    publication: String,
    site_url: String,
    description: Option<String>,
    base: String,
    feeds: Vec<String>,
    /// What the archive is called, when there is one.
    archive: Option<String>,
    lists: Vec<(String, String)>,
}

/// What people have typed on the page where they subscribe.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) choice: Option<Choice>,
    /// Whether the address is none.
    pub(super) is_wrong: bool,
}

/// A form that is nothing but a button.
#[derive(Debug, Default, Serialize)]
pub(super) struct Button {
    /// The key of what stands on it.
    pub(super) word: &'static str,
    /// Where it leads; to the address of the page when it is empty.
    pub(super) action: String,
    /// What is sent with it.
    pub(super) fields: Vec<(&'static str, String)>,
    /// Whether it is not what most come for.
    pub(super) is_quiet: bool,
}

impl Pages {
    pub(super) fn new(config: &Config) -> Result<Self, Diagnostic> {
        let unknown = || Diagnostic::error("unexpected", "the templates of the pages do not compile");
        let templates =
            Templates::of_serve().map_err(|problems| problems.into_iter().next().unwrap_or_else(unknown))?;
        let publication = config.site.title.clone();
        Ok(Self {
            words: wording::words(&config.site.language, &publication),
            templates,
            publication,
            site_url: config.site.url.to_string(),
            description: config.site.description.clone(),
            base: config.web.url.as_ref().map_or("/", |url| url.path()).to_owned(),
            feeds: feed::written_names(config),
            lists: config.newsletter.lists.clone(),
            archive: config
                .newsletter
                .archive
                .then(|| Wording::of(&config.site.language, &config.newsletter.words).word("archive").to_owned()),
        })
    }

    /// The path below which everything is; ends in `/`.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// What is said for a key.
    pub(super) fn word(&self, key: &str) -> &str {
        self.words.get(key).map_or("", String::as_str)
    }

    /// A page of one heading and some sentences, by their keys.
    pub(super) fn sentence(&self, status: StatusCode, title: &str, said: &[&str]) -> Response {
        self.answer(status, title, said, None, None)
    }

    /// The same with a button, and a link to an address.
    pub(super) fn answer(
        &self,
        status: StatusCode,
        title: &str,
        said: &[&str],
        button: Option<Button>,
        link: Option<(&str, String)>,
    ) -> Response {
        let said: Vec<_> = said.iter().map(|key| self.word(key)).collect();
        let button = button.map(|button| {
            json!({
                "action": button.action,
                "fields": button.fields,
                "label": self.word(button.word),
                "is_quiet": button.is_quiet,
            })
        });
        let link = link.map(|(key, address)| json!({ "label": self.word(key), "address": address }));
        let values = json!({ "said": said, "button": button, "lists": null, "link": link });
        self.page(status, "web/serve-answer.html", title, values)
    }

    /// The page with the button for leaving, and the lists to choose from for who would rather leave some.
    pub(super) fn leave(&self, lists: &Value) -> Response {
        let button = json!({ "action": "", "fields": [], "label": self.word("leave"), "is_quiet": false });
        let values = json!({ "said": [self.word("leave_lead")], "button": button, "lists": lists, "link": null });
        self.page(StatusCode::OK, "web/serve-answer.html", "leave_title", values)
    }

    /// The page on which people subscribe, given out at `time`, with what they have typed.
    pub(super) fn subscribe(&self, status: StatusCode, time: &str, typed: &Typed) -> Response {
        let values = json!({
            "description": self.description,
            "feeds": self.feeds,
            "archive": self.archive,
            "time": time,
            "email": typed.email,
            "name": typed.name,
            "lists": self.choices(typed.choice.as_ref().and_then(Choice::lists)),
            "is_wrong": typed.is_wrong,
        });
        self.page(status, "web/serve-subscribe.html", "subscribe_title", values)
    }

    /// The lists to choose from, for who is on `lists`; `None` is everything.
    pub(super) fn choices(&self, lists: Option<&Lists>) -> Value {
        let choice = |(name, title): &(String, String)| json!({ "name": name, "title": title, "is_chosen": gets(lists, std::slice::from_ref(name)) });
        self.lists.iter().map(choice).collect()
    }

    /// The lists of the site: the name and title of each.
    pub(super) fn lists(&self) -> &[(String, String)] {
        &self.lists
    }

    /// What those who subscribe have read.
    pub(super) fn consent(&self) -> String {
        format!("{}\n{}", self.word("subscribe_title"), self.word("consent"))
    }

    /// The page of a template.
    pub(super) fn page(&self, status: StatusCode, template: &str, title: &str, mut values: Value) -> Response {
        if let Some(values) = values.as_object_mut() {
            let shared = json!({
                "words": self.words,
                "title": self.word(title),
                "publication": self.publication,
                "site_url": self.site_url,
                "base": self.base,
            });
            values.extend(shared.as_object().cloned().unwrap_or_default());
        }
        match self.templates.render(template, &values) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, problem.to_string()).into_response(),
        }
    }
}

/// The style sheet of all pages.
pub(super) async fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, include_str!("../../../templates/web/serve.css")).into_response()
}
