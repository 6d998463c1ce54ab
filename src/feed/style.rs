//! The style sheet that makes feeds readable for a person who opens one in a browser. No XSLT: browsers are dropping it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::model::is_right_to_left;

/// Its name, at the root of the feeds.
pub(super) const FILE_NAME: &str = "feed.css";

/// What the banner says, by language.
static BANNERS: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| toml::from_str(include_str!("banners.toml")).expect("the file holds texts"));

/// The style sheet for a site in this language.
pub(super) fn sheet(language: &str) -> String {
    let primary = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let banner = BANNERS.get(&primary).unwrap_or(&BANNERS["en"]);
    let right_to_left = is_right_to_left(language);
    include_str!("feed.css")
        .replace("{direction}", if right_to_left { "rtl" } else { "ltr" })
        .replace("{banner}", banner)
}

/// The document with the instruction (<https://www.w3.org/TR/xml-stylesheet/>) behind its declaration. `depth` is how many
/// folders below the root of the feeds it lies.
pub(super) fn styled(document: &str, depth: usize) -> String {
    let address = format!("{}{FILE_NAME}", "../".repeat(depth));
    match document.split_once("?>\n") {
        Some((declaration, rest)) => {
            format!("{declaration}?>\n<?xml-stylesheet type=\"text/css\" href=\"{address}\"?>\n{rest}")
        }
        None => document.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_speaks_the_language_of_the_site() {
        assert!(sheet("de-AT").contains("Das ist ein Feed."));
        assert!(sheet("tlh").contains("This is a feed.") && sheet("tlh").contains("direction: ltr"));
        assert!(sheet("he").contains("direction: rtl"));
        assert!(!sheet("en").contains("{banner}") && !sheet("en").contains("{direction}"));
    }

    #[test]
    fn what_is_escaped_html_is_never_shown() {
        // `description` of an item, `content:encoded` and `content` hold markup that a style sheet cannot read.
        let sheet = sheet("en");
        for shown in ["item > description", "item description", "encoded", "entry > content"] {
            assert!(!sheet.contains(shown), "{shown}");
        }
        assert!(sheet.contains("item > title") && sheet.contains("entry > summary"));
    }

    #[test]
    fn the_instruction_names_the_sheet_at_the_root() {
        assert_eq!(
            styled("<?xml?>\n<rss>", 2),
            "<?xml?>\n<?xml-stylesheet type=\"text/css\" href=\"../../feed.css\"?>\n<rss>"
        );
    }
}
