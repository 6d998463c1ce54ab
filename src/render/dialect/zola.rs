//! Zola (and Nunjucks macros): `{{ youtube(id="x") }}`.

use super::arguments::Arguments;
use super::part::Part;
use super::shortcode;
use super::writer::Writer;

/// Writes what a call shows; false when `inside` is none.
pub(crate) fn call(part: &Part<'_>, span: (usize, usize), inside: &str, writer: &mut Writer<'_>) -> bool {
    let Some((name, rest)) = inside.split_once('(') else { return false };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    if name.is_empty() || !name.trim_end().chars().all(is_name) {
        return false;
    }
    let source = rest.rsplit_once(')').map_or(rest, |(source, _)| source);
    let name = name.trim_end();
    let short = name.rsplit([':', '.']).next().unwrap_or(name);
    shortcode::show(writer, part, span, &format!("{{{{ {name}() }}}}"), short, &Arguments::read(source));
    true
}
