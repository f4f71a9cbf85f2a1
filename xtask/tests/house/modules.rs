//! The modules of a crate and the imports between them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, iter,
    path::Path,
};

use crate::source::{ModulePath, Source};

/// The names of root files. The root file counts as a module beside the others.
const ROOTS: [&str; 2] = ["lib", "main"];

/// A crate's modules by their path from the root, such as `["tables", "users"]`.
pub struct Modules {
    /// The crate's own name, by which its `main` refers to its `lib`.
    name: String,
    root: &'static str,
    sources: BTreeMap<ModulePath, Source>,
}

/// `from` imports `to`, both children of the module `parent`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub parent: ModulePath,
    pub from: String,
    pub to: String,
    /// The importing file and the imported path, for messages.
    pub description: String,
}

impl Modules {
    /// Reads all files below the `src` folder of a crate.
    pub fn load(name: &str, src: &Path) -> Self {
        let mut files = Vec::new();
        collect_files(src, &mut Vec::new(), &mut files);
        Self::new(name, files)
    }

    /// `files` are paths without `.rs`, and texts.
    pub fn new(name: &str, files: impl IntoIterator<Item = (ModulePath, String)>) -> Self {
        let mut sources: BTreeMap<ModulePath, Source> = files
            .into_iter()
            .map(|(mut path, text)| {
                path.pop_if(|name| name == "mod");
                (path, Source::parse(&text))
            })
            .collect();
        let is_file = |root: &&&str| sources.contains_key(&vec![root.to_string()]);
        let root = ROOTS.iter().find(is_file).expect("lib.rs or main.rs");
        let root_source = sources.remove(&vec![root.to_string()]).unwrap();
        sources.insert(Vec::new(), root_source);
        let tests: Vec<ModulePath> = sources
            .iter()
            .flat_map(|(path, source)| source.test_modules.iter().map(|name| child(path, name)))
            .collect();
        sources.retain(|path, _| !tests.iter().any(|test| path.starts_with(test)));
        Self { name: name.to_owned(), root, sources }
    }

    /// The children of the root, the root itself among them.
    pub fn top(&self) -> BTreeSet<String> {
        let children = self.sources.keys().filter_map(|path| path.first().cloned());
        children.chain([self.root.to_owned()]).collect()
    }

    /// Every import between two modules, as an import between the two children of their closest
    /// common parent. A parent and its own children count as one unit, except at the root.
    pub fn imports(&self) -> Vec<Import> {
        let mut imports = BTreeMap::new();
        for (module, source) in &self.sources {
            for path in &source.paths {
                let Some(target) = self.resolve(module, path, 0) else { continue };
                let common = iter::zip(module, &target).take_while(|(a, b)| a == b).count();
                let unit = |path: &ModulePath| match path.get(common) {
                    Some(name) => Some(name.clone()),
                    None => (common == 0).then(|| self.root.to_owned()),
                };
                let (Some(from), Some(to)) = (unit(module), unit(&target)) else { continue };
                if from != to {
                    let parent = module[..common].to_vec();
                    let file = if module.is_empty() { self.root } else { &module.join("/") };
                    let description = format!("{file} imports {}", path.join("::"));
                    let key = (parent.clone(), from.clone(), to.clone());
                    imports.entry(key).or_insert(Import { parent, from, to, description });
                }
            }
        }
        imports.into_values().collect()
    }

    /// Resolves a path through re-exports to the module that defines its item; `None` for other crates.
    fn resolve(&self, from: &ModulePath, path: &[String], depth: usize) -> Option<ModulePath> {
        // A limit, because re-exports may refer to each other endlessly.
        if depth > 16 {
            return None;
        }
        let source = &self.sources.get(from)?;
        let (first, mut rest) = path.split_first()?;
        let mut module = match &**first {
            "crate" => Vec::new(),
            "self" => from.clone(),
            "super" => {
                let mut module = from.clone();
                module.pop()?;
                while let [next, more @ ..] = rest
                    && next == "super"
                {
                    module.pop()?;
                    rest = more;
                }
                module
            }
            name if name == self.name && from != &ModulePath::new() => Vec::new(),
            name if self.sources.contains_key(&child(from, name)) => child(from, name),
            name => {
                let bound = source.bindings.get(name)?;
                // A name that is bound to a path with the same first segment belongs to another crate.
                if bound[0] == name {
                    return None;
                }
                return self.resolve(from, &[bound, rest].concat(), depth + 1);
            }
        };
        while let Some((name, more)) = rest.split_first() {
            let next = child(&module, name);
            if self.sources.contains_key(&next) {
                (module, rest) = (next, more);
                continue;
            }
            let source = self.sources.get(&module)?;
            if source.items.contains(name) {
                break;
            }
            if let Some(bound) = source.bindings.get(name) {
                let target = self.resolve(&module, &[bound, more].concat(), depth + 1);
                return target.or(Some(module));
            }
            let globs = source.globs.iter().filter_map(|g| self.resolve(&module, g, depth + 1));
            let defines = |glob: &ModulePath| {
                let source = self.sources.get(glob);
                glob != &module
                    && source
                        .is_some_and(|s| s.items.contains(name) || s.bindings.contains_key(name))
            };
            match globs.into_iter().find(defines) {
                Some(glob) => module = glob,
                None => break,
            }
        }
        Some(module)
    }
}

fn child(parent: &ModulePath, name: &str) -> ModulePath {
    let mut path = parent.clone();
    path.push(name.to_owned());
    path
}

fn collect_files(folder: &Path, path: &mut ModulePath, files: &mut Vec<(ModulePath, String)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (file, name) = (entry.path(), entry.file_name().into_string().unwrap());
        path.push(name.trim_end_matches(".rs").to_owned());
        if file.is_dir() {
            collect_files(&file, path, files);
        } else if name.ends_with(".rs") {
            files.push((path.clone(), fs::read_to_string(&file).unwrap()));
        }
        path.pop();
    }
}
