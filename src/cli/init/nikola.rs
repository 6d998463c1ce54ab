//! Nikola: `conf.py`, whose `POSTS` says from which folder posts come and below which address they go. Nothing is run.

use super::blog::{Blog, Folder};
use super::settings::Found;

const FILE: &str = "conf.py";

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    let settings = folder.settings(FILE)?;
    settings.get(&["BLOG_TITLE"])?;
    let mut blog = Blog::default();
    blog.site("nikola", None, |names| settings.get(names));
    let mut places = posts(&folder.text(FILE).unwrap_or_default());
    if places.is_empty() {
        places.push(("posts".to_owned(), "posts".to_owned()));
    }
    let candidates: Vec<String> = places.iter().map(|(folder, _)| folder.clone()).collect();
    let Some(dir) = blog.posts(folder, &candidates) else { return Some(blog) };
    let below = places.iter().find(|(folder, _)| *folder == dir).map_or("", |(_, below)| below);
    // The word is no text in Python, so what is set stands in a line of its own.
    let is_pretty = !folder.text(FILE).unwrap_or_default().lines().any(|line| {
        line.split_once('=').is_some_and(|(key, value)| key.trim() == "PRETTY_URLS" && value.trim() == "False")
    });
    let end = if is_pretty { "/" } else { ".html" };
    let pattern = format!("/{below}/:dir/:slugorbasename{end}").replace("//", "/");
    blog.take("posts.slugify", Some(Found::new("pelican", "Nikola's own way, which is Pelican's too")));
    blog.take("posts.permalink", Some(Found::new(pattern, format!("{FILE}: POSTS"))));
    Some(blog)
}

/// The folders and the addresses in `POSTS = (("posts/*.md", "blog", "post.tmpl"), …)`, each folder once.
fn posts(program: &str) -> Vec<(String, String)> {
    let is_start = |line: &str| line.strip_prefix("POSTS").is_some_and(|rest| rest.trim_start().starts_with('='));
    let mut places: Vec<(String, String)> = Vec::new();
    for line in program.lines().skip_while(|line| !is_start(line)) {
        let line = line.split('#').next().unwrap_or_default();
        // Each place is a line or a part of one.
        for tuple in line.split('(').skip(1) {
            let mut texts = tuple.split(['"', '\'']).skip(1).step_by(2);
            let (Some(files), Some(below)) = (texts.next(), texts.next()) else { continue };
            let folder = files.split('*').next().unwrap_or_default().trim_matches('/').to_owned();
            if !folder.is_empty() && !places.iter().any(|(known, _)| *known == folder) {
                places.push((folder, below.trim_matches('/').to_owned()));
            }
        }
        if line.starts_with([')', ']']) || (is_start(line) && line.trim_end().ends_with("))")) {
            break;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::posts;

    #[test]
    fn the_folders_of_the_posts_and_their_addresses_are_read() {
        let conf = "POSTS_X = 1\nPOSTS = (\n  # (\"old/*.md\", \"old\", \"x\"),\n  (\"posts/*.rst\", \"blog\", \"post.tmpl\"),\n  ('posts/*.md', 'blog', 'x'),\n  (\"tech/*.md\", \"\", \"x\"),\n)\nPAGES = (\n  (\"pages/*.md\", \"\", \"x\"),\n)\n";
        let of = |folder: &str, below: &str| (folder.to_owned(), below.to_owned());
        assert_eq!(posts(conf), [of("posts", "blog"), of("tech", "")]);
        assert_eq!(
            posts("POSTS = ((\"a/*.md\", \"b\", \"c\"),(\"d/*.md\", \"e\", \"f\"))\nX = (\"g\", \"h\")\n"),
            [of("a", "b"), of("d", "e")]
        );
        assert!(posts("BLOG_TITLE = 'x'\n").is_empty());
    }
}
