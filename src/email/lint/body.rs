//! The HTML part: links, pictures, headings, tables, language.

use crate::content::allowed::is_block;
use crate::model::Entry;

use super::document::{Element, Token};
use super::findings::Findings;
use crate::email::markup::is_dropped;

/// So many of a kind are told.
const SHOWN: usize = 5;

/// More columns are wider than a phone, whatever is in them.
const COLUMNS: usize = 6;

pub(super) fn look(tokens: &[Token], entries: &[Entry], findings: &mut Findings<'_>) {
    language(tokens, findings);
    links(tokens, findings);
    images(tokens, entries, findings);
    headings(tokens, findings);
    tables(tokens, findings);
}

fn elements<'n>(tokens: &'n [Token], name: &'n str) -> impl Iterator<Item = (usize, &'n Element)> {
    tokens.iter().enumerate().filter_map(move |(at, token)| match token {
        Token::Open(element) if element.name == name => Some((at, element)),
        _ => None,
    })
}

/// The text between two tokens, without what is hidden.
fn text(tokens: &[Token]) -> String {
    let mut text = String::new();
    let mut until = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Text(found) if at >= until => text.push_str(found),
            // Blocks divide words.
            Token::Open(element) if at >= until => {
                if is_hidden(element) {
                    until = close(tokens, at);
                } else if let Some(alt) = element.attribute("alt").filter(|alt| !alt.trim().is_empty()) {
                    // As the text part has it.
                    text += &format!(" Image: {alt} ");
                } else if (is_block(&element.name) || element.name == "br") && !text.ends_with(' ') {
                    text.push(' ');
                }
            }
            Token::Open(_) | Token::Close(_) | Token::Text(_) => {}
        }
    }
    text
}

/// Where the element closes that opens at a place of this slice, which may not begin where the document does.
fn close(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Open(_) => depth += 1,
            Token::Close(_) => depth = depth.saturating_sub(1),
            Token::Text(_) => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

fn is_hidden(element: &Element) -> bool {
    is_dropped(&element.name)
        || element.attribute("style").is_some_and(|style| style.replace(' ', "").contains("display:none"))
}

/// The words that a reader sees.
pub(super) fn visible(tokens: &[Token]) -> String {
    text(tokens)
}

/// What is hidden at the beginning of the body: mail programs show it beside the subject.
pub(super) fn hidden_beginning(tokens: &[Token]) -> Option<String> {
    let (at, _) = elements(tokens, "div").find(|(_, element)| is_hidden(element))?;
    let raw: String = tokens[at..close(tokens, at)]
        .iter()
        .filter_map(|token| if let Token::Text(text) = token { Some(text.as_str()) } else { None })
        .collect();
    let is_padding =
        |c: char| c.is_whitespace() || matches!(c, '\u{A0}' | '\u{200C}' | '\u{34F}' | '\u{2007}' | '\u{200B}');
    Some(raw.trim_matches(is_padding).to_owned()).filter(|text| !text.is_empty())
}

/// Every address that a link leads to, in order.
pub(super) fn targets(tokens: &[Token]) -> Vec<&str> {
    elements(tokens, "a").filter_map(|(_, element)| element.attribute("href")).map(str::trim).collect()
}

/// The address of every picture, in order.
pub(super) fn pictures(tokens: &[Token]) -> Vec<&str> {
    elements(tokens, "img").filter_map(|(_, element)| element.attribute("src")).map(str::trim).collect()
}

fn language(tokens: &[Token], findings: &mut Findings<'_>) {
    let is_set =
        elements(tokens, "html").any(|(_, html)| html.attribute("lang").is_some_and(|lang| !lang.trim().is_empty()));
    if !is_set {
        let help = "write `<html lang=\"{{ language }}\" dir=\"{{ direction }}\">` in the template";
        findings.warning("mail/language", "the mail does not say its language, which screen readers need", None, help);
    }
}

fn links(tokens: &[Token], findings: &mut Findings<'_>) {
    let (mut relative, mut plain, mut other) = (0, 0, 0);
    for (at, element) in elements(tokens, "a") {
        let Some(target) = element.attribute("href").map(str::trim).filter(|target| !target.is_empty()) else {
            continue;
        };
        let words = text(&tokens[at..element.close]);
        let sources = findings.sources;
        let place = || sources.find(&[target, words.trim()]);
        let Ok(url) = url::Url::parse(target) else {
            if !target.starts_with('#') && relative < SHOWN {
                relative += 1;
                let message = format!("the link `{target}` leads nowhere from a mail");
                findings.error("mail/relative-link", message, place(), "write the whole address");
            }
            continue;
        };
        if url.scheme() == "http" && plain < SHOWN {
            plain += 1;
            let message = format!("the link `{target}` is not encrypted, which mail programs warn of");
            findings.warning("mail/http-link", message, place(), "write `https://`, if the site has it");
        }
        if let (Some(named), Some(host)) = (named_host(&words), url.host_str())
            && !is_same_site(&named, host)
            && other < SHOWN
        {
            other += 1;
            let message = format!("the link says `{}` and leads to `{host}`, as in a fraud", words.trim());
            findings.warning("mail/link-text", message, place(), "let the link say where it leads, or what is there");
        }
    }
}

/// The host that a link's text names, when the text is an address and nothing else.
fn named_host(words: &str) -> Option<String> {
    let words = words.trim();
    if words.contains(char::is_whitespace) || words.contains('@') {
        return None;
    }
    let rest = words.strip_prefix("https://").or_else(|| words.strip_prefix("http://"));
    let is_address = rest.is_some() || words.starts_with("www.");
    let host = rest.unwrap_or(words).split(['/', '?', '#', ':']).next()?.to_lowercase();
    // `main.rs` and `3.14` are no domains; those that people write without a scheme are few.
    let ends = [".com", ".org", ".net", ".edu", ".gov", ".co.uk", ".de", ".fr", ".eu", ".info"];
    let is_known = ends.iter().any(|end| host.ends_with(end)) && !words.ends_with('.');
    (host.contains('.') && (is_address || is_known)).then_some(host)
}

/// True when one host is below the other, or differs in `www.` only.
fn is_same_site(one: &str, other: &str) -> bool {
    let ascii = |host: &str| url::Host::parse(host).map_or_else(|_| host.to_owned(), |host| host.to_string());
    let (one, other) = (ascii(one), ascii(other));
    let (one, other) = (one.trim_start_matches("www."), other.trim_start_matches("www."));
    one == other || one.ends_with(&format!(".{other}")) || other.ends_with(&format!(".{one}"))
}

fn images(tokens: &[Token], entries: &[Entry], findings: &mut Findings<'_>) {
    let pictures = entries.iter().flat_map(|entry| &entry.pictures);
    let nameless = pictures.filter(|picture| picture.alt.as_deref().is_none_or(|alt| alt.trim().is_empty()));
    for picture in nameless.take(SHOWN) {
        let name = picture.url.rsplit('/').next().unwrap_or_default();
        // What is in no source, such as the poster of a film, stands beside its title.
        let Some(place) = findings.sources.find(&[&picture.url, name]) else { continue };
        let message = "a picture without a description, which many readers see in its place";
        findings.warning("mail/no-alt", message, Some(place), "say what it shows: `![a red boat](boat.jpg)`");
    }
    let (mut pixels, mut hidden, mut without) = (0, 0, 0);
    for (_, image) in elements(tokens, "img") {
        let source = image.attribute("src").unwrap_or_default();
        let place = || findings.sources.find(&[source]);
        let side = |name| image.attribute(name).and_then(|side| side.trim().parse::<u32>().ok());
        if side("width").is_some_and(|side| side <= 1) || side("height").is_some_and(|side| side <= 1) {
            if is_told(&mut pixels) {
                let message = "a picture of one pixel, which looks like one that tells who reads";
                findings.warning("mail/pixel", message, place(), "remove it");
            }
        } else if !["http://", "https://", "cid:"].iter().any(|scheme| source.starts_with(scheme)) {
            if is_told(&mut hidden) {
                let shown: String = source.chars().take(40).collect();
                let message = format!("mail programs do not show the picture `{shown}`");
                findings.warning("mail/image", message, place(), "put the picture online and write its whole address");
            }
        } else if image.attribute("alt").is_none() && is_told(&mut without) {
            findings.warning(
                "mail/no-alt",
                "a picture without `alt`",
                place(),
                "write `alt=\"\"` for one that only decorates",
            );
        }
    }
}

/// Counts one more of a kind; true for the first ones.
fn is_told(count: &mut usize) -> bool {
    *count += 1;
    *count <= SHOWN
}

fn headings(tokens: &[Token], findings: &mut Findings<'_>) {
    let mut last = 0;
    let mut first = 0;
    let mut told = 0;
    for (at, token) in tokens.iter().enumerate() {
        let Token::Open(element) = token else { continue };
        let level =
            element.name.strip_prefix('h').and_then(|level| level.parse::<usize>().ok()).filter(|level| *level <= 6);
        let Some(level) = level else { continue };
        first += usize::from(level == 1);
        if last > 0 && level > last + 1 && is_told(&mut told) {
            let words = text(&tokens[at..element.close]);
            let message = format!("the heading “{}” leaves out a level, which screen readers tell", words.trim());
            let place = findings.sources.find(&[words.trim()]);
            findings.warning("mail/headings", message, place, "use one level after the other: `##`, then `###`");
        }
        last = level;
    }
    if first != 1 {
        let message = format!("the mail has {first} headings of the first level; one is the title");
        findings.warning("mail/headings", message, None, "let the template have one `<h1>`");
    }
}

fn tables(tokens: &[Token], findings: &mut Findings<'_>) {
    let (mut headless, mut wide) = (0, 0);
    for (at, table) in elements(tokens, "table") {
        let table_at = at;
        let is_layout = table.attribute("role").is_some_and(|role| matches!(role, "presentation" | "none"));
        let inside = &tokens[at..table.close];
        if is_layout {
            continue;
        }
        let has_headings = inside.iter().any(|token| matches!(token, Token::Open(element) if element.name == "th"));
        if !has_headings && is_told(&mut headless) {
            let words = text(inside);
            let first = words.split_whitespace().next().unwrap_or_default();
            let message = "a table without headings, which screen readers cannot tell apart";
            let place = findings.sources.find(&["<table", &format!("| {first}"), first]);
            findings.warning("mail/table", message, place, "begin it with a row of headings");
        }
        let columns = elements(inside, "tr")
            .map(|(row, element)| {
                let cells = &inside[row..element.close.saturating_sub(at).min(inside.len())];
                cells
                    .iter()
                    .filter(|token| matches!(token, Token::Open(cell) if matches!(&*cell.name, "td" | "th")))
                    .count()
            })
            .max();
        let is_of_cards =
            table.attribute("class").is_some_and(|class| class.split_whitespace().any(|name| name == "cards"));
        if columns.is_some_and(|columns| columns > COLUMNS) && !is_of_cards && is_told(&mut wide) {
            let cells = elements(inside, "th").chain(elements(inside, "td")).take(2);
            let cells =
                cells.map(|(at, cell)| text(&inside[at..cell.close.saturating_sub(table_at).min(inside.len())]));
            let row = cells.map(|text| text.trim().to_owned()).collect::<Vec<_>>().join(" | ");
            let words = text(inside);
            let first = words.split_whitespace().next().unwrap_or_default();
            let message = format!(
                "a table of {} columns is wider than a phone, and Gmail cannot scroll it",
                columns.unwrap_or_default()
            );
            let place = findings.sources.find(&[&row, &format!("| {first}"), "<table", first]);
            let help = "begin it with a row of headings and leave out cells of several columns or rows: then phones show each row as a \
                        card; or turn columns into rows, or put it between `<!-- web-only -->` and `<!-- /web-only -->`";
            findings.warning("mail/wide-table", message, place, help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_is_an_address_names_a_host() {
        for (words, host) in [
            ("https://bank.example/login", Some("bank.example")),
            ("www.bank.example", Some("www.bank.example")),
            ("paypal.com", Some("paypal.com")),
            ("main.rs", None),
            ("read this", None),
            ("a@example.org", None),
        ] {
            assert_eq!(named_host(words).as_deref(), host, "{words}");
        }
        assert!(is_same_site("www.example.org", "example.org") && is_same_site("example.org", "blog.example.org"));
        assert!(!is_same_site("paypal.com", "paypal.com.evil.example") && !is_same_site("ample.org", "example.org"));
        assert!(is_same_site("bücher.example", "xn--bcher-kva.example"));
    }
}
