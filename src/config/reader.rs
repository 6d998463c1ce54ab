//! Reads a TOML table key by key, so that every key has a known type and place, and an unknown key is an error.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Location, Places};

/// So many syntax errors are told.
const MOST_SYNTAX_ERRORS: usize = 100;

/// No list is longer.
const MOST_ITEMS: usize = 100;

/// For so many unknown keys of a table, at most, the nearest known one is looked for: a file with more is none of ours.
const MOST_NEAREST: usize = 100;

/// A longer name is like no key.
const LONGEST_NAME: usize = 60;

/// The key that was meant, if it is one of the known ones.
pub(super) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let name = name.to_lowercase();
    let (distance, nearest) = known.iter().map(|known| (distance(known, &name), *known)).min()?;
    (distance <= 2.max(nearest.len() / 3)).then_some(nearest)
}

/// How many letters a name differs in from a known one.
pub(super) fn distance(known: &str, name: &str) -> usize {
    if name.len() > LONGEST_NAME { usize::MAX } else { strsim::damerau_levenshtein(known, name) }
}

/// A value and where it stands.
pub(super) type Placed<T> = (T, Location);

/// The text of config.toml and the problems found in it so far.
pub(super) struct Reader<'t> {
    path: &'t str,
    text: &'t str,
    places: Places<'t>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What does not stand in the way of anything.
    pub(super) warnings: Vec<Diagnostic>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(path: &'t str, text: &'t str) -> Self {
        Self { path, text, places: Places::new(path, text), diagnostics: Vec::new(), warnings: Vec::new() }
    }

    pub(super) fn place(&self, span: Range<usize>) -> Location {
        self.places.at(span)
    }

    pub(super) fn error(&mut self, code: &'static str, message: String, place: Location, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, message).at(place).help(help));
    }

    /// A value that cannot be meant.
    pub(super) fn refuse(&mut self, message: impl Into<String>, place: Location, help: impl Into<String>) {
        self.error("config/value", message.into(), place, help);
    }

    pub(super) fn warning(&mut self, code: &'static str, message: String, place: Location, help: impl Into<String>) {
        self.warnings.push(Diagnostic::warning(code, message).at(place).help(help));
    }

    /// The document, or the syntax errors in it.
    pub(super) fn document(&mut self) -> Spanned<DeTable<'t>> {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in errors.into_iter().take(MOST_SYNTAX_ERRORS) {
            let place = self.place(error.span().unwrap_or(0..0));
            let message = error.message().lines().next().unwrap_or("syntax error").to_owned();
            self.error("config/syntax", message, place, "write it as TOML: `key = value`, text in double quotes");
        }
        document
    }
}

pub(super) struct Section<'d, 't> {
    name: &'static str,
    table: Option<&'d DeTable<'t>>,
    known: Vec<&'static str>,
}

impl<'d, 't> Section<'d, 't> {
    pub(super) fn new(name: &'static str, table: Option<&'d DeTable<'t>>) -> Self {
        Self { name, table, known: Vec::new() }
    }

    /// The section called `key` inside this one.
    pub(super) fn section(&mut self, reader: &mut Reader<'t>, key: &'static str, name: &'static str) -> Self {
        let table = self.get(key).and_then(|value| {
            value.get_ref().as_table().or_else(|| {
                let place = reader.place(value.span());
                reader.error(
                    "config/type",
                    format!("`{name}` is not a table"),
                    place,
                    format!("write it as `[{name}]` with its keys below"),
                );
                None
            })
        });
        Self::new(name, table)
    }

    /// The tables in the list of a key, each with its place.
    pub(super) fn tables(
        &mut self,
        reader: &mut Reader<'t>,
        key: &'static str,
        name: &'static str,
    ) -> Vec<Placed<Self>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let items = value.get_ref().as_array().map(|items| &**items).unwrap_or_default();
        if items.is_empty() || items.len() > MOST_ITEMS || items.iter().any(|item| item.get_ref().as_table().is_none())
        {
            let help = format!("write each as `[[{name}]]` with its keys below, {MOST_ITEMS} at most");
            reader.error("config/type", format!("`{name}` is not a list of tables"), reader.place(value.span()), help);
            return Vec::new();
        }
        let section =
            |item: &'d Spanned<DeValue<'t>>| (Self::new(name, item.get_ref().as_table()), reader.place(item.span()));
        items.iter().map(section).collect()
    }

    /// The tables in the table of a key, each with its name and place.
    pub(super) fn named_tables(
        &mut self,
        reader: &mut Reader<'t>,
        key: &'static str,
        name: &'static str,
    ) -> Vec<(&'d str, Self, Location)> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let tables = value.get_ref().as_table();
        let tables = tables.filter(|tables| tables.iter().all(|(_, table)| table.get_ref().as_table().is_some()));
        let Some(tables) = tables.filter(|tables| tables.len() <= MOST_ITEMS) else {
            let help = format!("write each as `[{name}.\"example.org\"]` with its keys below, {MOST_ITEMS} at most");
            reader.error("config/type", format!("`{name}` is not a table of tables"), reader.place(value.span()), help);
            return Vec::new();
        };
        let section = |(key, table): (&'d Spanned<_>, &'d Spanned<DeValue<'t>>)| {
            let key: &Spanned<std::borrow::Cow<'t, str>> = key;
            (&**key.get_ref(), Self::new(name, table.get_ref().as_table()), reader.place(key.span()))
        };
        tables.iter().map(section).collect()
    }

    /// The raw value of a key.
    pub(super) fn get(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'t>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        let table = self.table?;
        table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// `section.key`, for messages.
    pub(super) fn full(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn wrong_type(
        &self,
        reader: &mut Reader<'t>,
        key: &str,
        value: &Spanned<DeValue<'t>>,
        wanted: &str,
        example: &str,
    ) {
        let place = reader.place(value.span());
        let found = value.get_ref();
        let found = found.as_integer().map_or(found.type_str(), |number| number.as_str());
        let message = format!("`{}` must be {wanted}, not {found}", self.full(key));
        reader.error("config/type", message, place, format!("write for example `{key} = {example}`"));
    }

    pub(super) fn string(&mut self, reader: &mut Reader<'t>, key: &'static str) -> Option<Placed<String>> {
        let value = self.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(reader, key, value, "text", "\"…\"");
            return None;
        };
        Some((text.to_owned(), reader.place(value.span())))
    }

    /// Text that must not be empty; a missing key is an error when `required`.
    pub(super) fn required(
        &mut self,
        reader: &mut Reader<'t>,
        key: &'static str,
        example: &str,
    ) -> Option<Placed<String>> {
        if let Some((text, place)) = self.string(reader, key) {
            if !text.trim().is_empty() {
                return Some((text, place));
            }
            reader.error(
                "config/missing",
                format!("`{}` is empty", self.full(key)),
                place,
                format!("write for example `{key} = \"{example}\"`"),
            );
        } else if self.table.is_none_or(|table| !table.iter().any(|(name, _)| name.get_ref() == key)) {
            let place = Location::start_of(reader.path);
            let help = format!("add `{key} = \"{example}\"` under `[{}]`", self.name);
            reader.error("config/missing", format!("`{}` is missing", self.full(key)), place, help);
        }
        None
    }

    /// A folder inside the site.
    pub(super) fn folder(&mut self, reader: &mut Reader<'t>, key: &'static str, default: &str) -> String {
        let Some((text, place)) = self.string(reader, key) else { return default.to_owned() };
        let trimmed = text.trim_end_matches('/');
        if trimmed.is_empty() {
            let message = format!("`{}` is empty", self.full(key));
            reader.refuse(message, place, format!("write for example `{key} = \"{default}\"`"));
        }
        trimmed.to_owned()
    }

    /// A list of texts; a single text counts as a list of one.
    pub(super) fn strings(&mut self, reader: &mut Reader<'t>, key: &'static str) -> Option<Vec<Placed<String>>> {
        let value = self.get(key)?;
        if let Some(text) = value.get_ref().as_str() {
            return Some(vec![(text.to_owned(), reader.place(value.span()))]);
        }
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(reader, key, value, "a list of texts", "[\"…\", \"…\"]");
            return None;
        };
        if items.len() > MOST_ITEMS {
            let message = format!("`{}` has {} entries, more than {MOST_ITEMS}", self.full(key), items.len());
            reader.refuse(message, reader.place(value.span()), "shorten the list");
            return None;
        }
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref().as_str() {
                Some(text) => texts.push((text.to_owned(), reader.place(item.span()))),
                None => self.wrong_type(reader, key, item, "a list of texts", "[\"…\", \"…\"]"),
            }
        }
        Some(texts)
    }

    /// The texts in the table of a key, each with its name and place.
    pub(super) fn texts(&mut self, reader: &mut Reader<'t>, key: &'static str) -> Vec<(String, String, Location)> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let pairs = value.get_ref().as_table().map(|table| {
            let pair = |(name, text): (&Spanned<std::borrow::Cow<'t, str>>, &Spanned<DeValue<'t>>)| {
                Some((name.get_ref().to_string(), text.get_ref().as_str()?.to_owned(), reader.place(text.span())))
            };
            table.iter().take(MOST_ITEMS).map(pair).collect::<Option<Vec<_>>>()
        });
        pairs.flatten().unwrap_or_else(|| {
            self.wrong_type(reader, key, value, "a table of texts", "{ name = \"…\" }");
            Vec::new()
        })
    }

    /// A whole number within `range`.
    pub(super) fn number(&mut self, reader: &mut Reader<'t>, key: &'static str, range: Range<u32>) -> Option<u32> {
        let value = self.get(key)?;
        let number = value.get_ref().as_integer().and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        let number = number.filter(|n| range.contains(n));
        if number.is_none() {
            let wanted = format!("a whole number from {} to {}", range.start, range.end - 1);
            self.wrong_type(reader, key, value, &wanted, &range.start.max(1).to_string());
        }
        number
    }

    /// `true` or `false`.
    pub(super) fn switch(&mut self, reader: &mut Reader<'t>, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        let switch = value.get_ref().as_bool();
        if switch.is_none() {
            self.wrong_type(reader, key, value, "true or false", "true");
        }
        switch
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(
        &mut self,
        reader: &mut Reader<'t>,
        key: &'static str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let (text, place) = self.string(reader, key)?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        let list = words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
        reader.refuse(format!("`{}` has an unknown value: `{text}`", self.full(key)), place, format!("write {list}"));
        None
    }

    /// Reports the keys that nothing asked for. Call it last.
    pub(super) fn finish(self, reader: &mut Reader<'t>) {
        let Some(table) = self.table else { return };
        let mut left = MOST_NEAREST;
        for (key, _) in table {
            let name: &str = key.get_ref();
            if self.known.contains(&name) {
                continue;
            }
            let nearest = if left > 0 { nearest(name, &self.known) } else { None };
            left = left.saturating_sub(1);
            let help = match nearest {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("remove it; known here: {}", self.known.join(", ")),
            };
            let place = reader.place(key.span());
            reader.error("config/unknown-key", format!("unknown key: `{}`", self.full(name)), place, help);
        }
    }
}
