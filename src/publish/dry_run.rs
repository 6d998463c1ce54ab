//! The dry run's files: the very bytes that publishing would write and send, in `preview/`.

use std::sync::Arc;

use super::error::PublishError;
use super::feeds::BuiltFeeds;
use super::mail_pictures;
use super::prepare::Prepared;
use super::signing::signer;
use super::site::Site;
use crate::config::{ARCHIVE_FOLDER, Relay, RelayProfile};
use crate::email::dkim::Signer;
use crate::email::{self, Copies, Recipients};
use crate::files::{Access, Folder};
use crate::model::{EmailAddress, Issue, Lists, Secret, Subscriber, gets};
use crate::store::Store;

/// The folder, relative to the site.
pub const FOLDER: &str = "preview";

/// What the files of an issue are called that is not sent: the newest post of a blog from which nothing was mailed yet.
pub const SPECIMEN: &str = "specimen";

/// The copies of so many readers are written, as an outbox would hold them; more would only fill the disk.
const COPIES: u32 = 25;

/// Stands in for the site's secret as long as there is no database, and so no reader to whom it matters.
const NO_SECRET: &[u8] = b"preview";

/// A person whose own copy can be shown.
pub struct Addressee {
    secret: Secret,
    signer: Option<Arc<Signer>>,
    relay: Option<&'static RelayProfile>,
    subscriber: i64,
    name: Option<String>,
    /// Where it would go.
    pub address: EmailAddress,
}

impl Addressee {
    /// The reader that `address` is in the ledger, if any. Their copies are signed by `signer` and leave by `relay`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(
        store: Option<&mut Store>,
        signer: Option<Arc<Signer>>,
        relay: &Relay,
        address: &EmailAddress,
    ) -> Result<Self, PublishError> {
        let (secret, readers) = readers(store, Some(address)).await?;
        let reader = readers.into_iter().next();
        let (subscriber, address, name, _) = reader.unwrap_or_else(|| (0, address.clone(), None, None));
        Ok(Self { secret, signer, relay: relay.profile, subscriber, name, address })
    }

    /// Their copy of an issue.
    pub fn copy(&self, issue: &Issue) -> ReaderCopy {
        let recipients = Recipients::new(&self.secret, issue);
        let recipient = recipients.of(self.subscriber, &self.address).named(self.name.clone());
        let recipient = recipients.for_relay(recipient, self.subscriber, self.relay);
        ReaderCopy {
            html: email::html_for(issue, &recipient),
            text: email::text_for(issue, &recipient),
            message: Copies::new(issue, self.signer.clone()).message(&recipient),
        }
    }
}

/// One reader's copy of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderCopy {
    /// The HTML part, decoded.
    pub html: String,
    /// The text part, decoded.
    pub text: String,
    /// The whole message, as it goes over the wire.
    pub message: Vec<u8>,
}

/// Writes the preview, of which `feeds` were built to be shown, and removes what an earlier one left; returns the paths relative to
/// the site. A `specimen` is shown beside it.
///
/// # Errors
/// As the system reports them, or when the database does not answer.
pub async fn write(
    site: &Site,
    prepared: &Prepared,
    feeds: BuiltFeeds,
    specimen: Option<&Issue>,
    store: Option<&mut Store>,
    to: Option<&EmailAddress>,
) -> Result<Vec<String>, PublishError> {
    let mut output: Vec<(String, Vec<u8>)> = Vec::new();
    for file in prepared.made.iter().chain(&prepared.archive) {
        output.push((file.file_name.clone(), file.bytes.clone()));
    }
    let signer = signer(&site.config, site.folder.path())?;
    let (secret, readers) = readers(store, to).await?;
    let issues = prepared.issues.iter().map(|issue| (format!("issue-{}", issue.number), issue));
    for (name, issue) in issues.chain(specimen.map(|issue| (SPECIMEN.to_owned(), issue))) {
        let copies = Copies::new(issue, signer.clone());
        let recipients = Recipients::new(&secret, issue);
        // A test copy goes to the address that is named.
        let is_meant = |(_, _, _, lists): &&ListedReader| to.is_some() || gets(lists.as_ref(), &issue.lists);
        let of_issue: Vec<ListedReader> = readers.iter().filter(is_meant).cloned().collect();
        let sample = sample(site, issue, of_issue.is_empty());
        for (index, (id, address, reader, _)) in of_issue.into_iter().chain(sample).enumerate() {
            let recipient = recipients.of(id, &address).named(reader);
            let recipient = recipients.for_relay(recipient, id, site.config.mail.first().profile);
            let message = copies.message(&recipient);
            if index == 0 {
                output.push((format!("{name}.html"), email::html_for(issue, &recipient).into_bytes()));
                output.push((format!("{name}.txt"), email::text_for(issue, &recipient).into_bytes()));
                output.push((format!("{name}.eml"), message.clone()));
            }
            if id > 0 && name != SPECIMEN {
                output.push((format!("outbox/issue-{}-{id:05}.eml", issue.number), message));
            }
        }
    }
    clean(&site.folder, &output)?;
    let mut names: Vec<String> = feeds.commit()?.into_iter().map(|(name, _)| name).collect();
    for (name, bytes) in output {
        let name = format!("{FOLDER}/{name}");
        // Feeds are public.
        let access = if is_mail(&name) { Access::Private } else { Access::Public };
        site.folder.write_if_changed(&name, &bytes, access).map_err(|error| PublishError::file(&name, error))?;
        names.push(name);
    }
    Ok(names)
}

/// A reader's number, address, name and lists.
type ListedReader = (i64, EmailAddress, Option<String>, Option<Lists>);

/// The first readers, or the one named with `--to`.
async fn readers(
    store: Option<&mut Store>,
    to: Option<&EmailAddress>,
) -> Result<(Secret, Vec<ListedReader>), PublishError> {
    let Some(store) = store else {
        return Ok((Secret::new(NO_SECRET), to.map(|address| (0, address.clone(), None, None)).into_iter().collect()));
    };
    let secret = store.secret().await?;
    let readers = match to {
        Some(address) => {
            let known = store.subscriber(address).await?;
            vec![known.map_or_else(|| (0, address.clone(), None, None), listed)]
        }
        None => {
            let page = store.subscribers(Some(crate::model::SubscriberStatus::Confirmed), 0, COPIES).await?;
            page.into_iter().map(listed).collect()
        }
    };
    Ok((secret, readers))
}

fn listed(reader: Subscriber) -> ListedReader {
    (reader.id, reader.address, reader.name, reader.details.lists)
}

/// Without a reader the preview shows the copy that the sender would get.
fn sample(site: &Site, issue: &Issue, needed: bool) -> Option<ListedReader> {
    let sender = || issue.from_address.parse().ok();
    let own = site.config.newsletter.from.as_ref().map(|from| from.address.clone());
    if needed { own.or_else(sender).map(|address| (0, address, None, None)) } else { None }
}

/// True for the files of an issue: `issue-12.html`, `.txt` and `.eml`, and `issue-12-00042.eml`; or of a specimen.
fn is_mail(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    let stem = ["html", "txt", "eml"].iter().find_map(|end| file.strip_suffix(end)?.strip_suffix('.'));
    let numbers = stem.and_then(|stem| stem.strip_prefix("issue-"));
    stem == Some(SPECIMEN) || numbers.is_some_and(|numbers| numbers.split('-').all(is_number))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// True for a picture that was made for mail.
fn is_made(name: &str) -> bool {
    let file = name.strip_prefix(mail_pictures::FOLDER).and_then(|rest| rest.strip_prefix('/')?.rsplit_once('.'));
    file.is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// True for a page of the archive, or its feed.
fn is_archive(name: &str) -> bool {
    let file = name.strip_prefix(ARCHIVE_FOLDER).and_then(|rest| rest.strip_prefix('/'));
    file.is_some_and(|file| {
        matches!(file, "index.html" | "feed.xml") || file.strip_suffix("/index.html").is_some_and(is_number)
    })
}

/// Removes the files of earlier previews, and nothing else that may be there.
fn clean(site: &Folder, output: &[(String, Vec<u8>)]) -> Result<(), PublishError> {
    let old = match site.list(FOLDER, &|name| {
        let is_of_an_issue = |rest: &str| rest.strip_prefix('/').is_some_and(is_number);
        let is_archive =
            |name: &str| name.strip_prefix(ARCHIVE_FOLDER).is_some_and(|rest| rest.is_empty() || is_of_an_issue(rest));
        name == "outbox" || name == mail_pictures::FOLDER || is_archive(name)
    }) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        old => old.map_err(|error| PublishError::file(FOLDER, error))?,
    };
    for name in old {
        if (is_mail(&name) || is_made(&name) || is_archive(&name)) && !output.iter().any(|(new, _)| *new == name) {
            let path = format!("{FOLDER}/{name}");
            site.remove(&path).map_err(|error| PublishError::file(path, error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_preview_wrote_is_taken_for_it() {
        for name in ["issue-1.html", "issue-12.txt", "issue-1.eml", "outbox/issue-1-00042.eml"] {
            assert!(is_mail(name), "{name}");
        }
        for name in ["issue-tracker.md", "issue-1.pdf", "issue-.eml", "issue-one.html", "my-issue-1.html", "issue-1"] {
            assert!(!is_mail(name), "{name}");
        }
        assert!(is_archive("issues/index.html") && is_archive("issues/12/index.html") && is_archive("issues/feed.xml"));
        assert!(
            !is_archive("issues/about/index.html") && !is_archive("issues/1/notes.html") && !is_archive("index.html")
        );
        assert!(is_made("mail-images/00ff.png") && !is_made("mail-images/mine.png") && !is_made("00ff.png"));
    }
}
