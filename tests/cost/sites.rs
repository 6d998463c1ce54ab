//! Configurations, templates, and sites of many posts.

use super::{Files, fill, hold_sites, post, rep};

type Row = (&'static str, fn(usize) -> Files);

fn config(text: String) -> Files {
    let mut files = post("x\n");
    files.push(("config.toml".to_owned(), text));
    files
}

/// Posts of one day, of about so many bytes: a file with no more than this takes about 100.
fn posts(bytes: usize, head: impl Fn(usize) -> String, body: impl Fn(usize) -> String) -> Files {
    let file = |n| {
        let text = format!("---\ntitle: Title {n}\n{}---\n\n{}", head(n), body(n));
        (format!("posts/2026-02-01-p{n}.md"), text)
    };
    (0..bytes / 200).map(file).collect()
}

fn template(name: &str, text: String) -> Files {
    let mut files = post("x\n");
    files.push((format!("templates/email/{name}"), text));
    files
}

#[test]
fn configurations_cost_in_proportion() {
    let rows: &[Row] = &[
        ("unknown keys", |n| config(fill(n, |i| format!("k{i} = 1\n")))),
        ("unknown keys that are nearly known", |n| config(fill(n, |i| format!("timeou{i} = 1\n")))),
        ("an unknown key", |n| config(rep("k", n) + " = 1\n")),
        ("unknown sections", |n| config(fill(n, |i| format!("[s{i}]\n")))),
        ("keys of keys", |n| config(rep("a.", n) + "a = 1\n")),
        ("brackets", |n| config(format!("x = {}", rep("[", n)))),
        ("tables in tables", |n| config(format!("x = {}", rep("{a=", n)))),
        ("lines that are no TOML", |n| config(rep("= = =\n", n))),
        ("a line that is no TOML", |n| config(format!("a = [{}", rep("\"a\" ", n)))),
        ("one key", |n| config(rep("connections = 4\n", n))),
        ("unknown words", |n| config("[newsletter.words]\n".to_owned() + &fill(n, |i| format!("w{i} = \"x\"\n")))),
        ("formats", |n| config(format!("[feeds]\nformats = [{}]\n", fill(n, |i| format!("\"f{i}\","))))),
        ("taxonomies", |n| config(format!("[posts]\ntaxonomies = [{}]\n", fill(n, |i| format!("\"t{i}\","))))),
    ];
    hold_sites(rows);
}

#[test]
fn templates_cost_in_proportion() {
    let rows: &[Row] = &[
        ("elements", |n| template("issue.html", rep("<div>", n))),
        ("elements and other ends", |n| template("issue.html", rep("<div>", n / 2) + &rep("</p>", n / 2))),
        ("links", |n| template("issue.html", fill(n, |i| format!("<a href=\"x{i}\">y</a>")))),
        ("pictures", |n| template("issue.html", fill(n, |i| format!("<img src=\"x{i}\">")))),
        ("headings", |n| template("issue.html", rep("<h1>a</h1><h3>b</h3>", n))),
        ("tables", |n| template("issue.html", rep("<table><tr><td>a</td></tr></table>", n))),
        ("names", |n| {
            template("issue.txt", fill(n, |i| format!("{{{{ subscriber.name | default(\"friend {i}\") }}}}\n")))
        }),
        ("rules", |n| template("style.css", fill(n, |i| format!(".x{i} {{ top: 0 }}\n")))),
        ("selectors", |n| template("style.css", fill(n, |i| format!(".x{i},")) + "p { top: 0 }")),
        ("comments and braces", |n| template("style.css", rep("/* { */", n) + &rep("{", n))),
        ("parentheses", |n| template("style.css", format!("p {{ top: {} }}", rep("calc(", n)))),
        ("tags without an end", |n| template("issue.html", rep("{% if x %}", n))),
    ];
    hold_sites(rows);
}

#[test]
fn many_posts_cost_in_proportion() {
    let text = |_: usize| "Some words of it.\n".to_owned();
    let none = |_: usize| String::new();
    let rows: &[(&str, &dyn Fn(usize) -> Files)] = &[
        ("due posts", &|n| posts(n, none, text)),
        ("posts of one slug", &|n| posts(n, |_| "slug: x\n".to_owned(), text)),
        ("posts of one id", &|n| posts(n, |_| "id: x\n".to_owned(), text)),
        ("posts without a day", &|n| posts(n, |_| "date: some day\n".to_owned(), text)),
        ("posts with warnings", &|n| posts(n, none, |_| "{{< x >}} [x](gone.md)\n".to_owned())),
        ("posts that link to each other", &|n| posts(n, none, |i| format!("[[p{}]] [[title {i}]]\n", i + 1))),
        ("an issue for each", &|n| {
            let mut files = posts(n / 4, none, text);
            files.push(("config.toml: newsletter".to_owned(), "mode = \"each\"".to_owned()));
            files
        }),
        ("feeds by tag", &|n| {
            let mut files = posts(n / 4, |i| format!("tags: [a{i}, b{i}, c]\n"), text);
            files.push(("config.toml: feeds".to_owned(), "by = [\"tags\"]".to_owned()));
            files
        }),
        ("authors", &|n| {
            let mut files = posts(n / 10, |i| format!("author: A{}\n", i * 7), text);
            files.push(("authors.yml".to_owned(), fill(n, |i| format!("a{i}:\n  name: N{i}\n"))));
            files
        }),
    ];
    hold_sites(rows);
}
