//! The tree as plain text for mail: 72 columns, links numbered and listed at the end; the same words and links as the HTML,
//! in the same order.

mod inline;
mod table;
mod wrap;

use super::nodes::{self, Element, Node};
use inline::{Line, LinkList};
pub(crate) use table::headings_of_wide;
use wrap::width;
pub(crate) use wrap::wrap;

/// No line is longer, but for words that cannot be broken, addresses and code.
pub(crate) const COLUMNS: usize = 72;

/// So many columns more than for prose are there for code: 78 in all (RFC 5322 §2.1.1).
const WIDER: usize = 6;

/// With fewer columns left, deeper blocks are not indented any further.
const NARROWEST: usize = 24;

/// Writes the nodes: nothing when they say nothing, else with one line end at the end.
pub(crate) fn write(nodes: &[Node]) -> String {
    let mut links = LinkList::default();
    let mut lines = blocks(nodes, COLUMNS, false, &mut links);
    let list = links.lines();
    if !list.is_empty() {
        lines.push(String::new());
        lines.extend(list);
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The lines of a flow of blocks, with an empty line between two blocks, or none when `tight`.
fn blocks(nodes: &[Node], columns: usize, tight: bool, links: &mut LinkList) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let add = |lines: &mut Vec<String>, block: Vec<String>| {
        let Some(last) = block.iter().rposition(|line| !line.is_empty()) else { return };
        if !lines.is_empty() && !tight {
            lines.push(String::new());
        }
        lines.extend(block.into_iter().take(last + 1).skip_while(String::is_empty));
    };
    let mut line = Line::default();
    for node in nodes {
        match node {
            Node::Element(element) if element.is_block() => {
                add(&mut lines, paragraph(&line.finish(), columns));
                add(&mut lines, block(element, columns, links));
            }
            Node::Element(element) if nodes::any(&element.children, &Element::is_block) => {
                add(&mut lines, paragraph(&line.finish(), columns));
                add(&mut lines, around_blocks(element, columns, tight, links));
            }
            inline => line.node(inline, links),
        }
    }
    add(&mut lines, paragraph(&line.finish(), columns));
    lines
}

/// What is within a line but holds blocks; the number of a link is behind the last.
fn around_blocks(element: &Element, columns: usize, tight: bool, links: &mut LinkList) -> Vec<String> {
    let mut lines = blocks(&element.children, columns, tight, links);
    if let Some(url) = element.get("href") {
        let last = lines.pop().unwrap_or_else(|| "[Image]".to_owned());
        lines.push(format!("{last} [{}]", links.number(url)));
    }
    lines
}

fn paragraph(text: &str, columns: usize) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { wrap(text, columns) }
}

fn block(element: &Element, columns: usize, links: &mut LinkList) -> Vec<String> {
    let children = &element.children;
    match element.name {
        "p" | "summary" | "dt" => paragraph(&Line::of(children, links), columns),
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => heading(&Line::of(children, links), columns),
        "hr" => vec!["* * *".to_owned()],
        "pre" => code(children, columns, links),
        "ul" | "menu" => list(children, None, columns, links),
        "ol" => {
            let start = element.get("start").and_then(|start| start.parse().ok()).unwrap_or(1);
            list(children, Some(start), columns, links)
        }
        "dl" => blocks(children, columns, true, links),
        "dd" => indented(children, "    ", columns, links),
        "blockquote" => indented(children, "> ", columns, links),
        "table" => table::render(element, columns, links),
        "section" if element.has_class("footnotes") => notes(children, columns, links),
        _ => blocks(children, columns, false, links),
    }
}

fn heading(text: &str, columns: usize) -> Vec<String> {
    let mut lines = paragraph(text, columns);
    let longest = lines.iter().map(|line| width(line)).max().unwrap_or_default();
    if longest > 0 {
        lines.push("-".repeat(longest.min(columns)));
    }
    lines
}

/// Code keeps its lines: indented by four columns, or by less where that makes them fit; a line that is too long even so is
/// folded at blanks, with a backslash at the end as in a shell.
fn code(nodes: &[Node], columns: usize, links: &mut LinkList) -> Vec<String> {
    let mut text = String::new();
    verbatim(nodes, links, &mut text);
    let text = text.trim_matches('\n').replace('\t', "    ");
    let room = columns + WIDER;
    let longest = text.lines().map(|line| width(line.trim_end())).max().unwrap_or_default();
    let indent = if longest <= room { (room - longest).min(4) } else { 2 };
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim_end) {
        let pieces = fold(line, room - indent);
        lines.extend(pieces.into_iter().map(|piece| " ".repeat(if piece.is_empty() { 0 } else { indent }) + &piece));
    }
    lines
}

/// A line of code in pieces of at most `room` columns, where blanks allow.
fn fold(line: &str, room: usize) -> Vec<String> {
    let margin = line.len() - line.trim_start_matches(' ').len();
    let further = " ".repeat((margin + 4).min(room / 2));
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for word in line[margin..].split_inclusive(' ') {
        let begins = piece.is_empty();
        if begins {
            piece.push_str(if pieces.is_empty() { &line[..margin] } else { &further });
        } else if width(&piece) + width(word) + 1 > room {
            pieces.push(format!("{piece}\\"));
            piece.clone_from(&further);
        }
        piece.push_str(word);
    }
    pieces.push(piece.trim_end().to_owned());
    pieces
}

fn verbatim(nodes: &[Node], links: &mut LinkList, into: &mut String) {
    for node in nodes {
        let element = match node {
            Node::Text(text) => {
                into.push_str(text);
                continue;
            }
            Node::Element(element) => element,
        };
        match (element.name, element.get("alt").map(str::trim).filter(|alt| !alt.is_empty()), element.get("href")) {
            ("br", ..) => into.push('\n'),
            ("img", Some(alt), _) => *into += &format!("[Image: {alt}]"),
            (_, _, Some(url)) => {
                let start = into.len();
                verbatim(&element.children, links, into);
                let shown = into[start..].trim();
                if !shown.is_empty() && shown != url.strip_prefix("mailto:").unwrap_or(url) {
                    let end = into.trim_end().len();
                    into.insert_str(end, &format!(" [{}]", links.number(url)));
                }
            }
            _ => verbatim(&element.children, links, into),
        }
    }
}

fn list(items: &[Node], start: Option<i64>, columns: usize, links: &mut LinkList) -> Vec<String> {
    let loose = items.iter().any(|item| matches!(item, Node::Element(item) if item.children.iter().any(is_paragraph)));
    let mut lines = Vec::new();
    let mut number = start;
    for item in items {
        let item = match item {
            Node::Element(element) if element.name == "li" => &element.children[..],
            Node::Text(text) if text.trim().is_empty() => continue,
            other => std::slice::from_ref(other),
        };
        let task = if number.is_none() { task(item) } else { None };
        let dot = task.as_ref().map_or_else(|| "- ".to_owned(), |(mark, _)| format!("{mark} "));
        let item = task.as_ref().map_or(item, |(_, content)| content);
        let marker = number.map_or(dot, |n| format!("{n}. "));
        number = number.map(|n| n.saturating_add(1));
        if loose && !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(hanging(item, &marker, columns, !loose, links));
    }
    lines
}

/// The box with which an item of a task list begins, which stands in the place of a dot, and what is behind it.
fn task(item: &[Node]) -> Option<(char, Vec<Node>)> {
    let is_blank = |node: &Node| matches!(node, Node::Text(text) if text.trim().is_empty());
    let (first, others) = item[item.iter().take_while(|node| is_blank(node)).count()..].split_first()?;
    let (mark, rest) = match first {
        Node::Text(text) => {
            let mark = text.chars().next().filter(|mark| matches!(mark, '☐' | '☑'))?;
            (mark, Node::Text(text[mark.len_utf8()..].trim_start().to_owned()))
        }
        Node::Element(paragraph) if is_paragraph(first) => {
            let (mark, children) = task(&paragraph.children)?;
            (mark, Node::Element(Element { attributes: paragraph.attributes.clone(), children, ..*paragraph }))
        }
        Node::Element(_) => return None,
    };
    Some((mark, std::iter::once(rest).chain(others.iter().cloned()).collect()))
}

fn is_paragraph(node: &Node) -> bool {
    matches!(node, Node::Element(element) if element.name == "p")
}

/// A block with a marker before its first line and as much room before the others.
fn hanging(nodes: &[Node], marker: &str, columns: usize, tight: bool, links: &mut LinkList) -> Vec<String> {
    let wide = width(marker);
    let room = if columns >= NARROWEST + wide { wide } else { 0 };
    let lines = blocks(nodes, columns - room, tight, links);
    let mut hung = Vec::with_capacity(lines.len().max(1));
    for (n, line) in lines.iter().enumerate() {
        match n {
            0 => hung.push(format!("{marker}{line}")),
            _ if line.is_empty() => hung.push(String::new()),
            _ => hung.push(format!("{}{line}", " ".repeat(room))),
        }
    }
    if hung.is_empty() {
        hung.push(marker.trim_end().to_owned());
    }
    hung
}

fn indented(nodes: &[Node], prefix: &str, columns: usize, links: &mut LinkList) -> Vec<String> {
    if columns < NARROWEST + prefix.len() {
        return blocks(nodes, columns, false, links);
    }
    let lines = blocks(nodes, columns - prefix.len(), false, links);
    lines.into_iter().map(|line| format!("{prefix}{line}").trim_end().to_owned()).collect()
}

/// The notes under the text: `[^1]: …`, and what else is with them.
fn notes(nodes: &[Node], columns: usize, links: &mut LinkList) -> Vec<String> {
    let mut lines = Vec::new();
    let mut number = 0;
    let mut add = |block: Vec<String>| {
        if !lines.is_empty() && !block.is_empty() {
            lines.push(String::new());
        }
        lines.extend(block);
    };
    for node in nodes {
        let Node::Element(Element { name: "ol", children, .. }) = node else {
            add(blocks(std::slice::from_ref(node), columns, false, links));
            continue;
        };
        for item in children {
            if let Node::Element(Element { name: "li", children, .. }) = item {
                number += 1;
                add(hanging(children, &format!("[^{number}]: "), columns, false, links));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(text: &str) -> Vec<String> {
        code(&[Node::Text(text.to_owned())], COLUMNS, &mut LinkList::default())
    }

    #[test]
    fn code_is_indented_as_far_as_its_lines_allow() {
        assert_eq!(code_of("a\n\n\tb\n"), ["    a", "", "        b"]);
        assert_eq!(code_of(&"x".repeat(77)), [format!(" {}", "x".repeat(77))]);
        assert_eq!(code_of(&"x".repeat(90)), [format!("  {}", "x".repeat(90))], "a word stays whole");
    }

    #[test]
    fn a_line_too_long_for_78_columns_is_folded_as_in_a_shell() {
        let lines = code_of(&format!("  run {}", "--option value ".repeat(8)));
        assert!(lines.iter().all(|line| width(line) <= COLUMNS + WIDER), "{lines:#?}");
        assert!(lines[0].starts_with("    run --option") && lines[0].ends_with(" \\"), "{lines:#?}");
        assert!(lines[1].starts_with("        ") && !lines[1].ends_with('\\'), "{lines:#?}");
    }
}
