//! `cargo xtask test`: all checks, quick ones first.

mod contract;
mod server;
mod system;

use std::process::Command;

use anyhow::Result;

use crate::steps::Steps;
use crate::{commands, page, places, rig, tools};

const WASM: [&str; 4] = ["--package", "frontend", "--target", "wasm32-unknown-unknown"];

/// The filters that are names of steps.
const STEPS: [&str; 8] =
    ["fmt", "clippy", "house", "dev", "mariadb", "postgres", "faults", "contract"];

/// Linux's file system in memory.
const MEMORY: &str = "/dev/shm";
/// The free space in it that is enough for the databases of a run, in MiB. Containers often have only 64.
const MEMORY_MIN_MIB: u64 = 4_096;

/// The databases that the suite runs on besides SQLite, and the names of these steps.
const DATABASES: [(&str, &str); 2] =
    [("mariadb", "tests on mariadb"), ("postgres", "tests on postgres")];

/// Runs all steps, or those that the filter names; then prints a table and a summary.
pub fn run(steps: &mut Steps, filter: &[String]) -> Result<()> {
    let outcome = if filter.is_empty() { run_all(steps) } else { run_selected(steps, filter) };
    let verdict = if outcome.is_ok() { "passed" } else { "FAILED" };
    eprint!("\n{}  test {verdict}\n\n", steps.table());
    outcome
}

fn run_all(steps: &mut Steps) -> Result<()> {
    steps.run("system parts", system::ensure)?;
    steps.run("fmt", fmt)?;
    steps.run("house", house)?;
    clippy(steps)?;
    // The browser tests use the release page, because optimisation may break a page.
    page::build(steps)?;
    steps.run("tests", || commands::run(&mut tests()))?;
    for (database, step) in DATABASES {
        steps.run(step, || commands::run(&mut suite_on(database)))?;
    }
    steps.run("dev", dev)?;
    steps.run("faults", rig::faults)?;
    steps.run("contract", contract::run)
}

fn run_selected(steps: &mut Steps, filter: &[String]) -> Result<()> {
    let is_selected = |step: &str| filter.iter().any(|word| word == step);
    if is_selected("fmt") {
        steps.run("fmt", fmt)?;
    }
    if is_selected("clippy") {
        clippy(steps)?;
    }
    if is_selected("house") {
        steps.run("house", house)?;
    }
    let other_filters = filter.iter().filter(|word| !STEPS.contains(&word.as_str()));
    let (programs, test_names): (Vec<&String>, Vec<&String>) = other_filters.partition(|word| {
        places::root().join("backend/tests").join(format!("{word}.rs")).is_file()
            || places::root().join("backend/tests").join(word).join("main.rs").is_file()
    });
    if !programs.is_empty() || !test_names.is_empty() {
        page::build(steps)?;
        steps.run("tests", || {
            let mut tests = tests();
            programs.iter().for_each(|program| {
                tests.args(["--test", program]);
            });
            commands::run(tests.arg("--").args(test_names))
        })?;
    }
    for (database, step) in DATABASES {
        if is_selected(database) {
            steps.run(step, || commands::run(&mut suite_on(database)))?;
        }
    }
    if is_selected("dev") {
        steps.run("dev", dev)?;
    }
    if is_selected("faults") {
        steps.run("faults", rig::faults)?;
    }
    if is_selected("contract") {
        let build = ["build", "--bin", "hallway"];
        steps.run("server", || commands::run(commands::cargo().args(build)))?;
        steps.run("contract", contract::run)?;
    }
    Ok(())
}

fn fmt() -> Result<()> {
    commands::run(commands::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy(steps: &mut Steps) -> Result<()> {
    let clippy = |scope: &[&str]| {
        commands::run(commands::cargo().arg("clippy").args(scope).args(["--", "-D", "warnings"]))
    };
    steps.run("clippy", || clippy(&["--workspace", "--all-targets"]))?;
    steps.run("clippy on wasm", || {
        tools::ensure_wasm_target()?;
        clippy(&WASM)
    })
}

/// Checks the module rules early. The step `tests` checks them again.
fn house() -> Result<()> {
    commands::run(tests().args(["--test", "house"]))
}

/// The tests of the default members. No step selects other packages, because cargo would unify other
/// features, and compile the dependencies once more. A failure does not hide those after it.
fn tests() -> Command {
    let mut tests = commands::cargo();
    tests.args(["test", "--no-fail-fast"]);
    tests
}

/// Tests `cargo xtask run --dev` with a browser, in a copy of the sources. It is a separate step,
/// because the test calls cargo, which would wait for the lock of a running `cargo test`.
fn dev() -> Result<()> {
    commands::run(tests().args(["--test", "browser", "--", "--ignored", "dev::"]))
}

/// The suite on another database, with the tests of several nodes and without the SQLite tests.
fn suite_on(database: &str) -> Command {
    let mut tests = tests();
    tests.env("HALLWAY_TEST_DATABASE", database).args(["--test", "suite"]);
    // Each test has a database of its own, and creating its hundreds of files takes longer on a disk.
    if free_memory_mib() >= MEMORY_MIN_MIB {
        tests.env("TMPDIR", MEMORY);
    }
    tests.args(["--", "--include-ignored", "--skip", "sqlite::"]);
    tests
}

/// The free space in [`MEMORY`]; 0 if there is no such file system.
fn free_memory_mib() -> u64 {
    let mut df = commands::new("df");
    let output = commands::output_of(df.args(["--output=avail", "--block-size=1M", MEMORY]));
    output.and_then(|text| text.lines().last()?.trim().parse().ok()).unwrap_or_default()
}
