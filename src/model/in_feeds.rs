//! What feeds show of one post beyond what they show of all.

/// How a post is shown in feeds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InFeeds {
    /// Whole or as an excerpt, where its author says so for this one.
    pub whole: Option<bool>,
    /// The page where its comments are.
    pub comments: Option<String>,
    /// The feed of its comments.
    pub comments_feed: Option<String>,
    /// Its Markdown, where feeds hold that (`feeds.markdown`): never more than the content says.
    pub markdown: Option<String>,
}
