//! What of the machine outside of its own folder a site's configuration reaches.

use std::path::{Path, PathBuf};

use crate::config::{Config, FeedSource, HookService, InboxPlace};
use crate::files::{self, Folder};
use crate::model::distinct;
use crate::transport::Target;

/// A file or folder outside of the site that the configuration names, or that a link in the site leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outside {
    /// The setting that names it, such as `posts.dir`.
    pub setting: &'static str,
    /// What it really is, whatever links lead to it.
    pub path: PathBuf,
}

/// Everything outside of the folder `root` that `config` names, in a fixed order.
pub fn outside(root: &Path, config: &Config) -> Vec<Outside> {
    let home = files::resolved(root);
    let outboxes: Vec<_> = config.mail.relays.iter().filter_map(|relay| Target::folder(&relay.transport)).collect();
    let database = Path::new(&config.store.path).parent().and_then(Path::to_str);
    let dkim = config.mail.dkim.as_ref();
    let named = [
        ("posts.dir", Some(config.posts.dir.as_str()).filter(|_| config.posts.feed.is_none())),
        ("posts.feed", config.posts.feed.as_ref().and_then(FeedSource::file)),
        ("feeds.dir", Some(config.feeds.dir.as_str())),
        ("feeds.online", config.feeds.online.as_ref().and_then(FeedSource::file)),
        ("inbox.url", maildir(config)),
        ("store.url", database.filter(|folder| !folder.is_empty())),
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
    let relays = config.mail.relays.iter();
    let passwords = relays.map(|relay| ("mail.password_file", relay.password_file.as_deref()));
    let passwords = passwords.chain([("inbox.password_file", config.inbox.password_file.as_deref())]);
    let hooks = config.web.hooks.keys.iter().map(|key| (key.service.settings()[1], key.file.as_deref()));
    let outboxes = outboxes.iter().map(|outbox| ("mail.transport", Some(outbox.as_str())));
    let mut outside: Vec<_> =
        named.into_iter().chain(outboxes).chain(passwords).chain(hooks).filter_map(real).collect();
    distinct(&mut outside);
    outside
}

/// The folder of `inbox.url`.
fn maildir(config: &Config) -> Option<&str> {
    match &config.inbox.place {
        Some(InboxPlace::Maildir(folder)) => Some(folder),
        _ => None,
    }
}

/// What the files of a site are used for: each use reaches only what the configuration names for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Posts and the files beside them, templates, feeds, the preview, what builds remember.
    Content,
    /// The database.
    Store,
    /// Messages in a folder.
    Outbox,
    /// The passwords of the mail server and of the mailbox.
    Password,
    /// What services prove themselves with.
    HookKey,
    /// The mailbox that is read.
    Inbox,
    /// Keys that sign mail.
    Keys,
}

impl Use {
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Content => {
                &["posts.dir", "posts.feed", "feeds.dir", "feeds.online", "templates", ".tidings", "preview"]
            }
            Self::Store => &["store.url"],
            Self::Outbox => &["mail.transport"],
            Self::Password => &["mail.password_file", "inbox.password_file"],
            Self::HookKey => &HookService::FILES,
            Self::Inbox => &["inbox.url"],
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
    let relays = &config.mail.relays;
    let outboxes: Vec<_> = relays.iter().filter_map(|relay| Target::folder(&relay.transport)).collect();
    let keys = dkim
        .iter()
        .flat_map(|dkim| [Some(dkim.key_file.as_str()), dkim.ed25519.as_ref().map(|(_, file)| file.as_str())]);
    // Messages name their readers: also those of an earlier run, wherever they go now.
    let private = [".tidings", "preview", "outbox", &config.store.path].map(Some);
    let private = private
        .into_iter()
        .chain(relays.iter().map(|relay| relay.password_file.as_deref()))
        .chain([config.inbox.password_file.as_deref(), maildir(config)])
        .chain(config.web.hooks.keys.iter().map(|key| key.file.as_deref()))
        .chain(outboxes.iter().map(|outbox| Some(outbox.as_str())))
        .chain(keys)
        .flatten()
        .map(|name| files::resolved(&root.join(name)));
    // An outbox that holds the posts hides nothing of them.
    let posts = files::resolved(&root.join(&config.posts.dir));
    folder.hiding(private.filter(|path| !posts.starts_with(path)).collect())
}

#[cfg(test)]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "tests make links and remove folders")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config;
    use crate::files::{Access, FileKind, Refusal};

    const POST: &[u8] = b"---\ntitle: A\ndate: 2026-03-01\n---\n\n![](b.png)\n";

    /// A folder with `site/`, whose configuration has these lines, and other folders beside it.
    fn ground(lines: &str) -> (tempfile::TempDir, PathBuf, Config) {
        let top = tempfile::tempdir().unwrap();
        let all = Folder::new(top.path());
        for name in
            ["vault/a.md", "vault/more/c.md", "secret.md", "state/tidings.db", "site/posts/own.md", "keys/k.pem"]
        {
            all.write_new(name, POST, Access::Public).unwrap();
        }
        symlink("../secret.md", all.path().join("vault/b.md")).unwrap();
        let text = format!("[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n{lines}");
        (top, all.path().join("site"), config::parse("config.toml", &text).unwrap())
    }

    #[test]
    fn a_folder_of_posts_may_be_a_link_to_a_vault_elsewhere_but_a_post_may_not() {
        let (_top, root, config) = ground("");
        std::fs::remove_dir_all(root.join("posts")).unwrap();
        symlink("../vault", root.join("posts")).unwrap();
        let site = folder(&root, &config, Use::Content);
        assert_eq!(site.list("posts", &|_| true).unwrap(), ["a.md", "more/c.md"]);
        assert_eq!(site.read("posts/more/c.md", FileKind::Post).unwrap(), POST);
        let refused = site.read("posts/b.md", FileKind::Post).unwrap_err();
        assert!(Refusal::of(&refused).is_some_and(|refusal| refusal.name == "posts/b.md"), "{refused}");
        assert!(site.write_new("posts/new.md", POST, Access::Public).is_ok());
        assert!(
            folder(&root, &config, Use::Store).read("posts/a.md", FileKind::Post).is_err(),
            "that is for posts alone"
        );
    }

    #[test]
    fn what_is_named_for_one_use_is_not_reached_by_another() {
        let (_top, root, config) = ground(
            "[posts]\ndir = '../vault'\n[feeds]\ndir = '../out/../public'\n[store]\nurl = 'sqlite:../state/tidings.db'\n\
             [mail]\ntransport = 'outbox:new/../../outbox'\npassword_file = '../secret.md'\n\
             dkim = { domain = 'example.org', key_file = '../keys/k.pem' }\n",
        );
        let is_reached = |to: Use, name: &str| folder(&root, &config, to).find(name).is_ok();
        let named = [
            (Use::Content, "../vault/a.md"),
            (Use::Content, "../public/feed.xml"),
            (Use::Content, "posts/own.md"),
            (Use::Store, "../state/tidings.db"),
            (Use::Outbox, "../outbox/issue-1-00001.eml"),
            (Use::Password, "../secret.md"),
            (Use::Keys, "../keys/k.pem"),
        ];
        for (to, name) in named {
            assert!(is_reached(to, name), "{to:?} {name}");
            for (other, _) in named.iter().filter(|(other, _)| *other != to) {
                assert_eq!(is_reached(*other, name), name == "posts/own.md", "{other:?} {name}");
            }
        }
        for name in ["../other", "../keys", "../out", "../vault.md", "/etc/passwd"] {
            assert!(!named.iter().any(|(to, _)| is_reached(*to, name)), "{name}");
        }
    }

    #[test]
    fn no_post_is_a_link_to_what_the_site_keeps_to_itself() {
        let (_top, root, config) = ground(
            "[store]\nurl = 'sqlite:data.db'\n[mail]\ntransport = 'outbox:sent'\npassword_file = 'password'\n\
             dkim = { domain = 'example.org', key_file = 'key.pem', ed25519 = { selector = 's', key_file = 'second.pem' } }\n",
        );
        let site = folder(&root, &config, Use::Content);
        for name in ["data.db", "sent/issue-1-00001.eml", "password", "key.pem", "second.pem", ".tidings/x.pem", ".env"]
        {
            site.write_new(name, b"x", Access::Private).unwrap();
            let link = root.join("posts/link.md");
            let _ = std::fs::remove_file(&link);
            symlink(root.join(name), link).unwrap();
            let refused = site.read("posts/link.md", FileKind::Post).unwrap_err();
            assert!(refused.to_string().contains("not for readers"), "{name}: {refused}");
        }
        let everything = ground("[mail]\ntransport = 'outbox:.'\n");
        let site = folder(&everything.1, &everything.2, Use::Content);
        symlink("own.md", everything.1.join("posts/link.md")).unwrap();
        assert!(site.read("posts/link.md", FileKind::Post).is_ok(), "an outbox around the posts hides nothing of them");
    }
}
