//! The keys of one post, whoever's dialect they are in (rule R5).

use std::ops::Range;

use super::super::findings::Findings;
use super::fence::key_of;
use super::value::{Value, normal};

/// One key with its value and place.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// As written.
    pub(crate) key: String,
    normal: String,
    /// What stands behind it; never absent.
    pub(crate) value: Value,
    /// The key's line, as a range of the file.
    pub(crate) at: Range<usize>,
    /// The line's text behind the colon.
    pub(crate) source: String,
    nested: bool,
}

/// All keys of one post that have a value.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<Field>);

struct KeyLine<'t> {
    key: &'t str,
    at: Range<usize>,
    source: &'t str,
}

impl Fields {
    /// Takes the pairs of a block that stands at `start` in the file.
    pub(crate) fn new(pairs: Vec<(String, Value)>, block: &str, start: usize, findings: &mut Findings<'_>) -> Self {
        let lines = key_lines(block, start);
        let mut used = vec![false; lines.len()];
        let mut fields: Vec<Field> = Vec::new();
        for (key, mut value) in pairs {
            let line = lines.iter().enumerate().find(|(n, line)| !used[*n] && line.key == key);
            let (at, source) = line.map_or((start..start + 1, ""), |(n, line)| {
                used[n] = true;
                (line.at.clone(), line.source)
            });
            if value == Value::Null && source.starts_with('#') && !source.starts_with("# ") {
                // `tags: #a #b` is a comment to YAML and a list to the author (rule R4).
                value = Value::Text(source.to_owned());
                let help = format!(
                    "write `{key}: [{}]`",
                    source.replace('#', "").split_whitespace().collect::<Vec<_>>().join(", ")
                );
                findings.warning("post/comment", at.clone(), "what follows a `#` is a comment", help);
            }
            if let Some(earlier) = fields.iter().position(|field| field.key == key) {
                let message = format!("`{key}` is set twice: the last one counts");
                findings.warning("post/duplicate-key", at.clone(), message, "remove one of them");
                fields.remove(earlier);
            }
            fields.push(Field { normal: normal(&key), key, value, at, source: source.to_owned(), nested: false });
        }
        let nested: Vec<Field> =
            fields.iter().filter(|f| matches!(&*f.normal, "taxonomies" | "extra")).flat_map(inner).collect();
        fields.extend(nested);
        fields.retain(|field| !field.value.is_absent());
        let fields = Self(fields);
        fields.warn_of_variants(findings);
        fields
    }

    /// The value of the first of `keys` (in normal form) that is set. Of several spellings the lower-case one counts,
    /// else the first.
    pub(crate) fn get(&self, keys: &[&str]) -> Option<&Field> {
        keys.iter().find_map(|key| {
            let same = || self.0.iter().filter(|field| field.normal == *key);
            let top = || same().filter(|field| !field.nested);
            top().find(|field| field.key == field.normal).or_else(|| top().next()).or_else(|| same().next())
        })
    }

    /// Every spelling of a key that is set: for flags that must not be overlooked.
    pub(crate) fn all(&self, key: &str) -> impl Iterator<Item = &Field> {
        self.0.iter().filter(move |field| field.normal == key)
    }

    fn warn_of_variants(&self, findings: &mut Findings<'_>) {
        for (n, field) in self.0.iter().enumerate().filter(|(_, field)| !field.nested) {
            if let Some(first) = self.0[..n].iter().find(|other| !other.nested && other.normal == field.normal) {
                let message = format!("`{}` and `{}` are the same key", first.key, field.key);
                findings.warning("post/duplicate-key", field.at.clone(), message, "remove one of them");
            }
        }
    }
}

/// The keys inside of `taxonomies:` and `extra:`.
fn inner(outer: &Field) -> Vec<Field> {
    let Value::Map(pairs) = &outer.value else { return Vec::new() };
    let inner = pairs.iter().map(|(key, value)| Field {
        key: key.clone(),
        normal: normal(key),
        value: value.clone(),
        at: outer.at.clone(),
        source: String::new(),
        nested: true,
    });
    inner.collect()
}

/// The lines of a block that begin with a key.
fn key_lines(block: &str, start: usize) -> Vec<KeyLine<'_>> {
    let mut lines = Vec::new();
    let mut offset = start;
    for line in block.split_inclusive('\n') {
        if let Some(key) = key_of(line) {
            let from = line.find(key).unwrap_or_default() + key.len();
            let source = line[from..].split_once(':').map_or("", |(_, rest)| rest.trim());
            lines.push(KeyLine { key, at: offset..offset + line.trim_end().len(), source });
        }
        offset += line.len();
    }
    lines
}

/// A line that sets one of `keys` (in normal form) although the parser saw no such key: a quote has swallowed it.
pub(crate) fn swallowed(block: &str, start: usize, pairs: &[(String, Value)], keys: &[&str]) -> Option<Range<usize>> {
    let seen = |key: &str| pairs.iter().any(|(found, _)| found == key);
    let line = key_lines(block, start).into_iter().find(|line| keys.contains(&&*normal(line.key)) && !seen(line.key));
    line.map(|line| line.at)
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;

    fn fields(block: &str) -> (Fields, Vec<&'static str>) {
        let Ok(Value::Map(pairs)) = yaml::parse(block) else { panic!("{block}") };
        let mut findings = Findings::new("a.md", block);
        let fields = Fields::new(pairs, block, 0, &mut findings);
        (fields, findings.finish().into_iter().map(|finding| finding.code).collect())
    }

    fn text<'f>(fields: &'f Fields, key: &str) -> Option<&'f str> {
        fields.get(&[key]).and_then(|field| field.value.text())
    }

    #[test]
    fn r5_keys_are_found_in_every_spelling() {
        let (fields, warnings) = fields("Title: a\npub_date: b\nLast-Modified At: c\n");
        assert_eq!(text(&fields, "title"), Some("a"));
        assert_eq!(text(&fields, "pubdate"), Some("b"));
        assert_eq!(text(&fields, "lastmodifiedat"), Some("c"));
        assert!(warnings.is_empty());
    }

    #[test]
    fn the_lower_case_spelling_wins_and_the_last_duplicate() {
        let (fields, warnings) = fields("Title: a\ntitle: b\ndate: c\ndate: d\n");
        assert_eq!(text(&fields, "title"), Some("b"));
        assert_eq!(text(&fields, "date"), Some("d"));
        assert_eq!(warnings, ["post/duplicate-key", "post/duplicate-key"]);
    }

    #[test]
    fn empty_values_are_absent_and_zola_s_tables_are_looked_into() {
        let (fields, _) = fields("a: ''\nb: []\nc: ~\ntags:\ntaxonomies:\n  tags: [x]\nextra: {d: e}\n");
        assert!(["a", "b", "c"].iter().all(|key| fields.get(&[key]).is_none()));
        assert_eq!(text(&fields, "d"), Some("e"));
        assert!(fields.get(&["tags"]).is_some());
    }

    #[test]
    fn tags_that_yaml_takes_for_a_comment_are_recovered() {
        let (fields, warnings) = fields("tags: #a #b\ntitle: # a note\n");
        assert_eq!(text(&fields, "tags"), Some("#a #b"));
        assert!(fields.get(&["title"]).is_none());
        assert_eq!(warnings, ["post/comment"]);
    }
}
