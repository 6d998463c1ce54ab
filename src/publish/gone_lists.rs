//! Lists that readers are on and that the configuration does not have.

use std::collections::BTreeMap;

use super::guard::count;
use super::prepare::Past;
use super::site::CONFIG_FILE;
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Location};
use crate::model::Lists;

/// A warning for each of them: no post can be for it, and its readers do not get what would have been.
pub fn gone_lists(past: &Past, config: &Config) -> Vec<Diagnostic> {
    let known = &config.newsletter.lists;
    let mut readers: BTreeMap<&str, i64> = BTreeMap::new();
    for (lists, on_these) in &past.audience {
        let gone = lists.iter().flat_map(Lists::names).filter(|name| !known.iter().any(|(known, _)| known == name));
        gone.for_each(|name| *readers.entry(name).or_default() += on_these);
    }
    let warning = |(name, readers): (&str, i64)| {
        let are = if readers == 1 { "is" } else { "are" };
        let message = format!(
            "{} {are} on the list `{name}`, which `newsletter.lists` does not have: no post can be for it",
            count(readers.unsigned_abs(), "confirmed reader")
        );
        let mut help = format!("write `{name} = \"…\"` into `newsletter.lists` again");
        if !known.is_empty() {
            help += &format!(
                ", or put them on another: `tidings subscribers list --where list={name}` names them, and `tidings subscribers add ADDRESS --list LIST` takes `{name}` from them"
            );
        }
        Diagnostic::warning("newsletter/lists", message).at(Location::start_of(CONFIG_FILE)).help(help)
    };
    readers.into_iter().map(warning).collect()
}
