//! The rig and what it torments.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};

use crate::steps::Steps;
use crate::{commands, places};

/// Builds the server and the rig as they are released, and becomes the rig.
pub fn run(steps: &mut Steps, args: &[String]) -> Result<()> {
    steps.run("server", || build("hallway", &["--release"]))?;
    steps.run("rig", || build("rig", &["--release"]))?;
    let mut rig = commands::new(places::target().join("release/rig"));
    if args.first().is_some_and(|first| first == "mutants") {
        let server = steps.run("deliberate faults", || deliberate(&["--release"], "release"))?;
        rig.env("HALLWAY_DELIBERATE_SERVER", server);
    }
    Err(rig.args(args).exec().into())
}

/// One by one: built together, crates that both use would have the features that either wants, and
/// be built once more than for the server alone.
fn build(package: &str, profile: &[&str]) -> Result<()> {
    commands::run(commands::cargo().args(["build", "--package", package]).args(profile))
}

/// A server with deliberate faults, beside the one without.
fn deliberate(profile: &[&str], folder: &str) -> Result<PathBuf> {
    build("hallway", &[profile, &["--features", "deliberate-faults"]].concat())?;
    let built = places::server(folder);
    let kept =
        places::target().join("deliberate").join(format!("hallway{}", env::consts::EXE_SUFFIX));
    fs::create_dir_all(kept.with_file_name(""))?;
    fs::copy(&built, &kept).with_context(|| format!("cannot copy {}", built.display()))?;
    // What lies where everyone looks for it must be the real one again.
    build("hallway", profile)?;
    Ok(kept)
}

/// The faults as often as a test runs them, on debug builds. What the
/// histories prove counts; how long things took depends on what else the machine is doing.
pub fn faults() -> Result<()> {
    // `cargo test` builds a program only where there are tests beside it.
    let build = ["build", "--workspace", "--exclude", "wasm-bindgen", "--exclude", "frontend"];
    commands::run(commands::cargo().args(build))?;
    let mut rig = commands::new(places::target().join("debug/rig"));
    rig.args(["faults", "--short", "--violations-only", "--out"]);
    commands::run(rig.arg(places::test_output().join("faults")))
}
