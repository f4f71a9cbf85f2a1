//! The `wasm-bindgen` command as trunk calls it, and no more of it.
//!
//! `wasm-bindgen-cli` proper takes four times as long to build, for a test runner and an HTTP
//! server that nobody here uses. The output is the same: both are thin over one library.
//! This room knows nothing of Hallway.

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
    bindgen.generate(out_dir.context("--out-dir=DIR is missing")?)
}
