//! The findings of one issue, and the texts in which they are placed.

use crate::diagnostic::{Diagnostic, Location};

/// The texts that an issue was made of, in which findings are placed.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The posts of the issue: path and text.
    pub posts: Vec<(String, String)>,
    /// The configuration: path and text.
    pub config: (String, String),
}

impl Sources {
    /// Where the first post that has one of these texts has it.
    pub(super) fn find(&self, texts: &[&str]) -> Option<Location> {
        let texts = || texts.iter().filter(|text| !text.is_empty());
        self.posts.iter().find_map(|(path, source)| {
            let (at, length) = texts().find_map(|text| Some((source.find(*text)?, text.len())))?;
            Some(Location::in_text(path, source, at, length))
        })
    }

    /// The post, when the issue has one only.
    pub(super) fn only_post(&self) -> Option<Location> {
        if let [(path, _)] = &self.posts[..] { Some(Location::start_of(path)) } else { None }
    }

    /// The line of the configuration that sets `key` in `[section]`, else its beginning.
    pub(super) fn setting(&self, section: &str, key: &str) -> Location {
        let (path, text) = &self.config;
        let mut at = 0;
        let mut is_inside = false;
        for line in text.split_inclusive('\n') {
            let trimmed = line.trim();
            if trimmed.starts_with('[') {
                is_inside = trimmed.starts_with(&format!("[{section}]"));
            } else if is_inside && trimmed.split('=').next().is_some_and(|name| name.trim() == key) {
                return Location::in_text(path, text, at, line.trim_end().len());
            }
            at += line.len();
        }
        Location::start_of(path)
    }
}

pub(super) struct Findings<'s> {
    pub(super) sources: &'s Sources,
    pub(super) found: Vec<Diagnostic>,
}

impl Findings<'_> {
    pub(super) fn warning(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        place: Option<Location>,
        help: &str,
    ) {
        self.found.push(Diagnostic::warning(code, message).at(place).help(help));
    }

    pub(super) fn error(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        place: Option<Location>,
        help: &str,
    ) {
        self.found.push(Diagnostic::error(code, message).at(place).help(help));
    }
}
