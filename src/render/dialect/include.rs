//! Files that a text includes: one that is there and plain stands where its tag is. Where one is missing, references whose
//! definitions it may have held are the words that they show.

use super::included::plain;
use super::part::Part;
use super::writer::Writer;

/// As much is included in one text, in bytes.
const MOST: usize = 1 << 18;

/// A reference is not longer than this.
const LONGEST: usize = 300;

/// Writes the file that a tag names in its place; false when there is none, or too much.
pub(crate) fn write(writer: &mut Writer<'_>, part: &Part<'_>, (at, end): (usize, usize), name: &str) -> bool {
    let body = writer.body;
    let Some(text) = body.includes.get(name).map(|text| text.trim_matches('\n')) else { return false };
    let is_alone = part.margin(at).is_some() && part.ends_line(end);
    if writer.includes.written + text.len() > MOST || !is_alone && text.contains('\n') {
        return false;
    }
    writer.includes.written += text.len();
    for (n, line) in text.lines().enumerate() {
        if n > 0 {
            writer.new_line(part, at);
        }
        writer.out.push_str(line);
    }
    true
}

/// `[text][label]` of which a missing file may hold the definition.
pub(crate) fn reference(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    if writer.includes.labels.is_none() || part.text[..at].ends_with(['!', '\\']) {
        return None;
    }
    let close = part.find_close("]", at + 1, LONGEST, &mut writer.work)?;
    if !part.text[close + 1..].starts_with('[') {
        return None;
    }
    let end = part.find_close("]", close + 2, LONGEST, &mut writer.work)?;
    let (text, label) = (&part.text[at + 1..close], &part.text[close + 2..end]);
    let label = plain(if label.is_empty() { text } else { label });
    let is_defined = writer.includes.labels.as_ref().is_some_and(|labels| labels.contains(&label));
    if is_defined || text.trim().is_empty() || text.contains('[') || label.starts_with('^') {
        return None;
    }
    writer.out.push_str(text);
    Some(end + 1)
}
