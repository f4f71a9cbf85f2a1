//! What the machine can do at all, to take ratios against: fan-out that neither parses, checks nor
//! stores, and inserts without anything around them.

use std::{path::PathBuf, process::Command};

use anyhow::{Result, ensure};
use clap::{Args as ClapArgs, ValueEnum};

mod fan;
mod inserts;

pub use inserts::Inserts;

use super::ground::{Own, resources::Cores};

/// Which loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Loop {
    /// Fan-out with one write for each delivery.
    OneWrite,
    /// Fan-out in which all frames that wait for a socket leave in one write.
    Joined,
    /// Inserts into a table like that of messages: at most 64 in a transaction, each with an fsync.
    Inserts,
}

impl Loop {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneWrite => "one-write",
            Self::Joined => "joined",
            Self::Inserts => "inserts",
        }
    }
}

/// `rig bare`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Which loop to run.
    #[arg(long = "loop", value_enum)]
    which: Loop,

    /// Seconds that `inserts` goes on.
    #[arg(long, default_value_t = 5)]
    seconds: u64,

    /// Folder in which `inserts` makes its file. [default: the system's for temporary files]
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// Runs a loop: the fan-outs until standard input ends.
pub fn run(args: &Args) -> Result<()> {
    match args.which {
        Loop::OneWrite => fan::run(false),
        Loop::Joined => fan::run(true),
        Loop::Inserts => {
            let folder = args.folder.clone().unwrap_or_else(std::env::temp_dir);
            let done = inserts::measure(&folder, args.seconds)?;
            println!("{}", serde_json::to_string(&done)?);
            Ok(())
        }
    }
}

/// Runs the inserts on the server's core, in a folder where the server would have its data.
pub(super) fn inserts_apart(own: &Own, cores: Cores, seconds: u64) -> Result<Inserts> {
    let folder = own.fresh_folder()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare", "--loop", "inserts", "--seconds", &seconds.to_string()]);
    command.arg("--folder").arg(folder.path());
    let done = cores.on_server(|| command.output())??;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Ok(serde_json::from_slice(&done.stdout)?)
}
