//! Which folder the feed of a term, an author or a language has. Different ones may read alike in an address (`.NET` and
//! `NET`): then one has the plain name, and it keeps it.

use crate::model::ReadFeed;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::slug;

/// Whose folders are: by folder, below `feeds.dir` and with a `/` at the end, what makes its spellings one.
pub type Folders = BTreeMap<String, String>;

/// A folder that several want.
#[derive(Debug, PartialEq, Eq)]
pub struct Contested {
    /// As in [`Folders`].
    pub folder: String,
    /// How posts write each of them, and what makes the spellings one.
    claims: Vec<(String, String)>,
}

impl Contested {
    /// Whose feed lies in the folder, by its title.
    pub fn owner(&self, there: &ReadFeed) -> Option<&str> {
        let title = there.title.as_deref()?.trim_end();
        let is_of =
            |(spelling, _): &&(String, String)| title.strip_suffix(spelling).is_some_and(|of| of.ends_with(": "));
        self.claims.iter().find(is_of).map(|(_, key)| key.as_str())
    }
}

/// Posts that share a term, an author or a language.
#[derive(Default)]
pub(super) struct Group {
    pub(super) key: String,
    /// How it is written, and how often.
    pub(super) spellings: BTreeMap<String, usize>,
    pub(super) posts: Vec<usize>,
    pub(super) folder: String,
}

/// The folders that are given away, while that is done.
pub(super) struct Named<'k> {
    pub(super) kept: &'k Folders,
    pub(super) taken: BTreeSet<String>,
    pub(super) folders: Folders,
    pub(super) contested: Vec<Contested>,
}

impl Named<'_> {
    /// Gives each group a folder below `root`: the one it had before, else, in the order of the groups, the one of its name,
    /// else one with a part that no other term can have.
    pub(super) fn name(&mut self, groups: &mut [Group], root: &str) {
        let folder = |name: &str| format!("{root}/{name}/");
        // What was remembered may have been written by another program.
        let is_sound =
            |(at, key): &(&String, &String)| **at == folder(&slug::slug(key)) || **at == folder(&slug::distinct(key));
        let kept: HashMap<&str, &str> =
            self.kept.iter().filter(is_sound).map(|(at, key)| (key.as_str(), at.as_str())).collect();
        for group in &mut *groups {
            if let Some(before) = kept.get(group.key.as_str())
                && self.taken.insert((*before).to_owned())
            {
                (*before).clone_into(&mut group.folder);
            }
        }
        self.contest(groups, &folder);
        for group in &mut *groups {
            let mut key = group.key.clone();
            if group.folder.is_empty() {
                group.folder = folder(&slug::slug(&key));
                while !self.taken.insert(group.folder.clone()) {
                    group.folder = folder(&slug::distinct(&key));
                    key.push('-');
                }
            }
            self.folders.insert(group.folder.clone(), group.key.clone());
        }
    }

    /// Notes the folders that several want who have none.
    fn contest(&mut self, groups: &[Group], folder: &dyn Fn(&str) -> String) {
        let mut wanted: BTreeMap<String, Vec<&Group>> = BTreeMap::new();
        for group in groups.iter().filter(|group| group.folder.is_empty()) {
            wanted.entry(folder(&slug::slug(&group.key))).or_default().push(group);
        }
        for (folder, groups) in wanted.into_iter().filter(|(folder, _)| !self.taken.contains(folder)) {
            if groups.len() > 1 {
                let claims = groups
                    .iter()
                    .flat_map(|group| group.spellings.keys().map(|spelling| (spelling.clone(), group.key.clone())));
                self.contested.push(Contested { folder, claims: claims.collect() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(terms: &[&str], kept: &Folders) -> (Vec<String>, Folders, Vec<Contested>) {
        let group = |term: &&str| Group {
            key: slug::key(term),
            spellings: BTreeMap::from([((*term).to_owned(), 1)]),
            ..Group::default()
        };
        let mut groups: Vec<Group> = terms.iter().map(group).collect();
        let mut named = Named { kept, taken: BTreeSet::new(), folders: Folders::new(), contested: Vec::new() };
        named.name(&mut groups, "tags");
        (groups.into_iter().map(|group| group.folder).collect(), named.folders, named.contested)
    }

    #[test]
    fn the_first_has_the_plain_name_and_keeps_it() {
        let (first, kept, contested) = named(&[".NET"], &Folders::new());
        assert_eq!((first, contested), (vec!["tags/net/".to_owned()], vec![]));
        let (second, kept, contested) = named(&["NET", ".NET"], &kept);
        assert_eq!((second[0].starts_with("tags/net-"), second[1].as_str(), contested), (true, "tags/net/", vec![]));
        assert_eq!(named(&["NET"], &kept).0, [second[0].clone()], "it is known by that address");
        assert_eq!(named(&["Net!"], &kept).0, ["tags/net/"], "another spelling of a term takes its subscribers over");
    }

    #[test]
    fn a_remembered_folder_that_no_build_would_choose_is_not_believed() {
        for folder in ["../../etc/", "tags/other/", "tags/net", "net/", ""] {
            let kept = Folders::from([(folder.to_owned(), "net".to_owned())]);
            assert_eq!(named(&["NET"], &kept).0, ["tags/net/"], "{folder}");
        }
    }

    #[test]
    fn a_feed_that_is_there_says_by_its_title_whose_it_is() {
        let (_, _, contested) = named(&["NET", ".NET"], &Folders::new());
        let titled = |title: &str| ReadFeed { title: Some(title.to_owned()), ..ReadFeed::default() };
        assert_eq!(contested[0].folder, "tags/net/");
        assert_eq!(contested[0].owner(&titled("Notes: .NET")), Some(".net"));
        assert_eq!(contested[0].owner(&titled("Notes: NET")), Some("net"));
        assert_eq!(contested[0].owner(&titled("Notes")), None);
    }
}
