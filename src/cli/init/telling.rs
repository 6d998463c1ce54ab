//! What `init` says: what it found and took over, and what to do next.

use std::path::Path;

use super::blog::{UNDATED, UNREAD};
use super::elsewhere::GUESS;
use super::settings::Found;
use super::takeover::Takeover;
use crate::cli::Context;
use crate::cli::table::cut;
use crate::config::{Config, placeholder};

/// Where a blog is that was there already.
pub(super) struct Place {
    /// What made it; `None` when nothing is known to have.
    pub(super) generator: Option<&'static str>,
    pub(super) is_above: bool,
    /// The feed that was named, where nothing else is known of the blog.
    pub(super) feed: Option<String>,
}

/// Says what was taken over and from where, and what was not.
pub(super) fn tell(place: &Place, takeover: &Takeover, context: &Context) {
    let Takeover { taken, notes, .. } = takeover;
    let what = match (place.generator, place.is_above) {
        (None, _) if let Some(feed) = &place.feed => format!("The posts are the entries of {feed}"),
        (Some(name), false) => format!("This is a blog made with {name}"),
        (Some(name), true) => format!("The folder above is a blog made with {name}"),
        (None, _) => "This is a folder with posts that no program is known to have made".to_owned(),
    };
    let found = if taken.is_empty() { "None of its settings could be taken over." } else { "Taken over:" };
    context.ui.say(&if place.feed.is_some() && place.generator.is_none() {
        format!("{what}. {found}")
    } else {
        format!("{what}; its files stay as they are. {found}")
    });
    let row =
        |(key, found): &(&'static str, Found)| [format!("  {key}"), cut(&found.text, 44), format!("({})", found.from)];
    if !taken.is_empty() {
        let mut page = context.ui.new_message();
        page.table(&taken.iter().map(row).collect::<Vec<_>>());
        context.ui.say_page(page);
    }
    if !notes.is_empty() {
        context.ui.say("Not taken over, or good to know:");
        for note in notes {
            context.ui.say(&format!("  - {note}"));
        }
    }
}

/// The steps after `init`.
pub(super) struct Next<'a> {
    /// The folder of the site, as it was given.
    pub(super) dir: &'a Path,
    /// The name of its configuration.
    pub(super) shown: String,
}

impl Next<'_> {
    /// Says them; `open` are the settings that only the owner knows.
    pub(super) fn tell(&self, open: &[&str], context: &Context) {
        let set = match open {
            [] => format!("Look through {}.", self.shown),
            [one] => format!("Set {one} in {}.", self.shown),
            [first @ .., last] => format!("Set {} and {last} in {}.", first.join(", "), self.shown),
        };
        let site = if self.dir == Path::new(".") { String::new() } else { format!(" -C {}", self.dir.display()) };
        context.ui.say("Next:");
        context.ui.say(&format!("  1. {set}"));
        context.ui.say(&format!(
            "  2. `tidings{site} check` says what is to be mended, and `tidings{site} posts` what is read."
        ));
        context.ui.say(&format!("  3. `tidings{site} publish --dry-run` shows the next issue."));
    }
}

/// The settings that a takeover leaves to the owner; without one they are those of an example.
pub(super) fn left_open(takeover: Option<&Takeover>) -> Vec<&'static str> {
    let is_taken = |key: &str| {
        takeover.is_some_and(|it| it.taken.iter().any(|(taken, found)| *taken == key && found.from != GUESS))
    };
    let has_posts = is_taken("posts.dir") || is_taken("posts.feed");
    let all = [("site.title", "title"), ("site.url", "url"), ("posts.dir", "posts.dir"), ("site.author.email", "from")];
    let is_open = |(key, _): &(&str, &str)| !is_taken(key) && (takeover.is_some() && !has_posts || *key != "posts.dir");
    let says = |start: &str| takeover.is_some_and(|it| it.notes.iter().any(|note| note.starts_with(start)));
    // Nothing that is there can be read, and its feed can.
    let name = |name| if name == "posts.dir" && says(UNREAD) { "posts.feed" } else { name };
    let open = all.into_iter().filter(is_open).map(|(_, it)| name(it));
    open.chain(says(UNDATED).then_some("posts.date")).collect()
}

/// The settings of a site that are those of the example still.
pub(super) fn examples(config: &Config) -> Vec<&'static str> {
    let is_example_url = config.site.url.host_str().is_some_and(placeholder::is_example_domain);
    let from = config.newsletter.from.as_ref();
    let is_example_sender =
        from.is_none_or(|from| !placeholder::of_sender(from.name.as_deref(), from.address.as_str()).is_empty());
    let all =
        [(config.site.title == placeholder::TITLE, "title"), (is_example_url, "url"), (is_example_sender, "from")];
    all.into_iter().filter(|(is_open, _)| *is_open).map(|(_, name)| name).collect()
}
