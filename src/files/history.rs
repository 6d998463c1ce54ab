//! How old files are: by the history of their folder, as `git` tells it, or by their own time.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;

/// Why the history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no such program, or it cannot be run.
    #[error("git cannot be run: {0}")]
    NotRun(#[from] io::Error),
    /// It says so itself.
    #[error("{0}")]
    Refused(String),
    /// Only the last commits are there: they would date every file.
    #[error("this copy of the repository does not hold its whole history")]
    Shallow,
}

/// When each file of a folder was first committed: by path relative to the folder, with `/`.
///
/// # Errors
/// No git, no repository, or only the end of its history.
pub fn first_commits(folder: &Path) -> Result<BTreeMap<String, Timestamp>, HistoryError> {
    if git(folder, &["rev-parse", "--is-shallow-repository"])?.starts_with(b"true") {
        return Err(HistoryError::Shallow);
    }
    let log =
        ["log", "--reverse", "--no-renames", "--diff-filter=A", "--relative", "--name-only", "-z", "--format=%x01%at"];
    Ok(first(&git(folder, &log)?))
}

/// `\x01SECONDS`, then the names that the commit added, each with a zero byte behind it; the oldest commit first.
fn first(log: &[u8]) -> BTreeMap<String, Timestamp> {
    let mut first = BTreeMap::new();
    let mut at = None;
    for part in String::from_utf8_lossy(log).split('\0') {
        let part = part.trim_start_matches('\n');
        if let Some(seconds) = part.strip_prefix('\u{1}') {
            at = seconds.trim().parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        } else if let Some(at) = at.filter(|_| !part.is_empty()) {
            first.entry(part.to_owned()).or_insert(at);
        }
    }
    first
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, HistoryError> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(HistoryError::Refused(said.lines().next().unwrap_or("git failed").trim_start_matches("fatal: ").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(folder: &Path, day: &str, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.env("GIT_AUTHOR_DATE", day).env("GIT_COMMITTER_DATE", day).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
        let output = command.arg("-C").arg(folder).args(identity).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn a_file_is_as_old_as_the_first_commit_that_holds_it() {
        let site = tempfile::tempdir().unwrap();
        let posts = site.path().join("posts");
        let (first, second) = ("2025-01-31T10:00:00+01:00", "2025-02-01T10:00:00+01:00");
        run(site.path(), first, &["init", "--quiet"]);
        super::super::write_if_changed(&posts.join("a walk é.md"), b"one").unwrap();
        run(site.path(), first, &["add", "."]);
        run(site.path(), first, &["commit", "--quiet", "-m", "one"]);
        super::super::write_if_changed(&posts.join("a walk é.md"), b"two").unwrap();
        super::super::write_if_changed(&posts.join("2025/b.md"), b"two").unwrap();
        run(site.path(), second, &["add", "."]);
        run(site.path(), second, &["commit", "--quiet", "-m", "two"]);
        super::super::write_if_changed(&posts.join("c.md"), b"not yet").unwrap();
        let known = first_commits(&posts).unwrap();
        let known: Vec<_> = known.iter().map(|(path, at)| (path.as_str(), at.to_string())).collect();
        assert_eq!(
            known,
            [("2025/b.md", "2025-02-01T09:00:00Z".to_owned()), ("a walk é.md", "2025-01-31T09:00:00Z".to_owned())]
        );
    }

    #[test]
    fn a_history_that_is_cut_off_dates_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(first_commits(folder.path()), Err(HistoryError::Refused(_))), "no repository");
        let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
        let day = "2025-01-31T10:00:00Z";
        run(folder.path(), day, &["init", "--quiet", "whole"]);
        for text in ["one", "two"] {
            super::super::write_if_changed(&whole.join("a.md"), text.as_bytes()).unwrap();
            run(&whole, day, &["add", "."]);
            run(&whole, day, &["commit", "--quiet", "-m", text]);
        }
        let url = format!("file://{}", whole.display());
        run(folder.path(), day, &["clone", "--quiet", "--depth", "1", &url, &cut.display().to_string()]);
        assert!(first_commits(&whole).is_ok());
        assert!(matches!(first_commits(&cut), Err(HistoryError::Shallow)));
    }
}
