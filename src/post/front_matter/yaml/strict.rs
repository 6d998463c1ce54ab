//! YAML → [`Value`]: the only file that names `serde_yaml`.
//!
//! The library would turn `1.10` into 1.1 and `2012` into a number. So the block is read twice: once for its shape,
//! once asking for the text of every scalar. Both readings count what they make: a block cannot hold more nodes than
//! it has bytes unless aliases repeat them, so an alias bomb stops there.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, IgnoredAny, MapAccess, SeqAccess, VariantAccess as _, Visitor,
};
use serde_yaml::Deserializer;

use super::super::value::Value;

/// Why a text is not YAML.
#[derive(Debug)]
pub(crate) struct YamlError {
    /// Where, in bytes.
    pub(crate) offset: usize,
    /// What is wrong, without the place.
    pub(crate) message: String,
}

/// Brackets open at once; the library takes quadratic time for deeper ones, and refuses them in the end.
const DEEPEST: usize = 100;

/// Reads one YAML document.
pub(crate) fn parse(text: &str) -> Result<Value, YamlError> {
    if let Some(offset) = too_deep(text) {
        return Err(YamlError { offset, message: "too many brackets are open here".to_owned() });
    }
    let located = |error: &serde_yaml::Error| YamlError {
        offset: error.location().map_or(0, |place| offset(text, place.line(), place.column())),
        message: message(error),
    };
    let nodes = Budget::new(text.len() + 1);
    let shape = ShapeOf(&nodes).deserialize(Deserializer::from_str(text)).map_err(|error| located(&error))?;
    let bytes = Budget::new(4 * text.len() + 64);
    TextsOf(&shape, &bytes).deserialize(Deserializer::from_str(text)).map_err(|error| located(&error))
}

/// Where the nesting of brackets passes all sense; brackets within quotes count too, and do no harm.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.bytes().position(|byte| {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>()
}

fn message(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default().trim_end_matches([',', ' ']);
    IN_PLAIN_WORDS.iter().find(|(theirs, _)| text.ends_with(theirs)).map_or(text, |(_, ours)| ours).to_owned()
}

/// What the library says of the slips that occur, for people who do not know the grammar.
const IN_PLAIN_WORDS: [(&str, &str); 7] = [
    ("found unexpected end of stream", "a quote has no end"),
    ("did not find expected ',' or ']'", "a list in `[` and `]` has no end, or a comma is missing in it"),
    ("did not find expected ',' or '}'", "a table in `{` and `}` has no end, or a comma is missing in it"),
    ("mapping values are not allowed in this context", "there is a second `: ` in one line"),
    ("found character that cannot start any token", "a value cannot begin with this sign"),
    ("could not find expected ':'", "there is no `:` behind a key"),
    ("did not find expected key", "this line does not fit what stands above it"),
];

/// How much a reading may still make.
struct Budget(Cell<usize>);

impl Budget {
    fn new(limit: usize) -> Self {
        Self(Cell::new(limit))
    }

    fn spend<E: serde::de::Error>(&self, cost: usize) -> Result<(), E> {
        let left = self.0.get().checked_sub(cost).ok_or_else(|| E::custom("aliases repeat too much"))?;
        self.0.set(left);
        Ok(())
    }
}

enum Shape {
    Null,
    Scalar,
    List(Vec<Shape>),
    Map(Vec<Shape>),
}

struct ShapeOf<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for ShapeOf<'_> {
    type Value = Shape;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        self.0.spend(1)?;
        deserializer.deserialize_any(self)
    }
}

/// Every scalar type has its own method, and the default of each is an error.
macro_rules! scalars {
    ($($method:ident: $type:ty),*) => { $(
        fn $method<E: serde::de::Error>(self, _: $type) -> Result<Shape, E> {
            Ok(Shape::Scalar)
        }
    )* };
}

impl<'de> Visitor<'de> for ShapeOf<'_> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a list or a table")
    }

    scalars!(visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128, visit_f64: f64,
        visit_str: &str);

    fn visit_unit<E: serde::de::Error>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Shape, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(ShapeOf(self.0))? {
            items.push(item);
        }
        Ok(Shape::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Shape, A::Error> {
        let mut values = Vec::new();
        while let Some(key) = access.next_key_seed(ShapeOf(self.0))? {
            if matches!(key, Shape::List(_) | Shape::Map(_)) {
                return Err(A::Error::custom("a key must be plain text"));
            }
            values.push(access.next_value_seed(ShapeOf(self.0))?);
        }
        Ok(Shape::Map(values))
    }

    /// A tagged value such as `!important x` is the value.
    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Shape, A::Error> {
        let (_, variant) = access.variant::<String>()?;
        variant.newtype_variant_seed(self)
    }
}

struct TextsOf<'s>(&'s Shape, &'s Budget);

impl<'de> DeserializeSeed<'de> for TextsOf<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.0 {
            Shape::Null => deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Value::Null),
            Shape::Scalar => deserializer.deserialize_str(self),
            Shape::List(_) => deserializer.deserialize_seq(self),
            Shape::Map(_) => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for TextsOf<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the same value as before")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.1.spend(text.len())?;
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let Shape::List(shapes) = self.0 else { return Err(A::Error::custom("a list changed its shape")) };
        let mut items = Vec::with_capacity(shapes.len());
        for shape in shapes {
            items.extend(access.next_element_seed(TextsOf(shape, self.1))?);
        }
        match access.next_element::<IgnoredAny>()? {
            None => Ok(Value::List(items)),
            Some(_) => Err(A::Error::custom("a list changed its shape")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let Shape::Map(shapes) = self.0 else { return Err(A::Error::custom("a table changed its shape")) };
        let mut pairs = Vec::with_capacity(shapes.len());
        let mut shapes = shapes.iter();
        while let Some(key) = access.next_key_seed(TextsOf(&Shape::Scalar, self.1))? {
            let Some(shape) = shapes.next() else { return Err(A::Error::custom("a table changed its shape")) };
            let value = access.next_value_seed(TextsOf(shape, self.1))?;
            pairs.push((key.text().unwrap_or_default().to_owned(), value));
        }
        Ok(Value::Map(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn scalars_are_text_exactly_as_written() {
        let yaml = "a: 1.10\nb: 007\nc: 0x1F\nd: 1e3\ne: yes\nf: 2024-01-01\ng: '8'\nh: 99999999999999999999999999999999999999999999\ni: .nan\n";
        let Value::Map(pairs) = parse(yaml).unwrap() else { panic!() };
        let values: Vec<_> = pairs.iter().map(|(_, value)| value.text().unwrap()).collect();
        let long = "99999999999999999999999999999999999999999999";
        assert_eq!(values, ["1.10", "007", "0x1F", "1e3", "yes", "2024-01-01", "8", long, ".nan"]);
    }

    #[test]
    fn nothing_is_told_from_the_word_null() {
        let Value::Map(pairs) = parse("a:\nb: ~\nc: null\nd: 'null'\n").unwrap() else { panic!() };
        let values: Vec<_> = pairs.into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, [Value::Null, Value::Null, Value::Null, text("null")]);
    }

    #[test]
    fn lists_tables_aliases_and_tags_are_read() {
        let yaml = "a: &x [1, 'b: c', {d: 2.0}]\nb: *x\nc: !tag e\nd: !t [f]\n2012: g\n";
        let list = Value::List(vec![text("1"), text("b: c"), Value::Map(vec![("d".into(), text("2.0"))])]);
        let expected = vec![
            ("a".into(), list.clone()),
            ("b".into(), list),
            ("c".into(), text("e")),
            ("d".into(), Value::List(vec![text("f")])),
            ("2012".into(), text("g")),
        ];
        assert_eq!(parse(yaml).unwrap(), Value::Map(expected));
    }

    #[test]
    fn every_duplicate_key_is_reported_to_the_caller() {
        let expected = Value::Map(vec![("a".into(), text("1")), ("a".into(), text("2"))]);
        assert_eq!(parse("a: 1\na: 2\n").unwrap(), expected);
    }

    #[test]
    fn an_alias_bomb_stops_early() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for n in 1..30 {
            let last = n - 1;
            bomb.extend([format!("a{n}: &a{n} [{}]\n", vec![format!("*a{last}"); 10].join(","))]);
        }
        assert!(parse(&bomb).is_err());
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(30_000), vec!["*a"; 8_000].join(","));
        assert!(parse(&long).unwrap_err().message.contains("aliases"));
    }

    #[test]
    fn brackets_without_end_are_refused_at_once() {
        assert!(parse(&"[".repeat(60_000)).is_err());
        assert!(parse(&"a: {b: ".repeat(9_000)).is_err());
    }

    #[test]
    fn an_error_has_a_place_and_a_message_without_it() {
        let error = parse("title: ü\ntags: [a, b\ndate: x\n").unwrap_err();
        assert!(error.offset > 9, "{error:?}");
        assert!(!error.message.contains("line"), "{error:?}");
        assert!(error.message.starts_with("a list in `[` and `]` has no end"), "{error:?}");
        assert_eq!(parse("title: \"Foo\ndate: x\n").unwrap_err().message, "a quote has no end");
        assert_eq!(parse("title: a: b\n").unwrap_err().message, "there is a second `: ` in one line");
        assert_eq!(parse("title: @a\n").unwrap_err().message, "a value cannot begin with this sign");
    }
}
