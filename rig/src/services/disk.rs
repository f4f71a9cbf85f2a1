//! A small disk that a run can fill.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use nix::{
    errno::Errno,
    mount::{MntFlags, MsFlags, mount, umount2},
};
use tempfile::TempDir;

use super::temp_dir;

/// A small tmpfs, mounted on a directory of its own.
pub struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    /// Mounts a disk of this size. Needs root.
    pub fn mount(mebibytes: u32) -> Result<Self> {
        let dir = temp_dir()?;
        let size = format!("size={mebibytes}m,mode=0755");
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        match mount(Some("tmpfs"), dir.path(), Some("tmpfs"), flags, Some(size.as_str())) {
            Ok(()) => Ok(Self { dir }),
            Err(Errno::EPERM) => bail!("only root can mount a small disk"),
            Err(error) => Err(error).context("cannot mount a small disk"),
        }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Fills all free space. If another process frees space later, call this again.
    pub fn fill(&self) -> Result<()> {
        let mut ballast = File::options().create(true).append(true).open(self.ballast_file())?;
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match ballast.write(&chunk) {
                Ok(_) => {}
                Err(error) if error.raw_os_error() != Some(Errno::ENOSPC as i32) => {
                    return Err(error.into());
                }
                Err(_) if chunk.len() > 1 => chunk.truncate(chunk.len() / 2),
                Err(_) => return Ok(()),
            }
        }
    }

    /// Frees the space that [`SmallDisk::fill`] filled.
    pub fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast_file())?)
    }

    /// The file that fills the disk.
    fn ballast_file(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A lazy unmount, because a process may still have a file open on the disk.
        let _ = umount2(self.path(), MntFlags::MNT_DETACH);
    }
}
