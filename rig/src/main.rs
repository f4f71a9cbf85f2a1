//! The command line of the rig.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rig::{access, faults, load, mutants};

/// Loads Hallway and measures its speed; injects faults and checks its histories.
#[derive(Parser)]
#[command(version, about, long_about = None, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure a server under load: deliveries, latencies, memory, processor time.
    Load(Box<load::Args>),
    /// Measure the table of speed requirements, each row with its baseline.
    Bench(load::bench::Args),
    /// Inject faults under load and check the histories.
    Faults(Box<faults::Args>),
    /// Let people with all ranks act at random, and check that nobody sees what they must not.
    Access(access::Args),
    /// Test the rig itself: it must catch servers with deliberate faults.
    Mutants(mutants::Args),
    /// Run a baseline, which the ratios refer to.
    #[command(hide = true, alias = "bare")]
    Baseline(load::baseline::Args),
}

fn main() -> ExitCode {
    let exit_code = match Cli::parse().command {
        Command::Load(args) => load::run(&args),
        Command::Bench(args) => load::bench::run(&args),
        Command::Faults(args) => faults::run(&args),
        Command::Access(args) => access::run(&args),
        Command::Mutants(args) => mutants::run(&args),
        Command::Baseline(args) => load::baseline::run(&args).map(|()| ExitCode::SUCCESS),
    };
    exit_code.unwrap_or_else(|error| {
        eprintln!("rig: {error:#}");
        ExitCode::FAILURE
    })
}
