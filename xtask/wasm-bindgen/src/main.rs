//! The `wasm-bindgen` command with the arguments that trunk passes, and with code splitting.
//!
//! It replaces `wasm-bindgen-cli`, which takes four times as long to build because of a test runner
//! and an HTTP server. It differs in two ways: it shortens the names that WASM and JS call each other
//! by, because the library's names end in 64 bits of hash each, which do not compress; and it splits
//! modules that use `#[wasm_split]` (see [`split`]). It does not depend on Hallway.

mod split;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut bindgen = Bindgen::new();
    // The library's defaults differ from the command's: without these two options, the page's loader
    // would not know the URL of its WASM, and requested typings would be missing.
    bindgen.omit_default_module_path(false).typescript(true);
    let (mut input, mut out_dir, mut out_name) = (None, None, None);
    for arg in std::env::args().skip(1) {
        let (flag, value) = arg.split_once('=').unwrap_or((&arg, ""));
        match flag {
            "-V" | "--version" => {
                println!("wasm-bindgen {}", env!("CARGO_PKG_VERSION"));
                return Ok(());
            }
            "--target" => match value {
                "web" => drop(bindgen.web(true)?),
                "no-modules" => drop(bindgen.no_modules(true)?),
                other => bail!("--target={other}: only web and no-modules are supported"),
            },
            "--out-dir" => out_dir = Some(value.to_owned()),
            "--out-name" => out_name = Some(value.to_owned()),
            "--keep-debug" => drop(bindgen.keep_debug(true)),
            "--no-demangle" => drop(bindgen.demangle(false)),
            "--no-typescript" => drop(bindgen.typescript(false)),
            // Ignored: since Rust 1.82, the library reads them from the module's target features.
            "--reference-types" | "--weak-refs" => {}
            _ if flag.starts_with('-') => bail!("{arg}: unknown argument"),
            _ => input = Some(arg.clone()),
        }
    }
    let usage = "usage: wasm-bindgen --target=web --out-dir=DIR [--out-name=NAME] FILE.wasm";
    let (input, out_dir) = (input.context(usage)?, out_dir.context(usage)?);
    let wasm = fs::read(&input).with_context(|| input.clone())?;
    let parts = split::split(&wasm)?;
    match &parts {
        // Parts refer to symbols that the linker exports from the main module.
        Some(parts) => bindgen.input_path(&parts.main).keep_lld_exports(true),
        None => bindgen.input_path(&input),
    };
    let out_name = out_name.or_else(|| Path::new(&input).file_stem()?.to_str().map(Into::into));
    let out_name = out_name.context(usage)?;
    let mut output = bindgen.out_name(&out_name).generate_output()?;
    let mut short_names = HashMap::new();
    // Other modules are the link module and snippets of JS, which keep their names.
    let is_glue = |module: &str| module.ends_with("_bg.js");
    for import in output.wasm_mut().imports.iter_mut().filter(|import| is_glue(&import.module)) {
        let name = format!("i{}", short_names.len());
        short_names.insert(std::mem::replace(&mut import.name, name.clone()), name);
    }
    output.emit(&out_dir)?;
    let loader = Path::new(&out_dir).join(out_name).with_extension("js");
    let mut js = fs::read_to_string(&loader)?;
    if let Some(parts) = parts {
        js = parts.link(&js)?;
    }
    Ok(fs::write(&loader, minify(&js, &short_names))?)
}

/// Shortens the names of imports; removes indentation and comments.
fn minify(js: &str, short_names: &HashMap<String, String>) -> String {
    let rename = |line: &str| match line.split_once(": ") {
        Some((name, rest)) if short_names.contains_key(name) => {
            format!("{}: {rest}\n", short_names[name])
        }
        _ => format!("{line}\n"),
    };
    let is_comment =
        |line: &&str| ["//", "/*", "* ", "*/"].iter().any(|start| line.starts_with(start));
    js.lines().map(str::trim_start).filter(|line| !is_comment(line)).map(rename).collect()
}
