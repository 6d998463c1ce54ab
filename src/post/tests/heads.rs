//! What is read from the beginning of a file is what the whole file says, and its body is of the same file.

use super::fixtures::{FIXTURES, held, public};
use super::*;
use crate::model::Head;

/// What was read, without what of the file it was read from.
fn told((post, found): (Post, Vec<Diagnostic>)) -> String {
    format!("{:#?} {found:#?}", Post { head: Head::default(), ..post })
}

/// Reads the first `length` bytes of a file; `None` when they do not say enough.
fn by_head(path: &str, text: &str, length: usize) -> Option<(Post, Vec<Diagnostic>)> {
    let config = config("");
    let reader = Loader::new(Vec::new(), [path].into_iter(), &config, "2025-06-01T12:00:00Z".parse().unwrap());
    reader.read_head(&Source { path: path.into(), bytes: text.as_bytes()[..length].to_vec() })
}

fn by_whole(path: &str, text: &str) -> (Post, Vec<Diagnostic>) {
    let config = config("");
    let reader = Loader::new(Vec::new(), [path].into_iter(), &config, "2025-06-01T12:00:00Z".parse().unwrap());
    reader.read(&source(path, text))
}

const BODY: &str =
    "\n\nWords of the walk.\n\n# A heading\n\n[x]: https://example.org/\n\n---\ndraft: true\n---\n\nMore.\n";

#[test]
fn a_head_of_any_length_says_what_the_whole_file_says_or_asks_for_more() {
    for (name, path, text) in FIXTURES {
        for text in [public(text) + BODY, held(text) + BODY, held(text).replace("title: A walk\n", "") + BODY] {
            let whole = by_whole(path, &text);
            let (mut answered, body) = (0, body_of(&whole.0, &text));
            for length in 0..=text.len() {
                if let Some((post, found)) = by_head(path, &text, length) {
                    answered += 1;
                    assert_eq!(body_of(&post, &text), body, "{name}, {length} bytes");
                    assert_eq!(told((post, found)), told(whole.clone()), "{name}, {length} bytes of {text}");
                }
            }
            assert!(answered > 0 || whole.0.status == PostStatus::Skipped, "{name}: {text}");
        }
    }
}

#[test]
fn the_head_is_enough_for_the_usual_post_and_for_no_doubtful_one() {
    let enough = |text: &str| by_head("posts/2025-01-31-a.md", text, text.len()).is_some();
    assert!(enough("---\ntitle: A walk\n---\nIt rained.\n"));
    assert!(enough("---\ntags: a\n---\n# A walk\n\nIt rained.\n"), "the heading is the title");
    for (doubtful, why) in [
        ("---\ntitle: A walk\n", "no end"),
        ("---\ntitle: A walk\n---\n\n", "a redirection when nothing follows"),
        ("---\ntags: a\n---\nIt rained.\n", "the title may be a heading further down"),
        ("---\ntags: a\n---\n# A [walk]\n", "an address further down makes this a link"),
        ("---\ntitle: A walk\n---\n---\nmore: x\n", "half of a second front matter"),
        ("It rained.\n", "the comment that front matter may follow has no end yet"),
        ("---\ntitle: A walk\n---", "half a line"),
    ] {
        assert!(!enough(doubtful), "{why}");
    }
}

#[test]
fn a_file_that_was_changed_meanwhile_gives_no_body() {
    let text = "---\ntitle: A walk\n---\nIt rained.\n\nAnd then?\n";
    let (by_head, _) = by_head("posts/2025-01-31-a.md", text, 35).unwrap();
    let (by_whole, _) = by_whole("posts/2025-01-31-a.md", text);
    let code =
        |post: &Post, now: &str| body(post, now.as_bytes()).map(|(body, _)| body.text).map_err(|error| error.code);
    assert_eq!(code(&by_head, &text.replace("walk", "ride")), Err("post/changed"));
    assert_eq!(code(&by_head, ""), Err("post/changed"));
    assert_eq!(code(&by_head, &text.replace("then", "now")), Ok("It rained.\n\nAnd now?\n".to_owned()));
    // What was read whole is known whole.
    assert_eq!(code(&by_whole, &text.replace("then", "now")), Err("post/changed"));
    assert_eq!(code(&by_whole, &format!("{text}More.\n")), Err("post/changed"));
}

#[test]
fn what_is_wrong_far_down_comes_out_with_the_body() {
    let text = "---\ntitle: A walk\n---\nIt rained.\n";
    let (post, _) = by_head("posts/2025-01-31-a.md", text, text.len()).unwrap();
    let error = body(&post, &[text.as_bytes(), b"na\xefve\n"].concat()).unwrap_err();
    assert_eq!((error.code, error.location.unwrap().line), ("post/encoding", 5));
    let (body, warning) = body(&post, &[text.as_bytes(), b"na\x01ive\n"].concat()).unwrap();
    assert_eq!((body.text.as_str(), body.first_line), ("It rained.\nnaive\n", 4));
    assert_eq!(warning.map(|found| (found.code, found.location.unwrap().line)), Some(("post/control-character", 5)));
}
