//! What of the machine outside of its own folder a site's configuration reaches.

use std::path::{Path, PathBuf};

use crate::config::{Config, TransportUrl};
use crate::files;

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
