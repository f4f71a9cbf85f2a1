//! Builds the page: trunk compiles frontend/ and shared/ into dist/, then modules, loader and style
//! sheet get names with a hash of their content, and each text or WASM file gets compressed copies.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

use crate::steps::Steps;
use crate::{commands, files, places, tools};

/// All inputs of the page. Cargo.lock also changes with dependencies of other crates, so the page is
/// sometimes rebuilt without need, but is never stale.
const INPUTS: [&str; 8] = [
    "frontend",
    "shared",
    "xtask/src/page.rs",
    "xtask/wasm-bindgen",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
];

/// Extensions of the files that get compressed copies. Images and fonts are compressed already.
const COMPRESSED_EXTENSIONS: [&str; 9] =
    ["html", "js", "css", "wasm", "svg", "json", "txt", "map", "ico"];

/// Arguments of wasm-opt for the parts. They equal those for the main module in frontend/index.html,
/// except `--reorder-functions-by-name`, which needs function names.
const WASM_OPT_ARGUMENTS: [&str; 3] =
    ["-Os", "--low-memory-unused", "--one-caller-inline-max-function-size=100"];

/// Parts that are preloaded while the main module loads, each with the condition in JS.
const PRELOADED: [(&str, &str); 2] = [
    ("search", "location.pathname.startsWith('/ui/search')"),
    // Reading the storage fails if the browser forbids it; then the part loads a little later.
    ("login", "!localStorage.getItem('hallway.account')"),
];

/// `LISTS` stands for pairs of a condition and the files of a part.
const PRELOAD: &str = "<script>for(const[wanted,files]of[LISTS])try{if(wanted())for(const href of files)\
    document.head.append(Object.assign(document.createElement('link'),\
    {rel:'preload',as:'fetch',crossOrigin:'anonymous',href}))}catch{}</script>";

/// Builds the page unless dist/ is the output of the current inputs.
pub fn build(steps: &mut Steps) -> Result<()> {
    let stamp_file = places::target().join("page.stamp");
    let inputs = files::fingerprint(&INPUTS.map(|name| places::root().join(name)))?;
    let stamp = |dist: u64| format!("{inputs:016x} {dist:016x}\n");
    // dist/ is part of the stamp because a plain `trunk build` leaves another page there.
    let dist = files::fingerprint(&[places::dist()]).unwrap_or_default();
    if fs::read_to_string(&stamp_file).is_ok_and(|text| text == stamp(dist)) {
        eprintln!("▸ page: unchanged");
        return Ok(());
    }
    let mut trunk = steps.run("tools", tools::trunk)?;
    let parts = places::target().join("page-parts");
    trunk.args(["build", "--release"]).env("WASM_SPLIT_DIR", &parts);
    steps.run("page", || commands::run(&mut trunk))?;
    steps.run("parts", || write_optimised_parts(&parts))?;
    steps.run("compress", || {
        let mut html = fs::read_to_string(places::dist().join("index.html"))?;
        html = preload_parts(&html, &fs::read_to_string(parts.join("parts.txt"))?)?;
        html = join_styles(&html)?;
        html = name_by_content(html)?;
        fs::write(places::dist().join("index.html"), html)?;
        write_compressed_copies()
    })?;
    fs::create_dir_all(places::target())?;
    Ok(fs::write(&stamp_file, stamp(files::fingerprint(&[places::dist()])?))?)
}

/// Writes each part, optimised, into dist/. trunk optimises only the main module.
fn write_optimised_parts(parts: &Path) -> Result<()> {
    let wasm_opt = tools::wasm_opt()?;
    for part in files::with_extension(parts, "wasm")? {
        let output = places::dist().join(part.file_name().unwrap_or_default());
        let output = format!("--output={}", output.display());
        commands::run(commands::new(&wasm_opt).arg(output).args(WASM_OPT_ARGUMENTS).arg(part))?;
    }
    Ok(())
}

/// Adds the script that preloads parts. Each line of `parts` has the name of a part and its files,
/// separated by spaces.
fn preload_parts(html: &str, parts: &str) -> Result<String> {
    let mut lists = Vec::new();
    for (part, condition) in PRELOADED {
        let files = parts.lines().find_map(|line| line.strip_prefix(part)?.strip_prefix(' '));
        let files = files.with_context(|| format!("no part `{part}`"))?.split(' ');
        let files: Vec<_> = files.map(|file| format!("'/ui/{file}.wasm'")).collect();
        lists.push(format!("[()=>{condition},[{}]]", files.join(",")));
    }
    let script = PRELOAD.replace("LISTS", &lists.join(","));
    Ok(html.replace("</head>", &format!("{script}</head>")))
}

/// Joins the style sheets in the order of the page: one file needs one request, and compresses to
/// three quarters of the size.
fn join_styles(html: &str) -> Result<String> {
    let is_style = |line: &str| line.contains("<link rel=\"stylesheet\"");
    let name = |line: &str| Some(line.split_once("/ui/")?.1.split_once(".css")?.0.to_owned());
    let mut joined = String::new();
    for name in html.lines().filter(|line| is_style(line)).filter_map(name) {
        let file = places::dist().join(name + ".css");
        joined += &fs::read_to_string(&file)?;
        fs::remove_file(file)?;
    }
    let name = format!("style-{:016x}.css", hash(joined.as_bytes()));
    fs::write(places::dist().join(&name), joined)?;
    let mut link = Some(format!("<link rel=\"stylesheet\" href=\"/ui/{name}\">"));
    let lines = html.lines().filter_map(|line| match is_style(line) {
        true => link.take(),
        false => Some(line.to_owned()),
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// Renames modules and loader after their content, because browsers cache them for a year, and a page
/// must not load files of two builds. trunk's own hash covers only the output of cargo.
fn name_by_content(mut html: String) -> Result<String> {
    let dist = places::dist();
    // Snippets of JS are in subfolders.
    let is_at_top = |file: &PathBuf| file.parent() == Some(&dist);
    let loader = files::with_extension(&dist, "js")?.into_iter().find(is_at_top);
    let loader = loader.context("trunk left no loader")?;
    let mut js = fs::read_to_string(&loader)?;
    for file in files::with_extension(&dist, "wasm")? {
        let (old, new) = old_and_new_name(&file, &fs::read(&file)?);
        (js, html) = (js.replace(&old, &new), html.replace(&old, &new));
        fs::rename(&file, dist.join(new))?;
    }
    // The loader comes last, because its content includes the names of the modules.
    let (old, new) = old_and_new_name(&loader, js.as_bytes());
    fs::remove_file(loader)?;
    fs::write(dist.join(&new), js)?;
    Ok(html.replace(&old, &new))
}

/// Returns the current name of a file, and the name with the hash of its content.
fn old_and_new_name(file: &Path, content: &[u8]) -> (String, String) {
    let old = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = old.split(['-', '.']).next().unwrap_or_default();
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    let new = format!("{stem}-{:016x}.{extension}", hash(content));
    (old, new)
}

/// Writes a brotli and a gzip copy of each compressible file. Compressing at build time allows the best
/// quality, which is too slow for each request.
fn write_compressed_copies() -> Result<()> {
    let (mut plain, mut small) = (0, 0);
    for file in files::list(&places::dist())? {
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        if !COMPRESSED_EXTENSIONS.contains(&extension.as_ref()) {
            continue;
        }
        let bytes = fs::read(&file)?;
        let mut packed = Vec::new();
        let params =
            BrotliEncoderParams { quality: 11, size_hint: bytes.len(), ..Default::default() };
        brotli::BrotliCompress(&mut bytes.as_slice(), &mut packed, &params)?;
        (plain, small) = (plain + bytes.len(), small + packed.len());
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        eprintln!("  {name:<40} {:>6.1} KiB in brotli", packed.len() as f64 / 1024.0);
        fs::write(file.with_extension(format!("{extension}.br")), packed)?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&bytes)?;
        fs::write(file.with_extension(format!("{extension}.gz")), gzip.finish()?)?;
    }
    eprintln!("  {} KiB, {} KiB in brotli", plain.div_ceil(1024), small.div_ceil(1024));
    Ok(())
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_their_content() {
        let name =
            |file: &str, content: &str| old_and_new_name(Path::new(file), content.as_bytes()).1;
        assert_eq!(name("frontend-1a2b_bg.wasm", "a"), name("frontend-3c4d_bg.wasm", "a"));
        assert_ne!(name("search.wasm", "a"), name("search.wasm", "b"));
        assert!(name("search.wasm", "a").starts_with("search-"));
    }

    #[test]
    fn each_part_is_preloaded_by_its_own_condition() {
        let parts = "more c0 more\nsearch c0 search\nlogin c1 login\n";
        let html = preload_parts("<head></head>", parts).unwrap();
        let search =
            "[()=>location.pathname.startsWith('/ui/search'),['/ui/c0.wasm','/ui/search.wasm']]";
        let login =
            "[()=>!localStorage.getItem('hallway.account'),['/ui/c1.wasm','/ui/login.wasm']]";
        assert!(html.contains(&format!("of[{search},{login}])")), "{html}");
        assert!(!html.contains("more"), "{html}");
        assert!(preload_parts("<head></head>", "more more\n").is_err());
    }
}
