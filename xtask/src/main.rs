//! The project's own commands: `cargo xtask build | run | test | rig`.
//!
//! This room fetches tools, calls cargo and trunk in the right order, and says how long each step
//! took. It knows Hallway only from outside: file names, environment variables, HTTP.

mod commands;
mod contract;
mod dev;
mod page;
mod places;
mod rig;
mod server;
mod steps;
mod system;
mod test;
mod tools;

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::steps::Steps;

/// Builds, runs and tests Hallway.
///
/// Missing tools (the wasm target, trunk, wasm-bindgen, wasm-opt) are fetched once into
/// `$XDG_CACHE_HOME/hallway`, by default `~/.cache/hallway`.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the page, then the server with the page inside: target/release/hallway
    Build {
        /// Cargo's profile for the server; `dist` is the published form (thin LTO)
        #[arg(long, default_value = "release")]
        profile: String,
    },
    /// Fetch the tools and build nothing: a layer for images, a cache for CI
    Tools,
    /// Build, then serve on http://localhost:8000 with the data in ./data
    Run {
        /// Server in debug and `trunk serve` on http://localhost:8080; both follow the sources
        #[arg(long)]
        dev: bool,
        /// Passed on to `hallway serve`
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Load and torment the release build: `cargo xtask rig load --help`, `cargo xtask rig faults`
    ///
    /// `rig mutants` builds a server with deliberate faults first: each of them must be caught.
    Rig {
        /// Passed on to the rig
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Everything that a change must pass: fmt, clippy, tests on three databases, browser, API
    /// contract
    ///
    /// Words narrow it down. `fmt`, `clippy`, `mariadb`, `postgres` and `contract` are steps; the
    /// name of a file in backend/tests (`browser`) is that test program; any other word is a filter
    /// on test names.
    Test {
        /// What to run instead of everything
        filter: Vec<String>,
    },
}

fn main() -> ExitCode {
    let Err(error) = perform(Cli::parse().task) else { return ExitCode::SUCCESS };
    eprintln!("\nerror: {error:#}");
    ExitCode::FAILURE
}

fn perform(task: Task) -> Result<()> {
    let mut steps = Steps::default();
    match task {
        Task::Build { profile } => build(&mut steps, &profile),
        Task::Tools => steps.run("tools", tools::trunk).map(drop),
        Task::Run { dev: true, args } => dev::run(&mut steps, &args),
        Task::Run { dev: false, args } => {
            build(&mut steps, "release")?;
            // Replacing this process leaves nobody between the terminal and the server.
            let server = places::server("release");
            Err(commands::new(server).arg("serve").args(args).exec().into())
        }
        Task::Rig { args } => rig::run(&mut steps, &args),
        Task::Test { filter } => test::run(&mut steps, &filter),
    }
}

/// Leaves `hallway` in cargo's output folder of that profile, which carries its name.
fn build(steps: &mut Steps, profile: &str) -> Result<()> {
    page::build(steps)?;
    let args = ["build", "--package", "hallway", "--profile", profile];
    steps.run("server", || commands::run(commands::cargo().args(args)))?;
    eprint!("\n{}", steps.table());
    Ok(())
}
