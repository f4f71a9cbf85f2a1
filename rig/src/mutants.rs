//! The rig's own test: a server with a fault put into it on purpose must not pass.

use std::{
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::faults::VIOLATED;

/// `rig mutants`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Deliberate faults to try. [default: all]
    names: Vec<String>,

    /// How often each may be missed before it counts as not caught.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// A server that was built with the feature `deliberate-faults`.
    #[arg(long, env = "HALLWAY_DELIBERATE_SERVER")]
    server: PathBuf,

    /// Where the histories go.
    #[arg(long, default_value = "rig-out/mutants")]
    out: PathBuf,
}

/// A deliberate fault, by its name in `HALLWAY_FAULT`, and what brings it to light.
struct Mutant {
    name: &'static str,
    breaks: &'static str,
    on: &'static str,
}

const MUTANTS: &[Mutant] = &[
    Mutant { name: "ack-before-commit", breaks: "kill-server", on: "sqlite" },
    Mutant { name: "max-plus-one", breaks: "race", on: "postgres" },
    Mutant { name: "no-catch-up", breaks: "pause-redis", on: "postgres" },
    Mutant { name: "read-then-subscribe", breaks: "kill-server", on: "sqlite" },
    Mutant { name: "idempotency-by-cache", breaks: "race", on: "mariadb" },
    Mutant { name: "drop-on-full-queue", breaks: "kill-server", on: "sqlite" },
    Mutant { name: "replay-of-deleted-text", breaks: "race", on: "postgres" },
    Mutant { name: "removal-ignored", breaks: "race", on: "mariadb" },
];

/// Tries each until it is caught. The exit code is 1 if one is not.
pub fn run(args: &Args) -> Result<ExitCode> {
    ensure!(args.server.is_file(), "{} is not there: build it first", args.server.display());
    let known = |name: &String| MUTANTS.iter().any(|mutant| mutant.name == name);
    if let Some(name) = args.names.iter().find(|name| !known(name)) {
        let all: Vec<_> = MUTANTS.iter().map(|mutant| mutant.name).collect();
        anyhow::bail!("no deliberate fault is called {name}: there are {}", all.join(", "));
    }
    let chosen =
        |mutant: &&Mutant| args.names.is_empty() || args.names.iter().any(|n| n == mutant.name);
    let (mut caught, mut missed) = (0, 0);
    for mutant in MUTANTS.iter().filter(chosen) {
        match attempt(mutant, args)? {
            Some(run) => {
                println!("caught {} in run {run}", mutant.name);
                caught += 1;
            }
            None => {
                println!("MISSED {} in {} runs", mutant.name, args.runs);
                missed += 1;
            }
        }
    }
    println!("mutants: {caught} passed, {missed} failed");
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// In which run it was caught. Each run is a process of its own: the fault is chosen by the
/// environment, which the server inherits.
fn attempt(mutant: &Mutant, args: &Args) -> Result<Option<u32>> {
    for run in 1..=args.runs {
        let rig = std::env::current_exe().context("where am I?")?;
        let mut faults = Command::new(rig);
        faults.args(["faults", mutant.breaks, "--runs", "1", "--database", mutant.on]);
        faults.arg("--violations-only").arg("--server").arg(&args.server);
        faults.arg("--out").arg(args.out.join(format!("{}-{run}", mutant.name)));
        faults.env("HALLWAY_FAULT", mutant.name).stdin(Stdio::null()).stdout(Stdio::null());
        let status = faults.status().context("cannot start a run")?;
        if status.code() == Some(i32::from(VIOLATED)) {
            return Ok(Some(run));
        }
    }
    Ok(None)
}
