//! How old files are: by the history of their folder, as `git` tells it, or by their own time.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use jiff::Timestamp;

use super::git::{HistoryError, Repository};

/// When each file of a folder of the site was first committed: by path relative to the folder, with `/`. Nothing that the
/// folder or its repository holds is run.
///
/// # Errors
/// No git, no repository, one that git does not open, or only the end of its history.
pub fn first_commits(site: &Path, folder: &Path) -> Result<BTreeMap<String, Timestamp>, HistoryError> {
    let (site, folder) = (std::fs::canonicalize(site)?, std::fs::canonicalize(folder)?);
    // Not left to git: it takes a folder that holds `HEAD`, `objects` and `refs` for a repository of its own.
    let top = folder.ancestors().find(|above| std::fs::symlink_metadata(above.join(".git")).is_ok());
    let top = top.ok_or(HistoryError::NoRepository)?;
    let repository = Repository::open(top, &[top, &site])?;
    let mut arguments = ["--reverse", "--no-renames", "--diff-filter=A", "--name-only", "-z", "--format=%x01%at"]
        .map(OsString::from)
        .to_vec();
    let inside = folder.strip_prefix(top).unwrap_or(Path::new(""));
    if !inside.as_os_str().is_empty() {
        let mut relative = OsString::from("--relative=");
        for name in inside {
            relative.push(name);
            relative.push("/");
        }
        arguments.push(relative);
    }
    let arguments: Vec<&OsStr> = arguments.iter().map(OsString::as_os_str).collect();
    Ok(first(&repository.log(&arguments)?))
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

#[cfg(test)]
mod tests {
    use std::process::Command;

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
        super::super::write_if_changed(&site.path().join("posts-of-others/d.md"), b"two").unwrap();
        run(site.path(), second, &["add", "."]);
        run(site.path(), second, &["commit", "--quiet", "-m", "two"]);
        super::super::write_if_changed(&posts.join("c.md"), b"not yet").unwrap();
        let known = first_commits(site.path(), &posts).unwrap();
        let known: Vec<_> = known.iter().map(|(path, at)| (path.as_str(), at.to_string())).collect();
        assert_eq!(
            known,
            [("2025/b.md", "2025-02-01T09:00:00Z".to_owned()), ("a walk é.md", "2025-01-31T09:00:00Z".to_owned())]
        );
    }

    #[test]
    fn a_history_that_is_cut_off_dates_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(first_commits(folder.path(), folder.path()), Err(HistoryError::NoRepository)));
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
        assert!(first_commits(&whole, &whole).is_ok());
        assert!(matches!(first_commits(&cut, &cut), Err(HistoryError::Shallow)));
    }
}
