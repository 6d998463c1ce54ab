//! Tables as text: aligned columns, or `heading: value` lines when they are too wide.

use super::super::tree::{Element, Node};
use super::inline::{Line, LinkList};
use super::wrap::{GLUE, width, wrap};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Center,
    Right,
}

#[derive(Debug)]
struct Cell {
    text: String,
    side: Side,
}

#[derive(Debug, Default)]
struct Rows {
    head: Option<Vec<Cell>>,
    body: Vec<Vec<Cell>>,
    caption: Vec<String>,
}

/// The lines of a table.
pub(super) fn render(table: &Element, columns: usize, links: &mut LinkList) -> Vec<String> {
    let mut rows = Rows::default();
    collect(&table.children, &mut rows, links);
    let all = || rows.head.iter().chain(&rows.body);
    let count = all().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..count)
        .map(|n| all().filter_map(|row| row.get(n)).map(|cell| width(&cell.text)).max().unwrap_or_default())
        .collect();
    let mut lines: Vec<String> = rows.caption.iter().flat_map(|caption| wrap(caption, columns)).collect();
    if !lines.is_empty() && count > 0 {
        lines.push(String::new());
    }
    if widths.iter().sum::<usize>() + 2 * count.saturating_sub(1) <= columns {
        lines.extend(aligned(&rows, &widths));
    } else {
        lines.extend(listed(&rows, columns));
    }
    lines
}

fn collect(nodes: &[Node], rows: &mut Rows, links: &mut LinkList) {
    for node in nodes {
        let Node::Element(element) = node else { continue };
        match &*element.name {
            "caption" => rows.caption.push(Line::of(&element.children, links)),
            "tr" => {
                let cells: Vec<&Element> = element.children.iter().filter_map(cell_element).collect();
                let is_head = rows.head.is_none()
                    && rows.body.is_empty()
                    && !cells.is_empty()
                    && cells.iter().all(|cell| cell.name == "th");
                let row = cells.into_iter().map(|element| cell(element, links)).collect();
                if is_head { rows.head = Some(row) } else { rows.body.push(row) }
            }
            _ => collect(&element.children, rows, links),
        }
    }
}

fn cell_element(node: &Node) -> Option<&Element> {
    match node {
        Node::Element(element) if matches!(&*element.name, "td" | "th") => Some(element),
        _ => None,
    }
}

fn cell(element: &Element, links: &mut LinkList) -> Cell {
    let side = match element.get("style") {
        Some("text-align:right") => Side::Right,
        Some("text-align:center") => Side::Center,
        _ => Side::Left,
    };
    Cell { text: Line::of(&element.children, links).replace('\n', " "), side }
}

fn aligned(rows: &Rows, widths: &[usize]) -> Vec<String> {
    let line = |row: &Vec<Cell>| {
        let mut line = String::new();
        for (n, width) in widths.iter().enumerate() {
            line.push_str(if n > 0 { "  " } else { "" });
            match row.get(n) {
                Some(cell) => pad(cell, *width, &mut line),
                None => line.extend(std::iter::repeat_n(' ', *width)),
            }
        }
        line.replace([GLUE, '\u{a0}'], " ").trim_end().to_owned()
    };
    let mut lines: Vec<String> = rows.head.iter().map(line).collect();
    if rows.head.is_some() {
        lines.push(widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  ").trim_end().to_owned());
    }
    lines.extend(rows.body.iter().map(line));
    lines
}

fn pad(cell: &Cell, columns: usize, line: &mut String) {
    let spare = columns.saturating_sub(width(&cell.text));
    let before = match cell.side {
        Side::Left => 0,
        Side::Center => spare / 2,
        Side::Right => spare,
    };
    line.extend(std::iter::repeat_n(' ', before));
    line.push_str(&cell.text);
    line.extend(std::iter::repeat_n(' ', spare - before));
}

/// Every row a block of lines, each with the heading of its column.
fn listed(rows: &Rows, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if rows.body.is_empty() {
        let head = rows.head.iter().flatten().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join(" ");
        return wrap(&head, columns);
    }
    for (n, row) in rows.body.iter().enumerate() {
        if n > 0 {
            lines.push(String::new());
        }
        for (column, cell) in row.iter().enumerate() {
            let heading = rows.head.as_ref().and_then(|head| head.get(column)).map_or("", |cell| &cell.text);
            let text = if heading.is_empty() { cell.text.clone() } else { format!("{heading}: {}", cell.text) };
            let wrapped = wrap(&text, columns.saturating_sub(2));
            lines.extend(
                wrapped.into_iter().enumerate().map(|(n, line)| if n > 0 { format!("  {line}") } else { line }),
            );
        }
    }
    lines
}
