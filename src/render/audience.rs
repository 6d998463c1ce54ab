//! Whether the marks of parts for the web only or for mail only pair.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Places};
use crate::model::{Body, Post};
use crate::post::audience::{Mark, marks};

/// What is wrong with the marks of a body.
pub(crate) fn check(post: &Post, body: &Body) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let places = Places::from_line(body.first_line, &post.path, &body.text);
    let mut error = |at: &Range<usize>, message: String, help: String| {
        found.push(Diagnostic::error("post/audience", message).at(places.at(at.clone())).help(help));
    };
    let mut open: Option<Mark> = None;
    for mark in marks(&body.text) {
        let name = mark.audience.name();
        match (&open, mark.opens) {
            (None, true) => open = Some(mark),
            (Some(outer), true) => {
                let outer = outer.audience.name();
                let help = format!("end the first with `<!-- /{outer} -->` before it");
                error(&mark.at, format!("a {name} part begins inside of a {outer} part"), help);
            }
            (Some(outer), false) if outer.audience == mark.audience => open = None,
            (_, false) => {
                error(
                    &mark.at,
                    format!("a {name} part ends that did not begin"),
                    format!("begin it with `<!-- {name} -->`"),
                );
            }
        }
    }
    if let Some(mark) = open {
        let name = mark.audience.name();
        error(&mark.at, format!("a {name} part has no end"), format!("write `<!-- /{name} -->` where it ends"));
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};

    use super::super::tests::rendered;
    use super::*;
    use crate::model::Entry;
    use crate::post::audience::{Audience, select};
    use crate::post::tests::{body_of, one};

    fn file(body: &str) -> String {
        format!("---\ntitle: A\ndate: 2025-01-31\n---\n\n{body}")
    }

    fn entry(body: &str) -> Entry {
        rendered(&[("posts/a.md", &file(body))]).0
    }

    const BOTH: &str = "Before[^a].\n\n<!-- web-only -->\n## For the *web*\n\nWeb[^w] [link][].\n\n[link]: https://web.example/\n\n\
                        [^w]: A note of the web.\n\n<!-- /web-only -->\n\
                        <!-- Mail-Only -->\nFor *mail*.\n<!-- /mail-only -->\nAfter.\n\n[^a]: A note.\n";

    #[test]
    fn each_audience_gets_its_own_and_nothing_of_the_other() {
        let split = entry(BOTH);
        let web = &split.html();
        assert!(web.contains("<em>web</em>") && web.contains("A note of the web.") && !web.contains("mail"), "{web}");
        let mail = split.for_mail();
        assert!(mail.html().contains("<em>mail</em>") && mail.html().contains("A note."), "{mail:?}");
        for text in [mail.html(), crate::content::text::write(&mail.content)] {
            assert!(!text.to_lowercase().contains("web"), "{text}");
            assert!(text.contains("After."));
        }
        assert!(mail.html().contains("<p>After.</p>") && !web.contains("<!--"), "{}", mail.html());
    }

    #[test]
    fn within_a_line_too_and_the_summary_keeps_the_secret() {
        let split = entry(
            "Here <!-- web-only -->on the site<!-- /web-only --><!-- mail-only -->in your mail<!-- /mail-only -->.\n\nMore.\n",
        );
        assert_eq!(split.summary.as_deref(), Some("Here on the site."));
        assert_eq!(split.for_mail().summary.as_deref(), Some("Here in your mail."));
        let same = entry("Nothing special.");
        assert!(same.mail.is_none());
    }

    #[test]
    fn marks_in_code_are_code() {
        let split = entry("Write `<!-- web-only -->`:\n\n    <!-- mail-only -->\n\n```\n<!-- /web-only -->\n```\n");
        assert!(split.mail.is_none() && split.html().matches("only").count() == 3, "{}", split.html());
    }

    #[test]
    fn a_mark_may_have_several_lines() {
        for body in [
            "<!--\nmail-only\n-->\n\nSECRET\n\n<!--\n/mail-only\n-->\n\nPublic\n",
            "<div>\n<!--\nmail-only -->SECRET<!-- /mail-only\n-->\n</div>\n",
            "> <!--\n> mail-only\n> -->\n>\n> SECRET\n>\n> <!-- /mail-only -->\n",
        ] {
            let split = entry(body);
            assert!(!split.html().contains("SECRET"), "{body}: {}", split.html());
            assert!(split.for_mail().html().contains("SECRET"), "{body}");
        }
    }

    #[test]
    fn what_only_mail_shows_is_no_title() {
        let body = "<!-- mail-only -->\n\n# For subscribers\n\nx\n\n<!-- /mail-only -->\n\n# For all\n";
        let post = one("posts/2026-03-01-a.md", &format!("---\ndate: 2026-03-01\n---\n\n{body}")).0;
        assert_eq!(post.title, "For all");
    }

    #[test]
    fn marks_that_do_not_pair_are_errors_with_their_place() {
        for (body, message, line) in [
            ("a\n\n<!-- web-only -->\nb", "a web-only part has no end", 8),
            ("a\n\n<!-- /mail-only -->\n", "a mail-only part ends that did not begin", 8),
            (
                "<!-- web-only -->\n<!-- mail-only -->\n<!-- /web-only -->",
                "a mail-only part begins inside of a web-only part",
                7,
            ),
        ] {
            let post = one("posts/a.md", &file(body)).0;
            let found = check(&post, &body_of(&post, &file(body)));
            assert_eq!((found[0].message.as_str(), found[0].location.as_ref().unwrap().line), (message, line));
            assert_eq!(found.len(), 1);
        }
    }

    proptest! {
        #[test]
        fn however_marks_stand_nothing_leaks(
            parts in prop::collection::vec(prop::sample::select(vec![
                "<!-- web-only -->", "<!-- /web-only -->", "<!-- mail-only -->", "<!-- /mail-only -->", "\n\n", "- ", "> ", "word ", "`", "\n",
            ]), 0..20),
        ) {
            let text = parts.concat();
            let web = format!("{text}\n\n<!-- web-only -->\n\nSECRET\n\n<!-- /web-only -->\n");
            // Unless the text before it made code of the mark, only the web sees it.
            if marks(&web).iter().any(|mark| mark.opens && mark.at.start == text.len() + 2) {
                assert!(!select(&web, Audience::Mail).contains("SECRET"), "{web}");
            }
        }
    }
}
