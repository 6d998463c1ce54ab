//! Components whose content is indented, as formatters indent HTML: it is Markdown, and no indented code.

use std::borrow::Cow;

/// No component is looked for further out than this.
const DEEPEST: usize = 16;

/// From here on a line is code to Markdown.
const CODE: usize = 4;

/// A component: its tag's line and that of its end.
struct Component {
    first: usize,
    last: usize,
}

/// The text with what stands in components moved to the margin of their tags. No line is added or taken.
pub(crate) fn without_indents(text: &str) -> Cow<'_, str> {
    if !text.contains("</") {
        return Cow::Borrowed(text);
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let components = components(&lines);
    if components.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut made = String::with_capacity(text.len());
    // What is open: its last line, the margin of its tag as it comes out, and how much its content is moved.
    let mut open: Vec<(usize, usize, Option<usize>)> = Vec::new();
    let mut next = components.iter().peekable();
    for (n, line) in lines.iter().enumerate() {
        let is_end = open.last().is_some_and(|(last, ..)| *last == n);
        if is_end && let Some((_, margin, _)) = open.pop() {
            made.extend(std::iter::repeat_n(' ', margin));
            made.push_str(line.trim_start_matches([' ', '\t']));
            continue;
        }
        let indent = indent(line);
        let moved = match open.last_mut() {
            Some((_, margin, moved)) if moved.is_none() && !line.trim().is_empty() => {
                *moved.insert(indent.saturating_sub(*margin))
            }
            Some((_, _, moved)) => moved.unwrap_or(0),
            None => 0,
        };
        let without = remove(line, moved);
        made.push_str(without);
        if let Some(component) = next.next_if(|component| component.first == n) {
            open.push((component.last, self::indent(without), None));
        }
    }
    Cow::Owned(made)
}

/// The components that begin and end on lines of their own, by their first lines.
fn components(lines: &[&str]) -> Vec<Component> {
    let mut found = Vec::new();
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut fence: Option<&str> = None;
    for (n, line) in lines.iter().enumerate() {
        let line = line.trim();
        let marks = line.len() - line.trim_start_matches(['`', '~']).len();
        match fence {
            Some(mark) if line.starts_with(mark) && marks == line.len() => fence = None,
            Some(_) => {}
            None if marks >= 3 && !line[marks..].contains('`') => fence = Some(&line[..marks]),
            None => {
                if let Some(name) = line.strip_prefix("</").and_then(|rest| rest.strip_suffix('>')) {
                    let place = open.iter().rev().take(DEEPEST).position(|(open, _)| *open == name.trim());
                    if let Some(place) = place {
                        let at = open.len() - 1 - place;
                        found.push(Component { first: open[at].1, last: n });
                        open.truncate(at);
                    }
                } else if let Some(name) = opened(line) {
                    open.push((name, n));
                }
            }
        }
    }
    // One that is indented like code is code, unless it is in another one.
    found.sort_by_key(|component| component.first);
    let mut until = 0;
    found.retain(|component| {
        let is_within = component.first < until;
        let is_taken = is_within || indent(lines[component.first]) < CODE;
        until = if is_taken { until.max(component.last) } else { until };
        is_taken
    });
    found
}

/// The name of the component that a line opens and does not close.
fn opened(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('<')?.strip_suffix('>')?;
    let name = rest.split(|c: char| c.is_whitespace()).next()?;
    let is_component = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
    (is_component && !rest.ends_with('/') && !rest.contains("</")).then_some(name)
}

/// The blanks that a line begins with; a tab counts four.
fn indent(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).map(width).sum()
}

fn width(byte: u8) -> usize {
    if byte == b'\t' { 4 } else { 1 }
}

/// A line without its first blanks, as many as there are of so many.
fn remove(line: &str, blanks: usize) -> &str {
    let mut left = blanks;
    let count = line.bytes().take_while(|byte| {
        let is_taken = matches!(byte, b' ' | b'\t') && left >= width(*byte);
        left -= if is_taken { width(*byte) } else { 0 };
        is_taken
    });
    &line[count.count()..]
}

#[cfg(test)]
mod tests {
    use super::without_indents;

    #[test]
    fn what_stands_in_components_is_no_code() {
        let nested = "<Tabs>\n  <Tab title=\"A\">\n    **bold**\n\n    ```js\n      x\n    ```\n  </Tab>\n</Tabs>\n";
        let moved = "<Tabs>\n<Tab title=\"A\">\n**bold**\n\n```js\n  x\n```\n</Tab>\n</Tabs>\n";
        assert_eq!(without_indents(nested), moved);
        assert_eq!(
            without_indents("- item\n\n  <Note>\n      text\n  </Note>\n"),
            "- item\n\n  <Note>\n  text\n  </Note>\n"
        );
        assert_eq!(without_indents("<Note>\n\ttext\n</Note>\n"), "<Note>\ntext\n</Note>\n");
        for text in [
            "    <Note>\n        code\n    </Note>\n",
            "```\n<Note>\n    code\n</Note>\n```\n",
            "<Note />\n\n    code\n</div>\n",
            "<Note>\n    never closed\n",
            "<div>\n    html\n</div>\n",
        ] {
            assert_eq!(without_indents(text), text);
        }
    }
}
