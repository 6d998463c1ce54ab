//! How generators spell a name or a title in an address.

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::config::Slugify;
use crate::content::characters::composed;

/// One segment of a path. `is_own` says that the post names it so itself.
pub(crate) fn slugify(name: &str, how: Slugify, is_own: bool) -> String {
    let made = match how {
        Slugify::Off => String::new(),
        Slugify::Hugo => hugo(name),
        Slugify::Jekyll => jekyll(name),
        Slugify::Zola => zola(name),
        // It takes what it is given.
        Slugify::Pelican if is_own => String::new(),
        Slugify::Pelican => pelican(name),
        Slugify::Quartz => quartz(name),
    };
    // A name of nothing but other signs would be no name.
    if made.is_empty() { name.to_owned() } else { made }
}

/// A name as Hugo writes it into addresses: `2025-01-31 A Walk, at last` → `2025-01-31-a-walk-at-last`
pub(crate) fn file_name(name: &str) -> String {
    let mut made = String::with_capacity(name.len());
    let mut after_blank = false;
    for c in composed(name).chars().flat_map(char::to_lowercase) {
        if c.is_whitespace() {
            if !made.ends_with('-') {
                made.push('-');
            }
            after_blank = true;
        } else if c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '-' | '_' | '.' | '#' | '+' | '~' | '@') {
            if c != '-' || !after_blank {
                made.push(c);
            }
            after_blank = false;
        }
    }
    // A name of nothing but other signs would be no name.
    if made.trim_matches('-').is_empty() { name.to_owned() } else { made }
}

/// In lower case, without most signs; it is read as in a query, with escapes, and `+` for a blank.
fn hugo(name: &str) -> String {
    file_name(&percent_decode_str(&name.replace('+', " ")).decode_utf8().unwrap_or_else(|_| name.into()))
}

/// The mode `pretty`: what may stand in an address stays, anything else becomes one hyphen.
fn jekyll(name: &str) -> String {
    let stays = |c: char| c.is_alphanumeric() || is_combining_mark(c) || "._~!$&'()+,;=@".contains(c);
    words(name, stays).join("-")
}

/// Latin letters and digits; other scripts as they sound.
fn zola(name: &str) -> String {
    let ascii = deunicode::deunicode(&name.nfc().collect::<String>());
    words(&ascii.to_ascii_lowercase(), |c| c.is_ascii_alphanumeric()).join("-")
}

/// Latin letters and digits; other signs go, and what parts words becomes one hyphen.
fn pelican(name: &str) -> String {
    let ascii = deunicode::deunicode(&name.nfkc().collect::<String>()).to_ascii_lowercase();
    let kept: String =
        ascii.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || c.is_whitespace()).collect();
    let parts = |c: char| c == '-' || c.is_whitespace();
    kept.trim().split(parts).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// As it is, but for blanks and three signs.
fn quartz(name: &str) -> String {
    name.replace(char::is_whitespace, "-").replace('&', "-and-").replace('%', "-percent").replace(['?', '#'], "")
}

fn words(text: &str, stays: impl Fn(char) -> bool) -> Vec<&str> {
    text.split(|c| !stays(c)).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the programs themselves make of these.
    #[test]
    fn names_are_spelled_as_each_program_spells_them() {
        let of = |name: &str| {
            [Slugify::Hugo, Slugify::Jekyll, Slugify::Zola, Slugify::Pelican, Slugify::Quartz]
                .map(|how| slugify(name, how, false))
        };
        assert_eq!(
            of("Save session_2"),
            ["save-session_2", "Save-session_2", "save-session-2", "save-session_2", "Save-session_2"]
        );
        assert_eq!(of("Don't -- Émile"), ["dont--émile", "Don't-Émile", "don-t-emile", "dont-emile", "Don't----Émile"]);
        assert_eq!(of("流水"), ["流水", "流水", "liu-shui", "liu-shui", "流水"]);
        assert_eq!(of("R&D 100%?"), ["rd-100", "R&D-100", "r-d-100", "rd-100", "R-and-D-100-percent"]);
        assert_eq!(slugify("%cf%80", Slugify::Hugo, true), "π");
        assert_eq!(slugify("My Slug", Slugify::Pelican, true), "My Slug");
        assert_eq!(slugify("a  b", Slugify::Off, false), "a  b");
        assert_eq!(slugify("!?", Slugify::Zola, false), "!?");
    }
}
