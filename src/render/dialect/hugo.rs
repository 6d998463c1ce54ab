//! Hugo: `{{< name … >}}`, `{{% name … %}}`, with `{{< /name >}}` where they have content.

use super::arguments::Arguments;
use super::part::Part;
use super::shortcode::{self, Meaning};
use super::target;
use super::writer::{Writer, code_block, code_span};

/// A tag is not longer than this.
const LONGEST: usize = 4096;

pub(crate) fn read(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let rest = &part.text[at..];
    let close = if rest.starts_with("{{<") {
        ">}}"
    } else if rest.starts_with("{{%") {
        "%}}"
    } else {
        return None;
    };
    let Some(stop) = part.find_close(close, at + 3, LONGEST, &mut writer.work) else {
        writer.never_closed(&rest[..3], part, at);
        // In `{{</b>` the last character belongs to a tag of HTML.
        let begins_html = close == ">}}" && rest[3..].starts_with(|c: char| c == '/' || c.is_ascii_alphabetic());
        return Some(at + if begins_html { 2 } else { 3 });
    };
    let end = stop + 3;
    let inside = part.text[at + 3..stop].trim();
    if let Some(comment) = inside.strip_prefix("/*") {
        let shown = comment.strip_suffix("*/").unwrap_or(comment);
        writer.out.push_str(&code_span(&format!("{}{shown}{close}", &rest[..3])));
        return Some(end);
    }
    if let Some(name) = inside.strip_prefix('/') {
        let name = format!("hugo {}", name.trim());
        writer.close(part, (at, end), |open| open == name);
        return Some(end);
    }
    let name_end = inside.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inside.len());
    let is_path = inside[name_end..].starts_with('/') && inside.len() > name_end + 1;
    let name_end = if is_path { inside.find(char::is_whitespace).unwrap_or(inside.len()) } else { name_end };
    let (name, source) = inside.split_at(name_end);
    let arguments = Arguments::read(source.trim_end_matches('/'));
    if matches!(name, "ref" | "relref") {
        let name = arguments.get(&["path"]).or_else(|| {
            arguments.positional.iter().map(String::as_str).find(|word| !word.trim().is_empty() && *word != ".")
        });
        target::write_address(writer, part, at, name.unwrap_or_default());
        return Some(end);
    }
    let kind = format!("{} {name} {close}", &rest[..3]);
    let meaning = shortcode::meaning(name);
    let content = (!source.ends_with('/')).then(|| end_of(part, end, name, close, writer)).flatten();
    let Some((content_end, after)) = content else {
        shortcode::show(writer, part, (at, end), &kind, name, &arguments);
        return Some(end);
    };
    let own = format!("hugo {name}");
    match meaning {
        Some(Meaning::Code) => {
            let language = arguments.get_or(&["lang", "language", "type"], 0).unwrap_or_default();
            writer.block(part, (at, after), &code_block(language, &part.text[end..content_end]));
            return Some(after);
        }
        Some(Meaning::Nothing) => return Some(after),
        None => writer.left_out(&kind, part, at),
        Some(_) => {}
    }
    let title = arguments.get_or(&["title", "heading", "summary"], 1).or_else(|| arguments.get_or(&["type"], 0));
    shortcode::open(writer, part, (at, end), &own, meaning, title, &arguments);
    Some(end)
}

/// Where the content of a shortcode ends, and where its end tag does.
fn end_of(part: &Part<'_>, from: usize, name: &str, close: &str, writer: &mut Writer<'_>) -> Option<(usize, usize)> {
    let opening = if close == ">}}" { "{{<" } else { "{{%" };
    let memo = format!("{opening}/{name}");
    if writer.unclosed.contains(&memo) {
        return None;
    }
    let mut search = from;
    let bytes = part.text.as_bytes();
    while writer.work.is_left() {
        let Some(found) = memchr::memmem::find(&bytes[search..], opening.as_bytes()) else { break };
        writer.work.spend(found + 3);
        let at = search + found;
        search = at + 3;
        let after = part.text[search..].trim_start();
        let tail = after.strip_prefix('/').map(str::trim_start).and_then(|after| after.strip_prefix(name));
        if let Some(stop) = tail.map(str::trim_start).and_then(|tail| tail.strip_prefix(close)) {
            return Some((at, part.text.len() - stop.len()));
        }
    }
    writer.work.spend(part.text.len() - search);
    writer.unclosed.insert(memo);
    None
}
