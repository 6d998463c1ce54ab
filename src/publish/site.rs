//! A site on disk: opened, and its posts found by any of their names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;

use super::error::{NotOnePost, PublishError};
use super::feed_source::{self, Source};
use super::folder::{self, Depth};
use super::library::{Found, Library};
use super::once::Made;
use super::reach::{self, Use};
use crate::config::{self, Config};
use crate::diagnostic::{Diagnostic, Location};
use crate::feed;
use crate::files::{FileKind, Folder, LeftOut, Survey};
use crate::media::Facts;
use crate::model::{Post, PostStatus};
use crate::post::{Loaded, Posts};
use crate::templates::Templates;
use crate::transport;

/// The file that makes a folder a site.
pub const CONFIG_FILE: &str = "config.toml";

/// Where the site's own templates are.
const TEMPLATES: &str = "templates";

/// A site as it is on disk at one moment.
#[derive(Debug)]
pub struct Site {
    /// The folder of `config.toml`: its content is read and written through this.
    pub folder: Folder,
    /// What it says.
    pub config: Config,
    /// Every post file, newest first.
    pub posts: Posts,
    /// What is wrong with the posts, errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    pub(super) library: Library,
    pub(super) made: Made,
    /// What there is beside the posts when they come from a feed.
    pub(super) source: Option<Source>,
}

/// A picture among the files of a site.
pub struct Picture<'s> {
    /// What it is.
    pub media_type: &'static str,
    library: &'s Library,
    found: Found,
}

impl Picture<'_> {
    /// Reads it; `None` when that is not possible.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        self.library.read(&self.found)
    }
}

impl Site {
    /// Reads `config.toml`.
    ///
    /// # Errors
    /// A missing or faulty file, as diagnostics.
    pub fn config(root: &Path) -> Result<Config, PublishError> {
        let bytes = Folder::new(root).read_optional(CONFIG_FILE, FileKind::Settings);
        let bytes = bytes.map_err(|error| PublishError::file(root.join(CONFIG_FILE), error))?;
        let Some(bytes) = bytes else {
            let missing =
                Diagnostic::error("config/no-file", format!("there is no {CONFIG_FILE} in {}", root.display()))
                    .help("name the site's folder with `-C FOLDER`, or make a new site with `tidings init`");
            return Err(PublishError::Site(vec![missing]));
        };
        let Ok(text) = String::from_utf8(bytes) else {
            let broken =
                Diagnostic::error("config/encoding", "the file is not UTF-8 text").at(Location::start_of(CONFIG_FILE));
            return Err(PublishError::Site(vec![broken.help("save it as UTF-8")]));
        };
        config::parse_with(CONFIG_FILE, &text, transport::check).map_err(PublishError::Site)
    }

    /// What a faulty `config.toml` says all the same, with defaults in the place of its faults; `None` when it does not say
    /// what site this is.
    pub fn config_as_far(root: &Path) -> Option<Config> {
        let bytes = Folder::new(root).read_optional(CONFIG_FILE, FileKind::Settings).ok()??;
        config::parse_as_far(CONFIG_FILE, &String::from_utf8(bytes).ok()?)
    }

    /// Reads of every post what its front matter says. Bodies are read when they are shown. `config` is what the owner has
    /// agreed to: were it read again here, it could have changed since.
    ///
    /// # Errors
    /// A missing folder. Faulty posts are in [`Site::diagnostics`].
    pub fn open(root: &Path, config: Config, now: Timestamp) -> Result<Self, PublishError> {
        Self::open_at(root, config, now, Depth::Heads)
    }

    /// Like [`Site::open`], but looks at every byte of every file: what is wrong far down in a text counts too.
    ///
    /// # Errors
    /// As for [`Site::open`].
    pub fn open_whole(root: &Path, config: Config, now: Timestamp) -> Result<Self, PublishError> {
        Self::open_at(root, config, now, Depth::Whole)
    }

    fn open_at(root: &Path, config: Config, now: Timestamp, depth: Depth) -> Result<Self, PublishError> {
        let folder = reach::folder(root, &config, Use::Content);
        let (Loaded { posts, diagnostics }, source) = match &config.posts.feed {
            Some(feed) => {
                feed_source::read(&folder, &config, feed, now).map(|(loaded, source)| (loaded, Some(source)))?
            }
            None => (folder::read(&folder, &config, now, depth)?, None),
        };
        let library = Library::new(folder.clone(), &config);
        Ok(Self { folder, config, posts, diagnostics, library, made: Made::default(), source })
    }

    /// The post that is meant by its path, file name, slug, id or URL.
    ///
    /// # Errors
    /// When there is none, or when a file name or slug fits several.
    pub fn find(&self, wanted: &str) -> Result<&Post, NotOnePost> {
        let wanted = wanted.strip_prefix("./").unwrap_or(wanted);
        let with_slash = format!("{wanted}/");
        let file_name = |post: &Post| post.path.rsplit('/').next().unwrap_or_default().to_owned();
        let is_exact =
            |post: &&&Post| [post.path.as_str(), &post.id, &post.url].contains(&wanted) || post.url == with_slash;
        let meant: Vec<&Post> = self
            .posts
            .iter()
            .filter(|post| is_exact(&post) || post.slug == wanted || file_name(post) == wanted)
            .collect();
        match (meant.iter().find(is_exact), meant.as_slice()) {
            (Some(post), _) | (None, [post]) => Ok(post),
            (None, []) => {
                let distance = |post: &Post| (strsim::damerau_levenshtein(wanted, &file_name(post)), post.path.clone());
                Err(NotOnePost::None { nearest: self.posts.iter().map(distance).min().map(|(_, path)| path) })
            }
            (None, several) => {
                Err(NotOnePost::Several { paths: several.iter().map(|post| post.path.clone()).collect() })
            }
        }
    }

    /// The templates: the site's own in the place of the built-in ones.
    ///
    /// # Errors
    /// Templates that do not compile.
    pub fn templates(&self) -> Result<Templates, PublishError> {
        Templates::new(&self.own_templates()?).map_err(PublishError::Site)
    }

    /// The texts of the site's own templates, by name below `templates/`: those that stand in for a built-in one, and what
    /// they include from `templates/email/`.
    ///
    /// # Errors
    /// All that cannot be read or are no text, as diagnostics; or as the system reports them.
    pub fn own_templates(&self) -> Result<BTreeMap<String, String>, PublishError> {
        own_templates(&self.folder)
    }

    /// The templates of a site of which nothing else is read.
    ///
    /// # Errors
    /// As for [`Site::templates`].
    pub fn templates_of(root: &Path, config: &Config) -> Result<Templates, PublishError> {
        let own = own_templates(&reach::folder(root, config, Use::Content))?;
        Templates::new(&own).map_err(PublishError::Site)
    }

    /// The address of a feed of the site, for readers of mail: of one that is written, else of the one that the posts come from.
    pub fn feed_in_mail(&self) -> Option<String> {
        feed::address_in_mail(&self.config).or_else(|| self.source.as_ref()?.address.clone())
    }

    /// The posts that the newsletter or the feeds may show.
    pub fn published(&self) -> impl Iterator<Item = &Post> {
        self.posts.iter().filter(|post| post.status == PostStatus::Published)
    }

    /// The picture of this site that a URL stands for in a post: its media type, for who wants to see it before it is
    /// online.
    pub fn picture(&self, url: &str, post: &Post) -> Option<Picture<'_>> {
        let found = self.library.find_near(url, &post.path, &post.url)?;
        let media_type = found.facts.media_type.filter(|kind| kind.starts_with("image/"))?;
        Some(Picture { media_type, library: &self.library, found })
    }

    /// What the file of this site is that a URL stands for in a file at `path` which is online at `address`.
    pub(super) fn facts(&self, url: &str, path: &str, address: &str) -> Option<Facts> {
        Some(self.library.find_near(url, path, address)?.facts)
    }

    /// What of the files that posts show is left alone: see [`Library::refused`].
    pub(super) fn refused_files(&self) -> Vec<Diagnostic> {
        self.library.refused()
    }
}

fn own_templates(folder: &Folder) -> Result<BTreeMap<String, String>, PublishError> {
    let of_mail = format!("{TEMPLATES}/email");
    let beside = match folder.survey(&of_mail, &|_| true) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Survey::default(),
        listed => listed.map_err(|error| PublishError::file(of_mail, error))?,
    };
    let refused = |(name, why): &(String, LeftOut)| matches!(why, LeftOut::Refused(_)).then(|| name.clone());
    let is_template =
        |name: &String| name.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "html" | "txt"));
    let refused = beside.left_out.iter().filter_map(refused);
    let beside = beside.files.iter().cloned().chain(refused).filter(is_template).map(|name| format!("email/{name}"));
    let names: BTreeSet<String> = Templates::names().map(str::to_owned).chain(beside).collect();
    let (mut own, mut problems) = (BTreeMap::new(), Vec::new());
    for name in names {
        let path = format!("{TEMPLATES}/{name}");
        let text = match folder.read_optional(&path, FileKind::Template) {
            Ok(bytes) => bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| not_text(&path))).transpose(),
            Err(error) => match PublishError::file(path, error) {
                PublishError::Site(found) => Err(found),
                error => return Err(error),
            },
        };
        match text {
            Ok(text) => own.extend(text.map(|text| (name, text))),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(own) } else { Err(PublishError::Site(problems)) }
}

/// A template in another encoding would be sent with holes in it.
fn not_text(path: &str) -> Vec<Diagnostic> {
    let broken = Diagnostic::error("template/encoding", "the template is not UTF-8 text");
    vec![broken.at(Location::start_of(path)).help("save it as UTF-8")]
}
