//! The tools that build the page, at versions that work together.
//!
//! xtask looks for each tool on PATH, then in the cache, and downloads it otherwise. It installs
//! nothing into the system. trunk itself downloads nothing, because it finds its tools on the PATH that
//! xtask sets.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result};

use crate::{commands, files, places};

const TRUNK: &str = "0.21.14";
const BINARYEN: &str = "132";
/// Older versions accept the output of current compilers but produce a broken page.
const OLDEST_WASM_OPT: u32 = 120;
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A substitute for wasm-opt that copies its input. trunk calls it as `--output=OUT -Oz IN`.
const SUBSTITUTE_WASM_OPT: &str = r#"#!/bin/sh
set -e
for arg; do
    case $arg in
        --version) echo "wasm-opt version 0"; exit ;;
        --output=*) out=${arg#--output=} ;;
        -*) ;;
        *) in=$arg ;;
    esac
done
cp "$in" "$out"
"#;

/// Creates a trunk command whose PATH begins with the folders of its tools.
pub fn trunk() -> Result<Command> {
    ensure_wasm_target()?;
    let trunk = find_trunk()?;
    let folders = [wasm_bindgen()?, wasm_opt()?].map(|tool| tool.with_file_name(""));
    let path = env::var_os("PATH").unwrap_or_default();
    let path: OsString = env::join_paths(folders.into_iter().chain(env::split_paths(&path)))?;
    let mut command = commands::new(trunk);
    // trunk reads NO_COLOR as a boolean and refuses the customary `1`.
    command.env("PATH", path).env_remove("NO_COLOR").env("TRUNK_SKIP_VERSION_CHECK", "true");
    Ok(command)
}

/// Installs Rust's WASM target unless it is installed. Checks first, because `rustup target add` uses the network even if the target is installed.
pub fn ensure_wasm_target() -> Result<()> {
    let arguments = ["--print", "target-libdir", "--target", WASM_TARGET];
    let libs = commands::output_of(commands::new("rustc").args(arguments)).map(PathBuf::from);
    if libs.is_some_and(|dir| dir.is_dir()) {
        return Ok(());
    }
    eprintln!("  adding the Rust target {WASM_TARGET}");
    commands::run(commands::new("rustup").args(["target", "add", WASM_TARGET]))
}

fn find_trunk() -> Result<PathBuf> {
    let root = places::cache(&format!("trunk-{TRUNK}"));
    let cached = root.join("bin/trunk");
    let is_supported = |path: &PathBuf| version(path).is_some_and(|v| v.starts_with("trunk 0.21."));
    if let Some(trunk) = places::on_path("trunk").filter(is_supported) {
        return Ok(trunk);
    }
    if cached.is_file() {
        return Ok(cached);
    }
    let package = format!("trunk@{TRUNK}");
    if places::on_path("cargo-binstall").is_some() {
        eprintln!("  downloading trunk {TRUNK}");
        let mut binstall = commands::cargo();
        binstall.args(["binstall", "--no-confirm", "--disable-strategies", "compile", "--root"]);
        if commands::run(binstall.arg(&root).arg(&package)).is_ok() && cached.is_file() {
            return Ok(cached);
        }
    }
    eprintln!("  building trunk {TRUNK} (once, about 3 minutes on 2 cores)");
    let mut install = commands::cargo();
    install.args(["install", "--quiet", "--locked", "--no-default-features", "--root"]).arg(&root);
    // trunk's own profile takes four times as long to compile, and trunk mostly waits for other tools.
    install.env("CARGO_PROFILE_RELEASE_LTO", "off");
    install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
    // Without this variable, cargo builds in a temporary folder and leaves no artifacts in target/.
    install.env_remove("CARGO_TARGET_DIR");
    commands::run(install.arg(&package))?;
    Ok(cached)
}

/// Builds our own wasm-bindgen, because the official tool does not split the page into parts. Its
/// version must be the one of the frontend in Cargo.lock.
fn wasm_bindgen() -> Result<PathBuf> {
    let lock = fs::read_to_string(places::root().join("Cargo.lock"))?;
    let required =
        locked_version(&lock, "wasm-bindgen-shared").context("no wasm-bindgen in Cargo.lock")?;
    let sources = files::fingerprint(&[places::root().join("xtask/wasm-bindgen")])?;
    let name = format!("wasm-bindgen-{required}-{sources:016x}");
    let cached = places::cache(&name).join("bin/wasm-bindgen");
    if !cached.is_file() {
        eprintln!("  building wasm-bindgen {required} (once, about 90 seconds on 2 cores)");
        let mut build = commands::cargo();
        build.args(["build", "--quiet", "--profile", "tools", "--manifest-path"]);
        commands::run(build.arg("xtask/wasm-bindgen/Cargo.toml"))?;
        copy_into_cache(&places::target().join("tools/wasm-bindgen"), &cached)?;
    }
    Ok(cached)
}

/// Returns the path of wasm-opt, or of a substitute that copies its input.
pub fn wasm_opt() -> Result<PathBuf> {
    let root = places::cache(&format!("binaryen-{BINARYEN}"));
    let cached = root.join("node_modules/.bin/wasm-opt");
    if cached.is_file() && places::on_path("node").is_some() {
        return Ok(cached);
    }
    let major_version = |text: String| text.split(' ').nth(2)?.parse().ok();
    let is_recent = |path: &PathBuf| version(path).and_then(major_version) >= Some(OLDEST_WASM_OPT);
    if let Some(tool) = places::on_path("wasm-opt").filter(is_recent) {
        return Ok(tool);
    }
    if places::on_path("npm").is_some() {
        eprintln!("  downloading wasm-opt {BINARYEN}");
        fs::create_dir_all(&root)?;
        let mut npm = commands::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
        if commands::run(npm.arg(&root).arg(format!("binaryen@{BINARYEN}"))).is_ok() {
            return Ok(cached);
        }
    }
    eprintln!(
        "  no npm for wasm-opt: the page works, about 1.7 times as large (then delete dist/)"
    );
    let substitute = places::cache("unoptimised").join("wasm-opt");
    fs::create_dir_all(substitute.with_file_name(""))?;
    fs::write(&substitute, SUBSTITUTE_WASM_OPT)?;
    fs::set_permissions(&substitute, fs::Permissions::from_mode(0o755))?;
    Ok(substitute)
}

/// Whether wasm-opt is not in the cache, or its runtime Node.js is missing.
pub fn needs_npm() -> bool {
    let cached = places::cache(&format!("binaryen-{BINARYEN}")).join("node_modules/.bin/wasm-opt");
    !cached.is_file() || places::on_path("node").is_none()
}

fn version(program: &PathBuf) -> Option<String> {
    commands::output_of(commands::new(program).arg("--version"))
}

/// Copies a tool and renames the complete copy, because another checkout may read the cache at the
/// same time.
fn copy_into_cache(built: &PathBuf, cached: &PathBuf) -> Result<()> {
    let partial = cached.with_extension(std::process::id().to_string());
    fs::create_dir_all(cached.with_file_name(""))?;
    fs::copy(built, &partial).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(fs::rename(&partial, cached)?)
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{package}\""));
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"a-b\"\nversion = \"1.2.3\"\n";
        assert_eq!(locked_version(lock, "a-b"), Some("1.2.3"));
        assert_eq!(locked_version(lock, "a"), None);
    }
}
