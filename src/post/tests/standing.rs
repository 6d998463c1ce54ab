use super::*;

#[test]
fn r12_whatever_says_draft_holds_a_post_back() {
    for held in [
        "draft: true",
        "Draft: yes",
        "isDraft: on",
        "draft: 1",
        "draft: 'Y'",
        "published: false",
        "publish: no",
        "private: true",
        "unlisted: y",
        "status: Draft",
        "status: hidden",
        "status: private",
        "status: pending",
        "status: future",
        "status: trash",
        "status: scheduled",
        "status: skip",
        "status: auto-draft",
        "status: In progress",
        "status: 草稿",
        "post_status: draft",
        "password: hunter2",
        "post_password: 'x'",
        "encrypted: true",
        "hide: true",
        "no_publish: yes",
        "state: draft",
        "status: { state: draft }",
        "status: { swift: draft }",
        "status: { value: not published }",
        "status: { wip: 0.5 }",
        "status: { pending: review by Ann }",
        "status: { embargo: 2030-01-01 }",
        "headless: true",
        "build:\n  render: never\n  list: never",
        "_build: { render: false, list: false }",
        "eleventyExcludeFromCollections: true",
        "\u{200b}draft: true",
        "hidden: true",
        "visibility: members",
        "visibility: private",
        "visibility: paid",
        "expiryDate: 2025-02-01",
        "draft: false\nDraft: true",
        "extra:\n  draft: true",
    ] {
        assert_eq!(status(held), PostStatus::Draft, "{held}");
    }
    for free in [
        "draft: false",
        "draft:",
        "published: true",
        "published: 2025-01-31",
        "published: 1851",
        "status: publish",
        "status: 🌱",
        "status: Evergreen",
        "status:\n  swift: 5.2",
        "status: { swift: 6.0, Xcode: 16.2 }",
        "state: Texas",
        "post_status: publish",
        "password: ''",
        "encrypted: false",
        "build:\n  render: never",
        "visibility: public",
        "expiryDate: 2035-01-01",
        "draft: true\ndraft: no",
    ] {
        assert_eq!(status(free), PostStatus::Published, "{free}");
    }
    assert_eq!(one("posts/drafts/2025-01-01-a.md", "---\ntitle: x\n---\nx\n").0.status, PostStatus::Draft);
    assert_eq!(one("posts/2025/_wip/2025-01-01-a.md", "---\ntitle: x\n---\nx\n").0.status, PostStatus::Draft);
    assert_eq!(one("posts/_drafts/a.md", "---\ntitle: x\n---\nx\n").1, [], "a draft needs no date yet");
}

#[test]
fn r12_a_flag_that_cannot_be_read_holds_a_post_back_with_a_warning() {
    for unclear in [
        "draft: maybe",
        "draft: '{{ x }}'",
        "draft: [true]",
        "published: soon",
        "visibility: '?'",
        "status: '{{x}}'",
        "status: some day",
    ] {
        let (post, diagnostics) = keys(unclear);
        assert_eq!((post.status, post.draft_unclear), (PostStatus::Draft, true), "{unclear}");
        assert_eq!((diagnostics[0].code, diagnostics[0].location.as_ref().unwrap().line), ("post/draft-unclear", 4));
    }
    let (post, diagnostics) = keys("newsletter: perhaps");
    assert_eq!((post.newsletter, diagnostics.len()), (false, 1));
    assert!(!keys("newsletter: false").0.newsletter);
}

#[test]
fn a_post_may_be_kept_out_of_feeds() {
    for (line, is_shown) in [
        ("feed: false", false),
        ("rss: no", false),
        ("exclude_from_feed: true", false),
        ("hideFromRss: true", false),
        ("feed: true", true),
        ("rss: https://example.org/feed.xml", true),
        ("exclude_from_feed: false", true),
    ] {
        let post = keys(line).0;
        assert_eq!((post.is_for_feeds(), post.newsletter), (is_shown, true), "{line}");
    }
}

#[test]
fn r12_a_post_of_tomorrow_is_scheduled_and_says_so() {
    let (post, _) = one("posts/a.md", "---\ndate: 2025-12-24\n---\nx\n");
    assert_eq!((post.status, post.reason.as_str()), (PostStatus::Scheduled, "dated 2025-12-24, in the future"));
    assert_eq!(status("publishDate: 2025-12-24"), PostStatus::Scheduled);
}

#[test]
fn r13_a_page_is_not_a_post_unless_it_has_a_date() {
    let (post, diagnostics) = one("posts/about.md", "---\nlayout: page\n---\nx\n");
    assert_eq!((post.status, post.reason.as_str(), diagnostics.len()), (PostStatus::Page, "layout is page", 0));
    assert_eq!(status("layout: page"), PostStatus::Published);
    assert_eq!(status("type: attachment"), PostStatus::Page);
    for line in ["layout: tags", "layout: About", "type: categories", "type: friends"] {
        let (post, diagnostics) = one("posts/x.md", &format!("---\ntitle: X\n{line}\n---\nx\n"));
        assert_eq!((post.status, diagnostics.len()), (PostStatus::Page, 0), "{line}");
        assert_eq!(status(line), PostStatus::Published, "{line}");
    }
    // A name alone is no reason: an author may have forgotten the date.
    let (post, diagnostics) = one("posts/about.md", "---\ntitle: About\n---\nx\n");
    assert_eq!(post.status, PostStatus::Error);
    assert!(diagnostics[0].help.as_ref().unwrap().contains("layout: page"), "{diagnostics:?}");
}

#[test]
fn r13_what_lies_among_pages_and_says_no_day_is_a_page() {
    let (post, diagnostics) = one("posts/pages/about.md", "Title: About\nSlug: about\n\nx\n");
    let why = "in a folder of pages, without a date";
    assert_eq!((post.status, post.reason.as_str(), diagnostics), (PostStatus::Page, why, vec![]));
    assert_eq!(one("posts/pages/a.md", "Title: A\nDate: 2025-01-31\n\nx\n").0.status, PostStatus::Published);
    let (post, diagnostics) = one("posts/pages/a.md", "---\ntitle: A\ndate: 2025-13-45\n---\nx\n");
    assert_eq!((post.status, diagnostics[0].code), (PostStatus::Error, "post/date"), "it was meant to have a day");
    assert_eq!(
        one("posts/pages/index.md", "---\ntitle: A\n---\nx\n").0.status,
        PostStatus::Error,
        "a post called pages"
    );
}

#[test]
fn r21_newest_first_then_by_path_descending_and_undated_last() {
    let dated = |day: &str| format!("---\ndate: {day}\n---\nx\n");
    let (old, new) = (dated("2025-01-01"), dated("2025-02-01"));
    let loaded = load_all(&[
        ("posts/z.md", "no date"),
        ("posts/a.md", &old),
        ("posts/b.md", &old),
        ("posts/c.md", &new),
        ("posts/y.md", "no date"),
    ]);
    let order: Vec<_> = loaded.posts.iter().map(|post| &post.path[6..7]).collect();
    assert_eq!(order, ["c", "b", "a", "y", "z"]);
}

#[test]
fn r12_a_day_that_decides_and_cannot_be_read_holds_a_post_back() {
    for line in ["publishDate: soon", "expiryDate: 2025-02-30", "expires: never", "unpublish_date: [x]"] {
        let (post, found) = keys(line);
        assert_eq!(
            (post.status, post.draft_unclear, found[0].code),
            (PostStatus::Draft, true, "post/day-unclear"),
            "{line}"
        );
    }
}

#[test]
fn r22_an_error_marks_its_post_and_a_warning_never_does() {
    for (lines, is_error) in
        [("draft: maybe", false), ("lang: 🇬🇧", false), ("updated: 2020-01-01", false), ("tags: [a", true)]
    {
        let (post, found) = keys(lines);
        assert_eq!(
            (found.iter().any(Diagnostic::is_error), post.status == PostStatus::Error),
            (is_error, is_error),
            "{lines}"
        );
        assert!(!found.is_empty() && found.iter().all(|found| found.help.is_some() && found.location.is_some()));
    }
}

#[test]
fn front_matter_that_was_meant_and_is_none_never_goes_out() {
    for text in [
        "---\ntitle:My secret\ndraft:true\n---\n\nText\n",
        "title：秘密\ndraft：true\n\n本文\n",
        "———\ntitle: x\ndraft: true\n———\n\nText\n",
        "---\ntitle = \"x\"\ndraft = true\n---\n\nText\n",
        "---\ntitle: x\n---\ndraft: true\n---\n\nText\n",
    ] {
        let (post, diagnostics) = one("posts/2025-01-01-a.md", text);
        assert_eq!((post.status, diagnostics[0].code), (PostStatus::Skipped, "post/front-matter-lost"), "{text}");
    }
    for text in
        ["---\n{\"title\": \"S\", \"draft\": true}\n---\n\nText\n", "\u{200b}---\ntitle: S\ndraft: true\n---\n\nText\n"]
    {
        let (post, _) = one("posts/2025-01-01-a.md", text);
        assert_eq!((post.title.as_str(), post.status), ("S", PostStatus::Draft), "{text}");
    }
    // Cut off after the blanks of a line that went on.
    let cut = "date: 2020-01-01\ntitle: H\nsummary: multi\n   ";
    assert_eq!(one("posts/a.md", cut).0.status, PostStatus::Skipped);
}

#[test]
fn a_file_without_a_date_is_a_page_for_zola() {
    let of = |how: &str, keys: &str| {
        let text = format!("+++\ntitle = 'Boats'\n{keys}\n+++\nx\n");
        let config = config(&format!("[posts]\nslugify = '{how}'\n"));
        let loaded = load(vec![source("posts/boats.md", &text)], &config, "2025-06-01T12:00:00Z".parse().unwrap());
        let found: Vec<_> = loaded.diagnostics.iter().map(|found| (found.code, found.is_error())).collect();
        (loaded.posts[0].status, found)
    };
    assert_eq!(of("zola", ""), (PostStatus::Page, vec![("post/no-date", false)]));
    assert_eq!(of("zola-safe", "draft = true"), (PostStatus::Draft, vec![]));
    assert_eq!(of("zola", "date = 'soon'"), (PostStatus::Error, vec![("post/date", true)]));
    assert_eq!(of("hugo", ""), (PostStatus::Error, vec![("post/no-date", true)]));
}
