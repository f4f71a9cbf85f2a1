//! The rig and what it torments.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};

use crate::steps::Steps;
use crate::{commands, places};

/// Builds the server and the rig as they are released, and becomes the rig.
pub fn run(steps: &mut Steps, args: &[String]) -> Result<()> {
    let build = ["build", "--release", "--package", "hallway", "--package", "rig"];
    steps.run("rig", || commands::run(commands::cargo().args(build)))?;
    let mut rig = commands::new(places::target().join("release/rig"));
    rig.args(args).env("HALLWAY_SERVER", places::server("release"));
    if args.first().is_some_and(|first| first == "mutants") {
        rig.env("HALLWAY_DELIBERATE_SERVER", deliberate(steps, &["--release"], "release")?);
    }
    Err(rig.exec().into())
}

/// A server with deliberate faults, beside the one without.
pub fn deliberate(steps: &mut Steps, profile: &[&str], folder: &str) -> Result<PathBuf> {
    steps.run("deliberate faults", || {
        let mut build = commands::cargo();
        build.args(["build", "--package", "hallway"]).args(profile);
        commands::run(build.args(["--features", "deliberate-faults"]))?;
        let built = places::server(folder);
        let kept =
            places::target().join("deliberate").join(format!("hallway{}", env::consts::EXE_SUFFIX));
        fs::create_dir_all(kept.with_file_name(""))?;
        fs::copy(&built, &kept).with_context(|| format!("cannot copy {}", built.display()))?;
        // What lies where everyone looks for it must be the real one again.
        commands::run(commands::cargo().args(["build", "--package", "hallway"]).args(profile))?;
        Ok(kept)
    })
}
