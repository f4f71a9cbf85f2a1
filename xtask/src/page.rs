//! The page: frontend/ and shared/ through trunk into dist/, each file compressed beside itself.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;

use crate::steps::Steps;
use crate::{commands, places, tools};

/// All that the page is made from. A lock file is coarse, and safe.
const INPUTS: [&str; 6] =
    ["frontend", "shared", "Trunk.toml", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"];

/// Images and fonts are compressed already.
const COMPRESSED: [&str; 9] = ["html", "js", "css", "wasm", "svg", "json", "txt", "map", "ico"];

/// Builds the page unless dist/ holds exactly what the present sources gave.
pub fn build(steps: &mut Steps) -> Result<()> {
    let stamp_file = places::target().join("page.stamp");
    let inputs = fingerprint(&INPUTS.map(|name| places::root().join(name)))?;
    let stamp = |dist: u64| format!("{inputs:016x} {dist:016x}\n");
    // dist/ is part of the stamp because a plain `trunk build` leaves another page there.
    let dist = fingerprint(&[places::dist()]).unwrap_or_default();
    if fs::read_to_string(&stamp_file).is_ok_and(|text| text == stamp(dist)) {
        eprintln!("▸ page: unchanged");
        return Ok(());
    }
    let mut trunk = steps.run("tools", tools::trunk)?;
    steps.run("page", || commands::run(trunk.args(["build", "--release"])))?;
    steps.run("compress", || {
        join_styles()?;
        compress()
    })?;
    fs::create_dir_all(places::target())?;
    Ok(fs::write(&stamp_file, stamp(fingerprint(&[places::dist()])?))?)
}

/// One style sheet instead of one a slice, in the order of the page: one request, and compressed
/// together they are a quarter smaller.
fn join_styles() -> Result<()> {
    let page = places::dist().join("index.html");
    let html = fs::read_to_string(&page)?;
    let is_style = |line: &str| line.contains("<link rel=\"stylesheet\"");
    let name = |line: &str| Some(line.split_once("/ui/")?.1.split_once(".css")?.0.to_owned());
    let mut joined = String::new();
    for name in html.lines().filter(|line| is_style(line)).filter_map(name) {
        let file = places::dist().join(name + ".css");
        joined += &fs::read_to_string(&file)?;
        fs::remove_file(file)?;
    }
    let mut hasher = DefaultHasher::new();
    joined.hash(&mut hasher);
    let name = format!("style-{:016x}.css", hasher.finish());
    fs::write(places::dist().join(&name), joined)?;
    let mut link = Some(format!("<link rel=\"stylesheet\" href=\"/ui/{name}\">"));
    let lines = html.lines().filter_map(|line| match is_style(line) {
        true => link.take(),
        false => Some(line.to_owned()),
    });
    let html = lines.collect::<Vec<_>>().join("\n");
    Ok(fs::write(page, html)?)
}

/// Once here at the best quality, instead of at each request at a middling one.
fn compress() -> Result<()> {
    let (mut plain, mut small) = (0, 0);
    for file in files(&places::dist())? {
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        if !COMPRESSED.contains(&extension.as_ref()) {
            continue;
        }
        let bytes = fs::read(&file)?;
        let mut packed = Vec::new();
        let params =
            BrotliEncoderParams { quality: 11, size_hint: bytes.len(), ..Default::default() };
        brotli::BrotliCompress(&mut bytes.as_slice(), &mut packed, &params)?;
        (plain, small) = (plain + bytes.len(), small + packed.len());
        fs::write(file.with_extension(format!("{extension}.br")), packed)?;
    }
    eprintln!("  {} KiB, {} KiB in brotli", plain.div_ceil(1024), small.div_ceil(1024));
    Ok(())
}

/// By content: modification times change with every clone and every switch of branches.
fn fingerprint(paths: &[PathBuf]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for file in paths.iter().map(|path| files(path)).collect::<Result<Vec<_>>>()?.concat() {
        file.hash(&mut hasher);
        fs::read(&file)?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// A file itself, or all files under a folder, in a stable order.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut entries = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries.iter().map(|entry| files(entry)).collect::<Result<Vec<_>>>()?.concat())
}
