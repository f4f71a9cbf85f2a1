//! What a load needs before it begins: a server or a bare loop, and rooms with people in them.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use clap::Args as ClapArgs;
use tempfile::TempDir;

pub mod interrupt;
mod node;
pub mod resources;
pub mod seed;
mod stage;
mod target;

use resources::{Cores, raise_file_limit};
pub use stage::{Admin, Stage};
pub use target::Target;

use super::bare::Loop;

/// Where a server of the run's own comes from.
#[derive(Clone, Debug, ClapArgs)]
pub struct Own {
    /// The server's program. [default: hallway beside this program, or target/release/hallway]
    #[arg(long)]
    pub server: Option<PathBuf>,

    /// Folder in which data are made: its disk is measured too. [default: the system's for
    /// temporary files]
    #[arg(long)]
    pub folder: Option<PathBuf>,
}

impl Own {
    /// A folder that is gone with the value.
    pub fn fresh_folder(&self) -> Result<TempDir> {
        let folder = self.folder.clone().unwrap_or_else(std::env::temp_dir);
        tempfile::Builder::new()
            .prefix("rig-")
            .tempdir_in(&folder)
            .with_context(|| format!("cannot make a folder in {}", folder.display()))
    }

    fn program(&self) -> Result<PathBuf> {
        let program = self.server.clone().unwrap_or_else(target::built_server);
        ensure!(program.is_file(), "{} is not there: build it first", program.display());
        Ok(program)
    }
}

/// A target, and what is on it.
pub struct Ground {
    /// What it is called in a report.
    pub name: &'static str,
    /// What is loaded.
    pub target: Target,
    /// Rooms and people.
    pub stage: Stage,
    own: Option<OwnServer>,
    /// Of somebody else's program.
    _data: Option<TempDir>,
}

/// Outlives the process that works in it.
struct OwnServer {
    program: PathBuf,
    data: TempDir,
    cores: Cores,
}

impl Ground {
    /// A server of the run's own on a new SQLite file, with so many rooms.
    pub fn hallway(own: &Own, cores: Cores, rooms: usize) -> Result<Self> {
        raise_file_limit(0)?;
        let own = OwnServer { program: own.program()?, data: own.fresh_folder()?, cores };
        let (target, _) = Target::hallway(&own.program, own.data.path(), cores)?;
        let stage = set(&target, rooms, None)?;
        // Hashing passwords has left memory behind that would be counted as somebody else's.
        let ground = Self { name: "hallway", target, stage, own: Some(own), _data: None };
        Ok(ground.restarted(|_| Ok(()))?.0)
    }

    /// A server that runs already.
    pub fn elsewhere(target: Target, rooms: usize, admin: Option<&Admin>) -> Result<Self> {
        let stage = set(&target, rooms, admin)?;
        Ok(Self { name: "hallway", target, stage, own: None, _data: None })
    }

    /// A bare loop, where rooms are there when they are spoken of.
    pub fn bare(which: Loop, cores: Cores, rooms: usize) -> Result<Self> {
        raise_file_limit(0)?;
        let target = Target::bare(which, cores)?;
        let stage = Stage::bare(rooms);
        Ok(Self { name: which.name(), target, stage, own: None, _data: None })
    }

    /// A chat for Node, with its file where a server of the run's own would have it.
    pub fn node(name: &'static str, own: &Own, cores: Cores, rooms: usize) -> Result<Self> {
        raise_file_limit(0)?;
        let data = own.fresh_folder()?;
        let target = Target::node(name, data.path(), cores)?;
        let stage = Stage::bare(rooms);
        Ok(Self { name, target, stage, own: None, _data: Some(data) })
    }

    /// Stops a server of the run's own, does something to its data folder, and starts it again: how
    /// long that took, from the start of the program to the first answer.
    pub fn restarted(self, between: impl FnOnce(&Path) -> Result<()>) -> Result<(Self, Duration)> {
        let Self { name, target, stage, own, .. } = self;
        let own = own.context("only a server of the run's own can be started again")?;
        target.stop()?;
        between(own.data.path())?;
        let (target, took) = Target::hallway(&own.program, own.data.path(), own.cores)?;
        Ok((Self { name, target, stage, own: Some(own), _data: None }, took))
    }
}

fn set(target: &Target, rooms: usize, admin: Option<&Admin>) -> Result<Stage> {
    eprintln!("Making accounts and {rooms} rooms");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Stage::set(target.address, rooms, admin))
}
