//! What is wrong with an issue before it leaves: what mail programs cut, hide or distrust, and what readers cannot read.
//! Looks at the exact parts, and points at the line of the post or the setting that causes it.

mod body;
mod document;
mod findings;
mod parity;
#[cfg(test)]
mod tests;

use crate::config::{Config, READABLE};
use crate::diagnostic::{Diagnostic, Location};
use crate::model::{Entry, Issue, distinct};

use super::{CLIP, NEAR_CLIP, sent_size};
use findings::Findings;
pub use findings::Sources;

/// A longer subject is cut on every screen.
const LONG_SUBJECT: usize = 100;
/// A line of a list of messages has about so much room beside the subject.
const PREHEADER: std::ops::RangeInclusive<usize> = 20..=150;

/// The pages and pictures on the web that an issue leads to or shows, each once, in order; not those that are a reader's own.
pub fn addresses(issue: &Issue) -> Vec<String> {
    let tokens = document::parse(&issue.html);
    let mut found = Vec::new();
    for address in body::targets(&tokens).into_iter().chain(body::pictures(&tokens)) {
        let is_own = address.contains(&issue.marker) || issue.unsubscribe.iter().any(|other| other == address);
        let page = address.split('#').next().unwrap_or_default();
        if page.starts_with("http") && !is_own {
            found.push(page.to_owned());
        }
    }
    distinct(&mut found);
    found
}

/// A link of which its server says that there is nothing: what that means for a mail.
pub fn dead_link(address: &str, answer: &str, sources: &Sources) -> Diagnostic {
    let diagnostic = Diagnostic::warning("mail/dead-link", format!("the link `{address}` is dead: {answer}"));
    let diagnostic = diagnostic.help("mend the link; a page of your own has to be online before its mail leaves");
    match sources.find(&[address]) {
        Some(place) => diagnostic.at(place),
        None => diagnostic,
    }
}

/// Looks at an issue of these entries.
///
/// Errors are what would make the issue useless or unlawful; all else is worth knowing.
pub fn lint(issue: &Issue, entries: &[Entry], config: &Config, sources: &Sources) -> Vec<Diagnostic> {
    let mut findings = Findings { sources, found: Vec::new() };
    let tokens = document::parse(&issue.html);
    size(issue, &mut findings);
    subject(issue, &tokens, entries, &mut findings);
    emptiness(entries, &mut findings);
    domain(issue, &mut findings);
    body::look(&tokens, entries, &mut findings);
    parity::look(&tokens, issue, &mut findings);
    unsubscribe(issue, &mut findings);
    postal_address(issue, config, &tokens, &mut findings);
    let mut found = findings.found;
    found.extend(contrast(config, sources));
    found
}

fn size(issue: &Issue, findings: &mut Findings<'_>) {
    const HELP: &str = "set `newsletter.content = \"auto\"`, which shows as much as fits and links to the rest";
    let place = findings.sources.only_post();
    let (kilobytes, limit) = (sent_size(&issue.html) / 1024, CLIP / 1024);
    let message = format!("the mail has {kilobytes} KB as it is sent; Gmail cuts it at {limit} KB");
    match sent_size(&issue.html) {
        size if size > CLIP => {
            findings.error("mail/size", format!("{message}, with the link to unsubscribe"), place, HELP);
        }
        size if size > NEAR_CLIP => findings.warning("mail/size", message, place, HELP),
        _ => {}
    }
}

/// The domain of the sender, which the Message-ID names too.
fn domain(issue: &Issue, findings: &mut Findings<'_>) {
    let domain = issue.from_address.rsplit('@').next().unwrap_or_default();
    let is_public =
        domain.contains('.') && ![".local", ".localdomain", ".internal"].iter().any(|end| domain.ends_with(end));
    if !is_public {
        let place = Some(findings.sources.setting("newsletter", "from"));
        let message = format!("`{domain}` is no public domain, which makes filters doubt the mail");
        findings.warning("mail/header", message, place, "send from an address below a domain of your own");
    }
}

/// A text that is for the web only leaves nothing to mail.
fn emptiness(entries: &[Entry], findings: &mut Findings<'_>) {
    for entry in entries.iter().filter(|entry| entry.content.is_empty()) {
        let place = Some(Location::start_of(&entry.path));
        let message = format!("“{}” has no text in the mail", entry.title);
        findings.warning("mail/empty", message, place, "write one, or `newsletter: false` into the front matter");
    }
}

fn subject(issue: &Issue, tokens: &[document::Token], entries: &[Entry], findings: &mut Findings<'_>) {
    let title = entries.first().map_or("", |entry| entry.title.as_str());
    let place = findings.sources.find(&["subject:", title]).or_else(|| findings.sources.only_post());
    let length = issue.subject.chars().count();
    if issue.subject.trim().is_empty() {
        findings.error(
            "mail/subject",
            "the mail has no subject",
            place,
            "give the post a title, or a `subject:` for mail",
        );
    } else if length > LONG_SUBJECT {
        let message = format!("the subject has {length} characters; mail programs show 40 to 70");
        findings.warning("mail/subject", message, place, "write a shorter `subject:` into the front matter");
    } else if is_shouted(&issue.subject) {
        let message = "the subject is all in capitals, as those of spam are";
        findings.warning(
            "mail/subject",
            message,
            place,
            "write it as in a sentence, or a `subject:` into the front matter",
        );
    } else if let Some(word) = answers(&issue.subject) {
        let message = format!("the subject begins with `{word}:`, as if this were an answer");
        findings.warning("mail/subject", message, place, "leave that out: filters take it for a fraud");
    }
    let hidden = body::hidden_beginning(tokens);
    let place = || findings.sources.find(&["preheader:"]).or_else(|| findings.sources.only_post());
    let (message, place) = match &hidden {
        None => ("there is no preheader: nothing is shown beside the subject in the list of messages".to_owned(), None),
        Some(text) if text.eq_ignore_ascii_case(&issue.subject) => {
            ("the preheader only repeats the subject".to_owned(), place())
        }
        Some(text) if !PREHEADER.contains(&text.chars().count()) => {
            let length = text.chars().count();
            (format!("the preheader has {length} characters; there is room for 40 to 130"), place())
        }
        Some(_) => return,
    };
    findings.warning(
        "mail/preheader",
        message,
        place,
        "write `preheader:` into the front matter, a sentence of 40 to 130 characters",
    );
}

/// Two words or more, without a small letter.
fn is_shouted(subject: &str) -> bool {
    let words = subject.split_whitespace().filter(|word| word.chars().filter(|c| c.is_uppercase()).count() > 1).count();
    words > 1 && !subject.chars().any(char::is_lowercase)
}

/// The word with which mail programs begin the subject of an answer or of what they forward.
fn answers(subject: &str) -> Option<&str> {
    const WORDS: [&str; 9] = ["re", "fwd", "fw", "aw", "wg", "sv", "rv", "antw", "回复"];
    let (word, _) = subject.trim_start().split_once([':', '：'])?;
    WORDS.contains(&&*word.trim_end().to_lowercase()).then_some(word.trim_end())
}

fn unsubscribe(issue: &Issue, findings: &mut Findings<'_>) {
    const HELP: &str = "print the links of `links` in the template, or remove the template to use the built-in one";
    if issue.unsubscribe.is_empty() {
        let place = Some(findings.sources.setting("newsletter", "unsubscribe"));
        findings.error("mail/unsubscribe", "no reader could unsubscribe", place, "set `newsletter.unsubscribe`");
        return;
    }
    let has = |part: &str| {
        issue.unsubscribe.iter().any(|address| part.contains(address) || part.contains(&address.replace('&', "&amp;")))
    };
    for (part, name, path) in
        [(&issue.html, "HTML", "templates/email/issue.html"), (&issue.text, "text", "templates/email/issue.txt")]
    {
        if !has(part) {
            let message = format!("the {name} part has no address for unsubscribing");
            findings.error("mail/unsubscribe", message, Some(Location::start_of(path)), HELP);
        }
    }
}

/// The postal address that is set has to reach the reader, as several laws have it.
fn postal_address(issue: &Issue, config: &Config, tokens: &[document::Token], findings: &mut Findings<'_>) {
    let Some(address) = &config.newsletter.postal_address else { return };
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let seen = [words(&body::visible(tokens)), words(&issue.text)];
    let lines = address.lines().map(words).filter(|line| !line.is_empty());
    for line in lines {
        for (part, name) in seen.iter().zip(["issue.html", "issue.txt"]) {
            if !part.contains(&line) {
                let place = Some(Location::start_of(&format!("templates/email/{name}")));
                let help = "print `postal_address` in the template, or remove the template to use the built-in one";
                findings.warning(
                    "mail/postal-address",
                    "the mail does not show `newsletter.postal_address`",
                    place,
                    help,
                );
                return;
            }
        }
    }
}

/// WCAG 2.2, 1.4.3
fn contrast(config: &Config, sources: &Sources) -> Vec<Diagnostic> {
    let weak = config.theme.pairs().filter(|pair| pair.contrast < READABLE);
    let warnings = weak.map(|pair| {
        let message = format!(
            "`{}` on `{}` has a contrast of {:.1} on {} screens; reading needs {READABLE}",
            pair.text, pair.ground, pair.contrast, pair.scheme
        );
        let section = format!("theme.{}", pair.scheme);
        let own = sources.setting(&section, pair.text);
        let place = if own.excerpt.is_empty() { sources.setting(&section, pair.ground) } else { own };
        Diagnostic::warning("mail/contrast", message).at(place).help("make one of them darker or lighter")
    });
    warnings.collect()
}
