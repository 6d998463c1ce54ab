//! What the XML libraries leave to us, done on what they wrote. All of it rests on one fact: in their output `<` and `&`
//! of the text are escaped, so markup can be told from text by looking.

/// Stands for the content while a library writes what is around it: written by us, the content is neither copied nor searched
/// for markup. No text that reaches a feed holds this character ([`super::text`]).
pub(super) const CONTENT: &str = "\u{1}";

/// What a library wrote, with the content, which `write` writes, in its place; `length` is about how long that is.
pub(super) fn with_content(written: &str, length: usize, write: impl FnOnce(&mut Vec<u8>)) -> String {
    let (before, after) = written.split_once(CONTENT).unwrap_or((written, ""));
    let mut whole = Vec::with_capacity(written.len() + length);
    whole.extend_from_slice(before.as_bytes());
    write(&mut whole);
    whole.extend_from_slice(after.as_bytes());
    String::from_utf8(whole).expect("the content is a string")
}

/// Writes `<` and `&` of plain text as hexadecimal references: only these are safe with readers that decode plain text
/// twice (RSS Profile, "Character Data"). What stands between `verbatim.0` and `verbatim.1` is HTML, for which the usual
/// references are right, and stays.
pub(super) fn hex_references(xml: &str, verbatim: (&str, &str)) -> String {
    if memchr::memchr(b'&', xml.as_bytes()).is_none() {
        return xml.to_owned();
    }
    let (open, close) = verbatim;
    let mut written = String::with_capacity(xml.len() + xml.len() / 64);
    let mut rest = xml;
    while !rest.is_empty() {
        let start = rest.find(open).unwrap_or(rest.len());
        let end = rest[start..].find(close).map_or(rest.len(), |at| start + at + close.len());
        written.push_str(&rest[..start].replace("&lt;", "&#x3C;").replace("&amp;", "&#x26;"));
        written.push_str(&rest[start..end]);
        rest = &rest[end..];
    }
    written
}

/// The part of a document from the first `from` to the end of the last `to`.
pub(super) fn part<'x>(xml: &'x str, from: &str, to: &str) -> &'x str {
    let start = xml.find(from).unwrap_or(0);
    let end = xml.rfind(to).map_or(xml.len(), |at| at + to.len());
    xml.get(start..end).unwrap_or_default()
}

/// Puts attributes on the start tags `<name>` that have none, one after the other.
pub(super) fn with_attributes(xml: &str, name: &str, attributes: impl Iterator<Item = String>) -> String {
    let tag = format!("<{name}>");
    let mut parts = xml.split(&tag);
    let mut written = parts.next().unwrap_or_default().to_owned();
    for (part, attributes) in parts.zip(attributes) {
        written.extend(["<", name, &attributes, ">", part]);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_text_gets_hexadecimal_references() {
        let xml = "<t>a &lt; b &amp;amp; c</t><d><![CDATA[&lt;p&gt; &amp;]]></d><t>&amp;</t>";
        assert_eq!(
            hex_references(xml, ("<![CDATA[", "]]>")),
            "<t>a &#x3C; b &#x26;amp; c</t><d><![CDATA[&lt;p&gt; &amp;]]></d><t>&#x26;</t>"
        );
    }

    #[test]
    fn each_start_tag_gets_its_own_attributes() {
        let attributes = ["", " b=\"2\""].map(str::to_owned).into_iter();
        assert_eq!(with_attributes("<f><e>&lt;e></e><e>", "e", attributes), "<f><e>&lt;e></e><e b=\"2\">");
    }
}
