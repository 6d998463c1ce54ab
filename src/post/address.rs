//! An address in the front matter as an absolute URL.

use url::Url;

/// Resolves an address as one in the text: a bare name is beside the post. `None` for what is not on the web.
pub(crate) fn address(text: &str, permalink: &str, site: &Url) -> Option<String> {
    let text = without_mark(text.trim()).replace("__GHOST_URL__", site.as_str().trim_end_matches('/'));
    let text = if text.starts_with("//") { format!("https:{text}") } else { text };
    let url = Url::parse(permalink).ok()?.join(&text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// Pelican writes `{static}/images/a.png` for a file of its own: what is behind the mark is the address.
pub(crate) fn without_mark(written: &str) -> &str {
    const MARKS: [&str; 3] = ["static", "attach", "filename"];
    let behind = |open: &str, close: &str| {
        let (mark, address) = written.strip_prefix(open)?.split_once(close)?;
        MARKS.contains(&mark).then_some(address)
    };
    behind("{", "}").or_else(|| behind("%7B", "%7D")).or_else(|| behind("|", "|")).unwrap_or(written)
}

#[cfg(test)]
mod tests {
    use super::without_mark;

    #[test]
    fn pelican_s_marks_are_no_part_of_an_address() {
        for (written, address) in [
            ("{static}/images/a.png", "/images/a.png"),
            ("%7Battach%7Da.png", "a.png"),
            ("|filename|/b.md", "/b.md"),
            ("{other}/a.png", "{other}/a.png"),
            ("/a{static}b", "/a{static}b"),
        ] {
            assert_eq!(without_mark(written), address);
        }
    }
}
