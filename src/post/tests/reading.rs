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
    assert!(diagnostics[0].message.contains("has no end, a line `---`"), "{diagnostics:?}");
    assert_eq!(post.reason, "its front matter has no end");
    let (post, diagnostics) = one("posts/2025-01-01-notes.md", "---\ndraft true\n---\n\ntext\n");
    assert!(
        post.reason == "its front matter has no keys" || diagnostics[0].code != "post/front-matter-open",
        "{post:?}"
    );
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

#[test]
fn r07_a_title_that_was_not_written_is_told_where_readers_see_it() {
    let look = |path, text: &str| {
        let (post, found) = one(path, text);
        let place = found.first().and_then(|found| found.location.clone()).map(|place| (place.path, place.line));
        (post.untitled, found.iter().map(|found| found.code).collect::<Vec<_>>(), place)
    };
    for text in ["---\n---\ntext\n", "---\ntitle:\n---\ntext\n", "---\ntitle: \"\"\n---\n## A part\n"] {
        let told = (true, vec!["post/no-title"], Some(("posts/2025-01-01-a_quiet-day.md".to_owned(), 1)));
        assert_eq!(look("posts/2025-01-01-a_quiet-day.md", text), told, "{text}");
    }
    for text in ["---\nname: A\n---\n", "---\n---\n# A\n", "---\n---\nA\n=\n"] {
        assert_eq!(look("posts/2025-01-01-b.md", text), (false, vec![], None), "{text}");
    }
    for text in ["---\ndraft: true\n---\nx\n", "---\nlayout: page\n---\nx\n"] {
        assert_eq!(look("posts/about.md", text), (true, vec![], None), "{text}");
    }
}

#[test]
fn r01_what_is_read_and_what_is_a_draft_or_no_post() {
    let files = [
        "a.md",
        "a.yml",
        "b.yml",
        "x/content.md",
        "x/index.json",
        "x/data.json",
        "index.md",
        "README.md",
        "_c.md",
        "d.fr.md",
        "d.yaml",
    ];
    let files = files.map(str::to_owned);
    assert_eq!(files_to_read(&files, false), ["a.md", "a.yml", "x/content.md", "x/index.json", "d.fr.md", "d.yaml"]);
    let text = "---\ntitle: x\n---\nx\n";
    assert_eq!(one("posts/2025-01-31-walk/content.md", text).0.slug, "walk");
    for folder in ["drafts", "_drafts", "old-drafts", "x/Drafts/y"] {
        assert_eq!(one(&format!("posts/{folder}/2025-01-01-a.md"), text).0.status, PostStatus::Draft, "{folder}");
    }
    let (post, _) = one("posts/2025-01-01-a.md", "---\nredirect: /b/\n---\n");
    assert_eq!((post.status, post.reason.as_str()), (PostStatus::Skipped, "it redirects to another page"));
}

#[test]
fn r02_bytes_of_every_system_are_the_same_text() {
    let text = "---\ntitle: Café\ndate: 2025-01-31\n---\nIt rained.\n";
    let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (bytes, codes) in [
        (format!("\u{feff}{}", text.replace('\n', "\r\n")).into_bytes(), vec![]),
        (text.replace('\n', "\r").into_bytes(), vec![]),
        (utf16, vec!["post/encoding"]),
        (text.replace("It", "\u{1}It").into_bytes(), vec!["post/control-character"]),
    ] {
        let source = Source { path: "posts/a.md".into(), bytes: bytes.clone() };
        let loaded = load(vec![source], &config(""), "2025-06-01T12:00:00Z".parse().unwrap());
        let (body, _) = body(&loaded.posts[0], &bytes).unwrap();
        assert_eq!((loaded.posts[0].title.as_str(), body.text.as_str()), ("Café", "It rained.\n"));
        assert_eq!(loaded.diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(), codes);
    }
}

#[test]
fn r03_a_program_or_template_where_it_matters_is_never_a_post() {
    let named = |text: &str| one("posts/2025-01-01-a.md", text).0.status;
    assert_eq!(named("---js\n({ draft: true })\n---\nx\n"), PostStatus::Error);
    for line in [
        "date: {{ date }}",
        "draft: {{draft}}",
        "date: '{{date}}'",
        "date: <% tp.date.now() %>",
        "draft: <% x %>",
        "publishDate: \"{% now %}\"",
    ] {
        let (post, found) = one("posts/2025-01-01-a.md", &format!("---\n{line}\n---\nx\n"));
        assert_eq!((post.status, post.draft_unclear), (PostStatus::Draft, true), "{line}");
        assert!(found.iter().any(|found| found.help.is_some()) && !found.iter().any(Diagnostic::is_error), "{line}");
    }
    assert_eq!(named("+++\ndate = now()\n+++\nx\n"), PostStatus::Published, "junk in a date falls through to the name");
}

#[test]
fn r04_what_is_not_yaml_is_read_with_a_cure_or_is_an_error() {
    let (post, found) = keys("subtitle: Go: far\nby: @ada\ntags: #a #b");
    assert_eq!(post.description.as_deref(), Some("Go: far"));
    assert_eq!((post.authors[0].name.as_str(), post.terms("tags").join("|")), ("@ada", "a|b".to_owned()));
    let lines: Vec<_> = found.iter().map(|found| (found.code, found.location.as_ref().unwrap().line)).collect();
    assert_eq!(lines, [("post/yaml", 4), ("post/yaml", 5), ("post/comment", 6)]);
    assert_eq!(found[0].help.as_deref(), Some("put it in quotes: `'Go: far'`"));
}

#[test]
fn r05_keys_are_found_in_every_spelling_and_in_two_tables() {
    for text in [
        "---\nTITLE: A walk\nPub_Date: 2025-01-31\nextra: {Description: wet}\n---\nx\n",
        "+++\ntitle = 'A walk'\npub-date = 2025-01-31\n[extra]\ndescription = 'wet'\n+++\nx\n",
        "{\"Title\": \"A walk\", \"pubDate\": \"2025-01-31\", \"extra\": {\"description\": \"wet\"}}\nx\n",
    ] {
        let (post, found) = one("posts/a.md", text);
        assert_eq!(
            (post.title.as_str(), post.published.is_some(), post.description.as_deref()),
            ("A walk", true, Some("wet"))
        );
        assert_eq!(found, [], "{text}");
    }
}

#[test]
fn r06_a_sidecar_fills_in_absent_keys_and_no_others() {
    let load = |path: &str, text: &str, beside: &str, keys: &str| {
        let loaded = load_all(&[(path, text), (beside, keys)]);
        assert_eq!(loaded.posts.len(), 1);
        (loaded.posts.into_iter().next().unwrap(), loaded.diagnostics)
    };
    let yaml = "{\"title\": \"Beside\", \"date\": \"2025-01-31\", \"tags\": [\"a\"]}\n";
    for (path, beside) in [
        ("posts/walk.md", "posts/walk.yml"),
        ("posts/walk.fr.md", "posts/walk.yaml"),
        ("posts/walk/index.md", "posts/walk/index.yml"),
        ("posts/walk/content.md", "posts/walk/index.yaml"),
        ("posts/walk/content.md", "posts/walk/hawk-post.json"),
        ("posts/walk/index.md", "posts/walk/metadata.yml"),
    ] {
        let (post, found) = load(path, "Only text.\n", beside, yaml);
        assert_eq!(
            (post.status, post.title.as_str(), post.slug.as_str(), found.len()),
            (PostStatus::Published, "Beside", "walk", 0),
            "{path}"
        );
    }
    let (post, _) = load(
        "posts/walk.md",
        "---\ntitle: Own\n---\nx\n",
        "posts/walk.json",
        "{\"title\": \"Beside\", \"date\": \"2025-01-31\"}",
    );
    assert_eq!((post.title.as_str(), post.status), ("Own", PostStatus::Published));
    assert_eq!(
        load("posts/walk.md", "x\n", "posts/walk.yml", "date: 2025-01-31\ndraft: true\n").0.status,
        PostStatus::Draft
    );
    let (post, _) = load("posts/walk.md", "x\n", "posts/other.yml", yaml);
    assert_eq!(post.status, PostStatus::Skipped, "that file speaks for another post");
}

#[test]
fn r06_a_broken_sidecar_is_an_error_in_its_own_file() {
    for (beside, text) in [
        ("posts/2025-01-31-a.yml", "title: [x\n"),
        ("posts/2025-01-31-a.json", "{\"title\": }"),
        ("posts/2025-01-31-a.json", "{"),
    ] {
        let loaded = load_all(&[("posts/2025-01-31-a.md", "x\n"), (beside, text)]);
        assert_eq!(loaded.posts[0].status, PostStatus::Error, "{text}");
        assert_eq!((loaded.diagnostics[0].path(), loaded.diagnostics[0].is_error()), (Some(beside), true));
    }
}

#[test]
fn r03_forms_as_they_occur_are_read_whole() {
    for (path, text) in [
        // A blank line before TOML, and plus signs with blanks behind them.
        (
            "posts/walk/index.md",
            "\n+++\ntitle = \"A walk\"\ndate = 2025-01-31T10:00:00+01:00\n+++        \n\nIt rained.\n",
        ),
        // Keys in capitals and a name with `#`.
        ("posts/walk#2.md", "Title: A walk\nDate: 2025-01-31 10:00\nCategory: far\nStatus: published\n\nIt rained.\n"),
        // Empty keys and a zone in words.
        (
            "posts/walk.md",
            "<!--\n.. title: A walk\n.. slug: walk\n.. date: 2025-01-31 10:00:00 UTC+01:00\n.. tags:\n.. type: text\n-->\n\nIt rained.\n",
        ),
        // Settings beside what a post needs.
        (
            "posts/walk.md",
            "@def title = \"A walk\"\n@def hascode = true\n@def published = \"31 January 2025\"\n@def rss = \"\"\"wet\n  and long\"\"\"\n\nIt rained.\n",
        ),
        // Dates in zones far from the site's.
        (
            "posts/_posts/2025-01-31-walk.markdown",
            "---\nlayout: news_item\ntitle: \"A walk\"\ndate: \"2025-01-31 18:15:32 +0530\"\ncategories: [far]\n---\n\nIt rained.\n",
        ),
        ("posts/walk/index.md", "---\ntitle: A walk\ndate: \"2025-01-31T22:12:03.284Z\"\n---\n\nIt rained.\n"),
    ] {
        let (post, found) = one(path, text);
        assert_eq!((post.status, post.title.as_str()), (PostStatus::Published, "A walk"), "{text}: {found:?}");
        assert_eq!(body_of(&post, text).text, "It rained.\n", "{text}");
        assert_eq!(post.published.unwrap().date().to_string(), "2025-01-31", "{text}");
        assert!(found.iter().all(|found| found.code == "post/fence"), "{text}: {found:?}");
    }
}
