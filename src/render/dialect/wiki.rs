//! Obsidian and other wikis: `[[Post]]`, `[[Post#heading|text]]`, `![[image.png]]`; and addresses with spaces in them.

use super::part::Part;
use super::shortcode::{is_picture, link};
use super::target;
use super::writer::{Writer, attribute, literal};

/// A wiki link is not longer than this.
const LONGEST: usize = 400;

/// `[[…]]` and `![[…]]`.
pub(crate) fn read(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let embeds = part.text[at..].starts_with("![[");
    let start = at + if embeds { 3 } else { 2 };
    if !embeds && !part.text[at..].starts_with("[[") {
        return None;
    }
    let end = part.find_close("]]", start, LONGEST, &mut writer.work)?;
    let inside = &part.text[start..end];
    let follows = part.after(end + 2);
    let numbers = inside.bytes().all(|b| b.is_ascii_digit());
    if inside.trim().is_empty()
        // `[["a", "b"]]` and `x[["a"]]` are lists and keys of programs.
        || inside.starts_with([' ', '^', '"', '\''])
        || part.before(at).is_some_and(|before| {
            before.is_ascii_alphanumeric() && !inside.contains('|') || matches!(before, ']' | ')')
        })
        || inside.contains(['[', ']', '\n', '{', '<'])
        || numbers
        || matches!(follows, Some('(' | '[' | ']')) && !part.text[end + 2..].starts_with("[^")
        || (follows == Some(':') && part.margin(at).is_some())
    {
        return None;
    }
    if is_contents(inside) {
        return Some(end + 2);
    }
    let (name, words) = inside.split_once('|').map_or((inside, None), |(name, words)| (name, Some(words)));
    let name = name.trim_end_matches('\\').trim();
    let is_file = name.rsplit('/').next().is_some_and(is_attachment);
    if is_file {
        let is_size = |word: &str| word.chars().all(|c| c.is_ascii_digit() || c == 'x');
        let words = words.map(str::trim).filter(|words| !is_size(words));
        if embeds && is_picture(name) {
            let html = format!("<img src=\"{}\" alt=\"{}\">", address(name), attribute(words.unwrap_or("")));
            writer.out.push_str(&html);
        } else {
            writer.out.push_str(&link(&address(name), words.unwrap_or(name)));
        }
        return Some(end + 2);
    }
    let (post_name, heading) = name.split_once('#').map_or((name, None), |(post, heading)| (post, Some(heading)));
    let said = words.unwrap_or(if post_name.is_empty() { heading.unwrap_or(name) } else { post_name });
    if post_name.is_empty() {
        writer.out.push_str(&literal(said.trim()));
        return Some(end + 2);
    }
    match target::post(writer, part, at, name) {
        Some((post, fragment)) => writer.out.push_str(&link(&format!("{}{fragment}", post.url), said)),
        None => writer.out.push_str(&literal(said.trim())),
    }
    Some(end + 2)
}

/// The name of a block, ` ^37066d`, at its end or on a line of its own: only other notes link to it.
pub(crate) fn block_name(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let begins = part.margin(at).is_some();
    if !begins && part.before(at) != Some(' ') {
        return None;
    }
    let name = &part.short_line(at, 80)[1..];
    let is_name = name.len() >= 3 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let end = at + 1 + name.len();
    let rest = part.text[end..].strip_prefix('\n').unwrap_or_default();
    let ends_block = rest.is_empty() || rest.starts_with(['\n', '-', '*', '+']);
    (is_name && ends_block).then(|| {
        writer.out.truncate(writer.out.trim_end_matches(' ').len());
        end
    })
}

/// `%% a comment %%`, in a line or over several: it holds what its author keeps from readers.
pub(crate) fn comment(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let rest = part.text[at..].strip_prefix("%%")?;
    if rest.starts_with('%') || part.before(at).is_some_and(|c| c.is_alphanumeric() || matches!(c, '%' | '{' | '\\')) {
        return None;
    }
    let end = part.find("%%", at + 2..part.text.len(), &mut writer.work)?;
    let is_last = part.after(end + 2).is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '%' | '}'));
    is_last.then_some(end + 2)
}

/// The names of a table of contents.
pub(crate) fn is_contents(inside: &str) -> bool {
    matches!(&*inside.trim_matches(['_', ' ']).to_ascii_lowercase(), "toc" | "tableofcontents" | "table of contents")
}

fn is_attachment(file: &str) -> bool {
    is_picture(file)
        || file.rsplit_once('.').is_some_and(|(_, extension)| {
            let extension = extension.to_ascii_lowercase();
            matches!(&*extension, "pdf" | "mp3" | "mp4" | "webm" | "wav" | "m4a" | "ogg" | "mov" | "zip" | "canvas")
        })
}

fn address(name: &str) -> String {
    name.replace('%', "%25").replace(' ', "%20").replace('?', "%3F")
}

/// `](my file.png)` → `](my%20file.png)`; what follows until the bracket is an address in which no dialect is read.
pub(crate) fn destination(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let start = at + 2;
    if !part.text[at..].starts_with("](") {
        return None;
    }
    let line_end = part.text.floor_char_boundary((start + 2048).min(part.text.len()));
    let mut depth = 0_usize;
    let mut end = None;
    for (n, byte) in part.text.as_bytes()[start..line_end].iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b')' => {
                end = Some(start + n);
                break;
            }
            b'\n' => break,
            _ => {}
        }
        writer.work.spend(1);
        if !writer.work.is_left() {
            break;
        }
    }
    let end = end?;
    writer.quiet_until = writer.quiet_until.max(end);
    let inside = &part.text[start..end];
    let (place, title) = split_title(inside.trim());
    let sized = place.rsplit_once(" =").filter(|(_, size)| {
        !size.is_empty() && size.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'x' | b'%' | b'*'))
    });
    let place = sized.map_or(place, |(file, _)| file.trim());
    if !is_place(place) || !(place.contains(' ') || sized.is_some()) {
        return None;
    }
    writer.out.push_str("](");
    writer.out.push_str(&place.replace(' ', "%20"));
    if !title.is_empty() {
        writer.out.push(' ');
        writer.out.push_str(title);
    }
    writer.out.push(')');
    Some(end + 1)
}

/// The address and the quoted title behind it.
fn split_title(inside: &str) -> (&str, &str) {
    let Some(quote) = inside.chars().next_back().filter(|c| matches!(c, '"' | '\'')) else { return (inside, "") };
    let before = &inside[..inside.len() - 1];
    match before.rfind(&format!(" {quote}")) {
        Some(at) => (inside[..at].trim_end(), &inside[at + 1..]),
        None => (inside, ""),
    }
}

/// True for what looks like a file or an address, and not like words.
fn is_place(place: &str) -> bool {
    if place.starts_with('<') || place.contains(['{', '<', '`', '"']) {
        return false;
    }
    let path = place.split(['?', '#']).next().unwrap_or_default();
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    place.starts_with("http")
        || place.starts_with(['/', '.'])
        || ((2..=5).contains(&extension.len()) && extension.bytes().all(|b| b.is_ascii_alphanumeric()))
}
