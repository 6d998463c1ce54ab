//! The keys at the top of a post: found, read strictly, and only then with forgiveness.
//!
//! Invariant: whatever is broken is an error or held back. A value is guessed only where one reading is possible.

mod fence;
mod fields;
mod lenient;
mod value;
mod yaml;

use std::ops::Range;

pub(crate) use fields::{Field, Fields};
pub(crate) use value::{Value, normal};

use super::findings::Findings;
use fence::Opening;

/// The largest front matter that is read.
const LARGEST: usize = 64 * 1024;

/// Keys that hold a post back: a broken text must not hide them.
pub(crate) const HOLDING_KEYS: [&str; 9] =
    ["draft", "isdraft", "published", "publish", "public", "private", "unlisted", "status", "visibility"];

/// What stands at the top of a file.
pub(crate) enum FrontMatter {
    /// Keys.
    Keys(Fields),
    /// Something that must be mended first; the error is among the findings.
    Broken,
    /// A fence, but no front matter: held back.
    Fence(Range<usize>),
    /// Nothing.
    Missing,
}

/// Reads the front matter of a file; also returns where its body begins.
pub(crate) fn read(text: &str, findings: &mut Findings<'_>) -> (FrontMatter, usize) {
    let (block, body) = match fence::find(text, findings) {
        Opening::Block { text, body } => (text, body),
        Opening::Fence(at) => return (FrontMatter::Fence(at), 0),
        Opening::Nothing => return (FrontMatter::Missing, 0),
        Opening::Foreign(form, at) => {
            let message = format!("the front matter is written as {form}, which is not read");
            findings.error(
                "post/front-matter-form",
                at,
                message,
                "write it as `key: value` lines between two lines `---`",
            );
            return (FrontMatter::Broken, 0);
        }
    };
    if block.len() > LARGEST {
        let message = format!("the front matter has {} bytes, more than the {LARGEST} that are read", block.len());
        findings.error(
            "post/front-matter-size",
            block.start..block.start + 1,
            message,
            "move the text below the closing `---`",
        );
        return (FrontMatter::Broken, body);
    }
    if fence::second_block(&text[body..]) {
        findings.warning(
            "post/second-front-matter",
            body..body + 3,
            "a second front matter follows the first and is shown as text",
            "join the two",
        );
    }
    let Some(pairs) = pairs(text, block.clone(), findings) else { return (FrontMatter::Broken, body) };
    (FrontMatter::Keys(Fields::new(pairs, &text[block.clone()], block.start, findings)), body)
}

fn pairs(text: &str, block: Range<usize>, findings: &mut Findings<'_>) -> Option<Vec<(String, Value)>> {
    let source = &text[block.clone()];
    let (offset, problem) = match yaml::parse(source) {
        Ok(Value::Null) => return Some(Vec::new()),
        Ok(Value::Map(pairs)) => match fields::swallowed(source, block.start, &pairs, &HOLDING_KEYS) {
            None => return Some(pairs),
            Some(at) => (at.start - block.start, "a text above swallows this line".to_owned()),
        },
        Ok(_) => (0, "it holds no `key: value` lines".to_owned()),
        Err(error) => match lenient::parse(source) {
            Some(guess) => {
                for at in guess.guessed {
                    let at = block.start + at.start..block.start + at.end;
                    let value = &text[at.clone()];
                    let help = if value.contains('\n') {
                        "indent with spaces".to_owned()
                    } else {
                        format!("put it in quotes: `'{}'`", value.replace('\'', "''"))
                    };
                    findings.warning("post/yaml", at, "this is not YAML as it stands; read as plain text", help);
                }
                return Some(guess.pairs);
            }
            None => (error.offset, error.message),
        },
    };
    let at = block.start + offset.min(source.len().saturating_sub(1));
    findings.error(
        "post/yaml",
        at..at + 1,
        format!("the front matter is not YAML: {problem}"),
        "close every quote and bracket above this place, and put values with `: ` in quotes",
    );
    None
}
