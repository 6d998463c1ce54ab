//! A folder that comes from elsewhere starts no program: whatever its `.git` or its configuration names, commands that do
//! not send leave no trace of it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use crate::site::{TestSite, at_once};

const NOW: &str = "2026-03-02T09:00:00Z";

/// The commands that send nothing.
const QUIET: [&[&str]; 9] = [
    &["check"],
    &["build"],
    &["build", "--check"],
    &["posts"],
    &["publish", "--dry-run"],
    &["explain", "posts/2026-03-01-slow-rivers.md"],
    &["feeds"],
    &["status"],
    &["ping", "--dry-run"],
];

/// git as its owner uses it, who is the same on every machine.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Ada").env(format!("GIT_{role}_EMAIL"), "ada@example.org");
        command.env(format!("GIT_{role}_DATE"), "2026-03-01T10:00:00Z");
    }
    let output = command.arg("-C").arg(folder).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A site in a repository, whose post is dated by its history, and whose last commit is signed.
fn repository() -> TestSite {
    let site = TestSite::new("sendmail:./mark");
    site.configure("posts", "date = \"git\"");
    site.write("posts/undated.md", "---\ntitle: Undated\n---\n\nWater takes its time.\n");
    site.post("2026-03-01", "Slow rivers");
    site.write("mark", "#!/bin/sh\ntouch \"$(dirname \"$0\")/started\"\n");
    make_program(&site.file("mark"));
    git(site.path(), &["init", "--quiet"]);
    git(site.path(), &["add", "."]);
    git(site.path(), &["commit", "--quiet", "-m", "one"]);
    sign(&site);
    site
}

fn make_program(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Puts a made-up signature into the last commit: git asks a program whether it is good.
fn sign(site: &TestSite) {
    let commit = git(site.path(), &["cat-file", "commit", "HEAD"]);
    let (head, text) = commit.split_once("\n\n").unwrap();
    let signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEz\n -----END PGP SIGNATURE-----";
    site.write("signed", &format!("{head}\n{signature}\n\n{text}\n"));
    let signed = git(site.path(), &["hash-object", "-t", "commit", "-w", "signed"]);
    std::fs::remove_file(site.file("signed")).unwrap();
    git(site.path(), &["update-ref", "HEAD", &signed]);
}

/// What a configuration of git can say to start the program at `mark`.
fn settings(mark: &str) -> Vec<(&'static str, String)> {
    let keys = |lines: &str| lines.replace("MARK", mark);
    [
        ("a program that reads signatures", "[log]\nshowSignature = true\n[gpg]\nprogram = MARK\n"),
        ("the same for X.509", "[log]\nshowSignature = true\n[gpg]\nformat = x509\n[gpg \"x509\"]\nprogram = MARK\n"),
        ("the same for SSH", "[log]\nshowSignature = true\n[gpg]\nformat = ssh\n[gpg \"ssh\"]\nprogram = MARK\n"),
        ("a file-system monitor", "[core]\nfsmonitor = MARK\n[status]\nshowUntrackedFiles = all\n"),
        ("hooks", "[core]\nhooksPath = .\n"),
        ("a pager", "[core]\npager = MARK\n[pager]\nlog = MARK\nrev-parse = MARK\n"),
        ("another word for a command", "[alias]\nlog = !MARK\nrev-parse = !MARK\n"),
        ("programs that compare", "[diff]\nexternal = MARK\n[diff \"x\"]\ntextconv = MARK\ncommand = MARK\n[core]\nattributesFile = attributes\n"),
        ("filters", "[filter \"x\"]\nclean = MARK\nsmudge = MARK\nprocess = MARK\nrequired = true\n[core]\nattributesFile = attributes\n"),
        ("ways to a server", "[core]\nsshCommand = MARK\ngitProxy = MARK\naskPass = MARK\n[credential]\nhelper = !MARK\n[protocol \"ext\"]\nallow = always\n"),
        ("objects that are fetched when needed", "[core]\nrepositoryFormatVersion = 1\n[extensions]\npartialClone = origin\n[remote \"origin\"]\nurl = ext::MARK\npromisor = true\n[protocol \"ext\"]\nallow = always\n"),
        ("references of other repositories", "[core]\nalternateRefsCommand = MARK\n"),
        ("an editor", "[core]\neditor = MARK\n[sequence]\neditor = MARK\n"),
        ("another file", "[include]\npath = ../inner\n"),
        ("another work tree", "[core]\nworktree = ../posts\nfsmonitor = MARK\n[log]\nshowSignature = true\n[gpg]\nprogram = MARK\n"),
        ("a configuration for this work tree", "[core]\nrepositoryFormatVersion = 1\n[extensions]\nworktreeConfig = true\n"),
        ("names from elsewhere", "[log]\nmailmap = true\nshowSignature = true\n[mailmap]\nfile = ../inner\n[gpg]\nprogram = MARK\n"),
    ]
    .map(|(name, lines)| (name, keys(lines)))
    .to_vec()
}

#[track_caller]
fn starts_nothing(site: &TestSite, commands: &[&[&str]], what: &str) {
    for command in commands {
        let run = site.run(NOW, command);
        assert!(!site.file("started").exists(), "{what}: {command:?} started a program of the site: {run:#?}");
    }
    // Its dates come from the history all the same.
    let posts = site.run(NOW, &["posts", "--json"]).exits(0).json();
    let of_git = posts.as_array().unwrap().iter().find(|post| post["path"] == "posts/undated.md").unwrap();
    assert_eq!(of_git["published"], "2026-03-01T10:00:00+00:00", "{what}: {posts:#}");
}

#[test]
fn no_setting_of_a_repository_starts_a_program() {
    let fired = Mutex::new(Vec::new());
    let mark = |site: &TestSite| site.file("mark").to_str().unwrap().to_owned();
    let all: Vec<usize> = (0..settings("").len()).collect();
    at_once(&all, |&at| {
        let site = repository();
        let (name, lines) = settings(&mark(&site)).remove(at);
        let config = site.read(".git/config");
        site.write(".git/config", &format!("{config}{lines}"));
        let signature = settings(&mark(&site)).remove(0).1;
        site.write("inner", &signature);
        site.write(".git/config.worktree", &signature);
        site.write("attributes", "* diff=x filter=x\n");
        site.write(".git/info/attributes", "* diff=x filter=x\n");
        for hook in ["post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"] {
            let path = format!(".git/hooks/{hook}");
            site.write(&path, &format!("#!/bin/sh\nexec {}\n", mark(&site)));
            make_program(&site.file(&path));
        }
        // All commands come to the history by the same way, and the first setting is for all of them.
        starts_nothing(&site, if at == 0 { &QUIET } else { &QUIET[..1] }, name);
        // What a plain `git log` would have done: the table is about something.
        let mut plain = Command::new("git");
        plain.arg("-C").arg(site.file("posts")).args(["log", "--name-only"]).env("GIT_CONFIG_GLOBAL", "/dev/null");
        plain.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        fired.lock().unwrap().extend(site.file("started").exists().then_some(name));
    });
    let fired = fired.into_inner().unwrap();
    assert!(fired.len() >= 4, "only these start anything under a plain `git log`: {fired:?}");
}

/// A post folder that looks like a repository without work tree, whose configuration names a program of the site: a clone
/// keeps all of it, because these are ordinary files.
#[test]
fn a_clone_whose_posts_look_like_a_repository_starts_nothing() {
    let site = repository();
    let clone = TestSite::new("outbox:outbox");
    std::fs::remove_dir_all(clone.path()).unwrap();
    git(site.path(), &["clone", "--quiet", "--bare", ".", "posts/inner"]);
    for name in ["HEAD", "objects", "refs", "packed-refs", "config"] {
        std::fs::rename(site.file(&format!("posts/inner/{name}")), site.file(&format!("posts/{name}"))).unwrap();
    }
    std::fs::remove_dir_all(site.file("posts/inner")).unwrap();
    let config = site.read("posts/config");
    let signature = "[log]\nshowSignature = true\n[gpg]\nprogram = ../mark\n";
    site.write("posts/config", &format!("{config}{signature}"));
    for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
        site.write(&format!("posts/{folder}/keep"), "");
    }
    git(site.path(), &["add", "--force", "."]);
    git(site.path(), &["commit", "--quiet", "-m", "two"]);
    let folder = clone.path().to_str().unwrap();
    git(site.path(), &["clone", "--quiet", ".", folder]);
    assert!(clone.file("posts/HEAD").exists() && clone.file("posts/objects/pack").exists());
    starts_nothing(&clone, &QUIET, "a clone");
    let plain = git(&clone.file("posts"), &["log", "--name-only"]);
    assert!(clone.file("started").exists(), "the attack is real: {plain}");
}

/// git asks the server of a partial clone for what is missing, by a way that its configuration names.
#[test]
fn what_is_missing_in_a_repository_is_not_fetched() {
    let site = repository();
    let tree = git(site.path(), &["rev-parse", "HEAD:posts"]);
    let (folder, name) = tree.split_at(2);
    std::fs::remove_file(site.file(&format!(".git/objects/{folder}/{name}"))).unwrap();
    let config = site.read(".git/config").replace("repositoryformatversion = 0", "repositoryformatversion = 1");
    let mark = site.file("mark").display().to_string();
    let fetched = format!(
        "[extensions]\npartialClone = origin\n[remote \"origin\"]\nurl = ext::{mark}\npromisor = true\n\
         [protocol \"ext\"]\nallow = always\n"
    );
    site.write(".git/config", &format!("{config}{fetched}"));
    let run = site.run(NOW, &["check"]).exits(3);
    assert!(run.stdout.contains("the history cannot be read") && !site.file("started").exists(), "{run:#?}");
    let mut plain = Command::new("git");
    plain.arg("-C").arg(site.file("posts")).args(["log", "--name-only"]).stdin(Stdio::null());
    plain.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(site.file("started").exists(), "the attack is real");
}

/// `git` beside the posts, and in a folder of the site that stands in PATH, is not the machine's.
#[test]
fn a_git_of_the_site_is_not_run() {
    let site = repository();
    for name in ["git", "posts/git", "node_modules/.bin/git"] {
        site.write(name, "#!/bin/sh\ntouch \"$STARTED\"\n");
        make_program(&site.file(name));
    }
    let usual = std::env::var("PATH").unwrap();
    let bin = site.file("node_modules/.bin");
    for path in [format!(".:{usual}"), format!(":posts:{usual}"), format!("{}:{usual}", bin.display())] {
        let mut command = site.command(NOW, &["posts", "--json"]);
        command.env("PATH", &path).env("STARTED", site.file("started")).current_dir(site.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!site.file("started").exists(), "{path}");
    }
}

/// What another program of the owner told git, such as a hook does, is not about this site.
#[test]
fn the_environment_of_git_does_not_count() {
    let (site, other) = (repository(), repository());
    let mut command = site.command(NOW, &["posts", "--json"]);
    command.env("GIT_DIR", other.file(".git")).env("GIT_WORK_TREE", other.path()).env("GIT_EXTERNAL_DIFF", "./mark");
    command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "log.showSignature").env("GIT_CONFIG_VALUE_0", "true");
    command.env("GIT_TRACE", site.file("started")).env("PATH", std::env::var("PATH").unwrap());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!site.file("started").exists(), "{}", site.read("started"));
    let posts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(posts.to_string().contains("2026-03-01T10:00:00"), "{posts:#}");
}

/// A history that names ten thousand million files takes a dozen objects.
#[test]
fn a_history_without_end_is_refused_in_time() {
    let site = repository();
    let blob = git(site.path(), &["hash-object", "-w", "config.toml"]);
    let mut kind = ("100644 blob", blob);
    for _ in 0..10 {
        let rows: String = (0..10).map(|n| format!("{} {}\tf{n}\n", kind.0, kind.1)).collect();
        site.write("rows", &rows);
        let script = "git -C \"$0\" mktree < \"$0/rows\"";
        let made = Command::new("sh").args(["-c", script]).arg(site.path()).output().unwrap();
        kind = ("040000 tree", String::from_utf8(made.stdout).unwrap().trim().to_owned());
    }
    let commit = git(site.path(), &["commit-tree", "-m", "three", &kind.1]);
    git(site.path(), &["update-ref", "HEAD", &commit]);
    site.edit("config.toml", "[posts]\n", "[posts]\ndir = \".\"\n");
    let run = site.run(NOW, &["check"]).exits(3);
    // On a slow machine the time is up before the room is used up.
    let is_ended =
        ["the history is too large", "took longer than half a minute"].iter().any(|end| run.stdout.contains(end));
    assert!(is_ended, "{run:#?}");
}

/// git asks whose repository it is, and its refusal comes with the cure.
#[test]
fn a_repository_of_another_user_is_refused() {
    let site = repository();
    if std::os::unix::fs::chown(site.file(".git"), Some(65534), None).is_err() {
        return crate::site::missing("right to give a file to another user");
    }
    std::os::unix::fs::chown(site.path(), Some(65534), None).unwrap();
    let run = site.run(NOW, &["check"]).exits(3);
    assert!(run.stdout.contains("belongs to another user of this machine"), "{run:#?}");
    assert!(run.stdout.contains("git config --global --add safe.directory"), "{run:#?}");
}
