//! `{% name arguments %}`, and where `{% endname %}` ends it.

use super::part::Part;
use super::writer::Writer;

/// A tag is not longer than this.
pub(crate) const LONGEST: usize = 4096;

pub(crate) struct Tag<'t> {
    pub(crate) name: &'t str,
    pub(crate) source: &'t str,
    pub(crate) end: usize,
}

impl<'t> Tag<'t> {
    pub(crate) fn read(part: &Part<'t>, at: usize, writer: &mut Writer<'_>) -> Option<Self> {
        if !part.text[at..].starts_with("{%") {
            return None;
        }
        let stop = part.find_close("%}", at + 2, LONGEST, &mut writer.work)?;
        let inside = part.text[at + 2..stop].trim_matches(['-', '+', '~']).trim();
        let name = inside.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(inside.len());
        Some(Self { name: &inside[..name], source: inside[name..].trim(), end: stop + 2 })
    }

    /// Where `{% endname %}` begins and ends (Zola: `{% end %}`, when this is a call with brackets).
    pub(crate) fn find_end(&self, part: &Part<'_>, writer: &mut Writer<'_>) -> Option<(usize, usize)> {
        let own = format!("end{}", self.name);
        if writer.unclosed.contains(&own) {
            return None;
        }
        let is_call = self.source.starts_with('(');
        let bytes = part.text.as_bytes();
        let mut search = self.end;
        while writer.work.is_left() {
            let Some(found) = memchr::memmem::find(&bytes[search..], b"{%") else { break };
            writer.work.spend(found + 2);
            let at = search + found;
            search = at + 2;
            let inside = part.text[search..].trim_start_matches(['-', '+', ' ', '\t']);
            let tail = inside.strip_prefix(&own).or_else(|| inside.strip_prefix("end").filter(|_| is_call));
            if let Some(rest) = tail.map(|tail| tail.trim_start_matches(['-', '+', ' ', '\t']))
                && let Some(rest) = rest.strip_prefix("%}")
            {
                return Some((at, part.text.len() - rest.len()));
            }
        }
        writer.work.spend(part.text.len() - search);
        writer.unclosed.insert(own);
        None
    }
}
