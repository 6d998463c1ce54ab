//! Cost in proportion: of whatever a stranger writes, ten times as much takes about ten times as long.
//!
//! Every pattern of the tables is looked at in two sizes, one ten times the other, by what `tidings check` does. The time is
//! that of this thread on the processor, where the system tells it, so that other work on the machine hardly counts; a ratio
//! that is too high is measured again. What is quadratic comes out near 100.

mod bodies;
mod feeds;
mod heads;
mod mail;
mod sites;

use std::path::Path;
use std::time::Instant;

use tidings::publish::{Past, Site, inspect};

use crate::site::TestSite;

/// The files of a site; what is in `config.toml` is added to that of a test site, and in `config.toml: x` to its section `x`.
pub(super) type Files = Vec<(String, String)>;

/// The smaller of the two sizes, in bytes. A release build shows what is quadratic at little cost; `.ci/run` has one.
const SMALL: usize = if cfg!(debug_assertions) { 4_000 } else { 100_000 };

/// What takes less, in the larger size, has no room to be out of proportion; in seconds.
const NOTHING: f64 = 0.1;

/// The highest ratio of the two times.
const HIGHEST: f64 = 30.0;

/// So often a ratio that is too high is measured again, and the lowest of all times counts.
const TRIES: usize = 4;

/// One text, repeated up to so many bytes.
pub(super) fn rep(text: &str, bytes: usize) -> String {
    text.repeat(bytes / text.len())
}

/// What `text` makes of 0, 1, 2, …, up to so many bytes.
pub(super) fn fill(bytes: usize, text: impl Fn(usize) -> String) -> String {
    let mut all = String::with_capacity(bytes + 100);
    for n in 0.. {
        if all.len() >= bytes {
            break;
        }
        all += &text(n);
    }
    all
}

/// A post with this body.
pub(super) fn post(body: &str) -> Files {
    vec![("posts/2026-02-01-a.md".to_owned(), format!("---\ntitle: A\n---\n\n{body}"))]
}

/// Seconds that this thread has spent on a processor, or that have passed where the system does not tell.
fn seconds(start: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok()).filter(|told| *told > 0.0);
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// How long some work takes, on a stack as large as a program's own.
fn time(work: impl FnOnce() + Send) -> f64 {
    let measured = || {
        let start = Instant::now();
        let before = seconds(start);
        work();
        seconds(start) - before
    };
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(8 << 20);
        builder.spawn_scoped(scope, measured).unwrap().join().unwrap()
    })
}

/// Fails unless `work` on the larger of two inputs takes about as many times as long as it is larger.
fn holds<T: Sync>(name: &str, small: &T, large: &T, work: impl Fn(&T) + Sync) -> Result<(), String> {
    let (mut least_small, mut least_large) = (f64::MAX, f64::MAX);
    for _ in 0..TRIES {
        least_large = least_large.min(time(|| work(large)));
        if least_large < NOTHING {
            return Ok(());
        }
        least_small = least_small.min(time(|| work(small)));
        if least_large / least_small < HIGHEST {
            return Ok(());
        }
    }
    Err(format!("{name}: {least_small:.4} s, and {least_large:.4} s for ten times as much"))
}

/// When sites are looked at.
const NOW: &str = "2026-03-01T08:00:00Z";

/// Looks at a site as `tidings check` does.
fn check(site: &Path) {
    let now = NOW.parse().unwrap();
    if let Ok(site) = Site::config(site).and_then(|config| Site::open_whole(site, config, now)) {
        inspect(&site, &Past::default(), now).unwrap();
    }
}

fn site(files: &Files) -> TestSite {
    let site = TestSite::new("outbox:outbox");
    for (name, text) in files {
        match name.strip_prefix("config.toml: ") {
            Some(section) => site.configure(section, text),
            None if name == "config.toml" => site.write(name, &(site.read(name) + text)),
            None => site.write(name, text),
        }
    }
    site
}

/// Holds every row of a table, each of which makes the files of a site of so many bytes.
fn hold_sites<F: Fn(usize) -> Files>(rows: &[(&str, F)]) {
    let of_row = |(name, make): &(&str, F)| {
        let [small, large] = [SMALL, 10 * SMALL].map(|bytes| site(&make(bytes)));
        holds(name, &small, &large, |site| check(site.path())).err()
    };
    let faults: Vec<String> = rows.iter().filter_map(of_row).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
