//! WordPress: `[caption]…[/caption]`, `[gallery]`, `[embed]url[/embed]`, `[youtube …]`, `[code]…[/code]`.

use super::arguments::Arguments;
use super::part::Part;
use super::shortcode::{self, link};
use super::writer::{Writer, code_block};

const NAMES: [&str; 16] = [
    "caption",
    "wp_caption",
    "gallery",
    "embed",
    "youtube",
    "vimeo",
    "gist",
    "audio",
    "video",
    "playlist",
    "code",
    "sourcecode",
    "tweet",
    "contact-form",
    "blockquote",
    "pullquote",
];

/// A tag is not longer than this.
const LONGEST: usize = 2048;

pub(crate) fn read(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let rest = part.text[at..].strip_prefix('[')?;
    let closes = rest.starts_with('/');
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let name = NAMES.into_iter().filter(|name| rest.starts_with(name)).max_by_key(|name| name.len())?;
    let follows = &rest[name.len()..];
    if !follows.starts_with([']', ' ', '=', '\n']) {
        return None;
    }
    let stop = part.find_close("]", at, LONGEST, &mut writer.work)?;
    let end = stop + 1;
    let source = part.text[at + 1 + usize::from(closes) + name.len()..stop].trim_matches(['=', ' ', '/']);
    // `[video](x)`, `[video][1]` and `[video]: x` are Markdown.
    if matches!(part.after(end), Some('(' | '[' | ':')) && source.is_empty() && !closes && name != "embed" {
        return None;
    }
    if closes {
        let own = format!("wordpress {name}");
        return writer.close(part, (at, end), |open| open == own).then_some(end);
    }
    let own = format!("wordpress {name}");
    let close = format!("[/{name}]");
    let content =
        if writer.unclosed.contains(&close) { None } else { part.find(&close, end..part.text.len(), &mut writer.work) };
    if content.is_none() {
        writer.unclosed.insert(close.clone());
    }
    let arguments = Arguments::read(source);
    match (name, content) {
        ("caption" | "wp_caption", Some(_)) => writer.open(part, (at, end), &own, "", ""),
        ("code" | "sourcecode", Some(stop)) => {
            let language = arguments.get_or(&["language", "lang"], 0).unwrap_or_default();
            writer.block(part, (at, stop + close.len()), &code_block(language, &part.text[end..stop]));
            return Some(stop + close.len());
        }
        ("blockquote" | "pullquote", Some(_)) => writer.open_note(part, (at, end), &own, ""),
        (_, Some(stop)) => {
            let inside = part.text[end..stop].trim();
            if inside.starts_with("http") {
                let words = arguments.get(&["title"]).unwrap_or(inside);
                writer.block(part, (at, stop + close.len()), &link(inside, words));
            } else {
                let arguments = if source.is_empty() { Arguments::read(inside) } else { arguments };
                shortcode::show(writer, part, (at, stop + close.len()), &format!("[{name}]"), name, &arguments);
            }
            return Some(stop + close.len());
        }
        (_, None) if source.is_empty() && !stands_alone(part, at, end) => return None,
        (_, None) => shortcode::show(writer, part, (at, end), &format!("[{name}]"), name, &arguments),
    }
    Some(end)
}

/// True for what is alone in its line, or in an element.
fn stands_alone(part: &Part<'_>, at: usize, end: usize) -> bool {
    let begins = part.margin(at).is_some() || part.before(at) == Some('>');
    begins && (part.ends_line(end) || part.after(end) == Some('<'))
}
