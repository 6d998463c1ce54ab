//! Note boxes: `:::note` to `:::` (Docusaurus, Zenn, Pandoc and others), `!!! note` with an indented body (Python Markdown),
//! and `> [!info] Title` (Obsidian). All become quotations with a bold label.

use super::part::Part;
use super::shortcode::note_label;
use super::writer::{Writer, literal};

/// Boxes within boxes; deeper ones are plain text.
const DEEPEST: usize = 4;

const NAME: &str = "box";

/// `:::name[Title]` opens, `:::` closes.
pub(crate) fn colons(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let line = part.line(at);
    let inner = line.trim_start_matches([' ', '\t', '>']);
    if !inner.starts_with(":::") {
        return None;
    }
    let start = at + line.len() - inner.len();
    let end = at + line.len();
    let after = part.next_line(at);
    let rest = inner.trim_start_matches(':').trim();
    writer.out.push_str(&part.text[at..start]);
    if rest.is_empty() {
        writer.close(part, (start, end), |open| open == NAME);
    } else {
        let rest = rest.trim_matches(['{', '}']).trim_start_matches('.').trim_start_matches("callout-");
        let name_end = rest.find(|c: char| !(c.is_alphanumeric() || "-_".contains(c))).unwrap_or(rest.len());
        let (name, title) = rest.split_at(name_end);
        let title = title.trim().trim_end_matches(':').trim();
        let title = title.strip_prefix('[').map_or(title, |title| title.split(']').next().unwrap_or(title));
        let title = if title.starts_with(['{', '.', '#']) { "" } else { title };
        match note_label(&name.to_lowercase()) {
            Some(label) => writer.open_note(part, (start, end), NAME, if title.is_empty() { label } else { title }),
            None => writer.open(part, (start, end), NAME, "", ""),
        }
    }
    if after > end {
        writer.out.push('\n');
    }
    Some(after)
}

/// `[!name]`, `[!name]- Title` in the first line of a quotation. The five names of GitHub without a title are left to the
/// Markdown parser.
pub(crate) fn callout(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    if !part.text[at..].starts_with("[!") {
        return None;
    }
    let margin = part.margin(at).filter(|margin| margin.contains('>'))?;
    let line = part.line(at);
    let (name, title) = line[2..].split_once(']')?;
    let name = name.split('|').next().unwrap_or(name).trim().to_lowercase();
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "-_ ".contains(c)) {
        return None;
    }
    let title = title.strip_prefix(['-', '+']).unwrap_or(title);
    let is_github = matches!(&*name, "note" | "tip" | "important" | "warning" | "caution");
    if is_github && title.is_empty() {
        return None;
    }
    let title = title.trim();
    let label = if title.is_empty() { label(&name) } else { title.to_owned() };
    writer.out.push_str(&format!("<strong>{label}</strong>\n{}", margin.trim_end()));
    Some(at + line.len())
}

/// `my-note` is called so when there is no better word.
fn label(name: &str) -> String {
    note_label(name).map_or_else(
        || name.chars().take(1).flat_map(char::to_uppercase).chain(name.chars().skip(1)).collect(),
        str::to_owned,
    )
}

/// `!!! name "Title"`, `??? name`, `???+ name`, and the indented lines below.
pub(crate) fn exclamations(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let line = part.line(at);
    let rest = line.strip_prefix("!!!").or_else(|| line.strip_prefix("???"))?;
    let rest = rest.trim_start_matches('+').strip_prefix(' ')?.trim();
    let name = rest.split_whitespace().next().filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '-'))?;
    if part.depth >= DEEPEST {
        return None;
    }
    let title = rest[name.len()..].trim();
    let title = title.split_once('"').map(|(_, title)| title.split('"').next().unwrap_or(title));
    let label = title.map_or_else(|| label(&name.to_lowercase()), str::to_owned);
    let mut body = String::new();
    let first = part.next_line(at);
    let mut end = first;
    let mut blank = 0;
    while end < part.text.len() {
        let line = part.line(end);
        if line.trim().is_empty() {
            blank += 1;
        } else if let Some(line) = line.strip_prefix("    ").or_else(|| line.strip_prefix('\t')) {
            body.extend(std::iter::repeat_n('\n', blank));
            blank = 0;
            body.push_str(line);
            body.push('\n');
        } else {
            break;
        }
        end = part.next_line(end);
    }
    let label = if label.is_empty() { String::new() } else { format!("<p><strong>{}</strong></p>", literal(&label)) };
    writer.out.push_str(&format!("\n<!-- --><blockquote>{label}\n"));
    let first_line = part.line_number(first);
    (writer.expand)(&Part::new(&body, first_line, part.depth + 1), writer);
    writer.out.push_str("\n\n<!-- --></blockquote>\n");
    writer.out.extend(std::iter::repeat_n('\n', blank.min(2)));
    Some(end)
}
