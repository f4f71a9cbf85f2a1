//! The rules: no import cycle, no import of a higher layer, no large folder, no long file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::modules::Import;

const MAX_FILES: usize = 12;
const MAX_FOLDERS: usize = 12;
const MAX_LINES: usize = 350;

/// Folders without our own source code.
const SKIPPED: [&str; 3] = ["node_modules", "dist", "target"];

/// The layers of one crate from top to bottom, and the allowed imports (from, to) within a layer.
#[derive(Debug, Default)]
pub struct Layers {
    pub layers: Vec<Vec<String>>,
    pub arrows: BTreeSet<(String, String)>,
}

/// Parses `layers.txt`: a line with a folder, then its layers, one indented line each. `a -> b c`
/// lets `a` import `b` and `c`, which are in the same layer.
pub fn parse_layers(text: &str) -> Vec<(String, Layers)> {
    let mut crates: Vec<(String, Layers)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if !line.starts_with(' ') {
            crates.push((line.to_owned(), Layers::default()));
            continue;
        }
        let (_, layers) = crates.last_mut().expect("a folder before its layers");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        match line.split_once("->") {
            Some((from, to)) => {
                let arrows = words(to).into_iter().map(|to| (from.trim().to_owned(), to));
                layers.arrows.extend(arrows);
            }
            None => layers.layers.push(words(line)),
        }
    }
    crates
}

/// Returns the imports of a higher layer, the imports within a layer that no arrow allows, and the
/// modules that are missing on either side.
pub fn layer_violations(
    folder: &str,
    top: &BTreeSet<String>,
    imports: &[Import],
    layers: &Layers,
) -> Vec<String> {
    let level = |name: &String| layers.layers.iter().position(|layer| layer.contains(name));
    let unlisted = top.iter().filter(|name| level(name).is_none());
    let unlisted = unlisted.map(|name| format!("{folder}: {name} is in no layer of layers.txt"));
    let listed = layers.layers.iter().flatten().filter(|name| !top.contains(*name));
    let missing =
        listed.map(|name| format!("{folder}: layers.txt lists {name}, which does not exist"));
    let is_wrong = |import: &&Import| {
        let arrow = (import.from.clone(), import.to.clone());
        import.parent.is_empty()
            && level(&import.from) >= level(&import.to)
            && !(level(&import.from) == level(&import.to) && layers.arrows.contains(&arrow))
    };
    let violations = imports.iter().filter(is_wrong).map(|import| {
        let Import { from, to, description, .. } = import;
        format!("{folder}: {from} may not import {to}: {description}")
    });
    unlisted.chain(missing).chain(violations).collect()
}

/// Returns the import cycles among the children of each module.
pub fn import_cycles(folder: &str, imports: &[Import]) -> Vec<String> {
    let mut parents: BTreeMap<_, Vec<&Import>> = BTreeMap::new();
    for import in imports {
        parents.entry(&import.parent).or_default().push(import);
    }
    parents
        .into_iter()
        .flat_map(|(parent, imports)| {
            let folder = [&[folder.to_owned()], &parent[..]].concat().join("/");
            cycles_among(&folder, &imports)
        })
        .collect()
}

fn cycles_among(folder: &str, imports: &[&Import]) -> Vec<String> {
    let reachable_from = |start: &String| {
        let mut reached = BTreeSet::new();
        let mut pending = vec![start];
        while let Some(from) = pending.pop() {
            for import in imports.iter().filter(|import| import.from == *from) {
                if reached.insert(&import.to) {
                    pending.push(&import.to);
                }
            }
        }
        reached
    };
    let names: BTreeSet<&String> = imports.iter().map(|import| &import.from).collect();
    let reached: BTreeMap<_, _> = names.iter().map(|name| (*name, reachable_from(name))).collect();
    let is_mutual = |a: &String, b: &String| {
        reached.get(a).is_some_and(|r| r.contains(b))
            && reached.get(b).is_some_and(|r| r.contains(a))
    };
    let mut found: BTreeSet<Vec<&String>> = BTreeSet::new();
    for name in &names {
        let cycle: Vec<_> = names.iter().filter(|other| is_mutual(name, other)).copied().collect();
        if !cycle.is_empty() {
            found.insert(cycle);
        }
    }
    found
        .into_iter()
        .map(|cycle| {
            let is_inside =
                |import: &&&Import| cycle.contains(&&import.from) && cycle.contains(&&import.to);
            let places = imports.iter().filter(is_inside);
            let places: String = places
                .map(|i| format!("\n    {} -> {}: {}", i.from, i.to, i.description))
                .collect();
            let names: Vec<&str> = cycle.iter().map(|name| name.as_str()).collect();
            format!("{folder}: {} import each other in a circle{places}", names.join(", "))
        })
        .collect()
}

/// Returns the folders with too many entries and the files with too many lines, recursively. Messages
/// begin with `shown`, the display path of the folder.
pub fn size_violations(folder: &Path, shown: &str) -> Vec<String> {
    let (mut violations, mut files, mut folders) = (Vec::new(), 0, 0);
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().flatten().collect();
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let shown = format!("{shown}/{name}");
        if path.is_dir() && !SKIPPED.contains(&&*name) {
            folders += 1;
            violations.extend(size_violations(&path, &shown));
        } else if name.ends_with(".rs") {
            files += 1;
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            if lines > MAX_LINES {
                violations.push(format!("{shown}: {lines} lines; at most {MAX_LINES}"));
            }
        }
    }
    if files > MAX_FILES {
        violations.push(format!("{shown}: {files} .rs files; at most {MAX_FILES}"));
    }
    if folders > MAX_FOLDERS {
        violations.push(format!("{shown}: {folders} subfolders; at most {MAX_FOLDERS}"));
    }
    violations
}
