//! What the owner of this machine has agreed to for a site: kept in the state folder, where the site cannot write.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::demand::Demand;
use super::reach::outside;
use crate::config::{Config, HookService};
use crate::files::{self, StateFolder};
use crate::model::sha256_hex;

/// Where answers are, in the state folder.
const FOLDER: &str = "agreed";

/// In bytes; what is written here is far smaller.
const LARGEST: usize = 1 << 20;

/// So many answers are remembered for a site, and the file is no longer than this many bytes; older ones are forgotten.
const ANSWERS: usize = 20;
const LENGTH: usize = 1 << 16;

/// The file of a site.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Remembered {
    /// What the site really is, for people who look into the file.
    site: String,
    /// Each answer by the keys of what was shown together, the newest last.
    agreed: Vec<BTreeSet<String>>,
}

/// What was agreed to for the site at one place.
#[derive(Debug)]
pub struct Agreements<'s> {
    /// The state folder, unless there is none that is out of the site's reach.
    state: Option<&'s StateFolder>,
    name: String,
    remembered: Remembered,
}

impl<'s> Agreements<'s> {
    /// Reads what was agreed to for the site in `root`. What cannot be read, or could have been written by the site, counts
    /// for nothing: then the question is asked again.
    pub fn read(state: &'s StateFolder, root: &Path, config: &Config) -> Self {
        let site = files::resolved(root);
        let name = format!("{FOLDER}/{}.json", sha256_hex(site.as_os_str().as_encoded_bytes()));
        let folder = state.path().map(files::resolved);
        let is_out_of_reach = |folder: PathBuf| {
            let reach = outside(root, config);
            reach.iter().map(|outside| &outside.path).chain([&site]).all(|reached| !folder.starts_with(reached))
        };
        let state = folder.is_some_and(is_out_of_reach).then_some(state);
        let bytes = state.and_then(|state| state.read(&name).ok().flatten()).filter(|bytes| bytes.len() <= LARGEST);
        let mut remembered: Remembered =
            bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        remembered.site = site.display().to_string();
        Self { state, name, remembered }
    }

    /// The setting that leads into the state folder itself, where a site has nothing to write at all.
    pub fn trespass(state: &StateFolder, root: &Path, config: &Config) -> Option<&'static str> {
        let folder = files::resolved(state.path()?);
        let is_only_read = |setting| {
            ["mail.password_file", "inbox.password_file", "inbox.url", "mail.dkim"].contains(&setting)
                || HookService::FILES.contains(&setting)
        };
        let inside =
            outside(root, config).into_iter().find(|at| at.path.starts_with(&folder) && !is_only_read(at.setting));
        inside.map(|outside| outside.setting)
    }

    /// True when all of it was agreed to in one answer: what was agreed to for one thing is never taken for another.
    pub fn cover(&self, demands: &[Demand]) -> bool {
        let keys: Vec<String> = demands.iter().map(Demand::key).collect();
        keys.is_empty() || self.remembered.agreed.iter().any(|answer| keys.iter().all(|key| answer.contains(key)))
    }

    /// True when this was agreed to in any answer.
    pub fn know(&self, demand: &Demand) -> bool {
        let key = demand.key();
        self.remembered.agreed.iter().any(|answer| answer.contains(&key))
    }

    /// True when nothing was agreed to yet.
    pub fn is_empty(&self) -> bool {
        self.remembered.agreed.is_empty()
    }

    /// Where answers for this site are remembered; `None` when there is no place that the site cannot write to.
    pub fn place(&self) -> Option<PathBuf> {
        Some(self.state?.path()?.join(&self.name))
    }

    /// Adds an answer and remembers it, if there is a place for it.
    ///
    /// # Errors
    /// As the system reports them; the next time the question is asked again.
    pub fn add(&mut self, demands: &[Demand]) -> io::Result<()> {
        let answer: BTreeSet<String> = demands.iter().map(Demand::key).collect();
        let agreed = &mut self.remembered.agreed;
        agreed.retain(|older| !older.is_subset(&answer));
        agreed.push(answer);
        let surplus = agreed.len().saturating_sub(ANSWERS);
        agreed.drain(..surplus);
        let Some(state) = self.state else { return Ok(()) };
        loop {
            let text = serde_json::to_string_pretty(&self.remembered)? + "\n";
            if text.len() <= LENGTH {
                return state.write(&self.name, text.as_bytes()).map(drop);
            }
            if self.remembered.agreed.len() <= 1 {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the answer is too long"));
            }
            self.remembered.agreed.remove(0);
        }
    }
}
