//! What of the machine outside of its own folder a site's configuration reaches.

use std::path::{Path, PathBuf};

use crate::config::{Config, TransportUrl};
use crate::files::{self, Folder};

/// A file or folder outside of the site that the configuration names, or that a link in the site leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outside {
    /// The setting that names it, such as `posts.dir`.
    pub setting: &'static str,
    /// What it really is, whatever links lead to it.
    pub path: PathBuf,
}

/// Everything outside of the folder `root` that `config` names, in a fixed order.
pub fn outside(root: &Path, config: &Config) -> Vec<Outside> {
    let home = files::resolved(root);
    let outbox = match &config.mail.transport {
        TransportUrl::Outbox(folder) => Some(folder.as_str()),
        _ => None,
    };
    let database = Path::new(&config.store.path).parent().and_then(Path::to_str);
    let dkim = config.mail.dkim.as_ref();
    let named = [
        ("posts.dir", Some(config.posts.dir.as_str())),
        ("feeds.dir", Some(config.feeds.dir.as_str())),
        ("store.url", database.filter(|folder| !folder.is_empty())),
        ("mail.transport", outbox),
        ("mail.password_file", config.mail.password_file.as_deref()),
        ("mail.dkim", dkim.map(|dkim| dkim.key_file.as_str())),
        ("mail.dkim", dkim.and_then(|dkim| dkim.ed25519.as_ref()).map(|(_, file)| file.as_str())),
        ("templates", Some("templates")),
        (".tidings", Some(".tidings")),
        ("preview", Some("preview")),
    ];
    let real = |(setting, name): (&'static str, Option<&str>)| {
        let path = files::resolved(&root.join(name?));
        (!path.starts_with(&home)).then_some(Outside { setting, path })
    };
    named.into_iter().filter_map(real).collect()
}

/// What the files of a site are used for: each use reaches only what the configuration names for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Posts and what stands beside them, templates, feeds, the preview, what builds remember.
    Content,
    /// The database.
    Store,
    /// Messages in a folder.
    Outbox,
    /// The password of the mail server.
    Password,
    /// Keys that sign mail.
    Keys,
}

impl Use {
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Content => &["posts.dir", "feeds.dir", "templates", ".tidings", "preview"],
            Self::Store => &["store.url"],
            Self::Outbox => &["mail.transport"],
            Self::Password => &["mail.password_file"],
            Self::Keys => &["mail.dkim", ".tidings"],
        }
    }
}

/// The folder of a site for one use.
pub fn folder(root: &Path, config: &Config, to: Use) -> Folder {
    let reached = outside(root, config).into_iter().filter(|outside| to.settings().contains(&outside.setting));
    let folder = Folder::new(root).allowing(reached.map(|outside| outside.path).collect());
    if to != Use::Content {
        return folder;
    }
    let dkim = config.mail.dkim.as_ref();
    let outbox = match &config.mail.transport {
        TransportUrl::Outbox(folder) => Some(folder.as_str()),
        _ => None,
    };
    let keys = dkim
        .iter()
        .flat_map(|dkim| [Some(dkim.key_file.as_str()), dkim.ed25519.as_ref().map(|(_, file)| file.as_str())]);
    let private = [Some(".tidings"), Some(&*config.store.path), config.mail.password_file.as_deref(), outbox];
    let private = private.into_iter().chain(keys).flatten().map(|name| files::resolved(&root.join(name)));
    // An outbox that holds the posts hides nothing of them.
    let posts = files::resolved(&root.join(&config.posts.dir));
    folder.hiding(private.filter(|path| !posts.starts_with(path)).collect())
}
