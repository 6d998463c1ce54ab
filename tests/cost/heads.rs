//! What may stand in front matter, of which 64 KB are read: many posts, then, or less of it.

use super::{Files, fill, hold_sites, rep};

/// No front matter is longer.
const LONGEST: usize = 60_000;

type Row = (&'static str, fn(usize) -> String);

/// Rows make what stands between the title and the end of the front matter.
fn hold(rows: &[Row], around: fn(&str) -> String) {
    let files = |head: fn(usize) -> String| {
        move |bytes: usize| -> Files {
            let posts = bytes.div_ceil(LONGEST);
            let file = |n| (format!("posts/2026-02-01-p{n}.md"), around(&head(bytes / posts)));
            (0..posts).map(file).collect()
        }
    };
    let sites: Vec<_> = rows.iter().map(|(name, head)| (*name, files(*head))).collect();
    hold_sites(&sites);
}

#[test]
fn yaml_costs_in_proportion() {
    hold(
        &[
            ("tags", |n| format!("tags: [{}]", fill(n, |i| format!("t{i},")))),
            ("tags below each other", |n| format!("tags:\n{}", fill(n, |i| format!("- t{i}\n")))),
            ("one key", |n| rep("a: b\n", n)),
            ("one key, and a text that only YAML reads", |n| rep("a: 'b''c'\n", n)),
            ("keys", |n| fill(n, |i| format!("k{i}: b\n"))),
            ("spellings of a key", |n| fill(n, |i| format!("k{}: b\n", "-".repeat(i % 50)))),
            ("flags", |n| rep("draft: false\n", n)),
            ("brackets", |n| format!("x: {}", rep("[", n))),
            ("a list of aliases", |n| format!("x: &a [1, 2]\ny: [{}]", rep("*a,", n))),
            ("lists in a line", |n| format!("x:\n {}", rep("- ", n))),
            ("second colons", |n| rep("a: b: c\n", n)),
            ("tabs", |n| fill(n, |i| format!("k{i}:\n\t- b\n"))),
            ("a quote that nothing ends", |n| format!("x: \"A\n{}", rep("a: b\n", n))),
            ("a long text", |n| format!("x: |\n{}", rep("  word\n", n))),
            ("hashes", |n| fill(n, |i| format!("k{i}: #a #b\n"))),
            ("keys below extra", |n| format!("extra:\n{}", fill(n, |i| format!("  k{i}: [a]\n")))),
            ("keys below newsletter", |n| format!("newsletter:\n{}", fill(n, |i| format!("  k{i}: x\n")))),
            ("authors", |n| format!("authors: [{}]", fill(n, |i| format!("a{i},")))),
            ("sound", |n| format!("audio: [{}]", fill(n, |i| format!("a{i}.mp3,")))),
            ("files of no known kind", |n| format!("audio: [{}]", fill(n, |i| format!("a{i}.xyz,")))),
            ("a long description", |n| format!("description: '{}'", rep("<a> ", n))),
            ("a long subject", |n| format!("newsletter_subject: '{}'", rep("ä ", n))),
            ("a long picture", |n| format!("image: '{}a.png'", rep("../", n))),
            ("a long date", |n| format!("updated: {}", rep("2026 ", n))),
        ],
        |head| format!("---\ntitle: A\n{head}\n---\n\nx\n"),
    );
}

#[test]
fn titles_cost_in_proportion() {
    hold(
        &[
            ("words", |n| rep("word ", n)),
            ("a word", |n| rep("w", n)),
            ("tags", |n| rep("<b>", n)),
            ("ampersands", |n| rep("&", n)),
            ("signs", |n| rep("<", n)),
            ("brackets", |n| rep("[", n)),
            ("stars", |n| rep("*a**", n)),
            ("backticks", |n| rep("`", n)),
            ("wide letters", |n| rep("字", n)),
            ("ends of elements", |n| rep("</", n)),
        ],
        |title| format!("---\ntitle: '{title}'\n---\n\nx\n"),
    );
}

#[test]
fn toml_costs_in_proportion() {
    hold(
        &[
            ("keys", |n| fill(n, |i| format!("k{i} = 1\n"))),
            ("values without quotes", |n| fill(n, |i| format!("k{i} = x y\n"))),
            ("a key of keys", |n| format!("{}a = 1\n", rep("a.", n))),
            ("tables", |n| rep("[[a]]\ndraft = false\n", n)),
            ("brackets", |n| format!("x = {}", rep("[", n))),
            ("a text that swallows flags", |n| format!("x = \"\"\"A\n{}\"\"\"\n", rep("draft = false\n", n))),
            ("lists of several lines", |n| "y = z\n".to_owned() + &rep("x = [\n\"a\",\n\"b\",\n]\n", n)),
        ],
        |head| format!("+++\ntitle = \"A\"\n{head}\n+++\n\nx\n"),
    );
}

#[test]
fn json_costs_in_proportion() {
    hold(
        &[
            ("keys", |n| fill(n, |i| format!("\"k{i}\":1,"))),
            ("lists in a line", |n| fill(n, |i| format!("\"k{i}\":[1],"))),
            ("one key", |n| rep("\"a\":1,", n)),
            ("commas", |n| format!("\"x\":[{}1],", rep("[1,],", n))),
            ("brackets", |n| format!("\"x\":{}", rep("[", n))),
            ("a text that nothing ends", |n| format!("\"x\":\"{}", rep("\\\"", n))),
        ],
        |head| format!("{{\"title\":\"A\",\"date\":\"2026-02-01\",{head}\"z\":1}}\n\nx\n"),
    );
}

#[test]
fn the_other_forms_cost_in_proportion() {
    let plain = |text: &str| format!("{text}\n\nx\n");
    hold(
        &[
            ("Nikola", |n| format!(".. title: A\n{}", fill(n, |i| format!(".. k{i}: b\n")))),
            ("Nikola, a long value", |n| format!("<!--\n.. title: A\n.. x: y\n{}-->", rep(" z\n", n))),
            ("Franklin", |n| format!("@def title = \"A\"\n{}", fill(n, |i| format!("@def k{i} = \"b\"\n")))),
            ("Franklin, a list without an end", |n| format!("@def title = \"A\"\n@def x = [\n{}", rep("\"a\",\n", n))),
            ("Pelican", |n| format!("Title: A\nDate: 2026-02-01\n{}", fill(n, |i| format!("K{i}: b\n")))),
            ("Pelican, a long value", |n| format!("Title: A\nDate: 2026-02-01\nX: y\n{}", rep("  z\n", n))),
            ("a fence without an end", |n| format!("---\ntitle: A\n{}", rep("a: b\n", n))),
            ("no front matter", |n| rep("Title：A\n", n)),
        ],
        plain,
    );
}
