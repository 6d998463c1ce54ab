//! A site that a stranger wrote, with links out of it, pipes, devices and names that lead elsewhere: nothing outside is
//! read or written, no command waits for ever, and what was found is named with its cure.
#![cfg(unix)]

mod modes;
mod reading;
mod remembered;
mod writing;

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::site::{Run, TestSite};

const NOW: &str = "2026-03-02T09:00:00Z";

/// What stands outside and must be seen nowhere.
const MARK: &str = "5ecr3t-of-the-machine";

/// The width of the picture outside, which its feeds would tell.
const WIDTH: u32 = 1237;

/// A site with a post, and a folder beside it.
struct Ground {
    site: TestSite,
    outside: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        let site = TestSite::new("outbox:outbox");
        site.write("posts/2026-03-01-one.md", "---\ntitle: One\ndate: 2026-03-01\ntags: [calm]\n---\n\nAll is well.\n");
        site.configure("feeds", "by = \"tags\"\nhub = \"http://127.0.0.1:9/\"");
        let outside = tempfile::tempdir().unwrap();
        let ground = Self { site, outside };
        for (name, text) in [
            ("post.md", format!("---\ntitle: {MARK}\ndate: 2026-03-01\n---\n\n{MARK}\n")),
            ("keys.yml", format!("ada:\n  name: {MARK}\ntitle: {MARK}\n")),
            ("authors.yml", format!("ada:\n  name: {MARK}\n")),
            ("page.html", format!("<p>{MARK}</p>{{{{ subject }}}}")),
            ("config.toml", format!("[site]\ntitle = \"{MARK}\"\nurl = \"https://example.org\"\n")),
            ("feed.xml", format!("<rss version=\"2.0\"><channel><title>{MARK}</title></channel></rss>")),
            ("feeds.json", format!("{{\"files\":{{}},\"folders\":{{\"tags/{MARK}/\":\"calm\"}}}}")),
            ("note", "1".to_owned()),
            ("in/feed.xml", MARK.to_owned()),
            ("in/authors.yml", format!("ada:\n  name: {MARK}\n")),
        ] {
            let path = ground.out(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::fs::write(ground.out("in/a.png"), picture()).unwrap();
        ground
    }

    fn out(&self, name: &str) -> PathBuf {
        self.outside.path().join(name)
    }

    /// Puts a link to something outside into the site.
    fn link(&self, name: &str, to: &str) {
        self.link_to(name, &self.out(to));
    }

    fn link_to(&self, name: &str, to: &Path) {
        let path = self.site.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&path);
        symlink(to, path).unwrap();
    }

    fn pipe(&self, name: &str) {
        let path = self.site.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&path);
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    /// A file of this length that takes no room.
    fn sparse(&self, name: &str, start: &[u8], length: u64) {
        self.site.write(name, "");
        std::fs::write(self.site.file(name), start).unwrap();
        std::fs::File::options().write(true).open(self.site.file(name)).unwrap().set_len(length).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Run {
        run_under(&self.site, "022", arguments)
    }

    /// Everything outside: what it is, its bytes, and when it was written.
    fn outside(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>, i64, i64)> {
        let seen = |path: &Path| {
            let found = std::fs::symlink_metadata(path).unwrap();
            let bytes = if found.is_file() { std::fs::read(path).unwrap() } else { Vec::new() };
            (found.mode(), bytes, found.mtime(), found.mtime_nsec())
        };
        below(self.outside.path()).into_iter().map(|path| (path.clone(), seen(&path))).collect()
    }
}

fn picture() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH, 2);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&vec![9; 2 * WIDTH as usize]).unwrap();
    bytes
}

/// Every file and folder below a folder, with it; links are not followed.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    for item in std::fs::read_dir(folder).unwrap() {
        let item = item.unwrap();
        if item.file_type().unwrap().is_dir() {
            all.extend(below(&item.path()));
        } else {
            all.push(item.path());
        }
    }
    all
}

/// Runs a command under a umask. One that waits for ever ends with 124.
fn run_under(site: &TestSite, umask: &str, arguments: &[&str]) -> Run {
    let command = site.command(NOW, arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask $0; exec timeout 60 \"$@\"", umask]).arg(command.get_program()).args(command.get_args());
    shell.current_dir("/").env_clear().env("PATH", "/usr/bin:/bin").env("LEAK", MARK);
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(std::process::Stdio::null());
    Run::new(&shell.output().unwrap())
}

/// Fails unless nothing of what is outside was shown or written, and nothing outside has changed.
#[track_caller]
fn assert_kept_apart(ground: &Ground, before: &BTreeMap<PathBuf, (u32, Vec<u8>, i64, i64)>, run: &Run, what: &str) {
    assert_eq!(&ground.outside(), before, "{what}: {run:#?}");
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    let width = format!("width=\"{WIDTH}\"");
    for path in below(ground.site.path()) {
        if std::fs::symlink_metadata(&path).unwrap().is_file() && path.metadata().unwrap().len() < 1 << 24 {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!holds(&bytes, MARK) && !holds(&bytes, &width), "{what}: it is in {}", path.display());
        }
    }
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(MARK), "{what}: {run:#?}");
    }
}

type Row<'r> = (&'r str, &'r dyn Fn(&Ground), i32, &'r str);

/// Tries each of the rows with each of the commands: exit code, and words of the answer.
fn try_all(rows: &[Row<'_>], commands: &[&[&str]]) {
    for (what, put, code, words) in rows {
        for arguments in commands {
            let ground = Ground::new();
            put(&ground);
            let before = ground.outside();
            let run = ground.run(arguments);
            let what = format!("{what}, {arguments:?}");
            assert_eq!(run.code, *code, "{what}: {run:#?}");
            let said = format!("{}{}", run.stdout, run.stderr);
            for words in words.split(" | ") {
                assert!(said.contains(words), "{what}: {words:?} is missing: {said}");
            }
            assert_kept_apart(&ground, &before, &run, &what);
        }
    }
}

const READING: [&[&str]; 5] = [&["check"], &["build"], &["posts"], &["publish", "--dry-run"], &["publish"]];

const PUT_IT_THERE: &str = "put the file or folder itself in the place of the link";
