use super::*;

/// The block that is found, the body, and how many warnings there are.
fn block(text: &str) -> Option<(&str, &str, usize)> {
    let mut findings = Findings::new("a.md", text);
    match find(text, &mut findings) {
        Opening::Block { text: block, body, .. } => Some((&text[block], &text[body..], findings.finish().len())),
        _ => None,
    }
}

fn is_endless(text: &str) -> bool {
    matches!(find(text, &mut Findings::new("a.md", text)), Opening::Endless { .. })
}

fn is_text(text: &str) -> bool {
    matches!(find(text, &mut Findings::new("a.md", text)), Opening::Nothing)
}

/// The keys with their values as text, and the codes of what is said about them.
fn keys(text: &str) -> (Vec<(String, String)>, Vec<&'static str>) {
    let mut findings = Findings::new("a.md", text);
    let FrontMatter::Keys(fields) = read(text, &mut findings).0 else { panic!("{text:?} has no keys") };
    let found = ["title", "date", "draft", "version", "tags"].iter().filter_map(|key| {
        let value = &fields.get(&[key])?.value;
        Some(((*key).to_owned(), value.text().map_or_else(|| format!("{value:?}"), str::to_owned)))
    });
    let found = found.collect();
    (found, findings.finish().into_iter().map(|finding| finding.code).collect())
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec()
}

#[test]
fn r03_front_matter_stands_between_the_first_two_fences() {
    assert_eq!(block("---\na: 1\n---\nbody\n\n---\n\nmore"), Some(("a: 1\n", "body\n\n---\n\nmore", 0)));
    assert_eq!(block("--- yaml\n# note\n\n\"b c\": 1\n..."), Some(("# note\n\n\"b c\": 1\n", "", 0)));
    assert_eq!(block("---\n---\n"), Some(("", "", 0)));
    assert_eq!(block("---\n  a: 1\n  b: 2\n---\nbody"), Some(("  a: 1\n  b: 2\n", "body", 0)));
    assert_eq!(block("Title: a\ntags: b\n---\n\nbody"), Some(("Title: a\ntags: b\n", "\nbody", 0)));
    assert_eq!(block("+++\na = 1\n+++\nbody"), Some(("a = 1\n", "body", 0)));
    assert_eq!(block("---toml\na = 1\n---\nbody"), Some(("a = 1\n", "body", 0)));
    assert_eq!(block("+++\na = '''\n---\n...'''\n++++\nbody"), Some(("a = '''\n---\n...'''\n", "body", 1)));
}

#[test]
fn r03_what_precedes_the_front_matter_is_forgiven_with_a_warning() {
    for text in [
        "\n\n---\na: 1\n---\n",
        "<!-- note\n more -->\n\n---\na: 1\n---\n",
        "\u{200b}---\na: 1\n---\n",
        " \u{a0}\t---\na: 1\n---\n",
    ] {
        assert_eq!(block(text), Some(("a: 1\n", "", 1)), "{text:?}");
    }
    assert_eq!(block("----\na: 1\n---   \n"), Some(("a: 1\n", "", 1)), "four dashes");
}

#[test]
fn r03_a_thematic_break_is_not_front_matter() {
    assert!(is_text("---\nThere was a time.\n---\n"));
    assert!(is_endless("---\nThere was a ti"), "a key may have been cut");
    assert!(is_endless("---\nA walk\ndraft: true\n---\n"), "what may hold a post back is no text");
    assert!(is_endless("+++\nThere was a time.\n+++\n"), "no rule in Markdown");
    assert!(is_text("One line.\n\n---\na: 1\n---\n"));
}

#[test]
fn r03_a_table_between_dashes_is_front_matter() {
    let text = "---\n{\n  \"title\": \"Knots\",\n  \"draft\": true,\n  \"tags\": [\n    \"rope\"\n  ]\n}\n---\nText.\n";
    let (keys, codes) = keys(text);
    assert_eq!(keys.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["title", "draft", "tags"]);
    assert!(codes.is_empty(), "{codes:?}");
    assert!(is_endless("---\n{\n"));
}

#[test]
fn r03_front_matter_that_is_never_closed_is_told_from_no_front_matter() {
    for text in [
        "---\ntitle: x\ndraft: true\n\nbody",
        "---\n",
        "+++\ndraft = true\n\nbody",
        "{\n  \"title\": \"x\",\n",
        "{",
        "{ dra",
        "---json\n{\"a\": 1}\n",
        ".. title: x\n.. dra",
        ".. title: x\n",
        ".. ti",
        "<!--\n.. title: x\n",
        "@def title = \"x\"\n@de",
        "@def title = \"x\"\n\n@",
        "@def title = \"x\"\n",
        "@de",
        "Title: x\nDate: 2025-01-01\n",
        "Title: x\nDa",
        "Status: dra",
        "Stat",
    ] {
        assert!(is_endless(text), "{text:?}");
    }
}

#[test]
fn r03_a_text_that_looks_a_little_like_front_matter_is_a_text() {
    for text in [
        "Note: this is a text.\n\nMore.\n",
        "{: .lead}\nA text.\n",
        "{% include x %}\n",
        "{{< figure >}}\n",
        "{#id}\n",
        ".. image:: rain.jpg\n\ntext\n",
        "<!-- .. -->\ntext",
        "@default is a word\n",
        "Tags: what they are\n\nA text about tags.\n",
        "Statement of fact",
    ] {
        assert!(is_text(text), "{text:?}");
    }
}

#[test]
fn r03_a_program_is_an_error_and_never_run() {
    for text in ["---js\nmodule.exports = { draft: true }\n---\n", "---coffee\n---\n", "+++lua\n+++\n"] {
        let mut findings = Findings::new("a.md", text);
        assert!(matches!(read(text, &mut findings).0, FrontMatter::Broken), "{text:?}");
        assert_eq!(findings.finish()[0].code, "post/front-matter-form");
    }
}

#[test]
fn r03_toml_scalars_are_text_exactly_as_written() {
    let text = "+++\ntitle = \"A \\\"walk\\\"\"\ndate = 2025-01-31T10:00:00+01:00\nversion = 1.10\ndraft = false\n\
        [taxonomies]\ntags = ['a', \"b\"]\n+++\n";
    let list = r#"List([Text("a"), Text("b")])"#;
    let expected = [
        ("title", "A \"walk\""),
        ("date", "2025-01-31T10:00:00+01:00"),
        ("draft", "false"),
        ("version", "1.10"),
        ("tags", list),
    ];
    assert_eq!(keys(text), (pairs(expected), vec![]));
}

#[test]
fn r03_toml_with_one_possible_reading_is_read_with_a_warning() {
    let text = "+++\ntitle = A walk\ndate = 2025-02-30\n[extra]\ndraft = yes\n+++\n";
    let expected = [("title", "A walk"), ("date", "2025-02-30"), ("draft", "yes")];
    assert_eq!(keys(text), (pairs(expected), vec!["post/toml"]));
    for broken in ["title = \"a\ndraft = true", "tags = [\"a\"\ndraft = true", "title = '''a\ndraft = true\n'''"] {
        let text = format!("+++\n{broken}\n+++\n");
        let mut findings = Findings::new("a.md", &text);
        assert!(matches!(read(&text, &mut findings).0, FrontMatter::Broken), "{broken}");
        let found = findings.finish();
        assert!(found[0].is_error() && found[0].location.as_ref().unwrap().line > 1, "{found:?}");
    }
}

#[test]
fn r03_json_is_read_and_a_comma_too_many_is_forgiven() {
    let text = "{\n  \"title\": \"A {walk}, \\\"far\\\"\",\n  \"version\": 1.10,\n  \"draft\": true,\n  \"tags\": [\"a\",],\n}\n\nbody\n";
    let list = r#"List([Text("a")])"#;
    let expected = [("title", "A {walk}, \"far\""), ("draft", "true"), ("version", "1.10"), ("tags", list)];
    assert_eq!(keys(text), (pairs(expected), vec!["post/json", "post/json"]));
    assert_eq!(block(text).unwrap().1, "\nbody\n");
    assert_eq!(keys("---json\n{\"title\": \"x\"}\n---\n").0, pairs([("title", "x")]));
    for broken in ["{ title: 'x', draft: true }\n", "{\"draft\": true \"title\": 1}\n", "{\"a\": -}\n", "{'a': 1}\n"] {
        let mut findings = Findings::new("a.md", broken);
        assert!(matches!(read(broken, &mut findings).0, FrontMatter::Broken), "{broken}");
    }
}

#[test]
fn r03_bare_header_lines_end_at_a_blank_line() {
    let text = "Title: Go: a walk\nDate: 2025-01-31 10:00\nTags: a, b,\n    c\n\nTitle: of the body\n";
    let expected = [("title", "Go: a walk"), ("date", "2025-01-31 10:00"), ("tags", "a, b, c")];
    assert_eq!(keys(text), (pairs(expected), vec![]));
    assert_eq!(block(text).unwrap().1, "Title: of the body\n");
}

#[test]
fn r03_nikola_s_lines_are_read_with_and_without_a_comment() {
    let expected = || (pairs([("title", "A walk"), ("date", "2025-01-31 10:00 UTC")]), vec![]);
    assert_eq!(keys("<!--\n.. title: A walk\n.. date: 2025-01-31 10:00 UTC\n.. tags:\n-->\n\nbody\n"), expected());
    assert_eq!(keys(".. title: A walk\n.. date: 2025-01-31 10:00 UTC\n\nbody\n"), expected());
}

#[test]
fn r03_franklin_s_definitions_are_read() {
    let text = "@def title = \"A walk\"\n@def date = Date(2025, 1, 31)\n\n@def tags = [\"a\",\n  \"b\"]\n\nbody\n";
    let list = r#"List([Text("a"), Text("b")])"#;
    assert_eq!(keys(text).0, pairs([("title", "A walk"), ("date", "2025-1-31"), ("tags", list)]));
    let broken = "@def title = \"A walk\n@def draft = true\n\nbody\n";
    assert!(matches!(read(broken, &mut Findings::new("a.md", broken)).0, FrontMatter::Broken));
}

#[test]
fn a_second_block_is_told_from_a_text_between_two_rules() {
    assert!(is_second_block("\n---\ntitle: y\ntags:\n  - a\n---\n"));
    assert!(!is_second_block("---\n\nNote: this is a text.\nAnd more of it.\n\n---\n"));
    assert!(!is_second_block("A text.\n"));
}

proptest::proptest! {
    #[test]
    fn no_form_panics_whatever_it_is_given(mark in "(\\+\\+\\+\n|\\{|---json\n|<!--\n\\.\\. |@def |Title: )", text in "[a-z\"'=:,.\\[\\](){}\\\\\n +#é-]{0,60}", end in "(\n\\+\\+\\+|\\}|\n-->|\n\n)") {
        let text = format!("{mark}{text}{end}");
        let _ = read(&text, &mut Findings::new("a.md", &text));
        for form in FORMS {
            let _ = (form.read)(&text);
        }
    }
}
