//! XML as a tree that knows where everything stands. Only what is well-formed (XML 1.0 §2.1, Namespaces §7) becomes one.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// No feed is nested deeper, and what walks the tree has a stack to keep.
const DEEPEST: usize = 200;

/// No element of a feed has more attributes; the parser compares each with all others.
const MOST_ATTRIBUTES: usize = 256;

const XML: &str = "http://www.w3.org/XML/1998/namespace";

#[derive(Debug)]
pub(super) struct Element {
    /// Without its prefix.
    pub(super) name: String,
    /// As it is written.
    pub(super) full_name: String,
    /// Empty for none.
    pub(super) namespace: Rc<str>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) content: Vec<Child>,
    /// Its start tag.
    pub(super) tag: Range<usize>,
    /// What is between its tags.
    pub(super) inside: Range<usize>,
}

#[derive(Debug)]
pub(super) enum Child {
    Element(Element),
    /// Decoded.
    Text(String),
}

/// An attribute that declares no namespace.
#[derive(Debug)]
pub(super) struct Attribute {
    /// As it is written; without a prefix it is in no namespace.
    pub(super) name: String,
    pub(super) value: String,
    /// Where the value stands.
    pub(super) at: Range<usize>,
}

/// Why a text is not well-formed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct XmlError {
    pub(super) at: Range<usize>,
    pub(super) message: String,
}

impl Element {
    /// True for the element `name` of the namespace.
    pub(super) fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && &*self.namespace == namespace
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.attribute(name).map(|attribute| attribute.value.as_str())
    }

    pub(super) fn children(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Text(_) => None,
        })
    }

    pub(super) fn all<'e>(&'e self, namespace: &'e str, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children().filter(move |child| child.is(namespace, name))
    }

    pub(super) fn first(&self, namespace: &str, name: &str) -> Option<&Self> {
        self.children().find(|child| child.is(namespace, name))
    }

    /// Its own text, without that of its children.
    pub(super) fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|child| match child {
            Child::Text(text) => Some(text.as_str()),
            Child::Element(_) => None,
        });
        texts.collect()
    }
}

/// Reads a document.
///
/// # Errors
/// The first fault.
pub(super) fn parse(text: &str) -> Result<Element, XmlError> {
    if let Some((at, character)) = text.char_indices().find(|(_, c)| !is_xml(*c)) {
        let message = format!("XML has no place for the character U+{:04X}", u32::from(character));
        return Err(XmlError { at: at..at + character.len_utf8(), message });
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut builder = Builder {
        text,
        root: None,
        open: Vec::new(),
        declared: Vec::new(),
        prefixes: HashMap::new(),
        has_doctype: false,
    };
    loop {
        let start = position(reader.buffer_position());
        let event = reader.read_event().map_err(|error| {
            let at = position(reader.error_position()).min(text.len());
            XmlError { at: at..at + 1, message: error.to_string() }
        })?;
        let at = start..position(reader.buffer_position());
        match event {
            Event::Start(tag) => builder.open(&tag, at)?,
            Event::Empty(tag) => {
                builder.open(&tag, at.clone())?;
                builder.close(at.end..at.end);
            }
            Event::End(_) => builder.close(at),
            Event::Text(found) => builder.push(&found.xml10_content().unwrap_or_default(), at)?,
            Event::CData(found) => builder.push(&found.xml10_content().unwrap_or_default(), at)?,
            Event::GeneralRef(reference) => {
                let found = builder.resolve(&reference, &at)?;
                builder.push(&found, at)?;
            }
            Event::DocType(_) => builder.has_doctype = true,
            Event::Decl(_) if builder.root.is_some() || !builder.open.is_empty() => {
                return Err(XmlError { at, message: "an XML declaration in the midst of a document".to_owned() });
            }
            // Where it stands before the document is looked at elsewhere.
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if let Some(open) = builder.open.last() {
        return Err(XmlError { at: open.tag.clone(), message: format!("`<{}>` is never closed", open.full_name) });
    }
    builder.root.ok_or_else(|| XmlError { at: 0..1, message: "there is no element".to_owned() })
}

fn position(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// XML 1.0 §2.2.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

struct Builder<'t> {
    text: &'t str,
    root: Option<Element>,
    open: Vec<Element>,
    /// The prefixes that each open element declares.
    declared: Vec<Vec<String>>,
    /// What each prefix stands for, the innermost declaration last.
    prefixes: HashMap<String, Vec<Rc<str>>>,
    /// A document type may declare entities that are not read here.
    has_doctype: bool,
}

impl Builder<'_> {
    fn open(&mut self, tag: &BytesStart<'_>, at: Range<usize>) -> Result<(), XmlError> {
        let fault = |message: String| XmlError { at: at.clone(), message };
        if self.open.is_empty() && self.root.is_some() {
            return Err(fault("a document has one outermost element".to_owned()));
        }
        if self.open.len() >= DEEPEST {
            return Err(fault(format!("elements are nested more than {DEEPEST} deep")));
        }
        let full_name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
        if !is_name(&full_name) {
            return Err(fault(format!("`{full_name}` is no name of an element")));
        }
        let mut attributes = Vec::new();
        let mut declared = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| fault(format!("a broken attribute: {error}")))?;
            if attributes.len() + declared.len() >= MOST_ATTRIBUTES {
                return Err(fault(format!("an element with more than {MOST_ATTRIBUTES} attributes")));
            }
            let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
            let raw = String::from_utf8_lossy(&attribute.value).into_owned();
            let place = place_of(self.text, &attribute.value).unwrap_or_else(|| at.clone());
            if raw.contains('<') {
                return Err(XmlError { at: place, message: format!("`<` in the attribute `{name}`") });
            }
            let value = match unescape(&raw) {
                Ok(value) => value.replace(['\n', '\t', '\r'], " "),
                Err(_) if self.has_doctype => raw.clone(),
                Err(error) => {
                    return Err(XmlError { at: place, message: format!("in the attribute `{name}`: {error}") });
                }
            };
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(prefix) if prefix.starts_with(':') => &prefix[1..],
                _ => {
                    attributes.push(Attribute { name, value, at: place });
                    continue;
                }
            };
            self.prefixes.entry(prefix.to_owned()).or_default().push(value.into());
            declared.push(prefix.to_owned());
        }
        self.declared.push(declared);
        let (prefix, name) = full_name.split_once(':').unwrap_or(("", &full_name));
        let undeclared = |prefix: &str| fault(format!("nothing says what the prefix `{prefix}` stands for"));
        let namespace = self.namespace(prefix).ok_or_else(|| undeclared(prefix))?;
        let mut seen = BTreeSet::new();
        for attribute in &attributes {
            let (prefix, local) = attribute.name.split_once(':').unwrap_or(("", &attribute.name));
            let namespace = if prefix.is_empty() { Some("".into()) } else { self.namespace(prefix) };
            if !seen.insert((namespace.ok_or_else(|| undeclared(prefix))?, local.to_owned())) {
                return Err(XmlError { at: attribute.at.clone(), message: format!("a second attribute `{local}`") });
            }
        }
        let inside = at.end..at.end;
        let name = name.to_owned();
        self.open.push(Element { name, full_name, namespace, attributes, content: Vec::new(), tag: at, inside });
        Ok(())
    }

    fn namespace(&self, prefix: &str) -> Option<Rc<str>> {
        if prefix == "xml" {
            return Some(XML.into());
        }
        let found = self.prefixes.get(prefix).and_then(|declared| declared.last());
        found.cloned().or_else(|| prefix.is_empty().then(|| "".into()))
    }

    fn close(&mut self, at: Range<usize>) {
        for prefix in self.declared.pop().unwrap_or_default() {
            self.prefixes.get_mut(&prefix).map(Vec::pop);
        }
        let Some(mut element) = self.open.pop() else { return };
        element.inside.end = at.start;
        match self.open.last_mut() {
            Some(parent) => parent.content.push(Child::Element(element)),
            None => self.root = Some(element),
        }
    }

    fn push(&mut self, found: &str, at: Range<usize>) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(parent) => match parent.content.last_mut() {
                Some(Child::Text(text)) => text.push_str(found),
                _ => parent.content.push(Child::Text(found.to_owned())),
            },
            None if found.trim().is_empty() => {}
            None => return Err(XmlError { at, message: "text outside of the outermost element".to_owned() }),
        }
        Ok(())
    }

    fn resolve(&self, reference: &BytesRef<'_>, at: &Range<usize>) -> Result<Cow<'static, str>, XmlError> {
        let fault = |message: String| XmlError { at: at.clone(), message };
        if reference.is_char_ref() {
            let found = reference.resolve_char_ref().ok().flatten().filter(|c| is_xml(*c));
            return found
                .map(|c| c.to_string().into())
                .ok_or_else(|| fault("this number stands for no character of XML".to_owned()));
        }
        let name = reference.decode().unwrap_or_default();
        match &*name {
            "lt" => Ok("<".into()),
            "gt" => Ok(">".into()),
            "amp" => Ok("&".into()),
            "quot" => Ok("\"".into()),
            "apos" => Ok("'".into()),
            name if self.has_doctype => Ok(format!("&{name};").into()),
            name => Err(fault(format!("XML does not know `&{name};`"))),
        }
    }
}

/// Where a value stands that the parser hands on as a part of the text; none for one that it made anew.
fn place_of(text: &str, value: &[u8]) -> Option<Range<usize>> {
    let at = (value.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    (!value.is_empty() && at + value.len() <= text.len()).then(|| at..at + value.len())
}

/// XML 1.0 §2.3, as far as it is about what people get wrong.
fn is_name(name: &str) -> bool {
    let starts = |c: char| c.is_alphabetic() || c == '_';
    name.starts_with(starts) && name.chars().all(|c| starts(c) || c.is_numeric() || "-.:·".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_knows_names_places_and_decoded_texts() {
        let text = "<?xml version='1.0'?>\n<a xmlns='urn:a' xmlns:b='urn:b'><b:c d='1 &amp; 2'>x &lt;<![CDATA[<y>]]>&#x3C;</b:c></a>";
        let root = parse(text).unwrap();
        let child = root.first("urn:b", "c").unwrap();
        assert!(root.is("urn:a", "a") && child.full_name == "b:c");
        assert_eq!((child.text().as_str(), child.value("d")), ("x <<y><", Some("1 & 2")));
        assert_eq!(&text[child.attribute("d").unwrap().at.clone()], "1 &amp; 2");
        assert_eq!(&text[child.inside.clone()], "x &lt;<![CDATA[<y>]]>&#x3C;");
    }

    #[test]
    fn what_is_not_well_formed_is_a_fault_with_a_place() {
        for (text, place) in [
            ("<a><b></a>", "</a>"),
            ("<a><b>", "<b>"),
            ("<a>&nbsp;</a>", "&nbsp;"),
            ("<a>&#1;</a>", "&#1;"),
            ("<a>x \u{1b} y</a>", "\u{1b}"),
            ("<a b='1' b='2'/>", "<a"),
            ("<a b='<'/>", "<'"),
            ("<a/><b/>", "<b/>"),
            ("<x:a/>", "<x:a/>"),
            ("<a><?xml version='1.0'?></a>", "<?xml"),
            ("<a>R & D</a>", "& D"),
            ("", ""),
        ] {
            let fault = parse(text).unwrap_err();
            assert_eq!(fault.at.start, text.find(place).unwrap(), "{text}: {fault:?}");
        }
        let deep = "<a>".repeat(10_000);
        assert!(parse(&deep).unwrap_err().message.contains("deep"));
    }
}
