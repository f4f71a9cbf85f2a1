//! Paths: the workspace, its build output, and the cache of tools.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the workspace").to_owned()
}

/// Cargo's target folder: `CARGO_TARGET_DIR`, or else `target`.
pub fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The server's binary in one of cargo's output folders (`debug`, `release`).
pub fn server(folder: &str) -> PathBuf {
    target().join(folder).join("hallway")
}

/// The built page, which the server embeds.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// Logs, screenshots and reports of tests.
pub fn test_output() -> PathBuf {
    root().join("test-output")
}

/// A folder in the cache, which all checkouts share and `cargo clean` does not delete. `name` must
/// include a version.
pub fn cache(name: &str) -> PathBuf {
    let base = env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let home = || env::home_dir().unwrap_or_else(env::temp_dir).join(".cache");
    base.unwrap_or_else(home).join("hallway").join(name)
}

/// Returns the first file with this name in the folders of PATH.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}
