//! Posts as people write them, through the whole program: what is mailed says in both parts the same, loads nothing, and
//! stays readable. The posts are in `tests/newsletter/`.

use std::collections::BTreeSet;

use mail_parser::MessageParser;

use crate::site::TestSite;

const NOW: &str = "2026-03-02T10:00:00Z";

const POSTS: [(&str, &str); 8] = [
    ("code", include_str!("newsletter/code.md")),
    ("table", include_str!("newsletter/table.md")),
    ("footnotes", include_str!("newsletter/footnotes.md")),
    ("images", include_str!("newsletter/images.md")),
    ("raw-html", include_str!("newsletter/raw-html.md")),
    ("german", include_str!("newsletter/german.md")),
    ("japanese", include_str!("newsletter/japanese.md")),
    ("hebrew", include_str!("newsletter/hebrew.md")),
];

/// The parts of the issue that the dry run shows.
struct Issue {
    subject: String,
    html: String,
    text: String,
}

fn issue(site: &TestSite, now: &str) -> Issue {
    site.run(now, &["publish", "--dry-run"]).exits(0);
    let message = site.read_bytes("preview/issue-1.eml");
    let message = MessageParser::default().parse(&message).unwrap();
    let line_ends = |text: &str| text.replace("\r\n", "\n");
    Issue {
        subject: message.subject().unwrap().to_owned(),
        html: line_ends(&message.body_html(0).unwrap()),
        text: line_ends(&message.body_text(0).unwrap()),
    }
}

fn issue_of(posts: &[(&str, &str)]) -> Issue {
    let site = TestSite::new("outbox:outbox");
    for (name, text) in posts {
        site.write(&format!("posts/{name}.md"), text);
    }
    issue(&site, NOW)
}

/// The words that a reader of the HTML part sees.
fn words_of_html(html: &str) -> Vec<String> {
    let body = html.split_once("<body").unwrap().1;
    let hidden = body.find("display:none").map_or(0, |at| at + body[at..].find("</div>").unwrap());
    let mut text = String::new();
    let mut inside = true;
    for c in body[hidden..].chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if inside => continue,
            c => text.push(c),
        }
        text.push_str(if c == '<' { " " } else { "" });
    }
    let text = text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    words(&text.replace("&#39;", "'").replace("&amp;", "&").replace('>', " "))
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn attributes<'h>(html: &'h str, name: &str) -> BTreeSet<&'h str> {
    html.split(&format!(" {name}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn both_parts_say_the_same() {
    for post in POSTS {
        let issue = issue_of(&[post]);
        let text: BTreeSet<String> = words(&issue.text).into_iter().collect();
        let shown = words_of_html(&issue.html);
        let missing: Vec<_> = shown.iter().filter(|word| !text.contains(*word)).collect();
        assert!(missing.len() * 20 < shown.len(), "{}: {missing:?} are not in\n{}", post.0, issue.text);
        for link in attributes(&issue.html, "href") {
            let link = link.replace("&amp;", "&");
            assert!(
                link.starts_with('#') || issue.text.contains(&link),
                "{}: {link} is not in\n{}",
                post.0,
                issue.text
            );
        }
    }
}

#[test]
fn an_issue_loads_pictures_and_nothing_else() {
    for post in POSTS {
        let html = issue_of(&[post]).html;
        for active in [
            "<script",
            "<style>body",
            "<form",
            "<input",
            "<iframe",
            "onclick",
            "position:",
            "javascript:",
            "url(",
            "@import",
        ] {
            assert!(!html.contains(active), "{}: {active}", post.0);
        }
        for source in attributes(&html, "src") {
            assert!(source.starts_with("https://example.org/rain/"), "{}: {source}", post.0);
        }
        assert_eq!(html.matches("<img").count(), html.matches(" alt=\"").count(), "{}", post.0);
        assert_eq!(html.matches("<h1").count(), 1, "{}", post.0);
        assert!(html.len() < 20_000, "{}: {}", post.0, html.len());
    }
}

#[test]
fn the_text_part_fits_on_a_terminal() {
    use unicode_width::UnicodeWidthStr as _;
    for post in POSTS {
        let text = issue_of(&[post]).text;
        let is_code = |line: &str| line.starts_with("    ") || line.contains("    ");
        let long = text.lines().filter(|line| line.width() > 72 && !line.contains("://") && !is_code(line));
        // A word of eighty letters stays whole.
        let long: Vec<&str> = long.filter(|line| line.contains(' ')).collect();
        assert!(long.is_empty(), "{}: {long:#?}", post.0);
    }
}

#[test]
fn an_issue_speaks_the_language_of_its_posts() {
    let [_, _, _, _, _, german, japanese, hebrew] = POSTS;
    let issue = issue_of(&[german]);
    assert!(
        issue.html.contains("<html lang=\"de\" dir=\"ltr\">") && issue.text.contains("2. März 2026"),
        "{}",
        issue.text
    );
    assert!(issue.text.contains("Diesen Beitrag online lesen:\n") && issue.text.contains("Abmelden: https://"));
    let issue = issue_of(&[japanese]);
    assert!(issue.text.contains("2026年3月2日") && issue.text.contains("この記事をウェブで読む：\n"), "{}", issue.text);
    let issue = issue_of(&[hebrew]);
    assert!(
        issue.html.contains("<html lang=\"he\" dir=\"rtl\">") && issue.html.contains("<div lang=\"he\" dir=\"rtl\">")
    );
    assert!(issue.html.contains("לקריאת הפוסט באתר") && !issue.html.contains("lang=\"en\""), "{}", issue.html);
    assert!(issue.html.contains("<pre dir=\"ltr\""));
}

#[test]
fn a_digest_in_three_languages_is_in_that_of_the_site() {
    let issue = issue_of(&[POSTS[5], POSTS[6], POSTS[7]]);
    assert!(issue.html.contains("<html lang=\"en\" dir=\"ltr\">"));
    for language in ["lang=\"de\" dir=\"ltr\"", "lang=\"ja\" dir=\"ltr\"", "lang=\"he\" dir=\"rtl\""] {
        assert!(issue.html.contains(language), "{language}");
    }
    assert!(issue.text.contains("In this issue\n\n- ") && issue.subject.ends_with(" and 2 more"), "{}", issue.subject);
}

#[test]
fn the_owners_words_and_colours_are_used() {
    let site = TestSite::new("outbox:outbox");
    site.configure(
        "newsletter.words",
        "unsubscribe = \"Leave the table\"\nreason = \"{publication} is sent to its friends.\"",
    );
    site.configure("theme", "width = 520\nlight = { link = \"#a30000\" }");
    site.write("posts/code.md", POSTS[0].1);
    let issue = issue(&site, NOW);
    assert!(
        issue.text.contains("Leave the table: https://") && issue.text.contains("Four Minutes is sent to its friends.")
    );
    assert!(issue.html.contains("max-width:520px") && issue.html.contains("color:#a30000"));
}

#[test]
fn a_part_of_the_look_is_replaced_by_a_file_and_its_fault_has_a_place() {
    let site = TestSite::new("outbox:outbox");
    site.write("posts/code.md", POSTS[0].1);
    site.write("templates/email/footer.txt", "-- \nYours, {{ publication }}\n{% for link in links %}{{ link.text }}\n{% endfor %}{% include \"email/legal.txt\" %}\n");
    site.write("templates/email/legal.txt", "Registered nowhere.\n");
    let text = issue(&site, NOW).text;
    assert!(text.contains("-- \nYours, Four Minutes\n") && text.ends_with("\nRegistered nowhere.\n"), "{text}");
    site.write("templates/email/legal.txt", "Registered\nin {{ town }}.\n");
    let run = site.run(NOW, &["publish", "--dry-run"]).exits(3);
    assert!(run.stderr.contains("templates/email/legal.txt:2:"), "{}", run.stderr);
}

/// The example of docs/look.md.
fn own_rules() -> String {
    let manual = include_str!("../docs/look.md");
    let lines = manual.lines().skip_while(|line| !line.starts_with("    /* templates/email/style.css */"));
    lines.take_while(|line| line.starts_with("    ")).fold(String::new(), |css, line| css + &line[4..] + "\n")
}

#[test]
fn a_site_replaces_single_rules_of_the_look() {
    let site = TestSite::new("outbox:outbox");
    site.write("posts/code.md", "---\ntitle: Look\ndate: 2026-03-02\n---\n\n## Part\n\n> Said.\n\nText.\n");
    let before = issue(&site, NOW).html;
    site.write("templates/email/style.css", &own_rules());
    let after = issue(&site, NOW).html;
    let tag = |html: &str, start: &str| {
        let at = html.find(start).unwrap_or_else(|| panic!("{start} is not in {html}"));
        html[at..].split('>').next().unwrap().to_owned()
    };
    assert_eq!(tag(&after, "<h1"), tag(&before, "<h1").replace("font-size:36px", "font-size:30px"));
    let heading = "margin:32px 0 8px;font-size:26px;line-height:1.3;font-weight:bold;color:#0b5a86";
    assert_eq!(tag(&after, "<h2"), format!("<h2 style=\"{heading}\""));
    assert!(after.contains("<td style=\"padding:2px 0 2px 20px;border-left:6px double #ddd8cd;"), "{after}");
    assert!(after.contains("@media (max-width:640px){\nh2{font-size:22px!important}\n}\n</style>"), "{after}");
    for kept in ["<p style=\"margin:0 0 20px\">Text.", "h1{font-size:30px!important}"] {
        assert!(before.contains(kept) && after.contains(kept), "{kept}");
    }
    site.write("templates/email/style.css", "p {\n  color: red;\n  background: url(https://spy.example/)\n}\n");
    for command in [&["publish", "--dry-run"][..], &["check"]] {
        let run = site.run(NOW, command).exits(3);
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(all.contains("templates/email/style.css") && all.contains("`url()` is no function"), "{all}");
        assert!(all.contains(":3:3") || all.contains("line 3, column 3"), "{all}");
    }
}

fn paragraphs(count: usize) -> String {
    let mut text = String::new();
    for n in 1..=count {
        text += &format!(
            "Paragraph {n} has [a link](https://example.org/{n}/) and a few words that only fill its line.\n\n"
        );
    }
    text
}

fn long_post(title: &str, mark: &str) -> String {
    format!(
        "---\ntitle: {title}\ndate: 2026-03-02\n---\n\nFirst[^1].\n\n{mark}\n\n{}\n\n[^1]: A note.\n",
        paragraphs(900)
    )
}

#[test]
fn a_long_post_ends_where_gmail_would_cut_and_goes_on_online() {
    let issue = issue_of(&[("long", &long_post("Long", ""))]);
    assert!((60_000..90_000).contains(&issue.html.len()), "{}", issue.html.len());
    let last = (1..=900).rev().find(|n| issue.html.contains(&format!("Paragraph {n} "))).unwrap();
    assert!(issue.text.contains(&format!("Paragraph {last} has a link [{last}] ")), "both parts end together");
    assert!(!issue.text.contains(&format!("Paragraph {} ", last + 1)));
    assert!(issue.text.contains(&format!("\n[{last}] https://example.org/{last}/\n")));
    assert!(!issue.text.contains(&format!("\n[{}] ", last + 1)));
    let (_, rest) = issue.text.split_once("Continue reading online (").unwrap();
    let (minutes, rest) = rest.split_once(" min more)").unwrap();
    assert!((1..63).contains(&minutes.parse::<u32>().unwrap()), "{minutes}");
    assert!(rest.starts_with(":\nhttps://example.org/2026/03/02/long/\n"), "{rest}");
    for part in [&issue.html, &issue.text] {
        assert!(
            !part.contains("A note.") && !part.contains("[^1]") && !part.contains("<sup"),
            "no number without its note"
        );
    }
}

#[test]
fn in_a_digest_the_long_posts_give_and_the_short_ones_stay() {
    let (one, two) = (long_post("One", ""), long_post("Two", ""));
    let issue = issue_of(&[("one", &one), ("two", &two), ("code", POSTS[0].1)]);
    assert!((60_000..90_000).contains(&issue.html.len()), "{}", issue.html.len());
    assert_eq!(issue.text.matches("Continue reading online (").count(), 2);
    assert_eq!(issue.text.matches("Read this post online:").count(), 1);
    assert!(issue.text.contains("Any reason to exist."));
}

#[test]
fn the_authors_mark_is_where_a_post_ends_when_it_must() {
    let marked = long_post("Long", "Second.\n\n<!-- more -->");
    let issue = issue_of(&[("long", &marked)]);
    assert!(issue.text.contains("First.\n\nSecond.\n\nContinue reading online (63 min more):"), "{}", issue.text);
}

#[test]
fn an_excerpt_is_what_stands_before_the_mark_else_the_summary() {
    let site = TestSite::new("outbox:outbox");
    site.configure("newsletter", "content = \"excerpt\"");
    site.write("posts/marked.md", "---\ntitle: Marked\ndate: 2026-03-02\n---\n\n*One*.\n\n<!-- more -->\n\nTwo.\n");
    site.write(
        "posts/described.md",
        "---\ntitle: Described\ndate: 2026-03-01\ndescription: In short & good.\n---\n\nThree.\n\nFour.\n",
    );
    let issue = issue(&site, NOW);
    assert!(
        issue.html.contains("<em>One</em>")
            && issue.html.contains("<p style=\"margin:0 0 20px\">In short &amp; good.</p>"),
        "{}",
        issue.html
    );
    assert!(issue.text.contains("\n\nIn short & good.\n\nContinue reading online:\n"), "{}", issue.text);
    for rest in ["Two", "Three.", "Four."] {
        assert!(!issue.html.contains(rest) && !issue.text.contains(rest), "{rest}");
    }
}

#[test]
fn the_list_of_messages_shows_words_before_pictures() {
    let site = TestSite::new("outbox:outbox");
    let preheader = |body: &str| {
        site.write("posts/a.md", &format!("---\ntitle: The river\ndate: 2026-03-02\n---\n\n{body}\n"));
        site.run(NOW, &["publish", "--dry-run"]).exits(0);
        let html = site.read("preview/issue-1.html");
        html.split("mso-hide:all\">").nth(1).unwrap().split(" ·").next().unwrap().to_owned()
    };
    let picture = "![Ice on the river, seen from the old bridge at noon, with gulls](https://example.org/a.png)";
    assert_eq!(preheader(&format!("{picture}\n\nIt is cold.")), "It is cold.");
    assert!(preheader(picture).contains("Ice on the river"), "there is nothing else");
}

#[test]
fn a_post_names_the_subject_and_preheader_of_its_mail() {
    let post = "---\ntitle: Slow Rivers\ndate: 2026-03-02\nsubject: \"The river, again\"\npreheader: Nine days of rain\n---\n\nText.\n";
    let issue = issue_of(&[("rivers", post)]);
    assert_eq!(issue.subject, "The river, again");
    assert!(issue.html.contains("mso-hide:all\">Nine days of rain") && issue.text.starts_with("Slow Rivers\n"));
}

#[test]
fn one_entry_says_different_things_on_the_web_and_in_mail_and_neither_leaks() {
    let site = TestSite::new("outbox:outbox");
    site.write(
        "posts/both.md",
        "---\ntitle: Both\ndate: 2026-03-02\n---\n\n<!-- web-only -->\nSubscribe to [my letters](https://example.org/letters/)!\n<!-- /web-only -->\n\
         <!-- mail-only -->\nReply to this *mail*.\n<!-- /mail-only -->\n\nFor all.\n",
    );
    let issue = issue(&site, NOW);
    let feeds: String =
        ["feed.xml", "atom.xml", "feed.json"].map(|name| site.read(&format!("preview/{name}"))).concat();
    assert!(issue.html.contains("<em>mail</em>") && issue.text.contains("Reply to this mail."));
    assert!(feeds.matches("Subscribe to").count() >= 3);
    assert!(!feeds.contains("Reply") && !feeds.contains("-only") && feeds.contains("For all."));
    for part in [&issue.html, &issue.text, &issue.subject] {
        assert!(!part.contains("ubscribe to") && !part.contains("letters") && !part.contains("-only"), "{part}");
    }
}

#[test]
fn a_part_without_an_end_stops_everything() {
    let site = TestSite::new("outbox:outbox");
    let name = site.post("2026-03-02", "Both");
    site.edit(&name, "This is", "<!-- mail-only -->\nThis is");
    for command in [&["build"][..], &["publish", "--yes"], &["check"]] {
        let run = site.run(NOW, command).exits(3);
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(
            all.contains("a mail-only part has no end")
                && all.contains(&name)
                && (all.contains(":6:1") || all.contains("line 6, column 1")),
            "{all}"
        );
    }
    assert!(!site.file("outbox").exists());
}

#[test]
fn a_post_waits_until_its_author_wants_it_mailed() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    let name = site.post("2026-03-02", "Waiting");
    site.edit(&name, "date: 2026-03-02", "date: 2026-03-02\nsend_after: 2026-03-05 18:00");
    site.post("2026-03-02", "First");
    let plan = site.run(NOW, &["publish", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(plan["entries"].as_array().unwrap().len(), 1);
    assert_eq!(plan["skipped"][0]["reason"], "`send_after: 2026-03-05 18:00 +00:00` in its front matter", "{plan:#}");
    assert!(site.read("preview/feed.xml").contains("Waiting"), "it is on the web meanwhile");
    site.run(NOW, &["publish", "--yes"]).exits(0);
    site.post("2026-03-05", "Second");
    site.run("2026-03-05T17:00:00Z", &["publish", "--yes"]).exits(0);
    assert!(site.run("2026-03-05T17:00:00Z", &["explain", &name]).exits(0).stdout.contains("send_after"));
    site.run("2026-03-08T09:00:00Z", &["publish", "--yes"]).exits(0);
    assert!(site.read("outbox/issue-3-00001.eml").contains("Subject: Waiting\r\n"));
    site.run("2026-03-09T09:00:00Z", &["publish", "--yes"]).exits(0);
    assert!(!site.file("outbox/issue-4-00001.eml").exists(), "once");
}

#[test]
fn readers_are_called_by_their_names_and_no_name_breaks_a_message() {
    let site = TestSite::new("outbox:outbox");
    site.write("posts/code.md", POSTS[0].1);
    site.write("posts/japanese.md", POSTS[6].1);
    for kind in ["html", "txt"] {
        let own = "Dear {{ subscriber.name | default(\"friend & reader\") }},\n{{ subscriber.name }} again. {{ words.read_online }}: {{ entry.url }}\n";
        site.write(&format!("templates/email/entry.{kind}"), own);
    }
    let long = "Æsop=?utf-8?Q?x?= . ".repeat(200);
    let names =
        ["Ada", "", "<b>\"Zoë\"</b> & Sons", ".From  me\u{202E}", "\u{FDD0}x\u{FDD1}", "日本 太郎", long.as_str()];
    let rows: String = (names.iter().enumerate())
        .map(|(n, name)| format!("r{n}@reader.test,\"{}\"\n", name.replace('"', "\"\"")))
        .collect();
    site.write("readers.csv", &format!("email,name\n{rows}"));
    site.run(NOW, &["subscribers", "import", site.file("readers.csv").to_str().unwrap()]).exits(0);
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    site.run(NOW, &["publish", "--yes"]).exits(0);
    let greetings =
        ["Ada", "friend & reader", "<b>\"Zoë\"</b> & Sons", ".From me", "x", "日本 太郎", "Æsop=?utf-8?Q?x?="];
    for (n, greeting) in greetings.iter().enumerate() {
        let file = format!("outbox/issue-1-{:05}.eml", n + 1);
        let bytes = site.read_bytes(&file);
        assert_eq!(bytes, site.read_bytes(&format!("preview/{file}")), "the dry run shows what is sent");
        for line in String::from_utf8(bytes.clone()).unwrap().split("\r\n") {
            assert!(line.len() <= 76 || line.contains(": "), "{line}");
            assert!(!line.starts_with('.') && !line.ends_with(' ') || line == "-- ", "{line}");
        }
        let message = MessageParser::default().parse(&bytes).unwrap();
        let (html, text) = (message.body_html(0).unwrap(), message.body_text(0).unwrap());
        assert!(text.contains(&format!("Dear {greeting}")), "{text}");
        let escaped = greeting.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        assert!(html.contains(&format!("Dear {escaped}")), "{html}");
        assert!(text.contains(if names[n].is_empty() { "\nreader again." } else { greeting }), "{text}");
        assert!(!html.contains("<b>") && !text.contains('\u{FDD0}') && text.lines().all(|line| line.len() < 400));
        assert_eq!(message.parts.len(), 3);
    }
}
