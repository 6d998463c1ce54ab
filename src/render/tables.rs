//! Tables that are none to Markdown, and are shown as a paragraph full of bars.

use std::collections::BTreeSet;

use crate::content::nodes::Node;
use crate::diagnostic::{Diagnostic, Places};
use crate::model::{Body, Post};

/// More warnings than this about one body are not read.
const MOST_WARNINGS: usize = 40;

/// The line of dashes of each of them (GFM §4.10): where it stands, what is wrong with it, and the cure.
pub(crate) fn about(nodes: &[Node], post: &Post, body: &Body) -> Vec<Diagnostic> {
    let mut shown = BTreeSet::new();
    if body.text.contains('|') {
        collect(nodes, &mut shown);
    }
    if shown.is_empty() {
        return Vec::new();
    }
    let lines: Vec<&str> = body.text.split('\n').collect();
    let line = |at: Option<usize>| at.and_then(|at| lines.get(at)).copied().unwrap_or_default();
    let places = Places::from_line(body.first_line, &post.path, &body.text);
    let (mut start, mut is_code) = (0, false);
    let mut found = Vec::new();
    for (at, row) in lines.iter().enumerate() {
        is_code ^= ["```", "~~~"].iter().any(|fence| row.trim_start_matches(OF_QUOTES).starts_with(fence));
        let (written, above, below) = (trimmed(row), line(at.checked_sub(1)), line(at.checked_add(1)));
        if dashes(written).is_some_and(|row| shown.contains(&row))
            && !is_code
            && (above.contains('|') || below.contains('|'))
            && let Some((message, help)) = fault(written, above)
        {
            let from = start + (row.len() - row.trim_start_matches(OF_QUOTES).len());
            let message = format!("this table is shown as text, with its bars: {message}");
            let place = places.at(from..from + written.len());
            found.push(Diagnostic::warning("post/table", message).at(place).help(help));
        }
        start += row.len() + 1;
        if found.len() == MOST_WARNINGS {
            break;
        }
    }
    found
}

/// What a line of dashes lacks, and the cure.
fn fault(row: &str, above: &str) -> Option<(String, &'static str)> {
    let names = trimmed(above);
    let names = names.strip_prefix(['-', '*', '+']).filter(|rest| rest.starts_with(' ')).unwrap_or(names);
    let (columns, named) = (cells(row), cells(names));
    if row.contains(OTHER_DASHES) {
        let help = "write `---`: some editors make long dashes of that";
        return Some(("the line below the names of its columns is not made of hyphens".to_owned(), help));
    }
    if !names.contains('|') {
        let help = "write a line such as `| Name | Day |` above it, right at it";
        return Some(("there are no names of columns above its line of dashes".to_owned(), help));
    }
    let message = || format!("its line of dashes is for {columns}, and the line above it for {named} columns");
    let help = "give both lines the same number of columns; a bar within a cell is written `\\|`";
    (columns != named).then(|| (message(), help))
}

/// What stands before the text of a line in a quote or a list.
const OF_QUOTES: [char; 3] = ['>', ' ', '\t'];

/// What editors and typesetters make of hyphens.
const OTHER_DASHES: [char; 3] = ['—', '–', '−'];

fn trimmed(line: &str) -> &str {
    line.trim_start_matches(OF_QUOTES).trim_end()
}

/// A line of dashes as it can be compared: each run of dashes as one. `None` for any other line.
fn dashes(line: &str) -> Option<String> {
    let is_dash = |c: char| c == '-' || OTHER_DASHES.contains(&c);
    if !line.contains('|') || !line.contains(is_dash) || !line.chars().all(|c| is_dash(c) || "|: \t".contains(c)) {
        return None;
    }
    let mut row = String::new();
    for c in line.chars().filter(|c| !c.is_whitespace()) {
        let c = if is_dash(c) { '-' } else { c };
        if c != '-' || !row.ends_with('-') {
            row.push(c);
        }
    }
    let is_cell = |cell: &str| matches!(cell, "-" | ":-" | "-:" | ":-:");
    row.trim_matches('|').split('|').all(is_cell).then_some(row)
}

/// How many cells a row has.
fn cells(row: &str) -> usize {
    let row = row.trim();
    let inner = row.strip_prefix('|').unwrap_or(row);
    let inner = inner.strip_suffix('|').filter(|rest| !rest.ends_with('\\')).unwrap_or(inner);
    inner.match_indices('|').filter(|(at, _)| !inner[..*at].ends_with('\\')).count() + 1
}

/// The lines of dashes that are shown as text outside of code.
fn collect(nodes: &[Node], shown: &mut BTreeSet<String>) {
    for node in nodes {
        match node {
            Node::Text(text) if text.contains('|') => shown.extend(text.lines().filter_map(|line| dashes(line.trim()))),
            Node::Text(_) => {}
            Node::Element(element) if matches!(element.name, "code" | "pre") => {}
            Node::Element(element) => collect(&element.children, shown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{rendered, rendered_with};

    #[test]
    fn a_table_that_is_none_is_named_with_its_fault() {
        let body = "| a | b |\n|---|---|\n| 1 | 2 |\n\n| a | b |\n|---|---|---|\n| 1 | 2 |\n\n> | a | b |\n> | :-: |\n> | 1 | 2 |\n\n\
                    |---|---|\n| 1 | 2 |\n\n- | a \\| b | c |\n  |---|---|---|\n  | 1 |\n\n| a | b |\n|—|—|\n| 1 | 2 |\n\n\
                    ```\n| a | b |\n|---|---|---|\n| 1 |\n```\n\n|----|\n\nx\n";
        let text = format!("---\ntitle: A\ndate: 2025-01-31\n---\n{body}");
        let said = |found: Vec<crate::diagnostic::Diagnostic>| {
            let said = |one: crate::diagnostic::Diagnostic| {
                let place = one.location.unwrap();
                (place.line, place.column, one.message.split(": ").nth(1).unwrap_or_default().to_owned())
            };
            found.into_iter().map(said).collect::<Vec<_>>()
        };
        let expected = [
            (10, 1, "its line of dashes is for 3, and the line above it for 2 columns"),
            (14, 3, "its line of dashes is for 1, and the line above it for 2 columns"),
            (17, 1, "there are no names of columns above its line of dashes"),
            (21, 3, "its line of dashes is for 3, and the line above it for 2 columns"),
            (25, 1, "the line below the names of its columns is not made of hyphens"),
        ];
        let expected = expected.map(|(line, column, said)| (line, column, said.to_owned()));
        assert_eq!(said(rendered(&[("posts/a.md", &text)]).1), expected);
        let smart = rendered_with("[posts]\nsmart_punctuation = true\n", &[("posts/a.md", &text)]).1;
        assert_eq!(said(smart), expected);
    }
}
