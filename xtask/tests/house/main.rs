//! The module rules of the workspace: `cargo xtask test house`. layers.txt has the layers.

mod modules;
mod reads;
mod rules;
mod source;

use std::{fs, path::Path};

use modules::Modules;
use rules::{import_cycles, layer_violations, parse_layers, size_violations};

const LAYERS: &str = include_str!("layers.txt");
const CRATES: [&str; 6] = ["backend", "frontend", "migrations", "rig", "shared", "xtask"];

#[test]
fn the_workspace_follows_the_module_rules() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut problems = Vec::new();
    for name in CRATES {
        problems.extend(size_violations(&workspace.join(name), name));
    }
    for (folder, layers) in parse_layers(LAYERS) {
        let name = if folder == "backend/src" { "hallway" } else { "" };
        let modules = Modules::load(name, &workspace.join(&folder));
        let imports = modules.imports();
        problems.extend(import_cycles(&folder, &imports));
        problems.extend(layer_violations(&folder, &modules.top(), &imports, &layers));
    }
    let count = problems.len();
    assert!(problems.is_empty(), "{count} problems:\n\n{}\n", problems.join("\n"));
}

/// Returns the violations in these files. `layers` has the format of layers.txt.
fn check(files: &[(&str, &str)], layers: &str) -> Vec<String> {
    let files = files.iter().map(|(path, text)| {
        let path = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        (path, (*text).to_owned())
    });
    let modules = Modules::new("name", files);
    let [(folder, layers)] = &parse_layers(layers)[..] else { panic!("one crate") };
    let imports = modules.imports();
    [import_cycles(folder, &imports), layer_violations(folder, &modules.top(), &imports, layers)]
        .concat()
}

#[test]
fn an_import_cycle_is_found_through_a_reexport_and_a_macro() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "pub mod c; mod d; pub use d::D;"),
        ("a/c.rs", "use super::{D, unknown::E};"),
        ("a/d.rs", "fn f() { show! { <p>{crate::a::c::text()}</p> } }\npub struct D;"),
        ("b.rs", "pub use crate::a::D;"),
    ];
    let found = check(&files, "src\n lib\n b\n a\n");
    assert_eq!(
        found,
        ["src/a: c, d import each other in a circle\
          \n    c -> d: a/c imports super::D\
          \n    d -> c: a/d imports crate::a::c::text"]
    );
}

#[test]
fn an_import_of_a_higher_layer_is_found() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d; pub use b::B; pub struct L;"),
        ("main.rs", "use name::a;"),
        ("a.rs", "use crate::B;"),
        ("b.rs", "pub struct B; use crate::{L, c};"),
        ("c.rs", "use std::a; use serde::b; fn f() -> crate::a::A {}"),
        ("d.rs", ""),
    ];
    let found = check(&files, "src\n main\n lib\n a\n b c e\n  b -> c\n");
    assert_eq!(
        found,
        [
            "src: a, b, c, lib import each other in a circle\
             \n    a -> b: a imports crate::B\
             \n    b -> c: b imports crate::c\
             \n    b -> lib: b imports crate::L\
             \n    c -> a: c imports crate::a::A\
             \n    lib -> b: lib imports b::B",
            "src: d is in no layer of layers.txt",
            "src: layers.txt lists e, which does not exist",
            "src: b may not import lib: b imports crate::L",
            "src: c may not import a: c imports crate::a::A",
        ]
    );
}

#[test]
fn tests_may_import_anything() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
        ("b/mod.rs", "use crate::a::A; #[cfg(test)] mod tests; #[cfg(test)] use crate::L;"),
        ("b/tests.rs", "use crate::L;"),
    ];
    assert_eq!(check(&files, "src\n lib\n b\n a\n"), Vec::<String>::new());
}

#[test]
fn a_large_folder_and_a_long_file_are_found() {
    let folder = std::env::temp_dir().join(format!("hallway-house-{}", std::process::id()));
    fs::create_dir_all(folder.join("empty")).unwrap();
    for number in 0..13 {
        fs::write(folder.join(format!("{number}.rs")), "\n".repeat(338 + number)).unwrap();
        fs::create_dir_all(folder.join(format!("empty/{number}"))).unwrap();
    }
    fs::write(folder.join("12.rs"), "\n".repeat(351)).unwrap();
    let found = size_violations(&folder, "src");
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        found,
        [
            "src/12.rs: 351 lines; at most 350",
            "src/empty: 13 subfolders; at most 12",
            "src: 13 .rs files; at most 12",
        ]
    );
}
