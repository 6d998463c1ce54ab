//! What stands for elements that no reader shows as they are: formulas, boxes to tick, embedded objects.

type Attributes = Vec<(String, String)>;

/// The box of a task list, ticked or not; `None` for any other kind of input.
pub(crate) fn tick_box(attributes: &Attributes) -> Option<&'static str> {
    let is_box = get(attributes, "type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("checkbox"));
    is_box.then(|| if get(attributes, "checked").is_some() { "☑ " } else { "☐ " })
}

/// True for what no browser shows: readers drop the attributes that say so, and would show it.
pub(crate) fn is_hidden(attributes: &[(String, String)]) -> bool {
    attributes.iter().any(|(key, value)| match &**key {
        "hidden" => true,
        "style" => {
            let style: String = value.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
            style.contains("display:none") || style.contains("visibility:hidden")
        }
        _ => false,
    })
}

/// A formula as the author typed it (`alttext`, or a TeX annotation), else the words in it; as HTML text.
pub(crate) fn formula(attributes: &Attributes, content: &str) -> String {
    if let Some(text) = get(attributes, "alttext").map(str::trim).filter(|text| !text.is_empty()) {
        return text.replace('<', "&lt;");
    }
    let annotation = content.find("application/x-tex").and_then(|at| {
        let (_, rest) = content[at..].split_once('>')?;
        rest.split_once("</").map(|(tex, _)| tex)
    });
    let content = annotation.unwrap_or(content);
    let mut words = String::with_capacity(content.len());
    for (n, piece) in content.split('<').enumerate() {
        words.push_str(if n == 0 { piece } else { piece.split_once('>').map_or("", |(_, text)| text) });
    }
    words.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// The element that an `object` or `embed` becomes, `img` or `iframe`, with its attributes; `None` without an address.
pub(crate) fn embedded(name: &str, attributes: &Attributes) -> Option<(&'static str, Attributes)> {
    let address = get(attributes, if name == "object" { "data" } else { "src" })?.trim();
    if address.is_empty() {
        return None;
    }
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let is_picture = get(attributes, "type").is_some_and(|kind| kind.starts_with("image/"))
        || [".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif"].iter().any(|ending| path.ends_with(ending));
    let words = get(attributes, "title").or_else(|| get(attributes, "aria-label")).unwrap_or_default();
    let (element, key) = if is_picture { ("img", "alt") } else { ("iframe", "title") };
    Some((element, vec![("src".to_owned(), address.to_owned()), (key.to_owned(), words.to_owned())]))
}

fn get<'a>(attributes: &'a Attributes, key: &str) -> Option<&'a str> {
    attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_shown_as_it_was_typed() {
        let inner = "<semantics><mrow><mi>a</mi><mo>&lt;</mo>\n<mi>b</mi></mrow></semantics>";
        assert_eq!(formula(&vec![], inner), "a&lt; b");
        assert_eq!(formula(&vec![("alttext".into(), "a<b".into())], inner), "a&lt;b");
        let annotated = "<mi>x</mi><annotation encoding=\"application/x-tex\">\\frac{a}{b} &lt; 1</annotation>";
        assert_eq!(formula(&vec![], annotated), "\\frac{a}{b} &lt; 1");
    }
}
