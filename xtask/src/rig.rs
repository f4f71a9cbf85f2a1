//! Builds the rig and the server for it.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};

use crate::steps::Steps;
use crate::{commands, places};

/// Builds the server and the rig in release mode, then replaces this process with the rig.
pub fn run(steps: &mut Steps, args: &[String]) -> Result<()> {
    steps.run("server", || build_release("hallway", &[]))?;
    steps.run("rig", || build_release("rig", &[]))?;
    let mut rig = commands::new(places::target().join("release/rig"));
    if args.first().is_some_and(|first| first == "mutants") {
        let server = steps.run("deliberate faults", build_mutant_server)?;
        rig.env("HALLWAY_DELIBERATE_SERVER", server);
    }
    Err(rig.args(args).exec().into())
}

/// Builds one package, because cargo would unify the features of packages that it builds together,
/// and compile their common dependencies once more than for the server alone.
fn build_release(package: &str, options: &[&str]) -> Result<()> {
    commands::run(
        commands::cargo().args(["build", "--release", "--package", package]).args(options),
    )
}

/// Builds a server with deliberate faults, beside the real one.
fn build_mutant_server() -> Result<PathBuf> {
    build_release("hallway", &["--features", "deliberate-faults"])?;
    let built = places::server("release");
    let mutant =
        places::target().join("deliberate").join(format!("hallway{}", env::consts::EXE_SUFFIX));
    fs::create_dir_all(mutant.with_file_name(""))?;
    fs::copy(&built, &mutant).with_context(|| format!("cannot copy {}", built.display()))?;
    // Put the real server back at its usual path.
    build_release("hallway", &[])?;
    Ok(mutant)
}

/// Runs the short fault tests on debug builds. Only violations are failures, because durations depend
/// on the load of the machine.
pub fn faults() -> Result<()> {
    // Tests of these packages, because cargo builds the programs with them, and with the dependencies of
    // all other tests.
    let build = ["test", "--no-run", "--test", "suite", "--test", "cli"];
    commands::run(commands::cargo().args(build))?;
    let mut rig = commands::new(places::target().join("debug/rig"));
    rig.args(["faults", "--short", "--violations-only", "--out"]);
    commands::run(rig.arg(places::test_output().join("faults")))?;
    let mut rig = commands::new(places::target().join("debug/rig"));
    commands::run(rig.args(["access", "--minutes", "0.5"]))
}
