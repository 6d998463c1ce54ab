//! What the front matter says about the mail that carries a post: whether, when, under which subject.
//!
//! The keys stand at the top (`subject`, `preheader`, `send_after`) or in a table `newsletter`, where no other program looks.
//! Some blogs use `subject` at the top for a topic, as a category: what several posts share there is none of a mail.

use std::collections::BTreeMap;

use crate::config::Newsletter;
use crate::diagnostic::{Diagnostic, Location};
use crate::model::{Mailing, Post};

use super::date::{self, Conventions};
use super::findings::Findings;
use super::front_matter::{Field, Fields, Value, normal};
use super::plain::{self, Tags};
use super::status;

/// The keys of one setting, in the order in which they count, and its key in the table.
struct Setting {
    keys: [&'static str; 3],
    inner: &'static str,
}

const SUBJECT: Setting = Setting { keys: ["newslettersubject", "emailsubject", "subject"], inner: "subject" };
const PREHEADER: Setting = Setting { keys: ["newsletterpreheader", "emailpreheader", "preheader"], inner: "preheader" };
const SEND_AFTER: Setting =
    Setting { keys: ["newslettersendafter", "emailsendafter", "sendafter"], inner: "sendafter" };

/// All keys that hold texts for readers.
pub(crate) fn text_keys<'k>() -> impl Iterator<Item = &'k str> {
    SUBJECT.keys.into_iter().chain(PREHEADER.keys).chain(["newsletter"])
}

/// The keys that the table `newsletter` may have.
const INNER: [&str; 5] = ["send", "subject", "preheader", "sendafter", LISTS];

/// The key that names the lists that a post is for, at the top and in the table.
const LISTS: &str = "lists";

/// Whether the post may be mailed, and how.
pub(crate) fn mailing(
    fields: &Fields,
    conventions: Conventions<'_>,
    (taxonomies, newsletter): (&[String], &Newsletter),
    findings: &mut Findings<'_>,
) -> (bool, Option<Box<Mailing>>) {
    let mut refusal = status::newsletter(fields, findings);
    let table = fields.get(&["newsletter"]).filter(|field| matches!(field.value, Value::Map(_)));
    if let Some(field) = table {
        warn_of_unknown_keys(field, findings);
    }
    let is_topic = taxonomies.iter().any(|name| name == "subject");
    let subject = find(fields, table, &SUBJECT).filter(|(key, _)| *key != "subject" || !is_topic);
    let is_subject_plain = subject.as_ref().is_some_and(|(key, _)| *key == "subject");
    let subject = subject.map(|(_, text)| plain::text(&text, Tags::Formatting)).filter(|text| !text.is_empty());
    let preheader = find(fields, table, &PREHEADER).map(|(_, text)| plain::text(&text, Tags::Formatting));
    let preheader = preheader.filter(|text| !text.is_empty());
    let send_after = find(fields, table, &SEND_AFTER).and_then(|(_, text)| {
        let moment = date::parse(&text, conventions).ok();
        if moment.is_none() {
            let field = fields.get(&SEND_AFTER.keys).or(table);
            findings.error(
                "post/send-after",
                field.map_or(0..1, |field| field.at.clone()),
                format!("`send_after: {text}` is neither a day nor a time: when to mail this is not known"),
                "write `send_after: 2025-01-31` or `send_after: 2025-01-31T18:00:00+01:00`",
            );
            refusal.get_or_insert_with(|| format!("send_after: {text}"));
        }
        moment.map(|moment| moment.at)
    });
    let is_kind = taxonomies.iter().any(|name| name == LISTS);
    let top = || fields.get(&[LISTS]).filter(|_| !is_kind).map(|field| (field, &field.value));
    let named = table.and_then(|field| Some((field, field.value.get(LISTS)?))).or_else(top);
    let mut lists = Vec::new();
    if let (Some((field, value)), true) = (named, newsletter.from.is_some()) {
        match known_lists(value, newsletter) {
            Ok(known) => lists = known,
            Err((message, help)) => {
                findings.error("post/lists", field.at.clone(), message, help);
                refusal.get_or_insert_with(|| "lists".to_owned());
            }
        }
    }
    let may_be_mailed = refusal.is_none();
    let refusal = refusal.filter(|line| line != "newsletter: false");
    let says_something = subject.is_some() || preheader.is_some() || send_after.is_some() || refusal.is_some();
    let says_something = says_something || !lists.is_empty();
    let mailing = Mailing { subject, is_subject_plain, preheader, lists, send_after, refusal };
    (may_be_mailed, says_something.then(|| Box::new(mailing)))
}

/// The lists that a post names, in order; or what is wrong with them, and the cure.
fn known_lists(value: &Value, newsletter: &Newsletter) -> Result<Vec<String>, (String, String)> {
    let names: Vec<&str> = match value {
        Value::List(items) => items.iter().filter_map(Value::text).collect(),
        value => value.text().into_iter().flat_map(|text| text.split([',', ' '])).collect(),
    };
    let mut names: Vec<&str> = names.into_iter().map(str::trim).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let is_known = |name: &&str| newsletter.lists.iter().any(|(known, _)| known == name);
    if let Some(name) = names.iter().find(|name| !is_known(name)) {
        let message = format!("`lists` names a list that is not in `newsletter.lists`: `{name}`");
        let known: Vec<_> = newsletter.lists.iter().map(|(name, _)| format!("`{name}`")).collect();
        let help = if known.is_empty() {
            format!(
                "add `lists = {{ {name} = \"…\" }}` below `[newsletter]`, or remove `lists`: then every reader gets the post"
            )
        } else {
            format!("write one of {}, or add it to `newsletter.lists`", known.join(", "))
        };
        return Err((message, help));
    }
    if names.is_empty() && !value.is_absent() {
        let message = "`lists` is neither a name nor a list of names".to_owned();
        return Err((message, "write for example `lists: [essays]`".to_owned()));
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// The text of a setting, and the key that holds it; a key of the table counts as none of those at the top.
fn find(fields: &Fields, table: Option<&Field>, setting: &Setting) -> Option<(&'static str, String)> {
    if let Some(text) = table.and_then(|field| field.value.get(setting.inner)).and_then(Value::text) {
        return Some(("newsletter", text.to_owned())).filter(|(_, text)| !text.is_empty());
    }
    let text = |key: &&'static str| Some((*key, fields.get(&[*key])?.value.text()?.to_owned()));
    setting.keys.iter().find_map(text)
}

/// Warns of keys that mean nothing.
fn warn_of_unknown_keys(field: &Field, findings: &mut Findings<'_>) {
    let Value::Map(pairs) = &field.value else { return };
    for (key, _) in pairs.iter().filter(|(key, _)| !INNER.contains(&&*normal(key))) {
        let message = format!("`{key}` means nothing below `newsletter`");
        let help = "write `send`, `subject`, `preheader`, `send_after` or `lists`";
        findings.warning("post/newsletter-key", field.at.clone(), message, help);
    }
}

/// Takes the subjects away that several posts share: a topic, not the subject of a mail.
pub(crate) fn drop_topics(posts: &mut [Post], diagnostics: &mut Vec<Diagnostic>) {
    let plain = |post: &Post| {
        let mailing = post.mailing.as_deref().filter(|mailing| mailing.is_subject_plain)?;
        Some(mailing.subject.as_deref()?.to_lowercase())
    };
    let mut shared: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, post) in posts.iter().enumerate() {
        if let Some(subject) = plain(post) {
            shared.entry(subject).or_default().push(index);
        }
    }
    let mut topics = 0;
    let mut first: Option<(String, String)> = None;
    for indices in shared.into_values().filter(|indices| indices.len() > 1) {
        topics += indices.len();
        for index in indices {
            let post = &mut posts[index];
            let path = post.path.clone();
            let subject = post.mailing.as_mut().and_then(|mailing| mailing.subject.take()).unwrap_or_default();
            first = Some(first.map_or((path.clone(), subject.clone()), |first| first.min((path, subject))));
        }
    }
    if let Some((path, subject)) = first {
        let message = format!(
            "`subject: {subject}` is that of several posts ({topics} share theirs): it is not taken for a mail's"
        );
        let help = "for a mail's subject write `newsletter_subject`; for a topic add `subject` to `posts.taxonomies`";
        diagnostics.push(Diagnostic::warning("post/subject", message).at(Location::start_of(&path)).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{keys, load_all};
    use super::*;

    fn read(front_matter: &str) -> (Post, Vec<Diagnostic>) {
        keys(front_matter)
    }

    #[test]
    fn a_post_names_the_subject_preheader_and_time_of_its_mail() {
        for block in [
            "Subject: A *fine* subject\npreheader: Read on\nsend_after: 2025-02-01",
            "newsletter:\n  subject: A fine subject\n  Preheader: Read on\n  send-after: 2025-02-01",
            "email_subject: A fine subject\nsubject: no\nnewsletter_preheader: Read on\nnewsletter_send_after: 2025-02-01",
        ] {
            let (post, found) = read(block);
            assert!(found.is_empty() && post.newsletter, "{found:?}");
            let mailing = post.mailing.unwrap();
            assert_eq!(
                (mailing.subject.as_deref(), mailing.preheader.as_deref()),
                (Some("A fine subject"), Some("Read on"))
            );
            assert_eq!(mailing.send_after.unwrap().to_string(), "2025-02-01T00:00:00+01:00[Europe/Berlin]");
        }
        assert!(read("newsletter: true").0.mailing.is_none());
        assert!(read("subject: [a, b]").0.mailing.is_none(), "a list is a topic");
    }

    #[test]
    fn a_table_may_say_not_to_mail_it_and_has_no_other_keys() {
        let (post, found) = read("newsletter: { send: false, subjet: x }");
        assert!(!post.newsletter);
        assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["post/newsletter-key"]);
        let (post, _) = read("newsletter: { send: perhaps }");
        assert!(!post.newsletter);
        assert_eq!(post.mailing.unwrap().refusal.as_deref(), Some("send: perhaps"), "the plan names the line");
    }

    #[test]
    fn an_unreadable_time_is_an_error_and_nothing_is_mailed() {
        let (post, found) = read("send_after: next week");
        assert!(!post.newsletter && found[0].is_error());
        assert_eq!(
            (found[0].code, found[0].location.as_ref().unwrap().excerpt.as_str()),
            ("post/send-after", "send_after: next week")
        );
    }

    #[test]
    fn a_topic_is_not_the_subject_of_a_mail() {
        let post = |day: u8, key: &str| format!("---\ntitle: T{day}\ndate: 2025-01-0{day}\n{key}\n---\nText {day}.\n");
        let texts = [
            post(1, "subject: Math"),
            post(2, "subject: math"),
            post(3, "newsletter_subject: Math"),
            post(4, "subject: One"),
        ];
        let files: Vec<_> =
            texts.iter().enumerate().map(|(n, text)| (format!("posts/{n}.md"), text.as_str())).collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let loaded = load_all(&files);
        let subjects: Vec<_> = loaded
            .posts
            .iter()
            .map(|post| post.mailing.as_ref().and_then(|mailing| mailing.subject.as_deref()))
            .collect();
        assert_eq!(subjects, [Some("One"), Some("Math"), None, None]);
        let found: Vec<_> = loaded.diagnostics.iter().map(|finding| finding.code).collect();
        assert_eq!(found, ["post/subject"], "said once");
    }
}
