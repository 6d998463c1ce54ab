//! OPML 2.0 (<http://opml.org/spec2.opml>): the list of a site's feeds, for readers that import one.

use crate::config::{Config, FeedsBy};
use crate::content::write;

use super::{FeedPlan, Format, Subject, date, text};

/// The file, below `feeds.dir`.
pub const OPML_FILE: &str = "feeds.opml";

/// The list of all feeds that can be subscribed to, each in the first of the formats; `None` when there is but one feed.
pub fn opml(plans: &[FeedPlan], formats: &[Format], config: &Config) -> Option<String> {
    let format = formats.first()?;
    let site = plans.iter().find(|plan| plan.subject == Subject::Site)?;
    if config.feeds.by.is_empty() {
        return None;
    }
    let mut opml = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n  <head>\n");
    opml += &format!("    <title>{}</title>\n", escaped(site.title()));
    if let Some(updated) = &site.feed.updated {
        opml += &format!("    <dateModified>{}</dateModified>\n", date::rfc822(updated));
    }
    opml += "  </head>\n  <body>\n";
    opml += &outline("    ", site, format);
    for by in &config.feeds.by {
        let is_of = |plan: &&FeedPlan| matches!(&plan.subject, Subject::Part { by: other, .. } if other == by);
        let mut of: Vec<&FeedPlan> = plans.iter().filter(is_of).collect();
        of.sort_by_key(|plan| plan.title().to_lowercase());
        if !of.is_empty() {
            opml += &format!("    <outline text=\"{}\">\n", escaped(&heading(by)));
            opml.extend(of.into_iter().map(|plan| outline("      ", plan, format)));
            opml += "    </outline>\n";
        }
    }
    opml += "  </body>\n</opml>\n";
    Some(opml)
}

/// `Tags`
fn heading(by: &FeedsBy) -> String {
    let name = text::line(by.as_str());
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn outline(indent: &str, plan: &FeedPlan, format: &Format) -> String {
    let feed = &plan.feed;
    // Readers take `rss` for a feed of any format.
    let mut outline = format!("{indent}<outline type=\"rss\" text=\"{0}\" title=\"{0}\"", escaped(&feed.title));
    let attributes = [
        ("xmlUrl", Some(plan.address(&format.file_name))),
        ("htmlUrl", Some(feed.site.clone())),
        ("description", feed.description.clone()),
        ("language", Some(feed.language.clone())),
    ];
    for (name, value) in attributes {
        if let Some(value) = value {
            outline += &format!(" {name}=\"{}\"", escaped(&value));
        }
    }
    outline + "/>\n"
}

/// The lines for the head of a page by which browsers and readers find a feed (RSS Autodiscovery, HTML "alternate").
pub fn links(plan: &FeedPlan, formats: &[Format]) -> String {
    let line = |format: &Format| {
        let title =
            if formats.len() > 1 { format!("{} ({})", plan.title(), format.label) } else { plan.title().to_owned() };
        format!(
            "<link rel=\"alternate\" type=\"{}\" title=\"{}\" href=\"{}\">\n",
            format.media_type,
            escaped(&title),
            escaped(&plan.address(&format.file_name))
        )
    };
    formats.iter().map(line).collect()
}

fn escaped(text: &str) -> String {
    write::escaped(text, true)
}
