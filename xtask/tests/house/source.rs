//! Reads the paths of one Rust file from its tokens, so that paths inside macro calls count, too.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The segments of a Rust path: `["crate", "tables", "users"]`.
pub type ModulePath = Vec<String>;

/// The paths that a file refers to and the items that it defines, without those behind
/// `#[cfg(test)]`.
#[derive(Default)]
pub struct Source {
    /// All paths with at least two segments, in `use` items and elsewhere.
    pub paths: Vec<ModulePath>,
    /// The names that `use` items bind, and their paths.
    pub bindings: HashMap<String, ModulePath>,
    /// The modules of `use module::*`.
    pub globs: Vec<ModulePath>,
    /// The names that the file defines.
    pub items: HashSet<String>,
    /// The modules behind `#[cfg(test)]`.
    pub test_modules: HashSet<String>,
}

const ITEM_KEYWORDS: [&str; 8] =
    ["const", "enum", "fn", "static", "struct", "trait", "type", "union"];

impl Source {
    pub fn parse(text: &str) -> Self {
        let tokens: TokenStream = text.parse().expect("the file is Rust");
        let mut source = Self::default();
        source.read(&tokens.into_iter().collect::<Vec<_>>());
        source
    }

    fn read(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let inner = usize::from(is_punct(tokens.get(at + 1), '!'));
                    let attribute = tokens.get(at + 1 + inner).map(ToString::to_string);
                    let words = attribute.unwrap_or_default().replace(' ', "");
                    let is_test = words.starts_with("[cfg(") && words.contains("test");
                    2 + inner + if is_test { self.skip_item(&tokens[at + 2..]) } else { 0 }
                }
                TokenTree::Ident(ident) if ident == "use" && !is_punct(tokens.get(at + 1), '<') => {
                    1 + self.read_use(&tokens[at + 1..], Vec::new())
                }
                TokenTree::Ident(_) => self.read_path(&tokens[at..]),
                TokenTree::Group(group) => {
                    self.read(&group.stream().into_iter().collect::<Vec<_>>());
                    1
                }
                _ => 1,
            };
        }
    }

    /// Returns the number of tokens of a test item; records its name if it is a module in its own file.
    fn skip_item(&mut self, tokens: &[TokenTree]) -> usize {
        let is_end = |token: &TokenTree| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            token => is_punct(Some(token), ';'),
        };
        let end = tokens.iter().position(is_end).unwrap_or(tokens.len());
        let words: Vec<String> = tokens[..end].iter().map(ToString::to_string).collect();
        if let [.., module, name] = &words[..]
            && module == "mod"
        {
            self.test_modules.insert(name.clone());
        }
        end + 1
    }

    /// Reads one branch of a `use` tree; returns its number of tokens.
    fn read_use(&mut self, tokens: &[TokenTree], mut path: ModulePath) -> usize {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Ident(ident) if ident == "as" => {
                    let alias = tokens[at + 1].to_string();
                    self.bind(alias, path);
                    return at + 2;
                }
                TokenTree::Ident(ident) => path.push(ident.to_string()),
                TokenTree::Group(group) => {
                    let branches: Vec<TokenTree> = group.stream().into_iter().collect();
                    for branch in branches.split(|token| is_punct(Some(token), ',')) {
                        if !branch.is_empty() {
                            self.read_use(branch, path.clone());
                        }
                    }
                    return at + 1;
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' => {
                    self.paths.push(path.clone());
                    self.globs.push(path);
                    return at + 1;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {}
                _ => break,
            }
            at += 1;
        }
        if path.last().is_some_and(|name| name == "self") && path.len() > 1 {
            path.pop();
        }
        if let Some(name) = path.last().cloned() {
            self.bind(name, path);
        }
        at
    }

    fn bind(&mut self, name: String, path: ModulePath) {
        self.paths.push(path.clone());
        self.bindings.insert(name, path);
    }

    /// Reads a path outside of `use`; returns its number of tokens.
    fn read_path(&mut self, tokens: &[TokenTree]) -> usize {
        let mut path = vec![tokens[0].to_string()];
        if ITEM_KEYWORDS.contains(&&*path[0]) {
            let name = tokens.get(1).map(ToString::to_string);
            self.items.extend(name);
            return 1;
        }
        let mut at = 1;
        while is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':') {
            let Some(TokenTree::Ident(ident)) = tokens.get(at + 2) else { break };
            path.push(ident.to_string());
            at += 3;
        }
        if path.len() > 1 {
            self.paths.push(path);
        }
        at
    }
}

fn is_punct(token: Option<&TokenTree>, char: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == char)
}
