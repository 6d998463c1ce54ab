//! The few values that matter from another program's settings, found as text: nothing is ever run, and a file that is broken
//! elsewhere still tells its title.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::post;

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) text: String,
    /// `_config.yml: title`
    pub(super) from: String,
}

impl Found {
    pub(super) fn new(text: impl Into<String>, from: impl Into<String>) -> Self {
        Self { text: text.into(), from: from.into() }
    }
}

/// Values by dotted key in lower case; of a list the first one, and all of them by their numbers: `defaults.0.values.x`.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings(BTreeMap<String, Found>);

impl Settings {
    /// The settings in a file, by the ending of its name.
    pub(super) fn read(file: &str, text: &str) -> Self {
        let mut settings = Self::default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match file.rsplit('.').next().unwrap_or_default() {
            "yml" | "yaml" => match post::parse_yaml(text) {
                Ok(value) => settings.tree(file, "", &json(value), true),
                Err(_) => settings.yaml(file, text),
            },
            "toml" => settings.tree(file, "", &toml::from_str(text).unwrap_or_default(), true),
            "lektorproject" => settings.sections(file, text),
            "rb" => settings.calls(file, text),
            "json" => settings.tree(file, "", &serde_json::from_str(text).unwrap_or_default(), true),
            _ => settings.assignments(file, text),
        }
        settings
    }

    /// The first of these keys that says something.
    pub(super) fn get(&self, keys: &[&str]) -> Option<Found> {
        keys.iter().find_map(|key| self.0.get(&key.to_lowercase())).cloned()
    }

    /// Every key that begins with `prefix.`, without it.
    pub(super) fn below<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = (&'s str, &'s Found)> {
        self.0.iter().filter_map(move |(key, found)| Some((key.strip_prefix(prefix)?.strip_prefix('.')?, found)))
    }

    /// The items of a list, each with the keys that it has itself; a text has the key that is empty.
    pub(super) fn items(&self, key: &str) -> Vec<Self> {
        let mut items: BTreeMap<usize, Self> = BTreeMap::new();
        for (key, found) in self.below(&key.to_lowercase()) {
            let (number, key) = key.split_once('.').unwrap_or((key, ""));
            if let Ok(number) = number.parse() {
                items.entry(number).or_default().0.insert(key.to_owned(), found.clone());
            }
        }
        items.into_values().collect()
    }

    /// Adds what is not known yet, below `prefix`.
    pub(super) fn add(&mut self, prefix: &str, other: Self) {
        for (key, found) in other.0 {
            let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
            self.0.entry(key).or_insert(found);
        }
    }

    fn put(&mut self, file: &str, key: &str, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.0.entry(key.to_lowercase()).or_insert_with(|| Found::new(text, format!("{file}: {key}")));
        }
    }

    /// `numbered` items of lists are kept, but not those of lists in lists.
    fn tree(&mut self, file: &str, path: &str, value: &Value, numbered: bool) {
        match value {
            Value::String(text) => self.put(file, path, text),
            Value::Bool(truth) => self.put(file, path, &truth.to_string()),
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    self.tree(file, path, item, false);
                    if numbered {
                        self.tree(file, &join(path, &n.to_string()), item, false);
                    }
                }
            }
            Value::Object(map) => {
                for (key, value) in map {
                    self.tree(file, &join(path, key), value, numbered);
                }
            }
            Value::Null | Value::Number(_) => {}
        }
    }

    /// `name = value` below `[section]`, as in INI files.
    fn sections(&mut self, file: &str, text: &str) {
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name;
            } else if let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';'])) {
                self.put(file, &join(section, name.trim()), value);
            }
        }
    }

    /// `name "value"`, as Ruby has its settings.
    fn calls(&mut self, file: &str, text: &str) {
        for (name, value) in text.lines().filter_map(|line| line.trim().split_once(' ')) {
            let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if is_name && value.trim_start().starts_with(['"', '\'']) {
                self.put(file, name, &scalar(value));
            }
        }
    }

    /// Broken YAML line by line: keys, scalars and blocks of text. No line can spoil another.
    fn yaml(&mut self, file: &str, text: &str) {
        let mut above: Vec<(usize, String)> = Vec::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let mut rest = line.trim_start();
            if rest.is_empty() || rest.starts_with('#') || rest.starts_with("---") {
                continue;
            }
            let mut indent = line.len() - rest.len();
            let is_item = rest == "-" || rest.starts_with("- ");
            if is_item {
                rest = rest[1..].trim_start();
                indent += 1;
            }
            above.retain(|(column, _)| *column < indent);
            let path = above.last().map_or("", |(_, path)| path).to_owned();
            let Some((key, value)) =
                rest.split_once(':').filter(|(_, value)| value.is_empty() || value.starts_with(' '))
            else {
                if is_item {
                    self.put(file, &path, &scalar(rest));
                }
                continue;
            };
            let path = join(&path, &scalar(key));
            let value = value.trim();
            if value.starts_with(['|', '>']) {
                let mut block = Vec::new();
                while let Some(next) =
                    lines.next_if(|next| next.trim().is_empty() || next.len() - next.trim_start().len() > indent)
                {
                    block.push(next.trim());
                }
                self.put(file, &path, &block.join(" "));
            } else {
                self.put(file, &path, &scalar(value));
            }
            above.push((indent, path));
        }
    }

    /// `NAME = "value"` and `name: "value"` in a program; inside of `author: { … }` as `author.name` too. Of one name the
    /// first one counts.
    fn assignments(&mut self, file: &str, text: &str) {
        let mut above: Vec<&str> = Vec::new();
        // The list that is open, and how many texts it has had.
        let mut list: Option<(&str, usize)> = None;
        // Where what may be a name begins: behind the last sign that ends a statement.
        let mut start = 0;
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            let mut next = at + c.len_utf8();
            match c {
                '#' => next = at + rest.find('\n').unwrap_or(rest.len()),
                '/' if rest.starts_with("//") => next = at + rest.find('\n').unwrap_or(rest.len()),
                '/' if rest.starts_with("/*") => next = at + rest.find("*/").map_or(rest.len(), |end| end + 2),
                '"' | '\'' | '`' => {
                    let line = rest[1..].split('\n').next().unwrap_or_default();
                    if let Some(end) = line.find(c) {
                        let is_plain = !line[..end].contains("${");
                        let key = name_before(without_prefix(without_fallback(&text[start..at])));
                        if let (None, Some((name, count))) = (key, list.as_mut()) {
                            self.put(file, name, &line[..end]);
                            self.put(file, &join(name, &count.to_string()), &line[..end]);
                            *count += 1;
                        }
                        if let Some(key) = key.filter(|_| is_plain) {
                            self.put(file, key, &line[..end]);
                            if let Some(outer) = above.last().filter(|outer| !outer.is_empty()) {
                                self.put(file, &join(outer, key), &line[..end]);
                            }
                        }
                        next += end + 1;
                    }
                    // A name may stand in quotes itself.
                    let is_name = text[next..].trim_start().starts_with(':');
                    start = if is_name { at + 1 } else { next };
                }
                '[' => list = name_before(&text[start..at]).map(|name| (name, 0)),
                ']' => list = None,
                '{' => above.push(name_before(&text[start..at]).unwrap_or_default()),
                '}' => drop(above.pop()),
                _ => {}
            }
            let is_end = matches!(c, '{' | '}' | ',' | ';')
                || (c == '\n' && name_before(without_fallback(&text[start..at])).is_none());
            start = if is_end || matches!(c, '#' | '/') { next } else { start };
            at = next;
        }
    }
}

fn json(value: post::Value) -> Value {
    match value {
        post::Value::Null => Value::Null,
        post::Value::Text(text) => Value::String(text),
        post::Value::List(items) => Value::Array(items.into_iter().map(json).collect()),
        post::Value::Map(pairs) => Value::Object(pairs.into_iter().map(|(key, value)| (key, json(value))).collect()),
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// `AUTHOR = u` → `AUTHOR = `, for Python writes `u'Ada'` and `r'…'` too.
fn without_prefix(text: &str) -> &str {
    let rest = text.strip_suffix(['u', 'U', 'r', 'R']).unwrap_or(text);
    if rest.ends_with(['=', ':', ' ']) { rest } else { text }
}

/// `site: process.env.URL ?? ` → `site:`, for what stands there in its place is the value where nothing else says it.
fn without_fallback(text: &str) -> &str {
    let text = text.trim_end();
    let Some(before) = text.strip_suffix("??").or_else(|| text.strip_suffix("||")) else { return text };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '?' | '$');
    before.trim_end().trim_end_matches(is_name)
}

/// `const SITE_TITLE: string =` → `SITE_TITLE`
fn name_before(text: &str) -> Option<&str> {
    let text = text.trim_end().strip_suffix([':', '='])?.trim_end();
    let text = text.strip_suffix(": string").unwrap_or(text).trim_end_matches(['"', '\'', '`']);
    let start = text.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let name = start.map_or(text, |at| text[at..].trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    (!name.is_empty()).then_some(name)
}

/// A YAML scalar as text; of a list in brackets the first item, of a map or a reference nothing.
fn scalar(text: &str) -> String {
    let text = text.trim();
    if let Some(list) = text.strip_prefix('[') {
        return scalar(list.split([',', ']']).next().unwrap_or_default());
    }
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.split_once(quote)).map(|(inner, _)| inner);
    if text.starts_with('"') {
        let read = serde_json::Deserializer::from_str(text).into_iter::<String>().next();
        return read.and_then(Result::ok).or_else(|| quoted('"').map(str::to_owned)).unwrap_or_default();
    }
    if text.starts_with('\'') {
        return quoted('\'').unwrap_or_default().to_owned();
    }
    let plain = text.split(" #").next().unwrap_or_default().trim_end();
    let is_nothing = plain.starts_with(['#', '{', '&', '*', '!']) || matches!(plain, "~" | "null");
    if is_nothing { String::new() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &str, text: &str, keys: &[&str]) -> Vec<String> {
        let settings = Settings::read(file, text);
        keys.iter().map(|key| settings.get(&[key]).map_or(String::new(), |found| found.text)).collect()
    }

    #[test]
    fn items_of_lists_are_kept_apart() {
        let of = |file: &str, text: &str| {
            let items = Settings::read(file, text).items("Defaults");
            let text = |item: &Settings| item.get(&["values.x", ""]).map_or(String::new(), |found| found.text);
            items.iter().map(text).collect::<Vec<_>>()
        };
        let yaml =
            "defaults:\n  - scope: {path: \"\", type: posts}\n    values:\n      x: 10\n  - values: {x: [b, c]}\n";
        assert_eq!(of("_config.yml", yaml), ["10", "b"]);
        assert_eq!(of("_config.toml", "[[defaults]]\nvalues.x = 'a'\n[[defaults]]\nvalues = {x = 'b'}\n"), ["a", "b"]);
        assert_eq!(of("pelicanconf.py", "DEFAULTS = ['a', \"b\",\n 'c'] # d\nX = 'e'\n"), ["a", "b", "c"]);
        let deep = format!("defaults: {}1{}", "[".repeat(90), "]".repeat(90));
        assert_eq!(of("_config.yml", &deep), ["1"]);
        assert_eq!(Settings::read("a.py", "A = ['a']\n").get(&["a"]).unwrap().text, "a");
    }

    #[test]
    fn a_broken_yaml_file_is_read_by_line() {
        let text = "title: 'A: b' # c\nurl: \"https://example.org\" # d\nauthor:\n  name: Ada  # e\n  email: \n\
                    description: >-\n  One\n  sentence.\n\nlanguage:\n- de\n- en\ntags: [x, y]\nempty: \"\"\n\
                    broken: [\"\nlast: it's here\n";
        let keys = ["title", "url", "author.name", "author.email", "description", "language", "tags", "empty", "last"];
        let values = ["A: b", "https://example.org", "Ada", "", "One sentence.", "de", "x", "", "it's here"];
        assert_eq!(texts("_config.yml", text, &keys), values);
    }

    #[test]
    fn the_values_of_a_program_are_found_without_running_it() {
        let text = "// site: 'no'\nexport default defineConfig({\n  site: 'https://example.org', base: `${x}/y`,\n\
                    author: {\n name: \"Ada\" }, /* it's */ x: { name: 'Bob' } })\nexport const SITE_TITLE: string = \"It's me\";\nPATH = 'content'\nAUTHOR = u'Eve'\n'lang': \"de\"\n";
        let fallback = "site: process.env.SITE_URL ??\n  \"https://example.org\",\nconst base = env.BASE || '/x'; y = a + 'b'; z = a == 'c'\n";
        assert_eq!(texts("a.ts", fallback, &["site", "base", "y", "z"]), ["https://example.org", "/x", "", ""]);
        let keys = ["site", "base", "author.name", "x.name", "site_title", "path", "author", "lang"];
        let values = ["https://example.org", "", "Ada", "Bob", "It's me", "content", "Eve", "de"];
        assert_eq!(texts("a.mjs", text, &keys), values);
    }

    #[test]
    fn trees_are_flattened_and_broken_ones_say_nothing() {
        assert_eq!(
            texts("a.toml", "baseURL = 'x'\n[params]\nauthor = ['Ada', 'Bob']\n", &["baseurl", "params.author"]),
            ["x", "Ada"]
        );
        assert_eq!(texts("a.json", "{\"author\": {\"name\": \"Ada\"}}", &["author.name"]), ["Ada"]);
        assert_eq!(texts("a.toml", "= [", &["x"]), [""]);
        assert_eq!(texts("a.yml", "\u{e9}: 'a\n:\n - : -\n\"", &["x"]), [""]);
        assert_eq!(texts("a.js", "é'\u{e9}: '", &["x"]), [""]);
    }
}
