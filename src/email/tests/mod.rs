//! Whole issues and messages, read back by another implementation; hostile texts everywhere.

mod around;
mod hostile;

use std::collections::BTreeMap;

use mail_parser::{MessageParser, MimeHeaders as _};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};

use super::dkim::tests::{signer, verify};
use super::{Copies, compose, html_for, recipient, text_for};
use crate::config::Config;
use crate::content::read;
use crate::model::{Entry, Issue, Recipient};
use crate::templates::Templates;
use hostile::check_lines;

const FEED: &str = "https://example.org/feed.xml";
const SITE: &str = "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n[newsletter]\nfrom = 'Ada Lovelace <ada@news.example.org>'\n\
    unsubscribe = ['https://news.example.org/u/{token}', 'mailto:leave+{token}@news.example.org']\n\
    postal_address = '12 St James’s Square, London'\n";

pub(super) fn config(more: &str) -> Config {
    crate::config::parse("config.toml", &format!("{SITE}{more}")).unwrap()
}

pub(super) fn entry(title: &str) -> Entry {
    let slug = title.to_lowercase().replace(' ', "-");
    Entry {
        id: format!("https://example.org/{slug}/"),
        url: format!("https://example.org/{slug}/"),
        path: format!("posts/{slug}.md"),
        title: title.to_owned(),
        published: "2025-06-23T08:00:00+01:00[+01:00]".parse().unwrap(),
        date_only: false,
        updated: "2025-06-23T08:00:00+01:00[+01:00]".parse().unwrap(),
        language: "en".to_owned(),
        authors: Vec::new(),
        categories: Vec::new(),
        image: None,
        enclosures: Vec::new(),
        episode: None,
        pictures: Vec::new(),
        mail_pictures: BTreeMap::new(),
        summary: Some("What the first reader of this post will take away from it.".to_owned()),
        content: read(&format!("<p>The text of {title}.</p>")).nodes,
        in_feeds: None,
        mailing: None,
        is_summary: false,
        mail: None,
    }
}

pub(super) fn issue(config: &Config, entries: &[Entry]) -> Issue {
    let templates = Templates::new(&BTreeMap::new()).unwrap();
    compose(7, &"2025-06-23T09:30:00+02:00[+02:00]".parse().unwrap(), entries, config, &templates, Some(FEED)).unwrap()
}

fn reader(issue: &Issue) -> Recipient {
    recipient(b"secret", issue, 1, &"reader@example.net".parse().unwrap())
}

fn message(issue: &Issue) -> String {
    String::from_utf8(Copies::new(issue, None).message(&reader(issue))).unwrap()
}

/// The names of the headers before the first empty line.
fn header_names(message: &str) -> Vec<&str> {
    let head = message.split("\r\n\r\n").next().unwrap();
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap())
        .collect()
}

const HEADERS: [&str; 11] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Archive",
    "MIME-Version",
    "Content-Type",
];

#[test]
fn a_copy_has_exactly_the_headers_of_a_newsletter() {
    let issue = issue(&config(""), &[entry("On engines")]);
    let message = message(&issue);
    let copy = reader(&issue);
    assert_eq!(header_names(&message), HEADERS);
    let head = message.split("\r\n\r\n").next().unwrap();
    let token = &copy.token;
    for line in [
        "From: Ada Lovelace <ada@news.example.org>\r\n",
        "To: reader@example.net\r\n",
        "Subject: On engines\r\n",
        "Date: Mon, 23 Jun 2025 09:30:00 +0200\r\n",
        &format!("Message-ID: <{}>\r\n", copy.message_id),
        "List-Id: Notes <newsletter.example.org>\r\n",
        &format!(
            "List-Unsubscribe: <https://news.example.org/u/{token}>,\r\n <mailto:leave+{token}@news.example.org>\r\n"
        ),
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        "List-Archive: <https://example.org/>\r\n",
        "Content-Type: multipart/alternative;\r\n boundary=\"=_",
    ] {
        assert!(head.contains(line), "{line} is missing in\n{head}");
    }
    assert!(!message.contains(&issue.marker));
}

#[test]
fn one_click_is_offered_only_when_the_server_can_know_who_clicks() {
    let config = |list: &str| {
        let text = SITE.replace("'https://news.example.org/u/{token}', 'mailto:leave+{token}@news.example.org'", list);
        crate::config::parse("config.toml", &text).unwrap()
    };
    for list in ["'mailto:leave@example.org'", "'https://example.org/unsubscribe'"] {
        let message = message(&issue(&config(list), &[entry("One")]));
        assert!(message.contains("List-Unsubscribe: <") && !message.contains("List-Unsubscribe-Post"), "{message}");
    }
}

#[test]
fn replies_go_where_the_owner_wants_them() {
    let config = config("reply_to = 'Zoë <zoe@example.org>'\n");
    let message = message(&issue(&config, &[entry("One")]));
    assert!(message.contains("\r\nReply-To: =?utf-8?Q?Zo=C3=AB?= <zoe@example.org>\r\n"), "{message}");
}

#[test]
fn the_sender_is_named_to_gmail_when_its_own_domain_signs() {
    let id = |more: &str| issue(&config(more), &[entry("One")]).feedback_id;
    assert_eq!(id(""), None);
    assert_eq!(id("feedback_id = 'adanotes'\n").as_deref(), Some("issue7:newsletter:tidings:adanotes"));
    let derived = id("[mail.dkim]\n").unwrap();
    assert_eq!(derived.split(':').map(str::len).collect::<Vec<_>>(), [6, 10, 7, 12], "{derived}");
    let message = message(&issue(&config("list_id = 'tidings.example.org'\n[mail.dkim]\n"), &[entry("One")]));
    assert!(message.contains("\r\nFeedback-ID: issue7::tidings:"), "{message}");
}

#[test]
fn an_issue_that_an_older_version_froze_is_sent_as_it_was() {
    let issue = issue(&config(""), &[entry("One")]);
    let mut frozen = serde_json::to_value(&issue).unwrap();
    for new in ["archive", "feedback_id"] {
        frozen.as_object_mut().unwrap().remove(new).unwrap();
    }
    let thawed: Issue = serde_json::from_value(frozen).unwrap();
    assert_eq!(message(&issue).replace("List-Archive: <https://example.org/>\r\n", ""), message(&thawed));
}

#[test]
fn the_parts_arrive_as_they_were_composed() {
    for (title, text) in
        [("Engines", "A short text — with a dash."), ("日本語の題名", "これは本文です。".repeat(80).as_str())]
    {
        let mut entry = entry(title);
        entry.content = read(&format!("<p>{text}</p>")).nodes;
        let issue = issue(&config(""), &[entry]);
        let bytes = Copies::new(&issue, None).message(&reader(&issue));
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(parsed.subject(), Some(title));
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n"), text_for(&issue, &reader(&issue)));
        assert_eq!(parsed.body_html(0).unwrap().replace("\r\n", "\n"), html_for(&issue, &reader(&issue)));
        assert!(parsed.text_part(0).unwrap().is_content_type("text", "plain"), "the text part is first");
    }
}

#[test]
fn every_try_has_the_same_bytes_and_waiting_changes_only_the_date() {
    let templates = Templates::new(&BTreeMap::new()).unwrap();
    let (config, entries) = (config(""), [entry("One"), entry("Two")]);
    let at = |date: &str| compose(7, &date.parse().unwrap(), &entries, &config, &templates, Some(FEED)).unwrap();
    let first = at("2025-06-23T09:30:00+02:00[+02:00]");
    assert_eq!(message(&first), message(&at("2025-06-23T09:30:00+02:00[+02:00]")));
    let later = at("2025-06-24T00:00:00+02:00[+02:00]");
    assert_eq!(first.digest, later.digest);
    assert_eq!(Issue { date: first.date.clone(), ..later }, first);
    let other = compose(
        7,
        &"2025-06-23T09:30:00+02:00[+02:00]".parse().unwrap(),
        &entries[..1],
        &config,
        &templates,
        Some(FEED),
    )
    .unwrap();
    assert_ne!(first.digest, other.digest);
}

#[test]
fn a_digest_names_its_first_entry_and_counts_the_others() {
    let issue = issue(&config(""), &[entry("One"), entry("Two"), entry("Three")]);
    assert_eq!(issue.subject, "One and 2 more");
    assert_eq!(issue.html.matches("<h1").count(), 1);
    assert_eq!(issue.html.matches("<h2").count(), 3);
    assert!(
        issue.text.starts_with(
            "Notes\n=====\nIssue 7 · 23 June 2025\n\nIn this issue\n\n- One\n- Two\n- Three\n\nOne\n---\n"
        ),
        "{}",
        issue.text
    );
}

#[test]
fn an_entry_without_a_title_is_named_by_its_first_words() {
    let mut untitled = entry("");
    untitled.summary = None;
    let html = "<p>Rain all day, and the <a href=\"https://example.org/x\">engine</a> would not start; so I read instead of \
        working.</p>";
    untitled.content = read(html).nodes;
    let issue = issue(&config(""), &[untitled]);
    assert_eq!(issue.subject, "Rain all day, and the engine would not start; so I read…");
    assert!(
        issue.text.starts_with("23 June 2025\n------------\nNotes\nView in browser: https://example.org//\n\nRain"),
        "{}",
        issue.text
    );
}

#[test]
fn a_text_part_reads_well() {
    let issue = issue(&config(""), &[entry("One")]);
    let token = reader(&issue).token;
    assert_eq!(
        text_for(&issue, &reader(&issue)),
        format!(
            "One\n---\nNotes · 23 June 2025\nView in browser: https://example.org/one/\n\nThe text of One.\n\nRead this post online:\nhttps://example.org/one/\n\n-- \n\
             You receive this because you subscribed to Notes.\n\n\
             Unsubscribe: https://news.example.org/u/{token}\n\
             Unsubscribe by e-mail:\n<mailto:leave+{token}@news.example.org>\n\
             Archive: https://example.org/\nFeed: https://example.org/feed.xml\n\n12 St James’s Square, London\n"
        )
    );
}

#[test]
fn the_frame_is_small_and_loads_nothing() {
    let issue = issue(&config(""), &[entry("One")]);
    let frame = issue.html.len() - entry("One").html().len();
    assert!(frame < 4_608, "the frame has {frame} bytes");
    for loader in ["<img", "url(", "@import", "<link", "src="] {
        assert!(!issue.html.contains(loader), "{loader}");
    }
}

#[test]
fn both_parts_hold_the_same_links() {
    let issue = issue(&config(""), &[entry("One"), entry("Two")]);
    let links: Vec<&str> = issue.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.len() >= 10, "{links:?}");
    for link in links {
        assert!(issue.text.contains(link), "{link} is missing in\n{}", issue.text);
    }
}

#[test]
fn a_name_changes_no_encoding() {
    let own = BTreeMap::from([(
        "email/issue.txt".to_owned(),
        "{{ subscriber.name }}様\n{% for entry in entries %}{{ entry.text.body }}\n{% endfor %}{{ links[0].url }}\n{{ subscriber.name | default(\"皆\") }}様\n"
            .to_owned(),
    )]);
    let mut japanese = Entry { language: "ja".into(), ..entry("題名") };
    japanese.content = read(&format!("<p>{}</p>", "これは本文です。".repeat(900))).nodes;
    let date = "2025-06-23T09:30:00+02:00[+02:00]".parse().unwrap();
    let issue = compose(7, &date, &[japanese], &config(""), &Templates::new(&own).unwrap(), Some(FEED)).unwrap();
    for name in [None, Some("花子"), Some("A"), Some("Ada <ada> & co")] {
        let reader = reader(&issue).named(name.map(str::to_owned));
        let bytes = Copies::new(&issue, Some(signer())).message(&reader);
        let message = String::from_utf8(bytes.clone()).unwrap();
        assert_eq!(message.matches("Content-Transfer-Encoding: base64").count(), 2, "{message}");
        assert_eq!(verify(&message, &signer().records()), [true, true]);
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n"), text_for(&issue, &reader));
        assert_eq!(parsed.body_html(0).unwrap().replace("\r\n", "\n"), html_for(&issue, &reader));
    }
}

#[test]
fn an_issue_is_cut_by_its_size_as_it_is_sent() {
    let mut japanese = Entry { language: "ja".into(), ..entry("題名") };
    japanese.content = read(&format!("<p>{}</p>", "これは本文です。".repeat(30)).repeat(110)).nodes;
    let issue = issue(&config(""), &[japanese]);
    let sent = super::sent_size(&issue.html);
    assert!(issue.html.len() < 80_000 && sent <= super::NEAR_CLIP && sent > super::NEAR_CLIP - 2_000, "{sent}");
    assert!(issue.html.contains("続きをウェブで読む（あと約"));
}

#[test]
fn an_address_that_no_line_can_hold_is_refused() {
    let list = format!("'https://example.org/{}{{token}}'", "x".repeat(900));
    let text = SITE.replace("'https://news.example.org/u/{token}', 'mailto:leave+{token}@news.example.org'", &list);
    let config = crate::config::parse("config.toml", &text).unwrap();
    let templates = Templates::new(&BTreeMap::new()).unwrap();
    let date = "2025-06-23T09:30:00+02:00[+02:00]".parse().unwrap();
    assert_eq!(
        compose(1, &date, &[entry("One")], &config, &templates, Some(FEED)).unwrap_err()[0].code,
        "newsletter/unsubscribe"
    );
}

#[test]
fn an_issue_in_one_language_says_so_and_its_own_words_say_theirs() {
    let persian = Entry { language: "fa".into(), ..entry("سکوت") };
    let issue = issue(&config(""), &[persian]);
    assert!(issue.html.contains("<html lang=\"fa\" dir=\"rtl\">") && issue.html.contains("text-align:right"));
    assert!(issue.html.contains("lang=\"en\" dir=\"ltr\">\n<table"), "the footer is in English: {}", issue.html);
}

#[test]
fn what_is_beside_a_date_does_not_move_its_day_where_lines_run_from_right_to_left() {
    let hebrew = Entry { language: "he".into(), ..entry("שקט") };
    let issue = issue(&config(""), &[hebrew]);
    for part in [&issue.html, &issue.text] {
        assert!(part.contains("Notes ·\u{200F} 23 ביוני 2025"), "{part}");
    }
}

#[test]
fn without_a_sender_there_is_no_issue() {
    let config = crate::config::parse("config.toml", "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n").unwrap();
    let templates = Templates::new(&BTreeMap::new()).unwrap();
    let date = "2025-06-23T09:30:00+02:00[+02:00]".parse().unwrap();
    let problems = compose(1, &date, &[entry("One")], &config, &templates, Some(FEED)).unwrap_err();
    assert_eq!(problems[0].code, "newsletter/no-sender");
}

#[test]
fn a_fault_of_the_sites_own_template_is_reported_with_its_place() {
    let own = BTreeMap::from([("email/issue.txt".to_owned(), "{{ subject }}\n{{ sujbect }}\n".to_owned())]);
    let date = "2025-06-23T09:30:00+02:00[+02:00]".parse().unwrap();
    let problems =
        compose(1, &date, &[entry("One")], &config(""), &Templates::new(&own).unwrap(), Some(FEED)).unwrap_err();
    assert_eq!(problems[0].location.as_ref().unwrap().line, 2);
}

/// Texts that try to break out of a header, a line, an attribute or a paragraph.
pub(super) fn hostile() -> impl Strategy<Value = String> {
    let bits = prop_oneof![
        prop::sample::select(vec![
            "\r\n", "\n", "\r", "\0", "\u{202E}", "\u{2066}", "=?utf-8?Q?x?=", "=?", "?=", "\u{301}\u{302}", "\u{9b}", "\u{FEFF}", "Bcc: x@example.net", "\r\n\r\n", ".", "From ",
            "<script>", "</td></table>", "\"", "\\", "&amp;", "{{ token }}", "日本", "👩\u{200D}👧", "e\u{301}", " ", "\t", "\u{85}", "--=_",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
        "[a-z]{1,12}",
        prop_oneof![4 => proptest::strategy::Just(1_usize), 1 => proptest::strategy::Just(5_000), 1 => proptest::strategy::Just(10_000)]
            .prop_map(|count| "x".repeat(count)),
    ];
    prop::collection::vec(bits, 0..8).prop_map(|bits| bits.concat())
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 96, ..Default::default() })]

    #[test]
    fn no_text_breaks_a_message(
        title in hostile(), name in hostile(), reply in hostile(), list in hostile(), summary in hostile(), body in hostile(),
        address in hostile(), several in any::<bool>(),
    ) {
        let mut config = config("reply_to = 'x@example.org'\n[mail.dkim]\n");
        config.site.title.clone_from(&list);
        config.newsletter.list_id.name = list;
        config.newsletter.from.as_mut().unwrap().name = Some(name);
        config.newsletter.reply_to.as_mut().unwrap().name = Some(reply);
        config.newsletter.postal_address = Some(address);
        let mut first = entry("x");
        first.title = title;
        first.summary = Some(summary);
        first.content = read(&format!("<p>{body}</p>")).nodes;
        let mut entries = vec![first];
        if several {
            entries.push(entry("Two"));
        }
        let issue = issue(&config, &entries);
        let message = String::from_utf8(Copies::new(&issue, Some(signer())).message(&reader(&issue))).unwrap();
        assert_eq!(verify(&message, &signer().records()), [true, true]);
        let mut expected = ["DKIM-Signature"; 2].to_vec();
        expected.extend(HEADERS);
        expected.insert(3, "Reply-To");
        expected.insert(12, "Feedback-ID");
        assert_eq!(header_names(&message), expected);
        let head = message.split("\r\n\r\n").next().unwrap();
        assert!(head.is_ascii(), "{head}");
        check_lines(head);
        assert!(message.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n', '\0'])));
        assert!(issue.subject.chars().count() <= 200);

        let parsed = MessageParser::default().parse(message.as_bytes()).unwrap();
        assert_eq!(parsed.subject().unwrap_or_default(), issue.subject);
        let from = parsed.from().unwrap().first().unwrap();
        assert_eq!(from.address(), Some("ada@news.example.org"));
        assert_eq!(from.name().unwrap_or_default(), issue.from_name.as_deref().unwrap_or_default());
        let reply_to = parsed.reply_to().unwrap().first().unwrap();
        assert_eq!(reply_to.address(), Some("x@example.org"));
        assert_eq!(reply_to.name().unwrap_or_default(), issue.reply_to.as_ref().unwrap().0.as_deref().unwrap_or_default());
        assert_eq!(parsed.parts.len(), 3);
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n"), text_for(&issue, &reader(&issue)));
        assert_eq!(parsed.body_html(0).unwrap().replace("\r\n", "\n"), html_for(&issue, &reader(&issue)));

        // One control character makes Gmail cut a message short.
        let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        let shown = [issue.subject.as_str(), from.name().unwrap_or_default(), reply_to.name().unwrap_or_default()];
        let turns = |c: char| c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        assert!(!shown.concat().contains(turns) && !issue.html.contains(is_control) && !issue.text.contains(is_control));
    }
}
