//! The arguments of a tag, as all dialects write them: `word`, `"a text"`, `key=value`, `key: 'value'`, `key={value}`.

/// Positional and named arguments, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) positional: Vec<String>,
    named: Vec<(String, String)>,
}

impl Arguments {
    pub(crate) fn read(source: &str) -> Self {
        let mut arguments = Self::default();
        let mut rest = source.trim_start_matches(SEPARATORS);
        while !rest.is_empty() {
            let name = rest.find(|c: char| !(c.is_alphanumeric() || "_-.@:".contains(c))).unwrap_or(rest.len());
            let key = rest[..name].trim_end_matches(':');
            let after = &rest[name..];
            let spaced = after.trim_start();
            let is_colon = rest[..name].ends_with(':') && name > 1;
            let value = if is_colon && !spaced.is_empty() && after.starts_with(char::is_whitespace) {
                Some(spaced)
            } else {
                spaced.strip_prefix('=').map(str::trim_start)
            };
            match value.filter(|_| !key.is_empty()) {
                Some(value) => {
                    let (value, left) = take(value);
                    arguments.named.push((key.to_ascii_lowercase(), value));
                    rest = left;
                }
                None => {
                    let (value, left) = take(rest);
                    arguments.positional.push(value);
                    rest = left;
                }
            }
            rest = rest.trim_start_matches(SEPARATORS);
        }
        arguments
    }

    /// The first of these names that has a value.
    pub(crate) fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let found = self.named.iter().find(|(key, value)| key == name && !value.trim().is_empty());
            found.map(|(_, value)| value.trim())
        })
    }

    /// The first of these names, or the positional argument `n`.
    pub(crate) fn get_or(&self, names: &[&str], n: usize) -> Option<&str> {
        self.get(names).or_else(|| self.positional.get(n).map(|value| value.trim()).filter(|value| !value.is_empty()))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|(_, value)| value.trim()).chain(self.positional.iter().map(|value| value.trim()))
    }
}

const SEPARATORS: [char; 6] = [' ', '\t', '\n', ',', '(', ')'];

/// One value and what follows it.
fn take(source: &str) -> (String, &str) {
    let Some(first) = source.chars().next() else { return (String::new(), "") };
    let close = match first {
        '"' | '\'' | '`' => first,
        '“' | '”' => '”',
        '{' => '}',
        '[' => ']',
        _ => {
            let end =
                source.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(source.len()).max(first.len_utf8());
            return (source[..end].trim_end_matches(')').to_owned(), &source[end..]);
        }
    };
    let inside = &source[first.len_utf8()..];
    let mut escaped = false;
    let end = inside.char_indices().find(|(_, c)| {
        let ends = *c == close && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    let Some((end, _)) = end else { return (inside.to_owned(), "") };
    let value = inside[..end].replace(&format!("\\{close}"), &close.to_string());
    let value = if first == '{' { value.trim_matches(['"', '\'', '`', '{', ' ']).to_owned() } else { value };
    (value, inside[end + close.len_utf8()..].trim_start_matches(if first == '{' { '}' } else { '\0' }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_in_every_spelling() {
        let arguments =
            Arguments::read("one \"two \\\"2\\\"\" src=a.png Alt='b c' id: \"d\", e = 5, f={\"g\"} h={{i: 1}}");
        assert_eq!(arguments.positional, ["one", "two \"2\""]);
        let get = |name: &str| arguments.get(&[name]);
        assert_eq!((get("src"), get("alt"), get("id"), get("e")), (Some("a.png"), Some("b c"), Some("d"), Some("5")));
        assert_eq!((get("f"), get("h"), get("none")), (Some("g"), Some("i: 1"), None));
        assert_eq!(Arguments::read("https://a.example/b?c=d").positional.len(), 1);
        assert_eq!(Arguments::read("“curly one” 'open").positional, ["curly one", "open"]);
        assert_eq!(Arguments::read(" = == ").positional, ["=", "=="]);
    }
}
