//! What the common shortcodes show, by name: one vocabulary for all generators, because they borrow each other's names.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::arguments::Arguments;
use super::part::Part;
use super::writer::{Writer, attribute, literal};

/// What a shortcode stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Picture,
    /// A film, a message or a piece of code at another site: what it is called, and its address around the id.
    Embed(&'static str, &'static str),
    /// A file that plays.
    Media(&'static str),
    /// Code until the end tag.
    Code,
    /// A note box with this label.
    Note(&'static str),
    Quote,
    Link,
    /// Only its content shows.
    Transparent,
    /// Nothing is shown, and no warning is given.
    Nothing,
}

/// `shortcodes.toml`: names, with white space between them.
#[derive(Deserialize)]
struct Vocabulary {
    picture: String,
    video: String,
    audio: String,
    code: String,
    quote: String,
    link: String,
    transparent: String,
    nothing: String,
    notes: BTreeMap<String, String>,
    /// Names, label, address.
    embeds: Vec<(String, String, String)>,
}

static VOCABULARY: LazyLock<Vocabulary> =
    LazyLock::new(|| toml::from_str(include_str!("shortcodes.toml")).expect("the file holds these lists"));

fn has(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|known| known == name)
}

/// The label of a note box, when `name` is the name of one.
pub(crate) fn note_label(name: &str) -> Option<&'static str> {
    VOCABULARY.notes.iter().find(|(_, names)| has(names, name)).map(|(label, _)| label.as_str())
}

/// What a name means; names are compared without case, `-`, `_` and an extension.
pub(crate) fn meaning(name: &str) -> Option<Meaning> {
    let name = name.rsplit('/').next().unwrap_or_default();
    let name = name.split('.').next().unwrap_or_default().to_ascii_lowercase().replace(['-', '_'], "");
    let name = name.trim_start_matches("lite").trim_end_matches("embed").trim_start_matches("embed");
    let name = name.trim_end_matches("player");
    let known = &*VOCABULARY;
    if let Some((_, label, address)) = known.embeds.iter().find(|(names, ..)| has(names, name)) {
        return Some(Meaning::Embed(label, address));
    }
    let meanings = [
        (&known.picture, Meaning::Picture),
        (&known.video, Meaning::Media("Video")),
        (&known.audio, Meaning::Media("Audio")),
        (&known.code, Meaning::Code),
        (&known.quote, Meaning::Quote),
        (&known.link, Meaning::Link),
        (&known.transparent, Meaning::Transparent),
        (&known.nothing, Meaning::Nothing),
    ];
    let meaning = meanings.into_iter().find(|(names, _)| has(names, name)).map(|(_, meaning)| meaning);
    meaning.or_else(|| note_label(name).map(Meaning::Note))
}

/// What a shortcode without content shows; `None` when its arguments say nothing that could be shown.
pub(crate) fn html(meaning: Option<Meaning>, arguments: &Arguments) -> Option<String> {
    match meaning {
        Some(Meaning::Picture) => picture(arguments),
        Some(Meaning::Embed(label, address)) => embed(label, address, arguments),
        Some(Meaning::Media(label)) => {
            let file = arguments.get_or(&["src", "url", "href", "path", "file", "mp4", "webm", "source", "id"], 0)?;
            Some(link(file, arguments.get(&["title", "caption"]).unwrap_or(label)))
        }
        Some(Meaning::Link) => {
            let address = arguments.get(&["href", "url", "link", "to", "src"]);
            let address = address.or_else(|| arguments.values().find(|value| is_address(value)))?;
            let words = arguments.get(&["text", "title", "label", "name"]);
            let words =
                words.or_else(|| arguments.positional.iter().map(String::as_str).find(|word| !is_address(word)));
            Some(link(address, words.unwrap_or(address)))
        }
        Some(Meaning::Note(label)) => {
            let words =
                arguments.get_or(&["content", "text", "body", "message"], arguments.positional.len().max(1) - 1)?;
            Some(format!(
                "<blockquote><p><strong>{}</strong></p><p>{}</p></blockquote>",
                literal(label),
                literal(words)
            ))
        }
        Some(Meaning::Quote) => {
            let words = arguments.get_or(&["content", "text", "quote"], 0)?;
            Some(format!("<blockquote><p>{}</p></blockquote>", literal(words)))
        }
        Some(Meaning::Code | Meaning::Transparent | Meaning::Nothing) => Some(String::new()),
        None => anything(arguments),
    }
}

/// Writes what a shortcode without content shows, or warns that it shows nothing; `kind` is how it is written.
pub(crate) fn show(
    writer: &mut Writer<'_>,
    part: &Part<'_>,
    span: (usize, usize),
    kind: &str,
    name: &str,
    arguments: &Arguments,
) {
    match html(meaning(name), arguments) {
        Some(html) if html.is_empty() => {}
        Some(html) => writer.block(part, span, &html),
        None => writer.left_out(kind, part, span.0),
    }
}

/// The label of a note box: its title, or the kind that its argument names, or that of its name.
fn note_words(label: &str, words: Option<&str>) -> String {
    match words {
        Some(words) => note_label(&words.trim().to_ascii_lowercase()).unwrap_or(words).to_owned(),
        None => label.to_owned(),
    }
}

/// Opens what a shortcode makes around its content, until the end of `own`; `title` is what a note box would be called.
pub(crate) fn open(
    writer: &mut Writer<'_>,
    part: &Part<'_>,
    span: (usize, usize),
    own: &str,
    meaning: Option<Meaning>,
    title: Option<&str>,
    arguments: &Arguments,
) {
    match meaning {
        Some(Meaning::Note(label)) => writer.open_note(part, span, own, &note_words(label, title)),
        Some(Meaning::Quote) => {
            let person = arguments.get(&["author", "attr", "by", "source", "cite"]).unwrap_or_default();
            writer.open_note(part, span, own, person);
        }
        _ => writer.open(part, span, own, "", ""),
    }
}

fn picture(arguments: &Arguments) -> Option<String> {
    let source = arguments
        .get_or(&["src", "url", "image", "img", "image_path", "path", "file", "filename", "source", "name"], 0)?;
    let plain = crate::post::plain_text;
    let caption = arguments.get(&["caption", "title", "figcaption"]).map(plain).unwrap_or_default();
    let attribution = arguments.get(&["attr", "attribution", "credit"]).map(plain).unwrap_or_default();
    let alt = arguments.get_or(&["alt"], 1).map_or_else(|| caption.clone(), plain);
    let mut html = format!("<img src=\"{}\" alt=\"{}\">", attribute(source), attribute(&alt));
    if let Some(target) =
        arguments.get(&["link", "href"]).filter(|target| is_address(target) || target.starts_with('/'))
    {
        html = format!("<a href=\"{}\">{html}</a>", attribute(target));
    }
    let said: Vec<_> = [caption, attribution].into_iter().filter(|text| !text.is_empty()).collect();
    if said.is_empty() {
        return Some(html);
    }
    Some(format!("<figure>{html}<figcaption>{}</figcaption></figure>", literal(&said.join(" — "))))
}

fn embed(label: &str, address: &str, arguments: &Arguments) -> Option<String> {
    let id = arguments.get_or(&["id", "tweetid", "videoid", "video_id", "url", "src", "href", "v", "video", "slug"], 0);
    let mut id = id?.to_owned();
    if is_address(&id) {
        return Some(link(&id, arguments.get(&["title", "caption"]).unwrap_or(label)));
    }
    // Hugo's gist and the old tweet name the person first.
    let second = arguments.positional.get(1).filter(|_| arguments.get(&["id"]).is_none());
    let is_gist = address.contains("gist.");
    let person = arguments.get(&["user", "username"]).map(str::to_owned);
    if is_gist {
        match (&person, second) {
            (Some(person), _) => id = format!("{person}/{id}"),
            (None, Some(gist)) if !gist.contains('.') => id = format!("{id}/{gist}"),
            _ => {}
        }
    } else if let Some(second) = second
        && address.contains("x.com")
        && second.bytes().all(|b| b.is_ascii_digit())
    {
        id.clone_from(second);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
    let id: String = id.chars().take_while(|c| allowed(*c)).collect();
    if id.is_empty() {
        return None;
    }
    Some(link(&format!("{address}{id}"), arguments.get(&["title", "caption"]).unwrap_or(label)))
}

/// An unknown shortcode with an address in it is a link or a picture.
fn anything(arguments: &Arguments) -> Option<String> {
    let address = arguments.values().find(|value| is_address(value))?;
    if is_picture(address) {
        return Some(format!(
            "<img src=\"{}\" alt=\"{}\">",
            attribute(address),
            attribute(arguments.get(&["alt"]).unwrap_or(""))
        ));
    }
    Some(link(address, arguments.get(&["title", "text", "caption", "label"]).unwrap_or(address)))
}

pub(crate) fn link(address: &str, words: &str) -> String {
    format!("<a href=\"{}\">{}</a>", attribute(address), literal(words.trim()))
}

fn is_address(value: &str) -> bool {
    value.starts_with("https://") || value.starts_with("http://")
}

/// True for the name of a picture.
pub(crate) fn is_picture(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let extension = path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| {
        matches!(&*extension, "png" | "jpg" | "jpeg" | "gif" | "webp" | "svg" | "avif" | "bmp" | "heic")
    })
}
