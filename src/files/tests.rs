//! What a folder lets through: by hand for what a stranger may put there, and for what has to go on working.

use std::path::{Path, PathBuf};

use super::*;

struct Ground {
    top: tempfile::TempDir,
    site: Folder,
}

/// A site in `site/`, with a file outside of it.
fn ground() -> Ground {
    let top = tempfile::tempdir().unwrap();
    let folder = Folder::new(top.path());
    folder.write_new("secret", b"secret", Access::Public).unwrap();
    folder.write_new("vault/a.md", b"vault", Access::Public).unwrap();
    folder.write_new("site/posts/a.md", b"post", Access::Public).unwrap();
    let site = Folder::new(&top.path().join("site"));
    Ground { top, site }
}

impl Ground {
    fn path(&self, name: &str) -> PathBuf {
        std::fs::canonicalize(self.top.path()).unwrap().join(name)
    }

    #[cfg(unix)]
    fn link(&self, to: impl AsRef<Path>, name: &str) {
        let path = self.path("site").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, path).unwrap();
    }

    fn read(&self, name: &str) -> Result<String, String> {
        told(self.site.read(name, FileKind::Post).map(|bytes| String::from_utf8(bytes).unwrap()))
    }

    fn write(&self, name: &str) -> Result<Written, String> {
        told(self.site.write_if_changed(name, b"new", Access::Public))
    }
}

/// The name and the words of a refusal, or the kind of another error.
fn told<T>(result: io::Result<T>) -> Result<T, String> {
    result.map_err(|error| match Refusal::of(&error) {
        Some(refusal) => format!("{}: {refusal}", refusal.name),
        None => error.kind().to_string(),
    })
}

#[test]
fn a_file_is_written_only_when_its_bytes_differ() {
    let ground = ground();
    let write = |bytes: &[u8]| ground.site.write_if_changed("a/feed.xml", bytes, Access::Public).unwrap();
    assert_eq!(write(b"one"), Written::Created);
    assert_eq!(write(b"one"), Written::Unchanged);
    assert_eq!(write(b"two"), Written::Changed);
    assert_eq!(ground.site.list("a", &|_| true).unwrap(), ["feed.xml"], "no temporary file stays behind");
}

#[test]
fn a_new_file_never_replaces_another() {
    let ground = ground();
    let again = ground.site.write_new("posts/a.md", b"other", Access::Public);
    assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(ground.read("posts/a.md").as_deref(), Ok("post"));
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let ground = ground();
    let secret = ground.path("secret");
    for name in ["../secret", "posts/../../secret", "new/../../secret", secret.to_str().unwrap()] {
        let refused = format!("{name}: this is outside of the site: {}", secret.display());
        assert_eq!(ground.read(name), Err(refused.clone()), "{name}");
        assert_eq!(ground.write(name), Err(refused.clone()), "{name}");
        assert_eq!(told(ground.site.remove(name)), Err(refused), "{name}");
        assert!(!ground.site.is_file(name));
    }
    let long = "x".repeat(10_000);
    for name in ["gone", "posts/a.md/b", ".", "", "posts", "a\0b", &long, "posts/gone/.."] {
        assert!(ground.read(name).is_err(), "{name}");
    }
    for name in ["posts/../posts/a.md", "./posts//a.md", "gone/../posts/a.md", "../site/posts/a.md"] {
        assert_eq!(ground.read(name).as_deref(), Ok("post"), "{name}");
    }
    assert_eq!(std::fs::read(secret).unwrap(), b"secret");
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_as_long_as_it_stays_inside() {
    let ground = ground();
    ground.link("a.md", "posts/same.md");
    ground.link("../posts/a.md", "notes/up.md");
    ground.link(ground.path("site/posts/a.md"), "posts/absolute.md");
    ground.link("posts", "linked");
    ground.link("linked", "twice");
    for name in ["posts/same.md", "notes/up.md", "posts/absolute.md", "linked/a.md", "twice/absolute.md"] {
        assert_eq!(ground.read(name).as_deref(), Ok("post"), "{name}");
    }
    assert_eq!(ground.site.list("posts", &|_| true).unwrap(), ["a.md", "absolute.md", "same.md"]);
    assert_eq!(ground.site.list("twice", &|_| true).unwrap().len(), 3);
    // What is written takes the place of the link.
    assert_eq!(ground.write("posts/same.md"), Ok(Written::Changed));
    assert_eq!(
        (ground.read("posts/a.md").as_deref(), ground.read("posts/same.md").as_deref()),
        (Ok("post"), Ok("new"))
    );
    assert_eq!(ground.write("linked/b.md"), Ok(Written::Created));
    assert_eq!(ground.read("posts/b.md").as_deref(), Ok("new"));
}

#[cfg(unix)]
#[test]
fn a_link_that_leaves_is_neither_read_nor_written() {
    let ground = ground();
    let out = ground.path("secret");
    ground.link("../../secret", "posts/relative.md");
    ground.link(&out, "posts/absolute.md");
    ground.link("absolute.md", "posts/twice.md");
    ground.link("../../gone", "posts/dangling.md");
    ground.link("/proc/self/environ", "posts/environ.md");
    ground.link("..", "up");
    ground.link(ground.path("vault"), "linked");
    let leaves = |name: &str, to: &Path| Err(format!("{name}: this link leads out of the site, to {}", to.display()));
    for (name, link, to) in [
        ("posts/relative.md", "posts/relative.md", out.clone()),
        ("posts/absolute.md", "posts/absolute.md", out.clone()),
        ("posts/twice.md", "posts/twice.md", out.clone()),
        ("up/secret", "up", ground.path("site").parent().unwrap().to_owned()),
        ("linked/a.md", "linked", ground.path("vault")),
    ] {
        assert_eq!(ground.read(name), leaves(link, &to), "{name}");
        assert_eq!(ground.write(name).map(|_| String::new()), leaves(link, &to), "{name}");
        assert!(ground.site.draft(name, None).is_err() && ground.site.write_new(name, b"", Access::Public).is_err());
        assert!(ground.site.lock(name, "none").is_err() && ground.site.find(name).is_err(), "{name}");
        assert!(!ground.site.is_file(name));
    }
    assert!(ground.read("posts/environ.md").unwrap_err().contains("leads out of the site, to /proc/"));
    assert_eq!(
        ground.write("posts/dangling.md").map(|_| String::new()),
        leaves("posts/dangling.md", &ground.path("gone"))
    );
    assert_eq!(ground.write("linked/new/b.md").map(|_| String::new()), leaves("linked", &ground.path("vault")));
    assert_eq!(
        told(ground.site.remove("linked/a.md")).map(|()| String::new()),
        leaves("linked", &ground.path("vault"))
    );
    assert_eq!(
        told(ground.site.list("linked", &|_| true)).map(|_| String::new()),
        leaves("linked", &ground.path("vault"))
    );
    assert_eq!(ground.read("linked/gone.md"), Err("entity not found".into()), "there is nothing to say of it");
    let found = ground.site.survey("posts", &|_| true).unwrap();
    assert_eq!(found.files, ["a.md"]);
    let refused = |(name, why): &(String, LeftOut)| matches!(why, LeftOut::Refused(_)).then(|| name.clone());
    let refused: Vec<_> = found.left_out.iter().filter_map(refused).collect();
    assert_eq!(refused, ["absolute.md", "environ.md", "relative.md", "twice.md"]);
    assert_eq!(found.left_out[1], ("dangling.md".into(), LeftOut::Nothing));
    // To remove a link does not touch what it leads to.
    ground.site.remove("posts/absolute.md").unwrap();
    assert_eq!((std::fs::read(out).unwrap(), ground.path("gone").exists()), (b"secret".to_vec(), false));
}

#[cfg(unix)]
#[test]
fn what_the_owner_allowed_is_reached_and_no_more() {
    let ground = ground();
    ground.link(ground.path("vault"), "linked");
    ground.link(ground.path("secret"), "posts/secret.md");
    std::os::unix::fs::symlink(ground.path("secret"), ground.path("vault/secret.md")).unwrap();
    std::os::unix::fs::symlink(ground.path("vault/a.md"), ground.path("vault/same.md")).unwrap();
    let site = ground.site.clone().allowing(vec![ground.path("vault")]);
    let read = |name: &str| told(site.read(name, FileKind::Post)).is_ok();
    let absolute = ground.path("vault/a.md");
    assert!(read("linked/a.md") && read("linked/same.md") && read("../vault/a.md") && read(absolute.to_str().unwrap()));
    assert!(!read("linked/secret.md") && !read("posts/secret.md") && !read("../secret"));
    assert_eq!(site.list("linked", &|_| true).unwrap(), ["a.md", "same.md"]);
    assert!(site.write_if_changed("linked/b.md", b"x", Access::Public).is_ok());
    // Even then not what the system keeps there.
    for of_the_system in ["/proc/self/environ", "/dev/zero", "/sys/kernel"] {
        let site = ground.site.clone().allowing(vec![of_the_system.into(), "/proc".into()]);
        assert!(Refusal::of(&site.read(of_the_system, FileKind::Key).unwrap_err()).is_some(), "{of_the_system}");
    }
}

#[cfg(unix)]
#[test]
fn no_link_brings_to_readers_what_is_hidden() {
    let ground = ground();
    for name in [".env", ".tidings/key.pem", "keys/dkim.pem", ".git/annex/objects/a", ".notes/b.md"] {
        ground.site.write_new(name, b"x", Access::Private).unwrap();
    }
    ground.link("../.env", "posts/env.md");
    ground.link("../.tidings/key.pem", "posts/key.md");
    ground.link("../keys/dkim.pem", "posts/dkim.md");
    ground.link("../.git/annex/objects/a", "posts/annexed.md");
    ground.link(".notes", "notes");
    let site = ground.site.clone().hiding(vec![ground.path("site/keys/dkim.pem")]);
    for name in ["posts/env.md", "posts/key.md", "posts/dkim.md"] {
        let why = told(site.read(name, FileKind::Post)).unwrap_err();
        assert!(why.starts_with(&format!("{name}: this link leads to a file that is not for readers")), "{why}");
        assert!(site.read(name, FileKind::Key).is_ok(), "a key may be a link to another one");
    }
    for name in ["posts/annexed.md", "notes/b.md", ".notes/b.md"] {
        assert!(site.read(name, FileKind::Post).is_ok(), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_and_never_waited_for() {
    let ground = ground();
    let pipe = ground.path("site/posts/pipe.md");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    ground.link("pipe.md", "posts/linked.md");
    let _socket = std::os::unix::net::UnixListener::bind(ground.path("site/posts/socket.md")).unwrap();
    for (name, what) in [("posts/pipe.md", "a pipe"), ("posts/linked.md", "a pipe"), ("posts/socket.md", "a socket")] {
        let refused = Err(format!("{name}: this is {what} and no file"));
        assert_eq!(ground.read(name), refused);
        assert_eq!(ground.write(name).map(|_| String::new()), refused);
        assert!(ground.site.draft(name, None).is_err() && !ground.site.is_file(name));
        assert!(ground.site.lock(name, "none").is_err() && ground.site.lock("lock", name).is_ok());
    }
    let found = ground.site.survey("posts", &|_| true).unwrap();
    assert_eq!((found.files, found.left_out.len()), (vec!["a.md".to_owned()], 3));
}

#[test]
fn a_file_that_is_too_large_is_not_even_begun() {
    let ground = ground();
    let file = std::fs::File::create(ground.path("site/posts/large.md")).unwrap();
    file.set_len(1 << 30).unwrap();
    assert_eq!(
        ground.read("posts/large.md"),
        Err("posts/large.md: this has 1 GB, and a post may have at most 32 MB".into())
    );
    assert_eq!(ground.site.open("posts/large.md", FileKind::Media).unwrap().length(), 1 << 30);
    assert_eq!(ground.write("posts/large.md"), Ok(Written::Changed));
    let mut grown = ground.site.open("posts/a.md", FileKind::Template).unwrap();
    std::fs::OpenOptions::new().write(true).open(ground.path("site/posts/a.md")).unwrap().set_len(2 << 20).unwrap();
    assert!(grown.read_to_end(&mut Vec::new()).is_err(), "it grew while it was read");
}

#[test]
fn of_a_file_that_is_looked_at_only_so_much_is_read() {
    use io::{Read as _, Seek as _};
    let ground = ground();
    let mut sampled = ground.site.open("posts/a.md", FileKind::Media).unwrap().sampled(3);
    let mut bytes = Vec::new();
    sampled.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"pos");
    sampled.rewind().unwrap();
    assert_eq!(sampled.read_to_end(&mut bytes).unwrap(), 0, "it is used up");
}

#[test]
fn only_a_lock_of_ours_is_ever_written_to() {
    let ground = ground();
    let folder = Folder::new(&ground.path("site/.tidings"));
    folder.write_new("other.lock", b"# of another program\nversion = 3\n", Access::Public).unwrap();
    assert_eq!(
        told(folder.lock("other.lock", "none")).unwrap_err(),
        "other.lock: this has the name of the lock of the database and belongs to another program"
    );
    folder.write_new("old.lock", b"7", Access::Public).unwrap();
    let lock = folder.lock("db.lock", "old.lock").unwrap().unwrap();
    assert!(folder.lock("db.lock", "none").unwrap().is_none());
    assert!(folder.lock("db2.lock", "old.lock").unwrap().is_none(), "an older version takes that one");
    drop(lock);
    assert!(folder.lock("db.lock", "other.lock").unwrap().is_some());
    assert_eq!(folder.read("old.lock", FileKind::Memory).unwrap(), b"7");
    assert!(folder.read("other.lock", FileKind::Memory).unwrap().starts_with(b"# of another"));
}

#[test]
fn only_the_very_bytes_that_were_written_are_removed() {
    let ground = ground();
    let mut draft = ground.site.draft("public/tags/a/feed.xml", Some("public")).unwrap().with_fingerprint();
    draft.push(b"feed");
    let finished = draft.finish().unwrap();
    let written = finished.fingerprint.clone().unwrap();
    finished.commit().unwrap();
    let name = "public/tags/a/feed.xml";
    for other in [b"food".as_slice(), b"feed ", b""] {
        ground.site.write_if_changed(name, other, Access::Public).unwrap();
        assert!(!ground.site.remove_made(name, &written, "public").unwrap());
    }
    ground.site.write_if_changed(name, b"feed", Access::Public).unwrap();
    #[cfg(unix)]
    {
        ground.link("feed.xml", "public/tags/a/atom.xml");
        assert!(!told(ground.site.remove_made("public/tags/a/atom.xml", &written, "public")).unwrap_or(false));
        ground.site.remove("public/tags/a/atom.xml").unwrap();
    }
    assert!(ground.site.remove_made(name, &written, "public").unwrap());
    assert!(ground.site.is_folder("public") && !ground.site.is_folder("public/tags"));
    assert!(ground.site.remove_made(name, &written, "public").unwrap(), "it is gone");
}

#[test]
fn only_our_own_old_temporary_files_are_swept() {
    let ground = ground();
    let names = [".tidings-aB3dE6.tmp", ".tidings-notes", ".tidings-my notes.tmp", ".tidings-fresh1.tmp", "a.tmp"];
    let an_hour_ago = std::fs::FileTimes::new().set_modified(
        std::fs::metadata(ground.path("secret")).unwrap().modified().unwrap() - std::time::Duration::from_hours(1),
    );
    for name in names {
        ground.site.write_new(&format!("outbox/{name}"), b"x", Access::Public).unwrap();
        if name != ".tidings-fresh1.tmp" {
            let file = std::fs::File::options().write(true).open(ground.path("site/outbox").join(name)).unwrap();
            file.set_times(an_hour_ago).unwrap();
        }
    }
    ground.site.sweep("outbox").unwrap();
    let mut left = names[1..].to_vec();
    left.sort_unstable();
    assert_eq!(ground.site.list("outbox", &|_| true).unwrap(), left);
}
