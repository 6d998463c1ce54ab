//! Reads Rust code as tokens, so that comments and texts in it are not mistaken for code.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// What a rule looks for in the code of one file.
#[derive(Debug, Default)]
pub(crate) struct Code {
    /// Each mention of something at the root of the crate (`crate::room`, `super::…::room`), with its line.
    pub(crate) imports: Vec<(String, usize)>,
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
        code.walk(tokens, depth(path), is_test(path));
        code
    }

    /// `depth` is the number of modules around the tokens: so many times can `super` be said.
    fn walk(&mut self, tokens: TokenStream, depth: usize, in_test: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut next_is_test = false;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                    next_is_test |= is_test_only(group);
                    self.walk(group.stream(), depth, in_test);
                }
                TokenTree::Group(group) => {
                    self.walk(group.stream(), depth, in_test);
                    next_is_test = false;
                }
                TokenTree::Ident(word) if word == "mod" => {
                    if let Some(TokenTree::Ident(name)) = tokens.get(at + 1) {
                        self.modules.push((name.to_string(), line(name)));
                    }
                    if let Some(TokenTree::Group(body)) = tokens.get(at + 2) {
                        self.walk(body.stream(), depth + 1, in_test || next_is_test);
                        at += 2;
                    }
                    next_is_test = false;
                }
                TokenTree::Ident(word) if word == "use" && !in_test && !next_is_test && has_glob(&tokens[at + 1..]) => {
                    self.globs.push(line(word));
                }
                TokenTree::Ident(word) if word == "serde_yaml" => {
                    self.serde_yaml.get_or_insert(line(word));
                }
                TokenTree::Ident(word) if is_path_start(word) && is_path_separator(&tokens[at + 1..]) => {
                    at = self.path(&tokens, at, depth);
                    continue;
                }
                TokenTree::Literal(literal) if !in_test => {
                    let written = literal.to_string();
                    let text = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                    self.texts.extend(text.map(str::to_owned));
                }
                TokenTree::Punct(mark) if mark.as_char() == ';' => next_is_test = false,
                _ => {}
            }
            at += 1;
        }
    }

    /// Follows a path that begins at `start` in a module with `level` modules around it, and returns where it ends.
    fn path(&mut self, tokens: &[TokenTree], start: usize, level: usize) -> usize {
        let (mut at, mut level) = (start, level);
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(word)) if word == "super" => level = level.saturating_sub(1),
                Some(TokenTree::Ident(word)) if word == "crate" || word == "tidings" => level = 0,
                Some(TokenTree::Ident(word)) if word == "self" => {}
                Some(TokenTree::Ident(word)) if level == 0 => {
                    self.imports.push((word.to_string(), line(word)));
                    return at + 1;
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.paths_of(group, level);
                    return at + 1;
                }
                Some(TokenTree::Punct(mark)) if level == 0 && mark.as_char() == '*' => {
                    self.imports.push(("*".into(), mark.span().start().line));
                    return at + 1;
                }
                _ => return at,
            }
            if !is_path_separator(&tokens[at + 1..]) {
                return at + 1;
            }
            at += 3;
        }
    }

    /// The paths in the braces of `use crate::{…}`.
    fn paths_of(&mut self, group: &Group, level: usize) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
        for path in tokens.split(is_comma) {
            self.path(path, 0, level);
        }
    }
}

fn line(word: &Ident) -> usize {
    word.span().start().line
}

/// Whether an attribute's brackets hold `cfg(test)` or `cfg(all(test, …))`.
fn is_test_only(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(char::is_whitespace, "");
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

fn is_path_start(word: &Ident) -> bool {
    word == "crate" || word == "super" || word == "tidings"
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

/// `src/feed/rss.rs` is the module `feed::rss`: two deep.
fn depth(path: &str) -> usize {
    let module = stem(path).trim_end_matches("/mod");
    if matches!(module, "src/lib" | "src/main") { 0 } else { module.split('/').count() - 1 }
}

/// A path without `.rs`.
pub(crate) fn stem(path: &str) -> &str {
    path.strip_suffix(".rs").unwrap_or(path)
}

fn is_test(path: &str) -> bool {
    stem(path).split('/').any(|part| part == "tests")
}
