//! Replacements of elements that no reader shows as they are: boxes to tick, embedded objects.

use html5ever::Attribute;

/// The box of a task list, ticked or not; `None` for any other kind of input.
pub(super) fn tick_box(attributes: &[Attribute]) -> Option<&'static str> {
    let is_box = get(attributes, "type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("checkbox"));
    is_box.then(|| if get(attributes, "checked").is_some() { "☑ " } else { "☐ " })
}

/// True for what no browser shows: readers drop the attributes that say so, and would show it.
pub(super) fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &*attribute.name.local {
        "hidden" => true,
        "style" => {
            let style: String =
                attribute.value.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
            style.contains("display:none") || style.contains("visibility:hidden")
        }
        _ => false,
    })
}

/// The element that an `object` or `embed` becomes, with its attributes; `None` without an address.
pub(super) fn embedded(name: &str, attributes: &[Attribute]) -> Option<(&'static str, [(&'static str, String); 2])> {
    let address = get(attributes, if name == "object" { "data" } else { "src" })?.trim();
    if address.is_empty() {
        return None;
    }
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let is_picture = get(attributes, "type").is_some_and(|kind| kind.starts_with("image/"))
        || [".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif"].iter().any(|ending| path.ends_with(ending));
    let words = get(attributes, "title").or_else(|| get(attributes, "aria-label")).unwrap_or_default();
    let (element, key) = if is_picture { ("img", "alt") } else { ("iframe", "title") };
    Some((element, [("src", address.to_owned()), (key, words.to_owned())]))
}

pub(super) fn get<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a str> {
    attributes.iter().find(|attribute| &*attribute.name.local == key).map(|attribute| &*attribute.value)
}
