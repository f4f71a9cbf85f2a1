//! A disk that is full.

use std::{fs::File, io::Write, path::Path};

use anyhow::{Context, Result, bail};
use nix::{
    errno::Errno,
    mount::{MntFlags, MsFlags, mount, umount2},
};
use tempfile::TempDir;

use super::folder;

/// A small file system in memory, mounted on a folder of its own.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// One of this many MiB. Only root can mount.
    pub fn mount(mebibytes: u32) -> Result<Self> {
        let folder = folder()?;
        let size = format!("size={mebibytes}m,mode=0755");
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        match mount(Some("tmpfs"), folder.path(), Some("tmpfs"), flags, Some(size.as_str())) {
            Ok(()) => Ok(Self { folder }),
            Err(Errno::EPERM) => bail!("only root can mount a small disk"),
            Err(error) => Err(error).context("cannot mount a small disk"),
        }
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes every byte that is left. Where somebody else gives back some later, again is better.
    pub fn fill(&self) -> Result<()> {
        let mut ballast = File::options().create(true).append(true).open(self.ballast())?;
        let mut piece = vec![0; 64 * 1024];
        loop {
            match ballast.write(&piece) {
                Ok(_) => {}
                Err(error) if error.raw_os_error() != Some(Errno::ENOSPC as i32) => {
                    return Err(error.into());
                }
                Err(_) if piece.len() > 1 => piece.truncate(piece.len() / 2),
                Err(_) => return Ok(()),
            }
        }
    }

    /// Gives back what [`SmallDisk::fill`] took.
    pub fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }

    fn ballast(&self) -> std::path::PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Detached, in case that somebody still has a file open there.
        let _ = umount2(self.path(), MntFlags::MNT_DETACH);
    }
}
