use super::*;

#[test]
fn r08_r10_a_key_counts_before_the_name_and_a_difference_is_named() {
    let (post, diagnostics) = one("posts/2025-01-01-a.md", "---\ntitle: A\ndate: 2025-03-01 08:00\n---\nx\n");
    assert_eq!(post.published.unwrap().to_string(), "2025-03-01T08:00:00+01:00[Europe/Berlin]");
    assert_eq!(diagnostics[0].code, "post/date-differs");
    let (post, diagnostics) = one("posts/2025-01-01-a.md", "---\ntitle: A\ndate: 2025-02-30\n---\nx\n");
    assert_eq!(post.published.unwrap().date().to_string(), "2025-01-01", "falls through to the name");
    assert_eq!(diagnostics[0].code, "post/date");
    assert!(diagnostics[1].message.contains("counts, 2025-01-01"), "{diagnostics:?}");
    let (post, diagnostics) = one("posts/a.md", "---\ntitle: A\ndate: 03/04/2025\n---\nx\n");
    assert_eq!((post.status, diagnostics.len()), (PostStatus::Error, 1), "{diagnostics:?}");
    assert_eq!(
        one("posts/a.md", "---\ntitle: A\ndate: 2025-01-01T23:30:00-05:00\n---\nx\n").0.url,
        "https://example.org/blog/2025/01/01/a/"
    );
}

#[test]
fn r11_a_change_before_the_post_does_not_count() {
    assert_eq!(keys("lastmod: 2025-02-10").0.updated.unwrap().date().to_string(), "2025-02-10");
    let (post, diagnostics) = keys("updated: 2024-12-31");
    assert_eq!((post.updated, diagnostics[0].code), (post.published, "post/updated"));
}

#[test]
fn r08_every_source_of_a_date_has_its_place() {
    let day = |path: &str, lines: &str| {
        one(path, &format!("---\ntitle: x\n{lines}\n---\nx\n"))
            .0
            .published
            .map(|at| at.date().to_string())
            .unwrap_or_default()
    };
    for key in [
        "date",
        "pubDate",
        "pubDatetime",
        "publishDate",
        "datePublished",
        "published_at",
        "published",
        "posted",
        "post_date",
        "created",
        "created-at",
    ] {
        assert_eq!(day("posts/a.md", &format!("{key}: 2025-01-31")), "2025-01-31", "{key}");
    }
    assert_eq!(day("posts/a.md", "created: 2025-01-01\ndate: 2025-01-31"), "2025-01-31", "the first key counts");
    assert_eq!(day("posts/a.md", "published: 1851\nposted: 2025-01-31"), "2025-01-31", "the year of a book");
    assert_eq!(day("posts/2025/01/31/a.md", ""), "2025-01-31");
    assert_eq!(day("posts/x.md", "Filename: 2025-01-31-a.md"), "2025-01-31");
    for key in ["path", "permalink", "url", "slug"] {
        assert_eq!(day("posts/a.md", &format!("{key}: /2025/01/31/a/")), "2025-01-31", "{key}");
    }
    assert_eq!(day("posts/a.md", "modified: 2025-01-31"), "", "a change is no beginning");
}

#[test]
fn r09_a_day_that_may_be_a_month_is_read_as_the_site_says() {
    let day = |order: &str| {
        let text = "---\ndate: 03/04/2025\n---\nx\n";
        let loaded = load(vec![source("posts/a.md", text)], &config(order), "2025-06-01T12:00:00Z".parse().unwrap());
        let says = |found: &Diagnostic| found.help.as_ref().is_some_and(|help| help.contains("date_order"));
        let day = loaded.posts[0].published.as_ref().map(|at| at.date().to_string());
        (day.unwrap_or_default(), loaded.diagnostics.iter().any(says))
    };
    assert_eq!(day("[posts]\ndate_order = 'dmy'\n"), ("2025-04-03".into(), false));
    assert_eq!(day("[posts]\ndate_order = 'mdy'\n"), ("2025-03-04".into(), false));
    assert_eq!(day(""), (String::new(), true));
}

#[test]
fn r09_a_date_in_curly_quotes_is_read_with_a_warning() {
    let (post, diagnostics) = one("posts/a.md", "---\ntitle: A\ndate: “2025-01-31”\n---\nx\n");
    assert_eq!((post.status, diagnostics.len()), (PostStatus::Published, 1), "{diagnostics:?}");
    assert!(diagnostics[0].message.contains("curly quotes"), "{diagnostics:?}");
}

#[test]
fn r10_the_instant_is_the_author_s_and_the_zone_the_site_s_where_none_is_written() {
    let at = |date: &str| {
        one("posts/a.md", &format!("---\ndate: {date}\n---\nx\n")).0.published.unwrap().timestamp().to_string()
    };
    assert_eq!(at("2025-01-31"), "2025-01-30T23:00:00Z");
    assert_eq!(at("2025-01-31 10:00"), "2025-01-31T09:00:00Z");
    assert_eq!(at("2025-01-31 10:00 -0300"), "2025-01-31T13:00:00Z");
    assert_eq!(at("2025-01-31T10:00:00Z"), "2025-01-31T10:00:00Z");
}

#[test]
fn r08_a_file_dates_its_post_only_when_the_owner_says_so_and_nothing_else_does() {
    let sources = [
        source("posts/a.md", "It rained all day.\n"),
        source("posts/2025-01-31-b.md", "It rained.\n"),
        source("posts/c.md", "---\ntitle: C\n---\nIt rained.\n"),
    ];
    let config = config("");
    let at: Timestamp = "2024-05-01T22:30:00Z".parse().unwrap();
    let statuses = |dates: BTreeMap<String, Timestamp>| {
        let paths = sources.iter().map(|source| &*source.path);
        let reader = Loader::new(Vec::new(), paths, &config, "2025-06-01T12:00:00Z".parse().unwrap()).dated(dates);
        sources.each_ref().map(|source| {
            let post = reader.read(source).0;
            let day = post.published.map(|at| at.strftime("%Y-%m-%dT%H:%M%:z").to_string()).unwrap_or_default();
            (post.status.as_str(), day)
        })
    };
    let (named, dated) = ("2025-01-31T00:00+01:00", "2024-05-02T00:30+02:00");
    let none = String::new;
    assert_eq!(statuses([].into()), [("skipped", none()), ("published", named.into()), ("error", none())]);
    let of_files = sources.iter().map(|source| (source.path.clone(), at)).collect();
    let expected = [("published", dated.into()), ("published", named.into()), ("published", dated.into())];
    assert_eq!(statuses(of_files), expected);
}
