//! The XML declaration: nothing may stand before it, and feeds are XML 1.0 (XML 1.0 §2.8).

use std::ops::Range;

/// What is wrong with the declaration of a document, and where.
pub(super) fn fault(text: &str) -> Option<(Range<usize>, String)> {
    let at = find(text)?;
    let end = text[at..].find("?>").map_or(text.len(), |end| at + end + 2);
    let declaration = &text[at..end];
    if at > 0 {
        let before = &text[..at];
        let what = if before.contains('<') {
            "a comment or an instruction"
        } else if before.contains('\n') || before.contains('\r') {
            "an empty line"
        } else if before.trim().is_empty() {
            "a blank"
        } else {
            "a byte order mark"
        };
        return Some((
            at..end,
            format!("{what} before the XML declaration, which many readers take for a broken feed"),
        ));
    }
    if !declaration.starts_with("<?xml") {
        return Some((at..end, "the XML declaration is not written in small letters".to_owned()));
    }
    let version = attribute(declaration, "version");
    match version {
        Some("1.0") => None,
        Some(version) => Some((at..end, format!("XML {version}: RSS and Atom are XML 1.0"))),
        None => Some((at..end, "the XML declaration has no version".to_owned())),
    }
}

/// Where the declaration begins, if there is one before the first element, wherever it is.
fn find(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let blanks = rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
        let rest = &rest[blanks..];
        at += blanks;
        let is_declaration = rest.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("<?xml"))
            && rest[5..].starts_with(|c: char| c.is_whitespace() || c == '?');
        if is_declaration {
            return Some(at);
        }
        let end = if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<?") {
            "?>"
        } else {
            return None;
        };
        at += rest.find(end)? + end.len();
    }
}

fn attribute<'t>(declaration: &'t str, name: &str) -> Option<&'t str> {
    let rest = declaration.split_once(name)?.1.trim_start().strip_prefix('=')?.trim_start();
    rest.get(1..)?.split(['"', '\'']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stands_before_the_declaration() {
        for good in [
            "",
            "<rss/>",
            "\n<rss/>",
            "<?xml version='1.0'?><rss/>",
            "<?xml-stylesheet href='a'?><rss/>",
            "<a><?xml version='1.0'?></a>",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        for (bad, what) in [
            ("\n", "an empty line"),
            ("\u{feff}\r\n", "an empty line"),
            (" ", "a blank"),
            ("\u{feff}", "a byte order mark"),
            ("<!-- made by hand -->", "a comment or an instruction"),
            ("<?php ?>\n", "a comment or an instruction"),
        ] {
            let (at, message) = fault(&format!("{bad}<?xml version=\"1.0\"?>\n<rss/>")).unwrap();
            assert!(message.starts_with(what), "{bad}: {message}");
            assert_eq!(at.start, bad.len(), "{bad}");
        }
    }

    #[test]
    fn feeds_are_of_version_1_0() {
        assert_eq!(fault("<?xml version='1.1'?><rss/>").unwrap().1, "XML 1.1: RSS and Atom are XML 1.0");
        assert!(fault("<?XML version='1.0'?><rss/>").is_some());
        assert!(fault("<?xml encoding='UTF-8'?><rss/>").is_some());
    }
}
