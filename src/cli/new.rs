//! `tidings new`

use clap::Args;

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::printable::one_line;
use super::{Context, Ui};
use crate::diagnostic::Diagnostic;
use crate::files::Access;
use crate::publish::{Activity, PublishError, Use, site_folder};

/// Make a new post: a draft with today's date, ready to be written.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidings new \"Slow rivers\"")]
pub(super) struct Arguments {
    /// The title
    title: String,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    let title = arguments.title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        return Err(Failure::usage("the title is empty", "write for example `tidings new \"Slow rivers\"`"));
    }
    if let Some(feed) = &config.posts.feed {
        let elsewhere =
            Diagnostic::error("new/feed", format!("the posts of this site come from a feed: {}", feed.name()));
        return Err(Failure::new(Exit::Refused, elsewhere.help("write it where that feed is made")));
    }
    let today = context.now.to_zoned(config.site.timezone.clone()).date();
    let path = format!("{}/{today}-{}.md", config.posts.dir, slug(&title));
    // A JSON string is a YAML string too, whatever the title holds.
    let quoted = serde_json::Value::from(title).to_string();
    let text = format!("---\ntitle: {quoted}\ndate: {today}\ntags: []\ndraft: true\n---\n\n");
    let folder = site_folder(&context.site, &config, Use::Content);
    match folder.write_new(&path, text.as_bytes(), Access::Public) {
        Ok(()) => {
            Ui::result(&one_line(&path));
            context.ui.say("It is a draft: remove `draft: true` when it is done.");
            Ok(Exit::Done)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let exists = Diagnostic::error("new/exists", format!("there is such a post already: {path}"));
            Err(Failure::new(Exit::Refused, exists.help("give it another title, or edit that file")))
        }
        Err(error) => Err(PublishError::file(path, error).into()),
    }
}

/// The title as a file name: letters and digits of any script in lower case, everything else one `-`.
fn slug(title: &str) -> String {
    let lower = title.to_lowercase().replace(['\'', '’'], "");
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let slug: String = words.join("-").chars().take(80).collect();
    if slug.is_empty() { "post".to_owned() } else { slug.trim_end_matches('-').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_title_becomes_a_file_name() {
        assert_eq!(slug("Don’t look: R&D / Vec<T>"), "dont-look-r-d-vec-t");
        assert_eq!(slug("日本語 title"), "日本語-title");
        assert_eq!(slug("../../etc"), "etc");
        assert_eq!(slug("???"), "post");
    }
}
