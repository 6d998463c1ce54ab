use super::*;
use crate::diagnostic::Severity;
use crate::model::PostStatus;

const SITE: &str = "[site]\ntitle = 'Notes'\nurl = 'https://example.org/blog'\ntimezone = 'Europe/Berlin'\n";

/// A post in the form that the owner of this program writes.
const REFLECTION: &str = "---\nFilename: 2025-02-03-the-long-way-home.md\nLayout: post\nTitle: Rain, and the Long Way Home\n\
    Date: 2025-02-03\nTags: slow-walks, self-trust, rain\nDescription: On not taking the bus — and what a wet road says.\n\
    Emotions: [calm, \"quiet joy\"]\n---\n\nI walked.  \nIt rained.  \nNobody was “waiting.”\n\n---\n\nI was late, and I didn’t mind.\n";

pub(super) fn config(more: &str) -> Config {
    crate::config::parse("config.toml", &format!("{SITE}{more}")).unwrap()
}

fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), bytes: text.as_bytes().to_vec() }
}

fn load_all(sources: &[(&str, &str)]) -> Loaded {
    let sources = sources.iter().map(|(path, text)| source(path, text)).collect();
    load(sources, &config(""), "2025-06-01T12:00:00Z".parse().unwrap())
}

pub(super) fn one(path: &str, text: &str) -> (Post, Vec<Diagnostic>) {
    let mut loaded = load_all(&[(path, text)]);
    (loaded.posts.remove(0), loaded.diagnostics)
}

fn keys(keys: &str) -> (Post, Vec<Diagnostic>) {
    one("posts/a-walk.md", &format!("---\ntitle: A walk\ndate: 2025-01-31\n{keys}\n---\n\nIt rained.\n"))
}

fn status(text: &str) -> PostStatus {
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
    assert_eq!(post.published.unwrap().to_string(), "2025-02-03T00:00:00+01:00[Europe/Berlin]");
    assert_eq!(post.body.first_line, 11);
    assert!(post.body.text.starts_with("I walked.  \n"));
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
fn r2_a_file_that_is_not_text_is_an_error_with_its_place() {
    let source = Source { path: "posts/2025-01-01-a.md".into(), bytes: b"---\ntitle: na\xefve\n---\n".to_vec() };
    let loaded = load(vec![source], &config(""), "2025-06-01T12:00:00Z".parse().unwrap());
    let place = loaded.diagnostics[0].location.clone().unwrap();
    assert_eq!((place.line, place.column), (2, 10));
    assert_eq!((loaded.posts[0].status, loaded.posts[0].title.as_str()), (PostStatus::Error, "a"));
}

#[test]
fn r3_a_file_without_front_matter_is_a_post_only_when_its_name_has_a_date() {
    let (post, diagnostics) = one("posts/notes.md", "Some notes.\n");
    assert_eq!((post.status, diagnostics[0].code), (PostStatus::Skipped, "post/no-front-matter"));
    assert_eq!(one("posts/2025-01-01-notes.md", "# A title\n\nSome notes.\n").0.status, PostStatus::Published);
    let (post, diagnostics) = one("posts/2025-01-01-notes.md", "---\ntitle: x\ndraft: true\n\nnever closed\n");
    assert_eq!((post.status, diagnostics[0].code), (PostStatus::Skipped, "post/front-matter-open"));
    assert_eq!(one("posts/2025-01-01-notes.md", "+++\ndraft = true\n+++\n").0.status, PostStatus::Error);
}

#[test]
fn r3_front_matter_beyond_its_cap_is_an_error() {
    let text = format!("---\ntitle: {}\n---\n", "x".repeat(70_000));
    assert_eq!(one("posts/2025-01-01-a.md", &text).1[0].code, "post/front-matter-size");
}

#[test]
fn r7_the_title_comes_from_the_key_the_heading_or_the_name() {
    let title = |path, text: &str| one(path, text).0.title;
    assert_eq!(title("posts/2025-01-01-a.md", "---\ntitle: \"A &amp; *b*\"\n---\n# C\n"), "A & b");
    assert_eq!(title("posts/2025-01-01-a.md", "---\ntitle: [Error] in the rain\n---\n"), "[Error] in the rain");
    assert_eq!(title("posts/2025-01-01-a.md", "---\ntitle:\n---\ntext\n\n# A `c`\n"), "A c");
    assert_eq!(title("posts/2025-01-01-a_quiet-day.md", "---\n---\ntext\n"), "a quiet day");
    let (post, diagnostics) = one("posts/2025-01-01.md", "---\n---\nRain all day.\n");
    assert_eq!((post.title.as_str(), diagnostics[0].code), ("Rain all day.", "post/no-title"));
}

#[test]
fn r8_r10_a_key_counts_before_the_name_and_a_difference_is_named() {
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
        "visibility: members",
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
        "visibility: public",
        "expiryDate: 2035-01-01",
        "draft: true\ndraft: no",
    ] {
        assert_eq!(status(free), PostStatus::Published, "{free}");
    }
    assert_eq!(one("posts/drafts/2025-01-01-a.md", "---\ntitle: x\n---\nx\n").0.status, PostStatus::Draft);
    assert_eq!(one("posts/_drafts/a.md", "---\ntitle: x\n---\nx\n").1, [], "a draft needs no date yet");
}

#[test]
fn r12_a_flag_that_nobody_can_read_holds_a_post_back_with_a_warning() {
    for unclear in
        ["draft: maybe", "draft: '{{ x }}'", "draft: [true]", "published: soon", "visibility: '?'", "status: '{{x}}'"]
    {
        let (post, diagnostics) = keys(unclear);
        assert_eq!((post.status, post.draft_unclear), (PostStatus::Draft, true), "{unclear}");
        assert_eq!((diagnostics[0].code, diagnostics[0].location.as_ref().unwrap().line), ("post/draft-unclear", 4));
    }
    let (post, diagnostics) = keys("newsletter: perhaps");
    assert_eq!((post.newsletter, diagnostics.len()), (false, 1));
    assert!(!keys("newsletter: false").0.newsletter);
}

#[test]
fn a_post_of_tomorrow_is_scheduled_and_says_so() {
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
}

#[test]
fn r14_the_address_comes_from_the_key_the_pattern_or_the_folder() {
    let url = |path, text: &str, more| {
        let loaded = load(vec![source(path, text)], &config(more), "2025-06-01T12:00:00Z".parse().unwrap());
        loaded.posts[0].url.strip_prefix("https://example.org/blog/").unwrap().to_owned()
    };
    let dated = |keys: &str| format!("---\ndate: 2025-01-31\n{keys}\n---\nx\n");
    assert_eq!(url("posts/a.md", &dated("permalink: /über uns/?p=1"), ""), "%C3%BCber%20uns/?p=1");
    assert_eq!(url("posts/a.md", &dated("permalink: /:year/:title/"), ""), "2025/01/31/a/", "a template is no address");
    assert_eq!(url("posts/a.md", &dated("url: https://elsewhere.example/x"), ""), "2025/01/31/a/", "a link post");
    assert_eq!(url("posts/a.md", &dated("permalink: ../../etc/"), ""), "etc/");
    assert_eq!(
        url("posts/x/2025-01-31-50% #1?.md", &dated(""), "[posts]\npermalink = '/:dir/:slug.html'\n"),
        "x/50%25%20%231%3F.html"
    );
    assert_eq!(url("posts/x/about.md", "---\nlayout: page\n---\n", ""), "x/about/");
    assert_eq!(url("posts/2025-01-31-7.6.3.aspx.md", &dated(""), ""), "2025/01/31/7.6.3.aspx/");
    assert_eq!(url("posts/2025-01-31.md", &dated(""), ""), "2025/01/31/2025-01-31/");
}

#[test]
fn r14_two_posts_with_one_address_are_errors_that_name_each_other() {
    let text = "---\ndate: 2025-01-31\nslug: same\n---\nx\n";
    let loaded =
        load_all(&[("posts/a.md", text), ("posts/b.md", text), ("posts/c.md", "---\ndate: 2025-01-31\n---\nx\n")]);
    let errors: Vec<_> = loaded.diagnostics.iter().map(|d| (d.code, d.path().unwrap(), &*d.message)).collect();
    assert_eq!(
        errors,
        [
            (
                "post/same-url",
                "posts/a.md",
                "this post has the same address as posts/b.md: `https://example.org/blog/2025/01/31/same/`"
            ),
            (
                "post/same-url",
                "posts/b.md",
                "this post has the same address as posts/a.md: `https://example.org/blog/2025/01/31/same/`"
            ),
        ]
    );
    let draft = format!("---\ndraft: true\n{}", &text[4..]);
    assert_eq!(load_all(&[("posts/a.md", text), ("posts/b.md", &draft)]).diagnostics, [], "a draft takes no address");
}

#[test]
fn r15_an_id_of_the_author_s_is_kept_and_is_nobody_else_s() {
    assert_eq!(keys("guid: https://old.example/?p=12").0.id, "https://old.example/?p=12");
    let text = |slug: &str| format!("---\ndate: 2025-01-31\nslug: {slug}\nid: 7\n---\nx\n");
    let loaded = load_all(&[("posts/a.md", &text("a")), ("posts/b.md", &text("b"))]);
    assert!(loaded.diagnostics.iter().all(|d| d.code == "post/same-id") && loaded.diagnostics.len() == 2);
    let text = "---\ndate: 2025-01-31\n---\nx\n";
    let loaded = load_all(&[("posts/a.md", text), ("posts/a.fr.md", text)]);
    assert_eq!(loaded.diagnostics, [], "a translation may share the address");
    assert_ne!(loaded.posts[0].id, loaded.posts[1].id);
}

#[test]
fn r16_to_r20_descriptions_authors_pictures_and_languages_are_read() {
    let (post, _) = keys(
        "spoiler: true\nexcerpt: \"A <b>wet</b> &amp; long\\n day\"\nauthors: [Ada, {name: Grace, url: /grace/}]\ncover: {src: rain.jpg}\nlang: pt_BR",
    );
    assert_eq!(post.description.as_deref(), Some("A wet & long day"));
    let names: Vec<_> = post.authors.iter().map(|person| (person.name.as_str(), person.url.as_deref())).collect();
    assert_eq!(names, [("Ada", None), ("Grace", Some("https://example.org/grace/"))]);
    assert_eq!(post.image.as_deref(), Some("https://example.org/blog/2025/01/31/a-walk/rain.jpg"));
    assert_eq!(post.language, "pt-BR");
    assert_eq!(keys("hero: true").0.image, None);
}

#[test]
fn r17_unknown_keys_are_never_warned_about() {
    let (post, diagnostics) = keys("mood: fine\nweather: [wet]\nTag: one\nTags: [Two, two]\ncategory: a walk");
    assert_eq!(diagnostics, []);
    assert_eq!(post.terms("tags"), ["Two", "one"]);
    assert_eq!(post.terms("categories"), ["a walk"]);
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
fn a_moved_post_is_recognised_by_its_words() {
    let hash = |body: &str| content_hash(body);
    let long = "It rained all day, and nobody minded it, for once.";
    assert_eq!(hash(long), hash("It rained  all day,\nand nobody minded\n\nit, for once.\n"));
    assert_ne!(hash(long), hash(&long.replace("day", "week")));
    assert_eq!(hash(long).unwrap().len(), 64);
    assert_eq!(hash("Too short to tell."), None);
}

#[test]
fn cutting_a_draft_at_any_byte_never_publishes_it() {
    let drafts = [
        REFLECTION.replace("Layout: post", "Draft: true"),
        REFLECTION.replace("Layout: post", "Published: no").replace('\n', "\r\n"),
        format!("\u{feff}<!-- a note -->\n\n{}", REFLECTION.replace("Layout: post", "status: draft")),
        "---yaml\ndate: 2025-01-01\ntitle: \"a: b\"\ntags:\n  - a\ndraft: maybe\n...\nbody\n".to_owned(),
        REFLECTION.replace("Date: 2025-02-03", "Date: 2035-02-03"),
    ];
    let config = config("");
    let now = "2025-06-01T12:00:00Z".parse().unwrap();
    for (n, draft) in drafts.iter().enumerate() {
        let utf16: Vec<u8> = format!("\u{feff}{draft}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [draft.as_bytes(), &utf16] {
            for cut in 0..=bytes.len() {
                let source = Source { path: "posts/2025-01-01-a.md".into(), bytes: bytes[..cut].to_vec() };
                let loaded = load(vec![source], &config, now);
                let post = &loaded.posts[0];
                assert_ne!(
                    post.status,
                    PostStatus::Published,
                    "draft {n} cut at {cut}: {:?}",
                    String::from_utf8_lossy(&bytes[..cut])
                );
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_come_out_as_one_post(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let loaded = load(vec![Source { path: "posts/2025-01-01-a.md".into(), bytes }], &config(""), Timestamp::UNIX_EPOCH);
        assert_eq!(loaded.posts.len(), 1);
        let _ = render(&loaded.posts[0], &loaded.posts, &config(""));
    }

    #[test]
    fn any_front_matter_comes_out_as_one_post(block in "([a-zA-Z ]{0,8}(:|: | )[\\PC\"'\\[{|>&*#-]{0,20}\n){0,8}", body in "\\PC{0,50}") {
        let (post, diagnostics) = one("posts/2025-01-01-a.md", &format!("---\n{block}---\n{body}"));
        assert_eq!(post.status == PostStatus::Error, diagnostics.iter().any(Diagnostic::is_error));
    }
}
