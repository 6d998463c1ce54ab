//! `tidings init`: a new site, or a site for a blog that another program makes: its settings are taken over, and not one of
//! its files is changed.

mod astro;
mod blog;
mod bridgetown;
mod docusaurus;
mod eleventy;
mod elsewhere;
mod hexo;
mod hugo;
pub(super) mod ignore;
mod jekyll;
mod middleman;
mod nikola;
mod online;
mod pelican;
mod settings;
mod survey;
mod table;
mod takeover;
mod telling;
mod zola;

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Exit, Failure};
use super::{Context, agreement};
use crate::diagnostic::Diagnostic;
use crate::files::{Access, FileKind, Folder as SiteFolder};
use crate::publish::{CONFIG_FILE, PublishError, Site};
use blog::{Blog, Folder};
use ignore::GITIGNORE;
use online::Online;
use takeover::take_over;

/// A program that makes blogs.
struct Generator {
    /// What its makers call it.
    name: &'static str,
    /// Reads a blog of it; `None` when the folder is no such blog.
    recognise: fn(&Folder) -> Option<Blog>,
}

/// All that are recognised; the first one that knows the folder wins. Hexo and Jekyll share the name of a file, and Jekyll needs none.
const GENERATORS: [Generator; 17] = [
    Generator { name: "Hugo", recognise: hugo::recognise },
    Generator { name: "Zola", recognise: zola::recognise },
    Generator { name: "Astro", recognise: astro::recognise },
    Generator { name: "Eleventy", recognise: eleventy::recognise },
    Generator { name: "Hexo", recognise: hexo::recognise },
    Generator { name: "Pelican", recognise: pelican::recognise },
    Generator { name: "Gatsby", recognise: |folder| table::recognise("gatsby", "Gatsby", folder) },
    Generator { name: "Cobalt", recognise: |folder| table::recognise("cobalt", "Cobalt", folder) },
    Generator { name: "Quartz", recognise: |folder| table::recognise("quartz", "Quartz", folder) },
    Generator { name: "Quarto", recognise: |folder| table::recognise("quarto", "Quarto", folder) },
    Generator { name: "Nikola", recognise: nikola::recognise },
    Generator { name: "Lektor", recognise: |folder| table::recognise("lektor", "Lektor", folder) },
    Generator { name: "Bridgetown", recognise: bridgetown::recognise },
    Generator { name: "Docusaurus", recognise: docusaurus::recognise },
    Generator { name: "Middleman", recognise: middleman::recognise },
    Generator { name: "Jekyll", recognise: jekyll::recognise },
    Generator { name: "VitePress", recognise: |folder| table::recognise("vitepress", "VitePress", folder) },
];

const CONFIG: &str = include_str!("config.toml");
const FIRST_POST: &str = include_str!("first-post.md");

/// Make a new site: a commented config.toml and a first post. Posts from today on will be mailed, older ones never.
///
/// In a folder with Markdown in it no post is made. Its posts are found by looking, and the settings of Jekyll, Hugo, Zola,
/// Eleventy, Astro, Hexo, Pelican, Gatsby, Cobalt, Quartz, Quarto, Nikola, Lektor, Bridgetown, VitePress, Docusaurus and Middleman are
/// taken over, also by a new folder inside of such a blog. The blog's own files stay as they are; only `.gitignore` gets lines that it lacks.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidings init notes        # a new site\n  tidings init              # in the folder of a blog"
)]
pub(super) struct Arguments {
    /// The folder of the new site; it is made when it is missing
    #[arg(default_value = ".")]
    dir: PathBuf,

    /// Take over what readers of this feed know, given by its address or a saved file: title, language, ids and addresses.
    /// In a folder without posts that can be read, the entries of the feed are the posts
    #[arg(long, value_name = "URL|FILE")]
    from_feed: Option<String>,
}

/// A blog that is there already.
struct Found {
    /// What made it; `None` when nothing is known to have.
    generator: Option<&'static str>,
    blog: Blog,
    /// It is in the folder above.
    is_above: bool,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let folder = context.site.join(&arguments.dir);
    let site = SiteFolder::new(&folder);
    let shown = |name: &str| {
        if arguments.dir == Path::new(".") { name.to_owned() } else { arguments.dir.join(name).display().to_string() }
    };
    let mut found = find(&folder);
    if let Some(name) = found.as_ref().filter(|found| !found.is_above && is_theirs(&folder)).and_then(|it| it.generator)
    {
        let theirs = format!("{} belongs to the {name} blog in this folder", shown(CONFIG_FILE));
        let beside = shown("newsletter");
        let help = format!("make a folder for Tidings beside it: `tidings init {beside}` takes over what it says");
        return Err(Failure::new(Exit::Refused, Diagnostic::error("init/foreign", theirs).help(help)));
    }
    let next = telling::Next { dir: &arguments.dir, shown: shown(CONFIG_FILE) };
    if site.is_file(CONFIG_FILE) {
        return existing(&folder, &next, context);
    }
    let online = arguments.from_feed.as_deref().map(Online::read).transpose()?;
    if let Some(online) = &online {
        let none = || Found { generator: None, blog: Blog::default(), is_above: false };
        let found = found.get_or_insert_with(none);
        online.fill(&mut found.blog, &folder);
    }
    let today = context.now.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let template = CONFIG.replace("{today}", &today);
    let mut takeover = None;
    if let Some(Found { generator, mut blog, is_above }) = found {
        let place = if is_above { folder.parent().unwrap_or(&folder) } else { &folder };
        elsewhere::complete(&mut blog, &Folder::new(place));
        let feed = online.as_ref().filter(|_| blog.taken.iter().any(|(key, _)| *key == "posts.feed"));
        let feed = feed.map(|online| online.name.clone());
        takeover = Some((telling::Place { generator, is_above, feed }, take_over(&template, blog, is_above)));
    }
    let is_public_taken = site.is_folder("public");
    let reads_feed = |takeover: &takeover::Takeover| takeover.taken.iter().any(|(key, _)| *key == "posts.feed");
    let feeds = if takeover.is_some() && is_public_taken { "feeds" } else { "public" };
    if let Some((_, takeover)) = takeover.as_mut().filter(|(_, takeover)| !reads_feed(takeover)) {
        let mut why = "";
        if is_public_taken {
            // The blog's program may write there too.
            takeover.config = takeover.config.replacen("# dir = \"public\"", "dir = \"feeds\"", 1);
            why = ", because there is a folder public already";
        }
        let how = "docs/serving-feeds.md says how they come into the site";
        takeover.notes.push(format!("feeds will be written to the folder {feeds}{why}: {how}"));
    }
    let ids = online.as_ref().zip(takeover.as_mut()).and_then(|(online, (_, takeover))| {
        if reads_feed(takeover) { None } else { online.adopt(takeover, &folder, context.now) }
    });
    let config = takeover.as_ref().map_or(template, |(_, takeover)| takeover.config.clone());
    site.write_new(CONFIG_FILE, config.as_bytes(), Access::Public)
        .map_err(|error| unwritten(&folder.join(CONFIG_FILE), error))?;
    if let Some((place, takeover)) = &takeover {
        telling::tell(place, takeover, context);
    }
    context.ui.say(&format!("Made {}.", shown(CONFIG_FILE)));
    if let Some(ids) = &ids {
        site.write_new(online::IDS, ids.as_bytes(), Access::Public)
            .map_err(|error| unwritten(&folder.join(online::IDS), error))?;
        context.ui.say(&format!("Made {}, which keeps the ids of posts: it belongs to them.", shown(online::IDS)));
    }
    let post = format!("posts/{today}-hello.md");
    let has_others = has_others(&site);
    let is_first = takeover.is_none() && !has_others;
    let first_post = is_first.then(|| (post.as_str(), FIRST_POST.replace("{today}", &today)));
    if takeover.is_none() && has_others {
        context.ui.say("Made no first post, for there are other files here: `tidings new TITLE` makes one.");
    }
    if let Some((name, text)) = first_post {
        match site.write_new(name, text.as_bytes(), Access::Public) {
            Ok(()) => context.ui.say(&format!("Made {}.", shown(name))),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                context.ui.say(&format!("Left {} as it is.", shown(name)));
            }
            Err(error) => return Err(unwritten(&folder.join(name), error)),
        }
    }
    context.ui.say(&extend_gitignore(&site, feeds, &shown(GITIGNORE))?);
    let blog = folder.parent().filter(|_| takeover.as_ref().is_some_and(|(place, _)| place.is_above));
    let named = online.as_ref().and_then(Online::url);
    if (blog.is_some() || named.is_some()) && agreement::settle_new(&folder, blog, named.as_ref(), &context.state) {
        let what = match (blog, &named) {
            (Some(_), None) => "It reads posts of the folder above",
            (None, _) => "It fetches that feed",
            (Some(_), Some(_)) => "It reads the folder above, and fetches that feed",
        };
        context.ui.say(&format!("{what}: agreed to on this machine, asked about first on another one."));
    }
    if let Some(online) = &online {
        online.tell(&config, &folder, context);
    }
    next.tell(&telling::left_open(takeover.as_ref().map(|(_, takeover)| takeover)), context);
    Ok(Exit::Done)
}

/// The blog in a folder, or in the one above: a new folder inside of a blog is for that blog. Without any program that is
/// known, a blog is a folder with posts, or with what may be posts and cannot be read.
fn find(folder: &Path) -> Option<Found> {
    let recognise = |folder: &Path| {
        let folder = Folder::new(folder);
        GENERATORS.iter().find_map(|generator| Some((generator.name, (generator.recognise)(&folder)?)))
    };
    let of = |(generator, mut blog): (&'static str, Blog), folder: &Path, is_above| {
        let posts = blog.taken.iter().find(|(key, _)| *key == "posts.dir").map(|(_, found)| found.text.clone());
        match posts {
            Some(posts) => {
                let others = Folder::new(folder).survey().others(&posts);
                blog.notes.extend(others.map(|others| format!("{} {others}", blog::UNREAD)));
            }
            None => {
                blog.look(Folder::new(folder).survey());
            }
        }
        Found { generator: Some(generator), blog, is_above }
    };
    if let Some(here) = recognise(folder) {
        return Some(of(here, folder, false));
    }
    if let Some(above) = folder.parent().filter(|_| folder.file_name().is_some())
        && let Some(found) = recognise(above)
    {
        return Some(of(found, above, true));
    }
    let here = Folder::new(folder);
    // The blog may be a part of what is here: the program that makes it is known by a folder around its posts.
    let best = here.survey().best();
    for (at, _) in best.iter().flat_map(|best| best.folder.match_indices('/')) {
        let part = &best.as_ref()?.folder[..at];
        if let Some((generator, mut blog)) = recognise(&folder.join(part)) {
            let posts = blog.taken.iter_mut().find(|(key, _)| *key == "posts.dir");
            if let Some((_, found)) = posts {
                found.text = format!("{part}/{}", found.text);
                return Some(Found { generator: Some(generator), blog, is_above: false });
            }
        }
    }
    let mut blog = Blog::default();
    let is_blog = blog.look(here.survey()) || elsewhere::has_feed(&here);
    is_blog.then_some(Found { generator: None, blog, is_above: false })
}

/// True when a folder holds files of another kind than those of a new repository, or a configuration of ours.
fn has_others(site: &SiteFolder) -> bool {
    let is_other = |path: &String| {
        let name = path.split('/').next().unwrap_or_default();
        let is_of_repository =
            ["README", "LICENSE", "LICENCE", "COPYING"].iter().any(|it| name.to_uppercase().starts_with(it));
        !(is_of_repository || name.starts_with('.') || [CONFIG_FILE, "posts", "templates"].contains(&name))
    };
    site.list("", &|path| !path.contains('/') && !path.starts_with('.')).unwrap_or_default().iter().any(is_other)
}

/// A site that is there already: nothing is changed, and what it lacks is said.
fn existing(folder: &Path, next: &telling::Next<'_>, context: &Context) -> Result<Exit, Failure> {
    let config = Site::config(folder)?;
    let site = SiteFolder::new(folder);
    context.ui.say(&format!("There is a site already ({}): nothing was changed.", next.shown));
    let there = site.read_optional(GITIGNORE, FileKind::Settings).ok().flatten().unwrap_or_default();
    let missing = ignore::missing(&String::from_utf8_lossy(&there), &config.feeds.dir);
    if !missing.is_empty() {
        context.ui.say(&format!("If it goes to git, `{GITIGNORE}` lacks these lines: {}", missing.join(" ")));
    }
    let reads_files = config.posts.feed.is_none();
    if reads_files && site.find(&config.posts.dir).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        let missing = format!("there is no folder {}", config.posts.dir);
        let help = "make it, or set `posts.dir` in config.toml to the folder of the posts";
        return Err(Failure::new(Exit::Problems, Diagnostic::error("posts/no-folder", missing).help(help)));
    }
    next.tell(&telling::examples(&config), context);
    Ok(Exit::Done)
}

/// True when config.toml of this folder is the blog's own.
fn is_theirs(folder: &Path) -> bool {
    let settings = Folder::new(folder).settings(CONFIG_FILE);
    settings.is_some_and(|settings| settings.get(&["base_url"]).is_some() || hugo::is_own(&settings))
}

/// Adds what `.gitignore` lacks, and says what was done. Its own lines stay.
fn extend_gitignore(site: &SiteFolder, feeds: &str, shown: &str) -> Result<String, Failure> {
    let failed = |error| unwritten(&site.path().join(GITIGNORE), error);
    let is_plain = site.must_be_plain(GITIGNORE).is_ok();
    let there = site.read_optional(GITIGNORE, FileKind::Settings);
    let there = if is_plain { there.map_err(failed)? } else { there.unwrap_or_default() };
    let old = there.clone().unwrap_or_default();
    let lines = ignore::missing(&String::from_utf8_lossy(&old), feeds);
    if lines.is_empty() {
        return Ok(format!("Left {shown} as it is."));
    }
    // A link would become a file.
    if !is_plain {
        return Ok(format!(
            "Left {shown} as it is; if the folder goes to git, add these lines to it: {}",
            lines.join(" ")
        ));
    }
    let mut text = old;
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    for line in &lines {
        text.extend(line.as_bytes());
        text.push(b'\n');
    }
    site.write_if_changed(GITIGNORE, &text, Access::Public).map_err(failed)?;
    Ok(match there {
        Some(_) => format!("Added to {shown}: {}", lines.join(" ")),
        None => format!("Made {shown}."),
    })
}

fn unwritten(path: &Path, error: std::io::Error) -> Failure {
    PublishError::file(path, error).into()
}

#[cfg(test)]
mod tests {
    use super::{CONFIG, FIRST_POST};
    use crate::config::placeholder::{NAME, TITLE, is_example_domain};
    use crate::publish::SAMPLE;

    /// The guard knows the examples by these words.
    #[test]
    fn what_is_written_as_an_example_is_known_as_one() {
        assert!(FIRST_POST.contains(SAMPLE));
        let config = crate::config::parse("config.toml", &CONFIG.replace("{today}", "2026-01-31")).unwrap();
        let from = config.newsletter.from.unwrap();
        assert_eq!((config.site.title.as_str(), from.name.as_deref()), (TITLE, Some(NAME)));
        assert!(is_example_domain(from.address.domain()) && is_example_domain(config.site.url.host_str().unwrap()));
    }
}
