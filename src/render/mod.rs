//! A post → its entry. Markdown becomes one tree (`markdown_tree`), and every pass works on that tree. Nothing here has an effect,
//! and no input panics.

mod audience;
mod autolink;
mod dialect;
mod embed;
mod extent;
mod footnotes;
mod headings;
mod ids;
mod left_out;
mod leftover;
mod links;
mod markdown;
mod markdown_tree;
mod media;
mod pictures;
mod source;
mod summary;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pulldown_cmark::{CowStr, Event, Tag};

use crate::config::Config;
use crate::content::nodes::{self, Element, Node};
use crate::content::{self, Content, Kind};
use crate::diagnostic::{Diagnostic, Location, Places};
use crate::model::{Body, Category, Entry, Image, MailContent, MailPicture, Markup, Post, distinct};
use crate::post::Posts;
use crate::post::audience::{Audience, marks, select};

use dialect::Expanded;
use ids::Ids;
pub use pictures::add_sizes;

/// Renders one post and its body. `posts` are all posts of the site: links to their files become links to their permalinks.
///
/// Never fails: what cannot be shown is left out, and the warnings say so.
pub fn entry(post: &Post, body: &Body, posts: &Posts, config: &Config) -> (Entry, Vec<Diagnostic>) {
    let mut warnings = Vec::new();
    let key = ids::key(post, posts);
    if body.markup != Markup::Markdown {
        let said = content(content::read(&body.text), &key, (post, body), posts, config, &mut warnings);
        distinct(&mut warnings);
        return (made(post, body, said, None, config), warnings);
    }
    let (Expanded { text, events }, found) = dialect::expand((post, body), posts, config);
    warnings.extend(found);
    warnings.extend(audience::check(post, body));
    let no_ids = Ids::default();
    let mut of = |text: &str, events: Option<Vec<Event<'_>>>| {
        let plain = |(event, _)| without_joints(event);
        let events = match events {
            Some(events) if !config.posts.smart_punctuation => events,
            _ if config.posts.smart_punctuation => markdown::parse_smart(text).map(plain).collect(),
            _ => markdown::parse(text).map(plain).collect(),
        };
        let (events, has_more_notes) = markdown::events(events, &key);
        if has_more_notes {
            warnings.push(extent::about_notes(post));
        }
        let mut schemes = links::Links::new((post, body), posts, config, &no_ids);
        for event in &events {
            if let Event::Start(Tag::Link { dest_url, .. }) = event {
                schemes.look_at_scheme(dest_url);
            }
        }
        warnings.append(&mut schemes.warnings);
        content(markdown_tree::read(&events), &key, (post, body), posts, config, &mut warnings)
    };
    // Whether the text differs between web and mail.
    let divides = !marks(&text).is_empty();
    let web = if divides { of(&select(&text, Audience::Web), None) } else { of(&text, events) };
    let mail = divides.then(|| Box::new(of(&select(&text, Audience::Mail), None)));
    distinct(&mut warnings);
    let mut entry = made(post, body, web, mail, config);
    if config.feeds.markdown {
        let mut links = links::Links::new((post, body), posts, config, &no_ids);
        if let Some(markdown) = source::source(&select(&text, Audience::Web), &post.url, &mut links, config) {
            entry.in_feeds.get_or_insert_default().markdown = Some(markdown);
        }
    }
    (entry, warnings)
}

/// The entry that a post is with this content, and this one in mail.
fn made(post: &Post, body: &Body, web: MailContent, mail: Option<Box<MailContent>>, config: &Config) -> Entry {
    let MailContent { summary, content, pictures } = web;
    // Only posts with a date are published; for any other the beginning of time is as good as none.
    let published = post.published.clone().unwrap_or_else(|| Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC));
    Entry {
        id: post.id.clone(),
        url: post.url.clone(),
        path: post.path.clone(),
        title: post.title.clone(),
        updated: post.updated.clone().unwrap_or_else(|| published.clone()),
        published,
        date_only: post.date_only,
        language: post.language.clone(),
        authors: post.authors.clone(),
        categories: categories(post, config),
        image: post.image.clone(),
        enclosures: post.enclosures.clone(),
        episode: post.episode.clone(),
        mail_pictures: without_posters(&pictures, mail.as_deref(), config),
        pictures,
        summary,
        content,
        is_summary: body.markup == Markup::HtmlSummary,
        in_feeds: post.in_feeds.clone(),
        mailing: post.mailing.clone(),
        mail,
    }
}

/// The pictures of films that mail leaves out.
fn without_posters(web: &[Image], mail: Option<&MailContent>, config: &Config) -> BTreeMap<String, MailPicture> {
    let all = web.iter().chain(mail.map(|mail| mail.pictures.as_slice()).unwrap_or_default());
    let posters = all.filter(|picture| !config.newsletter.embed_thumbnails && embed::is_poster(&picture.url));
    posters.map(|picture| (picture.url.clone(), MailPicture::LeftOut)).collect()
}

/// A joint has done its work when the text was read.
fn without_joints(event: Event<'_>) -> Event<'_> {
    let without = |text: CowStr<'_>| text.replace(dialect::JOINT, "").into();
    match event {
        Event::Text(text) if text.contains(dialect::JOINT) => Event::Text(without(text)),
        Event::Code(text) if text.contains(dialect::JOINT) => Event::Code(without(text)),
        Event::Html(text) if text.contains(dialect::JOINT) => Event::Html(without(text)),
        Event::InlineHtml(text) if text.contains(dialect::JOINT) => Event::InlineHtml(without(text)),
        event => event,
    }
}

/// What a post says to one audience.
fn content(
    read: Content,
    key: &str,
    (post, body): (&Post, &Body),
    posts: &Posts,
    config: &Config,
    warnings: &mut Vec<Diagnostic>,
) -> MailContent {
    let Content { mut nodes, left_out, has_data_picture } = read;
    // What HTML says about `{{ x }}` is meant so.
    let may_have_tags = body.markup == Markup::Markdown && !config.posts.raw_shortcodes;
    let mut found = left_out::about(post, body, &left_out);
    if has_data_picture {
        found.push(about_data_picture(post, body));
    }
    found.extend(footnotes::undefined(&nodes, post, body));
    if body.markup == Markup::Markdown {
        found.extend(tables::about(&nodes, post, body));
    }
    drop_title(&mut nodes, &post.title);
    demote_headings(&mut nodes);
    if nodes::any(&nodes, &is_double) {
        nodes = nodes::rewrite(nodes, &mut |node| {
            if matches!(&node, Node::Element(element) if is_double(element)) { vec![] } else { vec![node] }
        });
    }
    nodes::walk(&mut nodes, &mut |element| {
        media::promote_lazy(element);
        tidy_attributes(element);
    });
    let mut beyond = extent::take(extent::MOST, &mut nodes);
    headings::give_ids(&mut nodes);
    headings::drop_anchors(&mut nodes);
    let ids = Ids::rename(&mut nodes, key);
    let mut links = links::Links::new((post, body), posts, config, &ids);
    links.resolve(&mut nodes);
    for nodes in &mut beyond {
        links.resolve(nodes);
        if may_have_tags {
            leftover::remove(nodes);
        }
    }
    found.extend(links.warnings);
    found.extend(extent::put(&mut nodes, beyond, post));
    let nodes = media::replace(nodes);
    let nodes = autolink::link(nodes);
    let summary = summary::summary(post.description.as_deref(), &nodes);
    let has_marks = nodes::any(&nodes, &|element| element.kind == Kind::Mark);
    let mut nodes = if has_marks { summary::raise_mark(nodes) } else { nodes };
    nodes::settle(&mut nodes);
    if may_have_tags {
        leftover::remove(&mut nodes);
    }
    trim(&mut nodes);
    warnings.extend(found);
    MailContent { summary, pictures: pictures::pictures(&nodes), content: nodes }
}

/// A picture within the text is a burden on every feed, and mail clients do not show it.
fn about_data_picture(post: &Post, body: &Body) -> Diagnostic {
    let place = body.text.find("data:image/").map_or_else(
        || Location::start_of(&post.path),
        |at| {
            let mut place = Places::from_line(body.first_line, &post.path, &body.text).at(at..at + "data:image/".len());
            // One line of letters and digits, as long as the picture is large.
            place.excerpt = place.excerpt.chars().take(place.before() + 40).collect();
            place
        },
    );
    let message = "left out: a picture that is written into the text itself as `data:`";
    let help = "save it as a file beside the post, and write the name of the file";
    Diagnostic::warning("post/data-image", message).at(place).help(help)
}

fn categories(post: &Post, config: &Config) -> Vec<Category> {
    let of = |taxonomy: &crate::model::Taxonomy| {
        let scheme = config.site.url.join(&format!("./{}/", taxonomy.name)).unwrap_or_else(|_| config.site.url.clone());
        let category = |term: &String| Category {
            taxonomy: taxonomy.name.clone(),
            term: term.clone(),
            scheme: scheme.to_string(),
        };
        taxonomy.terms.iter().map(category).collect::<Vec<_>>()
    };
    post.taxonomies.iter().flat_map(of).collect()
}

/// A heading that repeats the title is shown by the feed or the mail already.
fn drop_title(nodes: &mut Vec<Node>, title: &str) {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let first = nodes.iter().position(|node| !matches!(node, Node::Text(text) if text.trim().is_empty()));
    if let Some(first) = first
        && let Node::Element(element) = &nodes[first]
        && element.name == "h1"
        && plain(&nodes::one_line(&element.children)) == plain(title)
    {
        nodes.remove(first);
    }
}

/// The title is the only heading of level one: where the body has another, all its headings go down by one.
fn demote_headings(nodes: &mut [Node]) {
    if nodes::any(nodes, &|element| element.name == "h1") {
        nodes::walk(nodes, &mut |element| {
            let level = element.name.strip_prefix('h').and_then(|level| level.parse::<u8>().ok());
            if let Some(level @ 1..=5) = level {
                element.name = ["h2", "h3", "h4", "h5", "h6"][usize::from(level) - 1];
            }
        });
    }
}

/// Content that is there only for the eye and repeats its neighbour.
fn is_double(element: &Element) -> bool {
    element.name == "span" && element.has_class("katex-html")
}

/// Keeps of classes and styles only what means something here.
fn tidy_attributes(element: &mut Element) {
    if element.attributes.is_empty() {
        return;
    }
    if let Some(classes) = element.remove("class")
        && let Some(kept) = known_classes(element.name, classes)
    {
        element.set("class", kept);
    }
    // An anchor of old.
    if let Some(name) = element.remove("name").filter(|_| element.name == "a" && element.get("id").is_none()) {
        element.set("id", name);
    }
    if let Some(side) = element.remove("align").map(|side| side.to_ascii_lowercase())
        && matches!(&*side, "left" | "center" | "right")
        && element.get("style").is_none()
    {
        element.set("style", format!("text-align:{side}"));
    }
}

/// The classes that mean something; `None` when none of them does.
fn known_classes(element: &str, classes: String) -> Option<String> {
    let mut kept = String::new();
    for class in classes.split_ascii_whitespace().filter_map(|class| known_class(element, class)) {
        if class == classes {
            return Some(classes);
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(class);
    }
    (!kept.is_empty()).then_some(kept)
}

fn known_class<'c>(element: &str, class: &'c str) -> Option<&'c str> {
    match (element, class) {
        ("a", "footnote" | "reversefootnote") | ("section", "footnotes") => Some(class),
        ("code", class) => {
            let language = class.strip_prefix("language-")?;
            let end =
                language.find(|c: char| !c.is_ascii_alphanumeric() && !"+#._-".contains(c)).unwrap_or(language.len());
            (end > 0).then(|| &class[..class.len() - language.len() + end])
        }
        _ => None,
    }
}

/// No blank text at either end.
fn trim(nodes: &mut Vec<Node>) {
    let blank = |node: &Node| matches!(node, Node::Text(text) if text.trim_ascii().is_empty());
    while nodes.last().is_some_and(blank) {
        nodes.pop();
    }
    let start = nodes.iter().take_while(|node| blank(node)).count();
    nodes.drain(..start);
}
