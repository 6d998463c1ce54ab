//! Middleman with its blog extension: what `config.rb` sets in plain lines. The program is read, and never run.

use super::blog::{Blog, Folder};
use super::settings::Found;
use crate::post::is_post_file;
use crate::publish::count;

const FILE: &str = "config.rb";

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    let text = folder.text(FILE)?;
    let activates = |what: &str| lines(&text).any(|line| line.starts_with(what));
    activates("activate :blog").then_some(())?;
    let mut blog = Blog::default();
    blog.site("middleman", None, |names| names.iter().find_map(|name| said(&text, name)));
    // Hosts of other kinds, such as those that a site is copied to, have the same names.
    blog.taken.retain(|(key, found)| *key != "site.url" || found.text.contains("://"));
    let prefix = said(&text, "prefix").map_or(String::new(), |prefix| prefix.text);
    let below = |name: &str, default: &str| {
        let found = said(&text, name).unwrap_or_else(|| Found::new(default, "Middleman's own default"));
        // The older spelling of a placeholder is `:title`.
        let path =
            format!("{}/{}", prefix.trim_matches('/'), found.text.trim_matches('/')).replace('{', ":").replace('}', "");
        Found { text: path.trim_matches('/').to_owned(), ..found }
    };
    let sources = below("sources", "{year}-{month}-{day}-{title}.html").text;
    let source = said(&text, "source").map_or("source".to_owned(), |source| source.text);
    let fixed = sources.split(':').next().unwrap_or_default();
    let section = fixed.rsplit_once('/').map_or("", |(section, _)| section);
    let candidate = format!("{}/{section}", source.trim_matches('/')).trim_matches('/').to_owned();
    let Some(posts) = blog.posts(folder, &[candidate]) else { return Some(blog) };
    let files = folder.files(&posts).iter().filter(|file| is_post_file(file, false)).count();
    let pages = files.saturating_sub(folder.posts(&posts));
    if pages > 0 && fixed.is_empty() {
        let files = count(pages as u64, "Markdown file");
        blog.notes
            .push(format!("{files} in {posts} without a date: write `type: page` into what is a page and no post"));
    }
    if !sources.contains(":title") {
        blog.take("posts.slug_from", Some(Found::new("title", format!("{FILE}: sources"))));
        blog.take("posts.slugify", Some(Found::new("zola", "Latin letters and digits, as Middleman spells titles")));
    }
    let mut permalink = below("permalink", "{year}/{month}/{day}/{title}.html");
    if activates("activate :directory_indexes") {
        let path = permalink.text.trim_end_matches("/index.html").trim_end_matches(".html").to_owned();
        permalink.text = format!("{path}/");
    }
    blog.permalink(permalink, |word| {
        Some(match word {
            "year" | "month" | "day" | "lang" => format!(":{word}"),
            "category" => ":slugified_categories".to_owned(),
            "title" | "slug" => ":slug".to_owned(),
            "locale" => ":lang".to_owned(),
            _ => return None,
        })
    });
    if lines(&text).filter(|line| line.starts_with("activate :blog")).count() > 1 {
        blog.notes
            .push(format!("{FILE} has several blogs: this is the first of them; make a folder for each of the others"));
    }
    let engine = said(&text, "markdown_engine");
    if engine.is_none() && !text.contains(":markdown_engine") {
        blog.take("posts.smart_punctuation", Some(Found::new("true", "kramdown's own default")));
    }
    Some(blog)
}

/// The lines that are no comments.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with('#'))
}

/// What is set to a plain text: `blog.NAME = "…"`, `set :NAME, "…"`, `config[:NAME] = "…"`, `NAME: "…"`.
fn said(text: &str, name: &str) -> Option<Found> {
    lines(text).find_map(|line| {
        let (before, after) = line.split_once(name)?;
        let value = after.trim_start_matches([' ', '=', ',', ':', '>', ']']);
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, _) = value[1..].split_once(quote)?;
        let is_name = before.is_empty() || before.ends_with(['.', ':', ' ']);
        (is_name && !value.contains("#{")).then(|| Found::new(value, format!("{FILE}: {name}")))
    })
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn a_program_is_read_for_what_it_sets_to_plain_texts() {
        let text = "# blog.sources = 'no'\nset :source, 'site'\n  blog.sources = \"posts/{title}.html\"\nconfig[:title] = 'Ada''s'\n\
                    activate :blog, prefix: 'b', permalink: x\nset :url, \"#{host}/x\"\nputs 'permalink'\n";
        let of = |name: &str| said(text, name).map_or(String::new(), |found| found.text);
        assert_eq!(of("source"), "site");
        assert_eq!(of("sources"), "posts/{title}.html");
        assert_eq!(of("title"), "Ada");
        assert_eq!(of("prefix"), "b");
        assert_eq!((of("permalink"), of("url")), (String::new(), String::new()));
    }
}
