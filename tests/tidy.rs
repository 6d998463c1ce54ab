//! The rules of the house that neither the compiler nor clippy knows: who may import whom, and what has no place here.
//!
//! Each rule is a function from text to findings, so that it is shown below that it can fail.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::LazyLock;

use crate::source::{Code, is_test, module, stem};

/// A room, and the rooms that it may import.
type Layer = (String, Vec<String>);

/// Who may import whom, from the bottom up: the table of `src/lib.rs`.
static LAYERS: LazyLock<Vec<Layer>> = LazyLock::new(|| {
    let mut layers: Vec<Layer> = Vec::new();
    for line in include_str!("../src/lib.rs").lines().filter_map(|line| line.strip_prefix("//! | [`")) {
        let (room, rest) = line.split_once('`').unwrap();
        let imports = rest.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap();
        let named = imports.split('`').skip(1).step_by(2).map(str::to_owned);
        let may_import = match imports.strip_prefix("all above") {
            Some(_) => {
                let but: Vec<_> = named.collect();
                layers.iter().map(|(room, _)| room.clone()).filter(|room| !but.contains(room)).collect()
            }
            None => named.collect(),
        };
        layers.push((room.to_owned(), may_import));
    }
    // The program calls `cli::main` and nothing else; the root of the library only names the rooms.
    layers.extend([("main".to_owned(), vec!["cli".to_owned()]), ("lib".to_owned(), Vec::new())]);
    layers
});

/// Files (without `.rs`, or folders) that may import one room more than their row says.
const EXCEPTIONS: [(&str, &str); 3] = [("src/cli/preview", "web"), ("src/cli/serve", "web"), ("src/cli/form", "web")];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "helpers", "helper", "manager", "common"];

/// What is left behind when work is not finished.
const LEFTOVERS: [&str; 6] = ["todo!", "unimplemented!", "dbg!", "TODO", "FIXME", "XXX"];

const LONGEST_FILE: usize = 500;

#[derive(Debug, PartialEq)]
struct Finding {
    path: String,
    line: usize,
    problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.problem)
    }
}

/// The room that a file of `src` belongs to.
fn room(path: &str) -> &str {
    stem(path).split('/').nth(1).unwrap_or_default()
}

fn layers(path: &str, code: &Code) -> Vec<Finding> {
    let room = room(path);
    let finding = |line, problem| Finding { path: path.to_owned(), line, problem };
    let Some((_, may_import)) = LAYERS.iter().find(|(name, _)| name == room) else {
        return vec![finding(1, format!("room `{room}` has no row in the table of src/lib.rs"))];
    };
    let is_exception = |import: &str| {
        EXCEPTIONS.iter().any(|(file, other)| *other == import && path.strip_prefix(file).is_some_and(ends_or_goes_on))
    };
    let is_allowed =
        |import: &str| import == room || may_import.iter().any(|room| room == import) || is_exception(import);
    code.imports
        .iter()
        .filter(|(import, _)| !is_allowed(import))
        .map(|(import, line)| finding(*line, format!("`{room}` may import `{}`, not `{import}`", may_import.join(" "))))
        .collect()
}

fn ends_or_goes_on(rest: &str) -> bool {
    rest == ".rs" || rest.starts_with('/')
}

fn globs(path: &str, code: &Code) -> Vec<Finding> {
    let finding = |line: &usize| Finding { path: path.to_owned(), line: *line, problem: "glob import".into() };
    code.globs.iter().map(finding).collect()
}

fn names(path: &str, code: &Code) -> Vec<Finding> {
    let of_path = stem(path).split('/').map(|part| (part, 1));
    let of_modules = code.modules.iter().map(|(name, line)| (name.as_str(), *line));
    of_path
        .chain(of_modules)
        .filter(|(name, _)| EMPTY_NAMES.contains(name))
        .map(|(name, line)| Finding { path: path.to_owned(), line, problem: format!("`{name}` is no name") })
        .collect()
}

fn length(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().count();
    let problem = format!("{lines} lines, more than {LONGEST_FILE}: split it by meaning");
    (lines > LONGEST_FILE).then(|| Finding { path: path.to_owned(), line: lines, problem }).into_iter().collect()
}

fn leftovers(path: &str, text: &str) -> Vec<Finding> {
    let is_word = |line: &str, at: usize, word: &str| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        !line[..at].ends_with(is_part) && (word.ends_with('!') || !line[at + word.len()..].starts_with(is_part))
    };
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for word in LEFTOVERS {
            if line.match_indices(word).any(|(at, _)| is_word(line, at, word)) {
                findings.push(Finding { path: path.to_owned(), line: number + 1, problem: format!("`{word}`") });
            }
        }
    }
    findings
}

/// Files that import each other in a circle cannot be understood one by one: what several of them need stands below them in a
/// file of its own, and what lists them above.
fn circles(codes: &[(&str, Code)]) -> Vec<Finding> {
    let files: BTreeMap<Vec<String>, (&str, &Code)> = codes
        .iter()
        .filter(|(path, _)| !is_test(path) && room(path) != "main" && room(path) != "lib")
        .map(|(path, code)| (module(path), (*path, code)))
        .collect();
    // Names that a file hands on lead to where they come from.
    let file_of = |path: &[String]| {
        let mut path = path.to_vec();
        for _ in 0..8 {
            let length = (0..=path.len()).rev().find(|length| files.contains_key(&path[..*length]))?;
            let (file, code) = files[&path[..length]];
            match path.get(length).and_then(|name| code.names.get(name)) {
                Some(origin) if !origin.starts_with(&path[..=length]) => {
                    path = [origin, &path[length + 1..]].concat();
                }
                _ => return Some(file),
            }
        }
        None
    };
    let imports = |(file, code): &(&'_ str, &Code)| {
        code.paths.iter().filter_map(|path| file_of(path)).filter(|other| other != file).collect()
    };
    let mut left: BTreeMap<&str, BTreeSet<&str>> = files.values().map(|entry| (entry.0, imports(entry))).collect();
    // A file that imports none of those left is in no circle, nor is one that none of them imports.
    loop {
        let imported: BTreeSet<&str> = left.values().flatten().copied().collect();
        let outside: Vec<&str> = left
            .iter()
            .filter(|(file, others)| others.is_empty() || !imported.contains(*file))
            .map(|(file, _)| *file)
            .collect();
        if outside.is_empty() {
            break;
        }
        left.retain(|file, _| !outside.contains(file));
        for others in left.values_mut() {
            others.retain(|other| !outside.contains(other));
        }
    }
    let finding = |(file, others): (&&str, &BTreeSet<&str>)| Finding {
        path: (*file).to_owned(),
        line: 1,
        problem: format!("in a circle with {}", others.iter().copied().collect::<Vec<_>>().join(", ")),
    };
    left.iter().map(finding).collect()
}

/// `serde_yaml` is to be replaceable: one file knows it.
fn yaml<'a>(files: impl Iterator<Item = (&'a str, &'a Code)>) -> Vec<Finding> {
    let named: Vec<_> = files.filter_map(|(path, code)| code.serde_yaml.map(|line| (path, line))).collect();
    let Some(((first, _), more)) = named.split_first() else { return Vec::new() };
    let problem = format!("`serde_yaml` is named in {first} already");
    more.iter()
        .map(|(path, line)| Finding { path: (*path).to_owned(), line: *line, problem: problem.clone() })
        .collect()
}

/// A test file that `tests/main.rs` does not declare is never run.
fn undeclared(tests: &[String], main: &Code) -> Vec<Finding> {
    let module = |path: &String| path.strip_suffix("/mod.rs").or(path.strip_suffix(".rs")).map(str::to_owned);
    let is_declared = |name: &str| main.modules.iter().any(|(declared, _)| declared == name);
    tests
        .iter()
        .filter_map(|path| module(path).map(|name| (path, name)))
        .filter(|(_, name)| name != "main" && !name.contains('/') && !is_declared(name))
        .map(|(path, _)| Finding { path: format!("tests/{path}"), line: 1, problem: "not in tests/main.rs".into() })
        .collect()
}

/// The text files below a folder of the crate: path from the crate's root, and text.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let found = tidings::files::Folder::new(&root).list("", &|_| true).unwrap();
    found
        .into_iter()
        .filter(|path| path.ends_with(extension))
        .filter_map(|path| {
            let text = String::from_utf8(std::fs::read(root.join(&path)).unwrap()).ok()?;
            Some((format!("{folder}/{path}"), text))
        })
        .collect()
}

#[test]
fn the_house_is_tidy() {
    let sources = files("src", ".rs");
    let tests = files("tests", ".rs");
    let mut findings = Vec::new();
    let mut codes = Vec::new();
    for (path, text) in &sources {
        let code = Code::read(path, text);
        findings.extend(layers(path, &code));
        findings.extend(globs(path, &code));
        findings.extend(leftovers(path, text));
        codes.push((path.as_str(), code));
    }
    findings.extend(yaml(codes.iter().map(|(path, code)| (*path, code))));
    findings.extend(circles(&codes));
    for (path, text) in sources.iter().chain(&tests) {
        findings.extend(names(path, &Code::read(path, text)));
        findings.extend(length(path, text));
    }
    for (path, text) in files("templates", "") {
        findings.extend(leftovers(&path, &text));
    }
    let main = tests.iter().find(|(path, _)| path == "tests/main.rs").unwrap();
    let paths: Vec<String> = tests.iter().map(|(path, _)| path.replacen("tests/", "", 1)).collect();
    findings.extend(undeclared(&paths, &Code::read(&main.0, &main.1)));
    let list: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(list.is_empty(), "{} findings:\n{}", list.len(), list.join("\n"));
}

const CLEAN: [usize; 0] = [];

/// The lines of what a rule finds in a file.
fn found(rule: fn(&str, &Code) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
    rule(path, &Code::read(path, text)).iter().map(|finding| finding.line).collect()
}

#[test]
fn every_room_is_in_one_row_and_imports_only_rows_above_it() {
    let mut above: Vec<&str> = Vec::new();
    for (room, may_import) in LAYERS.iter().filter(|(room, _)| room != "main") {
        assert!(may_import.iter().all(|import| above.contains(&import.as_str())), "{room}");
        assert!(!above.contains(&room.as_str()), "{room}");
        above.push(room);
    }
    let text = include_str!("../src/lib.rs");
    let named = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    assert_eq!(named.filter(|name| !above.contains(name)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn an_import_that_the_table_does_not_allow_is_found_however_it_is_written() {
    for text in [
        "use crate::store::Store;",
        "use crate::{model::Entry, store};",
        "use {crate::model::Entry, crate::store::{self, Store}};",
        "use super::super::store;",
        "use super::{item::Feed, super::store::Store};",
        "fn f() { let store = crate::store::open(); }",
        "type T = Vec<Box<dyn Fn(crate::store::Store)>>;",
        "mod inner { mod more { use super::super::super::super::store::Store; } }",
        "macro_rules! m { () => { $crate::store::open() } }",
        "use crate::*;",
    ] {
        assert_eq!(found(layers, "src/feed/rss.rs", text), [1], "{text}");
    }
    assert_eq!(found(layers, "src/feed/mod.rs", "\n\nuse super::post;"), [3]);
    assert_eq!(found(layers, "src/clock.rs", "use super::store;"), [1]);
    assert_eq!(found(layers, "src/main.rs", "fn main() { tidings::store::open() }"), [1]);
    assert_eq!(found(layers, "src/cellar/mod.rs", ""), [1], "a room without a row");
}

#[test]
fn an_import_that_the_table_allows_is_not_found() {
    for text in [
        "use crate::{config::Config, model::{Entry, Person}};",
        "use super::{Format, item::Feed};",
        "use super::super::feed::Format; use crate::feed::text;",
        "pub(super) fn f() {} pub(crate) fn g() {} pub(in crate::feed) fn h() {}",
        "/// [`crate::store`]\nfn f() {} // use crate::store;\nconst S: &str = \"crate::store::x\";",
        "mod tests { use super::*; use super::super::item::Feed; }",
    ] {
        assert_eq!(found(layers, "src/feed/rss.rs", text), CLEAN, "{text}");
    }
}

#[test]
fn only_the_preview_knows_the_web() {
    let text = "use crate::web::serve;";
    assert_eq!(found(layers, "src/cli/preview/mod.rs", text), CLEAN);
    assert_eq!(found(layers, "src/cli/server.rs", text), [1]);
    assert_eq!(found(layers, "src/web/mod.rs", "use crate::cli::ui;"), [1]);
}

#[test]
fn a_circle_of_files_is_found_also_when_it_leads_through_names_that_are_handed_on() {
    let codes = |files: &[(&'static str, &str)]| {
        files.iter().map(|(path, text)| (*path, Code::read(path, text))).collect::<Vec<_>>()
    };
    let table = "mod rss; mod format; pub use format::Format; const ALL: [Format; 1] = [rss::FORMAT];";
    let below = [("src/feed/mod.rs", table), ("src/feed/rss.rs", "use super::Format;"), ("src/feed/format.rs", "")];
    assert_eq!(circles(&codes(&below)), []);
    let table = "mod rss; pub struct Format; const ALL: [Format; 1] = [rss::FORMAT];";
    let above = [
        ("src/feed/mod.rs", table),
        ("src/feed/rss.rs", "use super::Format;"),
        ("src/web.rs", "use crate::feed::Format;"),
    ];
    let found: Vec<_> = circles(&codes(&above)).iter().map(Finding::to_string).collect();
    assert_eq!(
        found,
        ["src/feed/mod.rs:1: in a circle with src/feed/rss.rs", "src/feed/rss.rs:1: in a circle with src/feed/mod.rs"]
    );
    let of_tests = [("src/a.rs", "#[cfg(test)] mod tests { use crate::b::x; }"), ("src/b.rs", "use crate::a::y;")];
    assert_eq!(circles(&codes(&of_tests)), []);
}

#[test]
fn a_finding_names_the_file_the_line_and_the_room() {
    let finding = layers("src/store/sql.rs", &Code::read("src/store/sql.rs", "\nuse crate::feed;")).remove(0);
    assert_eq!(
        finding.to_string(),
        "src/store/sql.rs:2: `store` may import `model diagnostic config clock files`, not `feed`"
    );
}

#[test]
fn glob_imports_are_for_tests() {
    let text = "use a::b;\nuse a::*;\nuse a::{b, c::{d, *}};\nfn f(x: &u8) -> impl Fn() + use<'_> { *x * 2 }\n";
    assert_eq!(found(globs, "src/a.rs", text), [2, 3]);
    assert_eq!(found(globs, "src/a.rs", "#[cfg(test)]\n#[rustfmt::skip]\nmod tests { use super::*; }\nuse a::*;"), [4]);
    assert_eq!(found(globs, "src/a.rs", "#[cfg(all(test, unix))]\nmod tests { use super::*; }"), CLEAN);
    assert_eq!(found(globs, "src/a.rs", "#[cfg(not(test))]\nmod a { use super::*; }"), [2]);
    assert_eq!(found(globs, "src/a/tests.rs", text), CLEAN);
    assert_eq!(found(globs, "src/a/tests/b.rs", text), CLEAN);
}

#[test]
fn names_that_say_nothing_are_found() {
    assert_eq!(found(names, "src/feed/utils.rs", ""), [1]);
    assert_eq!(found(names, "src/common/x.rs", ""), [1]);
    assert_eq!(found(names, "src/feed/mod.rs", "\nmod helpers;\nmod manager { }\nmod utilities;"), [2, 3]);
}

#[test]
fn long_files_are_found() {
    assert_eq!(length("src/a.rs", &"\n".repeat(500)), []);
    assert_eq!(length("src/a.rs", &"\n".repeat(501)).len(), 1);
}

#[test]
fn unfinished_work_is_found() {
    let text =
        "fn a() { todo!() }\nunimplemented!();\n// TODO: x\n{# FIXME #}\nXXX\nlet x = dbg!(1);\nXXXL TODOS my_todo!()";
    let lines: Vec<_> = leftovers("src/a.rs", text).iter().map(|finding| finding.line).collect();
    assert_eq!(lines, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn only_one_file_knows_serde_yaml() {
    let one = Code::read("src/a.rs", "use serde_yaml::Value;\nfn f() { serde_yaml::from_str(x) }");
    let other = Code::read("src/b.rs", "// serde_yaml\n\nfn f() -> serde_yaml::Value {}");
    let none = Code::read("src/c.rs", "// serde_yaml");
    assert_eq!(yaml([("src/a.rs", &one), ("src/c.rs", &none)].into_iter()), []);
    let findings = yaml([("src/a.rs", &one), ("src/b.rs", &other)].into_iter());
    assert_eq!(findings[0].to_string(), "src/b.rs:3: `serde_yaml` is named in src/a.rs already");
}

#[test]
fn a_test_file_that_is_not_run_is_found() {
    let main = Code::read("tests/main.rs", "mod tidy;\nmod crash;\n// mod forgotten;");
    let tests =
        ["main.rs", "tidy.rs", "crash/mod.rs", "crash/kill.rs", "forgotten.rs", "lost/mod.rs"].map(str::to_owned);
    let findings = undeclared(&tests, &main);
    let paths: Vec<_> = findings.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(paths, ["tests/forgotten.rs", "tests/lost/mod.rs"]);
}
