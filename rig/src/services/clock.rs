//! A wall clock that a run can set while programs use it.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::temp_dir;

/// The directories in which distributions install libfaketime.
const LIBRARY_DIRS: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu/faketime",
    "/usr/lib/aarch64-linux-gnu/faketime",
    "/usr/lib64/faketime",
    "/usr/lib/faketime",
    "/usr/local/lib/faketime",
    "/opt/homebrew/lib/faketime",
];

/// The wall clock of all programs that are started with [`Clock::env`]. Their monotonic clock is
/// unchanged, as when an administrator sets the clock of a machine.
pub struct Clock {
    dir: TempDir,
    library: PathBuf,
}

impl Clock {
    /// A clock that shows the real time. Needs libfaketime.
    pub fn new() -> Result<Self> {
        let files = LIBRARY_DIRS.iter().map(|dir| PathBuf::from(dir).join("libfaketimeMT.so.1"));
        let library = files.into_iter().find(|file| file.is_file());
        let library =
            library.context("libfaketime is not installed: apt-get install libfaketime")?;
        let clock = Self { dir: temp_dir()?, library };
        clock.set_offset(0)?;
        Ok(clock)
    }

    /// Sets the offset from the real time. Running programs notice the change within 2 s.
    pub fn set_offset(&self, seconds: i64) -> Result<()> {
        // A rename is atomic, so programs never read a partial file.
        let new = self.dir.path().join("new");
        fs::write(&new, format!("{seconds:+}\n"))?;
        Ok(fs::rename(new, self.offset_file())?)
    }

    /// The environment variables that make a program use this clock.
    pub fn env(&self) -> Vec<(String, String)> {
        let variables = [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.offset_file().display().to_string()),
            // In seconds. Without a cache, each read of the clock would read the file.
            ("FAKETIME_CACHE_DURATION", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ];
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn offset_file(&self) -> PathBuf {
        self.dir.path().join("clock")
    }
}
