//! Files beside the posts that speak for them: a sidecar's keys, the table of authors (rule R18).

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Location};

use super::body;
use super::decode::decode;
use super::findings::Findings;
use super::front_matter::{self, Fields, Value};
use super::names::NAMES;
use super::programs::may_hold;
use super::source::Source;
use super::source_path::{is_post_file, split_language, stem};

const DATA_EXTENSIONS: [&str; 3] = ["yml", "yaml", "json"];

/// Where a table of authors may be, relative to the site: beside config.toml, and where Jekyll and Hugo have it.
const AUTHOR_FILES: [&str; 6] =
    ["authors.yml", "authors.yaml", "_data/authors.yml", "_data/authors.yaml", "data/authors.yml", "data/authors.yaml"];

/// The files that may hold a table of authors, relative to the site.
pub fn author_files(posts_dir: &str) -> Vec<String> {
    let mut files: Vec<String> = ["yml", "yaml"].iter().map(|end| format!("{posts_dir}/authors.{end}")).collect();
    files.extend(AUTHOR_FILES.map(str::to_owned));
    files
}

/// Of the files below `posts.dir`, those to read: posts, and the sidecar files that fill in their keys. `txt` as for
/// [`is_post_file`].
///
/// ```
/// use tidings::post::files_to_read;
/// let files = ["walk.md", "walk.yml", "rain/index.md", "rain/index.json", "rain/photos.json"].map(str::to_owned);
/// assert_eq!(files_to_read(&files, false), ["walk.md", "walk.yml", "rain/index.md", "rain/index.json"]);
/// let files = ["walk.Rmd", "walk.md", "mud.qmd"].map(str::to_owned);
/// assert_eq!(files_to_read(&files, false), ["walk.md", "mud.qmd"], "what it was rendered to");
/// ```
pub fn files_to_read(files: &[String], txt: bool) -> Vec<&str> {
    let posts: Vec<&str> = posts_of(files, txt);
    if !files.iter().any(|path| is_companion(path)) {
        return posts;
    }
    let wanted: Vec<String> = posts.iter().flat_map(|post| sidecars_of(post)).collect();
    let wanted: BTreeSet<&str> = posts.into_iter().chain(wanted.iter().map(String::as_str)).collect();
    files.iter().map(String::as_str).filter(|path| wanted.contains(path)).collect()
}

/// The posts among these files. What a program was rendered to stands beside it under the same name, and is the post.
fn posts_of(files: &[String], txt: bool) -> Vec<&str> {
    let mut posts: Vec<&str> = files.iter().map(String::as_str).filter(|path| is_post_file(path, txt)).collect();
    if posts.iter().any(|path| may_hold(path)) {
        let rendered: BTreeSet<&str> = posts.iter().filter(|path| !may_hold(path)).map(|path| stem(path)).collect();
        posts.retain(|path| !may_hold(path) || !rendered.contains(stem(path)));
    }
    posts
}

/// True for a file that is read for what it says about others: a sidecar file or a table of authors.
pub fn is_companion(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| DATA_EXTENSIONS.contains(&extension))
}

/// Where the sidecar of a post may be: the same name, also without the language; beside an `index.md` or `content.md` also other
/// names that say that it is about the post of the folder.
fn sidecars_of(post: &str) -> impl Iterator<Item = String> {
    let (folder, name) = post.rsplit_once('/').map_or(("", post), |(folder, name)| (folder, name));
    let stem = stem(name).to_owned();
    let (plain, _) = split_language(&stem);
    let mut stems = vec![stem];
    let is_content = plain.eq_ignore_ascii_case("content");
    stems.extend(is_content.then(|| "index".to_owned()));
    let is_of_folder = is_content || plain.eq_ignore_ascii_case("index");
    stems.push(plain);
    stems.extend(NAMES.sidecars.iter().filter(|_| is_of_folder).cloned());
    stems.dedup();
    let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    stems.into_iter().flat_map(move |stem| {
        let folder = folder.clone();
        DATA_EXTENSIONS.iter().map(move |extension| format!("{folder}{stem}.{extension}"))
    })
}

/// The files of a site that are no posts themselves.
#[derive(Default)]
pub(crate) struct Companions {
    sidecars: BTreeMap<String, Source>,
    /// By the ids, as written and in lower case; of several the first counts.
    authors: BTreeMap<String, Value>,
    authors_in_lower_case: BTreeMap<String, String>,
}

impl Companions {
    /// Sorts the files; a table of authors that cannot be read is a warning.
    pub(crate) fn new(sources: Vec<Source>, posts_dir: &str, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let author_files = author_files(posts_dir);
        let mut companions = Self::default();
        for source in sources {
            if author_files.contains(&source.path) {
                for (id, author) in authors(&source, diagnostics) {
                    companions.authors_in_lower_case.entry(id.to_lowercase()).or_insert_with(|| id.clone());
                    companions.authors.entry(id).or_insert(author);
                }
            } else {
                companions.sidecars.insert(source.path.clone(), source);
            }
        }
        companions
    }

    /// The keys of the sidecar of a post; `Err` when there is one that must be mended.
    pub(crate) fn of_post(&self, path: &str, diagnostics: &mut Vec<Diagnostic>) -> Result<Option<Fields>, Broken> {
        if self.sidecars.is_empty() {
            return Ok(None);
        }
        let Some(sidecar) = sidecars_of(path).find_map(|path| self.sidecars.get(&path)) else { return Ok(None) };
        let decoded = decode(&sidecar.bytes).map_err(|problem| {
            diagnostics.push(body::not_text(&sidecar.path, &problem));
            Broken
        })?;
        let mut findings = Findings::new(&sidecar.path, &decoded.text);
        let fields = front_matter::read_data(&sidecar.path, &decoded.text, &mut findings);
        diagnostics.extend(findings.finish());
        fields.map(Some).ok_or(Broken)
    }

    /// What the table of authors says about an id: exactly, else without regard to case.
    pub(crate) fn author(&self, id: &str) -> Option<&Value> {
        self.authors.get(id).or_else(|| self.authors.get(self.authors_in_lower_case.get(&id.to_lowercase())?))
    }
}

/// A sidecar that must be mended first; its error is among the diagnostics.
#[derive(Debug)]
pub(crate) struct Broken;

/// The authors of a table by their ids: `ada: { name: … }`, or a list of `{ id: ada, name: … }`.
fn authors(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Vec<(String, Value)> {
    let read = decode(&source.bytes).map_err(|problem| (0, problem.message, String::new())).and_then(|decoded| {
        let read = front_matter::parse_yaml(&decoded.text);
        read.map_err(|(offset, message)| (offset, message, decoded.text.into_owned()))
    });
    match read {
        Ok(Value::Map(pairs)) => pairs,
        Ok(Value::List(items)) => {
            let id = |item: &Value| {
                let id = ["id", "key", "slug", "username", "name"].iter().find_map(|key| item.get(key)?.text());
                id.map(str::to_owned)
            };
            items.into_iter().filter_map(|item| Some((id(&item)?, item))).collect()
        }
        Ok(_) => Vec::new(),
        Err((offset, message, text)) => {
            let warning =
                Diagnostic::warning("post/authors", format!("the table of authors cannot be read: {message}"));
            let place = Location::in_text(&source.path, &text, offset, 1);
            diagnostics.push(warning.at(place).help("write it as `ada:` with `name: Ada` indented below"));
            Vec::new()
        }
    }
}
