//! How fast `tidings build` is, against Hugo, in two cases:
//!
//! - `feed`: the newest 20 entries in three formats; Hugo is told to write nothing but its feed, and `cat` only reads the same
//!   files;
//! - `everything`: every post in the archive of its month, and a feed for each of some 300 tags, all in three formats; Hugo
//!   writes every post as a page, and a page and a feed for each tag, with the smallest of templates.
//!
//! Whole processes, in turn, with warm caches and the output written anew; the median of several rounds, and the largest
//! memory that a process held.
//!
//! `cargo bench --bench build` takes 1,000 and 10,000 posts for the first, and 10,000 for the second;
//! `cargo bench --bench build -- everything 1000 100000` takes that case and those numbers. Needs Debian's packages `hugo` and
//! `time`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark is a program of its own"
)]

mod blog;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Rounds that count, and those of a blog so large that each takes its time.
const ROUNDS: usize = 5;
const ROUNDS_OF_MANY: usize = 3;
const MANY: usize = 50_000;

fn main() {
    for program in ["hugo", "time"] {
        if !Path::new("/usr/bin").join(program).is_file() {
            println!("build: skipped, {program} is missing (Debian: apt-get install hugo time)");
            return;
        }
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let named: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = |usual: &[usize]| if named.is_empty() { usual.to_vec() } else { named.clone() };
    let is_named = |case: &str| arguments.iter().any(|argument| argument == case);
    if is_named("feed") || !is_named("everything") {
        println!("{:>8}  {:>22}  {:>22}  {:>9}  {:>11}  {:>11}", "feed", "tidings", "hugo", "cat", "of hugo", "of cat");
        for posts in sizes(&[1_000, 10_000]) {
            feed(posts);
        }
    }
    if is_named("everything") || !is_named("feed") {
        println!("{:>10}  {:>22}  {:>22}  {:>11}", "everything", "tidings", "hugo", "of hugo");
        for posts in sizes(&[10_000]) {
            everything(posts);
        }
    }
}

/// What a process took: seconds and MB.
#[derive(Clone, Copy)]
struct Cost(f64, f64);

const CONFIG: &str = "[site]\ntitle = \"Four Minutes\"\nurl = \"https://example.org\"\n";

/// The beginning of Hugo's configuration.
const HUGO: &str = "baseURL = 'https://example.org/'\ntitle = 'Four Minutes'\nlanguageCode = 'en'\nenableGitInfo = false\n\
    [services.rss]\nlimit = 20\n[markup.highlight]\ncodeFences = false\n\
    [[module.mounts]]\nsource = '../posts'\ntarget = 'content/posts'\n";

const BUILD: &str = concat!("'", env!("CARGO_BIN_EXE_tidings"), "' -q -C . --now 2026-03-02T09:00:00Z build");

const BUILD_HUGO: &str = "hugo --quiet --source hugo";

fn feed(posts: usize) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    blog::write(&root.join("posts"), posts, 40);
    fs::write(root.join("config.toml"), CONFIG).unwrap();
    hugo_feed(root);
    let read = "find posts -type f -print0 | xargs -0 cat > /dev/null";
    let [ours, hugo, cat] = measure(root, posts, [BUILD, BUILD_HUGO, read], || {
        assert_eq!(
            ["public/feed.xml", "hugo/public/index.xml"].map(|feed| entries(&root.join(feed), "<item>")),
            [20, 20]
        );
    });
    println!(
        "{posts:>8}  {:>22}  {:>22}  {:>7.3} s  {:>11.3}  {:>11.3}",
        shown(&ours),
        shown(&hugo),
        seconds(&cat),
        ratio(&ours, &hugo),
        ratio(&ours, &cat)
    );
}

fn everything(posts: usize) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    blog::write(&root.join("posts"), posts, 300);
    fs::write(root.join("config.toml"), format!("{CONFIG}[feeds]\nby = \"tags\"\narchive = \"month\"\n")).unwrap();
    hugo_site(root);
    let [ours, hugo] = measure(root, posts, [BUILD, BUILD_HUGO], || {
        let in_archives = |format: &str, item| {
            let months = fs::read_dir(root.join("public/archive")).unwrap();
            months.map(|month| entries(&month.unwrap().path().join(format), item)).sum::<usize>()
        };
        let ours = [("feed.xml", "<item>"), ("atom.xml", "<entry>"), ("feed.json", "\n      \"id\":")];
        assert_eq!(ours.map(|(format, item)| in_archives(format, item)), [posts; 3]);
        assert_eq!(folders(&root.join("hugo/public/posts")), posts);
        assert_eq!(folders(&root.join("public/tags")), folders(&root.join("hugo/public/tags")));
    });
    println!("{posts:>10}  {:>22}  {:>22}  {:>11.3}", shown(&ours), shown(&hugo), ratio(&ours, &hugo));
}

/// Runs the commands in turn, several times, looking each time at what they wrote.
fn measure<const N: usize>(root: &Path, posts: usize, commands: [&str; N], check: impl Fn()) -> [Vec<Cost>; N] {
    let mut costs = [const { Vec::new() }; N];
    let rounds = if posts >= MANY { ROUNDS_OF_MANY } else { ROUNDS };
    for round in 0..=rounds {
        for output in ["public", "hugo/public"] {
            drop(fs::remove_dir_all(root.join(output)));
        }
        for (command, costs) in commands.iter().zip(&mut costs) {
            let cost = time(root, command);
            // The first round warms the caches.
            if round > 0 {
                costs.push(cost);
            }
        }
        check();
    }
    costs
}

fn ratio(ours: &[Cost], other: &[Cost]) -> f64 {
    median(ours.iter().zip(other).map(|(own, other)| own.0 / other.0))
}

fn seconds(costs: &[Cost]) -> f64 {
    median(costs.iter().map(|cost| cost.0))
}

fn shown(costs: &[Cost]) -> String {
    format!("{:.3} s {:6.0} MB", seconds(costs), median(costs.iter().map(|cost| cost.1)))
}

/// The same posts for Hugo, which renders and writes no page but the feed of the newest 20.
fn hugo_feed(root: &Path) {
    let settings = "disableKinds = ['taxonomy', 'term', 'section', 'sitemap', 'robotsTXT', '404']\n";
    let more = "[outputs]\nhome = ['RSS']\n[[cascade]]\n[cascade._build]\nrender = 'never'\nlist = 'always'\n\
        [cascade._target]\nkind = 'page'\n";
    let feed = "{{ printf \"<?xml version='1.0' encoding='utf-8'?>\" | safeHTML }}<rss version=\"2.0\"><channel>\
        <title>{{ .Site.Title }}</title><link>{{ .Permalink }}</link>{{ range first 20 .Site.RegularPages }}<item>\
        <title>{{ .Title }}</title><link>{{ .Permalink }}</link><guid>{{ .Permalink }}</guid>\
        <pubDate>{{ .Date.Format \"Mon, 02 Jan 2006 15:04:05 -0700\" | safeHTML }}</pubDate>\
        <description>{{ .Content | html }}</description></item>{{ end }}</channel></rss>\n";
    hugo(root, &format!("{settings}{HUGO}{more}"), &[("rss.xml", feed)]);
}

/// The same posts for Hugo, which makes a site of them: a page for each post, and a page and a feed for each tag.
fn hugo_site(root: &Path) {
    let settings = "disableKinds = ['sitemap', 'robotsTXT', '404']\n";
    let more = "[taxonomies]\ntag = 'tags'\n[outputs]\nhome = ['HTML', 'RSS']\nterm = ['HTML', 'RSS']\n";
    let page = |content: &str| {
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{{{{ .Title }}}}</title></head>\
             <body><h1>{{{{ .Title }}}}</h1>{content}</body></html>\n"
        )
    };
    let list = page("<ul>{{ range .Pages }}<li><a href=\"{{ .Permalink }}\">{{ .Title }}</a></li>{{ end }}</ul>");
    hugo(root, &format!("{settings}{HUGO}{more}"), &[("single.html", &page("{{ .Content }}")), ("list.html", &list)]);
}

fn hugo(root: &Path, settings: &str, layouts: &[(&str, &str)]) {
    let folder = root.join("hugo/layouts/_default");
    fs::create_dir_all(&folder).unwrap();
    fs::write(root.join("hugo/config.toml"), settings).unwrap();
    for (name, layout) in layouts {
        fs::write(folder.join(name), layout).unwrap();
    }
}

fn entries(feed: &Path, item: &str) -> usize {
    fs::read_to_string(feed).unwrap().matches(item).count()
}

/// How many folders there are in one.
fn folders(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count()
}

/// Runs a shell command to its end.
fn time(folder: &Path, command: &str) -> Cost {
    let start = Instant::now();
    let output = Command::new("/usr/bin/time")
        .args(["-f", "%M", "sh", "-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command}: {said}");
    let kilobytes: f64 = String::from_utf8_lossy(&output.stderr).trim().parse().unwrap();
    Cost(seconds, kilobytes / 1024.0)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
