//! The templates for people: those of mail, each overridable by a file of the site, and those of the program's own pages.

mod css;
mod fault;
mod limits;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Rest, Serde};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior, Value};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::diagnostic::{Diagnostic, Location};
use fault::TemplateError;

pub use css::{Compound, HeadRule, InlineRule, Stylesheet, VARIABLES};
pub use limits::is_running_away;

/// The style sheet of issues: the site's is read behind the built-in one.
const STYLESHEET: &str = "email/style.css";
const BUILT_IN_STYLESHEET: &str = include_str!("../../templates/email/style.css");

/// The embedded templates by name: the path below `templates/`.
const DEFAULTS: [(&str, &str); 10] = [
    ("email/issue.html", include_str!("../../templates/email/issue.html")),
    ("email/style.html", include_str!("../../templates/email/style.html")),
    ("email/entry.html", include_str!("../../templates/email/entry.html")),
    ("email/footer.html", include_str!("../../templates/email/footer.html")),
    ("email/issue.txt", include_str!("../../templates/email/issue.txt")),
    ("email/entry.txt", include_str!("../../templates/email/entry.txt")),
    ("email/footer.txt", include_str!("../../templates/email/footer.txt")),
    ("email/welcome.txt", include_str!("../../templates/email/welcome.txt")),
    ("web/archive.html", include_str!("../../templates/web/archive.html")),
    ("web/archive-issue.html", include_str!("../../templates/web/archive-issue.html")),
];

/// The templates of the preview. They are the program's and not the site's: a mistake in them would hide the mistakes that
/// the page is there to show.
const PREVIEW: [(&str, &str); 10] = [
    ("web/preview.html", include_str!("../../templates/web/preview.html")),
    ("web/preview-delivery.html", include_str!("../../templates/web/preview-delivery.html")),
    ("web/preview-entry.html", include_str!("../../templates/web/preview-entry.html")),
    ("web/preview-feeds.html", include_str!("../../templates/web/preview-feeds.html")),
    ("web/preview-findings.html", include_str!("../../templates/web/preview-findings.html")),
    ("web/preview-issues.html", include_str!("../../templates/web/preview-issues.html")),
    ("web/preview-readers.html", include_str!("../../templates/web/preview-readers.html")),
    ("web/preview-issue.html", include_str!("../../templates/web/preview-issue.html")),
    ("web/preview-plan.html", include_str!("../../templates/web/preview-plan.html")),
    ("web/preview-words.html", include_str!("../../templates/web/preview-words.html")),
];

/// The templates of the pages that `serve` shows to readers, and of the form that leads there; the program's too.
const SERVE: [(&str, &str); 6] = [
    ("web/serve.html", include_str!("../../templates/web/serve.html")),
    ("web/serve-answer.html", include_str!("../../templates/web/serve-answer.html")),
    ("web/serve-subscribe.html", include_str!("../../templates/web/serve-subscribe.html")),
    ("web/serve-lists.html", include_str!("../../templates/web/serve-lists.html")),
    ("web/serve-preferences.html", include_str!("../../templates/web/serve-preferences.html")),
    ("web/form.html", include_str!("../../templates/web/form.html")),
];

/// What begins and ends the place for a reader's name in a filled template; between them stands what readers without a name
/// are called. Unicode sets these characters aside for a program's own use; no text holds them.
pub const NAME_START: char = '\u{FDD0}';
/// See [`NAME_START`].
pub const NAME_END: char = '\u{FDD1}';

/// All templates of a site, compiled.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    texts: BTreeMap<String, String>,
    stylesheet: Stylesheet,
    /// Whether the templates are the site's, which may come from a stranger, and so are limited.
    is_limited: bool,
}

impl Templates {
    /// The names of all templates, each of which a site may override, and of the style sheet, which it may add to.
    pub fn names() -> impl Iterator<Item = &'static str> {
        DEFAULTS.iter().map(|(name, _)| *name).chain([STYLESHEET])
    }

    /// The style sheet of issues.
    pub fn stylesheet(&self) -> &Stylesheet {
        &self.stylesheet
    }

    /// Compiles the defaults with the site's own templates (name below `templates/` → text) in their place.
    ///
    /// # Errors
    /// Every template that does not compile, with its line; the first fault of the style sheet.
    pub fn new(own: &BTreeMap<String, String>) -> Result<Self, Vec<Diagnostic>> {
        let mut texts: BTreeMap<String, String> =
            DEFAULTS.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        texts.extend(own.iter().map(|(name, text)| (name.clone(), text.clone())));
        // A copy of the built-in one says nothing more.
        let rules = texts.remove(STYLESHEET).filter(|rules| rules != BUILT_IN_STYLESHEET).unwrap_or_default();
        let mut stylesheet = Stylesheet::default();
        let read = stylesheet.read(BUILT_IN_STYLESHEET).and_then(|()| stylesheet.read(&rules));
        let mut problems: Vec<_> = read.map_err(|wrong| in_stylesheet(&rules, wrong)).err().into_iter().collect();
        // The program's own need no limit, however much they are given.
        let is_limited = own.keys().any(|name| name != STYLESHEET);
        match Self::compile(texts, is_limited) {
            Ok(templates) if problems.is_empty() => return Ok(Self { stylesheet, ..templates }),
            Ok(_) => {}
            Err(others) => problems.extend(others),
        }
        Err(problems)
    }

    /// Compiles the templates of the program's own pages.
    ///
    /// # Errors
    /// Every template that does not compile, with its line.
    pub fn of_the_preview() -> Result<Self, Vec<Diagnostic>> {
        Self::compile(PREVIEW.map(|(name, text)| (name.to_owned(), text.to_owned())).into(), false)
    }

    /// Compiles the templates of the pages for readers.
    ///
    /// # Errors
    /// Every template that does not compile, with its line.
    pub fn of_serve() -> Result<Self, Vec<Diagnostic>> {
        Self::compile(SERVE.map(|(name, text)| (name.to_owned(), text.to_owned())).into(), false)
    }

    /// Compiles a template that is a setting of the site, such as `feeds.footer`, under a name of its own. It may come from a
    /// stranger, and so is limited.
    ///
    /// # Errors
    /// What is wrong with it, with the line in it.
    pub fn of_setting(name: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::compile(BTreeMap::from([(name.to_owned(), text.to_owned())]), true)
    }

    fn compile(texts: BTreeMap<String, String>, is_limited: bool) -> Result<Self, Vec<Diagnostic>> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| if is_html(name) { AutoEscape::Html } else { AutoEscape::None });
        environment.set_formatter(format);
        environment.add_filter("default", default);
        environment.add_filter("urlencode", |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string());
        environment.set_syntax(whitespace());
        environment.set_recursion_limit(limits::DEPTH);
        let (environment, faults) = limits::compile(environment, &texts);
        let problems: Vec<_> = faults.into_iter().map(|(name, fault)| fault.diagnose(&name, &texts[&name])).collect();
        let stylesheet = Stylesheet::default();
        if problems.is_empty() { Ok(Self { environment, texts, stylesheet, is_limited }) } else { Err(problems) }
    }

    /// Fills a template. In `.html` templates every value is escaped unless the template says `| safe`.
    ///
    /// # Errors
    /// A name that the template uses and `values` does not have, more work or text than a template may make, or any other
    /// fault, with the template's line.
    pub fn render<V: Serialize>(&self, name: &str, values: &V) -> Result<String, Diagnostic> {
        let filled = if self.is_limited {
            limits::render(&self.environment, name, values)
        } else {
            let template = self.environment.get_template(name);
            template.and_then(|template| template.render(Serde(values))).map_err(|error| TemplateError::from(&error))
        };
        filled.map_err(|fault| {
            let culprit = fault.name.as_deref().unwrap_or(name);
            fault.diagnose(culprit, self.texts.get(culprit).map_or("", String::as_str))
        })
    }
}

/// A fault of the site's style sheet.
fn in_stylesheet(text: &str, (at, message): css::Wrong) -> Diagnostic {
    let length = text.get(at..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    let place = Location::in_text(&format!("templates/{STYLESHEET}"), text, at, length);
    Diagnostic::error("template/style", message).at(place).help("mend the rule, or remove it")
}

/// The engine's own `default`, which also says what readers without a name are called.
fn default(state: &State<'_, '_>, value: &Value, others: Rest<Value>) -> Result<Value, minijinja::Error> {
    match (value.as_str(), others.first()) {
        (Some(text), Some(other)) if text.starts_with(NAME_START) => {
            Ok(format!("{NAME_START}{other}{NAME_END}").into())
        }
        _ => minijinja::filters::default(state, value, others),
    }
}

fn is_html(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("html"))
}

/// Escapes what HTML needs escaped and leaves `/` alone: the engine's own `https:&#x2f;&#x2f;` is correct, but mail
/// filters look for addresses in the source, and people read it.
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    let list = value.as_object().map(limits::list).transpose()?.map(Value::from);
    let value = list.as_ref().unwrap_or(value);
    let Some(text) = value.as_str().filter(|_| *state.auto_escape() == AutoEscape::Html && !value.is_safe()) else {
        return minijinja::escape_formatter(out, state, value);
    };
    let written = text.chars().try_for_each(|c| match c {
        '&' => out.write_str("&amp;"),
        '<' => out.write_str("&lt;"),
        '>' => out.write_str("&gt;"),
        '"' => out.write_str("&quot;"),
        '\'' => out.write_str("&#39;"),
        c => out.write_char(c),
    });
    written.map_err(minijinja::Error::from)
}

/// A block on a line of its own leaves no empty line behind.
fn whitespace() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    syntax.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_of_the_site_replaces_the_default_and_an_unknown_name_is_an_error() {
        let own = BTreeMap::from([("email/issue.txt".to_owned(), "one\n{{ nothing }}\n".to_owned())]);
        let templates = Templates::new(&own).unwrap();
        let problem = templates.render("email/issue.txt", &serde_json::json!({})).unwrap_err();
        let place = problem.location.unwrap();
        assert_eq!((place.path.as_str(), place.line), ("templates/email/issue.txt", 2));
    }

    #[test]
    fn a_fault_in_an_included_template_is_reported_there() {
        let own = BTreeMap::from([
            ("email/issue.txt".to_owned(), "one\n{% include \"email/own.txt\" %}\n".to_owned()),
            ("email/own.txt".to_owned(), "a\nb\n{{ sujbect }}\n".to_owned()),
        ]);
        let problem = Templates::new(&own).unwrap().render("email/issue.txt", &serde_json::json!({})).unwrap_err();
        let place = problem.location.unwrap();
        assert_eq!((place.path.as_str(), place.line, &*place.excerpt), ("templates/email/own.txt", 3, "{{ sujbect }}"));
    }

    #[test]
    fn a_fault_of_the_style_sheet_has_a_place_and_hides_no_other() {
        let own = BTreeMap::from([
            ("email/issue.txt".to_owned(), "{% broken".to_owned()),
            ("email/style.css".to_owned(), "p { top: 0 }\nh2 { background: url(x.png) }\n".to_owned()),
        ]);
        let problems = Templates::new(&own).unwrap_err();
        let places: Vec<_> = problems.iter().filter_map(|problem| problem.location.as_ref()).collect();
        assert_eq!(places.len(), 2, "{problems:?}");
        assert_eq!((places[0].path.as_str(), places[0].line, places[0].column), ("templates/email/style.css", 2, 6));
    }

    #[test]
    fn a_copy_of_the_built_in_style_sheet_changes_nothing() {
        let own = BTreeMap::from([(STYLESHEET.to_owned(), BUILT_IN_STYLESHEET.to_owned())]);
        let rules = |own| Templates::new(own).unwrap().stylesheet().head.len();
        assert_eq!(rules(&own), rules(&BTreeMap::new()));
    }

    #[test]
    fn html_templates_escape_what_they_are_given() {
        let own = BTreeMap::from([("email/issue.html".to_owned(), "{{ title }}".to_owned())]);
        let templates = Templates::new(&own).unwrap();
        let html = templates.render("email/issue.html", &serde_json::json!({ "title": "<b>&\"'" })).unwrap();
        assert_eq!(html, "&lt;b&gt;&amp;&quot;&#39;");
        let html = templates.render("email/issue.html", &serde_json::json!({ "title": "https://a.b/" })).unwrap();
        assert_eq!(html, "https://a.b/");
    }
}
