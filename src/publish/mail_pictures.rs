//! What mail shows in the place of pictures that mail clients do not show: a PNG or JPEG of the same name that lies beside
//! the picture; a copy of a WebP that we make; else a link.

use std::collections::HashMap;

use url::Url;

use super::error::PublishError;
use super::library::{Found, Library, MOST_WARNINGS, place};
use super::once::Rendered;
use super::site::Site;
use crate::diagnostic::{Diagnostic, Location};
use crate::files::{Access, FileKind, Written};
use crate::media::Conversion;
use crate::model::{Body, Entry, Image, MadeFile, MailPicture, Post, media_type};

/// Where the pictures that we make are put, below `feeds.dir` and the root of the site.
pub(super) const FOLDER: &str = "mail-images";

/// What every mail client shows.
const SHOWN: [&str; 3] = ["image/png", "image/jpeg", "image/gif"];

/// Endings of the pictures that may lie beside another as what mail shows for it.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

/// The pictures of an entry in mail, each with its media type when mail clients do not show such.
fn pictures(entry: &Entry) -> impl Iterator<Item = (&Image, Option<&str>)> {
    let pictures = entry.mail.as_ref().map_or(&entry.pictures, |mail| &mail.pictures);
    pictures.iter().map(|picture| {
        // A picture without an ending may be anything; it stays as the author wrote it.
        let kind = picture.media_type.as_deref().or_else(|| media_type(&picture.url));
        (picture, kind.filter(|kind| !SHOWN.contains(kind)))
    })
}

/// Whether mail shows something else for a picture of an entry.
pub(super) fn has_pictures_to_replace(entry: &Entry) -> bool {
    pictures(entry).any(|(_, kind)| kind.is_some())
}

/// An entry as mail shows it: see [`Entry::mail_pictures`]. The files that this needs online are added to `made`.
pub(super) fn for_mail(
    site: &Site,
    rendered: &Rendered,
    made: &mut Vec<MadeFile>,
    warnings: &mut Vec<Diagnostic>,
) -> Entry {
    let mut entry = rendered.entry.for_mail();
    site.library.for_mail(&mut entry, &rendered.body, made, warnings);
    entry
}

/// Whether the newsletter would mail a post if it were new.
pub(super) fn may_be_mailed(site: &Site, post: &Post) -> bool {
    let newsletter = &site.config.newsletter;
    let zone = &site.config.site.timezone;
    let day = || post.published.as_ref().map(|at| at.with_time_zone(zone.clone()).date());
    newsletter.from.is_some() && post.newsletter && newsletter.start.is_none_or(|start| day() >= Some(start))
}

/// What [`write_made`] would write.
pub fn compare_made(site: &Site, made: &[MadeFile]) -> Vec<(String, Written)> {
    let name = |file: &MadeFile| format!("{}/{}", site.config.feeds.dir, file.file_name);
    site.library.not_yet_written(made).map(|file| (name(file), Written::Created)).collect()
}

/// Writes what was made for mail into `feeds.dir`: only what is not there.
///
/// # Errors
/// As the system reports them; each file is whole, old or new.
pub fn write_made(site: &Site, made: &[MadeFile]) -> Result<Vec<(String, Written)>, PublishError> {
    let mut written = Vec::new();
    for file in made {
        let name = format!("{}/{}", site.config.feeds.dir, file.file_name);
        let done = site.folder.write_if_changed(&name, &file.bytes, Access::Public);
        let done = done.map_err(|error| PublishError::file(&name, error))?;
        written.push((name, done));
    }
    Ok(written)
}

impl Library {
    /// Says in `entry` what mail shows for each of its pictures. Files that have to be put online for that are added to
    /// `made`, each once; what mail can only link to is told in `warnings`.
    pub(super) fn for_mail(
        &self,
        entry: &mut Entry,
        body: &Body,
        made: &mut Vec<MadeFile>,
        warnings: &mut Vec<Diagnostic>,
    ) {
        let replaced: Vec<(String, String)> =
            pictures(entry).filter_map(|(picture, kind)| Some((picture.url.clone(), kind?.to_owned()))).collect();
        let mut copies = HashMap::new();
        let mut linked = 0;
        for (url, kind) in replaced {
            let mut problem = None;
            let instead = self.beside(&url, entry).or_else(|| {
                let found = self.find(&url, entry).filter(|_| kind == "image/webp")?;
                // One file may have many addresses.
                let copy = copies.entry(found.path.clone()).or_insert_with(|| self.copy(&found, made));
                copy.clone().map_err(|error| problem = error).ok()
            });
            linked += usize::from(instead.is_none());
            if instead.is_none() && linked <= MOST_WARNINGS {
                let place = place(&entry.path, body, &url);
                warnings.push(only_linked(&kind, problem.as_deref(), place));
            }
            entry.mail_pictures.insert(url, instead.map_or(MailPicture::Link, MailPicture::Instead));
        }
        if let Some(more @ 1..) = linked.checked_sub(MOST_WARNINGS) {
            let message = format!("mail only links to {more} more pictures, which mail programs do not show");
            warnings
                .push(Diagnostic::warning("mail/picture", message).at(Location::start_of(&entry.path)).help(BESIDE));
        }
    }

    /// `tree.png` for `tree.svg`.
    fn beside(&self, url: &str, entry: &Entry) -> Option<Image> {
        let parsed = Url::parse(url).ok()?;
        let (stem, _) = parsed.path().rsplit_once('.')?;
        let doubled = ENDINGS.iter().any(|ending| stem.to_ascii_lowercase().ends_with(&format!(".{ending}")));
        let names = ENDINGS.iter().map(|ending| format!("{stem}.{ending}"));
        doubled.then(|| stem.to_owned()).into_iter().chain(names).find_map(|path| {
            let mut other = parsed.clone();
            other.set_path(&path);
            let found = self.find(other.as_str(), entry)?;
            let (width, height) = found.facts.size?;
            let kind = found.facts.media_type.filter(|kind| SHOWN.contains(kind))?;
            Some(Image {
                url: other.into(),
                alt: None,
                media_type: Some(kind.to_owned()),
                width: Some(width),
                height: Some(height),
            })
        })
    }

    /// A copy of a WebP. The error is `None` when the copy cannot have an address.
    fn copy(&self, found: &Found, made: &mut Vec<MadeFile>) -> Result<Image, Option<String>> {
        let bytes = self.read(found).ok_or_else(|| Some("it cannot be read".to_owned()))?;
        let conversion = Conversion::of(&bytes).map_err(|error| Some(error.to_string()))?;
        let file_name = format!("{FOLDER}/{}", conversion.file_name());
        let image = Image {
            url: self.site.join(&format!("./{file_name}")).map_err(|_| None)?.into(),
            alt: None,
            media_type: Some(conversion.media_type().to_owned()),
            width: found.facts.size.map(|(width, _)| width),
            height: found.facts.size.map(|(_, height)| height),
        };
        if !made.iter().any(|file| file.file_name == file_name) {
            // The name stands for the bytes: a copy that is there is not made again.
            let there =
                self.folder.read_optional(&format!("{}/{file_name}", self.feeds), FileKind::Picture).ok().flatten();
            let bytes = match there {
                Some(bytes) => bytes,
                None => conversion.make().map_err(|error| Some(error.to_string()))?,
            };
            made.push(MadeFile { file_name, bytes });
        }
        Ok(image)
    }

    /// Those of `made` that are not yet where the feeds are: they cannot be online.
    pub(super) fn not_yet_written<'m>(&self, made: &'m [MadeFile]) -> impl Iterator<Item = &'m MadeFile> {
        made.iter().filter(|file| !self.folder.is_file(&format!("{}/{}", self.feeds, file.file_name)))
    }
}

/// How to have a picture shown in mail.
const BESIDE: &str = "put a PNG or JPEG of the same name beside it";

fn only_linked(kind: &str, problem: Option<&str>, place: Location) -> Diagnostic {
    let kind = kind.split('/').nth(1).unwrap_or(kind).trim_end_matches("+xml").to_uppercase();
    let because = problem.map(|problem| format!(" ({problem})")).unwrap_or_default();
    let message = format!("mail programs do not show this {kind} picture, so mail only links to it{because}");
    Diagnostic::warning("mail/picture", message).at(place).help(BESIDE)
}
