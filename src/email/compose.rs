//! Entries become an issue. Invariant: an issue says nothing about the moment it was made but in `date`, so its digest
//! is the same whenever the same entries are composed.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Zoned;

use crate::config::{Config, MailContent, TOKEN};
use crate::content::text;
use crate::diagnostic::Diagnostic;
use crate::model::{Entry, Issue, NamePlace, sha256_hex};
use crate::templates::Templates;

use super::NEAR_CLIP;
use super::base32::base32;
use super::clean::one_line;
use super::extent::{Shown, cap};
use super::look::Look;
use super::name::{MOST, Part, place};
use super::tokens::KEYED_LENGTH;
use super::transfer::{TransferEncoding, sent_size};
use super::view::{IssueView, inlined};

/// RFC 5322 §2.1.1 allows lines of 998 octets, and an address cannot be folded.
const ADDRESS_LIMIT: usize = 900;
/// HTML that is so many times longer than it may be does not fit: made fit for mail clients it is seldom shorter at all.
const FAR_TOO_LONG: usize = 8;

/// Makes an issue of entries as mail shows them ([`Entry::for_mail`]), in the order given. `number` is its number, `date` the time of the run, `feed` the address of
/// the feed that it links to.
///
/// # Errors
/// Faults of the site's templates, and what the configuration lacks for a message: a sender, an address for
/// unsubscribing that fits on a header line.
pub fn compose(
    number: i64,
    date: &Zoned,
    entries: &[Entry],
    config: &Config,
    templates: &Templates,
    feed: Option<&str>,
) -> Result<Issue, Vec<Diagnostic>> {
    let newsletter = &config.newsletter;
    let mut problems = Vec::new();
    if newsletter.from.is_none() {
        let problem = Diagnostic::error("newsletter/no-sender", "`newsletter.from` is not set");
        problems.push(problem.help("write for example `from = \"Ada <ada@example.org>\"` below `[newsletter]`"));
    }
    if entries.is_empty() {
        let problem = Diagnostic::error("newsletter/empty", "an issue needs at least one entry");
        problems.push(problem.help("choose an entry with `--include`"));
    }
    for address in &newsletter.unsubscribe {
        if address.replace(TOKEN, &"x".repeat(KEYED_LENGTH)).len() > ADDRESS_LIMIT {
            let beginning: String = address.chars().take(40).collect();
            let message =
                format!("an address for unsubscribing is longer than {ADDRESS_LIMIT} characters: `{beginning}…`");
            problems.push(
                Diagnostic::error("newsletter/unsubscribe", message).help("shorten it in `newsletter.unsubscribe`"),
            );
        }
    }
    let (Some(from), true) = (&newsletter.from, problems.is_empty()) else { return Err(problems) };

    let texts: Vec<String> = entries.iter().map(|entry| text::write(&entry.content)).collect();
    let shown: Vec<Shown<'_>> = match newsletter.content {
        MailContent::Full => entries.iter().map(Shown::whole).collect(),
        // The rest of a very long one is cut off without a look at it.
        MailContent::Auto => entries.iter().map(|entry| Shown::beginning(entry, FAR_TOO_LONG * NEAR_CLIP)).collect(),
        MailContent::Excerpt => entries.iter().map(Shown::excerpt).collect(),
    };
    let look = Look::new(templates.stylesheet(), &config.theme);
    let told = (entries, &texts[..]);
    let mut parts = parts(number, told, &shown, config, (templates, &look), feed)?;
    let mut is_fitted = !shown.iter().any(|shown| shown.is_cut);
    // What is left may be encoded in another way, and be longer for it.
    for _ in 0..2 {
        if newsletter.content == MailContent::Auto && (sent_size(&parts.html) > NEAR_CLIP || !is_fitted) {
            let shown = shorter(entries, &shown, &parts, &look);
            parts = self::parts(number, told, &shown, config, (templates, &look), feed)?;
            is_fitted = true;
        }
    }
    let Parts { view, html, text, marker, names, unsubscribe } = parts;
    let reply_to = newsletter.reply_to.as_ref();
    let mut issue = Issue {
        number,
        subject: view.subject,
        from_name: Some(one_line(from.name.as_ref().unwrap_or(&config.site.title))).filter(|name| !name.is_empty()),
        from_address: from.address.as_str().to_owned(),
        reply_to: reply_to.map(|mailbox| (mailbox.name.as_deref().map(one_line), mailbox.address.as_str().to_owned())),
        list_id: newsletter.list_id.clone(),
        unsubscribe,
        archive: Some(config.archive_url().unwrap_or_else(|| config.site.url.to_string()))
            .filter(|address| address.len() <= ADDRESS_LIMIT),
        feedback_id: feedback_id(number, config),
        date: date.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        html,
        text,
        marker,
        names,
        // The caller has put entries for the same lists together.
        lists: entries
            .first()
            .and_then(|entry| entry.mailing.as_ref())
            .map_or_else(Vec::new, |mailing| mailing.lists.clone()),
        digest: String::new(),
    };
    issue.digest = fingerprint(&issue);
    Ok(issue)
}

/// The two parts of an issue, and what they were made of.
struct Parts {
    view: IssueView,
    html: String,
    text: String,
    marker: String,
    names: Vec<NamePlace>,
    unsubscribe: Vec<String>,
}

fn parts(
    number: i64,
    entries: (&[Entry], &[String]),
    shown: &[Shown<'_>],
    config: &Config,
    (templates, look): (&Templates, &Look),
    feed: Option<&str>,
) -> Result<Parts, Vec<Diagnostic>> {
    let templated = one_of_each(&config.newsletter.unsubscribe);
    let mut view = IssueView::new(number, entries, shown, config, look, feed);
    let marker = marker(&format!("{view:?}{templated:?}"));
    let unsubscribe: Vec<String> = templated.iter().map(|address| address.replace(TOKEN, &marker)).collect();
    view.link(&unsubscribe);
    let mut problems = Vec::new();
    let mut render = |name| templates.render(name, &view).map_err(|problem| problems.push(problem)).unwrap_or_default();
    let (html, text) = (render("email/issue.html"), render("email/issue.txt"));
    let mut names = Vec::new();
    let marker_of = |number: usize| self::marker(&format!("name {number}\n{html}{text}"));
    let (html, text) =
        (place(&html, Part::Html, &mut names, marker_of), place(&text, Part::Text, &mut names, marker_of));
    if names.len() > MOST {
        let message = format!("the templates have more than {MOST} words for readers without a name");
        let problem = Diagnostic::error("template/invalid", message);
        problems.push(problem.help("write the same `default(\"…\")` behind each `subscriber.name`"));
    }
    if problems.is_empty() { Ok(Parts { view, html, text, marker, names, unsubscribe }) } else { Err(problems) }
}

/// What is shown when everything is too much.
fn shorter<'e>(entries: &'e [Entry], shown: &[Shown<'e>], parts: &Parts, look: &Look) -> Vec<Shown<'e>> {
    let encoding = TransferEncoding::of(&parts.html);
    let sizes: Vec<usize> = parts.view.contents().map(|html| encoding.size(html)).collect();
    let frame = encoding.size(&parts.html).saturating_sub(sizes.iter().sum());
    let cap = cap(&sizes, NEAR_CLIP.saturating_sub(frame));
    let fits = |entry: &Entry, shown: &Shown<'e>| {
        shown.length() / FAR_TOO_LONG <= cap && encoding.size(&inlined(entry, shown, entries.len() == 1, look)) <= cap
    };
    let shorten = |((entry, shown), size): ((&'e Entry, &Shown<'e>), usize)| {
        if size > cap || shown.is_cut { Shown::fitting(entry, |shown| fits(entry, shown)) } else { shown.clone() }
    };
    entries.iter().zip(shown).zip(sizes).map(shorten).collect()
}

/// The first https and the first mailto address: RFC 8058 §3.1 wants one https address.
fn one_of_each(addresses: &[String]) -> Vec<String> {
    let first = |scheme: &str| addresses.iter().find(|address| address.starts_with(scheme)).cloned();
    ["https:", "mailto:"].into_iter().filter_map(first).collect()
}

/// Feedback-ID: issue, list and sender, for Gmail's statistics of complaints. It counts only in messages that the sender's own
/// domain has signed; a mail server that signs for its customers writes its own.
fn feedback_id(number: i64, config: &Config) -> Option<String> {
    let newsletter = &config.newsletter;
    let list = newsletter.list_id.id.split('.').next().unwrap_or_default();
    let sender = match (&newsletter.feedback_id, &config.mail.dkim) {
        (Some(sender), _) => sender.clone(),
        (None, Some(_)) => {
            base32(digest(&SHA256, format!("feedback-id\n{}", newsletter.list_id.id).as_bytes()).as_ref())[..12]
                .to_owned()
        }
        (None, None) => return None,
    };
    // No identifier may stand in two fields.
    let list = if list.eq_ignore_ascii_case("tidings") || list == sender { "" } else { list };
    Some(format!("issue{number}:{list}:tidings:{sender}"))
}

/// As many letters as a token has, which stand for it: made from what the parts are made of, and found nowhere in it.
fn marker(content: &str) -> String {
    let mut count = 0_u32;
    loop {
        let letters = base32(digest(&SHA256, format!("marker\n{count}\n{content}").as_bytes()).as_ref());
        let marker = format!("b{letters}");
        if !content.contains(&marker) {
            return marker;
        }
        count += 1;
    }
}

/// SHA-256 in hex over all that readers see but the date. Each field is preceded by its length, so that no text can
/// pass for the end of one field and the start of the next.
fn fingerprint(issue: &Issue) -> String {
    let reply_to =
        issue.reply_to.as_ref().map(|(name, address)| [name.as_deref().unwrap_or_default(), address.as_str()]);
    let fixed = [
        &issue.subject,
        issue.from_name.as_deref().unwrap_or_default(),
        &issue.from_address,
        &issue.list_id.name,
        &issue.list_id.id,
        &issue.html,
        &issue.text,
    ];
    let optional = issue.archive.iter().chain(&issue.feedback_id).chain(&issue.lists);
    let addresses = issue.unsubscribe.iter().chain(optional).map(String::as_str);
    let fields = fixed.into_iter().chain(reply_to.into_iter().flatten()).chain(addresses);
    let seen: Vec<u8> = fields.flat_map(|field| format!("{}:{field}\n", field.len()).into_bytes()).collect();
    sha256_hex(&seen)
}
