//! The keys of one post, in any dialect.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::super::findings::Findings;
use super::form::Pair;
use super::value::{Value, normal};

/// One key with its value and place.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// As written.
    pub(crate) key: String,
    /// Its normal form, where that is another.
    other_normal: Option<String>,
    /// Its value; never absent.
    pub(crate) value: Value,
    /// The key's line, as a range of the file.
    pub(crate) at: Range<usize>,
    /// The line's text behind the colon; may be empty where the value is text.
    pub(crate) source: String,
    nested: bool,
}

impl Field {
    fn new(key: String, value: Value, at: Range<usize>, source: String) -> Self {
        let is_normal = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let other_normal = if is_normal { None } else { Some(normal(&key)).filter(|normal| *normal != key) };
        Self { key, other_normal, value, at, source, nested: false }
    }

    fn normal(&self) -> &str {
        self.other_normal.as_deref().unwrap_or(&self.key)
    }
}

/// All keys of one post that have a value.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    all: Vec<Field>,
    /// A bit for each key that is there: a post is asked for more than a hundred keys and has a handful.
    present: u64,
}

/// The bit of a key: others may have the same.
fn bit(normal: &str) -> u64 {
    let bytes = normal.as_bytes();
    let (first, last) = (bytes.first().copied().unwrap_or_default(), bytes.last().copied().unwrap_or_default());
    1 << ((usize::from(first) * 5 + usize::from(last) * 11 + bytes.len()) % 64)
}

/// Whether no two of the keys can be the same, judged by their bits: nearly every front matter is told so without a table.
fn are_distinct<'k>(keys: impl Iterator<Item = &'k str>) -> bool {
    let (bits, count) = keys.fold((0_u64, 0), |(bits, count), key| (bits | bit(key), count + 1));
    bits.count_ones() == count
}

impl Fields {
    /// Takes the pairs of a block that stands at `start` in the file.
    pub(crate) fn new(pairs: Vec<Pair>, start: usize, findings: &mut Findings<'_>) -> Self {
        let mut is_overridden = vec![false; pairs.len()];
        if !are_distinct(pairs.iter().map(|pair| &*pair.key)) {
            let mut last = HashMap::with_capacity(pairs.len());
            for (n, Pair { key, at, .. }) in pairs.iter().enumerate() {
                if let Some(earlier) = last.insert(&**key, n) {
                    is_overridden[earlier] = true;
                    let message = format!("`{key}` is set twice: the last one counts");
                    let at = start + at.start..start + at.end;
                    findings.warning("post/duplicate-key", at, message, "remove one of them");
                }
            }
        }
        let mut fields: Vec<Field> = pairs
            .into_iter()
            .zip(is_overridden)
            .filter(|(_, is_overridden)| !is_overridden)
            .map(|(Pair { key, value, at, source }, _)| {
                Field::new(key, value, start + at.start..start + at.end, source)
            })
            .collect();
        let nested: Vec<Field> =
            fields.iter().filter(|f| matches!(f.normal(), "taxonomies" | "extra")).flat_map(inner).collect();
        fields.extend(nested);
        fields.retain(|field| !field.value.is_absent());
        let present = fields.iter().fold(0, |bits, field| bits | bit(field.normal()));
        let fields = Self { all: fields, present };
        fields.warn_of_variants(findings);
        fields
    }

    /// Takes the keys that are absent here from a file beside the post. Places in that file mean nothing in
    /// this one, so they become the beginning of the file.
    pub(crate) fn fill(&mut self, beside: Self) {
        let own: HashSet<String> = self.all.iter().map(|field| field.normal().to_owned()).collect();
        for field in beside.all.into_iter().filter(|field| !own.contains(field.normal())) {
            self.present |= bit(field.normal());
            self.all.push(Field { at: 0..1, ..field });
        }
    }

    /// Every value, whatever its key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Field> {
        self.all.iter()
    }

    /// The value of the first of `keys` (in normal form) that is set. Of several spellings the lower-case one counts,
    /// else the first.
    pub(crate) fn get(&self, keys: &[impl AsRef<str>]) -> Option<&Field> {
        keys.iter().find_map(|key| {
            let same = self.all(key.as_ref());
            let first = same.clone().next()?;
            let top = || same.clone().filter(|field| !field.nested);
            top().find(|field| field.other_normal.is_none()).or_else(|| top().next()).or(Some(first))
        })
    }

    /// Every spelling of a key that is set: for flags that must not be overlooked.
    pub(crate) fn all(&self, key: &str) -> impl Iterator<Item = &Field> + Clone {
        let all = if self.present & bit(key) == 0 { &[] } else { self.all.as_slice() };
        all.iter().filter(move |field| field.normal() == key)
    }

    /// The value that counts at the top, and all inside of `taxonomies` and `extra`: for lists that are joined.
    pub(crate) fn joined(&self, key: &str) -> impl Iterator<Item = &Field> {
        let top = self.get(&[key]).filter(|field| !field.nested);
        top.into_iter().chain(self.all(key).filter(|field| field.nested))
    }

    fn warn_of_variants(&self, findings: &mut Findings<'_>) {
        if are_distinct(self.all.iter().filter(|field| !field.nested).map(Field::normal)) {
            return;
        }
        let mut firsts: HashMap<&str, &Field> = HashMap::with_capacity(self.all.len());
        for field in self.all.iter().filter(|field| !field.nested) {
            let first = *firsts.entry(field.normal()).or_insert(field);
            if !std::ptr::eq(first, field) {
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
        nested: true,
        ..Field::new(key.clone(), value.clone(), outer.at.clone(), String::new())
    });
    inner.collect()
}

#[cfg(test)]
mod tests {
    use super::super::read_data;
    use super::*;

    fn fields(block: &str) -> (Fields, Vec<&'static str>) {
        let mut findings = Findings::new("a.md", block);
        let fields = read_data("a.yml", block, &mut findings).unwrap();
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
