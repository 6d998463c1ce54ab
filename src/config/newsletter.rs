//! `[newsletter]`: who writes to whom, and what would be a mistake.

use jiff::civil::Date;
use url::Url;

use crate::diagnostic::Location;
use crate::model::{ListId, Mailbox, is_list_name};

use super::inbox::{self as joining, Inbox, TOKEN};
use super::placeholder;
use super::reader::{Reader, Section};
use super::words::{self, Words};
use super::{Feeds, Schedule, Site, Web};

/// Whether the due entries share one issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All due entries in one issue.
    Digest,
    /// One issue for each entry.
    Each,
}

/// How much of an entry its issue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailContent {
    /// Everything.
    Full,
    /// The content before the mark `<!-- more -->`, else the summary, and a link to the rest.
    Excerpt,
    /// Everything, unless the issue would grow so large that Gmail cuts it: then the longest entries end earlier, with a
    /// link to the rest.
    Auto,
}

/// What an issue can show above and below its title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The name of the site, above the title.
    Name,
    /// The picture of `feeds.logo`, above the title.
    Logo,
    /// Who wrote an entry, below its title.
    Byline,
    /// What an entry's author says about it.
    Description,
    /// The picture of an entry from its front matter.
    Cover,
}

/// The words for these parts.
const PARTS: [(&str, Part); 5] = [
    ("name", Part::Name),
    ("logo", Part::Logo),
    ("byline", Part::Byline),
    ("description", Part::Description),
    ("cover", Part::Cover),
];

/// `[newsletter]`
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of config.toml")]
pub struct Newsletter {
    /// The sender; a site that only builds feeds may leave it out.
    pub from: Option<Mailbox>,
    /// Where replies go, when not to the sender.
    pub reply_to: Option<Mailbox>,
    /// No post dated before this day is ever mailed; guards the first run.
    pub start: Option<Date>,
    /// One issue or several.
    pub mode: Mode,
    /// How much of each entry.
    pub content: MailContent,
    /// What stands above and below titles.
    pub show: Vec<Part>,
    /// Whether mail shows pictures of films that come from the firm that shows the film, which learns who reads.
    pub embed_thumbnails: bool,
    /// Where a person who reads a forwarded copy or the archive can subscribe: the address of `newsletter.subscribe`, else the page
    /// of `serve`, else the address for joining by mail.
    pub subscribe: Option<String>,
    /// Whether a reader who has confirmed gets a letter that welcomes.
    pub welcome: bool,
    /// Whether a reader who has confirmed gets the newest issue, which was sent before.
    pub latest_issue_to_new: bool,
    /// Whether the issues are published as pages, below `issues/` on the site.
    pub archive: bool,
    /// Fewer due entries than this wait for more.
    pub min_entries: usize,
    /// More due entries than this are a mistake until `--allow too-many`.
    pub max_entries: usize,
    /// After the first run, a due entry older than this many days is a mistake until `--allow too-late`; 0 switches the guard off.
    pub max_lateness: u32,
    /// Mail leaves only when the page of every due entry is online.
    pub require_live: bool,
    /// Shown in the footer, as many countries' law asks.
    pub postal_address: Option<String>,
    /// The identity of the list.
    pub list_id: ListId,
    /// What names the sender in Feedback-ID: 5 to 15 letters, digits and `-`, never to be changed.
    pub feedback_id: Option<String>,
    /// Addresses of List-Unsubscribe, https first; `{token}` stands for the reader's token.
    pub unsubscribe: Vec<String>,
    /// The one of these to which mail programs post when a reader clicks their button (RFC 8058), and where it is set.
    pub one_click: Option<(String, Location)>,
    /// When `serve` publishes by itself.
    pub schedule: Option<Schedule>,
    /// What the newsletter says by itself, where the owner says it in other words.
    pub words: Words,
    /// The lists that readers may be on and posts may be for: the name and title of each, by name.
    pub lists: Vec<(String, String)>,
}

pub(super) fn read<'t>(
    root: &mut Section<'_, 't>,
    reader: &mut Reader<'t>,
    site: Option<&Site>,
    (web, inbox): (&Web, &Inbox),
    feeds: &Feeds,
) -> Newsletter {
    let mut section = root.section(reader, "newsletter", "newsletter");
    let from = mailbox(&mut section, reader, "from");
    if let Some((from, place)) = &from {
        placeholder::look_at_mailbox(reader, "from", from, place.clone());
    }
    let from = from.map(|(from, _)| from);
    let reply_to = reply_to(&mut section, reader);
    let start = start(&mut section, reader);
    let mode = section.word(reader, "mode", &[("digest", Mode::Digest), ("each", Mode::Each)]).unwrap_or(Mode::Digest);
    let contents = [("auto", MailContent::Auto), ("full", MailContent::Full), ("excerpt", MailContent::Excerpt)];
    let content = section.word(reader, "content", &contents).unwrap_or(MailContent::Auto);
    let show = parts(&mut section, reader, feeds);
    let embed_thumbnails = section.switch(reader, "embed_thumbnails").unwrap_or(false);
    let subscribe =
        subscribe(&mut section, reader).or_else(|| web.url.as_ref().map(Url::to_string)).or_else(|| inbox.join_link());
    let welcome = section.switch(reader, "welcome").unwrap_or(false);
    let latest_issue_to_new = section.switch(reader, "latest_issue_to_new").unwrap_or(false);
    let archive = section.switch(reader, "archive").unwrap_or(false);
    let max_entries = section.number(reader, "max_entries", 1..10_001).unwrap_or(10);
    let min_entries = section.number(reader, "min_entries", 1..10_001).unwrap_or(1);
    if let Some(place) = section.get("min_entries").map(|value| reader.place(value.span())) {
        if min_entries > max_entries {
            let help = "write a smaller number, or a larger `max_entries`";
            reader.refuse("`newsletter.min_entries` is more than `newsletter.max_entries`", place, help);
        } else if min_entries > 1 && mode == Mode::Each {
            let help = "remove it, or write `mode = \"digest\"`";
            reader.refuse("`newsletter.min_entries` is for issues of several entries", place, help);
        }
    }
    let max_lateness = section.number(reader, "max_lateness", 0..36_501).unwrap_or(90);
    let require_live = section.switch(reader, "require_live").unwrap_or(false);
    let postal_address = section.string(reader, "postal_address").map(|(text, place)| {
        placeholder::look_at_postal_address(reader, &text, place);
        text
    });
    let list_id = section.string(reader, "list_id");
    let feedback_id = section.string(reader, "feedback_id").map(|(id, place)| {
        if !(5..=15).contains(&id.len())
            || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            || id == "tidings"
        {
            let message = format!("`newsletter.feedback_id` does not name a sender: `{id}`");
            reader.refuse(message, place, "write 5 to 15 letters, digits and `-` that no one else uses");
        }
        id
    });
    let unsubscribe = section.strings(reader, "unsubscribe");
    let schedule = schedule(&mut section, reader);
    let words = words::read(&mut section, reader);
    let lists = lists(&mut section, reader);
    section.finish(reader);
    let host = site.and_then(|site| site.url.host_str()).unwrap_or("localhost");
    let list_id = list_id.map_or_else(
        || format!("newsletter.{host}"),
        |(id, place)| {
            let label = |part: &str| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            };
            if id.len() > 255 || !id.contains('.') || !id.split('.').all(label) {
                let message = format!("`newsletter.list_id` is not a list identifier (RFC 2919): `{id}`");
                reader.refuse(message, place, format!("write for example `list_id = \"newsletter.{host}\"`"));
            }
            id
        },
    );
    if let Some((address, place)) = joining::look_at_replies(inbox, from.as_ref(), reply_to.as_ref()) {
        let message = format!("every answer to an issue would join: `inbox.join` is where answers go: `{address}`");
        reader.refuse(message, place, "name another address, such as `join@…` or one with `+join` before the `@`");
    }
    let (unsubscribe, page) = unsubscribe_addresses(unsubscribe, reader, (web, inbox), from.as_ref());
    Newsletter {
        unsubscribe,
        one_click: page.filter(|(address, _)| address.contains(TOKEN)),
        from,
        reply_to,
        start,
        mode,
        content,
        show,
        embed_thumbnails,
        welcome,
        latest_issue_to_new,
        subscribe,
        archive,
        schedule,
        words,
        lists,
        min_entries: min_entries as usize,
        max_entries: max_entries as usize,
        max_lateness,
        require_live,
        postal_address,
        feedback_id,
        list_id: ListId { name: site.map(|site| site.title.clone()).unwrap_or_default(), id: list_id },
    }
}

fn schedule<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Option<Schedule> {
    let (text, place) = section.string(reader, "schedule")?;
    match Schedule::parse(&text) {
        Ok(schedule) => Some(schedule),
        Err(problem) => {
            let help = "write for example `schedule = \"mon 09:00\"`, `\"mon-fri 07:30\"`, `\"daily 09:00, 18:00\"` or `\"1 09:00\"`";
            reader.refuse(format!("`newsletter.schedule` {problem}"), place, help);
            None
        }
    }
}

fn parts<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>, feeds: &Feeds) -> Vec<Part> {
    let mut parts = Vec::new();
    for (text, place) in section.strings(reader, "show").unwrap_or_default() {
        let part = PARTS.iter().find(|(word, _)| *word == text).map(|(_, part)| *part);
        match part {
            Some(Part::Logo) if feeds.logo.is_none() => {
                let message = "`newsletter.show` has the logo, and `feeds.logo` is not set";
                reader.refuse(message, place, "set `feeds.logo`, or write \"name\"");
            }
            Some(part) => parts.push(part),
            None => {
                let words = PARTS.map(|(word, _)| format!("\"{word}\"")).join(", ");
                let message = format!("`newsletter.show` has an unknown value: `{text}`");
                reader.refuse(message, place, format!("write any of {words}"));
            }
        }
    }
    parts
}

fn lists<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Vec<(String, String)> {
    let mut lists = Vec::new();
    for (name, title, place) in section.texts(reader, "lists") {
        if is_list_name(&name) {
            lists.push((name, title));
        } else {
            let message = format!("`newsletter.lists` has a name that no list may have: `{name}`");
            reader.refuse(message, place, "write letters from a to z in lower case, digits and `-`, at most 40");
        }
    }
    lists.sort();
    lists
}

fn subscribe<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Option<String> {
    let (text, place) = section.string(reader, "subscribe")?;
    let url = Url::parse(text.trim()).ok();
    let url = url.filter(|url| url.scheme() == "mailto" || url.scheme() == "https" && url.host_str().is_some());
    if url.is_none() {
        let message = format!("`newsletter.subscribe` is neither an https nor a mailto address: `{text}`");
        reader.refuse(message, place, "write the address of the page where people subscribe");
    }
    url.map(String::from)
}

/// https before mailto (RFC 2369 §2: the first one is preferred), those that know the reader before others, and what was chosen
/// in the place of what `web.url` makes; a mail to the sender where none is chosen. With the https address that readers get, and
/// where it is set.
fn unsubscribe_addresses(
    given: Option<Vec<(String, Location)>>,
    reader: &mut Reader<'_>,
    (web, inbox): (&Web, &Inbox),
    from: Option<&Mailbox>,
) -> (Vec<String>, Option<(String, Location)>) {
    let mut addresses = Vec::new();
    let is_chosen = given.is_some();
    let mut page: Option<(String, Location)> = None;
    for (text, place) in given.unwrap_or_default() {
        let valid = match text.split_once(':') {
            Some(("https", _)) => Url::parse(&text).is_ok_and(|url| url.host_str().is_some()),
            Some(("mailto", rest)) => rest
                .split('?')
                .next()
                .is_some_and(|address| address.replace(TOKEN, "t").parse::<crate::model::EmailAddress>().is_ok()),
            _ => false,
        };
        if valid && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b',')) {
            placeholder::look_at_unsubscribe(reader, &text, place.clone());
            if text.starts_with("https:")
                && page.as_ref().is_none_or(|(page, _)| text.contains(TOKEN) && !page.contains(TOKEN))
            {
                page = Some((text.clone(), place));
            }
            addresses.push(text);
        } else {
            let message = format!("`newsletter.unsubscribe` is neither an https nor a mailto address: `{text}`");
            let help = "write `https://…/{token}` or `mailto:name@domain?subject=unsubscribe`, without blanks, commas and brackets";
            reader.refuse(message, place, help);
        }
    }
    if let (None, Some(url), Some(place)) = (&page, &web.url, &web.location) {
        let address = format!("{url}u/{TOKEN}");
        addresses.push(address.clone());
        page = Some((address, place.clone()));
    }
    if let Some((address, place)) = page.as_ref().filter(|(address, _)| from.is_some() && !address.contains(TOKEN)) {
        without_token(address, place.clone(), reader);
    }
    // Beside an https address too: not every client can post, and filters look for both.
    if let (true, Some(from)) = (!is_chosen || addresses.is_empty(), from) {
        let address = inbox.leave.as_deref().unwrap_or(from.address.as_str());
        addresses.push(joining::mailto(address, "unsubscribe"));
    }
    addresses.sort_by_key(|address| (!address.starts_with("https:"), !address.contains(TOKEN)));
    (addresses, page)
}

fn without_token(address: &str, place: Location, reader: &mut Reader<'_>) {
    let message = format!(
        "a reader who clicks `{address}` comes to a page that does not know who they are, and mail programs have no button \
         for it: some will mark the mail as spam instead"
    );
    let help = "put `{token}` into it, which stands for the reader, and let what answers there run `tidings subscribers remove \
                --token`; or leave `newsletter.unsubscribe` out, and readers unsubscribe by mail";
    reader.warning("newsletter/no-token", message, place, help);
}

fn start<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Option<Date> {
    let value = section.get("start")?;
    let text = match (value.get_ref().as_datetime(), value.get_ref().as_str()) {
        (Some(date), _) => date.to_string(),
        (_, Some(text)) => text.to_owned(),
        _ => String::new(),
    };
    let date = text.parse::<Date>().ok();
    if date.is_none() {
        let place = reader.place(value.span());
        reader.refuse("`newsletter.start` is not a day", place, "write for example `start = 2026-01-31`");
    }
    date
}

/// An address of which the local part is beyond ASCII makes a message that only some servers take (RFC 6531): those who write
/// from such an address know, but a place for replies must not cost a reader.
fn reply_to<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Option<Mailbox> {
    let (mailbox, place) = mailbox(section, reader, "reply_to")?;
    placeholder::look_at_mailbox(reader, "reply_to", &mailbox, place.clone());
    if !mailbox.address.as_str().is_ascii() {
        let message =
            "`newsletter.reply_to` has letters beyond ASCII before the `@`: not every mail server takes such a message";
        reader.error(
            "config/address",
            message.into(),
            place,
            "name an address that is written in ASCII before the `@`",
        );
    }
    Some(mailbox)
}

fn mailbox<'t>(
    section: &mut Section<'_, 't>,
    reader: &mut Reader<'t>,
    key: &'static str,
) -> Option<(Mailbox, Location)> {
    let (text, place) = section.string(reader, key)?;
    match text.parse() {
        Ok(mailbox) => Some((mailbox, place)),
        Err(error) => {
            reader.error(
                "config/address",
                error.to_string(),
                place,
                format!("write for example `{key} = \"Ada <ada@example.org>\"`"),
            );
            None
        }
    }
}
