//! `[newsletter.words]`: what the newsletter says by itself, in the owner's words.

use std::collections::BTreeMap;

use super::reader::{Reader, Section};

/// Every word or phrase that can be set, and what may stand in it for something else.
pub const WORDS: [(&str, Option<&str>); 22] = [
    ("in_this_issue", None),
    ("issue", Some("{number}")),
    ("reading_time", Some("{minutes}")),
    ("read_online", None),
    ("read_on", None),
    ("read_on_minutes", Some("{minutes}")),
    ("view_online", None),
    ("reader", None),
    ("unsubscribe", None),
    ("unsubscribe_by_mail", None),
    ("archive", None),
    ("feed", None),
    ("reason", Some("{publication}")),
    ("reply", None),
    ("forwarded", None),
    ("subscribe", None),
    ("and_one_more", None),
    ("and_more", Some("{count}")),
    ("colon", None),
    ("newer", None),
    ("older", None),
    ("no_issues", None),
];

/// The words that are set, by key.
pub type Words = BTreeMap<&'static str, String>;

pub(super) fn read<'t>(newsletter: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Words {
    let mut section = newsletter.section(reader, "words", "newsletter.words");
    let mut words = Words::new();
    for (key, placeholder) in WORDS {
        let Some((text, place)) = section.string(reader, key) else { continue };
        let rest = placeholder.map_or_else(|| text.clone(), |known| text.replace(known, ""));
        if rest.contains(['{', '}']) {
            let help = placeholder.map_or_else(
                || "write it without braces".to_owned(),
                |known| format!("only `{known}` can stand there for something else"),
            );
            reader.refuse(format!("`{}` has braces that mean nothing", section.full(key)), place, help);
            continue;
        }
        words.insert(key, text);
    }
    section.finish(reader);
    words
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{only_problem, with};

    #[test]
    fn words_are_set_one_by_one() {
        let config = with("[newsletter.words]\nissue = 'Letter {number}'\n").unwrap();
        assert_eq!(config.newsletter.words.into_iter().collect::<Vec<_>>(), [("issue", "Letter {number}".to_owned())]);
    }

    #[test]
    fn an_unknown_word_or_placeholder_is_an_error() {
        let problem = only_problem("[newsletter.words]\nunsubscibe = 'Leave'\n");
        assert_eq!(problem.help.as_deref(), Some("did you mean `unsubscribe`?"));
        let problem = only_problem("[newsletter.words]\nreason = 'You read {title}'\n");
        assert_eq!(problem.help.as_deref(), Some("only `{publication}` can stand there for something else"));
    }
}
