//! A value of the front matter, whatever form it was written in. Scalars are text exactly as written: `1.10` stays `1.10`.

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// Any scalar, as written.
    Text(String),
    List(Vec<Value>),
    /// A table, in its order.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The text of a scalar, trimmed.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()),
            _ => None,
        }
    }

    /// The value of a key of a table, by its normal form.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(name, _)| normal(name) == key).map(|(_, value)| value)
    }

    /// Calls `visit` with every key of the tables in it, as written, at any depth.
    pub(crate) fn each_key<'v>(&'v self, visit: &mut dyn FnMut(&'v str)) {
        match self {
            Self::Map(pairs) => pairs.iter().for_each(|(key, value)| {
                visit(key);
                value.each_key(visit);
            }),
            Self::List(items) => items.iter().for_each(|item| item.each_key(visit)),
            Self::Null | Self::Text(_) => {}
        }
    }

    /// Null, empty text, an empty list or table: as if the key were not there.
    pub(crate) fn is_absent(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Map(pairs) => pairs.is_empty(),
        }
    }
}

/// What makes two spellings the same key: lower case, without space, `_` and `-`, and without signs that cannot be
/// sees, which come with pasted text.
pub(crate) fn normal(key: &str) -> String {
    let means_something = |c: &char| !(matches!(c, '_' | '-') || c.is_whitespace() || is_invisible(*c));
    key.chars().filter(means_something).flat_map(char::to_lowercase).collect()
}

/// Signs without width that are no white space either: soft hyphen, zero-width space and joiners, marks of direction, word
/// joiner, byte order mark.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}
