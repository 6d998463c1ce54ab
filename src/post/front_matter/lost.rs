//! Front matter that was meant and that no form knows: dashes that a phone made long, a full-width colon, no blank behind a
//! colon, a character that cannot be seen. A post that says `draft：true` is not mailed.

use std::ops::Range;

use super::super::draft_words::{holds_back, is_holding_key, word_of_truth};
use super::super::names::{NAMES, has};
use super::fence::key_of;
use super::form::lines;
use super::value::{is_invisible, normal};

/// Front matter is not longer before it says what it is.
const LINES: usize = 40;

/// Where front matter seems to be, at the top of a text in which none was found.
pub(super) fn begins(text: &str) -> Option<Range<usize>> {
    let is_blank = |line: &str| line.chars().all(|c| c.is_whitespace() || is_invisible(c));
    let mut all = lines(text, 0).filter(|(_, line)| !is_blank(line)).take(LINES).peekable();
    let is_fenced = looks_like_a_fence(all.peek()?.1);
    if is_fenced && loose_key(all.peek()?.1).is_none() {
        all.next();
    }
    let (mut usual, mut is_odd, mut end, mut is_prose) = (Vec::new(), is_fenced, None, false);
    for (at, line) in all {
        // A blank line ends what stands without a fence, and what has become prose.
        let is_next = end.is_none_or(|end| end == at.start) || (is_fenced && !is_prose);
        end = Some(at.end);
        // Without a fence, a dash begins the item of a list.
        let is_item = !is_fenced && line.trim_start().starts_with("- ");
        let Some((key, value)) = loose_key(line).filter(|_| !is_item) else {
            is_prose = true;
            if is_fenced && is_next && !looks_like_a_fence(line) {
                continue;
            }
            break;
        };
        if !is_next {
            break;
        }
        is_odd |= key_of(line).is_none_or(|strict| normal(strict) != key);
        let holds = is_holding_key(&key) && (word_of_truth(value).is_some() || holds_back(&key, value));
        if holds && is_odd {
            return Some(at.start..at.start + line.len());
        }
        if has(&NAMES.usual, &key) {
            usual.push(at.start..at.start + line.len());
        }
    }
    (is_odd && usual.len() > usize::from(!is_fenced)).then(|| usual.remove(0))
}

/// Where the text below a front matter begins with a key that would hold the post back: a fence stands above it that
/// belongs below.
pub(super) fn goes_on(body: &str) -> Option<Range<usize>> {
    let paragraph =
        lines(body, 0).skip_while(|(_, line)| line.trim().is_empty()).take_while(|(_, line)| !line.trim().is_empty());
    let holds = |line: &str| loose_key(line).is_some_and(|(key, value)| holds_back(&key, value));
    let mut keys = paragraph.take_while(|(_, line)| loose_key(line).is_some());
    keys.find(|(_, line)| holds(line)).map(|(at, line)| at.start..at.start + line.len())
}

/// Dashes or other marks of any length, perhaps with a word or a note; the beginning of an object or of a comment.
fn looks_like_a_fence(line: &str) -> bool {
    let line = line.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
    let is_dash = |c: char| matches!(c, '-' | '+' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{ff0d}');
    let is_mark = |c: char| is_dash(c) || matches!(c, '`' | '~' | '*' | ';' | '=');
    let marks = line.chars().take_while(|c| is_mark(*c)).count();
    let rest: String = line.chars().skip(marks).collect();
    let is_long_enough = marks >= if line.starts_with(is_dash) { 2 } else { 3 };
    let is_object = line.strip_prefix('{').is_some_and(|rest| !rest.starts_with(['%', '{', ':', '#', '.', '<']));
    line == "<!--"
        || is_object
        || (is_long_enough && (rest.chars().all(char::is_alphanumeric) || rest.trim_start().starts_with('#')))
}

/// The key of a line, in normal form, and its value, whatever stands around and between them.
fn loose_key(line: &str) -> Option<(String, &str)> {
    let is_around = |c: char| {
        c.is_whitespace() || is_invisible(c) || matches!(c, '{' | '}' | '-' | '.' | ',' | '"' | '\'' | '“' | '”')
    };
    let line = line.trim_matches(is_around);
    let end = line.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))?;
    let rest = line[end..].trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '”'));
    let value = rest.strip_prefix([':', '：', '﹕', '=', '＝'])?;
    (end > 0).then(|| (normal(&line[..end]), value.trim_matches(is_around)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_for_front_matter_is_found() {
        for text in [
            "---\ntitle:My secret\ndate:2026-11-26\ndraft:true\n---\n\nText\n",
            "title：秘密\ndraft：true\n",
            "---\ntitle：秘密\n---\n",
            "———\ntitle: x\ndraft: true\n———\n",
            "—--\n\ntitle: x\n—--\n",
            "---\ntitle = \"x\"\ndraft = true\n---\n",
            "---\n- draft: true\n---\n",
            "{ // c\n\"draft\": true }\n",
            "{title: x, draft: true}\n",
            "“title”: “x”,\n“draft”: true\n",
            "--- # a note\ntitle: x\ndraft: true\n---\n",
            "```yaml\ntitle: x\ndraft: true\n```\n",
            "***\ntitle: x\n***\n",
            ";;;\n\"title\": \"x\",\n\"draft\": true\n;;;\n",
            "--- title: x\ndraft: true\n---\n",
            "<!--\ntitle: x\ndraft: true\n-->\n",
        ] {
            assert!(begins(text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn a_text_is_a_text() {
        for text in [
            "",
            "A walk.\n",
            "---\n\nA rule, and text below: a walk.\n",
            "Title: of a film, and then prose.\n",
            "Note: this is old.\nStatus: it is complicated.\n",
            "{{< youtube x >}}\ntitle: y\n",
            "{: .lead}\nTitle: y\n",
            "- title: a list\n- of things\n",
            "a = b\nc = d\n",
            "```js\nlet a = b;\n```\n",
            "---\n\nProse.\n\nTitle: of a film\n",
            "The title:a colon without a blank.\n",
            "— Ada, who says: wait.\n",
        ] {
            assert_eq!(begins(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_fence_too_early_leaves_a_key_in_the_text() {
        assert_eq!(goes_on("\ndraft: true\n---\n\nText\n"), Some(1..12));
        assert_eq!(goes_on("tags: [a]\npublished:false\n---\n"), Some(10..25));
        assert!(goes_on("Status: draft\n\nText\n").is_some() && goes_on(".. status: private\n").is_some());
        for text in
            ["Text\ndraft: true\n", "Status: Accepted\n", "draft: false\n", "Text.\n\ndraft: true\n", "draft: a word\n"]
        {
            assert_eq!(goes_on(text), None, "{text:?}");
        }
    }
}
