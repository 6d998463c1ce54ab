use super::*;

#[test]
fn r08_r10_a_key_counts_before_the_name_and_a_difference_is_named() {
    let (post, diagnostics) = one("posts/2025-01-01-a.md", "---\ndate: 2025-03-01 08:00\n---\nx\n");
    assert_eq!(post.published.unwrap().to_string(), "2025-03-01T08:00:00+01:00[Europe/Berlin]");
    assert_eq!(diagnostics[0].code, "post/date-differs");
    let (post, diagnostics) = one("posts/2025-01-01-a.md", "---\ndate: 2025-02-30\n---\nx\n");
    assert_eq!(post.published.unwrap().date().to_string(), "2025-01-01", "falls through to the name");
    assert_eq!(diagnostics[0].code, "post/date");
    let (post, diagnostics) = one("posts/a.md", "---\ndate: 03/04/2025\n---\nx\n");
    assert_eq!((post.status, diagnostics.len()), (PostStatus::Error, 2), "{diagnostics:?}");
    assert_eq!(
        one("posts/a.md", "---\ndate: 2025-01-01T23:30:00-05:00\n---\nx\n").0.url,
        "https://example.org/blog/2025/01/01/a/"
    );
}

#[test]
fn r11_a_change_before_the_post_does_not_count() {
    assert_eq!(keys("lastmod: 2025-02-10").0.updated.unwrap().date().to_string(), "2025-02-10");
    let (post, diagnostics) = keys("updated: 2024-12-31");
    assert_eq!((post.updated, diagnostics[0].code), (post.published, "post/updated"));
}
