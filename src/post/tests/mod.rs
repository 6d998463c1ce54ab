mod addresses;
mod cutting;
mod dates;
mod fixtures;
mod heads;
mod metadata;
mod reading;
mod standing;

use super::*;
use crate::diagnostic::Severity;
use crate::model::PostStatus;

const SITE: &str = "[site]\ntitle = 'Notes'\nurl = 'https://example.org/blog'\ntimezone = 'Europe/Berlin'\n";

/// A post in the form that the owner of this program writes.
const REFLECTION: &str = "---\nFilename: 2025-02-03-the-long-way-home.md\nLayout: post\nTitle: Rain, and the Long Way Home\n\
    Date: 2025-02-03\nTags: slow-walks, self-trust, rain\nDescription: On not taking the bus — and what a wet road says.\n\
    Emotions: [calm, \"quiet joy\"]\n---\n\nI walked.  \nIt rained.  \nNobody was “waiting.”\n\n---\n\nI was late, and I didn’t mind.\n";

pub(crate) fn config(more: &str) -> Config {
    crate::config::parse("config.toml", &format!("{SITE}{more}")).unwrap()
}

pub(super) fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), bytes: text.as_bytes().to_vec() }
}

pub(super) fn load_all(sources: &[(&str, &str)]) -> Loaded {
    let sources = sources.iter().map(|(path, text)| source(path, text)).collect();
    load(sources, &config(""), "2025-06-01T12:00:00Z".parse().unwrap())
}

pub(crate) fn one(path: &str, text: &str) -> (Post, Vec<Diagnostic>) {
    let loaded = load_all(&[(path, text)]);
    (loaded.posts.into_iter().next().unwrap(), loaded.diagnostics)
}

pub(crate) fn body_of(post: &Post, text: &str) -> Body {
    body(post, text.as_bytes()).unwrap().0
}

pub(super) fn keys(keys: &str) -> (Post, Vec<Diagnostic>) {
    one("posts/a-walk.md", &format!("---\ntitle: A walk\ndate: 2025-01-31\n{keys}\n---\n\nIt rained.\n"))
}

pub(super) fn status(text: &str) -> PostStatus {
    keys(text).0.status
}

#[test]
fn the_owner_s_form_is_read_whole_and_without_a_warning() {
    let (post, diagnostics) = one("posts/draft of a name.md", REFLECTION);
    assert_eq!(diagnostics, []);
    assert_eq!((post.title.as_str(), post.slug.as_str()), ("Rain, and the Long Way Home", "the-long-way-home"));
    assert_eq!(post.url, "https://example.org/blog/2025/02/03/the-long-way-home/");
    assert_eq!(post.id, post.url);
    assert_eq!(post.terms("tags"), ["slow-walks", "self-trust", "rain"]);
    assert_eq!(post.terms("emotions"), ["calm", "quiet joy"]);
    assert_eq!(post.description.as_deref(), Some("On not taking the bus — and what a wet road says."));
    assert_eq!((post.status, post.date_only, post.newsletter), (PostStatus::Published, true, true));
    let body = body_of(&post, REFLECTION);
    assert_eq!(body.first_line, 11);
    assert!(body.text.starts_with("I walked.  \n"));
    assert_eq!(post.published.unwrap().to_string(), "2025-02-03T00:00:00+01:00[Europe/Berlin]");
}

#[test]
fn all_problems_of_all_files_come_in_one_run_with_place_and_cure() {
    let loaded = load_all(&[
        ("posts/b.md", "---\ntitle: \"open\ndate: 2025-01-01\n---\n"),
        ("posts/a.md", "---\ntitle: A\n---\nNo date.\n"),
        ("posts/c.md", "---\ntitle: C\ndate: 2025-01-01\ndraft: perhaps\n---\n"),
    ]);
    let seen: Vec<_> = loaded
        .diagnostics
        .iter()
        .map(|d| (d.code, d.severity, d.location.as_ref().map(|place| (place.path.as_str(), place.line)).unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            ("post/no-date", Severity::Error, ("posts/a.md", 1)),
            ("post/yaml", Severity::Error, ("posts/b.md", 3)),
            ("post/draft-unclear", Severity::Warning, ("posts/c.md", 4)),
        ]
    );
    assert!(loaded.diagnostics.iter().all(|d| d.help.is_some()));
    assert_eq!(loaded.posts.len(), 3, "what has an error is listed, never lost");
}

#[test]
fn broken_yaml_is_one_clear_error_and_never_a_post() {
    for block in [
        "tags: [a, b\ndraft: true",
        "title: \"a\ndraft: true",
        "a: 'b\ndraft: true\nc: d'",
        "title: x\n\tbroken\n \t- tabs",
        "just words: [",
        "title: 'a\ndraft: true\nsummary: b'",
    ] {
        let (post, diagnostics) = one("posts/2025-01-01-a.md", &format!("---\n{block}\n---\n\nbody\n"));
        let errors: Vec<_> = diagnostics.iter().filter(|d| d.is_error()).collect();
        assert_eq!((post.status, errors.len()), (PostStatus::Error, 1), "{block:?}: {diagnostics:?}");
        let place = errors[0].location.as_ref().unwrap();
        assert!(place.line > 1 && place.line <= 5, "{block:?}: {place:?}");
    }
}

#[test]
fn a_moved_post_is_recognised_by_its_words() {
    let day = |day: &str| day.parse::<jiff::civil::Date>().unwrap().to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    let hash = |body: &str| hash_of_words(body, "Title", None);
    let long = "It rained all day, and nobody minded it, for once.";
    assert_eq!(hash(long), hash("It rained  all day,\nand nobody minded\n\nit, for once.\n"));
    assert_ne!(hash(long), hash(&long.replace("day", "week")));
    assert_eq!(hash(long).unwrap().len(), 64);
    assert_eq!(hash("Too short to tell."), None);
    let short = |title: &str, on: &str| hash_of_words("Too short to tell.", title, Some(&day(on)));
    assert_eq!(short("One", "2025-01-31"), short("Another", "2025-01-31"), "a short post counts with its day");
    assert_ne!(short("One", "2025-01-31"), short("One", "2025-02-01"));
    let empty = |title: &str| hash_of_words("\n", title, Some(&day("2025-01-31")));
    assert_ne!(empty("One"), empty("Two"), "a post without words counts with its title");
}

proptest::proptest! {
    #[test]
    fn any_bytes_come_out_as_one_post(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let source = Source { path: "posts/2025-01-01-a.md".into(), bytes: bytes.clone() };
        let loaded = load(vec![source], &config(""), Timestamp::UNIX_EPOCH);
        assert_eq!(loaded.posts.len(), 1);
        let _ = body(&loaded.posts[0], &bytes);
    }

    #[test]
    fn any_front_matter_comes_out_as_one_post(block in "([a-zA-Z ]{0,8}(:|: | )[\\PC\"'\\[{|>&*#-]{0,20}\n){0,8}", body in "\\PC{0,50}") {
        let (post, diagnostics) = one("posts/2025-01-01-a.md", &format!("---\n{block}---\n{body}"));
        assert_eq!(post.status == PostStatus::Error, diagnostics.iter().any(Diagnostic::is_error));
    }
}
