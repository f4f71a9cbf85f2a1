//! Splits a module at its `#[wasm_split]` functions into a main module and parts that load on demand.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, anyhow, ensure};
use wasm_split_cli_support::{Options, transform};

/// The environment variable with the folder for the parts.
const DIR_VARIABLE: &str = "WASM_SPLIT_DIR";
/// The module that `#[wasm_split]` functions import until they are split.
const PLACEHOLDER: &[u8] = b"__wasm_split_placeholder__";
/// The module from which the main module then imports the loaders of its parts.
const LINK: &str = "./__wasm_split.js";
/// The section that the linker's `--emit-relocs` adds. Only a split removes it.
const RELOCATIONS: &[u8] = b"reloc.CODE";

/// The output of a split.
pub struct Parts {
    /// The main module, input of wasm-bindgen.
    pub main: PathBuf,
    /// The text of the link module.
    js: String,
}

/// Splits a module if it has split points. Writes the WASM files of all parts, and `parts.txt` with a
/// line `PART FILE FILE ..` for each part.
pub fn split(wasm: &[u8]) -> Result<Option<Parts>> {
    let contains = |text: &[u8]| wasm.windows(text.len()).any(|window| window == text);
    if !contains(PLACEHOLDER) {
        ensure!(
            !contains(RELOCATIONS),
            "relocations without a split point: the module would be several times too large"
        );
        return Ok(None);
    }
    let dir = env::var_os(DIR_VARIABLE)
        .with_context(|| format!("{DIR_VARIABLE} is not set: no folder for parts"))?;
    let dir = Path::new(&dir);
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    let main = dir.join("main.wasm");
    let mut options = Options::new(wasm);
    options.output_dir = dir;
    options.main_out_path = &main;
    options.link_name = LINK;
    let split = transform(options).map_err(|error| anyhow!("cannot split: {error:#}"))?;
    let mut parts: Vec<_> = split.prefetch_map.into_iter().collect();
    parts.sort();
    let line = |(part, files): &(String, Vec<String>)| format!("{part} {}\n", files.join(" "));
    fs::write(dir.join("parts.txt"), parts.iter().map(line).collect::<String>())?;
    let link = dir.join(LINK);
    let js = fs::read_to_string(&link)?;
    fs::remove_file(link)?;
    Ok(Some(Parts { main, js }))
}

impl Parts {
    /// Inlines the link module into the text of the loader that imports it. A separate link module
    /// would import the loader by its name, which trunk changes.
    pub fn link(&self, loader: &str) -> Result<String> {
        fs::remove_file(&self.main)?;
        let imports_link =
            |line: &str| line.starts_with("import ") && line.ends_with(&format!("\"{LINK}\""));
        let mut imports = Vec::new();
        let mut body = String::new();
        for line in loader.lines() {
            match imports_link(line.trim_end_matches(';')) {
                true => imports.push(line),
                false => body += &format!("{line}\n"),
            }
        }
        ensure!(!imports.is_empty(), "the loader does not import {LINK}");
        let mut names = Vec::new();
        for line in self.js.lines().filter(|line| !line.starts_with("import ")) {
            let line = line.strip_prefix("export ").unwrap_or(line);
            let definition = line.strip_prefix("const __wasm_split_load_");
            if let Some((name, _)) = definition.and_then(|rest| rest.split_once(' ')) {
                names.push(format!("__wasm_split_load_{name}"));
            }
            body += &format!("{line}\n");
        }
        for import in imports {
            // `import * as import1 from "./__wasm_split.js"`
            let name = import.split(' ').nth(3).context("an import in an unknown form")?;
            body += &format!("const {name} = {{ {} }};\n", names.join(", "));
        }
        Ok(body)
    }
}
