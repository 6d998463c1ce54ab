//! The manual and the program name the same codes.

use std::collections::BTreeSet;

use crate::source::Code;
use crate::tidy::files;

/// What stands before a `/` in texts that are no codes: media types and folders.
const OTHERS: [&str; 10] =
    ["application", "audio", "content", "docs", "image", "message", "multipart", "src", "text", "video"];

/// Every code in a text of the program: `room/what-is-wrong`.
fn codes(texts: impl Iterator<Item = String>) -> BTreeSet<String> {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let is_code = |text: &String| {
        text.split_once('/').is_some_and(|(room, what)| is_word(room) && is_word(what) && !OTHERS.contains(&room))
    };
    texts.filter(is_code).collect()
}

#[test]
fn every_finding_has_a_code_that_the_manual_explains() {
    let mut texts = Vec::new();
    for (path, text) in files("src", ".rs") {
        texts.extend(Code::read(&path, &text).texts);
    }
    let program = codes(texts.into_iter());
    let manual = files("docs", "findings.md").remove(0).1;
    // The first cell of each row of a table.
    let rows = manual.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let explained = codes(rows.flat_map(|cell| cell.split('`')).map(str::to_owned));
    let missing: Vec<_> = program.difference(&explained).collect();
    let gone: Vec<_> = explained.difference(&program).collect();
    assert!(missing.is_empty(), "docs/findings.md does not explain {missing:?}");
    assert!(gone.is_empty(), "docs/findings.md explains what nothing says: {gone:?}");
    assert!(program.len() > 100, "the codes are found: {program:?}");
}

#[test]
fn a_code_is_told_from_other_texts() {
    let source = "fn a() { b(\"post/new-fault\", \"image/png\", \"a/b.md\") }\n#[cfg(test)]\nmod tests { const C: &str = \"post/c\"; }";
    assert_eq!(codes(Code::read("src/a.rs", source).texts.into_iter()), BTreeSet::from(["post/new-fault".to_owned()]));
}
