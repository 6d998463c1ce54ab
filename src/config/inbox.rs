//! `[inbox]`: where answers arrive, and the addresses by which readers join, confirm and leave.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::placeholder::is_loopback;
use super::reader::{Placed, Reader, Section};
use crate::diagnostic::Location;
use crate::model::{EmailAddress, Mailbox};

/// The placeholder of a token in an address.
pub const TOKEN: &str = "{token}";

/// How many letters a reader's token has.
const READER_TOKEN: usize = 27;

/// What must not stand as it is in the address of a `mailto:` (RFC 6068 §2), or in brackets in a header.
const NOT_IN_MAILTO: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'+').remove(b'!').remove(b'$');

/// `[inbox]`
#[derive(Debug, Clone, Default)]
pub struct Inbox {
    /// Where the mailbox is, when it is set.
    pub place: Option<InboxPlace>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// The file that holds the password, relative to the site.
    pub password_file: Option<String>,
    /// A mail to this address is a wish to get the newsletter.
    pub join: Option<EmailAddress>,
    /// Where that stands.
    pub(super) join_place: Option<Location>,
    /// A mail to this address confirms; it has [`TOKEN`] in it.
    pub confirm: Option<String>,
    /// A mail to this address unsubscribes; it has [`TOKEN`] in it.
    pub leave: Option<String>,
}

impl Inbox {
    /// A link for those who join by mail.
    pub fn join_link(&self) -> Option<String> {
        Some(mailto(self.join.as_ref()?.as_str(), "subscribe"))
    }
}

/// A link to a mail with this subject; [`TOKEN`] stays as it is in the address.
pub(super) fn mailto(address: &str, subject: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let local: Vec<_> = local.split(TOKEN).map(|part| utf8_percent_encode(part, NOT_IN_MAILTO).to_string()).collect();
    format!("mailto:{}@{domain}?subject={subject}", local.join(TOKEN))
}

/// A mailbox to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxPlace {
    /// A Maildir: a folder, relative to the site.
    Maildir(String),
    /// A folder at a server.
    Server(MailboxServer),
}

/// A folder at an IMAP server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailboxServer {
    /// Its name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Who logs in.
    pub user: String,
    /// The folder, usually `INBOX`.
    pub folder: String,
    /// How the connection is protected.
    pub encryption: Encryption,
}

/// How a connection to a mailbox is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encryption {
    /// TLS from the first byte (RFC 8314 §3.2).
    Implicit,
    /// STARTTLS, and nothing is sent before it (RFC 9051 §6.2.1).
    StartTls,
    /// None: only to this machine itself.
    Loopback,
}

impl InboxPlace {
    /// Reads a value of `inbox.url`.
    ///
    /// # Errors
    /// The problem, without the value, which may hold a password.
    fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(folder) = text.strip_prefix("maildir:") {
            return if folder.is_empty() { Err("names no folder") } else { Ok(Self::Maildir(folder.to_owned())) };
        }
        let url = Url::parse(text).map_err(|_| "is not the URL of a mailbox")?;
        if !matches!(url.scheme(), "imaps" | "imap") {
            return Err("is neither an IMAP mailbox nor a Maildir");
        }
        if url.password().is_some() {
            return Err("holds a password, which is not for a file that others read");
        }
        let decode = |text: &str| {
            let text = percent_decode_str(text).decode_utf8().map_err(|_| "is no text (UTF-8)")?;
            if text.contains(char::is_control) { Err("has control characters") } else { Ok(text.into_owned()) }
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("names no server")?;
        let user = decode(url.username())?;
        if user.is_empty() {
            return Err("does not say who logs in");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("has more after the folder");
        }
        let folder = decode(url.path().trim_start_matches('/'))?;
        if !folder.is_ascii() {
            return Err("names a folder beyond ASCII");
        }
        let (usual, encryption) = match url.scheme() {
            "imaps" => (993, Encryption::Implicit),
            _ if is_loopback(host) => (143, Encryption::Loopback),
            _ => (143, Encryption::StartTls),
        };
        Ok(Self::Server(MailboxServer {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or(usual),
            user,
            folder: if folder.is_empty() { "INBOX".to_owned() } else { folder },
            encryption,
        }))
    }
}

pub(super) fn read<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Inbox {
    let mut section = root.section(reader, "inbox", "inbox");
    let place = section.string(reader, "url").and_then(|(text, place)| match InboxPlace::parse(&text) {
        Ok(found) => Some(found),
        Err(problem) => {
            let help = "write for example `url = \"imaps://user@mail.example.org\"` or `url = \"maildir:Maildir\"`, and \
                        name the password's variable in `password_env`";
            // The line may hold a password, which is not for a terminal or a log.
            let place = Location { excerpt: String::new(), ..place };
            reader.refuse(format!("`inbox.url` {problem}"), place, help);
            None
        }
    });
    let password_env = section.string(reader, "password_env").map(|(text, _)| text);
    let password_file = section.string(reader, "password_file").map(|(text, _)| text);
    let join = section.string(reader, "join").and_then(|(text, place)| match text.parse::<EmailAddress>() {
        Ok(address) if address.as_str().is_ascii() => Some((address, place)),
        _ => {
            let message = format!("`inbox.join` is no address: `{text}`");
            reader.refuse(message, place, "write for example `join = \"join@example.org\"`");
            None
        }
    });
    let confirm = with_token(section.string(reader, "confirm"), "confirm", reader);
    let leave = with_token(section.string(reader, "leave"), "leave", reader);
    section.finish(reader);
    let confirm = confirm.or_else(|| join.as_ref().map(|(join, place)| beside(join, place, reader)));
    // Its token says what it is for, so that one address serves both.
    let leave = leave.or_else(|| confirm.clone().filter(|_| join.is_some()));
    let (join, join_place) = join.unzip();
    Inbox { place, password_env, password_file, join, join_place, confirm, leave }
}

/// An address of which the local part has a place for a token.
fn with_token(given: Option<Placed<String>>, key: &'static str, reader: &mut Reader<'_>) -> Option<String> {
    let (text, place) = given?;
    let address = text.replacen(TOKEN, &"a".repeat(READER_TOKEN), 1).parse::<EmailAddress>();
    let ends_local = text.split_once('@').is_some_and(|(local, rest)| {
        // What is before the token must not become a part of it.
        let before = local.strip_suffix(TOKEN);
        before.is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric())) && !rest.contains(TOKEN)
    });
    if ends_local && text.is_ascii() && address.is_ok_and(|address| !address.as_str().contains(['{', '}'])) {
        return Some(text);
    }
    let message = format!("`inbox.{key}` is no address with a sign such as `+` and `{TOKEN}` before the `@`: `{text}`");
    reader.refuse(message, place, format!("write for example `{key} = \"{key}+{{token}}@example.org\"`"));
    None
}

/// The address with a place for a token beside the one for joining.
fn beside(join: &EmailAddress, place: &Location, reader: &mut Reader<'_>) -> String {
    let local = join.local_part();
    if local.len() + READER_TOKEN >= 64 {
        let message = "`inbox.join` is too long to have a token of 27 letters beside it";
        reader.refuse(message, place.clone(), "name a shorter address, or set `inbox.confirm`");
    }
    format!("{local}{}{TOKEN}@{}", if local.contains('+') { '-' } else { '+' }, join.domain())
}

/// Answers to an issue are no wishes to join.
pub(super) fn look_at_replies(
    inbox: &Inbox,
    from: Option<&Mailbox>,
    reply_to: Option<&Mailbox>,
) -> Option<Placed<String>> {
    let join = inbox.join.as_ref()?;
    let is_join = |mailbox: &&Mailbox| mailbox.address.key() == join.key();
    let taken = reply_to.or(from).filter(is_join)?;
    Some((taken.address.as_str().to_owned(), inbox.join_place.clone()?))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{only_problem, with};
    use super::*;

    #[test]
    fn a_mailbox_is_a_folder_or_at_a_server() {
        let place = |url: &str| with(&format!("[inbox]\nurl = '{url}'\n")).unwrap().inbox.place.unwrap();
        assert_eq!(place("maildir:Maildir"), InboxPlace::Maildir("Maildir".into()));
        for (url, user, host, port, folder, encryption) in [
            ("imaps://ada@mail.test", "ada", "mail.test", 993, "INBOX", Encryption::Implicit),
            (
                "imaps://ada@b.test@mail.test/Lists/News",
                "ada@b.test",
                "mail.test",
                993,
                "Lists/News",
                Encryption::Implicit,
            ),
            ("imap://ada@mail.test:1143/x%20y", "ada", "mail.test", 1143, "x y", Encryption::StartTls),
            ("imap://ada@127.0.0.1:1143", "ada", "127.0.0.1", 1143, "INBOX", Encryption::Loopback),
            ("imap://ada@[::1]", "ada", "::1", 143, "INBOX", Encryption::Loopback),
        ] {
            let server =
                MailboxServer { host: host.into(), port, user: user.into(), folder: folder.into(), encryption };
            assert_eq!(place(url), InboxPlace::Server(server), "{url}");
        }
        for url in [
            "imaps://ada:s3cret@mail.test",
            "imaps://mail.test/s3cret",
            "pop3://s3cret@mail.test",
            "imaps://s3cret@mail.test/%0d%0a",
            "maildir:",
            "Maildir",
        ] {
            let problem = only_problem(&format!("[inbox]\nurl = '{url}'\n"));
            assert!(problem.location.is_some() && !format!("{problem:?}").contains("s3cret"), "{problem:?}");
        }
    }

    #[test]
    fn the_addresses_hold_the_token() {
        let inbox = |lines: &str| with(&format!("[inbox]\n{lines}\n")).unwrap().inbox;
        let made = inbox("join = 'join@b.test'");
        assert_eq!(made.confirm.as_deref(), Some("join+{token}@b.test"));
        assert_eq!(made.leave, made.confirm);
        assert_eq!(inbox("join = 'ada+join@b.test'").confirm.as_deref(), Some("ada+join-{token}@b.test"));
        assert_eq!(inbox("leave = 'leave+{token}@b.test'").confirm, None);
        for wrong in
            ["leave = 'leave@b.test'", "leave = 'leave{token}@b.test'", "confirm = 'a+{token}+b@b.test'", "join = 'x'"]
        {
            assert!(only_problem(&format!("[inbox]\n{wrong}\n")).help.is_some(), "{wrong}");
        }
    }

    #[test]
    fn leaving_by_mail_goes_where_the_inbox_reads_unless_the_owner_says_otherwise() {
        let addresses = |lines: &str| with(lines).unwrap().newsletter.unsubscribe;
        let from = "[newsletter]\nfrom = 'Ada <ada@b.test>'\n";
        let inbox = "[inbox]\nleave = 'leave+{token}@b.test'\n";
        assert_eq!(addresses(&format!("{from}{inbox}")), ["mailto:leave+{token}@b.test?subject=unsubscribe"]);
        let web = "[web]\nurl = 'https://news.b.test'\n";
        assert_eq!(
            addresses(&format!("{from}{inbox}{web}")),
            ["https://news.b.test/u/{token}", "mailto:leave+{token}@b.test?subject=unsubscribe"]
        );
        let own = "unsubscribe = 'mailto:ada@b.test'\n";
        assert_eq!(addresses(&format!("{from}{own}{inbox}")), ["mailto:ada@b.test"]);
        let problem = only_problem(&format!("{from}[inbox]\njoin = 'ada@b.test'\n"));
        assert!(problem.message.contains("every answer"), "{problem:?}");
    }
}
