//! How fast `tidings build` is: the newest 20 entries in three formats, against Hugo, which is told to write nothing but its
//! feed, and against `cat`, which only reads the same files. Whole processes, in turn, with warm caches and the output
//! written anew; the median of several rounds, and the largest memory that a process held.
//!
//! `cargo bench --bench build` takes 1,000 and 10,000 posts; `cargo bench --bench build -- 1000 10000 100000` takes those.
//! Needs Debian's packages `hugo` and `time`.

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
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000, 10_000] } else { sizes };
    for program in ["hugo", "time"] {
        if !Path::new("/usr/bin").join(program).is_file() {
            println!("build: skipped, {program} is missing (Debian: apt-get install hugo time)");
            return;
        }
    }
    println!("{:>8}  {:>22}  {:>22}  {:>9}  {:>11}  {:>11}", "posts", "tidings", "hugo", "cat", "of hugo", "of cat");
    for posts in sizes {
        compare(posts);
    }
}

/// What a process took: seconds and MB.
#[derive(Clone, Copy)]
struct Cost(f64, f64);

fn compare(posts: usize) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    blog::write(&root.join("posts"), posts);
    fs::write(root.join("config.toml"), "[site]\ntitle = \"Four Minutes\"\nurl = \"https://example.org\"\n").unwrap();
    hugo_site(root);
    let (mut ours, mut hugo, mut cat) = (Vec::new(), Vec::new(), Vec::new());
    let rounds = if posts >= MANY { ROUNDS_OF_MANY } else { ROUNDS };
    for round in 0..=rounds {
        for output in ["public", "hugo/public"] {
            drop(fs::remove_dir_all(root.join(output)));
        }
        let build = format!("'{}' -q -C . --now 2026-03-02T09:00:00Z build", env!("CARGO_BIN_EXE_tidings"));
        let costs = [
            time(root, &build),
            time(root, "hugo --quiet --source hugo"),
            time(root, "find posts -type f -print0 | xargs -0 cat > /dev/null"),
        ];
        assert!(entries(&root.join("public/feed.xml")) == 20 && entries(&root.join("hugo/public/index.xml")) == 20);
        // The first round warms the caches.
        if round > 0 {
            ours.push(costs[0]);
            hugo.push(costs[1]);
            cat.push(costs[2]);
        }
    }
    let ratio = |other: &[Cost]| median(ours.iter().zip(other).map(|(own, other)| own.0 / other.0));
    let seconds = |costs: &[Cost]| median(costs.iter().map(|cost| cost.0));
    let shown = |costs: &[Cost]| format!("{:.3} s {:6.0} MB", seconds(costs), median(costs.iter().map(|cost| cost.1)));
    println!(
        "{posts:>8}  {:>22}  {:>22}  {:>7.3} s  {:>11.3}  {:>11.3}",
        shown(&ours),
        shown(&hugo),
        seconds(&cat),
        ratio(&hugo),
        ratio(&cat)
    );
}

/// The same posts for Hugo, which renders and writes no page but the feed of the newest 20.
fn hugo_site(root: &Path) {
    let site = root.join("hugo");
    fs::create_dir_all(site.join("layouts/_default")).unwrap();
    let settings = "baseURL = 'https://example.org/'\ntitle = 'Four Minutes'\nlanguageCode = 'en'\n\
        disableKinds = ['taxonomy', 'term', 'section', 'sitemap', 'robotsTXT', '404']\nenableGitInfo = false\n\
        [outputs]\nhome = ['RSS']\n[services.rss]\nlimit = 20\n[markup.highlight]\ncodeFences = false\n\
        [[cascade]]\n[cascade._build]\nrender = 'never'\nlist = 'always'\n[cascade._target]\nkind = 'page'\n\
        [[module.mounts]]\nsource = '../posts'\ntarget = 'content/posts'\n";
    fs::write(site.join("config.toml"), settings).unwrap();
    let feed = "{{ printf \"<?xml version='1.0' encoding='utf-8'?>\" | safeHTML }}<rss version=\"2.0\"><channel>\
        <title>{{ .Site.Title }}</title><link>{{ .Permalink }}</link>{{ range first 20 .Site.RegularPages }}<item>\
        <title>{{ .Title }}</title><link>{{ .Permalink }}</link><guid>{{ .Permalink }}</guid>\
        <pubDate>{{ .Date.Format \"Mon, 02 Jan 2006 15:04:05 -0700\" | safeHTML }}</pubDate>\
        <description>{{ .Content | html }}</description></item>{{ end }}</channel></rss>\n";
    fs::write(site.join("layouts/_default/rss.xml"), feed).unwrap();
}

fn entries(feed: &Path) -> usize {
    fs::read_to_string(feed).unwrap().matches("<item>").count()
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
