//! What generators and themes call the keys of front matter, kinds of pages and their folders: the lists of `names.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Names {
    pub(crate) date: Vec<String>,
    pub(crate) updated: Vec<String>,
    pub(crate) description: Vec<String>,
    pub(crate) image: Vec<String>,
    pub(crate) enclosure: Vec<String>,
    pub(crate) files_only: Vec<String>,
    pub(crate) address_of_file: Vec<String>,
    pub(crate) first: Vec<String>,
    pub(crate) usual: Vec<String>,
    pub(crate) pages: Vec<String>,
    pub(crate) foreign_folders: Vec<String>,
    pub(crate) sidecars: Vec<String>,
    pub(crate) zones: BTreeMap<String, i32>,
}

pub(crate) static NAMES: LazyLock<Names> =
    LazyLock::new(|| toml::from_str(include_str!("names.toml")).expect("the file holds these lists"));

/// True when a list has a name.
pub(crate) fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name)
}
