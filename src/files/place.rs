//! What a path leads to.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A path may lead over so many links; Linux follows as many.
const LINKS: usize = 40;

/// What a path really is, whatever links and `..` it holds, also when it or what its links name is not there (yet): then with
/// the rest of its names behind what is there.
pub fn resolved(path: &Path) -> PathBuf {
    let here = || std::fs::canonicalize(".").unwrap_or_default();
    let mut real = if path.is_absolute() { PathBuf::new() } else { here() };
    let mut left = names(path);
    let mut links = LINKS;
    while let Some(name) = left.pop() {
        if name == ".." {
            real.pop();
            continue;
        }
        let next = real.join(name);
        match std::fs::read_link(&next) {
            Ok(target) if links > 0 => {
                links -= 1;
                left.extend(names(&target));
            }
            _ => real = next,
        }
    }
    // The system's own name of what is there: on some, letter case and drive letters can be written in several ways.
    let there = real.ancestors().find_map(|folder| Some((folder, std::fs::canonicalize(folder).ok()?)));
    match there {
        Some((folder, named)) => match real.strip_prefix(folder) {
            Ok(rest) if !rest.as_os_str().is_empty() => named.join(rest),
            _ => named,
        },
        None => real,
    }
}

/// The parts of a path, the last one first.
fn names(path: &Path) -> Vec<OsString> {
    path.components().rev().map(|part| part.as_os_str().to_owned()).filter(|name| name != ".").collect()
}

/// True for a file that can be started as a program.
pub fn is_program(path: &Path) -> bool {
    #[cfg(unix)]
    let is_executable =
        |found: &std::fs::Metadata| std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let is_executable = |_: &std::fs::Metadata| true;
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && is_executable(&found))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_path_is_what_its_links_and_dots_lead_to_even_when_nothing_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let top = std::fs::canonicalize(folder.path()).unwrap();
        std::fs::create_dir(top.join("site")).unwrap();
        std::fs::create_dir(top.join("vault")).unwrap();
        let link = |target: &str, name: &str| symlink(target, top.join("site").join(name)).unwrap();
        link("../vault", "posts");
        link("posts", "again");
        link("/nowhere/at/all", "dangling");
        link("../later", "dangling-up");
        link("loop", "loop");
        for (path, real) in [
            ("site", "site"),
            ("site/.", "site"),
            ("site/posts", "vault"),
            ("site/again/new/post.md", "vault/new/post.md"),
            ("site/posts/..", ""),
            ("site/gone/../x", "site/x"),
            ("site/gone/../../x", "x"),
            ("site/dangling-up/a", "later/a"),
            ("site/loop/a", "site/loop/a"),
        ] {
            assert_eq!(resolved(&top.join(path)), top.join(real).components().collect::<PathBuf>(), "{path}");
        }
        assert_eq!(resolved(&top.join("site/dangling/a")), Path::new("/nowhere/at/all/a"));
        assert_eq!(resolved(Path::new("/../a/gone/..")), std::fs::canonicalize("/").unwrap().join("a"));
        let here = std::fs::canonicalize(".").unwrap();
        assert_eq!((resolved(Path::new("")), resolved(Path::new("./gone"))), (here.clone(), here.join("gone")));
    }
}
