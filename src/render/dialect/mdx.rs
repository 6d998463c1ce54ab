//! MDX (Docusaurus, Astro, Next, Gatsby): imports and exports, `{/* remarks */}`, and components, whose content is kept.

use std::collections::BTreeMap;

use super::arguments::Arguments;
use super::part::Part;
use super::shortcode::{self, Meaning};
use super::writer::{Writer, attribute, literal};
use crate::content::allowed;

/// A tag is not longer than this.
const LONGEST: usize = 4096;

/// A line that imports or exports, and the lines that belong to it.
pub(crate) fn line(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let line = part.line(at);
    let after_blank = part.text[..at].trim_end_matches([' ', '\t']).is_empty() || part.text[..at].ends_with("\n\n");
    if let Some(rest) = line.strip_prefix("import ") {
        let rest = rest.trim_start();
        let names_file = |line: &str| {
            let line = line.trim_end().trim_end_matches(';').trim_end();
            line.ends_with(['"', '\''])
                && (line.contains(" from ") || line.contains("}from ") || line.starts_with(['"', '\'']))
        };
        if names_file(rest) || names_file(&format!(" {rest}")) {
            writer.imports.extend(imported(rest));
            return Some(part.next_line(at));
        }
        if !rest.starts_with('{') || rest.contains('}') {
            return None;
        }
        let stop = part.find_close("}", at, LONGEST, &mut writer.work)?;
        return names_file(&format!(" {}", part.line(stop + 1))).then(|| part.next_line(stop));
    }
    let declares = ["const ", "default ", "function ", "let ", "async ", "{", "*"];
    let rest = line.strip_prefix("export ")?;
    if !after_blank && !is_import(part, at) || !declares.iter().any(|word| rest.starts_with(word)) {
        return None;
    }
    let mut end = at;
    let mut depth = 0_i32;
    while end < part.text.len() && end - at < LONGEST && writer.work.is_left() {
        let line = part.line(end);
        writer.work.spend(line.len() + 1);
        if line.trim().is_empty() && depth <= 0 {
            break;
        }
        for byte in line.bytes() {
            depth += i32::from(matches!(byte, b'{' | b'(' | b'[')) - i32::from(matches!(byte, b'}' | b')' | b']'));
        }
        end = part.next_line(end);
        if depth <= 0 && !part.line(end).starts_with([' ', '\t', '}', ')']) {
            break;
        }
    }
    Some(if depth > 0 || !writer.work.is_left() { part.next_line(at) } else { end })
}

/// The name and the file of `hero from './hero.png'`.
fn imported(rest: &str) -> Option<(String, String)> {
    let (name, file) = rest.split_once(" from ")?;
    let name = name.trim().trim_start_matches("* as ");
    let file = file.trim().trim_end_matches(';').trim().trim_matches(['"', '\'']);
    is_name(name).then(|| (name.to_owned(), file.to_owned()))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
}

/// What stands in braces behind `=`, as far as that is known: a text, an imported file, a required one. `None` for what only
/// a program could say.
fn known<'v>(value: &'v str, imports: &'v BTreeMap<String, String>) -> Option<&'v str> {
    let value = value.trim();
    let quoted = |text: &'v str| {
        let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
        text[1..].split_once(quote).filter(|(text, _)| !text.contains("${"))
    };
    if let Some(required) = value.strip_prefix("require(") {
        return Some(quoted(required.trim_start())?.0);
    }
    let name = value.split('.').next().unwrap_or_default();
    match imports.get(name) {
        Some(file) => Some(file),
        None => quoted(value).filter(|(_, rest)| rest.is_empty()).map(|(text, _)| text),
    }
}

/// The source of a tag's attributes with names of files in the place of the names that were given to them.
fn with_files(source: &str, imports: &BTreeMap<String, String>) -> String {
    let mut pieces = source.split("={");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (value, rest) = piece.split_once('}').unwrap_or((piece, ""));
        let is_reference = value.trim().starts_with("require(") || value.trim().split('.').all(is_name);
        let is_plain =
            value.trim().bytes().all(|byte| byte.is_ascii_digit()) || matches!(value.trim(), "true" | "false");
        if is_reference && !is_plain {
            out += &format!("=\"{}\"{rest}", known(value, imports).unwrap_or_default().replace('"', "%22"));
        } else {
            out += &format!("={{{piece}");
        }
    }
    out
}

/// True when the line before is an import or export.
fn is_import(part: &Part<'_>, at: usize) -> bool {
    let before = part.text[..at].trim_end_matches('\n');
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.starts_with("import ") || line.starts_with("export ") || line.starts_with("} from ")
}

/// `{/* a remark */}`, and the value of an attribute within a tag.
pub(crate) fn braces(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let rest = &part.text[at..];
    if rest.starts_with("{/*") {
        let stop = part.find("*/}", at + 3..part.text.floor_char_boundary(at + LONGEST), &mut writer.work)?;
        if matches!(part.text[at + 3..stop].trim(), "truncate" | "more") {
            writer.out.push_str("<!--more-->");
        }
        return Some(stop + 3);
    }
    if rest.starts_with('{') && at < writer.quiet_until && part.before(at) == Some('=') {
        let end = balanced(part, at, writer)?;
        let text = attribute(known(&part.text[at + 1..end - 1], &writer.imports).unwrap_or_default());
        writer.out.push('"');
        writer.out.push_str(&text);
        writer.out.push('"');
        return Some(end);
    }
    // In MDX, and only there, a brace in a text begins a program.
    let is_mdx = writer.post.path.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("mdx"));
    if is_mdx && !part.is_fenced(at) && !rest[1..].starts_with(['{', '%', '#', ':', '<', '=', '.']) {
        let end = balanced(part, at, writer)?;
        let value = part.text[at + 1..end - 1].trim();
        match known(value, &writer.imports).filter(|_| value.starts_with(['"', '\'', '`'])) {
            Some(text) => writer.out.push_str(&literal(text)),
            None if value.is_empty() => {}
            None => {
                let short: String = value.chars().take(40).collect();
                writer.left_out(&format!("{{{}}}", short.replace('\n', " ")), part, at);
            }
        }
        return Some(end);
    }
    let blank = matches!(rest.as_bytes(), [b'{', b'"' | b'\'', b' ', b'"' | b'\'', b'}', ..]);
    blank.then(|| {
        writer.out.push(' ');
        at + 5
    })
}

fn balanced(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let mut depth = 0_usize;
    for (n, byte) in part.text.as_bytes()[at..].iter().take(LONGEST).enumerate() {
        writer.work.spend(1);
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at + n + 1),
            b'}' => depth = depth.checked_sub(1)?,
            _ if !writer.work.is_left() => return None,
            _ => {}
        }
    }
    None
}

/// `<Component …>`, `<Component … />` and `</Component>`; within any other tag only braces are read.
pub(crate) fn tag(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let rest = &part.text[at..];
    if rest.starts_with("<!--") {
        let end = part.find("-->", at + 4..part.text.len(), &mut writer.work)? + 3;
        writer.out.push_str(&part.text[at..end]);
        return Some(end);
    }
    if rest.starts_with("<>") || rest.starts_with("</>") {
        return Some(at + rest.find('>')? + 1);
    }
    let name = rest[1..].trim_start_matches('/');
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let name_end =
        name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))).unwrap_or(name.len());
    let (name, follows) = name.split_at(name_end);
    let starts_component = name.starts_with(|c: char| c.is_ascii_uppercase()) && !follows.starts_with([':', '@']);
    if let Some(end) = verbatim(part, at, name, writer) {
        return Some(end);
    }
    let end = end_of_tag(part, at, writer)?;
    let lower = name.to_ascii_lowercase();
    let is_html = allowed::kind(&lower).is_some() || allowed::is_dropped(&lower);
    let self_closing = part.text[..end].ends_with("/>");
    let is_shouted = name.bytes().all(|b| !b.is_ascii_lowercase());
    if !starts_component || (is_html && (!self_closing || is_shouted)) {
        if is_html && !self_closing && markdown_block(part, (at, end), name, writer) {
            return Some(end);
        }
        writer.quiet_until = writer.quiet_until.max(end);
        return None;
    }
    // `Vec<T>` is prose.
    if part.before(at).is_some_and(char::is_alphanumeric) && !rest.starts_with("</") && !self_closing {
        return None;
    }
    component(part, (at, end), name, writer);
    Some(end)
}

/// Elements in which `markdown="1"` may say that there is Markdown (kramdown, Python Markdown).
const BLOCKS: [(&str, &str); 8] = [
    ("div", "</div>"),
    ("section", "</section>"),
    ("article", "</article>"),
    ("aside", "</aside>"),
    ("details", "</details>"),
    ("figure", "</figure>"),
    ("blockquote", "</blockquote>"),
    ("center", "</center>"),
];

/// Opens or closes such an element; true when the tag was one of it, or of one within it.
fn markdown_block(part: &Part<'_>, (at, end): (usize, usize), name: &str, writer: &mut Writer<'_>) -> bool {
    let Some((name, close)) = BLOCKS.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) else {
        return false;
    };
    let (own, other) = (format!("markdown {name}"), format!("html {name}"));
    let tag = &part.text[at..end];
    if tag.starts_with("</") {
        return writer.close(part, (at, end), |open| open == own || open == other);
    }
    let attributes = tag[1 + name.len()..].trim_end_matches('>');
    let has_markdown = ["markdown=\"1\"", "markdown='1'", "markdown=1", "markdown=\"block\"", "markdown"]
        .into_iter()
        .find_map(|word| attributes.split_once(word))
        .filter(|(before, after)| {
            before.ends_with(char::is_whitespace) && !after.starts_with(|c: char| c.is_alphanumeric() || c == '=')
        });
    if let Some((before, after)) = has_markdown
        && part.margin(at).is_some()
    {
        writer.open(part, (at, end), &own, &format!("<{name}{}{after}>", before.trim_end()), close);
        return true;
    }
    if writer.is_open(&own) {
        writer.open(part, (at, end), &other, "", close);
        writer.out.push_str(tag);
        return true;
    }
    false
}

fn component(part: &Part<'_>, (at, end): (usize, usize), name: &str, writer: &mut Writer<'_>) {
    let rest = &part.text[at..end];
    let own = format!("component {name}");
    if rest.starts_with("</") {
        writer.close(part, (at, end), |open| open == own);
        return;
    }
    let source = rest[1 + name.len()..].trim_end_matches('>');
    let arguments = Arguments::read(&with_files(source.trim_end_matches('/'), &writer.imports));
    if rest.ends_with("/>") {
        shortcode::show(writer, part, (at, end), &format!("<{name}>"), name, &arguments);
        return;
    }
    let meaning = shortcode::meaning(name);
    match meaning {
        Some(Meaning::Link) => match arguments.get(&["to", "href", "url"]) {
            Some(address) => {
                writer.out.push_str(&format!("<a href=\"{}\">", attribute(address)));
                writer.open(part, (at, end), &own, "", "</a>");
            }
            None => writer.open(part, (at, end), &own, "", ""),
        },
        _ => {
            let title = arguments.get(&["title", "type", "kind", "variant"]);
            shortcode::open(writer, part, (at, end), &own, meaning, title, &arguments);
        }
    }
}

/// HTML in which nothing is read: code, scripts and styles.
fn verbatim(part: &Part<'_>, at: usize, name: &str, writer: &mut Writer<'_>) -> Option<usize> {
    let end = match name {
        "pre" => "</pre>",
        "code" => "</code>",
        "script" => "</script>",
        "style" => "</style>",
        "textarea" => "</textarea>",
        _ => return None,
    };
    // With values in braces it is a component of that name.
    let is_component = || part.short_line(at, LONGEST).split('>').next().is_some_and(|tag| tag.contains("={"));
    if part.text[at..].starts_with("</") || writer.unclosed.contains(end) || is_component() {
        return None;
    }
    let Some(stop) = part.find(end, at..part.text.len(), &mut writer.work) else {
        writer.unclosed.insert(end.to_owned());
        return None;
    };
    writer.out.push_str(&part.text[at..stop + end.len()]);
    Some(stop + end.len())
}

/// Behind the `>` of a tag, which is neither in quotes nor in braces.
fn end_of_tag(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_usize;
    for (n, byte) in part.text.as_bytes()[at..].iter().take(LONGEST).enumerate().skip(1) {
        writer.work.spend(1);
        match (byte, quote) {
            _ if !writer.work.is_left() => return None,
            (byte, Some(open)) => quote = quote.filter(|_| *byte != open),
            (b'"' | b'\'', None) => quote = Some(*byte),
            (b'{', None) => depth += 1,
            (b'}', None) => depth = depth.saturating_sub(1),
            (b'>', None) if depth == 0 => return Some(at + n + 1),
            (b'<', None) if depth == 0 => return None,
            _ => {}
        }
    }
    None
}
