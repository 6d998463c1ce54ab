//! The body of a post, read when it is needed: long after its front matter, and of the same file or not at all.

use std::hash::BuildHasher as _;

use foldhash::quality::FixedState;

use crate::diagnostic::{Diagnostic, Location};
use crate::model::{Body, Head, Post};

use super::decode::{Decoded, NotText, decode};
use super::findings::Findings;

/// What ties a post to the bytes that it was read from.
pub(crate) fn head(bytes: &[u8], is_whole: bool, body: usize) -> Head {
    Head { length: bytes.len(), hash: hash(bytes), is_whole, body }
}

fn hash(bytes: &[u8]) -> u64 {
    FixedState::default().hash_one(bytes)
}

/// Takes the body of a post from its file, of which these are all bytes; also what there is to warn of.
///
/// # Errors
/// What is wrong with the file: it is not text, or not the one from which the post was read.
pub fn body(post: &Post, bytes: &[u8]) -> Result<(Body, Option<Diagnostic>), Diagnostic> {
    let head = post.head;
    let is_same = |start: &[u8]| hash(start) == head.hash && (!head.is_whole || start.len() == bytes.len());
    if !bytes.get(..head.length).is_some_and(is_same) {
        let changed = Diagnostic::error("post/changed", "this file changed while it was read");
        return Err(changed.at(Location::start_of(&post.path)).help("run the command again"));
    }
    let decoded = decode(bytes).map_err(|problem| not_text(&post.path, &problem))?;
    let mut findings = Findings::new(&post.path, &decoded.text);
    warn_of_dropped(&decoded, &mut findings);
    let warning = findings.finish().pop();
    let rest = decoded.text.get(head.body..).unwrap_or_default();
    let start = decoded.text.len() - rest.trim_start_matches('\n').len();
    let first_line = memchr::memchr_iter(b'\n', &decoded.text.as_bytes()[..start]).count() + 1;
    let (head, text) = decoded.text.split_at(start);
    let (head, text) = (head.to_owned(), text.to_owned());
    Ok((Body { head, text, first_line, ..Body::default() }, warning))
}

/// The error about a file that is not text.
pub(crate) fn not_text(path: &str, problem: &NotText) -> Diagnostic {
    let place = Location::in_text(path, &problem.lossy, problem.offset, 1);
    Diagnostic::error("post/encoding", problem.message.clone())
        .at(place)
        .help("save the file again as UTF-8: editors ask for it as \"encoding\"")
}

/// Warns of characters that no output may hold.
pub(crate) fn warn_of_dropped(decoded: &Decoded<'_>, findings: &mut Findings<'_>) {
    if let Some(line) = decoded.dropped {
        let at: usize = decoded.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let message = "this line has invisible control characters, left out";
        findings.warning("post/control-character", at..at + 1, message, "remove them");
    }
}
