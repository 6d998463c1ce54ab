//! What is known of a reader beside name and address.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value, json};

/// So many letters a list's name may have.
const LONGEST_LIST: usize = 40;

/// The key of the tags among the fields.
const TAGS: &str = "tags";

/// Whether a list may be called so: letters from a to z in lower case, digits, and `-`, which does not come first.
pub fn is_list_name(name: &str) -> bool {
    (1..=LONGEST_LIST).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The lists that a reader is on, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lists(BTreeSet<String>);

impl Lists {
    /// These names, without those that no list may have.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().filter(|name| is_list_name(name)).map(str::to_owned).collect())
    }

    /// As the database has them: each name between blanks, so that it can be looked for.
    pub fn stored(&self) -> String {
        format!(" {self} ")
    }

    /// What [`Lists::stored`] made.
    pub fn from_stored(text: &str) -> Self {
        Self::new(text.split_ascii_whitespace())
    }

    /// The names in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// `essays, notes`; `none` when they are on none.
    pub fn told(&self) -> String {
        if self.0.is_empty() { "none".to_owned() } else { self.names().collect::<Vec<_>>().join(", ") }
    }

    /// These and the others.
    #[must_use]
    pub fn and(self, others: &Self) -> Self {
        Self(self.0.into_iter().chain(others.0.iter().cloned()).collect())
    }

    /// Whether one of these names is among them.
    pub fn has_any(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.0.contains(name))
    }
}

impl fmt::Display for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.names().enumerate() {
            write!(f, "{}{name}", if at == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// What a reader chooses of what is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Everything, also what is for lists to come.
    Everything,
    /// What is for everyone, and for these lists.
    Lists(Lists),
}

/// How the database has [`Choice::Everything`]; no name of a list stands there without blanks around it.
const EVERYTHING: &str = "everything";

impl Choice {
    /// The lists that the reader is on then; `None` for everything.
    pub fn lists(&self) -> Option<&Lists> {
        match self {
            Self::Everything => None,
            Self::Lists(lists) => Some(lists),
        }
    }

    /// This beside what a reader gets already, by their lists.
    #[must_use]
    pub fn beside(&self, known: Option<&Lists>) -> Self {
        match (self, known) {
            (Self::Lists(chosen), Some(known)) => Self::Lists(chosen.clone().and(known)),
            _ => Self::Everything,
        }
    }

    /// Whether it has more than a reader gets already, by their lists.
    pub fn adds_to(&self, known: Option<&Lists>) -> bool {
        self.beside(known).lists() != known
    }

    /// As the database has it.
    pub fn stored(&self) -> String {
        self.lists().map_or_else(|| EVERYTHING.to_owned(), Lists::stored)
    }

    /// What [`Choice::stored`] made.
    pub fn from_stored(text: &str) -> Self {
        if text == EVERYTHING { Self::Everything } else { Self::Lists(Lists::from_stored(text)) }
    }

    /// `everything`, `lists essays, notes`, `no list`
    pub fn told(&self) -> String {
        match self.lists().map(Lists::told) {
            None => EVERYTHING.to_owned(),
            Some(names) if names == "none" => "no list".to_owned(),
            Some(names) => format!("lists {names}"),
        }
    }
}

/// Whether a reader on these lists (`None`: all) gets an issue for those (none: everyone).
pub fn gets(lists: Option<&Lists>, issue: &[String]) -> bool {
    issue.is_empty() || lists.is_none_or(|lists| lists.has_any(issue))
}

/// What is known of a reader beside name and address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The language that they read, BCP 47.
    pub language: Option<String>,
    /// The lists that they are on; `None` for everything that is sent.
    pub lists: Option<Lists>,
    /// Further fields by name: texts, and the array `tags`.
    pub fields: Map<String, Value>,
}

impl Details {
    /// So many fields a reader may have, and as many tags.
    pub const MOST_FIELDS: usize = 64;
    /// In characters: a text of a field, a tag.
    pub const LONGEST_TEXT: usize = 500;

    /// What the database has.
    pub fn from_stored(language: Option<String>, lists: Option<&str>, fields: Option<&str>) -> Self {
        let fields = fields.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Self { language, lists: lists.map(Lists::from_stored), fields }
    }

    /// The fields as the database has them.
    pub fn stored_fields(&self) -> Option<String> {
        (!self.fields.is_empty()).then(|| Value::from(self.fields.clone()).to_string())
    }

    /// Adds a field. False when there are too many, the text is too long or the field is there.
    pub fn add_field(&mut self, name: &str, text: &str) -> bool {
        let fits = self.fields.len() < Self::MOST_FIELDS
            && name != TAGS
            && (1..=Self::LONGEST_TEXT).contains(&text.chars().count())
            && (1..=Self::LONGEST_TEXT).contains(&name.chars().count())
            && !self.fields.contains_key(name);
        if fits {
            self.fields.insert(name.to_owned(), json!(text));
        }
        fits
    }

    /// Adds a tag, if it is not there. False when there are too many or it is too long.
    pub fn add_tag(&mut self, tag: &str) -> bool {
        if self.tags().any(|known| known == tag) {
            return true;
        }
        let fits = self.tags().count() < Self::MOST_FIELDS && (1..=Self::LONGEST_TEXT).contains(&tag.chars().count());
        if fits && let Some(tags) = self.fields.entry(TAGS).or_insert_with(|| json!([])).as_array_mut() {
            tags.push(json!(tag));
        }
        fits
    }

    /// The tags, in the order in which they came.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.fields.get(TAGS).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The fields that are texts.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_what_is_for_everyone_and_what_is_for_a_list_of_theirs() {
        let essays = Lists::from_stored(" essays letters ");
        let issue = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(gets(None, &issue(&["notes"])) && gets(Some(&essays), &[]));
        assert!(gets(Some(&essays), &issue(&["notes", "essays"])));
        assert!(
            !gets(Some(&essays), &issue(&["notes", "essay"])) && !gets(Some(&Lists::default()), &issue(&["notes"]))
        );
        assert_eq!(essays.stored(), " essays letters ");
        assert_eq!(Lists::from_stored(&Lists::default().stored()), Lists::default());
    }

    #[test]
    fn a_list_has_a_plain_name() {
        assert!(is_list_name("long-essays-2"));
        for name in ["", "-a", "Essays", "a b", "é", &"a".repeat(41)] {
            assert!(!is_list_name(name), "{name}");
        }
    }

    #[test]
    fn a_choice_is_kept() {
        for (choice, told) in [
            (Choice::Everything, "everything"),
            (Choice::Lists(Lists::default()), "no list"),
            (Choice::Lists(Lists::new(["everything"])), "lists everything"),
            (Choice::Lists(Lists::new(["notes", "essays"])), "lists essays, notes"),
        ] {
            assert_eq!((&Choice::from_stored(&choice.stored()), choice.told().as_str()), (&choice, told));
        }
    }

    #[test]
    fn fields_have_limits() {
        let mut details = Details::default();
        assert!(details.add_tag("vip") && details.add_tag("vip") && details.add_field("city", "Kiel"));
        assert!(!details.add_field("city", "Bonn") && !details.add_field("tags", "x") && !details.add_field("a", ""));
        assert!(!details.add_field("long", &"é".repeat(501)) && !details.add_tag(&"x".repeat(501)));
        for n in 0..100 {
            details.add_tag(&n.to_string());
            details.add_field(&n.to_string(), "x");
        }
        assert_eq!((details.tags().count(), details.fields.len()), (Details::MOST_FIELDS, Details::MOST_FIELDS));
        let again = Details::from_stored(None, None, details.stored_fields().as_deref());
        assert_eq!(again, details);
        assert_eq!(details.texts().next(), Some(("0", "x")));
    }
}
