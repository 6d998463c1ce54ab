//! `posts.permalink`: the pattern that the addresses of posts follow.

/// One piece of a permalink pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermalinkPart {
    /// As it stands.
    Text(String),
    /// `:year`, four digits.
    Year,
    /// `:month`, two digits.
    Month,
    /// `:day`, two digits.
    Day,
    /// `:slug` (Jekyll also says `:title`).
    Slug,
    /// `:dir`, the folder of the file below `posts.dir`, without slashes at its ends.
    Dir,
}

/// A checked permalink pattern such as `/:year/:month/:day/:slug/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permalink(Vec<PermalinkPart>);

impl Permalink {
    /// The pieces, in order.
    pub fn parts(&self) -> &[PermalinkPart] {
        &self.0
    }

    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, as a message.
    pub(super) fn parse(pattern: &str) -> Result<Self, String> {
        if !pattern.starts_with('/') {
            return Err(format!("`posts.permalink` does not start with `/`: `{pattern}`"));
        }
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some(colon) = rest.find(':') {
            if colon > 0 {
                parts.push(PermalinkPart::Text(rest[..colon].to_owned()));
            }
            let word = &rest[colon + 1..];
            let end = word.find(|c: char| !c.is_ascii_alphabetic() && c != '_').unwrap_or(word.len());
            parts.push(match &word[..end] {
                "year" => PermalinkPart::Year,
                "month" => PermalinkPart::Month,
                "day" => PermalinkPart::Day,
                "slug" | "title" => PermalinkPart::Slug,
                "dir" => PermalinkPart::Dir,
                other => return Err(format!("`posts.permalink` has an unknown placeholder: `:{other}`")),
            });
            rest = &word[end..];
        }
        if !rest.is_empty() {
            parts.push(PermalinkPart::Text(rest.to_owned()));
        }
        if !parts.contains(&PermalinkPart::Slug) {
            return Err(format!("`posts.permalink` has no `:slug`, so posts would share one address: `{pattern}`"));
        }
        Ok(Self(parts))
    }
}

impl Default for Permalink {
    fn default() -> Self {
        let slash = || PermalinkPart::Text("/".into());
        Self(vec![
            slash(),
            PermalinkPart::Year,
            slash(),
            PermalinkPart::Month,
            slash(),
            PermalinkPart::Day,
            slash(),
            PermalinkPart::Slug,
            slash(),
        ])
    }
}
