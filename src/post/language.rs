//! The language of a post.

use std::collections::BTreeSet;

use super::findings::Findings;
use super::front_matter::Fields;
use super::source_path::is_language_suffix;

/// The tag with `-` between its parts, or `None` when it is none (BCP 47, RFC 5646 §2.1, loosely).
fn tag(text: &str) -> Option<String> {
    let text = text.trim().replace('_', "-");
    let text = text.split(['.', '@']).next().unwrap_or_default();
    let mut parts = text.split('-');
    let language =
        parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()));
    let rest = parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    (language && rest).then(|| text.to_owned())
}

/// True when the posts of a site are divided by language: at least two folders at the top, and half of them, are called
/// like one; or half of the posts in such folders are called like one beside the folder, whose translation they are.
pub(crate) fn divides<'p>(paths: impl Iterator<Item = &'p str>, posts_dir: &str) -> bool {
    let below = |path: &'p str| {
        let path = path.trim_start_matches("./");
        path.strip_prefix(posts_dir.trim_start_matches("./")).unwrap_or(path).trim_start_matches('/')
    };
    let paths: Vec<&str> = paths.map(below).collect();
    let in_folders = || paths.iter().filter_map(|path| path.split_once('/'));
    let folders: BTreeSet<&str> = in_folders().map(|(folder, _)| folder).collect();
    let languages = folders.iter().filter(|folder| is_language_suffix(folder)).count();
    if languages == 0 {
        return false;
    }
    let paths: BTreeSet<&str> = paths.iter().copied().collect();
    let in_folders = || paths.iter().filter_map(|path| path.split_once('/'));
    let (translated, twins) = in_folders()
        .filter(|(folder, _)| is_language_suffix(folder))
        .fold((0_usize, 0_usize), |(all, twins), (_, rest)| (all + 1, twins + usize::from(paths.contains(rest))));
    (languages >= 2 && languages * 2 >= folders.len()) || twins * 2 >= translated
}

/// The language that the front matter, the file name or the folder says, else the site's.
pub(crate) fn language(fields: &Fields, of_file: Option<&str>, site: &str, findings: &mut Findings<'_>) -> String {
    for field in ["lang", "language", "locale"].iter().filter_map(|key| fields.get(&[key])) {
        match field.value.text().map(tag) {
            Some(Some(tag)) => return tag,
            _ => findings.warning(
                "post/language",
                field.at.clone(),
                format!("`{}` is not a language tag", field.key),
                "write a tag such as `en`, `de` or `pt-BR`",
            ),
        }
    }
    of_file.and_then(tag).unwrap_or_else(|| site.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r20_a_tag_is_told_from_a_flag() {
        assert_eq!(tag("en_US.UTF-8").as_deref(), Some("en-US"));
        assert_eq!(tag("pt-BR").as_deref(), Some("pt-BR"));
        assert_eq!(tag("🇬🇧"), None);
        assert_eq!(tag("english"), None);
    }

    #[test]
    fn r20_folders_are_languages_when_others_are_or_when_they_hold_translations() {
        let divides = |paths: &[&str]| divides(paths.iter().copied(), "posts");
        assert!(divides(&["posts/en/a.md", "posts/fr/b.md"]));
        assert!(divides(&["posts/a.md", "posts/b.md", "posts/en/a.md"]), "a translation");
        assert!(!divides(&["posts/a.md", "posts/it/printers.md"]), "a folder about computers");
        assert!(!divides(&["posts/a.md", "posts/2025/a.md"]));
    }
}
