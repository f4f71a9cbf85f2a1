//! The `wasm-bindgen` command as trunk calls it, and no more of it.
//!
//! `wasm-bindgen-cli` proper takes four times as long to build, for a test runner and an HTTP
//! server that nobody here uses. Both are thin over one library, and the output does the same; but
//! here what WASM and JS call each other by is short. The library's names end in 64 bits of hash each,
//! in both files, and no compression makes these smaller.
//! This room knows nothing of Hallway.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut bindgen = Bindgen::new();
    // The library's defaults are not those of the command: without these two the page's loader
    // would not know where its WASM is, and typings would be missing when asked for.
    bindgen.omit_default_module_path(false).typescript(true);
    let (mut input, mut out_dir) = (None, None);
    for arg in std::env::args().skip(1) {
        let (flag, value) = arg.split_once('=').unwrap_or((&arg, ""));
        match flag {
            "-V" | "--version" => {
                println!("wasm-bindgen {}", env!("CARGO_PKG_VERSION"));
                return Ok(());
            }
            "--target" => match value {
                "web" => bindgen.web(true)?,
                "no-modules" => bindgen.no_modules(true)?,
                other => bail!("--target={other}: only web and no-modules are supported"),
            },
            "--out-dir" => {
                out_dir = Some(value.to_owned());
                &mut bindgen
            }
            "--out-name" => bindgen.out_name(value),
            "--keep-debug" => bindgen.keep_debug(true),
            "--no-demangle" => bindgen.demangle(false),
            "--no-typescript" => bindgen.typescript(false),
            // Read from the module's own target features since Rust 1.82.
            "--reference-types" | "--weak-refs" => &mut bindgen,
            _ if flag.starts_with('-') => bail!("{arg}: trunk is not known to pass this"),
            _ => {
                input = Some(arg.clone());
                bindgen.input_path(&arg)
            }
        };
    }
    input.context("usage: wasm-bindgen --target=web --out-dir=DIR [--out-name=NAME] FILE.wasm")?;
    let out_dir = out_dir.context("--out-dir=DIR is missing")?;
    let loader = Path::new(&out_dir).join(bindgen.stem()?).with_extension("js");
    let mut output = bindgen.generate_output()?;
    let mut short = HashMap::new();
    // Other modules are snippets of somebody's own JS, whose names are theirs.
    let is_glue = |module: &str| module.ends_with("_bg.js");
    for import in output.wasm_mut().imports.iter_mut().filter(|import| is_glue(&import.module)) {
        let name = format!("i{}", short.len());
        short.insert(std::mem::replace(&mut import.name, name.clone()), name);
    }
    output.emit(&out_dir)?;
    let js = fs::read_to_string(&loader)?;
    Ok(fs::write(&loader, smaller(&js, &short))?)
}

/// With the short names, and without what nobody reads who did not write it.
fn smaller(js: &str, short: &HashMap<String, String>) -> String {
    let renamed = |line: &str| match line.split_once(": ") {
        Some((name, rest)) if short.contains_key(name) => format!("{}: {rest}\n", short[name]),
        _ => format!("{line}\n"),
    };
    let is_comment = |line: &&str| ["//", "/**", "* ", "*/"].iter().any(|c| line.starts_with(c));
    js.lines().map(str::trim_start).filter(|line| !is_comment(line)).map(renamed).collect()
}
