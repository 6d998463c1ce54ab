//! What the writer wants to see: all of it stands in the address, so that going back, reloading and sharing a tab work.

use serde::{Deserialize, Serialize};

use super::frame::Scheme;

/// The parts of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum View {
    /// The issue as a mail program shows it.
    #[default]
    Issue,
    /// Its text part.
    Text,
    /// The whole message.
    Source,
    /// What is due, skipped and late.
    Plan,
    /// What `check` says.
    Findings,
    /// The feeds as a reader shows them.
    Feeds,
    /// Who reads, and how the list grew.
    Readers,
    /// What was sent, and what became of it.
    Issues,
    /// The question before a test is sent, and the answer.
    Test,
}

/// How wide the issue is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Width {
    /// As much as there is.
    #[default]
    Desktop,
    /// 375 pixels.
    Phone,
}

/// Whether the pictures of an issue are loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Images {
    /// They are.
    #[default]
    On,
    /// They are not, as in many a mail program.
    Off,
}

/// What of the message the source view shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Part {
    /// All of it, as it goes over the wire.
    #[default]
    Message,
    /// The HTML part, decoded.
    Html,
}

/// How the addresses of readers are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Addresses {
    /// The first letter and the domain.
    #[default]
    Masked,
    /// Whole, as was asked for.
    Whole,
}

/// Everything that the address of the page says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Choice {
    pub(super) view: View,
    pub(super) scheme: Scheme,
    pub(super) width: Width,
    pub(super) images: Images,
    pub(super) part: Part,
    /// Which of the due issues, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issue: Option<usize>,
    /// The path of a post to show as an issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) post: Option<String>,
    /// The file name of a feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) feed: Option<String>,
    /// Which of its entries, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entry: Option<usize>,
    pub(super) addresses: Addresses,
    /// The list whose readers are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) list: Option<String>,
}

impl Choice {
    /// The address of the page that shows this. All addresses are relative: the desk is at `/`, or below the pages for readers.
    pub(super) fn address(&self) -> String {
        format!("./{}", self.query())
    }

    /// The same choice but for one thing.
    pub(super) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = self.clone();
        change(&mut other);
        other
    }

    /// The query of an address, with its `?`; what is as usual is left out.
    pub(super) fn query(&self) -> String {
        let (mine, usual) = (serde_json::json!(self), serde_json::json!(Self::default()));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in
            mine.as_object().into_iter().flatten().filter(|(name, value)| usual.get(name) != Some(value))
        {
            query.append_pair(name, value.as_str().unwrap_or(&value.to_string()));
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_not_as_usual() {
        assert_eq!(Choice::default().address(), "./");
        let choice = Choice::default().with(|choice| {
            choice.view = View::Text;
            choice.scheme = Scheme::Dark;
            choice.post = Some("posts/a b&c.md".into());
            choice.entry = Some(2);
        });
        assert_eq!(choice.address(), "./?entry=2&post=posts%2Fa+b%26c.md&scheme=dark&view=text");
    }
}
