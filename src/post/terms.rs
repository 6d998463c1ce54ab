//! The terms of a post in each taxonomy of the site: lists, comma strings, hashtags, as their author left them.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use crate::model::Taxonomy;

use super::findings::Findings;
use super::front_matter::{Field, Fields, Value};
use super::generator_tags;
use super::source_path::SourcePath;
use crate::content::characters::one_line;

/// More terms of one taxonomy than this do not count: each may have a feed that shows the post.
const MOST: usize = 200;

/// A taxonomy of the site, and the keys that it is written with, in normal form.
pub(crate) struct TaxonomyKeys {
    name: String,
    pub(crate) keys: Vec<String>,
}

/// All taxonomies of a site with their keys.
pub(crate) fn with_keys(names: &[String]) -> Vec<TaxonomyKeys> {
    names.iter().map(|name| TaxonomyKeys { name: name.clone(), keys: keys(name, names) }).collect()
}

/// All of the taxonomies in which the post has a term.
pub(crate) fn taxonomies(
    fields: &Fields,
    taxonomies: &[TaxonomyKeys],
    path: &SourcePath,
    findings: &mut Findings<'_>,
) -> Vec<Taxonomy> {
    let of = |taxonomy: &TaxonomyKeys| {
        let mut terms = terms(fields, &taxonomy.keys, path);
        if terms.len() > MOST {
            let message = format!("this post has {} {}: the first {MOST} of them count", terms.len(), taxonomy.name);
            let key = taxonomy.keys.iter().find_map(|key| fields.get(&[key]));
            let at = key.map_or(0..1, |field| field.at.clone());
            findings.warning("post/terms", at, message, "keep those that a reader would look for");
            terms.truncate(MOST);
        }
        (!terms.is_empty()).then(|| Taxonomy { name: taxonomy.name.clone(), terms })
    };
    taxonomies.iter().filter_map(of).collect()
}

/// The categories of the post, whether or not they are a taxonomy of the site.
pub(crate) fn categories(fields: &Fields, path: &SourcePath) -> Vec<String> {
    let mut terms = terms(fields, &keys("categories", &[]), path);
    terms.truncate(MOST);
    terms
}

fn terms(fields: &Fields, keys: &[String], path: &SourcePath) -> Vec<String> {
    let mut terms = Terms::default();
    for key in keys {
        for field in fields.joined(key) {
            let spaces = path.is_jekyll() && matches!(&**key, "tags" | "tag" | "categories");
            collect(field, spaces, &mut terms);
        }
    }
    terms.all
}

/// Terms in their order, each once, whatever its case.
#[derive(Default)]
struct Terms {
    all: Vec<String>,
    seen: HashSet<String, RandomState>,
}

/// The keys that a taxonomy is written with: its name, its singular, and for tags what some themes call them.
fn keys(name: &str, all: &[String]) -> Vec<String> {
    let normal = super::front_matter::normal(name);
    let singular = normal
        .strip_suffix("ies")
        .map(|stem| format!("{stem}y"))
        .or_else(|| normal.strip_suffix('s').map(str::to_owned));
    let topics = (normal == "tags" && !all.iter().any(|other| other == "topics")).then(|| "topics".to_owned());
    let mut keys = vec![normal];
    keys.extend(singular);
    keys.extend(topics);
    keys
}

fn collect(field: &Field, spaces: bool, terms: &mut Terms) {
    match &field.value {
        Value::Text(text) => split(text, spaces).into_iter().for_each(|term| add(term, terms)),
        value => flatten(value, terms),
    }
}

fn flatten(value: &Value, terms: &mut Terms) {
    match value {
        Value::Text(text) => add(text, terms),
        Value::List(items) => items.iter().for_each(|item| flatten(item, terms)),
        Value::Map(pairs) => {
            let named = ["name", "title", "label", "slug"].iter().find_map(|key| value.get(key)?.text());
            match (named, pairs.as_slice()) {
                (Some(name), _) => add(name, terms),
                // `- Rust: a walk` without quotes.
                (None, [(key, Value::Text(text))]) => add(&format!("{key}: {text}"), terms),
                _ => {}
            }
        }
        Value::Null => {}
    }
}

/// What divides the terms of a string.
const COMMAS: [char; 6] = [',', '，', '、', '،', ';', '|'];

/// A string of terms: a list in brackets, else by commas and their kin, else by `#`, else by blanks where Jekyll does.
fn split(text: &str, spaces: bool) -> Vec<&str> {
    let text = text.trim();
    let text = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text);
    if text.contains(COMMAS) {
        return text.split(COMMAS).map(unquote).collect();
    }
    if text.starts_with('#') && text.split_whitespace().all(|word| word.starts_with('#')) {
        return text.split_whitespace().collect();
    }
    if spaces { text.split_whitespace().collect() } else { vec![unquote(text)] }
}

fn unquote(term: &str) -> &str {
    let term = term.trim();
    let inner = |quote| term.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(term)
}

fn add(term: &str, terms: &mut Terms) {
    let term = one_line(generator_tags::without(term).trim().trim_start_matches('#'));
    if !term.is_empty() && terms.seen.insert(term.to_lowercase()) {
        terms.all.push(term);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r17_strings_of_terms_are_split_as_their_authors_mean_it() {
        assert_eq!(split("self care, walks,  rain", false), ["self care", "walks", "rain"]);
        assert_eq!(split("[a, 'b c']", false), ["a", "b c"]);
        assert_eq!(split("一，二、三", false), ["一", "二", "三"]);
        assert_eq!(split("مطر، طين", false), ["مطر", "طين"]);
        assert_eq!(split("#a #b", false), ["#a", "#b"]);
        assert_eq!(split("two words", false), ["two words"]);
        assert_eq!(split("two words", true), ["two", "words"]);
    }

    #[test]
    fn list_items_are_kept_whole_and_compared_without_case() {
        let text = |text: &str| Value::Text(text.into());
        let list = Value::List(vec![
            text("Rust, mostly"),
            Value::List(vec![text("#C#"), text("rust, MOSTLY")]),
            text(" "),
            Value::Null,
        ]);
        let mut terms = Terms::default();
        flatten(&list, &mut terms);
        assert_eq!(terms.all, ["Rust, mostly", "C#"]);
    }

    #[test]
    fn of_very_many_terms_the_first_ones_count() {
        let post = |count: usize| {
            let tags: Vec<_> = (0..count).map(|n| format!("t{n}")).collect();
            super::super::tests::keys(&format!("tags: [{}]", tags.join(", ")))
        };
        let (some, found) = post(200);
        assert_eq!((some.taxonomies[0].terms.len(), found.len()), (200, 0));
        let (many, found) = post(201);
        assert_eq!((many.taxonomies[0].terms.len(), found[0].code), (200, "post/terms"));
    }

    #[test]
    fn a_taxonomy_is_found_under_its_singular_too() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(keys("categories", &[]), ["categories", "category"]);
        assert_eq!(keys("emotions", &[]), ["emotions", "emotion"]);
        assert_eq!(keys("tags", &names(&["tags", "topics"])), ["tags", "tag"]);
    }
}
