//! The settings of a blog → the text of config.toml. A value that ours would not accept is left out and named.

use super::blog::Blog;
use super::settings::Found;
use crate::config;

/// A new config.toml, and what became of each value.
#[derive(Clone)]
pub(super) struct Takeover {
    pub(super) config: String,
    /// Our key and its value.
    pub(super) taken: Vec<(&'static str, Found)>,
    pub(super) notes: Vec<String>,
}

/// Writes the values of a blog into the commented `template`. `posts` of a blog in the folder above begin with `../`.
pub(super) fn take_over(template: &str, mut blog: Blog, is_above: bool) -> Takeover {
    let mut done = Takeover { config: template.to_owned(), taken: Vec::new(), notes: Vec::new() };
    for (key, mut found) in std::mem::take(&mut blog.taken) {
        match key {
            "posts.dir" if is_above => found.text = format!("../{}", found.text),
            "posts.feed" if is_above && !found.text.contains("://") => found.text = format!("../{}", found.text),
            "site.language" => found.text = found.text.replace('_', "-"),
            _ => found.text = found.text.split_whitespace().collect::<Vec<_>>().join(" "),
        }
        done.take(key, found);
    }
    done.notes.extend(blog.notes);
    done
}

impl Takeover {
    /// Takes over a value, or says why it cannot be.
    pub(super) fn take(&mut self, key: &'static str, found: Found) {
        let config = match key {
            "site.author.name" => set(&self.config, "site.author", &format!("{{ name = {} }}", quoted(&found.text))),
            "site.author.email" => self.with_email(&found.text),
            "posts.smart_punctuation" | "feeds.files" | "feeds.formats" => set(&self.config, key, &found.text),
            _ => set(&self.config, key, &quoted(&found.text)),
        };
        match config::parse("config.toml", &config) {
            Ok(_) => {
                self.config = config;
                if key == "site.author.email" {
                    self.notes
                        .push(format!("mail will come from {} too, unless you change newsletter.from", found.text));
                }
                self.taken.push((key, found));
            }
            Err(problems) => {
                let why = problems.first().map_or(String::new(), |problem| problem.message.clone());
                self.notes.push(format!("`{}` ({}): {why}", found.text, found.from));
            }
        }
    }

    /// The author's address is the sender's too, until the owner says otherwise.
    fn with_email(&self, email: &str) -> String {
        let name = self.taken.iter().find(|(key, _)| *key == "site.author.name");
        let Some((_, name)) = name else { return set(&self.config, "newsletter.from", &quoted(email)) };
        let author = format!("{{ name = {}, email = {} }}", quoted(&name.text), quoted(email));
        let plain: String = name.text.chars().filter(|c| !matches!(c, '<' | '>' | '"')).collect();
        set(&set(&self.config, "site.author", &author), "newsletter.from", &quoted(&format!("{plain} <{email}>")))
    }
}

/// The template with the line of `section.key` set, whether or not it was a comment.
fn set(template: &str, key: &str, value: &str) -> String {
    let (section, key) = key.split_once('.').unwrap_or(("", key));
    let mut current = "";
    let mut text = String::new();
    let mut lines = template.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            current = name;
        }
        let plain = line.strip_prefix("# ").unwrap_or(line);
        if current == section && plain.strip_prefix(key).is_some_and(|rest| rest.starts_with(" =")) {
            text += &format!("{key} = {value}\n");
            // The lines that go on about the default go with it.
            while lines.next_if(|next| next.starts_with(' ') && next.trim_start().starts_with('#')).is_some() {}
        } else {
            text += &format!("{line}\n");
        }
    }
    text
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "[site]\ntitle = \"My reflections\"   # x\nurl = \"https://example.org\"\n# timezone = \"UTC\"\n\
                            # author = { }\n[posts]\n# dir = \"posts\"   # the folder\n    # of the posts\n[feeds]\n# dir = \"public\"\n[newsletter]\nfrom = \"a <a@b.org>\"\n";

    #[test]
    fn what_is_no_value_of_ours_is_named_and_left_out() {
        let mut blog = Blog::default();
        for (key, text) in [
            ("site.title", "He said \"no\" \\ yes"),
            ("site.url", "/"),
            ("site.timezone", "Mars/Olympus"),
            ("posts.dir", "_posts"),
            ("site.author.name", "Ada \"A\" Quill"),
            ("site.author.email", "ada@example.org"),
        ] {
            blog.take(key, Some(Found::new(text, "x")));
        }
        let done = take_over(TEMPLATE, blog, true);
        let config = config::parse("config.toml", &done.config).unwrap();
        assert_eq!(config.site.title, "He said \"no\" \\ yes");
        assert_eq!((config.posts.dir.as_str(), config.feeds.dir.as_str()), ("../_posts", "public"));
        assert_eq!(config.site.author.unwrap().name, "Ada \"A\" Quill");
        assert_eq!(config.newsletter.from.unwrap().address.as_str(), "ada@example.org");
        assert!(!done.config.contains("of the posts"), "{}", done.config);
        assert_eq!(done.notes.len(), 3, "{:?}", done.notes);
    }
}
