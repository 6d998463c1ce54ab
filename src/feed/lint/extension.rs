//! Elements of other namespaces that are common in feeds: their values.

use super::html::is_one_of;
use super::rules::{NUMBER, VALUE};
use super::tree::Element;
use super::values::{self, Notation, shown};
use super::xml::{ATOM, CONTENT, DC, ITUNES, MEDIA, SYNDICATION, Walk, place};

/// Looks at a child of a feed or an entry that is of another namespace.
pub(super) fn look(element: &Element, walk: &mut Walk<'_, '_>) {
    match (&*element.namespace, &*element.name) {
        (CONTENT, "encoded") => walk.html(element),
        (ATOM, "updated" | "published") => drop(walk.date(element, Notation::Internet)),
        (DC, "language") => walk.value(element, values::language),
        (DC, "creator" | "subject" | "rights" | "publisher") => drop(walk.filled(element)),
        (SYNDICATION, "updatePeriod") => one_of(element, "hourly daily weekly monthly yearly", walk),
        (ITUNES, "explicit") => one_of(element, "yes no clean true false explicit", walk),
        (ITUNES, "block" | "complete") => one_of(element, "yes no true false", walk),
        (ITUNES, "duration") => duration(element, walk),
        (SYNDICATION, "updateFrequency") | (ITUNES, "episode" | "season" | "order") => {
            walk.number(element, 1..=u64::MAX);
        }
        (ITUNES, "episodeType") => one_of(element, "full trailer bonus", walk),
        (ITUNES, "type") => one_of(element, "episodic serial", walk),
        (ITUNES, "image") if walk.required(element, "href").is_some() => {
            walk.attribute(element, "href", values::address);
        }
        (MEDIA, "content" | "thumbnail") => media(element, walk),
        (MEDIA, "group") => element.children().for_each(|child| look(child, walk)),
        _ => {}
    }
}

/// Media RSS 1.5
fn media(element: &Element, walk: &mut Walk<'_, '_>) {
    if element.name == "thumbnail" {
        walk.required(element, "url");
    }
    walk.attribute(element, "url", values::address);
    walk.attribute(element, "type", values::media_type);
    for name in "width height fileSize bitrate framerate samplingrate duration channels".split(' ') {
        let is_whole = matches!(name, "width" | "height" | "fileSize");
        let is_number = |text: &str| if is_whole { text.parse::<u64>().is_ok() } else { text.parse::<f64>().is_ok() };
        if let Some(number) = element.attribute(name).filter(|number| !is_number(number.value.trim())) {
            walk.findings.add(&NUMBER, number.at.clone(), format!("`{name}` is no number: `{}`", shown(&number.value)));
        }
    }
    if let Some(medium) = element.attribute("medium")
        && !is_one_of("image audio video document executable", &medium.value)
    {
        walk.findings.add(&VALUE, medium.at.clone(), format!("no medium: `{}`", shown(&medium.value)));
    }
    element.children().for_each(|child| look(child, walk));
}

/// Seconds, `mm:ss` or `hh:mm:ss`.
fn duration(element: &Element, walk: &mut Walk<'_, '_>) {
    let text = walk.filled(element);
    let parts: Vec<&str> = text.split(':').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(|part| is_number(part)) {
        walk.findings.add(&VALUE, place(element), format!("no duration: `{}`", shown(&text)));
    }
}

fn one_of(element: &Element, values: &str, walk: &mut Walk<'_, '_>) {
    let text = walk.text(element);
    if !is_one_of(values, &text.to_ascii_lowercase()) {
        let known = values.replace(' ', ", ");
        let message = format!("`<{}>` is none of {known}: `{}`", element.full_name, shown(&text));
        walk.findings.add(&VALUE, place(element), message);
    }
}
