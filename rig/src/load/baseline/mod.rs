//! Baselines: a fan-out that neither checks nor stores anything, and bare inserts. They measure the
//! limits of the machine, for comparison with the server.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

mod fan_out;
mod inserts;

pub use inserts::InsertRate;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Baseline {
    /// Fan-out with one write for each delivery.
    OneWrite,
    /// Fan-out with one write for all frames that wait for a socket.
    Joined,
    /// Inserts into a table like that of messages: at most 64 in a transaction, each with an fsync.
    Inserts,
}

impl Baseline {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneWrite => "one-write",
            Self::Joined => "joined",
            Self::Inserts => "inserts",
        }
    }
}

/// `rig baseline`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The baseline to run.
    #[arg(long = "loop", value_enum)]
    baseline: Baseline,

    /// The port of a fan-out. [default: a free one]
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// How long to insert, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,

    /// The directory for the database of the inserts. [default: the system's temporary directory]
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// Runs a fan-out until the process is killed, or measures inserts and prints JSON.
pub fn run(args: &Args) -> Result<()> {
    match args.baseline {
        Baseline::OneWrite => fan_out::run(args.port, false),
        Baseline::Joined => fan_out::run(args.port, true),
        Baseline::Inserts => {
            let dir = args.folder.clone().unwrap_or_else(std::env::temp_dir);
            println!("{}", serde_json::to_string(&inserts::measure(&dir, args.seconds)?)?);
            Ok(())
        }
    }
}
