//! What the templates see. Sites may bring their own templates, so these names are a promise: a field may be added, none
//! renamed. All texts are clean, on one line unless said otherwise; `html` is safe to be printed as it is.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::{Config, Part, Theme, Words};
use crate::model::{Entry, Mailbox, media_type};
use crate::templates::{NAME_END, NAME_START};

use super::calendar::day;
use super::clean::{one_line, printable, shorten};
use super::extent::Shown;
use super::inline::{CARDS, Surroundings, inline};
use super::look::Look;
use super::plain::{labelled, underlined, wrap};
use super::text_form::{self, content_words};
use super::wording::{Wording, direction, primary};

/// RFC 5322 sets no limit; no client shows more.
const SUBJECT_LIMIT: usize = 200;
/// What clients show beside the subject in the list of messages.
const PREHEADER_LIMIT: usize = 130;
const PREHEADER_LEAST: usize = 40;
/// A no-break space that nothing collapses, for the non-joiner after it.
const PADDING: &str = "\u{A0}\u{200C}";
/// How many of them follow a short preheader.
const PADDING_LIMIT: usize = 40;

#[derive(Debug, Serialize)]
pub(super) struct IssueView {
    pub(super) subject: String,
    /// Shown beside the subject in the list of messages, hidden in the message.
    preheader: String,
    /// Blanks that follow the preheader, so that the body does not.
    preheader_padding: String,
    language: String,
    /// `ltr` or `rtl`.
    direction: &'static str,
    /// `left` or `right`: where lines start.
    start: &'static str,
    number: i64,
    /// The day of the newest entry. Not the day of the run: an issue does not change by waiting.
    date: String,
    /// `Issue 3 · 23 June 2025`
    meta: String,
    publication: String,
    site_url: String,
    /// Where the whole issue is online, when the site has an archive.
    page_url: Option<String>,
    /// Where past issues are: the archive, or the site.
    #[serde(skip)]
    archive_url: String,
    /// `None` when the site has no feed that mail links to.
    feed_url: Option<String>,
    /// What stands above the title.
    masthead: Option<MastheadView>,
    entries: Vec<EntryView>,
    reason: String,
    /// That replies are read.
    reply: Option<String>,
    /// For readers of a forwarded copy.
    subscribe: Option<LinkView>,
    /// Unsubscribing, archive, feed.
    links: Vec<LinkView>,
    /// Lines.
    postal_address: Vec<String>,
    theme: Theme,
    /// The styles of the parts of the frame, by their classes.
    look: BTreeMap<String, String>,
    /// The style elements of the head.
    head: Vec<String>,
    /// The width of the column in pixels.
    column: u32,
    words: Wording,
    /// The one who reads this copy.
    subscriber: SubscriberView,
    text: IssueText,
}

#[derive(Debug, Serialize)]
struct MastheadView {
    /// The picture with the name of the publication; the name itself stands there without one.
    logo: Option<PictureView>,
    /// The name, wrapped, when the text part does not name the publication elsewhere.
    text: Option<String>,
}

#[derive(Debug, Serialize)]
struct PictureView {
    url: String,
    alt: String,
    /// In pixels, at most those of the column.
    width: u32,
    height: Option<u32>,
    /// As it stands in the text part.
    text: Option<String>,
}

#[derive(Debug, Serialize)]
struct SubscriberView {
    /// The name; `| default("friend")` says what readers without one are called, else that is a word of the newsletter's.
    name: String,
}

/// The lines of the text part that have to be wrapped.
#[derive(Debug, Serialize)]
struct IssueText {
    /// The publication, underlined.
    heading: String,
    meta: String,
    /// One item for each entry.
    contents: Vec<String>,
    /// A label and the address of the page of the issue.
    view_online: Option<String>,
    reason: String,
    reply: Option<String>,
    postal_address: Vec<String>,
}

#[derive(Debug, Serialize)]
struct EntryView {
    /// The title; the day for an entry without one.
    heading: String,
    /// The subject that its author wrote for the mail.
    #[serde(skip)]
    subject: Option<String>,
    /// What its author wrote for beside the subject.
    #[serde(skip)]
    preheader: Option<String>,
    /// What names it in a list: the title, or its first words.
    headline: String,
    url: String,
    date: String,
    /// `Publication · 23 June 2025 · 4 min read`, without what is said above it (the publication in a digest, the day where
    /// it is the heading) and what would say nothing.
    meta: String,
    /// Whether the whole issue is at its address.
    is_issue: bool,
    /// What its author says about it, when that is not how it begins.
    description: Option<String>,
    /// The picture from its front matter, when it is not in the content.
    cover: Option<PictureView>,
    /// What the link to its address says below it.
    read_label: String,
    language: String,
    direction: &'static str,
    start: &'static str,
    /// Its content, for `| safe`.
    html: String,
    /// False when it goes on at its address.
    is_whole: bool,
    text: EntryText,
}

/// The lines of an entry in the text part.
#[derive(Debug, Serialize)]
struct EntryText {
    /// The heading, underlined.
    heading: String,
    meta: String,
    /// A label and the address of its page.
    view_online: String,
    description: Option<String>,
    /// The content: many lines.
    body: String,
}

#[derive(Debug, Serialize)]
struct LinkView {
    label: String,
    url: String,
    /// Label and address as they stand in the text part.
    text: String,
}

impl IssueView {
    /// What the templates see of `entries`, of which there is at least one, but for the footer's links.
    /// `texts` are the whole of each as text, `shown` says how much of each, `feed` is the address of the feed to link to.
    pub(super) fn new(
        number: i64,
        (entries, texts): (&[Entry], &[String]),
        shown: &[Shown<'_>],
        config: &Config,
        look: &Look,
        feed: Option<&str>,
    ) -> Self {
        let language = match entries {
            [first, others @ ..] if others.iter().all(|entry| entry.language == first.language) => &first.language,
            _ => &config.site.language,
        };
        let none = Words::new();
        let own = if primary(language) == primary(&config.site.language) { &config.newsletter.words } else { &none };
        let words = Wording::of(language, own);
        let publication = one_line(&config.site.title);
        let alone = entries.len() == 1;
        let masthead = masthead(config, look, &publication, alone);
        let frame = Frame {
            publication: Some(&*publication).filter(|_| alone && masthead.is_none()),
            alone,
            show: &config.newsletter.show,
        };
        let date = entries.iter().max_by_key(|entry| &entry.published).map(|entry| day(&entry.published, language));
        let date = date.unwrap_or_default();
        let meta = [words.issue(number), date.clone()].join(joint(direction(language)));
        let views: Vec<_> = entries
            .iter()
            .zip(texts)
            .zip(shown)
            .map(|((entry, text), shown)| EntryView::new((entry, text), shown, &frame, &words, look))
            .collect();
        let subject = subject(&views, &words);
        let preheader = preheader((entries, texts), &views, &subject, &publication);
        let reason = words.reason(&publication);
        let postal_address = config.newsletter.postal_address.as_deref().unwrap_or_default();
        let postal_address: Vec<_> = postal_address.lines().map(one_line).filter(|line| !line.is_empty()).collect();
        let site_url = config.site.url.to_string();
        let page_url = config.issue_url(number);
        let direction = direction(language);
        let reply = config.newsletter.reply_to.as_ref().filter(|mailbox| is_read(mailbox)).map(|_| words.word("reply"));
        let subscribe = config.newsletter.subscribe.as_ref().map(|url| LinkView {
            label: words.word("subscribe").to_owned(),
            text: labelled(
                &format!("{} {}", words.word("forwarded"), words.word("subscribe")),
                words.word("colon"),
                url,
            ),
            url: url.clone(),
        });
        Self {
            preheader_padding: PADDING
                .repeat(PREHEADER_LIMIT.saturating_sub(preheader.chars().count()).min(PADDING_LIMIT)),
            preheader,
            direction,
            start: start(direction),
            number,
            text: IssueText {
                heading: underlined(&publication, "="),
                meta: wrap(&meta, ""),
                view_online: page_url.as_ref().map(|url| labelled(words.word("view_online"), words.word("colon"), url)),
                contents: views.iter().map(|entry| wrap(&entry.headline, "- ")).collect(),
                reason: wrap(&reason, ""),
                reply: reply.map(|reply| wrap(reply, "")),
                postal_address: postal_address.iter().map(|line| wrap(line, "")).collect(),
            },
            reply: reply.map(str::to_owned),
            subscribe,
            masthead,
            date,
            meta,
            archive_url: config.archive_url().unwrap_or_else(|| site_url.clone()),
            page_url,
            site_url,
            feed_url: feed.map(str::to_owned),
            reason,
            links: Vec::new(),
            postal_address,
            theme: config.theme.clone(),
            look: look.parts(direction == "rtl"),
            head: look.head(views.iter().any(|view| view.html.contains(CARDS))),
            column: look.column,
            entries: views,
            subscriber: SubscriberView { name: format!("{NAME_START}{}{NAME_END}", words.word("reader")) },
            words,
            subject,
            publication,
            language: language.clone(),
        }
    }

    /// What is shown of each entry.
    pub(super) fn contents(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.html.as_str())
    }

    /// Fills in the footer's links; `unsubscribe` holds addresses with the marker in them.
    pub(super) fn link(&mut self, unsubscribe: &[String]) {
        let words = &self.words;
        let labels = ["unsubscribe", "unsubscribe_by_mail"].map(|key| words.word(key));
        let site = [(words.word("archive"), Some(&self.archive_url)), (words.word("feed"), self.feed_url.as_ref())];
        let site = site.into_iter().filter_map(|(label, url)| Some((label, url?)));
        let links = labels.into_iter().zip(unsubscribe).chain(site);
        self.links = links.map(|(label, url)| LinkView::new(label, words.word("colon"), url)).collect();
    }
}

impl EntryView {
    fn new((entry, whole): (&Entry, &str), shown: &Shown<'_>, frame: &Frame<'_>, words: &Wording, look: &Look) -> Self {
        let direction = direction(&entry.language);
        let date = day(&entry.published, &entry.language);
        let title = one_line(&entry.title);
        let headline =
            Some(&title).filter(|title| !title.is_empty()).cloned().unwrap_or_else(|| first_words(entry, whole, 60));
        let headline = if headline.is_empty() { date.clone() } else { headline };
        let (heading, dated) = if title.is_empty() { (date.clone(), None) } else { (title, Some(date.as_str())) };
        let readable = primary(&words.language) == primary(&entry.language);
        let reading_time = words.reading_time(minutes(whole)).filter(|_| readable);
        let authors: Vec<_> =
            entry.authors.iter().map(|author| one_line(&author.name)).filter(|name| !name.is_empty()).collect();
        let authors = Some(authors.join(", ")).filter(|names| frame.shows(Part::Byline) && !names.is_empty());
        let meta = authors
            .as_deref()
            .into_iter()
            .chain(frame.publication)
            .chain(dated)
            .chain(reading_time.as_deref())
            .collect::<Vec<_>>()
            .join(joint(direction));
        let mailing = entry.mailing.as_deref();
        let own = |text: &Option<String>| text.as_deref().map(one_line).filter(|text| !text.is_empty());
        let body = printable(&text_form::of(entry, shown, whole));
        let more = if shown.is_cut { minutes(whole).saturating_sub(minutes(&body)) } else { 0 };
        let description = description(entry, whole).filter(|_| frame.shows(Part::Description));
        let read_label = if shown.is_whole { words.word("read_online").to_owned() } else { words.read_on(more) };
        Self {
            text: EntryText {
                heading: underlined(&heading, "-"),
                meta: wrap(&meta, ""),
                view_online: labelled(words.word("view_online"), words.word("colon"), &entry.url),
                description: description.as_ref().map(|text| wrap(text, "")),
                // No blanks at line ends: `-- ` alone on a line would start the signature (RFC 3676 §4.3).
                body: body.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned(),
            },
            subject: mailing.and_then(|mailing| own(&mailing.subject)),
            preheader: mailing.and_then(|mailing| own(&mailing.preheader)),
            html: inlined(entry, shown, frame.alone, look),
            is_whole: shown.is_whole,
            is_issue: frame.alone,
            description,
            cover: cover(entry, look).filter(|_| frame.shows(Part::Cover)),
            read_label,
            heading,
            headline,
            url: entry.url.clone(),
            date,
            meta,
            language: entry.language.clone(),
            direction,
            start: start(direction),
        }
    }
}

/// What is around an entry.
struct Frame<'a> {
    /// The publication, when nothing above the entry names it.
    publication: Option<&'a str>,
    /// Whether the entry is the only one of its issue.
    alone: bool,
    show: &'a [Part],
}

impl Frame<'_> {
    fn shows(&self, part: Part) -> bool {
        self.show.contains(&part)
    }
}

/// What stands above the title; nothing for the name in an issue of several entries, of which it is the title.
fn masthead(config: &Config, look: &Look, publication: &str, alone: bool) -> Option<MastheadView> {
    let show = &config.newsletter.show;
    let logo = config.feeds.logo.as_ref().filter(|_| show.contains(&Part::Logo));
    let logo = logo.map(|url| PictureView {
        url: url.to_string(),
        alt: publication.to_owned(),
        width: look.width_of("logo").unwrap_or(look.column).min(look.column),
        height: None,
        text: None,
    });
    let is_shown = logo.is_some() || show.contains(&Part::Name) && alone && !publication.is_empty();
    is_shown.then(|| MastheadView { logo, text: alone.then(|| wrap(publication, "")) })
}

/// What an entry's author says about it; nothing when that is how it begins.
fn description(entry: &Entry, whole: &str) -> Option<String> {
    let summary = one_line(entry.summary.as_deref()?);
    let beginning = content_words(&one_line(&summary));
    let begins = content_words(whole).starts_with(beginning.trim_end_matches(['…', '.']));
    Some(summary).filter(|summary| !summary.is_empty() && !begins)
}

/// The picture of an entry's front matter as mail shows it.
fn cover(entry: &Entry, look: &Look) -> Option<PictureView> {
    let image = entry.image.as_ref().filter(|image| !entry.pictures.iter().any(|other| other.url == image.url))?;
    let kind = image.media_type.as_deref().or_else(|| media_type(&image.url));
    let is_shown = kind.is_none_or(|kind| ["image/png", "image/jpeg", "image/gif"].contains(&kind));
    let alt = one_line(image.alt.as_deref().unwrap_or_default());
    let width = image.width.map_or(look.column, |width| width.min(look.column));
    is_shown.then(|| PictureView {
        url: image.url.clone(),
        height: image.width.zip(image.height).map(|(full, height)| (height.saturating_mul(width) / full.max(1)).max(1)),
        width,
        text: Some(wrap(&format!("[Image: {alt}]"), "")).filter(|_| !alt.is_empty()),
        alt,
    })
}

/// Whether replies to an address are read, by its name.
fn is_read(mailbox: &Mailbox) -> bool {
    let name = mailbox.address.local_part().to_lowercase().replace(['-', '_', '.'], "");
    !["noreply", "donotreply", "dontreply"].iter().any(|refusal| name.contains(refusal))
}

/// What is shown of an entry, made fit for mail clients; `alone` when it is the only one of its issue.
pub(super) fn inlined(entry: &Entry, shown: &Shown<'_>, alone: bool, look: &Look) -> String {
    let surroundings = Surroundings {
        look,
        url: &entry.url,
        heading: if alone { 2 } else { 3 },
        right_to_left: direction(&entry.language) == "rtl",
        pictures: &entry.mail_pictures,
        is_whole: shown.is_whole,
    };
    let mut html = inline(&entry.directed(&shown.content), &surroundings);
    if !shown.is_cut && !shown.content.is_empty() {
        html.push('\n');
    }
    html
}

impl LinkView {
    fn new(label: &str, colon: &str, url: &str) -> Self {
        Self { label: label.to_owned(), url: url.to_owned(), text: labelled(label, colon, url) }
    }
}

/// One entry: its subject or headline. Several: the first one's, and how many more there are.
fn subject(entries: &[EntryView], words: &Wording) -> String {
    let first = entries.first().map_or("", |entry| entry.subject.as_deref().unwrap_or(&entry.headline));
    let more = words.and_more(entries.len().saturating_sub(1));
    format!("{}{more}", shorten(first, SUBJECT_LIMIT.saturating_sub(more.chars().count()).max(1)))
}

/// What goes on where the subject ends: the summary or the first words; the titles that the subject does not name.
fn preheader((entries, texts): (&[Entry], &[String]), views: &[EntryView], subject: &str, publication: &str) -> String {
    let mut text = match (entries, views) {
        (_, [EntryView { preheader: Some(own), .. }]) => return shorten(own, PREHEADER_LIMIT),
        ([entry], [view]) => {
            let summary = one_line(entry.summary.as_deref().unwrap_or_default());
            let beginning = if summary.is_empty() || summary.starts_with(view.headline.trim_end_matches('…')) {
                let words = content_words(&texts[0]);
                let named = view.headline.trim_end_matches('…');
                words.strip_prefix(named).unwrap_or(&words).trim_start_matches([' ', '.', ',', ';', ':']).to_owned()
            } else {
                summary
            };
            if beginning.is_empty() { first_words(entry, &texts[0], PREHEADER_LIMIT) } else { beginning }
        }
        (_, [_, others @ ..]) => others.iter().map(|view| view.headline.as_str()).collect::<Vec<_>>().join(" · "),
        _ => String::new(),
    };
    if text.eq_ignore_ascii_case(subject) {
        text.clear();
    }
    let date = views.first().map_or("", |view| &view.date);
    for more in [publication, date] {
        if text.chars().count() < PREHEADER_LEAST {
            text = if text.is_empty() { more.to_owned() } else { format!("{text} · {more}") };
        }
    }
    shorten(&text, PREHEADER_LIMIT)
}

/// The first words of an entry's summary, or of its content.
fn first_words(entry: &Entry, text: &str, limit: usize) -> String {
    let summary = one_line(entry.summary.as_deref().unwrap_or_default());
    shorten(&if summary.is_empty() { content_words(text) } else { summary }, limit)
}

/// How many minutes a text takes: 230 words a minute, 500 characters of scripts without spaces.
fn minutes(text: &str) -> usize {
    let unspaced = |c: char| matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}');
    let words = text.split(|c: char| c.is_whitespace() || unspaced(c));
    let words = words.filter(|word| word.chars().any(char::is_alphanumeric) && !word.contains("://")).count();
    let characters = text.chars().filter(|&c| unspaced(c)).count();
    (words * 60 / 230 + characters * 60 / 500 + 30) / 60
}

/// What stands between the parts of a line. From right to left, a mark keeps the number behind it from going with the Latin letters
/// before it (UAX #9).
fn joint(direction: &str) -> &'static str {
    if direction == "rtl" { " ·\u{200F} " } else { " · " }
}

fn start(direction: &str) -> &'static str {
    if direction == "rtl" { "right" } else { "left" }
}
