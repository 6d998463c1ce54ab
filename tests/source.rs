//! Reads Rust code as tokens, so that comments and texts in it are not mistaken for code.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// What a rule looks for in the code of one file.
#[derive(Debug, Default)]
pub(crate) struct Code {
    /// Each mention of something at the root of the crate (`crate::room`, `super::…::room`), with its line.
    pub(crate) imports: Vec<(String, usize)>,
    /// Each path into the crate, from its root, that is used outside of tests.
    pub(crate) paths: Vec<Vec<String>>,
    /// The names that are imported outside of tests, with their paths from the root of the crate.
    pub(crate) names: BTreeMap<String, Vec<String>>,
    /// The lines of glob imports outside of tests.
    pub(crate) globs: Vec<usize>,
    /// Each module declared, with its line.
    pub(crate) modules: Vec<(String, usize)>,
    /// Whether the name `serde_yaml` is used, and where first.
    pub(crate) serde_yaml: Option<usize>,
    /// The texts in double quotes, as they are written, outside of tests.
    pub(crate) texts: Vec<String>,
}

impl Code {
    pub(crate) fn read(path: &str, text: &str) -> Self {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{path} is not Rust: {error}"));
        let mut code = Self::default();
        code.walk(tokens, &module(path), is_test(path));
        code
    }

    /// `module` is the path of the module that the tokens are in.
    fn walk(&mut self, tokens: TokenStream, module: &[String], in_test: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut next_is_test = false;
        let (mut in_use, mut is_handed_on) = (false, false);
        while at < tokens.len() {
            match &tokens[at] {
                // `pub(in crate::room)` imports nothing.
                TokenTree::Group(_) if at > 0 && is_pub(&tokens[at - 1]) => {}
                TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                    next_is_test |= is_test_only(group);
                    self.walk(group.stream(), module, in_test);
                }
                TokenTree::Group(group) => {
                    self.walk(group.stream(), module, in_test);
                    next_is_test = false;
                }
                TokenTree::Ident(word) if word == "mod" => {
                    if let Some(TokenTree::Ident(name)) = tokens.get(at + 1) {
                        self.modules.push((name.to_string(), line(name)));
                        if let Some(TokenTree::Group(body)) = tokens.get(at + 2) {
                            let inner = [module, &[name.to_string()]].concat();
                            self.walk(body.stream(), &inner, in_test || next_is_test);
                            at += 2;
                        }
                    }
                    next_is_test = false;
                }
                TokenTree::Ident(word) if word == "use" => {
                    (in_use, is_handed_on) = (true, tokens[at.saturating_sub(2)..at].iter().any(is_pub));
                    if !in_test && !next_is_test && has_glob(&tokens[at + 1..]) {
                        self.globs.push(line(word));
                    }
                }
                TokenTree::Ident(word) if word == "serde_yaml" => {
                    self.serde_yaml.get_or_insert(line(word));
                }
                TokenTree::Ident(word) if self.begins_path(word) && is_path_separator(&tokens[at + 1..]) => {
                    let kind = Path { in_use, is_handed_on, in_test: in_test || next_is_test };
                    at = self.path(&tokens, at, module.to_vec(), kind);
                    continue;
                }
                TokenTree::Literal(literal) if !in_test => {
                    let written = literal.to_string();
                    let text = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                    self.texts.extend(text.map(str::to_owned));
                }
                TokenTree::Punct(mark) if mark.as_char() == ';' => {
                    (next_is_test, in_use, is_handed_on) = (false, false, false);
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Follows a path that goes on at `start` behind `path`, and returns where it ends.
    fn path(&mut self, tokens: &[TokenTree], start: usize, mut path: Vec<String>, kind: Path) -> usize {
        let mut at = start;
        let first = tokens.first().map_or(1, |_| tokens[start].span().start().line);
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(word)) if word == "super" => drop(path.pop()),
                Some(TokenTree::Ident(word)) if word == "crate" || word == "tidings" => path.clear(),
                Some(TokenTree::Ident(word)) if word == "self" => {}
                Some(TokenTree::Ident(word)) => path.push(word.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
                    for part in tokens.split(is_comma).filter(|part| !part.is_empty()) {
                        self.path(part, 0, path.clone(), kind);
                    }
                    return at + 1;
                }
                Some(TokenTree::Punct(mark)) if mark.as_char() == '*' => path.push("*".into()),
                _ => break,
            }
            at += 1;
            if !is_path_separator(&tokens[at.min(tokens.len())..]) {
                break;
            }
            at += 2;
        }
        let alias = match tokens.get(at..at + 2) {
            Some([TokenTree::Ident(word), TokenTree::Ident(alias)]) if word == "as" => Some(alias.to_string()),
            _ => None,
        };
        let import = path.first().map(|room| (room.clone(), first));
        self.imports.extend(import.filter(|import| !self.imports.contains(import)));
        if !kind.in_test {
            if let Some(name) = alias.or_else(|| path.last().cloned()).filter(|_| kind.in_use) {
                self.names.insert(name, path.clone());
            }
            if !kind.is_handed_on {
                self.paths.push(path);
            }
        }
        at
    }

    /// Whether a path into the crate begins with this word.
    fn begins_path(&self, word: &Ident) -> bool {
        ["crate", "super", "self", "tidings"].iter().any(|start| word == start)
            || self.modules.iter().any(|(module, _)| word == module)
    }
}

/// Where a path stands.
#[derive(Clone, Copy)]
struct Path {
    in_use: bool,
    /// In `pub use`: others use it.
    is_handed_on: bool,
    in_test: bool,
}

fn is_pub(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(word) if word == "pub")
}

fn line(word: &Ident) -> usize {
    word.span().start().line
}

/// Whether an attribute's brackets hold `cfg(test)` or `cfg(all(test, …))`.
fn is_test_only(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(char::is_whitespace, "");
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

fn is_path_separator(tokens: &[TokenTree]) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':');
    tokens.len() >= 2 && tokens[..2].iter().all(is_colon)
}

/// Whether the import that goes on with these tokens has a `*`.
fn has_glob(tokens: &[TokenTree]) -> bool {
    let is = |token: &TokenTree, c| matches!(token, TokenTree::Punct(mark) if mark.as_char() == c);
    let import = tokens.split(|token| is(token, ';')).next().unwrap_or_default();
    // `+ use<'a>` is a bound, not an import.
    !import.first().is_some_and(|token| is(token, '<'))
        && import.iter().any(|token| match token {
            TokenTree::Group(group) => has_glob(&group.stream().into_iter().collect::<Vec<_>>()),
            token => is(token, '*'),
        })
}

/// `src/feed/rss.rs` is the module `feed::rss`.
pub(crate) fn module(path: &str) -> Vec<String> {
    let module = stem(path).trim_end_matches("/mod");
    let names = if matches!(module, "src/lib" | "src/main") { "" } else { module };
    names.split('/').skip(1).map(str::to_owned).collect()
}

/// A path without `.rs`.
pub(crate) fn stem(path: &str) -> &str {
    path.strip_suffix(".rs").unwrap_or(path)
}

pub(crate) fn is_test(path: &str) -> bool {
    stem(path).split('/').any(|part| part == "tests")
}
