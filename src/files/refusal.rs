//! Why a file is left alone although the system would open it, and how much is read of each kind of file.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// No password is longer.
pub(super) const SECRET_BYTES: u64 = 4_096;

/// What a file is read as. What comes with a site may be as large as its author likes; no more is read than this kind of
/// file can need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `config.toml`, and the settings of other programs.
    Settings,
    /// A post.
    Post,
    /// A file beside posts: a sidecar, a table of authors.
    Companion,
    /// A template.
    Template,
    /// A private key.
    Key,
    /// A password.
    Password,
    /// A picture of which every byte is needed.
    Picture,
    /// A picture, sound or film of which the size and a few facts are needed: its length does not matter.
    Media,
    /// The page of an issue, kept beside its record.
    Page,
    /// A feed that was built before.
    Feed,
    /// What an earlier command remembered.
    Memory,
    /// A mailbox, or a message in one: it is read piece by piece.
    Mailbox,
}

impl FileKind {
    /// How many bytes such a file may have.
    pub fn limit(self) -> u64 {
        const MB: u64 = 1 << 20;
        match self {
            Self::Settings | Self::Companion => MB,
            Self::Post | Self::Page | Self::Memory => 32 * MB,
            // Gmail cuts a message at 102 KB, and each level of an expression takes a piece of the stack.
            Self::Template | Self::Key => MB / 16,
            Self::Password => SECRET_BYTES,
            Self::Picture => 64 * MB,
            Self::Feed => 128 * MB,
            Self::Media | Self::Mailbox => u64::MAX,
        }
    }

    /// True for what readers may see: no link may bring something there that was never meant for them.
    pub(super) fn is_shown(self) -> bool {
        matches!(self, Self::Post | Self::Companion | Self::Template | Self::Page | Self::Picture | Self::Media)
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Settings => "a file of settings",
            Self::Post => "a post",
            Self::Companion => "a file beside the posts",
            Self::Template => "a template",
            Self::Key => "a key",
            Self::Password => "a password",
            Self::Picture | Self::Media => "a picture",
            Self::Page => "the page of an issue",
            Self::Feed => "a feed",
            Self::Memory => "such a file",
            Self::Mailbox => "a mailbox",
        }
    }
}

/// A file that is left alone. It travels in an [`io::Error`]: see [`Refusal::of`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file, or the link on the way to it that is the reason; relative to the folder.
    pub name: String,
    /// The reason.
    pub why: Why,
}

/// Why a file is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A link that leads out of the folder, to this place.
    Leaves(PathBuf),
    /// Its place is outside of the folder.
    Outside(PathBuf),
    /// A link to this file, which is not for readers.
    Hidden(PathBuf),
    /// Below `/proc`, `/sys` or `/dev`, where there are devices, and what the system tells of programs and their secrets.
    OfTheSystem(PathBuf),
    /// No ordinary file but, for example, `a pipe`.
    NoFile(&'static str),
    /// More bytes than such a file may have.
    TooLarge {
        /// How many it has.
        length: u64,
        /// What it was to be read as.
        kind: FileKind,
    },
    /// It has the name of a lock and is none of ours.
    NoLock,
}

impl Refusal {
    /// The refusal that an error carries, if it is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The cure.
    pub fn help(&self) -> String {
        match &self.why {
            Why::Leaves(_) => "put the file or folder itself in the place of the link, or remove the link".to_owned(),
            Why::Outside(_) => "name a place inside of the site's folder".to_owned(),
            Why::OfTheSystem(_) => "name an ordinary file or folder".to_owned(),
            Why::Hidden(_) => "remove the link, or put a copy in its place if it may be public".to_owned(),
            Why::NoFile(_) => "put an ordinary file in its place, or remove it".to_owned(),
            Why::TooLarge { kind: FileKind::Post, .. } => {
                "split it up, and put pictures into files of their own; or move it out of the folder of posts"
                    .to_owned()
            }
            Why::TooLarge { .. } => "make it smaller, or move it out of the site".to_owned(),
            Why::NoLock => "move that file away, or name another database in `store.url`".to_owned(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Leaves(to) => write!(f, "this link leads out of the site, to {}", to.display()),
            Why::Outside(at) => write!(f, "this is outside of the site: {}", at.display()),
            Why::Hidden(to) => write!(f, "this link leads to a file that is not for readers: {}", to.display()),
            Why::OfTheSystem(at) => write!(f, "this is of the system and no file: {}", at.display()),
            Why::NoFile(what) => write!(f, "this is {what} and no file"),
            Why::TooLarge { length, kind } => {
                write!(f, "this has {}, and {} may have at most {}", size(*length), kind.noun(), size(kind.limit()))
            }
            Why::NoLock => f.write_str("this has the name of the lock of the database and belongs to another program"),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        Self::other(refusal)
    }
}

/// `64 KB`, `1.1 GB`
fn size(bytes: u64) -> String {
    let tenths = |unit: u64| (bytes / unit, bytes % unit * 10 / unit);
    let (whole, tenth, unit) = match bytes {
        0..0x10_0000 => return format!("{} KB", bytes.div_ceil(1 << 10)),
        0x10_0000..0x4000_0000 => (tenths(1 << 20).0, tenths(1 << 20).1, "MB"),
        _ => (tenths(1 << 30).0, tenths(1 << 30).1, "GB"),
    };
    if tenth == 0 { format!("{whole} {unit}") } else { format!("{whole}.{tenth} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_it_found_and_what_is_the_limit() {
        let refusal =
            Refusal { name: "posts/a.md".into(), why: Why::TooLarge { length: 1 << 30, kind: FileKind::Post } };
        assert_eq!(refusal.to_string(), "this has 1 GB, and a post may have at most 32 MB");
        let refusal = Refusal { name: "key".into(), why: Why::TooLarge { length: 1_200_000, kind: FileKind::Key } };
        assert_eq!(refusal.to_string(), "this has 1.1 MB, and a key may have at most 64 KB");
        let error = io::Error::from(refusal.clone());
        assert_eq!(Refusal::of(&error), Some(&refusal));
        assert_eq!(Refusal::of(&io::ErrorKind::NotFound.into()), None);
    }
}
