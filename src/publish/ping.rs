//! Which feeds a hub has not been told of yet.

use std::collections::{BTreeMap, BTreeSet};

use super::error::PublishError;
use super::manifest;
use super::site::Site;
use crate::diagnostic::{Diagnostic, Location};
use crate::feed::Layout;
use crate::files::{Access, FileKind, Folder};
use crate::model::{sha256_hex, without_logins};
use crate::transport::Hubs;

/// What hubs were told, below the site.
const MEMORY: &str = ".tidings/pings.json";

/// After so many failures in a row a hub is not asked again.
const MOST_FAILURES: usize = 3;

/// One feed that one hub is to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// The hub.
    pub hub: String,
    /// The address of the feed.
    pub topic: String,
    digest: String,
}

/// What became of a ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The hub said yes.
    Yes,
    /// What it said, or why it could not be asked.
    No(String),
    /// It was not asked, because it took nothing so often before: what it said last.
    Skipped(String),
}

/// By hub, without user and password, then by topic: the digest of the file that the hub was told of.
type Memory = BTreeMap<String, BTreeMap<String, String>>;

/// The feeds that changed since each of the hubs was last told; with `all`, every feed that can be subscribed to.
///
/// # Errors
/// That there is no hub, or that a feed is not built.
pub fn due_pings(site: &Site, all: bool) -> Result<Vec<Ping>, PublishError> {
    if site.config.feeds.hubs.is_empty() {
        let missing = Diagnostic::error("config/missing", "`feeds.hub` is missing: there is no hub to tell")
            .at(Location::start_of(super::CONFIG_FILE))
            .help("add `hub = \"https://…\"` under `[feeds]`, build, and put the feeds online");
        return Err(PublishError::Site(vec![missing]));
    }
    let layout = Layout::new(&site.config).map_err(PublishError::Site)?;
    let plans = manifest::feed_plans(site, &BTreeSet::new())?.feeds;
    let memory = memory(&site.folder)?;
    let mut pings = Vec::new();
    for plan in plans.iter().filter(|plan| plan.is_subscribed_to()) {
        for format in layout.formats() {
            let name = format!("{}/{}{}", site.config.feeds.dir, plan.folder, format.file_name);
            let bytes = site.folder.read_optional(&name, FileKind::Feed);
            let bytes = bytes.map_err(|error| PublishError::file(&name, error))?;
            let Some(bytes) = bytes else {
                let missing = Diagnostic::error("feeds/missing", format!("there is no feed to tell of: {name}"));
                return Err(PublishError::Site(vec![missing.help("run `tidings build`, and put the feeds online")]));
            };
            let (topic, digest) = (plan.address(&format.file_name), sha256_hex(&bytes));
            for hub in site.config.feeds.hubs.iter().map(ToString::to_string) {
                let known = memory.get(&*without_logins(&hub)).and_then(|topics| topics.get(&topic));
                if all || known != Some(&digest) {
                    pings.push(Ping { hub, topic: topic.clone(), digest: digest.clone() });
                }
            }
        }
    }
    pings.sort_by(|one, other| one.hub.cmp(&other.hub));
    Ok(pings)
}

/// Tells the hubs, one ping after the other, and remembers what they took. `watch` hears of each.
///
/// # Errors
/// When what was told cannot be recorded.
pub fn ping(site: &Site, pings: &[Ping], mut watch: impl FnMut(&Ping, &Told)) -> Result<(), PublishError> {
    let hubs = Hubs::new(&site.config.site.url);
    let mut memory = memory(&site.folder)?;
    let mut failures: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    for ping in pings {
        let (failed, last) = failures.entry(&ping.hub).or_default();
        let told = if *failed >= MOST_FAILURES {
            Told::Skipped(last.clone())
        } else {
            match hubs.publish(&ping.hub, &ping.topic) {
                Ok(()) => Told::Yes,
                Err(said) => Told::No(said),
            }
        };
        if told == Told::Yes {
            *failed = 0;
            memory
                .entry(without_logins(&ping.hub).into_owned())
                .or_default()
                .insert(ping.topic.clone(), ping.digest.clone());
        } else if let Told::No(said) = &told {
            *failed += 1;
            last.clone_from(said);
        }
        watch(ping, &told);
    }
    let text = serde_json::to_string_pretty(&memory).unwrap_or_default() + "\n";
    let done = site.folder.make_folder(manifest::FOLDER, Access::Private);
    let done = done.and_then(|()| site.folder.write_if_changed(MEMORY, text.as_bytes(), Access::Public));
    done.map(drop).map_err(|error| PublishError::file(MEMORY, error))
}

/// What is remembered. A file that cannot be read counts as none: to tell a hub twice does no harm.
fn memory(site: &Folder) -> Result<Memory, PublishError> {
    let bytes = site.read_optional(MEMORY, FileKind::Memory).map_err(|error| PublishError::file(MEMORY, error))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}
