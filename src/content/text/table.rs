//! Tables as text: aligned columns, with cells of several lines where that makes them fit, or else `heading: value` lines.

use unicode_segmentation::UnicodeSegmentation as _;

use super::super::nodes::{Element, Node, any, each, one_line};
use super::inline::{Line, LinkList};
use super::wrap::{finish, width, wrap};

/// So many characters of a heading, at most, are said again in every row.
const LONGEST_HEADING: usize = 200;

/// In a table of so many rows they are said in fewer characters.
const MANY_ROWS: usize = 1_000;
const LONGEST_OF_MANY: usize = 20;

/// Cells may say their headings in a table of so many rows, in so many characters.
const FEW_ROWS: usize = 50;
const LONGEST_LABEL: usize = 40;

/// A row of more lines is no row to the eye.
const HIGHEST: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Center,
    Right,
}

#[derive(Debug)]
struct Cell {
    text: String,
    /// The columns that the text takes.
    width: usize,
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
    let mut lines: Vec<String> = rows.caption.iter().flat_map(|caption| wrap(caption, columns)).collect();
    if !lines.is_empty() && count > 0 {
        lines.push(String::new());
    }
    let fitting = narrowed(&rows, count, columns).map(|widths| aligned(&rows, &widths));
    lines.extend(fitting.flatten().unwrap_or_else(|| listed(&rows, columns)));
    lines
}

/// The headings of a table that does not fit into so many columns, each shortened, when they can be said in every row: each
/// cell has its own, and there are not too many rows.
pub(crate) fn headings_of_wide(table: &Element, columns: usize) -> Option<Vec<String>> {
    let mut rows = Rows::default();
    collect(&table.children, &mut rows, &mut LinkList::default());
    let count = rows.head.as_ref()?.len();
    let fits = || narrowed(&rows, count, columns).and_then(|widths| aligned(&rows, &widths)).is_some();
    let is_even = rows.body.iter().all(|row| row.len() <= count)
        && !any(&table.children, &|cell| ["colspan", "rowspan"].iter().any(|key| cell.get(key).is_some()));
    if rows.body.is_empty() || rows.body.len() > FEW_ROWS || !is_even || fits() {
        return None;
    }
    let mut head = None;
    each(&table.children, &mut |row| {
        if row.name == "tr" && head.is_none() {
            let cells = row.children.iter().filter_map(cell_element);
            head = Some(cells.map(|cell| beginning(&one_line(&cell.children), LONGEST_LABEL)).collect());
        }
    });
    head
}

/// Widths that fit beside each other: the widest columns give way, as far as no word breaks. `None` when that is not enough.
fn narrowed(rows: &Rows, count: usize, columns: usize) -> Option<Vec<usize>> {
    let room = columns.checked_sub(2 * count.saturating_sub(1))?;
    let longest_word = |cell: &Cell| match &cell.text {
        text if text.is_ascii() => text.split(' ').map(width).max().unwrap_or_default(),
        text => wrap(text, 1).iter().map(|word| width(word)).max().unwrap_or_default(),
    };
    let (mut widths, mut least) = (vec![0; count], vec![0; count]);
    for (n, cell) in rows.head.iter().chain(&rows.body).flat_map(|row| row.iter().enumerate()) {
        widths[n] = cell.width.max(widths[n]);
        if cell.width > least[n] {
            least[n] = longest_word(cell).max(least[n]);
        }
    }
    if least.iter().sum::<usize>() > room {
        return None;
    }
    for width in &mut widths {
        *width = (*width).min(room);
    }
    while widths.iter().sum::<usize>() > room {
        let widest = (0..widths.len()).filter(|&n| widths[n] > least[n]).max_by_key(|&n| widths[n])?;
        widths[widest] -= 1;
    }
    Some(widths)
}

fn collect(nodes: &[Node], rows: &mut Rows, links: &mut LinkList) {
    for node in nodes {
        let Node::Element(element) = node else { continue };
        match element.name {
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
        Node::Element(element) if matches!(element.name, "td" | "th") => Some(element),
        _ => None,
    }
}

fn cell(element: &Element, links: &mut LinkList) -> Cell {
    let side = match element.get("style") {
        Some("text-align:right") => Side::Right,
        Some("text-align:center") => Side::Center,
        _ => Side::Left,
    };
    let mut text = Line::of(&element.children, links);
    if text.contains('\n') {
        text = text.replace('\n', " ");
    }
    Cell { width: width(&text), text, side }
}

/// Rows whose cells stand below each other; `None` when a row would be too high to be read as one.
fn aligned(rows: &Rows, widths: &[usize]) -> Option<Vec<String>> {
    let mut lines = Vec::with_capacity(rows.body.len() + 2);
    if let Some(head) = &rows.head {
        add_row(head, widths, &mut lines)?;
        lines.push(widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  ").trim_end().to_owned());
    }
    let is_high = |(cell, columns): (&Cell, &usize)| cell.width > *columns && wrap(&cell.text, *columns).len() > 1;
    let is_tall = rows.body.iter().any(|row| row.iter().zip(widths).any(is_high));
    for (n, row) in rows.body.iter().enumerate() {
        if n > 0 && is_tall {
            lines.push(String::new());
        }
        add_row(row, widths, &mut lines)?;
    }
    Some(lines)
}

/// Adds the lines of one row.
fn add_row(row: &[Cell], widths: &[usize], lines: &mut Vec<String>) -> Option<()> {
    // A cell that fits stays as it is; wrapping might fold its blanks.
    let wrapped = |(cell, columns): (&Cell, &usize)| (cell.width > *columns).then(|| wrap(&cell.text, *columns));
    let cells: Vec<Option<Vec<String>>> = row.iter().zip(widths).map(wrapped).collect();
    let height = cells.iter().map(|lines| lines.as_ref().map_or(1, Vec::len)).max().unwrap_or(1);
    for at in 0..height {
        let mut line = String::new();
        for (n, columns) in widths.iter().enumerate() {
            line.push_str(if n > 0 { "  " } else { "" });
            let (text, width) = match (row.get(n), cells.get(n)) {
                (_, Some(Some(lines))) => lines.get(at).map_or(("", 0), |text| (text.as_str(), width(text))),
                (Some(cell), _) if at == 0 => (cell.text.as_str(), cell.width),
                _ => ("", 0),
            };
            pad((text, width), row.get(n).map_or(Side::Left, |cell| cell.side), *columns, &mut line);
        }
        lines.push(finish(line));
    }
    (height <= HIGHEST).then_some(())
}

fn pad((text, width): (&str, usize), side: Side, columns: usize, line: &mut String) {
    let spare = columns.saturating_sub(width);
    let before = match side {
        Side::Left => 0,
        Side::Center => spare / 2,
        Side::Right => spare,
    };
    line.extend(std::iter::repeat_n(' ', before));
    line.push_str(text);
    line.extend(std::iter::repeat_n(' ', spare - before));
}

/// A heading that is said again in every row, or its first words.
fn beginning(heading: &str, longest: usize) -> String {
    match heading.grapheme_indices(true).nth(longest) {
        Some((end, _)) => format!("{}…", heading[..end].trim_end()),
        None => heading.to_owned(),
    }
}

/// Every row a block of lines, each with the heading of its column.
fn listed(rows: &Rows, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if rows.body.is_empty() {
        let head = rows.head.iter().flatten().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join(" ");
        return wrap(&head, columns);
    }
    let longest = if rows.body.len() < MANY_ROWS { LONGEST_HEADING } else { LONGEST_OF_MANY };
    let head: Vec<String> = rows.head.iter().flatten().map(|cell| beginning(&cell.text, longest)).collect();
    for (n, row) in rows.body.iter().enumerate() {
        if n > 0 {
            lines.push(String::new());
        }
        for (column, cell) in row.iter().enumerate() {
            let heading = head.get(column).map_or("", String::as_str);
            let text = if heading.is_empty() { cell.text.clone() } else { format!("{heading}: {}", cell.text) };
            let wrapped = wrap(&text, columns.saturating_sub(2));
            lines.extend(
                wrapped.into_iter().enumerate().map(|(n, line)| if n > 0 { format!("  {line}") } else { line }),
            );
        }
    }
    lines
}
