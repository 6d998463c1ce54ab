//! The posts of a site, read and rendered: each once, however many ask for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::folder;
use super::once::{Outcome, ReadBody, Rendered};
use super::site::Site;
use crate::diagnostic::Diagnostic;
use crate::files::FileKind;
use crate::model::{Body, Post};
use crate::post;
use crate::render;

/// The body of a post, which is kept to be rendered; what is wrong with its text is added to `found`.
///
/// # Errors
/// Why there is none: the file is gone, was changed meanwhile, or is not text.
pub(super) fn body(site: &Site, post: &Post, found: &mut Vec<Diagnostic>) -> Result<Arc<Body>, Diagnostic> {
    site.made.bodies.keep(&post.path);
    let (body, warning) = read(site, post)?;
    found.extend(warning);
    Ok(body)
}

fn read(site: &Site, post: &Post) -> ReadBody {
    if let Some(source) = &site.source {
        let gone = || Diagnostic::error("post/changed", "the feed has no such entry");
        return source.bodies.get(&post.path).map(|body| (Arc::clone(body), None)).ok_or_else(gone);
    }
    let read = || {
        let bytes = folder::bytes(&site.folder, &post.path, FileKind::Post)?;
        let (mut body, warning) = post::body(post, &bytes)?;
        body.includes = includes(site, post, &body);
        body.pages = pages(site, &body);
        Ok((Arc::new(body), warning))
    };
    site.made.bodies.of(&post.path).get_or_init(read).clone()
}

/// The plain files that the text of a post includes. One that is missing is as good as none: its tag is warned of.
fn includes(site: &Site, post: &Post, body: &Body) -> BTreeMap<String, String> {
    let wanted = post::includes(&body.text, &post.path, &site.config.posts.dir).into_iter();
    let found = wanted.filter_map(|wanted| {
        let read = |place: &String| site.folder.read_optional(place, FileKind::Post).ok()?;
        Some((wanted.name.to_owned(), post::plain_include(wanted.places.iter().find_map(read)?)?))
    });
    found.collect()
}

/// The addresses of pages that are no posts and that the text links to by their files.
fn pages(site: &Site, body: &Body) -> BTreeMap<String, String> {
    let address = |linked: post::Linked| {
        let mut bytes = Vec::new();
        let mut file = site.folder.open(&linked.place, FileKind::Post).ok()?;
        let is_whole = file.read_to(&mut bytes, post::LINKED_HEAD).ok()?;
        Some((post::address_of(&linked, bytes, is_whole, &site.config)?, linked.path))
    };
    let found = post::linked_files(&body.text, &site.config).into_iter().filter_map(address);
    found.map(|(address, path)| (path, address)).collect()
}

/// These posts will be rendered more than once: what the first one makes of them is there for all.
pub(super) fn keep<'p>(site: &Site, posts: impl IntoIterator<Item = &'p Post>) {
    posts.into_iter().for_each(|post| site.made.entries.keep(&post.path));
}

/// Reads and renders a post, with what its pictures and other files say about themselves; what is wrong with its body is
/// added to `found`, whether it is there or not. `None` when it cannot be read or has an error: then that is among what
/// was added.
pub fn rendered(site: &Site, post: &Post, found: &mut Vec<Diagnostic>) -> Option<Arc<Rendered>> {
    let slot = site.made.entries.of(&post.path);
    let (rendered, about) = slot.get_or_init(|| make(site, post));
    found.extend(about.iter().cloned());
    rendered.clone()
}

fn make(site: &Site, post: &Post) -> Outcome {
    let (body, mut found) = match read(site, post) {
        Ok((body, warning)) => (body, Vec::from_iter(warning)),
        Err(error) => return (None, vec![error]),
    };
    site.made.renders.fetch_add(1, Ordering::Relaxed);
    let (mut entry, about_body) = render::entry(post, &body, &site.posts, &site.config);
    let is_sound = !about_body.iter().any(Diagnostic::is_error);
    found.extend(about_body);
    site.library.complete(&mut entry, &body, &mut found);
    (is_sound.then(|| Arc::new(Rendered { entry, body })), found)
}

/// How often a post was rendered: in one command none more than once, as long as the feeds are not very large.
pub fn renders(site: &Site) -> usize {
    site.made.renders.load(Ordering::Relaxed)
}

/// The text of a post that is kept, as it was written.
pub(super) fn source(site: &Site, path: &str) -> String {
    let kept = site.made.entries.of(path);
    let rendered = kept.get().and_then(|(rendered, _)| rendered.as_ref());
    rendered.map(|rendered| format!("{}{}", rendered.body.head, rendered.body.text)).unwrap_or_default()
}
