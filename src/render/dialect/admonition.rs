//! Note boxes: `:::note` to `:::` (Docusaurus, Zenn, Pandoc and others), `!!! note` with an indented body (Python Markdown),
//! and `> [!info] Title` (Obsidian). All become quotations with a bold label. Beside them directives of other kinds:
//! `::github{repo="a/b"}` in a line of its own, `:quote[text]` within one.

use super::arguments::Arguments;
use super::part::Part;
use super::shortcode::{self, link, note_label};
use super::writer::{Writer, literal};

/// Boxes within boxes; deeper ones are plain text.
const DEEPEST: usize = 4;

const NAME: &str = "box";

/// A directive in a line is not longer than this.
const LONGEST: usize = 1024;

/// `:::name[Title]` opens, `:::` closes.
pub(crate) fn colons(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let line = part.line(at);
    let inner = line.trim_start_matches([' ', '\t', '>']);
    let start = at + line.len() - inner.len();
    let end = at + line.len();
    if !inner.starts_with(":::") {
        let directive = directive(inner.strip_prefix("::")?.trim_end())?;
        writer.out.push_str(&part.text[at..start]);
        leaf(part, (start, end), &directive, writer);
        return Some(end);
    }
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

/// `name[label]{attributes}`, of which a label or attributes are there (the proposal for generic directives of Markdown).
struct Directive<'t> {
    name: &'t str,
    label: &'t str,
    attributes: &'t str,
}

/// Reads a directive that is the whole text.
fn directive(text: &str) -> Option<Directive<'_>> {
    let name_end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)))?;
    let (name, rest) = text.split_at(name_end);
    let (label, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let attributes = match rest {
        "" => "",
        rest => rest.strip_prefix('{')?.strip_suffix('}')?,
    };
    (name.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(Directive { name, label, attributes })
}

/// `::github{repo="a/b"}`: a directive in a line of its own.
fn leaf(part: &Part<'_>, span: (usize, usize), directive: &Directive<'_>, writer: &mut Writer<'_>) {
    let Directive { name, label, attributes } = directive;
    let read = Arguments::read(attributes);
    if let Some(repository) = read.get(&["repo"]).filter(|_| *name == "github") {
        return writer.block(part, span, &link(&format!("https://github.com/{repository}"), repository));
    }
    let id = attributes.split_whitespace().find_map(|word| word.strip_prefix('#')).unwrap_or_default();
    let arguments =
        Arguments::read(&format!("{} id=\"{id}\" title=\"{}\"", attributes.replace('#', ""), label.replace('"', "”")));
    let is_label_all =
        !label.is_empty() && shortcode::html(shortcode::meaning(name), &arguments).is_none_or(|html| html.is_empty());
    if is_label_all {
        writer.out.push_str(label);
    } else {
        shortcode::show(writer, part, span, &format!("::{name}"), name, &arguments);
    }
}

/// `:quote[text]{.a}`: a directive in a line, of which the label is shown.
pub(crate) fn within(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    if part.before(at).is_some_and(|c| c.is_alphanumeric() || matches!(c, ':' | '/' | '_')) {
        return None;
    }
    let line = part.short_line(at, LONGEST);
    let name = line[1..].find(|c: char| !(c.is_ascii_alphabetic() || c == '-')).filter(|end| *end > 1)? + 1;
    let inside = line[name..].strip_prefix('[')?;
    writer.work.spend(line.len());
    if !writer.work.is_left() {
        return None;
    }
    let label = &inside[..inside.find([']', '['])?];
    let mut end = name + 1 + label.len() + 1;
    if !line[..end].ends_with(']') || line[end..].starts_with(['(', '[', ':']) {
        return None;
    }
    if line[end..].starts_with('{') {
        end += line[end..].find('}')? + 1;
    }
    writer.out.push_str(label);
    Some(at + end)
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
