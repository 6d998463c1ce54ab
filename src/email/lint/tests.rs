//! Each finding is shown by an issue that has it; ordinary issues have none.

use super::{Sources, lint};
use crate::config::Config;
use crate::content::{read, text};
use crate::diagnostic::Diagnostic;
use crate::email::tests::{config, entry, issue};
use crate::model::{Entry, Image, Issue};

const POST: &str = "---\ntitle: One\n---\n[here](there) and ![](boat.jpg)\n";

fn look(issue: &Issue, entries: &[Entry], config: &Config) -> Vec<Diagnostic> {
    let posts = entries.iter().map(|entry| (entry.path.clone(), POST.to_owned())).collect();
    let settings = "[newsletter]\nfrom = 'a'\n[theme.light]\nlink = '#eeeeee'\n".to_owned();
    lint(issue, entries, config, &Sources { posts, config: ("config.toml".into(), settings) })
}

fn codes(issue: &Issue, entries: &[Entry], config: &Config) -> Vec<&'static str> {
    look(issue, entries, config).into_iter().map(|found| found.code).collect()
}

/// The codes for an issue of one entry with this content.
fn of_content(html: &str) -> Vec<&'static str> {
    of_parts(html, &text::write(&read(html).nodes))
}

/// The codes for an issue of one entry whose parts say different things.
fn of_parts(html: &str, text: &str) -> Vec<&'static str> {
    let config = config("");
    let entries = [Entry { content: read(html).nodes, ..entry("One") }];
    let mut issue = issue(&config, &entries);
    issue.text = issue.text.replace(text::write(&entries[0].content).trim_end(), text.trim_end());
    codes(&issue, &entries, &config)
}

/// The codes for an ordinary issue of which something was changed.
fn changed(change: impl FnOnce(&mut Issue)) -> Vec<&'static str> {
    let config = config("");
    let entries = [entry("One")];
    let mut issue = issue(&config, &entries);
    change(&mut issue);
    codes(&issue, &entries, &config)
}

#[test]
fn ordinary_issues_have_no_findings() {
    let config = config("");
    for titles in [&["One"][..], &["One", "Two", "Three"]] {
        let entries: Vec<_> = titles.iter().map(|title| entry(title)).collect();
        assert_eq!(look(&issue(&config, &entries), &entries, &config), []);
    }
    let html = "<h2>First</h2><p>A <a href=\"https://example.com/a?b&amp;c\">link</a> and \
        <a href=\"https://www.example.com/\">example.com</a>.</p>\
        <table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>\
        <p><img src=\"https://example.org/boat.jpg\" alt=\"a boat\" width=\"40\" height=\"30\"></p>";
    assert_eq!(of_content(html), [""; 0]);
    let html = "<p>Write to <a href=\"mailto:ada@example.org\">ada@example.org</a>.</p>";
    assert_eq!(of_content(html), [""; 0]);
}

#[test]
fn what_is_cut_is_an_error_and_what_nearly_is_a_warning() {
    let long = |bytes: usize| {
        changed(|issue| issue.html = issue.html.replace("</body>", &format!("<!--{}--></body>", "x".repeat(bytes))))
    };
    assert_eq!(long(80_000), [""; 0]);
    assert_eq!(long(92_000), ["mail/size"]);
    let config = config("");
    let entries = [entry("One")];
    let mut issue = issue(&config, &entries);
    issue.html += &"日".repeat(26_000);
    let found = look(&issue, &entries, &config);
    assert!(found.iter().any(|found| found.code == "mail/size" && found.is_error()), "{found:#?}");
}

#[test]
fn subject_and_what_stands_beside_it_fit() {
    assert!(of_content("").contains(&"mail/empty"));
    assert!(changed(|issue| issue.subject = "word ".repeat(30)).contains(&"mail/subject"));
    assert!(changed(|issue| issue.subject = String::new()).contains(&"mail/subject"));
    let with = |text: &str| {
        changed(|issue| {
            issue.html = issue.html.replace("What the first reader of this post will take away from it.", text);
        })
    };
    assert_eq!(with("Short"), ["mail/preheader"]);
    assert_eq!(with(&"long ".repeat(50)), ["mail/preheader"]);
    assert!(changed(|issue| issue.html = issue.html.replace("display:none", "")).contains(&"mail/preheader"));
}

#[test]
fn links_are_whole_encrypted_and_lead_where_they_say() {
    let link = |target: &str, words: &str| of_content(&format!("<p><a href=\"{target}\">{words}</a></p>"));
    assert_eq!(link("there", "here"), ["mail/relative-link"]);
    assert_eq!(link("http://example.com/", "here"), ["mail/http-link"]);
    assert_eq!(link("https://evil.example/", "https://bank.example/"), ["mail/link-text"]);
    assert_eq!(link("https://www.bank.example/login", "https://bank.example/"), [""; 0]);
}

#[test]
fn pictures_have_descriptions_and_are_pictures() {
    let picture = |alt: Option<&str>| {
        let config = config("");
        let mut entry = entry("One");
        entry.pictures = vec![Image {
            url: "https://example.org/boat.jpg".into(),
            alt: alt.map(str::to_owned),
            media_type: None,
            width: None,
            height: None,
        }];
        let entries = [entry];
        look(&issue(&config, &entries), &entries, &config)
    };
    assert_eq!(picture(Some("a boat")), []);
    let found = picture(None);
    let place = found[0].location.as_ref().unwrap();
    assert_eq!((found[0].code, place.path.as_str(), place.line), ("mail/no-alt", "posts/one.md", 4));
    let image = |tag: &str| changed(|issue| issue.html = issue.html.replace("</body>", &format!("{tag}</body>")));
    assert_eq!(image("<img src=\"https://example.org/i\" alt=\"\" width=\"1\" height=\"1\">"), ["mail/pixel"]);
    assert_eq!(image("<img src=\"data:image/png;base64,AAAA\" alt=\"\">"), ["mail/image"]);
    assert_eq!(image("<img src=\"https://example.org/i.png\">"), ["mail/no-alt"]);
    assert_eq!(image("<img src=\"https://example.org/i.png\" alt=\"\">"), [""; 0]);
}

#[test]
fn the_structure_helps_those_who_listen() {
    assert_eq!(changed(|issue| issue.html = issue.html.replace("<html lang=\"en\"", "<html")), ["mail/language"]);
    let heading = |tag: &str| changed(|issue| issue.html = issue.html.replace("</body>", &format!("{tag}</body>")));
    assert!(heading("<h4></h4>").contains(&"mail/headings"));
    assert!(heading("<h1></h1>").contains(&"mail/headings"));
    assert_eq!(heading("<h2></h2><h3></h3>"), [""; 0]);
    assert_eq!(heading("<table><tr><td></td></tr></table>"), ["mail/table"]);
    let row = |cells: usize| format!("<table><tr>{}</tr></table>", "<th></th>".repeat(cells));
    assert_eq!((heading(&row(6)), heading(&row(7))), (vec![], vec!["mail/wide-table"]));
    assert_eq!(heading("<table role=\"presentation\"><tr><td></td></tr></table>"), [""; 0]);
}

#[test]
fn both_parts_say_the_same_and_how_to_leave() {
    let words = "several other words that stand in one of the two parts only, and so many that it matters";
    assert!(of_parts(&format!("<p>{words}</p>"), "none").contains(&"mail/parity"));
    assert!(of_parts("<p>none</p>", words).contains(&"mail/parity"));
    assert_eq!(of_parts("<p><a href=\"https://example.com/\">a</a></p>", "a"), ["mail/parity"]);
    let (broken, whole) = (
        "雨の日は、町の音が変\nわります。\n傘を持たずに出かけまし\nた。",
        "雨の日は、町の音が変わります。傘を持たずに出かけました。",
    );
    assert_eq!(of_parts(&format!("<p>{whole}</p>"), broken), [""; 0]);
    let soft = "Foot\u{ad}hold ".repeat(20);
    assert_eq!(of_parts(&format!("<p>{soft}</p>"), &"Foothold\n".repeat(20)), [""; 0]);
    assert!(of_parts("<p>none</p>", &"y".repeat(79)).contains(&"mail/wide-text"));
    assert!(changed(|issue| issue.text = "nothing".to_owned()).contains(&"mail/unsubscribe"));
    let gone = changed(|issue| issue.html = issue.html.replace("St James’s", ""));
    assert!(gone.contains(&"mail/postal-address"), "{gone:?}");
}

#[test]
fn colours_that_cannot_be_read_are_named_with_their_line() {
    let config = config("[theme.light]\nlink = '#eeeeee'\n");
    let entries = [entry("One")];
    let found = look(&issue(&config, &entries), &entries, &config);
    assert!(!found.is_empty() && found.iter().all(|found| found.code == "mail/contrast"), "{found:#?}");
    assert_eq!(found[0].location.as_ref().map(|place| place.line), Some(4));
}

#[test]
fn a_sender_without_a_public_domain_is_doubted() {
    for address in ["ada@laptop", "ada@laptop.local"] {
        let found = changed(|issue| address.clone_into(&mut issue.from_address));
        assert_eq!(found, ["mail/header"]);
    }
}

#[test]
fn subjects_that_look_like_spam_are_found() {
    let of = |subject: &str| changed(|issue| subject.clone_into(&mut issue.subject));
    for subject in ["READ THIS NOW", "ÖFFNEN SIE DAS", "Re: One", "FWD: One", "AW : One", "Fw：One"] {
        assert_eq!(of(subject), ["mail/subject"], "{subject}");
    }
    for subject in ["NASA and ESA", "HTML5", "A B", "日本語の 題名", "Remember: One", "Rust: what is new", "GNU"]
    {
        assert_eq!(of(subject), [""; 0], "{subject}");
    }
}

#[test]
fn the_size_that_counts_is_that_on_the_way() {
    let config = config("");
    let mut issue = issue(&config, &[entry("One")]);
    issue.html = issue.html.replace("</body>", &format!("<p>{}</p></body>", "日".repeat(26_000)));
    let found = look(&issue, &[entry("One")], &config);
    let size = found.iter().find(|found| found.code == "mail/size").unwrap();
    assert!(issue.html.len() < 85_000 && size.is_error(), "{size:?}");
    assert!(size.message.starts_with("the mail has 110 KB as it is sent; Gmail cuts it at 102 KB"), "{size:?}");
}

#[test]
fn a_wide_table_that_becomes_cards_is_no_finding_and_any_other_is_found_where_it_is() {
    let cells = |name: &str, word: &str| {
        let cells = (1..=7).map(|n| format!("<{name}>{word}{n}</{name}>"));
        format!("<tr>{}</tr>", cells.collect::<String>())
    };
    let table = |span: &str| {
        let body = cells("td", "something").replacen("<td", &format!("<td{span}"), 1).repeat(3);
        format!("<table><thead>{}</thead><tbody>{body}</tbody></table>", cells("th", "Heading"))
    };
    assert_eq!(of_content(&table("")), [""; 0]);
    assert_eq!(of_content(&table(" rowspan=\"2\"")), ["mail/wide-table"]);
}
