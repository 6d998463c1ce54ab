//! What stands around the texts, and where links within one lead.

use super::*;

#[test]
fn nothing_but_what_was_asked_for_is_around_the_title() {
    let mut post = entry("One");
    post.authors = vec![crate::model::Person { name: "Grace Hopper".into(), ..Default::default() }];
    post.image = Some(crate::model::Image {
        url: "https://example.org/c.png".into(),
        alt: Some("A harbour".into()),
        width: Some(1200),
        height: Some(600),
        ..Default::default()
    });
    let made = |more: &str, entries: &[Entry]| {
        issue(
            &crate::config::parse("config.toml", &format!("{SITE}{more}[feeds]\nlogo = '/logo.png'\n")).unwrap(),
            entries,
        )
    };
    let (plain, all) = (made("", std::slice::from_ref(&post)), |list: &str| {
        let more = format!("show = [{list}]\nreply_to = 'ada@example.org'\nsubscribe = 'https://example.org/join/'\n");
        made(&more, std::slice::from_ref(&post))
    });
    for word in ["Grace", "takes away", "c.png", "logo.png", "forwarded", "reaches me"] {
        assert!(!plain.html.contains(word) || word == "takes away", "{word}");
    }
    let issue = all("'logo', 'byline', 'description', 'cover'");
    for part in [
        "<img src=\"https://example.org/logo.png\" alt=\"Notes\" width=\"160\"",
        ">Grace Hopper · 23 June 2025 · <a href=\"https://example.org/one/\"",
        ">View in browser</a></p>",
        ">What the first reader of this post will take away from it.</p>\n<p align=\"center\"",
        "<img src=\"https://example.org/c.png\" alt=\"A harbour\" width=\"600\" height=\"300\"",
        ">Reply to this e-mail: it reaches me.</p>",
        ">Was this forwarded to you? <a href=\"https://example.org/join/\"",
    ] {
        assert!(issue.html.contains(part), "{part}: {}", issue.html);
    }
    let beginning = "Notes\n\nOne\n---\nGrace Hopper · 23 June 2025\nView in browser: https://example.org/one/\n\n\
                     What the first reader of this post will take away from it.\n\n[Image: A harbour]\n\nThe text of One.";
    assert!(issue.text.starts_with(beginning), "{}", issue.text);
    let end = "Reply to this e-mail: it reaches me.\nWas this forwarded to you? Subscribe here: https://example.org/join/\n\nUnsub";
    assert!(issue.text.contains(end), "{}", issue.text);
    assert!(
        all("'name'").html.contains("class=\"title\" style=\"color:#292622;text-decoration:none\">Notes</a></p>\n<h1")
    );

    let digest = made("show = ['name', 'byline']\n", &[post, entry("Two")]);
    assert!(!digest.html.contains("View in browser"), "no page has the whole issue");
    assert_eq!((digest.html.matches(">Notes</a>").count(), digest.html.matches("Grace Hopper").count()), (1, 1));
    let unread = made("reply_to = 'no-reply@example.org'\n", &[entry("Two")]);
    assert!(!unread.html.contains("reaches me") && !unread.text.contains("reaches me"));
}

#[test]
fn what_was_cut_is_said() {
    let mut long = entry("Long");
    long.content = read(&"<p>word word word word word word word word word word</p>".repeat(230)).nodes;
    let config = config("content = 'excerpt'\n");
    let shortened = issue(&config, std::slice::from_ref(&long));
    for part in [&shortened.html, &shortened.text] {
        assert!(part.contains("Continue reading online (10 min more)"), "{part}");
    }
    long.content = read("<p>Only a little of it.</p>").nodes;
    assert!(issue(&config, &[long]).html.contains(">Continue reading online<"));
}

#[test]
fn links_to_places_in_the_text_lead_there_in_both_parts() {
    let mut post = entry("One");
    let url = "https://example.org/one/";
    post.content = read(&format!(
        "<p>See <a href=\"{url}#two\">below</a> and<sup id=\"r1\"><a href=\"{url}#n1\">1</a></sup> the \
         <a href=\"{url}#gone\">comments</a>.</p><h2 id=\"two\">Two</h2>\
         <div><ol><li id=\"n1\"><p>A note. <a href=\"{url}#r1\">↩</a></p></li></ol></div>"
    ))
    .nodes;
    let issue = issue(&config(""), &[post]);
    assert!(
        issue.html.contains("href=\"#two\"")
            && issue.html.contains("<a href=\"#two\" name=\"two\" id=\"two\" class=\"title\""),
        "{}",
        issue.html
    );
    let body = "See below and[^1] the comments [1].\n\nTwo\n---\n\n[^1]: A note.\n\n[1] https://example.org/one/\n";
    assert!(issue.text.contains(body), "{}", issue.text);
    assert!(!issue.text.contains('#'));
}
