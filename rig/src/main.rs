//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rig::{faults, load, mutants};

/// Loads Hallway and measures what it gives, and torments it and judges what it did.
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
    /// Measure the whole table of what is asked of the server's speed, each row beside what it is
    /// compared to.
    Bench(load::bench::Args),
    /// Break something under load, as often as it takes, and judge what came of it.
    Faults(Box<faults::Args>),
    /// Test the rig itself: servers with deliberate faults, each of which must be caught.
    Mutants(mutants::Args),
    /// Run one of the bare loops that the ratios are taken against.
    #[command(hide = true)]
    Bare(load::bare::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Load(args) => load::run(&args),
        Command::Bench(args) => load::bench::run(&args),
        Command::Faults(args) => faults::run(&args),
        Command::Mutants(args) => mutants::run(&args),
        Command::Bare(args) => load::bare::run(&args).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("rig: {error:#}");
        ExitCode::FAILURE
    })
}
