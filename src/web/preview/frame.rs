//! The HTML of mail and of feed entries as a frame of the page shows it. What is changed for that is said on the page; the
//! source view has the true bytes.

use crate::content;

/// Which colour scheme a frame shows, whatever the browser prefers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scheme {
    /// Dark text on light.
    #[default]
    Light,
    /// Light text on dark.
    Dark,
}

impl Scheme {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The feature by which style sheets ask for the scheme.
const FEATURE: &str = "prefers-color-scheme";

/// The document of a message, with links that open in a new tab, and in the given scheme: no page can set what a browser
/// prefers, so the question in its style sheets is replaced by its answer.
pub(super) fn framed(html: &str, scheme: Scheme) -> String {
    let word = scheme.word();
    let head = format!("<base target=\"_blank\"><style>:root{{color-scheme:{word}!important}}</style>");
    let html = answered(html, scheme);
    // After whatever the message says itself; without a head the browser makes one.
    match html.find("</head>") {
        Some(at) => format!("{}{head}{}", &html[..at], &html[at..]),
        None => format!("{head}{html}"),
    }
}

/// Replaces each `(prefers-color-scheme: …)` by a feature that is always or never true.
fn answered(html: &str, scheme: Scheme) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = find(rest, FEATURE) {
        let after = &rest[at + FEATURE.len()..];
        let value = after.find(')').map(|end| (&after[..end], end));
        let question = value.and_then(|(value, end)| Some((value.trim().strip_prefix(':')?.trim(), end)));
        let opening = rest[..at].trim_end();
        match (question, opening.strip_suffix('(')) {
            (Some((wanted, end)), Some(before)) => {
                out.push_str(before);
                out.push_str(if wanted.eq_ignore_ascii_case(scheme.word()) { "(min-width:0)" } else { "(width:-1px)" });
                rest = &after[end + 1..];
            }
            _ => {
                out.push_str(&rest[..at + FEATURE.len()]);
                rest = after;
            }
        }
    }
    out + rest
}

/// Like `str::find`, without regard to the case of ASCII letters.
fn find(text: &str, word: &str) -> Option<usize> {
    text.as_bytes().windows(word.len()).position(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// The words of a message as the list of an inbox shows them beside the subject: the beginning of its text, hidden or not,
/// as HTML without any element.
pub(super) fn first_words(html: &str) -> String {
    let text = content::write::escaped(&content::words(html, &["head", "title", "style", "script"]), false);
    // The padding that keeps the body out of the inbox: neither words nor blanks.
    let text = text.replace(['\u{200B}', '\u{200C}', '\u{34F}', '\u{AD}', '\u{A0}'], " ");
    let mut words = String::new();
    for word in text.split_whitespace() {
        if words.len() + word.len() > 240 {
            break;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_for_a_scheme_is_answered() {
        let css = "@media (prefers-color-scheme:dark){a{}} @media screen and ( Prefers-Color-Scheme : LIGHT ){b{}}";
        let dark = "@media (min-width:0){a{}} @media screen and (width:-1px){b{}}";
        let light = "@media (width:-1px){a{}} @media screen and (min-width:0){b{}}";
        assert_eq!((answered(css, Scheme::Dark).as_str(), answered(css, Scheme::Light).as_str()), (dark, light));
    }

    #[test]
    fn a_text_about_schemes_stays_as_it_is() {
        for text in ["prefers-color-scheme", "the prefers-color-scheme) feature", "(prefers-color-scheme", "ä prefers"]
        {
            assert_eq!(answered(text, Scheme::Dark), text);
        }
    }

    #[test]
    fn what_is_added_stands_in_the_head() {
        let html = framed("<html><head><title>x</title></head><body>y", Scheme::Dark);
        let head = "<base target=\"_blank\"><style>:root{color-scheme:dark!important}</style></head><body>y";
        assert_eq!(html, format!("<html><head><title>x</title>{head}"));
    }

    #[test]
    fn an_inbox_shows_the_first_words_and_no_markup() {
        let html = "<html><head><title>T</title><style>p{}</style></head><body><div style='display:none'>Pre &lt;b&gt; \
                    &amp; so&nbsp;&zwnj;&nbsp;&zwnj;</div><p>Body <img src=x onerror=alert(1)></p>";
        assert_eq!(first_words(html), "Pre &lt;b&gt; &amp; so Body");
    }
}
