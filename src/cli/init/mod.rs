//! `tidings init`: a new site, or a site for a blog that another program makes: its settings are taken over, and not one of
//! its files is changed.

mod astro;
mod blog;
mod eleventy;
mod hexo;
mod hugo;
pub(super) mod ignore;
mod jekyll;
mod pelican;
mod settings;
mod takeover;
mod zola;

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Exit, Failure};
use super::table::{columns, cut};
use super::{Context, agreement};
use crate::diagnostic::Diagnostic;
use crate::files::{Access, FileKind, Folder as SiteFolder};
use crate::publish::{CONFIG_FILE, PublishError};
use blog::{Blog, Folder};
use ignore::GITIGNORE;
use takeover::{Takeover, take_over};

/// A program that makes blogs.
struct Generator {
    /// What its makers call it.
    name: &'static str,
    /// Reads a blog of it; `None` when the folder is no such blog.
    recognise: fn(&Folder) -> Option<Blog>,
}

/// All that are recognised; the first one that knows the folder wins. Hexo and Jekyll share the name of a file.
const GENERATORS: [Generator; 7] = [
    Generator { name: "Hugo", recognise: hugo::recognise },
    Generator { name: "Zola", recognise: zola::recognise },
    Generator { name: "Astro", recognise: astro::recognise },
    Generator { name: "Eleventy", recognise: eleventy::recognise },
    Generator { name: "Hexo", recognise: hexo::recognise },
    Generator { name: "Jekyll", recognise: jekyll::recognise },
    Generator { name: "Pelican", recognise: pelican::recognise },
];

const CONFIG: &str = include_str!("config.toml");
const FIRST_POST: &str = include_str!("first-post.md");

/// Make a new site: a commented config.toml and a first post. Posts from today on will be mailed, older ones never.
///
/// In the folder of a blog made with Jekyll, Hugo, Zola, Eleventy, Astro, Hexo or Pelican, or in a new folder inside of it,
/// the blog's settings are taken over, and its own files stay as they are; only `.gitignore` gets lines that it lacks.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder of the new site; it is made when it is missing
    #[arg(default_value = ".")]
    dir: PathBuf,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let folder = context.site.join(&arguments.dir);
    let site = SiteFolder::new(&folder);
    let today = context.now.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let shown = |name: &str| {
        if arguments.dir == Path::new(".") { name.to_owned() } else { arguments.dir.join(name).display().to_string() }
    };
    let template = CONFIG.replace("{today}", &today);
    let here = recognise(&folder);
    let is_above = here.is_none();
    // In a new folder inside of a blog, the blog is the one above.
    let above = || recognise(folder.parent().filter(|_| folder.file_name().is_some())?);
    let found = here.or_else(above);
    if let Some((name, _)) = found.as_ref().filter(|_| !is_above && is_theirs(&folder)) {
        let theirs = format!("{} belongs to the {name} blog in this folder", shown(CONFIG_FILE));
        let beside = shown("newsletter");
        let help = format!("make a folder for Tidings beside it: `tidings init {beside}` takes over what it says");
        return Err(Failure::new(Exit::Refused, Diagnostic::error("init/foreign", theirs).help(help)));
    }
    let mut takeover = found.map(|(name, blog)| (name, take_over(&template, blog, is_above)));
    let is_public_taken = site.is_folder("public");
    if let Some((_, takeover)) = takeover.as_mut().filter(|_| is_public_taken) {
        // The blog's program may write there too.
        takeover.config = takeover.config.replacen("# dir = \"public\"", "dir = \"feeds\"", 1);
        takeover
            .notes
            .push("feeds will be written to the folder feeds, because there is a folder public already".into());
    }
    let config = takeover.as_ref().map_or(template, |(_, takeover)| takeover.config.clone());
    match site.write_new(CONFIG_FILE, config.as_bytes(), Access::Public) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let exists = Diagnostic::error("init/exists", format!("there is a site already: {}", shown(CONFIG_FILE)));
            return Err(Failure::new(Exit::Refused, exists.help("name another folder: `tidings init FOLDER`")));
        }
        written => written.map_err(|error| unwritten(&folder.join(CONFIG_FILE), error))?,
    }
    if let Some((name, takeover)) = &takeover {
        tell(name, is_above, takeover, context);
    }
    context.ui.say(&format!("Made {}.", shown(CONFIG_FILE)));
    let post = format!("posts/{today}-hello.md");
    let first_post = takeover.is_none().then(|| (post.as_str(), FIRST_POST.replace("{today}", &today)));
    if let Some((name, text)) = first_post {
        match site.write_new(name, text.as_bytes(), Access::Public) {
            Ok(()) => context.ui.say(&format!("Made {}.", shown(name))),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                context.ui.say(&format!("Left {} as it is.", shown(name)));
            }
            Err(error) => return Err(unwritten(&folder.join(name), error)),
        }
    }
    let feeds = if takeover.is_some() && is_public_taken { "feeds" } else { "public" };
    context.ui.say(&extend_gitignore(&site, feeds, &shown(GITIGNORE))?);
    let blog = folder.parent().filter(|_| is_above && takeover.is_some());
    if blog.is_some_and(|blog| agreement::settle_new(&folder, blog, &context.state)) {
        context
            .ui
            .say("It reads posts of the folder above: agreed to on this machine, asked about first on another one.");
    }
    let is_taken = |key: &str| {
        takeover.as_ref().is_some_and(|(_, takeover)| takeover.taken.iter().any(|(taken, _)| *taken == key))
    };
    let open: Vec<_> = [("site.title", "title"), ("site.url", "url"), ("site.author.email", "from")]
        .into_iter()
        .filter_map(|(key, name)| (!is_taken(key)).then_some(name))
        .collect();
    context.ui.say(&match open.as_slice() {
        [] => "Now look at config.toml and at `tidings publish --dry-run`.".to_owned(),
        [one] => format!("Now set {one} in config.toml, and look at `tidings publish --dry-run`."),
        [first @ .., last] => {
            format!("Now set {} and {last} in config.toml, and look at `tidings publish --dry-run`.", first.join(", "))
        }
    });
    Ok(Exit::Done)
}

/// The blog in a folder and what makes it.
fn recognise(folder: &Path) -> Option<(&'static str, Blog)> {
    let folder = Folder::new(folder);
    GENERATORS.iter().find_map(|generator| Some((generator.name, (generator.recognise)(&folder)?)))
}

/// True when config.toml of this folder is the blog's own.
fn is_theirs(folder: &Path) -> bool {
    let settings = Folder::new(folder).settings(CONFIG_FILE);
    settings.is_some_and(|settings| settings.get(&["base_url"]).is_some() || hugo::is_own(&settings))
}

/// Says what was taken over and from where, and what was not.
fn tell(name: &str, is_above: bool, takeover: &Takeover, context: &Context) {
    let place = if is_above { "The folder above" } else { "This" };
    let Takeover { taken, notes, .. } = takeover;
    let found = if taken.is_empty() { "None of its settings could be taken over." } else { "Taken over:" };
    context.ui.say(&format!("{place} is a blog made with {name}; its files stay as they are. {found}"));
    let row = |(key, found): &(&'static str, settings::Found)| {
        [format!("  {key}"), cut(&found.text, 44), format!("({})", found.from)]
    };
    if !taken.is_empty() {
        context.ui.say_lines(columns(&taken.iter().map(row).collect::<Vec<_>>()).trim_end());
    }
    if !notes.is_empty() {
        context.ui.say("Not taken over, or good to know:");
        for note in notes {
            context.ui.say(&format!("  - {note}"));
        }
    }
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
