//! The project's own commands: `cargo xtask build | run | test | rig`.
//!
//! xtask fetches tools, calls cargo and trunk in the right order, and reports how long each step
//! took. It depends on no other crate of the workspace: it knows only file names, environment
//! variables and HTTP, so that it compiles in seconds.

mod commands;
mod dev;
mod files;
mod page;
mod places;
mod rig;
mod steps;
mod test;
mod tools;

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::steps::Steps;

/// Builds, runs and tests Hallway.
///
/// Missing tools (the wasm target, trunk, wasm-bindgen, wasm-opt) are downloaded once into
/// `$XDG_CACHE_HOME/hallway`, by default `~/.cache/hallway`.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the page, then the server that embeds it: target/release/hallway
    Build {
        /// Cargo profile of the server; `dist` is the published one (thin LTO)
        #[arg(long, default_value = "release")]
        profile: String,
    },
    /// Download the tools without building anything, for a CI cache or an image layer
    Tools,
    /// Build, then serve on http://localhost:8000 with the data in ./data
    Run(Run),
    /// Load tests and fault tests of the release build: `cargo xtask rig load --help`, `cargo xtask
    /// rig faults`
    ///
    /// `rig mutants` first builds a server with deliberate faults; the rig must detect each of them.
    Rig {
        /// Arguments of the rig
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Run every check that a change must pass: fmt, clippy, module rules, tests on three databases,
    /// browser, development server, fault tests, API contract
    ///
    /// Arguments select a part. `fmt`, `clippy`, `house`, `dev`, `mariadb`, `postgres`, `faults` and
    /// `contract` are steps. The name of a test program in backend/tests (`suite`, `browser`) runs
    /// that program. Any other word filters tests by name.
    Test {
        /// Steps, test programs or parts of test names [default: everything]
        filter: Vec<String>,
    },
}

#[derive(Args)]
struct Run {
    /// Run the debug server and `trunk serve`; both rebuild and restart when you edit their sources
    #[arg(long)]
    dev: bool,
    /// With --dev: the port of the page, on 127.0.0.1
    #[arg(long, requires = "dev", default_value_t = dev::PAGE_PORT)]
    port: u16,
    /// With --dev: the port of the server, to which the page's port forwards /api/
    #[arg(long, requires = "dev", default_value_t = dev::SERVER_PORT)]
    server_port: u16,
    /// Arguments of `hallway serve`
    #[arg(last = true)]
    args: Vec<String>,
}

fn main() -> ExitCode {
    let Err(error) = run(Cli::parse().task) else { return ExitCode::SUCCESS };
    eprintln!("\nerror: {error:#}");
    ExitCode::FAILURE
}

fn run(task: Task) -> Result<()> {
    let mut steps = Steps::default();
    match task {
        Task::Build { profile } => build(&mut steps, &profile),
        Task::Tools => steps.run("tools", tools::trunk).map(drop),
        Task::Run(Run { dev: true, port, server_port, args }) => {
            dev::run(&mut steps, &dev::Ports { page: port, server: server_port }, &args)
        }
        Task::Run(Run { args, .. }) => {
            build(&mut steps, "release")?;
            // `exec` replaces xtask, so that the terminal's signals reach the server directly.
            let server = places::server("release");
            Err(commands::new(server).arg("serve").args(args).exec().into())
        }
        Task::Rig { args } => rig::run(&mut steps, &args),
        Task::Test { filter } => test::run(&mut steps, &filter),
    }
}

/// Builds page and server. Cargo puts `hallway` into the folder that carries the profile's name.
fn build(steps: &mut Steps, profile: &str) -> Result<()> {
    page::build(steps)?;
    let args = ["build", "--package", "hallway", "--profile", profile];
    steps.run("server", || commands::run(commands::cargo().args(args)))?;
    eprint!("\n{}", steps.table());
    Ok(())
}
