//! The text part against the HTML part: the same words, the same links, lines that fit.

use std::collections::{HashMap, HashSet};

use unicode_width::UnicodeWidthStr as _;

use super::body;
use super::document::Token;
use super::findings::Findings;
use crate::model::Issue;

/// Wider lines are broken anywhere by mail programs.
const COLUMNS: usize = 78;

/// So much of one part has to be in the other.
const SAME: f64 = 0.95;

/// Shorter parts say nothing.
const FEWEST: usize = 20;

pub(super) fn look(tokens: &[Token], issue: &Issue, findings: &mut Findings<'_>) {
    let long =
        issue.text.lines().find(|line| line.width() > COLUMNS && !line.contains("://") && !line.contains("mailto:"));
    if let Some(line) = long {
        let place = findings.sources.find(&[line.trim()]);
        let message = format!("a line of the text part is {} columns wide; mail programs show {COLUMNS}", line.width());
        findings.warning("mail/wide-text", message, place, "break the line, or wrap it in the template");
    }
    let help =
        "bring your own template of one part in line with the other; the built-in ones have the same words and links";
    let (html, text) = (words(&body::visible(tokens)), words(&issue.text));
    for (one, other, repeats, what) in [
        (&html, &text, false, "the HTML part are not in the text part"),
        // There a wide table says its headings in every row.
        (&text, &html, true, "the text part are not in the HTML part"),
    ] {
        let share = share(one, other, repeats);
        if one.len() >= FEWEST && share < SAME {
            let message = format!("{:.0} % of the words of {what}", (1.0 - share) * 100.0);
            findings.warning("mail/parity", message, None, help);
        }
    }
    let unfolded: String = issue.text.chars().filter(|c| !c.is_whitespace()).collect();
    let targets =
        body::targets(tokens).into_iter().filter(|target| target.starts_with("http") || target.starts_with("mailto:"));
    // Nearly all stand by themselves.
    let whole: HashSet<&str> = issue.text.split_whitespace().collect();
    let is_missing = |target: &&str| {
        // A link that is called by its address is that address only.
        let bare = target.strip_prefix("mailto:").unwrap_or(target);
        !whole.contains(bare) && !unfolded.contains(&bare.replace(char::is_whitespace, ""))
    };
    if let Some(first) = targets.into_iter().find(is_missing) {
        let place = findings.sources.find(&[first]);
        let message = format!("the text part has not every link of the HTML part, for example `{first}`");
        findings.warning("mail/parity", message, place, help);
    }
}

/// The words of a text, without addresses and the numbers of links.
fn words(text: &str) -> Vec<String> {
    let pieces = text.split_whitespace().filter(|piece| !piece.contains("://") && !piece.contains("mailto:"));
    let mut words = Vec::new();
    for piece in pieces {
        // A soft hyphen may stand in one part only, and divides no word.
        let piece = piece.replace('\u{ad}', "");
        let found = piece.split(|c: char| !c.is_alphanumeric()).flat_map(divided);
        words.extend(found.filter(|word| word.chars().any(char::is_alphabetic)).map(str::to_lowercase));
    }
    words
}

/// A word, and by itself each character of a script without spaces: there a line may break within a word.
fn divided(word: &str) -> impl Iterator<Item = &str> {
    word.split_inclusive(is_unspaced).flat_map(|piece| {
        let last = piece.char_indices().next_back().filter(|(_, c)| is_unspaced(*c));
        let (before, last) = piece.split_at(last.map_or(piece.len(), |(at, _)| at));
        [before, last]
    })
}

/// A character of a script that is written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// How many of `words` are in `others`, each as often as it is there, or as often as one likes.
#[expect(clippy::cast_precision_loss, reason = "a share of words")]
fn share(words: &[String], others: &[String], repeats: bool) -> f64 {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in others {
        *left.entry(word).or_default() += 1;
    }
    let found = words.iter().filter(|word| match left.get_mut(word.as_str()) {
        Some(count @ 1..) => {
            *count -= usize::from(!repeats);
            true
        }
        _ => false,
    });
    if words.is_empty() { 1.0 } else { found.count() as f64 / words.len() as f64 }
}
