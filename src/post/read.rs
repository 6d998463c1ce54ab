//! One file → one post and what there is to say about it. Whatever is in the file, a post comes out: nothing is lost.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::config::{Config, Slugify};
use crate::diagnostic::Diagnostic;
use crate::model::{Head, Post, PostStatus};

use super::body;
use super::companion::{Broken, Companions};
use super::decode::{Decoded, NotText, decode, decode_head};
use super::findings::Findings;
use super::front_matter::{self, Fields, FrontMatter};
use super::names::NAMES;
use super::programs;
use super::source::Source;
use super::source_path::SourcePath;
use super::terms::TaxonomyKeys;
use super::{
    author, date, enclosure, generator_tags, identity, image, in_feeds, language, mailing, permalink, status, terms,
    title,
};

/// What the top of a file allows.
enum Standing {
    /// Its keys decide.
    Decides,
    /// It needs a date in its name.
    Bare,
    /// It is no post as it stands.
    Skipped(&'static str),
    /// It must be mended.
    Broken,
}

/// What a file is read with.
pub(crate) struct Surroundings<'s> {
    pub(crate) config: &'s Config,
    /// The files beside the posts.
    pub(crate) companions: &'s Companions,
    /// The folders at the top are languages.
    pub(crate) language_folders: bool,
    /// When posts that say no day themselves were published.
    pub(crate) dates: &'s BTreeMap<String, Timestamp>,
    /// The ids that the owner keeps for posts, by path.
    pub(crate) ids: &'s BTreeMap<String, String>,
    /// The taxonomies of the site.
    pub(crate) taxonomies: &'s [TaxonomyKeys],
    pub(crate) now: Timestamp,
}

pub(crate) fn read(source: &Source, around: &Surroundings<'_>) -> (Post, Vec<Diagnostic>) {
    let Source { path, bytes } = source;
    let (mut post, found) = match decode(bytes) {
        Ok(decoded) => whole(path, &decoded, around),
        Err(problem) => unreadable(path, &problem, around),
    };
    post.head = body::head(bytes, true, post.head.body);
    (post, found)
}

/// Reads one file by its beginning; `None` when that does not say all that is needed. What comes out is what [`read`] makes
/// of the whole file, but for what is wrong with the text further down.
pub(crate) fn read_head(source: &Source, around: &Surroundings<'_>) -> Option<(Post, Vec<Diagnostic>)> {
    if programs::may_hold(&source.path) {
        return None;
    }
    let (decoded, length) = decode_head(&source.bytes)?;
    let (mut post, found) = readable(&source.path, &decoded, false, around)?;
    post.head = body::head(&source.bytes[..length], false, post.head.body);
    Some((post, found))
}

fn unreadable(path: &str, problem: &NotText, around: &Surroundings<'_>) -> (Post, Vec<Diagnostic>) {
    // Only the name is left to go by.
    let nothing = Decoded { text: "".into(), utf16: false, dropped: None };
    let (mut post, _) = whole(path, &nothing, around);
    post.status = PostStatus::Error;
    post.reason.clone_from(&problem.message);
    (post, vec![body::not_text(path, problem)])
}

fn whole(path: &str, decoded: &Decoded<'_>, around: &Surroundings<'_>) -> (Post, Vec<Diagnostic>) {
    readable(path, decoded, true, around).expect("a whole file always says enough")
}

/// True when more text would change nothing of what was read: the front matter has ended and words of the body follow. A
/// body that begins with dashes may be a second front matter.
fn says_enough(front: &FrontMatter, body: &str) -> bool {
    let body = body.trim_start();
    matches!(front, FrontMatter::Keys(_)) && !body.is_empty() && !body.starts_with("---")
}

fn readable(
    path: &str,
    decoded: &Decoded<'_>,
    is_whole: bool,
    around: &Surroundings<'_>,
) -> Option<(Post, Vec<Diagnostic>)> {
    let text = &*decoded.text;
    let mut findings = Findings::new(path, text);
    if decoded.utf16 {
        findings.warning("post/encoding", 0..1, "this file is UTF-16", "save it as UTF-8");
    }
    body::warn_of_dropped(decoded, &mut findings);
    let mut beside = Vec::new();
    let sidecar = around.companions.of_post(path, &mut beside);
    let (front, start) = front_matter::read(text, &mut findings);
    let body = &text[start..];
    if !is_whole && !says_enough(&front, body) {
        return None;
    }
    let (mut fields, mut standing) = match front {
        FrontMatter::Keys(fields) if fields.get(&["redirect", "redirectto"]).is_some() && body.trim().is_empty() => {
            (fields, Standing::Skipped("it redirects to another page"))
        }
        FrontMatter::Keys(fields) => (fields, Standing::Decides),
        FrontMatter::Broken => (Fields::default(), Standing::Broken),
        FrontMatter::Lost(at) => {
            findings.warning(
                "post/front-matter-lost",
                at,
                "this looks like front matter, but cannot be read as such: the file is skipped",
                "begin and end it with a line `---`, and write `key: value` with a blank behind the colon",
            );
            (Fields::default(), Standing::Skipped("its front matter cannot be found"))
        }
        FrontMatter::Missing if says_something(body) => (Fields::default(), Standing::Bare),
        FrontMatter::Missing => (Fields::default(), Standing::Skipped("it is empty")),
        FrontMatter::Endless { at, ends, cure } => {
            let (what, why) = match (ends, text[at.clone()].trim_end()) {
                (true, _) => ("has no keys".to_owned(), "its front matter has no keys"),
                (false, fence @ ("---" | "+++")) => {
                    (format!("has no end, a line `{fence}`"), "its front matter has no end")
                }
                (false, _) => ("has no end".to_owned(), "its front matter has no end"),
            };
            let message = format!("the front matter that begins here {what}: the file is skipped");
            findings.warning("post/front-matter-open", at, message, cure);
            (Fields::default(), Standing::Skipped(why))
        }
    };
    if let (Standing::Decides | Standing::Bare, true) = (&standing, programs::may_hold(path))
        && let Some(at) = programs::first(body)
    {
        findings.warning(
            "post/program",
            start + at.start..start + at.end,
            "this file holds a program, whose result is not known: the file is skipped",
            "publish what it is rendered to: Markdown (Quarto's `format: gfm`, R Markdown's `md_document`)",
        );
        standing = Standing::Skipped("it holds a program, whose result is not known");
    }
    match sidecar {
        Ok(None) => {}
        Ok(Some(keys)) => {
            fields.fill(keys);
            if matches!(standing, Standing::Bare) {
                standing = Standing::Decides;
            }
        }
        Err(Broken) => standing = Standing::Broken,
    }
    let body = title::Text { text: body, is_whole };
    let mut post = assemble(path, &fields, body, &standing, around, &mut findings)?;
    post.head.body = start;
    if let Some(error) = beside.iter().find(|finding| finding.is_error()) {
        post.reason = format!("the file beside it cannot be read: {}", error.message);
    }
    beside.extend(findings.finish());
    Some((post, beside))
}

/// False for a file that holds no word outside of comments.
fn says_something(body: &str) -> bool {
    let mut rest = body;
    loop {
        let (before, after) = rest.split_once("<!--").map_or((rest, None), |(before, after)| (before, Some(after)));
        if before.chars().any(char::is_alphanumeric) {
            return true;
        }
        match after.and_then(|after| after.split_once("-->")) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
}

fn assemble(
    path: &str,
    fields: &Fields,
    body: title::Text<'_>,
    standing: &Standing,
    around: &Surroundings<'_>,
    findings: &mut Findings<'_>,
) -> Option<Post> {
    let config = around.config;
    let conventions = date::Conventions::of(config);
    let filename = fields.get(&["filename"]).and_then(|field| field.value.text());
    let place = SourcePath::new(path, &config.posts.dir, filename);
    let of_file = || around.dates.get(path).map(|at| date::Moment::of_file(*at, &config.site.timezone));
    let published = date::published(fields, &place, conventions, findings).or_else(of_file);
    let updated = published.as_ref().and_then(|day| date::updated(fields, day, conventions, findings));
    let folder = place.language_folder().filter(|_| around.language_folders);
    let language_of_file = place.language.as_deref().or(folder);
    let language = language::language(fields, language_of_file, &config.site.language, findings);
    // These make addresses with the clock of the site.
    let is_of_site = matches!(config.posts.slugify, Slugify::Jekyll | Slugify::Hexo);
    let day = published
        .as_ref()
        .map(|day| if is_of_site { day.at.with_time_zone(config.site.timezone.clone()).date() } else { day.at.date() });
    let title = title::title(fields, body, &place)?;
    let address = permalink::address(fields, &place, (&title.text, day, &language), config, findings);
    let mut decision = status::decide(fields, &place, published.as_ref(), conventions, around.now, findings);
    let undated = published.is_none();
    let overruled = match standing {
        Standing::Skipped(reason) => Some((PostStatus::Skipped, (*reason).to_owned())),
        Standing::Broken => {
            Some((PostStatus::Error, findings.first_error().unwrap_or("its front matter cannot be read").to_owned()))
        }
        Standing::Bare if undated => {
            findings.warning(
                "post/no-front-matter",
                0..1,
                "this file has no front matter and no date: it is skipped",
                "begin it with a line `---`, then `title:` and `date:`, then a line `---`",
            );
            Some((PostStatus::Skipped, "it has no front matter and no date".to_owned()))
        }
        _ if undated && !matches!(decision.status, PostStatus::Page | PostStatus::Draft) => {
            Some((without_date(config.posts.slugify, findings), "it has no date".to_owned()))
        }
        _ if matches!(decision.status, PostStatus::Published | PostStatus::Scheduled) => {
            address.too_long.clone().map(|(at, length)| {
                let message =
                    format!("the address of this post has {length} characters; the most are {}", permalink::LONGEST);
                findings.error("post/permalink", at, message, "write a shorter `permalink:` or `slug:`");
                (PostStatus::Error, "its address is too long".to_owned())
            })
        }
        _ => None,
    };
    if let Some((status, reason)) = overruled {
        (decision.status, decision.reason) = (status, reason);
    }
    if title.is_made && matches!(decision.status, PostStatus::Published | PostStatus::Scheduled) {
        title::warn_of_none(&title.text, findings);
    }
    let of_description = NAMES.description.iter().map(String::as_str);
    let of_texts = title::TITLE_KEYS.into_iter().chain(of_description).chain(author::KEYS).chain(mailing::text_keys());
    let of_terms = around.taxonomies.iter().flat_map(|taxonomy| &taxonomy.keys).map(String::as_str);
    generator_tags::warn(fields, of_texts.chain(of_terms), findings);
    let enclosures = enclosure::enclosures(fields, &address.url, &config.site.url, findings);
    identity::check(fields, findings);
    let (newsletter, mailing) =
        mailing::mailing(fields, conventions, (&config.posts.taxonomies, &config.newsletter), findings);
    Some(Post {
        path: path.to_owned(),
        id: permalink::id(fields, &place, &address.url, around.ids.get(path), (&config.site, config.posts.id_from)),
        title: title.text,
        untitled: title.is_made,
        date_only: published.as_ref().is_some_and(|day| day.date_only),
        updated: updated.or_else(|| published.clone()).map(|day| day.at),
        published: published.map(|day| day.at),
        in_feeds: in_feeds::in_feeds(fields, &address, day, config),
        slug: address.slug,
        language,
        taxonomies: terms::taxonomies(fields, around.taxonomies, &place, findings),
        authors: author::authors(fields, around.companions, &config.site),
        description: title::description(fields),
        image: image::image(fields, &address.url, &config.site.url),
        episode: if enclosures.is_empty() { None } else { enclosure::episode(fields) },
        enclosures,
        status: decision.status,
        reason: decision.reason,
        feed: status::feed(fields),
        newsletter,
        mailing,
        draft_unclear: decision.draft_unclear,
        url: address.url,
        head: Head::default(),
    })
}

/// What a file is that is no page by itself and has no date.
fn without_date(slugify: Slugify, findings: &mut Findings<'_>) -> PostStatus {
    // A date that cannot be read has been told with its place; without another it is what stops the post.
    if findings.raise("post/date") {
        return PostStatus::Error;
    }
    // Zola lists a page without a date nowhere, and puts it into no feed.
    if matches!(slugify, Slugify::Zola | Slugify::ZolaSafe) {
        let help = "write a line such as `date = 2025-01-31` into the front matter if it is a post";
        findings.warning("post/no-date", 0..1, "this file has no date: it is a page and no post", help);
        return PostStatus::Page;
    }
    findings.error(
        "post/no-date",
        0..1,
        "this post has no date",
        "write a line such as `date: 2025-01-31` into the front matter; if it is a page and no post, write `layout: page`",
    );
    PostStatus::Error
}
