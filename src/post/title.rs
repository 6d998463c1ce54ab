//! The title and the author's own summary, as plain text.

use super::audience::{Audience, select};
use super::date;
use super::draft_words::is_flag;
use super::findings::Findings;
use super::front_matter::{Field, Fields, Value};
use super::names::NAMES;
use super::plain::{self, Tags};
use super::source_path::SourcePath;

pub(crate) const TITLE_KEYS: [&str; 4] = ["title", "posttitle", "headline", "name"];

/// What is known of the text below the front matter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'t> {
    /// Whole lines.
    pub(crate) text: &'t str,
    /// True when nothing follows.
    pub(crate) is_whole: bool,
}

/// What a post is called.
pub(crate) struct Title {
    pub(crate) text: String,
    /// True when its author has called it nothing.
    pub(crate) is_made: bool,
}

/// The title: of the front matter, else the first `# heading`, else the name of the file, else how the text begins. `None`
/// when more of the text is needed.
pub(crate) fn title(fields: &Fields, body: Text<'_>, path: &SourcePath) -> Option<Title> {
    let written = |text| Title { text, is_made: false };
    if let Some(title) = fields.get(&TITLE_KEYS).map(source).filter(|title| !title.is_empty()) {
        return Some(written(title));
    }
    // What only mail shows gives the public page no title.
    let shown = select(body.text, Audience::Web);
    let heading = plain::first_heading(&shown);
    // A bracket may be a link whose address stands at the end of the text.
    if !body.is_whole {
        return heading.filter(|heading| !heading.contains('[')).map(written);
    }
    if heading.is_some() {
        return heading.map(written);
    }
    let name = date::split_name(&path.name).map_or(&*path.name, |(_, rest)| rest);
    let words = crate::content::characters::one_line(&name.replace(['-', '_'], " "));
    let start: String = crate::content::characters::one_line(&shown).chars().take(60).collect();
    let title = if words.chars().any(char::is_alphabetic) { String::new() } else { plain::text(&start, Tags::All) };
    Some(Title { text: if title.is_empty() { words } else { title }, is_made: true })
}

/// Says that a post that readers see is called by the name of its file, or by how its text begins.
pub(crate) fn warn_of_none(title: &str, findings: &mut Findings<'_>) {
    let message =
        format!("this post has no title: the feeds call it `{title}`, and the newsletter waits until it has one");
    let help = "write a line `title:` into the front matter, or a first line `# Title` into the text";
    findings.warning("post/no-title", 0..1, message, help);
}

/// A title in brackets is a list to YAML and a title to its author: the source text counts.
fn source(field: &Field) -> String {
    let text = match &field.value {
        Value::Text(text) => text,
        _ => &field.source,
    };
    plain::text(text, Tags::Formatting)
}

/// The author's own summary as one line of plain text.
pub(crate) fn description(fields: &Fields) -> Option<String> {
    NAMES.description.iter().filter_map(|key| fields.get(&[key])?.value.text()).find_map(|text| {
        // `spoiler: true` and `hook: false` are flags of a theme.
        let flag = is_flag(text);
        let text = plain::text(text, Tags::All);
        (!flag && !text.is_empty()).then_some(text)
    })
}
