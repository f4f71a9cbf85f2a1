//! Tests the rig itself: it must find violations of servers with deliberate faults.

use std::{
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use crate::faults::VIOLATED;

/// `rig mutants`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Deliberate faults to try. [default: all]
    names: Vec<String>,

    /// How many runs may miss a deliberate fault.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// A server that was built with the feature `deliberate-faults`.
    #[arg(long, env = "HALLWAY_DELIBERATE_SERVER")]
    server: PathBuf,

    /// The directory for reports.
    #[arg(long, default_value = "rig-out/mutants")]
    out: PathBuf,
}

/// A deliberate fault of the server, and the injected fault that reveals it.
struct Mutant {
    /// The value of `HALLWAY_FAULT`.
    name: &'static str,
    /// The name of the injected fault, in the catalog of `faults`, or [`ACCESS`].
    fault: &'static str,
    database: &'static str,
}

/// Reveals a deliberate fault by a run of `rig access` instead of an injected fault.
const ACCESS: &str = "access";
/// The length of such a run, in minutes.
const ACCESS_MINUTES: &str = "0.5";

const MUTANTS: &[Mutant] = &[
    Mutant { name: "ack-before-commit", fault: "kill-server", database: "sqlite" },
    Mutant { name: "max-plus-one", fault: "race", database: "postgres" },
    Mutant { name: "no-catch-up", fault: "pause-redis", database: "postgres" },
    Mutant { name: "read-then-subscribe", fault: "kill-server", database: "sqlite" },
    Mutant { name: "idempotency-by-cache", fault: "race", database: "mariadb" },
    Mutant { name: "drop-on-full-queue", fault: "kill-server", database: "sqlite" },
    Mutant { name: "replay-of-deleted-text", fault: "race", database: "postgres" },
    Mutant { name: "reaction-without-rev", fault: "race", database: "postgres" },
    Mutant { name: "removal-ignored", fault: "race", database: "mariadb" },
    Mutant { name: "search-forgets-visibility", fault: "race", database: "postgres" },
    Mutant { name: "presence-told-outside", fault: "race", database: "mariadb" },
    Mutant { name: "index-skips-one", fault: "race", database: "postgres" },
    Mutant { name: "search-forgets-visibility", fault: ACCESS, database: "sqlite" },
    Mutant { name: "presence-told-outside", fault: ACCESS, database: "sqlite" },
];

/// Runs each mutant until it is caught. The exit code is 1 if one is missed.
pub fn run(args: &Args) -> Result<ExitCode> {
    ensure!(args.server.is_file(), "{} does not exist: build it first", args.server.display());
    let is_unknown = |name: &&String| MUTANTS.iter().all(|mutant| mutant.name != **name);
    if let Some(name) = args.names.iter().find(is_unknown) {
        let names: Vec<_> = MUTANTS.iter().map(|mutant| mutant.name).collect();
        bail!("no deliberate fault is called {name}: choose from {}", names.join(", "));
    }
    let is_selected =
        |mutant: &&Mutant| args.names.is_empty() || args.names.iter().any(|n| n == mutant.name);
    let (mut caught, mut missed) = (0, 0);
    for mutant in MUTANTS.iter().filter(is_selected) {
        match run_until_caught(mutant, args)? {
            Some(run) => {
                println!("caught {} by {} in run {run}", mutant.name, mutant.fault);
                caught += 1;
            }
            None => {
                println!("MISSED {} by {} in {} runs", mutant.name, mutant.fault, args.runs);
                missed += 1;
            }
        }
    }
    println!("mutants: {caught} passed, {missed} failed");
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs until a run catches the mutant, and returns the number of that run; `None` if all miss.
/// Each run is a process of its own, because the server inherits `HALLWAY_FAULT` from the
/// environment.
fn run_until_caught(mutant: &Mutant, args: &Args) -> Result<Option<u32>> {
    for run in 1..=args.runs {
        let mut command = Command::new(std::env::current_exe()?);
        match mutant.fault {
            ACCESS => command.args(["access", "--minutes", ACCESS_MINUTES]),
            fault => {
                let out = args.out.join(format!("{}-{run}", mutant.name));
                command
                    .args(["faults", fault, "--runs", "1", "--violations-only", "--out"])
                    .arg(out)
            }
        };
        command.args(["--database", mutant.database]).arg("--server").arg(&args.server);
        command.env("HALLWAY_FAULT", mutant.name).stdin(Stdio::null()).stdout(Stdio::null());
        let status = command.status().context("cannot start a run")?;
        if status.code() == Some(i32::from(VIOLATED)) {
            return Ok(Some(run));
        }
    }
    Ok(None)
}
