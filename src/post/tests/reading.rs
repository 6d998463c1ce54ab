use super::*;

#[test]
fn r02_a_file_that_is_not_text_is_an_error_with_its_place() {
    let source = Source { path: "posts/2025-01-01-a.md".into(), bytes: b"---\ntitle: na\xefve\n---\n".to_vec() };
    let loaded = load(vec![source], &config(""), "2025-06-01T12:00:00Z".parse().unwrap());
    let place = loaded.diagnostics[0].location.clone().unwrap();
    assert_eq!((place.line, place.column), (2, 10));
    assert_eq!((loaded.posts[0].status, loaded.posts[0].title.as_str()), (PostStatus::Error, "a"));
}

#[test]
fn r03_a_file_without_front_matter_is_a_post_only_when_its_name_has_a_date() {
    let (post, diagnostics) = one("posts/notes.md", "Some notes.\n");
    assert_eq!((post.status, diagnostics[0].code), (PostStatus::Skipped, "post/no-front-matter"));
    assert_eq!(one("posts/2025-01-01-notes.md", "# A title\n\nSome notes.\n").0.status, PostStatus::Published);
    let (post, diagnostics) = one("posts/2025-01-01-notes.md", "---\ntitle: x\ndraft: true\n\nnever closed\n");
    assert_eq!((post.status, diagnostics[0].code), (PostStatus::Skipped, "post/front-matter-open"));
    assert_eq!(one("posts/2025-01-01-notes.md", "---js\ndraft\n---\n").0.status, PostStatus::Error);
}

#[test]
fn r03_front_matter_beyond_its_cap_is_an_error() {
    let text = format!("---\ntitle: {}\n---\n", "x".repeat(70_000));
    assert_eq!(one("posts/2025-01-01-a.md", &text).1[0].code, "post/front-matter-size");
}

#[test]
fn r07_the_title_comes_from_the_key_the_heading_or_the_name() {
    let title = |path, text: &str| one(path, text).0.title;
    assert_eq!(title("posts/2025-01-01-a.md", "---\ntitle: \"A &amp; *b*\"\n---\n# C\n"), "A & b");
    assert_eq!(title("posts/2025-01-01-a.md", "---\ntitle: [Error] in the rain\n---\n"), "[Error] in the rain");
    assert_eq!(title("posts/2025-01-01-a.md", "---\ntitle:\n---\ntext\n\n# A `c`\n"), "A c");
    assert_eq!(title("posts/2025-01-01-a_quiet-day.md", "---\n---\ntext\n"), "a quiet day");
    let (post, diagnostics) = one("posts/2025-01-01.md", "---\n---\nRain all day.\n");
    assert_eq!((post.title.as_str(), diagnostics[0].code), ("Rain all day.", "post/no-title"));
}
