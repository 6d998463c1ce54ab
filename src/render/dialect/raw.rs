//! What must be shown as it stands: code, `{% raw %}…{% endraw %}`, and Hugo's `{{</* … */>}}`.

use std::borrow::Cow;

use super::liquid_tag::{LONGEST, Tag};
use super::part::Part;
use super::writer::{Writer, code_span, literal};

/// A tag of another generator, shown as it stands when the owner wants it so.
pub(crate) fn keep(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let tags = [("{{<", ">}}"), ("{{%", "%}}"), ("{{", "}}"), ("{%", "%}")];
    let (open, close) = tags.into_iter().find(|(open, _)| part.text[at..].starts_with(open))?;
    let end = part.find_close(close, at + open.len(), LONGEST, &mut writer.work)? + close.len();
    writer.out.push_str(&literal(&part.text[at..end]));
    Some(end)
}

/// Writes code; the marks that keep another generator from reading it are taken off.
pub(crate) fn code(code: &str, writer: &mut Writer<'_>) {
    if memchr::memchr2(b'%', b'*', code.as_bytes()).is_none() {
        return writer.out.push_str(code);
    }
    let code = without_raw_tags(code);
    if code.contains("*/") {
        let code = code.replace("{{</*", "{{<").replace("*/>}}", ">}}");
        writer.out.push_str(&code.replace("{{%/*", "{{%").replace("*/%}}", "%}}"));
    } else {
        writer.out.push_str(&code);
    }
}

/// Code that is wholly within raw tags, without them.
fn without_raw_tags(code: &str) -> Cow<'_, str> {
    let Some((before, rest)) = code.split_once("{%") else { return Cow::Borrowed(code) };
    let opened = rest.split_once("%}").filter(|(tag, _)| is_tag(tag, "raw"));
    let closed = opened.and_then(|(_, rest)| rest.rsplit_once("{%"));
    let Some((inside, end)) = closed else { return Cow::Borrowed(code) };
    let Some((_, after)) = end.split_once("%}").filter(|(tag, _)| is_tag(tag, "endraw")) else {
        return Cow::Borrowed(code);
    };
    // Before the tag: nothing, or the line that opens the fence.
    let fence = before.rsplit_once('\n').map_or(before.trim_matches('`'), |(_, last)| last);
    if !fence.trim().is_empty() || !after.trim().trim_matches(['`', '~', '>', ' ', '\n']).is_empty() {
        return Cow::Borrowed(code);
    }
    let (inside, after) = if before.contains('\n') {
        (inside.trim_start_matches(' ').strip_prefix('\n').unwrap_or(inside), after.trim_start_matches(' '))
    } else {
        (inside, after)
    };
    let after = if inside.ends_with('\n') { after.strip_prefix('\n').unwrap_or(after) } else { after };
    Cow::Owned(format!("{before}{inside}{after}"))
}

fn is_tag(inside: &str, name: &str) -> bool {
    inside.trim_matches(['-', ' ', '\t']) == name
}

/// `{% raw %}…{% endraw %}` (Liquid, Jinja) and `{% verbatim %}` (Django).
pub(crate) fn block(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let tag = Tag::read(part, at, writer)?;
    if !matches!(tag.name, "raw" | "verbatim") {
        return None;
    }
    let (end, after) = tag.find_end(part, writer)?;
    let mut from = tag.end;
    while from < end {
        if let Some(code_range) = part.code_at(from) {
            let stop = code_range.end.min(end);
            code(&part.text[from..stop], writer);
            from = stop;
            continue;
        }
        let stop = part.next_code(from).min(end);
        shielded(&part.text[from..stop], writer);
        from = stop;
    }
    Some(after)
}

/// Writes text in which tags are shown as code.
fn shielded(mut text: &str, writer: &mut Writer<'_>) {
    while let Some(start) = text.find(['{', '%']) {
        writer.out.push_str(&text[..start]);
        text = &text[start..];
        let close = match &text.as_bytes()[..text.len().min(2)] {
            b"{%" => "%}",
            b"{{" => "}}",
            b"{#" => "#}",
            _ => {
                writer.out.push_str(&text[..1]);
                text = &text[1..];
                continue;
            }
        };
        let end = if writer.work.is_left() { text.find(close) } else { None };
        writer.work.spend(end.unwrap_or(text.len()));
        let Some(end) = end else {
            writer.out.push_str(&code_span(&text[..2]));
            text = &text[2..];
            continue;
        };
        writer.out.push_str(&code_span(&text[..end + 2]));
        text = &text[end + 2..];
    }
    writer.out.push_str(text);
}
