//! Bridgetown: `bridgetown.config.yml`, what `config/initializers.rb` says in plain lines, and the data of the site.

use super::blog::{Blog, Folder};
use super::settings::{Found, Settings};

const FILES: [&str; 4] =
    ["bridgetown.config.yml", "bridgetown.config.yaml", "config/initializers.rb", "src/_data/site_metadata.yml"];

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    let [yml, yaml, program, _] = FILES;
    let is_its_own = [yml, yaml].iter().any(|name| folder.text(name).is_some())
        || folder.text(program).is_some_and(|text| text.contains("Bridgetown."));
    is_its_own.then_some(())?;
    let mut settings = Settings::default();
    for name in FILES {
        settings.add("", folder.settings(name).unwrap_or_default());
    }
    let mut blog = Blog::default();
    blog.site("bridgetown", None, |names| settings.get(names));
    blog.posts(folder, &["src/_posts".to_owned()]);
    blog.take("posts.slugify", Some(Found::new("jekyll", "Bridgetown's own way")));
    let pattern = settings.get(&["permalink"]).unwrap_or_else(|| Found::new("pretty", "Bridgetown's own default"));
    let text = match &*pattern.text {
        "pretty" => "/:categories/:year/:month/:day/:slug/",
        "pretty_ext" => "/:categories/:year/:month/:day/:slug.html",
        "simple" => "/:categories/:slug/",
        "simple_ext" => "/:categories/:slug.html",
        own => own,
    };
    let text = text.replace(".*", ".html");
    blog.permalink(Found { text, ..pattern }, |word| {
        let is_known =
            ["categories", "year", "month", "day", "i_month", "i_day", "y_day", "slug", "title"].contains(&word);
        is_known.then(|| format!(":{}", word.replace("title", "slug")))
    });
    Some(blog)
}
