//! HTML as people write it → the content tree, the allow-list applied on the way.

use std::borrow::Cow;

use html5ever::Attribute;

use super::allowed;
use super::builder::{Builder, Content};
use super::characters::one_line;
use super::scan::{Piece, Scanner};
use super::stand_in;

/// The mark where the summary ends.
pub(crate) const MORE: &str = "more";

/// The mark where the summary begins, when that is not the beginning.
pub(crate) const BEGIN: &str = "begin";

/// The mark that a comment stands for: `<!--more-->` and its kin in other generators. The whole comment must be
/// the word.
fn mark(comment: &str) -> Option<&'static str> {
    match &*comment.trim().to_ascii_lowercase() {
        "more"
        | "read more"
        | "readmore"
        | "read-more"
        | "truncate"
        | "excerpt"
        | "end excerpt"
        | "pelican_end_summary" => Some(MORE),
        "pelican_begin_summary" => Some(BEGIN),
        _ => None,
    }
}

pub(crate) fn read(html: &str) -> Content {
    let mut builder = Builder::default();
    let mut scanner = Scanner::new(html);
    while let Some(piece) = scanner.next() {
        match piece {
            Piece::Text(text) => builder.text(&text),
            Piece::Comment(text) => {
                if let Some(name) = mark(&text) {
                    builder.mark(name);
                }
            }
            Piece::Close(name) => builder.close(without_form(&name)),
            Piece::Open(name, attributes) => open(&mut builder, &name, attributes, &mut scanner),
        }
    }
    builder.finish()
}

fn open(builder: &mut Builder, name: &str, attributes: Vec<Attribute>, scanner: &mut Scanner<'_>) {
    match name {
        "input" if let Some(tick_box) = stand_in::tick_box(&attributes) => return builder.text(tick_box),
        "math" => {
            let formula = formula(&attributes, scanner.skip_to_end_of("math"));
            if !formula.is_empty() {
                element(builder, "code", vec![], &formula);
            }
            return;
        }
        "object" | "embed" => match stand_in::embedded(name, &attributes) {
            Some((shown, attributes)) => {
                if name == "object" {
                    scanner.skip_to_end_of(name);
                }
                let attributes =
                    attributes.into_iter().filter_map(|(key, value)| builder.attribute(shown, key, value.into()));
                let attributes = attributes.collect();
                return element(builder, shown, attributes, "");
            }
            None if name == "object" => return,
            None => {}
        },
        _ => {}
    }
    let written = name;
    let known = allowed::known(without_form(name));
    let is_dropped = allowed::is_dropped(name);
    if is_dropped && known.is_none() || matches!(name, "form" | "input" | "embed" | "frame") {
        // One that is loaded from elsewhere is a part of what it shows.
        let is_loaded = name == "script" && stand_in::get(&attributes, "src").is_some_and(|src| !src.trim().is_empty());
        builder.leave_out(if is_loaded { "script src".to_owned() } else { name.to_owned() });
    }
    if is_closed_dialog(name, &attributes) {
        builder.leave_out(format!("{name} hidden"));
        scanner.skip_to_end_of(name);
    } else if let Some((name, _)) = known {
        let is_hidden = stand_in::is_hidden(&attributes);
        if is_hidden {
            builder.leave_out(format!("{written} hidden"));
        }
        let attributes = attributes
            .into_iter()
            .filter_map(|attribute| builder.attribute(name, &attribute.name.local, Cow::from(&*attribute.value)));
        let attributes = attributes.collect();
        builder.open(name, attributes, is_hidden);
    } else if !is_dropped && stand_in::is_hidden(&attributes) {
        builder.leave_out(format!("{name} hidden"));
        scanner.skip_to_end_of(name);
    }
    if is_dropped {
        scanner.skip_to_end_of(name);
        builder.close(name);
    }
}

/// Blocks that do nothing here are divisions, so that the words in them stay apart.
fn without_form(name: &str) -> &str {
    if matches!(name, "form" | "fieldset" | "legend" | "dialog" | "search") { "div" } else { name }
}

/// True for a dialog that nothing has opened (HTML §4.11.4).
fn is_closed_dialog(name: &str, attributes: &[Attribute]) -> bool {
    name == "dialog" && !attributes.iter().any(|attribute| &*attribute.name.local == "open")
}

/// Adds an element that holds only text.
fn element(builder: &mut Builder, name: &'static str, attributes: Vec<(&'static str, String)>, text: &str) {
    builder.open(name, attributes, false);
    builder.text(text);
    builder.close(name);
}

/// A formula as the author typed it (`alttext`, or a TeX annotation), else the words in it.
fn formula(attributes: &[Attribute], content: &str) -> String {
    if let Some(text) = stand_in::get(attributes, "alttext").map(str::trim).filter(|text| !text.is_empty()) {
        return text.to_owned();
    }
    let (mut all, mut tex, mut is_tex) = (String::new(), None, false);
    let mut scanner = Scanner::new(content);
    while let Some(piece) = scanner.next() {
        match piece {
            Piece::Open(name, attributes) => {
                is_tex = &*name == "annotation" && stand_in::get(&attributes, "encoding") == Some("application/x-tex");
            }
            Piece::Text(text) if is_tex => tex = tex.or(Some(text)),
            Piece::Text(text) => all.push_str(&text),
            Piece::Close(_) => is_tex = false,
            Piece::Comment(_) => {}
        }
    }
    one_line(&tex.unwrap_or(all))
}

/// The words of a whole HTML document as one line, hidden ones too, without those in elements named in `without`.
pub(crate) fn words(html: &str, without: &[&str]) -> String {
    let mut words = String::new();
    let mut scanner = Scanner::new(html);
    while let Some(piece) = scanner.next() {
        match piece {
            Piece::Text(text) => words.push_str(&text),
            Piece::Open(name, _) if without.contains(&&*name) => drop(scanner.skip_to_end_of(&name)),
            _ => {}
        }
    }
    one_line(&words)
}
